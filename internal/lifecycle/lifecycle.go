// Package lifecycle keeps accounts from growing stale: it tells people before their password is too old and before an account that
// nobody uses expires, and lets it expire then.
//
// All of it is chores: each looks for accounts that are due, and writes down in the transaction of the mail that its owner was
// told. To run one twice, on two nodes at once, or again after a crash tells nobody twice.
//
// A password that is too old is not taken away here: its owner sets a new one at the next sign-in (package signin), having just
// proved the old one. An account that expired for want of use is active again after a reset (package recovery). Accounts of staff
// are left alone: an administrator looks after them.
package lifecycle

import (
	"context"
	"slices"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/chore"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/secret"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

const (
	day = 24 * time.Hour
	// atOnce accounts are looked for at a time.
	atOnce = 50
	// dormancyNotice is how long before the end the owner of an unused account is told, or half the time where that is less.
	dormancyNotice = 30 * day
)

// stages are the days before the end of a password on which its owner is told, the last first: who is told of the last needs no
// earlier one.
func stages() []int { return []int{1, 7, 14} }

// Service is the capability.
type Service struct {
	DB       *db.DB
	Secret   secret.Source
	Messages *message.Writer

	// MaxAge is how old a client's password may grow, and Dormant how long an account may lie unused; 0 is for ever.
	MaxAge, Dormant time.Duration

	// IsStaff reports whether an account belongs to staff.
	IsStaff func(tx *db.Tx, account string) (bool, error)
	// EndRecoveries ends whatever somebody began in order to reset the account's password.
	EndRecoveries func(tx *db.Tx, account string) error
}

// Chores are what is to be done about accounts in the course of time. Those of a rule that is off are not declared.
func (s *Service) Chores() (all []chore.Chore) {
	if s.MaxAge > 0 {
		all = append(all, chore.Chore{Name: "password-age", Every: time.Hour, Run: s.Age})
	}
	if s.Dormant > 0 {
		all = append(all, chore.Chore{Name: "account-dormancy", Every: time.Hour, Run: s.Doze})
	}
	return all
}

// Age tells people 14, 7 and 1 day before their password is too old.
func (s *Service) Age(ctx context.Context) error {
	for _, days := range stages() {
		err := s.each(ctx, func(tx *db.Tx, from account.Place) ([]account.Account, error) {
			end := tx.Now().Add(-s.MaxAge)
			if from.At.Before(end) {
				from = account.Place{At: end.Add(time.Microsecond)} // those before are asked for a new one already
			}
			return account.AgeingPasswords(tx, from, end.Add(time.Duration(days)*day), days, atOnce)
		}, setAt, func(tx *db.Tx, a account.Account) error {
			if err := account.MarkAgeTold(tx, a.ID, days); err != nil {
				return err
			}
			ends := a.PasswordSetAt.Add(s.MaxAge)
			return s.Messages.Send(tx, to(a), a.Subject(), ends, message.PasswordAges{UserID: a.UserID, EndsAt: ends})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Doze tells the owners of accounts that nobody uses, and lets expire those whose owners were told long enough ago.
func (s *Service) Doze(ctx context.Context) error {
	notice := min(dormancyNotice, s.Dormant/2)
	err := s.each(ctx, func(tx *db.Tx, from account.Place) ([]account.Account, error) {
		return account.Unused(tx, from, tx.Now().Add(notice-s.Dormant), time.Time{}, atOnce)
	}, usedAt, func(tx *db.Tx, a account.Account) error {
		if err := account.MarkDormancyTold(tx, a.ID); err != nil {
			return err
		}
		ends := tx.Now().Add(notice)
		return s.Messages.Send(tx, to(a), a.Subject(), ends, message.AccountUnused{UserID: a.UserID, LastAt: lastUsed(a), EndsAt: ends})
	})
	if err != nil {
		return err
	}
	return s.each(ctx, func(tx *db.Tx, from account.Place) ([]account.Account, error) {
		return account.Unused(tx, from, tx.Now().Add(-s.Dormant), tx.Now().Add(-notice), atOnce)
	}, usedAt, s.expire)
}

func (s *Service) expire(tx *db.Tx, a account.Account) error {
	if err := account.Expire(tx, a.ID, account.ByDormancy); err != nil {
		return err
	}
	if _, err := session.EndAll(tx, a.ID, ""); err != nil {
		return err
	}
	if err := s.EndRecoveries(tx, a.ID); err != nil {
		return err
	}
	if err := s.Messages.Send(tx, to(a), a.Subject(), time.Time{}, message.AccountExpired{UserID: a.UserID, LastAt: lastUsed(a)}); err != nil {
		return err
	}
	return audit.Add(tx, s.Secret, audit.Event{
		Action: "account.dormancy_expire", Actor: audit.Actor{Kind: audit.System}, Subject: a.Subject(),
	})
}

func setAt(a account.Account) time.Time  { return a.PasswordSetAt }
func usedAt(a account.Account) time.Time { return a.SignedInAt }

// each hands the accounts that find returns to act until there are no more: they are looked for in a reading transaction, which
// holds nobody up however many accounts there are, and handed over one by one, each as it is by then. An account of staff is passed
// over, and so is one that changed in between: the next run sees it as it is then.
func (s *Service) each(ctx context.Context, find func(tx *db.Tx, from account.Place) ([]account.Account, error), at func(account.Account) time.Time,
	act func(tx *db.Tx, a account.Account) error,
) error {
	var from account.Place
	for {
		var list []account.Account
		err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			list, err = find(tx, from)
			return err
		})
		if err != nil {
			return err
		}
		for _, found := range list {
			from = account.Place{At: at(found), ID: found.ID}
			err := s.DB.Write(ctx, func(tx *db.Tx) error {
				a, err := account.Get(tx, found.ID)
				if err != nil || a.State != found.State || !at(a).Equal(at(found)) {
					return err
				}
				is, err := s.IsStaff(tx, a.ID)
				if err == nil && !is {
					err = act(tx, a)
				}
				return err
			})
			if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		if len(list) < atOnce {
			return nil
		}
	}
}

// lastUsed is when somebody used the account last, as far as that is known.
func lastUsed(a account.Account) time.Time {
	return slices.MaxFunc([]time.Time{a.SignedInAt, a.PasswordSetAt, a.CreatedAt}, time.Time.Compare)
}

func to(a account.Account) message.To {
	return message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}
}
