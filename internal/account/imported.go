package account

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// Import makes an account that another system had, with its address not
// confirmed and its number not verified. It is expired, or active where it brings the
// hash of its password (password.Hasher.Adopt); then its owner still has to give
// what the portal asks of everybody else (Incomplete). Its UserID stays as it was:
// Conflict "user-id-taken" or "email-taken".
func Import(tx *db.Tx, src secret.Source, a Account) (Account, error) {
	if taken, err := emailTaken(tx, a.EmailKey); err != nil || taken {
		return Account{}, cmpErr(err, fault.New(fault.Conflict, "email-taken"))
	}
	if UserIDKey(a.UserID) == "" {
		return Account{}, fault.OnField("user_id", "user-id-shape")
	}
	if a.State != Active || a.PasswordHash == "" {
		a.State = Expired
	}
	a.ID, a.StateReason, a.CreatedAt, a.UpdatedAt, a.StateAt = src.ID(tx.Now()), ByImport, tx.Now(), tx.Now(), tx.Now()
	a.EmailConfirmedAt, a.MobileVerifiedAt, a.Incomplete = time.Time{}, time.Time{}, a.State == Active
	made, err := insert(tx, a)
	if err == nil && !made {
		err = fault.New(fault.Conflict, "user-id-taken")
	}
	if err != nil || a.PasswordHash == "" {
		return a, err
	}
	// When it was chosen is not known: its age counts from today.
	a.PasswordSetAt = tx.Now()
	if err := tx.Do(`UPDATE account SET password_hash = $1, password_set_at = $2, incomplete = $3 WHERE id = $4`,
		a.PasswordHash, db.Micros(tx.Now()), a.Incomplete, a.ID); err != nil {
		return a, err
	}
	return a, tx.Do(`INSERT INTO account_password (account_id, hash, set_at) VALUES ($1,$2,$3)`, a.ID, a.PasswordHash, db.Micros(tx.Now()))
}
