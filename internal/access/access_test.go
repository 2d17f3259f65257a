package access_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/internal/access"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

const (
	martas   = "marta.ellison@harbourvale.example"
	day      = 24 * time.Hour
	welcome  = "/welcome/"
	withdraw = "/request/withdraw/"
)

func TestARequestIsConfirmedAndStaffAreToldAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.ask(marta())
		if r.State != access.Received || r.Users != 450 || !strings.HasPrefix(r.Reference, "REQ-") {
			t.Fatalf("filed as %+v", r)
		}
		if want := r.CreatedAt.Add(time.Hour); !r.DueAt.Equal(want) {
			t.Errorf("due at %v, want %v", r.DueAt, want)
		}
		if diff := cmp.Diff([]string{"request-received"}, w.kinds(martas)); diff != "" {
			t.Errorf("the applicant's mails: %s", diff)
		}
		if diff := cmp.Diff([]string{"staff-request-waiting"}, w.kinds(desk)); diff != "" {
			t.Errorf("staff's mails: %s", diff)
		}
		if diff := cmp.Diff([]string{"access_request.create"}, w.events("request:"+r.ID)); diff != "" {
			t.Errorf("events: %s", diff)
		}
	})
}

func TestAskingTwiceIsAskingOnceAndLooksTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, err := w.s.Ask(t.Context(), marta())
		if err != nil {
			t.Fatal(err)
		}
		again := marta()
		again.Email, again.First = "Marta.Ellison@HarbourVale.example", "Somebody Else"
		second, err := w.s.Ask(t.Context(), again)
		if err != nil {
			t.Fatal(err)
		}
		if first != second {
			t.Errorf("the page tells a new request from a known one: %v, %v", first, second)
		}
		if diff := cmp.Diff([]string{"request-duplicate", "request-received"}, slices.Sorted(slices.Values(w.kinds(martas)))); diff != "" {
			t.Errorf("mails: %s", diff)
		}
		if n := len(w.mails(desk)); n != 1 {
			t.Errorf("staff got %d mails about one request", n)
		}
		// Whoever asks on and on for somebody else's address causes few e-mails, and never learns it.
		for range 12 {
			w.Clock.Advance(time.Minute)
			w.s.Settings.PerNetwork.Burst = 1000
			if _, err := w.s.Ask(t.Context(), again); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(w.mails(martas)); n > 5 {
			t.Errorf("a stranger caused %d mails", n)
		}
	})
}

func TestSixteenEqualRequestsOnTwoNodesAreOne(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, ea, eb *dbtest.Env) {
		nodes := []*world{open(t, ea), node(t, eb)}
		for _, w := range nodes {
			w.s.Settings.PerNetwork.Burst = 100
		}
		atOnce(16, func(i int) {
			if _, err := nodes[i%2].s.Ask(t.Context(), marta()); err != nil {
				t.Error(err)
			}
		})
		page, err := nodes[0].s.Queue(t.Context(), access.Query{Tab: access.TabAll})
		if err != nil || len(page.Requests) != 1 {
			t.Errorf("%d requests, %v", len(page.Requests), err)
		}
		if n := len(nodes[0].mails(desk)); n != 1 {
			t.Errorf("staff got %d mails", n)
		}
	})
}

func atOnce(n int, f func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func TestApprovingANewcomerMakesEverythingInOneGo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		out := w.approve(marta())
		if !out.Made || out.Returning || out.Organization.Name != "Harbour Vale Council" {
			t.Fatalf("outcome %+v", out)
		}
		if diff := cmp.Diff([]string{"request-received", "request-approved-register"}, w.kinds(martas)); diff != "" {
			t.Errorf("mails: %s", diff)
		}
		now := w.Clock.Now()
		state := out.License.At(now)
		if state.Status != license.StatusNotStarted || !state.StartBy.Equal(now.Add(14*day)) || state.Days != 30 || state.Seats != 450 {
			t.Errorf("licence is %+v", state)
		}
		// The evaluation begins with the first sign-in.
		a := w.person(martas, false)
		joined := w.confirm(a)
		if !joined.Joined || joined.Membership.Role != organization.Administrator {
			t.Fatalf("the first member is %+v", joined)
		}
		if st := w.standing(a); !st.Allowed || st.Locked || st.Reason != access.ReasonNotStarted {
			t.Errorf("before the sign-in: %+v", st)
		}
		w.Clock.Advance(5 * day)
		w.signIn(a)
		w.signIn(a)
		st := w.standing(a)
		if st.Reason != access.ReasonEvaluation || !st.License.State.Ends.Equal(w.Clock.Now().Add(30*day)) || st.License.State.DaysLeft != 30 {
			t.Errorf("after the sign-in: %+v", st.License.State)
		}
		w.Clock.Advance(30 * day)
		if st := w.standing(a); !st.Allowed || !st.Locked || st.Reason != access.ReasonEvaluationOver || st.Remedy != access.RemedyAskAgain {
			t.Errorf("after its end: %+v", st)
		}
	})
}

func TestAnEvaluationThatNobodyStartsBeginsByItself(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		out := w.approve(marta())
		start := w.Clock.Now().Add(14 * day)
		a := w.person(martas, false)
		w.confirm(a)
		w.Clock.Set(start.Add(20 * day))
		w.signIn(a)
		st := w.standing(a)
		if st.Reason != access.ReasonEvaluation || !st.License.State.Ends.Equal(start.Add(30*day)) || st.License.Key != out.License.Key {
			t.Errorf("standing %+v", st.License.State)
		}
	})
}

func TestAReturningEvaluatorAsksWithOneClickAndKeepsTheKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.approve(marta()).License.Key
		a := w.person(martas, false)
		w.confirm(a)
		w.signIn(a)
		if _, err := w.s.AskAgain(t.Context(), a.ID); !fault.Code(err, "ask-again-not-needed") {
			t.Errorf("asking while the evaluation runs: %v", err)
		}
		w.Clock.Advance(45 * day)
		for range 2 {
			if _, err := w.s.AskAgain(t.Context(), a.ID); err != nil {
				t.Fatal(err)
			}
		}
		st := w.standing(a)
		if !st.Allowed || !st.Locked || st.Remedy != access.RemedyWait || st.Request.State != access.Received {
			t.Errorf("while waiting: %+v", st)
		}
		page, err := w.s.Queue(t.Context(), access.Query{Tab: access.TabOpen})
		if err != nil || len(page.Requests) != 1 {
			t.Fatalf("%d open requests, %v", len(page.Requests), err)
		}
		r := page.Requests[0]
		for _, want := range []access.Signal{access.SignalKnown, access.SignalReturning, access.SignalEvaluated} {
			if !slices.Contains(r.Signals, want) {
				t.Errorf("no signal %s in %v", want, r.Signals)
			}
		}
		// Making a second organization of a member's request would take the account away from the first.
		if _, err := w.s.Decide(t.Context(), r.ID, access.Decision{Approve: true}, staff()); fault.From(err).Fields == nil && !fault.Code(err, "member-elsewhere") {
			t.Errorf("a member's request became another organization's: %v", err)
		}
		w.Clock.Advance(time.Second)
		var told []license.Change
		w.s.Told = func(_ *db.Tx, l license.License, c license.Change) error {
			told = append(told, c)
			if l.ID != st.License.ID || !l.At(w.Clock.Now()).Usable() {
				t.Errorf("told of %+v", l)
			}
			return nil
		}
		out := w.decide(r.ID, access.Decision{Approve: true, Organization: st.Membership.Organization.ID})
		if !out.Made || !out.Returning || out.License.Key != key {
			t.Errorf("outcome %+v", out)
		}
		if len(told) != 1 || told[0].Kind != license.Granted || told[0].Term.Kind != license.Reactivation {
			t.Errorf("told %+v", told)
		}
		if st := w.standing(a); st.Locked || !st.License.State.Ends.Equal(w.Clock.Now().Add(30*day)) {
			t.Errorf("afterwards: %+v", st.License.State)
		}
		if kinds := w.kinds(martas); kinds[len(kinds)-1] != "request-approved-sign-in" {
			t.Errorf("mails %v", kinds)
		}
	})
}

// asvs: V2.3.4
func TestOfSixteenDecisionsOnTwoNodesOneIsMade(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, ea, eb *dbtest.Env) {
		nodes := []*world{open(t, ea), node(t, eb)}
		r := nodes[0].ask(marta())
		outcomes := make([]access.Outcome, 16)
		atOnce(16, func(i int) {
			d := access.Decision{Approve: i%4 < 2, Reason: "We cannot confirm the organisation."}
			var err error
			outcomes[i], err = nodes[i%2].s.Decide(t.Context(), r.ID, d, access.Decider{ID: "s", Name: "Decider " + string(rune('A'+i))})
			if err != nil {
				t.Error(err)
			}
		})
		made, name := 0, ""
		for _, o := range outcomes {
			if o.Made {
				made++
				name = o.Request.DecidedName
			}
		}
		if made != 1 {
			t.Errorf("%d decisions were made", made)
		}
		for _, o := range outcomes {
			if o.Request.DecidedName != name {
				t.Errorf("%q was told that %q decided, it was %q", "a decider", o.Request.DecidedName, name)
			}
		}
		if n := len(nodes[0].mails(martas)); n != 2 {
			t.Errorf("the applicant got %d mails, want receipt and decision", n)
		}
		if events := nodes[0].events("request:" + r.ID); len(events) != 2 {
			t.Errorf("events %v", events)
		}
	})
}

func TestADeclineTellsTheReasonAndKeepsTheNote(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.ask(marta())
		if _, err := w.s.Decide(t.Context(), r.ID, access.Decision{}, staff()); !fault.Is(err, fault.Invalid) {
			t.Errorf("declined without a reason: %v", err)
		}
		w.decide(r.ID, access.Decision{Reason: "We cannot confirm the organisation.", Note: "smells of a competitor"})
		got := w.mails(martas)[0]
		if got.Kind != "request-declined" || !strings.Contains(got.Text, "We cannot confirm the organisation.") {
			t.Errorf("mail %s: %s", got.Kind, got.Text)
		}
		if strings.Contains(got.Text+got.HTML, "competitor") {
			t.Error("the internal note went out")
		}
		a := w.person(martas, true)
		st := w.standing(a)
		if st.Allowed || st.Reason != access.ReasonDeclined || st.Request.Decline != "We cannot confirm the organisation." || st.Remedy != access.RemedyRequest {
			t.Errorf("standing %+v", st)
		}
		// A new request may be made, and is waited for.
		w.ask(marta())
		if st := w.standing(a); st.Reason != access.ReasonWaiting {
			t.Errorf("standing %+v", st)
		}
	})
}

func TestTheApplicantTakesARequestBackByTheMailedLink(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.ask(marta())
		token := w.token(martas, withdraw)
		if got, err := w.s.Withdrawable(t.Context(), token); err != nil || got.ID != r.ID {
			t.Fatalf("%v, %v", got, err)
		}
		w.Clock.Advance(time.Second)
		if _, err := w.s.Withdraw(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.Withdraw(t.Context(), token); !fault.Is(err, fault.Gone) {
			t.Errorf("twice: %v", err)
		}
		if out := w.decide(r.ID, access.Decision{Approve: true}); out.Made || out.Request.State != access.Withdrawn {
			t.Errorf("a withdrawn request was decided: %+v", out)
		}
		if kinds := w.kinds(martas); kinds[len(kinds)-1] != "request-withdrawn" {
			t.Errorf("mails %v", kinds)
		}
		if w.ask(marta()).ID == r.ID {
			t.Error("no new request after the withdrawal")
		}
	})
}

func TestALinkToWithdrawDiesWithTheDecision(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.ask(marta())
		token := w.token(martas, withdraw)
		w.decide(r.ID, access.Decision{Reason: "No."})
		if _, err := w.s.Withdraw(t.Context(), token); !fault.Is(err, fault.Gone) {
			t.Errorf("after the decision: %v", err)
		}
	})
}

func TestStaffAreRemindedOnceBeforeARequestIsDue(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.ask(marta())
		remind := func() int {
			t.Helper()
			if err := w.s.Remind(t.Context()); err != nil {
				t.Fatal(err)
			}
			return len(w.mails(desk))
		}
		w.Clock.Advance(44 * time.Minute)
		if n := remind(); n != 1 || r.Due(w.Clock.Now()) != access.DueLater {
			t.Errorf("after 44 minutes: %d mails, %s", n, r.Due(w.Clock.Now()))
		}
		w.Clock.Advance(time.Minute)
		if n := remind(); n != 2 || r.Due(w.Clock.Now()) != access.DueSoon {
			t.Errorf("after 45 minutes: %d mails, %s", n, r.Due(w.Clock.Now()))
		}
		if n := remind(); n != 2 {
			t.Errorf("a second run: %d mails", n)
		}
		w.Clock.Advance(15 * time.Minute)
		if due := r.Due(w.Clock.Now()); due != access.DueOverdue {
			t.Errorf("after an hour: %s", due)
		}
		w.Clock.Advance(23 * time.Hour)
		counts, err := w.s.Counts(t.Context())
		if err != nil || r.Due(w.Clock.Now()) != access.DueLate || counts.Late != 1 || counts.Open != 1 {
			t.Errorf("after a day: %s, %+v, %v", r.Due(w.Clock.Now()), counts, err)
		}
	})
}

// asvs: V2.2.1
func TestTheFormSaysWhatToMendAtEachField(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.s.Ask(t.Context(), access.Form{
			First: "http://evil.example", Last: "Elli\u202eson", Email: "nobody", MobileCountry: "GB", Mobile: "12", Organization: "\x00",
			Country: "XX", Users: "many", Purpose: "a\u202eb", Address: "192.0.2.10",
		})
		got := map[string]string{}
		for _, e := range fault.From(err).Fields {
			got[e.Field] = e.Code
		}
		for field, code := range map[string]string{
			"first": "name-url", "last": "name-control", "email": "email-shape", "organization": "name-control", "country": "choose-country",
			"product": "choose-product", "users": "users-digits", "purpose": "not-text", "consent": "consent-needed",
		} {
			if got[field] != code {
				t.Errorf("%s: %q, want %q", field, got[field], code)
			}
		}
		if got["mobile"] == "" {
			t.Error("an impossible mobile number passed")
		}
		f := marta()
		f.Product = "nothing"
		if _, err := w.s.Ask(t.Context(), f); fault.From(err).Field != "product" {
			t.Errorf("an unknown product: %v", err)
		}
		if n := len(w.mails("")); n != 0 {
			t.Errorf("%d mails about forms that were refused", n)
		}
	})
}

// asvs: V2.3.2 V2.4.1
func TestRequestsAreLimitedByNetwork(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i := range 10 {
			f := marta()
			f.Email = "p" + string(rune('a'+i)) + "@harbourvale.example"
			if _, err := w.s.Ask(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		f := marta()
		if _, err := w.s.Ask(t.Context(), f); !fault.Is(err, fault.TooMany) || fault.From(err).RetryAfter <= 0 {
			t.Errorf("the eleventh: %v", err)
		}
		f.Address = "198.51.100.7"
		if _, err := w.s.Ask(t.Context(), f); err != nil {
			t.Errorf("another network: %v", err)
		}
	})
}

func TestAnAccountOfAConfirmedAddressIsToldToSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.person(martas, true)
		if st := w.standing(a); st.Allowed || st.Reason != access.ReasonNoRequest || st.Remedy != access.RemedyRequest {
			t.Errorf("before: %+v", st)
		}
		w.approve(marta())
		if kinds := w.kinds(martas); kinds[len(kinds)-1] != "request-approved-sign-in" {
			t.Errorf("mails %v", kinds)
		}
		if st := w.standing(a); !st.Allowed || st.Membership.Role != organization.Administrator {
			t.Errorf("after: %+v", st)
		}
	})
}

// asvs: V6.4.1
func TestAStrangerWhoRegisteredWithTheAddressFirstGetsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		thief := w.person(martas, false)
		w.approve(marta())
		// The approval knows no account of a confirmed address: the mailbox gets the personal link.
		if kinds := w.kinds(martas); kinds[len(kinds)-1] != "request-approved-register" {
			t.Errorf("mails %v", kinds)
		}
		w.signIn(thief)
		if st := w.standing(thief); st.Allowed || st.Reason != access.ReasonEmailUnconfirmed || st.Membership.Organization.ID != "" || len(st.Licenses) != 0 {
			t.Errorf("the stranger's standing: %+v", st)
		}
	})
}

func TestAForwardedLinkProvesNothingForAnotherAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.approve(marta())
		token := w.token(martas, welcome)
		w.write(func(tx *db.Tx) error {
			p, err := access.PrefillOf(tx, token)
			if err != nil || p.EmailKey != martas || p.FirstName != "Marta" {
				t.Errorf("prefill %+v, %v", p, err)
			}
			proved, err := access.SpendInvitation(tx, token, "colleague@elsewhere.example")
			if proved || err != nil {
				t.Errorf("another address: proved %v, %v", proved, err)
			}
			return nil
		})
		other := w.person("colleague@elsewhere.example", false)
		if out := w.confirm(other); out.Joined || out.JoinRequest != "" {
			t.Errorf("the colleague joined: %+v", out)
		}
		if st := w.standing(other); st.Allowed || st.Reason != access.ReasonNoRequest {
			t.Errorf("the colleague's standing: %+v", st)
		}
		// The link still works for the one whom it was meant for, once.
		w.write(func(tx *db.Tx) error {
			proved, err := access.SpendInvitation(tx, token, martas)
			if !proved || err != nil {
				t.Errorf("the own address: proved %v, %v", proved, err)
			}
			return nil
		})
		w.read(func(tx *db.Tx) error {
			if _, err := access.PrefillOf(tx, token); !fault.Code(err, "link-used") {
				t.Errorf("after use: %v", err)
			}
			return nil
		})
	})
}

// asvs: V6.4.1
func TestAPersonalLinkWorksFourteenDaysAndUntilItsSuccessor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		out := w.approve(marta())
		first := w.token(martas, welcome)
		w.Clock.Advance(time.Minute)
		if err := w.s.SendAgain(t.Context(), out.Request.ID, staff()); err != nil {
			t.Fatal(err)
		}
		second := w.token(martas, welcome)
		w.read(func(tx *db.Tx) error {
			if _, err := access.PrefillOf(tx, first); !fault.Is(err, fault.Gone) {
				t.Errorf("the first link after the second: %v", err)
			}
			_, err := access.PrefillOf(tx, second)
			return err
		})
		w.Clock.Advance(14 * day)
		w.read(func(tx *db.Tx) error {
			if _, err := access.PrefillOf(tx, second); !fault.Is(err, fault.Gone) {
				t.Errorf("after 14 days: %v", err)
			}
			return nil
		})
	})
}

// asvs: V2.3.4
func TestFiftyPeopleSpendOnePersonalLinkOnce(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, ea, eb *dbtest.Env) {
		nodes := []*world{open(t, ea), node(t, eb)}
		nodes[0].approve(marta())
		token := nodes[0].token(martas, welcome)
		var mu sync.Mutex
		spent := 0
		atOnce(50, func(i int) {
			err := nodes[i%2].DB.Write(t.Context(), func(tx *db.Tx) error {
				_, err := access.SpendInvitation(tx, token, martas)
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				spent++
			} else if !fault.Is(err, fault.Gone) {
				t.Error(err)
			}
		})
		if spent != 1 {
			t.Errorf("spent %d times", spent)
		}
	})
}

func TestAnEvaluationIsAsLongAsTheProductsPolicySays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		days := func(product string) int {
			t.Helper()
			n, err := w.s.EvaluationDays(t.Context(), product)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := days(product); n != 30 {
			t.Errorf("without a policy %d", n)
		}
		w.write(func(tx *db.Tx) error {
			return license.Configure(tx, license.Product{ID: "rooms", Name: "Rooms", Prefix: "RMS"}, license.EvaluationRule{Days: 21, StartWithin: 14})
		})
		if one, least := days("rooms"), days(""); one != 21 || least != 21 {
			t.Errorf("%d; of those on offer %d", one, least)
		}
		if n := days("nothing"); n != 30 {
			t.Errorf("of a product that there is not %d", n)
		}
	})
}
