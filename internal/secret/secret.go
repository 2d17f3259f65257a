// Package secret makes what must not be guessed, hashes what must be compared
// and seals what must be read again.
//
// Three kinds of keeping, and when to use which:
//   - Hash: for tokens of 128 bits or more. A plain SHA-256 is enough, since
//     nobody can try them all.
//   - Ring.MAC: for short secrets (six-digit codes, recovery codes). A stolen
//     database alone does not let a thief try them: the key is elsewhere.
//   - Ring.Seal: for what the portal must read back (authenticator seeds, bodies
//     of messages). The associated data says where it lies, so that a sealed
//     value cannot be moved to another row.
//
// Passwords and answers are the business of package password.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"time"
)

// A Source makes secrets. Chance comes in here and nowhere else, so that tests
// can repeat it.
type Source interface {
	// ID makes a row's id: 26 characters, sortable by now to the millisecond,
	// with 80 bits of chance.
	ID(now time.Time) string
	// Token makes a secret of at least 128 bits that is safe in a URL.
	Token() string
	// Digits makes n decimal digits, each equally likely (ASVS V11.5.1).
	Digits(n int) string
	// Bytes makes n bytes.
	Bytes(n int) []byte
}

// Crockford's alphabet keeps the order of the bytes it encodes.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func id(now time.Time, chance []byte) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	copy(b[6:], chance)
	return crockford.EncodeToString(b[:])
}

// System is the Source of the running portal.
type System struct{}

// ID implements Source.
func (s System) ID(now time.Time) string { return id(now, s.Bytes(10)) }

// Token implements Source.
func (System) Token() string { return rand.Text() }

// Digits implements Source.
func (System) Digits(n int) string {
	var b strings.Builder
	ten := big.NewInt(10)
	for range n {
		d, _ := rand.Int(rand.Reader, ten) // rand.Reader never fails since Go 1.24
		b.WriteByte('0' + byte(d.Int64()))
	}
	return b.String()
}

// Bytes implements Source.
func (System) Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return b
}

type seeded struct {
	mu sync.Mutex
	r  *mathrand.ChaCha8
}

// Seeded returns a Source that makes the same secrets in the same order for the
// same seed. For tests and samples only.
func Seeded(seed uint64) Source {
	var s [32]byte
	binary.LittleEndian.PutUint64(s[:], seed)
	return &seeded{r: mathrand.NewChaCha8(s)}
}

func (s *seeded) ID(now time.Time) string { return id(now, s.Bytes(10)) }

func (s *seeded) Token() string { return strings.ToUpper(crockford.EncodeToString(s.Bytes(20))) }

func (s *seeded) Digits(n int) string {
	b := s.Bytes(n)
	for i := range b {
		b[i] = '0' + b[i]%10
	}
	return string(b)
}

func (s *seeded) Bytes(n int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := make([]byte, n)
	_, _ = s.r.Read(b) // documented to never fail
	return b
}

// Hash is what the database keeps of a token: hex of SHA-256 over the parts.
func Hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// Same compares in constant time.
func Same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
