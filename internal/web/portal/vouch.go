package portal

import (
	"net/url"

	"github.com/a-h/templ"

	"vestibule/internal/helpdesk"
	"vestibule/internal/organization"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

func (f *Face) vouchRoutes() []web.Route {
	administrator := web.Member(string(organization.Administrator))
	return []web.Route{
		web.Row(administrator, "GET /portal/vouch/{id}", f.vouching),
		web.Row(administrator, "POST /portal/vouch/{id}", f.vouch),
	}
}

// vouchPage asks an administrator whether it is really a colleague who speaks to
// the helpdesk.
type vouchPage struct {
	*ui.Frame
	Action, Name, Until string
	Things              []string
	Facts               []ui.Fact
	Open                bool
	Thanks              string // the words of the answer that was given just now, or ""
}

func (f *Face) vouching(c *web.Context) error {
	v, err := f.Helpdesk.Vouching(c.Context(), token(c), c.R.PathValue("id"))
	if err != nil {
		return err
	}
	p := vouchPage{
		Frame: c.Frame(), Action: vouchHref(v.ID), Name: v.Name, Until: c.Words.DateTime(v.Until), Open: v.State == helpdesk.Asked,
		Facts: []ui.Fact{{Term: c.T("helpdesk.vouch.person"), Text: v.Email}, {Term: c.T("helpdesk.vouch.organization"), Text: v.Organization}},
	}
	for _, w := range v.Things.Words() {
		p.Things = append(p.Things, c.T("helpdesk.thing."+w))
	}
	switch done := c.R.URL.Query().Get("done"); {
	case done == "yes" && v.State == helpdesk.Waiting:
		p.Thanks = c.T("helpdesk.vouch.thanks-yes", "name", v.Name)
	case done == "no" && v.State == helpdesk.Refused:
		p.Thanks = c.T("helpdesk.vouch.thanks-no")
	}
	return c.Page(200, vouchView(p))
}

func vouchHref(id string) string { return helpdesk.VouchPath + url.PathEscape(id) }

// vouchForm is the answer; anything but the two is none.
type vouchForm struct {
	Answer string `form:"answer,max=10"`
}

func (f *Face) vouch(c *web.Context) error {
	id := c.R.PathValue("id")
	c.Here(vouchHref(id))
	var in vouchForm
	if err := c.Form(&in); err != nil {
		return err
	}
	if in.Answer != "yes" && in.Answer != "no" {
		return c.SeeOther(vouchHref(id))
	}
	if err := f.Helpdesk.Vouch(c.Context(), token(c), id, in.Answer == "yes"); err != nil {
		return err
	}
	return c.SeeOther(vouchHref(id) + "?done=" + in.Answer)
}

func vouchSamples() []web.Sample {
	page := func(f *ui.Frame) vouchPage {
		frameOf(f)
		return vouchPage{
			Frame: f, Action: "/portal/vouch/01", Name: "Marta Ellison", Until: f.Words.DateTime(began()), Open: true,
			Things: []string{f.T("helpdesk.thing.authenticator")},
			Facts:  []ui.Fact{{Term: f.T("helpdesk.vouch.person"), Text: "marta.ellison@harbourvale.example"}, {Term: f.T("helpdesk.vouch.organization"), Text: "Harbour Vale Council"}},
		}
	}
	return []web.Sample{
		{Name: "vouch", Draw: func(f *ui.Frame) templ.Component { return vouchView(page(f)) }},
		{Name: "vouch-done", Draw: func(f *ui.Frame) templ.Component {
			p := page(f)
			p.Open, p.Thanks = false, f.T("helpdesk.vouch.thanks-yes", "name", p.Name)
			return vouchView(p)
		}},
		{Name: "vouch-settled", Draw: func(f *ui.Frame) templ.Component {
			p := page(f)
			p.Open = false
			return vouchView(p)
		}},
	}
}
