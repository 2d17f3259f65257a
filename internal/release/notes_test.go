package release

import (
	"strings"
	"testing"
)

func TestNotesAreHTMLThatFitsThePage(t *testing.T) {
	got := Render("# New\n\nFaster, *much* **faster**: `go`.\n\n- one\n- two\n  1. a\n\n> said\n\n[more](https://example.com/x?a=1&b=2 \"title\") <https://example.com> [mail](mailto:a@example.com)\n\n```sh\nls <x>\n```\n\n###### deep\n\n---\n")
	for _, want := range []string{
		"<h3>New</h3>", "<em>much</em>", "<strong>faster</strong>", "<code>go</code>", `<ul class="bullets">`, "<ol>", "<blockquote>", "<h6>deep</h6>", "<hr", "ls &lt;x&gt;",
		`href="https://example.com/x?a=1&amp;b=2"`, `rel="noopener noreferrer"`, `href="mailto:a@example.com"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
	for _, not := range []string{"title=", "id=", "<h1", "<h2", "class=\"language"} {
		if strings.Contains(got, not) {
			t.Errorf("%q is in:\n%s", not, got)
		}
	}
}

func hostile() []string {
	return []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `[x](javascript:alert(1))`, `[x](JaVaScRiPt:alert(1))`,
		`[x](java&#115;cript:alert(1))`, "[x](java\tscript:alert(1))", `[x](data:text/html;base64,PHNjcmlwdD4=)`, `[x](vbscript:x)`, `<javascript:alert(1)>`,
		`![x](https://tracker.example/p.png)`, `![x](javascript:alert(1))`, `[![x](https://a/b)](javascript:x)`, `<a href="https://x" onclick=alert(1)>x</a>`,
		`[x](https://a"onmouseover="alert(1))`, "[x]: javascript:alert(1)\n\n[x]", `<iframe src=https://x></iframe>`, `<style>*{}</style>`, `<base href=//x>`,
		`<form action=https://x><input name=password></form>`, `[x](//evil.example)`, `[x](/office)`, `[x](http://evil.example)`, `<math><mi//xlink:href="data:x,<script>alert(1)</script>">`,
		`<!--><script>alert(1)</script>-->`, `&lt;script&gt;alert(1)&lt;/script&gt;`, "```html\"onload=x\n<script>\n```", `<http://a><script>`, "\x00<scr\x00ipt>", `<a href="jav&#x0A;ascript:alert(1)">`,
	}
}

// asvs: V1.3.1 V1.3.5
func TestHostileNotesDoNothing(t *testing.T) {
	for _, in := range hostile() {
		harmless(t, in)
	}
}

func harmless(t *testing.T, in string) {
	t.Helper()
	out := Render(in)
	rest := out
	for {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			return
		}
		end := strings.IndexByte(rest[i:], '>')
		if end < 0 {
			t.Fatalf("%q became %q", in, out)
		}
		tag := rest[i+1 : i+end]
		rest = rest[i+end+1:]
		name, attributes, _ := strings.Cut(strings.TrimPrefix(tag, "/"), " ")
		switch name {
		case "p", "h3", "h4", "h5", "h6", "ol", "li", "strong", "em", "code", "pre", "blockquote", "hr", "br", "hr/", "br/":
			if attributes != "" && attributes != "/" {
				t.Fatalf("%q became %q", in, out)
			}
		case "ul":
			if attributes != "" && attributes != `class="bullets"` {
				t.Fatalf("%q became %q", in, out)
			}
		case "a":
			if attributes == "" && strings.HasPrefix(tag, "/") {
				continue
			}
			if !strings.HasPrefix(attributes, `href="https://`) && !strings.HasPrefix(attributes, `href="mailto:`) || !strings.HasSuffix(attributes, `" rel="noopener noreferrer"`) || strings.Count(attributes, `"`) != 4 {
				t.Fatalf("%q became %q", in, out)
			}
		default:
			t.Fatalf("%q became %q", in, out)
		}
	}
}

func FuzzNotes(f *testing.F) {
	for _, in := range hostile() {
		f.Add(in)
	}
	f.Fuzz(harmless)
}

// FuzzSignature: what is read as a signature is one by its form, and nothing makes the reader fall.
func FuzzSignature(f *testing.F) {
	f.Add("untrusted comment: x\nRUSkx/2NOfeGbpOd0FxulASpiS0snR7W0WdJcm4WyjbD9uUB1XOtyc4dtWEaEq4+fck0IHlE+0dnNrXeLyRvh79NehgxsMfEcg0=\ntrusted comment: y\nnMixQKXJeLc7MII+bKES70rENUFKhAoowFvf2lGU6JZv3iWHzRkzETRfVB8Z35JSwhlaja3Vk29Fa4u7USRJDg==")
	f.Add("untrusted comment: x\n\n\n")
	f.Fuzz(func(t *testing.T, in string) {
		s, err := parseSignature(in)
		if err == nil && (len(s.sig) != 64 || len(s.global) != 64) {
			t.Fatalf("%q is read as %+v", in, s)
		}
		_, _ = judge(in, strings.Repeat("00", 64), []string{"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3", in})
		_, _ = ParseVersion(in)
	})
}
