package activation_test

import (
	"testing"
	"time"

	"vestibule/internal/activation"
	"vestibule/internal/db/dbtest"
)

// onNodes runs the scenario on SQLite, and on two nodes of one PostgreSQL database.
func onNodes(t *testing.T, scenario func(t *testing.T, e *dbtest.Env, nodes func(*rig) []*activation.Service)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		scenario(t, dbtest.SQLite(t), func(r *rig) []*activation.Service { return []*activation.Service{r.Service} })
	})
	t.Run("two nodes", func(t *testing.T) {
		dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
			scenario(t, a, func(r *rig) []*activation.Service { return []*activation.Service{r.Service, service(b)} })
		})
	})
}

func TestOfFiftyDevicesAtOnceExactlyAsManyAreActivatedAsTheLicenceHas(t *testing.T) {
	onNodes(t, func(t *testing.T, e *dbtest.Env, nodes func(*rig) []*activation.Service) {
		r := newRig(t, e, limits{devices: 3, seats: 0, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		worked := atOnce(t, "devices-exhausted", nodes(r), func(s *activation.Service, n int) error {
			_, err := s.Activate(t.Context(), r.by(), machine(n))
			return err
		})
		list, err := r.Devices(t.Context(), r.byID(), "")
		if worked != 3 || err != nil || len(list.List) != 3 || list.Usage.Devices != 3 {
			t.Errorf("%d worked, %d are there, %v", worked, len(list.List), err)
		}
	})
}

func TestOfFiftyDevicesAtOnceOneGetsTheLastSeat(t *testing.T) {
	onNodes(t, func(t *testing.T, e *dbtest.Env, nodes func(*rig) []*activation.Service) {
		r := newRig(t, e, limits{devices: 0, seats: 50, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		for n := range 50 {
			r.activate(n)
		}
		e.Clock.Advance(30 * time.Minute)
		for n := range 49 { // the last one's lease runs out; 50 more devices want its seat
			if _, err := r.Heartbeat(t.Context(), r.by(), machine(n).Fingerprint); err != nil {
				t.Fatal(err)
			}
		}
		e.Clock.Advance(30 * time.Minute)
		worked := atOnce(t, "seats-exhausted", nodes(r), func(s *activation.Service, n int) error {
			if n%10 == 0 { // some come back to it
				_, err := s.Heartbeat(t.Context(), r.by(), machine(49).Fingerprint)
				return err
			}
			_, err := s.Activate(t.Context(), r.by(), machine(100+n))
			return err
		})
		list, err := r.Devices(t.Context(), r.byID(), "")
		if err != nil || list.Usage.Seats != 50 || (worked != 1 && worked != 5) {
			t.Errorf("%d worked, %d seats are held, %v", worked, list.Usage.Seats, err)
		}
	})
}

func TestTheSameDeviceFiftyTimesAtOnceIsOneDevice(t *testing.T) {
	onNodes(t, func(t *testing.T, e *dbtest.Env, nodes func(*rig) []*activation.Service) {
		r := newRig(t, e, limits{devices: 1, seats: 1, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		worked := atOnce(t, "-", nodes(r), func(s *activation.Service, _ int) error {
			_, err := s.Activate(t.Context(), r.by(), machine(1))
			return err
		})
		list, err := r.Devices(t.Context(), r.byID(), "")
		if worked != 50 || err != nil || len(list.List) != 1 {
			t.Errorf("%d worked, %+v %v", worked, list.Usage, err)
		}
		worked = atOnce(t, "device-unknown", nodes(r), func(s *activation.Service, _ int) error {
			return s.Deactivate(t.Context(), r.by(), machine(1).Fingerprint)
		})
		if worked != 1 {
			t.Errorf("%d removed it", worked)
		}
	})
}
