package internal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
	"vestibule/internal/staff"
)

// publisher is the vendor's key, which the product knows.
func publisher(t testing.TB, p *portaltest.Portal) minisign.PrivateKey {
	t.Helper()
	public, key, err := minisign.GenerateKey(bytes.NewReader(p.Secret.Bytes(64)))
	if err != nil {
		t.Fatal(err)
	}
	p.Change(t, func(tx *db.Tx) error {
		product, err := license.ProductByID(tx, "meeting")
		if err != nil {
			return err
		}
		product.PublisherKeys = []string{public.String()}
		return license.PutProduct(tx, product)
	})
	return key
}

// minisig signs content as the program does: over its sum.
func minisig(t testing.TB, key minisign.PrivateKey, content string) string {
	t.Helper()
	in := minisign.NewReader(strings.NewReader(content))
	if _, err := new(bytes.Buffer).ReadFrom(in); err != nil {
		t.Fatal(err)
	}
	return string(in.Sign(key))
}

// joined makes an organization of the account, with a term for the product from now on.
func joined(t testing.TB, p *portaltest.Portal, a account.Account, name string, term license.Term) license.License {
	t.Helper()
	var l license.License
	p.Change(t, func(tx *db.Tx) error {
		o, err := organization.Create(tx, p.Secret, organization.Organization{Name: name, Kind: organization.Client})
		if err != nil {
			return err
		}
		if _, err = organization.Admit(tx, p.Secret, o.ID, a.ID, a.EmailKey, organization.Administrator, organization.ByStaff); err != nil {
			return err
		}
		if l, err = license.Make(tx, p.Secret, o.ID, "meeting"); err != nil {
			return err
		}
		term.StartsAt = tx.Now()
		_, err = license.Grant(tx, p.Secret, l, term)
		return err
	})
	return l
}

// aYear is a subscription.
func aYear(p *portaltest.Portal) license.Term {
	return license.Term{Kind: license.Subscription, EndsAt: p.Clock.Now().AddDate(1, 0, 0), Channels: []string{license.Stable}}
}

// inPortal signs the owner in.
func inPortal(t testing.TB, p *portaltest.Portal, o owner) *portaltest.Browser {
	t.Helper()
	b := p.Browser(t).Open("/sign-in")
	return b.Post("/sign-in", url.Values{"login": {o.UserID}, "password": {ownersPassword}}).At(http.StatusOK, "/portal")
}

// sendFile sends the form with a file, as a browser without scripts does: the file last.
func sendFile(t testing.TB, b *portaltest.Browser, release string, fields map[string]string, name, content string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for field, value := range fields {
		if err := w.WriteField(field, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	b.Send(release+"/files", w.FormDataContentType(), &body)
}

// drafted makes a draft on its page and returns the page of the release.
func drafted(t testing.TB, b *portaltest.Browser, version string) string {
	t.Helper()
	b.Open("/office/releases/new").Fill("Version", version).Fill("What is new, in English", "- Faster\n- <b>Safer</b>").Press("Save draft")
	return b.At(http.StatusOK, b.URL.Path).Sees("The draft is saved", version).URL.Path
}

// out publishes a version with one signed file.
func out(t testing.TB, b *portaltest.Browser, key minisign.PrivateKey, version, content string) string {
	t.Helper()
	page := drafted(t, b, version)
	sendFile(t, b, page, map[string]string{"title": "Installer", "kind": "windows-x64", "signature": minisig(t, key, content)}, "meeting-"+version+".msi", content)
	b.At(http.StatusOK, page).Sees("The file has arrived and has been checked", "Checked and signed")
	b.Press("Publish").At(http.StatusOK, page).Sees("The release is published")
	return page
}

var artifactLink = regexp.MustCompile(`href="(/portal/downloads/[^"/?]+)"`)

// fetchLink is where the newest file is fetched.
func fetchLink(t testing.TB, b *portaltest.Browser) string {
	t.Helper()
	found := artifactLink.FindStringSubmatch(b.Body)
	if found == nil {
		t.Fatalf("nothing can be downloaded: %s", b.Text())
	}
	return found[1]
}

func TestAReleaseIsPublishedByAPlainFormAndDownloaded(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		key := publisher(t, p)
		marta := settled(t, p, "Marta", 1, has{})
		rita := browserOf(member(t, p, "Rita", staff.ReleaseManager, staff.Helpdesk))
		joined(t, p, marta.Account, "Harbour Vale Council", aYear(p))

		// What is typed wrongly is said at its field, and what was typed stays.
		rita.Open("/office/releases/new").Fill("Version", "the newest").Press("Save draft").At(http.StatusUnprocessableEntity, "/office/releases/new")
		if rita.Value("Version") != "the newest" {
			t.Error("what was typed is gone")
		}
		page := drafted(t, rita, "3.4.1")
		rita.Open("/office/releases/new").Fill("Version", "3.4.1").Press("Save draft").At(http.StatusUnprocessableEntity, "/office/releases/new")

		// The preview is clean.
		preview := rita.Raw("/office/releases/preview", url.Values{"notes-en": {"# Big\n<script>x</script>\n- one"}}).Body
		if strings.Contains(preview, "<script") || !strings.Contains(preview, `<ul class="bullets">`) || !strings.Contains(preview, "<h3>Big") {
			t.Errorf("the preview: %s", preview)
		}

		const content = "MSI of three dot four dot one"
		rita.Open(page).Post(page+"/publish", url.Values{}).At(http.StatusUnprocessableEntity, page+"/publish")
		sendFile(t, rita, page, map[string]string{"title": "Installer", "kind": "Not A Kind!"}, "meeting.msi", content)
		rita.At(http.StatusUnprocessableEntity, page+"/files")
		sendFile(t, rita, page, map[string]string{"title": "Installer", "kind": "windows-x64"}, "", "")
		rita.At(http.StatusUnprocessableEntity, page+"/files").Sees("Choose the file")
		_, other, err := minisign.GenerateKey(bytes.NewReader(p.Secret.Bytes(64)))
		if err != nil {
			t.Fatal(err)
		}
		sendFile(t, rita, page, map[string]string{"title": "Installer", "kind": "windows-x64", "signature": minisig(t, other, content)}, "meeting-3.4.1.msi", content)
		rita.At(http.StatusOK, page).Sees("Refused", fmt.Sprintf("%016X", other.Public().(minisign.PublicKey).ID()), fmt.Sprintf("%016X", key.Public().(minisign.PublicKey).ID()))
		if len(rita.Find(`form[action="`+page+`/publish"]`)) != 0 {
			t.Error("a release with a refused file can be published")
		}
		rita.Press("Add signature").Fill("Signature", minisig(t, other, content)).Press("Check and keep").At(http.StatusUnprocessableEntity, rita.URL.Path)
		rita.Fill("Signature", minisig(t, key, content)).Press("Check and keep").At(http.StatusOK, page).Sees("The signature is good")

		// A client sees nothing of a draft.
		b := inPortal(t, p, marta)
		b.Open("/portal/downloads").Sees("Nothing to download yet").Lacks("3.4.1")
		rita.Open(page).Press("Publish").At(http.StatusOK, page).Sees("The release is published")
		b.Open("/portal/downloads").Sees("Version 3.4.1", "Recommended", "Installer", "meeting-3.4.1.msi", "Faster").Lacks("<b>Safer")
		link := fetchLink(t, b)
		if got := b.Open(link); got.Status != http.StatusOK || got.Body != content || !strings.Contains(got.Page.Header.Get("Content-Disposition"), "meeting-3.4.1.msi") {
			t.Errorf("downloaded %d, %q, %v", got.Status, got.Body, got.Page.Header)
		}
		b.Open(link + "/signature?product=meeting")
		if b.Body != minisig(t, key, content) && !minisign.Verify(key.Public().(minisign.PublicKey), []byte(content), []byte(b.Body)) {
			t.Errorf("the signature is %q", b.Body)
		}
		b.Open("/portal/downloads")
		links := b.Find(`a[href^="/portal/publisher-keys/"]`)
		if len(links) == 0 {
			t.Fatal("no publisher key is offered")
		}
		for _, at := range links[0].Attr {
			if at.Key == "href" {
				b.Open(at.Val)
			}
		}
		if !strings.Contains(b.Body, "\n"+key.Public().(minisign.PublicKey).String()+"\n") {
			t.Errorf("the key is %q", b.Body)
		}

		// Who fetched it stands in the office, and in the table of it.
		rita.Open("/office/transfers").Sees("Marta Ellison", "Harbour Vale Council", "meeting-3.4.1.msi", "Complete")
		rita.Open("/office/transfers?q=nobody").Sees("Nothing matches")
		rita.Open("/office/transfers/export")
		if lines := strings.Count(rita.Body, "\n"); lines != 2 || !strings.Contains(rita.Body, "Harbour Vale Council") {
			t.Errorf("the export has %d lines: %s", lines, rita.Body)
		}

		// Withdrawn, it vanishes.
		rita.Open(page).Fill("Reason", "It loses settings.").Press("Withdraw release").At(http.StatusOK, page).Sees("It loses settings.")
		b.Open("/portal/downloads").Lacks("3.4.1")
		b.Open(link).At(http.StatusNotFound, link)
	})
}

func TestAFileGoesUpInPartsAndGoesOnAfterACut(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		key := publisher(t, p)
		rita := browserOf(member(t, p, "Rita", staff.ReleaseManager, staff.Helpdesk))
		page := drafted(t, rita, "1.0")
		content := strings.Repeat("0123456789abcdef", (9<<20)/16)
		begin := func() (upload struct {
			Path  string
			Part  int
			There []int
		}) {
			rita.Post(page+"/uploads", url.Values{
				"title": {"Installer"}, "kind": {"linux-x64"}, "signature": {minisig(t, key, content)}, "name": {"meeting.rpm"}, "size": {fmt.Sprint(len(content))},
			})
			if err := json.Unmarshal([]byte(rita.Body), &upload); err != nil || rita.Status != http.StatusOK {
				t.Fatalf("%d %s, %v", rita.Status, rita.Body, err)
			}
			return upload
		}
		u := begin()
		rita.Send(u.Path+"/parts/0", "application/octet-stream", strings.NewReader(content[:u.Part]))
		if rita.Status != http.StatusOK {
			t.Fatalf("a part: %d %s", rita.Status, rita.Body)
		}
		rita.Post(u.Path+"/finish", url.Values{})
		if rita.Status != http.StatusUnprocessableEntity || !strings.Contains(rita.Body, `"errors"`) {
			t.Errorf("half a file is finished: %d %s", rita.Status, rita.Body)
		}
		if u = begin(); len(u.There) != 1 || u.There[0] != 0 {
			t.Fatalf("there are %v", u.There)
		}
		rita.Open(page).Sees("It has not arrived whole")
		rita.Send(u.Path+"/parts/1", "application/octet-stream", strings.NewReader(content[u.Part:]))
		rita.Post(u.Path+"/finish", url.Values{})
		if !strings.Contains(rita.Body, page) {
			t.Fatalf("finished: %d %s", rita.Status, rita.Body)
		}
		rita.Open(page).Sees("Checked and signed")
		rita.Post(page+"/uploads", url.Values{"kind": {"x"}, "name": {"../x"}, "size": {"1"}})
		if rita.Status != http.StatusUnprocessableEntity || !strings.Contains(rita.Body, `"errors"`) {
			t.Errorf("a wrong name: %d %s", rita.Status, rita.Body)
		}
	})
}

func TestTheAgreementIsAskedOnceForEachVersion(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		key := publisher(t, p)
		marta := settled(t, p, "Marta", 1, has{})
		rita := browserOf(member(t, p, "Rita", staff.ReleaseManager, staff.Helpdesk))
		joined(t, p, marta.Account, "Harbour Vale Council", aYear(p))
		out(t, rita, key, "1.0", "one dot zero")
		publish := func(version, text string) {
			rita.Open("/office/products/meeting/agreement").Fill("Version", version).Fill("Text in English", text).Fill("Text in German", "Deutsch: "+text).Press("Publish this version")
			rita.At(http.StatusOK, "/office/products/meeting/agreement").Sees("The new version is in force", version)
		}
		publish("2026-01", "You may use it.")

		b := inPortal(t, p, marta)
		b.Open("/portal/downloads")
		link := fetchLink(t, b)
		b.Open(link).At(http.StatusOK, link+"/agreement").Sees("You may use it.", "Version 2026-01")
		b.Press("Accept and download").At(http.StatusUnprocessableEntity, link+"/agreement").Sees("Accept the agreement to download")
		b.Press("Decline").At(http.StatusOK, "/portal/downloads")
		b.Open(link).At(http.StatusOK, link+"/agreement")
		b.Check("I accept version 2026-01").Press("Accept and download").At(http.StatusOK, "/portal/downloads").Sees("Your download of meeting-1.0.msi begins")
		if !strings.HasSuffix(b.Page.Header.Get("Refresh"), link) {
			t.Errorf("the download does not begin: %q", b.Page.Header.Get("Refresh"))
		}
		if b.Open(link); b.Body != "one dot zero" {
			t.Errorf("asked again: %s", b.Text())
		}
		publish("2026-02", "You may use it well.")
		b.Open(link).At(http.StatusOK, link+"/agreement").Sees("You may use it well.", "The text has changed")
		rita.Open("/office/products/meeting/agreement").Sees("Accepted by 1 organisation")
	})
}

func TestLapsedMaintenanceSeesWhatCameBefore(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		key := publisher(t, p)
		marta, olga := settled(t, p, "Marta", 1, has{}), settled(t, p, "Olga", 2, has{})
		joined(t, p, marta.Account, "Harbour Vale Council", license.Term{
			Kind: license.Perpetual, MaintenanceUntil: p.Clock.Now().AddDate(0, 0, 10), Channels: []string{license.Stable},
		})
		out(t, browserOf(member(t, p, "Rita", staff.ReleaseManager, staff.Helpdesk)), key, "1.0", "one dot zero")
		p.Clock.Advance(20 * 24 * time.Hour)
		b := inPortal(t, p, marta)
		b.Open("/portal/downloads")
		old := fetchLink(t, b)

		out(t, browserOf(member(t, p, "Sven", staff.ReleaseManager, staff.Helpdesk)), key, "2.0", "two dot zero")
		b = inPortal(t, p, marta)
		b.Open("/portal/downloads").Sees("Version 2.0", "Your maintenance ended on", "Version 1.0")
		if link := fetchLink(t, b); link != old {
			t.Errorf("%s can be fetched, not %s", link, old)
		}
		if b.Open(old); b.Body != "one dot zero" {
			t.Errorf("the old release: %d %s", b.Status, b.Text())
		}

		// Somebody else without any licence learns nothing of either.
		p.Change(t, func(tx *db.Tx) error {
			o, err := organization.Create(tx, p.Secret, organization.Organization{Name: "Trade Partners", Kind: organization.Reseller})
			if err != nil {
				return err
			}
			_, err = organization.Admit(tx, p.Secret, o.ID, olga.ID, olga.EmailKey, organization.Administrator, organization.ByStaff)
			return err
		})
		stranger := inPortal(t, p, olga)
		stranger.Open("/portal/downloads").Sees("no licence for this product").Lacks("Version 1.0")
		for _, path := range []string{old, old + "/signature?product=meeting", old + "/agreement", "/portal/downloads?product=meeting", "/portal/downloads/no-such-file"} {
			stranger.Open(path)
			if stranger.Status != http.StatusNotFound && stranger.Status != http.StatusForbidden {
				t.Errorf("%s: %d", path, stranger.Status)
			}
		}
	})
}

func TestFeedsAndMailsAreTheOwnOrganizations(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		marta, olga := settled(t, p, "Marta", 1, has{}), settled(t, p, "Olga", 2, has{})
		key := publisher(t, p)
		joined(t, p, marta.Account, "Harbour Vale Council", aYear(p))
		joined(t, p, olga.Account, "Other", aYear(p))
		rita := browserOf(member(t, p, "Rita", staff.ReleaseManager, staff.Helpdesk))
		b, stranger := inPortal(t, p, marta), inPortal(t, p, olga)

		b.Open("/portal/feeds").Press("Make address").At(http.StatusUnprocessableEntity, "/portal/feeds")
		b.Fill("Name", "Kiosk fleet").Press("Make address").At(http.StatusOK, "/portal/feeds").Sees("Copy it now", "winget source add", "Kiosk fleet", "In use")
		action := regexp.MustCompile(`/portal/feeds/[^/"]+/revoke`).FindString(b.Body)
		secret := regexp.MustCompile(portaltest.Base + `/winget/([^<"/]+)`).FindStringSubmatch(b.Body)
		if action == "" || secret == nil {
			t.Fatalf("no address: %s", b.Text())
		}
		for _, act := range []string{action, strings.Replace(action, "/revoke", "/replace", 1)} {
			if stranger.Raw(act, url.Values{}).Status != http.StatusNotFound {
				t.Errorf("%s of another organization: %d", act, stranger.Status)
			}
		}
		stranger.Open("/portal/feeds").Lacks("Kiosk fleet")
		if b.Open("/portal/feeds"); strings.Contains(b.Body, secret[1]) {
			t.Error("the secret is shown again")
		}
		b.Press("New secret").At(http.StatusOK, b.URL.Path).Sees("Copy it now")
		if strings.Contains(b.Body, secret[1]) {
			t.Error("the secret is the old one")
		}
		b.Open("/portal/feeds").Press("Revoke").At(http.StatusOK, "/portal/feeds").Sees("It stopped at once", "Revoked")

		b.Open("/portal/downloads").Press("Tell me by e-mail").At(http.StatusOK, "/portal/downloads").Sees("From now on you are told", "You are told by e-mail")
		stranger.Open("/portal/downloads").Sees("Tell me by e-mail")
		out(t, rita, key, "1.0", "one dot zero")
		b.Open("/portal/downloads").Press("Stop these e-mails").At(http.StatusOK, "/portal/downloads").Sees("You are no longer told")
	})
}
