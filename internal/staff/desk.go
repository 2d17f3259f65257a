package staff

import (
	"context"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/chore"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/outbox"
	"vestibule/internal/secret"
)

// Desk is what the back office sees of the portal's own working: the messages
// that leave it, and the trail of what happened.
type Desk struct {
	DB     *db.DB
	Secret secret.Source
	Outbox *outbox.Outbox
	Chores []chore.Chore // the declared ones
	Terms  account.Terms
}

// A Message is the record of an outgoing e-mail or SMS; codes in it are masked.
type Message = outbox.Entry

// A Letter is a message with its words, as far as they are kept.
type Letter = outbox.Letter

// MessageCounts say how the queue of messages stands.
type MessageCounts = outbox.Counts

// A MessageQuery chooses messages, newest first. Empty fields choose all.
type MessageQuery struct {
	State  string
	To     string // the whole address
	Before string // a Message's id
	Limit  int
}

// Messages lists messages.
func (d *Desk) Messages(ctx context.Context, q MessageQuery) (list []Message, counts MessageCounts, err error) {
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		if list, err = d.Outbox.List(tx, outbox.Filter{State: q.State, To: q.To, Before: q.Before, Limit: q.Limit}); err != nil {
			return err
		}
		counts, err = d.Outbox.Count(tx)
		return err
	})
	return list, counts, err
}

// MessagesAbout lists the messages about one thing, like "request:01J…".
func (d *Desk) MessagesAbout(ctx context.Context, about string) (list []Message, err error) {
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		list, err = d.Outbox.List(tx, outbox.Filter{About: about})
		return err
	})
	return list, err
}

// Message shows one message.
func (d *Desk) Message(ctx context.Context, id string) (l Letter, err error) {
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		l, err = d.Outbox.Show(tx, id)
		return err
	})
	return l, err
}

// Retry sends a message that failed or waits once more, now.
func (d *Desk) Retry(ctx context.Context, id string) error {
	return d.do(ctx, id, "message.retry", d.Outbox.Retry)
}

// Drop gives up a message that has not left.
func (d *Desk) Drop(ctx context.Context, id string) error {
	return d.do(ctx, id, "message.drop", d.Outbox.Drop)
}

func (d *Desk) do(ctx context.Context, id, action string, f func(*db.Tx, string) error) error {
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		if err := f(tx, id); err != nil {
			return err
		}
		return audit.Add(tx, d.Secret, audit.Event{Action: action, Subject: "message:" + id})
	})
}

// An Event is something that happened.
type Event = audit.Entry

// Events lists what happened, newest first, before the event with the given
// number (0: from the newest); with a subject only what is about it.
func (d *Desk) Events(ctx context.Context, subject string, before int64, limit int) (list []Event, err error) {
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		if subject != "" {
			list, err = audit.History(tx, subject, limit)
		} else {
			list, err = audit.Recent(tx, before, limit)
		}
		return err
	})
	return list, err
}

// Areas are the parts of the trail that can be looked at alone.
func Areas() []audit.Area { return audit.Areas() }

// A TrailQuery chooses events of the whole trail. Empty fields choose all.
type TrailQuery struct {
	Area   string
	By     string // UserID or e-mail address of who did it
	Before int64  // an Event's number
}

// Trail lists what happened, newest first, and where to go on: 0 means that there is no more.
func (d *Desk) Trail(ctx context.Context, q TrailQuery, limit int) (list []Event, next int64, err error) {
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		f := audit.Filter{Area: audit.Area(q.Area), Before: q.Before}
		list, next = nil, 0
		if q.By != "" {
			a, err := account.FindByLogin(tx, q.By)
			if fault.Is(err, fault.NotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			f.Actor = a.ID
		}
		list, next, err = audit.Find(tx, f, limit)
		return err
	})
	return list, next, err
}

// Names are the names of accounts by id. One that is gone has none.
func (d *Desk) Names(ctx context.Context, ids []string) (names map[string]string, err error) {
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		names = map[string]string{}
		for _, id := range ids {
			if _, known := names[id]; known || id == "" {
				continue
			}
			a, err := account.Get(tx, id)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			names[id] = a.FirstName + " " + a.LastName
		}
		return nil
	})
	return names, err
}
