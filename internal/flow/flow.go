// Package flow keeps the state of a dialogue of several steps in the database,
// so that it survives a crash and goes on at any node.
//
// A flow is one row. Its holder has a Ticket, of which the row keeps a hash.
// Each step loads the row, decides, and saves it: Save succeeds only on the
// version that was loaded, so of several submits of one step one alone counts.
// The row says which page comes next; steps never route to one another.
//
// What a step may follow which is the capability's own table (its steps.go);
// this package knows rows, tickets and ends.
package flow

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A Ticket is what the browser holds: "id.secret".
type Ticket string

// ID is the flow that the ticket names, whether or not its secret is right. It
// serves as a key for limits.
func (t Ticket) ID() string {
	id, _, _ := strings.Cut(string(t), ".")
	return id
}

// A Flow is a row of which Data is the capability's own.
type Flow[D any] struct {
	ID        string
	Step      string
	Subject   string // whom the dialogue is about, once known; or ""
	Data      D
	CreatedAt time.Time
	UpdatedAt time.Time
	ExpiresAt time.Time

	kind    string
	version int64
}

// Start begins a flow of the given kind at its first step.
func Start[D any](tx *db.Tx, src secret.Source, kind, step string, data D, ttl time.Duration) (*Flow[D], Ticket, error) {
	now := tx.Now()
	f := &Flow[D]{
		ID: src.ID(now), Step: step, Data: data, kind: kind, version: 1,
		CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(ttl),
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return nil, "", fmt.Errorf("flow: %w", err)
	}
	key := src.Token()
	err = tx.Do(`INSERT INTO flow (id, secret_hash, kind, step, subject, data, version, created_at, updated_at, expires_at)
		VALUES ($1,$2,$3,$4,'',$5,1,$6,$6,$7)`,
		f.ID, secret.Hash(key), kind, step, string(encoded), db.Micros(now), db.Micros(f.ExpiresAt))
	return f, Ticket(f.ID + "." + key), err
}

const columns = `id, secret_hash, step, subject, data, version, created_at, updated_at, expires_at`

func scan[D any](kind string, row func(...any) error) (*Flow[D], string, error) {
	f := &Flow[D]{kind: kind}
	var hash, data string
	var created, updated, expires int64
	if err := row(&f.ID, &hash, &f.Step, &f.Subject, &data, &f.version, &created, &updated, &expires); err != nil {
		return nil, "", err
	}
	f.CreatedAt, f.UpdatedAt, f.ExpiresAt = db.Time(created), db.Time(updated), db.Time(expires)
	if err := json.Unmarshal([]byte(data), &f.Data); err != nil {
		return nil, "", fmt.Errorf("flow %s: %w", f.ID, err)
	}
	return f, hash, nil
}

func one[D any](tx *db.Tx, kind, where string, arg string) (*Flow[D], string, error) {
	f, hash, err := scan[D](kind, func(into ...any) error {
		return tx.Get(`SELECT `+columns+` FROM flow WHERE kind = $1 AND `+where, []any{kind, arg}, into...)
	})
	if fault.Is(err, fault.NotFound) {
		return nil, "", gone()
	}
	return f, hash, err
}

func gone() error { return fault.New(fault.Gone, "flow-gone") }

// Load returns the ticket's flow; one that expired, was finished or never was
// is Gone "flow-gone", and so is a wrong secret.
func Load[D any](tx *db.Tx, kind string, t Ticket) (*Flow[D], error) {
	id, key, _ := strings.Cut(string(t), ".")
	f, hash, err := one[D](tx, kind, `id = $2`, id)
	if err != nil {
		return nil, err
	}
	if !secret.Same(hash, secret.Hash(key)) || !f.ExpiresAt.After(tx.Now()) {
		return nil, gone()
	}
	return f, nil
}

// LoadByID returns a flow without its ticket, for staff and housekeeping.
func LoadByID[D any](tx *db.Tx, kind, id string) (*Flow[D], error) {
	f, _, err := one[D](tx, kind, `id = $2`, id)
	return f, err
}

// LoadBySubject returns the newest flow about a subject, expired or not.
func LoadBySubject[D any](tx *db.Tx, kind, subject string) (*Flow[D], error) {
	f, _, err := one[D](tx, kind, `subject = $2 ORDER BY created_at DESC, id DESC LIMIT 1`, subject)
	return f, err
}

// AtStep returns up to limit unexpired flows that stand at a step, the one that
// waits longest first.
func AtStep[D any](tx *db.Tx, kind, step string, limit int) ([]*Flow[D], error) {
	return list[D](tx, kind, `step = $2 AND expires_at > $3 ORDER BY updated_at, id LIMIT $4`,
		kind, step, db.Micros(tx.Now()), limit)
}

// Expired returns up to limit flows whose time ran out before the given instant.
func Expired[D any](tx *db.Tx, kind string, before time.Time, limit int) ([]*Flow[D], error) {
	return list[D](tx, kind, `expires_at <= $2 ORDER BY expires_at, id LIMIT $3`, kind, db.Micros(before), limit)
}

func list[D any](tx *db.Tx, kind, where string, args ...any) ([]*Flow[D], error) {
	var all []*Flow[D]
	err := tx.Each(`SELECT `+columns+` FROM flow WHERE kind = $1 AND `+where, args, func(row func(...any) error) error {
		f, _, err := scan[D](kind, row)
		if err == nil {
			all = append(all, f)
		}
		return err
	})
	return all, err
}

// Save writes step, subject, data and end back; it is Conflict "changed" if
// another did so since the flow was loaded.
func (f *Flow[D]) Save(tx *db.Tx) error {
	data, err := json.Marshal(f.Data)
	if err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	err = tx.Do(`UPDATE flow SET step = $1, subject = $2, data = $3, expires_at = $4, updated_at = $5, version = version + 1
		WHERE id = $6 AND version = $7`,
		f.Step, f.Subject, string(data), db.Micros(f.ExpiresAt), db.Micros(tx.Now()), f.ID, f.version)
	if err == nil {
		f.version++
		f.UpdatedAt = tx.Now()
	}
	return err
}

// NewTicket gives the flow a new ticket; the old one dies at once. It is for a
// link that moves the dialogue to another browser, and for changes of rights.
func (f *Flow[D]) NewTicket(tx *db.Tx, src secret.Source) (Ticket, error) {
	key := src.Token()
	err := tx.Do(`UPDATE flow SET secret_hash = $1, version = version + 1 WHERE id = $2 AND version = $3`,
		secret.Hash(key), f.ID, f.version)
	if err != nil {
		return "", err
	}
	f.version++
	return Ticket(f.ID + "." + key), nil
}

// Finish ends the flow: nothing of it remains. It is Conflict "changed" if
// another saved it since it was loaded.
func (f *Flow[D]) Finish(tx *db.Tx) error {
	return tx.Do(`DELETE FROM flow WHERE id = $1 AND version = $2`, f.ID, f.version)
}

// Sweep removes up to limit flows, of any kind, whose time ran out before the
// given instant, and says how many.
func Sweep(tx *db.Tx, before time.Time, limit int) (int64, error) {
	return tx.Count(`DELETE FROM flow WHERE id IN (SELECT id FROM flow WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`,
		db.Micros(before), limit)
}
