package fetch_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/internal/db/dbtest"
	"vestibule/internal/download/downloadtest"
	"vestibule/internal/release"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/fetch"
	"vestibule/internal/web/pagetest"
)

// A rig is a world whose face is served on a real connection.
type rig struct {
	*downloadtest.World
	t      testing.TB
	server *httptest.Server
	log    *strings.Builder
	busy   sync.WaitGroup // handlers: a client has its last byte before the server has noted it
}

func each(t *testing.T, scenario func(t *testing.T, r *rig)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		later(e)
		scenario(t, serve(t, downloadtest.New(t, e)))
	})
}

// later sets the clock to a time that is to come for the machine: deadlines of real connections are measured by its own clock.
func later(e *dbtest.Env) { e.Clock.Set(time.Date(2099, time.June, 16, 9, 0, 0, 0, time.UTC)) }

func serve(t testing.TB, w *downloadtest.World) *rig {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{World: w, t: t, log: &strings.Builder{}}
	log := slog.New(slog.NewTextHandler(r.log, nil))
	kit, err := web.New(web.Options{
		BaseURL: "http://portal.example", Words: words, Lang: text.English, Vendor: *pagetest.Vendor(), Accent: "#0b5f80", Now: w.Clock.Now, NewID: func() string { return w.Secret.ID(w.Clock.Now()) }, Log: log,
		Token: func(ctx context.Context, token, address string) (web.Who, error) {
			c, _, err := w.Accounts.Caller(ctx, token, address)
			if err != nil {
				return web.Who{}, err
			}
			who := web.Who{Account: c.Account, Session: c.Token, Service: true, Name: c.Name, Organization: c.Organization, Company: c.Company}
			for _, s := range c.Scopes {
				who.Permissions = append(who.Permissions, string(s))
			}
			return who, nil
		},
	}, fetch.New(w.Downloads, w.Feeds, log).Routes())
	if err != nil {
		t.Fatal(err)
	}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.busy.Add(1)
		defer r.busy.Done()
		kit.ServeHTTP(w, q)
	}))
	t.Cleanup(r.server.Close)
	return r
}

// An answer is an HTTP answer that was read to its end, as far as it went.
type answer struct {
	*http.Response
	body []byte
	cut  error
}

// ask sends a request with headers in pairs.
func (r *rig) ask(method, path string, headers ...string) answer {
	r.t.Helper()
	return r.send(method, path, "", headers...)
}

func (r *rig) send(method, path, body string, headers ...string) answer {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), method, r.server.URL+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	got, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer got.Body.Close()
	a := answer{Response: got}
	a.body, a.cut = io.ReadAll(got.Body)
	return a
}

// want fails the test unless the answer has the status.
func (r *rig) want(a answer, status int) answer {
	r.t.Helper()
	if a.StatusCode != status {
		r.t.Fatalf("%s, wanted %d: %.300s", a.Status, status, a.body)
	}
	return a
}

// link is a link of Marta's to a release's only file.
func (r *rig) link(one release.Release) string {
	r.t.Helper()
	l, err := r.Downloads.Link(r.t.Context(), r.Marta.ID, one.Artifacts[0].ID)
	if err != nil || l.Agreement {
		r.t.Fatal(l, err)
	}
	return l.Path
}

// said is the log so far.
func (r *rig) said() string {
	r.busy.Wait()
	return r.log.String()
}
