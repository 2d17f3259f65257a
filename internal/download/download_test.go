package download_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/download"
	"vestibule/internal/download/downloadtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
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

func shelf(t *testing.T, w *downloadtest.World, person string) download.Shelf {
	t.Helper()
	s, err := w.Downloads.Shelf(t.Context(), person, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// said is a shelf as one line a channel: what may be had, and what not and why.
func said(s download.Shelf) (lines []string) {
	for _, c := range s.Channels {
		line := c.Code + " " + c.Verdict.Code + ":"
		for _, r := range c.Releases {
			line += " " + r.Version + "[" + r.Verdict.Code + "]"
		}
		lines = append(lines, line)
	}
	return lines
}

func TestTheShelfSaysOfEachReleaseWhetherItMayBeHadAndWhyNot(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		start := w.Clock.Now()
		w.Publish("1.0.0", license.Stable, time.Time{})
		gone := w.Publish("1.2.0", license.Stable, time.Time{})
		w.Withdraw(gone.ID)
		w.Publish("2.0.0-rc.1", license.Preview, time.Time{})
		w.Publish("0.9.0", license.LongTerm, time.Time{})
		w.Publish("3.0.0", license.Stable, start.Add(48*time.Hour))
		w.Clock.Advance(24 * time.Hour)
		w.Publish("1.1.0", license.Stable, time.Time{})

		// A perpetual right whose maintenance ended before the second day.
		org, _ := w.Organization("Tide Mills", license.Term{
			Kind: license.Perpetual, StartsAt: start.AddDate(-2, 0, 0), MaintenanceUntil: start.Add(time.Hour), Channels: []string{license.Stable}, Policy: "perpetual", PolicyVersion: 1,
		})
		old := w.Person(org, "olga", organization.Member)
		for name, c := range map[string]struct {
			person string
			want   string
		}{
			"subscription": {w.Marta.ID, "stable : 1.1.0[] 1.0.0[]|preview : 2.0.0-rc.1[]|lts channel-not-included: 0.9.0[channel-not-included]"},
			"maintenance": {old.ID, "stable maintenance-lapsed: 1.1.0[maintenance-lapsed] 1.0.0[]|preview channel-not-included: 2.0.0-rc.1[channel-not-included]|" +
				"lts channel-not-included: 0.9.0[channel-not-included]"},
		} {
			if got := strings.Join(said(shelf(t, w, c.person)), "|"); got != c.want {
				t.Errorf("%s:\n%s\nwanted\n%s", name, got, c.want)
			}
		}
		s := shelf(t, w, old.ID)
		v := s.Channels[0].Releases[0].Verdict
		if v.Remedy != string(license.RemedyMaintenance) || len(v.Because) == 0 || !v.Because[len(v.Because)-1].At.Equal(start.Add(time.Hour)) {
			t.Errorf("%+v", v)
		}
		if len(s.PublisherKeys) != 1 || s.Machines || s.Channels[0].Releases[0].Artifacts[0].Title != "Windows installer" || s.Channels[0].Releases[0].Notes.In("de") == "" {
			t.Errorf("%+v", s)
		}
		if !shelf(t, w, w.Marta.ID).Machines {
			t.Error("an administrator may set up no machines")
		}

		// The link says the same as the shelf.
		links := func(person string, r download.Release) error {
			_, err := w.Downloads.Link(t.Context(), person, r.Artifacts[0].ID)
			return err
		}
		for _, person := range []string{w.Marta.ID, old.ID} {
			for _, c := range shelf(t, w, person).Channels {
				for _, r := range c.Releases {
					if err := links(person, r); (err == nil) != r.Verdict.Allowed || err != nil && !fault.Code(err, r.Verdict.Code) {
						t.Errorf("%s: the shelf says %q, the link %v", r.Version, r.Verdict.Code, err)
					}
				}
			}
		}
		_, err := w.Downloads.Link(t.Context(), w.Marta.ID, gone.Artifacts[0].ID)
		refusedAs(t, err, fault.NotFound, "not-found")

		w.Hold(license.Suspended)
		held := shelf(t, w, w.Marta.ID)
		if held.Verdict.Allowed || held.Verdict.Code != "license-suspended" || held.Channels[0].Releases[0].Verdict.Allowed {
			t.Errorf("%+v", held.Verdict)
		}
		w.Write(func(tx *db.Tx) error { return account.Disable(tx, old.ID, account.ByStaff) })
		_, err = w.Downloads.Shelf(t.Context(), old.ID, "", 0)
		refusedAs(t, err, fault.NotFound, "not-found")
		_, err = w.Downloads.Shelf(t.Context(), w.Marta.ID, "other", 0)
		refusedAs(t, err, fault.NotFound, "not-found")
	})
}

// asvs: V16.3.3
func TestAnAgreementIsAcceptedOnceForTheOrganizationAndKept(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		ctx := t.Context()
		file := w.Publish("1.0.0", license.Stable, time.Time{}).Artifacts[0].ID
		put := func(version, en, de string) error {
			w.Clock.Advance(time.Minute)
			return w.Downloads.PublishAgreement(ctx, "staff", downloadtest.Product, version, map[string]string{"en": en, "de": de})
		}
		if q, err := w.Downloads.Agreement(ctx, w.Marta.ID, file, "en"); err != nil || !q.Accepted {
			t.Fatal(q, err)
		}
		refusedAs(t, put("", "a", "b"), fault.Invalid, "form")
		refusedAs(t, put("1", "a", ""), fault.Invalid, "form")
		if err := put("2026-1", "Do no harm.", "Richten Sie keinen Schaden an."); err != nil {
			t.Fatal(err)
		}
		refusedAs(t, put("2026-1", "x", "y"), fault.Invalid, "agreement-version-taken")
		if l, err := w.Downloads.Link(ctx, w.Marta.ID, file); err != nil || !l.Agreement || l.Path != "" {
			t.Fatal(l, err)
		}
		machine := download.Caller{Kind: download.Machine, ID: "m", Organization: w.Org}
		_, err := w.Downloads.LinkFor(ctx, machine, file)
		refusedAs(t, err, fault.Denied, "agreement-needed")
		_, err = w.Downloads.Open(ctx, machine, file)
		refusedAs(t, err, fault.Denied, "agreement-needed")
		q, err := w.Downloads.Agreement(ctx, w.Tom.ID, file, "de")
		if err != nil || q.Accepted || q.Text != "Richten Sie keinen Schaden an." || q.Lang != "de" || !q.Earlier.IsZero() {
			t.Fatal(q, err)
		}
		refusedAs(t, w.Downloads.Accept(ctx, w.Tom.ID, file, "2025-1", "de", "192.0.2.1"), fault.Conflict, "agreement-changed")
		for range 2 {
			if err := w.Downloads.Accept(ctx, w.Tom.ID, file, "2026-1", "de", "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
		}
		if l, err := w.Downloads.Link(ctx, w.Marta.ID, file); err != nil || l.Agreement {
			t.Fatal(l, err)
		}
		f, err := w.Downloads.Open(ctx, machine, file)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Content.Close()
		var version, lang, hash, who, address, kept string
		var at int64
		w.Write(func(tx *db.Tx) error {
			if err := tx.Get(`SELECT version, lang, text_hash, account_id, address, accepted_at FROM agreement_acceptance WHERE organization_id = $1`, []any{w.Org},
				&version, &lang, &hash, &who, &address, &at); err != nil {
				return err
			}
			return tx.Get(`SELECT text FROM agreement_text WHERE hash = $1`, []any{hash}, &kept)
		})
		if version != "2026-1" || lang != "de" || who != w.Tom.ID || address != "192.0.2.1" || !db.Time(at).Equal(w.Clock.Now()) || kept != "Richten Sie keinen Schaden an." {
			t.Error("the evidence is not what was shown", version, lang, who, address, at, kept)
		}

		if err := put("2026-2", "Do good.", "Tun Sie Gutes."); err != nil {
			t.Fatal(err)
		}
		if q, err := w.Downloads.Agreement(ctx, w.Marta.ID, file, "en"); err != nil || q.Accepted || q.Earlier.IsZero() || q.Version != "2026-2" {
			t.Error(q, err)
		}
		list, err := w.Downloads.Agreements(ctx, downloadtest.Product)
		if err != nil || len(list) != 2 || list[0].Accepted != 0 || list[1].Accepted != 1 {
			t.Error(list, err)
		}
		if err := put("none", "", ""); err != nil {
			t.Fatal(err)
		}
		if l, err := w.Downloads.Link(ctx, w.Marta.ID, file); err != nil || l.Agreement {
			t.Error("what was taken back is asked for", err)
		}
	})
}

func mails(t *testing.T, w *downloadtest.World, to account.Account) (n int) {
	t.Helper()
	w.Write(func(tx *db.Tx) error {
		return tx.Get(`SELECT COUNT(*) FROM outbox_message WHERE kind = 'new-release' AND recipient = $1`, []any{to.Email}, &n)
	})
	return n
}

func TestNewsGoOnceToWhoAskedAndMayHaveIt(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		ctx := t.Context()
		tell := func() {
			t.Helper()
			for range 2 {
				if err := w.Downloads.Tell(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := func(marta, tom int) {
			t.Helper()
			if a, b := mails(t, w, w.Marta), mails(t, w, w.Tom); a != marta || b != tom {
				t.Errorf("%d and %d mails, wanted %d and %d", a, b, marta, tom)
			}
		}
		w.Publish("0.9.0", license.Stable, time.Time{})
		w.Clock.Advance(time.Hour)
		if err := w.Downloads.SetNews(ctx, w.Marta.ID, downloadtest.Product, true); err != nil {
			t.Fatal(err)
		}
		refusedAs(t, w.Downloads.SetNews(ctx, w.Marta.ID, "other", true), fault.NotFound, "not-found")
		tell()
		want(0, 0) // what was there before is no news
		if !shelf(t, w, w.Marta.ID).News || shelf(t, w, w.Tom.ID).News {
			t.Error("the choice is not shown")
		}
		w.Clock.Advance(time.Hour)
		w.Publish("1.0.0", license.Stable, w.Clock.Now().Add(time.Hour))
		w.Publish("0.1.0", license.LongTerm, time.Time{}) // not hers
		tell()
		want(0, 0)
		w.Clock.Advance(2 * time.Hour)
		tell()
		want(1, 0)
		withdrawn := w.Publish("1.1.0", license.Stable, time.Time{})
		w.Withdraw(withdrawn.ID)
		tell()
		want(1, 0)
		if err := w.Downloads.SetNews(ctx, w.Tom.ID, downloadtest.Product, true); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Minute)
		w.Hold(license.Suspended)
		w.Publish("1.2.0", license.Stable, time.Time{})
		tell()
		want(1, 0)
		w.Write(func(tx *db.Tx) error {
			l, err := license.Get(tx, w.License.ID)
			if err != nil {
				return err
			}
			return license.Lift(tx, w.Secret, l, l.Facts.Holds[0].ID, "staff")
		})
		tell()
		want(1, 0) // it was decided on that day
		w.Clock.Advance(time.Minute)
		if err := w.Downloads.SetNews(ctx, w.Marta.ID, downloadtest.Product, false); err != nil {
			t.Fatal(err)
		}
		w.Publish("1.3.0", license.Stable, time.Time{})
		tell()
		want(1, 1)
	})
}

func TestATransferOfANodeThatIsGoneIsSettledAndGivesItsPlaceBack(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		ctx := t.Context()
		one := w.Publish("1.0.0", license.Stable, time.Time{})
		marta := download.Caller{Kind: download.Person, ID: w.Marta.ID, Address: "192.0.2.1"}
		begin := func(bytes int64) (*download.Sending, error) {
			f, err := w.Downloads.Open(ctx, marta, one.Artifacts[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Content.Close()
			return w.Downloads.Begin(ctx, f, "", bytes)
		}
		var sending []*download.Sending
		for range 10 {
			s, err := begin(100_000)
			if err != nil {
				t.Fatal(err)
			}
			sending = append(sending, s)
		}
		_, err := begin(100_000)
		refusedAs(t, err, fault.TooMany, "too-many-transfers")
		// The first goes on; the others are never heard of again.
		w.Clock.Advance(3 * time.Minute)
		if err := sending[0].Sent(ctx, 0, 60_000); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(2 * time.Minute)
		if err := w.Downloads.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		count := func(state string) int {
			list, _, err := w.Downloads.Transfers(ctx, download.Filter{State: state}, "", 100)
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		if count(download.Running) != 1 || count(download.Unfinished) != 9 {
			t.Errorf("%d run, %d broke off", count(download.Running), count(download.Unfinished))
		}
		if _, err := begin(1); err != nil {
			t.Error("the places are not free", err)
		}
		// One that stood still so long that it was settled learns so, and does not count twice.
		refusedAs(t, sending[1].Sent(ctx, 0, 100_000), fault.Conflict, "changed")
		if err := sending[1].End(ctx); err != nil {
			t.Error(err)
		}
		// The node of the first dies after 60,000 bytes; the rest of them complete the file.
		w.Clock.Advance(10 * time.Minute)
		if err := w.Downloads.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		last, err := begin(40_000)
		if err != nil {
			t.Fatal(err)
		}
		if err := last.Sent(ctx, 60_000, 40_000); err != nil {
			t.Fatal(err)
		}
		if err := last.End(ctx); err != nil || count(download.Completed) != 1 {
			t.Error("the ranges of a dead node are lost", err)
		}
	})
}

func TestTransfersAreFoundAndPaged(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		ctx := t.Context()
		one := w.Publish("1.0.0", license.Stable, time.Time{})
		for i := range 5 {
			w.Clock.Advance(time.Second)
			caller := download.Caller{Kind: download.Machine, ID: "m", Name: "Intune", Organization: w.Org}
			f, err := w.Downloads.Open(ctx, caller, one.Artifacts[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			s, err := w.Downloads.Begin(ctx, f, "", f.Size)
			if err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				err = s.Sent(ctx, 0, f.Size)
			}
			if err != nil || s.End(ctx) != nil || f.Content.Close() != nil {
				t.Fatal(err)
			}
		}
		first, next, err := w.Downloads.Transfers(ctx, download.Filter{Company: "harbour va"}, "", 3)
		if err != nil || len(first) != 3 || next == "" {
			t.Fatal(first, next, err)
		}
		rest, end, err := w.Downloads.Transfers(ctx, download.Filter{Company: "harbour va"}, next, 3)
		if err != nil || len(rest) != 2 || end != "" || rest[0].ID >= first[2].ID {
			t.Fatal(rest, end, err)
		}
		for filter, want := range map[download.Filter]int{
			{State: download.Completed}: 3, {Release: one.ID}: 5, {Release: "x"}: 0, {Company: "arbour"}: 0, {Company: "%"}: 5, {Who: "m"}: 5,
			{Organization: w.Org, Product: downloadtest.Product}: 5, {Since: w.Clock.Now()}: 1, {Until: w.Clock.Now()}: 4,
		} {
			n := 0
			if err := w.Downloads.EachTransfer(ctx, filter, func(download.Transfer) error { n++; return nil }); err != nil || n != want {
				t.Errorf("%+v: %d, %v", filter, n, err)
			}
		}
	})
}

// asvs: V2.4.1
func TestWhoFetchesCrumbsIsSlowedDown(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		one := w.Publish("1.0.0", license.Stable, time.Time{})
		w.Downloads.Settings.Begins.Burst = 3
		for i := range 4 {
			f, err := w.Downloads.Open(t.Context(), download.Caller{Kind: download.Person, ID: w.Marta.ID}, one.Artifacts[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			s, err := w.Downloads.Begin(t.Context(), f, "0-0", 1)
			if i == 3 {
				refusedAs(t, err, fault.TooMany, "too-many")
			} else if err != nil || s.End(t.Context()) != nil {
				t.Fatal(err)
			}
			_ = f.Content.Close()
		}
	})
}

// asvs: V2.3.4
func TestTheLimitOfTransfersHoldsOnTwoNodes(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		w := downloadtest.New(t, a)
		nodes := []*downloadtest.World{w, w.Node(b)}
		one := w.Publish("1.0.0", license.Stable, time.Time{})
		var began, refused atomic.Int64
		var group sync.WaitGroup
		for i := range 50 {
			group.Go(func() {
				s := nodes[i%2].Downloads
				f, err := s.Open(t.Context(), download.Caller{Kind: download.Person, ID: w.Marta.ID}, one.Artifacts[0].ID)
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Content.Close()
				switch _, err = s.Begin(t.Context(), f, "", f.Size); {
				case err == nil:
					began.Add(1)
				case fault.Code(err, "too-many-transfers"):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if began.Load() != 10 || refused.Load() != 40 {
			t.Errorf("%d began, %d were refused", began.Load(), refused.Load())
		}
	})
}
