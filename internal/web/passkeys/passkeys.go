// Package passkeys is the pages of one's own passkeys: a list, a page to add one, a page to change one. They are the same in the
// portal and in the back office; a face says where they stand, whose sessions they serve, and what frames them.
package passkeys

import (
	"github.com/a-h/templ"

	"vestibule/internal/account"
	"vestibule/internal/credential"
	"vestibule/internal/fault"
	"vestibule/internal/session"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// Pages are the pages in one face.
type Pages struct {
	Service *credential.Passkeys
	Kind    session.Kind
	Access  web.Access
	Path    string
	// Frame draws a page around its body; back is the list's path, or "" on the list itself.
	Frame func(f *ui.Frame, title, lead, back string, body templ.Component) templ.Component
}

// Routes are the table of the pages.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		web.Row(p.Access, "GET "+p.Path, p.list),
		web.Row(p.Access, "GET "+p.Path+"/add", p.add),
		web.Row(p.Access, "POST "+p.Path+"/ask", p.ask),
		web.Row(p.Access, "POST "+p.Path+"/add", p.added),
		web.Row(p.Access, "GET "+p.Path+"/{id}", p.one),
		web.Row(p.Access, "POST "+p.Path+"/{id}/name", p.rename),
		web.Row(p.Access, "POST "+p.Path+"/{id}/remove", p.remove),
	}
}

func (p *Pages) token(c *web.Context) session.Token {
	if p.Kind == session.Staff {
		return session.Token(c.Cookie(web.StaffCookie))
	}
	return session.Token(c.Cookie(web.ClientCookie))
}

// listPage is what there is.
type listPage struct {
	*ui.Frame
	Path    string
	Keys    []account.Passkey
	Offered bool   // one can be added here
	Done    string // words of what was done just now, or ""
}

func (p *Pages) list(c *web.Context) error {
	keys, err := p.Service.List(c.Context(), p.Kind, p.token(c))
	if err != nil {
		return err
	}
	page := listPage{Frame: c.Frame(), Path: p.Path, Keys: keys, Offered: p.Service.Offered()}
	if key := "passkey.done-" + c.R.URL.Query().Get("done"); c.Words.Has(key) {
		page.Done = c.T(key)
	}
	return c.Page(200, p.drawList(page))
}

func (p *Pages) drawList(page listPage) templ.Component {
	return p.Frame(page.Frame, page.T("passkey.title"), page.T("passkey.lead"), "", listView(page))
}

// addPage asks for a name, and the browser for a passkey.
type addPage struct {
	*ui.Frame
	Path string
	Name string
}

// add asks for a fresh sign-in before it shows anything: nobody makes a passkey in vain.
func (p *Pages) add(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	if !p.Service.Offered() {
		return fault.New(fault.NotFound, "passkey-unoffered")
	}
	keys, err := p.Service.List(c.Context(), p.Kind, p.token(c))
	if err != nil {
		return err
	}
	return p.addAgain(c, c.T("passkey.name-first", "n", len(keys)+1), nil)
}

func (p *Pages) addAgain(c *web.Context, name string, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), p.drawAdd(addPage{Frame: frame, Path: p.Path, Name: name}))
}

func (p *Pages) drawAdd(page addPage) templ.Component {
	return p.Frame(page.Frame, page.T("passkey.add-title"), page.T("passkey.add-lead"), p.Path, addView(page))
}

// ask answers the page's script with what the browser is to be asked.
func (p *Pages) ask(c *web.Context) error {
	options, err := p.Service.BeginAdd(c.Context(), p.Kind, p.token(c))
	if err != nil {
		return err
	}
	return c.Bytes(200, "application/json", options)
}

func (p *Pages) added(c *web.Context) error {
	var in struct {
		Name   string `form:"name,max=200"`
		Answer string `form:"passkey,raw,max=16384"`
	}
	err := c.Form(&in)
	if err == nil && in.Answer == "" && in.Name != "" {
		err = fault.OnField("passkey", "passkey-script")
	}
	if err == nil {
		err = p.Service.Add(c.Context(), p.Kind, p.token(c), in.Name, []byte(in.Answer))
	}
	if fault.Is(err, fault.Invalid) {
		return p.addAgain(c, in.Name, err)
	}
	return p.then(c, err, p.Path+"/add", p.Path+"?done=added")
}

// then goes on, or to where a sign-in that is too old is asked for again.
func (p *Pages) then(c *web.Context, err error, here, path string) error {
	if fault.Code(err, "sign-in-again") {
		return c.SeeOther(here)
	}
	if err != nil {
		return err
	}
	return c.SeeOther(path)
}

// onePage is where one of them is renamed and removed.
type onePage struct {
	*ui.Frame
	Path string
	Key  account.Passkey
	Name string // as it was typed
}

func (p *Pages) one(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	return p.oneAgain(c, nil, nil)
}

func (p *Pages) oneAgain(c *web.Context, typed *string, failed error) error {
	key, err := p.Service.Get(c.Context(), p.Kind, p.token(c), c.R.PathValue("id"))
	if err != nil {
		return err
	}
	c.Here(p.Path + "/" + key.ID)
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	page := onePage{Frame: frame, Path: p.Path, Key: key, Name: key.Name}
	if typed != nil {
		page.Name = *typed
	}
	return c.Page(frame.Status(), p.drawOne(page))
}

func (p *Pages) drawOne(page onePage) templ.Component {
	return p.Frame(page.Frame, page.Key.Name, facts(page.Frame, page.Key), p.Path, oneView(page))
}

func (p *Pages) rename(c *web.Context) error {
	var in struct {
		Name string `form:"name,max=200"`
	}
	err := c.Form(&in)
	id := c.R.PathValue("id")
	if err == nil {
		err = p.Service.Rename(c.Context(), p.Kind, p.token(c), id, in.Name)
	}
	if fault.Is(err, fault.Invalid) {
		return p.oneAgain(c, &in.Name, err)
	}
	return p.then(c, err, p.Path+"/"+id, p.Path+"?done=renamed")
}

func (p *Pages) remove(c *web.Context) error {
	id := c.R.PathValue("id")
	err := p.Service.Remove(c.Context(), p.Kind, p.token(c), id)
	return p.then(c, err, p.Path+"/"+id, p.Path+"?done=removed")
}

// facts are what is told of a passkey beside its name.
func facts(f *ui.Frame, k account.Passkey) string {
	if k.UsedAt.IsZero() {
		return f.T("passkey.unused", "added", f.Words.ShortDate(k.CreatedAt))
	}
	return f.T("passkey.used", "added", f.Words.ShortDate(k.CreatedAt), "used", f.Words.ShortDateTime(k.UsedAt))
}
