package access_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/outbox"
	"vestibule/internal/text"
)

// world is what a scenario about access runs in: one node with real words, a
// real outbox, and an inbox behind it.
type world struct {
	*dbtest.Env
	t     testing.TB
	s     *access.Service
	ob    *outbox.Outbox
	inbox *carrier.Inbox
}

const (
	product = "meeting"
	desk    = "desk@northwind.example"
)

func staff() access.Decider { return access.Decider{ID: "staff-ines", Name: "Ines Duarte"} }

// each runs a scenario on both engines.
func each(t *testing.T, scenario func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) { scenario(t, open(t, e)) })
}

func open(t testing.TB, e *dbtest.Env) *world {
	t.Helper()
	w := node(t, e)
	w.write(func(tx *db.Tx) error {
		return license.PutProduct(tx, license.Product{ID: product, Name: "Meeting Add-On", Prefix: "MAG", Offered: true})
	})
	return w
}

func node(t testing.TB, e *dbtest.Env) *world {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Env: e, t: t, inbox: carrier.NewInbox(e.DB)}
	w.ob = outbox.New(outbox.Options{
		DB: e.DB, Secret: e.Secret, Ring: e.Ring,
		Carriers: map[carrier.Channel][]carrier.Carrier{carrier.Email: {w.inbox}, carrier.SMS: {w.inbox}},
	})
	writer, err := message.NewWriter(message.Options{
		Vendor:  message.Vendor{Name: "Northwind Conferencing", Legal: "Northwind Conferencing Ltd, Bristol", ReplyTo: "help@northwind.example", Accent: "#0b5f80"},
		BaseURL: &url.URL{Scheme: "https", Host: "portal.northwind.example"}, Words: words, Outbox: w.ob,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.s = &access.Service{
		DB: e.DB, Secret: e.Secret, Messages: writer, Settings: access.DefaultSettings(),
		Notify: func(*db.Tx) ([]message.To, error) { return []message.To{{Address: desk, Name: "Desk"}}, nil },
	}
	return w
}

func (w *world) write(f func(*db.Tx) error) {
	w.t.Helper()
	if err := w.DB.Write(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(f func(*db.Tx) error) {
	w.t.Helper()
	if err := w.DB.Read(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// marta is a form that nothing is wrong with.
func marta() access.Form {
	return access.Form{
		First: "Marta", Last: "Ellison", Email: "marta.ellison@harbourvale.example", Organization: "Harbour Vale Council",
		Country: "GB", Product: product, Users: "450", Purpose: "Join meetings from shared calendars.", Consent: true, Lang: "en",
		Address: "192.0.2.10",
	}
}

func (w *world) ask(f access.Form) access.Request {
	w.t.Helper()
	w.Clock.Advance(time.Millisecond) // what follows is later than what was
	if _, err := w.s.Ask(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
	e, err := account.ParseEmail(f.Email)
	if err != nil {
		w.t.Fatal(err)
	}
	page, err := w.s.Queue(w.t.Context(), access.Query{Tab: access.TabAll, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range page.Requests {
		if r.EmailKey == e.Key {
			return r
		}
	}
	w.t.Fatalf("no request of %s", e.Key)
	return access.Request{}
}

func (w *world) decide(id string, d access.Decision) access.Outcome {
	w.t.Helper()
	w.Clock.Advance(time.Millisecond)
	out, err := w.s.Decide(w.t.Context(), id, d, staff())
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) approve(f access.Form) access.Outcome {
	w.t.Helper()
	return w.decide(w.ask(f).ID, access.Decision{Approve: true})
}

// person makes an account, confirmed or not.
func (w *world) person(email string, confirmed bool) account.Account {
	w.t.Helper()
	e, err := account.ParseEmail(email)
	if err != nil {
		w.t.Fatal(err)
	}
	var a account.Account
	w.write(func(tx *db.Tx) error {
		a, err = account.Create(tx, w.Secret, account.DefaultPattern, account.New{
			Email: e, EmailProved: confirmed, FirstName: "Marta", LastName: "Ellison", Organization: "Whatever they typed", State: account.Active, Lang: "en",
		})
		return err
	})
	return a
}

// confirm does what register does when an address becomes confirmed.
func (w *world) confirm(a account.Account) organization.Outcome {
	w.t.Helper()
	var out organization.Outcome
	w.write(func(tx *db.Tx) error {
		if _, err := account.ConfirmEmail(tx, a.ID, a.EmailKey); err != nil {
			return err
		}
		var err error
		out, err = organization.JoinByConfirmedAddress(tx, w.Secret, a.ID, a.EmailKey)
		return err
	})
	return out
}

func (w *world) signIn(a account.Account) {
	w.t.Helper()
	w.write(func(tx *db.Tx) error { return access.MarkSignedIn(tx, w.Secret, a.ID) })
}

func (w *world) standing(a account.Account) access.Standing {
	w.t.Helper()
	st, err := w.s.Standing(w.t.Context(), a.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return st
}

// mails delivers what waits and returns what came to an address, the newest first.
func (w *world) mails(to string) []carrier.Mail {
	w.t.Helper()
	if _, err := w.ob.Deliver(context.WithoutCancel(w.t.Context())); err != nil {
		w.t.Fatal(err)
	}
	list, err := w.inbox.List(w.t.Context(), to, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// kinds are the kinds of mails to an address, the oldest first.
func (w *world) kinds(to string) []string {
	w.t.Helper()
	var kinds []string
	for _, m := range w.mails(to) {
		kinds = append([]string{m.Kind}, kinds...)
	}
	return kinds
}

// token is the end of the newest link to a path in the mails to an address.
func (w *world) token(to, path string) string {
	w.t.Helper()
	for _, m := range w.mails(to) {
		for _, l := range m.Links {
			if _, token, ok := strings.Cut(l, path); ok {
				return token
			}
		}
	}
	w.t.Fatalf("no link to %s for %s", path, to)
	return ""
}

func (w *world) events(subject string) []string {
	w.t.Helper()
	var actions []string
	w.read(func(tx *db.Tx) error {
		list, err := audit.History(tx, subject, 100)
		for _, e := range list {
			actions = append([]string{e.Action}, actions...)
		}
		return err
	})
	return actions
}
