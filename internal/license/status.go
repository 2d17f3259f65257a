package license

import (
	"time"
)

// A Kind says what a term was granted for.
type Kind string

// The kinds of terms.
const (
	Evaluation   Kind = "evaluation"   // the first
	Reactivation Kind = "reactivation" // an evaluation again, on the same key
	Extension    Kind = "extension"    // more days of an evaluation
	Subscription Kind = "subscription"
	Renewal      Kind = "renewal"
	Perpetual    Kind = "perpetual"
	Partner      Kind = "partner"
)

// Paid says whether the kind is a client's own right rather than an evaluation.
func (k Kind) Paid() bool {
	return k == Subscription || k == Renewal || k == Perpetual || k == Partner
}

// A Term is one dated right to use a product.
type Term struct {
	ID        string
	Kind      Kind
	Days      int       // length where the start is not known yet
	StartsAt  time.Time // zero: starts at the first sign-in, at StartBy at the latest
	StartBy   time.Time // when a term without a start begins by itself
	EndsAt    time.Time // first instant outside the term; zero with a start: without end
	GraceDays int       // how long after its end the product keeps working
	Seats     int       // zero: not limited
	GrantedAt time.Time
	GrantedBy string
	Request   string
	Note      string
}

// Span returns when the term runs, as far as it is decided at now. A term that
// waits for the first sign-in has no start until then or until StartBy; an
// open end is the zero time.
func (t Term) Span(now time.Time) (start, end time.Time, decided bool) {
	if !t.StartsAt.IsZero() {
		return t.StartsAt, t.EndsAt, true
	}
	if now.Before(t.StartBy) {
		return time.Time{}, time.Time{}, false
	}
	return t.StartBy, t.StartBy.Add(days(t.Days)), true
}

// A HoldKind says how a licence is held back.
type HoldKind string

// The kinds of holds.
const (
	Suspended HoldKind = "suspended"
	Revoked   HoldKind = "revoked"
)

// A Hold keeps a licence from working, whatever its terms say.
type Hold struct {
	ID     string
	Kind   HoldKind
	Reason string
	From   time.Time
	Lifted time.Time // zero: not lifted
	By     string
}

func (h Hold) at(now time.Time) bool {
	return !now.Before(h.From) && (h.Lifted.IsZero() || now.Before(h.Lifted))
}

// Facts are all that a licence's status depends on.
type Facts struct {
	Terms []Term
	Holds []Hold
}

// A Status is what a licence is at one instant.
type Status string

// The statuses, the strongest first.
const (
	StatusRevoked    Status = "revoked"
	StatusSuspended  Status = "suspended"
	StatusActive     Status = "active"
	StatusExpiring   Status = "expiring" // active, and near its end
	StatusNotStarted Status = "not-started"
	StatusGrace      Status = "grace"
	StatusExpired    Status = "expired"
	StatusNone       Status = "none" // no term was ever granted
)

// How near its end a licence counts as expiring.
const (
	expiringEvaluation   = 7
	expiringSubscription = 30
)

// A State is a licence's status with the facts that made it so.
type State struct {
	Status   Status
	Kind     Kind      // of the term that decides
	Starts   time.Time // zero while a term waits for the first sign-in
	StartBy  time.Time // set while a term waits for the first sign-in
	Ends     time.Time // zero: without end, or not decided yet
	Days     int       // length of the deciding term, in days
	DaysLeft int       // begun days until Ends; zero where there is none
	Seats    int
	Term     string // id of the deciding term
	Hold     string // id of the deciding hold
	Reason   string // of the deciding hold
}

// Usable says whether the product may run.
func (s State) Usable() bool {
	return s.Status == StatusActive || s.Status == StatusExpiring || s.Status == StatusGrace
}

// StatusAt computes what a licence is at now. A hold outweighs every term; of
// terms that run at once a paid one decides before an evaluation, and then the
// one that ends last. Terms that follow one another without a gap count as one.
func StatusAt(f Facts, now time.Time) State {
	s := termState(f.Terms, now)
	for _, h := range f.Holds {
		if !h.at(now) || s.Status == StatusRevoked {
			continue
		}
		s.Status, s.Hold, s.Reason = StatusSuspended, h.ID, h.Reason
		if h.Kind == Revoked {
			s.Status = StatusRevoked
		}
	}
	return s
}

func termState(terms []Term, now time.Time) State {
	var running, waiting, grace, past *Term
	for i := range terms {
		t := &terms[i]
		start, end, decided := t.Span(now)
		switch {
		case !decided || now.Before(start):
			if waiting == nil || before(start, waiting.StartsAt) {
				waiting = t
			}
		case end.IsZero() || now.Before(end):
			if running == nil || outranks(*t, *running, now) {
				running = t
			}
		case now.Before(end.Add(days(t.GraceDays))):
			if grace == nil || outranks(*t, *grace, now) {
				grace = t
			}
		default:
			if past == nil || later(end, endOf(*past, now)) {
				past = t
			}
		}
	}
	switch {
	case running != nil:
		s := stateOf(*running, now)
		s.Status = StatusActive
		s.Ends = chainEnd(terms, *running, now)
		s.DaysLeft = daysLeft(now, s.Ends)
		near := expiringEvaluation
		if s.Kind.Paid() {
			near = expiringSubscription
		}
		if !s.Ends.IsZero() && !now.Before(s.Ends.Add(-days(near))) {
			s.Status = StatusExpiring
		}
		return s
	case grace != nil:
		s := stateOf(*grace, now)
		s.Status = StatusGrace
		return s
	case waiting != nil:
		s := stateOf(*waiting, now)
		s.Status = StatusNotStarted
		return s
	case past != nil:
		s := stateOf(*past, now)
		s.Status = StatusExpired
		return s
	}
	return State{Status: StatusNone}
}

func stateOf(t Term, now time.Time) State {
	s := State{Kind: t.Kind, Seats: t.Seats, Term: t.ID, Days: t.Days}
	start, end, decided := t.Span(now)
	if !decided {
		s.StartBy = t.StartBy
		return s
	}
	s.Starts, s.Ends = start, end
	return s
}

// chainEnd follows the terms of the same class that join up with t.
func chainEnd(terms []Term, t Term, now time.Time) time.Time {
	end := endOf(t, now)
	for again := true; again && !end.IsZero(); {
		again = false
		for _, next := range terms {
			start, nextEnd, decided := next.Span(now)
			if decided && next.Kind.Paid() == t.Kind.Paid() && !start.After(end) && later(nextEnd, end) {
				end, again = nextEnd, true
				break
			}
		}
	}
	return end
}

func endOf(t Term, now time.Time) time.Time {
	_, end, _ := t.Span(now)
	return end
}

func outranks(a, b Term, now time.Time) bool {
	if a.Kind.Paid() != b.Kind.Paid() {
		return a.Kind.Paid()
	}
	return later(endOf(a, now), endOf(b, now))
}

// later compares ends, of which none (the zero time) is the latest.
func later(a, b time.Time) bool {
	if b.IsZero() {
		return false
	}
	return a.IsZero() || a.After(b)
}

// before compares starts, of which an undecided one (the zero time) is the
// first, because it can come at any moment.
func before(a, b time.Time) bool {
	return !b.IsZero() && (a.IsZero() || a.Before(b))
}

func daysLeft(now, end time.Time) int {
	if end.IsZero() || !end.After(now) {
		return 0
	}
	return int((end.Sub(now) + days(1) - 1) / days(1))
}

// days is a length in days of 24 hours: a term is as long in a week in which
// the clocks change as in any other.
func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
