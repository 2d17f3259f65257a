package outbox

import (
	"time"

	"vestibule/internal/carrier"
	"vestibule/internal/db"
)

func insert(tx *db.Tx, id, state, sealed string, m Message) error {
	return tx.Do(`
		INSERT INTO outbox_message (id, kind, channel, about, recipient, lang, subject, body, state, reason, replaced_by, attempts,
			queued_at, due_at, until_at, settled_at, lease_token, lease_until, carrier, answer)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,'','',0,$10,$10,$11,0,'',0,'','')`,
		id, m.Kind, string(m.Channel), m.About, m.To, m.Lang, m.Subject, sealed, state, db.Micros(tx.Now()), db.Micros(m.Until))
}

func insertWithheld(tx *db.Tx, id string, m Message) error {
	return tx.Do(`
		INSERT INTO outbox_message (id, kind, channel, about, recipient, lang, subject, body, state, reason, replaced_by, attempts,
			queued_at, due_at, until_at, settled_at, lease_token, lease_until, carrier, answer)
		VALUES ($1,$2,$3,$4,$5,$6,$7,'',$8,$9,'',0,$10,$10,$11,$10,'',0,'','')`,
		id, m.Kind, string(m.Channel), m.About, m.To, m.Lang, m.Subject, Dropped, ByRule, db.Micros(tx.Now()), db.Micros(m.Until))
}

// replace takes back what m makes outdated. What is in a worker's hands can
// only be marked: it is dropped if that worker fails or dies.
func replace(tx *db.Tx, by string, m Message) error {
	if m.About == "" || m.Apart {
		return nil
	}
	address := m.To
	if m.Sole {
		address = ""
	}
	if _, err := tx.Count(`
		UPDATE outbox_message SET state = 'dropped', reason = $1, replaced_by = $2, body = '', settled_at = $3
		WHERE about = $4 AND kind = $5 AND channel = $6 AND ($7 = '' OR recipient = $7) AND state IN ('queued','held','failed') AND lease_until <= $3`,
		ByReplacement, by, db.Micros(tx.Now()), m.About, m.Kind, string(m.Channel), address); err != nil {
		return err
	}
	_, err := tx.Count(`
		UPDATE outbox_message SET reason = $1, replaced_by = $2
		WHERE about = $3 AND kind = $4 AND channel = $5 AND ($6 = '' OR recipient = $6) AND state = 'queued' AND lease_until > $7`,
		ByReplacement, by, m.About, m.Kind, string(m.Channel), address, db.Micros(tx.Now()))
	return err
}

func recall(tx *db.Tx, about string, kinds []string) (dropped int64, err error) {
	if len(kinds) == 0 {
		kinds = []string{""}
	}
	for _, kind := range kinds {
		n, err := tx.Count(`
			UPDATE outbox_message SET state = 'dropped', reason = $1, body = '', settled_at = $2
			WHERE about = $3 AND ($4 = '' OR kind = $4) AND state IN ('queued','held','failed') AND lease_until <= $2`,
			ByRecall, db.Micros(tx.Now()), about, kind)
		if err != nil {
			return dropped, err
		}
		dropped += n
		if _, err := tx.Count(`
			UPDATE outbox_message SET reason = $1
			WHERE about = $2 AND ($3 = '' OR kind = $3) AND state = 'queued' AND lease_until > $4`,
			ByRecall, about, kind, db.Micros(tx.Now())); err != nil {
			return dropped, err
		}
	}
	return dropped, nil
}

// A claim is a message in a worker's hands.
type claim struct {
	id, kind, channel, to, lang, subject, body string
	queuedAt                                   int64
	attempts                                   int
}

// take gives up what is of no use any more, then claims up to n messages of the
// channel under a lease until the given time, and counts the try.
func take(tx *db.Tx, channel carrier.Channel, token string, until int64, n int) ([]claim, error) {
	var got []claim
	err := tx.Each(`
		WITH due AS MATERIALIZED (
			SELECT id FROM outbox_message
			WHERE state = 'queued' AND due_at <= $1 AND lease_until <= $1 AND channel = $2 AND reason = '' AND (until_at = 0 OR until_at > $1)
			ORDER BY due_at, id LIMIT $3 `+tx.SkipLocked()+`
		)
		UPDATE outbox_message SET lease_token = $4, lease_until = $5, attempts = attempts + 1
		WHERE id IN (SELECT id FROM due)
		RETURNING id, kind, channel, recipient, lang, subject, body, queued_at, attempts`,
		[]any{db.Micros(tx.Now()), string(channel), n, token, until},
		func(scan func(...any) error) error {
			var c claim
			err := scan(&c.id, &c.kind, &c.channel, &c.to, &c.lang, &c.subject, &c.body, &c.queuedAt, &c.attempts)
			got = append(got, c)
			return err
		})
	return got, err
}

// expire drops what is of no use any more, and what was marked as outdated in
// the hands of a worker that never came back.
func expire(tx *db.Tx) error {
	now := db.Micros(tx.Now())
	_, err := tx.Count(`
		UPDATE outbox_message SET state = 'dropped', reason = $1, body = '', settled_at = $2
		WHERE state IN ('queued','held','failed') AND lease_until <= $2 AND until_at > 0 AND until_at <= $2`, ByExpiry, now)
	if err != nil {
		return err
	}
	_, err = tx.Count(`
		UPDATE outbox_message SET state = 'dropped', body = '', settled_at = $1
		WHERE state = 'queued' AND lease_until <= $1 AND reason <> ''`, now)
	return err
}

// nothingDue reports whether no message of any channel could be claimed or
// given up now.
func nothingDue(tx *db.Tx) (bool, error) {
	n := 0
	err := tx.Get(`
		SELECT COUNT(*) FROM (SELECT id FROM outbox_message WHERE state = 'queued' AND due_at <= $1 AND lease_until <= $1 LIMIT 1) due`,
		[]any{db.Micros(tx.Now())}, &n)
	return n == 0, err
}

// settleSent records that a carrier took the message. A token that is no longer
// the row's changes nothing: another worker has it.
func settleSent(tx *db.Tx, id, token, by, answer string) error {
	_, err := tx.Count(`
		UPDATE outbox_message SET state = 'sent', reason = '', body = '', settled_at = $1, lease_token = '', lease_until = 0, carrier = $2, answer = $3
		WHERE id = $4 AND lease_token = $5 AND state = 'queued'`, db.Micros(tx.Now()), by, answer, id, token)
	return err
}

// settleUnsent records that no carrier took the message: it failed, or waits
// until due. What was marked as outdated meanwhile is dropped by the next claim.
func settleUnsent(tx *db.Tx, id, token, by, answer string, failed bool, due time.Time) error {
	state, settled := Queued, int64(0)
	if failed {
		state, settled = Failed, db.Micros(tx.Now())
	}
	n, err := tx.Count(`
		UPDATE outbox_message SET state = $1, settled_at = $2, due_at = $3, lease_token = '', lease_until = 0, carrier = $4, answer = $5
		WHERE id = $6 AND lease_token = $7 AND state = 'queued' AND reason = ''`, state, settled, db.Micros(due), by, answer, id, token)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Count(`
		UPDATE outbox_message SET state = 'dropped', body = '', settled_at = $1, lease_token = '', lease_until = 0, carrier = $2, answer = $3
		WHERE id = $4 AND lease_token = $5 AND state = 'queued'`, db.Micros(tx.Now()), by, answer, id, token)
	return err
}

const columns = `id, kind, channel, about, recipient, lang, subject, state, reason, attempts, queued_at, due_at, until_at, settled_at, lease_until, carrier, answer`

func read(tx *db.Tx, scan func(...any) error, more ...any) (Entry, error) {
	var e Entry
	var queued, due, until, settled, lease int64
	err := scan(append([]any{&e.ID, &e.Kind, &e.Channel, &e.About, &e.To, &e.Lang, &e.Subject, &e.State, &e.Reason, &e.Attempts,
		&queued, &due, &until, &settled, &lease, &e.Carrier, &e.Answer}, more...)...)
	e.QueuedAt, e.DueAt, e.Until, e.SettledAt = db.Time(queued), db.Time(due), db.Time(until), db.Time(settled)
	e.InHand = e.State == Queued && lease > db.Micros(tx.Now())
	return e, err
}

func get(tx *db.Tx, id string) (e Entry, body string, err error) {
	e, err = read(tx, func(into ...any) error {
		return tx.Get(`SELECT `+columns+`, body FROM outbox_message WHERE id = $1`, []any{id}, into...)
	}, &body)
	return e, body, err
}

func list(tx *db.Tx, f Filter) ([]Entry, error) {
	var all []Entry
	err := tx.Each(`
		SELECT `+columns+` FROM outbox_message
		WHERE ($1 = '' OR state = $1) AND ($2 = '' OR channel = $2) AND ($3 = '' OR kind = $3) AND ($4 = '' OR about = $4)
		  AND ($5 = '' OR recipient = $5) AND ($6 = '' OR id < $6)
		ORDER BY id DESC LIMIT $7`,
		[]any{f.State, string(f.Channel), f.Kind, f.About, f.To, f.Before, f.Limit},
		func(scan func(...any) error) error {
			e, err := read(tx, scan)
			all = append(all, e)
			return err
		})
	return all, err
}

func count(tx *db.Tx) (Counts, error) {
	var c Counts
	err := tx.Each(`SELECT state, COUNT(*), MIN(queued_at) FROM outbox_message WHERE state IN ('queued','held','failed') GROUP BY state`, nil,
		func(scan func(...any) error) error {
			var state string
			var n int
			var oldest int64
			if err := scan(&state, &n, &oldest); err != nil {
				return err
			}
			switch state {
			case Queued:
				c.Queued, c.Oldest = n, db.Time(oldest)
			case Held:
				c.Held = n
			case Failed:
				c.Failed = n
			}
			return nil
		})
	return c, err
}
