package e2e_test

import (
	"net/url"
	"testing"
	"time"

	"vestibule/e2e/browser"
	"vestibule/e2e/parts"
)

// TestTheGuideWithRealPartsAllAround is the whole guide with nothing made up:
// mail goes over STARTTLS to a server that wants a sign-in, the SMS through a
// Kannel to its SMS centre, the QR code is read off the screen by zbarimg and
// the authenticator's code is made by oathtool.
func TestTheGuideWithRealPartsAllAround(t *testing.T) {
	parts.OnBoth(t, func(t *testing.T, database string) {
		o := parts.StartOffice(t, database, true, settings...)
		office := approver(t, o)
		w := somebody(t, o, 200, browser.Options{})
		w.AskForAccess()
		o.Mail.Mail(t, w.Email, ".")
		o.Mail.Mail(t, "ada.prior@northwind.example", ".")
		office.Approve(w.Person)
		w.FollowInvitation(mail(t, o, w, "/welcome/"))
		w.EnterCode(o.Code(w.Mobile, 0))
		w.AcceptTerms()
		w.ChooseQuestions()
		w.ConfirmAnswers()

		scanned, err := url.Parse(parts.ScanQR(t, page(w).Picture()))
		if err != nil || scanned.Scheme != "otpauth" || scanned.Host != "totp" {
			t.Fatalf("the QR code says %v (%v)", scanned, err)
		}
		key := scanned.Query().Get("secret")
		if typed := w.Key(); typed != key {
			t.Errorf("the QR code holds %q, the page shows %q", key, typed)
		}
		enrolled := time.Now()
		w.Code(w.Say("ui.app.code"), parts.TOTP(t, key, enrolled), w.Say("register.authenticator.go"))
		page(w).Screenshot("real-recovery-codes")
		w.Press(w.Say("register.codes.go"))
		w.SetPassword()

		w.SignIn(w.Email)
		w.Sees(w.Say("signin.code-title"))
		// A code is taken once: the next one comes with the next half minute,
		// and one step ahead is within the drift that is allowed.
		w.Code(w.Say("signin.code"), parts.TOTP(t, key, enrolled.Add(30*time.Second)), w.Say("signin.continue"))
		at(t, w, "/portal")
		w.Sees("NWC")
		page(w).Screenshot("real-home")
	})
}

// TestTheKeyboardAloneIsEnough is the guide without a mouse.
func TestTheKeyboardAloneIsEnough(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		office := approver(t, o)
		w := somebody(t, o, 210, browser.Options{})
		w.Hands = keys{w.Hands.(hands)}
		w.AskForAccess()
		office.Approve(w.Person)
		w.FollowInvitation(mail(t, o, w, "/welcome/"))
		w.EnterCode(o.Code(w.Mobile, 0))
		w.FromTerms()
		w.SignIn(w.Email)
		w.Sees("NWC")
	})
}

// keys are hands that never touch the mouse: Tab goes from one thing to the
// next, and the focus must be seen all the way.
type keys struct{ hands }

func (k keys) Fill(label, value string) {
	k.TabTo(label)
	k.Keys(value) // Tab has selected what was in it
}

func (k keys) Code(label, code, _ string) {
	k.TabTo(label)
	k.Leave("the sixth digit", func() { k.Keys(code) })
}

func (k keys) Choose(label, option string) {
	k.TabTo(label)
	k.Keys(option)
}

func (k keys) Check(label string) {
	k.TabTo(label)
	if !k.Ticked(label) {
		k.Keys(" ")
	}
}

func (k keys) Press(words string) {
	k.TabTo(words)
	k.Leave(words, func() { k.Keys("\r") })
}
