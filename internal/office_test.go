package internal_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

func TestStaffFindFilterExportAndDecideSeveralRequests(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		office := approver(t, p, "Ada")
		for n := 1; n <= 4; n++ {
			w := somebody(t, p, n)
			w.AskForAccess()
			p.Clock.Advance(time.Minute)
		}
		first, second := somebody(t, p, 1), somebody(t, p, 2)
		b := browserOf(office)

		b.Open("/office").At(http.StatusOK, "/office/requests")
		b.Sees(first.First, second.First, "4 open.")
		b.Open("/office/requests?q=" + url.QueryEscape(first.Email)).Sees(first.Last).Lacks(second.Email)
		b.Open("/office/requests?q=nobody-of-this-name").Sees(office.Say("office.queue.nothing"))
		b.Open("/office/requests?signal=disposable").Sees(office.Say("office.queue.nothing"))
		b.Open("/office/requests?tab=nonsense").At(http.StatusNotFound, "/office/requests")

		b.Open("/office/requests/export")
		if !strings.HasPrefix(b.Body, "reference,state,received,") {
			t.Errorf("the export begins %.40q", b.Body)
		}
		if lines := strings.Count(strings.TrimSpace(b.Body), "\n"); lines != 4 {
			t.Errorf("the export has %d requests", lines)
		}

		// Nothing ticked, then nothing said, then two declined with one reason.
		b.Open("/office/requests").Press(office.Say("office.bulk.go"))
		b.At(http.StatusUnprocessableEntity, "/office/requests/decisions").Sees(office.Say("fault.pick-one"))
		b.Open("/office/requests")
		pick := func(who string) string { return office.Say("office.col.pick-one", "name", who) }
		// A reason is missing: what was ticked stays so.
		b.Check(pick(first.First + " " + first.Last)).Check(office.Say("office.decide.decline")).Press(office.Say("office.bulk.go"))
		b.At(http.StatusUnprocessableEntity, "/office/requests/decisions").Sees(office.Say("fault.reason-needed"))
		if n := len(b.Find("input[checked]")); n != 2 {
			t.Errorf("%d choices are kept of two", n)
		}
		b.Open("/office/requests")
		b.Check(pick(first.First + " " + first.Last)).Check(pick(second.First + " " + second.Last)).Check(office.Say("office.decide.decline"))
		b.Fill(office.Say("office.decide.reason"), "We serve clinics only.")
		path, form := b.Submission(office.Say("office.bulk.go"))
		b.Press(office.Say("office.bulk.go")).Sees(office.Say("office.bulk.results"))
		b.Post(path, form).Sees("Already decided") // pressed twice: told, not done again
		for _, w := range []string{first.Email, second.Email} {
			p.Deliver()
			if n := count(p.Kinds(w), "request-declined"); n != 1 {
				t.Errorf("%s has %d refusals", w, n)
			}
		}
		b.Open("/office/requests?tab=declined").Sees(first.Last, "Ada Prior")
	})
}

func TestTheOfficeShowsMessagesAndTheTrail(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		office := approver(t, p, "Ada")
		w := somebody(t, p, 1)
		w.AskForAccess()
		b := browserOf(office)

		b.Open("/office/messages?to=" + url.QueryEscape(w.Email)).Sees(w.Email)
		p.Inbox.Down(true)
		p.Deliver()
		p.Inbox.Down(false)
		b.Open("/office/messages?to=" + url.QueryEscape(w.Email)).Press(office.Say("office.messages.retry"))
		p.Deliver()
		if n := count(p.Kinds(w.Email), "request-received"); n != 1 {
			t.Errorf("%d receipts after one retry", n)
		}
		b.Open("/office/messages?state=sent&to=" + url.QueryEscape(w.Email)).Sees(w.Email)
		b.Open("/office/messages/nothing").At(http.StatusNotFound, "/office/messages/nothing")
		b.Open("/office/audit").Sees(office.Say("office.event.access-request-create"), "message.retry", office.Say("office.event.message-retry", "by", "Ada Prior")).Lacks("request:", "message:")
		b.Open("/office/audit?area=message").Sees("message.retry").Lacks("access_request.create")
		b.Open("/office/audit?by=nobody-of-this-name").Sees(office.Say("office.audit.empty")).Press(office.Say("office.queue.clear")).Sees("message.retry")
		b.Open("/office/audit?before=nonsense").At(http.StatusNotFound, "/office/audit")
		b.Open("/office/joins").Sees(office.Say("office.joins.empty"))
		b.Open("/office/registrations").Sees(office.Say("office.steps.empty"))
		b.Open("/office/registrations/nothing").At(http.StatusNotFound, "/office/registrations/nothing")
		b.Open("/office/requests/nothing").At(http.StatusNotFound, "/office/requests/nothing")
	})
}

// asvs: V8.2.1 V8.2.3
func TestARoleSeesAndDoesOnlyWhatItGrants(t *testing.T) {
	p := portaltest.SQLite(t)
	ada := approver(t, p, "Ada")
	w := somebody(t, p, 1)
	w.AskForAccess()
	b := browserOf(ada)
	b.Open("/office/requests").Press(w.First + " " + w.Last)
	request := b.URL.Path

	lena := somebody(t, p, 950)
	lena.First, lena.Last, lena.Password = "Lena", "Fischer", "Quartz-Lantern-Meadow-92"
	lena.SetUpStaff(p.Invite(t, lena.First, lena.Last, staff.Auditor), func(key string) string { return p.Authenticator(t, key) })
	auditor := browserOf(lena)
	auditor.Open(request).At(http.StatusOK, request).Lacks(lena.Say("office.decide.go"))
	auditor.Open("/office/requests").Lacks(lena.Say("office.bulk.go"))
	for path, form := range map[string]url.Values{
		request + "/decision":             {"decision": {"approve"}, "organization": {"new"}},
		request + "/again":                {},
		"/office/requests/decisions":      {"picked": {strings.TrimPrefix(request, "/office/requests/")}, "decision": {"approve"}},
		"/office/joins/x":                 {"decision": {"accept"}},
		"/office/registrations/x/release": {"reason": {"because"}},
		"/office/messages/x/retry":        {},
		"/office/messages/x/drop":         {},
	} {
		if got := auditor.Raw(path, form).Status; !slices.Contains([]int{http.StatusForbidden, http.StatusNotFound}, got) {
			t.Errorf("an auditor's POST %s is answered %d", path, got)
		}
	}
	b.Open(request).Sees(ada.Say("office.decide.go"))
	p.Deliver()
	if kinds := p.Kinds(w.Email); slices.Contains(kinds, "request-approved-register") {
		t.Errorf("an auditor approved: %q", kinds)
	}
}

func TestTheRequestFormKeepsWhatWasTyped(t *testing.T) {
	p := portaltest.SQLite(t)
	b := p.Browser(t)
	say := somebody(t, p, 1).Say
	b.Open("/request").Fill(say("request.first"), "Zoë").Fill(say("request.users"), "many").Press(say("request.send"))
	b.At(http.StatusUnprocessableEntity, "/request").Sees(say("field.last.name-empty"), say("fault.users-digits"), say("fault.consent-needed"))
	if got := b.Value(say("request.first")); got != "Zoë" {
		t.Errorf("the first name became %q", got)
	}
	if n := len(b.Find(".summary a")); n < 5 {
		t.Errorf("the summary has %d links", n)
	}
	b.Open("/request/received").At(http.StatusOK, "/request")
	b.Open("/request/withdraw/nonsense").At(http.StatusGone, "/request/withdraw/nonsense")

	w := somebody(t, p, 2)
	w.AskForAccess()
	link := mailOf(t, p, w.Email, "request-received").Link(t, "/request/withdraw/")
	mine := browserOf(w)
	mine.Open(link)
	mine.Open(link).Press(w.Say("request.withdraw.go")).At(http.StatusOK, "/request/withdrawn")
	mine.Open(link).At(http.StatusOK, strings.TrimPrefix(link, portaltest.Base)).Sees(w.Say("request.withdrawn.title"))
	if kinds := p.Kinds(w.Email); !slices.Contains(kinds, "request-withdrawn") {
		p.Deliver()
		if kinds = p.Kinds(w.Email); !slices.Contains(kinds, "request-withdrawn") {
			t.Errorf("mails %q", kinds)
		}
	}
}
