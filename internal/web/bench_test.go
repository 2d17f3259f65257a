package web_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/a-h/templ"

	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// blank is a response writer that costs nothing.
type blank struct{ h http.Header }

func (b *blank) Header() http.Header         { return b.h }
func (b *blank) Write(p []byte) (int, error) { return len(p), nil }
func (b *blank) WriteHeader(int)             {}

// BenchmarkPublicPage is what the kit and the templates add to a page, beside
// BenchmarkBareHandler with as many bytes; the network is not in it.
func BenchmarkPublicPage(b *testing.B) {
	k := start(b, options(b), web.Row(web.Anyone, "GET /x", func(c *web.Context) error { return c.Page(200, form(c.Frame())) }))
	serve(b, k)
}

func BenchmarkBareHandler(b *testing.B) {
	k := start(b, options(b), web.Row(web.Anyone, "GET /x", func(c *web.Context) error { return c.Page(200, form(c.Frame())) }))
	body := ask(k, "GET", "/x", "").Body.Bytes()
	serve(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}))
}

func form(f *ui.Frame) templ.Component { return ui.PrivacyPage(f) }

func serve(b *testing.B, h http.Handler) {
	r := httptest.NewRequest(http.MethodGet, "/x", nil)
	r.Header.Set("Accept-Language", "en-GB,en;q=0.9,de;q=0.8")
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(&blank{h: http.Header{}}, r)
	}
}
