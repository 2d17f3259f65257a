package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"vestibule/internal/fault"
)

// A Tx is one transaction with one idea of now. It is for one goroutine.
type Tx struct {
	inner  *sql.Tx
	ctx    context.Context // of the caller
	within context.Context // that statements run in
	now    time.Time
	pg     bool
	before []func(*Tx) error
	after  []func()

	ran        *atomic.Uint64 // statements, of the whole database
	prepared   *statements    // nil: the driver does it
	unprepared []string       // queries of this transaction that were not prepared
}

// Now is the time of the transaction, in UTC, to the microsecond.
func (tx *Tx) Now() time.Time { return tx.now }

// Context is the context that the transaction was opened with.
func (tx *Tx) Context() context.Context { return tx.ctx }

// BeforeCommit runs f as the last thing inside the transaction, in the order of
// the calls; its error undoes all. It is for locks that should be held briefly.
func (tx *Tx) BeforeCommit(f func(*Tx) error) { tx.before = append(tx.before, f) }

// AfterCommit runs f if, and only if, the transaction commits.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// SkipLocked is the clause by which a worker passes over rows that another
// holds. Use it inside WITH … AS MATERIALIZED.
func (tx *Tx) SkipLocked() string {
	if tx.pg {
		return "FOR UPDATE SKIP LOCKED"
	}
	return "" // SQLite has one writer: no other holds any
}

// ForUpdate is the clause that locks the rows a query reads until the
// transaction ends.
func (tx *Tx) ForUpdate() string {
	if tx.pg {
		return "FOR UPDATE"
	}
	return "" // a writing SQLite transaction holds the whole database
}

// Do runs a statement that must change exactly one row. If it changed none,
// what the caller expected is no longer so: Conflict "changed". More than one
// is a fault of ours.
func (tx *Tx) Do(query string, args ...any) error {
	n, err := tx.Count(query, args...)
	switch {
	case err != nil:
		return err
	case n == 0:
		return fault.New(fault.Conflict, "changed")
	case n > 1:
		return fmt.Errorf("db: %d rows changed where one was meant", n)
	}
	return nil
}

// Count runs a statement and says how many rows it changed.
func (tx *Tx) Count(query string, args ...any) (int64, error) {
	if err := tx.over(); err != nil {
		return 0, err
	}
	var res sql.Result
	var err error
	if s := tx.statement(query); s != nil { //nolint:sqlclosecheck // the transaction closes it
		res, err = s.ExecContext(tx.within, args...)
	} else {
		res, err = tx.inner.ExecContext(tx.within, query, args...)
	}
	if err != nil {
		return 0, translate(err)
	}
	n, err := res.RowsAffected()
	return n, translate(err)
}

// Get reads one row; no row is NotFound "not-found".
func (tx *Tx) Get(query string, args []any, into ...any) error {
	if err := tx.over(); err != nil {
		return err
	}
	if s := tx.statement(query); s != nil { //nolint:sqlclosecheck // the transaction closes it
		return translate(s.QueryRowContext(tx.within, args...).Scan(into...))
	}
	return translate(tx.inner.QueryRowContext(tx.within, query, args...).Scan(into...))
}

// Each reads rows until none is left or f fails. f must not use tx.
func (tx *Tx) Each(query string, args []any, f func(scan func(...any) error) error) error {
	if err := tx.over(); err != nil {
		return err
	}
	var rows *sql.Rows
	var err error
	if s := tx.statement(query); s != nil { //nolint:sqlclosecheck // the transaction closes it
		rows, err = s.QueryContext(tx.within, args...)
	} else {
		rows, err = tx.inner.QueryContext(tx.within, query, args...)
	}
	if err != nil {
		return translate(err)
	}
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return translate(errors.Join(rows.Err(), rows.Close()))
}

// over counts a statement that is to run, and is why it must not, or nil. On SQLite it is asked
// between statements, which are too short to be watched (see DB.begin).
func (tx *Tx) over() error {
	tx.ran.Add(1)
	if err := tx.ctx.Err(); err != nil {
		return fmt.Errorf("db: %w", err)
	}
	return nil
}

// statement is the prepared query, or nil where it has to be read.
func (tx *Tx) statement(query string) *sql.Stmt {
	if tx.prepared == nil {
		return nil
	}
	if s := tx.prepared.of(query); s != nil {
		return tx.inner.StmtContext(tx.within, s)
	}
	tx.unprepared = append(tx.unprepared, query)
	return nil
}

// Micros and Time carry times to and from a BIGINT column. The zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the inverse of Micros, in UTC.
func Time(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// SQLite's extended result codes (https://sqlite.org/rescode.html).
const (
	sqliteConstraintUnique     = 2067
	sqliteConstraintPrimaryKey = 1555
	postgresUniqueViolation    = "23505"
)

// translate gives the two drivers' errors one meaning, by code, never by text.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Because(fault.NotFound, "not-found", err)
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok && pe.Code == postgresUniqueViolation {
		return fault.Because(fault.Conflict, "exists", err)
	}
	if se, ok := errors.AsType[*sqlite.Error](err); ok && (se.Code() == sqliteConstraintUnique || se.Code() == sqliteConstraintPrimaryKey) {
		return fault.Because(fault.Conflict, "exists", err)
	}
	return away("query", err)
}

// away tells a database that cannot be reached from a query that is wrong: the
// first is Unavailable, and a person may come back (ASVS V16.5.2).
func away(what string, err error) error {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", RetryAfter: 10 * time.Second, Cause: err}
	}
	if _, ok := errors.AsType[*net.OpError](err); ok || errors.Is(err, driver.ErrBadConn) {
		return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", RetryAfter: 10 * time.Second, Cause: err}
	}
	return fmt.Errorf("db: %s: %w", what, err)
}
