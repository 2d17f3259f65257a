package internal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

// licensed is an organization with an evaluation that runs.
func licensed(t *testing.T, p *portaltest.Portal, name string) (l license.License) {
	t.Helper()
	p.Change(t, func(tx *db.Tx) error {
		o, err := organization.Create(tx, p.Secret, organization.Organization{Name: name, Kind: organization.Client})
		if err != nil {
			return err
		}
		if l, err = license.Make(tx, p.Secret, o.ID, "meeting"); err != nil {
			return err
		}
		if _, err = license.Evaluate(tx, p.Secret, l, license.EvaluationRule{Days: 30, StartWithin: 14}, 50, "", ""); err != nil {
			return err
		}
		return license.Start(tx, p.Secret, o.ID)
	})
	return l
}

func TestStaffFindALicenceAndActOnIt(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		b := browserOf(member(t, p, "Ada", staff.Administrator))
		l, other := licensed(t, p, "Harbour Vale Council"), licensed(t, p, "Dunmore College")
		page := "/office/licences/" + l.ID

		// Found by name, whose address can be kept, and by key, which no address names.
		b.Open("/office/licences").Sees("Harbour Vale Council", "Dunmore College")
		search := func(words string) *portaltest.Browser {
			return b.Post("/office/licences/search", url.Values{"q": {words}})
		}
		search("harbour").At(http.StatusOK, "/office/licences").Sees("Harbour Vale Council").Lacks("Dunmore College")
		if b.URL.Query().Get("q") != "harbour" {
			t.Errorf("a search by name leads to %s", b.URL)
		}
		search(strings.ToLower(other.Key.String())).At(http.StatusOK, "/office/licences/search").Sees("Dunmore College").Lacks("Harbour Vale Council")
		if strings.Contains(b.URL.String(), "q=") || strings.Contains(b.Body, "q="+other.Key.String()) {
			t.Error("an address names a key")
		}
		wrong := []byte(l.Key.String())
		wrong[len(wrong)-1] = map[bool]byte{true: 'B', false: 'A'}[wrong[len(wrong)-1] == 'A']
		search(string(wrong)).At(http.StatusUnprocessableEntity, "/office/licences/search").Sees("typing slip")
		b.Open("/office/licences?window=nonsense").At(http.StatusNotFound, "/office/licences")
		for window, there := range map[string]bool{"running": true, "expiring": true, "ended": false, "held": false} {
			b.Open("/office/licences?window=" + window)
			if got := strings.Contains(b.Body, "Harbour Vale Council"); got != there {
				t.Errorf("%s: found %v, want %v", window, got, there)
			}
		}

		// Extended: what is wrong is told at its field, and what was typed is kept.
		b.Open(page).Sees("Evaluation running", l.Key.String())
		b.Press("Extend").At(http.StatusOK, page+"/acts/extend").Fill("Days", "soon").Press("Extend")
		b.At(http.StatusUnprocessableEntity, page+"/acts/extend").Sees("Enter a whole number in digits", "Write the reason")
		if b.Value("Days") != "soon" {
			t.Errorf("the days that were typed became %q", b.Value("Days"))
		}
		b.Fill("Days", "5000").Fill("Reason", "They move house.").Press("Extend").At(http.StatusUnprocessableEntity, page+"/acts/extend").Sees("at most")
		b.Fill("Days", "20").Press("Extend").At(http.StatusOK, page).Sees("Extended. It runs until", "They move house.", "Extension")

		// The facts changed under the form: nothing is done, and it says what happened.
		b.Open(page + "/acts/extend")
		p.Clock.Advance(time.Minute)
		ben := browserOf(member(t, p, "Ben", staff.Administrator))
		ben.Open(page+"/acts/hold").Fill("Reason", "An invoice is open.").Press("Suspend").At(http.StatusOK, page).Sees("Suspended.", "An invoice is open.")
		b.Fill("Days", "5").Fill("Reason", "More time.").Press("Extend").At(http.StatusConflict, page+"/acts/extend").
			Sees("changed meanwhile", "Suspended", "Ben Prior")
		ben.Open(page+"/acts/lift").Sees("An invoice is open.").Fill("Reason", "It is paid.").Press("Lift").Sees("Lifted.")

		// A key that leaked, and the end.
		b.Open(page+"/acts/replace-key").Fill("Reason", "It stood in a forum.").Press("Replace the key").At(http.StatusUnprocessableEntity, page+"/acts/replace-key").Sees("Tick the box to confirm")
		b.Check("The old key stops at once").Press("Replace the key").At(http.StatusOK, page).Sees("The key was replaced", "Earlier keys").Lacks(l.Key.String())
		search(l.Key.String()).Sees("The key that you searched for was replaced", "Harbour Vale Council")
		b.Open(page+"/acts/revoke").Check("Harbour Vale Council loses").Fill("Reason", "Misused.").Press("Withdraw the licence").At(http.StatusOK, page).Sees("Withdrawn.", "Misused.")
		b.Open(page + "/acts/grant").Sees("There is nothing to do here any more")
		b.Open(page+"/acts/nonsense").At(http.StatusNotFound, page+"/acts/nonsense")
		b.Open(page+"/devices").At(http.StatusOK, page+"/devices").Sees("No device yet")

		// Explained, then and now.
		b.Open(page+"?at="+p.Clock.Now().AddDate(0, 0, -1).Format("2006-01-02T15:04")).Sees("Why was it so?", "Nothing was granted up to that moment")
		b.Open(page+"?at=never").At(http.StatusUnprocessableEntity, page)
	})
}

func TestStaffGrantByPolicyAndGiveAgainOnTheSameKey(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		l := licensed(t, p, "Harbour Vale Council")
		page := "/office/licences/" + l.ID
		p.Clock.Advance(31 * 24 * time.Hour)
		b := browserOf(member(t, p, "Cleo", staff.Administrator))
		b.Open(page).Sees("Ended").Press("Activate again").Fill("Reason", "They asked by phone.").Press("Activate again")
		b.At(http.StatusOK, page).Sees("Active again, on the same key", l.Key.String(), "Evaluation again")
		b.Open(page+"/acts/grant").Choose("Policy", "Subscription, version 1: 365 days").Fill("Seats", "many").Fill("Reason", "Order 4711").Press("Grant")
		b.At(http.StatusUnprocessableEntity, page+"/acts/grant").Sees("Enter a whole number in digits")
		b.Fill("Seats", "250").Press("Grant").At(http.StatusOK, page).Sees("Granted.", "Subscription", "Up to 250 seats", "Subscription, version 1")
	})
}

func TestProductsFeaturesAndPoliciesAreMadeAndChangedByThoseWhoMay(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		b := browserOf(member(t, p, "Ada", staff.Administrator))
		b.Open("/office/products").Press("Add a product").Fill("Short name", "Rooms!").Fill("Name", "Room Panels").Fill("Key prefix", "9").Press("Add the product")
		b.At(http.StatusUnprocessableEntity, "/office/products/new").Sees("Use small letters, digits and single dashes", "Use two to six capital letters")
		b.Fill("Short name", "rooms").Fill("Key prefix", "NWR").Press("Add the product").At(http.StatusOK, "/office/products/rooms").Sees("Added, with the usual policies.", "Subscription")
		b.Fill("Code", "kiosk").Fill("Feature's name", "Kiosk mode").Press("Add or rename").At(http.StatusOK, "/office/products/rooms").Sees("The feature is saved", "Kiosk mode")
		b.Fill("Publisher's public keys", "nonsense").Press("Save").At(http.StatusUnprocessableEntity, "/office/products/rooms").Sees("Paste a minisign public key")

		// Somebody else was quicker.
		ben := browserOf(member(t, p, "Ben", staff.Administrator))
		b.Open("/office/products/rooms")
		p.Clock.Advance(time.Minute)
		ben.Open("/office/products/rooms").Fill("Name", "Panels for rooms").Press("Save").Sees("Saved.")
		b.Fill("Name", "Panels").Press("Save").At(http.StatusConflict, "/office/products/rooms").Sees("Somebody changed this product meanwhile", "Panels for rooms")

		// A policy, its next version, and the older one that stays readable.
		b.Open("/office/policies").Sees("Panels for rooms")
		b.Open("/office/policies/new?product=rooms").Fill("Short name", "campus").Fill("Title", "Campus").Fill("Days of a term", "soon").Uncheck("Stable").Press("Add the policy")
		b.At(http.StatusUnprocessableEntity, "/office/policies/new").Sees("Enter a whole number in digits")
		b.Fill("Days of a term", "730").Press("Add the policy").At(http.StatusUnprocessableEntity, "/office/policies/new").Sees("Tick at least one channel")
		b.Check("Stable").Check("Kiosk mode").Press("Add the policy").At(http.StatusOK, "/office/policies/rooms/campus").Sees("The policy is added", "730 days", "Kiosk mode")
		b.Press("Make a new version").Fill("Seats", "40").Press("Make the new version").Sees("The new version is made", "Version 2", "40")
		b.Open("/office/policies/rooms/campus/versions/1").Sees("This is an earlier version", "Not limited").Lacks("Make a new version")
		b.Open("/office/policies/rooms/campus/versions/9").At(http.StatusNotFound, "/office/policies/rooms/campus/versions/9")
		b.Open("/office/policies/rooms/campus/edit")
		ben.Open("/office/policies/rooms/campus/edit").Fill("Seats", "41").Press("Make the new version").Sees("Version 3")
		b.Fill("Seats", "42").Press("Make the new version").At(http.StatusConflict, "/office/policies/rooms/campus/edit").Sees("Somebody made version 3 meanwhile (Ben Prior")
		if b.Value("Seats") != "42" {
			t.Errorf("what was typed became %q", b.Value("Seats"))
		}
		b.Press("Make the new version").Sees("Version 4", "42")
		b.Press("Retire this policy").Sees("Retired. Nothing new is granted by it.", "Bring it back")

		// An organization that has a licence gets one for another product.
		vale := licensed(t, p, "Dunmore College")
		b.Open("/office/licences/"+vale.ID+"/another").Press("Go on to the term").At(http.StatusUnprocessableEntity, "/office/licences/"+vale.ID+"/another").Sees("Choose a product")
		b.Choose("Product", "Panels for rooms").Press("Go on to the term").Sees("Grant a term", "Panels for rooms")
		b.Choose("Policy", "Perpetual licence, version 1: Without end").Fill("Reason", "Order 4712").Press("Grant").Sees("Granted.", "Perpetual licence", "NWR-")
		b.Open("/office/audit").Sees("A product", "A licence")

		// A prefix is fixed once there are licences; and whoever may only look cannot change.
		licensed(t, p, "Harbour Vale Council")
		b.Open("/office/products/meeting").Sees("Fixed: there are licences")
		auditor := browserOf(member(t, p, "Flo", staff.Auditor))
		auditor.Open("/office/products/rooms").At(http.StatusOK, "/office/products/rooms").Lacks("Save", "Add or rename")
		auditor.Open("/office/policies/rooms/campus").At(http.StatusOK, "/office/policies/rooms/campus").Lacks("Retire this policy")
		for _, path := range []string{"/office/products/new", "/office/products/rooms", "/office/products/rooms/features", "/office/policies/rooms/campus/retire", "/office/policies/new"} {
			if auditor.Post(path, url.Values{}); auditor.Status != http.StatusForbidden {
				t.Errorf("an auditor who posts to %s is answered %d", path, auditor.Status)
			}
		}
	})
}
