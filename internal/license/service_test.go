package license_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

func ines() license.Staff { return license.Staff{ID: "ines", Name: "Ines Duarte"} }

// A desk is the Service on one node, which notes what it told.
type desk struct {
	*license.Service
	e    *dbtest.Env
	told []license.Change
}

func rule() license.EvaluationRule { return license.EvaluationRule{Days: 30, StartWithin: 14} }

func newDesk(e *dbtest.Env) *desk {
	d := &desk{e: e}
	d.Service = &license.Service{
		DB: e.DB, Secret: e.Secret, Evaluation: rule(),
		May: func(_ *db.Tx, id string, _ license.Permission) (bool, error) { return id == "ines", nil },
		Told: func(tx *db.Tx, _ license.License, c license.Change) error {
			tx.AfterCommit(func() { d.told = append(d.told, c) })
			return nil
		},
	}
	return d
}

func configure(t *testing.T, e *dbtest.Env) {
	t.Helper()
	write(t, e, func(tx *db.Tx) error {
		return license.Configure(tx, license.Product{ID: "meeting", Name: "Meeting Add-On", Prefix: "MAG"}, rule())
	})
}

// company makes an organization with an administrator and a technical member.
func company(t *testing.T, e *dbtest.Env, name string, kind organization.Kind) string {
	t.Helper()
	var id string
	write(t, e, func(tx *db.Tx) error {
		o, err := organization.Create(tx, e.Secret, organization.Organization{Name: name, Kind: kind})
		if err != nil {
			return err
		}
		id = o.ID
		for role, who := range map[organization.Role]string{organization.Administrator: "admin", organization.Technical: "tech"} {
			if _, err := organization.Admit(tx, e.Secret, o.ID, who+"@"+name, who+"@"+name, role, organization.ByApproval); err != nil {
				return err
			}
		}
		return nil
	})
	return id
}

func (d *desk) license(t *testing.T, organizationID string) string {
	t.Helper()
	id, err := d.License(t.Context(), ines(), organizationID, "meeting")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (d *desk) grant(t *testing.T, id, policy string, a license.Award) license.Term {
	t.Helper()
	a.Policy, a.Reason = policy, "They ordered it."
	term, err := d.GrantTerm(t.Context(), ines(), id, a)
	if err != nil {
		t.Fatal(err)
	}
	return term
}

func (d *desk) state(t *testing.T, id string) license.State {
	t.Helper()
	return reload(t, d.e, id).At(d.e.Clock.Now())
}

func TestATermKeepsWhatItsPolicySaidThatDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		id := d.license(t, company(t, e, "Harbour Vale", organization.Client))
		if err := d.PutFeature(t.Context(), ines(), license.Feature{Product: "meeting", Code: "rooms", Name: "Rooms"}); err != nil {
			t.Fatal(err)
		}
		team := license.Policy{
			Product: "meeting", Name: "team", Title: "Team", Kind: license.ForSubscription, TermDays: 365, Start: license.AtGrant, GraceDays: 14,
			Seats: 50, Devices: 5, LeaseMinutes: 30, Channels: []string{license.Stable, license.Preview}, Features: []string{"rooms"}, FileDays: 20,
		}
		first, err := d.PutPolicy(t.Context(), ines(), team)
		if err != nil || first.Version != 1 {
			t.Fatalf("%+v, %v", first, err)
		}
		term := d.grant(t, id, "team", license.Award{Version: 1})
		if term.Kind != license.Subscription || term.PolicyVersion != 1 || !term.EndsAt.Equal(e.Clock.Now().Add(365*day)) || term.Note == "" {
			t.Errorf("granted %+v", term)
		}
		changed := first
		changed.Devices, changed.Channels, changed.Features = 1, []string{license.Stable}, nil
		second, err := d.PutPolicy(t.Context(), ines(), changed)
		if err != nil || second.Version != 2 {
			t.Fatalf("%+v, %v", second, err)
		}
		if _, err := d.PutPolicy(t.Context(), ines(), changed); !fault.Code(err, "changed") {
			t.Errorf("two made the second version: %v", err)
		}
		if _, err := d.PutPolicy(t.Context(), ines(), team); !fault.Code(err, "policy-taken") {
			t.Errorf("a policy of that name again: %v", err)
		}
		s := d.state(t, id)
		if s.Policy != "team" || s.PolicyVersion != 1 || s.Devices != 5 || s.Seats != 50 || s.FileDays != 20 || s.Lease != 30*time.Minute ||
			!slices.Equal(s.Channels, team.Channels) || !slices.Equal(s.Features, team.Features) || !s.GraceUntil.Equal(s.Ends.Add(14*day)) {
			t.Errorf("what was granted has changed: %+v", s)
		}
		if _, err := d.GrantTerm(t.Context(), ines(), id, license.Award{Policy: "team", Version: 1, Reason: "They ordered it."}); !fault.Code(err, "changed") {
			t.Errorf("granted by a version that is not the latest: %v", err)
		}
		versions, err := d.PolicyVersions(t.Context(), "meeting", "team")
		if err != nil || len(versions) != 2 || versions[0].Version != 2 || versions[1].Devices != 5 {
			t.Errorf("%+v, %v", versions, err)
		}
		second.Retired = true
		if _, err := d.PutPolicy(t.Context(), ines(), second); err != nil {
			t.Fatal(err)
		}
		if _, err := d.GrantTerm(t.Context(), ines(), id, license.Award{Policy: "team", Reason: "They ordered it."}); !fault.Code(err, "choose-one") {
			t.Errorf("granted by a retired policy: %v", err)
		}
	})
}

func TestASubscriptionIsRenewedWhereItEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		id := d.license(t, company(t, e, "Harbour Vale", organization.Client))
		first := d.grant(t, id, license.PolicySubscription, license.Award{Seats: 20})
		e.Clock.Advance(350 * day)
		inTime := d.grant(t, id, license.PolicySubscription, license.Award{})
		if inTime.Kind != license.Renewal || !inTime.StartsAt.Equal(first.EndsAt) {
			t.Errorf("in time: %+v", inTime)
		}
		e.Clock.Set(inTime.EndsAt.Add(5 * day))
		inGrace := d.grant(t, id, license.PolicySubscription, license.Award{Days: 30})
		if !inGrace.StartsAt.Equal(inTime.EndsAt) || !inGrace.EndsAt.Equal(inTime.EndsAt.Add(30*day)) {
			t.Errorf("in its grace: %+v", inGrace)
		}
		e.Clock.Set(inGrace.EndsAt.Add(100 * day))
		late := d.grant(t, id, license.PolicySubscription, license.Award{})
		if !late.StartsAt.Equal(e.Clock.Now()) {
			t.Errorf("late: %+v", late)
		}
		stamp := reload(t, e, id).Facts.Stamp()
		d.grant(t, id, license.PolicySubscription, license.Award{Stamp: stamp})
		if _, err := d.GrantTerm(t.Context(), ines(), id, license.Award{Policy: license.PolicySubscription, Reason: "Pressed twice.", Stamp: stamp}); !fault.Code(err, "changed") {
			t.Errorf("the same form twice: %v", err)
		}
	})
}

func TestMaintenanceIsRenewedAndItsLapseKeepsWhatWas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		id := d.license(t, company(t, e, "Harbour Vale", organization.Client))
		if _, err := d.RenewMaintenance(t.Context(), ines(), id, license.Award{Reason: "They ordered it."}); !fault.Code(err, "maintenance-none") {
			t.Errorf("of nothing: %v", err)
		}
		bought := d.grant(t, id, license.PolicyPerpetual, license.Award{})
		if !bought.EndsAt.IsZero() || !bought.MaintenanceUntil.Equal(e.Clock.Now().Add(365*day)) {
			t.Errorf("%+v", bought)
		}
		e.Clock.Advance(400 * day)
		s := d.state(t, id)
		if s.Maintenance != license.MaintenanceLapsed || s.Remedy != license.RemedyMaintenance || !s.Usable() {
			t.Errorf("lapsed: %+v", s)
		}
		old, fresh := bought.MaintenanceUntil.Add(-day), bought.MaintenanceUntil.Add(day)
		if !s.Entitles("stable", old).Allowed || s.Entitles("stable", fresh).Code != "maintenance-lapsed" {
			t.Error("lapsed maintenance gives the old, and nothing new")
		}
		renewed, err := d.RenewMaintenance(t.Context(), ines(), id, license.Award{Reason: "They ordered it."})
		if err != nil || !renewed.StartsAt.Equal(e.Clock.Now()) || renewed.Days != 365 {
			t.Fatalf("%+v, %v", renewed, err)
		}
		next, err := d.RenewMaintenance(t.Context(), ines(), id, license.Award{Reason: "For another year.", Days: 100})
		if err != nil || !next.StartsAt.Equal(renewed.EndsAt) || next.Days != 100 {
			t.Fatalf("%+v, %v", next, err)
		}
		s = d.state(t, id)
		if s.Maintenance != license.MaintenanceCurrent || !s.MaintenanceUntil.Equal(next.EndsAt) || s.Status != license.StatusActive || !s.Entitles("stable", fresh).Allowed {
			t.Errorf("renewed: %+v", s)
		}
	})
}

func TestAnEndedEvaluationIsGivenAgainOnTheSameKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		id := d.license(t, company(t, e, "Harbour Vale", organization.Client))
		write(t, e, func(tx *db.Tx) error {
			l, err := license.Get(tx, id)
			if err != nil {
				return err
			}
			first, err := license.Evaluate(tx, e.Secret, l, rule(), 50, "ines", "")
			if first.Policy != license.PolicyEvaluation || first.FileDays != 7 || first.Ladder.ClientDays != 14 {
				t.Errorf("an approved evaluation copied nothing of its policy: %+v", first)
			}
			return err
		})
		again := license.Award{Reason: "They asked for more time."}
		if _, err := d.GrantTerm(t.Context(), ines(), id, license.Award{Policy: license.PolicyEvaluation, Reason: again.Reason}); !fault.Code(err, "evaluation-runs") {
			t.Errorf("a second one while one waits: %v", err)
		}
		if _, err := d.Reactivate(t.Context(), ines(), id, again); !fault.Code(err, "evaluation-runs") {
			t.Errorf("while one waits: %v", err)
		}
		e.Clock.Advance(100 * day)
		key := reload(t, e, id).Key
		term, err := d.Reactivate(t.Context(), ines(), id, again)
		if err != nil || term.Kind != license.Reactivation || term.Seats != 50 || !term.StartsAt.Equal(e.Clock.Now()) || term.Days != 30 {
			t.Fatalf("%+v, %v", term, err)
		}
		if s := d.state(t, id); s.Status != license.StatusActive || reload(t, e, id).Key != key {
			t.Errorf("%+v", s)
		}
		e.Clock.Advance(40 * day)
		if err := d.Revoke(t.Context(), ines(), id, "Shared in a forum."); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Reactivate(t.Context(), ines(), id, again); !fault.Code(err, "license-revoked") {
			t.Errorf("revoked: %v", err)
		}
		if _, err := d.GrantTerm(t.Context(), ines(), id, license.Award{Policy: license.PolicySubscription, Reason: "They ordered it."}); !fault.Code(err, "license-revoked") {
			t.Errorf("revoked: %v", err)
		}
	})
}

func (d *desk) evaluating(t *testing.T, organizationID string) string {
	t.Helper()
	id := d.license(t, organizationID)
	d.grant(t, id, license.PolicyEvaluation, license.Award{From: d.e.Clock.Now()})
	return id
}

// asvs: V8.2.2
// asvs: V8.2.1
func TestOnlyTheOwnAdministratorExtendsAndOnlyOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		o, other := company(t, e, "harbour", organization.Client), company(t, e, "foreign", organization.Client)
		id := d.evaluating(t, o)
		for name, c := range map[string]struct {
			s    license.Stretch
			id   string
			code string
		}{
			"another organization's":     {license.Stretch{By: "admin@foreign", Organization: other}, id, "not-found"},
			"one that there is not":      {license.Stretch{By: "admin@foreign", Organization: other}, "nothing", "not-found"},
			"in another's name":          {license.Stretch{By: "admin@foreign", Organization: o}, id, "not-found"},
			"no administrator":           {license.Stretch{By: "tech@harbour", Organization: o}, id, "not-allowed"},
			"nobody":                     {license.Stretch{By: "nobody", Organization: o}, id, "not-found"},
			"no staff":                   {license.Stretch{Rung: license.Office, By: "admin@harbour", Days: 5, Reason: "More time."}, id, "not-allowed"},
			"staff without a reason":     {license.Stretch{Rung: license.Office, By: "ines", Days: 5}, id, "reason-needed"},
			"staff without days":         {license.Stretch{Rung: license.Office, By: "ines", Reason: "More time."}, id, "number-range"},
			"staff with more than there": {license.Stretch{Rung: license.Office, By: "ines", Reason: "More time.", Days: 61}, id, "extension-most"},
			"a form of long ago":         {license.Stretch{By: "admin@harbour", Organization: o, Stamp: "0.0.0"}, id, "changed"},
		} {
			if _, err := d.Extend(t.Context(), c.id, c.s); !fault.Code(err, c.code) {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		mine := license.Stretch{By: "admin@harbour", Organization: o}
		e.Clock.Advance(25 * day)
		v, err := d.One(t.Context(), o, id)
		if err != nil || !v.Extension.Allowed || v.State.Remedy != license.RemedyExtend {
			t.Fatalf("%+v, %v", v.Extension, err)
		}
		term, err := d.Extend(t.Context(), id, mine)
		if err != nil || term.Days != 14 || !term.EndsAt.Equal(v.Extension.Until) || term.Rung != license.Client || term.Policy != license.PolicyEvaluation {
			t.Fatalf("%+v, %v", term, err)
		}
		if _, err := d.Extend(t.Context(), id, mine); !fault.Code(err, "extension-used") || fault.From(err).Remedy != string(license.RemedyAskAgain) {
			t.Errorf("twice: %v", err)
		}
		if _, err := d.Extend(t.Context(), id, license.Stretch{Rung: license.Office, By: "ines", Name: "Ines Duarte", Days: 46, Reason: "A holiday came between."}); err != nil {
			t.Errorf("the rest by the office: %v", err)
		}
		if s := d.state(t, id); s.DaysLeft != 5+14+46 {
			t.Errorf("%d days left", s.DaysLeft)
		}
		if n := len(d.told); n != 3 || d.told[1].Kind != license.Extended || d.told[1].By != license.Client || d.told[2].Reason == "" {
			t.Errorf("told %+v", d.told)
		}
		reseller := company(t, e, "resale", organization.Reseller)
		own := d.evaluating(t, reseller)
		if term, err := d.Extend(t.Context(), own, license.Stretch{By: "admin@resale", Organization: reseller}); err != nil || term.Rung != license.Reseller {
			t.Errorf("a reseller's own: %+v, %v", term, err)
		}
	})
}

// asvs: V2.3.4
func TestOfFiftyWhoExtendAtOnceOneDoes(t *testing.T) {
	race := func(t *testing.T, nodes ...*dbtest.Env) {
		configure(t, nodes[0])
		d := newDesk(nodes[0])
		o := company(t, nodes[0], "harbour", organization.Client)
		id := d.evaluating(t, o)
		var extended, told atomic.Int32
		var wg sync.WaitGroup
		for i := range 50 {
			s := newDesk(nodes[i%len(nodes)])
			s.Told = func(tx *db.Tx, _ license.License, _ license.Change) error {
				tx.AfterCommit(func() { told.Add(1) })
				return nil
			}
			wg.Go(func() {
				_, err := s.Extend(t.Context(), id, license.Stretch{By: "admin@harbour", Organization: o})
				if err == nil {
					extended.Add(1)
				} else if !fault.Code(err, "extension-used") {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if s := d.state(t, id); extended.Load() != 1 || told.Load() != 1 || s.DaysLeft != 44 {
			t.Errorf("%d extended, %d told, %d days", extended.Load(), told.Load(), s.DaysLeft)
		}
	}
	t.Run("two nodes", func(t *testing.T) { dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) { race(t, a, b) }) })
	t.Run("one node", func(t *testing.T) { dbtest.Each(t, func(t *testing.T, e *dbtest.Env) { race(t, e) }) })
}

func TestWhatStaffDoHasAReasonAnEventAndIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		id := d.evaluating(t, company(t, e, "harbour", organization.Client))
		old := reload(t, e, id).Key
		ctx := t.Context()
		stranger := license.Staff{ID: "mallory", Name: "Mallory"}
		for name, act := range map[string]func(by license.Staff, reason string) error{
			"hold":    func(by license.Staff, r string) error { return d.Hold(ctx, by, id, r) },
			"lift":    func(by license.Staff, r string) error { return d.Lift(ctx, by, id, "hold", r) },
			"revoke":  func(by license.Staff, r string) error { return d.Revoke(ctx, by, id, r) },
			"replace": func(by license.Staff, r string) error { _, err := d.ReplaceKey(ctx, by, id, old, r); return err },
			"grant": func(by license.Staff, r string) error {
				_, err := d.GrantTerm(ctx, by, id, license.Award{Policy: license.PolicyPartner, Reason: r})
				return err
			},
		} {
			if err := act(stranger, "A good reason."); !fault.Is(err, fault.Denied) {
				t.Errorf("%s by a stranger: %v", name, err)
			}
			if err := act(ines(), " \u202e "); !fault.Code(err, "reason-needed") {
				t.Errorf("%s without a reason: %v", name, err)
			}
			if err := act(ines(), strings.Repeat("a", 501)); !fault.Code(err, "reason-long") {
				t.Errorf("%s with a book: %v", name, err)
			}
		}
		d.told = nil
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(d.Hold(ctx, ines(), id, "An invoice is open."))
		if err := d.Hold(ctx, ines(), id, "Twice."); !fault.Code(err, "changed") {
			t.Errorf("held twice: %v", err)
		}
		c, err := d.Case(ctx, id)
		must(err)
		if c.State.Status != license.StatusSuspended || c.State.Reason != "An invoice is open." || c.Extension.Allowed {
			t.Errorf("%+v", c.State)
		}
		e.Clock.Advance(time.Hour)
		must(d.Lift(ctx, ines(), id, c.State.Hold, "It was paid."))
		key, err := d.ReplaceKey(ctx, ines(), id, old, "Seen in a forum.")
		must(err)
		if _, err := d.ReplaceKey(ctx, ines(), id, old, "Seen in a forum."); !fault.Code(err, "changed") {
			t.Errorf("replaced twice: %v", err)
		}
		if l := reload(t, e, id); !l.Rekeyed.Equal(e.Clock.Now()) || !c.Rekeyed.IsZero() {
			t.Errorf("rekeyed at %v, before at %v", l.Rekeyed, c.Rekeyed)
		}
		must(d.Revoke(ctx, ines(), id, "Sold on."))
		if err := d.Hold(ctx, ines(), id, "Too late."); !fault.Code(err, "changed") {
			t.Errorf("suspended while revoked: %v", err)
		}
		c, err = d.Case(ctx, id)
		must(err)
		if c.State.Status != license.StatusRevoked || len(c.Keys) != 2 || c.Keys[0].Key != key || c.Keys[1].Key != old || c.Keys[1].ReplacedAt.IsZero() ||
			c.Facts.Holds[0].Note != "It was paid." || len(c.Policies) != 4 || c.OrganizationName != "harbour" {
			t.Errorf("%+v", c)
		}
		var kinds []license.ChangeKind
		for _, one := range d.told {
			kinds = append(kinds, one.Kind)
		}
		if want := []license.ChangeKind{license.HeldBack, license.LetGo, license.Rekeyed, license.TakenAway}; !slices.Equal(kinds, want) {
			t.Errorf("told %v, want %v", kinds, want)
		}
		reasons := map[string]string{}
		for _, h := range c.History {
			reasons[h.Action] = h.Detail["reason"]
			for k, v := range h.Detail {
				if parsed, err := license.ParseKey(v); err == nil || strings.Contains(v, string(old)) {
					t.Errorf("%s: a key in %s: %s", h.Action, k, parsed)
				}
			}
			if h.Action != "license.create" && (h.Detail["by"] != "Ines Duarte" || h.Actor != audit.Actor{Kind: audit.Staff, ID: "ines"}) {
				t.Errorf("%s by %+v", h.Action, h.Actor)
			}
		}
		if reasons["license.hold_place"] != "An invoice is open." || reasons["license.revoke"] != "Sold on." || reasons["license.key_replace"] == "" || reasons["license.hold_lift"] == "" {
			t.Errorf("%v", reasons)
		}
		d.Told = func(*db.Tx, license.License, license.Change) error { return errors.New("no paper") }
		if err := d.Lift(ctx, ines(), id, c.State.Hold, "A mistake."); err == nil {
			t.Error("what could not be told was done")
		}
		if s := d.state(t, id); s.Status != license.StatusRevoked {
			t.Errorf("%+v", s)
		}
	})
}

func TestALicenceIsExplainedAtAnyInstant(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		o, other := company(t, e, "harbour", organization.Client), company(t, e, "foreign", organization.Client)
		id := d.evaluating(t, o)
		begin := e.Clock.Now()
		e.Clock.Advance(25 * day)
		if _, err := d.Extend(t.Context(), id, license.Stretch{By: "admin@harbour", Organization: o}); err != nil {
			t.Fatal(err)
		}
		at := func(organizationID string, when time.Time) (license.View, error) {
			return d.Explain(context.WithoutCancel(t.Context()), organizationID, id, when)
		}
		for name, c := range map[string]struct {
			at     time.Time
			status license.Status
			left   int
		}{
			"before it was granted": {begin.Add(-time.Second), license.StatusNone, 0},
			"as it was known then":  {begin.Add(24 * day), license.StatusExpiring, 6},
			"now":                   {e.Clock.Now(), license.StatusActive, 19},
			"in a while":            {begin.Add(40 * day), license.StatusExpiring, 4},
			"in a long while":       {begin.Add(400 * day), license.StatusExpired, 0},
		} {
			v, err := at(o, c.at)
			if err != nil || v.State.Status != c.status || v.State.DaysLeft != c.left {
				t.Errorf("%s: %s with %d left, %v", name, v.State.Status, v.State.DaysLeft, err)
			}
		}
		if _, err := at(other, begin); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's: %v", err)
		}
		if _, err := at("", begin); !fault.Is(err, fault.NotFound) {
			t.Errorf("for nobody: %v", err)
		}
		if v, err := d.ExplainToStaff(t.Context(), id, e.Clock.Now()); err != nil || v.Extension.Days != 46 {
			t.Errorf("to staff: %+v, %v", v.Extension, err)
		}
		if _, err := d.One(t.Context(), other, id); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's: %v", err)
		}
		if _, err := d.One(t.Context(), "", id); !fault.Is(err, fault.NotFound) {
			t.Errorf("nobody's: %v", err)
		}
		if all, err := d.Mine(t.Context(), o); err != nil || len(all) != 1 || all[0].ID != id {
			t.Errorf("%+v, %v", all, err)
		}
		if all, err := d.Mine(t.Context(), other); err != nil || len(all) != 0 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
