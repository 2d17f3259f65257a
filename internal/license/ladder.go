package license

import "time"

// A Rung is who extends an evaluation.
type Rung string

// The rungs of the ladder.
const (
	Client   Rung = "client"
	Reseller Rung = "reseller"
	Office   Rung = "office"
)

// extendWithin is how long after its end an evaluation can be extended without
// the vendor. Later one has to ask again.
const extendWithin = 30

// CanExtend says whether an evaluation can be extended by somebody now, and by
// how many days. It is pure.
//
// Each evaluation and each reactivation has a ladder of its own, which it copied
// from its policy. Where the evaluation still runs, the extension joins its end
// (Until is the new one); where it has ended, within 30 days for a client or a
// reseller, it runs from now. What is revoked, suspended, paid for, or has not
// begun cannot be extended by anybody.
//
// The codes are license-revoked, license-suspended, license-none,
// license-not-started, extension-paid, extension-not-offered, extension-used,
// extension-cap and extension-late.
func CanExtend(l License, rung Rung, now time.Time) Verdict {
	return canExtend(l.Facts, StatusAt(l.Facts, now), rung, now)
}

func canExtend(f Facts, s State, rung Rung, now time.Time) Verdict {
	switch {
	case s.Status == StatusRevoked, s.Status == StatusSuspended, s.Status == StatusNone:
		return refused("license-"+string(s.Status), RemedyContact)
	case s.Kind.Paid():
		return refused("extension-paid", RemedyRenew)
	case s.Status == StatusNotStarted:
		return refused("license-not-started", RemedyWait)
	}
	climbed := climb(f, now)
	given, times := climbed.offers(rung)
	v := Verdict{Days: given, Remedy: RemedyAskAgain}
	switch ladder := climbed.base.Ladder; {
	case rung != Office && (given == 0 || times == 0):
		v.Code = "extension-not-offered"
	case rung != Office && climbed.times[rung] >= times:
		v.Code = "extension-used"
	case ladder.CapDays > 0 && (climbed.days+given > ladder.CapDays || climbed.days >= ladder.CapDays):
		v.Code = "extension-cap"
	case rung != Office && !now.Before(climbed.end.Add(days(extendWithin))):
		v.Code = "extension-late"
	}
	if v.Code != "" {
		return Verdict{Code: v.Code, Remedy: v.Remedy}
	}
	if rung == Office && climbed.base.Ladder.CapDays > 0 {
		v.Days = climbed.base.Ladder.CapDays - climbed.days
	}
	v.Allowed, v.Remedy = true, RemedyNone
	v.Until = climbed.from(now).Add(days(v.Days))
	return v
}

// A rise is how far an evaluation was extended.
type rise struct {
	base  Term         // the latest evaluation or reactivation
	end   time.Time    // of it and what extends it
	times map[Rung]int // extensions so far
	days  int          // that they added
}

func climb(f Facts, now time.Time) (c rise) {
	for _, t := range f.Terms {
		if t.Kind != Evaluation && t.Kind != Reactivation {
			continue
		}
		if c.base.Kind == "" || t.GrantedAt.After(c.base.GrantedAt) || t.GrantedAt.Equal(c.base.GrantedAt) && lasts(t, c.base, now) {
			c.base = t
		}
	}
	c.times = map[Rung]int{}
	for _, t := range f.Terms {
		if t.Kind.Paid() {
			continue
		}
		if _, end, decided := t.Span(now); decided && end.After(c.end) {
			c.end = end
		}
		if t.Kind == Extension && !t.GrantedAt.Before(c.base.GrantedAt) {
			c.times[t.Rung]++
			c.days += t.Days
		}
	}
	return c
}

// offers are the days of an extension on a rung, and how often.
func (c rise) offers(r Rung) (days, times int) {
	switch r {
	case Client:
		return c.base.Ladder.ClientDays, c.base.Ladder.ClientTimes
	case Reseller:
		return c.base.Ladder.ResellerDays, c.base.Ladder.ResellerTimes
	}
	return 0, 0
}

// from is when an extension begins.
func (c rise) from(now time.Time) time.Time {
	if now.Before(c.end) {
		return c.end
	}
	return now
}
