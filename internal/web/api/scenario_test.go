package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/portaltest"
	"vestibule/internal/web/api/apitest/client"
	"vestibule/license/verify"
)

func p[T any](v T) *T { return &v }

// asvs: V14.2.1 V16.2.5
func TestAProductAsksByItsKeyAlone(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, portal *portaltest.Portal) {
		r := newRig(t, portal)
		f := r.firm("Harbour")
		c := r.client("")
		ask := func(key string) *client.Validity {
			t.Helper()
			got, err := c.ValidateWithResponse(t.Context(), client.ValidateRequest{Key: &key})
			if err != nil || got.JSON200 == nil {
				t.Fatalf("%v %s", err, got.Body)
			}
			return got.JSON200
		}
		v := ask(strings.ToLower(f.license.Key.String()))
		if !v.Valid || v.Status != "active" || v.Code != "valid" || v.License != nil || v.Device != nil {
			t.Errorf("%+v", v)
		}
		for _, fact := range v.Because {
			if fact.At != nil {
				t.Errorf("a key alone tells when: %+v", fact)
			}
		}
		unknown := license.NewKey(portal.Secret, "NWC").String()
		if v := ask(unknown); v.Valid || v.Status != "unknown" || v.Code != "key-unknown" || v.Remedy == nil {
			t.Errorf("%+v", v)
		}
		portal.Change(t, func(tx *db.Tx) error {
			_, err := license.ReplaceKey(tx, portal.Secret, f.license.ID, f.license.Key)
			return err
		})
		if v := ask(f.license.Key.String()); v.Valid || v.Status != "replaced" || v.Code != "key-replaced" {
			t.Errorf("%+v", v)
		}
		slip := []byte(f.license.Key.String())
		slip[8] = 'U'
		got, err := c.ValidateWithResponse(t.Context(), client.ValidateRequest{Key: p(string(slip))})
		if err != nil || got.ApplicationproblemJSON422 == nil || got.ApplicationproblemJSON422.Code != "key-character" || *got.ApplicationproblemJSON422.Field != "key" ||
			!strings.Contains(*got.ApplicationproblemJSON422.Detail, "9") {
			t.Errorf("%v %s", err, got.Body)
		}
		for _, in := range []client.ValidateRequest{{Key: p(unknown), Fingerprint: p(fingerprint)}, {License: &f.license.ID}, {}} {
			if got, err := c.ValidateWithResponse(t.Context(), in); err != nil || got.StatusCode() != http.StatusUnprocessableEntity {
				t.Errorf("%+v: %v %s", in, err, got.Body)
			}
		}
		r.keepsSecrets()
	})
}

func TestAMachineIsActivatedAndKeepsItsSeat(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, portal *portaltest.Portal) {
		r := newRig(t, portal)
		f := r.firm("Harbour")
		c := f.all()
		made, err := c.ActivateDeviceWithResponse(t.Context(), client.ActivateRequest{Key: p(f.license.Key.String()), Fingerprint: fingerprint, Name: p("Front desk 3"), Platform: p("Windows 11")})
		if err != nil || made.JSON200 == nil {
			t.Fatalf("%v %s", err, made.Body)
		}
		a := made.JSON200
		if !a.New || !a.Validity.Valid || *a.Device.Name != "Front desk 3" || a.RenewSeconds != 600 || a.Device.SeatUntil == nil {
			t.Errorf("%+v", a)
		}
		second, err := c.ActivateDeviceWithResponse(t.Context(), client.ActivateRequest{License: &f.license.ID, Fingerprint: elsewhere})
		if err != nil || second.ApplicationproblemJSON409 == nil || second.ApplicationproblemJSON409.Code != "seats-exhausted" || second.ApplicationproblemJSON409.Because == nil || second.ApplicationproblemJSON409.Remedy == nil {
			t.Fatalf("a second seat where there is one: %v %s", err, second.Body)
		}
		portal.Clock.Advance(10 * time.Minute)
		beat, err := c.HeartbeatDeviceWithResponse(t.Context(), a.Device.Id, client.HeartbeatRequest{Fingerprint: fingerprint})
		if err != nil || beat.JSON200 == nil || !beat.JSON200.Device.SeatUntil.After(*a.Device.SeatUntil) {
			t.Errorf("%v %s", err, beat.Body)
		}
		if wrong, err := c.HeartbeatDeviceWithResponse(t.Context(), a.Device.Id, client.HeartbeatRequest{Fingerprint: elsewhere}); err != nil || wrong.ApplicationproblemJSON404 == nil || wrong.ApplicationproblemJSON404.Code != "device-unknown" {
			t.Errorf("another machine's heartbeat: %v %s", err, wrong.Body)
		}
		told, err := c.ValidateWithResponse(t.Context(), client.ValidateRequest{License: &f.license.ID, Fingerprint: p(fingerprint)})
		if err != nil || told.JSON200 == nil || told.JSON200.Device == nil || told.JSON200.License.Usage.Seats != 1 || told.JSON200.License.Features[0] != "rooms" {
			t.Errorf("%v %s", err, told.Body)
		}
		file, err := c.IssueLicenseFileWithResponse(t.Context(), f.license.ID, client.FileRequest{Fingerprint: p(fingerprint)})
		if err != nil || file.JSON200 == nil || file.JSON200.DeviceId == nil || *file.JSON200.DeviceId != a.Device.Id {
			t.Fatalf("%v %s", err, file.Body)
		}
		r.verifies(file.JSON200.Text)
		for range 2 {
			gone, err := c.DeactivateDeviceWithResponse(t.Context(), a.Device.Id)
			if err != nil || gone.StatusCode() != http.StatusNoContent && gone.ApplicationproblemJSON404 == nil {
				t.Errorf("%v %d %s", err, gone.StatusCode(), gone.Body)
			}
		}
		list, err := r.client("").ListRevocationsWithResponse(t.Context())
		if err != nil || list.JSON200 == nil || list.JSON200.Number < 1 {
			t.Errorf("%v %s", err, list.Body)
		}
		mine, err := c.ListLicensesWithResponse(t.Context())
		if err != nil || len(mine.JSON200.Licenses) != 1 || mine.JSON200.Licenses[0].Id != f.license.ID || strings.Contains(string(mine.Body), f.license.Key.String()) {
			t.Errorf("%v %s", err, mine.Body)
		}
		r.keepsSecrets()
	})
}

// verifies reads a licence file with the keys that the API lists, as a product does.
func (r *rig) verifies(file string) {
	r.t.Helper()
	got, err := r.client("").ListKeysWithResponse(r.t.Context())
	if err != nil || len(got.JSON200.Keys) != 2 {
		r.t.Fatalf("%v %s", err, got.Body)
	}
	for _, k := range got.JSON200.Keys {
		public, err := verify.ParsePublicKey(k.PublicKey)
		if err != nil || public.ID() != k.Id {
			r.t.Fatalf("%+v %v", k, err)
		}
	}
	if !strings.Contains(file, got.JSON200.Keys[0].Id) {
		r.t.Errorf("the file does not name the current key %s:\n%s", got.JSON200.Keys[0].Id, file)
	}
}

func TestAProgramFindsAndFetchesReleases(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, portal *portaltest.Portal) {
		r := newRig(t, portal)
		f := r.firm("Harbour")
		c := f.all()
		r.publish("4.1.0", license.Stable)
		r.publish("4.2.0", license.Stable)
		r.publish("5.0.0-beta.1", license.Preview)
		got, err := c.ListReleasesWithResponse(t.Context(), &client.ListReleasesParams{Product: product})
		if err != nil || got.JSON200 == nil || len(got.JSON200.Releases) != 2 || got.JSON200.Releases[0].Version != "4.2.0" {
			t.Fatalf("%v %s", err, got.Body)
		}
		artifact := got.JSON200.Releases[0].Artifacts[0]
		if len(artifact.Sha256) != 64 || artifact.Signature == nil || artifact.Size != 5000 {
			t.Errorf("%+v", artifact)
		}
		link, err := c.CreateArtifactURLWithResponse(t.Context(), artifact.Id)
		if err != nil || link.JSON200 == nil || !strings.HasPrefix(link.JSON200.Url, portaltest.Base+"/download/") {
			t.Fatalf("%v %s", err, link.Body)
		}
		path := strings.TrimPrefix(link.JSON200.Url, portaltest.Base)
		if answer, body := r.raw(http.MethodGet, path, ""); answer.StatusCode != http.StatusOK || len(body) != 5000 {
			t.Errorf("the address gives %d, %d bytes", answer.StatusCode, len(body))
		}
		for _, unknown := range []string{"nothing", f.license.ID} {
			if got, err := c.CreateArtifactURLWithResponse(t.Context(), unknown); err != nil || got.ApplicationproblemJSON404 == nil {
				t.Errorf("%s: %v %s", unknown, err, got.Body)
			}
		}
		if got, err := c.ListReleasesWithResponse(t.Context(), &client.ListReleasesParams{Product: "other"}); err != nil || got.ApplicationproblemJSON404 == nil {
			t.Errorf("%v %s", err, got.Body)
		}
		r.secrets = append(r.secrets, strings.TrimPrefix(path, "/download/"))
		r.keepsSecrets()
	})
}

// asvs: V8.2.2 V8.4.1
func TestATokenNeverSeesAnotherCompany(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, portal *portaltest.Portal) {
		r := newRig(t, portal)
		a, b := r.firm("Harbour"), r.firm("Valley")
		ofA, ofB := a.all(), b.all()
		made, err := ofA.ActivateDeviceWithResponse(t.Context(), client.ActivateRequest{License: &a.license.ID, Fingerprint: fingerprint})
		if err != nil || made.JSON200 == nil {
			t.Fatalf("%v %s", err, made.Body)
		}
		device, key := made.JSON200.Device.Id, a.license.Key.String()
		never := license.NewKey(portal.Secret, "NWC").String()
		statuses := func(licenseID, deviceID, key string) (all []string) {
			note := func(status int, body []byte) {
				var p problem
				_ = json.Unmarshal(body, &p)
				all = append(all, http.StatusText(status)+" "+p.Code)
			}
			v, err := ofB.ValidateWithResponse(t.Context(), client.ValidateRequest{License: &licenseID})
			if err != nil {
				t.Fatal(err)
			}
			note(v.StatusCode(), v.Body)
			act, err := ofB.ActivateDeviceWithResponse(t.Context(), client.ActivateRequest{License: &licenseID, Fingerprint: fingerprint})
			if err != nil {
				t.Fatal(err)
			}
			note(act.StatusCode(), act.Body)
			byKey, err := ofB.ActivateDeviceWithResponse(t.Context(), client.ActivateRequest{Key: &key, Fingerprint: fingerprint})
			if err != nil {
				t.Fatal(err)
			}
			note(byKey.StatusCode(), byKey.Body)
			beat, err := ofB.HeartbeatDeviceWithResponse(t.Context(), deviceID, client.HeartbeatRequest{Fingerprint: fingerprint})
			if err != nil {
				t.Fatal(err)
			}
			note(beat.StatusCode(), beat.Body)
			gone, err := ofB.DeactivateDeviceWithResponse(t.Context(), deviceID)
			if err != nil {
				t.Fatal(err)
			}
			note(gone.StatusCode(), gone.Body)
			file, err := ofB.IssueLicenseFileWithResponse(t.Context(), licenseID, client.FileRequest{})
			if err != nil {
				t.Fatal(err)
			}
			note(file.StatusCode(), file.Body)
			return all
		}
		foreign, absent := statuses(a.license.ID, device, key), statuses("01none", "01none", never)
		if strings.Join(foreign, "\n") != strings.Join(absent, "\n") {
			t.Errorf("what is another's answers %v, what there is not %v", foreign, absent)
		}
		for _, one := range foreign {
			if !strings.HasPrefix(one, "Not Found ") {
				t.Errorf("%v", foreign)
			}
		}
		if v, err := ofB.ValidateWithResponse(t.Context(), client.ValidateRequest{Key: &key}); err != nil || v.JSON200 == nil || v.JSON200.License != nil {
			t.Errorf("the key of another company tells more than its status: %v %s", err, v.Body)
		}
		if mine, err := ofB.ListLicensesWithResponse(t.Context()); err != nil || len(mine.JSON200.Licenses) != 1 || mine.JSON200.Licenses[0].Id != b.license.ID {
			t.Errorf("%v %s", err, mine.Body)
		}
		if still, err := ofA.HeartbeatDeviceWithResponse(t.Context(), device, client.HeartbeatRequest{Fingerprint: fingerprint}); err != nil || still.JSON200 == nil {
			t.Errorf("the device was touched: %v %s", err, still.Body)
		}
		r.keepsSecrets()
	})
}
