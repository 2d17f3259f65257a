package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vestibule/e2e/browser"
)

func TestMain(m *testing.M) { browser.Main(m) }

const form = `<!doctype html><html lang="en"><head><title>Ask</title><style>
:focus-visible { outline: 2px solid #06c } .wide { width: 900px; background: #fff } </style></head>
<body><main><h1>Ask</h1><form method="post">
<p><label for="n">Last name</label> <input id="n" name="n"></p>
<p><label for="f">First name</label> <input id="f" name="f" value="Ada"></p>
<p><label for="c">Country</label> <select id="c" name="c"><option value="DE">Germany</option><option value="ZA">South Africa</option></select></p>
<p><label><input type="checkbox" name="ok"> I agree <span class="hint">to all of it</span></label></p>
<button name="go" value="1">Send request</button></form>%s</main></body></html>`

func small(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		extra := ""
		switch {
		case r.Method == http.MethodPost:
			extra = fmt.Sprintf("<p>Got %s %s from %s, agreed %s</p>", r.PostFormValue("f"), r.PostFormValue("n"), r.PostFormValue("c"), r.PostFormValue("ok"))
		case r.URL.Path == "/bad":
			extra = `<div class="wide"><img src="x"><button></button></div>`
		case r.URL.Path == "/script":
			extra = `<script>document.querySelector('h1').textContent = 'Scripted'</script>`
		}
		_, _ = fmt.Fprintf(w, form, extra)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAPersonFillsAFormByItsLabels(t *testing.T) {
	for _, noScript := range []bool{false, true} {
		p := browser.Open(t, browser.Options{NoScript: noScript})
		p.Go(small(t))
		p.Fill("Last name", "Müller")
		p.Fill("First name", "Zoë")
		p.Choose("Country", "South Africa")
		p.Check("I agree")
		p.Press("Send request")
		p.Sees("Got Zoë Müller from ZA, agreed on")
	}
}

func TestTheKeyboardAloneIsEnough(t *testing.T) {
	p := browser.Open(t, browser.Options{})
	p.Go(small(t))
	p.TabTo("Last name")
	p.Keys("Lovelace")
	p.TabTo("I agree")
	p.Keys(" ")
	p.TabTo("Send request")
	p.Leave("Enter", func() { p.Keys("\r") })
	p.Sees("Got Ada Lovelace from DE, agreed on")
}

func TestAxeAndTheRulerFindWhatIsWrong(t *testing.T) {
	p := browser.Open(t, browser.Options{})
	p.Go(small(t))
	p.Accessible()
	p.Go(small(t) + "/bad")
	found := strings.Join(p.Violations(), "\n")
	for _, rule := range []string{"image-alt", "button-name", "dark true"} {
		if !strings.Contains(found, rule) {
			t.Errorf("axe does not find %s in:\n%s", rule, found)
		}
	}
	p.Resize(320)
	if p.Sideways() == "" {
		t.Error("a page of 900 px does not scroll sideways at 320 px")
	}
}

func TestScriptsCanBeOff(t *testing.T) {
	on, off := browser.Open(t, browser.Options{}), browser.Open(t, browser.Options{NoScript: true})
	on.Go(small(t) + "/script")
	off.Go(small(t) + "/script")
	if on.Heading() != "Scripted" || off.Heading() != "Ask" {
		t.Errorf("with scripts %q, without %q", on.Heading(), off.Heading())
	}
}
