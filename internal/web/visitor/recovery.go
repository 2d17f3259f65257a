package visitor

import (
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/recovery"
	"vestibule/internal/register"
	"vestibule/internal/web"
)

// Recovery is the face of getting back in: the page with all ways, the UserID by
// mail, the reset of the password with its proofs, and the pages that links in
// its e-mails open. GET /reset-password shows the page that the recovery's row
// says; nothing else chooses one. Until a possession is proved no page, status or
// header depends on whether there is an account.
type Recovery struct {
	recovery *recovery.Service
}

// NewRecovery makes the face.
func NewRecovery(service *recovery.Service) *Recovery { return &Recovery{recovery: service} }

// Routes are the face's table.
func (f *Recovery) Routes() []web.Route {
	return []web.Route{
		web.Row(web.Anyone, "GET /get-back-in", f.start),
		web.Row(web.Anyone, "GET /forgot-user-id", f.findUserID),
		web.Row(web.Anyone, "POST /forgot-user-id", f.findUserIDSend),
		web.Row(web.Anyone, "GET /reset-password", f.show),
		web.Row(web.Anyone, "POST /reset-password", f.begin),
		web.Row(web.Anyone, "POST /reset-password/means", f.means),
		web.Row(web.Anyone, "POST /reset-password/code", f.code),
		web.Row(web.Anyone, "POST /reset-password/resend", f.resend),
		web.Row(web.Anyone, "POST /reset-password/passkey", f.passkey),
		web.Row(web.Anyone, "POST /reset-password/passkey/begin", f.passkeyBegin),
		web.Row(web.Anyone, "POST /reset-password/authenticator", f.authenticator),
		web.Row(web.Anyone, "POST /reset-password/answers", f.answers),
		web.Row(web.Anyone, "POST /reset-password/forgot-answers", f.forgotAnswers),
		web.Row(web.Anyone, "POST /reset-password/help", f.help),
		web.Row(web.Anyone, "POST /reset-password/back", f.back),
		web.Row(web.Anyone, "POST /reset-password/password", f.password),
		web.Row(web.Anyone, "POST /reset-password/password/check", f.passwordCheck),
		web.Row(web.Anyone, "POST /reset-password/leave", f.leave),
		web.Row(web.Anyone, "GET /reset-password/link/{token}", f.link),
		web.Row(web.Anyone, "POST /reset-password/link/{token}", f.linkOpen),
		web.Row(web.Anyone, "GET /reset-password/{form}", f.again),
	}
}

const (
	recoveryCookie = "recovery"
	recoveryLife   = 24 * time.Hour // the row ends sooner; a cookie that outlives it tells the owner so
	resetPath      = "/reset-password"
	withUserID     = "user-id" // the UserID is wanted in the same go
	withRecovery   = "recovery"
	bothPath       = resetPath + "?with=" + withUserID
)

func recoveryTicket(c *web.Context) recovery.Ticket { return recovery.Ticket(c.Cookie(recoveryCookie)) }

func keepRecovery(c *web.Context, t recovery.Ticket) {
	c.SetCookie(recoveryCookie, string(t), recoveryLife)
}

func (f *Recovery) start(c *web.Context) error { return c.Page(200, backInView(c.Frame())) }

type findUserIDForm struct {
	Email string `form:"email,max=254"`
}

func (f *Recovery) findUserID(c *web.Context) error {
	return c.Page(200, findUserIDView(findUserIDPage{Frame: c.Frame()}))
}

// findUserIDSend answers with the same page whatever the address is. It is no
// page of its own address: the address typed stands in it and in no URL.
func (f *Recovery) findUserIDSend(c *web.Context) error {
	var in findUserIDForm
	err := c.Form(&in)
	if err == nil {
		err = f.recovery.FindUserID(c.Context(), recovery.Ask{Login: in.Email, Lang: c.Lang, Device: device(c)})
	}
	frame, err := c.Again(err)
	if err != nil {
		return err
	}
	p := findUserIDPage{Frame: frame, Email: in.Email}
	if len(frame.Errors) > 0 {
		return c.Page(frame.Status(), findUserIDView(p))
	}
	return c.Page(200, userIDSentView(p))
}

// show draws the page of the step where the recovery stands.
func (f *Recovery) show(c *web.Context) error {
	both := c.R.URL.Query().Get("with") == withUserID
	v, err := f.recovery.Current(c.Context(), recoveryTicket(c))
	if fault.Is(err, fault.Gone) {
		ended := c.Cookie(recoveryCookie) != ""
		if ended {
			c.DropCookie(recoveryCookie)
		}
		return f.beginAgain(c, resetForm{}, both, ended, nil)
	}
	if err != nil {
		return err
	}
	return f.draw(c, v, nil, nil)
}

type resetForm struct {
	Login string `form:"login,max=254"`
	With  string `form:"with,max=20"`
}

func (f *Recovery) begin(c *web.Context) error {
	var in resetForm
	err := c.Form(&in)
	if err == nil {
		ask := recovery.Ask{Login: in.Login, Lang: c.Lang, Device: device(c)}
		var t recovery.Ticket
		if in.With == withUserID {
			t, err = f.recovery.Both(c.Context(), ask)
		} else {
			t, err = f.recovery.Reset(c.Context(), ask)
		}
		if err == nil {
			keepRecovery(c, t)
			return c.SeeOther(resetPath)
		}
	}
	return f.beginAgain(c, in, in.With == withUserID, false, err)
}

func (f *Recovery) beginAgain(c *web.Context, in resetForm, both, ended bool, failed error) error {
	if both {
		c.Here(bothPath)
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	frame.Rail = recoveryRail(frame, 0)
	return c.Page(frame.Status(), resetView(resetPage{Frame: frame, Both: both, Ended: ended, Login: in.Login}))
}

// draw shows a step's page; in is the form that failed, if one did. Nothing that
// was typed as a proof is shown again.
func (f *Recovery) draw(c *web.Context, v recovery.View, in any, failed error) error {
	with := c.R.URL.Query().Get("with")
	if typed, ok := in.(resetCodeForm); ok {
		with = typed.With
	}
	c.Here(resetPath)
	if v.Step == recovery.Authenticator && with == withRecovery {
		c.Here(resetPath + "?with=" + withRecovery)
		if fault.Code(failed, "recovery-code-wrong") {
			failed = fault.OnField("code", "recovery-code-used") // there is no next one to wait for
		}
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	frame.Rail = recoveryRail(frame, railAt(v.Step))
	switch v.Step {
	case recovery.Possession, recovery.SecondCode:
		return c.Page(frame.Status(), proofView(proofPage{Frame: frame, View: v, Login: v.Login}))
	case recovery.Authenticator:
		return c.Page(frame.Status(), resetAppView(resetAppPage{Frame: frame, Recovery: with == withRecovery}))
	case recovery.Questions:
		p := resetQuestionsPage{Frame: frame, Tries: v.TriesLeft}
		for _, q := range v.Questions {
			p.Questions = append(p.Questions, f.recovery.QuestionWords(c.Lang, q))
		}
		return c.Page(frame.Status(), resetQuestionsView(p))
	case recovery.Second:
		return c.Page(frame.Status(), resetSecondView(resetSecondPage{Frame: frame, Forgotten: v.Forgotten, Offers: v.Offers}))
	case recovery.Help:
		return c.Page(frame.Status(), resetHelpView(resetHelpPage{Frame: frame, Reference: v.Reference}))
	case recovery.Password:
		typed, _ := in.(passwordForm)
		check, err := f.check(c, typed.Password)
		if err != nil {
			return f.moved(c, err)
		}
		return c.Page(frame.Status(), resetPasswordView(resetPasswordPage{
			Frame: frame, UserID: v.UserID, Legacy: v.Legacy, Former: f.recovery.Passwords.Rules.History, Check: check,
		}))
	case recovery.Done:
	}
	return c.Page(frame.Status(), resetDoneView(resetDonePage{Frame: frame, UserID: v.UserID, Legacy: v.Legacy, Passkeys: v.Passkeys}))
}

func railAt(step recovery.Step) int {
	switch step {
	case recovery.Password:
		return 2
	case recovery.Done:
		return 3
	case recovery.Possession, recovery.Authenticator, recovery.Questions, recovery.Second, recovery.SecondCode, recovery.Help:
	}
	return 1
}

// proved hands the browser the ticket that a proof earned. The one that was
// shown is dead by now: what somebody else may have read of it is worth nothing.
func (f *Recovery) proved(c *web.Context, in any, next recovery.Next, err error) error {
	switch {
	case err != nil:
		return f.next(c, in, err)
	case next.Register != "":
		c.DropCookie(recoveryCookie)
		keep(c, register.Ticket(next.Register))
		return c.SeeOther("/register")
	case next.Ticket != "":
		keepRecovery(c, next.Ticket)
	}
	return c.SeeOther(resetPath)
}

// next answers a step: what went well or has moved on meanwhile leads to the
// page that the row says; what was refused shows its page again.
func (f *Recovery) next(c *web.Context, in any, err error) error {
	if err == nil || !fault.Is(err, fault.Invalid) {
		return f.moved(c, err)
	}
	v, current := f.recovery.Current(c.Context(), recoveryTicket(c))
	if current != nil {
		return f.moved(c, current)
	}
	if fault.Code(err, "recovery-answers-over") {
		return f.draw(c, v, nil, fault.New(fault.Invalid, "recovery-answers-over")) // on the page of what takes the place of answers
	}
	if !asked(in, v.Step) {
		return c.SeeOther(resetPath) // a form of a step that is over
	}
	return f.draw(c, v, in, err)
}

// asked says whether a form is that of the step.
func asked(in any, step recovery.Step) bool {
	switch in.(type) {
	case meansForm:
		return step == recovery.Possession || step == recovery.Second || step == recovery.SecondCode
	case resetCodeForm:
		return step == recovery.Possession || step == recovery.SecondCode || step == recovery.Authenticator
	case resetAnswersForm:
		return step == recovery.Questions
	case passwordForm:
		return step == recovery.Password
	}
	return true
}

// moved sends the browser to look: after success, after a double click, from a
// stale tab, or where the recovery has ended.
func (f *Recovery) moved(c *web.Context, err error) error {
	if err == nil || fault.Is(err, fault.Conflict) || fault.Code(err, "flow-gone") {
		return c.SeeOther(resetPath)
	}
	c.Here(resetPath)
	return err
}

// again answers who loads the page of a form once more by its address.
func (f *Recovery) again(c *web.Context) error { return c.SeeOther(resetPath) }

// leave ends this browser's recovery, so that another can begin.
func (f *Recovery) leave(c *web.Context) error {
	if err := f.recovery.Leave(c.Context(), recoveryTicket(c)); err != nil && !fault.Is(err, fault.Gone) {
		return f.moved(c, err)
	}
	c.DropCookie(recoveryCookie)
	return c.SeeOther(resetPath)
}

// link says what a mailed link does and changes nothing: mail scanners open links too.
func (f *Recovery) link(c *web.Context) error {
	l, err := f.recovery.Link(c.Context(), c.R.PathValue("token"))
	if err != nil {
		return err
	}
	key := "recovery.link."
	switch {
	case l.Afresh:
		key += "afresh-"
	case l.Unfinished:
		key += "unfinished-"
	}
	p := linkPage{
		Frame: c.Frame(), Action: c.R.URL.Path, Title: c.T(key + "title"), Lead: c.T(key + "lead"), Go: c.T(key + "go"),
		UserID: l.UserID, NotMe: c.T("recovery.link.not-me"),
	}
	p.Rail = recoveryRail(p.Frame, 1)
	return c.Page(200, linkView(p))
}

func (f *Recovery) linkOpen(c *web.Context) error {
	next, err := f.recovery.OpenLink(c.Context(), c.R.PathValue("token"), device(c))
	if err != nil {
		return err
	}
	return f.proved(c, nil, next, nil)
}

// device is what the browser shows as one that the account knows, or "".
func device(c *web.Context) string { return c.Cookie(deviceCookie) }
