package license_test

import (
	"slices"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/license"
)

// crowded is how many licences the office's list is measured with.
const crowded = "100000"

// BenchmarkList reads pages of a long list in the ways that staff do; the
// reported p99 is over all reads of one way. A day passes between the ends of
// every hundred licences; every fiftieth is held.
func BenchmarkList(b *testing.B) {
	for name, env := range map[string]func(testing.TB) *dbtest.Env{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			e := env(b)
			crowd(b, e)
			s := &license.Service{DB: e.DB}
			half, err := s.List(b.Context(), license.Query{Window: license.WindowEnded, Limit: 500})
			if err != nil {
				b.Fatal(err)
			}
			for _, c := range []struct {
				name  string
				query license.Query
				rows  int
			}{
				{"all", license.Query{}, 25},
				{"running", license.Query{Window: license.WindowRunning}, 25},
				{"expiring", license.Query{Window: license.WindowExpiring}, 25},
				{"ended, further down", license.Query{Window: license.WindowEnded, After: half.Next}, 25},
				{"held", license.Query{Window: license.WindowHeld}, 25},
				{"of a product", license.Query{Product: "meeting", Window: license.WindowExpiring}, 25},
				{"of a product that has none", license.Query{Product: "other"}, 0},
				{"a rare name", license.Query{Search: "vale 77777"}, 1},
				{"a common name", license.Query{Search: "vale"}, 25},
				{"a common name that ends soon", license.Query{Search: "vale", Window: license.WindowExpiring}, 25},
				{"no such name", license.Query{Search: "zzz"}, 0},
			} {
				b.Run(c.name, func(b *testing.B) {
					var took []time.Duration
					for b.Loop() {
						before := b.Elapsed()
						p, err := s.List(b.Context(), c.query)
						if err != nil || len(p.Licenses) != c.rows {
							b.Fatal(len(p.Licenses), err)
						}
						took = append(took, b.Elapsed()-before)
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
				})
			}
		})
	}
}

// crowd writes licences of one term each, in a few statements.
func crowd(b *testing.B, e *dbtest.Env) {
	b.Helper()
	const n = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + crowded + `) `
	now := db.Micros(e.Clock.Now())
	if err := e.DB.Write(b.Context(), func(tx *db.Tx) error {
		if err := license.Configure(tx, license.Product{ID: "meeting", Name: "Meeting Add-On", Prefix: "MAG"}, rule()); err != nil {
			return err
		}
		if err := license.PutProduct(tx, license.Product{ID: "other", Name: "Other", Prefix: "OTH"}); err != nil {
			return err
		}
		ends := `$1 + (i / 100 - 500) * 86400000000`
		for _, one := range []struct {
			statement string
			args      []any
		}{
			{`INSERT INTO organization (id, name, name_key, kind, country, origin, reference, created_at, version)
				SELECT 'o' || i, 'Vale ' || i, 'vale ' || i, 'client', '', 'import', '', 1, 1 FROM n`, nil},
			{`INSERT INTO license (id, organization_id, product_id, created_at, ends_at, held)
				SELECT 'l' || i, 'o' || i, 'meeting', 1, ` + ends + `, CASE WHEN i % 50 = 0 THEN 'suspended' ELSE '' END FROM n`, []any{now}},
			{`INSERT INTO license_key (lookup, license_id, key, created_at, replaced_at) SELECT 'k' || i, 'l' || i, 'k' || i, 1, 0 FROM n`, nil},
			{`INSERT INTO term (id, license_id, kind, days, starts_at, start_by, ends_at, grace_days, seats, request_id, granted_at, granted_by, note)
				SELECT 't' || i, 'l' || i, 'subscription', 365, 1, 0, ` + ends + `, 14, 50, '', 1, '', '' FROM n`, []any{now}},
		} {
			if _, err := tx.Count(n+one.statement, one.args...); err != nil {
				return err
			}
		}
		_, err := tx.Count(`ANALYZE`)
		return err
	}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkStatusAt computes the state of a licence with a long history.
func BenchmarkStatusAt(b *testing.B) {
	laddered := term(license.Evaluation, 0, 30)
	laddered.Ladder = license.Ladder{ClientDays: 14, ClientTimes: 1}
	for name, f := range map[string]license.Facts{
		"an evaluation":        {Terms: []license.Term{laddered}},
		"five years' renewals": {Terms: []license.Term{laddered, term(license.Extension, 30, 44), term(license.Subscription, 44, 409), term(license.Renewal, 409, 774), term(license.Renewal, 774, 1139), term(license.Renewal, 1139, 1504), term(license.Renewal, 1504, 1869)}, Holds: []license.Hold{hold(license.Suspended, 50, 60)}},
		"perpetual":            {Terms: []license.Term{maintained(0, 30), maintenance(30, 395)}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = license.StatusAt(f, noon(1500))
			}
		})
	}
}
