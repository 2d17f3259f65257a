package throttle_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/throttle"
)

func TestAMeterLetsThroughWhatTheLimitDoesAndWritesSeldom(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		limit := throttle.Limit{Name: "m", Burst: 40, Every: time.Second}
		var m throttle.Meter
		for i := range 40 {
			r, err := m.Take(t.Context(), e.DB, e.Clock.Now(), limit, "a")
			if err != nil || r.Left != 39-i {
				t.Fatalf("try %d: %+v %v", i+1, r, err)
			}
		}
		r, err := m.Take(t.Context(), e.DB, e.Clock.Now(), limit, "a")
		if !fault.Is(err, fault.TooMany) || r.Left != 0 || r.Reset != time.Second || fault.From(err).RetryAfter != time.Second {
			t.Fatalf("the 41st: %+v %v", r, err)
		}
		if _, err := m.Take(t.Context(), e.DB, e.Clock.Now(), limit, "b"); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		e.Clock.Advance(time.Second)
		if _, err := m.Take(t.Context(), e.DB, e.Clock.Now(), limit, "a"); err != nil {
			t.Errorf("a second later: %v", err)
		}
	})
}

// asvs: V2.4.1
func TestMetersOfTwoNodesTogetherLetThroughNoMoreThanTheLimit(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		limit := throttle.Limit{Name: "m", Burst: 60, Every: time.Hour}
		nodes, meters := []*dbtest.Env{a, b}, make([]throttle.Meter, 2)
		var through atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				e := nodes[i%2]
				if _, err := meters[i%2].Take(t.Context(), e.DB, e.Clock.Now(), limit, "x"); err == nil {
					through.Add(1)
				} else if !fault.Is(err, fault.TooMany) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := through.Load(); n > 60 || n < 36 {
			t.Errorf("%d got through a limit of 60", n)
		}
	})
}

func TestWhoAsksSeldomKeepsTheWholeBurst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		limit := throttle.Limit{Name: "m", Burst: 120, Every: time.Second}
		var m throttle.Meter
		for i := range 60 { // for ten minutes; each time a packet is bought, and one of it used
			if r, err := m.Take(t.Context(), e.DB, e.Clock.Now(), limit, "a"); err != nil || r.Left != 119 {
				t.Fatalf("%d: %+v %v", i, r, err)
			}
			e.Clock.Advance(10 * time.Second)
		}
		through := 0
		for {
			if _, err := m.Take(t.Context(), e.DB, e.Clock.Now(), limit, "a"); err != nil {
				break
			}
			through++
		}
		if through != 120 {
			t.Errorf("a burst of %d", through)
		}
	})
}

func TestOfTwoLimitsTheFirstThatIsUsedUpRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		few, many := throttle.Limit{Name: "few", Burst: 3, Every: time.Hour}, throttle.Limit{Name: "many", Burst: 10, Every: time.Minute}
		var m throttle.Meter
		both := func(a, b string) (throttle.Reading, error) {
			return m.TakeAll(t.Context(), e.DB, e.Clock.Now(), throttle.Claim{Limit: many, Whom: a}, throttle.Claim{Limit: few, Whom: b})
		}
		for i := range 3 {
			if r, err := both("x", "x"); err != nil || r.Left != 9-i || r.Limit != many {
				t.Fatalf("%d: %+v %v", i, r, err)
			}
		}
		if r, err := both("x", "x"); !fault.Is(err, fault.TooMany) || r.Limit != few || r.Reset != time.Hour {
			t.Errorf("%+v %v", r, err)
		}
		for range 6 {
			if _, err := both("x", "y"); err != nil && !fault.Is(err, fault.TooMany) {
				t.Fatal(err)
			}
		}
		if r, err := both("x", "z"); !fault.Is(err, fault.TooMany) || r.Limit != many {
			t.Errorf("%+v %v", r, err)
		}
		for range 3 { // the first refused: nothing of the second was taken
			if _, err := both("y", "z"); err != nil {
				t.Error(err)
			}
		}
	})
}
