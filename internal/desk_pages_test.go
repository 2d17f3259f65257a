package internal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"vestibule/internal/db"
	"vestibule/internal/organization"

	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

func TestWhatStaffTypeWronglyOnThePagesOfAccountsIsSaidInWords(t *testing.T) {
	p := portaltest.SQLite(t)
	o := settled(t, p, "Marta", 1, has{questions: true, mobile: true})
	desk := browserOf(member(t, p, "Cleo", staff.Helpdesk, staff.Auditor))

	desk.Open("/office/accounts?q="+strings.Repeat("x", 500)).Sees("Use at most 200 characters", "Nobody found")
	desk.Open("/office/accounts?q=nobody-has-this").Sees("Nobody found")
	if strings.Contains(desk.Body, "0 accounts") {
		t.Error("twice said that nobody was found")
	}
	page := "/office/accounts/" + o.ID
	desk.Open(page + "?at=2099-01-01T10:00").Sees("This is in the future.")

	// Two codes are out: the newest is meant, unless another is chosen; none is no try.
	desk.Post(page+"/code", url.Values{"means": {"mobile"}})
	given := code(p.SMS(o.Mobile))
	p.Clock.Advance(time.Minute)
	desk.Post(page+"/code", url.Values{"means": {"email"}}).At(http.StatusOK, page)
	for _, choice := range desk.Find(`input[name="means"][type="radio"][checked]`) {
		if !strings.Contains(portaltest.Text(choice.Parent), "E-mail") {
			t.Error("the code that was sent before is chosen")
		}
	}
	if len(desk.Find(`input[name="means"][type="radio"][checked]`)) != 1 {
		t.Error("none of the codes is chosen")
	}
	desk.Post(page+"/verify", url.Values{"code": {given}}).Sees("Choose which of the codes it is")
	desk.Post(page+"/verify", url.Values{"means": {"mobile"}, "code": {given}}).At(http.StatusOK, page)
	if strings.Contains(desk.Open(page).Body, o.Mobile) {
		t.Error("the whole number stands on the page of the account")
	}
}

func TestTheHelpdeskFindsWhomARecoveryLedToIt(t *testing.T) {
	p := portaltest.SQLite(t)
	o := settled(t, p, "Marta", 1, has{questions: true, mobile: true})
	r := resetBegun(t, p, o, "sms")
	r.Post("/reset-password/code", url.Values{"code": {code(p.SMS(o.Mobile))}})
	r.Post("/reset-password/help", nil)
	reference := regexp.MustCompile(`\b[0-9A-Z]{8}\b`).FindString(r.Text())

	desk := browserOf(member(t, p, "Cleo", staff.Helpdesk))
	desk.Open("/office/accounts?q=" + reference).Sees(o.UserID)
	desk.Open("/office/accounts/"+o.ID).Sees("was led to the helpdesk: "+reference, "code to the mobile")
}

func TestASecondPressOfAStopLinkSaysThatItWasStopped(t *testing.T) {
	p := portaltest.SQLite(t)
	o := settled(t, p, "Marta", 1, has{questions: true, mobile: true})
	clearing(t, p, o, "two-staff")
	dora := member(t, p, "Dora", staff.Helpdesk)
	browserOf(dora).Open("/office/accounts/" + o.ID).Press(dora.Say("helpdesk.clearing.agree"))
	link := pathIn(mailOf(t, p, o.Email, "clearing-started").Link(t, "/stop/"))
	b := from(t, p, "198.51.100.9")
	b.Open(link).Post(link, nil).Sees("Nothing is taken away")
	b.Post(link, nil).Sees("Stopped already")
	b.Open(link).Sees("Stopped already")
}

// code is the one in a message.
func code(m portaltest.Message) string {
	if c := eightDigits.FindString(m.Text); c != "" {
		return c
	}
	return sixDigits.FindString(m.Text)
}

// A key opens software: no address holds one, where logs and histories keep it.
//
// asvs: V14.2.1
func TestAnAccountIsFoundByItsOrganizationsKeyAndNoAddressNamesIt(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := settled(t, p, "Marta", 1, has{questions: true})
		l := licensed(t, p, "Harbour Vale Council")
		p.Change(t, func(tx *db.Tx) error {
			_, err := organization.Admit(tx, p.Secret, l.Organization, o.ID, o.EmailKey, organization.Member, organization.ByStaff)
			return err
		})
		cleo := member(t, p, "Cleo", staff.Helpdesk)
		b := browserOf(cleo)
		search := func(words string) *portaltest.Browser {
			b.Open("/office/accounts").Fill(cleo.Say("helpdesk.list.search"), words)
			b.Press(cleo.Say("helpdesk.list.go"))
			return b
		}
		search(strings.ToLower(l.Key.String())).At(http.StatusOK, "/office/accounts").Sees("Members of Harbour Vale Council.", o.UserID).Lacks("Cleo Prior", l.Key.String())
		if b.URL.Query().Get("organization") != l.Organization || b.URL.Query().Get("q") != "" {
			t.Errorf("a key leads to %s", b.URL)
		}
		b.Open("/office/accounts?q=" + l.Key.String())
		if b.URL.Query().Get("q") != "" {
			t.Errorf("an address with a key stays: %s", b.URL)
		}
		wrong := []byte(l.Key.String())
		wrong[len(wrong)-1] = map[bool]byte{true: 'B', false: 'A'}[wrong[len(wrong)-1] == 'A']
		search(string(wrong)).At(http.StatusUnprocessableEntity, "/office/accounts/search").Sees("typing slip")
		if strings.Contains(b.Body, "q="+string(wrong)) {
			t.Error("a link carries a key along")
		}
		// An address of many letters and digits is none, and what finds somebody can be kept.
		search("somebody.of.that.name-2026@harbour-vale.example").At(http.StatusOK, "/office/accounts/search").Sees("Nobody found")
		search(o.UserID).At(http.StatusOK, "/office/accounts").Sees(o.UserID)
		if b.URL.Query().Get("q") != o.UserID {
			t.Errorf("a search leads to %s", b.URL)
		}
		search(strings.Repeat("x", 500)).At(http.StatusUnprocessableEntity, "/office/accounts/search").Sees("Use at most 200 characters")
		b.Open("/office/accounts?organization=none").At(http.StatusNotFound, "/office/accounts")
	})
}
