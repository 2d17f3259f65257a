package access_test

import (
	"testing"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// asvs: V8.3.1
func TestAStandingIsDecidedFromDatedFacts(t *testing.T) {
	now := time.Date(2026, 6, 16, 9, 0, 0, 0, time.UTC)
	at := func(days int) time.Time { return now.Add(time.Duration(days) * day) }
	client := organization.Membership{Organization: organization.Organization{ID: "o", Kind: organization.Client}, JoinedAt: at(-40)}
	reseller := organization.Membership{Organization: organization.Organization{ID: "r", Kind: organization.Reseller}, JoinedAt: at(-40)}
	lic := func(kind license.Kind, from, until int, holds ...license.Hold) license.License {
		term := license.Term{ID: "t", Kind: kind, StartsAt: at(from)}
		if until != 0 {
			term.EndsAt = at(until)
		}
		return license.License{ID: string(kind), Facts: license.Facts{Terms: []license.Term{term}, Holds: holds}}
	}
	unstarted := license.License{ID: "u", Facts: license.Facts{Terms: []license.Term{{Kind: license.Evaluation, Days: 30, StartBy: at(5)}}}}
	held := func(kind license.HoldKind) license.Hold { return license.Hold{ID: "h", Kind: kind, From: at(-1)} }
	open := &access.Request{ID: "open", State: access.Received, CreatedAt: at(-1)}
	declined := &access.Request{ID: "declined", State: access.Declined, CreatedAt: at(-3), DecidedAt: at(-2), Reason: "No."}
	approved := &access.Request{ID: "approved", State: access.Approved, CreatedAt: at(-3), DecidedAt: at(-2)}
	joining := &organization.JoinRequest{ID: "j", State: organization.JoinOpen}
	refused := &organization.JoinRequest{ID: "j", State: organization.JoinRefused}
	type licenses = []license.License

	for _, c := range []struct {
		name            string
		facts           access.Facts
		allowed, locked bool
		reason          access.Reason
		remedy          access.Remedy
	}{
		{"address not confirmed", access.Facts{Membership: client, Licenses: licenses{lic(license.Evaluation, 0, 30)}}, false, false, access.ReasonEmailUnconfirmed, access.RemedyConfirmEmail},
		{"nothing known", access.Facts{EmailConfirmed: true}, false, false, access.ReasonNoRequest, access.RemedyRequest},
		{"request waits", access.Facts{EmailConfirmed: true, Open: open}, false, false, access.ReasonWaiting, access.RemedyWait},
		{"declined", access.Facts{EmailConfirmed: true, Last: declined}, false, false, access.ReasonDeclined, access.RemedyRequest},
		{"declined and asked again", access.Facts{EmailConfirmed: true, Open: open, Last: declined}, false, false, access.ReasonWaiting, access.RemedyWait},
		{"wants to join", access.Facts{EmailConfirmed: true, Join: joining}, false, false, access.ReasonJoinWaiting, access.RemedyWait},
		{"may not join", access.Facts{EmailConfirmed: true, Join: refused}, false, false, access.ReasonJoinRefused, access.RemedyRequest},
		{"may not join, was declined", access.Facts{EmailConfirmed: true, Join: refused, Last: declined}, false, false, access.ReasonDeclined, access.RemedyRequest},
		{"approved once, removed since", access.Facts{EmailConfirmed: true, Last: approved}, false, false, access.ReasonNoRequest, access.RemedyRequest},
		{"member of an organization without a licence", access.Facts{EmailConfirmed: true, Membership: client}, false, false, access.ReasonNoRequest, access.RemedyRequest},
		{"member without a licence, request waits", access.Facts{EmailConfirmed: true, Membership: client, Open: open}, false, false, access.ReasonWaiting, access.RemedyWait},
		{"evaluation runs", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{lic(license.Evaluation, -10, 20)}}, true, false, access.ReasonEvaluation, access.RemedyNone},
		{"evaluation not begun", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{unstarted}}, true, false, access.ReasonNotStarted, access.RemedyNone},
		{"evaluation over", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{lic(license.Evaluation, -40, -10)}}, true, true, access.ReasonEvaluationOver, access.RemedyAskAgain},
		{"evaluation over, asked again", access.Facts{EmailConfirmed: true, Membership: client, Open: open, Licenses: licenses{lic(license.Evaluation, -40, -10)}}, true, true, access.ReasonEvaluationOver, access.RemedyWait},
		{"evaluation over, declined", access.Facts{EmailConfirmed: true, Membership: client, Last: declined, Licenses: licenses{lic(license.Evaluation, -40, -10)}}, true, true, access.ReasonEvaluationOver, access.RemedyAskAgain},
		{"subscription runs", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{lic(license.Subscription, -10, 200)}}, true, false, access.ReasonSubscription, access.RemedyNone},
		{"subscription near its end", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{lic(license.Subscription, -300, 20)}}, true, false, access.ReasonSubscription, access.RemedyRenew},
		{"subscription over", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{lic(license.Subscription, -300, -1)}}, true, true, access.ReasonSubscriptionOver, access.RemedyAskAgain},
		{"perpetual", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{lic(license.Perpetual, -3000, 0)}}, true, false, access.ReasonSubscription, access.RemedyNone},
		{"suspended", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{lic(license.Subscription, -10, 200, held(license.Suspended))}}, true, true, access.ReasonSuspended, access.RemedyContact},
		{"revoked", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{lic(license.Subscription, -10, 200, held(license.Revoked))}}, true, true, access.ReasonRevoked, access.RemedyContact},
		{"one product over, another runs", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{lic(license.Evaluation, -40, -10), lic(license.Subscription, -10, 200)}}, true, false, access.ReasonSubscription, access.RemedyNone},
		{"one product revoked, another over", access.Facts{EmailConfirmed: true, Membership: client, Licenses: licenses{lic(license.Subscription, -10, 200, held(license.Revoked)), lic(license.Evaluation, -40, -10)}}, true, true, access.ReasonEvaluationOver, access.RemedyAskAgain},
		{"reseller without a licence", access.Facts{EmailConfirmed: true, Membership: reseller}, true, false, access.ReasonPartner, access.RemedyNone},
		{"reseller whose evaluation is over", access.Facts{EmailConfirmed: true, Membership: reseller, Licenses: licenses{lic(license.Evaluation, -40, -10)}}, true, false, access.ReasonPartner, access.RemedyNone},
		{"reseller with a request", access.Facts{EmailConfirmed: true, Membership: reseller, Open: open}, true, false, access.ReasonPartner, access.RemedyNone},
		{"reseller, address not confirmed", access.Facts{Membership: reseller}, false, false, access.ReasonEmailUnconfirmed, access.RemedyConfirmEmail},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := access.Evaluate(c.facts, now)
			if got.Allowed != c.allowed || got.Locked != c.locked || got.Reason != c.reason || got.Remedy != c.remedy {
				t.Errorf("allowed %v locked %v %s, remedy %q; want %v %v %s, %q", got.Allowed, got.Locked, got.Reason, got.Remedy, c.allowed, c.locked, c.reason, c.remedy)
			}
			if got.Reason == access.ReasonWaiting && got.Request.Age != day {
				t.Errorf("a waiting request of age %v", got.Request.Age)
			}
			if got.Reason == access.ReasonDeclined && got.Request.Decline != "No." {
				t.Errorf("declined because %q", got.Request.Decline)
			}
		})
	}
}
