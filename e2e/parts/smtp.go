package parts

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A Mail is an e-mail as its reader's program takes it apart.
type Mail struct {
	From, To, Subject string
	Header            mail.Header
	Text, HTML        string
}

// A MailServer takes mail over STARTTLS from who knows the password. It fails
// the test on mail that came without TLS, without sign-in, or malformed.
type MailServer struct {
	Host           string
	Port           int
	User, Password string
	CA             string // file with the certificate to trust

	t     testing.TB
	mu    sync.Mutex
	mails []Mail
	down  bool
}

// StartMail starts a mail server on loopback.
func StartMail(t testing.TB) *MailServer {
	t.Helper()
	m := &MailServer{t: t, Host: "localhost", User: "portal", Password: "open sesame"}
	certificate := m.certificate()
	s := smtp.NewServer(m)
	s.Domain, s.TLSConfig = "localhost", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	s.ReadTimeout, s.WriteTimeout, s.MaxMessageBytes = patience, patience, 1<<20
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.Port = l.Addr().(*net.TCPAddr).Port
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-served; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Errorf("mail server: %v", err)
		}
	})
	return m
}

// certificate makes one for localhost and writes it where the portal finds it.
func (m *MailServer) certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		m.t.Fatal(err)
	}
	m.CA = filepath.Join(m.t.TempDir(), "ca.pem")
	if err := os.WriteFile(m.CA, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Down makes the server refuse everything for now, or take it again.
func (m *MailServer) Down(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

// To are the mails to an address, oldest first.
func (m *MailServer) To(address string) []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []Mail
	for _, one := range m.mails {
		if strings.EqualFold(one.To, address) {
			found = append(found, one)
		}
	}
	return found
}

// Mail waits for a mail to an address whose subject matches a pattern.
func (m *MailServer) Mail(t testing.TB, address, subject string) Mail {
	t.Helper()
	pattern := regexp.MustCompile(subject)
	var found Mail
	Eventually(t, fmt.Sprintf("mail to %s about %q (there are %q)", address, subject, m.subjects(address)), func() bool {
		for _, one := range m.To(address) {
			if pattern.MatchString(one.Subject) {
				found = one
				return true
			}
		}
		return false
	})
	return found
}

func (m *MailServer) subjects(address string) []string {
	var s []string
	for _, one := range m.To(address) {
		s = append(s, one.Subject)
	}
	return s
}

var links = regexp.MustCompile(`https?://[^\s<>"]+`)

// Link is the first link of the text whose path holds part.
func (one Mail) Link(t testing.TB, part string) string {
	t.Helper()
	for _, link := range links.FindAllString(one.Text, -1) {
		if strings.Contains(link, part) {
			return strings.TrimRight(link, ".,;)")
		}
	}
	t.Fatalf("no link with %q in the mail %q:\n%s", part, one.Subject, one.Text)
	return ""
}

// NewSession begins a conversation; it is go-smtp that calls it.
func (m *MailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Out of service"}
	}
	return &conversation{server: m, conn: c}, nil
}

type conversation struct {
	server   *MailServer
	conn     *smtp.Conn
	signedIn bool
	from     string
	to       []string
}

var errWantsSignIn = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}

func (c *conversation) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *conversation) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != c.server.User || password != c.server.Password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "Wrong"}
		}
		c.signedIn = true
		return nil
	}), nil
}

func (c *conversation) Mail(from string, _ *smtp.MailOptions) error {
	if _, secure := c.conn.TLSConnectionState(); !secure || !c.signedIn {
		return errWantsSignIn
	}
	c.from = from
	return nil
}

func (c *conversation) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.to = append(c.to, to)
	return nil
}

func (c *conversation) Data(r io.Reader) error {
	whole, err := io.ReadAll(r)
	if err != nil {
		return err // the portal was killed in the middle of it
	}
	parsed, err := parse(bytes.NewReader(whole))
	if err != nil {
		c.server.t.Errorf("malformed mail: %v", err)
		return err
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	for _, to := range c.to {
		one := parsed
		one.From, one.To = c.from, to
		c.server.mails = append(c.server.mails, one)
	}
	return nil
}

func (c *conversation) Reset()        { c.from, c.to = "", nil }
func (c *conversation) Logout() error { return nil }

func parse(r io.Reader) (Mail, error) {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return Mail{}, err
	}
	one := Mail{Header: m.Header}
	if one.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return one, err
	}
	err = one.take(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return one, err
}

// take keeps the first text and the first HTML of a mail's parts.
func (one *Mail) take(contentType, encoding string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := one.take(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
				return err
			}
		}
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	switch kind {
	case "text/plain":
		one.Text = string(content)
	case "text/html":
		one.HTML = string(content)
	}
	return nil
}
