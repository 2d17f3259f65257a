package pagetest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"vestibule/internal/text"
	"vestibule/internal/web"
)

// Unsound lists what is wrong with a page: for the people who read it with
// eyes, ears or fingers, and for the policy that it is sent with.
func Unsound(page string) []string {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	c := &checker{ids: map[string]int{}, labelled: map[string]bool{}}
	if !strings.HasPrefix(page, "<!doctype html>") {
		c.say("no doctype")
	}
	walk(root, c.collect)
	walk(root, c.element)
	c.whole(root, page)
	return c.faults
}

type checker struct {
	faults   []string
	ids      map[string]int
	labelled map[string]bool // ids that a label names
	h1       int
	primary  int
	level    int // of the last heading in main
}

func (c *checker) say(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

func walk(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for child := range n.ChildNodes() {
		walk(child, visit)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func content(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for child := range n.ChildNodes() {
		b.WriteString(content(child))
	}
	return b.String()
}

func within(n *html.Node, tag string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == tag {
			return true
		}
	}
	return false
}

func (c *checker) collect(n *html.Node) {
	if id := attr(n, "id"); id != "" {
		c.ids[id]++
		if c.ids[id] == 2 {
			c.say("id %q stands twice", id)
		}
	}
	if n.Data == "label" {
		c.labelled[attr(n, "for")] = true
	}
}

var words = regexp.MustCompile(`\S`)

func (c *checker) element(n *html.Node) {
	for _, a := range n.Attr {
		switch {
		case a.Key == "style":
			c.say("<%s> has a style attribute", n.Data)
		case strings.HasPrefix(a.Key, "on"):
			c.say("<%s> has %s", n.Data, a.Key)
		case strings.HasPrefix(strings.TrimSpace(a.Val), "data:"), strings.HasPrefix(strings.TrimSpace(a.Val), "javascript:"):
			c.say("<%s %s> is %.20q", n.Data, a.Key, a.Val)
		}
	}
	for _, name := range []string{"aria-describedby", "aria-labelledby", "aria-controls", "popovertarget", "for"} {
		for id := range strings.FieldsSeq(attr(n, name)) {
			if c.ids[id] == 0 {
				c.say("<%s %s> names %q, which is not there", n.Data, name, id)
			}
		}
	}
	if tab := attr(n, "tabindex"); tab != "" && tab != "0" && tab != "-1" {
		c.say("<%s> has tabindex %s", n.Data, tab)
	}
	switch n.Data {
	case "style":
		c.say("an inline <style>")
	case "script":
		if !strings.HasPrefix(attr(n, "src"), "/assets/") || content(n) != "" {
			c.say("a script that is no asset")
		}
	case "h1", "h2", "h3", "h4", "h5", "h6":
		c.heading(n)
	case "input", "select", "textarea":
		c.control(n)
	case "a", "button", "summary":
		c.actor(n)
	case "form":
		c.form(n)
	case "img":
		if !has(n, "alt") {
			c.say("an image without alt")
		}
	case "svg":
		if attr(n, "role") == "img" && attr(n, "aria-label") == "" {
			c.say("a drawing with role=img and no label")
		}
		if !has(n, "role") && attr(n, "aria-hidden") != "true" && !has(n, "hidden") && !within(n, "svg") {
			c.say("a drawing that is neither an image nor hidden")
		}
	case "use":
		if id := strings.TrimPrefix(attr(n, "href"), "#"); c.ids[id] == 0 {
			c.say("the icon %q is not in the sprite", id)
		}
	case "table":
		if !strings.Contains(render(n), "<caption") {
			c.say("a table without caption")
		}
	case "th":
		if !has(n, "scope") {
			c.say("a th without scope: %q", content(n))
		}
	case "ul", "ol":
		if n.Data == "ul" && attr(n, "role") == "" && attr(n, "class") != "bullets" && !strings.Contains(attr(n, "class"), "bullets") {
			c.say("a list without bullets lacks role=list: %.40q", strings.TrimSpace(content(n)))
		}
	}
}

func render(n *html.Node) string {
	var b strings.Builder
	if err := html.Render(&b, n); err != nil {
		return ""
	}
	return b.String()
}

func (c *checker) heading(n *html.Node) {
	level := int(n.Data[1] - '0')
	if level == 1 {
		c.h1++
	}
	if !within(n, "main") {
		return
	}
	if !words.MatchString(content(n)) {
		c.say("an empty heading")
	}
	// The error summary stands before the h1 and is a h2 of its own.
	if attr(n, "id") == "summary-title" {
		return
	}
	if level > c.level+1 {
		c.say("heading %q skips from h%d to h%d", strings.TrimSpace(content(n)), c.level, level)
	}
	c.level = level
}

func (c *checker) control(n *html.Node) {
	kind := attr(n, "type")
	if kind == "hidden" || attr(n, "aria-hidden") == "true" {
		return
	}
	name := attr(n, "name")
	if name == "" {
		c.say("a control without name: %s", render(n))
	}
	if !c.labelled[attr(n, "id")] && attr(n, "aria-label") == "" && attr(n, "aria-labelledby") == "" && !within(n, "label") {
		c.say("the control %q has no label", name)
	}
	switch kind {
	case "password", "email", "tel":
		if attr(n, "autocomplete") == "" {
			c.say("the control %q has no autocomplete", name)
		}
	}
	if kind == "password" && attr(n, "value") != "" {
		c.say("the page carries a password")
	}
}

func (c *checker) actor(n *html.Node) {
	if !words.MatchString(content(n)) && attr(n, "aria-label") == "" && !strings.Contains(render(n), `alt="`) {
		c.say("a <%s> without words: %s", n.Data, render(n))
	}
	if strings.Contains(" "+attr(n, "class")+" ", " primary ") && within(n, "main") {
		c.primary++
	}
	if n.Data != "a" {
		return
	}
	href := attr(n, "href")
	switch {
	case href == "" || href == "#":
		c.say("the link %q leads nowhere", strings.TrimSpace(content(n)))
	case strings.HasPrefix(href, "#"):
		if c.ids[href[1:]] == 0 {
			c.say("the link %q leads to %s, which is not there", strings.TrimSpace(content(n)), href)
		}
	case strings.HasPrefix(href, "about:"):
		c.say("the link %q has an address that was refused", strings.TrimSpace(content(n)))
	}
}

func (c *checker) form(n *html.Node) {
	method := strings.ToLower(attr(n, "method"))
	if method == "post" && !strings.HasPrefix(attr(n, "action"), "/") {
		c.say("a form posts to %q", attr(n, "action"))
	}
	if !strings.Contains(render(n), "<button") {
		c.say("the form to %q has no button", attr(n, "action"))
	}
}

var (
	missing = regexp.MustCompile(`\[[a-z]+[a-z0-9-]*(\.[a-z0-9_-]+)+\]`)
	unsaid  = regexp.MustCompile(`\{[a-z_]+\}`)
)

func (c *checker) whole(root *html.Node, page string) {
	if c.h1 != 1 {
		c.say("%d h1", c.h1)
	}
	if c.primary > 1 {
		c.say("%d primary buttons", c.primary)
	}
	if c.ids["main"] != 1 {
		c.say("no main#main")
	}
	var title, lang string
	walk(root, func(n *html.Node) {
		switch n.Data {
		case "title":
			if !within(n, "svg") {
				title = strings.TrimSpace(content(n))
			}
		case "html":
			lang = attr(n, "lang")
		}
	})
	if before, _, ok := strings.Cut(title, " – "); !ok || before == "" {
		c.say("the title is %q", title)
	}
	if lang == "" {
		c.say("no language")
	}
	body := content(root)
	for _, m := range missing.FindAllString(body, -1) {
		c.say("no words for %s", m)
	}
	for _, m := range unsaid.FindAllString(body, -1) {
		c.say("%s was not filled in", m)
	}
	if strings.Contains(page, "lorem") || strings.Contains(page, "TODO") {
		c.say("unfinished words")
	}
}

// Links reports every link and form of the samples that no route takes: a
// GET for a link, the form's own method for a form. Addresses elsewhere must be
// https, mailto or tel; /here is where a sample stands.
func Links(t *testing.T, samples []web.Sample, routes []web.Route) {
	t.Helper()
	for _, s := range samples {
		root, err := html.Parse(strings.NewReader(Draw(t, s, text.English)))
		if err != nil {
			t.Fatal(err)
		}
		walk(root, func(n *html.Node) {
			var address string
			method := "GET"
			switch {
			case has(n, "data-poll"):
				address = attr(n, "data-poll")
			case n.Data == "a" || n.Data == "link":
				address = attr(n, "href")
			case n.Data == "form":
				address = attr(n, "action")
				if address == "" {
					return // a search posts to where it stands
				}
				if strings.EqualFold(attr(n, "method"), "post") {
					method = "POST"
				}
			case has(n, "formaction"):
				method, address = "POST", attr(n, "formaction")
			default:
				return
			}
			if live := attr(n, "data-live"); live != "" {
				if fault := unserved("POST", live, routes); fault != "" {
					t.Errorf("%s: %s", s.Name, fault)
				}
			}
			if fault := unserved(method, address, routes); fault != "" {
				t.Errorf("%s: %s", s.Name, fault)
			}
		})
	}
}

func unserved(method, address string, routes []web.Route) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	switch {
	case address == "" || address == "/here" || strings.HasPrefix(address, "/here/") || strings.HasPrefix(address, "/assets/"):
		return ""
	case strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "mailto:") || strings.HasPrefix(address, "tel:"):
		return ""
	case !strings.HasPrefix(address, "/"):
		return fmt.Sprintf("%q is no address", address)
	}
	for _, r := range routes {
		if m, path, _ := strings.Cut(r.Pattern, " "); m == method && matches(path, address) {
			return ""
		}
	}
	return fmt.Sprintf("no route takes %s %s", method, address)
}

func matches(pattern, path string) bool {
	p, q := strings.Split(strings.TrimSuffix(pattern, "{$}"), "/"), strings.Split(path, "/")
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] && !strings.HasPrefix(p[i], "{") {
			return false
		}
	}
	return true
}
