package signin

import (
	"time"

	"vestibule/internal/db"
)

const deviceColumns = `id, created_at, seen_at, trusted_until, session_id, agent, network`

func scanDevice(scan func(...any) error) (d Device, err error) {
	var created, seen, trusted int64
	err = scan(&d.ID, &created, &seen, &trusted, &d.Session, &d.Agent, &d.Network)
	d.CreatedAt, d.SeenAt, d.TrustedUntil = db.Time(created), db.Time(seen), db.Time(trusted)
	return d, err
}

func findDevice(tx *db.Tx, hash, account string, since time.Time) (Device, error) {
	return scanDevice(func(into ...any) error {
		return tx.Get(`SELECT `+deviceColumns+` FROM device WHERE token_hash = $1 AND account_id = $2 AND seen_at > $3`,
			[]any{hash, account, db.Micros(since)}, into...)
	})
}

func listDevices(tx *db.Tx, account string, since time.Time) ([]Device, error) {
	var all []Device
	err := tx.Each(`SELECT `+deviceColumns+` FROM device WHERE account_id = $1 AND seen_at > $2 ORDER BY seen_at DESC, id DESC`,
		[]any{account, db.Micros(since)}, func(scan func(...any) error) error {
			d, err := scanDevice(scan)
			all = append(all, d)
			return err
		})
	return all, err
}

func insertDevice(tx *db.Tx, d Device, hash, account string) error {
	return tx.Do(`INSERT INTO device (id, token_hash, account_id, created_at, seen_at, trusted_until, session_id, agent, network)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		d.ID, hash, account, db.Micros(d.CreatedAt), db.Micros(d.SeenAt), db.Micros(d.TrustedUntil), d.Session, d.Agent, d.Network)
}

func saveDevice(tx *db.Tx, d Device) error {
	return tx.Do(`UPDATE device SET seen_at = $1, trusted_until = $2, session_id = $3, agent = $4, network = $5 WHERE id = $6`,
		db.Micros(d.SeenAt), db.Micros(d.TrustedUntil), d.Session, d.Agent, d.Network, d.ID)
}

// moveDevices gives the rows of a browser another token, but for one that the account has not used for too long, and keeps the newest
// so many of them.
func moveDevices(tx *db.Tx, old, hash, account string, keep int) error {
	if _, err := tx.Count(`DELETE FROM device WHERE token_hash = $1 AND account_id = $2`, old, account); err != nil {
		return err
	}
	if _, err := tx.Count(`UPDATE device SET token_hash = $1 WHERE token_hash = $2`, hash, old); err != nil {
		return err
	}
	_, err := tx.Count(`DELETE FROM device WHERE token_hash = $1 AND id NOT IN
		(SELECT id FROM device WHERE token_hash = $1 ORDER BY seen_at DESC, id DESC LIMIT $2)`, hash, keep)
	return err
}

// trimDevices keeps the newest so many browsers of an account.
func trimDevices(tx *db.Tx, account string, keep int) error {
	_, err := tx.Count(`DELETE FROM device WHERE account_id = $1 AND id NOT IN
		(SELECT id FROM device WHERE account_id = $1 ORDER BY seen_at DESC, id DESC LIMIT $2)`, account, keep)
	return err
}

func dropDevices(tx *db.Tx, account, exceptSession string) error {
	_, err := tx.Count(`DELETE FROM device WHERE account_id = $1 AND (session_id <> $2 OR session_id = '')`, account, exceptSession)
	return err
}

func dropDevice(tx *db.Tx, account, id string) (bool, error) {
	n, err := tx.Count(`DELETE FROM device WHERE account_id = $1 AND id = $2`, account, id)
	return n > 0, err
}

func dropDeviceOf(tx *db.Tx, account, session string) error {
	_, err := tx.Count(`DELETE FROM device WHERE account_id = $1 AND session_id = $2`, account, session)
	return err
}

func distrust(tx *db.Tx, account string) error {
	_, err := tx.Count(`UPDATE device SET trusted_until = 0 WHERE account_id = $1`, account)
	return err
}

func sweepDevices(tx *db.Tx, before time.Time) error {
	_, err := tx.Count(`DELETE FROM device WHERE seen_at <= $1`, db.Micros(before))
	return err
}
