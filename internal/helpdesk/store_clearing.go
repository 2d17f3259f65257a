package helpdesk

import (
	"time"

	"vestibule/internal/db"
)

const clearingColumns = `c.id, c.account_id, c.questions, c.authenticator, c.passkeys, c.basis, c.state, c.reason, c.asked_by, c.asked_name, c.asked_at,
	c.agreed_by, c.agreed_name, c.due_at, c.settled_at, c.settled_by, c.note`

func scanClearing(scan func(...any) error) (c Clearing, err error) {
	var asked, due, settled int64
	err = scan(&c.ID, &c.Account, &c.Things.Questions, &c.Things.Authenticator, &c.Things.Passkeys, &c.Basis, &c.State, &c.Reason,
		&c.AskedBy.ID, &c.AskedBy.Name, &asked, &c.AgreedBy.ID, &c.AgreedBy.Name, &due, &settled, &c.SettledBy, &c.Note)
	c.AskedAt, c.DueAt, c.SettledAt = db.Time(asked), db.Time(due), db.Time(settled)
	c.NeedsStaff = c.State == Asked && c.Basis == TwoStaff
	return c, err
}

func oneClearing(tx *db.Tx, where string, args ...any) (Clearing, error) {
	return scanClearing(func(into ...any) error {
		return tx.Get(`SELECT `+clearingColumns+` FROM helpdesk_clearing c WHERE `+where, args, into...)
	})
}

func clearings(tx *db.Tx, where string, args ...any) (list []Clearing, err error) {
	err = tx.Each(`SELECT `+clearingColumns+` FROM helpdesk_clearing c WHERE `+where, args, func(scan func(...any) error) error {
		c, err := scanClearing(scan)
		list = append(list, c)
		return err
	})
	return list, err
}

func clearingByID(tx *db.Tx, id string) (Clearing, error) { return oneClearing(tx, `c.id = $1`, id) }

// clearingOf finds a clearing of this account alone: one of another is NotFound.
func clearingOf(tx *db.Tx, accountID, id string) (Clearing, error) {
	return oneClearing(tx, `c.id = $1 AND c.account_id = $2`, id, accountID)
}

// clearingsOf returns the latest clearings of an account, the newest first.
func clearingsOf(tx *db.Tx, accountID string, limit int) ([]Clearing, error) {
	return clearings(tx, `c.account_id = $1 ORDER BY c.asked_at DESC, c.id DESC LIMIT $2`, accountID, limit)
}

// openClearings returns what is asked for or waits, what is due first at the top.
func openClearings(tx *db.Tx, limit int) ([]Clearing, error) {
	return clearings(tx, `c.state IN ('asked', 'waiting') ORDER BY c.due_at, c.id LIMIT $1`, limit)
}

func askedVouchers(tx *db.Tx, organizationID string) ([]Clearing, error) {
	return clearings(tx, `c.state = 'asked' AND c.basis = 'voucher' AND c.account_id IN
		(SELECT account_id FROM organization_member WHERE organization_id = $1) ORDER BY c.asked_at, c.id LIMIT 50`, organizationID)
}

func countOpen(tx *db.Tx) (n int, err error) {
	err = tx.Get(`SELECT COUNT(*) FROM (SELECT 1 FROM helpdesk_clearing WHERE state IN ('asked', 'waiting') LIMIT $1) x`, []any{countMost}, &n)
	return n, err
}

// dueClearings are the ids of those whose time has come, the longest due first.
func dueClearings(tx *db.Tx, limit int) (ids []string, err error) {
	err = tx.Each(`SELECT id FROM helpdesk_clearing WHERE state IN ('asked', 'waiting') AND due_at <= $1 ORDER BY due_at, id LIMIT $2`,
		[]any{db.Micros(tx.Now()), limit}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// insertClearing reports false where one of the account is open.
func insertClearing(tx *db.Tx, c Clearing) (bool, error) {
	n, err := tx.Count(`INSERT INTO helpdesk_clearing (id, account_id, questions, authenticator, passkeys, basis, state, reason, asked_by, asked_name,
			asked_at, agreed_by, agreed_name, due_at, settled_at, settled_by, note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '', $12, 0, '', '') ON CONFLICT DO NOTHING`,
		c.ID, c.Account, c.Things.Questions, c.Things.Authenticator, c.Things.Passkeys, string(c.Basis), string(c.State), c.Reason,
		c.AskedBy.ID, c.AskedBy.Name, db.Micros(c.AskedAt), db.Micros(c.DueAt))
	return n == 1, err
}

// A change is what is written when a clearing moves.
type change struct {
	agreedBy  Staff
	due       time.Time // of one that begins to wait
	settledBy string
	note      string
}

// move takes a clearing on by an event; it is Conflict "changed" if it is not any
// more where it was read.
func move(tx *db.Tx, c Clearing, e event, with change) error {
	to, err := after(c.State, e)
	if err != nil {
		return err
	}
	if to == Waiting {
		return tx.Do(`UPDATE helpdesk_clearing SET state = $1, agreed_by = $2, agreed_name = $3, due_at = $4 WHERE id = $5 AND state = $6`,
			string(to), with.agreedBy.ID, with.agreedBy.Name, db.Micros(with.due), c.ID, string(c.State))
	}
	return tx.Do(`UPDATE helpdesk_clearing SET state = $1, settled_at = $2, settled_by = $3, note = $4 WHERE id = $5 AND state = $6`,
		string(to), db.Micros(tx.Now()), with.settledBy, with.note, c.ID, string(c.State))
}

// sweepClearings deletes what was settled before, and what is about an account that is there no more: its reason may name a person.
func sweepClearings(tx *db.Tx, before time.Time) error {
	_, err := tx.Count(`DELETE FROM helpdesk_clearing WHERE state NOT IN ('asked', 'waiting') AND (settled_at <= $1
		OR NOT EXISTS (SELECT 1 FROM account a WHERE a.id = helpdesk_clearing.account_id AND a.state <> 'closed'))`, db.Micros(before))
	return err
}
