package signin

import (
	"context"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
	"vestibule/internal/session"
)

// Who is a client who is signed in.
type Who struct {
	Session      string
	Account      string
	UserID       string
	Name         string
	Organization string // id of the own one, or ""
	Company      string // its name
	Role         string // in it
	Asking       int    // how many wait for this administrator to let them join
	FreshUntil   time.Time
	Standing     access.Standing
}

// Identify says whose the token of a client's session is, and where the account stands: two indexed reads of one state of the
// database for most people, and at most once a minute a write. It fails as session.Load does.
func (s *Service) Identify(ctx context.Context, t session.Token) (w Who, err error) {
	var at *session.Session
	var stale bool
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		w, at, err = identify(tx, t)
		stale = err == nil && at.Stale(tx.Now())
		return err
	})
	if err == nil && stale {
		err = s.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := session.Touch(tx, at)
			return err
		})
	}
	return w, err
}

// identify reads the session together with its account and organization: tables that belong to others, in one query, because
// every page of the portal pays for it.
func identify(tx *db.Tx, t session.Token) (Who, *session.Session, error) {
	var r session.Row
	var w Who
	var k access.Known
	var first, last, state string
	var confirmed, joined int64
	m := &k.Membership
	err := tx.Get(`SELECT `+session.Columns+`, a.user_id, a.first_name, a.last_name, a.state, a.email, a.email_key, a.email_confirmed_at,
			COALESCE(o.id, ''), COALESCE(o.name, ''), COALESCE(o.kind, ''), COALESCE(m.role, ''), COALESCE(m.joined_at, 0),
			CASE WHEN m.role = $2 THEN (SELECT COUNT(*) FROM join_request j WHERE j.organization_id = m.organization_id AND j.state = 'open') ELSE 0 END
		FROM session s JOIN account a ON a.id = s.account_id
		LEFT JOIN organization_member m ON m.account_id = a.id LEFT JOIN organization o ON o.id = m.organization_id
		WHERE s.id = $1`, []any{t.ID(), string(organization.Administrator)},
		append(r.Into(), &w.UserID, &first, &last, &state, &k.Email, &k.EmailKey, &confirmed,
			&m.Organization.ID, &m.Organization.Name, &m.Organization.Kind, &m.Role, &joined, &w.Asking)...)
	if fault.Is(err, fault.NotFound) || err == nil && account.State(state) != account.Active {
		return Who{}, nil, fault.New(fault.Unauthenticated, "session-none")
	}
	if err != nil {
		return Who{}, nil, err
	}
	at, err := r.Session(tx, session.Client, t)
	if err != nil {
		return Who{}, nil, err
	}
	k.Account, m.Account, m.JoinedAt, k.EmailConfirmed = at.Account, at.Account, db.Time(joined), confirmed != 0
	w.Session, w.Account, w.Name, w.FreshUntil = at.ID, at.Account, first+" "+last, at.FreshAt.Add(account.FreshFor)
	w.Organization, w.Company, w.Role = m.Organization.ID, m.Organization.Name, string(m.Role)
	w.Standing, err = access.StandingOfKnown(tx, k)
	return w, at, err
}
