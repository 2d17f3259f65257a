package feed_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"vestibule/internal/download/downloadtest"
	"vestibule/internal/fault"
	"vestibule/internal/feed"
	"vestibule/internal/license"
)

// fits fails the test where an answer does not fit the schema of the WinGET API, as its makers publish it. Where that file is not
// there the rest of the test runs alone.
func fits(t *testing.T, schema string, answer any) {
	t.Helper()
	name := filepath.Join("..", "..", "..", "shared", "data", "winget", "WinGet-1.10.0.yaml")
	if _, err := os.Stat(name); err != nil {
		return
	}
	doc, err := openapi3.NewLoader().LoadFromFile(name)
	if err != nil {
		t.Fatal(err)
	}
	schemas := doc.Components.Schemas
	// The file asks of a type that it is in two lists at once that share nothing. What is meant is in one of them.
	kind := schemas["InstallerType"].Value
	kind.AnyOf, kind.AllOf = kind.AllOf, nil
	b, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(b, &plain); err != nil {
		t.Fatal(err)
	}
	if err := schemas[schema].Value.VisitJSON(plain, openapi3.MultiErrors()); err != nil {
		t.Errorf("%s: %v\n%s", schema, err, b)
	}
}

func TestTheWinGETSourceFitsItsSchema(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		ctx := t.Context()
		w.Publish("1.0.0", license.Stable, time.Time{}, installers("1.0.0")...)
		newest := w.Publish("1.1.0", license.Stable, time.Time{}, installers("1.1.0")...)
		w.Publish("2.0.0-rc.1", license.Preview, time.Time{}, installers("2.0.0-rc.1")...)
		w.Publish("0.9.0", license.Stable, time.Time{}, installers("0.9.0")[2]) // nothing for Windows
		w.Publish("1.0.1", license.LongTerm, time.Time{}, installers("1.0.1")...)
		_, path, err := w.Feeds.MakeAddress(ctx, w.Marta.ID, feed.WinGET, "Desktops")
		if err != nil {
			t.Fatal(err)
		}
		token := strings.TrimPrefix(path, "/winget/")

		i, err := w.Feeds.Information(ctx, token)
		if err != nil || i.Data.SourceIdentifier != "NorthwindConferencing.Portal" {
			t.Fatal(i, err)
		}
		fits(t, "InformationResponseSchema", i)

		all, err := w.Feeds.Search(ctx, token, feed.Search{FetchAllManifests: true})
		if err != nil {
			t.Fatal(err)
		}
		fits(t, "ManifestSearchResultSchema", all)
		if len(all.Data) != 2 || all.Data[0].PackageIdentifier != "NorthwindConferencing.meeting" || all.Data[1].PackageIdentifier != "NorthwindConferencing.meeting.Preview" ||
			!reflect.DeepEqual(all.Data[0].Versions, []feed.FoundVersion{{PackageVersion: "1.1.0"}, {PackageVersion: "1.0.0"}}) {
			t.Errorf("%+v", all.Data)
		}

		m, err := w.Feeds.Manifest(ctx, token, "northwindconferencing.MEETING", "", "", "")
		if err != nil {
			t.Fatal(err)
		}
		fits(t, "ManifestSingleResponseSchema", m)
		if len(m.Data.Versions) != 2 || len(m.Data.Versions[0].Installers) != 2 {
			t.Fatalf("%+v", m.Data)
		}
		one := m.Data.Versions[0].Installers[0]
		file, _ := newest.Artifact(one.InstallerIdentifier)
		if one.InstallerSha256 != strings.ToUpper(file.SHA256) || one.Architecture != "x64" || one.InstallerType != "msi" ||
			one.InstallerUrl != "https://portal.example/winget/"+token+"/files/"+file.ID+"/meeting-1.1.0-x64.msi" {
			t.Errorf("%+v", one)
		}
		for _, c := range []struct {
			id, version, channel string
			versions             int
		}{
			{"NorthwindConferencing.meeting", "1.0.0", "", 1}, {"NorthwindConferencing.meeting", "7.0.0", "", 0},
			{"NorthwindConferencing.meeting", "", "preview", 0}, {"NorthwindConferencing.meeting.Preview", "", "preview", 1},
			{"NorthwindConferencing.meeting.LTS", "", "", 0}, {"Other.meeting", "", "", 0},
		} {
			m, err := w.Feeds.Manifest(ctx, token, c.id, c.version, c.channel, "GB")
			if c.versions == 0 {
				refusedAs(t, err, fault.NotFound, "not-found")
				continue
			}
			if err != nil || len(m.Data.Versions) != c.versions {
				t.Errorf("%+v: %+v, %v", c, m.Data, err)
			}
			fits(t, "ManifestSingleResponseSchema", m)
		}
		w.Hold(license.Suspended)
		if none, err := w.Feeds.Search(ctx, token, feed.Search{FetchAllManifests: true}); err != nil || len(none.Data) != 0 {
			t.Errorf("%+v, %v", none, err)
		}
	})
}

func TestWinGETFindsWhatItAsksFor(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		w.Publish("1.0.0", license.Stable, time.Time{}, installers("1.0.0")...)
		w.Publish("2.0.0-rc.1", license.Preview, time.Time{}, installers("2.0.0-rc.1")...)
		_, path, err := w.Feeds.MakeAddress(t.Context(), w.Marta.ID, feed.WinGET, "Desktops")
		if err != nil {
			t.Fatal(err)
		}
		token := strings.TrimPrefix(path, "/winget/")
		for body, want := range map[string]int{
			`{}`:                   2,
			`{"MaximumResults":1}`: 1,
			`{"Query":{"KeyWord":"meeting add-on","MatchType":"CaseInsensitive"}}`:                                                                                                 1,
			`{"Query":{"KeyWord":"meeting add-on","MatchType":"Exact"}}`:                                                                                                           0,
			`{"Query":{"KeyWord":"add","MatchType":"Substring"}}`:                                                                                                                  2,
			`{"Query":{"KeyWord":"north*","MatchType":"Wildcard"}}`:                                                                                                                2,
			`{"Query":{"KeyWord":"northwindc","MatchType":"StartsWith"}}`:                                                                                                          2,
			`{"Query":{"KeyWord":"zoom","MatchType":"Fuzzy"}}`:                                                                                                                     0,
			`{"Inclusions":[{"PackageMatchField":"PackageIdentifier","RequestMatch":{"KeyWord":"NorthwindConferencing.meeting","MatchType":"Exact"}}]}`:                            1,
			`{"Inclusions":[{"PackageMatchField":"ProductCode","RequestMatch":{"KeyWord":"{x}","MatchType":"Exact"}}]}`:                                                            0,
			`{"Query":{"KeyWord":"meeting","MatchType":"Substring"},"Filters":[{"PackageMatchField":"PackageName","RequestMatch":{"KeyWord":"Preview","MatchType":"Substring"}}]}`: 1,
			`{"Inclusions":[{"PackageMatchField":"NormalizedPackageNameAndPublisher","RequestMatch":{"KeyWord":"meetingaddonnorthwindconferencing","MatchType":"Exact"}}]}`:        1,
		} {
			in, err := feed.ParseSearch([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			fits(t, "ManifestSearchRequestSchema", json.RawMessage(body))
			found, err := w.Feeds.Search(t.Context(), token, in)
			if err != nil || len(found.Data) != want {
				t.Errorf("%s: %+v, %v", body, found.Data, err)
			}
		}
		for _, body := range []string{``, `[]`, `{"Query":7}`, `{`} {
			_, err := feed.ParseSearch([]byte(body))
			refusedAs(t, err, fault.Invalid, "search-unreadable")
		}
	})
}
