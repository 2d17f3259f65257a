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
				golden(t, filepath.Join("testdata", s.Name+"."+string(lang)+".html"), page)
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

var hashed = regexp.MustCompile(`(/assets/[a-z-]+)-[0-9a-f]{12}\.`)

// readable puts every tag on a line of its own and takes the hashes out of the
// names of assets, so that a change of a page shows as a change of its lines.
func readable(page string) string {
	page = hashed.ReplaceAllString(page, "$1.")
	return strings.ReplaceAll(page, "><", ">\n<")
}

func golden(t *testing.T, name, page string) {
	t.Helper()
	page = readable(page)
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
