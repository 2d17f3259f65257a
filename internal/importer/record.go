package importer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vestibule/internal/fault"
)

// A Kind says what a record is about.
type Kind string

// The kinds of records, in the order in which they are taken: what others
// refer to comes first.
const (
	Organization Kind = "organization"
	Reseller     Kind = "reseller"
	Contact      Kind = "contact"
	Subscription Kind = "subscription"
	Account      Kind = "account"
)

func kinds() []Kind { return []Kind{Organization, Reseller, Contact, Subscription, Account} }

// Columns are the columns of the CSV form and the fields of the JSON form.
func Columns() []string {
	return []string{
		"record", "reference", "name", "country", "domains", "organization", "email", "first_name", "last_name", "role",
		"product", "from", "to", "seats", "user_id", "mobile", "language", "evaluated", "state", "password_hash",
	}
}

// wanted are the columns that a record of the kind needs, and those it may have.
func wanted(k Kind) (needed, optional []string) {
	switch k {
	case Organization, Reseller:
		return []string{"reference", "name"}, []string{"country", "domains"}
	case Contact:
		return []string{"organization", "email"}, []string{"first_name", "last_name", "role"}
	case Subscription:
		return []string{"organization", "from", "to"}, []string{"product", "seats"}
	default:
		return []string{"user_id", "email", "first_name", "last_name"},
			[]string{"country", "mobile", "language", "organization", "evaluated", "product", "state", "password_hash"}
	}
}

// A record is one line of a file.
type record struct {
	line   int
	kind   Kind
	fields map[string]string
}

func (r record) get(name string) string { return r.fields[name] }

// bounds of a file: what is larger is no list of clients.
const (
	maxBytes = 256 << 20
	maxField = 1000
)

// read takes a file apart into records; what is wrong with single lines is
// told in faults, and the other lines are still read.
func read(in io.Reader) (records []record, faults []Fault, err error) {
	text, err := io.ReadAll(io.LimitReader(in, maxBytes+1))
	if err != nil {
		return nil, nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	switch {
	case len(text) > maxBytes:
		return nil, nil, fault.New(fault.Invalid, "import-too-large")
	case !utf8.Valid(text):
		return nil, nil, fault.New(fault.Invalid, "import-not-utf8")
	}
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		records, faults, err = readJSON(text)
	} else {
		records, faults, err = readCSV(text)
	}
	if err != nil {
		return nil, nil, err
	}
	good := records[:0]
	for _, r := range records {
		if f := r.check(); f != nil {
			faults = append(faults, *f)
			continue
		}
		good = append(good, r)
	}
	return good, faults, nil
}

// readCSV reads a table whose first line names the columns. Commas and
// semicolons both part fields, as spreadsheets write either.
func readCSV(text []byte) (records []record, faults []Fault, err error) {
	r := csv.NewReader(bytes.NewReader(text))
	head, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		r.Comma = ';'
	}
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	names, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, fault.New(fault.Invalid, "import-empty")
	}
	if err != nil {
		return nil, nil, fault.Because(fault.Invalid, "import-not-csv", err)
	}
	for i, name := range names {
		names[i] = column(name)
		if !slices.Contains(Columns(), names[i]) {
			return nil, nil, fault.New(fault.Invalid, "import-column-unknown").With("column", names[i])
		}
	}
	if !slices.Contains(names, "record") {
		return nil, nil, fault.New(fault.Invalid, "import-column-missing").With("column", "record")
	}
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return records, faults, nil
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			// What follows a broken quotation cannot be told apart any more.
			return records, append(faults, Fault{Line: parse.StartLine, Code: "import-quotes"}), nil
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := r.FieldPos(0)
		if len(fields) > len(names) {
			faults = append(faults, Fault{Line: line, Code: "import-too-many-fields", Args: map[string]string{"count": strconv.Itoa(len(fields)), "want": strconv.Itoa(len(names))}})
			continue
		}
		one := record{line: line, fields: map[string]string{}}
		for i, f := range fields {
			if f = strings.TrimSpace(f); f != "" {
				one.fields[names[i]] = f
			}
		}
		if len(one.fields) > 0 {
			records = append(records, one)
		}
	}
}

// readJSON reads either a list of objects with a field "record", or one object
// with a list for each kind ("organizations", "contacts", …).
func readJSON(text []byte) (records []record, faults []Fault, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	broken := func(err error) error {
		at := int(d.InputOffset())
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(syntax.Offset)
		}
		return fault.Because(fault.Invalid, "import-not-json", err).With("line", strconv.Itoa(lineAt(text, at)))
	}
	list := func(kind Kind) error {
		if t, err := d.Token(); err != nil {
			return broken(err)
		} else if t != json.Delim('[') {
			return fault.New(fault.Invalid, "import-not-json").With("line", strconv.Itoa(lineAt(text, int(d.InputOffset()))))
		}
		for d.More() {
			var object map[string]any
			start := nextValue(text, int(d.InputOffset()))
			if err := d.Decode(&object); err != nil {
				return broken(err)
			}
			one := record{line: lineAt(text, start), fields: map[string]string{}}
			if kind != "" {
				one.fields["record"] = string(kind)
			}
			if f := one.fill(object); f != nil {
				faults = append(faults, *f)
				continue
			}
			records = append(records, one)
		}
		_, err := d.Token()
		return err
	}
	if bytes.TrimLeft(text, " \t\r\n")[0] == '[' {
		if err = list(""); err == nil {
			err = end(d, text)
		}
		return records, faults, err
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, broken(err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil, broken(err)
		}
		kind := Kind(strings.TrimSuffix(fmt.Sprint(name), "s"))
		if !slices.Contains(kinds(), kind) {
			return nil, nil, fault.New(fault.Invalid, "import-list-unknown").With("list", fmt.Sprint(name))
		}
		if err := list(kind); err != nil {
			return nil, nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, broken(err)
	}
	return records, faults, end(d, text)
}

// end refuses what follows the one value of a file.
func end(d *json.Decoder, text []byte) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "import-not-json").With("line", strconv.Itoa(lineAt(text, int(d.InputOffset()))))
	}
	return nil
}

func (r *record) fill(object map[string]any) *Fault {
	for name, v := range object {
		if !slices.Contains(Columns(), name) {
			return &Fault{Line: r.line, Field: name, Code: "import-column-unknown", Args: map[string]string{"column": name}}
		}
		var s string
		switch v := v.(type) {
		case nil:
			continue
		case string:
			s = v
		case json.Number:
			s = v.String()
		case bool:
			s = strconv.FormatBool(v)
		case []any:
			var parts []string
			for _, one := range v {
				parts = append(parts, fmt.Sprint(one))
			}
			s = strings.Join(parts, " ")
		default:
			return &Fault{Line: r.line, Field: name, Code: "import-value"}
		}
		if s = strings.TrimSpace(s); s != "" {
			r.fields[name] = s
		}
	}
	return nil
}

// nextValue is where the value that follows the offset begins.
func nextValue(text []byte, at int) int {
	for at < len(text) && strings.IndexByte(" \t\r\n,", text[at]) >= 0 {
		at++
	}
	return at
}

func lineAt(text []byte, at int) int {
	return 1 + bytes.Count(text[:min(at, len(text))], []byte("\n"))
}

// check says what is first wrong with the form of a record, apart from all others.
func (r *record) check() *Fault {
	if all := r.checks(); len(all) > 0 {
		return &all[0]
	}
	return nil
}

// checks says all that is wrong with the form of a record.
func (r *record) checks() (all []Fault) {
	r.kind = Kind(strings.ToLower(r.get("record")))
	if !slices.Contains(kinds(), r.kind) {
		return []Fault{{Line: r.line, Field: "record", Code: "import-record-unknown", Args: map[string]string{"record": r.get("record")}}}
	}
	needed, optional := wanted(r.kind)
	for _, name := range needed {
		if r.get(name) == "" {
			all = append(all, Fault{Line: r.line, Field: name, Code: "import-field-missing", Args: map[string]string{"column": name, "record": string(r.kind)}})
		}
	}
	for _, name := range Columns() {
		v := r.get(name)
		if v == "" || name == "record" {
			continue
		}
		if !slices.Contains(needed, name) && !slices.Contains(optional, name) {
			all = append(all, Fault{Line: r.line, Field: name, Code: "import-field-idle", Args: map[string]string{"column": name, "record": string(r.kind)}})
		}
		if len(v) > maxField || strings.ContainsFunc(v, func(c rune) bool {
			return c < ' ' || c == 0x7f || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069
		}) {
			all = append(all, Fault{Line: r.line, Field: name, Code: "import-value"})
		}
	}
	for _, name := range []string{"from", "to", "evaluated"} {
		if v := r.get(name); v != "" {
			if _, err := day(v); err != nil {
				all = append(all, Fault{Line: r.line, Field: name, Code: "import-date"})
			}
		}
	}
	if v := r.get("seats"); v != "" {
		if n, err := strconv.Atoi(v); err != nil || n < 0 || n > 10_000_000 {
			all = append(all, Fault{Line: r.line, Field: "seats", Code: "import-number"})
		}
	}
	if v := r.get("country"); v != "" && (len(v) != 2 || strings.ToUpper(v) < "AA" || strings.ToUpper(v) > "ZZ") {
		all = append(all, Fault{Line: r.line, Field: "country", Code: "import-country"})
	}
	return all
}

// day reads 2026-12-31.
func day(s string) (time.Time, error) { return time.Parse("2006-01-02", s) }
