package portal

import (
	"mime"

	"vestibule/internal/fault"
	"vestibule/internal/release"
	"vestibule/internal/web"
)

// news turns the mails about new releases of a product on or off.
func (f *Face) news(c *web.Context) error {
	var in downloadsForm
	if err := c.Form(&in); err != nil {
		return err
	}
	if err := f.Download.SetNews(c.Context(), c.Who().Account, in.Product, in.On); err != nil {
		return err
	}
	in.Told = "off"
	if in.On {
		in.Told = "on"
	}
	return c.SeeOther(in.href())
}

// fetch leads to the file, or where the agreement has to be accepted first to its text.
func (f *Face) fetch(c *web.Context) error {
	id := c.R.PathValue("artifact")
	link, err := f.Download.Link(c.Context(), c.Who().Account, id)
	if err != nil {
		return err
	}
	if link.Agreement {
		return c.SeeOther(artifactHref(id) + "/agreement")
	}
	return c.SeeOther(link.Path)
}

// agreementForm is the answer to an agreement.
type agreementForm struct {
	Version string `form:"version,max=60"`
	Accept  bool   `form:"accept"`
	Decline bool   `form:"decline"`
}

func (f *Face) agreement(c *web.Context) error { return f.showAgreement(c, nil) }

func (f *Face) showAgreement(c *web.Context, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	id := c.R.PathValue("artifact")
	q, err := f.Download.Agreement(c.Context(), c.Who().Account, id, string(c.Lang))
	if err != nil {
		return err
	}
	if q.Accepted {
		return c.SeeOther(downloadsForm{Product: q.Product, Start: id}.href())
	}
	r, a, err := f.Download.Artifact(c.Context(), c.Who().Account, id)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), agreementView(agreementPage{
		Frame: frame, Product: r.ProductName, File: a.Name, Organization: c.Who().Company, Version: q.Version, Since: c.Words.Date(q.Since), Text: q.Text, TextLang: q.Lang,
		Newer: !q.Earlier.IsZero(), Back: downloadsForm{Product: q.Product, Channel: r.Channel}.href(), Action: artifactHref(id) + "/agreement",
	}))
}

// agree takes the answer. The file begins to come in with the page of the downloads, so that nobody is left on the question.
func (f *Face) agree(c *web.Context) error {
	id := c.R.PathValue("artifact")
	var in agreementForm
	if err := c.Form(&in); err != nil {
		return err
	}
	q, err := f.Download.Agreement(c.Context(), c.Who().Account, id, string(c.Lang))
	if err != nil {
		return err
	}
	r, _, err := f.Download.Artifact(c.Context(), c.Who().Account, id)
	if err != nil {
		return err
	}
	back := downloadsForm{Product: r.Product, Channel: r.Channel}
	if in.Decline {
		return c.SeeOther(back.href())
	}
	if !in.Accept {
		return f.showAgreement(c, fault.OnField("accept", "agreement-not-accepted"))
	}
	if err := f.Download.Accept(c.Context(), c.Who().Account, id, in.Version, q.Lang, c.Address); err != nil {
		return err
	}
	back.Start = id
	return c.SeeOther(back.href())
}

// signature is an artifact's signature as a file beside it.
func (f *Face) signature(c *web.Context) error {
	_, a, err := f.Download.Artifact(c.Context(), c.Who().Account, c.R.PathValue("artifact"))
	if err != nil {
		return err
	}
	if a.Signature == "" {
		return fault.New(fault.NotFound, "not-found")
	}
	return asFile(c, a.Name+".minisig", a.Signature)
}

// publisherKey is a public key as the file that minisign reads.
func (f *Face) publisherKey(c *web.Context) error {
	shelf, err := f.Download.Shelf(c.Context(), c.Who().Account, c.R.PathValue("product"), 0)
	if err != nil {
		return err
	}
	for _, key := range shelf.PublisherKeys {
		if id := release.PublisherKeyID(key); id != "" && id == c.R.PathValue("key") {
			return asFile(c, shelf.Product.ID+"-"+id+".pub", "untrusted comment: minisign public key "+id+"\n"+key+"\n")
		}
	}
	return fault.New(fault.NotFound, "not-found")
}

// asFile sends a short text to be kept as a file.
func asFile(c *web.Context, name, text string) error {
	c.W.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return c.Bytes(200, "text/plain; charset=utf-8", []byte(text))
}
