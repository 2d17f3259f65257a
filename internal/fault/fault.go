// Package fault is the portal's error model.
//
// A failure that a person may be told about is an *Error: it has a Kind, which
// says what the failure means to the one who asked, and a stable Code, which
// names words in the catalogue (package text, key "fault." + Code). An Error
// carries no words itself. Every other error is Internal: the person sees an
// incident id, the log sees the cause.
//
// The package knows nothing of HTTP; package web turns kinds into statuses in
// one place.
package fault

import (
	"errors"
	"time"
)

// A Kind says what a failure means to the one who asked.
type Kind int

// The kinds of failure. Internal is the zero value, so that nothing leaks by
// omission.
const (
	Internal        Kind = iota // our fault
	Invalid                     // the input is wrong and can be mended
	Unauthenticated             // sign in first
	Denied                      // signed in, and not allowed
	NotFound                    // no such thing, or none that you may know of
	Conflict                    // the thing changed under the caller
	Gone                        // it expired or was used
	TooMany                     // asked too often; RetryAfter says when to come back
	Unavailable                 // cannot be done now; RetryAfter says when to come back
)

// An Error is a failure with a meaning.
type Error struct {
	Kind       Kind
	Code       string            // stable; names words in the catalogue
	Field      string            // the form field at fault, if one is
	Args       map[string]string // fills the places in the words
	RetryAfter time.Duration     // for TooMany and Unavailable
	Fields     []*Error          // for a form: one for each field at fault, in page order
	Remedy     string            // what can be done about it, as a code; for programs
	Because    []Fact            // the dated facts that a refusal rests on; for programs
	Cause      error             // for the log only
}

// A Fact is one dated thing that a refusal rests on.
type Fact struct {
	Code string
	At   time.Time // zero: not dated
}

// Error is for logs and tests, never for people.
func (e *Error) Error() string {
	s := e.Code
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	for _, f := range e.Fields {
		s += "; " + f.Error()
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the hidden cause.
func (e *Error) Unwrap() error { return e.Cause }

// New returns a failure of the given kind.
func New(kind Kind, code string) *Error { return &Error{Kind: kind, Code: code} }

// OnField returns an Invalid failure of one form field.
func OnField(field, code string) *Error { return &Error{Kind: Invalid, Field: field, Code: code} }

// Because returns a failure of the given kind with the cause for the log.
func Because(kind Kind, code string, cause error) *Error {
	return &Error{Kind: kind, Code: code, Cause: cause}
}

// With returns a copy of e whose words get the pairs name, value.
func (e *Error) With(pairs ...string) *Error {
	c := *e
	c.Args = make(map[string]string, len(e.Args)+len(pairs)/2)
	for k, v := range e.Args {
		c.Args[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		c.Args[pairs[i]] = pairs[i+1]
	}
	return &c
}

// From finds the failure in err's chain; an unknown error is Internal.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", Cause: err}
}

// Is reports whether err is a failure of the given kind. A nil error is none.
func Is(err error, kind Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}

// Code reports whether err, or one of its fields, is a failure of the given code.
func Code(err error, code string) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	if e.Code == code {
		return true
	}
	for _, f := range e.Fields {
		if f.Code == code {
			return true
		}
	}
	return false
}

// A Form collects what is wrong with the fields of one form. The zero value is
// ready to use.
type Form struct{ fields []*Error }

// Add notes a failure of a field; pairs fill the places in its words.
func (f *Form) Add(field, code string, pairs ...string) {
	f.fields = append(f.fields, OnField(field, code).With(pairs...))
}

// AddErr notes err as a failure of a field and returns nil, or returns err if it
// is no Invalid failure: that is not the field's fault.
func (f *Form) AddErr(field string, err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != Invalid {
		return err
	}
	c := *e
	c.Field = field
	f.fields = append(f.fields, &c)
	return nil
}

// Err is nil when nothing was noted, else Invalid with code "form".
func (f *Form) Err() error {
	if len(f.fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "form", Field: f.fields[0].Field, Fields: f.fields}
}
