package activation

import (
	"context"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/secret"
	"vestibule/internal/signing"
	"vestibule/internal/throttle"
)

// Limits of what may be asked without a token.
var (
	// perKey is what one key may ask, wherever from: a key that went round the world is no reason to answer all of it.
	perKey = throttle.Limit{Name: "validate-key", Burst: 120, Every: time.Second}
	// unknownKeys are the answers that a network gets about keys that no licence has. They are few: to guess is the only use of many.
	unknownKeys = throttle.Limit{Name: "validate-unknown", Burst: 20, Every: 30 * time.Second}
)

// DefaultPerNetwork is 300 at once and five a second: what one network may ask without a token. A company's machines may all come
// from one address.
func DefaultPerNetwork() throttle.Limit {
	return throttle.Limit{Name: "api-network", Burst: 300, Every: 200 * time.Millisecond}
}

// ValidateAlone is Validate for whoever has a key and nothing else, within the limits of the network and of the key. Who asks about
// too many keys that there are not is TooMany "too-many"; a key that there is is answered all the same, so that one machine with a
// slip in its key shuts out no other. now is when the request came in.
func (s *Service) ValidateAlone(ctx context.Context, key, address string, now time.Time) (v Validity, left throttle.Reading, err error) {
	k, wrong := license.ParseKey(key)
	if wrong != nil {
		if left, err = s.Spend(ctx, address, now); err == nil {
			err = wrong
		}
		return v, left, err
	}
	left, err = s.Meter.TakeAll(ctx, s.DB, now, throttle.Claim{Limit: s.PerNetwork, Whom: throttle.Network(address)},
		throttle.Claim{Limit: perKey, Whom: secret.Hash("validate", k.Lookup())})
	if err != nil {
		return v, left, err
	}
	if v, err = s.Validate(ctx, Asked{Key: key}, ""); err == nil && v.Status == StatusUnknown {
		if err := s.DB.Write(ctx, func(tx *db.Tx) error { return unknownKeys.Spend(tx, throttle.Network(address)) }); err != nil {
			return Validity{}, left, err
		}
	}
	return v, left, err
}

// Spend takes one try of what a network may ask without a token.
func (s *Service) Spend(ctx context.Context, address string, now time.Time) (throttle.Reading, error) {
	return s.Meter.Take(ctx, s.DB, now, s.PerNetwork, throttle.Network(address))
}

// HeartbeatOf is Heartbeat for a device whose id the program knows. The fingerprint shows that it is this machine that asks: one that
// does not belong to the id is NotFound "device-unknown", as is a device of another organization.
func (s *Service) HeartbeatOf(ctx context.Context, organization, id, fingerprint string) (out Activation, err error) {
	hash, err := parseFingerprint(fingerprint)
	if err != nil {
		return out, err
	}
	a, err := s.holder(ctx, organization, id)
	if err != nil {
		return out, err
	}
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		d, err := deviceByFingerprint(tx, a.License, fingerprintHash(a.License, hash))
		if err == nil && d.ID != id {
			err = fault.New(fault.NotFound, "not-found")
		}
		return unknownDevice(err)
	}); err != nil {
		return out, err
	}
	return s.Heartbeat(ctx, a, fingerprint)
}

// DeactivateOf is Deactivate for a device whose id the program knows.
func (s *Service) DeactivateOf(ctx context.Context, organization, id string) error {
	a, err := s.holder(ctx, organization, id)
	if err != nil {
		return err
	}
	return unknownDevice(s.Remove(ctx, a, id))
}

// holder finds the licence of a device of the organization.
func (s *Service) holder(ctx context.Context, organization, id string) (a Asked, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		licenseID, err := licenseOfDevice(tx, id)
		if err != nil {
			return unknownDevice(err)
		}
		a = Asked{Organization: organization, License: licenseID}
		_, err = own(tx, a)
		return unknownDevice(err)
	})
	return a, err
}

// PublicKeys lists the keys that files and lists are signed with: the current one, the next, then those retired.
func (s *Service) PublicKeys(ctx context.Context) (list []signing.Public, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list, err = s.Keys.Public(tx)
		return err
	})
	return list, err
}
