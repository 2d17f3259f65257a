package portal

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// licenceSamples are the pages of licences, as package license computes them for facts of every kind.
func licenceSamples() []web.Sample {
	day := 24 * time.Hour
	ladder := license.Ladder{ClientDays: 14, ClientTimes: 1, CapDays: 60}
	trial := evaluation()
	trial[0].Ladder, trial[0].Seats, trial[0].Devices, trial[0].FileDays = ladder, 500, 3, 7
	extended := append(evaluation(), license.Term{ID: "x", Kind: license.Extension, Days: 14, Rung: license.Client, StartsAt: began().AddDate(0, 0, 30), EndsAt: began().AddDate(0, 0, 44), GrantedAt: began().AddDate(0, 0, 25)})
	extended[0].Ladder, extended[1].Ladder = ladder, ladder
	perpetual := []license.Term{{
		ID: "p", Kind: license.Perpetual, StartsAt: began(), MaintenanceUntil: began().AddDate(1, 0, 0), Seats: 250, Devices: 300, FileDays: 365,
		Channels: []string{license.Stable, license.LongTerm}, Features: []string{"recording", "sso"}, GrantedAt: began(),
	}}
	grace := subscription()
	grace[0].GraceDays = 14
	waiting := []license.Term{{ID: "t", Kind: license.Evaluation, Days: 30, StartBy: began().Add(14 * day), Ladder: ladder}}
	suspended := []license.Hold{
		{ID: "h1", Kind: license.Suspended, From: began().Add(2 * day), Lifted: began().Add(4 * day), Reason: "A cheque did not clear."},
		{ID: "h2", Kind: license.Suspended, From: began().Add(9 * day), Reason: "An invoice is open."},
	}
	revoked := []license.Hold{{ID: "h", Kind: license.Revoked, From: began().Add(9 * day), Reason: "The contract ended early."}}
	return []web.Sample{
		signedInSample("licences", func(f *ui.Frame) templ.Component {
			one, two, three := sampleView(trial, nil, 12*day), sampleView(perpetual, nil, 500*day), sampleView(subscription(), suspended, 12*day)
			two.ID, two.Product.ID, two.Product.Name, two.Key = "2", "rooms", "Room Panels", "NWR7K4Q829TXM8VD5HRCW2PZ"
			three.ID, three.Product.ID, three.Product.Name, three.Key = "3", "voice", "Voice Gateway", "NWV7K4Q829TXM8VD5HRCW2PZ"
			return licencesView(licencesOf(f, "Harbour Vale Council", []license.View{one, two, three}))
		}),
		signedInSample("licences-none", func(f *ui.Frame) templ.Component { return licencesView(licencesOf(f, "Trade Partners", nil)) }),
		licenceSample("licence", trial, nil, 12*day, true),
		licenceSample("licence-member", trial, nil, 12*day, false),
		licenceSample("licence-extended", extended, nil, 26*day, true),
		licenceSample("licence-ended", trial, nil, 32*day, true),
		licenceSample("licence-waiting", waiting, nil, 0, true),
		licenceSample("licence-grace", grace, nil, 370*day, true),
		licenceSample("licence-perpetual", perpetual, nil, 12*day, true),
		licenceSample("licence-lapsed", perpetual, nil, 500*day, true),
		licenceSample("licence-suspended", subscription(), suspended, 12*day, true),
		licenceSample("licence-revoked", subscription(), revoked, 12*day, false),
		licenceSample("licence-no-term", nil, nil, 12*day, true),
		signedInSample("licence-rekeyed", func(f *ui.Frame) templ.Component {
			v := sampleView(trial, nil, 12*day)
			v.Rekeyed = began().Add(3 * day)
			return licenceView(licenceOf(f, v, sampleFeatures(), true, true))
		}),
		signedInSample("licence-extend", func(f *ui.Frame) templ.Component {
			return licenceExtendView(extensionOf(f, sampleView(trial, nil, 12*day), true))
		}),
		signedInSample("licence-extend-member", func(f *ui.Frame) templ.Component {
			p := extensionOf(f, sampleView(trial, nil, 12*day), false)
			p.Why = f.T("licence.extend.who", "names", "Marta Ellison, Owen Blake")
			return licenceExtendView(p)
		}),
		signedInSample("licence-extend-used", func(f *ui.Frame) templ.Component {
			return licenceExtendView(extensionOf(f, sampleView(extended, nil, 26*day), true))
		}),
		signedInSample("licence-explain", func(f *ui.Frame) templ.Component {
			return licenceExplainView(explanationOf(f, sampleView(trial, nil, 12*day), began().Add(12*day), began().Add(12*day)))
		}),
		signedInSample("licence-explain-then", func(f *ui.Frame) templ.Component {
			return licenceExplainView(explanationOf(f, sampleView(subscription(), suspended, 12*day), began().Add(12*day), began().Add(40*day)))
		}),
		signedInSample("licence-explain-before", func(f *ui.Frame) templ.Component {
			return licenceExplainView(explanationOf(f, sampleView(nil, nil, -day), began().Add(-day), began().Add(40*day)))
		}),
		signedInSample("licence-explain-errors", func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{{Field: "at", Text: f.T("fault.instant-far")}}
			return licenceExplainView(explanationOf(f, sampleView(trial, nil, 12*day), began().Add(12*day), began().Add(12*day)))
		}),
	}
}

func licenceSample(name string, terms []license.Term, holds []license.Hold, after time.Duration, administrator bool) web.Sample {
	return signedInSample(name, func(f *ui.Frame) templ.Component {
		return licenceView(licenceOf(f, sampleView(terms, holds, after), sampleFeatures(), administrator, administrator))
	})
}

func sampleFeatures() []license.Feature {
	return []license.Feature{{Code: "recording", Name: "Recording"}, {Code: "sso", Name: "Single sign-on"}}
}

// sampleView is a licence with these facts, as somebody of its organisation sees it some time after it began.
func sampleView(terms []license.Term, holds []license.Hold, after time.Duration) license.View {
	now := began().Add(after)
	l := license.License{
		ID: "1", Organization: "1", Product: license.Product{ID: "gwma", Name: "Meeting Add-On for GroupWise"}, Key: "NWC7K4Q829TXM8VD5HRCW2PZ",
		CreatedAt: began(), Facts: license.Facts{Terms: terms, Holds: holds},
	}
	return license.View{
		License: l, State: l.At(now), OrganizationName: "Harbour Vale Council", OrganizationKind: organization.Client,
		Extension: license.CanExtend(l, license.Client, now), Now: now,
	}
}
