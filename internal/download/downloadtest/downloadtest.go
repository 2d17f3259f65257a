// Package downloadtest is a world in which releases are published and handed over: a store in a folder, a product whose publisher
// signs, an organization with a licence, and its people.
package downloadtest

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"testing"
	"time"

	"aead.dev/minisign"

	"vestibule/internal/account"
	"vestibule/internal/blob"
	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/download"
	"vestibule/internal/feed"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/outbox"
	"vestibule/internal/release"
	"vestibule/internal/signing"
	"vestibule/internal/text"
)

// Product is the product's id.
const Product = "meeting"

// A World is one node of a portal that hands releases over.
type World struct {
	*dbtest.Env
	T         testing.TB
	Store     *blob.Store
	Downloads *download.Service
	Releases  *release.Service
	Feeds     *feed.Service
	Signing   *signing.Keys
	Accounts  *organization.Service

	Org     string // an organization with a subscription of a year for stable and preview
	License license.License
	Marta   account.Account // its administrator
	Tom     account.Account // its member

	publisher minisign.PrivateKey
}

// chance reads from the environment's source, for a library that wants a reader.
type chance struct{ e *dbtest.Env }

func (c chance) Read(b []byte) (int, error) { return copy(b, c.e.Secret.Bytes(len(b))), nil }

// New makes a world on a database, whose files lie in a folder.
func New(t testing.TB, e *dbtest.Env) *World {
	t.Helper()
	return NewIn(t, e, blob.Where{URL: t.TempDir()})
}

// NewIn is New with the files elsewhere.
func NewIn(t testing.TB, e *dbtest.Env, where blob.Where) *World {
	t.Helper()
	store, err := blob.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w := &World{Env: e, T: t, Store: store}
	public, private, err := minisign.GenerateKey(chance{e})
	if err != nil {
		t.Fatal(err)
	}
	w.publisher = private
	w.services()
	w.Write(func(tx *db.Tx) error {
		if err := w.Signing.Ensure(tx); err != nil {
			return err
		}
		return license.PutProduct(tx, license.Product{
			ID: Product, Name: "Meeting Add-On", Summary: "Meetings for GroupWise", Prefix: "MAG", Offered: true, PublisherKeys: []string{public.String()},
		})
	})
	w.Org, w.License = w.Organization("Harbour Vale Council", license.Term{
		Kind: license.Subscription, StartsAt: e.Clock.Now(), EndsAt: e.Clock.Now().AddDate(1, 0, 0), GraceDays: 14,
		Channels: []string{license.Stable, license.Preview}, Policy: "subscription", PolicyVersion: 1,
	})
	w.Marta = w.Person(w.Org, "marta", organization.Administrator)
	w.Tom = w.Person(w.Org, "tom", organization.Member)
	return w
}

// Node is another node of the same portal.
func (w *World) Node(e *dbtest.Env) *World {
	other := *w
	other.Env = e
	other.services()
	return &other
}

func (w *World) services() {
	words, err := text.Load(nil)
	if err != nil {
		w.T.Fatal(err)
	}
	e := w.Env
	writer, err := message.NewWriter(message.Options{
		Vendor: message.Vendor{Name: "Northwind Conferencing", Accent: "#0b5f80"}, BaseURL: &url.URL{Scheme: "https", Host: "portal.example"},
		Words: words, Lang: text.English,
		Outbox: outbox.New(outbox.Options{DB: e.DB, Secret: e.Secret, Ring: e.Ring, Carriers: map[carrier.Channel][]carrier.Carrier{carrier.Email: {carrier.NewInbox(e.DB)}}}),
	})
	if err != nil {
		w.T.Fatal(err)
	}
	w.Signing = &signing.Keys{Secret: e.Secret, Ring: e.Ring}
	w.Accounts = &organization.Service{DB: e.DB, Secret: e.Secret, PerToken: organization.DefaultPerToken()}
	w.Releases = &release.Service{DB: e.DB, Secret: e.Secret, Store: w.Store, Settings: release.DefaultSettings()}
	w.Downloads = &download.Service{
		DB: e.DB, Secret: e.Secret, Ring: e.Ring, Messages: writer, Files: w.Store, Settings: download.DefaultSettings(), Now: e.Clock.Now,
	}
	w.Feeds = &feed.Service{
		DB: e.DB, Secret: e.Secret, BaseURL: "https://portal.example", Vendor: "Northwind Conferencing", Sign: w.Signing.SignFeed,
		Available: Available, Render: release.Render, PerAddress: feed.DefaultPerAddress(),
		Product: func(tx *db.Tx, organization, product string) (feed.Product, error) {
			l, err := license.For(tx, organization, product)
			return feed.Product{ID: l.Product.ID, Name: l.Product.Name, Summary: l.Product.Summary}, err
		},
	}
}

// Available is what feeds are told, as the portal has it.
func Available(tx *db.Tx, organization, product, channel string) (all []feed.Release, err error) {
	list, err := download.Available(tx, organization, product, channel)
	for _, r := range list {
		one := feed.Release{
			ID: r.ID, Product: feed.Product{ID: r.Product, Name: r.ProductName, Summary: r.Summary}, Channel: r.Channel, Version: r.Version,
			Published: r.Published, Required: r.Required, Notes: r.Notes.In("en"),
		}
		for _, a := range r.Artifacts {
			one.Artifacts = append(one.Artifacts, feed.Artifact{
				ID: a.ID, Kind: a.Kind, Name: a.Name, System: a.System, Machine: a.Machine, MediaType: a.MediaType, Size: a.Size,
				SHA256: a.SHA256, SHA512: a.SHA512, Signature: a.Signature,
			})
		}
		all = append(all, one)
	}
	return all, err
}

// Write runs f in a transaction.
func (w *World) Write(f func(*db.Tx) error) {
	w.T.Helper()
	if err := w.DB.Write(context.Background(), f); err != nil {
		w.T.Fatal(err)
	}
}

// Organization makes an organization with a licence for the product.
func (w *World) Organization(name string, term license.Term) (id string, l license.License) {
	w.T.Helper()
	w.Write(func(tx *db.Tx) error {
		o, err := organization.Create(tx, w.Secret, organization.Organization{Name: name, Kind: organization.Client})
		if err != nil {
			return err
		}
		id = o.ID
		if l, err = license.Make(tx, w.Secret, o.ID, Product); err != nil {
			return err
		}
		_, err = license.Grant(tx, w.Secret, l, term)
		return err
	})
	return id, l
}

// Person makes an active account that is a member of an organization.
func (w *World) Person(org, name string, role organization.Role) (a account.Account) {
	w.T.Helper()
	email, err := account.ParseEmail(name + "@harbour.example")
	if err != nil {
		w.T.Fatal(err)
	}
	w.Write(func(tx *db.Tx) error {
		a, err = account.Create(tx, w.Secret, account.DefaultPattern, account.New{
			Email: email, EmailProved: true, FirstName: name, LastName: "Lind", Lang: "en", State: account.Active,
		})
		if err != nil {
			return err
		}
		_, err = organization.Admit(tx, w.Secret, org, a.ID, a.EmailKey, role, organization.ByStaff)
		return err
	})
	return a
}

// Hold suspends or revokes the licence.
func (w *World) Hold(kind license.HoldKind) {
	w.T.Helper()
	w.Write(func(tx *db.Tx) error {
		return license.Place(tx, w.Secret, w.License, license.Hold{Kind: kind, Reason: "a test", From: tx.Now(), By: "staff"})
	})
}

// Publish publishes a release with one file of random bytes, at an instant or at once.
func (w *World) Publish(version, channel string, at time.Time, files ...release.File) release.Release {
	w.T.Helper()
	if len(files) == 0 {
		files = []release.File{{Kind: "windows-x64-msi", Name: "meeting-" + version + "-x64.msi", Title: "Windows installer", Size: 100_000}}
	}
	ctx := context.Background()
	by := release.Operator()
	r, err := w.Releases.Make(ctx, by, release.Draft{Product: Product, Version: version, Channel: channel, Notes: release.Notes{"en": "Fixes **much**.", "de": "Behebt **vieles**."}})
	if err != nil {
		w.T.Fatal(err)
	}
	for _, f := range files {
		signed := minisign.NewReader(bytes.NewReader(w.Content(f.Name, f.Size)))
		if _, err := io.Copy(io.Discard, signed); err != nil {
			w.T.Fatal(err)
		}
		f.Signature = string(signed.Sign(w.publisher))
		if _, err := w.Releases.Add(ctx, by, r.ID, f, bytes.NewReader(w.Content(f.Name, f.Size))); err != nil {
			w.T.Fatal(err)
		}
	}
	if err := w.Releases.Verify(ctx); err != nil {
		w.T.Fatal(err)
	}
	if r, err = w.Releases.Publish(ctx, by, r.ID, at); err != nil {
		w.T.Fatal(err)
	}
	if r.State != release.Published {
		w.T.Fatalf("the release is %s: %+v", r.State, r.Artifacts)
	}
	return r
}

// Content is what a file of a release has in it.
func (w *World) Content(name string, size int64) []byte {
	b := make([]byte, size)
	x := uint32(len(name))*2654435761 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// Withdraw withdraws a release.
func (w *World) Withdraw(id string) {
	w.T.Helper()
	if _, err := w.Releases.Withdraw(context.Background(), release.Operator(), id, "it was wrong"); err != nil {
		w.T.Fatal(err)
	}
}

// Token makes a service account of the organization and returns its token.
func (w *World) Token(scopes ...organization.Scope) string {
	w.T.Helper()
	_, token, err := w.Accounts.MakeServiceAccount(context.Background(), w.Marta.ID, organization.NewServiceAccount{Name: "Deployment " + w.Secret.Digits(6), Scopes: scopes})
	if err != nil {
		w.T.Fatal(err)
	}
	return token
}
