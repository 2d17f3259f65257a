package account

import (
	"context"
	"slices"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/password"
)

// Passwords checks and makes passwords. It never has a transaction in hand:
// hashing takes a core for 20 ms and may wait in the queue.
type Passwords struct {
	Hasher *password.Hasher
	Rules  password.Rules
	Words  []string // the vendor's and the products' names
}

// Check reports whether the password is the account's. hash is
// Account.PasswordHash, and "" where there is no account or no password: then
// the same work is done and the answer is no. renewed, unless "", is to be
// stored by UpgradePassword.
func (p *Passwords) Check(ctx context.Context, hash, plain string) (ok bool, renewed string, err error) {
	if hash == "" {
		return false, "", p.Hasher.Dummy(ctx, plain)
	}
	ok, outdated, err := p.Hasher.Check(ctx, hash, plain)
	if err != nil || !ok || !outdated {
		return ok, "", err
	}
	// To upgrade is a courtesy: it must not keep the owner out.
	renewed, err = p.Hasher.Hash(ctx, plain)
	if err != nil {
		return true, "", nil //nolint:nilerr // see above
	}
	return true, renewed, nil
}

// A Finding says of one rule whether the password keeps it.
type Finding = password.Finding

// Findings judges a password for the checklist; person is Account.Words.
func (p *Passwords) Findings(plain string, person []string) []Finding {
	return p.Rules.Check(plain, slices.Concat(person, p.Words))
}

// Strength is a number from 0 to 4 for the words beside the checklist.
func (p *Passwords) Strength(plain string, person []string) int {
	return password.Strength(plain, slices.Concat(person, p.Words))
}

// New judges a password and hashes it. former are the hashes that must not
// match (FormerPasswords). A refusal is Invalid "password-…" on the field.
func (p *Passwords) New(ctx context.Context, field, plain string, person, former []string) (hash string, err error) {
	if plain == "" {
		return "", fault.OnField(field, "password-empty")
	}
	if err := password.Refusal(field, p.Findings(plain, person)); err != nil {
		return "", err
	}
	for _, old := range former[:min(len(former), p.Rules.History)] {
		same, _, err := p.Hasher.Check(ctx, old, plain)
		if err != nil {
			return "", err
		}
		if same {
			return "", fault.OnField(field, "password-"+password.RuleHistory).With("n", itoa(p.Rules.History))
		}
	}
	return p.Hasher.Hash(ctx, plain)
}

const keptPasswords = 5

// SetPassword stores the hash of a new password. An unfinished or expired
// account is active then; a disabled or closed one is Conflict "changed".
// Sessions, codes and links are the caller's to end.
func SetPassword(tx *db.Tx, id, hash string) error {
	now := db.Micros(tx.Now())
	err := tx.Do(`UPDATE account SET password_hash = $1, password_set_at = $2, updated_at = $2, age_notice = 0, state = $3,
			state_at = CASE WHEN state = $3 THEN state_at ELSE $2 END, state_reason = ''
		WHERE id = $4 AND state IN ($3, $5, $6)`, hash, now, string(Active), id, string(Unfinished), string(Expired))
	if err != nil {
		return err
	}
	// Two in one microsecond cannot be: the row above is locked until the end.
	if _, err := tx.Count(`INSERT INTO account_password (account_id, hash, set_at) VALUES ($1,$2,$3)
		ON CONFLICT (account_id, set_at) DO UPDATE SET hash = excluded.hash`, id, hash, now); err != nil {
		return err
	}
	_, err = tx.Count(`DELETE FROM account_password WHERE account_id = $1 AND set_at NOT IN
		(SELECT set_at FROM account_password WHERE account_id = $1 ORDER BY set_at DESC LIMIT $2)`, id, keptPasswords)
	return err
}

// FormerPasswords returns the hashes of the account's passwords, the present one
// first.
func FormerPasswords(tx *db.Tx, id string) ([]string, error) {
	var all []string
	err := tx.Each(`SELECT hash FROM account_password WHERE account_id = $1 ORDER BY set_at DESC LIMIT $2`, []any{id, keptPasswords},
		func(scan func(...any) error) error {
			var h string
			err := scan(&h)
			all = append(all, h)
			return err
		})
	return all, err
}

// UpgradePassword replaces the hash of the same password, unless the password
// has changed meanwhile.
func UpgradePassword(tx *db.Tx, id, old, renewed string) error {
	n, err := tx.Count(`UPDATE account SET password_hash = $1 WHERE id = $2 AND password_hash = $3`, renewed, id, old)
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.Count(`UPDATE account_password SET hash = $1 WHERE account_id = $2 AND hash = $3`, renewed, id, old)
	return err
}
