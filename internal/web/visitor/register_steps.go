package visitor

import (
	"strings"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/register"
	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

type smsForm struct {
	Code string `form:"code,max=40"`
}

func (f *Register) code(c *web.Context) error {
	var in smsForm
	err := c.Form(&in)
	if err == nil {
		err = f.register.VerifyCode(c.Context(), ticket(c), in.Code)
	}
	return f.next(c, in, err)
}

func (f *Register) codeResend(c *web.Context) error {
	return f.next(c, smsForm{}, f.register.ResendCode(c.Context(), ticket(c)))
}

type numberForm struct {
	MobileCountry string `form:"mobile-country,max=2"`
	Mobile        string `form:"mobile,max=100"`
}

func (f *Register) codeChange(c *web.Context) error {
	var in numberForm
	err := c.Form(&in)
	if err == nil {
		err = f.register.ChangeNumber(c.Context(), ticket(c), in.MobileCountry, in.Mobile)
	}
	return f.next(c, in, err)
}

type helpForm struct {
	Note string `form:"note,max=1000"`
}

func (f *Register) codeHelp(c *web.Context) error {
	var in helpForm
	err := c.Form(&in)
	if err == nil {
		err = f.register.AskHelp(c.Context(), ticket(c), in.Note)
	}
	return f.next(c, in, err)
}

func (f *Register) drawCode(c *web.Context, frame *ui.Frame, v register.View, in any) error {
	p := codePage{
		Frame: frame, progress: progressOf(v), Mobile: v.MobileMasked, MobileCountry: v.MobileCountry, Dial: f.dial[c.Lang], Wait: v.Wait, Held: v.Held,
		HelpAsked: v.HelpAsked, Minutes: int(v.CodeLife / time.Minute),
	}
	switch typed := in.(type) {
	case numberForm:
		p.Number, p.MobileCountry, p.ChangeNumber = typed.Mobile, typed.MobileCountry, true
	case helpForm:
		p.Note = typed.Note
	}
	return c.Page(frame.Status(), codeView(p))
}

func (f *Register) termsOf(c *web.Context, v register.View) termsPage {
	body, _ := v.Terms.In(string(c.Lang))
	p := termsPage{Version: v.Terms.Version, Text: body, Organization: v.Organization, Minutes: minutesToRead(body)}
	if !v.Terms.Since.IsZero() {
		p.Since = c.Words.Date(v.Terms.Since)
	}
	return p
}

// termsPrint shows the terms in force on a page of their own, to anybody.
func (f *Register) termsPrint(c *web.Context) error {
	p := f.termsOf(c, register.View{Terms: f.register.Settings.Terms.At(c.Now())})
	p.Frame = c.Frame()
	return c.Page(200, termsPrintView(p))
}

type termsForm struct {
	Version string `form:"version,max=100"`
	Accept  bool   `form:"accept"`
}

func (f *Register) terms(c *web.Context) error {
	var in termsForm
	err := c.Form(&in)
	switch {
	case err != nil:
	case !in.Accept:
		err = fault.OnField("accept", "terms-accept")
	default:
		err = f.register.AcceptTerms(c.Context(), ticket(c), in.Version, c.Lang)
	}
	if fault.Code(err, "email-linked") {
		return f.linked(c)
	}
	return f.next(c, in, err)
}

func (f *Register) termsDecline(c *web.Context) error {
	if err := f.register.DeclineTerms(c.Context(), ticket(c)); err != nil {
		return f.moved(c, err)
	}
	c.DropCookie(registerCookie)
	return c.SeeOther("/register/declined")
}

func (f *Register) declined(c *web.Context) error { return c.Page(200, declinedView(c.Frame())) }

func (f *Register) questions(c *web.Context) error {
	var in choose.Questions
	err := c.Form(&in)
	if err == nil {
		err = f.register.ChooseQuestions(c.Context(), ticket(c), c.Lang, in.Choices())
	}
	return f.next(c, in, err)
}

// questionsCheck answers the checklist while somebody types: the rules that
// decide, and nothing kept.
func (f *Register) questionsCheck(c *web.Context) error {
	var in choose.Questions
	err := c.Form(&in)
	if err == nil {
		err = f.register.JudgeChoices(c.Lang, in.Choices())
	}
	if err != nil && !fault.Is(err, fault.Invalid) {
		return err
	}
	frame := c.Frame()
	return c.Page(200, ui.Part(frame, choose.AnswerChecklist(frame, choose.AnswerRules(c.Words, in, err))))
}

func (f *Register) confirm(c *web.Context) error {
	var in choose.Answers
	err := c.Form(&in)
	if err == nil {
		err = f.register.ConfirmAnswers(c.Context(), ticket(c), in.List())
	}
	return f.next(c, in, err)
}

func (f *Register) confirmChange(c *web.Context) error {
	return f.moved(c, f.register.ChangeAnswers(c.Context(), ticket(c)))
}

type totpForm struct {
	Code string `form:"totp,max=40"`
}

func (f *Register) authenticator(c *web.Context) error {
	var in totpForm
	err := c.Form(&in)
	if err == nil {
		err = f.register.EnrolAuthenticator(c.Context(), ticket(c), in.Code)
	}
	return f.next(c, in, err)
}

func (f *Register) authenticatorSkip(c *web.Context) error {
	return f.moved(c, f.register.SkipAuthenticator(c.Context(), ticket(c)))
}

func (f *Register) authenticatorKept(c *web.Context) error {
	return f.moved(c, f.register.KeepCodes(c.Context(), ticket(c)))
}

// recoveryCodes is the list as a file, while its page is shown.
func (f *Register) recoveryCodes(c *web.Context) error {
	v, err := f.register.Current(c.Context(), ticket(c))
	if err != nil || v.Step != register.Codes {
		return f.moved(c, err)
	}
	c.W.Header().Set("Content-Disposition", `attachment; filename="recovery-codes.txt"`)
	return c.Bytes(200, "text/plain; charset=utf-8", []byte(strings.Join(v.RecoveryCodes, "\n")+"\n"))
}

type passwordForm struct {
	Password string `form:"password,raw,max=10000"`
}

func (f *Register) password(c *web.Context) error {
	var in passwordForm
	err := c.Form(&in)
	if err == nil {
		err = f.register.SetPassword(c.Context(), ticket(c), in.Password)
	}
	return f.next(c, in.Password, err)
}

// passwordCheck answers the checklist while somebody types.
func (f *Register) passwordCheck(c *web.Context) error {
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

func (f *Register) check(c *web.Context, typed string) (choose.Password, error) {
	findings, strength, err := f.register.PasswordFindings(c.Context(), ticket(c), typed)
	if err != nil {
		return choose.Password{}, err
	}
	return choose.PasswordOf(c.Words, typed, findings, strength), nil
}

func (f *Register) continueLink(c *web.Context) error {
	if err := f.register.ContinueLink(c.Context(), c.R.PathValue("token")); err != nil {
		return err
	}
	return c.Page(200, buttonView(buttonPage{
		Frame: c.Frame(), Action: c.R.URL.Path, Title: c.T("register.continue-link.title"), Lead: c.T("register.continue-link.lead"),
		Go: c.T("register.continue-link.go"),
	}))
}

func (f *Register) continueGo(c *web.Context) error {
	t, err := f.register.Continue(c.Context(), c.R.PathValue("token"))
	return f.begun(c, t, err)
}

// begun hands the ticket to the browser that opened a link.
func (f *Register) begun(c *web.Context, t register.Ticket, err error) error {
	if err != nil {
		return err
	}
	keep(c, t)
	return c.SeeOther("/register")
}

func (f *Register) finishLink(c *web.Context) error {
	a, err := f.register.FinishLink(c.Context(), c.R.PathValue("token"))
	if err != nil {
		return err
	}
	return c.Page(200, buttonView(buttonPage{
		Frame: c.Frame(), Action: c.R.URL.Path, Title: c.T("register.finish.title"), Lead: c.T("register.finish.lead"), Go: c.T("register.finish.go"),
		UserID: a.UserID, Email: a.Email, NotMe: c.R.URL.Path + "/not-me",
	}))
}

func (f *Register) finishGo(c *web.Context) error {
	t, err := f.register.Finish(c.Context(), c.R.PathValue("token"))
	return f.begun(c, t, err)
}

func (f *Register) finishNotMe(c *web.Context) error {
	t, err := f.register.NotMeFinish(c.Context(), c.R.PathValue("token"))
	return f.begun(c, t, err)
}

func (f *Register) confirmEmailLink(c *web.Context) error { return f.confirmEmailAgain(c, nil) }

func (f *Register) confirmEmailAgain(c *web.Context, failed error) error {
	a, err := f.register.ConfirmLink(c.Context(), c.R.PathValue("token"))
	if err != nil {
		return err
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	own := c.Who().Account == a.ID
	p := buttonPage{
		Frame: frame, Action: c.R.URL.Path, Title: c.T("register.confirm-email.title"), Lead: c.T("register.confirm-email.lead", "email", a.Email),
		Go: c.T("register.confirm-email.go"), UserID: a.UserID, Email: a.Email, AskPassword: !own, NotMe: c.R.URL.Path + "/not-me",
	}
	return c.Page(frame.Status(), buttonView(p))
}

func (f *Register) confirmEmailGo(c *web.Context) error {
	var in passwordForm
	err := c.Form(&in)
	if err == nil {
		err = f.register.ConfirmEmail(c.Context(), c.R.PathValue("token"), c.Who().Account, in.Password)
	}
	if err != nil {
		return f.confirmEmailAgain(c, err)
	}
	return c.SeeOther("/confirm-email/done")
}

func (f *Register) confirmEmailNotMe(c *web.Context) error {
	t, err := f.register.NotMeConfirm(c.Context(), c.R.PathValue("token"))
	return f.begun(c, t, err)
}

func (f *Register) confirmEmailDone(c *web.Context) error {
	return c.Page(200, confirmedView(c.Frame(), c.Who().Known()))
}
