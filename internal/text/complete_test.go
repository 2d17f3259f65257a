package text_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vestibule/internal/text"
)

var hole = regexp.MustCompile(`\{[a-z0-9_]+\}`)

func TestBothLanguagesSayTheSame(t *testing.T) {
	c := load(t, nil)
	en, de := c.For(text.English), c.For(text.German)
	for _, key := range en.Keys() {
		if !de.Has(key) {
			t.Errorf("%s has no German words", key)
			continue
		}
		for _, n := range []int{1, 2} {
			e, g := holes(en.T(key, "n", n)), holes(de.T(key, "n", n))
			if n == 2 && !slices.Equal(e, g) {
				t.Errorf("%s: English fills %v, German %v", key, e, g)
			}
		}
	}
	for _, key := range de.Keys() {
		if !en.Has(key) {
			t.Errorf("%s has no English words", key)
		}
	}
}

func holes(s string) []string {
	found := hole.FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// notGerman is what a German sentence of ours does not say: no "Bitte" as a
// courtesy (the noun may stand), no "du".
var notGerman = regexp.MustCompile(`(?:^|[.!?:] )Bitte |, bitte\b| bitte[.,]| [Dd]u | [Dd]ein`)

func TestWordsKeepTheHouseStyle(t *testing.T) {
	c := load(t, nil)
	for _, lang := range text.Languages() {
		w := c.For(lang)
		for _, key := range w.Keys() {
			if strings.HasPrefix(key, "fault.import-") {
				continue // names columns and commands as they are typed
			}
			s := hole.ReplaceAllString(w.T(key, "n", 2), "x")
			if strings.Contains(s, "!") {
				t.Errorf("%s %s: no exclamation marks: %q", lang, key, s)
			}
			for _, wrong := range []string{"Oops", "Click here", "click here", "please", "Please", "trial", "Invalid", "organization", "license", "email", "log in", "  "} {
				if lang == text.English && strings.Contains(s, wrong) {
					t.Errorf("%s: %q is not how we say it: %q", key, wrong, s)
				}
			}
			if wrong := notGerman.FindString(s); lang == text.German && wrong != "" {
				t.Errorf("%s: %q is not how we say it: %q", key, wrong, s)
			}
		}
	}
}

// A used key is a literal in code, with where it stands.
type used struct{ key, at string }

func TestEveryFailureAndEveryKeyInCodeHasWords(t *testing.T) {
	en := load(t, nil).For(text.English)
	codes, keys := inCode(t)
	for _, u := range codes {
		if en.Has("fault." + u.key) {
			continue
		}
		covered := slices.ContainsFunc(en.Keys(), func(k string) bool {
			return strings.HasPrefix(k, "field.") && strings.HasSuffix(k, "."+u.key)
		})
		if !covered {
			t.Errorf("%s: fault.%s has no words", u.at, u.key)
		}
	}
	for _, u := range keys {
		if !en.Has(u.key) {
			t.Errorf("%s: %s has no words", u.at, u.key)
		}
	}
}

var literalKey = regexp.MustCompile(`(?:\bT\(|[^a-zA-Z.]t\(ctx, )"([a-z0-9][a-zA-Z0-9._-]*)"[,)]`)

// inCode finds the codes of failures and the keys of words that stand as
// literals in the portal's own code.
func inCode(t *testing.T) (codes, keys []used) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		switch filepath.Ext(path) {
		case ".go":
			codes = append(codes, faults(t, path)...)
		case ".templ":
		default:
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for n, line := range strings.Split(string(data), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "//") {
				continue
			}
			for _, m := range literalKey.FindAllStringSubmatch(line, -1) {
				keys = append(keys, used{m[1], path + ":" + strconv.Itoa(n+1)})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return codes, keys
}

// faults finds fault.New(kind, "code"), fault.OnField("field", "code"),
// form.Add("field", "code") and fault.Error{Code: "code"} in one file.
func faults(t *testing.T, path string) (found []used) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		return nil // the compiler says it better
	}
	uses := slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"vestibule/internal/fault"` })
	if !uses && !strings.Contains(filepath.ToSlash(path), "/fault/") {
		return nil
	}
	add := func(e ast.Expr) {
		if code, ok := literal(e); ok && code != "" && code != "form" && !strings.Contains(filepath.ToSlash(path), "/fault/") {
			found = append(found, used{code, set.Position(e.Pos()).String()})
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			s, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || len(n.Args) < 2 {
				return true
			}
			of, _ := s.X.(*ast.Ident)
			switch {
			case of != nil && of.Name == "fault" && (s.Sel.Name == "New" || s.Sel.Name == "Because" || s.Sel.Name == "OnField"):
				add(n.Args[1])
			case s.Sel.Name == "Add":
				if _, field := literal(n.Args[0]); field {
					add(n.Args[1])
				}
			}
		case *ast.CompositeLit:
			s, ok := n.Type.(*ast.SelectorExpr)
			if !ok || s.Sel.Name != "Error" {
				return true
			}
			if of, ok := s.X.(*ast.Ident); !ok || of.Name != "fault" {
				return true
			}
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					if k, ok := kv.Key.(*ast.Ident); ok && k.Name == "Code" {
						add(kv.Value)
					}
				}
			}
		}
		return true
	})
	return found
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	return strings.Trim(l.Value, "`\""), true
}
