package portaltest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A Browser is somebody's browser: it keeps cookies, follows redirects, fills
// forms by their labels and sends what a browser sends. Whatever a person
// could not do ends the test.
type Browser struct {
	*Page
	Address  string // where its requests come from
	Language string // Accept-Language
	Header   http.Header

	// Err is set when the portal did not answer, as one that was killed; the
	// page is then the one before.
	Err error

	t      testing.TB
	node   *Portal // nil where the portal is another process
	base   *url.URL
	ask    func(*http.Request) (*http.Response, error)
	jar    http.CookieJar
	filled map[*html.Node][]string // what was typed, ticked, chosen
}

// Browser opens a browser without cookies.
func (p *Portal) Browser(t testing.TB) *Browser {
	b := Remote(t, Base)
	b.node, b.ask = p, func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		r.RequestURI = r.URL.RequestURI() // as a server has it
		p.Handler.ServeHTTP(w, r)
		return w.Result(), nil
	}
	return b
}

// Remote opens a browser for a portal that is another process, at this
// address.
func Remote(t testing.TB, address string) *Browser {
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{
		t: t, base: base, jar: jar, Address: "192.0.2.10", Language: "en", Header: http.Header{},
		ask: (&http.Transport{DisableKeepAlives: true}).RoundTrip,
	}
}

// Tab opens another tab of the same browser on the same page.
func (b *Browser) Tab() *Browser {
	tab := *b
	tab.filled = nil
	if b.Page != nil {
		tab.show(b.Page)
	}
	return &tab
}

// Copy is another browser with a copy of the cookies, as after a theft, on
// this node.
func (b *Browser) Copy() *Browser { return b.CopyOn(b.node) }

// CopyOn is a copy on another node.
func (b *Browser) CopyOn(node *Portal) *Browser {
	other := node.Browser(b.t)
	for _, c := range b.Cookies() {
		other.SetCookie(c.Name, c.Value)
	}
	return other
}

// Cookies are what the browser would send to the portal.
func (b *Browser) Cookies() []*http.Cookie { return b.jar.Cookies(b.base) }

// SetCookie plants a cookie.
func (b *Browser) SetCookie(name, value string) {
	b.jar.SetCookies(b.base, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

// Open types an address, or follows a link from a mail.
func (b *Browser) Open(address string) *Browser {
	b.t.Helper()
	b.visit(http.MethodGet, b.resolve(address), nil, "none")
	return b
}

// Post sends a form that was made by hand, as from a page of the portal.
func (b *Browser) Post(path string, form url.Values) *Browser {
	b.t.Helper()
	b.visit(http.MethodPost, b.resolve(path), form, "same-origin")
	return b
}

// Send posts a body of another kind, as a page of the portal does, and follows where it leads: a form with a file, or a part of one.
func (b *Browser) Send(path, mediaType string, body io.Reader) *Browser {
	b.t.Helper()
	u := b.resolve(path)
	r := b.request(http.MethodPost, u, nil, "same-origin")
	r.Body, r.ContentLength = io.NopCloser(body), -1
	r.Header.Set("Content-Type", mediaType)
	r.Header.Set("Origin", b.base.Scheme+"://"+b.base.Host)
	p := b.fetch(r)
	if p == nil {
		return b
	}
	if where := p.Header.Get("Location"); p.Status >= 300 && p.Status <= 399 && where != "" {
		b.visit(http.MethodGet, u.ResolveReference(b.resolve(where)), nil, "same-origin")
		return b
	}
	b.show(p)
	return b
}

// Raw sends a form and shows the answer without following it or judging it:
// for many at once, each on a Copy of its own.
func (b *Browser) Raw(path string, form url.Values) *Page {
	r := b.request(http.MethodPost, b.resolve(path), form, "same-origin")
	p, err := b.answer(r)
	if err != nil {
		b.t.Errorf("%s: %v", r.URL, err)
		return &Page{URL: r.URL}
	}
	b.show(p)
	return p
}

// PostFrom sends a form from somebody else's page.
func (b *Browser) PostFrom(origin, path string, form url.Values) *Browser {
	b.t.Helper()
	r := b.request(http.MethodPost, b.resolve(path), form, "cross-site")
	r.Header.Set("Origin", origin)
	if p := b.fetch(r); p != nil {
		b.show(p)
	}
	return b
}

func (b *Browser) show(p *Page) { b.Page, b.filled = p, map[*html.Node][]string{} }

// Fill types into the field with this label.
func (b *Browser) Fill(words, value string) *Browser {
	b.t.Helper()
	var fields []*html.Node
	for _, n := range b.controls() {
		if t := attrOr(n, "type", "text"); n.DataAtom != atom.Select && t != "checkbox" && t != "radio" {
			fields = append(fields, n)
		}
	}
	b.filled[b.find("field", words, fields)] = []string{value}
	return b
}

// Choose takes an option of the list with this label: the one with these
// words, or with this value.
func (b *Browser) Choose(words, option string) *Browser {
	b.t.Helper()
	var lists []*html.Node
	for _, n := range b.controls() {
		if n.DataAtom == atom.Select {
			lists = append(lists, n)
		}
	}
	list := b.find("list", words, lists)
	var there []string
	for _, o := range b.within(list, "option") {
		value := attrOr(o, "value", Text(o))
		if value == option || strings.HasPrefix(Text(o), option) {
			b.filled[list] = []string{value}
			return b
		}
		there = append(there, Text(o))
	}
	b.fail("%q offers no %q, but %q", words, option, there)
	return b
}

// Check ticks a box or chooses a radio button.
func (b *Browser) Check(words string) *Browser {
	b.t.Helper()
	n := b.choice(words)
	if attrOr(n, "type", "") == "radio" {
		for _, other := range b.controls() {
			if attrOr(other, "type", "") == "radio" && attrOr(other, "name", "") == attrOr(n, "name", "") && form(other) == form(n) {
				b.filled[other] = nil
			}
		}
	}
	b.filled[n] = []string{attrOr(n, "value", "on")}
	return b
}

// Uncheck takes the tick out of a box.
func (b *Browser) Uncheck(words string) *Browser {
	b.t.Helper()
	b.filled[b.choice(words)] = nil
	return b
}

func (b *Browser) choice(words string) *html.Node {
	b.t.Helper()
	var boxes []*html.Node
	for _, n := range b.controls() {
		if t := attrOr(n, "type", "text"); t == "checkbox" || t == "radio" {
			boxes = append(boxes, n)
		}
	}
	return b.find("box or radio button", words, boxes)
}

// Value is what stands in the field with this label.
func (b *Browser) Value(words string) string {
	b.t.Helper()
	n := b.find("field", words, b.controls())
	if v, typed := b.filled[n]; typed {
		return strings.Join(v, ",")
	}
	return strings.Join(b.initial(n), ",")
}

// Press presses a button or follows a link.
func (b *Browser) Press(words string) *Browser {
	b.t.Helper()
	n := b.find("button or link", words, b.pressable())
	if n.DataAtom == atom.A {
		b.visit(http.MethodGet, b.resolve(attrOr(n, "href", "")), nil, "same-origin")
		return b
	}
	method, action, values := b.submission(n)
	if method == http.MethodGet {
		u := b.resolve(action)
		u.RawQuery = values.Encode()
		b.visit(http.MethodGet, u, nil, "same-origin")
		return b
	}
	b.visit(http.MethodPost, b.resolve(action), values, "same-origin")
	return b
}

// Submission is what pressing a button would send: for tests that send it
// twice, late, or from elsewhere.
func (b *Browser) Submission(words string) (path string, form url.Values) {
	b.t.Helper()
	_, action, values := b.submission(b.find("button or link", words, b.pressable()))
	return b.resolve(action).RequestURI(), values
}

func (b *Browser) pressable() []*html.Node {
	var all []*html.Node
	for _, n := range b.Find("a[href], button, input[type=submit]") {
		if attrOr(n, "type", "submit") == "button" || buried(n) {
			continue
		}
		if _, off := attr(n, "disabled"); !off {
			all = append(all, n)
		}
	}
	return all
}

// submission gathers the form that a button belongs to, as HTML says.
func (b *Browser) submission(button *html.Node) (method, action string, values url.Values) {
	b.t.Helper()
	f := form(button)
	id, outside := attr(button, "form")
	if outside {
		if found := b.Find("form#" + id); len(found) == 1 {
			f = found[0]
		}
	}
	if f == nil {
		b.fail("the button %q belongs to no form", b.name(button))
	}
	values = url.Values{}
	for _, n := range b.Find("input, select, textarea") {
		name := attrOr(n, "name", "")
		_, off := attr(n, "disabled")
		if mine := form(n) == f || (outside && attrOr(n, "form", "") == id) || attrOr(n, "form", "-") == attrOr(f, "id", ""); !mine || name == "" || off || attrOr(n, "type", "") == "submit" {
			continue
		}
		given, typed := b.filled[n]
		if !typed {
			given = b.initial(n)
		}
		for _, v := range given {
			values.Add(name, v)
		}
	}
	if name := attrOr(button, "name", ""); name != "" {
		values.Add(name, attrOr(button, "value", ""))
	}
	method = strings.ToUpper(attrOr(button, "formmethod", attrOr(f, "method", "get")))
	return method, attrOr(button, "formaction", attrOr(f, "action", b.URL.RequestURI())), values
}

// initial is what a control holds before anybody touches it.
func (b *Browser) initial(n *html.Node) []string {
	switch n.DataAtom {
	case atom.Textarea:
		return []string{strings.TrimPrefix(raw(n, false), "\n")}
	case atom.Select:
		options := b.within(n, "option")
		for _, o := range options {
			if _, chosen := attr(o, "selected"); chosen {
				return []string{attrOr(o, "value", Text(o))}
			}
		}
		if len(options) > 0 {
			return []string{attrOr(options[0], "value", Text(options[0]))}
		}
		return nil
	}
	if t := attrOr(n, "type", "text"); t == "checkbox" || t == "radio" {
		if _, ticked := attr(n, "checked"); !ticked {
			return nil
		}
		return []string{attrOr(n, "value", "on")}
	}
	return []string{attrOr(n, "value", "")}
}

func (b *Browser) within(n *html.Node, selector string) []*html.Node {
	var all []*html.Node
	for _, found := range b.Find(selector) {
		for up := found.Parent; up != nil; up = up.Parent {
			if up == n {
				all = append(all, found)
			}
		}
	}
	return all
}

func form(n *html.Node) *html.Node {
	for ; n != nil; n = n.Parent {
		if n.DataAtom == atom.Form {
			return n
		}
	}
	return nil
}

func (b *Browser) find(what, words string, among []*html.Node) *html.Node {
	b.t.Helper()
	n, err := b.pick(what, words, among)
	if err != nil {
		b.fail("%v", err)
	}
	return n
}

// Sees fails when the page lacks one of these texts.
func (b *Browser) Sees(texts ...string) *Browser {
	b.t.Helper()
	shown := b.Text()
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			b.fail("the page does not show %q", text)
		}
	}
	return b
}

// Lacks fails when the page shows one of these texts.
func (b *Browser) Lacks(texts ...string) *Browser {
	b.t.Helper()
	shown := b.Text()
	for _, text := range texts {
		if strings.Contains(shown, text) {
			b.fail("the page shows %q", text)
		}
	}
	return b
}

// At fails when the browser is not at this path with this status.
func (b *Browser) At(status int, path string) *Browser {
	b.t.Helper()
	if b.Status != status || b.URL.Path != path {
		b.fail("want %d %s", status, path)
	}
	return b
}

func (b *Browser) fail(format string, args ...any) {
	b.t.Helper()
	if b.Page == nil {
		b.t.Fatalf(format, args...)
	}
	b.t.Fatalf("%s\nat %d %s (%s), which shows:\n%s", fmt.Sprintf(format, args...), b.Status, b.URL.RequestURI(), b.Title(), b.Text())
}
