package activation

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/secret"
	"vestibule/license/verify"
)

const (
	maxName     = 80
	maxPlatform = 60
	// mostDevices bounds a licence whose devices are not limited, so that a program gone wild fills no database.
	mostDevices = 20_000
	// renewals is how many heartbeats a lease lasts, so that one that got lost does not lose the seat.
	renewals = 3
)

// Activate registers a device, or finds it by its fingerprint, and takes a seat for it. It is Conflict "devices-exhausted" or
// "seats-exhausted" where none is left, and Denied with the licence's code ("license-expired", …) where the licence does not run.
func (s *Service) Activate(ctx context.Context, a Asked, m Machine) (out Activation, err error) {
	if m, err = m.parse(); err != nil {
		return out, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		l, state, err := hold(tx, a)
		if err != nil {
			return err
		}
		if err := refused(state); err != nil {
			return err
		}
		d, isNew, err := s.register(tx, l, state, m, tx.Now().Add(state.Lease), false)
		if err != nil {
			return err
		}
		out = Activation{Device: d, New: isNew, Renew: state.Lease / renewals, Validity: validity(state)}
		out.Validity.Detail, err = detail(tx, l, state, fingerprintHash(l.ID, m.Fingerprint))
		return err
	})
	return out, err
}

// register makes sure that a device is registered and holds a seat until an instant, within the limits of the licence, whose row the
// caller holds.
func (s *Service) register(tx *db.Tx, l license.License, state license.State, m Machine, until time.Time, offline bool) (d Device, isNew bool, err error) {
	now, hash := tx.Now(), fingerprintHash(l.ID, m.Fingerprint)
	d, err = deviceByFingerprint(tx, l.ID, hash)
	isNew = fault.Is(err, fault.NotFound)
	if err != nil && !isNew {
		return d, isNew, err
	}
	if !isNew {
		if err = within(tx, state, d); err != nil {
			return d, isNew, err
		}
	}
	if err = room(tx, l.ID, state, isNew, !d.SeatUntil.After(now)); err != nil {
		return d, isNew, err
	}
	if isNew {
		d = Device{ID: s.Secret.ID(now), License: l.ID, ActivatedAt: now}
	}
	d.Name, d.Platform = orElse(m.Name, d.Name), orElse(m.Platform, d.Platform)
	d.SeenAt, d.SeatUntil = now, later(until, d.OfflineUntil)
	if offline {
		d.OfflineUntil = later(until, d.OfflineUntil)
	}
	if !isNew {
		return d, isNew, updateDevice(tx, d)
	}
	if err = insertDevice(tx, d, hash); err != nil {
		return d, isNew, err
	}
	return d, isNew, s.note(tx, l, "device.activate", map[string]string{"device": d.ID})
}

// room fails where the licence has no device, or no seat, left for one more.
func room(tx *db.Tx, licenseID string, state license.State, device, seat bool) error {
	if !device && !seat {
		return nil
	}
	u, err := usageOf(tx, licenseID, state)
	if err != nil {
		return err
	}
	most := u.DevicesMax
	if most == 0 {
		most = mostDevices
	}
	if device && u.Devices >= most {
		return exhausted("devices-exhausted", remedyFreeDevice, most, fault.Fact{Code: "devices-limit", At: state.Starts})
	}
	if seat && u.SeatsMax > 0 && u.Seats >= u.SeatsMax {
		free, err := nextFreeSeat(tx, licenseID)
		if err != nil {
			return err
		}
		return exhausted("seats-exhausted", remedyFreeSeat, u.SeatsMax, fault.Fact{Code: "seats-limit", At: state.Starts}, fault.Fact{Code: "seat-free", At: free})
	}
	return nil
}

// within fails for a registered device that is one too many since the licence has fewer devices, or seats, than it had: those that
// were activated first keep their places.
func within(tx *db.Tx, state license.State, d Device) error {
	if state.Devices == 0 && state.Seats == 0 {
		return nil
	}
	devices, seats, err := usageBefore(tx, d)
	switch {
	case err != nil:
		return err
	case state.Devices > 0 && devices >= state.Devices:
		return exhausted("devices-exhausted", remedyFreeDevice, state.Devices, fault.Fact{Code: "devices-limit", At: state.Starts})
	case state.Seats > 0 && seats >= state.Seats && d.SeatUntil.After(tx.Now()):
		return exhausted("seats-exhausted", remedyFreeSeat, state.Seats, fault.Fact{Code: "seats-limit", At: state.Starts})
	}
	return nil
}

func exhausted(code, remedy string, limit int, because ...fault.Fact) error {
	e := fault.New(fault.Conflict, code).With("n", strconv.Itoa(limit))
	e.Remedy, e.Because = remedy, because
	return e
}

// Heartbeat renews the seat of a device. It is NotFound "device-unknown" for one that is not registered, and else fails as Activate does.
func (s *Service) Heartbeat(ctx context.Context, a Asked, fingerprint string) (out Activation, err error) {
	if fingerprint, err = parseFingerprint(fingerprint); err != nil {
		return out, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		l, err := own(tx, a)
		if err != nil {
			return err
		}
		state := l.At(tx.Now())
		if err := refused(state); err != nil {
			return err
		}
		hash := fingerprintHash(l.ID, fingerprint)
		d, err := deviceByFingerprint(tx, l.ID, hash)
		if err != nil {
			return unknownDevice(err)
		}
		if err := within(tx, state, d); err != nil {
			return err
		}
		until, held, err := renewSeat(tx, d.ID, tx.Now().Add(state.Lease))
		if err != nil {
			return err
		}
		if !held { // the lease ran out: it is one of many who want a seat again
			if l, state, err = hold(tx, a); err != nil {
				return err
			}
			if d, _, err = s.again(tx, l, state, hash); err != nil {
				return err
			}
			until = d.SeatUntil
		}
		d.SeenAt, d.SeatUntil = tx.Now(), until
		out = Activation{Device: d, Renew: state.Lease / renewals, Validity: validity(state)}
		return nil
	})
	return out, err
}

// again gives a registered device a seat anew; the caller holds the licence's row.
func (s *Service) again(tx *db.Tx, l license.License, state license.State, hash string) (d Device, until time.Time, err error) {
	if err = refused(state); err != nil {
		return d, until, err
	}
	if d, err = deviceByFingerprint(tx, l.ID, hash); err != nil {
		return d, until, unknownDevice(err)
	}
	if err = within(tx, state, d); err != nil {
		return d, until, err
	}
	if err = room(tx, l.ID, state, false, !d.SeatUntil.After(tx.Now())); err != nil {
		return d, until, err
	}
	d.SeenAt, d.SeatUntil = tx.Now(), later(tx.Now().Add(state.Lease), d.OfflineUntil)
	return d, d.SeatUntil, updateDevice(tx, d)
}

// Deactivate takes a device away and frees its seat. One that is not registered is NotFound "device-unknown".
func (s *Service) Deactivate(ctx context.Context, a Asked, fingerprint string) (err error) {
	if fingerprint, err = parseFingerprint(fingerprint); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		l, _, err := hold(tx, a)
		if err != nil {
			return err
		}
		d, err := deviceByFingerprint(tx, l.ID, fingerprintHash(l.ID, fingerprint))
		if err != nil {
			return unknownDevice(err)
		}
		return unknownDevice(s.take(tx, l, d))
	})
}

// take removes a device; what was signed for it stands on the revocation list until it ends. The caller holds the licence's row, as
// does whoever signs: what is signed for the device meanwhile would not be on the list.
func (s *Service) take(tx *db.Tx, l license.License, d Device) error {
	err := removeDevice(tx, d.ID)
	if fault.Is(err, fault.Conflict) { // somebody else did at the same moment
		err = fault.New(fault.NotFound, "not-found")
	}
	if err != nil {
		return err
	}
	n, err := revokeFiles(tx, d.ID)
	if err != nil {
		return err
	}
	if n > 0 {
		if err := license.MarkWithdrawn(tx); err != nil {
			return err
		}
	}
	return s.note(tx, l, "device.remove", map[string]string{"device": d.ID})
}

func (s *Service) note(tx *db.Tx, l license.License, action string, detail map[string]string) error {
	return audit.Add(tx, s.Secret, audit.Event{Action: action, Subject: "license:" + l.ID, Organization: l.Organization, Detail: detail})
}

func usageOf(tx *db.Tx, licenseID string, s license.State) (u Usage, err error) {
	u = Usage{DevicesMax: s.Devices, SeatsMax: s.Seats}
	u.Devices, u.Seats, err = usage(tx, licenseID)
	return u, err
}

func unknownDevice(err error) error {
	if fault.Is(err, fault.NotFound) {
		return &fault.Error{Kind: fault.NotFound, Code: "device-unknown", Remedy: remedyActivate}
	}
	return err
}

// parse reads what a device says of itself. A failure is Invalid at "fingerprint", "name" or "platform".
func (m Machine) parse() (Machine, error) {
	var form fault.Form
	var err error
	m.Fingerprint, err = parseFingerprint(m.Fingerprint)
	if err = form.AddErr("fingerprint", err); err != nil {
		return m, err
	}
	m.Name, err = parseLine(m.Name, maxName)
	if err = form.AddErr("name", err); err != nil {
		return m, err
	}
	m.Platform, err = parseLine(m.Platform, maxPlatform)
	if err = form.AddErr("platform", err); err != nil {
		return m, err
	}
	return m, form.Err()
}

// parseLine reads a text that people will see in lists: nothing, or what could be the name of an organisation.
func parseLine(s string, most int) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", nil
	}
	s, err := account.ParseOrganization(s)
	if err == nil && utf8.RuneCountInString(s) > most {
		err = fault.OnField("", "name-long").With("n", strconv.Itoa(most))
	}
	return s, err
}

func parseFingerprint(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if !verify.ValidFingerprint(s) {
		return "", fault.OnField("fingerprint", "fingerprint-invalid")
	}
	return s, nil
}

// fingerprintHash is what is kept of a fingerprint: that of one machine differs from licence to licence.
func fingerprintHash(licenseID, fingerprint string) string {
	return secret.Hash("device", licenseID, fingerprint)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func orElse(given, known string) string {
	if given != "" {
		return given
	}
	return known
}
