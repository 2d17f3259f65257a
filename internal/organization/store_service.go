package organization

import (
	"time"

	"vestibule/internal/db"
)

const serviceColumns = `s.id, s.organization_id, s.name, s.scopes, s.created_at, s.created_by, s.revoked_at`

func scanService(row func(...any) error) (a ServiceAccount, err error) {
	var scopes string
	var created, revoked int64
	err = row(&a.ID, &a.Organization, &a.Name, &scopes, &created, &a.CreatedBy, &revoked)
	a.Scopes, a.CreatedAt, a.RevokedAt = splitScopes(scopes), db.Time(created), db.Time(revoked)
	return a, err
}

func serviceAccounts(tx *db.Tx, organizationID string) (list []ServiceAccount, err error) {
	err = tx.Each(`SELECT `+serviceColumns+` FROM service_account s WHERE s.organization_id = $1 AND s.revoked_at = 0 ORDER BY s.name_key, s.id`,
		[]any{organizationID}, func(row func(...any) error) error {
			a, err := scanService(row)
			list = append(list, a)
			return err
		})
	return list, err
}

func serviceAccount(tx *db.Tx, organizationID, id string) (ServiceAccount, error) {
	return scanService(func(into ...any) error {
		return tx.Get(`SELECT `+serviceColumns+` FROM service_account s WHERE s.id = $1 AND s.organization_id = $2 AND s.revoked_at = 0`,
			[]any{id, organizationID}, into...)
	})
}

func insertServiceAccount(tx *db.Tx, a ServiceAccount) error {
	return tx.Do(`INSERT INTO service_account (id, organization_id, name, name_key, scopes, created_at, created_by, revoked_at, revoked_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '')`,
		a.ID, a.Organization, a.Name, Fold(a.Name), joinScopes(a.Scopes), db.Micros(a.CreatedAt), a.CreatedBy)
}

func revokeServiceAccount(tx *db.Tx, id, by string) error {
	return tx.Do(`UPDATE service_account SET revoked_at = $1, revoked_by = $2 WHERE id = $3 AND revoked_at = 0`, db.Micros(tx.Now()), by, id)
}

const tokenColumns = `id, service_account_id, number, made_at, expires_at, used_at, used_from` //nolint:gosec // names of columns

func scanToken(row func(...any) error) (t ServiceToken, err error) {
	var made, expires, used int64
	err = row(&t.ID, &t.Account, &t.number, &made, &expires, &used, &t.UsedFrom)
	t.MadeAt, t.ExpiresAt, t.UsedAt = db.Time(made), db.Time(expires), db.Time(used)
	return t, err
}

// liveTokens are those that have not ended, and the newest in any case: it shows that one ended by its date.
func liveTokens(tx *db.Tx, accountID string) (list []ServiceToken, err error) {
	err = tx.Each(`SELECT `+tokenColumns+` FROM service_token WHERE service_account_id = $1 ORDER BY number DESC LIMIT 10`,
		[]any{accountID}, func(row func(...any) error) error {
			t, err := scanToken(row)
			if err == nil && (len(list) == 0 || t.ExpiresAt.IsZero() || t.ExpiresAt.After(tx.Now())) {
				list = append(list, t)
			}
			return err
		})
	return list, err
}

func newestToken(tx *db.Tx, accountID string) (ServiceToken, error) {
	return scanToken(func(into ...any) error {
		return tx.Get(`SELECT `+tokenColumns+` FROM service_token WHERE service_account_id = $1 ORDER BY number DESC LIMIT 1`, []any{accountID}, into...)
	})
}

func insertToken(tx *db.Tx, t ServiceToken, hash, by string) error {
	return tx.Do(`INSERT INTO service_token (id, service_account_id, number, hash, made_at, made_by, expires_at, used_at, used_from)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '')`, t.ID, t.Account, t.number, hash, db.Micros(t.MadeAt), by, db.Micros(t.ExpiresAt))
}

// endTokens lets the newest token work until then, where it would work longer, and no other any more.
func endTokens(tx *db.Tx, accountID, newest string, until time.Time) error {
	if _, err := tx.Count(`UPDATE service_token SET expires_at = $1 WHERE service_account_id = $2 AND id <> $3 AND (expires_at = 0 OR expires_at > $4)`,
		db.Micros(tx.Now()), accountID, newest, db.Micros(tx.Now())); err != nil {
		return err
	}
	_, err := tx.Count(`UPDATE service_token SET expires_at = $1 WHERE id = $2 AND (expires_at = 0 OR expires_at > $3)`,
		db.Micros(until), newest, db.Micros(until))
	return err
}

// tokenState is what stands against a token.
type tokenState struct {
	expires time.Time
	revoked bool
}

// tokenHolder finds a token by its id, with the hash that is kept of it.
func tokenHolder(tx *db.Tx, id string) (c Caller, hash string, state tokenState, err error) {
	var scopes string
	var expires, revoked, used int64
	err = tx.Get(`SELECT t.id, t.hash, t.expires_at, t.used_at, s.id, s.name, s.scopes, s.revoked_at, o.id, o.name
		FROM service_token t JOIN service_account s ON s.id = t.service_account_id JOIN organization o ON o.id = s.organization_id
		WHERE t.id = $1`, []any{id}, &c.Token, &hash, &expires, &used, &c.Account, &c.Name, &scopes, &revoked, &c.Organization, &c.Company)
	c.Scopes, c.UsedAt = splitScopes(scopes), db.Time(used)
	return c, hash, tokenState{expires: db.Time(expires), revoked: revoked != 0}, err
}

// noteUse writes down that a token was used. Of many at once one does it.
func noteUse(tx *db.Tx, id, from string) error {
	_, err := tx.Count(`UPDATE service_token SET used_at = $1, used_from = $2 WHERE id = $3 AND used_at <= $4`,
		db.Micros(tx.Now()), from, id, db.Micros(tx.Now().Add(-usedEvery)))
	return err
}
