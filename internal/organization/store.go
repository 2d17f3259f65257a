package organization

import (
	"vestibule/internal/account"
	"vestibule/internal/db"
)

const columns = `o.id, o.name, o.kind, o.country, o.origin, o.reference, o.created_at`

func scan(row func(...any) error, more ...any) (o Organization, err error) {
	var created int64
	err = row(append([]any{&o.ID, &o.Name, &o.Kind, &o.Country, &o.Origin, &o.Reference, &created}, more...)...)
	o.CreatedAt = db.Time(created)
	return o, err
}

func one(tx *db.Tx, where string, args ...any) (Organization, error) {
	return scan(func(into ...any) error {
		return tx.Get(`SELECT `+columns+` FROM organization o WHERE `+where, args, into...)
	})
}

func get(tx *db.Tx, id string) (Organization, error) { return one(tx, `o.id = $1`, id) }

func byReference(tx *db.Tx, reference string) (Organization, error) {
	return one(tx, `o.reference = $1 AND o.reference <> ''`, reference)
}

func many(tx *db.Tx, query string, args ...any) (list []Organization, err error) {
	err = tx.Each(`SELECT `+columns+` FROM organization o `+query, args, func(row func(...any) error) error {
		o, err := scan(row)
		list = append(list, o)
		return err
	})
	return list, err
}

func alike(tx *db.Tx, key string, limit int) ([]Organization, error) {
	return many(tx, `WHERE o.name_key = $1 ORDER BY o.created_at, o.id LIMIT $2`, key, limit)
}

func expecting(tx *db.Tx, emailKey string) ([]Organization, error) {
	return many(tx, `JOIN organization_contact c ON c.organization_id = o.id
		WHERE c.email_key = $1 ORDER BY c.created_at DESC, o.id LIMIT 20`, emailKey)
}

func insert(tx *db.Tx, o Organization) error {
	return tx.Do(`INSERT INTO organization (id, name, name_key, kind, country, origin, reference, created_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)`,
		o.ID, o.Name, NameKey(o.Name), o.Kind, o.Country, o.Origin, o.Reference, db.Micros(o.CreatedAt))
}

// touch locks the organization until the transaction ends.
func touch(tx *db.Tx, id string) error {
	return tx.Do(`UPDATE organization SET version = version + 1 WHERE id = $1`, id)
}

func domainOwner(tx *db.Tx, domain string) (id string, err error) {
	err = tx.Get(`SELECT organization_id FROM organization_domain WHERE domain = $1`, []any{domain}, &id)
	return id, err
}

func insertDomain(tx *db.Tx, organizationID, domain, by string) error {
	return tx.Do(`INSERT INTO organization_domain (domain, organization_id, verified_at, verified_by) VALUES ($1, $2, $3, $4)`,
		domain, organizationID, db.Micros(tx.Now()), by)
}

func upsertContact(tx *db.Tx, organizationID string, c Contact) error {
	return tx.Do(`INSERT INTO organization_contact
		(organization_id, email_key, email, first_name, last_name, role, origin, created_at, joined_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
		ON CONFLICT (organization_id, email_key) DO UPDATE SET
		email = excluded.email, first_name = excluded.first_name, last_name = excluded.last_name,
		role = excluded.role, origin = excluded.origin, created_at = excluded.created_at, joined_at = 0`,
		organizationID, c.EmailKey, c.Email, c.FirstName, c.LastName, c.Role, c.Origin, db.Micros(tx.Now()))
}

// awaited finds the latest contact of an address that has not joined.
func awaited(tx *db.Tx, emailKey string) (c Contact, organizationID string, err error) {
	err = tx.Get(`SELECT organization_id, email, email_key, first_name, last_name, role, origin FROM organization_contact
		WHERE email_key = $1 AND joined_at = 0 ORDER BY created_at DESC, organization_id LIMIT 1`, []any{emailKey},
		&organizationID, &c.Email, &c.EmailKey, &c.FirstName, &c.LastName, &c.Role, &c.Origin)
	return c, organizationID, err
}

func markJoined(tx *db.Tx, organizationID, emailKey string) error {
	_, err := tx.Count(`UPDATE organization_contact SET joined_at = $1 WHERE organization_id = $2 AND email_key = $3 AND joined_at = 0`,
		db.Micros(tx.Now()), organizationID, emailKey)
	return err
}

func membershipOf(tx *db.Tx, accountID string) (m Membership, err error) {
	var joined int64
	m.Organization, err = scan(func(into ...any) error {
		return tx.Get(`SELECT `+columns+`, m.account_id, m.role, m.origin, m.joined_at
			FROM organization_member m JOIN organization o ON o.id = m.organization_id
			WHERE m.account_id = $1`, []any{accountID}, into...)
	}, &m.Account, &m.Role, &m.Origin, &joined)
	m.JoinedAt = db.Time(joined)
	return m, err
}

func countMembers(tx *db.Tx, organizationID string) (n int, err error) {
	err = tx.Get(`SELECT count(*) FROM organization_member WHERE organization_id = $1`, []any{organizationID}, &n)
	return n, err
}

func administrators(tx *db.Tx, organizationID string) (accounts []string, err error) {
	err = tx.Each(`SELECT account_id FROM organization_member WHERE organization_id = $1 AND role = 'administrator' ORDER BY joined_at, account_id`,
		[]any{organizationID}, func(row func(...any) error) error {
			var id string
			err := row(&id)
			accounts = append(accounts, id)
			return err
		})
	return accounts, err
}

func keepers(tx *db.Tx, organizationID string) (list []Keeper, err error) {
	err = tx.Each(`SELECT account_id, role FROM organization_member WHERE organization_id = $1 AND role IN ('administrator', 'technical')
		ORDER BY joined_at, account_id`, []any{organizationID}, func(row func(...any) error) error {
		var k Keeper
		err := row(&k.Account, &k.Role)
		list = append(list, k)
		return err
	})
	return list, err
}

func insertMember(tx *db.Tx, organizationID, accountID string, role Role, origin Origin) error {
	err := tx.Do(`INSERT INTO organization_member (account_id, organization_id, role, origin, joined_at) VALUES ($1, $2, $3, $4, $5)`,
		accountID, organizationID, role, origin, db.Micros(tx.Now()))
	if err != nil {
		return err
	}
	return account.Reindex(tx, accountID)
}

func expectAgain(tx *db.Tx, organizationID, emailKey string) error {
	_, err := tx.Count(`UPDATE organization_contact SET joined_at = 0 WHERE organization_id = $1 AND email_key = $2`, organizationID, emailKey)
	return err
}

func deleteMember(tx *db.Tx, accountID string) error {
	if _, err := tx.Count(`DELETE FROM organization_member WHERE account_id = $1`, accountID); err != nil {
		return err
	}
	return account.Reindex(tx, accountID)
}

const joinColumns = `, j.id, j.account_id, j.state, j.created_at, j.decided_at, j.decided_by
	FROM join_request j JOIN organization o ON o.id = j.organization_id`

func scanJoin(row func(...any) error) (j JoinRequest, err error) {
	var created, decided int64
	j.Organization, err = scan(row, &j.ID, &j.Account, &j.State, &created, &decided, &j.DecidedBy)
	j.CreatedAt, j.DecidedAt = db.Time(created), db.Time(decided)
	return j, err
}

func joinRequest(tx *db.Tx, id string) (JoinRequest, error) {
	return scanJoin(func(into ...any) error {
		return tx.Get(`SELECT `+columns+joinColumns+` WHERE j.id = $1`, []any{id}, into...)
	})
}

func lastJoinRequest(tx *db.Tx, accountID string) (JoinRequest, error) {
	return scanJoin(func(into ...any) error {
		return tx.Get(`SELECT `+columns+joinColumns+` WHERE j.account_id = $1 ORDER BY j.created_at DESC, j.id DESC LIMIT 1`,
			[]any{accountID}, into...)
	})
}

func openJoinRequests(tx *db.Tx, limit int) (list []JoinRequest, err error) {
	err = tx.Each(`SELECT `+columns+joinColumns+` WHERE j.state = 'open' ORDER BY j.id LIMIT $1`, []any{limit}, func(row func(...any) error) error {
		j, err := scanJoin(row)
		list = append(list, j)
		return err
	})
	return list, err
}

func insertJoinRequest(tx *db.Tx, id, organizationID, accountID string) (int64, error) {
	return tx.Count(`INSERT INTO join_request (id, organization_id, account_id, state, created_at, decided_at, decided_by)
		VALUES ($1, $2, $3, 'open', $4, 0, '') ON CONFLICT DO NOTHING`, id, organizationID, accountID, db.Micros(tx.Now()))
}

func decideJoinRequest(tx *db.Tx, id string, state JoinState, by string) error {
	return tx.Do(`UPDATE join_request SET state = $1, decided_at = $2, decided_by = $3 WHERE id = $4 AND state = 'open'`,
		state, db.Micros(tx.Now()), by, id)
}

// closeJoinRequests settles what an account asked elsewhere once it is a member.
func closeJoinRequests(tx *db.Tx, accountID string) error {
	_, err := tx.Count(`UPDATE join_request SET state = 'withdrawn', decided_at = $1 WHERE account_id = $2 AND state = 'open'`,
		db.Micros(tx.Now()), accountID)
	return err
}
