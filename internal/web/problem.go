package web

import (
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/fault"
)

// Codes of failures that only programs meet.
const (
	wrongMethod = "wrong-method"
	wrongType   = "wrong-type"
)

// apiPath reports whether programs ask here, where no route says so.
func apiPath(path string) bool { return strings.HasPrefix(path, "/api/") }

// Caller is the service account whose token the request shows. A request without one is Unauthenticated "token-missing".
func (c *Context) Caller() (Who, error) {
	if c.asked && c.who.Service {
		return c.who, nil
	}
	token := bearer(c.R)
	if token == "" || c.kit.o.Token == nil {
		return Who{}, fault.New(fault.Unauthenticated, "token-missing")
	}
	who, err := c.kit.o.Token(c.R.Context(), token, c.Address)
	c.Rate(who.Rate)
	if err != nil {
		return Who{}, err
	}
	c.who, c.asked = who, true
	if c.kit.o.Origin != nil {
		c.R = c.R.WithContext(c.kit.o.Origin(c.R.Context(), c.Address, c.RequestID, who))
	}
	return who, nil
}

// HasToken reports whether the request shows a token, whosever it is.
func (c *Context) HasToken() bool { return bearer(c.R) != "" }

// bearer is the token of the Authorization header: of Bearer itself, of Basic the password, for programs that know no other.
func bearer(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// A Problem tells a program what failed (RFC 9457). Code is stable; Title and Detail are words in the caller's language.
type Problem struct {
	Type     string           `json:"type"`
	Title    string           `json:"title"`
	Status   int              `json:"status"`
	Detail   string           `json:"detail,omitempty"`
	Instance string           `json:"instance"` // the request's id, as in the log
	Code     string           `json:"code"`
	Field    string           `json:"field,omitempty"`
	Remedy   string           `json:"remedy,omitempty"`
	Because  []ProblemFact    `json:"because,omitempty"`
	Errors   []ProblemAtField `json:"errors,omitempty"`
}

// A ProblemFact is one dated thing that a refusal rests on.
type ProblemFact struct {
	Code string    `json:"code"`
	At   time.Time `json:"at,omitzero"`
}

// A ProblemAtField is one of several things that are wrong with what was sent.
type ProblemAtField struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// tell is a failure in words for whoever wrote the program: some codes have words of their own for them.
func (c *Context) tell(e *fault.Error) string {
	if key := "api.code." + e.Code; c.Words.Has(key) {
		return c.T(key)
	}
	return c.Fault(e)
}

// problem answers a failure to a program.
func (k *Kit) problem(c *Context, e *fault.Error) {
	status := statusOf(e)
	p := Problem{
		Type: c.BaseURL() + "/api/v1/docs#" + e.Code, Title: http.StatusText(status), Status: status, Detail: c.tell(e),
		Instance: "urn:request:" + c.RequestID, Code: e.Code, Field: e.Field, Remedy: e.Remedy,
	}
	for _, one := range e.Because {
		p.Because = append(p.Because, ProblemFact{Code: one.Code, At: one.At.UTC()})
	}
	for _, one := range e.Fields {
		p.Errors = append(p.Errors, ProblemAtField{Field: one.Field, Code: one.Code, Detail: c.tell(one)})
	}
	h := c.W.Header()
	after := e.RetryAfter
	if status == http.StatusServiceUnavailable && after == 0 {
		after = 10 * time.Second
	}
	if after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
	if status == http.StatusUnauthorized {
		h["Www-Authenticate"] = []string{`Bearer realm="vestibule"`, `Basic realm="vestibule", charset="UTF-8"`}
	}
	body, err := json.Marshal(p)
	if err == nil {
		err = c.Bytes(status, "application/problem+json", body)
	}
	if err != nil {
		k.o.Log.LogAttrs(c.R.Context(), slog.LevelError, "the problem document failed", slog.String("id", c.RequestID), slog.Any("cause", err))
	}
}
