package office

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/web"
	"vestibule/internal/web/licences"
	"vestibule/internal/web/ui"
)

// licenceActForm is what the form of an act sends. The fields of other acts are not read.
type licenceActForm struct {
	Policy  string `form:"policy,max=100"` // name and version
	From    string `form:"from,max=20"`
	Days    string `form:"days,max=10"`
	Seats   string `form:"seats,max=10"`
	Reason  string `form:"reason,max=4000"`
	Confirm bool   `form:"confirm"`
	Seen    string `form:"seen,max=200"` // the facts, the hold or the key that the form was made for
}

// An act is something that staff do about a licence.
type act struct {
	name, icon string
	fields     []string
	bad        bool // it takes something away
	confirm    bool
	client     bool // the reason is for the client
	offered    func(license.Case) bool
	do         func(ctx context.Context, s *license.Service, by license.Staff, id string, in licenceActForm, a license.Award) error
}

func acts() []act {
	return []act{
		{name: "extend", icon: "calendar", fields: []string{"days", "reason"}, offered: func(k license.Case) bool { return k.Extension.Allowed }, do: extendLicence},
		{name: "reactivate", icon: "refresh", fields: []string{"days", "reason"}, offered: mayReactivate, do: func(ctx context.Context, s *license.Service, by license.Staff, id string, _ licenceActForm, a license.Award) error {
			_, err := s.Reactivate(ctx, by, id, a)
			return err
		}},
		{name: "grant", icon: "plus", fields: []string{"policy", "from", "days", "seats", "reason"}, offered: notRevoked, do: func(ctx context.Context, s *license.Service, by license.Staff, id string, _ licenceActForm, a license.Award) error {
			_, err := s.GrantTerm(ctx, by, id, a)
			return err
		}},
		{name: "maintenance", icon: "download", fields: []string{"days", "reason"}, offered: maintained, do: func(ctx context.Context, s *license.Service, by license.Staff, id string, _ licenceActForm, a license.Award) error {
			_, err := s.RenewMaintenance(ctx, by, id, a)
			return err
		}},
		{name: "hold", icon: "lock", fields: []string{"reason"}, bad: true, client: true, offered: func(k license.Case) bool { return k.State.Hold == "" },
			do: func(ctx context.Context, s *license.Service, by license.Staff, id string, in licenceActForm, _ license.Award) error {
				return s.Hold(ctx, by, id, in.Reason)
			}},
		{name: "lift", icon: "check", fields: []string{"reason"}, offered: func(k license.Case) bool { return k.State.Status == license.StatusSuspended }, do: liftHold},
		{name: "unrevoke", icon: "check", fields: []string{"reason"}, offered: func(k license.Case) bool { return k.State.Status == license.StatusRevoked }, do: liftHold},
		{name: "replace-key", icon: "key", fields: []string{"reason"}, confirm: true, offered: func(license.Case) bool { return true },
			do: func(ctx context.Context, s *license.Service, by license.Staff, id string, in licenceActForm, _ license.Award) error {
				_, err := s.ReplaceKey(ctx, by, id, license.Key(in.Seen), in.Reason)
				return err
			}},
		{name: "revoke", icon: "x", fields: []string{"reason"}, bad: true, confirm: true, client: true, offered: notRevoked,
			do: func(ctx context.Context, s *license.Service, by license.Staff, id string, in licenceActForm, _ license.Award) error {
				return s.Revoke(ctx, by, id, in.Reason)
			}},
	}
}

func extendLicence(ctx context.Context, s *license.Service, by license.Staff, id string, in licenceActForm, a license.Award) error {
	_, err := s.Extend(ctx, id, license.Stretch{Rung: license.Office, By: by.ID, Name: by.Name, Days: a.Days, Reason: in.Reason, Stamp: in.Seen})
	return err
}

func liftHold(ctx context.Context, s *license.Service, by license.Staff, id string, in licenceActForm, _ license.Award) error {
	return s.Lift(ctx, by, id, in.Seen, in.Reason)
}

func notRevoked(k license.Case) bool { return k.State.Status != license.StatusRevoked }

// mayReactivate says whether another evaluation can be given: none runs or waits, and nothing is paid for.
func mayReactivate(k license.Case) bool {
	return k.State.Status == license.StatusExpired || k.State.Status == license.StatusNone
}

func maintained(k license.Case) bool {
	return notRevoked(k) && k.State.Kind == license.Perpetual && k.State.Maintenance != license.MaintenanceNone
}

// actsOf are the acts that a licence as it is now allows.
func actsOf(k license.Case) (list []act) {
	for _, one := range acts() {
		if one.offered(k) {
			list = append(list, one)
		}
	}
	return list
}

// seen is what the form of an act was made for: the service refuses when it is something else meanwhile.
func (a act) seen(k license.Case) string {
	switch a.name {
	case "lift", "unrevoke":
		return k.State.Hold
	case "replace-key":
		return string(k.Key)
	}
	return k.Stamp
}

func (f *Face) licenceActForm(c *web.Context) error { return f.showAct(c, nil, nil) }

func (f *Face) licenceAct(c *web.Context) error {
	var in licenceActForm
	err := c.Form(&in)
	a, known := actNamed(c.R.PathValue("act"))
	if !known {
		return fault.New(fault.NotFound, "not-found")
	}
	id := c.R.PathValue("id")
	if err == nil {
		var award license.Award
		if award, err = a.award(c, in); err == nil {
			err = f.doAct(c, a, id, in, award)
		}
	}
	if err != nil {
		return f.showAct(c, &in, err)
	}
	return c.SeeOther(licenceHref(id) + "?done=" + a.name)
}

// doAct does what was asked for. A hold and a revocation have no facts of their own that the service could compare: they are of the
// licence that the form showed, or of none, so that nobody withdraws what was paid for a moment ago.
func (f *Face) doAct(c *web.Context, a act, id string, in licenceActForm, award license.Award) error {
	if a.client {
		k, err := f.s.Licenses.Case(c.Context(), id)
		if err != nil {
			return err
		}
		if in.Seen != a.seen(k) {
			return fault.New(fault.Conflict, "changed")
		}
	}
	return a.do(c.Context(), f.s.Licenses, agent(c), id, in, award)
}

func actNamed(name string) (act, bool) {
	for _, one := range acts() {
		if one.name == name {
			return one, true
		}
	}
	return act{}, false
}

func (a act) has(field string) bool {
	for _, one := range a.fields {
		if one == field {
			return true
		}
	}
	return false
}

// award reads what was typed.
func (a act) award(c *web.Context, in licenceActForm) (out license.Award, err error) {
	var wrong fault.Form
	out.Reason, out.Stamp = in.Reason, in.Seen
	if a.has("policy") {
		name, version, _ := strings.Cut(in.Policy, ":")
		out.Policy = name
		if out.Version, err = strconv.Atoi(version); err != nil {
			wrong.Add("policy", "policy-needed")
		}
	}
	if a.has("from") && in.From != "" {
		if out.From, err = c.Words.ParseLocal(in.From + "T00:00"); err != nil {
			wrong.Add("from", "date-needed")
		}
	}
	if a.has("days") {
		out.Days = whole(&wrong, "days", in.Days)
		if in.Days == "" && a.name == "extend" {
			wrong.Add("days", "number-needed")
		}
	}
	if a.has("seats") {
		out.Seats = whole(&wrong, "seats", in.Seats)
	}
	if in.Reason == "" {
		wrong.Add("reason", "reason-needed")
	}
	if a.confirm && !in.Confirm {
		wrong.Add("confirm", "confirm-needed")
	}
	return out, wrong.Err()
}

// whole reads a number that is not negative; nothing typed is 0.
func whole(wrong *fault.Form, field, typed string) int {
	if typed == "" {
		return 0
	}
	n, err := strconv.Atoi(typed)
	if err != nil || n < 0 {
		wrong.Add(field, "number-needed")
		return 0
	}
	return n
}

// showAct shows the form of an act. Where the licence changed under it, it says what it is now, and keeps what was typed.
func (f *Face) showAct(c *web.Context, in *licenceActForm, failed error) error {
	a, known := actNamed(c.R.PathValue("act"))
	if !known {
		return fault.New(fault.NotFound, "not-found")
	}
	k, err := f.s.Licenses.Case(c.Context(), c.R.PathValue("id"))
	if err != nil {
		return err
	}
	status, changed := http.StatusOK, ""
	if e := fault.From(failed); failed != nil && (e.Kind == fault.Conflict || e.Kind == fault.Denied && e.Code != "not-allowed") {
		status, failed = http.StatusConflict, nil
		if changed, err = f.changed(c, k, e); err != nil {
			return err
		}
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	p := actPage(frame, k, a)
	if in != nil {
		seen := p.In.Seen
		p.In = *in
		if changed != "" {
			p.In.Seen, p.In.Confirm = seen, false
		}
	}
	p.Changed, p.Gone = changed, !a.offered(k)
	if frame.Status() != http.StatusOK {
		status = frame.Status()
	}
	c.Here(p.Action)
	frame.Path = p.Action
	return c.Page(status, licenceActView(p))
}

// changed says why an act was refused: what the licence is now, and the latest thing that happened to it.
func (f *Face) changed(c *web.Context, k license.Case, e *fault.Error) (string, error) {
	if e.Code != "changed" {
		return c.Fault(e), nil
	}
	_, status := licences.Status(c.Words, k.State)
	history, err := f.licenceHistory(c, k)
	if err != nil || len(history) == 0 {
		return c.T("office.licence.changed", "status", status, "last", "", "at", ""), err
	}
	return c.T("office.licence.changed-by", "status", status, "last", history[0].Text, "at", history[0].At), nil
}

// actPage makes the form of an act.
func actPage(f *ui.Frame, k license.Case, a act) licenceActPage {
	w, s, words := f.Words, k.State, "office.licence."+a.name+"."
	p := licenceActPage{
		Frame: f, Href: licenceHref(k.ID), Organization: k.OrganizationName, Product: k.Product.Name, Title: f.T(words + "title"), Button: f.T(words + "go"), Bad: a.bad,
		Shown: map[string]bool{}, In: licenceActForm{Seen: a.seen(k)}, ReasonHint: f.T("office.licence.reason-staff"), DaysHint: f.T("office.licence.days-policy"), DaysOptional: a.name != "extend",
	}
	p.Action = p.Href + "/acts/" + a.name
	for _, one := range a.fields {
		p.Shown[one] = true
	}
	end := licences.Last(s.Ends)
	lead := words + "lead"
	if a.name == "extend" && !s.Ends.IsZero() && !k.Now.Before(s.Ends) {
		lead += "-ended"
	}
	held := ""
	for _, h := range k.Facts.Holds {
		if h.ID == s.Hold {
			held = w.ShortDateTime(h.From)
		}
	}
	when := w.Date(end)
	switch a.name {
	case "lift", "unrevoke":
		when = held
	case "maintenance":
		when = w.Date(licences.Last(s.MaintenanceUntil))
	}
	p.Lead = f.T(lead, "when", when, "reason", s.Reason)
	for i := 1; w.Has(words + "after-" + strconv.Itoa(i)); i++ {
		p.After = append(p.After, f.T(words+"after-"+strconv.Itoa(i)))
	}
	if a.client {
		p.ReasonHint = f.T("office.licence.reason-client")
	}
	if a.confirm {
		p.Confirm = f.T(words+"confirm", "organization", k.OrganizationName, "product", k.Product.Name)
	}
	if a.name == "extend" {
		p.In.Days, p.DaysHint = "14", f.T("office.licence.days-hint")
		if k.Extension.Days > 0 {
			p.DaysHint = f.T("office.licence.days-hint-cap", "n", k.Extension.Days)
			p.In.Days = strconv.Itoa(min(14, k.Extension.Days))
		}
	}
	if a.has("policy") {
		for _, one := range k.Policies {
			if one.Retired {
				continue
			}
			p.Policies = append(p.Policies, ui.Option{
				Value: one.Name + ":" + strconv.Itoa(one.Version),
				Label: f.T("office.licence.policy-option", "title", one.Title, "version", one.Version, "term", termWords(f, one)),
			})
		}
	}
	return p
}
