package e2e_test

import (
	"testing"
	"time"

	"vestibule/e2e/browser"
	"vestibule/e2e/guide"
	"vestibule/e2e/parts"
)

// domain gives the portal a name: to a number no browser makes a passkey.
const domain = "base_url=http://localhost:{port}"

func TestAClientAddsAPasskeyAndSignsInByIt(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w := somebody(t, o, 41, browser.Options{})
		w.GiveDetails()
		w.EnterCode(o.Code(w.Mobile, 0))
		w.FromTerms()
		confirm(t, o, w)
		device := page(w).Authenticator()
		w.SignIn(w.Email)
		at(t, w, "/standing")

		w.Open("/portal/account")
		w.Press(w.Say("passkey.add"))
		at(t, w, "/portal/account/passkeys/add")
		page(w).Accessible()
		device.Finger(false)
		page(w).Click(w.Say("passkey.add-go"))
		w.Sees(w.Say("ui.passkey.stopped"))
		device.Finger(true)
		w.Fill(w.Say("passkey.name"), "Marta’s laptop")
		w.Press(w.Say("passkey.add-go"))
		at(t, w, "/portal/account/passkeys")
		w.Sees(w.Say("passkey.done-added"), "Marta’s laptop")
		page(w).Screenshot("journey-passkey-added")
		if n := device.Passkeys(); n != 1 {
			t.Errorf("the device has %d passkeys", n)
		}
		mail(t, o, w, "/get-back-in")

		// The same device makes no second one.
		w.Press(w.Say("passkey.add"))
		page(w).Click(w.Say("passkey.add-go"))
		w.Sees(w.Say("ui.passkey.again"))

		// Out, and in again by it: the page offers it by itself, and whoever takes it is in.
		w.Press(w.Say("ui.sign-out"))
		w.Open("/sign-in")
		page(w).Until("the passkey does not let in", "location.pathname === '/standing'")
		// Nobody takes it; then the button is pressed.
		device.Present(false)
		w.Press(w.Say("ui.sign-out"))
		w.Open("/sign-in")
		offered(w)
		page(w).Screenshot("journey-passkey-sign-in")
		device.Present(true)
		w.Press(w.Say("passkey.sign-in"))
		at(t, w, "/standing")

		// Another name, then away with it.
		w.Open("/portal/account/passkeys")
		w.Press(w.Say("passkey.change"))
		w.Fill(w.Say("passkey.name"), "Old laptop")
		w.Press(w.Say("passkey.rename"))
		w.Sees(w.Say("passkey.done-renamed"), "Old laptop")
		w.Press(w.Say("passkey.change"))
		w.Press(w.Say("passkey.remove"))
		w.Sees(w.Say("passkey.done-removed"), w.Say("passkey.none"))

		// The device still offers it; the portal does not know it any more, and asks no further by itself.
		w.Press(w.Say("ui.sign-out"))
		w.Open("/sign-in")
		w.Sees(w.Say("fault.passkey-wrong"))
		w.Press(w.Say("passkey.sign-in"))
		w.Sees(w.Say("fault.passkey-wrong"))
		at(t, w, "/sign-in/passkey")
		page(w).Accessible()
	}, domain)
}

// offered waits until the sign-in page has asked for what the browser offers by itself.
func offered(w guide.Way) {
	page(w).Until("the page asks for no passkey by itself",
		"performance.getEntriesByType('resource').some((one) => one.name.endsWith('/sign-in/passkey/ask') && one.responseEnd > 0)")
}

func TestStaffUseAPasskeyInPlaceOfTheCode(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w := somebody(t, o, 98, browser.Options{})
		w.First, w.Last, w.Password = "Ada", "Prior", "Quartz-Lantern-Meadow-91"
		device := page(w).Authenticator()
		w.SetUpStaff(staffLink(t, o, w.First, w.Last, "approver"), func(key string) string { return parts.TOTP(t, key, time.Now()) })
		w.Open("/office/account")
		w.Press(w.Say("passkey.add"))
		w.Press(w.Say("passkey.add-go"))
		w.Sees(w.Say("passkey.done-added"))
		page(w).Accessible()
		if device.Passkeys() != 1 {
			t.Error("the device has none")
		}

		w.Press(w.Say("ui.sign-out"))
		w.Open("/office/sign-in")
		w.Fill(w.Say("signin.login"), "aprior")
		w.Fill(w.Say("signin.password"), w.Password)
		w.Press(w.Say("signin.go"))
		w.Sees(w.Say("signin.code-title"))
		page(w).Accessible()
		w.Press(w.Say("passkey.instead"))
		w.Sees(w.Say("office.queue.title"))
	}, domain)
}

// A passkey proves that somebody has the account's device; the questions come after it, as after every first proof.
func TestAPasskeyGetsItsOwnerBackIn(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w := somebody(t, o, 43, browser.Options{})
		w.GiveDetails()
		w.EnterCode(o.Code(w.Mobile, 0))
		w.FromTerms()
		confirm(t, o, w)
		device := page(w).Authenticator()
		w.SignIn(w.Email)
		w.Open("/portal/account/passkeys/add")
		w.Press(w.Say("passkey.add-go"))
		w.Sees(w.Say("passkey.done-added"))
		w.Press(w.Say("ui.sign-out"))

		w.AskForReset(w.Email)
		w.Press(w.Say("recovery.means.passkey"))
		w.Sees(w.Say("recovery.code.passkey-title"))
		page(w).Screenshot("journey-passkey-reset")
		device.Finger(false)
		page(w).Click(w.Say("recovery.code.passkey-go"))
		w.Sees(w.Say("ui.passkey.stopped"))
		device.Finger(true)
		w.Press(w.Say("recovery.code.passkey-go"))
		answers(w)
		w.Password = "Copper-Heron-Violet-2718"
		w.ChooseNewPassword()
		device.Present(false) // or the sign-in page lets in by itself, before the password is typed
		w.SignIn(w.Email)
		at(t, w, "/standing")
	}, domain)
}

// Without scripts nothing of passkeys is in the way, and whoever wants one is told why there is none.
func TestWithoutScriptsEverythingElseWorks(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w := somebody(t, o, 42, browser.Options{NoScript: true})
		w.GiveDetails()
		w.EnterCode(o.Code(w.Mobile, 0))
		w.FromTerms()
		confirm(t, o, w)
		w.Open("/sign-in")
		if page(w).Has(w.Say("passkey.sign-in")) {
			t.Error("a button that does nothing")
		}
		w.SignIn(w.Email)
		at(t, w, "/standing")
		w.Open("/portal/account/passkeys/add")
		w.Sees(w.Say("passkey.without"))
		if page(w).Has(w.Say("passkey.add-go")) {
			t.Error("a button that does nothing")
		}
	}, domain)
}
