package helpdesk

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
	"vestibule/internal/session"
)

// A Vouching is what an administrator is asked: whether it is really this
// colleague who speaks to the helpdesk.
type Vouching struct {
	ID           string
	Name         string
	Email        string
	Organization string
	Things       Things
	AskedAt      time.Time
	Until        time.Time
	State        State
}

// Vouching shows an administrator what is asked. Whoever is no administrator of
// the person's organization, and the person itself, gets NotFound.
func (s *Service) Vouching(ctx context.Context, t session.Token, id string) (v Vouching, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		_, admin, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		c, a, m, err := s.vouchable(tx, admin, id)
		if err != nil {
			return err
		}
		v = Vouching{
			ID: c.ID, Name: a.Name(), Email: a.Email, Organization: m.Organization.Name, Things: c.Things,
			AskedAt: c.AskedAt, Until: c.DueAt, State: c.State,
		}
		return nil
	})
	return v, err
}

func (s *Service) vouchable(tx *db.Tx, admin account.Account, id string) (c Clearing, a account.Account, own organization.Membership, err error) {
	none := fault.New(fault.NotFound, "not-found")
	if c, err = clearingByID(tx, id); err != nil {
		return c, a, own, err
	}
	if own, err = organization.Of(tx, admin.ID); err != nil {
		return c, a, own, err
	}
	m, err := organization.Of(tx, c.Account)
	if err != nil {
		return c, a, own, err
	}
	if c.Basis != Voucher || c.Account == admin.ID || own.Role != organization.Administrator || own.Organization.ID != m.Organization.ID {
		return Clearing{}, a, own, none
	}
	a, err = account.Get(tx, c.Account)
	return c, a, own, err
}

// Vouch is an administrator's word for or against a colleague who asks the
// helpdesk to clear something. It wants a fresh session. A word against ends the
// asking; of several administrators the first counts, and the others are Conflict
// "clearing-settled".
func (s *Service) Vouch(ctx context.Context, t session.Token, id string, stands bool) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, admin, err := account.FreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		c, a, m, err := s.vouchable(tx, admin, id)
		if err != nil {
			return err
		}
		if err := lock(tx, a.ID); err != nil {
			return err
		}
		e := audit.Event{
			Action: "helpdesk.clear_vouch", Actor: audit.Actor{Kind: audit.Client, ID: admin.ID}, Subject: a.Subject(),
			Organization: m.Organization.ID, Detail: map[string]string{"clearing": c.ID},
		}
		if !stands {
			e.Action = "helpdesk.clear_refuse"
			if err := s.settle(tx, a, c, refused, admin.ID, ""); err != nil {
				return err
			}
			return audit.Add(tx, s.Secret, e)
		}
		if _, err := after(c.State, agreed); err != nil {
			return err
		}
		c.AgreedBy = Staff{ID: admin.ID, Name: admin.Name()}
		if err := s.begin(tx, a, c); err != nil {
			return err
		}
		return audit.Add(tx, s.Secret, e)
	})
}

// Vouchings lists what an administrator is asked now, the oldest first.
func (s *Service) Vouchings(ctx context.Context, administrator string) (list []Vouching, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list = nil
		m, err := organization.Of(tx, administrator)
		if fault.Is(err, fault.NotFound) || err == nil && m.Role != organization.Administrator {
			return nil
		}
		if err != nil {
			return err
		}
		asked, err := askedVouchers(tx, m.Organization.ID)
		if err != nil {
			return err
		}
		for _, c := range asked {
			if c.Account == administrator {
				continue
			}
			a, err := account.Get(tx, c.Account)
			if err != nil {
				return err
			}
			list = append(list, Vouching{
				ID: c.ID, Name: a.Name(), Email: a.Email, Organization: m.Organization.Name, Things: c.Things,
				AskedAt: c.AskedAt, Until: c.DueAt, State: c.State,
			})
		}
		return nil
	})
	return list, err
}
