package access

import (
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// Known is what a caller has read already about an account whose standing it
// asks for.
type Known struct {
	Account         string
	Email, EmailKey string
	EmailConfirmed  bool
	Membership      organization.Membership // without an organization's ID: none
}

// StandingOfKnown is StandingOf for a caller that has read the account and its
// membership in the same transaction.
func StandingOfKnown(tx *db.Tx, k Known) (Standing, error) {
	f, err := factsOf(tx, k)
	if err != nil {
		return Standing{}, err
	}
	return Evaluate(f, tx.Now()), nil
}

// facts loads what a standing depends on.
func facts(tx *db.Tx, accountID string) (Facts, error) {
	a, err := account.Get(tx, accountID)
	if err != nil {
		return Facts{}, err
	}
	k := Known{Account: a.ID, Email: a.Email, EmailKey: a.EmailKey, EmailConfirmed: a.EmailConfirmed()}
	if k.EmailConfirmed {
		k.Membership, err = organization.Of(tx, accountID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return Facts{}, err
		}
	}
	return factsOf(tx, k)
}

// factsOf loads the rest. What cannot change the answer is not looked for: most
// people have a licence that runs.
func factsOf(tx *db.Tx, k Known) (f Facts, err error) {
	f = Facts{Email: k.Email, EmailConfirmed: k.EmailConfirmed}
	if !f.EmailConfirmed {
		return f, nil
	}
	f.Membership = k.Membership
	if f.Membership.Organization.ID != "" {
		if f.Licenses, err = license.Of(tx, f.Membership.Organization.ID); err != nil {
			return Facts{}, err
		}
		if settled := Evaluate(f, tx.Now()); settled.Allowed && !settled.Locked {
			return f, nil
		}
	}
	if f.Open, err = maybe(latestOf(tx, k.EmailKey, true)); err != nil {
		return Facts{}, err
	}
	if f.Last, err = maybe(latestOf(tx, k.EmailKey, false)); err != nil {
		return Facts{}, err
	}
	if f.Membership.Organization.ID == "" {
		f.Join, err = maybe(organization.LastJoinRequest(tx, k.Account))
	}
	return f, err
}

// maybe makes of "there is none" a nil, and of nothing else.
func maybe[T any](v T, err error) (*T, error) {
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &v, nil
}
