package helpdesk

import (
	"context"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/organization"
	"vestibule/internal/outbox"
	"vestibule/internal/session"
)

// Credentials are which means of proof an account has, never what they are.
type Credentials struct {
	PasswordSetAt time.Time // zero: none
	Questions     time.Time // when they were set; zero: none
	Authenticator time.Time // since when; zero: none
	RecoveryCodes int       // left
	Passkeys      []time.Time
}

// A Person is one account with all that staff may know of it.
type Person struct {
	Account      account.Account
	Staff        bool // staff's own: nothing can be done here
	Membership   organization.Membership
	Standing     access.Standing
	Credentials  Credentials
	Sessions     int
	Earlier      []account.EarlierEmail
	Verification []Verification // of the caller, to whoever looks
	Vouchers     int            // administrators who could vouch
	Clearings    []Clearing     // the newest first
	Acts         []Act          // that make sense now
	Messages     []outbox.Entry // recent ones to it or about it
	History      []audit.Entry
	Explanation  Explanation
	Now          time.Time
}

const (
	historyShown   = 50
	messagesShown  = 10
	clearingsShown = 5
)

// Person returns one account for staff, with the explanation of an instant: of
// now where it is zero, or in the future.
func (s *Service) Person(ctx context.Context, by Staff, id string, at time.Time) (p Person, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, View); err != nil {
			return err
		}
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		if at.IsZero() || at.After(tx.Now()) {
			at = tx.Now()
		}
		p, err = s.person(tx, a, by, at)
		return err
	})
	return p, err
}

func (s *Service) person(tx *db.Tx, a account.Account, by Staff, at time.Time) (p Person, err error) {
	p = Person{Account: a, Now: tx.Now()}
	f, err := s.facts(tx, a, at)
	if err != nil {
		return p, err
	}
	p.Staff, p.Explanation = f.Staff, Explain(f, at)
	if p.Standing, err = access.StandingOf(tx, a.ID); err != nil {
		return p, err
	}
	var admins []account.Account
	if p.Membership, admins, err = vouchers(tx, a.ID); err != nil {
		return p, err
	}
	p.Vouchers = len(admins)
	p.Credentials = Credentials{Authenticator: f.AuthenticatorSince, RecoveryCodes: f.RecoveryCodes}
	if a.PasswordHash != "" {
		p.Credentials.PasswordSetAt = f.Passwords[0]
	}
	if p.Credentials.Questions, err = account.QuestionsSetAt(tx, a.ID); err != nil {
		return p, err
	}
	keys, err := account.Passkeys(tx, a.ID)
	if err != nil {
		return p, err
	}
	for _, k := range keys {
		p.Credentials.Passkeys = append(p.Credentials.Passkeys, k.CreatedAt)
	}
	sessions, err := session.List(tx, a.ID)
	if err != nil {
		return p, err
	}
	p.Sessions = len(sessions)
	if p.Earlier, err = account.EarlierEmails(tx, a.ID); err != nil {
		return p, err
	}
	if p.Verification, err = s.verification(tx, a, by); err != nil {
		return p, err
	}
	if p.Clearings, err = clearingsOf(tx, a.ID, clearingsShown); err != nil {
		return p, err
	}
	if p.Messages, err = s.Outbox.List(tx, outbox.Filter{About: a.Subject(), Limit: messagesShown}); err != nil {
		return p, err
	}
	if !p.Staff {
		p.Acts = Possible(a)
	}
	p.History, err = audit.History(tx, a.Subject(), historyShown)
	return p, err
}

// An Awaiting is a clearing that is open, with whose it is.
type Awaiting struct {
	Clearing Clearing
	Name     string
	UserID   string
}

const awaitingShown = 100

// Awaiting lists the clearings that wait for a second word or for their time,
// what is due first at the top.
func (s *Service) Awaiting(ctx context.Context, by Staff) (list []Awaiting, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list = nil
		if err := s.permitted(tx, by, View); err != nil {
			return err
		}
		open, err := openClearings(tx, awaitingShown)
		if err != nil {
			return err
		}
		for _, c := range open {
			a, err := account.Get(tx, c.Account)
			if err != nil {
				return err
			}
			list = append(list, Awaiting{Clearing: c, Name: a.Name(), UserID: a.UserID})
		}
		return nil
	})
	return list, err
}

// AwaitingCount counts them, for the navigation.
func (s *Service) AwaitingCount(ctx context.Context) (n int, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		n, err = countOpen(tx)
		return err
	})
	return n, err
}
