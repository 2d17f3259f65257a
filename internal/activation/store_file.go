package activation

import (
	"time"

	"vestibule/internal/db"
)

// A record is what is written down of a file besides the file.
type record struct {
	says    string // hash of what it says, by which it is found again; empty: never
	offline bool   // it answers an offline activation
	answer  string // what was given, sealed; or empty
}

func insertFile(tx *db.Tx, f File, r record) error {
	return tx.Do(`INSERT INTO license_file (serial, license_id, device_id, key_id, issued_at, until_at, revoked_at, says, offline, answer)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9)`,
		f.Serial, f.License, f.Device, f.KeyID, db.Micros(f.Issued), db.Micros(f.Until), r.says, r.offline, r.answer)
}

// sameAnswer finds what was given since an instant and says the same; NotFound where there is none.
func sameAnswer(tx *db.Tx, says string, since time.Time) (serial, answer string, err error) {
	err = tx.Get(`SELECT serial, answer FROM license_file
		WHERE says = $1 AND says <> '' AND issued_at > $2 AND revoked_at = 0 ORDER BY issued_at DESC, serial LIMIT 1`,
		[]any{says, db.Micros(since)}, &serial, &answer)
	return serial, answer, err
}

// revokedOf is how many files of a licence were revoked before their end, and when the first of them ends.
func revokedOf(tx *db.Tx, licenseID string) (n int, first time.Time, err error) {
	var at int64
	err = tx.Get(`SELECT COUNT(*), COALESCE(MIN(until_at), 0) FROM license_file WHERE license_id = $1 AND revoked_at > 0 AND until_at > $2`,
		[]any{licenseID, db.Micros(tx.Now())}, &n, &at)
	return n, db.Time(at), err
}

// lastAnswer is the latest answer to a device's offline activation that has not ended, and its serial number.
func lastAnswer(tx *db.Tx, deviceID string) (serial, answer string, err error) {
	err = tx.Get(`SELECT serial, answer FROM license_file
		WHERE device_id = $1 AND device_id <> '' AND offline AND answer <> '' AND revoked_at = 0 AND until_at > $2 ORDER BY issued_at DESC, serial LIMIT 1`,
		[]any{deviceID, db.Micros(tx.Now())}, &serial, &answer)
	return serial, answer, err
}

// revokeFiles revokes what was signed for a device, and says how much. What ended already needs no list.
func revokeFiles(tx *db.Tx, deviceID string) (int64, error) {
	now := db.Micros(tx.Now())
	return tx.Count(`UPDATE license_file SET revoked_at = $1, answer = '' WHERE device_id = $2 AND device_id <> '' AND revoked_at = 0 AND until_at > $1`, now, deviceID)
}

type revokedFile struct {
	serial string
	since  time.Time
}

// revokedFiles lists those of which the list must speak longest first, as many as it has room for.
func revokedFiles(tx *db.Tx, limit int) (list []revokedFile, err error) {
	err = tx.Each(`SELECT serial, revoked_at FROM license_file WHERE revoked_at > 0 AND until_at > $1 ORDER BY until_at DESC, serial LIMIT $2`,
		[]any{db.Micros(tx.Now()), limit}, func(row func(...any) error) error {
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
	mark    int64 // license.Withdrawals when its content was looked at
	issued  time.Time
	key     string // id of the one that signed it
	text    string
}

func currentList(tx *db.Tx) (c current, err error) {
	var at int64
	err = tx.Get(`SELECT number, content, mark, issued_at, key_id, text FROM revocation_list WHERE one = 1`, nil, &c.number, &c.content, &c.mark, &at, &c.key, &c.text)
	c.issued = db.Time(at)
	return c, err
}

// putList puts a list into the place of the one that the caller saw.
func putList(tx *db.Tx, seen, next current) error {
	return tx.Do(`UPDATE revocation_list SET number = $1, content = $2, mark = $3, issued_at = $4, key_id = $5, text = $6
		WHERE one = 1 AND number = $7 AND mark = $8 AND issued_at = $9`,
		next.number, next.content, next.mark, db.Micros(next.issued), next.key, next.text, seen.number, seen.mark, db.Micros(seen.issued))
}
