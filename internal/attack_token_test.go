package internal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

// asvs: V6.6.2 V8.2.2
func TestACodeOfOnePersonIsNoneOfAnotherNorOfAnotherPurpose(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		ann, bob := settled(t, p, "Anna", 1, has{app: true, mobile: true}), settled(t, p, "Bert", 2, has{app: true, mobile: true})
		changing := ann.signedIn(t, p, from(t, p, "198.51.100.1"))
		changing.Post("/portal/account/email", url.Values{"email": {"anna@new.example"}}).Post("/portal/account/mobile", url.Values{"mobile-country": {"GB"}, "mobile": {"07700 900999"}})
		his := bob.signedIn(t, p, from(t, p, "198.51.100.2"))
		his.Post("/portal/account/email", url.Values{"email": {"bert@new.example"}}).Post("/portal/account/mobile", url.Values{"mobile-country": {"GB"}, "mobile": {"07700 900998"}})
		a, b := resetBegun(t, p, ann, "sms"), resetBegun(t, p, bob, "sms")
		p.Deliver()
		p.Clock.Advance(time.Minute)
		c := resetBegun(t, p, ann, "")
		codes := map[string]string{
			"the other's text": p.SMS(ann.Mobile).Code(t), "the text for the new number": p.SMS("+447700900999").Code(t),
			"the code for the new address": p.Mail("anna@new.example", "Confirm").Code(t), "the app's code": p.Authenticator(t, ann.key), "a recovery code": ann.codes[0],
		}
		mailed, _ := ann.resetMail(t, p)
		codes["the mailed code"] = mailed
		before, beforeAnn := bob.whole(t, p), ann.whole(t, p)
		proofs := func() int { return p.Count(t, `SELECT COUNT(*) FROM event WHERE action = 'recovery.prove'`) }
		proved := proofs()
		for what, code := range codes {
			// Each try on a form where it does not belong, and few enough that no limit hides the answer.
			his.Copy().Raw("/portal/account/email/code", url.Values{"email-code": {code}})
			his.Copy().Raw("/portal/account/mobile/code", url.Values{"code": {code}})
			if what != "a recovery code" && what != "the app's code" {
				b.Copy().Raw("/reset-password/code", url.Values{"code": {code}})
			}
			if what != "the code for the new address" {
				changing.Copy().Raw("/portal/account/email/code", url.Values{"email-code": {code}})
			}
			if what != "the text for the new number" {
				changing.Copy().Raw("/portal/account/mobile/code", url.Values{"code": {code}})
			}
			if now := proofs(); now != proved {
				t.Fatalf("%s proves something to another's recovery", what)
			}
			bob.unchanged(t, p, before, what)
			ann.unchanged(t, p, beforeAnn, what)
		}
		// And their own still count: nobody else's try used them up.
		if got := p.Count(t, `SELECT COUNT(*) FROM code WHERE used_at > 0`); got != 0 {
			t.Errorf("%d codes are used up", got)
		}
		a.Post("/reset-password/code", url.Values{"code": {codes["the other's text"]}}).Sees("Enter the code from your app")
		c.Post("/reset-password/code", url.Values{"code": {mailed}}).Sees("Enter the code from your app")
		for _, code := range []string{p.Authenticator(t, bob.key), bob.codes[0]} {
			a.Post("/reset-password/authenticator", url.Values{"code": {code}}).Lacks("Choose a new password")
			a.Post("/reset-password/authenticator", url.Values{"code": {code}, "with": {"recovery"}}).Lacks("Choose a new password")
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM recovery_code WHERE used_at > 0`); n != 0 {
			t.Errorf("%d recovery codes were used up by somebody else", n)
		}
	})
}

// asvs: V6.6.2 V7.2.4
func TestATicketIsGoodForItsOwnDialogueAndInItsOwnBrowser(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		ann, bob := settled(t, p, "Anna", 1, has{app: true, questions: true}), settled(t, p, "Bert", 2, has{app: true, questions: true})
		tickets := map[string][2]string{}
		take := func(name string, a, b *portaltest.Browser) {
			tickets[name] = [2]string{ticketOf(t, a, name), ticketOf(t, b, name)}
		}
		ra, rb := resetBegun(t, p, ann, ""), resetBegun(t, p, bob, "")
		code, _ := ann.resetMail(t, p)
		ra.Post("/reset-password/code", url.Values{"code": {code}})
		take("recovery", ra, rb)
		take("signing-in", halfIn(t, p, ann, 1)[0], halfIn(t, p, bob, 1)[0])
		take("session", ann.signedIn(t, p, from(t, p, "198.51.100.1")), bob.signedIn(t, p, from(t, p, "198.51.100.2")))
		take("staff", browserOf(member(t, p, "Cleo", staff.Helpdesk)), browserOf(member(t, p, "Dora", staff.Helpdesk)))
		wa, wb := somebody(t, p, 401), somebody(t, p, 402)
		wa.GiveDetails()
		wb.GiveDetails()
		take("register", browserOf(wa), browserOf(wb))
		ea, eb := from(t, p, "198.51.100.1"), from(t, p, "198.51.100.1")
		pa, pb := pathIn(p.Invite(t, "Fay", "Prior", staff.Helpdesk)), pathIn(p.Invite(t, "Gil", "Prior", staff.Helpdesk))
		take("enrolling", ea.Open(pa).Post(pa, nil), eb.Open(pb).Post(pb, nil))
		ka, kb := from(t, p, "198.51.100.1").Open("/sign-in"), from(t, p, "198.51.100.1").Open("/sign-in")
		ask(t, ka, "/sign-in/passkey/ask")
		ask(t, kb, "/sign-in/passkey/ask")
		take("passkey", ka, kb)
		// The browser's own cookie knows it, and is no ticket: it must not become one.
		take("device", ann.signedIn(t, p, from(t, p, "198.51.100.1")), bob.signedIn(t, p, from(t, p, "198.51.100.2")))

		look := func(b *portaltest.Browser) map[string]string {
			seen := map[string]string{}
			for _, path := range []string{"/reset-password", "/sign-in", "/portal/account", "/office/requests", "/register", "/office/enrol", "/standing"} {
				b.Open(path)
				seen[path] = fmt.Sprint(b.Status, " ", b.URL.Path, " ", b.Heading())
			}
			return seen
		}
		nobody := look(from(t, p, "203.0.113.1"))
		beforeA, beforeB := ann.whole(t, p), bob.whole(t, p)
		try := func(what, name, value string) {
			b := from(t, p, "203.0.113.1")
			b.SetCookie("__Host-"+name, value)
			for path, seen := range look(b) {
				// A dead ticket may be told to be dead; it never leads further than a stranger gets.
				if seen != nobody[path] && !strings.HasSuffix(strings.Fields(seen)[1], "/sign-in") && !strings.Contains(seen, "410 ") {
					if strings.Fields(seen)[1] != strings.Fields(nobody[path])[1] {
						t.Errorf("%s: %s shows %q, a stranger sees %q", what, path, seen, nobody[path])
					}
				}
			}
			for _, post := range []string{"/sign-in/code", "/reset-password/authenticator"} {
				b.Raw(post, url.Values{"code": {ann.codes[5]}, "with": {"recovery"}})
			}
			b.Raw("/reset-password/password", url.Values{"password": {newPassword}})
			b.Raw("/office/set-up/password", url.Values{"password": {newPassword}})
			for _, c := range b.Cookies() {
				if (c.Name == "__Host-session" || c.Name == "__Host-staff") && c.Value != "" && c.Value != value {
					t.Errorf("%s: a session began", what)
				}
			}
		}
		for name, pair := range tickets {
			id, _, whole := strings.Cut(pair[0], ".")
			_, other, _ := strings.Cut(pair[1], ".")
			if whole {
				try("the secret of another's "+name, name, id+"."+other)
				try("no secret of "+name, name, id+".")
				try("the id alone of "+name, name, id)
				try("another's id of "+name, name, "."+other)
				try("more of "+name, name, pair[0]+"a")
			}
			for as := range tickets {
				if as != name && (as != "session" || name != "staff") {
					try(name+" as "+as, as, pair[0])
				}
			}
		}
		try("a client's session in the office", "staff", tickets["session"][0])
		try("a session of staff in the portal", "session", tickets["staff"][0])
		ann.unchanged(t, p, beforeA, "swapped tickets")
		bob.unchanged(t, p, beforeB, "swapped tickets")
	})
}

// mailedLinks makes one of each link that the portal mails or prints, all of
// them alive, by the route that takes them.
func mailedLinks(t *testing.T, p *portaltest.Portal) (links map[string]string, asker *portaltest.Browser) {
	t.Helper()
	links = map[string]string{}
	// The people who change least come first: what comes later must not end their links.
	w := somebody(t, p, 440)
	stepTwo(t, p, w, "")
	links["/confirm-email/{token}"] = mailOf(t, p, w.Email, "account-user-id").Link(t, "/confirm-email/")
	r := somebody(t, p, 441)
	r.AskForAccess()
	links["/request/withdraw/{token}"] = mailOf(t, p, r.Email, "request-received").Link(t, "/request/withdraw/")
	v := somebody(t, p, 442)
	v.AskForAccess()
	stepTwo(t, p, v, "")
	approver(t, p, "Ada").Approve(v.Person)
	links["/welcome/{token}"] = mailOf(t, p, v.Email, "request-approved-register").Link(t, "/welcome/")
	u := somebody(t, p, 443)
	u.GiveDetails()
	u.EnterCode(p.SMS(u.Mobile).Code(t))
	u.AcceptTerms()
	u.SignIn(u.Email)
	if kinds := p.Kinds(u.Email); slices.Contains(kinds, "account-finish") {
		links["/register/finish/{token}"] = mailOf(t, p, u.Email, "account-finish").Link(t, "/register/finish/")
	}
	c := settled(t, p, "Cora", 3, has{questions: true})
	clearing(t, p, c, "two-staff")
	dora := member(t, p, "Dora", staff.Helpdesk)
	browserOf(dora).Open("/office/accounts/" + c.ID).Press(dora.Say("helpdesk.clearing.agree"))
	links["/stop/{token}"] = mailOf(t, p, c.Email, "clearing-started").Link(t, "/stop/")
	k := settled(t, p, "Kira", 4, has{})
	k.signedIn(t, p, from(t, p, "198.51.100.4")).Post("/portal/account/close", url.Values{"user_id": {k.UserID}})
	links["/keep-account/{token}"] = p.Mail(k.Email, "will be closed").Link(t, "/keep-account/")
	x := settled(t, p, "Xena", 5, has{})
	b, to := emailAsked(t, p, x)
	b.Post("/portal/account/email/code", url.Values{"email-code": {p.Mail(to, "Confirm").Code(t)}})
	links["/undo-email/{token}"] = p.Mail(x.Email, "was changed").Link(t, "/undo-email/")
	y, z := settled(t, p, "Yana", 6, has{questions: true}), settled(t, p, "Zara", 7, has{})
	links["/office/enrol/{token}"] = p.Invite(t, "Fay", "Prior", staff.Helpdesk)
	resetBegun(t, p, y, "")
	_, path := y.resetMail(t, p)
	links["/reset-password/link/{token}"] = portaltest.Base + path
	asker, to = emailAsked(t, p, z)
	links["/portal/account/email/confirm/{token}"] = p.Mail(to, "Confirm").Link(t, "/portal/account/email/confirm/")
	for route, link := range links {
		links[route] = pathIn(link)
	}
	return links, asker
}

// state is all of the portal that a link might change.
func state(t *testing.T, p *portaltest.Portal) string {
	t.Helper()
	s := facts(t, p)
	for _, q := range []string{
		`SELECT COUNT(*) FROM link WHERE used_at = 0`, `SELECT COUNT(*) FROM session`, `SELECT COUNT(*) FROM helpdesk_clearing WHERE state = 'waiting'`,
		`SELECT COUNT(*) FROM account WHERE closing_at = 0`, `SELECT COUNT(*) FROM account WHERE email_confirmed_at > 0`, `SELECT COUNT(*) FROM account_password`,
	} {
		s += fmt.Sprintf("%s: %d\n", q, p.Count(t, q))
	}
	return s
}

// asvs: V3.5.3 V6.6.2
func TestALinkIsGoodForWhatItWasMailedForAndToLookAtItChangesNothing(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		links, asker := mailedLinks(t, p)
		p.Deliver()
		before := state(t, p)
		tokens := map[string]string{}
		for route, link := range links {
			tokens[route] = link[strings.LastIndex(link, "/")+1:]
		}
		for range 2 {
			for route, link := range links {
				for _, b := range []*portaltest.Browser{asker, from(t, p, "203.0.113.1")} {
					if b.Open(link); b.Status != http.StatusOK {
						t.Errorf("to look at %s is answered %d", route, b.Status)
					}
				}
			}
		}
		if now := state(t, p); now != before {
			t.Fatalf("to look at links changed something:\n%s\nbefore:\n%s", now, before)
		}
		routes := 0
		for _, route := range p.Kit.Routes() {
			method, pattern, _ := strings.Cut(route.Pattern, " ")
			if !strings.Contains(pattern, "{token}") {
				continue
			}
			base, _, _ := strings.Cut(pattern, "{token}")
			routes++
			for of, token := range tokens {
				if own, _, _ := strings.Cut(of, "{token}"); own == base {
					continue
				}
				for _, bent := range []string{token, strings.ToUpper(token), token + "%00", token + "=", strings.ToLower(token)} {
					if bent != token && of != "/undo-email/{token}" {
						continue // one kind is enough for these
					}
					b := asker.Copy()
					if method == http.MethodPost {
						b.Raw(strings.Replace(pattern, "{token}", bent, 1), url.Values{"password": {ownersPassword}})
					} else {
						b.Open(strings.Replace(pattern, "{token}", bent, 1))
					}
					if b.Status >= 500 {
						t.Errorf("%s with the token of %s: %d", route.Pattern, of, b.Status)
					}
				}
				if now := state(t, p); now != before {
					t.Fatalf("%s with the token of %s changed something:\n%s\nbefore:\n%s", route.Pattern, of, now, before)
				}
			}
		}
		if routes < 18 || len(links) < 10 {
			t.Errorf("%d routes with tokens and %d links: some are missing", routes, len(links))
		}
	})
}

// asvs: V6.4.3 V6.5.1
func TestALinkOrACodeOfAResetIsDeadAfterWhateverChangesTheAccount(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		office := func(who string, acts ...string) func(owner) {
			return func(o owner) {
				desk := browserOf(member(t, p, who, staff.Helpdesk))
				for _, act := range acts {
					desk.Post("/office/accounts/"+o.ID+"/act", url.Values{"act": {act}, "reason": {"because"}}).At(http.StatusOK, "/office/accounts/"+o.ID)
				}
			}
		}
		signedIn := func(path string, form url.Values) func(owner) {
			return func(o owner) { o.signedIn(t, p, from(t, p, "198.51.100.1")).Post(path, form) }
		}
		for i, change := range []struct {
			what string
			do   func(o owner)
		}{
			{"a new password", signedIn("/portal/account/password", url.Values{"current": {ownersPassword}, "password": {newPassword}})},
			{"another address", func(o owner) {
				b, to := emailAsked(t, p, o)
				b.Post("/portal/account/email/code", url.Values{"email-code": {p.Mail(to, "Confirm").Code(t)}})
			}},
			{"disabling and enabling", office("Cleo", "disable", "enable")},
			{"expiring", office("Dora", "expire")},
			{"another reset", func(o owner) {
				p.Clock.Advance(5 * time.Minute)
				b := resetBegun(t, p, o, "sms")
				b.Post("/reset-password/code", url.Values{"code": {p.SMS(o.Mobile).Code(t)}}).Post("/reset-password/answers", right(b)).Post("/reset-password/password", url.Values{"password": {newPassword}})
				b.Sees("Your password is set")
			}},
		} {
			o := person(t, p, i, has{questions: true, mobile: true})
			began := p.Clock.Now()
			asked := resetBegun(t, p, o, "")
			code, link := o.resetMail(t, p)
			ready := resetBegun(t, p, o, "sms") // one that is at its last step
			ready.Post("/reset-password/code", url.Values{"code": {p.SMS(o.Mobile).Code(t)}})
			ready.Post("/reset-password/answers", right(ready)).Sees("Choose a new password")
			change.do(o)
			if late := p.Clock.Now().Sub(began); late >= 10*time.Minute {
				t.Fatalf("%s takes %s: what ran out is no proof", change.what, late)
			}
			before := o.whole(t, p)
			thief := from(t, p, "203.0.113.7")
			thief.Post(link, nil)
			battery(thief)
			asked.Post("/reset-password/code", url.Values{"code": {code}})
			battery(asked)
			ready.Post("/reset-password/password", url.Values{"password": {"Another-Thistle-Lantern-77"}})
			for _, b := range []*portaltest.Browser{thief, asked, ready} {
				b.Open("/reset-password").Lacks("Choose a new password", "Answer two")
			}
			o.unchanged(t, p, before, "after "+change.what)
		}
	})
}

// right are the right answers to what a page asks.
func right(b *portaltest.Browser) url.Values {
	form := url.Values{}
	type asked struct {
		at     int
		answer string
	}
	var all []asked
	for _, one := range ownersAnswers() {
		if at := strings.Index(b.Text(), one.Own); at >= 0 {
			all = append(all, asked{at, one.Answer})
		}
	}
	slices.SortFunc(all, func(x, y asked) int { return x.at - y.at })
	for i, one := range all {
		form.Set(fmt.Sprintf("a%d", i+1), one.answer)
	}
	return form
}

// asvs: V6.5.5
func TestWhatRunsOutRunsOutToTheMicrosecond(t *testing.T) {
	ofCode, ofLink := `SELECT MAX(expires_at) FROM code WHERE used_at = 0`, `SELECT MAX(expires_at) FROM link WHERE used_at = 0 AND purpose = '`
	ends := map[string]string{
		"the code of a registration": ofCode, "the mailed code of a reset": ofCode, "the code by SMS of a reset": ofCode, "the code of another number": ofCode,
		"the code of another address":          `SELECT MAX(expires_at) FROM code WHERE used_at = 0`,
		"the mailed link of a reset":           ofLink + `recovery-link'`,
		"the link that undoes another address": "", "the link that keeps an account": "", "the link that stops a clearing": "", "the link of an approval": "",
		"the link that takes a request back": "", "the set-up link of a member of staff": "",
	}
	for n, s := range singles() {
		query, ok := ends[s.what]
		if !ok {
			continue
		}
		t.Run(s.what, func(t *testing.T) {
			for _, early := range []time.Duration{time.Microsecond, 0} {
				p := portaltest.SQLite(t)
				spend, effects, of := s.ready(t, p, n%26)
				if query == "" {
					// The newest link is the one that was made last.
					query = `SELECT expires_at FROM link WHERE used_at = 0 ORDER BY created_at DESC, expires_at DESC LIMIT 1`
				}
				left := db.Time(int64(p.Count(t, query))).Sub(p.Clock.Now())
				if left <= 0 {
					t.Fatalf("it is over already, by %s", left)
				}
				if query == ofCode && left > 10*time.Minute {
					t.Errorf("a code lives %s", left)
				}
				p.Clock.Advance(left - early)
				before := p.Count(t, effects, of)
				one := spend(0)
				one.b.Copy().Raw(one.path, one.form)
				want := 0
				if early > 0 {
					want = 1
				}
				if got := p.Count(t, effects, of) - before; got != want {
					t.Errorf("%s before its end it counts %d times, want %d (its life is %s)", early, got, want, left)
				}
			}
		})
	}
}
