package office

import (
	"strconv"
	"strings"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/fault"
	"vestibule/internal/staff"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// decisionForm is the decision on one request. The fields of the other choice
// are ignored.
type decisionForm struct {
	Decision     string `form:"decision,max=20"`
	Organization string `form:"organization,max=64"` // id, or "new"
	VerifyDomain bool   `form:"verify_domain"`
	Days         string `form:"days,max=10"`
	Seats        string `form:"seats,max=20"`
	Message      string `form:"message,max=4000"`
	Reason       string `form:"reason,max=4000"`
	Note         string `form:"note,max=4000"`
}

// newOrganization is the choice of the form that makes a new organization.
const newOrganization = "new"

func (f *Face) request(c *web.Context) error {
	return f.showCase(c, c.R.PathValue("id"), nil, nil)
}

// showCase shows one request; in is nil where no decision was sent yet.
func (f *Face) showCase(c *web.Context, id string, in *decisionForm, failed error) error {
	k, err := f.s.Access.Case(c.Context(), id)
	if err != nil {
		return err
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	r := k.Request
	p := casePage{
		Frame: frame, ID: r.ID, Name: r.Name(), Organization: r.Organization, Reference: r.Reference, Purpose: r.Purpose,
		Open: r.State == access.Received, MayDecide: c.Who().Can(string(staff.RequestsDecide)), Approved: r.State == access.Approved,
		Already: c.R.URL.Query().Has("already") && r.State != access.Received, Sent: c.R.URL.Query().Has("sent"),
		Lang: c.T("office.language." + r.Lang),
	}
	p.Tone, p.Status = stateTone(r.State), stateWords(c, r)
	if p.Open {
		p.DueTone, p.Due = due(c, r, k.Now)
	}
	p.Facts = f.facts(c, k)
	p.Signals = f.signals(c, k)
	f.suggest(c, k, &p)
	for _, o := range k.Same {
		p.Same = append(p.Same, f.row(c, o, k.Now))
	}
	for _, e := range k.History {
		p.History = append(p.History, line{Text: f.event(c, e, nil), At: c.Words.ShortDateTime(e.At)})
	}
	if c.Who().Can(string(staff.MessagesView)) {
		messages, err := f.s.Desk.MessagesAbout(c.Context(), "request:"+r.ID)
		if err != nil {
			return err
		}
		for _, m := range messages {
			p.Messages = append(p.Messages, f.messageRow(c, m))
		}
	}
	p.In = decisionForm{Decision: "approve", Days: strconv.Itoa(k.Settings.Evaluation.Days), Seats: strconv.Itoa(seats(k)), Organization: p.Suggested}
	if in != nil {
		p.In = *in
	}
	c.Here("/office/requests/" + r.ID)
	frame.Path = "/office/requests/" + r.ID
	return c.Page(frame.Status(), caseView(p))
}

func seats(k access.Case) int {
	if most := k.Settings.Evaluation.Seats; most > 0 {
		return min(most, k.Request.Users)
	}
	return k.Request.Users
}

func (f *Face) facts(c *web.Context, k access.Case) []ui.Fact {
	r := k.Request
	facts := []ui.Fact{
		{Term: c.T("office.case.product"), Text: r.ProductName},
		{Term: c.T("office.case.users"), Text: c.Words.Number(int64(r.Users))},
		{Term: c.T("office.case.email"), Text: r.Email},
	}
	if r.Mobile != "" {
		facts = append(facts, ui.Fact{Term: c.T("office.case.mobile"), Draw: number(r.Mobile)})
	}
	facts = append(facts,
		ui.Fact{Term: c.T("office.case.organization"), Text: r.Organization + ", " + f.country(c, r.Country)},
		ui.Fact{Term: c.T("office.case.received"), Text: c.Words.DateTime(r.CreatedAt)},
	)
	if r.State == access.Received {
		return append(facts, ui.Fact{Term: c.T("office.case.due"), Text: c.Words.DateTime(r.DueAt)})
	}
	facts = append(facts, ui.Fact{Term: c.T("office.case.decided"), Text: c.Words.DateTime(r.DecidedAt)})
	if k.For != "" {
		facts = append(facts,
			ui.Fact{Term: c.T("office.case.approved-for"), Text: k.For},
			ui.Fact{Term: c.T("office.case.days-granted"), Text: c.Words.Number(int64(k.Granted.Days))},
			ui.Fact{Term: c.T("office.case.users-granted"), Text: c.Words.Number(int64(k.Granted.Seats))},
		)
	}
	if r.Message != "" {
		facts = append(facts, ui.Fact{Term: c.T("office.decide.message"), Text: r.Message})
	}
	if r.Reason != "" {
		facts = append(facts, ui.Fact{Term: c.T("office.case.reason"), Text: r.Reason})
	}
	if r.Note != "" {
		facts = append(facts, ui.Fact{Term: c.T("office.case.note"), Text: r.Note})
	}
	return facts
}

// signals are what staff should notice, then what is as it should be.
func (f *Face) signals(c *web.Context, k access.Case) []ui.Rule {
	var rules []ui.Rule
	has := map[access.Signal]bool{}
	for _, s := range k.Request.Signals {
		has[s] = true
		rules = append(rules, ui.Rule{State: ui.Warn, Text: c.T("office.signal-text." + string(s))})
	}
	if !has[access.SignalFreeMail] && !has[access.SignalDisposable] {
		rules = append(rules, ui.Rule{State: ui.Done, Text: c.T("office.case.work-address")})
	}
	if country := account.MobileCountry(k.Request.Mobile); country != "" {
		if country == k.Request.Country {
			rules = append(rules, ui.Rule{State: ui.Done, Text: c.T("office.case.same-country")})
		} else {
			rules = append(rules, ui.Rule{State: ui.Warn, Text: c.T("office.case.other-country", "country", f.country(c, country))})
		}
	}
	if len(k.Same) == 0 {
		rules = append(rules, ui.Rule{State: ui.Done, Text: c.T("office.case.no-other")})
	}
	return rules
}

// suggest makes the choice of organizations: those with evidence can be chosen,
// those of like name are shown with the reason why not.
func (f *Face) suggest(c *web.Context, k access.Case, p *casePage) {
	p.Suggested = newOrganization
	bound, taken := false, false
	for _, s := range k.Suggestions {
		hint := c.T("office.evidence." + string(s.Evidence))
		if !s.Evidence.Enough() {
			p.Alike = append(p.Alike, s.Organization.Name)
			continue
		}
		if len(p.Choices) == 0 {
			p.Suggested = s.Organization.ID
		}
		bound, taken = bound || s.Evidence == access.ByMember, taken || s.Evidence == access.ByDomain
		p.Choices = append(p.Choices, ui.Option{Value: s.Organization.ID, Label: s.Organization.Name, Hint: hint})
	}
	if bound {
		p.Choices = p.Choices[:1]
		return
	}
	p.Choices = append(p.Choices, ui.Option{Value: newOrganization, Label: c.T("office.decide.new", "name", k.Request.Organization), Hint: c.T("office.decide.new-hint")})
	_, domain, _ := strings.Cut(k.Request.EmailKey, "@")
	if !taken && k.CompanyDomain() {
		p.Domain = domain
	}
}

// event tells an event as a sentence, its actor by name where there is one.
func (f *Face) event(c *web.Context, e staff.Event, names map[string]string) string {
	key := "office.event." + strings.NewReplacer(".", "-", "_", "-").Replace(e.Action)
	by := e.Detail["by"]
	if by == "" {
		by = names[e.Actor.ID]
	}
	if by == "" && e.Actor.Kind != "" {
		by = c.T("office.actor." + e.Actor.Kind)
	}
	if !c.Words.Has(key) {
		return by // the action itself stands below
	}
	return c.T(key, "by", by)
}

func (f *Face) decide(c *web.Context) error {
	id := c.R.PathValue("id")
	var in decisionForm
	err := c.Form(&in)
	var d access.Decision
	if err == nil {
		d, err = in.read()
	}
	if err != nil {
		return f.showCase(c, id, &in, err)
	}
	out, err := f.s.Access.Decide(c.Context(), id, d, decider(c))
	if err != nil {
		return f.showCase(c, id, &in, err)
	}
	if !out.Made {
		return c.SeeOther("/office/requests/" + id + "?already=1")
	}
	return c.SeeOther("/office/requests/" + id)
}

func (in decisionForm) read() (access.Decision, error) {
	var wrong fault.Form
	d := access.Decision{Note: in.Note}
	switch in.Decision {
	case "decline":
		d.Reason = in.Reason
	case "approve":
		d.Approve, d.Message, d.VerifyDomain = true, in.Message, in.VerifyDomain
		switch in.Organization {
		case "":
			wrong.Add("organization", "choose-organization")
		case newOrganization:
		default:
			d.Organization, d.VerifyDomain = in.Organization, false
		}
		d.Days = count(&wrong, "days", in.Days, "days-range")
		d.Seats = count(&wrong, "seats", in.Seats, "users-range")
	default:
		wrong.Add("decision", "choose-decision")
	}
	return d, wrong.Err()
}

// count reads a number of at least one; empty is 0, the setting's.
func count(wrong *fault.Form, field, typed, code string) int {
	if typed == "" {
		return 0
	}
	n, err := strconv.Atoi(typed)
	if err != nil || n < 1 {
		wrong.Add(field, code)
	}
	return n
}

func (f *Face) sendAgain(c *web.Context) error {
	id := c.R.PathValue("id")
	if err := f.s.Access.SendAgain(c.Context(), id, decider(c)); err != nil {
		return err
	}
	return c.SeeOther("/office/requests/" + id + "?sent=1")
}
