package download

import (
	"context"
	"time"

	"vestibule/internal/chore"
	"vestibule/internal/db"
	"vestibule/internal/fault"
)

const (
	// keepParts is how long a download may lie cut before a resumed one is not joined with it any more.
	keepParts = 14 * 24 * time.Hour
	// keepCallers is far longer than any transaction that counts under the row.
	keepCallers = 24 * time.Hour
	sweepAtOnce = 500
)

// Chores are the upkeep of downloads.
func (s *Service) Chores() []chore.Chore {
	return []chore.Chore{
		{Name: "transfer-settle", Every: time.Minute, Run: s.Settle},
		{Name: "release-news", Every: 5 * time.Minute, Run: s.Tell},
		{Name: "transfer-sweep", Every: time.Hour, Run: s.Sweep},
	}
}

// Settle ends the transfers of nodes that are gone, as far as they had come when they were last heard of.
func (s *Service) Settle(ctx context.Context) error {
	for {
		var list []moving
		if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			list, err = lapsed(tx, "", page)
			return err
		}); err != nil {
			return err
		}
		for _, m := range list {
			err := s.DB.Write(ctx, func(tx *db.Tx) error { return settleLapsed(tx, m) })
			if err != nil && !fault.Is(err, fault.Conflict) { // another settled it
				return err
			}
		}
		if len(list) < page {
			return nil
		}
	}
}

// settleLapsed settles a transfer with what its sender said last, unless that was just now: then it is in good hands.
func settleLapsed(tx *db.Tx, m moving) error {
	if err := holdCaller(tx, m.who); err != nil {
		return err
	}
	list, err := lapsed(tx, m.id, 1)
	if err != nil || len(list) == 0 {
		return err
	}
	return settle(tx, list[0], false)
}

// Sweep takes away what is kept no longer: halves of downloads that nobody went on with, and transfers after the time that the
// operator keeps them for.
func (s *Service) Sweep(ctx context.Context) error {
	for _, one := range []struct {
		sweep func(*db.Tx, time.Time, int) (int64, error)
		after time.Duration
	}{{sweepParts, keepParts}, {sweepCallers, keepCallers}, {sweepTold, 2 * newsFor}, {sweepTransfers, s.Settings.Keep}} {
		for one.after > 0 {
			var n int64
			if err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
				n, err = one.sweep(tx, tx.Now().Add(-one.after), sweepAtOnce)
				return err
			}); err != nil {
				return err
			}
			if n < sweepAtOnce {
				break
			}
		}
	}
	return nil
}
