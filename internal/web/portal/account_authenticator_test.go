package portal_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
)

// session is the value of the browser's cookie.
func session(b *portaltest.Browser) string {
	for _, c := range b.Cookies() {
		if c.Name == "__Host-session" {
			return c.Value
		}
	}
	return ""
}

// texts are those of the elements that a selector finds.
func texts(b *portaltest.Browser, selector string) (all []string) {
	for _, n := range b.Find(selector) {
		all = append(all, portaltest.Text(n))
	}
	return all
}

// asvs: V7.5.1 V7.2.4 V6.5.1
func TestAClientAddsTheAuthenticatorAppLater(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := member(t, p, "Marta", "Ellison", "vale.example")
		evaluating(t, p, company(t, p, organization.Client, "Vale", "vale.example", a))
		b, elsewhere := p.Browser(t), p.Browser(t)
		signIn(b, "mellison").At(http.StatusOK, "/portal")
		signIn(elsewhere, "mellison")
		b.Press("Security").At(http.StatusOK, "/portal/security").Sees("Not set up")

		// Signed in a while ago: the password first, and a new token with it.
		p.Clock.Advance(6 * time.Minute)
		b.Press("Add an authenticator app").At(http.StatusOK, "/portal/security/confirm").Sees("Enter your password again")
		b.Press("Continue").At(http.StatusUnprocessableEntity, "/portal/security/confirm").Sees("Enter your password")
		b.Fill("Password", "not it").Press("Continue").At(http.StatusUnprocessableEntity, "/portal/security/confirm").Sees("not the password of your account")
		before := session(b)
		b.Fill("Password", good).Press("Continue").At(http.StatusOK, "/portal/security/app").Sees("Set up the authenticator app")
		if session(b) == before {
			t.Error("the session has the token it had before its owner was proved")
		}
		key := strings.Join(texts(b, ".key code"), "")
		b.Press("Turn on").At(http.StatusUnprocessableEntity, "/portal/security/code").Sees("Enter the code")
		b.Fill("Six-digit code", "000000").Press("Turn on").At(http.StatusUnprocessableEntity, "/portal/security/code").Sees("does not match")
		b.Fill("Six-digit code", p.Authenticator(t, key)).Press("Turn on").At(http.StatusOK, "/portal/security/app").Sees("Keep your recovery codes")
		codes := texts(b, ".cols code")
		if len(codes) != 10 {
			t.Fatalf("%d recovery codes on the page", len(codes))
		}
		b.Open("/portal/security/recovery-codes.txt").Sees(codes...)
		b.Open("/portal/security").At(http.StatusOK, "/portal/security/app")
		b.Press("I have kept them").At(http.StatusOK, "/portal/security").Sees("Your authenticator app is on", "10 recovery codes are left", "Our helpdesk makes sure")
		b.Lacks("Add an authenticator app", codes[0])
		for _, path := range []string{"/portal/security/app", "/portal/security/recovery-codes.txt"} {
			b.Open(path).At(http.StatusOK, "/portal/security").Lacks(codes[0])
		}
		b.Post("/portal/security/app", url.Values{})
		b.At(http.StatusOK, "/portal/security").Lacks("Set up the authenticator app")
		b.Post("/portal/security/confirm", url.Values{"password": {good}})
		b.At(http.StatusOK, "/portal/security")

		// The owner is told, other browsers are out, and the next sign-in asks for the code.
		p.Deliver()
		if got := p.Inbox.To(a.Email); len(got) == 0 || got[len(got)-1].Kind != "authenticator-added" {
			t.Errorf("the owner is not told: %+v", got)
		}
		elsewhere.Open("/portal").At(http.StatusOK, "/sign-in")
		p.Clock.Advance(time.Minute)
		signIn(p.Browser(t), "mellison").At(http.StatusOK, "/sign-in").Sees("Enter the code from your app")
	})
}

func TestSomebodyWhoWaitsReachesTheOwnSecurity(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		member(t, p, "Marta", "Ellison", "vale.example")
		b := signIn(p.Browser(t), "mellison").At(http.StatusOK, "/standing")
		b.Press("Security of your account").At(http.StatusOK, "/portal/security")
		if slices.Contains(texts(b, "nav a"), "People") {
			t.Error("a page that does not open yet stands in the navigation")
		}
		// Just signed in: nothing is asked again.
		b.Press("Add an authenticator app").At(http.StatusOK, "/portal/security/app")
		b.Press("Back to security").At(http.StatusOK, "/portal/security").Sees("Not set up")
		p.Browser(t).Open("/portal/security").At(http.StatusOK, "/sign-in")
	})
}
