package demo_test

import (
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vestibule/internal/carrier"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/demo"
	"vestibule/internal/secret"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/pagetest"
)

func TestTheInboxsPagesAreSound(t *testing.T) { pagetest.Samples(t, demo.Pages()) }

func TestAClockStandsStillOnlyWhileItIsSet(t *testing.T) {
	real := dbtest.NewClock()
	c := demo.NewClock(real.Now)
	past := real.Now().Add(-time.Hour)
	c.Set(past)
	real.Advance(time.Minute)
	if !c.Now().Equal(past) {
		t.Errorf("it goes: %s", c.Now())
	}
	c.Set(time.Time{})
	if !c.Now().Equal(real.Now()) {
		t.Errorf("it stands: %s", c.Now())
	}
}

func TestTheDemosCertificateIsMadeOnceAndFitsItsHost(t *testing.T) {
	folder, clock := t.TempDir(), dbtest.NewClock()
	first, err := demo.Certificate(folder, "demo.example", secret.System{}, clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(first.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"demo.example", "localhost", "127.0.0.1"} {
		if err := leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	again, err := demo.Certificate(folder, "demo.example", secret.System{}, clock.Now())
	if err != nil || string(again.Certificate[0]) != string(first.Certificate[0]) {
		t.Errorf("a second start has another certificate: %v", err)
	}
	other, err := demo.Certificate(folder, "192.0.2.7", secret.System{}, clock.Now())
	if err != nil || string(other.Certificate[0]) == string(first.Certificate[0]) {
		t.Errorf("another host has the same certificate: %v", err)
	}
	clock.Advance(400 * 24 * time.Hour)
	if late, err := demo.Certificate(folder, "192.0.2.7", secret.System{}, clock.Now()); err != nil || string(late.Certificate[0]) == string(other.Certificate[0]) {
		t.Errorf("a certificate that ran out is used: %v", err)
	}
}

// kit serves an inbox with one e-mail and one SMS.
func kit(t *testing.T, token string) (h http.Handler, mailID string) {
	t.Helper()
	e := dbtest.SQLite(t)
	box := carrier.NewInbox(e.DB)
	for _, one := range []carrier.Envelope{
		{
			ID: "01mail", Channel: carrier.Email, Kind: "request-received", To: "marta@example.com", Lang: "en", Subject: "We have your request",
			Text: "Go on: https://portal.example.com/x", HTML: `<p style="color:red"><a href="https://portal.example.com/x">Go on</a></p>`, At: e.Clock.Now(),
		},
		{ID: "02sms", Channel: carrier.SMS, Kind: "register-code", To: "+447700900123", Lang: "en", Text: "483920 is your code <b>.", At: e.Clock.Now()},
	} {
		if _, err := box.Carry(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	inbox := &demo.Inbox{Carrier: box, Token: token}
	k, err := web.New(web.Options{
		BaseURL: "https://demo.example", Words: words, Vendor: *pagetest.Vendor(), Accent: "#0b5f80", Demo: true, Now: e.Clock.Now,
		NewID: func() string { return "id" }, Log: slog.New(slog.DiscardHandler),
	}, inbox.Routes())
	if err != nil {
		t.Fatal(err)
	}
	return k, "01mail"
}

func get(t *testing.T, h http.Handler, path string, cookies ...*http.Cookie) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://demo.example"+path, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheInboxShowsWhatWouldHaveGoneOut(t *testing.T) {
	h, id := kit(t, "")
	for path, says := range map[string][]string{
		"/dev/inbox":                                 {"We have your request", "483920 is your code &lt;b&gt;", "marta@example.com"},
		"/dev/inbox?to=marta@example.com":            {"We have your request"},
		"/dev/inbox/" + id:                           {"Go on: https://portal.example.com/x", "/dev/inbox/01mail/preview"},
		"/dev/inbox/02sms":                           {"Text message", "&lt;b&gt;"},
		"/dev/inbox.json":                            {`"to":"marta@example.com"`, `"links":["https://portal.example.com/x"]`, `"links":[]`, `"channel":"sms"`},
		"/dev/inbox.json?to=%2B447700900123&lang=en": {`"kind":"register-code"`},
		"/dev/inbox/" + id + "/preview":              {`style="color:red"`, "frame-ancestors 'self'"},
	} {
		r := get(t, h, path)
		text := body(t, r)
		if r.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
		for _, one := range says {
			if !strings.Contains(text, one) {
				t.Errorf("%s does not say %q", path, one)
			}
		}
	}
	if r := get(t, h, "/dev/inbox/02sms/preview"); r.StatusCode != http.StatusNotFound {
		t.Errorf("an SMS has a preview: %d", r.StatusCode)
	}
}

func TestAnInboxThatOthersCanReachWantsItsToken(t *testing.T) {
	h, id := kit(t, "a-long-token")
	paths := []string{"/dev/inbox", "/dev/inbox.json", "/dev/inbox/" + id, "/dev/inbox/" + id + "/preview"}
	for _, path := range paths {
		for _, try := range []string{path, path + "?token=", path + "?token=another"} {
			if r := get(t, h, try); r.StatusCode != http.StatusNotFound || strings.Contains(body(t, r), "request") && strings.HasSuffix(path, "json") {
				t.Errorf("%s: %d", try, r.StatusCode)
			}
		}
	}
	r := get(t, h, "/dev/inbox?token=a-long-token")
	if r.StatusCode != http.StatusOK || len(r.Cookies()) != 1 || !r.Cookies()[0].HttpOnly || !r.Cookies()[0].Secure {
		t.Fatalf("with the token: %d %v", r.StatusCode, r.Cookies())
	}
	for _, path := range paths {
		if again := get(t, h, path, r.Cookies()...); again.StatusCode != http.StatusOK {
			t.Errorf("%s with the cookie: %d", path, again.StatusCode)
		}
	}
	if got := (&demo.Inbox{Token: "x"}).Address("https://demo.example"); got != "https://demo.example/dev/inbox?token=x" {
		t.Errorf("the address: %s", got)
	}
}
