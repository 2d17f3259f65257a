package session

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// Columns are the columns of a Row, of the table session as s, for a query that reads a session together with facts about its
// account: a check of who is signed in is one read.
const Columns = `s.id, s.secret_hash, s.kind, s.account_id, s.started_at, s.seen_at, s.fresh_at, s.idle, s.idle_ends_at, s.ends_at, s.address, s.agent`

// A Row is a session as read, not yet found to be the token's and alive.
type Row struct {
	id, hash, kind, account, address, agent    string
	started, seen, fresh, idle, idleEnds, ends int64
}

// Into are the places to scan Columns into.
func (r *Row) Into() []any {
	return []any{&r.id, &r.hash, &r.kind, &r.account, &r.started, &r.seen, &r.fresh, &r.idle, &r.idleEnds, &r.ends, &r.address, &r.agent}
}

// Session is the row's session, if the token is its own and it is alive. It fails as Load does.
func (r *Row) Session(tx *db.Tx, kind Kind, t Token) (*Session, error) {
	now := db.Micros(tx.Now())
	switch {
	case r.id != t.ID(), Kind(r.kind) != kind, !secret.Same(r.hash, secret.Hash(t.key())):
		return nil, fault.New(fault.Unauthenticated, "session-none")
	case now >= r.ends:
		return nil, fault.New(fault.Unauthenticated, "session-over")
	case now >= r.idleEnds:
		return nil, fault.New(fault.Unauthenticated, "session-idle")
	}
	return r.session(), nil
}

func (r *Row) session() *Session {
	return &Session{
		ID: r.id, Kind: Kind(r.kind), Account: r.account,
		StartedAt: db.Time(r.started), SeenAt: db.Time(r.seen), FreshAt: db.Time(r.fresh), EndsAt: db.Time(r.ends),
		Address: r.address, Agent: r.agent, idle: time.Duration(r.idle) * time.Microsecond,
	}
}

func insert(tx *db.Tx, s *Session, hash string) error {
	return tx.Do(`INSERT INTO session (id, secret_hash, kind, account_id, started_at, seen_at, fresh_at, idle, idle_ends_at, ends_at, address, agent)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)`,
		s.ID, hash, string(s.Kind), s.Account, db.Micros(s.StartedAt), db.Micros(s.SeenAt), db.Micros(s.FreshAt),
		s.idle.Microseconds(), db.Micros(s.SeenAt.Add(s.idle)), db.Micros(s.EndsAt), s.Address, s.Agent)
}

// touch moves the idle end on. It names the last use it knows to be old, so that of many pages opened at once one writes.
func touch(tx *db.Tx, id string, now time.Time, idle time.Duration) (bool, error) {
	n, err := tx.Count(`UPDATE session SET seen_at = $1, idle_ends_at = $2 WHERE id = $3 AND seen_at <= $4 AND idle_ends_at > $1`,
		db.Micros(now), db.Micros(now.Add(idle)), id, db.Micros(now.Add(-touchEvery)))
	return n == 1, err
}

func rekey(tx *db.Tx, id, old, hash string) error {
	return tx.Do(`UPDATE session SET secret_hash = $1 WHERE id = $2 AND secret_hash = $3`, hash, id, old)
}

func freshen(tx *db.Tx, id string, at time.Time) error {
	return tx.Do(`UPDATE session SET fresh_at = $1 WHERE id = $2`, db.Micros(at), id)
}

func remove(tx *db.Tx, account, id string) error {
	_, err := tx.Count(`DELETE FROM session WHERE id = $1 AND account_id = $2`, id, account)
	return err
}

func removeAll(tx *db.Tx, account, except string) (int64, error) {
	return tx.Count(`DELETE FROM session WHERE account_id = $1 AND id <> $2`, account, except)
}

func list(tx *db.Tx, account string, now time.Time) ([]*Session, error) {
	var all []*Session
	err := tx.Each(`SELECT `+Columns+` FROM session s WHERE s.account_id = $1 AND s.idle_ends_at > $2 AND s.ends_at > $2
		ORDER BY s.seen_at DESC, s.id DESC`, []any{account, db.Micros(now)}, func(scan func(...any) error) error {
		var r Row
		if err := scan(r.Into()...); err != nil {
			return err
		}
		all = append(all, r.session())
		return nil
	})
	return all, err
}

// sweep goes by the idle end alone, which has an index: a session in use past its absolute end is left idle soon after.
func sweep(tx *db.Tx, before time.Time, n int) (int64, error) {
	return tx.Count(`WITH old AS MATERIALIZED (SELECT id FROM session WHERE idle_ends_at <= $1 ORDER BY idle_ends_at LIMIT $2 `+tx.SkipLocked()+`)
		DELETE FROM session WHERE id IN (SELECT id FROM old)`, db.Micros(before), n)
}
