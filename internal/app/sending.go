package app

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"io/fs"
	"log/slog"
	"net/mail"
	"net/url"
	"os"

	"vestibule/internal/carrier"
	"vestibule/internal/config"
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
		if carriers, err = Carriers(p.o.Config); err != nil {
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
func Carriers(c *config.Config) (map[carrier.Channel][]carrier.Carrier, error) {
	out := map[carrier.Channel][]carrier.Carrier{}
	if !c.Sends() {
		return out, nil
	}
	mail, err := mailCarrier(c)
	if err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	out[carrier.Email] = []carrier.Carrier{mail}
	for i, one := range c.SMS {
		if one.Preset == "" {
			continue
		}
		sms, err := smsCarrier(one)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", [...]string{"sms", "sms_second"}[i], err)
		}
		out[carrier.SMS] = append(out[carrier.SMS], sms)
	}
	return out, nil
}

func mailCarrier(c *config.Config) (carrier.Carrier, error) {
	m := c.SMTP
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err
	}
	from, err := mail.ParseAddress(m.From)
	if err != nil {
		return nil, err
	}
	o := carrier.SMTPOptions{
		Host: m.Host, Port: m.Port, Security: m.Security, User: m.User, Password: m.Password,
		From: from.Address, FromName: cmp.Or(from.Name, c.Vendor.Name), Domain: base.Hostname(),
	}
	if m.CA != "" {
		pem, err := os.ReadFile(m.CA)
		if err != nil {
			return nil, err
		}
		if o.Roots, err = x509.SystemCertPool(); err != nil {
			return nil, err
		}
		o.Roots.AppendCertsFromPEM(pem)
	}
	return carrier.NewSMTP(o)
}

func smsCarrier(s config.SMS) (carrier.Carrier, error) {
	switch s.Preset {
	case "kannel":
		return carrier.NewHTTPSMS(carrier.Kannel(s.URL, s.User, s.Password, s.From))
	case "twilio":
		return carrier.NewTwilio(carrier.TwilioOptions{SID: s.User, Token: s.Password, From: s.From, URL: s.URL})
	case "json":
		g := carrier.JSON(s.URL, s.User, s.Password, s.From, s.Body)
		g.Accept = s.Accept
		return carrier.NewHTTPSMS(g)
	default:
		return carrier.NewHTTPSMS(carrier.Gateway{
			Provider: s.Preset, URL: s.URL, Method: s.Method, Body: s.Body, ContentType: s.Type,
			User: s.User, Password: s.Password, From: s.From, Accept: s.Accept,
		})
	}
}
