package access

import (
	"fmt"
	"time"
)

// A Span is a part of a day in minutes after midnight by the clock on the wall,
// the end excluded.
type Span struct{ From, To int }

// A Calendar knows when the back office works. Times of day are those of Zone,
// in summer and winter alike.
type Calendar struct {
	Zone     *time.Location
	Hours    [7][]Span       // by time.Weekday, in order, not overlapping
	Holidays map[string]bool // "2026-12-25"
}

// OfficeWeek is a calendar that is open from Monday to Friday.
func OfficeWeek(zone *time.Location, fromMinute, toMinute int) Calendar {
	c := Calendar{Zone: zone, Holidays: map[string]bool{}}
	for day := time.Monday; day <= time.Friday; day++ {
		c.Hours[day] = []Span{{fromMinute, toMinute}}
	}
	return c
}

// Check says whether the calendar can be worked with: some hour is open, and
// spans are in order.
func (c Calendar) Check() error {
	if c.Zone == nil {
		return fmt.Errorf("calendar: no time zone")
	}
	open := false
	for day, spans := range c.Hours {
		last := 0
		for _, s := range spans {
			if s.From < last || s.To <= s.From || s.To > 24*60 {
				return fmt.Errorf("calendar: %s: %d to %d minutes is no span after %d", time.Weekday(day), s.From, s.To, last)
			}
			last, open = s.To, true
		}
	}
	if !open {
		return fmt.Errorf("calendar: the office is never open")
	}
	return nil
}

// furthest bounds the search for open hours: an office that is closed for
// longer than this is taken to be open by the clock.
const furthest = 400

// Add returns the instant at which n minutes of office time have passed since
// from. Minutes are real ones: where the clocks are put forward within the
// opening hours that day is shorter, and longer where they are put back.
func (c Calendar) Add(from time.Time, n int) time.Time {
	left := time.Duration(n) * time.Minute
	local := from.In(c.Zone)
	for day := range furthest {
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 12, 0, 0, 0, c.Zone)
		if c.Holidays[date.Format(time.DateOnly)] {
			continue
		}
		for _, s := range c.Hours[date.Weekday()] {
			opens, closes := c.at(date, s.From), c.at(date, s.To)
			if opens.Before(from) {
				opens = from
			}
			open := closes.Sub(opens)
			if open <= 0 {
				continue
			}
			if left <= open {
				return opens.Add(left).UTC()
			}
			left -= open
		}
	}
	return from.Add(time.Duration(n) * time.Minute).UTC()
}

// Open says whether the office works at now.
func (c Calendar) Open(now time.Time) bool {
	local := now.In(c.Zone)
	if c.Holidays[local.Format(time.DateOnly)] {
		return false
	}
	for _, s := range c.Hours[local.Weekday()] {
		if !now.Before(c.at(local, s.From)) && now.Before(c.at(local, s.To)) {
			return true
		}
	}
	return false
}

// at is the instant of a time on the wall clock. A time that the clocks skip is
// the instant at which they do.
func (c Calendar) at(date time.Time, minute int) time.Time {
	return time.Date(date.Year(), date.Month(), date.Day(), 0, minute, 0, 0, c.Zone)
}
