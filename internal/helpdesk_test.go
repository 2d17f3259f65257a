package internal_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/e2e/guide"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

// member is somebody of staff with these roles, signed in to the office.
func member(t testing.TB, p *portaltest.Portal, first string, roles ...staff.Role) guide.Way {
	t.Helper()
	w := somebody(t, p, 800+int(first[0]))
	w.First, w.Last, w.Password = first, "Prior", "Quartz-Lantern-Meadow-91"
	w.SetUpStaff(p.Invite(t, first, w.Last, roles...), func(key string) string { return p.Authenticator(t, key) })
	return w
}

func TestTheHelpdeskFindsExplainsVerifiesAndHelps(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		cleo := member(t, p, "Cleo", staff.Helpdesk)
		w := somebody(t, p, 1)
		stepTwo(t, p, w, "")
		a := p.Account(t, w.Email)
		b := browserOf(cleo)

		// Found by whatever the caller says.
		b.Open("/office/accounts").Sees(w.Last)
		for _, search := range []string{w.Email, a.UserID, a.Mobile, w.First + " " + w.Last} {
			b.Open("/office/accounts?q="+url.QueryEscape(search)).Sees(cleo.Say("helpdesk.list.found", "n", 1), a.UserID)
		}
		b.Open("/office/accounts?q=nobody-of-this-name").Sees(cleo.Say("helpdesk.list.nothing"))
		b.Press(cleo.Say("office.queue.clear")).At(http.StatusOK, "/office/accounts").Sees(w.Last)
		b.Open("/office/accounts?state=nonsense").At(http.StatusNotFound, "/office/accounts")
		b.Open("/office/accounts?q=" + url.QueryEscape(a.UserID)).Press(w.First + " " + w.Last)
		page := b.URL.Path

		// Explained: now, and before there was an account.
		b.Sees(cleo.Say("helpdesk.explain.title"), cleo.Say("helpdesk.finding.email-unconfirmed"))
		b.Open(page+"?at=2020-01-01T10:00").Sees(cleo.Say("helpdesk.explain.title-then"), cleo.Say("helpdesk.verdict.locked"))
		b.Open(page+"?at=yesterday").At(http.StatusUnprocessableEntity, page).Sees(cleo.Say("fault.instant-shape"))
		b.Open("/office/accounts/nothing").At(http.StatusNotFound, "/office/accounts/nothing")

		// Too many wrong tries, then unlocked.
		thief := somebody(t, p, 77)
		thief.Password = "Wrong-Password-Of-Somebody-1"
		for range 7 {
			thief.SignIn(a.UserID)
		}
		b.Open(page).Sees(cleo.Say("helpdesk.verdict.locked"), cleo.Say("helpdesk.staff.delay-there"))
		b.Press(cleo.Say("helpdesk.account.go")).At(http.StatusUnprocessableEntity, page+"/act").
			Sees(cleo.Say("fault.choose-act"), cleo.Say("fault.reason-needed"))
		b.Open(page).Check(cleo.Say("helpdesk.act.unlock")).Fill(cleo.Say("helpdesk.account.reason"), "She <script>called</script>").Press(cleo.Say("helpdesk.account.go"))
		b.At(http.StatusOK, page).Sees(cleo.Say("helpdesk.done.unlock"), "She <script>called</script>").Lacks(cleo.Say("helpdesk.staff.delay-there"))
		if strings.Contains(b.Body, "<script>called") {
			t.Error("the reason is markup")
		}
		mailOf(t, p, w.Email, "account-changed")

		p.Change(t, func(tx *db.Tx) error {
			_, err := account.ConfirmEmail(tx, a.ID, a.EmailKey)
			return err
		})

		// A reset is mailed to the owner, and seen by nobody here.
		b.Open(page).Check(cleo.Say("helpdesk.act.reset")).Fill(cleo.Say("helpdesk.account.reason"), "Forgot it").Press(cleo.Say("helpdesk.account.go"))
		b.At(http.StatusOK, page).Sees(cleo.Say("helpdesk.done.reset"))
		link := mailOf(t, p, w.Email, "recovery-reset").Link(t, "/reset-password/")
		if token := link[strings.LastIndex(link, "/")+1:]; strings.Contains(b.Open(page).Body, token) {
			t.Error("the office shows the link")
		}

		// Verified by a code that was read out.
		b.Open(page).Press(cleo.Say("helpdesk.verify.send") + " " + cleo.Say("helpdesk.means.mobile"))
		b.Sees(cleo.Say("helpdesk.done.sent")).Fill(cleo.Say("helpdesk.verify.code"), "000000").Press(cleo.Say("helpdesk.verify.go"))
		b.At(http.StatusUnprocessableEntity, page+"/verify").Sees(cleo.Say("fault.helpdesk-code-wrong"))
		p.Deliver()
		b.Fill(cleo.Say("helpdesk.verify.code"), p.SMS(w.Mobile).Code(t)).Press(cleo.Say("helpdesk.verify.go"))
		b.At(http.StatusOK, page).Sees(cleo.Say("helpdesk.done.verified"), cleo.Say("helpdesk.verify.verified"))

		// What was lost is cleared on two people's word; the owner stops it.
		b.Check(cleo.Say("helpdesk.thing.questions")).Check(cleo.Say("helpdesk.basis.two-means"))
		b.Fill(cleo.Say("helpdesk.clear.reason"), "x").Press(cleo.Say("helpdesk.clear.go"))
		b.At(http.StatusUnprocessableEntity, page+"/clear").Sees(cleo.Say("fault.reason-needed"))
		post := func(w guide.Way, path string, form url.Values) int { return browserOf(w).Raw(path, form).Status }
		if got := post(cleo, page+"/clear", url.Values{"questions": {"yes"}, "basis": {"two-means"}, "clear_reason": {"Lost it"}}); got != http.StatusUnprocessableEntity {
			t.Errorf("by one means: %d", got)
		}
		if got := post(cleo, page+"/clear", url.Values{"questions": {"yes"}, "basis": {"two-staff"}, "clear_reason": {"Lost it"}}); got != http.StatusSeeOther {
			t.Errorf("by two staff: %d", got)
		}
		b.Open(page).Sees(cleo.Say("helpdesk.clearing.own")).Lacks(cleo.Say("helpdesk.clearing.agree"))
		b.Open("/office/accounts").Press(cleo.Say("helpdesk.list.waiting", "n", 1)).Sees(w.Last)

		dora := member(t, p, "Dora", staff.Helpdesk)
		browserOf(dora).Open(page).Press(dora.Say("helpdesk.clearing.agree")).At(http.StatusOK, page).Sees(dora.Say("helpdesk.done.agreed"))
		stop := mailOf(t, p, w.Email, "clearing-started").Link(t, "/stop/")
		owner := browserOf(somebody(t, p, 5))
		owner.Open(stop).Sees(a.UserID)
		owner.Open(stop).Press(w.Say("helpdesk.stop.go")).At(http.StatusOK, "/stop/done")
		owner.Open(stop).At(http.StatusOK, "/stop/done").Sees(w.Say("helpdesk.stop.already"))
		b.Open(page).Sees(cleo.Say("helpdesk.clearing-state.stopped"))
		b.Open("/office/accounts/pending").Sees(cleo.Say("helpdesk.pending.empty"))
	})
}

// asvs: V8.2.1 V8.2.2 V8.2.3
func TestEachRoleOfTheOfficeHelpsAsFarAsItGrants(t *testing.T) {
	p := portaltest.SQLite(t)
	w := somebody(t, p, 1)
	stepTwo(t, p, w, "")
	a := p.Account(t, w.Email)
	page := "/office/accounts/" + a.ID
	acts := map[string]url.Values{
		page + "/code":               {"means": {"mobile"}},
		page + "/verify":             {"means": {"mobile"}, "code": {"123456"}},
		page + "/act":                {"act": {"disable"}, "reason": {"because"}},
		page + "/clear":              {"questions": {"yes"}, "basis": {"two-staff"}, "clear_reason": {"because"}},
		page + "/clearings/x/agree":  {},
		page + "/clearings/x/cancel": {"cancel_reason": {"because"}},
	}
	// The release manager has no queue to begin at, and so no set-up by the guide; the table of the routes says what it opens.
	for role, name := range map[staff.Role]string{staff.Approver: "Abel", staff.Helpdesk: "Hanna", staff.Auditor: "Una", staff.Administrator: "Ines"} {
		b := browserOf(member(t, p, name, role))
		sees := slices.Contains(role.Grants(), staff.AccountsView)
		for _, path := range []string{"/office/accounts", "/office/accounts/pending", page} {
			if got := b.Open(path).Status; (got == http.StatusOK) != sees {
				t.Errorf("%s opens %s: %d", role, path, got)
			}
		}
		if slices.Contains(role.Grants(), staff.AccountsHelp) {
			continue
		}
		for path, form := range acts {
			if got := b.Raw(path, form).Status; got != http.StatusForbidden && got != http.StatusNotFound {
				t.Errorf("%s posts %s: %d", role, path, got)
			}
		}
	}
	if got := p.Account(t, w.Email); got.State != account.Active {
		t.Errorf("%s", got.State)
	}
	stranger := p.Browser(t)
	for path, form := range acts {
		stranger.Post(path, form)
		if path := stranger.URL.Path; path != "/office/sign-in" {
			t.Errorf("a stranger is led to %s", path)
		}
	}
}

func TestAnAdministratorOfAnOrganizationVouchesInThePortal(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		office, cleo := approver(t, p, "Ada"), member(t, p, "Cleo", staff.Helpdesk)
		boss, w := somebody(t, p, 1), somebody(t, p, 2)
		boss.AskForAccess()
		office.Approve(boss.Person)
		stepTwo(t, p, boss, mailOf(t, p, boss.Email, "request-approved-register").Link(t, "/welcome/"))
		stepTwo(t, p, w, "")
		a, admin := p.Account(t, w.Email), p.Account(t, boss.Email)
		p.Change(t, func(tx *db.Tx) error {
			var organization string
			if err := tx.Get(`SELECT organization_id FROM organization_member WHERE account_id = $1`, []any{admin.ID}, &organization); err != nil {
				return err
			}
			return tx.Do(`INSERT INTO organization_member (account_id, organization_id, role, origin, joined_at) VALUES ($1, $2, 'member', 'invitation', $3)`,
				a.ID, organization, db.Micros(tx.Now()))
		})
		page := "/office/accounts/" + a.ID
		b := browserOf(cleo)
		b.Open(page).Sees(cleo.Say("helpdesk.basis.voucher"))
		b.Post(page+"/clear", url.Values{"questions": {"yes"}, "basis": {"voucher"}, "clear_reason": {"Lost it"}}).At(http.StatusOK, page)
		link := mailOf(t, p, boss.Email, "voucher-asked").Link(t, "/portal/vouch/")
		boss.SignIn(admin.UserID)
		mine := browserOf(boss)
		mine.Open("/portal/people").Sees(boss.Say("helpdesk.vouch.asked-of", "name", w.First+" "+w.Last))
		mine.Open(link).Sees(boss.Say("helpdesk.vouch.title", "name", w.First+" "+w.Last), w.Email)
		mine.Open("/portal/vouch/nothing").At(http.StatusNotFound, "/portal/vouch/nothing")
		mine.Open(link).Press(boss.Say("helpdesk.vouch.yes", "name", w.First+" "+w.Last)).Sees(boss.Say("helpdesk.vouch.thanks"))
		mine.Open(link).Sees(boss.Say("helpdesk.vouch.settled"))
		b.Open(page).Sees(cleo.Say("helpdesk.clearing-state.waiting"), cleo.Say("helpdesk.basis.voucher-by", "name", boss.First+" "+boss.Last))
		p.Clock.Advance(25 * time.Hour)
		p.Housekeeping()
		mailOf(t, p, w.Email, "account-changed")
		if n := p.Count(t, `SELECT COUNT(*) FROM account_question WHERE account_id = $1`, a.ID); n != 0 {
			t.Errorf("%d questions are left", n)
		}
	})
}
