// Package code sends a person a short secret, or a link with a long one, and
// checks that it comes back.
//
// A code is bound to its owner (a flow or an account), its purpose and its
// destination, and the database keeps a keyed hash of it. It can be tried a few
// times and used once. A newer one of the same owner and purpose takes its
// place; limits over several codes are the business of package throttle, so
// that a resend resets nothing (NIST SP 800-63B-4 §3.1.3.2; ASVS V6.6.2, V6.6.3).
package code

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/secret"
)

// A Rule says what a code is like.
type Rule struct {
	Length int           // decimal digits
	Tries  int           // how often it may be tried
	Life   time.Duration // how long it is of use
}

// Default is six digits, five tries, ten minutes.
func Default() Rule { return Rule{Length: 6, Tries: 5, Life: 10 * time.Minute} }

const macPurpose = "code"

// Issue makes the owner's code for a purpose; an earlier one no longer counts.
func Issue(tx *db.Tx, ring *secret.Ring, src secret.Source, owner, purpose, destination string, r Rule) (string, error) {
	c := src.Digits(r.Length)
	return c, tx.Do(`
		INSERT INTO code (owner, purpose, mac, tries_left, issued_at, expires_at, used_at) VALUES ($1,$2,$3,$4,$5,$6,0)
		ON CONFLICT (owner, purpose) DO UPDATE
		SET mac = excluded.mac, tries_left = excluded.tries_left, issued_at = excluded.issued_at,
		    expires_at = excluded.expires_at, used_at = 0`,
		owner, purpose, ring.MAC(macPurpose, owner, purpose, destination, c), r.Tries,
		db.Micros(tx.Now()), db.Micros(tx.Now().Add(r.Life)))
}

// A Verdict is a result, not an error: a wrong try must be counted, and an
// error would roll the count back.
type Verdict int

// The verdicts on a try.
const (
	Wrong Verdict = iota // one try fewer is left
	Right                // and the code is used up
	Spent                // used, expired, replaced, never issued, or tried too often
)

// Check takes one try. It says Right at most once for each code issued, however
// many ask at once, and evaluates at most as many tries as the rule allowed.
func Check(tx *db.Tx, ring *secret.Ring, owner, purpose, destination, given string) (v Verdict, triesLeft int, err error) {
	now := db.Micros(tx.Now())
	var mac string
	// The try is counted before it is judged, and the row stays locked until
	// the transaction ends: parallel tries stand in line.
	n, err := tx.Count(`UPDATE code SET tries_left = tries_left - 1
		WHERE owner = $1 AND purpose = $2 AND tries_left > 0 AND used_at = 0 AND expires_at > $3`, owner, purpose, now)
	if err != nil || n == 0 {
		return Spent, 0, err
	}
	err = tx.Get(`SELECT mac, tries_left FROM code WHERE owner = $1 AND purpose = $2`, []any{owner, purpose}, &mac, &triesLeft)
	if err != nil {
		return Spent, 0, err
	}
	if !ring.MACMatches(mac, macPurpose, owner, purpose, destination, given) {
		return Wrong, triesLeft, nil
	}
	n, err = tx.Count(`UPDATE code SET used_at = $1 WHERE owner = $2 AND purpose = $3 AND used_at = 0`, now, owner, purpose)
	if err != nil || n == 0 {
		return Spent, 0, err
	}
	return Right, triesLeft, nil
}

// Revoke ends the owner's code for a purpose, if there is one.
func Revoke(tx *db.Tx, owner, purpose string) error {
	_, err := tx.Count(`DELETE FROM code WHERE owner = $1 AND purpose = $2`, owner, purpose)
	return err
}

// Sweep removes up to limit codes and links of each kind that ended before the
// given instant, and says how many. A used link is kept until its end, so that a
// second click is told "used" and not "unknown".
func Sweep(tx *db.Tx, before time.Time, limit int) (int64, error) {
	n, err := tx.Count(`DELETE FROM code WHERE (owner, purpose) IN
		(SELECT owner, purpose FROM code WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`, db.Micros(before), limit)
	if err != nil {
		return 0, err
	}
	m, err := tx.Count(`DELETE FROM link WHERE token_hash IN
		(SELECT token_hash FROM link WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`, db.Micros(before), limit)
	return n + m, err
}
