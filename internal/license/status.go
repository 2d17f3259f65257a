package license

import (
	"cmp"
	"fmt"
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
	Maintenance  Kind = "maintenance" // updates of a perpetual right: it lets nothing run by itself
)

// Paid says whether the kind is a client's own right rather than an evaluation.
func (k Kind) Paid() bool {
	return k == Subscription || k == Renewal || k == Perpetual || k == Partner || k == Maintenance
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

	// What the term copied from its policy. One that was granted before there
	// were policies has none of it: it reads the stable channel, has no
	// features, any number of devices, and the default file and lease.
	Policy           string
	PolicyVersion    int
	Devices          int // zero: not limited
	LeaseMinutes     int // zero: DefaultLeaseMinutes
	FileDays         int // zero: DefaultFileDays
	Channels         []string
	Features         []string
	MaintenanceUntil time.Time // of a perpetual term; zero: updates without end
	Ladder           Ladder    // of an evaluation
	Rung             Rung      // of an extension: who extended
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
	Note   string // why it was lifted
}

func (h Hold) at(now time.Time) bool {
	return !now.Before(h.From) && (h.Lifted.IsZero() || now.Before(h.Lifted))
}

// Facts are all that a licence's status depends on.
type Facts struct {
	Terms []Term
	Holds []Hold
}

// KnownAt are the facts without what was granted after an instant: with them
// StatusAt says what the portal would have said then.
func (f Facts) KnownAt(at time.Time) Facts {
	known := Facts{Holds: f.Holds}
	for _, t := range f.Terms {
		if !t.GrantedAt.After(at) {
			known.Terms = append(known.Terms, t)
		}
	}
	return known
}

// StatusAt computes what a licence is at now. It is pure: the same facts at the
// same instant give the same state, in whatever order they come.
//
// A hold outweighs every term; of terms that run at once a paid one decides
// before an evaluation, and then the one that ends last. Terms that follow one
// another without a gap count as one. A term in its grace still works, and so
// decides before one that has not begun. Maintenance of a perpetual right runs
// from its start to MaintenanceUntil, and on through each term of maintenance
// that has begun or joins up; it decides what may be downloaded, never whether
// the product runs.
func StatusAt(f Facts, now time.Time) State {
	s := termState(f.Terms, now)
	s.maintain(f.Terms, now)
	var deciding *Hold
	for i := range f.Holds {
		if h := &f.Holds[i]; h.at(now) && (deciding == nil || h.outweighs(*deciding)) {
			deciding = h
		}
	}
	if deciding != nil {
		s.Status, s.Hold, s.Reason = StatusSuspended, deciding.ID, deciding.Reason
		if deciding.Kind == Revoked {
			s.Status = StatusRevoked
		}
		s.because("hold-"+string(deciding.Kind), deciding.From, deciding.ID)
	}
	s.Remedy = s.remedy(f, now)
	return s
}

func (h Hold) outweighs(other Hold) bool {
	if h.Kind != other.Kind {
		return h.Kind == Revoked
	}
	if !h.From.Equal(other.From) {
		return h.From.Before(other.From) // the first: its reason stands until it is lifted
	}
	return h.ID < other.ID
}

func (s *State) because(code string, at time.Time, ref string) {
	s.Because = append(s.Because, Fact{Code: code, At: at, Ref: ref})
}

func (s *State) remedy(f Facts, now time.Time) Remedy {
	switch s.Status {
	case StatusRevoked, StatusSuspended, StatusNone:
		return RemedyContact
	case StatusNotStarted:
		if s.Starts.IsZero() {
			return RemedySignIn
		}
		return RemedyWait
	case StatusExpiring, StatusGrace, StatusExpired:
		if s.Kind.Paid() {
			return RemedyRenew
		}
		if canExtend(f, *s, Client, now).Allowed {
			return RemedyExtend
		}
		return RemedyAskAgain
	}
	if s.Maintenance == MaintenanceLapsed {
		return RemedyMaintenance
	}
	return RemedyNone
}

func termState(terms []Term, now time.Time) State {
	var running, waiting, grace, past *Term
	for i := range terms {
		t := &terms[i]
		if t.Kind == Maintenance {
			continue
		}
		start, end, decided := t.Span(now)
		switch {
		case !decided || now.Before(start):
			if waiting == nil || sooner(*t, *waiting) {
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
			if past == nil || lasts(*t, *past, now) {
				past = t
			}
		}
	}
	switch {
	case running != nil:
		return runningState(terms, *running, now)
	case grace != nil:
		s := stateOf(*grace, now)
		s.Status = StatusGrace
		s.because("ended", s.Ends, s.Term)
		s.because("grace-until", s.GraceUntil, s.Term)
		return s
	case waiting != nil:
		s := stateOf(*waiting, now)
		s.Status = StatusNotStarted
		return s
	case past != nil:
		s := stateOf(*past, now)
		s.Status = StatusExpired
		s.because("ended", s.Ends, s.Term)
		return s
	}
	return State{Status: StatusNone, Maintenance: MaintenanceNone}
}

func runningState(terms []Term, t Term, now time.Time) State {
	s := stateOf(t, now)
	s.Status = StatusActive
	last := t
	for next, ok := joining(terms, last, now); ok; next, ok = joining(terms, last, now) {
		start, _, _ := next.Span(now)
		s.because("term-"+string(next.Kind), start, next.ID)
		last = next
	}
	s.Ends = endOf(last, now)
	s.GraceUntil = graceOf(last, now)
	s.DaysLeft = daysLeft(now, s.Ends)
	if s.Ends.IsZero() {
		return s
	}
	s.because("ends", s.Ends, last.ID)
	near := expiringEvaluation
	if s.Kind.Paid() {
		near = expiringSubscription
	}
	if !now.Before(s.Ends.Add(-days(near))) {
		s.Status = StatusExpiring
	}
	return s
}

func stateOf(t Term, now time.Time) State {
	s := State{
		Kind: t.Kind, Seats: t.Seats, Term: t.ID, Days: t.Days, Maintenance: MaintenanceNone, MaintenanceUntil: t.MaintenanceUntil,
		Policy: t.Policy, PolicyVersion: t.PolicyVersion, Devices: t.Devices,
		Channels: t.Channels, Features: t.Features, FileDays: cmp.Or(t.FileDays, DefaultFileDays),
		Lease: time.Duration(cmp.Or(t.LeaseMinutes, DefaultLeaseMinutes)) * time.Minute,
	}
	if len(s.Channels) == 0 {
		s.Channels = []string{Stable}
	}
	start, end, decided := t.Span(now)
	if !decided {
		s.StartBy = t.StartBy
		s.because("granted", t.GrantedAt, t.ID)
		s.because("starts-by", t.StartBy, t.ID)
		return s
	}
	s.Starts, s.Ends, s.GraceUntil = start, end, graceOf(t, now)
	s.because("term-"+string(t.Kind), start, t.ID)
	return s
}

// maintain adds what is known of the updates of a perpetual right.
func (s *State) maintain(terms []Term, now time.Time) {
	if s.Kind != Perpetual {
		return
	}
	until, ref := s.MaintenanceUntil, s.Term
	if until.IsZero() {
		return
	}
	for again := true; again; {
		again = false
		for _, t := range terms {
			if t.Kind == Maintenance && t.EndsAt.After(until) && (!t.StartsAt.After(now) || !t.StartsAt.After(until)) {
				until, ref, again = t.EndsAt, t.ID, true
			}
		}
	}
	s.Maintenance, s.MaintenanceUntil = MaintenanceCurrent, until
	code := "maintenance-until"
	if !now.Before(until) {
		s.Maintenance, code = MaintenanceLapsed, "maintenance-ended"
	}
	s.because(code, until, ref)
}

// joining finds the term of the same class that goes on where t ends, or before,
// and of several the one that lasts longest.
func joining(terms []Term, t Term, now time.Time) (best Term, ok bool) {
	end := endOf(t, now)
	if end.IsZero() {
		return Term{}, false
	}
	for _, next := range terms {
		start, nextEnd, decided := next.Span(now)
		if next.Kind == Maintenance || !decided || next.Kind.Paid() != t.Kind.Paid() || start.After(end) || !later(nextEnd, end) {
			continue
		}
		if !ok || lasts(next, best, now) {
			best, ok = next, true
		}
	}
	return best, ok
}

func graceOf(t Term, now time.Time) time.Time {
	end := endOf(t, now)
	if end.IsZero() || t.GraceDays == 0 {
		return time.Time{}
	}
	return end.Add(days(t.GraceDays))
}

func outranks(a, b Term, now time.Time) bool {
	if a.Kind.Paid() != b.Kind.Paid() {
		return a.Kind.Paid()
	}
	return lasts(a, b, now)
}

// lasts says whether a ends after b; of equal ends the one that was granted
// later counts.
func lasts(a, b Term, now time.Time) bool {
	x, y := endOf(a, now), endOf(b, now)
	if !x.Equal(y) {
		return later(x, y)
	}
	if !a.GrantedAt.Equal(b.GrantedAt) {
		return a.GrantedAt.After(b.GrantedAt)
	}
	return a.ID > b.ID
}

// sooner says whether a can begin before b. One that waits for the first sign-in
// can at any moment.
func sooner(a, b Term) bool {
	if !a.StartsAt.Equal(b.StartsAt) {
		return before(a.StartsAt, b.StartsAt)
	}
	return a.ID < b.ID
}

func endOf(t Term, now time.Time) time.Time {
	_, end, _ := t.Span(now)
	return end
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

// Stamp names the facts as they are, so that a form can say which ones it showed.
func (f Facts) Stamp() string {
	lifted := 0
	for _, h := range f.Holds {
		if !h.Lifted.IsZero() {
			lifted++
		}
	}
	return fmt.Sprintf("%d.%d.%d", len(f.Terms), len(f.Holds), lifted)
}
