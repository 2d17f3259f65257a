package release

import (
	"time"

	"vestibule/internal/db"
)

func insertArtifact(tx *db.Tx, a Artifact) error {
	return tx.Do(`INSERT INTO artifact (id, release_id, kind, title, name, name_key, platform, arch, media_type, size, sha256, sha512, blake2b, signature,
			signed_by, comment, state, trouble, trouble_args, blob, lease_token, lease_until, made_at, made_by, touched_at, verified_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', '', $11, '', '', $12, '', '{}', '', '', 0, $13, $14, $15, 0)`,
		a.ID, a.Release, a.Kind, a.Title, a.Name, nameKey(a.Name), a.Platform, a.Arch, a.MediaType, a.Size, a.Signature, string(a.State),
		db.Micros(a.MadeAt), a.MadeBy, db.Micros(a.MadeAt))
}

func deleteArtifact(tx *db.Tx, id string) error {
	if err := dropParts(tx, id); err != nil {
		return err
	}
	return tx.Do(`DELETE FROM artifact WHERE id = $1`, id)
}

func setSignature(tx *db.Tx, a Artifact) error {
	return tx.Do(`UPDATE artifact SET signature = $1, touched_at = $2 WHERE id = $3 AND state = $4`,
		a.Signature, db.Micros(tx.Now()), a.ID, string(Uploading))
}

// settleSignature writes what a look at the signature of a whole file found.
func settleSignature(tx *db.Tx, a Artifact, expected FileState) error {
	return tx.Do(`UPDATE artifact SET state = $1, signature = $2, signed_by = $3, comment = $4, trouble = $5, trouble_args = $6, verified_at = $7,
			touched_at = $8 WHERE id = $9 AND state = $10`,
		string(a.State), a.Signature, a.SignedBy, a.Comment, a.Trouble, packed(a.TroubleArgs), db.Micros(a.VerifiedAt), db.Micros(tx.Now()),
		a.ID, string(expected))
}

func parts(tx *db.Tx, artifactID string) (list []Part, err error) {
	err = tx.Each(`SELECT number, size, sha256, blob FROM artifact_part WHERE artifact_id = $1 ORDER BY number`, []any{artifactID},
		func(row func(...any) error) error {
			var p Part
			err := row(&p.Number, &p.Size, &p.SHA256, &p.blob)
			list = append(list, p)
			return err
		})
	return list, err
}

// upsertPart notes a part, and that the file is being worked on.
func upsertPart(tx *db.Tx, artifactID string, p Part) error {
	if err := tx.Do(`INSERT INTO artifact_part (artifact_id, number, size, sha256, blob) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (artifact_id, number) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256, blob = excluded.blob`,
		artifactID, p.Number, p.Size, p.SHA256, p.blob); err != nil {
		return err
	}
	return tx.Do(`UPDATE artifact SET touched_at = $1 WHERE id = $2 AND state = $3`, db.Micros(tx.Now()), artifactID, string(Uploading))
}

func dropParts(tx *db.Tx, artifactID string) error {
	_, err := tx.Count(`DELETE FROM artifact_part WHERE artifact_id = $1`, artifactID)
	return err
}

// finish notes that all parts are there.
func finish(tx *db.Tx, a Artifact) error {
	return tx.Do(`UPDATE artifact SET state = $1, size = $2, touched_at = $3 WHERE id = $4 AND state = $5`,
		string(a.State), a.Size, db.Micros(tx.Now()), a.ID, string(Uploading))
}

// waiting are files that wait to be verified and are in nobody's hands.
func waiting(tx *db.Tx, limit int) (ids []string, err error) {
	err = tx.Each(`SELECT id FROM artifact WHERE state = $1 AND lease_until <= $2 ORDER BY id LIMIT $3`,
		[]any{string(FileChecking), db.Micros(tx.Now()), limit}, func(row func(...any) error) error {
			var id string
			err := row(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// claim takes a file into a node's hands, and notes the blob that it is to be.
func claim(tx *db.Tx, a Artifact, token string, until time.Time) (bool, error) {
	n, err := tx.Count(`UPDATE artifact SET lease_token = $1, lease_until = $2, blob = $3 WHERE id = $4 AND state = $5 AND lease_until <= $6`,
		token, db.Micros(until), a.Blob, a.ID, string(FileChecking), db.Micros(tx.Now()))
	return n == 1, err
}

func renew(tx *db.Tx, id, token string, until time.Time) error {
	return tx.Do(`UPDATE artifact SET lease_until = $1 WHERE id = $2 AND lease_token = $3 AND state = $4`,
		db.Micros(until), id, token, string(FileChecking))
}

func giveBack(tx *db.Tx, id, token string) error {
	_, err := tx.Count(`UPDATE artifact SET lease_until = 0 WHERE id = $1 AND lease_token = $2 AND state = $3`, id, token, string(FileChecking))
	return err
}

// settleFile writes what became of a file; the token fences off a node whose lease ran out.
func settleFile(tx *db.Tx, a Artifact, token string) error {
	return tx.Do(`UPDATE artifact SET state = $1, sha256 = $2, sha512 = $3, blake2b = $4, signed_by = $5, comment = $6, trouble = $7, trouble_args = $8,
			verified_at = $9, touched_at = $10, lease_token = '', lease_until = 0 WHERE id = $11 AND state = $12 AND lease_token = $13`,
		string(a.State), a.SHA256, a.SHA512, a.digest, a.SignedBy, a.Comment, a.Trouble, packed(a.TroubleArgs),
		db.Micros(a.VerifiedAt), db.Micros(tx.Now()), a.ID, string(FileChecking), token)
}

// lapsed are files of which no part has come since the instant.
func lapsed(tx *db.Tx, before time.Time, limit int) ([]Artifact, error) {
	return artifacts(tx, `a.state = $1 AND a.touched_at <= $2 ORDER BY a.id LIMIT $3`, string(Uploading), db.Micros(before), limit)
}

// lapsedStill reports whether a file is one of those that lapsed returns.
func lapsedStill(tx *db.Tx, id string, before time.Time) (bool, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM artifact WHERE id = $1 AND state = $2 AND touched_at <= $3`, []any{id, string(Uploading), db.Micros(before)}, &n)
	return n > 0, err
}

// noteBlob notes a name before the first byte is written.
func noteBlob(tx *db.Tx, name string) error {
	return tx.Do(`INSERT INTO release_blob (name, at, kept) VALUES ($1, $2, $3)`, name, db.Micros(tx.Now()), false)
}

// keepBlob notes that something refers to a blob. One that is doomed by now is Conflict.
func keepBlob(tx *db.Tx, name string) error {
	return tx.Do(`UPDATE release_blob SET kept = $1, at = $2 WHERE name = $3 AND at <> 0`, true, db.Micros(tx.Now()), name)
}

// loosen notes that nothing refers to a blob any more: it is doomed. "" is no blob. One that nothing has referred to yet is left to
// doom, since somebody may be writing it at this moment.
func loosen(tx *db.Tx, name string) error {
	_, err := tx.Count(`UPDATE release_blob SET kept = $1, at = 0 WHERE name = $2 AND kept = $3`, false, name, true)
	return err
}

// doom gives up the blobs that nothing has referred to since the instant: whoever wrote them is dead.
func doom(tx *db.Tx, before time.Time) error {
	_, err := tx.Count(`UPDATE release_blob SET at = 0 WHERE kept = $1 AND at <= $2`, false, db.Micros(before))
	return err
}

func doomed(tx *db.Tx, limit int) (names []string, err error) {
	err = tx.Each(`SELECT name FROM release_blob WHERE kept = $1 AND at = 0 ORDER BY name LIMIT $2`, []any{false, limit}, func(row func(...any) error) error {
		var name string
		err := row(&name)
		names = append(names, name)
		return err
	})
	return names, err
}

func forget(tx *db.Tx, names []string) error {
	for _, name := range names {
		if _, err := tx.Count(`DELETE FROM release_blob WHERE name = $1 AND kept = $2 AND at = 0`, name, false); err != nil {
			return err
		}
	}
	return nil
}
