package visitor_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

func TestATrustedBrowserIsNotAskedForTheCode(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := member(t, p, "Marta", "Ellison")
		key := app(t, p, a)
		b := signIn(p.Browser(t), "/sign-in", "mellison", good)
		b.Check("Do not ask for the code in this browser").Fill("Code", p.Authenticator(t, key)).Press("Continue").At(http.StatusOK, "/standing")
		b.Open("/standing").Press("Sign out")
		signIn(b, "/sign-in", "mellison", good).At(http.StatusOK, "/standing")
		// It proves too little for what protects the account.
		b.Open("/portal/account/password").At(http.StatusOK, "/sign-in/again")
		// Another browser is asked, and its coming in is told.
		p.Clock.Advance(time.Minute)
		other := signIn(p.Browser(t), "/sign-in", "mellison", good).Sees("Enter the code from your app")
		other.Fill("Code", p.Authenticator(t, key)).Press("Continue").At(http.StatusOK, "/standing")
		if kinds := p.Kinds(a.Email); len(kinds) != 1 || kinds[0] != "sign-in-new-device" {
			t.Errorf("mails: %q", kinds)
		}
	})
}

// asvs: V7.5.1
func TestASensitivePageAsksOnceMoreWhoItIs(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		member(t, p, "Marta", "Ellison")
		b := signIn(p.Browser(t), "/sign-in", "mellison", good).At(http.StatusOK, "/standing")
		stolen := b.Copy()
		p.Clock.Advance(account.FreshFor + time.Second)
		b.Open("/portal/account/password").At(http.StatusOK, "/sign-in/again").Sees("Is it really you?")
		b.Press("Continue").At(http.StatusUnprocessableEntity, "/sign-in/again").Sees("Enter your password")
		b.Fill("Password", good+"x").Press("Continue").At(http.StatusUnprocessableEntity, "/sign-in/again").Sees("not the password of your account")
		b.Fill("Password", good).Press("Continue").At(http.StatusOK, "/portal/account/password")
		stolen.Open("/portal/account").At(http.StatusOK, "/sign-in") // a copy of the session from before is worth nothing
		for _, next := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", ""} {
			b.Post("/sign-in/again", url.Values{"password": {good}, "next": {next}}).At(http.StatusOK, "/standing")
		}
		p.Browser(t).Open("/sign-in/again?next=/portal").At(http.StatusOK, "/sign-in")
	})
}

func TestStaffProveItOnceMoreWithTheCode(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		b := p.Browser(t).Open(p.Invite(t, "Ines", "Duarte", staff.Administrator)).Press("Set up the account").Fill("Password", good).Press("Set password")
		key := portaltest.Text(b.Find(".key code")[0])
		b.Fill("Six-digit code", p.Authenticator(t, key)).Press("Check the code").Press("I have kept them")
		b.Open("/office/sign-in/again?next=/office").At(http.StatusOK, "/office/sign-in/again").Sees("Is it really you?", "Code from your authenticator app")
		b.Fill("Password", "whatever it is").Press("Continue").At(http.StatusUnprocessableEntity, "/office/sign-in/again")
		b.Fill("Password", good).Press("Continue").At(http.StatusUnprocessableEntity, "/office/sign-in/again").Sees("Enter the code")
		b.Fill("Password", good).Fill("Code from your authenticator app", p.Authenticator(t, key)).Press("Continue").At(http.StatusUnprocessableEntity, "/office/sign-in/again").Sees("This code is not right, or it was used before")
		p.Clock.Advance(time.Minute)
		b.Fill("Password", good).Fill("Code from your authenticator app", p.Authenticator(t, key)).Press("Continue").At(http.StatusOK, "/office/requests")
		p.Browser(t).Open("/office/sign-in/again?next=/office").At(http.StatusOK, "/office/sign-in")
	})
}

func TestAnExpiredPasswordLeadsIntoItsRecovery(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := member(t, p, "Bea", "Tester")
		if err := p.DB.Write(t.Context(), func(tx *db.Tx) error { return account.Expire(tx, a.ID, account.ByStaff) }); err != nil {
			t.Fatal(err)
		}
		b := signIn(p.Browser(t), "/sign-in", "btester", good).At(http.StatusOK, "/sign-in").Sees("Your password has expired")
		b.Press("Choose a new password").At(http.StatusOK, "/reset-password").Sees("code")
		if kinds := p.Kinds(a.Email); len(kinds) != 1 {
			t.Errorf("mails: %q", kinds)
		}
		b.Open("/sign-in").At(http.StatusOK, "/sign-in").Sees("UserID or e-mail")
	})
}

func TestARegistrationThatWaitsIsMentionedAtSignIn(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		b := p.Browser(t)
		b.Open("/sign-in").Lacks("You began to create an account")
		give(b, "marta@vale.example", "07700 900123").At(http.StatusOK, "/register")
		b.Open("/sign-in").Sees("You began to create an account in this browser")
	})
}
