package signin

import (
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
)

func TestSweepForgetsWhatIsLongPast(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Marta", "Ellison", account.Active)
		_, err := h.from("192.0.2.1", "mellison", "guess")
		h.wrong(err)
		if _, err := h.from("198.51.100.1", "mellison", good); err != nil {
			t.Fatal(err)
		}
		left := func() (delays, places int) {
			h.write(func(tx *db.Tx) error {
				if err := tx.Get(`SELECT count(*) FROM signin_delay`, nil, &delays); err != nil {
					return err
				}
				return tx.Get(`SELECT count(*) FROM signin_place`, nil, &places)
			})
			return delays, places
		}
		for _, step := range []struct {
			after         time.Duration
			delays, place bool
		}{{0, true, true}, {8 * 24 * time.Hour, false, true}, {90 * 24 * time.Hour, false, false}} {
			e.Clock.Advance(step.after)
			if err := h.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if delays, places := left(); (delays > 0) != step.delays || (places > 0) != step.place {
				t.Errorf("after %v: %d delays, %d places", step.after, delays, places)
			}
		}
	})
}

func TestEveryStepTakesItsOwnEventAndNoOther(t *testing.T) {
	for _, s := range []Step{StepCode, StepEnrol, StepExpired, StepTerms, stepDone, "made-up"} {
		for _, e := range []event{codeRight, termsAccepted, "made-up"} {
			want := s == StepCode && e == codeRight || s == StepTerms && e == termsAccepted
			if got := check(s, e) == nil; got != want {
				t.Errorf("%s at %s: %v", e, s, got)
			}
		}
	}
}

func TestTheFirstThingThatIsMissingIsAskedFor(t *testing.T) {
	for _, state := range []account.State{account.Active, account.Expired} {
		for i := range 16 {
			f := facts{State: state, Staff: i&1 > 0, Enrolled: i&2 > 0, Code: i&4 > 0, TermsDue: i&8 > 0}
			got := next(f)
			switch {
			case f.Staff && !f.Enrolled:
				if got != StepEnrol {
					t.Errorf("%+v: %s", f, got)
				}
			case f.Enrolled && !f.Code:
				if got != StepCode {
					t.Errorf("%+v: %s", f, got)
				}
			case state == account.Expired:
				if got != StepExpired {
					t.Errorf("%+v: %s", f, got)
				}
			case f.TermsDue && !f.Staff:
				if got != StepTerms {
					t.Errorf("%+v: %s", f, got)
				}
			case got != stepDone:
				t.Errorf("%+v: %s", f, got)
			}
		}
	}
}

func TestABrakeWaitsAndLeaks(t *testing.T) {
	b := brake{free: 3, first: time.Second, most: 10 * time.Second, leak: time.Minute}
	for failures, want := range []int{0, 0, 0, 1, 2, 4, 8, 10, 10} {
		if got := b.wait(failures); got != time.Duration(want)*time.Second {
			t.Errorf("after %d failures: %v", failures, got)
		}
	}
	if b.wait(1_000_000) != b.most {
		t.Error("the wait has no end")
	}
	for ago, want := range map[time.Duration]int{0: 5, 59 * time.Second: 5, time.Minute: 4, 5 * time.Minute: 0, time.Hour: 0} {
		if got := b.leaked(5, ago); got != want {
			t.Errorf("after %v: %d", ago, got)
		}
	}
}
