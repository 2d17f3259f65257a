package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vestibule/e2e/browser"
	"vestibule/e2e/guide"
	"vestibule/e2e/parts"
	"vestibule/internal/db/dbtest"
)

// staffer is a member of staff at the office, by the portal's clock.
func staffer(t *testing.T, o *parts.Office, first string, roles ...string) guide.Way {
	t.Helper()
	w := somebody(t, o, 97, browser.Options{})
	w.First, w.Last, w.Password = first, "Okafor", "Quartz-Lantern-Meadow-91"
	w.SetUpStaff(staffLink(t, o, w.First, w.Last, roles...), func(key string) string { return parts.TOTP(t, key, o.Now()) })
	return w
}

// A publisher has a key of minisign's, and files that it signs.
type publisher struct {
	t              *testing.T
	o              *parts.Office
	folder, public string
}

// newPublisher makes the key, and tells the office of it.
func newPublisher(t *testing.T, o *parts.Office, office guide.Way) publisher {
	t.Helper()
	dbtest.Needs(t, "minisign")
	p := publisher{t: t, o: o, folder: t.TempDir()}
	p.run("minisign", "-G", "-W", "-p", "vendor.pub", "-s", "vendor.key")
	text, err := os.ReadFile(filepath.Join(p.folder, "vendor.pub"))
	if err != nil {
		t.Fatal(err)
	}
	p.public = strings.TrimSpace(strings.SplitN(string(text), "\n", 2)[1])
	office.Open("/office/products/meeting")
	office.Fill(office.Say("office.product.keys"), p.public)
	office.Press(office.Say("office.product.save"))
	office.Sees(office.Say("office.product.done.saved"))
	return p
}

func (p publisher) run(name string, args ...string) string {
	p.t.Helper()
	c := exec.Command(name, args...)
	c.Dir = p.folder
	out, err := c.CombinedOutput()
	if err != nil {
		p.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// publish signs and publishes one installer, and returns its path.
func (p publisher) publish(version string, size int64) string {
	p.t.Helper()
	path := filepath.Join(p.folder, "meeting-"+version+".msi")
	f, err := os.Create(path)
	if err != nil {
		p.t.Fatal(err)
	}
	block := make([]byte, 1<<16)
	for n := int64(0); n < size; n += int64(len(block)) {
		sum := sha256.Sum256([]byte(version + time.Duration(n).String()))
		for i := range block {
			block[i] = sum[i%len(sum)] + byte(i>>8)
		}
		if _, err := f.Write(block[:min(size-n, int64(len(block)))]); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		p.t.Fatal(err)
	}
	p.run("minisign", "-S", "-s", "vendor.key", "-m", path)
	p.o.Terminal("release", "publish", "--product", "meeting", "--version", version, "--channel", "stable", path+":windows-x64-msi")
	return path
}

// signedLink is where the portal sends a browser that asks for the newest file.
func signedLink(t *testing.T, o *parts.Office, w guide.Way) (link, signature string) {
	t.Helper()
	cookies := page(w).Cookies()
	href := regexp.MustCompile(`/portal/downloads/[0-9A-Za-z]+`).FindString(page(w).HTML())
	if href == "" {
		t.Fatalf("there is no download on the page:\n%s", page(w).Text())
	}
	get := func(path string) *http.Response {
		r, err := http.NewRequest(http.MethodGet, o.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", cookies)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	answer := get(href)
	_ = answer.Body.Close()
	link = answer.Header.Get("Location")
	if !strings.HasPrefix(link, "/download/") {
		t.Fatalf("%s leads to %q (%d)", href, link, answer.StatusCode)
	}
	answer = get(href + "/signature")
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the signature: %d %v", answer.StatusCode, err)
	}
	return o.URL + link, string(text)
}

// breakOff reads the beginning of a download and hangs up.
func breakOff(t *testing.T, link, into string, n int64) {
	t.Helper()
	answer, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	part, err := io.ReadAll(io.LimitReader(answer.Body, n))
	if err == nil {
		err = os.WriteFile(into, part, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

const software = 64 << 20

func TestAnEvaluatorTakesTheKeyAndTheSoftware(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		office := staffer(t, o, "Ruth", "administrator")
		vendor := newPublisher(t, o, office)
		original := vendor.publish("3.4.0", software)

		w := somebody(t, o, 70, browser.Options{})
		w.AskForAccess()
		office.Approve(w.Person)
		register(t, o, w, mail(t, o, w, "/welcome/"))
		w.SignIn(w.Email)
		at(t, w, "/portal")
		key := page(w).Read(".key code")
		w.Open("/portal/licences")
		w.Sees(key)
		page(w).Screenshot("door-licences")

		// By the browser.
		folder := page(w).Downloads()
		w.Open("/portal/downloads")
		w.Sees("3.4.0", w.Say("downloads.check"))
		page(w).Screenshot("door-downloads")
		link, signature := signedLink(t, o, w)
		page(w).Click(w.Say("downloads.get") + " meeting-3.4.0.msi")
		parts.Eventually(t, "the browser has the file", func() bool { return browser.Downloaded(folder, "meeting-3.4.0.msi", software) })

		// By a program that is cut off, and goes on where it was.
		copied := filepath.Join(t.TempDir(), "meeting-3.4.0.msi")
		breakOff(t, link, copied, software/3)
		vendor.run("curl", "--fail", "--silent", "--show-error", "-C", "-", "-o", copied, link)
		if err := os.WriteFile(copied+".minisig", []byte(signature), 0o600); err != nil {
			t.Fatal(err)
		}
		vendor.run("minisign", "-V", "-P", vendor.public, "-m", copied)
		for _, path := range []string{copied, filepath.Join(folder, "meeting-3.4.0.msi")} {
			sum := strings.Fields(vendor.run("sha256sum", path))[0]
			if !strings.Contains(page(w).HTML(), sum) || sum != sumOf(t, original) {
				t.Errorf("the sum of %s is %s, which the page does not say", path, sum)
			}
		}
		office.Open("/office/transfers")
		office.Sees("meeting-3.4.0.msi", w.Organization)
		page(office).Screenshot("door-transfers")

		// A flipped bit is told.
		spoilt, err := os.ReadFile(copied)
		if err != nil {
			t.Fatal(err)
		}
		spoilt[software/2] ^= 1
		if err := os.WriteFile(copied, spoilt, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("minisign", "-V", "-P", vendor.public, "-m", copied).CombinedOutput(); err == nil {
			t.Errorf("minisign takes a spoilt file: %s", out)
		}
	})
}

func sumOf(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

const day = 24 * time.Hour

func TestAnEvaluationEndsIsAskedForAgainAndKeepsItsKey(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		office := staffer(t, o, "Ruth", "administrator")
		vendor := newPublisher(t, o, office)
		vendor.publish("3.4.0", 1<<20)
		w := somebody(t, o, 71, browser.Options{})
		w.AskForAccess()
		office.Approve(w.Person)
		register(t, o, w, mail(t, o, w, "/welcome/"))
		w.SignIn(w.Email)
		key := page(w).Read(".key code")

		o.Later(46 * day) // too late for an extension by itself
		w.SignIn(w.Email)
		at(t, w, "/portal")
		w.Sees(w.Say("portal.title.evaluation-ended"))
		page(w).Screenshot("door-ended")
		w.Open("/portal/downloads")
		w.Sees(w.Say("downloads.locked.license-expired"))
		if strings.Contains(page(w).HTML(), `href="/portal/downloads/`) {
			t.Error("a download can be had after the end")
		}
		page(w).Screenshot("door-downloads-ended")
		w.Open("/portal")
		w.Press(w.Say("portal.again", "n", 30))
		again := staffer(t, o, "Sam", "approver")
		again.Approve(w.Person)
		w.Open("/portal/licences")
		w.Sees(key)
		w.Open("/portal/downloads")
		if link, _ := signedLink(t, o, w); link == "" {
			t.Error("no download after the second approval")
		}
	})
}

func TestLapsedMaintenanceLeavesOldReleasesAndAWithdrawalNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		office := staffer(t, o, "Ruth", "administrator")
		vendor := newPublisher(t, o, office)
		vendor.publish("3.4.0", 1<<20)
		w := somebody(t, o, 72, browser.Options{})
		w.AskForAccess()
		office.Approve(w.Person)
		register(t, o, w, mail(t, o, w, "/welcome/"))
		w.SignIn(w.Email)
		key := page(w).Read(".key code")

		// A perpetual right whose maintenance ends in ten days.
		licence := licenceOf(t, office, w)
		office.Open(licence + "/acts/grant")
		office.Choose(office.Say("office.licence.policy"), "Perpetual licence")
		// A date is typed as the browser's language writes it.
		page(office).Type(office.Say("office.licence.starts"), o.Now().AddDate(0, 0, 10-365).Format("01022006"))
		office.Fill(office.Say("office.licence.reason"), "Order 4711")
		office.Press(office.Say("office.licence.grant.go"))
		office.Sees("Order 4711")
		page(office).Screenshot("door-office-licence")

		o.Later(20 * day)
		vendor.publish("3.5.0", 1<<20)
		w.SignIn(w.Email)
		w.Open("/portal/downloads")
		w.Sees("3.5.0", "3.4.0", w.Say("downloads.locked.maintenance-lapsed"))
		page(w).Screenshot("door-lapsed")
		link, _ := signedLink(t, o, w)
		answer, err := http.Head(link)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if !strings.Contains(answer.Header.Get("Content-Disposition"), "3.4.0") {
			t.Errorf("the download is %q", answer.Header.Get("Content-Disposition"))
		}

		// Withdrawn: nothing works from that moment on, the link that was given out included.
		boss := staffer(t, o, "Sam", "administrator")
		boss.Open(licence + "/acts/revoke")
		boss.Fill(boss.Say("office.licence.reason"), "The invoice was never paid.")
		boss.Check(boss.Say("office.licence.revoke.confirm"))
		boss.Press(boss.Say("office.licence.revoke.go"))
		w.Open("/portal/licences")
		if page(w).Has(w.Say("portal.copy")) {
			t.Error("the key can still be copied")
		}
		page(w).Screenshot("door-revoked")
		w.Open("/portal/downloads")
		w.Sees(w.Say("downloads.locked.license-revoked"))
		answer, err = http.Get(link)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode < 400 {
			t.Errorf("the link still gives the file: %d", answer.StatusCode)
		}
		asked, err := http.Post(o.URL+"/api/v1/validate", "application/json", bytes.NewBufferString(`{"key":"`+key+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = asked.Body.Close() }()
		said, err := io.ReadAll(asked.Body)
		if err != nil || !strings.Contains(string(said), `"revoked"`) {
			t.Errorf("a product that asks hears %s (%v)", said, err)
		}
	})
}

// licenceOf is the office's page of somebody's licence.
func licenceOf(t *testing.T, office, w guide.Way) string {
	t.Helper()
	office.Open("/office/licences")
	office.Press(w.Organization)
	path := page(office).Path()
	if !strings.HasPrefix(path, "/office/licences/") {
		t.Fatalf("at %s", path)
	}
	return path
}
