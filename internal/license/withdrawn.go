package license

import (
	"time"

	"vestibule/internal/db"
)

// A Withdrawn is a key by which nothing may run: its licence is held, or it was replaced.
type Withdrawn struct {
	License  string
	Key      string   // its Lookup
	Hold     HoldKind // revoked or suspended; empty where the key was replaced
	Replaced bool
	Since    time.Time
}

// Withdrawals is a number that grows when something is withdrawn or let go. Who reads it before AllWithdrawn need not ask again while
// it stays the same.
func Withdrawals(tx *db.Tx) (number int64, err error) {
	err = tx.Get(`SELECT number FROM withdrawal WHERE one = 1`, nil, &number)
	return number, err
}

// MarkWithdrawn makes that number grow; for what others withdraw by a licence.
func MarkWithdrawn(tx *db.Tx) error {
	return tx.Do(`UPDATE withdrawal SET number = number + 1 WHERE one = 1`)
}

// AllWithdrawn lists the keys of all licences that are held, and those that were replaced: what offline products must learn of.
func AllWithdrawn(tx *db.Tx) (list []Withdrawn, err error) {
	last := ""
	add := func(row func(...any) error) error {
		var w Withdrawn
		var since int64
		err := row(&w.License, &w.Key, &w.Hold, &since)
		w.Since, w.Replaced = db.Time(since), w.Hold == ""
		if w.Replaced || w.License != last {
			list = append(list, w)
		}
		last = w.License
		return err
	}
	// Of several holds the strongest counts, from when it was first placed.
	err = tx.Each(`SELECT h.license_id, k.lookup, h.kind, h.from_at FROM hold h
		JOIN license_key k ON k.license_id = h.license_id AND k.replaced_at = 0
		WHERE h.lifted_at = 0 ORDER BY h.license_id, h.kind, h.from_at`, nil, add)
	if err != nil {
		return nil, err
	}
	err = tx.Each(`SELECT license_id, lookup, '', replaced_at FROM license_key WHERE replaced_at > 0`, nil, add)
	return list, err
}
