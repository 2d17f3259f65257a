package account_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/password"
)

func make1(t *testing.T, e *dbtest.Env, email string) account.Account {
	t.Helper()
	var a account.Account
	write(t, e, func(tx *db.Tx) (err error) {
		parsed, err := account.ParseEmail(email)
		if err != nil {
			return err
		}
		a, err = account.Create(tx, e.Secret, account.DefaultPattern, account.New{
			Email: parsed, FirstName: "Zoë", LastName: "Müller", Organization: "Harbour Vale", Lang: "en", State: account.Unfinished,
		})
		return err
	})
	return a
}

func write(t *testing.T, e *dbtest.Env, f func(*db.Tx) error) {
	t.Helper()
	if err := e.DB.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func passwords(e *dbtest.Env) *account.Passwords {
	return &account.Passwords{
		Hasher: password.New(e.Ring, e.Secret, password.Options{Params: password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}}), Rules: password.Guide(),
		Words: []string{"Northwind"},
	}
}

func TestAnAccountIsFoundByUserIDOrAddressHoweverWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		a, b := make1(t, e, "Zoe@x.example"), make1(t, e, "zoe@y.example")
		if a.UserID != "zmueller" || b.UserID != "zmueller2" {
			t.Fatalf("UserIDs %q, %q", a.UserID, b.UserID)
		}
		write(t, e, func(tx *db.Tx) error {
			for login, want := range map[string]string{"zmueller": a.ID, " ZMueller2 ": b.ID, "ZOE@X.EXAMPLE": a.ID, "zoe@y.example": b.ID} {
				if got, err := account.FindByLogin(tx, login); err != nil || got.ID != want {
					t.Errorf("%q: %v, %v", login, got.ID, err)
				}
			}
			for _, login := range []string{"", "nobody", "a@b.example", strings.Repeat("x", 10_000), "a b", "\x00"} {
				if _, err := account.FindByLogin(tx, login); !fault.Is(err, fault.NotFound) {
					t.Errorf("%.20q: %v", login, err)
				}
			}
			_, err := account.Create(tx, e.Secret, "", account.New{Email: account.Email{Key: "zoe@x.example"}, FirstName: "A", LastName: "B"})
			if !fault.Code(err, "email-taken") {
				t.Errorf("a taken address: %v", err)
			}
			return nil
		})
	})
}

func TestManyPeopleOfOneNameStillGetUserIDs(t *testing.T) {
	e := dbtest.SQLite(t)
	seen := map[string]bool{}
	for i := range 40 {
		a := make1(t, e, "a"+strings.Repeat("x", i)+"@x.example")
		if seen[a.UserID] {
			t.Fatalf("%q twice", a.UserID)
		}
		seen[a.UserID] = true
	}
}

func TestAnAccountGoesThroughItsStatesAndNoOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		a := make1(t, e, "zoe@x.example")
		write(t, e, func(tx *db.Tx) error { return account.SetPassword(tx, a.ID, "hash-1") })
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error { return account.Move(tx, a.ID, account.Unfinished, account.Disabled) })
		if !fault.Code(err, "changed") {
			t.Fatalf("moved from a state that it is not in: %v", err)
		}
		write(t, e, func(tx *db.Tx) error { return account.Move(tx, a.ID, account.Active, account.Disabled) })
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error { return account.SetPassword(tx, a.ID, "hash-2") })
		if !fault.Code(err, "changed") {
			t.Fatalf("a disabled account got a password: %v", err)
		}
		write(t, e, func(tx *db.Tx) error { return account.Move(tx, a.ID, account.Disabled, account.Expired) })
		write(t, e, func(tx *db.Tx) error { return account.SetPassword(tx, a.ID, "hash-3") })
		write(t, e, func(tx *db.Tx) error {
			got, err := account.Get(tx, a.ID)
			if got.State != account.Active || got.PasswordHash != "hash-3" {
				t.Errorf("got %+v", got)
			}
			return err
		})
		write(t, e, func(tx *db.Tx) error { return account.Close(tx, a.ID) })
		b := make1(t, e, "zoe@x.example") // the address is free again
		write(t, e, func(tx *db.Tx) error {
			got, err := account.Get(tx, a.ID)
			if err != nil || got.State != account.Closed || got.Email != "" || got.PasswordHash != "" {
				t.Errorf("closed: %+v, %v", got, err)
			}
			if err := account.SetMobile(tx, b.ID, "+447700900123", true); err != nil {
				return err
			}
			if err := account.SetDetails(tx, b.ID, "Ann", "Lee", "Nord", "DE", "de"); err != nil {
				return err
			}
			if b, err = account.Get(tx, b.ID); err != nil {
				return err
			}
			if b, err = account.SetUserID(tx, e.Secret, account.DefaultPattern, b); err != nil || b.UserID != "alee" || !b.MobileVerified() || b.Name() != "Ann Lee" {
				t.Errorf("got %+v, %v", b, err)
			}
			return account.Remove(tx, b.ID)
		})
	})
}

func TestAnAddressIsConfirmedOnceAndOnlyWhileItIsTheAccounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		a := make1(t, e, "zoe@x.example")
		for i, c := range []struct {
			key   string
			first bool
		}{{"other@x.example", false}, {"zoe@x.example", true}, {"zoe@x.example", false}} {
			write(t, e, func(tx *db.Tx) error {
				first, err := account.ConfirmEmail(tx, a.ID, c.key)
				if first != c.first {
					t.Errorf("%d: first = %v", i, first)
				}
				return err
			})
		}
	})
}

func TestALegacyAccountComesInExpiredAndWithItsUserID(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		legacy := account.Account{UserID: "beta7", Email: "b@x.example", EmailKey: "b@x.example", FirstName: "B", LastName: "T"}
		write(t, e, func(tx *db.Tx) error {
			a, err := account.Import(tx, e.Secret, legacy)
			if err != nil {
				return err
			}
			if got, err := account.Get(tx, a.ID); err != nil || got.State != account.Expired || got.UserID != "beta7" || got.EmailConfirmed() {
				t.Errorf("got %+v, %v", got, err)
			}
			if _, err := account.Import(tx, e.Secret, legacy); !fault.Code(err, "email-taken") {
				t.Errorf("got %v", err)
			}
			legacy.EmailKey = "c@x.example"
			if _, err := account.Import(tx, e.Secret, legacy); !fault.Code(err, "user-id-taken") {
				t.Errorf("got %v", err)
			}
			legacy.UserID = "a b"
			if _, err := account.Import(tx, e.Secret, legacy); !fault.Code(err, "user-id-shape") {
				t.Errorf("got %v", err)
			}
			return nil
		})
	})
}

// asvs: V6.2.5 V6.3.1
func TestNoneOfTheLastFivePasswordsComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		a, p := make1(t, e, "zoe@x.example"), passwords(e)
		used := []string{"quiet-Anchor-1", "quiet-Anchor-2", "quiet-Anchor-3", "quiet-Anchor-4", "quiet-Anchor-5", "quiet-Anchor-6"}
		for _, plain := range used {
			e.Clock.Advance(time.Minute)
			var former []string
			write(t, e, func(tx *db.Tx) (err error) { former, err = account.FormerPasswords(tx, a.ID); return err })
			hash, err := p.New(t.Context(), "password", plain, a.Words(), former)
			if err != nil {
				t.Fatal(err)
			}
			write(t, e, func(tx *db.Tx) error { return account.SetPassword(tx, a.ID, hash) })
		}
		var former []string
		write(t, e, func(tx *db.Tx) (err error) { former, err = account.FormerPasswords(tx, a.ID); return err })
		if len(former) != 5 {
			t.Fatalf("%d are kept", len(former))
		}
		for i, plain := range used {
			_, err := p.New(t.Context(), "password", plain, a.Words(), former)
			if refused := fault.Code(err, "password-history"); refused != (i > 0) {
				t.Errorf("%q: %v", plain, err)
			}
		}
		for plain, code := range map[string]string{"": "password-empty", "short": "password-length", "Northwind-2026!": "password-context", "Mueller-Zmueller-9": "password-context"} {
			if _, err := p.New(t.Context(), "password", plain, a.Words(), nil); !fault.Code(err, code) || fault.From(err).Field != "password" {
				t.Errorf("%q: %v", plain, err)
			}
		}
		if p.Strength("quiet-Anchor-1", nil) == 0 || len(p.Findings("x", nil)) != 5 {
			t.Error("strength or findings")
		}
	})
}

func TestAPasswordIsCheckedAndItsHashRenewedWhenCostsChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		a, p := make1(t, e, "zoe@x.example"), passwords(e)
		hash, err := p.Hasher.Hash(t.Context(), "secret")
		if err != nil {
			t.Fatal(err)
		}
		write(t, e, func(tx *db.Tx) error { return account.SetPassword(tx, a.ID, hash) })
		for _, none := range []string{"", "nonsense"} {
			if ok, _, err := p.Check(t.Context(), none, "secret"); ok || err != nil {
				t.Errorf("%q: %v %v", none, ok, err)
			}
		}
		dearer := *p
		dearer.Hasher = password.New(e.Ring, e.Secret, password.Options{Params: password.Params{MemoryKiB: 128, Passes: 1, Lanes: 1}})
		ok, renewed, err := dearer.Check(t.Context(), hash, "secret")
		if !ok || renewed == "" || err != nil {
			t.Fatalf("got %v %q %v", ok, renewed, err)
		}
		write(t, e, func(tx *db.Tx) error { return account.UpgradePassword(tx, a.ID, hash, renewed) })
		write(t, e, func(tx *db.Tx) error { return account.UpgradePassword(tx, a.ID, hash, "stale") })
		write(t, e, func(tx *db.Tx) error {
			got, err := account.Get(tx, a.ID)
			former, err2 := account.FormerPasswords(tx, a.ID)
			if got.PasswordHash != renewed || len(former) != 1 || former[0] != renewed {
				t.Errorf("got %q, %v", got.PasswordHash, former)
			}
			if err == nil {
				err = err2
			}
			return err
		})
	})
}

// asvs: V6.5.1 V6.5.5
func TestAnAuthenticatorTakesEachStepOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		a := make1(t, e, "zoe@x.example")
		var enrolment account.Enrolment
		write(t, e, func(tx *db.Tx) (err error) {
			enrolment, err = account.BeginAuthenticator(tx, e.Ring, e.Secret, a.ID, "Northwind Conferencing", a.Email)
			return err
		})
		if len(enrolment.Secret) != 32 || !strings.HasPrefix(enrolment.URI, "otpauth://totp/Northwind%20Conferencing:zoe@x.example?") ||
			!strings.Contains(enrolment.URI, "issuer=Northwind%20Conferencing") || !strings.Contains(enrolment.URI, "secret="+enrolment.Secret) {
			t.Fatalf("got %+v", enrolment)
		}
		at := func(d time.Duration) string {
			c, err := totp.GenerateCode(enrolment.Secret, e.Clock.Now().Add(d))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		check := func(code string) (ok bool) {
			t.Helper()
			write(t, e, func(tx *db.Tx) (err error) { ok, err = account.CheckAuthenticator(tx, e.Ring, a.ID, code); return err })
			return ok
		}
		confirm := func(code string) (ok bool) {
			t.Helper()
			write(t, e, func(tx *db.Tx) (err error) {
				ok, err = account.ConfirmAuthenticator(tx, e.Ring, a.ID, code)
				return err
			})
			return ok
		}
		if check(at(0)) {
			t.Fatal("it counts before it was confirmed")
		}
		if confirm("000000") || !confirm(at(0)) {
			t.Fatal("the first code")
		}
		write(t, e, func(tx *db.Tx) error {
			on, err := account.HasAuthenticator(tx, a.ID)
			if !on {
				t.Error("it is not on")
			}
			if _, err := account.BeginAuthenticator(tx, e.Ring, e.Secret, a.ID, "x", "y"); !fault.Code(err, "authenticator-on") {
				t.Errorf("it was replaced: %v", err)
			}
			if _, err := account.PendingAuthenticator(tx, e.Ring, a.ID, "x", "y"); !fault.Is(err, fault.NotFound) {
				t.Errorf("its secret is shown again: %v", err)
			}
			return err
		})
		if check(at(0)) {
			t.Fatal("the step that confirmed is taken again")
		}
		e.Clock.Advance(time.Minute)
		if check(at(-time.Minute)) || check(at(time.Minute)) {
			t.Fatal("two steps away")
		}
		spaced := at(0)
		if !check(spaced[:3] + " " + spaced[3:]) {
			t.Fatal("the code of now")
		}
		if check(at(-30 * time.Second)) {
			t.Fatal("a step before the one taken")
		}
		if !check(at(30 * time.Second)) {
			t.Fatal("the step after, within the drift")
		}
		// Replays at once: one is taken.
		e.Clock.Advance(5 * time.Minute)
		var wg sync.WaitGroup
		var mu sync.Mutex
		taken, code := 0, at(0)
		for range 8 {
			wg.Go(func() {
				ok := check(code)
				mu.Lock()
				defer mu.Unlock()
				if ok {
					taken++
				}
			})
		}
		wg.Wait()
		if taken != 1 {
			t.Fatalf("a code was taken %d times", taken)
		}
		e.Clock.Advance(5 * time.Minute)
		for range 100 {
			check("000000")
		}
		if check(at(0)) {
			t.Fatal("it is on after 100 failures in a row")
		}
		write(t, e, func(tx *db.Tx) error { return account.RemoveAuthenticator(tx, a.ID) })
		if check(at(0)) {
			t.Fatal("it is on after it was removed")
		}
	})
}

// asvs: V6.5.1
func TestARecoveryCodeWorksOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		a, b := make1(t, e, "zoe@x.example"), make1(t, e, "ben@x.example")
		var codes []string
		write(t, e, func(tx *db.Tx) (err error) {
			codes, err = account.NewRecoveryCodes(tx, e.Ring, e.Secret, a.ID)
			return err
		})
		if len(codes) != 10 || len(codes[0]) != 19 {
			t.Fatalf("got %v", codes)
		}
		use := func(id, code string) (ok bool) {
			t.Helper()
			write(t, e, func(tx *db.Tx) (err error) { ok, err = account.UseRecoveryCode(tx, e.Ring, id, code); return err })
			return ok
		}
		if use(b.ID, codes[0]) || use(a.ID, "") || use(a.ID, "aaaa-aaaa-aaaa-aaaa") {
			t.Fatal("what is no code of the account was taken")
		}
		if !use(a.ID, strings.ToUpper(strings.ReplaceAll(codes[0], "-", " "))) || use(a.ID, codes[0]) {
			t.Fatal("a code works once")
		}
		write(t, e, func(tx *db.Tx) error {
			n, err := account.RecoveryCodesLeft(tx, a.ID)
			if n != 9 {
				t.Errorf("%d left", n)
			}
			return err
		})
	})
}

func TestQuestionsAndTermsAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		a, p := make1(t, e, "zoe@x.example"), passwords(e)
		questions, err := p.HashAnswers(t.Context(), []account.Choice{
			{Question: "first-dish", Answer: "Burnt leek pie"}, {Own: " What boat? ", Answer: "Tin whistle"}, {Question: "first-job", Answer: "Sold ice"},
		})
		if err != nil {
			t.Fatal(err)
		}
		terms := account.Terms{Version: "4.2", Text: map[string]string{"en": "yes"}}
		write(t, e, func(tx *db.Tx) error {
			if ok, err := account.HasAccepted(tx, a.ID, "4.2"); ok || err != nil {
				t.Error(ok, err)
			}
			for range 2 {
				if err := account.AcceptTerms(tx, a.ID, terms, "en", "192.0.2.1"); err != nil {
					return err
				}
			}
			if ok, err := account.HasAccepted(tx, a.ID, "4.2"); !ok || err != nil {
				t.Error(ok, err)
			}
			if err := account.SetQuestions(tx, a.ID, questions); err != nil {
				return err
			}
			got, err := account.QuestionsOf(tx, a.ID)
			if len(got) != 3 || got[1].Own != "What boat?" || got[0].Question != "first-dish" {
				t.Errorf("got %+v", got)
			}
			return err
		})
		if ok, err := p.CheckAnswer(t.Context(), questions[0], "BURNT  leekpie"); !ok || err != nil {
			t.Error(ok, err)
		}
		if ok, err := p.CheckAnswer(t.Context(), questions[0], strings.Repeat("x", 100_000)); ok || err != nil {
			t.Error(ok, err)
		}
	})
}
