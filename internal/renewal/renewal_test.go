package renewal

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/outbox"
	"vestibule/internal/text"
)

// A desk is the Service on one node, with an organization that has a licence.
type desk struct {
	*Service
	licenses *license.Service
	e        *dbtest.Env
	id       string // of the licence
	company  string // id of the organization
	admin    string // account
}

func writer(t testing.TB, e *dbtest.Env, d *db.DB) *message.Writer {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := message.Options{
		Vendor:  message.Vendor{Name: "Northwind Conferencing", Accent: "#0b5f80"},
		BaseURL: &url.URL{Scheme: "https", Host: "portal.example"}, Words: words, Lang: text.English,
	}
	if d != nil {
		o.Outbox = outbox.New(outbox.Options{DB: d, Secret: e.Secret, Ring: e.Ring, Carriers: map[carrier.Channel][]carrier.Carrier{
			carrier.Email: {carrier.NewInbox(d)}, carrier.SMS: {carrier.NewInbox(d)},
		}})
	}
	w, err := message.NewWriter(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func node(t *testing.T, e *dbtest.Env) *desk {
	t.Helper()
	d := &desk{Service: &Service{DB: e.DB, Messages: writer(t, e, e.DB)}, e: e}
	d.licenses = &license.Service{
		DB: e.DB, Secret: e.Secret, Evaluation: license.EvaluationRule{Days: 30, StartWithin: 14}, Told: d.Told,
		May: func(*db.Tx, string, license.Permission) (bool, error) { return true, nil },
	}
	return d
}

// newDesk makes an organization with people of every role, and its licence without a term.
func newDesk(t *testing.T, e *dbtest.Env) *desk {
	t.Helper()
	d := node(t, e)
	write(t, e, func(tx *db.Tx) error {
		if err := license.Configure(tx, license.Product{ID: "meeting", Name: "Meeting Add-On", Prefix: "MAG"}, d.licenses.Evaluation); err != nil {
			return err
		}
		o, err := organization.Create(tx, e.Secret, organization.Organization{Name: "Harbour Vale Council"})
		d.company = o.ID
		return err
	})
	d.admin = d.person(t, "admin", organization.Administrator)
	d.person(t, "tech", organization.Technical)
	d.person(t, "reader", organization.Member)
	var err error
	if d.id, err = d.licenses.License(t.Context(), ines(), d.company, "meeting"); err != nil {
		t.Fatal(err)
	}
	return d
}

func ines() license.Staff { return license.Staff{ID: "ines", Name: "Ines Duarte"} }

func (d *desk) person(t *testing.T, name string, role organization.Role) (id string) {
	t.Helper()
	email, err := account.ParseEmail(name + "@harbour.example")
	if err != nil {
		t.Fatal(err)
	}
	write(t, d.e, func(tx *db.Tx) error {
		a, err := account.Create(tx, d.e.Secret, account.DefaultPattern, account.New{Email: email, EmailProved: true, FirstName: name, LastName: "Lind", State: account.Unfinished})
		if err != nil {
			return err
		}
		if err := account.SetPassword(tx, a.ID, "x"); err != nil {
			return err
		}
		id = a.ID
		_, err = organization.Admit(tx, d.e.Secret, d.company, a.ID, a.EmailKey, role, organization.ByApproval)
		return err
	})
	return id
}

func write(t *testing.T, e *dbtest.Env, f func(*db.Tx) error) {
	t.Helper()
	if err := e.DB.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) grant(t *testing.T, policy string, a license.Award) license.Term {
	t.Helper()
	a.Policy, a.Reason = policy, "They ordered it."
	term, err := d.licenses.GrantTerm(t.Context(), ines(), d.id, a)
	if err != nil {
		t.Fatal(err)
	}
	return term
}

// evaluates grants an evaluation of 30 days that begins now.
func (d *desk) evaluates(t *testing.T) time.Time {
	t.Helper()
	return d.grant(t, license.PolicyEvaluation, license.Award{From: d.e.Clock.Now()}).EndsAt
}

// mails are the messages in the outbox that were not taken back, as "kind>name", in their order.
func (d *desk) mails(t *testing.T) (all []string) {
	t.Helper()
	err := d.e.DB.Read(t.Context(), func(tx *db.Tx) error {
		all = nil
		return tx.Each(`SELECT kind, recipient, state FROM outbox_message ORDER BY id`, nil, func(row func(...any) error) error {
			var kind, recipient, state string
			err := row(&kind, &recipient, &state)
			if state != "dropped" {
				name, _, _ := strings.Cut(recipient, "@")
				all = append(all, kind+">"+name)
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// at moves the clock, lets the chore run twice, and says what is new in the outbox.
func (d *desk) at(t *testing.T, now time.Time, want ...string) {
	t.Helper()
	d.e.Clock.Set(now)
	before := d.mails(t)
	for range 2 {
		if err := d.Remind(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d.deliver(t)
	fresh := d.mails(t)
	for _, old := range before {
		if i := slices.Index(fresh, old); i >= 0 {
			fresh = slices.Delete(fresh, i, i+1)
		}
	}
	var expected []string
	for _, kind := range want {
		expected = append(expected, kind+">admin", kind+">tech")
	}
	if slices.Sort(expected); !slices.Equal(fresh, expected) {
		t.Errorf("at %s: %v, want %v", now.Format(time.DateTime), fresh, expected)
	}
}

// deliver sends what waits, so that a newer message takes nothing back.
func (d *desk) deliver(t *testing.T) {
	t.Helper()
	write(t, d.e, func(tx *db.Tx) error {
		_, err := tx.Count(`UPDATE outbox_message SET state = 'sent' WHERE state IN ('queued', 'held')`)
		return err
	})
}

func TestAnEvaluationIsToldSevenDaysAndOneDayBeforeItsEndAndWhenItHasEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d := newDesk(t, e)
		end := d.evaluates(t)
		d.at(t, end.Add(-8*day))
		d.at(t, end.Add(-7*day-time.Second))
		d.at(t, end.Add(-7*day), "evaluation-ending")
		d.at(t, end.Add(-3*day))
		d.at(t, end.Add(-day), "evaluation-ending")
		d.at(t, end.Add(-time.Hour))
		d.at(t, end, "evaluation-ended")
		d.at(t, end.Add(5*day))
		d.at(t, end.Add(300*day))
	})
}

func TestALicenceIsToldSixtyThirtyAndSevenDaysBeforeItsEndAndWhenItHasEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d := newDesk(t, e)
		end := d.grant(t, license.PolicySubscription, license.Award{}).EndsAt
		d.at(t, end.Add(-61*day))
		d.at(t, end.Add(-60*day), "licence-ending")
		d.at(t, end.Add(-31*day))
		d.at(t, end.Add(-30*day), "licence-ending")
		d.at(t, end.Add(-7*day), "licence-ending")
		d.at(t, end.Add(-day))
		d.at(t, end, "licence-ended")
		d.at(t, end.Add(14*day))
	})
}

func TestMaintenanceIsToldLikeALicenceAndTheLicenceIsNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d := newDesk(t, e)
		until := d.grant(t, license.PolicyPerpetual, license.Award{}).MaintenanceUntil
		d.at(t, until.Add(-60*day), "maintenance-ending")
		d.at(t, until.Add(-30*day), "maintenance-ending")
		d.at(t, until.Add(-7*day), "maintenance-ending")
		d.at(t, until, "maintenance-ended")
		d.at(t, until.Add(60*day))
	})
}

func TestAfterDaysAwayOnlyTheNearestStageIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d := newDesk(t, e)
		end := d.evaluates(t)
		d.at(t, end.Add(-12*time.Hour), "evaluation-ending")
		d.at(t, end.Add(13*day), "evaluation-ended")
		other := d.grant(t, license.PolicySubscription, license.Award{}).EndsAt
		d.at(t, other.Add(-20*day), "licence-ending")
		d.at(t, other.Add(14*day))
	})
}

func TestWhatGoesOnIsNotTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d := newDesk(t, e)
		end := d.grant(t, license.PolicySubscription, license.Award{}).EndsAt
		d.at(t, end.Add(-60*day), "licence-ending")
		next := d.grant(t, license.PolicySubscription, license.Award{}).EndsAt
		d.at(t, end.Add(-30*day))
		d.at(t, end.Add(-7*day))
		d.at(t, end)
		d.at(t, next.Add(-60*day), "licence-ending")
		d.grant(t, license.PolicySubscription, license.Award{From: next.Add(20 * day)}) // after a gap
		d.at(t, next.Add(-7*day))
		d.at(t, next)
		d.at(t, next.Add(10*day))
	})
}

func hold(t *testing.T, d *desk) {
	t.Helper()
	write(t, d.e, func(tx *db.Tx) error {
		l, err := license.Get(tx, d.id)
		if err != nil {
			return err
		}
		hold := license.Hold{Kind: license.Suspended, Reason: "unpaid", By: "ines"}
		if err := license.Place(tx, d.e.Secret, l, hold); err != nil {
			return err
		}
		return d.Told(tx, l, license.Change{Kind: license.HeldBack, Hold: hold})
	})
}

func lift(t *testing.T, d *desk) {
	t.Helper()
	write(t, d.e, func(tx *db.Tx) error {
		l, err := license.Get(tx, d.id)
		if err != nil {
			return err
		}
		hold := l.Facts.Holds[len(l.Facts.Holds)-1]
		if err := license.Lift(tx, d.e.Secret, l, hold.ID, "ines"); err != nil {
			return err
		}
		return d.Told(tx, l, license.Change{Kind: license.LetGo, Hold: hold})
	})
}

func TestNothingIsToldOfWhatIsHeld(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d := newDesk(t, e)
		end := d.evaluates(t)
		e.Clock.Set(end.Add(-7 * day))
		if err := d.Remind(t.Context()); err != nil || len(d.mails(t)) != 2 {
			t.Fatalf("%v %v", d.mails(t), err)
		}
		hold(t, d)
		if left := d.mails(t); len(left) != 0 {
			t.Errorf("reminders leave although the licence is held: %v", left)
		}
		d.at(t, end.Add(-6*day))
		lift(t, d)
		d.at(t, end.Add(-6*day), "evaluation-ending") // what was taken back is told after all
		hold(t, d)
		lift(t, d)
		d.at(t, end.Add(-5*day)) // once
		hold(t, d)
		d.at(t, end.Add(-day))
		d.at(t, end)
	})
}

func TestAnExtensionIsToldAndTakesBackWhatIsNoLongerSo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d := newDesk(t, e)
		end := d.evaluates(t)
		e.Clock.Set(end.Add(-7 * day))
		if err := d.Remind(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := d.licenses.Extend(t.Context(), d.id, license.Stretch{By: d.admin, Organization: d.company}); err != nil {
			t.Fatal(err)
		}
		if got := d.mails(t); !slices.Equal(got, []string{"evaluation-extended>admin", "evaluation-extended>tech"}) {
			t.Errorf("%v", got)
		}
		d.deliver(t)
		d.at(t, end)
		d.at(t, end.Add(7*day), "evaluation-ending")
		d.at(t, end.Add(14*day), "evaluation-ended")
	})
}

func TestOnlyThoseAreToldWhomMailReaches(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d := newDesk(t, e)
		end := d.evaluates(t)
		write(t, e, func(tx *db.Tx) error {
			_, err := tx.Count(`UPDATE account SET state = 'disabled'`)
			return err
		})
		e.Clock.Set(end.Add(-7 * day))
		if err := d.Remind(t.Context()); err != nil || len(d.mails(t)) != 0 {
			t.Errorf("%v %v", d.mails(t), err)
		}
		d.person(t, "newcomer", organization.Technical)
		if err := d.Remind(t.Context()); err != nil || !slices.Equal(d.mails(t), []string{"evaluation-ending>newcomer"}) {
			t.Errorf("who comes later is not told: %v %v", d.mails(t), err)
		}
	})
}

func TestTwoNodesAtOnceTellOnce(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		d := newDesk(t, a)
		other := node(t, b)
		end := d.evaluates(t)
		a.Clock.Set(end.Add(-7 * day))
		var all sync.WaitGroup
		failures := make([]error, 8)
		for i := range failures {
			s := d.Service
			if i%2 == 1 {
				s = other.Service
			}
			all.Go(func() { failures[i] = s.Remind(t.Context()) })
		}
		all.Wait()
		for _, err := range failures {
			if err != nil {
				t.Error(err)
			}
		}
		if got := d.mails(t); len(got) != 2 {
			t.Errorf("%v", got)
		}
	})
}

func TestTheChoreIsNamed(t *testing.T) {
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range (&Service{}).Chores() {
		for _, lang := range text.Languages() {
			for _, part := range []string{"name", "text"} {
				if key := fmt.Sprintf("office.chore.%s.%s", c.Name, part); !words.For(lang).Has(key) {
					t.Errorf("%s lacks %s", lang, key)
				}
			}
		}
	}
}
