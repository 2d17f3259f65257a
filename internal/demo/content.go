package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/carrier"
	"vestibule/internal/fault"
	"vestibule/internal/importer"
)

const day = 24 * time.Hour

// A wish is a request for access as somebody typed it.
type wish struct {
	first, last, email, mobile, organization, country, users, purpose, lang, address string
}

func (w wish) language() string {
	if w.lang == "" {
		return "en"
	}
	return w.lang
}

// network is where the request comes from: a network of its own, unless it says.
func (w wish) network() string {
	if w.address != "" {
		return w.address
	}
	sum := 0
	for _, c := range w.email {
		sum = (sum*31 + int(c)) % 250
	}
	return fmt.Sprintf("198.51.%d.17", sum)
}

func (p Parts) ask(ctx context.Context, w wish) error {
	_, err := p.Access.Ask(ctx, access.Form{
		First: w.first, Last: w.last, Email: w.email, MobileCountry: w.country, Mobile: w.mobile, Organization: w.organization,
		Country: w.country, Product: p.Product, Users: w.users, Purpose: w.purpose, Consent: true, Lang: w.language(),
		Took: 95 * time.Second, Address: w.network(),
	})
	if err != nil {
		return fmt.Errorf("the request of %s: %w", w.email, err)
	}
	return nil
}

// decide finds the request of an address and decides it.
func (p Parts) decide(ctx context.Context, w wish, d access.Decision, by access.Decider) error {
	page, err := p.Access.Queue(ctx, access.Query{Tab: access.TabOpen, Limit: 100})
	if err != nil {
		return err
	}
	for _, r := range page.Requests {
		if r.Email == w.email {
			_, err := p.Access.Decide(ctx, r.ID, d, by)
			return err
		}
	}
	return fault.New(fault.NotFound, "not-found")
}

// make makes everything, in the order of time.
func (p Parts) make(ctx context.Context) (Content, error) {
	var c Content
	if err := p.at(ctx, 120*day, func() error {
		for _, one := range colleagues() {
			hired, err := p.hire(ctx, one)
			if err != nil {
				return err
			}
			c.Staff = append(c.Staff, hired)
		}
		return nil
	}); err != nil {
		return c, err
	}
	by, err := p.approver(ctx, c.Staff[0].UserID)
	if err != nil {
		return c, err
	}
	if err := p.at(ctx, 119*day, func() error { return p.takeOver(ctx) }); err != nil {
		return c, err
	}
	var shelf *shelf
	if err := p.at(ctx, 118*day, func() (err error) {
		if shelf, err = p.open(ctx); err == nil {
			err = shelf.put(ctx, earlierIssues())
		}
		return err
	}); err != nil {
		return c, err
	}
	c.Samples = samples()
	if c.Clients, err = p.past(ctx, by, shelf); err != nil {
		return c, err
	}
	if err := p.at(ctx, 2*day, func() error { return shelf.put(ctx, newIssues()) }); err != nil {
		return c, err
	}
	return c, p.waiting(ctx)
}

func (p Parts) approver(ctx context.Context, userID string) (access.Decider, error) {
	all, err := p.Staff.List(ctx)
	if err != nil {
		return access.Decider{}, err
	}
	for _, m := range all {
		if m.UserID == userID {
			return access.Decider{ID: m.Account, Name: m.Name}, nil
		}
	}
	return access.Decider{}, fault.New(fault.NotFound, "staff-unknown")
}

// samples are the people of takeOver's table who have no account, or an old one.
func samples() Samples {
	return Samples{
		Subscriber: Person{FirstName: "Priya", LastName: "Nair", Email: "priya.nair@alder-freight.example", Mobile: "07700 900461", Country: "GB", Organization: "Alder Freight Ltd"},
		Reseller:   Person{FirstName: "Jonas", LastName: "Weber", Email: "jonas.weber@corvus-partners.example", Mobile: "01512 3456789", Country: "DE", Organization: "Corvus Partners GmbH"},
		BetaTester: Person{FirstName: "Beth", LastName: "Mercer", Email: "beth.mercer@brightwater.example", Mobile: "07700 900735", Country: "GB", Organization: "Brightwater College", UserID: "bmercer"},
	}
}

// takeOver imports what the vendor knew before the portal.
func (p Parts) takeOver(ctx context.Context) error {
	now := p.Clock.Now()
	date := func(days int) string { return now.AddDate(0, 0, days).Format("2006-01-02") }
	table := strings.Join([]string{
		"record,reference,name,country,domains,organization,email,first_name,last_name,role,from,to,seats,user_id,mobile,language,evaluated",
		"organization,C-1001,Alder Freight Ltd,GB,alder-freight.example,,,,,,,,,,,,",
		"contact,,,,,C-1001,priya.nair@alder-freight.example,Priya,Nair,administrator,,,,,,,",
		"subscription,,,,,C-1001,,,,," + date(-80) + "," + date(285) + ",250,,,,",
		"reseller,R-2001,Corvus Partners GmbH,DE,corvus-partners.example,,,,,,,,,,,,",
		"contact,,,,,R-2001,jonas.weber@corvus-partners.example,Jonas,Weber,administrator,,,,,,,",
		"organization,C-1002,Brightwater College,GB,,,,,,,,,,,,,",
		"organization,C-1003,Brandt Logistik GmbH,DE,brandt-logistik.example,,,,,,,,,,,,",
		"contact,,,,,C-1003,vera.brandt@brandt-logistik.example,Vera,Brandt,administrator,,,,,,,",
		"account,,,GB,,C-1002,beth.mercer@brightwater.example,Beth,Mercer,,,,,bmercer,07700 900735,en," + date(-900),
		"account,,,GB,,,oskar.keller@keller-studio.example,Oskar,Keller,,,,,okeller,,de,",
		"",
	}, "\n")
	report, err := p.Importer.Import(ctx, strings.NewReader(table), false)
	if err != nil {
		return err
	}
	for _, f := range report.Faults {
		return fmt.Errorf("line %d of the sample table: %s %s", f.Line, f.Field, f.Code)
	}
	if report.Made[importer.Account] != 2 {
		return fault.New(fault.Internal, "internal")
	}
	return nil
}

// past is what was decided before today: the standings that clients can have.
func (p Parts) past(ctx context.Context, by access.Decider, s *shelf) (clients []Client, err error) {
	approve := access.Decision{Approve: true}
	hollis := wish{first: "Grace", last: "Hollis", email: "grace.hollis@hollis-surveyors.example", mobile: "07700 900118", organization: "Hollis Surveyors", country: "GB", users: "12"}
	osei := wish{first: "Daniel", last: "Osei", email: "daniel@osei-partners.example", mobile: "07700 900284", organization: "Osei & Partners", country: "GB", users: "40", purpose: "Video meetings for our three offices."}
	ellison := wish{first: "Marta", last: "Ellison", email: "marta.ellison@harbourvale.example", mobile: "07700 900376", organization: "Harbour Vale Council", country: "GB", users: "500", purpose: "We run GroupWise 24 and want meetings in the calendar."}
	lawson := wish{first: "Kit", last: "Lawson", email: "kit@lawson-media.example", mobile: "07700 900507", organization: "Lawson Media", country: "GB", users: "5"}
	tanaka := wish{first: "Yuki", last: "Tanaka", email: "yuki.tanaka@kitano-dental.example", organization: "Kitano Dental", country: "JP", users: "8"}
	moreau := wish{first: "Élodie", last: "Moreau", email: "elodie.moreau@atelier-moreau.example", organization: "Atelier Moreau", country: "FR", users: "3"}
	brandt := wish{first: "Vera", last: "Brandt", email: "vera.brandt@brandt-logistik.example", mobile: "01512 4455667", organization: "Brandt Logistik GmbH", country: "DE", users: "60", lang: "de"}
	settled := func(w wish, standing string) func() error {
		return func() error {
			c, err := p.settle(ctx, w, standing)
			clients = append(clients, c)
			return err
		}
	}
	for _, one := range []struct {
		before time.Duration
		do     func() error
	}{
		{95 * day, func() error { return p.ask(ctx, hollis) }},
		{95*day - 40*time.Minute, func() error { return p.decide(ctx, hollis, approve, by) }},
		{92 * day, settled(brandt, "perpetual, maintenance ended")},
		{92*day - time.Hour, func() error { return s.perpetual(ctx, brandt.email) }},
		{62 * day, func() error { return p.ask(ctx, osei) }},
		{62*day - 25*time.Minute, func() error { return p.decide(ctx, osei, approve, by) }},
		{61 * day, settled(osei, "evaluation ended")},
		{12 * day, func() error { return p.ask(ctx, ellison) }},
		{12*day - 18*time.Minute, func() error {
			return p.decide(ctx, ellison, access.Decision{Approve: true, VerifyDomain: true, Note: "Spoke to her at the county IT day."}, by)
		}},
		{11 * day, settled(ellison, "evaluating")},
		{9 * day, func() error { return p.ask(ctx, lawson) }},
		{9*day - 30*time.Minute, func() error {
			return p.decide(ctx, lawson, access.Decision{
				Reason: "The add-on needs GroupWise 18 or later on your own server, and you wrote that your mail is hosted elsewhere. Ask again once that changes.",
				Note:   "Mail hosted by a reseller; no GroupWise.",
			}, by)
		}},
		{5 * day, func() error { return p.ask(ctx, tanaka) }},
		{5*day - 55*time.Minute, func() error { return p.decide(ctx, tanaka, approve, by) }},
		{3 * day, func() error { return p.ask(ctx, moreau) }},
		{3*day - 2*time.Hour, func() error { return p.withdraw(ctx, moreau) }},
	} {
		if err := p.at(ctx, one.before, one.do); err != nil {
			return clients, err
		}
	}
	return clients, nil
}

// withdraw takes a request back by the link in its confirmation.
func (p Parts) withdraw(ctx context.Context, w wish) error {
	mails, err := p.Inbox.List(ctx, w.email, 10)
	if err != nil {
		return err
	}
	for _, m := range mails {
		if m.Channel != carrier.Email {
			continue
		}
		for _, link := range m.Links {
			if _, token, ok := strings.Cut(link, "/request/withdraw/"); ok {
				_, err := p.Access.Withdraw(ctx, token)
				return err
			}
		}
	}
	return fault.New(fault.NotFound, "not-found")
}

// waiting is the queue of today: one of each kind, the longest waiting first.
func (p Parts) waiting(ctx context.Context) error {
	for _, one := range []struct {
		before time.Duration
		wish
	}{
		{27 * time.Hour, wish{first: "Hannah", last: "Lindqvist", email: "hannah.lindqvist@norrland-energi.example", mobile: "070-174 06 05", organization: "Norrland Energi AB", country: "SE", users: "320", purpose: "Replacing our old conferencing hardware."}},
		{26*time.Hour + 14*time.Minute, wish{}},
		{2 * time.Hour, wish{first: "Paul", last: "Anders", email: "paul.anders.consulting@gmail.com", mobile: "07700 900642", organization: "Anders Consulting", country: "GB", users: "4"}},
		{74 * time.Minute, wish{}},
		{50 * time.Minute, wish{first: "Max", last: "Power", email: "max.power@mailinator.com", organization: "Power Industries", country: "US", users: "10"}},
		{36 * time.Minute, wish{first: "Owen", last: "Sharma", email: "owen.sharma@alder-freight.example", mobile: "07700 900819", organization: "Alder Freight", country: "GB", users: "250", purpose: "My colleague Priya has the subscription; I would like to try the beta."}},
		{30 * time.Minute, wish{first: "Grace", last: "Hollis", email: "grace.hollis@hollis-surveyors.example", mobile: "07700 900118", organization: "Hollis Surveyors", country: "GB", users: "12", purpose: "We never got round to it in summer."}},
		{24 * time.Minute, wish{first: "Paul", last: "Anders", email: "paul@anders-consulting.example", mobile: "07700 900642", organization: "Anders Consulting Ltd", country: "GB", users: "4"}},
		{19 * time.Minute, wish{first: "Zoë", last: "Petit", email: "zoe.petit@lycee-pasteur.example", organization: "Lycée Pasteur", country: "FR", users: "60", address: "203.0.113.40"}},
		{15 * time.Minute, wish{first: "Hugo", last: "Petit", email: "hugo.petit@lycee-pasteur.example", organization: "Lycée Pasteur", country: "FR", users: "60", address: "203.0.113.41"}},
		{11 * time.Minute, wish{first: "Inès", last: "Roux", email: "ines.roux@lycee-pasteur.example", organization: "Lycée Pasteur", country: "FR", users: "60", address: "203.0.113.42"}},
		{7 * time.Minute, wish{first: "Jürgen", last: "Müller", email: "j.mueller@mueller-maschinenbau.example", mobile: "01512 9876543", organization: "Müller Maschinenbau GmbH", country: "DE", users: "85", lang: "de", purpose: "Wir möchten Besprechungen aus dem Kalender heraus starten."}},
		{2 * time.Minute, wish{first: "Aoife", last: "O'Brien", email: "aoife.obrien@glenard-credit.example", mobile: "085 012 3456", organization: "Glenard Credit Union", country: "IE", users: "35"}},
		{4 * time.Minute, wish{}},
	} {
		do := func() error { return p.ask(ctx, one.wish) }
		if one.email == "" { // a moment at which staff are reminded
			do = func() error { return p.Access.Remind(ctx) }
		}
		if err := p.at(ctx, one.before, do); err != nil {
			return err
		}
	}
	return nil
}
