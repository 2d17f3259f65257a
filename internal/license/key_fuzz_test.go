package license_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/secret"
)

// What a person types is read without a panic, and what is read is canonical;
// what is refused is told at the field, at a position that is there.
// asvs: V2.2.1
func FuzzParseKey(f *testing.F) {
	good := license.NewKey(secret.Seeded(7), "MAG").String()
	for _, seed := range []string{
		good, strings.ToLower(good), " " + good + "\n", strings.ReplaceAll(good, "-", ""), strings.ReplaceAll(good, "-", "–"),
		strings.NewReplacer("0", "O", "1", "l").Replace(good), good[:15], good + good, good[:6] + "*" + good[7:], good[:6] + "U" + good[7:],
		"", "-", "МAG" + good[3:], good + "\x00", "\u202e" + good, "\xff\xfe", strings.Repeat("A", 80), strings.Repeat("–", 30),
		"A0" + strings.Repeat("0", 20), "ZZZZZZ" + strings.Repeat("Z", 20), "000000" + strings.Repeat("0", 20),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		key, err := license.ParseKey(typed)
		if err != nil {
			e := fault.From(err)
			if e.Kind != fault.Invalid || e.Field != "key" || !strings.HasPrefix(e.Code, "key-") {
				t.Fatalf("%q: %v", typed, err)
			}
			if at := e.Args["position"]; at != "" {
				n, err := strconv.Atoi(at)
				if err != nil || n < 1 || n > utf8.RuneCountInString(typed) {
					t.Fatalf("%q: position %q", typed, at)
				}
			}
			return
		}
		again, err := license.ParseKey(key.String())
		if err != nil || again != key || key.Lookup() != again.Lookup() || string(key) != key.Lookup() {
			t.Fatalf("%q was read as %q, and that as %q, %v", typed, key, again, err)
		}
	})
}
