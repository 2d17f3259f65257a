package verify_test

import (
	"testing"

	"vestibule/license/verify"
)

// Only what the tests' own keys signed may pass, whatever else is tried.

func FuzzLicenseFile(f *testing.F) {
	for _, name := range []string{"evaluation.txt", "bound.txt", "perpetual.txt", "next-key.txt", "unknown-key.txt", "list-empty.txt"} {
		f.Add(kept(f, name))
	}
	f.Add([]byte("-----BEGIN VESTIBULE LICENCE-----\n\nv4.public..\n-----END VESTIBULE LICENCE-----"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := verifier("2026-06-20T09:00:00Z").Check(text)
		if r.Code == "" || r.OK() && r.License.Serial != evaluation().Serial {
			t.Errorf("%q: %s", text, r.Code)
		}
	})
}

func FuzzRevocations(f *testing.F) {
	for _, name := range []string{"list-empty.txt", "list-key.txt", "list-next-key.txt", "list-elsewhere.txt", "evaluation.txt"} {
		f.Add(kept(f, name))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v := verifier("2026-06-20T09:00:00Z")
		if r := v.Revocations(text); r.Code == "" {
			t.Errorf("%q: no code", text)
		}
		if r := v.Check(kept(t, "evaluation.txt")); r.Code != verify.Valid && r.Code != verify.Revoked {
			t.Errorf("%q: %s", text, r.Code)
		}
	})
}

func FuzzCode(f *testing.F) {
	for _, name := range []string{"code.txt", "code-perpetual.txt", "code-unknown.txt", "request.txt"} {
		f.Add(string(kept(f, name)), key)
	}
	f.Add("------", "")
	f.Add(verify.EncodeGroups([]byte{0x11, 0xff, 0, 0}), key)
	f.Add(verify.EncodeGroups([]byte{0x21, 0xff, 0, 0}), key)
	f.Fuzz(func(t *testing.T, typed, key string) {
		v := verifier("2026-06-20T09:00:00Z")
		if r := v.CheckCode(typed, key); r.Code == "" || r.OK() && r.License.Serial != evaluation().Serial {
			t.Errorf("%q: %s", typed, r.Code)
		}
		q, err := verify.ParseRequest(typed)
		if err != nil {
			return
		}
		text, err := q.Encode()
		if err != nil {
			t.Fatalf("%q reads as %+v, which cannot be written: %v", typed, q, err)
		}
		if again, err := verify.ParseRequest(text); err != nil || again != q {
			t.Errorf("%q reads as %+v, and that as %+v, %v", typed, q, again, err)
		}
	})
}
