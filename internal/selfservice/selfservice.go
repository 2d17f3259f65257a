// Package selfservice lets the owner of an account who is signed in look after it: the details, the address and the mobile number
// that reach the owner, who is signed in where, what happened, a copy of all that is known, and the end of the account.
//
// What reaches or ends the account is changed by a session whose holder proved to be the owner a short time ago (account.FreshFor);
// any other is Unauthenticated "sign-in-again". A new address or number counts when a code or a link came back from it, and until
// then the old one does. With the change the other sessions end, what was under way to get back in ends, this session gets a new
// token, the trail has an event, and the owner is told at every address.
//
// The former address can take the account back for three days (Undo): then the account is as it was before whoever changed it had
// come in, nobody is signed in, and the password is good for nothing but a reset from that mailbox.
//
// The package promises: whether an address belongs to somebody else is told to nobody but its mailbox; what is used once is used
// once; nobody reads or changes but the own account. It leaves to others: passwords, authenticator, questions, passkeys
// (credential), proving again to be the owner and which browsers are known (signin), getting back in (recovery).
package selfservice

import (
	"context"
	"strconv"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/message"
	"vestibule/internal/outbox"
	"vestibule/internal/secret"
	"vestibule/internal/session"
	"vestibule/internal/text"
	"vestibule/internal/throttle"
)

// Settings are what the vendor decides.
type Settings struct {
	Code      code.Rule     // of the codes that prove an address or a number
	Countries []string      // whose numbers get a text message; none: all
	EmailLife time.Duration // of the code and the link that prove an address
	Undo      time.Duration // how long a change of address can be undone
	Grace     time.Duration // between the wish to close an account and its end
	Limits    Limits
}

// DefaultSettings are the guide's.
func DefaultSettings() Settings {
	return Settings{Code: code.Default(), EmailLife: time.Hour, Undo: 72 * time.Hour, Grace: 14 * 24 * time.Hour, Limits: DefaultLimits()}
}

// Limits say how often what costs money or is worth guessing can be done. They are counted in the database: another session, a
// resend or a fresh start resets nothing.
type Limits struct {
	EmailAccount throttle.Limit  // addresses that one account asks for
	EmailAddress throttle.Limit  // mails that ask one address
	EmailNetwork throttle.Limit  // addresses asked for from one network
	Mobile       throttle.Limit  // numbers that one account asks for
	Tries        throttle.Limit  // codes that one account types
	Exports      throttle.Limit  // copies that one account takes
	Waits        []time.Duration // before a code can be sent again: after the first, the second …
}

// DefaultLimits let a person correct a typing error or two at once.
func DefaultLimits() Limits {
	return Limits{
		EmailAccount: throttle.Limit{Name: "email-change-account", Burst: 6, Every: 10 * time.Minute},
		EmailAddress: throttle.Limit{Name: "email-change-address", Burst: 4, Every: 15 * time.Minute},
		EmailNetwork: throttle.Limit{Name: "email-change-network", Burst: 20, Every: 6 * time.Minute},
		Mobile:       throttle.Limit{Name: "mobile-change-account", Burst: 6, Every: 10 * time.Minute},
		Tries:        throttle.Limit{Name: "contact-code-account", Burst: 20, Every: 3 * time.Minute},
		Exports:      throttle.Limit{Name: "account-export", Burst: 5, Every: 10 * time.Minute},
		Waits:        []time.Duration{30 * time.Second, 60 * time.Second, 120 * time.Second},
	}
}

func (l Limits) wait(sends int) time.Duration {
	if len(l.Waits) == 0 {
		return 0
	}
	return l.Waits[min(max(sends, 1), len(l.Waits))-1]
}

// Service is the capability.
type Service struct {
	DB       *db.DB
	Secret   secret.Source
	Ring     *secret.Ring
	Messages *message.Writer
	Notices  account.Notices
	Outbox   *outbox.Outbox
	Settings Settings
	// SendSMS takes one text message to the number out of the limits that all codes share, or fails as TooMany.
	SendSMS func(tx *db.Tx, number, address string) error
	// Join lets an account whose address was proved join what the address stands for.
	Join func(*db.Tx, account.Account) error
	// Ends are run when the way to reach the account has changed, with the session that changed it ("" where none stays): what
	// else ends then, that belongs to others.
	Ends []func(tx *db.Tx, accountID, sessionID string) error
	// Handed, where it is set, tells what was handed over to a person.
	Handed func(tx *db.Tx, accountID string) (Handed, error)
	// Closed is run when an account is closed: what names the person elsewhere goes.
	Closed []func(tx *db.Tx, accountID string) error
	// Ended is run when an owner has signed out a session from elsewhere.
	Ended func(tx *db.Tx, accountID, sessionID string) error
	// Devices are the browsers that the account knows.
	Devices func(*db.Tx, string) ([]Device, error)
	// QuestionWords are the words of a security question.
	QuestionWords func(text.Lang, account.Question) string
	// Place says where a network address is, in the language; nil or "": not known.
	Place func(address string, lang text.Lang) string
}

// A Device is a browser from which the account has signed in.
type Device struct {
	ID           string
	Agent        string
	Network      string
	FirstAt      time.Time
	SeenAt       time.Time
	TrustedUntil time.Time // zero: it gives the authenticator's code
}

// changed ends what must not outlive a change of how the account is reached, and gives the session its new token.
func (s *Service) changed(tx *db.Tx, at *session.Session, old session.Token) (session.Token, error) {
	if err := s.end(tx, at.Account, at.ID); err != nil {
		return "", err
	}
	return session.Renew(tx, s.Secret, at, old)
}

// end ends every session but the one named, and what else belongs to others.
func (s *Service) end(tx *db.Tx, accountID, except string) error {
	if _, err := session.EndAll(tx, accountID, except); err != nil {
		return err
	}
	for _, end := range s.Ends {
		if err := end(tx, accountID, except); err != nil {
			return err
		}
	}
	return nil
}

// event notes what the owner did.
func (s *Service) event(tx *db.Tx, a account.Account, action string, detail ...string) error {
	e := audit.Event{Action: action, Actor: audit.Actor{Kind: audit.Client, ID: a.ID}, Subject: a.Subject(), Detail: map[string]string{}}
	for i := 0; i+1 < len(detail); i += 2 {
		e.Detail[detail[i]] = detail[i+1]
	}
	return audit.Add(tx, s.Secret, e)
}

// spendTry counts a code that is typed, in a transaction of its own: no failure after it gives it back.
func (s *Service) spendTry(ctx context.Context, t session.Token) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		return s.Settings.Limits.Tries.Spend(tx, a.ID)
	})
}

func to(a account.Account) message.To {
	return message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}
}

func itoa(n int) string { return strconv.Itoa(n) }
