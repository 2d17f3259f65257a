package office_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"vestibule/internal/audit"
	"vestibule/internal/text"
)

// An action is a word for the log; whoever reads the trail reads a sentence.
func TestEveryActionHasWords(t *testing.T) {
	catalogue, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	written := []*regexp.Regexp{
		regexp.MustCompile(`Action:\s*"([a-z_.]+)"`),
		regexp.MustCompile(`s\.(?:event|note|changed)\([^"\n]*"([a-z_.]+)"`),
		regexp.MustCompile(`: "(helpdesk\.[a-z_]+)",`),
		regexp.MustCompile(`"((?:message|organization|account|license|access_request)\.[a-z]+(?:_[a-z]+)*)"(?:, d\.Outbox|\n)`),
	}
	actions := map[string]bool{}
	root := os.DirFS("../..")
	err = fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(root, path)
		for _, w := range written {
			for _, m := range w.FindAllStringSubmatch(string(source), -1) {
				actions[m[1]] = true
			}
		}
		return err
	})
	if err != nil || len(actions) < 45 {
		t.Fatalf("%d actions in the source, %v", len(actions), err)
	}
	for _, lang := range text.Languages() {
		for action := range actions {
			key := "office.event." + strings.NewReplacer(".", "-", "_", "-").Replace(action)
			if !catalogue.For(lang).Has(key) {
				t.Errorf("%s: the action %q has no words: %s", lang, action, key)
			}
		}
	}
}

func TestEveryKindOfActorHasWords(t *testing.T) {
	catalogue, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range text.Languages() {
		for _, kind := range []string{audit.Visitor, audit.Client, audit.Staff, audit.Service, audit.System} {
			if key := "office.actor." + kind; !catalogue.For(lang).Has(key) {
				t.Errorf("%s: an actor of the kind %q has no words: %s", lang, kind, key)
			}
		}
	}
}
