package portal

import (
	"vestibule/internal/account"
	"vestibule/internal/selfservice"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

type detailsForm struct {
	First        string `form:"first,max=400"`
	Last         string `form:"last,max=400"`
	Organization string `form:"organization,max=800"`
	Country      string `form:"country,max=2"`
	Lang         string `form:"lang,max=5"`
}

// detailsPage is what a person tells about itself.
type detailsPage struct {
	*ui.Frame
	In        detailsForm
	UserID    string
	Company   string // of which it is a member, or ""
	Countries []ui.Option
}

func (f *Face) details(c *web.Context) error {
	p, err := f.Self.Profile(c.Context(), token(c))
	if err != nil {
		return err
	}
	a := p.Account
	return f.detailsAgain(c, p, detailsForm{First: a.FirstName, Last: a.LastName, Organization: a.Organization, Country: a.Country, Lang: a.Lang}, nil)
}

func (f *Face) detailsAgain(c *web.Context, p selfservice.Profile, in detailsForm, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), detailsView(detailsPage{
		Frame: frame, In: in, UserID: p.Account.UserID, Company: p.Company, Countries: countryOptions(c.Lang),
	}))
}

func countryOptions(lang text.Lang) (all []ui.Option) {
	for _, one := range account.Countries(string(lang)) {
		all = append(all, ui.Option{Value: one.Code, Label: one.Name})
	}
	return all
}

func languageOptions() (all []ui.Option) {
	for _, lang := range text.Languages() {
		all = append(all, ui.Option{Value: string(lang), Label: lang.Name()})
	}
	return all
}

func (f *Face) detailsChange(c *web.Context) error {
	var in detailsForm
	err := c.Form(&in)
	if err == nil {
		err = f.Self.SetDetails(c.Context(), token(c), selfservice.Details{
			FirstName: in.First, LastName: in.Last, Organization: in.Organization, Country: in.Country, Lang: text.Lang(in.Lang),
		})
	}
	if err != nil {
		p, profileErr := f.Self.Profile(c.Context(), token(c))
		if profileErr != nil {
			return profileErr
		}
		return f.detailsAgain(c, p, in, err)
	}
	// The pages follow, in this browser.
	return c.SeeOther(accountPath + "?done=details&lang=" + in.Lang)
}
