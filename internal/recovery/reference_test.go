package recovery

import (
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
)

func TestTheHelpdeskFindsARecoveryByItsReference(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			for _, step := range []Step{Help, Questions} {
				f, _, err := flow.Start(tx, e.Secret, kind, string(step), data{}, time.Hour)
				if err != nil {
					return err
				}
				f.Subject = "account-of-" + string(step)
				if err := f.Save(tx); err != nil {
					return err
				}
				got, err := Referred(tx, reference(f.ID))
				if step == Help && (err != nil || got != f.Subject) {
					t.Errorf("%q %v", got, err)
				}
				if step != Help && !fault.Is(err, fault.NotFound) {
					t.Errorf("one that never asked for help: %q %v", got, err)
				}
			}
			for _, none := range []string{"", "%", "%%%%%%%%", "________", "00000000", "' OR 1=1"} {
				if got, err := Referred(tx, none); !fault.Is(err, fault.NotFound) {
					t.Errorf("%q finds %q: %v", none, got, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
