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
	"sync/atomic"
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

// The sizes of new hashes; those of other systems have bounds in foreign.go.
const (
	saltBytes = 16
	hashBytes = 32
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
	done   atomic.Uint64
}

// Hashes is how many hashes were computed so far. What it grows by between two answers says whether they cost the same work.
func (h *Hasher) Hashes() uint64 { return h.done.Load() }

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
	key := ""
	err := h.work(ctx, func() {
		key = encode(h.params, kid, salt, h.params.key(prepare(text, pepper), salt, hashBytes))
	})
	return key, err
}

// Check reports whether the text is the one that was hashed, and whether the
// hash should be made anew because costs or pepper have changed. A hash that
// cannot be read matches nothing, after the same work.
//
// The hash of another system (Adopt) is always outdated. Beside its own work a
// Check of it does that of a new hash, so that it never takes less than any
// other; what it takes more can be seen until its owner has signed in once.
func (h *Hasher) Check(ctx context.Context, encoded, text string) (ok, outdated bool, err error) {
	theirs := h.opened(encoded)
	if theirs != nil {
		encoded = h.dummy
	}
	a, code := decode(encoded)
	pepper, known := h.ring.PepperByID(pepperPurpose, a.keyID)
	if code != "" || !known || a.variant != "argon2id" {
		return false, false, h.Dummy(ctx, text)
	}
	matches := false
	if err := h.work(ctx, func() {
		got := a.params.key(prepare(text, pepper), a.salt, uint32(len(a.hash)))
		matches = subtle.ConstantTimeCompare(got, a.hash) == 1
		if theirs != nil {
			matches = theirs([]byte(norm.NFC.String(text)))
		}
	}); err != nil {
		return false, false, err
	}
	newest, _ := h.ring.Pepper(pepperPurpose)
	return matches, theirs != nil || a.params != h.params || a.keyID != newest, nil
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

// work does f when a slot is free: the one place where hashes are made.
func (h *Hasher) work(ctx context.Context, f func()) error {
	if ctx.Value(place{h}) == nil {
		_, leave, err := h.Enter(ctx)
		if err != nil {
			return err
		}
		defer leave()
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("password: %w", ctx.Err())
	}
	defer func() { <-h.slots }()
	f()
	h.done.Add(1)
	return nil
}

func (p Params) key(text, salt []byte, n uint32) []byte {
	return argon2.IDKey(text, salt, p.Passes, p.MemoryKiB, p.Lanes, n)
}

// prepare returns what Argon2id is given.
func prepare(text string, pepper []byte) []byte {
	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(norm.NFC.String(text)))
	return mac.Sum(nil)
}

// The PHC string format (https://github.com/P-H-C/phc-string-format), with the
// pepper's id as "keyid".
func encode(p Params, kid string, salt, hash []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d,keyid=%s$%s$%s", argon2.Version, p.MemoryKiB, p.Passes, p.Lanes,
		base64.RawStdEncoding.EncodeToString([]byte(kid)),
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(hash))
}

// encodedHash is an Argon2 hash taken apart.
type encodedHash struct {
	variant string // argon2id, argon2i
	params  Params
	keyID   string // of the pepper; "" with hashes of other systems
	salt    []byte
	hash    []byte
}

// decode reads a PHC string of Argon2, or says why not.
func decode(encoded string) (a encodedHash, code string) {
	parts := strings.Split(encoded, "$")
	if len(encoded) > maxEncoded || len(parts) != 6 || parts[0] != "" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return a, hashUnknown
	}
	a.variant = parts[1]
	if a.variant != "argon2id" && a.variant != "argon2i" {
		return a, hashUnknown
	}
	for field := range strings.SplitSeq(parts[3], ",") {
		name, value, _ := strings.Cut(field, "=")
		if name == "keyid" {
			id, err := base64.RawStdEncoding.DecodeString(value)
			if err != nil || len(id) == 0 {
				return a, hashUnknown
			}
			a.keyID = string(id)
			continue
		}
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return a, hashUnknown
		}
		switch name {
		case "m":
			a.params.MemoryKiB = uint32(n)
		case "t":
			a.params.Passes = uint32(n)
		case "p":
			if n > maxLanes {
				return a, hashCosts
			}
			a.params.Lanes = uint8(n)
		default:
			return a, hashUnknown
		}
	}
	p := a.params
	if p.MemoryKiB > maxMemoryKiB || p.Passes > maxPasses || p.MemoryKiB*p.Passes > maxKiBPasses {
		return a, hashCosts
	}
	var errSalt, errHash error
	a.salt, errSalt = base64.RawStdEncoding.DecodeString(parts[4])
	a.hash, errHash = base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errHash != nil || p.Passes == 0 || p.Lanes == 0 || p.MemoryKiB < 8*uint32(p.Lanes) ||
		len(a.salt) < 8 || len(a.salt) > maxSaltBytes || len(a.hash) < minHashBytes || len(a.hash) > maxHashBytes {
		return a, hashUnknown
	}
	return a, ""
}
