package license_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vestibule/internal/license"
)

func at(days float64) time.Time { return noon(0).Add(time.Duration(days * float64(day))) }

func maintained(from, until int) license.Term {
	t := term(license.Perpetual, from, -1)
	t.MaintenanceUntil = noon(until)
	return t
}

func maintenance(from, until int) license.Term {
	t := term(license.Maintenance, from, until)
	t.ID = "maintenance" + noon(from).Format(time.DateOnly)
	return t
}

func TestAStatusChangesAtTheMicrosecond(t *testing.T) {
	type terms = []license.Term
	type holds = []license.Hold
	const tick = time.Microsecond
	evaluation := term(license.Evaluation, 0, 30)
	paid := grace(term(license.Subscription, 0, 365), 14)
	for _, c := range []struct {
		name          string
		terms         terms
		holds         holds
		at            time.Time
		before, after license.Status
	}{
		{"a dated start", terms{evaluation}, nil, noon(0), license.StatusNotStarted, license.StatusActive},
		{"a start by itself", terms{waiting(14, 30)}, nil, noon(14), license.StatusNotStarted, license.StatusActive},
		{"seven days before an evaluation's end", terms{evaluation}, nil, noon(23), license.StatusActive, license.StatusExpiring},
		{"an evaluation's end", terms{evaluation}, nil, noon(30), license.StatusExpiring, license.StatusExpired},
		{"the end of one that began by itself", terms{waiting(14, 30)}, nil, noon(44), license.StatusExpiring, license.StatusExpired},
		{"thirty days before a subscription's end", terms{paid}, nil, noon(335), license.StatusActive, license.StatusExpiring},
		{"a subscription's end, with grace", terms{paid}, nil, noon(365), license.StatusExpiring, license.StatusGrace},
		{"the end of a grace", terms{paid}, nil, noon(379), license.StatusGrace, license.StatusExpired},
		{"the end of a grace, with a renewal to come", terms{paid, term(license.Renewal, 400, 700)}, nil, noon(379), license.StatusGrace, license.StatusNotStarted},
		{"a renewal within the grace", terms{paid, term(license.Renewal, 370, 735)}, nil, noon(370), license.StatusGrace, license.StatusActive},
		{"a renewal that joins", terms{paid, term(license.Renewal, 365, 730)}, nil, noon(365), license.StatusActive, license.StatusActive},
		{"a renewal one day late, without grace", terms{term(license.Subscription, 0, 365), term(license.Renewal, 366, 700)}, nil, noon(365), license.StatusExpiring, license.StatusNotStarted},
		{"an extension that joins", terms{evaluation, term(license.Extension, 30, 44)}, nil, noon(30), license.StatusActive, license.StatusActive},
		{"a hold", terms{evaluation}, holds{hold(license.Suspended, 5, 8)}, noon(5), license.StatusActive, license.StatusSuspended},
		{"its lifting", terms{evaluation}, holds{hold(license.Suspended, 5, 8)}, noon(8), license.StatusSuspended, license.StatusActive},
		{"a revocation", terms{evaluation}, holds{hold(license.Revoked, 5, -1)}, noon(5), license.StatusActive, license.StatusRevoked},
		{"its lifting, into what has ended", terms{evaluation}, holds{hold(license.Revoked, 5, 40)}, noon(40), license.StatusRevoked, license.StatusExpired},
		{"a revocation while suspended", terms{evaluation}, holds{hold(license.Suspended, 2, -1), hold(license.Revoked, 5, -1)}, noon(5), license.StatusSuspended, license.StatusRevoked},
		{"a revocation lifted, the suspension stays", terms{evaluation}, holds{hold(license.Suspended, 2, -1), hold(license.Revoked, 5, 9)}, noon(9), license.StatusRevoked, license.StatusSuspended},
		{"the end under a hold", terms{evaluation}, holds{hold(license.Suspended, 2, -1)}, noon(30), license.StatusSuspended, license.StatusSuspended},
		{"a perpetual start", terms{term(license.Perpetual, 3, -1)}, nil, noon(3), license.StatusNotStarted, license.StatusActive},
		{"maintenance ends, the product runs on", terms{maintained(0, 365)}, nil, noon(365), license.StatusActive, license.StatusActive},
		{"maintenance alone lets nothing run", terms{maintenance(0, 365)}, nil, noon(1), license.StatusNone, license.StatusNone},
		{"an evaluation that ends while a subscription waits", terms{evaluation, term(license.Subscription, 40, 405)}, nil, noon(30), license.StatusExpiring, license.StatusNotStarted},
		{"a subscription that ends inside an evaluation", terms{term(license.Subscription, -300, 10), evaluation}, nil, noon(10), license.StatusExpiring, license.StatusActive},
		{"a subscription's grace yields to an evaluation that runs", terms{grace(term(license.Subscription, -300, 10), 14), evaluation}, nil, noon(10), license.StatusExpiring, license.StatusActive},
		{"an empty term", terms{term(license.Evaluation, 5, 5)}, nil, noon(5), license.StatusNotStarted, license.StatusExpired},
		{"a partner's end", terms{term(license.Partner, 0, 60)}, nil, noon(60), license.StatusExpiring, license.StatusExpired},
		{"fractions of a second count", terms{{ID: "f", Kind: license.Evaluation, StartsAt: noon(0), EndsAt: noon(30).Add(7 * tick)}}, nil, noon(30).Add(7 * tick), license.StatusExpiring, license.StatusExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := license.Facts{Terms: c.terms, Holds: c.holds}
			if got := license.StatusAt(f, c.at.Add(-tick)).Status; got != c.before {
				t.Errorf("a microsecond before: %s, want %s", got, c.before)
			}
			if got := license.StatusAt(f, c.at).Status; got != c.after {
				t.Errorf("at the instant: %s, want %s", got, c.after)
			}
		})
	}
}

func TestMaintenanceIsCurrentUntilItsEndAndGoesOnByEachRenewal(t *testing.T) {
	type terms = []license.Term
	for _, c := range []struct {
		name  string
		terms terms
		at    float64
		want  license.Maintained
		until int // -1: none
	}{
		{"a subscription has none", terms{term(license.Subscription, 0, 365)}, 5, license.MaintenanceNone, -1},
		{"nor has an old perpetual right", terms{term(license.Perpetual, 0, -1)}, 5, license.MaintenanceNone, -1},
		{"current", terms{maintained(0, 365)}, 364.99, license.MaintenanceCurrent, 365},
		{"lapsed at its end", terms{maintained(0, 365)}, 365, license.MaintenanceLapsed, 365},
		{"renewed in time", terms{maintained(0, 365), maintenance(365, 730)}, 10, license.MaintenanceCurrent, 730},
		{"renewed twice", terms{maintained(0, 365), maintenance(730, 1095), maintenance(365, 730)}, 10, license.MaintenanceCurrent, 1095},
		{"renewed late, before it begins", terms{maintained(0, 365), maintenance(400, 765)}, 390, license.MaintenanceLapsed, 365},
		{"renewed late, as it begins", terms{maintained(0, 365), maintenance(400, 765)}, 400, license.MaintenanceCurrent, 765},
		{"renewed late, and lapsed again", terms{maintained(0, 365), maintenance(400, 765)}, 765, license.MaintenanceLapsed, 765},
		{"two perpetual terms: the one that was granted later", terms{maintained(0, 365), func() license.Term {
			later := maintained(10, 375)
			later.ID, later.GrantedAt = "later", noon(10)
			return later
		}()}, 20, license.MaintenanceCurrent, 375},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := license.StatusAt(license.Facts{Terms: c.terms}, at(c.at))
			var until time.Time
			if c.until >= 0 {
				until = noon(c.until)
			}
			if got.Maintenance != c.want || !got.MaintenanceUntil.Equal(until) {
				t.Errorf("%s until %v, want %s until %v", got.Maintenance, got.MaintenanceUntil, c.want, until)
			}
			if !got.Usable() {
				t.Errorf("the product stopped: %s", got.Status)
			}
		})
	}
}

// A term from before there were policies reads the stable channel and is limited
// by nothing that it did not know.
func TestWhatATermDoesNotSayHasADefault(t *testing.T) {
	s := license.StatusAt(license.Facts{Terms: []license.Term{term(license.Subscription, 0, 365)}}, noon(1))
	if !slices.Equal(s.Channels, []string{license.Stable}) || s.Devices != 0 || s.FileDays != 30 || s.Lease != time.Hour || len(s.Features) != 0 || s.Policy != "" {
		t.Errorf("%+v", s)
	}
	full := term(license.Subscription, 0, 365)
	full.Channels, full.Features, full.Devices, full.FileDays, full.LeaseMinutes = []string{"lts"}, []string{"rooms"}, 3, 9, 5
	full.Policy, full.PolicyVersion = "team", 4
	s = license.StatusAt(license.Facts{Terms: []license.Term{full}}, noon(1))
	if !slices.Equal(s.Channels, full.Channels) || !slices.Equal(s.Features, full.Features) || s.Devices != 3 || s.FileDays != 9 ||
		s.Lease != 5*time.Minute || s.Policy != "team" || s.PolicyVersion != 4 {
		t.Errorf("%+v", s)
	}
}

func TestAStateSaysWhyAndWhatCanBeDone(t *testing.T) {
	type terms = []license.Term
	type holds = []license.Hold
	laddered := term(license.Evaluation, 0, 30)
	laddered.Ladder = license.Ladder{ClientDays: 14, ClientTimes: 1}
	for _, c := range []struct {
		name    string
		terms   terms
		holds   holds
		at      float64
		because []string
		remedy  license.Remedy
	}{
		{"nothing", nil, nil, 0, nil, license.RemedyContact},
		{"waits", terms{waiting(14, 30)}, nil, 1, []string{"granted", "starts-by"}, license.RemedySignIn},
		{"begins later", terms{term(license.Subscription, 5, 30)}, nil, 1, []string{"term-subscription"}, license.RemedyWait},
		{"runs", terms{laddered}, nil, 1, []string{"term-evaluation", "ends"}, license.RemedyNone},
		{"ends soon", terms{laddered}, nil, 29, []string{"term-evaluation", "ends"}, license.RemedyExtend},
		{"ends soon, and has no ladder", terms{term(license.Evaluation, 0, 30)}, nil, 29, []string{"term-evaluation", "ends"}, license.RemedyAskAgain},
		{"extended", terms{laddered, term(license.Extension, 30, 44)}, nil, 40, []string{"term-extension", "ends"}, license.RemedyExtend},
		{"to be extended", terms{laddered, term(license.Extension, 30, 44)}, nil, 20, []string{"term-evaluation", "term-extension", "ends"}, license.RemedyNone},
		{"ended long ago", terms{laddered}, nil, 90, []string{"term-evaluation", "ended"}, license.RemedyAskAgain},
		{"subscription ends soon", terms{term(license.Subscription, 0, 365)}, nil, 340, []string{"term-subscription", "ends"}, license.RemedyRenew},
		{"in grace", terms{grace(term(license.Subscription, 0, 365), 14)}, nil, 370, []string{"term-subscription", "ended", "grace-until"}, license.RemedyRenew},
		{"perpetual, lapsed", terms{maintained(0, 30)}, nil, 40, []string{"term-perpetual", "maintenance-ended"}, license.RemedyMaintenance},
		{"perpetual, current", terms{maintained(0, 30)}, nil, 4, []string{"term-perpetual", "maintenance-until"}, license.RemedyNone},
		{"suspended", terms{term(license.Perpetual, 0, -1)}, holds{hold(license.Suspended, 1, -1)}, 4, []string{"term-perpetual", "hold-suspended"}, license.RemedyContact},
		{"revoked", terms{term(license.Perpetual, 0, -1)}, holds{hold(license.Revoked, 1, -1)}, 4, []string{"term-perpetual", "hold-revoked"}, license.RemedyContact},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := license.StatusAt(license.Facts{Terms: c.terms, Holds: c.holds}, at(c.at))
			var codes []string
			for _, b := range s.Because {
				codes = append(codes, b.Code)
				if b.At.IsZero() && b.Code != "granted" {
					t.Errorf("%s is not dated", b.Code)
				}
			}
			if !slices.Equal(codes, c.because) || s.Remedy != c.remedy {
				t.Errorf("because %v, remedy %q; want %v, %q", codes, s.Remedy, c.because, c.remedy)
			}
		})
	}
}

// Whatever the facts, their order decides nothing, a hold that is in force is
// never usable, and what was usable at an instant is usable until UsableUntil.
func TestAStateKeepsItsPromisesForAnyFacts(t *testing.T) {
	kinds := []license.Kind{license.Evaluation, license.Reactivation, license.Extension, license.Subscription, license.Renewal, license.Perpetual, license.Partner, license.Maintenance}
	rapid.Check(t, func(t *rapid.T) {
		var f license.Facts
		for i := range rapid.IntRange(0, 6).Draw(t, "terms") {
			from := rapid.IntRange(-40, 40).Draw(t, "from")
			one := license.Term{
				ID: string(rune('a' + i)), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), StartsAt: noon(from),
				Days: rapid.IntRange(1, 40).Draw(t, "days"), GraceDays: rapid.IntRange(0, 9).Draw(t, "grace"), GrantedAt: noon(rapid.IntRange(-40, 0).Draw(t, "granted")),
			}
			one.EndsAt = noon(from + one.Days)
			switch {
			case one.Kind == license.Perpetual:
				one.EndsAt, one.MaintenanceUntil = time.Time{}, noon(from+one.Days)
			case one.Kind == license.Evaluation && rapid.Bool().Draw(t, "waits"):
				one.StartBy, one.StartsAt, one.EndsAt = one.StartsAt, time.Time{}, time.Time{}
			}
			f.Terms = append(f.Terms, one)
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "holds") {
			from := rapid.IntRange(-40, 40).Draw(t, "held")
			f.Holds = append(f.Holds, hold(rapid.SampledFrom([]license.HoldKind{license.Suspended, license.Revoked}).Draw(t, "how"), from, from+rapid.IntRange(1, 30).Draw(t, "for")))
			f.Holds[i].ID = string(rune('h' + i))
		}
		now := at(float64(rapid.IntRange(-500, 1000).Draw(t, "at")) / 10)
		s := license.StatusAt(f, now)
		shuffled := license.Facts{Terms: rapid.Permutation(f.Terms).Draw(t, "order"), Holds: rapid.Permutation(f.Holds).Draw(t, "holds' order")}
		if again := license.StatusAt(shuffled, now); !reflect.DeepEqual(again, s) {
			t.Fatalf("the order matters: %+v, %+v", s, again)
		}
		for _, h := range f.Holds {
			if s.Usable() && !now.Before(h.From) && now.Before(h.Lifted) {
				t.Fatalf("usable under a hold: %+v", s)
			}
		}
		if until := s.UsableUntil(); s.Usable() && !until.IsZero() {
			f.Holds = nil
			if last := license.StatusAt(f, until.Add(-time.Microsecond)); !last.Usable() {
				t.Fatalf("usable until %v, and yet then %s", until, last.Status)
			}
		}
	})
}
