package passkey_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"vestibule/internal/passkey"
)

// asvs: V6.7.2
func TestEveryChallengeIsLongAndAnother(t *testing.T) {
	p := party(t)
	seen := map[string]bool{}
	for range 50 {
		for _, begin := range []func() ([]byte, error){
			func() ([]byte, error) {
				options, _, err := p.BeginRegistration(noon, "add", marta())
				return options, err
			},
			func() ([]byte, error) {
				options, _, err := p.BeginAssertion(noon, "sign-in", passkey.Owner{})
				return options, err
			},
		} {
			options, err := begin()
			if err != nil {
				t.Fatal(err)
			}
			challenge := named(t, options)
			raw, err := base64.RawURLEncoding.DecodeString(challenge)
			if err != nil || len(raw) < 16 {
				t.Fatalf("%d bytes, %v", len(raw), err)
			}
			if seen[challenge] {
				t.Fatal("a challenge came twice")
			}
			seen[challenge] = true
		}
	}
}

// named is the challenge in what a browser is given.
func named(t *testing.T, options []byte) string {
	t.Helper()
	var flat struct {
		Challenge string `json:"challenge"`
		PublicKey struct {
			Challenge string `json:"challenge"`
		} `json:"publicKey"`
	}
	if err := json.Unmarshal(options, &flat); err != nil {
		t.Fatal(err)
	}
	return flat.Challenge + flat.PublicKey.Challenge
}
