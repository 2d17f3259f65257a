package activation

import (
	"time"

	"vestibule/internal/db"
)

func insertFile(tx *db.Tx, f File, answer string) error {
	return tx.Do(`INSERT INTO license_file (serial, license_id, device_id, key_id, issued_at, until_at, revoked_at, answer)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7)`,
		f.Serial, f.License, f.Device, f.KeyID, db.Micros(f.Issued), db.Micros(f.Until), answer)
}

// lastAnswer is the latest answer to a device's offline activation that has not ended, and its serial number.
func lastAnswer(tx *db.Tx, deviceID string) (serial, answer string, err error) {
	err = tx.Get(`SELECT serial, answer FROM license_file
		WHERE device_id = $1 AND device_id <> '' AND answer <> '' AND revoked_at = 0 AND until_at > $2 ORDER BY issued_at DESC, serial LIMIT 1`,
		[]any{deviceID, db.Micros(tx.Now())}, &serial, &answer)
	return serial, answer, err
}

// revokeFiles revokes what was signed for a device. What ended already needs no list.
func revokeFiles(tx *db.Tx, deviceID string) error {
	now := db.Micros(tx.Now())
	_, err := tx.Count(`UPDATE license_file SET revoked_at = $1, answer = '' WHERE device_id = $2 AND device_id <> '' AND revoked_at = 0 AND until_at > $1`, now, deviceID)
	return err
}

type revokedFile struct {
	serial string
	since  time.Time
}

func revokedFiles(tx *db.Tx) (list []revokedFile, err error) {
	err = tx.Each(`SELECT serial, revoked_at FROM license_file WHERE revoked_at > 0 AND until_at > $1 ORDER BY serial`,
		[]any{db.Micros(tx.Now())}, func(row func(...any) error) error {
			var f revokedFile
			var at int64
			err := row(&f.serial, &at)
			f.since = db.Time(at)
			list = append(list, f)
			return err
		})
	return list, err
}

func sweepFiles(tx *db.Tx, before time.Time, limit int) (int64, error) {
	return tx.Count(`DELETE FROM license_file WHERE serial IN (SELECT serial FROM license_file WHERE until_at < $1 ORDER BY until_at LIMIT $2)`,
		db.Micros(before), limit)
}

func sweepDevices(tx *db.Tx, before time.Time, limit int) (int64, error) {
	return tx.Count(`DELETE FROM license_device WHERE id IN (SELECT d.id FROM license_device d
		WHERE d.removed_at > 0 AND d.removed_at < $1 AND NOT EXISTS (SELECT 1 FROM license_file f WHERE f.device_id = d.id AND f.device_id <> '')
		ORDER BY d.removed_at LIMIT $2)`, db.Micros(before), limit)
}

// current is the list in force.
type current struct {
	number  int64
	content string
	issued  time.Time
	text    string
}

func currentList(tx *db.Tx) (c current, err error) {
	var at int64
	err = tx.Get(`SELECT number, content, issued_at, text FROM revocation_list WHERE one = 1`, nil, &c.number, &c.content, &at, &c.text)
	c.issued = db.Time(at)
	return c, err
}

// putList puts a list into the place of the one that the caller saw.
func putList(tx *db.Tx, seen, next current) error {
	return tx.Do(`UPDATE revocation_list SET number = $1, content = $2, issued_at = $3, text = $4 WHERE one = 1 AND number = $5 AND issued_at = $6`,
		next.number, next.content, db.Micros(next.issued), next.text, seen.number, db.Micros(seen.issued))
}
