package account

import (
	"context"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// Terms are the vendor's terms and conditions in force. The text is plain:
// paragraphs between empty lines; a line that begins with "## " is a heading.
type Terms struct {
	Version string
	Since   time.Time         // in force from
	Text    map[string]string // by language

	// Next takes the place of these terms once it is in force, and Grace is how long after that somebody who accepted earlier
	// ones may put off accepting it.
	Next  *Terms
	Grace time.Duration
}

// At returns the terms in force at an instant.
func (t Terms) At(now time.Time) Terms {
	if t.Next != nil && !now.Before(t.Next.Since) {
		return t.Next.At(now)
	}
	return t
}

// GraceEnds is until when somebody who accepted earlier terms may put off accepting those in force now; zero means that there is
// no putting off. Terms that were never preceded by others have no grace.
func (t Terms) GraceEnds(now time.Time) time.Time {
	in := t.At(now)
	if in.Version == t.Version || t.Grace <= 0 {
		return time.Time{}
	}
	if ends := in.Since.Add(t.Grace); now.Before(ends) {
		return ends
	}
	return time.Time{}
}

// In returns the text in the language, or in English, or in any there is.
func (t Terms) In(lang string) (text, used string) {
	if text, ok := t.Text[lang]; ok {
		return text, lang
	}
	if text, ok := t.Text["en"]; ok {
		return text, "en"
	}
	for used, text := range t.Text {
		return text, used
	}
	return "", ""
}

// Hash names the exact text that somebody saw.
func (t Terms) Hash(lang string) string {
	text, used := t.In(lang)
	return secret.Hash("terms", t.Version, used, text)
}

// An Acceptance is that somebody accepted the terms.
type Acceptance struct {
	Version    string
	TextHash   string
	Address    string
	AcceptedAt time.Time
}

// AcceptTerms records that the account accepted the text in the language, from a
// network address, and keeps the text as proof. Accepting a version again
// is the one that counts: an account can change its owner.
func AcceptTerms(tx *db.Tx, id string, t Terms, lang, address string) error {
	text, used := t.In(lang)
	hash := t.Hash(lang)
	if _, err := tx.Count(`INSERT INTO terms_text (hash, version, lang, text, kept_at) VALUES ($1,$2,$3,$4,$5) ON CONFLICT DO NOTHING`,
		hash, t.Version, used, text, db.Micros(tx.Now())); err != nil {
		return err
	}
	_, err := tx.Count(`INSERT INTO terms_acceptance (account_id, version, text_hash, address, accepted_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (account_id, version) DO UPDATE SET text_hash = excluded.text_hash, address = excluded.address, accepted_at = excluded.accepted_at`,
		id, t.Version, hash, address, db.Micros(tx.Now()))
	return err
}

// LastAcceptance returns what the account accepted last, or NotFound.
func LastAcceptance(tx *db.Tx, id string) (a Acceptance, err error) {
	var at int64
	err = tx.Get(`SELECT version, text_hash, address, accepted_at FROM terms_acceptance WHERE account_id = $1
		ORDER BY accepted_at DESC, version DESC LIMIT 1`, []any{id}, &a.Version, &a.TextHash, &a.Address, &at)
	a.AcceptedAt = db.Time(at)
	return a, err
}

// HasAccepted reports whether the account accepted that version.
func HasAccepted(tx *db.Tx, id, version string) (bool, error) {
	var hash string
	err := tx.Get(`SELECT text_hash FROM terms_acceptance WHERE account_id = $1 AND version = $2`, []any{id, version}, &hash)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// HasAcceptedAny reports whether the account accepted any version.
func HasAcceptedAny(tx *db.Tx, id string) (bool, error) {
	_, err := LastAcceptance(tx, id)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Registered reports whether a registration made the account: terms were accepted in the very moment in which it was made. One that
// was imported or that staff made accepts them later, or never. It is told of an account whose address was never confirmed; a
// registration that begins afresh, for the mailbox's owner, is not told from the others.
func Registered(tx *db.Tx, id string) (bool, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM terms_acceptance t JOIN account a ON a.id = t.account_id WHERE a.id = $1 AND t.accepted_at <= a.created_at`,
		[]any{id}, &n)
	return n > 0, err
}

// An Evidence is what shows that somebody accepted a text: the person, and the text by its hash, which is kept whole.
type Evidence struct {
	AccountID, UserID, Email, Name string
	Version, Lang, TextHash        string
	Address                        string // network address of who accepted
	AcceptedAt                     time.Time
	Text                           string // the very words
	Whole                          bool   // they have the hash still
}

// evidenceAtOnce is how many acceptances are read in one transaction.
const evidenceAtOnce = 1000

// EachEvidence hands every acceptance to f, by account and version: all of one account, or with "" of all. However many there are,
// no transaction is open while f has one of them.
func EachEvidence(ctx context.Context, d *db.DB, accountID string, f func(Evidence) error) error {
	texts := map[string]Evidence{}
	for afterAccount, afterVersion := "", ""; ; {
		var some []Evidence
		err := d.Read(ctx, func(tx *db.Tx) (err error) {
			some, err = evidence(tx, accountID, afterAccount, afterVersion, texts)
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range some {
			if err := f(e); err != nil {
				return err
			}
			afterAccount, afterVersion = e.AccountID, e.Version
		}
		if len(some) < evidenceAtOnce {
			return nil
		}
	}
}

// evidence reads some acceptances; texts keeps each text that was met, so that it is read and hashed once.
func evidence(tx *db.Tx, accountID, afterAccount, afterVersion string, texts map[string]Evidence) (some []Evidence, err error) {
	err = tx.Each(`SELECT a.id, a.user_id, a.email, a.first_name, a.last_name, c.version, c.text_hash, c.address, c.accepted_at
		FROM terms_acceptance c JOIN account a ON a.id = c.account_id
		WHERE ($1 = '' OR c.account_id = $1) AND (c.account_id > $2 OR c.account_id = $2 AND c.version > $3)
		ORDER BY c.account_id, c.version LIMIT $4`, []any{accountID, afterAccount, afterVersion, evidenceAtOnce}, func(scan func(...any) error) error {
		var e Evidence
		var first, last string
		var at int64
		err := scan(&e.AccountID, &e.UserID, &e.Email, &first, &last, &e.Version, &e.TextHash, &e.Address, &at)
		e.Name, e.AcceptedAt = first+" "+last, db.Time(at)
		some = append(some, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range some {
		kept, met := texts[some[i].TextHash]
		if !met {
			var version string
			err := tx.Get(`SELECT version, lang, text FROM terms_text WHERE hash = $1`, []any{some[i].TextHash}, &version, &kept.Lang, &kept.Text)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return nil, err
			}
			kept.Whole = err == nil && some[i].TextHash == secret.Hash("terms", version, kept.Lang, kept.Text)
			texts[some[i].TextHash] = kept
		}
		some[i].Lang, some[i].Text, some[i].Whole = kept.Lang, kept.Text, kept.Whole
	}
	return some, nil
}

// AcceptedBy counts the active accounts that accepted a version, and those that did not.
func AcceptedBy(tx *db.Tx, version string) (accepted, outstanding int, err error) {
	var all int
	err = tx.Get(`SELECT COUNT(*), COALESCE(SUM(CASE WHEN c.account_id IS NULL THEN 0 ELSE 1 END), 0) FROM account a
		LEFT JOIN terms_acceptance c ON c.account_id = a.id AND c.version = $1
		WHERE a.state = $2 AND EXISTS (SELECT 1 FROM terms_acceptance d WHERE d.account_id = a.id)`, []any{version, string(Active)}, &all, &accepted)
	return accepted, all - accepted, err
}
