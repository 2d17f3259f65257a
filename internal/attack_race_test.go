package internal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/passkey/passkeytest"
	"vestibule/internal/portaltest"
	"vestibule/internal/secret"
	"vestibule/internal/staff"
)

// race is many at once who want different things of one account.
func race(nodes []*portaltest.Portal, all []send) []int {
	return atOnce(len(all), func(k int) int {
		b := all[k].b.CopyOn(nodes[k%2])
		b.Address = fmt.Sprintf("203.1.%d.%d", k/200, 1+k%200)
		status := b.Raw(all[k].path, all[k].form).Status
		*all[k].b = *b
		return status
	})
}

// asvs: V7.4.3 V15.4.2
func TestWhoSignsInWithTheOldPasswordWhileItChangesIsNotIn(t *testing.T) {
	portaltest.Two(t, func(t *testing.T, p, other *portaltest.Portal) {
		nodes := []*portaltest.Portal{p, other}
		for round, change := range []struct {
			what string
			send func(o owner) send
		}{
			{"a new password", func(o owner) send {
				return send{o.signedIn(t, p, from(t, p, "198.51.100.1")), "/portal/account/password", url.Values{"current": {ownersPassword}, "password": {newPassword}}}
			}},
			{"a reset", func(o owner) send {
				b := resetBegun(t, p, o, "sms")
				b.Post("/reset-password/code", url.Values{"code": {p.SMS(o.Mobile).Code(t)}}).Post("/reset-password/answers", right(b)).Sees("Choose a new password")
				return send{b, "/reset-password/password", url.Values{"password": {newPassword}}}
			}},
			{"disabling", func(o owner) send {
				desk := browserOf(member(t, p, "Cleo", staff.Helpdesk))
				return send{desk, "/office/accounts/" + o.ID + "/act", url.Values{"act": {"disable"}, "reason": {"because"}}}
			}},
		} {
			for try := range 3 {
				if change.what == "disabling" && try > 0 {
					break
				}
				o := person(t, p, 3*round+try, has{questions: true, mobile: true})
				var thieves []send
				for range 24 {
					thieves = append(thieves, send{from(t, p, "203.0.113.1"), "/sign-in", url.Values{"login": {o.UserID}, "password": {ownersPassword}}})
				}
				own := change.send(o)
				all := append(append(append([]send{}, thieves[:8]...), own), thieves[8:]...)
				race(nodes, all)
				if change.what == "disabling" { // and as soon as it is enabled again, what began before is still over
					if a := p.Account(t, o.Email); a.State != account.Disabled {
						t.Fatalf("it is %s", a.State)
					}
					browserOf(member(t, p, "Dora", staff.Helpdesk)).Post("/office/accounts/"+o.ID+"/act", url.Values{"act": {"enable"}, "reason": {"because"}})
				} else if n := p.Count(t, `SELECT COUNT(*) FROM account_password WHERE account_id = $1`, o.ID); n != 2 {
					t.Fatalf("%s: %d passwords", change.what, n)
				}
				in := 0
				for k := range thieves {
					b := thieves[k].b
					if at := b.Open("/standing").URL.Path; at == "/standing" {
						in++
					}
				}
				if in > 0 {
					t.Errorf("after %s %d browsers are in with the old password", change.what, in)
				}
			}
		}
	})
}

// asvs: V15.4.2
func TestOfAResetAndAChangeAtOnceOneCounts(t *testing.T) {
	portaltest.Two(t, func(t *testing.T, p, other *portaltest.Portal) {
		for round := range 4 {
			o := person(t, p, round, has{questions: true, mobile: true})
			r := resetBegun(t, p, o, "sms")
			r.Post("/reset-password/code", url.Values{"code": {p.SMS(o.Mobile).Code(t)}}).Post("/reset-password/answers", right(r)).Sees("Choose a new password")
			b := o.signedIn(t, p, from(t, p, "198.51.100.1"))
			var all []send
			for range 12 {
				all = append(all, send{r.Copy(), "/reset-password/password", url.Values{"password": {newPassword}}},
					send{b.Copy(), "/portal/account/password", url.Values{"current": {ownersPassword}, "password": {"Another-Thistle-Lantern-77"}}})
			}
			statuses := race([]*portaltest.Portal{p, other}, all)
			for _, status := range statuses {
				if status >= 500 {
					t.Errorf("one was answered %d", status)
				}
			}
			if n := p.Count(t, `SELECT COUNT(*) FROM account_password WHERE account_id = $1`, o.ID); n != 2 {
				t.Errorf("%d passwords, want the first and one more", n)
			}
		}
	})
}

// asvs: V7.5.1
func TestWhatIsFreshIsFreshForFiveMinutesToTheMicrosecond(t *testing.T) {
	p := portaltest.SQLite(t)
	o := settled(t, p, "Marta", 1, has{})
	b := o.signedIn(t, p, from(t, p, "198.51.100.1"))
	p.Clock.Advance(account.FreshFor - time.Microsecond)
	if answer := b.Copy().Raw("/portal/account/mobile", url.Values{"mobile-country": {"GB"}, "mobile": {"07700 900998"}}); answer.Header.Get("Location") != "/portal/account/mobile" {
		t.Errorf("just before its end: %d %s", answer.Status, answer.Header.Get("Location"))
	}
	p.Clock.Advance(2 * time.Microsecond)
	before := p.Count(t, `SELECT COUNT(*) FROM event WHERE action = 'account.mobile_change_ask'`)
	b.Copy().Raw("/portal/account/mobile", url.Values{"mobile-country": {"GB"}, "mobile": {"07700 900999"}})
	b.Open("/portal/account/password").At(http.StatusOK, "/sign-in/again")
	if n := p.Count(t, `SELECT COUNT(*) FROM event WHERE action = 'account.mobile_change_ask'`); n != before || before != 1 {
		t.Errorf("%d changes were asked for, and %d after its end", before, n-before)
	}
	// A passkey's challenge, and the session itself.
	device := withKey(t, p, o, 1)
	for _, early := range []time.Duration{time.Microsecond, 0} {
		c := from(t, p, "198.51.100.2").Open("/sign-in")
		form := answer(device.Use(ask(t, c, "/sign-in/passkey/ask")))
		p.Clock.Advance(5*time.Minute - early)
		c.Post("/sign-in/passkey", form)
		if in := c.URL.Path == "/standing"; in != (early > 0) {
			t.Errorf("a challenge that is answered %s before its end leads to %s", early, c.URL.Path)
		}
		if early > 0 {
			p.Clock.Advance(time.Hour - early)
			c.Open("/standing").At(http.StatusOK, "/standing")
			p.Clock.Advance(time.Hour)
			c.Open("/standing").At(http.StatusOK, "/sign-in")
		}
	}
}

// asvs: V6.4.3 V8.2.2
func TestAPasskeyOfOnePersonProvesNothingOfAnother(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		victim, thief := settled(t, p, "Marta", 1, has{app: true}), settled(t, p, "Olga", 2, has{})
		his := withKey(t, p, thief, 2)
		own := withKey(t, p, victim, 1)
		p.Clock.Advance(time.Minute)
		before := victim.whole(t, p)
		// In a reset of the victim's account, at its second step, and where it is to be proved again.
		r := resetBegun(t, p, victim, "passkey")
		r.Post("/reset-password/passkey", answer(his.Use(ask(t, r, "/reset-password/passkey/begin")))).Lacks("Enter the code from your app", "Choose a new password")
		half := halfIn(t, p, victim, 1)[0]
		options := ask(t, half, "/sign-in/code/passkey/ask")
		// The options name the victim's keys alone; the thief answers with its own all the same.
		key := *his.Keys[0]
		bent := passkeytest.New(t, secret.Seeded(77), portaltest.Base)
		bent.Keys = append(bent.Keys, &key)
		for _, used := range [][]byte{bent.Use(options), his.Use(ask(t, from(t, p, "203.0.113.1").Open("/sign-in"), "/sign-in/passkey/ask"))} {
			if used == nil {
				continue // the stand-in would not answer, as no honest device would
			}
			half.Copy().Raw("/sign-in/code/passkey", answer(used))
		}
		// The victim's answer to the thief's challenge is none either: two browsers swap.
		mine, theirs := from(t, p, "198.51.100.1").Open("/sign-in"), from(t, p, "203.0.113.2").Open("/sign-in")
		ask(t, mine, "/sign-in/passkey/ask")
		form := answer(own.Use(ask(t, theirs, "/sign-in/passkey/ask")))
		mine.Post("/sign-in/passkey", form).At(http.StatusUnprocessableEntity, "/sign-in/passkey")
		victim.unchanged(t, p, before, "somebody else's passkey")

		stale := victim.signedIn(t, p, from(t, p, "198.51.100.3"))
		p.Clock.Advance(account.FreshFor + time.Second)
		before = victim.whole(t, p)
		answerOf := bent.Use(ask(t, stale, "/sign-in/again/passkey/ask"))
		stale.Post("/sign-in/again/passkey", answer(answerOf))
		stale.Open("/portal/account/password").At(http.StatusOK, "/sign-in/again")
		victim.unchanged(t, p, before, "somebody else's passkey at proving it again")
	})
}

// asvs: V6.4.3
func TestNoMemberOfStaffComesBackByTheDoorOfTheClients(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		w := member(t, p, "Cleo", staff.Helpdesk)
		email := "cleo.prior@northwind.example"
		o := owner{Account: p.Account(t, email)}
		before, kinds := o.whole(t, p), len(p.Kinds(email))
		for i, login := range []string{email, o.UserID} {
			b := from(t, p, fmt.Sprintf("203.0.113.%d", 1+i))
			b.Open("/reset-password").Post("/reset-password", url.Values{"login": {login}})
			p.Deliver()
			for _, m := range p.Inbox.To(email) {
				for _, code := range append(eightDigits.FindAllString(m.Text, -1), sixDigits.FindAllString(m.Text, -1)...) {
					b.Raw("/reset-password/code", url.Values{"code": {code}})
				}
			}
			battery(b)
			b.Post("/forgot-user-id", url.Values{"email": {login}})
			in := from(t, p, "203.0.113.9").Open("/sign-in")
			in.Post("/sign-in", url.Values{"login": {login}, "password": {w.Password}})
			if at := in.Open("/portal").URL.Path; at != "/sign-in" && at != "/office/sign-in" {
				t.Errorf("with the password alone at %s", at)
			}
		}
		o.unchanged(t, p, before, "the clients' door")
		for _, m := range p.Inbox.To(email)[kinds:] {
			if eightDigits.MatchString(m.Text) {
				t.Errorf("a code of %s went to a member of staff", m.Kind)
			}
		}
	})
}
