package carrier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// A Gateway describes how a provider of text messages wants to be asked over
// HTTP. URL and Body may hold the places {to} (E.164), {number} (the same
// without the plus), {from}, {text}, {user}, {password}, {charset}, {coding}
// and {id}; each value is escaped for where it stands.
type Gateway struct {
	Provider    string // for the office and the log
	URL         string
	Method      string // empty: GET without a body, POST with one
	Body        string
	ContentType string // of the body; empty: application/json
	User        string
	Password    string
	From        string
	// Authorize sends user and password (basic), or the password alone
	// (bearer), in a header.
	Authorize bool
	// Accept is what an answer must hold to count as taken, where the status
	// alone does not tell. Empty: any 2xx.
	Accept string
	Client *http.Client // nil: NewHTTPClient
}

// Kannel is the gateway of a Kannel SMS box: its "sendsms" service. address is
// like http://127.0.0.1:13013/cgi-bin/sendsms.
func Kannel(address, user, password, from string) Gateway {
	return Gateway{
		Provider: "kannel",
		URL:      address + "?username={user}&password={password}&from={from}&to={to}&text={text}&charset=UTF-8&coding={coding}",
		User:     user, Password: password, From: from,
	}
}

// JSON is the gateway of a provider that takes {"to","from","text"} and a
// bearer token, or a user and a password; body replaces that object.
func JSON(address, user, password, from, body string) Gateway {
	if body == "" {
		body = `{"to":"{to}","from":"{from}","text":"{text}"}`
	}
	return Gateway{
		Provider: "json", URL: address, Method: http.MethodPost, Body: body, ContentType: "application/json",
		User: user, Password: password, From: from, Authorize: true,
	}
}

// HTTPSMS carries text messages to a Gateway.
type HTTPSMS struct{ g Gateway }

// NewHTTPSMS returns the carrier of a gateway.
func NewHTTPSMS(g Gateway) (*HTTPSMS, error) {
	u, err := url.Parse(anyPlace.ReplaceAllString(g.URL, "x"))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("carrier: the address of an SMS gateway begins with http:// or https:// and a host")
	}
	if !strings.Contains(g.URL+g.Body, "{text}") || !(strings.Contains(g.URL+g.Body, "{to}") || strings.Contains(g.URL+g.Body, "{number}")) {
		return nil, errors.New("carrier: an SMS gateway needs the places {to} and {text} in its address or its body")
	}
	if g.Method == "" {
		g.Method = http.MethodGet
		if g.Body != "" {
			g.Method = http.MethodPost
		}
	}
	if g.ContentType == "" {
		g.ContentType = "application/json"
	}
	if g.Client == nil {
		g.Client = NewHTTPClient()
	}
	return &HTTPSMS{g}, nil
}

// NewHTTPClient returns a client for providers: every part of a request has a
// limit, and no redirect is followed, since it could carry the password to
// another host.
func NewHTTPClient() *http.Client {
	return &http.Client{
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: 15 * time.Second,
			IdleConnTimeout:       30 * time.Second,
			MaxIdleConnsPerHost:   2,
		},
	}
}

// Name implements Carrier.
func (s *HTTPSMS) Name() string { return s.g.Provider }

// Close gives the connections back.
func (s *HTTPSMS) Close() { s.g.Client.CloseIdleConnections() }

// Carry implements Carrier. 400 and 422 are a permanent refusal: of the number
// or of the words. Anything else that is not 2xx can change.
func (s *HTTPSMS) Carry(ctx context.Context, e Envelope) (string, error) {
	values := s.values(e)
	var body io.Reader
	if s.g.Body != "" {
		body = strings.NewReader(fill(s.g.Body, values, escaperFor(s.g.ContentType)))
	}
	req, err := http.NewRequestWithContext(ctx, s.g.Method, fill(s.g.URL, values, url.QueryEscape), body)
	if err != nil {
		return "", Permanent(errors.New("sms: the gateway's address cannot be filled"))
	}
	if body != nil {
		req.Header.Set("Content-Type", s.g.ContentType)
	}
	switch {
	case s.g.Authorize && s.g.User != "":
		req.SetBasicAuth(s.g.User, s.g.Password)
	case s.g.Authorize && s.g.Password != "":
		req.Header.Set("Authorization", "Bearer "+s.g.Password)
	}
	status, answer, err := ask(s.g.Client, req)
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("%d %s", status, plain(answer, e, s.g.Password))
	switch {
	case status/100 == 2 && strings.Contains(string(answer), s.g.Accept):
		return said, nil
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity:
		return "", Permanent(fmt.Errorf("sms: %s", said))
	default:
		return "", fmt.Errorf("sms: %s", said)
	}
}

func (s *HTTPSMS) values(e Envelope) map[string]string {
	coding := "0" // the GSM alphabet
	if _, ok := GSM7(e.Text); !ok {
		coding = "2" // UCS-2
	}
	return map[string]string{
		"to": e.To, "number": strings.TrimPrefix(e.To, "+"), "from": s.g.From, "text": e.Text, "id": e.ID,
		"user": s.g.User, "password": s.g.Password, "charset": "UTF-8", "coding": coding,
	}
}

var anyPlace = regexp.MustCompile(`\{(to|number|from|text|id|user|password|charset|coding)\}`)

// fill puts the values into their places, in one pass: a value that looks like
// a place stays what it is.
func fill(template string, values map[string]string, escape func(string) string) string {
	return anyPlace.ReplaceAllStringFunc(template, func(place string) string {
		return escape(values[strings.Trim(place, "{}")])
	})
}

func escaperFor(contentType string) func(string) string {
	switch {
	case strings.Contains(contentType, "json"):
		return func(s string) string {
			b, err := json.Marshal(s)
			if err != nil { // a string always can be
				return ""
			}
			return string(b[1 : len(b)-1])
		}
	case strings.Contains(contentType, "form-urlencoded"):
		return url.QueryEscape
	case strings.Contains(contentType, "xml"):
		return html.EscapeString
	default:
		return func(s string) string { return s }
	}
}

// answerBytes bounds what is read of an answer.
const answerBytes = 4 << 10

// ask sends the request and reads a bounded answer. Its error names neither
// the address nor anything in it: a gateway may want its password there.
func ask(c *http.Client, req *http.Request) (status int, answer []byte, err error) {
	resp, err := c.Do(req)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err
		}
		return 0, nil, fmt.Errorf("sms: %s does not answer: %w", req.URL.Host, err)
	}
	defer func() { _ = resp.Body.Close() }() // the answer is known
	answer, err = io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	if err != nil {
		return 0, nil, fmt.Errorf("sms: the answer of %s broke off: %w", req.URL.Host, err)
	}
	return resp.StatusCode, answer, nil
}

var digits = regexp.MustCompile(`[0-9]{4,}`)

// plain makes an answer fit to be kept: one line, printable, and without the
// number, the words, the code or the password, which some providers echo.
func plain(answer []byte, e Envelope, password string) string {
	s := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(answer), " "))
	hide := []string{e.Text, e.To, strings.TrimPrefix(e.To, "+"), password}
	hide = append(hide, digits.FindAllString(e.Text, -1)...)
	for _, h := range hide {
		if h != "" {
			s = strings.ReplaceAll(s, h, "…")
		}
	}
	if r := []rune(strings.Join(strings.Fields(s), " ")); len(r) > 300 {
		return string(r[:299]) + "…"
	} else {
		return string(r)
	}
}
