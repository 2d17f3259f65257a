// Package throttle limits how often a thing may be tried, on all nodes together.
//
// A Limit stands beside the capability that uses it and has a name; what is
// counted is a key: an account, a destination, a network, "all". One number for
// each key is kept (GCRA, the generic cell rate algorithm of ITU-T I.371): the
// time at which the key's debt is paid. One statement reads, decides and
// writes, so that no number of parallel tries gets past it.
package throttle

import (
	"net/netip"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// A Limit lets Burst tries through at once and one more every Every.
type Limit struct {
	Name  string
	Burst int
	Every time.Duration
}

// Spend takes one try of the limit for whom, or fails as TooMany "too-many" with
// the time until the next one. A refused try costs nothing. The count is undone
// with the transaction, so spend in a transaction of its own what must be
// remembered when the rest fails.
func (l Limit) Spend(tx *db.Tx, whom string) error {
	now, every := db.Micros(tx.Now()), l.Every.Microseconds()
	// Sums of parameters are made here: PostgreSQL cannot tell their type.
	fresh, latest := now+every, now+every*int64(l.Burst-1)
	n, err := tx.Count(`
		INSERT INTO throttle (key, tat) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE
		SET tat = CASE WHEN throttle.tat > $3 THEN throttle.tat + $4 ELSE excluded.tat END
		WHERE throttle.tat <= $5`,
		l.Name+":"+whom, fresh, now, every, latest)
	if err != nil || n == 1 {
		return err
	}
	wait, err := l.Wait(tx, whom)
	if err != nil {
		return err
	}
	return &fault.Error{Kind: fault.TooMany, Code: "too-many", RetryAfter: wait}
}

// Wait says how long whom must wait for the next try; 0 is not at all. It
// changes nothing.
func (l Limit) Wait(tx *db.Tx, whom string) (time.Duration, error) {
	var tat int64
	err := tx.Get(`SELECT tat FROM throttle WHERE key = $1`, []any{l.Name + ":" + whom}, &tat)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	latest := db.Micros(tx.Now()) + l.Every.Microseconds()*int64(l.Burst-1)
	return max(0, time.Duration(tat-latest)*time.Microsecond), err
}

// Clear forgets what whom has spent.
func (l Limit) Clear(tx *db.Tx, whom string) error {
	_, err := tx.Count(`DELETE FROM throttle WHERE key = $1`, l.Name+":"+whom)
	return err
}

// Sweep removes up to limit keys whose debt was paid before now.
func Sweep(tx *db.Tx, limit int) (int64, error) {
	return tx.Count(`DELETE FROM throttle WHERE key IN (SELECT key FROM throttle WHERE tat <= $1 ORDER BY tat LIMIT $2)`,
		db.Micros(tx.Now()), limit)
}

// Network is the key by which addresses are counted together: the /24 of an
// IPv4 address, the /64 of an IPv6 address. What is no address counts as itself.
func Network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return addr
	}
	return p.String()
}
