package register

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/text"
)

// does is what a person (or staff) does to make an event happen, with input that
// is right where the step takes it.
func (r *rig) does(ev event, t Ticket) error {
	ctx := r.ctx()
	switch ev {
	case detailsGiven, detailsConcealed:
		_, err := r.GiveDetails(ctx, t, marta())
		return err
	case mailboxProved:
		return r.proveMailbox(t)
	case wentBack:
		return r.Back(ctx, t)
	case codeResent:
		return r.ResendCode(ctx, t)
	case numberChanged:
		return r.ChangeNumber(ctx, t, "GB", "07700 900456")
	case helpAsked:
		return r.AskHelp(ctx, t, "")
	case codeRight:
		return r.VerifyCode(ctx, t, r.anyCode(t))
	case codeReleased:
		return r.ReleaseCodeStep(ctx, "staff1", t.ID(), "known by voice")
	case termsAccepted, termsAcceptedPlain:
		return r.AcceptTerms(ctx, t, "4.2", text.English)
	case termsDeclined:
		return r.DeclineTerms(ctx, t)
	case questionsChosen:
		return r.ChooseQuestions(ctx, t, text.English, answers())
	case answersConfirmed:
		return r.ConfirmAnswers(ctx, t, again())
	case answersChanged:
		return r.ChangeAnswers(ctx, t)
	case authenticatorProved:
		return r.EnrolAuthenticator(ctx, t, r.anyTOTP(t))
	case authenticatorSkipped:
		return r.SkipAuthenticator(ctx, t)
	case codesKept:
		return r.KeepCodes(ctx, t)
	case passwordSet:
		return r.SetPassword(ctx, t, goodPassword)
	}
	return fmt.Errorf("nobody does %q", ev)
}

// proveMailbox moves as Continue does; its link exists at one step alone.
func (r *rig) proveMailbox(t Ticket) error {
	return r.move(r.ctx(), t, mailboxProved, func(tx *db.Tx, f *registration) error {
		f.Data.EmailProved = true
		return r.toCode(tx, f)
	})
}

func (r *rig) anyCode(t Ticket) string {
	if at := r.step(t); at == Code || at == Help {
		return r.code("+447700900123")
	}
	return "123456"
}

func (r *rig) anyTOTP(t Ticket) string {
	if r.step(t) == Authenticator {
		return r.totp(t)
	}
	return "123456"
}

// to brings a fresh registration to any step.
func (r *rig) to(step Step) Ticket {
	r.t.Helper()
	switch step {
	case Details:
		t := r.walk(marta(), Code)
		r.ok(r.Back(r.ctx(), t))
		return t
	case Mailbox:
		r.Settings.Conceal = true
		t, err := r.GiveDetails(r.ctx(), "", marta())
		r.ok(err)
		return t
	case Help:
		t := r.walk(marta(), Code)
		r.ok(r.AskHelp(r.ctx(), t, ""))
		return t
	}
	return r.walk(marta(), step)
}

// The step matrix: every step with every event, by hand-made calls. What the
// table knows leads where it says; everything else is Conflict and changes
// nothing.
// asvs: V2.3.1
func TestNoStepIsSkippedOrRepeated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		whole := newRig(t, e)
		for _, step := range Steps() {
			for _, ev := range events() {
				if step == Mobile {
					continue // of completion, which has a matrix of its own
				}
				t.Run(step+" "+string(ev), func(t *testing.T) {
					r := whole.at(t)
					r.env.Clock.Advance(2 * time.Hour) // so that no limit is met
					r.clear()
					defer r.clear()
					ticket := r.to(step)
					r.Settings.Conceal = ev == detailsConcealed
					if ev == termsAcceptedPlain {
						r.Settings.Questions = nil
					}
					want, known := table()[step][ev]
					if ev == codeResent {
						r.env.Clock.Advance(time.Minute)
					}
					before := r.row(ticket)
					err := r.does(ev, ticket)
					switch {
					case !known:
						if !fault.Is(err, fault.Conflict) {
							t.Fatalf("got %v, want Conflict", err)
						}
						if after := r.row(ticket); after != before {
							t.Fatalf("the row changed:\n%s\n%s", before, after)
						}
					case err != nil:
						t.Fatal(err)
					case want == gone:
						if _, err := r.Current(r.ctx(), ticket); !fault.Code(err, "flow-gone") {
							t.Fatalf("it is still there: %v", err)
						}
					case r.step(ticket) != want:
						t.Fatalf("at %q, want %q", r.step(ticket), want)
					}
				})
			}
		}
	})
}

// at is the rig for a test inside the test, with settings of its own.
func (r *rig) at(t *testing.T) *rig {
	inner, service := *r, *r.Service
	inner.t, inner.Service = t, &service
	return &inner
}

func (r *rig) row(t Ticket) (s string) {
	r.t.Helper()
	r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) error {
		var step, data string
		var version int64
		err := tx.Get(`SELECT step, data, version FROM flow WHERE id = $1`, []any{t.ID()}, &step, &data, &version)
		s = fmt.Sprint(step, version, data)
		return err
	}))
	return s
}

// clear makes room for the next registration of the same person.
func (r *rig) clear() {
	r.t.Helper()
	r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error {
		for _, table := range []string{
			"flow", "code", "link", "throttle", "inbox_message", "account_password", "account_question", "authenticator", "recovery_code",
			"terms_acceptance", "account",
		} {
			if _, err := tx.Count(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestEveryStepCanBeReachedAndNamesOnlySteps(t *testing.T) {
	reached := map[Step]bool{Details: true}
	for from, row := range table() {
		if !slices.Contains(Steps(), from) {
			t.Errorf("%q is no step", from)
		}
		for ev, to := range row {
			reached[to] = true
			if !slices.Contains(events(), ev) || to != gone && !slices.Contains(Steps(), to) {
				t.Errorf("%q leads from %q to %q", ev, from, to)
			}
		}
	}
	for _, s := range Steps() {
		if !reached[s] && s != Mobile {
			t.Errorf("nothing leads to %q", s)
		}
	}
}

// Sixteen equal submits of each step on two nodes of one database have one
// effect: the others are told that it has moved on.
func TestSixteenEqualSubmitsHaveOneEffect(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		first, second := newRig(t, a), newRig(t, b)
		in := marta()
		in.Once = "the page"
		tickets := map[Ticket]int{}
		var mu sync.Mutex
		sixteen(func(i int) {
			r := pick(i, first, second)
			ticket, err := r.GiveDetails(r.ctx(), "", in)
			if err != nil && !fault.Is(err, fault.Conflict) {
				t.Errorf("details: %v", err)
			}
			mu.Lock()
			tickets[ticket]++
			mu.Unlock()
		})
		delete(tickets, "")
		if len(tickets) != 1 {
			t.Fatalf("%d registrations began", len(tickets))
		}
		if n := len(first.mails("+447700900123")); n != 1 {
			t.Fatalf("%d SMS", n)
		}
		var ticket Ticket
		for ticket = range tickets {
		}
		for _, ev := range []event{codeRight, termsAccepted, questionsChosen, answersConfirmed, authenticatorProved, codesKept, passwordSet} {
			at := first.step(ticket)
			code, app := first.anyCode(ticket), first.anyTOTP(ticket)
			right := 0
			sixteen(func(i int) {
				r := pick(i, first, second)
				var err error
				switch ev {
				case codeRight:
					err = r.VerifyCode(r.ctx(), ticket, code)
				case authenticatorProved:
					err = r.EnrolAuthenticator(r.ctx(), ticket, app)
				default:
					err = r.does(ev, ticket)
				}
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					right++
				case !fault.Is(err, fault.Conflict):
					t.Errorf("%s: %v", ev, err)
				}
			})
			if right != 1 {
				t.Fatalf("%s: %d took effect", ev, right)
			}
			if want := table()[at][ev]; first.step(ticket) != want {
				t.Fatalf("%s: at %s", ev, first.step(ticket))
			}
		}
		if n := len(first.mails("marta.ellison@harbourvale.example")); n != 2 {
			t.Fatalf("%d e-mails at the end", n)
		}
		if n := first.count(`SELECT COUNT(*) FROM account`); n != 1 {
			t.Fatalf("%d accounts", n)
		}
	})
}

// asvs: V6.6.3
func TestOfFiftyGuessesAtOnceFiveAreEvaluated(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		first, second := newRig(t, a), newRig(t, b)
		ticket := first.walk(marta(), Code)
		right := first.code("+447700900123")
		var wg sync.WaitGroup
		for i := range 50 {
			guess := fmt.Sprintf("%06d", i)
			if guess == right {
				guess = "999999"
			}
			wg.Go(func() {
				r := pick(i, first, second)
				if err := r.VerifyCode(r.ctx(), ticket, guess); err == nil {
					t.Error("a guess was right")
				}
			})
		}
		wg.Wait()
		if err := first.VerifyCode(first.ctx(), ticket, right); err == nil {
			t.Fatal("the code works after its tries")
		}
		if n := first.count(`SELECT tries_left FROM code`); n != 0 {
			t.Fatalf("%d tries left", n)
		}
	})
}

// Two registrations of one address race to the terms: one account.
// asvs: V15.4.2
func TestTwoRegistrationsOfOneAddressMakeOneAccount(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		first, second := newRig(t, a), newRig(t, b)
		in := marta()
		one := first.walk(in, Terms)
		in.Mobile = "07700 900456"
		two := second.walk(in, Terms)
		var errs [2]error
		var wg sync.WaitGroup
		wg.Go(func() { errs[0] = first.AcceptTerms(first.ctx(), one, "4.2", text.English) })
		wg.Go(func() { errs[1] = second.AcceptTerms(second.ctx(), two, "4.2", text.English) })
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("got %v and %v", errs[0], errs[1])
		}
		for _, err := range errs {
			if err != nil {
				first.refused(err, "email-linked")
			}
		}
		if n := first.count(`SELECT COUNT(*) FROM account`); n != 1 {
			t.Fatalf("%d accounts", n)
		}
	})
}

func TestPeopleOfOneNameGetUserIDsOfTheirOwn(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		first, second := newRig(t, a), newRig(t, b)
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				r := pick(i, first, second)
				err := r.DB.Write(r.ctx(), func(tx *db.Tx) error {
					_, err := account.Create(tx, r.Secret, account.DefaultPattern, account.New{
						Email:     account.Email{Typed: fmt.Sprintf("a%d@x.example", i), Key: fmt.Sprintf("a%d@x.example", i)},
						FirstName: "Zoë", LastName: "Müller", State: account.Unfinished,
					})
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := first.count(`SELECT COUNT(DISTINCT user_id_key) FROM account`); n != 12 {
			t.Fatalf("%d UserIDs", n)
		}
	})
}

func sixteen(f func(i int)) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func pick(i int, a, b *rig) *rig {
	if i%2 == 0 {
		return a
	}
	return b
}

func TestATicketThatIsNoneOpensNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		for _, ticket := range []flow.Ticket{"", ".", "x.y", "a.b.c"} {
			if _, err := r.Current(r.ctx(), ticket); !fault.Code(err, "flow-gone") {
				t.Errorf("%q: %v", ticket, err)
			}
			if err := r.SetPassword(r.ctx(), ticket, goodPassword); !fault.Code(err, "flow-gone") {
				t.Errorf("%q: %v", ticket, err)
			}
		}
	})
}
