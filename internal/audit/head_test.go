package audit_test

import (
	"strings"
	"testing"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
)

// asvs: V16.4.2
func TestACutTailShowsAgainstASignedHead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		sign := func() (line string) {
			err := e.DB.Read(t.Context(), func(tx *db.Tx) (err error) { line, err = audit.SignHead(tx, e.Ring); return err })
			if err != nil {
				t.Fatal(err)
			}
			return line
		}
		compare := func(heads string) string {
			p, err := audit.VerifyHeads(t.Context(), e.DB, e.Ring, strings.NewReader(heads))
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(p, "; ")
		}
		if sign() != "" {
			t.Error("an empty chain was signed")
		}
		add(t, e, "a.first")
		first := sign()
		add(t, e, "a.second")
		heads := first + "\n\n" + sign() + "\n"
		if p := compare(heads); p != "" {
			t.Errorf("an honest chain: %s", p)
		}
		if p := compare(strings.Replace(heads, " 2 ", " 1 ", 1)); !strings.Contains(p, "line 3 of the signed heads was changed") {
			t.Errorf("a forged line: %q", p)
		}
		// Whoever can write the database cuts the last event and its head.
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			for _, q := range []string{
				`DELETE FROM event_detail WHERE event_id = (SELECT id FROM event WHERE seq = 2)`,
				`DELETE FROM event WHERE seq = 2`,
				`UPDATE event_head SET seq = 1, hash = (SELECT hash FROM event WHERE seq = 1)`,
			} {
				if err := tx.Do(q); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if r := verify(t, e); len(r.Problems) != 0 {
			t.Fatalf("the chain alone should not show it: %v", r.Problems)
		}
		if p := compare(heads); !strings.Contains(p, "event 2") || !strings.Contains(p, "the tail was cut") {
			t.Errorf("found %q", p)
		}
		add(t, e, "a.other")
		if p := compare(heads); !strings.Contains(p, "is not the one that was signed") {
			t.Errorf("a tail that was written anew: %q", p)
		}
	})
}
