package feed

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

const columns = `f.id, f.organization_id, f.kind, f.name, COALESCE(a.first_name || ' ' || a.last_name, ''), f.made_at, f.used_at, f.revoked_at
	FROM feed_address f LEFT JOIN account a ON a.id = f.made_by `

func list(tx *db.Tx, query string, args ...any) (all []Address, err error) {
	err = tx.Each(`SELECT `+columns+query, args, func(scan func(...any) error) error {
		var a Address
		var made, used, revoked int64
		if err := scan(&a.ID, &a.Organization, &a.Kind, &a.Name, &a.MadeBy, &made, &used, &revoked); err != nil {
			return err
		}
		a.MadeAt, a.UsedAt, a.RevokedAt = db.Time(made), db.Time(used), db.Time(revoked)
		all = append(all, a)
		return nil
	})
	return all, err
}

func one(tx *db.Tx, query string, args ...any) (Address, error) {
	all, err := list(tx, query, args...)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "not-found")
	}
	if err != nil {
		return Address{}, err
	}
	return all[0], nil
}

func addresses(tx *db.Tx, organization string) ([]Address, error) {
	return list(tx, `WHERE f.organization_id = $1 ORDER BY CASE WHEN f.revoked_at = 0 THEN 0 ELSE 1 END, f.made_at DESC, f.id LIMIT 100`, organization)
}

func address(tx *db.Tx, id string) (Address, error) { return one(tx, `WHERE f.id = $1`, id) }

func addressOf(tx *db.Tx, kind, hash string) (Address, error) {
	return one(tx, `WHERE f.secret_hash = $1 AND f.kind = $2 AND f.revoked_at = 0`, hash, kind)
}

func countAddresses(tx *db.Tx, organization string) (n int, err error) {
	err = tx.Get(`SELECT COUNT(*) FROM feed_address WHERE organization_id = $1 AND revoked_at = 0`, []any{organization}, &n)
	return n, err
}

func insertAddress(tx *db.Tx, a Address, by, hash string) error {
	return tx.Do(`INSERT INTO feed_address (id, organization_id, kind, name, secret_hash, made_by, made_at, used_at, revoked_at, revoked_by)
		VALUES ($1,$2,$3,$4,$5,$6,$7,0,0,'')`, a.ID, a.Organization, a.Kind, a.Name, hash, by, db.Micros(tx.Now()))
}

func rekeyAddress(tx *db.Tx, id, hash string) error {
	return tx.Do(`UPDATE feed_address SET secret_hash = $1, used_at = 0 WHERE id = $2 AND revoked_at = 0`, hash, id)
}

func revokeAddress(tx *db.Tx, id, by string) error {
	return tx.Do(`UPDATE feed_address SET revoked_at = $1, revoked_by = $2 WHERE id = $3 AND revoked_at = 0`, db.Micros(tx.Now()), by, id)
}

func useAddress(tx *db.Tx, id string, before time.Time) error {
	_, err := tx.Count(`UPDATE feed_address SET used_at = $1 WHERE id = $2 AND used_at < $3`, db.Micros(tx.Now()), id, db.Micros(before))
	return err
}
