package access

import (
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// StandingAt is StandingOf at an instant that is past, by what is dated: when the
// address was confirmed, when somebody joined, when terms were granted and
// requests came and were decided. A membership that has ended since is not kept,
// and counts as if it had never been.
func StandingAt(tx *db.Tx, accountID string, at time.Time) (Standing, error) {
	a, err := account.Get(tx, accountID)
	if err != nil {
		return Standing{}, err
	}
	f := Facts{Email: a.Email, EmailConfirmed: a.EmailConfirmed() && !a.EmailConfirmedAt.After(at)}
	if !f.EmailConfirmed {
		return Evaluate(f, at), nil
	}
	m, err := organization.Of(tx, accountID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Standing{}, err
	}
	if err == nil && !m.JoinedAt.After(at) {
		f.Membership = m
		if f.Licenses, err = licensesAt(tx, m.Organization.ID, at); err != nil {
			return Standing{}, err
		}
	}
	if err := f.requestsAt(tx, a.EmailKey, at); err != nil {
		return Standing{}, err
	}
	if f.Membership.Organization.ID == "" {
		if f.Join, err = maybe(organization.LastJoinRequest(tx, accountID)); err != nil {
			return Standing{}, err
		}
		if f.Join != nil && f.Join.CreatedAt.After(at) {
			f.Join = nil
		}
		if f.Join != nil && f.Join.DecidedAt.After(at) {
			f.Join.State, f.Join.DecidedAt = organization.JoinOpen, time.Time{}
		}
	}
	return Evaluate(f, at), nil
}

// licensesAt are the organization's licences without the terms that were granted
// later.
func licensesAt(tx *db.Tx, organizationID string, at time.Time) ([]license.License, error) {
	all, err := license.Of(tx, organizationID)
	for i := range all {
		all[i].Facts = all[i].Facts.KnownAt(at)
	}
	return all, err
}

// requestsRead bounds how many requests of one address are looked through.
const requestsRead = 200

// requestsAt finds the request that was open at the instant, and the one that had
// been decided last.
func (f *Facts) requestsAt(tx *db.Tx, emailKey string, at time.Time) error {
	all, err := ofAddress(tx, emailKey, requestsRead)
	for _, r := range all { // the newest first
		switch {
		case r.CreatedAt.After(at):
		case r.DecidedAt.IsZero() || r.DecidedAt.After(at):
			if f.Open == nil {
				open := r
				open.State, open.DecidedAt, open.DecidedBy, open.DecidedName, open.Reason = Received, time.Time{}, "", "", ""
				f.Open = &open
			}
		case r.State == Approved || r.State == Declined:
			if f.Last == nil {
				last := r
				f.Last = &last
			}
		}
	}
	return err
}
