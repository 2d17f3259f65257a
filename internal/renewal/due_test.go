package renewal

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vestibule/internal/db/dbtest"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/text"
)

func noon() time.Time { return dbtest.Start() }

// drawLicense draws facts of every sort, also such as nobody would grant.
func drawLicense(t *rapid.T) license.License {
	l := license.License{ID: "01JXLICENSE", Product: license.Product{ID: "meeting", Name: "Meeting Add-On"}}
	hours := func(name string, from, to int) time.Time {
		return noon().Add(time.Duration(rapid.IntRange(from*24, to*24).Draw(t, name)) * time.Hour)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "terms") {
		term := license.Term{
			ID: string(rune('a' + i)), GraceDays: rapid.SampledFrom([]int{0, 0, 3, 14}).Draw(t, "grace"), Days: rapid.IntRange(1, 90).Draw(t, "days"),
			Kind:     rapid.SampledFrom([]license.Kind{license.Evaluation, license.Reactivation, license.Extension, license.Subscription, license.Renewal, license.Perpetual, license.Partner, license.Maintenance}).Draw(t, "kind"),
			StartsAt: hours("start", -100, 40),
			Ladder:   license.Ladder{ClientDays: 14, ClientTimes: rapid.IntRange(0, 2).Draw(t, "times"), ResellerDays: 7, ResellerTimes: 1, CapDays: rapid.SampledFrom([]int{0, 10, 20, 60}).Draw(t, "cap")},
			Rung:     rapid.SampledFrom([]license.Rung{license.Client, license.Reseller, license.Office}).Draw(t, "rung"),
		}
		term.EndsAt = term.StartsAt.Add(time.Duration(term.Days) * day)
		term.GrantedAt = term.StartsAt.Add(-time.Duration(rapid.IntRange(0, 20).Draw(t, "before")) * day)
		if term.Kind == license.Perpetual || rapid.IntRange(0, 8).Draw(t, "endless") == 0 {
			term.EndsAt = time.Time{}
			term.MaintenanceUntil = hours("maintenance", -30, 90)
		}
		if term.Kind == license.Evaluation && rapid.IntRange(0, 5).Draw(t, "waits") == 0 {
			term.StartBy, term.StartsAt, term.EndsAt = hours("start-by", -60, 10), time.Time{}, time.Time{}
		}
		l.Facts.Terms = append(l.Facts.Terms, term)
	}
	if rapid.IntRange(0, 3).Draw(t, "held") == 0 {
		l.Facts.Holds = []license.Hold{{ID: "h", Kind: rapid.SampledFrom([]license.HoldKind{license.Suspended, license.Revoked}).Draw(t, "hold"), From: hours("from", -30, 10)}}
	}
	return l
}

// drawNow draws an instant near an end, where something may be due.
func drawNow(t *rapid.T, l license.License) time.Time {
	ends := []time.Time{noon()}
	for _, term := range l.Facts.Terms {
		if _, end, decided := term.Span(noon()); decided && !end.IsZero() {
			ends = append(ends, end)
		}
		if !term.MaintenanceUntil.IsZero() {
			ends = append(ends, term.MaintenanceUntil)
		}
	}
	end := rapid.SampledFrom(ends).Draw(t, "near")
	before := rapid.SampledFrom([]int{61, 60, 30, 29, 7, 6, 1, 0, -1, -10, -14}).Draw(t, "before the end")
	return end.Add(-time.Duration(before) * day).Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "seconds")) * time.Second)
}

// drawn are so many cases in each check.
const drawn = 30

// What a mail says is what the portal says at the same instant: its words are read back and compared with the evaluator.
func TestNoMailContradictsThePortal(t *testing.T) {
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	english, w := words.For(text.English), writer(t, nil, nil)
	told := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range drawn {
			l := drawLicense(t)
			now := drawNow(t, l)
			rung := rapid.SampledFrom([]license.Rung{license.Client, license.Reseller}).Draw(t, "looks")
			s, extend := l.At(now), license.CanExtend(l, rung, now)
			for _, n := range Due(l, rung, now) {
				m := n.message(l, "Harbour Vale Council", true)
				written, err := w.Write(message.To{Address: "a@harbour.example", Name: "A", Lang: text.English}, now, m)
				if err != nil {
					t.Fatal(err)
				}
				says, subject := strings.Join(strings.Fields(written.Text), " "), written.Subject
				told[written.Kind]++
				demand := func(claim bool, sentence string) {
					if strings.Contains(says, sentence) != claim {
						t.Fatalf("“%s” is said: %v, at %s\n%s\n%+v\n%+v", sentence, !claim, now, says, s, extend)
					}
				}
				if !n.Until.After(now) {
					t.Fatalf("%s is of no use already: %+v", written.Kind, n)
				}
				ends := s.Ends
				if n.Matter == OfMaintenance {
					ends = s.MaintenanceUntil
					demand(s.Maintenance == license.MaintenanceCurrent, "ends on "+english.Date(ends))
					demand(s.Maintenance == license.MaintenanceLapsed, "ended on "+english.Date(ends))
					demand(s.Usable(), "The software runs on without an end")
					demand(false, "You can extend")
					continue
				}
				over := s.Status == license.StatusGrace || s.Status == license.StatusExpired
				demand(!over, "ends on "+english.Date(ends))
				demand(over, "ended on "+english.Date(ends))
				demand(over && s.Status == license.StatusExpired, "The software does not start any more")
				if strings.Contains(subject, "has ended") != over || strings.Contains(subject, "evaluation") == s.Kind.Paid() {
					t.Fatalf("%q of %+v", subject, s)
				}
				if s.Status == license.StatusGrace {
					demand(true, "The software works until "+english.Date(s.GraceUntil))
				}
				demand(extend.Allowed, "You can extend it in the portal by ")
				if extend.Allowed {
					demand(extend.Days != 1, "by "+english.Number(int64(extend.Days))+" days")
					demand(!over, "until "+english.Date(extend.Until)+".")
				}
				demand(!s.Kind.Paid() && s.Status == license.StatusExpired && s.Remedy == license.RemedyAskAgain, "You can ask for another evaluation")
			}
		}
	})
	for _, kind := range []string{"evaluation-ending", "evaluation-ended", "licence-ending", "licence-ended", "maintenance-ending", "maintenance-ended"} {
		if told[kind] == 0 {
			t.Errorf("no %s was drawn: %v", kind, told)
		}
	}
}

func TestNothingIsDueOfWhatIsHeldOrHasNotBegun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range drawn {
			l := drawLicense(t)
			now := drawNow(t, l)
			s := l.At(now)
			for _, n := range Due(l, license.Client, now) {
				switch s.Status {
				case license.StatusRevoked, license.StatusSuspended, license.StatusNotStarted, license.StatusNone:
					t.Fatalf("%s is told %+v", s.Status, n)
				}
				if left := n.Ends.Sub(now); n.Stage != Ended && (left <= 0 || left > time.Duration(n.Stage)*day) || n.Stage == Ended && (left > 0 || left <= -late) {
					t.Fatalf("stage %d with %v left", n.Stage, left)
				}
				if !found(l.Facts, n, now) {
					t.Fatalf("an end that no term has: %+v", n)
				}
			}
		}
	})
}

// found says whether the chore's window finds the licence: some term ends when the notice says, near now.
func found(f license.Facts, n Notice, now time.Time) bool {
	for _, t := range f.Terms {
		if _, end, _ := t.Span(now); end.Equal(n.Ends) || t.MaintenanceUntil.Equal(n.Ends) {
			return !n.Ends.Before(now.Add(-late)) && !n.Ends.After(now.Add(earliest))
		}
	}
	return false
}

func TestAStageBeforeTheEndWasKnownIsPassedOver(t *testing.T) {
	start := noon()
	short := license.License{Facts: license.Facts{Terms: []license.Term{
		{ID: "a", Kind: license.Evaluation, Days: 5, StartsAt: start, EndsAt: start.Add(5 * day), GrantedAt: start.Add(-day)},
	}}}
	for _, c := range []struct {
		at    time.Duration
		stage int
		due   bool
	}{{0, 0, false}, {2 * day, 0, false}, {4 * day, 1, true}, {5 * day, Ended, true}, {18 * day, Ended, true}, {19 * day, 0, false}} {
		all := Due(short, license.Client, start.Add(c.at))
		if (len(all) == 1) != c.due || c.due && all[0].Stage != c.stage {
			t.Errorf("after %v: %+v", c.at, all)
		}
	}
}
