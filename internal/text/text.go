// Package text is everything the portal says to people, by key and language.
//
// Words stand in words/<language>/<area>.toml, one file for each area of the
// portal, and are built into the binary. A key is the path to its value:
//
//	[register.details]
//	title = "Your details"          # register.details.title
//
// A value may hold placeholders, {name}, filled by the pairs given to T. A
// value that depends on a number is a table of "one" and "other", chosen by
// the argument "n" with the plural rules of the language:
//
//	[queue.open]
//	one   = "{n} open request"
//	other = "{n} open requests"
//
// Nothing is escaped here: what draws the words (templ, html/template) does
// that. A vendor overrides single values with files of the same shape; an
// override may leave out a placeholder but not invent one, and may not invent
// a key, so a slip in it is found when the portal starts.
//
// Two families of keys are looked up by rule instead of by a literal in code:
// fault.<code> is the sentence of a failure, and field.<field>.<code> is its
// more exact sentence at one field of a form.
package text

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

//go:embed words
var builtIn embed.FS

// A Lang is the language of a page or a message, as in the lang attribute.
type Lang string

// The languages that the portal speaks whole.
const (
	English Lang = "en"
	German  Lang = "de"
)

// Languages lists what the portal speaks, the default first.
func Languages() []Lang { return []Lang{English, German} }

// Name is the language's name in itself, for a language switch.
func (l Lang) Name() string {
	if l == German {
		return "Deutsch"
	}
	return "English"
}

// Tag is the value of the HTML lang attribute.
func (l Lang) Tag() string {
	if l == German {
		return "de"
	}
	return "en-GB"
}

// Known reports whether the portal speaks l.
func (l Lang) Known() bool { return l == English || l == German }

// A Catalogue holds the words of every language. It does not change once
// loaded and may be used from anywhere at once.
type Catalogue struct {
	words map[Lang]*Words
}

// Load reads the built-in words and, where overrides is not nil, the vendor's
// own from <language>/*.toml in it. Times are shown in UTC until In says else.
func Load(overrides fs.FS) (*Catalogue, error) {
	c := &Catalogue{words: map[Lang]*Words{}}
	own, err := fs.Sub(builtIn, "words")
	if err != nil {
		return nil, err
	}
	for _, lang := range Languages() {
		raw, err := readAll(own, lang)
		if err != nil {
			return nil, err
		}
		w, err := compile(lang, raw)
		if err != nil {
			return nil, err
		}
		if overrides != nil {
			if err := w.override(overrides); err != nil {
				return nil, err
			}
		}
		c.words[lang] = w
	}
	return c, nil
}

// In returns the same words with times shown in zone.
func (c *Catalogue) In(zone *time.Location) *Catalogue {
	moved := &Catalogue{words: map[Lang]*Words{}}
	for lang, w := range c.words {
		w := *w
		w.zone = zone
		moved.words[lang] = &w
	}
	return moved
}

// For returns the words of a language; of English where lang is not known.
func (c *Catalogue) For(lang Lang) *Words {
	if w, ok := c.words[lang]; ok {
		return w
	}
	return c.words[English]
}

// Match picks the best language for an Accept-Language header (RFC 9110,
// 12.5.4), or fallback where the header names none that the portal speaks. It
// compares primary subtags only: "de-AT" is German, "en-US" is English.
func (c *Catalogue) Match(accept string, fallback Lang) Lang {
	if len(accept) > 500 {
		return fallback
	}
	best, bestWeight := fallback, 0.0
	for accept != "" {
		var entry string
		entry, accept, _ = strings.Cut(accept, ",")
		tag, params, _ := strings.Cut(entry, ";")
		primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
		lang := English
		switch {
		case strings.EqualFold(primary, string(German)):
			lang = German
		case !strings.EqualFold(primary, string(English)):
			continue
		}
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			w, err := strconv.ParseFloat(q, 64)
			if err != nil {
				continue
			}
			weight = w
		}
		if weight > bestWeight {
			best, bestWeight = lang, weight
		}
	}
	return best
}

// Words are the words of one language.
type Words struct {
	lang     Lang
	zone     *time.Location
	messages map[string]*message
}

// Lang is the language of the words.
func (w *Words) Lang() Lang { return w.lang }

// Has reports whether there are words for key.
func (w *Words) Has(key string) bool { _, ok := w.messages[key]; return ok }

// Keys lists all keys in order.
func (w *Words) Keys() []string { return slices.Sorted(maps.Keys(w.messages)) }

// T returns the words for key with its placeholders filled from args, which
// are pairs of a name and a value. A string stands as it is, an integer is
// written as Number does, a time.Time as Date, a time.Duration as Long. A key
// without words returns itself in brackets, which no page test lets pass.
func (w *Words) T(key string, args ...any) string {
	m, ok := w.messages[key]
	if !ok {
		return "[" + key + "]"
	}
	return m.say(w, args)
}

// readAll flattens every file of one language into key → value.
func readAll(from fs.FS, lang Lang) (map[string]string, error) {
	names, err := fs.Glob(from, path.Join(string(lang), "*.toml"))
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, name := range names {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		var tree map[string]any
		if _, err := toml.Decode(string(data), &tree); err != nil {
			return nil, fmt.Errorf("words %s: %w", name, err)
		}
		if err := flatten(all, name, "", tree); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func flatten(into map[string]string, file, prefix string, tree map[string]any) error {
	for k, v := range tree {
		key := prefix + k
		switch v := v.(type) {
		case string:
			if _, twice := into[key]; twice {
				return fmt.Errorf("words %s: %s is already said in another file", file, key)
			}
			into[key] = strings.TrimSpace(v)
		case map[string]any:
			if err := flatten(into, file, key+".", v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("words %s: %s is neither text nor a table", file, key)
		}
	}
	return nil
}

// override replaces single messages by the vendor's, all or none.
func (w *Words) override(from fs.FS) error {
	raw, err := readAll(from, w.lang)
	if err != nil {
		return err
	}
	theirs, err := compile(w.lang, raw)
	if err != nil {
		return err
	}
	var wrong []error
	for key, m := range theirs.messages {
		ours, ok := w.messages[key]
		if !ok {
			wrong = append(wrong, fmt.Errorf("words %s: there is no %q to override", w.lang, key))
			continue
		}
		for _, name := range m.names() {
			if !slices.Contains(ours.names(), name) {
				wrong = append(wrong, fmt.Errorf("words %s: %s has no {%s}; it may use %s", w.lang, key, name, braces(ours.names())))
			}
		}
		w.messages[key] = m
	}
	return errors.Join(wrong...)
}

func braces(names []string) string {
	if len(names) == 0 {
		return "no placeholder"
	}
	return "{" + strings.Join(names, "}, {") + "}"
}
