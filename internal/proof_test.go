package internal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/portaltest"
)

// What a stranger cannot read, a stranger must not be able to measure either. A proof does the same to an account that is there and
// to one that is not, in turns, and compares.
//
// In CI it compares what the two cost in hashes and in statements on the database, which no noise touches. VESTIBULE_TEST_PROOF=1
// (make proof) compares time as the rule says: 400 samples of each in turns, the medians no further apart than 5 % or 2 ms, in at
// least two of three runs.
type proof struct {
	name string
	// known and unknown are the posts, made anew for each sample; login is the account's, or that of nobody.
	path  string
	form  func(login string) url.Values
	who   func(*household) []string // of the accounts that are there
	by    func(n int) string        // a login of nobody
	mails int                       // how many more messages the one that is there is sent, at most
	// timed says that the two do different work on purpose, which is too little to be measured: time alone is compared.
	timed bool
	// slack is how many statements more the one that is there may cost: a question to the database is a fiftieth of what the rule
	// of time allows.
	slack int
	// before does what comes before the post, in the same browser, and is not compared.
	before func(t *testing.T, c *client, login string)
}

// A household is the accounts that the proofs need: each a few times, so that no limit of one account is met.
type household struct {
	active, userIDs, unfinished, disabled, expired, staff, waiting []string
}

const homes = 8

// Statements that one message costs: it takes back older ones (two), and is kept. A link or a code in it costs some more.
const perMessage = 8

func nobody(n int) string        { return fmt.Sprintf("stranger%d@harbour%d.example", n, n) }
func nobodysUserID(n int) string { return fmt.Sprintf("stranger%d", n) }

func proofs() []proof {
	signIn := func(login string) url.Values {
		return url.Values{"login": {login}, "password": {"Not-The-Password-1"}}
	}
	email := func(login string) url.Values { return url.Values{"email": {login}} }
	login := func(login string) url.Values { return url.Values{"login": {login}} }
	begin := func(t *testing.T, c *client, who string) {
		t.Helper()
		c.post(t, "/reset-password", login(who))
	}
	all := []proof{
		{name: "sign in, a wrong password", path: "/sign-in", form: signIn, by: nobody, who: func(h *household) []string { return h.active }},
		{name: "sign in by UserID", path: "/sign-in", form: signIn, by: nobodysUserID, who: func(h *household) []string { return h.userIDs }},
		{name: "sign in, never finished", path: "/sign-in", form: signIn, by: nobody, who: func(h *household) []string { return h.unfinished }, mails: 1},
		{name: "sign in, disabled", path: "/sign-in", form: signIn, by: nobody, who: func(h *household) []string { return h.disabled }},
		{name: "sign in, expired", path: "/sign-in", form: signIn, by: nobody, who: func(h *household) []string { return h.expired }},
		{name: "sign in, staff", path: "/sign-in", form: signIn, by: nobody, who: func(h *household) []string { return h.staff }},
		{name: "forgot the UserID", path: "/forgot-user-id", form: email, by: nobody, who: func(h *household) []string { return h.active }, mails: 1},
		{name: "reset the password", path: "/reset-password", form: login, by: nobody, who: func(h *household) []string { return h.active }, mails: 1},
		{name: "reset by UserID", path: "/reset-password", form: login, by: nobodysUserID, who: func(h *household) []string { return h.userIDs }, mails: 1},
		{name: "reset, disabled", path: "/reset-password", form: login, by: nobody, who: func(h *household) []string { return h.disabled }, mails: 1},
		{name: "reset, never finished", path: "/reset-password", form: login, by: nobody, who: func(h *household) []string { return h.unfinished }, mails: 1},
		{name: "reset, staff", path: "/reset-password", form: login, by: nobody, who: func(h *household) []string { return h.staff }, mails: 1},
		{name: "reset, a wrong code", path: "/reset-password/code", by: nobody, before: begin,
			form: func(string) url.Values { return url.Values{"code": {"12345678"}} }, who: func(h *household) []string { return h.active }},
		{name: "reset, by SMS", path: "/reset-password/means", by: nobody, before: begin,
			form: func(string) url.Values { return url.Values{"means": {"sms"}} }, who: func(h *household) []string { return h.active }, mails: 1},
		{name: "ask for an evaluation", path: "/request", by: nobody, mails: 1, slack: 1, who: func(h *household) []string { return h.active }, form: request},
		{name: "ask for an evaluation again", path: "/request", by: nobody, timed: true, who: func(h *household) []string { return h.waiting }, form: request},
	}
	return all
}

func request(email string) url.Values {
	return url.Values{
		"first": {"Stran"}, "last": {"Ger"}, "email": {email}, "mobile-country": {"GB"}, "mobile": {"07400 123456"}, "organization": {"Somewhere Ltd"},
		"country": {"GB"}, "product": {"meeting"}, "users": {"250"}, "consent": {"on"},
	}
}

// furnish makes the accounts.
func furnish(t *testing.T, p *portaltest.Portal) (h household) {
	t.Helper()
	approver(t, p, "Ada")
	p.Change(t, func(tx *db.Tx) error {
		staff, err := account.FindByUserID(tx, "aprior")
		h.staff = []string{staff.Email}
		return err
	})
	for n := range homes {
		person := func(kind int) string {
			w := somebody(t, p, 10*kind+n)
			stepTwo(t, p, w, "")
			confirmEmail(t, p, w)
			return w.Email
		}
		h.active, h.disabled, h.expired = append(h.active, person(20)), append(h.disabled, person(21)), append(h.expired, person(22))
		h.userIDs = append(h.userIDs, p.Account(t, h.active[n]).UserID)
		disabled, expired := p.Account(t, h.disabled[n]), p.Account(t, h.expired[n])
		p.Change(t, func(tx *db.Tx) error {
			if err := account.Disable(tx, disabled.ID, account.ByStaff); err != nil {
				return err
			}
			return account.Expire(tx, expired.ID, account.ByStaff)
		})
		half := somebody(t, p, 230+n)
		half.GiveDetails()
		half.EnterCode(p.SMS(half.Mobile).Code(t))
		half.AcceptTerms()
		h.unfinished = append(h.unfinished, half.Email)
		asks := somebody(t, p, 240+n)
		asks.AskForAccess()
		h.waiting = append(h.waiting, asks.Email)
		p.Clock.Advance(time.Hour)
	}
	p.Deliver()
	return h
}

// A client is a stranger's browser without a page: it keeps cookies, and asks.
type client struct {
	p       *portaltest.Portal
	address string
	cookies map[string]string
}

func newClient(p *portaltest.Portal, n int) *client {
	return &client{p: p, address: fmt.Sprintf("203.%d.%d.7:40000", n/250%250, n%250), cookies: map[string]string{}}
}

func (c *client) request(t *testing.T, path string, form url.Values) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, portaltest.Base+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = c.address
	for name, value := range map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Origin": portaltest.Base, "Sec-Fetch-Site": "same-origin", "Accept-Language": "en",
	} {
		r.Header.Set(name, value)
	}
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func (c *client) post(t *testing.T, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	c.p.Handler.ServeHTTP(w, c.request(t, path, form))
	for _, one := range w.Result().Cookies() {
		c.cookies[one.Name] = one.Value
	}
	return w
}

// cost is what one answer cost.
type cost struct {
	status             int
	hashes, statements uint64
	messages           int
	took               time.Duration
}

func (one proof) sample(t *testing.T, p *portaltest.Portal, n int, login string) (c cost) {
	t.Helper()
	// So long after the sample before that no limit is met.
	p.Clock.Advance(time.Hour)
	from := newClient(p, n)
	if one.before != nil {
		one.before(t, from, login)
	}
	r, w := from.request(t, one.path, one.form(login)), httptest.NewRecorder()
	messages := p.Count(t, `SELECT COUNT(*) FROM outbox_message`)
	hashes, statements := p.Passwords.Hasher.Hashes(), p.DB.Statements()
	c.took = p.Took(func() { p.Handler.ServeHTTP(w, r) })
	c.hashes, c.statements = p.Passwords.Hasher.Hashes()-hashes, p.DB.Statements()-statements
	c.status, c.messages = w.Code, p.Count(t, `SELECT COUNT(*) FROM outbox_message`)-messages
	return c
}

func median[T uint64 | int | time.Duration](all []cost, of func(cost) T) T {
	var values []T
	for _, c := range all {
		values = append(values, of(c))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// turns does a proof in turns, the one that is there first in every other turn.
func (one proof) turns(t *testing.T, p *portaltest.Portal, h *household, n, from int) (known, unknown []cost) {
	t.Helper()
	who := one.who(h)
	for i := range n {
		there, gone := who[i%len(who)], one.by(from+i)
		if i%2 == 0 {
			known = append(known, one.sample(t, p, from+2*i, there))
			unknown = append(unknown, one.sample(t, p, from+2*i+1, gone))
		} else {
			unknown = append(unknown, one.sample(t, p, from+2*i, gone))
			known = append(known, one.sample(t, p, from+2*i+1, there))
		}
	}
	return known, unknown
}

// asvs: V6.3.8
// asvs: V6.4.3
func TestWhatCannotBeReadCannotBeMeasured(t *testing.T) {
	if dbtest.Proving() {
		t.Run("time", func(t *testing.T) {
			p := portaltest.SQLite(t, portaltest.RealHashes)
			h := furnish(t, p)
			for i, one := range proofs() {
				t.Run(one.name, func(t *testing.T) { one.time(t, p, &h, 100_000*(i+1)) })
			}
		})
		return
	}
	if testing.Short() {
		t.Skip("compares counts, which nothing else may share meanwhile")
	}
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		h := furnish(t, p)
		for i, one := range proofs() {
			if one.timed {
				continue
			}
			t.Run(one.name, func(t *testing.T) { one.count(t, p, &h, 1000*(i+1)) })
		}
	})
}

// count compares what does not depend on the machine.
func (one proof) count(t *testing.T, p *portaltest.Portal, h *household, from int) {
	t.Helper()
	const samples = 8 // 1/50 of the whole
	known, unknown := one.turns(t, p, h, samples, from)
	for i := range known {
		a, b := known[i], unknown[i]
		if a.status != b.status || a.hashes != b.hashes {
			t.Errorf("answered %d and %d, with %d and %d hashes", a.status, b.status, a.hashes, b.hashes)
		}
		if a.status >= http.StatusBadRequest && a.status != http.StatusUnprocessableEntity {
			t.Errorf("answered %d: nothing is compared here", a.status)
		}
		more := a.messages - b.messages
		if more < 0 || more > one.mails {
			t.Errorf("%d messages to the one that is there, %d to the other", a.messages, b.messages)
		}
	}
	// The first of a kind may have to look something up that is kept afterwards: the medians count.
	statements, messages := func(c cost) uint64 { return c.statements }, func(c cost) int { return c.messages }
	more := median(known, messages) - median(unknown, messages)
	if apart := int(median(known, statements)) - int(median(unknown, statements)); apart < 0 || apart > perMessage*more+one.slack {
		t.Errorf("%d statements and %d, with %d more messages", median(known, statements), median(unknown, statements), more)
	}
}

// time compares as a stranger with a watch would.
func (one proof) time(t *testing.T, p *portaltest.Portal, h *household, from int) {
	t.Helper()
	const samples, runs, must = 400, 3, 2
	held := 0
	for run := range runs {
		known, unknown := one.turns(t, p, h, samples, from+run*10_000)
		took := func(c cost) time.Duration { return c.took }
		a, b := median(known, took), median(unknown, took)
		apart, bound := (a - b).Abs(), max(max(a, b)/20, 2*time.Millisecond)
		t.Logf("run %d: median %v there, %v not there; apart %v, allowed %v", run+1, a, b, apart, bound)
		if apart <= bound {
			held++
		}
	}
	if held < must {
		t.Errorf("the medians were too far apart in %d of %d runs", runs-held, runs)
	}
}
