package helpdesk

import (
	"slices"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
)

// A Weight says how much a finding matters for signing in.
type Weight string

// The weights.
const (
	Stops   Weight = "stops"   // the person does not get in
	Step    Weight = "step"    // the person gets in after a step of its own
	Unknown Weight = "unknown" // it may have stopped the person; what was then is not kept
	Note    Weight = "note"    // worth knowing
)

// A Finding is one thing that stands between somebody and the portal, or might
// have stood. Its words are helpdesk.finding.CODE, what the person should do
// helpdesk.person.CODE, what staff can do helpdesk.staff.CODE.
type Finding struct {
	Code   string
	Weight Weight
	At     time.Time // when it began; zero where that says nothing
	Until  time.Time // when it ends by itself; zero: it does not
	N      int
	Value  string // a code or a name, by the finding
	Act    Act    // what staff can do at once; "" none
}

// A Verdict is the answer in one word.
type Verdict string

// The verdicts.
const (
	GetsIn  Verdict = "gets-in"
	AfterIt Verdict = "after-steps" // by doing what the steps ask for
	Locked  Verdict = "locked"      // does not get in
	Unclear Verdict = "unclear"     // what is kept does not say
)

// An Explanation is why somebody can or cannot sign in at an instant.
type Explanation struct {
	At       time.Time
	Past     bool
	Verdict  Verdict
	Findings []Finding // in the order in which a sign-in would meet them; notes last
	Standing access.Standing
	Attempts []Attempt // recorded around the instant
}

// A StateFact is that an account came into a state.
type StateFact struct {
	At    time.Time
	State account.State
	Why   account.Reason // "" where the trail does not say
}

// An Attempt is a recorded try to sign in.
type Attempt struct {
	At  time.Time
	OK  bool
	How string
}

// An Undelivered is a message that did not reach the person.
type Undelivered struct {
	ID    string
	Kind  string
	State string // failed, held, queued
	At    time.Time
}

// Facts are all that an explanation rests on, as they are kept.
type Facts struct {
	Now     time.Time
	Account account.Account
	Staff   bool

	States    []StateFact // as far as the trail says, the oldest first
	Passwords []time.Time // when each kept password was set, the newest first
	MaxAge    time.Duration

	Delays   []Delay // that run now
	Attempts []Attempt

	AuthenticatorSince time.Time // zero: none
	AuthenticatorOff   bool      // too many failures in a row
	RecoveryCodes      int       // left
	Passkeys           int

	TermsVersion  string // "": none are asked for
	TermsSince    time.Time
	TermsAccepted time.Time // of this version; zero: not
	TermsLater    time.Time // until when they can be put off; zero: they cannot

	Confirmed []time.Time // when a mailbox of the account was confirmed, as far as the trail says
	Moved     time.Time   // when the address last became another; zero: never

	QuestionsWanted bool
	Standing        access.Standing // of the instant that is asked for
	MemberSince     time.Time       // of the membership there is now; zero: none

	Undelivered []Undelivered
	NoSMS       string // the country of the number, where that gets no SMS
	Clearing    *Clearing
}

const (
	// aroundIt is how far from the instant a recorded try is of interest.
	aroundIt = 24 * time.Hour
	// fewTries is from how many failures within that time a delay was likely.
	fewTries = 5
)

// Explain says why the account can or cannot sign in at the instant. It walks the
// rules in the order of a sign-in: the delays, the state, the password, the
// authenticator, then the steps that are asked for before the portal opens, then
// the standing. It is pure. For an instant that is past it uses what is dated,
// and says what cannot be known.
func Explain(f Facts, at time.Time) Explanation {
	e := &explainer{f: f, at: at, out: Explanation{At: at, Past: at.Before(f.Now), Standing: f.Standing}}
	for _, a := range f.Attempts {
		if d := at.Sub(a.At); d >= 0 && d <= aroundIt {
			e.out.Attempts = append(e.out.Attempts, a)
		}
	}
	if at.Before(f.Account.CreatedAt) {
		e.add(Finding{Code: "no-account", Weight: Stops, At: f.Account.CreatedAt})
		return e.done()
	}
	e.delays()
	state := e.state()
	if state != account.Closed && state != account.Disabled && state != account.Unfinished {
		e.password(state)
		e.authenticator()
		e.steps()
		e.standing()
	}
	e.notes(state)
	return e.done()
}

type explainer struct {
	f   Facts
	at  time.Time
	out Explanation

	since time.Time // of the state
	why   string    // account.Reason of the state; "" where it is not known
}

func (e *explainer) add(f Finding) { e.out.Findings = append(e.out.Findings, f) }

// done finds the verdict: the gravest of the findings.
func (e *explainer) done() Explanation {
	has := map[Weight]bool{}
	for _, f := range e.out.Findings {
		has[f.Weight] = true
	}
	switch {
	case has[Stops]:
		e.out.Verdict = Locked
	case has[Unknown]:
		e.out.Verdict = Unclear
	case has[Step]:
		e.out.Verdict = AfterIt
	default:
		e.out.Verdict = GetsIn
	}
	return e.out
}

func (e *explainer) delays() {
	if !e.out.Past {
		for _, d := range e.f.Delays {
			if d.Until.After(e.at) {
				e.add(Finding{Code: "delay-" + d.Where, Weight: Stops, Until: d.Until, N: d.Failures, Value: d.Network, Act: ActUnlock})
			}
		}
		return
	}
	// How long a delay was is not kept; the tries that make one are.
	failed, last := 0, time.Time{}
	for _, a := range e.out.Attempts {
		if a.OK {
			continue
		}
		failed++
		if a.At.After(last) {
			last = a.At
		}
	}
	if failed >= fewTries {
		e.add(Finding{Code: "tries-then", Weight: Unknown, At: last, N: failed})
	}
}

// state says what is wrong with the account's state, and returns it; "" is not
// known.
func (e *explainer) state() account.State {
	a := e.f.Account
	state, since, known := a.State, a.StateAt, true
	if since.IsZero() {
		since = a.CreatedAt
	}
	if e.at.Before(since) {
		then, found := e.stateThen()
		state, since, known, e.why = then.State, then.At, found, string(then.Why)
	}
	if !known {
		e.add(Finding{Code: "state-unknown", Weight: Unknown, At: a.StateAt})
		return ""
	}
	e.since = since
	if !e.at.Before(a.StateAt) {
		e.why = string(a.StateReason)
	}
	switch state {
	case account.Closed:
		e.add(Finding{Code: "closed", Weight: Stops, At: since})
	case account.Disabled:
		e.add(Finding{Code: "disabled", Weight: Stops, At: since, Value: e.why, Act: ActEnable})
	case account.Unfinished:
		e.add(Finding{Code: "unfinished", Weight: Stops, At: since, Act: ActFinish})
	}
	return state
}

// stateThen is the state at a past instant by the trail.
func (e *explainer) stateThen() (then StateFact, known bool) {
	for _, s := range e.f.States {
		if s.At.After(e.at) {
			break
		}
		then, known = s, true
	}
	return then, known
}

func (e *explainer) password(state account.State) {
	var set time.Time // of the password in force
	later := false
	for _, at := range e.f.Passwords {
		if at.After(e.at) {
			later = true
			continue
		}
		set = at
		break
	}
	switch {
	case !set.IsZero():
	case e.out.Past && state == account.Expired:
		// Whichever it was, a reset was what helped.
		e.add(Finding{Code: "password-expired", Weight: Stops, At: e.since, Value: e.why, Act: ActReset})
		return
	case later && !e.keptAll(), e.out.Past && state == account.Active:
		e.add(Finding{Code: "password-unknown", Weight: Unknown})
		return
	default:
		e.add(Finding{Code: "no-password", Weight: Stops, Value: e.why, Act: ActReset})
		return
	}
	switch {
	case state == account.Expired:
		e.add(Finding{Code: "password-expired", Weight: Stops, At: e.since, Value: e.why, Act: ActReset})
	case e.f.MaxAge > 0 && !e.at.Before(set.Add(e.f.MaxAge)):
		e.add(Finding{Code: "password-old", Weight: Stops, At: set.Add(e.f.MaxAge), Act: ActReset})
	}
	if later {
		e.add(Finding{Code: "password-since", Weight: Note, At: e.f.Passwords[0]})
	}
}

// keptAll says that no former password has been forgotten: fewer are there than
// are kept.
func (e *explainer) keptAll() bool { return len(e.f.Passwords) < keptPasswords }

const keptPasswords = 5

func (e *explainer) authenticator() {
	since := e.f.AuthenticatorSince
	if since.IsZero() {
		if e.out.Past {
			return
		}
		if e.f.Staff {
			e.add(Finding{Code: "staff-authenticator", Weight: Stops})
		}
		return
	}
	if since.After(e.at) {
		e.add(Finding{Code: "authenticator-later", Weight: Note, At: since})
		return
	}
	if e.f.AuthenticatorOff && !e.out.Past {
		e.add(Finding{Code: "authenticator-off", Weight: Stops, At: since, N: e.f.RecoveryCodes})
		return
	}
	e.add(Finding{Code: "authenticator-asked", Weight: Note, At: since, N: e.f.RecoveryCodes})
}

// steps are what a sign-in asks for before the portal opens. They are known of
// now, and of a past instant only where a date says so.
func (e *explainer) steps() {
	f := e.f
	if f.TermsVersion != "" && !f.Staff && !f.TermsSince.After(e.at) && (f.TermsAccepted.IsZero() || f.TermsAccepted.After(e.at)) {
		code := "terms-due"
		if f.TermsLater.After(e.at) {
			code = "terms-later"
		}
		e.add(Finding{Code: code, Weight: Step, At: f.TermsSince, Until: f.TermsLater, Value: f.TermsVersion})
	}
	if f.Account.Incomplete && !e.out.Past {
		e.add(Finding{Code: "incomplete", Weight: Step})
	}
}

func (e *explainer) standing() {
	if e.f.Staff {
		return
	}
	a := e.f.Account
	switch confirmed := e.confirmed(); {
	case confirmed:
	case e.out.Past && e.f.Moved.After(e.at):
		// The address of then is another, and only of the present one is it known when it was confirmed.
		e.add(Finding{Code: "email-unknown", Weight: Unknown, At: e.f.Moved})
	default:
		e.add(Finding{Code: "email-unconfirmed", Weight: Step, At: a.EmailConfirmedAt, Act: ActConfirm})
		return
	}
	s := e.f.Standing
	switch {
	case !s.Allowed:
		e.add(Finding{Code: "standing", Weight: Stops, Value: string(s.Reason)})
	case s.Locked:
		e.add(Finding{Code: "standing-locked", Weight: Note, Value: string(s.Reason)})
	}
	if e.out.Past && e.f.MemberSince.After(e.at) {
		e.add(Finding{Code: "member-later", Weight: Note, At: e.f.MemberSince})
	}
}

// confirmed reports whether a mailbox of the account was confirmed at the instant.
func (e *explainer) confirmed() bool {
	at := e.f.Account.EmailConfirmedAt
	if !at.IsZero() && !at.After(e.at) {
		return true
	}
	return e.out.Past && slices.ContainsFunc(e.f.Confirmed, func(t time.Time) bool { return !t.After(e.at) })
}

func (e *explainer) notes(state account.State) {
	for _, u := range e.f.Undelivered {
		if !u.At.After(e.at) {
			e.add(Finding{Code: "undelivered", Weight: Note, At: u.At, Value: u.Kind})
		}
	}
	if e.out.Past {
		return
	}
	if e.f.NoSMS != "" {
		e.add(Finding{Code: "no-sms", Weight: Note, Value: e.f.NoSMS})
	}
	if !e.f.Account.ClosingAt.IsZero() && state != account.Closed {
		e.add(Finding{Code: "closing", Weight: Note, Until: e.f.Account.ClosingAt})
	}
	if c := e.f.Clearing; c != nil && c.State == Waiting {
		e.add(Finding{Code: "clearing", Weight: Note, Until: c.DueAt})
	}
}
