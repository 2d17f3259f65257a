package signin

import (
	"slices"
	"sync"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/session"
)

const better = "another-horse-Battery-8"

// half signs in as far as the step that is to come, and returns its ticket.
func (h *house) half(login string, want Step) string {
	h.t.Helper()
	got, err := h.from("192.0.2.1", login, good)
	if err != nil || got.Token != "" {
		h.t.Fatalf("%+v %v", got, err)
	}
	if v, err := h.Current(h.t.Context(), got.Ticket); err != nil || v.Step != want {
		h.t.Fatalf("stands at %q (%v), want %q", v.Step, err, want)
	}
	return got.Ticket
}

func TestAPasswordThatIsTooOldIsReplacedAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		var ended []string
		h.PasswordChanged = func(_ *db.Tx, id string) error { ended = append(ended, id); return nil }
		a := h.person("Marta", "Ellison", account.Active)
		elsewhere, trusted := h.comeIn("mellison", "", false, firefox)
		h.write(func(tx *db.Tx) error {
			return tx.Do(`UPDATE device SET trusted_until = $1`, db.Micros(e.Clock.Now().Add(TrustFor)))
		})
		h.PasswordMaxAge = time.Hour
		if got, err := h.from("192.0.2.1", "mellison", good); err != nil || got.Token == "" {
			t.Fatalf("before it is too old: %+v %v", got, err)
		}
		e.Clock.Advance(time.Hour)
		ticket := h.half("mellison", StepRenew)
		other := h.half("mellison", StepRenew)
		if _, err := h.Accept(t.Context(), ticket, "", "en", Browser{}); !fault.Is(err, fault.Conflict) {
			t.Errorf("another event at the step: %v", err)
		}
		for plain, code := range map[string]string{"": "password-empty", "short": "password-length", good: "password-history"} {
			if _, err := h.Renew(t.Context(), ticket, plain, Browser{}); !fault.Code(err, code) {
				t.Errorf("%q: %v", plain, err)
			}
		}
		if found, _, err := h.PasswordFindings(t.Context(), ticket, better); err != nil || len(found) == 0 {
			t.Errorf("%v %v", found, err)
		}
		in, err := h.Renew(t.Context(), ticket, better, trusted)
		if err != nil || in.Token == "" {
			t.Fatalf("%+v %v", in, err)
		}
		if _, err := h.Identify(t.Context(), elsewhere.Token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a session from before: %v", err)
		}
		if _, err := h.Renew(t.Context(), other, good+"xyz", Browser{}); !fault.Is(err, fault.Gone) {
			t.Errorf("a half-made sign-in with the old password: %v", err)
		}
		if all, err := h.Devices(t.Context(), a.ID); err != nil || len(all) != 1 || all[0].Trusted(e.Clock.Now()) {
			t.Errorf("%+v %v", all, err)
		}
		if !slices.Equal(ended, []string{a.ID}) {
			t.Errorf("links and codes of %v ended", ended)
		}
		if n := h.rows(`SELECT COUNT(*) FROM outbox_message WHERE kind = 'account-changed'`); n != 1 {
			t.Errorf("the owner is told %d times", n)
		}
		h.wrong(func() error { _, err := h.from("192.0.2.1", "mellison", good); return err }())
		if got, err := h.from("192.0.2.1", "mellison", better); err != nil || got.Token == "" {
			t.Errorf("%+v %v", got, err)
		}
	})
}

func TestTheLimitOfAgeIsNotForStaff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Ines", "Duarte", account.Active)
		h.staff[a.ID] = true
		seed, _ := h.app(a)
		h.PasswordMaxAge = time.Second
		if in, _ := h.comeIn("iduarte", seed, false, Browser{}); in.Kind != session.Staff {
			t.Errorf("%+v", in)
		}
	})
}

func TestNewTermsCanBePutOffForAWhile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		since := e.Clock.Now().Add(24 * time.Hour)
		h.Terms = account.Terms{
			Version: "1", Text: map[string]string{"en": "Words."}, Grace: 48 * time.Hour,
			Next: &account.Terms{Version: "2", Since: since, Text: map[string]string{"en": "Other words."}},
		}
		h.write(func(tx *db.Tx) error { return account.AcceptTerms(tx, a.ID, h.Terms, "en", "192.0.2.1") })
		if got, err := h.from("192.0.2.1", "mellison", good); err != nil || got.Token == "" {
			t.Fatalf("before they are in force: %+v %v", got, err)
		}
		e.Clock.Advance(24 * time.Hour)
		for range 2 { // every sign-in asks anew
			ticket := h.half("mellison", StepTerms)
			v, err := h.Current(t.Context(), ticket)
			if err != nil || v.Terms.Version != "2" || !v.Later.Equal(since.Add(48*time.Hour)) || !v.Changed {
				t.Fatalf("%+v %v", v, err)
			}
			if in, err := h.Later(t.Context(), ticket, Browser{}); err != nil || in.Token == "" {
				t.Fatalf("%+v %v", in, err)
			}
		}
		e.Clock.Advance(48*time.Hour - time.Minute)
		late := h.half("mellison", StepTerms)
		e.Clock.Advance(time.Minute)
		if _, err := h.Later(t.Context(), late, Browser{}); !fault.Is(err, fault.Conflict) {
			t.Errorf("putting off for ever: %v", err)
		}
		if v, err := h.Current(t.Context(), late); err != nil || !v.Later.IsZero() {
			t.Errorf("%+v %v", v, err)
		}
		// What is accepted is what was shown.
		if _, err := h.Accept(t.Context(), late, "1", "en", Browser{}); !fault.Is(err, fault.Conflict) {
			t.Errorf("accepting others than those in force: %v", err)
		}
		if in, err := h.Accept(t.Context(), late, "2", "en", Browser{}); err != nil || in.Token == "" {
			t.Fatalf("%+v %v", in, err)
		}
		if got, err := h.from("192.0.2.1", "mellison", good); err != nil || got.Token == "" {
			t.Errorf("%+v %v", got, err)
		}
	})
}

func TestAnAccountThatIsToCloseIsKeptOrStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.KeepAccount = func(tx *db.Tx, id string) error { return account.SetClosing(tx, id, time.Time{}) }
		a := h.person("Marta", "Ellison", account.Active)
		closes := e.Clock.Now().Add(14 * 24 * time.Hour)
		h.write(func(tx *db.Tx) error { return account.SetClosing(tx, a.ID, closes) })
		ticket := h.half("mellison", StepClosing)
		if v, err := h.Current(t.Context(), ticket); err != nil || !v.Closing.Equal(closes) {
			t.Errorf("%+v %v", v, err)
		}
		if err := h.Leave(t.Context(), ticket); err != nil {
			t.Fatal(err)
		}
		ticket = h.half("mellison", StepClosing)
		if in, err := h.Keep(t.Context(), ticket, Browser{}); err != nil || in.Token == "" {
			t.Fatalf("%+v %v", in, err)
		}
		if _, err := h.Keep(t.Context(), ticket, Browser{}); !fault.Is(err, fault.Gone) {
			t.Errorf("keeping it twice: %v", err)
		}
	})
}

func TestALegacyAccountIsCompletedFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.BeginComplete = func(*db.Tx, account.Account) (string, error) { return "a ticket", nil }
		a := h.person("Bea", "Tester", account.Active)
		h.write(func(tx *db.Tx) error { return account.SetIncomplete(tx, a.ID, true) })
		ticket := h.half("btester", StepComplete)
		if _, err := h.GoOn(t.Context(), ticket, Browser{}); !fault.Is(err, fault.Conflict) {
			t.Errorf("going on without: %v", err)
		}
		if t2, err := h.Complete(t.Context(), ticket); err != nil || t2 != "a ticket" {
			t.Fatalf("%q %v", t2, err)
		}
		e.Clock.Advance(life + time.Minute) // it takes a while
		if v, err := h.Current(t.Context(), ticket); err != nil || v.Done {
			t.Fatalf("%+v %v", v, err)
		}
		h.write(func(tx *db.Tx) error { return account.SetIncomplete(tx, a.ID, false) })
		if v, err := h.Current(t.Context(), ticket); err != nil || !v.Done {
			t.Fatalf("%+v %v", v, err)
		}
		if in, err := h.GoOn(t.Context(), ticket, Browser{}); err != nil || in.Token == "" {
			t.Errorf("%+v %v", in, err)
		}
	})
}

// asvs: V7.2.4
func TestASessionFromBeforeTheSignInIsWorthNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		h.person("Mallory", "Moore", account.Active)
		planted, theirs := h.comeIn("mmoore", "", false, firefox)
		// The victim's browser holds what somebody else planted: session, device and all.
		in, _ := h.comeIn("mellison", "", false, Browser{Device: theirs.Device, Client: planted.Token})
		if in.Token == planted.Token || in.Token.ID() == planted.Token.ID() {
			t.Error("the sign-in goes on with the planted session")
		}
		if _, err := h.Identify(t.Context(), planted.Token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the planted session lives: %v", err)
		}
		if who, err := h.Identify(t.Context(), in.Token); err != nil || who.UserID != "mellison" {
			t.Errorf("%+v %v", who, err)
		}
		h.write(func(tx *db.Tx) error {
			for _, login := range []string{"mellison", "mmoore"} {
				a, err := account.FindByLogin(tx, login)
				if err != nil {
					return err
				}
				if known, err := KnownDevice(tx, a.ID, theirs.Device); err != nil || known {
					t.Errorf("the planted browser is known to %s: %v", login, err)
				}
			}
			return nil
		})
	})
}

// asvs: V7.5.1 V6.5.1
func TestOneCodeFreshensOneOfManySessions(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, one, two *dbtest.Env) {
		h := build(t, one)
		other := *h.Service
		other.DB = two.DB
		a := h.person("Marta", "Ellison", account.Active)
		in, b := h.comeIn("mellison", "", false, firefox)
		seed, _ := h.app(a)
		digits := h.digits(seed)
		var mu sync.Mutex
		var wg sync.WaitGroup
		fresh := 0
		for i := range 50 {
			node := h.Service
			if i%2 == 1 {
				node = &other
			}
			wg.Go(func() {
				_, err := node.Again(t.Context(), session.Client, in.Token, Answer{Password: good, Code: digits}, b)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					fresh++
				case !fault.Code(err, "sign-in-code-wrong") && !fault.Is(err, fault.TooMany) && !fault.Is(err, fault.Unauthenticated) &&
					!fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Unavailable):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if fresh != 1 {
			t.Errorf("one code made the session fresh %d times", fresh)
		}
	})
}

// Who is at the step of a new password when the account is expired out of fear gets no further with it.
func TestAnExpiredAccountIsNotRenewedByAHalfMadeSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		h.PasswordMaxAge = time.Hour
		e.Clock.Advance(time.Hour)
		ticket := h.half("mellison", StepRenew)
		h.write(func(tx *db.Tx) error { return account.Expire(tx, a.ID, account.ByFear) })
		got, err := h.Renew(t.Context(), ticket, better, Browser{})
		if err != nil || got.Token != "" {
			t.Fatalf("%+v %v", got, err)
		}
		if v, err := h.Current(t.Context(), got.Ticket); err != nil || v.Step != StepExpired {
			t.Errorf("stands at %q: %v", v.Step, err)
		}
		h.write(func(tx *db.Tx) error {
			now, err := account.Get(tx, a.ID)
			if now.State != account.Expired {
				t.Errorf("%+v", now)
			}
			return err
		})
	})
}

// Whoever comes in holds the account's row until the session is there: a reset, which ends the sessions, comes before or after, and never
// between.
func TestASignInHoldsTheAccount(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, e, other *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		seed, _ := h.app(a)
		free := 0
		h.IsStaff = func(*db.Tx, string) (bool, error) {
			return false, other.DB.Write(t.Context(), func(tx *db.Tx) error {
				var n string
				err := tx.Get(`SELECT id FROM account WHERE id = $1 FOR UPDATE SKIP LOCKED`, []any{a.ID}, &n)
				if err == nil {
					free++
				} else if fault.Is(err, fault.NotFound) {
					err = nil
				}
				return err
			})
		}
		h.PasswordMaxAge = time.Minute
		got, err := h.from("192.0.2.1", "mellison", good)
		if err != nil || free > 0 {
			t.Fatalf("password: free %d, %v", free, err)
		}
		if got, err = h.Code(t.Context(), got.Ticket, Proof{Code: h.digits(seed)}, Browser{}); err != nil || free > 0 {
			t.Fatalf("code: free %d, %v", free, err)
		}
		if got, err = h.Renew(t.Context(), got.Ticket, better, Browser{}); err != nil || got.Token == "" || free > 0 {
			t.Fatalf("new password: free %d, %+v %v", free, got, err)
		}
	})
}
