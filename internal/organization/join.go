package organization

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A JoinState is where a join request stands.
type JoinState string

// The states of a join request.
const (
	JoinOpen      JoinState = "open"
	JoinAccepted  JoinState = "accepted"
	JoinRefused   JoinState = "refused"
	JoinWithdrawn JoinState = "withdrawn" // the account became a member by another way
)

// A JoinRequest is an account's wish to become a member of an organization on
// whose verified domain its confirmed address is.
type JoinRequest struct {
	ID           string
	Organization Organization
	Account      string
	State        JoinState
	CreatedAt    time.Time
	DecidedAt    time.Time
	DecidedBy    string
}

// ask files a join request, or finds the one that waits. Somebody who was
// refused is not asked about again.
func ask(tx *db.Tx, src secret.Source, organizationID, accountID string) (Outcome, error) {
	last, err := lastJoinRequest(tx, accountID)
	if err == nil && last.Organization.ID == organizationID {
		if last.State == JoinOpen {
			return Outcome{JoinRequest: last.ID}, nil
		}
		return Outcome{}, nil
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Outcome{}, err
	}
	id := src.ID(tx.Now())
	if n, err := insertJoinRequest(tx, id, organizationID, accountID); err != nil || n == 0 {
		return Outcome{}, err
	}
	return Outcome{JoinRequest: id}, audit.Add(tx, src, audit.Event{
		Action: "organization.join_request", Subject: "account:" + accountID, Organization: organizationID,
	})
}

// LastJoinRequest returns an account's latest join request; NotFound if it
// never made one.
func LastJoinRequest(tx *db.Tx, accountID string) (JoinRequest, error) {
	return lastJoinRequest(tx, accountID)
}

// An Applicant is a join request with the person who made it.
type Applicant struct {
	JoinRequest
	Name, Email string
	Alone       bool // the organization has no administrator who could decide
}

// joinsShown bounds the office's list; what is decided makes room for the rest.
const joinsShown = 100

// Waiting lists the join requests that wait, the oldest first.
func (s *Service) Waiting(ctx context.Context) (list []Applicant, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		open, err := openJoinRequests(tx, joinsShown)
		if err != nil {
			return err
		}
		list = list[:0]
		for _, j := range open {
			a, err := account.Get(tx, j.Account)
			if err != nil {
				return err
			}
			admins, err := administrators(tx, j.Organization.ID)
			if err != nil {
				return err
			}
			list = append(list, Applicant{JoinRequest: j, Name: a.Name(), Email: a.Email, Alone: len(admins) == 0})
		}
		return nil
	})
	return list, err
}

// DecideJoin accepts or refuses a join request as the office, which decides
// where the organization has no administrator who could: otherwise it is Denied
// "join-theirs". A request that was decided meanwhile is Conflict "changed".
func (s *Service) DecideJoin(ctx context.Context, id string, accept bool, by string) (j JoinRequest, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		asked, err := joinRequest(tx, id)
		if err != nil {
			return err
		}
		admins, err := administrators(tx, asked.Organization.ID)
		if err != nil {
			return err
		}
		if len(admins) > 0 {
			return fault.New(fault.Denied, "join-theirs")
		}
		j, err = DecideJoin(tx, s.Secret, id, accept, by)
		if err != nil || s.Decided == nil {
			return err
		}
		return s.Decided(tx, j)
	})
	return j, err
}

// DecideJoin is the decision within a transaction.
func DecideJoin(tx *db.Tx, src secret.Source, id string, accept bool, by string) (JoinRequest, error) {
	j, err := joinRequest(tx, id)
	if err != nil {
		return JoinRequest{}, err
	}
	state, action := JoinRefused, "organization.join_refuse"
	if accept {
		state, action = JoinAccepted, "organization.join_accept"
	}
	if err := decideJoinRequest(tx, id, state, by); err != nil {
		return JoinRequest{}, err
	}
	j.State, j.DecidedAt, j.DecidedBy = state, tx.Now(), by
	if err := audit.Add(tx, src, audit.Event{
		Action: action, Subject: "account:" + j.Account, Organization: j.Organization.ID,
	}); err != nil || !accept {
		return j, err
	}
	_, err = Admit(tx, src, j.Organization.ID, j.Account, "", "", ByJoinRequest)
	return j, err
}
