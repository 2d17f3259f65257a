package office

import (
	"net/http"
	"slices"
	"strconv"

	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// policyForm is a policy as it was typed.
type policyForm struct {
	Product         string   `form:"product,max=64"`
	Name            string   `form:"name,max=100"`
	Title           string   `form:"title,max=200"`
	Kind            string   `form:"kind,max=20"`
	TermDays        string   `form:"term_days,max=10"`
	Start           string   `form:"start,max=20"`
	StartWithin     string   `form:"start_within,max=10"`
	GraceDays       string   `form:"grace_days,max=10"`
	MaintenanceDays string   `form:"maintenance_days,max=10"`
	Seats           string   `form:"seats,max=10"`
	Devices         string   `form:"devices,max=10"`
	LeaseMinutes    string   `form:"lease_minutes,max=10"`
	FileDays        string   `form:"file_days,max=10"`
	Channels        []string `form:"channels,max=20"`
	Features        []string `form:"features,max=40"`
	ClientDays      string   `form:"client_days,max=10"`
	ClientTimes     string   `form:"client_times,max=10"`
	ResellerDays    string   `form:"reseller_days,max=10"`
	ResellerTimes   string   `form:"reseller_times,max=10"`
	CapDays         string   `form:"cap_days,max=10"`
	Seen            string   `form:"seen,max=10"` // the version that the form was filled from
}

// policy reads what was typed. What is no number is told at its field.
func (in policyForm) policy() (license.Policy, error) {
	var wrong fault.Form
	p := license.Policy{
		Product: in.Product, Name: in.Name, Title: in.Title, Kind: license.PolicyKind(in.Kind), Start: license.Basis(in.Start), Channels: in.Channels, Features: in.Features,
	}
	for _, n := range []struct {
		field, typed string
		into         *int
	}{
		{"term_days", in.TermDays, &p.TermDays}, {"grace_days", in.GraceDays, &p.GraceDays}, {"maintenance_days", in.MaintenanceDays, &p.MaintenanceDays},
		{"start_within", in.StartWithin, &p.StartWithin}, {"seats", in.Seats, &p.Seats}, {"devices", in.Devices, &p.Devices},
		{"lease_minutes", in.LeaseMinutes, &p.LeaseMinutes}, {"file_days", in.FileDays, &p.FileDays},
		{"client_days", in.ClientDays, &p.Ladder.ClientDays}, {"client_times", in.ClientTimes, &p.Ladder.ClientTimes},
		{"reseller_days", in.ResellerDays, &p.Ladder.ResellerDays}, {"reseller_times", in.ResellerTimes, &p.Ladder.ResellerTimes}, {"cap_days", in.CapDays, &p.Ladder.CapDays},
	} {
		*n.into = whole(&wrong, n.field, n.typed)
	}
	p.Version, _ = strconv.Atoi(in.Seen)
	return p, wrong.Err()
}

func typedPolicy(p license.Policy) policyForm {
	return policyForm{
		Product: p.Product, Name: p.Name, Title: p.Title, Kind: string(p.Kind), TermDays: strconv.Itoa(p.TermDays), Start: string(p.Start), StartWithin: strconv.Itoa(p.StartWithin),
		GraceDays: strconv.Itoa(p.GraceDays), MaintenanceDays: strconv.Itoa(p.MaintenanceDays), Seats: strconv.Itoa(p.Seats), Devices: strconv.Itoa(p.Devices),
		LeaseMinutes: strconv.Itoa(p.LeaseMinutes), FileDays: strconv.Itoa(p.FileDays), Channels: p.Channels, Features: p.Features,
		ClientDays: strconv.Itoa(p.Ladder.ClientDays), ClientTimes: strconv.Itoa(p.Ladder.ClientTimes),
		ResellerDays: strconv.Itoa(p.Ladder.ResellerDays), ResellerTimes: strconv.Itoa(p.Ladder.ResellerTimes), CapDays: strconv.Itoa(p.Ladder.CapDays),
		Seen: strconv.Itoa(p.Version),
	}
}

// chosenProduct names the product of a policy that is to be made.
type chosenProduct struct {
	Product string `form:"product,max=64"`
}

func (f *Face) newPolicy(c *web.Context) error {
	var in chosenProduct
	if err := c.Form(&in); err != nil {
		return err
	}
	start := license.Policy{
		Product: in.Product, Kind: license.ForSubscription, TermDays: 365, Start: license.AtGrant, Channels: []string{license.Stable},
		LeaseMinutes: license.DefaultLeaseMinutes, FileDays: license.DefaultFileDays,
	}
	return f.showNewPolicy(c, typedPolicy(start), nil)
}

func (f *Face) showNewPolicy(c *web.Context, in policyForm, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	product, err := f.s.Licenses.Product(c.Context(), in.Product)
	if err != nil {
		return err
	}
	p := policyFormOf(frame, product, in)
	p.New, p.Action, p.Back, p.BackText, p.Title = true, policiesPath+"/new", policiesPath, c.T("office.policy.title"), c.T("office.policy.new-title")
	c.Here(p.Action + "?product=" + in.Product)
	frame.Path = p.Action + "?product=" + product.ID
	return c.Page(frame.Status(), policyFormView(p))
}

func (f *Face) createPolicy(c *web.Context) error {
	var in policyForm
	err := c.Form(&in)
	if err == nil {
		var p license.Policy
		if p, err = in.policy(); err == nil {
			p.Version = 0
			_, err = f.s.Licenses.PutPolicy(c.Context(), agent(c), p)
		}
	}
	if err != nil {
		return f.showNewPolicy(c, in, err)
	}
	return c.SeeOther(policyHref(in.Product, in.Name) + "?done=created")
}

// latestPolicy is the latest version of the policy that the address names.
func (f *Face) latestPolicy(c *web.Context) (license.ProductView, license.Policy, error) {
	product, err := f.s.Licenses.Product(c.Context(), c.R.PathValue("product"))
	if err != nil {
		return product, license.Policy{}, err
	}
	versions, err := f.s.Licenses.PolicyVersions(c.Context(), product.ID, c.R.PathValue("name"))
	if err != nil {
		return product, license.Policy{}, err
	}
	return product, versions[0], nil
}

func (f *Face) editPolicy(c *web.Context) error { return f.showPolicyForm(c, nil, nil) }

// showPolicyForm shows the form of a next version; in is nil where nothing was sent yet. Where somebody else made a version
// meanwhile, it says so and keeps what was typed, to be sent on top of that one.
func (f *Face) showPolicyForm(c *web.Context, in *policyForm, failed error) error {
	product, latest, err := f.latestPolicy(c)
	if err != nil {
		return err
	}
	status, newer := http.StatusOK, ""
	if failed != nil && fault.From(failed).Kind == fault.Conflict {
		names, err := f.s.Desk.Names(c.Context(), []string{latest.CreatedBy})
		if err != nil {
			return err
		}
		status, failed = http.StatusConflict, nil
		newer = c.T("office.policy.newer", "version", latest.Version, "by", names[latest.CreatedBy], "when", c.Words.ShortDateTime(latest.CreatedAt))
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	form := typedPolicy(latest)
	if in != nil {
		form = *in
		if newer != "" {
			form.Seen = strconv.Itoa(latest.Version)
		}
	}
	p := policyFormOf(frame, product, form)
	p.Back, p.BackText, p.Title, p.Newer = policyHref(product.ID, latest.Name), latest.Title, c.T("office.policy.edit-title", "title", latest.Title), newer
	p.Action = p.Back + "/edit"
	if frame.Status() != http.StatusOK {
		status = frame.Status()
	}
	return c.Page(status, policyFormView(p))
}

func (f *Face) savePolicy(c *web.Context) error {
	var in policyForm
	err := c.Form(&in)
	in.Product, in.Name = c.R.PathValue("product"), c.R.PathValue("name")
	if err == nil {
		var p license.Policy
		if p, err = in.policy(); err == nil {
			_, err = f.s.Licenses.PutPolicy(c.Context(), agent(c), p)
		}
	}
	if err != nil {
		return f.showPolicyForm(c, &in, err)
	}
	return c.SeeOther(policyHref(in.Product, in.Name) + "?done=saved")
}

// retireForm retires a policy, or brings it back.
type retireForm struct {
	Seen    string `form:"seen,max=10"`
	Retired bool   `form:"retired"`
}

func (f *Face) retirePolicy(c *web.Context) error {
	var in retireForm
	if err := c.Form(&in); err != nil {
		return err
	}
	_, latest, err := f.latestPolicy(c)
	if err != nil {
		return err
	}
	if latest.Version, err = strconv.Atoi(in.Seen); err != nil {
		return fault.New(fault.Conflict, "changed")
	}
	latest.Retired = in.Retired
	if _, err := f.s.Licenses.PutPolicy(c.Context(), agent(c), latest); err != nil {
		return err
	}
	done := "back"
	if in.Retired {
		done = "retired"
	}
	return c.SeeOther(policyHref(latest.Product, latest.Name) + "?done=" + done)
}

// policyFormOf makes the form of a policy, filled with what was typed.
func policyFormOf(f *ui.Frame, product license.ProductView, in policyForm) policyFormPage {
	p := policyFormPage{Frame: f, Product: product.Name, In: in}
	for _, one := range license.PolicyKinds() {
		p.Kinds = append(p.Kinds, ui.Option{Value: string(one), Label: f.T("office.policy.kinds." + string(one))})
	}
	for _, one := range []license.Basis{license.AtFirstSignIn, license.AtGrant, license.AtDate} {
		p.Starts = append(p.Starts, ui.Option{Value: string(one), Label: f.T("office.policy.starts." + string(one))})
	}
	for _, one := range license.Channels() {
		p.Channels = append(p.Channels, choice{Value: one, Label: f.T("licence.channel." + one), On: slices.Contains(in.Channels, one)})
	}
	for _, one := range product.Features {
		p.Features = append(p.Features, choice{Value: one.Code, Label: one.Name, Hint: one.Code, On: slices.Contains(in.Features, one.Code)})
	}
	return p
}
