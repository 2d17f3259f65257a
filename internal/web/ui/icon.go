package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

var iconIndex = func() map[string]int {
	m := make(map[string]int, len(icons))
	for i, icon := range icons {
		m[icon.name] = i
	}
	return m
}()

// Icon draws a shape of 20 px beside text; it never stands alone without text
// or hidden text.
func Icon(name string) templ.Component { return icon(name, `<svg class="i" aria-hidden="true">`) }

// SmallIcon is Icon in 16 px, for buttons.
func SmallIcon(name string) templ.Component {
	return icon(name, `<svg class="i s" aria-hidden="true">`)
}

// ArrowIcon is SmallIcon for a shape that points: mirrored right to left.
func ArrowIcon(name string) templ.Component {
	return icon(name, `<svg class="i s flip" aria-hidden="true">`)
}

func icon(name, open string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		i, ok := iconIndex[name]
		if !ok {
			panic("ui: there is no icon " + name)
		}
		sceneOf(ctx).icons |= 1 << i
		_, err := io.WriteString(w, open+`<use href="#i-`+name+`"></use></svg>`)
		return err
	})
}

// marked has the page carry shapes that a script may bring in later.
func marked(names ...string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, _ io.Writer) error {
		for _, name := range names {
			sceneOf(ctx).icons |= 1 << iconIndex[name]
		}
		return nil
	})
}

// sprite draws the shapes that the page used; it stands at the end of body,
// where they are known.
func (s *scene) sprite() templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		if s.icons == 0 {
			return nil
		}
		if _, err := io.WriteString(w, "<svg hidden>"); err != nil {
			return err
		}
		for i, icon := range icons {
			if s.icons&(1<<i) == 0 {
				continue
			}
			if _, err := io.WriteString(w, `<symbol id="i-`+icon.name+`" viewBox="0 0 20 20">`+icon.shape+`</symbol>`); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, "</svg>\n")
		return err
	})
}
