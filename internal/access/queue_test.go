package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

// crowd files n requests a minute apart.
func (w *world) crowd(n int) {
	w.t.Helper()
	w.s.Settings.PerNetwork.Burst, w.s.Settings.Global.Burst = 100_000, 100_000
	for i := range n {
		f := marta()
		f.First, f.Last = fmt.Sprintf("Person%03d", i), "Lindqvist"
		f.Email = fmt.Sprintf("p%03d@company%03d.example", i, i)
		f.Organization = fmt.Sprintf("Företag %03d AB", i)
		f.Country = []string{"SE", "DE", "GB"}[i%3]
		f.Address = fmt.Sprintf("198.51.%d.1", i%250)
		if i%10 == 0 {
			f.Email = fmt.Sprintf("p%03d@gmail.com", i)
		}
		if _, err := w.s.Ask(w.t.Context(), f); err != nil {
			w.t.Fatal(err)
		}
		w.Clock.Advance(time.Minute)
	}
}

// walk pages through the queue and returns who is in it.
func (w *world) walk(q access.Query) []string {
	w.t.Helper()
	var names []string
	for {
		p, err := w.s.Queue(w.t.Context(), q)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range p.Requests {
			names = append(names, r.FirstName)
		}
		if q.After = p.Next; q.After == "" {
			return names
		}
	}
}

func TestTheQueueIsReadPageByPageInItsOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.crowd(60)
		open := w.walk(access.Query{Tab: access.TabOpen})
		if len(open) != 60 || !slices.IsSorted(open) {
			t.Errorf("the open tab reads %v", open)
		}
		all := w.walk(access.Query{Tab: access.TabAll, Limit: 7})
		slices.Reverse(all)
		if !slices.Equal(all, open) {
			t.Errorf("the all tab reads %v", all)
		}
		page, err := w.s.Queue(t.Context(), access.Query{Tab: access.TabOpen})
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range page.Requests[:6] {
			w.Clock.Advance(time.Minute)
			w.decide(r.ID, access.Decision{Approve: i%2 == 0, Reason: "No."})
		}
		if got := w.walk(access.Query{Tab: access.TabApproved}); !slices.Equal(got, []string{"Person004", "Person002", "Person000"}) {
			t.Errorf("the approved tab reads %v", got)
		}
		if got := w.walk(access.Query{Tab: access.TabDeclined, Limit: 1}); !slices.Equal(got, []string{"Person005", "Person003", "Person001"}) {
			t.Errorf("the declined tab reads %v", got)
		}
		if c, err := w.s.Counts(t.Context()); err != nil || c != (access.Counts{Open: 54, Approved: 3, Declined: 3, All: 60}) {
			t.Errorf("counts %+v, %v", c, err)
		}
	})
}

func TestRequestsAreFoundByWordsSignalsAndCountry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.crowd(40)
		f := marta()
		f.First, f.Last, f.Organization = "Chloé", "O'Brien-Müller", "Atelier Brumaire"
		w.ask(f)
		for query, want := range map[access.Query]int{
			{Search: "chloe"}:                              1,
			{Search: "CHLOÉ brum"}:                         1,
			{Search: "brien muller"}:                       1,
			{Search: "foretag"}:                            40,
			{Search: "lindq 017"}:                          1,
			{Search: "p017@company017.example"}:            1,
			{Search: "harbourvale"}:                        1,
			{Search: "company017 atelier"}:                 0,
			{Search: "nobody"}:                             0,
			{Search: "%"}:                                  0,
			{Search: "  "}:                                 41,
			{Search: strings.Repeat("x", 5000)}:            0,
			{Search: "'; DROP TABLE access_request; --"}:   0,
			{Signal: access.SignalFreeMail}:                4,
			{Signal: access.SignalFreeMail, Country: "DE"}: 1,
			{Country: "SE"}:                                14,
			{Country: "SE", Search: "lindqvist"}:           14,
			{Signal: "nonsense"}:                           0,
		} {
			query.Tab = access.TabOpen
			if got := len(w.walk(query)); got != want {
				t.Errorf("%+v finds %d, want %d", query, got, want)
			}
		}
		if _, err := w.s.Queue(t.Context(), access.Query{Tab: "nonsense"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("an unknown tab: %v", err)
		}
		if _, err := w.s.Queue(t.Context(), access.Query{Tab: access.TabOpen, After: "nonsense"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("an unknown place: %v", err)
		}
	})
}

// asvs: V2.4.2
func TestSignalsTellWhatStaffShouldNotice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.approve(marta())
		signals := func(change func(*access.Form)) []access.Signal {
			f := marta()
			change(&f)
			return w.ask(f).Signals
		}
		for name, c := range map[string]struct {
			change func(*access.Form)
			want   access.Signal
		}{
			"free-mail":  {func(f *access.Form) { f.Email = "marta@gmx.de" }, access.SignalFreeMail},
			"disposable": {func(f *access.Form) { f.Email = "marta@mailinator.com" }, access.SignalDisposable},
			"a like name": {func(f *access.Form) {
				f.Email, f.Organization = "x@elsewhere.example", "HARBOUR VALE Council Ltd."
			}, access.SignalKnown},
			"the same name": {func(f *access.Form) { f.Email = "y@elsewhere.example" }, access.SignalSamePerson},
			"a robot":       {func(f *access.Form) { f.Email, f.Trap = "z@elsewhere.example", "http://buy.example" }, access.SignalRobot},
			"fast":          {func(f *access.Form) { f.Email, f.Took = "q@elsewhere.example", time.Second }, access.SignalFast},
			"before":        {func(*access.Form) {}, access.SignalEvaluated},
		} {
			if got := signals(c.change); !slices.Contains(got, c.want) {
				t.Errorf("%s: signals %v", name, got)
			}
		}
		f := marta()
		f.Email, f.Organization, f.First, f.Address = "new@other.example", "Another Firm", "Nina", "203.0.113.9"
		if got := w.ask(f).Signals; len(got) != 0 {
			t.Errorf("an ordinary request has signals %v", got)
		}
	})
}

func TestAKnownOrganizationIsChosenByEvidenceAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.decide(w.ask(marta()).ID, access.Decision{Approve: true, VerifyDomain: true})
		known := first.Organization.ID

		colleague := marta()
		colleague.First, colleague.Email = "Tom", "tom@harbourvale.example"
		r := w.ask(colleague)
		c, err := w.s.Case(t.Context(), r.ID)
		if err != nil || len(c.Suggestions) != 1 || c.Suggestions[0].Evidence != access.ByDomain {
			t.Fatalf("suggestions for a colleague: %+v, %v", c.Suggestions, err)
		}
		if out := w.decide(r.ID, access.Decision{Approve: true, Organization: known}); out.Organization.ID != known || out.License.Key != first.License.Key {
			t.Errorf("the colleague's organization: %+v", out)
		}

		// A like name, alone or with a free-mail address, is not enough.
		for _, email := range []string{"tom@elsewhere.example", "harbour.vale@gmail.com"} {
			stranger := marta()
			stranger.First, stranger.Email = "Tim", email
			r := w.ask(stranger)
			_, err := w.s.Decide(t.Context(), r.ID, access.Decision{Approve: true, Organization: known}, staff())
			if !fault.Code(err, "no-evidence") {
				t.Errorf("%s was let into the organization: %v", email, err)
			}
			if got, err := w.s.Case(t.Context(), r.ID); err != nil || got.Request.State != access.Received {
				t.Errorf("a refused decision was kept: %v, %v", got.Request.State, err)
			}
			if out := w.decide(r.ID, access.Decision{Approve: true}); out.Organization.ID == known || out.License.Key == first.License.Key {
				t.Errorf("%s got the known organization without a word", email)
			}
		}

		// Nobody can take a free-mail domain or another's domain for an organization.
		for email, code := range map[string]string{"a@gmail.com": "domain-free", "b@harbourvale.example": "domain-taken"} {
			f := marta()
			f.Email = email
			_, err := w.s.Decide(t.Context(), w.ask(f).ID, access.Decision{Approve: true, VerifyDomain: true}, staff())
			if !fault.Code(err, code) {
				t.Errorf("%s: %v", email, err)
			}
		}
	})
}

func TestAnAddressOnAVerifiedDomainAsksToJoin(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		out := w.decide(w.ask(marta()).ID, access.Decision{Approve: true, VerifyDomain: true})
		orgs := &organization.Service{DB: w.DB, Secret: w.Secret}

		early := w.person("early@harbourvale.example", false)
		if st := w.standing(early); st.Reason != access.ReasonEmailUnconfirmed {
			t.Errorf("before the confirmation: %+v", st)
		}
		if joined := w.confirm(early); joined.Joined || joined.JoinRequest == "" {
			t.Fatalf("the confirmation led to %+v", joined)
		}
		if st := w.standing(early); st.Allowed || st.Reason != access.ReasonJoinWaiting {
			t.Errorf("while waiting: %+v", st)
		}
		waiting, err := orgs.Waiting(t.Context())
		if err != nil || len(waiting) != 1 || !waiting[0].Alone || waiting[0].Email != "early@harbourvale.example" {
			t.Fatalf("the office sees %+v, %v", waiting, err)
		}
		if _, err := orgs.DecideJoin(t.Context(), waiting[0].ID, true, "staff-ines"); err != nil {
			t.Fatal(err)
		}
		if _, err := orgs.DecideJoin(t.Context(), waiting[0].ID, false, "staff-ines"); !fault.Code(err, "join-theirs") {
			t.Errorf("a decision where an administrator could: %v", err)
		}
		if st := w.standing(early); !st.Allowed || st.Membership.Organization.ID != out.Organization.ID {
			t.Errorf("afterwards: %+v", st)
		}

		late := w.person("late@harbourvale.example", true)
		id := w.confirm(late).JoinRequest
		w.write(func(tx *db.Tx) error {
			_, err := organization.DecideJoin(tx, w.Secret, id, false, early.ID)
			return err
		})
		if again := w.confirm(late); again.JoinRequest != "" || again.Joined {
			t.Errorf("somebody who was refused is asked about again: %+v", again)
		}
		if st := w.standing(late); st.Reason != access.ReasonJoinRefused {
			t.Errorf("after the refusal: %+v", st)
		}
	})
}

func TestTwoApprovalsOfOneOrganizationShareOneLicence(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.decide(w.ask(marta()).ID, access.Decision{Approve: true, VerifyDomain: true})
		ids := make([]string, 6)
		for i := range ids {
			f := marta()
			f.First, f.Email = fmt.Sprintf("Colleague%d", i), fmt.Sprintf("c%d@harbourvale.example", i)
			ids[i] = w.ask(f).ID
		}
		atOnce(len(ids), func(i int) {
			if _, err := w.s.Decide(t.Context(), ids[i], access.Decision{Approve: true, Organization: first.Organization.ID}, staff()); err != nil {
				t.Error(err)
			}
		})
		var people []string
		w.read(func(tx *db.Tx) error {
			list, err := organization.Expecting(tx, "c0@harbourvale.example")
			for _, o := range list {
				people = append(people, o.ID)
			}
			return err
		})
		if !slices.Equal(people, []string{first.Organization.ID}) {
			t.Errorf("expected by %v", people)
		}
		a := w.person("c3@harbourvale.example", false)
		w.confirm(a)
		if st := w.standing(a); !st.Allowed || len(st.Licenses) != 1 || st.License.Key != first.License.Key || st.Membership.Role != organization.Administrator {
			t.Errorf("standing %+v", st)
		}
	})
}
