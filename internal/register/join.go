package register

import (
	"vestibule/internal/account"
	"vestibule/internal/db"
)

// Join lets an account whose address was just proved join what the address stands for, and tells those who have to agree. It is for
// whatever else proves an address.
func (s *Service) Join(tx *db.Tx, a account.Account) error { return s.join(tx, a) }

// SpendSMS takes one code to the number out of the limits that all text messages share, or fails as TooMany.
func (l Limits) SpendSMS(tx *db.Tx, number, address string) error {
	return l.spendSMS(tx, number, address)
}
