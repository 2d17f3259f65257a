// Package audit keeps what happened, by whom, in a chain that shows every
// change.
//
// An event is added in the transaction of the act it tells of: no act without
// its event, no event without its act. Each row's hash covers the row before it,
// so that a changed, missing or reordered row is found by Verify. Personal data
// stands beside the chain: the chain holds a salted hash of it, and it can be
// erased without breaking anything (ASVS V16.4; GDPR Art. 17).
//
// Actions are named "thing.act", after the OWASP Application Logging Vocabulary
// where it has a word.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// Kinds of actors.
const (
	Visitor = "visitor" // nobody has signed in
	Client  = "client"  // an account of a client
	Staff   = "staff"   // an account of the vendor's people
	Service = "service" // a service account of a client
	System  = "system"  // a chore, or the operator at the console
)

// An Actor is who did it.
type Actor struct{ Kind, ID string }

// An Event is one thing that happened.
type Event struct {
	Action       string
	Actor        Actor             // the Origin's, where it is not set
	Subject      string            // "account:ID", "request:ID", …
	Organization string            // its id, or ""
	Detail       map[string]string // may hold personal data: outside the chain. Never secrets
}

// An Origin is what a request knows of whoever asks; it travels in the context.
type Origin struct {
	Address   string // the peer's
	RequestID string
	Actor     Actor
}

type originKey struct{}

// With returns a context that carries the origin to Add.
func With(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// From returns the context's origin; without one the actor is the System.
func From(ctx context.Context) Origin {
	if o, ok := ctx.Value(originKey{}).(Origin); ok {
		return o
	}
	return Origin{Actor: Actor{Kind: System}}
}

type pending struct {
	row    row
	salt   string
	detail string
}

// Add notes the event. It joins the chain as the last thing before the commit,
// since the chain's head is one row that all writers want.
func Add(tx *db.Tx, src secret.Source, e Event) error {
	o := From(tx.Context())
	if e.Actor == (Actor{}) {
		e.Actor = o.Actor
	}
	if e.Actor.Kind == "" {
		e.Actor.Kind = Visitor
	}
	if e.Action == "" {
		return fmt.Errorf("audit: an event without an action")
	}
	p := pending{row: row{
		id: src.ID(tx.Now()), at: db.Micros(tx.Now()), action: e.Action, actor: e.Actor,
		subject: e.Subject, organization: e.Organization, requestID: o.RequestID,
	}}
	detail := e.Detail
	if o.Address != "" {
		detail = map[string]string{"address": o.Address}
		for k, v := range e.Detail {
			detail[k] = v
		}
	}
	if len(detail) > 0 {
		b, err := json.Marshal(detail) // sorts the keys
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		p.detail, p.salt = string(b), src.Token()
		p.row.detailHash = secret.Hash(p.salt, p.detail)
	}
	tx.BeforeCommit(func(tx *db.Tx) error { return p.append(tx) })
	return nil
}

func (p pending) append(tx *db.Tx) error {
	var head string
	err := tx.Get(`UPDATE event_head SET seq = seq + 1 WHERE one = 1 RETURNING seq, hash`, nil, &p.row.seq, &head)
	if err != nil {
		return err
	}
	hash := p.row.hash(head)
	r := p.row
	err = tx.Do(`INSERT INTO event (seq, id, at, action, actor_kind, actor_id, subject, organization, request_id, detail_hash, hash)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`,
		r.seq, r.id, r.at, r.action, r.actor.Kind, r.actor.ID, r.subject, r.organization, r.requestID, r.detailHash, hash)
	if err != nil {
		return err
	}
	if p.detail != "" {
		if err := tx.Do(`INSERT INTO event_detail (event_id, salt, data) VALUES ($1,$2,$3)`, r.id, p.salt, p.detail); err != nil {
			return err
		}
	}
	return tx.Do(`UPDATE event_head SET hash = $1 WHERE one = 1 AND seq = $2`, hash, r.seq)
}

type row struct {
	seq          int64
	id           string
	at           int64
	action       string
	actor        Actor
	subject      string
	organization string
	requestID    string
	detailHash   string
}

// hash covers every field by its length, so that no two rows can be read as one
// another.
func (r row) hash(previous string) string {
	var b strings.Builder
	for _, s := range []string{
		previous, strconv.FormatInt(r.seq, 10), r.id, strconv.FormatInt(r.at, 10), r.action,
		r.actor.Kind, r.actor.ID, r.subject, r.organization, r.requestID, r.detailHash,
	} {
		fmt.Fprintf(&b, "%d:%s,", len(s), s)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// An Entry is an event as it is read again.
type Entry struct {
	Seq          int64
	At           time.Time
	Action       string
	Actor        Actor
	Subject      string
	Organization string
	RequestID    string
	Detail       map[string]string // nil where there was none or it was erased
}

const columns = `e.seq, e.at, e.action, e.actor_kind, e.actor_id, e.subject, e.organization, e.request_id, coalesce(d.data, '')`

// History returns the newest events about a subject, newest first.
func History(tx *db.Tx, subject string, limit int) ([]Entry, error) {
	return entries(tx, `WHERE e.subject = $1 ORDER BY e.seq DESC LIMIT $2`, subject, limit)
}

// First returns when an action first happened to a subject since the instant, or the zero time.
func First(tx *db.Tx, subject, action string, since time.Time) (time.Time, error) {
	var at int64
	err := tx.Get(`SELECT COALESCE(MIN(at), 0) FROM event WHERE subject = $1 AND action = $2 AND at >= $3`, []any{subject, action, db.Micros(since)}, &at)
	return db.Time(at), err
}

// HistoryBefore returns the newest events about a subject, newest first, before
// the event with the given number; 0 means from the newest.
func HistoryBefore(tx *db.Tx, subject string, before int64, limit int) ([]Entry, error) {
	if before == 0 {
		return History(tx, subject, limit)
	}
	return entries(tx, `WHERE e.subject = $1 AND e.seq < $2 ORDER BY e.seq DESC LIMIT $3`, subject, before, limit)
}

// Recent returns the newest events of all, newest first, before the event with
// the given number; 0 means from the newest.
func Recent(tx *db.Tx, before int64, limit int) ([]Entry, error) {
	if before == 0 {
		return entries(tx, `ORDER BY e.seq DESC LIMIT $1`, limit)
	}
	return entries(tx, `WHERE e.seq < $1 ORDER BY e.seq DESC LIMIT $2`, before, limit)
}

func entries(tx *db.Tx, where string, args ...any) ([]Entry, error) {
	var all []Entry
	err := tx.Each(`SELECT `+columns+` FROM event e LEFT JOIN event_detail d ON d.event_id = e.id `+where, args,
		func(scan func(...any) error) error {
			var e Entry
			var at int64
			var data string
			err := scan(&e.Seq, &at, &e.Action, &e.Actor.Kind, &e.Actor.ID, &e.Subject, &e.Organization, &e.RequestID, &data)
			if err != nil {
				return err
			}
			e.At = db.Time(at)
			if data != "" {
				if err := json.Unmarshal([]byte(data), &e.Detail); err != nil {
					return fmt.Errorf("audit: event %d: %w", e.Seq, err)
				}
			}
			all = append(all, e)
			return nil
		})
	return all, err
}

// Erase removes the personal data of every event about a subject and says of how
// many. The chain stays whole.
func Erase(tx *db.Tx, subject string) (int64, error) {
	return tx.Count(`DELETE FROM event_detail WHERE event_id IN (SELECT id FROM event WHERE subject = $1)`, subject)
}

// A Report is what Verify found.
type Report struct {
	Events   int64
	Head     string   // the hash of the last event
	Problems []string // in order; none is a whole chain
}

// maxProblems bounds a report on a ruined chain.
const maxProblems = 20

// Verify reads the whole chain and reports each row that was changed, is missing
// or stands in the wrong place, and each detail that was changed.
func Verify(ctx context.Context, d *db.DB) (Report, error) {
	var rep Report
	err := d.Read(ctx, func(tx *db.Tx) error {
		rep = Report{}
		problem := func(format string, a ...any) {
			if len(rep.Problems) < maxProblems {
				rep.Problems = append(rep.Problems, fmt.Sprintf(format, a...))
			}
		}
		expected := int64(1)
		err := tx.Each(`SELECT e.seq, e.id, e.at, e.action, e.actor_kind, e.actor_id, e.subject, e.organization, e.request_id,
				e.detail_hash, e.hash, coalesce(d.salt, ''), coalesce(d.data, '')
			FROM event e LEFT JOIN event_detail d ON d.event_id = e.id ORDER BY e.seq`, nil,
			func(scan func(...any) error) error {
				var r row
				var hash, salt, data string
				err := scan(&r.seq, &r.id, &r.at, &r.action, &r.actor.Kind, &r.actor.ID, &r.subject, &r.organization,
					&r.requestID, &r.detailHash, &hash, &salt, &data)
				if err != nil {
					return err
				}
				if r.seq != expected {
					problem("events %d to %d are missing", expected, r.seq-1)
				}
				if r.hash(rep.Head) != hash && r.seq == expected {
					problem("event %d was changed, or the one before it was", r.seq)
				}
				if data != "" && secret.Hash(salt, data) != r.detailHash {
					problem("the detail of event %d was changed", r.seq)
				}
				rep.Events, rep.Head, expected = rep.Events+1, hash, r.seq+1
				return nil
			})
		if err != nil {
			return err
		}
		var seq int64
		var head string
		err = tx.Get(`SELECT seq, hash FROM event_head WHERE one = 1`, nil, &seq, &head)
		if fault.Is(err, fault.NotFound) {
			problem("the head of the chain is missing")
			return nil
		}
		if err == nil && (seq != expected-1 || head != rep.Head) {
			problem("the head names event %d, the last one is %d: the tail was cut", seq, expected-1)
		}
		return err
	})
	return rep, err
}
