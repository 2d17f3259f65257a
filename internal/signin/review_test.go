package signin

import (
	"testing"

	"vestibule/internal/account"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
)

// Two spellings of one login are braked alike, whether or not somebody has it.
// asvs: V6.3.8
func TestSpellingsOfALoginDoNotTellWhetherItExists(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Anna", "Ash", account.Active)
		try := func(login string) error {
			_, err := h.Password(t.Context(), Credentials{Login: login, Password: "wrong"}, Browser{})
			return err
		}
		sixth := func(login, other string) bool {
			for range 5 {
				_ = try(login)
			}
			return fault.Is(try(other), fault.TooMany)
		}
		known := sixth("anna.ash@vale.example", "anna.ash@ｖale.example")
		unknown := sixth("nobody.x@vale.example", "nobody.x@ｖale.example")
		if known != unknown {
			t.Fatalf("the brake tells who has an account: known %v, unknown %v", known, unknown)
		}
	})
}

// A UserID and an address are braked apart: otherwise the one would tell whose the other is.
// asvs: V6.3.8
func TestABrakeDoesNotTellThatTwoLoginsLeadToOneAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		h := build(t, e)
		h.person("Anna", "Ash", account.Active)
		for range accountThere.free + 1 {
			_, _ = h.from("192.0.2.1", "anna.ash@vale.example", "wrong")
		}
		if _, err := h.from("192.0.2.1", "anna.ash@vale.example", good); !fault.Is(err, fault.TooMany) {
			t.Errorf("the address after many failures: %v", err)
		}
		if _, err := h.from("192.0.2.1", "aash", "wrong"); !fault.Code(err, "sign-in-wrong") {
			t.Errorf("the UserID of the same account: %v", err)
		}
	})
}
