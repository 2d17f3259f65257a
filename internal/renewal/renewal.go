// Package renewal tells organizations in time what ends: evaluations, licences that were paid for, and the maintenance of those
// without an end; and that an evaluation was extended.
//
// A chore looks at every licence of which something ends about now, asks package license what it is at this instant, and tells the
// people who look after the organization's licences. What a mail says is what the portal's pages say, because both ask the same
// functions; nothing is told of a licence that is held, or that goes on. What was told is written down in the transaction of
// the mail, by the licence, the end and the stage: to run the chore twice, on two nodes at once, or again after a crash tells nobody
// twice. Where the portal was away for days, only the nearest stage is told.
//
// Whatever changes a licence takes back the mails about it that have not left (Told). If that was every mail of a notice, it counts as
// not told: where it is due still, or again when a hold is lifted within its stage, the chore tells it anew. Where one of several
// people was told already, it is not told to the others later, so that nobody reads it twice.
package renewal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/chore"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/text"
)

// Service is the capability.
type Service struct {
	DB       *db.DB
	Messages *message.Writer
}

// Chores are what is to be told in the course of time.
func (s *Service) Chores() []chore.Chore {
	return []chore.Chore{{Name: "renewal-notices", Every: time.Hour, Run: s.Remind}}
}

// atOnce licences are looked at in one reading transaction.
const atOnce = 100

// Remind tells every organization what ends, once for each stage.
func (s *Service) Remind(ctx context.Context) error {
	var ids []string
	var failed error // what one organization cannot be told keeps nothing from the others
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		ids, err = license.Ending(tx, tx.Now().Add(-late), tx.Now().Add(earliest))
		return err
	}); err != nil {
		return err
	}
	for len(ids) > 0 {
		n := min(atOnce, len(ids))
		failed = errors.Join(failed, s.some(ctx, ids[:n]))
		ids = ids[n:]
	}
	return failed
}

// some looks at licences without holding anybody up, and takes those in hand of which something is to be told.
func (s *Service) some(ctx context.Context, ids []string) error {
	var waiting []string
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		waiting = nil
		for _, id := range ids {
			untold, err := s.untold(tx, id)
			if err != nil && !fault.Is(err, fault.NotFound) { // it went away meanwhile
				return err
			}
			if untold {
				waiting = append(waiting, id)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	var failed error
	for _, id := range waiting {
		err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.tell(tx, id) })
		if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) {
			failed = errors.Join(failed, fmt.Errorf("license %s: %w", id, err))
		}
	}
	return failed
}

// untold says whether there is something to tell, and somebody to tell it to.
func (s *Service) untold(tx *db.Tx, id string) (bool, error) {
	c, err := s.look(tx, id)
	if err != nil || len(c.people) == 0 {
		return false, err
	}
	for _, n := range c.notices {
		told, err := isTold(tx, id, n)
		if err != nil || !told {
			return err == nil, err
		}
	}
	return false, nil
}

// A scene is a licence with what is due about it, and whom to tell.
type scene struct {
	license license.License
	name    string // of the organization
	notices []Notice
	people  []person
}

type person struct {
	account.Account
	administers bool
}

func (s *Service) look(tx *db.Tx, id string) (c scene, err error) {
	if c.license, err = license.Get(tx, id); err != nil {
		return c, err
	}
	o, err := organization.Get(tx, c.license.Organization)
	if err != nil {
		return c, err
	}
	c.name, c.notices = o.Name, Due(c.license, license.RungOf(o.Kind), tx.Now())
	if len(c.notices) > 0 {
		c.people, err = people(tx, o.ID)
	}
	return c, err
}

// people are those who look after an organization's licences, as far as mail reaches them.
func people(tx *db.Tx, organizationID string) (list []person, err error) {
	keepers, err := organization.Keepers(tx, organizationID)
	if err != nil {
		return nil, err
	}
	for _, k := range keepers {
		a, err := account.Get(tx, k.Account)
		if err != nil {
			return nil, err
		}
		if a.State == account.Active && a.EmailConfirmed() {
			list = append(list, person{a, k.Role == organization.Administrator})
		}
	}
	return list, nil
}

// tell does what is still to be done when nobody else changes the licence.
func (s *Service) tell(tx *db.Tx, id string) error {
	if err := license.Lock(tx, id); err != nil {
		return err
	}
	c, err := s.look(tx, id)
	if err != nil || len(c.people) == 0 {
		return err
	}
	for _, n := range c.notices {
		first, err := markTold(tx, id, n, len(c.people))
		if err != nil {
			return err
		}
		if !first {
			continue
		}
		for _, p := range c.people {
			if err := s.Messages.Send(tx, to(p), about(id), n.Until, n.message(c.license, c.name, p.administers)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Told follows every change that package license makes: reminders that have not left say what is no longer so, and that an
// evaluation was extended is told. It is license.Service.Told. A new key and the end of a hold make no reminder untrue.
func (s *Service) Told(tx *db.Tx, l license.License, c license.Change) error {
	if c.Kind == license.Rekeyed || c.Kind == license.LetGo {
		return nil
	}
	for _, r := range reminders() {
		n, err := s.Messages.TakeBack(tx, about(l.ID), r.kinds...)
		if err == nil && n > 0 {
			err = forget(tx, l.ID, r.matter, r.ended, n)
		}
		if err != nil {
			return err
		}
	}
	if err := s.Messages.Recall(tx, about(l.ID), message.EvaluationExtended{}); err != nil {
		return err
	}
	state := l.At(tx.Now())
	if c.Kind != license.Extended || !state.Usable() || state.Ends.IsZero() {
		return nil
	}
	o, err := organization.Get(tx, l.Organization)
	if err != nil {
		return err
	}
	list, err := people(tx, o.ID)
	if err != nil {
		return err
	}
	m := message.EvaluationExtended{
		Product: l.Product.Name, Organization: o.Name, License: l.ID, Days: c.Term.Days, EndsAt: state.Ends, By: string(c.By),
	}
	for _, p := range list {
		if err := s.Messages.Send(tx, to(p), about(l.ID), state.Ends, m); err != nil {
			return err
		}
	}
	return nil
}

// about is what the messages of a licence are about.
func about(licenseID string) string { return "license:" + licenseID }

func to(p person) message.To {
	return message.To{Address: p.Email, Name: p.Name(), Lang: text.Lang(p.Lang)}
}
