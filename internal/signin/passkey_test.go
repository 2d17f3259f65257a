package signin

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/passkey"
	"vestibule/internal/passkey/passkeytest"
	"vestibule/internal/secret"
	"vestibule/internal/session"
)

const here = "https://portal.example"

// keyed is a house whose people can have passkeys.
func keyed(t *testing.T, e *dbtest.Env) *house {
	t.Helper()
	h := build(t, e)
	party, err := passkey.New(e.Secret, here, "Northwind")
	if err != nil {
		t.Fatal(err)
	}
	h.Passkeys, h.Notices = party, account.Notices{Messages: h.Messages}
	return h
}

// key gives an account a passkey in a new authenticator.
func (h *house) key(a account.Account) *passkeytest.Authenticator {
	h.t.Helper()
	device := passkeytest.New(h.t, secret.Seeded(uint64(len(a.UserID))+uint64(a.UserID[0])), here)
	h.enrol(a, device)
	return device
}

func (h *house) enrol(a account.Account, device *passkeytest.Authenticator) account.Passkey {
	h.t.Helper()
	var p account.Passkey
	h.write(func(tx *db.Tx) error {
		owner, err := account.OwnerOfPasskeys(tx, a)
		if err != nil {
			return err
		}
		options, c, err := h.Passkeys.BeginRegistration(tx.Now(), "add", owner)
		if err != nil {
			return err
		}
		made, err := h.Passkeys.FinishRegistration(tx.Now(), "add", c, owner, device.Make(options))
		if err != nil {
			return err
		}
		p, err = account.AddPasskey(tx, h.e.Secret, a.ID, "Phone", made)
		return err
	})
	return p
}

func (h *house) ask() (options []byte, ticket string) {
	h.t.Helper()
	options, ticket, err := h.AskPasskey(h.t.Context(), "")
	if err != nil {
		h.t.Fatal(err)
	}
	return options, ticket
}

func (h *house) by(device *passkeytest.Authenticator) (Arrival, error) {
	h.t.Helper()
	options, ticket := h.ask()
	return h.Passkey(h.t.Context(), ticket, device.Use(options), "/portal/people", Browser{})
}

func refusedAs(t *testing.T, what string, err error, code string) {
	t.Helper()
	if !fault.Code(err, code) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// asvs: V6.3.3
func TestAPasskeyIsAWholeSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		h.app(a) // the code is not asked for: the device has verified its holder
		device := h.key(a)
		got, err := h.by(device)
		if err != nil || got.Token == "" || got.Kind != session.Client || got.Next != "/portal/people" {
			t.Fatalf("%+v %v", got, err)
		}
		who, err := h.Identify(t.Context(), got.Token)
		if err != nil || who.Account != a.ID {
			t.Errorf("%+v %v", who, err)
		}
		h.write(func(tx *db.Tx) error {
			all, err := account.Passkeys(tx, a.ID)
			if err == nil && all[0].UsedAt.IsZero() {
				t.Error("the use is not recorded")
			}
			return err
		})
		if n := h.rows(`SELECT COUNT(*) FROM flow`); n != 0 {
			t.Errorf("%d flows are left", n)
		}
	})
}

func TestWhatIsForcedIsForcedAfterAPasskey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		h.Terms = account.Terms{Version: "2", Text: map[string]string{"en": "Terms."}}
		device := h.key(h.person("Marta", "Ellison", account.Active))
		got, err := h.by(device)
		if err != nil || got.Token != "" {
			t.Fatalf("%+v %v", got, err)
		}
		v, err := h.Current(t.Context(), got.Ticket)
		if err != nil || v.Step != StepTerms || v.Next != "/portal/people" {
			t.Fatalf("%+v %v", v, err)
		}
		got, err = h.Accept(t.Context(), got.Ticket, "2", "en", Browser{})
		if err != nil || got.Token == "" {
			t.Errorf("%+v %v", got, err)
		}
	})
}

func TestAPasskeyOfAnAccountThatMayNotComeInIsWrong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		device := h.key(a)
		h.write(func(tx *db.Tx) error { return account.Move(tx, a.ID, account.Active, account.Disabled) })
		_, err := h.by(device)
		refusedAs(t, "disabled", err, "passkey-wrong")

		stranger := passkeytest.New(t, secret.Seeded(9), here)
		stranger.Keys = append(stranger.Keys, device.Keys...)
		stranger.Keys[0].ID = []byte("a passkey that nobody has here..")
		_, err = h.by(stranger)
		refusedAs(t, "unknown", err, "passkey-wrong")
		// One row each, alike but for whose it is.
		if n := h.rows(`SELECT COUNT(*) FROM event WHERE action = 'authn_login_fail'`); n != 2 {
			t.Errorf("%d failures in the trail", n)
		}
	})
}

func TestAnAnswerCountsOnceForItsOwnChallenge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		device := h.key(h.person("Marta", "Ellison", account.Active))
		options, ticket := h.ask()
		answer := device.Use(options)

		_, other := h.ask() // somebody else's challenge
		_, err := h.Passkey(t.Context(), other, answer, "", Browser{})
		refusedAs(t, "another's ticket", err, "passkey-wrong")
		_, err = h.Passkey(t.Context(), other, answer, "", Browser{})
		refusedAs(t, "a ticket that was spent on a wrong answer", err, "passkey-late")

		if _, err = h.Passkey(t.Context(), ticket, answer, "", Browser{}); err != nil {
			t.Fatal(err)
		}
		_, err = h.Passkey(t.Context(), ticket, answer, "", Browser{})
		refusedAs(t, "replayed", err, "passkey-late")
		_, fresh := h.ask()
		_, err = h.Passkey(t.Context(), fresh, answer, "", Browser{})
		refusedAs(t, "replayed for another challenge", err, "passkey-wrong")

		options, ticket = h.ask()
		e.Clock.Advance(passkey.Life)
		_, err = h.Passkey(t.Context(), ticket, device.Use(options), "", Browser{})
		refusedAs(t, "after five minutes", err, "passkey-late")

		_, ticket = h.ask()
		if _, _, err := h.AskPasskey(t.Context(), ticket); err != nil {
			t.Fatal(err)
		}
		_, err = h.Passkey(t.Context(), ticket, answer, "", Browser{})
		refusedAs(t, "a challenge that was replaced", err, "passkey-late")
	})
}

func TestOfSixteenEqualAnswersOneSignsIn(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, x, y *dbtest.Env) {
		one, two := keyed(t, x), keyed(t, y)
		device := one.key(one.person("Marta", "Ellison", account.Active))
		options, ticket := one.ask()
		answer := device.Use(options)
		var in atomic.Int32
		var all sync.WaitGroup
		for i := range 16 {
			h := []*house{one, two}[i%2]
			all.Go(func() {
				_, err := h.Passkey(t.Context(), ticket, answer, "", Browser{})
				switch {
				case err == nil:
					in.Add(1)
				case !fault.Code(err, "passkey-late"):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 || one.rows(`SELECT COUNT(*) FROM session`) != 1 {
			t.Errorf("%d came in", in.Load())
		}
	})
}

func TestACopiedPasskeyIsRefusedFromThenOnAndItsOwnerTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		device := passkeytest.New(t, secret.Seeded(4), here)
		device.Counts = true
		h.enrol(a, device)
		for range 3 {
			if _, err := h.by(device); err != nil {
				t.Fatal(err)
			}
		}
		device.Keys[0].Counter = 1
		_, err := h.by(device)
		refusedAs(t, "an older count", err, "passkey-wrong")
		device.Keys[0].Counter = 100
		_, err = h.by(device)
		refusedAs(t, "the other copy", err, "passkey-wrong")
		if n := h.rows(`SELECT COUNT(*) FROM event WHERE action = 'authn_passkey_copied'`); n != 1 {
			t.Errorf("%d events", n)
		}
		if n := h.rows(`SELECT COUNT(*) FROM outbox_message WHERE kind = 'account-changed'`); n != 1 {
			t.Errorf("%d notices", n)
		}
		h.write(func(tx *db.Tx) error {
			has, err := account.HasPasskeys(tx, a.ID)
			if has {
				t.Error("a copied passkey counts as one")
			}
			return err
		})
	})
}

// asvs: V6.3.1
func TestWrongPasskeysSlowTheirNetworkDown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		device := h.key(a)
		from := func(address string) context.Context {
			return audit.With(t.Context(), audit.Origin{Address: address})
		}
		options, _ := h.ask()
		junk := []byte(strings.Replace(string(device.Use(options)), `"type":"public-key"`, `"type":"nothing"`, 1))
		var ticket string
		var err error
		for range 140 {
			if _, ticket, err = h.AskPasskey(t.Context(), ""); err != nil { // its limit is another's matter here
				e.Clock.Advance(time.Second)
				continue
			}
			if _, err = h.Passkey(from("192.0.2.1"), ticket, junk, "", Browser{}); fault.Is(err, fault.TooMany) {
				break
			}
		}
		refusedAs(t, "after many", err, "sign-in-wait")
		options, ticket, err = h.AskPasskey(from("203.0.113.5"), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Passkey(from("203.0.113.5"), ticket, device.Use(options), "", Browser{}); err != nil {
			t.Errorf("elsewhere: %v", err)
		}
	})
}

func TestANetworkThatAsksTooOftenWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		var err error
		for i := 0; err == nil; i++ {
			if i > passkeyAsks.Burst {
				t.Fatal("it asks without an end")
			}
			_, _, err = h.AskPasskey(t.Context(), "")
		}
		if !fault.Is(err, fault.TooMany) {
			t.Error(err)
		}
	})
}

// asvs: V6.3.3
func TestStaffUseAPasskeyAfterThePasswordAndNotInItsPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		a := h.person("Ines", "Duarte", account.Active)
		h.staff[a.ID] = true
		device := h.key(a)
		_, err := h.by(device)
		refusedAs(t, "alone", err, "passkey-staff")

		got, err := h.from("192.0.2.1", "iduarte", good)
		if err != nil || got.Ticket == "" {
			t.Fatalf("%+v %v", got, err)
		}
		by, err := h.Second(t.Context(), got.Ticket)
		if err != nil || by.App || !by.Passkey {
			t.Errorf("%+v %v", by, err)
		}
		_, err = h.CodeByPasskey(t.Context(), got.Ticket, []byte("{}"), Browser{})
		refusedAs(t, "before it was asked for", err, "passkey-late")
		options, err := h.AskCodePasskey(t.Context(), got.Ticket)
		if err != nil {
			t.Fatal(err)
		}
		in, err := h.CodeByPasskey(t.Context(), got.Ticket, device.Use(options), Browser{})
		if err != nil || in.Kind != session.Staff || in.Token == "" {
			t.Errorf("%+v %v", in, err)
		}
	})
}

func TestTheSecondStepWantsTheAccountsOwnPasskeyForItsOwnChallenge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		a, b := h.person("Ines", "Duarte", account.Active), h.person("Tom", "Becker", account.Active)
		h.staff[a.ID], h.staff[b.ID] = true, true
		hers, his := h.key(a), h.key(b)
		first := func(login string) string {
			t.Helper()
			got, err := h.from("192.0.2.1", login, good)
			if err != nil {
				t.Fatal(err)
			}
			return got.Ticket
		}
		ask := func(ticket string) []byte {
			t.Helper()
			options, err := h.AskCodePasskey(t.Context(), ticket)
			if err != nil {
				t.Fatal(err)
			}
			return options
		}
		ticket := first("iduarte")
		options := ask(ticket)
		_, err := h.CodeByPasskey(t.Context(), ticket, his.Sign(his.Keys[0], his.Challenge(options)), Browser{})
		refusedAs(t, "another account's passkey", err, "passkey-wrong")
		_, err = h.CodeByPasskey(t.Context(), ticket, hers.Use(options), Browser{})
		refusedAs(t, "a challenge that was spent", err, "passkey-late")

		other := first("tbecker")
		ask(other)
		_, err = h.CodeByPasskey(t.Context(), other, hers.Use(ask(ticket)), Browser{})
		refusedAs(t, "two browsers that swap their tickets", err, "passkey-wrong")

		// A challenge to sign in is none for the second step, and the other way round.
		whole, free := h.ask()
		ask(ticket)
		_, err = h.CodeByPasskey(t.Context(), ticket, hers.Use(whole), Browser{})
		refusedAs(t, "an answer to the challenge of signing in", err, "passkey-wrong")
		_, err = h.Passkey(t.Context(), free, hers.Use(ask(ticket)), "", Browser{})
		refusedAs(t, "an answer to the challenge of the second step", err, "passkey-wrong")
	})
}

func TestAClientWithAnAuthenticatorMayUseAPasskeyInstead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		device := h.key(a)
		if got, err := h.from("192.0.2.1", "mellison", good); err != nil || got.Token == "" {
			t.Fatalf("a passkey alone asks no second step of a client: %+v %v", got, err)
		}
		h.app(a)
		got, err := h.from("192.0.2.1", "mellison", good)
		if err != nil || got.Ticket == "" {
			t.Fatalf("%+v %v", got, err)
		}
		options, err := h.AskCodePasskey(t.Context(), got.Ticket)
		if err != nil {
			t.Fatal(err)
		}
		if in, err := h.CodeByPasskey(t.Context(), got.Ticket, device.Use(options), Browser{}); err != nil || in.Token == "" {
			t.Errorf("%+v %v", in, err)
		}
	})
}

// asvs: V7.5.1
func TestAPasskeyFreshensTheSessionThatAskedForIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := keyed(t, e)
		a, b := h.person("Marta", "Ellison", account.Active), h.person("Tom", "Becker", account.Active)
		hers, his := h.key(a), h.key(b)
		token, other := h.in("mellison"), h.in("mellison")
		e.Clock.Advance(account.FreshFor + time.Minute)
		ask := func(token session.Token) []byte {
			t.Helper()
			options, err := h.AskAgainByPasskey(t.Context(), session.Client, token)
			if err != nil {
				t.Fatal(err)
			}
			return options
		}
		again := func(token session.Token, answer []byte) (session.Token, error) {
			return h.AgainByPasskey(t.Context(), session.Client, token, answer)
		}
		_, err := again(token, []byte("{}"))
		refusedAs(t, "before it was asked for", err, "passkey-late")
		options := ask(token)
		_, err = again(token, his.Sign(his.Keys[0], his.Challenge(options)))
		refusedAs(t, "another's passkey", err, "passkey-wrong")
		answer := hers.Use(ask(token))
		_, err = again(other, answer)
		refusedAs(t, "another session", err, "passkey-late")
		fresh, err := again(token, answer)
		if err != nil || fresh == token {
			t.Fatalf("%v", err)
		}
		who, err := h.Identify(t.Context(), fresh)
		if err != nil || who.FreshUntil.Before(e.Clock.Now()) {
			t.Errorf("%+v %v", who, err)
		}
		if _, err := h.Identify(t.Context(), token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the old token: %v", err)
		}
		_, err = again(fresh, answer)
		refusedAs(t, "replayed", err, "passkey-late")
		ask(fresh)
		e.Clock.Advance(passkey.Life)
		_, err = again(fresh, hers.Use(options))
		refusedAs(t, "after five minutes", err, "passkey-late")
	})
}

func TestWherePasskeysCannotWorkNothingIsAsked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		if h.PasskeysOffered() {
			t.Error("they are offered")
		}
		_, _, err := h.AskPasskey(t.Context(), "")
		refusedAs(t, "asked", err, "passkey-unoffered")
	})
}
