package helpdesk

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/outbox"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

// rig is what a scenario of the helpdesk runs in: real words, a real outbox, and
// an inbox behind it. Who of staff may what is a table.
type rig struct {
	*dbtest.Env
	t     testing.TB
	s     *Service
	ob    *outbox.Outbox
	inbox *carrier.Inbox
	may   map[string]Permission // by staff id; Help includes View
	calls map[string]int        // of hooks
}

var ines, tom, anna = Staff{"staff-ines", "Ines Duarte"}, Staff{"staff-tom", "Tom Hale"}, Staff{"staff-anna", "Anna Lind"}

const desk = "desk@northwind.example"

func each(t *testing.T, scenario func(t *testing.T, r *rig)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) { scenario(t, newRig(t, e)) })
}

func newRig(t testing.TB, e *dbtest.Env) *rig {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Env: e, t: t, inbox: carrier.NewInbox(e.DB), may: map[string]Permission{ines.ID: Help, tom.ID: Help, anna.ID: View}, calls: map[string]int{}}
	r.ob = outbox.New(outbox.Options{
		DB: e.DB, Secret: e.Secret, Ring: e.Ring,
		Carriers: map[carrier.Channel][]carrier.Carrier{carrier.Email: {r.inbox}, carrier.SMS: {r.inbox}},
	})
	writer, err := message.NewWriter(message.Options{
		Vendor:  message.Vendor{Name: "Northwind", Legal: "Northwind Ltd, Bristol", ReplyTo: "help@northwind.example", Accent: "#0b5f80"},
		BaseURL: &url.URL{Scheme: "https", Host: "portal.northwind.example"}, Words: words, Outbox: r.ob,
	})
	if err != nil {
		t.Fatal(err)
	}
	hook := func(name string) func(*db.Tx, account.Account) error {
		return func(tx *db.Tx, _ account.Account) error {
			tx.AfterCommit(func() { r.calls[name]++ })
			return nil
		}
	}
	r.s = &Service{
		DB: e.DB, Secret: e.Secret, Ring: e.Ring, Messages: writer, Outbox: r.ob, Notices: account.Notices{Messages: writer},
		Settings: Settings{Questions: true},
		May: func(_ *db.Tx, id string, p Permission) (bool, error) {
			return r.may[id] == Help || r.may[id] == View && p == View, nil
		},
		Notify: func(*db.Tx) ([]message.To, error) { return []message.To{{Address: desk, Name: "Desk"}}, nil },
		Hooks: Hooks{
			Forgive: hook("forgive"), Distrust: hook("distrust"), Reset: hook("reset"),
			Confirm: hook("confirm"), Finish: hook("finish"), Void: hook("void"),
		},
	}
	return r
}

func (r *rig) write(f func(*db.Tx) error) {
	r.t.Helper()
	if err := r.DB.Write(r.t.Context(), f); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) refused(err error, code string) {
	r.t.Helper()
	if !fault.Code(err, code) {
		r.t.Errorf("%v, want %s", err, code)
	}
}

// person makes an active account with confirmed address and verified number.
func (r *rig) person(first, last, email, mobile string) account.Account {
	r.t.Helper()
	e, err := account.ParseEmail(email)
	r.ok(err)
	var a account.Account
	r.write(func(tx *db.Tx) error {
		a, err = account.Create(tx, r.Secret, account.DefaultPattern, account.New{
			Email: e, EmailProved: true, Mobile: mobile, MobileProved: mobile != "", FirstName: first, LastName: last,
			Organization: "Harbour Vale Council", State: account.Unfinished, Lang: "en",
		})
		if err != nil {
			return err
		}
		return account.SetPassword(tx, a.ID, "$argon2id$not-a-hash")
	})
	r.Clock.Advance(time.Second)
	return r.fresh(a.ID)
}

func (r *rig) marta() account.Account {
	return r.person("Marta", "Ellison", "marta.ellison@vale.example", "+447700900123")
}

func (r *rig) fresh(id string) (a account.Account) {
	r.t.Helper()
	r.write(func(tx *db.Tx) (err error) {
		a, err = account.Get(tx, id)
		return err
	})
	return a
}

// withQuestions and withAuthenticator give an account what can be cleared.
func (r *rig) withQuestions(a account.Account) {
	r.t.Helper()
	r.write(func(tx *db.Tx) error {
		return account.SetQuestions(tx, a.ID, []account.Question{{Question: "pet", Hash: "x"}, {Question: "street", Hash: "y"}, {Own: "?", Hash: "z"}})
	})
	r.Clock.Advance(time.Second)
}

func (r *rig) withAuthenticator(a account.Account) {
	r.t.Helper()
	r.write(func(tx *db.Tx) error {
		return tx.Do(`INSERT INTO authenticator (account_id, secret, last_step, failures, created_at, confirmed_at) VALUES ($1, 'x', 0, 0, $2, $2)`,
			a.ID, db.Micros(tx.Now()))
	})
	r.Clock.Advance(time.Second)
}

// company makes an organization of these accounts; the first is its administrator.
func (r *rig) company(name string, members ...account.Account) organization.Organization {
	r.t.Helper()
	var o organization.Organization
	r.write(func(tx *db.Tx) (err error) {
		if o, err = organization.Create(tx, r.Secret, organization.Organization{Name: name, Kind: organization.Client, Origin: organization.ByApproval}); err != nil {
			return err
		}
		for i, a := range members {
			role := organization.Member
			if i == 0 {
				role = organization.Administrator
			}
			err := tx.Do(`INSERT INTO organization_member (account_id, organization_id, role, origin, joined_at) VALUES ($1, $2, $3, 'approval', $4)`,
				a.ID, o.ID, string(role), db.Micros(tx.Now()))
			if err != nil {
				return err
			}
			if err := account.Reindex(tx, a.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return o
}

// signIn begins a client's session.
func (r *rig) signIn(a account.Account) (t session.Token) {
	r.t.Helper()
	r.write(func(tx *db.Tx) (err error) {
		_, t, err = session.Start(tx, r.Secret, session.New{Kind: session.Client, Account: a.ID, Lives: session.ClientLives})
		return err
	})
	return t
}

// mails delivers what waits, and returns all that an address got, the newest first.
func (r *rig) mails(to string) (list []carrier.Mail) {
	r.t.Helper()
	if _, err := r.ob.Deliver(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	list, err := r.inbox.List(r.t.Context(), to, 500)
	r.ok(err)
	return list
}

func (r *rig) kinds(to string) string {
	r.t.Helper()
	var kinds []string
	for _, m := range r.mails(to) {
		kinds = append(kinds, m.Kind)
	}
	return strings.Join(kinds, " ")
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code is the newest code that went to an address.
func (r *rig) code(to string) string {
	r.t.Helper()
	for _, m := range r.mails(to) {
		if strings.HasPrefix(m.Kind, "helpdesk-code") {
			return sixDigits.FindString(m.Text)
		}
	}
	r.t.Fatalf("no code to %s", to)
	return ""
}

var stopLink = regexp.MustCompile(`/stop/(\S+)`)

// stops are the tokens of all stop-links that an address got, the newest first.
func (r *rig) stops(to string) (list []string) {
	r.t.Helper()
	for _, m := range r.mails(to) {
		if found := stopLink.FindStringSubmatch(m.Text); found != nil && strings.HasPrefix(m.Kind, "clearing-started") {
			list = append(list, found[1])
		}
	}
	return list
}

// verify verifies the caller on an account to a member of staff.
func (r *rig) verify(by Staff, a account.Account, m Means) {
	r.t.Helper()
	to := a.Email
	if m == Mobile {
		to = a.Mobile
	}
	r.ok(r.s.SendCode(r.t.Context(), by, a.ID, m))
	r.ok(r.s.Verify(r.t.Context(), by, a.ID, m, r.code(to)))
}

// as is a context in which a member of staff acts.
func (r *rig) as(by Staff) context.Context {
	return audit.With(r.t.Context(), audit.Origin{Address: "192.0.2.9", Actor: audit.Actor{Kind: audit.Staff, ID: by.ID}})
}

func (r *rig) actions(a account.Account) string {
	r.t.Helper()
	var list []string
	r.write(func(tx *db.Tx) error {
		list = nil
		all, err := audit.History(tx, a.Subject(), 100)
		for _, e := range all {
			list = append(list, e.Action)
		}
		return err
	})
	return strings.Join(list, " ")
}

func (r *rig) clearing(id string) (c Clearing) {
	r.t.Helper()
	r.write(func(tx *db.Tx) (err error) {
		c, err = clearingByID(tx, id)
		return err
	})
	return c
}
