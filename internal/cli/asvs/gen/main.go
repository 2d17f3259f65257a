// Command gen makes docs/asvs.md of the requirements and of the tests that name
// what they show. A test names an id in a comment above it: "// asvs: V6.5.1".
//
//	go generate ./internal/cli/asvs          write it
//	go run ./internal/cli/asvs/gen -check    fail where it is stale
//
// An id that is no requirement is refused, and so is one that a test names
// although the list says that it does not apply.
package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"vestibule/internal/cli/asvs"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail where docs/asvs.md is stale")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "asvs:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	root, err := rootOf()
	if err != nil {
		return err
	}
	all, err := asvs.All()
	if err != nil {
		return err
	}
	proofs, err := collect(root)
	if err != nil {
		return err
	}
	text, err := document(all, proofs)
	if err != nil {
		return err
	}
	name := filepath.Join(root, "docs", "asvs.md")
	if !check {
		return os.WriteFile(name, text, 0o644)
	}
	kept, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(kept, text) {
		return errors.New("docs/asvs.md is stale: run make generate")
	}
	return nil
}

// rootOf is the folder of the module, from wherever this is run.
func rootOf() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("no go.mod above this folder")
		}
		dir = filepath.Dir(dir)
	}
}

// A proof is a test that names an id.
type proof struct{ folder, test string }

var (
	mark = regexp.MustCompile(`^//\s*asvs:\s*(V.+)$`)
	id   = regexp.MustCompile(`^V\d+\.\d+\.\d+$`)
)

// collect finds the ids that tests name.
func collect(root string) (map[string][]proof, error) {
	found := map[string][]proof{}
	for _, top := range []string{"internal", "e2e"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			folder, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			return read(path, filepath.ToSlash(folder), found)
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func read(path, folder string, found map[string][]proof) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			m := mark.FindStringSubmatch(c.Text)
			if m == nil {
				continue
			}
			at := fmt.Sprintf("%s, line %d", path, set.Position(c.Pos()).Line)
			test := testAt(file, c.Pos())
			if test == "" {
				return fmt.Errorf("%s: no test follows what names ids", at)
			}
			for n, one := range strings.FieldsFunc(m[1], func(r rune) bool { return r == ' ' || r == ',' }) {
				if !id.MatchString(one) {
					if n == 0 {
						return fmt.Errorf("%s: %q is no id; write them as in // asvs: V6.5.1 V6.5.5", at, one)
					}
					break // what follows the ids is prose
				}
				if p := (proof{folder, test}); !slices.Contains(found[one], p) {
					found[one] = append(found[one], p)
				}
			}
		}
	}
	return nil
}

// testAt is the test in which the position lies, or that comes next.
func testAt(file *ast.File, at token.Pos) string {
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.End() < at {
			continue
		}
		if strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz") {
			return f.Name.Name
		}
		return ""
	}
	return ""
}

const untested = "no test names it"

// document writes the table.
func document(all []asvs.Requirement, proofs map[string][]proof) ([]byte, error) {
	known := map[string]bool{}
	counts := map[int]map[string]int{1: {}, 2: {}, 3: {}}
	var table, open strings.Builder
	chapter := ""
	for _, r := range all {
		known[r.ID] = true
		said, state, err := verdict(r, proofs[r.ID])
		if err != nil {
			return nil, err
		}
		counts[r.Level][state]++
		if state == "open" || state == "partly" {
			fmt.Fprintf(&open, "- **%s** (level %d, %s) %s: %s\n", r.ID, r.Level, state, r.Title, cmp.Or(r.Note, untested))
		}
		if c, _, _ := strings.Cut(r.ID, "."); c != chapter {
			chapter = c
			fmt.Fprintf(&table, "\n## %s\n\n| id | level | mode | in our words | shown by |\n|---|---|---|---|---|\n", c)
		}
		fmt.Fprintf(&table, "| %s | %d | %s | %s | %s |\n", r.ID, r.Level, r.Mode, cell(r.Title), cell(said))
	}
	for one, by := range proofs {
		if !known[one] {
			return nil, fmt.Errorf("%s in %s names %s, which is no requirement", by[0].test, by[0].folder, one)
		}
	}
	var b bytes.Buffer
	b.WriteString(head)
	for level := 1; level <= 3; level++ {
		c := counts[level]
		fmt.Fprintf(&b, "| %d | %d | %d | %d | %d | %d | %d |\n", level, c["tests"], c["document"], c["read"], c["partly"], c["open"], c["not applicable"])
	}
	b.WriteString("\n## Open, and partly\n\n")
	b.WriteString(open.String())
	b.WriteString(table.String())
	return b.Bytes(), nil
}

const head = `# OWASP ASVS 5.0

Generated by ` + "`make generate`" + ` from ` + "`internal/cli/asvs/requirements.csv`" + ` and from the tests that name what they show
(` + "`// asvs: V6.5.1`" + `); do not edit. The target is level 2 whole; level 3 is listed as well.

The requirements are in our own few words; the standard's text counts (https://github.com/OWASP/ASVS, 5.0.0,
CC BY-SA 4.0). **mode** is how a requirement can be checked: A from outside, P with a hook, W by reading the code, D it is a document, N it
does not apply. What an operator's settings leave unmet, ` + "`vestibule policy report`" + ` says.

| level | tests | document | read | partly | open | not applicable |
|---|---|---|---|---|---|---|
`

// verdict is what the table says of a requirement, and under which heading it
// counts.
func verdict(r asvs.Requirement, by []proof) (said, state string, err error) {
	var parts []string
	folder := ""
	slices.SortFunc(by, func(a, b proof) int {
		return strings.Compare(a.folder+"\x00"+a.test, b.folder+"\x00"+b.test)
	})
	for _, p := range by {
		name := strings.TrimPrefix(p.test, "Test")
		if p.folder != folder {
			folder = p.folder
			name = "`" + strings.TrimPrefix(folder, "internal/") + "` " + name
		}
		parts = append(parts, name)
	}
	said = strings.Join(parts, ", ")
	switch r.Status {
	case asvs.NotApplicable:
		if len(by) > 0 {
			return "", "", fmt.Errorf("%s names %s, which is said not to apply", by[0].test, r.ID)
		}
		return "not applicable: " + r.Note, "not applicable", nil
	case asvs.Documented, asvs.Read, asvs.Partly, asvs.Open:
		state = string(r.Status)
		if len(by) > 0 && r.Status == asvs.Open {
			return "", "", fmt.Errorf("%s is said to be open, and %s names it: say partly, or nothing", r.ID, by[0].test)
		}
		note := "**" + state + "**: " + r.Note
		if said != "" {
			note = said + "; " + note
		}
		return note, state, nil
	case asvs.Tested:
		if len(by) == 0 {
			return "**open**: " + untested, "open", nil
		}
		if r.Note != "" {
			said += "; " + r.Note
		}
		return said, "tests", nil
	}
	return "", "", fmt.Errorf("%s has the status %q, which is none", r.ID, r.Status)
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
