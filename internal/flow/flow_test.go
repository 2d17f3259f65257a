package flow_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
)

type talk struct{ Said string }

func start(t *testing.T, e *dbtest.Env) (id string, ticket flow.Ticket) {
	t.Helper()
	err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
		f, tk, err := flow.Start(tx, e.Secret, "talk", "hello", talk{Said: "Hi"}, time.Hour)
		if err == nil {
			id, ticket = f.ID, tk
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, ticket
}

func TestATicketOpensItsOwnFlowAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		id, ticket := start(t, e)
		_, other := start(t, e)
		for name, c := range map[string]struct {
			kind   string
			ticket flow.Ticket
			after  time.Duration
			ok     bool
		}{
			"right":           {"talk", ticket, 0, true},
			"no ticket":       {"talk", "", 0, false},
			"another kind":    {"walk", ticket, 0, false},
			"another's key":   {"talk", flow.Ticket(id + string(other)[26:]), 0, false},
			"id without key":  {"talk", flow.Ticket(id), 0, false},
			"at its very end": {"talk", ticket, time.Hour, false},
		} {
			e.Clock.Set(dbtest.Start().Add(c.after))
			err := e.DB.Read(t.Context(), func(tx *db.Tx) error {
				f, err := flow.Load[talk](tx, c.kind, c.ticket)
				if err == nil && (f.ID != id || f.Data.Said != "Hi" || f.Step != "hello" || c.ticket.ID() != id) {
					t.Errorf("%s: got %+v", name, f)
				}
				return err
			})
			if c.ok != (err == nil) || (err != nil && !fault.Is(err, fault.Gone)) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestOfSixteenSavesOneCounts(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		_, ticket := start(t, a)
		// All load the same version before the first saves.
		var loaded, done sync.WaitGroup
		loaded.Add(16)
		var saved, conflicts atomic.Int32
		for i := range 16 {
			e := []*dbtest.Env{a, b}[i%2]
			done.Go(func() {
				err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
					f, err := flow.Load[talk](tx, "talk", ticket)
					loaded.Done()
					if err != nil {
						return err
					}
					loaded.Wait()
					f.Step = "bye"
					return f.Save(tx)
				})
				switch {
				case err == nil:
					saved.Add(1)
				case fault.Is(err, fault.Conflict):
					conflicts.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		done.Wait()
		if saved.Load() != 1 || conflicts.Load() != 15 {
			t.Fatalf("%d saved, %d conflicts", saved.Load(), conflicts.Load())
		}
	})
}

func TestANewTicketEndsTheOldOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		_, old := start(t, e)
		var fresh flow.Ticket
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			f, err := flow.Load[talk](tx, "talk", old)
			if err != nil {
				return err
			}
			f.Subject = "account:1"
			if err := f.Save(tx); err != nil {
				return err
			}
			fresh, err = f.NewTicket(tx, e.Secret)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := flow.Load[talk](tx, "talk", old); !fault.Is(err, fault.Gone) {
				t.Errorf("the old ticket: %v", err)
			}
			byID, err := flow.LoadByID[talk](tx, "talk", fresh.ID())
			if err != nil || byID.Subject != "account:1" {
				t.Errorf("by id: %v", err)
			}
			if _, err := flow.LoadBySubject[talk](tx, "talk", "account:1"); err != nil {
				t.Errorf("by subject: %v", err)
			}
			f, err := flow.Load[talk](tx, "talk", fresh)
			if err != nil {
				return err
			}
			if err := f.Finish(tx); err != nil {
				return err
			}
			if err := f.Save(tx); !fault.Is(err, fault.Conflict) {
				t.Errorf("a finished flow was saved: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestListsAndSweepsFollowTheClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		first, _ := start(t, e)
		e.Clock.Advance(time.Minute)
		start(t, e)
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			at, err := flow.AtStep[talk](tx, "talk", "hello", 10)
			if err != nil || len(at) != 2 || at[0].ID != first {
				t.Errorf("at the step: %v %v", at, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		e.Clock.Set(dbtest.Start().Add(time.Hour))
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error {
			old, err := flow.Expired[talk](tx, "talk", tx.Now(), 10)
			if err != nil || len(old) != 1 || old[0].ID != first {
				t.Errorf("expired: %v %v", old, err)
			}
			n, err := flow.Sweep(tx, tx.Now(), 10)
			if n != 1 {
				t.Errorf("swept %d", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
