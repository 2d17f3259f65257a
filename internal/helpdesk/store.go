package helpdesk

import (
	"strconv"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// isStaff reports whether the account is one of staff, set up or not.
func isStaff(tx *db.Tx, id string) (bool, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM staff WHERE account_id = $1`, []any{id}, &n)
	return n > 0, err
}

// lock holds the account's row until the transaction ends; NotFound without one.
func lock(tx *db.Tx, id string) error {
	var found string
	return tx.Get(`SELECT id FROM account WHERE id = $1 `+tx.ForUpdate(), []any{id}, &found)
}

func anyStale(tx *db.Tx) (bool, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM (SELECT id FROM account WHERE indexed_at = 0 LIMIT 1) x`, nil, &n)
	return n > 0, err
}

func staleAccounts(tx *db.Tx, limit int) (all []stale, err error) {
	var ids []string
	err = tx.Each(`SELECT id FROM account WHERE indexed_at = 0 LIMIT $1 `+tx.SkipLocked(), []any{limit}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		a, err := account.Get(tx, id)
		if err != nil {
			return nil, err
		}
		one := stale{account: a}
		err = tx.Get(`SELECT o.name FROM organization_member m JOIN organization o ON o.id = m.organization_id WHERE m.account_id = $1`,
			[]any{id}, &one.organization)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// reindex writes the tokens of an account, whose row is held since it was read.
func reindex(tx *db.Tx, one stale, tokens []string) error {
	if err := tx.Do(`UPDATE account SET indexed_at = $1 WHERE id = $2`, db.Micros(tx.Now()), one.account.ID); err != nil {
		return err
	}
	if _, err := tx.Count(`DELETE FROM account_token WHERE account_id = $1`, one.account.ID); err != nil {
		return err
	}
	args := []any{one.account.ID}
	var values []string
	for _, t := range tokens {
		args = append(args, t)
		values = append(values, "($"+strconv.Itoa(len(args))+",$1)")
	}
	if len(values) == 0 {
		return nil
	}
	_, err := tx.Count(`INSERT INTO account_token (token, account_id) VALUES `+strings.Join(values, ","), args...)
	return err
}

func countToken(tx *db.Tx, t token, most int) (n int, err error) {
	from, below := t.span()
	err = tx.Get(`SELECT COUNT(*) FROM (SELECT 1 FROM account_token WHERE token >= $1 AND token < $2 LIMIT $3) x`, []any{from, below, most}, &n)
	return n, err
}

// from is where the ids of what is wanted come from, as a: the accounts that have the rarest token, or all. The tokens alone are
// read, since they are small and lie together, and the accounts do not.
func (w wanted) from(arg func(any) string) string {
	if w.lead < 0 {
		return `account a`
	}
	from, below := w.tokens[w.lead].span()
	return `(SELECT DISTINCT account_id AS id FROM account_token WHERE token >= ` + arg(from) + ` AND token < ` + arg(below) + `) a`
}

// conditions are the rest of what is wanted.
func (w wanted) conditions(arg func(any) string) []string {
	var where []string
	for i, t := range w.tokens {
		if i == w.lead {
			continue
		}
		from, below := t.span()
		where = append(where, `EXISTS (SELECT 1 FROM account_token t WHERE t.account_id = a.id AND t.token >= `+arg(from)+` AND t.token < `+arg(below)+`)`)
	}
	switch {
	case w.state == "":
	case w.lead < 0:
		where = append(where, `a.state = `+arg(string(w.state)))
	default:
		where = append(where, `EXISTS (SELECT 1 FROM account s WHERE s.id = a.id AND s.state = `+arg(string(w.state))+`)`)
	}
	if w.organization != "" {
		where = append(where, `a.id IN (SELECT account_id FROM organization_member WHERE organization_id = `+arg(w.organization)+`)`)
	}
	if w.id != "" {
		where = append(where, `a.id = `+arg(w.id))
	}
	if w.after != "" {
		where = append(where, `a.id < `+arg(w.after))
	}
	return where
}

// scans says that all tokens are common, so that accounts are passed over in
// their order.
func (w wanted) scans() bool { return len(w.tokens) > 0 && w.lead < 0 }

// findIDs returns ids in the order of the list. Where it passed over a window of
// accounts and that did not reach the end, scanned is where it stopped.
func findIDs(tx *db.Tx, w wanted, limit int) (ids []string, scanned string, err error) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	from := w.from(arg)
	where := w.conditions(arg)
	if w.scans() {
		if scanned, err = windowEnd(tx, w); err != nil {
			return nil, "", err
		}
		if scanned != "" {
			where = append(where, `a.id >= `+arg(scanned))
		}
	}
	query := `SELECT a.id FROM ` + from
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	err = tx.Each(query+` ORDER BY a.id DESC LIMIT `+arg(limit), args, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, scanned, err
}

// windowEnd is the id of the last account of the window, or "" where the window
// reaches the end.
func windowEnd(tx *db.Tx, w wanted) (id string, err error) {
	var where []string
	args := []any{window - 1}
	if w.state != "" {
		args = append(args, string(w.state))
		where = append(where, `state = $`+strconv.Itoa(len(args)))
	}
	if w.after != "" {
		args = append(args, w.after)
		where = append(where, `id < $`+strconv.Itoa(len(args)))
	}
	query := `SELECT id FROM account`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	err = tx.Get(query+` ORDER BY id DESC LIMIT 1 OFFSET $1`, args, &id)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return id, err
}

// countMost is where a count stops where nothing is searched for.
const countMost = 1000

// countFound says how many accounts are wanted, and whether that is all.
func countFound(tx *db.Tx, w wanted) (n int, exact bool, err error) {
	if w.scans() {
		return common, false, nil
	}
	w.after = ""
	most := countMost
	if len(w.tokens) > 0 {
		most = common
	}
	args := []any{most}
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	query := `SELECT 1 FROM ` + w.from(arg)
	if where := w.conditions(arg); len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	err = tx.Get(`SELECT COUNT(*) FROM (`+query+` LIMIT $1) x`, args, &n)
	return n, n < most, err
}

// found reads what a list shows of each account.
func found(tx *db.Tx, ids []string) ([]Found, error) {
	var list []Found
	for _, id := range ids {
		a, err := account.Get(tx, id)
		if err != nil {
			return nil, err
		}
		f := Found{Account: a}
		err = tx.Get(`SELECT COALESCE((SELECT o.name FROM organization_member m JOIN organization o ON o.id = m.organization_id WHERE m.account_id = $1), ''),
			(SELECT COUNT(*) FROM staff s WHERE s.account_id = $1) > 0,
			(SELECT COUNT(*) FROM helpdesk_clearing c WHERE c.account_id = $1 AND c.state IN ('asked', 'waiting')) > 0`,
			[]any{id}, &f.Organization, &f.Staff, &f.Pending)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// A proof is a code that was sent to a means, and perhaps read out.
type proof struct {
	means       Means
	destination string
	sent        time.Time
	proved      time.Time
}

func proofsOf(tx *db.Tx, accountID, staffID string) (list []proof, err error) {
	err = tx.Each(`SELECT means, destination, sent_at, proved_at FROM helpdesk_proof WHERE account_id = $1 AND staff_id = $2 ORDER BY means`,
		[]any{accountID, staffID}, func(scan func(...any) error) error {
			var p proof
			var sent, proved int64
			err := scan(&p.means, &p.destination, &sent, &proved)
			p.sent, p.proved = db.Time(sent), db.Time(proved)
			list = append(list, p)
			return err
		})
	return list, err
}

// noteSent notes that a code is on its way; what was proved before by that
// means stays proved, if it was the same destination.
func noteSent(tx *db.Tx, accountID, staffID string, m Means, destination string) error {
	return tx.Do(`INSERT INTO helpdesk_proof (account_id, staff_id, means, destination, sent_at, proved_at) VALUES ($1, $2, $3, $4, $5, 0)
		ON CONFLICT (account_id, staff_id, means) DO UPDATE SET sent_at = excluded.sent_at, destination = excluded.destination,
			proved_at = CASE WHEN helpdesk_proof.destination = excluded.destination THEN helpdesk_proof.proved_at ELSE 0 END`,
		accountID, staffID, string(m), destination, db.Micros(tx.Now()))
}

func noteProved(tx *db.Tx, accountID, staffID string, m Means, destination string) error {
	return tx.Do(`UPDATE helpdesk_proof SET proved_at = $1 WHERE account_id = $2 AND staff_id = $3 AND means = $4 AND destination = $5`,
		db.Micros(tx.Now()), accountID, staffID, string(m), destination)
}

// dropProofs forgets who was verified, because an act used it up or it is old.
func dropProofs(tx *db.Tx, accountID, staffID string) error {
	_, err := tx.Count(`DELETE FROM helpdesk_proof WHERE account_id = $1 AND staff_id = $2`, accountID, staffID)
	return err
}

func sweepProofs(tx *db.Tx, before time.Time) error {
	_, err := tx.Count(`DELETE FROM helpdesk_proof WHERE sent_at <= $1`, db.Micros(before))
	return err
}

// passwordDates are when each password that is kept was set, the newest first.
func passwordDates(tx *db.Tx, accountID string) (list []time.Time, err error) {
	err = tx.Each(`SELECT set_at FROM account_password WHERE account_id = $1 ORDER BY set_at DESC`, []any{accountID}, func(scan func(...any) error) error {
		var at int64
		err := scan(&at)
		list = append(list, db.Time(at))
		return err
	})
	return list, err
}

func acceptedAt(tx *db.Tx, accountID, version string) (time.Time, error) {
	var at int64
	err := tx.Get(`SELECT accepted_at FROM terms_acceptance WHERE account_id = $1 AND version = $2`, []any{accountID, version}, &at)
	return db.Time(at), err
}
