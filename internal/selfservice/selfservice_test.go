package selfservice_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
	"vestibule/internal/selfservice"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

func TestDetailsChangeAndTheUserIDStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		token := r.signIn(a)
		err := r.SetDetails(r.ctx(), token, selfservice.Details{FirstName: "www.evil.example", LastName: "", Organization: "https://evil.example", Country: "XX", Lang: "fr"})
		for _, code := range []string{"name-url", "name-empty", "country-unknown", "lang-unknown"} {
			r.refused(err, code)
		}
		r.ok(r.SetDetails(r.ctx(), token, selfservice.Details{FirstName: " Márta ", LastName: "Ellison", Organization: "Vale Ltd", Country: "DE", Lang: "de"}))
		now := r.get(a.ID)
		if now.FirstName != "Márta" || now.Organization != "Vale Ltd" || now.Country != "DE" || now.Lang != "de" || now.UserID != a.UserID || now.Email != a.Email {
			t.Errorf("%+v", now)
		}
		if p, err := r.Profile(r.ctx(), token); err != nil || p.Account.PasswordHash != "" {
			t.Errorf("the profile carries the hash: %v", err)
		}
	})
}

// asvs: V6.6.2 V6.6.3 V7.5.1
func TestANewNumberCountsOnceItsCodeCameBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		here, elsewhere := r.signIn(a), r.signIn(a)
		r.refused(r.ChangeMobile(r.ctx(), here, "GB", "07700 900123"), "mobile-same")
		r.refused(r.ChangeMobile(r.ctx(), here, "DE", "030 123456"), "mobile-fixed")
		r.ok(r.ChangeMobile(r.ctx(), here, "GB", "07700 900999"))
		if r.get(a.ID).Mobile != martasMobile {
			t.Fatal("it counts before it was proved")
		}
		c := r.code("+447700900999")
		r.refused(r.ResendMobile(r.ctx(), here), "code-wait")
		// The code of one number is none of another's.
		r.ok(r.ChangeMobile(r.ctx(), here, "GB", "07700 900555"))
		if _, err := r.VerifyMobile(r.ctx(), here, c); err == nil {
			t.Fatal("the code of one number proves another")
		}
		fresh, err := r.VerifyMobile(r.ctx(), here, r.code("+447700900555"))
		r.ok(err)
		now := r.get(a.ID)
		if now.Mobile != "+447700900555" || !now.MobileVerified() || r.lives(elsewhere) || r.lives(here) || !r.lives(fresh) {
			t.Errorf("%+v", now)
		}
		if !slices.Contains(r.kinds("marta@vale.example"), "account-changed") || !slices.Contains(r.kinds(martasMobile), "account-changed-sms") {
			t.Error("the owner is not told by mail and at the old number")
		}
	})
}

func TestANumberToWhichNoneGoesSaysWhy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		token := r.signIn(r.person("Marta"))
		r.Settings.Countries = []string{"GB"}
		r.ok(r.ChangeMobile(r.ctx(), token, "DE", "0151 23456789"))
		p, err := r.Profile(r.ctx(), token)
		r.ok(err)
		if p.NewMobile.Held != "country" {
			t.Errorf("%+v", p.NewMobile)
		}
		r.SendSMS = func(*db.Tx, string, string) error {
			return &fault.Error{Kind: fault.TooMany, Code: "too-many", RetryAfter: time.Hour}
		}
		r.ok(r.ChangeMobile(r.ctx(), token, "GB", "07700 900999"))
		p, err = r.Profile(r.ctx(), token)
		r.ok(err)
		if p.NewMobile.Held != "limit" || p.NewMobile.Wait != time.Hour || len(r.mails("")) != 0 {
			t.Errorf("%+v", p.NewMobile)
		}
	})
}

func TestTheLastPossessionBesideTheMailboxStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		token := r.signIn(a)
		_, err := r.RemoveMobile(r.ctx(), token)
		r.refused(err, "mobile-needed")
		r.write(func(tx *db.Tx) error {
			return tx.Do(`INSERT INTO authenticator (account_id, secret, last_step, failures, created_at, confirmed_at) VALUES ($1,'',0,0,1,1)`, a.ID)
		})
		fresh, err := r.RemoveMobile(r.ctx(), token)
		r.ok(err)
		if r.get(a.ID).Mobile != "" || !r.lives(fresh) || r.lives(token) {
			t.Error("the number stays")
		}
		if !slices.Contains(r.kinds(martasMobile), "account-changed-sms") {
			t.Error("the number that went is not told")
		}
	})
}

// Codes are tried five times each, however many at once, and a fresh code does not reset what an account may try.
func TestCodesAreGuessedInVain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		token := r.signIn(r.person("Marta"))
		r.ok(r.ChangeMobile(r.ctx(), token, "GB", "07700 900999"))
		right := r.code("+447700900999")
		guess := "135792"
		if right == guess {
			guess = "246813"
		}
		wrong := 0
		for range 40 {
			_, err := r.VerifyMobile(r.ctx(), token, guess)
			if fault.Code(err, "code-wrong") {
				wrong++
			}
			if fault.Is(err, fault.TooMany) {
				break
			}
		}
		if wrong > 4 {
			t.Errorf("%d tries were judged with tries left", wrong)
		}
		r.later(time.Minute)
		r.ok(r.ResendMobile(r.ctx(), token))
		if _, err := r.VerifyMobile(r.ctx(), token, guess); !fault.Is(err, fault.TooMany) {
			t.Errorf("a resend gives new tries: %v", err)
		}
	})
}

// asvs: V7.4.5 V7.5.2
func TestSessionsAreSeenAndEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a, b := r.person("Marta"), r.person("Owen")
		here, one, two, owen := r.signIn(a), r.signIn(a), r.signIn(a), r.signIn(b)
		r.Place = func(address string, lang text.Lang) string { return string(lang) + ":" + address }
		r.Devices = func(*db.Tx, string) ([]selfservice.Device, error) {
			return []selfservice.Device{{ID: "D", Agent: firefox, Network: "192.0.2.0/24"}}, nil
		}
		in, known, err := r.Places(r.ctx(), here, "en")
		r.ok(err)
		current := 0
		for _, s := range in {
			if s.Current {
				current++
			}
			if s.Agent != (selfservice.Agent{Browser: "Firefox", System: "Windows"}) || s.Place != "en:192.0.2.7" {
				t.Errorf("%+v", s)
			}
		}
		if len(in) != 3 || current != 1 || len(known) != 1 || known[0].Browser.Browser != "Firefox" {
			t.Fatalf("%+v %+v", in, known)
		}
		var forgotten []string
		r.Ended = func(_ *db.Tx, accountID, sessionID string) error {
			forgotten = append(forgotten, sessionID)
			return nil
		}
		r.ok(r.SignOut(r.ctx(), here, one.ID()))
		r.ok(r.SignOut(r.ctx(), here, one.ID()))
		r.ok(r.SignOut(r.ctx(), here, owen.ID())) // somebody else's
		r.ok(r.SignOut(r.ctx(), here, here.ID()))
		if r.lives(one) || !r.lives(two) || !r.lives(owen) || !r.lives(here) || !slices.Equal(forgotten, []string{one.ID()}) {
			t.Errorf("the wrong sessions ended: %v", forgotten)
		}
		fresh, err := r.SignOutOthers(r.ctx(), here)
		r.ok(err)
		if r.lives(two) || r.lives(here) || !r.lives(fresh) || !r.lives(owen) || len(*r.ended) != 1 {
			t.Error("others are still in, or trusted")
		}
	})
}

func TestOwnActivityHoldsNothingOfOthersAndNothingOfStaff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a, b := r.person("Marta"), r.person("Owen")
		marta, owen := r.signIn(a), r.signIn(b)
		for i := range 60 {
			r.write(func(tx *db.Tx) error {
				for _, event := range []audit.Event{
					{Action: "authn_login_fail", Subject: a.Subject(), Detail: map[string]string{"n": "x"}},
					{Action: "helpdesk.unlock", Subject: a.Subject(), Actor: audit.Actor{Kind: audit.Staff, ID: "S"}, Detail: map[string]string{"reason": "internal note", "address": "198.51.100.9"}},
					{Action: "helpdesk.explain", Subject: a.Subject(), Actor: audit.Actor{Kind: audit.Staff, ID: "S"}},
				}[:1+2*((i+1)%2)] {
					if err := audit.Add(tx, r.Secret, event); err != nil {
						return err
					}
				}
				return nil
			})
		}
		var all []selfservice.Happening
		var before int64
		for pages := 0; ; pages++ {
			list, next, err := r.Activity(r.ctx(), marta, before, "en")
			r.ok(err)
			all = append(all, list...)
			if next == 0 {
				break
			}
			before = next
			if pages > 10 {
				t.Fatal("it never ends")
			}
		}
		if len(all) != 90 {
			t.Errorf("%d of 90 events", len(all))
		}
		for i, h := range all {
			if i > 0 && h.Number >= all[i-1].Number {
				t.Fatal("not the newest first, or one twice")
			}
			if h.By == selfservice.ByStaff && h.Address != "" || h.Action == "helpdesk.explain" {
				t.Errorf("staff's own business shows: %+v", h)
			}
			if h.Action == "authn_login_fail" && (h.By != selfservice.ByVisitor || h.Address != "192.0.2.7") {
				t.Errorf("%+v", h)
			}
		}
		if list, _, err := r.Activity(r.ctx(), owen, 0, "en"); err != nil || len(list) != 0 {
			t.Errorf("of somebody else: %+v %v", list, err)
		}
	})
}

func TestTheCopyHoldsWhatIsKnownAndNoSecret(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a, b := r.person("Marta"), r.person("Owen")
		token := r.signIn(a)
		r.signIn(b)
		var codes []string
		r.write(func(tx *db.Tx) error {
			if err := account.SetQuestions(tx, a.ID, []account.Question{
				{Question: "first-dish", Hash: "$argon2id$answer-hash-1"}, {Own: "What did we call the boat?", Hash: "$argon2id$answer-hash-2"},
			}); err != nil {
				return err
			}
			if _, err := account.BeginAuthenticator(tx, r.Ring, r.Secret, a.ID, "Northwind", a.Email); err != nil {
				return err
			}
			if err := tx.Do(`UPDATE authenticator SET confirmed_at = 1 WHERE account_id = $1`, a.ID); err != nil {
				return err
			}
			var err error
			codes, err = account.NewRecoveryCodes(tx, r.Ring, r.Secret, a.ID)
			if err != nil {
				return err
			}
			return account.AcceptTerms(tx, a.ID, account.Terms{Version: "4.2", Text: map[string]string{"en": "You may use it."}}, "en", "192.0.2.7")
		})
		token = r.move(token, "marta@new.example")
		mailed := []string{r.code("marta@new.example"), r.token("marta@vale.example", "/undo-email/")}
		out, err := r.Export(r.ctx(), token, "en")
		r.ok(err)
		if out.Format != "vestibule-account" || out.Version != 1 || out.Account.UserID != a.UserID || out.Account.Email != "marta@new.example" ||
			len(out.Account.EarlierEmails) != 1 || len(out.Sessions) != 1 || len(out.Terms) != 1 || out.Terms[0].TextHash == "" ||
			!out.Protection.Authenticator || out.Protection.RecoveryCodesLeft != 10 || len(out.Messages) == 0 || len(out.Events) == 0 {
			t.Errorf("%+v", out)
		}
		if !slices.Equal(out.Protection.Questions, []string{"What was the first dish you learned to cook?", "What did we call the boat?"}) && out.Protection.Questions[1] != "What did we call the boat?" {
			t.Errorf("questions %q", out.Protection.Questions)
		}
		body, err := json.Marshal(out)
		r.ok(err)
		_, key, _ := strings.Cut(string(token), ".")
		for _, secret := range slices.Concat(codes, mailed, []string{
			key, "argon2id", "answer-hash", "secret", "mac\"", "token", "hash\":\"$", r.session(token).ID, "Owen", "owen@",
		}) {
			if strings.Contains(string(body), secret) {
				t.Errorf("the copy holds %q", secret)
			}
		}
		var authenticator string
		r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) error {
			return tx.Get(`SELECT secret FROM authenticator WHERE account_id = $1`, []any{a.ID}, &authenticator)
		}))
		if strings.Contains(string(body), authenticator) {
			t.Error("the copy holds the sealed key of the app")
		}
		for range 4 {
			_, err = r.Export(r.ctx(), token, "en")
			r.ok(err)
		}
		_, err = r.Export(r.ctx(), token, "en")
		r.refused(err, "too-many")
	})
}

func (r *rig) session(t session.Token) (s *session.Session) {
	r.t.Helper()
	r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) (err error) {
		s, err = session.Load(tx, session.Client, t)
		return err
	}))
	return s
}

func TestAnAccountIsClosedAfterItsGraceAndNothingOfItIsLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		token := r.signIn(a)
		_, err := r.Close(r.ctx(), token, "somebody")
		r.refused(err, "close-user-id")
		closes, err := r.Close(r.ctx(), token, strings.ToUpper(a.UserID))
		r.ok(err)
		if want := e.Clock.Now().Add(14 * 24 * time.Hour); !closes.Equal(want) || r.lives(token) {
			t.Fatalf("closes %v, lives %v", closes, r.lives(token))
		}
		if got := r.kinds("marta@vale.example"); !slices.Equal(got, []string{"account-closing"}) {
			t.Fatalf("the owner gets %v", got)
		}
		r.later(14*24*time.Hour - time.Second)
		r.ok(r.CloseDue(r.ctx()))
		if r.get(a.ID).State != account.Active {
			t.Fatal("it closed too early")
		}
		r.later(time.Second)
		r.ok(r.CloseDue(r.ctx()))
		r.ok(r.CloseDue(r.ctx()))
		now := r.get(a.ID)
		if now.State != account.Closed || now.Email != "" || now.Mobile != "" || now.FirstName != "" || now.LastName != "" || now.Organization != "" || now.PasswordHash != "" || now.UserID != a.UserID {
			t.Errorf("%+v", now)
		}
		for _, query := range []string{
			`SELECT COUNT(*) FROM session WHERE account_id = $1`, `SELECT COUNT(*) FROM account_password WHERE account_id = $1`,
			`SELECT COUNT(*) FROM organization_member WHERE account_id = $1`, `SELECT COUNT(*) FROM flow WHERE subject = $1`,
		} {
			if n := r.count(query, a.ID); n != 0 {
				t.Errorf("%s: %d", query, n)
			}
		}
		if n := r.count(`SELECT COUNT(*) FROM event_detail WHERE event_id IN (SELECT id FROM event WHERE subject = $1 AND action <> 'account.close')`, a.Subject()); n != 0 {
			t.Errorf("%d details of the trail are left", n)
		}
		if rep, err := audit.Verify(r.ctx(), r.DB); err != nil || len(rep.Problems) != 0 {
			t.Errorf("the trail: %v %v", rep.Problems, err)
		}
		if got := r.kinds("marta@vale.example"); !slices.Contains(got, "account-closed") {
			t.Errorf("the owner gets %v", got)
		}
		// The address is free, the UserID is not.
		if again := r.person("Marta"); again.ID == a.ID || again.UserID == a.UserID {
			t.Errorf("%+v", again)
		}
	})
}

func TestAnAccountIsKeptByLinkOrAtSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		_, err := r.Close(r.ctx(), r.signIn(a), a.UserID)
		r.ok(err)
		link := r.token("marta@vale.example", "/keep-account/")
		c, err := r.ClosingLink(r.ctx(), link)
		r.ok(err)
		if c.UserID != a.UserID || r.get(a.ID).ClosingAt.IsZero() {
			t.Error("looking at the link changed something")
		}
		r.ok(r.KeepByLink(r.ctx(), link))
		if !r.get(a.ID).ClosingAt.IsZero() || !slices.Contains(r.kinds("marta@vale.example"), "account-kept") {
			t.Error("it is not kept, or nobody is told")
		}
		r.refused(r.KeepByLink(r.ctx(), link), "link-used")

		r.later(time.Minute)
		_, err = r.Close(r.ctx(), r.signIn(a), a.UserID)
		r.ok(err)
		r.write(func(tx *db.Tx) error { return r.Keep(tx, a.ID) })
		r.write(func(tx *db.Tx) error { return r.Keep(tx, a.ID) })
		r.later(15 * 24 * time.Hour)
		r.ok(r.CloseDue(r.ctx()))
		if now := r.get(a.ID); now.State != account.Active {
			t.Errorf("it was closed all the same: %+v", now)
		}
		if n := r.count(`SELECT COUNT(*) FROM event WHERE action = 'account.close_cancel'`); n != 2 {
			t.Errorf("%d events", n)
		}
	})
}

func TestTheLastAdministratorHandsOverFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a, b := r.person("Marta"), r.person("Owen")
		r.write(func(tx *db.Tx) error {
			o, err := organization.Create(tx, r.Secret, organization.Organization{Name: "Vale", Kind: organization.Client})
			if err != nil {
				return err
			}
			if _, err := organization.Admit(tx, r.Secret, o.ID, a.ID, a.EmailKey, organization.Administrator, organization.ByStaff); err != nil {
				return err
			}
			_, err = organization.Admit(tx, r.Secret, o.ID, b.ID, b.EmailKey, organization.Member, organization.ByStaff)
			return err
		})
		token := r.signIn(a)
		p, err := r.Profile(r.ctx(), token)
		r.ok(err)
		if !p.LastAdmin || p.Company != "Vale" {
			t.Errorf("%+v", p)
		}
		_, err = r.Close(r.ctx(), token, a.UserID)
		r.refused(err, "close-last-administrator")
		r.write(func(tx *db.Tx) error { return organization.Leave(tx, b.ID) })
		_, err = r.Close(r.ctx(), token, a.UserID)
		r.ok(err)
	})
}

func TestFiftyClosingsAtOnceOnTwoNodesAreOne(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, x, y *dbtest.Env) {
		r := newRig(t, x)
		nodes := []*rig{r, r.on(y)}
		a := r.person("Marta")
		_, err := r.Close(r.ctx(), r.signIn(a), a.UserID)
		r.ok(err)
		link := r.token("marta@vale.example", "/keep-account/")
		if n := atOnce(50, func(i int) error { return nodes[i%2].KeepByLink(r.ctx(), link) }); n != 1 {
			t.Errorf("%d of 50 kept it", n)
		}
		r.later(time.Minute)
		_, err = r.Close(r.ctx(), r.signIn(a), a.UserID)
		r.ok(err)
		r.later(14 * 24 * time.Hour)
		atOnce(20, func(i int) error { return nodes[i%2].CloseDue(r.ctx()) })
		if n := r.count(`SELECT COUNT(*) FROM event WHERE action = 'account.close'`); n != 1 {
			t.Errorf("closed %d times", n)
		}
	})
}
