package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/portaltest"
)

// asvs: V7.5.1 V7.2.4
func TestWhoSignedInAWhileAgoProvesItAndGoesOnWhereItWas(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		_, b, _ := marta(t, p)
		p.Clock.Advance(account.FreshFor + time.Second)
		b.Open("/portal/account").Press("Set up Authenticator app").At(http.StatusOK, "/sign-in/again").Sees("Is it really you?")
		b.Fill("Password", "not it").Press("Continue").At(http.StatusUnprocessableEntity, "/sign-in/again").Sees("not the password of your account")
		before := session(b)
		b.Fill("Password", good).Press("Continue").At(http.StatusOK, "/portal/account/authenticator")
		if session(b) == before {
			t.Error("the session has the token it had before its owner was proved")
		}
		b.Press("Add an authenticator app").At(http.StatusOK, "/portal/account/authenticator/app")
		key := strings.Join(texts(b, ".key code"), "")

		// It takes long to find an app: then the same secret waits.
		p.Clock.Advance(account.FreshFor + time.Second)
		b.Fill("Six-digit code", p.Authenticator(t, key)).Press("Turn on").At(http.StatusOK, "/sign-in/again")
		b.Fill("Password", good).Press("Continue").At(http.StatusOK, "/portal/account/authenticator")
		b.Open("/portal/account/authenticator/app")
		if again := strings.Join(texts(b, ".key code"), ""); again != key {
			t.Error("the secret has changed though the app may have it")
		}
		b.Fill("Six-digit code", p.Authenticator(t, key)).Press("Turn on").Sees("Keep your recovery codes").Press("I have kept them")

		// From now on the password alone proves too little, and the code that was just taken is not taken here.
		p.Clock.Advance(account.FreshFor + time.Second)
		taken := p.Authenticator(t, key)
		b.Press("Change Password").At(http.StatusOK, "/sign-in/again").Fill("Password", good).Press("Continue").At(http.StatusUnprocessableEntity, "/sign-in/again")
		b.Fill("Password", good).Fill("Code from your authenticator app", taken).Press("Continue").At(http.StatusOK, "/portal/account/password")
		p.Clock.Advance(10 * time.Second)
		other := signIn(p.Browser(t), "mellison").Sees("Enter the code from your app")
		other.Fill("Code", taken).Press("Continue").At(http.StatusUnprocessableEntity, other.URL.Path)
	})
}

// asvs: V6.5.1 V7.4.3
func TestATrustedBrowserGivesTheCodeAgainAfterAChange(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		_, b, trusted := marta(t, p)
		key, _ := enrol(t, p, b)
		b.Press("I have kept them")
		p.Clock.Advance(time.Minute)
		signIn(trusted, "mellison").Check("Do not ask for the code").Fill("Code", p.Authenticator(t, key)).Press("Continue").At(http.StatusOK, "/portal")
		trusted.Post("/sign-out", url.Values{})
		signIn(trusted, "mellison").At(http.StatusOK, "/portal")
		// The password alone opened this session: it must not take the app away.
		trusted.Open("/portal/account/authenticator/remove").At(http.StatusOK, "/sign-in/again").Sees("Code from your authenticator app")
		trusted.Post("/portal/account/authenticator/remove", url.Values{})
		trusted.At(http.StatusOK, "/sign-in/again")

		b.Open("/portal/account").Press("Change Password").Fill("Present password", good).Fill("New password", better).Press("Change password").Sees("Your password has been changed")
		trusted.Open("/portal").At(http.StatusOK, "/sign-in").Fill("UserID or e-mail", "mellison").Fill("Password", better).Press("Sign in").Sees("Enter the code from your app")
	})
}

func TestAWayBackInThatWasBegunEndsWhenAPasswordChanges(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, _ := marta(t, p)
		stranger := p.Browser(t).Open("/reset-password").Fill("UserID or e-mail", "mellison").Press("Continue").At(http.StatusOK, "/reset-password").Sees("Look in your mailbox")
		p.Deliver()
		var link string
		for _, m := range p.Inbox.To(a.Email) {
			if m.Kind == "recovery-reset" {
				link = m.Link(t, "/reset-password/")
			}
		}
		if link == "" {
			t.Fatalf("no link: %v", p.Kinds(a.Email))
		}
		p.Browser(t).Open(link).Sees("Reset your password")
		begun := func() int {
			return p.Count(t, `SELECT COUNT(*) FROM flow WHERE kind = 'recovery' AND subject = $1`, a.ID)
		}
		if begun() != 1 {
			t.Fatalf("%d are begun", begun())
		}
		b.Open("/portal/account").Press("Change Password").Fill("Present password", good).Fill("New password", better).Press("Change password").Sees("Your password has been changed")
		p.Browser(t).Open(link).At(http.StatusGone, strings.TrimPrefix(link, portaltest.Base))
		if begun() != 0 {
			t.Errorf("%d are left", begun())
		}
		stranger.Open("/reset-password").Lacks("Choose a new password")
	})
}
