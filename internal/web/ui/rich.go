package ui

import (
	"context"
	"html"
	"io"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"rsc.io/qr"
)

// Rich draws a sentence of the catalogue that holds links and weight: each
// [words in brackets] becomes a link to the next of hrefs, **words** are bold.
// Everything else is escaped; without an href for it, a bracket is plain text.
func Rich(sentence string, hrefs ...string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		rich(&b, sentence, hrefs)
		_, err := io.WriteString(w, b.String())
		return err
	})
}

func rich(b *strings.Builder, s string, hrefs []string) {
	for s != "" {
		i := strings.IndexAny(s, "[*")
		if i < 0 {
			break
		}
		b.WriteString(html.EscapeString(s[:i]))
		s = s[i:]
		if inner, rest, ok := between(s, "[", "]"); ok && len(hrefs) > 0 {
			b.WriteString(`<a href="` + html.EscapeString(string(templ.URL(hrefs[0]))) + `">` + html.EscapeString(inner) + `</a>`)
			s, hrefs = rest, hrefs[1:]
			continue
		}
		if inner, rest, ok := between(s, "**", "**"); ok {
			b.WriteString("<b>" + html.EscapeString(inner) + "</b>")
			s = rest
			continue
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	b.WriteString(html.EscapeString(s))
}

func between(s, open, end string) (inner, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, open)
	if !ok {
		return "", "", false
	}
	return strings.Cut(s, end)
}

// Paragraphs draws plain text with blank lines between its paragraphs, and
// lines that start with "## " as headings of the second level: the terms.
func Paragraphs(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for block := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
			block = strings.TrimSpace(block)
			if title, ok := strings.CutPrefix(block, "## "); ok {
				title, block, _ = strings.Cut(title, "\n")
				b.WriteString("<h2>" + html.EscapeString(title) + "</h2>")
			}
			if block == "" {
				continue
			}
			b.WriteString("<p>")
			rich(&b, block, nil)
			b.WriteString("</p>")
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// QR draws content as a QR code (ISO/IEC 18004, level M) with its quiet zone;
// label says what it is and what to do instead.
func QR(content, label string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		side, path, err := drawQR(content)
		if err != nil {
			return err
		}
		n := strconv.Itoa(side)
		_, err = io.WriteString(w, `<svg class="qr" viewBox="0 0 `+n+` `+n+`" role="img" aria-label="`+html.EscapeString(label)+`" shape-rendering="crispEdges"><path d="`+path+`" fill="#000"></path></svg>`)
		return err
	})
}

// drawQR is the code as one path of horizontal runs, and its side in modules.
func drawQR(content string) (side int, path string, err error) {
	code, err := qr.Encode(content, qr.M)
	if err != nil {
		return 0, "", err
	}
	const quiet = 2 // and the padding of .qr around it
	b := make([]byte, 0, 16<<10)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x == from {
				continue
			}
			b = strconv.AppendInt(append(b, 'M'), int64(from+quiet), 10)
			b = strconv.AppendInt(append(b, ' '), int64(y+quiet), 10)
			b = strconv.AppendInt(append(b, 'h'), int64(x-from), 10)
			b = strconv.AppendInt(append(b, "v1h-"...), int64(x-from), 10)
			b = append(b, 'z')
		}
	}
	return code.Size + 2*quiet, string(b), nil
}

// Part draws a component outside any layout: the answer to a form with
// data-live, whose elements replace those of the same id.
func Part(f *Frame, part templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		ctx, _ = begin(ctx, f)
		return part.Render(ctx, w)
	})
}
