package signin

import (
	"errors"
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

// enter takes the first step in a browser, from an address.
func (h *house) enter(address, login, plain string, b Browser) (Arrival, error) {
	ctx := audit.With(h.t.Context(), audit.Origin{Address: address})
	return h.Password(ctx, Credentials{Login: login, Password: plain}, b)
}

// comeIn signs in with the password and, where it is asked for, the code; it returns the browser as it is then.
func (h *house) comeIn(login, seed string, trust bool, b Browser) (Arrival, Browser) {
	h.t.Helper()
	got, err := h.enter("192.0.2.1", login, good, b)
	if err == nil && got.Token == "" {
		h.e.Clock.Advance(time.Minute)
		got, err = h.Code(h.t.Context(), got.Ticket, Proof{Code: h.digits(seed), Trust: trust}, b)
	}
	if err != nil || got.Token == "" || got.Device == "" {
		h.t.Fatalf("%+v %v", got, err)
	}
	b.Device = got.Device
	return got, b
}

func (h *house) news() int {
	return h.rows(`SELECT COUNT(*) FROM outbox_message WHERE kind = 'sign-in-new-device'`)
}

var firefox = Browser{Agent: "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0"}

// asvs: V6.3.1
func TestAStrangersThousandFailuresDoNotDelayAKnownBrowser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		_, known := h.comeIn("mellison", "", false, firefox)
		// A stranger in the owner's own network, which is braked as a whole, and for both logins.
		h.write(func(tx *db.Tx) error {
			for _, key := range []string{loginKey("mellison"), loginKey(a.Email)} {
				for range 500 {
					for _, b := range []struct {
						brake
						what, whom string
					}{{network, "192.0.2.0/24", ""}, {accountWhole, key, key}, {accountThere, key + "@192.0.2.0/24", key}} {
						if err := b.take(tx, b.what, b.whom); err != nil && !fault.Is(err, fault.TooMany) {
							return err
						}
					}
				}
			}
			return nil
		})
		if _, err := h.enter("192.0.2.1", "mellison", good, Browser{}); !fault.Code(err, "sign-in-wait") {
			t.Fatalf("a browser that the account does not know: %v", err)
		}
		if _, err := h.enter("192.0.2.1", "mellison", good, known); err != nil {
			t.Errorf("the owner's browser: %v", err)
		}
		if _, err := h.enter("203.0.113.1", a.Email, good, known); err != nil {
			t.Errorf("the owner's browser elsewhere: %v", err)
		}
		// It has a brake of its own: whoever holds it guesses no faster than others.
		refused := 0
		for range deviceAlone.free + 3 {
			if _, err := h.enter("192.0.2.1", "mellison", "a guess", known); fault.Is(err, fault.TooMany) {
				refused++
			}
		}
		if refused == 0 {
			t.Error("a known browser guesses without end")
		}
		if _, err := h.enter("192.0.2.1", "mellison", good, known); !fault.Code(err, "sign-in-wait") {
			t.Errorf("after its guesses: %v", err)
		}
	})
}

func TestTheBrowserOfOneAccountIsAStrangerToAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		b := h.person("Bea", "Baker", account.Active)
		_, marta := h.comeIn("mellison", "", false, firefox)
		h.comeIn("bbaker", "", false, firefox)
		for range accountThere.free + 1 {
			_, _ = h.enter("192.0.2.1", "bbaker", "a guess", marta)
		}
		if _, err := h.enter("192.0.2.1", "bbaker", good, marta); !fault.Code(err, "sign-in-wait") {
			t.Errorf("with another's browser: %v", err)
		}
		seed, _ := h.app(b)
		e.Clock.Advance(time.Hour)
		if got, err := h.enter("198.51.100.9", "bbaker", good, marta); err != nil || got.Ticket == "" {
			t.Errorf("%+v %v", got, err)
		}
		_ = seed
		for _, token := range []string{"", "x", marta.Device + "x"} {
			h.write(func(tx *db.Tx) error {
				known, err := KnownDevice(tx, b.ID, token)
				if known {
					t.Errorf("%q is known", token)
				}
				return err
			})
		}
	})
}

// asvs: V6.3.5
func TestANewBrowserIsToldToTheOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		_, first := h.comeIn("mellison", "", false, firefox)
		if n := h.news(); n != 0 {
			t.Errorf("the first sign-in of an account is told %d times", n)
		}
		again, _ := h.comeIn("mellison", "", false, first)
		if again.Device != first.Device || h.news() != 0 {
			t.Errorf("the same browser is news: %d", h.news())
		}
		_, second := h.comeIn("mellison", "", false, Browser{Agent: "curl/8"})
		if n := h.news(); n != 1 || second.Device == first.Device {
			t.Errorf("a new browser is told %d times", n)
		}
		// A wrong password is no news, and nobody's browser is made known by it.
		_, _ = h.enter("192.0.2.1", "mellison", "a guess", Browser{})
		if n := h.rows(`SELECT COUNT(*) FROM device`); n != 2 || h.news() != 1 {
			t.Errorf("%d browsers, %d mails", n, h.news())
		}
		// Who is away for a year is a stranger.
		e.Clock.Advance(DeviceLife)
		h.comeIn("mellison", "", false, first)
		if n := h.news(); n != 2 {
			t.Errorf("after a year %d mails", n)
		}
		if err := h.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := h.rows(`SELECT COUNT(*) FROM device`); n != 1 {
			t.Errorf("%d browsers are kept", n)
		}
	})
}

// One browser can be known to several accounts. A token that somebody planted is not the one that the browser keeps.
func TestABrowserOfSeveralPeopleKnowsThemAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		h.person("Bea", "Baker", account.Active)
		_, planted := h.comeIn("bbaker", "", false, firefox)
		_, shared := h.comeIn("mellison", "", false, planted)
		if shared.Device == planted.Device {
			t.Error("a token from before the sign-in makes a browser known")
		}
		knows := func(token, login string) bool {
			var known bool
			h.write(func(tx *db.Tx) error {
				a, err := account.FindByLogin(tx, login)
				if err == nil {
					known, err = KnownDevice(tx, a.ID, token)
				}
				return err
			})
			return known
		}
		for _, login := range []string{"mellison", "bbaker"} {
			if !knows(shared.Device, login) {
				t.Errorf("%s is a stranger in the shared browser", login)
			}
			if knows(planted.Device, login) {
				t.Errorf("the token from before still serves %s", login)
			}
		}
		// Both lists are bounded.
		b := shared
		for i := range accountsKept + 3 {
			first := string(rune('A' + i))
			h.person(first+"nna", "Ash", account.Active)
			e.Clock.Advance(time.Second)
			_, b = h.comeIn(string(rune('a'+i))+"ash", "", false, b)
		}
		if n := h.rows(`SELECT COUNT(*) FROM device WHERE token_hash = $1`, deviceHash(b.Device)); n != accountsKept {
			t.Errorf("a browser keeps %d accounts", n)
		}
		for range devicesKept + 3 {
			e.Clock.Advance(time.Second)
			h.comeIn("mellison", "", false, Browser{})
		}
		a := h.rows(`SELECT COUNT(*) FROM device d JOIN account a ON a.id = d.account_id WHERE a.user_id_key = 'mellison'`)
		if a != devicesKept {
			t.Errorf("an account keeps %d browsers", a)
		}
	})
}

func TestForgottenBrowsersAreStrangers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		list := func() []Device {
			all, err := h.Devices(t.Context(), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		in, one := h.comeIn("mellison", "", false, firefox)
		e.Clock.Advance(time.Second)
		other, two := h.comeIn("mellison", "", false, Browser{Agent: "curl/8"})
		all := list()
		if len(all) != 2 || all[0].Agent != "curl/8" || all[0].Network != "192.0.2.0/24" || all[0].Session != other.Token.ID() {
			t.Fatalf("%+v", all)
		}
		h.write(func(tx *db.Tx) error { return ForgetOtherDevices(tx, a.ID, in.Token.ID()) })
		if left := list(); len(left) != 1 || left[0].Session != in.Token.ID() {
			t.Errorf("%+v", left)
		}
		_, two = h.comeIn("mellison", "", false, Browser{Device: two.Device})
		// Another's browser cannot be forgotten by its id.
		h.person("Bea", "Baker", account.Active)
		stranger, _ := h.comeIn("bbaker", "", false, Browser{})
		if err := h.ForgetDevice(t.Context(), stranger.Token, list()[0].ID); err != nil || len(list()) != 2 {
			t.Errorf("%v, %d are left", err, len(list()))
		}
		if err := h.ForgetDevice(t.Context(), in.Token, list()[0].ID); err != nil || len(list()) != 1 {
			t.Errorf("%v, %d are left", err, len(list()))
		}
		again, _ := h.comeIn("mellison", "", false, two)
		left := len(list())
		h.write(func(tx *db.Tx) error { return ForgetDeviceOf(tx, a.ID, again.Token.ID()) })
		if n := len(list()); n != left-1 {
			t.Errorf("%d are left of %d", n, left)
		}
		h.write(func(tx *db.Tx) error { return ForgetDevices(tx, a.ID) })
		if left := list(); len(left) != 0 {
			t.Errorf("%+v", left)
		}
		news := h.news()
		h.comeIn("mellison", "", false, one)
		if h.news() != news+1 {
			t.Error("a forgotten browser comes back unseen")
		}
	})
}

// asvs: V6.3.3
func TestATrustedBrowserNeedsNoCodeForAWhile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		seed, _ := h.app(a)
		needsCode := func(b Browser) bool {
			t.Helper()
			got, err := h.enter("192.0.2.1", "mellison", good, b)
			if err != nil {
				t.Fatal(err)
			}
			return got.Token == ""
		}
		_, plain := h.comeIn("mellison", seed, false, firefox)
		if !needsCode(plain) {
			t.Error("a known browser that nobody trusts needs no code")
		}
		_, trusted := h.comeIn("mellison", seed, true, firefox)
		if needsCode(trusted) {
			t.Error("a trusted browser needs the code")
		}
		if !needsCode(Browser{}) {
			t.Error("trust reaches other browsers")
		}
		// Such a session proves too little to change what protects the account.
		got, err := h.enter("192.0.2.1", "mellison", good, trusted)
		if err != nil {
			t.Fatal(err)
		}
		h.write(func(tx *db.Tx) error {
			if _, _, err := account.FreshlySignedIn(tx, got.Token); !fault.Code(err, "sign-in-again") {
				t.Errorf("fresh without the code: %v", err)
			}
			return nil
		})
		if _, err := h.Again(t.Context(), session.Client, got.Token, Answer{Password: good}, trusted); !fault.Code(err, "required") {
			t.Errorf("proving it again without the code: %v", err)
		}
		// Signing in does not make it last longer.
		e.Clock.Advance(TrustFor - time.Hour)
		if needsCode(trusted) {
			t.Error("the trust ended early")
		}
		e.Clock.Advance(time.Hour)
		if !needsCode(trusted) {
			t.Error("the trust has no end")
		}
	})
}

func TestTrustEndsWithWhatItRestedOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		seed, _ := h.app(a)
		plain := good
		for name, end := range map[string]func(*db.Tx) error{
			"a new password, by somebody who forgot the browsers": func(tx *db.Tx) error {
				hash, err := h.Passwords.Hasher.Hash(t.Context(), good)
				return errors.Join(err, account.SetPassword(tx, a.ID, hash))
			},
			"a reset":        func(tx *db.Tx) error { return ForgetDevices(tx, a.ID) },
			"an own change":  func(tx *db.Tx) error { return ForgetOtherDevices(tx, a.ID, "") },
			"becoming staff": func(*db.Tx) error { h.staff[a.ID] = true; return nil },
			"nothing at all": nil,
		} {
			h.staff[a.ID] = false
			_, trusted := h.comeIn("mellison", seed, true, Browser{})
			e.Clock.Advance(time.Second)
			if end != nil {
				h.write(end)
			}
			got, err := h.enter("192.0.2.1", "mellison", plain, trusted)
			if err != nil || (got.Token == "") != (end != nil) {
				t.Errorf("after %s: %+v %v", name, got, err)
			}
		}
	})
}

func TestStaffAreNeverTrusted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Ines", "Duarte", account.Active)
		h.staff[a.ID] = true
		seed, _ := h.app(a)
		in, b := h.comeIn("iduarte", seed, true, firefox)
		if in.Kind != session.Staff {
			t.Fatalf("%+v", in)
		}
		if all, err := h.Devices(t.Context(), a.ID); err != nil || len(all) != 1 || all[0].Trusted(e.Clock.Now()) {
			t.Errorf("%+v %v", all, err)
		}
		// Not even where the row says so.
		h.write(func(tx *db.Tx) error {
			return tx.Do(`UPDATE device SET trusted_until = $1`, db.Micros(e.Clock.Now().Add(time.Hour)))
		})
		if got, err := h.enter("192.0.2.1", "iduarte", good, b); err != nil || got.Token != "" {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// A stranger who has the password can neither hold up the owner at the code nor switch the authenticator off.
func TestAStrangerWithThePasswordDoesNotHoldUpTheOwnersCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison", account.Active)
		seed, _ := h.app(a)
		_, known := h.comeIn("mellison", seed, false, firefox)
		stranger, err := h.enter("198.51.100.1", "mellison", good, Browser{})
		if err != nil {
			t.Fatal(err)
		}
		for range 130 {
			if _, err := h.Code(t.Context(), stranger.Ticket, Proof{Code: "000000"}, Browser{}); fault.Is(err, fault.TooMany) {
				e.Clock.Advance(fault.From(err).RetryAfter)
			} else if fault.Is(err, fault.Gone) {
				if stranger, err = h.enter("198.51.100.1", "mellison", good, Browser{}); err != nil {
					t.Fatal(err)
				}
			} else if !fault.Code(err, "sign-in-code-wrong") {
				t.Fatal(err)
			}
		}
		h.write(func(tx *db.Tx) error { return tx.Do(`UPDATE authenticator SET failures = 100`) })
		got, err := h.enter("192.0.2.1", "mellison", good, known)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Code(t.Context(), got.Ticket, Proof{Code: h.digits(seed)}, known); err != nil {
			t.Errorf("the owner's browser: %v", err)
		}
		// For others the means was off until that moment.
		h.write(func(tx *db.Tx) error { return tx.Do(`UPDATE authenticator SET failures = 100`) })
		e.Clock.Advance(time.Minute)
		got, err = h.enter("192.0.2.1", "mellison", good, Browser{})
		if err != nil {
			t.Fatal(err)
		}
		h.write(func(tx *db.Tx) error { return Forgive(tx, a) })
		if _, err := h.Code(t.Context(), got.Ticket, Proof{Code: h.digits(seed)}, Browser{}); !fault.Code(err, "sign-in-code-wrong") {
			t.Errorf("a stranger with the right code after a hundred failures: %v", err)
		}
	})
}

// asvs: V6.5.1 V2.3.4
func TestOneCodeProvesOnceOnTwoNodes(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, one, two *dbtest.Env) {
		h := build(t, one)
		other := *h.Service
		other.DB = two.DB
		a := h.person("Marta", "Ellison", account.Active)
		seed, codes := h.app(a)
		const many = 50
		for name, given := range map[string]string{"the app's": h.digits(seed), "a recovery": codes[0]} {
			h.write(func(tx *db.Tx) error { return Forgive(tx, a) })
			tickets := make([]string, many)
			for i := range tickets {
				got, err := h.enter("192.0.2.1", "mellison", good, Browser{})
				if err != nil {
					t.Fatal(err)
				}
				tickets[i] = got.Ticket
			}
			var mu sync.Mutex
			var wg sync.WaitGroup
			in := 0
			for i, ticket := range tickets {
				node := h.Service
				if i%2 == 1 {
					node = &other
				}
				wg.Go(func() {
					got, err := node.Code(t.Context(), ticket, Proof{Code: given}, Browser{})
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil && got.Token != "":
						in++
					case !fault.Code(err, "sign-in-code-wrong") && !fault.Is(err, fault.TooMany):
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if in != 1 {
				t.Errorf("%s code let %d in", name, in)
			}
		}
	})
}
