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
// (account.Account.Incomplete) give what it lacks: mobile, questions, and an
// authenticator or none. It is for the sign-in, once the password was right:
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
		Lang: to(a).Lang, EmailProved: a.EmailConfirmed(), EmailFixed: true, AccountID: a.ID, UserID: a.UserID,
		Completes: true, Mark: markOf(a),
	}, s.Settings.Finish)
	if err != nil {
		return "", err
	}
	f.Subject = a.ID
	if err := s.event(tx, f, "registration.complete_begin"); err != nil {
		return "", err
	}
	return t, f.Save(tx)
}

// markOf is what a ticket that completes dies with.
func markOf(a account.Account) string {
	return secret.Hash("register-complete", a.ID, a.PasswordSetAt.String(), string(a.State))
}

// load returns the ticket's registration. One that completes an account is Gone
// once the account's password was set anew, or it may not come in any more.
func load(tx *db.Tx, t Ticket) (*registration, error) {
	f, err := flow.Load[data](tx, kind, t)
	if err != nil || !f.Data.Completes {
		return f, err
	}
	a, err := account.Get(tx, f.Data.AccountID)
	if err == nil && markOf(a) != f.Data.Mark {
		err = fault.New(fault.Gone, "flow-gone")
	}
	return f, err
}

// completes does what a step of such a registration means for the account, which
// there is already.
func (s *Service) completes(tx *db.Tx, f *registration, from Step) error {
	d := &f.Data
	past := f.Step == Questions || f.Step == Authenticator
	if (from == Code || from == Help) && past {
		if err := account.SetMobile(tx, d.AccountID, d.Mobile, d.MobileProved); err != nil {
			return err
		}
		if d.MobileProved {
			if err := s.tell(tx, f, "mobile"); err != nil {
				return err
			}
		}
		if f.Step == Authenticator {
			return s.beginAuthenticator(tx, f)
		}
	}
	if from == Confirm && f.Step == Authenticator {
		return s.tell(tx, f, "questions")
	}
	if f.Step != Done {
		return nil
	}
	if err := account.SetIncomplete(tx, d.AccountID, false); err != nil {
		return err
	}
	f.ExpiresAt = tx.Now().Add(doneLife)
	if d.AuthenticatorOn {
		if err := s.tell(tx, f, "authenticator-added"); err != nil {
			return err
		}
	}
	return s.event(tx, f, "registration.complete", "took", tx.Now().Sub(f.CreatedAt).Round(time.Second).String())
}

// tell tells the owner what was added, at every address (ASVS V6.3.7).
func (s *Service) tell(tx *db.Tx, f *registration, change string) error {
	a, err := account.Get(tx, f.Data.AccountID)
	if err != nil {
		return err
	}
	return account.Notices{Messages: s.Messages}.Tell(tx, a, account.Notice{Change: change})
}
