package recovery

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
)

// A holder is somebody with a ticket, as the model knows it: what was proved is
// written down from what was given, never from what the Service says.
type holder struct {
	ticket Ticket
	dead   []Ticket         // that were replaced
	codes  map[Means]string // the newest that was sent for this ticket
	sentAt map[Means]time.Time
	means  Means
	proved []Means
	app    bool
	right  bool // both answers
}

// A world is one account, those who try to get in, and every secret that ever
// left: anybody may try any of them anywhere.
type world struct {
	*rig
	rt      *rapid.T
	account known
	has     like
	holders []*holder
	secrets []string
	links   map[string]time.Time // unspent, until when
	mails   int
	texts   int
	hash    string // of the password, as the model expects it
	used    int    // recovery codes
	n       int    // passwords tried so far
	resets  int    // that went well
}

// required says, in the design's own words, whether what the holder proved is
// enough.
func (w *world) required(h *holder) bool {
	switch {
	case len(h.proved) == 0: // possession first
		return false
	case w.has.app: // its code is always among the proofs
		return h.app
	case len(h.proved) > 1: // a second possession
		return true
	case !w.has.noQuestions && !w.has.legacy: // never questions alone, both right
		return h.right
	}
	// Nothing but its address, and imported.
	return w.has.legacy && h.proved[0] == Email
}

// collect notes the secrets that an act sent; by is whose act it was.
func (w *world) collect(by *holder) {
	box, phone := w.rig.mails(w.account.Email), w.rig.mails(mobileOf)
	for _, m := range box[:len(box)-w.mails] {
		text := m.Text
		if found := linkIn.FindStringSubmatch(text); found != nil {
			w.links[found[1]] = w.env.Clock.Now().Add(w.Settings.Link)
			text = linkIn.ReplaceAllString(text, "")
		}
		if c := codeIn.FindString(text); c != "" && by != nil {
			by.codes[Email], by.sentAt[Email] = c, w.env.Clock.Now()
			w.secrets = append(w.secrets, c)
		}
	}
	for _, m := range phone[:len(phone)-w.texts] {
		if c := codeIn.FindString(m.Text); c != "" && by != nil {
			by.codes[SMS], by.sentAt[SMS] = c, w.env.Clock.Now()
			w.secrets = append(w.secrets, c)
		}
	}
	w.mails, w.texts = len(box), len(phone)
}

func (w *world) one() *holder {
	if len(w.holders) == 0 {
		w.rt.Skip("nobody asked yet")
	}
	return rapid.SampledFrom(w.holders).Draw(w.rt, "holder")
}

// any is a ticket of the holder: now and then one that is dead.
func (w *world) any(h *holder) Ticket {
	if len(h.dead) > 0 && rapid.IntRange(0, 9).Draw(w.rt, "an old ticket") == 0 {
		return rapid.SampledFrom(h.dead).Draw(w.rt, "which")
	}
	return h.ticket
}

// moved takes the new ticket; a proof by a dead one is a hole.
func (w *world) moved(h *holder, by Ticket, n Next) {
	if by != h.ticket {
		w.rt.Fatal("a dead ticket goes on")
	}
	if n.Ticket != "" {
		h.dead, h.ticket = append(h.dead, h.ticket), n.Ticket
	}
}

// giveCode tries a code on a ticket.
func (w *world) giveCode(h *holder, by Ticket, given string) {
	n, err := w.VerifyCode(w.rig.ctx(), by, given)
	if err != nil {
		return
	}
	if given != h.codes[h.means] || !h.sentAt[h.means].Add(10*time.Minute).After(w.env.Clock.Now()) {
		w.rt.Fatalf("the code %s, which is not this ticket's newest, proves %s", given, h.means)
	}
	w.moved(h, by, n)
	delete(h.codes, h.means)
	h.proved = append(h.proved, h.means)
}

// usePasskey uses the account's or another's.
func (w *world) usePasskey(h *holder, by Ticket, whose string) {
	if _, err := w.BeginPasskey(w.rig.ctx(), by); err != nil {
		return
	}
	n, err := w.ProvePasskey(w.rig.ctx(), by, "passkey of "+whose+" for c")
	if err != nil {
		return
	}
	if whose != w.account.ID || !w.has.passkey {
		w.rt.Fatal("another's passkey proves")
	}
	w.moved(h, by, n)
	h.proved = append(h.proved, Passkey)
}

// giveApp tries what stands for the authenticator: its code, a recovery code, or
// nonsense.
func (w *world) giveApp(h *holder, by Ticket, kind int) {
	given, good := "000000", false
	switch {
	case kind == 0 && w.has.app:
		w.later(time.Minute) // a step of its own
		given, good = w.app(w.account), true
	case kind == 1 && w.used < len(w.account.codes):
		given, good = w.account.codes[w.used], true
	}
	n, err := w.ProveAuthenticator(w.rig.ctx(), by, given)
	if err != nil {
		return
	}
	if !good {
		w.rt.Fatal("nonsense proves the app")
	}
	if len(given) > 6 {
		w.used++
	}
	w.moved(h, by, n)
	h.app = true
}

// answer answers right, or one of the two wrongly.
func (w *world) answer(h *holder, by Ticket, wrong int) {
	given := []string{"no way", "none at all"}
	if v, err := w.Current(w.rig.ctx(), by); err == nil && len(v.Questions) == 2 {
		given = w.right(by)
	}
	if wrong < 2 {
		given[wrong] = "something else"
	}
	n, err := w.Answer(w.rig.ctx(), by, given)
	if err != nil {
		return
	}
	if wrong < 2 {
		w.rt.Fatal("a wrong answer is right")
	}
	w.moved(h, by, n)
	h.right = true
}

func (w *world) setPassword(h *holder, by Ticket) {
	w.n++
	n, err := w.SetPassword(w.rig.ctx(), by, fmt.Sprintf("slow-Meadow-%d-lamp", w.n))
	if err != nil {
		return
	}
	now := w.get(w.account.ID)
	if now.PasswordHash != w.hash && !w.required(h) {
		w.rt.Fatalf("the password changes by %v, app %v, answers %v", h.proved, h.app, h.right)
	}
	w.moved(h, by, n)
	if now.PasswordHash != w.hash {
		w.resets++
		w.changed(now)
	}
}

func (w *world) choose(h *holder, by Ticket, m Means) {
	w.later(time.Second)
	if err := w.ChooseMeans(w.rig.ctx(), by, m); err == nil {
		h.means = m
	}
	w.collect(h)
}

// goOn does at the holder's step what somebody does who wants to get on.
func (w *world) goOn(t *rapid.T) {
	h := w.one()
	v, err := w.Current(w.rig.ctx(), h.ticket)
	if err != nil {
		return
	}
	switch v.Step {
	case Possession, SecondCode:
		if h.means == Passkey {
			w.usePasskey(h, h.ticket, w.account.ID)
			return
		}
		if h.codes[h.means] == "" {
			_ = w.Resend(w.rig.ctx(), h.ticket)
			w.collect(h)
		}
		w.giveCode(h, h.ticket, h.codes[h.means])
	case Authenticator:
		w.giveApp(h, h.ticket, rapid.IntRange(0, 1).Draw(t, "app or recovery code"))
	case Questions:
		w.answer(h, h.ticket, rapid.IntRange(0, 4).Draw(t, "which is wrong"))
	case Second:
		if len(v.Offers) > 0 {
			w.choose(h, h.ticket, v.Offers[0].Means)
		}
	case Help:
		_ = w.Back(w.rig.ctx(), h.ticket)
	case Password:
		w.setPassword(h, h.ticket)
	}
}

func (w *world) actions() map[string]func(*rapid.T) {
	ctx := w.rig.ctx()
	means := func(t *rapid.T) Means { return rapid.SampledFrom([]Means{Email, SMS, Passkey}).Draw(t, "means") }
	all := map[string]func(*rapid.T){
		"ask": func(t *rapid.T) {
			if len(w.holders) > 4 {
				t.Skip("enough")
			}
			login := rapid.SampledFrom([]string{w.account.Email, w.account.UserID, "nobody@x.example"}).Draw(t, "login")
			h := &holder{codes: map[Means]string{}, sentAt: map[Means]time.Time{}, means: means(t)}
			w.later(time.Second)
			ticket, err := w.Reset(ctx, Ask{Login: login, Means: h.means})
			w.ok(err)
			h.ticket = ticket
			w.holders = append(w.holders, h)
			w.collect(h)
		},
		"open a link": func(t *rapid.T) {
			if len(w.links) == 0 {
				t.Skip("none was sent")
			}
			token := rapid.SampledFrom(slices.Sorted(maps.Keys(w.links))).Draw(t, "token")
			n, err := w.OpenLink(ctx, token, "")
			if err != nil {
				return
			}
			if !w.links[token].After(w.env.Clock.Now()) {
				t.Fatal("a link works after its time, or twice")
			}
			w.links[token] = time.Time{}
			w.holders = append(w.holders, &holder{
				ticket: n.Ticket, codes: map[Means]string{}, sentAt: map[Means]time.Time{}, means: Email, proved: []Means{Email},
			})
		},
		"give a code": func(t *rapid.T) {
			h := w.one()
			w.giveCode(h, w.any(h), rapid.SampledFrom(append([]string{"12345678"}, w.secrets...)).Draw(t, "code"))
		},
		"use a passkey": func(t *rapid.T) {
			h := w.one()
			w.usePasskey(h, w.any(h), rapid.SampledFrom([]string{w.account.ID, "another"}).Draw(t, "whose"))
		},
		"choose a means":      func(t *rapid.T) { h := w.one(); w.choose(h, w.any(h), means(t)) },
		"resend":              func(*rapid.T) { h := w.one(); _ = w.Resend(ctx, w.any(h)); w.collect(h) },
		"give the app's code": func(t *rapid.T) { h := w.one(); w.giveApp(h, w.any(h), rapid.IntRange(0, 2).Draw(t, "kind")) },
		"answer":              func(t *rapid.T) { h := w.one(); w.answer(h, w.any(h), rapid.IntRange(0, 2).Draw(t, "wrong")) },
		"forget":              func(*rapid.T) { _ = w.Forgot(ctx, w.any(w.one())) },
		"ask help":            func(*rapid.T) { _ = w.AskHelp(ctx, w.any(w.one())) },
		"go back":             func(*rapid.T) { _ = w.Back(ctx, w.any(w.one())) },
		"set the password":    func(*rapid.T) { h := w.one(); w.setPassword(h, w.any(h)) },
		"time passes": func(t *rapid.T) {
			w.later(time.Duration(rapid.SampledFrom([]int{1, 35, 130, 700, 3700}).Draw(t, "seconds")) * time.Second)
		},
		"the owner changes the password": func(t *rapid.T) {
			if w.has.legacy || rapid.IntRange(0, 3).Draw(t, "seldom") > 0 {
				t.Skip("nobody has been in yet, or not now")
			}
			w.later(time.Second)
			w.n++
			w.write(func(tx *db.Tx) error { return account.SetPassword(tx, w.account.ID, fmt.Sprint("another ", w.n)) })
			w.changed(w.get(w.account.ID))
		},
		"an app is enrolled": func(t *rapid.T) {
			if w.has.app || w.has.legacy || rapid.IntRange(0, 3).Draw(t, "seldom") > 0 {
				t.Skip("there is one, or nobody to do it, or not now")
			}
			w.account.seed = account.NewAuthenticatorSecret(w.Secret)
			w.write(func(tx *db.Tx) error {
				_, err := account.BindAuthenticator(tx, w.Ring, w.account.ID, w.account.seed, w.app(w.account))
				return err
			})
			w.has.app, w.account.codes = true, nil
		},
		"": func(t *rapid.T) {
			if now := w.get(w.account.ID); now.PasswordHash != w.hash {
				t.Fatal("the password changed by something else than setting it")
			}
		},
	}
	for i := range 12 { // half of what happens: else nobody would get far
		all[fmt.Sprint("go on ", i)] = w.goOn
	}
	return all
}

// changed notes a new password: everything that was under way is void.
func (w *world) changed(now account.Account) {
	w.hash, w.has.legacy = now.PasswordHash, false
	w.collect(nil)
	for token := range w.links {
		w.links[token] = time.Time{}
	}
	for _, h := range w.holders {
		h.proved, h.app, h.right = nil, false, false
	}
}

// Whatever the order of what several holders of tickets do, with whichever
// secrets: the password changes only after the required proofs by the holder of
// that ticket. asvs: V6.4.1, V6.4.3, V6.6.2
func TestThePasswordChangesOnlyAfterTheProofs(t *testing.T) {
	// On one engine: what the other could do differently is at once, and that has
	// tests of its own.
	whole := newRig(t, dbtest.SQLite(t), func(s *Settings) {
		s.Limits.Network.Burst, s.Limits.Tries.Burst, s.Limits.App.Burst, s.Limits.AnswersDay = 10000, 10000, 10000, 1000
	})
	begin := func(rt *rapid.T, has like) *world {
		w := &world{rig: whole.at(rt), rt: rt, links: map[string]time.Time{}, has: has}
		w.wipe()
		w.account = w.make(marta, w.has)
		w.hash = w.get(w.account.ID).PasswordHash
		return w
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := begin(rt, rapid.SampledFrom([]like{
			{}, {passkey: true}, {app: true}, {app: true, passkey: true}, {noQuestions: true}, {noQuestions: true, noMobile: true},
			{noMobile: true, passkey: true}, {legacy: true}, {noQuestions: true, passkey: true}, {state: account.Expired},
		}).Draw(rt, "account"))
		rt.Repeat(w.actions())
	})
	// If nobody got anywhere the property would hold as well. Who asks and goes on gets there.
	rapid.Check(t, func(rt *rapid.T) {
		w := begin(rt, like{legacy: true})
		h := &holder{codes: map[Means]string{}, sentAt: map[Means]time.Time{}, means: Email}
		var err error
		h.ticket, err = w.Reset(w.rig.ctx(), Ask{Login: w.account.Email, Means: Email})
		w.ok(err)
		w.holders = append(w.holders, h)
		w.collect(h)
		for range 3 {
			w.goOn(rt)
		}
		if w.resets != 1 {
			rt.Fatalf("the password was set %d times: the property shows nothing", w.resets)
		}
	})
}
