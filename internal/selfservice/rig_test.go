package selfservice_test

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
	"vestibule/internal/outbox"
	"vestibule/internal/selfservice"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

// A rig is a Service with mailboxes and telephones behind it.
type rig struct {
	*selfservice.Service
	t     *testing.T
	env   *dbtest.Env
	out   *outbox.Outbox
	inbox *carrier.Inbox
	ended *[]string // account and session of each run of the hook
}

func newRig(t *testing.T, e *dbtest.Env) *rig {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	inbox := carrier.NewInbox(e.DB)
	out := outbox.New(outbox.Options{DB: e.DB, Secret: e.Secret, Ring: e.Ring, Carriers: map[carrier.Channel][]carrier.Carrier{
		carrier.Email: {inbox}, carrier.SMS: {inbox},
	}})
	w, err := message.NewWriter(message.Options{
		Vendor: message.Vendor{Name: "Northwind Conferencing", Accent: "#0b5f80", ReplyTo: "help@northwind.example"}, BaseURL: &url.URL{Scheme: "https", Host: "portal.example"},
		Words: words, Lang: text.English, Outbox: out,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, env: e, out: out, inbox: inbox, ended: &[]string{}}
	r.Service = &selfservice.Service{
		DB: e.DB, Secret: e.Secret, Ring: e.Ring, Messages: w, Notices: account.Notices{Messages: w}, Outbox: out,
		Settings: selfservice.DefaultSettings(),
		SendSMS:  func(*db.Tx, string, string) error { return nil },
		Ends: []func(*db.Tx, string, string) error{func(_ *db.Tx, accountID, sessionID string) error {
			*r.ended = append(*r.ended, accountID+" "+sessionID)
			return nil
		}},
		QuestionWords: func(lang text.Lang, q account.Question) string {
			return words.For(lang).T("account.question." + q.Question)
		},
	}
	return r
}

// on is the same Service on another node.
func (r *rig) on(e *dbtest.Env) *rig {
	other, s := *r, *r.Service
	s.DB, other.env, other.Service = e.DB, e, &s
	return &other
}

func (r *rig) ctx() context.Context {
	return audit.With(r.t.Context(), audit.Origin{Address: "192.0.2.7", RequestID: "r1", Actor: audit.Actor{Kind: audit.Visitor}})
}

func (r *rig) write(f func(*db.Tx) error) {
	r.t.Helper()
	if err := r.DB.Write(r.ctx(), f); err != nil {
		r.t.Fatal(err)
	}
}

const martasMobile = "+447700900123"

// person makes an active account with a confirmed address and a verified number.
func (r *rig) person(first string) account.Account {
	r.t.Helper()
	var a account.Account
	r.write(func(tx *db.Tx) error {
		email, err := account.ParseEmail(strings.ToLower(first) + "@vale.example")
		if err != nil {
			return err
		}
		a, err = account.Create(tx, r.Secret, account.DefaultPattern, account.New{
			Email: email, EmailProved: true, Mobile: martasMobile, MobileProved: true, FirstName: first, LastName: "Ellison",
			Organization: "Harbour Vale Council", Country: "GB", Lang: "en", State: account.Unfinished,
		})
		if err != nil {
			return err
		}
		return account.SetPassword(tx, a.ID, "$argon2id$a-hash-of-the-password")
	})
	return r.get(a.ID)
}

func (r *rig) get(id string) (a account.Account) {
	r.t.Helper()
	r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) (err error) {
		a, err = account.Get(tx, id)
		return err
	}))
	return a
}

const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"

func (r *rig) signIn(a account.Account) (token session.Token) {
	r.t.Helper()
	r.write(func(tx *db.Tx) (err error) {
		_, token, err = session.Start(tx, r.Secret, session.New{
			Kind: session.Client, Account: a.ID, Lives: session.ClientLives, Address: "192.0.2.7", Agent: firefox,
		})
		return err
	})
	return token
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
		r.t.Fatalf("got %v, want %s", err, code)
	}
}

func (r *rig) mails(to string) []carrier.Mail {
	r.t.Helper()
	for {
		n, err := r.out.Deliver(r.t.Context())
		r.ok(err)
		if n == 0 {
			break
		}
	}
	all, err := r.inbox.List(r.t.Context(), to, 200)
	r.ok(err)
	return all
}

func (r *rig) kinds(to string) (all []string) {
	r.t.Helper()
	for _, m := range r.mails(to) {
		all = append(all, m.Kind)
	}
	return all
}

var (
	sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)
	linkIn    = regexp.MustCompile(`https://portal\.example/\S+`)
)

// code is the newest that arrived.
func (r *rig) code(to string) string {
	r.t.Helper()
	for _, m := range r.mails(to) {
		if c := sixDigits.FindString(m.Text); c != "" {
			return c
		}
	}
	r.t.Fatalf("no code arrived at %s", to)
	return ""
}

// token is the end of the newest link whose path begins so.
func (r *rig) token(to, path string) string {
	r.t.Helper()
	for _, m := range r.mails(to) {
		for _, l := range linkIn.FindAllString(m.Text, -1) {
			if _, token, found := strings.Cut(l, path); found {
				return strings.TrimRight(token, ".)>")
			}
		}
	}
	r.t.Fatalf("no link %s arrived at %s", path, to)
	return ""
}

func (r *rig) count(query string, args ...any) (n int) {
	r.t.Helper()
	r.ok(r.DB.Read(r.t.Context(), func(tx *db.Tx) error { return tx.Get(query, args, &n) }))
	return n
}

// lives reports whether the token still opens its session.
func (r *rig) lives(t session.Token) bool {
	err := r.DB.Read(r.ctx(), func(tx *db.Tx) error {
		_, err := session.Load(tx, session.Client, t)
		return err
	})
	return err == nil
}

func (r *rig) later(d time.Duration) { r.env.Clock.Advance(d) }

// move changes the address of an account that is signed in by that token, and returns the new token.
func (r *rig) move(t session.Token, address string) session.Token {
	r.t.Helper()
	r.ok(r.ChangeEmail(r.ctx(), t, address))
	fresh, err := r.VerifyEmail(r.ctx(), t, r.code(address))
	r.ok(err)
	return fresh
}
