package activation_test

import (
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

const day = 24 * time.Hour

func TestALicenceFileSaysWhatTheLicenceIsNow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{devices: 5, seats: 2, lease: 60, fileDays: 30}, subscribed(e.Clock.Now()))
		f, err := r.File(t.Context(), r.byID(), "")
		if err != nil {
			t.Fatal(err)
		}
		got := r.verifier("").Check([]byte(f.Text))
		if got.Code != verify.Valid || got.License.License != r.l.ID || got.License.Organization != "Harbour Vale" || got.License.Seats != 2 ||
			got.License.Devices != 5 || !got.License.Has("rooms") || got.License.Serial != f.Serial || got.License.Key != verify.KeyHash(r.l.Key.Lookup()) {
			t.Fatalf("%+v", got)
		}
		if !f.Until.Equal(e.Clock.Now().Add(30*day)) || f.Name != "meeting-"+f.Serial[:8]+".lic" || f.KeyID == "" || strings.Contains(f.Text, r.l.Key.Lookup()) {
			t.Errorf("%+v", f)
		}

		_, err = r.File(t.Context(), r.by(), machine(1).Fingerprint)
		refusedAs(t, err, fault.NotFound, "device-unknown")
		r.activate(1)
		bound, err := r.File(t.Context(), r.by(), machine(1).Fingerprint)
		if err != nil || bound.Device == "" || bound.Serial == f.Serial {
			t.Fatalf("%+v %v", bound, err)
		}
		if c := r.verifier(machine(1).Fingerprint).Check([]byte(bound.Text)).Code; c != verify.Valid {
			t.Errorf("on its device %s", c)
		}
		if c := r.verifier(machine(2).Fingerprint).Check([]byte(bound.Text)).Code; c != verify.WrongDevice {
			t.Errorf("on another %s", c)
		}

		e.Clock.Advance(30 * day)
		if c := r.verifier("").Check([]byte(f.Text)).Code; c != verify.FileEnded {
			t.Errorf("after its days %s", c)
		}
	})
}

func TestNoFileIsGoodForLongerThanTheLicence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		term := subscribed(e.Clock.Now())
		term.EndsAt = e.Clock.Now().Add(10 * day)
		r := newRig(t, e, limits{fileDays: 30}, term)
		f, err := r.File(t.Context(), r.byID(), "")
		if err != nil || !f.Until.Equal(term.EndsAt.Add(14*day)) {
			t.Fatalf("until %s, %v", f.Until, err)
		}
		e.Clock.Advance(12 * day)
		if c := r.verifier("").Check([]byte(f.Text)).Code; c != verify.InGrace {
			t.Errorf("in the grace %s", c)
		}
		e.Clock.Advance(12 * day)
		if c := r.verifier("").Check([]byte(f.Text)); c.OK() {
			t.Errorf("after it %+v", c)
		}
	})
}

func (r *rig) list() activation.List {
	r.t.Helper()
	l, err := r.Revocations(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return l
}

func TestTheNumberOfTheListGrowsWhenItsContentChangesAndAtNoOtherTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{fileDays: 30}, subscribed(e.Clock.Now()))
		first := r.list()
		if v := r.verifier(""); first.Number != e.Clock.Now().Unix()/60 || v.Revocations([]byte(first.Text)).Code != verify.Valid {
			t.Fatalf("%+v", first)
		}
		e.Clock.Advance(time.Hour)
		if again := r.list(); again != first {
			t.Errorf("asked again: %+v", again)
		}
		e.Clock.Advance(24 * time.Hour)
		daily := r.list()
		if daily.Number != first.Number || daily.Text == first.Text || !daily.IssuedAt.Equal(e.Clock.Now()) {
			t.Errorf("a day later: %+v", daily)
		}
		r.write(func(tx *db.Tx) error {
			keys, err := r.Keys.Public(tx)
			if err != nil {
				return err
			}
			return r.Keys.Rotate(tx, keys[0].ID())
		})
		e.Clock.Advance(time.Minute)
		if l := r.list(); l.Number != first.Number || l.Text == daily.Text {
			t.Errorf("by another key: %+v", l)
		} else {
			daily = l
		}

		site, err := r.File(t.Context(), r.byID(), "")
		if err != nil {
			t.Fatal(err)
		}
		r.activate(1)
		bound, err := r.File(t.Context(), r.by(), machine(1).Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		if l := r.list(); l != daily {
			t.Errorf("files alone: %+v", l)
		}
		checked := func(file, device, reason string) {
			t.Helper()
			v := r.verifier(device)
			if got := v.Revocations([]byte(r.list().Text)); got.Code != verify.Valid {
				t.Fatalf("the list: %+v", got)
			}
			if got := v.Check([]byte(file)); reason == "" && got.Code != verify.Valid || reason != "" && (got.Code != verify.Revoked || got.Reason != reason) {
				t.Errorf("%s %s, wanted %s", got.Code, got.Reason, reason)
			}
		}
		if err := r.Deactivate(t.Context(), r.by(), machine(1).Fingerprint); err != nil {
			t.Fatal(err)
		}
		if l := r.list(); l.Number != e.Clock.Now().Unix()/60 {
			t.Errorf("a device less: %d", l.Number)
		}
		checked(bound.Text, machine(1).Fingerprint, "deactivated")
		checked(site.Text, "", "")

		r.write(func(tx *db.Tx) error {
			return license.Place(tx, e.Secret, r.l, license.Hold{Kind: license.Suspended, Reason: "unpaid"})
		})
		checked(site.Text, "", "suspended")
		r.write(func(tx *db.Tx) error {
			l, err := license.Get(tx, r.l.ID)
			if err != nil {
				return err
			}
			return license.Lift(tx, e.Secret, l, l.Facts.Holds[0].ID, "staff")
		})
		checked(site.Text, "", "")
		r.write(func(tx *db.Tx) error {
			_, err := license.ReplaceKey(tx, e.Secret, r.l.ID, r.l.Key)
			return err
		})
		checked(site.Text, "", "replaced")
		if site, err = r.File(t.Context(), r.byID(), ""); err != nil {
			t.Fatal(err)
		}
		checked(site.Text, "", "")
		r.write(func(tx *db.Tx) error {
			return license.Place(tx, e.Secret, r.l, license.Hold{Kind: license.Revoked, Reason: "fraud"})
		})
		checked(site.Text, "", "revoked")
		if l := r.list(); l.Number <= daily.Number {
			t.Errorf("number %d", l.Number)
		}
		e.Clock.Advance(31 * day) // what was signed for the device has ended by itself
		if l := r.list(); l.Number != e.Clock.Now().Unix()/60 || strings.Contains(l.Text, bound.Serial) {
			t.Errorf("number %d", l.Number)
		}
	})
}

func TestOfFiftyWhoAskForANewListAllGetTheOne(t *testing.T) {
	onNodes(t, func(t *testing.T, e *dbtest.Env, nodes func(*rig) []*activation.Service) {
		r := newRig(t, e, limits{}, subscribed(e.Clock.Now()))
		lists := make([]activation.List, 50)
		worked := atOnce(t, "-", nodes(r), func(s *activation.Service, n int) (err error) {
			lists[n], err = s.Revocations(t.Context())
			return err
		})
		for _, l := range lists {
			if l.Number != lists[0].Number || l.Text != lists[0].Text {
				t.Fatalf("%d: %+v", worked, l)
			}
		}
	})
}

func TestADeviceWithoutANetworkIsActivatedByFileAndByCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{devices: 2, seats: 1, lease: 60, fileDays: 7}, license.Term{
			Kind: license.Evaluation, StartsAt: e.Clock.Now(), EndsAt: e.Clock.Now().Add(30 * day), Policy: "evaluation", PolicyVersion: 1,
		})
		typed := strings.ReplaceAll(strings.ToLower(request(t, r.l.Key, 1)), "-", " ")
		a, err := r.Offline(t.Context(), r.byID(), typed, "Meeting room 2")
		if err != nil {
			t.Fatal(err)
		}
		until := e.Clock.Now().Add(7 * day)
		if a.Device.Name != "Meeting room 2" || !a.Device.OfflineUntil.Equal(until) || !a.Device.SeatUntil.Equal(until) || len(a.Groups) < 20 {
			t.Errorf("%+v", a)
		}
		v := r.verifier(machine(1).Fingerprint)
		if got := v.Check([]byte(a.File.Text)); got.Code != verify.Valid || got.License.Kind != "evaluation" {
			t.Errorf("the file: %+v", got)
		}
		if got := v.CheckCode(a.Code(), r.l.Key.String()); got.Code != verify.Valid {
			t.Errorf("the code: %+v", got)
		}
		shown, err := r.Answer(t.Context(), r.byID(), a.Device.ID)
		if err != nil || shown.Code() != a.Code() || shown.File.Text != a.File.Text {
			t.Errorf("shown again: %+v %v", shown, err)
		}

		_, err = r.Activate(t.Context(), r.by(), machine(2))
		refusedAs(t, err, fault.Conflict, "seats-exhausted")
		e.Clock.Advance(6 * day)
		next, err := r.Offline(t.Context(), r.byID(), request(t, r.l.Key, 1), "")
		if err != nil || next.Device.ID != a.Device.ID || next.Device.Name != "Meeting room 2" || !next.Device.SeatUntil.Equal(until.Add(6*day)) {
			t.Errorf("a newer answer: %+v %v", next, err)
		}
		if err := r.Remove(t.Context(), r.byID(), a.Device.ID); err != nil {
			t.Fatal(err)
		}
		_, err = r.Answer(t.Context(), r.byID(), a.Device.ID)
		refusedAs(t, err, fault.NotFound, "not-found")
		r.activate(2)

		if got := v.CheckCode(next.Code(), r.l.Key.String()); got.Code != verify.Valid {
			t.Errorf("without the list it goes on: %+v", got)
		}
		if got := v.Revocations([]byte(r.list().Text)); got.Code != verify.Valid {
			t.Fatalf("%+v", got)
		}
		if got := v.CheckCode(next.Code(), r.l.Key.String()); got.Code != verify.Revoked || got.Reason != "deactivated" {
			t.Errorf("with the list: %+v", got)
		}
		if got := v.Check([]byte(next.File.Text)); got.Code != verify.Revoked {
			t.Errorf("with the list: %+v", got)
		}
	})
}

func TestAnOfflineDeviceGivesItsSeatBackWhenItsFileEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{devices: 2, seats: 1, lease: 60, fileDays: 7}, subscribed(e.Clock.Now()))
		if _, err := r.Offline(t.Context(), r.byID(), request(t, r.l.Key, 1), ""); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Heartbeat(t.Context(), r.by(), machine(1).Fingerprint); err != nil {
			t.Errorf("it is online after all: %v", err)
		}
		_, err := r.Offline(t.Context(), r.byID(), request(t, r.l.Key, 2), "")
		full := refusedAs(t, err, fault.Conflict, "seats-exhausted")
		if !full.Because[1].At.Equal(e.Clock.Now().Add(7 * day)) {
			t.Errorf("%+v", full)
		}
		e.Clock.Advance(7 * day)
		r.activate(2)
	})
}

func TestWhatIsWrongWithARequestIsToldAtItsGroup(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{}, subscribed(e.Clock.Now()))
		right := request(t, r.l.Key, 1)
		groups := strings.Split(right, "-")
		slip := func(n int, with string) string {
			g := append([]string{}, groups...)
			g[n-1] = with
			return strings.Join(g, " ")
		}
		wrong := []byte(groups[2])
		wrong[0] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[(strings.IndexByte("0123456789ABCDEFGHJKMNPQRSTVWXYZ", wrong[0])+1)%32]
		for _, c := range []struct{ typed, code, group string }{
			{" \n", "request-missing", ""},
			{slip(3, string(wrong)), "request-group", "3"},
			{slip(2, "AB!DEF"), "request-character", "2"},
			{strings.Join(groups[:4], "-") + "-AB", "request-short", "5"},
			{strings.Repeat("ABCDEF-", 900), "request-long", "0"},
			{request(t, license.NewKey(e.Secret, "MAG"), 1), "request-other", ""},
		} {
			_, err := r.Offline(t.Context(), r.byID(), c.typed, "")
			if f := refusedAs(t, err, fault.Invalid, c.code); f.Field != "request" || len(f.Fields) > 0 && f.Fields[0].Args["group"] != c.group {
				t.Errorf("%q: %+v", c.typed, f)
			}
		}
		r.write(func(tx *db.Tx) error {
			_, err := license.ReplaceKey(tx, e.Secret, r.l.ID, r.l.Key)
			return err
		})
		_, err := r.Offline(t.Context(), r.byID(), right, "")
		refusedAs(t, err, fault.Invalid, "request-replaced")
		_, err = r.Offline(t.Context(), r.byID(), right, "a\u202eb")
		if f := refusedAs(t, err, fault.Invalid, "name-control"); f.Fields[0].Field != "name" {
			t.Errorf("%+v", f)
		}
	})
}

func TestWhatEndedLongAgoIsForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, limits{fileDays: 7}, subscribed(e.Clock.Now()))
		kept, err := r.Offline(t.Context(), r.byID(), request(t, r.l.Key, 1), "")
		if err != nil {
			t.Fatal(err)
		}
		gone, err := r.Offline(t.Context(), r.byID(), request(t, r.l.Key, 2), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Remove(t.Context(), r.byID(), gone.Device.ID); err != nil {
			t.Fatal(err)
		}
		count := func(table string) (n int) {
			r.write(func(tx *db.Tx) error { return tx.Get(`SELECT COUNT(*) FROM `+table, nil, &n) })
			return n
		}
		sweep := func(files, devices int) {
			t.Helper()
			for _, chore := range r.Chores() {
				if err := chore.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if f, d := count("license_file"), count("license_device"); f != files || d != devices {
				t.Errorf("%d files, %d devices", f, d)
			}
		}
		e.Clock.Advance(36 * day)
		sweep(4, 2)
		e.Clock.Advance(2 * day)
		sweep(0, 1)
		if _, d, err := r.Device(t.Context(), r.byID(), kept.Device.ID); err != nil || d.ID != kept.Device.ID {
			t.Errorf("%+v %v", d, err)
		}
	})
}
