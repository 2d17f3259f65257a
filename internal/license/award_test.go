package license_test

import (
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// asvs: V2.2.1
func TestWhatCannotBeGrantedIsToldAtItsField(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		id := d.license(t, company(t, e, "harbour", organization.Client))
		if _, err := d.License(t.Context(), ines(), "nothing", "meeting"); !fault.Code(err, "organization-unknown") {
			t.Errorf("for no organization: %v", err)
		}
		if _, err := d.License(t.Context(), license.Staff{ID: "mallory"}, "nothing", "meeting"); !fault.Is(err, fault.Denied) {
			t.Errorf("by a stranger: %v", err)
		}
		dated := license.Policy{
			Product: "meeting", Name: "dated", Title: "Dated", Kind: license.ForSubscription, TermDays: 30, Start: license.AtDate,
			LeaseMinutes: 30, Channels: []string{license.Stable}, FileDays: 20,
		}
		waits := dated
		waits.Name, waits.Start, waits.StartWithin = "waits", license.AtFirstSignIn, 14
		for _, p := range []license.Policy{dated, waits} {
			if _, err := d.PutPolicy(t.Context(), ines(), p); err != nil {
				t.Fatal(err)
			}
		}
		now := e.Clock.Now()
		for name, c := range map[string]struct {
			a           license.Award
			field, code string
		}{
			"no policy":           {license.Award{}, "policy", "choose-one"},
			"an unknown policy":   {license.Award{Policy: "gift"}, "policy", "choose-one"},
			"days below nothing":  {license.Award{Policy: "subscription", Days: -1}, "days", "number-range"},
			"days without end":    {license.Award{Policy: "subscription", Days: 36_501}, "days", "number-range"},
			"seats below nothing": {license.Award{Policy: "subscription", Seats: -1}, "seats", "number-range"},
			"an end of no end":    {license.Award{Policy: "perpetual", Days: 5}, "days", "term-endless"},
			"no date":             {license.Award{Policy: "dated"}, "from", "date-needed"},
			"an ancient date":     {license.Award{Policy: "dated", From: now.AddDate(-21, 0, 0)}, "from", "date-range"},
			"a date to be born":   {license.Award{Policy: "dated", From: now.AddDate(21, 0, 0)}, "from", "date-range"},
		} {
			c.a.Reason = "They ordered it."
			_, err := d.GrantTerm(t.Context(), ines(), id, c.a)
			if f := fault.From(err); f.Code != c.code || f.Field != c.field {
				t.Errorf("%s: %v, want %s at %s", name, err, c.code, c.field)
			}
		}
		if _, err := d.GrantTerm(t.Context(), ines(), "nothing", license.Award{Policy: "dated", Reason: "They ordered it."}); !fault.Is(err, fault.NotFound) {
			t.Errorf("of no licence: %v", err)
		}
		if s := d.state(t, id); s.Status != license.StatusNone {
			t.Errorf("%+v", s)
		}
		from := now.AddDate(0, 1, 0)
		if g := d.grant(t, id, "dated", license.Award{From: from}); !g.StartsAt.Equal(from) || !g.EndsAt.Equal(from.Add(30*day)) {
			t.Errorf("dated: %+v", g)
		}
		if g := d.grant(t, id, "partner", license.Award{Days: 90}); !g.EndsAt.Equal(now.Add(90*day)) || g.Kind != license.Partner {
			t.Errorf("partner: %+v", g)
		}
		other := d.license(t, company(t, e, "waiting", organization.Client))
		if g := d.grant(t, other, "waits", license.Award{}); !g.StartsAt.IsZero() || !g.StartBy.Equal(now.Add(14*day)) {
			t.Errorf("waits: %+v", g)
		}
	})
}

// Of holds at once one is placed, whichever node they come to, and a key is
// replaced once.
// asvs: V2.3.4
func TestOfManyWhoActOnTheSameFactsOneDoes(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		configure(t, a)
		nodes := []*desk{newDesk(a), newDesk(b)}
		id := nodes[0].evaluating(t, company(t, a, "harbour", organization.Client))
		l := reload(t, a, id)
		stamp := l.Facts.Stamp()
		for name, act := range map[string]func(d *desk) error{
			"hold": func(d *desk) error { return d.Hold(t.Context(), ines(), id, "An invoice is open.") },
			"replace": func(d *desk) error {
				_, err := d.ReplaceKey(t.Context(), ines(), id, l.Key, "Seen in a forum.")
				return err
			},
			"grant": func(d *desk) error {
				_, err := d.GrantTerm(t.Context(), ines(), id, license.Award{Policy: license.PolicySubscription, Reason: "Pressed often.", Stamp: stamp})
				return err
			},
		} {
			if name == "grant" {
				stamp = reload(t, a, id).Facts.Stamp()
			}
			var done atomic.Int32
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					n := *nodes[i%2]
					s := *n.Service
					s.Told, n.Service = nil, &s
					err := act(&n)
					if err == nil {
						done.Add(1)
					} else if !fault.Code(err, "changed") {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			wg.Wait()
			if done.Load() != 1 {
				t.Errorf("%s: done %d times", name, done.Load())
			}
		}
	})
}

// What the migration computes for the licences that are there is what every new
// fact computes.
func TestTheMigrationFindsLicencesByTheirEnds(t *testing.T) {
	text, err := os.ReadFile("../db/migrations/0012_policy.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\nUPDATE license SET")
	update, _, more := strings.Cut(rest, ";")
	if !ok || !more {
		t.Fatal("the migration computes nothing")
	}
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		for _, policy := range []string{"", license.PolicyEvaluation, license.PolicySubscription, license.PolicyPerpetual, license.PolicyPartner} {
			id := d.license(t, company(t, e, "firm"+policy, organization.Client))
			if policy != "" {
				d.grant(t, id, policy, license.Award{})
			}
			if policy == license.PolicySubscription {
				e.Clock.Advance(time.Hour)
				d.grant(t, id, policy, license.Award{})
			}
			if policy == license.PolicyPartner {
				for _, err := range []error{d.Hold(t.Context(), ines(), id, "Unpaid."), d.Revoke(t.Context(), ines(), id, "Sold on.")} {
					if err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		read := func(tx *db.Tx) (all []string, err error) {
			err = tx.Each(`SELECT o.name || ' ' || l.ends_at || ' ' || l.held FROM license l JOIN organization o ON o.id = l.organization_id ORDER BY o.name`, nil, func(row func(...any) error) error {
				var one string
				err := row(&one)
				all = append(all, one)
				return err
			})
			return all, err
		}
		write(t, e, func(tx *db.Tx) error {
			before, err := read(tx)
			if err != nil {
				return err
			}
			if _, err := tx.Count(`UPDATE license SET ends_at = 0, held = ''`); err != nil {
				return err
			}
			if _, err := tx.Count(`UPDATE license SET` + update); err != nil {
				return err
			}
			after, err := read(tx)
			if strings.Join(before, "\n") != strings.Join(after, "\n") || len(after) != 5 {
				t.Errorf("before\n%s\nafter\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
			return err
		})
	})
}
