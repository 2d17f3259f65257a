package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

type docsPage struct {
	*ui.Frame
	*description
}

func (f *Face) docs(c *web.Context) error {
	return c.Page(http.StatusOK, docsView(docsPage{c.Frame(), f.describe(c.Words)}))
}

// kind is a field's type in words.
func (p docsPage) kind(f field) string {
	if f.List {
		return p.T("api.page.list", "type", f.Kind)
	}
	return f.Kind
}

// meaning is a field in words, with the values that it has now.
func (p docsPage) meaning(f field) string {
	if len(f.Enum) == 0 {
		return f.Text
	}
	return f.Text + ". " + p.T("api.page.values", "values", strings.Join(f.Enum, ", "))
}

// isType reports whether a kind is described on the page.
func (p docsPage) isType(kind string) bool {
	for _, t := range p.Types {
		if t.Name == kind {
			return true
		}
	}
	return false
}

// example is a sample of a type as somebody reads it.
func (p docsPage) example(name string) string {
	raw, err := json.Marshal(p.sample(name))
	if err != nil {
		return ""
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return ""
	}
	return b.String()
}

func (o described) codeWords() string {
	codes := make([]string, len(o.Failures))
	for i, f := range o.Failures {
		codes[i] = f.Code
	}
	return strings.Join(codes, ", ")
}

// Samples are the pages of this face.
func Samples() []web.Sample {
	return []web.Sample{{Name: "api-docs", Draw: func(f *ui.Frame) templ.Component {
		words, err := text.Load(nil)
		if err != nil {
			panic(err) // the portal does not start without its words
		}
		face := &Face{words: words.In(time.UTC)}
		return docsView(docsPage{f, face.describe(f.Words)})
	}}}
}

// shown is the path as the page has it: braces would look like a place that nobody filled in.
func (o described) shown() string { return strings.ReplaceAll(o.path, "{id}", "ID") }
