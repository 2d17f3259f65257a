package signin

import (
	"sync"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
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

func (h *house) at(token session.Token, want SecurityStep) Security {
	h.t.Helper()
	v, err := h.Security(h.t.Context(), token)
	if err != nil || v.Step != want {
		h.t.Fatalf("stands at %q (%v), want %q", v.Step, err, want)
	}
	return v
}

func (h *house) rows(query string, args ...any) (n int) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error { return tx.Get(query, args, &n) })
	return n
}

// asvs: V6.5.1 V7.4.3
func TestAnAuthenticatorIsAddedLater(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		token, elsewhere := h.in("mellison"), h.in("mellison")
		h.at(token, SecurityOff)
		if err := h.AddAuthenticator(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		first := h.at(token, SecurityApp).Enrolment.Secret
		h.at(elsewhere, SecurityOff) // what another session began is nothing here
		if err := h.AddAuthenticator(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		seed := h.at(token, SecurityApp).Enrolment.Secret
		if seed == first {
			t.Error("beginning anew keeps a secret that was shown before")
		}
		if err := h.KeepCodes(t.Context(), token); !fault.Is(err, fault.Conflict) {
			t.Errorf("keeping codes before there are any: %v", err)
		}
		if err := h.ProveAuthenticator(t.Context(), token, h.digits(first)); !fault.Code(err, "authenticator-wrong") {
			t.Errorf("a code of the secret before: %v", err)
		}
		h.at(token, SecurityApp)
		ctx := audit.With(t.Context(), audit.Origin{Address: "192.0.2.1"})
		if err := h.ProveAuthenticator(ctx, token, h.digits(seed)); err != nil {
			t.Fatal(err)
		}
		codes := h.at(token, SecurityCodes).Codes
		if len(codes) != account.RecoveryCodeCount {
			t.Errorf("%d recovery codes", len(codes))
		}
		if _, err := h.Identify(t.Context(), elsewhere); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a session of the password alone lives on: %v", err)
		}
		if n := h.rows(`SELECT COUNT(*) FROM event WHERE action = 'account.authenticator_enrol'`); n != 1 {
			t.Errorf("%d events", n)
		}
		if n := h.rows(`SELECT COUNT(*) FROM outbox_message WHERE kind = $1`, "authenticator-added"); n != 1 {
			t.Errorf("%d messages to the owner", n)
		}
		if err := h.KeepCodes(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if v := h.at(token, SecurityOn); v.CodesLeft != account.RecoveryCodeCount || v.Codes != nil {
			t.Errorf("%+v", v)
		}
		if err := h.KeepCodes(t.Context(), token); !fault.Is(err, fault.Gone) {
			t.Errorf("keeping them twice: %v", err)
		}
		if err := h.AddAuthenticator(t.Context(), token); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second app: %v", err)
		}

		// From now on the password alone does not open a session.
		e.Clock.Advance(time.Minute)
		got, err := h.from("192.0.2.1", "mellison", good)
		if err != nil || got.Token != "" {
			t.Fatalf("%+v %v", got, err)
		}
		if in, err := h.Code(t.Context(), got.Ticket, codes[3], Browser{}); err != nil || in.Token == "" {
			t.Errorf("%+v %v", in, err)
		}
		if left := h.at(token, SecurityOn).CodesLeft; left != account.RecoveryCodeCount-1 {
			t.Errorf("%d codes are left", left)
		}
	})
}

// asvs: V7.5.1 V7.2.4
func TestWhoSignedInAWhileAgoProvesToBeTheOwnerFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		token := h.in("mellison")
		e.Clock.Advance(freshFor + time.Second)
		if err := h.AddAuthenticator(t.Context(), token); !fault.Code(err, "sign-in-again") {
			t.Fatalf("an old sign-in: %v", err)
		}
		if _, err := h.Unlock(t.Context(), token, good+"x"); !fault.Code(err, "security-password") {
			t.Errorf("a wrong password: %v", err)
		}
		if err := h.AddAuthenticator(t.Context(), token); !fault.Code(err, "sign-in-again") {
			t.Errorf("after a wrong password: %v", err)
		}
		fresh, err := h.Unlock(t.Context(), token, good)
		if err != nil || fresh == token {
			t.Fatalf("%v, the same token: %v", err, fresh == token)
		}
		if _, err := h.Security(t.Context(), token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the old token opens: %v", err)
		}
		if err := h.AddAuthenticator(t.Context(), fresh); err != nil {
			t.Fatal(err)
		}
		seed := h.at(fresh, SecurityApp).Enrolment.Secret

		// It takes long to find an app: the secret is not shown, nor proved, without the password; then it is the same.
		e.Clock.Advance(freshFor + time.Second)
		if v := h.at(fresh, SecurityApp); v.Enrolment.Secret != "" {
			t.Error("an old sign-in sees the secret")
		}
		if err := h.ProveAuthenticator(t.Context(), fresh, h.digits(seed)); !fault.Code(err, "sign-in-again") {
			t.Errorf("an old sign-in proves it: %v", err)
		}
		if fresh, err = h.Unlock(t.Context(), fresh, good); err != nil {
			t.Fatal(err)
		}
		if got := h.at(fresh, SecurityApp).Enrolment.Secret; got != seed {
			t.Error("the secret has changed though the app may have it")
		}
		if err := h.ProveAuthenticator(t.Context(), fresh, h.digits(seed)); err != nil {
			t.Fatal(err)
		}
		// The password alone proves too little now.
		if _, err := h.Unlock(t.Context(), fresh, good); !fault.Is(err, fault.Conflict) {
			t.Errorf("unlocking with the password alone: %v", err)
		}
	})
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

func TestWhatWasBegunRunsOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		token := h.in("mellison")
		if err := h.AddAuthenticator(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		seed := h.at(token, SecurityApp).Enrolment.Secret
		e.Clock.Advance(securityLife)
		h.at(token, SecurityOff)
		token, err := h.Unlock(t.Context(), token, good)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.ProveAuthenticator(t.Context(), token, h.digits(seed)); !fault.Is(err, fault.Gone) {
			t.Errorf("proving what ran out: %v", err)
		}
		h.write(func(tx *db.Tx) error { return account.Move(tx, a.ID, account.Active, account.Disabled) })
		for name, err := range map[string]error{
			"begin": h.AddAuthenticator(t.Context(), token),
			"prove": h.ProveAuthenticator(t.Context(), token, "123456"),
			"keep":  h.KeepCodes(t.Context(), token),
		} {
			if !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s of a disabled account: %v", name, err)
			}
		}
		if _, err := h.Unlock(t.Context(), token, good); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("unlocking a disabled account: %v", err)
		}
	})
}

func TestOfManyEqualProofsOneCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		token, other := h.in("mellison"), h.in("mellison")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				mine := token
				if i%2 == 1 {
					mine = other
				}
				if err := h.AddAuthenticator(t.Context(), mine); err != nil && !fault.Is(err, fault.Conflict) {
					t.Errorf("begin: %v", err)
				}
			})
		}
		wg.Wait()
		if n := h.rows(`SELECT COUNT(*) FROM flow WHERE kind = $1`, securityKind); n != 1 {
			t.Errorf("%d are begun at once", n)
		}
		if err := h.AddAuthenticator(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		digits := h.digits(h.at(token, SecurityApp).Enrolment.Secret)
		for range 8 {
			wg.Go(func() {
				if err := h.ProveAuthenticator(t.Context(), token, digits); err != nil && !fault.Is(err, fault.Conflict) {
					t.Errorf("prove: %v", err)
				}
			})
		}
		wg.Wait()
		h.at(token, SecurityCodes)
		for what, query := range map[string]string{
			"events":   `SELECT COUNT(*) FROM event WHERE action = 'account.authenticator_enrol'`,
			"messages": `SELECT COUNT(*) FROM outbox_message WHERE kind = 'authenticator-added'`,
		} {
			if n := h.rows(query); n != 1 {
				t.Errorf("%d %s, want 1", n, what)
			}
		}
		if n := h.rows(`SELECT COUNT(*) FROM recovery_code`); n != account.RecoveryCodeCount {
			t.Errorf("%d recovery codes", n)
		}
		if n := h.rows(`SELECT COUNT(*) FROM event WHERE action = 'account.authenticator_fail'`); n != 0 {
			t.Errorf("%d equal submits count as failures", n)
		}
	})
}
