package portal

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/access"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// Samples are the portal's pages with values worth looking at.
func Samples() []web.Sample {
	client, reseller := organization.Client, organization.Reseller
	day := 24 * time.Hour
	return append([]web.Sample{
		homeSample("home", client, evaluation(), nil, 12*day, access.RequestSummary{}, 0),
		homeSample("home-asking", client, evaluation(), nil, 29*day+time.Hour, access.RequestSummary{}, 2),
		homeSample("home-ended", client, evaluation(), nil, 40*day, access.RequestSummary{}, 0),
		homeSample("home-ended-asked", client, evaluation(), nil, 40*day, access.RequestSummary{
			ID: "02", State: access.Received, CreatedAt: began().Add(39 * day), DueAt: began().Add(39*day + time.Hour),
		}, 0),
		homeSample("home-not-started", client, []license.Term{{ID: "t", Kind: license.Evaluation, Days: 30, StartBy: began().Add(14 * day)}}, nil, 0, access.RequestSummary{}, 0),
		homeSample("home-subscriber", client, subscription(), nil, 12*day, access.RequestSummary{}, 0),
		homeSample("home-subscription-ends", client, subscription(), nil, 350*day, access.RequestSummary{}, 0),
		homeSample("home-subscription-ended", client, subscription(), nil, 400*day, access.RequestSummary{}, 0),
		homeSample("home-suspended", client, subscription(), []license.Hold{{ID: "h", Kind: license.Suspended, From: began(), Reason: "An invoice is open."}}, 12*day, access.RequestSummary{}, 0),
		homeSample("home-reseller", reseller, nil, nil, 12*day, access.RequestSummary{}, 0),
		{Name: "people", Draw: func(f *ui.Frame) templ.Component {
			p := samplePeople(f)
			p.Decides, p.Asked = true, []asked{{"Owen Blake", "/portal/vouch/01"}}
			p.People.Asking = []organization.Person{{Account: "3", Name: "Li Wei", Email: "li.wei@harbourvale.example", Since: began(), Request: "J1"}}
			return peopleView(p)
		}},
		{Name: "people-alone", Draw: func(f *ui.Frame) templ.Component {
			p := samplePeople(f)
			p.People.Members, p.Done = p.People.Members[:1], f.T("portal.people.refused")
			return peopleView(p)
		}},
	}, append(append(append(append(append(vouchSamples(), licenceSamples()...), accountSamples()...), selfSamples()...), append(append(downloadsSamples(), feedSamples()...), append(deviceSamples(), tokenSamples()...)...)...), new(Face).passkeyPages().Samples("account-", frameOf)...)...)
}

// signedInSample is a page in the frame of somebody who is signed in.
func signedInSample(name string, draw func(*ui.Frame) templ.Component) web.Sample {
	return web.Sample{Name: name, Draw: func(f *ui.Frame) templ.Component {
		frameOf(f)
		return draw(f)
	}}
}

// began is when the terms of the samples begin.
func began() time.Time { return time.Date(2026, 6, 4, 8, 0, 0, 0, time.UTC) }

func evaluation() []license.Term {
	return []license.Term{{ID: "t", Kind: license.Evaluation, Days: 30, StartsAt: began(), EndsAt: began().AddDate(0, 0, 30), Seats: 500}}
}

func subscription() []license.Term {
	return []license.Term{{ID: "t", Kind: license.Subscription, StartsAt: began(), EndsAt: began().AddDate(1, 0, 0), Seats: 500}}
}

// homeSample shows home as the one evaluator decides it for these facts.
func homeSample(name string, kind organization.Kind, terms []license.Term, holds []license.Hold, after time.Duration, open access.RequestSummary, asking int) web.Sample {
	return web.Sample{Name: name, Draw: func(f *ui.Frame) templ.Component {
		now := began().Add(after)
		facts := access.Facts{Email: "marta.ellison@harbourvale.example", EmailConfirmed: true, Membership: organization.Membership{
			Organization: organization.Organization{ID: "1", Name: "Harbour Vale Council", Kind: kind}, Account: "1",
			Role: organization.Administrator, JoinedAt: began(),
		}}
		if len(terms) > 0 {
			facts.Licenses = []license.License{{
				ID: "1", Organization: "1", Product: license.Product{ID: "gwma", Name: "Meeting Add-On for GroupWise"}, Key: "NWC7K4Q829TXM8VD5HRCW2PZ",
				CreatedAt: began(), Facts: license.Facts{Terms: terms, Holds: holds},
			}}
		}
		if open.ID != "" {
			facts.Open = &access.Request{ID: open.ID, State: open.State, CreatedAt: open.CreatedAt, DueAt: open.DueAt}
		}
		frameOf(f)
		p := homeOf(f, "Marta Ellison", access.Evaluate(facts, now), asking, asking > 0, now)
		p.Days = 30
		return homeView(p)
	}}
}

func samplePeople(f *ui.Frame) peoplePage {
	frameOf(f)
	return peoplePage{Frame: f, Company: "Harbour Vale Council", Self: "1", People: organization.People{Members: []organization.Person{
		{Account: "1", Name: "Marta Ellison", Email: "marta.ellison@harbourvale.example", Role: organization.Administrator, Since: began()},
		{Account: "2", Name: "Owen Blake", Email: "owen.blake@harbourvale.example", Role: organization.Member, Since: began()},
	}}}
}

// frameOf gives a frame the corner and the navigation of somebody who is signed in.
func frameOf(f *ui.Frame) {
	f.Me = ui.Me{Name: "Marta Ellison", Note: "Harbour Vale Council", Href: accountPath, SignOut: "/sign-out"}
	f.Nav = Nav(web.Who{Account: "1", Organization: "1", Held: Held{Standing: access.Standing{Allowed: true}}}, f.Words)
}
