package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
	"vestibule/internal/web/api/apitest/client"
)

// rows are the operations that want a token, each with the scope that it wants.
func rows() map[string]organization.Scope {
	return map[string]organization.Scope{
		"POST /api/v1/devices":               organization.ScopeActivate,
		"POST /api/v1/devices/x/heartbeat":   organization.ScopeActivate,
		"POST /api/v1/devices/x/deactivate":  organization.ScopeActivate,
		"GET /api/v1/licenses":               organization.ScopeValidate,
		"POST /api/v1/licenses/x/file":       organization.ScopeFiles,
		"GET /api/v1/releases?product=other": organization.ScopeReleases,
		"POST /api/v1/artifacts/x/url":       organization.ScopeDownload,
		"POST /api/v1/validate":              organization.ScopeValidate,
	}
}

// asvs: V8.2.1
func TestEveryRowWantsItsScopeAndNoOther(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, portal *portaltest.Portal) {
		r := newRig(t, portal)
		f := r.firm("Harbour")
		tokens := map[organization.Scope]string{}
		for _, scope := range organization.Scopes() {
			tokens[scope] = f.token(scope)
		}
		for row, needed := range rows() {
			method, path, _ := strings.Cut(row, " ")
			for scope, token := range tokens {
				answer, body := r.raw(method, path, "{}", "Authorization", "Bearer "+token, "Content-Type", "application/json")
				if refused := answer.StatusCode == http.StatusForbidden; refused != (scope != needed) {
					t.Errorf("%s with %s: %d %s", row, scope, answer.StatusCode, body)
				}
			}
			answer, body := r.raw(method, path, "{}", "Content-Type", "application/json")
			if answer.StatusCode != http.StatusUnauthorized && path != "/api/v1/validate" {
				t.Errorf("%s without a token: %d %s", row, answer.StatusCode, body)
			}
		}
		r.keepsSecrets()
	})
}

// asvs: V4.1.1 V14.2.1
func TestWhatDoesNotFitIsAProblemWithACode(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, portal *portaltest.Portal) {
		r := newRig(t, portal)
		f := r.firm("Harbour")
		key, token := f.license.Key.String(), f.token(organization.ScopeValidate)
		ok := `{"key":"` + key + `"}`
		asJSON := []string{"Content-Type", "application/json"}
		for name, c := range map[string]struct {
			method, path, body string
			set                []string
			status             int
			code, field        string
		}{
			"fine":                   {"POST", "/api/v1/validate", ok, asJSON, 200, "valid", ""},
			"with a charset":         {"POST", "/api/v1/validate", ok, []string{"Content-Type", "application/json; charset=UTF-8"}, 200, "valid", ""},
			"another charset":        {"POST", "/api/v1/validate", ok, []string{"Content-Type", "application/json; charset=latin1"}, 415, "wrong-type", ""},
			"a form":                 {"POST", "/api/v1/validate", "key=" + key, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "wrong-type", ""},
			"no type":                {"POST", "/api/v1/validate", ok, nil, 415, "wrong-type", ""},
			"another method":         {"GET", "/api/v1/validate", "", nil, 405, "wrong-method", ""},
			"a method of none":       {"DELETE", "/api/v1/devices", "", nil, 405, "wrong-method", ""},
			"no such path":           {"GET", "/api/v1/nothing", "", nil, 404, "not-found", ""},
			"no such version":        {"POST", "/api/v2/validate", ok, asJSON, 404, "not-found", ""},
			"half an object":         {"POST", "/api/v1/validate", ok[:20], asJSON, 400, "json-unreadable", ""},
			"a list":                 {"POST", "/api/v1/validate", "[" + ok + "]", asJSON, 400, "json-unreadable", ""},
			"nothing":                {"POST", "/api/v1/validate", "null", asJSON, 400, "json-unreadable", ""},
			"two objects":            {"POST", "/api/v1/validate", ok + ok, asJSON, 400, "json-unreadable", ""},
			"no UTF-8":               {"POST", "/api/v1/validate", "{\"key\":\"\xff\"}", asJSON, 400, "json-unreadable", ""},
			"a number":               {"POST", "/api/v1/validate", `{"key":7}`, asJSON, 422, "form", "key"},
			"an unknown field":       {"POST", "/api/v1/validate", `{"key":"` + key + `","organization":"x"}`, asJSON, 422, "form", "organization"},
			"too long":               {"POST", "/api/v1/validate", `{"key":"` + strings.Repeat("A", 81) + `"}`, asJSON, 422, "form", "key"},
			"too large":              {"POST", "/api/v1/validate", `{"key":"` + strings.Repeat("A", 9000) + `"}`, asJSON, 413, "body-too-large", ""},
			"no key":                 {"POST", "/api/v1/validate", `{}`, asJSON, 422, "key-needed", "key"},
			"a key in the address":   {"POST", "/api/v1/validate?key=" + strings.Repeat("A", 5), `{}`, asJSON, 422, "key-needed", "key"},
			"a token in the address": {"GET", "/api/v1/licenses?access_token=x", "", nil, 401, "token-missing", ""},
			"a token with a slip":    {"GET", "/api/v1/licenses", "", []string{"Authorization", "Bearer " + token[:len(token)-1] + "!"}, 401, "token-malformed", ""},
			"another scheme":         {"GET", "/api/v1/licenses", "", []string{"Authorization", "Digest " + token}, 401, "token-missing", ""},
			"a page elsewhere":       {"POST", "/api/v1/validate", ok, append([]string{"Sec-Fetch-Site", "cross-site"}, asJSON...), 403, "cross-origin", ""},
			"basic":                  {"GET", "/api/v1/licenses", "", []string{"Authorization", basic(token)}, 200, "", ""},
			"no product":             {"GET", "/api/v1/releases", "", []string{"Authorization", "Bearer " + f.token(organization.ScopeReleases)}, 422, "required", "product"},
		} {
			answer, body := r.raw(c.method, c.path, c.body, c.set...)
			var p problem
			err := json.Unmarshal([]byte(body), &p)
			if err != nil || answer.StatusCode != c.status || p.Code != c.code || p.Field != c.field {
				t.Errorf("%s: %d %s", name, answer.StatusCode, body)
			}
			if c.status >= 400 && (answer.Header.Get("Content-Type") != "application/problem+json" || p.Instance == "" || p.Detail == "" || !strings.HasSuffix(p.Type, "#"+p.Code)) {
				t.Errorf("%s: is no problem document: %v %s", name, answer.Header, body)
			}
			if answer.Header.Get("Access-Control-Allow-Origin") != "" || len(answer.Cookies()) > 0 || strings.Contains(body, key) {
				t.Errorf("%s: %v %s", name, answer.Header, body)
			}
		}
		r.secrets = append(r.secrets, strings.Repeat("A", 40))
		r.keepsSecrets()
	})
}

func basic(token string) string {
	q, _ := http.NewRequest(http.MethodGet, "/", nil)
	q.SetBasicAuth("anybody", token)
	return q.Header.Get("Authorization")
}

// asvs: V7.2.1
func TestACookieOpensNothingAndTheLanguageIsTheRequests(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, portal *portaltest.Portal) {
		r := newRig(t, portal)
		answer, body := r.raw("GET", "/api/v1/licenses?lang=de", "", "Cookie", "__Host-session=x; __Host-staff=y; __Host-lang=de", "Accept-Language", "en")
		if answer.StatusCode != http.StatusUnauthorized || !strings.Contains(body, "Show a token") || len(answer.Header.Values("Www-Authenticate")) == 0 {
			t.Errorf("%d %s", answer.StatusCode, body)
		}
		if _, body = r.raw("GET", "/api/v1/licenses", "", "Accept-Language", "de-CH, en;q=0.5"); strings.Contains(body, "Show a token") {
			t.Errorf("asked for in German: %s", body)
		}
		if answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", answer.Header)
		}
	})
}

// asvs: V2.4.1 V6.3.1
func TestLimitsAreToldAndKept(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, portal *portaltest.Portal) {
		r := newRig(t, portal)
		f := r.firm("Harbour")
		key := `{"key":"` + f.license.Key.String() + `"}`
		ask := func(body string, set ...string) *http.Response {
			answer, _ := r.raw("POST", "/api/v1/validate", body, append(set, "Content-Type", "application/json")...)
			return answer
		}
		// Keys that there are not: twenty, and then no more from this network; the key that there is goes on.
		refused := 0
		for range 30 {
			answer := ask(`{"key":"` + license.NewKey(portal.Secret, "NWC").String() + `"}`)
			if answer.StatusCode == http.StatusTooManyRequests {
				refused++
				if wait, err := strconv.Atoi(answer.Header.Get("Retry-After")); err != nil || wait < 1 {
					t.Errorf("%v", answer.Header)
				}
			}
		}
		if refused != 10 {
			t.Errorf("%d of 30 guesses were refused", refused)
		}
		answer := ask(key)
		if answer.StatusCode != http.StatusOK || !regexp.MustCompile(`^"network";r=\d+;t=\d+$`).MatchString(answer.Header.Get("RateLimit")) || answer.Header.Get("RateLimit-Policy") != `"network";q=300;w=60` {
			t.Errorf("%d %v", answer.StatusCode, answer.Header)
		}
		// One key alone: 120 at once, wherever from.
		counts := map[int]int{}
		for i := range 130 {
			r.address = fmt.Sprintf("198.51.%d.7:1", i%50)
			counts[ask(key).StatusCode]++
		}
		if got := []int{counts[200], counts[429]}; !slices.Equal(got, []int{119, 11}) {
			t.Errorf("a key alone: %v", counts)
		}
		// A token has a limit of its own, and takes from nobody else's.
		token := []string{"Authorization", "Bearer " + f.token(organization.ScopeValidate)}
		counts = map[int]int{}
		var last *http.Response
		for range 610 {
			last = ask(key, token...)
			counts[last.StatusCode]++
		}
		if counts[200] != 600 || counts[429] != 10 || last.Header.Get("RateLimit") != `"token";r=0;t=1` {
			t.Errorf("a token: %v %v", counts, last.Header)
		}
		portal.Clock.Advance(time.Second)
		if answer := ask(key, token...); answer.StatusCode != http.StatusOK {
			t.Errorf("a second later: %d", answer.StatusCode)
		}
		r.keepsSecrets()
	})
}

func TestTheRevocationListIsFetchedWhenItChanged(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, portal *portaltest.Portal) {
		r := newRig(t, portal)
		f := r.firm("Harbour")
		first, _ := r.raw("GET", "/api/v1/revocations", "")
		tag := first.Header.Get("Etag")
		if same, body := r.raw("GET", "/api/v1/revocations", "", "If-None-Match", tag); tag == "" || same.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("%q %d %s", tag, same.StatusCode, body)
		}
		c := f.all()
		made, err := c.ActivateDeviceWithResponse(t.Context(), client.ActivateRequest{License: &f.license.ID, Fingerprint: fingerprint})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.IssueLicenseFileWithResponse(t.Context(), f.license.ID, client.FileRequest{Fingerprint: p(fingerprint)}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.DeactivateDeviceWithResponse(t.Context(), made.JSON200.Device.Id); err != nil {
			t.Fatal(err)
		}
		if other, _ := r.raw("GET", "/api/v1/revocations", "", "If-None-Match", tag); other.StatusCode != http.StatusOK || other.Header.Get("Etag") == tag {
			t.Errorf("%d %v", other.StatusCode, other.Header)
		}
	})
}

func TestTheDocumentsAreServed(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, portal *portaltest.Portal) {
		r := newRig(t, portal)
		for _, path := range []string{"/api/v1/openapi.json", "/api/v1/openapi-3.0.json"} {
			if answer, body := r.raw("GET", path, ""); answer.StatusCode != http.StatusOK || !json.Valid([]byte(body)) {
				t.Errorf("%s: %d", path, answer.StatusCode)
			}
		}
		portal.Browser(t).Open("/api/v1/docs").At(http.StatusOK, "/api/v1/docs").Sees("API for programs", "key-unknown", "renew_seconds", "OpenAPI 3.1")
	})
}
