package organization

import (
	"context"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// A Person is one of an organization's people, or somebody who asks to be.
type Person struct {
	Account string
	Name    string
	Email   string
	Role    Role      // of a member
	Since   time.Time // a member since, or asking since
	Request string    // id of the open join request of somebody who asks
}

// People are an organization's members, administrators first, and those who ask to join, the longest waiting first.
type People struct {
	Members []Person
	Asking  []Person
}

// peopleLimit bounds either list.
const peopleLimit = 500

// People lists the people of an organization.
func (s *Service) People(ctx context.Context, organizationID string) (p People, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if p.Members, err = members(tx, organizationID, peopleLimit); err != nil {
			return err
		}
		p.Asking, err = asking(tx, organizationID, peopleLimit)
		return err
	})
	return p, err
}

// DecideAs accepts or refuses a join request as an administrator of the organization that it is for. A request of another
// organization, and any request for somebody who is no administrator, is NotFound: who may not decide may not know.
func (s *Service) DecideAs(ctx context.Context, administrator, id string, accept bool) (j JoinRequest, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		own, err := membershipOf(tx, administrator)
		if err != nil {
			return err
		}
		asked, err := joinRequest(tx, id)
		if err != nil {
			return err
		}
		if own.Role != Administrator || own.Organization.ID != asked.Organization.ID {
			return fault.New(fault.NotFound, "not-found")
		}
		j, err = DecideJoin(tx, s.Secret, id, accept, administrator)
		if err != nil || s.Decided == nil {
			return err
		}
		return s.Decided(tx, j)
	})
	return j, err
}

func members(tx *db.Tx, organizationID string, limit int) ([]Person, error) {
	return people(tx, `SELECT a.id, a.first_name, a.last_name, a.email, m.role, m.joined_at, ''
		FROM organization_member m JOIN account a ON a.id = m.account_id WHERE m.organization_id = $1
		ORDER BY CASE m.role WHEN 'administrator' THEN 0 ELSE 1 END, m.joined_at, a.id LIMIT $2`, organizationID, limit)
}

func asking(tx *db.Tx, organizationID string, limit int) ([]Person, error) {
	return people(tx, `SELECT a.id, a.first_name, a.last_name, a.email, '', j.created_at, j.id
		FROM join_request j JOIN account a ON a.id = j.account_id WHERE j.organization_id = $1 AND j.state = 'open'
		ORDER BY j.created_at, j.id LIMIT $2`, organizationID, limit)
}

func people(tx *db.Tx, query string, args ...any) (list []Person, err error) {
	err = tx.Each(query, args, func(row func(...any) error) error {
		var p Person
		var first, last string
		var since int64
		if err := row(&p.Account, &first, &last, &p.Email, &p.Role, &since, &p.Request); err != nil {
			return err
		}
		p.Name, p.Since = first+" "+last, db.Time(since)
		list = append(list, p)
		return nil
	})
	return list, err
}
