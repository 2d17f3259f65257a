package web

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/text"
)

// setHeaders makes the headers that every answer carries.
func (k *Kit) setHeaders() {
	k.policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	k.headers = [][2]string{
		{"Content-Security-Policy", k.policy},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "same-origin"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
		{"Cache-Control", "no-store"},
	}
	if k.secure {
		k.headers = append(k.headers, [2]string{"Strict-Transport-Security", "max-age=63072000; includeSubDomains"})
	}
	for _, h := range k.headers {
		k.shared = append(k.shared, []string{h[1]})
	}
}

// ServeHTTP is the middleware, outermost first: request id, recover, the log
// line, headers, cross-origin protection, body limit; then the route.
func (k *Kit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &Context{R: r, kit: k, now: k.o.Now(), RequestID: k.o.NewID()}
	c.W = &writer{ResponseWriter: w, c: c}
	c.Address = k.address(r)
	defer c.finish()

	h := w.Header()
	for i := range k.headers {
		h[k.headers[i][0]] = k.shared[i]
	}
	c.speak()
	if err := k.cross.Check(r); err != nil {
		c.api = apiPath(r.URL.Path)
		k.answer(c, fault.Because(fault.Denied, "cross-origin", err))
		return
	}
	c.missed = true
	k.mux.ServeHTTP(c.W, r)
	if c.missed {
		k.missed(c)
	}
}

// serve is the part of the middleware that knows the route: the session and
// the access, then the handler.
func (k *Kit) serve(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := w.(*writer).c // ServeHTTP is the mux's only caller
		c.R, c.missed, c.api = r, false, route.api
		if route.api {
			c.plain()
		}
		if route.long {
			c.keepOn()
		}
		if r.ContentLength != 0 && r.Body != nil {
			r.Body = http.MaxBytesReader(c.W, r.Body, route.body)
		}
		err := k.admit(c, route.Access)
		if err == nil && k.o.Origin != nil {
			c.R = r.WithContext(k.o.Origin(r.Context(), c.Address, c.RequestID, c.who))
		}
		if err == nil {
			err = route.Handle(c)
		}
		if err != nil {
			k.answer(c, err)
		}
	})
}

// admit checks the session against the row's access. It fails closed: a
// session store that is away lets nobody in.
func (k *Kit) admit(c *Context, a Access) error {
	if a == Anyone {
		return nil
	}
	if a.who == "token" {
		who, err := c.Caller()
		if err != nil {
			return err
		}
		if !who.Can(a.need) {
			return fault.New(fault.Denied, "scope-missing")
		}
		return nil
	}
	cookie, load := ClientCookie, k.o.Client
	if a.isStaff() {
		cookie, load = StaffCookie, k.o.Staff
	}
	who, err := c.session(cookie, load)
	if err != nil {
		return err
	}
	if !who.Known() || who.Staff != a.isStaff() {
		return fault.New(fault.Unauthenticated, "sign-in")
	}
	c.who, c.asked = who, true
	if a.isStaff() {
		if a.need != "" && !who.Can(a.need) {
			return fault.New(fault.Denied, "not-allowed")
		}
		return nil
	}
	if a == SignedIn {
		return nil
	}
	if k.o.Gate != nil {
		path, err := k.o.Gate(c.R.Context(), who)
		if err != nil {
			return err
		}
		if path != "" && path != c.R.URL.Path {
			return elsewhere(path)
		}
	}
	if a.who == "member" && !slices.ContainsFunc(strings.Split(a.need, "|"), func(role string) bool { return slices.Contains(who.Roles, role) }) {
		return fault.New(fault.Denied, "not-allowed")
	}
	return nil
}

// speak finds the page's language: ?lang=, which the browser then remembers,
// else what it remembered, else what it asks for.
func (c *Context) speak() {
	k := c.kit
	lang := text.Lang("")
	if c.R.URL.RawQuery != "" && strings.Contains(c.R.URL.RawQuery, "lang=") {
		if lang = text.Lang(c.R.URL.Query().Get("lang")); lang.Known() {
			c.SetCookie(langCookie, string(lang), 365*24*time.Hour)
		}
	}
	if !lang.Known() {
		lang = text.Lang(c.Cookie(langCookie))
	}
	if !lang.Known() {
		lang = k.o.Words.Match(c.R.Header.Get("Accept-Language"), k.o.Lang)
	}
	c.Lang, c.Words = lang, k.o.Words.For(lang)
}

// plain takes back what a cookie or an address said of the language: a program says it in Accept-Language.
func (c *Context) plain() {
	c.W.Header().Del("Set-Cookie")
	if lang := c.kit.o.Words.Match(c.R.Header.Get("Accept-Language"), c.kit.o.Lang); lang != c.Lang {
		c.Lang, c.Words = lang, c.kit.o.Words.For(lang)
	}
}

// finish writes the one line of the log, and answers for a handler that
// panicked. Secrets that links carry in path or query are left out.
func (c *Context) finish() {
	k := c.kit
	if p := recover(); p != nil {
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		k.o.Log.LogAttrs(c.R.Context(), slog.LevelError, "panic", slog.String("id", c.RequestID), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		c.missed = false
		if c.status == 0 {
			k.answer(c, fmt.Errorf("panic: %v", p))
		}
	}
	level := slog.LevelInfo
	if c.status >= 500 {
		level = slog.LevelError
	}
	if !k.o.Log.Enabled(c.R.Context(), level) {
		return
	}
	k.o.Log.LogAttrs(c.R.Context(), level, "request",
		slog.String("id", c.RequestID), slog.String("method", c.R.Method), slog.String("path", c.logPath()),
		slog.Int("status", c.status), slog.Int64("bytes", c.size), slog.Duration("took", k.o.Now().Sub(c.now)),
		slog.String("from", c.Address), slog.String("account", c.who.Account))
}

// logPath is the request's path as the log may know it: a {token} of the route
// stays hidden, and of a path that no route took only its beginning is told,
// for a link with a slip in it is still a link.
func (c *Context) logPath() string {
	path := c.R.URL.Path
	if c.unknown {
		first, _, more := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if more {
			return "/" + first + "/…"
		}
		return "/" + first
	}
	for _, name := range []string{"token", "secret"} {
		if hidden := c.R.PathValue(name); hidden != "" {
			path = strings.Replace(path, hidden, "{"+name+"}", 1)
		}
	}
	return path
}

// address is where the request comes from. X-Forwarded-For is read from its
// end, past the proxies that the operator named, and not at all where the
// peer is none of them.
func (k *Kit) address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if len(k.o.Proxies) == 0 || !k.isProxy(host) {
		return host
	}
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, one := range slices.Backward(forwarded) {
		one = strings.TrimSpace(one)
		if _, err := netip.ParseAddr(one); err != nil {
			break
		}
		host = one
		if !k.isProxy(one) {
			break
		}
	}
	return host
}

func (k *Kit) isProxy(host string) bool {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	a = a.Unmap()
	return slices.ContainsFunc(k.o.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// writer notes what was answered, and holds back the bare pages that ServeMux
// writes for 404 and 405, so that the kit can answer in words.
type writer struct {
	http.ResponseWriter
	c *Context
}

func (w *writer) WriteHeader(status int) {
	if w.c.missed {
		if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
			w.c.status = status
			return
		}
		w.c.missed = false // a redirect to the clean path
	}
	if w.c.status == 0 || w.c.status == http.StatusContinue {
		w.c.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	if w.c.missed {
		return len(b), nil
	}
	if w.c.status == 0 {
		w.c.status = http.StatusOK
	}
	if w.c.long {
		w.c.extend()
	}
	n, err := w.ResponseWriter.Write(b)
	w.c.size += int64(n)
	return n, err
}

// ReadFrom keeps sendfile working for large files.
func (w *writer) ReadFrom(from io.Reader) (int64, error) {
	if w.c.status == 0 {
		w.c.status = http.StatusOK
	}
	if w.c.long {
		return w.readLong(from)
	}
	n, err := io.Copy(w.ResponseWriter, from)
	w.c.size += n
	return n, err
}

// Unwrap serves http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
