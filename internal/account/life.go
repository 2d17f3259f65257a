package account

import (
	"time"

	"vestibule/internal/db"
)

// A Reason says why an account is in its state where that was not its owner's doing.
type Reason string

// The reasons.
const (
	ByImport   Reason = "import"     // it came from another system
	ByStaff    Reason = "staff"      // staff decided
	ByAge      Reason = "age"        // its password grew too old
	ByDormancy Reason = "dormant"    // nobody used it for long
	ByUndo     Reason = "undo"       // a change of its address was undone from the earlier mailbox
	ByFear     Reason = "compromise" // somebody else may know its password
)

func move(tx *db.Tx, id string, from, to State, why Reason) error {
	return tx.Do(`UPDATE account SET state = $1, state_at = $2, state_reason = $3, updated_at = $2 WHERE id = $4 AND state = $5`,
		string(to), db.Micros(tx.Now()), string(why), id, string(from))
}

// Expire makes an active account's password good for nothing but a reset; it is Conflict "changed" if the account is not active.
// Sessions, codes and links are the caller's to end.
func Expire(tx *db.Tx, id string, why Reason) error { return move(tx, id, Active, Expired, why) }

// Disable keeps everybody out of an active or expired account until Enable; any other is Conflict "changed". Sessions, codes and
// links are the caller's to end.
func Disable(tx *db.Tx, id string, why Reason) error {
	return tx.Do(`UPDATE account SET held_reason = CASE WHEN state = $1 THEN '' WHEN state_reason = '' THEN $2 ELSE state_reason END,
			state = $3, state_at = $4, state_reason = $5, updated_at = $4 WHERE id = $6 AND state IN ($1, $7)`,
		string(Active), string(ByStaff), string(Disabled), db.Micros(tx.Now()), string(why), id, string(Expired))
}

// DistrustDisabled lets Enable give a disabled account back expired, for that reason: what its password was good for is over.
func DistrustDisabled(tx *db.Tx, id string, why Reason) error {
	return tx.Do(`UPDATE account SET held_reason = $1, updated_at = $2 WHERE id = $3 AND state = $4`, string(why), db.Micros(tx.Now()), id, string(Disabled))
}

// Enable gives a disabled account back as it was: active, or expired for the reason it had, so that a password that was no longer
// good does not become good again. One without a password is expired: a reset makes it active.
func Enable(tx *db.Tx, id string) error {
	a, err := Get(tx, id)
	if err != nil {
		return err
	}
	var held Reason
	if err := tx.Get(`SELECT held_reason FROM account WHERE id = $1`, []any{id}, &held); err != nil {
		return err
	}
	switch {
	case held != "":
		return move(tx, id, Disabled, Expired, held)
	case a.PasswordHash == "":
		return move(tx, id, Disabled, Expired, ByStaff)
	}
	return move(tx, id, Disabled, Active, "")
}

// MarkSignedIn records that a session began now. Nobody is told of dormancy after it until it comes near again.
func MarkSignedIn(tx *db.Tx, id string) error {
	return tx.Do(`UPDATE account SET signed_in_at = $1, dormant_notice_at = 0 WHERE id = $2`, db.Micros(tx.Now()), id)
}

// SetIncomplete records whether the owner of a legacy account has still to give what the account lacks.
func SetIncomplete(tx *db.Tx, id string, incomplete bool) error {
	return tx.Do(`UPDATE account SET incomplete = $1, updated_at = $2 WHERE id = $3`, incomplete, db.Micros(tx.Now()), id)
}

// SetClosing records when the account closes because its owner asked for it; the zero time takes the wish back. It is Conflict
// "changed" unless the account is active and a wish is there exactly when it is taken back.
func SetClosing(tx *db.Tx, id string, at time.Time) error {
	if at.IsZero() {
		return tx.Do(`UPDATE account SET closing_at = 0, updated_at = $1 WHERE id = $2 AND closing_at <> 0 AND state <> $3`,
			db.Micros(tx.Now()), id, string(Closed))
	}
	return tx.Do(`UPDATE account SET closing_at = $1, updated_at = $2 WHERE id = $3 AND closing_at = 0 AND state = $4`,
		db.Micros(at), db.Micros(tx.Now()), id, string(Active))
}

// An EarlierEmail is an address that the account had until a short while ago.
type EarlierEmail struct {
	Email     string
	EmailKey  string
	ChangedAt time.Time
	Until     time.Time // the change can be undone before this
}

// EarlierEmails returns the addresses to which a change can still be undone, the newest first. They hear of what happens to the
// account as the present address does, and nobody else can take them.
func EarlierEmails(tx *db.Tx, id string) ([]EarlierEmail, error) {
	var all []EarlierEmail
	err := tx.Each(`SELECT email, email_key, changed_at, until_at FROM account_email WHERE account_id = $1 AND until_at > $2 ORDER BY changed_at DESC`,
		[]any{id, db.Micros(tx.Now())}, func(scan func(...any) error) error {
			var e EarlierEmail
			var changed, until int64
			err := scan(&e.Email, &e.EmailKey, &changed, &until)
			e.ChangedAt, e.Until = db.Time(changed), db.Time(until)
			all = append(all, e)
			return err
		})
	return all, err
}

// A Place is how far a walk through the accounts has come: the instant it goes by, and among equal ones the account. The walks
// go by the instant, of which there is an index, and not by the account: they find the few that are due among very many.
type Place struct {
	At time.Time
	ID string
}

// AgeingPasswords returns up to limit active accounts in the order in which their passwords were set, beginning after the place,
// whose password was set no later than until, and whose owner was not told yet that so few days are left.
func AgeingPasswords(tx *db.Tx, from Place, until time.Time, days, limit int) ([]Account, error) {
	return many(tx, `state = $1 AND password_set_at >= $2 AND password_set_at <= $3 AND (password_set_at > $2 OR id > $4)
		AND (age_notice = 0 OR age_notice > $5) ORDER BY password_set_at, id LIMIT $6`,
		string(Active), db.Micros(from.At), db.Micros(until), from.ID, days, limit)
}

// MarkAgeTold records that the owner was told so many days before the end of the password; it is Conflict "changed" if that, or
// fewer, was told already.
func MarkAgeTold(tx *db.Tx, id string, days int) error {
	return tx.Do(`UPDATE account SET age_notice = $1 WHERE id = $2 AND (age_notice = 0 OR age_notice > $1)`, days, id)
}

// Unused returns up to limit active accounts in the order of their last sign-in, beginning after the place, that nobody used since
// the instant. With told it returns those whose owner was told no later than that instant, else those whose owner was not told.
func Unused(tx *db.Tx, from Place, since, told time.Time, limit int) ([]Account, error) {
	notice := `dormant_notice_at = $3`
	if !told.IsZero() {
		notice = `dormant_notice_at <> 0 AND dormant_notice_at <= $3`
	}
	return many(tx, `state = $1 AND signed_in_at >= $4 AND signed_in_at <= $2 AND (signed_in_at > $4 OR id > $5)
		AND password_set_at <= $2 AND created_at <= $2 AND `+notice+` ORDER BY signed_in_at, id LIMIT $6`,
		string(Active), db.Micros(since), db.Micros(told), db.Micros(from.At), from.ID, limit)
}

// MarkDormancyTold records that the owner was told that the account expires because nobody uses it; it is Conflict "changed" if
// that was told since the last sign-in.
func MarkDormancyTold(tx *db.Tx, id string) error {
	return tx.Do(`UPDATE account SET dormant_notice_at = $1 WHERE id = $2 AND dormant_notice_at = 0`, db.Micros(tx.Now()), id)
}

// Reindex makes the helpdesk read the account anew before it looks for one: what it is found by has changed.
func Reindex(tx *db.Tx, id string) error {
	_, err := tx.Count(`UPDATE account SET indexed_at = 0 WHERE id = $1`, id)
	return err
}

// AuthenticatorOff reports whether so many codes in a row were wrong that the account's authenticator takes none any more from a
// browser that the account does not know.
func AuthenticatorOff(tx *db.Tx, id string) (bool, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM authenticator WHERE account_id = $1 AND confirmed_at <> 0 AND failures >= $2`, []any{id, totpFailures}, &n)
	return n > 0, err
}
