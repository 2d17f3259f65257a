package app

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"

	"vestibule/internal/carrier"
	"vestibule/internal/message"
	"vestibule/internal/outbox"
	"vestibule/internal/text"
)

// messages makes the outbox, and the writer of what goes into it.
func (p *Portal) messages() error {
	carriers := p.o.Carriers
	if p.o.Demo && carriers == nil {
		p.Inbox = carrier.NewInbox(p.DB)
		carriers = map[carrier.Channel][]carrier.Carrier{carrier.Email: {p.Inbox}, carrier.SMS: {p.Inbox}}
	}
	if carriers == nil {
		var err error
		if carriers, err = Carriers(p.o); err != nil {
			return err
		}
	}
	p.Outbox = outbox.New(outbox.Options{
		DB: p.DB, Secret: p.o.Secret, Ring: p.Ring, Carriers: carriers,
		Failed: func(kind, by string, err error) {
			p.metrics.failures.WithLabelValues(by).Inc()
			p.log.Warn("a message was not delivered", slog.String("kind", kind), slog.String("carrier", by), slog.Any("error", err))
		},
	})
	return nil
}

// writer makes the writer with the words of this vendor.
func (p *Portal) writer(words *text.Catalogue) (*message.Writer, error) {
	c := p.o.Config
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err
	}
	var own fs.FS
	if c.Messages != "" {
		own = os.DirFS(c.Messages)
	}
	v := c.Vendor
	hours := map[text.Lang]string{}
	for lang, said := range v.SupportHours {
		hours[text.Lang(lang)] = said
	}
	w, err := message.NewWriter(message.Options{
		Vendor: message.Vendor{
			Name: v.Name, Legal: v.Legal, Phone: v.SupportPhone, Hours: hours, Security: v.SecurityEmail,
			ReplyTo: v.SupportEmail, Accent: v.Accent,
		},
		BaseURL: base, Words: words, Lang: text.Lang(v.Language), Overrides: own, Outbox: p.Outbox,
	})
	if err != nil {
		return nil, fmt.Errorf("the messages: %w", err)
	}
	return w, nil
}

// Carriers are what the configuration names; a channel without any holds its
// messages.
func Carriers(o Options) (map[carrier.Channel][]carrier.Carrier, error) {
	o = o.complete()
	out := map[carrier.Channel][]carrier.Carrier{}
	if !o.Config.Sends() {
		return out, nil
	}
	return out, errors.New("no carrier yet")
}
