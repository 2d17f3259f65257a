package api

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"vestibule/internal/text"
	"vestibule/internal/web/pagetest"
)

// update is the flag that package pagetest defines for golden files.
func update() bool { return flag.Lookup("update").Value.String() == "true" }

func face(t *testing.T) *Face {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(Services{}, words.In(time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A contract that changes, changes in sight: whoever changes a type sees what programs will see.
func TestTheContractIsTheKeptOne(t *testing.T) {
	f := face(t)
	for version, name := range map[string]string{version31: "openapi.json", version30: "openapi-3.0.json"} {
		path := filepath.Join("testdata", name)
		if update() {
			if err := os.WriteFile(path, f.documents[version], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(kept), string(f.documents[version])); diff != "" {
			t.Errorf("%s: the contract changed; look at it, then run with -update:\n%s", name, diff)
		}
	}
}

// asvs: V4.1.4
func TestBothDocumentsAreSound(t *testing.T) {
	f := face(t)
	document, err := libopenapi.NewDocument(f.documents[version31])
	if err != nil {
		t.Fatal(err)
	}
	v, problems := validator.NewValidator(document)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if ok, wrong := v.ValidateDocument(); !ok {
		for _, w := range wrong {
			t.Errorf("3.1: %s: %s %v", w.Message, w.Reason, w.SchemaValidationErrors)
		}
	}
	three, err := openapi3.NewLoader().LoadFromData(f.documents[version30])
	if err != nil {
		t.Fatal(err)
	}
	if err := three.Validate(t.Context()); err != nil {
		t.Errorf("3.0: %v", err)
	}
}

func TestEveryCodeOfTheAPIHasAStatusAndWords(t *testing.T) {
	f := face(t)
	for _, lang := range text.Languages() {
		d := f.describe(f.words.For(lang))
		for _, c := range d.Codes {
			if strings.HasPrefix(c.Text, "fault.") || c.Text == "" {
				t.Errorf("%s: %s has no words", lang, c.Code)
			}
			if c.Status == http.StatusUnprocessableEntity && !slices.Contains([]string{
				"key-alone", "key-needed", "key-character", "key-short", "key-long", "key-check", "fingerprint-invalid", "name-long",
				"field-unknown", "form", "not-text", "too-long", "required",
			}, c.Code) {
				t.Errorf("%s is answered as something that can be mended in the request: is it?", c.Code)
			}
		}
		for _, typ := range d.Types {
			for _, field := range typ.Fields {
				if strings.HasPrefix(field.Text, "api.") {
					t.Errorf("%s: %s.%s has no words", lang, typ.Name, field.Name)
				}
			}
		}
	}
}

// What is read from a request is texts alone, so that read need know nothing else.
func TestRequestsAreTexts(t *testing.T) {
	for _, o := range face(t).operations() {
		if o.body == nil {
			continue
		}
		for field := range fieldsOf(o.body) {
			if field.Type.Kind() != reflect.String || field.Tag.Get("max") == "" {
				t.Errorf("%s: %s is no bounded text", o.id, field.Name)
			}
		}
	}
}

func fieldsOf(of any) func(func(reflect.StructField) bool) {
	t := reflect.TypeOf(of)
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func TestExamplesAreJSON(t *testing.T) {
	for version, document := range face(t).documents {
		var v map[string]any
		if err := json.Unmarshal(document, &v); err != nil || v["openapi"] != version {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestThePage(t *testing.T) {
	pagetest.Samples(t, Samples())
}
