package account

import (
	"strings"

	"vestibule/internal/db"
)

const columns = `id, user_id, email, email_key, email_confirmed_at, mobile, mobile_verified_at, first_name, last_name,
	organization, country, lang, state, password_hash, password_set_at, reminded_at, created_at, updated_at,
	signed_in_at, state_at, state_reason, incomplete, closing_at`

func scan(row func(...any) error) (a Account, err error) {
	var confirmed, verified, set, reminded, created, updated, signedIn, stateAt, closing int64
	var state string
	err = row(&a.ID, &a.UserID, &a.Email, &a.EmailKey, &confirmed, &a.Mobile, &verified, &a.FirstName, &a.LastName,
		&a.Organization, &a.Country, &a.Lang, &state, &a.PasswordHash, &set, &reminded, &created, &updated,
		&signedIn, &stateAt, &a.StateReason, &a.Incomplete, &closing)
	a.State = State(state)
	a.SignedInAt, a.StateAt, a.ClosingAt = db.Time(signedIn), db.Time(stateAt), db.Time(closing)
	a.EmailConfirmedAt, a.MobileVerifiedAt, a.PasswordSetAt = db.Time(confirmed), db.Time(verified), db.Time(set)
	a.RemindedAt, a.CreatedAt, a.UpdatedAt = db.Time(reminded), db.Time(created), db.Time(updated)
	return a, err
}

func one(tx *db.Tx, where string, args ...any) (Account, error) {
	return scan(func(into ...any) error {
		return tx.Get(`SELECT `+columns+` FROM account WHERE `+where, args, into...)
	})
}

func many(tx *db.Tx, where string, args ...any) ([]Account, error) {
	var all []Account
	err := tx.Each(`SELECT `+columns+` FROM account WHERE `+where, args, func(row func(...any) error) error {
		a, err := scan(row)
		all = append(all, a)
		return err
	})
	return all, err
}

func emailTaken(tx *db.Tx, key string) (bool, error) { return EmailTaken(tx, key, "") }

// insert reports false when UserID or address is taken.
func insert(tx *db.Tx, a Account) (bool, error) {
	n, err := tx.Count(`INSERT INTO account (id, user_id, user_id_key, email, email_key, email_confirmed_at, mobile, mobile_verified_at,
			first_name, last_name, organization, country, lang, state, password_hash, password_set_at, search_key, reminded_at, created_at, updated_at, state_at, state_reason)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,'',0,$15,0,$16,$16,$16,$17) ON CONFLICT DO NOTHING`,
		a.ID, a.UserID, UserIDKey(a.UserID), a.Email, a.EmailKey, db.Micros(a.EmailConfirmedAt), a.Mobile, db.Micros(a.MobileVerifiedAt),
		a.FirstName, a.LastName, a.Organization, a.Country, a.Lang, string(a.State), searchKey(a), db.Micros(a.CreatedAt), string(a.StateReason))
	return n == 1, err
}

// searchKey is what staff find an account by.
func searchKey(a Account) string {
	return fold(strings.Join([]string{a.FirstName, a.LastName, a.UserID, a.Email, a.Organization}, " "))
}
