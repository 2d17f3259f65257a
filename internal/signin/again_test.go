package signin

import (
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/session"
)

// in signs somebody in and returns the token.
func (h *house) in(login string) session.Token {
	h.t.Helper()
	got, err := h.from("192.0.2.1", login, good)
	if err != nil || got.Token == "" {
		h.t.Fatalf("%+v %v", got, err)
	}
	return got.Token
}

func (h *house) rows(query string, args ...any) (n int) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error { return tx.Get(query, args, &n) })
	return n
}

// asvs: V6.3.1
func TestGuessingThePasswordOfAnOpenSessionIsSlowedDown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		token := h.in("mellison")
		for range accountThere.free + 1 {
			if _, err := h.Again(t.Context(), session.Client, token, Answer{Password: "a guess"}, Browser{}); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooMany) {
				t.Fatal(err)
			}
		}
		if _, err := h.Again(t.Context(), session.Client, token, Answer{Password: good}, Browser{}); !fault.Code(err, "sign-in-wait") {
			t.Errorf("after many guesses: %v", err)
		}
		e.Clock.Advance(accountThere.most)
		if _, err := h.Again(t.Context(), session.Client, token, Answer{Password: good}, Browser{}); err != nil {
			t.Error(err)
		}
	})
}

// asvs: V7.5.1 V7.2.4
func TestThePasswordMakesAnOldSignInFreshAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		token := h.in("mellison")
		isFresh := func(token session.Token) (err error) {
			h.write(func(tx *db.Tx) error { _, _, err = account.FreshlySignedIn(tx, token); return nil })
			return err
		}
		e.Clock.Advance(account.FreshFor + time.Second)
		if err := isFresh(token); !fault.Code(err, "sign-in-again") {
			t.Fatalf("an old sign-in: %v", err)
		}
		if _, err := h.Again(t.Context(), session.Client, token, Answer{Password: good + "x"}, Browser{}); !fault.Code(err, "security-password") {
			t.Errorf("a wrong password: %v", err)
		}
		if err := isFresh(token); !fault.Code(err, "sign-in-again") {
			t.Errorf("after a wrong password: %v", err)
		}
		fresh, err := h.Again(t.Context(), session.Client, token, Answer{Password: good}, Browser{})
		if err != nil || fresh == token || isFresh(fresh) != nil {
			t.Fatalf("%v, the same token: %v", err, fresh == token)
		}
		if err := isFresh(token); !fault.Code(err, "session-none") {
			t.Errorf("the old token opens: %v", err)
		}
		seed, codes := h.app(a)
		again := func(plain, code string) error {
			got, err := h.Again(t.Context(), session.Client, fresh, Answer{Password: plain, Code: code}, Browser{})
			if err == nil {
				fresh = got
			}
			return err
		}
		e.Clock.Advance(account.FreshFor + time.Second)
		if err := again(good, ""); !fault.Code(err, "required") {
			t.Errorf("the password alone: %v", err)
		}
		if err := again(good+"x", h.digits(seed)); !fault.Code(err, "security-password") {
			t.Errorf("the code alone: %v", err)
		}
		if err := again(good, "000000"); !fault.Code(err, "sign-in-code-wrong") {
			t.Errorf("a wrong code: %v", err)
		}
		if err := isFresh(fresh); !fault.Code(err, "sign-in-again") {
			t.Errorf("after all that: %v", err)
		}
		digits := h.digits(seed)
		if err := again(good, digits); err != nil || isFresh(fresh) != nil {
			t.Fatal(err)
		}
		if err := again(good, digits); !fault.Code(err, "sign-in-code-wrong") {
			t.Errorf("the same code once more: %v", err)
		}
		if err := again(good, codes[0]); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		if err := again(good, codes[0]); !fault.Code(err, "sign-in-code-wrong") {
			t.Errorf("the same recovery code once more: %v", err)
		}
	})
}
