package release

import (
	"encoding/json"
	"fmt"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

const releaseColumns = `r.id, r.product_id, r.version, r.channel, r.title, r.notes, r.required, r.required_since, r.state, r.effective_at,
	r.made_at, r.made_by, r.edited_at, r.published_at, r.published_by, r.withdrawn_at, r.withdrawn_by, r.reason`

const artifactColumns = `a.id, a.release_id, a.kind, a.title, a.name, a.platform, a.arch, a.media_type, a.size, a.sha256, a.sha512, a.blake2b,
	a.signature, a.signed_by, a.comment, a.state, a.trouble, a.trouble_args, a.blob, a.made_at, a.made_by, a.verified_at`

// releases reads releases with their files. tail orders and bounds them; the order of what comes back is the caller's to make.
func releases(tx *db.Tx, where, tail string, args ...any) (list []Release, err error) {
	err = tx.Each(`SELECT `+releaseColumns+` FROM release r WHERE `+where+` `+tail, args, func(row func(...any) error) error {
		var r Release
		var notes string
		var since, effective, made, edit, published, withdrawn int64
		if err := row(&r.ID, &r.Product, &r.Version, &r.Channel, &r.Title, &notes, &r.Required, &since, &r.State, &effective,
			&made, &r.MadeBy, &edit, &published, &r.PublishedBy, &withdrawn, &r.WithdrawnBy, &r.Reason); err != nil {
			return err
		}
		r.RequiredSince, r.EffectiveAt, r.MadeAt, r.EditedAt = db.Time(since), db.Time(effective), db.Time(made), db.Time(edit)
		r.PublishedAt, r.WithdrawnAt = db.Time(published), db.Time(withdrawn)
		if err := json.Unmarshal([]byte(notes), &r.Notes); err != nil {
			return fmt.Errorf("release: notes of %s: %w", r.ID, err)
		}
		list = append(list, r)
		return nil
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	index := map[string]int{}
	for i, r := range list {
		index[r.ID] = i
	}
	files, err := artifacts(tx, `a.release_id IN (SELECT id FROM release r WHERE `+where+` `+tail+`) ORDER BY a.kind`, args...)
	for _, a := range files {
		if i, ok := index[a.Release]; ok {
			list[i].Artifacts = append(list[i].Artifacts, a)
		}
	}
	return list, err
}

// outlines reads releases as far as PublishedIn tells them; the last column is the id of a file, or "".
func outlines(tx *db.Tx, query string, args ...any) (list []Release, err error) {
	err = tx.Each(query, args, func(row func(...any) error) error {
		r := Release{State: Published}
		var effective int64
		var file string
		err := row(&r.ID, &r.Product, &r.Version, &r.Channel, &effective, &file)
		r.EffectiveAt = db.Time(effective)
		if file != "" {
			r.Artifacts = []Artifact{{ID: file, Release: r.ID, State: Verified}}
		}
		list = append(list, r)
		return err
	})
	return list, err
}

func artifacts(tx *db.Tx, where string, args ...any) (list []Artifact, err error) {
	err = tx.Each(`SELECT `+artifactColumns+` FROM artifact a WHERE `+where, args, func(row func(...any) error) error {
		var a Artifact
		var troubleArgs string
		var made, verified int64
		if err := row(&a.ID, &a.Release, &a.Kind, &a.Title, &a.Name, &a.Platform, &a.Arch, &a.MediaType, &a.Size, &a.SHA256, &a.SHA512, &a.digest,
			&a.Signature, &a.SignedBy, &a.Comment, &a.State, &a.Trouble, &troubleArgs, &a.Blob, &made, &a.MadeBy, &verified); err != nil {
			return err
		}
		a.MadeAt, a.VerifiedAt = db.Time(made), db.Time(verified)
		list = append(list, a)
		return json.Unmarshal([]byte(troubleArgs), &list[len(list)-1].TroubleArgs)
	})
	return list, err
}

func artifact(tx *db.Tx, id string) (Artifact, error) {
	list, err := artifacts(tx, `a.id = $1`, id)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "not-found")
	}
	if err != nil {
		return Artifact{}, err
	}
	return list[0], nil
}

// locked reads a release that nobody else changes until the transaction ends.
func locked(tx *db.Tx, id string) (Release, error) {
	if err := tx.Get(`SELECT id FROM release WHERE id = $1 `+tx.ForUpdate(), []any{id}, new(string)); err != nil {
		return Release{}, err
	}
	return ByID(tx, id)
}

// lockedArtifact reads a file that nobody else changes until the transaction ends.
func lockedArtifact(tx *db.Tx, id string) (Artifact, error) {
	if err := tx.Get(`SELECT id FROM artifact WHERE id = $1 `+tx.ForUpdate(), []any{id}, new(string)); err != nil {
		return Artifact{}, err
	}
	return artifact(tx, id)
}

func insertRelease(tx *db.Tx, r Release) error {
	return tx.Do(`INSERT INTO release (id, product_id, version, version_key, channel, title, notes, required, required_since, state, effective_at,
			made_at, made_by, edited_at, published_at, published_by, withdrawn_at, withdrawn_by, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 0, $10, $11, $12, 0, '', 0, '', '')`,
		r.ID, r.Product, string(r.Version), r.Version.Key(), r.Channel, r.Title, packed(r.Notes), r.Required, string(r.State),
		db.Micros(r.MadeAt), r.MadeBy, db.Micros(r.EditedAt))
}

func updateDraft(tx *db.Tx, r Release, stamp time.Time) error {
	return tx.Do(`UPDATE release SET version = $1, version_key = $2, channel = $3, title = $4, notes = $5, required = $6, edited_at = $7
		WHERE id = $8 AND state = $9 AND edited_at = $10`,
		string(r.Version), r.Version.Key(), r.Channel, r.Title, packed(r.Notes), r.Required, db.Micros(r.EditedAt), r.ID, string(Drafted), db.Micros(stamp))
}

func deleteRelease(tx *db.Tx, id string, expected State) error {
	return tx.Do(`DELETE FROM release WHERE id = $1 AND state = $2`, id, string(expected))
}

// setState writes where a release stands, and its dates.
func setState(tx *db.Tx, r Release, expected State) error {
	return tx.Do(`UPDATE release SET state = $1, effective_at = $2, required = $3, required_since = $4, published_at = $5, published_by = $6
		WHERE id = $7 AND state = $8`,
		string(r.State), db.Micros(r.EffectiveAt), r.Required, db.Micros(r.RequiredSince), db.Micros(r.PublishedAt), r.PublishedBy, r.ID, string(expected))
}

func withdraw(tx *db.Tx, r Release, expected State) error {
	return tx.Do(`UPDATE release SET state = $1, withdrawn_at = $2, withdrawn_by = $3, reason = $4 WHERE id = $5 AND state = $6`,
		string(r.State), db.Micros(r.WithdrawnAt), r.WithdrawnBy, r.Reason, r.ID, string(expected))
}

// scheduled are published releases whose date is to come.
func scheduled(tx *db.Tx, limit int) (ids []string, err error) {
	err = tx.Each(`SELECT id FROM release WHERE state = $1 AND effective_at > $2 ORDER BY effective_at, id LIMIT $3`,
		[]any{string(Published), db.Micros(tx.Now()), limit}, func(row func(...any) error) error {
			var id string
			err := row(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

func counts(tx *db.Tx, f Filter) (map[State]int, error) {
	n := map[State]int{}
	err := tx.Each(`SELECT state, COUNT(*) FROM release WHERE ($1 = '' OR product_id = $1) AND ($2 = '' OR channel = $2) GROUP BY state`,
		[]any{f.Product, f.Channel}, func(row func(...any) error) error {
			var s State
			var one int
			err := row(&s, &one)
			n[s] = one
			return err
		})
	return n, err
}
