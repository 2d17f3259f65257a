package access

import "vestibule/internal/db"

// RequestsOf returns the latest requests of an address, the newest first, for whoever has proved it.
func RequestsOf(tx *db.Tx, emailKey string, limit int) ([]Request, error) {
	return ofAddress(tx, emailKey, limit)
}
