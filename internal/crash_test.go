package internal_test

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vestibule/e2e/guide"
	"vestibule/e2e/parts"
	"vestibule/internal/portaltest"
)

// TestAfterAKillAtAnyCommitThePersonGoesOn kills the real portal before and
// after each commit of the whole journey: request, approval, registration,
// sign-in, and the sending of each message. The portal starts again, the person
// does what the page says, and comes in; each message arrives, for each fact
// and for nothing else; the audit chain is whole.
// asvs: V2.3.3
func TestAfterAKillAtAnyCommitThePersonGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the portal hundreds of times")
	}
	parts.OnBoth(t, func(t *testing.T, database string) {
		for _, side := range []string{"before", "after"} {
			t.Run(side, func(t *testing.T) {
				for n := 1; n < 400; n += abreast {
					var killed atomic.Int64
					t.Run("", func(t *testing.T) {
						for k := range abreast {
							journeyWithKill(t, database, fmt.Sprintf("%s:%d", side, n+k), &killed)
						}
					})
					if killed.Load() == 0 {
						t.Logf("the journey has fewer than %d commits", n)
						return
					}
				}
				t.Fatal("the journey does not come to an end")
			})
		}
	})
}

// abreast is how many journeys are under way at once.
const abreast = 4

// A traveller is somebody whose portal may die at any moment.
type traveller struct {
	t      *testing.T
	o      *parts.Office
	way    guide.Way
	b      *portaltest.Browser
	killed bool
}

// journeyWithKill walks the journey on a fresh installation whose portal is
// killed at that point, and counts whether it was.
func journeyWithKill(t *testing.T, database, point string, killed *atomic.Int64) {
	t.Run(point, func(t *testing.T) {
		t.Parallel()
		o := parts.StartOffice(t, fresh(t, database), false, "office.hours=Sun-Sat 00:00-24:00", "log.level=warn")
		office := officer(t, o)
		o.Server.Stop(t)
		v := &traveller{t: t, o: o, way: english(t, 1), b: portaltest.Remote(t, o.URL)}
		v.way.Hands = hands{v.b}
		if o.TryStart("VESTIBULE_TEST_CRASH="+point) != nil {
			v.revive()
		}
		v.ask()
		v.approved(office)
		v.register()
		v.signIn()
		v.look()
		if v.killed {
			killed.Add(1)
		}
	})
}

// fresh is another database like that one.
func fresh(t *testing.T, database string) string {
	if database == "" {
		return ""
	}
	return parts.FreshPostgres(t)
}

// officer is a member of staff who is signed in before anything dies.
func officer(t *testing.T, o *parts.Office) *traveller {
	t.Helper()
	v := &traveller{t: t, o: o, way: english(t, 2), b: portaltest.Remote(t, o.URL)}
	v.way.Hands = hands{v.b}
	v.way.Password = "Quartz-Lantern-Meadow-91"
	out := o.Terminal("staff", "add", "ada.prior@northwind.example", "--first", "Ada", "--last", "Prior", "--role", "approver")
	link := ""
	for word := range strings.FieldsSeq(out) {
		if strings.HasPrefix(word, o.URL+"/office/enrol/") {
			link = word
		}
	}
	v.way.SetUpStaff(link, func(key string) string { return totpNow(t, key) })
	return v
}

// english is a person without hands who reads English.
func english(t *testing.T, n int) guide.Way {
	t.Helper()
	words, err := guide.English()
	if err != nil {
		t.Fatal(err)
	}
	return guide.Way{Words: words, Person: guide.Someone(n)}
}

func totpNow(t *testing.T, key string) string {
	t.Helper()
	code, err := totp.GenerateCode(key, parts.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// revive waits until the portal is dead and starts another.
func (v *traveller) revive() {
	v.t.Helper()
	select {
	case err := <-v.o.Server.Done:
		if err == nil || !strings.Contains(err.Error(), "killed") {
			v.t.Fatalf("the portal ended by itself: %v\n%s", err, v.o.Server.Out.String())
		}
	case <-time.After(20 * time.Second):
		v.t.Fatalf("the portal does not answer, and is not dead: %v", v.b.Err)
	}
	v.killed = true
	// The message that the dead portal had in hand is free again when its lease
	// has run out.
	v.o.Start("VESTIBULE_TEST_CLOCK=4m")
}

// alive starts the portal again where it died by itself between two acts.
func (v *traveller) alive() {
	select {
	case err := <-v.o.Server.Done:
		v.o.Server.Done <- err
		v.revive()
	default:
	}
}

// try does something until the portal has answered.
func (v *traveller) try(who *portaltest.Browser, do func()) {
	v.t.Helper()
	for range 4 {
		v.alive()
		who.Err = nil
		do()
		if who.Err == nil {
			return
		}
		v.revive()
	}
	v.t.Fatalf("the portal does not answer: %v", who.Err)
}

// steps are a person's acts at one page; after the portal died in one of them,
// the person begins the page anew.
func (v *traveller) press(who *portaltest.Browser, words string) {
	v.try(who, func() { who.Press(words) })
}
func (v *traveller) open(who *portaltest.Browser, address string) {
	v.try(who, func() { who.Open(address) })
}

func (v *traveller) ask() {
	v.t.Helper()
	w := v.way
	v.try(v.b, func() {
		if v.b.Open("/request"); v.b.Err == nil {
			w.FillRequest()
			v.b.Press(w.Say("request.send"))
		}
	})
	v.b.Sees(w.Say("request.received.title-name", "name", w.First))
}

func (v *traveller) approved(office *traveller) {
	v.t.Helper()
	w := office.way
	decided := w.Say("office.state.approved")
	v.try(office.b, func() {
		office.b.Open("/office/requests?tab=all")
		if office.b.Err != nil {
			return
		}
		if office.b.Press(v.way.First + " " + v.way.Last); office.b.Err != nil || strings.Contains(office.b.Text(), decided) {
			return
		}
		office.b.Check(w.Say("office.decide.approve")).Press(w.Say("office.decide.go"))
	})
	office.b.Sees(decided)
}

// link waits for a mail with a link, and starts the portal again where it
// dies over the sending.
func (v *traveller) link(path string) (link string) {
	v.t.Helper()
	parts.Eventually(v.t, "a mail with a link to "+path, func() bool {
		v.alive()
		for _, m := range v.o.Mail.To(v.way.Email) {
			for word := range strings.FieldsSeq(m.Text) {
				if strings.HasPrefix(word, v.o.URL) && strings.Contains(word, path) {
					link = word
				}
			}
		}
		return link != ""
	})
	return link
}

// register does what each page asks for, as often as it asks.
func (v *traveller) register() {
	v.t.Helper()
	w, b := v.way, v.b
	v.open(b, v.link("/welcome/"))
	for range 40 {
		switch b.Heading() {
		case w.Say("register.details.check"), w.Say("register.details.title"):
			v.try(b, func() { w.GiveNumber(); b.Press(w.Say("register.continue")) })
		case w.Say("register.code.title"):
			b.Fill(w.Say("register.code.code"), v.code())
			v.press(b, w.Say("register.continue"))
		case w.Say("register.terms.title"):
			b.Check(w.Say("register.terms.accept"))
			v.press(b, w.Say("register.terms.go"))
		case w.Say("register.questions.title"):
			w.FillQuestions()
			v.press(b, w.Say("register.continue"))
		case w.Say("register.confirm.title"):
			w.FillAnswers()
			v.press(b, w.Say("register.confirm.go"))
		case w.Say("register.authenticator.title"):
			v.press(b, w.Say("register.authenticator.skip"))
		case w.Say("register.password.title"):
			b.Fill(w.Say("register.password.password"), w.Password)
			v.press(b, w.Say("register.password.go"))
		case w.Say("register.done.title", "name", w.First):
			return
		default:
			v.t.Fatalf("stuck at %d %q: %s", b.Status, b.Heading(), b.Text())
		}
	}
	v.t.Fatalf("the registration goes round in circles at %q: %s", b.Heading(), b.Text())
}

func (v *traveller) code() (code string) {
	v.t.Helper()
	parts.Eventually(v.t, "an SMS", func() bool {
		v.alive()
		if all := v.o.Texts(v.way.Mobile); len(all) > 0 {
			code = parts.SixDigits(all[len(all)-1])
		}
		return code != ""
	})
	return code
}

func (v *traveller) signIn() {
	v.t.Helper()
	v.try(v.b, func() {
		if v.b.Open("/portal"); v.b.Err != nil || v.b.URL.Path == "/portal" {
			return
		}
		v.b.Fill(v.way.Say("signin.login"), v.way.Email).Fill(v.way.Say("signin.password"), v.way.Password).Press(v.way.Say("signin.go"))
	})
	v.open(v.b, "/portal")
	v.b.At(200, "/portal").Sees("NWC")
}

// look checks that each fact was told once, and that the audit chain is whole.
func (v *traveller) look() {
	v.t.Helper()
	parts.Eventually(v.t, "the receipt, the approval, the UserID and the password's mail", func() bool {
		v.alive()
		return len(subjects(v.o.Mail.To(v.way.Email))) >= 4
	})
	// What staff are told of the request is taken back once it is decided, so
	// it may or may not have left.
	for _, to := range []string{v.way.Email, "ada.prior@northwind.example"} {
		for subject, ids := range subjects(v.o.Mail.To(to)) {
			if len(ids) != 1 {
				v.t.Errorf("%d different mails %q to %s", len(ids), subject, to)
			}
		}
	}
	v.o.Terminal("audit", "verify")
}

// subjects are the different mails by what they are about: one that came twice
// is one.
func subjects(all []parts.Mail) map[string]map[string]bool {
	found := map[string]map[string]bool{}
	for _, m := range all {
		if found[m.Subject] == nil {
			found[m.Subject] = map[string]bool{}
		}
		found[m.Subject][m.Header.Get("Message-Id")] = true
	}
	return found
}

func TestMain(m *testing.M) {
	status := m.Run()
	parts.CleanUp()
	os.Exit(status)
}
