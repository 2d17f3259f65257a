package db_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
)

func put(e *dbtest.Env, t *testing.T, name, value string) {
	t.Helper()
	if err := e.DB.Write(t.Context(), func(tx *db.Tx) error { return db.PutSetting(tx, name, value) }); err != nil {
		t.Fatal(err)
	}
}

func get(e *dbtest.Env, t *testing.T, name string) (v string) {
	t.Helper()
	if err := e.DB.Read(t.Context(), func(tx *db.Tx) (err error) { v, err = db.Setting(tx, name); return err }); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAnErrorUndoesTheTransactionAndItsAfterthoughts(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, e *dbtest.Env) {
		boom, after := errors.New("boom"), false
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { after = true })
			if err := db.PutSetting(tx, "a", "1"); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || after || get(e, t, "a") != "" {
			t.Fatalf("%v, after=%v, a=%q", err, after, get(e, t, "a"))
		}
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error {
			tx.BeforeCommit(func(*db.Tx) error { return boom })
			return db.PutSetting(tx, "a", "1")
		})
		if !errors.Is(err, boom) || get(e, t, "a") != "" {
			t.Fatal("a failing last step did not undo the rest")
		}
		order := ""
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { order += "after" })
			tx.BeforeCommit(func(tx *db.Tx) error { order += "before "; return db.PutSetting(tx, "a", "2") })
			return nil
		})
		if err != nil || order != "before after" || get(e, t, "a") != "2" {
			t.Fatalf("%v %q", err, order)
		}
	})
}

func TestNowBelongsToTheTransaction(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, e *dbtest.Env) {
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			first := tx.Now()
			e.Clock.Advance(time.Hour)
			if !tx.Now().Equal(first) || !first.Equal(dbtest.Start()) {
				t.Errorf("now moved from %v to %v", first, tx.Now())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	if !db.Time(0).IsZero() || db.Micros(time.Time{}) != 0 || !db.Time(db.Micros(dbtest.Start())).Equal(dbtest.Start()) {
		t.Fatal("times do not survive the column")
	}
}

func TestDriverErrorsHaveOneMeaning(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, e *dbtest.Env) {
		put(e, t, "a", "1")
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			return tx.Do(`INSERT INTO setting (name, value) VALUES ($1, $2)`, "a", "2")
		})
		if !fault.Is(err, fault.Conflict) || !fault.Code(err, "exists") {
			t.Errorf("a second row of one key is %v", err)
		}
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error {
			return tx.Do(`UPDATE setting SET value = $1 WHERE name = $2 AND value = $3`, "3", "a", "not this")
		})
		if !fault.Code(err, "changed") {
			t.Errorf("an expectation that failed is %v", err)
		}
		err = e.DB.Read(t.Context(), func(tx *db.Tx) error {
			var v string
			return tx.Get(`SELECT value FROM setting WHERE name = $1`, []any{"none"}, &v)
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("no row is %v", err)
		}
		put(e, t, "b", "1")
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error { return tx.Do(`UPDATE setting SET value = $1`, "x") })
		if err == nil || fault.From(err).Kind != fault.Internal || get(e, t, "a") != "1" {
			t.Errorf("two rows where one was meant: %v", err)
		}
		if err := e.DB.Read(t.Context(), func(tx *db.Tx) error { return tx.Do(`DELETE FROM setting WHERE name = 'a'`) }); err == nil {
			t.Error("a reading transaction wrote")
		}
	})
}

func TestSixteenWritersLoseNoUpdate(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, e *dbtest.Env) {
		put(e, t, "n", "")
		var wg sync.WaitGroup
		var failed atomic.Int32
		for range 16 {
			wg.Go(func() {
				for {
					v := get(e, t, "n")
					err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
						return tx.Do(`UPDATE setting SET value = $1 WHERE name = 'n' AND value = $2`, v+"x", v)
					})
					if fault.Code(err, "changed") {
						continue // another was first: look again
					}
					if err != nil {
						failed.Add(1)
					}
					return
				}
			})
		}
		wg.Wait()
		if got := get(e, t, "n"); got != strings.Repeat("x", 16) || failed.Load() != 0 {
			t.Fatalf("%d of 16 updates, %d failures", len(got), failed.Load())
		}
	})
}

func TestMigratingTwiceChangesNothingAndANewerSchemaIsRefused(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, e *dbtest.Env) {
		if err := e.DB.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		s, err := e.DB.Schema(t.Context())
		if err != nil || s.Have != s.Want || len(s.Pending) != 0 {
			t.Fatalf("%+v %v", s, err)
		}
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error {
			return tx.Do(`INSERT INTO migration (number, name, checksum, at) VALUES (9999, '9999_future', 'x', 1)`)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.DB.Migrate(t.Context()); !errors.Is(err, db.ErrSchema) {
			t.Fatalf("a newer schema: %v", err)
		}
		if _, err := e.DB.Schema(t.Context()); !errors.Is(err, db.ErrSchema) {
			t.Fatalf("a newer schema: %v", err)
		}
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error {
			if err := tx.Do(`DELETE FROM migration WHERE number = 9999`); err != nil {
				return err
			}
			return tx.Do(`UPDATE migration SET checksum = 'y' WHERE number = 1`)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.DB.Migrate(t.Context()); !errors.Is(err, db.ErrSchema) {
			t.Fatalf("a migration that was changed afterwards: %v", err)
		}
	})
}

func TestAnEmptyDatabaseSaysWhatItLacks(t *testing.T) {
	d, err := db.Open(t.Context(), db.Options{URL: filepath.Join(t.TempDir(), "a ?#.db"), Now: dbtest.Start})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, err := d.Schema(t.Context())
	if err != nil || s.Have != 0 || len(s.Pending) == 0 {
		t.Fatalf("%+v %v", s, err)
	}
}

func TestAnUnreachableDatabaseIsToldAtOpen(t *testing.T) {
	_, err := db.Open(t.Context(), db.Options{URL: "postgres://nobody:geheim@127.0.0.1:1/none", Now: dbtest.Start})
	if err == nil || strings.Contains(err.Error(), "geheim") {
		t.Fatalf("got %v", err)
	}
	if _, err := db.Open(t.Context(), db.Options{URL: filepath.Join(t.TempDir(), "no", "such", "folder.db"), Now: dbtest.Start}); err == nil {
		t.Fatal("opened a file in no folder")
	}
}

func TestTheCrashHookSeesEveryWritingCommitFromBothSides(t *testing.T) {
	var seen []string
	d, err := db.Open(t.Context(), db.Options{URL: filepath.Join(t.TempDir(), "x.db"), Now: dbtest.Start, Crash: func(p string) { seen = append(seen, p) }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen = nil
	_ = d.Read(t.Context(), func(*db.Tx) error { return nil })
	if err := d.Write(t.Context(), func(tx *db.Tx) error { return db.PutSetting(tx, "a", "1") }); err != nil {
		t.Fatal(err)
	}
	if strings.Join(seen, " ") != "before after" {
		t.Fatalf("%v", seen)
	}
}

func TestACancelledContextStopsTheTransaction(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, e *dbtest.Env) {
		ctx, cancel := context.WithCancel(t.Context())
		err := e.DB.Write(ctx, func(tx *db.Tx) error {
			cancel()
			return db.PutSetting(tx, "late", "1")
		})
		if err == nil || get(e, t, "late") != "" {
			t.Fatalf("wrote after the end: %v", err)
		}
	})
}
