package portal

import (
	"vestibule/internal/account"
	"vestibule/internal/fault"
	"vestibule/internal/selfservice"
	"vestibule/internal/session"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// emailPage asks for another address, or for the code that was sent there.
type emailPage struct {
	*ui.Frame
	Now       string
	Confirmed bool
	New       *selfservice.Waiting
	Typed     string
	Earlier   []account.EarlierEmail
}

func (f *Face) email(c *web.Context) error { return f.emailAgain(c, "", nil) }

func (f *Face) emailAgain(c *web.Context, typed string, failed error) error {
	p, err := f.Self.Profile(c.Context(), token(c))
	if err != nil {
		return err
	}
	c.Here(emailPath)
	if p.NewEmail == nil && failed == nil {
		if err := c.Fresh(); err != nil {
			return err
		}
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), emailView(emailPage{
		Frame: frame, Now: p.Account.Email, Confirmed: p.Account.EmailConfirmed(), New: p.NewEmail, Typed: typed, Earlier: p.Earlier,
	}))
}

func (f *Face) emailChange(c *web.Context) error {
	var in struct {
		Email string `form:"email,max=1100"`
	}
	c.Here(emailPath)
	err := c.Form(&in)
	if err == nil {
		err = f.Self.ChangeEmail(c.Context(), token(c), in.Email)
	}
	if err != nil {
		return f.emailAgain(c, in.Email, err)
	}
	return c.SeeOther(emailPath)
}

type emailCodeForm struct {
	Code string `form:"email-code,max=40"`
}

func (f *Face) emailCode(c *web.Context) error {
	var in emailCodeForm
	c.Here(emailPath)
	err := c.Form(&in)
	fresh := token(c)
	if err == nil {
		fresh, err = f.Self.VerifyEmail(c.Context(), fresh, in.Code)
	}
	return f.emailDone(c, fresh, err)
}

// emailDone goes on after an address was proved, or failed to be.
func (f *Face) emailDone(c *web.Context, fresh session.Token, err error) error {
	switch {
	case fault.Code(err, "email-taken"): // while the mail was on its way; who proved it may know
		return f.emailAgain(c, "", fault.OnField("email", "email-taken"))
	case fault.Code(err, "flow-gone"), fault.Is(err, fault.Conflict): // another tab went on
		return c.SeeOther(emailPath)
	case err != nil:
		return f.emailAgain(c, "", err)
	}
	return changed(c, fresh, "email")
}

func (f *Face) emailResend(c *web.Context) error {
	c.Here(emailPath)
	return f.again(c, f.Self.ResendEmail(c.Context(), token(c)), emailPath, f.emailAgain)
}

func (f *Face) emailCancel(c *web.Context) error {
	return f.again(c, f.Self.CancelEmail(c.Context(), token(c)), accountPath, f.emailAgain)
}

// again leads to path, or shows what is wrong; what is under way no more is no failure.
func (f *Face) again(c *web.Context, err error, path string, show func(*web.Context, string, error) error) error {
	switch {
	case fault.Is(err, fault.Gone), fault.Is(err, fault.Conflict):
		return c.SeeOther(path)
	case err != nil:
		return show(c, "", err)
	}
	return c.SeeOther(path)
}

// linkPage is what a mailed link leads to: a button, since mail scanners open every link.
type linkPage struct {
	*ui.Frame
	Title, Lead string
	Facts       []ui.Fact
	Action, Go  string
	Note        string
	Next, Way   string // once it is done: where to, and its words
}

func (f *Face) emailLink(c *web.Context) error {
	address, err := f.Self.EmailLink(c.Context(), token(c), c.R.PathValue("token"))
	if err != nil {
		return err
	}
	return c.Page(200, linkInAccount(linkPage{
		Frame: c.Frame(), Title: c.T("selfservice.email.link-title"), Lead: c.T("selfservice.email.link-lead", "user_id", c.Who().UserID),
		Facts:  []ui.Fact{{Term: c.T("selfservice.email.new"), Text: address}},
		Action: c.R.URL.Path, Go: c.T("selfservice.email.link-go"), Note: c.T("selfservice.email.after"),
	}))
}

func (f *Face) emailConfirm(c *web.Context) error {
	fresh, err := f.Self.UseEmailLink(c.Context(), token(c), c.R.PathValue("token"))
	if fault.Is(err, fault.Gone) {
		return err
	}
	return f.emailDone(c, fresh, err)
}

// mobilePage asks for another number, or for the code that was sent there.
type mobilePage struct {
	*ui.Frame
	Now       string // masked, or ""
	Verified  bool
	New       *selfservice.Waiting
	To        string // masked
	Country   string
	Typed     string
	Countries []ui.Option
	Keep      bool // it cannot be removed
}

type mobileForm struct {
	Country string `form:"mobile-country,max=2"`
	Number  string `form:"mobile,max=80"`
}

func (f *Face) mobile(c *web.Context) error { return f.mobileAgain(c, mobileForm{}, nil) }

func (f *Face) mobileAgain(c *web.Context, in mobileForm, failed error) error {
	p, err := f.Self.Profile(c.Context(), token(c))
	if err != nil {
		return err
	}
	c.Here(mobilePath)
	if p.NewMobile == nil && failed == nil {
		if err := c.Fresh(); err != nil {
			return err
		}
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	page := mobilePage{
		Frame: frame, Verified: p.Account.MobileVerified(), New: p.NewMobile, Country: in.Country, Typed: in.Number,
		Countries: dialOptions(c.Lang), Keep: p.KeepMobile,
	}
	if p.Account.Mobile != "" {
		page.Now = account.MaskMobile(p.Account.Mobile)
	}
	if p.NewMobile != nil {
		page.To = account.MaskMobile(p.NewMobile.Destination)
	}
	if page.Country == "" {
		page.Country = p.Account.Country
		if of := account.MobileCountry(p.Account.Mobile); of != "" {
			page.Country = of
		}
	}
	return c.Page(frame.Status(), mobileView(page))
}

func dialOptions(lang text.Lang) (all []ui.Option) {
	for _, one := range account.Countries(string(lang)) {
		all = append(all, ui.Option{Value: one.Code, Label: one.Code + " " + one.Dial})
	}
	return all
}

func (f *Face) mobileChange(c *web.Context) error {
	var in mobileForm
	c.Here(mobilePath)
	err := c.Form(&in)
	if err == nil {
		err = f.Self.ChangeMobile(c.Context(), token(c), in.Country, in.Number)
	}
	if err != nil {
		return f.mobileAgain(c, in, err)
	}
	return c.SeeOther(mobilePath)
}

func (f *Face) mobileCode(c *web.Context) error {
	var in struct {
		Code string `form:"code,max=40"`
	}
	c.Here(mobilePath)
	err := c.Form(&in)
	fresh := token(c)
	if err == nil {
		fresh, err = f.Self.VerifyMobile(c.Context(), fresh, in.Code)
	}
	switch {
	case fault.Is(err, fault.Gone), fault.Is(err, fault.Conflict): // another tab went on
		return c.SeeOther(mobilePath)
	case err != nil:
		return f.mobileAgain(c, mobileForm{}, err)
	}
	return changed(c, fresh, "mobile")
}

func (f *Face) mobileResend(c *web.Context) error {
	c.Here(mobilePath)
	return f.again(c, f.Self.ResendMobile(c.Context(), token(c)), mobilePath, f.mobileFailed)
}

func (f *Face) mobileCancel(c *web.Context) error {
	return f.again(c, f.Self.CancelMobile(c.Context(), token(c)), accountPath, f.mobileFailed)
}

func (f *Face) mobileFailed(c *web.Context, _ string, failed error) error {
	return f.mobileAgain(c, mobileForm{}, failed)
}

func (f *Face) mobileRemove(c *web.Context) error {
	c.Here(mobilePath)
	fresh, err := f.Self.RemoveMobile(c.Context(), token(c))
	if err != nil {
		return f.mobileAgain(c, mobileForm{}, err)
	}
	return changed(c, fresh, "mobile-removed")
}
