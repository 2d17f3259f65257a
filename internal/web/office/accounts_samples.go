package office

import (
	"github.com/a-h/templ"

	"vestibule/internal/helpdesk"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// accountSamples are the pages of the helpdesk.
func accountSamples() []web.Sample {
	return []web.Sample{
		{Name: "office-accounts", Draw: func(f *ui.Frame) templ.Component { return accountsView(sampleAccounts(desked(f, 2))) }},
		{Name: "office-accounts-nothing", Draw: func(f *ui.Frame) templ.Component {
			p := sampleAccounts(desked(f, 2))
			p.Rows, p.Next, p.In.Search, p.Found, p.Waiting = nil, "", "nobody", "", 0
			return accountsView(p)
		}},
		{Name: "office-accounts-of", Draw: func(f *ui.Frame) templ.Component {
			p := sampleAccounts(desked(f, 2))
			p.Of = f.T("helpdesk.list.of", "organization", "Harbour Vale Council")
			return accountsView(p)
		}},
		{Name: "office-accounts-errors", Draw: func(f *ui.Frame) templ.Component {
			p := sampleAccounts(desked(f, 2))
			p.Rows, p.Next, p.In.Search, p.Found = nil, "", "NWC-7K4Q8-29TXM-8VD5H-RCW2X", ""
			f.Errors = ui.Errors{{Field: "q", Text: f.T("fault.key-check")}}
			return accountsView(p)
		}},
		{Name: "office-accounts-pending", Draw: func(f *ui.Frame) templ.Component {
			row := sampleClearing(f)
			row.Href, row.Name, row.UserID = "/office/accounts/01", "Marta Ellison", "mellison"
			return awaitingView(awaitingPage{Frame: desked(f, 2), Rows: []clearingRow{row}})
		}},
		{Name: "office-accounts-pending-empty", Draw: func(f *ui.Frame) templ.Component { return awaitingView(awaitingPage{Frame: desked(f, 2)}) }},
		{Name: "office-account", Draw: func(f *ui.Frame) templ.Component { return accountView(sampleAccount(desked(f, 2))) }},
		{Name: "office-account-then", Draw: func(f *ui.Frame) templ.Component {
			p := sampleAccount(desked(f, 2))
			p.Past, p.Verdict, p.VerdictTone = true, f.T("helpdesk.verdict.unclear"), ui.Warn
			p.Findings = []finding{{Tone: ui.Warn, Text: f.T("helpdesk.finding.tries-then", "n", 7, "at", "16 June 2026, 08:51")}}
			return accountView(p)
		}},
		{Name: "office-account-clearing", Draw: func(f *ui.Frame) templ.Component {
			p := sampleAccount(desked(f, 2))
			done := sampleClearing(f)
			done.Open, done.State, done.Tone, done.When = false, f.T("helpdesk.clearing-state.stopped"), ui.Bad, "3 May 2026, 10:12"
			p.Clearings, p.MayClear = []clearingRow{sampleClearing(f), done}, false
			p.Done = f.T("helpdesk.done.cleared")
			return accountView(p)
		}},
		{Name: "office-account-errors", Draw: func(f *ui.Frame) templ.Component {
			f = desked(f, 2)
			f.Errors = ui.Errors{
				{Field: "code", Text: f.T("fault.helpdesk-code-wrong")}, {Field: "act", Text: f.T("fault.choose-act")}, {Field: "reason", Text: f.T("fault.reason-needed")},
				{Field: "questions", Text: f.T("fault.choose-things")}, {Field: "basis", Text: f.T("fault.two-means-needed")}, {Field: "at", Text: f.T("fault.instant-shape")},
			}
			return accountView(sampleAccount(f))
		}},
		{Name: "office-account-look", Draw: func(f *ui.Frame) templ.Component {
			p := sampleAccount(desked(f, 2))
			p.MayHelp, p.MayClear = false, false
			return accountView(p)
		}},
		{Name: "office-account-staff", Draw: func(f *ui.Frame) templ.Component {
			p := sampleAccount(desked(f, 2))
			p.Staff, p.MayHelp, p.Acts, p.Findings, p.Because = true, false, nil, nil, nil
			return accountView(p)
		}},
	}
}

func sampleAccounts(f *ui.Frame) accountsPage {
	p := accountsPage{Frame: f, Waiting: 2, In: accountsForm{Search: "ellison"}, Found: f.T("helpdesk.list.found", "n", 3), ClearHref: accountsPath, Next: "/office/accounts?after=03&q=ellison"}
	p.Tabs = []ui.Tab{{Text: f.T("helpdesk.state.all"), Href: accountsPath, Current: true, Count: -1}}
	for _, s := range helpdesk.States() {
		p.Tabs = append(p.Tabs, ui.Tab{Text: f.T("helpdesk.state." + string(s)), Href: accountsForm{State: string(s)}.href(), Count: -1})
	}
	p.Rows = []accountRow{
		{Href: "/office/accounts/01", Name: "Marta Ellison", UserID: "mellison", Email: "marta.ellison@harbourvale.example", Mobile: "+44 77•• •••123", Organization: "Harbour Vale Council", Tone: ui.OK, State: f.T("helpdesk.state.active"), Pending: true},
		{Href: "/office/accounts/02", Name: "李 Ellison", UserID: "李ellison", Email: "lei@alpenblick.example", Organization: f.T("helpdesk.list.typed", "name", "Alpenblick <b>Kliniken</b>"), Tone: ui.Warn, State: f.T("helpdesk.state.expired")},
		{Href: "/office/accounts/03", Name: "Ines Ellison", UserID: "iellison", Email: "ines@northwind.example", Tone: ui.OK, State: f.T("helpdesk.state.active"), Staff: true},
	}
	return p
}

func sampleClearing(f *ui.Frame) clearingRow {
	return clearingRow{
		ID: "01", Things: f.T("helpdesk.thing.questions") + ", " + f.T("helpdesk.thing.authenticator"), Basis: f.T("helpdesk.basis.two-staff"), By: "Tom Hale",
		Reason: "Lost her phone on the ferry. I know her voice.", Tone: ui.Warn, State: f.T("helpdesk.clearing-state.asked-staff"),
		When: f.T("helpdesk.clearing.asked-until", "when", "19 June 2026, 09:42"), Open: true, MayAgree: true, MayCancel: true,
	}
}

func sampleAccount(f *ui.Frame) accountPage {
	fact := func(key, text string) ui.Fact { return ui.Fact{Term: f.T("helpdesk.fact." + key), Text: text} }
	proof := func(key, text string) ui.Fact { return ui.Fact{Term: f.T("helpdesk.proof." + key), Text: text} }
	p := accountPage{
		Frame: f, ID: "01", Href: "/office/accounts/01", Name: "Marta Ellison", UserID: "mellison", Tone: ui.Warn, State: f.T("helpdesk.state.expired"), MayHelp: true, MayClear: true,
		HasQuestions: true, HasAuthenticator: true,
		Facts: []ui.Fact{
			fact("user-id", "mellison"), fact("state", f.T("helpdesk.state.expired")+", "+f.T("helpdesk.fact.since", "when", "1 June 2026")),
			fact("email", "marta.ellison@harbourvale.example ("+f.T("helpdesk.fact.confirmed", "when", "4 June 2025")+")"),
			fact("organization", "Harbour Vale Council"), fact("sessions", "0"),
		},
		Proofs: []ui.Fact{proof("password", f.T("helpdesk.proof.since", "when", "4 June 2025")), proof("questions", f.T("helpdesk.proof.none"))},
		At:     "2026-06-16T09:42", AtWords: "Tuesday 16 June 2026, 09:42 BST", Verdict: f.T("helpdesk.verdict.locked"), VerdictTone: ui.Bad,
		Findings: []finding{
			{ui.Bad, f.T("helpdesk.finding.delay-there", "value", "192.0.2.0/24", "n", 7, "until", "16 June 2026, 09:55"), f.T("helpdesk.person.delay-there"), f.T("helpdesk.staff.delay-there")},
			{ui.Bad, f.T("helpdesk.finding.password-expired", "at", "1 June 2026, 08:00"), f.T("helpdesk.person.password-expired"), f.T("helpdesk.staff.password-expired")},
			{ui.Warn, f.T("helpdesk.finding.terms-due", "value", "2", "at", "1 June 2026"), f.T("helpdesk.person.terms-due"), ""},
			{"", f.T("helpdesk.standing.evaluation-ended"), f.T("helpdesk.remedy.ask-again"), ""},
		},
		Because:  []line{{f.T("helpdesk.because.member"), "4 June 2025, 10:00"}, {f.T("helpdesk.because.license-expired"), "4 June 2025, 10:05"}},
		Attempts: []line{{f.T("helpdesk.explain.failed"), "16 June 2026, 09:40"}, {f.T("helpdesk.explain.failed"), "16 June 2026, 09:39"}},
		Verifications: []verification{
			{Means: "email", Label: f.T("helpdesk.means.email"), To: "marta.ellison@harbourvale.example", Usable: true, Verified: true, Note: f.T("helpdesk.verify.until", "when", "10:12")},
			{Means: "mobile", Label: f.T("helpdesk.means.mobile"), To: "+44 77•• •••123", Usable: true, Sent: true, Note: f.T("helpdesk.verify.sent", "when", "09:41")},
		},
		Messages: []messageRow{{Subject: "Your password has expired", To: "marta.ellison@harbourvale.example", Href: "/office/messages/01", State: f.T("office.message-state.failed"), Tone: ui.Bad, At: "1 June 2026, 08:00"}},
		History:  []line{{"Tom Hale: <script>alert(1)</script>", "16 June 2026, 09:41"}},
	}
	for _, act := range helpdesk.Acts()[:7] {
		p.Acts = append(p.Acts, ui.Option{Value: string(act), Label: f.T("helpdesk.act." + string(act)), Hint: f.T("helpdesk.act-hint." + string(act))})
	}
	for _, b := range helpdesk.Bases() {
		p.Bases = append(p.Bases, ui.Option{Value: string(b), Label: f.T("helpdesk.basis." + string(b))})
	}
	return p
}
