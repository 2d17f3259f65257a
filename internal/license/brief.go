package license

import "vestibule/internal/db"

// A Brief is of a licence what its status depends on.
type Brief struct {
	ID       string
	Replaced bool  // the key leaked and has a successor
	Facts    Facts // as far as the status depends on them
}

// BriefByKey finds by a key what must be known to say whether something may run. It is asked for each time that a product starts
// anywhere, so it is one narrow query where there is a term and no hold. NotFound where no licence has the key.
func BriefByKey(tx *db.Tx, key Key) (b Brief, err error) {
	var replaced int64
	var held bool
	err = tx.Each(`SELECT k.license_id, k.replaced_at, EXISTS (SELECT 1 FROM hold h WHERE h.license_id = k.license_id AND h.lifted_at = 0),
			t.kind, t.days, t.starts_at, t.start_by, t.ends_at, t.grace_days, t.granted_at, t.maintenance_until, t.ladder, t.rung
		FROM license_key k JOIN term t ON t.license_id = k.license_id WHERE k.lookup = $1`, []any{key.Lookup()}, func(row func(...any) error) error {
		var t Term
		var starts, startBy, ends, granted, maintenance int64
		var ladder string
		if err := row(&b.ID, &replaced, &held, &t.Kind, &t.Days, &starts, &startBy, &ends, &t.GraceDays, &granted, &maintenance, &ladder, &t.Rung); err != nil {
			return err
		}
		t.StartsAt, t.StartBy, t.EndsAt = db.Time(starts), db.Time(startBy), db.Time(ends)
		t.GrantedAt, t.MaintenanceUntil = db.Time(granted), db.Time(maintenance)
		b.Facts.Terms = append(b.Facts.Terms, t)
		return unpack(ladder, &b.Facts.Terms[len(b.Facts.Terms)-1].Ladder)
	})
	b.Replaced = replaced != 0
	if err == nil && b.ID == "" { // no such key, or nothing was granted yet
		held = true
		b.ID, b.Replaced, err = licenseOfKey(tx, key.Lookup())
	}
	if err == nil && held {
		b.Facts.Holds, err = holds(tx, b.ID)
	}
	return b, err
}
