package signin

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// lockDelay returns the row of a key, made when it is missing, and holds it until the transaction ends. A row that another
// transaction takes away while this one waits for it is made again.
func lockDelay(tx *db.Tx, key, whom string) (failures int, tried, next time.Time, err error) {
	now := db.Micros(tx.Now())
	var t, n int64
	for try := 0; try == 0 || try < 10 && fault.Is(err, fault.NotFound); try++ {
		if _, err = tx.Count(`INSERT INTO signin_delay (key, failures, tried_at, next_at, whom) VALUES ($1, 0, $2, $2, $3) ON CONFLICT (key) DO NOTHING`, key, now, whom); err != nil {
			return 0, tried, next, err
		}
		err = tx.Get(`SELECT failures, tried_at, next_at FROM signin_delay WHERE key = $1 `+tx.ForUpdate(), []any{key}, &failures, &t, &n)
	}
	return failures, db.Time(t), db.Time(n), err
}

func saveDelay(tx *db.Tx, key string, failures int, tried, next time.Time) error {
	return tx.Do(`UPDATE signin_delay SET failures = $1, tried_at = $2, next_at = $3 WHERE key = $4`,
		failures, db.Micros(tried), db.Micros(next), key)
}

func dropDelay(tx *db.Tx, key string) error {
	_, err := tx.Count(`DELETE FROM signin_delay WHERE key = $1`, key)
	return err
}

type delayRow struct {
	key         string
	failures    int
	tried, next time.Time
}

func listDelays(tx *db.Tx, whom [3]string) ([]delayRow, error) {
	var all []delayRow
	err := tx.Each(`SELECT key, failures, tried_at, next_at FROM signin_delay WHERE whom IN ($1, $2, $3) ORDER BY key`,
		[]any{whom[0], whom[1], whom[2]}, func(scan func(...any) error) error {
			var r delayRow
			var t, n int64
			err := scan(&r.key, &r.failures, &t, &n)
			r.tried, r.next = db.Time(t), db.Time(n)
			all = append(all, r)
			return err
		})
	return all, err
}

func dropDelays(tx *db.Tx, whom [3]string) error {
	_, err := tx.Count(`DELETE FROM signin_delay WHERE whom IN ($1, $2, $3)`, whom[0], whom[1], whom[2])
	return err
}

func placeKnown(tx *db.Tx, account, network string) (bool, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM signin_place WHERE account_id = $1 AND network = $2`, []any{account, network}, &n)
	return n > 0, err
}

func savePlace(tx *db.Tx, account, network string) error {
	return tx.Do(`INSERT INTO signin_place (account_id, network, seen_at) VALUES ($1, $2, $3)
		ON CONFLICT (account_id, network) DO UPDATE SET seen_at = excluded.seen_at`, account, network, db.Micros(tx.Now()))
}

// sweep forgets delays and places that nobody has met for long.
func sweep(tx *db.Tx, delaysBefore, placesBefore time.Time) error {
	if _, err := tx.Count(`DELETE FROM signin_delay WHERE tried_at < $1`, db.Micros(delaysBefore)); err != nil {
		return err
	}
	_, err := tx.Count(`DELETE FROM signin_place WHERE seen_at < $1`, db.Micros(placesBefore))
	return err
}
