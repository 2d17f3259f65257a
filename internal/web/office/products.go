package office

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/staff"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

const productsPath = "/office/products"

func productHref(id string) string { return productsPath + "/" + url.PathEscape(id) }

func managesProducts(c *web.Context) bool { return c.Who().Can(string(staff.ProductsManage)) }

// productForm is a product as it was typed.
type productForm struct {
	ID      string `form:"id,max=40"`
	Name    string `form:"name,max=200"`
	Summary string `form:"summary,max=600"`
	Prefix  string `form:"prefix,max=20"`
	Keys    string `form:"publisher_keys,max=4000"` // one a line
	Offered bool   `form:"offered"`
	Seen    string `form:"seen,max=40"` // when it was edited last, as the form knew it
}

// featureForm is a feature as it was typed, under names that the page's other form has not.
type featureForm struct {
	Code string `form:"feature_code,max=100"`
	Name string `form:"feature_name,max=200"`
}

func (in productForm) product(id string) license.Product {
	p := license.Product{ID: id, Name: in.Name, Summary: in.Summary, Prefix: in.Prefix, Offered: in.Offered, PublisherKeys: strings.Split(in.Keys, "\n")}
	if micros, err := strconv.ParseInt(in.Seen, 10, 64); err == nil && micros != 0 {
		p.EditedAt = time.UnixMicro(micros)
	}
	return p
}

func typedProduct(p license.Product) productForm {
	in := productForm{ID: p.ID, Name: p.Name, Summary: p.Summary, Prefix: p.Prefix, Keys: strings.Join(p.PublisherKeys, "\n"), Offered: p.Offered, Seen: "0"}
	if !p.EditedAt.IsZero() {
		in.Seen = strconv.FormatInt(p.EditedAt.UnixMicro(), 10)
	}
	return in
}

func (f *Face) products(c *web.Context) error {
	list, err := f.s.Licenses.Products(c.Context())
	if err != nil {
		return err
	}
	p := productsPage{Frame: c.Frame(), MayManage: managesProducts(c)}
	for _, one := range list {
		p.Rows = append(p.Rows, productRowOf(p.Frame, one))
	}
	return c.Page(http.StatusOK, productsView(p))
}

func productRowOf(f *ui.Frame, v license.ProductView) productRow {
	r := productRow{
		Href: productHref(v.ID), Name: v.Name, Summary: v.Summary, Prefix: v.Prefix, Tone: ui.Off, State: f.T("office.product.offered-no"),
		Features: f.Words.Number(int64(len(v.Features))), Keys: f.Words.Number(int64(len(v.PublisherKeys))), Licences: f.Words.Number(int64(v.Licenses)),
	}
	if v.Offered {
		r.Tone, r.State = ui.OK, f.T("office.product.offered-yes")
	}
	return r
}

func (f *Face) newProduct(c *web.Context) error {
	return f.showNewProduct(c, productForm{Offered: true}, nil)
}

func (f *Face) showNewProduct(c *web.Context, in productForm, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), productView(productPage{Frame: frame, Href: productsPath + "/new", Title: c.T("office.product.new-title"), New: true, MayManage: true, In: in}))
}

func (f *Face) createProduct(c *web.Context) error {
	var in productForm
	err := c.Form(&in)
	if err == nil {
		err = f.s.Licenses.CreateProduct(c.Context(), agent(c), in.product(in.ID))
	}
	if err != nil {
		return f.showNewProduct(c, in, err)
	}
	return c.SeeOther(productHref(in.ID) + "?done=created")
}

func (f *Face) product(c *web.Context) error { return f.showProduct(c, nil, featureForm{}, nil) }

// showProduct shows a product; in is nil where nothing was sent for it. Where somebody else was quicker, the form holds what
// there is now, and says so.
func (f *Face) showProduct(c *web.Context, in *productForm, feature featureForm, failed error) error {
	v, err := f.s.Licenses.Product(c.Context(), c.R.PathValue("id"))
	if err != nil {
		return err
	}
	status, changed := http.StatusOK, false
	if failed != nil && fault.From(failed).Kind == fault.Conflict {
		status, changed, failed, in = http.StatusConflict, true, nil, nil
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	p := productOf(frame, v, managesProducts(c))
	p.Feature = feature
	if c.Who().Can(string(staff.ReleasesView)) {
		p.Agreement = agreementHref(v.ID)
	}
	if in != nil {
		id, seen := p.In.ID, p.In.Seen
		p.In = *in
		p.In.ID = id
		if p.In.Seen == "" {
			p.In.Seen = seen
		}
	}
	if changed {
		p.Changed = c.T("office.product.changed", "when", c.Words.ShortDateTime(v.EditedAt))
	}
	if key := "office.product.done." + c.R.URL.Query().Get("done"); c.Words.Has(key) && status == http.StatusOK && frame.Status() == http.StatusOK {
		p.Done = c.T(key)
	}
	if frame.Status() != http.StatusOK {
		status = frame.Status()
	}
	c.Here(p.Href)
	frame.Path = p.Href
	return c.Page(status, productView(p))
}

// productOf makes the page of a product.
func productOf(f *ui.Frame, v license.ProductView, manages bool) productPage {
	p := productPage{Frame: f, Href: productHref(v.ID), Title: v.Name, MayManage: manages, In: typedProduct(v.Product), PrefixFixed: v.Licenses > 0}
	row := productRowOf(f, v)
	keys := strings.Join(v.PublisherKeys, ", ")
	if keys == "" {
		keys = f.T("office.product.keys-none")
	}
	p.Facts = []ui.Fact{
		{Term: f.T("office.product.summary"), Text: v.Summary}, {Term: f.T("office.product.prefix"), Text: v.Prefix},
		{Term: f.T("office.product.offered-col"), Text: row.State}, {Term: f.T("office.product.keys-col"), Text: keys},
	}
	for _, one := range v.Features {
		p.Features = append(p.Features, featureRow{one.Code, one.Name})
	}
	for _, one := range v.Policies {
		p.Policies = append(p.Policies, policyRowOf(f, one))
	}
	return p
}

func (f *Face) saveProduct(c *web.Context) error {
	var in productForm
	id := c.R.PathValue("id")
	err := c.Form(&in)
	if err == nil {
		err = f.s.Licenses.EditProduct(c.Context(), agent(c), in.product(id))
	}
	if err != nil {
		return f.showProduct(c, &in, featureForm{}, err)
	}
	return c.SeeOther(productHref(id) + "?done=saved")
}

func (f *Face) saveFeature(c *web.Context) error {
	var in featureForm
	id := c.R.PathValue("id")
	err := c.Form(&in)
	if err == nil {
		err = f.s.Licenses.PutFeature(c.Context(), agent(c), license.Feature{Product: id, Code: in.Code, Name: in.Name})
		err = onFields(err, map[string]string{"code": "feature_code", "name": "feature_name"})
	}
	if err != nil {
		return f.showProduct(c, nil, in, err)
	}
	return c.SeeOther(productHref(id) + "?done=feature")
}
