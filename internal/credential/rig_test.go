package credential

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vestibule/internal/account"
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

const good = "correct-horse-Battery-7"

// A house is a Service with what it needs.
type house struct {
	*Service
	t *testing.T
	e *dbtest.Env

	mu    sync.Mutex
	ended []string // whose other things were ended, and by which session
}

func build(t *testing.T, e *dbtest.Env) *house {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse("https://portal.example")
	if err != nil {
		t.Fatal(err)
	}
	inbox := carrier.NewInbox(e.DB)
	ob := outbox.New(outbox.Options{DB: e.DB, Secret: e.Secret, Ring: e.Ring, Carriers: map[carrier.Channel][]carrier.Carrier{carrier.Email: {inbox}}})
	writer, err := message.NewWriter(message.Options{Vendor: message.Vendor{Name: "Northwind", Accent: "#0b5f80"}, BaseURL: base, Words: words, Lang: text.English, Outbox: ob})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, e: e}
	h.Service = &Service{
		DB: e.DB, Ring: e.Ring, Secret: e.Secret, Notices: account.Notices{Messages: writer}, Issuer: "Northwind",
		Passwords: &account.Passwords{Hasher: password.New(e.Ring, e.Secret, password.Options{Params: password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}, Slots: 2}), Rules: password.Guide()},
		Offered: func(text.Lang) [][2]string {
			return [][2]string{{"pet", "What was your first pet called?"}, {"dish", "What was the first dish you learned to cook?"}, {"car", "Which vehicle did you drive first?"}}
		},
		Ends: []func(*db.Tx, string, string) error{func(tx *db.Tx, accountID, sessionID string) error {
			tx.AfterCommit(func() {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.ended = append(h.ended, accountID+" "+sessionID)
			})
			return nil
		}},
	}
	return h
}

func (h *house) write(f func(*db.Tx) error) {
	h.t.Helper()
	if err := h.e.DB.Write(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) rows(query string, args ...any) (n int) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error { return tx.Get(query, args, &n) })
	return n
}

// person makes an active account whose password is good.
func (h *house) person(first, last string) account.Account {
	h.t.Helper()
	email, err := account.ParseEmail(strings.ToLower(first + "." + last + "@vale.example"))
	if err != nil {
		h.t.Fatal(err)
	}
	hash, err := h.Passwords.Hasher.Hash(h.t.Context(), good)
	if err != nil {
		h.t.Fatal(err)
	}
	var a account.Account
	h.write(func(tx *db.Tx) (err error) {
		a, err = account.Create(tx, h.e.Secret, account.DefaultPattern, account.New{
			Email: email, EmailProved: true, FirstName: first, LastName: last, Lang: "en", State: account.Unfinished,
		})
		if err != nil {
			return err
		}
		return account.SetPassword(tx, a.ID, hash)
	})
	return a
}

// in signs an account in.
func (h *house) in(a account.Account) (token session.Token) {
	h.t.Helper()
	h.write(func(tx *db.Tx) (err error) {
		_, token, err = session.Start(tx, h.e.Secret, session.New{Kind: session.Client, Account: a.ID, Lives: session.ClientLives})
		return err
	})
	return token
}

// opens reports whether the token is one of an account that is signed in.
func (h *house) opens(token session.Token) bool {
	h.t.Helper()
	err := h.e.DB.Read(h.t.Context(), func(tx *db.Tx) error { _, _, err := account.SignedIn(tx, token); return err })
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		h.t.Fatal(err)
	}
	return err == nil
}

// freshen proves again to be the owner, as signing in again does.
func (h *house) freshen(token session.Token) (fresh session.Token) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		at, err := session.Load(tx, session.Client, token)
		if err == nil {
			fresh, err = session.Freshen(tx, h.e.Secret, at, token)
		}
		return err
	})
	return fresh
}

func (h *house) at(token session.Token, want Step) Authenticator {
	h.t.Helper()
	v, err := h.Authenticator(h.t.Context(), token)
	if err != nil || v.Step != want {
		h.t.Fatalf("stands at %q (%v), want %q", v.Step, err, want)
	}
	return v
}

func (h *house) digits(seed string) string {
	h.t.Helper()
	c, err := totp.GenerateCode(seed, h.e.Clock.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// app adds an authenticator through the service; a while passes, and the session is fresh again.
func (h *house) app(token session.Token) (fresh session.Token, seed string, codes []string) {
	h.t.Helper()
	if err := h.BeginAuthenticator(h.t.Context(), token); err != nil {
		h.t.Fatal(err)
	}
	seed = h.at(token, StepApp).Enrolment.Secret
	fresh, err := h.ProveAuthenticator(h.t.Context(), token, h.digits(seed))
	if err != nil {
		h.t.Fatal(err)
	}
	codes = h.at(fresh, StepCodes).Codes
	if err := h.KeepCodes(h.t.Context(), fresh); err != nil {
		h.t.Fatal(err)
	}
	h.e.Clock.Advance(2 * time.Minute)
	return h.freshen(fresh), seed, codes
}

// takes reports whether the account's authenticator takes a code at sign-in.
func (h *house) takes(a account.Account, code string) (ok bool) {
	h.t.Helper()
	h.write(func(tx *db.Tx) (err error) {
		ok, err = account.CheckAuthenticator(tx, h.e.Ring, a.ID, code)
		return err
	})
	return ok
}

// changedOnce checks that a change was made exactly once, told, and that nothing else of the account is left.
func (h *house) changedOnce(a account.Account, action, change string) {
	h.t.Helper()
	if n := h.rows(`SELECT COUNT(*) FROM event WHERE action = $1 AND subject = $2`, action, a.Subject()); n != 1 {
		h.t.Errorf("%d events %s", n, action)
	}
	if n := h.rows(`SELECT COUNT(*) FROM outbox_message WHERE kind = 'account-changed' AND about = $1`, a.Subject()); n == 0 {
		h.t.Errorf("the owner is not told of %s", change)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ended) == 0 || !strings.HasPrefix(h.ended[len(h.ended)-1], a.ID+" ") {
		h.t.Errorf("what belongs to others does not end: %v", h.ended)
	}
}
