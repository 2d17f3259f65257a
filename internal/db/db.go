// Package db opens the portal's database and runs transactions on it.
//
// One SQL text serves SQLite and PostgreSQL: placeholders are $1, $2; times are
// microseconds in BIGINT, 0 for never; ids are made by package secret; flags
// are BOOLEAN; everything else is TEXT. What cannot be said in one text is a
// method of Tx, and there are few.
//
// The pools are private: without a *Tx there is no database, and with one there
// is no way round it. Now belongs to the transaction: it is read once when the
// transaction opens, so that all that a transaction writes bears one time.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// DB is the database of one portal. Its methods are safe for many goroutines.
type DB struct {
	read, write *sql.DB
	prepared    map[*sql.DB]*statements // of each SQLite pool
	pg          bool
	now         func() time.Time
	crash       func(point string)
	ran         atomic.Uint64
}

// Statements is how many statements were run since the database was opened. What it grows by between two answers says whether
// they cost the same work.
func (d *DB) Statements() uint64 { return d.ran.Load() }

// Options say which database to open and how.
type Options struct {
	// URL is postgres://… or the path of a SQLite file, which is made when it
	// is missing.
	URL string
	// Now is the clock.
	Now func() time.Time
	// Connections bounds the pool on PostgreSQL; 0 means 20. On SQLite one
	// connection writes and a few read.
	Connections int
	// Crash, when set, is called before and after each commit of a writing
	// transaction with "before" or "after". Crash tests end the process in it.
	Crash func(point string)
}

const (
	sqliteReaders = 4
	// Negative: KiB. The page cache times the connections is most of the
	// resident memory of an idle portal.
	sqliteCache = "-2000"
)

// IsPostgresURL reports whether url names a PostgreSQL database.
func IsPostgresURL(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Open connects to a database. It fails when the database cannot be reached.
func Open(ctx context.Context, o Options) (*DB, error) {
	d := &DB{now: o.Now, pg: IsPostgresURL(o.URL), crash: o.Crash}
	if d.pg {
		pool, err := sql.Open("pgx", o.URL)
		if err != nil {
			return nil, fmt.Errorf("db: %w", err)
		}
		n := o.Connections
		if n == 0 {
			n = 20
		}
		pool.SetMaxOpenConns(n)
		pool.SetMaxIdleConns(n)
		pool.SetConnMaxIdleTime(5 * time.Minute)
		d.read, d.write = pool, pool
	} else {
		var err error
		// SQLite has one writer: give it one connection that takes the lock
		// when the transaction begins, so that none fails half-way as busy.
		if d.write, err = sql.Open("sqlite", sqliteDSN(o.URL, "_txlock=immediate")); err != nil {
			return nil, fmt.Errorf("db: %w", err)
		}
		d.write.SetMaxOpenConns(1)
		if d.read, err = sql.Open("sqlite", sqliteDSN(o.URL, "_pragma=query_only(ON)")); err != nil {
			return nil, errors.Join(fmt.Errorf("db: %w", err), d.write.Close())
		}
		d.read.SetMaxOpenConns(sqliteReaders)
		d.read.SetMaxIdleConns(sqliteReaders)
		d.prepared = map[*sql.DB]*statements{d.read: newStatements(d.read), d.write: newStatements(d.write)}
	}
	// The writer first: it makes the file and sets its journal mode.
	if err := d.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("db: cannot open %s: %w", SafeURL(o.URL), err), d.Close())
	}
	return d, nil
}

func sqliteDSN(path, extra string) string {
	// busy_timeout first: setting the journal mode may already have to wait.
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=cache_size(" + sqliteCache + ")&" + extra
}

// SafeURL is url without its password, for logs.
func SafeURL(raw string) string {
	if !IsPostgresURL(raw) {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "postgres://…"
	}
	return u.Redacted()
}

// IsPostgres tells the engine, for doctor and tests.
func (d *DB) IsPostgres() bool { return d.pg }

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.write.PingContext(ctx); err != nil {
		return err
	}
	return d.read.PingContext(ctx)
}

// Close gives the connections back.
func (d *DB) Close() error {
	err := d.write.Close()
	if d.read != nil && d.read != d.write {
		err = errors.Join(d.read.Close(), err)
	}
	return err
}

// Read runs f in a transaction that changes nothing and sees one state of the
// database.
func (d *DB) Read(ctx context.Context, f func(*Tx) error) error {
	return d.run(ctx, d.read, &sql.TxOptions{ReadOnly: d.pg, Isolation: d.readLevel()}, f)
}

func (d *DB) readLevel() sql.IsolationLevel {
	if d.pg {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault // a SQLite reader sees one state anyhow
}

const writeTries = 5

// Write runs f in a transaction, and runs it again if the database gave it up
// for another's sake (40001, 40P01): f must have no effect but on tx.
func (d *DB) Write(ctx context.Context, f func(*Tx) error) error {
	for try := 1; ; try++ {
		err := d.run(ctx, d.write, nil, f)
		if pe, ok := errors.AsType[*pgconn.PgError](err); ok && try < writeTries && (pe.Code == "40001" || pe.Code == "40P01") {
			continue
		}
		return err
	}
}

func (d *DB) run(ctx context.Context, pool *sql.DB, o *sql.TxOptions, f func(*Tx) error) error {
	tx := &Tx{ran: &d.ran, ctx: ctx, prepared: d.prepared[pool], pg: d.pg}
	// Last of all: the connection is free again.
	defer func() { tx.prepared.met(tx.unprepared) }()
	release, err := d.begin(tx, pool, o)
	if err != nil {
		return away("begin", err)
	}
	defer release()
	// After a commit this is a no-op that says ErrTxDone; before one the first
	// error is the one that matters.
	defer func() { _ = tx.inner.Rollback() }()
	tx.now = d.now().UTC().Truncate(time.Microsecond)
	if err := f(tx); err != nil {
		return err
	}
	for len(tx.before) > 0 {
		g := tx.before[0]
		tx.before = tx.before[1:]
		if err := g(tx); err != nil {
			return err
		}
	}
	if err := tx.over(); err != nil {
		return err
	}
	writing := d.crash != nil && pool == d.write && (o == nil)
	if writing {
		d.crash("before")
	}
	if err := tx.inner.Commit(); err != nil {
		return fmt.Errorf("db: commit: %w", err)
	}
	if writing {
		d.crash("after")
	}
	release() // what follows may open a transaction of its own
	for _, g := range tx.after {
		g()
	}
	return nil
}

// begin opens the inner transaction. On SQLite the context ends the wait for a
// connection and is asked before each statement and the commit; to watch it
// during them takes a goroutine each, which costs as much as most of them.
func (d *DB) begin(tx *Tx, pool *sql.DB, o *sql.TxOptions) (release func(), err error) {
	if d.pg {
		tx.within = tx.ctx
		tx.inner, err = pool.BeginTx(tx.ctx, o)
		return func() {}, err
	}
	conn, err := pool.Conn(tx.ctx)
	if err != nil {
		return nil, err
	}
	release = func() { _ = conn.Close() } // it goes back to the pool; twice is no harm
	tx.within = context.WithoutCancel(tx.ctx)
	if tx.inner, err = conn.BeginTx(tx.within, o); err != nil {
		release()
		return nil, err
	}
	return release, nil
}
