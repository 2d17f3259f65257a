package activation_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"vestibule/internal/activation"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/license/verify"
)

func TestAKeyAloneTellsItsStatusAndNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{devices: 5, seats: 2, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		alone := activation.Asked{Key: strings.ToLower(r.l.Key.String())}
		validate := func(a activation.Asked) activation.Validity {
			t.Helper()
			v, err := r.Validate(t.Context(), a, "")
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		v := validate(alone)
		if !v.Valid || v.Code != "valid" || v.Status != license.StatusActive || v.Detail != nil || len(v.Because) == 0 {
			t.Errorf("%+v", v)
		}
		for _, f := range v.Because {
			if strings.HasPrefix(f.Code, "term-") {
				t.Errorf("a key alone tells what kind of right it is: %s", f.Code)
			}
			if !f.At.IsZero() {
				t.Errorf("a date for a key alone: %+v", f)
			}
		}
		foreign := alone
		foreign.Organization = "somebody-else"
		if got := validate(foreign); !reflect.DeepEqual(got, v) {
			t.Errorf("another organization learns %+v", got)
		}
		full := validate(r.by())
		if d := full.Detail; d == nil || d.License != r.l.ID || d.Product != "meeting" || d.Ends.IsZero() || d.GraceUntil.IsZero() || d.Usage.DevicesMax != 5 || d.Features[0] != "rooms" {
			t.Errorf("%+v", full)
		}
		unknown := license.NewKey(e.Secret, "MAG")
		if v := validate(activation.Asked{Key: unknown.String()}); v.Valid || v.Code != "key-unknown" || v.Status != activation.StatusUnknown || v.Remedy != "check-key" {
			t.Errorf("%+v", v)
		}
		if _, err := r.Validate(t.Context(), activation.Asked{Key: "MAG-!"}, ""); fault.From(err).Args["position"] != "5" {
			t.Errorf("%v", err)
		}

		e.Clock.Advance(366 * 24 * time.Hour)
		if v := validate(alone); !v.Valid || v.Code != "in-grace" || v.Remedy != "renew" {
			t.Errorf("in its grace %+v", v)
		}
		e.Clock.Advance(14 * 24 * time.Hour)
		if v := validate(alone); v.Valid || v.Code != "license-expired" || v.Remedy != "renew" {
			t.Errorf("after its end %+v", v)
		}
		r.write(func(tx *db.Tx) error {
			return license.Place(tx, e.Secret, r.l, license.Hold{Kind: license.Revoked, Reason: "leaked"})
		})
		if v := validate(alone); v.Valid || v.Code != "license-revoked" {
			t.Errorf("revoked %+v", v)
		}
		r.write(func(tx *db.Tx) error {
			_, err := license.ReplaceKey(tx, e.Secret, r.l.ID, r.l.Key)
			return err
		})
		if v := validate(alone); v.Valid || v.Code != "key-replaced" || v.Status != activation.StatusReplaced || v.Remedy != "new-key" || v.Detail != nil {
			t.Errorf("replaced %+v", v)
		}
		if v := validate(r.by()); v.Detail != nil {
			t.Errorf("replaced, asked by its own %+v", v)
		}
		_, err := r.Activate(t.Context(), r.by(), machine(1))
		refusedAs(t, err, fault.Denied, "key-replaced")
	})
}

func TestADeviceIsActivatedOnceAndFreesItsPlaceWhenItGoes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{devices: 2, seats: 0, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		first := r.activate(1)
		if !first.New || first.Renew != 20*time.Minute || !first.Device.SeatUntil.Equal(e.Clock.Now().Add(time.Hour)) || first.Validity.Detail.Usage.Devices != 1 {
			t.Errorf("%+v", first)
		}
		e.Clock.Advance(time.Minute)
		again, err := r.Activate(t.Context(), r.by(), activation.Machine{Fingerprint: strings.ToUpper(machine(1).Fingerprint)})
		if err != nil || again.New || again.Device.ID != first.Device.ID || again.Device.Name != "PC-1" {
			t.Errorf("again: %+v %v", again, err)
		}
		r.activate(2)
		_, err = r.Activate(t.Context(), r.by(), machine(3))
		e1 := refusedAs(t, err, fault.Conflict, "devices-exhausted")
		if e1.Args["n"] != "2" || e1.Remedy != "free-device" || len(e1.Because) == 0 {
			t.Errorf("%+v", e1)
		}
		if err := r.Deactivate(t.Context(), r.by(), machine(1).Fingerprint); err != nil {
			t.Fatal(err)
		}
		refusedAs(t, r.Deactivate(t.Context(), r.by(), machine(1).Fingerprint), fault.NotFound, "device-unknown")
		_, err = r.Heartbeat(t.Context(), r.by(), machine(1).Fingerprint)
		if f := refusedAs(t, err, fault.NotFound, "device-unknown"); f.Remedy != "activate" {
			t.Errorf("%+v", f)
		}
		r.activate(3)
		if err := r.Remove(t.Context(), r.byID(), r.activate(2).Device.ID); err != nil {
			t.Fatal(err)
		}
		if back := r.activate(1); !back.New {
			t.Errorf("activated again: %+v", back)
		}
	})
}

func TestSeatsAreLeasesThatRunOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{devices: 10, seats: 2, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		r.activate(1)
		e.Clock.Advance(30 * time.Minute)
		r.activate(2)
		_, err := r.Activate(t.Context(), r.by(), machine(3))
		full := refusedAs(t, err, fault.Conflict, "seats-exhausted")
		if len(full.Because) != 2 || !full.Because[1].At.Equal(e.Clock.Now().Add(30*time.Minute)) || full.Remedy != "free-seat" {
			t.Errorf("%+v", full)
		}
		e.Clock.Advance(30 * time.Minute) // the first one's lease is over
		r.activate(3)
		_, err = r.Heartbeat(t.Context(), r.by(), machine(1).Fingerprint)
		refusedAs(t, err, fault.Conflict, "seats-exhausted")
		if out, err := r.Heartbeat(t.Context(), r.by(), machine(2).Fingerprint); err != nil || !out.Device.SeatUntil.Equal(e.Clock.Now().Add(time.Hour)) {
			t.Errorf("%+v %v", out, err)
		}
		if err := r.Deactivate(t.Context(), r.by(), machine(3).Fingerprint); err != nil {
			t.Fatal(err)
		}
		if out, err := r.Heartbeat(t.Context(), r.by(), machine(1).Fingerprint); err != nil || !out.Validity.Valid {
			t.Errorf("a free seat: %+v %v", out, err)
		}
		list, err := r.Devices(t.Context(), r.byID(), "")
		if err != nil || len(list.List) != 2 || list.Usage != (activation.Usage{Devices: 2, DevicesMax: 10, Seats: 2, SeatsMax: 2}) {
			t.Errorf("%+v %v", list, err)
		}
	})
}

func TestWhenALicenceHasFewerPlacesThoseWhoCameFirstKeepTheirs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{devices: 4, seats: 4, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		for n := range 4 {
			r.activate(n)
			e.Clock.Advance(time.Second)
		}
		r.write(func(tx *db.Tx) error { // renewed with less
			l, err := license.Get(tx, r.l.ID)
			if err != nil {
				return err
			}
			next := subscribed(e.Clock.Now())
			next.EndsAt, next.Devices, next.Seats = next.EndsAt.AddDate(1, 0, 0), 3, 2
			_, err = license.Grant(tx, e.Secret, l, next)
			return err
		})
		for n, code := range []string{"", "", "seats-exhausted", "devices-exhausted"} {
			_, err := r.Heartbeat(t.Context(), r.by(), machine(n).Fingerprint)
			if code == "" && err != nil || code != "" && !fault.Code(err, code) {
				t.Errorf("device %d: %v, wanted %q", n, err, code)
			}
			if _, again := r.Activate(t.Context(), r.by(), machine(n)); (again != nil) != (code != "") || code != "" && !fault.Code(again, code) {
				t.Errorf("device %d again: %v, wanted %q", n, again, code)
			}
		}
	})
}

func TestALicenceThatDoesNotRunGivesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{devices: 10, seats: 2, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		r.activate(1)
		refused := func(code string) {
			t.Helper()
			_, err := r.Activate(t.Context(), r.by(), machine(1))
			if f := refusedAs(t, err, fault.Denied, code); f.Remedy == "" || len(f.Because) == 0 {
				t.Errorf("%+v", f)
			}
			_, err = r.Heartbeat(t.Context(), r.by(), machine(1).Fingerprint)
			refusedAs(t, err, fault.Denied, code)
			_, err = r.File(t.Context(), r.by(), "")
			refusedAs(t, err, fault.Denied, code)
			_, err = r.Offline(t.Context(), r.byID(), request(t, r.l.Key, 2), "")
			refusedAs(t, err, fault.Denied, code)
		}
		r.write(func(tx *db.Tx) error {
			return license.Place(tx, e.Secret, r.l, license.Hold{Kind: license.Suspended, Reason: "unpaid"})
		})
		refused("license-suspended")
		e.Clock.Advance(400 * 24 * time.Hour)
		r.write(func(tx *db.Tx) error {
			l, err := license.Get(tx, r.l.ID)
			if err != nil {
				return err
			}
			return license.Lift(tx, e.Secret, l, l.Facts.Holds[0].ID, "staff")
		})
		refused("license-expired")
		if err := r.Deactivate(t.Context(), r.by(), machine(1).Fingerprint); err != nil {
			t.Errorf("a device may always go: %v", err)
		}
	})
}

func TestAnotherOrganizationFindsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{devices: 10, seats: 2, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		d := r.activate(1).Device
		for _, a := range []activation.Asked{{Organization: "other", License: r.l.ID}, {License: r.l.ID}, {Organization: r.org, License: "nothing"}} {
			_, err := r.Devices(t.Context(), a, "")
			refusedAs(t, err, fault.NotFound, "not-found")
			_, _, err = r.Device(t.Context(), a, d.ID)
			refusedAs(t, err, fault.NotFound, "not-found")
			refusedAs(t, r.Remove(t.Context(), a, d.ID), fault.NotFound, "not-found")
			_, err = r.Answer(t.Context(), a, d.ID)
			refusedAs(t, err, fault.NotFound, "not-found")
			_, err = r.Offline(t.Context(), a, request(t, r.l.Key, 2), "")
			refusedAs(t, err, fault.NotFound, "not-found")
			_, err = r.File(t.Context(), a, "")
			refusedAs(t, err, fault.NotFound, "not-found")
			_, err = r.Activate(t.Context(), a, machine(2))
			refusedAs(t, err, fault.NotFound, "not-found")
		}
		byKey := activation.Asked{Organization: "other", Key: r.l.Key.String()}
		_, err := r.Activate(t.Context(), byKey, machine(2))
		foreign := refusedAs(t, err, fault.NotFound, "key-unknown")
		byKey.Key = license.NewKey(e.Secret, "MAG").String()
		_, err = r.Activate(t.Context(), byKey, machine(2))
		if unknown := fault.From(err); !reflect.DeepEqual(foreign, unknown) {
			t.Errorf("a foreign key: %+v, an unknown one: %+v", foreign, unknown)
		}
	})
}

// asvs: V2.2.1
func TestWhatADeviceSaysOfItselfIsLookedAt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{}, subscribed(e.Clock.Now()))
		fp := machine(1).Fingerprint
		for _, c := range []struct {
			m           activation.Machine
			field, code string
		}{
			{activation.Machine{Fingerprint: "short"}, "fingerprint", "fingerprint-invalid"},
			{activation.Machine{Fingerprint: fp + "0"}, "fingerprint", "fingerprint-invalid"},
			{activation.Machine{Fingerprint: fp, Name: strings.Repeat("x", 81)}, "name", "name-long"},
			{activation.Machine{Fingerprint: fp, Name: "a\u202eb"}, "name", "name-control"},
			{activation.Machine{Fingerprint: fp, Name: "a\x00b"}, "name", "name-control"},
			{activation.Machine{Fingerprint: fp, Name: "see https://evil.example"}, "name", "name-url"},
			{activation.Machine{Fingerprint: fp, Name: "<script>"}, "name", "name-characters"},
			{activation.Machine{Fingerprint: fp, Platform: strings.Repeat("x", 61)}, "platform", "name-long"},
			{activation.Machine{Fingerprint: fp, Platform: "\xff"}, "platform", "name-control"},
		} {
			_, err := r.Activate(t.Context(), r.by(), c.m)
			if f := refusedAs(t, err, fault.Invalid, c.code); f.Field != c.field {
				t.Errorf("%+v: %v", c.m, err)
			}
		}
	})
}

// The fingerprint of a machine is nowhere to be read: not in the database, not in the trail.
func TestNoFingerprintIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{}, subscribed(e.Clock.Now()))
		r.activate(1)
		if _, err := r.Offline(t.Context(), r.byID(), request(t, r.l.Key, 2), "Room 2"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.File(t.Context(), r.by(), machine(1).Fingerprint); err != nil {
			t.Fatal(err)
		}
		r.write(func(tx *db.Tx) error {
			for _, query := range []string{
				`SELECT id || fingerprint || name || platform FROM license_device`, `SELECT serial || device_id || answer FROM license_file`,
				`SELECT subject || action FROM event`, `SELECT data FROM event_detail`,
			} {
				if err := tx.Each(query, nil, func(scan func(...any) error) error {
					var s string
					err := scan(&s)
					for n := 1; n <= 2; n++ {
						if strings.Contains(s, machine(n).Fingerprint) || strings.Contains(s, string(r.l.Key)) {
							t.Errorf("%s: %s", query, s)
						}
					}
					return err
				}); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func request(t *testing.T, key license.Key, n int) string {
	t.Helper()
	text, err := verify.Request{Key: key.Lookup(), Device: machine(n).Fingerprint}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
