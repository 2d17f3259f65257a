// Package ui is what pages are made of: three layouts (Gate, App, Office) and
// the parts that stand in them (Field, Note, Key, Table …), drawn with templ.
//
// A page is a component of one struct that embeds *Frame and holds values
// ready to show:
//
//	type detailsPage struct {
//		*ui.Frame
//		First, Last string
//	}
//
//	templ details(p detailsPage) {
//		@ui.Gate(p.Frame, p.T("register.details.title")) {
//			<h1>{ p.T("register.details.title") }</h1>
//			<form class="stack l" method="post" action="/register/details" novalidate>
//				@ui.Text(ui.Field{Name: "first", Label: p.T("register.details.first"), Value: p.First, Autocomplete: "given-name"})
//				@ui.Submit(p.T("register.details.go"))
//			</form>
//		}
//	}
//
// The layout gives its parts three things through the context, so that a page
// need not pass them on: the words of the language, the failures of the form
// (a Field finds its own by name, the summary stands first in main), and a list
// on which each Icon puts itself, so that a page carries only the shapes it
// uses. No part writes inline style or script; no part fetches anything.
package ui

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/text"
)

// A Frame is what every page shows around its content. Pages embed a pointer
// to it; web.Context.Frame makes it.
type Frame struct {
	Words  *text.Words
	Vendor *Vendor
	// Shell stands ready where the kit made it; it follows from the two above.
	Shell *Shell

	// Path is where a GET shows this page again, with its query, for the
	// language switch.
	Path string
	// Errors are the failures of the form that was sent, in page order.
	Errors Errors
	// Nav are the entries of the portal's or office's navigation, Me is who
	// is signed in. Both are empty for a Gate.
	Nav []NavItem
	Me  Me
	// Rail is what stands beside a Gate's content; nil is the product.
	Rail templ.Component
	// Refresh, where not zero, has the browser load the page again after that
	// time (the waiting page).
	Refresh time.Duration
	// Demo marks a portal that shows sample content and has an inbox page.
	Demo bool
}

// T returns words of the page's language.
func (f *Frame) T(key string, args ...any) string { return f.Words.T(key, args...) }

// Status is the answer's status: 200, or 422 where the form has failures.
func (f *Frame) Status() int {
	if len(f.Errors) > 0 {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// A Vendor is who runs the portal, as every page shows it.
type Vendor struct {
	Name     string // "Northwind Conferencing"
	Legal    string // "Northwind Conferencing Ltd, Bristol"
	Product  string // "Meeting Add-On for GroupWise"
	LogoURL  string // empty: a mark with the initial
	Phone    string // "+44 1632 960182"; empty: not offered
	Email    string // the helpdesk
	Security string // where to report a concern; empty: the helpdesk
	Brand    string // path of the sheet that sets the accent colour
	Icon     string // path of the mark for the browser's tab
	Footer   []Link // privacy, imprint, accessibility and whatever the vendor adds
}

// A Link is words that lead somewhere.
type Link struct{ Text, Href string }

// A NavItem is one entry of the navigation. Count is shown where it is not
// zero; CountNote says what is counted, for screen readers.
type NavItem struct {
	Text, Href, Icon string
	Current          bool
	Count            int
	CountNote        string
}

// Me is who is signed in, in the corner of App and Office.
type Me struct {
	Name, Note string // Note: the organisation, or the staff role
	Href       string // own account
	SignOut    string // where a POST signs out
}

// Initials are up to two letters for the avatar.
func (m Me) Initials() string { return Initials(m.Name) }

// Initials are the first letters of the first and the last word of a name.
func Initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return ""
	}
	first := []rune(words[0])[:1]
	if len(words) == 1 {
		return strings.ToUpper(string(first))
	}
	return strings.ToUpper(string(first) + string([]rune(words[len(words)-1])[:1]))
}

// An Error is one failure of a form in words. Field is the name of its
// control, empty where it belongs to none.
type Error struct{ Field, Text string }

// Errors are the failures of a form in page order.
type Errors []Error

// On returns what is wrong with a field, or "".
func (e Errors) On(field string) string {
	for _, one := range e {
		if one.Field == field {
			return one.Text
		}
	}
	return ""
}

// scene is what a layout gives to its parts while a page is drawn.
type scene struct {
	frame *Frame
	shell *Shell
	icons uint64
}

type sceneKey struct{}

func begin(ctx context.Context, f *Frame) (context.Context, *scene) {
	s := &scene{frame: f}
	return context.WithValue(ctx, sceneKey{}, s), s
}

func sceneOf(ctx context.Context) *scene {
	s, _ := ctx.Value(sceneKey{}).(*scene)
	return s
}

// t returns words of the page's language, for the parts.
func t(ctx context.Context, key string, args ...any) string {
	return sceneOf(ctx).frame.Words.T(key, args...)
}

func words(ctx context.Context) *text.Words { return sceneOf(ctx).frame.Words }

// wrong is what the form's failures say about a field.
func wrong(ctx context.Context, field string) string { return sceneOf(ctx).frame.Errors.On(field) }

func layout(f *Frame, draw func(*scene) templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		ctx, s := begin(ctx, f)
		if s.shell = f.Shell; s.shell == nil {
			var err error
			if s.shell, err = NewShell(f.Words, f.Vendor); err != nil {
				return err
			}
		}
		return draw(s).Render(ctx, w)
	})
}

// Gate is the layout of sign-in, request, registration, waiting and errors:
// brand and rail beside one narrow column. Its children are the content of main.
func Gate(f *Frame, title string) templ.Component {
	return layout(f, func(s *scene) templ.Component { return gate(f, s, title) })
}

// App is the layout of the client portal: a bar on top, then the page.
func App(f *Frame, title string) templ.Component {
	return layout(f, func(s *scene) templ.Component { return app(f, s, title) })
}

// Office is the layout of the back office: the bar stands at the side.
func Office(f *Frame, title string) templ.Component {
	return layout(f, func(s *scene) templ.Component { return office(f, s, title) })
}

// footer are the vendor's links, with the portal's own help pages where the
// vendor names no page of that kind.
func (v *Vendor) footer(f *Frame) []Link {
	if len(v.Footer) > 0 {
		return v.Footer
	}
	return []Link{{f.T("ui.privacy"), "/help/privacy"}, {f.T("ui.accessibility"), "/help/accessibility"}}
}

// inLang is this page in another language.
func (f *Frame) inLang(lang text.Lang) string {
	if strings.Contains(f.Path, "?") {
		return f.Path + "&lang=" + string(lang)
	}
	return f.Path + "?lang=" + string(lang)
}

// LegalName is who answers for the portal.
func (v *Vendor) LegalName() string {
	if v.Legal != "" {
		return v.Legal
	}
	return v.Name
}
