package activation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/secret"
	"vestibule/internal/throttle"
	"vestibule/license/verify"
)

// files bounds how many files are issued for one licence: each is written down.
var files = throttle.Limit{Name: "license-file", Burst: 100, Every: 30 * time.Second}

// mostRevoked bounds how many files of one licence stand on the revocation list at once, if it has no more devices than that: no
// organization can fill the list of all.
const mostRevoked = 1000

// File issues a licence file for what the licence is now: for a registered device where a fingerprint is given, else for any. It
// says by when a newer one is to be fetched: after the policy's days, and never after the licence's own end with its grace. Who asks
// again within a day, or a quarter of the file's life if that is less, is given the same one where nothing has changed. It fails
// as Activate does where the licence does not run, with "device-unknown" where the device is not registered, and as TooMany.
func (s *Service) File(ctx context.Context, a Asked, fingerprint string) (f File, err error) {
	if fingerprint != "" {
		if fingerprint, err = parseFingerprint(fingerprint); err != nil {
			return f, err
		}
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		l, state, err := hold(tx, a)
		if err != nil {
			return err
		}
		if err := refused(state); err != nil {
			return err
		}
		var d Device
		if fingerprint != "" {
			if d, err = deviceByFingerprint(tx, l.ID, fingerprintHash(l.ID, fingerprint)); err != nil {
				return unknownDevice(err)
			}
			if err := within(tx, state, d); err != nil {
				return err
			}
		}
		claims, err := s.claims(tx, l, state, fingerprint)
		if err != nil {
			return err
		}
		says, err := s.says(tx, "file", claims)
		if err != nil {
			return err
		}
		k, err := s.same(tx, says, claims)
		if err == nil {
			f = k.File
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		if err := mayIssue(tx, l, claims); err != nil {
			return err
		}
		if f, err = s.sign(tx, l, d, claims); err != nil {
			return err
		}
		sealed, err := s.seal(kept{File: f})
		if err != nil {
			return err
		}
		return s.issued(tx, l, f, record{says: says, answer: sealed}, "license.file_issue")
	})
	return f, err
}

// claims are what a file says of a licence now.
func (s *Service) claims(tx *db.Tx, l license.License, state license.State, fingerprint string) (verify.License, error) {
	o, err := organization.Get(tx, l.Organization)
	if err != nil {
		return verify.License{}, err
	}
	c := verify.License{
		License: l.ID, Key: verify.KeyHash(l.Key.Lookup()),
		Product: l.Product.ID, ProductName: l.Product.Name, Organization: o.Name,
		Kind: string(kindOf(state.Kind)), Policy: state.Policy,
		NotBefore: state.Starts, Until: state.Ends, GraceUntil: state.GraceUntil,
		MaintenanceUntil: state.MaintenanceUntil, FileUntil: fileUntil(state, tx.Now()),
		Seats: state.Seats, Devices: state.Devices, Channels: state.Channels, Features: state.Features, Device: fingerprint,
	}
	return c, nil
}

// says names what is signed: the same for the same claims by the same key alone, whenever they end.
func (s *Service) says(tx *db.Tx, as string, c verify.License) (string, error) {
	key, err := s.signer(tx)
	if err != nil {
		return "", err
	}
	c.FileUntil = time.Time{}
	plain, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("activation: %w", err)
	}
	return secret.Hash("license-file", as, key, string(plain)), nil
}

// signer is the id of the key that signs now.
func (s *Service) signer(tx *db.Tx) (string, error) {
	keys, err := s.Keys.Public(tx)
	if err != nil || len(keys) == 0 {
		return "", err
	}
	return keys[0].ID(), nil
}

// same is what was given for the same claims a while ago; NotFound where there is none, or it is too old to be given again.
func (s *Service) same(tx *db.Tx, says string, c verify.License) (kept, error) {
	serial, sealed, err := sameAnswer(tx, says, tx.Now().Add(-min(sameFor, c.FileUntil.Sub(tx.Now())/4)))
	if err != nil {
		return kept{}, err
	}
	return s.open(serial, sealed)
}

// sameFor is how long the same file is given to whoever asks again.
const sameFor = 24 * time.Hour

// mayIssue fails as TooMany where a licence has asked for more than anybody needs, or had too many devices taken away whose files are
// still to be revoked.
func mayIssue(tx *db.Tx, l license.License, c verify.License) error {
	if c.Device != "" {
		n, first, err := revokedOf(tx, l.ID)
		if err != nil {
			return err
		}
		if n >= max(mostRevoked, c.Devices) {
			return &fault.Error{Kind: fault.TooMany, Code: "too-many", RetryAfter: first.Sub(tx.Now())}
		}
	}
	return files.Spend(tx, l.ID)
}

// kindOf is what a file calls a right: the ways to come by it are no matter of the product's.
func kindOf(k license.Kind) license.PolicyKind {
	switch k {
	case license.Subscription, license.Renewal:
		return license.ForSubscription
	case license.Perpetual, license.Maintenance:
		return license.ForPerpetual
	case license.Partner:
		return license.ForPartner
	}
	return license.ForEvaluation
}

// fileUntil is when a file that is issued now says nothing any more.
func fileUntil(state license.State, now time.Time) time.Time {
	until := now.Add(time.Duration(state.FileDays) * 24 * time.Hour)
	if end := state.UsableUntil(); !end.IsZero() && end.Before(until) {
		until = end
	}
	return until.Truncate(time.Second)
}

func (s *Service) sign(tx *db.Tx, l license.License, d Device, c verify.License) (File, error) {
	made, err := s.Keys.IssueLicense(tx, c)
	if err != nil {
		return File{}, err
	}
	return File{
		Serial: made.Serial, License: l.ID, Device: d.ID, Issued: tx.Now(), Until: c.FileUntil, KeyID: made.KeyID,
		Name: l.Product.ID + "-" + made.Serial[:8] + ".lic", Text: made.Text,
	}, nil
}

// issued writes a file down.
func (s *Service) issued(tx *db.Tx, l license.License, f File, r record, action string) error {
	if err := insertFile(tx, f, r); err != nil {
		return err
	}
	detail := map[string]string{"serial": f.Serial}
	if f.Device != "" {
		detail["device"] = f.Device
	}
	return s.note(tx, l, action, detail)
}

// How long what is over is kept.
const (
	keptFiles   = 30 * 24 * time.Hour
	keptDevices = 30 * 24 * time.Hour
	sweepAtOnce = 500
)

// Sweep forgets files that ended long ago, and removed devices of which no file is left.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		var swept int64
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			gone, err := sweepFiles(tx, tx.Now().Add(-keptFiles), sweepAtOnce)
			if err != nil {
				return err
			}
			n, err := sweepDevices(tx, tx.Now().Add(-keptDevices), sweepAtOnce)
			swept = max(gone, n)
			return err
		})
		if err != nil || swept < sweepAtOnce {
			return err
		}
	}
}
