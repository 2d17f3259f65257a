package license

import (
	"errors"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

func upsertFeature(tx *db.Tx, f Feature) error {
	return tx.Do(`INSERT INTO feature (product_id, code, name, position, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (product_id, code) DO UPDATE SET name = excluded.name, position = excluded.position`,
		f.Product, f.Code, f.Name, f.Position, db.Micros(tx.Now()))
}

func features(tx *db.Tx, product string) (all []Feature, err error) {
	err = tx.Each(`SELECT product_id, code, name, position FROM feature WHERE product_id = $1 ORDER BY position, code`, []any{product},
		func(row func(...any) error) error {
			var f Feature
			err := row(&f.Product, &f.Code, &f.Name, &f.Position)
			all = append(all, f)
			return err
		})
	return all, err
}

const policyColumns = `p.product_id, p.name, p.version, p.title, p.kind, p.term_days, p.start, p.start_within, p.grace_days,
	p.maintenance_days, p.seats, p.devices, p.lease_minutes, p.channels, p.features, p.file_days, p.ladder, p.retired, p.created_at, p.created_by`

func insertPolicy(tx *db.Tx, p Policy) error {
	channels, err := packed(p.Channels)
	if err != nil {
		return err
	}
	features, err := packed(p.Features)
	if err != nil {
		return err
	}
	ladder, err := packed(p.Ladder)
	if err != nil {
		return err
	}
	return tx.Do(`INSERT INTO policy (product_id, name, version, title, kind, term_days, start, start_within, grace_days,
		maintenance_days, seats, devices, lease_minutes, channels, features, file_days, ladder, retired, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		p.Product, p.Name, p.Version, p.Title, p.Kind, p.TermDays, p.Start, p.StartWithin, p.GraceDays,
		p.MaintenanceDays, p.Seats, p.Devices, p.LeaseMinutes, channels, features, p.FileDays, ladder, p.Retired,
		db.Micros(p.CreatedAt), p.CreatedBy)
}

func manyPolicies(tx *db.Tx, rest string, args ...any) (all []Policy, err error) {
	err = tx.Each(`SELECT `+policyColumns+` FROM policy p WHERE `+rest, args, func(row func(...any) error) error {
		var p Policy
		var channels, features, ladder string
		var created int64
		if err := row(&p.Product, &p.Name, &p.Version, &p.Title, &p.Kind, &p.TermDays, &p.Start, &p.StartWithin, &p.GraceDays,
			&p.MaintenanceDays, &p.Seats, &p.Devices, &p.LeaseMinutes, &channels, &features, &p.FileDays, &ladder, &p.Retired,
			&created, &p.CreatedBy); err != nil {
			return err
		}
		p.CreatedAt = db.Time(created)
		err := errors.Join(unpack(channels, &p.Channels), unpack(features, &p.Features), unpack(ladder, &p.Ladder))
		all = append(all, p)
		return err
	})
	return all, err
}

// policyVersion reads one version; 0 is the latest.
func policyVersion(tx *db.Tx, product, name string, version int) (Policy, error) {
	where, args := `p.product_id = $1 AND p.name = $2 ORDER BY p.version DESC LIMIT 1`, []any{product, name}
	if version > 0 {
		where, args = `p.product_id = $1 AND p.name = $2 AND p.version = $3`, append(args, version)
	}
	all, err := manyPolicies(tx, where, args...)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "not-found")
	}
	if err != nil {
		return Policy{}, err
	}
	return all[0], nil
}

func policies(tx *db.Tx, product string) ([]Policy, error) {
	return manyPolicies(tx, `p.product_id = $1 AND p.version = (SELECT MAX(v.version) FROM policy v
		WHERE v.product_id = p.product_id AND v.name = p.name) ORDER BY p.retired, p.kind, p.name`, product)
}

func policyVersions(tx *db.Tx, product, name string) ([]Policy, error) {
	return manyPolicies(tx, `p.product_id = $1 AND p.name = $2 ORDER BY p.version DESC`, product, name)
}
