package portaltest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
)

func (b *Browser) resolve(address string) *url.URL {
	b.t.Helper()
	from := b.base
	if b.Page != nil {
		from = b.URL
	}
	u, err := from.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// visit asks and follows where it is sent. The page changes when the last
// answer is there, so that what was pressed can be pressed again when none is.
func (b *Browser) visit(method string, u *url.URL, form url.Values, site string) {
	b.t.Helper()
	for range 10 {
		p := b.fetch(b.request(method, u, form, site))
		if p == nil {
			return
		}
		where := p.Header.Get("Location")
		if p.Status < 300 || p.Status > 399 || where == "" {
			b.show(p)
			return
		}
		next, err := u.Parse(where)
		if err != nil {
			b.t.Fatalf("sent to %q: %v", where, err)
		}
		u, method, form = next, http.MethodGet, nil
		if u.Scheme != b.base.Scheme || u.Host != b.base.Host {
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
	r, err := http.NewRequestWithContext(context.WithoutCancel(b.t.Context()), method, u.String(), body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.RemoteAddr = b.Address + ":40000"
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	r.Header.Set("Accept-Language", b.Language)
	r.Header.Set("User-Agent", "Mozilla/5.0 (stand-in)")
	r.Header.Set("Sec-Fetch-Site", site)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.base.Scheme+"://"+b.base.Host)
	}
	for name, values := range b.Header {
		r.Header[name] = values
	}
	for _, c := range b.jar.Cookies(u) {
		r.AddCookie(c)
	}
	return r
}

// fetch asks once and judges the answer; nil where there is none.
func (b *Browser) fetch(r *http.Request) *Page {
	b.t.Helper()
	p, err := b.answer(r)
	if b.Err = err; err != nil {
		if b.node != nil {
			b.t.Fatalf("%s: %v", r.URL, err)
		}
		return nil
	}
	if p.Status < 300 || p.Status > 399 {
		b.complain(r, p)
	}
	if p.Status >= 500 && p.Status != http.StatusServiceUnavailable {
		b.t.Errorf("%s %s: %d", r.Method, r.URL, p.Status)
	}
	return p
}

// answer asks once and keeps the cookies.
func (b *Browser) answer(r *http.Request) (*Page, error) {
	answer, err := b.ask(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	b.jar.SetCookies(r.URL, answer.Cookies())
	return newPage(r.URL, answer.StatusCode, answer.Header, string(body))
}

// complain notes what a person could not use.
func (b *Browser) complain(r *http.Request, p *Page) {
	b.t.Helper()
	for _, c := range p.complaints() {
		b.t.Errorf("%s %s: %s", r.Method, r.URL, c)
	}
}
