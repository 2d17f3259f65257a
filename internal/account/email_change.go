package account

import (
	"strings"
	"time"
	"unicode/utf8"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// SetEmail gives the account another address, which its owner has proved, in place of the one it has: Conflict "changed" where
// the account's address is not a's any more, Conflict "email-taken" where somebody else has the new one or may take it back.
// For the time of undo the former address hears of everything and can be taken back (UndoEmail), but not where it was never
// confirmed: then it may be a stranger's. since is when whoever changes it may have come in first. Sessions, codes, links and notices are
// the caller's.
func SetEmail(tx *db.Tx, a Account, to Email, since time.Time, undo time.Duration) error {
	taken, err := EmailTaken(tx, to.Key, a.ID)
	if err != nil {
		return err
	}
	if taken {
		return fault.New(fault.Conflict, "email-taken")
	}
	changed := a
	changed.Email, changed.EmailKey = to.Typed, to.Key
	if err := putEmail(tx, changed, a.EmailKey); err != nil || !a.EmailConfirmed() {
		return err
	}
	return keepEmail(tx, a, since, tx.Now().Add(undo))
}

// EmailUndoable returns the earlier address of the account to which a change can be undone, or Gone "link-gone".
func EmailUndoable(tx *db.Tx, id, emailKey string) (EarlierEmail, error) {
	earlier, err := EarlierEmails(tx, id)
	if err != nil {
		return EarlierEmail{}, err
	}
	for _, e := range earlier {
		if e.EmailKey == emailKey {
			return e, nil
		}
	}
	return EarlierEmail{}, fault.New(fault.Gone, "link-gone")
}

// UndoEmail gives the account back an address that it had, on the word of whoever holds that mailbox, and returns the account as
// it is then. No later change can be undone any more. What was set for the account since whoever made the change can have come
// in (SetEmail) goes too, since it may be a stranger's: mobile number, authenticator and its recovery codes, passkeys, questions. It is Gone "link-gone"
// where the time for it is over, and where an earlier address was taken back meanwhile. Sessions, state, links and notices are
// the caller's.
func UndoEmail(tx *db.Tx, id, emailKey string) (Account, error) {
	e, err := EmailUndoable(tx, id, emailKey)
	if err != nil {
		return Account{}, err
	}
	a, err := Get(tx, id)
	if err != nil {
		return Account{}, err
	}
	since, err := dropEmails(tx, id, e)
	if err != nil {
		return Account{}, err
	}
	from := a.EmailKey
	a.Email, a.EmailKey = e.Email, e.EmailKey
	if err := putEmail(tx, a, from); err != nil {
		return Account{}, err
	}
	if err := forgetSince(tx, id, since); err != nil {
		return Account{}, err
	}
	return Get(tx, id)
}

// EmailTaken reports whether the address is that of an account other than but ("" for none), confirmed or not, or one that
// another account may take back.
func EmailTaken(tx *db.Tx, key, but string) (bool, error) {
	var n int
	err := tx.Get(`SELECT (SELECT COUNT(*) FROM account WHERE email_key = $1 AND id <> $2)
		+ (SELECT COUNT(*) FROM account_email WHERE email_key = $1 AND account_id <> $2 AND until_at > $3)`,
		[]any{key, but, db.Micros(tx.Now())}, &n)
	return n > 0, err
}

func putEmail(tx *db.Tx, a Account, from string) error {
	return tx.Do(`UPDATE account SET email = $1, email_key = $2, email_confirmed_at = $3, search_key = $4, updated_at = $3, indexed_at = 0
		WHERE id = $5 AND email_key = $6 AND state <> $7`,
		a.Email, a.EmailKey, db.Micros(tx.Now()), searchKey(a), a.ID, from, string(Closed))
}

// keepEmail keeps the account's address as an earlier one. An address that it had before and got back counts from the first
// change on: whoever changed it then can have changed it back.
func keepEmail(tx *db.Tx, a Account, since, until time.Time) error {
	now := db.Micros(tx.Now())
	return tx.Do(`INSERT INTO account_email (account_id, email, email_key, changed_at, until_at, since) VALUES ($1,$2,$3,$4,$5,$6)
		ON CONFLICT (account_id, email_key) DO UPDATE SET email = excluded.email, until_at = excluded.until_at,
			changed_at = CASE WHEN account_email.until_at > $4 THEN account_email.changed_at ELSE excluded.changed_at END,
			since = CASE WHEN account_email.until_at > $4 THEN account_email.since ELSE excluded.since END`,
		a.ID, a.Email, a.EmailKey, now, db.Micros(until), db.Micros(since))
}

// dropEmails forgets an earlier address and all later ones, and returns since when what was set for the account is doubtful.
func dropEmails(tx *db.Tx, id string, e EarlierEmail) (time.Time, error) {
	var since int64
	err := tx.Get(`SELECT since FROM account_email WHERE account_id = $1 AND email_key = $2`, []any{id, e.EmailKey}, &since)
	if err != nil {
		return time.Time{}, err
	}
	n, err := tx.Count(`DELETE FROM account_email WHERE account_id = $1 AND changed_at >= $2`, id, db.Micros(e.ChangedAt))
	if err == nil && n == 0 {
		err = fault.New(fault.Gone, "link-gone")
	}
	return db.Time(since), err
}

// forgetSince takes away what was set for the account since the instant.
func forgetSince(tx *db.Tx, id string, since time.Time) error {
	at := db.Micros(since)
	for _, q := range []string{
		`UPDATE account SET mobile = '', mobile_verified_at = 0, indexed_at = 0 WHERE id = $1 AND mobile_verified_at >= $2`,
		`DELETE FROM account_question WHERE account_id = $1 AND set_at >= $2`,
		`DELETE FROM recovery_code WHERE account_id = $1 AND EXISTS
			(SELECT 1 FROM authenticator a WHERE a.account_id = $1 AND a.confirmed_at >= $2)`,
		`DELETE FROM authenticator WHERE account_id = $1 AND confirmed_at >= $2`,
		`DELETE FROM passkey WHERE account_id = $1 AND created_at >= $2`,
	} {
		if _, err := tx.Count(q, id, at); err != nil {
			return err
		}
	}
	return nil
}

// ClosingBefore returns up to limit accounts whose owners asked to have them closed and whose time has come, the longest due first.
func ClosingBefore(tx *db.Tx, at time.Time, limit int) ([]Account, error) {
	return many(tx, `closing_at <> 0 AND closing_at <= $1 AND state <> $2 ORDER BY closing_at, id LIMIT $3`, db.Micros(at), string(Closed), limit)
}

// Lock keeps others from changing the account until the transaction ends.
func Lock(tx *db.Tx, id string) error {
	return tx.Get(`SELECT id FROM account WHERE id = $1 `+tx.ForUpdate(), []any{id}, &id)
}

// MaskEmail shows an address so that its owner knows it and nobody else does: the first letter and the domain.
func MaskEmail(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return "•••"
	}
	_, first := utf8.DecodeRuneInString(address)
	return address[:first] + "•••" + address[at:]
}
