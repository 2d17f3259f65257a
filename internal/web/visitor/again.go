package visitor

import (
	"vestibule/internal/fault"
	"vestibule/internal/session"
	"vestibule/internal/signin"
	"vestibule/internal/web"
)

func (f *SignIn) againRoutes() []web.Route {
	client, office := door{session.Client, web.ClientCookie, web.AgainPath, web.HomePath}, door{session.Staff, web.StaffCookie, web.StaffAgainPath, web.OfficePath}
	var all []web.Route
	for _, d := range []struct {
		door
		web.Access
	}{{client, web.SignedIn}, {office, web.StaffAny}} {
		all = append(all,
			web.Row(d.Access, "GET "+d.path, func(c *web.Context) error { return f.again(c, d.door, c.R.URL.Query().Get("next"), nil) }),
			web.Row(d.Access, "POST "+d.path, func(c *web.Context) error { return f.proveAgain(c, d.door) }),
			web.Row(d.Access, "POST "+d.path+"/passkey"+askPasskey, func(c *web.Context) error { return f.askAgainPasskey(c, d.door) }),
			web.Row(d.Access, "POST "+d.path+"/passkey", func(c *web.Context) error { return f.againByPasskey(c, d.door) }),
		)
	}
	return all
}

// A door is one of the two by which people are in.
type door struct {
	kind         session.Kind
	cookie       string
	path, inside string
}

func (d door) token(c *web.Context) session.Token { return session.Token(c.Cookie(d.cookie)) }

type againForm struct {
	Password string `form:"password,raw,max=1000"`
	Code     string `form:"code,max=64"`
	Next     string `form:"next,max=500"`
}

// again asks somebody who is signed in for the proofs of a sign-in once more.
func (f *SignIn) again(c *web.Context, d door, next string, failed error) error {
	q, err := f.signin.AskAgain(c.Context(), d.kind, d.token(c))
	if err != nil {
		return err
	}
	next = web.LocalPath(next, d.inside)
	c.Here(d.path + "?" + nextQuery(next))
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), againView(againPage{Frame: frame, Path: d.path, Inside: d.inside, Next: next, Asked: q}))
}

func (f *SignIn) proveAgain(c *web.Context, d door) error {
	var in againForm
	err := c.Form(&in)
	if err == nil && in.Password == "" {
		err = fault.OnField("password", "sign-in-password")
	}
	var token session.Token
	if err == nil {
		token, err = f.signin.Again(c.Context(), d.kind, d.token(c), signin.Answer{Password: in.Password, Code: in.Code}, browser(c))
	}
	return f.proved(c, d, in.Next, token, err)
}

func (f *SignIn) askAgainPasskey(c *web.Context, d door) error {
	options, err := f.signin.AskAgainByPasskey(c.Context(), d.kind, d.token(c))
	if err != nil {
		return err
	}
	return c.Bytes(200, "application/json", options)
}

func (f *SignIn) againByPasskey(c *web.Context, d door) error {
	var in signInPasskeyForm
	err := answered(c, &in)
	var token session.Token
	if err == nil {
		token, err = f.signin.AgainByPasskey(c.Context(), d.kind, d.token(c), []byte(in.Answer))
	}
	return f.proved(c, d, in.Next, token, err)
}

// proved gives the browser the session's new token and leads back. A second submit finds that another went on.
func (f *SignIn) proved(c *web.Context, d door, next string, token session.Token, err error) error {
	if err != nil && !fault.Is(err, fault.Conflict) {
		return f.again(c, d, next, err)
	}
	if err == nil {
		c.SetCookie(d.cookie, string(token), 0)
	}
	return c.SeeOther(web.LocalPath(next, d.inside))
}
