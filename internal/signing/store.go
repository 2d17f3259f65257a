package signing

import (
	"encoding/hex"
	"time"

	"vestibule/internal/db"
	"vestibule/license/verify"
)

type row struct {
	id, public, sealed, state string
	madeAt, currentAt         time.Time
}

func keyIn(tx *db.Tx, state string) (r row, err error) {
	err = tx.Get(`SELECT id, public, sealed, state FROM signing_key WHERE state = $1`, []any{state}, &r.id, &r.public, &r.sealed, &r.state)
	return r, err
}

func alive(tx *db.Tx) (n int, err error) {
	err = tx.Get(`SELECT COUNT(*) FROM signing_key WHERE state <> $1`, []any{Retired}, &n)
	return n, err
}

func insert(tx *db.Tx, r row) error {
	_, err := tx.Count(`INSERT INTO signing_key (id, public, sealed, state, made_at, current_at, retired_at)
		VALUES ($1,$2,$3,$4,$5,$6,0) ON CONFLICT DO NOTHING`, r.id, r.public, r.sealed, r.state, db.Micros(r.madeAt), db.Micros(r.currentAt))
	return err
}

// retire ends a current key and erases its secret half.
func retire(tx *db.Tx, id string) error {
	return tx.Do(`UPDATE signing_key SET state = $1, sealed = '', retired_at = $2 WHERE id = $3 AND state = $4`,
		Retired, db.Micros(tx.Now()), id, Current)
}

func promote(tx *db.Tx, id string) error {
	return tx.Do(`UPDATE signing_key SET state = $1, current_at = $2 WHERE id = $3 AND state = $4`,
		Current, db.Micros(tx.Now()), id, Next)
}

func publics(tx *db.Tx) (all []Public, err error) {
	err = tx.Each(`SELECT public, state, made_at, current_at, retired_at FROM signing_key
		ORDER BY CASE state WHEN 'current' THEN 0 WHEN 'next' THEN 1 ELSE 2 END, retired_at DESC, id`, nil,
		func(scan func(...any) error) error {
			var p Public
			var public string
			var made, current, retired int64
			if err := scan(&public, &p.State, &made, &current, &retired); err != nil {
				return err
			}
			raw, err := hex.DecodeString(public)
			if err != nil {
				return err
			}
			p.PublicKey = verify.NewPublicKey(raw)
			p.MadeAt, p.CurrentAt, p.RetiredAt = db.Time(made), db.Time(current), db.Time(retired)
			all = append(all, p)
			return nil
		})
	return all, err
}
