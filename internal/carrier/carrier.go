// Package carrier carries messages out of the portal: e-mail by SMTP, text
// messages by a provider's HTTP interface, and, in the demo, both into an inbox
// that is a page.
//
// A carrier tries once and says how it went. Three answers are possible: nil,
// the other side has taken the message and answers for it; an error wrapped by
// Permanent, this message will never be taken, another try is of no use; any
// other error, it was not taken or nobody knows, try again. Retries, fail-over
// and records are the business of package outbox.
//
// What a carrier returns and logs never contains a code, a link or a whole
// telephone number.
package carrier

import (
	"context"
	"errors"
	"time"
)

// A Channel is a way to reach a person.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
)

// An Envelope is one message, ready to be carried.
type Envelope struct {
	ID      string // stays the same over all tries; it makes the Message-ID
	Channel Channel
	Kind    string // what the message is, like "request-received"
	To      string // an e-mail address, or a telephone number as E.164
	ToName  string // may be empty
	ReplyTo string // an e-mail address; may be empty
	Lang    string // BCP 47
	Subject string // e-mail only
	Text    string
	HTML    string    // e-mail only
	At      time.Time // when the message was written
}

// A Carrier carries messages of one channel. It is safe for many goroutines.
type Carrier interface {
	// Name tells providers apart in the office and in logs.
	Name() string
	// Carry tries once to hand the message over and returns what the other
	// side answered, short enough to be kept and free of secrets.
	Carry(ctx context.Context, e Envelope) (answer string, err error)
}

// Permanent marks err as a refusal of this message that no further try will
// change.
func Permanent(err error) error { return &permanent{err} }

// IsPermanent reports whether err is a refusal that no further try will change.
func IsPermanent(err error) bool {
	var p *permanent
	return errors.As(err, &p)
}

type permanent struct{ err error }

func (p *permanent) Error() string { return p.err.Error() }
func (p *permanent) Unwrap() error { return p.err }
