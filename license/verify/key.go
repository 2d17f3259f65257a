package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

const (
	alphabet     = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's base32: no I, L, O, U
	keyBody      = 20
	keyDrawn     = keyBody - 2
	prefixMin    = 2
	prefixMax    = 6
	typedMax     = 80
	checkModulus = 1021
)

// A KeyError tells what is wrong with a typed licence key.
type KeyError struct {
	Code     Code
	Position int // of KeyCharacter: counted in what was typed, from 1; else 0
}

// Error tells the code.
func (e *KeyError) Error() string { return "verify: " + string(e.Code) }

// ParseKey reads a licence key as a person types it: case, spaces and dashes do
// not matter, O is read as 0, I and L as 1. It returns the form by which keys
// are compared: without dashes, in capitals, with those letters folded. An
// error is a *KeyError. It needs no key of the portal and proves nothing but
// that the key was typed rightly.
func ParseKey(typed string) (string, error) {
	if len(typed) > typedMax {
		return "", &KeyError{Code: KeyLong}
	}
	var symbols []byte
	var positions []int
	position := 0
	for _, r := range typed {
		position++
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '\u2212' || r == '_' {
			continue
		}
		c, ok := plain(r)
		if !ok {
			return "", &KeyError{KeyCharacter, position}
		}
		symbols, positions = append(symbols, c), append(positions, position)
	}
	if len(symbols) < prefixMin+keyBody {
		return "", &KeyError{Code: KeyShort}
	}
	if len(symbols) > prefixMax+keyBody {
		return "", &KeyError{Code: KeyLong}
	}
	cut := len(symbols) - keyBody
	for i, c := range symbols[cut:] {
		if strings.IndexByte(alphabet, c) < 0 {
			return "", &KeyError{KeyCharacter, positions[cut+i]}
		}
	}
	prefix, body := symbols[:cut], symbols[cut:]
	if keyCheck(prefix, body[:keyDrawn]) != string(body[keyDrawn:]) {
		return "", &KeyError{Code: KeyCheck}
	}
	return string(symbols), nil
}

// plain folds a letter or digit of ASCII; ok is false for everything else.
func plain(r rune) (c byte, ok bool) {
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}
	switch {
	case r == 'O':
		return '0', true
	case r == 'I' || r == 'L':
		return '1', true
	case r >= '0' && r <= '9' || r >= 'A' && r <= 'Z':
		return byte(r), true
	}
	return 0, false
}

// keyCheck computes the two check symbols over the drawn symbols and the prefix.
func keyCheck(prefix, drawn []byte) string {
	sum, weight := 0, 1
	next := func(value int) {
		for {
			weight = weight * 10 % checkModulus
			if weight != checkModulus-1 && weight != checkModulus-len(alphabet) {
				break
			}
		}
		sum = (sum + value*weight) % checkModulus
	}
	for _, c := range drawn {
		next(strings.IndexByte(alphabet, c))
	}
	for _, c := range prefix {
		if c <= '9' {
			next(int(c - '0'))
		} else {
			next(int(c-'A') + 10)
		}
	}
	return string([]byte{alphabet[sum/len(alphabet)], alphabet[sum%len(alphabet)]})
}

// KeyHash is how files and lists name a key without telling it: SHA-256 over
// "vestibule key" and the form that ParseKey returns, in lower-case hexadecimal
// digits.
func KeyHash(parsed string) string {
	sum := sha256.Sum256(PreAuth([]byte("vestibule key"), []byte(parsed)))
	return hex.EncodeToString(sum[:])
}

const fingerprintBytes = 16

// Fingerprint makes a device's fingerprint of what the product knows of it
// (serial numbers, a machine id): 32 lower-case hexadecimal digits, different
// for each product, from which the parts cannot be read back.
func Fingerprint(product string, parts ...string) string {
	pieces := [][]byte{[]byte("vestibule device"), []byte(product)}
	for _, p := range parts {
		pieces = append(pieces, []byte(p))
	}
	sum := sha256.Sum256(PreAuth(pieces...))
	return hex.EncodeToString(sum[:fingerprintBytes])
}

// ValidFingerprint says whether s has the form of a Fingerprint.
func ValidFingerprint(s string) bool { return isHex(s, fingerprintBytes) }
