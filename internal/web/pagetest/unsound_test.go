package pagetest_test

import (
	"slices"
	"strings"
	"testing"

	"vestibule/internal/web"
	"vestibule/internal/web/pagetest"
)

const page = `<!doctype html><html lang="en"><head><title>Page – Vendor</title></head><body><main id="main"><h1>Page</h1>%</main></body></html>`

func TestASoundPagePasses(t *testing.T) {
	if got := pagetest.Unsound(strings.Replace(page, "%", `<p>Fine</p>`, 1)); len(got) > 0 {
		t.Errorf("found %q", got)
	}
}

func TestWhatIsUnsoundIsFound(t *testing.T) {
	for part, want := range map[string]string{
		`<p style="color:red">x</p>`:                                      "style attribute",
		`<p onclick="x()">x</p>`:                                          "onclick",
		`<script>x()</script>`:                                            "a script that is no asset",
		`<style>p{}</style>`:                                              "inline <style>",
		`<h1>Again</h1>`:                                                  "2 h1",
		`<h3>Deep</h3>`:                                                   "skips from h1 to h3",
		`<h2> </h2>`:                                                      "empty heading",
		`<p id="a"></p><p id="a"></p>`:                                    `id "a" stands twice`,
		`<input name="x">`:                                                "no label",
		`<label for="y">Y</label><input id="y">`:                          "without name",
		`<label for="y">Y</label>`:                                        `names "y", which is not there`,
		`<p aria-describedby="gone">x</p>`:                                `names "gone"`,
		`<a href="#">x</a>`:                                               "leads nowhere",
		`<a href="#nope">x</a>`:                                           "is not there",
		`<a href="/x"></a>`:                                               "without words",
		`<a href="javascript:x()">x</a>`:                                  "javascript:",
		`<img src="data:image/png;base64,x" alt="">`:                      "data:",
		`<img src="/x.png">`:                                              "without alt",
		`<svg><path d="M0 0"/></svg>`:                                     "neither an image nor hidden",
		`<svg role="img"></svg>`:                                          "no label",
		`<svg aria-hidden="true"><use href="#i-x"/></svg>`:                "not in the sprite",
		`<table><tr><td>x</td></tr></table>`:                              "without caption",
		`<table><caption>c</caption><tr><th>x</th></tr></table>`:          "without scope",
		`<ul><li>x</li></ul>`:                                             "lacks role=list",
		`<form method="post" action="x"><button>Go</button></form>`:       `posts to "x"`,
		`<form method="post" action="/x"></form>`:                         "has no button",
		`<label>P<input type="password" name="p"></label>`:                "no autocomplete",
		`<label>P<input type="password" name="p" value="s3cret"></label>`: "carries a password",
		`<p tabindex="3">x</p>`:                                           "tabindex 3",
		`<p>[request.title]</p>`:                                          "no words for [request.title]",
		`<p>Hello {name}</p>`:                                             "{name} was not filled in",
		`<button class="btn primary">A</button><button class="btn primary">B</button>`: "2 primary",
	} {
		found := pagetest.Unsound(strings.Replace(page, "%", part, 1))
		if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("%s: found %q, not %q", part, found, want)
		}
	}
	for whole, want := range map[string]string{
		strings.Replace(page, "<!doctype html>", "", 1):  "doctype",
		strings.Replace(page, " – Vendor", "", 1):        "title",
		strings.Replace(page, ` lang="en"`, "", 1):       "language",
		strings.Replace(page, `<main id="main">`, "", 1): "main#main",
	} {
		if found := strings.Join(pagetest.Unsound(whole), "; "); !strings.Contains(found, want) {
			t.Errorf("found %q, not %q", found, want)
		}
	}
}

func TestLinksAreFollowed(t *testing.T) {
	routes := []web.Route{web.Row(web.Anyone, "GET /there", nil), web.Row(web.Anyone, "POST /here", nil), web.Row(web.Anyone, "POST /here/again", nil), web.Row(web.Anyone, "GET /help/privacy", nil), web.Row(web.Anyone, "GET /{$}", nil), web.Row(web.Anyone, "GET /help/accessibility", nil)}
	for _, s := range web.Samples() {
		if s.Name == "parts" {
			pagetest.Links(t, []web.Sample{s}, routes)
		}
	}
}
