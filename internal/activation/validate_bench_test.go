package activation_test

import (
	"testing"

	"vestibule/internal/activation"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
)

// BenchmarkValidate is a validation by key alone against the least that could answer it: one indexed read of one row.
func BenchmarkValidate(b *testing.B) {
	e := dbtest.SQLite(b)
	r := newRig(b, e, limits{devices: 5, seats: 2, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
	b.Run("validate", func(b *testing.B) {
		for b.Loop() {
			if v, err := r.Validate(b.Context(), activation.Asked{Key: r.l.Key.String()}, ""); err != nil || !v.Valid {
				b.Fatal(v, err)
			}
		}
	})
	b.Run("one read", func(b *testing.B) {
		lookup := r.l.Key.Lookup()
		for b.Loop() {
			if err := e.DB.Read(b.Context(), func(tx *db.Tx) error {
				var id string
				var replaced int64
				return tx.Get(`SELECT license_id, replaced_at FROM license_key WHERE lookup = $1`, []any{lookup}, &id, &replaced)
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
