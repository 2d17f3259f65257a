package office

import (
	"slices"

	"github.com/a-h/templ"

	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// Samples are the pages of the back office.
func Samples() []web.Sample {
	return append([]web.Sample{
		{Name: "office-queue", Draw: func(f *ui.Frame) templ.Component { return queueView(sampleQueue(desked(f, 0))) }},
		{Name: "office-queue-results", Draw: func(f *ui.Frame) templ.Component {
			p := sampleQueue(desked(f, 0))
			p.Results = []result{
				{ui.OK, "Aoife Brennan, Dunmore College", "/office/requests/03", f.T("office.state.approved-by", "name", "Ines Duarte")},
				{ui.Warn, "Jonas Keller, Alpenblick Kliniken", "/office/requests/02", f.T("office.bulk.known")},
				{ui.Warn, "Luca Moretti, Comune di Valserena", "/office/requests/04", f.T("office.bulk.already", "state", f.T("office.state.declined-by", "name", "Tom Becker"))},
			}
			return queueView(p)
		}},
		{Name: "office-queue-errors", Draw: func(f *ui.Frame) templ.Component {
			f = desked(f, 0)
			f.Errors = ui.Errors{{Field: "picked", Text: f.T("fault.pick-one")}, {Field: "decision", Text: f.T("fault.choose-decision")}}
			return queueView(sampleQueue(f))
		}},
		{Name: "office-queue-empty", Draw: func(f *ui.Frame) templ.Component {
			p := sampleQueue(desked(f, 0))
			p.Rows, p.Next = nil, ""
			return queueView(p)
		}},
		{Name: "office-queue-nothing", Draw: func(f *ui.Frame) templ.Component {
			p := sampleQueue(desked(f, 0))
			p.Rows, p.Next, p.In.Search = nil, "", "Brumair Atelier"
			return queueView(p)
		}},
		{Name: "office-queue-found", Draw: func(f *ui.Frame) templ.Component {
			p := sampleQueue(desked(f, 0))
			p.Rows, p.Next, p.In.Search, p.Found = p.Rows[1:2], "", "keller", f.T("office.queue.found", "n", 1)
			return queueView(p)
		}},
		{Name: "office-request", Draw: func(f *ui.Frame) templ.Component { return caseView(sampleCase(desked(f, 0))) }},
		{Name: "office-request-errors", Draw: func(f *ui.Frame) templ.Component {
			f = desked(f, 0)
			f.Errors = ui.Errors{{Field: "organization", Text: f.T("fault.no-evidence")}, {Field: "days", Text: f.T("fault.days-range")}}
			return caseView(sampleCase(f))
		}},
		{Name: "office-request-decided", Draw: func(f *ui.Frame) templ.Component {
			p := sampleCase(desked(f, 0))
			p.Open, p.Approved, p.Already, p.Due = false, true, true, ""
			p.Tone, p.Status = ui.OK, f.T("office.state.approved-by", "name", "Tom Becker")
			return caseView(p)
		}},
		{Name: "office-joins", Draw: func(f *ui.Frame) templ.Component {
			return joinsView(joinsPage{Frame: desked(f, 1), MayDecide: true, Rows: []joinRow{
				{"01", "Tom Adeyemi", "tom@harbourvale.example", "Harbour Vale Council", "16 Jun, 09:42", f.T("office.joins.theirs"), false},
				{"02", "李雷", "lei.li@alpenblick.example", "Alpenblick Kliniken", "16 Jun, 10:05", f.T("office.joins.ours"), true},
			}})
		}},
		{Name: "office-joins-empty", Draw: func(f *ui.Frame) templ.Component { return joinsView(joinsPage{Frame: desked(f, 1)}) }},
		{Name: "office-steps", Draw: func(f *ui.Frame) templ.Component {
			return stepsView(stepsPage{Frame: desked(f, 3), Rows: []stepRow{
				{"/office/registrations/01", "Grace Tanaka", "g.tanaka@kestrelair.example", "Kestrel Air Cargo", "+81 •••• 678", "16 Jun, 09:42"},
			}})
		}},
		{Name: "office-steps-empty", Draw: func(f *ui.Frame) templ.Component { return stepsView(stepsPage{Frame: desked(f, 3)}) }},
		{Name: "office-step", Draw: func(f *ui.Frame) templ.Component {
			f = desked(f, 3)
			f.Errors = ui.Errors{{Field: "reason", Text: f.T("fault.reason-needed")}}
			return stepView(stepPage{Frame: f, Name: "Grace Tanaka", MayRelease: true, Note: "My phone is new, but the number is the old one.", Action: "/office/registrations/01/release", Facts: []ui.Fact{
				{Term: f.T("office.case.email"), Text: "g.tanaka@kestrelair.example"},
				{Term: f.T("office.case.mobile"), Draw: number("+81 •••• 678")},
				{Term: f.T("office.step.sends"), Text: "3"},
			}})
		}},
		{Name: "office-messages", Draw: func(f *ui.Frame) templ.Component {
			return messagesView(messagesPage{
				Frame: desked(f, 4), Lead: f.T("office.messages.lead", "queued", 1, "held", 0, "failed", 1), Rows: sampleMessages(f),
				Tabs: []ui.Tab{{Text: f.T("office.message-state.all"), Href: "/office/messages", Current: true, Count: -1}, {Text: f.T("office.message-state.failed"), Href: "/office/messages?state=failed", Count: -1}},
				Next: "/office/messages?before=01",
			})
		}},
		{Name: "office-messages-empty", Draw: func(f *ui.Frame) templ.Component {
			return messagesView(messagesPage{Frame: desked(f, 4), Lead: f.T("office.messages.lead", "queued", 0, "held", 0, "failed", 0)})
		}},
		{Name: "office-message", Draw: func(f *ui.Frame) templ.Component {
			return messageView(messagePage{
				Frame: desked(f, 4), Row: sampleMessages(f)[0], Text: "Hello Marta,\n\nGood news …\nhttps://portal.northwind.example/welcome/••••••",
				RequestHref: "/office/requests/02", Facts: []ui.Fact{
					{Term: f.T("office.message.to"), Text: "marta.ellison@harbourvale.example"},
					{Term: f.T("office.message.answer"), Text: "550 5.1.1 No such user"},
				},
			})
		}},
		{Name: "office-message-sent", Draw: func(f *ui.Frame) templ.Component {
			return messageView(messagePage{Frame: desked(f, 4), Row: sampleMessages(f)[1], Facts: []ui.Fact{{Term: f.T("office.message.to"), Text: "+44 7700 900461"}}})
		}},
		{Name: "office-audit", Draw: func(f *ui.Frame) templ.Component {
			return auditView(auditPage{Frame: desked(f, 5), Areas: areaOptions(f.T), Next: "/office/audit?before=40", Rows: []eventRow{
				{"42", "16 Jun, 09:45", f.T("office.event.access-request-approve", "by", "Ines Duarte"), "access_request.approve", f.T("office.subject.request"), "/office/audit?subject=request%3A01", "/office/requests/01"},
				{"41", "16 Jun, 09:42", f.T("office.event.access-request-create"), "access_request.create", f.T("office.subject.request"), "/office/audit?subject=request%3A01", "/office/requests/01"},
			}})
		}},
		{Name: "office-audit-empty", Draw: func(f *ui.Frame) templ.Component {
			return auditView(auditPage{Frame: desked(f, 5), Areas: areaOptions(f.T), Subject: f.T("office.subject.request"), First: "/office/audit"})
		}},
		{Name: "office-upkeep", Draw: func(f *ui.Frame) templ.Component {
			return upkeepView(upkeepPage{Frame: desked(f, 6), Lead: f.T("office.upkeep.trouble", "n", 1), Chores: []choreRow{
				{Name: f.T("office.chore.audit-head.name"), Text: f.T("office.chore.audit-head.text"), Every: "24 h", Ran: "16 Jun, 09:45", Next: "17 Jun, 09:45", Took: f.T("office.chore-took", "ms", "3"), State: f.T("office.chore-state.well"), Tone: ui.OK},
				{Name: f.T("office.chore.sweep.name"), Text: f.T("office.chore.sweep.text"), Every: "1 h", Ran: "16 Jun, 09:45", Next: "16 Jun, 10:45", Took: f.T("office.chore-took", "ms", "12"), State: f.T("office.chore-state.failed"), Tone: ui.Bad, Failed: "db: the disk is full"},
				{Name: f.T("office.chore.password-age.name"), Text: f.T("office.chore.password-age.text"), Every: "1 h", State: f.T("office.chore-state.new"), Tone: ui.Off},
			}, Terms: []termsRow{
				{Version: "2026-06", Since: "1 Jun 2026", State: f.T("office.terms.over"), Tone: ui.Off, Accepted: "1,204", Outstanding: "12"},
				{Version: "2026-12", Since: "1 Dec 2026", State: f.T("office.terms.in-force"), Tone: ui.OK, Grace: f.T("office.terms.grace", "until", "15 Dec 2026"), Accepted: "310", Outstanding: "906"},
			}})
		}},
		{Name: "office-nothing", Draw: func(f *ui.Frame) templ.Component {
			f = desked(f, -1)
			f.Nav = nil
			return nothingView(f)
		}},
	}, slices.Concat(accountSamples(), licenceSamples(), releasesSamples(), new(Face).passkeyPages().Samples("office-", func(f *ui.Frame) { desked(f, -1) }))...)
}

// desked puts a member of staff before the frame, in one of the places.
func desked(f *ui.Frame, place int) *ui.Frame {
	f.Me = ui.Me{Name: "Ines Duarte", Note: "iduarte", Href: "/office", SignOut: "/office/sign-out"}
	f.Nav = nil
	for i, p := range places() {
		item := ui.NavItem{Text: f.T(p.words), Href: p.href, Icon: p.icon, Current: i == place}
		if i == 0 {
			item.Count, item.CountNote = 7, f.T("office.nav.open")
		}
		f.Nav = append(f.Nav, item)
	}
	return f
}

func sampleQueue(f *ui.Frame) queuePage {
	p := queuePage{
		Frame: f, Lead: f.T("office.queue.open", "n", 7) + " " + f.T("office.queue.late", "n", 1), Goal: f.T("office.queue.goal", "minutes", 60),
		Signals:   []ui.Option{{Label: f.T("office.queue.any-signal")}, {Value: "free-mail", Label: f.T("office.signal.free-mail")}},
		Countries: []ui.Option{{Label: f.T("office.queue.any-country")}, {Value: "FR", Label: "France"}},
		Export:    "/office/requests/export", AllHref: "/office/requests?tab=all", ClearHref: "/office/requests", Next: "/office/requests?after=x", Decide: true,
	}
	for i, tab := range []string{"open", "approved", "declined", "all"} {
		p.Tabs = append(p.Tabs, ui.Tab{Text: f.T("office.tab." + tab), Href: "/office/requests?tab=" + tab, Current: i == 0, Count: []int{7, 104, 17, 128}[i]})
	}
	p.Rows = []row{
		{ID: "01", Name: "Chloé Marchand", Email: "chloe.marchand@freemail.example", Organization: "Atelier Brumaire", Country: "France", Users: "12", Waiting: "26 h 15 min",
			Signals: []tag{{ui.Warn, f.T("office.signal.free-mail")}, {ui.Warn, f.T("office.signal.same-person")}}, Tone: ui.Bad, Status: f.T("office.due.late", "by", "2 h 15 min"), Open: true},
		{ID: "02", Name: "Jonas Keller", Email: "j.keller@alpenblick.example", Organization: "Alpenblick Kliniken", Country: "Switzerland", Users: "1,200", Waiting: "1 h 10 min",
			Signals: []tag{{ui.None, f.T("office.signal.known-organization")}}, Tone: ui.Warn, Status: f.T("office.due.overdue", "by", "10 min"), Open: true},
		{ID: "03", Name: "Aoife Brennan", Email: "aoife.brennan@dunmore.example", Organization: "Dunmore College", Country: "Ireland", Users: "340", Waiting: "49 min",
			Tone: ui.Warn, Status: f.T("office.due.soon", "in", "11 min"), Open: true},
		{ID: "04", Name: "<b>Luca</b> Moretti", Email: "l.moretti@valserena.example", Organization: "=HYPERLINK(\"http://evil.example\")", Country: "Italy", Users: "85", Waiting: "3 min",
			Tone: ui.OK, Status: f.T("office.due.later", "at", "10:42"), Open: true},
	}
	return p
}

func sampleCase(f *ui.Frame) casePage {
	return casePage{
		Frame: f, ID: "02", Name: "Jonas Keller", Organization: "Alpenblick Kliniken", Reference: "REQ-7K4Q-29TX", Open: true, MayDecide: true,
		Purpose: "We move 1,200 mailboxes in August.\nCould the evaluation start on 1 July?", Status: f.T("office.state.received"),
		DueTone: ui.Warn, Due: f.T("office.due.soon", "in", "11 min"), Lang: "Deutsch", Alike: []string{"Alpenblick Kliniken AG"},
		Facts: []ui.Fact{
			{Term: f.T("office.case.product"), Text: "Meeting Add-On for GroupWise"}, {Term: f.T("office.case.users"), Text: "1,200"},
			{Term: f.T("office.case.email"), Text: "j.keller@alpenblick.example"}, {Term: f.T("office.case.mobile"), Draw: number("+41795550184")},
			{Term: f.T("office.case.organization"), Text: "Alpenblick Kliniken, Switzerland"},
		},
		Signals: []ui.Rule{
			{State: ui.Warn, Text: f.T("office.signal-text.known-organization")}, {State: ui.Done, Text: f.T("office.case.work-address")},
			{State: ui.Done, Text: f.T("office.case.same-country")},
		},
		Same:     []row{{ID: "09", Name: "Jonas Keller", Email: "jonas@freemail.example", Organization: "Alpenblick", Tone: ui.Off, Status: f.T("office.state.withdrawn")}},
		History:  []line{{f.T("office.event.access-request-create"), "16 Jun, 09:42"}},
		Messages: sampleMessages(f),
		Choices: []ui.Option{
			{Value: "o1", Label: "Alpenblick Holding AG", Hint: f.T("office.evidence.domain")},
			{Value: newOrganization, Label: f.T("office.decide.new", "name", "Alpenblick Kliniken"), Hint: f.T("office.decide.new-hint")},
		},
		In: decisionForm{Decision: "approve", Organization: "o1", Days: "30", Seats: "1200"},
	}
}

func sampleMessages(f *ui.Frame) []messageRow {
	return []messageRow{
		{ID: "01", Kind: "request-received", To: "j.keller@alpenblick.example", Subject: "We have your request", At: "16 Jun, 09:42", Href: "/office/messages/01",
			State: f.T("office.message-state.failed"), Tone: ui.Bad, Answer: "550 5.1.1 No such user", MayRetry: true, MayDrop: true},
		{ID: "02", Kind: "register-code", To: "+447700900461", Subject: f.T("office.messages.sms"), At: "16 Jun, 09:40", Href: "/office/messages/02",
			State: f.T("office.message-state.sent"), Tone: ui.OK, Answer: "0: Accepted for delivery"},
	}
}
