package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"vestibule/internal/fault"
	"vestibule/internal/web"
)

// read reads the request's body, one JSON object of texts, into a struct whose fields are tagged json and max. A field that the
// struct does not have is refused: a name with a slip in it would pass in silence otherwise. It fails with "wrong-type",
// "body-too-large", "json-unreadable", and Invalid at a field with "field-unknown", "not-text" or "too-long".
func read(c *web.Context, into any) error {
	kind, params, err := mime.ParseMediaType(c.R.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fault.New(fault.Invalid, "wrong-type")
	}
	body, err := io.ReadAll(c.R.Body)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.New(fault.Invalid, "body-too-large")
	}
	if err != nil {
		return fault.Because(fault.Invalid, "json-unreadable", err)
	}
	var members map[string]json.RawMessage
	// What a decoder says of a body quotes it, and a body has a key in it: the log is told nothing.
	if err := json.Unmarshal(body, &members); err != nil || members == nil || !utf8.Valid(body) {
		return fault.New(fault.Invalid, "json-unreadable")
	}
	var wrong fault.Form
	v := reflect.ValueOf(into).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		raw, there := members[name]
		delete(members, name)
		if !there || bytes.Equal(raw, []byte("null")) {
			continue
		}
		v.Field(i).SetString(textOf(&wrong, name, v.Type().Field(i).Tag.Get("max"), raw))
	}
	unknown := make([]string, 0, len(members))
	for name := range members {
		unknown = append(unknown, name)
	}
	slices.Sort(unknown)
	for _, name := range unknown[:min(len(unknown), 10)] {
		wrong.Add(clipped(name), "field-unknown")
	}
	return wrong.Err()
}

func textOf(wrong *fault.Form, name, most string, raw json.RawMessage) (s string) {
	if err := json.Unmarshal(raw, &s); err != nil || strings.ContainsRune(s, 0) {
		wrong.Add(name, "not-text")
		return ""
	}
	if n, err := strconv.Atoi(most); err == nil && utf8.RuneCountInString(s) > n {
		wrong.Add(name, "too-long", "max", most)
		return ""
	}
	return strings.TrimSpace(s)
}

// clipped is a name from outside as an answer may repeat it.
func clipped(name string) string {
	if len(name) > 40 {
		return strings.ToValidUTF8(name[:40], "")
	}
	return name
}
