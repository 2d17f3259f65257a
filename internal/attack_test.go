package internal_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/portaltest"
)

// look is what a stranger can see of an answer: status, headers, cookies'
// names and lengths, and the page with what was typed taken out.
func look(p *portaltest.Page, typed ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n", p.Status, p.URL.Path)
	for _, name := range slices.Sorted(maps.Keys(p.Header)) {
		if name == "Content-Length" {
			continue // it follows from the body, which holds what was typed
		}
		for _, value := range p.Header[name] {
			if name == "Set-Cookie" {
				key, rest, _ := strings.Cut(value, "=")
				secret, attributes, _ := strings.Cut(rest, ";")
				value = fmt.Sprintf("%s=(%d);%s", key, len(secret), attributes)
			}
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	body := p.Body
	for _, word := range typed {
		body = strings.ReplaceAll(body, word, "…")
	}
	b.WriteString(ids.ReplaceAllString(body, "(id)"))
	return b.String()
}

// ids are what differs from page to page by chance.
var ids = regexp.MustCompile(`\b[0-9a-zA-Z_-]{20,}\b`)

// pair does the same as two people and compares all that each can see.
func pair(t *testing.T, what string, known, unknown func() *portaltest.Page, typed ...string) {
	t.Helper()
	a, b := look(known(), typed...), look(unknown(), typed...)
	if a != b {
		t.Errorf("%s: a stranger can tell them apart:\n%s", what, difference(a, b))
	}
}

func difference(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	var d []string
	for i := range max(len(left), len(right)) {
		x, y := "", ""
		if i < len(left) {
			x = left[i]
		}
		if i < len(right) {
			y = right[i]
		}
		if x != y {
			d = append(d, fmt.Sprintf("known:   %s\nunknown: %s", x, y))
		}
	}
	return strings.Join(d[:min(len(d), 6)], "\n")
}

// asvs: V6.3.8
func TestTheRequestFormTellsNobodyWhoHasAnAccount(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		member := somebody(t, p, 100)
		stepTwo(t, p, member, "")
		waiting := somebody(t, p, 101)
		waiting.AskForAccess()
		fresh := somebody(t, p, 102)
		p.Deliver()

		ask := func(email string, n int) func() *portaltest.Page {
			return func() *portaltest.Page {
				w := somebody(t, p, n)
				w.Person.Email = email
				w.First, w.Last, w.Organization, w.Number = "Stran", "Ger", "Somewhere Ltd", "07400 123456"
				w.FillRequest()
				path, form := browserOf(w).Submission(w.Say("request.send"))
				browserOf(w).Raw(path, form)
				first := *browserOf(w).Page
				browserOf(w).Open("/request/received")
				browserOf(w).Page.Body += "\n\n" + first.Body + fmt.Sprint(first.Status, first.Header)
				return browserOf(w).Page
			}
		}
		typed := []string{member.Email, waiting.Email, fresh.Email}
		pair(t, "an address with an account", ask(member.Email, 110), ask(fresh.Email, 111), typed...)
		newer := somebody(t, p, 103)
		pair(t, "an address with an open request", ask(waiting.Email, 112), ask(newer.Email, 113), append(typed, newer.Email)...)
		if kinds := p.Kinds(waiting.Email); !slices.Equal(kinds, []string{"request-received", "request-duplicate"}) {
			t.Errorf("who asks twice has %q", kinds)
		}
	})
}

// asvs: V6.3.8
func TestARegistrationThatConcealsTellsNobodyWhoHasAnAccount(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		known, unknown := somebody(t, p, 120), somebody(t, p, 121)
		begin(t, p, known.Person.Email, 120)
		p.Deliver()
		give := func(email string, n int) func() *portaltest.Page {
			return func() *portaltest.Page {
				w := somebody(t, p, n)
				w.Person.Email = email
				w.First, w.Last, w.Organization, w.Number = "Stran", "Ger", "Somewhere Ltd", fmt.Sprintf("07400 1234%02d", n%100)
				w.GiveDetails()
				return browserOf(w).Page
			}
		}
		pair(t, "an address with an account", give(known.Email, 122), give(unknown.Email, 123), known.Email, unknown.Email)
		if kinds := p.Kinds(known.Email); count(kinds, "register-exists") != 1 {
			t.Errorf("the owner of the address has %q", kinds)
		}
		if kinds := p.Kinds(unknown.Email); !slices.Equal(kinds, []string{"register-continue"}) {
			t.Errorf("the new address has %q", kinds)
		}
	}, "registration.duplicate_email=conceal")
}

// begin makes an account for an address where addresses are concealed: the
// registration goes on by the link in the mailbox.
func begin(t *testing.T, p *portaltest.Portal, email string, n int) {
	t.Helper()
	w := somebody(t, p, n)
	w.Person.Email = email
	w.GiveDetails()
	w.Sees(w.Say("register.mailbox.title"))
	w.Open(mailOf(t, p, email, "register-continue").Link(t, "/register/continue/"))
	w.Press(w.Say("register.continue-link.go"))
	w.EnterCode(p.SMS(w.Mobile).Code(t))
	w.FromTerms()
}

// asvs: V6.3.8
func TestTheSignInTellsNobodyWhoHasAnAccount(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		member := somebody(t, p, 130)
		stepTwo(t, p, member, "")
		half := somebody(t, p, 131)
		half.GiveDetails()
		half.EnterCode(p.SMS(half.Mobile).Code(t))
		half.AcceptTerms()
		p.Deliver()
		before := p.Kinds("")

		try := func(login string, n int) func() *portaltest.Page {
			return func() *portaltest.Page {
				w := somebody(t, p, n)
				w.Password = "Not-The-Password-1"
				w.SignIn(login)
				return browserOf(w).Page
			}
		}
		typed := []string{member.Email, half.Email, "nobody@nowhere.example", "mellison"}
		pair(t, "a wrong password", try(member.Email, 140), try("nobody@nowhere.example", 141), typed...)
		pair(t, "an account that was never finished", try(half.Email, 142), try("nobody@nowhere.example", 143), typed...)
		pair(t, "sign-in by UserID", try("nellison", 144), try("xnobody", 145), append(typed, "nellison", "xnobody")...)
		after := p.Kinds("")
		if got := after[len(before):]; len(got) != 1 || p.Inbox.To(half.Email)[len(p.Inbox.To(half.Email))-1].Kind != "account-finish" {
			t.Errorf("the tries sent %q, want the link to finish alone", got)
		}
	})
}

// asvs: V3.5.1
func TestNoFormOfAnotherSiteIsTaken(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		w := somebody(t, p, 150)
		w.FillRequest()
		path, form := browserOf(w).Submission(w.Say("request.send"))
		before := facts(t, p)
		stranger := browserOf(w).PostFrom("https://elsewhere.example", path, form)
		if stranger.Status != http.StatusForbidden {
			t.Errorf("a form of another site was answered %d", stranger.Status)
		}
		for _, route := range p.Kit.Routes() {
			method, pattern, _ := strings.Cut(route.Pattern, " ")
			if method != http.MethodPost {
				continue
			}
			at := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(pattern, "x")
			if b := p.Browser(t).PostFrom("https://elsewhere.example", at, url.Values{}); b.Status != http.StatusForbidden {
				t.Errorf("POST %s from another site was answered %d", at, b.Status)
			}
		}
		if after := facts(t, p); after != before {
			t.Errorf("a form of another site changed something:\n%s\nbefore:\n%s", after, before)
		}
	})
}

// asvs: V8.2.1
func TestEveryRouteOpensOnlyToWhomItsRowNames(t *testing.T) {
	p := portaltest.SQLite(t)
	for _, route := range p.Kit.Routes() {
		method, pattern, _ := strings.Cut(route.Pattern, " ")
		if route.Access.String() == "anyone" {
			continue
		}
		at := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(pattern, "x")
		b := p.Browser(t)
		if method == http.MethodPost {
			b.Post(at, url.Values{})
		} else {
			b.Open(at)
		}
		if strings.HasPrefix(route.Access.String(), "token:") {
			if b.Status != http.StatusUnauthorized { // a program is told, and led nowhere
				t.Errorf("who has no token comes by %s to %d", route.Pattern, b.Status)
			}
			continue
		}
		if !strings.HasSuffix(b.URL.Path, "/sign-in") {
			t.Errorf("a stranger comes by %s to %d %s", route.Pattern, b.Status, b.URL.Path)
		}
	}
}

// asvs: V7.2.4
func TestASessionThatWasPlantedIsNotTheOneAfterSigningIn(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		w := somebody(t, p, 160)
		stepTwo(t, p, w, "")
		b := browserOf(w)
		for _, name := range []string{"__Host-session", "session", "__Host-staff"} {
			b.SetCookie(name, "planted.0123456789abcdefghijklmnop")
		}
		w.SignIn(w.Email)
		for _, c := range b.Cookies() {
			if c.Name == "__Host-session" && strings.HasPrefix(c.Value, "planted") {
				t.Error("the planted session is the person's now")
			}
		}
		kept := b.Copy()
		b.Post("/sign-out", url.Values{})
		if kept.Open("/standing"); kept.URL.Path == "/standing" {
			t.Error("a copied session lives on after signing out")
		}
	})
}

// asvs: V4.1.3
func TestLinksInMailsComeFromTheConfigurationAlone(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		w := somebody(t, p, 170)
		b := browserOf(w)
		b.Header = http.Header{"X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"http"}, "Forwarded": {"host=evil.example"}, "X-Original-Url": {"//evil.example"}}
		w.AskForAccess()
		for _, m := range p.Inbox.To("") {
			if strings.Contains(m.Text+m.HTML, "evil.example") {
				t.Errorf("%s holds the forged host", m.Kind)
			}
		}
		if strings.Contains(b.Body, "evil.example") {
			t.Error("the page holds the forged host")
		}
	})
}

// asvs: V16.2.5
func TestNoSecretStandsInTheLogOrReadableInTheDatabase(t *testing.T) {
	p := portaltest.SQLite(t)
	office := approver(t, p, "Ada")
	w := somebody(t, p, 180)
	w.AskForAccess()
	office.Approve(w.Person)
	link := mailOf(t, p, w.Email, "request-approved-register").Link(t, "/welcome/")
	w.FollowInvitation(link)
	code := p.SMS(w.Mobile).Code(t)
	w.EnterCode(code)
	w.FromTerms()
	w.SignIn(w.Email)
	p.Clock.Advance(time.Minute)
	secrets := map[string]string{
		"the password": w.Password, "the staff's password": office.Password, "the SMS code": code, "the mobile number": w.Mobile,
		"the approval's token": link[strings.LastIndex(link, "/")+1:],
	}
	for i, answer := range []string{"burnt lentil soup", "gasworks lane north", "the old bicycle shed"} {
		secrets[fmt.Sprint("answer ", i+1)] = answer
	}
	for _, c := range browserOf(w).Cookies() {
		if len(c.Value) > 16 {
			secrets["the cookie "+c.Name] = c.Value
		}
	}
	log := p.Log.Text()
	for what, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("%s stands in the log", what)
		}
	}
	delete(secrets, "the mobile number") // it is data, and in the database
	delete(secrets, "the SMS code")      // six digits stand by chance in many numbers
	for what, secret := range secrets {
		if where := p.Holding(t, secret); where != "" {
			t.Errorf("%s stands readable in %s", what, where)
		}
	}
}
