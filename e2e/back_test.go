package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"vestibule/e2e/browser"
	"vestibule/e2e/guide"
	"vestibule/e2e/parts"
)

// earlier is what the vendor's earlier system knew of two beta testers.
const earlier = `user_id,email,first_name,last_name,organization,country,evaluated
bmercer,person50@harbour50.example,Beth,Mercer,BRW,GB,2021-03-01
twells,person51@harbour51.example,Tom,Wells,,GB,
`

const earlierOrganizations = `record,reference,name,country
organization,BRW,Brightwater College,GB
`

// resetCode is the newest code that was mailed to reset a password.
func resetCode(t *testing.T, o *parts.Office, email string) string {
	t.Helper()
	code := ""
	parts.Eventually(t, "a mail to "+email+" with a code of eight digits", func() bool {
		for _, m := range o.Mail.To(email) {
			if found := regexp.MustCompile(`\b\d{8}\b`).FindString(m.Text); found != "" {
				code = found
			}
		}
		return code != ""
	})
	return code
}

// answers fills in the two questions that the page asks.
func answers(w guide.Way) {
	shown := page(w).Text()
	w.AnswerQuestions(func(question string) bool { return strings.Contains(shown, question) })
}

// complete gives what a legacy account lacks, at its first sign-in.
func complete(t *testing.T, o *parts.Office, w guide.Way) {
	t.Helper()
	w.Press(w.Say("signin.complete-go"))
	w.GiveNumber()
	w.Press(w.Say("register.code.change-go"))
	w.Code(w.Say("register.code.code"), o.Code(w.Mobile, 0), w.Say("register.continue"))
	w.Sees(w.Say("register.questions.title"))
	w.ChooseQuestions()
	w.ConfirmAnswers()
	w.Press(w.Say("register.authenticator.skip"))
}

// The guide: "You merely need to follow the procedure to either discover your UserID or reset your password, or do both". A beta
// tester has no usable password and no idea of the UserID, and is in within three minutes, alone.
func TestABetaTesterComesBack(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		o.Terminal("import", o.File("organizations.csv", earlierOrganizations))
		o.Terminal("import", "accounts", o.File("earlier.csv", earlier))
		t.Run("and is in, having asked for an evaluation in the past", func(t *testing.T) {
			w := somebody(t, o, 50, browser.Options{})
			w.First, w.Last = "Beth", "Mercer"
			w.AskForUserID(w.Email)
			page(w).Screenshot("back-user-id-sent")
			parts.Eventually(t, "the UserID in the mailbox", func() bool {
				for _, m := range o.Mail.To(w.Email) {
					if strings.Contains(m.Text, "bmercer") {
						return true
					}
				}
				return false
			})
			w.AskForReset("bmercer")
			page(w).Screenshot("back-code")
			w.ProveMailbox(resetCode(t, o, w.Email))
			page(w).Screenshot("back-password")
			w.ChooseNewPassword()
			page(w).Screenshot("back-done")
			w.Press(w.Say("recovery.done.go"))
			w.SignIn("bmercer")
			acceptTermsAtSignIn(w)
			page(w).Screenshot("back-complete")
			complete(t, o, w)
			page(w).Screenshot("back-completed")
			w.Press(w.Say("register.completed.go"))
			at(t, w, "/portal")
			page(w).Screenshot("back-portal")
		})
		t.Run("and is led to the request, having never asked for one", func(t *testing.T) {
			w := somebody(t, o, 51, browser.Options{})
			w.First, w.Last = "Tom", "Wells"
			w.AskForBoth(w.Email)
			w.Open(mail(t, o, w, "/reset-password/link/"))
			w.Press(w.Say("recovery.link.go"))
			w.ChooseNewPassword()
			w.SignIn(w.Email)
			acceptTermsAtSignIn(w)
			complete(t, o, w)
			w.Press(w.Say("register.completed.go"))
			at(t, w, "/standing")
			w.Sees(w.Say("standing.no-request.title"))
			w.Press(w.Say("standing.request"))
			at(t, w, "/request")
		})
	})
}

// acceptTermsAtSignIn accepts the terms that stand between a password and the portal.
func acceptTermsAtSignIn(w guide.Way) {
	w.Press(w.Say("signin.terms-accept"))
}

// enrolled is somebody with an account and a confirmed address.
func enrolled(t *testing.T, o *parts.Office, n int, options browser.Options) guide.Way {
	t.Helper()
	w := somebody(t, o, n, options)
	register(t, o, w, "")
	confirm(t, o, w)
	return w
}

func TestThePasswordIsResetBySMSAndTwoQuestions(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w := enrolled(t, o, 52, browser.Options{})
		w.Password = "Copper-Kettle-Meadows-52"
		w.AskForReset(w.Email)
		w.ChooseSMS()
		page(w).Screenshot("back-sms")
		w.ProvePhone(o.Code(w.Mobile, 1))
		page(w).Screenshot("back-questions")
		answers(w)
		w.ChooseNewPassword()
		w.SignIn(w.Email)
		at(t, w, "/standing")
	})
}

func TestThePasswordIsResetWithoutJavaScriptOnATelephone(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w := enrolled(t, o, 53, browser.Options{NoScript: true, Width: 390, Touch: true, Dark: true})
		w.Password = "Copper-Kettle-Meadows-53"
		w.AskForReset(w.Email)
		page(w).Upright()
		w.ProveMailbox(resetCode(t, o, w.Email))
		answers(w)
		page(w).Upright()
		w.ChooseNewPassword()
		w.SignIn(w.Email)
		at(t, w, "/standing")
	})
}

// enrolApp registers with an authenticator app, and returns its key and the recovery codes.
func enrolApp(t *testing.T, o *parts.Office, n int) (w guide.Way, key string, codes []string) {
	t.Helper()
	w = somebody(t, o, n, browser.Options{})
	w.GiveDetails()
	w.EnterCode(o.Code(w.Mobile, 0))
	w.AcceptTerms()
	w.ChooseQuestions()
	w.ConfirmAnswers()
	key = w.Key()
	w.Code(w.Say("ui.app.code"), parts.TOTP(t, key, parts.Now()), w.Say("register.authenticator.go"))
	codes = regexp.MustCompile(`\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b`).FindAllString(page(w).Text(), -1)
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes are shown:\n%s", len(codes), page(w).Text())
	}
	w.Press(w.Say("register.codes.go"))
	w.SetPassword()
	confirm(t, o, w)
	return w, key, codes
}

func TestALostAuthenticatorIsMadeUpForByARecoveryCode(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w, _, codes := enrolApp(t, o, 54)
		t.Run("at sign-in", func(t *testing.T) {
			w.SignIn(w.Email)
			w.Sees(w.Say("signin.code-title"))
			w.Press(w.Say("signin.recovery-instead"))
			w.Fill(w.Say("signin.recovery"), codes[0])
			w.Press(w.Say("signin.continue"))
			at(t, w, "/standing")
		})
		t.Run("for a new password", func(t *testing.T) {
			back := somebody(t, o, 54, browser.Options{})
			back.Password = "Copper-Kettle-Meadows-54"
			back.AskForReset(back.Email)
			back.ProveMailbox(resetCode(t, o, back.Email))
			back.Sees(back.Say("recovery.authenticator.title"))
			page(back).Screenshot("back-authenticator")
			back.Press(back.Say("recovery.authenticator.recovery-instead"))
			back.Fill(back.Say("recovery.authenticator.recovery"), codes[0]) // spent at sign-in
			back.Press(back.Say("recovery.continue"))
			back.Sees(back.Say("fault.recovery-code-used"))
			back.Fill(back.Say("recovery.authenticator.recovery"), codes[1])
			back.Press(back.Say("recovery.continue"))
			back.ChooseNewPassword()
		})
	})
}

func TestWhoHasLostEverythingIsLedToTheHelpdesk(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w, _, _ := enrolApp(t, o, 55)
		w.AskForReset(w.Email)
		w.ProveMailbox(resetCode(t, o, w.Email))
		w.Press(w.Say("recovery.authenticator.lost-go"))
		w.Sees(w.Say("recovery.help.title"), w.Say("recovery.help.reference"))
		page(w).Screenshot("back-help")
	})
}
