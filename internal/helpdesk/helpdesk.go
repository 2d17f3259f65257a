// Package helpdesk is what the vendor's staff do for somebody who cannot get in.
//
// Staff find an account by whatever the caller says, read why it cannot sign in
// (Explain walks the rules of a sign-in in their order, at any instant), verify
// the caller by a code to a registered means, and act: forget delays, send
// again, start a reset, expire a password, end sessions, disable. Every act
// wants a reason, is an event, and the owner is told at every address. Nobody
// here sees or sets a password: a reset is a link in the owner's mailbox.
//
// To clear questions, authenticator or passkeys opens an account to whoever has
// the rest, so it takes more than one person's word (security.md): codes to two
// registered means, the voucher of an administrator of the organization, or a
// second member of staff. Even then it waits for 24 hours, and a link to stop it
// goes to every address of the owner.
//
// What each act needs is asked again here, in the act's own transaction:
// permission, state of the account, and that it is no account of staff. Those
// are handled at the console alone.
//
// The package leaves to others what belongs to them: delays and trusted devices
// to signin, the link of a reset to recovery, the mails of a registration to
// register. They are given to the Service as functions.
package helpdesk

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/outbox"
	"vestibule/internal/secret"
	"vestibule/internal/text"
)

// A Permission is what a member of staff must have for a page or an act. They
// are the names of package staff.
type Permission string

// The permissions.
const (
	View Permission = "accounts.view"
	Help Permission = "accounts.help"
)

// A Staff is the member of staff who acts.
type Staff struct{ ID, Name string }

// A Delay is why the next try to sign in has to wait.
type Delay struct {
	Where    string // "there": from one network; "account": from everywhere; "code": of the authenticator
	Network  string // of "there"
	Failures int
	Until    time.Time
}

// Settings are what of the vendor's decisions the helpdesk has to know.
type Settings struct {
	Terms     account.Terms
	MaxAge    time.Duration // of a password; 0: it does not age
	Questions bool          // recovery asks for them
	Countries []string      // whose numbers get an SMS; none: all
}

// A Service is what staff do for people who cannot get in.
type Service struct {
	DB       *db.DB
	Secret   secret.Source
	Ring     *secret.Ring
	Messages *message.Writer
	Outbox   *outbox.Outbox
	Notices  account.Notices
	Settings Settings

	// May reports whether a member of staff has a permission at this moment.
	May func(tx *db.Tx, staffID string, p Permission) (bool, error)
	// Notify says which of the staff are told that a second one is wanted, or that an owner stopped something.
	Notify func(*db.Tx) ([]message.To, error)
	Hooks  Hooks
}

// Hooks are what other capabilities do for the helpdesk, each in the act's own
// transaction.
type Hooks struct {
	Delays   func(tx *db.Tx, a account.Account) ([]Delay, error) // what runs now
	Forgive  func(tx *db.Tx, a account.Account) error            // forgets all of them
	Distrust func(tx *db.Tx, a account.Account) error            // no device is trusted any more
	Reset    func(tx *db.Tx, a account.Account) error            // mails the link of a reset to the owner
	Confirm  func(tx *db.Tx, a account.Account) error            // mails the link that confirms the address
	Finish   func(tx *db.Tx, a account.Account) error            // mails the link that finishes the set-up
	// Referred returns the account of a recovery by the reference that its page shows, or NotFound.
	Referred func(tx *db.Tx, shown string) (accountID string, err error)
	Void     func(tx *db.Tx, a account.Account) error // links, codes and half-made sign-ins and recoveries die
}

const (
	leastReason = 3
	mostReason  = 500
)

// ParseReason reads why something is done: a line or several, since it stands in
// the trail. Invalid at the field "reason": reason-needed, reason-long.
func ParseReason(s string) (string, error) {
	s = strings.TrimSpace(strings.Map(func(c rune) rune {
		if c == '\n' || c == '\t' || !unicode.IsControl(c) && !unicode.Is(unicode.Cf, c) {
			return c
		}
		return -1
	}, strings.ToValidUTF8(s, "")))
	switch n := utf8.RuneCountInString(s); {
	case n < leastReason:
		return "", fault.OnField("reason", "reason-needed")
	case n > mostReason:
		return "", fault.OnField("reason", "reason-long")
	}
	return s, nil
}

// permitted refuses whoever has not the permission as Denied, whatever the route
// said: a role may have been taken away meanwhile.
func (s *Service) permitted(tx *db.Tx, by Staff, p Permission) error {
	ok, err := s.May(tx, by.ID, p)
	if err == nil && !ok {
		err = fault.New(fault.Denied, "not-allowed")
	}
	return err
}

// client returns an account that the helpdesk may act on: one that is there and
// no staff's.
func client(tx *db.Tx, id string) (account.Account, error) {
	a, err := account.Get(tx, id)
	if err != nil {
		return a, err
	}
	staff, err := isStaff(tx, id)
	if err == nil && staff {
		err = fault.New(fault.Denied, "staff-console")
	}
	return a, err
}

// helping opens a transaction for an act on an account: permission, account and
// its row's lock, so that of two acts at once the second sees the first.
func (s *Service) helping(ctx context.Context, by Staff, id string, do func(*db.Tx, account.Account) error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, Help); err != nil {
			return err
		}
		if err := lock(tx, id); err != nil {
			return err
		}
		a, err := client(tx, id)
		if err != nil {
			return err
		}
		return do(tx, a)
	})
}

// event notes an act. The reason stands beside the chain, since it may name a
// person.
func (s *Service) event(tx *db.Tx, by Staff, a account.Account, action string, detail ...string) error {
	e := audit.Event{Action: action, Subject: a.Subject(), Detail: map[string]string{}}
	if by.ID != "" {
		e.Actor = audit.Actor{Kind: audit.Staff, ID: by.ID}
	}
	for i := 0; i+1 < len(detail); i += 2 {
		if detail[i+1] != "" {
			e.Detail[detail[i]] = detail[i+1]
		}
	}
	return audit.Add(tx, s.Secret, e)
}

// owner is whom an e-mail to the account goes to.
func owner(a account.Account) message.To {
	return message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}
}
