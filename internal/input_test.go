package internal_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vestibule/e2e/guide"
	"vestibule/internal/portaltest"
)

// nasty are texts that break programs which are not careful.
func nasty(t *testing.T) []string {
	t.Helper()
	all := []string{
		"", " ", "\x00", "a\x00b", "\ufeff", "\u202egnp.exe", "\u200b", "a\r\nBcc: x@example.com", "\xff\xfe", "𝕏", "ﷺ", strings.Repeat("ä", 300),
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "' OR 1=1 --", "{{.}}", "${7*7}", "=cmd|'/c calc'!A1", "https://evil.example/", "../../etc/passwd",
		"%00", "%s%s%n", "NaN", "-1", "0", "9999999999999999999", "1e309", "true", "null", "李雷", "O'Brien", "Zoë", "İstanbul", "ẞ", "ǆ", "\u0430dmin@example.com",
		"a@b", "a@b.", "@example.com", "a@@example.com", "a b@example.com", "a@example.com,b@example.com", "a@[127.0.0.1]", strings.Repeat("a", 65) + "@example.com",
		"+", "+0", "+999999999999999", "0000", "110", "٠١٢٣٤٥", "a@xn--80ak6aa92e.com",
	}
	// The Big List of Naughty Strings, where it lies beside the repository.
	if list, err := os.ReadFile(filepath.Join("..", "..", "shared", "data", "strings", "blns.json")); err == nil {
		var more []string
		if err := json.Unmarshal(list, &more); err != nil {
			t.Fatal(err)
		}
		all = append(all, more...)
	}
	if testing.Short() {
		return all[:20]
	}
	return all
}

// asvs: V1.2.4 V2.2.1 V2.2.2 V16.5.1
func TestNoInputMakesAFormFail(t *testing.T) {
	p := portaltest.SQLite(t)
	w := somebody(t, p, 300)
	w.FillRequest()
	path, request := browserOf(w).Submission(w.Say("request.send"))
	w.Open("/register")
	_, details := browserOf(w).Submission(w.Say("register.continue"))
	w.Open("/sign-in")
	_, signIn := browserOf(w).Submission(w.Say("signin.go"))
	for _, form := range []struct {
		path   string
		fields url.Values
	}{{path, request}, {"/register/details", details}, {"/sign-in", signIn}} {
		for name := range form.fields {
			for i, text := range nasty(t) {
				changed := url.Values{}
				for k, v := range form.fields {
					changed[k] = v
				}
				changed.Set(name, text)
				b := p.Browser(t)
				b.Address = "203.0." + string(rune('0'+i%10)) + "." + string(rune('1'+i%9))
				if answer := b.Raw(form.path, changed); answer.Status >= 500 && answer.Status != http.StatusServiceUnavailable {
					t.Errorf("%s with %s = %q: %d", form.path, name, text, answer.Status)
				}
			}
		}
		big := url.Values{}
		for k, v := range form.fields {
			big[k] = v
		}
		big.Set("padding", strings.Repeat("x", 1<<20))
		if answer := p.Browser(t).Raw(form.path, big); answer.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s with a megabyte: %d", form.path, answer.Status)
		}
	}
}

// asvs: V1.1.2 V1.2.1 V1.2.10 V1.3.7
func TestMarkupFromTheRequestFormStaysTextEverywhere(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		office := approver(t, p, "Ada")
		w := somebody(t, p, 310)
		w.Organization = `Vale & Söhne "Nord"`
		w.FillRequest()
		b := browserOf(w)
		b.Fill(w.Say("request.purpose"), `=HYPERLINK("x") <script>alert(1)</script> "><img src=x onerror=alert(1)> {{.Secret}}`)
		b.Press(w.Say("request.send"))
		b.At(http.StatusOK, "/request/received")
		o := browserOf(office)
		seen := []string{}
		o.Open("/office/requests")
		seen = append(seen, o.Body)
		office.OpenRequest(w.Person)
		seen = append(seen, o.Body)
		o.Sees(w.Organization, "<script>alert(1)</script>")
		p.Deliver()
		for _, m := range p.Inbox.To("") {
			seen = append(seen, m.HTML)
			if strings.ContainsAny(m.Subject, "\r\n") {
				t.Errorf("the subject of %s has lines", m.Kind)
			}
		}
		for _, page := range seen {
			for _, raw := range []string{"<img src=x", "<script>alert", "onerror=alert(1)>"} {
				if strings.Contains(page, raw) {
					t.Errorf("%q stands as markup in:\n%.2000s", raw, page)
				}
			}
		}
		o.Open("/office/requests/export")
		for line := range strings.Lines(o.Body) {
			for field := range strings.SplitSeq(strings.TrimSpace(line), ",") {
				if field = strings.Trim(field, `"`); field != "" && strings.ContainsRune("=+@-", rune(field[0])) && !strings.HasPrefix(field, "-1") {
					t.Errorf("a spreadsheet takes %q for a formula", field)
				}
			}
		}
	})
}

// asvs: V2.3.1
func TestAStaleTabOrAReplayedPostLeadsOnAndLosesNothing(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		w := somebody(t, p, 320)
		b := browserOf(w)
		w.GiveDetails()
		stale := b.Tab()
		w.EnterCode(p.SMS(w.Mobile).Code(t))
		w.AcceptTerms()
		// The old tab sends its form: it sees the step where the registration is.
		stale.Fill(w.Say("register.code.code"), "123456").Press(w.Say("register.continue"))
		if got, want := stale.Heading(), w.Say("register.questions.title"); got != want {
			t.Errorf("a stale tab leads to %q, want %q", got, want)
		}
		w.ChooseQuestions()
		w.ConfirmAnswers()
		w.SkipAuthenticator()
		b.Fill(w.Say("register.password.password"), w.Password)
		path, form := b.Submission(w.Say("register.password.go"))
		b.Press(w.Say("register.password.go"))
		before := p.Count(t, `SELECT COUNT(*) FROM event`)
		for range 3 {
			b.Post(path, form)
			b.Sees(w.Say("register.done.title", "name", w.First))
		}
		if after := p.Count(t, `SELECT COUNT(*) FROM event`); after != before {
			t.Errorf("three replays left %d events", after-before)
		}
	})
}

// asvs: V6.6.2 V8.2.2
func TestTwoBrowsersCannotSwapTickets(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b := somebody(t, p, 330), somebody(t, p, 331)
		a.GiveDetails()
		b.GiveDetails()
		code := p.SMS(a.Mobile).Code(t)
		// The code of one in the registration of the other.
		if other := p.SMS(b.Mobile).Code(t); other != code {
			browserOf(b).Fill(b.Say("register.code.code"), code).Press(b.Say("register.continue"))
			browserOf(b).Sees(b.Say("register.code.title"))
		}
		// The id of one ticket with the secret of the other.
		tickets := map[string]string{}
		for _, w := range []guide.Way{a, b} {
			for _, c := range browserOf(w).Cookies() {
				if strings.HasSuffix(c.Name, "register") {
					tickets[w.Email] = c.Value
				}
			}
		}
		id, _, _ := strings.Cut(tickets[a.Email], ".")
		_, secret, _ := strings.Cut(tickets[b.Email], ".")
		thief := p.Browser(t)
		for _, c := range browserOf(a).Cookies() {
			thief.SetCookie(c.Name, c.Value)
			if strings.HasSuffix(c.Name, "register") {
				thief.SetCookie(c.Name, id+"."+secret)
			}
		}
		if heading := thief.Open("/register").Heading(); heading != a.Say("register.details.title") {
			t.Errorf("a swapped ticket leads to %q", heading)
		}
	})
}

// asvs: V16.5.2
func TestAProviderThatIsDownLosesNothing(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		p.Inbox.Down(true)
		w := somebody(t, p, 340)
		w.AskForAccess()
		w.GiveDetails()
		w.Sees(w.Say("register.code.title"))
		p.Deliver()
		p.Inbox.Down(false)
		for range 10 {
			p.Clock.Advance(30_000_000_000) // half a minute
			p.Deliver()
		}
		if kinds := p.Kinds(w.Email); !slices.Contains(kinds, "request-received") {
			t.Errorf("after the provider came back the applicant has %q", kinds)
		}
		w.EnterCode(p.SMS(w.Mobile).Code(t))
	})
}
