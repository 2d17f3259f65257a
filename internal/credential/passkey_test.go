package credential

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/passkey"
	"vestibule/internal/passkey/passkeytest"
	"vestibule/internal/secret"
	"vestibule/internal/session"
)

const here = "https://portal.example"

// ring is a house with the service of passkeys.
func ring(t *testing.T, e *dbtest.Env) (*house, *Passkeys) {
	t.Helper()
	h := build(t, e)
	party, err := passkey.New(e.Secret, here, "Northwind")
	if err != nil {
		t.Fatal(err)
	}
	return h, &Passkeys{DB: e.DB, Secret: e.Secret, Party: party, Notices: h.Notices}
}

func refusedAs(t *testing.T, what string, err error, code string) {
	t.Helper()
	if !fault.Code(err, code) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// asvs: V6.3.7
func TestAnOwnerAddsNamesAndRemovesPasskeys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h, s := ring(t, e)
		a := h.person("Marta", "Ellison")
		token, other := h.in(a), h.in(a)
		phone, stick := passkeytest.New(t, secret.Seeded(2), here), passkeytest.New(t, secret.Seeded(3), here)
		for name, device := range map[string]*passkeytest.Authenticator{"Phone": phone, " Blue  stick ": stick} {
			options, err := s.BeginAdd(t.Context(), session.Client, token)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Add(t.Context(), session.Client, token, name, device.Make(options)); err != nil {
				t.Fatal(err)
			}
		}
		options, err := s.BeginAdd(t.Context(), session.Client, token)
		if err != nil || phone.Make(options) != nil {
			t.Errorf("a device that has one makes another: %v", err)
		}
		all, err := s.List(t.Context(), session.Client, token)
		if err != nil || len(all) != 2 {
			t.Fatalf("%+v %v", all, err)
		}
		if names := all[0].Name + "," + all[1].Name; names != "Phone,Blue stick" && names != "Blue stick,Phone" {
			t.Errorf("%s", names)
		}
		if err := s.Rename(t.Context(), session.Client, token, all[0].ID, "Old phone"); err != nil {
			t.Error(err)
		}
		if p, err := s.Get(t.Context(), session.Client, token, all[0].ID); err != nil || p.Name != "Old phone" {
			t.Errorf("%+v %v", p, err)
		}
		for range 2 {
			err = s.Remove(t.Context(), session.Client, token, all[0].ID)
		}
		refusedAs(t, "removed twice", err, "not-found")
		for change, n := range map[string]int{"account.passkey_add": 2, "account.passkey_rename": 1, "account.passkey_remove": 1} {
			if got := h.rows(`SELECT COUNT(*) FROM event WHERE action = $1`, change); got != n {
				t.Errorf("%s: %d events", change, got)
			}
		}
		if n := h.rows(`SELECT COUNT(*) FROM outbox_message WHERE kind = 'account-changed'`); n != 4 {
			t.Errorf("%d notices", n)
		}
		if !h.opens(other) {
			t.Error("another session has ended")
		}
	})
}

func TestAPasskeyIsAddedOnceByTheSessionThatAskedForIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h, s := ring(t, e)
		a, b := h.person("Marta", "Ellison"), h.person("Tom", "Becker")
		token, other, his := h.in(a), h.in(a), h.in(b)
		device := passkeytest.New(t, secret.Seeded(2), here)
		ask := func(token session.Token) []byte {
			t.Helper()
			options, err := s.BeginAdd(t.Context(), session.Client, token)
			if err != nil {
				t.Fatal(err)
			}
			return options
		}
		add := func(token session.Token, answer []byte) error {
			return s.Add(t.Context(), session.Client, token, "Phone", answer)
		}
		answer := device.Make(ask(token))
		refusedAs(t, "another session of hers", add(other, answer), "passkey-late")
		ask(his)
		refusedAs(t, "his session", add(his, answer), "passkey-wrong")
		if err := add(token, answer); err != nil {
			t.Fatal(err)
		}
		refusedAs(t, "replayed", add(token, answer), "passkey-late")

		// A passkey is one account's, whoever holds it.
		key := device.Keys[0]
		refusedAs(t, "hers once more", add(token, device.Enrol(key, device.Challenge(ask(token)))), "passkey-exists")
		refusedAs(t, "hers as his", add(his, device.Enrol(key, device.Challenge(ask(his)))), "passkey-exists")

		options := ask(token)
		phished := passkeytest.New(t, secret.Seeded(5), "https://portal.example.evil.example")
		refusedAs(t, "made on another page", add(token, phished.Make(options)), "passkey-wrong")
		lax := passkeytest.New(t, secret.Seeded(6), here)
		lax.Unverified = true
		refusedAs(t, "nobody verified", add(token, lax.Make(ask(token))), "passkey-wrong")
		options = ask(token)
		e.Clock.Advance(account.FreshFor)
		refusedAs(t, "after five minutes", add(token, passkeytest.New(t, secret.Seeded(7), here).Make(options)), "passkey-late")
		refusedAs(t, "no name", s.Add(t.Context(), session.Client, token, " ", answer), "name-empty")
		refusedAs(t, "a long name", s.Add(t.Context(), session.Client, token, strings.Repeat("x", 61), answer), "name-long")
	})
}

// asvs: V7.5.1
func TestOnlyAFreshSessionChangesPasskeysAndOnlyItsOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h, s := ring(t, e)
		a, b := h.person("Marta", "Ellison"), h.person("Tom", "Becker")
		token := h.in(a)
		options, err := s.BeginAdd(t.Context(), session.Client, token)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Add(t.Context(), session.Client, token, "Phone", passkeytest.New(t, secret.Seeded(2), here).Make(options)); err != nil {
			t.Fatal(err)
		}
		all, err := s.List(t.Context(), session.Client, token)
		if err != nil {
			t.Fatal(err)
		}
		his := h.in(b)
		_, err = s.Get(t.Context(), session.Client, his, all[0].ID)
		refusedAs(t, "seen by another", err, "not-found")
		refusedAs(t, "renamed by another", s.Rename(t.Context(), session.Client, his, all[0].ID, "Mine"), "not-found")
		refusedAs(t, "removed by another", s.Remove(t.Context(), session.Client, his, all[0].ID), "not-found")
		_, err = s.List(t.Context(), session.Staff, token)
		refusedAs(t, "a client's token as staff's", err, "session-none")

		e.Clock.Advance(account.FreshFor + time.Second)
		_, err = s.BeginAdd(t.Context(), session.Client, token)
		refusedAs(t, "asked", err, "sign-in-again")
		refusedAs(t, "added", s.Add(t.Context(), session.Client, token, "x", nil), "sign-in-again")
		refusedAs(t, "renamed", s.Rename(t.Context(), session.Client, token, all[0].ID, "x"), "sign-in-again")
		refusedAs(t, "removed", s.Remove(t.Context(), session.Client, token, all[0].ID), "sign-in-again")
	})
}

func TestOfSixteenEqualAnswersOnePasskeyIsAdded(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, x, y *dbtest.Env) {
		h, one := ring(t, x)
		_, two := ring(t, y)
		token := h.in(h.person("Marta", "Ellison"))
		options, err := one.BeginAdd(t.Context(), session.Client, token)
		if err != nil {
			t.Fatal(err)
		}
		answer := passkeytest.New(t, secret.Seeded(2), here).Make(options)
		var added atomic.Int32
		var all sync.WaitGroup
		for i := range 16 {
			s := []*Passkeys{one, two}[i%2]
			all.Go(func() {
				err := s.Add(t.Context(), session.Client, token, "Phone", answer)
				switch {
				case err == nil:
					added.Add(1)
				case !fault.Code(err, "passkey-late"):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := h.rows(`SELECT COUNT(*) FROM passkey`); added.Load() != 1 || n != 1 {
			t.Errorf("%d were added, %d are there", added.Load(), n)
		}
	})
}

func TestAnAccountHasSoManyPasskeysAtMost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h, s := ring(t, e)
		a := h.person("Marta", "Ellison")
		token := h.in(a)
		h.write(func(tx *db.Tx) error {
			for i := range account.MaxPasskeys {
				if _, err := account.AddPasskey(tx, e.Secret, a.ID, "Key", passkey.Credential{ID: []byte{byte(i)}}); err != nil {
					return err
				}
			}
			return nil
		})
		options, err := s.BeginAdd(t.Context(), session.Client, token)
		if err != nil {
			t.Fatal(err)
		}
		refusedAs(t, "one more", s.Add(t.Context(), session.Client, token, "Key", passkeytest.New(t, secret.Seeded(2), here).Make(options)), "passkey-many")
	})
}

func TestStaffKeepASecondStep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h, s := ring(t, e)
		a := h.person("Ines", "Duarte")
		var token session.Token
		var only account.Passkey
		h.write(func(tx *db.Tx) (err error) {
			if _, token, err = session.Start(tx, e.Secret, session.New{Kind: session.Staff, Account: a.ID, Lives: session.StaffLives}); err != nil {
				return err
			}
			only, err = account.AddPasskey(tx, e.Secret, a.ID, "Key", passkey.Credential{ID: []byte{1}})
			return err
		})
		refusedAs(t, "the last", s.Remove(t.Context(), session.Staff, token, only.ID), "passkey-last")
		h.write(func(tx *db.Tx) error {
			_, err := account.AddPasskey(tx, e.Secret, a.ID, "Key", passkey.Credential{ID: []byte{2}})
			return err
		})
		if err := s.Remove(t.Context(), session.Staff, token, only.ID); err != nil {
			t.Error(err)
		}
	})
}
