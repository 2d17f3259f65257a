package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/fault"
	"vestibule/internal/text"
	"vestibule/internal/web/ui"
)

// A Context is one request and its answer.
type Context struct {
	W         http.ResponseWriter
	R         *http.Request
	Words     *text.Words
	Lang      text.Lang
	RequestID string // in the log and on error pages
	Address   string // the client's network address, without port

	kit    *Kit
	now    time.Time
	who    Who
	asked  bool // who is known
	here   string
	status int // of the answer, 0 before
	size   int64
	missed bool // no route took the request, so far

	unknown bool // no route took it in the end
	api     bool // failures are told as problem documents
	long    bool // see Route.Long
	reading bool // the body of a long request has not come to its end
	rate    *Rate
}

// Context is the request's context; it carries the origin for the audit.
func (c *Context) Context() context.Context { return c.R.Context() }

// Now is when the request came in.
func (c *Context) Now() time.Time { return c.now }

// T is what the catalogue says at key, in the page's language.
func (c *Context) T(key string, args ...any) string { return c.Words.T(key, args...) }

// BaseURL is the portal's own address from the configuration, without a
// slash at its end.
func (c *Context) BaseURL() string { return strings.TrimSuffix(c.kit.base.String(), "/") }

// Who is signed in. On routes that want a session it is the one that was
// checked; on others the client's session is looked up now. A session store
// that is away counts as nobody here, never as somebody.
func (c *Context) Who() Who {
	if !c.asked {
		c.who, _ = c.session(ClientCookie, c.kit.o.Client)
		c.asked = true
	}
	return c.who
}

// StaffWho is the member of staff who is signed in, for pages that are open
// to Anyone, like the staff's own sign-in.
func (c *Context) StaffWho() Who {
	if c.asked && c.who.Staff {
		return c.who
	}
	who, _ := c.session(StaffCookie, c.kit.o.Staff)
	return who
}

func (c *Context) session(cookie string, load func(context.Context, string) (Who, error)) (Who, error) {
	token := c.Cookie(cookie)
	if token == "" || load == nil {
		return Who{}, fault.New(fault.Unauthenticated, "sign-in")
	}
	return load(c.R.Context(), token)
}

// Fresh fails with Unauthenticated "sign-in-again" where the sign-in is too
// old for a sensitive change.
func (c *Context) Fresh() error {
	if c.Who().FreshUntil.Before(c.now) {
		return fault.New(fault.Unauthenticated, signInAgain)
	}
	return nil
}

// signInAgain is the code of a session that must be proved again.
const signInAgain = "sign-in-again"

// Here says where a GET shows this page again, for pages that answer a POST
// of another path. The default is the request's own path.
func (c *Context) Here(path string) { c.here = path }

// Frame is what a page embeds.
func (c *Context) Frame() *ui.Frame {
	f := &ui.Frame{Words: c.Words, Vendor: &c.kit.vendor, Shell: c.kit.shells[c.Lang], Path: c.path(), Demo: c.kit.o.Demo}
	if c.who.Known() {
		f.Me = ui.Me{Name: c.who.Name, Note: c.who.Company, Href: "/portal/account", SignOut: "/sign-out"}
		if c.who.Staff {
			f.Me.Href, f.Me.SignOut = "/office/account", "/office/sign-out"
		}
		if !c.kit.Has(f.Me.Href) {
			f.Me.Href = HomePath
			if c.who.Staff {
				f.Me.Href = OfficePath
			}
		}
		if c.kit.o.Nav != nil {
			f.Nav = c.kit.o.Nav(c.R.Context(), c.who, c.Words)
			markCurrent(f.Nav, c.R.URL.Path)
		}
	}
	return f
}

// markCurrent marks the entry whose path is the longest one that leads here.
func markCurrent(nav []ui.NavItem, path string) {
	best := -1
	for i, item := range nav {
		if path == item.Href || strings.HasPrefix(path, item.Href+"/") {
			if best < 0 || len(item.Href) > len(nav[best].Href) {
				best = i
			}
		}
	}
	if best >= 0 {
		nav[best].Current = true
	}
}

// Again is the frame of a form's page: for a nil err a plain one, for an
// Invalid one with the failures in words, at their fields. Any other failure
// comes back, to be returned by the handler.
//
//	func (f *Face) details(c *web.Context, in detailsForm, failed error) error {
//		frame, err := c.Again(failed)
//		if err != nil {
//			return err
//		}
//		return c.Page(frame.Status(), detailsPage{Frame: frame, First: in.First})
//	}
func (c *Context) Again(failed error) (*ui.Frame, error) {
	f := c.Frame()
	if failed == nil {
		return f, nil
	}
	e := fault.From(failed)
	if e.Kind != fault.Invalid || pageOnly(e.Code) {
		return nil, failed
	}
	list := e.Fields
	if len(list) == 0 {
		list = []*fault.Error{e}
	}
	for _, one := range list {
		f.Errors = append(f.Errors, ui.Error{Field: one.Field, Text: c.Fault(one)})
	}
	return f, nil
}

// Fault is a failure in words: field.<field>.<code> where the catalogue has
// it, else fault.<code>.
func (c *Context) Fault(e *fault.Error) string {
	args := make([]any, 0, 2*len(e.Args)+2)
	for k, v := range e.Args {
		args = append(args, k, v)
	}
	if e.RetryAfter > 0 {
		args = append(args, "after", e.RetryAfter)
	}
	if e.Field != "" {
		if key := "field." + e.Field + "." + e.Code; c.Words.Has(key) {
			return c.Words.T(key, args...)
		}
	}
	return c.Words.T("fault."+e.Code, args...)
}

// Page sends a page: drawn to memory first, sent whole or not at all.
func (c *Context) Page(status int, page templ.Component) error {
	b := c.kit.buffers.Get().(*bytes.Buffer)
	b.Reset()
	defer c.kit.buffers.Put(b)
	if err := page.Render(c.R.Context(), b); err != nil {
		return err
	}
	h := c.W.Header()
	h["Content-Type"] = htmlType
	h["Content-Length"] = []string{strconv.Itoa(b.Len())}
	c.W.WriteHeader(status)
	_, err := c.W.Write(b.Bytes())
	return c.cut(err)
}

// Stream answers with what write writes, while it is written: for what may be too long to be kept whole. A failure after the first
// byte can only cut the answer short, so that nobody takes it for whole.
func (c *Context) Stream(mediaType string, write func(io.Writer) error) error {
	c.W.Header().Set("Content-Type", mediaType)
	c.W.WriteHeader(http.StatusOK)
	if err := write(c.W); err != nil {
		c.kit.o.Log.ErrorContext(c.Context(), "an answer was cut short", "id", c.RequestID, "cause", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// Bytes sends a small body of another type, whole.
func (c *Context) Bytes(status int, mediaType string, body []byte) error {
	h := c.W.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.W.WriteHeader(status)
	_, err := c.W.Write(body)
	return c.cut(err)
}

// cut drops the error of a browser that went away: the answer was right and
// nobody is there to be told otherwise.
func (c *Context) cut(err error) error {
	if err != nil && c.R.Context().Err() != nil {
		return nil //nolint:nilerr // see above
	}
	return err
}

// SeeOther sends the browser on with a GET to a path of the portal.
func (c *Context) SeeOther(path string) error {
	c.W.Header().Set("Location", path)
	c.W.WriteHeader(http.StatusSeeOther)
	return nil
}

// LocalPath returns path where it is one of the portal's own, else fallback:
// for a "next" that came in from outside.
func LocalPath(path, fallback string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return fallback
	}
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return fallback
	}
	return path
}

// Cookie returns the value of one of the portal's cookies, or "".
func (c *Context) Cookie(name string) string {
	got, err := c.R.Cookie(c.kit.cookieName(name))
	if err != nil || len(got.Value) > 512 {
		return ""
	}
	return got.Value
}

// SetCookie keeps a value in the browser for life; zero is until it closes.
// The cookie is for this host alone, HttpOnly and SameSite=Lax, and over https
// it carries the __Host- prefix (RFC 6265bis, 4.1.3.2).
func (c *Context) SetCookie(name, value string, life time.Duration) {
	http.SetCookie(c.W, &http.Cookie{ //nolint:gosec // Secure wherever the portal is served over https
		Name: c.kit.cookieName(name), Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: c.kit.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// DropCookie takes a cookie back.
func (c *Context) DropCookie(name string) { c.SetCookie(name, "", -time.Second) }

// ClearSiteData has the browser forget what it keeps of the portal, at sign-out.
func (c *Context) ClearSiteData() {
	c.W.Header().Set("Clear-Site-Data", `"cache", "storage"`)
}

func (k *Kit) cookieName(name string) string {
	if k.secure {
		return "__Host-" + name
	}
	return name
}

// path is where a GET shows this page again.
func (c *Context) path() string {
	switch {
	case c.here != "":
		return c.here
	case c.R.Method == http.MethodPost && !c.kit.Has(c.R.URL.Path):
		return "/"
	case c.R.Method == http.MethodPost || c.R.URL.RawQuery == "":
		return c.R.URL.Path
	}
	q := c.R.URL.Query()
	q.Del("lang")
	if len(q) == 0 {
		return c.R.URL.Path
	}
	return c.R.URL.Path + "?" + q.Encode()
}

var htmlType = []string{"text/html; charset=utf-8"}

// pageOnly are failures of a whole form that cannot be mended in it.
func pageOnly(code string) bool { return code == tooLarge || code == unreadable }
