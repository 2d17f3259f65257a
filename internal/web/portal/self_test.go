package portal_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/portaltest"
)

func get(t *testing.T, p *portaltest.Portal, id string) (a account.Account) {
	t.Helper()
	if err := p.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		a, err = account.Get(tx, id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnOwnerChangesDetailsAndThePagesFollowTheLanguage(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, _ := marta(t, p)
		b.Open("/portal/account").Sees("Marta Ellison", "UserID mellison", a.Email)
		b.Open("/portal/account/details").Sees("mellison").Fill("Last name", "").Press("Save").At(http.StatusUnprocessableEntity, "/portal/account/details").Sees("Enter your last name")
		b.Fill("Last name", "Ellison-Wu").Fill("Organisation", "Vale Ltd").Choose("Country", "Germany").Choose("Language", "Deutsch").Press("Save")
		b.At(http.StatusOK, "/portal/account").Sees("Ihre Angaben sind gespeichert", "Ellison-Wu", "Vale Ltd", "Deutschland")
		if now := get(t, p, a.ID); now.Lang != "de" || now.UserID != "mellison" {
			t.Errorf("%+v", now)
		}
	})
}

func choices() []account.Choice {
	return []account.Choice{
		{Own: "What did we call the boat?", Answer: "tin whistle"}, {Own: "What did the garden smell of?", Answer: "burnt leek pie"},
		{Own: "Where did the old road end?", Answer: "behind the mill"},
	}
}

// asvs: V14.2.6
func TestAnOwnerChangesTheAddressAndTheFormerMailboxUndoesIt(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, _, _ := marta(t, p)
		questions, err := p.Passwords.HashAnswers(t.Context(), choices())
		if err != nil {
			t.Fatal(err)
		}
		write(t, p, func(tx *db.Tx) error { return account.SetQuestions(tx, a.ID, questions) })
		p.Clock.Advance(100 * time.Hour) // what was set longer ago than a change can be undone stays
		b, elsewhere := signIn(p.Browser(t), "mellison"), signIn(p.Browser(t), "mellison")
		b.Open("/portal/account").Open("/portal/account/email").Fill("New e-mail address", "marta@").Press("Send a code").At(http.StatusUnprocessableEntity, "/portal/account/email").Sees("name@company.com")
		b.Fill("New e-mail address", "marta@new.example").Press("Send a code").At(http.StatusOK, "/portal/account/email").Sees("Look in the mailbox of", "marta@new.example")
		b.Fill("Six-digit code", "000000").Press("Change e-mail address").At(http.StatusUnprocessableEntity, "/portal/account/email/code").Sees("4 more tries")
		before := session(b)
		b.Fill("Six-digit code", p.Mail("marta@new.example", "Confirm").Code(t)).Press("Change e-mail address").At(http.StatusOK, "/portal/account").Sees("has been changed", "marta@new.example")
		if session(b) == before {
			t.Error("the session keeps its token")
		}
		elsewhere.Open("/portal").At(http.StatusOK, "/sign-in")
		b.Open("/portal/account/mobile").Choose("Country code", "GB").Fill("New mobile number", "07700 900999").Press("Send a code")
		b.Fill("Six-digit code", p.SMS("+447700900999").Code(t)).Press("Change mobile number").At(http.StatusOK, "/portal/account")

		link := p.Mail(a.Email, "mail address of your login account was changed").Link(t, "/undo-email/")
		stranger := p.Browser(t)
		stranger.Open(link).At(http.StatusOK, strings.TrimPrefix(link, portaltest.Base)).Sees("mellison", a.Email, "m•••@new.example").Lacks("marta@new.example")
		if get(t, p, a.ID).Email != "marta@new.example" {
			t.Fatal("looking at the link undid the change")
		}
		stranger.Press("Undo the change").Sees("Your account is yours again").Press("Choose a new password").At(http.StatusOK, "/reset-password")
		if now := get(t, p, a.ID); now.Email != a.Email || now.State != account.Expired {
			t.Errorf("%+v", now)
		}
		b.Open("/portal/account").At(http.StatusOK, "/sign-in")
		p.Browser(t).Open(link).At(http.StatusOK, strings.TrimPrefix(link, portaltest.Base)).Sees("Your account is yours again")

		// The owner is back in by the own mailbox and answers; what the thief set is of no use.
		stranger.Fill("UserID or e-mail", "mellison").Press("Continue")
		reset := p.Browser(t).Open(p.Mail(a.Email, "Reset").Link(t, "/reset-password/")).Press("Go on").Sees("Answer two of your security questions")
		for _, one := range choices() {
			if strings.Contains(reset.Text(), one.Own) {
				reset.Fill(one.Own, one.Answer)
			}
		}
		reset.Press("Continue").Fill("Password", "Copper-Thistle-Lantern-58").Press("Set new password").Sees("Your password is set")
		if now := get(t, p, a.ID); now.State != account.Active || now.Mobile != "" || now.Email != a.Email {
			t.Errorf("%+v", now)
		}
	})
}

func TestTheLinkOfANewAddressOpensInAnotherBrowserOfTheAccountAlone(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, elsewhere := marta(t, p)
		member(t, p, "Owen", "Blake", "other.example")
		b.Open("/portal/account/email").Fill("New e-mail address", "marta@new.example").Press("Send a code")
		link := p.Mail("marta@new.example", "Confirm").Link(t, "/portal/account/email/confirm/")
		owen := signIn(p.Browser(t), "oblake")
		owen.Open(link)
		if owen.Status != http.StatusGone {
			t.Errorf("another account sees %d", owen.Status)
		}
		owen.Post(strings.TrimPrefix(link, portaltest.Base), url.Values{})
		p.Browser(t).Open(link).At(http.StatusOK, "/sign-in")
		if get(t, p, a.ID).Email != a.Email {
			t.Fatal("somebody else changed it")
		}
		elsewhere.Open(link).Sees("mellison", "marta@new.example").Press("Change e-mail address").At(http.StatusOK, "/portal/account").Sees("marta@new.example")
	})
}

func TestAnOwnerGivesANumberAndCannotLoseTheLastPossession(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, _ := marta(t, p)
		b.Open("/portal/account/mobile").Choose("Country code", "GB").Fill("New mobile number", "07700 900999").Press("Send a code").At(http.StatusOK, "/portal/account/mobile").Sees("+44 77•• •••999")
		b.Fill("Six-digit code", p.SMS("+447700900999").Code(t)).Press("Change mobile number").At(http.StatusOK, "/portal/account").Sees("mobile number has been changed")
		b.Open("/portal/account/mobile").Sees("You can remove it once").Lacks("no longer helps")
		b.Post("/portal/account/mobile/remove", url.Values{})
		b.Sees("Set up an authenticator app or a passkey first")
		if get(t, p, a.ID).Mobile != "+447700900999" {
			t.Error("it is gone")
		}
	})
}

func TestAnOwnerSeesAndEndsSessions(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		_, b, elsewhere := marta(t, p)
		b.Open("/portal/account/sessions").Sees("This device", "192.0.2.", "Browsers we know").Press("Sign out everywhere else")
		b.At(http.StatusOK, "/portal/account/sessions").Sees("signed out everywhere else").Lacks("Sign out everywhere else")
		elsewhere.Open("/portal").At(http.StatusOK, "/sign-in")
		b.Open("/portal/account/activity").Sees("Signed out everywhere else", "Signed in")
		b.Open("/portal/account/activity?before=x").Sees("Signed in")
	})
}

func TestAnOwnerTakesACopyAndClosesTheAccount(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, elsewhere := marta(t, p)
		b.Open("/portal/account/data").Press("Download the copy")
		var out map[string]any
		if err := json.Unmarshal([]byte(b.Body), &out); err != nil || out["format"] != "vestibule-account" {
			t.Errorf("%v: %.80s", err, b.Body)
		}
		b.Open("/portal/account/close").Sees("14 days").Press("Close my account").At(http.StatusUnprocessableEntity, "/portal/account/close").Sees("Type your UserID exactly")
		b.Fill("Type your UserID to show", "mellison").Press("Close my account").At(http.StatusOK, "/account-closing").Sees("Your account will be closed")
		b.Open("/portal").At(http.StatusOK, "/sign-in")
		elsewhere.Open("/portal").At(http.StatusOK, "/sign-in")
		link := p.Mail(a.Email, "will be closed").Link(t, "/keep-account/")
		p.Browser(t).Open(link).Sees("mellison").Press("Keep my account").Sees("Your account stays")
		if !get(t, p, a.ID).ClosingAt.IsZero() {
			t.Error("it is not kept")
		}
		again := signIn(p.Browser(t), "mellison").At(http.StatusOK, "/portal")
		again.Open("/portal/account/close").Fill("Type your UserID to show", "mellison").Press("Close my account")
		p.Clock.Advance(14*24*time.Hour + time.Hour)
		p.Housekeeping()
		if now := get(t, p, a.ID); now.State != account.Closed || now.FirstName != "" {
			t.Errorf("%+v", now)
		}
		signIn(p.Browser(t), "mellison").At(http.StatusUnprocessableEntity, "/sign-in")
	})
}

// asvs: V7.5.1
func TestNoOwnDataChangesByAStaleRequest(t *testing.T) {
	p := portaltest.SQLite(t)
	a, b, _ := marta(t, p)
	p.Clock.Advance(6 * time.Minute)
	for path, form := range map[string]url.Values{
		"/portal/account/email": {"email": {"eve@evil.example"}}, "/portal/account/mobile": {"mobile-country": {"GB"}, "mobile": {"07700 900999"}},
		"/portal/account/mobile/remove": {}, "/portal/account/sessions/end-others": {}, "/portal/account/sessions/x/end": {},
		"/portal/account/data": {}, "/portal/account/close": {"user_id": {"mellison"}},
	} {
		page := b.Raw(path, form)
		if page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Header.Get("Location"), "/sign-in") {
			t.Errorf("%s: %d %s", path, page.Status, page.Header.Get("Location"))
		}
	}
	if now := get(t, p, a.ID); now.Email != a.Email || now.Mobile != a.Mobile || !now.ClosingAt.IsZero() {
		t.Errorf("%+v", now)
	}
}
