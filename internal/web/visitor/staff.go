package visitor

import (
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/staff"
	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

// StaffEnrol is the face of setting up a staff account by the link that the console showed.
type StaffEnrol struct {
	staff *staff.Service
}

// NewStaffEnrol makes the face.
func NewStaffEnrol(service *staff.Service) *StaffEnrol { return &StaffEnrol{staff: service} }

// Routes are the face's table. Steps are for anyone: the ticket in the cookie is what lets them go on.
func (f *StaffEnrol) Routes() []web.Route {
	return []web.Route{
		web.Row(web.Anyone, "GET /office/enrol/{token}", f.link),
		web.Row(web.Anyone, "POST /office/enrol/{token}", f.begin),
		web.Row(web.Anyone, "GET /office/enrol", f.form),
		web.Row(web.Anyone, "POST /office/set-up/password", f.password),
		web.Row(web.Anyone, "POST /office/set-up/check", f.check),
		web.Row(web.Anyone, "POST /office/set-up/code", f.code),
		web.Row(web.Anyone, "POST /office/set-up/again", f.again),
		web.Row(web.Anyone, "POST /office/set-up/done", f.done),
	}
}

// enrolCookie carries the ticket of a set-up.
const (
	enrolCookie = "enrolling"
	enrolPath   = "/office/enrol"
	enrolLife   = time.Hour
)

// link shows whose link it is, and changes nothing: scanners open links, people press buttons.
func (f *StaffEnrol) link(c *web.Context) error {
	v, err := f.staff.Invited(c.Context(), c.R.PathValue("token"))
	if err != nil {
		return err
	}
	return c.Page(200, staffLinkView(staffLinkPage{Frame: c.Frame(), Name: v.Name, UserID: v.UserID, Action: enrolPath + "/" + c.R.PathValue("token")}))
}

func (f *StaffEnrol) begin(c *web.Context) error {
	ticket, err := f.staff.Begin(c.Context(), c.R.PathValue("token"))
	if err != nil {
		return err
	}
	c.SetCookie(enrolCookie, ticket, enrolLife)
	return c.SeeOther(enrolPath)
}

func (f *StaffEnrol) form(c *web.Context) error { return f.show(c, nil) }

// show draws the page that the row says.
func (f *StaffEnrol) show(c *web.Context, failed error) error {
	c.Here(enrolPath)
	v, err := f.staff.Setup(c.Context(), c.Cookie(enrolCookie))
	if err != nil {
		return err
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	switch v.Step {
	case staff.StepAuthenticator:
		return c.Page(frame.Status(), staffAuthenticatorView(staffAuthenticatorPage{Frame: frame, URI: v.Enrolment.URI, Key: v.Enrolment.Secret}))
	case staff.StepCodes:
		return c.Page(frame.Status(), staffCodesView(staffCodesPage{Frame: frame, Codes: v.Codes}))
	default:
		p := staffPasswordPage{Frame: frame, Name: v.Name, UserID: v.UserID}
		if p.Check, err = f.judge(c, ""); err != nil {
			return err
		}
		return c.Page(frame.Status(), staffPasswordView(p))
	}
}

type staffPasswordForm struct {
	Password string `form:"password,raw,max=1000"`
}

func (f *StaffEnrol) password(c *web.Context) error {
	var in staffPasswordForm
	err := c.Form(&in)
	if err == nil {
		err = f.staff.SetPassword(c.Context(), c.Cookie(enrolCookie), in.Password)
	}
	return f.next(c, err)
}

// check answers, while the person types, with what the rules say.
func (f *StaffEnrol) check(c *web.Context) error {
	var in staffPasswordForm
	if err := c.Form(&in); err != nil {
		return err
	}
	check, err := f.judge(c, in.Password)
	if err != nil {
		return err
	}
	frame := c.Frame()
	return c.Page(200, ui.Part(frame, choose.PasswordChecklist(frame, check)))
}

func (f *StaffEnrol) judge(c *web.Context, plain string) (choose.Password, error) {
	findings, level, err := f.staff.Findings(c.Context(), c.Cookie(enrolCookie), plain)
	if err != nil {
		return choose.Password{}, err
	}
	return choose.PasswordOf(c.Words, plain, findings, level), nil
}

func (f *StaffEnrol) code(c *web.Context) error {
	var in struct {
		Code string `form:"code,max=20"`
	}
	err := c.Form(&in)
	if err == nil && in.Code == "" {
		err = fault.OnField("code", "required")
	}
	if err == nil {
		err = f.staff.Prove(c.Context(), c.Cookie(enrolCookie), in.Code)
	}
	return f.next(c, err)
}

func (f *StaffEnrol) again(c *web.Context) error {
	return f.next(c, f.staff.NewSecret(c.Context(), c.Cookie(enrolCookie)))
}

func (f *StaffEnrol) done(c *web.Context) error {
	token, err := f.staff.Finish(c.Context(), c.Cookie(enrolCookie), c.R.UserAgent())
	if err != nil {
		return f.next(c, err)
	}
	c.DropCookie(enrolCookie)
	c.SetCookie(web.StaffCookie, string(token), 0)
	return c.SeeOther(web.OfficePath)
}

// next answers a step: what is wrong at its field, everything else by asking the row.
func (f *StaffEnrol) next(c *web.Context, err error) error {
	switch {
	case err == nil, fault.Is(err, fault.Conflict):
		return c.SeeOther(enrolPath)
	case fault.Is(err, fault.Invalid):
		return f.show(c, err)
	}
	return err
}
