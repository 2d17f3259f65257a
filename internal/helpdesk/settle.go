package helpdesk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
)

// settle ends a clearing: its links die, what was not sent is taken back, and
// the owner who was told that it would come is told that it does not.
func (s *Service) settle(tx *db.Tx, a account.Account, c Clearing, e event, by, note string) error {
	if err := move(tx, c, e, change{settledBy: by, note: note}); err != nil {
		return err
	}
	if err := code.RevokeLinks(tx, stopPurpose, c.ID); err != nil {
		return err
	}
	if err := s.Messages.Recall(tx, c.about()); err != nil {
		return err
	}
	if c.State != Waiting || e == due {
		return nil
	}
	return s.Messages.Send(tx, owner(a), a.Subject(), time.Time{}, message.ClearingStopped{UserID: a.UserID, At: tx.Now(), ByOwner: e == stopped})
}

// A Stop is what the page of a stop-link shows.
type Stop struct {
	UserID string
	Things Things
	DueAt  time.Time
}

// StopLink says what a link stops, and changes nothing. Gone "link-used",
// "link-gone".
func (s *Service) StopLink(ctx context.Context, token string) (v Stop, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		l, err := code.PeekLink(tx, stopPurpose, token)
		if err != nil {
			return err
		}
		c, err := clearingByID(tx, l.Subject)
		if err != nil {
			return err
		}
		a, err := account.Get(tx, c.Account)
		v = Stop{UserID: a.UserID, Things: c.Things, DueAt: c.DueAt}
		return err
	})
	return v, err
}

// Stop stops a clearing by the link that went to an address of the owner, and
// tells staff: somebody may have tried to talk them round. Of any number at once
// one stops it; the others are Gone.
func (s *Service) Stop(ctx context.Context, token string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		l, err := code.PeekLink(tx, stopPurpose, token)
		if err != nil {
			return err
		}
		c, err := clearingByID(tx, l.Subject)
		if err != nil {
			return err
		}
		// Each address has a link of its own, and whoever stops ends the others: without one row that all of them hold first, two
		// who press different links wait for each other.
		if err := account.Lock(tx, c.Account); err != nil {
			return err
		}
		if _, err := code.SpendLink(tx, stopPurpose, token); err != nil {
			return err
		}
		if c, err = clearingByID(tx, l.Subject); err != nil {
			return err
		}
		a, err := account.Get(tx, c.Account)
		if err != nil {
			return err
		}
		err = s.settle(tx, a, c, stopped, "", "")
		if fault.Is(err, fault.Conflict) {
			return fault.New(fault.Gone, "link-gone")
		}
		if err != nil {
			return err
		}
		if err := s.event(tx, Staff{}, a, "helpdesk.clear_stop", c.detail()...); err != nil {
			return err
		}
		all, err := s.staff(tx)
		if err != nil {
			return err
		}
		for _, to := range all {
			err := s.Messages.Send(tx, to, c.about(), time.Time{}, message.StaffClearingStopped{
				Person: a.Name(), UserID: a.UserID, By: c.AskedBy.Name, At: tx.Now(), AccountID: a.ID,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// effects bounds how many clearings one run of the chore ends; the next run does the others.
const effects = 500

// Effect lets every clearing take effect, or lapse, that is due. It is a chore:
// it may run again at any time. One that fails does not keep the others.
func (s *Service) Effect(ctx context.Context) error {
	var ids []string
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		ids, err = dueClearings(tx, effects)
		return err
	})
	for _, id := range ids {
		one := s.DB.Write(ctx, func(tx *db.Tx) error {
			c, err := clearingByID(tx, id)
			if err != nil || !c.State.Open() || c.DueAt.After(tx.Now()) {
				return err // another node was quicker
			}
			return s.effect(tx, c)
		})
		if one != nil && !fault.Is(one, fault.Conflict) { // stopped, or done elsewhere, at this very instant
			err = errors.Join(err, fmt.Errorf("clearing %s: %w", id, one))
		}
	}
	return err
}

func (s *Service) effect(tx *db.Tx, c Clearing) error {
	if err := lock(tx, c.Account); fault.Is(err, fault.NotFound) {
		return move(tx, c, overtaken, change{})
	} else if err != nil {
		return err
	}
	a, err := account.Get(tx, c.Account)
	if err != nil {
		return err
	}
	if c.State == Asked {
		if err := s.settle(tx, a, c, due, "", ""); err != nil {
			return err
		}
		return s.event(tx, Staff{}, a, "helpdesk.clear_lapse", c.detail()...)
	}
	now, err := s.remaining(tx, a, c)
	if err != nil {
		return err
	}
	if !now.Any() {
		if err := s.settle(tx, a, c, overtaken, "", ""); err != nil {
			return err
		}
		return s.event(tx, Staff{}, a, "helpdesk.clear_overtaken", c.detail()...)
	}
	c.Things = now
	if err := s.settle(tx, a, c, due, "", ""); err != nil {
		return err
	}
	if err := s.take(tx, a, now, c.AskedAt); err != nil {
		return err
	}
	if err := s.endAll(tx, a); err != nil {
		return err
	}
	return s.event(tx, Staff{}, a, "helpdesk.clear", c.detail()...)
}

// remaining is what of a clearing is still to be taken: what was set or bound
// after it was asked for is not what the caller had lost.
func (s *Service) remaining(tx *db.Tx, a account.Account, c Clearing) (t Things, err error) {
	if a.State != account.Active && a.State != account.Expired {
		return t, nil
	}
	if c.Things.Questions {
		at, err := account.QuestionsSetAt(tx, a.ID)
		if err != nil {
			return t, err
		}
		t.Questions = !at.IsZero() && !at.After(c.AskedAt)
	}
	if c.Things.Authenticator {
		at, err := account.AuthenticatorSince(tx, a.ID)
		if err != nil {
			return t, err
		}
		t.Authenticator = !at.IsZero() && !at.After(c.AskedAt)
	}
	if c.Things.Passkeys {
		keys, err := account.Passkeys(tx, a.ID)
		if err != nil {
			return t, err
		}
		for _, k := range keys {
			t.Passkeys = t.Passkeys || !k.CreatedAt.After(c.AskedAt)
		}
	}
	return t, nil
}

// take takes away what was there at the instant, and tells the owner.
func (s *Service) take(tx *db.Tx, a account.Account, t Things, asked time.Time) error {
	if t.Questions {
		if err := account.SetQuestions(tx, a.ID, nil); err != nil {
			return err
		}
		if s.Settings.Questions {
			// The next sign-in asks for new ones.
			if err := account.SetIncomplete(tx, a.ID, true); err != nil {
				return err
			}
		}
		if err := s.tell(tx, a, "questions-cleared"); err != nil {
			return err
		}
	}
	if t.Authenticator {
		if err := account.RemoveAuthenticator(tx, a.ID); err != nil {
			return err
		}
		if err := s.tell(tx, a, "authenticator-removed"); err != nil {
			return err
		}
	}
	if !t.Passkeys {
		return nil
	}
	keys, err := account.Passkeys(tx, a.ID)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.CreatedAt.After(asked) {
			continue
		}
		if err := account.RemovePasskey(tx, a.ID, k.ID); err != nil {
			return err
		}
	}
	return s.tell(tx, a, "passkey-removed")
}

func (s *Service) tell(tx *db.Tx, a account.Account, change string) error {
	return s.Notices.Tell(tx, a, account.Notice{Change: change, ByStaff: true, SMS: true})
}
