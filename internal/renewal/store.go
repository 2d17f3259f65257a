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

// markTold writes down that a notice is told to so many, and says whether it was not before.
func markTold(tx *db.Tx, licenseID string, n Notice, people int) (first bool, err error) {
	count, err := tx.Count(`INSERT INTO renewal_notice (license_id, matter, ends_at, stage, people, told_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`, licenseID, n.Matter, db.Micros(n.Ends), n.stage(), people, db.Micros(tx.Now()))
	return count == 1, err
}

// forget makes the latest notice of a sort one that was not told, if it was told to no more people than that.
func forget(tx *db.Tx, licenseID string, matter Matter, ended bool, people int64) error {
	_, err := tx.Count(`DELETE FROM renewal_notice WHERE license_id = $1 AND matter = $2 AND (stage = 'ended') = $3 AND people <= $4
		AND told_at = (SELECT MAX(n.told_at) FROM renewal_notice n WHERE n.license_id = $1 AND n.matter = $2 AND (n.stage = 'ended') = $3)`,
		licenseID, matter, ended, people)
	return err
}
