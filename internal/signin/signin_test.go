package signin

import (
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/outbox"
	"vestibule/internal/password"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

const good = "correct-horse-Battery-7"

// A house is a Service with what it needs, and a few accounts.
type house struct {
	*Service
	t       *testing.T
	e       *dbtest.Env
	staff   map[string]bool
	mails   atomic.Int32 // links to finish that were asked for
	confirm atomic.Int32 // links to confirm that were asked for
}

func build(t *testing.T, e *dbtest.Env) *house {
	t.Helper()
	return furnish(t, e, password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1})
}

func furnish(t *testing.T, e *dbtest.Env, costs password.Params) *house {
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
	h := &house{t: t, e: e, staff: map[string]bool{}}
	h.Service = &Service{
		DB: e.DB, Ring: e.Ring, Secret: e.Secret, Messages: writer, Notices: account.Notices{Messages: writer},
		Passwords:   &account.Passwords{Hasher: password.New(e.Ring, e.Secret, password.Options{Params: costs, Slots: 2}), Rules: password.Guide()},
		ClientLives: session.ClientLives, StaffLives: session.StaffLives,
		IsStaff:        func(_ *db.Tx, id string) (bool, error) { return h.staff[id], nil },
		ContinueByMail: func(*db.Tx, account.Account) error { h.mails.Add(1); return nil },
		ConfirmByMail:  func(*db.Tx, account.Account) error { h.confirm.Add(1); return nil },
	}
	return h
}

func (h *house) write(f func(*db.Tx) error) {
	h.t.Helper()
	if err := h.e.DB.Write(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// person makes an account whose password is good, in the state wanted.
func (h *house) person(first, last string, state account.State) account.Account {
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
		if err != nil || state == account.Unfinished {
			return err
		}
		if err := account.SetPassword(tx, a.ID, hash); err != nil {
			return err
		}
		if state != account.Active {
			err = account.Move(tx, a.ID, account.Active, state)
		}
		return err
	})
	return a
}

// app gives an account an authenticator and returns its secret and its recovery codes.
func (h *house) app(a account.Account) (seed string, codes []string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		en, err := account.BeginAuthenticator(tx, h.e.Ring, h.e.Secret, a.ID, "Northwind", a.UserID)
		seed = en.Secret
		return err
	})
	h.write(func(tx *db.Tx) error {
		ok, err := account.ConfirmAuthenticator(tx, h.e.Ring, a.ID, h.digits(seed))
		if err == nil && !ok {
			err = fmt.Errorf("the first code is wrong")
		}
		if err == nil {
			codes, err = account.NewRecoveryCodes(tx, h.e.Ring, h.e.Secret, a.ID)
		}
		return err
	})
	h.e.Clock.Advance(time.Minute)
	return seed, codes
}

func (h *house) digits(seed string) string {
	h.t.Helper()
	c, err := totp.GenerateCode(seed, h.e.Clock.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// from signs in from a network address.
func (h *house) from(address, login, plain string) (Arrival, error) {
	ctx := audit.With(h.t.Context(), audit.Origin{Address: address})
	return h.Password(ctx, Credentials{Login: login, Password: plain}, Browser{Agent: "Firefox"})
}

func (h *house) wrong(err error) {
	h.t.Helper()
	if e := fault.From(err); e.Kind != fault.Invalid || e.Code != "sign-in-wrong" || e.Field != "login" {
		h.t.Errorf("got %v, want the refusal that all get", err)
	}
}

func TestAPersonSignsInByUserIDOrEmail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		for _, login := range []string{"mellison", "MEllison", " mellison ", "marta.ellison@vale.example", "Marta.Ellison@VALE.example"} {
			got, err := h.from("192.0.2.1", login, good)
			if err != nil {
				t.Fatalf("%q: %v", login, err)
			}
			if got.Kind != session.Client || got.Ticket != "" {
				t.Errorf("%q: %+v", login, got)
			}
			who, err := h.Identify(t.Context(), got.Token)
			if err != nil || who.Account != a.ID || who.Name != "Marta Ellison" || who.UserID != "mellison" {
				t.Errorf("%q: %+v %v", login, who, err)
			}
		}
	})
}

// asvs: V6.3.8
func TestAStrangerLearnsNothingFromARefusal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		const memory = 4 << 20
		h := furnish(t, e, password.Params{MemoryKiB: memory >> 10, Passes: 1, Lanes: 1})
		h.person("Marta", "Ellison", account.Active)
		h.person("Uwe", "Unfertig", account.Unfinished)
		h.person("Dora", "Disabled", account.Disabled)
		h.person("Clara", "Closed", account.Closed)
		for i, c := range []struct{ what, login, plain string }{
			{"unknown UserID", "nobody", good},
			{"unknown address", "nobody@vale.example", good},
			{"neither", "\x00\u202e' OR 1=1 --", good},
			{"empty", "", good},
			{"long", strings.Repeat("x", 100_000), good},
			{"wrong password", "mellison", good + "x"},
			{"unfinished", "uunfertig", good},
			{"disabled", "ddisabled", good},
			{"closed", "cclosed", good},
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := h.from(fmt.Sprintf("192.0.%d.1", i), c.login, c.plain)
			runtime.ReadMemStats(&after)
			h.wrong(err)
			// Each hash takes its memory anew: that counts them.
			if hashes := (after.TotalAlloc - before.TotalAlloc) / memory; hashes != 1 {
				t.Errorf("%s: %d hashes were computed, want 1", c.what, hashes)
			}
		}
		if h.mails.Load() != 1 {
			t.Errorf("%d links to finish were mailed, want 1: to the unfinished account", h.mails.Load())
		}
	})
}

// asvs: V6.3.8
func TestTheRowsOfARefusalAreTheSameForAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		h.person("Dora", "Disabled", account.Disabled)
		counts := func() (rows [3]int) {
			h.write(func(tx *db.Tx) error {
				for i, table := range []string{"event", "signin_delay", "flow"} {
					if err := tx.Get(`SELECT count(*) FROM `+table, nil, &rows[i]); err != nil {
						return err
					}
				}
				return nil
			})
			return rows
		}
		var want [3]int
		for i, login := range []string{"nobody", "mellison", "ddisabled"} {
			before := counts()
			_, err := h.from(fmt.Sprintf("192.0.%d.1", i), login, "not it")
			h.wrong(err)
			after := counts()
			for j := range after {
				after[j] -= before[j]
			}
			if i == 0 {
				want = after
			} else if after != want {
				t.Errorf("%s: rows %v, want %v", login, after, want)
			}
		}
	})
}

// asvs: V6.3.3 V6.5.1
func TestWithAnAuthenticatorTheSessionBeginsAfterItsCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		seed, codes := h.app(a)
		got, err := h.from("192.0.2.1", "mellison", good)
		if err != nil || got.Token != "" || got.Ticket == "" {
			t.Fatalf("%+v %v", got, err)
		}
		// The ticket of a half-made sign-in is no session, of whichever kind.
		if _, err := h.Identify(t.Context(), session.Token(got.Ticket)); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the ticket as a session: %v", err)
		}
		v, err := h.Current(t.Context(), got.Ticket)
		if err != nil || v.Step != StepCode {
			t.Fatalf("%+v %v", v, err)
		}
		if _, err := h.Code(t.Context(), got.Ticket, Proof{Code: "000000"}, Browser{}); !fault.Code(err, "sign-in-code-wrong") {
			t.Errorf("a wrong code: %v", err)
		}
		digits := h.digits(seed)
		in, err := h.Code(t.Context(), got.Ticket, Proof{Code: digits[:3] + " " + digits[3:]}, Browser{})
		if err != nil || in.Token == "" {
			t.Fatalf("%+v %v", in, err)
		}
		if _, err := h.Identify(t.Context(), in.Token); err != nil {
			t.Error(err)
		}
		if _, err := h.Current(t.Context(), got.Ticket); !fault.Is(err, fault.Gone) {
			t.Errorf("the ticket afterwards: %v", err)
		}

		// The same code a second time, and a recovery code twice.
		again, err := h.from("192.0.2.1", "mellison", good)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Code(t.Context(), again.Ticket, Proof{Code: digits}, Browser{}); !fault.Code(err, "sign-in-code-wrong") {
			t.Errorf("the same code again: %v", err)
		}
		if _, err := h.Code(t.Context(), again.Ticket, Proof{Code: strings.ToUpper(codes[0])}, Browser{}); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		third, err := h.from("192.0.2.1", "mellison", good)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Code(t.Context(), third.Ticket, Proof{Code: codes[0]}, Browser{}); !fault.Code(err, "sign-in-code-wrong") {
			t.Errorf("a recovery code again: %v", err)
		}
	})
}

// asvs: V6.3.3
func TestStaffWithoutAnAuthenticatorGetNoSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Ines", "Duarte", account.Active)
		h.staff[a.ID] = true
		got, err := h.from("192.0.2.1", "iduarte", good)
		if err != nil || got.Token != "" {
			t.Fatalf("%+v %v", got, err)
		}
		v, err := h.Current(t.Context(), got.Ticket)
		if err != nil || v.Step != StepEnrol {
			t.Fatalf("%+v %v", v, err)
		}
		if _, err := h.Code(t.Context(), got.Ticket, Proof{Code: "123456"}, Browser{}); !fault.Is(err, fault.Conflict) {
			t.Errorf("a code at another step: %v", err)
		}
		seed, _ := h.app(a)
		if got, err = h.from("192.0.2.1", "iduarte", good); err != nil {
			t.Fatal(err)
		}
		in, err := h.Code(t.Context(), got.Ticket, Proof{Code: h.digits(seed)}, Browser{})
		if err != nil || in.Kind != session.Staff {
			t.Fatalf("%+v %v", in, err)
		}
		if _, err := h.Identify(t.Context(), in.Token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a staff session in the clients' portal: %v", err)
		}
	})
}

func TestNewTermsAreAcceptedBeforeTheSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		h.Terms = account.Terms{Version: "2", Text: map[string]string{"en": "New words."}}
		got, err := h.from("192.0.2.1", "mellison", good)
		if err != nil || got.Token != "" {
			t.Fatalf("%+v %v", got, err)
		}
		in, err := h.Accept(t.Context(), got.Ticket, h.Terms.Version, "en", Browser{})
		if err != nil || in.Token == "" {
			t.Fatalf("%+v %v", in, err)
		}
		h.write(func(tx *db.Tx) error {
			last, err := account.LastAcceptance(tx, a.ID)
			if last.Version != "2" || last.TextHash != h.Terms.Hash("en") {
				t.Errorf("%+v", last)
			}
			return err
		})
		if in, err = h.from("192.0.2.1", "mellison", good); err != nil || in.Token == "" {
			t.Errorf("the next time: %+v %v", in, err)
		}

		// Who leaves instead is not signed in, and is asked again.
		h.Terms.Version = "3"
		if got, err = h.from("192.0.2.1", "mellison", good); err != nil {
			t.Fatal(err)
		}
		for range 2 { // a second time changes nothing
			if err := h.Leave(t.Context(), got.Ticket); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.Accept(t.Context(), got.Ticket, h.Terms.Version, "en", Browser{}); !fault.Is(err, fault.Gone) {
			t.Errorf("accepting after leaving: %v", err)
		}
	})
}

func TestAnExpiredPasswordIsSaidToItsOwnerAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Bea", "Tester", account.Expired)
		_, err := h.from("192.0.2.1", "btester", "not it")
		h.wrong(err)
		got, err := h.from("192.0.2.1", "btester", good)
		if err != nil || got.Token != "" {
			t.Fatalf("%+v %v", got, err)
		}
		if v, err := h.Current(t.Context(), got.Ticket); err != nil || v.Step != StepExpired {
			t.Errorf("%+v %v", v, err)
		}
	})
}

func TestAHalfMadeSignInEndsWithThePasswordItBeganWith(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		seed, _ := h.app(a)
		got, err := h.from("192.0.2.1", "mellison", good)
		if err != nil {
			t.Fatal(err)
		}
		other, err := h.Passwords.Hasher.Hash(t.Context(), good+"new")
		if err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(time.Second)
		h.write(func(tx *db.Tx) error { return account.SetPassword(tx, a.ID, other) })
		if _, err := h.Code(t.Context(), got.Ticket, Proof{Code: h.digits(seed)}, Browser{}); !fault.Is(err, fault.Gone) {
			t.Errorf("after a new password: %v", err)
		}
		if got, err = h.from("192.0.2.1", "mellison", good+"new"); err != nil {
			t.Fatal(err)
		}
		h.write(func(tx *db.Tx) error { return account.Move(tx, a.ID, account.Active, account.Disabled) })
		if _, err := h.Code(t.Context(), got.Ticket, Proof{Code: h.digits(seed)}, Browser{}); !fault.Is(err, fault.Gone) {
			t.Errorf("after being disabled: %v", err)
		}
	})
}

// asvs: V7.2.4
func TestSigningInEndsTheBrowsersEarlierSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		first, err := h.from("192.0.2.1", "mellison", good)
		if err != nil {
			t.Fatal(err)
		}
		for _, had := range []session.Token{first.Token, "made.up"} {
			got, err := h.Password(t.Context(), Credentials{Login: "mellison", Password: good}, Browser{Client: had})
			if err != nil || got.Token == had {
				t.Fatalf("%+v %v", got, err)
			}
		}
		if _, err := h.Identify(t.Context(), first.Token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the earlier session: %v", err)
		}
	})
}

// asvs: V7.4.1
func TestAfterSigningOutTheTokenIsWorthNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		got, err := h.from("192.0.2.1", "mellison", good)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := h.SignOut(t.Context(), session.Client, got.Token); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.Identify(t.Context(), got.Token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("replayed: %v", err)
		}
	})
}

// asvs: V7.4.2
func TestADisabledAccountIsOutAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		got, err := h.from("192.0.2.1", "mellison", good)
		if err != nil {
			t.Fatal(err)
		}
		h.write(func(tx *db.Tx) error { return account.Move(tx, a.ID, account.Active, account.Disabled) })
		if _, err := h.Identify(t.Context(), got.Token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("disabled: %v", err)
		}
	})
}

// asvs: V6.3.1
func TestFailuresWaitLongerAndStrangersLockNobodyOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		if _, err := h.from("198.51.100.7", "mellison", good); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			_, err := h.from("192.0.2.1", "mellison", "guess")
			h.wrong(err)
		}
		_, err := h.from("192.0.2.200", "mellison", good) // the same network, and right: it waits nevertheless
		if f := fault.From(err); f.Kind != fault.TooMany || f.RetryAfter != 15*time.Second {
			t.Fatalf("the sixth: %v %v", err, f.RetryAfter)
		}
		e.Clock.Advance(15 * time.Second)
		_, err = h.from("192.0.2.1", "mellison", "guess")
		h.wrong(err)
		_, err = h.from("192.0.2.1", "mellison", good)
		if f := fault.From(err); f.RetryAfter != 30*time.Second {
			t.Errorf("the wait doubles: %v", f.RetryAfter)
		}
		if _, err := h.from("203.0.113.5", "mellison", good); err != nil {
			t.Errorf("the owner elsewhere: %v", err)
		}
		e.Clock.Advance(30 * time.Second)
		if _, err := h.from("192.0.2.1", "mellison", good); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		if _, err := h.from("192.0.2.1", "mellison", good); err != nil {
			t.Errorf("a right password forgives: %v", err)
		}

		// A hundred networks guess: the account is slowed down, but not where its owner signs in.
		for i := range 110 {
			_, err = h.from(fmt.Sprintf("10.%d.0.1", i), "mellison", "guess")
		}
		if !fault.Is(err, fault.TooMany) {
			t.Errorf("from many networks: %v", err)
		}
		if _, err := h.from("198.51.100.99", "mellison", good); err != nil {
			t.Errorf("the owner at home: %v", err)
		}
	})
}

// asvs: V6.3.8
func TestAnUnknownLoginIsSlowedDownLikeAKnownOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		for range 5 {
			_, err := h.from("192.0.2.1", "nobody", "guess")
			h.wrong(err)
		}
		_, err := h.from("192.0.2.1", "NOBODY", "guess")
		if f := fault.From(err); f.Kind != fault.TooMany || f.RetryAfter != 15*time.Second {
			t.Errorf("%v", err)
		}
	})
}

// asvs: V6.3.1
func TestOfAHundredGuessesAtOnceFiveAreEvaluated(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		one, two := build(t, a), build(t, b)
		p := one.person("Marta", "Ellison", account.Active)
		one.app(p)
		var evaluated atomic.Int32
		var all sync.WaitGroup
		for i := range 100 {
			h := []*house{one, two}[i%2]
			all.Go(func() {
				if _, err := h.from("192.0.2.1", "mellison", "guess"); fault.Is(err, fault.Invalid) {
					evaluated.Add(1)
				} else if !fault.Is(err, fault.TooMany) && !fault.Is(err, fault.Unavailable) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if evaluated.Load() > 5 {
			t.Errorf("%d passwords were evaluated", evaluated.Load())
		}

		got, err := one.from("198.51.100.1", "mellison", good)
		if err != nil {
			t.Fatal(err)
		}
		evaluated.Store(0)
		for i := range 50 {
			h := []*house{one, two}[i%2]
			all.Go(func() {
				if _, err := h.Code(t.Context(), got.Ticket, Proof{Code: "000000"}, Browser{}); fault.Is(err, fault.Invalid) {
					evaluated.Add(1)
				} else if !fault.Is(err, fault.TooMany) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if evaluated.Load() != 5 {
			t.Errorf("%d codes were evaluated, want 5", evaluated.Load())
		}
		// A new sign-in resets nothing.
		if got, err = one.from("198.51.100.1", "mellison", good); err != nil {
			t.Fatal(err)
		}
		if _, err := one.Code(t.Context(), got.Ticket, Proof{Code: "000000"}, Browser{}); !fault.Is(err, fault.TooMany) {
			t.Errorf("after a new sign-in: %v", err)
		}
	})
}

func TestWhenTheQueueIsFullTheTryIsGivenBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		slow := password.New(e.Ring, e.Secret, password.Options{Params: password.Params{MemoryKiB: 64 << 10, Passes: 8, Lanes: 1}, Slots: 1, Queue: 1})
		var busy sync.WaitGroup
		for range 2 {
			busy.Go(func() {
				if _, err := slow.Hash(t.Context(), "x"); err != nil {
					t.Error(err)
				}
			})
		}
		for slow.Waiting() < 2 {
			runtime.Gosched()
		}
		quick := h.Passwords.Hasher
		h.Passwords.Hasher = slow
		for range 8 {
			_, err := h.from("192.0.2.1", "mellison", good)
			if f := fault.From(err); slow.Waiting() == 2 && (f.Kind != fault.Unavailable || f.RetryAfter == 0) {
				t.Fatalf("%v", err)
			}
		}
		busy.Wait()
		h.Passwords.Hasher = quick
		if _, err := h.from("192.0.2.1", "mellison", good); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// asvs: V11.2.2
func TestAHashOfOldCostsIsMadeAnewAtSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		h.Passwords.Hasher = password.New(e.Ring, e.Secret, password.Options{Params: password.Params{MemoryKiB: 128, Passes: 1, Lanes: 1}})
		for range 2 {
			if _, err := h.from("192.0.2.1", "mellison", good); err != nil {
				t.Fatal(err)
			}
		}
		h.write(func(tx *db.Tx) error {
			a, err := account.Get(tx, a.ID)
			if !strings.Contains(a.PasswordHash, "m=128,") {
				t.Errorf("the hash is still %.40s", a.PasswordHash)
			}
			return err
		})
	})
}

// evaluating gives an account an organization whose evaluation waits for the first sign-in.
func (h *house) evaluating(a account.Account) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		if err := license.PutProduct(tx, license.Product{ID: "gwma", Name: "Meeting Add-On", Prefix: "NWE3", Offered: true}); err != nil {
			return err
		}
		o, err := organization.Create(tx, h.e.Secret, organization.Organization{Name: "Vale", Kind: organization.Client})
		if err != nil {
			return err
		}
		if _, err := organization.Admit(tx, h.e.Secret, o.ID, a.ID, a.EmailKey, "", organization.ByStaff); err != nil {
			return err
		}
		l, err := license.Make(tx, h.e.Secret, o.ID, "gwma")
		if err != nil {
			return err
		}
		_, err = license.Evaluate(tx, h.e.Secret, l, license.EvaluationRule{Days: 30, StartWithin: 14}, 50, "", "")
		return err
	})
}

func TestAnEvaluationThatWasApprovedMeanwhileBeginsOnArrival(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		h.in("mellison")
		h.evaluating(a)
		for range 2 { // the second time nothing is left to begin
			st, err := h.Arrived(t.Context(), a.ID)
			if err != nil || !st.Allowed || st.Reason != access.ReasonEvaluation || st.License.State.DaysLeft != 30 {
				t.Errorf("%+v %v", st, err)
			}
		}
	})
}

// asvs: V7.2.4
func TestWhoIsLetInWhileSignedInGetsANewToken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		got, err := h.from("192.0.2.1", "mellison", good)
		if err != nil {
			t.Fatal(err)
		}
		st, token, err := h.Enter(t.Context(), Who{Account: a.ID}, got.Token)
		if err != nil || st.Allowed || st.Reason != access.ReasonNoRequest || token != "" {
			t.Fatalf("%+v %q %v", st, token, err)
		}
		h.evaluating(a)
		st, token, err = h.Enter(t.Context(), Who{Account: a.ID}, got.Token)
		if err != nil || !st.Allowed || token == "" || token == got.Token {
			t.Fatalf("%+v %q %v", st, token, err)
		}
		if _, err := h.Identify(t.Context(), got.Token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the old token: %v", err)
		}
		who, err := h.Identify(t.Context(), token)
		if err != nil || who.Company != "Vale" || who.Role != "administrator" {
			t.Errorf("%+v %v", who, err)
		}
		h.write(func(tx *db.Tx) error {
			st, err := access.StandingOf(tx, a.ID)
			if st.Reason != access.ReasonEvaluation || st.License.State.DaysLeft != 30 {
				t.Errorf("the evaluation has not begun: %+v", st.License.State)
			}
			return err
		})
	})
}

func TestTheLinkThatConfirmsIsSentAgainAFewTimes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		proved := h.person("Marta", "Ellison", account.Active)
		if err := h.ConfirmAgain(t.Context(), proved.ID); err != nil || h.confirm.Load() != 0 {
			t.Errorf("an address that is confirmed: %v", err)
		}
		var a account.Account
		h.write(func(tx *db.Tx) error {
			email, err := account.ParseEmail("new@vale.example")
			if err == nil {
				a, err = account.Create(tx, e.Secret, account.DefaultPattern, account.New{Email: email, FirstName: "N", LastName: "New", State: account.Active})
			}
			return err
		})
		var err error
		for range 4 {
			err = h.ConfirmAgain(t.Context(), a.ID)
		}
		if h.confirm.Load() != 3 || !fault.Is(err, fault.TooMany) {
			t.Errorf("%d links, then %v", h.confirm.Load(), err)
		}
	})
}
