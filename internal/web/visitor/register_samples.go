package visitor

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/register"
	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

// RegisterSamples are the pages of the registration, for the gallery and the
// checks.
func RegisterSamples() []web.Sample {
	dial := []ui.Option{{Value: "AT", Label: "AT +43"}, {Value: "DE", Label: "DE +49"}, {Value: "GB", Label: "GB +44"}}
	marta := registerForm{
		Once: "once", First: "Marta", Last: "Ellison", Email: "marta.ellison@harbourvale.example", MobileCountry: "GB", Mobile: "07700 900123",
		Organization: "Harbour Vale Council",
	}
	at := func(f *ui.Frame, step register.Step, failures ...ui.Error) *ui.Frame {
		f.Rail, f.Errors = registerRail(f, register.View{Step: step, QuestionsAsked: true}), failures
		return f
	}
	terms := func(f *ui.Frame) termsPage {
		return termsPage{
			Version: "4.2", Since: f.Words.Date(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), Organization: "Harbour Vale Council", Minutes: 4,
			Text: "**In short:** you may use the add-on free of charge for 30 days.\n\n## 1. Who this is between\n\nThese terms are between us and you.\n\n## 2. What you may do\n\nYou may install the add-on.",
		}
	}
	offered := func(f *ui.Frame) []ui.Option {
		return []ui.Option{
			{Value: "first-dish", Label: f.T("account.question.first-dish")}, {Value: "childhood-street", Label: f.T("account.question.childhood-street")},
			{Value: choose.OwnQuestion, Label: f.T("register.questions.own")},
		}
	}
	rules := func(f *ui.Frame, states ...string) (all []ui.Rule) {
		for i, name := range []string{"length", "question", "common", "different"} {
			all = append(all, ui.Rule{Text: f.T("register.questions.rule." + name), State: states[i]})
		}
		return all
	}
	codes := []string{
		"abcd-efgh-2345-6723", "bcde-fgha-3456-7234", "cdef-ghab-4567-2345", "defg-habc-5672-3456", "efgh-abcd-6723-4567",
		"fgha-bcde-7234-5672", "ghab-cdef-2345-6724", "habc-defg-3456-7235", "abce-efgi-4567-2346", "bcdf-fghj-5672-3457",
	}
	done := donePage{
		First: "Marta", UserID: "mellison", Email: marta.Email, EmailProved: true, MobileVerified: true, QuestionsAsked: true, AuthenticatorOn: true,
		Version: "4.2", Next: nextApproved, Days: 30,
	}
	return []web.Sample{
		{Name: "register-details", Draw: func(f *ui.Frame) templ.Component {
			return detailsView(detailsPage{Frame: at(f, register.Details), In: registerForm{Once: "once", MobileCountry: "GB"}, Dial: dial})
		}},
		{Name: "register-details-invited", Draw: func(f *ui.Frame) templ.Component {
			in := marta
			in.Invitation = "token"
			return detailsView(detailsPage{Frame: at(f, register.Details), In: in, Dial: dial, Invited: true})
		}},
		{Name: "register-details-afresh", Draw: func(f *ui.Frame) templ.Component {
			return detailsView(detailsPage{Frame: at(f, register.Details), In: registerForm{Once: "once", Email: marta.Email, MobileCountry: "GB"}, Dial: dial, EmailFixed: true})
		}},
		{Name: "register-details-expired", Draw: func(f *ui.Frame) templ.Component {
			return detailsView(detailsPage{Frame: at(f, register.Details), In: registerForm{Once: "once", MobileCountry: "GB"}, Dial: dial, Expired: true})
		}},
		{Name: "register-details-errors", Draw: func(f *ui.Frame) templ.Component {
			in := marta
			in.Last, in.Email, in.Mobile = "", "marta@harbourvale", "12"
			return detailsView(detailsPage{Frame: at(f, register.Details, failed(f, "last", "field.last.name-empty"), failed(f, "email", "fault.email-shape"), failed(f, "mobile", "fault.mobile-short")), In: in, Dial: dial})
		}},
		{Name: "register-linked", Draw: linkedView},
		{Name: "register-mailbox", Draw: func(f *ui.Frame) templ.Component {
			return mailboxView(mailboxPage{Frame: at(f, register.Mailbox), Email: marta.Email})
		}},
		{Name: "register-code", Draw: func(f *ui.Frame) templ.Component {
			return codeView(codePage{Frame: at(f, register.Code), Mobile: "+44 77•• •••123", MobileCountry: "GB", Dial: dial, Wait: 42 * time.Second, Minutes: 10})
		}},
		{Name: "register-code-error", Draw: func(f *ui.Frame) templ.Component {
			return codeView(codePage{Frame: at(f, register.Code, failed(f, "code", "fault.code-wrong", "n", 2)), Mobile: "+44 77•• •••123", MobileCountry: "GB", Dial: dial, Minutes: 10})
		}},
		{Name: "register-code-held", Draw: func(f *ui.Frame) templ.Component {
			return codeView(codePage{Frame: at(f, register.Code), Mobile: "+44 77•• •••123", MobileCountry: "GB", Dial: dial, Held: "country", Minutes: 10})
		}},
		{Name: "register-mobile", Draw: func(f *ui.Frame) templ.Component {
			v := register.View{Step: register.Mobile, QuestionsAsked: true, Completes: true}
			f.Rail, f.Errors = registerRail(f, v), ui.Errors{failed(f, "mobile", "fault.mobile-short")}
			return mobileView(mobilePage{Frame: f, progress: progressOf(v), Country: "GB", Number: "12", Dial: dial})
		}},
		{Name: "register-completing", Draw: func(f *ui.Frame) templ.Component {
			v := register.View{Step: register.Code, QuestionsAsked: true, Completes: true}
			f.Rail = registerRail(f, v)
			return codeView(codePage{Frame: f, progress: progressOf(v), Mobile: "+44 77•• •••123", MobileCountry: "GB", Dial: dial, Wait: 42 * time.Second, Minutes: 10})
		}},
		{Name: "register-completed", Draw: func(f *ui.Frame) templ.Component {
			f.Rail = registerRail(f, register.View{Step: register.Done, QuestionsAsked: true, Completes: true})
			return completedView(f)
		}},
		{Name: "register-code-help", Draw: func(f *ui.Frame) templ.Component {
			return codeView(codePage{Frame: at(f, register.Help), Mobile: "+44 77•• •••123", MobileCountry: "GB", Dial: dial, HelpAsked: true, Minutes: 10})
		}},
		{Name: "register-terms", Draw: func(f *ui.Frame) templ.Component {
			p := terms(f)
			p.Frame = at(f, register.Terms)
			return termsView(p)
		}},
		{Name: "register-terms-print", Draw: func(f *ui.Frame) templ.Component {
			p := terms(f)
			p.Frame = f
			return termsPrintView(p)
		}},
		{Name: "register-declined", Draw: declinedView},
		{Name: "register-questions", Draw: func(f *ui.Frame) templ.Component {
			return questionsView(questionsPage{Frame: at(f, register.Questions), Offered: offered(f), Rules: rules(f, "", "", "", "")})
		}},
		{Name: "register-questions-errors", Draw: func(f *ui.Frame) templ.Component {
			in := choose.Questions{Q1: "first-dish", A1: "burnt leek pie", Q2: "childhood-street", A2: "street", Q3: choose.OwnQuestion, Own3: "What did we call the boat on the lake?", A3: "tin whistle"}
			return questionsView(questionsPage{Frame: at(f, register.Questions, failed(f, "a2", "fault.answer-in-question")), In: in, Offered: offered(f), Rules: rules(f, ui.Done, ui.Bad, ui.Done, ui.Done)})
		}},
		{Name: "register-confirm", Draw: func(f *ui.Frame) templ.Component {
			return confirmView(confirmPage{Frame: at(f, register.Confirm, failed(f, "a2", "fault.answer-differs")), Questions: []string{
				f.T("account.question.first-dish"), f.T("account.question.childhood-street"), "What did we call the boat on the lake?",
			}})
		}},
		{Name: "register-authenticator", Draw: func(f *ui.Frame) templ.Component {
			return authenticatorView(authenticatorPage{
				Frame: at(f, register.Authenticator), Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Questions: true,
				URI: "otpauth://totp/Northwind%20Conferencing:marta.ellison@harbourvale.example?issuer=Northwind%20Conferencing&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
			})
		}},
		{Name: "register-codes", Draw: func(f *ui.Frame) templ.Component {
			return codesView(codesPage{Frame: at(f, register.Codes), Codes: codes})
		}},
		{Name: "register-password", Draw: func(f *ui.Frame) templ.Component {
			return passwordView(passwordPage{Frame: at(f, register.Password), Email: marta.Email, Check: choose.Password{Rules: passwordRules(f, "", "", "", "", ""), Words: f.T("password.strength.none")}})
		}},
		{Name: "register-password-errors", Draw: func(f *ui.Frame) templ.Component {
			return passwordView(passwordPage{
				Frame: at(f, register.Password, failed(f, "password", "fault.password-context")), Email: marta.Email,
				Check: choose.Password{Rules: passwordRules(f, ui.Done, ui.Done, ui.Done, ui.Bad, ui.Done), Level: 2, Words: f.T("password.strength.2")},
			})
		}},
		{Name: "register-done", Draw: func(f *ui.Frame) templ.Component {
			p := done
			p.Frame = at(f, register.Done)
			return doneView(p)
		}},
		{Name: "register-done-unconfirmed", Draw: func(f *ui.Frame) templ.Component {
			p := done
			p.Frame, p.EmailProved, p.MobileVerified, p.AuthenticatorOn, p.QuestionsAsked = at(f, register.Done), false, false, false, false
			p.Next = nextConfirm
			return doneView(p)
		}},
		{Name: "register-done-no-request", Draw: func(f *ui.Frame) templ.Component {
			p := done
			p.Frame, p.Next = at(f, register.Done), nextRequest
			return doneView(p)
		}},
		{Name: "welcome-account", Draw: func(f *ui.Frame) templ.Component {
			return buttonView(buttonPage{
				Frame: f, Action: "/welcome/token/confirm", Title: f.T("register.welcome.title"), Lead: f.T("register.welcome.lead"), Go: f.T("register.welcome.go"),
				UserID: "mellison", Email: marta.Email, AskPassword: true, NotMe: "/welcome/token/not-me",
			})
		}},
		{Name: "welcome-holder", Draw: func(f *ui.Frame) templ.Component {
			return holderView(buttonPage{Frame: f, UserID: "mellison", Email: marta.Email})
		}},
		{Name: "register-continue-link", Draw: func(f *ui.Frame) templ.Component {
			return buttonView(buttonPage{
				Frame: f, Action: "/register/continue/token", Title: f.T("register.continue-link.title"), Lead: f.T("register.continue-link.lead"), Go: f.T("register.continue-link.go"),
			})
		}},
		{Name: "register-finish", Draw: func(f *ui.Frame) templ.Component {
			return buttonView(buttonPage{
				Frame: f, Action: "/register/finish/token", Title: f.T("register.finish.title"), Lead: f.T("register.finish.lead"), Go: f.T("register.finish.go"),
				UserID: "mellison", Email: marta.Email, NotMe: "/register/finish/token/not-me",
			})
		}},
		{Name: "confirm-email", Draw: func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{failed(f, "password", "fault.password-wrong")}
			return buttonView(buttonPage{
				Frame: f, Action: "/confirm-email/token", Title: f.T("register.confirm-email.title"), Lead: f.T("register.confirm-email.lead", "email", marta.Email),
				Go: f.T("register.confirm-email.go"), UserID: "mellison", Email: marta.Email, NotMe: "/confirm-email/token/not-me", AskPassword: true,
			})
		}},
		{Name: "confirm-email-done", Draw: func(f *ui.Frame) templ.Component { return confirmedView(f, false) }},
	}
}

// failed is a failure of a sample at its field.
func failed(f *ui.Frame, field, key string, args ...any) ui.Error {
	return ui.Error{Field: field, Text: f.T(key, args...)}
}

// passwordRules is a checklist of a sample.
func passwordRules(f *ui.Frame, states ...string) []ui.Rule {
	return []ui.Rule{
		{Text: f.T("password.rule.length", "n", 12), State: states[0]},
		{Text: f.T("password.rule.groups", "groups", 3, "n", 20), State: states[1]},
		{Text: f.T("password.rule.variety"), State: states[2]},
		{Text: f.T("password.rule.context"), State: states[3]},
		{Text: f.T("password.rule.common"), State: states[4]},
	}
}
