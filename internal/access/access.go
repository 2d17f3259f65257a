// Package access is the way from a stranger's request to a standing: somebody
// asks for an evaluation, staff decide once, and Evaluate says at any instant
// what an account may do, and why.
//
// A decision is one commit: request, organization, licence, term, expectation
// of the address, personal link, e-mail and event. Of any number of decisions
// at once one is made, and the others are told who decided what.
//
// What the package promises to strangers: the answer to a request is the same
// whether or not one waits already, whatever is known about the address. What
// a person types as the organisation grants nothing; signals are shown to staff
// and decide nothing.
//
// It leaves to others: whose mailbox an address is (account, register), how an
// account comes to join an organization (organization), what a licence is at an
// instant (license).
package access

import (
	"context"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/chore"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/secret"
	"vestibule/internal/throttle"
)

// Purposes of the links in this package's e-mails.
const (
	purposeWithdraw = "request.withdraw"
	purposeWelcome  = "request.welcome"
)

const (
	withdrawLife = 90 * 24 * time.Hour
	welcomeLife  = 14 * 24 * time.Hour
)

// Settings are what the vendor decides about requests.
type Settings struct {
	Calendar      Calendar
	DueMinutes    int // office minutes until a decision is due
	RemindMinutes int // office minutes until staff are reminded
	LateAfter     time.Duration
	Evaluation    license.EvaluationRule

	PerNetwork throttle.Limit // requests from one network
	PerAddress throttle.Limit // e-mails about one address that asks again
	Global     throttle.Limit // requests from everywhere
}

// DefaultSettings are an office from Monday to Friday, 08:00 to 18:00 UTC, that
// decides within an hour.
func DefaultSettings() Settings {
	return Settings{
		Calendar:   OfficeWeek(time.UTC, 8*60, 18*60),
		DueMinutes: 60, RemindMinutes: 45, LateAfter: 24 * time.Hour,
		Evaluation: license.EvaluationRule{Days: 30, StartWithin: 14},
		PerNetwork: throttle.Limit{Name: "request-network", Burst: 10, Every: 6 * time.Minute},
		PerAddress: throttle.Limit{Name: "request-address", Burst: 3, Every: 20 * time.Minute},
		Global:     throttle.Limit{Name: "request-global", Burst: 500, Every: time.Second},
	}
}

// A Service is what people do about access.
type Service struct {
	DB       *db.DB
	Secret   secret.Source
	Messages *message.Writer
	Settings Settings
	// Notify says which of the staff are told of requests, in the transaction
	// that files them.
	Notify func(*db.Tx) ([]message.To, error)
	// Told is license.Service.Told: it is called where an approval grants a term.
	Told func(tx *db.Tx, l license.License, c license.Change) error
}

// StandingOf loads the facts about an account and evaluates them now.
func StandingOf(tx *db.Tx, accountID string) (Standing, error) {
	f, err := facts(tx, accountID)
	if err != nil {
		return Standing{}, err
	}
	return Evaluate(f, tx.Now()), nil
}

// Standing says what an account may do now, and why.
func (s *Service) Standing(ctx context.Context, accountID string) (st Standing, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		st, err = StandingOf(tx, accountID)
		return err
	})
	return st, err
}

// MarkSignedIn tells that an account has signed in: evaluations of its
// organization that wait for that begin now.
func MarkSignedIn(tx *db.Tx, src secret.Source, accountID string) error {
	m, err := organization.Of(tx, accountID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return license.Start(tx, src, m.Organization.ID)
}

// EvaluationDays is how long an evaluation of a product is; without one, the
// least that an evaluation of any product on offer is.
func (s *Service) EvaluationDays(ctx context.Context, product string) (days int, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		days = 0
		all, err := license.Products(tx)
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.ID != product && (product != "" || !p.Offered) {
				continue
			}
			rule, err := license.RuleOf(tx, p.ID, s.Settings.Evaluation)
			if err != nil {
				return err
			}
			if days == 0 || rule.Days < days {
				days = rule.Days
			}
		}
		return nil
	})
	if days == 0 {
		days = s.Settings.Evaluation.Days
	}
	return days, err
}

// Products lists the products of which an evaluation can be asked for.
func (s *Service) Products(ctx context.Context) (list []license.Product, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := license.Products(tx)
		list = list[:0]
		for _, p := range all {
			if p.Offered {
				list = append(list, p)
			}
		}
		return err
	})
	return list, err
}

// A Prefill is what a personal link puts into the registration's form.
type Prefill struct {
	RequestID           string
	FirstName, LastName string
	Email, EmailKey     string // the address that the link was mailed to
	Mobile              string
	Organization        string
	Country             string
	Lang                string
}

// PrefillFor is what the form for a request knows of somebody who is signed in.
func (s *Service) PrefillFor(ctx context.Context, accountID string) (p Prefill, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		a, err := account.Get(tx, accountID)
		if err != nil {
			return err
		}
		p = Prefill{
			FirstName: a.FirstName, LastName: a.LastName, Email: a.Email, EmailKey: a.EmailKey, Mobile: a.Mobile,
			Organization: a.Organization, Country: a.Country, Lang: a.Lang,
		}
		m, err := organization.Of(tx, accountID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		p.Organization, p.Country = m.Organization.Name, m.Organization.Country
		return err
	})
	return p, err
}

// PrefillOf reads what a personal link stands for, and changes nothing. Gone
// "link-gone" or "link-used" if it is of no use any more.
func PrefillOf(tx *db.Tx, token string) (Prefill, error) {
	l, err := code.PeekLink(tx, purposeWelcome, token)
	if err != nil {
		return Prefill{}, err
	}
	r, err := byID(tx, l.Subject)
	if err != nil {
		return Prefill{}, err
	}
	return Prefill{
		RequestID: r.ID, FirstName: r.FirstName, LastName: r.LastName, Email: r.Email, EmailKey: r.EmailKey,
		Mobile: r.Mobile, Organization: r.Organization, Country: r.Country, Lang: r.Lang,
	}, nil
}

// SpendInvitation uses up a personal link for the address that was typed, and
// says whether the link proves it: it proves only the address that it was mailed
// to. For any other address the link proves nothing and stays unspent, for the
// person whom it was meant for.
func SpendInvitation(tx *db.Tx, token, emailKey string) (proved bool, err error) {
	p, err := PrefillOf(tx, token)
	if err != nil {
		return false, err
	}
	if p.EmailKey != emailKey {
		return false, nil
	}
	_, err = code.SpendLink(tx, purposeWelcome, token)
	return err == nil, err
}

// Withdrawable shows the request that a link in the applicant's e-mail would
// withdraw, and changes nothing.
func (s *Service) Withdrawable(ctx context.Context, token string) (r Request, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		l, err := code.PeekLink(tx, purposeWithdraw, token)
		if err != nil {
			return err
		}
		r, err = byID(tx, l.Subject)
		return err
	})
	return r, err
}

// Withdraw takes a request back by the link in the applicant's e-mail. Conflict
// "request-decided" if staff were quicker.
func (s *Service) Withdraw(ctx context.Context, token string) (r Request, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		l, err := code.SpendLink(tx, purposeWithdraw, token)
		if err != nil {
			return err
		}
		if r, err = byID(tx, l.Subject); err != nil {
			return err
		}
		n, err := settle(tx, r.ID, Withdrawn, settlement{})
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "request-decided")
		}
		if err := code.RevokeLinks(tx, purposeWithdraw, r.ID); err != nil {
			return err
		}
		if err := s.Messages.Recall(tx, r.subject()); err != nil {
			return err
		}
		if err := s.Messages.Send(tx, r.to(), r.subject(), time.Time{}, message.RequestWithdrawn{
			Number: r.Reference, Product: r.ProductName, WithdrawnAt: tx.Now(),
		}); err != nil {
			return err
		}
		return audit.Add(tx, s.Secret, audit.Event{
			Action: "access_request.withdraw", Subject: r.subject(), Actor: audit.Actor{Kind: audit.Visitor},
		})
	})
	return r, err
}

// Chores are the package's housekeeping.
func (s *Service) Chores() []chore.Chore {
	return []chore.Chore{{Name: "access-reminders", Every: time.Minute, Run: s.Remind}}
}

// remindAtOnce bounds one run of Remind; the next run takes the rest.
const remindAtOnce = 50

// Remind tells staff of requests that are due soon, each once.
func (s *Service) Remind(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		waiting, err := remindable(tx, remindAtOnce)
		if err != nil || len(waiting) == 0 {
			return err
		}
		staff, err := s.staff(tx)
		if err != nil {
			return err
		}
		for _, r := range waiting {
			n, err := markReminded(tx, r.ID)
			if err != nil {
				return err
			}
			if n == 0 {
				continue // decided, or another node's
			}
			for _, to := range staff {
				if err := s.Messages.Send(tx, to, r.subject(), time.Time{}, message.StaffRequestReminder{
					RequestID: r.ID, Number: r.Reference, Applicant: r.Name(), Organization: r.Organization,
					Product: r.ProductName, ReceivedAt: r.CreatedAt, DueAt: r.DueAt,
				}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (s *Service) staff(tx *db.Tx) ([]message.To, error) {
	if s.Notify == nil {
		return nil, nil
	}
	return s.Notify(tx)
}

func (r *Request) subject() string { return "request:" + r.ID }

// reference draws what people quote about a request. It counts nothing, so that
// it tells nobody how many requests there are.
func reference(src secret.Source) string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	b := []byte("REQ-")
	for i, c := range src.Bytes(8) {
		if i == 4 {
			b = append(b, '-')
		}
		b = append(b, letters[c&31])
	}
	return string(b)
}

func join(signals []Signal) string {
	var b strings.Builder
	for i, s := range signals {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(s))
	}
	return b.String()
}
