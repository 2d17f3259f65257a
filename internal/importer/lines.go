package importer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"vestibule/internal/fault"
)

// A Format says how a file of accounts is written.
type Format string

// The formats.
const (
	CSV       Format = "csv"
	JSONLines Format = "jsonl" // an object on each line (https://jsonlines.org)
)

// maxLine is the longest line of a file of accounts, in bytes.
const maxLine = 64 << 10

// An entry is a line that was taken apart, or what is wrong with it.
type entry struct {
	record
	fault *Fault  // of a line that could not be taken apart
	wrong []Fault // all that is wrong with the form of one that could
}

// lines reads a file of accounts. Each line is read for itself: one that is
// broken spoils no other.
type lines struct {
	in     *bufio.Reader
	format Format
	comma  rune
	names  []string
	line   int
}

func newLines(in io.Reader, format Format) (*lines, error) {
	l := &lines{in: bufio.NewReaderSize(in, maxLine), format: format}
	if bom, _ := l.in.Peek(3); string(bom) == "\xef\xbb\xbf" {
		_, _ = l.in.Discard(3) // what was peeked can be discarded
	}
	if format == JSONLines {
		return l, nil
	}
	for {
		head, long, err := l.read()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fault.New(fault.Invalid, "import-empty")
		case err != nil:
			return nil, err
		case long || !utf8.Valid(head):
			return nil, fault.New(fault.Invalid, "import-not-csv")
		case len(head) > 0:
			err := l.columns(head)
			return l, err
		}
	}
}

// columns reads the first line of a table.
func (l *lines) columns(head []byte) (err error) {
	l.comma = ','
	if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		l.comma = ';'
	}
	if l.names, err = l.fields(head); err != nil {
		return fault.Because(fault.Invalid, "import-not-csv", err)
	}
	needed, optional := wanted(Account)
	for i, name := range l.names {
		l.names[i] = column(name)
		if !slices.Contains(needed, l.names[i]) && !slices.Contains(optional, l.names[i]) {
			return fault.New(fault.Invalid, "import-accounts-column-unknown").With("column", name)
		}
		if slices.Contains(l.names[:i], l.names[i]) {
			return fault.New(fault.Invalid, "import-accounts-column-twice").With("column", name)
		}
	}
	for _, name := range needed {
		if !slices.Contains(l.names, name) {
			return fault.New(fault.Invalid, "import-accounts-column-missing").With("column", name)
		}
	}
	return nil
}

// column is the name of a column as we say it.
func column(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "lang" {
		return "language"
	}
	return name
}

// next is the next line that is not empty; io.EOF at the end.
func (l *lines) next() (entry, error) {
	for {
		text, long, err := l.read()
		if err != nil {
			return entry{}, err
		}
		e := entry{record: record{line: l.line, fields: map[string]string{"record": string(Account)}}}
		switch {
		case long:
			e.fault = &Fault{Line: l.line, Code: "import-line-long"}
		case len(text) == 0:
			continue
		case !utf8.Valid(text):
			e.fault = &Fault{Line: l.line, Code: "import-line-not-utf8"}
		case l.format == JSONLines:
			e.fault = e.object(text)
		default:
			e.fault = l.row(&e.record, text)
		}
		if len(e.fields) == 1 && e.fault == nil && l.format != JSONLines {
			continue // commas alone, as spreadsheets leave them
		}
		if e.fault == nil {
			e.wrong = e.checks()
		}
		return e, nil
	}
}

// read returns the next line without the space around it. A line that is too
// long is passed over.
func (l *lines) read() (text []byte, long bool, err error) {
	for {
		part, err := l.in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			long = true
			continue
		case err != nil && !errors.Is(err, io.EOF), err != nil && len(part) == 0 && !long:
			return nil, false, err
		}
		l.line++
		return bytes.TrimSpace(part), long, nil
	}
}

// fields parts one line of CSV.
func (l *lines) fields(text []byte) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.TrimLeadingSpace, r.FieldsPerRecord = l.comma, true, -1
	return r.Read()
}

func (l *lines) row(r *record, text []byte) *Fault {
	fields, err := l.fields(text)
	if err != nil {
		return &Fault{Line: l.line, Code: "import-line-quotes"}
	}
	if len(fields) > len(l.names) {
		return &Fault{Line: l.line, Code: "import-too-many-fields", Args: map[string]string{"count": strconv.Itoa(len(fields)), "want": strconv.Itoa(len(l.names))}}
	}
	for i, f := range fields {
		if f = strings.TrimSpace(f); f != "" {
			r.fields[l.names[i]] = f
		}
	}
	return nil
}

// object reads one line of JSON.
func (e *entry) object(text []byte) *Fault {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil || object == nil || d.More() {
		return &Fault{Line: e.line, Code: "import-line-not-json"}
	}
	named := map[string]any{}
	for name, v := range object {
		named[column(name)] = v
	}
	delete(named, "record") // all are accounts
	return e.fill(named)
}
