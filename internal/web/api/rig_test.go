package api_test

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config apitest/client.yaml -o apitest/client/client.gen.go testdata/openapi-3.0.json

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"aead.dev/minisign"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
	"vestibule/internal/release"
	"vestibule/internal/web/api/apitest/client"
)

const (
	product     = "meeting"
	fingerprint = "9f86d081884c7d659a2feaa0c55ad015"
	elsewhere   = "00000000000000000000000000000abc"
)

// rig is a whole portal that programs of two companies speak to. Every request and every answer that goes through it is held against
// the document.
type rig struct {
	*portaltest.Portal
	t         testing.TB
	contract  validator.Validator
	publisher minisign.PrivateKey
	address   string // where requests come from

	secrets []string // that no log may know
}

// firm is a company with a licence, an administrator, and service accounts.
type firm struct {
	rig     *rig
	id      string
	license license.License
	boss    account.Account
}

func newRig(t testing.TB, p *portaltest.Portal) *rig {
	t.Helper()
	kept, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(kept)
	if err != nil {
		t.Fatal(err)
	}
	v, problems := validator.NewValidator(document)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r := &rig{Portal: p, t: t, contract: v, address: "192.0.2.7:4711"}
	public, private, err := minisign.GenerateKey(chance{p})
	if err != nil {
		t.Fatal(err)
	}
	r.publisher = private
	p.Change(t, func(tx *db.Tx) error {
		return license.PutProduct(tx, license.Product{ID: product, Name: "Meeting Add-On", Prefix: "NWC", Offered: true, PublisherKeys: []string{public.String()}})
	})
	return r
}

// chance reads from the portal's source, for a library that wants a reader.
type chance struct{ p *portaltest.Portal }

func (c chance) Read(b []byte) (int, error) { return copy(b, c.p.Secret.Bytes(len(b))), nil }

// firm makes a company with a subscription for two devices and one seat.
func (r *rig) firm(name string) *firm {
	r.t.Helper()
	f := &firm{rig: r}
	email, err := account.ParseEmail("boss@" + strings.ToLower(name) + ".example")
	if err != nil {
		r.t.Fatal(err)
	}
	now := r.Clock.Now()
	r.Change(r.t, func(tx *db.Tx) error {
		o, err := organization.Create(tx, r.Portal.Secret, organization.Organization{Name: name, Kind: organization.Client})
		if err != nil {
			return err
		}
		f.id = o.ID
		if f.license, err = license.Make(tx, r.Portal.Secret, o.ID, product); err != nil {
			return err
		}
		if _, err = license.Grant(tx, r.Portal.Secret, f.license, license.Term{
			Kind: license.Subscription, StartsAt: now, EndsAt: now.AddDate(1, 0, 0), GraceDays: 14, Policy: "subscription", PolicyVersion: 1,
			Devices: 2, Seats: 1, LeaseMinutes: 30, FileDays: 30, Features: []string{"rooms"}, Channels: []string{license.Stable},
		}); err != nil {
			return err
		}
		if f.boss, err = account.Create(tx, r.Portal.Secret, account.DefaultPattern, account.New{
			Email: email, EmailProved: true, FirstName: "Bea", LastName: name, Lang: "en", State: account.Active,
		}); err != nil {
			return err
		}
		_, err = organization.Admit(tx, r.Portal.Secret, o.ID, f.boss.ID, f.boss.EmailKey, organization.Administrator, organization.ByStaff)
		return err
	})
	r.secrets = append(r.secrets, f.license.Key.String(), string(f.license.Key), f.license.Key.Lookup())
	return f
}

// token makes a service account and returns its token.
func (f *firm) token(scopes ...organization.Scope) string {
	f.rig.t.Helper()
	_, token, err := f.rig.Organization.MakeServiceAccount(context.Background(), f.boss.ID, organization.NewServiceAccount{
		Name: "Program " + f.rig.Portal.Secret.Digits(8), Scopes: scopes,
	})
	if err != nil {
		f.rig.t.Fatal(err)
	}
	f.rig.secrets = append(f.rig.secrets, token, token[31:])
	return token
}

// all is a client with a token of every scope.
func (f *firm) all() *client.ClientWithResponses {
	return f.rig.client(f.token(organization.Scopes()...))
}

// client is the generated client, with a token or without.
func (r *rig) client(token string) *client.ClientWithResponses {
	r.t.Helper()
	c, err := client.NewClientWithResponses(portaltest.Base, client.WithHTTPClient(r), client.WithRequestEditorFn(func(_ context.Context, q *http.Request) error {
		if token != "" {
			q.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	}))
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// Do answers a request of the client from the portal in this process, and holds both against the document.
func (r *rig) Do(q *http.Request) (*http.Response, error) {
	var body []byte
	if q.Body != nil {
		body, _ = io.ReadAll(q.Body)
		q.Body = io.NopCloser(bytes.NewReader(body))
	}
	if ok, wrong := r.contract.ValidateHttpRequest(q); !ok {
		for _, w := range wrong {
			r.t.Errorf("%s %s: the document does not know this request: %s %s", q.Method, q.URL.Path, w.Message, w.Reason)
		}
	}
	q.Body = io.NopCloser(bytes.NewReader(body))
	answer := r.ask(q)
	if ok, wrong := r.contract.ValidateHttpResponse(q, answer); !ok {
		for _, w := range wrong {
			r.t.Errorf("%s %s: the document does not know this answer %d: %s %s", q.Method, q.URL.Path, answer.StatusCode, w.Message, w.Reason)
		}
	}
	return answer, nil
}

// ask answers a request, whether or not the document knows it.
func (r *rig) ask(q *http.Request) *http.Response {
	q = q.Clone(q.Context())
	q.RemoteAddr, q.RequestURI = r.address, q.URL.RequestURI()
	w := httptest.NewRecorder()
	r.Kit.ServeHTTP(w, q)
	return w.Result()
}

// problem is what a refusal says.
type problem struct{ Code, Detail, Field, Remedy, Instance, Type, Title string }

// raw sends what no generated client would, and returns status, headers and problem.
func (r *rig) raw(method, path, body string, set ...string) (*http.Response, string) {
	r.t.Helper()
	q := httptest.NewRequest(method, portaltest.Base+path, strings.NewReader(body))
	for i := 0; i+1 < len(set); i += 2 {
		q.Header.Set(set[i], set[i+1])
	}
	answer := r.ask(q)
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer, string(text)
}

// publish publishes a release with one file.
func (r *rig) publish(version, channel string) release.Release {
	r.t.Helper()
	ctx, by := context.Background(), release.Operator()
	made, err := r.Release.Make(ctx, by, release.Draft{Product: product, Version: version, Channel: channel, Notes: release.Notes{"en": "Fixes **much**.", "de": "Behebt **vieles**."}})
	if err != nil {
		r.t.Fatal(err)
	}
	content := bytes.Repeat([]byte(version), 1000)
	signed := minisign.NewReader(bytes.NewReader(content))
	if _, err := io.Copy(io.Discard, signed); err != nil {
		r.t.Fatal(err)
	}
	file := release.File{Kind: "windows-x64-msi", Name: "meeting-" + version + "-x64.msi", Title: "Windows installer", Size: int64(len(content)), Signature: string(signed.Sign(r.publisher))}
	if _, err := r.Release.Add(ctx, by, made.ID, file, bytes.NewReader(content)); err != nil {
		r.t.Fatal(err)
	}
	if err := r.Release.Verify(ctx); err != nil {
		r.t.Fatal(err)
	}
	if made, err = r.Release.Publish(ctx, by, made.ID, r.Clock.Now()); err != nil || made.State != release.Published {
		r.t.Fatalf("%+v %v", made, err)
	}
	return made
}

// keepsSecrets fails where the log knows a key or a token.
func (r *rig) keepsSecrets() {
	r.t.Helper()
	log := r.Log.Text()
	if !strings.Contains(log, "/api/v1/") {
		r.t.Error("the log knows of no request: what it does not say is no comfort")
	}
	for _, s := range r.secrets {
		if strings.Contains(log, s) {
			r.t.Errorf("the log knows %q", s)
		}
	}
}
