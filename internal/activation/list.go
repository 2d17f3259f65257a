package activation

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/secret"
	"vestibule/license/verify"
)

const (
	// listDaily is how long a list is served before it is signed anew with a later date, though nothing changed.
	listDaily = 24 * time.Hour
	// listLife is how long a product that has seen a list goes on without a newer one.
	listLife  = 30 * 24 * time.Hour
	listTries = 5
	// listFiles is how many files of removed devices the list names at most, so that it never outgrows verify.MaxList with all the
	// licences beside them.
	listFiles = 100_000
)

// Why something stands on the list.
const (
	reasonReplaced    = "replaced"
	reasonDeactivated = "deactivated"
)

// Revocations is the revocation list as it is now: licences that are revoked or suspended, keys that were replaced, and what was signed
// for devices that were removed. Its number grew if that changed since it was last asked for; its date is of today. While nothing was
// withdrawn or let go, what was signed is served as it is; entries that time alone has made superfluous leave it within the day.
//
// Numbers are at least the minutes since 1970: after a restore from an older backup the next number is still higher than any that
// products have seen, as long as lists did not change more than once a minute on the whole.
func (s *Service) Revocations(ctx context.Context) (List, error) {
	var seen current
	stale := false
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		seen, _, stale, err = s.listNow(tx)
		return err
	})
	for try := 1; err == nil && stale; try++ {
		err = s.DB.Write(ctx, func(tx *db.Tx) error {
			var mark int64
			var err error
			// The mark is read before the entries: what is withdrawn between the two makes the list stale again.
			if seen, mark, stale, err = s.listNow(tx); err != nil || !stale {
				return err
			}
			entries, err := revocations(tx)
			if err != nil {
				return err
			}
			next, err := s.nextList(tx, seen, entries)
			if err != nil {
				return err
			}
			next.mark = mark
			if err := putList(tx, seen, next); err != nil {
				return err
			}
			seen, stale = next, false
			return nil
		})
		if fault.Is(err, fault.Conflict) && try < listTries { // another node put one there
			stale, err = true, nil
		}
	}
	return List{Number: seen.number, IssuedAt: seen.issued, Text: seen.text}, err
}

// listNow is the list that is in force, the mark of what is withdrawn now, and whether the list must be looked at again.
func (s *Service) listNow(tx *db.Tx) (seen current, mark int64, stale bool, err error) {
	if mark, err = license.Withdrawals(tx); err != nil {
		return seen, mark, false, err
	}
	if seen, err = currentList(tx); err != nil {
		return seen, mark, false, err
	}
	stale, err = s.overdue(tx, seen)
	return seen, mark, stale || seen.mark != mark, err
}

// overdue says whether a list is to be signed anew though nothing changed: it is of yesterday, or signed by a key that is not current.
func (s *Service) overdue(tx *db.Tx, seen current) (bool, error) {
	key, err := s.signer(tx)
	return key != seen.key || !tx.Now().Before(seen.issued.Add(listDaily)), err
}

// nextList is the list to follow: the same one where nothing that stands on it has changed, and it is of today.
func (s *Service) nextList(tx *db.Tx, seen current, entries []verify.Revocation) (current, error) {
	next := current{number: seen.number, content: contentOf(entries), issued: later(tx.Now(), seen.issued.Add(time.Microsecond))}
	if next.content != seen.content {
		next.number = max(seen.number+1, next.issued.Unix()/60)
	} else if overdue, err := s.overdue(tx, seen); err != nil || !overdue {
		return seen, err
	}
	made, err := s.Keys.IssueRevocations(tx, verify.Revocations{Number: next.number, NextUpdate: next.issued.Add(listLife), Revoked: entries})
	next.text, next.key = made.Text, made.KeyID
	return next, err
}

// revocations are all entries, in one order.
func revocations(tx *db.Tx) ([]verify.Revocation, error) {
	withdrawn, err := license.AllWithdrawn(tx)
	if err != nil {
		return nil, err
	}
	list := []verify.Revocation{}
	for _, w := range withdrawn {
		key := verify.Revocation{Key: verify.KeyHash(w.Key), Since: w.Since, Reason: reasonReplaced}
		if !w.Replaced {
			key.Reason = string(w.Hold)
			list = append(list, verify.Revocation{License: w.License, Since: key.Since, Reason: key.Reason})
		}
		list = append(list, key)
	}
	files, err := revokedFiles(tx, listFiles)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		list = append(list, verify.Revocation{Serial: f.serial, Since: f.since, Reason: reasonDeactivated})
	}
	slices.SortFunc(list, func(a, b verify.Revocation) int {
		return cmp.Or(cmp.Compare(a.License, b.License), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Serial, b.Serial), a.Since.Compare(b.Since))
	})
	return list, nil
}

// contentOf is the same for the same entries alone; no list at all has none.
func contentOf(entries []verify.Revocation) string {
	parts := make([]string, 0, 5*len(entries)+1)
	parts = append(parts, "revocations")
	for _, e := range entries {
		parts = append(parts, e.License, e.Key, e.Serial, strconv.FormatInt(e.Since.Unix(), 10), e.Reason)
	}
	return secret.Hash(parts...)
}
