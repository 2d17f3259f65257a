package staff

import (
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/session"
)

func insert(tx *db.Tx, accountID string) error {
	return tx.Do(`INSERT INTO staff (account_id, added_at, enrolled_at) VALUES ($1, $2, 0)`, accountID, db.Micros(tx.Now()))
}

func insertRole(tx *db.Tx, accountID string, r Role) error {
	_, err := tx.Count(`INSERT INTO staff_role (account_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING`, accountID, string(r))
	return err
}

func deleteRoles(tx *db.Tx, accountID string) error {
	_, err := tx.Count(`DELETE FROM staff_role WHERE account_id = $1`, accountID)
	return err
}

func remove(tx *db.Tx, accountID string) error {
	return tx.Do(`DELETE FROM staff WHERE account_id = $1`, accountID)
}

func setEnrolled(tx *db.Tx, accountID string, at time.Time) error {
	return tx.Do(`UPDATE staff SET enrolled_at = $1 WHERE account_id = $2`, db.Micros(at), accountID)
}

func exists(tx *db.Tx, accountID string) (bool, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM staff WHERE account_id = $1`, []any{accountID}, &n)
	return n > 0, err
}

// lockHolders returns who has a role, and whether the person is set up, and holds the rows until the transaction ends.
func lockHolders(tx *db.Tx, r Role) (map[string]bool, error) {
	all := map[string]bool{}
	err := tx.Each(`SELECT r.account_id, (SELECT s.enrolled_at FROM staff s WHERE s.account_id = r.account_id)
		FROM staff_role r WHERE r.role = $1 ORDER BY r.account_id `+tx.ForUpdate(), []any{string(r)},
		func(scan func(...any) error) error {
			var id string
			var enrolled int64
			err := scan(&id, &enrolled)
			all[id] = enrolled != 0
			return err
		})
	return all, err
}

// rolesOf is a part of a query: the names of the roles of the account in a.id, with spaces between.
const rolesOf = `COALESCE((SELECT string_agg(r.role, ' ') FROM staff_role r WHERE r.account_id = a.id), '')`

// rolesNow are the roles of a member of staff who is set up and may sign in; of anybody else none.
func rolesNow(tx *db.Tx, accountID string) (roles []Role, err error) {
	err = tx.Each(`SELECT r.role FROM staff_role r JOIN staff s ON s.account_id = r.account_id JOIN account a ON a.id = r.account_id
		WHERE r.account_id = $1 AND s.enrolled_at <> 0 AND a.state = $2`, []any{accountID, string(account.Active)}, func(scan func(...any) error) error {
		var r Role
		err := scan(&r)
		roles = append(roles, r)
		return err
	})
	return roles, err
}

func list(tx *db.Tx) ([]Member, error) {
	var all []Member
	err := tx.Each(`SELECT a.id, a.user_id, a.first_name, a.last_name, a.email, a.lang, s.added_at, s.enrolled_at, `+rolesOf+`
		FROM staff s JOIN account a ON a.id = s.account_id ORDER BY a.last_name, a.first_name, a.id`, nil,
		func(scan func(...any) error) error {
			var m Member
			var first, last, roles string
			var added, enrolled int64
			if err := scan(&m.Account, &m.UserID, &first, &last, &m.Email, &m.Lang, &added, &enrolled, &roles); err != nil {
				return err
			}
			m.Name, m.AddedAt, m.Enrolled, m.Roles = first+" "+last, db.Time(added), enrolled != 0, split(roles)
			all = append(all, m)
			return nil
		})
	return all, err
}

// identify reads a session with its account and roles in one query, because every page of the back office pays for it.
func identify(tx *db.Tx, t session.Token) (Who, *session.Session, error) {
	var r session.Row
	var w Who
	var first, last, state, roles string
	err := tx.Get(`SELECT `+session.Columns+`, a.user_id, a.first_name, a.last_name, a.state, `+rolesOf+`
		FROM session s JOIN account a ON a.id = s.account_id WHERE s.id = $1`, []any{t.ID()},
		append(r.Into(), &w.UserID, &first, &last, &state, &roles)...)
	if fault.Is(err, fault.NotFound) || err == nil && (roles == "" || account.State(state) != account.Active) {
		return Who{}, nil, fault.New(fault.Unauthenticated, "session-none")
	}
	if err != nil {
		return Who{}, nil, err
	}
	at, err := r.Session(tx, session.Staff, t)
	if err != nil {
		return Who{}, nil, err
	}
	w.Session, w.Account, w.Name, w.Roles, w.FreshUntil = at.ID, at.Account, first+" "+last, split(roles), at.FreshAt.Add(account.FreshFor)
	return w, at, nil
}
