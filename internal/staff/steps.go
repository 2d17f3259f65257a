package staff

import "vestibule/internal/fault"

// A Step is where somebody stands who sets up a staff account.
type Step string

// The steps, in their order.
const (
	StepPassword      Step = "password"
	StepAuthenticator Step = "authenticator"
	StepCodes         Step = "codes" // the recovery codes are shown
	stepDone          Step = "done"
)

// An event is what the person does.
type event string

const (
	passwordSet  event = "password-set"
	codeRight    event = "code-right"
	codesKept    event = "codes-kept"
	startedAgain event = "started-again" // a new QR code, because the first was lost
)

// steps is the table: what counts at which step, and where it leads.
var steps = map[Step]map[event]Step{
	StepPassword:      {passwordSet: StepAuthenticator},
	StepAuthenticator: {codeRight: StepCodes, startedAgain: StepAuthenticator},
	StepCodes:         {codesKept: stepDone},
}

// after says where an event leads; one that does not belong to the step is Conflict.
func after(s Step, e event) (Step, error) {
	to, ok := steps[s][e]
	if !ok {
		return s, fault.New(fault.Conflict, "staff-step")
	}
	return to, nil
}
