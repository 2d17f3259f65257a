package office

import (
	"net/url"
	"strconv"
	"strings"

	"vestibule/internal/fault"
	"vestibule/internal/staff"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// messagesForm is the toolbar of the messages.
type messagesForm struct {
	State  string `form:"state,max=20"`
	To     string `form:"to,max=254"`
	Before string `form:"before,max=64"`
}

func (in messagesForm) href() string {
	v := url.Values{}
	for name, value := range map[string]string{"state": in.State, "to": in.To, "before": in.Before} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(v) == 0 {
		return "/office/messages"
	}
	return "/office/messages?" + v.Encode()
}

const messagesShown = 50

// messageRow is one message, ready to show.
type messageRow struct {
	ID, Kind, To, Subject, At, State, Tone, Answer, Href string
	MayRetry, MayDrop                                    bool
}

func (f *Face) messages(c *web.Context) error {
	var in messagesForm
	if err := c.Form(&in); err != nil {
		return err
	}
	list, counts, err := f.s.Desk.Messages(c.Context(), staff.MessageQuery{State: in.State, To: in.To, Before: in.Before, Limit: messagesShown + 1})
	if err != nil {
		return err
	}
	p := messagesPage{Frame: c.Frame(), In: in, Lead: c.T("office.messages.lead", "queued", counts.Queued, "held", counts.Held, "failed", counts.Failed)}
	if len(list) > messagesShown {
		list = list[:messagesShown]
		next := in
		next.Before = list[messagesShown-1].ID
		p.Next = next.href()
	}
	if in.Before != "" {
		first := in
		first.Before = ""
		p.First = first.href()
	}
	for _, m := range list {
		p.Rows = append(p.Rows, f.messageRow(c, m))
	}
	for _, state := range []string{"", "queued", "held", "sent", "failed", "dropped"} {
		words := state
		if state == "" {
			words = "all"
		}
		p.Tabs = append(p.Tabs, ui.Tab{Text: c.T("office.message-state." + words), Href: messagesForm{State: state, To: in.To}.href(), Current: in.State == state, Count: -1})
	}
	return c.Page(200, messagesView(p))
}

func (f *Face) messageRow(c *web.Context, m staff.Message) messageRow {
	r := messageRow{
		ID: m.ID, Kind: m.Kind, To: m.To, Subject: m.Subject, At: c.Words.ShortDateTime(m.QueuedAt), Answer: m.Answer,
		Href: "/office/messages/" + url.PathEscape(m.ID),
	}
	if r.Subject == "" {
		r.Subject = c.T("office.messages.sms")
	}
	r.State = c.T("office.message-state." + m.State)
	manage := c.Who().Can(string(staff.MessagesManage)) && !m.InHand
	switch m.State {
	case "sent":
		r.Tone = ui.OK
	case "failed":
		r.Tone, r.MayRetry, r.MayDrop = ui.Bad, manage, manage
	case "queued":
		r.MayRetry, r.MayDrop = manage, manage
		if m.Attempts > 0 {
			r.Tone = ui.Warn
		}
	case "held":
		r.Tone, r.MayDrop = ui.Warn, manage
	default:
		r.Tone = ui.Off
	}
	return r
}

func (f *Face) message(c *web.Context) error {
	l, err := f.s.Desk.Message(c.Context(), c.R.PathValue("id"))
	if err != nil {
		return err
	}
	p := messagePage{Frame: c.Frame(), Row: f.messageRow(c, l.Entry), Text: l.Text}
	facts := []ui.Fact{
		{Term: c.T("office.message.to"), Text: l.To},
		{Term: c.T("office.message.kind"), Text: l.Kind},
		{Term: c.T("office.message.queued"), Text: c.Words.DateTime(l.QueuedAt)},
		{Term: c.T("office.message.tries"), Text: c.Words.Number(int64(l.Attempts))},
	}
	if !l.SettledAt.IsZero() {
		facts = append(facts, ui.Fact{Term: c.T("office.message.settled"), Text: c.Words.DateTime(l.SettledAt)})
	} else if l.State == "queued" {
		facts = append(facts, ui.Fact{Term: c.T("office.message.due"), Text: c.Words.DateTime(l.DueAt)})
	}
	if l.Carrier != "" {
		facts = append(facts, ui.Fact{Term: c.T("office.message.carrier"), Text: l.Carrier})
	}
	if l.Answer != "" {
		facts = append(facts, ui.Fact{Term: c.T("office.message.answer"), Text: l.Answer})
	}
	if l.Reason != "" {
		facts = append(facts, ui.Fact{Term: c.T("office.message.reason"), Text: c.T("office.message-reason." + l.Reason)})
	}
	p.Facts = facts
	if id, ok := strings.CutPrefix(l.About, "request:"); ok && c.Who().Can(string(staff.RequestsView)) {
		p.RequestHref = "/office/requests/" + url.PathEscape(id)
	}
	return c.Page(200, messageView(p))
}

func (f *Face) retry(c *web.Context) error {
	if err := f.s.Desk.Retry(c.Context(), c.R.PathValue("id")); err != nil {
		return err
	}
	return c.SeeOther("/office/messages/" + url.PathEscape(c.R.PathValue("id")))
}

func (f *Face) drop(c *web.Context) error {
	if err := f.s.Desk.Drop(c.Context(), c.R.PathValue("id")); err != nil {
		return err
	}
	return c.SeeOther("/office/messages/" + url.PathEscape(c.R.PathValue("id")))
}

func (f *Face) joins(c *web.Context) error {
	list, err := f.s.Organizations.Waiting(c.Context())
	if err != nil {
		return err
	}
	p := joinsPage{Frame: c.Frame(), MayDecide: c.Who().Can(string(staff.RequestsDecide))}
	for _, j := range list {
		row := joinRow{ID: j.ID, Name: j.Name, Email: j.Email, Organization: j.Organization.Name, At: c.Words.ShortDateTime(j.CreatedAt)}
		row.Whose = c.T("office.joins.theirs")
		if j.Alone {
			row.Whose, row.MayDecide = c.T("office.joins.ours"), p.MayDecide
		}
		p.Rows = append(p.Rows, row)
	}
	return c.Page(200, joinsView(p))
}

// joinForm decides a join request.
type joinForm struct {
	Decision string `form:"decision,max=20"`
}

func (f *Face) decideJoin(c *web.Context) error {
	var in joinForm
	if err := c.Form(&in); err != nil {
		return err
	}
	if in.Decision != "accept" && in.Decision != "refuse" {
		return fault.New(fault.Conflict, "changed")
	}
	if _, err := f.s.Organizations.DecideJoin(c.Context(), c.R.PathValue("id"), in.Decision == "accept", c.Who().Account); err != nil {
		return err
	}
	return c.SeeOther("/office/joins")
}

func (f *Face) registrations(c *web.Context) error {
	list, err := f.s.Steps.WaitingForRelease(c.Context())
	if err != nil {
		return err
	}
	p := stepsPage{Frame: c.Frame()}
	for _, w := range list {
		p.Rows = append(p.Rows, stepRow{
			Href: "/office/registrations/" + url.PathEscape(w.ID), Name: w.Name, Email: w.Email, Organization: w.Organization,
			Mobile: w.MobileMasked, Asked: c.Words.ShortDateTime(w.AskedAt),
		})
	}
	return c.Page(200, stepsView(p))
}

func (f *Face) registration(c *web.Context) error {
	return f.showStep(c, "", nil)
}

func (f *Face) showStep(c *web.Context, reason string, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	list, err := f.s.Steps.WaitingForRelease(c.Context())
	if err != nil {
		return err
	}
	id := c.R.PathValue("id")
	for _, w := range list {
		if w.ID != id {
			continue
		}
		c.Here("/office/registrations/" + url.PathEscape(id))
		return c.Page(frame.Status(), stepView(stepPage{
			Frame: frame, Name: w.Name, Note: w.Note, MayRelease: c.Who().Can(string(staff.AccountsHelp)), Action: "/office/registrations/" + url.PathEscape(id) + "/release", Reason: reason,
			Facts: []ui.Fact{
				{Term: c.T("office.case.email"), Text: w.Email},
				{Term: c.T("office.case.organization"), Text: w.Organization},
				{Term: c.T("office.case.mobile"), Draw: number(w.MobileMasked)},
				{Term: c.T("office.step.country"), Text: f.country(c, w.Country)},
				{Term: c.T("office.step.sends"), Text: strconv.Itoa(w.Sends)},
				{Term: c.T("office.step.asked"), Text: c.Words.DateTime(w.AskedAt)},
			},
		}))
	}
	return fault.New(fault.NotFound, "not-found")
}

// releaseForm lets a person past the SMS code.
type releaseForm struct {
	Reason string `form:"reason,max=1000"`
}

func (f *Face) release(c *web.Context) error {
	var in releaseForm
	err := c.Form(&in)
	if err == nil && strings.TrimSpace(in.Reason) == "" {
		err = fault.OnField("reason", "reason-needed")
	}
	if err == nil {
		err = f.s.Steps.ReleaseCodeStep(c.Context(), c.Who().Account, c.R.PathValue("id"), in.Reason)
	}
	if err != nil {
		return f.showStep(c, in.Reason, err)
	}
	return c.SeeOther("/office/registrations")
}

// auditForm is the place in the trail.
type auditForm struct {
	Before  string `form:"before,max=20"`
	Subject string `form:"subject,max=100"`
	Area    string `form:"area,max=40"`
	By      string `form:"by,max=254"`
}

// href is the trail's address with these choices, from the event with the given number on.
func (in auditForm) href(before int64) string {
	v := url.Values{}
	for name, value := range map[string]string{"area": in.Area, "by": in.By} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if before > 0 {
		v.Set("before", strconv.FormatInt(before, 10))
	}
	if len(v) == 0 {
		return "/office/audit"
	}
	return "/office/audit?" + v.Encode()
}

const eventsShown = 100

func (f *Face) audit(c *web.Context) error {
	var in auditForm
	if err := c.Form(&in); err != nil {
		return err
	}
	before, err := strconv.ParseInt(in.Before, 10, 64)
	if in.Before != "" && err != nil {
		return fault.New(fault.NotFound, "not-found")
	}
	var list []staff.Event
	var next int64
	if in.Subject != "" {
		list, err = f.s.Desk.Events(c.Context(), in.Subject, before, eventsShown)
	} else {
		list, next, err = f.s.Desk.Trail(c.Context(), staff.TrailQuery{Area: in.Area, By: in.By, Before: before}, eventsShown)
	}
	if err != nil {
		return err
	}
	var ids []string
	for _, e := range list {
		ids = append(ids, e.Actor.ID, strings.TrimPrefix(e.Subject, "account:"))
	}
	names, err := f.s.Desk.Names(c.Context(), ids)
	if err != nil {
		return err
	}
	p := auditPage{Frame: c.Frame(), In: in, Areas: areaOptions(c.T)}
	if in.Subject != "" {
		p.Subject = about(c, in.Subject, names)
	}
	for _, e := range list {
		row := eventRow{
			Number: c.Words.Number(e.Seq), At: c.Words.ShortDateTime(e.At), Text: f.event(c, e, names), Action: e.Action,
			Href: "/office/audit?subject=" + url.QueryEscape(e.Subject),
		}
		if e.Subject != "" {
			row.Subject = about(c, e.Subject, names)
		}
		if id, ok := strings.CutPrefix(e.Subject, "request:"); ok && c.Who().Can(string(staff.RequestsView)) {
			row.Page = "/office/requests/" + url.PathEscape(id)
		}
		if id, ok := strings.CutPrefix(e.Subject, "license:"); ok && c.Who().Can(string(staff.LicensesView)) {
			row.Page = licenceHref(id)
		}
		if id, ok := strings.CutPrefix(e.Subject, "product:"); ok && c.Who().Can(string(staff.LicensesView)) {
			row.Page = productHref(id)
		}
		if id, ok := strings.CutPrefix(e.Subject, "message:"); ok && c.Who().Can(string(staff.MessagesView)) {
			row.Page = "/office/messages/" + url.PathEscape(id)
		}
		p.Rows = append(p.Rows, row)
	}
	if next > 0 {
		p.Next = in.href(next)
	}
	if in.Before != "" || in.Subject != "" {
		p.First = in.href(0)
	}
	return c.Page(200, auditView(p))
}

// areaOptions are the choices of the trail's filter.
func areaOptions(t func(string, ...any) string) []ui.Option {
	options := []ui.Option{{Label: t("office.audit.any-area")}}
	for _, a := range staff.Areas() {
		options = append(options, ui.Option{Value: string(a), Label: t("office.area." + string(a))})
	}
	return options
}

// about names the subject of an event: a person by name, anything else by its
// kind. Its id stays in the address of the page.
func about(c *web.Context, subject string, names map[string]string) string {
	kind, id, _ := strings.Cut(subject, ":")
	if kind == "account" && names[id] != "" {
		return names[id]
	}
	if key := "office.subject." + kind; c.Words.Has(key) {
		return c.T(key)
	}
	return c.T("office.subject.other")
}
