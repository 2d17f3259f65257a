package license_test

import (
	"reflect"
	"testing"
	"time"

	"vestibule/internal/license"
)

const day = 24 * time.Hour

func noon(days int) time.Time {
	return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(days) * day)
}

// from and until are days after the first of June; an open end is -1.
func term(kind license.Kind, from, until int) license.Term {
	t := license.Term{ID: string(kind), Kind: kind, Days: until - from, StartsAt: noon(from)}
	if until >= 0 {
		t.EndsAt = noon(until)
	}
	return t
}

func waiting(by, length int) license.Term {
	return license.Term{ID: "waiting", Kind: license.Evaluation, Days: length, StartBy: noon(by)}
}

func grace(t license.Term, days int) license.Term {
	t.GraceDays = days
	return t
}

func hold(kind license.HoldKind, from, lifted int) license.Hold {
	h := license.Hold{ID: string(kind), Kind: kind, From: noon(from)}
	if lifted >= 0 {
		h.Lifted = noon(lifted)
	}
	return h
}

func TestAStatusIsComputedFromDatedFacts(t *testing.T) {
	type terms = []license.Term
	type holds = []license.Hold
	evaluation := term(license.Evaluation, 0, 30)
	for _, c := range []struct {
		name     string
		terms    terms
		holds    holds
		at       int
		status   license.Status
		kind     license.Kind
		daysLeft int
	}{
		{"nothing was granted", nil, nil, 0, license.StatusNone, "", 0},
		{"first day", terms{evaluation}, nil, 0, license.StatusActive, license.Evaluation, 30},
		{"day before its start", terms{evaluation}, nil, -1, license.StatusNotStarted, license.Evaluation, 0},
		{"in the middle", terms{evaluation}, nil, 15, license.StatusActive, license.Evaluation, 15},
		{"eight days before the end", terms{evaluation}, nil, 22, license.StatusActive, license.Evaluation, 8},
		{"seven days before the end", terms{evaluation}, nil, 23, license.StatusExpiring, license.Evaluation, 7},
		{"last day", terms{evaluation}, nil, 29, license.StatusExpiring, license.Evaluation, 1},
		{"the end is outside", terms{evaluation}, nil, 30, license.StatusExpired, license.Evaluation, 0},
		{"long after", terms{evaluation}, nil, 900, license.StatusExpired, license.Evaluation, 0},
		{"waits for a sign-in", terms{waiting(14, 30)}, nil, 3, license.StatusNotStarted, license.Evaluation, 0},
		{"began by itself", terms{waiting(14, 30)}, nil, 14, license.StatusActive, license.Evaluation, 30},
		{"began by itself, last day", terms{waiting(14, 30)}, nil, 43, license.StatusExpiring, license.Evaluation, 1},
		{"began by itself, ended", terms{waiting(14, 30)}, nil, 44, license.StatusExpired, license.Evaluation, 0},
		{"reactivated", terms{evaluation, term(license.Reactivation, 60, 90)}, nil, 70, license.StatusActive, license.Reactivation, 20},
		{"between two evaluations", terms{evaluation, term(license.Reactivation, 60, 90)}, nil, 45, license.StatusNotStarted, license.Reactivation, 0},
		{"after both", terms{evaluation, term(license.Reactivation, 60, 90)}, nil, 95, license.StatusExpired, license.Reactivation, 0},
		{"extended without a gap", terms{evaluation, term(license.Extension, 30, 44)}, nil, 25, license.StatusActive, license.Evaluation, 19},
		{"in the extension", terms{evaluation, term(license.Extension, 30, 44)}, nil, 40, license.StatusExpiring, license.Extension, 4},
		{"extended twice", terms{evaluation, term(license.Extension, 30, 44), term(license.Extension, 44, 58)}, nil, 20, license.StatusActive, license.Evaluation, 38},
		{"overlapping evaluations", terms{evaluation, term(license.Reactivation, 20, 50)}, nil, 25, license.StatusActive, license.Reactivation, 25},
		{"a shorter one inside a longer", terms{evaluation, term(license.Extension, 5, 10)}, nil, 7, license.StatusActive, license.Evaluation, 23},
		{"subscription", terms{term(license.Subscription, 0, 365)}, nil, 100, license.StatusActive, license.Subscription, 265},
		{"subscription, 31 days before its end", terms{term(license.Subscription, 0, 365)}, nil, 334, license.StatusActive, license.Subscription, 31},
		{"subscription, 30 days before its end", terms{term(license.Subscription, 0, 365)}, nil, 335, license.StatusExpiring, license.Subscription, 30},
		{"renewed in time", terms{term(license.Subscription, 0, 365), term(license.Renewal, 365, 730)}, nil, 360, license.StatusActive, license.Subscription, 370},
		{"subscription in grace", terms{grace(term(license.Subscription, 0, 365), 14)}, nil, 370, license.StatusGrace, license.Subscription, 0},
		{"subscription, last day of grace", terms{grace(term(license.Subscription, 0, 365), 14)}, nil, 378, license.StatusGrace, license.Subscription, 0},
		{"subscription after grace", terms{grace(term(license.Subscription, 0, 365), 14)}, nil, 379, license.StatusExpired, license.Subscription, 0},
		{"renewed late, in the gap", terms{term(license.Subscription, 0, 365), term(license.Renewal, 380, 745)}, nil, 370, license.StatusNotStarted, license.Renewal, 0},
		{"subscription outranks an evaluation", terms{term(license.Evaluation, 350, 380), term(license.Subscription, 0, 365)}, nil, 355, license.StatusExpiring, license.Subscription, 10},
		{"evaluation after the subscription", terms{term(license.Evaluation, 350, 380), term(license.Subscription, 0, 365)}, nil, 366, license.StatusActive, license.Evaluation, 14},
		{"bought during the evaluation", terms{evaluation, term(license.Subscription, 10, 375)}, nil, 12, license.StatusActive, license.Subscription, 363},
		{"bought for later", terms{evaluation, term(license.Subscription, 40, 405)}, nil, 12, license.StatusActive, license.Evaluation, 18},
		{"of two that begin later the first", terms{term(license.Subscription, 60, 425), term(license.Partner, 40, 405)}, nil, 5, license.StatusNotStarted, license.Partner, 0},
		{"perpetual", terms{term(license.Perpetual, 0, -1)}, nil, 5000, license.StatusActive, license.Perpetual, 0},
		{"perpetual outranks a subscription", terms{term(license.Subscription, 0, 365), term(license.Perpetual, 10, -1)}, nil, 360, license.StatusActive, license.Perpetual, 0},
		{"partner", terms{term(license.Partner, 0, -1)}, nil, 10, license.StatusActive, license.Partner, 0},
		{"suspended", terms{evaluation}, holds{hold(license.Suspended, 5, -1)}, 6, license.StatusSuspended, license.Evaluation, 24},
		{"before the hold", terms{evaluation}, holds{hold(license.Suspended, 5, -1)}, 4, license.StatusActive, license.Evaluation, 26},
		{"at the instant of the hold", terms{evaluation}, holds{hold(license.Suspended, 5, -1)}, 5, license.StatusSuspended, license.Evaluation, 25},
		{"lifted", terms{evaluation}, holds{hold(license.Suspended, 5, 8)}, 8, license.StatusActive, license.Evaluation, 22},
		{"revoked", terms{term(license.Perpetual, 0, -1)}, holds{hold(license.Revoked, 5, -1)}, 6, license.StatusRevoked, license.Perpetual, 0},
		{"revoked outweighs suspended", terms{evaluation}, holds{hold(license.Revoked, 2, -1), hold(license.Suspended, 5, -1)}, 6, license.StatusRevoked, license.Evaluation, 24},
		{"suspended, then revoked", terms{evaluation}, holds{hold(license.Suspended, 2, -1), hold(license.Revoked, 5, -1)}, 6, license.StatusRevoked, license.Evaluation, 24},
		{"a lifted revocation", terms{evaluation}, holds{hold(license.Revoked, 2, 3)}, 6, license.StatusActive, license.Evaluation, 24},
		{"suspended without a term", nil, holds{hold(license.Suspended, 0, -1)}, 1, license.StatusSuspended, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := license.StatusAt(license.Facts{Terms: c.terms, Holds: c.holds}, noon(c.at))
			if got.Status != c.status || got.Kind != c.kind || got.DaysLeft != c.daysLeft {
				t.Errorf("%s %q with %d days left, want %s %q with %d", got.Status, got.Kind, got.DaysLeft, c.status, c.kind, c.daysLeft)
			}
			reversed := license.Facts{Holds: c.holds}
			for _, term := range c.terms {
				reversed.Terms = append([]license.Term{term}, reversed.Terms...)
			}
			if again := license.StatusAt(reversed, noon(c.at)); !reflect.DeepEqual(again, got) {
				t.Errorf("the order of the facts matters: %+v, %+v", got, again)
			}
		})
	}
}

func TestABegunDayCounts(t *testing.T) {
	f := license.Facts{Terms: []license.Term{term(license.Evaluation, 0, 30)}}
	for at, want := range map[time.Duration]int{0: 30, time.Second: 30, day - time.Second: 30, day: 29, 30*day - time.Second: 1} {
		if got := license.StatusAt(f, noon(0).Add(at)).DaysLeft; got != want {
			t.Errorf("after %v: %d days left, want %d", at, got, want)
		}
	}
}
