package portal_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
)

const better = "Copper-Heron-Violet-2718"

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

// marta is a client who is let in, in two browsers.
func marta(t *testing.T, p *portaltest.Portal) (a account.Account, b, elsewhere *portaltest.Browser) {
	a = member(t, p, "Marta", "Ellison", "vale.example")
	evaluating(t, p, company(t, p, organization.Client, "Vale", "vale.example", a))
	b, elsewhere = p.Browser(t), p.Browser(t)
	signIn(b, "mellison").At(http.StatusOK, "/portal")
	signIn(elsewhere, "mellison").At(http.StatusOK, "/portal")
	return a, b, elsewhere
}

// told checks that the newest e-mail to the owner says what changed.
func told(t *testing.T, p *portaltest.Portal, a account.Account, n int) {
	t.Helper()
	p.Deliver()
	got := 0
	for _, kind := range p.Kinds(a.Email) {
		if kind == "account-changed" {
			got++
		}
	}
	if got != n {
		t.Errorf("%d notices to the owner, want %d: %v", got, n, p.Kinds(a.Email))
	}
}

// enrol adds an authenticator app and returns its key and the recovery codes.
func enrol(t *testing.T, p *portaltest.Portal, b *portaltest.Browser) (key string, codes []string) {
	t.Helper()
	b.Open("/portal/account").Press("Set up Authenticator app").At(http.StatusOK, "/portal/account/authenticator").
		Press("Add an authenticator app").At(http.StatusOK, "/portal/account/authenticator/app").Sees("Set up the authenticator app")
	key = strings.Join(texts(b, ".key code"), "")
	b.Fill("Six-digit code", p.Authenticator(t, key)).Press("Turn on").At(http.StatusOK, "/portal/account/authenticator/app").Sees("Keep your recovery codes")
	return key, texts(b, ".cols code")
}

// asvs: V7.2.4 V6.5.1
func TestAClientAddsTheAuthenticatorAppLater(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, elsewhere := marta(t, p)
		b.Press("Account").At(http.StatusOK, "/portal/account").Sees("Password", "Authenticator app", "Off", "Security questions")
		b.Open("/portal/security").At(http.StatusOK, "/portal/account") // its name in earlier mails
		before := session(b)
		b.Press("Set up Authenticator app").Press("Add an authenticator app").At(http.StatusOK, "/portal/account/authenticator/app")
		b.Press("Turn on").At(http.StatusUnprocessableEntity, "/portal/account/authenticator/code").Sees("Enter the code")
		b.Fill("Six-digit code", "000000").Press("Turn on").At(http.StatusUnprocessableEntity, "/portal/account/authenticator/code").Sees("does not match")
		_, codes := enrol(t, p, b)
		if len(codes) != 10 {
			t.Fatalf("%d recovery codes on the page", len(codes))
		}
		if session(b) == before {
			t.Error("the session has the token it had before it was protected")
		}
		b.Open("/portal/account/authenticator/recovery-codes.txt").Sees(codes...)
		b.Open("/portal/account").Sees("Not kept yet")
		b.Open("/portal/account/authenticator").At(http.StatusOK, "/portal/account/authenticator/app")
		b.Press("I have kept them").At(http.StatusOK, "/portal/account").Sees("Your authenticator app is on", "10 recovery codes are left", "Since 16 June")
		b.Lacks(codes[0])
		for _, path := range []string{"/portal/account/authenticator/app", "/portal/account/authenticator/recovery-codes.txt"} {
			b.Open(path).At(http.StatusOK, "/portal/account/authenticator").Lacks(codes[0], "Add an authenticator app")
		}

		// The owner is told, other browsers are out, and the next sign-in asks for the code.
		told(t, p, a, 1)
		elsewhere.Open("/portal").At(http.StatusOK, "/sign-in")
		p.Clock.Advance(time.Minute)
		signIn(p.Browser(t), "mellison").At(http.StatusOK, "/sign-in").Sees("Enter the code from your app")
	})
}

// asvs: V6.5.1 V6.5.5
func TestAClientReplacesTheAppMakesNewCodesAndRemovesIt(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, _ := marta(t, p)
		old, codes := enrol(t, p, b)
		b.Press("I have kept them")

		b.Press("Change Authenticator app").Press("Replace the app").At(http.StatusOK, "/portal/account/authenticator/app").Sees("your present app goes on working")
		key := strings.Join(texts(b, ".key code"), "")
		p.Clock.Advance(time.Minute)
		b.Fill("Six-digit code", p.Authenticator(t, old)).Press("Turn on").At(http.StatusUnprocessableEntity, "/portal/account/authenticator/code")
		proof := p.Authenticator(t, key)
		b.Fill("Six-digit code", proof).Press("Turn on").At(http.StatusOK, "/portal/account").Sees("Your new authenticator app is on")

		// At the sign-in neither the old app's code opens, nor the one that proved the new app.
		other := signIn(p.Browser(t), "mellison").Sees("Enter the code from your app")
		for _, code := range []string{p.Authenticator(t, old), proof} {
			other.Fill("Code", code).Press("Continue").At(http.StatusUnprocessableEntity, other.URL.Path)
		}
		p.Clock.Advance(time.Minute)
		other.Fill("Code", p.Authenticator(t, key)).Press("Continue").At(http.StatusOK, "/portal")

		b.Press("Change Authenticator app").Press("Make new codes").At(http.StatusOK, "/portal/account/authenticator/app")
		renewed := texts(b, ".cols code")
		if len(renewed) != 10 || slices.Contains(renewed, codes[0]) {
			t.Fatalf("%d codes, or those from before", len(renewed))
		}
		other.Open("/portal").At(http.StatusOK, "/sign-in")
		b.Press("I have kept them").At(http.StatusOK, "/portal/account")

		b.Press("Change Authenticator app").Press("Remove the app").At(http.StatusOK, "/portal/account/authenticator/remove").Sees("That is less safe")
		b.Press("Remove the app").At(http.StatusOK, "/portal/account").Sees("your password is enough", "Off")
		b.Open("/portal/account/authenticator/remove").At(http.StatusOK, "/portal/account/authenticator").Sees("Not set up")
		told(t, p, a, 4)
		signIn(p.Browser(t), "mellison").At(http.StatusOK, "/portal")
	})
}

// asvs: V6.2.2 V6.2.3 V7.4.3
func TestAClientChangesThePassword(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, elsewhere := marta(t, p)
		b.Open("/portal/account").Press("Change Password").At(http.StatusOK, "/portal/account/password").Sees("At least 12 characters", "None of your last 5 passwords")
		b.Press("Change password").At(http.StatusUnprocessableEntity, "/portal/account/password").Sees("Enter your password")
		b.Fill("Present password", "not it").Fill("New password", better).Press("Change password").At(http.StatusUnprocessableEntity, "/portal/account/password").Sees("not the password of your account")
		b.Fill("Present password", good).Fill("New password", good).Press("Change password").At(http.StatusUnprocessableEntity, "/portal/account/password")
		b.Fill("Present password", good).Fill("New password", "short").Press("Change password").At(http.StatusUnprocessableEntity, "/portal/account/password")
		if page := b.Tab().Raw("/portal/account/password/check", url.Values{"password": {"Ellison-short"}}); page.Status != http.StatusOK || !strings.Contains(page.Body, `data-state="bad"`) {
			t.Errorf("the live checklist: %d %s", page.Status, page.Body)
		}
		before := session(b)
		b.Fill("Present password", good).Fill("New password", better).Press("Change password").At(http.StatusOK, "/portal/account").Sees("Your password has been changed")
		if session(b) == before {
			t.Error("the session has the token it had before")
		}
		told(t, p, a, 1)
		elsewhere.Open("/portal").At(http.StatusOK, "/sign-in")
		signIn(p.Browser(t), "mellison").At(http.StatusUnprocessableEntity, "/sign-in")
		p.Browser(t).Open("/sign-in").Fill("UserID or e-mail", "mellison").Fill("Password", better).Press("Sign in").At(http.StatusOK, "/portal")
	})
}

func TestAClientChangesTheSecurityQuestions(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, elsewhere := marta(t, p)
		b.Open("/portal/account/questions/confirm").At(http.StatusOK, "/portal/account/questions") // nothing is chosen yet
		b.Open("/portal/account").Sees("No questions set").Press("Choose Security questions").At(http.StatusOK, "/portal/account/questions")
		fill := func(second string) {
			b.Choose("Question 1", "What was your first pet called?").Fill("Answer 1", "blue heron at dawn")
			b.Choose("Question 2", "What was the first dish you learned to cook?").Fill("Answer 2", second)
			b.Fill("Own question 3", "What did we call the boat on the lake?").Fill("Answer 3", "tin whistle")
		}
		fill("dish")
		b.Press("Continue").At(http.StatusUnprocessableEntity, "/portal/account/questions")
		fill("burnt leek pie")
		b.Press("Continue").At(http.StatusOK, "/portal/account/questions/confirm").Lacks("burnt leek pie")
		again := func(second string) *portaltest.Browser {
			return b.Fill("What was your first pet called?", "Blue heron at DAWN").Fill("What was the first dish you learned to cook?", second).
				Fill("What did we call the boat on the lake?", "tin whistle").Press("Confirm answers")
		}
		again("burnt leek soup").At(http.StatusUnprocessableEntity, "/portal/account/questions/confirm")
		again("burnt leek pie").At(http.StatusOK, "/portal/account").Sees("Your security questions and answers have been accepted", "3 questions set")
		b.Press("Change Security questions").At(http.StatusOK, "/portal/account/questions").Lacks("burnt leek pie")
		told(t, p, a, 1)
		elsewhere.Open("/portal").At(http.StatusOK, "/sign-in")
	})
}

func TestAPortalWithoutQuestionsOffersNone(t *testing.T) {
	p := portaltest.SQLite(t, "policy=nist")
	_, b, _ := marta(t, p)
	b.Open("/portal/account").Lacks("Security questions")
	b.Open("/portal/account/questions").At(http.StatusNotFound, "/portal/account/questions")
	b.Post("/portal/account/questions", url.Values{"q1": {"first-pet"}})
	b.At(http.StatusNotFound, "/portal/account/questions")
}

func TestSomebodyWhoWaitsReachesTheOwnAccount(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		member(t, p, "Marta", "Ellison", "vale.example")
		b := signIn(p.Browser(t), "mellison").At(http.StatusOK, "/standing")
		b.Press("Your account").At(http.StatusOK, "/portal/account")
		if slices.Contains(texts(b, "nav a"), "People") {
			t.Error("a page that does not open yet stands in the navigation")
		}
		// Just signed in: nothing is asked again.
		b.Press("Set up Authenticator app").Press("Add an authenticator app").At(http.StatusOK, "/portal/account/authenticator/app")
		b.Press("Back to the authenticator app").At(http.StatusOK, "/portal/account/authenticator").Sees("Not set up")
		p.Browser(t).Open("/portal/account").At(http.StatusOK, "/sign-in")
	})
}

// changes are the posts by which credentials change.
func changes() map[string]url.Values {
	return map[string]url.Values{
		"/portal/account/password":             {"current": {good}, "password": {better}},
		"/portal/account/authenticator/app":    {},
		"/portal/account/authenticator/code":   {"code": {"123456"}},
		"/portal/account/authenticator/codes":  {},
		"/portal/account/authenticator/kept":   {},
		"/portal/account/authenticator/remove": {},
		"/portal/account/questions": {
			"q1": {"first-pet"}, "a1": {"blue heron at dawn"}, "q2": {"first-dish"}, "a2": {"burnt leek pie"}, "own3": {"What did we call the boat?"}, "a3": {"tin whistle"},
		},
		"/portal/account/questions/confirm": {"a1": {"blue heron at dawn"}, "a2": {"burnt leek pie"}, "a3": {"tin whistle"}},
	}
}

// state is what the changes would change.
func state(t *testing.T, p *portaltest.Portal, a account.Account) [5]int {
	return [5]int{
		p.Count(t, `SELECT COUNT(*) FROM account_password WHERE account_id = $1`, a.ID), p.Count(t, `SELECT COUNT(*) FROM authenticator WHERE account_id = $1`, a.ID),
		p.Count(t, `SELECT COUNT(*) FROM recovery_code WHERE account_id = $1`, a.ID), p.Count(t, `SELECT COUNT(*) FROM account_question WHERE account_id = $1`, a.ID),
		p.Count(t, `SELECT COUNT(*) FROM flow WHERE subject = $1`, a.ID),
	}
}

// asvs: V7.5.1 V3.5.1 V8.2.2
func TestNoCredentialChangesByAStaleForgedOrStrangeRequest(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, elsewhere := marta(t, p)
		enrol(t, p, b)
		b.Press("I have kept them")
		member(t, p, "Ben", "Ash", "ash.example")
		stranger := signIn(p.Browser(t), "bash")
		before := state(t, p, a)
		for path, form := range changes() {
			b.PostFrom("https://evil.example", path, form)
			b.At(http.StatusForbidden, path)
			elsewhere.Post(path, form) // its session ended with the change above
			elsewhere.At(http.StatusOK, "/sign-in")
			p.Browser(t).Post(path, form).At(http.StatusOK, "/sign-in")
			// What the form does not have grants nothing: the account is the session's.
			form.Set("account", a.ID)
			form.Set("account_id", a.ID)
			form.Set("user_id", a.UserID)
			stranger.Post(path, form)
		}
		if got := state(t, p, a); got != before {
			t.Errorf("%v, before %v", got, before)
		}
		p.Clock.Advance(account.FreshFor + time.Second)
		for path, form := range changes() {
			if path == "/portal/account/authenticator/kept" {
				continue // says only that they are kept
			}
			if page := b.Raw(path, form); page.Status != http.StatusSeeOther || !strings.Contains(page.Header.Get("Location"), "/sign-in") {
				t.Errorf("%s by an old sign-in: %d %s", path, page.Status, page.Header.Get("Location"))
			}
		}
		for _, path := range []string{"/portal/account/password", "/portal/account/authenticator", "/portal/account/authenticator/remove", "/portal/account/questions"} {
			if at := b.Open(path).URL.Path; !strings.HasPrefix(at, "/sign-in") {
				t.Errorf("%s shows itself to an old sign-in: %s", path, at)
			}
		}
		if got := state(t, p, a); got != before {
			t.Errorf("%v, before %v", got, before)
		}
		b.Open("/portal/account").At(http.StatusOK, "/portal/account") // to look is free
	})
}
