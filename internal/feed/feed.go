// Package feed tells programs what has been released: a signed JSON document, an Atom feed, and a WinGET source.
//
// A feed lists what its organization may have at that moment, by the same verdict as the portal's shelf. Readers that can send a
// header show a service account's token; those that cannot (feed readers, winget) use an address with a secret part, which the
// organization makes and revokes in the portal. The database keeps the hash of the secret, and the log hides it.
package feed

import (
	"context"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/secret"
)

// Service is the capability.
type Service struct {
	DB     *db.DB
	Secret secret.Source
}

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
	Name         string // what the maker called it
	MadeBy       string // name of the person
	MadeAt       time.Time
	UsedAt       time.Time // zero: never
	RevokedAt    time.Time // zero: in use
}

// Addresses lists the addresses of the person's organization, those in use first.
func (s *Service) Addresses(ctx context.Context, account string) ([]Address, error) { return nil, nil }

// MakeAddress makes a secret address and returns its path (/winget/SECRET or /feeds/atom/SECRET), which is shown this once. The
// person administers the organization or is its technical contact; others are Denied "not-allowed".
func (s *Service) MakeAddress(ctx context.Context, account, kind, name string) (a Address, path string, err error) {
	return Address{}, "", nil
}

// ReplaceAddress makes a new secret for an address; the old one stops at once.
func (s *Service) ReplaceAddress(ctx context.Context, account, id string) (path string, err error) {
	return "", nil
}

// RevokeAddress ends an address at once. One of another organization is NotFound.
func (s *Service) RevokeAddress(ctx context.Context, account, id string) error { return nil }
