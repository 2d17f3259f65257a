package signin

import (
	"context"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/secret"
	"vestibule/internal/text"
)

// A View is what the page of a half-made sign-in shows.
type View struct {
	Step    Step
	Account string
	Next    string
	Staff   bool
}

// Current returns where the ticket's sign-in stands; Gone "flow-gone" without one.
func (s *Service) Current(ctx context.Context, ticket string) (v View, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		f, _, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		v = View{Step: Step(f.Step), Account: f.Subject, Next: f.Data.Next, Staff: f.Data.Staff}
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

// codeTries slows down whoever has the password and guesses at the code. It is counted by account: another sign-in resets nothing.
var codeTries = brake{name: "code", free: 5, first: 15 * time.Second, most: 15 * time.Minute, leak: time.Hour}

// Code takes the authenticator's code, or one of the recovery codes in its place. It is Invalid "sign-in-code-wrong", or TooMany
// "sign-in-wait" after too many failures.
func (s *Service) Code(ctx context.Context, ticket, given string, b Browser) (Arrival, error) {
	// The try is written down before the code is looked at, in a transaction of its own.
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		f, _, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		if err := check(Step(f.Step), codeRight); err != nil {
			return err
		}
		return codeTries.take(tx, f.Subject)
	})
	if err != nil {
		return Arrival{}, err
	}
	var got Arrival
	var right bool
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		got, right = Arrival{}, false
		f, a, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		if err := check(Step(f.Step), codeRight); err != nil {
			return err
		}
		d := f.Data
		if d.How, err = s.proveCode(tx, a, given); err != nil {
			return err
		}
		if d.How == "" {
			return audit.Add(tx, s.Secret, audit.Event{
				Action: "authn_login_fail", Actor: audit.Actor{Kind: audit.Visitor}, Subject: a.Subject(),
				Detail: map[string]string{"how": "authenticator"},
			})
		}
		right, d.Code = true, true
		if err := codeTries.clear(tx, a.ID); err != nil {
			return err
		}
		got, err = s.proceed(tx, a, d, f, b)
		return err
	})
	if err == nil && !right {
		err = fault.OnField("code", "sign-in-code-wrong")
	}
	return got, err
}

// fewCodes is how many recovery codes are so few that the owner is told.
const fewCodes = 3

// proveCode says by what the code proves the account, or "".
func (s *Service) proveCode(tx *db.Tx, a account.Account, given string) (string, error) {
	if isAppCode(given) {
		ok, err := account.CheckAuthenticator(tx, s.Ring, a.ID, given)
		if err != nil || !ok {
			return "", err
		}
		return "password+authenticator", nil
	}
	ok, err := account.UseRecoveryCode(tx, s.Ring, a.ID, given)
	if err != nil || !ok {
		return "", err
	}
	left, err := account.RecoveryCodesLeft(tx, a.ID)
	if err == nil && left <= fewCodes {
		err = s.Messages.Send(tx, message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}, a.Subject(), time.Time{},
			message.SignInCodesLow{UserID: a.UserID, Left: left, UsedAt: tx.Now()})
	}
	return "password+recovery-code", err
}

// isAppCode tells the app's digits from a recovery code, so that a mistyped one does not count as a failure of the other.
func isAppCode(given string) bool {
	given = strings.Join(strings.Fields(given), "")
	return len(given) <= 8 && strings.Trim(given, "0123456789") == ""
}

// Accept accepts the terms in force, as they were shown in that language.
func (s *Service) Accept(ctx context.Context, ticket, lang string, b Browser) (got Arrival, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		got = Arrival{}
		f, a, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		if err := check(Step(f.Step), termsAccepted); err != nil {
			return err
		}
		if err := account.AcceptTerms(tx, a.ID, s.Terms, lang, audit.From(ctx).Address); err != nil {
			return err
		}
		err = audit.Add(tx, s.Secret, audit.Event{
			Action: "terms_accept", Actor: audit.Actor{Kind: audit.Client, ID: a.ID}, Subject: a.Subject(),
			Detail: map[string]string{"version": s.Terms.Version},
		})
		if err != nil {
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
