package recovery

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// takeSend takes one of the four messages that may leave in an hour under a key,
// in one statement whatever the key is.
func takeSend(tx *db.Tx, key string) (bool, error) {
	n, err := tx.Count(`INSERT INTO recovery_send (key, fourth_at, third_at, second_at, last_at) VALUES ($1, 0, 0, 0, $2)
		ON CONFLICT (key) DO UPDATE SET fourth_at = recovery_send.third_at, third_at = recovery_send.second_at,
			second_at = recovery_send.last_at, last_at = excluded.last_at
		WHERE recovery_send.fourth_at <= $3`, secret.Hash("recovery-send", key), db.Micros(tx.Now()), db.Micros(tx.Now().Add(-sendWindow)))
	return n == 1, err
}

// waitSend is how long until takeSend succeeds again.
func waitSend(tx *db.Tx, key string) (time.Duration, error) {
	var fourth int64
	err := tx.Get(`SELECT fourth_at FROM recovery_send WHERE key = $1`, []any{secret.Hash("recovery-send", key)}, &fourth)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return max(0, db.Time(fourth).Add(sendWindow).Sub(tx.Now())), err
}

// failuresOf says how often a means failed in a row since it was bound to the
// account: an address confirmed or a number verified anew begins at nothing.
func failuresOf(tx *db.Tx, whose string, m Means, bound time.Time) (n int64, err error) {
	err = tx.Get(`SELECT failures FROM recovery_failure WHERE whose = $1 AND means = $2 AND failed_at >= $3`,
		[]any{whose, string(m), db.Micros(bound)}, &n)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return n, err
}

func addFailure(tx *db.Tx, whose string, m Means, bound time.Time) error {
	return tx.Do(`INSERT INTO recovery_failure (whose, means, failures, failed_at) VALUES ($1,$2,1,$3)
		ON CONFLICT (whose, means) DO UPDATE SET failed_at = excluded.failed_at,
			failures = CASE WHEN recovery_failure.failed_at < $4 THEN 1 ELSE recovery_failure.failures + 1 END`,
		whose, string(m), db.Micros(tx.Now()), db.Micros(bound))
}

func clearFailures(tx *db.Tx, whose string, m Means) error {
	_, err := tx.Count(`DELETE FROM recovery_failure WHERE whose = $1 AND means = $2`, whose, string(m))
	return err
}

// savePick keeps the positions of the two questions that an account is asked
// until a recovery succeeds, unless there are some.
func savePick(tx *db.Tx, accountID string, one, two int) error {
	_, err := tx.Count(`INSERT INTO recovery_pick (account_id, one, two, picked_at) VALUES ($1,$2,$3,$4) ON CONFLICT DO NOTHING`,
		accountID, one, two, db.Micros(tx.Now()))
	return err
}

func pickOf(tx *db.Tx, accountID string) (one, two int, err error) {
	err = tx.Get(`SELECT one, two FROM recovery_pick WHERE account_id = $1`, []any{accountID}, &one, &two)
	if fault.Is(err, fault.NotFound) {
		return 0, 1, nil
	}
	return one, two, err
}

func dropPick(tx *db.Tx, accountID string) error {
	_, err := tx.Count(`DELETE FROM recovery_pick WHERE account_id = $1`, accountID)
	return err
}

// failuresKept is how long failures in a row are remembered.
const failuresKept = 90 * 24 * time.Hour

// sweepRows forgets up to limit of each that limits nothing any more, and returns
// how many went of the kind that had more.
func (s *Service) sweepRows(tx *db.Tx, limit int) (int64, error) {
	sends, err := tx.Count(`DELETE FROM recovery_send WHERE key IN (SELECT key FROM recovery_send WHERE last_at < $1 ORDER BY last_at LIMIT $2)`,
		db.Micros(tx.Now().Add(-sendWindow)), limit)
	if err != nil {
		return sends, err
	}
	// A means that is off stays off.
	failures, err := tx.Count(`DELETE FROM recovery_failure WHERE (whose, means) IN (
		SELECT whose, means FROM recovery_failure WHERE failed_at < $1 AND (whose LIKE '-%' OR failures < $2) LIMIT $3)`,
		db.Micros(tx.Now().Add(-failuresKept)), s.Settings.Limits.Failures, limit)
	return max(sends, failures), err
}
