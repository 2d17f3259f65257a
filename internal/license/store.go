package license

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vestibule/internal/db"
)

const productColumns = `p.id, p.name, p.summary, p.prefix, p.offered, p.position, p.publisher_keys, p.origin, p.edited_at`

// Where a product came from.
const (
	byConfiguration = "config"
	byOffice        = "office"
)

type productRow struct {
	p            Product
	keys, origin string
	edited       int64
}

func (r *productRow) into() []any {
	return []any{&r.p.ID, &r.p.Name, &r.p.Summary, &r.p.Prefix, &r.p.Offered, &r.p.Position, &r.keys, &r.origin, &r.edited}
}

func (r *productRow) product() (Product, error) {
	r.p.PublisherKeys, r.p.Configured, r.p.EditedAt = nil, r.origin == byConfiguration, db.Time(r.edited)
	return r.p, unpack(r.keys, &r.p.PublisherKeys)
}

func product(tx *db.Tx, id string) (Product, error) {
	var r productRow
	if err := tx.Get(`SELECT `+productColumns+` FROM product p WHERE p.id = $1`, []any{id}, r.into()...); err != nil {
		return Product{}, err
	}
	return r.product()
}

func products(tx *db.Tx) (list []Product, err error) {
	err = tx.Each(`SELECT `+productColumns+` FROM product p ORDER BY p.position, p.id`, nil, func(row func(...any) error) error {
		var r productRow
		if err := row(r.into()...); err != nil {
			return err
		}
		p, err := r.product()
		list = append(list, p)
		return err
	})
	return list, err
}

func upsertProduct(tx *db.Tx, p Product) error {
	keys, err := packed(p.PublisherKeys)
	if err != nil {
		return err
	}
	origin := byConfiguration
	if !p.Configured && !p.EditedAt.IsZero() {
		origin = byOffice
	}
	return tx.Do(`INSERT INTO product (id, name, summary, prefix, offered, position, created_at, publisher_keys, origin, edited_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, summary = excluded.summary,
		offered = excluded.offered, position = excluded.position, publisher_keys = excluded.publisher_keys, edited_at = excluded.edited_at,
		prefix = CASE WHEN EXISTS (SELECT 1 FROM license WHERE product_id = excluded.id) THEN product.prefix ELSE excluded.prefix END`,
		p.ID, p.Name, p.Summary, p.Prefix, p.Offered, p.Position, db.Micros(tx.Now()), keys, origin, db.Micros(p.EditedAt))
}

// licenses reads licences with their terms and holds: in one query where there
// are no holds, since every page of the portal asks for it.
func licenses(tx *db.Tx, where string, args ...any) (list []License, err error) {
	var held []bool
	err = tx.Each(`SELECT l.id, l.organization_id, k.key, k.created_at, l.created_at, `+productColumns+`,
			EXISTS (SELECT 1 FROM hold h WHERE h.license_id = l.id), `+termColumns+`
		FROM license l JOIN product p ON p.id = l.product_id
		JOIN license_key k ON k.license_id = l.id AND k.replaced_at = 0
		LEFT JOIN term t ON t.license_id = l.id
		WHERE `+where+` ORDER BY p.position, p.id, l.id, t.granted_at, t.id`, args, func(row func(...any) error) error {
		var l License
		var created, keyed int64
		var hold bool
		var p productRow
		var t termRow
		into := append([]any{&l.ID, &l.Organization, &l.Key, &keyed, &created}, p.into()...)
		if err := row(append(append(into, &hold), t.into()...)...); err != nil {
			return err
		}
		if n := len(list); n == 0 || list[n-1].ID != l.ID {
			var err error
			if l.Product, err = p.product(); err != nil {
				return err
			}
			if l.CreatedAt = db.Time(created); keyed > created {
				l.Rekeyed = db.Time(keyed)
			}
			list, held = append(list, l), append(held, hold)
		}
		if t.id == "" {
			return nil
		}
		last := &list[len(list)-1]
		term, err := t.term()
		last.Facts.Terms = append(last.Facts.Terms, term)
		return err
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
	if err := MarkWithdrawn(tx); err != nil {
		return err
	}
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
	COALESCE(t.granted_by, ''), COALESCE(t.note, ''), COALESCE(t.policy, ''), COALESCE(t.policy_version, 0), COALESCE(t.devices, 0),
	COALESCE(t.lease_minutes, 0), COALESCE(t.channels, ''), COALESCE(t.features, ''), COALESCE(t.file_days, 0),
	COALESCE(t.maintenance_until, 0), COALESCE(t.ladder, ''), COALESCE(t.rung, '')`

type termRow struct {
	t                                             Term
	id                                            string
	starts, startBy, ends, grantedAt, maintenance int64
	channels, features, ladder                    string
}

func (r *termRow) into() []any {
	t := &r.t
	return []any{
		&r.id, &t.Kind, &t.Days, &r.starts, &r.startBy, &r.ends, &t.GraceDays, &t.Seats, &t.Request, &r.grantedAt, &t.GrantedBy, &t.Note,
		&t.Policy, &t.PolicyVersion, &t.Devices, &t.LeaseMinutes, &r.channels, &r.features, &t.FileDays, &r.maintenance, &r.ladder, &t.Rung,
	}
}

func (r *termRow) term() (Term, error) {
	t := r.t
	t.ID, t.StartsAt, t.StartBy, t.EndsAt = r.id, db.Time(r.starts), db.Time(r.startBy), db.Time(r.ends)
	t.GrantedAt, t.MaintenanceUntil = db.Time(r.grantedAt), db.Time(r.maintenance)
	return t, errors.Join(unpack(r.channels, &t.Channels), unpack(r.features, &t.Features), unpack(r.ladder, &t.Ladder))
}

func insertTerm(tx *db.Tx, licenseID string, t Term) error {
	channels, err := packed(t.Channels)
	if err != nil {
		return err
	}
	features, err := packed(t.Features)
	if err != nil {
		return err
	}
	ladder, err := packed(t.Ladder)
	if err != nil {
		return err
	}
	return tx.Do(`INSERT INTO term
		(id, license_id, kind, days, starts_at, start_by, ends_at, grace_days, seats, request_id, granted_at, granted_by, note,
		policy, policy_version, devices, lease_minutes, channels, features, file_days, maintenance_until, ladder, rung)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		t.ID, licenseID, t.Kind, t.Days, db.Micros(t.StartsAt), db.Micros(t.StartBy), db.Micros(t.EndsAt),
		t.GraceDays, t.Seats, t.Request, db.Micros(t.GrantedAt), t.GrantedBy, t.Note,
		t.Policy, t.PolicyVersion, t.Devices, t.LeaseMinutes, channels, features, t.FileDays, db.Micros(t.MaintenanceUntil), ladder, t.Rung)
}

func startTerm(tx *db.Tx, id string, starts, ends time.Time) (int64, error) {
	return tx.Count(`UPDATE term SET starts_at = $1, ends_at = $2 WHERE id = $3 AND starts_at = 0`,
		db.Micros(starts), db.Micros(ends), id)
}

func holds(tx *db.Tx, licenseID string) (list []Hold, err error) {
	err = tx.Each(`SELECT id, kind, reason, from_at, lifted_at, placed_by, lifted_note FROM hold WHERE license_id = $1 ORDER BY from_at, id`,
		[]any{licenseID}, func(row func(...any) error) error {
			var h Hold
			var from, lifted int64
			err := row(&h.ID, &h.Kind, &h.Reason, &from, &lifted, &h.By, &h.Note)
			h.From, h.Lifted = db.Time(from), db.Time(lifted)
			list = append(list, h)
			return err
		})
	return list, err
}

func insertHold(tx *db.Tx, licenseID string, h Hold) error {
	if err := MarkWithdrawn(tx); err != nil {
		return err
	}
	return tx.Do(`INSERT INTO hold (id, license_id, kind, reason, from_at, lifted_at, placed_by, lifted_by)
		VALUES ($1, $2, $3, $4, $5, 0, $6, '')`, h.ID, licenseID, h.Kind, h.Reason, db.Micros(h.From), h.By)
}

func liftHold(tx *db.Tx, licenseID, holdID, by, note string) error {
	if err := MarkWithdrawn(tx); err != nil {
		return err
	}
	return tx.Do(`UPDATE hold SET lifted_at = $1, lifted_by = $2, lifted_note = $3 WHERE id = $4 AND license_id = $5 AND lifted_at = 0`,
		db.Micros(tx.Now()), by, note, holdID, licenseID)
}

func lockLicense(tx *db.Tx, id string) error {
	return tx.Get(`SELECT id FROM license WHERE id = $1 `+tx.ForUpdate(), []any{id}, &id)
}

// project computes anew by what lists find a licence: its latest end, which is
// 4000000000000000000 where there is none, and how it is held. The caller holds
// the licence's row: facts that others add meanwhile would be overlooked. What a
// licence may do is decided by the facts, never by this.
func project(tx *db.Tx, id string) error {
	return tx.Do(`UPDATE license SET
		ends_at = COALESCE((SELECT MAX(CASE WHEN t.starts_at = 0 THEN t.start_by + t.days * 86400000000
			WHEN t.ends_at = 0 THEN 4000000000000000000 ELSE t.ends_at END)
			FROM term t WHERE t.license_id = license.id AND t.kind <> 'maintenance'), 0),
		held = COALESCE((SELECT MIN(h.kind) FROM hold h WHERE h.license_id = license.id AND h.lifted_at = 0), '')
		WHERE id = $1`, id)
}

// packed and unpack carry lists and ladders to and from a TEXT column, of which an
// empty one holds nothing.
func packed(v any) (string, error) {
	b, err := json.Marshal(v)
	if string(b) == "null" {
		b = []byte("[]")
	}
	return string(b), err
}

func unpack(s string, into any) error {
	if s == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(s), into); err != nil {
		return fmt.Errorf("license: %w", err)
	}
	return nil
}
