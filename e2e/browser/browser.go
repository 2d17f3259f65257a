// Package browser drives a real Chromium the way a person does: it finds
// fields by their visible labels and buttons by their words, clicks where they
// stand on the screen, and complains when something covers them.
//
// Nothing here knows the portal. Whatever goes wrong ends the test with what
// the page showed and a screenshot of it.
package browser

import (
	"context"
	_ "embed" // the finder and axe
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed finder.js
var finder string

//go:embed axe.min.js
var axe string

// patience is how long a page may take, on a busy machine.
const patience = 20 * time.Second

// Options say what kind of person sits there. The zero value is a desktop
// window of 1280 px in light colours with scripts.
type Options struct {
	Width    int
	Touch    bool
	Dark     bool
	NoScript bool
	Language string // Accept-Language; en by default
}

// A Page is one browser window with cookies of its own.
type Page struct {
	t   testing.TB
	ctx context.Context
	opt Options
}

// chrome is the one Chromium that all windows of a test run share; it ends
// with the process that started it.
var chrome = sync.OnceValues(func() (context.Context, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	started.Store(true)
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile()), chromedp.NoFirstRun, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("lang", "en"), chromedp.Flag("force-color-profile", "srgb"))
	if os.Geteuid() == 0 {
		flags = append(flags, chromedp.NoSandbox)
	}
	allocator, _ := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, _ := chromedp.NewContext(allocator)
	return ctx, chromedp.Do(ctx)
})

// Main runs the tests of a package, then ends Chromium and does what else is
// to be done at the end.
func Main(m *testing.M, after ...func()) {
	status := m.Run()
	for _, do := range after {
		do()
	}
	if started.Load() {
		ctx, err := chrome()
		if err == nil {
			_ = chromedp.Cancel(ctx) // it ends with this process in any case
		}
		_ = os.RemoveAll(profile())
	}
	os.Exit(status)
}

var started atomic.Bool

// profile is the folder that Chromium keeps its things in.
var profile = sync.OnceValue(func() string {
	folder, err := os.MkdirTemp("", "vestibule-chromium")
	if err != nil {
		panic(err)
	}
	return folder
})

// Open opens a window. The test is skipped where there is no Chromium, but on
// CI, where that is a failure.
func Open(t testing.TB, o Options) *Page {
	t.Helper()
	parent, err := chrome()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("chromium: %v", err)
		}
		t.Skipf("chromium: %v", err)
	}
	if o.Width == 0 {
		o.Width = 1280
	}
	if o.Language == "" {
		o.Language = "en"
	}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx, opt: o}
	// The first run makes the window, and must not be bound to a time of its own.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(int64(o.Width), 900, touch(o.Touch)),
		command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: o.NoScript}),
		command(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
			UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36", AcceptLanguage: o.Language}),
		scheme(o.Dark)); err != nil {
		t.Fatalf("open a window: %v", err)
	}
	return p
}

// command is a plain call of the browser's protocol as an action.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func touch(on bool) chromedp.EmulateViewportOption {
	if on {
		return chromedp.EmulateTouch
	}
	return func(*emulation.SetDeviceMetricsOverrideParams, *emulation.SetTouchEmulationEnabledParams) {}
}

func scheme(dark bool) chromedp.Action[chromedp.Void] {
	value := "light"
	if dark {
		value = "dark"
	}
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: value}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
}

// do runs actions within the patience of a person.
func (p *Page) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.fail("%s: %v", what, err)
	}
}

// eval asks the page and reads the answer into into. It works in pages
// whose own scripts are off, too.
func (p *Page) eval(script string, into any) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[[]byte](script, func(e *runtime.EvaluateParams) {
		e.ReturnByValue, e.AwaitPromise = ptr(true), ptr(true)
	}))
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

func ptr[T any](v T) *T { return &v }

// fail ends the test with what can be seen.
func (p *Page) fail(format string, args ...any) {
	p.t.Helper()
	var seen struct{ URL, Title, Text string }
	_ = p.eval(`({URL: location.href, Title: document.title, Text: document.body ? document.body.innerText.slice(0, 3000) : ''})`, &seen)
	p.save("failed-" + strings.NewReplacer("/", "-", " ", "-").Replace(p.t.Name()))
	p.t.Fatalf("%s\nat %s (%s), which shows:\n%s", fmt.Sprintf(format, args...), seen.URL, seen.Title, seen.Text)
}

// Go opens an address.
func (p *Page) Go(url string) {
	p.t.Helper()
	p.do("open "+url, chromedp.Navigate(url))
}

// URL is the address in the bar; Path is its path and query.
func (p *Page) URL() string { return p.ask("location.href") }

// Path is the path and query of the address.
func (p *Page) Path() string { return p.ask("location.pathname + location.search") }

// Title is the title of the window.
func (p *Page) Title() string { return p.ask("document.title") }

// Heading is the page's h1.
func (p *Page) Heading() string {
	return p.ask("(document.querySelector('h1') || {innerText: ''}).innerText.trim()")
}

// Read is the text of the first element that a selector finds.
func (p *Page) Read(selector string) string {
	return p.ask("(document.querySelector(" + strconv.Quote(selector) + ") || {innerText: ''}).innerText.trim()")
}

// HTML is the page as the browser has it.
func (p *Page) HTML() string { return p.ask("document.documentElement.outerHTML") }

// For is the same window, whose troubles are a subtest's.
func (p *Page) For(t testing.TB) *Page {
	other := *p
	other.t = t
	return &other
}

// Text is all that can be read on the page.
func (p *Page) Text() string { return p.ask("document.body.innerText") }

func (p *Page) ask(script string) string {
	p.t.Helper()
	var s string
	if err := p.eval(script, &s); err != nil {
		p.fail("%s: %v", script, err)
	}
	return s
}

// A Spot is an element that was found and where its middle is on the screen.
type Spot struct {
	Problem string
	X, Y    float64
	Value   string
	Kind    string
}

// find runs a function of finder.js. It scrolls to what it found.
func (p *Page) find(function string, args ...any) Spot {
	p.t.Helper()
	var words []string
	for _, a := range args {
		word, err := json.Marshal(a)
		if err != nil {
			p.t.Fatal(err)
		}
		words = append(words, string(word))
	}
	var s Spot
	if err := p.eval("("+finder+")()."+function+"("+strings.Join(words, ",")+")", &s); err != nil {
		p.fail("%s %v: %v", function, args, err)
	}
	if s.Problem != "" {
		p.fail("%s", s.Problem)
	}
	return s
}

// Fill types a value into the field with this label, in place of what was in it.
func (p *Page) Fill(label, value string) {
	p.t.Helper()
	p.find("field", label, true)
	p.do("fill "+label, typed(value))
}

// typed replaces what is selected.
func typed(value string) chromedp.Action[chromedp.Void] {
	if value == "" {
		return chromedp.KeyEvent(kb.Delete)
	}
	return command(input.InsertText, input.InsertTextParams{Text: value})
}

// Type types a value key by key, as autosubmit and live checks see it.
func (p *Page) Type(label, value string) {
	p.t.Helper()
	p.find("field", label, true)
	p.do("type into "+label, chromedp.KeyEvent(value))
}

// Value is what stands in the field with this label.
func (p *Page) Value(label string) string {
	p.t.Helper()
	return p.find("field", label, false).Value
}

// Check ticks the box, or chooses the radio button, with this label.
func (p *Page) Check(label string) {
	p.t.Helper()
	s := p.find("choice", label)
	if s.Value != "on" {
		p.click(s)
	}
	if p.find("choice", label).Value != "on" {
		p.fail("%q does not stay ticked", label)
	}
}

// Choose takes the option with these words from the list with this label.
func (p *Page) Choose(label, option string) {
	p.t.Helper()
	p.find("option", label, option)
}

func (p *Page) click(s Spot) {
	p.t.Helper()
	p.do("click", chromedp.MouseClickXY(s.X, s.Y))
}

// Click clicks a button or link that changes the page it is on.
func (p *Page) Click(words string) {
	p.t.Helper()
	p.click(p.find("pressable", words))
}

// Press clicks a button or link and waits for the page that comes.
func (p *Page) Press(words string) {
	p.t.Helper()
	p.Leave(words, func() { p.Click(words) })
}

// Leave does something and waits for the page that it leads to.
func (p *Page) Leave(what string, do func()) {
	p.t.Helper()
	if err := p.eval("window.vestibuleLeaving = true", nil); err != nil {
		p.fail("before %s: %v", what, err)
	}
	do()
	p.Until(what+" leads to no page", "typeof window.vestibuleLeaving === 'undefined' && document.readyState === 'complete' && location.href !== 'about:blank'")
}

// Until waits until a script says true.
func (p *Page) Until(problem, script string) {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		var done bool
		// Between two pages there is nobody to answer; ask again.
		if err := p.eval("Boolean("+script+")", &done); err == nil && done {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			p.fail("%s", problem)
		}
	}
}

// Sees waits until the page shows all of these texts.
func (p *Page) Sees(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		word, err := json.Marshal(text)
		if err != nil {
			p.t.Fatal(err)
		}
		p.Until(fmt.Sprintf("the page does not show %q", text), "document.body.innerText.replace(/\\s+/g, ' ').includes("+string(word)+")")
	}
}

// Lacks fails when the page shows one of these texts.
func (p *Page) Lacks(texts ...string) {
	p.t.Helper()
	shown := strings.Join(strings.Fields(p.Text()), " ")
	for _, text := range texts {
		if strings.Contains(shown, text) {
			p.fail("the page shows %q", text)
		}
	}
}

// Has tells whether a button or link with these words is there.
func (p *Page) Has(words string) bool {
	p.t.Helper()
	return p.find("count", words).X > 0
}

// Reload loads the page anew; Back goes one page back.
func (p *Page) Reload() {
	p.t.Helper()
	p.do("reload", chromedp.Reload())
}

// Back goes one page back.
func (p *Page) Back() {
	p.t.Helper()
	p.do("go back", chromedp.NavigateBack())
}

// Keys sends keys to whatever has the focus, as from the keyboard alone.
func (p *Page) Keys(keys string) {
	p.t.Helper()
	p.do("press keys", chromedp.KeyEvent(keys))
}

// TabTo presses Tab until the element with this label or these words has the
// focus, and fails when the focus cannot be seen on the way.
func (p *Page) TabTo(words string) {
	p.t.Helper()
	var passed []string
	for range 120 {
		p.Keys(kb.Tab)
		s := p.find("focused", words)
		passed = append(passed, s.Value)
		if s.Kind == "invisible" {
			p.fail("the focus on %q cannot be seen", s.Value)
		}
		if s.X == 1 {
			return
		}
	}
	p.fail("Tab never comes to %q, only to %q", words, passed)
}

// Ticked tells whether the box or radio button with this label is chosen.
func (p *Page) Ticked(label string) bool {
	p.t.Helper()
	return p.find("choice", label).Value == "on"
}

// Screenshot keeps a picture of the whole page as out/screenshots/NAME.png.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	if !p.save(name) {
		p.t.Errorf("no screenshot of %s", name)
	}
}

// Picture is a screenshot of the whole page.
func (p *Page) Picture() []byte {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.fail("take a screenshot: %v", err)
	}
	return picture
}

func (p *Page) save(name string) bool {
	folder := os.Getenv("VESTIBULE_TEST_OUT")
	if folder == "" {
		folder = filepath.Join("..", "out")
	}
	folder = filepath.Join(folder, "screenshots")
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return false
	}
	if os.MkdirAll(folder, 0o755) != nil {
		return false
	}
	return os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644) == nil
}

// Resize changes the width of the window.
func (p *Page) Resize(width int) {
	p.t.Helper()
	p.do("resize", chromedp.EmulateViewport(int64(width), 900, touch(p.opt.Touch)))
}

// Upright fails when the page scrolls sideways at its width.
func (p *Page) Upright() {
	p.t.Helper()
	if wide := p.Sideways(); wide != "" {
		p.t.Errorf("%s scrolls sideways: %s", p.Path(), wide)
	}
}

// Sideways says what makes the page scroll sideways, or nothing.
func (p *Page) Sideways() string { return p.ask("(" + finder + ")().sideways()") }

// Accessible runs axe-core in both colour schemes and fails on what it finds.
func (p *Page) Accessible() {
	p.t.Helper()
	for _, found := range p.Violations() {
		p.t.Errorf("%s: %s", p.Path(), found)
	}
}

// Violations runs axe-core in both colour schemes, details open.
func (p *Page) Violations() []string {
	p.t.Helper()
	var all []string
	if err := p.eval(axe+";document.querySelectorAll('details').forEach(d => d.open = true);0", nil); err != nil {
		p.fail("load axe: %v", err)
	}
	for _, dark := range []bool{false, true} {
		p.do("change colours", scheme(dark))
		var found []string
		if err := p.eval(runAxe, &found); err != nil {
			p.fail("run axe: %v", err)
		}
		for _, f := range found {
			all = append(all, fmt.Sprintf("dark %v: %s", dark, f))
		}
	}
	p.do("back to its colours", scheme(p.opt.Dark))
	return all
}

const runAxe = `axe.run(document, {resultTypes: ['violations'], elementRef: false}).then(r =>
  r.violations.map(v => v.id + ': ' + v.help + ' @ ' + v.nodes.map(n => n.target.join(' ') + ' ' + (n.any.concat(n.all, n.none)[0] || {message: ''}).message).slice(0, 4).join(' | ')))`
