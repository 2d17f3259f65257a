package license_test

import (
	"sync"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

func write(t *testing.T, e *dbtest.Env, f func(*db.Tx) error) {
	t.Helper()
	if err := e.DB.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// licensed makes an organization with a licence for the product.
func licensed(t *testing.T, e *dbtest.Env) (l license.License) {
	t.Helper()
	write(t, e, func(tx *db.Tx) error {
		if err := license.PutProduct(tx, license.Product{ID: "meeting", Name: "Meeting Add-On", Prefix: "MAG", Offered: true}); err != nil {
			return err
		}
		o, err := organization.Create(tx, e.Secret, organization.Organization{Name: "Harbour Vale", Kind: organization.Client})
		if err != nil {
			return err
		}
		l, err = license.Make(tx, e.Secret, o.ID, "meeting")
		return err
	})
	return l
}

func reload(t *testing.T, e *dbtest.Env, id string) (l license.License) {
	t.Helper()
	write(t, e, func(tx *db.Tx) (err error) {
		l, err = license.Get(tx, id)
		return err
	})
	return l
}

func TestALicenceKeepsItsKeyUntilItLeaks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		l := licensed(t, e)
		write(t, e, func(tx *db.Tx) error {
			again, err := license.Make(tx, e.Secret, l.Organization, "meeting")
			if again.ID != l.ID || again.Key != l.Key {
				t.Errorf("made twice: %+v", again)
			}
			return err
		})
		var next license.Key
		write(t, e, func(tx *db.Tx) (err error) {
			next, err = license.ReplaceKey(tx, e.Secret, l.ID, l.Key)
			return err
		})
		if next == l.Key || reload(t, e, l.ID).Key != next {
			t.Errorf("the successor of %s is %s", l.Key, next)
		}
		write(t, e, func(tx *db.Tx) error {
			if _, err := license.ReplaceKey(tx, e.Secret, l.ID, l.Key); !fault.Is(err, fault.Conflict) {
				t.Errorf("the old key was replaced twice: %v", err)
			}
			if found, replaced, err := license.ByKey(tx, l.Key); found.ID != l.ID || !replaced || err != nil {
				t.Errorf("the old key: %v, replaced %v, %v", found.ID, replaced, err)
			}
			if found, replaced, err := license.ByKey(tx, next); found.ID != l.ID || replaced || err != nil {
				t.Errorf("the new key: %v, replaced %v, %v", found.ID, replaced, err)
			}
			if _, _, err := license.ByKey(tx, license.NewKey(e.Secret, "MAG")); !fault.Is(err, fault.NotFound) {
				t.Errorf("an unknown key: %v", err)
			}
			return nil
		})
	})
}

func TestHoldsArePlacedAndLiftedAndStayAsFacts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		l := licensed(t, e)
		write(t, e, func(tx *db.Tx) error {
			if _, err := license.Grant(tx, e.Secret, l, license.Term{Kind: license.Perpetual, StartsAt: tx.Now()}); err != nil {
				return err
			}
			return license.Place(tx, e.Secret, l, license.Hold{Kind: license.Suspended, Reason: "unpaid", By: "ines"})
		})
		held := reload(t, e, l.ID)
		if s := held.At(e.Clock.Now()); s.Status != license.StatusSuspended || s.Reason != "unpaid" || s.Usable() {
			t.Errorf("held: %+v", s)
		}
		e.Clock.Advance(time.Hour)
		hold := held.Facts.Holds[0].ID
		write(t, e, func(tx *db.Tx) error { return license.Lift(tx, e.Secret, l, hold, "ines") })
		lifted := reload(t, e, l.ID)
		if s := lifted.At(e.Clock.Now()); s.Status != license.StatusActive || !s.Usable() || len(lifted.Facts.Holds) != 1 {
			t.Errorf("lifted: %+v", s)
		}
		if s := lifted.At(e.Clock.Now().Add(-time.Minute)); s.Status != license.StatusSuspended {
			t.Errorf("a minute earlier it was %s", s.Status)
		}
		write(t, e, func(tx *db.Tx) error {
			if err := license.Lift(tx, e.Secret, l, hold, "ines"); !fault.Is(err, fault.Conflict) {
				t.Errorf("lifted twice: %v", err)
			}
			return nil
		})
	})
}

func TestAnEvaluationIsMeasuredByItsRule(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		rule := license.EvaluationRule{Days: 30, StartWithin: 14}
		evaluate := func(l license.License, r license.EvaluationRule) (term license.Term) {
			t.Helper()
			write(t, e, func(tx *db.Tx) error {
				l, err := license.Get(tx, l.ID)
				if err != nil {
					return err
				}
				term, err = license.Evaluate(tx, e.Secret, l, r, 50, "ines", "request")
				return err
			})
			return term
		}
		l := licensed(t, e)
		first := evaluate(l, rule)
		if first.Kind != license.Evaluation || !first.StartsAt.IsZero() || !first.StartBy.Equal(e.Clock.Now().Add(14*day)) {
			t.Errorf("the first: %+v", first)
		}
		if same := evaluate(l, rule); same.ID != first.ID {
			t.Errorf("a second one while the first waits: %+v", same)
		}
		e.Clock.Advance(20 * day)
		second := evaluate(l, rule)
		if second.Kind != license.Reactivation || !second.StartsAt.Equal(e.Clock.Now()) || !second.EndsAt.Equal(e.Clock.Now().Add(30*day)) {
			t.Errorf("the second: %+v", second)
		}

		rule.FromApproval = true
		write(t, e, func(tx *db.Tx) error {
			o, err := organization.Create(tx, e.Secret, organization.Organization{Name: "Other", Kind: organization.Client})
			if err != nil {
				return err
			}
			l, err = license.Make(tx, e.Secret, o.ID, "meeting")
			return err
		})
		if at := evaluate(l, rule); at.Kind != license.Evaluation || !at.StartsAt.Equal(e.Clock.Now()) {
			t.Errorf("from the approval: %+v", at)
		}
	})
}

func TestOfManyFirstSignInsOneStartsTheEvaluation(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		nodes := []*dbtest.Env{a, b}
		l := licensed(t, a)
		write(t, a, func(tx *db.Tx) error {
			_, err := license.Evaluate(tx, a.Secret, l, license.EvaluationRule{Days: 30, StartWithin: 14}, 0, "ines", "")
			return err
		})
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				if err := nodes[i%2].DB.Write(t.Context(), func(tx *db.Tx) error { return license.Start(tx, a.Secret, l.Organization) }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got := reload(t, a, l.ID)
		if s := got.At(a.Clock.Now()); len(got.Facts.Terms) != 1 || s.Status != license.StatusActive || s.DaysLeft != 30 {
			t.Errorf("terms %+v", got.Facts.Terms)
		}
		var starts int
		write(t, a, func(tx *db.Tx) error {
			return tx.Get(`SELECT count(*) FROM event WHERE action = 'license.term_start'`, nil, &starts)
		})
		if starts != 1 {
			t.Errorf("%d events of a start", starts)
		}
	})
}
