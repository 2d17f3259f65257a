package release

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"

	"vestibule/internal/fault"
)

// maxSignature is far more than minisign writes; the trusted comment is the vendor's.
const maxSignature = 4000

// A signature is one as minisign writes it (https://jedisct1.github.io/minisign/, "Signature format").
type signature struct {
	legacy  bool // over the file itself, not over its sum
	keyID   [8]byte
	sig     []byte
	comment string // trusted: the second signature covers it
	global  []byte
}

// parseSignature reads a .minisig file. Invalid at "signature": signature-malformed.
func parseSignature(text string) (s signature, err error) {
	malformed := fault.OnField("signature", "signature-malformed")
	lines := strings.Split(strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n"), "\n")
	if len(text) > maxSignature || len(lines) != 4 || !strings.HasPrefix(lines[0], "untrusted comment:") {
		return s, malformed
	}
	first, err := base64.StdEncoding.Strict().DecodeString(lines[1])
	if err != nil || len(first) != 2+8+ed25519.SignatureSize {
		return s, malformed
	}
	comment, ok := strings.CutPrefix(lines[2], "trusted comment: ")
	if !ok {
		return s, malformed
	}
	s.global, err = base64.StdEncoding.Strict().DecodeString(lines[3])
	if err != nil || len(s.global) != ed25519.SignatureSize {
		return s, malformed
	}
	switch string(first[:2]) {
	case "ED":
	case "Ed":
		s.legacy = true
	default:
		return s, malformed
	}
	s.keyID, s.sig, s.comment = [8]byte(first[2:10]), first[10:], comment
	return s, nil
}

// A publisher is a public key of a product's publisher.
type publisher struct {
	id  [8]byte
	key ed25519.PublicKey
}

func parsePublisher(text string) (p publisher, ok bool) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != 2+8+ed25519.PublicKeySize || string(b[:2]) != "Ed" {
		return p, false
	}
	return publisher{id: [8]byte(b[2:10]), key: b[10:]}, true
}

// PublisherKeyID is the id of a minisign public key as the program shows it, or "" for what is no key.
func PublisherKeyID(text string) string {
	p, ok := parsePublisher(text)
	if !ok {
		return ""
	}
	return keyID(p.id)
}

// keyID is without zeros at its front, as minisign 0.11 writes it.
func keyID(id [8]byte) string { return fmt.Sprintf("%X", binary.LittleEndian.Uint64(id[:])) }

// judge says whether the signature over a file is right by one of the keys. digest is BLAKE2b-512 of the file, in hexadecimal
// digits. The refusals are Invalid at "signature": signature-missing, -malformed, -legacy, -key-unknown, -wrong, -comment-wrong, and
// publisher-key-missing where the product has no key at all.
func judge(text, digest string, keys []string) (s signature, err error) {
	refused := func(code string, pairs ...string) error { return fault.OnField("signature", code).With(pairs...) }
	var known []string
	for _, k := range keys {
		if id := PublisherKeyID(k); id != "" {
			known = append(known, id)
		}
	}
	if len(known) == 0 {
		return s, refused("publisher-key-missing")
	}
	if text == "" {
		return s, refused("signature-missing")
	}
	if s, err = parseSignature(text); err != nil {
		return s, err
	}
	i := slices.IndexFunc(keys, func(k string) bool { p, ok := parsePublisher(k); return ok && p.id == s.keyID })
	if i < 0 {
		return s, refused("signature-key-unknown", "signed", keyID(s.keyID), "keys", strings.Join(known, ", "))
	}
	if s.legacy {
		return s, refused("signature-legacy")
	}
	p, _ := parsePublisher(keys[i])
	sum, err := hex.DecodeString(digest)
	if err != nil || len(sum) != blake2b.Size {
		return s, fmt.Errorf("release: the sum %q is not one", digest)
	}
	if !ed25519.Verify(p.key, sum, s.sig) {
		return s, refused("signature-wrong", "signed", keyID(s.keyID))
	}
	if !ed25519.Verify(p.key, append(slices.Clone(s.sig), s.comment...), s.global) {
		return s, refused("signature-comment-wrong")
	}
	return s, nil
}
