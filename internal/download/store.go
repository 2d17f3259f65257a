package download

import (
	"fmt"
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

// An acceptance is what is kept of "I accept".
type acceptance struct{ organization, product, version, lang, hash, account, address string }

func insertAcceptance(tx *db.Tx, a acceptance) (fresh bool, err error) {
	n, err := tx.Count(`INSERT INTO agreement_acceptance (organization_id, product_id, version, lang, text_hash, account_id, address, accepted_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT DO NOTHING`,
		a.organization, a.product, a.version, a.lang, a.hash, a.account, a.address, db.Micros(tx.Now()))
	return n == 1, err
}

func hasAccepted(tx *db.Tx, organization, product, version string) (bool, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM agreement_acceptance WHERE organization_id = $1 AND product_id = $2 AND version = $3`,
		[]any{organization, product, version}, &n)
	return n > 0, err
}

// acceptedLast is when the organization last accepted any version; zero: never.
func acceptedLast(tx *db.Tx, organization, product string) (time.Time, error) {
	var at int64
	err := tx.Get(`SELECT COALESCE(MAX(accepted_at), 0) FROM agreement_acceptance WHERE organization_id = $1 AND product_id = $2`,
		[]any{organization, product}, &at)
	return db.Time(at), err
}

func insertAgreement(tx *db.Tx, a Agreement) (fresh bool, err error) {
	n, err := tx.Count(`INSERT INTO agreement (product_id, version, made_at, made_by, asks) VALUES ($1,$2,$3,$4,$5) ON CONFLICT DO NOTHING`,
		a.Product, a.Version, db.Micros(tx.Now()), a.MadeBy, a.Asks)
	if err != nil || n == 0 {
		return false, err
	}
	for _, lang := range languages() {
		if a.Text[lang] == "" {
			continue
		}
		if err := tx.Do(`INSERT INTO agreement_text (product_id, version, lang, text, hash) VALUES ($1,$2,$3,$4,$5)`,
			a.Product, a.Version, lang, a.Text[lang], textHash(a.Product, a.Version, lang, a.Text[lang])); err != nil {
			return false, err
		}
	}
	return true, nil
}

// agreementInForce is the newest version; NotFound where nothing is asked.
func agreementInForce(tx *db.Tx, product string) (a Agreement, err error) {
	var made int64
	err = tx.Get(`SELECT product_id, version, made_at, made_by, asks FROM agreement WHERE product_id = $1 ORDER BY made_at DESC, version DESC LIMIT 1`,
		[]any{product}, &a.Product, &a.Version, &made, &a.MadeBy, &a.Asks)
	if err == nil && !a.Asks {
		err = fault.New(fault.NotFound, "not-found")
	}
	if err != nil {
		return Agreement{}, err
	}
	a.Since = db.Time(made)
	a.Text, err = agreementTexts(tx, product, a.Version)
	return a, err
}

func agreementTexts(tx *db.Tx, product, version string) (map[string]string, error) {
	all := map[string]string{}
	err := tx.Each(`SELECT lang, text FROM agreement_text WHERE product_id = $1 AND version = $2`, []any{product, version}, func(scan func(...any) error) error {
		var lang, words string
		err := scan(&lang, &words)
		all[lang] = words
		return err
	})
	return all, err
}

func agreements(tx *db.Tx, product string) (list []Agreement, err error) {
	err = tx.Each(`SELECT a.product_id, a.version, a.made_at, a.made_by, a.asks,
			(SELECT COUNT(*) FROM agreement_acceptance c WHERE c.product_id = a.product_id AND c.version = a.version)
		FROM agreement a WHERE a.product_id = $1 ORDER BY a.made_at DESC, a.version DESC`, []any{product}, func(scan func(...any) error) error {
		var a Agreement
		var made int64
		if err := scan(&a.Product, &a.Version, &made, &a.MadeBy, &a.Asks, &a.Accepted); err != nil {
			return err
		}
		a.Since = db.Time(made)
		list = append(list, a)
		return nil
	})
	for i := range list {
		if err == nil {
			list[i].Text, err = agreementTexts(tx, list[i].Product, list[i].Version)
		}
	}
	return list, err
}

// holdCaller keeps others from counting the caller's transfers until the transaction ends.
func holdCaller(tx *db.Tx, who string) error {
	return tx.Do(`INSERT INTO transfer_caller (who, seen_at) VALUES ($1, $2) ON CONFLICT (who) DO UPDATE SET seen_at = excluded.seen_at`,
		who, db.Micros(tx.Now()))
}

func countRunning(tx *db.Tx, who string) (n int, err error) {
	err = tx.Get(`SELECT COUNT(*) FROM transfer WHERE who = $1 AND state = $2 AND lease_until > $3`,
		[]any{who, Running, db.Micros(tx.Now())}, &n)
	return n, err
}

func insertTransfer(tx *db.Tx, t Transfer, lease time.Time) error {
	return tx.Do(`INSERT INTO transfer (id, organization_id, company, company_key, caller, who, name, product_id, channel, version, release_id,
			artifact_id, file, size, asked, address, started_at, ended_at, sent, spans, state, lease_until)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,0,0,'[]',$18,$19)`,
		t.ID, t.Organization, t.Company, organization.NameKey(t.Company), t.Caller, t.Who, t.Name, t.Product, t.Channel, t.Version, t.Release,
		t.Artifact, t.File, t.Size, t.Range, t.Address, db.Micros(tx.Now()), Running, db.Micros(lease))
}

// renewTransfer moves the lease of a transfer on that still runs, with what was sent so far.
func renewTransfer(tx *db.Tx, id string, sent int64, got spans, lease time.Time) error {
	return tx.Do(`UPDATE transfer SET sent = $1, spans = $2, lease_until = $3 WHERE id = $4 AND state = $5`,
		sent, got.text(), db.Micros(lease), id, Running)
}

// endTransfer settles a transfer that still runs.
func endTransfer(tx *db.Tx, id, state string, sent int64, got spans) error {
	return tx.Do(`UPDATE transfer SET sent = $1, spans = $2, state = $3, ended_at = $4 WHERE id = $5 AND state = $6`,
		sent, got.text(), state, db.Micros(tx.Now()), id, Running)
}

func parts(tx *db.Tx, who, artifact string) (spans, error) {
	var text string
	err := tx.Get(`SELECT spans FROM transfer_part WHERE who = $1 AND artifact_id = $2`, []any{who, artifact}, &text)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseSpans(text)
}

func putParts(tx *db.Tx, who, artifact string, got spans) error {
	return tx.Do(`INSERT INTO transfer_part (who, artifact_id, spans, at) VALUES ($1,$2,$3,$4)
		ON CONFLICT (who, artifact_id) DO UPDATE SET spans = excluded.spans, at = excluded.at`, who, artifact, got.text(), db.Micros(tx.Now()))
}

func dropParts(tx *db.Tx, who, artifact string) error {
	_, err := tx.Count(`DELETE FROM transfer_part WHERE who = $1 AND artifact_id = $2`, who, artifact)
	return err
}

func sweepParts(tx *db.Tx, before time.Time, limit int) (int64, error) {
	return tx.Count(`DELETE FROM transfer_part WHERE (who, artifact_id) IN (SELECT who, artifact_id FROM transfer_part WHERE at < $1 LIMIT $2)`,
		db.Micros(before), limit)
}

func sweepCallers(tx *db.Tx, before time.Time, limit int) (int64, error) {
	return tx.Count(`DELETE FROM transfer_caller WHERE who IN (SELECT who FROM transfer_caller WHERE seen_at < $1 LIMIT $2)`, db.Micros(before), limit)
}

func sweepTransfers(tx *db.Tx, before time.Time, limit int) (int64, error) {
	return tx.Count(`DELETE FROM transfer WHERE id IN (SELECT id FROM transfer WHERE ended_at > 0 AND ended_at < $1 ORDER BY ended_at LIMIT $2)`,
		db.Micros(before), limit)
}

// lapsed are transfers whose sender is gone, with what they had sent when they were last heard of; of one id, which nobody changes
// then until the transaction ends, or of all.
func lapsed(tx *db.Tx, id string, limit int) (list []moving, err error) {
	where, held := `state = $1 AND lease_until <= $2`, ``
	args := []any{Running, db.Micros(tx.Now()), limit}
	if id != "" {
		where, held = where+` AND id = $4`, tx.ForUpdate()
		args = append(args, id)
	}
	err = tx.Each(`SELECT id, who, artifact_id, size, sent, spans FROM transfer WHERE `+where+` ORDER BY lease_until LIMIT $3 `+held, args, func(scan func(...any) error) error {
		var m moving
		var text string
		err := scan(&m.id, &m.who, &m.artifact, &m.size, &m.sent, &text)
		if err == nil {
			m.got, err = parseSpans(text)
		}
		list = append(list, m)
		return err
	})
	return list, err
}

// conditions are the parts of a WHERE with their arguments.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) add(part string, arg any) {
	c.args = append(c.args, arg)
	c.parts = append(c.parts, fmt.Sprintf(part, len(c.args)))
}

func (f Filter) conditions(named []string, before string) *conditions {
	c := &conditions{parts: []string{"id <> ''"}}
	if before != "" {
		c.add("id < $%d", before)
	}
	if named != nil {
		places := []string{"''"} // none is named so: nothing is found
		for _, id := range named {
			c.args = append(c.args, id)
			places = append(places, fmt.Sprintf("$%d", len(c.args)))
		}
		c.parts = append(c.parts, "organization_id IN ("+strings.Join(places, ",")+")")
	}
	for _, one := range [][2]string{{"organization_id", f.Organization}, {"release_id", f.Release}, {"product_id", f.Product}, {"state", f.State}, {"who", f.Who}} {
		if one[1] != "" {
			c.add(one[0]+" = $%d", one[1])
		}
	}
	if !f.Since.IsZero() {
		c.add("started_at >= $%d", db.Micros(f.Since))
	}
	if !f.Until.IsZero() {
		c.add("started_at < $%d", db.Micros(f.Until))
	}
	return c
}

// namedMost bounds the organizations that a search by name goes through.
const namedMost = 500

// named are the organizations of a search by name, since they are far fewer than the transfers; nil where none is searched for.
func (f Filter) named(tx *db.Tx) (ids []string, err error) {
	key := organization.NameKey(f.Company)
	if key == "" {
		return nil, nil
	}
	ids = []string{}
	// A key has letters, digits and spaces alone: nothing in it means anything to LIKE.
	err = tx.Each(`SELECT id FROM organization WHERE ' ' || name_key LIKE $1 ORDER BY name_key, id LIMIT $2`, []any{"% " + key + "%", namedMost},
		func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

func transfers(tx *db.Tx, f Filter, before string, limit int) (list []Transfer, err error) {
	named, err := f.named(tx)
	if err != nil {
		return nil, err
	}
	c := f.conditions(named, before)
	c.args = append(c.args, limit)
	query := `SELECT id, organization_id, company, caller, who, name, product_id, channel, version, release_id, artifact_id, file, size, asked,
		address, started_at, ended_at, sent, state FROM transfer WHERE ` + strings.Join(c.parts, " AND ") + fmt.Sprintf(" ORDER BY id DESC LIMIT $%d", len(c.args))
	err = tx.Each(query, c.args, func(scan func(...any) error) error {
		var t Transfer
		var started, ended int64
		if err := scan(&t.ID, &t.Organization, &t.Company, &t.Caller, &t.Who, &t.Name, &t.Product, &t.Channel, &t.Version, &t.Release, &t.Artifact,
			&t.File, &t.Size, &t.Range, &t.Address, &started, &ended, &t.Sent, &t.State); err != nil {
			return err
		}
		t.StartedAt, t.EndedAt = db.Time(started), db.Time(ended)
		list = append(list, t)
		return nil
	})
	return list, err
}

func fetched(tx *db.Tx, organization string) (yes bool, err error) {
	err = tx.Get(`SELECT EXISTS (SELECT 1 FROM transfer WHERE organization_id = $1 AND state = $2)`, []any{organization, Completed}, &yes)
	return yes, err
}

// completed counts the completed transfers of releases.
func completed(tx *db.Tx, releases []string) (map[string]int, error) {
	all := map[string]int{}
	if len(releases) == 0 {
		return all, nil
	}
	args := []any{Completed}
	var places []string
	for _, id := range releases {
		args = append(args, id)
		places = append(places, fmt.Sprintf("$%d", len(args)))
	}
	err := tx.Each(`SELECT release_id, COUNT(*) FROM transfer WHERE state = $1 AND release_id IN (`+strings.Join(places, ",")+`) GROUP BY release_id`,
		args, func(scan func(...any) error) error {
			var id string
			var n int
			err := scan(&id, &n)
			all[id] = n
			return err
		})
	return all, err
}

func wantsNews(tx *db.Tx, account, product string) (bool, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM release_news WHERE account_id = $1 AND product_id = $2`, []any{account, product}, &n)
	return n > 0, err
}

func insertNews(tx *db.Tx, account, product string) error {
	_, err := tx.Count(`INSERT INTO release_news (account_id, product_id, since) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`, account, product, db.Micros(tx.Now()))
	return err
}

func deleteNews(tx *db.Tx, account, product string) error {
	_, err := tx.Count(`DELETE FROM release_news WHERE account_id = $1 AND product_id = $2`, account, product)
	return err
}

// untold are the accounts that wanted a product's news before a release came out, and were not told of it yet.
func untold(tx *db.Tx, product, release string, published time.Time, after string, limit int) (list []string, err error) {
	err = tx.Each(`SELECT n.account_id FROM release_news n WHERE n.product_id = $1 AND n.since <= $2 AND n.account_id > $3
			AND NOT EXISTS (SELECT 1 FROM release_told t WHERE t.account_id = n.account_id AND t.release_id = $4)
		ORDER BY n.account_id LIMIT $5`, []any{product, db.Micros(published), after, release, limit}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		list = append(list, id)
		return err
	})
	return list, err
}

func insertTold(tx *db.Tx, account, release string, told bool) (fresh bool, err error) {
	n, err := tx.Count(`INSERT INTO release_told (account_id, release_id, told, at) VALUES ($1,$2,$3,$4) ON CONFLICT DO NOTHING`,
		account, release, told, db.Micros(tx.Now()))
	return n == 1, err
}

func sweepTold(tx *db.Tx, before time.Time, limit int) (int64, error) {
	return tx.Count(`DELETE FROM release_told WHERE (account_id, release_id) IN (SELECT account_id, release_id FROM release_told WHERE at < $1 LIMIT $2)`,
		db.Micros(before), limit)
}
