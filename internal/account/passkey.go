package account

import (
	"encoding/base64"
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/passkey"
	"vestibule/internal/secret"
)

// MaxPasskeys is how many passkeys an account has at most.
const MaxPasskeys = 20

const maxPasskeyName = 60

// A Passkey is one that an account may prove itself with.
type Passkey struct {
	ID         string
	Account    string
	Name       string // as its owner calls it
	CreatedAt  time.Time
	UsedAt     time.Time // zero: never
	CopiedAt   time.Time // when two copies of the key seemed to be in use; zero: never. It counts no more.
	Credential passkey.Credential
}

// ParsePasskeyName reads what a passkey is to be called; the codes are those of ParseName.
func ParsePasskeyName(s string) (string, error) { return parseLine(s, maxPasskeyName) }

// AddPasskey gives the account a passkey. It is Conflict "passkey-exists" where any account has it already, and "passkey-many"
// beyond MaxPasskeys.
func AddPasskey(tx *db.Tx, src secret.Source, accountID, name string, c passkey.Credential) (Passkey, error) {
	// The account's row is held, so that of several that are added at once each sees those before.
	var id string
	if err := tx.Get(`SELECT id FROM account WHERE id = $1 `+tx.ForUpdate(), []any{accountID}, &id); err != nil {
		return Passkey{}, err
	}
	var have int
	if err := tx.Get(`SELECT COUNT(*) FROM passkey WHERE account_id = $1`, []any{accountID}, &have); err != nil {
		return Passkey{}, err
	}
	if have >= MaxPasskeys {
		return Passkey{}, fault.New(fault.Conflict, "passkey-many").With("n", itoa(MaxPasskeys))
	}
	p := Passkey{ID: src.ID(tx.Now()), Account: accountID, Name: name, CreatedAt: tx.Now(), Credential: c}
	n, err := tx.Count(`INSERT INTO passkey (id, account_id, credential_id, public_key, aaguid, counter, transports, backup_eligible, backed_up,
			name, created_at, used_at, copied_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,0,0) ON CONFLICT DO NOTHING`,
		p.ID, accountID, encoded(c.ID), encoded(c.Key), encoded(c.AAGUID), int64(c.Counter), strings.Join(c.Transports, " "),
		c.BackupEligible, c.BackedUp, name, db.Micros(p.CreatedAt))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "passkey-exists")
	}
	return p, err
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Passkeys returns the account's passkeys, the oldest first.
func Passkeys(tx *db.Tx, accountID string) ([]Passkey, error) {
	return passkeys(tx, `account_id = $1 ORDER BY created_at, id`, accountID)
}

// FindPasskey returns the passkey that its authenticator calls so, or NotFound.
func FindPasskey(tx *db.Tx, credentialID []byte) (Passkey, error) {
	all, err := passkeys(tx, `credential_id = $1`, encoded(credentialID))
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "not-found")
	}
	if err != nil {
		return Passkey{}, err
	}
	return all[0], nil
}

func passkeys(tx *db.Tx, where, arg string) (all []Passkey, err error) {
	err = tx.Each(`SELECT id, account_id, credential_id, public_key, aaguid, counter, transports, backup_eligible, backed_up,
		name, created_at, used_at, copied_at FROM passkey WHERE `+where, []any{arg}, func(scan func(...any) error) error {
		var p Passkey
		var id, key, aaguid, transports string
		var counter, created, used, copied int64
		c := &p.Credential
		if err := scan(&p.ID, &p.Account, &id, &key, &aaguid, &counter, &transports, &c.BackupEligible, &c.BackedUp,
			&p.Name, &created, &used, &copied); err != nil {
			return err
		}
		for _, one := range []struct {
			into *[]byte
			from string
		}{{&c.ID, id}, {&c.Key, key}, {&c.AAGUID, aaguid}} {
			var err error
			if *one.into, err = base64.RawURLEncoding.DecodeString(one.from); err != nil {
				return err
			}
		}
		c.Counter, c.Transports = uint32(counter), strings.Fields(transports)
		p.CreatedAt, p.UsedAt, p.CopiedAt = db.Time(created), db.Time(used), db.Time(copied)
		all = append(all, p)
		return nil
	})
	return all, err
}

// HasPasskeys reports whether the account has one that counts.
func HasPasskeys(tx *db.Tx, accountID string) (bool, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM passkey WHERE account_id = $1 AND copied_at = 0`, []any{accountID}, &n)
	return n > 0, err
}

// RenamePasskey calls one of the account's passkeys otherwise. One that is another account's, or nobody's, is NotFound.
func RenamePasskey(tx *db.Tx, accountID, id, name string) error {
	n, err := tx.Count(`UPDATE passkey SET name = $1 WHERE id = $2 AND account_id = $3`, name, id, accountID)
	return oneOf(n, err)
}

// RemovePasskey takes one of the account's passkeys away. One that is another account's, or nobody's, is NotFound.
func RemovePasskey(tx *db.Tx, accountID, id string) error {
	n, err := tx.Count(`DELETE FROM passkey WHERE id = $1 AND account_id = $2`, id, accountID)
	return oneOf(n, err)
}

func oneOf(n int64, err error) error {
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "not-found")
	}
	return err
}

// UsePasskey records that the passkey was used. It reports false where another use went ahead, or the passkey counts no more.
func UsePasskey(tx *db.Tx, id string, a passkey.Assertion) (bool, error) {
	n, err := tx.Count(`UPDATE passkey SET counter = $1, backed_up = $2, used_at = $3
		WHERE id = $4 AND copied_at = 0 AND (counter < $1 OR (counter = 0 AND $1 = 0))`, int64(a.Counter), a.BackedUp, db.Micros(tx.Now()), id)
	return n == 1, err
}

// OwnerOfPasskeys is what package passkey wants to know of the account: those of its passkeys that count among it.
func OwnerOfPasskeys(tx *db.Tx, a Account) (passkey.Owner, error) {
	all, err := Passkeys(tx, a.ID)
	o := passkey.Owner{Handle: a.ID, Name: a.UserID, DisplayName: a.Name()}
	for _, p := range all {
		if p.CopiedAt.IsZero() {
			o.Credentials = append(o.Credentials, p.Credential)
		}
	}
	return o, err
}

// A PasskeyVerdict is what a browser's answer is worth.
type PasskeyVerdict string

// The verdicts. A copied passkey proves nothing: its owner is to be told.
const (
	PasskeyWrong  PasskeyVerdict = "wrong"
	PasskeyRight  PasskeyVerdict = "right"
	PasskeyCopied PasskeyVerdict = "copied"
)

// ProvePasskey says whether the answer of a browser to a challenge (passkey.Party.BeginAssertion) was made with a passkey, and whose
// it is: Passkey.Account. Whatever is wrong (unknown passkey, other origin, other purpose, too late) is PasskeyWrong alike, with the
// zero Passkey. A counter that did not go on marks the passkey as copied, once; from then on it is wrong. It is a verdict: commit it,
// together with spending the challenge.
func ProvePasskey(tx *db.Tx, party *passkey.Party, purpose string, c passkey.Challenge, answer []byte) (Passkey, PasskeyVerdict, error) {
	p, got, err := provePasskey(tx, party, purpose, c, answer)
	switch {
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Gone), fault.Is(err, fault.NotFound):
		return Passkey{}, PasskeyWrong, nil
	case err != nil:
		return Passkey{}, PasskeyWrong, err
	case got.Copied:
		err := tx.Do(`UPDATE passkey SET copied_at = $1 WHERE id = $2 AND copied_at = 0`, db.Micros(tx.Now()), p.ID)
		return p, PasskeyCopied, err
	}
	right, err := UsePasskey(tx, p.ID, got)
	if err != nil || !right {
		return Passkey{}, PasskeyWrong, err
	}
	return p, PasskeyRight, nil
}

func provePasskey(tx *db.Tx, party *passkey.Party, purpose string, c passkey.Challenge, answer []byte) (p Passkey, got passkey.Assertion, err error) {
	id, err := passkey.Named(answer)
	if err != nil {
		return p, got, err
	}
	if p, err = FindPasskey(tx, id); err != nil {
		return p, got, err
	}
	a, err := Get(tx, p.Account)
	if err != nil {
		return p, got, err
	}
	owner, err := OwnerOfPasskeys(tx, a)
	if err != nil {
		return p, got, err
	}
	got, err = party.FinishAssertion(tx.Now(), purpose, c, owner, answer)
	return p, got, err
}
