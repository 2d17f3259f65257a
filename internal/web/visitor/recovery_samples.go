package visitor

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/recovery"
	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

// RecoverySamples are the pages of getting back in with values worth looking at.
func RecoverySamples() []web.Sample {
	const email, user = "marta.ellison@harbourvale.example", "mellison"
	at := func(f *ui.Frame, step int, errs ...ui.Error) *ui.Frame {
		f.Rail, f.Errors = recoveryRail(f, step), errs
		return f
	}
	proof := func(name string, change func(*recovery.View), errs ...func(*ui.Frame) ui.Error) web.Sample {
		return web.Sample{Name: name, Draw: func(f *ui.Frame) templ.Component {
			v := recovery.View{
				Step: recovery.Possession, Means: recovery.Email, CodeLife: 10 * time.Minute, LinkLife: time.Hour, Wait: 42 * time.Second,
				Offers: []recovery.Offer{{Means: recovery.SMS}, {Means: recovery.Passkey}},
			}
			change(&v)
			p := proofPage{Frame: at(f, 1), View: v}
			if v.Step == recovery.Possession {
				p.Login = email
			}
			for _, e := range errs {
				p.Errors = append(p.Errors, e(f))
			}
			return proofView(p)
		}}
	}
	wrong := func(f *ui.Frame) ui.Error { return failed(f, "code", "fault.code-wrong", "n", 3) }
	other := []recovery.Offer{{Means: recovery.SMS, To: "+44 77•• •••123"}, {Means: recovery.Passkey}}
	return []web.Sample{
		{Name: "get-back-in", Draw: backInView},
		{Name: "get-back-in-nowhere", Draw: func(f *ui.Frame) templ.Component {
			return backInView(nowhere(f))
		}},
		{Name: "forgot-user-id", Draw: func(f *ui.Frame) templ.Component { return findUserIDView(findUserIDPage{Frame: f}) }},
		{Name: "forgot-user-id-error", Draw: func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{failed(f, "email", "fault.email-shape")}
			return findUserIDView(findUserIDPage{Frame: f, Email: "marta@harbourvale"})
		}},
		{Name: "forgot-user-id-sent", Draw: func(f *ui.Frame) templ.Component {
			return userIDSentView(findUserIDPage{Frame: f, Email: email})
		}},
		{Name: "reset-password", Draw: func(f *ui.Frame) templ.Component { return resetView(resetPage{Frame: at(f, 0)}) }},
		{Name: "reset-password-both", Draw: func(f *ui.Frame) templ.Component {
			return resetView(resetPage{Frame: at(f, 0), Both: true})
		}},
		{Name: "reset-password-ended", Draw: func(f *ui.Frame) templ.Component {
			return resetView(resetPage{Frame: at(f, 0), Ended: true})
		}},
		{Name: "reset-password-error", Draw: func(f *ui.Frame) templ.Component {
			return resetView(resetPage{Frame: at(f, 0, failed(f, "login", "fault.login-empty"))})
		}},
		proof("reset-mailbox", func(*recovery.View) {}),
		proof("reset-mailbox-wrong", func(v *recovery.View) { v.Wait = 0 }, wrong),
		proof("reset-held", func(v *recovery.View) { v.Held = "limit"; v.Wait = 15 * time.Minute }),
		proof("reset-sms", func(v *recovery.View) {
			v.Means, v.Offers = recovery.SMS, []recovery.Offer{{Means: recovery.Email}, {Means: recovery.Passkey}}
		}),
		proof("reset-passkey", func(v *recovery.View) {
			v.Means, v.Offers = recovery.Passkey, []recovery.Offer{{Means: recovery.Email}, {Means: recovery.SMS}}
		}),
		proof("reset-second-sms", func(v *recovery.View) {
			v.Step, v.Means, v.To, v.Offers = recovery.SecondCode, recovery.SMS, other[0].To, other[1:]
		}),
		proof("reset-second-mailbox", func(v *recovery.View) {
			v.Step, v.To, v.Offers = recovery.SecondCode, "m•••@h•••.example", nil
		}, wrong),
		{Name: "reset-authenticator", Draw: func(f *ui.Frame) templ.Component { return resetAppView(resetAppPage{Frame: at(f, 1)}) }},
		{Name: "reset-recovery-code", Draw: func(f *ui.Frame) templ.Component {
			return resetAppView(resetAppPage{Frame: at(f, 1, failed(f, "code", "fault.recovery-code-used")), Recovery: true})
		}},
		{Name: "reset-questions", Draw: func(f *ui.Frame) templ.Component {
			return resetQuestionsView(resetQuestionsPage{Frame: at(f, 1), Tries: 3, Questions: []string{
				f.T("account.question.first-dish"), "What did we call the boat on the lake?",
			}})
		}},
		{Name: "reset-questions-wrong", Draw: func(f *ui.Frame) templ.Component {
			return resetQuestionsView(resetQuestionsPage{Frame: at(f, 1, failed(f, "a1", "fault.recovery-answers", "n", 1)), Tries: 1, Questions: []string{
				f.T("account.question.first-dish"), f.T("account.question.childhood-street"),
			}})
		}},
		{Name: "reset-second", Draw: func(f *ui.Frame) templ.Component {
			return resetSecondView(resetSecondPage{Frame: at(f, 1), Forgotten: true, Offers: other})
		}},
		{Name: "reset-second-none", Draw: func(f *ui.Frame) templ.Component {
			return resetSecondView(resetSecondPage{Frame: at(f, 1), Forgotten: true})
		}},
		{Name: "reset-help", Draw: func(f *ui.Frame) templ.Component {
			return resetHelpView(resetHelpPage{Frame: at(f, 1), Reference: "7KQ4-2MDX"})
		}},
		{Name: "reset-help-nowhere", Draw: func(f *ui.Frame) templ.Component {
			return resetHelpView(resetHelpPage{Frame: at(nowhere(f), 1), Reference: "7KQ4-2MDX"})
		}},
		{Name: "reset-new-password", Draw: func(f *ui.Frame) templ.Component {
			return resetPasswordView(resetPasswordPage{
				Frame: at(f, 2), UserID: user, Legacy: true, Former: 5, Check: choose.Password{Rules: passwordRules(f, "", "", "", "", ""), Words: f.T("password.strength.none")},
			})
		}},
		{Name: "reset-new-password-error", Draw: func(f *ui.Frame) templ.Component {
			return resetPasswordView(resetPasswordPage{
				Frame: at(f, 2, failed(f, "password", "fault.password-context")), UserID: user,
				Check: choose.Password{Rules: passwordRules(f, ui.Done, ui.Done, ui.Done, ui.Bad, ui.Done), Level: 2, Words: f.T("password.strength.2")},
			})
		}},
		{Name: "reset-done", Draw: func(f *ui.Frame) templ.Component {
			return resetDoneView(resetDonePage{Frame: at(f, 3), UserID: user})
		}},
		{Name: "reset-done-legacy", Draw: func(f *ui.Frame) templ.Component {
			return resetDoneView(resetDonePage{Frame: at(f, 3), UserID: user, Legacy: true, Passkeys: true})
		}},
		resetLink("reset-link", "recovery.link."),
		resetLink("reset-link-unfinished", "recovery.link.unfinished-"),
		resetLink("reset-link-afresh", "recovery.link.afresh-"),
	}
}

// nowhere is the frame of a vendor that names no helpdesk.
func nowhere(f *ui.Frame) *ui.Frame {
	v := *f.Vendor
	v.Phone, v.Email = "", ""
	f.Vendor = &v
	return f
}

func resetLink(name, key string) web.Sample {
	return web.Sample{Name: name, Draw: func(f *ui.Frame) templ.Component {
		f.Rail = recoveryRail(f, 1)
		return linkView(linkPage{
			Frame: f, Action: "/reset-password/link/token", Title: f.T(key + "title"), Lead: f.T(key + "lead"), Go: f.T(key + "go"), UserID: "mellison",
			NotMe: f.T("recovery.link.not-me"),
		})
	}}
}
