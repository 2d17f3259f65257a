package e2e_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vestibule/e2e/browser"
	"vestibule/e2e/guide"
	"vestibule/e2e/parts"
)

// The lengths of limits are not what these journeys are about; many people
// come from one network here.
var settings = []string{"office.hours=Sun-Sat 00:00-24:00"}

// staffLink is the link that the terminal shows for a new member of staff.
func staffLink(t *testing.T, o *parts.Office, first, last string, roles ...string) string {
	t.Helper()
	args := []string{"staff", "add", strings.ToLower(first+"."+last) + "@northwind.example", "--first", first, "--last", last}
	for _, r := range roles {
		args = append(args, "--role", r)
	}
	link := regexp.MustCompile(`http://\S+/office/enrol/\S+`).FindString(o.Terminal(args...))
	if link == "" {
		t.Fatal("the terminal shows no link")
	}
	return link
}

// approver is a member of staff at the office's queue.
func approver(t *testing.T, o *parts.Office) guide.Way {
	t.Helper()
	w := somebody(t, o, 99, browser.Options{})
	w.First, w.Last, w.Password = "Ada", "Prior", "Quartz-Lantern-Meadow-91"
	w.SetUpStaff(staffLink(t, o, w.First, w.Last, "approver", "helpdesk"), func(key string) string { return parts.TOTP(t, key, time.Now()) })
	return w
}

// mail waits for a mail by the words of its subject in the catalogue of
// messages, which only the subject's beginning of is asked for.
func mail(t *testing.T, o *parts.Office, w guide.Way, path string) string {
	t.Helper()
	var link string
	parts.Eventually(t, fmt.Sprintf("a mail to %s with a link to %s", w.Email, path), func() bool {
		for _, m := range o.Mail.To(w.Email) {
			for _, l := range regexp.MustCompile(`https?://[^\s<>"]+`).FindAllString(m.Text, -1) {
				if strings.Contains(l, path) {
					link = strings.TrimRight(l, ".,;)")
				}
			}
		}
		return link != ""
	})
	return link
}

// register is step 2, with a link of an approval or from anew.
func register(t *testing.T, o *parts.Office, w guide.Way, invitation string) {
	t.Helper()
	if invitation != "" {
		w.FollowInvitation(invitation)
	} else {
		w.GiveDetails()
	}
	w.EnterCode(o.Code(w.Mobile, 0))
	w.FromTerms()
}

// confirm presses the button of the mail with the UserID.
func confirm(t *testing.T, o *parts.Office, w guide.Way) {
	t.Helper()
	w.Open(mail(t, o, w, "/confirm-email/"))
	if strings.Contains(page(w).HTML(), `type="password"`) {
		w.Fill(w.Say("register.confirm-email.password"), w.Password)
	}
	w.Press(w.Say("register.confirm-email.go"))
}

// at fails when the window is elsewhere.
func at(t *testing.T, w guide.Way, path string) {
	t.Helper()
	u, err := url.Parse(page(w).URL())
	if err != nil {
		t.Fatal(err)
	}
	if u.Path != path {
		t.Fatalf("at %s, want %s; the page shows:\n%s", u.Path, path, page(w).Text())
	}
}

func TestANewEvaluatorIsApprovedThenRegistersByTheMailsLink(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		office := approver(t, o)
		w := somebody(t, o, 1, browser.Options{})
		w.AskForAccess()
		page(w).Screenshot("journey-received")
		office.Open("/office/requests")
		page(office).Screenshot("journey-queue")
		office.Approve(w.Person)
		register(t, o, w, mail(t, o, w, "/welcome/"))
		page(w).Screenshot("journey-done")
		w.Press(w.Say("register.done.go"))
		w.SignIn(w.Email)
		at(t, w, "/portal")
		w.Sees("NWC")
		page(w).Screenshot("journey-home")
	})
}

func TestWhoRegistersFirstWaitsIsApprovedAndGetsIn(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		office := approver(t, o)
		w := somebody(t, o, 2, browser.Options{})
		w.AskForAccess()
		register(t, o, w, "")
		confirm(t, o, w)
		w.SignIn(w.Email)
		at(t, w, "/standing")
		w.Sees(w.Say("standing.waiting.title"))
		page(w).Screenshot("journey-waiting")
		office.Approve(w.Person)
		// The page looks by itself; who does not wait presses reload.
		page(w).Until("the waiting page does not let in", "location.pathname === '/portal' || (location.reload(), false)")
		w.Sees("NWC")
	})
}

func TestADeclinedApplicantReadsWhy(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		office := approver(t, o)
		w := somebody(t, o, 3, browser.Options{})
		w.AskForAccess()
		register(t, o, w, "")
		confirm(t, o, w)
		office.Decline(w.Person, "We serve clinics with their own GroupWise server.")
		w.SignIn(w.Email)
		at(t, w, "/standing")
		w.Sees("We serve clinics with their own GroupWise server.")
		page(w).Screenshot("journey-declined")
	})
}

const known = `record,reference,name,country,domains,organization,email,first_name,last_name,role,from,to,seats,user_id,evaluated
organization,ALD,Alder Freight Ltd,GB,,,,,,,,,,,
contact,,,,,ALD,person10@harbour10.example,,,administrator,,,,,
subscription,,,,,ALD,,,,,2026-01-01,2099-12-31,200,,
reseller,COR,Corvus Partners GmbH,DE,,,,,,,,,,,
contact,,,,,COR,person11@harbour11.example,,,administrator,,,,,
organization,BRI,Brightwater College,GB,,,,,,,,,,,
account,,,GB,,BRI,beth@brightwater.example,Beth,Mercer,,,,,bmercer,2021-03-01
contact,,,,,BRI,person12@harbour12.example,,,technical,,,,,
`

func TestASubscriberAndAResellerPassWithoutStepOne(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		o.Terminal("import", o.File("known.csv", known))
		for _, n := range []int{10, 11} {
			w := somebody(t, o, n, browser.Options{})
			register(t, o, w, "")
			confirm(t, o, w)
			w.SignIn(w.Email)
			at(t, w, "/portal")
			page(w).Screenshot(map[int]string{10: "journey-subscriber", 11: "journey-reseller"}[n])
		}
	})
}

func TestAReturningEvaluatorHasTheSameKeyForThirtyMoreDays(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		o.Terminal("import", o.File("known.csv", known))
		office := approver(t, o)
		w := somebody(t, o, 12, browser.Options{})
		register(t, o, w, "")
		confirm(t, o, w)
		w.SignIn(w.Email)
		if page(w).Has(w.Say("ui.copy")) {
			t.Error("the ended key can be copied")
		}
		page(w).Screenshot("journey-ended")
		w.AskForAccess()
		office.Approve(w.Person)
		w.Open("/portal")
		at(t, w, "/portal")
		w.Sees("NWC", "30")
	})
}

func TestAnAddressThatIsLinkedAlreadyEndsTheRegistration(t *testing.T) {
	t.Run("explained", func(t *testing.T) {
		onBoth(t, func(t *testing.T, o *parts.Office) {
			w := somebody(t, o, 20, browser.Options{})
			register(t, o, w, "")
			other := somebody(t, o, 20, browser.Options{})
			other.GiveDetails()
			other.Sees(other.Say("register.linked.title"))
			other.Press(other.Say("register.linked.back-in"))
			at(t, other, "/reset-password")
		})
	})
	t.Run("concealed", func(t *testing.T) {
		onBoth(t, func(t *testing.T, o *parts.Office) {
			w := somebody(t, o, 21, browser.Options{})
			w.GiveDetails()
			w.Sees(w.Say("register.mailbox.title"))
			w.Open(mail(t, o, w, "/register/continue/"))
			w.Press(w.Say("register.continue-link.go"))
			w.EnterCode(o.Code(w.Mobile, 0))
			w.FromTerms()
			other := somebody(t, o, 21, browser.Options{})
			other.GiveDetails()
			other.Sees(other.Say("register.mailbox.title"))
			mail(t, o, other, "/get-back-in")
		}, "registration.duplicate_email=conceal")
	})
}

// leaveHalfWay registers as far as the account is made.
func leaveHalfWay(t *testing.T, o *parts.Office, w guide.Way) {
	t.Helper()
	w.GiveDetails()
	w.EnterCode(o.Code(w.Mobile, 0))
	w.AcceptTerms()
}

func TestWhoLeftHalfWayReturnsByEachOfThreeWays(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		t.Run("in the same browser", func(t *testing.T) {
			w := somebody(t, o, 30, browser.Options{})
			leaveHalfWay(t, o, w)
			w.Open("/sign-in")
			w.Open("/register")
			w.Sees(w.Say("register.questions.title"))
			w.ChooseQuestions()
		})
		t.Run("by a try to sign in", func(t *testing.T) {
			w := somebody(t, o, 31, browser.Options{})
			leaveHalfWay(t, o, w)
			elsewhere := somebody(t, o, 31, browser.Options{})
			elsewhere.SignIn(w.Email)
			elsewhere.Open(mail(t, o, w, "/register/finish/"))
			elsewhere.Press(elsewhere.Say("register.finish.go"))
			elsewhere.EnterCode(o.Code(w.Mobile, 1))
			elsewhere.FromTerms()
		})
		t.Run("by the way back in", func(t *testing.T) {
			w := somebody(t, o, 32, browser.Options{})
			leaveHalfWay(t, o, w)
			elsewhere := somebody(t, o, 32, browser.Options{})
			elsewhere.Open("/get-back-in")
			elsewhere.Sees(elsewhere.Say("recovery.start.unfinished-title"))
			elsewhere.Press(elsewhere.Say("recovery.start.password-go"))
			elsewhere.Fill(elsewhere.Say("recovery.begin.login"), w.Email)
			elsewhere.Press(elsewhere.Say("recovery.continue"))
			elsewhere.Sees(elsewhere.Say("recovery.code.email-title"))
			elsewhere.Open(mail(t, o, w, "/reset-password/link/"))
			elsewhere.Press(elsewhere.Say("recovery.link.unfinished-go"))
			elsewhere.EnterCode(o.Code(w.Mobile, 1))
			elsewhere.FromTerms()
		})
	})
}

// asvs: V3.7.5
func TestTheWayWithoutJavaScript(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		throughAll(t, o, somebody(t, o, 40, browser.Options{NoScript: true}))
	})
}

func TestTheWayOnATelephone(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w := somebody(t, o, 41, browser.Options{Width: 390, Touch: true, Dark: true})
		throughAll(t, o, w)
		page(w).Upright()
		page(w).Screenshot("journey-telephone")
	})
}

func TestTheWayInGerman(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		w := somebody(t, o, 42, browser.Options{Language: "de"})
		w.Country = "Vereinigtes Königreich"
		throughAll(t, o, w)
	})
}

// throughAll is all three steps of the guide.
func throughAll(t *testing.T, o *parts.Office, w guide.Way) {
	t.Helper()
	office := approver(t, o)
	w.AskForAccess()
	office.Approve(w.Person)
	register(t, o, w, mail(t, o, w, "/welcome/"))
	w.SignIn(w.Email)
	at(t, w, "/portal")
	w.Sees("NWC")
}
