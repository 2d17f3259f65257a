package feed

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
	"vestibule/internal/secret"
)

// The kinds of secret addresses.
const (
	WinGET = "winget"
	Atom   = "atom"
)

// An Address is a secret address of an organization.
type Address struct {
	ID           string
	Organization string
	Kind         string // WinGET or Atom
	Name         string // what its maker called it
	MadeBy       string // name of the person
	MadeAt       time.Time
	UsedAt       time.Time // zero: never
	RevokedAt    time.Time // zero: in use
}

const (
	nameLetters = 60
	// addressLimit bounds the addresses of an organization that are in use.
	addressLimit = 20
	// usedEvery is how exactly it is known when an address was used last.
	usedEvery = 5 * time.Minute
)

// Addresses lists the addresses of the person's organization, those in use first. Who may not make any sees none.
func (s *Service) Addresses(ctx context.Context, accountID string) (list []Address, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		m, err := manager(tx, accountID)
		if fault.Is(err, fault.Denied) || fault.Is(err, fault.NotFound) {
			list = nil
			return nil
		}
		if err == nil {
			list, err = addresses(tx, m.Organization.ID)
		}
		return err
	})
	return list, err
}

// manager is the membership of somebody who sets up machines for the organization: an administrator, or a technical contact.
func manager(tx *db.Tx, accountID string) (organization.Membership, error) {
	m, err := organization.Of(tx, accountID)
	if err != nil {
		return m, err
	}
	a, err := account.Get(tx, accountID)
	if err != nil {
		return m, err
	}
	if a.State != account.Active || m.Role != organization.Administrator && m.Role != organization.Technical {
		return m, fault.New(fault.Denied, "not-allowed")
	}
	return m, nil
}

// MakeAddress makes a secret address and returns its path, which is shown this once. The person administers the organization or is
// its technical contact; others are Denied "not-allowed". Invalid at "kind" or "name".
func (s *Service) MakeAddress(ctx context.Context, accountID, kind, name string) (a Address, path string, err error) {
	name = strings.TrimSpace(name)
	var form fault.Form
	if kind != WinGET && kind != Atom {
		form.Add("kind", "required")
	}
	switch {
	case name == "":
		form.Add("name", "required")
	case utf8.RuneCountInString(name) > nameLetters:
		form.Add("name", "too-long", "max", "60")
	default: // it stands in lists and tables, as an organization's name does
		_, bad := account.ParseOrganization(name)
		if err := form.AddErr("name", bad); err != nil {
			return Address{}, "", err
		}
	}
	if err := form.Err(); err != nil {
		return Address{}, "", err
	}
	token := s.Secret.Token()
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		m, err := manager(tx, accountID)
		if err != nil {
			return err
		}
		if err := organization.Lock(tx, m.Organization.ID); err != nil {
			return err
		}
		n, err := countAddresses(tx, m.Organization.ID)
		if err != nil {
			return err
		}
		if n >= addressLimit {
			return fault.New(fault.Conflict, "too-many-addresses")
		}
		a = Address{ID: s.Secret.ID(tx.Now()), Organization: m.Organization.ID, Kind: kind, Name: name, MadeAt: tx.Now()}
		if err := insertAddress(tx, a, accountID, hash(kind, token)); err != nil {
			return err
		}
		return s.note(tx, "feed.address_make", accountID, a)
	})
	return a, pathOf(kind, token), err
}

// ReplaceAddress makes a new secret for an address; the old one stops at once.
func (s *Service) ReplaceAddress(ctx context.Context, accountID, id string) (path string, err error) {
	token := s.Secret.Token()
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.own(tx, accountID, id)
		if err != nil {
			return err
		}
		if err := rekeyAddress(tx, a.ID, hash(a.Kind, token)); err != nil {
			return err
		}
		path = pathOf(a.Kind, token)
		return s.note(tx, "feed.address_replace", accountID, a)
	})
	return path, err
}

// RevokeAddress ends an address at once. One of another organization is NotFound.
func (s *Service) RevokeAddress(ctx context.Context, accountID, id string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.own(tx, accountID, id)
		if err != nil {
			return err
		}
		if err := revokeAddress(tx, a.ID, accountID); err != nil {
			return err
		}
		return s.note(tx, "feed.address_revoke", accountID, a)
	})
}

// own is an address in use of the person's organization; every other is NotFound.
func (s *Service) own(tx *db.Tx, accountID, id string) (Address, error) {
	m, err := manager(tx, accountID)
	if err != nil {
		return Address{}, err
	}
	a, err := address(tx, id)
	if err == nil && (a.Organization != m.Organization.ID || !a.RevokedAt.IsZero()) {
		err = fault.New(fault.NotFound, "not-found")
	}
	return a, err
}

func (s *Service) note(tx *db.Tx, action, accountID string, a Address) error {
	return audit.Add(tx, s.Secret, audit.Event{
		Action: action, Subject: "account:" + accountID, Organization: a.Organization, Detail: map[string]string{"kind": a.Kind, "name": a.Name},
	})
}

// ByToken finds the address in use that has the secret; every other is NotFound, and nothing tells them apart. It notes the use.
// TooMany "too-many" where the address is asked too often.
func (s *Service) ByToken(ctx context.Context, kind, token string) (a Address, err error) {
	var old bool
	var now time.Time
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		now = tx.Now()
		a, err = addressOf(tx, kind, hash(kind, token))
		old = a.UsedAt.Before(tx.Now().Add(-usedEvery))
		return err
	})
	if err == nil {
		_, err = s.meter.Take(ctx, s.DB, now, s.PerAddress, a.ID)
	}
	if err != nil || !old {
		return a, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return useAddress(tx, a.ID, tx.Now().Add(-usedEvery)) })
	return a, err
}

func hash(kind, token string) string { return secret.Hash("feed", kind, token) }

func pathOf(kind, token string) string { return "/" + kind + "/" + token }
