package register

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/outbox"
	"vestibule/internal/password"
	"vestibule/internal/text"
)

// A rig is a Service with a mailbox and a telephone behind it.
type rig struct {
	*Service
	t     *testing.T
	env   *dbtest.Env
	out   *outbox.Outbox
	inbox *carrier.Inbox
}

func newRig(t *testing.T, e *dbtest.Env, change ...func(*Settings)) *rig {
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
	s := DefaultSettings()
	s.Issuer = "Northwind Conferencing"
	s.Questions = OfferedQuestions(words)
	s.Terms = account.Terms{Version: "4.2", Since: dbtest.Start(), Text: map[string]string{"en": "You may use it.", "de": "Sie dürfen es benutzen."}}
	for _, c := range change {
		c(&s)
	}
	return &rig{
		t: t, env: e, out: out, inbox: inbox,
		Service: &Service{
			DB: e.DB, Secret: e.Secret, Ring: e.Ring, Messages: w, Settings: s,
			Passwords: &account.Passwords{
				Hasher: password.New(e.Ring, e.Secret, password.Options{Params: password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}, Queue: 1000}),
				Rules:  password.Guide(), Words: []string{"Northwind Conferencing", "Meeting Add-On for GroupWise"},
			},
			Notify: func(*db.Tx) ([]message.To, error) {
				return []message.To{{Address: "desk@northwind.example", Name: "Desk", Lang: text.English}}, nil
			},
		},
	}
}

func (r *rig) ctx() context.Context {
	return audit.With(r.t.Context(), audit.Origin{Address: "192.0.2.7", RequestID: "r1", Actor: audit.Actor{Kind: audit.Visitor}})
}

func marta() Form {
	return Form{
		FirstName: "Marta", LastName: "Ellison", Email: "marta.ellison@harbourvale.example", MobileCountry: "GB", Mobile: "07700 900123",
		Organization: "Harbour Vale Council", Lang: text.English,
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
	all, err := r.inbox.List(r.t.Context(), to, 100)
	r.ok(err)
	return all
}

var (
	sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)
	linkIn    = regexp.MustCompile(`https://portal\.example/\S+`)
)

// code is the newest that arrived at the number.
func (r *rig) code(number string) string {
	r.t.Helper()
	for _, m := range r.mails(number) {
		if c := sixDigits.FindString(m.Text); c != "" {
			return c
		}
	}
	r.t.Fatalf("no code arrived at %s", number)
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

func (r *rig) step(t Ticket) Step {
	r.t.Helper()
	v, err := r.Current(r.ctx(), t)
	r.ok(err)
	return v.Step
}

func answers() []account.Choice {
	return []account.Choice{
		{Question: "first-dish", Answer: "burnt leek pie"},
		{Question: "childhood-street", Answer: "The long lane"},
		{Own: "What did we call the boat on the lake?", Answer: "tin whistle"},
	}
}

func again() []string { return []string{" BURNT  leek pie", "the LONG lane", "Tin  Whistle"} }

const goodPassword = "quiet-Anchor-7-toast"

// walk brings a fresh registration to a step.
func (r *rig) walk(in Form, to Step) Ticket {
	r.t.Helper()
	number, err := account.ParseMobile(in.MobileCountry, in.Mobile)
	r.ok(err)
	var t Ticket
	for _, s := range []struct {
		at   Step
		next func() error
	}{
		{Details, func() (err error) { t, err = r.GiveDetails(r.ctx(), "", in); return err }},
		{Code, func() error { return r.VerifyCode(r.ctx(), t, r.code(number)) }},
		{Terms, func() error { return r.AcceptTerms(r.ctx(), t, "4.2", text.English) }},
		{Questions, func() error { return r.ChooseQuestions(r.ctx(), t, text.English, answers()) }},
		{Confirm, func() error { return r.ConfirmAnswers(r.ctx(), t, again()) }},
		{Authenticator, func() error { return r.EnrolAuthenticator(r.ctx(), t, r.totp(t)) }},
		{Codes, func() error { return r.KeepCodes(r.ctx(), t) }},
		{Password, func() error { return r.SetPassword(r.ctx(), t, goodPassword) }},
	} {
		if s.at == to {
			return t
		}
		r.ok(s.next())
	}
	return t
}

func (r *rig) totp(t Ticket) string {
	r.t.Helper()
	v, err := r.Current(r.ctx(), t)
	r.ok(err)
	c, err := totp.GenerateCode(v.Enrolment.Secret, r.env.Clock.Now())
	r.ok(err)
	return c
}

func (r *rig) account(email string) account.Account {
	r.t.Helper()
	var a account.Account
	r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) (err error) {
		a, err = account.FindByEmail(tx, email)
		return err
	}))
	return a
}

func (r *rig) count(query string, args ...any) int {
	r.t.Helper()
	var n int
	r.ok(r.DB.Read(r.t.Context(), func(tx *db.Tx) error { return tx.Get(query, args, &n) }))
	return n
}

func (r *rig) later(d time.Duration) { r.env.Clock.Advance(d) }
