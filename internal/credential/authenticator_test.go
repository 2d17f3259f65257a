package credential

import (
	"sync"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/session"
)

// asvs: V6.5.1 V7.4.3 V7.2.4
func TestAnAuthenticatorIsAddedLater(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison")
		token, elsewhere := h.in(a), h.in(a)
		h.at(token, StepOff)
		if err := h.BeginAuthenticator(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		first := h.at(token, StepApp).Enrolment.Secret
		h.at(elsewhere, StepOff) // what another session began is nothing here
		if err := h.BeginAuthenticator(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		seed := h.at(token, StepApp).Enrolment.Secret
		if seed == first {
			t.Error("beginning anew keeps a secret that was shown before")
		}
		if err := h.KeepCodes(t.Context(), token); !fault.Is(err, fault.Conflict) {
			t.Errorf("keeping codes before there are any: %v", err)
		}
		if _, err := h.ProveAuthenticator(t.Context(), token, h.digits(first)); !fault.Code(err, "authenticator-wrong") {
			t.Errorf("a code of the secret before: %v", err)
		}
		if _, err := h.ProveAuthenticator(t.Context(), elsewhere, h.digits(seed)); !fault.Is(err, fault.Gone) {
			t.Errorf("another session proves it: %v", err)
		}
		fresh, err := h.ProveAuthenticator(t.Context(), token, h.digits(seed))
		if err != nil {
			t.Fatal(err)
		}
		codes := h.at(fresh, StepCodes).Codes
		if len(codes) != account.RecoveryCodeCount {
			t.Errorf("%d recovery codes", len(codes))
		}
		if h.opens(elsewhere) || h.opens(token) || fresh == token {
			t.Error("a token from before opens a session")
		}
		h.changedOnce(a, "account.authenticator_enrol", "authenticator-added")
		if h.takes(a, h.digits(seed)) {
			t.Error("the code that proved the app is taken once more, at sign-in")
		}
		if err := h.KeepCodes(t.Context(), fresh); err != nil {
			t.Fatal(err)
		}
		if v := h.at(fresh, StepOn); v.CodesLeft != account.RecoveryCodeCount || v.Codes != nil {
			t.Errorf("%+v", v)
		}
		if err := h.KeepCodes(t.Context(), fresh); !fault.Is(err, fault.Gone) {
			t.Errorf("keeping them twice: %v", err)
		}
		e.Clock.Advance(time.Minute)
		if !h.takes(a, h.digits(seed)) {
			t.Error("the app does not count")
		}
	})
}

// asvs: V6.5.1 V6.5.5
func TestAReplacedAuthenticatorCountsUntilTheNewOneIsProvedAndNoLonger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison")
		token, old, codes := h.app(h.in(a))
		if err := h.BeginAuthenticator(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		v := h.at(token, StepApp)
		if !v.On || v.Enrolment.Secret == old {
			t.Fatalf("%+v", v)
		}
		if _, err := h.ProveAuthenticator(t.Context(), token, h.digits(old)); !fault.Code(err, "authenticator-wrong") {
			t.Errorf("the old app proves the new one: %v", err)
		}
		if !h.takes(a, h.digits(old)) {
			t.Error("the old app counts no more before the new one is proved")
		}
		e.Clock.Advance(time.Minute)
		token, err := h.ProveAuthenticator(t.Context(), token, h.digits(v.Enrolment.Secret))
		if err != nil {
			t.Fatal(err)
		}
		if h.takes(a, h.digits(old)) {
			t.Error("a code of the old app is taken")
		}
		if h.takes(a, h.digits(v.Enrolment.Secret)) {
			t.Error("the code that proved the new app is taken once more")
		}
		e.Clock.Advance(time.Minute)
		if h.takes(a, h.digits(old)) || !h.takes(a, h.digits(v.Enrolment.Secret)) {
			t.Error("the wrong app counts")
		}
		if at := h.at(token, StepOn); at.CodesLeft != account.RecoveryCodeCount {
			t.Errorf("%d recovery codes are left", at.CodesLeft)
		}
		h.write(func(tx *db.Tx) error {
			ok, err := account.UseRecoveryCode(tx, e.Ring, a.ID, codes[0])
			if !ok {
				t.Error("the recovery codes do not outlive the app")
			}
			return err
		})
		h.changedOnce(a, "account.authenticator_replace", "authenticator-replaced")
	})
}

// asvs: V6.5.3 V6.4.4
func TestNewRecoveryCodesTakeThePlaceOfThoseBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison")
		token := h.in(a)
		if _, err := h.RenewCodes(t.Context(), token); !fault.Is(err, fault.Conflict) {
			t.Errorf("codes without an app: %v", err)
		}
		token, seed, before := h.app(token)
		elsewhere := h.in(a)
		fresh, err := h.RenewCodes(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		codes := h.at(fresh, StepCodes).Codes
		h.write(func(tx *db.Tx) error {
			for code, want := range map[string]bool{before[0]: false, codes[0]: true} {
				if ok, err := account.UseRecoveryCode(tx, e.Ring, a.ID, code); err != nil || ok != want {
					t.Errorf("%v %v", ok, err)
				}
			}
			return nil
		})
		if h.opens(token) || h.opens(elsewhere) {
			t.Error("a token from before opens a session")
		}
		if !h.takes(a, h.digits(seed)) {
			t.Error("the app counts no more")
		}
		h.changedOnce(a, "account.recovery_codes_renew", "recovery-codes")
		if o, err := h.Overview(t.Context(), fresh); err != nil || !o.AuthenticatorCodes || o.CodesLeft != account.RecoveryCodeCount-1 {
			t.Errorf("%+v %v", o, err)
		}
		// Codes that nobody says are kept are shown for a while, to this session alone.
		e.Clock.Advance(life)
		h.at(h.in(a), StepOn)
		h.at(fresh, StepOn)
	})
}

// asvs: V6.5.6
func TestARemovedAuthenticatorLeavesThePasswordAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison")
		token, seed, _ := h.app(h.in(a))
		fresh, err := h.RemoveAuthenticator(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if v := h.at(fresh, StepOff); v.On || v.CodesLeft != 0 {
			t.Errorf("%+v", v)
		}
		if h.takes(a, h.digits(seed)) || h.opens(token) {
			t.Error("something from before counts")
		}
		h.changedOnce(a, "account.authenticator_remove", "authenticator-removed")
		if _, err := h.RemoveAuthenticator(t.Context(), fresh); !fault.Is(err, fault.Conflict) {
			t.Errorf("removing it twice: %v", err)
		}
	})
}

// every is each change that a session can ask for, by name.
func (h *house) every(token session.Token) map[string]error {
	ctx := h.t.Context()
	all := map[string]error{"begin": h.BeginAuthenticator(ctx, token), "choose": h.ChooseQuestions(ctx, token, "en", choices())}
	_, all["prove"] = h.ProveAuthenticator(ctx, token, "123456")
	_, all["remove"] = h.RemoveAuthenticator(ctx, token)
	_, all["codes"] = h.RenewCodes(ctx, token)
	_, all["password"] = h.ChangePassword(ctx, token, good, better)
	_, all["confirm"] = h.ConfirmAnswers(ctx, token, answers())
	return all
}

// asvs: V7.5.1 V7.2.4
func TestWhoSignedInAWhileAgoChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison")
		token, _, _ := h.app(h.in(a))
		if err := h.BeginAuthenticator(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		seed := h.at(token, StepApp).Enrolment.Secret
		if err := h.ChooseQuestions(t.Context(), token, "en", choices()); err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(account.FreshFor + time.Second)
		for name, err := range h.every(token) {
			if !fault.Code(err, "sign-in-again") {
				t.Errorf("%s by an old sign-in: %v", name, err)
			}
		}
		if v := h.at(token, StepApp); v.Enrolment.Secret != "" {
			t.Error("an old sign-in sees the secret")
		}
		// It takes long to find an app: once fresh again, what was begun is the same.
		fresh := h.freshen(token)
		if got := h.at(fresh, StepApp).Enrolment.Secret; got != seed {
			t.Error("the secret has changed though the app may have it")
		}
		for name, err := range h.every(token) {
			if !fault.Code(err, "session-none") {
				t.Errorf("%s by a token that was replaced: %v", name, err)
			}
		}
		h.write(func(tx *db.Tx) error { return account.Move(tx, a.ID, account.Active, account.Disabled) })
		for name, err := range h.every(fresh) {
			if !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s of a disabled account: %v", name, err)
			}
		}
		if n := h.rows(`SELECT COUNT(*) FROM event WHERE action IN ('account.password_change','account.questions_set','account.authenticator_remove')`); n != 0 {
			t.Errorf("%d changes", n)
		}
	})
}

func TestAStaffSessionChangesNothingHere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Ines", "Duarte")
		var token session.Token
		h.write(func(tx *db.Tx) (err error) {
			_, token, err = session.Start(tx, e.Secret, session.New{Kind: session.Staff, Account: a.ID, Lives: session.StaffLives})
			return err
		})
		for name, err := range h.every(token) {
			if !fault.Code(err, "session-none") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestOfManyEqualProofsOneCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison")
		token, other := h.in(a), h.in(a)
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				mine := token
				if i%2 == 1 {
					mine = other
				}
				if err := h.BeginAuthenticator(t.Context(), mine); err != nil && !fault.Is(err, fault.Conflict) {
					t.Errorf("begin: %v", err)
				}
			})
		}
		wg.Wait()
		if n := h.rows(`SELECT COUNT(*) FROM flow WHERE kind = $1`, authenticatorKind); n != 1 {
			t.Errorf("%d are begun at once", n)
		}
		if err := h.BeginAuthenticator(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		digits := h.digits(h.at(token, StepApp).Enrolment.Secret)
		fresh := h.once(func() (session.Token, error) { return h.ProveAuthenticator(t.Context(), token, digits) })
		h.at(fresh, StepCodes)
		for what, query := range map[string]string{
			"events":   `SELECT COUNT(*) FROM event WHERE action = 'account.authenticator_enrol'`,
			"messages": `SELECT COUNT(*) FROM outbox_message WHERE kind = 'account-changed'`,
			"sessions": `SELECT COUNT(*) FROM session`,
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
		fresh = h.once(func() (session.Token, error) { return h.RenewCodes(t.Context(), fresh) })
		if n := h.rows(`SELECT COUNT(*) FROM recovery_code`); n != account.RecoveryCodeCount {
			t.Errorf("%d recovery codes", n)
		}
		fresh = h.once(func() (session.Token, error) { return h.RemoveAuthenticator(t.Context(), fresh) })
		h.at(fresh, StepOff)
	})
}

// once has sixteen do the same at once: one goes on, for the others the thing has changed or their token is replaced.
func (h *house) once(do func() (session.Token, error)) session.Token {
	h.t.Helper()
	return h.onceOf(16, func(int) (session.Token, error) { return do() })
}

func (h *house) onceOf(n int, do func(i int) (session.Token, error)) (got session.Token) {
	h.t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	right := 0
	for i := range n {
		wg.Go(func() {
			token, err := do(i)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				right, got = right+1, token
			} else if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Unauthenticated) && !fault.Is(err, fault.Gone) && !fault.Is(err, fault.TooMany) && !fault.Code(err, "busy") {
				h.t.Errorf("one of %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	if right != 1 || !h.opens(got) {
		h.t.Fatalf("%d of %d counted", right, n)
	}
	return got
}
