package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// DefaultFile is read from the working folder where no other is named.
const DefaultFile = "vestibule.toml"

// A Problem is one thing that keeps a configuration from working.
type Problem struct {
	Option string // its name in vestibule.toml; empty where it is about the file
	Source string // "vestibule.toml", "VESTIBULE_LISTEN", …
	What   string // what is wrong
	Do     string // what to do about it
}

// Problems is every problem of a configuration at once.
type Problems []Problem

// Error lists the problems, a line each.
func (p Problems) Error() string {
	var b strings.Builder
	for i, one := range p {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(one.String())
	}
	return b.String()
}

// String is the problem as one line.
func (p Problem) String() string {
	where := p.Option
	switch {
	case where == "":
		where = p.Source
	case p.Source != "" && p.Source != "default":
		where += " (" + p.Source + ")"
	}
	if where != "" {
		where += ": "
	}
	return where + p.What + " " + p.Do
}

// Process is the environment of this process.
func Process() Environment { return os.Environ() }

// A value is the text of an option and where it was found.
type value struct {
	texts  []string
	source string
	base   string // folder that relative paths begin at
}

// Load reads the file (DefaultFile where name is empty and there is one, else
// none), lets the environment speak over it, fills in the defaults and checks
// everything. Its error is of type Problems.
func Load(name string, env Environment) (*Config, error) {
	var problems Problems
	found := map[string]value{}
	known := map[string]option{}
	c, r := &Config{}, &raw{}
	for _, s := range table(c, r) {
		for _, o := range s.options {
			known[o.name] = o
		}
	}
	problems = append(problems, fromFile(name, known, found)...)
	problems = append(problems, fromEnvironment(env, known, found)...)
	for _, s := range table(c, r) {
		for _, o := range s.options {
			v, ok := found[o.name]
			if !ok {
				v = value{source: "default", texts: defaults(o)}
			}
			if p := o.set(v); p != nil {
				p.Option, p.Source = o.name, v.source
				problems = append(problems, *p)
			}
		}
	}
	source := func(name string) string {
		if v, ok := found[name]; ok {
			return v.source
		}
		return "default"
	}
	problems = append(problems, c.finish(r, source)...)
	if len(problems) > 0 {
		return nil, problems
	}
	return c, nil
}

func defaults(o option) []string {
	if o.def == "" {
		return nil
	}
	if o.kind == list {
		return strings.Split(o.def, "; ")
	}
	return []string{o.def}
}

// fromFile adds what the file says to found.
func fromFile(name string, known map[string]option, found map[string]value) Problems {
	asked := name != ""
	if !asked {
		name = DefaultFile
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return nil
	}
	if err != nil {
		return Problems{{Source: name, What: "the file cannot be read (" + reason(err) + ").", Do: "Name a file that this user may read."}}
	}
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		at := err.Error()
		if parse, ok := errors.AsType[toml.ParseError](err); ok {
			at = fmt.Sprintf("line %d: %s", parse.Position.Line, parse.Message)
		}
		return Problems{{Source: name, What: "is not TOML (" + at + ").", Do: "Mend that line; texts stand in quotes."}}
	}
	base := filepath.Dir(name)
	var problems Problems
	for _, leaf := range flatten("", tree) {
		o, ok := known[leaf.name]
		if !ok {
			problems = append(problems, Problem{Option: leaf.name, Source: name, What: "there is no such option.", Do: suggest(leaf.name, known)})
			continue
		}
		texts, ok := texts(leaf.value, o.kind == list)
		if !ok {
			problems = append(problems, Problem{Option: leaf.name, Source: name, What: "has the wrong type.", Do: "Give " + o.wants() + "."})
			continue
		}
		found[leaf.name] = value{texts: texts, source: name, base: base}
	}
	return problems
}

type leaf struct {
	name  string
	value any
}

// flatten turns tables into dotted names, in the order of the names.
func flatten(prefix string, tree map[string]any) []leaf {
	var out []leaf
	names := make([]string, 0, len(tree))
	for name := range tree {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		full := name
		if prefix != "" {
			full = prefix + "." + name
		}
		if sub, ok := tree[name].(map[string]any); ok {
			out = append(out, flatten(full, sub)...)
			continue
		}
		out = append(out, leaf{full, tree[name]})
	}
	return out
}

// texts is a TOML value as the texts that would have been typed.
func texts(v any, isList bool) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case int64:
		return []string{strconv.FormatInt(v, 10)}, true
	case bool:
		if v {
			return []string{"on"}, true
		}
		return []string{"off"}, true
	case time.Time:
		return []string{v.Format("2006-01-02")}, true
	case []any:
		if !isList {
			return nil, false
		}
		out := []string{}
		for _, one := range v {
			t, ok := texts(one, false)
			if !ok {
				return nil, false
			}
			out = append(out, t...)
		}
		return out, true
	default:
		return nil, false
	}
}

// Variable is the environment variable of an option.
func variable(name string) string {
	return "VESTIBULE_" + strings.ToUpper(strings.ReplaceAll(name, ".", "_"))
}

// fromEnvironment adds what the environment says to found. Variables of the
// project's own tests (VESTIBULE_TEST_…) are none of its business.
func fromEnvironment(env Environment, known map[string]option, found map[string]value) Problems {
	byVariable := map[string]option{}
	for _, o := range known {
		byVariable[variable(o.name)] = o
	}
	vars := map[string]string{}
	for _, line := range env {
		name, v, _ := strings.Cut(line, "=")
		if strings.HasPrefix(name, "VESTIBULE_") && !strings.HasPrefix(name, "VESTIBULE_TEST_") {
			vars[name] = v
		}
	}
	names := make([]string, 0, len(vars))
	for name := range vars {
		names = append(names, name)
	}
	slices.Sort(names)
	var problems Problems
	for _, name := range names {
		o, direct := byVariable[name]
		if direct {
			split := []string{vars[name]}
			if o.kind == list {
				split = splitList(vars[name])
			}
			found[o.name] = value{texts: split, source: name}
			continue
		}
		bare, isFile := strings.CutSuffix(name, "_FILE")
		o, ok := byVariable[bare]
		if !isFile || !ok || !o.secret {
			problems = append(problems, Problem{Source: name, What: "there is no such option.", Do: suggestVariable(name, byVariable)})
			continue
		}
		if _, both := vars[bare]; both {
			problems = append(problems, Problem{Option: o.name, Source: name, What: "is set twice, by " + bare + " as well.", Do: "Take one of the two away."})
			continue
		}
		text, err := os.ReadFile(vars[name])
		if err != nil {
			problems = append(problems, Problem{Option: o.name, Source: name, What: "the file cannot be read (" + reason(err) + ").", Do: "Name a file that this user may read."})
			continue
		}
		found[o.name] = value{texts: []string{strings.TrimRight(string(text), "\r\n")}, source: name}
	}
	return problems
}

// splitList reads a list from one text: one item a line, or parted by semicolons.
func splitList(s string) []string {
	out := []string{}
	for _, one := range strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == '\n' }) {
		if one = strings.TrimSpace(one); one != "" {
			out = append(out, one)
		}
	}
	return out
}

// reason is the short cause of a failure with a file.
func reason(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Path + ": " + path.Err.Error()
	}
	return err.Error()
}

// suggest names the option that was probably meant.
func suggest(name string, known map[string]option) string {
	best, distance := "", 1000
	for candidate := range known {
		if d := apart(name, candidate); d < distance || d == distance && candidate < best {
			best, distance = candidate, d
		}
		// The last part alone, for what was written under the wrong heading.
		last, dotted := lastPart(candidate)
		typed, _ := lastPart(name)
		if dotted && last == typed && distance > 1 {
			best, distance = candidate, 1
		}
	}
	if distance > 1+len(name)/3 {
		return "Take it away; `vestibule config describe` lists the options."
	}
	return "Did you mean " + best + "?"
}

func suggestVariable(name string, byVariable map[string]option) string {
	if bare, isFile := strings.CutSuffix(name, "_FILE"); isFile {
		if _, ok := byVariable[bare]; ok {
			return "Only secrets are read from files; set " + bare + " itself."
		}
	}
	best, distance := "", 1000
	for candidate := range byVariable {
		if d := apart(name, candidate); d < distance || d == distance && candidate < best {
			best, distance = candidate, d
		}
	}
	if distance > 1+len(name)/3 {
		return "Take it away; `vestibule config describe` lists the variables."
	}
	return "Did you mean " + best + "?"
}

func lastPart(name string) (last string, dotted bool) {
	i := strings.LastIndexByte(name, '.')
	return name[i+1:], i >= 0
}

// apart is the number of single letters to change, add or drop between two names.
func apart(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := corner
			if a[i-1] != b[j-1] {
				cost++
			}
			corner = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// CrashPoint reads VESTIBULE_TEST_CRASH, as in "before:17" or "after:17": the
// commit, counted from one, at which a test wants the process killed. It is
// empty and 0 outside crash tests.
func CrashPoint(env Environment) (side string, commit int) {
	for _, line := range env {
		if v, ok := strings.CutPrefix(line, "VESTIBULE_TEST_CRASH="); ok {
			side, n, _ := strings.Cut(v, ":")
			commit, err := strconv.Atoi(n)
			if err == nil && commit > 0 && (side == "before" || side == "after") {
				return side, commit
			}
		}
	}
	return "", 0
}

// ClockShift reads VESTIBULE_TEST_CLOCK, as in "3m": how far ahead of the
// machine's clock a test wants the portal's. It is 0 outside tests.
func ClockShift(env Environment) time.Duration {
	for _, line := range env {
		if v, ok := strings.CutPrefix(line, "VESTIBULE_TEST_CLOCK="); ok {
			if d, err := time.ParseDuration(v); err == nil && d > 0 {
				return d
			}
		}
	}
	return 0
}
