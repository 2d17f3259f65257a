package signin

import (
	"vestibule/internal/account"
	"vestibule/internal/fault"
)

// A Step is where a sign-in stands whose holder has proved a part of what is asked.
type Step string

// The steps between the password and the session.
const (
	StepCode     Step = "code"     // the authenticator's code, or a recovery code
	StepEnrol    Step = "enrol"    // staff without an authenticator: only a link from the console helps
	StepExpired  Step = "expired"  // the password is right and may not be used any more: a recovery sets another
	StepClosing  Step = "closing"  // the owner asked to close the account, and can take it back
	StepRenew    Step = "renew"    // the password is right and too old: the person sets another
	StepTerms    Step = "terms"    // the terms have changed since they were accepted
	StepComplete Step = "complete" // the account came from elsewhere and lacks a mobile number and questions
	stepDone     Step = "done"     // nothing is missing: the session begins
)

// An event is what a person does at a step.
type event string

const (
	codeRight       event = "code-right"
	accountKept     event = "account-kept"
	passwordRenewed event = "password-renewed"
	termsAccepted   event = "terms-accepted"
	completed       event = "completed"
)

// after is the table of what counts at which step. Where an event leads is never the event's own word: next decides it from the
// account's facts.
var after = map[Step]event{
	StepCode:     codeRight,
	StepClosing:  accountKept,
	StepRenew:    passwordRenewed,
	StepTerms:    termsAccepted,
	StepComplete: completed,
}

// check refuses an event that does not belong to the step: a second tab, a hand-made request, a replayed post.
func check(s Step, e event) error {
	if after[s] != e {
		return moved()
	}
	return nil
}

func moved() error { return fault.New(fault.Conflict, "sign-in-step") }

// facts are what the next step depends on.
type facts struct {
	State      account.State
	Staff      bool
	Enrolled   bool // an authenticator
	Code       bool // its code was given in this sign-in
	Trusted    bool // the owner said that this browser need not give it
	Closing    bool
	Old        bool // the password
	TermsDue   bool
	Incomplete bool
}

// next is the first thing that stands between the right password and the session. The authenticator comes first, so that
// nothing about the account is told to somebody who has its password alone.
func next(f facts) Step {
	switch {
	case f.Staff && !f.Enrolled:
		return StepEnrol
	case f.Enrolled && !f.Code && (f.Staff || f.Old || !f.Trusted): // a new password wants the whole proof
		return StepCode
	case f.State == account.Expired:
		return StepExpired
	case f.Closing:
		return StepClosing
	case f.Old && !f.Staff:
		return StepRenew
	case f.TermsDue && !f.Staff:
		return StepTerms
	case f.Incomplete && !f.Staff:
		return StepComplete
	}
	return stepDone
}

// opens reports whether a right password leads anywhere in this state. Where it does not, the answer is that of a wrong one.
func opens(s account.State) bool { return s == account.Active || s == account.Expired }
