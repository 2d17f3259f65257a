package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/outbox"
)

// fake is a carrier that does as it is told and remembers what it took.
type fake struct {
	name string
	mu   sync.Mutex
	took []carrier.Envelope
	// before and after are asked at each try: before the message is taken, and
	// after, when an error loses the news of it.
	before, after func(e carrier.Envelope) error
	answer        string
}

func (f *fake) Name() string { return f.name }

func (f *fake) Carry(_ context.Context, e carrier.Envelope) (string, error) {
	if f.before != nil {
		if err := f.before(e); err != nil {
			return "", err
		}
	}
	f.mu.Lock()
	f.took = append(f.took, e)
	f.mu.Unlock()
	if f.after != nil {
		if err := f.after(e); err != nil {
			return "", err
		}
	}
	return f.answer, nil
}

// times says how often each message was taken.
func (f *fake) times() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := map[string]int{}
	for _, e := range f.took {
		n[e.ID]++
	}
	return n
}

func box(e *dbtest.Env, change ...func(*outbox.Options)) *outbox.Outbox {
	o := outbox.Options{DB: e.DB, Secret: e.Secret, Ring: e.Ring, Carriers: map[carrier.Channel][]carrier.Carrier{}}
	for _, c := range change {
		c(&o)
	}
	return outbox.New(o)
}

func by(channel carrier.Channel, cs ...carrier.Carrier) func(*outbox.Options) {
	return func(o *outbox.Options) { o.Carriers[channel] = cs }
}

func letter(about string) outbox.Message {
	return outbox.Message{Kind: "request-received", Channel: carrier.Email, About: about, To: "marta@harbour.example", Lang: "en-GB",
		Subject: "We have your request", Text: "Go to https://portal.example/welcome/tok3n now", HTML: "<p>tok3n</p>", Secrets: []string{"tok3n"}}
}

func write(t *testing.T, e *dbtest.Env, f func(tx *db.Tx) error) {
	t.Helper()
	if err := e.DB.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, e *dbtest.Env, o *outbox.Outbox, ms ...outbox.Message) {
	t.Helper()
	write(t, e, func(tx *db.Tx) error {
		for _, m := range ms {
			if err := o.Add(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func deliver(t *testing.T, o *outbox.Outbox) int {
	t.Helper()
	n, err := o.Deliver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func entries(t *testing.T, e *dbtest.Env, o *outbox.Outbox) []outbox.Entry {
	t.Helper()
	var all []outbox.Entry
	if err := e.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		all, err = o.List(tx, outbox.Filter{Limit: 1000})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func only(t *testing.T, e *dbtest.Env, o *outbox.Outbox) outbox.Letter {
	t.Helper()
	all := entries(t, e, o)
	if len(all) != 1 {
		t.Fatalf("%d messages, want 1: %+v", len(all), all)
	}
	return show(t, e, o, all[0].ID)
}

func show(t *testing.T, e *dbtest.Env, o *outbox.Outbox, id string) outbox.Letter {
	t.Helper()
	var l outbox.Letter
	if err := e.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		l, err = o.Show(tx, id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return l
}

func body(t *testing.T, e *dbtest.Env, id string) string {
	t.Helper()
	var s string
	if err := e.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`SELECT body FROM outbox_message WHERE id = $1`, []any{id}, &s)
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// asvs: V14.2.4
func TestAMessageIsKeptSealedShownMaskedAndWipedOnceItLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		f := &fake{name: "first", answer: "250 ok tok3n for marta@harbour.example"}
		o := box(e, by(carrier.Email, f))
		add(t, e, o, letter("request:1"))
		l := only(t, e, o)
		if l.State != outbox.Queued || strings.Contains(l.Text+l.HTML, "tok3n") || !strings.Contains(l.Text, "https://portal.example/welcome/••••••") {
			t.Errorf("shown as %s %q %q", l.State, l.Text, l.HTML)
		}
		if kept := body(t, e, l.ID); kept == "" || strings.Contains(kept, "tok3n") || strings.Contains(kept, "portal") {
			t.Errorf("kept readable: %q", kept)
		}
		if n := deliver(t, o); n != 1 {
			t.Fatalf("tried %d", n)
		}
		if len(f.took) != 1 || f.took[0].Text != letter("").Text || f.took[0].Subject != letter("").Subject || f.took[0].ID != l.ID || !f.took[0].At.Equal(e.Clock.Now()) {
			t.Errorf("the carrier took %+v", f.took)
		}
		l = only(t, e, o)
		if l.State != outbox.Sent || l.Text != "" || body(t, e, l.ID) != "" || l.Carrier != "first" || l.Answer != "250 ok •••••• for (recipient)" {
			t.Errorf("after: %+v", l)
		}
		if n := deliver(t, o); n != 0 {
			t.Errorf("tried %d more", n)
		}
	})
}

// asvs: V2.3.3
func TestAMessageIsThereIfAndOnlyIfItsFactIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		o := box(e, by(carrier.Email, &fake{}))
		undo := errors.New("undo")
		if err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			return errors.Join(o.Add(tx, letter("request:1")), undo)
		}); !errors.Is(err, undo) {
			t.Fatal(err)
		}
		if all := entries(t, e, o); len(all) != 0 {
			t.Errorf("a message without its fact: %+v", all)
		}
	})
}

func TestRetriesWaitLongerEachTimeAndEndAsFailed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		f := &fake{name: "first", before: func(carrier.Envelope) error { return errors.New("421 come back later, tok3n") }}
		var told []string
		o := box(e, by(carrier.Email, f), func(op *outbox.Options) {
			op.Tries, op.MaxWait = 4, time.Minute
			op.Failed = func(kind, by string, err error) { told = append(told, kind+" "+by+" "+err.Error()) }
		})
		add(t, e, o, letter("request:1"))
		for try := 1; try <= 4; try++ {
			if n := deliver(t, o); n != 1 {
				t.Fatalf("try %d: tried %d", try, n)
			}
			if n := deliver(t, o); n != 0 {
				t.Fatalf("try %d: not waiting", try)
			}
			l := only(t, e, o)
			if try == 4 {
				if l.State != outbox.Failed || l.Answer != "421 come back later, ••••••" {
					t.Errorf("in the end: %+v", l)
				}
				break
			}
			wait := l.DueAt.Sub(e.Clock.Now())
			plain := min(time.Minute, 30*time.Second<<(try-1))
			if l.State != outbox.Queued || l.Attempts != try || wait < plain*3/4 || wait > plain*5/4 {
				t.Errorf("after try %d: %s, waits %s", try, l.State, wait)
			}
			e.Clock.Advance(wait)
		}
		if len(told) != 4 || told[0] != "request-received first 421 come back later, ••••••" {
			t.Errorf("told %q", told)
		}
		// Staff mend the cause and try again: the words are still there.
		f.before = nil
		id := only(t, e, o).ID
		write(t, e, func(tx *db.Tx) error { return o.Retry(tx, id) })
		deliver(t, o)
		if l := only(t, e, o); l.State != outbox.Sent || len(f.took) != 1 {
			t.Errorf("retried: %+v", l)
		}
	})
}

func TestARefusalForGoodFailsAtOnceAndTheSecondProviderIsAskedFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		first := &fake{name: "first", before: func(carrier.Envelope) error { return carrier.Permanent(errors.New("no such number")) }}
		second := &fake{name: "second"}
		o := box(e, by(carrier.SMS, first, second))
		m := letter("registration:1")
		m.Channel, m.To = carrier.SMS, "+447700900123"
		add(t, e, o, m)
		deliver(t, o)
		if l := only(t, e, o); l.State != outbox.Sent || l.Carrier != "second" {
			t.Errorf("not failed over: %+v", l)
		}
		second.before = func(carrier.Envelope) error { return carrier.Permanent(errors.New("country not served")) }
		m.About = "registration:2"
		e.Clock.Advance(time.Second)
		add(t, e, o, m)
		deliver(t, o)
		if l := entries(t, e, o)[0]; l.State != outbox.Failed || l.Answer != "country not served" || l.Attempts != 1 {
			t.Errorf("both refuse: %+v", l)
		}
		second.before = func(carrier.Envelope) error { return errors.New("away") }
		m.About = "registration:3"
		e.Clock.Advance(time.Second)
		add(t, e, o, m)
		deliver(t, o)
		if l := entries(t, e, o)[0]; l.State != outbox.Queued {
			t.Errorf("one of them may still take it: %+v", l)
		}
	})
}

func TestANewerMessageTakesBackTheOlderOneOfItsKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		f := &fake{}
		o := box(e, by(carrier.Email, f), by(carrier.SMS, f))
		old, other, copied, code := letter("request:1"), letter("request:1"), letter("request:1"), letter("request:1")
		other.Kind = "request-withdrawn"
		copied.To = "ines@northwind.example"
		code.Kind, code.Channel, code.Sole, code.To = "register-code", carrier.SMS, true, "+447700900123"
		add(t, e, o, old, other, copied, code)
		newer, corrected := letter("request:1"), code
		newer.Subject = "newer"
		corrected.To = "+447700900199"
		elsewhere := letter("request:2")
		e.Clock.Advance(time.Second)
		add(t, e, o, newer, corrected, elsewhere)
		deliver(t, o)
		got := map[string]int{}
		for _, took := range f.took {
			got[took.Kind+" "+took.To+" "+took.Subject]++
		}
		for _, want := range []string{
			"request-received marta@harbour.example newer", "request-received marta@harbour.example We have your request", // of request:2
			"request-withdrawn marta@harbour.example We have your request", "request-received ines@northwind.example We have your request",
			"register-code +447700900199 We have your request",
		} {
			if got[want] != 1 {
				t.Errorf("%q was sent %d times", want, got[want])
			}
		}
		if len(f.took) != 5 {
			t.Errorf("%d sent: %v", len(f.took), got)
		}
	})
}

func TestWhatIsOutdatedWhileInAWorkersHandsIsNotTriedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		o := box(e)
		f := &fake{}
		f.before = func(en carrier.Envelope) error {
			if en.Subject == "newer" {
				return nil
			}
			newer := letter("request:1")
			newer.Subject = "newer"
			return errors.Join(e.DB.Write(context.Background(), func(tx *db.Tx) error { return o.Add(tx, newer) }), errors.New("fails"))
		}
		o = box(e, by(carrier.Email, f))
		add(t, e, o, letter("request:1"))
		deliver(t, o)
		e.Clock.Advance(24 * time.Hour)
		deliver(t, o)
		deliver(t, o)
		if len(f.took) != 1 || f.took[0].Subject != "newer" {
			t.Errorf("sent: %+v", f.took)
		}
		for _, en := range entries(t, e, o) {
			if en.Subject != "newer" && (en.State != outbox.Dropped || en.Reason != outbox.ByReplacement) {
				t.Errorf("the older: %+v", en)
			}
		}
	})
}

func TestWhatLostItsMeaningIsDroppedAndWiped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		f := &fake{before: func(carrier.Envelope) error { return errors.New("away") }}
		o := box(e, by(carrier.Email, f))
		m := letter("request:1")
		m.Until = e.Clock.Now().Add(10 * time.Minute)
		add(t, e, o, m)
		deliver(t, o)
		e.Clock.Advance(10 * time.Minute)
		f.before = nil
		deliver(t, o)
		l := only(t, e, o)
		if l.State != outbox.Dropped || l.Reason != outbox.ByExpiry || body(t, e, l.ID) != "" || len(f.took) != 0 {
			t.Errorf("expired: %+v", l)
		}
		if err := e.DB.Write(t.Context(), func(tx *db.Tx) error { return o.Retry(tx, l.ID) }); !fault.Code(err, "message-expired") {
			t.Errorf("retry of an expired one: %v", err)
		}
		e.Clock.Advance(time.Second)
		add(t, e, o, letter("request:2"))
		write(t, e, func(tx *db.Tx) error { return o.Recall(tx, "request:2", "request-received") })
		if n := deliver(t, o); n != 0 {
			t.Errorf("a recalled message was tried")
		}
		if en := entries(t, e, o)[0]; en.Reason != outbox.ByRecall {
			t.Errorf("recalled: %+v", en)
		}
	})
}

func TestWithoutACarrierMessagesAreHeldUntilThereIsOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		o := box(e)
		gone := letter("request:2")
		gone.Until = e.Clock.Now().Add(time.Minute)
		add(t, e, o, letter("request:1"), gone)
		if n := deliver(t, o); n != 0 || !o.Holding(carrier.Email) {
			t.Errorf("tried %d without a carrier", n)
		}
		var c outbox.Counts
		write(t, e, func(tx *db.Tx) (err error) { c, err = o.Count(tx); return err })
		if c.Held != 2 || c.Queued != 0 {
			t.Errorf("counted %+v", c)
		}
		e.Clock.Advance(time.Hour)
		f := &fake{}
		configured := box(e, by(carrier.Email, f))
		deliver(t, configured)
		if len(f.took) != 1 || f.took[0].Text == "" {
			t.Errorf("sent %+v", f.took)
		}
	})
}

func TestStaffSeeRetryAndDropWhatNobodyHasInHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		var o *outbox.Outbox
		f := &fake{before: func(en carrier.Envelope) error {
			for name, act := range map[string]func(*db.Tx, string) error{"retry": o.Retry, "drop": o.Drop} {
				if err := e.DB.Write(context.Background(), func(tx *db.Tx) error { return act(tx, en.ID) }); !fault.Code(err, "message-in-hand") {
					t.Errorf("%s of a message in hand: %v", name, err)
				}
			}
			return errors.New("away")
		}}
		o = box(e, by(carrier.Email, f))
		add(t, e, o, letter("request:1"))
		deliver(t, o)
		id := only(t, e, o).ID
		write(t, e, func(tx *db.Tx) error { return o.Drop(tx, id) })
		if l := only(t, e, o); l.State != outbox.Dropped || l.Reason != outbox.ByStaff || body(t, e, id) != "" {
			t.Errorf("dropped: %+v", l)
		}
		for name, act := range map[string]func(*db.Tx, string) error{"retry": o.Retry, "drop": o.Drop} {
			if err := e.DB.Write(t.Context(), func(tx *db.Tx) error { return act(tx, id) }); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s of a dropped message: %v", name, err)
			}
			if err := e.DB.Write(t.Context(), func(tx *db.Tx) error { return act(tx, "none") }); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s of no message: %v", name, err)
			}
		}
		var filtered []outbox.Entry
		write(t, e, func(tx *db.Tx) (err error) {
			filtered, err = o.List(tx, outbox.Filter{State: outbox.Dropped, Channel: carrier.Email, Kind: "request-received", About: "request:1", To: "marta@harbour.example"})
			return err
		})
		if len(filtered) != 1 {
			t.Errorf("filtered: %+v", filtered)
		}
		e.Clock.Advance(91 * 24 * time.Hour)
		if err := o.Sweep(t.Context()); err != nil || len(entries(t, e, o)) != 0 {
			t.Errorf("swept: %v, %+v", err, entries(t, e, o))
		}
	})
}

// asvs: V1.4.3
func TestRunDeliversWhenWokenAndStopsCleanly(t *testing.T) {
	e := dbtest.SQLite(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	sent := make(chan string, 10)
	f := &fake{after: func(en carrier.Envelope) error { sent <- en.Subject; return nil }}
	o := box(e, by(carrier.Email, f), func(op *outbox.Options) { op.Poll = time.Hour })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); o.Run(ctx) }()
	for i := range 3 { // each commit wakes it: the poll would take an hour
		m := letter(fmt.Sprint("request:", i))
		m.Subject = fmt.Sprint(i)
		add(t, e, o, m)
		if got := <-sent; got != m.Subject {
			t.Errorf("got %q, want %q", got, m.Subject)
		}
	}
	stop()
	<-done
	for _, en := range entries(t, e, o) {
		if en.State != outbox.Sent {
			t.Errorf("left behind by a clean stop: %+v", en)
		}
	}
}
