// Package passkeytest is an authenticator in software, for tests: it makes and
// uses passkeys the way a browser with a security key does (ECDSA on P-256,
// attestation "none"), and lies where a test asks it to.
package passkeytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"vestibule/internal/secret"
)

// An Authenticator holds passkeys. The zero values of its switches are honest.
type Authenticator struct {
	t      testing.TB
	chance secret.Source

	Origin     string // of the page that asks: what the browser vouches for
	Unverified bool   // nobody showed a finger: the user is present, not verified
	Counts     bool   // it counts its signatures; most passkeys of today do not
	Synced     bool   // what it makes can be on several devices, and is
	Keys       []*Key
}

// A Key is one passkey.
type Key struct {
	ID      []byte
	Handle  []byte // whose it is, as the portal said
	RP      string
	Counter uint32
	private *ecdsa.PrivateKey
}

// New makes an authenticator in a browser that shows a page of origin.
func New(t testing.TB, chance secret.Source, origin string) *Authenticator {
	return &Authenticator{t: t, chance: chance, Origin: origin}
}

// The flags of authenticator data (WebAuthn 3, 6.1).
const (
	present  = 1 << 0
	verified = 1 << 2
	eligible = 1 << 3
	backedUp = 1 << 4
	attested = 1 << 6
)

type options struct {
	Challenge string
	RPID      string `json:"rpId"`
	RP        struct{ ID string }
	User      struct{ ID string }
	Allow     []struct{ ID string } `json:"allowCredentials"`
	Exclude   []struct{ ID string } `json:"excludeCredentials"`
}

func (a *Authenticator) read(raw []byte) (o options) {
	a.t.Helper()
	if err := json.Unmarshal(raw, &o); err != nil {
		a.t.Fatalf("options %s: %v", raw, err)
	}
	return o
}

func (a *Authenticator) decode(s string) []byte {
	a.t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		a.t.Fatalf("%q: %v", s, err)
	}
	return b
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a *Authenticator) flags() byte {
	f := byte(present)
	if !a.Unverified {
		f |= verified
	}
	if a.Synced {
		f |= eligible | backedUp
	}
	return f
}

func (a *Authenticator) clientData(kind, challenge string) []byte {
	return a.marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
}

func (a *Authenticator) marshal(v any) []byte {
	a.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

func (a *Authenticator) data(k *Key, flags byte) []byte {
	rp := sha256.Sum256([]byte(k.RP))
	if a.Counts {
		k.Counter++
	}
	return binary.BigEndian.AppendUint32(append(rp[:], flags), k.Counter)
}

// Make answers the options of a registration with a new passkey, or with nil
// where it holds one of those that are excluded.
func (a *Authenticator) Make(raw []byte) []byte {
	a.t.Helper()
	o := a.read(raw)
	for _, e := range o.Exclude {
		if a.key(e.ID) != nil {
			return nil
		}
	}
	k := &Key{ID: a.chance.Bytes(32), Handle: a.decode(o.User.ID), RP: o.RP.ID}
	for k.private == nil { // nearly every number is a key
		if private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), a.chance.Bytes(32)); err == nil {
			k.private = private
		}
	}
	a.Keys = append(a.Keys, k)
	return a.Enrol(k, o.Challenge)
}

// Enrol registers a key that exists already, as nothing honest does.
func (a *Authenticator) Enrol(k *Key, challenge string) []byte {
	a.t.Helper()
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		a.t.Fatal(err)
	}
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		a.t.Fatal(err)
	}
	data := a.data(k, a.flags()|attested)
	data = append(data, make([]byte, 16)...) // the AAGUID of one that does not say
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.ID)))
	data = append(append(data, k.ID...), public...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	if err != nil {
		a.t.Fatal(err)
	}
	return a.marshal(map[string]any{
		"id": encode(k.ID), "rawId": encode(k.ID), "type": "public-key",
		"response": map[string]any{
			"clientDataJSON": encode(a.clientData("webauthn.create", challenge)), "attestationObject": encode(object),
			"transports": []string{"internal", "hybrid"},
		},
	})
}

// Challenge is the challenge of some options.
func (a *Authenticator) Challenge(raw []byte) string { return a.read(raw).Challenge }

func (a *Authenticator) key(id string) *Key {
	for _, k := range a.Keys {
		if encode(k.ID) == id {
			return k
		}
	}
	return nil
}

// Use answers the options of an assertion with the newest passkey that they
// allow, or with nil where it holds none.
func (a *Authenticator) Use(raw []byte) []byte {
	a.t.Helper()
	o := a.read(raw)
	for i := len(a.Keys) - 1; i >= 0; i-- {
		k := a.Keys[i]
		allowed := len(o.Allow) == 0
		for _, one := range o.Allow {
			allowed = allowed || one.ID == encode(k.ID)
		}
		if allowed && k.RP == o.RPID {
			return a.Sign(k, o.Challenge)
		}
	}
	return nil
}

// Sign answers a challenge with one key, whether or not it was asked for.
func (a *Authenticator) Sign(k *Key, challenge string) []byte {
	a.t.Helper()
	data, client := a.data(k, a.flags()), a.clientData("webauthn.get", challenge)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := k.private.Sign(nil, signed[:], crypto.SHA256) // without chance: RFC 6979
	if err != nil {
		a.t.Fatal(err)
	}
	return a.marshal(map[string]any{
		"id": encode(k.ID), "rawId": encode(k.ID), "type": "public-key",
		"response": map[string]any{
			"clientDataJSON": encode(client), "authenticatorData": encode(data),
			"signature": encode(signature), "userHandle": encode(k.Handle),
		},
	})
}
