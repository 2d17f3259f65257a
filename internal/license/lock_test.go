package license_test

import (
	"sync"
	"testing"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// Whatever happens to a licence at the moment at which it is revoked, it is revoked afterwards: for the page, for a program that asks by
// its key, and on the list.
func TestARevocationIsForgottenByNobodyWhoWritesAtTheSameMoment(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		do := func(e *dbtest.Env, f func(tx *db.Tx) error) {
			if err := e.DB.Write(t.Context(), f); err != nil {
				t.Error(err)
			}
		}
		do(a, func(tx *db.Tx) error {
			return license.PutProduct(tx, license.Product{ID: "meeting", Name: "Meeting Add-On", Prefix: "MAG", Offered: true})
		})
		for n := range 20 {
			var l license.License
			do(a, func(tx *db.Tx) error {
				o, err := organization.Create(tx, a.Secret, organization.Organization{Name: "Harbour Vale", Kind: organization.Client})
				if err != nil {
					return err
				}
				if l, err = license.Make(tx, a.Secret, o.ID, "meeting"); err != nil {
					return err
				}
				_, err = license.Evaluate(tx, a.Secret, l, license.EvaluationRule{Days: 30, StartWithin: 14}, 5, "x", "")
				return err
			})
			var group sync.WaitGroup
			gate := make(chan struct{})
			for _, act := range []func(){
				func() {
					do(a, func(tx *db.Tx) error {
						return license.Place(tx, a.Secret, l, license.Hold{Kind: license.Revoked, Reason: "leaked", By: "x"})
					})
				},
				func() { do(b, func(tx *db.Tx) error { return license.Start(tx, b.Secret, l.Organization) }) },
				func() {
					do(b, func(tx *db.Tx) error {
						_, err := license.Grant(tx, b.Secret, l, license.Term{Kind: license.Partner, StartsAt: tx.Now()})
						return err
					})
				},
			} {
				group.Go(func() {
					<-gate
					act()
				})
			}
			close(gate)
			group.Wait()
			do(a, func(tx *db.Tx) error {
				brief, err := license.BriefByKey(tx, l.Key)
				if err != nil {
					return err
				}
				all, err := license.AllWithdrawn(tx)
				if s := license.StatusAt(brief.Facts, tx.Now()); s.Status != license.StatusRevoked || len(all) != n+1 {
					t.Errorf("%d: %s, %d withdrawn", n, s.Status, len(all))
				}
				var held string
				if err := tx.Get(`SELECT held FROM license WHERE id = $1`, []any{l.ID}, &held); err != nil || held != "revoked" {
					t.Errorf("%d: lists have it as %q %v", n, held, err)
				}
				return err
			})
		}
	})
}
