package api

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/text"
	"vestibule/internal/web"
)

// A description is what all documents are made of: the operations, the types and the codes, in words of one language.
type description struct {
	Title, Lead string
	Operations  []described
	Types       []typed
	Codes       []coded
	words       *text.Words
}

// described is an operation.
type described struct {
	operation
	Title, Text string
	Parameters  []field // of the path and the query
	Failures    []coded
	Takes       string // the type of the body
	Gives       string // the type of the answer
}

// typed is a Go type as documents know it.
type typed struct {
	Name   string
	Fields []field
}

// field is one field of a type, or a parameter.
type field struct {
	Name     string
	Kind     string // string, boolean, integer, date-time, uri, or the name of a type
	List     bool   // many of Kind
	Required bool
	In       string // of parameters: path or query
	Max      int    // characters; zero: not said
	Enum     []string
	Text     string
	Example  any
}

// coded is a code with what it says.
type coded struct {
	Code   string
	Status int
	Text   string
}

// describe makes the description.
func (f *Face) describe(words *text.Words) *description {
	d := &description{words: words, Title: words.T("api.title"), Lead: words.T("api.lead")}
	seen := map[string]bool{}
	for _, o := range f.operations() {
		one := described{operation: o, Title: words.T("api.op." + o.id + ".title"), Text: words.T("api.op." + o.id + ".text")}
		if strings.Contains(o.path, "{id}") {
			thing := strings.Split(strings.TrimPrefix(o.path, "/api/v1/"), "/")[0]
			one.Parameters = append(one.Parameters, field{Name: "id", Kind: "string", Required: true, In: "path", Text: words.T("api.path." + thing)})
		}
		one.Parameters = append(one.Parameters, d.parameters(o.query)...)
		one.Takes, one.Gives = d.add(o.body), d.add(o.answer)
		for _, code := range o.failures() {
			one.Failures = append(one.Failures, d.code(code))
			seen[code] = true
		}
		d.Operations = append(d.Operations, one)
	}
	d.add(web.Problem{})
	for code := range seen {
		d.Codes = append(d.Codes, d.code(code))
	}
	slices.SortFunc(d.Codes, func(a, b coded) int { return strings.Compare(a.Code, b.Code) })
	slices.SortFunc(d.Types, func(a, b typed) int { return strings.Compare(a.Name, b.Name) })
	return d
}

func (d *description) code(code string) coded {
	key := "fault." + code
	if special := "api.code." + code; d.words.Has(special) {
		key = special
	}
	return coded{Code: code, Status: statusOf(code), Text: d.words.T(key, "max", "…", "limit", "…", "position", "…", "n", 2, "after", time.Minute)}
}

func (d *description) parameters(of any) (list []field) {
	if of == nil {
		return nil
	}
	t := reflect.TypeOf(of)
	for i := range t.NumField() {
		one := d.field(t.Field(i), t.Field(i).Tag.Get("query"))
		one.In, one.Required = "query", t.Field(i).Tag.Get("required") == "true"
		list = append(list, one)
	}
	return list
}

// add describes the type of a value, and those of its fields, and returns its name; "" for none.
func (d *description) add(of any) string {
	if of == nil {
		return ""
	}
	return d.addType(reflect.TypeOf(of))
}

func (d *description) addType(t reflect.Type) string {
	name := t.Name()
	if slices.ContainsFunc(d.Types, func(o typed) bool { return o.Name == name }) {
		return name
	}
	at := len(d.Types)
	d.Types = append(d.Types, typed{Name: name})
	var fields []field
	for i := range t.NumField() {
		json, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		one := d.field(t.Field(i), json)
		one.Required = !strings.Contains(options, "omit")
		fields = append(fields, one)
	}
	d.Types[at].Fields = fields
	return name
}

func (d *description) field(f reflect.StructField, name string) field {
	out := field{Name: name, Text: d.words.T("api.field." + strings.ReplaceAll(name, "_", "-"))}
	t := f.Type
	if t.Kind() == reflect.Slice {
		out.List, t = true, t.Elem()
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	example := f.Tag.Get("example")
	switch {
	case t == reflect.TypeFor[time.Time]():
		out.Kind, out.Example = "date-time", "2026-06-16T09:00:00Z"
	case t.Kind() == reflect.Struct:
		out.Kind = d.addType(t)
	case t.Kind() == reflect.Bool:
		out.Kind, out.Example = "boolean", example == "true"
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		n, _ := strconv.ParseInt(example, 10, 64)
		out.Kind, out.Example = "integer", n
	default:
		out.Kind = "string"
		if format := f.Tag.Get("format"); format != "" {
			out.Kind = format
		}
		if example != "" {
			out.Example = example
		}
	}
	if out.List && out.Example != nil {
		out.Example = []any{out.Example}
	}
	out.Max, _ = strconv.Atoi(f.Tag.Get("max"))
	out.Enum = strings.Fields(f.Tag.Get("enum"))
	return out
}

// sample is an example of a type: that of each of its fields.
func (d *description) sample(name string) object {
	var out object
	for _, t := range d.Types {
		if t.Name != name {
			continue
		}
		for _, f := range t.Fields {
			v := f.Example
			switch {
			case v != nil:
			case f.Kind == name:
				continue
			case f.List:
				v = []any{d.sample(f.Kind)}
			default:
				v = d.sample(f.Kind)
			}
			out = append(out, member{f.Name, v})
		}
	}
	return out
}

// statuses are those of an operation's failures, each once, ascending, with their codes.
func (o described) statuses() (list []int, codes map[int][]string) {
	codes = map[int][]string{}
	for _, f := range o.Failures {
		codes[f.Status] = append(codes[f.Status], f.Code)
	}
	for status := range codes {
		list = append(list, status)
	}
	slices.Sort(list)
	return list, codes
}

// Anchor is where the page tells of an operation.
func (o described) Anchor() string { return "op-" + strings.ToLower(o.id) }

// StatusText is what a status is called.
func (c coded) StatusText() string { return strconv.Itoa(c.Status) + " " + http.StatusText(c.Status) }
