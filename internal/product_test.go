package internal_test

import (
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/internal/activation"
	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
	"vestibule/license/verify"
)

// A vendor's product is the example program, and package verify in it; the
// portal that it asks, and whose files it goes by, is a whole one.

// subscriber makes an organization with a subscription of a year, and says how its licence is asked for.
func subscriber(t *testing.T, p *portaltest.Portal) (a activation.Asked, key string) {
	t.Helper()
	err := p.DB.Write(t.Context(), func(tx *db.Tx) error {
		o, err := organization.Create(tx, p.Secret, organization.Organization{Name: "Harbour Vale Council"})
		if err != nil {
			return err
		}
		l, err := license.Make(tx, p.Secret, o.ID, "mag")
		if err != nil {
			return err
		}
		a, key = activation.Asked{Organization: o.ID, License: l.ID}, l.Key.String()
		_, err = license.Grant(tx, p.Secret, l, license.Term{Kind: license.Subscription, StartsAt: tx.Now(), EndsAt: tx.Now().AddDate(1, 0, 0), GraceDays: 14})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return a, key
}

func revoke(t *testing.T, p *portaltest.Portal, id string) {
	t.Helper()
	err := p.DB.Write(t.Context(), func(tx *db.Tx) error {
		l, err := license.Get(tx, id)
		if err != nil {
			return err
		}
		return license.Place(tx, p.Secret, l, license.Hold{Kind: license.Revoked, Reason: "The contract was ended.", By: "ines"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAProductAsksThePortal(t *testing.T) {
	program := filepath.Join(t.TempDir(), "example")
	if out, err := exec.Command("go", "build", "-o", program, "vestibule/license/example").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, key := subscriber(t, p)
		server := httptest.NewServer(p.Handler)
		defer server.Close()
		file := filepath.Join(t.TempDir(), "key")
		asks := func(typed string) (code string, exit int) {
			t.Helper()
			if err := os.WriteFile(file, []byte(typed+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(program, "-portal", server.URL, "-file", file).Output()
			if e, ok := errors.AsType[*exec.ExitError](err); ok {
				exit = e.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			code, _, _ = strings.Cut(string(out), " ")
			return code, exit
		}
		for _, c := range []struct {
			typed, code string
			exit        int
			before      func()
		}{
			{key, "valid", 0, func() {}},
			{strings.ToLower(strings.ReplaceAll(key, "-", " ")), "valid", 0, func() {}},
			{key[:len(key)-1] + "U", "key-character", 1, func() {}},
			{license.NewKey(p.Secret, "NWC").String(), "key-unknown", 1, func() {}},
			{key, "in-grace", 0, func() { p.Clock.Advance(366 * 24 * time.Hour) }},
			{key, "license-expired", 1, func() { p.Clock.Advance(14 * 24 * time.Hour) }},
			{key, "license-revoked", 1, func() { revoke(t, p, a.License) }},
		} {
			c.before()
			if code, exit := asks(c.typed); code != c.code || exit != c.exit {
				t.Errorf("%q: %s and exit %d, want %s and %d", c.typed, code, exit, c.code, c.exit)
			}
		}
		if text := p.Log.Text(); strings.Contains(text, key) || strings.Contains(text, strings.ReplaceAll(key, "-", "")) {
			t.Error("the key stands in the log")
		}
	}, "product.code=mag")
}

func TestAProductOfflineGoesByWhatThePortalSigned(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, key := subscriber(t, p)
		product := func() *verify.Verifier {
			v := &verify.Verifier{Product: "mag", Device: verify.Fingerprint("mag", "4711"), Clock: p.Clock.Now, State: verify.FileState(filepath.Join(t.TempDir(), "state"))}
			keys, err := p.Activation.PublicKeys(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range keys {
				v.Keys = append(v.Keys, k.PublicKey)
			}
			return v
		}
		file := func() []byte {
			f, err := p.Activation.File(t.Context(), a, "")
			if err != nil {
				t.Fatal(err)
			}
			return []byte(f.Text)
		}
		list := func() []byte {
			l, err := p.Activation.Revocations(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return []byte(l.Text)
		}
		field := product()
		wants := func(got verify.Result, want verify.Code) {
			t.Helper()
			if got.Code != want {
				t.Errorf("%s, want %s", got.Code, want)
			}
		}
		first := file()
		wants(field.Check(first), verify.Valid)
		wants(field.Revocations(list()), verify.Valid)
		wants(field.Check(first), verify.Valid)

		rotate := func() {
			err := p.DB.Write(t.Context(), func(tx *db.Tx) error {
				keys, err := p.Signing.Public(tx)
				if err != nil {
					return err
				}
				return p.Signing.Rotate(tx, keys[0].ID())
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		rotate()
		wants(field.Check(file()), verify.Valid)
		rotate() // which outruns the product
		wants(field.Check(file()), verify.UnknownKey)
		wants(field.Check(first), verify.Valid)
		field = product() // its next release carries the new pair
		wants(field.Check(file()), verify.Valid)

		request, err := verify.Request{Key: key, Device: field.Device}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := p.Activation.Offline(t.Context(), a, request, "Rack 7")
		if err != nil {
			t.Fatal(err)
		}
		wants(field.Check([]byte(answer.File.Text)), verify.Valid)
		wants(field.CheckCode(answer.Code(), key), verify.Valid)
		other := product()
		other.Device = verify.Fingerprint("mag", "4712")
		wants(other.Check([]byte(answer.File.Text)), verify.WrongDevice)
		wants(other.CheckCode(answer.Code(), key), verify.WrongDevice)

		good := file()
		p.Clock.Advance(24 * time.Hour)
		revoke(t, p, a.License)
		wants(field.Check(good), verify.Valid) // until it learns of it
		wants(field.Revocations(list()), verify.Valid)
		wants(field.Check(good), verify.Revoked)
		wants(field.CheckCode(answer.Code(), key), verify.Revoked)
		if r := field.Check(good); r.Reason != "revoked" {
			t.Errorf("reason %q", r.Reason)
		}
		p.Clock.Advance(-3 * 24 * time.Hour)
		wants(field.Check(good), verify.ClockSetBack)
	}, "product.code=mag")
}
