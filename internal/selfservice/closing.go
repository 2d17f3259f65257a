package selfservice

import (
	"cmp"
	"context"
	"errors"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/chore"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/session"
)

// keepPurpose is that of the links that keep an account open. They are about "closing:" and the account's id, so that what ends an
// account's other links does not end them.
const keepPurpose = "account-keep"

// Close asks to have the account closed, and returns when that will be. Everybody is signed out; until then signing in offers to
// keep the account, and so does a link in the mail. typed is the UserID, as a sign of being meant: another is Invalid
// "close-user-id" at the field "user_id". It wants a fresh sign-in. The last administrator of an organization that has other members
// is refused: Invalid "close-last-administrator".
func (s *Service) Close(ctx context.Context, t session.Token, typed string) (closes time.Time, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		if key := account.UserIDKey(typed); key == "" || key != account.UserIDKey(a.UserID) {
			return fault.OnField("user_id", "close-user-id")
		}
		last, err := lastAdministrator(tx, a.ID)
		if err != nil {
			return err
		}
		if last {
			return fault.OnField("", "close-last-administrator")
		}
		closes = tx.Now().Add(s.Settings.Grace)
		if err := account.SetClosing(tx, a.ID, closes); err != nil {
			return err
		}
		for _, kind := range []string{emailKind, mobileKind} {
			if err := s.abandon(tx, kind, a.ID); err != nil {
				return err
			}
		}
		if err := s.end(tx, a.ID, ""); err != nil {
			return err
		}
		if err := s.event(tx, a, "account.close_ask"); err != nil {
			return err
		}
		return s.tellClosing(tx, a, closes)
	})
	return closes, err
}

// tellClosing writes to the account's address, and to every earlier one that can take it back: whoever asked may be a stranger.
func (s *Service) tellClosing(tx *db.Tx, a account.Account, closes time.Time) error {
	token, err := code.NewLink(tx, s.Secret, keepPurpose, keepSubject(a.ID), a.ID, closes.Sub(tx.Now()))
	if err != nil {
		return err
	}
	m := message.AccountClosing{UserID: a.UserID, At: tx.Now(), Address: audit.From(tx.Context()).Address, ClosesAt: closes, Token: token}
	if err := s.Messages.Send(tx, to(a), a.Subject(), closes, m); err != nil {
		return err
	}
	earlier, err := account.EarlierEmails(tx, a.ID)
	if err != nil {
		return err
	}
	for _, e := range earlier {
		if e.EmailKey == a.EmailKey {
			continue
		}
		there := to(a)
		there.Address = e.Email
		if err := s.Messages.Send(tx, there, a.Subject(), closes, m); err != nil {
			return err
		}
	}
	return nil
}

func keepSubject(accountID string) string { return "closing:" + accountID }

// A Closing is an account that will be closed.
type Closing struct {
	UserID   string
	ClosesAt time.Time
	Kept     bool // the link has kept it already
}

// ClosingLink says which account a link keeps, or has kept, and changes nothing. Gone "link-gone", and "link-used" where that is no
// longer so.
func (s *Service) ClosingLink(ctx context.Context, token string) (c Closing, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		l, err := code.PeekLink(tx, keepPurpose, token)
		if fault.Code(err, "link-used") {
			a, failed := account.Get(tx, l.Data)
			if failed == nil && a.ClosingAt.IsZero() && a.State != account.Closed {
				c, err = Closing{UserID: a.UserID, Kept: true}, nil
			}
			return cmp.Or(failed, err)
		}
		if err != nil {
			return err
		}
		a, err := account.Get(tx, l.Data)
		if err == nil && a.ClosingAt.IsZero() {
			err = fault.New(fault.Gone, "link-used")
		}
		c = Closing{UserID: a.UserID, ClosesAt: a.ClosingAt}
		return err
	})
	return c, err
}

// KeepByLink keeps the account open, by the link in a mail.
func (s *Service) KeepByLink(ctx context.Context, token string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		l, err := code.SpendLink(tx, keepPurpose, token)
		if err != nil {
			return err
		}
		return s.Keep(tx, l.Data)
	})
}

// Keep keeps an account open whose owner asked to have it closed, in the transaction of a sign-in that offered it. It is no error
// where nobody asked, or where it is kept already.
func (s *Service) Keep(tx *db.Tx, accountID string) error {
	if err := account.Lock(tx, accountID); err != nil {
		return err
	}
	a, err := account.Get(tx, accountID)
	if err != nil || a.ClosingAt.IsZero() {
		return err
	}
	if err := s.keep(tx, a); err != nil {
		return err
	}
	return s.Messages.Send(tx, to(a), a.Subject(), time.Time{}, message.AccountKept{UserID: a.UserID, At: tx.Now()})
}

func (s *Service) keep(tx *db.Tx, a account.Account) error {
	if err := account.SetClosing(tx, a.ID, time.Time{}); err != nil {
		return err
	}
	if err := code.RevokeLinks(tx, keepPurpose, keepSubject(a.ID)); err != nil {
		return err
	}
	if err := s.Messages.Recall(tx, a.Subject(), message.AccountClosing{}); err != nil {
		return err
	}
	return s.event(tx, a, "account.close_cancel")
}

// lastAdministrator reports whether the account is the only administrator of an organization that has other members.
func lastAdministrator(tx *db.Tx, accountID string) (bool, error) {
	m, err := organization.Of(tx, accountID)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil || m.Role != organization.Administrator {
		return false, err
	}
	admins, err := organization.Administrators(tx, m.Organization.ID)
	if err != nil || len(admins) > 1 {
		return false, err
	}
	n, err := organization.Members(tx, m.Organization.ID)
	return n > 1, err
}

// Chores are the package's housekeeping.
func (s *Service) Chores() []chore.Chore {
	return []chore.Chore{{Name: "account-closing", Every: time.Hour, Run: s.CloseDue}}
}

const atOnce = 50

// CloseDue closes for good what its owners wanted closed and nobody kept: credentials, address and number go, the membership ends,
// personal data leaves the trail. The UserID stays, so that nobody else gets it and the trail can be read; so do the acceptances of
// terms, as proof. Each account is a transaction of its own, and one that fails keeps no other from it.
func (s *Service) CloseDue(ctx context.Context) error {
	for {
		var due []account.Account
		var failed []error
		if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			due, err = account.ClosingBefore(tx, tx.Now(), atOnce)
			return err
		}); err != nil || len(due) == 0 {
			return err
		}
		for _, a := range due {
			if err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.closeNow(tx, a.ID) }); err != nil {
				failed = append(failed, err)
			}
		}
		if len(failed) == len(due) {
			return errors.Join(failed...)
		}
	}
}

func (s *Service) closeNow(tx *db.Tx, accountID string) error {
	if err := account.Lock(tx, accountID); err != nil {
		return err
	}
	a, err := account.Get(tx, accountID)
	if err != nil || a.ClosingAt.IsZero() || a.ClosingAt.After(tx.Now()) || a.State == account.Closed {
		return err // kept, or closed by another, meanwhile
	}
	for _, kind := range []string{emailKind, mobileKind} {
		if err := s.abandon(tx, kind, a.ID); err != nil {
			return err
		}
	}
	if err := s.end(tx, a.ID, ""); err != nil {
		return err
	}
	if err := flow.EndEvery(tx, a.ID); err != nil {
		return err
	}
	if err := code.RevokeEvery(tx, a.ID, keepSubject(a.ID)); err != nil {
		return err
	}
	if err := s.Messages.Recall(tx, a.Subject()); err != nil {
		return err
	}
	if err := organization.Leave(tx, a.ID); err != nil {
		return err
	}
	if err := account.Close(tx, a.ID); err != nil {
		return err
	}
	for _, closed := range s.Closed {
		if err := closed(tx, a.ID); err != nil {
			return err
		}
	}
	if _, err := audit.Erase(tx, a.Subject()); err != nil {
		return err
	}
	if err := audit.Add(tx, s.Secret, audit.Event{Action: "account.close", Actor: audit.Actor{Kind: audit.System}, Subject: a.Subject()}); err != nil {
		return err
	}
	return s.Messages.Send(tx, to(a), "closed:"+a.ID, time.Time{}, message.AccountClosed{UserID: a.UserID, At: tx.Now()})
}

// GraceDays is how many days an account can still be kept.
func (s *Service) GraceDays() int { return int(s.Settings.Grace / (24 * time.Hour)) }
