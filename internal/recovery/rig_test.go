package recovery

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
	"vestibule/internal/session"
	"vestibule/internal/text"
)

// A tester is a test, or one run of a property.
type tester interface {
	Helper()
	Context() context.Context
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A rig is a Service with mailboxes and telephones behind it.
type rig struct {
	*Service
	t         tester
	env       *dbtest.Env
	out       *outbox.Outbox
	inbox     *carrier.Inbox
	staff     map[string]bool
	devices   map[string]string // token of a device → account
	passkeys  map[string]bool   // accounts that have one
	forgotten []string
	confirmed []string
	erased    []string
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
	for _, c := range change {
		c(&s)
	}
	r := &rig{
		t: t, env: e, out: out, inbox: inbox, staff: map[string]bool{}, devices: map[string]string{}, passkeys: map[string]bool{},
		Service: &Service{
			DB: e.DB, Secret: e.Secret, Ring: e.Ring, Messages: w, Settings: s,
			Passwords: &account.Passwords{
				Hasher: password.New(e.Ring, e.Secret, password.Options{Params: password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}, Queue: 1000}),
				Rules:  password.Guide(), Words: []string{"Northwind Conferencing"},
			},
			Asked: func(_ text.Lang, question string) string { return question },
		},
	}
	r.hooks()
	return r
}

// hooks stand for the capabilities that are given at the portal's start.
func (r *rig) hooks() {
	r.IsStaff = func(_ *db.Tx, id string) (bool, error) { return r.staff[id], nil }
	r.KnownDevice = func(_ *db.Tx, id, device string) (bool, error) { return device != "" && r.devices[device] == id, nil }
	r.ForgetDevices = func(_ *db.Tx, id string) error { r.forgotten = append(r.forgotten, id); return nil }
	r.Confirmed = func(_ *db.Tx, a account.Account) error { r.confirmed = append(r.confirmed, a.ID); return nil }
	r.Afresh = func(tx *db.Tx, a account.Account) (string, error) {
		r.erased = append(r.erased, a.ID)
		if err := account.Erase(tx, a.ID); err != nil {
			return "", err
		}
		_, err := account.ConfirmEmail(tx, a.ID, a.EmailKey)
		return "registration-of-" + a.ID, err
	}
	r.Passkeys = &Passkeys{
		Has:   func(_ *db.Tx, id string) (bool, error) { return r.passkeys[id], nil },
		Begin: func(*db.Tx) (string, string, error) { return `{"challenge":"c"}`, "c", nil },
		Check: func(_ *db.Tx, id, state, response string) (bool, error) {
			return r.passkeys[id] && response == "passkey of "+id+" for "+state, nil
		},
	}
}

func (r *rig) ctx() context.Context { return r.from("192.0.2.7") }

func (r *rig) from(address string) context.Context {
	return audit.With(r.t.Context(), audit.Origin{Address: address, RequestID: "r1", Actor: audit.Actor{Kind: audit.Visitor}})
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

func (r *rig) write(f func(*db.Tx) error) { r.t.Helper(); r.ok(r.DB.Write(r.ctx(), f)) }

// A like says what an account has.
type like struct {
	unconfirmed, noMobile, noQuestions, app, passkey bool
	legacy                                           bool          // imported; with its password's hash where the state is active
	state                                            account.State // "" is active
}

const (
	oldPassword = "quiet-Anchor-7-toast"
	newPassword = "slow-Meadow-9-lamp"
	mobileOf    = "+447700900123"
)

// A known account is one with what its owner knows and has.
type known struct {
	account.Account
	seed  string   // of the app
	codes []string // recovery codes
}

func (r *rig) make(email string, l like) (k known) {
	r.t.Helper()
	n := account.New{
		Email: account.Email{Typed: email, Key: email}, EmailProved: !l.unconfirmed, Mobile: mobileOf, MobileProved: true,
		FirstName: "Marta", LastName: "Ellison", Organization: "Harbour Vale", Country: "GB", Lang: "en", State: account.Unfinished,
	}
	if l.noMobile {
		n.Mobile, n.MobileProved = "", false
	}
	if l.legacy {
		hash := ""
		if l.state == account.Active {
			var err error
			hash, err = r.Passwords.Hasher.Hash(r.ctx(), oldPassword)
			r.ok(err)
		}
		r.write(func(tx *db.Tx) (err error) {
			k.Account, err = account.Import(tx, r.Secret, account.Account{
				UserID: "legacy" + email[:1], Email: email, EmailKey: email, FirstName: "Marta", LastName: "Ellison", Lang: "en",
				State: l.state, PasswordHash: hash,
			})
			return err
		})
		return k
	}
	hash, err := r.Passwords.Hasher.Hash(r.ctx(), oldPassword)
	r.ok(err)
	questions, err := r.Passwords.HashAnswers(r.ctx(), []account.Choice{
		{Question: "first-dish", Answer: "burnt leek pie"}, {Question: "childhood-street", Answer: "The long lane"},
		{Own: "What did we call the boat?", Answer: "tin whistle"},
	})
	r.ok(err)
	r.write(func(tx *db.Tx) error {
		if k.Account, err = account.Create(tx, r.Secret, account.DefaultPattern, n); err != nil {
			return err
		}
		terms := account.Terms{Version: "1", Text: map[string]string{"en": "Be kind."}}
		if err := account.AcceptTerms(tx, k.ID, terms, "en", ""); err != nil || l.state == account.Unfinished {
			return err
		}
		if err := account.SetPassword(tx, k.ID, hash); err != nil {
			return err
		}
		if !l.noQuestions {
			if err := account.SetQuestions(tx, k.ID, questions); err != nil {
				return err
			}
		}
		if l.app {
			k.seed = account.NewAuthenticatorSecret(r.Secret)
			c, err := totp.GenerateCode(k.seed, r.env.Clock.Now())
			if err != nil {
				return err
			}
			if _, err := account.BindAuthenticator(tx, r.Ring, k.ID, k.seed, c); err != nil {
				return err
			}
			if k.codes, err = account.NewRecoveryCodes(tx, r.Ring, r.Secret, k.ID); err != nil {
				return err
			}
		}
		switch l.state {
		case account.Expired:
			err = account.Expire(tx, k.ID, account.ByStaff)
		case account.Disabled:
			err = account.Disable(tx, k.ID, account.ByStaff)
		case account.Closed:
			err = account.Close(tx, k.ID)
		}
		return err
	})
	r.passkeys[k.ID] = l.passkey
	r.later(time.Minute)
	k.Account = r.get(k.ID)
	return k
}

func (r *rig) get(id string) (a account.Account) {
	r.t.Helper()
	r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) (err error) { a, err = account.Get(tx, id); return err }))
	return a
}

func (r *rig) app(k known) string {
	r.t.Helper()
	c, err := totp.GenerateCode(k.seed, r.env.Clock.Now())
	r.ok(err)
	return c
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

var (
	codeIn = regexp.MustCompile(`\b([0-9]{8}|[0-9]{6})\b`)
	linkIn = regexp.MustCompile(`https://portal\.example/reset-password/link/(\S+)`)
)

// code is the newest that arrived there, or "".
func (r *rig) code(to string) string {
	r.t.Helper()
	for _, m := range r.mails(to) {
		if c := codeIn.FindString(linkIn.ReplaceAllString(m.Text, "")); c != "" {
			return c
		}
	}
	return ""
}

// token is the newest link's that arrived there, or "".
func (r *rig) token(to string) string {
	r.t.Helper()
	for _, m := range r.mails(to) {
		if found := linkIn.FindStringSubmatch(m.Text); found != nil {
			return strings.TrimRight(found[1], ".)>")
		}
	}
	return ""
}

func (r *rig) reset(login string, m Means) Ticket {
	r.t.Helper()
	r.later(time.Second) // so that its mail is the newest
	t, err := r.Reset(r.ctx(), Ask{Login: login, Means: m, Lang: text.English})
	r.ok(err)
	return t
}

func (r *rig) view(t Ticket) View {
	r.t.Helper()
	v, err := r.Current(r.ctx(), t)
	r.ok(err)
	return v
}

func (r *rig) stands(t Ticket, at Step) {
	r.t.Helper()
	if v := r.view(t); v.Step != at {
		r.t.Fatalf("at %q, want %q", v.Step, at)
	}
}

// byMail proves the mailbox by the typed code.
func (r *rig) byMail(k known) Ticket {
	r.t.Helper()
	t := r.reset(k.Email, Email)
	n, err := r.VerifyCode(r.ctx(), t, r.code(k.Email))
	r.ok(err)
	return n.Ticket
}

// right are the right answers to what is asked.
func (r *rig) right(t Ticket) (all []string) {
	r.t.Helper()
	for _, q := range r.view(t).Questions {
		all = append(all, map[string]string{"first-dish": " BURNT leek  pie", "childhood-street": "the LONG lane", "": "Tin Whistle"}[q.Question])
	}
	return all
}

// password reports whether the account's is that one.
func (r *rig) password(id, plain string) bool {
	r.t.Helper()
	ok, _, err := r.Passwords.Check(r.ctx(), r.get(id).PasswordHash, plain)
	r.ok(err)
	return ok
}

func (r *rig) signIn(id string) session.Token {
	r.t.Helper()
	var token session.Token
	r.write(func(tx *db.Tx) (err error) {
		_, token, err = session.Start(tx, r.Secret, session.New{Kind: session.Client, Account: id, Lives: session.ClientLives})
		return err
	})
	return token
}

func (r *rig) count(query string, args ...any) int {
	r.t.Helper()
	var n int
	r.ok(r.DB.Read(r.t.Context(), func(tx *db.Tx) error { return tx.Get(query, args, &n) }))
	return n
}

func (r *rig) later(d time.Duration) { r.env.Clock.Advance(d) }

// at is the rig for a test inside the test.
func (r *rig) at(t tester) *rig {
	inner := *r
	inner.t = t
	return &inner
}
