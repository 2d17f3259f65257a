package audit_test

import (
	"strings"
	"sync"
	"testing"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
)

func add(t *testing.T, e *dbtest.Env, action string) {
	t.Helper()
	ctx := audit.With(t.Context(), audit.Origin{Address: "192.0.2.7", RequestID: "r1", Actor: audit.Actor{Kind: audit.Staff, ID: "s1"}})
	err := e.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Add(tx, e.Secret, audit.Event{Action: action, Subject: "request:1", Organization: "o1", Detail: map[string]string{"name": "Zoë"}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func verify(t *testing.T, e *dbtest.Env) audit.Report {
	t.Helper()
	r, err := audit.Verify(t.Context(), e.DB)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// asvs: V16.2.1
func TestAnEventTellsWhoDidWhatAndWhence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		add(t, e, "request.approve")
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			return audit.Add(tx, e.Secret, audit.Event{Action: "request.remind", Subject: "request:1"})
		})
		if err != nil {
			t.Fatal(err)
		}
		err = e.DB.Read(t.Context(), func(tx *db.Tx) error {
			h, err := audit.History(tx, "request:1", 10)
			if err != nil || len(h) != 2 {
				t.Fatalf("%v %v", h, err)
			}
			if h[0].Actor.Kind != audit.System || h[0].Detail != nil {
				t.Errorf("a chore's event: %+v", h[0])
			}
			if h[1].Actor.ID != "s1" || h[1].Detail["address"] != "192.0.2.7" || h[1].Detail["name"] != "Zoë" || h[1].RequestID != "r1" || !h[1].At.Equal(dbtest.Start()) {
				t.Errorf("%+v", h[1])
			}
			all, err := audit.Recent(tx, 0, 10)
			if err != nil || len(all) != 2 {
				t.Errorf("recent: %v %v", all, err)
			}
			before, err := audit.Recent(tx, 2, 10)
			if err != nil || len(before) != 1 || before[0].Seq != 1 {
				t.Errorf("before 2: %v %v", before, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// asvs: V16.4.2
func TestEveryWayToForgeTheChainShows(t *testing.T) {
	for name, c := range map[string]struct{ forge, finds string }{
		"change an action":  {`UPDATE event SET action = 'x' WHERE seq = 2`, "event 2 was changed"},
		"change a time":     {`UPDATE event SET at = at + 1 WHERE seq = 2`, "event 2 was changed"},
		"change a detail":   {`UPDATE event_detail SET data = '{"name":"Eve"}' WHERE event_id = (SELECT id FROM event WHERE seq = 2)`, "detail of event 2"},
		"remove a row":      {`DELETE FROM event WHERE seq = 2`, "events 2 to 2 are missing"},
		"cut the tail":      {`DELETE FROM event WHERE seq = 3`, "the tail was cut"},
		"change the head":   {`UPDATE event_head SET hash = 'x'`, "the head"},
		"remove the head":   {`DELETE FROM event_head`, "head of the chain is missing"},
		"swap two subjects": {`UPDATE event SET subject = 'request:2' WHERE seq = 1`, "event 1 was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
				for range 3 {
					add(t, e, "request.view")
				}
				if r := verify(t, e); len(r.Problems) != 0 || r.Events != 3 {
					t.Fatalf("an honest chain: %+v", r)
				}
				err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
					// Details first, as the reference asks for.
					if strings.HasPrefix(c.forge, "DELETE FROM event WHERE") {
						if _, err := tx.Count(`DELETE FROM event_detail`); err != nil {
							return err
						}
					}
					_, err := tx.Count(c.forge)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				r := verify(t, e)
				if !strings.Contains(strings.Join(r.Problems, "; "), c.finds) {
					t.Fatalf("found %q", r.Problems)
				}
			})
		})
	}
}

func TestErasingPersonalDataLeavesTheChainWhole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		add(t, e, "request.view")
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			n, err := audit.Erase(tx, "request:1")
			if n != 1 {
				t.Errorf("erased %d", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if r := verify(t, e); len(r.Problems) != 0 {
			t.Fatalf("%+v", r)
		}
	})
}

func TestSixteenWritersOnTwoNodesMakeOneChain(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() { add(t, []*dbtest.Env{a, b}[i%2], "request.view") })
		}
		wg.Wait()
		if r := verify(t, a); r.Events != 16 || len(r.Problems) != 0 {
			t.Fatalf("%+v", r)
		}
	})
}

func TestAnActThatFailsLeavesNoEvent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			if err := audit.Add(tx, e.Secret, audit.Event{Action: "a.b"}); err != nil {
				return err
			}
			return tx.Do(`UPDATE setting SET value = 'x' WHERE name = 'none'`)
		})
		if err == nil || verify(t, e).Events != 0 {
			t.Fatal("an event without its act")
		}
		if err := e.DB.Write(t.Context(), func(tx *db.Tx) error { return audit.Add(tx, e.Secret, audit.Event{}) }); err == nil {
			t.Fatal("an event without an action was taken")
		}
	})
}
