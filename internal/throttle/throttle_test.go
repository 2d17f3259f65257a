package throttle_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/throttle"
)

var four = throttle.Limit{Name: "codes", Burst: 4, Every: 15 * time.Minute}

func spend(t *testing.T, e *dbtest.Env, whom string) error {
	t.Helper()
	return e.DB.Write(t.Context(), func(tx *db.Tx) error { return four.Spend(tx, whom) })
}

func TestABurstPassesThenOneForEachInterval(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		for i := range 4 {
			if err := spend(t, e, "a"); err != nil {
				t.Fatalf("try %d: %v", i+1, err)
			}
		}
		err := spend(t, e, "a")
		if !fault.Is(err, fault.TooMany) || fault.From(err).RetryAfter != 15*time.Minute {
			t.Fatalf("the fifth: %v, wait %v", err, fault.From(err).RetryAfter)
		}
		if err := spend(t, e, "b"); err != nil {
			t.Errorf("another pays for it: %v", err)
		}
		e.Clock.Advance(15 * time.Minute)
		if err := spend(t, e, "a"); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		if err := spend(t, e, "a"); !fault.Is(err, fault.TooMany) {
			t.Errorf("one interval gave two: %v", err)
		}
		e.Clock.Advance(24 * time.Hour)
		for i := range 4 {
			if err := spend(t, e, "a"); err != nil {
				t.Errorf("next day, try %d: %v", i+1, err)
			}
		}
		if err := spend(t, e, "a"); !fault.Is(err, fault.TooMany) {
			t.Errorf("rest saved up more than the burst: %v", err)
		}
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error {
			if err := four.Clear(tx, "a"); err != nil {
				return err
			}
			if w, err := four.Wait(tx, "a"); w != 0 || err != nil {
				t.Errorf("cleared, yet waits %v, %v", w, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(2 * time.Hour)
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error {
			n, err := throttle.Sweep(tx, 10)
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

// asvs: V2.3.2 V15.4.2
func TestFiftyAtOnceOnTwoNodesGetExactlyTheBurst(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		var passed atomic.Int32
		var wg sync.WaitGroup
		for i := range 50 {
			e := []*dbtest.Env{a, b}[i%2]
			wg.Go(func() {
				if err := spend(t, e, "a"); err == nil {
					passed.Add(1)
				} else if !fault.Is(err, fault.TooMany) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if passed.Load() != 4 {
			t.Fatalf("%d passed", passed.Load())
		}
	})
}

func TestAddressesCountByTheirNetwork(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.17":          "192.0.2.0/24",
		"::ffff:192.0.2.17":   "192.0.2.0/24",
		"2001:db8:1:2:3::4":   "2001:db8:1:2::/64",
		"fe80::1%eth0":        "fe80::/64",
		"not an address":      "not an address",
		"2001:db8:1:2:ffff::": "2001:db8:1:2::/64",
	} {
		if got := throttle.Network(addr); got != want {
			t.Errorf("%s counts as %s, not %s", addr, got, want)
		}
	}
}
