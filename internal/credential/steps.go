package credential

import "vestibule/internal/fault"

// A Step is how far a session has come with a change that takes several.
type Step string

// The steps. With an app: off or on ─begun▶ app ─proved▶ codes ─kept▶ on, and from app straight to on where the account had one
// already and keeps its recovery codes. New recovery codes: on ─renewed▶ codes ─kept▶ on. Questions: chosen ─confirmed▶ set.
const (
	StepOff     Step = "off"     // there is no app, and none is being added
	StepApp     Step = "app"     // the app is to be set up and to prove it
	StepCodes   Step = "codes"   // it counts; the recovery codes are to be kept
	StepOn      Step = "on"      // there is an app
	StepConfirm Step = "confirm" // questions are chosen; the answers are to be typed again
)

type event string

const (
	appProved        event = "app-proved"
	codesKept        event = "codes-kept"
	answersConfirmed event = "answers-confirmed"
)

// after is the table of what counts at which step. Beginning counts at every one, and begins anew.
var after = map[Step]event{
	StepApp:     appProved,
	StepCodes:   codesKept,
	StepConfirm: answersConfirmed,
}

// check refuses an event that does not belong to the step: a second tab, a hand-made request, a replayed post.
func check(s string, e event) error {
	if after[Step(s)] != e {
		return moved()
	}
	return nil
}

func moved() error { return fault.New(fault.Conflict, "step-moved") }
