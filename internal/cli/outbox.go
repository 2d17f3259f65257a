package cli

import (
	"fmt"
	"text/tabwriter"
	"time"

	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/outbox"
)

type outboxCommand struct {
	List  outboxList  `cmd:"" help:"List messages, the newest first."`
	Show  outboxShow  `cmd:"" help:"Show one message; codes and links are masked."`
	Retry outboxRetry `cmd:"" help:"Try a message again at once."`
	Drop  outboxDrop  `cmd:"" help:"Give up a message that has not left."`
}

type outboxList struct {
	configured
	State string `help:"queued, held, sent, failed or dropped." enum:",queued,held,sent,failed,dropped" default:""`
	To    string `help:"Whole address of the recipient."`
	Limit int    `help:"How many." default:"50"`
}

// Run lists messages.
func (c outboxList) Run(s *session) error {
	return s.look(c.configured, func(_ *config.Config, p *app.Portal) error {
		var list []outbox.Entry
		if err := p.DB.Read(s.ctx, func(tx *db.Tx) (err error) {
			list, err = p.Outbox.List(tx, outbox.Filter{State: c.State, To: c.To, Limit: c.Limit})
			return err
		}); err != nil {
			return err
		}
		if len(list) == 0 {
			fmt.Fprintln(s.out, "No such messages.")
			return nil
		}
		t := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "ID\tSTATE\tTRIES\tQUEUED\tTO\tKIND\tANSWER")
		for _, e := range list {
			state := e.State
			if e.Reason != "" {
				state += " (" + e.Reason + ")"
			}
			fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", e.ID, state, e.Attempts, e.QueuedAt.Format(time.RFC3339), e.To, e.Kind, e.Answer)
		}
		return t.Flush()
	})
}

type outboxOne struct {
	configured
	ID string `arg:"" help:"The message's id, as list shows it."`
}

type outboxShow struct{ outboxOne }

// Run shows one message.
func (c outboxShow) Run(s *session) error {
	return s.look(c.configured, func(_ *config.Config, p *app.Portal) error {
		return p.DB.Read(s.ctx, func(tx *db.Tx) error {
			m, err := p.Outbox.Show(tx, c.ID)
			if err != nil {
				return c.known(err)
			}
			fmt.Fprintf(s.out, "To:      %s\nKind:    %s\nState:   %s %s\nTries:   %d\nQueued:  %s\n", m.To, m.Kind, m.State, m.Reason, m.Attempts, m.QueuedAt.Format(time.RFC3339))
			if m.Answer != "" {
				fmt.Fprintf(s.out, "Answer:  %s (%s)\n", m.Answer, m.Carrier)
			}
			if m.Subject != "" {
				fmt.Fprintf(s.out, "Subject: %s\n", m.Subject)
			}
			if m.Text == "" {
				fmt.Fprintln(s.out, "\nIts text was wiped when it left or was dropped.")
				return nil
			}
			fmt.Fprintf(s.out, "\n%s\n", m.Text)
			return nil
		})
	})
}

type outboxRetry struct{ outboxOne }

// Run makes a message due at once; the portal that serves sends it.
func (c outboxRetry) Run(s *session) error {
	return c.change(s, "The message is due now; the running portal sends it.", (*outbox.Outbox).Retry)
}

type outboxDrop struct{ outboxOne }

// Run gives up a message.
func (c outboxDrop) Run(s *session) error {
	return c.change(s, "The message is dropped and its text is wiped.", (*outbox.Outbox).Drop)
}

func (c outboxOne) change(s *session, done string, f func(*outbox.Outbox, *db.Tx, string) error) error {
	return s.open(c.configured, func(_ *config.Config, p *app.Portal) error {
		if err := p.DB.Write(s.ctx, func(tx *db.Tx) error { return c.stands(tx, p, f(p.Outbox, tx, c.ID)) }); err != nil {
			return err
		}
		fmt.Fprintln(s.out, done)
		return nil
	})
}

// stands says in the operator's words why a message cannot be changed as it stands.
func (c outboxOne) stands(tx *db.Tx, p *app.Portal, err error) error {
	if !fault.Is(err, fault.Conflict) {
		return c.known(err)
	}
	m, showErr := p.Outbox.Show(tx, c.ID)
	switch {
	case showErr != nil:
		return showErr
	case m.InHand:
		return fmt.Errorf("message %s is being sent now: look again in a minute", c.ID)
	case m.State == outbox.Held:
		return fmt.Errorf("message %s is held, since its way of sending is not set up: set smtp (or sms) and start the portal again, it leaves by itself then", c.ID)
	case m.State == outbox.Sent:
		return fmt.Errorf("message %s has left already", c.ID)
	case m.State == outbox.Dropped:
		return fmt.Errorf("message %s is dropped already, and its text is wiped", c.ID)
	default:
		return err // it changed in between
	}
}

// known says in the operator's words that there is no such message.
func (c outboxOne) known(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fmt.Errorf("there is no message %s: `vestibule outbox list` shows those there are", c.ID)
	}
	return err
}
