package secret_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/internal/secret"
)

func TestIDsSortByTimeAndDiffer(t *testing.T) {
	at := time.Date(2026, 6, 16, 9, 0, 0, 0, time.UTC)
	src := secret.System{}
	a, b, c := src.ID(at), src.ID(at), src.ID(at.Add(time.Millisecond))
	if a == b || len(a) != 26 || a >= c || b >= c {
		t.Fatalf("%q %q %q", a, b, c)
	}
}

func TestASeedRepeatsItsSecrets(t *testing.T) {
	a, b, other := secret.Seeded(7), secret.Seeded(7), secret.Seeded(8)
	if a.Token() != b.Token() || a.Digits(6) != b.Digits(6) || a.Token() == other.Token() {
		t.Fatal("the seed does not decide")
	}
}

// asvs: V11.5.1
func TestDigitsAreDigits(t *testing.T) {
	for _, src := range []secret.Source{secret.System{}, secret.Seeded(1)} {
		if d := src.Digits(200); len(d) != 200 || strings.Trim(d, "0123456789") != "" {
			t.Fatalf("%q", d)
		}
		if len(src.Token()) < 26 {
			t.Fatal("a token of fewer than 128 bits")
		}
	}
}

// asvs: V11.2.5 V11.3.2 V11.3.3
func TestSealedTextOpensOnlyInItsPlace(t *testing.T) {
	r := secret.NewRing(secret.System{})
	sealed := r.Seal("authenticator/a/secret", []byte("seed"))
	if got, err := r.Open("authenticator/a/secret", sealed); err != nil || string(got) != "seed" {
		t.Fatalf("%q %v", got, err)
	}
	for name, c := range map[string][2]string{
		"another row": {"authenticator/b/secret", sealed},
		"changed":     {"authenticator/a/secret", sealed[:len(sealed)-2] + "AA"},
		"no key":      {"authenticator/a/secret", "9" + sealed[1:]},
		"empty":       {"authenticator/a/secret", ""},
	} {
		if _, err := r.Open(c[0], c[1]); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// asvs: V11.2.2 V13.3.4
func TestAnOldKeyStillOpensAfterRotation(t *testing.T) {
	src := secret.System{}
	path := filepath.Join(t.TempDir(), "keys")
	old, err := secret.LoadRing(path, src)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	both, err := secret.ParseRing(string(text)+"2 "+strings.Repeat("A", 43)+"=\n", src)
	if err != nil {
		t.Fatal(err)
	}
	sealed, mac := old.Seal("x", []byte("plain")), old.MAC("code", "a", "123456")
	if got, err := both.Open("x", sealed); err != nil || string(got) != "plain" {
		t.Fatalf("%q %v", got, err)
	}
	if !both.MACMatches(mac, "code", "a", "123456") || both.MACMatches(mac, "code", "a", "123457") || both.MACMatches(mac, "other", "a", "123456") {
		t.Fatal("the old key's MAC is not judged rightly")
	}
	if !strings.HasPrefix(both.Seal("x", nil), "2.") || both.MACs("code", "a", "123456")[1] != mac {
		t.Fatal("the newest key does not lead")
	}
	id, key := old.Pepper("password")
	if again, ok := both.PepperByID("password", id); !ok || string(again) != string(key) {
		t.Fatal("an old pepper is lost")
	}
	if _, ok := both.PepperByID("password", "7"); ok {
		t.Fatal("a pepper of no key")
	}
}

// asvs: V13.3.2
func TestTheKeyFileIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "keys")
	if _, err := secret.LoadRing(path, secret.System{}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if _, err := secret.LoadRing(path, secret.System{}); err != nil {
		t.Fatalf("second start: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.LoadRing(path, secret.System{}); err == nil {
		t.Fatal("a key file that all can read was taken")
	}
}

func TestABrokenKeyFileIsRefused(t *testing.T) {
	for _, text := range []string{"", "# nothing", "1", "1 short", "! " + strings.Repeat("A", 43) + "=", "1 " + strings.Repeat("A", 43) + "=\n1 " + strings.Repeat("B", 43) + "="} {
		if _, err := secret.ParseRing(text, secret.System{}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
