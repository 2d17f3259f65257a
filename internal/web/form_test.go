package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

type sampleForm struct {
	Name     string   `form:"name,max=10"`
	Note     string   `form:"note"`
	Password string   `form:"password,raw,max=200"`
	Consent  bool     `form:"consent"`
	Picked   []string `form:"picked"`
	Own      string   // not the form's
}

// sent posts a body and returns what the handler saw.
func sent(t *testing.T, body string, set ...func(*http.Request)) (sampleForm, error) {
	t.Helper()
	var in sampleForm
	var err error
	k := start(t, options(t), web.Row(web.Anyone, "POST /x", func(c *web.Context) error {
		err = c.Form(&in)
		return c.SeeOther("/y")
	}))
	ask(k, "POST", "/x", body, set...)
	return in, err
}

// asvs: V15.3.3 V6.2.8
func TestAFormIsReadIntoItsStruct(t *testing.T) {
	in, err := sent(t, url.Values{"name": {"  Zoë "}, "note": {"a\r\nb"}, "password": {"  kept as typed "}, "consent": {"yes"}, "picked": {"1", " 2 "}, "Own": {"x"}, "role": {"admin"}}.Encode())
	if err != nil || in.Name != "Zoë" || in.Note != "a\nb" || in.Password != "  kept as typed " || !in.Consent || len(in.Picked) != 2 || in.Picked[1] != "2" || in.Own != "" {
		t.Errorf("%+v %v", in, err)
	}
	if in, err := sent(t, "name="); err != nil || in.Consent || len(in.Picked) != 0 {
		t.Errorf("%+v %v", in, err)
	}
}

// asvs: V15.3.7
func TestOfAFieldThatIsSentTwiceTheFirstOfTheBodyCounts(t *testing.T) {
	var in sampleForm
	k := start(t, options(t), web.Row(web.Anyone, "POST /x", func(c *web.Context) error {
		if err := c.Form(&in); err != nil {
			return err
		}
		return c.SeeOther("/y")
	}))
	if w := ask(k, "POST", "/x?name=query&note=query", "name=first&name=second"); w.Code != 303 || in.Name != "first" {
		t.Errorf("%d: %+v", w.Code, in)
	}
}

// asvs: V1.1.1 V1.3.3 V2.2.1
func TestWhatIsTooLongOrNoTextIsSaidAtItsField(t *testing.T) {
	in, err := sent(t, url.Values{"name": {strings.Repeat("é", 11)}, "note": {"bad\xff\x00"}}.Encode())
	e := fault.From(err)
	if e.Kind != fault.Invalid || len(e.Fields) != 2 || e.Fields[0].Code != "too-long" || e.Fields[0].Args["max"] != "10" || e.Fields[1].Code != "not-text" {
		t.Errorf("got %v", err)
	}
	if !strings.HasPrefix(in.Name, "éé") || in.Note != "bad\ufffd" {
		t.Errorf("kept %q and %q", in.Name, in.Note)
	}
}

// asvs: V1.3.3 V15.2.2
func TestABodyIsBounded(t *testing.T) {
	for name, row := range map[string]struct {
		body   string
		set    func(*http.Request)
		status int
		says   string
	}{
		"1 MB":           {"name=" + strings.Repeat("x", 1<<20), header("X", ""), 413, "too much"},
		"1 MB unsized":   {"name=" + strings.Repeat("x", 1<<20), func(r *http.Request) { r.ContentLength = -1 }, 413, "too much"},
		"broken":         {"name=%zz", header("X", ""), 400, "could not read"},
		"other type":     {`{"name":"x"}`, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 400, "could not read"},
		"multipart bomb": {"--x", func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") }, 400, "could not read"},
	} {
		k := start(t, options(t), web.Row(web.Anyone, "POST /x", func(c *web.Context) error {
			var in sampleForm
			_, err := c.Again(c.Form(&in))
			return err
		}))
		w := ask(k, "POST", "/x", row.body, row.set)
		if w.Code != row.status || !strings.Contains(w.Body.String(), row.says) {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

func TestAFormComesBackWithItsFailuresInWords(t *testing.T) {
	k := start(t, options(t), web.Row(web.Anyone, "POST /x", func(c *web.Context) error {
		var f fault.Form
		f.Add("name", "required")
		f.Add("note", "too-long", "max", "2000")
		frame, err := c.Again(f.Err())
		if err != nil {
			return err
		}
		if frame.Errors.On("note") != "Use at most 2000 characters" || frame.Errors.On("other") != "" {
			t.Errorf("got %v", frame.Errors)
		}
		return c.Page(frame.Status(), ui.PartsPage(frame))
	}), web.Row(web.Anyone, "GET /fine", func(c *web.Context) error {
		frame, err := c.Again(nil)
		if err != nil {
			return err
		}
		return c.Page(frame.Status(), ui.AccessibilityPage(frame))
	}))
	if w := ask(k, "POST", "/x", "a=b"); w.Code != 422 || !strings.Contains(w.Body.String(), "<title>Error: ") {
		t.Errorf("got %d", w.Code)
	}
	if w := ask(k, "GET", "/fine", ""); w.Code != 200 {
		t.Errorf("got %d", w.Code)
	}
}

// asvs: V3.3.1 V3.3.2 V3.3.4 V3.3.3
func TestCookiesAreForThisHostAlone(t *testing.T) {
	set := web.Row(web.Anyone, "GET /set", func(c *web.Context) error {
		c.SetCookie("session", "t", time.Hour)
		c.DropCookie("ticket")
		c.ClearSiteData()
		return c.Bytes(200, "text/plain", []byte(c.Cookie("session")))
	})
	w := ask(start(t, options(t), set), "GET", "/set", "", cookie("session", "plain"), cookie("__Host-session", "secure"))
	got := w.Header().Values("Set-Cookie")
	if got[0] != "__Host-session=t; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax" || !strings.HasPrefix(got[1], "__Host-ticket=; Path=/; Max-Age=0;") || w.Body.String() != "secure" {
		t.Errorf("got %q, read %q", got, w.Body)
	}
	o := options(t)
	o.BaseURL = "http://127.0.0.1:8080"
	if got := ask(start(t, o, set), "GET", "/set", "").Header().Get("Set-Cookie"); got != "session=t; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax" {
		t.Errorf("on loopback: %q", got)
	}
}

// asvs: V3.7.2
func TestOnlyPathsOfThePortalAreFollowed(t *testing.T) {
	for path, want := range map[string]string{
		"/portal/x?y=1#z": "/portal/x?y=1#z", "": "/", "https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/",
		"/a\r\nSet-Cookie: x": "/", "javascript:alert(1)": "/", "portal": "/", "/%zz": "/",
	} {
		if got := web.LocalPath(path, "/"); got != want {
			t.Errorf("%q: %q", path, got)
		}
	}
}
