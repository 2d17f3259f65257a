// Package signing signs what products check without asking the portal: licence
// files, lists of what was revoked, activation codes and release feeds.
//
// The portal has one current key, which signs, and one next. Products carry the
// public halves of both, so that the keys can be rotated without a release:
// the next becomes the current, and a new next goes into the products' next
// releases. Retired keys stay listed.
//
// It promises: there is always one key of each kind; of any number of rotations
// at once one takes place; the secret half of a key is sealed in the database,
// leaves it only to sign, and is erased when the key is retired. What is signed
// for one purpose cannot be used for another. The formats are those of
// docs/licence-file.md; vestibule/license/verify reads them.
//
// It leaves to others who gets a file, what stands in it, and how lists are
// numbered.
package signing

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
	"vestibule/license/verify"
)

// Keys are the portal's signing keys. The zero value of neither field will do.
type Keys struct {
	Secret secret.Source
	Ring   *secret.Ring
}

// The states of a key.
const (
	Current = "current" // signs
	Next    = "next"    // will sign
	Retired = "retired" // has signed
)

// A Public is the public half of a key, with its dates.
type Public struct {
	verify.PublicKey
	State     string
	MadeAt    time.Time
	CurrentAt time.Time // zero: not yet
	RetiredAt time.Time // zero: not yet
}

// Ready says whether there is a current key and a next one; Ensure makes what is
// missing.
func (k *Keys) Ready(tx *db.Tx) (bool, error) {
	n, err := alive(tx)
	return n == 2, err
}

// Ensure makes the keys that are missing. Two nodes that start at once make one
// of each.
func (k *Keys) Ensure(tx *db.Tx) error {
	for _, state := range []string{Current, Next} {
		if _, err := keyIn(tx, state); err == nil {
			continue
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		if err := k.make(tx, state); err != nil {
			return err
		}
	}
	return nil
}

// make draws a key; where another transaction has made one of this state
// already, that one stays.
func (k *Keys) make(tx *db.Tx, state string) error {
	seed := k.Secret.Bytes(ed25519.SeedSize)
	public := verify.NewPublicKey(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	r := row{id: public.ID(), public: public.String(), sealed: k.Ring.Seal(place(public.ID()), seed), state: state, madeAt: tx.Now()}
	if state == Current {
		r.currentAt = tx.Now()
	}
	return insert(tx, r)
}

// place is where the secret half lies, for sealing.
func place(id string) string { return "signing_key/" + id + "/sealed" }

// Public lists the keys: the current one, the next, then those retired, the
// latest first.
func (k *Keys) Public(tx *db.Tx) ([]Public, error) { return publics(tx) }

// Rotate makes the next key the current one and draws a new next. from is the
// id of the current key that the caller saw: when it is current no more, nothing
// happens but Conflict "changed".
func (k *Keys) Rotate(tx *db.Tx, from string) error {
	next, err := keyIn(tx, Next)
	if err != nil {
		return err
	}
	if err := retire(tx, from); err != nil {
		return err
	}
	if err := promote(tx, next.id); err != nil {
		return err
	}
	if err := k.make(tx, Next); err != nil {
		return err
	}
	return audit.Add(tx, k.Secret, audit.Event{
		Action: "signing.key_rotate", Subject: "signing_key:" + next.id, Detail: map[string]string{"from": from},
	})
}

// signer opens the current key.
func (k *Keys) signer(tx *db.Tx) (id string, private ed25519.PrivateKey, err error) {
	r, err := keyIn(tx, Current)
	if err != nil {
		return "", nil, err
	}
	seed, err := k.Ring.Open(place(r.id), r.sealed)
	if err != nil {
		return "", nil, fmt.Errorf("signing: key %s: %w", r.id, err)
	}
	if len(seed) != ed25519.SeedSize {
		return "", nil, fmt.Errorf("signing: key %s is not whole", r.id)
	}
	return r.id, ed25519.NewKeyFromSeed(seed), nil
}

// serial draws the number of a file. Numbers do not count up: nobody learns how
// many files there are, and no two issues wait for each other.
func (k *Keys) serial() string { return hex.EncodeToString(k.Secret.Bytes(8)) }
