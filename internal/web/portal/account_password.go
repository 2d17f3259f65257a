package portal

import (
	"vestibule/internal/credential"
	"vestibule/internal/fault"
	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

const passwordPath = accountPath + "/password"

func (f *Face) passwordRoutes() []web.Route {
	return []web.Route{
		web.Row(web.SignedIn, "GET "+passwordPath, f.password),
		web.Row(web.SignedIn, "POST "+passwordPath, f.passwordChange),
		web.Row(web.SignedIn, "POST "+passwordPath+"/check", f.passwordCheck),
	}
}

func (f *Face) passwordSection(c *web.Context, o credential.Overview) accountSection {
	row := accountRow{
		Icon: "lock", Title: c.T("credential.password.title"), Go: c.T("credential.change"), Href: passwordPath, About: c.T("credential.password.title"),
	}
	if set := o.Account.PasswordSetAt; !set.IsZero() {
		row.Facts = []string{c.T("credential.password.set", "when", c.Words.ShortDate(set))}
	}
	return accountSection{ID: "password", Title: c.T("credential.password.title"), Text: c.T("credential.password.text"), Rows: []accountRow{row}}
}

// passwordPage asks for the present password and a new one.
type passwordPage struct {
	*ui.Frame
	UserID  string // for the password manager
	Check   choose.Password
	History int // how many former ones are refused
}

func (f *Face) password(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	return f.passwordAgain(c, "", nil)
}

func (f *Face) passwordAgain(c *web.Context, typed string, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	check, err := f.judge(c, typed)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), passwordView(passwordPage{Frame: frame, UserID: c.Who().UserID, Check: check, History: f.Credential.History()}))
}

func (f *Face) judge(c *web.Context, typed string) (choose.Password, error) {
	findings, strength, err := f.Credential.PasswordFindings(c.Context(), token(c), typed)
	if err != nil {
		return choose.Password{}, err
	}
	return choose.PasswordOf(c.Words, typed, findings, strength), nil
}

func (f *Face) passwordChange(c *web.Context) error {
	var in struct {
		Current  string `form:"current,raw,max=10000"`
		Password string `form:"password,raw,max=10000"`
	}
	err := c.Form(&in)
	if err == nil && in.Current == "" {
		err = fault.OnField("current", "sign-in-password")
	}
	if err != nil {
		return f.passwordAgain(c, in.Password, err)
	}
	fresh, err := f.Credential.ChangePassword(c.Context(), token(c), in.Current, in.Password)
	if err != nil {
		return f.passwordAgain(c, in.Password, err)
	}
	return changed(c, fresh, "password")
}

// passwordCheck answers the checklist while somebody types.
func (f *Face) passwordCheck(c *web.Context) error {
	var in struct {
		Password string `form:"password,raw,max=10000"`
	}
	if err := c.Form(&in); err != nil {
		return err
	}
	check, err := f.judge(c, in.Password)
	if err != nil {
		return err
	}
	frame := c.Frame()
	return c.Page(200, ui.Part(frame, choose.PasswordChecklist(frame, check)))
}
