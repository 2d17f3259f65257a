package internal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aead.dev/minisign"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/feed"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
	"vestibule/internal/release"
	"vestibule/internal/staff"
)

// linkTo is the signed link that a person's browser is sent to.
func linkTo(t *testing.T, b *portaltest.Browser, artifact string) string {
	t.Helper()
	page := b.Copy()
	r := page.Open("/portal/downloads/" + artifact)
	if r.Status != http.StatusOK || !strings.HasPrefix(r.URL.Path, "/download/") {
		t.Fatalf("no link: %d %s", r.Status, r.URL)
	}
	return r.URL.Path
}

// asvs: V7.4.2 V8.2.2 V8.3.1
func TestALinkToAFileDiesWithWhatItStandsOn(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		hold := func(f firm, kind license.HoldKind) {
			p.Change(t, func(tx *db.Tx) error {
				l, err := license.Get(tx, f.second)
				if err != nil {
					return err
				}
				return license.Place(tx, p.Secret, l, license.Hold{Kind: kind, Reason: "because", By: "staff"})
			})
		}
		names := []string{"Anna", "Boris", "Clara", "David", "Edith", "Felix", "Greta", "Hans", "Ida"}
		for i, ends := range []struct {
			what string
			do   func(f firm, b *portaltest.Browser)
		}{
			{"a licence that is revoked", func(f firm, _ *portaltest.Browser) { hold(f, license.Revoked) }},
			{"a licence that is suspended", func(f firm, _ *portaltest.Browser) { hold(f, license.Suspended) }},
			{"a release that is withdrawn", func(f firm, _ *portaltest.Browser) {
				if _, err := p.Release.Withdraw(t.Context(), release.Operator(), f.made.ID, "It loses data."); err != nil {
					t.Fatal(err)
				}
			}},
			{"an account that is disabled", func(f firm, _ *portaltest.Browser) {
				p.Change(t, func(tx *db.Tx) error { return account.Disable(tx, f.ID, account.ByStaff) })
			}},
			{"an account that must choose a new password", func(f firm, _ *portaltest.Browser) {
				p.Change(t, func(tx *db.Tx) error { return account.Expire(tx, f.ID, account.ByFear) })
			}},
			{"a person who left", func(f firm, _ *portaltest.Browser) {
				p.Change(t, func(tx *db.Tx) error { return organization.Leave(tx, f.ID) })
			}},
			{"an agreement that is new", func(f firm, _ *portaltest.Browser) {
				if err := p.Download.PublishAgreement(t.Context(), "staff", f.product, "2", map[string]string{"en": "New.", "de": "Neu."}); err != nil {
					t.Fatal(err)
				}
			}},
			{"time", func(firm, *portaltest.Browser) { p.Clock.Advance(15 * time.Minute) }},
			{"a program that is revoked", func(f firm, _ *portaltest.Browser) {
				if _, err := p.Organization.RevokeServiceAccount(t.Context(), f.ID, f.program); err != nil {
					t.Fatal(err)
				}
			}},
		} {
			f := v.firm(names[i], i+1)
			b := f.inside(t, p)
			links := map[string]string{"a person's": linkTo(t, b, f.artifact())}
			var given struct{ URL string }
			if err := json.Unmarshal([]byte(speak(p, "POST", "/api/v1/artifacts/"+f.artifact()+"/url", "", bearer(f.token)...).body), &given); err != nil {
				t.Fatal(err)
			}
			links["a program's"] = strings.TrimPrefix(given.URL, portaltest.Base)
			links["winget's"] = f.winget + "/files/" + f.artifact() + "/x.msi"
			for whose, link := range links {
				if got := speak(p, "GET", link, ""); got.StatusCode != http.StatusOK || got.body != "of "+names[i] {
					t.Fatalf("%s link is answered %s %s", whose, got.Status, got.body)
				}
			}
			ends.do(f, b)
			dead := map[string]bool{"a person's": true, "a program's": true, "winget's": true}
			switch ends.what {
			case "an account that is disabled", "an account that must choose a new password", "a person who left":
				dead = map[string]bool{"a person's": true}
			case "a program that is revoked":
				dead = map[string]bool{"a program's": true}
			case "time":
				dead["winget's"] = false
			}
			for whose, link := range links {
				for _, method := range []string{"GET", "HEAD"} {
					got := speak(p, method, link, "", "Range", "bytes=0-1")
					if (got.StatusCode >= 400) != dead[whose] || dead[whose] && strings.Contains(got.body, names[i]) {
						t.Errorf("%s link, %s, after %s: %s %s", whose, method, ends.what, got.Status, got.body)
					}
				}
			}
		}
	})
}

// asvs: V1.1.1 V8.3.1 V9.1.1
func TestNoLinkToAFileIsMadeOfAnother(t *testing.T) {
	p := portaltest.SQLite(t)
	v := newVendor(t, p)
	mine, theirs := v.firm("Anna", 1), v.firm("Boris", 2)
	link := linkTo(t, mine.inside(t, p), mine.artifact())
	said, mac, _ := strings.Cut(strings.TrimPrefix(link, "/download/"), ".")
	plain, err := base64.RawURLEncoding.DecodeString(said)
	if err != nil {
		t.Fatal(err)
	}
	with := func(pairs ...string) string {
		return "/download/" + base64.RawURLEncoding.EncodeToString([]byte(strings.NewReplacer(pairs...).Replace(string(plain)))) + "." + mac
	}
	bad := []string{
		with(mine.artifact(), theirs.artifact()), with(mine.ID, theirs.ID), with(mine.org, theirs.org), with("person", "service", mine.ID, mine.program), with("person", "source", mine.ID, mine.source),
		"/download/" + said, "/download/" + said + ".", "/download/." + mac, "/download/" + said + "." + strings.ToUpper(mac), link + "x", link + "=", link + "%00", link + "/", link + "%20",
		"/download/" + strings.Repeat("A", 60_000), "/download/..%2f..%2fkeys.json", "/download/%2e%2e", strings.Replace(link, "/download/", "/download//", 1),
	}
	for i := range len(said + mac) {
		token := []byte(said + "." + mac)
		token[i] ^= 1
		bad = append(bad, "/download/"+url.PathEscape(string(token)))
	}
	for _, path := range bad {
		if got := speak(p, "GET", path, ""); got.StatusCode < 300 || got.StatusCode >= 500 || strings.Contains(got.body, "of Anna") || strings.Contains(got.body, "of Boris") {
			t.Errorf("%.200s is answered %s %.100s", path, got.Status, got.body)
		}
	}
	// Nothing in a path is taken for a path, a blob's name or another row.
	blob := mine.made.Artifacts[0].Blob
	for _, hostile := range []string{"..", ".", "%2e%2e%2fportal.db", "..%2f..%2f..%2fetc%2fpasswd", "..%5c..%5ckeys.json", "%00", "%ff", "stable%00", "*", "%25", "%27%20OR%201=1%20--", url.PathEscape(blob), strings.Repeat("a", 5000)} {
		for _, path := range []string{
			"/get/" + hostile + "/stable/windows-x64", "/get/" + mine.product + "/" + hostile + "/windows-x64", "/get/" + mine.product + "/stable/" + hostile, "/feeds/" + hostile + "/stable.json",
			"/feeds/" + mine.product + "/" + hostile, mine.winget + "/files/" + hostile + "/x.msi", mine.winget + "/packageManifests/" + hostile, "/winget/" + hostile + "/information", "/atom/" + hostile,
			"/get/" + mine.product + "/stable/windows-x64?version=" + url.QueryEscape(hostile), "/api/v1/artifacts/" + hostile + "/url",
		} {
			method := map[bool]string{true: "POST", false: "GET"}[strings.HasPrefix(path, "/api")]
			if got := speak(p, method, path, "", bearer(mine.token)...); got.StatusCode < 300 || got.StatusCode >= 500 {
				t.Errorf("%s %.120s is answered %s %.100s", method, path, got.Status, got.body)
			}
		}
	}
	// The last word of the path of an installer is what winget calls it, whatever that is.
	got := speak(p, "GET", mine.winget+"/files/"+mine.artifact()+"/..%2f..%2fevil%22%0d%0aSet-Cookie:%20x", "")
	if got.Header.Get("Set-Cookie") != "" || got.StatusCode == http.StatusOK && got.Header.Get("Content-Disposition") != `attachment; filename="onlyanna-1.0.msi"` {
		t.Errorf("%s %v", got.Status, got.Header)
	}
}

// asvs: V15.2.2
func TestAbusedRangesGetNoMoreThanTheFile(t *testing.T) {
	p := portaltest.SQLite(t)
	v := newVendor(t, p)
	f := v.firm("Anna", 1)
	content := strings.Repeat("0123456789", 5000)
	f.made = v.publish(f.product, "2.0", nil, content)
	many := func(n int, one string) string { return "bytes=" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	for what, value := range map[string]string{
		"a thousand": many(1000, "0-0"), "a thousand empty ones": many(1000, " "), "the whole a hundred times": many(100, "0-"), "the end a thousand times": many(1000, "-1"), "nested": "bytes=0-,1-,2-,3-,4-,5-,6-",
		"backwards": "bytes=9-0", "negative": "bytes=--5", "two signs": "bytes=-5-5", "huge": "bytes=0-99999999999999999999999999", "hugest suffix": "bytes=-99999999999999999999999999", "past the end": "bytes=50000-",
		"an overflow": "bytes=9223372036854775807-9223372036854775808", "a suffix of none": "bytes=-0", "hexadecimal": "bytes=0x0-0x10", "signs": "bytes=+0-+9", "spaces": "bytes= 0 - 9 ", "no unit": "0-9",
		"another unit": "lines=0-1", "nothing": "bytes=", "letters": "bytes=a-b", "header": "bytes=0-9\tX", "capitals": "BYTES=0-9",
	} {
		for _, path := range []string{"/get/" + f.product + "/stable/windows-x64", linkTo(t, f.inside(t, p), f.artifact())} {
			for _, method := range []string{"GET", "HEAD"} {
				got := speak(p, method, path, "", append(bearer(f.token), "Range", value)...)
				if got.StatusCode != http.StatusOK && got.StatusCode != http.StatusPartialContent && got.StatusCode != http.StatusRequestedRangeNotSatisfiable {
					t.Errorf("%s: %s", what, got.Status)
				}
				if len(got.body) > len(content)+2000 {
					t.Errorf("%s, %s: %d bytes", what, method, len(got.body))
				}
			}
		}
		p.Clock.Advance(time.Minute)
	}
	if n := p.Count(t, `SELECT COUNT(*) FROM transfer WHERE sent > size`); n != 0 {
		t.Errorf("%d transfers sent more than there is", n)
	}
}

// A slow reader takes nothing until it is let.
type slow struct {
	*httptest.ResponseRecorder
	began *atomic.Int64
	once  sync.Once
	wait  chan struct{}
}

func (s *slow) Write(b []byte) (int, error) {
	if s.Code == http.StatusOK {
		s.once.Do(func() { s.began.Add(1) })
		<-s.wait
	}
	return s.ResponseRecorder.Write(b)
}

// asvs: V2.4.1 V15.2.2
func TestOfFiftyDownloadsAtOnceOnTwoNodesTenRun(t *testing.T) {
	shared := portaltest.Setting("blob.url=" + t.TempDir())
	portaltest.Two(t, func(t *testing.T, a, other *portaltest.Portal) {
		v := newVendor(t, a)
		f := v.firm("Anna", 1)
		b := f.inside(t, a)
		// Many links, of one person: what counts is who reads.
		var links []string
		for range 5 {
			a.Clock.Advance(10 * time.Second)
			links = append(links, linkTo(t, b, f.artifact()))
		}
		a.Clock.Advance(10 * time.Minute)
		before := a.Count(t, `SELECT COUNT(*) FROM transfer`)
		var began, refused atomic.Int64
		wait := make(chan struct{})
		var group sync.WaitGroup
		nodes := []*portaltest.Portal{a, other}
		for k := range 50 {
			group.Go(func() {
				r := httptest.NewRequest(http.MethodGet, portaltest.Base+links[k%len(links)], nil)
				r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), fmt.Sprintf("192.0.2.%d:4711", k)
				w := &slow{ResponseRecorder: httptest.NewRecorder(), began: &began, wait: wait}
				nodes[k%2].Handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK && w.Code != http.StatusTooManyRequests {
					t.Errorf("a download is answered %d", w.Code)
				}
				if w.Code != http.StatusOK && refused.Add(1) == 40 {
					close(wait) // the others may read on
				}
			})
		}
		group.Wait()
		if n := a.Count(t, `SELECT COUNT(*) FROM transfer WHERE state = 'completed'`) - before; n != 10 {
			t.Errorf("%d were completed", n)
		}
		if began.Load() != 10 || refused.Load() != 40 {
			t.Errorf("%d began, %d were refused", began.Load(), refused.Load())
		}
	}, shared)
}

// office is somebody who may manage releases, and what is sent to a draft by hand.
type office struct {
	*portaltest.Browser
	t testing.TB
}

// begin begins an upload to a draft, and returns the path of its parts, or "" with what was said.
func (o office) begin(page, kind, name string, size int64, signature string) (path, said string) {
	o.t.Helper()
	o.Post(page+"/uploads", url.Values{"title": {"X"}, "kind": {kind}, "name": {name}, "size": {fmt.Sprint(size)}, "signature": {signature}})
	var u struct{ Path string }
	if json.Unmarshal([]byte(o.Body), &u) != nil {
		return "", o.Body
	}
	return u.Path, o.Body
}

// part sends one part and returns the status.
func (o office) part(path string, n any, content string) int {
	o.Send(fmt.Sprintf("%s/parts/%v", path, n), "application/octet-stream", strings.NewReader(content))
	return o.Status
}

// asvs: V2.2.3 V2.3.1 V5.2.1 V5.3.2
func TestNoUploadGetsPastWhatItSaid(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		rita := office{browserOf(member(t, p, "Rita", staff.ReleaseManager, staff.Approver)), t}
		page := drafted(t, rita.Browser, "1.0")
		// Names and sizes that are lies.
		for _, name := range append([]string{
			"", ".", "..", "../x.msi", `..\x.msi`, "/etc/passwd", "C:\\x.msi", "x/y.msi", "con", "nul.msi", ".htaccess", "-rf.msi", "x.msi.", "x\u202eism.exe", "x\r\nSet-Cookie: a.msi", `x".msi`, "x;y=z|.msi", "x\x00.msi", "%2e%2e%2fx.msi",
			strings.Repeat("ä", 200), "\u200b.msi",
		}, nasty(t)[:18]...) {
			if path, said := rita.begin(page, "linux-x64", name, 10, ""); path != "" && (strings.ContainsAny(name, "/\\\x00\r\n\"%\u202e\u200b:*?<>|") || strings.HasPrefix(name, ".")) || rita.Status >= 500 {
				t.Errorf("a file may be called %q: %d %s", name, rita.Status, said)
			} else if path != "" {
				rita.Post(strings.Replace(path, "/uploads/", "/files/", 1)+"/remove", nil)
			}
		}
		for _, size := range []string{"", "0", "-1", "-2", "1e9", "9223372036854775807", "99999999999999999999", "0x10", "5 5", "NaN"} {
			rita.Post(page+"/uploads", url.Values{"title": {"X"}, "kind": {"linux-x64"}, "name": {"x.rpm"}, "size": {size}})
			if rita.Status != http.StatusUnprocessableEntity {
				t.Errorf("a size of %q is answered %d %s", size, rita.Status, rita.Body)
			}
		}
		content := strings.Repeat("0123456789abcdef", (release.PartSize+64)/16)
		first, rest := content[:release.PartSize], content[release.PartSize:]
		path, said := rita.begin(page, "linux-x64", "meeting.rpm", int64(len(content)), minisig(t, v.key, content))
		if path == "" {
			t.Fatal(said)
		}
		for n, body := range map[any]string{-1: rest, "00000000000000000000001": "", 2: rest, 99: rest, 100000: rest, "9223372036854775807": rest, "99999999999999999999": rest, "x": rest, "1%2f..%2f0": rest, "1.5": rest} {
			if got := rita.part(path, n, body); got < 400 || got >= 500 {
				t.Errorf("part %v is answered %d %s", n, got, rita.Body)
			}
		}
		for what, body := range map[string]string{"an empty one": "", "one too short": rest, "one too long": first + "x", "one far too long": first + first} {
			if got := rita.part(path, 0, body); got < 400 || got >= 500 {
				t.Errorf("part 0, %s, is answered %d %s", what, got, rita.Body)
			}
		}
		// The last first, one twice, and the end twice at once, with the publication.
		if rita.part(path, 1, rest) != 200 || rita.part(path, 0, strings.Repeat("x", release.PartSize)) != 200 || rita.part(path, 0, first) != 200 {
			t.Fatalf("%d %s", rita.Status, rita.Body)
		}
		for _, status := range atOnce(4, func(k int) int {
			if k == 3 {
				return rita.Copy().Raw(page+"/publish", nil).Status
			}
			return rita.Copy().Raw(path+"/finish", nil).Status
		}) {
			if status >= 500 {
				t.Errorf("one of several ends is answered %d", status)
			}
		}
		if err := p.Release.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		rita.Open(page)
		if n := p.Count(t, `SELECT COUNT(*) FROM artifact WHERE state = 'verified' AND size = $1`, len(content)); n != 1 {
			t.Errorf("%d files are verified: %s", n, rita.Text())
		}
		if got := rita.part(path, 0, strings.Repeat("y", release.PartSize)); got < 400 || got >= 500 {
			t.Errorf("a part of a file that is whole is answered %d", got)
		}
	})
}

// asvs: V9.1.1
func TestNoFileIsPublishedWhoseSignatureIsNotTheProductsNow(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		rita := office{browserOf(member(t, p, "Rita", staff.ReleaseManager, staff.Approver)), t}
		keys := func(product string, keys ...string) {
			p.Change(t, func(tx *db.Tx) error {
				one, err := license.ProductByID(tx, product)
				if err != nil {
					return err
				}
				one.PublisherKeys = keys
				return license.PutProduct(tx, one)
			})
		}
		const content = "what the vendor built"
		right := minisig(t, v.key, content)
		page := drafted(t, rita.Browser, "1.0")
		sendFile(t, rita.Browser, page, map[string]string{"title": "X", "kind": "windows-x64", "signature": right}, "meeting.msi", content)
		rita.At(http.StatusOK, page).Sees("Checked and signed")
		var id string
		p.Change(t, func(tx *db.Tx) error {
			return tx.Get(`SELECT id FROM artifact WHERE name = 'meeting.msi'`, nil, &id)
		})
		// Another's signature, of the same bytes, in place of the right one; and one of other bytes.
		_, thief, err := minisign.GenerateKey(bytes.NewReader(p.Secret.Bytes(64)))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(right, "\n")
		for what, bad := range map[string]string{
			"another's": minisig(t, thief, content), "of other bytes": minisig(t, v.key, content+"!"), "with another comment": strings.Join([]string{lines[0], lines[1], "trusted comment: evil", lines[3], ""}, "\n"),
			"none": "", "half": right[:len(right)/2], "two": right + right, "markup": "<script>alert(1)</script>",
		} {
			rita.Post(page+"/files/"+id+"/signature", url.Values{"signature": {bad}})
			if rita.Status != http.StatusUnprocessableEntity || holdsMarkup(rita.Page) != "" {
				t.Errorf("a signature, %s, is answered %d", what, rita.Status)
			}
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM artifact WHERE id = $1 AND state = 'verified' AND signature = $2`, id, strings.TrimSpace(right)); n != 1 {
			t.Error("the right signature was lost")
		}
		// The key goes between the check and the publication; another product's key counts for nothing.
		keys("meeting", thief.Public().(minisign.PublicKey).String())
		v.product("other", "NXO")
		if rita.Post(page+"/publish", nil); rita.Status < 400 || rita.Status >= 500 {
			t.Errorf("published with a key that is gone: %d", rita.Status)
		}
		keys("meeting")
		if rita.Post(page+"/publish", nil); rita.Status < 400 || rita.Status >= 500 {
			t.Errorf("published without any key: %d", rita.Status)
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM release WHERE state IN ('published', 'verifying')`); n != 0 {
			t.Errorf("%d releases are out", n)
		}
	})
}

// asvs: V1.3.1 V1.2.1
func TestNotesOfAReleaseDoNothingWhereverTheyAreRead(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		f := v.firm("Anna", 1)
		if err := p.Download.SetNews(t.Context(), f.ID, f.product, true); err != nil {
			t.Fatal(err)
		}
		p.Clock.Advance(time.Minute)
		hostile := strings.Join([]string{
			"<script>alert(1)</script>", `<img src=x onerror=alert(1)>`, "[a](javascript:alert(1))", "[b](JaVaScRiPt:alert(1))", "[c](data:text/html,<script>alert(1)</script>)", "![d](https://evil.example/x.png)", "<svg onload=alert(1)>",
			`<a href="x" onclick="alert(1)">e</a>`, "<style>*{display:none}</style>", `<form action="https://evil.example"><input name=p></form>`, "]]></summary><evil/>", "&lt;script&gt;alert(1)&lt;/script&gt;", "<javascript:alert(1)>", "[f]: javascript:alert(1)\n[g][f]",
			"\u202eevil", "# <b onmouseover=alert(1)>h", "`<script>alert(1)</script>`", strings.Repeat("> ", 200) + "deep", strings.Repeat("[", 500), strings.Repeat("*", 500), "http://evil.example/\"onmouseover=alert(1)",
		}, "\n\n")
		v.publish(f.product, "2.0", release.Notes{"en": hostile, "de": hostile}, "two")
		p.Clock.Advance(10 * time.Minute)
		p.Housekeeping()
		b := f.inside(t, p)
		desk := browserOf(member(t, p, "Rita", staff.ReleaseManager, staff.Approver))
		desk.Open("/office/releases")
		var id string
		p.Change(t, func(tx *db.Tx) error { return tx.Get(`SELECT id FROM release WHERE version = '2.0'`, nil, &id) })
		bad := regexp.MustCompile(`(?i)<script>alert|<img|<svg onload|onerror=alert\(1\)>|href="?(javascript|data):|<form action="https://evil|<style>\*|onclick="alert|<b onmouse|<evil`)
		for what, page := range map[string]*portaltest.Page{
			"the shelf": b.Copy().Open("/portal/downloads?product=" + f.product).Page, "the office": desk.Copy().Open("/office/releases/" + id).Page, "the list": desk.Copy().Open("/office/releases").Page,
			"the preview": desk.Copy().Raw("/office/releases/preview", url.Values{"notes-en": {hostile}}),
		} {
			if page.Status != http.StatusOK || bad.MatchString(page.Body) || holdsMarkup(page) != "" {
				t.Errorf("%s is %d and holds %q", what, page.Status, bad.FindString(page.Body)+holdsMarkup(page))
			}
		}
		for what, path := range map[string]string{"the feed": "/feeds/" + f.product + "/stable.json", "the reader's feed": "/feeds/" + f.product + "/stable.atom", "the secret feed": f.atom, "the package": f.winget + "/packageManifests/", "the list": "/api/v1/releases?product=" + f.product} {
			if what == "the package" {
				var found feed.Found
				if err := json.Unmarshal([]byte(speak(p, "POST", f.winget+"/manifestSearch", `{"FetchAllManifests":true}`).body), &found); err != nil || len(found.Data) == 0 {
					t.Fatal(err)
				}
				path += found.Data[0].PackageIdentifier
			}
			got := speak(p, "GET", path, "", bearer(f.token)...)
			if got.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", what, got.Status)
			}
			if strings.HasSuffix(path, "json") || strings.Contains(got.Header.Get("Content-Type"), "json") {
				if !json.Valid([]byte(got.body)) {
					t.Errorf("%s is no JSON", what)
				}
				continue
			}
			var texts []string
			d := xml.NewDecoder(strings.NewReader(got.body))
			for {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Errorf("%s is no XML: %v", what, err)
					break
				}
				if c, ok := token.(xml.CharData); ok {
					texts = append(texts, string(c))
				}
				if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "script" || e.Name.Local == "evil" || e.Name.Local == "svg") {
					t.Errorf("%s has an element %s", what, e.Name.Local)
				}
			}
			if text := strings.Join(texts, ""); bad.MatchString(text) {
				t.Errorf("%s: a reader would show %q", what, bad.FindString(text))
			}
		}
		p.Deliver()
		mails := 0
		for _, m := range p.Inbox.To(f.Email) {
			if m.Kind == "new-release" {
				mails++
			}
			if bad.MatchString(m.HTML) || strings.ContainsAny(m.Subject, "\r\n") {
				t.Errorf("%s holds %q", m.Kind, bad.FindString(m.HTML))
			}
		}
		if mails != 1 {
			t.Errorf("%d mails of the release", mails)
		}
	})
}

// asvs: V14.2.1 V16.2.5
func TestNoSecretBehindTheDoorStandsInALogATableOrAMail(t *testing.T) {
	p := portaltest.SQLite(t)
	v := newVendor(t, p)
	f := v.firm("Anna", 1)
	b := f.inside(t, p)
	never := map[string]string{"the token": f.token, "the token's secret": f.token[31:], "the winget secret": strings.TrimPrefix(f.winget, "/winget/"), "the feed's secret": strings.TrimPrefix(f.atom, "/atom/"), "the fingerprint": f.print}
	link := linkTo(t, b, f.artifact())
	never["the signed link"] = strings.TrimPrefix(link, "/download/")
	_, mac, _ := strings.Cut(never["the signed link"], ".")
	never["the link's end"] = mac
	speak(p, "GET", link, "")
	speak(p, "GET", link+"x", "")
	speak(p, "GET", f.atom, "")
	speak(p, "GET", f.atom+"x", "")
	for _, path := range []string{"/information", "/packageManifests/x", "/files/" + f.artifact() + "/x.msi"} {
		speak(p, "GET", f.winget+path, "")
		speak(p, "GET", f.winget+"x"+path, "")
		speak(p, "PUT", f.winget+path, "")
	}
	speak(p, "POST", f.winget+"/manifestSearch", `{"Query":1}`)
	for _, r := range tokenRoutes(p, f) {
		speak(p, r.method, r.path, r.body, bearer(f.token)...)
		speak(p, r.method, r.path, r.body+"garbage", bearer(f.token)...)
		speak(p, r.method, r.path, r.body, bearer(f.token+"x")...)
	}
	for _, body := range []string{`{"key":"` + f.key + `"}`, `{"key":"` + f.key + `"`, `{"key":["` + f.key + `"]}`, `{"` + f.key + `":1}`} {
		speak(p, "POST", "/api/v1/validate", body)
		speak(p, "POST", "/api/v1/devices", body, bearer(f.token)...)
	}
	// By the pages: a token, another, an address, another.
	secrets := regexp.MustCompile(`vst_[0-9A-Za-z_-]{30,}|/(?:winget|atom)/[0-9A-Za-z_-]{20,}`)
	take := func(what string, page *portaltest.Page) {
		found := secrets.FindString(page.Body)
		if found == "" {
			t.Errorf("%s: no secret on the page: %d", what, page.Status)
			return
		}
		never[what] = found[strings.LastIndex(found, "/")+1:]
	}
	take("a token of the page", b.Copy().Raw("/portal/tokens/new", url.Values{"name": {"By hand"}, "scopes": {"validate"}, "life": {"720h"}}))
	b.Open("/portal/tokens/" + f.program + "/rotate")
	take("a rotated token", b.Press("Make new token").Page)
	take("an address of the page", b.Copy().Raw("/portal/feeds", url.Values{"name": {"By hand"}, "kind": {"winget"}}))
	take("a replaced address", b.Copy().Raw("/portal/feeds/"+f.reader+"/replace", nil))
	b.Open("/portal/licences/" + f.licence + "/offline/" + f.remote)
	b.Open("/portal/licences/" + f.licence + "/file")
	desk := browserOf(member(t, p, "Rita", staff.Administrator))
	desk.Post("/office/licences/search", url.Values{"q": {f.key}})
	desk.Post("/office/licences/search", url.Values{"q": {f.key + "X"}})
	p.Housekeeping()
	p.Deliver()

	log := p.Log.Text()
	if !strings.Contains(log, "/download/") || !strings.Contains(log, "/winget/") {
		t.Error("the log knows of no request: what it does not say is no comfort")
	}
	mails := ""
	for _, m := range p.Inbox.To("") {
		mails += m.Subject + m.Text + m.HTML
	}
	for what, secret := range never {
		if strings.Contains(log, secret) || strings.Contains(mails, secret) {
			t.Errorf("%s stands in the log %v, in a mail %v", what, strings.Contains(log, secret), strings.Contains(mails, secret))
		}
		if where := p.Holding(t, secret); where != "" {
			t.Errorf("%s stands readable in %s", what, where)
		}
	}
	bare := strings.ReplaceAll(f.key, "-", "")
	for _, key := range []string{f.key, bare, strings.ToLower(f.key), url.QueryEscape(f.key)} {
		if strings.Contains(log, key) {
			t.Errorf("the log knows the key as %s", key)
		}
	}
	if where := p.Holding(t, f.key); strings.Contains(where, "event") || strings.Contains(where, "outbox") {
		t.Errorf("the key stands readable in %s", where)
	}
}

// asvs: V2.3.1 V2.3.2 V1.2.10
func TestNobodyDownloadsWhatTheOrganizationHasNotAgreedTo(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		f := v.firm("Anna", 1)
		f.made = v.publish(f.product, "2.0", nil, "two")
		publish := func(version string) {
			if err := p.Download.PublishAgreement(t.Context(), "staff", f.product, version, map[string]string{"en": "Text " + version, "de": "Text " + version}); err != nil {
				t.Fatal(err)
			}
			p.Clock.Advance(time.Minute)
		}
		closed := func(when string) {
			t.Helper()
			b := f.inside(t, p)
			b.Open("/portal/downloads/"+f.artifact()).At(http.StatusOK, "/portal/downloads/"+f.artifact()+"/agreement")
			for _, path := range []string{"/get/" + f.product + "/stable/windows-x64", f.winget + "/files/" + f.artifact() + "/x.msi"} {
				if got := speak(p, "GET", path, "", bearer(f.token)...); got.StatusCode != http.StatusForbidden || got.code() != "agreement-needed" {
					t.Errorf("%s: %s is answered %s %s", when, path, got.Status, got.body)
				}
			}
			if got := speak(p, "POST", "/api/v1/artifacts/"+f.artifact()+"/url", "", bearer(f.token)...); got.StatusCode != http.StatusForbidden {
				t.Errorf("%s: a program is given a link: %s", when, got.body)
			}
			if page := b.Open("/portal/downloads?start=" + f.artifact() + "&product=" + f.product); strings.Contains(page.Page.Header.Get("Refresh"), "/download/") {
				t.Errorf("%s: the page leads to the file", when)
			}
		}
		publish("1")
		closed("at first")
		b := f.inside(t, p)
		agree := "/portal/downloads/" + f.artifact() + "/agreement"
		for what, form := range map[string]url.Values{
			"nothing": {}, "no tick": {"version": {"1"}}, "another version": {"version": {"2"}, "accept": {"true"}}, "no version": {"accept": {"true"}}, "both": {"version": {"1"}, "accept": {"true"}, "decline": {"true"}},
		} {
			if page := b.Copy().Raw(agree, form); strings.Contains(page.Header.Get("Location"), "start=") {
				t.Errorf("%s is taken for an agreement", what)
			}
		}
		if page := b.Copy().Open(agree + "?version=1&accept=true"); page.Status != http.StatusOK {
			t.Errorf("an agreement by address: %d", page.Status)
		}
		closed("after what is no agreement")
		// The text is swapped while somebody reads it: what is accepted is what was shown, or nothing.
		b.Open(agree)
		publish("2")
		b.Check("I accept version 1").Press("Accept and download")
		if b.Status != http.StatusConflict {
			t.Errorf("the text before is accepted: %d", b.Status)
		}
		closed("after another text")
		if n := p.Count(t, `SELECT COUNT(*) FROM agreement_acceptance`); n != 0 {
			t.Errorf("%d acceptances are kept", n)
		}
		f.inside(t, p).Open(agree).Check("I accept version 2").Press("Accept and download")
		if got := speak(p, "GET", "/get/"+f.product+"/stable/windows-x64", "", bearer(f.token)...); got.body != "two" {
			t.Errorf("agreed, and %s %s", got.Status, got.body)
		}
		// Who fetched it stands in a table that a spreadsheet opens: nothing in it is a formula.
		formula, token, err := p.Organization.MakeServiceAccount(t.Context(), f.ID, organization.NewServiceAccount{Name: "=1+2", Scopes: organization.Scopes()})
		if err == nil && formula.ID != "" {
			speak(p, "GET", "/get/"+f.product+"/stable/windows-x64", "", append(bearer(token), "Range", "bytes=0-0")...)
			desk := browserOf(member(t, p, "Rita", staff.ReleaseManager, staff.Approver)).Open("/office/transfers/export")
			if !strings.Contains(desk.Body, "'=1+2") || regexp.MustCompile(`(?m)(^|,)"?[=+@]`).MatchString(desk.Body) {
				t.Errorf("the export: %s", desk.Body)
			}
		}
	})
}
