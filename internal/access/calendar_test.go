package access_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the machine that runs this may know no zones

	"vestibule/internal/access"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestOfficeMinutesPassWhileTheOfficeIsOpen(t *testing.T) {
	london, berlin := zone(t, "Europe/London"), zone(t, "Europe/Berlin")
	office := access.OfficeWeek(london, 8*60, 18*60)
	holiday := access.OfficeWeek(london, 8*60, 18*60)
	holiday.Holidays["2026-12-25"] = true
	lunch := access.Calendar{Zone: berlin}
	for day := range lunch.Hours {
		lunch.Hours[day] = []access.Span{{From: 8 * 60, To: 12 * 60}, {From: 13 * 60, To: 17 * 60}}
	}
	night := access.Calendar{Zone: berlin}
	for day := range night.Hours {
		night.Hours[day] = []access.Span{{From: 0, To: 24 * 60}}
	}
	const layout = "Mon 2006-01-02 15:04:05 MST"
	for _, c := range []struct {
		name     string
		calendar access.Calendar
		from     string
		minutes  int
		want     string
	}{
		{"within a morning", office, "Tue 2026-06-16 09:00:00 BST", 60, "Tue 2026-06-16 10:00:00 BST"},
		{"nothing to wait", office, "Tue 2026-06-16 09:00:00 BST", 0, "Tue 2026-06-16 09:00:00 BST"},
		{"to the minute before closing", office, "Tue 2026-06-16 17:00:00 BST", 60, "Tue 2026-06-16 18:00:00 BST"},
		{"over the night", office, "Tue 2026-06-16 17:30:00 BST", 60, "Wed 2026-06-17 08:30:00 BST"},
		{"in the night", office, "Tue 2026-06-16 23:10:00 BST", 60, "Wed 2026-06-17 09:00:00 BST"},
		{"before opening", office, "Tue 2026-06-16 03:00:00 BST", 60, "Tue 2026-06-16 09:00:00 BST"},
		{"over the weekend", office, "Fri 2026-06-19 17:45:00 BST", 60, "Mon 2026-06-22 08:45:00 BST"},
		{"on a Sunday", office, "Sun 2026-06-21 12:00:00 BST", 60, "Mon 2026-06-22 09:00:00 BST"},
		{"at closing time", office, "Fri 2026-06-19 18:00:00 BST", 60, "Mon 2026-06-22 09:00:00 BST"},
		{"over a holiday on a Friday", holiday, "Thu 2026-12-24 17:30:00 GMT", 60, "Mon 2026-12-28 08:30:00 GMT"},
		{"on a holiday", holiday, "Fri 2026-12-25 10:00:00 GMT", 60, "Mon 2026-12-28 09:00:00 GMT"},
		{"over lunch", lunch, "Tue 2026-06-16 11:30:00 CEST", 60, "Tue 2026-06-16 13:30:00 CEST"},
		{"more than a day", office, "Tue 2026-06-16 09:00:00 BST", 700, "Wed 2026-06-17 10:40:00 BST"},
		{"the clocks go forward over the weekend", office, "Fri 2026-03-27 17:45:00 GMT", 60, "Mon 2026-03-30 08:45:00 BST"},
		{"the clocks go back over the weekend", office, "Fri 2026-10-23 17:45:00 BST", 60, "Mon 2026-10-26 08:45:00 GMT"},
		{"the hour that the clocks skip", night, "Sun 2026-03-29 01:30:00 CET", 60, "Sun 2026-03-29 03:30:00 CEST"},
		{"the hour that comes twice", night, "Sun 2026-10-25 02:30:00 CEST", 60, "Sun 2026-10-25 02:30:00 CET"},
		{"a short day and the next", night, "Sun 2026-03-29 00:00:00 CET", 24 * 60, "Mon 2026-03-30 01:00:00 CEST"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, err := time.ParseInLocation(layout, c.from, c.calendar.Zone)
			if err != nil {
				t.Fatal(err)
			}
			// A time that comes twice is told apart by its zone.
			if name, _ := from.Zone(); c.from[len(c.from)-len(name):] != name {
				from = from.Add(-time.Hour)
			}
			if err := c.calendar.Check(); err != nil {
				t.Fatal(err)
			}
			if got := c.calendar.Add(from.UTC(), c.minutes).In(c.calendar.Zone).Format(layout); got != c.want {
				t.Errorf("%d minutes after %s are %s, want %s", c.minutes, c.from, got, c.want)
			}
		})
	}
}

func TestACalendarThatIsNeverOpenIsRefusedAndEndsAllTheSame(t *testing.T) {
	closed := access.Calendar{Zone: time.UTC}
	if closed.Check() == nil {
		t.Error("an office that never opens passed")
	}
	from := time.Date(2026, 6, 16, 9, 0, 0, 0, time.UTC)
	if got := closed.Add(from, 60); !got.Equal(from.Add(time.Hour)) {
		t.Errorf("due at %v", got)
	}
	for name, c := range map[string]access.Calendar{
		"no zone":      {Hours: [7][]access.Span{{{From: 1, To: 2}}}},
		"backwards":    {Zone: time.UTC, Hours: [7][]access.Span{{{From: 600, To: 480}}}},
		"past the day": {Zone: time.UTC, Hours: [7][]access.Span{{{From: 600, To: 1500}}}},
		"overlapping":  {Zone: time.UTC, Hours: [7][]access.Span{{{From: 480, To: 720}, {From: 700, To: 900}}}},
	} {
		if c.Check() == nil {
			t.Errorf("%s passed", name)
		}
	}
}

func TestTheOfficeIsOpenInItsHours(t *testing.T) {
	c := access.OfficeWeek(zone(t, "Europe/Berlin"), 8*60, 18*60)
	c.Holidays["2026-06-17"] = true
	for at, want := range map[string]bool{
		"2026-06-16T05:59:00Z": false, "2026-06-16T06:00:00Z": true, "2026-06-16T15:59:00Z": true, "2026-06-16T16:00:00Z": false,
		"2026-06-17T10:00:00Z": false, "2026-06-20T10:00:00Z": false,
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if c.Open(now) != want {
			t.Errorf("%s: want open %v", at, want)
		}
	}
}
