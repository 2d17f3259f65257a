package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// The versions of OpenAPI that the documents are written in.
const (
	version31 = "3.1.1"
	version30 = "3.0.3"
)

// An object is a JSON object whose members keep their order.
type object []member

type member struct {
	Name  string
	Value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.Value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// openAPI is the description as an OpenAPI document. The two versions differ in how a schema gives its example.
func (d *description) openAPI(version string) object {
	paths := object{}
	for _, o := range d.Operations {
		one := member{strings.ToLower(o.method), d.operation(o, version)}
		if n := len(paths); n > 0 && paths[n-1].Name == o.path {
			paths[n-1].Value = append(paths[n-1].Value.(object), one)
			continue
		}
		paths = append(paths, member{o.path, object{one}})
	}
	schemas := object{}
	for _, t := range d.Types {
		schemas = append(schemas, member{t.Name, d.schema(t, version)})
	}
	return object{
		{"openapi", version},
		{"info", object{{"title", d.Title}, {"version", "1"}, {"description", d.Lead}}},
		{"servers", []object{{{"url", "/"}}}},
		{"tags", []object{}},
		{"paths", paths},
		{"components", object{
			{"schemas", schemas},
			{"headers", object{
				{"RateLimit", textHeader(d.words.T("api.header.rate"), `"token";r=599;t=1`)},
				{"RateLimit-Policy", textHeader(d.words.T("api.header.policy"), `"token";q=600;w=60`)},
				{"Retry-After", object{{"description", d.words.T("api.header.retry")}, {"schema", object{{"type", "integer"}}}, {"example", 12}}},
			}},
			{"securitySchemes", object{
				{"token", object{{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "vst"}, {"description", d.words.T("api.security.token")}}},
				{"basic", object{{"type", "http"}, {"scheme", "basic"}, {"description", d.words.T("api.security.basic")}}},
			}},
		}},
		{"x-codes", d.codes()},
	}
}

func textHeader(words, example string) object {
	return object{{"description", words}, {"schema", object{{"type", "string"}}}, {"example", example}}
}

func (d *description) codes() (out object) {
	for _, c := range d.Codes {
		out = append(out, member{c.Code, object{{"status", c.Status}, {"description", c.Text}}})
	}
	return out
}

func (d *description) operation(o described, version string) object {
	out := object{{"operationId", o.id}, {"summary", o.Title}, {"description", o.Text}}
	if len(o.Parameters) > 0 {
		list := []object{}
		for _, p := range o.Parameters {
			one := object{{"name", p.Name}, {"in", p.In}, {"required", p.Required}, {"description", p.Text}, {"schema", d.value(p, version, false)}}
			if p.Example != nil {
				one = append(one, member{"example", p.Example})
			}
			list = append(list, one)
		}
		out = append(out, member{"parameters", list})
	}
	if o.Takes != "" {
		out = append(out, member{"requestBody", object{{"required", true}, {"content", d.content("application/json", o.Takes)}}})
	}
	answers := object{{strconv.Itoa(o.status), d.success(o)}}
	if o.id == "listRevocations" {
		answers = append(answers, member{"304", object{{"description", http.StatusText(http.StatusNotModified)}}})
	}
	statuses, codes := o.statuses()
	for _, status := range statuses {
		answers = append(answers, member{strconv.Itoa(status), d.failure(status, codes[status])})
	}
	out = append(out, member{"responses", answers})
	security := []object{}
	if o.scope != "" {
		security = append(security, object{{"token", []string{}}}, object{{"basic", []string{}}})
		out = append(out, member{"x-scope", o.scope})
	}
	if o.alone {
		security = append(security, object{})
	}
	return append(out, member{"security", security})
}

func (d *description) content(media, name string) object {
	return object{{media, object{{"schema", ref(name)}, {"example", d.sample(name)}}}}
}

func (d *description) success(o described) object {
	out := object{{"description", o.Title}, {"headers", object{
		{"RateLimit", object{{"$ref", "#/components/headers/RateLimit"}}},
		{"RateLimit-Policy", object{{"$ref", "#/components/headers/RateLimit-Policy"}}},
	}}}
	if o.Gives != "" {
		out = append(out, member{"content", d.content("application/json", o.Gives)})
	}
	return out
}

func (d *description) failure(status int, codes []string) object {
	out := object{{"description", http.StatusText(status) + ": " + strings.Join(codes, ", ")}}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		out = append(out, member{"headers", object{{"Retry-After", object{{"$ref", "#/components/headers/Retry-After"}}}}})
	}
	problem := object{
		{"type", "https://portal.example.com/api/v1/docs#" + codes[0]}, {"title", http.StatusText(status)}, {"status", status}, {"detail", d.code(codes[0]).Text},
		{"instance", "urn:request:06cxya9gp4gshm4bs5v0sx1r5m"}, {"code", codes[0]},
	}
	return append(out,
		member{"content", object{{"application/problem+json", object{{"schema", ref("Problem")}, {"example", problem}}}}},
		member{"x-codes", codes})
}

func ref(name string) object { return object{{"$ref", "#/components/schemas/" + name}} }

func (d *description) schema(t typed, version string) object {
	properties, required := object{}, []string{}
	for _, f := range t.Fields {
		properties = append(properties, member{f.Name, d.value(f, version, true)})
		if f.Required {
			required = append(required, f.Name)
		}
	}
	out := object{{"type", "object"}, {"properties", properties}}
	if len(required) > 0 {
		out = append(out, member{"required", required})
	}
	if strings.HasSuffix(t.Name, "Request") {
		out = append(out, member{"additionalProperties", false})
	}
	return out
}

// value is the schema of one field.
func (d *description) value(f field, version string, described bool) object {
	var out object
	switch f.Kind {
	case "string", "boolean":
		out = object{{"type", f.Kind}}
	case "integer":
		out = object{{"type", "integer"}, {"format", "int64"}}
	case "date-time", "uri":
		out = object{{"type", "string"}, {"format", f.Kind}}
	default:
		if f.List {
			return object{{"type", "array"}, {"description", f.Text}, {"items", ref(f.Kind)}}
		}
		return ref(f.Kind)
	}
	if f.Max > 0 {
		out = append(out, member{"maxLength", f.Max})
	}
	if len(f.Enum) > 0 {
		// New values may come: they are told, and no generator makes them the only ones.
		out = append(out, member{"x-extensible-enum", f.Enum})
	}
	if f.List {
		out = object{{"type", "array"}, {"items", out}}
	}
	if !described {
		return out
	}
	out = append(out, member{"description", f.Text})
	if f.Example != nil && version == version31 {
		out = append(out, member{"examples", []any{f.Example}})
	} else if f.Example != nil {
		out = append(out, member{"example", f.Example})
	}
	return out
}
