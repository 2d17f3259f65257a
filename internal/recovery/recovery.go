// Package recovery lets people back in who lost their UserID, their password or
// a means of proof, and nobody else.
//
// A recovery is a flow, found by the ticket in the browser's cookie. It begins
// with a login that somebody types, and a stranger learns nothing from it: for
// an account that is not there, is disabled, closed, a member of staff's or not
// finished the same rows are written, the same number of statements is run and
// the same page comes back. What differs goes to the account's own mailbox or
// telephone.
//
// Then proofs are given, possession first: a link or code in the mailbox, a code
// to the verified mobile, a passkey. What is wanted after it is worked out anew
// at each step from the account's facts (see steps.go): the authenticator's code
// or a recovery code where there is one; else two of the three questions, or a
// second possession. When nothing is missing the password can be set, once, by
// the holder of that ticket; a change of the account meanwhile makes the ticket
// void.
//
// An account that was registered and whose address was never confirmed may
// be a stranger's work: proof of the mailbox erases what was set and begins the
// set-up afresh (see Service.Afresh).
//
// It leaves to others: making accounts (register), signing in (signin), what the
// address stands for (organization), and what helpdesk does by hand.
package recovery

import (
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/secret"
	"vestibule/internal/text"
)

const kind = "recovery"

// A Ticket is what the browser of a recovery holds.
type Ticket = flow.Ticket

// A Means is a way to prove a possession.
type Means string

// The means.
const (
	Email   Means = "email"   // link or code of eight digits in the mailbox
	SMS     Means = "sms"     // code of six digits to the verified mobile
	Passkey Means = "passkey" // a passkey of the account
)

// An Ask is how somebody begins.
type Ask struct {
	Login  string // UserID or e-mail address; for FindUserID and Both an e-mail address
	Means  Means  // how the first possession is to be proved; "" is Email
	Lang   text.Lang
	Device string // what the browser shows as a device that the account knows, or ""
}

// A Next is where a proof led.
type Next struct {
	// Ticket takes the place of the one that was shown: the old one is dead. It
	// is "" where the recovery has ended.
	Ticket Ticket
	// Register is the ticket of a registration (its cookie, its pages) in which
	// the account is set up afresh; "" as a rule. The recovery has ended then.
	Register string
}

// An Offer is a means that can be chosen.
type Offer struct {
	Means Means
	To    string // masked destination; "" before any possession is proved, and for a passkey
}

// data is what a recovery knows. Whom it is about is the flow's subject, and ""
// for nobody.
type data struct {
	Login      string // hash of the login that was typed
	Typed      string `json:",omitempty"`
	Lang       text.Lang
	Means      Means  // in use
	Known      bool   `json:",omitempty"` // the account knows the device
	Mark       string // fingerprint of the account: another makes the ticket void
	Proved     []Means
	App        bool `json:",omitempty"`
	Answered   bool `json:",omitempty"`
	Forgotten  bool `json:",omitempty"`
	Both       bool `json:",omitempty"` // the UserID was asked for too
	Tries      int  `json:",omitempty"` // at the questions
	Mail, Text sends
	Held       string `json:",omitempty"`
	Passkey    string `json:",omitempty"` // sealed: what was begun
}

// sends are the codes that went out by a means.
type sends struct {
	N      int
	NextAt time.Time `json:",omitzero"`
}

// sent is the record of a means.
func (d *data) sent(m Means) *sends {
	if m == SMS {
		return &d.Text
	}
	return &d.Mail
}

type recovery = flow.Flow[data]

// Why no code went out. Words stand under "recovery.held.".
const heldLimit = "limit" // this login was typed too often

// A View is what the page of a recovery shows.
type View struct {
	Step  Step
	Login string // at Possession: as it was typed; "" for a recovery that a link began
	Means Means  // at Possession and SecondCode: what was chosen
	To    string // at SecondCode: the masked destination
	// Offers are at Possession the other means, without a word on whether the
	// account has them; at Second and SecondCode those that the account has and
	// that were not proved yet.
	Offers    []Offer
	Wait      time.Duration // until another code can be sent
	Held      string        // why none was sent, by what was typed alone: "limit", or ""
	CodeLife  time.Duration
	LinkLife  time.Duration
	TriesLeft int                // at Questions
	Questions []account.Question // at Questions: the two that are asked; no hashes
	UserID    string             // once a possession is proved
	Email     string             // at Password and Done
	Forgotten bool               // at Second: in place of the questions
	Legacy    bool               // at Password and Done: mobile and questions come at the sign-in
	Passkeys  bool               // at Done: passkeys open the account as before
	Reference string             // at Help: what the helpdesk finds the recovery by
	EndsAt    time.Time
}

// A Passkeys is what recovery wants of passkeys. All three must not fail for
// what a person did: that is a verdict.
type Passkeys struct {
	// Has reports whether the account has one.
	Has func(tx *db.Tx, accountID string) (bool, error)
	// Begin makes the options for navigator.credentials.get as JSON, without a
	// list of credentials (so that it is the same for everybody), and what Check
	// has to know; that is kept in the flow.
	Begin func(tx *db.Tx) (options, state string, err error)
	// Check reports whether the browser's response proves a passkey of that
	// account with its user verified. accountID is "" for nobody: then the answer
	// is no.
	Check func(tx *db.Tx, accountID, state, response string) (bool, error)
}

// Settings are what the vendor decides.
type Settings struct {
	Questions   bool // whether questions are asked
	TellUnknown bool // mail "somebody asked" to an address without an account
	Life        time.Duration
	Link        time.Duration // how long the mailed link works
	Countries   []string      // whose numbers get an SMS; none: all
	Limits      Limits
}

// A Service is what people do to get back in.
type Service struct {
	DB        *db.DB
	Secret    secret.Source
	Ring      *secret.Ring
	Messages  *message.Writer
	Passwords *account.Passwords
	Settings  Settings
	// Asked returns the words of an offered question in a language.
	Asked func(lang text.Lang, question string) string

	// IsStaff reports whether an account is staff's: those are reset at the console.
	IsStaff func(tx *db.Tx, accountID string) (bool, error)
	// Afresh erases all that was set for an account whose mailbox was proved and
	// begins its set-up anew; it returns the registration's ticket, or "" for an
	// account that no registration made.
	Afresh func(tx *db.Tx, a account.Account) (ticket string, err error)
	// Confirmed is told that an account's address was confirmed just now.
	Confirmed func(tx *db.Tx, a account.Account) error
	// Passkeys may be nil: there are none.
	Passkeys *Passkeys
	// KnownDevice reports whether a browser's Device is known to the account. It
	// may be nil: none is.
	KnownDevice func(tx *db.Tx, accountID, device string) (bool, error)
	// ForgetDevices ends the trust in every device of the account; it may be nil.
	ForgetDevices func(tx *db.Tx, accountID string) error
	// Forgive clears what slows the account's sign-in down; it may be nil.
	Forgive func(tx *db.Tx, a account.Account) error
}
