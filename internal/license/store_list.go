package license

import (
	"strconv"
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

// list reads in the order of the window, each of which has an index.
func list(tx *db.Tx, q Query, limit int) (rows []listed, err error) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	now, where := tx.Now(), []string{`1 = 1`}
	order, after := `l.id DESC`, ``
	switch q.Window {
	case WindowAll, "":
	case WindowHeld:
		where = append(where, `l.held <> ''`)
	case WindowRunning:
		where = append(where, `l.held = ''`, `l.ends_at > `+arg(db.Micros(now)))
		order, after = `l.ends_at, l.id`, `>`
	case WindowExpiring:
		soon := now.Add(days(expiringSubscription))
		where = append(where, `l.held = ''`, `l.ends_at > `+arg(db.Micros(now)), `l.ends_at <= `+arg(db.Micros(soon)))
		order, after = `l.ends_at, l.id`, `>`
	case WindowEnded:
		where = append(where, `l.held = ''`, `l.ends_at > 0`, `l.ends_at <= `+arg(db.Micros(now)))
		order, after = `l.ends_at DESC, l.id DESC`, `<`
	default:
		return nil, fault.New(fault.NotFound, "not-found")
	}
	switch {
	case q.After == "":
	case after == "":
		where = append(where, `l.id < `+arg(q.After))
	default:
		place, err := placed(q.After)
		if err != nil {
			return nil, err
		}
		where = append(where, `(l.ends_at, l.id) `+after+` (`+arg(place.ends)+`, `+arg(place.id)+`)`)
	}
	if q.Product != "" {
		where = append(where, `l.product_id = `+arg(q.Product))
	}
	if q.Organization != "" {
		where = append(where, `l.organization_id = `+arg(q.Organization))
	}
	if strings.TrimSpace(q.Search) != "" {
		key := organization.NameKey(q.Search)
		if key == "" {
			return nil, nil
		}
		filter, err := ofName(tx, "%"+likeable(key)+"%", arg)
		if err != nil || filter == "" {
			return nil, err
		}
		where = append(where, filter)
	}
	err = tx.Each(`SELECT l.id, l.ends_at FROM license l WHERE `+strings.Join(where, ` AND `)+` ORDER BY `+order+` LIMIT `+strconv.Itoa(limit), args,
		func(row func(...any) error) error {
			var r listed
			err := row(&r.id, &r.ends)
			rows = append(rows, r)
			return err
		})
	return rows, err
}

// ownersOf are the names and kinds of the organizations of licences, by licence.
func ownersOf(tx *db.Tx, where string, args ...any) (map[string]organization.Organization, error) {
	owners := map[string]organization.Organization{}
	err := tx.Each(`SELECT l.id, o.id, o.name, o.kind FROM license l JOIN organization o ON o.id = l.organization_id WHERE `+where, args,
		func(row func(...any) error) error {
			var id string
			var o organization.Organization
			err := row(&id, &o.ID, &o.Name, &o.Kind)
			owners[id] = o
			return err
		})
	return owners, err
}

// dense is from how many organizations a part of a name counts as common: then
// passing over the licences of others in the order of the list is quicker than
// collecting these.
const dense = 200

// ofName is the condition that a licence's organization has a name like the
// pattern; "" if none has.
func ofName(tx *db.Tx, pattern string, arg func(any) string) (string, error) {
	var ids []any
	if err := tx.Each(`SELECT id FROM organization WHERE name_key LIKE $1 ESCAPE '!' LIMIT `+strconv.Itoa(dense+1), []any{pattern},
		func(row func(...any) error) error {
			var id string
			err := row(&id)
			ids = append(ids, id)
			return err
		}); err != nil || len(ids) == 0 {
		return "", err
	}
	if len(ids) > dense {
		return `(SELECT o.name_key FROM organization o WHERE o.id = l.organization_id) LIKE ` + arg(pattern) + ` ESCAPE '!'`, nil
	}
	var in strings.Builder
	for i, id := range ids {
		if i > 0 {
			in.WriteByte(',')
		}
		in.WriteString(arg(id))
	}
	return `l.organization_id IN (` + in.String() + `)`, nil
}

// likeable is text in which LIKE finds no pattern; it is escaped by '!'.
func likeable(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

func keys(tx *db.Tx, licenseID string) (all []KeyFact, err error) {
	err = tx.Each(`SELECT key, created_at, replaced_at FROM license_key WHERE license_id = $1
		ORDER BY CASE WHEN replaced_at = 0 THEN 0 ELSE 1 END, replaced_at DESC`, []any{licenseID},
		func(row func(...any) error) error {
			var k KeyFact
			var created, replaced int64
			err := row(&k.Key, &created, &replaced)
			k.CreatedAt, k.ReplacedAt = db.Time(created), db.Time(replaced)
			all = append(all, k)
			return err
		})
	return all, err
}

func countLicenses(tx *db.Tx, product string) (n int, err error) {
	err = tx.Get(`SELECT count(*) FROM license WHERE product_id = $1`, []any{product}, &n)
	return n, err
}

// editing takes the product for an edit of what was seen.
func editing(tx *db.Tx, id string, seen time.Time) error {
	return tx.Do(`UPDATE product SET edited_at = $1 WHERE id = $2 AND edited_at = $3`, db.Micros(tx.Now()), id, db.Micros(seen))
}

func ending(tx *db.Tx, from, to time.Time) (ids []string, err error) {
	err = tx.Each(`SELECT license_id FROM term WHERE ends_at >= $1 AND ends_at <= $2
		UNION SELECT license_id FROM term WHERE maintenance_until > 0 AND maintenance_until >= $1 AND maintenance_until <= $2
		UNION SELECT license_id FROM term WHERE starts_at = 0 AND start_by + days * 86400000000 >= $1 AND start_by + days * 86400000000 <= $2`,
		[]any{db.Micros(from), db.Micros(to)}, func(row func(...any) error) error {
			var id string
			err := row(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}
