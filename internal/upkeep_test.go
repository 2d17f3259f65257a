package internal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

func TestStaffSeeTheHousekeepingAndHandOutTheEvidenceOfTerms(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		office := approver(t, p, "Ada")
		w := somebody(t, p, 1)
		w.AskForAccess()
		stepTwo(t, p, w, "")
		p.Housekeeping()

		b := browserOf(office)
		b.Open("/office/upkeep").At(http.StatusOK, "/office/upkeep")
		for _, c := range p.Chores.Chores {
			b.Sees(office.Say("office.chore." + c.Name + ".name"))
		}
		b.Sees(office.Words.T("office.upkeep.fine", "n", len(p.Chores.Chores)), office.Say("office.terms.in-force"))

		b.Press(office.Say("office.terms.export"))
		lines := strings.Split(strings.TrimSpace(b.Body), "\n")
		if len(lines) != 2 || // and nobody else's
			!strings.HasPrefix(lines[0], "user_id,") || !strings.Contains(lines[1], w.Email) || !strings.Contains(lines[1], ",yes,") {
			t.Errorf("the evidence is %q", b.Body)
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM event WHERE action = 'terms.evidence_export'`); n != 1 {
			t.Errorf("%d events say that the evidence left", n)
		}

		// Helpdesk and approvers see neither.
		lena := somebody(t, p, 950)
		lena.First, lena.Last, lena.Password = "Lena", "Fischer", "Quartz-Lantern-Meadow-92"
		lena.SetUpStaff(p.Invite(t, lena.First, lena.Last, staff.Approver, staff.Helpdesk), func(key string) string { return p.Authenticator(t, key) })
		other := browserOf(lena)
		if page := other.Raw("/office/upkeep/evidence", url.Values{}); page.Status == http.StatusOK {
			t.Errorf("the helpdesk gets %d for the evidence", page.Status)
		}
	})
}
