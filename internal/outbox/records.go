package outbox

import (
	"time"

	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// An Entry is the record of a message.
type Entry struct {
	ID        string
	Kind      string
	Channel   carrier.Channel
	About     string
	To        string
	Lang      string
	Subject   string // e-mail only
	State     string
	Reason    string // why it was dropped, or will be
	Attempts  int
	InHand    bool // a worker has it now
	QueuedAt  time.Time
	DueAt     time.Time // when it is tried next, while queued
	Until     time.Time // of no use after; zero for always
	SettledAt time.Time
	Carrier   string // who had it last
	Answer    string // what that one said, free of codes and links
}

// A Filter chooses records. Zero fields choose all.
type Filter struct {
	State   string
	Channel carrier.Channel
	Kind    string
	About   string
	To      string // the whole address
	Before  string // an Entry's id: what is older than it
	Limit   int    // 50
}

// A Letter is a message as staff may read it: codes and links are masked. Once
// the message has left, or was dropped, nothing but the record is there.
type Letter struct {
	Entry
	Text, HTML string
}

// List returns the records, newest first.
func (o *Outbox) List(tx *db.Tx, f Filter) ([]Entry, error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	return list(tx, f)
}

// Show returns one message; NotFound if there is none.
func (o *Outbox) Show(tx *db.Tx, id string) (Letter, error) {
	e, body, err := get(tx, id)
	if err != nil || body == "" {
		return Letter{Entry: e}, err
	}
	l, err := o.open(id, body)
	if err != nil {
		return Letter{Entry: e}, err
	}
	return Letter{Entry: e, Text: l.mask(l.Text), HTML: l.mask(l.HTML)}, nil
}

// Retry makes a message that failed, or waits for its next try, due at once,
// with all its tries before it. Gone "message-expired" if it is of no use any
// more, Conflict "message-in-hand" while a worker has it, Conflict "changed" if
// it is neither failed nor waiting.
func (o *Outbox) Retry(tx *db.Tx, id string) error {
	e, err := o.mine(tx, id)
	if err != nil {
		return err
	}
	if !e.Until.IsZero() && !tx.Now().Before(e.Until) {
		return fault.New(fault.Gone, "message-expired")
	}
	tx.AfterCommit(o.wake)
	return tx.Do(`
		UPDATE outbox_message SET state = 'queued', attempts = 0, due_at = $1, settled_at = 0
		WHERE id = $2 AND state IN ('failed','queued') AND lease_until <= $1`, db.Micros(tx.Now()), id)
}

// Drop gives up a message that has not left and wipes it. Conflict
// "message-in-hand" while a worker has it, Conflict "changed" if it has left or
// was dropped.
func (o *Outbox) Drop(tx *db.Tx, id string) error {
	if _, err := o.mine(tx, id); err != nil {
		return err
	}
	return tx.Do(`
		UPDATE outbox_message SET state = 'dropped', reason = $1, body = '', settled_at = $2
		WHERE id = $3 AND state IN ('queued','held','failed') AND lease_until <= $2`, ByStaff, db.Micros(tx.Now()), id)
}

// mine reads a record that nobody else has in hand.
func (o *Outbox) mine(tx *db.Tx, id string) (Entry, error) {
	e, _, err := get(tx, id)
	if err == nil && e.InHand {
		err = fault.New(fault.Conflict, "message-in-hand")
	}
	return e, err
}

// Counts say how the queue stands.
type Counts struct {
	Queued int
	Held   int
	Failed int
	Oldest time.Time // when the oldest queued message was added; zero without one
}

// Count tells how the queue stands, for the doctor, the office and counters.
func (o *Outbox) Count(tx *db.Tx) (Counts, error) { return count(tx) }

// Holding reports whether messages of the channel are held, because no carrier
// is configured for it.
func (o *Outbox) Holding(c carrier.Channel) bool { return len(o.o.Carriers[c]) == 0 }
