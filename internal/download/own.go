package download

import (
	"time"

	"vestibule/internal/db"
)

// ownMost bounds what a copy of somebody's data holds of each kind.
const ownMost = 1000

// An Accepted is an agreement that a person accepted for an organization. The hash names the exact text.
type Accepted struct {
	Product, Version, Lang, TextHash, Address string
	At                                        time.Time
}

// Own is what is known of a person here: the newest transfers of the account, and the agreements that it accepted.
func Own(tx *db.Tx, account string) (list []Transfer, accepted []Accepted, err error) {
	if list, err = transfers(tx, Filter{Who: account}, "", ownMost); err != nil {
		return nil, nil, err
	}
	err = tx.Each(`SELECT product_id, version, lang, text_hash, address, accepted_at FROM agreement_acceptance WHERE account_id = $1
		ORDER BY accepted_at DESC, product_id LIMIT $2`, []any{account, ownMost}, func(scan func(...any) error) error {
		var a Accepted
		var at int64
		err := scan(&a.Product, &a.Version, &a.Lang, &a.TextHash, &a.Address, &at)
		a.At = db.Time(at)
		accepted = append(accepted, a)
		return err
	})
	return list, accepted, err
}

// Forget takes away what names a person whose account is closed. What an organization fetched and accepted stays, without the name
// and the network address.
func Forget(tx *db.Tx, account string) error {
	for _, query := range []string{
		`UPDATE transfer SET name = '', address = '' WHERE who = $1`,
		`UPDATE agreement_acceptance SET address = '' WHERE account_id = $1`,
		`DELETE FROM transfer_part WHERE who = $1`,
		`DELETE FROM release_news WHERE account_id = $1`,
		`DELETE FROM release_told WHERE account_id = $1`,
	} {
		if _, err := tx.Count(query, account); err != nil {
			return err
		}
	}
	return nil
}
