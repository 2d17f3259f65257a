package visitor

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/account"
	"vestibule/internal/fault"
	"vestibule/internal/register"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

// Register is the face of the registration: eight steps, each its own page,
// and the pages that links in its e-mails open. GET /register shows the page
// that the registration's row says; nothing else chooses one.
type Register struct {
	register *register.Service
	dial     map[text.Lang][]ui.Option
}

// NewRegister makes the face.
func NewRegister(service *register.Service) *Register {
	f := &Register{register: service, dial: map[text.Lang][]ui.Option{}}
	for _, lang := range text.Languages() {
		for _, c := range account.Countries(string(lang)) {
			f.dial[lang] = append(f.dial[lang], ui.Option{Value: c.Code, Label: c.Code + " " + c.Dial})
		}
	}
	return f
}

// Routes are the face's table.
func (f *Register) Routes() []web.Route {
	return []web.Route{
		web.Row(web.Anyone, "GET /register", f.show),
		web.Row(web.Anyone, "GET /welcome/{token}", f.welcome),
		web.Row(web.Anyone, "POST /welcome/{token}/confirm", f.welcomeConfirm),
		web.Row(web.Anyone, "POST /welcome/{token}/finish", f.welcomeFinish),
		web.Row(web.Anyone, "POST /welcome/{token}/not-me", f.welcomeNotMe),
		web.Row(web.Anyone, "POST /register/details", f.details),
		web.Row(web.Anyone, "POST /register/back", f.back),
		web.Row(web.Anyone, "POST /register/another", f.another),
		web.Row(web.Anyone, "POST /register/code", f.code),
		web.Row(web.Anyone, "POST /register/code/resend", f.codeResend),
		web.Row(web.Anyone, "POST /register/code/change", f.codeChange),
		web.Row(web.Anyone, "POST /register/code/help", f.codeHelp),
		web.Row(web.Anyone, "GET /register/terms/print", f.termsPrint),
		web.Row(web.Anyone, "POST /register/terms", f.terms),
		web.Row(web.Anyone, "POST /register/terms/decline", f.termsDecline),
		web.Row(web.Anyone, "GET /register/declined", f.declined),
		web.Row(web.Anyone, "POST /register/questions", f.questions),
		web.Row(web.Anyone, "POST /register/questions/check", f.questionsCheck),
		web.Row(web.Anyone, "POST /register/confirm", f.confirm),
		web.Row(web.Anyone, "POST /register/confirm/change", f.confirmChange),
		web.Row(web.Anyone, "POST /register/authenticator", f.authenticator),
		web.Row(web.Anyone, "POST /register/authenticator/skip", f.authenticatorSkip),
		web.Row(web.Anyone, "POST /register/authenticator/kept", f.authenticatorKept),
		web.Row(web.Anyone, "GET /register/recovery-codes.txt", f.recoveryCodes),
		web.Row(web.Anyone, "POST /register/password", f.password),
		web.Row(web.Anyone, "POST /register/password/check", f.passwordCheck),

		web.Row(web.Anyone, "GET /register/continue/{token}", f.continueLink),
		web.Row(web.Anyone, "POST /register/continue/{token}", f.continueGo),
		web.Row(web.Anyone, "GET /register/finish/{token}", f.finishLink),
		web.Row(web.Anyone, "POST /register/finish/{token}", f.finishGo),
		web.Row(web.Anyone, "POST /register/finish/{token}/not-me", f.finishNotMe),
		web.Row(web.Anyone, "GET /confirm-email/{token}", f.confirmEmailLink),
		web.Row(web.Anyone, "POST /confirm-email/{token}", f.confirmEmailGo),
		web.Row(web.Anyone, "POST /confirm-email/{token}/not-me", f.confirmEmailNotMe),
		web.Row(web.Anyone, "GET /confirm-email/done", f.confirmEmailDone),
	}
}

const (
	registerCookie = "register"
	registerLife   = 7 * 24 * time.Hour
)

func ticket(c *web.Context) register.Ticket { return register.Ticket(c.Cookie(registerCookie)) }

func keep(c *web.Context, t register.Ticket) { c.SetCookie(registerCookie, string(t), registerLife) }

// show draws the page of the step where the registration stands.
func (f *Register) show(c *web.Context) error {
	if token := c.R.URL.Query().Get("invitation"); token != "" {
		return f.invited(c, token, nil)
	}
	v, err := f.register.Current(c.Context(), ticket(c))
	if fault.Is(err, fault.Gone) {
		expired := c.Cookie(registerCookie) != ""
		if expired {
			c.DropCookie(registerCookie)
		} else if c.Who().Known() {
			return c.SeeOther("/portal")
		}
		return f.detailsAgain(c, registerForm{MobileCountry: countryOf(c)}, register.View{}, expired, nil)
	}
	if err != nil {
		return err
	}
	return f.draw(c, v, nil, nil)
}

// draw shows a step's page; in is what was typed where the step failed.
func (f *Register) draw(c *web.Context, v register.View, in any, failed error) error {
	if v.Step == register.Details {
		typed, ok := in.(registerForm)
		if !ok {
			typed = formOf(v)
			typed.MobileCountry = cmp.Or(typed.MobileCountry, countryOf(c))
		}
		return f.detailsAgain(c, typed, v, false, failed)
	}
	c.Here("/register")
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	frame.Rail = registerRail(frame, v)
	at := progressOf(v)
	switch v.Step {
	case register.Mailbox:
		return c.Page(frame.Status(), mailboxView(mailboxPage{Frame: frame, progress: at, Email: v.Email}))
	case register.Mobile:
		typed, _ := in.(numberForm)
		return c.Page(frame.Status(), mobileView(mobilePage{
			Frame: frame, progress: at, Country: cmp.Or(typed.MobileCountry, v.MobileCountry, countryOf(c)), Number: cmp.Or(typed.Mobile, v.Mobile), Dial: f.dial[c.Lang],
		}))
	case register.Code, register.Help:
		return f.drawCode(c, frame, v, in)
	case register.Terms:
		p := f.termsOf(c, v)
		p.Frame, p.progress = frame, at
		return c.Page(frame.Status(), termsView(p))
	case register.Questions:
		typed, _ := in.(choose.Questions)
		if in == nil {
			typed = choose.QuestionsOf(v.Questions)
		}
		return c.Page(frame.Status(), questionsView(questionsPage{
			Frame: frame, progress: at, In: typed, Offered: choose.Options(c.Words, f.register.Offered(c.Lang)), Rules: choose.AnswerRules(c.Words, typed, failed),
		}))
	case register.Confirm:
		p := confirmPage{Frame: frame, progress: at}
		for _, q := range v.Questions {
			p.Questions = append(p.Questions, f.register.QuestionWords(c.Lang, q))
		}
		return c.Page(frame.Status(), confirmView(p))
	case register.Authenticator:
		return c.Page(frame.Status(), authenticatorView(authenticatorPage{
			Frame: frame, progress: at, URI: v.Enrolment.URI, Key: v.Enrolment.Secret, Questions: v.QuestionsAsked,
		}))
	case register.Codes:
		return c.Page(frame.Status(), codesView(codesPage{Frame: frame, progress: at, Codes: v.RecoveryCodes}))
	case register.Password:
		typed, _ := in.(string)
		check, err := f.check(c, typed)
		if err != nil {
			return f.moved(c, err)
		}
		return c.Page(frame.Status(), passwordView(passwordPage{Frame: frame, progress: at, Email: v.Email, Check: check}))
	}
	if v.Completes {
		return c.Page(frame.Status(), completedView(frame))
	}
	return c.Page(frame.Status(), doneView(donePage{
		Frame: frame, First: v.FirstName, UserID: v.UserID, Email: v.Email, EmailProved: v.EmailProved, MobileVerified: v.MobileVerified,
		QuestionsAsked: v.QuestionsAsked, AuthenticatorOn: v.AuthenticatorOn, Version: v.Terms.Version,
		Next: doneNext(v.Standing), Days: v.Standing.License.State.Days,
	}))
}

// next answers a step: what went well or has moved on meanwhile leads to the
// page that the row says; what was refused shows its page again.
func (f *Register) next(c *web.Context, in any, err error) error {
	if err == nil || !fault.Is(err, fault.Invalid) {
		return f.moved(c, err)
	}
	v, current := f.register.Current(c.Context(), ticket(c))
	if current != nil {
		return f.moved(c, current)
	}
	if !belongs(in, v.Step) {
		return c.SeeOther("/register") // a form of a step that is over
	}
	return f.draw(c, v, in, err)
}

// belongs says whether a form is that of the step.
func belongs(in any, step register.Step) bool {
	switch in.(type) {
	case numberForm:
		return step == register.Mobile || step == register.Code || step == register.Help
	case smsForm, helpForm:
		return step == register.Code || step == register.Help
	case termsForm:
		return step == register.Terms
	case choose.Questions:
		return step == register.Questions
	case choose.Answers:
		return step == register.Confirm
	case totpForm:
		return step == register.Authenticator
	}
	return step == register.Password
}

// moved sends the browser to look: after success, after a double click, from a
// stale tab, or where the registration has ended.
func (f *Register) moved(c *web.Context, err error) error {
	if err == nil || fault.Is(err, fault.Conflict) || fault.Code(err, "flow-gone") {
		return c.SeeOther("/register")
	}
	return err
}

// registerForm is the first step's form.
type registerForm struct {
	Once          string `form:"once,max=100"`
	Invitation    string `form:"invitation,max=100"`
	First         string `form:"first,max=400"`
	Last          string `form:"last,max=400"`
	Email         string `form:"email,max=1000"`
	MobileCountry string `form:"mobile-country,max=2"`
	Mobile        string `form:"mobile,max=100"`
	Organization  string `form:"organization,max=800"`
}

func formOf(v register.View) registerForm {
	return registerForm{
		First: v.FirstName, Last: v.LastName, Email: v.Email, MobileCountry: v.MobileCountry, Mobile: v.Mobile, Organization: v.Organization,
	}
}

func (f *Register) details(c *web.Context) error {
	var in registerForm
	err := c.Form(&in)
	if err == nil {
		var t register.Ticket
		t, err = f.register.GiveDetails(c.Context(), ticket(c), register.Form{
			Once: in.Once, Invitation: in.Invitation, FirstName: in.First, LastName: in.Last, Email: in.Email,
			MobileCountry: in.MobileCountry, Mobile: in.Mobile, Organization: in.Organization, Lang: c.Lang,
		})
		if t != "" && (err == nil || fault.Is(err, fault.Conflict)) {
			keep(c, t)
		}
	}
	switch {
	case fault.Code(err, "email-linked"):
		if v, known := f.register.Invited(c.Context(), in.Invitation); known == nil && v.Holder.ID != "" {
			return c.SeeOther("/welcome/" + url.PathEscape(in.Invitation)) // an account was made meanwhile
		}
		return f.linked(c)
	case err == nil || !fault.Is(err, fault.Invalid):
		return f.moved(c, err)
	}
	v, current := f.register.Current(c.Context(), ticket(c))
	if current == nil && v.Step != register.Details && in.Invitation == "" {
		return c.SeeOther("/register")
	}
	if current != nil && !fault.Is(current, fault.Gone) {
		return current
	}
	return f.detailsAgain(c, in, v, false, err)
}

// linked ends the registration of an address that has an account.
func (f *Register) linked(c *web.Context) error {
	c.DropCookie(registerCookie)
	c.Here("/register")
	return c.Page(422, linkedView(c.Frame()))
}

func (f *Register) detailsAgain(c *web.Context, in registerForm, v register.View, expired bool, failed error) error {
	c.Here("/register")
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	at := progress{plain: len(f.register.Settings.Questions) == 0}
	frame.Rail = registerRail(frame, register.View{Step: register.Details, QuestionsAsked: !at.plain})
	in.Once = f.register.Once()
	if v.EmailFixed {
		in.Email = v.Email
	}
	return c.Page(frame.Status(), detailsView(detailsPage{
		Frame: frame, progress: at, In: in, Dial: f.dial[c.Lang], Invited: in.Invitation != "", EmailFixed: v.EmailFixed, Expired: expired,
	}))
}

// another leaves a registration that is done to this browser's next user.
func (f *Register) another(c *web.Context) error {
	v, err := f.register.Current(c.Context(), ticket(c))
	if err == nil && v.Step == register.Done {
		c.DropCookie(registerCookie)
	}
	return c.SeeOther("/register")
}

func (f *Register) back(c *web.Context) error {
	return f.moved(c, f.register.Back(c.Context(), ticket(c)))
}

func progressOf(v register.View) progress {
	return progress{plain: !v.QuestionsAsked, completes: v.Completes}
}

// registerRail is the stepper.
func registerRail(frame *ui.Frame, v register.View) templ.Component {
	way := progressOf(v).way()
	at := len(way)
	switch v.Step {
	case register.Details, register.Mailbox:
		at = 0
	case register.Mobile, register.Help:
		at = slices.Index(way, register.Code)
	case register.Codes:
		at = slices.Index(way, register.Authenticator)
	case register.Done:
	default:
		at = slices.Index(way, v.Step)
	}
	var steps []ui.Step
	for i, name := range way {
		s := ui.Step{Text: frame.T("register.step." + name), Optional: name == "authenticator"}
		switch {
		case i < at:
			s.State = ui.Done
		case i == at:
			s.State = ui.Now
		}
		steps = append(steps, s)
	}
	return ui.Steps(frame.T("register.steps"), steps)
}

// minutesToRead is how long a text takes at 200 words a minute.
func minutesToRead(s string) int { return max(1, (len(strings.Fields(s))+199)/200) }

func number(i int) string { return strconv.Itoa(i) }
