package flow

import "vestibule/internal/db"

// EndEvery ends every flow about a subject, of whatever kind: for a subject that
// is no more.
func EndEvery(tx *db.Tx, subject string) error {
	_, err := tx.Count(`DELETE FROM flow WHERE subject = $1`, subject)
	return err
}
