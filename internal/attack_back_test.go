package internal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/passkey/passkeytest"
	"vestibule/internal/portaltest"
	"vestibule/internal/secret"
)

const (
	ownersPassword = "Quartz-Lantern-Meadow-91"
	newPassword    = "Copper-Thistle-Lantern-58"
)

// has says what an account has beside its address and password.
type has struct {
	app, questions, mobile, unconfirmed, legacy bool
}

// An owner is somebody whose account is attacked, or whose own account the
// attacker has.
type owner struct {
	account.Account
	key   string // of the authenticator app
	codes []string
}

// ownersAnswers are what owners chose.
func ownersAnswers() []account.Choice {
	return []account.Choice{
		{Own: "What did we call the boat?", Answer: "tin whistle"}, {Own: "What did the garden smell of?", Answer: "burnt leek pie"},
		{Own: "Where did the old road end?", Answer: "behind the mill"},
	}
}

// settled is an account in one go: the ways to it have tests of their own. n
// tells people's numbers apart.
func settled(t testing.TB, p *portaltest.Portal, first string, n int, h has) owner {
	t.Helper()
	hash, err := p.Passwords.Hasher.Hash(t.Context(), ownersPassword)
	if err != nil {
		t.Fatal(err)
	}
	questions, err := p.Passwords.HashAnswers(t.Context(), ownersAnswers())
	if err != nil {
		t.Fatal(err)
	}
	email, err := account.ParseEmail(strings.ToLower(first) + ".ellison@vale.example")
	if err != nil {
		t.Fatal(err)
	}
	o := owner{}
	p.Change(t, func(tx *db.Tx) (err error) {
		made := account.New{Email: email, EmailProved: !h.unconfirmed, FirstName: first, LastName: "Ellison", Lang: "en", State: account.Unfinished}
		if h.mobile {
			made.Mobile, made.MobileProved = fmt.Sprintf("+4477009%05d", n), true
		}
		if h.legacy {
			made.State = account.Expired
			o.Account, err = account.Import(tx, p.Secret, account.Account{
				Email: email.Typed, EmailKey: email.Key, UserID: strings.ToLower(first[:1]) + "ellison", FirstName: first, LastName: "Ellison", Lang: "en",
			})
			return err
		}
		if o.Account, err = account.Create(tx, p.Secret, account.DefaultPattern, made); err != nil {
			return err
		}
		if err := account.AcceptTerms(tx, o.ID, p.SignIn.Terms, "en", "192.0.2.1"); err != nil {
			return err
		}
		if h.questions {
			if err := account.SetQuestions(tx, o.ID, questions); err != nil {
				return err
			}
		}
		return account.SetPassword(tx, o.ID, hash)
	})
	if h.app {
		p.Change(t, func(tx *db.Tx) error {
			en, err := account.BeginAuthenticator(tx, p.Ring, p.Secret, o.ID, "Northwind", o.UserID)
			o.key = en.Secret
			return err
		})
		p.Change(t, func(tx *db.Tx) (err error) {
			if _, err = account.ConfirmAuthenticator(tx, p.Ring, o.ID, p.Authenticator(t, o.key)); err == nil {
				o.codes, err = account.NewRecoveryCodes(tx, p.Ring, p.Secret, o.ID)
			}
			return err
		})
	}
	p.Clock.Advance(time.Hour)
	return o
}

// from is a browser somewhere in the world.
func from(t testing.TB, p *portaltest.Portal, address string) *portaltest.Browser {
	t.Helper()
	b := p.Browser(t)
	b.Address = address
	return b
}

// signedIn is the owner's own browser, with the app's code where there is one.
func (o owner) signedIn(t testing.TB, p *portaltest.Portal, b *portaltest.Browser) *portaltest.Browser {
	t.Helper()
	b.Open("/sign-in")
	b.Post("/sign-in", url.Values{"login": {o.UserID}, "password": {ownersPassword}})
	if o.key != "" {
		p.Clock.Advance(time.Minute)
		b.Post("/sign-in/code", url.Values{"code": {p.Authenticator(t, o.key)}})
	}
	return b.At(http.StatusOK, "/standing")
}

// whole is all that an attacker might change of an account.
func (o owner) whole(t testing.TB, p *portaltest.Portal) string {
	t.Helper()
	s := ""
	p.Change(t, func(tx *db.Tx) error {
		s = ""
		a, err := account.Get(tx, o.ID)
		if err != nil {
			return err
		}
		s = fmt.Sprintf("state %s %s, %q %q, name %q %q, password %s, confirmed %v %v, closing %v, incomplete %v\n",
			a.State, a.StateReason, a.EmailKey, a.Mobile, a.FirstName, a.LastName, a.PasswordHash, a.EmailConfirmed(), a.MobileVerified(), a.ClosingAt, a.Incomplete)
		for _, q := range []string{
			`SELECT COUNT(*) FROM authenticator WHERE account_id = $1`, `SELECT COUNT(*) FROM recovery_code WHERE used_at = 0 AND account_id = $1`,
			`SELECT COUNT(*) FROM account_question WHERE account_id = $1`, `SELECT COUNT(*) FROM passkey WHERE account_id = $1`,
			`SELECT COUNT(*) FROM session WHERE account_id = $1`, `SELECT COUNT(*) FROM staff WHERE account_id = $1`,
			`SELECT COUNT(*) FROM organization_member WHERE account_id = $1`, `SELECT COUNT(*) FROM terms_acceptance WHERE account_id = $1`,
		} {
			var n int64
			if err := tx.Get(q, []any{o.ID}, &n); err != nil {
				return err
			}
			s += fmt.Sprintf("%s %d\n", q, n)
		}
		return nil
	})
	return s
}

// unchanged fails where something of the account is other than before.
func (o owner) unchanged(t testing.TB, p *portaltest.Portal, before, what string) {
	t.Helper()
	if now := o.whole(t, p); now != before {
		t.Errorf("%s: the account of %s is another:\n%sbefore:\n%s", what, o.UserID, now, before)
	}
}

var eightDigits = regexp.MustCompile(`\b\d{8}\b`)

// resetMail is what somebody with the mailbox reads.
func (o owner) resetMail(t testing.TB, p *portaltest.Portal) (code, path string) {
	t.Helper()
	m := mailOf(t, p, o.Email, "recovery-reset")
	return eightDigits.FindString(m.Text), pathIn(m.Link(t, "/reset-password/"))
}

func pathIn(link string) string { return strings.TrimPrefix(link, portaltest.Base) }

// battery is everything that somebody without another proof can send to a
// recovery, whatever step it is at.
func battery(b *portaltest.Browser) {
	for _, round := range []int{1, 2} {
		for _, post := range []struct {
			path string
			form url.Values
		}{
			{"password", url.Values{"password": {newPassword}}},
			{"authenticator", url.Values{"code": {"000000"}}}, {"authenticator", url.Values{"code": {""}}},
			{"authenticator", url.Values{"code": {"aaaa-bbbb-cccc-dddd"}, "with": {"recovery"}}},
			{"answers", url.Values{"a1": {"no"}, "a2": {"no"}}}, {"answers", url.Values{"a1": {" "}, "a2": {""}}}, {"answers", nil},
			{"password", url.Values{"password": {newPassword}}},
			{"forgot-answers", nil}, {"means", url.Values{"means": {"sms"}}}, {"code", url.Values{"code": {"000000"}}},
			{"means", url.Values{"means": {"passkey"}}}, {"passkey/begin", nil}, {"passkey", url.Values{"passkey": {"{}"}}},
			{"means", url.Values{"means": {"email"}}}, {"code", url.Values{"code": {"00000000"}}}, {"back", nil}, {"help", nil}, {"back", nil},
			{"password", url.Values{"password": {newPassword}, "step": {"password"}, "proved": {"email,sms"}, "answered": {"true"}, "app": {"true"}}},
		} {
			if round == 2 && post.path == "means" {
				continue // the first round's send stands
			}
			b.Raw("/reset-password/"+post.path, post.form)
		}
	}
	b.Open("/reset-password")
}

// asvs: V6.4.3
func TestWhoHasTheMailboxAloneGetsIntoNoAccountThatHasMore(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		for i, victim := range []owner{
			settled(t, p, "Marta", 1, has{questions: true, mobile: true}), settled(t, p, "Nora", 2, has{questions: true}),
			settled(t, p, "Olga", 3, has{mobile: true}), settled(t, p, "Paula", 4, has{app: true}),
			settled(t, p, "Quinn", 5, has{app: true, questions: true, mobile: true}), settled(t, p, "Rosa", 6, has{}),
		} {
			before := victim.whole(t, p)
			thief := from(t, p, fmt.Sprintf("203.0.113.%d", 10+i))
			thief.Open("/reset-password").Post("/reset-password", url.Values{"login": {victim.Email}})
			code, _ := victim.resetMail(t, p)
			thief.Post("/reset-password/code", url.Values{"code": {code}})
			battery(thief)
			thief.Lacks("Choose a new password")
			// What was asked of the victim's own texts the thief does not read; the mailbox again is not another proof.
			p.Clock.Advance(10 * time.Minute)
			again := from(t, p, fmt.Sprintf("203.0.113.%d", 30+i))
			again.Open("/reset-password").Post("/reset-password", url.Values{"login": {victim.UserID}})
			_, link := victim.resetMail(t, p)
			again.Open(link).Post(link, nil)
			battery(again)
			p.Deliver()
			for _, m := range p.Inbox.To(victim.Email) {
				for _, code := range append(eightDigits.FindAllString(m.Text, -1), sixDigits.FindAllString(m.Text, -1)...) {
					again.Raw("/reset-password/code", url.Values{"code": {code}})
					thief.Raw("/reset-password/code", url.Values{"code": {code}})
				}
			}
			battery(again)
			victim.unchanged(t, p, before, "the mailbox alone")
			for _, b := range []*portaltest.Browser{thief, again} {
				if b.Open("/portal").URL.Path != "/sign-in" {
					t.Errorf("%s: the thief is in", victim.UserID)
				}
			}
		}
	})
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// asvs: V6.4.3
func TestWhoHasThePhoneAloneGetsIntoNoAccount(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		for i, victim := range []owner{
			settled(t, p, "Marta", 1, has{questions: true, mobile: true}), settled(t, p, "Olga", 3, has{mobile: true}),
			settled(t, p, "Quinn", 5, has{app: true, questions: true, mobile: true}), settled(t, p, "Petra", 6, has{unconfirmed: true, mobile: true, questions: true}),
		} {
			before := victim.whole(t, p)
			thief := from(t, p, fmt.Sprintf("203.0.113.%d", 10+i))
			thief.Open("/reset-password").Post("/reset-password", url.Values{"login": {victim.UserID}})
			thief.Post("/reset-password/means", url.Values{"means": {"sms"}})
			p.Deliver()
			for range 2 {
				for _, m := range p.Inbox.To(victim.Mobile) {
					for _, code := range sixDigits.FindAllString(m.Text, -1) {
						thief.Raw("/reset-password/code", url.Values{"code": {code}})
					}
				}
				battery(thief)
				p.Deliver()
			}
			thief.Lacks("Choose a new password", victim.Email)
			victim.unchanged(t, p, before, "the phone alone")
		}
	})
}

// The one account that the mailbox alone opens is imported and has nothing
// else, and it opens once: before anything else is done its new owner gives
// what a reset wants from then on.
func TestALegacyAccountIsOpenedByItsMailboxOnceAndNotAfterItIsComplete(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		victim := settled(t, p, "Bea", 1, has{legacy: true})
		b := from(t, p, "203.0.113.10")
		reset := func(b *portaltest.Browser, password string) {
			b.Open("/reset-password").Post("/reset-password", url.Values{"login": {victim.Email}})
			code, _ := victim.resetMail(t, p)
			b.Post("/reset-password/code", url.Values{"code": {code}})
			b.Post("/reset-password/password", url.Values{"password": {password}})
		}
		reset(b, newPassword)
		b.Sees("Your password is set")
		b.Open("/sign-in").Post("/sign-in", url.Values{"login": {victim.UserID}, "password": {newPassword}})
		b.Press("Accept and continue")
		// Half signed in: nothing opens, and no form leads past what is missing.
		for _, path := range []string{"/portal", "/standing", "/portal/account", "/portal/account/data"} {
			if at := b.Copy().Open(path).URL.Path; at != "/sign-in" {
				t.Errorf("before it is complete %s opens %s", path, at)
			}
		}
		b.Copy().Raw("/sign-in/go-on", nil)
		b.Copy().Raw("/sign-in/keep", nil)
		b.Copy().Raw("/sign-in/terms", url.Values{"answer": {"later"}})
		if n := p.Count(t, `SELECT COUNT(*) FROM session WHERE account_id = $1`, victim.ID); n != 0 {
			t.Fatalf("%d sessions of an account that is not complete", n)
		}
		b.Open("/sign-in").Press("Go on").At(http.StatusOK, "/register")
		b.Choose("Country code", "GB +44").Fill("Mobile number", "07700 900123").Press("Send a code to this number")
		b.Fill("Six-digit code", p.SMS("+447700900123").Code(t)).Press("Continue")
		a := ownersAnswers()
		b.Post("/register/questions", url.Values{"q1": {"own"}, "own1": {a[0].Own}, "a1": {a[0].Answer}, "q2": {"own"}, "own2": {a[1].Own}, "a2": {a[1].Answer}, "q3": {"own"}, "own3": {a[2].Own}, "a3": {a[2].Answer}})
		b.Post("/register/confirm", url.Values{"a1": {a[0].Answer}, "a2": {a[1].Answer}, "a3": {a[2].Answer}})
		b.Post("/register/authenticator/skip", nil)
		if n := p.Count(t, `SELECT COUNT(*) FROM account WHERE id = $1 AND incomplete`, victim.ID); n != 0 {
			t.Fatalf("it is not complete: %s", b.Text())
		}
		p.Clock.Advance(2 * time.Hour)
		before := victim.whole(t, p)
		thief := from(t, p, "203.0.113.20")
		reset(thief, "Another-Thistle-Lantern-77")
		battery(thief)
		victim.unchanged(t, p, before, "the mailbox a second time")
	})
}

// A stranger who registered somebody's address first keeps nothing once the
// mailbox speaks; and the mailbox gets the address, not what the stranger set.
//
// asvs: V6.4.3
func TestWhatAStrangerSetBeforeTheAddressWasProvedIsGoneWithTheProof(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		stranger := settled(t, p, "Petra", 6, has{unconfirmed: true, mobile: true, questions: true})
		in := stranger.signedIn(t, p, from(t, p, "203.0.113.1"))
		mailbox := from(t, p, "203.0.113.2")
		mailbox.Open("/reset-password").Post("/reset-password", url.Values{"login": {stranger.Email}})
		p.Deliver()
		all := p.Inbox.To(stranger.Email)
		link := pathIn(all[len(all)-1].Link(t, "/reset-password/link/"))
		mailbox.Open(link).Post(link, nil)
		mailbox.At(http.StatusOK, "/register")
		if at := in.Open("/standing").URL.Path; at != "/sign-in" {
			t.Errorf("the stranger is still in, at %s", at)
		}
		back := from(t, p, "203.0.113.1")
		back.Open("/sign-in").Post("/sign-in", url.Values{"login": {stranger.UserID}, "password": {ownersPassword}})
		back.At(http.StatusUnprocessableEntity, "/sign-in")
		// The stranger's number and answers are no way back in either.
		p.Clock.Advance(time.Hour)
		before := len(p.Inbox.To(stranger.Mobile))
		back.Open("/reset-password").Post("/reset-password", url.Values{"login": {stranger.UserID}})
		back.Post("/reset-password/means", url.Values{"means": {"sms"}})
		p.Deliver()
		if n := len(p.Inbox.To(stranger.Mobile)); n != before {
			t.Errorf("the stranger's number gets %d more texts", n-before)
		}
		for _, q := range []string{`SELECT COUNT(*) FROM account_question WHERE account_id = $1`, `SELECT COUNT(*) FROM account_password WHERE account_id = $1`, `SELECT COUNT(*) FROM passkey WHERE account_id = $1`} {
			if n := p.Count(t, q, stranger.ID); n != 0 {
				t.Errorf("%s: %d", q, n)
			}
		}
	})
}

// asvs: V6.3.3 V6.5.1 V7.5.1
func TestThePasswordAloneOpensNothingWhereAnAuthenticatorIs(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		victim := settled(t, p, "Marta", 1, has{app: true, questions: true, mobile: true})
		mallory := settled(t, p, "Olga", 2, has{app: true})
		// The thief has an account too: its browser is known to it and trusted for its app.
		thief := from(t, p, "203.0.113.9")
		thief.Open("/sign-in").Post("/sign-in", url.Values{"login": {mallory.UserID}, "password": {ownersPassword}})
		p.Clock.Advance(time.Minute)
		thief.Post("/sign-in/code", url.Values{"code": {p.Authenticator(t, mallory.key)}, "trust": {"yes"}}).At(http.StatusOK, "/standing")
		thief.Post("/sign-out", nil)
		thief.Open("/sign-in").Post("/sign-in", url.Values{"login": {mallory.UserID}, "password": {ownersPassword}}).At(http.StatusOK, "/standing")
		thief.Post("/sign-out", nil)
		before := victim.whole(t, p)
		tickets := thief.Open("/sign-in").Post("/sign-in", url.Values{"login": {victim.UserID}, "password": {ownersPassword}})
		tickets.At(http.StatusOK, "/sign-in").Sees("Enter the code from your app")
		for _, post := range []struct {
			path string
			form url.Values
		}{
			{"/sign-in/code", url.Values{"code": {p.Authenticator(t, mallory.key)}}}, {"/sign-in/code", url.Values{"code": {mallory.codes[0]}, "with": {"recovery"}}},
			{"/sign-in/code", url.Values{"trust": {"yes"}}}, {"/sign-in/terms", url.Values{"answer": {"accept"}, "version": {p.SignIn.Terms.Version}}},
			{"/sign-in/go-on", nil}, {"/sign-in/keep", nil}, {"/sign-in/complete", nil}, {"/sign-in/recover", nil}, {"/sign-in/password", url.Values{"password": {newPassword}}},
			{"/sign-in/code/passkey/ask", nil}, {"/sign-in/code/passkey", url.Values{"passkey": {"{}"}}}, {"/sign-in/again", url.Values{"password": {ownersPassword}}},
		} {
			b := thief.Copy()
			b.Address = thief.Address
			if answer := b.Raw(post.path, post.form); answer.Status >= 500 {
				t.Errorf("%s: %d", post.path, answer.Status)
			}
			for _, c := range b.Cookies() {
				if c.Name == "__Host-session" && c.Value != "" {
					t.Errorf("%s made a session", post.path)
				}
			}
		}
		victim.unchanged(t, p, before, "the password alone")

		// A session that somebody left open is not fresh, and the password without the app's code does not make it so.
		open := victim.signedIn(t, p, from(t, p, "198.51.100.3"))
		p.Clock.Advance(account.FreshFor + time.Second)
		before = victim.whole(t, p)
		for _, code := range []string{"", "000000", p.Authenticator(t, mallory.key), mallory.codes[1]} {
			open.Post("/sign-in/again", url.Values{"password": {ownersPassword}, "code": {code}, "next": {"/portal/account/password"}})
			if open.URL.Path != "/sign-in/again" {
				t.Errorf("with the code %q it leads to %s", code, open.URL.Path)
			}
			if at := open.Open("/portal/account/password").URL.Path; at != "/sign-in/again" {
				t.Errorf("after the code %q the password's page opens", code)
			}
		}
		victim.unchanged(t, p, before, "an open session and the password")
	})
}

// asvs: V6.5.1 V6.3.3
func TestATrustedBrowserIsTrustedForItsOwnAccountAlone(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		victim := settled(t, p, "Marta", 1, has{app: true})
		own := from(t, p, "198.51.100.3")
		own.Open("/sign-in").Post("/sign-in", url.Values{"login": {victim.UserID}, "password": {ownersPassword}})
		p.Clock.Advance(time.Minute)
		own.Post("/sign-in/code", url.Values{"code": {p.Authenticator(t, victim.key)}, "trust": {"yes"}}).At(http.StatusOK, "/standing")
		device := ""
		for _, c := range own.Cookies() {
			if c.Name == "__Host-device" {
				device = c.Value
			}
		}
		if device == "" {
			t.Fatal("no cookie of the browser")
		}
		// Stolen, it takes the place of the code and never of the password; and it makes no session fresh.
		thief := from(t, p, "203.0.113.9")
		thief.SetCookie("__Host-device", device)
		thief.Open("/sign-in").Post("/sign-in", url.Values{"login": {victim.UserID}, "password": {"Wrong-" + ownersPassword}}).At(http.StatusUnprocessableEntity, "/sign-in")
		thief.Post("/sign-in/code", url.Values{"code": {"000000"}})
		if at := thief.Open("/standing").URL.Path; at != "/sign-in" {
			t.Errorf("the cookie alone leads to %s", at)
		}
		// Cut, or a letter other, it is nobody's.
		for _, bad := range []string{device[:len(device)-1], device + "x", strings.ToLower(device), "", "."} {
			b := from(t, p, "203.0.113.10")
			b.SetCookie("__Host-device", bad)
			b.Open("/sign-in").Post("/sign-in", url.Values{"login": {victim.UserID}, "password": {ownersPassword}})
			if at := b.Open("/standing").URL.Path; at != "/sign-in" {
				t.Errorf("with %q in place of the cookie the browser is trusted", bad)
			}
		}
		// Thirty days, and no longer.
		p.Clock.Advance(30*24*time.Hour + time.Second)
		late := from(t, p, "198.51.100.3")
		late.SetCookie("__Host-device", device)
		late.Open("/sign-in").Post("/sign-in", url.Values{"login": {victim.UserID}, "password": {ownersPassword}})
		late.At(http.StatusOK, "/sign-in").Sees("Enter the code from your app")
	})
}

// asvs: V7.5.1
func TestASessionThatWasLeftAloneChangesNothingOnAnyRoute(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		victim := settled(t, p, "Marta", 1, has{app: true, questions: true, mobile: true})
		b := victim.signedIn(t, p, from(t, p, "198.51.100.3"))
		device := passkeytest.New(t, secret.Seeded(3), portaltest.Base)
		made := device.Make(ask(t, b, "/portal/account/passkeys/ask"))
		p.Clock.Advance(account.FreshFor + time.Second)
		before := victim.whole(t, p)
		flows := func() int { return p.Count(t, `SELECT COUNT(*) FROM flow WHERE subject = $1`, victim.ID) }
		begun := flows()
		// What somebody who found the session open may do, and why.
		free := map[string]string{
			"/portal/account/details":                      "a name and a language prove nothing",
			"/portal/account/sessions/{id}/end":            "to end a session is always safe",
			"/portal/account/email/cancel":                 "to take a change back is always safe",
			"/portal/account/mobile/cancel":                "to take a change back is always safe",
			"/portal/account/email/resend":                 "sends to the address that a fresh session named",
			"/portal/account/mobile/resend":                "sends to the number that a fresh session named",
			"/portal/account/password/check":               "says how good a text is",
			"/portal/account/questions/check":              "says how good answers are",
			"/portal/account/authenticator/kept":           "says only that the codes are kept",
			"/portal/account/passkeys/{id}/name":           "a name that only the owner sees",
			"/portal/account/sessions/devices/{id}/forget": "to trust a browser less is always safe",
			"/sign-in/again":                               "is where freshness comes from",
			"/sign-in/again/passkey":                       "is where freshness comes from",
			"/sign-in/again/passkey/ask":                   "is where freshness comes from",
			"/standing/confirm":                            "sends the link to the owner's address",
		}
		for _, route := range p.Kit.Routes() {
			method, pattern, _ := strings.Cut(route.Pattern, " ")
			if route.Access.String() != "signed-in" || method != http.MethodPost {
				continue
			}
			if _, ok := free[pattern]; ok {
				continue
			}
			form := url.Values{
				"email": {"eve@evil.example"}, "mobile-country": {"GB"}, "mobile": {"07700 900999"}, "code": {"123456"}, "email-code": {"123456"}, "user_id": {victim.UserID},
				"current": {ownersPassword}, "password": {newPassword}, "name": {"Mine"}, "passkey": {string(made)}, "q1": {"own"}, "own1": {"What is this?"}, "a1": {"nothing at all"},
				"a2": {"something"}, "a3": {"anything"},
			}
			if page := b.Copy().Raw(instance(pattern), form); page.Status == http.StatusOK || page.Status >= 500 {
				t.Errorf("POST %s by an old sign-in is answered %d", pattern, page.Status)
			}
			if n := flows(); n != begun {
				t.Errorf("POST %s by an old sign-in begins something", pattern)
			}
			victim.unchanged(t, p, before, "POST "+pattern+" by an old sign-in")
		}
		p.Deliver()
		if n := len(p.Inbox.To("eve@evil.example")) + len(p.Inbox.To("+447700900999")); n != 0 {
			t.Errorf("%d messages went to where the thief wanted them", n)
		}
	})
}

var holes = regexp.MustCompile(`\{[^}]*\}`)

// instance is an address of a route.
func instance(pattern string) string {
	return strings.ReplaceAll(holes.ReplaceAllString(pattern, "x"), "x$", "")
}

// ticketOf is what a browser holds under a name.
func ticketOf(t testing.TB, b *portaltest.Browser, name string) string {
	t.Helper()
	all := b.Cookies()
	i := slices.IndexFunc(all, func(c *http.Cookie) bool { return c.Name == "__Host-"+name })
	if i < 0 {
		t.Fatalf("no cookie %s", name)
	}
	return all[i].Value
}
