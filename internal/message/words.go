package message

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// words is a file of words: the lines of its head, and the blocks of its body.
// templates/README.md tells vendors how to write one.
type words struct {
	head map[string]string
	body string
}

var heads = []string{"Subject", "Title", "Preview", "Why"}

// parseWords reads the file of an e-mail.
func parseWords(file string) (words, error) {
	head, body, found := strings.Cut(strings.ReplaceAll(file, "\r\n", "\n"), "\n\n")
	w := words{head: map[string]string{}, body: body}
	if !found {
		return w, fmt.Errorf("a blank line must stand between its head and its words")
	}
	for line := range strings.SplitSeq(head, "\n") {
		name, value, ok := strings.Cut(line, ": ")
		if !ok || !contains(heads, name) {
			return w, fmt.Errorf("its head has the line %q, which is none of %s", line, strings.Join(heads, ", "))
		}
		w.head[name] = strings.TrimSpace(value)
	}
	for _, name := range []string{"Subject", "Preview", "Why"} {
		if w.head[name] == "" {
			return w, fmt.Errorf("its head lacks %q", name+":")
		}
	}
	if w.head["Title"] == "" {
		w.head["Title"] = w.head["Subject"]
	}
	return w, nil
}

func contains(all []string, s string) bool {
	for _, each := range all {
		if each == s {
			return true
		}
	}
	return false
}

// A block is a part of the body, told by how its first line begins.
type block struct {
	kind  byte // 'p', '#', '-', '>', '|', '~', '[', or '{' for an action that stands alone
	lines []string
}

var (
	anAction  = regexp.MustCompile(`\{\{.*?\}\}`)
	onlyLogic = regexp.MustCompile(`^(\{\{-?\s*(if|else|end|range|with)\b[^}]*\}\}\s*)+$`)
	aLink     = regexp.MustCompile(`\[([^\]]+)\]\(((?:\{\{[^}]*\}\}|[^)\s{])+)\)`)
	aButton   = regexp.MustCompile(`^` + aLink.String() + `$`)
	isBold    = regexp.MustCompile(`\*\*(.+?)\*\*`)
)

// blocks splits the body. Lines of a paragraph are joined; an action that
// stands alone on its line is a block of its own, or part of the list or table
// around it.
func blocks(body string) []block {
	var all []block
	open := false
	for line := range strings.SplitSeq(body, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			open = false
			continue
		}
		kind, text := kindOf(line)
		last := len(all) - 1
		switch {
		case open && kind == '{' && strings.IndexByte("->|", all[last].kind) >= 0:
			all[last].lines = append(all[last].lines, line)
		case open && kind == all[last].kind && kind != '#' && kind != '[':
			all[last].lines = append(all[last].lines, text)
		default:
			all = append(all, block{kind, []string{text}})
			open = kind != '{'
		}
	}
	return all
}

func kindOf(line string) (kind byte, text string) {
	if onlyLogic.MatchString(line) {
		return '{', line
	}
	if aButton.MatchString(line) {
		return '[', line
	}
	for _, mark := range []string{"## ", "- ", "> ", "| ", "~ "} {
		if rest, ok := strings.CutPrefix(line, mark); ok {
			return mark[0], rest
		}
	}
	return 'p', line
}

// A form writes blocks in one of the two forms of an e-mail.
type form interface {
	inline(line string) string
	block(b *strings.Builder, kind byte, lines []string)
}

// compile makes a template's source of the body. Logic passes through as it is.
func compile(f form, body string) string {
	var b strings.Builder
	for _, each := range blocks(body) {
		if each.kind == '{' {
			b.WriteString(each.lines[0])
			continue
		}
		f.block(&b, each.kind, each.lines)
	}
	return b.String()
}

// fonts are the letters of every e-mail; mail programs do not inherit them.
const fonts = `'Hanken Grotesk','Segoe UI',-apple-system,Arial,sans-serif`

type htmlForm struct{}

func (htmlForm) inline(line string) string {
	// Only what stands outside of actions is text to be escaped.
	var b strings.Builder
	from := 0
	for _, at := range anAction.FindAllStringIndex(line, -1) {
		b.WriteString(html.EscapeString(line[from:at[0]]) + line[at[0]:at[1]])
		from = at[1]
	}
	b.WriteString(html.EscapeString(line[from:]))
	out := aLink.ReplaceAllString(b.String(), `<a class="link" href="$2" style="color:{{$$c.Accent}};">$1</a>`)
	return isBold.ReplaceAllString(out, `<b>$1</b>`)
}

func (f htmlForm) block(b *strings.Builder, kind byte, lines []string) {
	each := func(open, end string) {
		for _, line := range lines {
			if onlyLogic.MatchString(line) {
				b.WriteString(line)
				continue
			}
			b.WriteString(open + f.inline(line) + end)
		}
	}
	switch kind {
	case '#':
		fmt.Fprintf(b, "\n"+`<h2 style="margin:16px 0 8px;font:600 18px/24px %s;color:{{$c.Ink}};">%s</h2>`, fonts, f.inline(lines[0]))
	case '-':
		b.WriteString("\n" + `<ul style="margin:0 0 16px;padding:0 0 0 20px;color:{{$c.Ink}};">`)
		each(`<li style="margin:0 0 4px;">`, `</li>`)
		b.WriteString(`</ul>`)
	case '>':
		fmt.Fprintf(b, "\n"+`<table role="presentation" width="100%%" border="0" cellpadding="0" cellspacing="0" style="margin:0 0 24px;"><tr><td class="quiet ink" bgcolor="{{$c.Quiet}}" style="padding:16px 20px;background-color:{{$c.Quiet}};border-radius:6px;font:400 15px/23px %s;color:{{$c.Ink}};">`, fonts)
		for i, line := range lines {
			if i > 0 && !onlyLogic.MatchString(line) {
				b.WriteString(`<br>`)
			}
			b.WriteString(f.inline(line))
		}
		b.WriteString(`</td></tr></table>`)
	case '|':
		b.WriteString("\n" + `<table border="0" cellpadding="0" cellspacing="0" style="margin:0 0 24px;">`)
		for _, line := range lines {
			name, value, isFact := strings.Cut(line, " | ")
			if !isFact {
				b.WriteString(line)
				continue
			}
			fmt.Fprintf(b, `<tr><th class="soft" scope="row" align="left" valign="top" style="padding:0 20px 6px 0;font:400 15px/23px %s;color:{{$c.Soft}};text-align:left;">%s</th><td class="ink" valign="top" style="padding:0 0 6px;font:400 15px/23px %s;color:{{$c.Ink}};">%s</td></tr>`, fonts, f.inline(name), fonts, f.inline(value))
		}
		b.WriteString(`</table>`)
	case '[':
		m := aButton.FindStringSubmatch(lines[0])
		fmt.Fprintf(b, "\n"+`<table role="presentation" border="0" cellpadding="0" cellspacing="0" class="btn" style="margin:8px 0 0;"><tr><td align="center" bgcolor="{{$c.Accent}}" style="border-radius:6px;background-color:{{$c.Accent}};">`+
			`{{outlookButton $c %[2]s %[3]q}}{{unlessOutlook}}<a href="%[1]s" style="display:inline-block;padding:13px 28px;border:1px solid {{$c.Accent}};border-radius:6px;background-color:{{$c.Accent}};font:600 16px/20px %[4]s;color:{{$c.OnAccent}};text-decoration:none;text-align:center;">%[5]s</a>{{endUnlessOutlook}}</td></tr></table>`+
			"\n"+`<p class="soft" style="margin:14px 0 24px;font:400 14px/21px %[4]s;color:{{$c.Soft}};">{{template "button" $}}<br><a class="link" href="%[1]s" style="color:{{$c.Accent}};word-break:break-all;">%[1]s</a></p>`,
			m[2], operand(m[2]), m[1], fonts, html.EscapeString(m[1]))
	case '~':
		fmt.Fprintf(b, "\n"+`<p class="soft" style="margin:0 0 24px;font:400 14px/21px %s;color:{{$c.Soft}};">%s</p>`, fonts, f.inline(strings.Join(lines, " ")))
	default:
		fmt.Fprintf(b, "\n"+`<p style="margin:0 0 16px;color:{{$c.Ink}};">%s</p>`, f.inline(strings.Join(lines, " ")))
	}
}

// operand makes an argument of the action that a button's address is.
func operand(address string) string {
	if inner, ok := strings.CutPrefix(address, "{{"); ok {
		return "(" + strings.TrimSuffix(inner, "}}") + ")"
	}
	return fmt.Sprintf("%q", address)
}

type textForm struct{}

func (textForm) inline(line string) string {
	line = isBold.ReplaceAllString(line, `$1`)
	return aLink.ReplaceAllStringFunc(line, func(s string) string {
		m := aLink.FindStringSubmatch(s)
		return m[1] + linkBegins + strings.TrimPrefix(m[2], "mailto:") + linkEnds
	})
}

// A link of a line of plain text stands between these until the line is filled
// in; see below.
const linkBegins, linkEnds = "\x02", "\x03"

// below puts the links of each line on lines of their own after it: mail
// programs take a bracket or full stop beside an address for a part of it.
func below(filled string) string {
	var b strings.Builder
	for line := range strings.Lines(filled) {
		var links []string
		words, rest, found := strings.Cut(line, linkBegins)
		for found {
			var link, more string
			link, rest, _ = strings.Cut(rest, linkEnds)
			links = append(links, link)
			more, rest, found = strings.Cut(rest, linkBegins)
			words += more
		}
		b.WriteString(words)
		for _, link := range links {
			b.WriteString(link + "\n")
		}
	}
	return b.String()
}

// loud writes a heading in capitals, as plain text has no other way. One with
// a value in it stays as it is: a UserID in capitals would be another, and half
// a line of capitals is none.
func (f textForm) loud(line string) string {
	if anAction.MatchString(line) {
		return f.inline(line)
	}
	return strings.ToUpper(f.inline(line))
}

func (f textForm) block(b *strings.Builder, kind byte, lines []string) {
	each := func(format func(string) string) {
		for _, line := range lines {
			if onlyLogic.MatchString(line) {
				b.WriteString(line)
				continue
			}
			b.WriteString(format(line) + "\n")
		}
		b.WriteString("\n")
	}
	switch kind {
	case '#':
		b.WriteString("\n" + f.loud(lines[0]) + "\n")
	case '-':
		each(func(line string) string { return "- " + f.inline(line) })
	case '|':
		each(func(line string) string {
			name, value, _ := strings.Cut(line, " | ")
			return f.inline(name) + ": " + f.inline(value)
		})
	case '>':
		each(f.inline)
	case '[':
		m := aButton.FindStringSubmatch(lines[0])
		b.WriteString(m[1] + ":\n" + m[2] + "\n\n")
	default:
		b.WriteString(f.inline(strings.Join(lines, " ")) + "\n\n")
	}
}
