package office

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/web"
	"vestibule/internal/web/licences"
	"vestibule/internal/web/ui"
)

const policiesPath = "/office/policies"

func policyHref(product, name string) string {
	return policiesPath + "/" + url.PathEscape(product) + "/" + url.PathEscape(name)
}

func versionHref(product, name string, version int) string {
	return policyHref(product, name) + "/versions/" + strconv.Itoa(version)
}

func (f *Face) policies(c *web.Context) error {
	list, err := f.s.Licenses.Products(c.Context())
	if err != nil {
		return err
	}
	p := policiesPage{Frame: c.Frame(), MayManage: managesProducts(c)}
	for _, v := range list {
		p.Groups = append(p.Groups, policyGroupOf(p.Frame, v))
	}
	return c.Page(http.StatusOK, policiesView(p))
}

func policyGroupOf(f *ui.Frame, v license.ProductView) policyGroup {
	g := policyGroup{ID: v.ID, Name: v.Name, NewHref: policiesPath + "/new?product=" + url.QueryEscape(v.ID)}
	for _, one := range v.Policies {
		g.Rows = append(g.Rows, policyRowOf(f, one))
	}
	return g
}

func policyRowOf(f *ui.Frame, p license.Policy) policyRow {
	return policyRow{
		Href: policyHref(p.Product, p.Name), Title: p.Title, Name: p.Name, Version: f.T("office.policy.version-n", "n", p.Version), Kind: f.T("office.policy.kinds." + string(p.Kind)),
		Term: termWords(f, p), Limits: f.T("office.policy.limits-n", "seats", limit(f, p.Seats), "devices", limit(f, p.Devices)), Retired: p.Retired,
	}
}

// termWords say how long a term of the policy is.
func termWords(f *ui.Frame, p license.Policy) string {
	if p.TermDays == 0 {
		return f.T("office.policy.no-end")
	}
	return f.Words.T("ui.days", "n", p.TermDays)
}

// most is a limit that stands alone.
func most(f *ui.Frame, n int) string {
	if n == 0 {
		return f.T("licence.includes.unlimited")
	}
	return limit(f, n)
}

// limit is a number of which zero means any.
func limit(f *ui.Frame, n int) string {
	if n == 0 {
		return f.T("office.policy.any")
	}
	return f.Words.Number(int64(n))
}

func (f *Face) policy(c *web.Context) error {
	product, err := f.s.Licenses.Product(c.Context(), c.R.PathValue("product"))
	if err != nil {
		return err
	}
	versions, err := f.s.Licenses.PolicyVersions(c.Context(), product.ID, c.R.PathValue("name"))
	if err != nil {
		return err
	}
	shown := 0
	if number := c.R.PathValue("version"); number != "" {
		shown = slices.IndexFunc(versions, func(p license.Policy) bool { return strconv.Itoa(p.Version) == number })
		if shown < 0 {
			return fault.New(fault.NotFound, "not-found")
		}
	}
	var ids []string
	for _, one := range versions {
		ids = append(ids, one.CreatedBy)
	}
	names, err := f.s.Desk.Names(c.Context(), ids)
	if err != nil {
		return err
	}
	p := policyOf(c.Frame(), product, versions, shown, names, managesProducts(c))
	if key := "office.policy.done." + c.R.URL.Query().Get("done"); c.Words.Has(key) {
		p.Done = c.T(key)
	}
	return c.Page(http.StatusOK, policyView(p))
}

// policyOf makes the page of one version.
func policyOf(f *ui.Frame, product license.ProductView, versions []license.Policy, shown int, names map[string]string, manages bool) policyPage {
	one := versions[shown]
	p := policyPage{
		Frame: f, Href: policyHref(product.ID, one.Name), Product: product.Name, Title: one.Title, Name: one.Name, Version: f.T("office.policy.version-n", "n", one.Version),
		Latest: shown == 0, Retired: versions[0].Retired, MayManage: manages, Number: strconv.Itoa(one.Version), Groups: policyFacts(f, one, product.Features),
	}
	p.LatestHref = p.Href
	for i, v := range versions {
		row := versionRow{Href: versionHref(product.ID, v.Name, v.Version), Current: i == shown, Text: f.T("office.policy.version-n", "n", v.Version), By: f.Words.ShortDate(v.CreatedAt)}
		if by := names[v.CreatedBy]; by != "" {
			row.By += ", " + by
		} else if v.CreatedBy == "" {
			row.By += ", " + f.T("office.policy.by-portal")
		}
		p.Versions = append(p.Versions, row)
	}
	return p
}

func policyFacts(f *ui.Frame, p license.Policy, features []license.Feature) []factGroup {
	w := f.Words
	fact := func(key, text string) ui.Fact { return ui.Fact{Term: f.T("office.policy." + key), Text: text} }
	start := f.T("office.policy.starts." + string(p.Start))
	if p.Start == license.AtFirstSignIn {
		start = f.T("office.policy.start-latest", "start", start, "days", w.T("ui.days", "n", p.StartWithin))
	}
	how := []ui.Fact{fact("kind", f.T("office.policy.kinds."+string(p.Kind))), fact("term", termWords(f, p)), fact("start", start), fact("grace-days", w.Number(int64(p.GraceDays)))}
	if p.Kind == license.ForPerpetual {
		maintenance := f.T("office.policy.no-end")
		if p.MaintenanceDays > 0 {
			maintenance = w.Number(int64(p.MaintenanceDays))
		}
		how = append(how, fact("maintenance-days", maintenance))
	}
	named := f.T("office.policy.features-none")
	if len(p.Features) > 0 {
		named = licences.Features(w, p.Features, features)
	}
	groups := []factGroup{
		{"long", f.T("office.policy.long"), how},
		{"much", f.T("office.policy.much"), []ui.Fact{
			fact("seats", most(f, p.Seats)), fact("devices", most(f, p.Devices)), fact("lease", w.Number(int64(p.LeaseMinutes))), fact("file", w.Number(int64(p.FileDays))),
			fact("channels", licences.Channels(w, p.Channels)), fact("features", named),
		}},
	}
	if p.Kind != license.ForEvaluation {
		return groups
	}
	capped := f.T("office.policy.not-capped")
	if p.Ladder.CapDays > 0 {
		capped = w.T("ui.days", "n", p.Ladder.CapDays)
	}
	return append(groups, factGroup{"ladder", f.T("office.policy.ladder"), []ui.Fact{
		fact("by-client", rung(f, p.Ladder.ClientTimes, p.Ladder.ClientDays)), fact("by-reseller", rung(f, p.Ladder.ResellerTimes, p.Ladder.ResellerDays)), fact("cap", capped),
	}})
}

func rung(f *ui.Frame, times, days int) string {
	if times == 0 || days == 0 {
		return f.T("office.policy.never")
	}
	return f.T("office.policy.ladder-n", "times", times, "days", f.Words.T("ui.days", "n", days))
}
