package demo

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"time"

	"aead.dev/minisign"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/release"
	"vestibule/internal/staff"
)

// A shelf publishes sample releases under a publisher key of its own, which ends with it: who goes on publishing adds a key in
// the office.
type shelf struct {
	Parts
	key     minisign.PrivateKey
	manager release.Staff
	admin   license.Staff
}

// who finds a member of staff by what the person may do.
func (p Parts) who(ctx context.Context, role staff.Role) (id, name string, err error) {
	all, err := p.Staff.List(ctx)
	if err != nil {
		return "", "", err
	}
	for _, m := range all {
		if len(m.Roles) == 1 && m.Roles[0] == role {
			return m.Account, m.Name, nil
		}
	}
	return "", "", fault.New(fault.NotFound, "staff-unknown")
}

// open gives the product the publisher's key and its features.
func (p Parts) open(ctx context.Context) (*shelf, error) {
	s := &shelf{Parts: p}
	var err error
	if s.manager.ID, s.manager.Name, err = p.who(ctx, staff.ReleaseManager); err != nil {
		return nil, err
	}
	if s.admin.ID, s.admin.Name, err = p.who(ctx, staff.Administrator); err != nil {
		return nil, err
	}
	public, private, err := minisign.GenerateKey(bytes.NewReader(p.Secret.Bytes(64)))
	if err != nil {
		return nil, err
	}
	s.key = private
	v, err := p.License.Product(ctx, p.Product)
	if err != nil {
		return nil, err
	}
	v.Product.PublisherKeys = []string{public.String()}
	if v.Product.Summary == "" {
		v.Product.Summary = "Meetings from the calendar, for GroupWise."
	}
	if err := p.License.EditProduct(ctx, s.admin, v.Product); err != nil {
		return nil, err
	}
	for _, f := range [][2]string{{"waiting-room", "Waiting room"}, {"recording", "Recording"}} {
		if err := p.License.PutFeature(ctx, s.admin, license.Feature{Product: p.Product, Code: f[0], Name: f[1]}); err != nil {
			return nil, err
		}
	}
	for _, policy := range v.Policies {
		if policy.Name == license.PolicyEvaluation {
			policy.Channels, policy.Features = []string{license.Stable, license.Preview}, []string{"waiting-room", "recording"}
			policy.Devices = 25
			if _, err := p.License.PutPolicy(ctx, s.admin, policy); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// an issue is one release of the sample product.
type issue struct {
	version, channel, title string
	notes                   release.Notes
	required                bool
	in                      time.Duration // published for so long from then; 0: at once
	draft                   bool
}

func earlierIssues() []issue {
	return []issue{
		{version: "3.3.2", channel: license.LongTerm, title: "Security fixes", notes: release.Notes{
			"en": "Security fixes only. Supported until December 2026.", "de": "Nur Sicherheitskorrekturen. Gepflegt bis Dezember 2026.",
		}},
		{version: "3.4.0", channel: license.Stable, title: "Waiting room", notes: release.Notes{
			"en": "- A waiting room, and several hosts for one meeting.\n- A settings page of its own.", "de": "- Ein Warteraum, und mehrere Gastgeber für eine Besprechung.\n- Eine eigene Seite für Einstellungen.",
		}},
	}
}

func newIssues() []issue {
	return []issue{
		{version: "3.4.1", channel: license.Stable, title: "Recurring appointments", required: true, notes: release.Notes{
			"en": "- Joining a meeting from a **recurring appointment** opens the right date.\n- The Join button is readable in high-contrast mode.\n- Sign-in through a proxy with a certificate works again.",
			"de": "- Der Beitritt aus einem **Serientermin** öffnet den richtigen Tag.\n- Die Schaltfläche „Beitreten“ ist bei hohem Kontrast lesbar.\n- Die Anmeldung über einen Proxy mit Zertifikat geht wieder.",
		}},
		{version: "3.5.0-beta.1", channel: license.Preview, title: "Recording", notes: release.Notes{
			"en": "Recording, for those who want to try it early.", "de": "Aufzeichnung, für alle, die sie früh ausprobieren möchten.",
		}},
		{version: "3.4.2", channel: license.Stable, title: "Smaller fixes", in: 5 * day, notes: release.Notes{"en": "Smaller fixes.", "de": "Kleinere Korrekturen."}},
		{version: "3.5.0", channel: license.Stable, title: "Recording", draft: true, notes: release.Notes{"en": "Recording, for everybody.", "de": "Aufzeichnung, für alle."}},
	}
}

// put makes releases, and publishes those that are no drafts.
func (s *shelf) put(ctx context.Context, all []issue) error {
	for _, one := range all {
		r, err := s.Release.Make(ctx, s.manager, release.Draft{
			Product: s.Product, Version: one.version, Channel: one.channel, Title: one.title, Notes: one.notes, Required: one.required,
		})
		if err != nil {
			return fmt.Errorf("release %s: %w", one.version, err)
		}
		for _, f := range s.files(one.version) {
			content := f.content()
			in := minisign.NewReader(bytes.NewReader(content))
			if _, err := io.Copy(io.Discard, in); err != nil {
				return err
			}
			f.Signature = string(in.SignWithComments(s.key, "file:"+f.Name, "a sample"))
			f.Size = int64(len(content))
			if _, err := s.Release.Add(ctx, s.manager, r.ID, f.File, bytes.NewReader(content)); err != nil {
				return fmt.Errorf("file %s: %w", f.Name, err)
			}
		}
		if one.draft {
			continue
		}
		at := time.Time{}
		if one.in > 0 {
			at = s.Clock.Now().Add(one.in)
		}
		if _, err := s.Release.Publish(ctx, s.manager, r.ID, at); err != nil {
			return fmt.Errorf("release %s: %w", one.version, err)
		}
	}
	return nil
}

// A sample file is bytes without meaning, but for an archive, which can be opened.
type sampleFile struct {
	release.File
	size int
}

func (s *shelf) files(version string) []sampleFile {
	base := s.Product + "-" + version
	return []sampleFile{
		{release.File{Kind: "windows-x64-msi", Title: "Windows installer, 64-bit", Name: base + "-x64.msi"}, 920_000},
		{release.File{Kind: "windows-x86-msi", Title: "Windows installer, 32-bit", Name: base + "-x86.msi"}, 845_000},
		{release.File{Kind: "windows-templates-zip", Title: "Administrator templates", Name: base + "-templates.zip"}, 0},
		{release.File{Kind: "linux-x64-rpm", Title: "Server connector", Name: base + "-connector.x86_64.rpm"}, 1_310_000},
	}
}

func (f sampleFile) content() []byte {
	if f.size > 0 {
		var b bytes.Buffer
		for n := 0; b.Len() < f.size; n++ {
			sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", f.Name, n))
			b.Write(sum[:])
		}
		return b.Bytes()[:f.size]
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	in, err := w.Create("README.txt")
	if err == nil {
		_, err = in.Write([]byte("A sample file of the demo: " + strings.TrimSuffix(f.Name, ".zip") + "\n"))
	}
	if err != nil || w.Close() != nil {
		return nil // memory cannot refuse
	}
	return b.Bytes()
}

// perpetual gives the organisation of somebody a right without end whose maintenance ended some weeks ago.
func (s *shelf) perpetual(ctx context.Context, email string) error {
	var of organization.Membership
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		parsed, err := account.ParseEmail(email)
		if err != nil {
			return err
		}
		a, err := account.FindByEmail(tx, parsed.Key)
		if err == nil {
			of, err = organization.Of(tx, a.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	id, err := s.License.License(ctx, s.admin, of.Organization.ID, s.Product)
	if err != nil {
		return err
	}
	_, err = s.License.GrantTerm(ctx, s.admin, id, license.Award{
		Policy: license.PolicyPerpetual, From: s.Clock.Now().AddDate(0, 0, -292), Seats: 60, Reason: "Order 2025-118",
	})
	return err
}
