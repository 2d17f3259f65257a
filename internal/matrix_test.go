package internal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"

	"vestibule/e2e/guide"
	"vestibule/internal/portaltest"
	"vestibule/internal/register"
)

// stage is a step of the registration: how to come to it from the step before,
// the words of its heading, and the forms that it takes.
type stage struct {
	step    register.Step
	heading string
	come    func(t *testing.T, p *portaltest.Portal, w guide.Way)
	takes   []string
}

// stages are the way through the registration, the page of each step reached
// by pressing what a person presses.
func stages() []stage {
	return []stage{
		{register.Code, "register.code.title", func(_ *testing.T, _ *portaltest.Portal, w guide.Way) { w.GiveDetails() },
			[]string{"back", "code", "code/resend", "code/change", "code/help"}},
		{register.Terms, "register.terms.title", func(t *testing.T, p *portaltest.Portal, w guide.Way) { w.EnterCode(p.SMS(w.Mobile).Code(t)) },
			[]string{"terms", "terms/decline"}},
		{register.Questions, "register.questions.title", func(_ *testing.T, _ *portaltest.Portal, w guide.Way) { w.AcceptTerms() },
			[]string{"questions"}},
		{register.Confirm, "register.confirm.title", func(_ *testing.T, _ *portaltest.Portal, w guide.Way) { w.ChooseQuestions() },
			[]string{"confirm", "confirm/change"}},
		{register.Authenticator, "register.authenticator.title", func(_ *testing.T, _ *portaltest.Portal, w guide.Way) { w.ConfirmAnswers() },
			[]string{"authenticator", "authenticator/skip"}},
		{register.Codes, "register.codes.title", func(t *testing.T, p *portaltest.Portal, w guide.Way) {
			key := w.Key()
			w.Code(w.Say("ui.app.code"), p.Authenticator(t, key), w.Say("register.authenticator.go"))
		}, []string{"authenticator/kept"}},
		{register.Password, "register.password.title", func(_ *testing.T, _ *portaltest.Portal, w guide.Way) { w.Press(w.Say("register.codes.go")) },
			[]string{"password"}},
		{register.Done, "register.done.title", func(_ *testing.T, _ *portaltest.Portal, w guide.Way) { w.SetPassword() }, nil},
	}
}

// forms are all posts that the registration knows, each as good as a stranger
// to the step could make it. Details are apart: with them a browser may always
// begin anew.
func forms(t *testing.T, p *portaltest.Portal, w guide.Way) map[string]url.Values {
	t.Helper()
	code := "000000"
	if texts := p.Inbox.To(w.Mobile); len(texts) > 0 {
		code = texts[len(texts)-1].Code(t)
	}
	a := guide.Answers()
	return map[string]url.Values{
		"back": {}, "code": {"code": {code}}, "code/resend": {}, "code/change": {"mobile-country": {"GB"}, "mobile": {"07400 999999"}}, "code/help": {"note": {"Please"}},
		"terms": {"version": {p.Register.Settings.Terms.Version}, "accept": {"yes"}}, "terms/decline": {},
		"questions": {"q1": {"dish"}, "a1": {a[0]}, "q2": {"street"}, "a2": {a[1]}, "q3": {"teacher"}, "a3": {a[2]}},
		"confirm":   {"a1": {a[0]}, "a2": {a[1]}, "a3": {a[2]}}, "confirm/change": {},
		"authenticator": {"totp": {"123456"}}, "authenticator/skip": {}, "authenticator/kept": {},
		"password": {"password": {w.Password}},
	}
}

// facts are all that a wrong post might change.
func facts(t *testing.T, p *portaltest.Portal) string {
	t.Helper()
	s := ""
	for _, q := range []string{
		`SELECT COUNT(*) FROM account`, `SELECT COUNT(*) FROM event`, `SELECT COUNT(*) FROM outbox_message`, `SELECT COUNT(*) FROM flow`,
		`SELECT COUNT(*) FROM code WHERE used_at = 0`, `SELECT COALESCE(SUM(version), 0) FROM flow`,
	} {
		s += fmt.Sprintf("%s: %d\n", q, p.Count(t, q))
	}
	return s
}

// asvs: V2.3.1
func TestNoStepTakesTheFormOfAnother(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		w := somebody(t, p, 40)
		b := browserOf(w)
		for _, s := range stages() {
			s.come(t, p, w)
			b.Open("/register")
			heading := b.Heading()
			if want := w.Say(s.heading, "name", w.First); heading != want {
				t.Fatalf("at %s the page is %q, want %q", s.step, heading, want)
			}
			p.Deliver()
			before := facts(t, p)
			for path, form := range forms(t, p, w) {
				if slices.Contains(s.takes, path) {
					continue
				}
				answer := b.Copy().Raw("/register/"+path, form)
				if answer.Status >= http.StatusInternalServerError {
					t.Errorf("%s at %s: %d", path, s.step, answer.Status)
				}
				if after := facts(t, p); after != before {
					t.Errorf("%s at %s changed something:\n%s\nbefore:\n%s", path, s.step, after, before)
					before = after
				}
				if now := b.Open("/register").Heading(); now != heading {
					t.Fatalf("%s at %s leads to %q", path, s.step, now)
				}
			}
		}
	})
}

// asvs: V2.3.4 V15.4.2
func TestSixteenEqualSubmitsOnTwoNodesHaveOneEffect(t *testing.T) {
	portaltest.Two(t, func(t *testing.T, a, other *portaltest.Portal) {
		w := somebody(t, a, 50)
		b := browserOf(w)
		all := stages()
		for i, s := range all[:len(all)-1] {
			s.come(t, a, w)
			// The next stage's coming, but for its last press, which is done by
			// sixteen at once.
			path, form := submission(t, a, w, s.step)
			// A loser may be written down as a try that failed, never as an act.
			const acts = `SELECT COUNT(*) FROM event WHERE action NOT LIKE '%fail'`
			events := a.Count(t, acts)
			statuses := atOnce(16, func(k int) int {
				node := a
				if k%2 == 1 {
					node = other
				}
				return b.CopyOn(node).Raw(path, form).Status
			})
			if n := a.Count(t, acts) - events; n > 3 {
				t.Errorf("%s: sixteen submits left %d events", s.step, n)
			}
			for _, status := range statuses {
				if status != http.StatusSeeOther && status != http.StatusUnprocessableEntity {
					t.Errorf("%s: a submit was answered %d", s.step, status)
				}
			}
			b.Open("/register")
			if want := w.Say(all[i+1].heading, "name", w.First); b.Heading() != want {
				t.Fatalf("after sixteen submits of %s the page is %q, want %q", s.step, b.Heading(), want)
			}
			// Come to the following stage from here without its own press.
			all[i+1].come = func(*testing.T, *portaltest.Portal, guide.Way) {}
		}
		kinds := a.Kinds(w.Email)
		for _, kind := range []string{"account-user-id", "account-password-set"} {
			if count(kinds, kind) != 1 {
				t.Errorf("%d mails of kind %s, want 1", count(kinds, kind), kind)
			}
		}
		if n := a.Count(t, `SELECT COUNT(*) FROM account WHERE email_key = $1`, w.Email); n != 1 {
			t.Errorf("%d accounts, want 1", n)
		}
	})
}

// submission fills the page of a step and takes what its button would send.
func submission(t *testing.T, p *portaltest.Portal, w guide.Way, step register.Step) (string, url.Values) {
	t.Helper()
	b := browserOf(w).Open("/register")
	button := ""
	switch step {
	case register.Code:
		b.Fill(w.Say("register.code.code"), p.SMS(w.Mobile).Code(t))
		button = "register.continue"
	case register.Terms:
		b.Check(w.Say("register.terms.accept"))
		button = "register.terms.go"
	case register.Questions:
		w.FillQuestions()
		button = "register.continue"
	case register.Confirm:
		w.FillAnswers()
		button = "register.confirm.go"
	case register.Authenticator:
		b.Fill(w.Say("ui.app.code"), p.Authenticator(t, w.Key()))
		button = "register.authenticator.go"
	case register.Codes:
		button = "register.codes.go"
	case register.Password:
		b.Fill(w.Say("register.password.password"), w.Password)
		button = "register.password.go"
	}
	return b.Submission(w.Say(button))
}

// atOnce runs n of them together.
func atOnce(n int, do func(k int) int) []int {
	results := make([]int, n)
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for k := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-begin
			results[k] = do(k)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
	return results
}

func TestSixteenEqualRequestsForAccessAreOne(t *testing.T) {
	portaltest.Two(t, func(t *testing.T, a, other *portaltest.Portal) {
		w := somebody(t, a, 51)
		w.FillRequest()
		path, form := browserOf(w).Submission(w.Say("request.send"))
		for _, status := range atOnce(16, func(k int) int {
			node := a
			if k%2 == 1 {
				node = other
			}
			return browserOf(w).CopyOn(node).Raw(path, form).Status
		}) {
			if status != http.StatusSeeOther && status != http.StatusTooManyRequests {
				t.Errorf("a submit was answered %d", status)
			}
		}
		if n := a.Count(t, `SELECT COUNT(*) FROM access_request`); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
		if kinds := a.Kinds(w.Email); count(kinds, "request-received") != 1 {
			t.Errorf("the applicant has %q", kinds)
		}
	})
}

// asvs: V15.4.2
func TestOfTwoDecidersAtOnceOneDecidesAndTheOtherIsTold(t *testing.T) {
	portaltest.Two(t, func(t *testing.T, a, other *portaltest.Portal) {
		ada, ben := approver(t, a, "Ada"), approver(t, other, "Ben")
		for round := range 4 {
			w := somebody(t, a, 60+round)
			w.AskForAccess()
			ada.OpenRequest(w.Person)
			ben.OpenRequest(w.Person)
			ada.Check(ada.Say("office.decide.approve"))
			ben.Check(ben.Say("office.decide.decline"))
			ben.Fill(ben.Say("office.decide.reason"), "Not now.")
			path, yes := browserOf(ada).Submission(ada.Say("office.decide.go"))
			_, no := browserOf(ben).Submission(ben.Say("office.decide.go"))
			atOnce(16, func(k int) int {
				if k%2 == 0 {
					return browserOf(ada).CopyOn(a).Raw(path, yes).Status
				}
				return browserOf(ben).CopyOn(other).Raw(path, no).Status
			})
			kinds := a.Kinds(w.Email)
			if n := count(kinds, "request-approved-register") + count(kinds, "request-declined"); n != 1 {
				t.Errorf("the applicant has %q", kinds)
			}
			if n := a.Count(t, `SELECT COUNT(*) FROM access_request WHERE email_key = $1 AND state IN ('approved', 'declined')`, w.Email); n != 1 {
				t.Errorf("%d decisions, want 1", n)
			}
		}
		// One more, one after the other: the second reads who decided what.
		w := somebody(t, a, 70)
		w.AskForAccess()
		ben.OpenRequest(w.Person)
		ada.Approve(w.Person)
		ben.Check(ben.Say("office.decide.decline"))
		ben.Fill(ben.Say("office.decide.reason"), "Not now.")
		ben.Press(ben.Say("office.decide.go"))
		ben.Sees(ben.Say("office.case.already"), "Ada Prior")
	})
}

// asvs: V6.6.3
func TestOfFiftyGuessesOfACodeAtMostFiveAreEvaluated(t *testing.T) {
	portaltest.Two(t, func(t *testing.T, a, other *portaltest.Portal) {
		w := somebody(t, a, 80)
		w.GiveDetails()
		right := a.SMS(w.Mobile).Code(t)
		b := browserOf(w)
		atOnce(50, func(k int) int {
			node := a
			if k%2 == 1 {
				node = other
			}
			guess := fmt.Sprintf("%06d", k)
			if guess == right {
				guess = "999999"
			}
			return b.CopyOn(node).Raw("/register/code", url.Values{"code": {guess}}).Status
		})
		if n := a.Count(t, `SELECT tries_left FROM code WHERE used_at = 0`); n != 0 {
			t.Errorf("after fifty guesses %d tries are left, want 0", n)
		}
		b.Open("/register").Fill(w.Say("register.code.code"), right).Press(w.Say("register.continue"))
		if b.Heading() == w.Say("register.terms.title") {
			t.Error("the right code still works after fifty guesses")
		}
	})
}
