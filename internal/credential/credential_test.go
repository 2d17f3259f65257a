package credential

import (
	"fmt"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/password"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

const better = "Quartz-Lantern-Meadow-91"

func choices() []account.Choice {
	return []account.Choice{
		{Question: "pet", Answer: "blue heron"}, {Question: "dish", Answer: "burnt leek pie"},
		{Own: "What did we call the boat?", Answer: "tin whistle"},
	}
}

func answers() []string { return []string{"Blue Heron", "burnt  LEEK pie", "tinwhistle"} }

// signsIn reports whether the password is the account's.
func (h *house) signsIn(a account.Account, plain string) bool {
	h.t.Helper()
	h.write(func(tx *db.Tx) (err error) { a, err = account.Get(tx, a.ID); return err })
	ok, _, err := h.Passwords.Check(h.t.Context(), a.PasswordHash, plain)
	if err != nil {
		h.t.Fatal(err)
	}
	return ok
}

// asvs: V6.2.2 V6.2.3 V7.4.3
func TestThePasswordIsChangedByWhoKnowsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison")
		token, elsewhere := h.in(a), h.in(a)
		for _, c := range []struct{ current, plain, code string }{
			{good + "x", better, "security-password"},
			{"", better, "security-password"},
			{good, "", "password-empty"},
			{good, "short", "password-length"},
			{good, "Marta-Ellison-2026-xy", "password-context"},
			{good, good, "password-history"},
		} {
			if _, err := h.ChangePassword(t.Context(), token, c.current, c.plain); !fault.Code(err, c.code) {
				t.Errorf("%q to %q: %v, want %s", c.current, c.plain, err, c.code)
			}
		}
		if !h.opens(elsewhere) || !h.signsIn(a, good) {
			t.Error("a refusal changes something")
		}
		e.Clock.Advance(time.Minute)
		fresh, err := h.ChangePassword(t.Context(), token, good, better)
		if err != nil {
			t.Fatal(err)
		}
		if !h.opens(fresh) || h.opens(token) || h.opens(elsewhere) {
			t.Error("the wrong sessions live on")
		}
		if !h.signsIn(a, better) || h.signsIn(a, good) {
			t.Error("the password is not the new one")
		}
		h.changedOnce(a, "account.password_change", "password")
	})
}

// asvs: V6.2.5
func TestNoneOfTheLastFivePasswordsComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		token := h.in(h.person("Marta", "Ellison"))
		had := []string{good}
		for i := range 5 {
			next := fmt.Sprintf("%s-%d", better, i)
			fresh, err := h.ChangePassword(t.Context(), token, had[len(had)-1], next)
			if err != nil {
				t.Fatal(err)
			}
			token, had = fresh, append(had, next)
			e.Clock.Advance(time.Second)
		}
		present := had[len(had)-1]
		for _, old := range had[1:] {
			if _, err := h.ChangePassword(t.Context(), token, present, old); !fault.Code(err, "password-history") {
				t.Errorf("one of the last five: %v", err)
			}
		}
		if _, err := h.ChangePassword(t.Context(), token, present, had[0]); err != nil {
			t.Errorf("the sixth last: %v", err)
		}
	})
}

func TestWithoutAHistoryAnEarlierPasswordMayComeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.Passwords.Rules = password.NIST(false)
		token := h.in(h.person("Marta", "Ellison"))
		token, err := h.ChangePassword(t.Context(), token, good, better)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.ChangePassword(t.Context(), token, better, good); err != nil {
			t.Error(err)
		}
	})
}

// asvs: V6.3.1
func TestGuessingThePresentPasswordFromAnOpenSessionIsSlowedDown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison")
		token := h.in(a)
		for range guesses.Burst {
			if _, err := h.ChangePassword(t.Context(), token, "a guess", better); !fault.Code(err, "security-password") {
				t.Fatal(err)
			}
		}
		if _, err := h.ChangePassword(t.Context(), token, good, better); !fault.Is(err, fault.TooMany) {
			t.Errorf("after many guesses: %v", err)
		}
		if _, err := h.ChangePassword(t.Context(), h.in(a), good, better); !fault.Is(err, fault.TooMany) {
			t.Errorf("from another session: %v", err)
		}
		if n := h.rows(`SELECT COUNT(*) FROM event WHERE action = 'authn_reauth_fail'`); n != guesses.Burst {
			t.Errorf("%d events", n)
		}
		e.Clock.Advance(guesses.Every)
		if _, err := h.ChangePassword(t.Context(), token, good, better); err != nil {
			t.Error(err)
		}
	})
}

func TestOfManyEqualChangesOfThePasswordOneCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison")
		token := h.in(a)
		h.once(func() (session.Token, error) { return h.ChangePassword(t.Context(), token, good, better) })
		h.changedOnce(a, "account.password_change", "password")
		if n := h.rows(`SELECT COUNT(*) FROM outbox_message`); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestTheQuestionsAreChangedAfterTheAnswersWereTypedTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		a := h.person("Marta", "Ellison")
		token, elsewhere := h.in(a), h.in(a)
		if _, err := h.ConfirmAnswers(t.Context(), token, answers()); !fault.Is(err, fault.Gone) {
			t.Errorf("confirming what was not chosen: %v", err)
		}
		bad := choices()
		bad[1].Answer = "dish"
		if err := h.ChooseQuestions(t.Context(), token, text.English, bad); !fault.Code(err, "answer-in-question") {
			t.Errorf("an answer that stands in its question: %v", err)
		}
		if err := h.ChooseQuestions(t.Context(), token, text.English, choices()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.ConfirmAnswers(t.Context(), elsewhere, answers()); !fault.Is(err, fault.Gone) {
			t.Errorf("another session confirms: %v", err)
		}
		if _, err := h.ConfirmAnswers(t.Context(), token, []string{"blue heron", "burnt leek cake", ""}); !fault.Code(err, "answer-differs") || !fault.Code(err, "answer-empty") {
			t.Errorf("other answers: %v", err)
		}
		q, err := h.Questions(t.Context(), token)
		if err != nil || len(q.Set) != 0 || len(q.Chosen) != 3 || q.Chosen[0].Hash != "" {
			t.Fatalf("%+v %v", q, err)
		}
		if got := h.QuestionWords(text.English, q.Chosen[2]); got != "What did we call the boat?" {
			t.Errorf("%q", got)
		}
		fresh := h.once(func() (session.Token, error) { return h.ConfirmAnswers(t.Context(), token, answers()) })
		if h.opens(elsewhere) || h.opens(token) {
			t.Error("a token from before opens a session")
		}
		h.changedOnce(a, "account.questions_set", "questions")
		q, err = h.Questions(t.Context(), fresh)
		if err != nil || len(q.Set) != 3 || len(q.Chosen) != 0 || q.Set[1].Question != "dish" {
			t.Errorf("%+v %v", q, err)
		}
		if o, err := h.Overview(t.Context(), fresh); err != nil || !o.QuestionsSetAt.Equal(e.Clock.Now()) || !o.QuestionsAsked {
			t.Errorf("%+v %v", o, err)
		}
	})
}

func TestAPortalWithoutQuestionsHasNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.Offered = func(text.Lang) [][2]string { return nil }
		token := h.in(h.person("Marta", "Ellison"))
		if _, err := h.Questions(t.Context(), token); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if err := h.ChooseQuestions(t.Context(), token, text.English, choices()); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if o, err := h.Overview(t.Context(), token); err != nil || o.QuestionsAsked {
			t.Errorf("%+v %v", o, err)
		}
	})
}

func TestEveryStepTakesItsOwnEventAndNoOther(t *testing.T) {
	want := map[Step]event{StepApp: appProved, StepCodes: codesKept, StepConfirm: answersConfirmed}
	for _, s := range []Step{StepOff, StepApp, StepCodes, StepOn, StepConfirm, "made-up"} {
		for _, e := range []event{appProved, codesKept, answersConfirmed, "made-up"} {
			if got := check(string(s), e) == nil; got != (want[s] == e) {
				t.Errorf("%s at %s: %v", e, s, got)
			}
		}
	}
}

// Fifty equal submits, on two nodes.
func TestWhatIsUsedOnceIsUsedOnceOnTwoNodes(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, one, two *dbtest.Env) {
		h := build(t, one)
		other := *h.Service
		other.DB = two.DB
		nodes := []*Service{h.Service, &other}
		a := h.person("Marta", "Ellison")
		token := h.in(a)
		if err := h.BeginAuthenticator(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		digits := h.digits(h.at(token, StepApp).Enrolment.Secret)
		token = h.onceOf(50, func(i int) (session.Token, error) { return nodes[i%2].ProveAuthenticator(t.Context(), token, digits) })
		token = h.onceOf(50, func(i int) (session.Token, error) { return nodes[i%2].RenewCodes(t.Context(), token) })
		if n := h.rows(`SELECT COUNT(*) FROM recovery_code`); n != account.RecoveryCodeCount {
			t.Errorf("%d recovery codes", n)
		}
		if err := h.ChooseQuestions(t.Context(), token, text.English, choices()); err != nil {
			t.Fatal(err)
		}
		token = h.onceOf(50, func(i int) (session.Token, error) { return nodes[i%2].ConfirmAnswers(t.Context(), token, answers()) })
		h.onceOf(50, func(i int) (session.Token, error) { return nodes[i%2].RemoveAuthenticator(t.Context(), token) })
		if n := h.rows(`SELECT COUNT(*) FROM event WHERE action LIKE 'account.%' AND action <> 'account.recovery_codes_keep'`); n != 4 {
			t.Errorf("%d events, want one a change", n)
		}
	})
}
