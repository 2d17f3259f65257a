package selfservice

import (
	"cmp"
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/session"
)

// doubtful is since when what was set for the account may be a stranger's, if a stranger it is who now changes the address, by a
// session that began at the instant: a stranger may have come more than once. The time of undo before the change is as long as its
// owner has to notice; what was there before the first sign-in in it (a registration of yesterday) is the owner's.
func (s *Service) doubtful(tx *db.Tx, a account.Account, began time.Time) (time.Time, error) {
	since := tx.Now().Add(-s.Settings.Undo)
	// A session that began before may have set something since.
	first, err := audit.First(tx, a.Subject(), "authn_login_success", since.Add(-session.ClientLives.Absolute))
	if first.After(since) {
		since = first
	}
	if began.Before(since) {
		since = began
	}
	return since, err
}

// An Undo is what the page of an undo link shows.
type Undo struct {
	UserID string
	Email  string // that comes back, in full: the link was mailed there
	Now    string // the address of now, masked
	Until  time.Time
	Done   bool // the link has done it already
}

// UndoLink says what a link would undo, or has undone, and changes nothing. Gone "link-gone", and "link-used" where the account has
// another address again.
func (s *Service) UndoLink(ctx context.Context, token string) (u Undo, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		l, err := code.PeekLink(tx, undoPurpose, token)
		if fault.Code(err, "link-used") {
			a, failed := account.Get(tx, l.Subject)
			if failed == nil && a.EmailKey == l.Data {
				u, err = Undo{UserID: a.UserID, Email: a.Email, Done: true}, nil
			}
			return cmp.Or(failed, err)
		}
		if err != nil {
			return err
		}
		e, err := account.EmailUndoable(tx, l.Subject, l.Data)
		if err != nil {
			return err
		}
		a, err := account.Get(tx, l.Subject)
		u = Undo{UserID: a.UserID, Email: e.Email, Now: account.MaskEmail(a.Email), Until: e.Until}
		return err
	})
	return u, err
}

// UndoEmail gives the account back the address that the link was mailed to. Everybody is signed out, no browser is trusted, what
// was set since goes, a wish to close the account is taken back, and the password is good for nothing but a reset.
func (s *Service) UndoEmail(ctx context.Context, token string) (u Undo, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		l, err := code.SpendLink(tx, undoPurpose, token)
		if err != nil {
			return err
		}
		if err := account.Lock(tx, l.Subject); err != nil {
			return err
		}
		before, err := account.Get(tx, l.Subject)
		if err != nil {
			return err
		}
		a, err := account.UndoEmail(tx, l.Subject, l.Data)
		if err != nil {
			return err
		}
		u = Undo{UserID: a.UserID, Email: a.Email}
		switch a.State {
		case account.Active:
			err = account.Expire(tx, a.ID, account.ByUndo)
		case account.Disabled:
			err = account.DistrustDisabled(tx, a.ID, account.ByUndo)
		}
		if err != nil {
			return err
		}
		if !a.ClosingAt.IsZero() {
			if err := s.keep(tx, a); err != nil {
				return err
			}
		}
		for _, kind := range []string{emailKind, mobileKind} {
			if err := s.abandon(tx, kind, a.ID); err != nil {
				return err
			}
		}
		if err := s.end(tx, a.ID, ""); err != nil {
			return err
		}
		if err := audit.Add(tx, s.Secret, audit.Event{
			Action: "account.email_undo", Actor: audit.Actor{Kind: audit.Client, ID: a.ID}, Subject: a.Subject(), Detail: map[string]string{"to": a.Email},
		}); err != nil {
			return err
		}
		return s.tellUndone(tx, before, a)
	})
	return u, err
}

// tellUndone tells the address that is back and the earlier ones, and also the address and the number that go: they may be the owner's,
// and the mailbox that took the account back a stranger's. From where it was undone they are not told: they may be the stranger's.
func (s *Service) tellUndone(tx *db.Tx, before, now account.Account) error {
	now.Mobile, now.MobileVerifiedAt = before.Mobile, before.MobileVerifiedAt
	if err := s.Notices.Tell(tx, now, account.Notice{Change: "email-undone", SMS: true}); err != nil {
		return err
	}
	return s.Messages.Send(tx, to(before), before.Subject(), time.Time{}, message.AccountChanged{UserID: before.UserID, Change: "email-undone", At: tx.Now()})
}
