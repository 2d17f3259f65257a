package carrier_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vestibule/internal/carrier"
)

const (
	number = "+447700900123"
	words  = "Northwind: 048213 is your code. It works for 10 minutes.\n\n@portal.example #048213"
)

func sms() carrier.Envelope {
	return carrier.Envelope{ID: "01JXMESSAGE", Channel: carrier.SMS, To: number, Text: words, At: time.Date(2026, 6, 16, 9, 0, 0, 0, time.UTC)}
}

// provider answers as it is told and keeps what it was asked.
type provider struct {
	*httptest.Server
	status int
	answer string
	asked  []*http.Request
	bodies []string
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{status: http.StatusOK}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		p.asked, p.bodies = append(p.asked, r), append(p.bodies, string(b))
		if p.status == http.StatusFound {
			w.Header().Set("Location", p.URL+"/elsewhere")
		}
		w.WriteHeader(p.status)
		_, _ = io.WriteString(w, p.answer) // the client may be gone
	}))
	t.Cleanup(p.Close)
	return p
}

func gateway(t *testing.T, g carrier.Gateway) *carrier.HTTPSMS {
	t.Helper()
	c, err := carrier.NewHTTPSMS(g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestKannelIsAskedAsItsUserGuideSays(t *testing.T) {
	p := startProvider(t)
	p.status, p.answer = http.StatusAccepted, "0: Accepted for delivery"
	c := gateway(t, carrier.Kannel(p.URL+"/cgi-bin/sendsms", "us er", "p&ss", "North+wind"))
	answer, err := c.Carry(t.Context(), sms())
	if err != nil || answer != "202 0: Accepted for delivery" {
		t.Errorf("got %q, %v", answer, err)
	}
	q := p.asked[0].URL.Query()
	for name, want := range map[string]string{
		"username": "us er", "password": "p&ss", "from": "North+wind", "to": number, "text": words, "charset": "UTF-8", "coding": "0",
	} {
		if q.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, q.Get(name), want)
		}
	}
	e := sms()
	e.Text = "Łódź: 048213"
	if _, err := c.Carry(t.Context(), e); err != nil || p.asked[1].URL.Query().Get("coding") != "2" {
		t.Errorf("words outside of GSM 7-bit: coding %s, %v", p.asked[1].URL.Query().Get("coding"), err)
	}
}

// asvs: V1.2.3
func TestAJSONGatewayGetsJSONWhateverTheWords(t *testing.T) {
	p := startProvider(t)
	c := gateway(t, carrier.JSON(p.URL, "", "t0ken", "Northwind", ""))
	e := sms()
	e.Text = "a \"quoted\"\\ line\n{to} {password} é"
	if _, err := c.Carry(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(p.bodies[0]), &got); err != nil || got["text"] != e.Text || got["to"] != number || got["from"] != "Northwind" {
		t.Errorf("got %v, %v from %s", got, err, p.bodies[0])
	}
	if a := p.asked[0].Header.Get("Authorization"); a != "Bearer t0ken" {
		t.Errorf("authorization %q", a)
	}
	c = gateway(t, carrier.JSON(p.URL, "user", "t0ken", "Northwind", `{"msisdn":"{number}","m":"{text}"}`))
	if _, err := c.Carry(t.Context(), sms()); err != nil {
		t.Fatal(err)
	}
	if user, password, ok := p.asked[1].BasicAuth(); !ok || user != "user" || password != "t0ken" || !strings.Contains(p.bodies[1], `"447700900123"`) {
		t.Errorf("basic authorization %q %q %v, body %s", user, password, ok, p.bodies[1])
	}
}

// asvs: V1.2.2 V1.2.3
func TestATemplateGatewayEscapesForWhereAValueStands(t *testing.T) {
	p := startProvider(t)
	for contentType, want := range map[string]string{
		"application/x-www-form-urlencoded": "m=a%26b+%3Cc%3E",
		"application/xml":                   "m=a&amp;b &lt;c&gt;",
		"text/plain":                        "m=a&b <c>",
	} {
		c := gateway(t, carrier.Gateway{Provider: "template", URL: p.URL + "/{number}", Body: "m={text}", ContentType: contentType})
		e := sms()
		e.Text = "a&b <c>"
		if _, err := c.Carry(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		last := len(p.asked) - 1
		if p.bodies[last] != want || p.asked[last].URL.Path != "/447700900123" || p.asked[last].Method != http.MethodPost {
			t.Errorf("%s: %s %s %q", contentType, p.asked[last].Method, p.asked[last].URL, p.bodies[last])
		}
	}
}

// asvs: V15.3.2
func TestAGatewaysAnswerDecidesWhetherToTryAgain(t *testing.T) {
	p := startProvider(t)
	g := carrier.Kannel(p.URL, "user", "s3cr3t-password", "x")
	g.Accept = "OK"
	c := gateway(t, g)
	for _, test := range []struct {
		status    int
		answer    string
		ok, final bool
	}{
		{200, "OK 17", true, false}, {202, "OK", true, false}, {200, "ERR balance", false, false}, {400, "no such number", false, true},
		{422, "too long", false, true}, {401, "who are you", false, false}, {403, "", false, false}, {404, "", false, false},
		{429, "slowly", false, false}, {500, "", false, false}, {503, "", false, false}, {302, "", false, false},
	} {
		p.status, p.answer = test.status, test.answer
		_, err := c.Carry(t.Context(), sms())
		if (err == nil) != test.ok || carrier.IsPermanent(err) != test.final {
			t.Errorf("%d %q: %v, permanent %v", test.status, test.answer, err, carrier.IsPermanent(err))
		}
	}
	for _, r := range p.asked {
		if r.URL.Path == "/elsewhere" {
			t.Error("a redirect was followed, with the password")
		}
	}
}

// asvs: V16.2.5
func TestNothingSecretComesBackFromAGateway(t *testing.T) {
	p := startProvider(t)
	p.answer = "OK \x00\x1b[31m for " + number + ": " + words + " (code 048213, s3cr3t-password) " + strings.Repeat("long ", 10000)
	c := gateway(t, carrier.Kannel(p.URL, "user", "s3cr3t-password", "x"))
	check := func(s string) {
		t.Helper()
		for _, secret := range []string{"048213", "7700900123", "s3cr3t", "\x00", "\x1b"} {
			if strings.Contains(s, secret) {
				t.Errorf("%q came back in %q", secret, s)
			}
		}
		if len(s) > 1000 {
			t.Errorf("%d bytes came back", len(s))
		}
	}
	answer, err := c.Carry(t.Context(), sms())
	if err != nil {
		t.Fatal(err)
	}
	check(answer)
	p.status = 500
	_, err = c.Carry(t.Context(), sms())
	check(err.Error())
	p.Close()
	if _, err = c.Carry(t.Context(), sms()); err == nil || carrier.IsPermanent(err) {
		t.Errorf("a provider that is away: %v", err)
	} else {
		check(err.Error())
	}
}

func TestAGatewayThatIsNoneIsRefused(t *testing.T) {
	for _, g := range []carrier.Gateway{
		{URL: "ftp://x/{to}{text}"}, {URL: "/sendsms?to={to}&text={text}"}, {URL: "http://x/?to={to}"}, {URL: "http://x/?text={text}"}, {URL: "http://%zz/{to}{text}"},
	} {
		if _, err := carrier.NewHTTPSMS(g); err == nil {
			t.Errorf("%+v was taken", g)
		}
	}
}

func TestTwilioIsAskedAsItsAPISays(t *testing.T) {
	p := startProvider(t)
	p.status, p.answer = http.StatusCreated, `{"sid":"SM900","status":"queued","body":"`+"x"+`"}`
	twilio := func(from string) *carrier.Twilio {
		c, err := carrier.NewTwilio(carrier.TwilioOptions{SID: "AC1", Token: "t0ken", From: from, URL: p.URL + "/"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	c := twilio("+15005550006")
	answer, err := c.Carry(t.Context(), sms())
	if err != nil || answer != "queued SM900" {
		t.Errorf("got %q, %v", answer, err)
	}
	r := p.asked[0]
	user, password, _ := r.BasicAuth()
	if r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/AC1/Messages.json" || user != "AC1" || password != "t0ken" {
		t.Errorf("asked %s %s as %s", r.Method, r.URL, user)
	}
	if want := "Body=Northwind%3A+048213"; !strings.HasPrefix(p.bodies[0], want) || !strings.Contains(p.bodies[0], "From=%2B15005550006") || !strings.Contains(p.bodies[0], "To=%2B447700900123") {
		t.Errorf("body %q", p.bodies[0])
	}
	if _, err := twilio("MG123").Carry(t.Context(), sms()); err != nil || !strings.Contains(p.bodies[1], "MessagingServiceSid=MG123") {
		t.Errorf("a messaging service: %v, %q", err, p.bodies[1])
	}
	for _, test := range []struct {
		status int
		answer string
		final  bool
	}{
		{400, `{"code":21211,"message":"The 'To' number +447700900123 is not a valid phone number."}`, true},
		{400, `{"code":21610,"message":"Attempt to send to unsubscribed recipient"}`, true},
		{400, `{"code":21408,"message":"Permission to send an SMS has not been enabled for the region"}`, true},
		{400, `{"code":21606,"message":"The From number is not valid"}`, false},
		{429, `{"code":20429,"message":"Too many requests"}`, false},
		{401, `{"code":20003,"message":"Authenticate"}`, false},
		{503, `<html>outage</html>`, false},
		{201, `{}`, false},
	} {
		p.status, p.answer = test.status, test.answer
		_, err := c.Carry(t.Context(), sms())
		if err == nil || carrier.IsPermanent(err) != test.final || strings.Contains(err.Error(), "7700900123") {
			t.Errorf("%d %s: %v, permanent %v", test.status, test.answer, err, carrier.IsPermanent(err))
		}
	}
	for _, o := range []carrier.TwilioOptions{{Token: "t", From: "f"}, {SID: "s", From: "f"}, {SID: "s", Token: "t"}} {
		if _, err := carrier.NewTwilio(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestSegmentsAreCountedAsTelephonesDo(t *testing.T) {
	for s, want := range map[string]bool{
		strings.Repeat("a", 160): true, strings.Repeat("a", 161): false, strings.Repeat("€", 80): true, strings.Repeat("€", 81): false,
		strings.Repeat("Ł", 70): true, strings.Repeat("Ł", 71): false, strings.Repeat("😀", 35): true, strings.Repeat("😀", 36): false, "": true,
	} {
		if carrier.OneSegment(s) != want {
			t.Errorf("%.8q… of %d bytes: one segment is %v", s, len(s), !want)
		}
	}
}
