package web

import (
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"vestibule/internal/fault"
)

// maxBody bounds every request's body.
const maxBody = 64 << 10

// maxField bounds a field that does not say its own bound, in characters.
const maxField = 2000

const (
	tooLarge   = "body-too-large"
	unreadable = "form-unreadable"
)

// Form reads the request's form into a struct whose fields are tagged
// form:"name[,option…]". Strings lose the space around them unless the option
// raw says otherwise (passwords); max=200 bounds them in characters. Fields
// are string, []string or bool (a checkbox). What was sent stands in the
// struct even where Form fails, so that the page can keep it.
//
// It fails with Invalid, a code "too-long" or "not-text" at the field, or with
// "body-too-large" and "form-unreadable" for the whole.
func (c *Context) Form(into any) error {
	if err := c.parse(); err != nil {
		return err
	}
	var wrong fault.Form
	v := reflect.ValueOf(into).Elem()
	for i := range v.NumField() {
		tag, ok := v.Type().Field(i).Tag.Lookup("form")
		if !ok {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		given := c.R.Form[name]
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			if len(given) > 0 {
				f.SetString(field(&wrong, name, options, given[0]))
			}
		case reflect.Bool:
			f.SetBool(len(given) > 0 && given[0] != "" && given[0] != "false" && given[0] != "0")
		case reflect.Slice:
			list := make([]string, 0, min(len(given), 100))
			for _, one := range given[:min(len(given), 100)] {
				list = append(list, field(&wrong, name, options, one))
			}
			f.Set(reflect.ValueOf(list))
		default:
			panic("web: form field " + name + " is no string, []string or bool")
		}
	}
	return wrong.Err()
}

// parse reads query and body once. A GET has its query alone.
func (c *Context) parse() error {
	if c.R.Method == http.MethodPost {
		kind, _, err := mime.ParseMediaType(c.R.Header.Get("Content-Type"))
		if c.R.ContentLength != 0 && (err != nil || kind != "application/x-www-form-urlencoded") {
			return fault.New(fault.Invalid, unreadable)
		}
	}
	err := c.R.ParseForm()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.New(fault.Invalid, tooLarge)
	}
	if err != nil {
		return fault.Because(fault.Invalid, unreadable, err)
	}
	return nil
}

func field(wrong *fault.Form, name, options, s string) string {
	most, raw := maxField, false
	for option := range strings.SplitSeq(options, ",") {
		if n, ok := strings.CutPrefix(option, "max="); ok {
			most, _ = strconv.Atoi(n)
		}
		raw = raw || option == "raw"
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		wrong.Add(name, "not-text")
		return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
	}
	if !raw {
		s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	}
	if utf8.RuneCountInString(s) > most {
		wrong.Add(name, "too-long", "max", strconv.Itoa(most))
		if len(s) > 4*most {
			return strings.ToValidUTF8(s[:4*most], "")
		}
	}
	return s
}
