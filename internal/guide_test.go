package internal_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/e2e/guide"
	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

// hands are a person's at the stand-in of a browser.
type hands struct{ b *portaltest.Browser }

func (h hands) Open(address string)             { h.b.Open(address) }
func (h hands) Fill(label, value string)        { h.b.Fill(label, value) }
func (h hands) Choose(label, option string)     { h.b.Choose(label, option) }
func (h hands) Check(label string)              { h.b.Check(label) }
func (h hands) Press(words string)              { h.b.Press(words) }
func (h hands) Code(label, code, button string) { h.b.Fill(label, code).Press(button) }
func (h hands) Sees(texts ...string)            { h.b.Sees(texts...) }
func (h hands) Key() string {
	for _, n := range h.b.Find(".key code") {
		return strings.ReplaceAll(portaltest.Text(n), " ", "")
	}
	return ""
}

// somebody is a person who has opened a browser.
func somebody(t testing.TB, p *portaltest.Portal, n int) guide.Way {
	t.Helper()
	words, err := guide.English()
	if err != nil {
		t.Fatal(err)
	}
	b := p.Browser(t)
	b.Address = fmt.Sprintf("198.51.%d.%d", n/250, 1+n%250)
	return guide.Way{Hands: hands{b}, Words: words, Person: guide.Someone(n)}
}

// browserOf is the browser that a person sits at.
func browserOf(w guide.Way) *portaltest.Browser { return w.Hands.(hands).b }

// approver is a member of staff who is signed in to the office.
func approver(t testing.TB, p *portaltest.Portal, first string) guide.Way {
	t.Helper()
	w := somebody(t, p, 900+int(first[0]))
	w.First, w.Last, w.Password = first, "Prior", "Quartz-Lantern-Meadow-91"
	w.SetUpStaff(p.Invite(t, first, w.Last, staff.Approver, staff.Helpdesk, staff.Auditor), func(key string) string { return p.Authenticator(t, key) })
	return w
}

// stepTwo is the registration from its first page to its last, with a link of
// an approval or from anew.
func stepTwo(t testing.TB, p *portaltest.Portal, w guide.Way, invitation string) {
	t.Helper()
	if invitation != "" {
		w.FollowInvitation(invitation)
	} else {
		w.GiveDetails()
	}
	w.EnterCode(p.SMS(w.Mobile).Code(t))
	w.FromTerms()
}

// confirmEmail presses the button behind the link in the mail with the UserID.
func confirmEmail(t testing.TB, p *portaltest.Portal, w guide.Way) {
	t.Helper()
	b := browserOf(w)
	b.Open(mailOf(t, p, w.Email, "account-user-id").Link(t, "/confirm-email/"))
	for _, n := range b.Find("input[type=password]") {
		_ = n
		b.Fill(w.Say("register.confirm-email.password"), w.Password)
	}
	b.Press(w.Say("register.confirm-email.go"))
}

// mailOf is the newest message of a kind to an address.
func mailOf(t testing.TB, p *portaltest.Portal, to, kind string) portaltest.Message {
	t.Helper()
	p.Deliver()
	all := p.Inbox.To(to)
	for _, m := range slices.Backward(all) {
		if m.Kind == kind {
			return m
		}
	}
	t.Fatalf("no %s to %s, only %q", kind, to, p.Kinds(to))
	return portaltest.Message{}
}

func TestTheGuideWordByWordForANewEvaluator(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		office := approver(t, p, "Ada")
		w := somebody(t, p, 1)

		w.AskForAccess()
		if got := p.Kinds(w.Email); !slices.Equal(got, []string{"request-received"}) {
			t.Fatalf("after asking the applicant has %q", got)
		}
		p.Clock.Advance(10 * time.Minute)
		office.Approve(w.Person)
		link := mailOf(t, p, w.Email, "request-approved-register").Link(t, "/welcome/")

		w.FollowInvitation(link)
		w.EnterCode(p.SMS(w.Mobile).Code(t))
		w.FromTerms()
		kinds := p.Kinds(w.Email)
		for _, want := range []string{"account-user-id", "account-password-set"} {
			if n := count(kinds, want); n != 1 {
				t.Errorf("%d mails of kind %s, want 1", n, want)
			}
		}
		if m := mailOf(t, p, w.Email, "account-password-set"); strings.Contains(m.Text+m.HTML, w.Password) {
			t.Error("the password stands in a mail")
		}

		w.SignIn(w.Email)
		b := browserOf(w).At(http.StatusOK, "/portal")
		b.Sees("NWC")
	})
}

func TestTheAccountMayBeMadeBeforeTheApproval(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		office := approver(t, p, "Ada")
		w := somebody(t, p, 2)
		w.AskForAccess()
		stepTwo(t, p, w, "")
		confirmEmail(t, p, w)
		w.SignIn(w.Email)
		b := browserOf(w).At(http.StatusOK, "/standing")
		b.Sees(w.Say("standing.waiting.title"))

		office.Approve(w.Person)
		mailOf(t, p, w.Email, "request-approved-sign-in")
		b.Open("/portal").At(http.StatusOK, "/portal")
	})
}

func TestADeclinedApplicantReadsWhyAndMayAskAgain(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		office := approver(t, p, "Ada")
		w := somebody(t, p, 3)
		w.AskForAccess()
		office.Decline(w.Person, "We serve clinics with their own GroupWise server.")
		if m := mailOf(t, p, w.Email, "request-declined"); !strings.Contains(m.Text, "We serve clinics") {
			t.Errorf("the mail lacks the reason:\n%s", m.Text)
		}
		stepTwo(t, p, w, "")
		confirmEmail(t, p, w)
		w.SignIn(w.Email)
		browserOf(w).At(http.StatusOK, "/standing").Sees("We serve clinics", w.Say("standing.request-again"))
	})
}

func TestAReturningEvaluatorGetsThirtyMoreDaysOnTheSameKey(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		office := approver(t, p, "Ada")
		w := somebody(t, p, 4)
		w.AskForAccess()
		office.Approve(w.Person)
		stepTwo(t, p, w, mailOf(t, p, w.Email, "request-approved-register").Link(t, "/welcome/"))
		w.SignIn(w.Email)
		b := browserOf(w).At(http.StatusOK, "/portal")
		key := licenceKey(b)
		if key == "" {
			t.Fatalf("the portal shows no key: %s", b.Text())
		}

		p.Clock.Advance(31 * 24 * time.Hour)
		w.SignIn(w.Email)
		if n := len(b.Find(".key [data-copy]")); n != 0 {
			t.Error("after the end the key can still be copied")
		}
		w.AskForAccess()
		office = again(t, p, office)
		office.Approve(w.Person)
		b.Open("/portal").At(http.StatusOK, "/portal").Sees("30")
		if shown := licenceKey(b); shown != key {
			t.Errorf("the key was %s and is %s", key, shown)
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM license`); n != 1 {
			t.Errorf("%d licences, want 1", n)
		}
	})
}

// again is the same member of staff with a new session, by a new link from the
// console.
func again(t testing.TB, p *portaltest.Portal, w guide.Way) guide.Way {
	t.Helper()
	inv, err := p.Staff.Reset(t.Context(), strings.ToLower(w.First+"."+w.Last)+"@northwind.example")
	if err != nil {
		t.Fatal(err)
	}
	w.SetUpStaff(portaltest.Base+staff.EnrolPath+inv.Token, func(key string) string { return p.Authenticator(t, key) })
	return w
}

func licenceKey(b *portaltest.Browser) string {
	for _, n := range b.Find(".key code, code") {
		if key := portaltest.Text(n); strings.HasPrefix(key, "NWC") {
			return key
		}
	}
	return ""
}

func count(all []string, one string) int {
	n := 0
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}
