package visitor

import (
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/signin"
	"vestibule/internal/web"
)

// Paths of signing in with a passkey; behind askPasskey the page's script gets what to ask the browser.
const (
	passkeyPath     = web.SignInPath + "/passkey"
	passkeyCodePath = web.SignInPath + "/code/passkey"
	askPasskey      = "/ask"
)

// passkeyCookie carries the ticket of the challenge that the browser was given last.
const (
	passkeyCookie = "passkey"
	passkeyLife   = 5 * time.Minute
)

func (f *SignIn) passkeyRoutes() []web.Route {
	return []web.Route{
		web.Row(web.Anyone, "POST "+passkeyPath+askPasskey, f.askPasskey),
		web.Row(web.Anyone, "POST "+passkeyPath, f.passkey),
		web.Row(web.Anyone, "POST "+passkeyCodePath+askPasskey, f.askCodePasskey),
		web.Row(web.Anyone, "POST "+passkeyCodePath, f.codeByPasskey),
	}
}

// signInPasskeyForm is what the browser answered.
type signInPasskeyForm struct {
	Answer string `form:"passkey,raw,max=16384"`
	Next   string `form:"next,max=500"`
}

// answered reads the form. Without an answer there was no script.
func answered(c *web.Context, in *signInPasskeyForm) error {
	err := c.Form(in)
	if err == nil && in.Answer == "" {
		err = fault.OnField("passkey", "passkey-script")
	}
	return err
}

func (f *SignIn) askPasskey(c *web.Context) error {
	options, ticket, err := f.signin.AskPasskey(c.Context(), c.Cookie(passkeyCookie))
	if err != nil {
		return err
	}
	c.SetCookie(passkeyCookie, ticket, passkeyLife)
	return c.Bytes(200, "application/json", options)
}

func (f *SignIn) passkey(c *web.Context) error {
	var in signInPasskeyForm
	err := answered(c, &in)
	if err == nil {
		var got signin.Arrival
		got, err = f.signin.Passkey(c.Context(), c.Cookie(passkeyCookie), []byte(in.Answer), web.LocalPath(in.Next, ""), browser(c))
		if err == nil {
			c.DropCookie(passkeyCookie)
			return f.arrive(c, got)
		}
	}
	c.Here(web.SignInPath)
	return f.show(c, signInForm{Next: in.Next}, false, err)
}

func (f *SignIn) askCodePasskey(c *web.Context) error {
	options, err := f.signin.AskCodePasskey(c.Context(), c.Cookie(ticketCookie))
	if err != nil {
		return err
	}
	return c.Bytes(200, "application/json", options)
}

func (f *SignIn) codeByPasskey(c *web.Context) error {
	var in signInPasskeyForm
	err := answered(c, &in)
	if err == nil {
		var got signin.Arrival
		got, err = f.signin.CodeByPasskey(c.Context(), c.Cookie(ticketCookie), []byte(in.Answer), browser(c))
		if err == nil {
			return f.arrive(c, got)
		}
	}
	return f.stepAgain(c, err, "")
}
