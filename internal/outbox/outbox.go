// Package outbox keeps messages until they are delivered.
//
// A message is added in the transaction of what it tells of: after a crash both
// are there, or neither. It is kept as it will be read, so that a fault in a
// template fails the request in front of a person and not the queue at night;
// what it says is sealed, and wiped once it has left.
//
// Delivery is at least once. A worker claims a message by a lease with a token,
// and the try is counted in the claim; whatever becomes of it is recorded under
// that token, so that a worker whose lease ran out cannot overrule the one that
// took over. When a node dies with a message in hand, the lease runs out and
// another sends it again; the receiver knows the repeat by the message's id.
//
// What has lost its meaning is dropped, not sent late: a message that is of no
// use any more, and one that a newer message about the same thing replaces.
//
// Without a carrier for its channel a message is held, which the office and
// the doctor say; it leaves when a carrier is configured.
package outbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/secret"
)

// The states of a message.
const (
	Queued  = "queued"  // waits for its turn, or for another try
	Held    = "held"    // no carrier is configured for its channel
	Sent    = "sent"    // a carrier took it
	Failed  = "failed"  // refused for good, or tried too often; staff can retry or drop it
	Dropped = "dropped" // not sent, for a reason
)

// The reasons for which a message is dropped.
const (
	ByExpiry      = "expired"  // it was of no use any more
	ByReplacement = "replaced" // a newer message about the same thing
	ByRecall      = "recalled" // what it tells of is no longer so
	ByStaff       = "staff"    // somebody decided
	ByRule        = "withheld" // nobody may be told whether it was sent
)

// A Message is ready to leave: its words are made.
type Message struct {
	Kind    string // what it is, like "request-received"
	Channel carrier.Channel
	About   string // the thing it is about, like "request:01J…"
	To      string // an e-mail address, or a telephone number as E.164
	ToName  string
	ReplyTo string
	Lang    string
	Subject string // in clear: never a secret in it
	Text    string
	HTML    string
	Secrets []string  // the codes and tokens in it, which are masked wherever it is shown
	Until   time.Time // of no use after this; zero for always

	// Sole says that this message replaces an older one of its kind about the
	// same thing even if that went to another address: a code for a number
	// that was corrected. Otherwise it replaces what goes to the same address.
	Sole bool

	// Apart says that this message tells of an event of its own, and replaces
	// none: two changes of an account are two facts.
	Apart bool
}

// Outbox is the portal's queue of messages. Make it with New.
type Outbox struct {
	o     Options
	kicks map[carrier.Channel]chan struct{}
}

// Options say how an outbox delivers. DB, Secret and Ring are needed; zero
// values of the others mean what stands beside them.
type Options struct {
	DB     *db.DB
	Secret secret.Source
	Ring   *secret.Ring
	// Carriers are, for each channel, the providers in the order in which they
	// are tried. A channel without any holds its messages.
	Carriers map[carrier.Channel][]carrier.Carrier
	Workers  int           // deliveries at once on this node; 8
	Tries    int           // after so many a message fails; 12 (about nine hours)
	Wait     time.Duration // before the second try, doubled for each more; 30 s
	MaxWait  time.Duration // never longer than this; 1 h
	Patience time.Duration // for one provider to answer; 30 s
	Poll     time.Duration // how often to look without being woken; 5 s
	Keep     time.Duration // how long a record stays after it was settled; 90 days
	// Failed is told of each try that did not succeed, for the log and for
	// counters. The error is free of secrets. It may be nil.
	Failed func(kind, carrier string, err error)
}

// New makes the outbox of a node.
func New(o Options) *Outbox {
	o.Workers = orInt(o.Workers, 8)
	o.Tries = orInt(o.Tries, 12)
	o.Wait = orTime(o.Wait, 30*time.Second)
	o.MaxWait = orTime(o.MaxWait, time.Hour)
	o.Patience = orTime(o.Patience, 30*time.Second)
	o.Poll = orTime(o.Poll, 5*time.Second)
	o.Keep = orTime(o.Keep, 90*24*time.Hour)
	if o.Failed == nil {
		o.Failed = func(string, string, error) {}
	}
	kicks := make(map[carrier.Channel]chan struct{}, len(o.Carriers))
	for channel := range o.Carriers {
		kicks[channel] = make(chan struct{}, 1)
	}
	return &Outbox{o: o, kicks: kicks}
}

func orInt(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

func orTime(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// Add queues a message and takes back the older one that it replaces, unless
// that is on its way.
func (o *Outbox) Add(tx *db.Tx, m Message) error {
	id := o.o.Secret.ID(tx.Now())
	sealed, err := o.seal(id, m)
	if err != nil {
		return err
	}
	if err := replace(tx, id, m); err != nil {
		return err
	}
	state := Queued
	if len(o.o.Carriers[m.Channel]) == 0 {
		state = Held
	}
	tx.AfterCommit(o.wake)
	return insert(tx, id, state, sealed, m)
}

// Withhold keeps a record of a message that must not leave, and does the same
// work for it as Add: so that whoever asks for a message cannot tell whether one
// was sent. Its words are not kept.
func (o *Outbox) Withhold(tx *db.Tx, m Message) error {
	id := o.o.Secret.ID(tx.Now())
	if _, err := o.seal(id, m); err != nil {
		return err
	}
	if err := replace(tx, id, m); err != nil {
		return err
	}
	tx.AfterCommit(o.wake)
	return insertWithheld(tx, id, m)
}

// Recall drops the messages of the kinds about a thing that have not left,
// because what they tell is no longer so. Without kinds it recalls all.
func (o *Outbox) Recall(tx *db.Tx, about string, kinds ...string) error {
	_, err := recall(tx, about, kinds)
	return err
}

// TakeBack is Recall, and says how many there were. One that is being handed over
// at this moment is not counted: it may leave all the same.
func (o *Outbox) TakeBack(tx *db.Tx, about string, kinds ...string) (int64, error) {
	return recall(tx, about, kinds)
}

// wake makes this node's workers look at once.
func (o *Outbox) wake() {
	for _, kick := range o.kicks {
		select {
		case kick <- struct{}{}:
		default: // a wake-up is waiting already
		}
	}
}

// letter is what is sealed in a row.
type letter struct {
	ToName  string   `json:"to_name,omitempty"`
	ReplyTo string   `json:"reply_to,omitempty"`
	Text    string   `json:"text"`
	HTML    string   `json:"html,omitempty"`
	Secrets []string `json:"secrets,omitempty"`
}

func sealedAs(id string) string { return "outbox_message/" + id + "/body" }

func (o *Outbox) seal(id string, m Message) (string, error) {
	plain, err := json.Marshal(letter{m.ToName, m.ReplyTo, m.Text, m.HTML, m.Secrets})
	if err != nil {
		return "", fmt.Errorf("outbox: %w", err)
	}
	return o.o.Ring.Seal(sealedAs(id), plain), nil
}

func (o *Outbox) open(id, sealed string) (letter, error) {
	var l letter
	plain, err := o.o.Ring.Open(sealedAs(id), sealed)
	if err != nil {
		return l, fmt.Errorf("outbox: message %s: %w", id, err)
	}
	if err := json.Unmarshal(plain, &l); err != nil {
		return l, fmt.Errorf("outbox: message %s: %w", id, err)
	}
	return l, nil
}

// mask hides the codes and tokens of a message.
func (l letter) mask(s string) string {
	for _, secret := range l.Secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "••••••")
		}
	}
	return s
}
