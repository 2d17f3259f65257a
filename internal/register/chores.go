package register

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/chore"
	"vestibule/internal/db"
	"vestibule/internal/message"
)

// Chores are the package's housekeeping.
func (s *Service) Chores() []chore.Chore {
	return []chore.Chore{
		{Name: "registration-reminders", Every: time.Hour, Run: s.Remind},
		{Name: "registration-sweep", Every: time.Hour, Run: s.Sweep},
	}
}

// One transaction takes so many, and one run so many transactions: what is left
// waits for the next.
const (
	atOnce  = 50
	batches = 200
)

// inBatches runs do, which says how many it took, until nothing is left.
func (s *Service) inBatches(ctx context.Context, do func(*db.Tx) (int, error)) error {
	for range batches {
		var n int
		err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = do(tx)
			return err
		})
		if err != nil || n < atOnce {
			return err
		}
	}
	return nil
}

// Remind mails the owners of unfinished accounts the link to finish, once.
func (s *Service) Remind(ctx context.Context) error {
	return s.inBatches(ctx, func(tx *db.Tx) (int, error) {
		list, err := account.UnfinishedBefore(tx, tx.Now().Add(-s.Settings.Remind), true, atOnce)
		if err != nil {
			return 0, err
		}
		for _, a := range list {
			if err := account.MarkReminded(tx, a.ID); err != nil {
				return 0, err
			}
			token, until, err := s.finishLink(tx, a)
			if err != nil {
				return 0, err
			}
			if err := s.Messages.Send(tx, to(a), a.Subject(), until, message.AccountUnfinishedReminder{
				UserID: a.UserID, Token: token, CreatedAt: a.CreatedAt, ErasedAt: a.UpdatedAt.Add(s.Settings.Finish),
			}); err != nil {
				return 0, err
			}
		}
		return len(list), nil
	})
}

// Sweep deletes accounts that were not finished in time.
func (s *Service) Sweep(ctx context.Context) error {
	return s.inBatches(ctx, func(tx *db.Tx) (int, error) {
		list, err := account.UnfinishedBefore(tx, tx.Now().Add(-s.Settings.Finish), false, atOnce)
		if err != nil {
			return 0, err
		}
		for _, a := range list {
			if err := s.endAll(tx, a.ID); err != nil {
				return 0, err
			}
			if err := s.remove(tx, a.ID); err != nil {
				return 0, err
			}
			if err := audit.Add(tx, s.Secret, audit.Event{Action: "account.sweep", Subject: a.Subject(), Actor: audit.Actor{Kind: audit.System}}); err != nil {
				return 0, err
			}
		}
		return len(list), nil
	})
}
