package blocklist_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"vestibule/internal/password/blocklist"
)

// asvs: V6.2.4 V6.2.12
func TestKnownPasswordsAreFoundWhateverTheirCase(t *testing.T) {
	for _, p := range []string{"password", "PASSWORD", "passw0rd", "qwertyuiop", "1qaz2wsx3edc", "unbelievable"} {
		if !blocklist.Contains(p) {
			t.Errorf("%q is not found", p)
		}
	}
	if blocklist.Count() < 400_000 {
		t.Errorf("only %d entries", blocklist.Count())
	}
}

func TestWhatIsNoEntryIsNeverFound(t *testing.T) {
	for _, p := range []string{
		"", "a", "pass", "passwore", "password\x00", "passwordpasswordpasswordpassword2", "copper-lantern-47-harvest-sleet",
		"\x00\x00\x00\x00\x00\x00\x00\x00", strings.Repeat("\U0010FFFF", 9), strings.Repeat("z", 300), strings.Repeat("\xff", 12),
	} {
		if blocklist.Contains(p) {
			t.Errorf("%q is found", p)
		}
	}
}

// Entries of the list are found; each with one character more or less is found
// only if that is an entry too.
func TestTheAnswerIsExactForTheListsAtHand(t *testing.T) {
	entries := map[string]bool{}
	for _, name := range []string{"xato-1M-len12to14.txt", "xato-1M-len15plus.txt", "xato-1M-meets-classic-complexity.txt"} {
		f, err := os.Open("../../../../shared/data/passwords/" + name)
		if err != nil {
			t.Skip("the lists are not here")
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			entries[strings.ToLower(strings.TrimRight(lines.Text(), "\r"))] = true
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for e := range entries {
		if n++; n%5 != 0 {
			continue
		}
		if !blocklist.Contains(e) {
			t.Errorf("%q is not found", e)
		}
		if near := e + "~q"; len(e) >= 12 && blocklist.Contains(near) != entries[near] {
			t.Errorf("%q: found = %v", near, !entries[near])
		}
	}
}

func BenchmarkContains(b *testing.B) {
	for b.Loop() {
		blocklist.Contains("correct horse battery")
	}
}
