package chore_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/chore"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
)

func runner(e *dbtest.Env, chores ...chore.Chore) *chore.Runner {
	return &chore.Runner{DB: e.DB, Secret: e.Secret, Log: slog.New(slog.DiscardHandler), Now: e.Clock.Now, Chores: chores}
}

func TestAChoreRunsWhenItIsDueAndAFailureStopsNoOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		var a, b int
		r := runner(e,
			chore.Chore{Name: "a", Every: time.Hour, Run: func(context.Context) error { a++; return errors.New("no luck") }},
			chore.Chore{Name: "b", Every: 2 * time.Hour, Run: func(context.Context) error { b++; return nil }})
		n, err := r.RunDue(t.Context())
		if n != 2 || err == nil || a != 1 || b != 1 {
			t.Fatalf("ran %d, %v, a=%d b=%d", n, err, a, b)
		}
		if n, _ := r.RunDue(t.Context()); n != 0 {
			t.Fatalf("ran %d before they were due", n)
		}
		e.Clock.Advance(time.Hour)
		if n, _ := r.RunDue(t.Context()); n != 1 || a != 2 || b != 1 {
			t.Fatalf("after an hour: a=%d b=%d", a, b)
		}
		err = e.DB.Read(t.Context(), func(tx *db.Tx) error {
			s, err := chore.States(tx)
			if err != nil || len(s) != 2 || s[0].Error != "no luck" || s[0].Runs != 2 || s[1].Error != "" || !s[1].NextAt.Equal(dbtest.Start().Add(2*time.Hour)) {
				t.Errorf("%+v %v", s, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestOfTwoNodesOneRunsAChore(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		var runs atomic.Int32
		c := chore.Chore{Name: "a", Every: time.Hour, Run: func(context.Context) error { runs.Add(1); return nil }}
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				if _, err := runner([]*dbtest.Env{a, b}[i%2], c).RunDue(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if runs.Load() != 1 {
			t.Fatalf("ran %d times", runs.Load())
		}
	})
}

func TestANodeThatDiesLeavesItsChoreToAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		ctx, die := context.WithCancel(t.Context())
		dying := runner(e, chore.Chore{Name: "a", Every: time.Hour, Run: func(context.Context) error { die(); return nil }})
		if _, err := dying.RunDue(ctx); err == nil {
			t.Fatal("the dead node settled")
		}
		ran := false
		heir := runner(e, chore.Chore{Name: "a", Every: time.Hour, Run: func(context.Context) error { ran = true; return nil }})
		if _, err := heir.RunDue(t.Context()); err != nil || ran {
			t.Fatalf("took it while it was leased: %v", err)
		}
		e.Clock.Advance(10 * time.Minute)
		if _, err := heir.RunDue(t.Context()); err != nil || !ran {
			t.Fatalf("the lease never ran out: %v", err)
		}
	})
}

func TestTheLoopEndsWithItsContext(t *testing.T) {
	e := dbtest.SQLite(t)
	ctx, cancel := context.WithCancel(t.Context())
	ticks := make(chan time.Time)
	runs := make(chan struct{}, 10)
	r := runner(e, chore.Chore{Name: "a", Every: time.Minute, Run: func(context.Context) error { runs <- struct{}{}; return nil }})
	r.Tick = ticks
	done := make(chan struct{})
	go func() { r.Run(ctx); close(done) }()
	<-runs
	ticks <- e.Clock.Now() // taken once the first run is settled, by the clock of then
	e.Clock.Advance(time.Minute)
	ticks <- e.Clock.Now()
	<-runs
	cancel()
	<-done
}
