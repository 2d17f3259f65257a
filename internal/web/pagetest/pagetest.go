// Package pagetest checks pages without a server: from their samples it keeps
// golden files and looks for what must never be in a page, in both languages.
//
// A face calls Samples in a test of its own; the test of the whole portal
// calls Links with the whole route table.
package pagetest

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

var update = flag.Bool("update", false, "write the golden pages anew")

// Vendor is who runs the portal of the samples.
func Vendor() *ui.Vendor {
	return &ui.Vendor{
		Name: "Northwind Conferencing", Legal: "Northwind Conferencing Ltd, Bristol",
		Product: "Meeting Add-On for GroupWise", Phone: "+44 1632 960182", Email: "evaluations@northwind.example",
		Brand: "/assets/brand.css",
	}
}

// Frame is the frame that a sample is drawn in.
func Frame(t testing.TB, lang text.Lang) *ui.Frame {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &ui.Frame{Words: words.In(time.UTC).For(lang), Vendor: Vendor(), Path: "/here"}
}

// Samples draws every sample in every language, compares it with
// testdata/<name>.<lang>.html (the flag -update writes it) and reports what is
// unsound in it.
func Samples(t *testing.T, samples []web.Sample) {
	t.Helper()
	seen := map[string]bool{}
	for _, s := range samples {
		if seen[s.Name] {
			t.Errorf("two samples are called %s", s.Name)
		}
		seen[s.Name] = true
		for _, lang := range text.Languages() {
			t.Run(s.Name+"/"+string(lang), func(t *testing.T) {
				page := Draw(t, s, lang)
				for _, fault := range Unsound(page) {
					t.Error(fault)
				}
				Golden(t, filepath.Join("testdata", s.Name+"."+string(lang)+".html"), readable(page))
			})
		}
	}
}

// Draw is a sample as HTML.
func Draw(t testing.TB, s web.Sample, lang text.Lang) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Draw(Frame(t, lang)).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	hashed  = regexp.MustCompile(`(/assets/[a-z-]+)-[0-9a-f]{12}\.`)
	outside = regexp.MustCompile(`(?s)^.*?(<title>.*?</title>).*?(<body[^>]*>).*?(<main.*</main>).*$`)
	rail    = regexp.MustCompile(`(?s)<ol class="timeline steps".*?</ol>`)
)

// readable is what a golden file keeps of a page: its title, its steps and its
// main part, every tag on a line of its own. What all pages have in common is
// kept once, by the kit's own pages (Whole), so that a change of the footer
// changes one file and not three hundred.
func readable(page string) string {
	return Whole(outside.ReplaceAllString(page, "$1\n$2\n") + rail.FindString(page) + outside.ReplaceAllString(page, "\n$3\n"))
}

// Whole is a page with every tag on a line of its own and without the hashes
// in the names of assets.
func Whole(page string) string {
	return strings.ReplaceAll(hashed.ReplaceAllString(page, "$1."), "><", ">\n<")
}

// Golden compares text with a kept file, or writes it with -update.
func Golden(t *testing.T, name, page string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(page, "\n")); diff != "" {
		t.Errorf("the page changed (go test -update, then read the diff):\n%s", diff)
	}
}
