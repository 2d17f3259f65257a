// Package release keeps what the vendor publishes: releases, their notes, and their files.
//
// A Release is one version of a product on a channel. It begins as a draft, which staff edit and add files to; published, it can be
// had from its effective date on, which may be to come; withdrawn, it never can be had again. Its version is used once: what was
// wrong with it is mended in the next.
//
// An Artifact is one file. Its bytes come in parts of at most 8 MiB, each a blob of its own, so that a cut costs one part and any
// node goes on. When all are there they are joined to one blob while the sums are computed, by whichever node holds the lease; a node
// that dies leaves a lease that runs out. Nothing of a file is believed that was not computed here. A file counts as verified when a
// minisign signature over it is right by one of the product's publisher keys; until then its release cannot be published. The
// signature is looked at once more when the release is published, since keys are taken away where one was stolen.
//
// What clients read is made harmless here: a file's name is a plain name, notes are Markdown without HTML of their own. Who may have
// a release is not known here but in package download, by what package license says of channel and date.
package release

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/blob"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/secret"
)

// A Service is what staff do with releases.
type Service struct {
	DB       *db.DB
	Secret   secret.Source
	Store    *blob.Store
	Settings Settings
	// May reports whether a member of staff has a permission at this moment.
	May func(tx *db.Tx, staffID string, p Permission) (bool, error)
	// Withdrawn, where it is set, takes back what is on its way to people about a release that is withdrawn.
	Withdrawn func(tx *db.Tx, id string) error
}

// Settings are what the operator decides about releases.
type Settings struct {
	MaxSize int64 // bytes of one file
}

// DefaultSettings are files of at most 10 GiB.
func DefaultSettings() Settings { return Settings{MaxSize: 10 << 30} }

// A Permission is what a member of staff must have. They are the names of package staff.
type Permission string

// The permissions.
const (
	View   Permission = "releases.view"
	Manage Permission = "releases.manage"
)

// A Staff is the member of staff who acts.
type Staff struct {
	ID, Name string
	console  bool
}

// Operator is whoever has the console: the configuration and the database are in that person's hands anyhow.
func Operator() Staff { return Staff{Name: "console", console: true} }

// Notes are what a release says of itself, as Markdown by language ("en", "de").
type Notes map[string]string

// In returns the notes in a language, or in the one there is.
func (n Notes) In(lang string) string {
	for _, one := range append([]string{lang, "en"}, slices.Sorted(maps.Keys(n))...) {
		if n[one] != "" {
			return n[one]
		}
	}
	return ""
}

// HTML are the notes in a language as clean HTML; see Render.
func (n Notes) HTML(lang string) string { return Render(n.In(lang)) }

// A Release is one version of a product.
type Release struct {
	ID            string
	Product       string // its id
	Version       Version
	Channel       string // license.Stable, Preview or LongTerm
	Title         string
	Notes         Notes
	Required      bool
	RequiredSince time.Time // zero: not required, or not published yet
	State         State
	EffectiveAt   time.Time // Published: clients have it from then on. Verifying: the date asked for, zero for at once
	MadeAt        time.Time
	MadeBy        string
	EditedAt      time.Time // the stamp that Edit names
	PublishedAt   time.Time // when somebody said so
	PublishedBy   string
	WithdrawnAt   time.Time
	WithdrawnBy   string
	Reason        string // of the withdrawal
	Artifacts     []Artifact
}

// Out reports whether clients can have the release at an instant, as far as it depends on the release.
func (r Release) Out(now time.Time) bool { return r.State == Published && !now.Before(r.EffectiveAt) }

// Scheduled reports whether the release is published and its date is to come.
func (r Release) Scheduled(now time.Time) bool {
	return r.State == Published && now.Before(r.EffectiveAt)
}

// Artifact returns the file of a kind.
func (r Release) Artifact(kind string) (Artifact, bool) {
	i := slices.IndexFunc(r.Artifacts, func(a Artifact) bool { return a.Kind == kind })
	if i < 0 {
		return Artifact{}, false
	}
	return r.Artifacts[i], true
}

// An Artifact is one file of a release.
type Artifact struct {
	ID        string
	Release   string // its id
	Kind      string // as it stands in an address: windows-x64-msi
	Title     string // as people read it
	Name      string // of the file
	Platform  string // like windows; "" where it does not matter
	Arch      string // like x64; "" where it does not matter
	MediaType string

	Size           int64  // bytes; Unknown while it is
	SHA256, SHA512 string // in hexadecimal digits, computed here; "" until then
	Signature      string // minisign, as text
	SignedBy       string // id of the publisher key, in hexadecimal digits; "" until verified
	Comment        string // the trusted comment of the signature

	State       FileState
	Trouble     string            // of Refused: why, a fault's code
	TroubleArgs map[string]string // for its words
	Blob        string            // its name in the store, once it is whole
	MadeAt      time.Time
	MadeBy      string
	VerifiedAt  time.Time

	digest string // what minisign signs: BLAKE2b-512 of the file
}

// Unknown is the size of a file that is not known before its end.
const Unknown = -1

// A Draft is what staff say of a release.
type Draft struct {
	Product  string
	Version  string
	Channel  string
	Title    string
	Notes    Notes
	Required bool
}

// Get returns a release with its files, for staff.
func (s *Service) Get(ctx context.Context, by Staff, id string) (r Release, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, View); err != nil {
			return err
		}
		r, err = ByID(tx, id)
		return err
	})
	return r, err
}

// History returns the newest events about a release, newest first.
func (s *Service) History(ctx context.Context, by Staff, id string, limit int) (list []audit.Entry, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, View); err != nil {
			return err
		}
		list, err = audit.History(tx, subject(id), limit)
		return err
	})
	return list, err
}

// Make makes a draft. Invalid at product, version, channel, title or notes; Conflict "version-exists" where the product has the version.
func (s *Service) Make(ctx context.Context, by Staff, d Draft) (r Release, err error) {
	version, err := d.check()
	if err != nil {
		return Release{}, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, Manage); err != nil {
			return err
		}
		if _, err := license.ProductByID(tx, d.Product); fault.Is(err, fault.NotFound) {
			return fault.OnField("product", "product-unknown")
		} else if err != nil {
			return err
		}
		r = Release{
			ID: s.Secret.ID(tx.Now()), Product: d.Product, Version: version, Channel: d.Channel, Title: d.Title, Notes: d.Notes,
			Required: d.Required, State: Drafted, MadeAt: tx.Now(), MadeBy: by.name(), EditedAt: tx.Now(),
		}
		if err := insertRelease(tx, r); err != nil {
			return taken(err, version)
		}
		return s.event(tx, by, "release.draft", r, nil)
	})
	return r, err
}

// Edit changes a draft. stamp is the EditedAt that the caller saw: another edit since is Conflict "changed".
func (s *Service) Edit(ctx context.Context, by Staff, id string, stamp time.Time, d Draft) (r Release, err error) {
	version, err := d.check()
	if err != nil {
		return Release{}, err
	}
	err = s.change(ctx, by, id, edited, func(tx *db.Tx, old Release) error {
		r = old
		r.Version, r.Channel, r.Title, r.Notes, r.Required, r.EditedAt = version, d.Channel, d.Title, d.Notes, d.Required, tx.Now()
		if err := updateDraft(tx, r, stamp); err != nil {
			return taken(err, version)
		}
		return s.event(tx, by, "release.edit", r, nil)
	})
	return r, err
}

// Discard takes a draft away, with its files. Its version is free again.
func (s *Service) Discard(ctx context.Context, by Staff, id string) error {
	return s.change(ctx, by, id, discarded, func(tx *db.Tx, r Release) error {
		for _, a := range r.Artifacts {
			if err := s.removeFile(tx, a); err != nil {
				return err
			}
		}
		if err := deleteRelease(tx, id, r.State); err != nil {
			return err
		}
		return s.event(tx, by, "release.discard", r, nil)
	})
}

// Withdraw takes a release out of every client's hands, for a reason that is kept.
func (s *Service) Withdraw(ctx context.Context, by Staff, id, reason string) (r Release, err error) {
	reason, err = parseReason(reason)
	if err != nil {
		return Release{}, err
	}
	err = s.change(ctx, by, id, withdrawn, func(tx *db.Tx, old Release) error {
		r = old
		r.State, r.WithdrawnAt, r.WithdrawnBy, r.Reason = Withdrawn, tx.Now(), by.name(), reason
		if err := withdraw(tx, r, old.State); err != nil {
			return err
		}
		if s.Withdrawn != nil {
			if err := s.Withdrawn(tx, id); err != nil {
				return err
			}
		}
		return s.event(tx, by, "release.withdraw", r, map[string]string{"reason": reason})
	})
	return r, err
}

// change does something to a release that nobody else changes meanwhile, if its state allows the event.
func (s *Service) change(ctx context.Context, by Staff, id string, e event, do func(*db.Tx, Release) error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, Manage); err != nil {
			return err
		}
		r, err := locked(tx, id)
		if err != nil {
			return err
		}
		if _, err := after(r.State, e); err != nil {
			return err
		}
		return do(tx, r)
	})
}

func (s *Service) permitted(tx *db.Tx, by Staff, p Permission) error {
	if by.console {
		return nil
	}
	ok, err := s.May(tx, by.ID, p)
	if err == nil && !ok {
		err = fault.New(fault.Denied, "not-allowed")
	}
	return err
}

func (by Staff) name() string { return by.Name }

func subject(id string) string { return "release:" + id }

func (s *Service) event(tx *db.Tx, by Staff, action string, r Release, detail map[string]string) error {
	e := audit.Event{Action: action, Subject: subject(r.ID), Detail: map[string]string{
		"product": r.Product, "version": r.Version.String(), "channel": r.Channel, "by": by.Name,
	}}
	if by.ID != "" {
		e.Actor = audit.Actor{Kind: audit.Staff, ID: by.ID}
	}
	maps.Copy(e.Detail, detail)
	return audit.Add(tx, s.Secret, e)
}

// taken names the field where the product has the version already.
func taken(err error, v Version) error {
	if fault.Code(err, "exists") {
		return &fault.Error{Kind: fault.Conflict, Code: "version-exists", Field: "version", Args: map[string]string{"version": v.String()}}
	}
	return err
}

func packed(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "{}" // maps of texts always can be
	}
	return string(b)
}

func clean(n Notes) Notes {
	out := Notes{}
	for lang, text := range n {
		if text = strings.TrimSpace(text); text != "" {
			out[lang] = text
		}
	}
	return out
}
