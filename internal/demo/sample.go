package demo

import (
	"github.com/a-h/templ"

	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

func inboxSample() web.Sample {
	return web.Sample{Name: "demo-inbox", Draw: func(f *ui.Frame) templ.Component {
		return inboxList(inboxPage{Frame: f, Rows: []inboxRow{
			{Href: "/dev/inbox/01M", Icon: "mail", Subject: "Your request for access has arrived", To: "marta.ellison@harbourvale.example", When: "3 June 2026, 15:26"},
			{Href: "/dev/inbox/01N", Icon: "phone", Subject: "483 920 is your code for Northwind Conferencing.", To: "+447700900123", When: "3 June 2026, 15:24"},
		}})
	}}
}

func inboxEmptySample() web.Sample {
	return web.Sample{Name: "demo-inbox-empty", Draw: func(f *ui.Frame) templ.Component { return inboxList(inboxPage{Frame: f}) }}
}

func letterSample() web.Sample {
	return web.Sample{Name: "demo-inbox-letter", Draw: func(f *ui.Frame) templ.Component {
		return inboxLetter(letterPage{
			Frame: f, Title: "Text message", To: "+447700900123", When: "3 June 2026, 15:24",
			Text: "483 920 is your code for Northwind Conferencing. It works for 10 minutes.",
		})
	}}
}
