package account

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
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
	err := move(tx, id, Active, Disabled, why)
	if fault.Is(err, fault.Conflict) {
		err = move(tx, id, Expired, Disabled, why)
	}
	return err
}

// Enable gives a disabled account back: active where it has a password, else expired, so that a reset makes it active.
func Enable(tx *db.Tx, id string) error {
	a, err := Get(tx, id)
	if err != nil {
		return err
	}
	if a.PasswordHash == "" {
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

// AgeingPasswords returns up to limit active accounts, by id and after the one named, whose password was set after and no later
// than the two instants, and whose owner was not told yet that so few days are left (told counts down; 0 is never).
func AgeingPasswords(tx *db.Tx, after, until time.Time, days int, from string, limit int) ([]Account, error) {
	return many(tx, `state = $1 AND password_set_at > $2 AND password_set_at <= $3 AND (age_notice = 0 OR age_notice > $4) AND id > $5 ORDER BY id LIMIT $6`,
		string(Active), db.Micros(after), db.Micros(until), days, from, limit)
}

// MarkAgeTold records that the owner was told so many days before the end of the password; it is Conflict "changed" if that, or
// fewer, was told already.
func MarkAgeTold(tx *db.Tx, id string, days int) error {
	return tx.Do(`UPDATE account SET age_notice = $1 WHERE id = $2 AND (age_notice = 0 OR age_notice > $1)`, days, id)
}

// Unused returns up to limit active accounts, by id and after the one named, that nobody used since the instant. With told it
// returns those whose owner was told no later than the second instant, else those whose owner was not told.
func Unused(tx *db.Tx, since, told time.Time, from string, limit int) ([]Account, error) {
	notice := `dormant_notice_at = $3`
	if !told.IsZero() {
		notice = `dormant_notice_at <> 0 AND dormant_notice_at <= $3`
	}
	return many(tx, `state = $1 AND signed_in_at <= $2 AND password_set_at <= $2 AND created_at <= $2 AND `+notice+` AND id > $4 ORDER BY id LIMIT $5`,
		string(Active), db.Micros(since), db.Micros(told), from, limit)
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
