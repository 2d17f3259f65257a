package office

import (
	"vestibule/internal/fault"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// anotherForm names another product for an organisation that has a licence.
type anotherForm struct {
	Product string `form:"product,max=64"`
}

func (f *Face) anotherForm(c *web.Context) error { return f.showAnother(c, anotherForm{}, nil) }

func (f *Face) showAnother(c *web.Context, in anotherForm, failed error) error {
	k, err := f.s.Licenses.Case(c.Context(), c.R.PathValue("id"))
	if err != nil {
		return err
	}
	list, err := f.s.Licenses.Products(c.Context())
	if err != nil {
		return err
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	p := anotherPage{Frame: frame, Back: licenceHref(k.ID), Organization: k.OrganizationName, Chosen: in.Product}
	for _, one := range list {
		if one.ID != k.Product.ID {
			p.Products = append(p.Products, ui.Option{Value: one.ID, Label: one.Name})
		}
	}
	return c.Page(frame.Status(), anotherView(p))
}

// another makes the organisation's licence for a product, or finds it, and leads to the form that grants a term on it.
func (f *Face) another(c *web.Context) error {
	var in anotherForm
	err := c.Form(&in)
	if err == nil && in.Product == "" {
		err = fault.OnField("product", "product-needed")
	}
	if err != nil {
		return f.showAnother(c, in, err)
	}
	k, err := f.s.Licenses.Case(c.Context(), c.R.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := f.s.Licenses.Product(c.Context(), in.Product); err != nil {
		if fault.Is(err, fault.NotFound) {
			return f.showAnother(c, in, fault.OnField("product", "product-needed"))
		}
		return err
	}
	id, err := f.s.Licenses.License(c.Context(), agent(c), k.Organization, in.Product)
	if err != nil {
		return err
	}
	return c.SeeOther(licenceHref(id) + "/acts/grant")
}
