package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"vestibule/internal/carrier"
	"vestibule/internal/db"
)

const (
	// settling is how long the record of a try may take, also while stopping.
	settling = 10 * time.Second
	// grace is how long a delivery may go on after the node was told to stop:
	// to cut it off leaves open whether the message went out.
	grace = 5 * time.Second
	// answerLength bounds what is kept of a provider's answer.
	answerLength = 500
)

// Run delivers until ctx ends, and returns when nothing is in hand any more.
// Any number of nodes may run it. Each channel has workers of its own, so that
// a provider that does not answer holds up its own channel alone.
func (o *Outbox) Run(ctx context.Context) {
	var lanes sync.WaitGroup
	for channel := range o.kicks {
		lanes.Go(func() { o.lane(ctx, channel) })
	}
	lanes.Wait()
}

func (o *Outbox) lane(ctx context.Context, channel carrier.Channel) {
	slots := make(chan struct{}, o.o.Workers)
	var inHand sync.WaitGroup
	defer inHand.Wait()
	poll := time.NewTicker(o.o.Poll)
	defer poll.Stop()
	kick := o.kicks[channel]
	released := false
	for ctx.Err() == nil {
		if !released {
			released = o.release(ctx, channel) == nil
		}
		n := o.reserve(ctx, slots)
		claimed, token, err := o.claim(ctx, channel, n)
		if err != nil && ctx.Err() == nil {
			o.o.Failed("", "", err)
		}
		for range n - len(claimed) {
			<-slots
		}
		for _, c := range claimed {
			inHand.Go(func() {
				defer func() { <-slots }()
				o.deliver(ctx, c, token)
			})
		}
		if len(claimed) > 0 {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
		case <-kick:
		case <-poll.C:
		}
	}
}

// reserve waits for a free slot and takes what others are free. It returns 0
// when ctx ends first.
func (o *Outbox) reserve(ctx context.Context, slots chan struct{}) int {
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for n := 1; ; n++ {
		select {
		case slots <- struct{}{}:
		default:
			return n
		}
	}
}

// Deliver claims what is due, tries each message once, and returns how many it
// tried. It is for tests and for commands; a node that serves has Run.
func (o *Outbox) Deliver(ctx context.Context) (int, error) {
	tried := 0
	for channel := range o.kicks {
		if err := o.release(ctx, channel); err != nil {
			return tried, err
		}
		claimed, token, err := o.claim(ctx, channel, o.o.Workers)
		if err != nil {
			return tried, err
		}
		tried += len(claimed)
		var inHand sync.WaitGroup
		for _, c := range claimed {
			inHand.Go(func() { o.deliver(ctx, c, token) })
		}
		inHand.Wait()
	}
	return tried, ctx.Err()
}

// release queues what was held while the channel had no carrier.
func (o *Outbox) release(ctx context.Context, channel carrier.Channel) error {
	return o.o.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Count(`UPDATE outbox_message SET state = 'queued', due_at = $1 WHERE state = 'held' AND channel = $2`,
			db.Micros(tx.Now()), string(channel))
		return err
	})
}

// claim takes up to n messages into this node's hands.
func (o *Outbox) claim(ctx context.Context, channel carrier.Channel, n int) ([]claim, string, error) {
	if n == 0 {
		return nil, "", nil
	}
	// The common case by far is that nothing is due: find that out without a
	// write, of which SQLite can do but one at a time.
	var idle bool
	if err := o.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		idle, err = nothingDue(tx)
		return err
	}); err != nil || idle {
		return nil, "", err
	}
	var claimed []claim
	token := o.o.Secret.Token()
	lease := time.Duration(len(o.o.Carriers[channel]))*o.o.Patience + settling + time.Minute
	err := o.o.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if err = expire(tx); err != nil {
			return err
		}
		claimed, err = take(tx, channel, token, db.Micros(tx.Now().Add(lease)), n)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return claimed, token, nil
}

// deliver tries a claimed message once and records what became of it.
func (o *Outbox) deliver(ctx context.Context, c claim, token string) {
	by, answer, carryErr := o.carry(ctx, c)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	err := o.o.DB.Write(ctx, func(tx *db.Tx) error {
		if carryErr == nil {
			return settleSent(tx, c.id, token, by, answer)
		}
		failed := carrier.IsPermanent(carryErr) || c.attempts >= o.o.Tries
		return settleUnsent(tx, c.id, token, by, answer, failed, tx.Now().Add(o.wait(c.attempts)))
	})
	if err != nil {
		// The lease runs out and the message goes out again.
		o.o.Failed(c.kind, by, fmt.Errorf("outbox: cannot record a try: %w", err))
	}
	if carryErr == nil {
		return
	}
	o.o.Failed(c.kind, by, errors.New(answer))
}

// carry offers a message to one provider after the other until one takes it. If
// none does, by and answer are of the last, and the error is permanent only if
// all of them refused for good.
func (o *Outbox) carry(ctx context.Context, c claim) (by, answer string, err error) {
	l, err := o.open(c.id, c.body)
	if err != nil {
		return "", err.Error(), carrier.Permanent(err)
	}
	clean := func(s string) string {
		s = strings.ReplaceAll(l.mask(s), c.to, "(recipient)")
		if r := []rune(s); len(r) > answerLength {
			s = string(r[:answerLength-1]) + "…"
		}
		return s
	}
	e := carrier.Envelope{
		ID: c.id, Channel: carrier.Channel(c.channel), Kind: c.kind, To: c.to, ToName: l.ToName, ReplyTo: l.ReplyTo,
		Lang: c.lang, Subject: c.subject, Text: l.Text, HTML: l.HTML, At: db.Time(c.queuedAt),
	}
	worthRetrying := false
	for _, p := range o.o.Carriers[e.Channel] {
		got, tryErr := o.try(ctx, p, e)
		if tryErr == nil {
			return p.Name(), clean(got), nil
		}
		worthRetrying = worthRetrying || !carrier.IsPermanent(tryErr)
		by, answer, err = p.Name(), clean(tryErr.Error()), tryErr
	}
	if worthRetrying {
		return by, answer, errors.New(answer)
	}
	return by, answer, carrier.Permanent(err)
}

// try hands a message to one provider, within bounds. A carrier that panics
// has not carried: one odd message must not take every node down in turn.
func (o *Outbox) try(ctx context.Context, p carrier.Carrier, e carrier.Envelope) (answer string, err error) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.o.Patience)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	defer func() {
		if r := recover(); r != nil {
			err = carrier.Permanent(fmt.Errorf("outbox: carrier %s panicked: %v", p.Name(), r))
		}
	}()
	return p.Carry(bounded, e)
}

// wait is the time before the next try, after so many: doubled each time, and a
// quarter of it up or down by chance, so that what failed together does not
// come back together.
func (o *Outbox) wait(attempts int) time.Duration {
	d := o.o.MaxWait
	if shift := attempts - 1; shift < 20 && o.o.Wait<<shift < d {
		d = o.o.Wait << shift
	}
	b := o.o.Secret.Bytes(2)
	chance := float64(int(b[0])<<8|int(b[1]))/65535 - 0.5
	return d + time.Duration(chance*0.5*float64(d))
}

// Sweep drops what is of no use any more and erases records older than Keep.
func (o *Outbox) Sweep(ctx context.Context) error {
	return o.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := expire(tx); err != nil {
			return err
		}
		_, err := tx.Count(`DELETE FROM outbox_message WHERE state IN ('sent','dropped','failed') AND settled_at <= $1`,
			db.Micros(tx.Now().Add(-o.o.Keep)))
		return err
	})
}
