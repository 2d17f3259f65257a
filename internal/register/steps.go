package register

import "vestibule/internal/fault"

// A Step is where a registration stands. The row holds it, and it alone says
// which page comes next.
//
//	Details ──details──▶ Code ──right, released──▶ Terms ──accepted──▶ Questions ──chosen──▶ Confirm
//	   │                                             │ (no questions)                          │ confirmed
//	   └─concealed─▶ Mailbox ──proved──▶ Code        └──────────────▶ Authenticator ◀──────────┘
//	                                                                    │ proved      │ skipped
//	                                                                  Codes ──kept──▶ Password ──set──▶ Done
type Step = string

// The steps.
const (
	Details       Step = "details"
	Mobile        Step = "mobile"        // give a number (an account from elsewhere lacks one)
	Mailbox       Step = "mailbox"       // look in your mailbox (addresses are concealed)
	Code          Step = "code"          // type the code we sent
	Help          Step = "help"          // as Code, and staff were asked
	Terms         Step = "terms"         // accept or decline
	Questions     Step = "questions"     // choose three, answer them
	Confirm       Step = "confirm"       // answer once more
	Authenticator Step = "authenticator" // enrol or skip
	Codes         Step = "codes"         // keep the recovery codes
	Password      Step = "password"
	Done          Step = "done"
)

// Steps are all steps, in the order of the way.
func Steps() []Step {
	return []Step{Details, Mobile, Mailbox, Code, Help, Terms, Questions, Confirm, Authenticator, Codes, Password, Done}
}

type event string

const (
	detailsGiven         event = "details given"
	detailsConcealed     event = "details given, the mailbox will tell"
	mailboxProved        event = "mailbox proved"
	wentBack             event = "went back to the details"
	codeResent           event = "code sent again"
	numberChanged        event = "number changed"
	helpAsked            event = "help asked"
	codeRight            event = "code right"
	codeReleased         event = "code released by staff"
	termsAccepted        event = "terms accepted"
	termsAcceptedPlain   event = "terms accepted, no questions asked"
	termsDeclined        event = "terms declined"
	questionsChosen      event = "questions chosen"
	answersConfirmed     event = "answers confirmed"
	answersChanged       event = "answers to be changed"
	authenticatorProved  event = "authenticator proved"
	authenticatorSkipped event = "authenticator skipped"
	codesKept            event = "recovery codes kept"
	passwordSet          event = "password set"
)

func events() []event {
	return []event{
		detailsGiven, detailsConcealed, mailboxProved, wentBack, codeResent, numberChanged, helpAsked, codeRight, codeReleased,
		termsAccepted, termsAcceptedPlain, termsDeclined, questionsChosen, answersConfirmed, answersChanged,
		authenticatorProved, authenticatorSkipped, codesKept, passwordSet,
	}
}

// gone is where a declined registration is: nowhere.
const gone Step = ""

func table() map[Step]map[event]Step {
	return map[Step]map[event]Step{
		Details: {detailsGiven: Code, detailsConcealed: Mailbox},
		Mailbox: {mailboxProved: Code, wentBack: Details},
		Code: {
			codeRight: Terms, codeResent: Code, numberChanged: Code, helpAsked: Help, wentBack: Details,
		},
		Help: {
			codeRight: Terms, codeResent: Help, numberChanged: Code, codeReleased: Terms, wentBack: Details,
		},
		Terms:         {termsAccepted: Questions, termsAcceptedPlain: Authenticator, termsDeclined: gone},
		Questions:     {questionsChosen: Confirm},
		Confirm:       {answersConfirmed: Authenticator, answersChanged: Questions},
		Authenticator: {authenticatorProved: Codes, authenticatorSkipped: Password},
		Codes:         {codesKept: Password},
		Password:      {passwordSet: Done},
		Done:          {},
	}
}

// completion is the table of an account that came from elsewhere and lacks
// mobile and questions: its owner has signed in half-way. asked says whether
// questions are, app whether the account has an authenticator already. It begins
// at what is lacking.
//
//	Mobile ──number──▶ Code ──right, released──▶ Questions ──▶ Confirm ──▶ Authenticator ──▶ Codes ──▶ Done
func completion(asked, app bool) map[Step]map[event]Step {
	last := Authenticator
	if app {
		last = Done
	}
	then := last
	if asked {
		then = Questions
	}
	return map[Step]map[event]Step{
		Mobile:        {numberChanged: Code},
		Code:          {codeRight: then, codeResent: Code, numberChanged: Code, helpAsked: Help, wentBack: Mobile},
		Help:          {codeRight: then, codeResent: Help, numberChanged: Code, codeReleased: then, wentBack: Mobile},
		Questions:     {questionsChosen: Confirm},
		Confirm:       {answersConfirmed: last, answersChanged: Questions},
		Authenticator: {authenticatorProved: Codes, authenticatorSkipped: Done},
		Codes:         {codesKept: Done},
		Done:          {},
	}
}

// after returns the step to which ev leads; an event that the step does not know
// is Conflict "step-moved": the page that sent it is out of date.
func (s *Service) after(f *registration, ev event) (Step, error) {
	steps := table()
	if f.Data.Completes {
		steps = completion(len(s.Settings.Questions) > 0, f.Data.HadAuthenticator)
	}
	to, ok := steps[f.Step][ev]
	if !ok {
		return "", fault.New(fault.Conflict, "step-moved")
	}
	return to, nil
}
