package fetch_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/download"
	"vestibule/internal/download/downloadtest"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/release"
	"vestibule/internal/web/fetch"
)

func TestAFileIsServedAsRFC9110HasIt(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		one := r.Publish("1.2.0", license.Stable, time.Time{})
		file := one.Artifacts[0]
		want := r.Content(file.Name, file.Size)
		path := r.link(one)
		whole := r.want(r.ask("GET", path), http.StatusOK)
		if !bytes.Equal(whole.body, want) {
			t.Fatal("other bytes")
		}
		tag := `"` + file.SHA256 + `"`
		for name, value := range map[string]string{
			"Etag": tag, "Content-Type": "application/x-msi", "Content-Disposition": `attachment; filename="meeting-1.2.0-x64.msi"`,
			"X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes", "Content-Length": "100000", "Cache-Control": "private, no-cache, no-transform",
			"Last-Modified": one.EffectiveAt.UTC().Format(http.TimeFormat),
		} {
			if got := whole.Header.Get(name); got != value {
				t.Errorf("%s: %q, wanted %q", name, got, value)
			}
		}
		head := r.want(r.ask("HEAD", path), http.StatusOK)
		if len(head.body) != 0 || head.Header.Get("Content-Length") != "100000" || head.Header.Get("Etag") != tag {
			t.Error("HEAD tells other than GET")
		}
		for _, c := range []struct {
			headers []string
			status  int
			from    int
			to      int
		}{
			{[]string{"Range", "bytes=0-9"}, 206, 0, 10},
			{[]string{"Range", "bytes=99990-"}, 206, 99_990, 100_000},
			{[]string{"Range", "bytes=-5"}, 206, 99_995, 100_000},
			{[]string{"Range", "bytes=99999-9223372036854775807"}, 206, 99_999, 100_000},
			{[]string{"Range", "bytes=100000-"}, 416, 0, -1},
			{[]string{"Range", "bytes=9-2"}, 416, 0, -1},
			{[]string{"Range", "lines=1-2"}, 200, 0, 100_000},
			{[]string{"Range", "bytes=5-9", "If-Range", tag}, 206, 5, 10},
			{[]string{"Range", "bytes=5-9", "If-Range", `"another"`}, 200, 0, 100_000},
			{[]string{"Range", "bytes=5-9", "If-Range", "W/" + tag}, 200, 0, 100_000},
			{[]string{"If-None-Match", tag}, 304, 0, 0},
			{[]string{"If-None-Match", `"x", ` + tag}, 304, 0, 0},
			{[]string{"If-None-Match", `"another"`}, 200, 0, 100_000},
			{[]string{"If-Match", `"another"`}, 412, 0, -1},
			{[]string{"If-Modified-Since", one.EffectiveAt.Add(time.Second).UTC().Format(http.TimeFormat)}, 304, 0, 0},
		} {
			got := r.ask("GET", path, c.headers...)
			if got.StatusCode != c.status || c.to >= 0 && !bytes.Equal(got.body, want[c.from:c.to]) {
				t.Errorf("%q: %s with %d bytes", c.headers, got.Status, len(got.body))
			}
			if c.headers[1] == "bytes=100000-" && got.Header.Get("Content-Range") != "bytes */100000" {
				t.Errorf("%q: Content-Range %q", c.headers, got.Header.Get("Content-Range"))
			}
		}
		several := r.want(r.ask("GET", path, "Range", "bytes=0-4,10-14,-3"), http.StatusPartialContent)
		_, params, err := mime.ParseMediaType(several.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		parts := multipart.NewReader(bytes.NewReader(several.body), params["boundary"])
		for _, piece := range [][2]int{{0, 5}, {10, 15}, {99_997, 100_000}} {
			p, err := parts.NextPart()
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(p); err != nil || !bytes.Equal(b, want[piece[0]:piece[1]]) {
				t.Errorf("part %v: %d bytes, %v", piece, len(b), err)
			}
		}
	})
}

// asvs: V15.2.2
func TestAbusedRangesAreRefusedAndNotSent(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		one := r.Publish("1.0.0", license.Stable, time.Time{})
		path := r.link(one)
		for name, ranges := range map[string]string{
			"many":        strings.Repeat("0-0,", 500) + "1-1",
			"overlapping": "0-99999,0-99999,0-99999,0-99999",
			"nested":      "0-,1-,2-,3-,4-,5-",
		} {
			got := r.ask("GET", path, "Range", "bytes="+ranges)
			if got.StatusCode != http.StatusRequestedRangeNotSatisfiable || len(got.body) > 100 || got.Header.Get("Etag") != "" {
				t.Errorf("%s: %s with %d bytes", name, got.Status, len(got.body))
			}
		}
		if list := r.transfers(); len(list) != 0 {
			t.Errorf("%d transfers are noted, and nothing was sent", len(list))
		}
	})
}

func (r *rig) transfers() []download.Transfer {
	r.t.Helper()
	r.busy.Wait()
	list, _, err := r.Downloads.Transfers(r.t.Context(), download.Filter{}, "", 100)
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// asvs: V8.3.1 V9.1.1 V9.2.1 V9.2.2
func TestALinkIsItsHoldersAndNothingInItCanBeChanged(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		one := r.Publish("1.0.0", license.Stable, time.Time{})
		other := r.Publish("1.1.0", license.Preview, time.Time{})
		path := r.link(one)
		token := strings.TrimPrefix(path, "/download/")
		said, mac, _ := strings.Cut(token, ".")
		plain, err := base64.RawURLEncoding.DecodeString(said)
		if err != nil {
			t.Fatal(err)
		}
		rewritten := func(old, now string) string {
			return base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(plain), old, now, 1))) + "." + mac
		}
		bad := map[string]string{
			"another artifact": rewritten(one.Artifacts[0].ID, other.Artifacts[0].ID),
			"another person":   rewritten(r.Marta.ID, r.Tom.ID),
			"a later end":      rewritten(string(plain[len(plain)-1]), "z"),
			"no signature":     said,
			"an empty one":     said + ".",
			"another purpose":  said + "." + r.Ring.MAC("mail.link", string(plain)),
			"nothing":          "x",
			"a path":           "..%2f..%2fportal.db",
			"padding":          said + "=." + mac,
		}
		for i := range token {
			flipped := []byte(token)
			flipped[i] ^= 1
			bad["flipped "+string(rune('0'+i%10))+token[:i%3]] = strings.ReplaceAll(string(flipped), "/", "_")
		}
		for name, one := range bad {
			if one == token {
				continue
			}
			if got := r.ask("GET", "/download/"+one); got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %s", name, got.Status)
			}
		}
		r.want(r.ask("GET", path), http.StatusOK)
		r.Clock.Advance(15*time.Minute - time.Second)
		r.want(r.ask("GET", path), http.StatusOK)
		r.Clock.Advance(time.Second)
		if got := r.want(r.ask("GET", path), http.StatusGone); !strings.Contains(string(got.body), "has run out") {
			t.Errorf("an old link is not told: %s", got.body)
		}
		if strings.Contains(r.said(), said) || strings.Contains(r.said(), mac) {
			t.Error("the log knows a link")
		}
	})
}

// asvs: V8.3.2
func TestARightThatEndsBetweenLinkAndByteEndsTheDownload(t *testing.T) {
	for name, end := range map[string]func(r *rig, one release.Release){
		"suspended": func(r *rig, _ release.Release) { r.Hold(license.Suspended) },
		"revoked":   func(r *rig, _ release.Release) { r.Hold(license.Revoked) },
		"withdrawn": func(r *rig, one release.Release) { r.Withdraw(one.ID) },
		"no member": func(r *rig, _ release.Release) {
			r.Write(func(tx *db.Tx) error { return organization.Leave(tx, r.Marta.ID) })
		},
		"other house": func(r *rig, _ release.Release) { r.move() },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				one := r.Publish("1.0.0", license.Stable, time.Time{})
				path := r.link(one)
				first := r.want(r.ask("GET", path, "Range", "bytes=0-9"), http.StatusPartialContent)
				end(r, one)
				got := r.ask("GET", path, "Range", "bytes=10-19", "If-Range", first.Header.Get("Etag"))
				if got.StatusCode != http.StatusForbidden && got.StatusCode != http.StatusNotFound || got.Header.Get("Etag") != "" || got.Header.Get("Content-Disposition") != "" {
					t.Errorf("%s, ETag %q", got.Status, got.Header.Get("Etag"))
				}
				if got := r.ask("HEAD", path); got.StatusCode == http.StatusOK {
					t.Error("HEAD tells of what may not be had")
				}
			})
		})
	}
}

// move makes Marta a member of another organization with the same right.
func (r *rig) move() {
	other, _ := r.Organization("Tide Mills", license.Term{Kind: license.Perpetual, StartsAt: r.Clock.Now(), Channels: []string{license.Stable}})
	r.Write(func(tx *db.Tx) error {
		if err := organization.Leave(tx, r.Marta.ID); err != nil {
			return err
		}
		_, err := organization.Admit(tx, r.Secret, other, r.Marta.ID, r.Marta.EmailKey, organization.Member, organization.ByStaff)
		return err
	})
}

func TestACutDownloadThatIsResumedCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		one := r.Publish("1.0.0", license.Stable, time.Time{})
		path := r.link(one)
		r.want(r.ask("GET", path, "Range", "bytes=0-49999"), http.StatusPartialContent)
		r.want(r.ask("GET", path, "Range", "bytes=40000-79999"), http.StatusPartialContent)
		r.Clock.Advance(time.Hour)
		r.want(r.ask("GET", r.link(one), "Range", "bytes=80000-"), http.StatusPartialContent) // by another link
		r.want(r.ask("HEAD", r.link(one)), http.StatusOK)
		states := map[string]int{}
		for _, one := range r.transfers() {
			states[one.State]++
			if one.Name != "marta Lind" || one.Company != "Harbour Vale Council" || one.Caller != download.Person || one.EndedAt.IsZero() || one.Address == "" {
				t.Errorf("%+v", one)
			}
		}
		if states[download.Partial] != 2 || states[download.Completed] != 1 || len(states) != 2 {
			t.Errorf("%v", states)
		}
		r.busy.Wait()
		n, err := r.Downloads.Completed(t.Context(), []string{one.ID})
		if err != nil || n[one.ID] != 1 {
			t.Errorf("%v completed, %v", n, err)
		}
		// From here on it begins anew.
		r.Clock.Advance(time.Second)
		r.want(r.ask("GET", r.link(one), "Range", "bytes=0-9"), http.StatusPartialContent)
		if got := r.transfers()[0]; got.State != download.Partial || got.Range != "0-9" || got.Sent != 10 {
			t.Errorf("%+v", got)
		}
	})
}

// A slow client holds its answers open for as long as the test wants.
func (r *rig) hold(path string) (status int, letGo func()) {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.server.URL+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ReadBufferSize: 4 << 10}}
	got, err := client.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	return got.StatusCode, func() { _ = got.Body.Close() }
}

// asvs: V2.4.1
func TestOfFiftyAtOnceTenAreServed(t *testing.T) {
	nodes := func(t *testing.T, a, b *rig) {
		big := release.File{Kind: "image", Name: "appliance.img", Size: 24 << 20} // more than sockets hold
		one := a.Publish("1.0.0", license.Stable, time.Time{}, big)
		path := a.link(one)
		var mu sync.Mutex
		var group sync.WaitGroup
		counts := map[int]int{}
		var open []func()
		for i := range 50 {
			group.Go(func() {
				r := a
				if i%2 == 1 {
					r = b
				}
				status, letGo := r.hold(path)
				mu.Lock()
				defer mu.Unlock()
				counts[status]++
				open = append(open, letGo)
			})
		}
		group.Wait()
		if counts[200] != 10 || counts[429] != 40 {
			t.Errorf("%v", counts)
		}
		// Another person has ten of her own.
		l, err := a.Downloads.Link(t.Context(), a.Tom.ID, one.Artifacts[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		a.want(a.ask("GET", l.Path, "Range", "bytes=0-9"), http.StatusPartialContent)
		for _, letGo := range open {
			letGo()
		}
		a.server.Close() // it waits for its handlers
		b.server.Close()
		states := map[string]int{}
		for _, one := range a.transfers() {
			states[one.State]++
		}
		if states[download.Unfinished] != 10 || states[download.Running] != 0 {
			t.Errorf("%v", states)
		}
	}
	if dbtest.Embedded() {
		t.Run("sqlite", func(t *testing.T) {
			e := dbtest.SQLite(t)
			later(e)
			r := serve(t, downloadtest.New(t, e))
			nodes(t, r, r)
		})
	}
	t.Run("two nodes", func(t *testing.T) {
		dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
			later(a)
			w := downloadtest.New(t, a)
			nodes(t, serve(t, w), serve(t, w.Node(b)))
		})
	})
}

func TestTheAddressOfTheNewestWorksForPrograms(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		old := r.Publish("1.9.0", license.Stable, time.Time{})
		newest := r.Publish("1.10.0", license.Stable, time.Time{})
		r.Publish("2.0.0-beta.1", license.Preview, time.Time{})
		r.Publish("3.0.0", license.Stable, r.Clock.Now().Add(time.Hour)) // scheduled
		r.Publish("1.8.0", license.LongTerm, time.Time{})
		token := r.Token("download")
		bearer, basic := []string{"Authorization", "Bearer " + token}, []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("intune:"+token))}
		const path = "/get/meeting/stable/windows-x64-msi"
		for _, how := range [][]string{bearer, basic} {
			got := r.want(r.ask("GET", path, how...), http.StatusOK)
			if got.Header.Get("Etag") != `"`+newest.Artifacts[0].SHA256+`"` {
				t.Errorf("%s", got.Header.Get("Content-Disposition"))
			}
		}
		r.want(r.ask("GET", path, append(bearer, "Range", "bytes=5-")...), http.StatusPartialContent)
		if got := r.want(r.ask("GET", path+"?version=1.9.0", bearer...), http.StatusOK); got.Header.Get("Etag") != `"`+old.Artifacts[0].SHA256+`"` {
			t.Error("another version")
		}
		for path, status := range map[string]int{
			"/get/meeting/lts/windows-x64-msi":                  http.StatusForbidden, // not in the licence
			"/get/meeting/stable/linux-rpm":                     http.StatusNotFound,
			"/get/meeting/stable/windows-x64-msi?version=3.0.0": http.StatusNotFound,
			"/get/other/stable/windows-x64-msi":                 http.StatusNotFound,
			"/get/meeting/nightly/windows-x64-msi":              http.StatusNotFound,
			"/get/meeting/stable/..%2f..%2fetc%2fpasswd":        http.StatusNotFound,
		} {
			got := r.want(r.ask("GET", path, bearer...), status)
			if got.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %s", path, got.Header.Get("Content-Type"))
			}
		}
		if got := r.want(r.ask("GET", path), http.StatusUnauthorized); len(got.Header.Values("Www-Authenticate")) == 0 {
			t.Error("a program is not told how to show its token")
		}
		r.want(r.ask("GET", path, "Authorization", "Bearer "+token[:len(token)-1]+"x"), http.StatusUnauthorized)
		r.want(r.ask("GET", path, "Authorization", "Bearer "+r.Token("releases")), http.StatusForbidden)
		r.Hold(license.Suspended)
		if got := r.want(r.ask("GET", path, bearer...), http.StatusForbidden); !strings.Contains(string(got.body), `"code":"license-suspended"`) {
			t.Errorf("%s", got.body)
		}
		if strings.Contains(r.said(), token) {
			t.Error("the log knows a token")
		}
	})
}

func TestTheNameOfAFileIsOnlyAName(t *testing.T) {
	for name, want := range map[string]string{
		"setup.msi":               `attachment; filename="setup.msi"`,
		"Überblick.pdf":           `attachment; filename="_berblick.pdf"; filename*=UTF-8''%C3%9Cberblick.pdf`,
		`..\..\evil".exe`:         `attachment; filename="_.._evil_.exe"`,
		"../../etc/passwd":        `attachment; filename="_.._etc_passwd"`,
		"a\r\nSet-Cookie: x=y":    `attachment; filename="a__Set-Cookie_ x=y"`,
		"gnp\u202eexe.txt":        `attachment; filename="gnp_exe.txt"`,
		" .. ":                    `attachment; filename="download"`,
		"100%.txt":                `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`,
		string([]byte{'a', 0xff}): `attachment; filename="a_"`,
	} {
		if got := fetch.Disposition(name); got != want {
			t.Errorf("%q: %s, wanted %s", name, got, want)
		}
	}
}
