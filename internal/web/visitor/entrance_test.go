package visitor_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

const good = "Quartz-Lantern-Meadow-91"

// member makes an account with a confirmed address and the password good.
func member(t *testing.T, p *portaltest.Portal, first, last string) account.Account {
	t.Helper()
	hash, err := p.Passwords.Hasher.Hash(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	email, err := account.ParseEmail(strings.ToLower(first + "." + last + "@vale.example"))
	if err != nil {
		t.Fatal(err)
	}
	var a account.Account
	err = p.DB.Write(t.Context(), func(tx *db.Tx) error {
		a, err = account.Create(tx, p.Secret, account.DefaultPattern, account.New{
			Email: email, EmailProved: true, FirstName: first, LastName: last, Lang: "en", State: account.Unfinished,
		})
		if err != nil {
			return err
		}
		if err := account.AcceptTerms(tx, a.ID, p.SignIn.Terms, "en", "192.0.2.1"); err != nil {
			return err
		}
		return account.SetPassword(tx, a.ID, hash)
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// app binds an authenticator to the account and returns its key.
func app(t *testing.T, p *portaltest.Portal, a account.Account) string {
	t.Helper()
	var key string
	write := func(f func(tx *db.Tx) error) {
		if err := p.DB.Write(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *db.Tx) error {
		en, err := account.BeginAuthenticator(tx, p.Ring, p.Secret, a.ID, "Northwind", a.UserID)
		key = en.Secret
		return err
	})
	write(func(tx *db.Tx) error {
		_, err := account.ConfirmAuthenticator(tx, p.Ring, a.ID, p.Authenticator(t, key))
		return err
	})
	p.Clock.Advance(time.Minute)
	return key
}

func signIn(b *portaltest.Browser, path, login, password string) *portaltest.Browser {
	return b.Open(path).Fill("UserID or e-mail", login).Fill("Password", password).Press("Sign in")
}

func TestSomebodyWithoutAnEvaluationIsToldWhatIsMissing(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		member(t, p, "Marta", "Ellison")
		b := signIn(p.Browser(t), "/sign-in", "mellison", good)
		b.At(http.StatusOK, "/standing").Sees("One thing is missing", "Request an evaluation")
		for _, path := range []string{"/portal", "/portal/people", "/sign-in"} {
			b.Open(path).At(http.StatusOK, "/standing")
		}
		b.Open("/standing").Press("Sign out").At(http.StatusOK, "/signed-out")
		b.Open("/portal").At(http.StatusOK, "/sign-in")
	})
}

// asvs: V7.2.1
func TestAHalfMadeSignInOpensNoRoute(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		key := app(t, p, member(t, p, "Marta", "Ellison"))
		b := signIn(p.Browser(t), "/sign-in", "mellison", good)
		b.At(http.StatusOK, "/sign-in").Sees("Enter the code from your app")
		ticket := ""
		for _, c := range b.Cookies() {
			if c.Name == "__Host-signing-in" {
				ticket = c.Value
			}
		}
		if ticket == "" {
			t.Fatal("no ticket")
		}
		for _, cookies := range [][]string{nil, {"__Host-session"}, {"__Host-staff"}, {"__Host-session", "__Host-staff"}} {
			try := b.Copy()
			for _, name := range cookies {
				try.SetCookie(name, ticket)
			}
			for _, route := range p.Kit.Routes() {
				method, pattern, _ := strings.Cut(route.Pattern, " ")
				if route.Access.String() == "anyone" {
					continue
				}
				at := strings.NewReplacer("{id}", "x", "{token}", "x", "{name}", "x", "{domain}", "x").Replace(pattern)
				if method == http.MethodPost {
					try.Post(at, url.Values{})
				} else {
					try.Open(at)
				}
				if strings.HasPrefix(route.Access.String(), "token") { // for programs: cookies count for nothing
					if try.Status != http.StatusUnauthorized {
						t.Errorf("half signed in, %s answers %d", route.Pattern, try.Status)
					}
					continue
				}
				if !strings.HasSuffix(try.URL.Path, "/sign-in") {
					t.Errorf("half signed in, %s leads to %d %s", route.Pattern, try.Status, try.URL.Path)
				}
			}
		}
		b.Open("/sign-in").Fill("Code", "000000").Press("Continue").At(http.StatusUnprocessableEntity, "/sign-in/code").Sees("This code is not right")
		b.Fill("Code", p.Authenticator(t, key)).Press("Continue").At(http.StatusOK, "/standing")
		for _, c := range b.Cookies() {
			if c.Name == "__Host-signing-in" && c.Value != "" {
				t.Error("the ticket is still in the browser")
			}
		}
	})
}

func TestARecoveryCodeStandsInForTheApp(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := member(t, p, "Marta", "Ellison")
		app(t, p, a)
		var codes []string
		err := p.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
			codes, err = account.NewRecoveryCodes(tx, p.Ring, p.Secret, a.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		b := signIn(p.Browser(t), "/sign-in", "mellison", good)
		b.Open("/sign-in?with=recovery").Fill("Recovery code", "aaaa-bbbb-cccc-dddd").Press("Continue")
		b.At(http.StatusUnprocessableEntity, "/sign-in/code").Sees("Use a recovery code")
		b.Fill("Recovery code", codes[0]).Press("Continue").At(http.StatusOK, "/standing")
	})
}

// asvs: V3.7.2
func TestNextLeadsNowhereElse(t *testing.T) {
	p := portaltest.SQLite(t)
	member(t, p, "Marta", "Ellison")
	for i, next := range []string{
		"https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/%09/evil.example", "/\t/evil.example",
		"http:evil.example", "/portal\r\nSet-Cookie: x=y", "///evil.example", "/..//evil.example",
	} {
		fresh := func() *portaltest.Browser {
			b := p.Browser(t)
			b.Address = fmt.Sprintf("198.51.%d.7", i)
			return b
		}
		b := signIn(fresh(), "/sign-in?next="+url.QueryEscape(next), "mellison", good)
		if b.URL.Host != "portal.example.com" {
			t.Errorf("%q leads to %s", next, b.URL)
		}
		b = signIn(fresh(), "/sign-in", "x", "x")
		path, form := b.Submission("Sign in")
		form.Set("login", "mellison")
		form.Set("password", good)
		form.Set("next", next)
		if b.Post(path, form); b.URL.Host != "portal.example.com" {
			t.Errorf("%q in the form leads to %s", next, b.URL)
		}
	}
	b := p.Browser(t).Open("/portal/people")
	b.At(http.StatusOK, "/sign-in")
	if next := b.URL.Query().Get("next"); next != "/portal/people" {
		t.Errorf("the way back is %q", next)
	}
}

// asvs: V3.5.1
func TestNobodyIsSignedInByAnotherSite(t *testing.T) {
	p := portaltest.SQLite(t)
	member(t, p, "Mallory", "Moss")
	b := p.Browser(t)
	b.PostFrom("https://evil.example", "/sign-in", url.Values{"login": {"mmoss"}, "password": {good}})
	if b.Status != http.StatusForbidden || len(b.Cookies()) != 0 {
		t.Errorf("answered %d with %v", b.Status, b.Cookies())
	}
}

// asvs: V7.3.1 V14.3.1
func TestWhoWasAwaySignsInAgainAndReturns(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		member(t, p, "Marta", "Ellison")
		b := signIn(p.Browser(t), "/sign-in", "mellison", good).At(http.StatusOK, "/standing")
		p.Clock.Advance(61 * time.Minute)
		b.Open("/standing").At(http.StatusOK, "/sign-in").Sees("You were away for a while", "you return to the page you were on")
		b.Fill("UserID or e-mail", "mellison").Fill("Password", good).Press("Sign in").At(http.StatusOK, "/standing")
	})
}

// asvs: V14.3.1
func TestSignOutTellsTheBrowserToForget(t *testing.T) {
	p := portaltest.SQLite(t)
	member(t, p, "Marta", "Ellison")
	b := signIn(p.Browser(t), "/sign-in", "mellison", good)
	kept := b.Copy()
	b.Post("/sign-out", url.Values{})
	b.At(http.StatusOK, "/signed-out")
	for _, c := range b.Cookies() {
		if c.Name == "__Host-session" && c.Value != "" {
			t.Error("the session's cookie is still there")
		}
	}
	kept.Open("/standing").At(http.StatusOK, "/sign-in")
}

// asvs: V6.3.1
func TestGuessingIsPausedAndSaysForHowLong(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		member(t, p, "Marta", "Ellison")
		for _, login := range []string{"mellison", "nobody"} {
			b := p.Browser(t)
			b.Address = "198.51.100.9"
			for range 5 {
				signIn(b, "/sign-in", login, "guess").At(http.StatusUnprocessableEntity, "/sign-in").Sees("is not right")
			}
			signIn(b, "/sign-in", login, good).At(http.StatusTooManyRequests, "/sign-in").Sees("Too many attempts", "0:15")
			if b.Page.Header.Get("Retry-After") != "15" {
				t.Errorf("Retry-After is %q", b.Page.Header.Get("Retry-After"))
			}
		}
	})
}

func TestWhatWasTypedStaysButThePassword(t *testing.T) {
	p := portaltest.SQLite(t)
	b := signIn(p.Browser(t), "/sign-in", "mellison", "Secret-Secret-1").At(http.StatusUnprocessableEntity, "/sign-in")
	if b.Value("UserID or e-mail") != "mellison" || strings.Contains(b.Body, "Secret-Secret-1") {
		t.Error("the login is kept, the password is not sent back")
	}
	b.Open("/sign-in").Press("Sign in").At(http.StatusUnprocessableEntity, "/sign-in").Sees("Enter your UserID or e-mail address", "Enter your password")
	for _, naughty := range []string{strings.Repeat("x", 30_000), "\x00", "' OR 1=1 --", "<script>alert(1)</script>", "\u202emoc", "\xff\xfe"} {
		b.Post("/sign-in", url.Values{"login": {naughty}, "password": {naughty}})
		if b.Status != http.StatusUnprocessableEntity || strings.Contains(b.Body, "<script>alert") {
			t.Errorf("%.20q is answered %d", naughty, b.Status)
		}
	}
}

func TestStaffSetUpTheirAccountAndSignIn(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		link := p.Invite(t, "Ines", "Duarte", staff.Administrator)
		b := p.Browser(t).Open(link).Sees("Ines Duarte", "iduarte")
		b.Press("Set up the account").At(http.StatusOK, "/office/enrol").Sees("Choose a password")
		b.Fill("Password", "short").Press("Set password").At(http.StatusUnprocessableEntity, "/office/set-up/password")
		b.Fill("Password", good).Press("Set password").At(http.StatusOK, "/office/enrol").Sees("authenticator app")
		key := ""
		for _, n := range b.Find(".key code") {
			key = strings.ReplaceAll(portaltest.Text(n), " ", "")
		}
		// The password alone opens nothing.
		signIn(p.Browser(t), "/office/sign-in", "iduarte", good).At(http.StatusOK, "/sign-in").Sees("Your staff account is not set up")
		b.Fill("Six-digit code", "000000").Press("Check the code").At(http.StatusUnprocessableEntity, "/office/set-up/code")
		b.Fill("Six-digit code", p.Authenticator(t, key)).Press("Check the code").At(http.StatusOK, "/office/enrol").Sees("recovery codes")
		b.Press("I have kept them")
		if !strings.HasPrefix(b.URL.Path, "/office") {
			t.Fatalf("after the set-up at %s", b.URL.Path)
		}
		b.Open(link).At(http.StatusGone, strings.TrimPrefix(link, portaltest.Base))

		p.Clock.Advance(16 * time.Minute)
		b.Open("/office/requests").At(http.StatusOK, "/office/sign-in").Sees("You were away for a while")
		signIn(b, "/office/sign-in", "iduarte", good).At(http.StatusOK, "/sign-in").Sees("Enter the code from your app")
		b.Fill("Code", p.Authenticator(t, key)).Press("Continue")
		if !strings.HasPrefix(b.URL.Path, "/office") {
			t.Fatalf("signed in at %s", b.URL.Path)
		}
		b.Open("/portal").At(http.StatusOK, "/office/requests") // staff are no clients: they are led to where they are somebody
		b.Post("/office/sign-out", url.Values{})
		b.At(http.StatusOK, "/signed-out").Sees("You are signed out")
		b.Open("/office/requests").At(http.StatusOK, "/office/sign-in")
	})
}

func TestNewTermsAreShownAndAcceptedAtSignIn(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		member(t, p, "Marta", "Ellison")
		p.SignIn.Terms.Version = "next"
		b := signIn(p.Browser(t), "/sign-in", "mellison", good).At(http.StatusOK, "/sign-in").Sees("Our terms have changed", "next")
		b.Press("Do not accept").At(http.StatusOK, "/sign-in").Sees("you are not signed in")
		b.Open("/standing").At(http.StatusOK, "/sign-in")
		signIn(b, "/sign-in", "mellison", good).Press("Accept and continue").At(http.StatusOK, "/standing")
	})
}

func TestHelpIsNamedWhereSomebodyIsStuck(t *testing.T) {
	p := portaltest.SQLite(t)
	p.Browser(t).Open("/get-back-in").At(http.StatusOK, "/get-back-in").Sees("+1 415 555 0100", "help@northwind.example", "Back to sign-in")
}
