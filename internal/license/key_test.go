package license_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/secret"
)

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func drawKey(t *rapid.T) license.Key {
	prefix := rapid.StringMatching(`[A-Z][A-Z0-9]{1,5}`).Draw(t, "prefix")
	return license.NewKey(secret.Seeded(rapid.Uint64().Draw(t, "seed")), prefix)
}

func TestAKeyIsReadBackHoweverItIsTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := drawKey(t)
		var typed strings.Builder
		for _, r := range key.String() {
			switch rapid.IntRange(0, 5).Draw(t, "how") {
			case 0:
				typed.WriteString(strings.ToLower(string(r)))
			case 1:
				typed.WriteString(string(r) + " ")
			case 2:
				typed.WriteString(strings.NewReplacer("-", "–", "0", "o", "1", "l").Replace(string(r)))
			case 3:
				typed.WriteString(strings.NewReplacer("-", "", "0", "O", "1", "I").Replace(string(r)))
			default:
				typed.WriteRune(r)
			}
		}
		got, err := license.ParseKey(typed.String())
		if err != nil || got.Lookup() != key.Lookup() {
			t.Fatalf("%q read as %q, %v; want %q", typed.String(), got.Lookup(), err, key.Lookup())
		}
	})
}

func TestEveryWrongSymbolIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := drawKey(t)
		typed := []byte(key.Lookup())
		place := rapid.IntRange(0, len(typed)-1).Draw(t, "place")
		before := typed[place]
		typed[place] = rapid.SampledFrom([]byte(crockford)).Draw(t, "symbol")
		if typed[place] == before {
			t.Skip("the same symbol")
		}
		if _, err := license.ParseKey(string(typed)); !fault.Code(err, "key-check") {
			t.Fatalf("%s with %c for %c at %d: %v", key, typed[place], before, place, err)
		}
	})
}

func TestEveryTwoExchangedSymbolsAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typed := []byte(drawKey(t).Lookup())
		a := rapid.IntRange(0, len(typed)-1).Draw(t, "a")
		b := rapid.IntRange(0, len(typed)-1).Draw(t, "b")
		typed[a], typed[b] = typed[b], typed[a]
		_, err := license.ParseKey(string(typed))
		if same := typed[a] == typed[b]; same != (err == nil) {
			t.Fatalf("%s with %d and %d exchanged: %v", typed, a, b, err)
		}
	})
}

func TestAKeyOfACertainShapeIsMade(t *testing.T) {
	key := license.NewKey(secret.Seeded(7), "MAG")
	if s := key.String(); len(s) != len("MAG-XXXXX-XXXXX-XXXXX-XXXXX") || !strings.HasPrefix(s, "MAG-") {
		t.Errorf("key %s", s)
	}
	if other := license.NewKey(secret.Seeded(8), "MAG"); other == key {
		t.Error("two keys are equal")
	}
}

func TestAMalformedKeyIsToldAtItsPosition(t *testing.T) {
	good := license.NewKey(secret.Seeded(7), "MAG").String()
	for name, c := range map[string]struct{ typed, code, position string }{
		"empty":              {"", "key-short", ""},
		"half":               {good[:15], "key-short", ""},
		"two in one":         {good + good, "key-long", ""},
		"a book":             {strings.Repeat("A", 5000), "key-long", ""},
		"a star":             {good[:6] + "*" + good[7:], "key-character", "7"},
		"a letter U":         {good[:6] + "U" + good[7:], "key-character", "7"},
		"a Cyrillic letter":  {"МAG" + good[3:], "key-character", "1"},
		"a control":          {good + "\x00", "key-character", "28"},
		"a direction change": {"\u202e" + good, "key-character", "1"},
	} {
		_, err := license.ParseKey(c.typed)
		e := fault.From(err)
		if e.Code != c.code || e.Field != "key" || e.Args["position"] != c.position {
			t.Errorf("%s: %s at %q, want %s at %q", name, e.Code, e.Args["position"], c.code, c.position)
		}
	}
}

func TestPrefixesAreShortPlainAndBeginWithALetter(t *testing.T) {
	for prefix, want := range map[string]bool{"MAG": true, "M1": true, "ABCDEF": true, "": false, "M": false, "ABCDEFG": false, "1AB": false, "mag": false, "M-G": false, "MÄG": false} {
		if license.ValidPrefix(prefix) != want {
			t.Errorf("%q: want %v", prefix, want)
		}
	}
}
