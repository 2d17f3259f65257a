package web

import (
	"cmp"
	"slices"

	"github.com/a-h/templ"

	"vestibule/internal/fault"
	"vestibule/internal/web/ui"
)

// A Sample is a page with values worth looking at. Samples feed the golden
// files, the soundness check (package pagetest) and the demo's gallery.
type Sample struct {
	Name string // "register-details-errors": unique, also the file's name
	// Draw makes the page. The frame has words, vendor and navigation; the
	// sample may add Errors, Me, Rail.
	Draw func(*ui.Frame) templ.Component
}

// Gallery are the routes of the demo's gallery: an index at /dev/gallery and
// every sample by its name.
func Gallery(samples []Sample) []Route {
	samples = slices.Clone(samples)
	slices.SortFunc(samples, func(a, b Sample) int { return cmp.Compare(a.Name, b.Name) })
	return []Route{
		Row(Anyone, "GET /dev/gallery", func(c *Context) error {
			links := make([]ui.Link, len(samples))
			for i, s := range samples {
				links[i] = ui.Link{Text: s.Name, Href: "/dev/gallery/" + s.Name}
			}
			return c.Page(200, ui.GalleryPage(c.Frame(), links))
		}),
		Row(Anyone, "GET /dev/gallery/{name}", func(c *Context) error {
			name := c.R.PathValue("name")
			for _, s := range samples {
				if s.Name == name {
					return c.Page(200, s.Draw(c.Frame()))
				}
			}
			return fault.New(fault.NotFound, "not-found")
		}),
	}
}
