package visitor

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/access"
	"vestibule/internal/organization"
	"vestibule/internal/signin"
	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

// SignInSamples are the pages of coming in, of staff set-up, and of what stands before the portal, with values worth looking at.
func SignInSamples() []web.Sample {
	draw := func(name string, f func(*ui.Frame) templ.Component) web.Sample {
		return web.Sample{Name: name, Draw: f}
	}
	return []web.Sample{
		draw("sign-in", func(f *ui.Frame) templ.Component {
			return signInView(signInPage{Frame: f, Action: web.SignInPath, Passkey: true})
		}),
		draw("sign-in-passkey-wrong", func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{{Field: "passkey", Text: f.T("fault.passkey-wrong")}}
			return signInView(signInPage{Frame: f, Action: web.SignInPath, Passkey: true})
		}),
		draw("sign-in-wrong", func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{{Field: "login", Text: f.T("fault.sign-in-wrong")}}
			return signInView(signInPage{Frame: f, Action: web.SignInPath, Login: "mellison"})
		}),
		draw("sign-in-again", func(f *ui.Frame) templ.Component {
			return signInView(signInPage{Frame: f, Action: web.SignInPath, Next: "/portal/people", Because: f.T("signin.because-idle"), Leads: true})
		}),
		draw("sign-in-staff", func(f *ui.Frame) templ.Component {
			return signInView(signInPage{Frame: f, Action: web.StaffSignInPath, Staff: true})
		}),
		draw("sign-in-code", func(f *ui.Frame) templ.Component {
			return signInCodeView(signInCodePage{Frame: f, By: signin.Second{App: true}, Trust: true})
		}),
		draw("sign-in-code-or-passkey", func(f *ui.Frame) templ.Component {
			return signInCodeView(signInCodePage{Frame: f, By: signin.Second{App: true, Passkey: true}})
		}),
		draw("sign-in-passkey", func(f *ui.Frame) templ.Component {
			return signInCodeView(signInCodePage{Frame: f, By: signin.Second{Passkey: true}})
		}),
		draw("sign-in-recovery", func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{{Field: "code", Text: f.T("fault.sign-in-code-wrong")}}
			return signInCodeView(signInCodePage{Frame: f, Recovery: true})
		}),
		draw("sign-in-expired", func(f *ui.Frame) templ.Component {
			return signInActView(signInActPage{Frame: f, Key: "signin.expired", Action: "/sign-in/recover"})
		}),
		draw("sign-in-expired-staff", func(f *ui.Frame) templ.Component {
			return signInStopView(signInStopPage{Frame: f, Key: "signin.expired-staff"})
		}),
		draw("sign-in-closing", func(f *ui.Frame) templ.Component {
			return signInActView(signInActPage{Frame: f, Key: "signin.closing", Action: "/sign-in/keep", When: received().Add(14 * 24 * time.Hour)})
		}),
		draw("sign-in-renew", func(f *ui.Frame) templ.Component {
			return signInRenewView(signInRenewPage{Frame: f, UserID: "mellison", Check: choose.Password{Rules: passwordRules(f, "", "", "", "", ""), Words: f.T("password.strength.none")}})
		}),
		draw("sign-in-complete", func(f *ui.Frame) templ.Component {
			return signInActView(signInActPage{Frame: f, Key: "signin.complete", Action: "/sign-in/complete"})
		}),
		draw("sign-in-completed", func(f *ui.Frame) templ.Component {
			return signInActView(signInActPage{Frame: f, Key: "signin.completed", Action: "/sign-in/go-on"})
		}),
		draw("sign-in-enrol", func(f *ui.Frame) templ.Component {
			return signInStopView(signInStopPage{Frame: f, Key: "signin.enrol"})
		}),
		draw("sign-in-terms", func(f *ui.Frame) templ.Component {
			return signInTermsView(signInTermsPage{Frame: f, Version: "2", Text: "## 1. Use\n\nUse the software as described.\n\n## 2. End\n\nThe right ends with its term."})
		}),
		draw("sign-in-terms-later", func(f *ui.Frame) templ.Component {
			return signInTermsView(signInTermsPage{Frame: f, Version: "2", Text: "## 1. Use\n\nUse the software as described.", Later: received().Add(30 * 24 * time.Hour)})
		}),
		draw("sign-in-terms-first", func(f *ui.Frame) templ.Component {
			return signInTermsView(signInTermsPage{Frame: f, Version: "2", Text: "## 1. Use\n\nUse the software as described.", First: true})
		}),
		draw("sign-in-unfinished", func(f *ui.Frame) templ.Component {
			return signInView(signInPage{Frame: f, Action: web.SignInPath, Unfinished: true})
		}),
		draw("again", func(f *ui.Frame) templ.Component {
			return againView(againPage{Frame: f, Path: web.AgainPath, Inside: web.HomePath, Next: "/portal/account/password", Asked: signin.Asked{UserID: "mellison", Password: true}})
		}),
		draw("again-code", func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{{Field: "password", Text: f.T("fault.security-password")}}
			return againView(againPage{Frame: f, Path: web.AgainPath, Inside: web.HomePath, Next: "/portal/account/password", Asked: signin.Asked{UserID: "mellison", Password: true, Code: true, Passkey: true}})
		}),
		draw("again-passkey", func(f *ui.Frame) templ.Component {
			return againView(againPage{Frame: f, Path: web.StaffAgainPath, Inside: web.OfficePath, Next: web.OfficePath, Asked: signin.Asked{UserID: "iduarte", Passkey: true}})
		}),
		draw("signed-out", func(f *ui.Frame) templ.Component { return signedOutView(f, false) }),
		draw("signed-out-staff", func(f *ui.Frame) templ.Component { return signedOutView(f, true) }),
		standingSample("standing-waiting", access.Standing{Reason: access.ReasonWaiting, Remedy: access.RemedyWait, Request: sampleRequest()}, 20*time.Minute),
		standingSample("standing-late", access.Standing{Reason: access.ReasonWaiting, Remedy: access.RemedyWait, Request: sampleRequest()}, 26*time.Hour),
		standingSample("standing-declined", access.Standing{Reason: access.ReasonDeclined, Remedy: access.RemedyRequest, Request: sampleDeclined()}, 3*time.Hour),
		standingSample("standing-confirm", access.Standing{Reason: access.ReasonEmailUnconfirmed, Remedy: access.RemedyConfirmEmail}, 0),
		standingSample("standing-join", access.Standing{Reason: access.ReasonJoinWaiting, Remedy: access.RemedyWait, Join: sampleJoin(organization.JoinOpen)}, 0),
		standingSample("standing-join-refused", access.Standing{Reason: access.ReasonJoinRefused, Remedy: access.RemedyRequest, Join: sampleJoin(organization.JoinRefused)}, 0),
		standingSample("standing-no-request", access.Standing{Reason: access.ReasonNoRequest, Remedy: access.RemedyRequest}, 0),
		draw("staff-link", func(f *ui.Frame) templ.Component {
			return staffLinkView(staffLinkPage{Frame: f, Name: "Ines Duarte", UserID: "iduarte", Action: "/office/enrol/SAMPLE"})
		}),
		draw("staff-password", func(f *ui.Frame) templ.Component {
			return staffPasswordView(staffPasswordPage{Frame: f, Name: "Ines Duarte", UserID: "iduarte", Check: choose.Password{
				Rules: []ui.Rule{{Text: f.T("password.rule.length", "n", "12")}}, Words: f.T("password.strength.none"),
			}})
		}),
		draw("staff-authenticator", func(f *ui.Frame) templ.Component {
			return staffAuthenticatorView(staffAuthenticatorPage{
				Frame: f, URI: "otpauth://totp/Northwind%20Conferencing:iduarte?secret=JBSWY3DPEHPK3PXP&issuer=Northwind%20Conferencing", Key: "JBSWY3DPEHPK3PXP",
			})
		}),
		draw("staff-codes", func(f *ui.Frame) templ.Component {
			return staffCodesView(staffCodesPage{Frame: f, Codes: []string{"a2bc-d3ef-g4hi-j5kl", "m6no-p7qr-s2tu-v3wx"}})
		}),
	}
}

// received is when the requests of the samples came in: a Wednesday morning.
func received() time.Time { return time.Date(2026, 6, 3, 8, 42, 0, 0, time.UTC) }

func standingSample(name string, st access.Standing, after time.Duration) web.Sample {
	return web.Sample{Name: name, Draw: func(f *ui.Frame) templ.Component {
		st.Email, st.Request.Age = "marta.ellison@harbourvale.example", after
		p := standingPage{Frame: f, Name: "Marta Ellison", Standing: st, Now: received().Add(after), Sent: st.Reason == access.ReasonEmailUnconfirmed}
		if st.Request.ID != "" {
			f.Rail = requestFacts(p)
		}
		return standingView(p)
	}}
}

func sampleRequest() access.RequestSummary {
	return access.RequestSummary{
		ID: "01", Reference: "REQ-2026-0412", State: access.Received, Product: "Meeting Add-On for GroupWise", Organization: "Harbour Vale Council",
		Users: 450, CreatedAt: received(), DueAt: received().Add(time.Hour), LateAt: received().Add(24 * time.Hour),
	}
}

func sampleDeclined() access.RequestSummary {
	r := sampleRequest()
	r.State, r.DecidedAt = access.Declined, received().Add(time.Hour)
	r.Decline = "We could not reach you at the number you gave us."
	return r
}

func sampleJoin(state organization.JoinState) organization.JoinRequest {
	return organization.JoinRequest{
		ID: "01", Organization: organization.Organization{ID: "01", Name: "Harbour Vale Council"}, State: state,
		CreatedAt: received(), DecidedAt: received().Add(time.Hour),
	}
}
