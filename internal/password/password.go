// Package password hashes what people know and judges what they choose.
//
// A [Hasher] makes and checks Argon2id hashes (RFC 9106) in PHC string form.
// What it hashes is the HMAC of the text under a pepper from the secrets file,
// so that a stolen table alone is of no use; the string names the pepper's key.
// Hashing is the dearest thing the portal does, so it stands behind a bounded
// queue: as many at once as there are cores, some more waiting, and everybody
// else is told at once to come back. Pages stay quick under a flood, and memory
// is bounded by the slots.
//
// [Rules] are what a password must be like; the same rules serve the live
// checklist and the decision. The package keeps nothing and logs nothing.
package password

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// Params are Argon2id's costs.
type Params struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultParams is 19 MiB, two passes, one lane (OWASP's first choice).
func DefaultParams() Params { return Params{MemoryKiB: 19456, Passes: 2, Lanes: 1} }

// What a foreign hash may ask for at most: an import must not be able to stop
// the portal.
const (
	maxMemoryKiB = 256 << 10
	maxPasses    = 16
	maxLanes     = 4
	saltBytes    = 16
	hashBytes    = 32
	maxSaltBytes = 64
	maxHashBytes = 64
)

// busyRetry is what one who finds the queue full is told to wait.
const busyRetry = 5 * time.Second

// Options say how a Hasher works. The zero value of each field is a default.
type Options struct {
	Params Params // DefaultParams
	Slots  int    // hashes at once: the cores
	Queue  int    // how many may wait: 16 a slot
}

// A Hasher hashes and checks. It is safe for many goroutines.
type Hasher struct {
	params Params
	ring   *secret.Ring
	source secret.Source
	slots  chan struct{}
	places chan struct{} // slots and waiting room together
	dummy  string
}

// New makes a Hasher.
func New(ring *secret.Ring, src secret.Source, o Options) *Hasher {
	if o.Params == (Params{}) {
		o.Params = DefaultParams()
	}
	if o.Slots <= 0 {
		o.Slots = runtime.GOMAXPROCS(0)
	}
	if o.Queue <= 0 {
		o.Queue = 16 * o.Slots
	}
	h := &Hasher{
		params: o.Params, ring: ring, source: src,
		slots:  make(chan struct{}, o.Slots),
		places: make(chan struct{}, o.Slots+o.Queue),
	}
	// The dummy is a hash of the right form that no text has: made without work.
	kid, _ := ring.Pepper(pepperPurpose)
	h.dummy = encode(o.Params, kid, src.Bytes(saltBytes), src.Bytes(hashBytes))
	return h
}

const pepperPurpose = "password"

// Hash returns the PHC string of a text, in Unicode's NFC. It is Unavailable
// "busy" at once when the queue is full.
func (h *Hasher) Hash(ctx context.Context, text string) (string, error) {
	salt := h.source.Bytes(saltBytes)
	kid, pepper := h.ring.Pepper(pepperPurpose)
	key, err := h.work(ctx, h.params, prepare(text, pepper), salt, hashBytes)
	if err != nil {
		return "", err
	}
	return encode(h.params, kid, salt, key), nil
}

// Check reports whether the text is the one that was hashed, and whether the
// hash should be made anew because costs or pepper have changed. A hash that
// cannot be read matches nothing, after the same work.
func (h *Hasher) Check(ctx context.Context, encoded, text string) (ok, outdated bool, err error) {
	p, kid, salt, want, parsed := decode(encoded)
	var pepper []byte
	if parsed && kid != "" {
		pepper, parsed = h.ring.PepperByID(pepperPurpose, kid)
	}
	if !parsed {
		return false, false, h.Dummy(ctx, text)
	}
	got, err := h.work(ctx, p, prepare(text, pepper), salt, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	newest, _ := h.ring.Pepper(pepperPurpose)
	return subtle.ConstantTimeCompare(got, want) == 1, p != h.params || kid != newest, nil
}

// Dummy does the work of a Check that fails, for accounts that do not exist or
// have no password: whoever measures learns nothing.
func (h *Hasher) Dummy(ctx context.Context, text string) error {
	_, _, err := h.Check(ctx, h.dummy, text)
	return err
}

// Enter takes a place in the queue for the hashes that are asked for within the
// context it returns, until leave is called. It is Unavailable "busy" at once
// when there is none: who enters before opening a transaction turns the surplus
// of a flood away without any other work, and whoever got in gets a hash.
func (h *Hasher) Enter(ctx context.Context) (within context.Context, leave func(), err error) {
	select {
	case h.places <- struct{}{}:
		return context.WithValue(ctx, place{h}, true), sync.OnceFunc(func() { <-h.places }), nil
	default:
		return ctx, func() {}, busy()
	}
}

// place is the key of a context that has a place in the queue of a Hasher.
type place struct{ of *Hasher }

// Waiting is how many are in the queue: hashes under way, and those to come.
func (h *Hasher) Waiting() int { return len(h.places) }

func busy() error {
	return &fault.Error{Kind: fault.Unavailable, Code: "busy", RetryAfter: busyRetry}
}

// Valid reports whether a foreign hash is one that Check can read, within the
// bounds for imports.
func Valid(encoded string) bool {
	_, kid, _, _, ok := decode(encoded)
	return ok && kid == ""
}

func (h *Hasher) work(ctx context.Context, p Params, text, salt []byte, n uint32) ([]byte, error) {
	if ctx.Value(place{h}) == nil {
		_, leave, err := h.Enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("password: %w", ctx.Err())
	}
	defer func() { <-h.slots }()
	return argon2.IDKey(text, salt, p.Passes, p.MemoryKiB, p.Lanes, n), nil
}

// prepare returns what Argon2id is given. A hash without pepper is a foreign one.
func prepare(text string, pepper []byte) []byte {
	text = norm.NFC.String(text)
	if pepper == nil {
		return []byte(text)
	}
	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// The PHC string format (https://github.com/P-H-C/phc-string-format), with the
// pepper's id as "keyid".
func encode(p Params, kid string, salt, hash []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d,keyid=%s$%s$%s", argon2.Version, p.MemoryKiB, p.Passes, p.Lanes,
		base64.RawStdEncoding.EncodeToString([]byte(kid)),
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(hash))
}

func decode(encoded string) (p Params, kid string, salt, hash []byte, ok bool) {
	parts := strings.Split(encoded, "$")
	if len(encoded) > 512 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return p, "", nil, nil, false
	}
	for field := range strings.SplitSeq(parts[3], ",") {
		name, value, _ := strings.Cut(field, "=")
		if name == "keyid" {
			id, err := base64.RawStdEncoding.DecodeString(value)
			if err != nil || len(id) == 0 {
				return p, "", nil, nil, false
			}
			kid = string(id)
			continue
		}
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return p, "", nil, nil, false
		}
		switch {
		case name == "m" && n <= maxMemoryKiB:
			p.MemoryKiB = uint32(n)
		case name == "t" && n <= maxPasses:
			p.Passes = uint32(n)
		case name == "p" && n <= maxLanes:
			p.Lanes = uint8(n)
		default:
			return p, "", nil, nil, false
		}
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	hash, errHash := base64.RawStdEncoding.DecodeString(parts[5])
	ok = errSalt == nil && errHash == nil && p.Passes > 0 && p.Lanes > 0 && p.MemoryKiB >= 8*uint32(p.Lanes) &&
		len(salt) >= 8 && len(salt) <= maxSaltBytes && len(hash) >= 16 && len(hash) <= maxHashBytes
	return p, kid, salt, hash, ok
}
