// Package credential lets the owner of an account who is signed in change what proves that it is the owner: the password, the
// authenticator app, its recovery codes, and the security questions.
//
// Each change wants a session whose holder proved to be the owner a short time ago (account.FreshFor); any other is Unauthenticated
// "sign-in-again". Each change is all or nothing: with it the other sessions of the account end, no browser is trusted any longer,
// what was under way to get back in ends, this session gets a new token, the trail has an event, and the owner is told at every
// address. What takes several steps (an app that is to be proved, answers that are typed again, codes that are to be kept) stands in
// a flow that belongs to the one session that began it: no other session of the account sees or goes on with it.
//
// The package promises: what counted before counts until the new thing is proved; what was replaced counts no more from that instant;
// of several equal submits one counts. It leaves to others: how somebody proves again to be the owner (signin), getting back in
// without a session (recovery), passkeys, and the rules that passwords and answers follow (password, account).
package credential

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/secret"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

// life is how long somebody may take to set an app up, to keep recovery codes, or to type answers again.
const life = 30 * time.Minute

// Service is the capability.
type Service struct {
	DB        *db.DB
	Ring      *secret.Ring
	Secret    secret.Source
	Passwords *account.Passwords
	Notices   account.Notices
	// Issuer is how the portal is called in an authenticator app.
	Issuer string
	// Offered are the security questions of a language, id and words, in order. None: the portal asks no questions.
	Offered func(lang text.Lang) [][2]string
	// Ends are run when a credential has changed, with the session that changed it: what else ends then, that belongs to others.
	Ends []func(tx *db.Tx, accountID, sessionID string) error
}

// An Overview says what proves the owner of an account.
type Overview struct {
	Account            account.Account
	Authenticator      time.Time // since when there is an app; zero: there is none
	CodesLeft          int       // of its recovery codes
	QuestionsAsked     bool      // the portal uses questions
	QuestionsSetAt     time.Time // zero: none are set
	AuthenticatorCodes bool      // this session was given recovery codes and has not said that they are kept
}

// Overview is what the session's account has. It fails as account.SignedIn does.
func (s *Service) Overview(ctx context.Context, t session.Token) (o Overview, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		o = Overview{QuestionsAsked: s.asks()}
		at, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		o.Account = a
		if o.Authenticator, err = account.AuthenticatorSince(tx, a.ID); err != nil {
			return err
		}
		if o.CodesLeft, err = account.RecoveryCodesLeft(tx, a.ID); err != nil {
			return err
		}
		if o.QuestionsSetAt, err = account.QuestionsSetAt(tx, a.ID); err != nil {
			return err
		}
		f, err := begun[authenticator](tx, authenticatorKind, at)
		o.AuthenticatorCodes = err == nil && Step(f.Step) == StepCodes
		if fault.Is(err, fault.Gone) {
			err = nil
		}
		return err
	})
	return o, err
}

// A whose is data of a flow that belongs to one session.
type whose interface{ session() string }

// begun is what this session has begun, or Gone "flow-gone".
func begun[D whose](tx *db.Tx, kind string, at *session.Session) (*flow.Flow[D], error) {
	f, err := flow.LoadBySubject[D](tx, kind, at.Account)
	if err == nil && (f.Data.session() != at.ID || !f.ExpiresAt.After(tx.Now())) {
		return nil, fault.New(fault.Gone, "flow-gone")
	}
	return f, err
}

// begin begins a flow in place of whatever the account's sessions had begun of that kind. Its ticket is thrown away: the session is
// what lets it go on.
func begin[D whose](tx *db.Tx, src secret.Source, kind string, step Step, accountID string, data D) (*flow.Flow[D], error) {
	if err := drop[D](tx, kind, accountID); err != nil {
		return nil, err
	}
	f, _, err := flow.Start(tx, src, kind, string(step), data, life)
	if err != nil {
		return nil, err
	}
	f.Subject = accountID
	err = f.Save(tx)
	return f, err
}

func drop[D any](tx *db.Tx, kind, accountID string) error {
	old, err := flow.LoadBySubject[D](tx, kind, accountID)
	if fault.Is(err, fault.Gone) {
		return nil
	}
	if err != nil {
		return err
	}
	return old.Finish(tx)
}

// changed is what every change of a credential brings with it. a is the account before the change. It returns the session's new
// token (ASVS V7.2.4).
func (s *Service) changed(tx *db.Tx, at *session.Session, t session.Token, a account.Account, action, change string) (session.Token, error) {
	// First, since it is what tells equal submits apart: of several with one token, one alone goes on.
	fresh, err := session.Renew(tx, s.Secret, at, t)
	if err != nil {
		return "", err
	}
	if _, err := session.EndAll(tx, a.ID, at.ID); err != nil {
		return "", err
	}
	for _, end := range s.Ends {
		if err := end(tx, a.ID, at.ID); err != nil {
			return "", err
		}
	}
	if err := s.note(tx, a, action); err != nil {
		return "", err
	}
	return fresh, s.Notices.Tell(tx, a, account.Notice{Change: change})
}

// note writes what the account's owner did.
func (s *Service) note(tx *db.Tx, a account.Account, action string) error {
	return audit.Add(tx, s.Secret, audit.Event{Action: action, Actor: audit.Actor{Kind: audit.Client, ID: a.ID}, Subject: a.Subject()})
}
