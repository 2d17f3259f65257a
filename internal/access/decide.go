package access

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/organization"
)

// A Decider is the member of staff who decides.
type Decider struct{ ID, Name string }

// A Decision is what staff say about a request. The fields of the other choice
// are ignored.
type Decision struct {
	Approve bool

	// Organization is the id of the known one that the request belongs to;
	// empty makes a new one. A known one needs evidence, see Suggestion.
	Organization string
	// VerifyDomain records the applicant's mail domain as the new
	// organization's, so that colleagues can ask to join it.
	VerifyDomain bool
	Days         int    // of the evaluation; 0: as the vendor's settings say
	Seats        int    // people who may use it; 0: as the settings say, or as asked
	Message      string // to the applicant, in the e-mail; may be empty
	// Several says that the request is one of several that are decided together,
	// which nobody looked at one by one: where an organization has to be chosen
	// it is not approved, but Invalid "person-chooses".
	Several bool

	Reason string // of a decline; the applicant reads it
	Note   string // internal
}

// An Outcome says what became of a decision. Made is false where somebody else
// had decided before: Request tells who, and what.
type Outcome struct {
	Made         bool
	Request      Request
	Organization organization.Organization
	License      license.License
	Returning    bool // the licence had been evaluated before
}

const maxDays = 365

func (d Decision) check() error {
	var wrong fault.Form
	line := func(field, typed string, needed bool) string {
		s, err := readPurpose(typed)
		if err != nil {
			_ = wrong.AddErr(field, err)
		} else if needed && s == "" {
			wrong.Add(field, "reason-needed")
		}
		return s
	}
	line("note", d.Note, false)
	if !d.Approve {
		line("reason", d.Reason, true)
		return wrong.Err()
	}
	line("message", d.Message, false)
	if d.Days < 0 || d.Days > maxDays {
		wrong.Add("days", "days-range")
	}
	if d.Seats < 0 || d.Seats > maxUsers {
		wrong.Add("seats", "users-range")
	}
	return wrong.Err()
}

// Decide approves or declines a request, once: of any number that decide at the
// same time one does, and the others get its decision in an Outcome that is not
// Made. It is one commit, with all that follows from it.
func (s *Service) Decide(ctx context.Context, id string, d Decision, by Decider) (Outcome, error) {
	if err := d.check(); err != nil {
		return Outcome{}, err
	}
	var out Outcome
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		out = Outcome{}
		// The guarded update comes first: it is the lock on the request.
		done := settlement{by: by, reason: d.Reason, note: d.Note}
		state := Declined
		if d.Approve {
			state, done.reason = Approved, ""
		}
		n, err := settle(tx, id, state, done)
		if err != nil {
			return err
		}
		r, err := byID(tx, id)
		if err != nil {
			return err
		}
		out.Request = r
		if n == 0 {
			return nil
		}
		out.Made = true
		if err := code.RevokeLinks(tx, purposeWithdraw, r.ID); err != nil {
			return err
		}
		if d.Approve {
			return s.approve(tx, &out, d, by)
		}
		return s.decline(tx, r, by)
	})
	if err != nil {
		return Outcome{}, err
	}
	return out, nil
}

func (s *Service) decline(tx *db.Tx, r Request, by Decider) error {
	if err := s.recallStaff(tx, r); err != nil {
		return err
	}
	if err := s.Messages.Send(tx, r.to(), r.subject(), time.Time{}, message.RequestDeclined{
		Number: r.Reference, Product: r.ProductName, Organization: r.Organization, AskedAt: r.CreatedAt, Reason: r.Reason,
	}); err != nil {
		return err
	}
	return audit.Add(tx, s.Secret, audit.Event{
		Action: "access_request.decline", Subject: r.subject(), Actor: audit.Actor{Kind: audit.Staff, ID: by.ID},
		Detail: map[string]string{"by": by.Name, "reason": r.Reason},
	})
}

func (s *Service) approve(tx *db.Tx, out *Outcome, d Decision, by Decider) error {
	r := out.Request
	o, err := s.place(tx, r, d, by)
	if err != nil {
		return err
	}
	if err := organization.Lock(tx, o.ID); err != nil {
		return err
	}
	l, err := license.Make(tx, s.Secret, o.ID, r.Product)
	if err != nil {
		return err
	}
	// What it is may change until nobody else can change it.
	if err := license.Lock(tx, l.ID); err != nil {
		return err
	}
	if l, err = license.Get(tx, l.ID); err != nil {
		return err
	}
	terms := len(l.Facts.Terms)
	for _, t := range l.Facts.Terms {
		_, _, decided := t.Span(tx.Now())
		out.Returning = out.Returning || decided && !t.Kind.Paid()
	}
	rule, err := license.RuleOf(tx, r.Product, s.Settings.Evaluation)
	if err != nil {
		return err
	}
	if d.Days > 0 {
		rule.Days = d.Days
	}
	seats := d.Seats
	if seats == 0 {
		seats = r.Users
		if rule.Seats > 0 {
			seats = min(seats, rule.Seats)
		}
	}
	term, err := license.Evaluate(tx, s.Secret, l, rule, seats, by.ID, r.ID)
	if err != nil {
		return err
	}
	if err := noteApproval(tx, r.ID, o.ID, term.ID, d.Message); err != nil {
		return err
	}
	out.Request.ApprovedFor, out.Request.Term, out.Organization = o.ID, term.ID, o
	if out.License, err = license.Get(tx, l.ID); err != nil {
		return err
	}
	if s.Told != nil && len(out.License.Facts.Terms) > terms {
		if err := s.Told(tx, out.License, license.Change{Kind: license.Granted, Term: term}); err != nil {
			return err
		}
	}
	if err := organization.Expect(tx, o.ID, organization.Contact{
		Email: r.Email, EmailKey: r.EmailKey, FirstName: r.FirstName, LastName: r.LastName, Origin: organization.ByApproval,
	}); err != nil {
		return err
	}
	if err := s.recallStaff(tx, r); err != nil {
		return err
	}
	if err := s.tellApproval(tx, out, term, d.Message); err != nil {
		return err
	}
	return audit.Add(tx, s.Secret, audit.Event{
		Action: "access_request.approve", Subject: r.subject(), Organization: o.ID, Actor: audit.Actor{Kind: audit.Staff, ID: by.ID},
		Detail: map[string]string{"by": by.Name, "organization": o.Name, "term": term.ID, "kind": string(term.Kind)},
	})
}

// place makes the organization of an approved request, or takes the known one
// that staff chose, if there is evidence that the applicant belongs to it.
func (s *Service) place(tx *db.Tx, r Request, d Decision, by Decider) (organization.Organization, error) {
	known, err := suggestions(tx, r)
	if err != nil {
		return organization.Organization{}, err
	}
	if d.Several {
		related, err := approvedColleagues(tx, r)
		if err != nil {
			return organization.Organization{}, err
		}
		if related || len(known) > 0 {
			return organization.Organization{}, fault.OnField("organization", "person-chooses")
		}
	}
	for _, k := range known {
		switch {
		case k.Evidence == ByMember && k.Organization.ID != d.Organization:
			// One account, one organization: it cannot join a second one.
			return organization.Organization{}, fault.OnField("organization", "member-elsewhere").With("name", k.Organization.Name)
		case k.Organization.ID == d.Organization && k.Evidence.Enough():
			return k.Organization, nil
		}
	}
	if d.Organization != "" {
		return organization.Organization{}, fault.OnField("organization", "no-evidence")
	}
	o, err := organization.Create(tx, s.Secret, organization.Organization{
		Name: r.Organization, Kind: organization.Client, Country: r.Country, Origin: organization.ByApproval,
	})
	if err != nil || !d.VerifyDomain {
		return o, err
	}
	domain := r.domain()
	if anybodys(domain) {
		return o, fault.OnField("verify_domain", "domain-free")
	}
	err = organization.VerifyDomain(tx, s.Secret, o.ID, domain, by.ID)
	if fault.Code(err, "domain-taken") {
		return o, fault.OnField("verify_domain", "domain-taken")
	}
	return o, err
}

// tellApproval lets the applicant in: an account whose owner has confirmed this
// address joins now and is told to sign in; anybody else gets a personal link,
// also who has not finished: the account joins when it is.
func (s *Service) tellApproval(tx *db.Tx, out *Outcome, term license.Term, note string) error {
	r := out.Request
	a, err := account.FindByEmail(tx, r.EmailKey)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err == nil && a.EmailConfirmed() && a.State != account.Unfinished {
		if _, err := organization.JoinByConfirmedAddress(tx, s.Secret, a.ID, a.EmailKey); err != nil {
			return err
		}
		return s.Messages.Send(tx, r.to(), r.subject(), time.Time{}, message.RequestApprovedSignIn{
			Number: r.Reference, Product: r.ProductName, Organization: out.Organization.Name, Users: term.Seats,
			Days: term.Days, Returning: out.Returning, EndsAt: term.EndsAt, Note: note, AskedAt: r.CreatedAt,
		})
	}
	token, err := code.NewLink(tx, s.Secret, purposeWelcome, r.ID, "", welcomeLife)
	if err != nil {
		return err
	}
	until := tx.Now().Add(welcomeLife)
	return s.Messages.Send(tx, r.to(), r.subject(), until, message.RequestApprovedRegister{
		Number: r.Reference, Product: r.ProductName, Organization: out.Organization.Name, Users: term.Seats,
		Days: term.Days, Returning: out.Returning, EndsAt: term.EndsAt, Note: note, AskedAt: r.CreatedAt,
		Token: token, Until: until, UserID: a.UserID,
	})
}

// recallStaff takes back what has not left and is no longer so. The receipt
// stays: the applicant's mailbox tells the whole story in order.
func (s *Service) recallStaff(tx *db.Tx, r Request) error {
	return s.Messages.Recall(tx, r.subject(), message.StaffRequestWaiting{}, message.StaffRequestReminder{}, message.RequestDuplicate{})
}

// SendAgain mails the approval again with a new personal link, for an applicant
// who lost it. Conflict "changed" if the request is not approved.
func (s *Service) SendAgain(ctx context.Context, id string, by Decider) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, id)
		if err != nil {
			return err
		}
		if r.State != Approved {
			return fault.New(fault.Conflict, "changed")
		}
		out := Outcome{Request: r}
		if out.Organization, err = organization.Get(tx, r.ApprovedFor); err != nil {
			return err
		}
		l, err := license.For(tx, r.ApprovedFor, r.Product)
		if err != nil {
			return err
		}
		var term license.Term
		for _, t := range l.Facts.Terms {
			if t.ID == r.Term {
				term = t
			}
		}
		out.Returning = term.Kind == license.Reactivation
		if err := code.RevokeLinks(tx, purposeWelcome, r.ID); err != nil {
			return err
		}
		if err := s.tellApproval(tx, &out, term, out.Request.Message); err != nil {
			return err
		}
		return audit.Add(tx, s.Secret, audit.Event{
			Action: "access_request.resend", Subject: r.subject(), Organization: r.ApprovedFor,
			Actor: audit.Actor{Kind: audit.Staff, ID: by.ID}, Detail: map[string]string{"by": by.Name},
		})
	})
}
