// Package web is the kit of which the portal's faces are made: routing with
// access, middleware, forms, errors, rendering, assets. It knows no
// capability; a face (visitor, portal, office) is a table of Routes whose
// handlers read the request, call one method of a Service and say what to show.
//
// The kit promises a handler: who is asking has been checked against the row's
// access; the body is bounded; a state-changing request came from the portal's
// own pages; headers are safe; what the handler returns as an error is
// answered in one place, in words and in the page's language; a page is sent
// whole or not at all.
//
// It leaves to others: who is signed in (Options.Client, Options.Staff), what
// stands in the way of the portal (Options.Gate), every word (package text),
// every shape (package ui).
package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"vestibule/internal/text"
	"vestibule/internal/web/ui"
)

// Who is the holder of a session, as pages and access checks need it. The
// zero value is a stranger.
type Who struct {
	Account      string // id; empty: nobody is signed in
	Session      string // the session's id
	Staff        bool
	Service      bool // a service account: Account is its id, Session that of the token, Permissions its scopes
	UserID       string
	Name         string
	Organization string    // id of the own organization, empty where there is none
	Company      string    // its name
	Roles        []string  // in the own organization, or as staff
	Permissions  []string  // what the staff roles grant
	FreshUntil   time.Time // until when sensitive changes need no new sign-in

	// Rate is how the limit of a service account's token stands; nil for people.
	Rate *Rate

	// Held is what Options.Client read along with the session, for the faces
	// that know its type: a page need not read it again. The kit passes it on.
	Held any
}

// Known reports whether somebody is signed in.
func (w Who) Known() bool { return w.Account != "" }

// Can reports whether the staff roles grant a permission.
func (w Who) Can(permission string) bool {
	for _, p := range w.Permissions {
		if p == permission {
			return true
		}
	}
	return false
}

// Options are what a Kit needs.
type Options struct {
	BaseURL string         // "https://portal.example.com", no path
	Proxies []netip.Prefix // whose X-Forwarded-For is believed
	Words   *text.Catalogue
	Lang    text.Lang // where the browser asks for none that we speak
	Vendor  ui.Vendor
	Accent  string // "#0b5f80"
	Demo    bool

	Now   func() time.Time
	NewID func() string // a request id
	Log   *slog.Logger

	// Client and Staff answer who holds a session token: a fault of kind
	// Unauthenticated where nobody does, another error where it cannot be said.
	Client func(ctx context.Context, token string) (Who, error)
	Staff  func(ctx context.Context, token string) (Who, error)
	// Token answers whose token it is, for routes of access Token; address is where it comes from, for limits.
	Token func(ctx context.Context, token, address string) (Who, error)
	// Gate says where a signed-in client must go before the portal ("" =
	// nowhere: come in), for routes of access Client and Member.
	Gate func(ctx context.Context, who Who) (path string, err error)
	// Origin puts where a request comes from into its context, for the audit.
	Origin func(ctx context.Context, address, requestID string, who Who) context.Context
	// Nav is the navigation for who is signed in, without the current mark.
	Nav func(ctx context.Context, who Who, words *text.Words) []ui.NavItem
	// Ready reports whether the portal can serve (readyz).
	Ready func(context.Context) error
	// LogoFile is the vendor's logo with its media type; empty: a mark.
	Logo     []byte
	LogoType string
}

// Names of the session cookies, before the __Host- prefix.
const (
	ClientCookie = "session"
	StaffCookie  = "staff"
	langCookie   = "lang"
)

// SignInPath and StaffSignInPath are where strangers are sent; AgainPath and StaffAgainPath whoever is signed in and must prove again
// who it is, for a sensitive change.
const (
	SignInPath      = "/sign-in"
	StaffSignInPath = "/office/sign-in"
	AgainPath       = "/sign-in/again"
	StaffAgainPath  = "/office/sign-in/again"
	HomePath        = "/portal"
	OfficePath      = "/office"
	GetBackInPath   = "/get-back-in"
)

// A Kit serves routes. It does not change once made.
type Kit struct {
	o       Options
	base    *url.URL
	secure  bool // the base URL is https
	vendor  ui.Vendor
	mux     *http.ServeMux
	routes  []Route
	gets    map[string]bool // paths of GET routes without wildcards
	cross   *http.CrossOriginProtection
	static  map[string]*file
	headers [][2]string
	shared  [][]string // the values of headers, never changed
	policy  string
	shells  map[text.Lang]*ui.Shell
	buffers sync.Pool
}

// New makes a kit that serves the tables of all faces and the kit's own pages.
func New(o Options, tables ...[]Route) (*Kit, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("base URL %q: want https://host", o.BaseURL)
	}
	k := &Kit{
		o: o, base: base, secure: base.Scheme == "https", vendor: o.Vendor,
		mux: http.NewServeMux(), gets: map[string]bool{}, cross: http.NewCrossOriginProtection(),
	}
	k.buffers.New = func() any { return bytes.NewBuffer(make([]byte, 0, 32<<10)) }
	if !k.o.Lang.Known() {
		k.o.Lang = text.English
	}
	// Behind a proxy that ends TLS, the host may not be the one the browser sees.
	if err := k.cross.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
		return nil, err
	}
	if err := k.loadAssets(); err != nil {
		return nil, err
	}
	k.shells = map[text.Lang]*ui.Shell{}
	for _, lang := range text.Languages() {
		if k.shells[lang], err = ui.NewShell(o.Words.For(lang), &k.vendor); err != nil {
			return nil, err
		}
	}
	k.setHeaders()
	k.routes = append(k.routes, k.own()...)
	for _, table := range tables {
		k.routes = append(k.routes, table...)
	}
	for _, r := range k.routes {
		if err := k.add(r); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// add mounts a route; ServeMux panics on a clash, which is a fault of the
// program and therefore named here instead of thrown.
func (k *Kit) add(r Route) (err error) {
	if err := r.check(); err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, fmt.Errorf("route %q: %v", r.Pattern, p))
		}
	}()
	if path, ok := strings.CutPrefix(r.Pattern, "GET "); ok && !strings.Contains(path, "{") {
		k.gets[path] = true
	}
	k.mux.Handle(r.Pattern, k.serve(r))
	return nil
}

// Routes are all routes that the kit serves.
func (k *Kit) Routes() []Route { return k.routes }

// Has reports whether a GET of path, without wildcards, is served.
func (k *Kit) Has(path string) bool { return k.gets[path] }

// Vendor is who runs the portal.
func (k *Kit) Vendor() *ui.Vendor { return &k.vendor }
