package visitor

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// RequestSamples are the pages of the request for access.
func RequestSamples() []web.Sample {
	lists := func(f *ui.Frame, in requestForm) requestPage {
		return requestPage{
			Frame: f, In: in, Days: 30, Shown: "1781600400",
			Countries: []ui.Option{{Value: "AT", Label: "Austria"}, {Value: "DE", Label: "Germany"}, {Value: "GB", Label: "United Kingdom"}},
			Dial:      []ui.Option{{Value: "AT", Label: "AT +43"}, {Value: "DE", Label: "DE +49"}, {Value: "GB", Label: "GB +44"}},
			Products:  []ui.Option{{Value: "meeting", Label: "Meeting Add-On for GroupWise"}},
		}
	}
	return []web.Sample{
		{Name: "request", Draw: func(f *ui.Frame) templ.Component {
			return requestView(lists(f, requestForm{MobileCountry: "GB", Product: "meeting"}))
		}},
		{Name: "request-errors", Draw: func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{
				{Field: "last", Text: f.T("field.last.name-empty")}, {Field: "email", Text: f.T("fault.email-shape")},
				{Field: "country", Text: f.T("fault.choose-country")}, {Field: "users", Text: f.T("fault.users-digits")},
				{Field: "consent", Text: f.T("fault.consent-needed")},
			}
			return requestView(lists(f, requestForm{
				First: "Zoë", Email: "zoe@", MobileCountry: "DE", Mobile: "0171 2345678", Organization: "O'Brien & Söhne <GmbH>",
				Product: "meeting", Users: "many", Purpose: "Shared calendars.\n<script>alert(1)</script>",
			}))
		}},
		{Name: "request-received", Draw: func(f *ui.Frame) templ.Component {
			return receivedView(receivedPage{
				Frame: f, First: "Marta", Email: "marta.ellison@harbourvale.example", Days: 30,
				Due: "Tuesday 16 June 2026, 10:42", Late: "Wednesday 17 June 2026, 09:42",
			})
		}},
		{Name: "request-received-later", Draw: func(f *ui.Frame) templ.Component {
			return receivedView(receivedPage{Frame: f, Days: 30, Due: "Tuesday 16 June 2026, 10:42", Late: "Wednesday 17 June 2026, 09:42"})
		}},
		{Name: "request-received-signed-in", Draw: func(f *ui.Frame) templ.Component {
			return receivedView(receivedPage{
				Frame: f, First: "Marta", Email: "marta.ellison@harbourvale.example", Days: 30, SignedIn: true,
				Due: "Tuesday 16 June 2026, 10:42", Late: "Wednesday 17 June 2026, 09:42",
			})
		}},
		{Name: "request-busy", Draw: func(f *ui.Frame) templ.Component {
			p := lists(f, requestForm{First: "Marta", MobileCountry: "GB", Product: "meeting"})
			p.Wait = 6 * time.Minute
			return requestView(p)
		}},
		{Name: "request-withdraw", Draw: func(f *ui.Frame) templ.Component {
			return withdrawView(withdrawPage{
				Frame: f, Action: "/request/withdraw/TOKEN", Reference: "REQ-7K4Q-29TX", Product: "Meeting Add-On for GroupWise",
				Organization: "Harbour Vale Council", Received: "Tuesday 16 June 2026, 09:42",
			})
		}},
		{Name: "request-withdrawn", Draw: func(f *ui.Frame) templ.Component { return withdrawnView(f) }},
	}
}
