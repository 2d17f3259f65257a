package recovery

import (
	"slices"

	"vestibule/internal/fault"
)

// A Step is where a recovery stands.
//
//	Possession ──proved──▶ Authenticator (where there is one) ──right──▶ Password ──set──▶ Done
//	                     ▶ Questions (else, where there are some) ──both right──▶ Password
//	                           │ forgotten, or tried too often
//	                     ▶ Second ──chosen──▶ SecondCode ──proved──▶ Password
//	                     ▶ Help (nothing is left to prove by)
//
// Which events count at a step is said by counts; where one leads is never the
// event's own word: next works it out from the facts.
type Step string

// The steps.
const (
	Possession    Step = "possession"    // type the code, open the link, or use the passkey
	Authenticator Step = "authenticator" // the app's code, or a recovery code
	Questions     Step = "questions"     // answer two
	Second        Step = "second"        // choose another means
	SecondCode    Step = "second-code"   // type the code that went by it, or use the passkey
	Help          Step = "help"          // nothing is left to prove by: the helpdesk
	Password      Step = "password"
	Done          Step = "done"
)

// Steps are all steps.
func Steps() []Step {
	return []Step{Possession, Authenticator, Questions, Second, SecondCode, Help, Password, Done}
}

type event string

const (
	codeGiven     event = "code given"
	passkeyGiven  event = "passkey given"
	codeResent    event = "code sent again"
	meansChosen   event = "means chosen"
	appGiven      event = "authenticator's code given"
	answersGiven  event = "answers given"
	answersForgot event = "answers forgotten"
	helpAsked     event = "help asked"
	wentBack      event = "went back"
	passwordSet   event = "password set"
)

func events() []event {
	return []event{
		codeGiven, passkeyGiven, codeResent, meansChosen, appGiven, answersGiven, answersForgot, helpAsked, wentBack, passwordSet,
	}
}

func counts() map[Step][]event {
	return map[Step][]event{
		Possession:    {codeGiven, passkeyGiven, codeResent, meansChosen, helpAsked},
		Authenticator: {appGiven, helpAsked},
		Questions:     {answersGiven, answersForgot, helpAsked},
		Second:        {meansChosen, helpAsked},
		SecondCode:    {codeGiven, passkeyGiven, codeResent, meansChosen, helpAsked, wentBack},
		Help:          {wentBack},
		Password:      {passwordSet},
		Done:          {},
	}
}

// check refuses an event that does not belong to the step: Conflict "step-moved",
// the page that sent it is out of date.
func check(at Step, ev event) error {
	if !slices.Contains(counts()[at], ev) {
		return fault.New(fault.Conflict, "step-moved")
	}
	return nil
}

// facts are what the next step depends on: of the account, and of what the
// ticket's holder has proved.
type facts struct {
	Has           []Means // that the account has
	Authenticator bool    // it has one
	Questions     bool    // it has some, and they are asked
	Legacy        bool    // it was imported and has nothing but its address

	Proved    []Means
	App       bool // the authenticator's code, or a recovery code
	Answered  bool // both right
	Forgotten bool // or tried too often
}

// left are the means that could still be proved.
func (f facts) left() (all []Means) {
	for _, m := range f.Has {
		if !slices.Contains(f.Proved, m) {
			all = append(all, m)
		}
	}
	return all
}

// next is what is missing first. Questions never stand alone, nor in place of
// the authenticator; two possessions need none.
func next(f facts) Step {
	switch {
	case len(f.Proved) == 0:
		return Possession
	case f.Authenticator && !f.App:
		return Authenticator
	case f.App || f.Answered || len(f.Proved) > 1:
		return Password
	case f.Questions && !f.Forgotten:
		return Questions
	case len(f.left()) > 0:
		return Second
	case f.Legacy:
		return Password
	}
	return Help
}
