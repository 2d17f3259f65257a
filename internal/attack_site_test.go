package internal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/passkey/passkeytest"
	"vestibule/internal/portaltest"
	"vestibule/internal/secret"
	"vestibule/internal/staff"
)

// posts are all routes that change something, read from the portal's table, so
// that a new one is attacked without anybody thinking of it.
func posts(p *portaltest.Portal, want func(access string) bool) (all []string) {
	for _, route := range p.Kit.Routes() {
		method, pattern, _ := strings.Cut(route.Pattern, " ")
		if method == http.MethodPost && want(route.Access.String()) {
			all = append(all, pattern)
		}
	}
	return all
}

func everyone(string) bool { return true }

// union is one form with every field that the portal's forms have, all of them
// good enough to do something where one counts.
func union(o owner) url.Values {
	return url.Values{
		"login": {o.UserID}, "password": {newPassword}, "current": {ownersPassword}, "email": {"eve@evil.example"}, "email-code": {"123456"}, "code": {"123456"},
		"mobile-country": {"GB"}, "mobile": {"07700 900999"}, "user_id": {o.UserID}, "first": {"Eve"}, "last": {"Evans"}, "organization": {"Evil Ltd"}, "country": {"GB"},
		"lang": {"de"}, "name": {"Mine"}, "passkey": {"{}"}, "means": {"sms"}, "with": {"recovery"}, "trust": {"yes"}, "next": {"/portal"}, "answer": {"accept"},
		"version": {"1"}, "accept": {"yes"}, "q1": {"own"}, "own1": {"What is this thing?"}, "a1": {"nothing at all"}, "q2": {"own"}, "own2": {"What is that thing?"},
		"a2": {"something else"}, "q3": {"own"}, "own3": {"What are those?"}, "a3": {"many of them"}, "totp": {"123456"}, "note": {"Please"}, "decision": {"approve"},
		"picked": {"x"}, "act": {"disable"}, "reason": {"because"}, "questions": {"yes"}, "basis": {"two-staff"}, "clear_reason": {"because"}, "cancel_reason": {"because"},
	}
}

// asvs: V3.5.1 V3.5.3
func TestNoFormOfAnotherSiteIsTakenFromWhoIsSignedIn(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := settled(t, p, "Marta", 1, has{questions: true, mobile: true})
		desk := browserOf(member(t, p, "Cleo", staff.Helpdesk, staff.Approver, staff.Auditor))
		b := o.signedIn(t, p, from(t, p, "198.51.100.1"))
		b.SetCookie("__Host-staff", ticketOf(t, desk, "staff"))
		before, all := o.whole(t, p), state(t, p)
		for _, other := range []struct{ origin, site string }{
			{"https://evil.example", "cross-site"}, {"https://www.example.com", "same-site"}, {"null", "cross-site"}, {"null", ""}, {"https://evil.example", ""},
			{"https://portal.example.com.evil.example", ""}, {"https://portal.example.com:8443", ""},
		} {
			for _, pattern := range posts(p, everyone) {
				c := b.Copy()
				c.Header = http.Header{"Origin": {other.origin}, "Sec-Fetch-Site": {other.site}}
				if other.site == "" { // a browser of some years ago
					c.Header["Sec-Fetch-Site"] = nil
				}
				if answer := c.Raw(instance(pattern), union(o)); answer.Status != http.StatusForbidden {
					t.Errorf("POST %s from %s is answered %d", pattern, other.origin, answer.Status)
				}
			}
			o.unchanged(t, p, before, "forms from "+other.origin)
			if now := state(t, p); now != all {
				t.Errorf("forms from %s changed something:\n%s\nbefore:\n%s", other.origin, now, all)
			}
		}
		// A GET changes nothing wherever it comes from: the cookie goes along with those.
		for _, route := range p.Kit.Routes() {
			if method, pattern, _ := strings.Cut(route.Pattern, " "); method == http.MethodGet {
				b.Copy().Open(instance(pattern))
			}
		}
		o.unchanged(t, p, before, "every GET")
		if now := p.Count(t, `SELECT COUNT(*) FROM outbox_message`); !strings.Contains(all, fmt.Sprintf("outbox_message: %d\n", now)) {
			t.Error("to look at pages sends messages")
		}
	})
}

// asvs: V7.2.1 V8.3.1
func TestNoTicketOfADialogueOpensARouteThatWantsSomebodySignedIn(t *testing.T) {
	p := portaltest.SQLite(t)
	o := settled(t, p, "Marta", 1, has{app: true, questions: true, mobile: true})
	w := somebody(t, p, 401)
	w.GiveDetails()
	reset := resetBegun(t, p, o, "sms")
	reset.Post("/reset-password/code", url.Values{"code": {p.SMS(o.Mobile).Code(t)}})
	key := from(t, p, "198.51.100.1").Open("/sign-in")
	ask(t, key, "/sign-in/passkey/ask")
	path := pathIn(p.Invite(t, "Fay", "Prior", staff.Helpdesk))
	own := o.signedIn(t, p, from(t, p, "198.51.100.2"))
	tickets := map[string]string{
		"a recovery": ticketOf(t, reset, "recovery"), "a registration": ticketOf(t, browserOf(w), "register"), "half a sign-in": ticketOf(t, halfIn(t, p, o, 1)[0], "signing-in"),
		"a passkey's challenge": ticketOf(t, key, "passkey"), "a set-up": ticketOf(t, from(t, p, "198.51.100.1").Open(path).Post(path, nil), "enrolling"),
		"a browser": ticketOf(t, own, "device"),
	}
	before := o.whole(t, p)
	for what, ticket := range tickets {
		b := from(t, p, "203.0.113.4")
		for _, name := range []string{"session", "staff", "recovery", "register", "signing-in", "passkey", "enrolling", "device"} {
			b.SetCookie("__Host-"+name, ticket)
		}
		for _, route := range p.Kit.Routes() {
			method, pattern, _ := strings.Cut(route.Pattern, " ")
			if route.Access.String() == "anyone" {
				continue
			}
			c := b.Copy()
			c.Address = b.Address
			if method == http.MethodPost {
				c.Post(instance(pattern), union(o))
			} else {
				c.Open(instance(pattern))
			}
			if strings.HasPrefix(route.Access.String(), "token") { // for programs, who are led nowhere
				if c.Status != http.StatusUnauthorized {
					t.Errorf("with the ticket of %s %s answers %d", what, route.Pattern, c.Status)
				}
				continue
			}
			if !strings.HasSuffix(c.URL.Path, "/sign-in") {
				t.Errorf("with the ticket of %s %s leads to %d %s", what, route.Pattern, c.Status, c.URL.Path)
			}
		}
	}
	o.unchanged(t, p, before, "tickets everywhere")
}

// asvs: V7.4.1 V7.4.2 V7.4.3 V7.4.5
func TestASessionThatEndedOpensNothingOnEitherNode(t *testing.T) {
	portaltest.Two(t, func(t *testing.T, p, other *portaltest.Portal) {
		end := func(path string, form url.Values) func(o owner, b *portaltest.Browser) {
			return func(_ owner, b *portaltest.Browser) { b.Post(path, form) }
		}
		elsewhere := func(path string, form url.Values) func(o owner, b *portaltest.Browser) {
			return func(o owner, _ *portaltest.Browser) { o.signedIn(t, p, from(t, p, "198.51.100.5")).Post(path, form) }
		}
		desk := func(who, act string) func(o owner, b *portaltest.Browser) {
			return func(o owner, _ *portaltest.Browser) {
				d := browserOf(member(t, p, who, staff.Helpdesk))
				d.Post("/office/accounts/"+o.ID+"/act", url.Values{"act": {act}, "reason": {"because"}}).At(http.StatusOK, "/office/accounts/"+o.ID)
			}
		}
		for i, ending := range []struct {
			what string
			do   func(o owner, b *portaltest.Browser)
		}{
			{"signing out", end("/sign-out", nil)}, {"ending the others", elsewhere("/portal/account/sessions/end-others", nil)},
			{"a new password", elsewhere("/portal/account/password", url.Values{"current": {ownersPassword}, "password": {newPassword}})},
			{"an own new password", end("/portal/account/password", url.Values{"current": {ownersPassword}, "password": {newPassword}})},
			{"proving it again", end("/sign-in/again", url.Values{"password": {ownersPassword}})},
			{"closing", func(o owner, b *portaltest.Browser) {
				b.Post("/portal/account/close", url.Values{"user_id": {o.UserID}})
			}},
			{"disabling", desk("Cleo", "disable")}, {"expiring", desk("Dora", "expire")}, {"the office's ending", desk("Emma", "end-sessions")},
			{"a reset", func(o owner, _ *portaltest.Browser) {
				b := resetBegun(t, p, o, "")
				code, _ := o.resetMail(t, p)
				b.Post("/reset-password/code", url.Values{"code": {code}}).Post("/reset-password/answers", right(b)).Post("/reset-password/password", url.Values{"password": {newPassword}})
				b.Sees("Your password is set")
			}},
			{"an hour of rest", func(owner, *portaltest.Browser) { p.Clock.Advance(time.Hour + time.Microsecond) }},
		} {
			o := person(t, p, i, has{questions: true})
			b := o.signedIn(t, p, from(t, p, "198.51.100.1"))
			stolen := []*portaltest.Browser{b.CopyOn(p), b.CopyOn(other)}
			stolen[0].Open("/standing").At(http.StatusOK, "/standing")
			ending.do(o, b)
			before := o.whole(t, p)
			for _, thief := range stolen {
				for _, route := range p.Kit.Routes() {
					method, pattern, _ := strings.Cut(route.Pattern, " ")
					if route.Access.String() != "signed-in" && route.Access.String() != "client" {
						continue
					}
					c := thief.Copy()
					if method == http.MethodPost {
						c.Post(instance(pattern), union(o))
					} else {
						c.Open(instance(pattern))
					}
					if c.URL.Path != "/sign-in" {
						t.Errorf("after %s %s leads to %d %s", ending.what, route.Pattern, c.Status, c.URL.Path)
					}
				}
			}
			o.unchanged(t, p, before, "a stolen session after "+ending.what)
		}
	})
}

// asvs: V7.2.4
func TestASessionIsAnotherOneAfterEveryChangeOfRights(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := settled(t, p, "Marta", 1, has{questions: true})
		b := from(t, p, "198.51.100.1")
		b.SetCookie("__Host-session", "06fcza5jg0gcbm7f8xk3k1rwtw.06fcza5jg0gcbm7f8xk3k1rwtw06fcza5jg0")
		o.signedIn(t, p, b)
		step := func(what string, do func()) {
			t.Helper()
			token := ticketOf(t, b, "session")
			do()
			if ticketOf(t, b, "session") == token {
				t.Errorf("%s leaves the session as it was", what)
			}
			old := from(t, p, "198.51.100.1")
			old.SetCookie("__Host-session", token)
			if at := old.Open("/portal/account").URL.Path; at != "/sign-in" {
				t.Errorf("after %s the token from before leads to %s", what, at)
			}
		}
		step("proving it again", func() {
			b.Post("/sign-in/again", url.Values{"password": {ownersPassword}, "next": {"/portal/account"}})
		})
		device := passkeytest.New(t, secret.Seeded(5), portaltest.Base)
		form := answer(device.Make(ask(t, b, "/portal/account/passkeys/ask")))
		form.Set("name", "Phone")
		b.Post("/portal/account/passkeys/add", form).At(http.StatusOK, "/portal/account/passkeys")
		p.Clock.Advance(6 * time.Minute)
		step("proving it again by passkey", func() { b.Post("/sign-in/again/passkey", answer(device.Use(ask(t, b, "/sign-in/again/passkey/ask")))) })
		step("a new password", func() {
			b.Post("/portal/account/password", url.Values{"current": {ownersPassword}, "password": {newPassword}})
		})
		b.Post("/portal/account/email", url.Values{"email": {"marta@new.example"}})
		step("another address", func() {
			b.Post("/portal/account/email/code", url.Values{"email-code": {p.Mail("marta@new.example", "Confirm").Code(t)}})
		})
	})
}

// asvs: V3.7.2
func TestAgainLeadsNowhereElse(t *testing.T) {
	p := portaltest.SQLite(t)
	o := settled(t, p, "Marta", 1, has{})
	b := o.signedIn(t, p, from(t, p, "198.51.100.1"))
	device := passkeytest.New(t, secret.Seeded(5), portaltest.Base)
	form := answer(device.Make(ask(t, b, "/portal/account/passkeys/ask")))
	form.Set("name", "Phone")
	b.Post("/portal/account/passkeys/add", form).At(http.StatusOK, "/portal/account/passkeys")
	desk := browserOf(member(t, p, "Cleo", staff.Helpdesk))
	for _, next := range []string{
		"https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/%09/evil.example", "/\t/evil.example", "/%5cevil.example",
		"http:evil.example", "/portal\r\nSet-Cookie: x=y", "///evil.example", "/..//evil.example", "/./\\evil.example", "data:text/html,x", "https:evil.example", "/\x00/evil.example",
		" //evil.example", "/@evil.example", "?next=//evil.example", "#//evil.example", "%2f%2fevil.example", "/portal/../../evil.example", strings.Repeat("/a", 400),
	} {
		local := func(what string, page *portaltest.Page) {
			t.Helper()
			to, err := page.URL.Parse(page.Header.Get("Location"))
			if err != nil || to.Host != "portal.example.com" || to.Scheme != "https" || strings.HasPrefix(page.Header.Get("Location"), "//") || page.Header.Get("Set-Cookie") == "x=y" {
				t.Errorf("%s with %q leads to %q", what, next, page.Header.Get("Location"))
			}
			for _, n := range page.Find("a[href], form[action]") {
				for _, a := range n.Attr {
					if (a.Key == "href" || a.Key == "action") && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "mailto:help@northwind") &&
						!strings.HasPrefix(a.Val, "tel:") && !strings.HasPrefix(a.Val, "?") {
						t.Errorf("%s with %q has %s %q", what, next, a.Key, a.Val)
					}
				}
			}
		}
		b.Open("/sign-in/again?next=" + url.QueryEscape(next))
		local("the page", b.Page)
		local("the proof", b.Raw("/sign-in/again", url.Values{"password": {ownersPassword}, "next": {next}}))
		form := answer(device.Use(ask(t, b, "/sign-in/again/passkey/ask")))
		form.Set("next", next)
		local("the passkey", b.Raw("/sign-in/again/passkey", form))
		desk.Open("/office/sign-in/again?next=" + url.QueryEscape(next))
		local("the office's page", desk.Page)
		local("a wrong proof", b.Raw("/sign-in/again", url.Values{"password": {""}, "next": {next}}))
	}
}

// asvs: V4.1.3
func TestNoMailOfAnAccountNamesAHostThatARequestNamed(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		evil := http.Header{
			"X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"http"}, "Forwarded": {"host=evil.example;proto=http;for=6.6.6.6"}, "X-Original-Url": {"//evil.example"},
			"X-Forwarded-For": {"6.6.6.6"}, "X-Real-Ip": {"6.6.6.6"}, "X-Host": {"evil.example"}, "X-Forwarded-Server": {"evil.example"}, "X-Http-Host-Override": {"evil.example"},
			"X-Rewrite-Url": {"//evil.example"}, "True-Client-Ip": {"6.6.6.6"}, "Referer": {"https://evil.example/"}, "User-Agent": {"Mozilla <b>https://evil.example</b>"},
		}
		at := func(address string) *portaltest.Browser {
			b := from(t, p, address)
			b.Header = evil
			return b
		}
		o := settled(t, p, "Marta", 1, has{questions: true, mobile: true})
		unfinished := settled(t, p, "Petra", 2, has{unconfirmed: true})
		at("198.51.100.1").Open("/forgot-user-id").Post("/forgot-user-id", url.Values{"email": {o.Email}})
		at("198.51.100.2").Open("/reset-password").Post("/reset-password", url.Values{"login": {o.Email}, "with": {"user-id"}})
		at("198.51.100.3").Open("/reset-password").Post("/reset-password", url.Values{"login": {unfinished.Email}})
		sms := at("198.51.100.4").Open("/reset-password").Post("/reset-password", url.Values{"login": {o.UserID}})
		sms.Post("/reset-password/means", url.Values{"means": {"sms"}}).Post("/reset-password/code", url.Values{"code": {p.SMS(o.Mobile).Code(t)}})
		sms.Post("/reset-password/answers", right(sms)).Post("/reset-password/password", url.Values{"password": {ownersPassword + "x"}})
		p.Clock.Advance(time.Hour)
		b := at("198.51.100.5")
		b.Open("/sign-in").Post("/sign-in", url.Values{"login": {o.UserID}, "password": {ownersPassword + "x"}}).At(http.StatusOK, "/standing")
		b.Post("/portal/account/mobile", url.Values{"mobile-country": {"GB"}, "mobile": {"07700 900999"}})
		b.Post("/portal/account/mobile/code", url.Values{"code": {p.SMS("+447700900999").Code(t)}})
		b.Post("/portal/account/email", url.Values{"email": {"marta@new.example"}}).Post("/portal/account/email/resend", nil)
		b.Post("/portal/account/email/code", url.Values{"email-code": {p.Mail("marta@new.example", "Confirm").Code(t)}})
		desk := browserOf(member(t, p, "Cleo", staff.Helpdesk))
		desk.Header = evil
		for _, act := range []string{"reset", "user-id", "unlock", "end-sessions"} {
			desk.Post("/office/accounts/"+o.ID+"/act", url.Values{"act": {act}, "reason": {"because"}})
		}
		desk.Post("/office/accounts/"+o.ID+"/clear", url.Values{"questions": {"yes"}, "basis": {"two-staff"}, "clear_reason": {"Lost it"}})
		again := at("198.51.100.6")
		again.Open("/sign-in").Post("/sign-in", url.Values{"login": {o.UserID}, "password": {ownersPassword + "x"}}).At(http.StatusOK, "/standing")
		again.Post("/portal/account/close", url.Values{"user_id": {o.UserID}}).At(http.StatusOK, "/account-closing")
		p.Deliver()
		kinds := map[string]bool{}
		for _, m := range p.Inbox.To("") {
			kinds[m.Kind] = true
			if whole := m.Subject + m.Text + m.HTML; strings.Contains(whole, "evil.example") || strings.Contains(whole, "6.6.6.6") || strings.Contains(m.Text, "http://") {
				t.Errorf("%s holds what a request said:\n%s", m.Kind, m.Text)
			}
			for _, n := range strings.Split(m.Text, "https://")[1:] {
				if !strings.HasPrefix("https://"+n, portaltest.Base) {
					t.Errorf("%s leads to https://%.60s", m.Kind, n)
				}
			}
		}
		for _, kind := range []string{"recovery-user-id", "recovery-reset", "recovery-sms", "account-changed", "email-change-prove", "sign-in-new-device", "account-closing"} {
			if !kinds[kind] {
				t.Errorf("no mail of kind %s was tried, only %v", kind, kinds)
			}
		}
	})
}

// asvs: V8.2.2 V8.2.3
func TestNothingOfOnePersonIsThereForAnother(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		victim, thief := settled(t, p, "Marta", 1, has{questions: true}), settled(t, p, "Olga", 2, has{})
		withKey(t, p, victim, 1)
		own := victim.signedIn(t, p, from(t, p, "198.51.100.1"))
		own.Post("/portal/account/email", url.Values{"email": {"marta@new.example"}}).At(http.StatusOK, "/portal/account/email")
		b := thief.signedIn(t, p, from(t, p, "203.0.113.5"))
		session, _, _ := strings.Cut(ticketOf(t, own, "session"), ".")
		ids := []string{victim.ID, session}
		paths := map[string]bool{}
		for _, page := range []string{"/portal/account/sessions", "/portal/account/passkeys", "/portal/account/email"} {
			own.Open(page)
			for _, n := range own.Find("form[action], a[href]") {
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Val, "/portal/account/") {
						for part := range strings.SplitSeq(a.Val, "/") {
							if len(part) > 20 {
								ids = append(ids, part)
								paths[a.Val] = true
							}
						}
					}
				}
			}
		}
		if len(paths) < 2 {
			t.Fatalf("the owner's pages name %v", paths)
		}
		before := victim.whole(t, p)
		answers := func(id string) string {
			s := ""
			for _, route := range p.Kit.Routes() {
				method, pattern, _ := strings.Cut(route.Pattern, " ")
				if !strings.Contains(pattern, "{") || route.Access.String() == "anyone" || strings.Contains(route.Access.String(), "staff") {
					continue
				}
				c := b.Copy()
				c.Address = b.Address
				if at := holes.ReplaceAllString(pattern, id); method == http.MethodPost {
					c.Raw(at, union(victim))
				} else {
					c.Open(at)
				}
				s += fmt.Sprintf("%s: %d %s\n", route.Pattern, c.Status, strings.ReplaceAll(c.Page.Header.Get("Location"), id, "…"))
			}
			return s
		}
		nothing := answers("06fcza5jg0gcbm7f8xk3k1rwtw")
		for _, id := range ids {
			if got := answers(id); got != nothing {
				t.Errorf("what is another's is answered otherwise than what is not there:\n%s", difference(got, nothing))
			}
		}
		victim.unchanged(t, p, before, "somebody else's requests")
		own.Open("/standing").At(http.StatusOK, "/standing")
	})
}

// asvs: V15.3.3
func TestAFieldThatAFormDoesNotHaveGrantsNothing(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o, other := settled(t, p, "Marta", 1, has{questions: true, mobile: true}), settled(t, p, "Olga", 2, has{questions: true})
		more := url.Values{}
		for _, name := range []string{
			"state", "State", "role", "roles", "account", "account_id", "accountId", "Account.ID", "id", "kind", "staff", "admin", "is_admin", "user_id", "userID", "UserID", "email",
			"email_key", "email_confirmed", "mobile", "mobile_verified", "organization_id", "password_hash", "fresh", "fresh_at", "incomplete", "closing_at", "proved", "answered", "app",
			"step", "subject", "session", "trusted_until", "__proto__", "_method", "X-HTTP-Method-Override", "permission", "seats", "days", "term",
		} {
			more.Set(name, map[bool]string{true: other.ID, false: "administrator"}[strings.Contains(strings.ToLower(name), "id")])
		}
		with := func(form url.Values) url.Values {
			all := url.Values{}
			for k, v := range more {
				all[k] = v
			}
			for k, v := range form {
				all[k] = v
			}
			return all
		}
		b := o.signedIn(t, p, from(t, p, "198.51.100.1"))
		before, beforeOther := o.whole(t, p), other.whole(t, p)
		b.Open("/portal/account/details").Fill("Organisation", "Vale Ltd").Choose("Country", "Germany")
		path, form := b.Submission("Save")
		b.Post(path, with(form)).At(http.StatusOK, "/portal/account").Sees("Vale Ltd")
		o.unchanged(t, p, before, "details with more fields")
		b.Post("/sign-in/again", with(url.Values{"password": {ownersPassword}}))
		b.Copy().Raw("/portal/account/password/check", with(url.Values{"password": {newPassword}}))
		if now := get(t, p, o); now.UserID != o.UserID || now.Email != o.Email {
			t.Errorf("%+v", now)
		}
		device := passkeytest.New(t, secret.Seeded(5), portaltest.Base)
		add := answer(device.Make(ask(t, b, "/portal/account/passkeys/ask")))
		add.Set("name", "Phone")
		b.Post("/portal/account/passkeys/add", with(add))
		if n := p.Count(t, `SELECT COUNT(*) FROM passkey WHERE account_id <> $1`, o.ID); n != 0 {
			t.Error("the passkey is another's")
		}
		// In a reset the account is the ticket's and the step is the row's.
		r := from(t, p, "203.0.113.1").Open("/reset-password").Post("/reset-password", with(url.Values{"login": {o.Email}}))
		if kinds := p.Kinds(other.Email); len(kinds) != 0 {
			t.Errorf("the other has %q", kinds)
		}
		code, _ := o.resetMail(t, p)
		before = o.whole(t, p)
		r.Post("/reset-password/code", with(url.Values{"code": {code}})).Sees("Answer two")
		r.Post("/reset-password/password", with(url.Values{"password": {newPassword}}))
		o.unchanged(t, p, before, "a reset with more fields")
		other.unchanged(t, p, beforeOther, "more fields in forms of somebody else")
		s := from(t, p, "203.0.113.2").Open("/sign-in").Post("/sign-in", with(url.Values{"login": {o.UserID}, "password": {ownersPassword}}))
		if s.Open("/office/requests"); s.URL.Path != "/office/sign-in" {
			t.Errorf("a client is in the office, at %s", s.URL.Path)
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM staff`) + p.Count(t, `SELECT COUNT(*) FROM organization_member`) + p.Count(t, `SELECT COUNT(*) FROM device WHERE trusted_until > 0`); n != 0 {
			t.Errorf("%d rows that nobody granted", n)
		}
	})
}

func get(t *testing.T, p *portaltest.Portal, o owner) account.Account {
	t.Helper()
	return p.Account(t, o.Email)
}
