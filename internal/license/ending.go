package license

import (
	"time"

	"vestibule/internal/db"
)

// Ending lists the licences of which a term or its maintenance ends within a
// window, both ends included: those that a reminder may be about. What is to be
// said of one, StatusAt says.
func Ending(tx *db.Tx, from, to time.Time) ([]string, error) { return ending(tx, from, to) }
