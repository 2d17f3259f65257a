package text

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// A message is one value, taken apart when loaded so that saying it costs a
// lookup and, where it has placeholders, one string.
type message struct {
	other form
	one   *form // nil where the words do not depend on a number
}

// A form is literal text with holes: lit[0] hole[0] lit[1] … lit[n].
type form struct {
	lit  []string
	hole []string
}

// compile turns flat keys into messages; x.one and x.other become
// x where both are there; alone each is a key like any other.
func compile(lang Lang, raw map[string]string) (*Words, error) {
	w := &Words{lang: lang, zone: time.UTC, messages: make(map[string]*message, len(raw))}
	for key, value := range raw {
		f, err := parse(value)
		if err != nil {
			return nil, fmt.Errorf("words %s: %s: %w", lang, key, err)
		}
		base, isOther := strings.CutSuffix(key, ".other")
		oneOf, isOne := strings.CutSuffix(key, ".one")
		if isOne {
			if _, paired := raw[oneOf+".other"]; paired {
				continue // taken with its other
			}
		}
		m := &message{other: f}
		if words, paired := raw[base+".one"]; isOther && paired {
			one, err := parse(words)
			if err != nil {
				return nil, fmt.Errorf("words %s: %s.one: %w", lang, base, err)
			}
			m.one, key = &one, base
		}
		if _, twice := w.messages[key]; twice {
			return nil, fmt.Errorf("words %s: %s is both a sentence and a plural", lang, key)
		}
		w.messages[key] = m
	}
	return w, nil
}

// parse takes "Hello {name}" apart. A brace for itself is written twice.
func parse(s string) (form, error) {
	var f form
	var lit strings.Builder
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "{{"), strings.HasPrefix(s[i:], "}}"):
			lit.WriteByte(s[i])
			i += 2
		case s[i] == '{':
			end := strings.IndexByte(s[i:], '}')
			if end < 2 || strings.Trim(s[i+1:i+end], "abcdefghijklmnopqrstuvwxyz_0123456789") != "" {
				return f, fmt.Errorf("a placeholder is {lower_case} at %q", s[i:])
			}
			f.lit = append(f.lit, lit.String())
			f.hole = append(f.hole, s[i+1:i+end])
			lit.Reset()
			i += end + 1
		case s[i] == '}':
			return f, fmt.Errorf("a brace closes nothing at %q", s[i:])
		default:
			lit.WriteByte(s[i])
			i++
		}
	}
	f.lit = append(f.lit, lit.String())
	return f, nil
}

// names lists the placeholders in order of the alphabet, "n" included.
func (m *message) names() []string {
	names := slices.Clone(m.other.hole)
	if m.one != nil {
		names = append(append(names, m.one.hole...), "n")
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (m *message) say(w *Words, args []any) string {
	f := &m.other
	if m.one != nil && w.isOne(value(args, "n")) {
		f = m.one
	}
	if len(f.hole) == 0 {
		return f.lit[0]
	}
	var b strings.Builder
	for i, name := range f.hole {
		b.WriteString(f.lit[i])
		b.WriteString(w.show(name, value(args, name)))
	}
	b.WriteString(f.lit[len(f.hole)])
	return b.String()
}

func value(args []any, name string) any {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return args[i+1]
		}
	}
	return nil
}

func (w *Words) show(name string, v any) string {
	switch v := v.(type) {
	case nil:
		return "{" + name + "}"
	case string:
		return v
	case int:
		return w.Number(int64(v))
	case int64:
		return w.Number(v)
	case time.Time:
		return w.Date(v)
	case time.Duration:
		return w.Long(v)
	}
	return fmt.Sprint(v)
}

func (w *Words) isOne(v any) bool {
	var n int
	switch v := v.(type) {
	case int:
		n = v
	case int64:
		n = int(v)
	case string:
		return v == "1"
	default:
		return false
	}
	tag := language.English
	if w.lang == German {
		tag = language.German
	}
	return plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0) == plural.One
}
