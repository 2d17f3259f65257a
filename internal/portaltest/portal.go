// Package portaltest is a whole portal in one process for tests: the real
// database, services, pages and templates, with the test's own clock and
// chance, cheap hashes, and an inbox in place of mail servers and SMS
// providers. Its Browser is met the way a person meets a page: by labels and
// by the words on buttons.
//
// Nothing of the portal is replaced but what stands outside of it.
package portaltest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vestibule/internal/account"
	"vestibule/internal/app"
	"vestibule/internal/carrier"
	"vestibule/internal/config"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/password"
	"vestibule/internal/secret"
	"vestibule/internal/staff"
)

// Base is the portal's address.
const Base = "https://portal.example.com"

// A Portal is one node.
type Portal struct {
	*app.Portal
	Clock  *dbtest.Clock
	Secret secret.Source
	Inbox  *Inbox
	Log    *Log

	t testing.TB
}

// A Setting changes the configuration before the portal is built, as in
// "registration.duplicate_email=conceal".
type Setting string

// RealHashes makes passwords cost what they cost in production.
const RealHashes Setting = "real hashes"

// Each runs a scenario on a portal on SQLite and on one on PostgreSQL.
func Each(t *testing.T, scenario func(t *testing.T, p *Portal), settings ...Setting) {
	t.Helper()
	if dbtest.Embedded() {
		t.Run("sqlite", func(t *testing.T) { scenario(t, SQLite(t, settings...)) })
	}
	t.Run("postgres", func(t *testing.T) { scenario(t, Postgres(t, settings...)) })
}

// SQLite is a portal on a fresh SQLite database.
func SQLite(t testing.TB, settings ...Setting) *Portal {
	t.Helper()
	return start(t, newWorld(t), filepath.Join(t.TempDir(), "portal.db"), settings)
}

// Postgres is a portal on a fresh PostgreSQL database. It is skipped where
// there is none.
func Postgres(t testing.TB, settings ...Setting) *Portal {
	t.Helper()
	return start(t, newWorld(t), dbtest.FreshPostgres(t), settings)
}

// Two runs a scenario on two nodes of one PostgreSQL database, which share
// clock, chance, keys and inbox.
func Two(t *testing.T, scenario func(t *testing.T, a, b *Portal), settings ...Setting) {
	t.Helper()
	w, url := newWorld(t), dbtest.FreshPostgres(t)
	scenario(t, start(t, w, url, settings), start(t, w, url, settings))
}

// world is what nodes share.
type world struct {
	clock *dbtest.Clock
	src   secret.Source
	ring  *secret.Ring
	inbox *Inbox
	log   *Log
}

func newWorld(t testing.TB) world {
	src := dbtest.Chance(t)
	return world{clock: dbtest.NewClock(), src: src, ring: secret.NewRing(src), inbox: &Inbox{}, log: &Log{}}
}

func start(t testing.TB, w world, url string, settings []Setting) *Portal {
	t.Helper()
	// As cheap as Argon2id gets: most tests are about other things.
	params := password.Params{MemoryKiB: 8, Passes: 1, Lanes: 1}
	if i := slices.Index(settings, RealHashes); i >= 0 {
		params, settings = password.DefaultParams(), slices.Delete(slices.Clone(settings), i, i+1)
	}
	c := configured(t, url, settings)
	built, err := app.New(t.Context(), app.Options{
		Config: c, Version: "test", Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now: w.clock.Now, Secret: w.src, Ring: w.ring,
		Params:   params,
		Carriers: map[carrier.Channel][]carrier.Carrier{carrier.Email: {w.inbox}, carrier.SMS: {w.inbox}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := built.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if t.Failed() {
			t.Logf("the log of the portal:\n%s", w.log.Tail(40))
		}
	})
	return &Portal{Portal: built, Clock: w.clock, Secret: w.src, Inbox: w.inbox, Log: w.log, t: t}
}

// configured is the configuration of a portal in production, as far as one
// test needs it.
func configured(t testing.TB, url string, settings []Setting) *config.Config {
	t.Helper()
	all := append([]Setting{
		"base_url=" + Base, "vendor.name=Northwind Conferencing", "product.name=Meeting Add-On for GroupWise", "product.prefix=NWC", "product.code=meeting",
		"vendor.support_email=help@northwind.example", "vendor.support_phone=+1 415 555 0100", "office.time_zone=UTC",
	}, settings...)
	var env config.Environment
	env = append(env, "VESTIBULE_DATABASE_URL="+url, "VESTIBULE_DATA="+t.TempDir(), "VESTIBULE_OUTBOX_MODE=hold")
	for _, s := range all {
		name, value, _ := strings.Cut(string(s), "=")
		env = append(env, "VESTIBULE_"+strings.ToUpper(strings.ReplaceAll(name, ".", "_"))+"="+value)
	}
	empty := filepath.Join(t.TempDir(), "vestibule.toml")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(empty, env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Deliver sends what the outbox holds and is due.
func (p *Portal) Deliver() {
	p.t.Helper()
	for {
		n, err := p.Outbox.Deliver(context.WithoutCancel(p.t.Context()))
		if err != nil {
			p.t.Fatalf("deliver: %v", err)
		}
		if n == 0 {
			return
		}
	}
}

// Housekeeping runs every chore that is due at the clock's time.
func (p *Portal) Housekeeping() {
	p.t.Helper()
	if _, err := p.Chores.RunDue(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// Invite adds a member of staff and returns the link that the terminal shows.
func (p *Portal) Invite(t testing.TB, first, last string, roles ...staff.Role) string {
	t.Helper()
	inv, err := p.Staff.Add(t.Context(), staff.New{
		Email: strings.ToLower(first+"."+last) + "@northwind.example", FirstName: first, LastName: last, Lang: "en", Roles: roles,
	})
	if err != nil {
		t.Fatal(err)
	}
	return Base + staff.EnrolPath + inv.Token
}

// Authenticator is the code that an app shows for a key at the clock's time.
func (p *Portal) Authenticator(t testing.TB, key string) string {
	t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), p.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// Count runs a query that counts, for what no page shows.
func (p *Portal) Count(t testing.TB, query string, args ...any) int {
	t.Helper()
	var n int64
	err := p.DB.Read(context.WithoutCancel(t.Context()), func(tx *db.Tx) error { return tx.Get(query, args, &n) })
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return int(n)
}

// Account is the account of an address.
func (p *Portal) Account(t testing.TB, email string) (a account.Account) {
	t.Helper()
	p.Change(t, func(tx *db.Tx) error {
		e, err := account.ParseEmail(email)
		if err == nil {
			a, err = account.FindByEmail(tx, e.Key)
		}
		return err
	})
	return a
}

// Change does what no page does, or not yet.
func (p *Portal) Change(t testing.TB, f func(*db.Tx) error) {
	t.Helper()
	if err := p.DB.Write(context.WithoutCancel(t.Context()), f); err != nil {
		t.Fatal(err)
	}
}

// Took says how long f takes by the machine's own clock. It is for comparing two things done in turns, never for a limit.
func (p *Portal) Took(f func()) time.Duration {
	begun := app.Clock()
	f()
	return app.Clock().Sub(begun)
}

// Holding says which table of a SQLite database holds a text readable, or
// nothing.
func (p *Portal) Holding(t testing.TB, secret string) string {
	t.Helper()
	var found []string
	err := p.DB.Read(context.WithoutCancel(t.Context()), func(tx *db.Tx) error {
		var columns [][2]string
		if err := tx.Each(`SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.type = 'TEXT'`, nil,
			func(scan func(...any) error) error {
				var c [2]string
				err := scan(&c[0], &c[1])
				columns = append(columns, c)
				return err
			}); err != nil {
			return err
		}
		for _, c := range columns {
			var n int64
			if err := tx.Get(fmt.Sprintf(`SELECT COUNT(*) FROM %q WHERE instr(%q, $1) > 0`, c[0], c[1]), []any{secret}, &n); err != nil {
				return err
			}
			if n > 0 {
				found = append(found, c[0]+"."+c[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found, ", ")
}

// Inbox is where all messages of a test arrive.
type Inbox struct {
	mu   sync.Mutex
	all  []Message
	down bool
}

// A Message is what a recipient has in hand.
type Message struct {
	Channel carrier.Channel
	ID      string
	Kind    string
	To      string
	Lang    string
	Subject string
	Text    string
	HTML    string
}

// Name implements carrier.Carrier.
func (i *Inbox) Name() string { return "inbox" }

// Carry implements carrier.Carrier. A message that comes twice stays one, as
// it does for a mail program that looks at its Message-ID.
func (i *Inbox) Carry(_ context.Context, e carrier.Envelope) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.down {
		return "", fmt.Errorf("the provider is down")
	}
	for _, m := range i.all {
		if m.ID == e.ID {
			return "again", nil
		}
	}
	i.all = append(i.all, Message{Channel: e.Channel, ID: e.ID, Kind: e.Kind, To: e.To, Lang: e.Lang, Subject: e.Subject, Text: e.Text, HTML: e.HTML})
	return "taken", nil
}

// Down makes every provider fail, or work again.
func (i *Inbox) Down(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// To are the messages to an address or number, oldest first; all for "".
func (i *Inbox) To(recipient string) []Message {
	i.mu.Lock()
	defer i.mu.Unlock()
	var found []Message
	for _, m := range i.all {
		if recipient == "" || strings.EqualFold(m.To, recipient) {
			found = append(found, m)
		}
	}
	return found
}

// Kinds are the kinds of the messages to a recipient, oldest first, after
// delivering what is due.
func (p *Portal) Kinds(recipient string) []string {
	p.t.Helper()
	p.Deliver()
	var kinds []string
	for _, m := range p.Inbox.To(recipient) {
		kinds = append(kinds, m.Kind)
	}
	return kinds
}

// Mail is the newest e-mail to an address whose subject holds some words.
func (p *Portal) Mail(to, words string) Message {
	p.t.Helper()
	return p.newest(to, carrier.Email, words)
}

// SMS is the newest text message to a number.
func (p *Portal) SMS(to string) Message {
	p.t.Helper()
	return p.newest(to, carrier.SMS, "")
}

func (p *Portal) newest(to string, channel carrier.Channel, words string) Message {
	p.t.Helper()
	p.Deliver()
	all := p.Inbox.To(to)
	for k := len(all) - 1; k >= 0; k-- {
		if all[k].Channel == channel && strings.Contains(all[k].Subject, words) {
			return all[k]
		}
	}
	var there []string
	for _, m := range p.Inbox.To("") {
		there = append(there, fmt.Sprintf("%s %s: %s %s", m.Channel, m.To, m.Kind, m.Subject))
	}
	p.t.Fatalf("no %s to %s about %q; there are:\n%s", channel, to, words, strings.Join(there, "\n"))
	return Message{}
}

var (
	aLink = regexp.MustCompile(`https?://[^\s<>"]+`)
	aCode = regexp.MustCompile(`\b\d{6}\b`)
)

// Link is the first link of a message whose address holds part.
func (m Message) Link(t testing.TB, part string) string {
	t.Helper()
	for _, link := range aLink.FindAllString(m.Text, -1) {
		if strings.Contains(link, part) {
			return strings.TrimRight(link, ".,;)")
		}
	}
	t.Fatalf("no link with %q in %q:\n%s", part, m.Subject, m.Text)
	return ""
}

// Code is the code of six digits in a message.
func (m Message) Code(t testing.TB) string {
	t.Helper()
	code := aCode.FindString(m.Text)
	if code == "" {
		t.Fatalf("no code in %q:\n%s", m.Subject, m.Text)
	}
	return code
}

// Log is what the portal logged.
type Log struct {
	mu    sync.Mutex
	lines []string
}

// Write takes one line.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(b))
	return len(b), nil
}

// Text is the whole log.
func (l *Log) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "")
}

// Tail are the last n lines.
func (l *Log) Tail(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines[max(0, len(l.lines)-n):], "")
}
