package account

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// An EmailChange is that an account got another address. While it is open its
// former address is nobody else's, since its owner may take it back.
type EmailChange struct {
	ID        string
	Account   string
	Email     string // the former one, as it was typed
	EmailKey  string
	ChangedAt time.Time
	UndoUntil time.Time // the zero time for an address that was never confirmed
	since     time.Time
	open      bool
}

// Undoable reports whether the change can be undone at now.
func (c EmailChange) Undoable(now time.Time) bool { return c.open && c.UndoUntil.After(now) }

// SetEmail gives the account another address, which its owner has proved, in
// place of the one it has: Conflict "changed" where the account's address is not
// a's any more, Conflict "email-taken" where somebody else has the new one or may
// take it back. The former address can be taken back for the time of undo, but
// not where it was never confirmed: then it may be a stranger's. since is how far
// back an undo reaches (UndoEmail). Sessions, codes, links and notices are the
// caller's.
func SetEmail(tx *db.Tx, src secret.Source, a Account, to Email, since time.Time, undo time.Duration) (EmailChange, error) {
	taken, err := EmailTaken(tx, to.Key, a.ID)
	if err != nil {
		return EmailChange{}, err
	}
	if taken {
		return EmailChange{}, fault.New(fault.Conflict, "email-taken")
	}
	c := EmailChange{
		ID: src.ID(tx.Now()), Account: a.ID, Email: a.Email, EmailKey: a.EmailKey, ChangedAt: tx.Now(), since: since, open: true,
	}
	if a.EmailConfirmed() {
		c.UndoUntil = tx.Now().Add(undo)
	}
	from := a.EmailKey
	a.Email, a.EmailKey = to.Typed, to.Key
	if err := putEmail(tx, a, from); err != nil {
		return EmailChange{}, err
	}
	return c, insertEmailChange(tx, c, a.EmailConfirmedAt)
}

// GetEmailChange returns a change, open or not, or NotFound.
func GetEmailChange(tx *db.Tx, id string) (EmailChange, error) { return emailChange(tx, id) }

// UndoEmail gives the account back the address that it had before the change,
// on the word of whoever holds that mailbox, and returns the account as it is
// then. Every later change can no longer be undone. What was set for the account
// since whoever made the change had come in goes too: its mobile number,
// authenticator and recovery codes, and questions; it may be a stranger's. A
// change that is not open, or whose time is over, is Gone "link-used" or
// "link-gone". Sessions, state, links and notices are the caller's.
func UndoEmail(tx *db.Tx, c EmailChange) (Account, error) {
	if !c.open {
		return Account{}, fault.New(fault.Gone, "link-used")
	}
	if !c.UndoUntil.After(tx.Now()) {
		return Account{}, fault.New(fault.Gone, "link-gone")
	}
	if err := closeEmailChange(tx, c.ID, changeUndone); err != nil {
		return Account{}, err
	}
	if err := endEmailChanges(tx, c.Account, c.ChangedAt); err != nil {
		return Account{}, err
	}
	a, err := Get(tx, c.Account)
	if err != nil {
		return Account{}, err
	}
	if a.State == Closed {
		return Account{}, fault.New(fault.Gone, "link-gone")
	}
	from := a.EmailKey
	a.Email, a.EmailKey = c.Email, c.EmailKey
	if err := putEmail(tx, a, from); err != nil {
		return Account{}, err
	}
	if err := forgetSince(tx, a.ID, c.since); err != nil {
		return Account{}, err
	}
	return Get(tx, a.ID)
}

// EmailTaken reports whether the address is the confirmed or claimed one of an
// account other than but ("" for none), or one that somebody else may take back.
func EmailTaken(tx *db.Tx, key, but string) (bool, error) {
	var id string
	err := tx.Get(`SELECT id FROM account WHERE email_key = $1 AND id <> $2
		UNION ALL SELECT account_id FROM email_change WHERE email_key = $1 AND account_id <> $2 AND state = 'open' AND undo_until > $3`,
		[]any{key, but, db.Micros(tx.Now())}, &id)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// FormerEmails are the addresses that the account had, the latest first.
func FormerEmails(tx *db.Tx, id string) ([]EmailChange, error) {
	return emailChanges(tx, id)
}

const changeUndone, changeOver = "undone", "over"

func putEmail(tx *db.Tx, a Account, from string) error {
	return tx.Do(`UPDATE account SET email = $1, email_key = $2, email_confirmed_at = $3, search_key = $4, updated_at = $3
		WHERE id = $5 AND email_key = $6 AND state <> $7`,
		a.Email, a.EmailKey, db.Micros(tx.Now()), searchKey(a), a.ID, from, string(Closed))
}

const changeColumns = `id, account_id, email, email_key, since, changed_at, undo_until, state`

func scanEmailChange(row func(...any) error) (c EmailChange, err error) {
	var since, changed, until int64
	var state string
	err = row(&c.ID, &c.Account, &c.Email, &c.EmailKey, &since, &changed, &until, &state)
	c.since, c.ChangedAt, c.UndoUntil, c.open = db.Time(since), db.Time(changed), db.Time(until), state == "open"
	return c, err
}

func emailChange(tx *db.Tx, id string) (EmailChange, error) {
	return scanEmailChange(func(into ...any) error {
		return tx.Get(`SELECT `+changeColumns+` FROM email_change WHERE id = $1`, []any{id}, into...)
	})
}

func emailChanges(tx *db.Tx, id string) (all []EmailChange, err error) {
	err = tx.Each(`SELECT `+changeColumns+` FROM email_change WHERE account_id = $1 ORDER BY changed_at DESC, id DESC`, []any{id},
		func(row func(...any) error) error {
			c, err := scanEmailChange(row)
			all = append(all, c)
			return err
		})
	return all, err
}

func insertEmailChange(tx *db.Tx, c EmailChange, confirmed time.Time) error {
	return tx.Do(`INSERT INTO email_change (id, account_id, email, email_key, confirmed_at, since, changed_at, undo_until, state)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,'open')`,
		c.ID, c.Account, c.Email, c.EmailKey, db.Micros(confirmed), db.Micros(c.since), db.Micros(c.ChangedAt), db.Micros(c.UndoUntil))
}

func closeEmailChange(tx *db.Tx, id, state string) error {
	n, err := tx.Count(`UPDATE email_change SET state = $1 WHERE id = $2 AND state = 'open'`, state, id)
	if err == nil && n == 0 {
		err = fault.New(fault.Gone, "link-used")
	}
	return err
}

// endEmailChanges ends those from the instant on.
func endEmailChanges(tx *db.Tx, accountID string, from time.Time) error {
	_, err := tx.Count(`UPDATE email_change SET state = $1 WHERE account_id = $2 AND changed_at >= $3 AND state = 'open'`,
		changeOver, accountID, db.Micros(from))
	return err
}

// forgetSince takes away what was set for the account since the instant.
func forgetSince(tx *db.Tx, id string, since time.Time) error {
	at := db.Micros(since)
	for _, q := range []string{
		`UPDATE account SET mobile = '', mobile_verified_at = 0 WHERE id = $1 AND mobile_verified_at >= $2`,
		`DELETE FROM account_question WHERE account_id = $1 AND set_at >= $2`,
		`DELETE FROM recovery_code WHERE account_id = $1 AND EXISTS
			(SELECT 1 FROM authenticator a WHERE a.account_id = $1 AND a.confirmed_at >= $2)`,
		`DELETE FROM authenticator WHERE account_id = $1 AND confirmed_at >= $2`,
	} {
		if _, err := tx.Count(q, id, at); err != nil {
			return err
		}
	}
	return nil
}
