package flow

import "vestibule/internal/db"

// EndAbout ends every flow of a kind about a subject but the one named (none is
// named by ""), whatever its version, and returns their ids. It is for a change
// that makes them all void.
func EndAbout(tx *db.Tx, kind, subject, except string) ([]string, error) {
	return ids(tx, `DELETE FROM flow WHERE kind = $1 AND subject = $2 AND id <> $3 RETURNING id`, kind, subject, except)
}

// Detach makes the flows of a kind about a subject that stand at a step be about
// nobody, but for the one named, and returns their ids: their holders see no
// difference.
func Detach(tx *db.Tx, kind, subject, step, except string) ([]string, error) {
	return ids(tx, `UPDATE flow SET subject = '', version = version + 1 WHERE kind = $1 AND subject = $2 AND step = $3 AND id <> $4 RETURNING id`,
		kind, subject, step, except)
}

func ids(tx *db.Tx, query string, args ...any) (all []string, err error) {
	err = tx.Each(query, args, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		all = append(all, id)
		return err
	})
	return all, err
}
