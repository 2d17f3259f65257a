package recovery

import (
	"strings"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// Referred returns the account of a recovery that was led to the helpdesk, by the reference that its page shows; NotFound without
// one. A reference is no secret and opens nothing.
func Referred(tx *db.Tx, shown string) (accountID string, err error) {
	shown = strings.ToLower(shown)
	if len(shown) != referenceLength || strings.Trim(shown, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
		return "", fault.New(fault.NotFound, "not-found")
	}
	err = tx.Get(`SELECT subject FROM flow WHERE kind = $1 AND step = $2 AND subject <> '' AND id LIKE $3 ORDER BY updated_at DESC LIMIT 1`,
		[]any{kind, string(Help), "%" + shown}, &accountID)
	return accountID, err
}
