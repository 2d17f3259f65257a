package internal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"vestibule/internal/portaltest"
)

// asked sends one request to a portal and returns the answer.
func asked(t *testing.T, p *portaltest.Portal, method, path string, set ...func(*http.Request)) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for _, f := range set {
		f(r)
	}
	w := httptest.NewRecorder()
	p.Handler.ServeHTTP(w, r)
	return w.Result()
}

// asvs: V13.4.1 V13.4.2 V13.4.3 V13.4.5 V13.4.7
func TestNothingIsServedThatNobodyMeantToServe(t *testing.T) {
	p := portaltest.SQLite(t)
	for _, path := range []string{
		"/.git/HEAD", "/.git/config", "/.svn/entries", "/.env", "/vestibule.toml", "/keys.json", "/portal.db", "/portal.db-wal", "/backup.zip", "/index.php",
		"/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/metrics", "/assets/", "/assets/..%2f..%2fgo.mod", "/assets/portal.js.map", "/swagger.json", "/server-status",
	} {
		if got := asked(t, p, http.MethodGet, path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s is answered %d", path, got.StatusCode)
		}
	}
}

// asvs: V13.4.4 V4.1.4
func TestOnlyTheMethodsOfARouteAreTaken(t *testing.T) {
	p := portaltest.SQLite(t)
	for _, method := range []string{http.MethodTrace, http.MethodConnect, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "DEBUG", "PROPFIND"} {
		for _, path := range []string{"/sign-in", "/portal", "/office", "/assets/x.js"} {
			if got := asked(t, p, method, path); got.StatusCode < 400 || got.StatusCode >= 500 {
				t.Errorf("%s %s is answered %d", method, path, got.StatusCode)
			}
		}
	}
}

// asvs: V3.4.2 V4.1.1 V13.4.6
func TestAnAnswerSaysWhatItIsAndNotWhoMadeIt(t *testing.T) {
	p := portaltest.SQLite(t)
	for _, path := range []string{"/", "/sign-in", "/request", "/register", "/nowhere", "/healthz", "/readyz", "/help/privacy", "/office", "/portal"} {
		got := asked(t, p, http.MethodGet, path, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
		if kind := got.Header.Get("Content-Type"); got.StatusCode/100 != 3 && !strings.HasSuffix(strings.ToLower(kind), "charset=utf-8") {
			t.Errorf("%s is %q", path, kind)
		}
		for name := range got.Header {
			if strings.HasPrefix(name, "Access-Control-") || name == "Server" || strings.HasPrefix(name, "X-Powered") {
				t.Errorf("%s has %s: %s", path, name, got.Header.Get(name))
			}
		}
	}
}

// asvs: V7.6.2 V3.3.5
func TestNoSessionBeginsByLookingAround(t *testing.T) {
	p := portaltest.SQLite(t)
	b := p.Browser(t)
	for _, path := range []string{"/", "/sign-in", "/request", "/register", "/get-back-in", "/office", "/portal"} {
		b.Open(path)
		for _, c := range b.Cookies() {
			if strings.Contains(c.Name, "session") {
				t.Errorf("%s sets %s", path, c.Name)
			}
			if len(c.Name)+len(c.Value) > 4096 {
				t.Errorf("%s is too large for a browser", c.Name)
			}
		}
	}
	if n := p.Count(t, `SELECT COUNT(*) FROM session`); n != 0 {
		t.Errorf("%d sessions are stored", n)
	}
}

// asvs: V14.2.2 V14.2.5 V7.4.4 V3.3.5
func TestAPrivatePageIsKeptNowhereAndLetsItsReaderOut(t *testing.T) {
	p := portaltest.SQLite(t)
	office := approver(t, p, "Ada")
	w := somebody(t, p, 1)
	w.AskForAccess()
	b := browserOf(office)
	for _, path := range []string{"/office/requests", "/office/messages", "/office/registrations", "/office/audit"} {
		b.Open(path).At(http.StatusOK, path)
		if kept := b.Page.Header.Get("Cache-Control"); !strings.Contains(kept, "no-store") {
			t.Errorf("%s may be kept: %q", path, kept)
		}
		if len(b.Find(`form[action="/office/sign-out"] button`)) == 0 {
			t.Errorf("%s has no way to sign out", path)
		}
		// A cache that goes by the ending of a name finds nothing.
		for _, name := range []string{path + "/x.css", path + ".css", path + "/;.js", path + "%2Fx.png"} {
			b.Open(name)
			if b.Status < 400 || strings.Contains(b.Body, w.Email) || !strings.Contains(b.Page.Header.Get("Cache-Control"), "no-store") {
				t.Errorf("%s is answered %d, to be kept as %q", name, b.Status, b.Page.Header.Get("Cache-Control"))
			}
		}
	}
	for _, c := range b.Cookies() {
		if len(c.Name)+len(c.Value) > 4096 {
			t.Errorf("%s is too large for a browser", c.Name)
		}
	}
}

// asvs: V5.4.1 V5.4.2
func TestAnExportIsNamedByThePortal(t *testing.T) {
	p := portaltest.SQLite(t)
	b := browserOf(approver(t, p, "Ada"))
	b.Open("/office/requests/export?q=" + url.QueryEscape("\"; filename=\"x.exe\r\nX: y") + "&filename=x.exe")
	if got := b.Page.Header.Get("Content-Disposition"); got != `attachment; filename="requests.csv"` {
		t.Errorf("got %q", got)
	}
}
