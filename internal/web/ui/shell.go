package ui

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/a-h/templ"

	"vestibule/internal/text"
)

// A Shell is what all pages of one language have in common, drawn once: head,
// brand, contacts, footer. It is a third of a small page and most of its cost.
type Shell struct {
	before, after        *drawn // of the title
	skip, stuck, links   *drawn
	client, home, office *drawn // the brand of each layout
	script, rail         *drawn
}

// drawn is HTML that stands ready.
type drawn struct{ html string }

// Render writes it as it is.
func (d *drawn) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, d.html)
	return err
}

// NewShell draws the shell of a language and a vendor.
func NewShell(words *text.Words, vendor *Vendor) (*Shell, error) {
	f := &Frame{Words: words, Vendor: vendor}
	s := &Shell{}
	for _, part := range []struct {
		into **drawn
		draw templ.Component
	}{
		{&s.before, headBefore(f)}, {&s.after, headAfter(f)}, {&s.skip, skip(f)}, {&s.stuck, stuck(f)}, {&s.links, footLinks(f)},
		{&s.client, brand(f, "/", f.T("ui.client-portal"))}, {&s.home, brand(f, "/portal", "")}, {&s.office, brand(f, "/office", f.T("ui.back-office"))},
		{&s.script, script()}, {&s.rail, ProductRail(f)},
	} {
		var b bytes.Buffer
		if err := part.draw.Render(context.Background(), &b); err != nil {
			return nil, fmt.Errorf("drawing the shell: %w", err)
		}
		*part.into = &drawn{b.String()}
	}
	return s, nil
}
