package license

import (
	"context"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

// historyRows bounds the events that a case shows.
const historyRows = 100

// Case returns one licence as staff see it.
func (s *Service) Case(ctx context.Context, id string) (c Case, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		l, err := Get(tx, id)
		if err != nil {
			return err
		}
		o, err := organization.Get(tx, l.Organization)
		if err != nil {
			return err
		}
		c = Case{View: viewOf(l, o, Office, tx.Now()), Stamp: l.Facts.Stamp()}
		if c.Keys, err = keys(tx, id); err != nil {
			return err
		}
		if c.Features, err = features(tx, l.Product.ID); err != nil {
			return err
		}
		all, err := policies(tx, l.Product.ID)
		if err != nil {
			return err
		}
		for _, p := range all {
			if !p.Retired {
				c.Policies = append(c.Policies, p)
			}
		}
		c.History, err = audit.History(tx, "license:"+id, historyRows)
		return err
	})
	return c, err
}

// Explain says what a licence was, is or will be at an instant, by what the
// portal knew then. One of another organization is NotFound, like one that there
// is not.
func (s *Service) Explain(ctx context.Context, organizationID, id string, at time.Time) (v View, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		v, err = view(tx, owner{organizationID}, id, at)
		return err
	})
	return v, err
}

// ExplainToStaff is Explain for any organization's licence.
func (s *Service) ExplainToStaff(ctx context.Context, id string, at time.Time) (v View, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		v, err = view(tx, anyone{}, id, at)
		return err
	})
	return v, err
}

// Mine lists the licences of an organization, in the order of the products.
func (s *Service) Mine(ctx context.Context, organizationID string) (list []View, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list = nil
		o, err := organization.Get(tx, organizationID)
		if err != nil {
			return err
		}
		all, err := Of(tx, organizationID)
		for _, l := range all {
			list = append(list, viewOf(l, o, RungOf(o.Kind), tx.Now()))
		}
		return err
	})
	return list, err
}

// One returns a licence of an organization. One of another's is NotFound, like
// one that there is not.
func (s *Service) One(ctx context.Context, organizationID, id string) (v View, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		v, err = view(tx, owner{organizationID}, id, tx.Now())
		return err
	})
	return v, err
}

// A looker is who looks at a licence: an organization, or the vendor. They are
// two types, so that an organization that is not known is never taken for the vendor.
type looker interface {
	sees(l License) bool
	rung(k organization.Kind) Rung
}

type (
	owner  struct{ organization string }
	anyone struct{}
)

func (o owner) sees(l License) bool           { return l.Organization == o.organization }
func (o owner) rung(k organization.Kind) Rung { return RungOf(k) }
func (anyone) sees(License) bool              { return true }
func (anyone) rung(organization.Kind) Rung    { return Office }

func view(tx *db.Tx, by looker, id string, at time.Time) (View, error) {
	l, err := Get(tx, id)
	if err == nil && !by.sees(l) {
		err = fault.New(fault.NotFound, "not-found")
	}
	if err != nil {
		return View{}, err
	}
	o, err := organization.Get(tx, l.Organization)
	if err != nil {
		return View{}, err
	}
	if at.Before(tx.Now()) {
		l.Facts = l.Facts.KnownAt(at)
	}
	return viewOf(l, o, by.rung(o.Kind), at), nil
}

func viewOf(l License, o organization.Organization, rung Rung, now time.Time) View {
	return View{
		License: l, State: l.At(now), OrganizationName: o.Name, OrganizationKind: o.Kind, Extension: CanExtend(l, rung, now), Now: now,
	}
}
