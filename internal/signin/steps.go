package signin

import (
	"vestibule/internal/account"
	"vestibule/internal/fault"
)

// A Step is where a sign-in stands whose holder has proved a part of what is asked.
type Step string

// The steps between the password and the session.
const (
	StepCode    Step = "code"    // the authenticator's code, or a recovery code
	StepEnrol   Step = "enrol"   // staff without an authenticator: only a link from the console helps
	StepExpired Step = "expired" // the password is right and may not be used any more
	StepTerms   Step = "terms"   // the terms have changed since they were accepted
	stepDone    Step = "done"    // nothing is missing: the session begins
)

// An event is what a person does at a step.
type event string

const (
	codeRight     event = "code-right"
	termsAccepted event = "terms-accepted"
)

// after is the table of what counts at which step. Where an event leads is never the event's own word: next decides it from the
// account's facts.
var after = map[Step]event{
	StepCode:  codeRight,
	StepTerms: termsAccepted,
}

// check refuses an event that does not belong to the step: a second tab, a hand-made request, a replayed post.
func check(s Step, e event) error {
	if after[s] != e {
		return moved()
	}
	return nil
}

func moved() error { return fault.New(fault.Conflict, "sign-in-step") }

// A SecurityStep is how far a session has come with an authenticator app for its account.
type SecurityStep string

// The steps of adding an authenticator app: off ─begun▶ app ─proved▶ codes ─kept▶ on.
const (
	SecurityOff   SecurityStep = "off"   // there is none
	SecurityApp   SecurityStep = "app"   // the app is to be set up and to prove it
	SecurityCodes SecurityStep = "codes" // it counts; the recovery codes are to be kept
	SecurityOn    SecurityStep = "on"    // there is one
)

const (
	appProved event = "app-proved"
	codesKept event = "codes-kept"
)

// securityAfter is the table of what counts at which step. Beginning counts while there is none, and begins anew at SecurityApp.
var securityAfter = map[SecurityStep]event{
	SecurityApp:   appProved,
	SecurityCodes: codesKept,
}

func checkSecurity(s SecurityStep, e event) error {
	if securityAfter[s] != e {
		return moved()
	}
	return nil
}

// facts are what the next step depends on.
type facts struct {
	State    account.State
	Staff    bool
	Enrolled bool // an authenticator
	Code     bool // its code was given in this sign-in
	TermsDue bool
}

// next is the first thing that stands between the right password and the session. The authenticator comes first, so that
// nothing about the account is told to somebody who has its password alone.
func next(f facts) Step {
	switch {
	case f.Staff && !f.Enrolled:
		return StepEnrol
	case f.Enrolled && !f.Code:
		return StepCode
	case f.State == account.Expired:
		return StepExpired
	case f.TermsDue && !f.Staff:
		return StepTerms
	}
	return stepDone
}

// opens reports whether a right password leads anywhere in this state. Where it does not, the answer is that of a wrong one.
func opens(s account.State) bool { return s == account.Active || s == account.Expired }
