package message_test

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"vestibule/internal/carrier"
	"vestibule/internal/message"
	"vestibule/internal/outbox"
)

var conditional = regexp.MustCompile(`(?s)<!--\[if mso\]>.*?<!\[endif\]-->`)

func TestEveryEmailCanBeReadByEverybody(t *testing.T) {
	each(t, writer(t), func(t *testing.T, _ string, m outbox.Message) {
		if m.Channel != carrier.Email {
			return
		}
		doc, err := html.Parse(strings.NewReader(m.HTML))
		if err != nil {
			t.Fatal(err)
		}
		headings := map[string]int{}
		var words strings.Builder
		for n := range doc.Descendants() {
			if n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "title" {
				words.WriteString(n.Data + " ")
			}
			if n.Type != html.ElementNode {
				continue
			}
			headings[n.Data]++
			switch n.Data {
			case "html":
				if attr(n, "lang") != m.Lang {
					t.Errorf("the page says lang=%q and is %q", attr(n, "lang"), m.Lang)
				}
			case "table":
				// A table lays out, and says so, or has facts with headings.
				if attr(n, "role") != "presentation" && !has(n, "th") {
					t.Error("a table that only lays out does not say role=presentation")
				}
			case "img", "script", "link", "form", "iframe":
				t.Errorf("an e-mail has <%s>", n.Data)
			case "a":
				href := attr(n, "href")
				if !strings.HasPrefix(href, "https://portal.northwind.example/") && href != "mailto:security@northwind.example" {
					t.Errorf("a link leads to %q", href)
				}
				if !strings.Contains(m.Text, strings.TrimPrefix(href, "mailto:")) {
					t.Errorf("the plain part lacks the link %q", href)
				}
			}
		}
		if headings["h1"] != 1 {
			t.Errorf("%d h1", headings["h1"])
		}
		// The plain part says the same, in the same order.
		flat := strings.Join(strings.Fields(words.String()), " ")
		rest := flat
		for line := range strings.Lines(m.Text) {
			for word := range strings.FieldsSeq(line) {
				word = strings.Trim(word, "-():.,“”")
				i := strings.Index(strings.ToLower(rest), strings.ToLower(word))
				if i < 0 && !strings.Contains(word, "security@") && !strings.Contains(word, "https://") {
					t.Fatalf("%q of the plain part is missing, or elsewhere, in the HTML", word)
				}
			}
		}
		if strings.Contains(m.HTML, "ZgotmplZ") || strings.Contains(m.Text, "<no value>") {
			t.Error("a value was refused by the template")
		}
		for _, link := range regexp.MustCompile(`<v:roundrect href="([^"]*)"`).FindAllStringSubmatch(m.HTML, -1) {
			if !strings.Contains(conditional.ReplaceAllString(m.HTML, ""), `href="`+link[1]+`"`) {
				t.Errorf("Outlook's button leads elsewhere: %q", link[1])
			}
		}
	})
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, element string) bool {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == element {
			return true
		}
	}
	return false
}

// asvs: none; WCAG 2.2, 1.4.3 for text and 1.4.11 for the button's ground.
func TestColoursStayReadableWhateverTheVendorChose(t *testing.T) {
	light := func(s, class string) string {
		return regexp.MustCompile(class + `[^>]*?[; "]color:(#[0-9a-f]{6})`).FindStringSubmatch(s)[1]
	}
	dark := func(s, rule string) string {
		_, s, _ = strings.Cut(s, "prefers-color-scheme: dark")
		return regexp.MustCompile(regexp.QuoteMeta(rule) + `[^{]*\{[^}]*?(#[0-9a-f]{6}) !important`).FindStringSubmatch(s)[1]
	}
	for _, accent := range []string{"#0b5f80", "#000000", "#ffffff", "#ffff00", "#ff0000", "#00ff00", "#0000ff", "#00ffff", "#ff00ff", "#808080", "#c0392b", "#f39c12", "#27ae60", "#8e44ad", "#ffb6c1", "#123456", "#e6e600", "#7f4a1e"} {
		w := writer(t, func(o *message.Options) { o.Vendor.Accent = accent })
		m, err := w.Write(message.To{}, at, message.StaffStepHelp{Applicant: "a", Note: "n", AskedAt: at})
		if err != nil {
			t.Fatal(err)
		}
		back := regexp.MustCompile(`class="box" bgcolor="(#[0-9a-f]{6})"`).FindStringSubmatch(m.HTML)[1]
		button := regexp.MustCompile(`class="btn"[^>]*><tr><td align="center" bgcolor="(#[0-9a-f]{6})"`).FindStringSubmatch(m.HTML)[1]
		onButton := regexp.MustCompile(`font:600 16px/20px [^;]*;color:(#[0-9a-f]{6});text-decoration`).FindStringSubmatch(m.HTML)[1]
		quiet := regexp.MustCompile(`class="quiet ink" bgcolor="(#[0-9a-f]{6})"`).FindStringSubmatch(m.HTML)[1]
		ink, soft, link := light(m.HTML, "<h1"), light(m.HTML, `class="soft"`), light(m.HTML, `class="link"`)
		dBack, dQuiet, dInk, dSoft := dark(m.HTML, ".box"), dark(m.HTML, ".quiet"), dark(m.HTML, ".ink"), dark(m.HTML, ".soft")
		dLink, dButton := dark(m.HTML, ".link"), dark(m.HTML, ".ink .btn td")
		dOnButton := regexp.MustCompile(`\.btn a \{[^}]*; color: (#[0-9a-f]{6})`).FindStringSubmatch(m.HTML)[1]
		for name, pair := range map[string][2]string{
			"ink": {ink, back}, "soft": {soft, back}, "link": {link, back}, "button": {onButton, button}, "note": {ink, quiet}, "button's ground": {button, back},
			"dark ink": {dInk, dBack}, "dark soft": {dSoft, dBack}, "dark link": {dLink, dBack}, "dark button": {dOnButton, dButton}, "dark note": {dInk, dQuiet},
		} {
			if c := contrast(t, pair[0], pair[1]); c < 4.5 {
				t.Errorf("accent %s: %s %s on %s has contrast %.2f", accent, name, pair[0], pair[1], c)
			}
		}
	}
	for _, bad := range []string{"", "blue", "#12345", "#12345g", "0b5f80f"} {
		if _, err := message.NewWriter(options(t, func(o *message.Options) { o.Vendor.Accent = bad })); err == nil {
			t.Errorf("the accent %q was taken", bad)
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	l := func(s string) float64 {
		n, err := strconv.ParseUint(s[1:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		part := func(shift uint) float64 {
			v := float64(n>>shift&255) / 255
			if v <= .04045 {
				return v / 12.92
			}
			return math.Pow((v+.055)/1.055, 2.4)
		}
		return .2126*part(16) + .7152*part(8) + .0722*part(0)
	}
	x, y := l(a), l(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// Mail programs take what touches an address in plain text for a part of it.
func TestALinkOfThePlainPartStandsAlone(t *testing.T) {
	each(t, writer(t), func(t *testing.T, _ string, m outbox.Message) {
		if m.Channel != carrier.Email {
			return
		}
		if strings.ContainsAny(m.Text, "\x02\x03") || strings.ContainsAny(m.Subject, "\x02\x03") {
			t.Error("a mark of a link was left")
		}
		for line := range strings.Lines(m.Text) {
			if strings.Contains(line, "://") && !regexp.MustCompile(`^https://\S+\w\n$`).MatchString(line) {
				t.Errorf("more than a link: %q", line)
			}
			if strings.Contains(line, "security@") && strings.TrimSpace(line) != "security@northwind.example" {
				t.Errorf("more than an address: %q", line)
			}
		}
	})
}
