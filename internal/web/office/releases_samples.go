package office

import (
	"slices"

	"github.com/a-h/templ"

	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// releasesSamples are the pages of releases, transfers and agreements.
func releasesSamples() []web.Sample {
	return slices.Concat(releaseListSamples(), releaseSamples(), transferSamples())
}

// placed puts a member of staff before the frame, in the place of this address.
func placed(f *ui.Frame, href string) *ui.Frame {
	return desked(f, slices.IndexFunc(places(), func(p place) bool { return p.href == href }))
}

func releaseListSamples() []web.Sample {
	draft := func(name string, change func(*draftPage)) web.Sample {
		return web.Sample{Name: "office-release-" + name, Draw: func(f *ui.Frame) templ.Component {
			p := draftPage{
				Frame: placed(f, releasesPath), New: true, Title: f.T("releases.form-new"), Action: releasesPath + "/new", Back: ui.Link{Text: f.T("releases.title"), Href: releasesPath},
				In: draftForm{Product: "gwma", Channel: "stable"}, Products: []ui.Option{{Value: "gwma", Label: "Meeting Add-On"}}, Channels: channelChoice(f),
			}
			change(&p)
			return draftView(p)
		}}
	}
	list := func(name string, change func(*releasesPage)) web.Sample {
		return web.Sample{Name: "office-releases" + name, Draw: func(f *ui.Frame) templ.Component {
			p := sampleReleases(placed(f, releasesPath))
			change(&p)
			return releasesView(p)
		}}
	}
	return []web.Sample{
		list("", func(*releasesPage) {}),
		list("-empty", func(p *releasesPage) { p.Rows, p.Next = nil, "" }),
		list("-nothing", func(p *releasesPage) { p.Rows, p.Next, p.In.Channel, p.MayManage = nil, "", "lts", false }),
		draft("new", func(*draftPage) {}),
		draft("edit", func(p *draftPage) {
			p.New, p.Title, p.Action = false, p.T("releases.form-edit", "version", "3.4.1"), releasesPath+"/01/edit"
			p.In = draftForm{Version: "3.4.1", Channel: "stable", Required: true, English: "- Joining a meeting opens the right date."}
			p.Preview, p.Back = sampleNotes(), ui.Link{Text: "Meeting Add-On 3.4.1", Href: releasesPath + "/01"}
		}),
		draft("new-errors", func(p *draftPage) {
			p.Errors = ui.Errors{{Field: "version", Text: p.T("fault.required")}}
		}),
	}
}

func sampleReleases(f *ui.Frame) releasesPage {
	p := releasesPage{
		Frame: f, MayManage: true, New: releasesPath + "/new", Next: releasesPath + "?after=x",
		Products: []ui.Option{{Label: f.T("releases.any-product")}, {Value: "gwma", Label: "Meeting Add-On"}},
		Channels: append([]ui.Option{{Label: f.T("releases.any-channel")}}, channelChoice(f)...),
		Rows: []releaseRow{
			{Href: releasesPath + "/03", Version: "3.5.0-rc1", Product: "Meeting Add-On", Channel: f.T("downloads.channel.preview"), Tone: ui.None, State: f.T("releases.state.draft"), Files: "2", Downloads: "0"},
			{Href: releasesPath + "/02", Version: "3.4.2", Product: "Meeting Add-On", Channel: f.T("downloads.channel.stable"), Tone: ui.Warn, State: f.T("releases.state.planned"), Effective: "19 Jun, 09:00", Files: "4", Downloads: "0", Required: true},
			{Href: releasesPath + "/01", Version: "3.4.1", Product: "Meeting Add-On", Channel: f.T("downloads.channel.stable"), Tone: ui.OK, State: f.T("releases.state.published"), Effective: "12 Jun, 09:00", Files: "4", Downloads: "1,204"},
			{Href: releasesPath + "/00", Version: "3.4.0", Product: "Meeting Add-On", Channel: f.T("downloads.channel.stable"), Tone: ui.Off, State: f.T("releases.state.withdrawn"), Effective: "4 May, 09:00", Files: "4", Downloads: "310"},
		},
	}
	for i, state := range []string{"all", "draft", "published", "withdrawn"} {
		p.Tabs = append(p.Tabs, ui.Tab{Text: f.T("releases.state." + state), Href: releasesForm{State: state}.href(), Current: i == 0, Count: -1})
	}
	return p
}

func releaseSamples() []web.Sample {
	one := func(name string, change func(*releasePage)) web.Sample {
		return web.Sample{Name: "office-release" + name, Draw: func(f *ui.Frame) templ.Component {
			p := sampleRelease(placed(f, releasesPath))
			change(&p)
			return releaseView(p)
		}}
	}
	signature := func(name string, errors func(*ui.Frame) ui.Errors) web.Sample {
		return web.Sample{Name: "office-release-signature" + name, Draw: func(f *ui.Frame) templ.Component {
			f = placed(f, releasesPath)
			f.Errors = errors(f)
			return signatureView(signaturePage{
				Frame: f, Title: "Server connector", File: "nwma-connector-3.4.1.x86_64.rpm", Action: releasesPath + "/01/files/04/signature",
				Keys: f.T("releases.keys", "keys", "8F2C41D097ABE6A3"), Back: ui.Link{Text: "Meeting Add-On 3.4.1", Href: releasesPath + "/01"},
			})
		}}
	}
	return []web.Sample{
		one("", func(*releasePage) {}),
		one("-ready", func(p *releasePage) {
			p.Files, p.Ready, p.Done = p.Files[:2], true, p.T("releases.done-signed")
			for i := range p.Missing {
				p.Missing[i].State = ui.Done
			}
		}),
		one("-planned", func(p *releasePage) {
			p.Tone, p.State, p.MayEdit, p.MayPublish, p.MayMove, p.MayWithdraw = ui.Warn, p.T("releases.state.planned"), false, false, true, true
			p.Files, p.Stamp, p.At = p.Files[:2], "1781859600000000", "2026-06-19T09:00"
		}),
		one("-trouble", func(p *releasePage) {
			p.Files[2].Tone, p.Files[2].State = ui.Bad, p.T("releases.file-state.refused")
			p.Files[2].Trouble = p.T("fault.signature-key-unknown", "signed", "1F2C41D097ABE6A4", "keys", "8F2C41D097ABE6A3")
			p.Files = append(p.Files, artifactRow{
				ID: "05", Href: p.Href + "/files/05", Title: "Windows installer, 32-bit", File: "nwma-3.4.1-x86.msi", Kind: "windows-x86", Size: "16.9 MB",
				Tone: ui.Warn, State: p.T("releases.file-state.uploading"), Unfinished: true,
			})
		}),
		one("-errors", func(p *releasePage) {
			p.In = fileForm{Title: "Windows installer", Kind: "Windows!"}
			p.Errors = ui.Errors{{Field: "file", Text: p.T("fault.file-needed")}}
		}),
		one("-empty", func(p *releasePage) {
			p.Files, p.Notes, p.Done = nil, nil, p.T("releases.done-made")
			p.Missing = []ui.Rule{{Text: p.T("releases.missing-files")}, {Text: p.T("releases.missing-signed")}}
		}),
		one("-published", func(p *releasePage) {
			p.Tone, p.State, p.MayEdit, p.MayPublish, p.MayWithdraw = ui.OK, p.T("releases.state.published"), false, false, true
			p.Files, p.Downloads, p.Required = p.Files[:2], 1204, true
		}),
		one("-withdrawn", func(p *releasePage) {
			p.Tone, p.State, p.MayEdit, p.MayPublish = ui.Off, p.T("releases.state.withdrawn"), false, false
			p.Files = p.Files[:2]
			p.Facts = append(p.Facts, ui.Fact{Term: p.T("releases.fact-reason"), Text: "It loses settings on Windows 10."})
		}),
		signature("", func(*ui.Frame) ui.Errors { return nil }),
		signature("-errors", func(f *ui.Frame) ui.Errors {
			return ui.Errors{{Field: "signature", Text: f.T("fault.required")}}
		}),
	}
}

func sampleRelease(f *ui.Frame) releasePage {
	const sum = "0a18951916f40a57f6720f4608a0eb94b273f1b9c0f79d8bbfc4664ecfdb728e"
	href := releasesPath + "/01"
	return releasePage{
		Frame: f, Title: "Meeting Add-On 3.4.1", Href: href, Tone: ui.None, State: f.T("releases.state.draft"), MayEdit: true, MayPublish: true,
		Facts: []ui.Fact{
			{Term: f.T("releases.fact-product"), Text: "Meeting Add-On"}, {Term: f.T("releases.fact-channel"), Text: f.T("downloads.channel.stable")},
			{Term: f.T("releases.fact-created"), Text: "11 Jun, 16:20"},
		},
		Files: []artifactRow{
			{
				ID: "01", Href: href + "/files/01", Title: "Windows installer, 64-bit", File: "nwma-3.4.1-x64.msi", Platform: "Windows 10 and 11", Kind: "windows-x64", Size: "18.4 MB",
				Tone: ui.OK, State: f.T("releases.file-state.verified"), SHA256: sum, SHA512: sum + sum, SignedBy: "8F2C41D097ABE6A3",
			},
			{
				ID: "02", Href: href + "/files/02", Title: "Administrator templates", File: "nwma-3.4.1-admx.zip", Kind: "admx", Size: "212 KB",
				Tone: ui.OK, State: f.T("releases.file-state.verified"), SHA256: sum, SHA512: sum + sum, SignedBy: "8F2C41D097ABE6A3",
			},
			{
				ID: "04", Href: href + "/files/04", Title: "Server connector", File: "nwma-connector-3.4.1.x86_64.rpm", Platform: "SLES 15, RPM", Kind: "connector", Size: "42.7 MB",
				Tone: ui.Warn, State: f.T("releases.file-state.unsigned"), SHA256: sum, SHA512: sum + sum, WantsSignature: true,
			},
		},
		Transfers: transfersPath + "?release=01", Notes: sampleNotes(), Limit: "2 GB",
		Missing: []ui.Rule{
			{Text: f.T("releases.missing-files"), State: ui.Done}, {Text: f.T("releases.missing-signed")},
		},
		Zone: "UTC", History: []line{{"Ines Duarte", "11 Jun, 16:20"}},
	}
}

func transferSamples() []web.Sample {
	transfers := func(name string, change func(*transfersPage)) web.Sample {
		return web.Sample{Name: "office-transfers" + name, Draw: func(f *ui.Frame) templ.Component {
			f = placed(f, transfersPath)
			p := transfersPage{
				Frame: f, States: []ui.Option{{Label: f.T("releases.transfers.any-state")}, {Value: "completed", Label: f.T("releases.transfers.state.completed")}}, Export: transfersPath + "/export", Next: transfersPath + "?after=x",
				Rows: []transferRow{
					{"Marta Ellison", "Harbour Vale Council", "nwma-3.4.1-x64.msi", "Meeting Add-On 3.4.1", f.T("releases.transfers.of-size", "sent", "18.4 MB", "size", "18.4 MB"), f.T("releases.transfers.whole"), ui.OK, f.T("releases.transfers.state.completed"), "16 Jun, 09:42", f.T("releases.transfers.took", "took", "0:12")},
					{"<b>Owen</b> Blake", "=HYPERLINK(\"http://evil.example\")", "nwma-connector-3.4.1.x86_64.rpm", "Meeting Add-On 3.4.1", f.T("releases.transfers.of-size", "sent", "9.1 MB", "size", "42.7 MB"), f.T("releases.transfers.range", "range", "bytes=0-9437183"), ui.Warn, f.T("releases.transfers.state.unfinished"), "16 Jun, 09:40", ""},
					{f.T("releases.transfers.service", "name", "Intune"), "Alpenblick Kliniken", "nwma-3.4.1-x64.msi", "Meeting Add-On 3.4.1", f.T("releases.transfers.of-size", "sent", "2 MB", "size", "18.4 MB"), f.T("releases.transfers.whole"), ui.None, f.T("releases.transfers.state.running"), "16 Jun, 09:39", ""},
				},
			}
			change(&p)
			return transfersView(p)
		}}
	}
	agreements := func(name string, change func(*agreementsPage)) web.Sample {
		return web.Sample{Name: "office-agreement" + name, Draw: func(f *ui.Frame) templ.Component {
			p := agreementsPage{
				Frame: desked(f, -1), Product: "Meeting Add-On", Back: "/office/products/gwma", Action: "/office/products/gwma/agreement", MayManage: true,
				Rows: []agreementRow{
					{ID: "v2", Version: "2026-06", Since: f.T("releases.agreement.since", "since", "1 Jun 2026"), Texts: []agreementText{{"en", "English", "## 1. Use\nOn every computer."}, {"de", "Deutsch", "## 1. Nutzung\nAuf jedem Rechner."}}, Tone: ui.OK, State: f.T("releases.agreement.in-force"), Accepted: 31},
					{ID: "v1", Version: "2025-01", Since: f.T("releases.agreement.since", "since", "7 Jan 2025"), Texts: []agreementText{{"en", "English", "On every computer."}}, Tone: ui.Off, State: f.T("releases.agreement.earlier"), Accepted: 1},
				},
			}
			change(&p)
			return agreementsView(p)
		}}
	}
	return []web.Sample{
		transfers("", func(*transfersPage) {}),
		transfers("-empty", func(p *transfersPage) { p.Rows, p.Next = nil, "" }),
		transfers("-nothing", func(p *transfersPage) { p.Rows, p.Next, p.In.Search = nil, "", "Brumair" }),
		agreements("", func(*agreementsPage) {}),
		agreements("-none", func(p *agreementsPage) { p.Rows = nil }),
		agreements("-errors", func(p *agreementsPage) {
			p.In.Version = "2026-06"
			p.Errors = ui.Errors{{Field: "en", Text: p.T("fault.required")}}
		}),
	}
}

func sampleNotes() []notesPart {
	return []notesPart{
		{"en", "English", "<ul class=\"bullets\"><li>Joining a meeting opens the right date.</li></ul>"},
		{"de", "Deutsch", "<ul class=\"bullets\"><li>Beim Beitreten öffnet sich der richtige Tag.</li></ul>"},
	}
}
