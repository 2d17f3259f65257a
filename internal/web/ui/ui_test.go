package ui_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"vestibule/internal/text"
	"vestibule/internal/web/pagetest"
	"vestibule/internal/web/ui"
)

func draw(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := ui.Part(pagetest.Frame(t, text.English), c).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// asvs: V1.2.1
func TestASentenceWithLinksEscapesAllTheRest(t *testing.T) {
	for _, row := range []struct {
		sentence string
		hrefs    []string
		want     string
	}{
		{"plain & simple", nil, "plain &amp; simple"},
		{"read [the <terms>] and [more]", []string{"/terms?a=1&b=2", "/more"}, `read <a href="/terms?a=1&amp;b=2">the &lt;terms&gt;</a> and <a href="/more">more</a>`},
		{"**bold** and *star", nil, "<b>bold</b> and *star"},
		{"[no link]", nil, "[no link]"},
		{"[bad]", []string{"javascript:alert(1)"}, `<a href="about:invalid#TemplFailedSanitizationURL">bad</a>`},
		{"[open", []string{"/x"}, "[open"},
	} {
		if got := draw(t, ui.Rich(row.sentence, row.hrefs...)); got != row.want {
			t.Errorf("%q: %s", row.sentence, got)
		}
	}
}

func TestTermsHaveHeadingsAndParagraphs(t *testing.T) {
	got := draw(t, ui.Paragraphs("**In short:** <b>no</b>\n\n## 1. Who\r\n\r\nWe & you\n\n## 2. What\nYou may"))
	want := "<p><b>In short:</b> &lt;b&gt;no&lt;/b&gt;</p><h2>1. Who</h2><p>We &amp; you</p><h2>2. What</h2><p>You may</p>"
	if got != want {
		t.Errorf("got %s", got)
	}
}

func TestAFieldNamesItsHintAndItsError(t *testing.T) {
	f := pagetest.Frame(t, text.English)
	f.Errors = ui.Errors{{Field: "email", Text: "Enter <it>"}}
	var b bytes.Buffer
	if err := ui.Part(f, ui.Text(ui.Field{Name: "email", Label: "E-mail", Hint: "Ours", Type: "email", Value: `"><script>`, Autocomplete: "email"})).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{`aria-describedby="email-hint email-err"`, `aria-invalid="true"`, `Enter &lt;it&gt;`, `required`, `value="&#34;&gt;&lt;script&gt;"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestInitialsAreTwoLettersAtMost(t *testing.T) {
	for name, want := range map[string]string{"Zoë Müller": "ZM", "李雷": "李", "Ana María de la Cruz": "AC", "": "", "  o'brien ": "O"} {
		if got := ui.Initials(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}
