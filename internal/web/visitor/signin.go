package visitor

import (
	"slices"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/recovery"
	"vestibule/internal/register"
	"vestibule/internal/session"
	"vestibule/internal/signin"
	"vestibule/internal/web"
)

// SignIn is the face of coming in and leaving: for clients, for staff, and for those who are in and not yet let further.
type SignIn struct {
	signin   *signin.Service
	recovery *recovery.Service
	register *register.Service
}

// NewSignIn makes the face.
func NewSignIn(service *signin.Service, recovery *recovery.Service, register *register.Service) *SignIn {
	return &SignIn{signin: service, recovery: recovery, register: register}
}

// Routes are the face's table. Steps of a sign-in are for anyone: the ticket in the cookie is what lets them go on.
func (f *SignIn) Routes() []web.Route {
	return append([]web.Route{
		web.Row(web.Anyone, "GET /sign-in", f.form),
		web.Row(web.Anyone, "POST /sign-in", f.send),
		web.Row(web.Anyone, "POST /sign-in/code", f.code),
		web.Row(web.Anyone, "POST /sign-in/leave", f.leave),
		web.Row(web.Anyone, "GET /office/sign-in", f.staffForm),
		web.Row(web.Anyone, "POST /office/sign-in", f.staffSend),
		web.Row(web.Anyone, "POST /sign-out", f.signOut),
		web.Row(web.Anyone, "POST /office/sign-out", f.staffSignOut),
		web.Row(web.Anyone, "GET /signed-out", f.signedOut),
		web.Row(web.SignedIn, "GET /standing", f.where),
		web.Row(web.SignedIn, "POST /standing/confirm", f.confirmAgain),
	}, slices.Concat(f.forcedRoutes(), f.againRoutes(), f.passkeyRoutes())...)
}

// ticketCookie carries the ticket of a half-made sign-in.
const ticketCookie = "signing-in"

// deviceCookie carries the token by which accounts know the browser.
const deviceCookie = "device"

const ticketLife = 15 * time.Minute

type signInForm struct {
	Login    string `form:"login,max=254"`
	Password string `form:"password,raw,max=1000"`
	Next     string `form:"next,max=500"`
}

func (f *SignIn) form(c *web.Context) error {
	if ticket := c.Cookie(ticketCookie); ticket != "" {
		v, err := f.signin.Current(c.Context(), ticket)
		switch {
		case err == nil:
			return f.step(c, v, "", nil)
		case !fault.Is(err, fault.Gone):
			return err
		}
		c.DropCookie(ticketCookie)
	}
	if c.R.URL.Query().Get("because") == "" && c.Who().Known() {
		return c.SeeOther(web.LocalPath(c.R.URL.Query().Get("next"), web.HomePath))
	}
	return f.show(c, signInForm{Next: c.R.URL.Query().Get("next")}, false, nil)
}

func (f *SignIn) staffForm(c *web.Context) error {
	if c.R.URL.Query().Get("because") == "" && c.StaffWho().Known() {
		return c.SeeOther(web.OfficePath)
	}
	return f.show(c, signInForm{Next: c.R.URL.Query().Get("next")}, true, nil)
}

func (f *SignIn) send(c *web.Context) error      { return f.password(c, false) }
func (f *SignIn) staffSend(c *web.Context) error { return f.password(c, true) }

func (f *SignIn) password(c *web.Context, staff bool) error {
	var in signInForm
	err := c.Form(&in)
	if err == nil {
		err = signInRequired(in)
	}
	if err == nil {
		var got signin.Arrival
		got, err = f.signin.Password(c.Context(), signin.Credentials{
			Login: in.Login, Password: in.Password, Next: web.LocalPath(in.Next, ""),
		}, browser(c))
		if err == nil {
			return f.arrive(c, got)
		}
	}
	return f.show(c, in, staff, err)
}

func signInRequired(in signInForm) error {
	var wrong fault.Form
	if in.Login == "" {
		wrong.Add("login", "required")
	}
	if in.Password == "" {
		wrong.Add("password", "sign-in-password")
	}
	return wrong.Err()
}

// signInBecause are the reasons that the kit gives for having to sign in again, with their words.
var signInBecause = map[string]string{
	"session-idle":  "signin.because-idle",
	"session-over":  "signin.because-over",
	"session-none":  "signin.because-none",
	"sign-in-again": "signin.because-again",
	"terms":         "signin.because-terms",
}

func (f *SignIn) show(c *web.Context, in signInForm, staff bool, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	p := signInPage{Frame: frame, Action: web.SignInPath, Staff: staff, Login: in.Login, Next: web.LocalPath(in.Next, "")}
	if staff {
		p.Action = web.StaffSignInPath
	}
	if !staff {
		if p.Unfinished, err = f.unfinished(c); err != nil {
			return err
		}
	}
	p.Passkey = !staff && f.signin.PasskeysOffered()
	if failed == nil {
		if key, ok := signInBecause[c.R.URL.Query().Get("because")]; ok {
			p.Because = c.T(key)
			p.Leads = p.Next != "" && key != signInBecause["terms"]
		}
	}
	return c.Page(frame.Status(), signInView(p))
}

// unfinished reports whether a registration was begun in this browser that waits to be finished.
func (f *SignIn) unfinished(c *web.Context) (bool, error) {
	if c.Cookie(registerCookie) == "" {
		return false, nil
	}
	v, err := f.register.Current(c.Context(), ticket(c))
	if fault.Is(err, fault.Gone) {
		return false, nil
	}
	return err == nil && v.Step != register.Done, err
}

// step shows what is still missing.
func (f *SignIn) step(c *web.Context, v signin.View, typed string, failed error) error {
	c.Here(web.SignInPath)
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	switch v.Step {
	case signin.StepCode:
		recovery := c.R.URL.Query().Get("with") == "recovery" || c.R.PostForm.Get("with") == "recovery"
		by, err := f.signin.Second(c.Context(), c.Cookie(ticketCookie))
		if err != nil {
			return err
		}
		return c.Page(frame.Status(), signInCodeView(signInCodePage{Frame: frame, Recovery: recovery && by.App, By: by, Trust: v.Trust}))
	default:
		return f.forced(c, frame, v, typed)
	}
}

type codeForm struct {
	Code  string `form:"code,max=64"`
	With  string `form:"with,max=20"`
	Trust bool   `form:"trust"`
}

func (f *SignIn) code(c *web.Context) error {
	var in codeForm
	err := c.Form(&in)
	if err == nil && in.Code == "" {
		err = fault.OnField("code", "required")
	}
	if err == nil {
		var got signin.Arrival
		got, err = f.signin.Code(c.Context(), c.Cookie(ticketCookie), signin.Proof{Code: in.Code, Trust: in.Trust}, browser(c))
		if err == nil {
			return f.arrive(c, got)
		}
	}
	return f.stepAgain(c, err, "")
}

// stepAgain shows the step again with what was wrong, or the page that comes instead.
func (f *SignIn) stepAgain(c *web.Context, failed error, typed string) error {
	if !fault.Is(failed, fault.Invalid) {
		return f.elsewhere(c, failed)
	}
	v, err := f.signin.Current(c.Context(), c.Cookie(ticketCookie))
	if err != nil {
		return f.elsewhere(c, err)
	}
	return f.step(c, v, typed, failed)
}

func (f *SignIn) leave(c *web.Context) error {
	if err := f.signin.Leave(c.Context(), c.Cookie(ticketCookie)); err != nil {
		return err
	}
	c.DropCookie(ticketCookie)
	return c.SeeOther(web.SignInPath)
}

// elsewhere answers a step that does not count any more: the row is asked which page comes.
func (f *SignIn) elsewhere(c *web.Context, err error) error {
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Gone) {
		return c.SeeOther(web.SignInPath)
	}
	return err
}

// arrive gives the browser what it earned, and sends it on.
func (f *SignIn) arrive(c *web.Context, a signin.Arrival) error {
	if a.Token == "" {
		c.SetCookie(ticketCookie, a.Ticket, ticketLife)
		return c.SeeOther(web.SignInPath)
	}
	if c.Cookie(ticketCookie) != "" {
		c.DropCookie(ticketCookie)
	}
	c.SetCookie(deviceCookie, a.Device, signin.DeviceLife)
	// Whoever is in has seen that the registration is done.
	if begun, err := f.unfinished(c); err == nil && !begun && c.Cookie(registerCookie) != "" {
		c.DropCookie(registerCookie)
	}
	if a.Kind == session.Staff {
		c.SetCookie(web.StaffCookie, string(a.Token), 0)
		return c.SeeOther(officePath(a.Next))
	}
	c.SetCookie(web.ClientCookie, string(a.Token), 0)
	return c.SeeOther(web.LocalPath(a.Next, web.HomePath))
}

// officePath is where a member of staff goes: not to a page of the clients' portal, where nobody is signed in.
func officePath(next string) string {
	if len(next) > len(web.OfficePath) && next[:len(web.OfficePath)+1] == web.OfficePath+"/" {
		return next
	}
	return web.OfficePath
}

func browser(c *web.Context) signin.Browser {
	return signin.Browser{
		Agent:  c.R.UserAgent(),
		Device: c.Cookie(deviceCookie),
		Client: session.Token(c.Cookie(web.ClientCookie)),
		Staff:  session.Token(c.Cookie(web.StaffCookie)),
	}
}

func (f *SignIn) signOut(c *web.Context) error {
	return f.out(c, session.Client, web.ClientCookie, "/signed-out")
}

func (f *SignIn) staffSignOut(c *web.Context) error {
	return f.out(c, session.Staff, web.StaffCookie, "/signed-out?from=office")
}

func (f *SignIn) out(c *web.Context, k session.Kind, cookie, to string) error {
	if token := c.Cookie(cookie); token != "" {
		if err := f.signin.SignOut(c.Context(), k, session.Token(token)); err != nil {
			return err
		}
	}
	c.DropCookie(cookie)
	c.ClearSiteData()
	return c.SeeOther(to)
}

func (f *SignIn) signedOut(c *web.Context) error {
	return c.Page(200, signedOutView(c.Frame(), c.R.URL.Query().Get("from") == "office"))
}
