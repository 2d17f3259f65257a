package verify_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"vestibule/license/verify"
)

// The token of a licence file is PASETO's. This is test vector 4-S-1 of the
// PASETO test vectors, so that a library for PASETO reads our files.
func TestThePreAuthenticationEncodingIsPASETOs(t *testing.T) {
	const token = "v4.public.eyJkYXRhIjoidGhpcyBpcyBhIHNpZ25lZCBtZXNzYWdlIiwiZXhwIjoiMjAyMi0wMS0wMVQwMDowMDowMCswMDowMCJ9" +
		"bg_XBBzds8lTZShVlwwKSgeKpLT3yukTw6JUz3W4h_ExsQV-P0V54zemZDcAxFaSeef1QlXEFtkqxT1ciiQEDA"
	public, err := hex.DecodeString("1eb9dbbbbc047c03fd70604e0071f0987e16b28b757225c11f00415d0e20b1a2")
	if err != nil {
		t.Fatal(err)
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "v4.public."))
	if err != nil {
		t.Fatal(err)
	}
	cut := len(body) - ed25519.SignatureSize
	if !ed25519.Verify(public, verify.PreAuth([]byte("v4.public."), body[:cut], nil, nil), body[cut:]) {
		t.Error("the vector's signature does not fit")
	}
}

func TestPreAuthTellsPiecesApart(t *testing.T) {
	if got := hex.EncodeToString(verify.PreAuth([]byte("test"))); got != "0100000000000000"+"0400000000000000"+"74657374" {
		t.Error(got)
	}
	if got := hex.EncodeToString(verify.PreAuth()); got != "0000000000000000" {
		t.Error(got)
	}
}
