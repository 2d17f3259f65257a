package release

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/blake2b"

	"vestibule/internal/chore"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
)

const (
	lease = 2 * time.Minute
	// renewEvery is how many bytes are joined before the lease is renewed: even a slow store does that in less than the lease.
	renewEvery = 16 << 20
	// loose is how long a blob that nothing refers to may be on its way.
	loose = 24 * time.Hour
	// batch bounds what one run of a chore does in one transaction.
	batch = 500
)

// errLost ends the work of a node whose lease another has taken over.
var errLost = errors.New("release: the lease ran out meanwhile")

// Chores are the housekeeping: files whose node died are verified by another, and what nothing refers to is taken away.
func (s *Service) Chores() []chore.Chore {
	return []chore.Chore{
		{Name: "release-verify", Every: time.Minute, Run: s.Verify},
		{Name: "release-sweep", Every: 10 * time.Minute, Run: s.Sweep},
	}
}

// Verify verifies every file that waits for it and is in no other node's hands, and looks once more at the signatures of releases
// whose date is to come: one whose key was taken away meanwhile is a draft again.
func (s *Service) Verify(ctx context.Context) error {
	var ids, planned []string
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if ids, err = waiting(tx, batch); err != nil {
			return err
		}
		planned, err = scheduled(tx, batch)
		return err
	}); err != nil {
		return err
	}
	var failures error
	for _, id := range planned {
		failures = errors.Join(failures, s.DB.Write(ctx, func(tx *db.Tx) error { return s.recheckPlanned(tx, id) }))
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failures = errors.Join(failures, s.verify(ctx, id))
	}
	return failures
}

// verify joins and verifies one file, unless another node does.
func (s *Service) verify(ctx context.Context, id string) error {
	token := s.Secret.Token()
	var a Artifact
	var list []Part
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		a, err = lockedArtifact(tx, id)
		if fault.Is(err, fault.NotFound) {
			a = Artifact{}
			return nil // it was removed
		}
		if err != nil {
			return err
		}
		a.Blob = "file/" + s.Secret.ID(tx.Now())
		taken, err := claim(tx, a, token, tx.Now().Add(lease))
		if err != nil || !taken {
			a = Artifact{}
			return err
		}
		list, err = parts(tx, id)
		return errors.Join(err, noteBlob(tx, a.Blob))
	})
	if err != nil || a.ID == "" {
		return err
	}
	kept := s.keepLease(ctx, id, token)
	defer kept()
	err = s.join(ctx, &a, list, token)
	switch {
	case errors.Is(err, errLost):
		return nil
	case fault.Code(err, "file-damaged"):
		err = s.settle(ctx, a, token, err)
	case err == nil:
		err = s.settle(ctx, a, token, nil)
	}
	if err != nil {
		// The work is given back, so that nobody waits for the lease.
		away := context.WithoutCancel(ctx)
		return errors.Join(err, s.DB.Write(away, func(tx *db.Tx) error { return giveBack(tx, id, token) }))
	}
	return s.drop(ctx)
}

// keepLease renews a lease for as long as its worker lives, whatever that waits for: what a store does after the last byte may take
// longer than all bytes did. The token fences it off where another has the file by now.
func (s *Service) keepLease(ctx context.Context, id, token string) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var worker sync.WaitGroup
	worker.Go(func() {
		tick := time.NewTicker(lease / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			// One that fails is tried again before the lease ends; one that is lost is noticed when the work is settled.
			_ = s.DB.Write(ctx, func(tx *db.Tx) error { return renew(tx, id, token, tx.Now().Add(lease)) })
		}
	})
	return func() { cancel(); worker.Wait() }
}

// join writes the parts as one blob and computes its sums.
func (s *Service) join(ctx context.Context, a *Artifact, list []Part, token string) error {
	small, large := sha256.New(), sha512.New()
	signed, err := blake2b.New512(nil)
	if err != nil {
		return err
	}
	in := &joined{ctx: ctx, service: s, parts: list, id: a.ID, token: token}
	size, err := s.Store.Put(ctx, a.Blob, io.TeeReader(in, io.MultiWriter(small, large, signed)))
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	if size != a.Size {
		return fmt.Errorf("release: %d bytes were joined, not %d", size, a.Size)
	}
	a.SHA256, a.SHA512 = hex.EncodeToString(small.Sum(nil)), hex.EncodeToString(large.Sum(nil))
	a.digest = hex.EncodeToString(signed.Sum(nil))
	return nil
}

// joined reads the parts one after the other, and renews the lease meanwhile.
type joined struct {
	ctx     context.Context // of the one Put that reads
	service *Service
	id      string
	token   string
	parts   []Part

	open    io.ReadCloser
	left    int64 // of the open part
	renewed int64 // bytes since the lease was
}

// Read implements io.Reader. A part that is not there, or is shorter than it was, is "file-damaged".
func (j *joined) Read(p []byte) (int, error) {
	for j.open == nil || j.left == 0 {
		if err := j.next(); err != nil {
			return 0, err
		}
	}
	if j.renewed >= renewEvery {
		j.renewed = 0
		if err := j.service.DB.Write(j.ctx, func(tx *db.Tx) error {
			return renew(tx, j.id, j.token, tx.Now().Add(lease))
		}); fault.Is(err, fault.Conflict) {
			return 0, errLost
		} else if err != nil {
			return 0, err
		}
	}
	n, err := j.open.Read(p[:min(int64(len(p)), j.left)])
	j.left -= int64(n)
	j.renewed += int64(n)
	if err == io.EOF && j.left > 0 {
		return n, fault.New(fault.Invalid, "file-damaged")
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

func (j *joined) next() error {
	if err := j.Close(); err != nil {
		return err
	}
	if len(j.parts) == 0 {
		return io.EOF
	}
	p := j.parts[0]
	open, err := j.service.Store.Range(j.ctx, p.blob, 0, -1)
	if fault.Is(err, fault.NotFound) {
		return fault.Because(fault.Invalid, "file-damaged", err)
	}
	if err != nil {
		return err
	}
	j.parts, j.open, j.left = j.parts[1:], open, p.Size
	return nil
}

// Close gives back what is open.
func (j *joined) Close() error {
	if j.open == nil {
		return nil
	}
	err := j.open.Close()
	j.open = nil
	return err
}

// settle writes down what became of a file, and what follows for its release.
func (s *Service) settle(ctx context.Context, a Artifact, token string, damage error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := locked(tx, a.Release)
		if fault.Is(err, fault.NotFound) {
			return nil // it was discarded
		}
		if err != nil {
			return err
		}
		now, err := lockedArtifact(tx, a.ID)
		if fault.Is(err, fault.NotFound) || err == nil && now.Blob != a.Blob {
			return nil // it was removed, or another node has it
		}
		if err != nil {
			return err
		}
		a.Signature = now.Signature
		if err := s.verdict(tx, r, &a, damage); err != nil {
			return err
		}
		list, err := parts(tx, a.ID)
		if err != nil {
			return err
		}
		for _, p := range list {
			if err := loosen(tx, p.blob); err != nil {
				return err
			}
		}
		if err := dropParts(tx, a.ID); err != nil {
			return err
		}
		if damage == nil {
			if err := keepBlob(tx, a.Blob); err != nil {
				return err
			}
		}
		if err := settleFile(tx, a, token); err != nil {
			return err
		}
		detail := detailOf(a)
		if a.Trouble != "" {
			detail["trouble"] = a.Trouble
		}
		action := "release.file_verified"
		if a.State == Refused {
			action = "release.file_refused"
		}
		if err := s.event(tx, Staff{}, action, r, detail); err != nil {
			return err
		}
		return s.goOnWith(tx, r)
	})
}

// verdict says whether a file that is whole is verified.
func (s *Service) verdict(tx *db.Tx, r Release, a *Artifact, damage error) error {
	found, err := signature{}, damage
	if err == nil {
		found, err = s.judged(tx, r, *a)
	}
	if err == nil {
		a.State, a.VerifiedAt = Verified, tx.Now()
		a.SignedBy, a.Comment = keyID(found.keyID), plain(found.comment)
		return nil
	}
	e := fault.From(err)
	if e.Kind != fault.Invalid {
		return err
	}
	a.State, a.Trouble, a.TroubleArgs = Refused, e.Code, e.Args
	return nil
}

// judged looks at a file's signature by the keys that the product has now.
func (s *Service) judged(tx *db.Tx, r Release, a Artifact) (signature, error) {
	if a.digest == "" {
		return signature{}, fault.OnField("file", "file-damaged")
	}
	p, err := license.ProductByID(tx, r.Product)
	if err != nil {
		return signature{}, err
	}
	return judge(a.Signature, a.digest, p.PublisherKeys)
}

// Sweep takes away files of which no more parts come, and blobs that nothing refers to.
func (s *Service) Sweep(ctx context.Context) error {
	var list []Artifact
	var before time.Time
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		before = tx.Now().Add(-loose)
		if list, err = lapsed(tx, tx.Now().Add(-abandoned), batch); err != nil {
			return err
		}
		return doom(tx, before)
	})
	if err != nil {
		return err
	}
	var failures error
	for _, a := range list {
		failures = errors.Join(failures, s.DB.Write(ctx, func(tx *db.Tx) error { return s.lapse(tx, a) }))
	}
	return errors.Join(failures, s.drop(ctx), s.Store.Tidy(before))
}

// lapse takes a file away of which no more parts come, unless one came meanwhile.
func (s *Service) lapse(tx *db.Tx, a Artifact) error {
	r, err := locked(tx, a.Release)
	if fault.Is(err, fault.NotFound) {
		return nil // it was discarded
	}
	if err != nil {
		return err
	}
	still, err := lapsedStill(tx, a.ID, tx.Now().Add(-abandoned))
	if err != nil || !still {
		return err
	}
	if err := s.removeFile(tx, a); err != nil {
		return err
	}
	return s.event(tx, Staff{}, "release.file_lapse", r, detailOf(a))
}

// drop deletes the blobs that are doomed. One that cannot be deleted now is there for the next run.
func (s *Service) drop(ctx context.Context) error {
	var names []string
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		names, err = doomed(tx, batch)
		return err
	}); err != nil || len(names) == 0 {
		return err
	}
	var gone []string
	var failures error
	for _, name := range names {
		if err := s.Store.Delete(ctx, name); err != nil {
			failures = errors.Join(failures, err)
			continue
		}
		gone = append(gone, name)
	}
	return errors.Join(failures, s.DB.Write(ctx, func(tx *db.Tx) error { return forget(tx, gone) }))
}
