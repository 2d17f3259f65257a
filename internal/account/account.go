// Package account knows who the people are: identity, credentials, questions,
// authenticators, and which terms they accepted.
//
// An account is one person's login. It is made when the terms are accepted,
// without a password (state unfinished), and becomes active with its first
// password. Its e-mail address and its mobile number are claims until they are
// confirmed and verified; what an account may do is decided from confirmed
// facts alone, by others (package access).
//
// Everything here runs in the caller's transaction. Two things do not, because
// they cost a core for a while: making and checking hashes. They are methods of
// [Passwords], and what they made is then stored by a function with a *db.Tx.
//
// The package promises: two accounts never share an address or a UserID, nor
// one that looks alike; what is used once (a time step of an authenticator, a
// recovery code) is used once, however many ask; secrets are sealed or hashed.
// It leaves to others: limits, messages, events, sessions, steps.
package account

import (
	"cmp"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A State says what an account is good for.
type State string

// The states.
const (
	Unfinished State = "unfinished" // no password yet
	Active     State = "active"
	Expired    State = "expired"  // the password is no longer good; a reset makes it active
	Disabled   State = "disabled" // by staff
	Closed     State = "closed"   // by its owner, for good
)

// An Account is one person's login.
type Account struct {
	ID               string
	UserID           string // as it is shown
	Email            string // as it was typed
	EmailKey         string
	EmailConfirmedAt time.Time // zero: never
	Mobile           string    // E.164, or ""
	MobileVerifiedAt time.Time // zero: never
	FirstName        string
	LastName         string
	Organization     string // as it was typed; grants nothing
	Country          string // ISO 3166-1 alpha-2, or ""
	Lang             string
	State            State
	PasswordHash     string // PHC string, or "" for none
	PasswordSetAt    time.Time
	RemindedAt       time.Time
	CreatedAt        time.Time
	UpdatedAt        time.Time
	SignedInAt       time.Time // when a session began last; zero: never
	StateAt          time.Time // since when it is in its state; zero: since it was made
	StateReason      Reason    // why it is in its state, where that was not its owner's doing
	Incomplete       bool      // a legacy account whose owner has still to give mobile and questions
	ClosingAt        time.Time // its owner asked to close it, and it closes then; zero: not asked
}

// EmailConfirmed reports whether the owner of the mailbox confirmed the address.
func (a Account) EmailConfirmed() bool { return !a.EmailConfirmedAt.IsZero() }

// MobileVerified reports whether a code came back from the number.
func (a Account) MobileVerified() bool { return a.Mobile != "" && !a.MobileVerifiedAt.IsZero() }

// Name is the person's whole name; of a closed account it is the UserID.
func (a Account) Name() string {
	if a.FirstName == "" && a.LastName == "" {
		return a.UserID
	}
	return a.FirstName + " " + a.LastName
}

// Words are those around the person, which no password may contain.
func (a Account) Words() []string {
	return []string{a.FirstName, a.LastName, a.UserID, a.Email, a.Organization}
}

// Subject names the account in the audit trail.
func (a Account) Subject() string { return "account:" + a.ID }

// A New is what Create wants to know.
type New struct {
	UserID       string // wanted; "" lets the pattern make one
	Email        Email
	EmailProved  bool // the address is confirmed already
	Mobile       string
	MobileProved bool
	FirstName    string
	LastName     string
	Organization string
	Country      string
	Lang         string
	State        State
}

// Create makes an account. A taken address is Conflict "email-taken"; a UserID
// that is taken gets a number.
func Create(tx *db.Tx, src secret.Source, pattern Pattern, n New) (Account, error) {
	taken, err := emailTaken(tx, n.Email.Key)
	if err != nil {
		return Account{}, err
	}
	if taken {
		return Account{}, fault.New(fault.Conflict, "email-taken")
	}
	now := tx.Now()
	a := Account{
		ID: src.ID(now), Email: n.Email.Typed, EmailKey: n.Email.Key, Mobile: n.Mobile,
		FirstName: n.FirstName, LastName: n.LastName, Organization: n.Organization, Country: n.Country, Lang: n.Lang,
		State: n.State, CreatedAt: now, UpdatedAt: now,
	}
	if n.EmailProved {
		a.EmailConfirmedAt = now
	}
	if n.MobileProved {
		a.MobileVerifiedAt = now
	}
	wanted := n.UserID
	if wanted == "" {
		wanted = pattern.UserID(n.FirstName, n.LastName)
	}
	for try := 1; ; try++ {
		a.UserID = numbered(src, wanted, try)
		made, err := insert(tx, a)
		if err != nil || made {
			return a, err
		}
		// Another registration may have taken the address meanwhile.
		if taken, err := emailTaken(tx, a.EmailKey); err != nil || taken {
			return Account{}, cmpErr(err, fault.New(fault.Conflict, "email-taken"))
		}
	}
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// Get returns the account of that id, or NotFound.
func Get(tx *db.Tx, id string) (Account, error) { return one(tx, `id = $1`, id) }

// FindByEmail returns the account that holds the address, confirmed or not, by
// its canonical key (Email.Key), or NotFound. A closed account holds none.
func FindByEmail(tx *db.Tx, emailKey string) (Account, error) {
	return one(tx, `email_key = $1`, emailKey)
}

// FindByUserID returns the account of that UserID, or of one that looks alike,
// or NotFound.
func FindByUserID(tx *db.Tx, userID string) (Account, error) {
	key := UserIDKey(userID)
	if key == "" {
		return Account{}, fault.New(fault.NotFound, "not-found")
	}
	return one(tx, `user_id_key = $1`, key)
}

// FindByLogin returns the account that somebody names by UserID or by e-mail
// address, or NotFound. What can be neither is NotFound too.
func FindByLogin(tx *db.Tx, login string) (Account, error) {
	if len(login) > maxEmailBytes {
		return Account{}, fault.New(fault.NotFound, "not-found")
	}
	if e, err := ParseEmail(login); err == nil {
		return FindByEmail(tx, e.Key)
	}
	return FindByUserID(tx, login)
}

// LoginKey is one for all spellings of a login that FindByLogin takes for the same, whether or not somebody has it. What can be no
// login at all is as it was typed.
func LoginKey(login string) string {
	if len(login) > maxEmailBytes {
		return login
	}
	if e, err := ParseEmail(login); err == nil {
		return e.Key
	}
	return cmp.Or(UserIDKey(login), login)
}

// ConfirmEmail records that the mailbox's owner confirmed the address, if it is
// still the account's; it reports whether it was not confirmed before. Whoever
// calls it lets the account join what the address stands for
// (organization.JoinByConfirmedAddress).
func ConfirmEmail(tx *db.Tx, id, emailKey string) (first bool, err error) {
	n, err := tx.Count(`UPDATE account SET email_confirmed_at = $1, updated_at = $1
		WHERE id = $2 AND email_key = $3 AND email_confirmed_at = 0`, db.Micros(tx.Now()), id, emailKey)
	return n == 1, err
}

// SetMobile records the number and whether a code came back from it.
func SetMobile(tx *db.Tx, id, mobile string, verified bool) error {
	var at time.Time
	if verified {
		at = tx.Now()
	}
	return tx.Do(`UPDATE account SET mobile = $1, mobile_verified_at = $2, updated_at = $3, indexed_at = 0 WHERE id = $4`,
		mobile, db.Micros(at), db.Micros(tx.Now()), id)
}

// SetDetails records what the person is called and where it works.
func SetDetails(tx *db.Tx, id, first, last, organization, country, lang string) error {
	a, err := Get(tx, id)
	if err != nil {
		return err
	}
	a.FirstName, a.LastName, a.Organization = first, last, organization
	return tx.Do(`UPDATE account SET first_name = $1, last_name = $2, organization = $3, country = $4, lang = $5, search_key = $6, updated_at = $7, indexed_at = 0
		WHERE id = $8`, first, last, organization, country, lang, searchKey(a), db.Micros(tx.Now()), id)
}

// SetUserID gives an account another UserID by the pattern. It is for an account
// whose names were a stranger's.
func SetUserID(tx *db.Tx, src secret.Source, pattern Pattern, a Account) (Account, error) {
	wanted := pattern.UserID(a.FirstName, a.LastName)
	for try := 1; ; try++ {
		a.UserID = numbered(src, wanted, try)
		var holder string
		err := tx.Get(`SELECT id FROM account WHERE user_id_key = $1`, []any{UserIDKey(a.UserID)}, &holder)
		switch {
		case err == nil && holder != a.ID:
			continue
		case err != nil && !fault.Is(err, fault.NotFound):
			return a, err
		}
		return a, tx.Do(`UPDATE account SET user_id = $1, user_id_key = $2, search_key = $3, updated_at = $4, indexed_at = 0 WHERE id = $5`,
			a.UserID, UserIDKey(a.UserID), searchKey(a), db.Micros(tx.Now()), a.ID)
	}
}

// Move takes the account from one state to another; it is Conflict "changed" if
// the account is not in the first.
func Move(tx *db.Tx, id string, from, to State) error { return move(tx, id, from, to, "") }

// Close ends the account for good: its address, its credentials and what its owner told of itself are gone. The UserID stays, so
// that nobody else gets it.
func Close(tx *db.Tx, id string) error {
	if err := Erase(tx, id); err != nil {
		return err
	}
	return tx.Do(`UPDATE account SET state = $1, email = '', email_key = $2, email_confirmed_at = 0, first_name = '', last_name = '', organization = '',
			country = '', search_key = LOWER(user_id), updated_at = $3, indexed_at = 0 WHERE id = $4`, string(Closed), "closed:"+id, db.Micros(tx.Now()), id)
}

// Erase takes away everything that was set so far: password, former passwords,
// mobile, questions, authenticator, recovery codes, passkeys. The account is
// unfinished then. Sessions, codes and links are the caller's to end.
func Erase(tx *db.Tx, id string) error {
	for _, q := range []string{
		`DELETE FROM account_password WHERE account_id = $1`,
		`DELETE FROM account_question WHERE account_id = $1`,
		`DELETE FROM authenticator WHERE account_id = $1`,
		`DELETE FROM recovery_code WHERE account_id = $1`,
		`DELETE FROM passkey WHERE account_id = $1`,
		`DELETE FROM account_email WHERE account_id = $1`,
	} {
		if _, err := tx.Count(q, id); err != nil {
			return err
		}
	}
	return tx.Do(`UPDATE account SET password_hash = '', password_set_at = 0, mobile = '', mobile_verified_at = 0, reminded_at = 0, state = $1, state_at = $2, state_reason = '',
			incomplete = FALSE, closing_at = 0, age_notice = 0, updated_at = $2, indexed_at = 0
		WHERE id = $3 AND state <> $4`, string(Unfinished), db.Micros(tx.Now()), id, string(Closed))
}

// Remove deletes an unfinished account and all of it, as if it had never been.
func Remove(tx *db.Tx, id string) error {
	if err := Erase(tx, id); err != nil {
		return err
	}
	for _, q := range []string{`DELETE FROM terms_acceptance WHERE account_id = $1`, `DELETE FROM account_token WHERE account_id = $1`} {
		if _, err := tx.Count(q, id); err != nil {
			return err
		}
	}
	return tx.Do(`DELETE FROM account WHERE id = $1 AND state = $2`, id, string(Unfinished))
}

// UnfinishedBefore returns up to limit unfinished accounts that nobody has worked
// on since the instant, oldest first: those that accepted terms, since staff begin in
// another way. With unreminded it leaves out those that got a reminder.
func UnfinishedBefore(tx *db.Tx, before time.Time, unreminded bool, limit int) ([]Account, error) {
	where := `state = $1 AND updated_at <= $2 AND EXISTS (SELECT 1 FROM terms_acceptance t WHERE t.account_id = account.id)`
	if unreminded {
		where += ` AND reminded_at = 0`
	}
	return many(tx, where+` ORDER BY updated_at, id LIMIT $3`, string(Unfinished), db.Micros(before), limit)
}

// MarkReminded records that an unfinished account got its one reminder.
func MarkReminded(tx *db.Tx, id string) error {
	return tx.Do(`UPDATE account SET reminded_at = $1 WHERE id = $2 AND reminded_at = 0`, db.Micros(tx.Now()), id)
}
