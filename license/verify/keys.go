package verify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strings"
)

const keyIDBytes = 8

// A PublicKey is one of the portal's; ParsePublicKey makes it.
type PublicKey struct {
	id  string
	raw ed25519.PublicKey
}

// ErrPublicKey says that a text is no public key.
var ErrPublicKey = errors.New("verify: not an Ed25519 public key: 64 hexadecimal digits, or a PEM block PUBLIC KEY")

// ParsePublicKey reads a public key in 64 hexadecimal digits, or as a PEM block
// "PUBLIC KEY" (RFC 8410).
func ParsePublicKey(text string) (PublicKey, error) {
	text = strings.TrimSpace(text)
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == ed25519.PublicKeySize {
		return NewPublicKey(raw), nil
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return PublicKey{}, ErrPublicKey
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	raw, ok := parsed.(ed25519.PublicKey)
	if err != nil || !ok {
		return PublicKey{}, ErrPublicKey
	}
	return NewPublicKey(raw), nil
}

// NewPublicKey makes a key of its 32 bytes.
func NewPublicKey(raw ed25519.PublicKey) PublicKey {
	sum := sha256.Sum256(raw)
	return PublicKey{id: hex.EncodeToString(sum[:keyIDBytes]), raw: raw}
}

// ID is how files name the key: the first 8 bytes of the SHA-256 of its 32
// bytes, in lower-case hexadecimal digits.
func (k PublicKey) ID() string { return k.id }

// String is the key in hexadecimal digits.
func (k PublicKey) String() string { return hex.EncodeToString(k.raw) }

func (v *Verifier) key(id string) (PublicKey, bool) {
	for _, k := range v.Keys {
		if k.id == id && len(k.raw) == ed25519.PublicKeySize {
			return k, true
		}
	}
	return PublicKey{}, false
}
