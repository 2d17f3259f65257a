// Package dbtest gives each test a fresh database on both engines, a clock that
// the test moves, and chance that repeats.
//
// PostgreSQL is the server that VESTIBULE_TEST_POSTGRES names (a URL of a role
// that may create databases). Without it the PostgreSQL half is skipped, unless
// CI=true, where that is a failure: CI must not hide it.
package dbtest

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/secret"
)

// A Clock is moved by the test alone. It is safe for many goroutines.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Start is the time at which every test begins: a Tuesday in office hours.
func Start() time.Time { return time.Date(2026, 6, 16, 9, 0, 0, 0, time.UTC) }

// NewClock returns a clock that stands at Start.
func NewClock() *Clock { return &Clock{now: Start()} }

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set puts the clock to t.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// An Env is what a scenario runs on.
type Env struct {
	DB     *db.DB
	URL    string // to open the same database as another node would
	Clock  *Clock
	Secret secret.Source
	Ring   *secret.Ring
}

// Each runs the scenario on SQLite and on PostgreSQL, each on a fresh, migrated
// database; see Embedded.
func Each(t *testing.T, scenario func(t *testing.T, e *Env)) {
	t.Helper()
	if Embedded() {
		t.Run("sqlite", func(t *testing.T) { scenario(t, SQLite(t)) })
	}
	t.Run("postgres", func(t *testing.T) { scenario(t, Postgres(t)) })
}

// Both is Each under the race detector as well: for what SQLite itself is asked to do at once.
func Both(t *testing.T, scenario func(t *testing.T, e *Env)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { scenario(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { scenario(t, Postgres(t)) })
}

// Embedded reports whether scenarios run on SQLite as well. Under the race detector they do not, where there is a PostgreSQL: an
// engine translated to Go is some ten times slower there, and shares nothing with what the scenarios race for. What package db
// itself does with SQLite is raced in its own tests.
func Embedded() bool { return !raced || os.Getenv(variable) == "" }

// SQLite makes an Env on a fresh SQLite file.
func SQLite(t testing.TB) *Env { return open(t, filepath.Join(t.TempDir(), "portal.db")) }

// Postgres makes an Env on a fresh PostgreSQL database.
func Postgres(t testing.TB) *Env { return open(t, FreshPostgres(t)) }

// Two runs the scenario on two nodes of one PostgreSQL database. The nodes
// share clock, chance and keys.
func Two(t *testing.T, scenario func(t *testing.T, a, b *Env)) {
	t.Helper()
	a := Postgres(t)
	b := *a
	var err error
	if b.DB, err = db.Open(t.Context(), db.Options{URL: a.URL, Now: a.Clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDB(t, b.DB) })
	scenario(t, a, &b)
}

// Chance is a test's own, and the same at every run.
func Chance(t testing.TB) secret.Source {
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.Name())) // never fails, says package hash
	return secret.Seeded(h.Sum64())
}

func open(t testing.TB, url string) *Env {
	t.Helper()
	src := Chance(t)
	e := &Env{URL: url, Clock: NewClock(), Secret: src, Ring: secret.NewRing(src)}
	var err error
	if e.DB, err = db.Open(t.Context(), db.Options{URL: url, Now: e.Clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDB(t, e.DB) })
	if err := e.DB.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func closeDB(t testing.TB, d *db.DB) {
	if err := d.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// template is a migrated database that this process copies for each test:
// copying is several times faster than migrating.
var template = sync.OnceValues(func() (string, error) {
	ctx := context.Background()
	name := fmt.Sprintf("vestibule_t_%d", os.Getpid())
	if err := admin(ctx, anew(name)...); err != nil {
		return "", err
	}
	u, err := named(name)
	if err != nil {
		return "", err
	}
	d, err := db.Open(ctx, db.Options{URL: u, Now: Start, Connections: 1})
	if err != nil {
		return "", err
	}
	if err := d.Migrate(ctx); err != nil {
		return "", err
	}
	return name, d.Close()
})

// anew are the statements that make a database. A process of an earlier day may
// have had the same number and left one behind.
func anew(name string, like ...string) []string {
	return []string{`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`, strings.Join(append([]string{`CREATE DATABASE`, name}, like...), " ")}
}

var counter struct {
	sync.Mutex
	n int
}

// Needs skips a test whose other program is not installed, unless CI=true, where that is a failure.
func Needs(t testing.TB, program string) {
	t.Helper()
	_, err := exec.LookPath(program)
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// Proving reports whether time is to be measured (make proof), which is long and wants a machine alone.
func Proving() bool { return os.Getenv("VESTIBULE_TEST_PROOF") != "" }

// FreshPostgres makes an empty, migrated database and returns its URL. It is
// dropped when the test ends.
func FreshPostgres(t testing.TB) string {
	t.Helper()
	if os.Getenv(variable) == "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not set: CI must test PostgreSQL", variable)
		}
		t.Skipf("%s is not set", variable)
	}
	base, err := template()
	if err != nil {
		t.Fatal(err)
	}
	counter.Lock()
	counter.n++
	name := fmt.Sprintf("%s_%d", base, counter.n)
	err = admin(t.Context(), anew(name, `TEMPLATE `+base)...)
	counter.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := admin(context.Background(), `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("drop: %v", err)
		}
	})
	u, err := named(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

const variable = "VESTIBULE_TEST_POSTGRES"

func named(database string) (string, error) {
	u, err := url.Parse(os.Getenv(variable))
	if err != nil {
		return "", err
	}
	u.Path = "/" + database
	return u.String(), nil
}
