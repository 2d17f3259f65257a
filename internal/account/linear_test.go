package account

import (
	"sync"
	"testing"

	"github.com/anishathalye/porcupine"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
)

// Each recovery code is a register of its own that is right once: what two nodes answer, all at once, must be what some order of
// the tries would answer.
//
// asvs: V6.5.1
func TestRecoveryCodesAreLinearizableOnTwoNodes(t *testing.T) {
	model := porcupine.Model{
		Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
			by := map[string][]porcupine.Operation{}
			for _, o := range all {
				by[o.Input.(string)] = append(by[o.Input.(string)], o)
			}
			var parts [][]porcupine.Operation
			for _, part := range by {
				parts = append(parts, part)
			}
			return parts
		},
		Init: func() any { return true },
		Step: func(unused, _, output any) (bool, any) { return output == unused, false },
	}
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		var id string
		var codes []string
		err := a.DB.Write(t.Context(), func(tx *db.Tx) error {
			email, err := ParseEmail("marta@harbour.example")
			if err != nil {
				return err
			}
			made, err := Create(tx, a.Secret, DefaultPattern, New{Email: email, FirstName: "Marta", LastName: "Lind", State: Unfinished})
			if err != nil {
				return err
			}
			id = made.ID
			codes, err = NewRecoveryCodes(tx, a.Ring, a.Secret, id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var h dbtest.History
		var wait sync.WaitGroup
		for client := range 50 {
			e := []*dbtest.Env{a, b}[client%2]
			wait.Go(func() {
				for i := range 4 {
					given := codes[(client+i)%4]
					h.Do(client, given, func() any {
						right := false
						err := e.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
							right, err = UseRecoveryCode(tx, e.Ring, id, given)
							return err
						})
						if err != nil {
							t.Error(err)
						}
						return right
					})
				}
			})
		}
		wait.Wait()
		h.Linearizable(t, model)
		var left int
		err = a.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
			left, err = RecoveryCodesLeft(tx, id)
			return err
		})
		if err != nil || left != RecoveryCodeCount-4 {
			t.Errorf("%d codes are left, want %d (%v)", left, RecoveryCodeCount-4, err)
		}
	})
}
