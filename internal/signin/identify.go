package signin

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/session"
)

// freshFor is how long after proving to be the owner credentials may be changed.
const freshFor = 5 * time.Minute

// Who is a client who is signed in.
type Who struct {
	Session      string
	Account      string
	UserID       string
	Name         string
	Organization string // id of the own one, or ""
	Company      string // its name
	Role         string // in it
	FreshUntil   time.Time
}

// Identify says whose the token of a client's session is: one indexed read, and at most once a minute a write. It fails as
// session.Load does.
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

// identify reads the session together with its account and organization: three tables that belong to others, in one query, because
// every page of the portal pays for it.
func identify(tx *db.Tx, t session.Token) (Who, *session.Session, error) {
	var r session.Row
	var w Who
	var first, last, state string
	err := tx.Get(`SELECT `+session.Columns+`, a.user_id, a.first_name, a.last_name, a.state,
			COALESCE(o.id, ''), COALESCE(o.name, ''), COALESCE(m.role, '')
		FROM session s JOIN account a ON a.id = s.account_id
		LEFT JOIN organization_member m ON m.account_id = a.id LEFT JOIN organization o ON o.id = m.organization_id
		WHERE s.id = $1`, []any{t.ID()}, append(r.Into(), &w.UserID, &first, &last, &state, &w.Organization, &w.Company, &w.Role)...)
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
	w.Session, w.Account, w.Name, w.FreshUntil = at.ID, at.Account, first+" "+last, at.FreshAt.Add(freshFor)
	return w, at, nil
}
