package license

import (
	"time"

	"vestibule/internal/db"
)

const productColumns = `p.id, p.name, p.summary, p.prefix, p.offered, p.position`

func (p *Product) into() []any {
	return []any{&p.ID, &p.Name, &p.Summary, &p.Prefix, &p.Offered, &p.Position}
}

func product(tx *db.Tx, id string) (p Product, err error) {
	err = tx.Get(`SELECT `+productColumns+` FROM product p WHERE p.id = $1`, []any{id}, p.into()...)
	return p, err
}

func products(tx *db.Tx) (list []Product, err error) {
	err = tx.Each(`SELECT `+productColumns+` FROM product p ORDER BY p.position, p.id`, nil, func(row func(...any) error) error {
		var p Product
		err := row(p.into()...)
		list = append(list, p)
		return err
	})
	return list, err
}

func upsertProduct(tx *db.Tx, p Product) error {
	return tx.Do(`INSERT INTO product (id, name, summary, prefix, offered, position, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, summary = excluded.summary,
		offered = excluded.offered, position = excluded.position,
		prefix = CASE WHEN EXISTS (SELECT 1 FROM license WHERE product_id = excluded.id) THEN product.prefix ELSE excluded.prefix END`,
		p.ID, p.Name, p.Summary, p.Prefix, p.Offered, p.Position, db.Micros(tx.Now()))
}

// licenses reads licences with their terms and holds: in one query where there
// are no holds, since every page of the portal asks for it.
func licenses(tx *db.Tx, where string, args ...any) (list []License, err error) {
	var held []bool
	err = tx.Each(`SELECT l.id, l.organization_id, k.key, l.created_at, `+productColumns+`,
			EXISTS (SELECT 1 FROM hold h WHERE h.license_id = l.id), `+termColumns+`
		FROM license l JOIN product p ON p.id = l.product_id
		JOIN license_key k ON k.license_id = l.id AND k.replaced_at = 0
		LEFT JOIN term t ON t.license_id = l.id
		WHERE `+where+` ORDER BY p.position, p.id, l.id, t.granted_at, t.id`, args, func(row func(...any) error) error {
		var l License
		var created int64
		var hold bool
		var t termRow
		into := append([]any{&l.ID, &l.Organization, &l.Key, &created}, l.Product.into()...)
		if err := row(append(append(into, &hold), t.into()...)...); err != nil {
			return err
		}
		if n := len(list); n == 0 || list[n-1].ID != l.ID {
			l.CreatedAt = db.Time(created)
			list, held = append(list, l), append(held, hold)
		}
		if t.id != "" {
			last := &list[len(list)-1]
			last.Facts.Terms = append(last.Facts.Terms, t.term())
		}
		return nil
	})
	for i := range list {
		if err == nil && held[i] {
			list[i].Facts.Holds, err = holds(tx, list[i].ID)
		}
	}
	return list, err
}

func insertLicense(tx *db.Tx, id, organizationID, productID string) error {
	return tx.Do(`INSERT INTO license (id, organization_id, product_id, created_at) VALUES ($1, $2, $3, $4)`,
		id, organizationID, productID, db.Micros(tx.Now()))
}

func insertKey(tx *db.Tx, licenseID string, key Key) error {
	return tx.Do(`INSERT INTO license_key (lookup, license_id, key, created_at, replaced_at) VALUES ($1, $2, $3, $4, 0)`,
		key.Lookup(), licenseID, string(key), db.Micros(tx.Now()))
}

func retireKey(tx *db.Tx, licenseID, lookup string) error {
	return tx.Do(`UPDATE license_key SET replaced_at = $1 WHERE license_id = $2 AND lookup = $3 AND replaced_at = 0`,
		db.Micros(tx.Now()), licenseID, lookup)
}

func licenseOfKey(tx *db.Tx, lookup string) (id string, replaced bool, err error) {
	var at int64
	err = tx.Get(`SELECT license_id, replaced_at FROM license_key WHERE lookup = $1`, []any{lookup}, &id, &at)
	return id, at != 0, err
}

// termColumns are those of a term t that may be missing.
const termColumns = `COALESCE(t.id, ''), COALESCE(t.kind, ''), COALESCE(t.days, 0), COALESCE(t.starts_at, 0), COALESCE(t.start_by, 0),
	COALESCE(t.ends_at, 0), COALESCE(t.grace_days, 0), COALESCE(t.seats, 0), COALESCE(t.request_id, ''), COALESCE(t.granted_at, 0),
	COALESCE(t.granted_by, ''), COALESCE(t.note, '')`

type termRow struct {
	id, kind, request, by, note      string
	days, grace, seats               int
	starts, startBy, ends, grantedAt int64
}

func (r *termRow) into() []any {
	return []any{&r.id, &r.kind, &r.days, &r.starts, &r.startBy, &r.ends, &r.grace, &r.seats, &r.request, &r.grantedAt, &r.by, &r.note}
}

func (r *termRow) term() Term {
	return Term{
		ID: r.id, Kind: Kind(r.kind), Days: r.days, StartsAt: db.Time(r.starts), StartBy: db.Time(r.startBy), EndsAt: db.Time(r.ends),
		GraceDays: r.grace, Seats: r.seats, GrantedAt: db.Time(r.grantedAt), GrantedBy: r.by, Request: r.request, Note: r.note,
	}
}

func insertTerm(tx *db.Tx, licenseID string, t Term) error {
	return tx.Do(`INSERT INTO term
		(id, license_id, kind, days, starts_at, start_by, ends_at, grace_days, seats, request_id, granted_at, granted_by, note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		t.ID, licenseID, t.Kind, t.Days, db.Micros(t.StartsAt), db.Micros(t.StartBy), db.Micros(t.EndsAt),
		t.GraceDays, t.Seats, t.Request, db.Micros(t.GrantedAt), t.GrantedBy, t.Note)
}

func startTerm(tx *db.Tx, id string, starts, ends time.Time) (int64, error) {
	return tx.Count(`UPDATE term SET starts_at = $1, ends_at = $2 WHERE id = $3 AND starts_at = 0`,
		db.Micros(starts), db.Micros(ends), id)
}

func holds(tx *db.Tx, licenseID string) (list []Hold, err error) {
	err = tx.Each(`SELECT id, kind, reason, from_at, lifted_at, placed_by FROM hold WHERE license_id = $1 ORDER BY from_at, id`,
		[]any{licenseID}, func(row func(...any) error) error {
			var h Hold
			var from, lifted int64
			err := row(&h.ID, &h.Kind, &h.Reason, &from, &lifted, &h.By)
			h.From, h.Lifted = db.Time(from), db.Time(lifted)
			list = append(list, h)
			return err
		})
	return list, err
}

func insertHold(tx *db.Tx, licenseID string, h Hold) error {
	return tx.Do(`INSERT INTO hold (id, license_id, kind, reason, from_at, lifted_at, placed_by, lifted_by)
		VALUES ($1, $2, $3, $4, $5, 0, $6, '')`, h.ID, licenseID, h.Kind, h.Reason, db.Micros(h.From), h.By)
}

func liftHold(tx *db.Tx, licenseID, holdID, by string) error {
	return tx.Do(`UPDATE hold SET lifted_at = $1, lifted_by = $2 WHERE id = $3 AND license_id = $4 AND lifted_at = 0`,
		db.Micros(tx.Now()), by, holdID, licenseID)
}
