package access

import (
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// facts loads what a standing depends on. What cannot change the answer is not
// looked for: most people have a licence that runs.
func facts(tx *db.Tx, accountID string) (Facts, error) {
	a, err := account.Get(tx, accountID)
	if err != nil {
		return Facts{}, err
	}
	f := Facts{Email: a.Email, EmailConfirmed: a.EmailConfirmed()}
	if !f.EmailConfirmed {
		return f, nil
	}
	f.Membership, err = organization.Of(tx, accountID)
	switch {
	case err == nil:
		if f.Licenses, err = license.Of(tx, f.Membership.Organization.ID); err != nil {
			return Facts{}, err
		}
		if settled := Evaluate(f, tx.Now()); settled.Allowed && !settled.Locked {
			return f, nil
		}
	case !fault.Is(err, fault.NotFound):
		return Facts{}, err
	}
	if f.Open, err = maybe(latestOf(tx, a.EmailKey, true)); err != nil {
		return Facts{}, err
	}
	if f.Last, err = maybe(latestOf(tx, a.EmailKey, false)); err != nil {
		return Facts{}, err
	}
	if f.Membership.Organization.ID == "" {
		f.Join, err = maybe(organization.LastJoinRequest(tx, accountID))
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
