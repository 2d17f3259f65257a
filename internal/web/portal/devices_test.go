package portal_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vestibule/internal/activation"
	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
	"vestibule/license/verify"
)

// firm is an organization with a running licence, and its administrator who is signed in.
func firm(t *testing.T, p *portaltest.Portal, first, last, domain string, lim license.Term) (l license.License, b *portaltest.Browser) {
	t.Helper()
	a := member(t, p, first, last, domain)
	o := company(t, p, organization.Client, last, domain, a)
	write(t, p, func(tx *db.Tx) (err error) {
		if l, err = license.Make(tx, p.Secret, o.ID, "meeting"); err != nil {
			return err
		}
		lim.Kind, lim.StartsAt, lim.EndsAt = license.Evaluation, tx.Now(), tx.Now().AddDate(0, 0, 30)
		_, err = license.Grant(tx, p.Secret, l, lim)
		return err
	})
	b = p.Browser(t)
	signIn(b, strings.ToLower(first[:1]+last)).At(http.StatusOK, "/portal")
	return l, b
}

func fingerprint(l license.License, n int) string {
	return verify.Fingerprint(l.Product.ID, fmt.Sprint(n))
}

func requestOf(t *testing.T, l license.License, n int) string {
	t.Helper()
	text, err := verify.Request{Key: l.Key.Lookup(), Device: fingerprint(l, n)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func verifier(t *testing.T, p *portaltest.Portal, l license.License, n int) *verify.Verifier {
	t.Helper()
	v := &verify.Verifier{Product: l.Product.ID, Device: fingerprint(l, n), Clock: p.Clock.Now}
	keys, err := p.Activation.PublicKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		v.Keys = append(v.Keys, k.PublicKey)
	}
	return v
}

func TestADeviceWithoutANetworkIsActivatedByTypingAndRemoved(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		l, b := firm(t, p, "Marta", "Ellison", "vale.example", license.Term{Devices: 1, Seats: 1, FileDays: 7})
		home := "/portal/licences/" + l.ID
		right := requestOf(t, l, 1)
		slip := "A" + right[1:]
		if right[0] == 'A' {
			slip = "B" + right[1:]
		}
		b.Open(home+"/offline").Sees("7 days").Fill("Request", slip).Fill("Name of the device", "Meeting room 2").Press("Activate").
			At(http.StatusUnprocessableEntity, home+"/offline").Sees("typing slip in group 1")
		if b.Value("Name of the device") != "Meeting room 2" {
			t.Error("what was typed is lost")
		}
		b.Fill("Request", strings.ToLower(strings.ReplaceAll(right, "-", "  "))).Press("Activate").Sees("Answer for Meeting room 2", "is activated", "Typed", "By camera")
		v := verifier(t, p, l, 1)
		if got := v.CheckCode(strings.Join(texts(b, "ol li code"), " "), l.Key.String()); got.Code != verify.Valid {
			t.Errorf("the typed answer: %+v", got)
		}
		file := b.Copy().Open(b.URL.Path + "/file").Body
		if got := v.Check([]byte(file)); got.Code != verify.Valid {
			t.Errorf("the file: %+v", got)
		}

		b.Open(home+"/offline").Fill("Request", requestOf(t, l, 2)).Press("Activate").At(http.StatusUnprocessableEntity, home+"/offline").Sees("All 1 devices of this licence are taken")
		b.Open(home+"/devices").Sees("1 of 1 devices", "1 of 1 in use", "Meeting room 2", "Offline until")
		b.Press("Remove Meeting room 2").Sees("Remove Meeting room 2?", "It keeps running until", "only if it is given the new list")
		b.Press("Remove device").At(http.StatusOK, home+"/devices").Sees("The device is removed", "list of withdrawn files", "No device yet", "0 of 1 devices")
		if got := v.Check([]byte(file)); got.Code != verify.Valid {
			t.Errorf("without the list it runs on, as the page says: %+v", got)
		}
		if got := v.Revocations([]byte(b.Copy().Open(home + "/offline/list").Body)); got.Code != verify.Valid {
			t.Errorf("the list: %+v", got)
		}
		if got := v.Check([]byte(file)); got.Code != verify.Revoked {
			t.Errorf("with it: %+v", got)
		}
	})
}

// asvs: V16.2.5
func TestNeitherFingerprintNorCodeIsKeptOrLogged(t *testing.T) {
	p := portaltest.SQLite(t)
	l, b := firm(t, p, "Marta", "Ellison", "vale.example", license.Term{})
	home := "/portal/licences/" + l.ID
	asked := requestOf(t, l, 1)
	b.Open(home+"/offline").Fill("Request", asked).Press("Activate").Sees("Answer for")
	groups := texts(b, "ol li code")
	file := b.Copy().Open(b.URL.Path + "/file").Body
	if _, err := p.Activation.Activate(t.Context(), activation.Asked{Organization: l.Organization, Key: l.Key.String()}, activation.Machine{Fingerprint: fingerprint(l, 2), Name: "Lab PC"}); err != nil {
		t.Fatal(err)
	}
	b.Open(home + "/devices").Press("Remove Lab PC").Press("Remove device")
	for what, secret := range map[string]string{
		"a fingerprint": fingerprint(l, 2), "the fingerprint of an offline device": fingerprint(l, 1), "a request": asked,
		"an answer": strings.Join(groups, "-"), "the file": strings.Split(file, "\n")[len(strings.Split(file, "\n"))-4],
	} {
		if where := p.Holding(t, secret); where != "" {
			t.Errorf("%s stands in %s", what, where)
		}
		if strings.Contains(p.Log.Text(), secret) {
			t.Errorf("%s is logged", what)
		}
	}
	for _, key := range []string{l.Key.String(), string(l.Key), l.Key.Lookup()} {
		if strings.Contains(p.Log.Text(), key) {
			t.Error("the key is logged")
		}
	}
}

// upload sends a file as a browser's form does.
func upload(t *testing.T, p *portaltest.Portal, b *portaltest.Browser, path, text string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "../../request.txt")
	if err == nil {
		_, err = part.Write([]byte(text))
	}
	if err == nil {
		err = form.WriteField("file-name", " Lab PC ")
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, b.URL.Scheme+"://"+b.URL.Host+path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range b.Cookies() {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	p.Handler.ServeHTTP(w, r)
	return w
}

func TestARequestComesAsAFile(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		l, b := firm(t, p, "Marta", "Ellison", "vale.example", license.Term{})
		home := "/portal/licences/" + l.ID
		w := upload(t, p, b, home+"/offline/file", "\ufeff"+requestOf(t, l, 1)+"\r\n")
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		b.Open(w.Header().Get("Location")).Sees("Answer for Lab PC")
		for text, words := range map[string]string{
			" ":                         "Choose the file with the request",
			"!not a request":            "Group 1 holds a character",
			"\xff\xfe":                  "This is not a request for activation",
			strings.Repeat("A", 10_000): "This is longer than any request",
			requestOf(t, l, 2)[:40]:     "breaks off in group 6",
		} {
			if w := upload(t, p, b, home+"/offline/file", text); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), words) {
				t.Errorf("%.20q: %d", text, w.Code)
			}
		}
		if w := upload(t, p, b, home+"/offline/file", strings.Repeat("A", 100_000)); w.Code != http.StatusRequestEntityTooLarge && w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest {
			t.Errorf("a large file: %d", w.Code)
		}
	})
}

// asvs: V8.2.2 V8.4.1
func TestDevicesAreForTheOrganisationsOwnAdministratorsAndTechnicalPeople(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		l, b := firm(t, p, "Marta", "Ellison", "vale.example", license.Term{})
		_, stranger := firm(t, p, "Olga", "Other", "other.example", license.Term{})
		colleague := member(t, p, "Li", "Wei", "vale.example")
		write(t, p, func(tx *db.Tx) error {
			_, err := organization.Admit(tx, p.Secret, l.Organization, colleague.ID, colleague.EmailKey, organization.Member, organization.ByStaff)
			return err
		})
		plain := signIn(p.Browser(t), "lwei").At(http.StatusOK, "/portal")
		a, err := p.Activation.Offline(t.Context(), activation.Asked{Organization: l.Organization, License: l.ID}, requestOf(t, l, 1), "")
		if err != nil {
			t.Fatal(err)
		}
		home := "/portal/licences/" + l.ID
		for _, path := range []string{"/devices", "/devices/" + a.Device.ID + "/remove", "/offline", "/offline/" + a.Device.ID, "/offline/" + a.Device.ID + "/file"} {
			if b.Open(home + path); b.Status != http.StatusOK {
				t.Errorf("%s: %d to its own", path, b.Status)
			}
			if stranger.Open(home + path); stranger.Status != http.StatusNotFound {
				t.Errorf("%s: %d to another organisation", path, stranger.Status)
			}
			if plain.Open(home + path); plain.Status != http.StatusForbidden && plain.Status != http.StatusNotFound {
				t.Errorf("%s: %d to a plain member", path, plain.Status)
			}
		}
		for _, one := range []*portaltest.Browser{stranger, plain} {
			if one.Post(home+"/devices/"+a.Device.ID+"/remove", nil); one.Status != http.StatusNotFound && one.Status != http.StatusForbidden {
				t.Errorf("%d to a removal", one.Status)
			}
		}
		if stranger.Post(home+"/offline", map[string][]string{"request": {requestOf(t, l, 3)}}); stranger.Status != http.StatusNotFound {
			t.Errorf("%d to an activation", stranger.Status)
		}
		b.Open(home + "/devices").Sees("Device without a name")
	})
}
