package register

import (
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/secret"
)

// CompleteByOwner lets the owner of an account that came from elsewhere
// (account.Account.Incomplete), or whose questions the helpdesk took away, give
// what it lacks: mobile, questions, and an authenticator or none. It is for the sign-in, once the password was right:
// then this registration's ticket goes to that browser. What was begun before is
// gone on with, and its other tickets die. A password set meanwhile makes the
// ticket void. At the end the account is no longer incomplete.
func (s *Service) CompleteByOwner(tx *db.Tx, a account.Account) (Ticket, error) {
	if !a.Incomplete || a.State != account.Active {
		return "", fault.New(fault.Conflict, "changed")
	}
	f, err := flow.LoadBySubject[data](tx, kind, a.ID)
	if err == nil && f.Data.Completes && f.Data.Mark == markOf(a) && f.ExpiresAt.After(tx.Now()) && f.Step != Done {
		return f.NewTicket(tx, s.Secret)
	}
	if err == nil {
		err = f.Finish(tx)
	}
	if err != nil && !isGone(err) {
		return "", err
	}
	f, t, err := flow.Start(tx, s.Secret, kind, Mobile, data{
		FirstName: a.FirstName, LastName: a.LastName, Email: a.Email, EmailKey: a.EmailKey, Organization: a.Organization, Mobile: a.Mobile,
		MobileProved: a.MobileVerified(), Lang: to(a).Lang, EmailProved: a.EmailConfirmed(), EmailFixed: true, AccountID: a.ID, UserID: a.UserID,
		Completes: true, Mark: markOf(a),
	}, s.Settings.Finish)
	if err != nil {
		return "", err
	}
	f.Subject = a.ID
	if err := s.event(tx, f, "registration.complete_begin"); err != nil {
		return "", err
	}
	if err := s.toLacking(tx, f); err != nil {
		return "", err
	}
	return t, f.Save(tx)
}

// toLacking leads a completion that begins to the first thing that the account
// lacks; what it has is not asked for again.
func (s *Service) toLacking(tx *db.Tx, f *registration) (err error) {
	d := &f.Data
	if d.HadAuthenticator, err = account.HasAuthenticator(tx, d.AccountID); err != nil {
		return err
	}
	if !d.MobileProved {
		return nil
	}
	has, err := account.QuestionsOf(tx, d.AccountID)
	switch {
	case err != nil:
		return err
	case len(s.Settings.Questions) > 0 && len(has) == 0:
		f.Step = Questions
	case d.HadAuthenticator:
		f.Step = Done
	default:
		f.Step = Authenticator
		if err := s.beginAuthenticator(tx, f); err != nil {
			return err
		}
	}
	return s.completes(tx, f, Mobile)
}

// markOf is what a ticket that completes dies with.
func markOf(a account.Account) string {
	return secret.Hash("register-complete", a.ID, a.PasswordSetAt.String(), string(a.State))
}

// load returns the ticket's registration. One that completes an account is Gone
// once the account's password was set anew, or it may not come in any more.
func load(tx *db.Tx, t Ticket) (*registration, error) {
	f, err := flow.Load[data](tx, kind, t)
	if err != nil {
		return nil, err
	}
	return f, marked(tx, f)
}

// hold is load for what writes: the account stays as it was found, so that
// nothing is added to one whose owner sets the password anew meanwhile.
func hold(tx *db.Tx, t Ticket) (*registration, error) {
	f, err := flow.Load[data](tx, kind, t)
	if err != nil {
		return nil, err
	}
	return f, held(tx, f)
}

func held(tx *db.Tx, f *registration) error {
	if !f.Data.Completes {
		return nil
	}
	if err := account.Lock(tx, f.Data.AccountID); err != nil {
		return err
	}
	return marked(tx, f)
}

func marked(tx *db.Tx, f *registration) error {
	if !f.Data.Completes {
		return nil
	}
	a, err := account.Get(tx, f.Data.AccountID)
	if err == nil && markOf(a) != f.Data.Mark {
		err = fault.New(fault.Gone, "flow-gone")
	}
	return err
}

// completes does what a step of such a registration means for the account, which
// there is already.
func (s *Service) completes(tx *db.Tx, f *registration, from Step) error {
	d := &f.Data
	a, err := account.Get(tx, d.AccountID)
	if err != nil {
		return err
	}
	numbered := from == Code || from == Help
	past := numbered && f.Step != Code && f.Step != Help && f.Step != Mobile
	// A number that is verified is not given up for one that is not.
	if past && (d.MobileProved || !a.MobileVerified()) {
		if err := account.SetMobile(tx, d.AccountID, d.Mobile, d.MobileProved); err != nil {
			return err
		}
		if d.MobileProved {
			// As it was reached before: a number that goes away hears of it.
			if err := s.tell(tx, a, account.Notice{Change: "mobile", SMS: true}); err != nil {
				return err
			}
		}
	}
	if past && f.Step == Authenticator {
		return s.beginAuthenticator(tx, f)
	}
	if from == Confirm && (f.Step == Authenticator || f.Step == Done) {
		if err := s.tell(tx, a, account.Notice{Change: "questions"}); err != nil {
			return err
		}
	}
	if f.Step != Done {
		return nil
	}
	if err := account.SetIncomplete(tx, d.AccountID, false); err != nil {
		return err
	}
	f.ExpiresAt = tx.Now().Add(doneLife)
	if d.AuthenticatorOn {
		if err := s.tell(tx, a, account.Notice{Change: "authenticator-added"}); err != nil {
			return err
		}
	}
	return s.event(tx, f, "registration.complete", "took", tx.Now().Sub(f.CreatedAt).Round(time.Second).String())
}

// tell tells the owner what was added, at every address (ASVS V6.3.7).
func (s *Service) tell(tx *db.Tx, a account.Account, what account.Notice) error {
	return account.Notices{Messages: s.Messages}.Tell(tx, a, what)
}
