package portal

import (
	"time"

	"vestibule/internal/access"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/web"
	"vestibule/internal/web/licences"
	"vestibule/internal/web/ui"
)

// home is the first page: standing, key, what comes next.
func (f *Face) home(c *web.Context) error {
	who := c.Who()
	h := held(who)
	if h.Standing.Reason == access.ReasonNotStarted && !h.Standing.License.State.StartBy.IsZero() { // approved, or the address confirmed, since the sign-in
		var err error
		if h.Standing, err = f.SignIn.Arrived(c.Context(), who.Account); err != nil {
			return err
		}
	}
	fetched := false
	if who.Organization != "" && h.Standing.License.State.Usable() {
		var err error
		if fetched, err = f.Download.Fetched(c.Context(), who.Organization); err != nil {
			return err
		}
	}
	p := homeOf(c.Frame(), who.Name, h.Standing, h.Asking, fetched, c.Now())
	if h.Standing.Remedy == access.RemedyAskAgain {
		var err error
		if p.Days, err = f.Access.EvaluationDays(c.Context(), h.Standing.License.Product.ID); err != nil {
			return err
		}
	}
	p.Asked = c.R.URL.Query().Has("asked")
	return c.Page(200, homeView(p))
}

// askAgain sends a request with what is known, because the evaluation has ended.
func (f *Face) askAgain(c *web.Context) error {
	_, err := f.Access.AskAgain(c.Context(), c.Who().Account)
	if fault.Is(err, fault.Conflict) { // meanwhile it runs again: home shows it
		return c.SeeOther(web.HomePath)
	}
	if err != nil {
		return err
	}
	return c.SeeOther(web.HomePath + "?asked=1")
}

// homePage is home, ready to show.
type homePage struct {
	*ui.Frame
	Name     string
	Title    string
	Lead     string
	Standing access.Standing
	Main     licensePart   // zero without a licence
	Others   []licensePart // further licences
	Steps    []ui.Rule
	Done     int // of Steps
	Asking   int // colleagues who wait for this administrator
	Asked    bool
	Days     int // of another evaluation
}

// licensePart is one licence as a card.
type licensePart struct {
	ID      string // of the card's heading
	Product string
	Key     string
	Locked  bool
	Opens   bool   // its downloads can be had
	Href    string // where all about it stands
	Status  string // in words
	Tone    string
	Number  int    // the large one: days left
	Unit    string // its words
	Ends    string // in words, or ""
	Days    int    // of the ruler; 0 for none
	Day     int
	From    string
	To      string
	Facts   []ui.Fact
	Note    string // why it is locked, or what will happen
}

// homeOf makes the page of a standing at an instant.
func homeOf(f *ui.Frame, name string, st access.Standing, asking int, fetched bool, now time.Time) homePage {
	p := homePage{Frame: f, Name: name, Standing: st, Asking: asking}
	p.Title = f.T("portal."+greeting(f.Words.Time(now)), "name", name)
	if st.Locked {
		p.Title = f.T("portal.title." + string(st.Reason))
	}
	p.Lead = f.T("portal.lead."+string(st.Reason), "organization", st.Membership.Organization.Name, "vendor", f.Vendor.Name,
		"from", f.Words.ShortDate(st.License.State.Starts), "to", f.Words.ShortDate(licences.Last(st.License.State.Ends)))
	for i, l := range st.Licenses {
		part := cardOf(f, l.Product.Name, l.Key, l.State, st.Locked)
		part.Href, part.Opens = licenceHref(l.ID), l.State.Usable() && !st.Locked
		part.ID = "licence"
		if i > 0 {
			part.ID += "-" + l.Product.ID
		}
		if l.ID == st.License.ID {
			p.Main = part
		} else {
			p.Others = append(p.Others, part)
		}
	}
	p.Steps = stepsOf(f, st, fetched)
	for _, s := range p.Steps {
		if s.State == ui.Done {
			p.Done++
		}
	}
	return p
}

// greeting goes by the vendor's clock: "09:42".
func greeting(clock string) string {
	switch {
	case clock < "12":
		return "good-morning"
	case clock < "18":
		return "good-afternoon"
	}
	return "good-evening"
}

// cardOf is a licence as a card, at an instant.
func cardOf(f *ui.Frame, product string, key license.Key, s license.State, locked bool) licensePart {
	part := licensePart{Product: product, Key: key.String(), Locked: locked || licences.Locked(s)}
	part.Tone, part.Status = licences.Status(f.Words, s)
	if end := licences.Last(s.Ends); !end.IsZero() {
		part.Ends = f.T("portal.ends", "when", f.Words.Date(end), "time", f.Words.Time(end), "zone", f.Words.Zone(end))
		switch s.Status {
		case license.StatusExpired, license.StatusGrace:
			part.Ends = f.T("portal.ended", "when", f.Words.Date(end))
		case license.StatusSuspended, license.StatusRevoked: // whether it is over is not what matters now
			part.Ends = ""
		}
	}
	if s.Usable() && s.DaysLeft > 0 {
		part.Number, part.Unit = s.DaysLeft, f.T("portal.days-left", "n", s.DaysLeft)
	}
	if !s.Kind.Paid() && s.Days > 0 && s.Days <= rulerDays && !s.Starts.IsZero() {
		part.Days, part.Day = s.Days, s.Days-s.DaysLeft+1
		part.From, part.To = f.Words.DayMonth(s.Starts), f.Words.DayMonth(licences.Last(s.Ends))
	}
	if !s.Starts.IsZero() {
		part.Facts = append(part.Facts, ui.Fact{Term: f.T("portal.since"), Text: f.Words.ShortDate(s.Starts)})
	}
	if s.Seats > 0 {
		part.Facts = append(part.Facts, ui.Fact{Term: f.T("portal.covers"), Text: f.T("portal.users", "n", s.Seats)})
	}
	switch s.Status {
	case license.StatusGrace:
		part.Note = f.T("portal.note-grace")
	case license.StatusNotStarted:
		part.Note = f.T("portal.note-begins", "when", f.Words.Date(s.Starts))
		if !s.StartBy.IsZero() {
			part.Note = f.T("portal.note-not-started", "by", f.Words.Date(s.StartBy))
		}
	case license.StatusSuspended, license.StatusRevoked:
		part.Note = s.Reason
	}
	return part
}

// rulerDays is the longest evaluation of which single days can be told apart.
const rulerDays = 92

// stepsOf is the checklist; every tick is a fact.
func stepsOf(f *ui.Frame, st access.Standing, fetched bool) []ui.Rule {
	tick := func(key string, done bool) ui.Rule {
		r := ui.Rule{Text: f.T("portal.step-" + key)}
		if done {
			r.State = ui.Done
		}
		return r
	}
	steps := []ui.Rule{tick("account", true), tick("email", true), tick("organization", st.Membership.Organization.ID != "")}
	if st.License.ID != "" {
		steps = append(steps, tick("started", !st.License.State.Starts.IsZero() && st.License.State.Status != license.StatusNotStarted))
	}
	if st.License.State.Usable() {
		steps = append(steps, tick("fetched", fetched))
	}
	return steps
}
