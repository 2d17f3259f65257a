package e2e_test

import (
	"strings"
	"testing"
	"time"

	"vestibule/e2e/browser"
	"vestibule/e2e/guide"
	"vestibule/e2e/parts"
)

// authenticatorStep is how long a code of an app stands.
const authenticatorStep = 30 * time.Second

// stepUp proves again who it is, where the page asks for it.
func stepUp(w guide.Way) {
	if strings.HasPrefix(page(w).Path(), "/sign-in/again") {
		w.Fill(w.Say("signin.password"), w.Password)
		w.Press(w.Say("signin.again-go"))
	}
}

func TestAResetByMailboxAndAuthenticator(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w, key, _ := enrolApp(t, o, 60)
		w.Password = "Copper-Kettle-Meadows-60"
		w.AskForReset(w.Email)
		w.ProveMailbox(resetCode(t, o, w.Email))
		w.Sees(w.Say("recovery.authenticator.title"))
		// The code of the registration is spent: a phone shows the next one half a minute later.
		next := parts.TOTP(t, key, parts.Now().Add(authenticatorStep))
		w.Code(w.Say("recovery.authenticator.code"), next, w.Say("recovery.continue"))
		w.ChooseNewPassword()
	})
}

func TestTheAddressIsChangedAndTheChangeUndone(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w := enrolled(t, o, 61, browser.Options{})
		w.SignIn(w.Email)
		w.Open("/portal/account/email")
		stepUp(w)
		w.Fill(w.Say("selfservice.email.new"), "elsewhere@harbour61.example")
		w.Press(w.Say("selfservice.email.go"))
		page(w).Screenshot("keep-email-code")
		code := ""
		parts.Eventually(t, "a code in the new mailbox", func() bool {
			for _, m := range o.Mail.To("elsewhere@harbour61.example") {
				code = parts.SixDigits(m.Text)
			}
			return code != ""
		})
		w.Code(w.Say("selfservice.code"), code, w.Say("selfservice.email.code-go"))
		w.Sees(w.Say("account.done.email"))
		page(w).Screenshot("keep-email-changed")

		// The owner of the earlier mailbox did not do this.
		owner := somebody(t, o, 61, browser.Options{})
		owner.Open(mail(t, o, owner, "/undo-email/"))
		page(owner).Screenshot("keep-undo")
		owner.Press(owner.Say("selfservice.undo.go"))
		owner.Sees(owner.Say("selfservice.undone.title"))

		// Who changed it is out, and the password is good for nothing.
		w.Open("/portal/account")
		at(t, w, "/sign-in")
		owner.SignIn(owner.Email)
		owner.Sees(owner.Say("signin.expired-title"))
		owner.AskForReset(owner.Email)
		owner.ProveMailbox(resetCode(t, o, owner.Email))
		answers(owner)
		owner.Password = "Copper-Kettle-Meadows-61"
		owner.ChooseNewPassword()
		owner.SignIn(owner.Email)
		at(t, owner, "/standing")
	})
}

const newTerms = `## 1. What has changed

The portal is for the people of your organisation.

## 2. How long

As long as your licence runs.
`

func TestNewTermsAreAcceptedAtSignInOrPutOffInTheirGrace(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w := enrolled(t, o, 62, browser.Options{})
		text := o.File("terms.txt", newTerms)
		yesterday := parts.Now().AddDate(0, 0, -1).Format("2006-01-02")
		next := []string{"VESTIBULE_TERMS_NEXT_EN=" + text, "VESTIBULE_TERMS_NEXT_VERSION=2026-12", "VESTIBULE_TERMS_NEXT_SINCE=" + yesterday}

		o.Server.Stop(t)
		o.Start(append(next, "VESTIBULE_TERMS_GRACE_DAYS=14")...)
		w.SignIn(w.Email)
		w.Sees(w.Say("signin.terms-title"), "The portal is for the people of your organisation.")
		page(w).Screenshot("keep-terms-grace")
		w.Press(w.Say("signin.terms-later"))
		at(t, w, "/standing")
		w.Press(w.Say("ui.sign-out"))

		// The grace is over: without them nobody comes in.
		o.Server.Stop(t)
		o.Start(next...)
		w.SignIn(w.Email)
		w.Sees(w.Say("signin.terms-title"))
		if page(w).Has(w.Say("signin.terms-later")) {
			t.Error("the terms can be put off after their grace")
		}
		w.Open("/portal")
		at(t, w, "/sign-in")
		acceptTermsAtSignIn(w)
		at(t, w, "/standing")
		for _, line := range strings.Split(strings.TrimSpace(o.Terminal("terms", "export", "--account", w.Email)), "\n") {
			if !strings.Contains(line, `"whole":true`) {
				t.Errorf("the evidence is broken: %s", line)
			}
		}
	})
}

func TestStaffExpireAPasswordAndItsOwnerResetsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		desk := approver(t, o)
		w := enrolled(t, o, 63, browser.Options{})
		desk.FindAccount(w.Email, w.Name())
		page(desk).Screenshot("keep-account")
		page(desk).Accessible()
		desk.Check(desk.Say("helpdesk.act.expire"))
		desk.Fill(desk.Say("helpdesk.account.reason"), "The laptop was stolen, ticket 4711.")
		desk.Press(desk.Say("helpdesk.account.go"))
		desk.Sees(desk.Say("helpdesk.done.expire"))

		w.SignIn(w.Email)
		w.Sees(w.Say("signin.expired-title"))
		page(w).Screenshot("keep-expired")
		w.AskForReset(w.Email)
		w.ProveMailbox(resetCode(t, o, w.Email))
		answers(w)
		w.Password = "Copper-Kettle-Meadows-63"
		w.ChooseNewPassword()
		w.SignIn(w.Email)
		at(t, w, "/standing")
	})
}

// Phone and recovery codes are gone: two members of staff have the app cleared, it takes a day in which the owner could stop it,
// and then mailbox and questions are enough.
func TestWhoLostTheAppForGoodIsHelpedByTwoMembersOfStaff(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		first := approver(t, o)
		second := somebody(t, o, 98, browser.Options{})
		second.First, second.Last, second.Password = "Lena", "Fischer", "Quartz-Lantern-Meadow-92"
		second.SetUpStaff(staffLink(t, o, second.First, second.Last, "approver", "helpdesk"), func(key string) string { return parts.TOTP(t, key, parts.Now()) })
		w, _, _ := enrolApp(t, o, 64)

		first.FindAccount(w.Email, w.Name())
		first.Check(first.Say("helpdesk.thing.authenticator"))
		first.Check(first.Say("helpdesk.basis.two-staff"))
		first.Fill(first.Say("helpdesk.clear.reason"), "Phone lost at sea, the codes with it.")
		first.Press(first.Say("helpdesk.clear.go"))
		first.Sees(first.Say("helpdesk.done.cleared"))
		second.FindAccount(w.Email, w.Name())
		second.Press(second.Say("helpdesk.clearing.agree"))
		second.Sees(second.Say("helpdesk.done.agreed"))
		page(second).Screenshot("keep-clearing")
		mail(t, o, w, "/stop") // every address hears of it, and can stop it

		o.Server.Stop(t)
		o.Start("VESTIBULE_TEST_CLOCK=25h")
		w.Password = "Copper-Kettle-Meadows-64"
		parts.Eventually(t, "the app is cleared", func() bool {
			return strings.Contains(o.Terminal("audit", "verify"), "as they were written") && clearedMail(o, w)
		})
		w.AskForReset(w.Email)
		w.ProveMailbox(resetCode(t, o, w.Email))
		answers(w)
		w.ChooseNewPassword()
	})
}

// clearedMail reports whether the owner was told that the app is gone.
func clearedMail(o *parts.Office, w guide.Way) bool {
	for _, m := range o.Mail.To(w.Email) {
		if strings.Contains(m.Text, w.Words.T("message.changed.authenticator-removed.title")) {
			return true
		}
	}
	return false
}
