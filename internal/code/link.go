package code

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A Link is what a token in a message stands for. To look at it changes nothing,
// since mail scanners open every link; to spend it takes a person's POST.
type Link struct {
	Subject   string // whom or what it is about
	Data      string // the purpose's own
	CreatedAt time.Time
	ExpiresAt time.Time
}

// NewLink makes a link for one purpose and returns its token of 128 bits or
// more, of which the database keeps a hash.
func NewLink(tx *db.Tx, src secret.Source, purpose, subject, data string, life time.Duration) (token string, err error) {
	token = src.Token()
	return token, tx.Do(`INSERT INTO link (token_hash, purpose, subject, data, created_at, expires_at, used_at) VALUES ($1,$2,$3,$4,$5,$6,0)`,
		secret.Hash(purpose, token), purpose, subject, data, db.Micros(tx.Now()), db.Micros(tx.Now().Add(life)))
}

// PeekLink returns a link that could be spent now, and changes nothing. It is
// Gone "link-used" when it was spent, with the link as it was, else Gone "link-gone".
func PeekLink(tx *db.Tx, purpose, token string) (Link, error) {
	var l Link
	var created, expires, used int64
	err := tx.Get(`SELECT subject, data, created_at, expires_at, used_at FROM link WHERE token_hash = $1 AND purpose = $2`,
		[]any{secret.Hash(purpose, token), purpose}, &l.Subject, &l.Data, &created, &expires, &used)
	switch {
	case fault.Is(err, fault.NotFound):
		return Link{}, fault.New(fault.Gone, "link-gone")
	case err != nil:
		return Link{}, err
	case used != 0:
		return l, fault.New(fault.Gone, "link-used")
	case expires <= db.Micros(tx.Now()):
		return Link{}, fault.New(fault.Gone, "link-gone")
	}
	l.CreatedAt, l.ExpiresAt = db.Time(created), db.Time(expires)
	return l, nil
}

// SpendLink returns the link and uses it up: of any number that ask at once, one
// gets it.
func SpendLink(tx *db.Tx, purpose, token string) (Link, error) {
	l, err := PeekLink(tx, purpose, token)
	if err != nil {
		return Link{}, err
	}
	n, err := tx.Count(`UPDATE link SET used_at = $1 WHERE token_hash = $2 AND used_at = 0`,
		db.Micros(tx.Now()), secret.Hash(purpose, token))
	if err != nil {
		return Link{}, err
	}
	if n == 0 {
		return Link{}, fault.New(fault.Gone, "link-used")
	}
	return l, nil
}

// RevokeLinks ends every unspent link of a purpose about a subject.
func RevokeLinks(tx *db.Tx, purpose, subject string) error {
	_, err := tx.Count(`DELETE FROM link WHERE purpose = $1 AND subject = $2 AND used_at = 0`, purpose, subject)
	return err
}

// RevokeEvery ends every unspent link about the subjects, whatever its purpose: for subjects that are no more.
func RevokeEvery(tx *db.Tx, subjects ...string) error {
	for _, subject := range subjects {
		if _, err := tx.Count(`DELETE FROM link WHERE subject = $1 AND used_at = 0`, subject); err != nil {
			return err
		}
	}
	return nil
}
