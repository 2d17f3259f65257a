package office

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/activation"
	"vestibule/internal/license"
	"vestibule/internal/web"
	"vestibule/internal/web/licences"
	"vestibule/internal/web/ui"
)

// seat is the place of an entry of the navigation, for the samples.
func seat(href string) int {
	for i, p := range places() {
		if p.href == href {
			return i
		}
	}
	return -1
}

// licenceSamples are the pages of licences, products and policies.
func licenceSamples() []web.Sample {
	return append([]web.Sample{
		{Name: "office-licences", Draw: func(f *ui.Frame) templ.Component { return licencesView(sampleLicences(desked(f, seat(licencesPath)))) }},
		{Name: "office-licences-replaced", Draw: func(f *ui.Frame) templ.Component {
			p := sampleLicences(desked(f, seat(licencesPath)))
			p.Rows, p.Next, p.In.Search = p.Rows[:1], "", "NWC-7K4Q8-29TXM-8VD5H-RCW2P"
			p.Rows[0].Replaced = true
			return licencesView(p)
		}},
		{Name: "office-licences-errors", Draw: func(f *ui.Frame) templ.Component {
			p := sampleLicences(desked(f, seat(licencesPath)))
			p.Rows, p.Next, p.In.Search = nil, "", "NWC-7K4Q8-29TXM-8VD5H-RCW2X"
			f.Errors = ui.Errors{{Field: "q", Text: f.T("fault.key-check")}}
			return licencesView(p)
		}},
		{Name: "office-licences-nothing", Draw: func(f *ui.Frame) templ.Component {
			p := sampleLicences(desked(f, seat(licencesPath)))
			p.Rows, p.Next, p.In.Search = nil, "", "Brumaire"
			return licencesView(p)
		}},
		{Name: "office-licences-empty", Draw: func(f *ui.Frame) templ.Component {
			p := sampleLicences(desked(f, seat(licencesPath)))
			p.Rows, p.Next = nil, ""
			return licencesView(p)
		}},
		{Name: "office-licence", Draw: func(f *ui.Frame) templ.Component {
			p := sampleLicence(desked(f, seat(licencesPath)), caseOf(sampleTrial(), nil, 12), true)
			p.Done = f.T("office.licence.done.extend", "until", "18 July 2026")
			return licenceView(p)
		}},
		{Name: "office-licence-look", Draw: func(f *ui.Frame) templ.Component {
			return licenceView(sampleLicence(desked(f, seat(licencesPath)), caseOf(sampleTrial(), nil, 40), false))
		}},
		{Name: "office-licence-revoked", Draw: func(f *ui.Frame) templ.Component {
			return licenceView(sampleLicence(desked(f, seat(licencesPath)), caseOf(samplePerpetual(), []license.Hold{{ID: "h", Kind: license.Revoked, From: granted().AddDate(0, 0, 9), Reason: "The contract ended early."}}, 12), true))
		}},
		{Name: "office-licence-then", Draw: func(f *ui.Frame) templ.Component {
			p := sampleLicence(desked(f, seat(licencesPath)), caseOf(samplePerpetual(), nil, 500), true)
			p.Other, p.Question = true, f.T("licence.explain.title-then")
			return licenceView(p)
		}},
		{Name: "office-licence-errors", Draw: func(f *ui.Frame) templ.Component {
			f = desked(f, seat(licencesPath))
			f.Errors = ui.Errors{{Field: "at", Text: f.T("fault.instant-far")}}
			return licenceView(sampleLicence(f, caseOf(nil, nil, 2), true))
		}},
		{Name: "office-licence-another", Draw: func(f *ui.Frame) templ.Component {
			f = desked(f, seat(licencesPath))
			f.Errors = ui.Errors{{Field: "product", Text: f.T("fault.product-needed")}}
			return anotherView(anotherPage{Frame: f, Back: licenceHref("1"), Organization: "Harbour Vale Council", Products: []ui.Option{{Value: "rooms", Label: "Room Panels"}}})
		}},
		{Name: "office-licence-another-none", Draw: func(f *ui.Frame) templ.Component {
			return anotherView(anotherPage{Frame: desked(f, seat(licencesPath)), Back: licenceHref("1"), Organization: "Harbour Vale Council"})
		}},
		{Name: "office-licence-devices", Draw: func(f *ui.Frame) templ.Component {
			k := caseOf(sampleTrial(), nil, 12)
			p := licenceDevicesOf(desked(f, seat(licencesPath)), k, activation.Devices{
				License: k.License, State: k.State, Usage: activation.Usage{Devices: 3, DevicesMax: 3, Seats: 2, SeatsMax: 500}, List: []activation.Device{
					{ID: "01", Name: "RECEPTION-PC", Platform: "Windows 11", ActivatedAt: granted(), SeenAt: k.Now.Add(-time.Minute), SeatUntil: k.Now.Add(time.Hour)},
					{ID: "02", Platform: "Ubuntu 26.04", ActivatedAt: granted(), SeenAt: granted(), OfflineUntil: k.Now.AddDate(0, 0, 5)},
					{ID: "03", Name: "<b>LAB</b>", Platform: "Windows Server 2025", ActivatedAt: granted(), SeenAt: granted()},
				},
			}, k.Now, true)
			p.Done = f.T("office.device.removed")
			return licenceDevicesView(p)
		}},
		{Name: "office-licence-device-remove", Draw: func(f *ui.Frame) templ.Component {
			k := caseOf(sampleTrial(), nil, 12)
			return licenceDeviceRemovalView(licenceRemovalOf(desked(f, seat(licencesPath)), k, activation.Device{
				ID: "01", Name: "RECEPTION-PC", Platform: "Windows 11", ActivatedAt: granted(), SeenAt: k.Now.Add(-time.Minute),
			}, k.Now))
		}},
		{Name: "office-licence-device-remove-offline", Draw: func(f *ui.Frame) templ.Component {
			k := caseOf(sampleTrial(), nil, 12)
			return licenceDeviceRemovalView(licenceRemovalOf(desked(f, seat(licencesPath)), k, activation.Device{
				ID: "02", ActivatedAt: granted(), SeenAt: granted(), OfflineUntil: k.Now.AddDate(0, 0, 5),
			}, k.Now))
		}},
		{Name: "office-licence-devices-none", Draw: func(f *ui.Frame) templ.Component {
			k := caseOf(sampleTrial(), nil, 12)
			return licenceDevicesView(licenceDevicesOf(desked(f, seat(licencesPath)), k, activation.Devices{License: k.License, State: k.State}, k.Now, false))
		}},
	}, append(actSamples(), offerSamples()...)...)
}

func actSamples() (list []web.Sample) {
	held := []license.Hold{{ID: "h", Kind: license.Suspended, From: granted().AddDate(0, 0, 9), Reason: "An invoice is open."}}
	revoked := []license.Hold{{ID: "h", Kind: license.Revoked, From: granted().AddDate(0, 0, 9), Reason: "The contract ended early."}}
	for _, a := range acts() {
		terms, holds, after := sampleTrial(), []license.Hold(nil), 12
		switch a.name {
		case "reactivate":
			after = 90
		case "maintenance":
			terms, after = samplePerpetual(), 500
		case "lift":
			holds = held
		case "unrevoke":
			holds = revoked
		}
		list = append(list, web.Sample{Name: "office-licence-" + a.name, Draw: func(f *ui.Frame) templ.Component {
			return licenceActView(actPage(desked(f, seat(licencesPath)), caseOf(terms, holds, after), a))
		}})
	}
	grant, _ := actNamed("grant")
	extend, _ := actNamed("extend")
	return append(list,
		web.Sample{Name: "office-licence-grant-errors", Draw: func(f *ui.Frame) templ.Component {
			f = desked(f, seat(licencesPath))
			f.Errors = ui.Errors{
				{Field: "policy", Text: f.T("fault.policy-needed")}, {Field: "from", Text: f.T("fault.date-needed")}, {Field: "days", Text: f.T("fault.number-needed")},
				{Field: "seats", Text: f.T("fault.number-needed")}, {Field: "reason", Text: f.T("fault.reason-needed")},
			}
			p := actPage(f, caseOf(sampleTrial(), nil, 12), grant)
			p.In.Days, p.In.Seats, p.In.From = "many", "-3", "tomorrow"
			return licenceActView(p)
		}},
		web.Sample{Name: "office-licence-changed", Draw: func(f *ui.Frame) templ.Component {
			k := caseOf(sampleTrial(), held, 12)
			p := actPage(desked(f, seat(licencesPath)), k, extend)
			_, status := licences.Status(f.Words, k.State)
			p.Gone, p.Changed = true, f.T("office.licence.changed-by", "status", status, "last", f.T("office.event.license-hold-place", "by", "Tom Becker"), "at", "13 June 2026, 08:00")
			return licenceActView(p)
		}},
	)
}

func sampleLicences(f *ui.Frame) licencesPage {
	p := licencesPage{Frame: f, ClearHref: licencesPath, Next: licencesPath + "?after=x", Products: []ui.Option{
		{Label: f.T("office.licence.any-product")}, {Value: "gwma", Label: "Meeting Add-On for GroupWise"}, {Value: "rooms", Label: "Room Panels"},
	}}
	for i, one := range windows() {
		p.Tabs = append(p.Tabs, ui.Tab{Text: f.T("office.licence.window." + string(one)), Href: licencesForm{Window: string(one)}.href(), Current: i == 0, Count: -1})
	}
	for i, k := range []license.Case{
		caseOf(sampleTrial(), nil, 12), caseOf(samplePerpetual(), nil, 500), caseOf(sampleTrial(), nil, 40), caseOf(nil, nil, 0),
		caseOf(sampleTrial(), []license.Hold{{ID: "h", Kind: license.Suspended, From: granted(), Reason: "An invoice is open."}}, 12),
	} {
		k.OrganizationName = []string{"Harbour Vale Council", "Alpenblick Kliniken", "Dunmore College", "Comune di Valserena", "<b>Kestrel</b> Air Cargo"}[i]
		p.Rows = append(p.Rows, licenceRowOf(f, k.View))
	}
	return p
}

func granted() time.Time { return time.Date(2026, 6, 4, 8, 0, 0, 0, time.UTC) }

func sampleTrial() []license.Term {
	return []license.Term{{
		ID: "t", Kind: license.Evaluation, Days: 30, StartsAt: granted(), EndsAt: granted().AddDate(0, 0, 30), Seats: 500, Devices: 3, FileDays: 7,
		Policy: "evaluation", PolicyVersion: 2, GrantedAt: granted(), Ladder: license.Ladder{ClientDays: 14, ClientTimes: 1, CapDays: 60},
	}}
}

func samplePerpetual() []license.Term {
	return []license.Term{{
		ID: "p", Kind: license.Perpetual, StartsAt: granted(), MaintenanceUntil: granted().AddDate(1, 0, 0), Seats: 250, FileDays: 365,
		Policy: "perpetual", PolicyVersion: 1, Channels: []string{license.Stable, license.LongTerm}, Features: []string{"recording"}, GrantedAt: granted(),
	}}
}

func sampleProduct() license.ProductView {
	rule := license.EvaluationRule{Days: 30, StartWithin: 14, Seats: 500}
	v := license.ProductView{
		Product: license.Product{
			ID: "gwma", Name: "Meeting Add-On for GroupWise", Summary: "Meetings from the calendar that people have", Prefix: "NWC", Offered: true,
			PublisherKeys: []string{"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"}, EditedAt: granted(),
		},
		Features: []license.Feature{{Code: "recording", Name: "Recording"}, {Code: "sso", Name: "Single sign-on"}},
		Licenses: 118,
	}
	for _, p := range license.DefaultPolicies("gwma", rule) {
		p.Version, p.CreatedAt = 1, granted()
		v.Policies = append(v.Policies, p)
	}
	v.Policies[0].Version, v.Policies[3].Retired = 2, true
	return v
}

// caseOf is a licence with these facts some days after it began.
func caseOf(terms []license.Term, holds []license.Hold, days int) license.Case {
	now, product := granted().AddDate(0, 0, days), sampleProduct()
	l := license.License{ID: "1", Organization: "1", Product: product.Product, Key: "NWC7K4Q829TXM8VD5HRCW2PZ", CreatedAt: granted(), Facts: license.Facts{Terms: terms, Holds: holds}}
	return license.Case{
		View:     license.View{License: l, State: l.At(now), OrganizationName: "Harbour Vale Council", Extension: license.CanExtend(l, license.Office, now), Now: now},
		Features: product.Features, Policies: product.Policies[:3], Stamp: "x",
		Keys: []license.KeyFact{{Key: l.Key, CreatedAt: granted().AddDate(0, 0, 3)}, {Key: "NWC29TXM8VD5H7K4Q8RCW2PX", CreatedAt: granted(), ReplacedAt: granted().AddDate(0, 0, 3)}},
	}
}

func sampleLicence(f *ui.Frame, k license.Case, manages bool) licencePage {
	p := licenceCase(f, k, manages)
	p.At, p.AtWords = f.Words.Local(k.Now), f.Words.DateTime(k.Now)+" "+f.Words.Zone(k.Now)
	p.Question = f.T("licence.explain.title")
	p.ExplainTone, p.Explained = licences.Status(f.Words, k.State)
	p.Because, p.Remedy = licences.Reasons(f.Words, k.License, k.State), licences.Remedy(f.Words, k.State)
	p.History = []line{
		{f.T("office.event.license-key-replace", "by", "Tom Becker") + ": " + "The key stood in a public forum.", "7 June 2026, 08:00"},
		{f.T("office.event.license-create", "by", "Ines Duarte"), "4 June 2026, 08:00"},
	}
	return p
}
