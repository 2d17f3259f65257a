package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"vestibule/internal/carrier"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/outbox"
)

// dies makes a node's outbox whose context ends the moment that its carrier has,
// or has not, taken a message: the news never reaches the database.
func dies(e *dbtest.Env, f *fake, taken bool) (*outbox.Outbox, context.Context) {
	ctx, cancel := context.WithCancel(context.Background())
	stop := func(carrier.Envelope) error {
		cancel()
		panic("the node dies here")
	}
	g := &fake{name: f.name, before: stop}
	if taken {
		g.before = func(en carrier.Envelope) error { _, err := f.Carry(ctx, en); return err }
		g.after = stop
	}
	return box(e, by(carrier.Email, &mortal{g})), ctx
}

// mortal takes the whole goroutine with it, as a killed process would, so that
// nothing is settled.
type mortal struct{ *fake }

func (m *mortal) Carry(ctx context.Context, en carrier.Envelope) (answer string, err error) {
	defer func() {
		if recover() != nil {
			select {} // never comes back; the test does not wait for it
		}
	}()
	return m.fake.Carry(ctx, en)
}

func TestANodeThatDiesWithAMessageInHandLosesNothing(t *testing.T) {
	for _, taken := range []bool{false, true} {
		t.Run(fmt.Sprintf("taken=%v", taken), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
				f := &fake{name: "first"}
				o, ctx := dies(e, f, taken)
				add(t, e, o, letter("request:1"))
				go func() { _, _ = o.Deliver(context.Background()) }() // never returns: the node is dead
				<-ctx.Done()
				next := box(e, by(carrier.Email, f))
				if n := deliver(t, next); n != 0 {
					t.Error("another node took what is in hand")
				}
				e.Clock.Advance(3 * time.Minute) // the lease runs out
				if n := deliver(t, next); n != 1 {
					t.Errorf("the next node tried %d", n)
				}
				l := only(t, e, next)
				want := 1
				if taken { // at least once: the receiver knows the repeat by its id
					want = 2
				}
				if l.State != outbox.Sent || l.Attempts != 2 || f.times()[l.ID] != want {
					t.Errorf("%+v, taken %v", l, f.times())
				}
			})
		})
	}
}

func TestALateWorkerCannotOverruleTheOneThatTookOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		for name, late := range map[string]error{"late success": nil, "late failure": errors.New("late"), "late refusal": carrier.Permanent(errors.New("late"))} {
			holding, let, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
			slow := &fake{name: "slow", before: func(carrier.Envelope) error { close(holding); <-let; return late }}
			first, second := box(e, by(carrier.Email, slow)), box(e, by(carrier.Email, &fake{name: "second"}))
			add(t, e, first, letter(name))
			go func() { defer close(done); _, _ = first.Deliver(context.Background()) }()
			<-holding
			e.Clock.Advance(3 * time.Minute)
			if n := deliver(t, second); n != 1 {
				t.Fatalf("%s: tried %d", name, n)
			}
			close(let)
			<-done
			if l := entries(t, e, first)[0]; l.State != outbox.Sent || l.Carrier != "second" {
				t.Errorf("%s: %+v", name, l)
			}
		}
	})
}

func TestAPanicInACarrierIsARefusal(t *testing.T) {
	e := dbtest.SQLite(t)
	o := box(e, by(carrier.Email, &fake{name: "first", before: func(carrier.Envelope) error { panic("odd message") }}))
	add(t, e, o, letter("request:1"))
	deliver(t, o)
	if l := only(t, e, o); l.State != outbox.Failed {
		t.Errorf("%+v", l)
	}
}

func TestSixteenWorkersSendEachMessageOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) { workers(t, e, e) })
}

func TestTwoNodesSendEachMessageOnce(t *testing.T) {
	dbtest.Two(t, workers)
}

// workers has eight on each of two nodes deliver a hundred messages.
func workers(t *testing.T, a, b *dbtest.Env) {
	f := &fake{name: "first"}
	boxes := []*outbox.Outbox{box(a, by(carrier.Email, f)), box(b, by(carrier.Email, f))}
	const messages = 100
	for i := range messages {
		add(t, a, boxes[0], letter(fmt.Sprint("request:", i)))
	}
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for {
				n, err := boxes[i%2].Deliver(context.Background())
				if err != nil {
					t.Error(err)
				}
				if n == 0 || err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	for id, n := range f.times() {
		if n != 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	if len(f.took) != messages {
		t.Errorf("%d sent, want %d", len(f.took), messages)
	}
	for _, en := range entries(t, a, boxes[0]) {
		if en.State != outbox.Sent || en.Attempts != 1 {
			t.Errorf("%+v", en)
		}
	}
}
