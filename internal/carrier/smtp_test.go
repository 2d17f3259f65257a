package carrier_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"vestibule/internal/carrier"
)

// mailServer is a real SMTP server that keeps what it takes and refuses what it
// is told to refuse.
type mailServer struct {
	*smtp.Server
	addr  *net.TCPAddr
	roots *x509.CertPool
	mechs []string // of AUTH; none: no authentication asked for

	mu       sync.Mutex
	took     []string // whole messages
	to, from []string
	secured  []bool
	refuse   map[string]error // by command: "MAIL", "RCPT", "DATA", "BODY"
	stall    chan struct{}    // where set, RCPT waits for it
}

func startMailServer(t *testing.T, security string, mechs ...string) *mailServer {
	t.Helper()
	// The certificate of the standard library's test server is for 127.0.0.1.
	web := httptest.NewTLSServer(nil)
	t.Cleanup(web.Close)
	m := &mailServer{roots: x509.NewCertPool(), mechs: mechs, refuse: map[string]error{}}
	m.roots.AddCert(web.Certificate())
	config := &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	m.Server = smtp.NewServer(m)
	m.Domain, m.ReadTimeout, m.WriteTimeout, m.EnableSMTPUTF8 = "mx.test", 10*time.Second, 10*time.Second, true
	m.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = l.Addr().(*net.TCPAddr)
	switch security {
	case carrier.STARTTLS:
		m.TLSConfig = config
	case carrier.TLS:
		l = tls.NewListener(l, config)
	default:
		m.AllowInsecureAuth = true
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Serve(l) }() // ends by Close
	t.Cleanup(func() {
		// The server closes the listener, unless it had not begun to serve.
		if err := errors.Join(m.Close(), l.Close()); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		<-done
	})
	return m
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (m *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, isTLS := c.TLSConnectionState()
	session := &mailSession{m: m, secured: isTLS}
	if len(m.mechs) > 0 {
		return &authSession{session}, nil
	}
	session.known = true
	return session, nil
}

type mailSession struct {
	m              *mailServer
	secured, known bool
}

func (*mailSession) Reset()        {}
func (*mailSession) Logout() error { return nil }

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.from = append(s.m.from, from)
	return s.m.refuse["MAIL"]
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.m.stall != nil {
		<-s.m.stall
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.to = append(s.m.to, to)
	return s.m.refuse["RCPT"]
}

func (s *mailSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if err := s.m.refuse["BODY"]; err != nil {
		return err
	}
	s.m.took, s.m.secured = append(s.m.took, string(b)), append(s.m.secured, s.secured)
	return nil
}

type authSession struct{ *mailSession }

func (s *authSession) AuthMechanisms() []string { return s.m.mechs }

func (s *authSession) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != "portal" || password != "s3cr3t-password" {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}
	if mech == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer speaks the LOGIN mechanism, which the library has for clients only.
type loginServer struct {
	check func(user, password string) error
	said  []string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response != nil {
		l.said = append(l.said, string(response))
	}
	switch len(l.said) {
	case 0:
		return []byte("Username:"), false, nil
	case 1:
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.check(l.said[0], l.said[1])
	}
}

func (m *mailServer) carrier(t *testing.T, security string, change ...func(*carrier.SMTPOptions)) *carrier.SMTP {
	t.Helper()
	o := carrier.SMTPOptions{
		Host: "127.0.0.1", Port: m.addr.Port, Security: security, From: "portal@northwind.example", FromName: "Northwind, Inc. “Conferencing”",
		Domain: "portal.northwind.example", Roots: m.roots, Timeout: 5 * time.Second,
	}
	for _, c := range change {
		c(&o)
	}
	s, err := carrier.NewSMTP(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func email() carrier.Envelope {
	return carrier.Envelope{
		ID: "01JXMESSAGE", Channel: carrier.Email, Kind: "request-received", To: "marta@harbour.example", ToName: "Märta \"O'Brien\" Lindqvist",
		ReplyTo: "help@northwind.example", Lang: "de-DE", Subject: "Ihre Anfrage für 李雷 ist da",
		Text: "Grüße\n\nhttps://portal.northwind.example/welcome/7Q4MXK29-a-rather-long-token-that-must-not-be-broken-by-quoted-printable\n.\nend\n",
		HTML: "<p>Grüße</p>", At: time.Date(2026, 6, 16, 9, 0, 0, 0, time.UTC),
	}
}

func TestAMailArrivesAsItWasWrittenOverEachProtection(t *testing.T) {
	for _, security := range []string{carrier.STARTTLS, carrier.TLS, carrier.NoTLS} {
		t.Run(security, func(t *testing.T) {
			m := startMailServer(t, security)
			answer, err := m.carrier(t, security).Carry(t.Context(), email())
			if err != nil || !strings.Contains(answer, "OK") {
				t.Fatalf("got %q, %v", answer, err)
			}
			if len(m.took) != 1 || m.secured[0] != (security != carrier.NoTLS) || m.from[0] != "portal@northwind.example" || m.to[0] != "marta@harbour.example" {
				t.Fatalf("took %d, secured %v, from %v to %v", len(m.took), m.secured, m.from, m.to)
			}
			read(t, m.took[0])
		})
	}
}

// read checks the message that a receiver would see.
func read(t *testing.T, source string) {
	t.Helper()
	got, err := netmail.ReadMessage(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<01JXMESSAGE@portal.northwind.example>", "Auto-Submitted": "auto-generated", "Content-Language": "de-DE",
		"Date": "Tue, 16 Jun 2026 09:00:00 +0000", "Reply-To": "<help@northwind.example>",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != email().Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	to, err := got.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != email().To || to[0].Name != email().ToName {
		t.Errorf("to %v, %v", to, err)
	}
	from, err := got.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "Northwind, Inc. “Conferencing”" {
		t.Errorf("from %v, %v", from, err)
	}
	_, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(got.Body, params["boundary"])
	for _, want := range []struct{ mediaType, body string }{{"text/plain", email().Text}, {"text/html", email().HTML}} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(part.Header.Get("Content-Type"), want.mediaType) || part.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Errorf("a part is %v", part.Header)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(strings.ReplaceAll(string(b), "\r\n", "\n")) != strings.TrimSpace(want.body) {
			t.Errorf("the %s part is %q", want.mediaType, b)
		}
	}
}

func TestTheMailServersLoginIsUsedOnAProtectedConnection(t *testing.T) {
	for _, mech := range []string{sasl.Plain, sasl.Login} {
		for _, security := range []string{carrier.STARTTLS, carrier.TLS} {
			m := startMailServer(t, security, mech)
			user := func(name, password string) func(*carrier.SMTPOptions) {
				return func(o *carrier.SMTPOptions) { o.User, o.Password = name, password }
			}
			if _, err := m.carrier(t, security, user("portal", "s3cr3t-password")).Carry(t.Context(), email()); err != nil {
				t.Errorf("%s over %s: %v", mech, security, err)
			}
			_, err := m.carrier(t, security, user("portal", "wr0ng-password")).Carry(t.Context(), email())
			if err == nil || carrier.IsPermanent(err) || strings.Contains(err.Error(), "wr0ng-password") {
				t.Errorf("%s over %s, wrong password: %v", mech, security, err)
			}
			if len(m.took) != 1 {
				t.Errorf("%s over %s: %d taken", mech, security, len(m.took))
			}
		}
	}
}

// asvs: V12.2.1 V12.3.1 V12.3.2
func TestAMailServerWithoutTheDemandedProtectionGetsNothing(t *testing.T) {
	plainServer := startMailServer(t, carrier.NoTLS)
	if _, err := plainServer.carrier(t, carrier.STARTTLS).Carry(t.Context(), email()); err == nil || carrier.IsPermanent(err) {
		t.Errorf("a server without STARTTLS: %v", err)
	}
	stranger := startMailServer(t, carrier.STARTTLS)
	_, err := stranger.carrier(t, carrier.STARTTLS, func(o *carrier.SMTPOptions) { o.Roots = x509.NewCertPool() }).Carry(t.Context(), email())
	if err == nil || carrier.IsPermanent(err) {
		t.Errorf("a certificate of an unknown authority: %v", err)
	}
	if len(plainServer.took)+len(stranger.took)+len(plainServer.to)+len(stranger.to) != 0 {
		t.Error("something was said to it")
	}
	for name, o := range map[string]carrier.SMTPOptions{
		"in clear to elsewhere": {Host: "mail.example", Port: 25, Security: carrier.NoTLS, From: "a@b.example"},
		"no such protection":    {Host: "mail.example", Port: 25, Security: "ssl", From: "a@b.example"},
		"no sender":             {Host: "mail.example", Port: 25, Security: carrier.TLS},
		"no port":               {Host: "mail.example", Port: 0, Security: carrier.TLS, From: "a@b.example"},
	} {
		if _, err := carrier.NewSMTP(o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestAMailServersRefusalDecidesWhetherToTryAgain(t *testing.T) {
	m := startMailServer(t, carrier.STARTTLS)
	c := m.carrier(t, carrier.STARTTLS)
	for _, test := range []struct {
		command string
		code    int
		final   bool
	}{
		{"RCPT", 550, true}, {"RCPT", 450, false}, {"BODY", 554, true}, {"BODY", 451, false}, {"MAIL", 550, false}, {"MAIL", 421, false},
	} {
		m.refuse = map[string]error{test.command: &smtp.SMTPError{Code: test.code, EnhancedCode: smtp.EnhancedCode{test.code / 100, 1, 1}, Message: "no"}}
		_, err := c.Carry(t.Context(), email())
		if err == nil || carrier.IsPermanent(err) != test.final {
			t.Errorf("%d to %s: %v, permanent %v", test.code, test.command, err, carrier.IsPermanent(err))
		}
	}
	m.refuse = nil
	if _, err := c.Carry(t.Context(), email()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAMailServerThatIsAwayOrDoesNotAnswerIsTriedAgain(t *testing.T) {
	m := startMailServer(t, carrier.STARTTLS)
	m.stall = make(chan struct{})
	defer close(m.stall)
	_, err := m.carrier(t, carrier.STARTTLS, func(o *carrier.SMTPOptions) { o.Timeout = 200 * time.Millisecond }).Carry(t.Context(), email())
	if err == nil || carrier.IsPermanent(err) {
		t.Errorf("a stalled server: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.carrier(t, carrier.STARTTLS).Carry(ctx, email()); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	away, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := away.Addr().(*net.TCPAddr).Port
	if err := away.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.carrier(t, carrier.STARTTLS, func(o *carrier.SMTPOptions) { o.Port = port }).Carry(t.Context(), email()); err == nil || carrier.IsPermanent(err) {
		t.Errorf("nobody there: %v", err)
	}
}

// asvs: V1.3.11
func TestNoValueBeginsAHeaderOfItsOwn(t *testing.T) {
	m := startMailServer(t, carrier.NoTLS)
	c := m.carrier(t, carrier.NoTLS)
	e := email()
	e.Subject = "hi\r\nBcc: all@evil.example\r\n\r\nbody"
	e.ToName = "Marta\r\nBcc: all@evil.example"
	if _, err := c.Carry(t.Context(), e); err == nil {
		head, _, _ := strings.Cut(m.took[0], "\r\n\r\n")
		for line := range strings.Lines(head) {
			if strings.HasPrefix(line, "Bcc:") {
				t.Errorf("a header was injected: %q", line)
			}
		}
	}
	for _, to := range []string{"a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example, c@d.example", "no address", ""} {
		e := email()
		e.To = to
		if _, err := c.Carry(t.Context(), e); !carrier.IsPermanent(err) {
			t.Errorf("to %q: %v", to, err)
		}
	}
	if len(m.to) > 1 {
		t.Errorf("receivers %q", m.to)
	}
}
