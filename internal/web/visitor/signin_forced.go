package visitor

import (
	"time"

	"vestibule/internal/recovery"
	"vestibule/internal/signin"
	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

func (f *SignIn) forcedRoutes() []web.Route {
	return []web.Route{
		web.Row(web.Anyone, "POST /sign-in/terms", f.terms),
		web.Row(web.Anyone, "POST /sign-in/recover", f.recover),
		web.Row(web.Anyone, "POST /sign-in/password", f.renew),
		web.Row(web.Anyone, "POST /sign-in/password/check", f.renewCheck),
		web.Row(web.Anyone, "POST /sign-in/keep", f.keep),
		web.Row(web.Anyone, "POST /sign-in/complete", f.complete),
		web.Row(web.Anyone, "POST /sign-in/go-on", f.goOn),
	}
}

// completeLife is how long the ticket's cookie lasts of somebody who gives what the account lacks.
const completeLife = time.Hour

// forced shows a step that comes after password and code.
func (f *SignIn) forced(c *web.Context, frame *ui.Frame, v signin.View, typed string) error {
	switch v.Step {
	case signin.StepExpired:
		if v.Staff {
			return c.Page(frame.Status(), signInStopView(signInStopPage{Frame: frame, Key: "signin.expired-staff"}))
		}
		return c.Page(frame.Status(), signInActView(signInActPage{Frame: frame, Key: "signin.expired", Action: "/sign-in/recover"}))
	case signin.StepClosing:
		return c.Page(frame.Status(), signInActView(signInActPage{Frame: frame, Key: "signin.closing", Action: "/sign-in/keep", When: v.Closing}))
	case signin.StepRenew:
		check, err := f.check(c, typed)
		if err != nil {
			return f.elsewhere(c, err)
		}
		return c.Page(frame.Status(), signInRenewView(signInRenewPage{Frame: frame, UserID: v.UserID, Check: check}))
	case signin.StepTerms:
		text, _ := v.Terms.In(string(c.Lang))
		return c.Page(frame.Status(), signInTermsView(signInTermsPage{Frame: frame, Version: v.Terms.Version, Text: text, First: !v.Changed, Later: v.Later}))
	case signin.StepComplete:
		p := signInActPage{Frame: frame, Key: "signin.complete", Action: "/sign-in/complete"}
		if v.Done {
			p.Key, p.Action = "signin.completed", "/sign-in/go-on"
		}
		return c.Page(frame.Status(), signInActView(p))
	default: // StepEnrol
		return c.Page(frame.Status(), signInStopView(signInStopPage{Frame: frame, Key: "signin.enrol"}))
	}
}

func (f *SignIn) terms(c *web.Context) error {
	var in struct {
		Answer  string `form:"answer,max=20"`
		Version string `form:"version,max=100"`
	}
	if err := c.Form(&in); err != nil {
		return err
	}
	ticket := c.Cookie(ticketCookie)
	switch in.Answer {
	case "accept":
		got, err := f.signin.Accept(c.Context(), ticket, in.Version, string(c.Lang), browser(c))
		return f.went(c, got, err)
	case "later":
		got, err := f.signin.Later(c.Context(), ticket, browser(c))
		return f.went(c, got, err)
	}
	if err := f.signin.Leave(c.Context(), ticket); err != nil {
		return err
	}
	c.DropCookie(ticketCookie)
	return c.SeeOther(web.SignInPath + "?because=terms")
}

// went goes on where the step was done.
func (f *SignIn) went(c *web.Context, got signin.Arrival, err error) error {
	if err != nil {
		return f.elsewhere(c, err)
	}
	return f.arrive(c, got)
}

// recover leads somebody whose password has expired into the recovery of the very account: the login is known.
func (f *SignIn) recover(c *web.Context) error {
	v, err := f.signin.Current(c.Context(), c.Cookie(ticketCookie))
	if err != nil || v.Step != signin.StepExpired || v.Staff {
		if err == nil {
			return c.SeeOther(web.SignInPath)
		}
		return f.elsewhere(c, err)
	}
	t, err := f.recovery.Reset(c.Context(), recovery.Ask{Login: v.UserID, Lang: c.Lang, Device: device(c)})
	if err != nil {
		return err
	}
	if err := f.signin.Leave(c.Context(), c.Cookie(ticketCookie)); err != nil {
		return err
	}
	c.DropCookie(ticketCookie)
	keepRecovery(c, t)
	return c.SeeOther(resetPath)
}

func (f *SignIn) renew(c *web.Context) error {
	var in passwordForm
	var got signin.Arrival
	err := c.Form(&in)
	if err == nil {
		got, err = f.signin.Renew(c.Context(), c.Cookie(ticketCookie), in.Password, browser(c))
		if err == nil {
			return f.arrive(c, got)
		}
	}
	return f.stepAgain(c, err, in.Password)
}

// renewCheck answers the checklist while somebody types.
func (f *SignIn) renewCheck(c *web.Context) error {
	var in passwordForm
	if err := c.Form(&in); err != nil {
		return err
	}
	check, err := f.check(c, in.Password)
	if err != nil {
		return err
	}
	frame := c.Frame()
	return c.Page(200, ui.Part(frame, choose.PasswordChecklist(frame, check)))
}

func (f *SignIn) check(c *web.Context, typed string) (choose.Password, error) {
	findings, strength, err := f.signin.PasswordFindings(c.Context(), c.Cookie(ticketCookie), typed)
	if err != nil {
		return choose.Password{}, err
	}
	return choose.PasswordOf(c.Words, typed, findings, strength), nil
}

func (f *SignIn) keep(c *web.Context) error {
	got, err := f.signin.Keep(c.Context(), c.Cookie(ticketCookie), browser(c))
	return f.went(c, got, err)
}

// complete leads into the registration's steps that a legacy account lacks; the half-made sign-in waits meanwhile.
func (f *SignIn) complete(c *web.Context) error {
	ticket := c.Cookie(ticketCookie)
	t, err := f.signin.Complete(c.Context(), ticket)
	if err != nil {
		return f.elsewhere(c, err)
	}
	c.SetCookie(ticketCookie, ticket, completeLife)
	c.SetCookie(registerCookie, t, registerLife)
	return c.SeeOther("/register")
}

func (f *SignIn) goOn(c *web.Context) error {
	got, err := f.signin.GoOn(c.Context(), c.Cookie(ticketCookie), browser(c))
	return f.went(c, got, err)
}
