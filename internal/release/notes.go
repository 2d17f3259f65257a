package release

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Render turns notes in Markdown into HTML that is safe on any page of the portal and fits beneath a heading of the second level.
// What is HTML in the notes is dropped; a link to anything but https and mailto is its text, an image its description. Two walls
// stand one behind the other: the tree is cleared of what must not be, and what comes out is let through by a list (OWASP XSS
// Prevention Cheat Sheet; asvs: V1.3.1).
func Render(markdown string) string {
	m := making()
	var out bytes.Buffer
	if err := m.markdown.Convert([]byte(markdown), &out); err != nil {
		return "" // a buffer takes all
	}
	return strings.TrimSpace(m.allowed.Sanitize(out.String()))
}

type maker struct {
	markdown goldmark.Markdown
	allowed  *bluemonday.Policy
}

// making is made once: to make it costs more than to use it.
var making = sync.OnceValue(func() maker {
	return maker{goldmark.New(goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(shaper{}, 500)))), allowed()}
})

const (
	headingShift = 2 // the page has h1 and h2
	listClass    = "bullets"
	linkRelation = "noopener noreferrer"
)

func allowed() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "hr", "br")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^` + linkRelation + `$`)).OnElements("a")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^` + listClass + `$`)).OnElements("ul")
	p.RequireParseableURLs(true)
	p.AllowURLSchemes("https", "mailto")
	return p
}

// shaper fits the tree of the notes to the page.
type shaper struct{}

// Transform implements parser.ASTTransformer.
func (shaper) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	var plainly []ast.Node // links and images that are to be their words alone
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(n.Level+headingShift, 6)
		case *ast.List:
			if !n.IsOrdered() {
				n.SetAttributeString("class", []byte(listClass))
			}
		case *ast.Link:
			n.Title = nil
			if !linkable(n.Destination) {
				plainly = append(plainly, n)
			}
			n.SetAttributeString("rel", []byte(linkRelation))
		case *ast.AutoLink:
			if n.AutoLinkType == ast.AutoLinkURL && !linkable(n.URL(reader.Source())) {
				plainly = append(plainly, n)
			}
			n.SetAttributeString("rel", []byte(linkRelation))
		case *ast.Image:
			plainly = append(plainly, n)
		}
		return ast.WalkContinue, nil
	})
	for _, n := range plainly {
		parent := n.Parent()
		if auto, ok := n.(*ast.AutoLink); ok {
			parent.ReplaceChild(parent, n, ast.NewString(escaped(auto.Label(reader.Source()))))
			continue
		}
		for child := n.FirstChild(); child != nil; {
			next := child.NextSibling()
			parent.InsertBefore(parent, n, child)
			child = next
		}
		parent.RemoveChild(parent, n)
	}
}

func escaped(b []byte) []byte { return util.EscapeHTML(b) }

func linkable(destination []byte) bool {
	u, err := url.Parse(string(destination))
	return err == nil && !bytes.ContainsAny(destination, "\"'<>`\\ ") && (u.Scheme == "https" && u.Host != "" || u.Scheme == "mailto")
}
