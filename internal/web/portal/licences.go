package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vestibule/internal/activation"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/web"
	"vestibule/internal/web/licences"
	"vestibule/internal/web/ui"
)

const licencesPath = "/portal/licences"

func (f *Face) licenceRoutes() []web.Route {
	return []web.Route{
		web.Row(web.Client, "GET /portal/licences", f.licences),
		web.Row(web.Client, "GET /portal/licences/{id}", f.licence),
		web.Row(web.Client, "POST /portal/licences/{id}/file", f.licenceFile),
		web.Row(web.Client, "GET /portal/licences/{id}/explain", f.explainLicence),
		web.Row(web.Client, "GET /portal/licences/{id}/extend", f.extendForm),
		web.Row(web.Member(string(organization.Administrator)), "POST /portal/licences/{id}/extend", f.extend),
	}
}

func licenceHref(id string) string { return licencesPath + "/" + url.PathEscape(id) }

func (f *Face) licences(c *web.Context) error {
	list, err := f.Licenses.Mine(c.Context(), c.Who().Organization)
	if err != nil {
		return err
	}
	return c.Page(http.StatusOK, licencesView(licencesOf(c.Frame(), c.Who().Company, list)))
}

func licencesOf(f *ui.Frame, company string, list []license.View) licencesPage {
	p := licencesPage{Frame: f, Company: company}
	for _, v := range list {
		row := licenceRow{
			ID: "licence-" + v.Product.ID, Href: licenceHref(v.ID), Product: v.Product.Name, Key: v.Key.String(), Locked: licences.Locked(v.State),
		}
		row.Tone, row.Status = licences.Status(f.Words, v.State)
		_, updates, _ := licences.Updates(f.Words, v.State)
		row.Facts = []ui.Fact{
			{Term: f.T("licence.until"), Text: licences.Until(f.Words, v.State)},
			{Term: f.T("licence.updates-fact"), Text: updates},
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

func (f *Face) licence(c *web.Context) error {
	v, err := f.Licenses.One(c.Context(), c.Who().Organization, c.R.PathValue("id"))
	if err != nil {
		return err
	}
	product, err := f.Licenses.Product(c.Context(), v.Product.ID)
	if err != nil {
		return err
	}
	p := licenceOf(c.Frame(), v, product.Features, isAdministrator(c.Who()), isTechnical(c.Who()))
	if c.R.URL.Query().Get("done") == "extended" {
		p.Done = c.T("licence.extend.done", "when", c.Words.Date(licences.Last(v.State.Ends)))
	}
	return c.Page(http.StatusOK, licenceView(p))
}

// licenceOf makes the page of a licence.
func licenceOf(f *ui.Frame, v license.View, features []license.Feature, administrator, technical bool) licencePage {
	w, s := f.Words, v.State
	p := licencePage{
		Frame: f, Href: licenceHref(v.ID), Part: cardOf(f, v.Product.Name, v.Key, s, false),
		Meaning: licences.Meaning(w, s), Why: licences.Why(w, v.License, s), Remedy: licences.Remedy(w, s),
		Stages: licences.Stages(w, v.Facts, v.Now), Includes: licences.Includes(w, s, features),
		File: !licences.Locked(s) && s.Status != license.StatusNotStarted, Again: licences.Locked(s) && s.Remedy == license.RemedyAskAgain,
	}
	if !v.Rekeyed.IsZero() {
		p.Replaced = f.T("licence.replaced", "when", w.Date(v.Rekeyed))
	}
	p.Updates.Tone, p.Updates.Status, p.Updates.Text = licences.Updates(w, s)
	if s.Maintenance == license.MaintenanceLapsed && !licences.Locked(s) {
		p.Updates.Remedy = p.Remedy
	}
	if p.File {
		p.FileText = f.T("licence.file.hint", "days", w.T("ui.days", "n", s.FileDays))
	}
	if v.Extension.Allowed {
		length := w.T("ui.days", "n", v.Extension.Days)
		p.Extend = licenceExtension{
			Shown: true, Button: f.T("licence.extend.button", "days", length), Href: p.Href + "/extend",
			Text: f.T("licence.extend.offer", "days", length, "when", w.Date(licences.Last(v.Extension.Until))),
		}
		if !administrator {
			p.Extend.Href, p.Extend.Text = "", f.T("licence.extend.offer-other", "days", length)
		}
	}
	if technical {
		p.Links = append(p.Links,
			licenceLink{"laptop", f.T("licence.link.devices"), f.T("licence.link.devices-text"), devicesHref(v.ID)},
			licenceLink{"server", f.T("licence.link.offline"), f.T("licence.link.offline-text"), offlineHref(v.ID)},
		)
	}
	p.Links = append(p.Links, licenceLink{"help", f.T("licence.link.explain"), f.T("licence.link.explain-text"), p.Href + "/explain"})
	return p
}

// isTechnical says whether somebody may see devices and activate them.
func isTechnical(who web.Who) bool {
	return isAdministrator(who) || slices.Contains(who.Roles, string(organization.Technical))
}

// licenceFile is the signed file, made for what the licence is now. Each is written down and counted, so that nothing but a press of
// the button makes one: no link that is looked at ahead, and no page that is loaded again.
func (f *Face) licenceFile(c *web.Context) error {
	id := c.R.PathValue("id")
	c.Here(licenceHref(id))
	file, err := f.Activation.File(c.Context(), activation.Asked{Organization: c.Who().Organization, License: id}, "")
	if fault.Is(err, fault.Denied) { // it ended or was held meanwhile: its page says so, and what can be done
		return c.SeeOther(licenceHref(id))
	}
	if err != nil {
		return err
	}
	return asFile(c, file.Name, file.Text)
}

// explainForm asks about an instant.
type explainForm struct {
	At string `form:"at,max=40"`
}

func (f *Face) explainLicence(c *web.Context) error {
	var in explainForm
	err := c.Form(&in)
	at := c.Now()
	if err == nil && in.At != "" {
		then, bad := c.Words.ParseLocal(in.At)
		switch {
		case bad != nil:
			err = fault.OnField("at", "instant-shape")
		case then.Sub(at).Abs() > licences.Farthest:
			err = fault.OnField("at", "instant-far")
		default:
			at = then
		}
	}
	frame, err := c.Again(err)
	if err != nil {
		return err
	}
	v, err := f.Licenses.Explain(c.Context(), c.Who().Organization, c.R.PathValue("id"), at)
	if err != nil {
		return err
	}
	p := explanationOf(frame, v, at, c.Now())
	if len(frame.Errors) > 0 {
		p.At = in.At
	}
	return c.Page(frame.Status(), licenceExplainView(p))
}

// explanationOf makes the page that explains a licence at an instant.
func explanationOf(f *ui.Frame, v license.View, at, now time.Time) licenceExplainPage {
	other := !at.Equal(now)
	p := licenceExplainPage{
		Frame: f, Href: licenceHref(v.ID), Product: v.Product.Name, At: f.Words.Local(at), AtWords: f.Words.DateTime(at) + " " + f.Words.Zone(at), Other: other,
		Zone: f.Words.Zone(at), Meaning: licences.Meaning(f.Words, v.State), Because: licences.Reasons(f.Words, v.License, v.State),
	}
	p.Tone, p.Status = licences.Status(f.Words, v.State)
	p.Title = licences.Question(f.Words, at, now)
	if !other {
		p.Remedy, p.Again = licences.Remedy(f.Words, v.State), licences.Locked(v.State) && v.State.Remedy == license.RemedyAskAgain
		if p.Remedy == "" && v.State.Usable() {
			p.Remedy = f.T("licence.explain.all-well")
		}
	}
	return p
}

func (f *Face) extendForm(c *web.Context) error {
	v, err := f.Licenses.One(c.Context(), c.Who().Organization, c.R.PathValue("id"))
	if err != nil {
		return err
	}
	p := extensionOf(c.Frame(), v, isAdministrator(c.Who()))
	if p.Allowed && !p.Mine {
		if p.Why, err = f.whoExtends(c); err != nil {
			return err
		}
	}
	return c.Page(http.StatusOK, licenceExtendView(p))
}

// whoExtends names the administrators of the own organisation.
func (f *Face) whoExtends(c *web.Context) (string, error) {
	people, err := f.Organizations.People(c.Context(), c.Who().Organization)
	if err != nil {
		return "", err
	}
	var names []string
	for _, one := range people.Members {
		if one.Role == organization.Administrator {
			names = append(names, one.Name)
		}
	}
	if len(names) == 0 {
		return c.T("licence.extend.nobody"), nil
	}
	return c.T("licence.extend.who", "names", strings.Join(names, ", ")), nil
}

// extensionOf makes the page that asks for the word, or says why not.
func extensionOf(f *ui.Frame, v license.View, administrator bool) licenceExtendPage {
	e := v.Extension
	p := licenceExtendPage{Frame: f, Href: licenceHref(v.ID), Product: v.Product.Name, Allowed: e.Allowed, Mine: administrator}
	if !e.Allowed {
		p.Why, p.Again = f.T("fault."+e.Code), e.Remedy == license.RemedyAskAgain && licences.Locked(v.State)
		if e.Remedy != license.RemedyNone && (p.Again || e.Remedy != license.RemedyAskAgain) { // home offers it once this one has ended
			p.Remedy = f.T("license.remedy."+string(e.Remedy), "when", f.Words.Date(v.State.Starts), "by", f.Words.Date(v.State.StartBy))
		}
		return p
	}
	length := f.Words.T("ui.days", "n", e.Days)
	p.Button = f.T("licence.extend.button", "days", length)
	p.Facts = []ui.Fact{
		{Term: f.T("licence.extend.from"), Text: f.Words.Date(licences.Last(v.State.Ends))},
		{Term: f.T("licence.extend.to"), Text: f.Words.Date(licences.Last(e.Until))},
	}
	p.After = []string{f.T("licence.extend.after-key"), f.T("licence.extend.after-running"), f.T("licence.extend.after-mail")}
	return p
}

// extend adds what the ladder allows. Where it does not any more, the page says why.
func (f *Face) extend(c *web.Context) error {
	id := c.R.PathValue("id")
	_, err := f.Licenses.Extend(c.Context(), id, license.Stretch{By: c.Who().Account, Organization: c.Who().Organization})
	switch {
	case fault.Is(err, fault.Denied), fault.Is(err, fault.Conflict):
		return c.SeeOther(licenceHref(id) + "/extend")
	case err != nil:
		return err
	}
	return c.SeeOther(licenceHref(id) + "?done=extended")
}
