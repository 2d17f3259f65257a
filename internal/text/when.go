package text

import (
	"strconv"
	"strings"
	"time"
)

// Date writes a day as a person says it: "Friday 3 July 2026", "Freitag, 3. Juli 2026".
func (w *Words) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(w.zone)
	if w.lang == German {
		return deDays[t.Weekday()] + ", " + w.ShortDate(t)
	}
	return t.Weekday().String() + " " + w.ShortDate(t)
}

// ShortDate writes a day without its weekday: "3 July 2026", "3. Juli 2026".
func (w *Words) ShortDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(w.zone)
	return w.DayMonth(t) + " " + strconv.Itoa(t.Year())
}

// DayMonth writes a day of a year that is known: "3 July", "3. Juli".
func (w *Words) DayMonth(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(w.zone)
	if w.lang == German {
		return strconv.Itoa(t.Day()) + ". " + deMonths[t.Month()-1]
	}
	return strconv.Itoa(t.Day()) + " " + t.Month().String()
}

// Time writes the time of day in 24 hours: "09:42".
func (w *Words) Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(w.zone).Format("15:04")
}

// DateTime writes day and time: "Friday 3 July 2026, 09:42".
func (w *Words) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return w.Date(t) + ", " + w.Time(t)
}

// ShortDateTime writes a day and time for a table: "3 July 2026, 09:42".
func (w *Words) ShortDateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return w.ShortDate(t) + ", " + w.Time(t)
}

// Zone names the time zone of t as it is shown: "UTC", "BST".
func (w *Words) Zone(t time.Time) string {
	name, _ := t.In(w.zone).Zone()
	return name
}

// localLayout is how a control of a day and a time is filled and read (HTML, datetime-local).
const localLayout = "2006-01-02T15:04"

// Local writes an instant, to the minute, as a control of a day and a time has it.
func (w *Words) Local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(w.zone).Format(localLayout)
}

// ParseLocal reads what such a control sends; seconds may follow.
func (w *Words) ParseLocal(s string) (time.Time, error) {
	t, err := time.ParseInLocation(localLayout, s, w.zone)
	if err != nil {
		t, err = time.ParseInLocation(localLayout+":05", s, w.zone)
	}
	return t, err
}

// Duration writes how long in the two largest units that matter, short: "2 h
// 15 min", "45 min", "3 days 4 h", "20 s". It is for ages and delays in tables.
func (w *Words) Duration(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	day, hour, minute := "d", "h", "min"
	second := "s"
	if w.lang == German {
		day, hour, minute = "T", "Std.", "Min."
		second = "Sek."
	}
	unit := func(n time.Duration, name string) string { return strconv.Itoa(int(n)) + "\u00a0" + name }
	pair := func(a time.Duration, an string, b time.Duration, bn string) string {
		if b == 0 {
			return unit(a, an)
		}
		return unit(a, an) + " " + unit(b, bn)
	}
	switch {
	case d >= 48*time.Hour:
		return pair(d/(24*time.Hour), day, d%(24*time.Hour)/time.Hour, hour)
	case d >= time.Hour:
		return pair(d/time.Hour, hour, d%time.Hour/time.Minute, minute)
	case d >= time.Minute:
		return unit(d/time.Minute, minute)
	}
	return unit(d/time.Second, second)
}

// Long writes a duration in words inside a sentence, rounded up to whole
// units so that "try again in" never promises too early: "30 seconds", "10
// minutes", "24 hours", "14 days". Up to two units: "1 hour 30 minutes".
func (w *Words) Long(d time.Duration) string {
	type unit struct {
		size time.Duration
		key  string
	}
	units := []unit{{24 * time.Hour, "ui.days"}, {time.Hour, "ui.hours"}, {time.Minute, "ui.minutes"}, {time.Second, "ui.seconds"}}
	from := 3
	switch {
	case d > 48*time.Hour:
		from = 0
	case d >= time.Hour:
		from = 1
	case d >= time.Minute:
		from = 2
	}
	finest := min(from+1, 3)
	if from == 0 || from == 2 {
		finest = from // "14 days", "10 minutes": nobody wants the rest
	}
	if step := units[finest].size; d%step > 0 {
		d += step - d%step
	}
	var said []string
	for _, u := range units[from : finest+1] {
		if n := d / u.size; n > 0 {
			said = append(said, w.T(u.key, "n", int(n)))
		}
		d %= u.size
	}
	if len(said) == 0 {
		return w.T("ui.seconds", "n", 0)
	}
	return strings.Join(said, " ")
}

// Clock writes a countdown: "0:42", "14:32", "1:02:09".
func (w *Words) Clock(d time.Duration) string {
	s := int((d + time.Second - 1) / time.Second)
	two := func(n int) string {
		if n < 10 {
			return "0" + strconv.Itoa(n)
		}
		return strconv.Itoa(n)
	}
	if s >= 3600 {
		return strconv.Itoa(s/3600) + ":" + two(s%3600/60) + ":" + two(s%60)
	}
	return strconv.Itoa(s/60) + ":" + two(s%60)
}

// Number writes an integer with its thousands apart: "1,200", "1.200".
func (w *Words) Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	if len(digits) <= 3 {
		return sign + digits
	}
	apart := byte(',')
	if w.lang == German {
		apart = '.'
	}
	var b strings.Builder
	b.WriteString(sign)
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(apart)
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

// Size writes a count of bytes in the unit a person reads: "212 KB", "18.4 MB".
func (w *Words) Size(bytes int64) string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	size, i := float64(bytes), 0
	for size >= 1000 && i < len(units)-1 {
		size /= 1000
		i++
	}
	s := strconv.FormatFloat(size, 'f', 1, 64)
	if size >= 100 || i < 2 {
		s = strconv.FormatFloat(size, 'f', 0, 64)
	}
	if w.lang == German {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + "\u00a0" + units[i]
}

var (
	deDays   = [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"}
	deMonths = [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
)
