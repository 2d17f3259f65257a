package internal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A call is refused outside the rooms that may make it. Where none may, the
// little programs that generate files are free: they end the way programs do.
var refusedCalls = map[string]struct {
	rooms  []string
	advice string
}{
	"time.Now":           {[]string{"app"}, "now belongs to the transaction (tx.Now()) or comes in as an argument"},
	"time.Since":         {[]string{"app"}, "it asks the machine's clock; subtract from an injected now"},
	"time.Until":         {[]string{"app"}, "it asks the machine's clock; subtract an injected now"},
	"os.Getenv":          {[]string{"config", "dbtest", "portaltest"}, "every option stands in config's table"},
	"os.LookupEnv":       {[]string{"config", "dbtest", "portaltest"}, "every option stands in config's table"},
	"os.Environ":         {[]string{"config", "dbtest", "portaltest", "cli"}, "every option stands in config's table"},
	"http.Error":         {nil, "return a fault: one place turns failures into answers"},
	"log.Fatal":          {nil, "return an error to the command line"},
	"log.Fatalf":         {nil, "return an error to the command line"},
	"os.Exit":            {nil, "return an error to the command line"},
	"http.Get":           {nil, "it has no timeout; use a client that the owner was given"},
	"http.DefaultClient": {nil, "it has no timeout; use a client that the owner was given"},
}

const (
	longestFile = 450
	longestTest = 800
)

type source struct {
	path string // below internal/
	room string
	test bool
	file *ast.File
	set  *token.FileSet
}

func TestNoFileBreaksTheHouseRules(t *testing.T) {
	byFolder := map[string][]source{}
	for _, s := range sources(t) {
		byFolder[filepath.Dir(s.path)] = append(byFolder[filepath.Dir(s.path)], s)
	}
	for _, files := range byFolder {
		vars := packageVars(files)
		for _, s := range files {
			checkCalls(t, s)
			checkState(t, s, vars)
			length := s.set.Position(s.file.FileEnd).Line
			if limit := longest(s.test); length > limit {
				t.Errorf("internal/%s has %d lines, more than %d: split it by capability", s.path, length, limit)
			}
		}
	}
}

func longest(test bool) int {
	if test {
		return longestTest
	}
	return longestFile
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_templ.go"):
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if ast.IsGenerated(file) {
			return nil
		}
		path = filepath.ToSlash(path)
		all = append(all, source{path: path, room: room("vestibule/internal/" + path), test: strings.HasSuffix(path, "_test.go"), file: file, set: set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func checkCalls(t *testing.T, s source) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		selected, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := selected.X.(*ast.Ident)
		if !ok || pkg.Obj != nil {
			return true
		}
		name := pkg.Name + "." + selected.Sel.Name
		if s.test && (strings.HasPrefix(name, "http.") || name == "os.Exit") {
			return true // a test's own server answers; TestMain ends a test
		}
		if law, refused := refusedCalls[name]; refused && !slices.Contains(law.rooms, s.room) && !(s.file.Name.Name == "main" && law.rooms == nil) {
			t.Errorf("%s: no %s here: %s", at(s, n), name, law.advice)
		}
		if name == "time.Sleep" && s.test {
			t.Errorf("%s: no time.Sleep in a test: move the injected clock, or use testing/synctest", at(s, n))
		}
		return true
	})
}

// packageVars are the names of the variables of a package that something in
// it could change.
func packageVars(files []source) map[string]bool {
	names := map[string]bool{}
	for _, s := range files {
		for _, d := range s.file.Decls {
			declared, ok := d.(*ast.GenDecl)
			if !ok || declared.Tok != token.VAR {
				continue
			}
			for _, spec := range declared.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					names[name.Name] = true
				}
			}
		}
	}
	return names
}

// checkState refuses init functions and assignments to package variables:
// what a portal knows is handed to it, so that two can live in one process.
func checkState(t *testing.T, s source, vars map[string]bool) {
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		if f.Name.Name == "init" && f.Recv == nil {
			t.Errorf("%s: no init: build it where it is used, or hand it over", at(s, f))
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			var targets []ast.Expr
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					targets = n.Lhs
				}
			case *ast.IncDecStmt:
				targets = []ast.Expr{n.X}
			}
			for _, target := range targets {
				if indexed, ok := target.(*ast.IndexExpr); ok {
					target = indexed.X
				}
				name, ok := target.(*ast.Ident)
				if ok && vars[name.Name] && isPackageLevel(s.file, name) {
					t.Errorf("%s: %s is a package variable and never changes: hold it in a struct", at(s, n), name.Name)
				}
			}
			return true
		})
	}
}

// isPackageLevel leans on the parser's own resolution: a name it could not
// resolve in the file, or resolved to a declaration at the top of it.
func isPackageLevel(file *ast.File, name *ast.Ident) bool {
	if name.Obj == nil {
		return true
	}
	return file.Scope != nil && file.Scope.Lookup(name.Name) == name.Obj
}

func at(s source, n ast.Node) string {
	p := s.set.Position(n.Pos())
	return fmt.Sprintf("internal/%s:%d", s.path, p.Line)
}

// The repository is for strangers: it names no machine it was made on.
func TestNoFileNamesTheMachineItWasMadeOn(t *testing.T) {
	unwanted := []string{"/" + "work/", "/tmp/" + "team", "proxy." + "golang.org", "deb." + "debian.org", "registry." + "npmjs"}
	root := ".."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", "out", "node_modules", "results"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".go", ".templ", ".md", ".toml", ".yml", ".sql", ".sh", "", ".html", ".txt"}, filepath.Ext(path)) {
			return nil
		}
		info, err := d.Info()
		if err != nil || info.Size() > 1<<20 || !info.Mode().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, word := range unwanted {
			if strings.Contains(string(content), word) {
				t.Errorf("%s names %q", path, word)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
