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
	belongs := map[Step]event{
		StepCode: codeRight, StepClosing: accountKept, StepRenew: passwordRenewed, StepTerms: termsAccepted, StepComplete: completed,
	}
	for _, s := range []Step{StepCode, StepEnrol, StepExpired, StepClosing, StepRenew, StepTerms, StepComplete, stepDone, "made-up"} {
		for _, e := range []event{codeRight, accountKept, passwordRenewed, termsAccepted, completed, "made-up"} {
			want := belongs[s] == e
			if got := check(s, e) == nil; got != want {
				t.Errorf("%s at %s: %v", e, s, got)
			}
		}
	}
}

func TestTheFirstThingThatIsMissingIsAskedFor(t *testing.T) {
	for _, state := range []account.State{account.Active, account.Expired} {
		for i := range 256 {
			f := facts{
				State: state, Staff: i&1 > 0, Enrolled: i&2 > 0, Code: i&4 > 0, Trusted: i&8 > 0,
				Closing: i&16 > 0, Old: i&32 > 0, TermsDue: i&64 > 0, Incomplete: i&128 > 0,
			}
			want := stepDone
			for _, one := range []struct {
				missing bool
				step    Step
			}{
				{f.Staff && !f.Enrolled, StepEnrol},
				{f.Enrolled && !f.Code && (f.Staff || f.Old || !f.Trusted), StepCode},
				{state == account.Expired, StepExpired},
				{f.Closing, StepClosing},
				{f.Old && !f.Staff, StepRenew},
				{f.TermsDue && !f.Staff, StepTerms},
				{f.Incomplete && !f.Staff, StepComplete},
			} {
				if one.missing {
					want = one.step
					break
				}
			}
			if got := next(f); got != want {
				t.Errorf("%+v: %s, want %s", f, got, want)
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
