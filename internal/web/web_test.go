package web_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/fault"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/pagetest"
	"vestibule/internal/web/ui"
)

var noon = time.Date(2026, 6, 16, 12, 0, 0, 0, time.UTC)

// options are a kit of the smallest kind: "good" is a client's token, "desk"
// one of staff, "away" finds the store away.
func options(t testing.TB) web.Options {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	known := func(want string, who web.Who) func(context.Context, string) (web.Who, error) {
		return func(_ context.Context, token string) (web.Who, error) {
			switch token {
			case want:
				return who, nil
			case "away":
				return web.Who{}, errors.New("the store is away")
			case "old":
				return web.Who{}, fault.New(fault.Unauthenticated, "session-idle")
			}
			return web.Who{}, fault.New(fault.Unauthenticated, "session-none")
		}
	}
	return web.Options{
		BaseURL: "https://portal.example", Words: words, Lang: text.English, Vendor: *pagetest.Vendor(), Accent: "#0b5f80",
		Now: func() time.Time { return noon }, NewID: func() string { n++; return "request-" + strconv.Itoa(n) },
		Log:    slog.New(slog.DiscardHandler),
		Client: known("good", web.Who{Account: "a1", Session: "s1", Name: "Zoë Müller", Company: "Harbour Vale", Roles: []string{"technical"}, FreshUntil: noon.Add(-time.Second)}),
		Staff:  known("desk", web.Who{Account: "a2", Session: "s2", Name: "Ines Duarte", Staff: true, Permissions: []string{"request.read"}}),
	}
}

func said(words string) web.Handler {
	return func(c *web.Context) error { return c.Bytes(200, "text/plain; charset=utf-8", []byte(words)) }
}

func fails(err error) web.Handler { return func(*web.Context) error { return err } }

func start(t testing.TB, o web.Options, routes ...web.Route) *web.Kit {
	t.Helper()
	k, err := web.New(o, routes)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// ask sends a request; cookies are "name=value".
func ask(k *web.Kit, method, path, body string, set ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://portal.example"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, f := range set {
		f(r)
	}
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r)
	return w
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func cookie(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name, Value: value}) }
}

var client, staff = cookie("__Host-session", "good"), cookie("__Host-staff", "desk")

// asvs: V8.2.1 V8.3.1
func TestTheRowSaysWhoMayComeIn(t *testing.T) {
	gated := ""
	o := options(t)
	o.Gate = func(_ context.Context, who web.Who) (string, error) { return gated, nil }
	k := start(t, o,
		web.Row(web.Anyone, "GET /open", said("open")),
		web.Row(web.SignedIn, "GET /waiting", said("waiting")),
		web.Row(web.Client, "GET /portal", said("portal")),
		web.Row(web.Member("administrator"), "GET /portal/people", said("people")),
		web.Row(web.Member("administrator", "technical"), "GET /portal/tech", said("tech")),
		web.Row(web.StaffAny, "GET /office", said("office")),
		web.Row(web.Staff("request.read"), "GET /office/requests", said("requests")),
		web.Row(web.Staff("request.decide"), "GET /office/decide", said("decide")),
		web.Row(web.Anyone, "GET /sign-in", said("sign in")),
	)
	stranger := header("X-Nothing", "")
	for _, row := range []struct {
		path     string
		who      func(*http.Request)
		status   int
		location string
	}{
		{"/open", stranger, 200, ""},
		{"/waiting", stranger, 303, "/sign-in?next=%2Fwaiting"},
		{"/waiting", client, 200, ""},
		{"/waiting", cookie("__Host-session", "old"), 303, "/sign-in?because=session-idle&next=%2Fwaiting"},
		{"/waiting", cookie("__Host-session", "away"), 500, ""},
		{"/waiting", cookie("session", "good"), 303, "/sign-in?next=%2Fwaiting"},
		{"/portal?tab=2", stranger, 303, "/sign-in?next=%2Fportal%3Ftab%3D2"},
		{"/portal", client, 200, ""},
		{"/portal", staff, 303, "/office"},
		{"/", staff, 303, "/office"},
		{"/portal", cookie("__Host-session", "desk"), 303, "/sign-in?because=session-none&next=%2Fportal"},
		{"/portal/people", client, 403, ""},
		{"/portal/tech", client, 200, ""},
		{"/office", stranger, 303, "/office/sign-in?next=%2Foffice"},
		{"/office", client, 303, "/office/sign-in?next=%2Foffice"},
		{"/office", cookie("__Host-staff", "good"), 303, "/office/sign-in?because=session-none&next=%2Foffice"},
		{"/office", staff, 200, ""},
		{"/office/requests", staff, 200, ""},
		{"/office/decide", staff, 403, ""},
		{"/", stranger, 303, "/sign-in"},
		{"/", client, 303, "/portal"},
	} {
		w := ask(k, "GET", row.path, "", row.who)
		if w.Code != row.status || w.Header().Get("Location") != row.location {
			t.Errorf("%s: %d to %q, want %d to %q", row.path, w.Code, w.Header().Get("Location"), row.status, row.location)
		}
	}
	gated = "/waiting"
	if w := ask(k, "GET", "/portal", "", client); w.Code != 303 || w.Header().Get("Location") != "/waiting" {
		t.Errorf("the gate was passed: %d", w.Code)
	}
	if w := ask(k, "GET", "/portal/tech", "", client); w.Code != 303 {
		t.Errorf("the gate was passed by the side: %d", w.Code)
	}
	if w := ask(k, "GET", "/waiting", "", client); w.Code != 200 {
		t.Errorf("the gate shut the waiting room: %d", w.Code)
	}
}

func TestARowThatIsNoRowIsRefused(t *testing.T) {
	for name, r := range map[string]web.Route{
		"no access":  web.Row(web.Access{}, "GET /x", said("x")),
		"no method":  web.Row(web.Anyone, "/x", said("x")),
		"odd method": web.Row(web.Anyone, "DELETE /x", said("x")),
		"no path":    web.Row(web.Anyone, "GET x", said("x")),
		"no handler": web.Row(web.Anyone, "GET /x", nil),
		"a clash":    web.Row(web.Anyone, "GET /healthz", said("x")),
	} {
		if _, err := web.New(options(t), []web.Route{r}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for name, change := range map[string]func(*web.Options){
		"no base":    func(o *web.Options) { o.BaseURL = "portal.example" },
		"odd accent": func(o *web.Options) { o.Accent = "red;}" },
	} {
		o := options(t)
		change(&o)
		if _, err := web.New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestTheTableReadsInOrder(t *testing.T) {
	got := web.Table([]web.Route{web.Row(web.Staff("request.decide"), "POST /office/x", nil), web.Row(web.Anyone, "GET /a", nil), web.Row(web.Member("a", "b"), "GET /b", nil)})
	want := "/a         GET   anyone\n/b         GET   member:a|b\n/office/x  POST  staff:request.decide\n"
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

// asvs: V16.5.1 V16.5.2
func TestEveryFailureHasItsAnswer(t *testing.T) {
	for _, row := range []struct {
		err    error
		status int
		after  string
		says   string
	}{
		{errors.New("disk on fire"), 500, "", "request-1"},
		{fault.New(fault.Denied, "not-allowed"), 403, "", "your role does not include"},
		{fault.New(fault.NotFound, "not-found"), 404, "", "cannot find that page"},
		{fault.New(fault.Conflict, "changed"), 409, "", "This has moved on"},
		{fault.New(fault.Gone, "link-used"), 410, "", "has been used before"},
		{&fault.Error{Kind: fault.TooMany, Code: "too-many", RetryAfter: 90*time.Second + 1}, 429, "91", "1:31"},
		{fault.New(fault.Unavailable, "busy"), 503, "10", "Many people"},
		{context.DeadlineExceeded, 503, "10", "Many people"},
		{fault.OnField("name", "required"), 422, "", "Fill in this field"},
		{fault.New(fault.Invalid, "form-unreadable"), 400, "", "could not read"},
	} {
		k := start(t, options(t), web.Row(web.Anyone, "GET /x", fails(row.err)))
		w := ask(k, "GET", "/x", "")
		if w.Code != row.status || w.Header().Get("Retry-After") != row.after || !strings.Contains(w.Body.String(), row.says) {
			t.Errorf("%v: %d after %q, want %d after %q saying %q", row.err, w.Code, w.Header().Get("Retry-After"), row.status, row.after, row.says)
		}
		if strings.Contains(w.Body.String(), "disk on fire") {
			t.Error("the cause went out")
		}
		for _, unsound := range pagetest.Unsound(w.Body.String()) {
			t.Errorf("%d: %s", row.status, unsound)
		}
	}
}

// asvs: V16.5.1 V16.5.3 V16.5.4
func TestAPanicIsAnsweredAndAborts(t *testing.T) {
	k := start(t, options(t),
		web.Row(web.Anyone, "GET /boom", func(*web.Context) error { panic("boom") }),
		web.Row(web.Anyone, "GET /late", func(c *web.Context) error { _ = c.Bytes(200, "text/plain", []byte("half")); panic("boom") }),
		web.Row(web.Anyone, "GET /half", func(c *web.Context) error {
			return c.Page(200, templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
				_, _ = io.WriteString(w, "<p>half a page")
				return errors.New("and no more")
			}))
		}),
	)
	if w := ask(k, "GET", "/boom", ""); w.Code != 500 || !strings.Contains(w.Body.String(), "request-1") {
		t.Errorf("a panic: %d", w.Code)
	}
	if w := ask(k, "GET", "/late", ""); w.Code != 200 || w.Body.String() != "half" {
		t.Errorf("a late panic: %d %q", w.Code, w.Body)
	}
	if w := ask(k, "GET", "/half", ""); w.Code != 500 || strings.Contains(w.Body.String(), "half a page") {
		t.Errorf("half a page went out: %d", w.Code)
	}
}

// asvs: V3.4.1 V3.4.3 V3.4.4 V3.4.5 V3.4.6 V3.4.8 V14.3.2 V3.2.1 V3.5.8
func TestEveryAnswerCarriesSafeHeaders(t *testing.T) {
	k := start(t, options(t), web.Row(web.Anyone, "GET /x", said("x")), web.Row(web.Anyone, "GET /y", fails(errors.New("y"))))
	for _, path := range []string{"/x", "/y", "/nowhere", "/assets/nothing", "/healthz"} {
		h := ask(k, "GET", path, "").Header()
		for name, want := range map[string]string{
			"Content-Security-Policy":      "frame-ancestors 'none'",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security":    "max-age=63072000",
			"Cache-Control":                "no-store",
		} {
			if !strings.Contains(h.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: the policy is loose", path)
		}
	}
	o := options(t)
	o.BaseURL = "http://127.0.0.1:8080"
	k = start(t, o, web.Row(web.Anyone, "GET /x", said("x")))
	if ask(k, "GET", "/x", "").Header().Get("Strict-Transport-Security") != "" {
		t.Error("HSTS over plain http")
	}
}

// asvs: V3.5.1 V3.5.3
func TestAFormFromAnotherSiteIsNotActedOn(t *testing.T) {
	acted := 0
	k := start(t, options(t), web.Row(web.Anyone, "POST /x", func(c *web.Context) error { acted++; return c.SeeOther("/y") }))
	for _, foreign := range []func(*http.Request){
		header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Site", "same-site"), header("Origin", "https://evil.example"), header("Origin", "null"),
	} {
		w := ask(k, "POST", "/x", "a=b", foreign)
		if w.Code != 403 || !strings.Contains(w.Body.String(), "another website") {
			t.Errorf("got %d", w.Code)
		}
	}
	if acted != 0 {
		t.Fatal("it was acted on")
	}
	for _, own := range []func(*http.Request){header("Sec-Fetch-Site", "same-origin"), header("Origin", "https://portal.example"), func(r *http.Request) {
		r.Host = "10.0.0.5:8080" // behind a proxy
		r.Header.Set("Origin", "https://portal.example")
	}} {
		if w := ask(k, "POST", "/x", "a=b", own); w.Code != 303 {
			t.Errorf("an own form: %d", w.Code)
		}
	}
}

// asvs: V4.1.4 V13.4.4
func TestWhatNoRouteTakesIsSaidInWords(t *testing.T) {
	k := start(t, options(t), web.Row(web.Anyone, "POST /only", said("x")), web.Row(web.Anyone, "GET /sign-in", said("x")))
	w := ask(k, "GET", "/nowhere", "", header("Accept-Language", "de"))
	if w.Code != 404 || !strings.Contains(w.Body.String(), "Diese Seite finden wir nicht") || !strings.Contains(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("got %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	w = ask(k, "GET", "/only", "")
	if w.Code != 405 || w.Header().Get("Allow") != "POST" || !strings.Contains(w.Body.String(), "no such button") {
		t.Errorf("got %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	if w := ask(k, "GET", "//nowhere/../sign-in", ""); w.Code/100 != 3 || w.Header().Get("Location") != "/sign-in" {
		t.Errorf("an unclean path: %d %q", w.Code, w.Header().Get("Location"))
	}
}

func TestThePageSpeaksTheReadersLanguage(t *testing.T) {
	k := start(t, options(t))
	german := func(w *httptest.ResponseRecorder) bool { return strings.Contains(w.Body.String(), `<html lang="de"`) }
	if !german(ask(k, "GET", "/help/privacy", "", header("Accept-Language", "de-AT, en;q=0.5"))) {
		t.Error("the browser's wish")
	}
	w := ask(k, "GET", "/help/privacy?lang=de&x=1", "", header("Accept-Language", "en"))
	if !german(w) || !strings.Contains(w.Header().Get("Set-Cookie"), "__Host-lang=de") || !strings.Contains(w.Body.String(), "/help/privacy?x=1&amp;lang=en") {
		t.Errorf("the link: %s", w.Header().Get("Set-Cookie"))
	}
	if !german(ask(k, "GET", "/help/privacy", "", cookie("__Host-lang", "de"))) {
		t.Error("the remembered choice")
	}
	if german(ask(k, "GET", "/help/privacy?lang=xx", "")) {
		t.Error("an unknown language")
	}
}

// asvs: V7.5.1
func TestAnOldSignInIsNotFresh(t *testing.T) {
	k := start(t, options(t), web.Row(web.SignedIn, "GET /password", func(c *web.Context) error {
		if err := c.Fresh(); err != nil {
			return err
		}
		return c.SeeOther("/done")
	}))
	if w := ask(k, "GET", "/password", "", client); w.Header().Get("Location") != "/sign-in/again?next=%2Fpassword" {
		t.Errorf("sent to %q", w.Header().Get("Location"))
	}
}

// asvs: V7.5.1
func TestWhoProvesItAgainComesBackToWhereTheFormIs(t *testing.T) {
	old := func(c *web.Context) error { return fault.New(fault.Unauthenticated, "sign-in-again") }
	k := start(t, options(t),
		web.Row(web.SignedIn, "GET /address", func(c *web.Context) error { return c.SeeOther("/done") }),
		web.Row(web.SignedIn, "POST /address", old),
		web.Row(web.SignedIn, "POST /app/remove", old),
		web.Row(web.SignedIn, "POST /app/prove", func(c *web.Context) error { c.Here("/app"); return old(c) }),
		web.Row(web.StaffAny, "GET /office/accounts/{id}", old),
		web.Row(web.Anyone, "POST /open", old),
	)
	same := header("Sec-Fetch-Site", "same-origin")
	for _, c := range []struct {
		method, path string
		more         []func(*http.Request)
		want         string
	}{
		{"POST", "/address", []func(*http.Request){client, same}, "/sign-in/again?next=%2Faddress"},
		{"POST", "/app/prove", []func(*http.Request){client, same}, "/sign-in/again?next=%2Fapp"},
		{"POST", "/app/remove", []func(*http.Request){client, same, header("Referer", "https://portal.example/app?tab=2")}, "/sign-in/again?next=%2Fapp%3Ftab%3D2"},
		{"POST", "/app/remove", []func(*http.Request){client, same, header("Referer", "https://evil.example/app")}, "/sign-in/again?next=%2Fportal"},
		{"POST", "/app/remove", []func(*http.Request){client, same, header("Referer", "https://portal.example//evil.example")}, "/sign-in/again?next=%2Fportal"},
		{"POST", "/app/remove", []func(*http.Request){client, same}, "/sign-in/again?next=%2Fportal"},
		{"GET", "/office/accounts/7", []func(*http.Request){staff}, "/office/sign-in/again?next=%2Foffice%2Faccounts%2F7"},
		{"POST", "/open", []func(*http.Request){same}, "/sign-in?because=sign-in-again"}, // no session is alive
	} {
		if got := ask(k, c.method, c.path, "", c.more...).Header().Get("Location"); got != c.want {
			t.Errorf("%s %s leads to %q, want %q", c.method, c.path, got, c.want)
		}
	}
}

func TestReadinessIsAskedFor(t *testing.T) {
	o := options(t)
	var away error
	o.Ready = func(context.Context) error { return away }
	k := start(t, o)
	if w := ask(k, "GET", "/readyz", ""); w.Code != 200 {
		t.Errorf("ready: %d", w.Code)
	}
	away = errors.New("no database")
	if w := ask(k, "GET", "/readyz", ""); w.Code != 503 || strings.Contains(w.Body.String(), "database") {
		t.Errorf("not ready: %d %q", w.Code, w.Body)
	}
	if w := ask(k, "GET", "/healthz", ""); w.Code != 200 {
		t.Errorf("alive: %d", w.Code)
	}
}

func TestTheGalleryShowsEverySample(t *testing.T) {
	k, err := web.New(options(t), web.Gallery(web.Samples()))
	if err != nil {
		t.Fatal(err)
	}
	index := ask(k, "GET", "/dev/gallery", "").Body.String()
	for _, s := range web.Samples() {
		if !strings.Contains(index, `"/dev/gallery/`+s.Name+`"`) || ask(k, "GET", "/dev/gallery/"+s.Name, "").Code != 200 {
			t.Errorf("%s is not shown", s.Name)
		}
	}
	if ask(k, "GET", "/dev/gallery/none", "").Code != 404 {
		t.Error("a sample that is none")
	}
}

func TestTheNavigationMarksWhereOneIs(t *testing.T) {
	o := options(t)
	o.Nav = func(_ context.Context, who web.Who, _ *text.Words) []ui.NavItem {
		return []ui.NavItem{{Text: "Home", Href: "/portal"}, {Text: "People", Href: "/portal/people"}}
	}
	k := start(t, o, web.Row(web.SignedIn, "GET /portal/people/{id}", func(c *web.Context) error {
		return c.Page(200, ui.App(c.Frame(), "People"))
	}))
	page := ask(k, "GET", "/portal/people/7", "", client).Body.String()
	if !strings.Contains(page, `<a href="/portal/people" aria-current="page">`) || strings.Count(page, `aria-current`) != 1 || !strings.Contains(page, ">ZM<") {
		t.Errorf("got %s", page)
	}
}
