package portal

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/selfservice"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

func selfSamples() []web.Sample {
	details := detailsForm{First: "Marta", Last: "Ellison", Organization: "Harbour Vale Council", Country: "GB", Lang: "en"}
	waiting := &selfservice.Waiting{Destination: "marta@new.example", Wait: 30 * time.Second, Life: 10 * time.Minute}
	countries := []ui.Option{{Value: "GB", Label: "GB +44"}, {Value: "DE", Label: "DE +49"}}
	places := []ui.Option{{Value: "DE", Label: "Germany"}, {Value: "GB", Label: "United Kingdom"}}
	desktop := selfservice.Agent{Browser: "Firefox", System: "Windows"}
	phone := selfservice.Agent{Browser: "Safari", System: "iPhone", Mobile: true}
	wrong := func(f *ui.Frame, field, key string, args ...any) {
		f.Errors = ui.Errors{{Field: field, Text: f.T(key, args...)}}
	}
	return []web.Sample{
		signedInSample("account-details", func(f *ui.Frame) templ.Component {
			return detailsView(detailsPage{Frame: f, In: details, UserID: "mellison", Company: "Harbour Vale Council", Countries: places})
		}),
		signedInSample("account-details-wrong", func(f *ui.Frame) templ.Component {
			wrong(f, "last", "field.last.name-empty")
			return detailsView(detailsPage{Frame: f, In: detailsForm{First: "Marta", Lang: "de"}, UserID: "mellison", Countries: places})
		}),
		signedInSample("account-email", func(f *ui.Frame) templ.Component {
			return emailView(emailPage{Frame: f, Now: "marta.ellison@harbourvale.example", Confirmed: true})
		}),
		signedInSample("account-email-prove", func(f *ui.Frame) templ.Component {
			return emailView(emailPage{Frame: f, Now: "marta.ellison@harbourvale.example", Confirmed: true, New: waiting})
		}),
		signedInSample("account-email-wrong", func(f *ui.Frame) templ.Component {
			wrong(f, "email-code", "fault.code-wrong", "n", 3)
			return emailView(emailPage{Frame: f, Now: "marta.ellison@harbourvale.example", New: waiting})
		}),
		signedInSample("account-mobile", func(f *ui.Frame) templ.Component {
			return mobileView(mobilePage{Frame: f, Now: "+44 77•• •••123", Verified: true, Country: "GB", Countries: countries, Keep: true})
		}),
		signedInSample("account-mobile-prove", func(f *ui.Frame) templ.Component {
			return mobileView(mobilePage{Frame: f, Now: "+44 77•• •••123", New: waiting, To: "+44 77•• •••999", Country: "GB", Countries: countries})
		}),
		signedInSample("account-mobile-held", func(f *ui.Frame) templ.Component {
			return mobileView(mobilePage{Frame: f, New: &selfservice.Waiting{Held: "country"}, To: "+49 15•• •••789", Country: "DE", Countries: countries})
		}),
		signedInSample("account-sessions", func(f *ui.Frame) templ.Component {
			return sessionsView(sessionsPage{Frame: f, Others: true, Done: f.T("selfservice.places.ended"), Now: []selfservice.SignedIn{
				{ID: "S1", Current: true, Agent: desktop, Address: "192.0.2.7", Place: "Bristol, United Kingdom", StartedAt: began(), SeenAt: began()},
				{ID: "S2", Agent: phone, Address: "2001:db8::7", StartedAt: began().Add(-time.Hour), SeenAt: began().Add(-time.Minute)},
				{ID: "S3", Address: "198.51.100.3", StartedAt: began().Add(-2 * time.Hour), SeenAt: began().Add(-time.Hour)},
			}, Known: []selfservice.Known{
				{Device: selfservice.Device{ID: "D1", Network: "192.0.2.0/24", FirstAt: began(), SeenAt: began(), TrustedUntil: began().AddDate(0, 0, 30)}, Browser: desktop},
				{Device: selfservice.Device{ID: "D2", Network: "2001:db8::/64", FirstAt: began(), SeenAt: began()}, Browser: phone},
			}})
		}),
		signedInSample("account-activity", func(f *ui.Frame) templ.Component {
			return activityView(activityPage{Frame: f, First: true, Next: activityPath + "?before=41", List: []selfservice.Happening{
				{Number: 44, Action: "account.email_change", By: selfservice.ByYou, At: began(), Address: "192.0.2.7", Place: "Bristol, United Kingdom"},
				{Number: 43, Action: "authn_login_fail", By: selfservice.ByVisitor, At: began(), Address: "198.51.100.3"},
				{Number: 42, Action: "registration.code_release", By: selfservice.ByStaff, At: began()},
			}})
		}),
		signedInSample("account-activity-none", func(f *ui.Frame) templ.Component { return activityView(activityPage{Frame: f}) }),
		signedInSample("account-data", func(f *ui.Frame) templ.Component { return dataView(dataPage{f}) }),
		signedInSample("account-close", func(f *ui.Frame) templ.Component { return closeView(closePage{Frame: f, UserID: "mellison", Days: 14}) }),
		signedInSample("account-close-last", func(f *ui.Frame) templ.Component {
			return closeView(closePage{Frame: f, UserID: "mellison", Days: 14, Last: true, Company: "Harbour Vale Council"})
		}),
		{Name: "undo-email", Draw: func(f *ui.Frame) templ.Component {
			return linkForAnyone(linkPage{
				Frame: f, Title: f.T("selfservice.undo.title"), Lead: f.T("selfservice.undo.lead"), Note: f.T("selfservice.undo.text"),
				Facts: []ui.Fact{
					{Term: f.T("selfservice.details.user-id"), Text: "mellison"}, {Term: f.T("selfservice.undo.back"), Text: "marta.ellison@harbourvale.example"},
					{Term: f.T("selfservice.undo.now"), Text: "e•••@evil.example"},
				},
				Action: "/undo-email/token", Go: f.T("selfservice.undo.go"),
			})
		}},
		{Name: "undo-email-done", Draw: func(f *ui.Frame) templ.Component {
			return linkForAnyone(linkPage{
				Frame: f, Title: f.T("selfservice.undone.title"), Lead: f.T("selfservice.undone.lead", "email", "marta.ellison@harbourvale.example"),
				Note: f.T("selfservice.undone.text"), Next: "/reset-password", Way: f.T("selfservice.undone.go"),
			})
		}},
		{Name: "account-closing", Draw: func(f *ui.Frame) templ.Component {
			return linkForAnyone(linkPage{
				Frame: f, Title: f.T("selfservice.closing.title"), Lead: f.T("selfservice.closing.lead", "days", 14), Next: "/sign-in", Way: f.T("selfservice.closing.sign-in"),
			})
		}},
		{Name: "keep-account", Draw: func(f *ui.Frame) templ.Component {
			return linkForAnyone(linkPage{
				Frame: f, Title: f.T("selfservice.keep.title"), Lead: f.T("selfservice.keep.lead", "when", f.Words.DateTime(began())), Action: "/keep-account/token", Go: f.T("selfservice.keep.go"),
			})
		}},
	}
}
