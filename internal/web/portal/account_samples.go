package portal

import (
	"github.com/a-h/templ"

	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

func accountSamples() []web.Sample {
	return []web.Sample{
		signedInSample("account", func(f *ui.Frame) templ.Component { return accountOverview(sampleOverview(f)) }),
		signedInSample("account-done", func(f *ui.Frame) templ.Component {
			p := sampleOverview(f)
			p.Done = f.T("account.done.password")
			return accountOverview(p)
		}),
		signedInSample("account-password", func(f *ui.Frame) templ.Component { return passwordView(samplePassword(f)) }),
		signedInSample("account-password-wrong", func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{{Field: "current", Text: f.T("fault.security-password")}}
			return passwordView(samplePassword(f))
		}),
		signedInSample("account-authenticator-off", func(f *ui.Frame) templ.Component { return authenticatorView(authenticatorPage{Frame: f}) }),
		signedInSample("account-authenticator-on", func(f *ui.Frame) templ.Component {
			return authenticatorView(authenticatorPage{Frame: f, On: true, Left: 8})
		}),
		signedInSample("account-authenticator-few", func(f *ui.Frame) templ.Component {
			return authenticatorView(authenticatorPage{Frame: f, On: true, Left: 1, Few: true})
		}),
		signedInSample("account-authenticator-app", func(f *ui.Frame) templ.Component { return appView(sampleApp(f)) }),
		signedInSample("account-authenticator-replace", func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{{Field: "code", Text: f.T("fault.authenticator-wrong")}}
			p := sampleApp(f)
			p.Replaces = true
			return appView(p)
		}),
		signedInSample("account-authenticator-remove", func(f *ui.Frame) templ.Component { return removeAppView(f) }),
		signedInSample("account-recovery-codes", func(f *ui.Frame) templ.Component {
			return codesView(codesPage{Frame: f, Codes: []string{"k7m2-9qfd-x4tp-ab3c", "w3nz-5rhj-8ycv-de6f"}})
		}),
		signedInSample("account-questions", func(f *ui.Frame) templ.Component {
			in := choose.Questions{Q1: "first-dish", Q2: "childhood-street", Q3: choose.OwnQuestion, Own3: "What did we call the boat on the lake?"}
			return questionsView(questionsPage{Frame: f, In: in, Rules: choose.AnswerRules(f.Words, in, nil), Offered: choose.Options(f.Words, [][2]string{
				{"first-dish", f.T("account.question.first-dish")}, {"childhood-street", f.T("account.question.childhood-street")},
			})})
		}),
		signedInSample("account-questions-confirm", func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{{Field: "a2", Text: f.T("fault.answer-differs", "n", 2)}}
			return answersView(answersPage{Frame: f, Questions: []string{
				f.T("account.question.first-dish"), f.T("account.question.childhood-street"), "What did we call the boat on the lake?",
			}})
		}),
	}
}

func sampleOverview(f *ui.Frame) accountView {
	row := func(icon, title, fact, tag, tone, does, href string) accountRow {
		return accountRow{Icon: icon, Title: title, Facts: []string{fact}, Tag: tag, Tone: tone, Go: does, Href: href, About: title}
	}
	day := f.Words.ShortDate(began())
	return accountView{Frame: f, Email: "marta.ellison@harbourvale.example", Sections: []accountSection{
		{ID: "password", Title: f.T("credential.password.title"), Text: f.T("credential.password.text"), Rows: []accountRow{
			row("lock", f.T("credential.password.title"), f.T("credential.password.set", "when", day), "", "", f.T("credential.change"), passwordPath),
		}},
		{ID: "second", Title: f.T("credential.second"), Text: f.T("credential.second-text"), Rows: []accountRow{
			row("shield", f.T("credential.app.title"), f.T("credential.app.since", "when", day), f.T("credential.app.on"), ui.OK, f.T("credential.app.change"), authenticatorPath),
			row("key", f.T("credential.codes.title"), f.T("credential.codes.left", "n", 2), f.T("credential.codes.few"), ui.Warn, f.T("credential.codes.renew"), authenticatorPath),
		}},
		{ID: "questions", Title: f.T("credential.questions.title"), Text: f.T("credential.questions.text"), Rows: []accountRow{
			row("help", f.T("credential.questions.set"), f.T("credential.questions.since", "when", day), "", "", f.T("credential.change"), questionsPath),
		}},
	}}
}

func samplePassword(f *ui.Frame) passwordPage {
	return passwordPage{Frame: f, UserID: "mellison", History: 5, Check: choose.Password{Words: f.T("password.strength.none"), Rules: []ui.Rule{
		{Text: f.T("password.rule.length", "n", 12)}, {Text: f.T("password.rule.context")},
	}}}
}

func sampleApp(f *ui.Frame) appPage {
	return appPage{
		Frame: f, Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
		URI: "otpauth://totp/Northwind%20Conferencing:marta.ellison@harbourvale.example?issuer=Northwind%20Conferencing&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
	}
}
