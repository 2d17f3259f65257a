// Package licences are the parts of pages that show a licence: what it is at an instant, its terms in the course of time, what it
// includes, and the facts behind it. Clients and staff read the same words about the same licence; what differs is the page around
// them. Nothing is decided here: package license computes, this words.
package licences

import (
	"slices"
	"strings"
	"time"

	"vestibule/internal/license"
	"vestibule/internal/text"
	"vestibule/internal/web/ui"
)

// Family is which words a kind of right has for its statuses, under portal.status.
func Family(k license.Kind) string {
	switch {
	case k == license.Partner:
		return "partner"
	case k == license.Perpetual:
		return "perpetual"
	case k.Paid():
		return "subscription"
	}
	return "evaluation"
}

// Status is a licence's status in words, and their tone.
func Status(w *text.Words, s license.State) (tone, words string) {
	return Tone(s.Status), w.T("portal.status." + Family(s.Kind) + "-" + string(s.Status))
}

// Tone is the tone of a status.
func Tone(s license.Status) string {
	switch s {
	case license.StatusActive:
		return ui.OK
	case license.StatusExpiring, license.StatusGrace, license.StatusNotStarted:
		return ui.Warn
	case license.StatusSuspended, license.StatusRevoked:
		return ui.Bad
	}
	return ui.Off
}

// Question is what a page asks that explains an instant, seen from now.
func Question(w *text.Words, at, now time.Time) string {
	switch {
	case at.Before(now):
		return w.T("licence.explain.title-then")
	case at.After(now):
		return w.T("licence.explain.title-to-come")
	}
	return w.T("licence.explain.title")
}

// Farthest is how far from now an instant can be explained.
const Farthest = 10 * 366 * 24 * time.Hour

// Locked says whether the key is of no use now. One that can be entered before the first day is not locked.
func Locked(s license.State) bool { return !s.Usable() && s.Status != license.StatusNotStarted }

// Last is the last instant of a span: a day that ends at midnight is named by its own date.
func Last(end time.Time) time.Time {
	if end.IsZero() {
		return end
	}
	return end.Add(-time.Second)
}

// Meaning says what a status means for whoever uses the product.
func Meaning(w *text.Words, s license.State) string {
	key := string(s.Status)
	switch {
	case s.Status == license.StatusActive && s.Maintenance == license.MaintenanceLapsed:
		key += "-lapsed"
	case s.Status == license.StatusExpiring && !s.GraceUntil.IsZero():
		key += "-grace"
	}
	return w.T("licence.today."+key, "when", when(w, s), "grace", w.Date(Last(s.GraceUntil)))
}

func when(w *text.Words, s license.State) string {
	if s.Maintenance == license.MaintenanceLapsed {
		return w.ShortDate(s.MaintenanceUntil)
	}
	return w.Date(Last(s.Ends))
}

// Why says why a key is locked; "" where it is not.
func Why(w *text.Words, l license.License, s license.State) string {
	if !Locked(s) {
		return ""
	}
	at, reason := Last(s.Ends), ""
	for _, h := range l.Facts.Holds {
		if h.ID == s.Hold {
			at, reason = h.From, h.Reason
		}
	}
	return w.T("licence.why."+string(s.Status), "when", w.Date(at), "reason", reason)
}

// Remedy says what can be done about a state; "" where nothing needs to be.
func Remedy(w *text.Words, s license.State) string {
	if s.Remedy == license.RemedyNone {
		return ""
	}
	return w.T("license.remedy."+string(s.Remedy), "when", w.Date(s.Starts), "by", w.Date(s.StartBy))
}

// Until says, for lists, until when a licence runs or ran.
func Until(w *text.Words, s license.State) string {
	switch {
	case s.Status == license.StatusNone:
		return w.T("licence.until-none")
	case !s.Ends.IsZero():
		return w.ShortDate(Last(s.Ends))
	case s.Starts.IsZero():
		return w.T("licence.until-waiting", "by", w.ShortDate(s.StartBy))
	}
	return w.T("licence.until-open")
}

// Updates say whether new versions are included: a tone, a word, and until when.
func Updates(w *text.Words, s license.State) (tone, status, sentence string) {
	switch {
	case s.Maintenance == license.MaintenanceLapsed:
		return ui.Warn, w.T("licence.updates.lapsed"), w.T("licence.updates.ended", "when", w.Date(s.MaintenanceUntil))
	case Locked(s):
		return ui.Off, w.T("licence.updates.lapsed"), w.T("licence.updates.over")
	case s.Maintenance == license.MaintenanceCurrent:
		return ui.OK, w.T("licence.updates.current"), w.T("licence.updates.until", "when", w.Date(s.MaintenanceUntil))
	case s.Kind == license.Perpetual:
		return ui.OK, w.T("licence.updates.current"), w.T("licence.updates.always")
	}
	return ui.OK, w.T("licence.updates.current"), w.T("licence.updates.running")
}

// Includes are what a licence grants while it runs.
func Includes(w *text.Words, s license.State, names []license.Feature) []ui.Fact {
	fact := func(key, words string) ui.Fact { return ui.Fact{Term: w.T("licence.includes." + key), Text: words} }
	seats, devices := w.T("licence.includes.unlimited"), w.T("licence.includes.unlimited")
	if s.Seats > 0 {
		seats = w.T("licence.includes.seats-n", "n", s.Seats)
	}
	if s.Devices > 0 {
		devices = w.T("licence.includes.devices-n", "n", s.Devices)
	}
	facts := []ui.Fact{fact("seats", seats), fact("devices", devices), fact("channels", Channels(w, s.Channels)), fact("features", Features(w, s.Features, names))}
	if s.FileDays > 0 {
		facts = append(facts, fact("file", w.T("ui.days", "n", s.FileDays)))
	}
	return facts
}

// Channels are the names of channels in one line.
func Channels(w *text.Words, codes []string) string {
	names := make([]string, 0, len(codes))
	for _, one := range codes {
		names = append(names, w.T("licence.channel."+one))
	}
	return strings.Join(names, ", ")
}

// Features are the names of features in one line; a code that has no name any more stands for itself.
func Features(w *text.Words, codes []string, known []license.Feature) string {
	if len(codes) == 0 {
		return w.T("licence.includes.no-features")
	}
	list := make([]string, 0, len(codes))
	for _, code := range codes {
		if i := slices.IndexFunc(known, func(f license.Feature) bool { return f.Code == code }); i >= 0 {
			code = known[i].Name
		}
		list = append(list, code)
	}
	return strings.Join(list, ", ")
}

// A stage is an entry of the course of time before it is put in order.
type stage struct {
	ui.Stage
	from time.Time // zero: not decided, so it comes last
}

// Stages are the terms and holds in the course of time, the first one first.
func Stages(w *text.Words, f license.Facts, now time.Time) []ui.Stage {
	all := make([]stage, 0, len(f.Terms)+len(f.Holds))
	for _, t := range f.Terms {
		all = append(all, termStage(w, t, now))
	}
	for _, h := range f.Holds {
		all = append(all, holdStage(w, h, now))
	}
	slices.SortStableFunc(all, func(a, b stage) int {
		if a.from.IsZero() != b.from.IsZero() {
			if a.from.IsZero() {
				return 1
			}
			return -1
		}
		return a.from.Compare(b.from)
	})
	stages := make([]ui.Stage, len(all))
	for i, one := range all {
		stages[i] = one.Stage
	}
	return stages
}

func termStage(w *text.Words, t license.Term, now time.Time) stage {
	out := stage{Stage: ui.Stage{Title: w.T("licence.kind." + string(t.Kind)), Icon: "calendar"}}
	start, end, decided := t.Span(now)
	if !decided {
		out.Icon = "clock"
		out.Text = w.T("licence.terms.waiting", "days", w.T("ui.days", "n", t.Days), "by", w.ShortDate(t.StartBy))
		return out
	}
	out.from = start
	words := []string{w.T("licence.terms.open", "from", w.ShortDate(start))}
	if !end.IsZero() {
		words[0] = w.T("licence.terms.span", "from", w.ShortDate(start), "to", w.ShortDate(Last(end)))
		if t.GraceDays > 0 {
			words = append(words, w.T("licence.terms.grace", "until", w.ShortDate(Last(end.Add(time.Duration(t.GraceDays)*24*time.Hour)))))
		}
	}
	if !t.MaintenanceUntil.IsZero() {
		words = append(words, w.T("licence.terms.updates", "until", w.ShortDate(Last(t.MaintenanceUntil))))
	}
	if t.Rung == license.Client || t.Rung == license.Reseller {
		words = append(words, w.T("licence.terms.by-"+string(t.Rung)))
	}
	out.Text = strings.Join(words, "; ")
	switch {
	case !end.IsZero() && !now.Before(end):
		out.State = ui.Done
	case !now.Before(start):
		out.State = ui.Now
	}
	return out
}

func holdStage(w *text.Words, h license.Hold, now time.Time) stage {
	out := stage{from: h.From, Stage: ui.Stage{
		Title: w.T("licence.terms." + string(h.Kind)), Icon: "lock", State: ui.Now,
		Text: w.T("licence.terms.held", "from", w.ShortDate(h.From), "reason", h.Reason),
	}}
	if !h.Lifted.IsZero() && !now.Before(h.Lifted) {
		out.State = ui.Done
		out.Text = w.T("licence.terms.lifted", "from", w.ShortDate(h.From), "to", w.ShortDate(h.Lifted), "reason", h.Reason)
	}
	return out
}

// A Because is one dated fact of an explanation.
type Because struct {
	Icon, Text, At string
	Decides        bool
}

// Reasons are the facts on which a state rests.
func Reasons(w *text.Words, l license.License, s license.State) []Because {
	list := make([]Because, 0, len(s.Because))
	for i, f := range s.Because {
		one := Because{Icon: "calendar", At: w.ShortDateTime(f.At), Decides: i == 0 && s.Hold == ""}
		reason := ""
		if strings.HasPrefix(f.Code, "hold-") {
			one.Icon, one.Decides = "lock", f.Ref == s.Hold
			if h := slices.IndexFunc(l.Facts.Holds, func(h license.Hold) bool { return h.ID == f.Ref }); h >= 0 {
				reason = l.Facts.Holds[h].Reason
			}
		}
		one.Text = w.T("license.because."+f.Code, "reason", reason)
		list = append(list, one)
	}
	return list
}
