package fetch_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"vestibule/internal/download"
	"vestibule/internal/feed"
	"vestibule/internal/license"
	"vestibule/internal/web/fetch"
)

func TestFeedsAreForTokensThatMayReadThem(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.Publish("1.0.0", license.Stable, time.Time{})
		bearer := []string{"Authorization", "Bearer " + r.Token("releases")}
		for path, kind := range map[string]string{
			"/feeds/meeting/stable.json": "application/json", "/feeds/meeting/stable.atom": "application/atom+xml; charset=utf-8",
		} {
			got := r.want(r.ask("GET", path, bearer...), http.StatusOK)
			if got.Header.Get("Content-Type") != kind || !bytes.Contains(got.body, []byte("1.0.0")) || got.Header.Get("Etag") == "" {
				t.Errorf("%s: %s", path, got.body)
			}
			if signed := got.Header.Get(fetch.SignatureHeader) != ""; signed != strings.HasSuffix(path, "json") {
				t.Errorf("%s is signed: %v", path, signed)
			}
			if again := r.want(r.ask("GET", path, append(bearer, "If-None-Match", "W/"+got.Header.Get("Etag"))...), http.StatusNotModified); len(again.body) != 0 {
				t.Errorf("%s: not modified, and a body", path)
			}
			r.want(r.ask("GET", path), http.StatusUnauthorized)
			r.want(r.ask("GET", path, "Authorization", "Bearer "+r.Token("download")), http.StatusForbidden)
		}
		for _, path := range []string{"/feeds/meeting/stable", "/feeds/meeting/stable.xml", "/feeds/meeting/nightly.json", "/feeds/other/stable.json"} {
			r.want(r.ask("GET", path, bearer...), http.StatusNotFound)
		}
	})
}

func TestWinGETGetsFromSearchToInstaller(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		one := r.Publish("1.0.0", license.Stable, time.Time{})
		a, base, err := r.Feeds.MakeAddress(t.Context(), r.Marta.ID, feed.WinGET, "Desktops")
		if err != nil {
			t.Fatal(err)
		}
		r.want(r.ask("GET", base+"/information"), http.StatusOK)
		found := r.want(r.send("POST", base+"/manifestSearch", `{"Query":{"KeyWord":"meeting","MatchType":"Substring"}}`, "Content-Type", "application/json"), http.StatusOK)
		var search feed.Found
		if err := json.Unmarshal(found.body, &search); err != nil || len(search.Data) != 1 {
			t.Fatalf("%s", found.body)
		}
		r.want(r.send("POST", base+"/manifestSearch", `{"Query":{"KeyWord":"zoom","MatchType":"Substring"}}`), http.StatusNoContent)
		r.want(r.send("POST", base+"/manifestSearch", `nothing`), http.StatusBadRequest)
		r.want(r.send("POST", base+"/manifestSearch", `{"Query":"`+strings.Repeat("x", 20<<10)+`"}`), http.StatusBadRequest)
		got := r.want(r.ask("GET", base+"/packageManifests/"+search.Data[0].PackageIdentifier+"?Version=1.0.0"), http.StatusOK)
		var m feed.Manifest
		if err := json.Unmarshal(got.body, &m); err != nil {
			t.Fatal(err)
		}
		missing := r.want(r.ask("GET", base+"/packageManifests/No.Such"), http.StatusNotFound)
		var failures []struct{ ErrorCode int }
		if err := json.Unmarshal(missing.body, &failures); err != nil || len(failures) != 1 || failures[0].ErrorCode != 404 {
			t.Errorf("%s", missing.body)
		}

		path := strings.TrimPrefix(m.Data.Versions[0].Installers[0].InstallerUrl, "https://portal.example")
		file := r.want(r.ask("GET", path), http.StatusOK)
		if !bytes.Equal(file.body, r.Content(one.Artifacts[0].Name, one.Artifacts[0].Size)) {
			t.Error("other bytes")
		}
		if list := r.transfers(); len(list) != 1 || list[0].Caller != download.Source || list[0].Who != a.ID || list[0].Name != "Desktops" || list[0].State != download.Completed {
			t.Errorf("%+v", list)
		}
		if strings.Contains(r.said(), strings.TrimPrefix(base, "/winget/")) {
			t.Error("the log knows the secret")
		}
		r.want(r.ask("GET", strings.Replace(path, "/winget/", "/winget/x", 1)), http.StatusNotFound)
		if err := r.Feeds.RevokeAddress(t.Context(), r.Marta.ID, a.ID); err != nil {
			t.Fatal(err)
		}
		for _, gone := range []string{path, base + "/information", base + "/packageManifests/" + search.Data[0].PackageIdentifier} {
			r.want(r.ask("GET", gone), http.StatusNotFound)
		}
	})
}

func TestAFeedReaderNeedsOnlyItsAddress(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.Publish("1.0.0", license.Stable, time.Time{})
		_, path, err := r.Feeds.MakeAddress(t.Context(), r.Marta.ID, feed.Atom, "Reader")
		if err != nil {
			t.Fatal(err)
		}
		if got := r.want(r.ask("GET", path), http.StatusOK); !bytes.Contains(got.body, []byte("Meeting Add-On 1.0.0")) {
			t.Errorf("%s", got.body)
		}
		r.want(r.ask("GET", "/atom/x"), http.StatusNotFound)
		r.want(r.ask("GET", strings.Replace(path, "/atom/", "/winget/", 1)+"/information"), http.StatusNotFound)
		if strings.Contains(r.said(), strings.TrimPrefix(path, "/atom/")) {
			t.Error("the log knows the secret")
		}
	})
}
