package portal_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
)

// colleague joins an organization as a member.
func colleague(t *testing.T, p *portaltest.Portal, o organization.Organization, first, last, domain string) {
	t.Helper()
	a := member(t, p, first, last, domain)
	write(t, p, func(tx *db.Tx) error {
		_, err := organization.Admit(tx, p.Secret, o.ID, a.ID, a.EmailKey, organization.Member, organization.ByStaff)
		return err
	})
}

func TestAnAdministratorExtendsOnceAndIsToldWhyNotTwice(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := company(t, p, organization.Client, "Harbour Vale Council", "vale.example", member(t, p, "Marta", "Ellison", "vale.example"))
		l := evaluating(t, p, o)
		page := "/portal/licences/" + l.ID
		b := signIn(p.Browser(t), "mellison").At(http.StatusOK, "/portal")
		b.Open("/portal/licences").At(http.StatusOK, "/portal/licences").Sees("Meeting Add-On", l.Key.String(), "Evaluation running")
		b.Open(page).Sees("The software runs", "Extend by 14 days", l.Key.String(), "Terms", "Devices", "Offline activation")
		if len(b.Find(".key [data-copy]")) != 1 {
			t.Error("the key cannot be copied")
		}
		b.Press("Extend by 14 days").At(http.StatusOK, page+"/extend").Sees("What happens", "Then until")
		path, form := b.Submission("Extend by 14 days")
		b.Press("Extend by 14 days").At(http.StatusOK, page).Sees("Extended. It runs until", "Extension", "extended by your organisation").Lacks("Extend by 14 days")

		// Pressed again from another tab: nothing is added, and the page says why.
		b.Post(path, form)
		b.At(http.StatusOK, page+"/extend").Sees("It cannot be extended now", "This evaluation was extended already").Lacks("What happens")
		if n := p.Count(t, `SELECT count(*) FROM term WHERE kind = 'extension'`); n != 1 {
			t.Errorf("%d extensions, want 1", n)
		}
		// Who looks after licences is told, as the page promised: once.
		if kinds := p.Kinds("marta.ellison@vale.example"); slices.Index(kinds, "evaluation-extended") < 0 || slices.Index(kinds, "evaluation-extended") != len(kinds)-1 {
			t.Errorf("the administrator was sent %q", kinds)
		}
		// The cap and the days are the policy's: 30 and 14.
		p.Clock.Advance(43 * 24 * time.Hour)
		signIn(b, "mellison").Open(page).Sees("Evaluation ends soon", "day left")
		p.Clock.Advance(24 * time.Hour)
		signIn(b, "mellison").Open(page).Sees("The software does not start any more", "The key is locked because the term is over", "Ask for another evaluation")
		b.Press("Ask on your home page").At(http.StatusOK, "/portal").Sees("Ask for another")
		b.Open(page)
		if len(b.Find(".key [data-copy]")) != 0 || len(b.Find(`form[action$="/file"]`)) != 0 {
			t.Error("a locked key can be copied, or its file fetched")
		}
	})
}

// asvs: V8.2.1 V8.2.2 V8.3.1
func TestNobodySeesOrChangesAnothersLicence(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := company(t, p, organization.Client, "Harbour Vale Council", "vale.example", member(t, p, "Marta", "Ellison", "vale.example"))
		l := evaluating(t, p, o)
		mine := evaluating(t, p, company(t, p, organization.Client, "Other", "other.example", member(t, p, "Olga", "Other", "other.example")))
		b := signIn(p.Browser(t), "oother").At(http.StatusOK, "/portal")
		b.Open("/portal/licences").Sees(mine.Key.String()).Lacks(l.Key.String())
		for _, id := range []string{l.ID, "no-such-licence"} {
			for _, path := range []string{"", "/explain", "/extend", "/explain?at=2026-06-20T10:00"} {
				b.Open("/portal/licences/" + id + path)
				if b.Status != http.StatusNotFound || strings.Contains(b.Body, l.Key.String()) {
					t.Errorf("%s%s of another organization is answered %d", id, path, b.Status)
				}
			}
			if b.Post("/portal/licences/"+id+"/file", nil); b.Status != http.StatusNotFound {
				t.Errorf("the file of another's licence is answered %d", b.Status)
			}
			if b.Post("/portal/licences/"+id+"/extend", url.Values{"organization": {o.ID}}); b.Status != http.StatusNotFound {
				t.Errorf("extending another's licence is answered %d", b.Status)
			}
		}
		if n := p.Count(t, `SELECT count(*) FROM term`); n != 2 {
			t.Errorf("%d terms, want 2", n)
		}
		p.Browser(t).Open("/portal/licences/"+l.ID).At(http.StatusOK, "/sign-in")
	})
}

// asvs: V8.2.1
func TestAMemberSeesTheLicenceAndIsToldWhoExtends(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := company(t, p, organization.Client, "Harbour Vale Council", "vale.example", member(t, p, "Marta", "Ellison", "vale.example"))
		l := evaluating(t, p, o)
		colleague(t, p, o, "Owen", "Blake", "vale.example")
		page := "/portal/licences/" + l.ID
		b := signIn(p.Browser(t), "oblake").At(http.StatusOK, "/portal")
		b.Open(page).Sees(l.Key.String(), "An administrator of your organisation can extend this evaluation by 14 days").Lacks("Extend by 14 days", "Offline activation")
		b.Open(page + "/extend").Sees("This is for an administrator of your organisation: Marta Ellison.")
		if b.Post(page+"/extend", url.Values{}); b.Status != http.StatusForbidden {
			t.Errorf("a member who extends is answered %d", b.Status)
		}
		if n := p.Count(t, `SELECT count(*) FROM term`); n != 1 {
			t.Errorf("%d terms, want 1", n)
		}
	})
}

func TestALicenceIsExplainedAtAnyInstant(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := company(t, p, organization.Client, "Vale", "vale.example", member(t, p, "Sue", "Subscriber", "vale.example"))
		l := evaluating(t, p, o)
		page := "/portal/licences/" + l.ID
		b := signIn(p.Browser(t), "ssubscriber").At(http.StatusOK, "/portal")
		b.Open(page).Press("Why is it so?").At(http.StatusOK, page+"/explain").Sees("Evaluation running", "The evaluation begins", "It ends")
		later := p.Clock.Now().AddDate(0, 0, 60).Format("2006-01-02T15:04")
		b.Open(page+"/explain?at="+later).At(http.StatusOK, page+"/explain").Sees("Why will it be so?", "Ended", "It ended")
		earlier := p.Clock.Now().AddDate(0, 0, -60).Format("2006-01-02T15:04")
		b.Open(page+"/explain?at="+earlier).Sees("Why was it so?", "Nothing was granted up to that moment")
		b.Open(page+"/explain?at=yesterday").At(http.StatusUnprocessableEntity, page+"/explain").Sees("Evaluation running")
		b.Open(page+"/explain?at=1999-01-01T00:00").At(http.StatusUnprocessableEntity, page+"/explain").Sees("within ten years")
	})
}

func TestWhatIsRevokedOrReplacedIsSoAtOnce(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := company(t, p, organization.Client, "Vale", "vale.example", member(t, p, "Sue", "Subscriber", "vale.example"))
		l := evaluating(t, p, o)
		page := "/portal/licences/" + l.ID
		b := signIn(p.Browser(t), "ssubscriber").At(http.StatusOK, "/portal")
		p.Clock.Advance(time.Minute)
		var key license.Key
		write(t, p, func(tx *db.Tx) (err error) {
			key, err = license.ReplaceKey(tx, p.Secret, l.ID, l.Key)
			return err
		})
		b.Open(page).Sees("Your key was replaced on", key.String()).Lacks(l.Key.String())
		write(t, p, func(tx *db.Tx) error {
			return license.Place(tx, p.Secret, l, license.Hold{Kind: license.Revoked, Reason: "The contract ended early."})
		})
		b.Open(page).Sees("The licence was withdrawn", "The contract ended early.", "Not valid now").Lacks("Extend by")
		if len(b.Find(".key [data-copy]")) != 0 {
			t.Error("the key of a licence that was withdrawn can be copied")
		}
		b.Post(page+"/file", nil).At(http.StatusOK, page).Sees("The licence was withdrawn").Lacks("-----BEGIN")
		b.Open("/portal").Sees("Your licence was withdrawn")
		b.Open(page + "/extend").Sees("It cannot be extended now")
	})
}

func TestALicenceFileIsForItsOrganization(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		o := company(t, p, organization.Client, "Vale", "vale.example", member(t, p, "Sue", "Subscriber", "vale.example"))
		l := evaluating(t, p, o)
		b := signIn(p.Browser(t), "ssubscriber").At(http.StatusOK, "/portal")
		b.Open("/portal/licences/" + l.ID)
		if len(b.Find(`form[action$="/file"][method="post"]`)) != 1 {
			t.Fatal("no licence file is offered")
		}
		if b.Open("/portal/licences/" + l.ID + "/file"); b.Status != http.StatusMethodNotAllowed {
			t.Errorf("a file is made by looking at its address: %d", b.Status)
		}
		if n := p.Count(t, `SELECT count(*) FROM license_file`); n != 0 {
			t.Errorf("%d files were made", n)
		}
		b.Post("/portal/licences/"+l.ID+"/file", nil)
		if b.Status != http.StatusOK || !strings.HasPrefix(b.Page.Header.Get("Content-Disposition"), "attachment; filename=") || !strings.Contains(b.Body, "-----BEGIN") {
			t.Errorf("%d %q %.60q", b.Status, b.Page.Header.Get("Content-Disposition"), b.Body)
		}
	})
}
