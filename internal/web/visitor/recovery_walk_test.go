package visitor_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/passkey/passkeytest"
	"vestibule/internal/portaltest"
	"vestibule/internal/secret"
)

const (
	martas = "marta@vale.example"
	mobile = "+447700900123"
	better = "Copper-Thistle-Lantern-58"
)

// settled registers Marta as the guide says, with her address confirmed; with an
// app it returns the key and the recovery codes.
func settled(t *testing.T, p *portaltest.Portal, withApp bool) (key string, codes []string) {
	t.Helper()
	b := p.Browser(t)
	give(b, martas, "07700 900123").Fill("Six-digit code", newest(t, p, mobile, "register-code").Code(t)).Press("Continue")
	b.Check("I have read").Press("Accept and continue")
	b.Post("/register/questions", questions()).Post("/register/confirm", answersTo())
	if withApp {
		for _, n := range b.Find(".key code") {
			key = portaltest.Text(n)
		}
		b.Fill("Six-digit code", p.Authenticator(t, key)).Press("Turn on and continue")
		codes = strings.Fields(b.Tab().Open("/register/recovery-codes.txt").Text())
		b.Press("I have kept them")
	} else {
		b.Press("Skip for now")
	}
	b.Fill("Password", good).Press("Set password").Sees("Your account is ready")
	b.Open(newest(t, p, martas, "account-user-id").Link(t, "/confirm-email/")).Fill("Your password", good).Press("Confirm my address").Sees("Your address is confirmed")
	p.Clock.Advance(time.Hour)
	return key, codes
}

func questions() url.Values {
	return url.Values{
		"q1": {"first-dish"}, "a1": {"burnt leek pie"}, "q2": {"first-job"}, "a2": {"sold ice in winter"},
		"q3": {"own"}, "own3": {"What did we call the boat?"}, "a3": {"tin whistle"},
	}
}

func answersTo() url.Values {
	return url.Values{"a1": {"burnt leek pie"}, "a2": {"sold ice in winter"}, "a3": {"tin whistle"}}
}

// answered types the answers to the two questions that the page asks.
func answered(t *testing.T, b *portaltest.Browser) *portaltest.Browser {
	t.Helper()
	b.Sees("Answer two of your security questions")
	known := map[string]string{
		"What was the first dish you learned to cook?": "Burnt leekpie", "What did you do in your first job?": "sold ice in winter", "What did we call the boat?": "tin whistle",
	}
	n := 0
	for question, answer := range known {
		if strings.Contains(b.Text(), question) {
			b.Fill(question, answer)
			n++
		}
	}
	if n != 2 {
		t.Fatalf("%d of the questions are asked: %s", n, b.Text())
	}
	return b.Press("Continue")
}

var eight = regexp.MustCompile(`\b\d{8}\b`)

// mailed is the code of the newest mail of a kind.
func mailed(t *testing.T, p *portaltest.Portal, kind string) string {
	t.Helper()
	m := newest(t, p, martas, kind)
	code := eight.FindString(m.Text)
	if code == "" {
		t.Fatalf("no code in %q:\n%s", m.Subject, m.Text)
	}
	return code
}

func reset(b *portaltest.Browser, login string) *portaltest.Browser {
	return b.Open("/get-back-in").Press("Reset my password").Fill("UserID or e-mail", login).Press("Continue").At(http.StatusOK, "/reset-password")
}

// inWith sets the new password and signs in with it.
func inWith(t *testing.T, b *portaltest.Browser, login string) {
	t.Helper()
	b.Sees("Choose a new password", "Your UserID is mellison").Fill("Password", better).Press("Set new password")
	b.At(http.StatusOK, "/reset-password").Sees("Your password is set", "mellison").Press("Sign in")
	b.At(http.StatusOK, "/sign-in").Fill("UserID or e-mail", login).Fill("Password", better).Press("Sign in")
}

func TestWhoForgotUserIDAndPasswordIsBackAlone(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		settled(t, p, false)
		old := signIn(p.Browser(t), "/sign-in", "mellison", good).At(http.StatusOK, "/standing")

		b := p.Browser(t).Open("/sign-in").Press("Forgot UserID or password?").At(http.StatusOK, "/get-back-in")
		b.Press("Discover my UserID").Press("Send my UserID").At(http.StatusUnprocessableEntity, "/forgot-user-id").Sees("Enter your e-mail address")
		b.Fill("E-mail address", "MARTA@vale.example").Press("Send my UserID").At(http.StatusOK, "/forgot-user-id").Sees("Look in your mailbox")
		if m := newest(t, p, martas, "recovery-user-id"); !strings.Contains(m.Text, "mellison") {
			t.Fatalf("no UserID in:\n%s", m.Text)
		}
		b.Press("Reset my password too").At(http.StatusOK, "/reset-password").Sees("Look in your mailbox", "MARTA@vale.example", "Send a code by SMS").Lacks("mellison", "•")
		b.Fill("Code from the e-mail", "123").Press("Continue").At(http.StatusUnprocessableEntity, "/reset-password/code").Sees("Enter all 8 digits of the code")
		b.Press("Send a new code").At(http.StatusUnprocessableEntity, "/reset-password/resend").Sees("you can send a new one in 30")
		b.Fill("Code from the e-mail", "00000000").Press("Continue").At(http.StatusUnprocessableEntity, "/reset-password/code").Sees("The code is not right")
		if b.Value("Code from the e-mail") != "" {
			t.Fatal("the typed code is shown again")
		}
		code := mailed(t, p, "recovery-reset")
		b.Fill("Code from the e-mail", code[:4]+" "+code[4:]).Press("Continue")
		b.Sees("You have 3 tries")
		b.Post("/reset-password/answers", url.Values{"a1": {"wrong here"}, "a2": {"wrong too"}}).At(http.StatusUnprocessableEntity, "/reset-password/answers").Sees("These answers do not match").Lacks("wrong here")
		answered(t, b)
		part(t, b, "/reset-password/password/check", url.Values{"password": {"Marta-2026-marta"}}, "Contains no name, e-mail address, organisation, vendor or product : not met")
		b.Fill("Password", "short").Press("Set new password").At(http.StatusUnprocessableEntity, "/reset-password/password").Sees("Use at least 12 characters")
		if strings.Contains(b.Body, "short") {
			t.Fatal("the typed password is shown again")
		}
		inWith(t, b, "mellison")
		b.At(http.StatusOK, "/standing")
		old.Open("/standing").At(http.StatusOK, "/sign-in")
		newest(t, p, martas, "account-changed")
		signIn(p.Browser(t), "/sign-in", "mellison", good).At(http.StatusUnprocessableEntity, "/sign-in")
	})
}

func TestTheMailedLinkGoesOnInAnyBrowser(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		settled(t, p, false)
		b := p.Browser(t).Open("/get-back-in").Press("Do both").Press("Continue").At(http.StatusUnprocessableEntity, "/reset-password").Sees("Discover your UserID and reset your password")
		b.Fill("E-mail address", martas).Press("Continue").Sees("Look in your mailbox")
		link := newest(t, p, martas, "recovery-reset").Link(t, "/reset-password/")
		phone := p.Browser(t)
		for range 2 { // a scanner opens it too
			phone.Open(link).At(http.StatusOK, strings.TrimPrefix(link, portaltest.Base)).Sees("Reset your password", "mellison", "You did not ask for this?")
		}
		phone.Press("Go on").At(http.StatusOK, "/reset-password")
		answered(t, phone)
		b.Open("/reset-password").Sees("Look in your mailbox") // the one that asked has proved nothing
		inWith(t, phone, martas)
		phone.At(http.StatusOK, "/standing")
		b.Open(link).At(http.StatusGone, strings.TrimPrefix(link, portaltest.Base)).Sees("Get back in")
	})
}

func TestTheTelephoneAndASecondProofTakeThePlaceOfTheAnswers(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		settled(t, p, false)
		b := reset(p.Browser(t), "mellison").Press("Send a code by SMS").At(http.StatusOK, "/reset-password").Sees("Enter the code from the SMS", "If the account has a confirmed mobile number").Lacks("•")
		b.Fill("Six-digit code", newest(t, p, mobile, "recovery-sms").Code(t)).Press("Continue")
		p.Clock.Advance(2 * time.Minute)
		b.Press("I no longer know the answers").Sees("In place of the answers").Lacks(martas)
		b.Press("Send a code by e-mail").Sees("m•").Lacks(martas)
		b.Press("Back").Sees("Show us a second proof").Press("Send a code by e-mail")
		b.Fill("Code from the e-mail", mailed(t, p, "recovery-code")).Press("Continue")
		inWith(t, b, "mellison")
		b.At(http.StatusOK, "/standing")
	})
}

func TestAPasskeyIsAPossessionToo(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		settled(t, p, false)
		device := passkeytest.New(t, secret.Seeded(7), portaltest.Base)
		in := signIn(p.Browser(t), "/sign-in", "mellison", good)
		form := url.Values{"name": {"Phone"}, "passkey": {string(device.Make([]byte(in.Tab().Raw("/portal/account/passkeys/ask", nil).Body)))}}
		in.Post("/portal/account/passkeys/add", form).At(http.StatusOK, "/portal/account/passkeys")

		b := reset(p.Browser(t), martas).Press("Use a passkey").Sees("Use your passkey", "This browser cannot use passkeys here")
		use := func() url.Values {
			return url.Values{"passkey": {string(device.Use([]byte(b.Tab().Raw("/reset-password/passkey/begin", nil).Body)))}}
		}
		b.Post("/reset-password/passkey", url.Values{"passkey": {"{}"}}).At(http.StatusUnprocessableEntity, "/reset-password/passkey").Sees("This passkey does not prove the account")
		answer := use()
		answered(t, b.Post("/reset-password/passkey", answer))
		inWith(t, b, "mellison")
		b.At(http.StatusOK, "/standing")
	})
}

func TestAnAuthenticatorIsWantedAlwaysAndARecoveryCodeTakesItsPlace(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		_, codes := settled(t, p, true)
		b := reset(p.Browser(t), martas)
		b.Fill("Code from the e-mail", mailed(t, p, "recovery-reset")).Press("Continue").Sees("Enter the code from your app")
		b.Fill("Six-digit code from the app", "000000").Press("Continue").At(http.StatusUnprocessableEntity, "/reset-password/authenticator").Sees("This code is not right")
		b.Press("Use a recovery code instead").Sees("Use a recovery code")
		b.Fill("Recovery code", "aaaa-bbbb-cccc-dddd").Press("Continue").At(http.StatusUnprocessableEntity, "/reset-password/authenticator").Sees("Use a recovery code")
		if b.Value("Recovery code") != "" {
			t.Fatal("the typed code is shown again")
		}
		b.Press("Ask the helpdesk").Sees("Our helpdesk gets you back in", "Tell us this reference", "+1 415 555 0100").Press("Try once more myself").Press("Use a recovery code instead")
		b.Fill("Recovery code", strings.ToUpper(codes[3])).Press("Continue")
		inWith(t, b, "mellison")
		b.At(http.StatusOK, "/sign-in").Sees("Enter the code from your app")
	})
}

func TestABetaTesterComesBackByTheMailAlone(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		email, err := account.ParseEmail(martas)
		if err != nil {
			t.Fatal(err)
		}
		err = p.DB.Write(t.Context(), func(tx *db.Tx) error {
			_, err := account.Create(tx, p.Secret, account.DefaultPattern, account.New{Email: email, FirstName: "Marta", LastName: "Ellison", Lang: "en", State: account.Expired})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		give(p.Browser(t), martas, "07700 900123").At(http.StatusUnprocessableEntity, "/register/details").Sees("already has an account", "earlier beta testing")
		b := p.Browser(t).Open("/get-back-in").Sees("Did you take part in earlier beta testing?").Press("Do both").Fill("E-mail address", martas).Press("Continue")
		b.Fill("Code from the e-mail", mailed(t, p, "recovery-reset")).Press("Continue")
		b.Sees("we ask for your mobile number and for security questions")
		inWith(t, b, "mellison")
		b.At(http.StatusOK, "/sign-in").Press("Accept and continue").Press("Go on").At(http.StatusOK, "/register").Sees("Give your mobile number", "Step 1 of 4")
		b.Fill("Mobile number", "12").Press("Send a code to this number").At(http.StatusUnprocessableEntity, "/register/code/change").Sees("too short", "Step 1 of 4")
		b.Choose("Country code", "GB +44").Fill("Mobile number", "07700 900123").Press("Send a code to this number").Sees("Step 1 of 4").Lacks("Correct my name")
		b.Fill("Six-digit code", newest(t, p, mobile, "register-code").Code(t)).Press("Continue").Sees("Step 2 of 4")
		b.Post("/register/questions", questions())
		b.Sees("Step 3 of 4").Post("/register/confirm", answersTo()).Sees("Step 4 of 4").Press("Skip for now").Sees("Your account is complete")
		b.Press("Go on").At(http.StatusOK, "/standing").Sees("One thing is missing")
	})
}

func TestAnUnfinishedAccountIsSetUpByTheResetOfItsAddress(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		b := p.Browser(t)
		give(b, martas, "07700 900123").Fill("Six-digit code", newest(t, p, mobile, "register-code").Code(t)).Press("Continue").Check("I have read").Press("Accept and continue")
		p.Clock.Advance(time.Hour)
		other := reset(p.Browser(t), martas)
		link := newest(t, p, martas, "recovery-unfinished").Link(t, "/reset-password/")
		p.Browser(t).Open(link).Sees("Set up")
		other.Fill("Code from the e-mail", mailed(t, p, "recovery-unfinished")).Press("Continue").At(http.StatusOK, "/register").Sees("Step")
		p.Browser(t).Open(link).At(http.StatusGone, strings.TrimPrefix(link, portaltest.Base))
		p.Clock.Advance(time.Hour)
		reset(p.Browser(t), martas)
		phone := p.Browser(t).Open(newest(t, p, martas, "recovery-unfinished").Link(t, "/reset-password/"))
		phone.Sees("Set up").Press("Set up my account").At(http.StatusOK, "/register").Sees("Step").Lacks("Look in your mailbox")
		other.Open("/register").Sees("ran out")
	})
}

// seen is what a stranger can tell of an answer.
func seen(p *portaltest.Page, typed string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.Header)) {
		for _, v := range p.Header[name] {
			if name == "Set-Cookie" {
				v, _, _ = strings.Cut(v, "=")
			}
			if name != "Content-Length" && name != "X-Request-Id" {
				b.WriteString(name + ": " + v + "\n")
			}
		}
	}
	return http.StatusText(p.Status) + p.URL.Path + b.String() + strings.ReplaceAll(p.Body, typed, "…")
}

// asvs: V6.3.8
func TestNoPageBeforeAProofTellsWhetherThereIsAnAccount(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		settled(t, p, true)
		known, unknown := p.Browser(t), p.Browser(t)
		ask := func(what string, do func(b *portaltest.Browser, login string)) {
			t.Helper()
			do(known, martas)
			do(unknown, "karla@vale.example")
			if a, b := seen(known.Page, martas), seen(unknown.Page, "karla@vale.example"); a != b {
				t.Errorf("%s tells who has an account:\n%s", what, cmp.Diff(strings.Split(a, ">"), strings.Split(b, ">")))
			}
		}
		raw := func(path string, form url.Values) func(*portaltest.Browser, string) {
			return func(b *portaltest.Browser, login string) {
				sent := url.Values{}
				for k, v := range form {
					sent.Set(k, strings.ReplaceAll(v[0], "…", login))
				}
				b.Raw(path, sent)
			}
		}
		look := func(b *portaltest.Browser, _ string) { b.Open("/reset-password") }
		ask("the UserID by mail", raw("/forgot-user-id", url.Values{"email": {"…"}}))
		for range 4 {
			ask("the UserID by mail, again", raw("/forgot-user-id", url.Values{"email": {"…"}}))
		}
		ask("the beginning", raw("/reset-password", url.Values{"login": {"…"}}))
		ask("the page after it", look)
		ask("a resend too early", raw("/reset-password/resend", nil))
		for range 6 {
			ask("a wrong code", raw("/reset-password/code", url.Values{"code": {"00000000"}}))
		}
		ask("the page after wrong codes", look)
		p.Clock.Advance(5 * time.Minute)
		for range 5 {
			ask("a resend", raw("/reset-password/resend", nil))
			ask("the page after a resend", look)
			p.Clock.Advance(5 * time.Minute)
		}
		ask("another means", raw("/reset-password/means", url.Values{"means": {"sms"}}))
		ask("the page of another means", look)
		ask("a wrong code by SMS", raw("/reset-password/code", url.Values{"code": {"000000"}}))
		ask("no means", raw("/reset-password/means", url.Values{"means": {"pigeon"}}))
		ask("a passkey", raw("/reset-password/means", url.Values{"means": {"passkey"}}))
		ask("the page of a passkey", look)
		ask("a passkey that was not asked for", raw("/reset-password/passkey", url.Values{"passkey": {"{}"}}))
		for _, b := range []*portaltest.Browser{known, unknown} {
			if options := b.Raw("/reset-password/passkey/begin", nil); options.Status != http.StatusOK || strings.Contains(options.Body, `"id":`) {
				t.Errorf("%d %s", options.Status, options.Body)
			}
		}
		ask("a passkey that proves nothing", raw("/reset-password/passkey", url.Values{"passkey": {"{}"}}))
		ask("a later step", raw("/reset-password/answers", url.Values{"a1": {"x"}, "a2": {"y"}}))
		ask("the last step", raw("/reset-password/password", url.Values{"password": {better}}))
		ask("the checklist", raw("/reset-password/password/check", url.Values{"password": {better}}))
		ask("the app", raw("/reset-password/authenticator", url.Values{"code": {"000000"}}))
		ask("forgotten answers", raw("/reset-password/forgot-answers", nil))
		ask("both in one go", raw("/reset-password", url.Values{"login": {"…"}, "with": {"user-id"}}))
		ask("its page", look)
		if n := len(p.Inbox.To("karla@vale.example")); n != 0 {
			t.Errorf("%d messages went to nobody", n)
		}
	})
}

func TestAStaleTabFindsThePageOfTheRow(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		settled(t, p, false)
		b := p.Browser(t)
		b.Post("/reset-password/code", url.Values{"code": {"12345678"}}).At(http.StatusOK, "/reset-password").Sees("UserID or e-mail")
		reset(b, martas)
		stale, thief := b.Tab(), b.Copy()
		code := mailed(t, p, "recovery-reset")
		b.Fill("Code from the e-mail", code).Press("Continue").Sees("Answer two")
		stale.Fill("Code from the e-mail", code).Press("Continue").At(http.StatusOK, "/reset-password").Sees("Answer two")
		thief.Open("/reset-password").Sees("took too long, or it was finished or replaced elsewhere").Lacks("Answer two")
		for _, step := range []string{"means", "code", "resend", "passkey", "passkey/begin", "authenticator", "password"} {
			tab := b.Tab()
			if tab.Post("/reset-password/"+step, url.Values{}); tab.Status != http.StatusOK || tab.URL.Path != "/reset-password" {
				t.Errorf("%s at the questions: %d %s", step, tab.Status, tab.URL)
			}
		}
		for _, step := range []string{"code", "answers", "password"} { // loaded again by its address
			b.Tab().Open("/reset-password/"+step).At(http.StatusOK, "/reset-password").Sees("Answer two")
		}
		answered(t, b.Open("/reset-password"))
		second := b.Tab()
		inWith(t, b, "mellison")
		second.Fill("Password", "Another-Thistle-Lantern-77").Press("Set new password").At(http.StatusOK, "/reset-password").Sees("Your password is set")
		second.Press("Reset another password").At(http.StatusOK, "/reset-password").Sees("UserID or e-mail").Lacks("took too long")
		p.Clock.Advance(48 * time.Hour)
		thief.Open("/reset-password").Sees("UserID or e-mail")
	})
}

func TestAResetThatRanOutSaysSo(t *testing.T) {
	p := portaltest.SQLite(t)
	b := reset(p.Browser(t), "nobody@vale.example").Press("I can use none of these").Sees("Our helpdesk gets you back in").Press("Try once more myself").Sees("Look in your mailbox")
	p.Clock.Advance(48 * time.Hour)
	b.Fill("Code from the e-mail", "12345678").Press("Continue").At(http.StatusOK, "/reset-password").Sees("took too long", "UserID or e-mail")
	b.Press("all ways to get back in").At(http.StatusOK, "/get-back-in")
	b.Open("/reset-password").Lacks("took too long")
}

func TestAResetWorksWhileSigningInIsPaused(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		settled(t, p, false)
		b := p.Browser(t)
		for range 6 {
			signIn(b, "/sign-in", "mellison", "Wrong-"+good)
		}
		b.At(http.StatusTooManyRequests, "/sign-in").Press("Get back in").At(http.StatusOK, "/get-back-in")
		b = reset(b, martas)
		b.Fill("Code from the e-mail", mailed(t, p, "recovery-reset")).Press("Continue")
		answered(t, b)
		inWith(t, b, "mellison")
		b.At(http.StatusOK, "/standing")
	})
}

func TestAfterTheLastTryTheAnswersAreReplaced(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		settled(t, p, false)
		b := reset(p.Browser(t), martas)
		b.Fill("Code from the e-mail", mailed(t, p, "recovery-reset")).Press("Continue")
		b.Post("/reset-password/answers", url.Values{"a1": {"burnt leek pie"}}).At(http.StatusUnprocessableEntity, "/reset-password/answers").Sees("Enter answer 2").Lacks("burnt leek")
		wrong := url.Values{"a1": {"wrong here"}, "a2": {"wrong too"}}
		b.Post("/reset-password/answers", wrong).Sees("You have 2 more tries")
		b.Post("/reset-password/answers", wrong).Sees("You have 1 more try")
		b.Post("/reset-password/answers", wrong).At(http.StatusUnprocessableEntity, "/reset-password/answers").Sees("These answers do not match either", "Show us a second proof").Lacks("wrong here")
		b.Press("Send a code by SMS").Sees("We have sent an SMS with six digits to +44 77")
		b.Fill("Six-digit code", newest(t, p, mobile, "recovery-sms").Code(t)).Press("Continue")
		inWith(t, b, "mellison")
	})
}
