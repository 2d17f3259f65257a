package visitor_test

import (
	"net/url"
	"strings"
	"testing"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/portaltest"
)

// ask sends a request; decide approves the newest.
func ask(b *portaltest.Browser, email string) *portaltest.Browser {
	return b.Open("/request").Fill("First name", "Marta").Fill("Last name", "Ellison").Fill("Work e-mail", email).
		Fill("Organisation", "Harbour Vale Council").Choose("Country", "United Kingdom").Fill("Number of users", "250").
		Check("I agree").Press("Send request")
}

func decide(t *testing.T, p *portaltest.Portal) {
	t.Helper()
	var id string
	err := p.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`SELECT id FROM access_request ORDER BY created_at DESC LIMIT 1`, nil, &id)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Access.Decide(t.Context(), id, access.Decision{Approve: true}, access.Decider{ID: "staff1", Name: "Ines Duarte"}); err != nil {
		t.Fatal(err)
	}
}

// unconfirmed is an account that somebody registered with an address that
// nobody has proved.
func unconfirmed(t *testing.T, p *portaltest.Portal, state account.State) account.Account {
	t.Helper()
	a := member(t, p, "Marta", "Ellison")
	err := p.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Count(`UPDATE account SET email_confirmed_at = 0, mobile = '+447700900123', state = $1 WHERE id = $2`, string(state), a.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWhoRegisteredFirstComesInByTheLinkOfTheApproval(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := unconfirmed(t, p, account.Active)
		ask(p.Browser(t), a.Email)
		decide(t, p)
		mail := newest(t, p, a.Email, "request-approved-register")
		if link := mail.Link(t, "/welcome/"); link == "" {
			t.Fatal("no link")
		}
		link := mail.Link(t, "/welcome/")
		for range 2 { // looking uses nothing up
			p.Browser(t).Open(link).At(200, pathOf(link)).Sees("You have an account already", "mellison", "This was not me").Lacks("Mobile number")
		}
		p.Browser(t).Open(link).Press("Confirm and come in").Sees("Enter your password")
		p.Browser(t).Open(link).Fill("Your password", "wrong").Press("Confirm and come in").Sees("The password is not right")

		in := signIn(p.Browser(t), "/sign-in", "mellison", good).At(200, "/standing")
		in.Open(link).Lacks("Your password").Press("Confirm and come in").At(200, "/confirm-email/done")
		in.Open("/standing").At(200, "/portal").Lacks("not begun")
		p.Browser(t).Open(link).At(410, pathOf(link))
	})
}

func TestTheOwnerOfTheMailboxTakesOverByTheLinkOfTheApproval(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := unconfirmed(t, p, account.Active)
		stranger := signIn(p.Browser(t), "/sign-in", "mellison", good).At(200, "/standing")
		ask(p.Browser(t), a.Email)
		decide(t, p)
		link := newest(t, p, a.Email, "request-approved-register").Link(t, "/welcome/")
		p.Browser(t).Open(link).Press("This was not me").At(200, "/register").Sees("Step 1 of 7", "The account belongs to this address")
		stranger.Open("/portal").At(200, "/sign-in")
	})
}

func TestWhoHadNotFinishedGoesOnByTheLinkOfTheApproval(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := unconfirmed(t, p, account.Unfinished)
		ask(p.Browser(t), a.Email)
		decide(t, p)
		link := newest(t, p, a.Email, "request-approved-register").Link(t, "/welcome/")
		p.Browser(t).Open(link).Sees("Finish your account").Press("Finish my account").At(200, "/register").Sees("Step 2 of 7")
	})
}

func TestAFormOfAStepThatIsOverShowsTheStepThatIs(t *testing.T) {
	p := portaltest.SQLite(t)
	b := p.Browser(t)
	give(b, "marta@vale.example", "07700 900123").Fill("Six-digit code", newest(t, p, "+447700900123", "register-code").Code(t)).Press("Continue").Sees("Step 3 of 7")
	b.Post("/register/code", url.Values{"code": {""}}).At(200, "/register").Sees("Step 3 of 7").Lacks("There is a problem")
}

// pathOf is the path of a link.
func pathOf(link string) string { return strings.TrimPrefix(link, portaltest.Base) }

func TestARequestOfSomebodyWhoIsSignedInKnowsThem(t *testing.T) {
	p := portaltest.SQLite(t)
	a := member(t, p, "Marta", "Ellison")
	b := signIn(p.Browser(t), "/sign-in", "mellison", good).Open("/request").Lacks("create your login account")
	if b.Value("First name") != "Marta" || b.Value("Work e-mail") != a.Email {
		t.Fatal("the form does not know who is signed in")
	}
	ask(b, a.Email).At(200, "/request/received").Sees("See where it stands").Lacks("Create your login account")
}

func TestTakingBackTwiceSaysThatItIsDone(t *testing.T) {
	p := portaltest.SQLite(t)
	ask(p.Browser(t), "marta@vale.example")
	link := newest(t, p, "marta@vale.example", "request-received").Link(t, "/request/withdraw/")
	p.Browser(t).Open(link).Press("Take the request back").At(200, "/request/withdrawn")
	p.Browser(t).Open(link).At(200, pathOf(link)).Sees("Your request is taken back", "Send a new request")
}

func TestTooManyRequestsLoseNothing(t *testing.T) {
	p := portaltest.SQLite(t)
	b := p.Browser(t)
	for i := range 10 {
		ask(b, "marta"+strings.Repeat("a", i)+"@vale.example").At(200, "/request/received")
	}
	ask(b, "late@vale.example").At(429, "/request").Sees("Many requests came from your network")
	if b.Value("Work e-mail") != "late@vale.example" || b.Page.Header.Get("Retry-After") == "" {
		t.Fatal("what was typed is gone")
	}
}
