package carrier

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail"
)

// The ways to protect the connection to a mail server.
const (
	STARTTLS = "starttls" // begin in clear and insist on TLS before anything is said
	TLS      = "tls"      // TLS from the first byte
	NoTLS    = "none"     // in clear: only to a server on the same machine
)

// SMTPOptions say how to reach a mail server.
type SMTPOptions struct {
	Host     string
	Port     int
	Security string // STARTTLS, TLS or NoTLS
	User     string // empty: no authentication
	Password string
	From     string // the sender's address
	FromName string
	// Domain is the portal's host: its name in EHLO and in each Message-ID.
	Domain string
	Roots  *x509.CertPool // authorities to trust; nil for the system's
	// Timeout bounds each part of a delivery (connecting, sending); 30 s.
	Timeout time.Duration
}

// SMTP carries e-mail to a mail server (RFC 5321).
type SMTP struct {
	o      SMTPOptions
	client *mail.Client
}

// NewSMTP returns the carrier of a mail server. It does not connect yet. It
// refuses to speak in clear to a server that is not on this machine.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if _, err := netmail.ParseAddress(o.From); err != nil {
		return nil, fmt.Errorf("carrier: the sender %q is no e-mail address", o.From)
	}
	options := []mail.Option{
		mail.WithPort(o.Port), mail.WithTimeout(o.Timeout), mail.WithHELO(o.Domain),
		mail.WithTLSConfig(&tls.Config{ServerName: o.Host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12}),
		// A message that was taken stays taken whatever RSET answers.
		mail.WithoutRset(), mail.WithoutNoop(),
	}
	switch o.Security {
	case STARTTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case TLS:
		options = append(options, mail.WithSSL())
	case NoTLS:
		if !loopback(o.Host) {
			return nil, fmt.Errorf("carrier: %s is not on this machine: its mail server is spoken to with starttls or tls", o.Host)
		}
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("carrier: the security of a mail server is starttls, tls or none, not %q", o.Security)
	}
	if o.User != "" {
		auth := mail.SMTPAuthAutoDiscover // the best that the server offers on this connection
		if o.Security == NoTLS {
			auth = mail.SMTPAuthPlainNoEnc
		}
		options = append(options, mail.WithSMTPAuth(auth), mail.WithUsername(o.User), mail.WithPassword(o.Password))
	}
	c, err := mail.NewClient(o.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("carrier: %w", err)
	}
	return &SMTP{o: o, client: c}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Name implements Carrier.
func (s *SMTP) Name() string { return "smtp " + s.o.Host }

// Carry implements Carrier. A receiver or words that the server refuses for
// good (5yz) are a permanent refusal; a refused sender or login is not, since
// the operator can mend it and nothing need be lost.
func (s *SMTP) Carry(ctx context.Context, e Envelope) (string, error) {
	m, err := s.compose(e)
	if err != nil {
		return "", Permanent(err)
	}
	conn, err := s.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return "", fmt.Errorf("smtp: %w", err)
	}
	// Taken is taken, whatever happens on the way out.
	defer func() { _ = s.client.CloseWithSMTPClient(conn) }()
	err = s.client.SendWithSMTPClient(conn, m)
	if m.IsDelivered() {
		return m.ServerResponse(), nil
	}
	if err == nil {
		return "", errors.New("smtp: the server did not confirm the message")
	}
	if refused, ok := errors.AsType[*mail.SendError](err); ok && refused.ErrorCode() >= 500 {
		switch refused.Reason {
		case mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose:
			return "", Permanent(err)
		}
	}
	return "", err
}

// compose writes the message as the library demands it: no header is put
// together by hand, so no value can begin another.
func (s *SMTP) compose(e Envelope) (*mail.Msg, error) {
	// The plain part is quoted-printable UTF-8, as is everything.
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	m.FromMailAddress(&netmail.Address{Name: s.o.FromName, Address: s.o.From})
	to, err := netmail.ParseAddress(e.To)
	if err != nil || to.Name != "" {
		return nil, errors.New("smtp: the receiver is no e-mail address")
	}
	m.AddToMailAddress(&netmail.Address{Name: printable(e.ToName), Address: to.Address})
	if e.ReplyTo != "" {
		if err := m.ReplyTo(e.ReplyTo); err != nil {
			return nil, fmt.Errorf("smtp: the address for replies: %w", err)
		}
	}
	m.Subject(printable(e.Subject))
	m.SetDateWithValue(e.At)
	m.SetMessageIDWithValue(e.ID + "@" + s.o.Domain)
	// RFC 3834: no out-of-office answers to this.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	if e.Lang != "" {
		m.SetGenHeader(mail.HeaderContentLang, e.Lang)
	}
	m.SetBodyString(mail.TypeTextPlain, e.Text)
	if e.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, e.HTML)
	}
	return m, nil
}

// printable takes control characters out of what stands in a header. The
// library encodes them; the reader should not see them either.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
