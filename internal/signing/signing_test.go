package signing_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
	"vestibule/internal/signing"
	"vestibule/license/verify"
)

const key = "MAG-E2MA8-6980R-7JEPA-4424A"

func device() string { return verify.Fingerprint("mag", "4711") }

func keys(t *testing.T, e *dbtest.Env) *signing.Keys {
	t.Helper()
	k := &signing.Keys{Secret: e.Secret, Ring: e.Ring}
	write(t, e, k.Ensure)
	return k
}

func write(t *testing.T, e *dbtest.Env, f func(*db.Tx) error) {
	t.Helper()
	if err := e.DB.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, e *dbtest.Env, f func(*db.Tx) error) {
	t.Helper()
	if err := e.DB.Read(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func publics(t *testing.T, e *dbtest.Env, k *signing.Keys) (all []signing.Public) {
	t.Helper()
	read(t, e, func(tx *db.Tx) (err error) {
		all, err = k.Public(tx)
		return err
	})
	return all
}

func states(all []signing.Public) (s []string) {
	for _, k := range all {
		s = append(s, k.State)
	}
	return s
}

// verifier is a product in the field that carries these keys.
func verifier(e *dbtest.Env, all ...signing.Public) *verify.Verifier {
	v := &verify.Verifier{Product: "mag", Device: device(), Clock: e.Clock.Now}
	for _, k := range all {
		v.Keys = append(v.Keys, k.PublicKey)
	}
	return v
}

func evaluation(now time.Time) signing.License {
	return signing.License{
		License: "01jxvz4m8q2d7k5s3t9w6y1z0b", Product: "mag", ProductName: "Magnolia", Organization: "Example Ltd", Kind: "evaluation",
		NotBefore: now, Until: now.Add(30*24*time.Hour + 500*time.Millisecond), GraceUntil: now.Add(37 * 24 * time.Hour), FileUntil: now.Add(40 * 24 * time.Hour),
		Seats: 25, Features: []string{"api"}, Key: verify.KeyHash("MAGE2MA86980R7JEPA4424A"),
	}
}

func issue(t *testing.T, e *dbtest.Env, k *signing.Keys, l signing.License) (out signing.Issued) {
	t.Helper()
	read(t, e, func(tx *db.Tx) (err error) {
		out, err = k.IssueLicense(tx, l)
		return err
	})
	return out
}

func TestWhatIsSignedIsReadByAProduct(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		k := keys(t, e)
		all := publics(t, e, k)
		v := verifier(e, all...)
		out := issue(t, e, k, evaluation(e.Clock.Now()))
		r := v.Check([]byte(out.Text))
		if r.Code != verify.Valid || r.License.Serial != out.Serial || out.KeyID != all[0].ID() || r.License.Organization != "Example Ltd" || !r.License.Until.Equal(e.Clock.Now().Add(30*24*time.Hour)) {
			t.Fatalf("%s %+v\n%s", r.Code, r.License, out.Text)
		}
		for _, line := range []string{"Product: Magnolia (mag)", "Organisation: Example Ltd", "Licence: 01jxvz4m8q2d7k5s3t9w6y1z0b", "Kind: evaluation", "Valid-Until: 2026-07-16T09:00:00Z", "Seats: 25", "Features: api", "Serial: " + out.Serial, "Key-Id: " + out.KeyID} {
			if !strings.Contains(out.Text, "\n"+line+"\n") {
				t.Errorf("the header lacks %q:\n%s", line, out.Text)
			}
		}
		var code, list, other signing.Issued
		var feed string
		read(t, e, func(tx *db.Tx) (err error) {
			q := verify.Request{Key: "MAGE2MA86980R7JEPA4424A", Device: device()}
			if code, err = k.IssueCode(tx, q, evaluation(e.Clock.Now())); err != nil {
				return err
			}
			if list, err = k.IssueRevocations(tx, signing.Revocations{Number: 1, NextUpdate: e.Clock.Now().Add(time.Hour)}); err != nil {
				return err
			}
			if other, err = k.IssueRevocations(tx, signing.Revocations{Number: 2, Revoked: []verify.Revocation{{Serial: out.Serial, Reason: "deactivated"}, {License: "another", Reason: "revoked", Since: e.Clock.Now()}}}); err != nil {
				return err
			}
			feed, err = k.SignFeed(tx, []byte("{}"))
			return err
		})
		if r := v.CheckCode(code.Text, key); r.Code != verify.Valid || r.License.Serial != code.Serial || !r.License.Has("api") {
			t.Errorf("code: %s %+v", r.Code, r.License)
		}
		if r := v.Feed([]byte("{}"), feed); r.Code != verify.Valid {
			t.Errorf("feed: %s", r.Code)
		}
		if r := v.Revocations([]byte(list.Text)); r.Code != verify.Valid {
			t.Errorf("list: %s", r.Code)
		}
		if r := v.Check([]byte(out.Text)); r.Code != verify.Valid {
			t.Errorf("with an empty list: %s", r.Code)
		}
		if r := v.Revocations([]byte(other.Text)); r.Code != verify.Valid {
			t.Errorf("second list: %s\n%s", r.Code, other.Text)
		}
		if r := v.Check([]byte(out.Text)); r.Code != verify.Revoked || r.Reason != "deactivated" {
			t.Errorf("revoked by serial: %s", r.Code)
		}
	})
}

func TestKeysAreRotatedWithoutARelease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		k := keys(t, e)
		write(t, e, k.Ensure) // a second start makes nothing
		before := publics(t, e, k)
		if got := strings.Join(states(before), " "); got != "current next" {
			t.Fatal(got)
		}
		field := verifier(e, before...)
		first := issue(t, e, k, evaluation(e.Clock.Now()))
		e.Clock.Advance(time.Hour)
		write(t, e, func(tx *db.Tx) error { return k.Rotate(tx, before[0].ID()) })
		after := publics(t, e, k)
		if got := strings.Join(states(after), " "); got != "current next retired" || after[0].ID() != before[1].ID() || after[2].ID() != before[0].ID() || !after[2].RetiredAt.Equal(e.Clock.Now()) {
			t.Fatalf("%s", got)
		}
		second := issue(t, e, k, evaluation(e.Clock.Now()))
		for _, one := range []signing.Issued{first, second} {
			if r := field.Check([]byte(one.Text)); r.Code != verify.Valid {
				t.Errorf("a product with the old pair: %s", r.Code)
			}
		}
		if second.KeyID != before[1].ID() {
			t.Errorf("signed by %s", second.KeyID)
		}
		write(t, e, func(tx *db.Tx) error { return k.Rotate(tx, after[0].ID()) })
		if r := field.Check([]byte(issue(t, e, k, evaluation(e.Clock.Now())).Text)); r.Code != verify.UnknownKey {
			t.Errorf("after two rotations: %s", r.Code)
		}
		if err := e.DB.Write(t.Context(), func(tx *db.Tx) error { return k.Rotate(tx, before[0].ID()) }); !fault.Is(err, fault.Conflict) {
			t.Errorf("from a key that is retired: %v", err)
		}
		read(t, e, func(tx *db.Tx) error {
			var left, events int
			if err := tx.Get(`SELECT COUNT(*) FROM signing_key WHERE state = 'retired' AND sealed <> ''`, nil, &left); err != nil {
				return err
			}
			if err := tx.Get(`SELECT COUNT(*) FROM event WHERE action = 'signing.key_rotate'`, nil, &events); err != nil {
				return err
			}
			if left != 0 || events != 2 {
				t.Errorf("%d retired keys keep their secret, %d events", left, events)
			}
			return nil
		})
	})
}

// at runs f so many times at once, half of them on each node.
func atOnce(t *testing.T, a, b *dbtest.Env, n int, f func(e *dbtest.Env) error) (done int, errs []error) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		e := a
		if i%2 == 1 {
			e = b
		}
		all.Go(func() {
			err := f(e)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else {
				errs = append(errs, err)
			}
		})
	}
	all.Wait()
	return done, errs
}

func raceToRotate(t *testing.T, a, b *dbtest.Env) {
	k := &signing.Keys{Secret: secret.System{}, Ring: a.Ring}
	if done, errs := atOnce(t, a, b, 8, func(e *dbtest.Env) error { return e.DB.Write(t.Context(), k.Ensure) }); done != 8 {
		t.Fatal(errs)
	}
	before := publics(t, a, k)
	if len(before) != 2 {
		t.Fatalf("%v", states(before))
	}
	done, errs := atOnce(t, a, b, 16, func(e *dbtest.Env) error {
		return e.DB.Write(t.Context(), func(tx *db.Tx) error { return k.Rotate(tx, before[0].ID()) })
	})
	for _, err := range errs {
		if !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
	}
	after := publics(t, a, k)
	if done != 1 || strings.Join(states(after), " ") != "current next retired" || after[0].ID() != before[1].ID() {
		t.Errorf("%d rotations, %v", done, states(after))
	}
}

func TestOfManyRotationsAtOnceOneTakesPlace(t *testing.T) {
	t.Run("one node", func(t *testing.T) {
		dbtest.Each(t, func(t *testing.T, e *dbtest.Env) { raceToRotate(t, e, e) })
	})
	t.Run("two nodes", func(t *testing.T) { dbtest.Two(t, raceToRotate) })
}

// asvs: V13.3.2
func TestTheSecretHalfIsSealed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		k := keys(t, e)
		stranger := &signing.Keys{Secret: e.Secret, Ring: secret.NewRing(secret.Seeded(99))}
		err := e.DB.Read(t.Context(), func(tx *db.Tx) error {
			_, err := stranger.IssueLicense(tx, evaluation(e.Clock.Now()))
			return err
		})
		if !errors.Is(err, secret.ErrSealed) {
			t.Errorf("another ring opens the key: %v", err)
		}
		write(t, e, func(tx *db.Tx) error {
			_, err := tx.Count(`UPDATE signing_key SET sealed = (SELECT sealed FROM signing_key WHERE state = 'next') WHERE state = 'current'`)
			return err
		})
		err = e.DB.Read(t.Context(), func(tx *db.Tx) error {
			_, err := k.SignFeed(tx, []byte("{}"))
			return err
		})
		if !errors.Is(err, secret.ErrSealed) {
			t.Errorf("a secret half that was moved signs: %v", err)
		}
	})
}

func TestNamesThatWouldBreakTheHeaderDoNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		k := keys(t, e)
		l := evaluation(e.Clock.Now())
		l.Organization = "Evil\nSeats: 9999\u202e\r\n-----END VESTIBULE LICENCE-----\u2028" + strings.Repeat("x", 150)
		l.Edition = strings.Repeat("ä", 190)
		out := issue(t, e, k, l)
		if strings.Contains(out.Text, "\nSeats: 9999") || strings.Contains(out.Text, "\u202e") || strings.Count(out.Text, "\n-----END") != 1 {
			t.Errorf("%s", out.Text)
		}
		if r := verifier(e, publics(t, e, k)...).Check([]byte(out.Text)); r.Code != verify.Valid || r.License.Organization != l.Organization {
			t.Errorf("%s", r.Code)
		}
	})
}

func TestWhatDoesNotFitIsToldAndWithoutKeysNothingIsSigned(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		k := &signing.Keys{Secret: e.Secret, Ring: e.Ring}
		q := verify.Request{Key: "MAGE2MA86980R7JEPA4424A", Device: device()}
		err := e.DB.Read(t.Context(), func(tx *db.Tx) error {
			if ready, err := k.Ready(tx); err != nil || ready {
				t.Errorf("ready %v %v", ready, err)
			}
			if err := k.Rotate(tx, "x"); !fault.Is(err, fault.NotFound) {
				t.Errorf("rotated: %v", err)
			}
			_, err := k.IssueCode(tx, q, evaluation(e.Clock.Now()))
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("signed without a key: %v", err)
		}
		write(t, e, k.Ensure)
		l := evaluation(e.Clock.Now())
		l.Features = strings.Split(strings.Repeat("feature,", 40), ",")
		err = e.DB.Read(t.Context(), func(tx *db.Tx) error {
			if ready, err := k.Ready(tx); err != nil || !ready {
				t.Errorf("not ready: %v", err)
			}
			_, err := k.IssueCode(tx, q, l)
			return err
		})
		if !fault.Code(err, "code-too-long") {
			t.Errorf("forty features: %v", err)
		}
		l.Features = strings.Split(strings.Repeat("a-rather-long-feature-code-of-somebody,", 2000), ",")
		err = e.DB.Read(t.Context(), func(tx *db.Tx) error {
			_, err := k.IssueLicense(tx, l)
			return err
		})
		if err == nil {
			t.Errorf("a file that nobody would read: %v", err)
		}
	})
}
