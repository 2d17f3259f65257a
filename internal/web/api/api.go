// Package api is the portal's face for programs: JSON under /api/v1.
//
// A program shows the token of a service account; the organization is the token's, never the request's, and what belongs to another
// is not found. To ask whether a licence may be used, its key in the body is enough: it tells status and reason and nothing else. Keys
// and tokens stand in bodies and headers, never in an address. Cookies count for nothing, and no foreign page may ask.
//
// What a row takes and gives is a Go type; the OpenAPI documents (3.1, and 3.0.3 for generators) and the page that people read are made
// of the same table of operations and the same types, so that they cannot say something else than the code does. Whatever fails is a
// problem document (RFC 9457) with a stable code. Within v1, fields and codes may be added and none is taken away or changed.
package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"vestibule/internal/activation"
	"vestibule/internal/download"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/text"
	"vestibule/internal/web"
)

// Services are the capabilities that programs speak to.
type Services struct {
	Activation *activation.Service
	Licenses   *license.Service
	Downloads  *download.Service
}

// Face is the API.
type Face struct {
	Services
	words     *text.Catalogue
	documents map[string][]byte // by version of OpenAPI
}

// maxRequest bounds a request's body: the largest that is of any use has some two hundred bytes.
const maxRequest = 8 << 10

// New makes the face.
func New(s Services, words *text.Catalogue) (*Face, error) {
	f := &Face{Services: s, words: words, documents: map[string][]byte{}}
	in := f.describe(words.For(text.English))
	for _, version := range []string{version31, version30} {
		b, err := json.MarshalIndent(in.openAPI(version), "", "  ")
		if err != nil {
			return nil, err
		}
		f.documents[version] = append(b, '\n')
	}
	return f, nil
}

// Routes are the face's table.
func (f *Face) Routes() []web.Route {
	routes := []web.Route{
		web.Row(web.Anyone, "GET /api/v1/openapi.json", f.document(version31)).API(),
		web.Row(web.Anyone, "GET /api/v1/openapi-3.0.json", f.document(version30)).API(),
		web.Row(web.Anyone, "GET /api/v1/docs", f.docs),
	}
	for _, o := range f.operations() {
		routes = append(routes, web.Row(o.access(), o.method+" "+o.path, o.handle).API().Body(maxRequest))
	}
	return routes
}

func (f *Face) document(version string) web.Handler {
	return func(c *web.Context) error {
		c.W.Header().Set("Cache-Control", "public, max-age=3600")
		return c.Bytes(http.StatusOK, "application/json", f.documents[version])
	}
}

// An operation is one row of the API with what documents say of it.
type operation struct {
	id     string // also the key of its words
	method string
	path   string
	scope  organization.Scope // what a token needs; "": none
	alone  bool               // works without a token
	handle web.Handler
	query  any // a struct whose fields are tagged query, or nil
	body   any // a struct whose fields are tagged json, or nil
	answer any // what is answered; nil: nothing
	status int
	codes  []string // of failures, besides those that every operation has
}

// access is who comes in: what works without a token asks for the scope itself where one is shown.
func (o operation) access() web.Access {
	if o.alone {
		return web.Anyone
	}
	return web.Token(string(o.scope))
}

// operations is the table.
func (f *Face) operations() []operation {
	stopped := []string{
		"license-expired", "license-not-started", "license-suspended", "license-revoked", "license-none",
	}
	const devices, licenses = "/api/v1/devices", "/api/v1/licenses"
	return []operation{
		{
			id: "validate", method: http.MethodPost, path: "/api/v1/validate", scope: organization.ScopeValidate, alone: true, handle: f.validate,
			body: ValidateRequest{}, answer: Validity{}, status: http.StatusOK,
			codes: []string{"not-found", "key-needed", "key-alone", "key-character", "key-short", "key-long", "key-check", "fingerprint-invalid"},
		},
		{
			id: "activateDevice", method: http.MethodPost, path: devices, scope: organization.ScopeActivate, handle: f.activate,
			body: ActivateRequest{}, answer: Activation{}, status: http.StatusOK,
			codes: append([]string{"not-found", "key-unknown", "key-replaced", "key-needed", "key-character", "key-short", "key-long", "key-check",
				"fingerprint-invalid", "name-long", "devices-exhausted", "seats-exhausted"}, stopped...),
		},
		{
			id: "heartbeatDevice", method: http.MethodPost, path: devices + "/{id}/heartbeat", scope: organization.ScopeActivate, handle: f.heartbeat,
			body: HeartbeatRequest{}, answer: Activation{}, status: http.StatusOK,
			codes: append([]string{"device-unknown", "fingerprint-invalid", "devices-exhausted", "seats-exhausted"}, stopped...),
		},
		{
			id: "deactivateDevice", method: http.MethodPost, path: devices + "/{id}/deactivate", scope: organization.ScopeActivate, handle: f.deactivate,
			status: http.StatusNoContent, codes: []string{"device-unknown"},
		},
		{
			id: "listLicenses", method: http.MethodGet, path: licenses, scope: organization.ScopeValidate, handle: f.licenses,
			answer: Licenses{}, status: http.StatusOK,
		},
		{
			id: "issueLicenseFile", method: http.MethodPost, path: licenses + "/{id}/file", scope: organization.ScopeFiles, handle: f.file,
			body: FileRequest{}, answer: LicenseFile{}, status: http.StatusOK,
			codes: append([]string{"not-found", "device-unknown", "fingerprint-invalid", "devices-exhausted", "seats-exhausted"}, stopped...),
		},
		{
			id: "listRevocations", method: http.MethodGet, path: "/api/v1/revocations", alone: true, handle: f.revocations,
			answer: Revocations{}, status: http.StatusOK,
		},
		{
			id: "listKeys", method: http.MethodGet, path: "/api/v1/keys", alone: true, handle: f.keys,
			answer: Keys{}, status: http.StatusOK,
		},
		{
			id: "listReleases", method: http.MethodGet, path: "/api/v1/releases", scope: organization.ScopeReleases, handle: f.releases,
			query: ReleasesQuery{}, answer: Releases{}, status: http.StatusOK, codes: []string{"not-found", "required"},
		},
		{
			id: "createArtifactURL", method: http.MethodPost, path: "/api/v1/artifacts/{id}/url", scope: organization.ScopeDownload, handle: f.artifactURL,
			answer: ArtifactURL{}, status: http.StatusOK,
			codes: append([]string{"not-found", "agreement-needed", "channel-not-included", "maintenance-lapsed"}, stopped...),
		},
	}
}

// always are the codes that every operation may fail with; body those of one that takes a body, token of one that wants a token.
func always() []string {
	return []string{"wrong-method", "too-many", "internal", "busy", "unavailable", "cross-origin"}
}

func ofBody() []string {
	return []string{"wrong-type", "body-too-large", "json-unreadable", "field-unknown", "form", "not-text", "too-long"}
}

func ofToken() []string {
	return []string{"token-missing", "token-malformed", "token-unknown", "token-expired", "scope-missing"}
}

// failures are all codes of an operation, in order of the alphabet.
func (o operation) failures() []string {
	all := append(slices.Clone(o.codes), always()...)
	if o.body != nil {
		all = append(all, ofBody()...)
	}
	if o.scope != "" {
		all = append(all, ofToken()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// statusOf is what a code is answered with.
func statusOf(code string) int {
	switch code {
	case "json-unreadable":
		return http.StatusBadRequest
	case "token-missing", "token-malformed", "token-unknown", "token-expired":
		return http.StatusUnauthorized
	case "scope-missing", "cross-origin", "key-replaced", "agreement-needed", "channel-not-included", "maintenance-lapsed",
		"license-expired", "license-not-started", "license-suspended", "license-revoked", "license-none":
		return http.StatusForbidden
	case "not-found", "key-unknown", "device-unknown":
		return http.StatusNotFound
	case "wrong-method":
		return http.StatusMethodNotAllowed
	case "devices-exhausted", "seats-exhausted":
		return http.StatusConflict
	case "body-too-large":
		return http.StatusRequestEntityTooLarge
	case "wrong-type":
		return http.StatusUnsupportedMediaType
	case "too-many":
		return http.StatusTooManyRequests
	case "internal":
		return http.StatusInternalServerError
	case "busy", "unavailable":
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}

// answer sends what was asked for.
func answer(c *web.Context, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.Bytes(http.StatusOK, "application/json", b)
}

// at is a time as documents have it; a zero one is left out.
func at(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}
