package visitor_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/internal/portaltest"
)

// newest is what arrived last of a kind.
func newest(t *testing.T, p *portaltest.Portal, to, kind string) portaltest.Message {
	t.Helper()
	p.Deliver()
	all := p.Inbox.To(to)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Kind == kind {
			return all[i]
		}
	}
	t.Fatalf("no %s arrived at %s", kind, to)
	return portaltest.Message{}
}

// part asks for a live checklist and looks for words in it.
func part(t *testing.T, b *portaltest.Browser, path string, form url.Values, words string) {
	t.Helper()
	if page := b.Tab().Raw(path, form); page.Status != 200 || !strings.Contains(page.Text(), words) {
		t.Fatalf("%s answers %d: %s", path, page.Status, page.Text())
	}
}

func give(b *portaltest.Browser, email, number string) *portaltest.Browser {
	return b.Open("/register").Fill("First name", "Marta").Fill("Last name", "Ellison").Fill("Work e-mail", email).
		Choose("Country code", "GB +44").Fill("Mobile number", number).Fill("Organisation", "Harbour Vale Council").Press("Continue")
}

// asvs: V14.2.6
func TestTheRegistrationWithEveryDetour(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		b := p.Browser(t)
		b.Open("/register").Press("Continue").At(422, "/register/details").Sees("Enter your last name", "Enter your e-mail address", "Enter your mobile number")
		give(b, "marta@vale.example", "07700 900123").At(200, "/register").Sees("Step 2 of 7", "+44 77•• •••123")
		b.Press("Correct my name or e-mail address").Sees("Step 1 of 7")
		if b.Value("First name") != "Marta" || b.Value("Mobile number") != "07700 900123" {
			t.Fatal("what was typed is gone")
		}
		b.Press("Continue")
		b.Post("/register/code/change", url.Values{"mobile-country": {"GB"}, "mobile": {"12"}}).At(422, "/register/code/change").Sees("too short")
		b.Post("/register/code/change", url.Values{"mobile-country": {"GB"}, "mobile": {"07700 900456"}}).Sees("•••456")
		b.Post("/register/code/resend", nil).At(422, "/register/code/resend").Sees("We have just sent a code")
		b.Post("/register/code/help", url.Values{"note": {"no reception"}}).Sees("We have your question")
		b.Fill("Six-digit code", "12").Press("Continue").At(422, "/register/code").Sees("The code is not right")
		b.Fill("Six-digit code", newest(t, p, "+447700900456", "register-code").Code(t)).Press("Continue").Sees("Step 3 of 7")
		b.Tab().Open("/register/terms/print").At(200, "/register/terms/print").Sees("Terms and Conditions, version")
		b.Press("Accept and continue").At(422, "/register/terms").Sees("Tick the box")
		b.Check("I have read").Press("Accept and continue").Sees("Step 4 of 7")
		answers := url.Values{"q1": {"first-dish"}, "a1": {"dish"}, "q2": {"first-job"}, "a2": {"sold ice in winter"}, "q3": {"own"}, "own3": {"What did we call the boat?"}, "a3": {"tin whistle"}}
		part(t, b, "/register/questions/check", answers, "No answer that stands in its question : not met")
		b.Post("/register/questions", answers).At(422, "/register/questions").Sees("does not stand in the question")
		if b.Value("Answer 2") != "sold ice in winter" {
			t.Fatal("typed answers are gone")
		}
		answers.Set("a1", "burnt leek pie")
		b.Post("/register/questions", answers).Sees("Step 5 of 7", "What did we call the boat?").Lacks("burnt leek")
		b.Press("Change my answers").Sees("Step 4 of 7", "Own question 3").Lacks("burnt leek")
		b.Post("/register/questions", answers)
		b.Post("/register/confirm", url.Values{"a1": {"x"}, "a2": {"x"}, "a3": {""}}).At(422, "/register/confirm").Sees("does not match your first answer")
		b.Post("/register/confirm", url.Values{"a1": {"Burnt leekpie"}, "a2": {"sold ice in winter"}, "a3": {"tin whistle"}}).Sees("Step 6 of 7", "have been accepted")
		key := ""
		for _, n := range b.Find(".key code") {
			key = portaltest.Text(n)
		}
		b.Fill("Six-digit code", "000000").Press("Turn on and continue").At(422, "/register/authenticator").Sees("does not match")
		b.Fill("Six-digit code", p.Authenticator(t, key)).Press("Turn on and continue").Sees("Keep your recovery codes")
		file := b.Tab().Open("/register/recovery-codes.txt")
		if n := len(strings.Fields(file.Text())); n != 10 {
			t.Fatalf("%d codes in the file", n)
		}
		b.Press("I have kept them").Sees("Step 7 of 7")
		if b.Tab().Open("/register/recovery-codes.txt"); strings.Contains(b.Text(), "recovery") {
			t.Fatal("the codes are still shown")
		}
		part(t, b, "/register/password/check", url.Values{"password": {"Marta-2026-marta"}}, "Contains no name, e-mail address, organisation, vendor or product : not met")
		b.Fill("Password", "short").Press("Set password").At(422, "/register/password").Sees("Use at least 12 characters")
		b.Fill("Password", good).Press("Set password").Sees("Your account is ready, Marta", "mellison", "On, with 10 recovery codes")
		b.Post("/register/password", url.Values{"password": {good}}).At(200, "/register").Sees("Your account is ready")

		// The address is confirmed by link and password, and only then.
		link := newest(t, p, "marta@vale.example", "account-user-id").Link(t, "/confirm-email/")
		other := p.Browser(t).Open(link).Sees("Is this your account?", "mellison")
		other.Fill("Your password", "wrong").Press("Confirm my address").Sees("The password is not right")
		other.Fill("Your password", good).Press("Confirm my address").At(200, "/confirm-email/done").Sees("Your address is confirmed")
		other.Open(link).At(410, strings.TrimPrefix(link, portaltest.Base))

		again := p.Browser(t)
		give(again, "MARTA@vale.example", "07700 900789").At(422, "/register/details").Sees("already has an account", "Reset your password")
	})
}

func TestDecliningAndRunningOutLeadToABeginning(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		b := p.Browser(t)
		give(b, "marta@vale.example", "07700 900123").Fill("Six-digit code", newest(t, p, "+447700900123", "register-code").Code(t)).Press("Continue")
		b.Press("Decline").At(200, "/register/declined").Sees("No account was created")
		give(b, "marta@vale.example", "07700 900456").Sees("Step 2 of 7")
		p.Clock.Advance(48 * time.Hour)
		b.Open("/register").Sees("ran out", "Step 1 of 7")
		b.Post("/register/password", url.Values{"password": {good}}).At(200, "/register").Sees("Step 1 of 7")
	})
}

func TestAConcealedRegistrationGoesOnFromTheMailbox(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		b := p.Browser(t)
		give(b, "marta@vale.example", "07700 900123").Sees("Look in your mailbox")
		phone := p.Browser(t).Open(newest(t, p, "marta@vale.example", "register-continue").Link(t, "/register/continue/")).Sees("Go on with your registration")
		phone.Press("Go on").Sees("Step 2 of 7")
		b.Open("/register").Sees("ran out")
		// Left half-way: a sign-in attempt mails the link to finish.
		phone.Fill("Six-digit code", newest(t, p, "+447700900123", "register-code").Code(t)).Press("Continue").Check("I have read").Press("Accept and continue")
		b.Open("/sign-in").Fill("UserID or e-mail", "marta@vale.example").Fill("Password", good).Press("Sign in")
		link := newest(t, p, "marta@vale.example", "account-finish").Link(t, "/register/finish/")
		b.Open(link).Sees("Finish your account", "This was not me").Press("This was not me").Sees("Step 1 of 7", "The account belongs to this address")
		if phone.Open("/register"); !strings.Contains(phone.Text(), "ran out") {
			t.Fatal("the other browser goes on")
		}
	}, "registration.duplicate_email=conceal")
}
