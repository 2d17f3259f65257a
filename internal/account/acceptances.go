package account

import "vestibule/internal/db"

// Acceptances returns every acceptance of terms by the account, the latest first.
func Acceptances(tx *db.Tx, id string) (all []Acceptance, err error) {
	err = tx.Each(`SELECT version, text_hash, address, accepted_at FROM terms_acceptance WHERE account_id = $1 ORDER BY accepted_at DESC, version DESC`,
		[]any{id}, func(scan func(...any) error) error {
			var a Acceptance
			var at int64
			err := scan(&a.Version, &a.TextHash, &a.Address, &at)
			a.AcceptedAt = db.Time(at)
			all = append(all, a)
			return err
		})
	return all, err
}
