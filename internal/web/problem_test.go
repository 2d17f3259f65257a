package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/web"
)

// programs are a kit with rows for programs: "vst_good" is a token with the scope releases.
func programs(t *testing.T, routes ...web.Route) *web.Kit {
	t.Helper()
	o := options(t)
	o.Token = func(_ context.Context, token, _ string) (web.Who, error) {
		if token != "vst_good" {
			return web.Who{}, fault.New(fault.Unauthenticated, "token-missing")
		}
		return web.Who{Account: "service-1", Service: true, Organization: "o1", Permissions: []string{"releases"}}, nil
	}
	return start(t, o, append(routes,
		web.Row(web.Token("releases"), "GET /api/v1/releases", said("list")).API(),
		web.Row(web.Token("activate"), "POST /api/v1/devices", said("made")).API(),
		web.Row(web.Anyone, "POST /api/v1/refuses", fails(&fault.Error{
			Kind: fault.Conflict, Code: "changed", Remedy: "try-again", Because: []fault.Fact{{Code: "seen", At: noon}},
		})).API(),
	)...)
}

// asvs: V4.1.1
func TestARowForTokensTakesNothingElse(t *testing.T) {
	k := programs(t)
	for name, c := range map[string]struct {
		set    func(*http.Request)
		path   string
		method string
		status int
		code   string
	}{
		"bearer":               {header("Authorization", "Bearer vst_good"), "/api/v1/releases", "GET", 200, ""},
		"bearer in small":      {header("Authorization", "bearer vst_good"), "/api/v1/releases", "GET", 200, ""},
		"basic":                {func(r *http.Request) { r.SetBasicAuth("anything", "vst_good") }, "/api/v1/releases", "GET", 200, ""},
		"nothing":              {func(*http.Request) {}, "/api/v1/releases", "GET", 401, "token-missing"},
		"another token":        {header("Authorization", "Bearer vst_bad"), "/api/v1/releases", "GET", 401, "token-missing"},
		"a client's cookie":    {cookie("session", "good"), "/api/v1/releases", "GET", 401, "token-missing"},
		"in the address":       {func(r *http.Request) { r.URL.RawQuery = "access_token=vst_good" }, "/api/v1/releases", "GET", 401, "token-missing"},
		"without the scope":    {header("Authorization", "Bearer vst_good"), "/api/v1/devices", "POST", 403, "scope-missing"},
		"a path that is not":   {header("Authorization", "Bearer vst_good"), "/api/v1/nothing", "GET", 404, "not-found"},
		"another method":       {header("Authorization", "Bearer vst_good"), "/api/v1/releases", "POST", 405, "wrong-method"},
		"from a foreign page":  {header("Sec-Fetch-Site", "cross-site"), "/api/v1/refuses", "POST", 403, "cross-origin"},
		"refused with reasons": {func(*http.Request) {}, "/api/v1/refuses", "POST", 409, "changed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(k, c.method, c.path, "", c.set)
			if w.Code != c.status {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if c.code == "" {
				return
			}
			var p web.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Fatalf("%v: %s %s", err, w.Header().Get("Content-Type"), w.Body)
			}
			if p.Code != c.code || p.Status != c.status || p.Detail == "" || !strings.HasPrefix(p.Instance, "urn:request:request-") {
				t.Errorf("%+v", p)
			}
			if (w.Header().Get("WWW-Authenticate") != "") != (c.status == 401) {
				t.Errorf("WWW-Authenticate: %q", w.Header().Get("WWW-Authenticate"))
			}
			if c.code == "changed" && (p.Remedy != "try-again" || len(p.Because) != 1 || !p.Because[0].At.Equal(noon)) {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestARowTakesAsMuchAsItSays(t *testing.T) {
	read := func(c *web.Context) error {
		n, err := io.Copy(io.Discard, c.R.Body)
		if err != nil {
			return fault.Because(fault.Invalid, "body-too-large", err)
		}
		return c.Bytes(200, "text/plain", []byte(strconv.FormatInt(n, 10)))
	}
	k := programs(t, web.Row(web.Anyone, "POST /small", read), web.Row(web.Anyone, "POST /large", read).Body(1<<20))
	for path, want := range map[string]map[int]int{"/small": {64 << 10: 200, 64<<10 + 1: 413}, "/large": {1 << 20: 200, 1<<20 + 1: 413}} {
		for size, status := range want {
			if w := ask(k, "POST", path, strings.Repeat("x", size)); w.Code != status {
				t.Errorf("%s took %d bytes with %d, want %d", path, size, w.Code, status)
			}
		}
	}
}

// slow is a connection that counts how often its deadline is moved.
type slow struct {
	*httptest.ResponseRecorder
	moved []time.Time
	read  []time.Time
}

func (s *slow) SetWriteDeadline(t time.Time) error { s.moved = append(s.moved, t); return nil }
func (s *slow) SetReadDeadline(t time.Time) error  { s.read = append(s.read, t); return nil }

func TestALongRowsDeadlineMovesWithWhatIsSent(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	content := strings.Repeat("0123456789abcdef", 9<<16) // 9 MiB: two whole stretches and a part
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	send := func(c *web.Context) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		http.ServeContent(c.W, c.R, "file", noon, f)
		return nil
	}
	k := programs(t, web.Row(web.Anyone, "GET /long", send).Long(), web.Row(web.Anyone, "GET /short", send))
	for path, moves := range map[string]int{"/long": 4, "/short": 0} { // at the beginning, and for each stretch
		w := &slow{ResponseRecorder: httptest.NewRecorder()}
		k.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://portal.example"+path, nil))
		if w.Body.String() != content {
			t.Errorf("%s: %d bytes came, not as sent", path, w.Body.Len())
		}
		if len(w.moved) != moves {
			t.Errorf("%s: the deadline moved %d times, want %d", path, len(w.moved), moves)
		}
	}
	w := &slow{ResponseRecorder: httptest.NewRecorder()}
	r := httptest.NewRequest(http.MethodGet, "https://portal.example/long", nil)
	r.Header.Set("Range", "bytes=5000000-9000000")
	k.ServeHTTP(w, r)
	if w.Code != 206 || w.Body.String() != content[5000000:9000001] {
		t.Errorf("a range: %d, %d bytes", w.Code, w.Body.Len())
	}
}

// A read deadline that passes cancels the request: there must be none while a handler works on what it has read.
func TestALongRowWaitsForBytesAndNotForItsHandler(t *testing.T) {
	seen := 0
	take := func(c *web.Context) error {
		w := c.W.(interface{ Unwrap() http.ResponseWriter }).Unwrap().(*slow)
		if last := w.read[len(w.read)-1]; !last.Equal(noon.Add(2 * time.Minute)) {
			t.Errorf("before the body the deadline is %s", last)
		}
		n, err := io.Copy(io.Discard, c.R.Body)
		if last := w.read[len(w.read)-1]; err != nil || n != 5<<20 || !last.IsZero() {
			t.Errorf("after the body the deadline is %s (%d bytes, %v)", last, n, err)
		}
		seen++
		return c.Bytes(http.StatusOK, "text/plain", nil)
	}
	k := programs(t, web.Row(web.Anyone, "POST /take", take).Body(8<<20).Long())
	w := &slow{ResponseRecorder: httptest.NewRecorder()}
	k.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "https://portal.example/take", strings.NewReader(strings.Repeat("x", 5<<20))))
	if seen != 1 || w.Code != http.StatusOK {
		t.Errorf("%d, seen %d times", w.Code, seen)
	}
}
