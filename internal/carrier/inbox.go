package carrier

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"vestibule/internal/db"
)

// An Inbox carries messages into a table instead of out of the portal, where
// the demo's inbox page and tests read them. It serves both channels. It keeps
// codes and links readable: production has none.
type Inbox struct{ db *db.DB }

// NewInbox returns the inbox of a database.
func NewInbox(d *db.DB) *Inbox { return &Inbox{d} }

// Mail is a message as it arrived.
type Mail struct {
	ID      string
	Channel Channel
	Kind    string
	To      string
	Lang    string
	Subject string
	Text    string
	HTML    string
	At      time.Time
	Links   []string // every link in it, in order, once
	Code    string   // the one-time code in it; empty without one
}

// Name implements Carrier.
func (*Inbox) Name() string { return "inbox" }

// Carry implements Carrier. A repeat of the same message changes nothing, so
// the inbox shows each once.
func (i *Inbox) Carry(ctx context.Context, e Envelope) (string, error) {
	err := i.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Count(`
			INSERT INTO inbox_message (id, channel, kind, recipient, lang, subject, body_text, body_html, at)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT DO NOTHING`,
			e.ID, string(e.Channel), e.Kind, e.To, e.Lang, e.Subject, e.Text, e.HTML, db.Micros(e.At))
		return err
	})
	return "in the inbox", err
}

const mailColumns = `id, channel, kind, recipient, lang, subject, body_text, body_html, at`

// List returns what arrived, newest first: for one recipient, or for all when
// to is empty.
func (i *Inbox) List(ctx context.Context, to string, limit int) ([]Mail, error) {
	var all []Mail
	err := i.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Each(`SELECT `+mailColumns+` FROM inbox_message WHERE $1 = '' OR recipient = $1 ORDER BY at DESC, id DESC LIMIT $2`,
			[]any{to, limit}, func(scan func(...any) error) error {
				m, err := scanMail(scan)
				all = append(all, m)
				return err
			})
	})
	return all, err
}

// Get returns one message; NotFound if there is none.
func (i *Inbox) Get(ctx context.Context, id string) (Mail, error) {
	var m Mail
	err := i.db.Read(ctx, func(tx *db.Tx) (err error) {
		m, err = scanMail(func(into ...any) error {
			return tx.Get(`SELECT `+mailColumns+` FROM inbox_message WHERE id = $1`, []any{id}, into...)
		})
		return err
	})
	return m, err
}

func scanMail(scan func(...any) error) (Mail, error) {
	var m Mail
	var at int64
	if err := scan(&m.ID, &m.Channel, &m.Kind, &m.To, &m.Lang, &m.Subject, &m.Text, &m.HTML, &at); err != nil {
		return m, err
	}
	m.At = db.Time(at)
	for _, link := range aLink.FindAllString(m.Text, -1) {
		if link = strings.TrimRight(link, ".,;:!?)"); !slices.Contains(m.Links, link) {
			m.Links = append(m.Links, link)
		}
	}
	if m.Channel == SMS {
		m.Code = aCode.FindString(m.Text)
	}
	return m, nil
}

var (
	aLink = regexp.MustCompile(`https?://[^\s<>"]+`)
	aCode = regexp.MustCompile(`\b[0-9]{6,8}\b`)
)
