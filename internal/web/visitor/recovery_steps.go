package visitor

import (
	"vestibule/internal/recovery"
	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

type meansForm struct {
	Means string `form:"means,max=20"`
}

func (f *Recovery) means(c *web.Context) error {
	var in meansForm
	err := c.Form(&in)
	if err == nil {
		err = f.recovery.ChooseMeans(c.Context(), recoveryTicket(c), recovery.Means(in.Means))
	}
	return f.next(c, in, err)
}

type resetCodeForm struct {
	Code string `form:"code,max=10000"` // what is too long is told as any other wrong length
	With string `form:"with,max=20"`
}

func (f *Recovery) code(c *web.Context) error {
	var in resetCodeForm
	var next recovery.Next
	err := c.Form(&in)
	if err == nil {
		next, err = f.recovery.VerifyCode(c.Context(), recoveryTicket(c), in.Code)
	}
	return f.proved(c, in, next, err)
}

func (f *Recovery) resend(c *web.Context) error {
	return f.next(c, resetCodeForm{}, f.recovery.Resend(c.Context(), recoveryTicket(c)))
}

type resetPasskeyForm struct {
	Passkey string `form:"passkey,raw,max=16384"`
}

func (f *Recovery) passkey(c *web.Context) error {
	var in resetPasskeyForm
	var next recovery.Next
	err := c.Form(&in)
	if err == nil {
		next, err = f.recovery.ProvePasskey(c.Context(), recoveryTicket(c), in.Passkey)
	}
	return f.proved(c, resetCodeForm{}, next, err)
}

// passkeyBegin gives the browser what its authenticator has to answer.
func (f *Recovery) passkeyBegin(c *web.Context) error {
	options, err := f.recovery.BeginPasskey(c.Context(), recoveryTicket(c))
	if err != nil {
		return f.moved(c, err)
	}
	return c.Bytes(200, "application/json", []byte(options))
}

func (f *Recovery) authenticator(c *web.Context) error {
	var in resetCodeForm
	var next recovery.Next
	err := c.Form(&in)
	if err == nil {
		next, err = f.recovery.ProveAuthenticator(c.Context(), recoveryTicket(c), in.Code)
	}
	return f.proved(c, in, next, err)
}

type resetAnswersForm struct {
	A1 string `form:"a1,max=400"`
	A2 string `form:"a2,max=400"`
}

func (f *Recovery) answers(c *web.Context) error {
	var in resetAnswersForm
	var next recovery.Next
	err := c.Form(&in)
	if err == nil {
		next, err = f.recovery.Answer(c.Context(), recoveryTicket(c), []string{in.A1, in.A2})
	}
	return f.proved(c, in, next, err)
}

func (f *Recovery) forgotAnswers(c *web.Context) error {
	return f.moved(c, f.recovery.Forgot(c.Context(), recoveryTicket(c)))
}

func (f *Recovery) help(c *web.Context) error {
	return f.moved(c, f.recovery.AskHelp(c.Context(), recoveryTicket(c)))
}

func (f *Recovery) back(c *web.Context) error {
	return f.moved(c, f.recovery.Back(c.Context(), recoveryTicket(c)))
}

func (f *Recovery) password(c *web.Context) error {
	var in passwordForm
	var next recovery.Next
	err := c.Form(&in)
	if err == nil {
		next, err = f.recovery.SetPassword(c.Context(), recoveryTicket(c), in.Password)
	}
	return f.proved(c, in, next, err)
}

// passwordCheck answers the checklist while somebody types.
func (f *Recovery) passwordCheck(c *web.Context) error {
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

func (f *Recovery) check(c *web.Context, typed string) (choose.Password, error) {
	findings, strength, err := f.recovery.PasswordFindings(c.Context(), recoveryTicket(c), typed)
	if err != nil {
		return choose.Password{}, err
	}
	return choose.PasswordOf(c.Words, typed, findings, strength), nil
}
