package access

import (
	"time"
)

// A State is where a request stands.
type State string

// The states of a request. A decision is made once.
const (
	Received  State = "received"
	Approved  State = "approved"
	Declined  State = "declined"
	Withdrawn State = "withdrawn"
)

// A Request is somebody's wish to evaluate a product.
type Request struct {
	ID           string
	Reference    string
	Product      string // id
	ProductName  string
	State        State
	FirstName    string
	LastName     string
	Email        string
	EmailKey     string
	Mobile       string // E.164, or empty
	Organization string // as typed: it grants nothing
	Country      string
	Users        int
	Purpose      string
	Lang         string
	Account      string // who asked again while signed in
	Network      string
	Signals      []Signal
	CreatedAt    time.Time
	RemindAt     time.Time
	DueAt        time.Time // 60 office minutes after it came
	LateAt       time.Time // 24 hours after it came, by the clock
	DecidedAt    time.Time
	DecidedBy    string // id of the member of staff
	DecidedName  string
	Reason       string // public, of a decline
	Note         string // internal
	Message      string // to the applicant, that stood in the approval
	ApprovedFor  string // id of the organization
	Term         string
}

func (r *Request) summary(now time.Time) RequestSummary {
	return RequestSummary{
		ID: r.ID, Reference: r.Reference, State: r.State, Product: r.ProductName,
		Organization: r.Organization, Users: r.Users,
		CreatedAt: r.CreatedAt, Age: now.Sub(r.CreatedAt), DueAt: r.DueAt, LateAt: r.LateAt,
		DecidedAt: r.DecidedAt, Decline: r.Reason,
	}
}

// Name is the applicant's whole name.
func (r *Request) Name() string { return r.FirstName + " " + r.LastName }

// A Due says how urgent an open request is.
type Due string

// The urgencies.
const (
	DueLater   Due = "later"
	DueSoon    Due = "soon"    // the reminder has gone out
	DueOverdue Due = "overdue" // the office minutes are over
	DueLate    Due = "late"    // 24 hours by the clock are over
)

// Due says how urgent the request is at now; a decided one is never urgent.
func (r *Request) Due(now time.Time) Due {
	switch {
	case r.State != Received:
		return DueLater
	case !now.Before(r.LateAt):
		return DueLate
	case !now.Before(r.DueAt):
		return DueOverdue
	case !now.Before(r.RemindAt):
		return DueSoon
	}
	return DueLater
}
