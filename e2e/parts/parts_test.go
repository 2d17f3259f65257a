package parts_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"vestibule/e2e/parts"
)

func TestKannelHandsATextToItsCentre(t *testing.T) {
	k := parts.StartKannel(t)
	for _, text := range []string{"482913 ist Ihr Code für Vestibule.\n@localhost #482913", "Second"} {
		q := url.Values{"username": {k.User}, "password": {k.Password}, "to": {"+491701234567"}, "text": {text}, "coding": {"0"}, "charset": {"UTF-8"}}
		answer, err := http.Get(k.URL + "?" + q.Encode())
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusAccepted {
			t.Fatalf("Kannel answers %s", answer.Status)
		}
	}
	// The centre prints a text line by line: the first is there to its end once the second has begun.
	if got := k.Text(t, "+491701234567", 1); got != "Second" {
		t.Errorf("the centre got %q", got)
	}
	if got := k.Text(t, "+491701234567", 0); got != "482913 ist Ihr Code für Vestibule.\n@localhost #482913" {
		t.Errorf("the centre got %q", got)
	}
	if got := k.Texts("+4917"); len(got) != 0 {
		t.Errorf("a number that nobody wrote to got %q", got)
	}
}

func TestTheMailServerTakesNothingWithoutTLSAndASignIn(t *testing.T) {
	m := parts.StartMail(t)
	address := fmt.Sprintf("127.0.0.1:%d", m.Port)
	const text = "From: a@example.com\r\nTo: b@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nSee https://localhost/welcome/x=\r\ny?a=3Db.\r\n"

	bare, err := smtp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	if err := bare.SendMail("a@example.com", []string{"b@example.com"}, strings.NewReader(text)); err == nil {
		t.Error("mail without TLS was taken")
	}

	pem, err := os.ReadFile(m.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	c, err := smtp.DialStartTLS(address, &tls.Config{RootCAs: pool, ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", m.User, m.Password)); err != nil {
		t.Fatal(err)
	}
	if err := c.SendMail("a@example.com", []string{"b@example.com"}, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	got := m.Mail(t, "b@example.com", "^Grüße$")
	if link := got.Link(t, "/welcome/"); link != "https://localhost/welcome/xy?a=b" {
		t.Errorf("the link is %q", link)
	}
}

func TestTheAuthenticatorAgreesWithRFC6238(t *testing.T) {
	// RFC 6238, appendix B: the last six digits of 94287082 and 07081804.
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804"} {
		if got := parts.TOTP(t, secret, time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}
