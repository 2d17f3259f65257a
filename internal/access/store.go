package access

import (
	"time"

	"vestibule/internal/db"
)

const columns = `r.id, r.reference, r.product_id, p.name, r.state, r.first_name, r.last_name, r.email, r.email_key, r.mobile,
	r.organization, r.country, r.users, r.purpose, r.lang, r.account_id, r.network, r.signals,
	r.created_at, r.remind_at, r.due_at, r.late_at, r.decided_at, r.decided_by, r.decided_name, r.reason, r.note,
	r.organization_id, r.term_id, r.message`

const from = ` FROM access_request r JOIN product p ON p.id = r.product_id `

func scan(row func(...any) error) (r Request, err error) {
	var signals string
	var created, remind, due, late, decided int64
	err = row(&r.ID, &r.Reference, &r.Product, &r.ProductName, &r.State, &r.FirstName, &r.LastName, &r.Email, &r.EmailKey, &r.Mobile,
		&r.Organization, &r.Country, &r.Users, &r.Purpose, &r.Lang, &r.Account, &r.Network, &signals,
		&created, &remind, &due, &late, &decided, &r.DecidedBy, &r.DecidedName, &r.Reason, &r.Note,
		&r.ApprovedFor, &r.Term, &r.Message)
	r.Signals = parseSignals(signals)
	r.CreatedAt, r.RemindAt, r.DueAt, r.LateAt, r.DecidedAt = db.Time(created), db.Time(remind), db.Time(due), db.Time(late), db.Time(decided)
	return r, err
}

func one(tx *db.Tx, where string, args ...any) (Request, error) {
	return scan(func(into ...any) error { return tx.Get(`SELECT `+columns+from+where, args, into...) })
}

func many(tx *db.Tx, where string, args ...any) (list []Request, err error) {
	err = tx.Each(`SELECT `+columns+from+where, args, func(row func(...any) error) error {
		r, err := scan(row)
		list = append(list, r)
		return err
	})
	return list, err
}

func byID(tx *db.Tx, id string) (Request, error) { return one(tx, `WHERE r.id = $1`, id) }

func openOf(tx *db.Tx, emailKey, product string) (Request, error) {
	return one(tx, `WHERE r.email_key = $1 AND r.product_id = $2 AND r.state = 'received'`, emailKey, product)
}

// latestOf returns the latest request of an address in one of two conditions:
// open, or decided by staff.
func latestOf(tx *db.Tx, emailKey string, open bool) (Request, error) {
	states := `('approved', 'declined')`
	if open {
		states = `('received')`
	}
	return one(tx, `WHERE r.email_key = $1 AND r.state IN `+states+` ORDER BY r.created_at DESC, r.id DESC LIMIT 1`, emailKey)
}

// insert files a request unless one of the same address and product is open.
func insert(tx *db.Tx, r Request) (int64, error) {
	return tx.Count(`INSERT INTO access_request
		(id, reference, product_id, state, first_name, last_name, email, email_key, mobile, organization, name_key, country,
		users, purpose, lang, account_id, network, signals, search_key, created_at, remind_at, due_at, late_at,
		reminded_at, decided_at, decided_by, decided_name, reason, note, organization_id, term_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
		0, 0, '', '', '', '', '', '') ON CONFLICT DO NOTHING`,
		r.ID, r.Reference, r.Product, r.State, r.FirstName, r.LastName, r.Email, r.EmailKey, r.Mobile, r.Organization, r.nameKey(), r.Country,
		r.Users, r.Purpose, r.Lang, r.Account, r.Network, join(r.Signals), searchKey(r),
		db.Micros(r.CreatedAt), db.Micros(r.RemindAt), db.Micros(r.DueAt), db.Micros(r.LateAt))
}

func insertTokens(tx *db.Tx, r Request) error {
	for _, token := range tokens(r) {
		if _, err := tx.Count(`INSERT INTO access_request_token (token, request_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, token, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// A settlement is what is written when a request is decided or withdrawn.
type settlement struct {
	by           Decider
	reason, note string
}

// settle ends a request that is open, and says whether it was.
func settle(tx *db.Tx, id string, to State, s settlement) (int64, error) {
	return tx.Count(`UPDATE access_request SET state = $1, decided_at = $2, decided_by = $3, decided_name = $4, reason = $5, note = $6
		WHERE id = $7 AND state = 'received'`,
		to, db.Micros(tx.Now()), s.by.ID, s.by.Name, s.reason, s.note, id)
}

func noteApproval(tx *db.Tx, id, organizationID, termID, message string) error {
	return tx.Do(`UPDATE access_request SET organization_id = $1, term_id = $2, message = $3 WHERE id = $4 AND state = 'approved'`,
		organizationID, termID, message, id)
}

func remindable(tx *db.Tx, limit int) ([]Request, error) {
	return many(tx, `WHERE r.state = 'received' AND r.reminded_at = 0 AND r.remind_at <= $1 ORDER BY r.remind_at LIMIT $2`,
		db.Micros(tx.Now()), limit)
}

func markReminded(tx *db.Tx, id string) (int64, error) {
	return tx.Count(`UPDATE access_request SET reminded_at = $1 WHERE id = $2 AND state = 'received' AND reminded_at = 0`, db.Micros(tx.Now()), id)
}

func approvedBefore(tx *db.Tx, emailKey string) (bool, error) {
	var n int
	err := tx.Get(`SELECT count(*) FROM (SELECT 1 FROM access_request WHERE email_key = $1 AND state = 'approved' LIMIT 1) x`, []any{emailKey}, &n)
	return n > 0, err
}

const othersRead = 50

// others are requests of other addresses with the same mobile, or at an
// organization of like name.
func others(tx *db.Tx, r Request) ([]Request, error) {
	list, err := many(tx, `WHERE r.name_key = $1 AND r.email_key <> $2 LIMIT $3`, r.nameKey(), r.EmailKey, othersRead)
	if err != nil || r.Mobile == "" {
		return list, err
	}
	more, err := many(tx, `WHERE r.mobile = $1 AND r.mobile <> '' AND r.email_key <> $2 LIMIT $3`, r.Mobile, r.EmailKey, othersRead)
	return append(list, more...), err
}

func ofAddress(tx *db.Tx, emailKey string, limit int) ([]Request, error) {
	return many(tx, `WHERE r.email_key = $1 ORDER BY r.created_at DESC, r.id DESC LIMIT $2`, emailKey, limit)
}

// fromNetwork counts the requests of a network since an instant, up to most.
func fromNetwork(tx *db.Tx, network string, since time.Time, most int) (n int, err error) {
	err = tx.Get(`SELECT count(*) FROM (SELECT 1 FROM access_request WHERE network = $1 AND created_at > $2 LIMIT $3) x`,
		[]any{network, db.Micros(since), most}, &n)
	return n, err
}
