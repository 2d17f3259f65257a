package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
)

const good = "Quartz-Lantern-Meadow-91"

func write(t *testing.T, p *portaltest.Portal, f func(*db.Tx) error) {
	t.Helper()
	if err := p.DB.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// member makes an account with a confirmed address on a domain and the password good.
func member(t *testing.T, p *portaltest.Portal, first, last, domain string) account.Account {
	t.Helper()
	hash, err := p.Passwords.Hasher.Hash(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	email, err := account.ParseEmail(strings.ToLower(first + "." + last + "@" + domain))
	if err != nil {
		t.Fatal(err)
	}
	var a account.Account
	write(t, p, func(tx *db.Tx) error {
		a, err = account.Create(tx, p.Secret, account.DefaultPattern, account.New{
			Email: email, EmailProved: true, FirstName: first, LastName: last, Lang: "en", State: account.Unfinished,
		})
		if err != nil {
			return err
		}
		if err := account.AcceptTerms(tx, a.ID, p.SignIn.Terms, "en", "192.0.2.1"); err != nil {
			return err
		}
		return account.SetPassword(tx, a.ID, hash)
	})
	return a
}

// company makes an organization of a kind with a verified domain, and the account its first member.
func company(t *testing.T, p *portaltest.Portal, kind organization.Kind, name, domain string, a account.Account) organization.Organization {
	t.Helper()
	var o organization.Organization
	write(t, p, func(tx *db.Tx) (err error) {
		if o, err = organization.Create(tx, p.Secret, organization.Organization{Name: name, Kind: kind}); err != nil {
			return err
		}
		if err := organization.VerifyDomain(tx, p.Secret, o.ID, domain, "test"); err != nil {
			return err
		}
		_, err = organization.Admit(tx, p.Secret, o.ID, a.ID, a.EmailKey, "", organization.ByStaff)
		return err
	})
	return o
}

// evaluating gives an organization an evaluation that waits for the first sign-in.
func evaluating(t *testing.T, p *portaltest.Portal, o organization.Organization) license.License {
	t.Helper()
	var l license.License
	write(t, p, func(tx *db.Tx) (err error) {
		if l, err = license.Make(tx, p.Secret, o.ID, "meeting"); err != nil {
			return err
		}
		_, err = license.Evaluate(tx, p.Secret, l, license.EvaluationRule{Days: 30, StartWithin: 14}, 50, "", "")
		return err
	})
	return l
}

func signIn(b *portaltest.Browser, login string) *portaltest.Browser {
	return b.Open("/sign-in").Fill("UserID or e-mail", login).Fill("Password", good).Press("Sign in")
}

// asvs: V8.2.3
func TestAnEvaluationFromItsFirstDayToAskingAgain(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := member(t, p, "Marta", "Ellison", "vale.example")
		l := evaluating(t, p, company(t, p, organization.Client, "Harbour Vale Council", "vale.example", a))
		b := signIn(p.Browser(t), "mellison").At(http.StatusOK, "/portal")
		b.Sees("Good morning, Marta Ellison", "Evaluation running", "30", "days left", l.Key.String(), "Up to 50 users")
		if len(b.Find(".key [data-copy]")) != 1 {
			t.Error("the key cannot be copied")
		}
		p.Clock.Advance(29*24*time.Hour + time.Hour)
		signIn(b, "mellison").Sees("Evaluation ends soon", "1", "day left")

		p.Clock.Advance(24 * time.Hour)
		signIn(b, "mellison").At(http.StatusOK, "/portal").Sees("Your evaluation has ended", "Not valid now")
		if len(b.Find(".key [data-copy]")) != 0 {
			t.Error("a locked key can be copied")
		}
		b.Press("Ask for another 30 days").At(http.StatusOK, "/portal").Sees("We have your request", "You asked again on")
		b.Lacks("Ask for another 30 days")
		b.Post("/portal/ask-again", url.Values{})
		b.At(http.StatusOK, "/portal")
		if n := p.Count(t, `SELECT count(*) FROM access_request`); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
	})
}

func TestAResellerComesInWithoutALicence(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		company(t, p, organization.Reseller, "Trade Partners", "trade.example", member(t, p, "Rosa", "Reseller", "trade.example"))
		signIn(p.Browser(t), "rreseller").At(http.StatusOK, "/portal").Sees("Trade Partners, partner of Northwind Conferencing", "No licence of your own")
	})
}

func TestASuspendedSubscriptionIsLockedAndSaysWhy(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := company(t, p, organization.Client, "Vale", "vale.example", member(t, p, "Sue", "Subscriber", "vale.example"))
		var l license.License
		write(t, p, func(tx *db.Tx) (err error) {
			if l, err = license.Make(tx, p.Secret, o.ID, "meeting"); err != nil {
				return err
			}
			_, err = license.Grant(tx, p.Secret, l, license.Term{Kind: license.Subscription, StartsAt: tx.Now(), EndsAt: tx.Now().AddDate(1, 0, 0)})
			return err
		})
		b := signIn(p.Browser(t), "ssubscriber").At(http.StatusOK, "/portal").Sees("client since 16 June 2026", "365", l.Key.String())
		p.Clock.Advance(time.Minute)
		write(t, p, func(tx *db.Tx) error {
			return license.Place(tx, p.Secret, l, license.Hold{Kind: license.Suspended, Reason: "An invoice is open.", From: tx.Now()})
		})
		b.Open("/portal").Sees("Your licence is suspended", "An invoice is open.", "Not valid now")
	})
}

// asvs: V8.2.2 V8.4.1
func TestAnAdministratorLetsAColleagueIn(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := member(t, p, "Marta", "Ellison", "vale.example")
		o := company(t, p, organization.Client, "Harbour Vale Council", "vale.example", a)
		evaluating(t, p, o)
		ask := func(who account.Account) (id string) {
			write(t, p, func(tx *db.Tx) error {
				out, err := organization.JoinByConfirmedAddress(tx, p.Secret, who.ID, who.EmailKey)
				id = out.JoinRequest
				return err
			})
			return id
		}
		li := member(t, p, "Li", "Wei", "vale.example")
		first := ask(li)
		waiting := signIn(p.Browser(t), "lwei").At(http.StatusOK, "/standing").Sees("Your colleagues have to let you in", "Harbour Vale Council")

		// Somebody of another organization, and a member who is no administrator, cannot decide, nor learn that there is a request.
		other := member(t, p, "Olga", "Other", "other.example")
		evaluating(t, p, company(t, p, organization.Client, "Other", "other.example", other))
		stranger := signIn(p.Browser(t), "oother").At(http.StatusOK, "/portal")
		for _, id := range []string{first, "no-such-request"} {
			stranger.Post("/portal/people/"+id+"/accept", url.Values{})
			if stranger.Status != http.StatusNotFound {
				t.Errorf("another organization's administrator is answered %d", stranger.Status)
			}
		}
		b := signIn(p.Browser(t), "mellison").At(http.StatusOK, "/portal").Sees("A colleague asks to join your organisation")
		b.Press("Decide").At(http.StatusOK, "/portal/people").Sees("Waiting for your answer", "Li Wei", "li.wei@vale.example")
		b.Press("Accept Li Wei").At(http.StatusOK, "/portal/people").Sees("Accepted")
		waiting.Open("/standing").At(http.StatusOK, "/portal").Sees("Li Wei")

		waiting.Open("/portal/people").At(http.StatusOK, "/portal/people").Sees("Marta Ellison", "Administrator", "Member").Lacks("Waiting for your answer")
		second := ask(member(t, p, "Noor", "New", "vale.example"))
		if waiting.Post("/portal/people/"+second+"/accept", url.Values{}); waiting.Status != http.StatusForbidden && waiting.Status != http.StatusNotFound {
			t.Errorf("a member who is no administrator is answered %d", waiting.Status)
		}
		b.Open("/portal/people").Press("Refuse Noor New").Sees("Refused")
		if b.Post("/portal/people/"+second+"/accept", url.Values{}); b.Status != http.StatusConflict {
			t.Errorf("deciding twice is answered %d", b.Status)
		}
		signIn(p.Browser(t), "nnew").At(http.StatusOK, "/standing").Sees("You were not added to the organisation")
	})
}

func TestWaitingPeopleComeInByThemselvesOnceApproved(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := member(t, p, "Marta", "Ellison", "vale.example")
		b := signIn(p.Browser(t), "mellison").At(http.StatusOK, "/standing")
		before := b.Cookies()
		evaluating(t, p, company(t, p, organization.Client, "Vale", "vale.example", a))
		b.Open("/standing").At(http.StatusOK, "/portal").Sees("Evaluation running")
		// asvs: V7.2.4
		for _, c := range before {
			for _, now := range b.Cookies() {
				if now.Name == "__Host-session" && c.Name == now.Name && c.Value == now.Value {
					t.Error("the session has the token it had before it was let in")
				}
			}
		}
	})
}

func TestAnEvaluationBeginsForSomebodyWhoIsSignedInAlready(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a := member(t, p, "Marta", "Ellison", "vale.example")
		b := signIn(p.Browser(t), "mellison").At(http.StatusOK, "/standing")
		evaluating(t, p, company(t, p, organization.Client, "Vale", "vale.example", a))
		b.Open("/portal").At(http.StatusOK, "/portal").Sees("Evaluation running", "days left").Lacks("when you next sign in")
		b.Open("/portal").Sees("Evaluation running")
		if n := p.Count(t, `SELECT count(*) FROM event WHERE action = 'license.term_start'`); n != 1 {
			t.Errorf("the evaluation began %d times", n)
		}
	})
}

func TestASubscriptionThatIsToComeSaysWhen(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := company(t, p, organization.Client, "Vale", "vale.example", member(t, p, "Sue", "Subscriber", "vale.example"))
		write(t, p, func(tx *db.Tx) error {
			l, err := license.Make(tx, p.Secret, o.ID, "meeting")
			if err != nil {
				return err
			}
			from := tx.Now().AddDate(0, 0, 14)
			_, err = license.Grant(tx, p.Secret, l, license.Term{Kind: license.Subscription, StartsAt: from, EndsAt: from.AddDate(1, 0, 0)})
			return err
		})
		signIn(p.Browser(t), "ssubscriber").At(http.StatusOK, "/portal").Sees("Subscription not begun", "It begins on", "30 June 2026")
	})
}
