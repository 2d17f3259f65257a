package portaltest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

func (b *Browser) resolve(address string) *url.URL {
	b.t.Helper()
	from := base()
	if b.Page != nil {
		from = b.URL
	}
	u, err := from.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// visit asks and follows where it is sent.
func (b *Browser) visit(method string, u *url.URL, form url.Values, site string) {
	b.t.Helper()
	for range 10 {
		b.send(b.request(method, u, form, site))
		where := b.Page.Header.Get("Location")
		if b.Status < 300 || b.Status > 399 || where == "" {
			return
		}
		u, method, form = b.resolve(where), http.MethodGet, nil
		if u.Scheme+"://"+u.Host != Base {
			b.t.Fatalf("sent away to %s", u)
		}
	}
	b.t.Fatalf("sent round in circles, at %s", u)
}

func (b *Browser) request(method string, u *url.URL, form url.Values, site string) *http.Request {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(b.t.Context(), method, u.String(), body)
	r.RemoteAddr = b.Address + ":40000"
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	r.Header.Set("Accept-Language", b.Language)
	r.Header.Set("User-Agent", "Mozilla/5.0 (stand-in)")
	r.Header.Set("Sec-Fetch-Site", site)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", Base)
	}
	for name, values := range b.Header {
		r.Header[name] = values
	}
	for _, c := range b.jar.Cookies(u) {
		r.AddCookie(c)
	}
	return r
}

// send asks once and shows the answer.
func (b *Browser) send(r *http.Request) {
	b.t.Helper()
	w := httptest.NewRecorder()
	b.node.Handler.ServeHTTP(w, r)
	answer := w.Result()
	b.jar.SetCookies(r.URL, answer.Cookies())
	p, err := newPage(r.URL, w.Code, w.Header(), w.Body.String())
	if err != nil {
		b.t.Fatalf("%s: %v", r.URL, err)
	}
	if w.Code < 300 || w.Code > 399 {
		b.complain(r, p)
	}
	if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
		b.t.Errorf("%s %s: %d", r.Method, r.URL, w.Code)
	}
	b.show(p)
}

// complain notes what a person could not use.
func (b *Browser) complain(r *http.Request, p *Page) {
	b.t.Helper()
	for _, c := range p.complaints() {
		b.t.Errorf("%s %s: %s", r.Method, r.URL, c)
	}
}
