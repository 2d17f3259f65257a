package renewal

import (
	"strconv"

	"vestibule/internal/db"
)

func (n Notice) stage() string {
	if n.Stage == Ended {
		return "ended"
	}
	return strconv.Itoa(n.Stage)
}

func isTold(tx *db.Tx, licenseID string, n Notice) (told bool, err error) {
	err = tx.Get(`SELECT EXISTS (SELECT 1 FROM renewal_notice WHERE license_id = $1 AND matter = $2 AND ends_at = $3 AND stage = $4)`,
		[]any{licenseID, n.Matter, db.Micros(n.Ends), n.stage()}, &told)
	return told, err
}

// markTold writes down that a notice is told, and says whether it was not before.
func markTold(tx *db.Tx, licenseID string, n Notice) (first bool, err error) {
	count, err := tx.Count(`INSERT INTO renewal_notice (license_id, matter, ends_at, stage, told_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, licenseID, n.Matter, db.Micros(n.Ends), n.stage(), db.Micros(tx.Now()))
	return count == 1, err
}
