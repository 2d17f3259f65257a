package download_test

import (
	"strconv"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/download"
	"vestibule/internal/download/downloadtest"
	"vestibule/internal/license"
)

// fetch is a download of Marta's, to its end.
func fetch(t *testing.T, w *downloadtest.World, artifact string) {
	t.Helper()
	f, err := w.Downloads.Open(t.Context(), download.Caller{Kind: download.Person, ID: w.Marta.ID, Address: "192.0.2.7"}, artifact)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Content.Close()
	sending, err := w.Downloads.Begin(t.Context(), f, "", f.Size)
	if err != nil {
		t.Fatal(err)
	}
	if err := sending.Sent(t.Context(), 0, f.Size); err != nil {
		t.Fatal(err)
	}
	if err := sending.End(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestASenderThatRenewedIsNotSettledByTheChore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		w := downloadtest.New(t, e)
		one := w.Publish("1.0.0", license.Stable, time.Time{})
		f, err := w.Downloads.Open(t.Context(), download.Caller{Kind: download.Person, ID: w.Marta.ID}, one.Artifacts[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Content.Close()
		sending, err := w.Downloads.Begin(t.Context(), f, "", f.Size)
		if err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(3 * time.Minute)
		if err := sending.Sent(t.Context(), 0, 1); err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(3 * time.Minute) // the first lease is over, the renewed one is not
		if err := w.Downloads.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := sending.Sent(t.Context(), 1, f.Size-1); err != nil {
			t.Errorf("it was settled under the sender: %v", err)
		}
		if err := sending.End(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, _, err := w.Downloads.Transfers(t.Context(), download.Filter{Company: "vale"}, "", 5)
		if err != nil || len(list) != 1 || list[0].State != download.Completed {
			t.Errorf("%+v, %v", list, err)
		}
		if none, _, err := w.Downloads.Transfers(t.Context(), download.Filter{Company: "elsewhere"}, "", 5); err != nil || len(none) != 0 {
			t.Errorf("%+v, %v", none, err)
		}
	})
}

func TestTransfersAreKeptAsLongAsTheOperatorSays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		w := downloadtest.New(t, e)
		one := w.Publish("1.0.0", license.Stable, time.Time{})
		count := func() int {
			if err := w.Downloads.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			list, _, err := w.Downloads.Transfers(t.Context(), download.Filter{}, "", 5)
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		fetch(t, w, one.Artifacts[0].ID)
		e.Clock.Advance(1000 * 24 * time.Hour)
		if count() != 1 {
			t.Error("a transfer is gone that is kept for ever")
		}
		w.Downloads.Settings.Keep = 30 * 24 * time.Hour
		if count() != 0 {
			t.Error("a transfer of years ago is kept for 30 days")
		}
	})
}

func TestWhoClosesAnAccountIsNamedNowhereInTheTransfers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		w := downloadtest.New(t, e)
		one := w.Publish("1.0.0", license.Stable, time.Time{})
		artifact := one.Artifacts[0].ID
		if err := w.Downloads.PublishAgreement(t.Context(), "s1", downloadtest.Product, "1", map[string]string{"en": "Do.", "de": "Ja."}); err != nil {
			t.Fatal(err)
		}
		if err := w.Downloads.Accept(t.Context(), w.Marta.ID, artifact, "1", "en", "192.0.2.7"); err != nil {
			t.Fatal(err)
		}
		fetch(t, w, artifact)
		own := func() (list []download.Transfer, accepted []download.Accepted) {
			w.Write(func(tx *db.Tx) (err error) {
				list, accepted, err = download.Own(tx, w.Marta.ID)
				return err
			})
			return list, accepted
		}
		list, accepted := own()
		if len(list) != 1 || list[0].Name == "" || len(accepted) != 1 || accepted[0].Address != "192.0.2.7" || accepted[0].TextHash == "" {
			t.Fatalf("%+v, %+v", list, accepted)
		}
		w.Write(func(tx *db.Tx) error { return download.Forget(tx, w.Marta.ID) })
		list, accepted = own()
		if len(list) != 1 || list[0].Name != "" || list[0].Address != "" || list[0].Organization != w.Org || len(accepted) != 1 || accepted[0].Address != "" {
			t.Errorf("%+v, %+v", list, accepted)
		}
	})
}

func TestTheShelfOfManyReleasesHasPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		w := downloadtest.New(t, e)
		w.Publish("1.0.0", license.Stable, time.Time{})
		w.Write(func(tx *db.Tx) error {
			for i := range 60 {
				id := string(rune('A'+i/26)) + string(rune('a'+i%26))
				if err := tx.Do(`INSERT INTO release (id, product_id, version, version_key, channel, title, notes, required, required_since, state, effective_at,
						made_at, made_by, edited_at, published_at, published_by, withdrawn_at, withdrawn_by, reason)
					SELECT $1, product_id, $2, $2, channel, title, notes, required, required_since, state, effective_at, made_at, made_by, edited_at, published_at,
						published_by, withdrawn_at, withdrawn_by, reason FROM release WHERE version = '1.0.0'`, id, "0."+strconv.Itoa(i)+".1"); err != nil {
					return err
				}
			}
			return nil
		})
		seen := map[string]bool{}
		for over, pages := 0, 0; ; pages++ {
			s, err := w.Downloads.Shelf(t.Context(), w.Marta.ID, "", over)
			if err != nil || pages > 4 {
				t.Fatal(pages, err)
			}
			c := s.Channels[0]
			if c.Total != 61 || over == 0 && (c.Releases[0].Version != "1.0.0" || c.Newest != c.Releases[0].ID) || len(c.Releases) > 20 {
				t.Errorf("%d of %d, the newest is %s", len(c.Releases), c.Total, c.Newest)
			}
			for _, r := range c.Releases {
				seen[r.Version] = true
			}
			if over = c.Older; over == 0 {
				break
			}
		}
		if len(seen) != 61 {
			t.Errorf("%d releases on all pages", len(seen))
		}
		list, err := w.Downloads.Releases(t.Context(), w.Org, downloadtest.Product, "")
		if err != nil || len(list) != 50 || list[0].Version != "1.0.0" || list[1].Version != "0.59.1" {
			t.Errorf("%d releases are told to programs, %v", len(list), err)
		}
	})
}
