package portal

import (
	"strings"

	"vestibule/internal/organization"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// peoplePage lists the people of the organisation, and those who ask to join.
type peoplePage struct {
	*ui.Frame
	Company string
	People  organization.People
	Decides bool // whoever looks is an administrator
	Self    string
	Asked   []asked // by the helpdesk, of this administrator
	Done    string  // the words of what was decided just now, or ""
}

// asked is a colleague about whom the helpdesk asks.
type asked struct{ Name, Href string }

func (f *Face) people(c *web.Context) error {
	who := c.Who()
	p := peoplePage{Frame: c.Frame(), Company: who.Company, Decides: isAdministrator(who), Self: who.Account}
	var err error
	if p.People, err = f.Organizations.People(c.Context(), who.Organization); err != nil {
		return err
	}
	if p.Decides {
		list, err := f.Helpdesk.Vouchings(c.Context(), who.Account)
		if err != nil {
			return err
		}
		for _, v := range list {
			p.Asked = append(p.Asked, asked{v.Name, vouchHref(v.ID)})
		}
	}
	switch c.R.URL.Query().Get("done") {
	case "accepted":
		p.Done = c.T("portal.people.accepted")
	case "refused":
		p.Done = c.T("portal.people.refused")
	}
	if !p.Decides {
		p.People.Asking = nil
	}
	return c.Page(200, peopleView(p))
}

func (f *Face) accept(c *web.Context) error { return f.decide(c, true, "accepted") }
func (f *Face) refuse(c *web.Context) error { return f.decide(c, false, "refused") }

func (f *Face) decide(c *web.Context, accept bool, done string) error {
	if _, err := f.Organizations.DecideAs(c.Context(), c.Who().Account, c.R.PathValue("id"), accept); err != nil {
		return err
	}
	return c.SeeOther(peoplePath + "?done=" + done)
}

// dialled is a phone number as a link wants it.
func dialled(phone string) string { return strings.ReplaceAll(phone, " ", "") }
