package license_test

import (
	"testing"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/license"
)

func TestAReleaseIsHadByStatusChannelAndDate(t *testing.T) {
	type terms = []license.Term
	type holds = []license.Hold
	const tick = time.Microsecond
	subscription := grace(term(license.Subscription, 0, 365), 14)
	preview := term(license.Subscription, 0, 365)
	preview.Channels = []string{license.Stable, license.Preview}
	for _, c := range []struct {
		name      string
		terms     terms
		holds     holds
		at        int
		channel   string
		published time.Time
		code      string
		remedy    license.Remedy
		until     time.Time
	}{
		{"evaluation", terms{term(license.Evaluation, 0, 30)}, nil, 5, "stable", noon(-90), "", "", noon(30)},
		{"evaluation, ended", terms{term(license.Evaluation, 0, 30)}, nil, 30, "stable", noon(-90), "license-expired", license.RemedyAskAgain, time.Time{}},
		{"waits", terms{waiting(14, 30)}, nil, 5, "stable", noon(-90), "license-not-started", license.RemedySignIn, time.Time{}},
		{"nothing", nil, nil, 5, "stable", noon(-90), "license-none", license.RemedyContact, time.Time{}},
		{"suspended", terms{subscription}, holds{hold(license.Suspended, 1, -1)}, 5, "stable", noon(1), "license-suspended", license.RemedyContact, time.Time{}},
		{"revoked", terms{maintained(0, 300)}, holds{hold(license.Revoked, 1, -1)}, 5, "stable", noon(1), "license-revoked", license.RemedyContact, time.Time{}},
		{"subscription", terms{subscription}, nil, 300, "stable", noon(299), "", "", noon(379)},
		{"subscription, renewed", terms{subscription, term(license.Renewal, 365, 730)}, nil, 300, "stable", noon(299), "", "", noon(730)},
		{"in grace, what came before", terms{subscription}, nil, 370, "stable", noon(365).Add(-tick), "", "", noon(379)},
		{"in grace, what came at the end", terms{subscription}, nil, 370, "stable", noon(365), "maintenance-lapsed", license.RemedyRenew, noon(365)},
		{"a channel that it has not", terms{subscription}, nil, 5, "preview", noon(1), "channel-not-included", license.RemedyContact, time.Time{}},
		{"a channel that it has", terms{preview}, nil, 5, "preview", noon(1), "", "", noon(365)},
		{"an unknown channel", terms{preview}, nil, 5, "nightly", noon(1), "channel-not-included", license.RemedyContact, time.Time{}},
		{"perpetual", terms{maintained(0, 365)}, nil, 5, "stable", noon(4), "", "", time.Time{}},
		{"perpetual, lapsed, what came before", terms{maintained(0, 365)}, nil, 5000, "stable", noon(365).Add(-tick), "", "", time.Time{}},
		{"perpetual, lapsed, what came at the end", terms{maintained(0, 365)}, nil, 5000, "stable", noon(365), "maintenance-lapsed", license.RemedyMaintenance, noon(365)},
		{"perpetual, renewed late: what came in the gap", terms{maintained(0, 365), maintenance(400, 765)}, nil, 410, "stable", noon(390), "", "", time.Time{}},
		{"perpetual, of old: everything", terms{term(license.Perpetual, 0, -1)}, nil, 5000, "stable", noon(4999), "", "", time.Time{}},
		{"partner", terms{term(license.Partner, 0, -1)}, nil, 5000, "stable", noon(4999), "", "", time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := license.StatusAt(license.Facts{Terms: c.terms, Holds: c.holds}, noon(c.at)).Entitles(c.channel, c.published)
			if v.Allowed != (c.code == "") || v.Code != c.code || v.Remedy != c.remedy || !v.Until.Equal(c.until) {
				t.Errorf("%+v, want %q %q until %v", v, c.code, c.remedy, c.until)
			}
			if e := fault.From(v.Err()); !v.Allowed && (e.Kind != fault.Denied || e.Code != c.code || e.Remedy != string(c.remedy)) {
				t.Errorf("as a fault: %+v", e)
			} else if v.Allowed && v.Err() != nil {
				t.Errorf("allowed, and yet %v", v.Err())
			}
		})
	}
}

func TestAnEvaluationIsExtendedAsFarAsItsLadderGoes(t *testing.T) {
	type terms = []license.Term
	type holds = []license.Hold
	ladder := license.Ladder{ClientDays: 14, ClientTimes: 1, ResellerDays: 10, ResellerTimes: 2, CapDays: 40}
	evaluation := term(license.Evaluation, 0, 30)
	evaluation.Ladder = ladder
	extended := func(by license.Rung, from, until int) license.Term {
		e := term(license.Extension, from, until)
		e.ID, e.Rung, e.GrantedAt = string(by)+noon(from).String(), by, noon(1)
		return e
	}
	again := term(license.Reactivation, 60, 90)
	again.Ladder, again.GrantedAt = ladder, noon(60)
	uncapped := evaluation
	uncapped.Ladder.CapDays = 0
	for _, c := range []struct {
		name  string
		terms terms
		holds holds
		rung  license.Rung
		at    float64
		code  string
		days  int
		until int // -1: no matter
	}{
		{"client, while it runs", terms{evaluation}, nil, license.Client, 25, "", 14, 44},
		{"client, on the first day", terms{evaluation}, nil, license.Client, 0, "", 14, 44},
		{"client, as it has ended", terms{evaluation}, nil, license.Client, 30, "", 14, 44},
		{"client, some days later: from then", terms{evaluation}, nil, license.Client, 40, "", 14, 54},
		{"client, too late", terms{evaluation}, nil, license.Client, 60, "extension-late", 0, -1},
		{"client, the last moment", terms{evaluation}, nil, license.Client, 59.999, "", 14, -1},
		{"office is never too late", terms{evaluation}, nil, license.Office, 600, "", 40, 640},
		{"client, twice", terms{evaluation, extended(license.Client, 30, 44)}, nil, license.Client, 35, "extension-used", 0, -1},
		{"reseller, after the client", terms{evaluation, extended(license.Client, 30, 44)}, nil, license.Reseller, 35, "", 10, 54},
		{"reseller, the second time", terms{evaluation, extended(license.Reseller, 30, 40)}, nil, license.Reseller, 35, "", 10, 50},
		{"reseller, the third time", terms{evaluation, extended(license.Reseller, 30, 40), extended(license.Reseller, 40, 50)}, nil, license.Reseller, 35, "extension-used", 0, -1},
		{"all up to the cap", terms{evaluation, extended(license.Client, 30, 44), extended(license.Reseller, 44, 54), extended(license.Office, 54, 60)}, nil, license.Reseller, 50, "", 10, 70},
		{"one day over the cap", terms{evaluation, extended(license.Client, 30, 44), extended(license.Reseller, 44, 54), extended(license.Office, 54, 61)}, nil, license.Reseller, 50, "extension-cap", 0, -1},
		{"office, what the cap leaves", terms{evaluation, extended(license.Client, 30, 44)}, nil, license.Office, 35, "", 26, 70},
		{"office, when the cap leaves nothing", terms{evaluation, extended(license.Office, 30, 70)}, nil, license.Office, 35, "extension-cap", 0, -1},
		{"office, without a cap", terms{uncapped, extended(license.Office, 30, 900)}, nil, license.Office, 35, "", 0, 900},
		{"a new evaluation has a new ladder", terms{evaluation, extended(license.Client, 30, 44), again}, nil, license.Client, 70, "", 14, 104},
		{"an old one has none", terms{term(license.Evaluation, 0, 30)}, nil, license.Client, 25, "extension-not-offered", 0, -1},
		{"an old one, by the office", terms{term(license.Evaluation, 0, 30)}, nil, license.Office, 25, "", 0, 30},
		{"not begun", terms{waiting(14, 30)}, nil, license.Office, 1, "license-not-started", 0, -1},
		{"paid for", terms{evaluation, term(license.Subscription, 5, 370)}, nil, license.Office, 10, "extension-paid", 0, -1},
		{"paid for, and ended", terms{evaluation, term(license.Subscription, 5, 70)}, nil, license.Office, 100, "extension-paid", 0, -1},
		{"paid for, in time to come", terms{evaluation, term(license.Subscription, 40, 370)}, nil, license.Client, 10, "", 14, 44},
		{"perpetual", terms{maintained(0, 30)}, nil, license.Office, 10, "extension-paid", 0, -1},
		{"suspended", terms{evaluation}, holds{hold(license.Suspended, 1, -1)}, license.Office, 10, "license-suspended", 0, -1},
		{"revoked", terms{evaluation}, holds{hold(license.Revoked, 1, -1)}, license.Office, 10, "license-revoked", 0, -1},
		{"a hold that was lifted", terms{evaluation}, holds{hold(license.Revoked, 1, 2)}, license.Client, 10, "", 14, 44},
		{"nothing", nil, nil, license.Office, 10, "license-none", 0, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := license.CanExtend(license.License{Facts: license.Facts{Terms: c.terms, Holds: c.holds}}, c.rung, at(c.at))
			if v.Allowed != (c.code == "") || v.Code != c.code || v.Days != c.days || c.until >= 0 && !v.Until.Equal(noon(c.until)) {
				t.Errorf("%+v, want %q with %d days until %v", v, c.code, c.days, c.until)
			}
			if !v.Allowed && v.Remedy == license.RemedyNone {
				t.Error("nothing can be done")
			}
		})
	}
}
