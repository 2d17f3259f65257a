package internal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"

	"vestibule/internal/account"
	"vestibule/internal/activation"
	"vestibule/internal/db"
	"vestibule/internal/feed"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
	"vestibule/internal/release"
	"vestibule/internal/staff"
	"vestibule/license/verify"
)

// A firm is an organization with one of everything that there is behind the door, and its administrator.
type firm struct {
	owner
	org            string
	licence, key   string
	print          string // the fingerprint of its device
	device, remote string // ids of a device, and of one without a network
	program, token string // a service account's id, and what it shows
	source, winget string // a secret address's id, and its path
	reader, atom   string
	product        string // that it alone has a licence for
	second         string // the licence for it
	made           release.Release
}

// artifact is a file that this firm alone may have.
func (f firm) artifact() string { return f.made.Artifacts[0].ID }

// vendor publishes for the tests.
type vendor struct {
	t   testing.TB
	p   *portaltest.Portal
	key minisign.PrivateKey
}

func newVendor(t testing.TB, p *portaltest.Portal) vendor {
	t.Helper()
	return vendor{t, p, publisher(t, p)}
}

// product adds a product that the vendor's key signs for.
func (v vendor) product(id, prefix string) {
	v.t.Helper()
	v.p.Change(v.t, func(tx *db.Tx) error {
		return license.PutProduct(tx, license.Product{ID: id, Name: "Product " + id, Prefix: prefix, PublisherKeys: []string{v.key.Public().(minisign.PublicKey).String()}})
	})
}

// publish publishes a release with one file.
func (v vendor) publish(product, version string, notes release.Notes, content string) release.Release {
	v.t.Helper()
	ctx, by := context.Background(), release.Operator()
	r, err := v.p.Release.Make(ctx, by, release.Draft{Product: product, Version: version, Channel: license.Stable, Notes: notes})
	if err != nil {
		v.t.Fatal(err)
	}
	file := release.File{Kind: "windows-x64", Name: product + "-" + version + ".msi", Size: int64(len(content)), Signature: minisig(v.t, v.key, content)}
	if _, err = v.p.Release.Add(ctx, by, r.ID, file, strings.NewReader(content)); err != nil {
		v.t.Fatal(err)
	}
	if r, err = v.p.Release.Publish(ctx, by, r.ID, time.Time{}); err != nil || r.State != release.Published {
		v.t.Fatalf("%+v, %v", r, err)
	}
	return r
}

// firm makes one. n tells them apart.
func (v vendor) firm(first string, n int) (f firm) {
	v.t.Helper()
	t, p, ctx := v.t, v.p, context.Background()
	f.product = "only" + strings.ToLower(first)
	v.product(f.product, fmt.Sprintf("NX%c", 'A'+n))
	f.made = v.publish(f.product, "1.0", nil, "of "+first)
	f.owner = settled(t, p, first, n, has{})
	l := joined(t, p, f.Account, first+" and Sons", license.Term{
		Kind: license.Subscription, EndsAt: p.Clock.Now().AddDate(1, 0, 0), Channels: []string{license.Stable}, FileDays: 30, Devices: 9,
	})
	f.org, f.licence, f.key = l.Organization, l.ID, l.Key.String()
	p.Change(t, func(tx *db.Tx) error {
		second, err := license.Make(tx, p.Secret, f.org, f.product)
		if err != nil {
			return err
		}
		f.second = second.ID
		_, err = license.Grant(tx, p.Secret, second, license.Term{
			Kind: license.Subscription, StartsAt: tx.Now(), EndsAt: tx.Now().AddDate(1, 0, 0), Channels: []string{license.Stable}, FileDays: 30,
		})
		return err
	})
	asked := activation.Asked{Organization: f.org, License: f.licence}
	f.print = verify.Fingerprint("meeting", first, "online")
	on, err := p.Activation.Activate(ctx, asked, activation.Machine{Fingerprint: f.print, Name: first + "'s desk"})
	if err != nil {
		t.Fatal(err)
	}
	request, err := verify.Request{Key: l.Key.Lookup(), Device: verify.Fingerprint("meeting", first, "remote")}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	off, err := p.Activation.Offline(ctx, asked, request, first+"'s ship")
	if err != nil {
		t.Fatal(err)
	}
	f.device, f.remote = on.Device.ID, off.Device.ID
	made, token, err := p.Organization.MakeServiceAccount(ctx, f.ID, organization.NewServiceAccount{Name: "Deploy " + first, Scopes: organization.Scopes()})
	if err != nil {
		t.Fatal(err)
	}
	f.program, f.token = made.ID, token
	for kind, to := range map[string][2]*string{feed.WinGET: {&f.source, &f.winget}, feed.Atom: {&f.reader, &f.atom}} {
		a, path, err := p.Feed.MakeAddress(ctx, f.ID, kind, "Address "+kind)
		if err != nil {
			t.Fatal(err)
		}
		*to[0], *to[1] = a.ID, path
	}
	return f
}

// things are ids of what a firm has.
func (f firm) things() map[string]string {
	return map[string]string{
		"licence": f.licence, "second licence": f.second, "device": f.device, "offline device": f.remote, "service account": f.program, "address": f.source, "feed address": f.reader,
		"artifact": f.artifact(), "release": f.made.ID, "product": f.product, "organization": f.org, "person": f.ID,
	}
}

// holds is how much of a firm's is in force.
func (f firm) holds(t testing.TB, p *portaltest.Portal) (s string) {
	t.Helper()
	for _, q := range []string{
		`SELECT COUNT(*) FROM term WHERE license_id IN (SELECT id FROM license WHERE organization_id = $1)`,
		`SELECT COUNT(*) FROM service_account WHERE revoked_at = 0 AND organization_id = $1`,
		`SELECT COUNT(*) FROM service_token WHERE service_account_id IN (SELECT id FROM service_account WHERE organization_id = $1)`,
		`SELECT COUNT(*) FROM feed_address WHERE revoked_at = 0 AND organization_id = $1`,
		`SELECT COUNT(*) FROM agreement_acceptance WHERE organization_id = $1`,
		`SELECT COUNT(*) FROM transfer WHERE organization_id = $1`,
		`SELECT COUNT(*) FROM organization_member WHERE organization_id = $1`,
	} {
		s += fmt.Sprintf("%s: %d\n", q, p.Count(t, q, f.org))
	}
	list, err := p.Activation.Devices(context.Background(), activation.Asked{Organization: f.org, License: f.licence}, "")
	if err != nil {
		t.Fatal(err)
	}
	return s + fmt.Sprintf("%d devices\n", list.Usage.Devices)
}

// inside is the administrator's browser, signed in just now.
func (f firm) inside(t testing.TB, p *portaltest.Portal) *portaltest.Browser {
	t.Helper()
	b := from(t, p, "203.0.113.5").Open("/sign-in")
	return b.Post("/sign-in", url.Values{"login": {f.UserID}, "password": {ownersPassword}}).At(http.StatusOK, "/portal")
}

// A said is what a program was answered.
type said struct {
	*http.Response
	body string
}

// code is that of a problem document.
func (s said) code() string {
	var p struct{ Code string }
	if json.Unmarshal([]byte(s.body), &p) != nil {
		return ""
	}
	return p.Code
}

// speak sends a request as a program does: headers in pairs.
func speak(p *portaltest.Portal, method, path, body string, set ...string) said {
	r := httptest.NewRequest(method, portaltest.Base+path, strings.NewReader(body))
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "192.0.2.77:4711"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(set); i += 2 {
		if set[i] == "from" {
			r.RemoteAddr = set[i+1]
			continue
		}
		r.Header.Set(set[i], set[i+1])
	}
	w := httptest.NewRecorder()
	p.Handler.ServeHTTP(w, r)
	answer := w.Result()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		b = []byte(err.Error())
	}
	return said{answer, string(b)}
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// heard is an answer without what differs from request to request.
func heard(s said, asked string) string {
	p := portaltest.Page{Status: s.StatusCode, URL: &url.URL{}, Header: s.Header.Clone(), Body: requestIDs.ReplaceAllString(s.body, "(request)")}
	for _, name := range []string{"Ratelimit", "Ratelimit-Policy", "X-Request-Id", "Content-Length"} {
		p.Header.Del(name)
	}
	return look(&p, asked, url.PathEscape(asked))
}

var requestIDs = regexp.MustCompile(`urn:request:[^"]+|\b[0-9a-f]{16}\b`)

// filled puts ids into the holes of a pattern, the last one again where there are more holes.
func filled(pattern string, ids ...string) string {
	n := -1
	return holes.ReplaceAllStringFunc(pattern, func(string) string { n++; return url.PathEscape(ids[min(n, len(ids)-1)]) })
}

// alwaysAlike are routes that answer every id alike: what it names is gone, or not one's own, or what is given is public.
var alwaysAlike = []string{
	"GET /portal/licences/{id}/offline/list", "POST /portal/vouch/{id}", "POST /portal/account/sessions/{id}/end", "POST /portal/account/sessions/devices/{id}/forget",
}

// asvs: V8.2.2 V8.2.3 V8.4.1
func TestNothingOfAnotherOrganizationIsThereOnAnyRoute(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		mine, theirs := v.firm("Anna", 1), v.firm("Boris", 2)
		before := theirs.holds(t, p)
		form := union(mine.owner)
		for k, value := range map[string]string{"token": "x", "life": "720h", "overlap": "24h", "accept": "yes", "kind": "winget", "request": "x", "product": theirs.product} {
			form.Set(k, value)
		}
		tried := 0
		for _, route := range p.Kit.Routes() {
			method, pattern, _ := strings.Cut(route.Pattern, " ")
			access, _, _ := strings.Cut(route.Access.String(), ":")
			if !strings.Contains(pattern, "{") || !slices.Contains([]string{"signed-in", "client", "member"}, access) {
				continue
			}
			p.Clock.Advance(11 * time.Minute)
			b := mine.inside(t, p)
			ask := func(path string) *portaltest.Page {
				if method == http.MethodPost {
					return b.Copy().Raw(path, form)
				}
				return b.Copy().Open(path).Page
			}
			nothing := p.Secret.ID(p.Clock.Now())
			for what, id := range theirs.things() {
				for _, ids := range [][2][]string{{{id}, {nothing}}, {{mine.licence, id}, {mine.licence, nothing}}, {{theirs.licence, id}, {nothing, nothing}}, {{mine.product, id}, {mine.product, nothing}}} {
					if len(ids[0]) > 1 && strings.Count(pattern, "{") < 2 {
						continue
					}
					got, none := ask(filled(pattern, ids[0]...)), ask(filled(pattern, ids[1]...))
					tried++
					if got.Status < 400 && !slices.Contains(alwaysAlike, route.Pattern) {
						t.Errorf("%s with a %s of another: %d", route.Pattern, what, got.Status)
					}
					if got.Status != none.Status || got.Heading() != none.Heading() || got.Text() != none.Text() {
						t.Errorf("%s tells a %s of another from none: %d %q, %d %q", route.Pattern, what, got.Status, got.Text(), none.Status, none.Text())
					}
					for _, name := range []string{"Boris", theirs.Email, theirs.key} {
						if strings.Contains(got.Body, name) {
							t.Errorf("%s with a %s of another tells %s", route.Pattern, what, name)
						}
					}
				}
			}
		}
		if tried < 300 {
			t.Errorf("only %d were tried", tried)
		}
		if now := theirs.holds(t, p); now != before {
			t.Errorf("the other organization has\n%s\nbefore:\n%s", now, before)
		}
		for _, path := range []string{"/portal/downloads?product=" + theirs.product, "/portal/downloads?start=" + theirs.artifact(), "/portal/downloads/" + mine.artifact() + "/signature?product=" + theirs.product} {
			if b := mine.inside(t, p).Open(path); b.Status != http.StatusNotFound && strings.Contains(b.Body, theirs.product) || b.Page.Header.Get("Refresh") != "" {
				t.Errorf("%s: %d %s", path, b.Status, b.Text())
			}
		}
	})
}

// asvs: V8.2.2 V8.4.1
func TestNoProgramGetsAtAnythingOfAnotherOrganization(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		mine, theirs := v.firm("Anna", 1), v.firm("Boris", 2)
		before := theirs.holds(t, p)
		nothing, noKey := p.Secret.ID(p.Clock.Now()), license.NewKey(p.Secret, "NWC").String()
		body := func(pairs ...string) string {
			m := map[string]string{}
			for i := 0; i+1 < len(pairs); i += 2 {
				m[pairs[i]] = pairs[i+1]
			}
			b, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		alike := func(what, method, path, theirsSays, noneSays, theirsBody, noneBody string) {
			t.Helper()
			got := speak(p, method, strings.ReplaceAll(path, "$", theirsSays), theirsBody, bearer(mine.token)...)
			none := speak(p, method, strings.ReplaceAll(path, "$", noneSays), noneBody, bearer(mine.token)...)
			if got.StatusCode < 400 || got.StatusCode >= 500 || got.StatusCode == http.StatusForbidden {
				t.Errorf("%s: %s %s", what, got.Status, got.body)
			}
			if a, b := heard(got, theirsSays), heard(none, noneSays); a != b {
				t.Errorf("%s is told from what there is not:\n%s", what, difference(a, b))
			}
			if strings.Contains(got.body, "Boris") {
				t.Errorf("%s: %s", what, got.body)
			}
		}
		for what, id := range theirs.things() {
			proof := body("fingerprint", theirs.print)
			alike("a heartbeat of a "+what, "POST", "/api/v1/devices/$/heartbeat", id, nothing, proof, proof)
			alike("the licence file of a "+what, "POST", "/api/v1/licenses/$/file", id, nothing, proof, proof)
			alike("the address of a "+what, "POST", "/api/v1/artifacts/$/url", id, nothing, "", "")
			alike("a "+what+" is deactivated", "POST", "/api/v1/devices/$/deactivate", id, nothing, "", "")
			alike("releases of a "+what, "GET", "/api/v1/releases?product=$", id, nothing, "", "")
			alike("the feed of a "+what, "GET", "/feeds/$/stable.json", id, nothing, "", "")
			alike("the reader's feed of a "+what, "GET", "/feeds/$/stable.atom", id, nothing, "", "")
			alike("the newest of a "+what, "GET", "/get/$/stable/windows-x64", id, nothing, "", "")
			alike("the package of a "+what, "GET", mine.winget+"/packageManifests/$", id, nothing, "", "")
			alike("the file of a "+what, "GET", mine.winget+"/files/$/x.msi", id, nothing, "", "")
			alike("a device of a "+what, "POST", "/api/v1/devices", id, nothing, body("license", id, "fingerprint", mine.print), body("license", nothing, "fingerprint", mine.print))
			alike("the status of a "+what, "POST", "/api/v1/validate", id, nothing, body("license", id), body("license", nothing))
		}
		alike("a device by another's key", "POST", "/api/v1/devices", theirs.key, noKey, body("key", theirs.key, "fingerprint", mine.print), body("key", noKey, "fingerprint", mine.print))

		// The status of a key is told to whoever has it, and nothing else.
		got := speak(p, "POST", "/api/v1/validate", body("key", theirs.key), bearer(mine.token)...)
		alone := speak(p, "POST", "/api/v1/validate", body("key", theirs.key))
		if got.StatusCode != http.StatusOK || got.body != alone.body || strings.Contains(got.body, theirs.licence) || strings.Contains(got.body, "device") {
			t.Errorf("another's key tells %s, alone %s", got.body, alone.body)
		}
		if found := speak(p, "POST", mine.winget+"/manifestSearch", `{"FetchAllManifests":true}`); strings.Contains(found.body, theirs.product) {
			t.Errorf("winget finds %s", found.body)
		}
		if now := theirs.holds(t, p); now != before {
			t.Errorf("the other organization has\n%s\nbefore:\n%s", now, before)
		}
	})
}

// tokenRoutes are the routes for programs with a token, with what it takes to get to their answers.
func tokenRoutes(p *portaltest.Portal, f firm) (all []struct{ method, path, body, scope string }) {
	fill := map[string]string{"{product}": "meeting", "{channel}": "stable", "{kind}": "windows-x64", "{file}": "stable.json"}
	for _, route := range p.Kit.Routes() {
		method, pattern, _ := strings.Cut(route.Pattern, " ")
		access, scope, _ := strings.Cut(route.Access.String(), ":")
		if access != "token" {
			continue
		}
		one := struct{ method, path, body, scope string }{method: method, scope: scope}
		switch {
		case strings.Contains(pattern, "/devices/{id}"):
			one.path, one.body = filled(pattern, f.device), `{"fingerprint":"`+f.print+`"}`
		case strings.Contains(pattern, "/licenses/{id}"):
			one.path, one.body = filled(pattern, f.licence), `{}`
		case strings.Contains(pattern, "/artifacts/{id}"):
			one.path = filled(pattern, f.artifact())
		case pattern == "/api/v1/devices":
			one.path, one.body = pattern, `{"license":"`+f.licence+`","fingerprint":"`+f.print+`"}`
		case pattern == "/api/v1/releases":
			one.path = pattern + "?product=meeting"
		default:
			one.path = holes.ReplaceAllStringFunc(pattern, func(hole string) string { return fill[hole] })
		}
		all = append(all, one)
	}
	return all
}

// asvs: V7.4.1 V8.2.1 V14.2.1
func TestATokenOpensWhatItsScopesNameForAsLongAsItLives(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		f := v.firm("Anna", 1)
		v.publish("meeting", "1.0", nil, "one")
		ctx := t.Context()
		make1 := func(name string, life time.Duration, scopes ...organization.Scope) (string, string, string) {
			a, token, err := p.Organization.MakeServiceAccount(ctx, f.ID, organization.NewServiceAccount{Name: name, Scopes: scopes, Life: life})
			if err != nil {
				t.Fatal(err)
			}
			return a.ID, token, a.Tokens[0].ID
		}
		all := organization.Scopes()
		routes := tokenRoutes(p, f)
		if len(routes) < 9 {
			t.Fatalf("only %d routes want a token", len(routes))
		}
		// Each route by each scope alone, and by all but its own.
		for _, scope := range all {
			_, alone, _ := make1("Alone "+string(scope), 0, scope)
			_, others, _ := make1("Without "+string(scope), 0, slices.DeleteFunc(slices.Clone(all), func(s organization.Scope) bool { return s == scope })...)
			for _, r := range routes {
				for token, opens := range map[string]bool{alone: r.scope == string(scope), others: r.scope != string(scope)} {
					if strings.HasSuffix(r.path, "/deactivate") && opens {
						continue // it would be gone
					}
					got := speak(p, r.method, r.path, r.body, bearer(token)...)
					if !opens && (got.StatusCode != http.StatusForbidden || got.code() != "scope-missing") || opens && got.StatusCode != http.StatusOK {
						t.Errorf("%s %s (%s) is answered %s, opens %v, to %s", r.method, r.path, r.scope, got.Status, opens, scope)
					}
				}
			}
		}
		_, short, _ := make1("Short", time.Hour, all...)
		gone, revoked, _ := make1("Gone", 0, all...)
		if _, err := p.Organization.RevokeServiceAccount(ctx, f.ID, gone); err != nil {
			t.Fatal(err)
		}
		turned, old, seen := make1("Turned", 0, all...)
		_, newer, err := p.Organization.RotateToken(ctx, f.ID, turned, seen, 0, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		_, cut, seen := make1("Cut", 0, all...)
		for _, token := range []string{short, old, newer} {
			if got := speak(p, "GET", "/api/v1/licenses", "", bearer(token)...); got.StatusCode != http.StatusOK {
				t.Errorf("a good token is answered %s", got.Status)
			}
		}
		p.Clock.Advance(time.Hour)
		list, err := p.Organization.ServiceAccounts(ctx, f.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			if a.Name == "Cut" {
				if _, _, err := p.Organization.RotateToken(ctx, f.ID, a.ID, seen, 0, 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		last := newer[len(newer)-1]
		other := map[bool]string{true: "a", false: "b"}[last != 'a']
		bad := map[string][]string{
			"none": nil, "an expired one": bearer(short), "a revoked one": bearer(revoked), "one after its overlap": bearer(old), "one without overlap": bearer(cut),
			"one changed at its end": bearer(newer[:len(newer)-1] + other), "two halves": bearer(old[:31] + newer[31:]), "one in capitals": bearer(strings.ToUpper(newer)),
			"a cookie": {"Cookie", "__Host-session=" + newer + "; token=" + newer + "; Authorization=Bearer " + newer}, "as the name of Basic": {"Authorization", "Basic " + newer},
			"another header": {"X-Api-Key", newer}, "Bearer twice": {"Authorization", "Bearer Bearer " + newer}, "a list": {"Authorization", "Bearer " + newer + "," + newer},
			"a session": {"Authorization", "Bearer " + ticketOf(t, f.inside(t, p), "session")}, "an address": {"Authorization", "Bearer " + strings.TrimPrefix(f.winget, "/winget/")},
		}
		for _, r := range routes {
			for what, set := range bad {
				if got := speak(p, r.method, r.path, r.body, set...); got.StatusCode != http.StatusUnauthorized || got.Header.Get("Www-Authenticate") == "" {
					t.Errorf("%s %s with %s is answered %s", r.method, r.path, what, got.Status)
				}
			}
			glue := map[bool]string{true: "&", false: "?"}[strings.Contains(r.path, "?")]
			for _, name := range []string{"access_token", "token", "authorization"} {
				if got := speak(p, r.method, r.path+glue+name+"="+newer, r.body); got.StatusCode != http.StatusUnauthorized {
					t.Errorf("%s %s with a token in its address is answered %s", r.method, r.path, got.Status)
				}
			}
		}
		// Its maker goes; the program is the organization's and stays, until somebody revokes it.
		p.Change(t, func(tx *db.Tx) error { return account.Disable(tx, f.ID, account.ByStaff) })
		if got := speak(p, "GET", "/api/v1/licenses", "", bearer(newer)...); got.StatusCode != http.StatusOK {
			t.Errorf("without its maker a token is answered %s", got.Status)
		}
	})
}

// asvs: V2.4.1 V6.3.8
func TestToGuessKeysIsSlowWhereverFrom(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		f := v.firm("Anna", 1)
		guess := func() string { return `{"key":"` + license.NewKey(p.Secret, "NWC").String() + `"}` }
		refused := 0
		for k := range 30 {
			got := speak(p, "POST", "/api/v1/validate", guess(), "from", fmt.Sprintf("[2001:db8:0:7:%x::%x]:99", k+1, k), "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", k), "X-Real-Ip", "203.0.113.9")
			if got.StatusCode == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused != 10 {
			t.Errorf("of 30 guesses from one network of IPv6 %d were refused", refused)
		}
		if got := speak(p, "POST", "/api/v1/validate", guess(), "from", "[2001:db8:0:8::1]:99"); got.StatusCode != http.StatusOK {
			t.Errorf("another network is answered %s", got.Status)
		}
		// A key that there is and one that there is not are answered in one shape, and neither says whose it is.
		known, none := speak(p, "POST", "/api/v1/validate", `{"key":"`+f.key+`"}`), speak(p, "POST", "/api/v1/validate", guess())
		shape := func(s said) (names []string) {
			var m map[string]any
			if err := json.Unmarshal([]byte(s.body), &m); err != nil {
				t.Fatal(err)
			}
			for k := range m {
				names = append(names, k)
			}
			for k := range s.Header {
				names = append(names, k)
			}
			slices.Sort(names)
			return names
		}
		if a, b := shape(known), shape(none); !slices.Equal(slices.DeleteFunc(a, func(s string) bool { return s == "remedy" }), slices.DeleteFunc(b, func(s string) bool { return s == "remedy" })) {
			t.Errorf("%v, %v", a, b)
		}
		for _, word := range []string{f.licence, f.org, "Anna", "2026", "2027", f.product} {
			if strings.Contains(known.body, word) {
				t.Errorf("a key alone tells %s: %s", word, known.body)
			}
		}
		// Nor does a token open more guesses than it has requests.
		through := 0
		for range 700 {
			if speak(p, "POST", "/api/v1/validate", guess(), bearer(f.token)...).StatusCode == http.StatusOK {
				through++
			}
		}
		if through > 600 {
			t.Errorf("%d guesses by one token at once", through)
		}
	})
}

// asvs: V1.5.3 V2.2.1 V4.1.1
func TestNoBodyBreaksARouteForPrograms(t *testing.T) {
	p := portaltest.SQLite(t)
	v := newVendor(t, p)
	f := v.firm("Anna", 1)
	v.publish("meeting", "1.0", nil, "one")
	ok := `"key":"` + f.key + `","fingerprint":"` + f.print + `"`
	bodies := map[string]string{
		"deep lists": strings.Repeat("[", 30_000), "deep objects": strings.Repeat(`{"a":`, 10_000), "a deep value": `{"key":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
		"65 KiB": `{"key":"` + strings.Repeat("A", 65<<10) + `"}`, "a megabyte": `{"key":"` + strings.Repeat("A", 1<<20) + `"}`, "a huge number": `{"key":1e999999999}`, "many digits": `{"key":` + strings.Repeat("9", 5000) + `}`,
		"no number": `{"key":NaN}`, "an object": `{"key":{"$ne":""}}`, "a list": `{"key":["x"]}`, "true": `{"key":true}`, "comments": `{/**/` + ok + `}`, "single quotes": `{'key':'x'}`, "a comma more": `{` + ok + `,}`,
		"a mark": "\ufeff{" + ok + "}", "UTF-16": "\xff\xfe{\x00}\x00", "zero": "{\"key\":\"\x00\"}", "an escaped zero": `{"key":"\u0000"}`, "half a pair": `{"key":"\ud800"}`, "another's field": `{` + ok + `,"organization":"x"}`,
		"a prototype": `{` + ok + `,"__proto__":{"admin":true}}`, "capitals": `{"KEY":"x"}`, "many fields": `{"a":1` + strings.Repeat(`,"a":1`, 1000) + `}`, "trailing": `{` + ok + `}garbage`, "XML": `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>`,
		"markup": `{"key":"<script>alert(1)</script>"}`,
	}
	routes := tokenRoutes(p, f)
	routes = append(routes, struct{ method, path, body, scope string }{method: "POST", path: "/api/v1/validate"}, struct{ method, path, body, scope string }{method: "POST", path: f.winget + "/manifestSearch"})
	for _, r := range routes {
		if r.method != "POST" {
			continue
		}
		reads := !strings.HasSuffix(r.path, "/url") && !strings.HasSuffix(r.path, "/deactivate")
		for what, body := range bodies {
			got := speak(p, r.method, r.path, body, bearer(f.token)...)
			if got.StatusCode >= 500 || reads && got.StatusCode < 300 && !strings.HasPrefix(r.path, "/winget") {
				t.Errorf("%s with %s is answered %s %.200s", r.path, what, got.Status, got.body)
			}
			if strings.Contains(got.body, "<script") || strings.Contains(got.body, "root:") {
				t.Errorf("%s with %s says %.200s", r.path, what, got.body)
			}
		}
	}
	// Of a name that stands twice one reader must not take the first and another the last: here it is the last, and no more than that.
	twice := speak(p, "POST", "/api/v1/validate", `{"key":"`+license.NewKey(p.Secret, "NWC").String()+`","key":"`+f.key+`"}`)
	if twice.StatusCode != http.StatusOK && twice.StatusCode != http.StatusBadRequest && twice.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a name twice: %s %s", twice.Status, twice.body)
	}
}

// newWays are the forms that make something by which a program, or whoever has it, gets in without a password.
var newWays = []string{"/portal/tokens/new", "/portal/tokens/{id}/rotate", "/portal/feeds", "/portal/feeds/{id}/replace"}

// asvs: V7.5.1 V7.5.3
func TestAnOldSignInMakesNoNewWayIn(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		f := v.firm("Anna", 1)
		b := f.inside(t, p)
		p.Clock.Advance(6 * time.Minute)
		before := f.holds(t, p)
		for _, pattern := range newWays {
			id := map[bool]string{true: f.source, false: f.program}[strings.Contains(pattern, "feeds")]
			page := b.Copy().Raw(filled(pattern, id), url.Values{
				"name": {"Mine"}, "scopes": {"validate"}, "life": {"720h"}, "overlap": {"0"}, "kind": {"winget"}, "token": {f.token[4:30]},
			})
			if page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Header.Get("Location"), "/sign-in/again") {
				t.Errorf("POST %s by a sign-in of six minutes is answered %d", pattern, page.Status)
			}
			if regexp.MustCompile(`vst_|/winget/[0-9A-Za-z_-]{20}`).MatchString(page.Body) {
				t.Errorf("POST %s by a sign-in of six minutes shows a secret", pattern)
			}
		}
		if now := f.holds(t, p); now != before {
			t.Errorf("there are\n%s\nbefore:\n%s", now, before)
		}
		if got := speak(p, "GET", f.winget+"/information", ""); got.StatusCode != http.StatusOK {
			t.Errorf("the address was replaced: %s", got.Status)
		}
	})
}

// asvs: V1.2.1 V2.2.1
func TestNamesOfProgramsDeceiveNobody(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		f := v.firm("Anna", 1)
		b := f.inside(t, p)
		desk := browserOf(member(t, p, "Rita", "administrator"))
		deceit := []string{"\u202egnp.exe", "a\u0000b", "a\x1bb", "Blocked! Go to https://evil.example/now", "www.evil.example", "zero\u200bwidth"}
		for i, name := range append(deceit, `<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "=cmd|'/c calc'!A1", "{{.}}${7*7}", "' OR 1=1 --") {
			p.Clock.Advance(11 * time.Minute)
			b = f.inside(t, p)
			hidden := i < len(deceit)
			program := b.Copy().Raw("/portal/tokens/new", url.Values{"name": {name}, "scopes": {"validate"}, "life": {"720h"}})
			address := b.Copy().Raw("/portal/feeds", url.Values{"name": {name}, "kind": {"winget"}})
			asJSON, err := json.Marshal(map[string]string{"license": f.licence, "fingerprint": verify.Fingerprint("meeting", fmt.Sprint("n", i)), "name": name, "platform": name})
			if err != nil {
				t.Fatal(err)
			}
			device := speak(p, "POST", "/api/v1/devices", string(asJSON), bearer(f.token)...)
			if hidden && (program.Status != http.StatusUnprocessableEntity || address.Status != http.StatusUnprocessableEntity || device.StatusCode != http.StatusUnprocessableEntity) {
				t.Errorf("%q is taken: of a program %d, of an address %d, of a device %d", name, program.Status, address.Status, device.StatusCode)
			}
			for what, page := range map[string]*portaltest.Page{"the form for a program": program, "the form for an address": address} {
				if page.Status >= 500 || holdsMarkup(page) != "" {
					t.Errorf("%q: %s is answered %d, with %s as markup", name, what, page.Status, holdsMarkup(page))
				}
			}
		}
		for who, paths := range map[*portaltest.Browser][]string{
			b:    {"/portal/tokens", "/portal/feeds", "/portal/licences/" + f.licence + "/devices", "/portal/licences/" + f.licence, "/portal/downloads"},
			desk: {"/office/licences/" + f.licence, "/office/licences/" + f.licence + "/devices", "/office/transfers", "/office/audit"},
		} {
			for _, path := range paths {
				if page := who.Open(path).Page; page.Status >= 500 || holdsMarkup(page) != "" || strings.ContainsAny(page.Body, "\u202e\x1b\u200b") {
					t.Errorf("%s is %d, with %q as markup", path, page.Status, holdsMarkup(page))
				}
			}
		}
		p.Deliver()
		for _, m := range p.Inbox.To("") {
			if strings.Contains(m.Subject+m.Text+m.HTML, "evil.example") || strings.Contains(m.HTML, "<script>") || strings.ContainsAny(m.Subject+m.Text, "\u202e\x1b\u200b") {
				t.Errorf("%s to %s says %s\n%s", m.Kind, m.To, m.Subject, m.Text)
			}
		}
	})
}

// asvs: V8.2.1
func TestEachRouteOfTheOfficeOpensToTheRolesThatMayAndToNoOther(t *testing.T) {
	p := portaltest.SQLite(t)
	v := newVendor(t, p)
	f := v.firm("Anna", 1)
	for i, role := range staff.Roles() {
		roles := []staff.Role{role, staff.Approver} // who sets up an account is shown the requests
		desk := browserOf(member(t, p, []string{"Ada", "Ben", "Cleo", "Dora", "Emil"}[i], roles...))
		tried := 0
		for _, route := range p.Kit.Routes() {
			method, pattern, _ := strings.Cut(route.Pattern, " ")
			access, need, _ := strings.Cut(route.Access.String(), ":")
			if access != "staff" || need == "" {
				continue
			}
			for _, path := range []string{instance(pattern), filled(pattern, f.licence, f.device), filled(pattern, f.made.ID, f.artifact()), filled(pattern, f.product)} {
				page := desk.Copy()
				if method == http.MethodPost {
					page.Raw(path, nil)
				} else {
					page.Open(path)
				}
				if refused := page.Status == http.StatusForbidden; refused == staff.May(roles, staff.Permission(need)) {
					t.Errorf("%s %s (%s) is answered %d to %v", method, path, need, page.Status, roles)
				}
				tried++
			}
		}
		if tried < 100 {
			t.Errorf("only %d were tried", tried)
		}
	}
	// Whoever is no administrator and not technical in an organization gets at none of its programs, devices and addresses.
	before := f.holds(t, p)
	other := settled(t, p, "Mark", 7, has{})
	p.Change(t, func(tx *db.Tx) error {
		_, err := organization.Admit(tx, p.Secret, f.org, other.ID, other.EmailKey, organization.Member, organization.ByStaff)
		return err
	})
	b := inPortal(t, p, other)
	for _, route := range p.Kit.Routes() {
		method, pattern, _ := strings.Cut(route.Pattern, " ")
		if access, _, _ := strings.Cut(route.Access.String(), ":"); access != "member" {
			continue
		}
		for _, path := range []string{filled(pattern, f.licence, f.device), filled(pattern, f.program), filled(pattern, f.source)} {
			page := b.Copy()
			if method == http.MethodPost {
				page.Raw(path, url.Values{"name": {"x"}, "scopes": {"validate"}, "kind": {"winget"}, "life": {"720h"}})
			} else {
				page.Open(path)
			}
			if page.Status != http.StatusForbidden {
				t.Errorf("%s %s is answered %d to a plain member", method, path, page.Status)
			}
		}
	}
	if now := strings.Replace(f.holds(t, p), "organization_member WHERE organization_id = $1: 2", "organization_member WHERE organization_id = $1: 1", 1); now != before {
		t.Errorf("there are\n%s\nbefore:\n%s", now, before)
	}
}

// asvs: V8.2.2
func TestARequestOfADeviceIsAnsweredForItsOwnLicenceAlone(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		v := newVendor(t, p)
		mine, theirs := v.firm("Anna", 1), v.firm("Boris", 2)
		before := mine.holds(t, p) + theirs.holds(t, p)
		request := func(key, device string) string {
			k, err := license.ParseKey(key)
			if err != nil {
				t.Fatal(err)
			}
			text, err := verify.Request{Key: k.Lookup(), Device: device}.Encode()
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		b := mine.inside(t, p)
		for what, c := range map[string][2]string{
			"another's key": {mine.licence, request(theirs.key, mine.print)}, "the key of the other licence": {mine.second, request(mine.key, mine.print)},
			"a key that there is not": {mine.licence, request(license.NewKey(p.Secret, "NWC").String(), mine.print)},
		} {
			if page := b.Copy().Raw("/portal/licences/"+c[0]+"/offline", url.Values{"request": {c[1]}, "name": {"x"}}); page.Status != http.StatusUnprocessableEntity {
				t.Errorf("a request with %s is answered %d", what, page.Status)
			}
		}
		if now := mine.holds(t, p) + theirs.holds(t, p); now != before {
			t.Errorf("there are\n%s\nbefore:\n%s", now, before)
		}
		// What one organization was given is nothing to the product of another.
		keys, err := p.Activation.PublicKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		given, err := p.Activation.Answer(t.Context(), activation.Asked{Organization: theirs.org, License: theirs.licence}, theirs.remote)
		if err != nil {
			t.Fatal(err)
		}
		product := &verify.Verifier{Product: "meeting", Device: mine.print, Clock: p.Clock.Now, State: verify.FileState(t.TempDir() + "/state")}
		for _, k := range keys {
			product.Keys = append(product.Keys, k.PublicKey)
		}
		if got := product.Check([]byte(given.File.Text)); got.Code != verify.WrongDevice {
			t.Errorf("another's file is %s", got.Code)
		}
		for _, key := range []string{mine.key, theirs.key} {
			if got := product.CheckCode(given.Code(), key); got.Code == verify.Valid {
				t.Error("another's code is taken")
			}
		}
	})
}
