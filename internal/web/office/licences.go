package office

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/staff"
	"vestibule/internal/web"
	"vestibule/internal/web/licences"
	"vestibule/internal/web/ui"
)

const licencesPath = "/office/licences"

func (f *Face) licenceRoutes() []web.Route {
	view, manage, products := web.Staff(string(staff.LicensesView)), web.Staff(string(staff.LicensesManage)), web.Staff(string(staff.ProductsManage))
	return []web.Route{
		web.Row(view, "GET /office/licences", f.licences),
		web.Row(view, "POST /office/licences/search", f.searchLicences),
		web.Row(view, "GET /office/licences/{id}", f.licence),
		web.Row(manage, "GET /office/licences/{id}/acts/{act}", f.licenceActForm),
		web.Row(manage, "POST /office/licences/{id}/acts/{act}", f.licenceAct),
		web.Row(manage, "GET /office/licences/{id}/another", f.anotherForm),
		web.Row(manage, "POST /office/licences/{id}/another", f.another),
		web.Row(view, "GET /office/licences/{id}/devices", f.licenceDevices),
		web.Row(manage, "GET /office/licences/{id}/devices/{device}/remove", f.licenceDeviceRemoval),
		web.Row(manage, "POST /office/licences/{id}/devices/{device}/remove", f.removeLicenceDevice),
		web.Row(view, "GET /office/products", f.products),
		web.Row(products, "GET /office/products/new", f.newProduct),
		web.Row(products, "POST /office/products/new", f.createProduct),
		web.Row(view, "GET /office/products/{id}", f.product),
		web.Row(products, "POST /office/products/{id}", f.saveProduct),
		web.Row(products, "POST /office/products/{id}/features", f.saveFeature),
		web.Row(view, "GET /office/policies", f.policies),
		web.Row(products, "GET /office/policies/new", f.newPolicy),
		web.Row(products, "POST /office/policies/new", f.createPolicy),
		web.Row(view, "GET /office/policies/{product}/{name}", f.policy),
		web.Row(view, "GET /office/policies/{product}/{name}/versions/{version}", f.policy),
		web.Row(products, "GET /office/policies/{product}/{name}/edit", f.editPolicy),
		web.Row(products, "POST /office/policies/{product}/{name}/edit", f.savePolicy),
		web.Row(products, "POST /office/policies/{product}/{name}/retire", f.retirePolicy),
	}
}

func licenceHref(id string) string { return licencesPath + "/" + url.PathEscape(id) }

// agent is the member of staff who acts on licences.
func agent(c *web.Context) license.Staff {
	return license.Staff{ID: c.Who().Account, Name: c.Who().Name}
}

// licencesForm is the toolbar of the licences.
type licencesForm struct {
	Search  string `form:"q,max=200"`
	Window  string `form:"window,max=20"`
	Product string `form:"product,max=64"`
	After   string `form:"after,max=200"`
}

func (in licencesForm) href() string {
	v := url.Values{}
	for name, value := range map[string]string{"q": in.Search, "window": in.Window, "product": in.Product, "after": in.After} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(v) == 0 {
		return licencesPath
	}
	return licencesPath + "?" + v.Encode()
}

func windows() []license.Window {
	return []license.Window{license.WindowAll, license.WindowRunning, license.WindowExpiring, license.WindowEnded, license.WindowHeld}
}

func (f *Face) licences(c *web.Context) error {
	var in licencesForm
	return f.showLicences(c, in, c.Form(&in))
}

// searchLicences looks for a licence. What looks like a key is looked for here and now, so that no address names it; a name
// becomes an address that can be kept.
func (f *Face) searchLicences(c *web.Context) error {
	var in licencesForm
	err := c.Form(&in)
	if err == nil && !likeKey(in.Search) {
		return c.SeeOther(in.href())
	}
	c.Here(licencesPath)
	if err == nil {
		if _, err = license.ParseKey(in.Search); err != nil {
			err = onFields(err, map[string]string{"": "q", "key": "q"})
		}
	}
	return f.showLicences(c, in, err)
}

// likeKey says whether somebody who typed this meant a key: it is as long as one, and has digits.
func likeKey(s string) bool {
	long, digits := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			long, digits = long+1, digits+1
		case unicode.IsLetter(r):
			long++
		}
	}
	return digits >= 3 && long >= 18
}

func (f *Face) showLicences(c *web.Context, in licencesForm, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	kept := in
	if likeKey(in.Search) { // no tab and no page carries a key along
		kept.Search = ""
	}
	p := licencesPage{Frame: frame, In: in, ClearHref: licencesForm{Window: in.Window}.href()}
	for _, one := range windows() {
		tab := licencesForm{Search: kept.Search, Product: kept.Product, Window: string(one)}
		if one == license.WindowAll {
			tab.Window = ""
		}
		p.Tabs = append(p.Tabs, ui.Tab{Text: c.T("office.licence.window." + string(one)), Href: tab.href(), Current: in.Window == tab.Window, Count: -1})
	}
	products, err := f.s.Licenses.Products(c.Context())
	if err != nil {
		return err
	}
	p.Products = []ui.Option{{Label: c.T("office.licence.any-product")}}
	for _, one := range products {
		p.Products = append(p.Products, ui.Option{Value: one.ID, Label: one.Name})
	}
	if len(frame.Errors) > 0 {
		return c.Page(frame.Status(), licencesView(p))
	}
	q := license.Query{Window: license.Window(in.Window), Product: in.Product, Search: in.Search, After: in.After}
	if in.Window == "" {
		q.Window = license.WindowAll
	}
	page, err := f.s.Licenses.List(c.Context(), q)
	if err != nil {
		return err
	}
	for _, v := range page.Licenses {
		row := licenceRowOf(frame, v)
		row.Replaced = page.Replaced
		p.Rows = append(p.Rows, row)
	}
	if in.After != "" {
		p.First = licencesForm{Search: kept.Search, Product: in.Product, Window: in.Window}.href()
	}
	if page.Next != "" {
		p.Next = licencesForm{Search: kept.Search, Product: in.Product, Window: in.Window, After: page.Next}.href()
	}
	return c.Page(http.StatusOK, licencesView(p))
}

func licenceRowOf(f *ui.Frame, v license.View) licenceRow {
	r := licenceRow{Href: licenceHref(v.ID), Organization: v.OrganizationName, Product: v.Product.Name, Key: v.Key.String(), Until: licences.Until(f.Words, v.State)}
	r.Tone, r.Status = licences.Status(f.Words, v.State)
	if v.State.Maintenance == license.MaintenanceLapsed {
		r.Note = f.T("office.licence.lapsed")
	}
	if v.State.Hold != "" {
		r.Note = v.State.Reason
	}
	return r
}

// licenceForm is the instant to explain.
type licenceForm struct {
	At string `form:"at,max=40"`
}

func (f *Face) licence(c *web.Context) error {
	var in licenceForm
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
	id := c.R.PathValue("id")
	k, err := f.s.Licenses.Case(c.Context(), id)
	if err != nil {
		return err
	}
	then := k.View
	if at != c.Now() {
		if then, err = f.s.Licenses.ExplainToStaff(c.Context(), id, at); err != nil {
			return err
		}
	}
	p := licenceCase(frame, k, c.Who().Can(string(staff.LicensesManage)))
	p.At, p.AtWords, p.Other = c.Words.Local(at), c.Words.DateTime(at)+" "+c.Words.Zone(at), at != c.Now()
	p.Question = licences.Question(c.Words, at, c.Now())
	if len(frame.Errors) > 0 {
		p.At = in.At
	}
	p.ExplainTone, p.Explained = licences.Status(c.Words, then.State)
	p.Because = licences.Reasons(c.Words, then.License, then.State)
	if !p.Other {
		p.Remedy = licences.Remedy(c.Words, then.State)
	}
	if key := "office.licence.done." + c.R.URL.Query().Get("done"); c.Words.Has(key) && frame.Status() == http.StatusOK {
		p.Done = c.T(key, "until", licences.Until(c.Words, k.State))
	}
	if p.History, err = f.licenceHistory(c, k); err != nil {
		return err
	}
	return c.Page(frame.Status(), licenceView(p))
}

// licenceHistory tells what happened to a licence, by whom, and why.
func (f *Face) licenceHistory(c *web.Context, k license.Case) ([]line, error) {
	var ids []string
	for _, e := range k.History {
		ids = append(ids, e.Actor.ID)
	}
	names, err := f.s.Desk.Names(c.Context(), ids)
	if err != nil {
		return nil, err
	}
	var list []line
	for _, e := range k.History {
		text := f.event(c, e, names)
		if reason := e.Detail["reason"]; reason != "" {
			text += ": " + reason
		}
		list = append(list, line{Text: text, At: c.Words.ShortDateTime(e.At)})
	}
	return list, nil
}

// licenceCase makes the page of a licence but for its history and the instant that is explained.
func licenceCase(f *ui.Frame, k license.Case, manages bool) licencePage {
	w, s := f.Words, k.State
	p := licencePage{
		Frame: f, Href: licenceHref(k.ID), Organization: k.OrganizationName, Product: k.Product.Name, Key: k.Key.String(),
		Devices: licenceHref(k.ID) + "/devices", Meaning: licences.Meaning(w, s), Stages: licences.Stages(w, k.Facts, k.Now), Includes: licences.Includes(w, s, k.Features),
	}
	p.Tone, p.Status = licences.Status(w, s)
	p.Facts = append(p.Facts, ui.Fact{Term: f.T("office.licence.until"), Text: licences.Until(w, s)})
	if s.Kind == license.Perpetual {
		_, _, updates := licences.Updates(w, s)
		p.Facts = append(p.Facts, ui.Fact{Term: f.T("licence.updates.title"), Text: updates})
	}
	if s.Policy != "" {
		p.Facts = append(p.Facts, ui.Fact{Term: f.T("office.licence.policy-fact"), Draw: linked(
			f.T("office.licence.policy-version", "policy", policyTitle(k.Policies, s.Policy), "version", s.PolicyVersion), versionHref(k.Product.ID, s.Policy, s.PolicyVersion),
		)})
	}
	p.Facts = append(p.Facts, ui.Fact{Term: f.T("office.licence.since"), Text: w.ShortDate(k.CreatedAt)})
	for _, one := range k.Keys {
		if !one.ReplacedAt.IsZero() {
			key := one.Key.String()
			p.Keys = append(p.Keys, line{Text: f.T("office.licence.key-replaced", "tail", key[strings.LastIndex(key, "-")+1:]), At: w.ShortDateTime(one.ReplacedAt)})
		}
	}
	if manages {
		for _, act := range actsOf(k) {
			p.Acts = append(p.Acts, licenceAct{act.icon, f.T("office.licence.act." + act.name), f.T("office.licence.act." + act.name + "-text"), p.Href + "/acts/" + act.name})
		}
		p.Acts = append(p.Acts, licenceAct{"server", f.T("office.licence.act.another"), f.T("office.licence.act.another-text"), p.Href + "/another"})
	}
	return p
}

func policyTitle(list []license.Policy, name string) string {
	for _, one := range list {
		if one.Name == name {
			return one.Title
		}
	}
	return name
}
