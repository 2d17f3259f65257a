package account

import (
	"testing"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
)

// To disable and to enable an account must not make a password good again that was no longer good.
func TestAnAccountIsEnabledAsItWas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		for _, c := range []struct {
			name   string
			before func(tx *db.Tx, id string) error
			state  State
			reason Reason
		}{
			{"active", func(*db.Tx, string) error { return nil }, Active, ""},
			{"compromised", func(tx *db.Tx, id string) error { return Expire(tx, id, ByFear) }, Expired, ByFear},
			{"dormant", func(tx *db.Tx, id string) error { return Expire(tx, id, ByDormancy) }, Expired, ByDormancy},
		} {
			err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
				email, err := ParseEmail(c.name + "@harbour.example")
				if err != nil {
					return err
				}
				a, err := Create(tx, e.Secret, DefaultPattern, New{Email: email, FirstName: c.name, LastName: "Lind", State: Unfinished})
				if err != nil {
					return err
				}
				if err := Enable(tx, a.ID); !fault.Is(err, fault.Conflict) {
					t.Errorf("%s: enabled without having been disabled: %v", c.name, err)
				}
				if err := SetPassword(tx, a.ID, "x"); err != nil {
					return err
				}
				for range 2 {
					if err := c.before(tx, a.ID); err != nil && !fault.Is(err, fault.Conflict) {
						return err
					}
					if err := Disable(tx, a.ID, ByStaff); err != nil {
						return err
					}
					if err := Disable(tx, a.ID, ByStaff); !fault.Is(err, fault.Conflict) {
						t.Errorf("%s: disabled twice: %v", c.name, err)
					}
					if err := Enable(tx, a.ID); err != nil {
						return err
					}
					if got, err := Get(tx, a.ID); err != nil || got.State != c.state || got.StateReason != c.reason {
						t.Errorf("%s: %s because of %q afterwards, want %s, %q (%v)", c.name, got.State, got.StateReason, c.state, c.reason, err)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
