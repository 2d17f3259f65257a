package visitor

import (
	"time"

	"vestibule/internal/access"
	"vestibule/internal/session"
	"vestibule/internal/signin"
	"vestibule/internal/web"
)

// StandingPath is where somebody goes who is signed in and not let into the portal.
const StandingPath = "/standing"

// lookAgain is how often the waiting page asks whether something has changed.
const lookAgain = 60 * time.Second

// lookFor is how long after signing in the page asks where no scripts run. Asking keeps the session alive, and a page that is left
// open must not do so for ever.
const lookFor = time.Hour

// where shows what stands between somebody who is signed in and the portal; the one evaluator says it, this page shows it.
func (f *SignIn) where(c *web.Context) error {
	who := c.Who()
	st, token, err := f.signin.Enter(c.Context(), signin.Who{Account: who.Account}, session.Token(c.Cookie(web.ClientCookie)))
	if err != nil {
		return err
	}
	if st.Allowed {
		c.SetCookie(web.ClientCookie, string(token), 0)
		return c.SeeOther(web.HomePath)
	}
	frame := c.Frame()
	p := standingPage{Frame: frame, Name: who.Name, Standing: st, Now: c.Now(), Sent: c.R.URL.Query().Has("sent")}
	switch st.Reason {
	case access.ReasonWaiting, access.ReasonJoinWaiting, access.ReasonEmailUnconfirmed:
		if c.Now().Before(c.Who().FreshUntil.Add(lookFor)) {
			frame.Refresh = lookAgain
		}
	}
	if st.Request.ID != "" {
		frame.Rail = requestFacts(p)
	}
	return c.Page(200, standingView(p))
}

// confirmAgain mails the link that confirms the address once more.
func (f *SignIn) confirmAgain(c *web.Context) error {
	if err := f.signin.ConfirmAgain(c.Context(), c.Who().Account); err != nil {
		return err
	}
	return c.SeeOther(StandingPath + "?sent=1")
}
