package activation

import (
	"context"
	"time"

	"vestibule/internal/chore"
	"vestibule/internal/db"
	"vestibule/internal/license"
)

// atOnce is how many devices a page of the list has.
const atOnce = 50

// Devices are a page of a licence's devices, those first that were activated last.
type Devices struct {
	License license.License
	State   license.State
	Usage   Usage
	List    []Device
	More    string // where the next page begins; empty: there is none
}

// Devices lists a licence's devices, from where More of another page said, or from the first.
func (s *Service) Devices(ctx context.Context, a Asked, from string) (out Devices, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		l, err := own(tx, a)
		if err != nil {
			return err
		}
		out = Devices{License: l, State: l.At(tx.Now())}
		if out.Usage, err = usageOf(tx, l.ID, out.State); err != nil {
			return err
		}
		if out.List, err = devicesBefore(tx, l.ID, from, atOnce+1); err != nil {
			return err
		}
		if len(out.List) > atOnce {
			out.List = out.List[:atOnce]
			out.More = out.List[atOnce-1].ID
		}
		return nil
	})
	return out, err
}

// Device is one of a licence's devices.
func (s *Service) Device(ctx context.Context, a Asked, id string) (l license.License, d Device, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if l, err = own(tx, a); err == nil {
			d, err = device(tx, l.ID, id)
		}
		return err
	})
	return l, d, err
}

// Remove takes a device away and frees its seat, as Deactivate does. A device that was removed before is NotFound.
func (s *Service) Remove(ctx context.Context, a Asked, id string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		l, _, err := hold(tx, a)
		if err != nil {
			return err
		}
		d, err := device(tx, l.ID, id)
		if err != nil {
			return err
		}
		return s.take(tx, l, d)
	})
}

// Chores is the housekeeping of the capability.
func (s *Service) Chores() []chore.Chore {
	return []chore.Chore{{Name: "activation-sweep", Every: 6 * time.Hour, Run: s.Sweep}}
}
