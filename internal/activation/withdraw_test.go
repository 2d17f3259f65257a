package activation_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"vestibule/internal/activation"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/license/verify"
)

// both runs two acts at once.
func both(a, b func()) {
	var group sync.WaitGroup
	gate := make(chan struct{})
	for _, f := range []func(){a, b} {
		group.Go(func() {
			<-gate
			f()
		})
	}
	close(gate)
	group.Wait()
}

func TestAFileThatIsIssuedWhileItsDeviceIsTakenAwayIsOnTheListOrThereIsNone(t *testing.T) {
	onNodes(t, func(t *testing.T, e *dbtest.Env, nodes func(*rig) []*activation.Service) {
		r := newRig(t, e, limits{lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		services := nodes(r)
		for n := range 20 {
			r.activate(n)
			mark := machine(n).Fingerprint
			var f activation.File
			var issue, take error
			both(func() { f, issue = services[0].File(t.Context(), r.byID(), mark) },
				func() { take = services[len(services)-1].Deactivate(t.Context(), r.byID(), mark) })
			if take != nil || issue != nil && !fault.Code(issue, "device-unknown") {
				t.Fatal(take, issue)
			}
			if issue != nil {
				continue
			}
			v := r.verifier(mark)
			v.Revocations([]byte(r.list().Text))
			if got := v.Check([]byte(f.Text)); got.Code != verify.Revoked {
				t.Fatalf("%d: %s", n, got.Code)
			}
		}
	})
}

func TestAHeartbeatLeavesTheSeatOfAFileAlone(t *testing.T) {
	onNodes(t, func(t *testing.T, e *dbtest.Env, nodes func(*rig) []*activation.Service) {
		r := newRig(t, e, limits{lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		services := nodes(r)
		for n := range 20 {
			id := r.activate(n).Device.ID
			var beat, offline error
			both(func() { _, beat = services[0].Heartbeat(t.Context(), r.by(), machine(n).Fingerprint) },
				func() {
					_, offline = services[len(services)-1].Offline(t.Context(), r.byID(), request(t, r.l.Key, n), "")
				})
			_, d, err := r.Device(t.Context(), r.byID(), id)
			if beat != nil || offline != nil || err != nil || !d.SeatUntil.Equal(e.Clock.Now().Add(30*day)) {
				t.Fatalf("%+v %v %v %v", d, beat, offline, err)
			}
		}
	})
}

func TestWhoAsksAgainIsGivenTheSameFileWhileNothingChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		r.activate(1)
		file := func() activation.File {
			t.Helper()
			f, err := r.File(t.Context(), r.byID(), machine(1).Fingerprint)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		first := file()
		for range 200 { // more than a licence may have files
			e.Clock.Advance(time.Minute)
			if again := file(); again.Serial != first.Serial || again.Text != first.Text || !again.Until.Equal(first.Until) {
				t.Fatalf("%+v", again)
			}
		}
		site, err := r.File(t.Context(), r.byID(), "")
		if err != nil || site.Serial == first.Serial {
			t.Fatalf("for any device: %+v %v", site, err)
		}
		e.Clock.Advance(day)
		later := file()
		if later.Serial == first.Serial || !later.Until.Equal(e.Clock.Now().Add(30*day)) {
			t.Errorf("a day later: %+v", later)
		}
		r.write(func(tx *db.Tx) error {
			keys, err := r.Keys.Public(tx)
			if err != nil {
				return err
			}
			return r.Keys.Rotate(tx, keys[0].ID())
		})
		if f := file(); f.KeyID == later.KeyID {
			t.Errorf("with another key: %+v", f)
		}

		q := request(t, r.l.Key, 2)
		a, err := r.Offline(t.Context(), r.byID(), q, "")
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Offline(t.Context(), r.byID(), q, "Room 2")
		if err != nil || b.Code() != a.Code() || b.File != a.File || b.Device.Name != "Room 2" {
			t.Errorf("%+v %v", b, err)
		}
		if err := r.Remove(t.Context(), r.byID(), a.Device.ID); err != nil {
			t.Fatal(err)
		}
		if c, err := r.Offline(t.Context(), r.byID(), q, ""); err != nil || c.File.Serial == a.File.Serial {
			t.Errorf("after it was removed: %+v %v", c, err)
		}
	})
}

func TestNoOrganizationFillsTheListOfAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		r.write(func(tx *db.Tx) error {
			now := tx.Now()
			for i := range 1000 {
				if err := tx.Do(`INSERT INTO license_file (serial, license_id, device_id, key_id, issued_at, until_at, revoked_at, says, offline, answer)
					VALUES ($1, $2, 'd', 'k', $3, $4, $3, '', $5, '')`,
					fmt.Sprintf("%016x", i), r.l.ID, db.Micros(now), db.Micros(now.Add(time.Hour)), false); err != nil {
					return err
				}
			}
			return nil
		})
		r.activate(1)
		_, err := r.File(t.Context(), r.byID(), machine(1).Fingerprint)
		if f := refusedAs(t, err, fault.TooMany, "too-many"); f.RetryAfter != time.Hour {
			t.Errorf("%+v", f)
		}
		_, err = r.Offline(t.Context(), r.byID(), request(t, r.l.Key, 1), "")
		refusedAs(t, err, fault.TooMany, "too-many")
		e.Clock.Advance(time.Hour)
		if _, err := r.Offline(t.Context(), r.byID(), request(t, r.l.Key, 1), ""); err != nil {
			t.Error(err)
		}
	})
}
