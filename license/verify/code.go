package verify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// The first byte of what is typed says what it is.
const (
	typeRequest  = 0x11
	typeResponse = 0x21
	checkBytes   = 3  // of a request: the first bytes of its SHA-256
	bodyBytes    = 13 // twenty symbols of five bits
	bindingBytes = 4
	hintBytes    = 2
	packedFixed  = hintBytes + serialBytes + bindingBytes + 1 + 5*4 + 2 + 1
)

// A CodeError tells what is wrong with a typed code.
type CodeError struct {
	Code  Code
	Group int // from 1; 0 where no one group is at fault
}

// Error tells the code.
func (e *CodeError) Error() string { return "verify: " + string(e.Code) }

// A Request is what a device asks the portal for, by typing or QR.
type Request struct {
	Key    string // in the form that ParseKey returns
	Device string // its Fingerprint
}

// Encode writes the request as groups, or a *KeyError or *CodeError.
func (r Request) Encode() (string, error) {
	key, err := ParseKey(r.Key)
	if err != nil {
		return "", err
	}
	if !ValidFingerprint(r.Device) {
		return "", &CodeError{Code: WrongDevice}
	}
	device, _ := hex.DecodeString(r.Device) // its form was looked at above
	prefix, body := key[:len(key)-keyBody], key[len(key)-keyBody:]
	b := append([]byte{typeRequest, 0}, device...)
	b = append(append(b, byte(len(prefix))), prefix...)
	b = append(b, packSymbols(body)...)
	b[1] = byte(len(b) - 2)
	sum := sha256.Sum256(b)
	return EncodeGroups(append(b, sum[:checkBytes]...)), nil
}

// ParseRequest reads what Encode wrote, as a person typed it. An error is a
// *CodeError that names the group at fault, or a *KeyError.
func ParseRequest(typed string) (Request, error) {
	b, err := DecodeGroups(typed)
	if err != nil {
		return Request{}, err
	}
	bad := &CodeError{Code: BadCode}
	if b[0] != typeRequest {
		return Request{}, bad
	}
	n := 2 + int(b[1])
	if code := measure(b, n+checkBytes); code != Valid {
		return Request{}, &CodeError{Code: code}
	}
	sum := sha256.Sum256(b[:n])
	if string(sum[:checkBytes]) != string(b[n:n+checkBytes]) {
		return Request{}, bad
	}
	rest := b[2:n]
	if len(rest) < fingerprintBytes+1+prefixMin+bodyBytes {
		return Request{}, bad
	}
	device, rest := hex.EncodeToString(rest[:fingerprintBytes]), rest[fingerprintBytes:]
	if len(rest) != 1+int(rest[0])+bodyBytes {
		return Request{}, bad
	}
	body, ok := unpackSymbols(rest[1+rest[0]:])
	if !ok {
		return Request{}, bad
	}
	key, err := ParseKey(string(rest[1:1+rest[0]]) + body)
	if err != nil {
		return Request{}, err
	}
	return Request{Key: key, Device: device}, nil
}

// packSymbols writes twenty symbols of five bits, then four bits of zero.
func packSymbols(body string) []byte {
	var w bitWriter
	for i := range len(body) {
		w.put(uint(strings.IndexByte(alphabet, body[i])), 5)
	}
	return w.bytes()
}

func unpackSymbols(b []byte) (string, bool) {
	if b[bodyBytes-1]&0x0f != 0 {
		return "", false
	}
	r := bitReader{b: b}
	out := make([]byte, keyBody)
	for i := range out {
		out[i] = alphabet[r.take(5)]
	}
	return string(out), true
}

// kinds of licences in a code: their place is their number.
var kinds = [...]string{"", "evaluation", "subscription", "perpetual", "partner"}

// A Packed is an activation code before it is signed or after it was read.
type Packed struct{ b []byte }

// Pack writes what of a licence goes into an activation code: serial, kind, the
// times but NotBefore, seats and features. Product, Key (as ParseKey returns it)
// and Device are not in it, but it is bound to them. ok is false where the
// licence does not fit: too many features, no kind that codes know, a time
// before 1970 or after 2105.
func Pack(l License, key, keyID string) (p Packed, ok bool) {
	serial, err := hex.DecodeString(l.Serial)
	id, err2 := hex.DecodeString(keyID)
	if err != nil || err2 != nil || len(serial) != serialBytes || len(id) != keyIDBytes || !ValidFingerprint(l.Device) || l.Seats < 0 || l.Seats > 0xffff {
		return p, false
	}
	b := append(append([]byte{}, id[:hintBytes]...), serial...)
	b = append(b, binding(l.Product, key, l.Device)...)
	kind := 0
	for i, name := range kinds {
		if name == l.Kind && i > 0 {
			kind = i
		}
	}
	if kind == 0 {
		return p, false
	}
	b = append(b, byte(kind))
	for _, t := range []time.Time{l.Issued, l.Until, l.GraceUntil, l.MaintenanceUntil, l.FileUntil} {
		seconds := int64(0)
		if !t.IsZero() {
			seconds = t.Unix()
		}
		if seconds < 0 || seconds > 0xffffffff {
			return p, false
		}
		b = binary.BigEndian.AppendUint32(b, uint32(seconds))
	}
	b = binary.BigEndian.AppendUint16(b, uint16(l.Seats))
	b = append(b, byte(len(l.Features)))
	for _, f := range l.Features {
		if len(f) > 0xff {
			return p, false
		}
		b = append(append(b, byte(len(f))), f...)
	}
	if len(b) > 0xff || len(l.Features) > 0xff {
		return p, false
	}
	return Packed{b}, true
}

// binding tells a code for another device from one that was changed.
func binding(product, key, device string) []byte {
	sum := sha256.Sum256(PreAuth([]byte(product), []byte(key), []byte(device)))
	return sum[:bindingBytes]
}

// SignedBytes is what the signature of an activation code is made over.
func (p Packed) SignedBytes(product, key, device string) []byte {
	return PreAuth([]byte(labelCode), []byte(product), []byte(key), []byte(device), p.b)
}

// Encode writes the code with its signature as groups.
func (p Packed) Encode(signature []byte) string {
	b := append([]byte{typeResponse, byte(len(p.b))}, p.b...)
	return EncodeGroups(append(b, signature...))
}

// CheckCode says whether the product may run by this activation code, which the
// portal gave for this key on the Verifier's Device.
func (v *Verifier) CheckCode(typed, key string) Result {
	parsed, err := ParseKey(key)
	if err != nil {
		return refusedTyping(err)
	}
	b, err := DecodeGroups(typed)
	if err != nil {
		return refusedTyping(err)
	}
	if b[0] != typeResponse {
		return Result{Code: BadCode}
	}
	n := 2 + int(b[1])
	if code := measure(b, n+ed25519.SignatureSize); code != Valid {
		return Result{Code: code}
	}
	packed, signature := b[2:n], b[n:n+ed25519.SignatureSize]
	if len(packed) < packedFixed {
		return Result{Code: BadCode}
	}
	if code := v.signed(Packed{packed}, parsed, signature); code != Valid {
		return Result{Code: code}
	}
	l, ok := unpack(packed)
	if !ok {
		return Result{Code: BadClaims}
	}
	l.Product, l.Device, l.Key = v.Product, v.Device, KeyHash(parsed)
	if !l.sound() {
		return Result{Code: BadClaims}
	}
	return v.judge(l)
}

func refusedTyping(err error) Result {
	var code *CodeError
	var key *KeyError
	switch {
	case errors.As(err, &code):
		return Result{Code: code.Code, Group: code.Group}
	case errors.As(err, &key):
		return Result{Code: key.Code}
	}
	return Result{Code: BadCode}
}

// signed tries the keys that the hint fits.
func (v *Verifier) signed(p Packed, key string, signature []byte) Code {
	code := UnknownKey
	for _, k := range v.Keys {
		if len(k.raw) != ed25519.PublicKeySize || k.id[:2*hintBytes] != hex.EncodeToString(p.b[:hintBytes]) {
			continue
		}
		if ed25519.Verify(k.raw, p.SignedBytes(v.Product, key, v.Device), signature) {
			return Valid
		}
		code = BadSignature
	}
	at := hintBytes + serialBytes
	if code == BadSignature && string(p.b[at:at+bindingBytes]) != string(binding(v.Product, key, v.Device)) {
		return WrongDevice
	}
	return code
}

// unpack reads what Pack wrote. b has at least packedFixed bytes.
func unpack(b []byte) (l License, ok bool) {
	b = b[hintBytes:]
	l.Serial, b = hex.EncodeToString(b[:serialBytes]), b[serialBytes+bindingBytes:]
	if int(b[0]) >= len(kinds) {
		return l, false
	}
	l.Kind, b = kinds[b[0]], b[1:]
	for _, t := range []*time.Time{&l.Issued, &l.Until, &l.GraceUntil, &l.MaintenanceUntil, &l.FileUntil} {
		if seconds := binary.BigEndian.Uint32(b); seconds > 0 {
			*t = time.Unix(int64(seconds), 0).UTC()
		}
		b = b[4:]
	}
	l.Seats, b = int(binary.BigEndian.Uint16(b)), b[2:]
	count, b := int(b[0]), b[1:]
	for range count {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return l, false
		}
		l.Features, b = append(l.Features, string(b[1:1+b[0]])), b[1+b[0]:]
	}
	return l, len(b) == 0
}
