// Package verify lets a product find out whether it may run: offline, from a
// licence file or a typed activation code, a list of what was revoked, and the
// public keys that the product carries.
//
// It belongs into the vendor's product. It needs the standard library and
// nothing else, starts nothing, opens no connection and never panics on what it
// is given; whatever it reads is bounded. Every answer is a Result with a Code
// that stays the same from version to version.
//
//	v, err := verify.New("mag", currentKey, nextKey)
//	v.State = verify.FileState(path)       // so that a clock set back is noticed
//	if r := v.Revocations(list); !r.OK() { … }
//	if r := v.Check(file); !r.OK() { fmt.Println(r.Code.Explain()) }
//
// What it promises: a file, list or code is accepted only as the portal signed
// it, to the last bit; a list older than one that was seen is not; nor is a
// clock that was set back behind a time that is proved. What it cannot do: keep
// the owner of a machine from changing the product or taking away its State.
//
// The formats are written down byte for byte in docs/licence-file.md.
package verify

import (
	"errors"
	"slices"
	"time"
)

// Leeway is how far a clock may be behind a time that is proved before it
// counts as set back: clocks of two machines are never quite the same.
const Leeway = time.Hour

// A Verifier checks files, lists and codes of one product. It is for one
// goroutine at a time.
type Verifier struct {
	Keys    []PublicKey      // the portal's, current and next
	Product string           // the product's id; refuses what is for another
	Device  string           // this machine's Fingerprint; needed for what is bound to a device
	Build   time.Time        // when this build was published; zero: maintenance is not asked about
	Clock   func() time.Time // the time of day; nil: time.Now
	State   State            // what is remembered from run to run; nil: nothing

	// RequireList refuses to go without a list of what was revoked. A State that
	// has seen a list does so by itself.
	RequireList bool

	list *Revocations
}

// New makes a Verifier for a product from the public keys as `vestibule license
// keys export` prints them (hexadecimal or PEM).
func New(product string, keys ...string) (*Verifier, error) {
	v := &Verifier{Product: product}
	if product == "" {
		return nil, errors.New("verify: no product")
	}
	for _, text := range keys {
		k, err := ParsePublicKey(text)
		if err != nil {
			return nil, err
		}
		v.Keys = append(v.Keys, k)
	}
	if len(v.Keys) == 0 {
		return nil, errors.New("verify: no public key")
	}
	return v, nil
}

// A Result is the answer to a check.
type Result struct {
	Code    Code
	License *License  // what was signed; nil where that is not sure
	At      time.Time // the instant that was judged; zero where it did not come to that
	Group   int       // of a typed code: the group at fault, from 1; else 0
	Reason  string    // of Revoked: why, as the list says
}

// OK says whether the product may run (after Revocations: whether the list was
// taken).
func (r Result) OK() bool { return r.Code == Valid || r.Code == InGrace }

// Check says whether the product may run by this licence file.
func (v *Verifier) Check(file []byte) Result {
	var l License
	if code := v.open(labelLicense, file, MaxFile, &l); code != Valid {
		return Result{Code: code}
	}
	if !l.sound() {
		return Result{Code: BadClaims}
	}
	return v.judge(l)
}

// Revocations reads the list of what was revoked; Check and CheckCode go by it
// from then on. A list that is older than one that the State has seen is
// refused, as is one that should have been followed by another by now.
func (v *Verifier) Revocations(list []byte) Result {
	var r Revocations
	if code := v.open(labelRevocations, list, MaxList, &r); code != Valid {
		return Result{Code: code}
	}
	if !r.sound() {
		return Result{Code: BadClaims}
	}
	if r.Product != "" && r.Product != v.Product {
		return Result{Code: WrongProduct}
	}
	m, err := v.load()
	if err != nil {
		return Result{Code: BadState}
	}
	if r.Number < m.List {
		return Result{Code: ListRolledBack}
	}
	if r.Number > m.List {
		m.list = r.Number
	}
	now, code := v.instant(m, r.Issued)
	if code != Valid {
		return Result{Code: code, At: now}
	}
	v.list = &r
	if v.tooOld(now) {
		return Result{Code: ListTooOld, At: now}
	}
	return Result{Code: Valid, At: now}
}

// judge holds what was signed against the product, the machine, the time and
// the list.
func (v *Verifier) judge(l License) Result {
	r := Result{License: &l}
	switch {
	case l.Product != v.Product:
		r.Code = WrongProduct
	case l.Device != "" && l.Device != v.Device:
		r.Code = WrongDevice
	default:
		m, err := v.load()
		if err != nil {
			r.Code = BadState
			return r
		}
		r.At, r.Code = v.instant(m, l.Issued)
		if r.Code == Valid {
			r.Code, r.Reason = v.inForce(l, m, r.At)
		}
	}
	return r
}

func (v *Verifier) inForce(l License, m memory, now time.Time) (Code, string) {
	if e, ok := v.list.names(l); ok {
		return Revoked, e.Reason
	}
	switch {
	case v.list == nil && (v.RequireList || m.List > 0):
		return ListMissing, ""
	case v.tooOld(now):
		return ListTooOld, ""
	case now.Before(l.NotBefore):
		return NotYetValid, ""
	case over(l.FileUntil, now):
		return FileEnded, ""
	case !l.Until.IsZero() && over(later(l.Until, l.GraceUntil), now):
		return Expired, ""
	case !l.MaintenanceUntil.IsZero() && !v.Build.Before(l.MaintenanceUntil):
		return MaintenanceLapsed, ""
	case over(l.Until, now):
		return InGrace, ""
	}
	return Valid, ""
}

func (v *Verifier) tooOld(now time.Time) bool { return v.list != nil && over(v.list.NextUpdate, now) }

// over says whether an end (zero: none) has come.
func over(end, now time.Time) bool { return !end.IsZero() && !now.Before(end) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// names finds the entry of a list that revokes a licence.
func (r *Revocations) names(l License) (Revocation, bool) {
	if r == nil {
		return Revocation{}, false
	}
	i := slices.IndexFunc(r.Revoked, func(e Revocation) bool {
		return e.License != "" && e.License == l.License || e.Serial != "" && e.Serial == l.Serial || e.Key != "" && e.Key == l.Key
	})
	if i < 0 {
		return Revocation{}, false
	}
	return r.Revoked[i], true
}
