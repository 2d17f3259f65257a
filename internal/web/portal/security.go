package portal

import (
	"strings"

	"vestibule/internal/fault"
	"vestibule/internal/session"
	"vestibule/internal/signin"
	"vestibule/internal/web"
)

const (
	appPath     = securityPath + "/app"
	confirmPath = securityPath + "/confirm"
)

func token(c *web.Context) session.Token { return session.Token(c.Cookie(web.ClientCookie)) }

// security says how the account signs in, and offers an authenticator app where there is none.
func (f *Face) security(c *web.Context) error {
	v, err := f.SignIn.Security(c.Context(), token(c))
	if err != nil {
		return err
	}
	if v.Step == signin.SecurityCodes {
		return c.SeeOther(appPath)
	}
	return c.Page(200, securityView(securityPage{
		Frame: c.Frame(), On: v.Step == signin.SecurityOn, Left: v.CodesLeft,
		Added: v.Step == signin.SecurityOn && c.R.URL.Query().Has("added"),
	}))
}

// addApp begins to add an app; a sign-in that is too long ago is confirmed first.
func (f *Face) addApp(c *web.Context) error {
	return f.then(c, f.SignIn.AddAuthenticator(c.Context(), token(c)), appPath)
}

// then goes on, or to where what failed can be gone on with.
func (f *Face) then(c *web.Context, err error, path string) error {
	switch {
	case fault.Code(err, "sign-in-again"):
		return c.SeeOther(confirmPath)
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.Gone): // another tab went on
		return c.SeeOther(appPath)
	case err != nil:
		return err
	}
	return c.SeeOther(path)
}

// app is the page of the step at which the account stands.
func (f *Face) app(c *web.Context) error { return f.appAgain(c, nil) }

func (f *Face) appAgain(c *web.Context, failed error) error {
	v, err := f.SignIn.Security(c.Context(), token(c))
	if err != nil {
		return err
	}
	c.Here(appPath)
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	switch {
	case v.Step == signin.SecurityCodes:
		return c.Page(200, codesView(codesPage{Frame: frame, Codes: v.Codes}))
	case v.Step != signin.SecurityApp:
		return c.SeeOther(securityPath)
	case !v.Fresh:
		return c.SeeOther(confirmPath)
	}
	return c.Page(frame.Status(), appView(appPage{Frame: frame, URI: v.Enrolment.URI, Key: v.Enrolment.Secret}))
}

func (f *Face) proveApp(c *web.Context) error {
	var in struct {
		Code string `form:"code,max=40"`
	}
	err := c.Form(&in)
	if err == nil && in.Code == "" {
		err = fault.OnField("code", "required")
	}
	if err == nil {
		err = f.SignIn.ProveAuthenticator(c.Context(), token(c), in.Code)
	}
	if fault.Is(err, fault.Invalid) {
		return f.appAgain(c, err)
	}
	return f.then(c, err, appPath)
}

func (f *Face) keepCodes(c *web.Context) error {
	return f.then(c, f.SignIn.KeepCodes(c.Context(), token(c)), securityPath+"?added=1")
}

// codesFile is the list as a file, while its page is shown.
func (f *Face) codesFile(c *web.Context) error {
	v, err := f.SignIn.Security(c.Context(), token(c))
	if err != nil {
		return err
	}
	if v.Step != signin.SecurityCodes {
		return c.SeeOther(securityPath)
	}
	c.W.Header().Set("Content-Disposition", `attachment; filename="recovery-codes.txt"`)
	return c.Bytes(200, "text/plain; charset=utf-8", []byte(strings.Join(v.Codes, "\n")+"\n"))
}

// confirm asks for the password once more.
func (f *Face) confirm(c *web.Context) error { return f.confirmAgain(c, nil) }

func (f *Face) confirmAgain(c *web.Context, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), confirmView(confirmPage{Frame: frame, UserID: c.Who().UserID}))
}

// confirmed takes the password; the session gets a new token, and what was asked for begins, or goes on where it stood.
func (f *Face) confirmed(c *web.Context) error {
	var in struct {
		Password string `form:"password,raw,max=1000"`
	}
	err := c.Form(&in)
	if err == nil && in.Password == "" {
		err = fault.OnField("password", "sign-in-password")
	}
	fresh := token(c)
	if err == nil {
		fresh, err = f.SignIn.Unlock(c.Context(), fresh, in.Password)
	}
	if fault.Is(err, fault.Invalid) {
		return f.confirmAgain(c, err)
	}
	if err != nil {
		return f.then(c, err, securityPath)
	}
	c.SetCookie(web.ClientCookie, string(fresh), 0)
	v, err := f.SignIn.Security(c.Context(), fresh)
	if err == nil && v.Step == signin.SecurityOff {
		err = f.SignIn.AddAuthenticator(c.Context(), fresh)
	}
	return f.then(c, err, appPath)
}
