package e2e_test

import (
	"strings"
	"testing"

	"vestibule/e2e/browser"
	"vestibule/e2e/guide"
	"vestibule/e2e/parts"
	"vestibule/internal/text"
)

// hands are a person's at a real browser.
type hands struct {
	*browser.Page
	base     string
	noScript bool
}

func (h hands) Open(address string) {
	if strings.HasPrefix(address, "/") {
		address = h.base + address
	}
	h.Go(address)
}

func (h hands) Code(label, code, button string) {
	if h.noScript {
		h.Fill(label, code)
		h.Press(button)
		return
	}
	h.Leave("the sixth digit", func() { h.Type(label, code) })
}

func (h hands) Key() string { return strings.ReplaceAll(h.Read(".key code"), " ", "") }

// somebody sits down at a browser of their own.
func somebody(t *testing.T, o *parts.Office, n int, options browser.Options) guide.Way {
	t.Helper()
	words, err := guide.English()
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(options.Language, string(text.German)) {
		if words, err = guide.German(); err != nil {
			t.Fatal(err)
		}
	}
	return guide.Way{Hands: hands{Page: browser.Open(t, options), base: o.URL, noScript: options.NoScript}, Words: words, Person: guide.Someone(n)}
}

// page is the browser that a person sits at.
func page(w guide.Way) *browser.Page {
	if k, ok := w.Hands.(keys); ok {
		return k.Page
	}
	return w.Hands.(hands).Page
}
