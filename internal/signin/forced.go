package signin

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/password"
	"vestibule/internal/secret"
	"vestibule/internal/session"
)

// completeLife is how long the ticket lasts of somebody who gives what the account lacks: a code by SMS and answers take a while.
const completeLife = time.Hour

// A View is what the page of a half-made sign-in shows.
type View struct {
	Step    Step
	Account string
	UserID  string
	Next    string
	Staff   bool
	Trust   bool          // at StepCode: the browser may be trusted
	Closing time.Time     // at StepClosing: when the account closes
	Terms   account.Terms // at StepTerms
	Changed bool          // at StepTerms: the person accepted earlier ones
	Later   time.Time     // at StepTerms: until when they can be put off; zero where they cannot
	Done    bool          // at StepComplete: nothing is lacking any more
}

// Current returns where the ticket's sign-in stands; Gone "flow-gone" without one.
func (s *Service) Current(ctx context.Context, ticket string) (v View, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		f, a, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		v = View{Step: Step(f.Step), Account: a.ID, UserID: a.UserID, Next: f.Data.Next, Staff: f.Data.Staff, Trust: !f.Data.Staff, Closing: a.ClosingAt}
		v.Terms = s.Terms.At(tx.Now())
		v.Later = s.Terms.GraceEnds(tx.Now())
		if v.Step == StepTerms {
			if v.Changed, err = account.HasAcceptedAny(tx, a.ID); err != nil {
				return err
			}
		}
		v.Done = v.Step == StepComplete && !a.Incomplete
		return nil
	})
	return v, err
}

// load returns the flow and its account. A ticket that was got with a password that has changed since is void, and so is one of an
// account that was disabled.
func (s *Service) load(tx *db.Tx, ticket string) (*flow.Flow[data], account.Account, error) {
	f, err := flow.Load[data](tx, kind, flow.Ticket(ticket))
	if err != nil {
		return nil, account.Account{}, err
	}
	a, err := account.Get(tx, f.Subject)
	if err != nil {
		return nil, a, err
	}
	if !opens(a.State) || secret.Hash(a.PasswordHash) != f.Data.Hash {
		return nil, a, fault.New(fault.Gone, "flow-gone")
	}
	return f, a, nil
}

// hold is load that holds the account's row until the transaction ends: a reset, or staff, that would keep the holder out waits, or was
// before and is seen.
func (s *Service) hold(tx *db.Tx, ticket string) (*flow.Flow[data], account.Account, error) {
	_, a, err := s.load(tx, ticket)
	if err != nil {
		return nil, a, err
	}
	if err := account.Lock(tx, a.ID); err != nil {
		return nil, a, err
	}
	return s.load(tx, ticket) // anew: it may have changed before the row was held
}

// holdAt is hold for an event: Conflict "sign-in-step" where it does not belong to the step.
func (s *Service) holdAt(tx *db.Tx, ticket string, e event) (*flow.Flow[data], account.Account, error) {
	f, a, err := s.hold(tx, ticket)
	if err == nil {
		err = check(Step(f.Step), e)
	}
	return f, a, err
}

// at is whose sign-in it is, for an event: Conflict "sign-in-step" where it does not belong to the step.
func (s *Service) at(tx *db.Tx, ticket string, e event) (account.Account, error) {
	f, a, err := s.load(tx, ticket)
	if err == nil {
		err = check(Step(f.Step), e)
	}
	return a, err
}

// Accept accepts the terms in force, as they were shown in that language. It is Conflict "sign-in-step" where others have come into
// force since they were shown.
func (s *Service) Accept(ctx context.Context, ticket, version, lang string, b Browser) (got Arrival, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		got = Arrival{}
		f, a, err := s.holdAt(tx, ticket, termsAccepted)
		if err != nil {
			return err
		}
		terms := s.Terms.At(tx.Now())
		if terms.Version != version {
			return moved()
		}
		if err := account.AcceptTerms(tx, a.ID, terms, lang, audit.From(ctx).Address); err != nil {
			return err
		}
		err = audit.Add(tx, s.Secret, audit.Event{
			Action: "terms_accept", Actor: audit.Actor{Kind: audit.Client, ID: a.ID}, Subject: a.Subject(),
			Detail: map[string]string{"version": terms.Version},
		})
		if err != nil {
			return err
		}
		got, err = s.proceed(tx, a, f.Data, f, b)
		return err
	})
	return got, err
}

// Later goes on without accepting the terms, which are asked for again at the next sign-in. It is Conflict "sign-in-step" once they
// cannot be put off any longer.
func (s *Service) Later(ctx context.Context, ticket string, b Browser) (got Arrival, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		got = Arrival{}
		f, a, err := s.holdAt(tx, ticket, termsAccepted)
		if err != nil {
			return err
		}
		terms := s.Terms.At(tx.Now())
		if !tx.Now().Before(s.Terms.GraceEnds(tx.Now())) {
			return moved()
		}
		d := f.Data
		d.Later = terms.Version
		got, err = s.proceed(tx, a, d, f, b)
		return err
	})
	return got, err
}

// PasswordFindings judges what is being typed at StepRenew.
func (s *Service) PasswordFindings(ctx context.Context, ticket, plain string) (found []password.Finding, strength int, err error) {
	var a account.Account
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		a, err = s.at(tx, ticket, passwordRenewed)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return s.Passwords.Findings(plain, a.Words()), s.Passwords.Strength(plain, a.Words()), nil
}

// Renew sets a new password in place of one that is too old. The sign-in has just proved everything that a change of the password
// asks for. All sessions of the account end, no browser is trusted any longer, and its owner is told. Where something else stands in
// the way by now, nothing is set and that comes next. It is Unavailable "busy" as Password is.
func (s *Service) Renew(ctx context.Context, ticket, plain string, b Browser) (got Arrival, err error) {
	ctx, leave, err := s.Passwords.Hasher.Enter(ctx)
	if err != nil {
		return got, err
	}
	defer leave()
	var a account.Account
	var former []string
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if a, err = s.at(tx, ticket, passwordRenewed); err != nil {
			return err
		}
		former, err = account.FormerPasswords(tx, a.ID)
		return err
	})
	if err != nil {
		return got, err
	}
	hash, err := s.Passwords.New(ctx, "password", plain, a.Words(), former)
	if err != nil {
		return got, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		got = Arrival{}
		f, a, err := s.holdAt(tx, ticket, passwordRenewed)
		if err != nil {
			return err
		}
		fs, err := s.facts(tx, a, f.Data, b)
		if err != nil {
			return err
		}
		if next(fs) != StepRenew {
			// The account is not what it was when the step was reached: what stands in the way now comes first.
			got, err = s.proceed(tx, a, f.Data, f, b)
			return err
		}
		if err := account.SetPassword(tx, a.ID, hash); err != nil {
			return err
		}
		if _, err := session.EndAll(tx, a.ID, ""); err != nil {
			return err
		}
		d, _, err := device(tx, b.Device, a.ID)
		if err != nil {
			return err
		}
		if err := ForgetOtherDevices(tx, a.ID, d.Session); err != nil {
			return err
		}
		if s.PasswordChanged != nil {
			if err := s.PasswordChanged(tx, a.ID); err != nil {
				return err
			}
		}
		if err := s.Notices.Tell(tx, a, account.Notice{Change: "password"}); err != nil {
			return err
		}
		actor := audit.Client
		if f.Data.Staff {
			actor = audit.Staff
		}
		err = audit.Add(tx, s.Secret, audit.Event{
			Action: "authn_password_change", Actor: audit.Actor{Kind: actor, ID: a.ID}, Subject: a.Subject(), Detail: map[string]string{"why": "age"},
		})
		if err != nil {
			return err
		}
		if a, err = account.Get(tx, a.ID); err != nil {
			return err
		}
		got, err = s.proceed(tx, a, f.Data, f, b)
		return err
	})
	return got, err
}

// Complete begins to give what a legacy account lacks, and returns the ticket of the registration that takes it.
func (s *Service) Complete(ctx context.Context, ticket string) (registration string, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		f, a, err := s.holdAt(tx, ticket, completed)
		if err != nil {
			return err
		}
		f.ExpiresAt = tx.Now().Add(completeLife)
		if err := f.Save(tx); err != nil {
			return err
		}
		registration, err = s.BeginComplete(tx, a)
		return err
	})
	return registration, err
}

// GoOn goes on once the account is complete; it is Conflict "sign-in-step" while it is not.
func (s *Service) GoOn(ctx context.Context, ticket string, b Browser) (got Arrival, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		got = Arrival{}
		f, a, err := s.holdAt(tx, ticket, completed)
		if err != nil {
			return err
		}
		if a.Incomplete {
			return moved()
		}
		got, err = s.proceed(tx, a, f.Data, f, b)
		return err
	})
	return got, err
}

// Keep takes back that the account is to close, and goes on.
func (s *Service) Keep(ctx context.Context, ticket string, b Browser) (got Arrival, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		got = Arrival{}
		f, a, err := s.holdAt(tx, ticket, accountKept)
		if err != nil {
			return err
		}
		if err := s.KeepAccount(tx, a.ID); err != nil {
			return err
		}
		if a, err = account.Get(tx, a.ID); err != nil {
			return err
		}
		got, err = s.proceed(tx, a, f.Data, f, b)
		return err
	})
	return got, err
}

// Leave gives a half-made sign-in up. It is no error if there is none.
func (s *Service) Leave(ctx context.Context, ticket string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		f, _, err := s.load(tx, ticket)
		if fault.Is(err, fault.Gone) {
			return nil
		}
		if err != nil {
			return err
		}
		return f.Finish(tx)
	})
}
