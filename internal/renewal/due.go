package renewal

import (
	"slices"
	"time"

	"vestibule/internal/license"
	"vestibule/internal/message"
)

const (
	day = 24 * time.Hour
	// late is how long after an end it is still told: longer ago everybody knows.
	late = 14 * day
	// earliest is the first stage of all, and a little.
	earliest = 61 * day
)

// The stages, in days before the end, the nearest first.
func evaluationStages() []int { return []int{1, 7} }
func paidStages() []int       { return []int{7, 30, 60} }

// A Matter is what ends.
type Matter string

// The matters.
const (
	OfTerm        Matter = "term"
	OfMaintenance Matter = "maintenance"
)

// Ended is the stage of what is over; the others are days before the end.
const Ended = 0

// A Notice is one thing to be told about a licence at an instant.
type Notice struct {
	Matter Matter
	Stage  int // days before the end, or Ended
	Ends   time.Time
	Until  time.Time // after it the notice is of no use

	state  license.State
	extend license.Verdict
}

// Due says what is to be told about a licence now: of the term that decides, and of maintenance. It is pure. rung is what the
// organization's own people stand on.
//
// It asks StatusAt and CanExtend and nothing else: what they do not say is not told. A stage that lies before the end was known (an
// evaluation of five days has no seventh day before its end) is passed over, and so is everything where the licence goes on.
func Due(l license.License, rung license.Rung, now time.Time) (all []Notice) {
	s := l.At(now)
	n := Notice{Matter: OfTerm, Ends: s.Ends, state: s}
	switch s.Status {
	case license.StatusActive, license.StatusExpiring:
		if s.Kind == license.Perpetual && s.Maintenance != license.MaintenanceNone {
			if m, ok := maintained(l, s, now); ok {
				all = append(all, m)
			}
		}
		if s.Ends.IsZero() {
			return all
		}
	case license.StatusGrace, license.StatusExpired:
	default:
		return nil
	}
	stages := paidStages()
	if !s.Kind.Paid() {
		stages = evaluationStages()
		n.extend = license.CanExtend(l, rung, now)
	}
	stage, ok := stageAt(stages, s.Ends, known(l.Facts, s, "ends", "ended"), now)
	if !ok || goesOn(l.Facts, s.Ends, now) {
		return all
	}
	n.Stage, n.Until = stage, s.Ends
	if stage == Ended {
		n.Until = s.Ends.Add(late)
		if s.Status == license.StatusGrace && s.GraceUntil.Before(n.Until) {
			n.Until = s.GraceUntil
		}
	}
	return append(all, n)
}

func maintained(l license.License, s license.State, now time.Time) (Notice, bool) {
	n := Notice{Matter: OfMaintenance, Ends: s.MaintenanceUntil, Until: s.MaintenanceUntil, state: s}
	stage, ok := stageAt(paidStages(), n.Ends, known(l.Facts, s, "maintenance-until", "maintenance-ended"), now)
	if n.Stage = stage; stage == Ended {
		n.Until = n.Ends.Add(late)
	}
	return n, ok && !maintainedLater(l.Facts, n.Ends)
}

// stageAt is the nearest stage that has come.
func stageAt(stages []int, end, known, now time.Time) (stage int, ok bool) {
	if !now.Before(end) {
		return Ended, now.Before(end.Add(late))
	}
	for _, days := range stages {
		if comes := end.Add(-time.Duration(days) * day); !now.Before(comes) {
			return days, comes.After(known)
		}
	}
	return 0, false
}

// known is since when the end was known: since the right began, or the term that ends was granted.
func known(f license.Facts, s license.State, codes ...string) time.Time {
	since := s.Starts
	for _, b := range s.Because {
		if !slices.Contains(codes, b.Code) {
			continue
		}
		for _, t := range f.Terms {
			if t.ID == b.Ref && t.GrantedAt.After(since) {
				since = t.GrantedAt
			}
		}
	}
	return since
}

// goesOn says whether another term is granted already that begins after a gap.
func goesOn(f license.Facts, end, now time.Time) bool {
	return slices.ContainsFunc(f.Terms, func(t license.Term) bool {
		start, _, decided := t.Span(now)
		return t.Kind != license.Maintenance && (!decided || start.After(end) && start.After(now))
	})
}

// maintainedLater says the same of maintenance.
func maintainedLater(f license.Facts, end time.Time) bool {
	return slices.ContainsFunc(f.Terms, func(t license.Term) bool {
		return t.Kind == license.Maintenance && t.StartsAt.After(end)
	})
}

// A reminder is of one sort of notices the messages that tell of it.
type reminder struct {
	matter Matter
	ended  bool
	kinds  []message.Message
}

// reminders are what a change of the licence can make untrue.
func reminders() []reminder {
	return []reminder{
		{OfTerm, false, []message.Message{message.EvaluationEnding{}, message.LicenceEnding{}}},
		{OfTerm, true, []message.Message{message.EvaluationEnded{}, message.LicenceEnded{}}},
		{OfMaintenance, false, []message.Message{message.MaintenanceEnding{}}},
		{OfMaintenance, true, []message.Message{message.MaintenanceEnded{}}},
	}
}

// message words a notice for somebody who administers the organization or does not. Every fact is the evaluator's.
func (n Notice) message(l license.License, organization string, administers bool) message.Message {
	product, grace := l.Product.Name, n.state.GraceUntil
	if n.Stage == Ended && n.state.Status != license.StatusGrace {
		grace = time.Time{}
	}
	ending := n.Stage != Ended
	switch {
	case n.Matter == OfMaintenance && ending:
		return message.MaintenanceEnding{Product: product, Organization: organization, License: l.ID, EndsAt: n.Ends}
	case n.Matter == OfMaintenance:
		return message.MaintenanceEnded{Product: product, Organization: organization, License: l.ID, EndsAt: n.Ends}
	case n.state.Kind.Paid() && ending:
		return message.LicenceEnding{Product: product, Organization: organization, License: l.ID, EndsAt: n.Ends, GraceUntil: grace}
	case n.state.Kind.Paid():
		return message.LicenceEnded{Product: product, Organization: organization, License: l.ID, EndsAt: n.Ends, GraceUntil: grace}
	}
	days := 0
	if n.extend.Allowed {
		days = n.extend.Days
	}
	if ending {
		return message.EvaluationEnding{
			Product: product, Organization: organization, License: l.ID, EndsAt: n.Ends,
			ExtendDays: days, ExtendUntil: n.extend.Until, Yours: administers,
		}
	}
	return message.EvaluationEnded{
		Product: product, Organization: organization, License: l.ID, EndsAt: n.Ends, GraceUntil: grace,
		ExtendDays: days, Yours: administers, AskAgain: n.state.Status == license.StatusExpired && n.state.Remedy == license.RemedyAskAgain,
	}
}
