package internal_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/passkey/passkeytest"
	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

// asMarkup are texts of the naughty ones that a page must never hold as they are.
var asMarkup = []string{"<script>alert(", "<img src=x", "<svg onload", "onerror=alert(1)>", "javascript:alert("}

// holdsMarkup says which text stands as markup in a page.
func holdsMarkup(page *portaltest.Page) string {
	for _, raw := range asMarkup {
		if raw == "javascript:alert(" {
			for _, n := range page.Find("a[href], form[action], img[src]") {
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Val, raw) {
						return a.Key + "=" + a.Val
					}
				}
			}
			continue
		}
		if strings.Contains(page.Body, raw) {
			return raw
		}
	}
	return ""
}

// nobodyLeaves are the posts that end the session of who sends them.
var nobodyLeaves = []string{"/sign-out", "/office/sign-out", "/portal/account/close"}

// asvs: V1.2.1 V1.2.4 V2.2.1 V2.2.2 V16.5.1 V16.5.3
func TestNoTextMakesAnyFormOfThePortalFail(t *testing.T) {
	p := portaltest.SQLite(t)
	o := settled(t, p, "Marta", 1, has{questions: true, mobile: true})
	texts := []string{
		"", " ", "\x00", "a\x00b", "\u202egnp.exe", "a\r\nBcc: x@example.com", "\xff\xfe\xfa", "𝕏\U0010ffff", strings.Repeat("ä", 5000), `<script>alert(1)</script>"><img src=x onerror=alert(1)>`,
		"' OR 1=1 --", "{{.}}${7*7}", "=cmd|'/c calc'!A1", "../../etc/passwd", "%00%s%n", "-1", "9999999999999999999", "null", `{"$gt":""}`, "٠١٢٣٤٥٦٧", "\u2066\u2067x\u2069", "a@[127.0.0.1]", "\ud7ff\ufffe\uffff",
	}
	if testing.Short() {
		texts = texts[:10]
	}
	ticket := func(n int) *portaltest.Browser {
		b := o.signedIn(t, p, from(t, p, "198.51.100.1"))
		r := from(t, p, fmt.Sprintf("198.51.%d.7", n)).Open("/reset-password").Post("/reset-password", url.Values{"login": {o.Email}})
		b.SetCookie("__Host-recovery", ticketOf(t, r, "recovery"))
		b.SetCookie("__Host-signing-in", ticketOf(t, r, "recovery"))
		return b
	}
	desk := ticketOf(t, browserOf(member(t, p, "Cleo", staff.Helpdesk, staff.Approver, staff.Auditor)), "staff")
	before := o.whole(t, p)
	before = before[:strings.Index(before, "\n")]
	for n, pattern := range posts(p, everyone) {
		if slices.Contains(nobodyLeaves, pattern) {
			continue
		}
		b := ticket(n)
		b.SetCookie("__Host-staff", desk)
		for i, text := range texts {
			form := url.Values{}
			for name := range union(o) {
				form.Set(name, text)
			}
			c := b.Copy()
			c.Address = fmt.Sprintf("203.%d.%d.%d", n, i, 1+i)
			answer := c.Raw(instance(pattern), form)
			if answer.Status >= 500 && answer.Status != http.StatusServiceUnavailable {
				t.Errorf("POST %s with %.40q: %d", pattern, text, answer.Status)
			}
			if held := holdsMarkup(answer); held != "" {
				t.Errorf("POST %s with %.40q shows %s as markup", pattern, text, held)
			}
			// The address too is what somebody typed.
			if strings.Contains(pattern, "{") && text != "" {
				if answer := c.Raw(holes.ReplaceAllString(pattern, url.PathEscape(text)), union(o)); answer.Status >= 500 && answer.Status != http.StatusServiceUnavailable {
					t.Errorf("POST %s with %.40q in its address: %d", pattern, text, answer.Status)
				}
			}
		}
		big := url.Values{"padding": {strings.Repeat("x", 1<<20)}}
		for name := range union(o) {
			big.Set(name, "x")
		}
		for _, name := range []string{"password", "current", "a1", "passkey", "reason", "login"} {
			long := url.Values{name: {strings.Repeat("ß", 1<<19)}}
			if answer := b.Copy().Raw(instance(pattern), long); answer.Status >= 500 && answer.Status != http.StatusServiceUnavailable {
				t.Errorf("POST %s with a megabyte of %s: %d", pattern, name, answer.Status)
			}
		}
		if answer := b.Copy().Raw(instance(pattern), big); answer.Status >= 500 && answer.Status != http.StatusServiceUnavailable {
			t.Errorf("POST %s with a megabyte: %d", pattern, answer.Status)
		}
	}
	if now := o.whole(t, p); !strings.HasPrefix(now, before) {
		t.Errorf("the account is another:\n%s\nbefore:\n%s", now, before)
	}
}

// asvs: V1.1.2 V1.2.1 V1.3.7
func TestWhatAnOwnerTypesStaysTextOnEveryPageAndInEveryMail(t *testing.T) {
	p := portaltest.SQLite(t)
	o := settled(t, p, "Marta", 1, has{})
	b := o.signedIn(t, p, from(t, p, "198.51.100.1"))
	b.Open("/portal/account/details")
	_, details := b.Submission("Save")
	form := func(name, text string) url.Values {
		changed := url.Values{}
		for k, v := range details {
			changed[k] = v
		}
		changed.Set(name, text)
		return changed
	}
	taken := 0
	for i, text := range nasty(t) {
		if i%8 == 0 { // a session is fresh for five minutes, and limits are for real people
			p.Clock.Advance(20 * time.Minute)
			b = o.signedIn(t, p, from(t, p, fmt.Sprintf("198.51.%d.1", 101+i/80)))
			b.Open("/portal/account/details")
		}
		for name := range details {
			page := b.Copy().Raw("/portal/account/details", form(name, text))
			switch {
			case page.Status >= 500:
				t.Errorf("%s = %.60q: %d", name, text, page.Status)
			case page.Status == http.StatusSeeOther:
				taken++
			case page.Status == http.StatusUnprocessableEntity && name != "country" && name != "lang" && utf8OK(text):
				if !strings.Contains(page.Body, "There is a problem") {
					t.Errorf("%s = %.60q is refused without a word", name, text)
				}
			}
			if held := holdsMarkup(page); held != "" {
				t.Errorf("%s = %.60q shows %s as markup", name, text, held)
			}
		}
		for _, path := range []string{"/portal/account", "/portal/account/details"} {
			if page := b.Open(path).Page; page.Status != http.StatusOK || holdsMarkup(page) != "" {
				t.Errorf("after %.60q %s is %d with %q", text, path, page.Status, holdsMarkup(page))
			}
		}
	}
	if taken == 0 {
		t.Error("no text at all was taken: nothing was tried")
	}
	// What was taken is text where staff read it, in the copy and in the mails that greet by name.
	b.Post("/portal/account/details", form("organization", `Vale & Söhne "Nord" 'x' (old)`)).At(http.StatusOK, "/portal/account")
	browserOf(member(t, p, "Cleo", staff.Helpdesk)).Open("/office/accounts/" + o.ID).Sees(`Vale & Söhne "Nord"`)
	b.Post("/portal/account/data", nil)
	var out map[string]any
	if err := json.Unmarshal([]byte(b.Body), &out); err != nil {
		t.Errorf("the copy is no JSON: %v", err)
	}
	p.Deliver()
	for _, m := range p.Inbox.To("") {
		if strings.ContainsAny(m.Subject, "\r\n\x00") {
			t.Errorf("the subject of %s has lines", m.Kind)
		}
	}
}

func utf8OK(s string) bool { return strings.ToValidUTF8(s, "") == s && strings.TrimSpace(s) != "" }

// known collects what nobody but its owner may ever read.
type known struct {
	never  map[string]string // in no log, table or mail
	mailed map[string]string // in its one mail, and in no log or table
}

func (k known) code(what string, m portaltest.Message) string {
	code := eightDigits.FindString(m.Text)
	if code == "" {
		code = sixDigits.FindString(m.Text)
	}
	k.mailed[what] = code
	return code
}

func (k known) link(t *testing.T, what string, m portaltest.Message, part string) string {
	t.Helper()
	path := pathIn(m.Link(t, part))
	k.mailed[what] = path[strings.LastIndex(path, "/")+1:]
	return path
}

func (k known) cookies(whose string, b *portaltest.Browser) *portaltest.Browser {
	for _, c := range b.Cookies() {
		value := c.Value
		if _, secret, two := strings.Cut(value, "."); two {
			value = secret // the first part is a row's name
		}
		if len(value) > 16 {
			k.never[fmt.Sprintf("%s's cookie %s", whose, c.Name)] = value
		}
	}
	return b
}

var challenges = regexp.MustCompile(`"challenge":"([^"]+)"`)

func (k known) challenge(what string, options []byte) []byte {
	if found := challenges.FindSubmatch(options); found != nil {
		k.never[what] = string(found[1])
	}
	return options
}

// asvs: V16.2.5
func TestNoSecretOfGettingBackInStandsInALogATableOrAMail(t *testing.T) {
	p := portaltest.SQLite(t)
	k := known{map[string]string{"the password": ownersPassword, "a new password": newPassword, "a wrong password": "Wrong-Turnip-Cellar-4411"}, map[string]string{}}
	for i, a := range ownersAnswers() {
		k.never[fmt.Sprint("answer ", i+1)] = a.Answer
	}
	k.never["a wrong answer"] = "never the right one"
	o := settled(t, p, "Marta", 1, has{app: true, questions: true, mobile: true})
	k.never["the app's key"] = o.key
	p.Clock.Advance(96 * time.Hour) // else an undone address takes it along
	for i, c := range o.codes {
		k.never[fmt.Sprint("recovery code ", i)] = c
		k.never[fmt.Sprint("recovery code ", i, " as typed")] = strings.ToUpper(strings.ReplaceAll(c, "-", ""))
	}

	// Signing in, wrongly and rightly, with the code, trusted.
	b := from(t, p, "198.51.100.1").Open("/sign-in")
	b.Post("/sign-in", url.Values{"login": {o.UserID}, "password": {"Wrong-Turnip-Cellar-4411"}})
	k.cookies("half in", b.Post("/sign-in", url.Values{"login": {o.UserID}, "password": {ownersPassword}}))
	p.Clock.Advance(time.Minute)
	k.cookies("the owner", b.Post("/sign-in/code", url.Values{"code": {p.Authenticator(t, o.key)}, "trust": {"yes"}}).At(http.StatusOK, "/standing"))
	p.Clock.Advance(time.Minute)
	k.cookies("the owner, again", b.Post("/sign-in/again", url.Values{"password": {ownersPassword}, "code": {p.Authenticator(t, o.key)}, "next": {"/portal/account"}}))

	// A passkey.
	device := withKeyOf(t, p, b, k)
	key := from(t, p, "198.51.100.2").Open("/sign-in")
	form := answer(device.Use(k.challenge("the challenge of a sign-in", ask(t, key, "/sign-in/passkey/ask"))))
	k.never["a passkey's answer"] = form.Get("passkey")
	k.cookies("the passkey's", key)
	k.cookies("in by passkey", key.Post("/sign-in/passkey", form).At(http.StatusOK, "/standing"))

	// New questions, new codes, another number, another address and back.
	b.Post("/portal/account/questions", url.Values{"q1": {"own"}, "own1": {"What hung over the door?"}, "a1": {"rusty horseshoe"}, "q2": {"own"}, "own2": {"What was the first tune?"},
		"a2": {"slow waltz in c"}, "q3": {"own"}, "own3": {"Who kept bees nearby?"}, "a3": {"grandfather tobias"}})
	b.Post("/portal/account/questions/confirm", url.Values{"a1": {"rusty horseshoe"}, "a2": {"slow waltz in c"}, "a3": {"grandfather tobias"}}).At(http.StatusOK, "/portal/account")
	k.never["new answer 1"], k.never["new answer 2"], k.never["new answer 3"] = "rusty horseshoe", "slow waltz", "grandfather tobias"
	b.Post("/portal/account/authenticator/codes", nil).At(http.StatusOK, "/portal/account/authenticator/app")
	for i, n := range b.Find(".cols code") {
		k.never[fmt.Sprint("new recovery code ", i)] = portaltest.Text(n)
	}
	b.Post("/portal/account/authenticator/kept", nil)
	b.Post("/portal/account/mobile", url.Values{"mobile-country": {"GB"}, "mobile": {"07700 900999"}})
	b.Post("/portal/account/mobile/code", url.Values{"code": {k.code("the code of the new number", p.SMS("+447700900999"))}}).At(http.StatusOK, "/portal/account")
	b.Post("/portal/account/email", url.Values{"email": {"marta@new.example"}})
	mail := p.Mail("marta@new.example", "Confirm")
	k.link(t, "the link of the new address", mail, "/portal/account/email/confirm/")
	b.Post("/portal/account/email/code", url.Values{"email-code": {k.code("the code of the new address", mail)}}).At(http.StatusOK, "/portal/account")
	k.cookies("the owner with a new address", b)
	undo := k.link(t, "the undo link", p.Mail(o.Email, "was changed"), "/undo-email/")
	from(t, p, "198.51.100.3").Open(undo).Post(undo, nil)

	// Getting back in: wrong and right, code, link, text, answers.
	p.Clock.Advance(time.Hour)
	r := k.cookies("the reset's", resetBegun(t, p, o, ""))
	mailed := mailOf(t, p, o.Email, "recovery-reset")
	k.link(t, "the reset's link", mailed, "/reset-password/link/")
	code := k.code("the reset's code", mailed)
	k.cookies("the proved reset's", r.Post("/reset-password/code", url.Values{"code": {code}}))
	r.Post("/reset-password/authenticator", url.Values{"code": {o.codes[0]}, "with": {"recovery"}}) // of the old ones: wrong
	p.Clock.Advance(time.Minute)
	r.Post("/reset-password/authenticator", url.Values{"code": {p.Authenticator(t, o.key)}})
	r.Post("/reset-password/password", url.Values{"password": {newPassword}}).Sees("Your password is set")
	q := settled(t, p, "Nora", 2, has{questions: true, mobile: true})
	s := k.cookies("another reset's", resetBegun(t, p, q, "sms"))
	s.Post("/reset-password/code", url.Values{"code": {k.code("the reset's text", p.SMS(q.Mobile))}})
	s.Post("/reset-password/answers", url.Values{"a1": {"never the right one"}, "a2": {"never the right one"}})
	k.cookies("another proved reset's", s.Post("/reset-password/answers", right(s)))
	s.Post("/reset-password/password", url.Values{"password": {newPassword}}).Sees("Your password is set")

	// The office.
	desk := k.cookies("staff's", browserOf(member(t, p, "Cleo", staff.Helpdesk, staff.Auditor)))
	desk.Post("/office/accounts/"+q.ID+"/code", url.Values{"means": {"mobile"}})
	code = k.code("the caller's code", p.SMS(q.Mobile))
	desk.Post("/office/accounts/"+q.ID+"/verify", url.Values{"means": {"mobile"}, "code": {code}}).At(http.StatusOK, "/office/accounts/"+q.ID)
	desk.Post("/office/accounts/"+q.ID+"/act", url.Values{"act": {"reset"}, "reason": {"because"}}).At(http.StatusOK, "/office/accounts/"+q.ID)
	k.link(t, "the link of a reset by staff", mailOf(t, p, q.Email, "recovery-reset"), "/reset-password/link/")
	desk.Post("/office/accounts/"+q.ID+"/clear", url.Values{"questions": {"yes"}, "basis": {"two-staff"}, "clear_reason": {"Lost it"}})
	dora := member(t, p, "Dora", staff.Helpdesk)
	browserOf(dora).Open("/office/accounts/" + q.ID).Press(dora.Say("helpdesk.clearing.agree"))
	k.link(t, "the stop link", mailOf(t, p, q.Email, "clearing-started"), "/stop/")
	in := from(t, p, "198.51.100.4").Open("/sign-in")
	in.Post("/sign-in", url.Values{"login": {q.UserID}, "password": {newPassword}}).At(http.StatusOK, "/standing")
	in.Post("/portal/account/data", nil)
	export := in.Body
	in.Post("/portal/account/close", url.Values{"user_id": {q.UserID}}).At(http.StatusOK, "/account-closing")
	k.link(t, "the link that keeps", p.Mail(q.Email, "will be closed"), "/keep-account/")

	if len(k.never) < 40 || len(k.mailed) < 11 {
		t.Fatalf("%d and %d secrets: some were not found", len(k.never), len(k.mailed))
	}
	seen := map[string]string{"the copy of the own data": export}
	for _, page := range []string{"/office/accounts/" + o.ID, "/office/accounts/" + q.ID, "/office/messages", "/office/audit"} {
		desk.Open(page)
		seen[page] = desk.Body
		if page == "/office/messages" {
			for _, n := range desk.Find("main a[href]") {
				for _, a := range n.Attr {
					if a.Key == "href" && strings.HasPrefix(a.Val, "/office/messages/") {
						seen[a.Val] = desk.Tab().Open(a.Val).Body
					}
				}
			}
		}
	}
	p.Deliver()
	seen["the log"] = p.Log.Text()
	mails := map[string]string{}
	for _, m := range p.Inbox.To("") {
		mails[m.Kind+" to "+m.To] += m.Subject + "\n" + m.Text + m.HTML
	}
	for _, secrets := range []map[string]string{k.never, k.mailed} {
		for what, secret := range secrets {
			if secret == "" {
				t.Errorf("%s was not found", what)
				continue
			}
			for where, text := range seen {
				if word(secret).MatchString(text) {
					t.Errorf("%s stands in %s", what, where)
				}
			}
			if len(secret) > 6 {
				if where := p.Holding(t, secret); where != "" {
					t.Errorf("%s stands readable in %s", what, where)
				}
			}
		}
	}
	for what, secret := range k.never {
		for where, text := range mails {
			if strings.Contains(text, secret) {
				t.Errorf("%s stands in the mail %s", what, where)
			}
		}
	}
	for what, secret := range k.mailed {
		n := 0
		for _, text := range mails {
			if word(secret).MatchString(text) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s went to %d recipients", what, n)
		}
	}
}

// withKeyOf adds a passkey in a browser that is signed in, and keeps in mind
// what was asked.
func withKeyOf(t *testing.T, p *portaltest.Portal, b *portaltest.Browser, k known) *passkeytest.Authenticator {
	t.Helper()
	device := passkeytest.New(t, p.Secret, portaltest.Base)
	form := answer(device.Make(k.challenge("the challenge for a new passkey", ask(t, b, "/portal/account/passkeys/ask"))))
	form.Set("name", "Phone")
	b.Post("/portal/account/passkeys/add", form).At(http.StatusOK, "/portal/account/passkeys")
	return device
}

// word finds a secret as a word of its own: six digits may stand by chance in a
// long number.
func word(secret string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^0-9A-Za-z])` + regexp.QuoteMeta(secret) + `($|[^0-9A-Za-z])`)
}
