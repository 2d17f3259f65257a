package internal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/e2e/guide"
	"vestibule/internal/passkey/passkeytest"
	"vestibule/internal/portaltest"
	"vestibule/internal/secret"
)

// ask is what a page's script gets for the browser.
func ask(t testing.TB, b *portaltest.Browser, path string) []byte {
	t.Helper()
	p := b.Raw(path, nil)
	if p.Status != http.StatusOK || p.Header.Get("Content-Type") != "application/json" || p.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s answers %d %s: %s", path, p.Status, p.Header, p.Body)
	}
	return []byte(p.Body)
}

func answer(given []byte) url.Values { return url.Values{"passkey": {string(given)}} }

// withPasskey is a client who is signed in and has added a passkey.
func withPasskey(t *testing.T, p *portaltest.Portal, n int) (guide.Way, *passkeytest.Authenticator) {
	t.Helper()
	w := somebody(t, p, n)
	stepTwo(t, p, w, "")
	confirmEmail(t, p, w)
	w.SignIn(w.Email)
	device := passkeytest.New(t, secret.Seeded(uint64(n)), portaltest.Base)
	b := browserOf(w)
	form := answer(device.Make(ask(t, b, "/portal/account/passkeys/ask")))
	form.Set("name", "Phone")
	b.Post("/portal/account/passkeys/add", form).At(http.StatusOK, "/portal/account/passkeys").Sees("Phone", w.Say("passkey.done-added"))
	return w, device
}

// asvs: V6.3.3 V7.2.4
func TestAPasskeyOpensThePortalAndNothingElseIsAsked(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		w, device := withPasskey(t, p, 51)
		elsewhere := p.Browser(t)
		elsewhere.Open("/sign-in")
		options := ask(t, elsewhere, "/sign-in/passkey/ask")
		form := answer(device.Use(options))

		// What another browser was asked, this one does not answer: its own cookie is what counts.
		thief := p.Browser(t)
		thief.Open("/sign-in")
		thief.Post("/sign-in/passkey", form).At(http.StatusUnprocessableEntity, "/sign-in/passkey").Sees(w.Say("fault.passkey-late"))
		ask(t, thief, "/sign-in/passkey/ask")
		thief.Post("/sign-in/passkey", form).At(http.StatusUnprocessableEntity, "/sign-in/passkey").Sees(w.Say("fault.passkey-wrong"))

		// Nor does a page of somebody else's send it.
		if copied := elsewhere.Copy(); copied.PostFrom("https://evil.example", "/sign-in/passkey", form).Status != http.StatusForbidden {
			t.Error("a stranger's page signs in")
		}
		elsewhere.Post("/sign-in/passkey", form).At(http.StatusOK, "/standing")
		thief.Post("/sign-in/passkey", form).At(http.StatusUnprocessableEntity, "/sign-in/passkey")
		if p.Count(t, `SELECT COUNT(*) FROM session`) != 2 {
			t.Error("there are more sessions than sign-ins")
		}
	})
}

func TestWithoutAnAnswerThePageSaysWhy(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		b := p.Browser(t)
		b.Open("/sign-in").Post("/sign-in/passkey", answer(nil)).At(http.StatusUnprocessableEntity, "/sign-in/passkey").Sees("Turn JavaScript on")
		b.Post("/sign-in/passkey", answer([]byte(strings.Repeat("x", 20_000)))).At(http.StatusUnprocessableEntity, "/sign-in/passkey")
		b.Post("/sign-in/passkey", answer([]byte(`{"id":"\u202e","rawId":"\u0000"}`))).At(http.StatusUnprocessableEntity, "/sign-in/passkey")
	})
}

func TestAnotherPersonsPasskeyIsNotThere(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		w, _ := withPasskey(t, p, 52)
		other, _ := withPasskey(t, p, 53)
		b := browserOf(w).Open("/portal/account/passkeys")
		var path string
		for _, n := range b.Find("main .item a") {
			for _, a := range n.Attr {
				if a.Key == "href" {
					path = a.Val
				}
			}
		}
		if !strings.HasPrefix(path, "/portal/account/passkeys/") {
			t.Fatalf("the way to one is %q", path)
		}
		his := browserOf(other)
		his.Open(path).At(http.StatusNotFound, path)
		his.Post(path+"/name", url.Values{"name": {"Mine"}}).At(http.StatusNotFound, path+"/name")
		his.Post(path+"/remove", nil).At(http.StatusNotFound, path+"/remove")

		b.Open(path).Fill(w.Say("passkey.name"), " ").Press(w.Say("passkey.rename")).At(http.StatusUnprocessableEntity, path+"/name").Sees("Enter a name")
		b.Fill(w.Say("passkey.name"), "<b>Laptop</b>").Press(w.Say("passkey.rename")).Sees("<b>Laptop</b>")
		p.Clock.Advance(6 * time.Minute)
		b.Open(path).Lacks(w.Say("passkey.remove"))
	})
}

// asvs: V6.3.3
func TestStaffAddAPasskeyAndUseItAfterThePassword(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		w := approver(t, p, "Ada")
		b := browserOf(w)
		device := passkeytest.New(t, secret.Seeded(7), portaltest.Base)
		b.Open("/office/account").Sees(w.Say("passkey.office-title"), w.Say("passkey.none")).Press(w.Say("passkey.add")).At(http.StatusOK, "/office/account/add")
		form := answer(device.Make(ask(t, b, "/office/account/ask")))
		form.Set("name", "Key")
		b.Post("/office/account/add", form).At(http.StatusOK, "/office/account").Sees("Key")

		again := p.Browser(t)
		again.Open("/sign-in")
		again.Post("/sign-in/passkey", answer(device.Use(ask(t, again, "/sign-in/passkey/ask")))).Sees(w.Say("fault.passkey-staff"))
		again.Open("/office/sign-in").Fill(w.Say("signin.login"), "aprior").Fill(w.Say("signin.password"), w.Password).Press(w.Say("signin.go"))
		again.Sees(w.Say("signin.code-title"))
		again.Post("/sign-in/code/passkey", answer(device.Use(ask(t, again, "/sign-in/code/passkey/ask")))).At(http.StatusOK, "/office/requests")
	})
}
