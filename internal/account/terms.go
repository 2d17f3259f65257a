package account

import (
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
