package office

import (
	"github.com/a-h/templ"

	"vestibule/internal/license"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// offerSamples are the pages of products and policies.
func offerSamples() []web.Sample {
	at := func(f *ui.Frame) *ui.Frame { return desked(f, seat(productsPath)) }
	policies := func(f *ui.Frame) *ui.Frame { return desked(f, seat(policiesPath)) }
	return []web.Sample{
		{Name: "office-products", Draw: func(f *ui.Frame) templ.Component {
			other := license.ProductView{Product: license.Product{ID: "rooms", Name: "Room Panels", Prefix: "NWR"}}
			f = at(f)
			return productsView(productsPage{Frame: f, MayManage: true, Rows: []productRow{productRowOf(f, sampleProduct()), productRowOf(f, other)}})
		}},
		{Name: "office-products-empty", Draw: func(f *ui.Frame) templ.Component { return productsView(productsPage{Frame: at(f)}) }},
		{Name: "office-product", Draw: func(f *ui.Frame) templ.Component {
			p := productOf(at(f), sampleProduct(), true)
			p.Agreement = agreementHref(p.In.ID)
			p.Done = f.T("office.product.done.saved")
			return productView(p)
		}},
		{Name: "office-product-look", Draw: func(f *ui.Frame) templ.Component { return productView(productOf(at(f), sampleProduct(), false)) }},
		{Name: "office-product-changed", Draw: func(f *ui.Frame) templ.Component {
			v := sampleProduct()
			v.Licenses, v.Features, v.Policies = 0, nil, nil
			p := productOf(at(f), v, true)
			p.Changed = f.T("office.product.changed", "when", "4 June 2026, 08:00")
			return productView(p)
		}},
		{Name: "office-product-new", Draw: func(f *ui.Frame) templ.Component {
			f = at(f)
			return productView(productPage{Frame: f, Href: productsPath + "/new", Title: f.T("office.product.new-title"), New: true, MayManage: true, In: productForm{Offered: true}})
		}},
		{Name: "office-product-errors", Draw: func(f *ui.Frame) templ.Component {
			f = at(f)
			f.Errors = ui.Errors{
				{Field: "name", Text: f.T("fault.name-needed")}, {Field: "prefix", Text: f.T("fault.prefix-invalid")},
				{Field: "publisher_keys", Text: f.T("fault.publisher-key-invalid")}, {Field: "feature_code", Text: f.T("fault.code-invalid")},
			}
			v := sampleProduct()
			v.Licenses = 0
			p := productOf(f, v, true)
			p.In.Name, p.In.Prefix, p.In.Keys, p.Feature.Code = "", "9x", "untrusted", "Recording!"
			return productView(p)
		}},
		{Name: "office-policies", Draw: func(f *ui.Frame) templ.Component {
			f = policies(f)
			other := license.ProductView{Product: license.Product{ID: "rooms", Name: "Room Panels"}}
			return policiesView(policiesPage{Frame: f, MayManage: true, Groups: []policyGroup{policyGroupOf(f, sampleProduct()), policyGroupOf(f, other)}})
		}},
		{Name: "office-policies-empty", Draw: func(f *ui.Frame) templ.Component { return policiesView(policiesPage{Frame: policies(f)}) }},
		{Name: "office-policy", Draw: func(f *ui.Frame) templ.Component {
			return policyView(policyOf(policies(f), sampleProduct(), sampleVersions(), 0, map[string]string{"s": "Ines Duarte"}, true))
		}},
		{Name: "office-policy-older", Draw: func(f *ui.Frame) templ.Component {
			return policyView(policyOf(policies(f), sampleProduct(), sampleVersions(), 1, map[string]string{"s": "Ines Duarte"}, true))
		}},
		{Name: "office-policy-retired", Draw: func(f *ui.Frame) templ.Component {
			one := sampleProduct().Policies[2]
			one.Retired = true
			p := policyOf(policies(f), sampleProduct(), []license.Policy{one}, 0, nil, true)
			p.Done = f.T("office.policy.done.retired")
			return policyView(p)
		}},
		{Name: "office-policy-new", Draw: func(f *ui.Frame) templ.Component {
			p := policyFormOf(policies(f), sampleProduct(), typedPolicy(license.Policy{Product: "gwma", Kind: license.ForSubscription, TermDays: 365, Start: license.AtGrant, Channels: []string{license.Stable}, LeaseMinutes: 60, FileDays: 30}))
			p.New, p.Action, p.Back, p.BackText, p.Title = true, policiesPath+"/new", policiesPath, f.T("office.policy.title"), f.T("office.policy.new-title")
			return policyFormView(p)
		}},
		{Name: "office-policy-edit-errors", Draw: func(f *ui.Frame) templ.Component {
			f = policies(f)
			f.Errors = ui.Errors{
				{Field: "title", Text: f.T("fault.name-needed")}, {Field: "term_days", Text: f.T("fault.number-needed")},
				{Field: "lease_minutes", Text: f.T("fault.number-range", "min", "5", "max", "44640")}, {Field: "channels", Text: f.T("fault.choose-one")},
			}
			return policyFormView(sampleEdit(f))
		}},
		{Name: "office-policy-newer", Draw: func(f *ui.Frame) templ.Component {
			p := sampleEdit(policies(f))
			p.Newer = f.T("office.policy.newer", "version", 3, "by", "Tom Becker", "when", "16 June 2026, 08:00")
			return policyFormView(p)
		}},
	}
}

func sampleVersions() []license.Policy {
	first := sampleProduct().Policies[0]
	latest := first
	first.Version, first.CreatedAt = 1, granted().AddDate(0, -3, 0)
	latest.Seats, latest.CreatedBy = 500, "s"
	return []license.Policy{latest, first}
}

func sampleEdit(f *ui.Frame) policyFormPage {
	v := sampleProduct()
	v.Features = nil
	in := typedPolicy(v.Policies[0])
	in.Title, in.TermDays, in.LeaseMinutes, in.Channels = "", "thirty", "1", nil
	p := policyFormOf(f, v, in)
	p.Back, p.BackText, p.Title = policyHref("gwma", "evaluation"), "Evaluation", f.T("office.policy.edit-title", "title", "Evaluation")
	p.Action = p.Back + "/edit"
	return p
}
