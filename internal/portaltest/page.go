package portaltest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A Page is what an answer shows.
type Page struct {
	URL    *url.URL
	Status int
	Header http.Header
	Body   string

	root *html.Node
}

func newPage(u *url.URL, status int, header http.Header, body string) (*Page, error) {
	p := &Page{URL: u, Status: status, Header: header, Body: body}
	if !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
		return p, nil
	}
	var err error
	p.root, err = html.Parse(strings.NewReader(body))
	return p, err
}

// Find are the elements that match a CSS selector.
func (p *Page) Find(selector string) []*html.Node {
	if p.root == nil {
		return nil
	}
	return cascadia.QueryAll(p.root, cascadia.MustCompile(selector))
}

// Heading is the text of the h1.
func (p *Page) Heading() string {
	if h := p.Find("h1"); len(h) > 0 {
		return Text(h[0])
	}
	return ""
}

// Title is the title of the window.
func (p *Page) Title() string {
	if h := p.Find("head > title"); len(h) > 0 {
		return Text(h[0])
	}
	return ""
}

// Text is all that can be read in main, or in the body where there is no main.
func (p *Page) Text() string {
	for _, where := range []string{"main", "body"} {
		if m := p.Find(where); len(m) > 0 {
			return Text(m[0])
		}
	}
	return strings.TrimSpace(p.Body)
}

// Text is what an element reads as, spaces squeezed.
func Text(n *html.Node) string { return strings.Join(strings.Fields(raw(n, false)), " ") }

// label is what a label says, without hints, errors and the controls in it.
func label(n *html.Node) string {
	return strings.TrimSuffix(strings.Join(strings.Fields(raw(n, true)), " "), " (optional)")
}

func raw(n *html.Node, bare bool) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.Type == html.ElementNode {
		switch n.DataAtom {
		case atom.Script, atom.Style, atom.Template, atom.Svg:
			return ""
		case atom.Select, atom.Textarea:
			if bare {
				return ""
			}
		}
		if _, hidden := attr(n, "hidden"); hidden {
			return ""
		}
		if class, _ := attr(n, "class"); bare && (has(class, "hint") || has(class, "err")) {
			return ""
		}
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(raw(c, bare))
		if block(c) {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func block(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	switch n.DataAtom {
	case atom.A, atom.Span, atom.Strong, atom.Em, atom.B, atom.I, atom.Code, atom.Abbr, atom.Time, atom.Small, atom.Bdi:
		return false
	}
	return true
}

func has(class, name string) bool {
	for c := range strings.FieldsSeq(class) {
		if c == name {
			return true
		}
	}
	return false
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func attrOr(n *html.Node, name, otherwise string) string {
	if v, ok := attr(n, name); ok {
		return v
	}
	return otherwise
}

// name is how a control or a button is called.
func (p *Page) name(n *html.Node) string {
	if ids, ok := attr(n, "aria-labelledby"); ok {
		var words []string
		for id := range strings.FieldsSeq(ids) {
			for _, e := range p.Find("#" + id) {
				words = append(words, Text(e))
			}
		}
		return strings.Join(words, " ")
	}
	if words, ok := attr(n, "aria-label"); ok {
		return words
	}
	if n.DataAtom == atom.Button || n.DataAtom == atom.A {
		return Text(n)
	}
	if id, ok := attr(n, "id"); ok {
		for _, l := range p.Find("label") {
			if attrOr(l, "for", "") == id {
				return label(l)
			}
		}
	}
	for up := n.Parent; up != nil; up = up.Parent {
		if up.DataAtom == atom.Label {
			return label(up)
		}
	}
	if n.DataAtom == atom.Input && attrOr(n, "type", "") == "submit" {
		return attrOr(n, "value", "")
	}
	return ""
}

// controls are the fields a person can see.
func (p *Page) controls() []*html.Node {
	var all []*html.Node
	for _, n := range p.Find("input, select, textarea") {
		if t := attrOr(n, "type", "text"); t != "hidden" && t != "submit" && !buried(n) {
			all = append(all, n)
		}
	}
	return all
}

// buried tells what nobody sees: the trap for machines among it.
func buried(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if _, hidden := attr(n, "hidden"); hidden || attrOr(n, "aria-hidden", "") == "true" {
			return true
		}
	}
	return false
}

// pick finds the one control, button or link that is called so: exactly, or
// else beginning with the words.
func (p *Page) pick(what, words string, among []*html.Node) (*html.Node, error) {
	var exact, begun []*html.Node
	var names []string
	for _, n := range among {
		name := p.name(n)
		names = append(names, fmt.Sprintf("%q", name))
		switch {
		case name == "":
		case name == words:
			exact = append(exact, n)
		case strings.HasPrefix(name, words):
			begun = append(begun, n)
		}
	}
	if len(exact) == 0 {
		exact = begun
	}
	switch len(exact) {
	case 1:
		return exact[0], nil
	case 0:
		return nil, fmt.Errorf("no %s is called %q; there are: %s", what, words, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("%d of the %ss are called %q", len(exact), what, words)
}

// complaints are what makes a page hard to use for who cannot see it whole.
func (p *Page) complaints() []string {
	if p.root == nil {
		return nil
	}
	var all []string
	if n := len(p.Find("h1")); n != 1 {
		all = append(all, fmt.Sprintf("%d headings of the first level", n))
	}
	for _, n := range p.controls() {
		if p.name(n) == "" {
			all = append(all, "a field without a label: "+attrOr(n, "name", "?"))
		}
	}
	for _, n := range p.Find("button, a[href]") {
		if p.name(n) == "" && !buried(n) {
			all = append(all, "a button or link without words: "+attrOr(n, "href", attrOr(n, "name", "?")))
		}
	}
	ids := map[string]bool{}
	for _, n := range p.Find("[id]") {
		id := attrOr(n, "id", "")
		if ids[id] {
			all = append(all, "two elements with the id "+id)
		}
		ids[id] = true
	}
	return all
}
