package db

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"strconv"
	"strings"

	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// A Migration is one step of the schema. Migrations go forward only; the
// previous binary must run on the new schema.
type Migration struct {
	Number   int
	Name     string
	Checksum string
	sql      string
}

// Migrations returns all that this binary knows, in order.
func Migrations() ([]Migration, error) {
	paths, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	var all []Migration
	for _, p := range paths {
		text, err := migrationFiles.ReadFile(p)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(p, "migrations/"), ".sql")
		number, err := strconv.Atoi(name[:4])
		if err != nil || (len(all) > 0 && all[len(all)-1].Number >= number) {
			return nil, fmt.Errorf("db: migration %s: numbers must be four digits and rise", name)
		}
		all = append(all, Migration{Number: number, Name: name, Checksum: secret.Hash(string(text)), sql: string(text)})
	}
	return all, nil
}

// SchemaState says how a database's schema stands to this binary's.
type SchemaState struct {
	Have, Want int
	Pending    []string
}

// ErrSchema is told when the database's schema does not fit this binary.
var ErrSchema = errors.New("schema does not fit")

const bookTable = `CREATE TABLE IF NOT EXISTS migration (
  number   BIGINT NOT NULL PRIMARY KEY,
  name     TEXT   NOT NULL,
  checksum TEXT   NOT NULL,
  at       BIGINT NOT NULL
)`

// advisoryLock is the number under which nodes take turns at migrating.
const advisoryLock = 7_362_841_094

// Migrate brings the schema up to date: each migration in a transaction of its
// own, one node at a time. A schema that is newer than this binary, or that was
// made by other migrations, is refused with ErrSchema.
func (d *DB) Migrate(ctx context.Context) error {
	all, err := Migrations()
	if err != nil {
		return err
	}
	for {
		more, err := d.migrateOne(ctx, all)
		if err != nil || !more {
			return err
		}
	}
}

func (d *DB) migrateOne(ctx context.Context, all []Migration) (more bool, err error) {
	err = d.run(ctx, d.write, nil, func(tx *Tx) error {
		if tx.pg {
			if _, err := tx.inner.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(advisoryLock)); err != nil {
				return translate(err)
			}
		}
		if _, err := tx.Count(bookTable); err != nil {
			return err
		}
		state, err := state(tx, all)
		if err != nil || len(state.Pending) == 0 {
			return err
		}
		m := all[len(all)-len(state.Pending)]
		// Both drivers run several statements in one call when there are no
		// arguments.
		if _, err := tx.inner.ExecContext(ctx, m.sql); err != nil {
			return fmt.Errorf("db: migration %s: %w", m.Name, err)
		}
		more = len(state.Pending) > 1
		return tx.Do(`INSERT INTO migration (number, name, checksum, at) VALUES ($1,$2,$3,$4)`,
			m.Number, m.Name, m.Checksum, Micros(tx.Now()))
	})
	return more, err
}

// Schema says how the database stands, and fails with ErrSchema when this
// binary must not run on it. It changes nothing.
func (d *DB) Schema(ctx context.Context) (s SchemaState, err error) {
	all, err := Migrations()
	if err != nil {
		return s, err
	}
	err = d.Read(ctx, func(tx *Tx) error {
		table := `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migration'`
		if tx.pg {
			table = `SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'migration'`
		}
		var n int
		if err := tx.Get(table, nil, &n); err != nil {
			return err
		}
		if n == 0 {
			s = SchemaState{Want: all[len(all)-1].Number}
			for _, m := range all {
				s.Pending = append(s.Pending, m.Name)
			}
			return nil
		}
		var err error
		s, err = state(tx, all)
		return err
	})
	return s, err
}

// state compares the book of migrations with what this binary knows.
func state(tx *Tx, all []Migration) (SchemaState, error) {
	s := SchemaState{Want: all[len(all)-1].Number}
	i := 0
	err := tx.Each(`SELECT number, name, checksum FROM migration ORDER BY number`, nil, func(scan func(...any) error) error {
		var m Migration
		if err := scan(&m.Number, &m.Name, &m.Checksum); err != nil {
			return err
		}
		s.Have = m.Number
		if i >= len(all) {
			return fmt.Errorf("%w: the database has migration %s, which this program does not know: use the newer program", ErrSchema, m.Name)
		}
		if all[i].Number != m.Number || all[i].Checksum != m.Checksum {
			return fmt.Errorf("%w: migration %s in the database is not the one of this program (%s)", ErrSchema, m.Name, all[i].Name)
		}
		i++
		return nil
	})
	if err != nil {
		return s, err
	}
	for _, m := range all[i:] {
		s.Pending = append(s.Pending, m.Name)
	}
	return s, nil
}

// Setting reads a value that the portal keeps about itself; none is "".
func Setting(tx *Tx, name string) (string, error) {
	var v string
	err := tx.Get(`SELECT value FROM setting WHERE name = $1`, []any{name}, &v)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return v, err
}

// PutSetting keeps a value that the portal knows about itself.
func PutSetting(tx *Tx, name, value string) error {
	return tx.Do(`INSERT INTO setting (name, value) VALUES ($1,$2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
}
