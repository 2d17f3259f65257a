package portaltest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vestibule/internal/app"
)

// The stand-in must be as strict as a person is helpless, so it is tested on
// pages of its own.
func fake(t *testing.T, body string) *Browser {
	t.Helper()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.Method == http.MethodPost {
			http.SetCookie(w, &http.Cookie{Name: "__Host-k", Value: r.PostFormValue("n"), Path: "/", Secure: true})
			http.Redirect(w, r, "/done?"+r.PostForm.Encode(), http.StatusSeeOther)
			return
		}
		cookie, _ := r.Cookie("__Host-k")
		_, _ = fmt.Fprintf(w, "<title>T</title><main><h1>Here</h1><p>%s %v %s</p>%s</main>", r.URL.RawQuery, cookie, r.Header.Get("Sec-Fetch-Site"), body)
	})
	p := &Portal{Portal: &app.Portal{Handler: handler}, t: t}
	return p.Browser(t)
}

const asked = `<form method="post" action="/post">
<input type="hidden" name="h" value="kept">
<p><label for="n">Last name <span class="opt">(optional)</span> <span class="hint">As in your passport</span></label><input id="n" name="n"></p>
<p><label>Country <select name="c"><option value="DE">Germany</option><option value="ZA">South Africa</option></select></label></p>
<p><label><input type="checkbox" name="ok"> I agree</label></p>
<p><label><input type="radio" name="r" value="1" checked> One</label> <label><input type="radio" name="r" value="2"> Two</label></p>
<div hidden><input name="trap"></div>
<button name="go" value="yes">Send request</button><button name="go" value="no">Leave</button></form>`

func TestTheStandInFillsAFormAsABrowserDoes(t *testing.T) {
	b := fake(t, asked).Open("/")
	b.Fill("Last name", "Mueller").Choose("Country", "South").Check("I agree").Check("Two").Press("Send request")
	b.At(http.StatusOK, "/done").Sees("c=ZA&go=yes&h=kept&n=Mueller&ok=on&r=2&trap= __Host-k=Mueller same-origin")
	if tab := b.Tab(); tab.Open("/").Status != http.StatusOK || !strings.Contains(tab.Text(), "__Host-k=Mueller none") {
		t.Errorf("another tab shows %q", tab.Text())
	}
	b.node.Browser(t).Open("/").Sees("Here none")
	if len(b.Copy().Cookies()) != 1 {
		t.Error("a copy of a browser has no cookies")
	}
}

func TestTheStandInComplainsOfWhatAPersonCouldNotUse(t *testing.T) {
	const poor = `<h1>One</h1><h1>Two</h1><input name="x"><button></button><a id="a" href="/y"></a><a id="a" href="/z">Z</a>`
	p, err := newPage(&url.URL{}, http.StatusOK, http.Header{"Content-Type": {"text/html"}}, poor)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.complaints(); len(got) != 5 {
		t.Errorf("%d complaints, want 5: %q", len(got), got)
	}
	if _, err := p.pick("button", "Nothing", p.Find("button")); err == nil {
		t.Error("a button that is not there can be pressed")
	}
	if _, err := p.pick("link", "Y", p.Find("a")); err == nil {
		t.Error("a link can be followed that has no words")
	}
}
