package audit

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Whoever filters the trail by area finds every action somewhere.
func TestEveryActionIsOfAnArea(t *testing.T) {
	written := []*regexp.Regexp{
		regexp.MustCompile(`Action:\s*"([a-z_.]+)"`),
		regexp.MustCompile(`s\.(?:event|note|changed|tell)\([^"\n]*"([a-z_]+\.[a-z_.]+)"`),
		regexp.MustCompile(`"((?:license|product|device|signing|release|download|feed|service_account)\.[a-z]+_[a-z_]+)"`),
	}
	seen := map[string]bool{}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "web/") || strings.HasPrefix(path, "config/") {
			return err
		}
		source, err := fs.ReadFile(root, path)
		for _, w := range written {
			for _, m := range w.FindAllStringSubmatch(string(source), -1) {
				seen[m[1]] = true
			}
		}
		return err
	})
	if err != nil || len(seen) < 45 {
		t.Fatalf("%d actions in the source, %v", len(seen), err)
	}
	for action := range seen {
		if !slices.ContainsFunc(Areas(), func(a Area) bool {
			return slices.ContainsFunc(a.prefixes(), func(p string) bool { return strings.HasPrefix(action, p) })
		}) {
			t.Errorf("the action %q is of no area", action)
		}
	}
}
