package visitor

import (
	"cmp"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/register"
	"vestibule/internal/web"
)

func (f *Register) welcome(c *web.Context) error { return f.invited(c, c.R.PathValue("token"), nil) }

// invited shows the first page filled in from an approved request; or, where the
// address has an account already, how its owner comes in with that. It changes
// nothing: mail scanners open links too.
func (f *Register) invited(c *web.Context, token string, failed error) error {
	v, err := f.register.Invited(c.Context(), token)
	if err != nil {
		return err
	}
	if v.Holder.ID != "" {
		return f.invitedHolder(c, v, token, failed)
	}
	in := formOf(v)
	in.Invitation, in.MobileCountry = token, cmp.Or(in.MobileCountry, countryOf(c))
	return f.detailsAgain(c, in, v, false, failed)
}

func (f *Register) invitedHolder(c *web.Context, v register.View, token string, failed error) error {
	a, path := v.Holder, "/welcome/"+token
	c.Here(path)
	own := c.Who().Account == a.ID
	if own && a.EmailConfirmed() {
		return c.SeeOther(StandingPath)
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	p := buttonPage{Frame: frame, UserID: a.UserID, Email: a.Email}
	switch {
	case !v.HolderBegan:
		return c.Page(frame.Status(), holderView(p))
	case a.State == account.Unfinished:
		p.Action, p.Title, p.Lead, p.Go = path+"/finish", c.T("register.welcome.finish-title"), c.T("register.welcome.finish-lead"), c.T("register.finish.go")
		p.NotMe = path + "/not-me"
	case a.State != account.Active || a.EmailConfirmed():
		return c.Page(frame.Status(), holderView(p))
	default:
		p.Action, p.Title, p.Lead, p.Go = path+"/confirm", c.T("register.welcome.title"), c.T("register.welcome.lead"), c.T("register.welcome.go")
		p.AskPassword, p.NotMe = !own, path+"/not-me"
	}
	return c.Page(frame.Status(), buttonView(p))
}

func (f *Register) welcomeConfirm(c *web.Context) error {
	var in passwordForm
	token := c.R.PathValue("token")
	err := c.Form(&in)
	if err == nil {
		err = f.register.ConfirmInvited(c.Context(), token, c.Who().Account, in.Password)
	}
	if err != nil {
		return f.invited(c, token, err)
	}
	return c.SeeOther("/confirm-email/done")
}

func (f *Register) welcomeFinish(c *web.Context) error {
	t, err := f.register.FinishInvited(c.Context(), c.R.PathValue("token"))
	return f.begun(c, t, err)
}

func (f *Register) welcomeNotMe(c *web.Context) error {
	t, err := f.register.NotMeInvited(c.Context(), c.R.PathValue("token"))
	return f.begun(c, t, err)
}

// Keys of the last page, for what comes next. What an address stands for is
// said to nobody who has not proved it.
const (
	nextApproved = "approved"
	nextAllowed  = "allowed"
	nextConfirm  = "confirm"
	nextWaiting  = "waiting"
	nextDeclined = "declined"
	nextRequest  = "request"
)

func doneNext(st access.Standing) string {
	switch {
	case st.Allowed && st.Reason == access.ReasonNotStarted:
		return nextApproved
	case st.Allowed:
		return nextAllowed
	case st.Reason == access.ReasonEmailUnconfirmed:
		return nextConfirm
	case st.Remedy == access.RemedyWait:
		return nextWaiting
	case st.Reason == access.ReasonNoRequest:
		return nextRequest
	}
	return nextDeclined
}
