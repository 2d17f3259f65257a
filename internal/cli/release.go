package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/release"
)

type releaseCommand struct {
	Publish  releasePublish  `cmd:"" help:"Add files to a release, have their signatures verified, and publish it. Run it again after a cut: it goes on where it was."`
	List     releaseList     `cmd:"" help:"List the releases."`
	Withdraw releaseWithdraw `cmd:"" help:"Withdraw a release: nobody can download it any more."`
}

type releasePublish struct {
	configured
	Product   string   `required:"" help:"Short name of the product."`
	Version   string   `required:"" help:"Version, as in 4.2.0 or 5.0.0-rc1."`
	Channel   string   `required:"" enum:"stable,preview,lts" help:"stable, preview or lts."`
	Title     string   `help:"A few words that stand beside the version."`
	Notes     []string `help:"File with the notes in Markdown; en=FILE and de=FILE for two languages." placeholder:"FILE"`
	Required  bool     `help:"Older releases must not go on."`
	Effective string   `help:"When clients get it, as in 2026-07-03T09:00 in the office's time zone. Default: at once." placeholder:"TIME"`
	Draft     bool     `help:"Leave it a draft that staff publish in the office."`
	Files     []string `arg:"" name:"file" help:"FILE:KIND, as in setup.msi:windows-x64-msi; FILE.minisig, made by minisign, lies beside each. The kind stays the same from release to release, since scripts fetch by it."`
}

// A parcel is one file that is to go up.
type parcel struct {
	path string
	release.File
}

// Run makes the draft or finds it, brings each file, and publishes.
func (c releasePublish) Run(s *session) error {
	draft := release.Draft{Product: c.Product, Version: c.Version, Channel: c.Channel, Title: c.Title, Required: c.Required}
	var err error
	if draft.Notes, err = c.notes(); err != nil {
		return err
	}
	parcels, err := c.parcels()
	if err != nil {
		return err
	}
	return s.open(c.configured, func(cfg *config.Config, p *app.Portal) error {
		at, err := instant(c.Effective, cfg)
		if err != nil {
			return err
		}
		r, err := c.draft(s, p, draft)
		if err != nil {
			return err
		}
		for _, one := range parcels {
			if err := c.bring(s, p, r.ID, one); err != nil {
				return fmt.Errorf("%s: %s", one.path, s.words(err))
			}
		}
		if c.Draft {
			fmt.Fprintf(s.out, "%s %s is a draft with %d files.\n", r.Product, r.Version, len(parcels))
			return nil
		}
		if r.State == release.Published {
			fmt.Fprintf(s.out, "%s %s is published already, with these files.\n", r.Product, r.Version)
			return nil
		}
		if r, err = p.Release.Publish(s.ctx, release.Operator(), r.ID, at); err != nil {
			return err
		}
		when := ", for clients from " + r.EffectiveAt.In(cfg.Office.Zone).Format("2006-01-02 15:04 MST") + " on"
		fmt.Fprintf(s.out, "%s %s is %s%s.\n", r.Product, r.Version, r.State, when)
		return nil
	})
}

// draft finds the release, and makes it or brings it up to date while it is a draft.
func (c releasePublish) draft(s *session, p *app.Portal, d release.Draft) (r release.Release, err error) {
	version, err := release.ParseVersion(c.Version)
	if err != nil {
		return r, err
	}
	err = p.DB.Read(s.ctx, func(tx *db.Tx) error {
		r, err = release.ByVersion(tx, c.Product, version)
		return err
	})
	switch {
	case fault.Is(err, fault.NotFound):
		return p.Release.Make(s.ctx, release.Operator(), d)
	case err != nil || r.State != release.Drafted:
		return r, err
	}
	if len(d.Notes) == 0 {
		d.Notes = r.Notes
	}
	if d.Title == "" {
		d.Title = r.Title
	}
	return p.Release.Edit(s.ctx, release.Operator(), r.ID, r.EditedAt, d)
}

// bring brings one file, or what is missing of it.
func (c releasePublish) bring(s *session, p *app.Portal, releaseID string, one parcel) error {
	by := release.Operator()
	f, err := os.Open(one.path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	r, err := p.Release.Get(s.ctx, by, releaseID)
	if err != nil {
		return err
	}
	if old, ok := r.Artifact(one.Kind); ok && (old.State != release.Uploading || old.Size != one.Size || old.Name != one.Name) {
		done, err := c.known(s, p, r, old, one, f)
		if done || err != nil {
			return err
		}
	}
	u, err := p.Release.Begin(s.ctx, by, releaseID, one.File)
	if err != nil {
		return err
	}
	bar := newMeter(s.out, one.Name, one.Size)
	there := map[int]string{}
	for _, part := range u.Parts {
		there[part.Number] = part.SHA256
	}
	for n := 0; int64(n)*u.PartSize < one.Size; n++ {
		part := io.NewSectionReader(f, int64(n)*u.PartSize, u.PartSize)
		if sum, ok := there[n]; ok {
			same, err := summed(part)
			if err != nil {
				return err
			}
			if same == sum {
				bar.add(part.Size())
				continue
			}
			if _, err := part.Seek(0, io.SeekStart); err != nil {
				return err
			}
		}
		if _, err := p.Release.PutPart(s.ctx, by, u.Artifact.ID, n, part); err != nil {
			bar.end()
			return err
		}
		bar.add(min(u.PartSize, one.Size-int64(n)*u.PartSize))
	}
	bar.end()
	a, err := p.Release.Finish(s.ctx, by, u.Artifact.ID)
	return settled(s, a, err)
}

// known says whether a file that the release has is the one to bring; one that is not goes.
func (c releasePublish) known(s *session, p *app.Portal, r release.Release, old release.Artifact, one parcel, f io.ReadSeeker) (done bool, err error) {
	by := release.Operator()
	if old.State == release.FileChecking {
		if old, err = p.Release.Finish(s.ctx, by, old.ID); err != nil {
			return true, err
		}
		if old.State == release.FileChecking {
			return true, settled(s, old, nil)
		}
	}
	sum, err := summed(f)
	if err != nil {
		return true, err
	}
	same := old.SHA256 == sum && old.Name == one.Name
	switch {
	case same && old.State == release.Verified:
		fmt.Fprintf(s.out, "%s is there already.\n", one.Name)
		return true, nil
	case same && r.State == release.Drafted:
		a, err := p.Release.Sign(s.ctx, by, old.ID, one.Signature)
		return true, settled(s, a, err)
	}
	return false, p.Release.Remove(s.ctx, by, old.ID)
}

// settled tells what became of a file.
func settled(s *session, a release.Artifact, err error) error {
	if err != nil {
		return err
	}
	switch a.State {
	case release.Verified:
		fmt.Fprintf(s.out, "%s is verified: SHA-256 %s, signed by %s.\n", a.Name, a.SHA256, a.SignedBy)
		return nil
	case release.Refused:
		return &fault.Error{Kind: fault.Invalid, Code: a.Trouble, Args: a.TroubleArgs}
	}
	return errors.New("it is being verified elsewhere, or was when a node died. Run the command again in two minutes")
}

func summed(in io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (c releasePublish) notes() (release.Notes, error) {
	notes := release.Notes{}
	for _, one := range c.Notes {
		lang, name, ok := strings.Cut(one, "=")
		if !ok || len(lang) != 2 {
			lang, name = "en", one
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		notes[lang] = string(b)
	}
	return notes, nil
}

// parcels looks at every file before the first is touched.
func (c releasePublish) parcels() (list []parcel, err error) {
	for _, one := range c.Files {
		name, kind := one, ""
		if i := strings.LastIndexByte(one, ':'); i > 1 { // not the colon of a drive
			name, kind = one[:i], one[i+1:]
		}
		if kind == "" {
			return nil, usage("%s has no kind. Write it like %s:windows-x64-msi", name, name)
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, usage("%s is no file", name)
		}
		signature, err := os.ReadFile(name + ".minisig")
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s.minisig is missing. Make it: minisign -S -s KEY -m %s", name, name)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, parcel{path: name, File: release.File{
			Kind: kind, Name: filepath.Base(name), Size: info.Size(), Signature: string(signature),
		}})
	}
	return list, nil
}

// instant reads a time in the office's zone; "" is the zero time.
func instant(s string, cfg *config.Config) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(form, s, cfg.Office.Zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("%q is no time. Write it like 2026-07-03T09:00", s)
}

type releaseList struct {
	configured
	Product string `help:"Of this product alone."`
}

// Run prints a line for each release, the newest first.
func (c releaseList) Run(s *session) error {
	return s.look(c.configured, func(cfg *config.Config, p *app.Portal) error {
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "PRODUCT\tVERSION\tCHANNEL\tSTATE\tFOR CLIENTS FROM\tFILES")
		for f := (release.Filter{Product: c.Product, Limit: 100}); ; {
			page, err := p.Release.Find(s.ctx, release.Operator(), f)
			if err != nil {
				return err
			}
			for _, r := range page.Releases {
				from := "-"
				if r.State == release.Published {
					from = r.EffectiveAt.In(cfg.Office.Zone).Format("2006-01-02 15:04")
				}
				var kinds []string
				for _, a := range r.Artifacts {
					kind := a.Kind
					if a.State != release.Verified {
						kind += " (" + string(a.State) + ")"
					}
					kinds = append(kinds, kind)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Product, r.Version, r.Channel, r.State, from, strings.Join(kinds, ", "))
			}
			if f.After = page.Next; f.After == "" {
				return w.Flush()
			}
		}
	})
}

type releaseWithdraw struct {
	configured
	Product string `required:"" help:"Short name of the product."`
	Version string `required:"" help:"Version that is to go."`
	Reason  string `required:"" help:"Why, for colleagues and the audit trail."`
}

// Run withdraws the release for good.
func (c releaseWithdraw) Run(s *session) error {
	version, err := release.ParseVersion(c.Version)
	if err != nil {
		return err
	}
	return s.open(c.configured, func(_ *config.Config, p *app.Portal) error {
		var r release.Release
		err := p.DB.Read(s.ctx, func(tx *db.Tx) (err error) {
			r, err = release.ByVersion(tx, c.Product, version)
			return err
		})
		if fault.Is(err, fault.NotFound) {
			return fmt.Errorf("there is no version %s of %s. See `vestibule release list`", version, c.Product)
		}
		if err != nil {
			return err
		}
		if _, err := p.Release.Withdraw(s.ctx, release.Operator(), r.ID, c.Reason); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s %s is withdrawn. Whoever has its files keeps them.\n", r.Product, r.Version)
		return nil
	})
}
