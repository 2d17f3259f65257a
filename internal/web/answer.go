package web

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/web/ui"
)

// elsewhere is where the gate sends a client; it is an error only so that it
// can stand in for the handler.
type elsewhere string

func (e elsewhere) Error() string { return "go to " + string(e) }

// statusOf says what a failure is in HTTP.
func statusOf(e *fault.Error) int {
	switch e.Code {
	case tooLarge:
		return http.StatusRequestEntityTooLarge
	case unreadable, "json-unreadable":
		return http.StatusBadRequest
	case wrongMethod:
		return http.StatusMethodNotAllowed
	case wrongType:
		return http.StatusUnsupportedMediaType
	}
	switch e.Kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Denied:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Gone:
		return http.StatusGone
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// answer is the one place that turns what a handler returned into an answer.
func (k *Kit) answer(c *Context, err error) {
	if c.status != 0 {
		k.o.Log.LogAttrs(c.R.Context(), slog.LevelError, "failed after answering", slog.String("id", c.RequestID), slog.Any("cause", err))
		return
	}
	if to, ok := errors.AsType[elsewhere](err); ok {
		_ = c.SeeOther(string(to)) // SeeOther cannot fail
		return
	}
	if errors.Is(err, context.Canceled) && c.R.Context().Err() != nil {
		c.status = 499 // nobody is there any more
		return
	}
	e := fault.From(err)
	if errors.Is(err, context.DeadlineExceeded) {
		e = fault.Because(fault.Unavailable, "busy", err)
	}
	if e.Kind == fault.Internal || e.Kind == fault.Unavailable || e.Cause != nil {
		level := slog.LevelWarn
		if e.Kind == fault.Internal {
			level = slog.LevelError
		}
		k.o.Log.LogAttrs(c.R.Context(), level, "failed", slog.String("id", c.RequestID), slog.String("code", e.Code), slog.Any("cause", e.Cause))
	}
	if c.api {
		k.problem(c, e)
		return
	}
	if e.Kind == fault.Unauthenticated {
		k.signIn(c, e)
		return
	}
	k.fail(c, e)
}

// signIn sends whoever must sign in first to the right door and remembers the
// way back, where it is a page that can be asked for again.
func (k *Kit) signIn(c *Context, e *fault.Error) {
	if e.Code == signInAgain && c.signedIn() {
		door := AgainPath
		if c.staffPath() {
			door = StaffAgainPath
		}
		_ = c.SeeOther(door + "?" + url.Values{"next": {c.cameFrom()}}.Encode()) // SeeOther cannot fail
		return
	}
	door := SignInPath
	if c.staffPath() {
		door = StaffSignInPath
	} else if c.R.Method == http.MethodGet && c.StaffWho().Known() {
		_ = c.SeeOther(OfficePath) // staff have no client portal
		return
	}
	q := url.Values{}
	if c.R.Method == http.MethodGet {
		q.Set("next", c.path())
	}
	if e.Code != "sign-in" {
		q.Set("because", e.Code)
	}
	if len(q) > 0 {
		door += "?" + q.Encode()
	}
	_ = c.SeeOther(door) // SeeOther cannot fail
}

// signedIn reports whether the session that the path wants is alive.
func (c *Context) signedIn() bool {
	if c.staffPath() {
		return c.StaffWho().Known()
	}
	return c.Who().Known() && !c.Who().Staff
}

// cameFrom is the page to come back to: this one, or for a form the page where it is filled in.
func (c *Context) cameFrom() string {
	if c.R.Method == http.MethodGet || c.here != "" || c.kit.Has(c.R.URL.Path) {
		return c.path()
	}
	if u, err := url.Parse(c.R.Referer()); err == nil && u.Scheme == c.kit.base.Scheme && u.Host == c.kit.base.Host {
		return LocalPath(u.RequestURI(), HomePath)
	}
	if c.staffPath() {
		return OfficePath
	}
	return HomePath
}

func (c *Context) staffPath() bool {
	p := c.R.URL.Path
	return p == OfficePath || len(p) > len(OfficePath) && p[:len(OfficePath)+1] == OfficePath+"/"
}

// fail sends the page of a failure.
func (k *Kit) fail(c *Context, e *fault.Error) {
	status := statusOf(e)
	after := e.RetryAfter
	if status == http.StatusServiceUnavailable && after == 0 {
		after = 10 * time.Second
	}
	if after > 0 {
		c.W.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
	p := k.failure(c, status, e, after)
	if err := c.Page(status, ui.FailurePage(p)); err != nil {
		k.o.Log.LogAttrs(c.R.Context(), slog.LevelError, "the error page failed", slog.String("id", c.RequestID), slog.Any("cause", err))
		if c.status == 0 {
			c.W.Header().Set("Content-Type", "text/plain; charset=utf-8")
			c.W.WriteHeader(http.StatusInternalServerError)
			_, _ = c.W.Write([]byte(c.RequestID + "\n")) // nothing is left to try
		}
	}
}

// failure puts a failure in words and says what to do next. Only paths that
// are served are offered.
func (k *Kit) failure(c *Context, status int, e *fault.Error, after time.Duration) ui.Failure {
	p := ui.Failure{Frame: c.Frame(), Status: status, Staff: c.staffPath(), After: after}
	p.Lead = c.Fault(e)
	if status == http.StatusInternalServerError {
		p.Incident = c.RequestID
	}
	offer := func(key, path string) {
		if k.Has(path) && len(p.Next) < 2 {
			p.Next = append(p.Next, ui.Link{Text: c.T(key), Href: path})
		}
	}
	here := c.path()
	switch status {
	case http.StatusConflict:
		if here != "/" {
			p.Next = append(p.Next, ui.Link{Text: c.T("error.look-again"), Href: here})
		}
	case http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusBadRequest:
		if here != "/" {
			p.Next = append(p.Next, ui.Link{Text: c.T("error.back-to-form"), Href: here})
		}
	case http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusTooManyRequests:
		if here != "/" {
			p.Next = append(p.Next, ui.Link{Text: c.T("error.try-again"), Href: here})
		}
		if status == http.StatusTooManyRequests && !c.staffPath() && here != GetBackInPath {
			offer("error.get-back-in", GetBackInPath) // a reset works while signing in is paused
		}
		return p // who is signed in may be what cannot be said
	}
	switch {
	case c.staffPath():
		offer("error.to-office", OfficePath)
	case c.R.Method == http.MethodGet && c.Who().Known():
		offer("error.to-portal", HomePath)
	case status == http.StatusGone:
		offer("error.get-back-in", GetBackInPath)
		offer("error.sign-in", SignInPath)
	default:
		offer("error.sign-in", SignInPath)
		if status == http.StatusNotFound {
			offer("error.get-back-in", GetBackInPath)
		}
	}
	return p
}

// missed answers what no route took.
func (k *Kit) missed(c *Context) {
	status := c.status
	c.missed, c.unknown, c.status = false, true, 0
	h := c.W.Header()
	h.Del("Content-Type")
	h["X-Content-Type-Options"] = k.shared[1]
	c.api = apiPath(c.R.URL.Path)
	if status == http.StatusMethodNotAllowed && c.api {
		k.answer(c, fault.New(fault.NotFound, wrongMethod))
		return
	}
	if status == http.StatusMethodNotAllowed {
		p := k.failure(c, status, fault.New(fault.NotFound, wrongMethod), 0)
		if err := c.Page(status, ui.FailurePage(p)); err != nil {
			k.answer(c, err)
		}
		return
	}
	k.answer(c, fault.New(fault.NotFound, "not-found"))
}
