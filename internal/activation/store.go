package activation

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

const deviceColumns = `id, license_id, name, platform, activated_at, seen_at, seat_until, offline_until`

type deviceRow struct {
	d                              Device
	activated, seen, seat, offline int64
}

func (r *deviceRow) into() []any {
	return []any{&r.d.ID, &r.d.License, &r.d.Name, &r.d.Platform, &r.activated, &r.seen, &r.seat, &r.offline}
}

func (r *deviceRow) device() Device {
	d := r.d
	d.ActivatedAt, d.SeenAt, d.SeatUntil, d.OfflineUntil = db.Time(r.activated), db.Time(r.seen), db.Time(r.seat), db.Time(r.offline)
	return d
}

func deviceByFingerprint(tx *db.Tx, licenseID, hash string) (Device, error) {
	var r deviceRow
	err := tx.Get(`SELECT `+deviceColumns+` FROM license_device WHERE license_id = $1 AND fingerprint = $2 AND removed_at = 0`, []any{licenseID, hash}, r.into()...)
	return r.device(), err
}

func device(tx *db.Tx, licenseID, id string) (Device, error) {
	var r deviceRow
	err := tx.Get(`SELECT `+deviceColumns+` FROM license_device WHERE id = $1 AND license_id = $2 AND removed_at = 0`, []any{id, licenseID}, r.into()...)
	return r.device(), err
}

// devicesBefore lists a licence's devices, those first that were activated last, from the one before an id on; empty: from the first.
func devicesBefore(tx *db.Tx, licenseID, before string, limit int) (list []Device, err error) {
	if before == "" {
		before = "zzzzzzzzzzzzzzzzzzzzzzzzzz" // behind every id
	}
	err = tx.Each(`SELECT `+deviceColumns+` FROM license_device WHERE license_id = $1 AND removed_at = 0 AND id < $2 ORDER BY id DESC LIMIT $3`,
		[]any{licenseID, before, limit}, func(row func(...any) error) error {
			var r deviceRow
			err := row(r.into()...)
			list = append(list, r.device())
			return err
		})
	return list, err
}

func insertDevice(tx *db.Tx, d Device, hash string) error {
	return tx.Do(`INSERT INTO license_device (id, license_id, fingerprint, name, platform, activated_at, seen_at, seat_until, offline_until, removed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`,
		d.ID, d.License, hash, d.Name, d.Platform, db.Micros(d.ActivatedAt), db.Micros(d.SeenAt), db.Micros(d.SeatUntil), db.Micros(d.OfflineUntil))
}

func updateDevice(tx *db.Tx, d Device) error {
	return tx.Do(`UPDATE license_device SET name = $1, platform = $2, seen_at = $3, seat_until = $4, offline_until = $5 WHERE id = $6 AND removed_at = 0`,
		d.Name, d.Platform, db.Micros(d.SeenAt), db.Micros(d.SeatUntil), db.Micros(d.OfflineUntil), d.ID)
}

// renewSeat holds a seat for longer, never for less than until what the device was activated with offline ends, and says until when;
// held is false where the device held none any more.
func renewSeat(tx *db.Tx, id string, lease time.Time) (until time.Time, held bool, err error) {
	var at int64
	err = tx.Get(`UPDATE license_device SET seen_at = $1, seat_until = CASE WHEN offline_until > $2 THEN offline_until ELSE $2 END
		WHERE id = $3 AND removed_at = 0 AND seat_until > $1 RETURNING seat_until`,
		[]any{db.Micros(tx.Now()), db.Micros(lease), id}, &at)
	if fault.Is(err, fault.NotFound) {
		return time.Time{}, false, nil
	}
	return db.Time(at), err == nil, err
}

func removeDevice(tx *db.Tx, id string) error {
	return tx.Do(`UPDATE license_device SET removed_at = $1, seat_until = 0 WHERE id = $2 AND removed_at = 0`, db.Micros(tx.Now()), id)
}

func usage(tx *db.Tx, licenseID string) (devices, seats int, err error) {
	err = tx.Get(`SELECT COUNT(*), COALESCE(SUM(CASE WHEN seat_until > $1 THEN 1 ELSE 0 END), 0) FROM license_device WHERE license_id = $2 AND removed_at = 0`,
		[]any{db.Micros(tx.Now()), licenseID}, &devices, &seats)
	return devices, seats, err
}

// usageBefore counts the devices of a licence, and those that hold a seat, that were activated before one.
func usageBefore(tx *db.Tx, d Device) (devices, seats int, err error) {
	err = tx.Get(`SELECT COUNT(*), COALESCE(SUM(CASE WHEN seat_until > $1 THEN 1 ELSE 0 END), 0) FROM license_device
		WHERE license_id = $2 AND removed_at = 0 AND id < $3`, []any{db.Micros(tx.Now()), d.License, d.ID}, &devices, &seats)
	return devices, seats, err
}

// nextFreeSeat is when the first of the seats that are held is free, if nobody renews it.
func nextFreeSeat(tx *db.Tx, licenseID string) (time.Time, error) {
	var at int64
	err := tx.Get(`SELECT COALESCE(MIN(seat_until), 0) FROM license_device WHERE license_id = $1 AND removed_at = 0 AND seat_until > $2`,
		[]any{licenseID, db.Micros(tx.Now())}, &at)
	return db.Time(at), err
}

func licenseOfDevice(tx *db.Tx, id string) (licenseID string, err error) {
	err = tx.Get(`SELECT license_id FROM license_device WHERE id = $1 AND removed_at = 0`, []any{id}, &licenseID)
	return licenseID, err
}
