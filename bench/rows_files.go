package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"time"

	"aead.dev/minisign"

	"vestibule/internal/blob"
	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/release"
	"vestibule/internal/secret"
)

const (
	wholeFile = 1 << 30
	fileKind  = "image"
	// roomForFile is how much more memory than idle a portal may take while it hands a file over.
	roomForFile = 64 << 20
)

// artifact is a file that a program fetches with its token, whole.
func (b *bench) artifact() error {
	p, err := b.newPortal("artifact", portalOptions{options: map[string]string{"log.level": quoted("info")}})
	if err != nil {
		return err
	}
	defer p.end()
	people, err := p.people(b, 1, p.terms)
	if err != nil {
		return err
	}
	q, file, err := p.publish(b, people[0], int64(b.n(wholeFile, 8<<20)))
	if err != nil {
		return err
	}
	if err := b.startPortal(p, ""); err != nil {
		return err
	}
	floor, err := b.floor("file", floorOptions{pages: file})
	if err != nil {
		return err
	}
	for _, level := range []int{1, 8} {
		do := func(w *worker, _ int) error {
			w.discard = true
			return expect(w, q, 200)
		}
		portal, f, _, err := b.fight(duel{n: max(3, level), atOnce: level, portal: p.process, floor: floor, do: do, floorDo: do})
		if err != nil {
			return err
		}
		ratio := portal.rate() / f.rate()
		b.report.add(line{
			row: "artifact of 1 GiB", atOnce: level, portal: portal, floor: f.perOp(), ratio: ratio, reach: "≥ 0.95 × throughput, < 64 MB over idle",
			verdict: judge(ratio >= 0.95 && portal.peak-p.idle < roomForFile),
		})
	}
	return nil
}

// publish puts a release with one file into the portal, and returns how a program asks for it and where it lies.
func (p *portal) publish(b *bench, by person, size int64) (q *request, file string, err error) {
	src := secret.System{}
	store, err := blob.Open(b.ctx, blob.Where{URL: filepath.Join(p.folder, "files")})
	if err != nil {
		return nil, "", err
	}
	defer store.Close() //nolint:errcheck // what was written is there
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		return nil, "", err
	}
	var product license.Product
	if err := p.db.Write(b.ctx, func(tx *db.Tx) error {
		list, err := license.Products(tx)
		if err != nil {
			return err
		}
		product = list[0]
		product.PublisherKeys = []string{public.String()}
		return license.PutProduct(tx, product)
	}); err != nil {
		return nil, "", err
	}
	content := func() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), size) }
	signed := minisign.NewReader(content())
	if _, err := io.Copy(io.Discard, signed); err != nil {
		return nil, "", err
	}
	s := &release.Service{DB: p.db, Secret: src, Store: store, Settings: release.DefaultSettings()}
	staff := release.Operator()
	r, err := s.Make(b.ctx, staff, release.Draft{Product: product.ID, Version: "1.0.0", Channel: license.Stable, Notes: release.Notes{"en": "A file.", "de": "Eine Datei."}})
	if err != nil {
		return nil, "", err
	}
	if _, err := s.Add(b.ctx, staff, r.ID, release.File{Kind: fileKind, Name: "appliance.img", Size: size, Signature: string(signed.Sign(private))}, content()); err != nil {
		return nil, "", err
	}
	if err := s.Verify(b.ctx); err != nil {
		return nil, "", err
	}
	if r, err = s.Publish(b.ctx, staff, r.ID, time.Time{}); err != nil {
		return nil, "", err
	}
	a, _ := r.Artifact(fileKind)
	if r.State != release.Published || a.Blob == "" {
		return nil, "", fmt.Errorf("the release is %s, its file %s", r.State, a.State)
	}
	accounts := &organization.Service{DB: p.db, Secret: src}
	_, token, err := accounts.MakeServiceAccount(b.ctx, by.account, organization.NewServiceAccount{Name: "Bench", Scopes: []organization.Scope{organization.ScopeDownload}})
	if err != nil {
		return nil, "", err
	}
	q = newRequest("GET", "/get/"+product.ID+"/"+license.Stable+"/"+fileKind)
	q.head = bytes.Join([][]byte{q.head, []byte("Authorization: Bearer " + token + "\r\n")}, nil)
	return q, filepath.Join(p.folder, "files", filepath.FromSlash(a.Blob)), nil
}
