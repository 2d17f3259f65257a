package activation

import (
	"context"
	"strings"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
)

// Codes that a Validity has besides "license-" and a status.
const (
	codeValid    = "valid"
	codeInGrace  = "in-grace"
	codeReplaced = "key-replaced"
	codeUnknown  = "key-unknown"
)

// Remedies besides those of package license.
const (
	remedyCheckKey   = "check-key"   // it was typed wrongly, or is of another portal
	remedyNewKey     = "new-key"     // the portal shows the one in force
	remedyActivate   = "activate"    // the device, first
	remedyFreeDevice = "free-device" // remove one that is not used any more
	remedyFreeSeat   = "free-seat"   // stop using it elsewhere, or wait
)

// Validate says whether a product may run. With a key alone it tells status and reason and nothing else; for a caller of the
// licence's own organization it adds the Detail. A key that cannot be one is Invalid as license.ParseKey says; one that no licence
// has is answered, not an error. fingerprint may be empty.
func (s *Service) Validate(ctx context.Context, a Asked, fingerprint string) (v Validity, err error) {
	if fingerprint != "" {
		if fingerprint, err = parseFingerprint(fingerprint); err != nil {
			return Validity{}, err
		}
	}
	var key license.Key
	if a.License == "" {
		if key, err = license.ParseKey(a.Key); err != nil {
			return Validity{}, err
		}
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if a.License == "" {
			if v, err = byKey(tx, key); err != nil || a.Organization == "" || v.Status == StatusUnknown || v.Status == StatusReplaced {
				return err
			}
		}
		l, err := own(tx, a)
		if a.License == "" && fault.Is(err, fault.NotFound) {
			return nil // another organization's: what the key alone tells
		}
		if err != nil {
			return err
		}
		state := l.At(tx.Now())
		v = validity(state)
		hash := ""
		if fingerprint != "" {
			hash = fingerprintHash(l.ID, fingerprint)
		}
		v.Detail, err = detail(tx, l, state, hash)
		return err
	})
	return v, err
}

// byKey is what a key alone tells.
func byKey(tx *db.Tx, key license.Key) (v Validity, err error) {
	b, err := license.BriefByKey(tx, key)
	switch {
	case fault.Is(err, fault.NotFound):
		return Validity{Status: StatusUnknown, Code: codeUnknown, Remedy: remedyCheckKey, Because: []fault.Fact{{Code: codeUnknown}}}, nil
	case err != nil:
		return v, err
	case b.Replaced:
		return Validity{Status: StatusReplaced, Code: codeReplaced, Remedy: remedyNewKey, Because: []fault.Fact{{Code: codeReplaced}}}, nil
	}
	v = validity(license.StatusAt(b.Facts, tx.Now()))
	v.undated()
	return v, nil
}

// validity is what a licence's state means to a product.
func validity(s license.State) Validity {
	v := Validity{Valid: s.Usable(), Status: s.Status, Code: "license-" + string(s.Status), Remedy: string(s.Remedy), Because: because(s)}
	switch {
	case s.Status == license.StatusGrace:
		v.Code = codeInGrace
	case v.Valid:
		v.Code = codeValid
	}
	return v
}

func because(s license.State) []fault.Fact {
	out := make([]fault.Fact, 0, len(s.Because))
	for _, f := range s.Because {
		out = append(out, fault.Fact{Code: f.Code, At: f.At})
	}
	return out
}

// undated takes the dates away, and what kind of right it is: whoever shows a key alone learns the status and why, and no more.
func (v *Validity) undated() {
	kept := v.Because[:0]
	for _, f := range v.Because {
		if !strings.HasPrefix(f.Code, "term-") {
			kept = append(kept, fault.Fact{Code: f.Code})
		}
	}
	v.Because = kept
}

func detail(tx *db.Tx, l license.License, s license.State, hash string) (*Detail, error) {
	d := &Detail{
		License: l.ID, Product: l.Product.ID, Kind: s.Kind, Starts: s.Starts, Ends: s.Ends, GraceUntil: s.GraceUntil,
		MaintenanceUntil: s.MaintenanceUntil, Features: s.Features, Channels: s.Channels,
	}
	var err error
	if d.Usage, err = usageOf(tx, l.ID, s); err != nil || hash == "" {
		return d, err
	}
	device, err := deviceByFingerprint(tx, l.ID, hash)
	if fault.Is(err, fault.NotFound) {
		return d, nil
	}
	d.Device = &device
	return d, err
}

// own finds the licence that somebody of its organization asks for. Those of others are NotFound, as are those that do not exist.
func own(tx *db.Tx, a Asked) (license.License, error) {
	if a.Organization == "" {
		return license.License{}, fault.New(fault.NotFound, "not-found")
	}
	if a.License != "" {
		l, err := license.Get(tx, a.License)
		if err == nil && l.Organization != a.Organization {
			err = fault.New(fault.NotFound, "not-found")
		}
		return l, err
	}
	key, err := license.ParseKey(a.Key)
	if err != nil {
		return license.License{}, err
	}
	l, replaced, err := license.ByKey(tx, key)
	switch {
	case fault.Is(err, fault.NotFound), err == nil && l.Organization != a.Organization:
		return license.License{}, &fault.Error{Kind: fault.NotFound, Code: codeUnknown, Remedy: remedyCheckKey}
	case err == nil && replaced:
		return license.License{}, &fault.Error{Kind: fault.Denied, Code: codeReplaced, Remedy: remedyNewKey}
	}
	return l, err
}

// hold finds the licence as own does and keeps others from changing it, its devices and its seats.
func hold(tx *db.Tx, a Asked) (l license.License, s license.State, err error) {
	if l, err = own(tx, a); err != nil {
		return l, s, err
	}
	if err = license.Lock(tx, l.ID); err != nil {
		return l, s, err
	}
	// Once more: what it is may have changed until nobody else could change it.
	if l, err = license.Get(tx, l.ID); err != nil {
		return l, s, err
	}
	return l, l.At(tx.Now()), nil
}

// refused is why a licence that may not run gives nothing, or nil.
func refused(s license.State) error {
	if s.Usable() {
		return nil
	}
	return &fault.Error{Kind: fault.Denied, Code: "license-" + string(s.Status), Remedy: string(s.Remedy), Because: because(s)}
}
