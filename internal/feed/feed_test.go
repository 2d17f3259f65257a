package feed_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/download/downloadtest"
	"vestibule/internal/fault"
	"vestibule/internal/feed"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/release"
	"vestibule/license/verify"
)

func each(t *testing.T, scenario func(t *testing.T, w *downloadtest.World)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) { scenario(t, downloadtest.New(t, e)) })
}

func refusedAs(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, kind) || !fault.Code(err, code) {
		t.Fatalf("%v, wanted %s", err, code)
	}
}

// keys are what a product has built in.
func keys(w *downloadtest.World) (all []verify.PublicKey) {
	w.Write(func(tx *db.Tx) error {
		list, err := w.Signing.Public(tx)
		for _, k := range list {
			all = append(all, k.PublicKey)
		}
		return err
	})
	return all
}

func TestTheJSONFeedIsWhatTheShelfHasAndIsSigned(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		w.Publish("1.0.0", license.Stable, time.Time{})
		w.Publish("1.10.0", license.Stable, time.Time{})
		w.Publish("1.9.0", license.Stable, time.Time{})
		gone := w.Publish("1.11.0", license.Stable, time.Time{})
		w.Withdraw(gone.ID)
		w.Publish("9.0.0", license.Stable, w.Clock.Now().Add(time.Hour))
		w.Publish("2.0.0-rc.1", license.Preview, time.Time{})
		d, err := w.Feeds.JSON(t.Context(), w.Org, downloadtest.Product, "stable")
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Format, Product string
			Version         int
			AsOf            time.Time `json:"as_of"`
			Until           time.Time
			Releases        []struct {
				Version, Notes string
				Published      time.Time
				Artifacts      []struct{ Kind, Name, SHA256, Minisign, URL string }
			}
		}
		if err := json.Unmarshal(d.Body, &f); err != nil {
			t.Fatal(err)
		}
		if f.Format != feed.Format || f.Version != feed.FormatVersion || f.Product != downloadtest.Product || len(f.Releases) != 3 {
			t.Fatalf("%s", d.Body)
		}
		for i, want := range []string{"1.10.0", "1.9.0", "1.0.0"} {
			r := f.Releases[i]
			if r.Version != want || len(r.Artifacts) != 1 || len(r.Artifacts[0].SHA256) != 64 || !strings.Contains(r.Artifacts[0].Minisign, "trusted comment") ||
				r.Artifacts[0].URL != "https://portal.example/get/meeting/stable/windows-x64-msi?version="+want || r.Notes != "Fixes **much**." {
				t.Errorf("%+v", r)
			}
		}
		v := &verify.Verifier{Product: downloadtest.Product, Keys: keys(w), Clock: w.Clock.Now}
		if got := v.Feed(d.Body, d.Signature); !got.OK() {
			t.Errorf("the signature does not hold: %+v", got)
		}
		d.Body[40] ^= 1
		if v.Feed(d.Body, d.Signature).OK() {
			t.Error("a flipped bit was not seen")
		}

		again, err := w.Feeds.JSON(t.Context(), w.Org, downloadtest.Product, "stable")
		if err != nil || again.ETag != d.ETag {
			t.Error("the same feed has two tags")
		}
		w.Clock.Advance(2 * time.Hour)
		later, err := w.Feeds.JSON(t.Context(), w.Org, downloadtest.Product, "stable")
		if err != nil || later.ETag == d.ETag || !strings.Contains(string(later.Body), `"9.0.0"`) {
			t.Error("what came out meanwhile is not told")
		}
		for _, c := range [][2]string{{"meeting", "nightly"}, {"other", "stable"}} {
			_, err := w.Feeds.JSON(t.Context(), w.Org, c[0], c[1])
			refusedAs(t, err, fault.NotFound, "not-found")
		}
		lts, err := w.Feeds.JSON(t.Context(), w.Org, downloadtest.Product, "lts")
		if err != nil || !strings.Contains(string(lts.Body), `"releases": []`) {
			t.Errorf("%s, %v", lts.Body, err)
		}
		w.Hold(license.Suspended)
		if held, err := w.Feeds.JSON(t.Context(), w.Org, downloadtest.Product, "stable"); err != nil || !strings.Contains(string(held.Body), `"releases": []`) {
			t.Errorf("a suspended licence is told of releases: %s, %v", held.Body, err)
		}
	})
}

func TestAnAtomFeedIsWhatRFC4287Wants(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		w.Publish("1.0.0", license.Stable, time.Time{})
		w.Clock.Advance(time.Hour)
		newest := w.Publish("1.1.0", license.Preview, time.Time{})
		_, path, err := w.Feeds.MakeAddress(t.Context(), w.Marta.ID, feed.Atom, "Our reader")
		if err != nil {
			t.Fatal(err)
		}
		token := strings.TrimPrefix(path, "/atom/")
		byAddress, err := w.Feeds.AtomAt(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		byToken, err := w.Feeds.Atom(t.Context(), w.Org, downloadtest.Product, "stable")
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			d       feed.Document
			entries int
		}{"address": {byAddress, 2}, "token": {byToken, 1}} {
			var f struct {
				XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
				ID      string   `xml:"id"`
				Title   string   `xml:"title"`
				Updated string   `xml:"updated"`
				Author  []string `xml:"author>name"`
				Entries []struct {
					ID        string `xml:"id"`
					Title     string `xml:"title"`
					Updated   string `xml:"updated"`
					Published string `xml:"published"`
					Content   struct {
						Type string `xml:"type,attr"`
						Text string `xml:",chardata"`
					} `xml:"content"`
				} `xml:"entry"`
			}
			if err := xml.Unmarshal(c.d.Body, &f); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(f.ID, "https://") || f.Title == "" || len(f.Author) != 1 || len(f.Entries) != c.entries || strings.Contains(string(c.d.Body), token) {
				t.Errorf("%s: %s", name, c.d.Body)
			}
			ids := map[string]bool{f.ID: true}
			for _, e := range f.Entries {
				if _, err := time.Parse(time.RFC3339, e.Updated); err != nil || ids[e.ID] || e.Title == "" || e.Content.Type != "html" || !strings.Contains(e.Content.Text, "<strong>much</strong>") {
					t.Errorf("%s: %+v", name, e)
				}
				ids[e.ID] = true
			}
		}
		if !byAddress.Updated.Equal(newest.EffectiveAt.Truncate(0)) {
			t.Errorf("updated %s", byAddress.Updated)
		}
	})
}

// asvs: V8.2.2 V8.3.1 V11.5.1
func TestASecretAddressIsItsOrganizationsAndStopsWhenRevoked(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		ctx := t.Context()
		_, _, err := w.Feeds.MakeAddress(ctx, w.Tom.ID, feed.WinGET, "Tom's")
		refusedAs(t, err, fault.Denied, "not-allowed")
		_, _, err = w.Feeds.MakeAddress(ctx, w.Marta.ID, "rss", " ")
		refusedAs(t, err, fault.Invalid, "form")
		a, path, err := w.Feeds.MakeAddress(ctx, w.Marta.ID, feed.WinGET, "Desktops")
		if err != nil {
			t.Fatal(err)
		}
		secretPart := strings.TrimPrefix(path, "/winget/")
		if len(secretPart) < 26 || path == secretPart {
			t.Fatal(path)
		}
		if got, err := w.Feeds.ByToken(ctx, feed.WinGET, secretPart); err != nil || got.Organization != w.Org {
			t.Fatal(got, err)
		}
		_, err = w.Feeds.ByToken(ctx, feed.Atom, secretPart)
		refusedAs(t, err, fault.NotFound, "not-found")

		org, _ := w.Organization("Tide Mills", license.Term{Kind: license.Perpetual, StartsAt: w.Clock.Now(), Channels: []string{"stable"}})
		stranger := w.Person(org, "stranger", organization.Administrator)
		_, err = w.Feeds.ReplaceAddress(ctx, stranger.ID, a.ID)
		refusedAs(t, err, fault.NotFound, "not-found")
		refusedAs(t, w.Feeds.RevokeAddress(ctx, stranger.ID, a.ID), fault.NotFound, "not-found")
		if list, err := w.Feeds.Addresses(ctx, stranger.ID); err != nil || len(list) != 0 {
			t.Error(list, err)
		}

		replaced, err := w.Feeds.ReplaceAddress(ctx, w.Marta.ID, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Feeds.ByToken(ctx, feed.WinGET, secretPart)
		refusedAs(t, err, fault.NotFound, "not-found")
		secretPart = strings.TrimPrefix(replaced, "/winget/")
		if _, err := w.Feeds.ByToken(ctx, feed.WinGET, secretPart); err != nil {
			t.Fatal(err)
		}
		list, err := w.Feeds.Addresses(ctx, w.Marta.ID)
		if err != nil || len(list) != 1 || list[0].UsedAt.IsZero() || list[0].MadeBy != "marta Lind" {
			t.Error(list, err)
		}
		if err := w.Feeds.RevokeAddress(ctx, w.Marta.ID, a.ID); err != nil {
			t.Fatal(err)
		}
		_, err = w.Feeds.Information(ctx, secretPart)
		refusedAs(t, err, fault.NotFound, "not-found")
		refusedAs(t, w.Feeds.RevokeAddress(ctx, w.Marta.ID, a.ID), fault.NotFound, "not-found")
	})
}

// installers are the files of a release for Windows and Linux.
func installers(version string) []release.File {
	return []release.File{
		{Kind: "windows-x64-msi", Name: "meeting-" + version + "-x64.msi", Title: "Installer", Size: 1000},
		{Kind: "windows-x86-exe", Name: "meeting-" + version + "-x86.exe", Title: "Installer, 32-bit", Size: 1001},
		{Kind: "linux-x64-rpm", Name: "meeting-" + version + ".rpm", Title: "Connector", Size: 1002},
	}
}
