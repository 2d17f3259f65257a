package staff

import (
	"context"
	"slices"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/session"
)

// Who is a member of staff who is signed in.
type Who struct {
	Session    string
	Account    string
	UserID     string
	Name       string
	Roles      []Role
	FreshUntil time.Time
}

// Permissions are what the roles grant together, in the order of the table.
func (w Who) Permissions() []Permission {
	return slices.DeleteFunc(Permissions(), func(p Permission) bool { return !May(w.Roles, p) })
}

// Identify says whose the token of a staff session is: one indexed read, and at most once a minute a write. It fails as
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
