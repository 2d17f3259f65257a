package license

import (
	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// A Brief is of a licence what its status depends on, and whose it is.
type Brief struct {
	ID           string
	Organization string
	Replaced     bool  // the key leaked and has a successor
	Facts        Facts // as far as the status depends on them
}

// BriefByKey finds by a key what must be known to say whether something may run. It is asked for each time that a product starts
// anywhere, so it is one narrow query where there are no holds. NotFound where no licence has the key.
func BriefByKey(tx *db.Tx, key Key) (b Brief, err error) {
	var replaced int64
	var held bool
	err = tx.Each(`SELECT l.id, l.organization_id, k.replaced_at, EXISTS (SELECT 1 FROM hold h WHERE h.license_id = l.id AND h.lifted_at = 0),
			COALESCE(t.kind, ''), COALESCE(t.days, 0), COALESCE(t.starts_at, 0), COALESCE(t.start_by, 0), COALESCE(t.ends_at, 0),
			COALESCE(t.grace_days, 0), COALESCE(t.granted_at, 0), COALESCE(t.maintenance_until, 0), COALESCE(t.ladder, ''), COALESCE(t.rung, '')
		FROM license_key k JOIN license l ON l.id = k.license_id LEFT JOIN term t ON t.license_id = l.id
		WHERE k.lookup = $1`, []any{key.Lookup()}, func(row func(...any) error) error {
		var t Term
		var starts, startBy, ends, granted, maintenance int64
		var ladder string
		if err := row(&b.ID, &b.Organization, &replaced, &held, &t.Kind, &t.Days, &starts, &startBy, &ends, &t.GraceDays,
			&granted, &maintenance, &ladder, &t.Rung); err != nil {
			return err
		}
		if t.Kind == "" {
			return nil
		}
		t.StartsAt, t.StartBy, t.EndsAt = db.Time(starts), db.Time(startBy), db.Time(ends)
		t.GrantedAt, t.MaintenanceUntil = db.Time(granted), db.Time(maintenance)
		b.Facts.Terms = append(b.Facts.Terms, t)
		return unpack(ladder, &b.Facts.Terms[len(b.Facts.Terms)-1].Ladder)
	})
	if err == nil && b.ID == "" {
		err = fault.New(fault.NotFound, "not-found")
	}
	b.Replaced = replaced != 0
	if err == nil && held {
		b.Facts.Holds, err = holds(tx, b.ID)
	}
	return b, err
}
