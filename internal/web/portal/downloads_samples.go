package portal

import (
	"github.com/a-h/templ"

	"vestibule/internal/feed"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// downloadsSamples are the pages of the downloads in their states.
func downloadsSamples() []web.Sample {
	page := func(name string, change func(*downloadsPage)) web.Sample {
		return signedInSample("downloads"+name, func(f *ui.Frame) templ.Component {
			p := sampleDownloads(f)
			change(&p)
			return downloadsView(p)
		})
	}
	agreement := func(name string, change func(*agreementPage)) web.Sample {
		return signedInSample("downloads-agreement"+name, func(f *ui.Frame) templ.Component {
			p := agreementPage{
				Frame: f, Product: "Meeting Add-On", File: "nwma-3.4.1-x64.msi", Organization: "Harbour Vale Council", Version: "2026-05", Since: f.Words.Date(began()),
				Text: "## 1. Use\nYou may install the software on every computer of your organisation.\n\n## 2. Copies\nYou may keep one copy for safety.", TextLang: "en",
				Back: downloadsPath, Action: downloadsPath + "/01/agreement",
			}
			change(&p)
			return agreementView(p)
		})
	}
	return []web.Sample{
		page("", func(*downloadsPage) {}),
		page("-begins", func(p *downloadsPage) {
			p.Begins = startPart{"nwma-3.4.1-x64.msi", downloadsPath + "/01"}
		}),
		page("-products", func(p *downloadsPage) {
			p.Products = []ui.Tab{
				{Text: "Meeting Add-On", Href: downloadsPath, Current: true, Count: -1},
				{Text: "Room Panel", Href: downloadsPath + "?product=panel", Count: -1},
			}
			p.News.On = true
		}),
		page("-member", func(p *downloadsPage) { p.Tokens, p.Feeds = "", false }),
		page("-maintenance", func(p *downloadsPage) {
			p.Releases[0].Open, p.Releases[0].Folded = false, true
			p.Releases[0].Tags = nil
			p.Releases[0].Locked = lockedPart{
				Title: p.T("downloads.locked.maintenance-lapsed", "until", p.Words.Date(began())), Text: p.T("downloads.do.maintenance-lapsed", "until", p.Words.Date(began())),
				Href: "mailto:" + p.Vendor.Email, Go: p.T("downloads.write", "vendor", p.Vendor.Name),
			}
			for i := range p.Releases[0].Files {
				p.Releases[0].Files[i].Href = ""
			}
		}),
		page("-channel", func(p *downloadsPage) {
			p.Channels[0].Current, p.Channels[1].Current = false, true
			p.Releases, p.Older, p.Stable = nil, nil, nil
			p.Locked = lockedPart{
				Title: p.T("downloads.locked.channel-not-included", "channel", p.T("downloads.channel.preview")), Text: p.T("downloads.do.channel-not-included", "channel", p.T("downloads.channel.preview")),
				Href: "mailto:" + p.Vendor.Email, Go: p.T("downloads.write", "vendor", p.Vendor.Name),
			}
		}),
		page("-ended", func(p *downloadsPage) {
			p.Channels, p.Releases, p.Older, p.Stable, p.News = nil, nil, nil, nil, newsPart{}
			p.Locked = lockedPart{Title: p.T("downloads.locked.license-expired"), Text: p.T("downloads.do.license-expired"), Href: web.HomePath, Go: p.T("downloads.home")}
		}),
		page("-nothing", func(p *downloadsPage) {
			p.Releases, p.Older, p.Stable = nil, nil, nil
			p.Nothing = p.T("downloads.nothing-text")
		}),
		agreement("", func(*agreementPage) {}),
		agreement("-newer", func(p *agreementPage) { p.Newer = true }),
		agreement("-errors", func(p *agreementPage) {
			p.Errors = ui.Errors{{Field: "accept", Text: p.T("fault.agreement-not-accepted")}}
		}),
	}
}

func feedSamples() []web.Sample {
	page := func(name string, change func(*feedsPage)) web.Sample {
		return signedInSample("feeds"+name, func(f *ui.Frame) templ.Component {
			p := feedsPage{
				Frame: f, Open: "https://portal.northwind.example/feeds/gwma/stable.json", In: feedForm{Kind: feed.WinGET}, Kinds: feedKinds(f), Back: downloadsPath,
				Rows: []feedRow{
					{ID: "01", Name: "Office computers", Kind: f.T("downloads.feed.kind-winget"), Made: f.T("downloads.feed.made-by", "name", "Marta Ellison", "when", f.Words.ShortDate(began())), Used: f.Words.ShortDateTime(began()), Tone: ui.OK, State: f.T("downloads.feed.live"), Live: true},
					{ID: "02", Name: "News reader", Kind: f.T("downloads.feed.kind-atom"), Made: f.T("downloads.feed.made-by", "name", "Owen Blake", "when", f.Words.ShortDate(began())), Used: f.T("downloads.feed.never"), Tone: ui.Off, State: f.T("downloads.feed.revoked")},
				},
			}
			change(&p)
			return feedsView(p)
		})
	}
	return []web.Sample{
		page("", func(*feedsPage) {}),
		page("-empty", func(p *feedsPage) { p.Rows = nil }),
		page("-made", func(p *feedsPage) {
			p.Made = addressPart{Title: "Office computers", Href: "https://portal.northwind.example/winget/k7q4m829txm8vd5hrcw2"}
			p.Command = wingetCommand("Northwind Conferencing", p.Made.Href)
		}),
		page("-errors", func(p *feedsPage) {
			p.Errors = ui.Errors{{Field: "name", Text: p.T("fault.required")}}
		}),
	}
}

func sampleDownloads(f *ui.Frame) downloadsPage {
	const sum = "0a18951916f40a57f6720f4608a0eb94b273f1b9c0f79d8bbfc4664ecfdb728e"
	at := func(id, icon, title, size, file string) filePart {
		return filePart{
			Icon: icon, Title: title, Size: size, File: file, SHA256: sum, Short: shortSum(sum),
			Href: downloadsPath + "/" + id, Signature: downloadsPath + "/" + id + "/signature?product=gwma",
		}
	}
	files := []filePart{
		at("01", "laptop", "Windows installer, 64-bit", "18.4 MB", "nwma-3.4.1-x64.msi"),
		at("02", "laptop", "Windows installer, 32-bit", "16.9 MB", "nwma-3.4.1-x86.msi"),
		at("03", "sliders", "Administrator templates", "212 KB", "nwma-3.4.1-admx.zip"),
		at("04", "server", "Server connector", "42.7 MB", "nwma-connector-3.4.1.x86_64.rpm"),
	}
	old := releasePart{ID: "r340", Version: "3.4.0", Date: f.Words.Date(began().AddDate(0, -1, 0)), Notes: "<p>Waiting room, co-hosts and a new settings page.</p>", Folded: true, Files: files[:1]}
	older := releasePart{ID: "r332", Version: "3.3.2", Date: f.Words.Date(began().AddDate(0, -4, 0)), Notes: "<p>Security fixes only.</p>", Folded: true, Files: files[:2]}
	return downloadsPage{
		Frame: f, Lead: f.T("downloads.lead") + " " + f.T("downloads.includes", "n", 1, "channels", f.T("downloads.channel.stable")), Product: "gwma", Channel: "stable",
		Channels: []ui.Tab{
			{Text: f.T("downloads.channel.stable"), Href: downloadsPath, Current: true, Count: -1},
			{Text: f.T("downloads.channel.preview"), Href: downloadsPath + "?channel=preview", Count: -1},
		},
		Releases: []releasePart{{
			ID: "r341", Version: "3.4.1", Title: "Summer release", Date: f.Words.Date(began()), Tags: []tagPart{{ui.OK, f.T("downloads.recommended")}, {ui.Warn, f.T("downloads.required")}}, Open: true,
			Notes: "<ul class=\"bullets\"><li>Joining a meeting from a recurring appointment opens the right date.</li><li>The “Join” button is readable in high-contrast mode.</li></ul>",
			Files: files,
		}, old},
		Older: []releasePart{older},
		Check: checkPart{File: files[0].File, Keys: []keyPart{{ID: "8F2C41D097ABE6A3", Public: "RWSj5quX0EEsj7mU8c1TtS1w9rHkYkS8Wc0e1m6Qv3u8o2Xz4yD1hQ2K", Href: "/portal/publisher-keys/gwma/8F2C41D097ABE6A3"}}},
		News:  newsPart{Action: downloadsPath},
		Stable: []addressPart{
			{Title: files[0].Title, Href: "https://portal.northwind.example/get/gwma/stable/windows-x64"},
			{Title: files[3].Title, Href: "https://portal.northwind.example/get/gwma/stable/connector"},
		},
		Tokens: tokensPath, Curl: `curl -fL -OJ -u "portal:$TOKEN" https://portal.northwind.example/get/gwma/stable/windows-x64`,
		Feeds: true,
	}
}
