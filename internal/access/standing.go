package access

import (
	"time"

	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// A Reason says, in one code, what a person may do now and why.
type Reason string

// The reasons, in the order in which they decide.
const (
	ReasonEmailUnconfirmed Reason = "email-unconfirmed" // standing follows a confirmed address
	ReasonPartner          Reason = "partner"
	ReasonSubscription     Reason = "subscription"
	ReasonEvaluation       Reason = "evaluation"
	ReasonNotStarted       Reason = "not-started"
	ReasonSuspended        Reason = "suspended"
	ReasonRevoked          Reason = "revoked"
	ReasonSubscriptionOver Reason = "subscription-ended"
	ReasonEvaluationOver   Reason = "evaluation-ended"
	ReasonWaiting          Reason = "waiting"
	ReasonJoinWaiting      Reason = "join-waiting"
	ReasonJoinRefused      Reason = "join-refused"
	ReasonDeclined         Reason = "declined"
	ReasonNoRequest        Reason = "no-request"
)

// A Remedy says what the person can do about it.
type Remedy string

// The remedies.
const (
	RemedyNone         Remedy = ""
	RemedyConfirmEmail Remedy = "confirm-email"
	RemedyWait         Remedy = "wait"
	RemedyRequest      Remedy = "request"   // fill in the form for access
	RemedyAskAgain     Remedy = "ask-again" // one click, prefilled
	RemedyRenew        Remedy = "renew"     // speak to the vendor about the subscription
	RemedyContact      Remedy = "contact"
)

// A Fact is one dated thing that a decision rests on.
type Fact struct {
	Code string
	At   time.Time
	Ref  string // the id of what it is about
}

// A Standing is what an account may do now, and why. Allowed opens the portal;
// Locked means that keys and downloads stay shut in it.
type Standing struct {
	Allowed bool
	Locked  bool
	Reason  Reason
	Remedy  Remedy
	Because []Fact
	Email   string // the account's address

	Membership organization.Membership // empty ID where there is none
	License    License                 // the one that decides
	Licenses   []License               // all, in the order of products
	Request    RequestSummary          // the open or latest one, where it matters
	Join       organization.JoinRequest
}

// A License is what pages and e-mails show of a licence.
type License struct {
	ID      string
	Product license.Product
	Key     license.Key
	State   license.State
}

// A RequestSummary is what the applicant sees of a request.
type RequestSummary struct {
	ID           string
	Reference    string
	State        State
	Product      string
	Organization string // as typed
	Users        int
	CreatedAt    time.Time
	Age          time.Duration
	DueAt        time.Time
	LateAt       time.Time
	DecidedAt    time.Time
	Decline      string // public reason
}

// Facts are all that a standing depends on.
type Facts struct {
	Email          string
	EmailConfirmed bool
	Membership     organization.Membership // zero: none
	Licenses       []license.License
	Open           *Request // the person's request that waits
	Last           *Request // the person's latest decided request
	Join           *organization.JoinRequest
}

// Evaluate is the one rule by which an account's standing is decided: for
// pages, API and e-mails alike. It is pure: the same facts at the same instant
// give the same answer.
//
// A membership counts before a request, because access is the organization's;
// among its licences a paid right that runs counts first, then an evaluation
// that runs, then what has ended. An evaluation that ever was approved opens
// the portal; only its keys are locked.
func Evaluate(f Facts, now time.Time) Standing {
	s := Standing{Membership: f.Membership, Email: f.Email}
	if !f.EmailConfirmed {
		s.Reason, s.Remedy = ReasonEmailUnconfirmed, RemedyConfirmEmail
		return s
	}
	for _, l := range f.Licenses {
		s.Licenses = append(s.Licenses, License{ID: l.ID, Product: l.Product, Key: l.Key, State: l.At(now)})
	}
	if f.Open != nil {
		s.Request = f.Open.summary(now)
	} else if f.Last != nil {
		s.Request = f.Last.summary(now)
	}
	if f.Join != nil {
		s.Join = *f.Join
	}
	if f.Membership.Organization.ID != "" {
		s.because("member", f.Membership.JoinedAt, f.Membership.Organization.ID)
		if s.byMembership(f) {
			return s
		}
	}
	switch {
	case f.Open != nil:
		s.Reason, s.Remedy = ReasonWaiting, RemedyWait
		s.because("request-received", f.Open.CreatedAt, f.Open.ID)
	case f.Join != nil && f.Join.State == organization.JoinOpen:
		s.Reason, s.Remedy = ReasonJoinWaiting, RemedyWait
		s.because("join-asked", f.Join.CreatedAt, f.Join.ID)
	case f.Last != nil && f.Last.State == Declined:
		s.Reason, s.Remedy = ReasonDeclined, RemedyRequest
		s.because("request-declined", f.Last.DecidedAt, f.Last.ID)
	case f.Join != nil && f.Join.State == organization.JoinRefused:
		s.Reason, s.Remedy = ReasonJoinRefused, RemedyRequest
		s.because("join-refused", f.Join.DecidedAt, f.Join.ID)
	default:
		s.Reason, s.Remedy = ReasonNoRequest, RemedyRequest
	}
	return s
}

// byMembership decides by the organization's rights, if it has any.
func (s *Standing) byMembership(f Facts) bool {
	best := -1
	for i := range s.Licenses {
		if s.Licenses[i].State.Status == license.StatusNone {
			continue
		}
		if best < 0 || rank(s.Licenses[i].State) < rank(s.Licenses[best].State) {
			best = i
		}
	}
	if best >= 0 {
		s.License = s.Licenses[best]
		s.because("license-"+string(s.License.State.Status), s.License.State.Starts, s.License.ID)
	}
	if f.Membership.Organization.Kind == organization.Reseller {
		s.Allowed, s.Reason = true, ReasonPartner
		return true
	}
	if best < 0 {
		return false
	}
	s.Allowed = true
	state := s.License.State
	switch state.Status {
	case license.StatusActive, license.StatusExpiring, license.StatusGrace:
		s.Reason = ReasonEvaluation
		if state.Kind.Paid() {
			s.Reason = ReasonSubscription
		}
		if state.Kind == license.Partner {
			s.Reason = ReasonPartner
		}
		if state.Status != license.StatusActive && state.Kind.Paid() {
			s.Remedy = RemedyRenew
		}
	case license.StatusNotStarted:
		s.Reason = ReasonNotStarted
	case license.StatusSuspended:
		s.Locked, s.Reason, s.Remedy = true, ReasonSuspended, RemedyContact
	case license.StatusRevoked:
		s.Locked, s.Reason, s.Remedy = true, ReasonRevoked, RemedyContact
	default:
		s.Locked, s.Reason, s.Remedy = true, ReasonEvaluationOver, RemedyAskAgain
		if state.Kind.Paid() {
			s.Reason = ReasonSubscriptionOver
		}
		if f.Open != nil { // asked again: the portal stays open, and says so
			s.Remedy = RemedyWait
			s.because("request-received", f.Open.CreatedAt, f.Open.ID)
		}
	}
	return true
}

func (s *Standing) because(code string, at time.Time, ref string) {
	s.Because = append(s.Because, Fact{Code: code, At: at, Ref: ref})
}

// rank orders licences by how much they let a person do; the least is the best.
func rank(s license.State) int {
	order := 8
	switch s.Status {
	case license.StatusActive, license.StatusExpiring, license.StatusGrace:
		order = 0
	case license.StatusNotStarted:
		order = 2
	case license.StatusExpired:
		order = 4
	case license.StatusSuspended:
		order = 6
	}
	if !s.Kind.Paid() {
		order++
	}
	return order
}
