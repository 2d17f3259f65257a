package web_test

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"vestibule/internal/web"
)

func TestAssetsAreKeptForGood(t *testing.T) {
	k := start(t, options(t))
	page := ask(k, "GET", "/help/privacy", "").Body.String()
	n := 0
	for _, part := range strings.Split(page, `"`) {
		if !strings.HasPrefix(part, "/assets/") {
			continue
		}
		n++
		w := ask(k, "GET", part, "", header("Accept-Encoding", "gzip"))
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Body.Len() == 0 {
			t.Errorf("%s: %d %s", part, w.Code, w.Header().Get("Cache-Control"))
		}
		if again := ask(k, "GET", part, "", header("If-None-Match", w.Header().Get("Etag"))); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s again: %d", part, again.Code)
		}
		if strings.HasSuffix(part, ".css") && strings.Contains(part, "portal") {
			plain := ask(k, "GET", part, "")
			if w.Header().Get("Content-Encoding") != "gzip" || plain.Body.Len() < 3*w.Body.Len() || plain.Body.Len() > 24_200 {
				t.Errorf("the sheet is %d bytes, %d over the wire", plain.Body.Len(), w.Body.Len())
			}
		}
	}
	if n != 5 {
		t.Errorf("%d assets on a page", n)
	}
}

// asvs: V4.1.3 V15.3.4
func TestTheAddressIsBelievedOnlyFromProxies(t *testing.T) {
	o := options(t)
	o.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	k := start(t, o, web.Row(web.Anyone, "GET /x", func(c *web.Context) error {
		return c.Bytes(200, "text/plain", []byte(c.Address+" "+c.BaseURL()))
	}))
	for _, row := range []struct{ peer, forwarded, want string }{
		{"203.0.113.9:1000", "198.51.100.1", "203.0.113.9"},
		{"10.0.0.1:1000", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:1000", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"10.0.0.1:1000", "1.1.1.1, nonsense", "10.0.0.1"},
		{"10.0.0.1:1000", "", "10.0.0.1"},
		{"[2001:db8::1]:1000", "198.51.100.1", "2001:db8::1"},
		{"[::ffff:10.0.0.1]:1000", "2001:db8::7", "2001:db8::7"},
	} {
		w := ask(k, "GET", "/x", "", func(r *http.Request) {
			r.RemoteAddr, r.Host = row.peer, "evil.example"
			if row.forwarded != "" {
				r.Header.Set("X-Forwarded-For", row.forwarded)
			}
		})
		if w.Body.String() != row.want+" https://portal.example" {
			t.Errorf("%s for %q: %q, want %q", row.peer, row.forwarded, w.Body, row.want)
		}
	}
}

// asvs: V16.2.5
func TestTheLogLineKnowsNoQuery(t *testing.T) {
	var log strings.Builder
	o := options(t)
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	k := start(t, o, web.Row(web.SignedIn, "GET /confirm", said("x")))
	ask(k, "GET", "/confirm?token=s3cret", "", client)
	if line := log.String(); strings.Contains(line, "s3cret") || strings.Count(line, "\n") != 1 || !strings.Contains(line, "path=/confirm status=200 bytes=1") || !strings.Contains(line, "account=a1") {
		t.Errorf("got %s", line)
	}
}

// asvs: V16.2.5
func TestTheLogKnowsNoLink(t *testing.T) {
	var log strings.Builder
	o := options(t)
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	k := start(t, o, web.Row(web.Anyone, "GET /welcome/{token}", said("x")))
	ask(k, "GET", "/welcome/s3cret", "")
	ask(k, "POST", "/welcome/s3cret", "")
	ask(k, "GET", "/welcome/s3cret/x", "")
	if lines := log.String(); strings.Contains(lines, "s3cret") || !strings.Contains(lines, "path=/welcome/{token} status=200") || !strings.Contains(lines, "path=/welcome/… status=404") {
		t.Errorf("got %s", lines)
	}
}

// asvs: V16.4.1
func TestNobodyWritesALineOfTheirOwnIntoTheLog(t *testing.T) {
	var log strings.Builder
	o := options(t)
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	k := start(t, o, web.Row(web.Anyone, "GET /welcome/{token}", said("x")))
	for _, path := range []string{"/nowhere%0alevel=ERROR%20msg=forged", "/x%22%20status=200%20y=%22", "/welcome/a%0d%0alevel=ERROR", "/%1b[31mred"} {
		log.Reset()
		ask(k, "GET", path, "", header("User-Agent", "x\nlevel=ERROR msg=forged"), header("X-Request-Id", "1\nlevel=ERROR"))
		if line := log.String(); strings.Count(line, "\n") != 1 || strings.Contains(line, "\x1b") || strings.Contains(line, " level=ERROR") || strings.Contains(line, `y="`) && !strings.Contains(line, `\" status=200`) {
			t.Errorf("%s: %q", path, line)
		}
	}
}
