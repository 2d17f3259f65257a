package staff

import (
	"context"
	"encoding/json"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/password"
	"vestibule/internal/session"
	"vestibule/internal/throttle"
)

const (
	kind = "staff-enrol"
	life = 60 * time.Minute
)

var codeTries = throttle.Limit{Name: "staff-enrol-code", Burst: 10, Every: 30 * time.Second}

// data is what the set-up keeps between its steps.
type data struct {
	Codes string // the recovery codes, sealed, until the person has kept them
}

// A Setup is what the page of a set-up shows.
type Setup struct {
	Step   Step
	UserID string
	Name   string
	// Enrolment is set at StepAuthenticator.
	Enrolment account.Enrolment
	// Codes are set at StepCodes.
	Codes []string
}

// Invited says whose a link is, and changes nothing. It is Gone "link-gone" or "link-used".
func (s *Service) Invited(ctx context.Context, token string) (v Setup, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		l, err := code.PeekLink(tx, linkPurpose, token)
		if err != nil {
			return err
		}
		a, err := account.Get(tx, l.Subject)
		v = Setup{UserID: a.UserID, Name: a.Name()}
		return err
	})
	return v, err
}

// Begin uses the link up and returns the ticket of the set-up.
func (s *Service) Begin(ctx context.Context, token string) (ticket string, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		l, err := code.SpendLink(tx, linkPurpose, token)
		if err != nil {
			return err
		}
		f, t, err := flow.Start(tx, s.Secret, kind, string(StepPassword), data{}, life)
		if err != nil {
			return err
		}
		f.Subject, ticket = l.Subject, string(t)
		return f.Save(tx)
	})
	return ticket, err
}

// load returns the set-up of a ticket and its account. A reset meanwhile leaves no flow that could go on: the account's own state
// would contradict it.
func (s *Service) load(tx *db.Tx, ticket string) (*flow.Flow[data], account.Account, error) {
	f, err := flow.Load[data](tx, kind, flow.Ticket(ticket))
	if err != nil {
		return nil, account.Account{}, err
	}
	a, err := account.Get(tx, f.Subject)
	if err != nil {
		return nil, a, err
	}
	want := account.Active
	if Step(f.Step) == StepPassword {
		want = account.Unfinished
	}
	is, err := exists(tx, a.ID)
	if err != nil {
		return nil, a, err
	}
	if !is || a.State != want {
		return nil, a, fault.New(fault.Gone, "flow-gone")
	}
	return f, a, nil
}

// revoke ends links and set-ups of an account.
func revoke(tx *db.Tx, accountID string) error {
	if err := code.RevokeLinks(tx, linkPurpose, accountID); err != nil {
		return err
	}
	for {
		f, err := flow.LoadBySubject[data](tx, kind, accountID)
		if fault.Is(err, fault.Gone) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f.Finish(tx); err != nil {
			return err
		}
	}
}

// Setup returns where the set-up stands.
func (s *Service) Setup(ctx context.Context, ticket string) (v Setup, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		f, a, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		v = Setup{Step: Step(f.Step), UserID: a.UserID, Name: a.Name()}
		switch v.Step {
		case StepAuthenticator:
			v.Enrolment, err = account.PendingAuthenticator(tx, s.Ring, a.ID, s.Issuer, a.UserID)
		case StepCodes:
			v.Codes, err = s.openCodes(f)
		}
		return err
	})
	return v, err
}

// Findings judges a password for the checklist.
func (s *Service) Findings(ctx context.Context, ticket, plain string) (list []password.Finding, strength int, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		_, a, err := s.load(tx, ticket)
		if err == nil {
			list, strength = s.Passwords.Findings(plain, a.Words()), s.Passwords.Strength(plain, a.Words())
		}
		return err
	})
	return list, strength, err
}

// SetPassword takes the first step. A refused password is Invalid at the field "password".
func (s *Service) SetPassword(ctx context.Context, ticket, plain string) error {
	var a account.Account
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		f, got, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		a = got
		_, err = after(Step(f.Step), passwordSet)
		return err
	})
	if err != nil {
		return err
	}
	hash, err := s.Passwords.New(ctx, "password", plain, a.Words(), nil)
	if err != nil {
		return err
	}
	return s.step(ctx, ticket, passwordSet, func(tx *db.Tx, f *flow.Flow[data], a account.Account) error {
		if err := account.SetPassword(tx, a.ID, hash); err != nil {
			return err
		}
		if _, err := account.BeginAuthenticator(tx, s.Ring, s.Secret, a.ID, s.Issuer, a.UserID); err != nil {
			return err
		}
		return s.note(tx, "authn_password_change", a)
	})
}

// NewSecret begins the authenticator anew: another QR code.
func (s *Service) NewSecret(ctx context.Context, ticket string) error {
	return s.step(ctx, ticket, startedAgain, func(tx *db.Tx, _ *flow.Flow[data], a account.Account) error {
		_, err := account.BeginAuthenticator(tx, s.Ring, s.Secret, a.ID, s.Issuer, a.UserID)
		return err
	})
}

// Prove takes a code of the authenticator app. It is Invalid "staff-code-wrong", or TooMany after too many of them.
func (s *Service) Prove(ctx context.Context, ticket, given string) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		f, _, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		return codeTries.Spend(tx, f.Subject)
	})
	if err != nil {
		return err
	}
	right := false
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		right = false
		f, a, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		to, err := after(Step(f.Step), codeRight)
		if err != nil {
			return err
		}
		// Saved first: of equal submits at once the others see that it moved, and do not count as wrong codes.
		if err := f.Save(tx); err != nil {
			return err
		}
		if right, err = account.ConfirmAuthenticator(tx, s.Ring, a.ID, given); err != nil || !right {
			return err
		}
		codes, err := account.NewRecoveryCodes(tx, s.Ring, s.Secret, a.ID)
		if err != nil {
			return err
		}
		if err := s.sealCodes(f, codes); err != nil {
			return err
		}
		f.Step = string(to)
		if err := s.note(tx, "authn_authenticator_add", a); err != nil {
			return err
		}
		return f.Save(tx)
	})
	if err == nil && !right {
		err = fault.OnField("code", "staff-code-wrong")
	}
	return err
}

// Finish ends the set-up: the codes are kept, and the person is signed in.
func (s *Service) Finish(ctx context.Context, ticket, agent string) (token session.Token, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		f, a, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		if _, err := after(Step(f.Step), codesKept); err != nil {
			return err
		}
		if err := f.Finish(tx); err != nil {
			return err
		}
		if err := setEnrolled(tx, a.ID, tx.Now()); err != nil {
			return err
		}
		_, token, err = session.Start(tx, s.Secret, session.New{
			Kind: session.Staff, Account: a.ID, Lives: s.Lives, Address: audit.From(ctx).Address, Agent: agent,
		})
		if err != nil {
			return err
		}
		return audit.Add(tx, s.Secret, audit.Event{
			Action: "authn_login_success", Actor: audit.Actor{Kind: audit.Staff, ID: a.ID}, Subject: a.Subject(), Detail: map[string]string{"how": "enrolment"},
		})
	})
	return token, err
}

// step loads the set-up, lets do change it, and moves it on by e.
func (s *Service) step(ctx context.Context, ticket string, e event, do func(*db.Tx, *flow.Flow[data], account.Account) error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		f, a, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		to, err := after(Step(f.Step), e)
		if err != nil {
			return err
		}
		if err := do(tx, f, a); err != nil {
			return err
		}
		f.Step = string(to)
		return f.Save(tx)
	})
}

func (s *Service) note(tx *db.Tx, action string, a account.Account) error {
	return audit.Add(tx, s.Secret, audit.Event{Action: action, Actor: audit.Actor{Kind: audit.Staff, ID: a.ID}, Subject: a.Subject()})
}

func (s *Service) sealCodes(f *flow.Flow[data], codes []string) error {
	b, err := json.Marshal(codes)
	if err == nil {
		f.Data.Codes = s.Ring.Seal(sealedAs(f.ID), b)
	}
	return err
}

func (s *Service) openCodes(f *flow.Flow[data]) (codes []string, err error) {
	b, err := s.Ring.Open(sealedAs(f.ID), f.Data.Codes)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(b, &codes)
	return codes, err
}

func sealedAs(flowID string) string { return "flow/" + flowID + "/recovery-codes" }
