package signin

import (
	"context"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/session"
	"vestibule/internal/throttle"
)

// Enter says where somebody who is signed in stands. Who is let in now, and was not before, gets a new token, since what the
// session may do has changed (ASVS V7.2.4); an evaluation that waited for this begins. The token is "" where nothing changed.
func (s *Service) Enter(ctx context.Context, w Who, old session.Token) (st access.Standing, token session.Token, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		st, err = access.StandingOf(tx, w.Account)
		return err
	})
	if err != nil || !st.Allowed {
		return st, "", err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		at, err := session.Load(tx, session.Client, old)
		if err != nil {
			return err
		}
		if err := access.MarkSignedIn(tx, s.Secret, at.Account); err != nil {
			return err
		}
		token, err = session.Renew(tx, s.Secret, at, old)
		return err
	})
	return st, token, err
}

// Arrived tells that somebody who signed in earlier has come into the portal: an evaluation that was approved meanwhile begins. It
// returns where the account stands then.
func (s *Service) Arrived(ctx context.Context, accountID string) (st access.Standing, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := access.MarkSignedIn(tx, s.Secret, accountID); err != nil {
			return err
		}
		st, err = access.StandingOf(tx, accountID)
		return err
	})
	return st, err
}

var confirmMails = throttle.Limit{Name: "confirm-again", Burst: 3, Every: 10 * time.Minute}

// ConfirmAgain mails the link again by which the account's address is confirmed. It is TooMany after a few.
func (s *Service) ConfirmAgain(ctx context.Context, accountID string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := account.Get(tx, accountID)
		if err != nil || a.EmailConfirmed() {
			return err
		}
		if err := confirmMails.Spend(tx, a.ID); err != nil {
			return err
		}
		return s.ConfirmByMail(tx, a)
	})
}
