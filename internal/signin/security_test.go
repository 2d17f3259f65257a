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
			if _, err := h.Unlock(t.Context(), token, "a guess"); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooMany) {
				t.Fatal(err)
			}
		}
		if _, err := h.Unlock(t.Context(), token, good); !fault.Code(err, "sign-in-wait") {
			t.Errorf("after many guesses: %v", err)
		}
		e.Clock.Advance(accountThere.most)
		if _, err := h.Unlock(t.Context(), token, good); err != nil {
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
		if _, err := h.Unlock(t.Context(), token, good+"x"); !fault.Code(err, "security-password") {
			t.Errorf("a wrong password: %v", err)
		}
		if err := isFresh(token); !fault.Code(err, "sign-in-again") {
			t.Errorf("after a wrong password: %v", err)
		}
		fresh, err := h.Unlock(t.Context(), token, good)
		if err != nil || fresh == token || isFresh(fresh) != nil {
			t.Fatalf("%v, the same token: %v", err, fresh == token)
		}
		if err := isFresh(token); !fault.Code(err, "session-none") {
			t.Errorf("the old token opens: %v", err)
		}
		h.app(a)
		if _, err := h.Unlock(t.Context(), fresh, good); !fault.Is(err, fault.Conflict) {
			t.Errorf("unlocking with the password alone: %v", err)
		}
	})
}
