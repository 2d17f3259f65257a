package license_test

import (
	"errors"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/license/verify"
)

// Products read keys by package verify, the portal by ParseKey: they must find
// the same things wrong at the same places.
func TestProductsReadKeysAsThePortalDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := drawKey(t)
		typed := rapid.OneOf(
			rapid.Just(key.String()), rapid.String(), rapid.StringMatching(`[A-Za-z0-9 _*–-]{0,40}`),
			rapid.Custom(func(t *rapid.T) string {
				b := []rune(key.String())
				for range rapid.IntRange(1, 3).Draw(t, "changes") {
					b[rapid.IntRange(0, len(b)-1).Draw(t, "place")] = rapid.RuneFrom([]rune("0OIL1uU8-_ aZ*é")).Draw(t, "symbol")
				}
				return string(b)
			}),
		).Draw(t, "typed")
		ours, err := license.ParseKey(typed)
		theirs, err2 := verify.ParseKey(typed)
		told, failed := errors.AsType[*verify.KeyError](err2)
		if failed != (err != nil) {
			t.Fatalf("%q: %v here, %v there", typed, err, err2)
		}
		if !failed {
			if ours.Lookup() != theirs {
				t.Fatalf("%q: %s here, %s there", typed, ours.Lookup(), theirs)
			}
			return
		}
		e, position := fault.From(err), ""
		if told.Position > 0 {
			position = strconv.Itoa(told.Position)
		}
		if e.Code != string(told.Code) || e.Args["position"] != position {
			t.Fatalf("%q: %s at %q here, %s at %q there", typed, e.Code, e.Args["position"], told.Code, position)
		}
	})
}
