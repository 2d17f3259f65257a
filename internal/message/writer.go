package message

import (
	"embed"
	"errors"
	"fmt"
	"html"
	htmltemplate "html/template"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"text/template"
	"time"
	"unicode/utf8"

	"vestibule/internal/carrier"
	"vestibule/internal/outbox"
	"vestibule/internal/text"
)

//go:embed templates
var builtIn embed.FS

// A Vendor is who the messages come from.
type Vendor struct {
	Name     string
	Legal    string               // name and postal address in one line, under every e-mail; may be empty
	Phone    string               // of the helpdesk, as it is read; may be empty
	Hours    map[text.Lang]string // when that is answered, like "working days from 08:00 to 18:00 UK time"; may be nil
	ReplyTo  string               // e-mail address of the helpdesk; may be empty
	Security string               // e-mail address for "was it not you?"; where empty, ReplyTo
	Accent   string               // the brand's colour as #rrggbb
}

// Options say how messages are written.
type Options struct {
	Vendor    Vendor
	BaseURL   *url.URL        // of the portal, always the configured one
	Words     *text.Catalogue // for dates and numbers; it knows the time zone
	Lang      text.Lang       // for people whose language is not known
	Overrides fs.FS           // a vendor's own files, or nil
	Outbox    *outbox.Outbox
}

// A Writer writes messages. It is safe for many goroutines.
type Writer struct {
	o           Options
	base        string
	light, dark palette
	sheets      map[string]func() (*sheet, error) // by file; see sheet
	outbox      *outbox.Outbox
}

// A sheet is the words of one message in one language, parsed when it is first
// wanted: to parse all of them would be most of the portal's start.
type sheet struct {
	text *template.Template // for an e-mail with "subject"; for an SMS the whole
	html *htmltemplate.Template
}

// view is what templates see.
type view struct {
	To          To
	Vendor      Vendor
	M           Message
	Lang        string
	Host        string
	Subject     string
	Initial     string
	Light, Dark palette
}

// NewWriter makes a writer. Where the vendor has files of their own, all words
// are read and tried, and the error says which file is wrong, and where; the
// portal's own files are tried by its tests.
func NewWriter(o Options) (*Writer, error) {
	if o.BaseURL == nil || o.BaseURL.Host == "" {
		return nil, errors.New("message: links need the portal's address")
	}
	if o.Vendor.Security == "" {
		o.Vendor.Security = o.Vendor.ReplyTo
	}
	if !o.Lang.Known() {
		o.Lang = text.English
	}
	w := &Writer{o: o, base: strings.TrimSuffix(o.BaseURL.String(), "/"), outbox: o.Outbox, sheets: map[string]func() (*sheet, error){}}
	var err error
	if w.light, w.dark, err = palettes(o.Vendor.Accent); err != nil {
		return nil, err
	}
	if err := w.checkNames(); err != nil {
		return nil, err
	}
	for _, sample := range samples() {
		one := sample.Message.spec()
		for _, lang := range text.Languages() {
			w.sheets[fileOf(one.kind, lang)] = sync.OnceValues(func() (*sheet, error) { return w.read(one, lang) })
		}
	}
	if o.Overrides != nil {
		if err := w.try(); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func samples() []Sample { return Samples(time.Date(2026, 6, 3, 9, 42, 0, 0, time.UTC)) }

// try writes every sample in every language.
func (w *Writer) try() error {
	for _, sample := range samples() {
		for _, lang := range text.Languages() {
			if _, err := w.Write(To{Address: "marta@harbour.example", Name: "Marta", Lang: lang}, sample.At, sample.Message); err != nil {
				return err
			}
		}
	}
	return nil
}

func fileOf(kind string, lang text.Lang) string { return kind + "." + string(lang) + ".txt" }

// checkNames refuses an override that replaces nothing: its name is misspelt.
func (w *Writer) checkNames() error {
	if w.o.Overrides == nil {
		return nil
	}
	entries, err := fs.ReadDir(w.o.Overrides, ".")
	if err != nil {
		return fmt.Errorf("message: the vendor's own words: %w", err)
	}
	for _, e := range entries {
		if _, err := fs.Stat(builtIn, path.Join("templates", e.Name())); err != nil {
			return fmt.Errorf("message: %s among the vendor's own words is no message's file", e.Name())
		}
	}
	return nil
}

// file reads a file of words: the vendor's, or the portal's own.
func (w *Writer) file(name string) (string, error) {
	if w.o.Overrides != nil {
		b, err := fs.ReadFile(w.o.Overrides, name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return string(b), err
		}
	}
	b, err := fs.ReadFile(builtIn, path.Join("templates", name))
	return string(b), err
}

// prelude gives templates their short names; dot is the message.
const prelude = `{{$to := .To}}{{$vendor := .Vendor}}{{$c := .Light}}{{with .M}}`

func (w *Writer) read(s spec, lang text.Lang) (*sheet, error) {
	source, err := w.file(fileOf(s.kind, lang))
	if err != nil {
		return nil, err
	}
	plain := w.funcs(lang)
	plain["quote"] = strings.TrimSpace
	if s.channel == carrier.SMS {
		t, err := template.New("sms").Funcs(plain).Option("missingkey=error").Parse(`{{$host := .Host}}` + prelude + source + `{{end}}`)
		return &sheet{text: t}, err
	}
	ws, err := parseWords(source)
	if err != nil {
		return nil, err
	}
	frame, err := w.frame(lang)
	if err != nil {
		return nil, err
	}
	plainLayout, err := w.file("layout.txt")
	if err != nil {
		return nil, err
	}
	richLayout, err := w.file("layout.html")
	if err != nil {
		return nil, err
	}
	sh := &sheet{}
	sh.text, err = template.New("layout.txt").Funcs(plain).Parse(define(ws, frame, textForm{}, textForm{}.loud(ws.head["Title"])) + plainLayout)
	if err != nil {
		return nil, err
	}
	rich := maps.Clone(plain)
	maps.Copy(rich, richFuncs())
	sh.html, err = htmltemplate.New("layout.html").Funcs(rich).Parse(define(ws, frame, htmlForm{}, htmlForm{}.inline(ws.head["Title"])) + richLayout)
	return sh, err
}

// frame reads the lines that all e-mails of a language share.
func (w *Writer) frame(lang text.Lang) (map[string]string, error) {
	source, err := w.file(fileOf("frame", lang))
	if err != nil {
		return nil, err
	}
	frame := map[string]string{}
	for line := range strings.Lines(source) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			frame[name] = value
		}
	}
	for _, name := range []string{"hello", "button", "questions", "not-you"} {
		if frame[name] == "" {
			return nil, fmt.Errorf("%s lacks %q", fileOf("frame", lang), name+":")
		}
	}
	return frame, nil
}

// define makes the source of all that a layout calls.
func define(ws words, frame map[string]string, f form, title string) string {
	var b strings.Builder
	one := func(name, source string) {
		b.WriteString(`{{define "` + name + `"}}` + prelude + source + `{{end}}{{end}}`)
	}
	one("subject", textForm{}.inline(ws.head["Subject"]))
	one("title", title)
	one("preview", f.inline(ws.head["Preview"]))
	one("why", f.inline(ws.head["Why"]))
	one("body", compile(f, ws.body))
	for _, name := range slices.Sorted(maps.Keys(frame)) {
		one(name, f.inline(frame[name]))
	}
	return b.String()
}

// funcs are what templates of both forms can call.
func (w *Writer) funcs(lang text.Lang) template.FuncMap {
	words := w.o.Words.For(lang)
	return template.FuncMap{
		"day":      words.Date,
		"shortDay": words.ShortDate,
		"clock":    func(t time.Time) string { return words.Time(t) + " " + words.Zone(t) },
		"when":     func(t time.Time) string { return words.DateTime(t) + " " + words.Zone(t) },
		"number":   func(n int) string { return words.Number(int64(n)) },
		"hours":    func() string { return w.o.Vendor.Hours[lang] },
		"link":     w.link,
		"say": func(parts ...string) (string, error) {
			key := strings.Join(parts, ".")
			if !words.Has(key) {
				return "", fmt.Errorf("the catalogue has no %q", key)
			}
			return words.T(key), nil
		},
		"address": func(path string) string { return w.base + "/" + strings.TrimPrefix(path, "/") },
	}
}

// link makes an address of the portal from the name of a path and what follows.
func (w *Writer) link(name string, parts ...string) (string, error) {
	at, ok := paths()[name]
	if !ok {
		return "", fmt.Errorf("there is no link %q", name)
	}
	for _, p := range parts {
		at = strings.TrimSuffix(at, "/") + "/" + url.PathEscape(p)
	}
	return w.base + at, nil
}

// richFuncs make what html/template would take out or escape: comments that
// Outlook reads, and line breaks. Each escapes what it is given.
func richFuncs() htmltemplate.FuncMap {
	raw := func(s string) func() htmltemplate.HTML {
		return func() htmltemplate.HTML { return htmltemplate.HTML(s) } //nolint:gosec // constants
	}
	return htmltemplate.FuncMap{
		"quote": func(s string) htmltemplate.HTML {
			return htmltemplate.HTML(strings.ReplaceAll(html.EscapeString(strings.TrimSpace(s)), "\n", "<br>")) //nolint:gosec // escaped
		},
		"outlookHead": raw(`<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml></noscript>` +
			`<style>td, th, p, h1, h2, a { font-family: "Segoe UI", Arial, sans-serif !important; }</style><![endif]-->`),
		"outlookFrame":     raw(`<!--[if mso]><table role="presentation" width="600" border="0" cellpadding="0" cellspacing="0"><tr><td><![endif]-->`),
		"outlookFrameEnd":  raw(`<!--[if mso]></td></tr></table><![endif]-->`),
		"unlessOutlook":    raw(`<!--[if !mso]><!-->`),
		"endUnlessOutlook": raw(`<!--<![endif]-->`),
		"previewFiller":    raw(strings.Repeat("&#8199;&#847;", 10)), // so that no words of the body follow the preview
		"outlookButton": func(c palette, address, label string) htmltemplate.HTML {
			return htmltemplate.HTML(fmt.Sprintf(`<!--[if mso]><v:roundrect href="%s" style="height:48px;v-text-anchor:middle;width:%dpx;" arcsize="13%%" strokecolor="%[3]s" fillcolor="%[3]s">`+ //nolint:gosec // escaped
				`<w:anchorlock xmlns:w="urn:schemas-microsoft-com:office:word"/><center style="color:%[4]s;font-family:'Segoe UI',Arial,sans-serif;font-size:16px;font-weight:600;">%[5]s</center></v:roundrect><![endif]-->`,
				html.EscapeString(address), 64+9*utf8.RuneCountInString(label), c.Accent, c.OnAccent, html.EscapeString(label)))
		},
	}
}

// Write makes the words of m for to at now, without sending them.
func (w *Writer) Write(to To, now time.Time, m Message) (outbox.Message, error) {
	s := m.spec()
	if !to.Lang.Known() {
		to.Lang = w.o.Lang
	}
	read := w.sheets[fileOf(s.kind, to.Lang)]
	if read == nil {
		return outbox.Message{}, fmt.Errorf("message: no words for %q", s.kind)
	}
	sh, err := read()
	if err != nil {
		return outbox.Message{}, fmt.Errorf("message: %s: %w", fileOf(s.kind, to.Lang), err)
	}
	out := outbox.Message{
		Kind: s.kind, Channel: s.channel, To: to.Address, ToName: to.Name, ReplyTo: w.o.Vendor.ReplyTo,
		Lang: to.Lang.Tag(), Secrets: s.secrets, Sole: s.sole, Apart: s.apart,
	}
	v := view{To: to, Vendor: w.o.Vendor, M: m, Lang: out.Lang, Host: w.o.BaseURL.Hostname(), Light: w.light, Dark: w.dark}
	if s.channel == carrier.SMS {
		out.Text, err = w.sms(sh, v)
	} else {
		out.Subject, out.Text, out.HTML, err = w.mail(sh, v)
	}
	if err != nil {
		return outbox.Message{}, fmt.Errorf("message: %s: %w", fileOf(s.kind, to.Lang), err)
	}
	return out, nil
}

func (w *Writer) mail(sh *sheet, v view) (subject, plain, rich string, err error) {
	first, _ := utf8.DecodeRuneInString(v.Vendor.Name)
	v.Initial = strings.ToUpper(string(first))
	var b strings.Builder
	if err = sh.text.ExecuteTemplate(&b, "subject", v); err != nil {
		return
	}
	subject = strings.Join(strings.Fields(b.String()), " ") // one line, whatever a value holds
	v.Subject = subject
	b.Reset()
	if err = sh.text.Execute(&b, v); err != nil {
		return
	}
	plain = tidy(below(b.String()))
	b.Reset()
	if err = sh.html.Execute(&b, v); err != nil {
		return
	}
	return subject, plain, b.String(), nil
}

// tidy takes out the spaces at ends of lines, and blank lines after the first.
func tidy(s string) string {
	var b strings.Builder
	blank := 0
	for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		if line = strings.TrimRight(line, " \t\r"); line == "" {
			blank++
			continue
		}
		if b.Len() > 0 {
			b.WriteString(strings.Repeat("\n", 1+min(blank, 1)))
		}
		blank = 0
		b.WriteString(line)
	}
	return b.String() + "\n"
}

// sms fills a text message. It is one segment: where the vendor's name makes it
// longer, the name is left out, and where the portal's host still does, that.
func (w *Writer) sms(sh *sheet, v view) (string, error) {
	for _, shorten := range []func(){func() {}, func() { v.Vendor.Name = "" }, func() { v.Host = "" }} {
		shorten()
		var b strings.Builder
		if err := sh.text.Execute(&b, v); err != nil {
			return "", err
		}
		if s := strings.TrimSpace(b.String()); carrier.OneSegment(s) {
			return s, nil
		}
	}
	return "", errors.New("it is longer than one text message")
}
