package recovery

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/text"
)

// everybody are logins of whom a stranger must not see which one has an account.
func (r *rig) everybody() []string {
	member := r.make("staff@x.example", like{})
	r.staff[member.ID] = true
	r.make("active@x.example", like{app: true, passkey: true})
	r.make("plain@x.example", like{noMobile: true, noQuestions: true})
	r.make("expired@x.example", like{state: account.Expired})
	r.make("unfinished@x.example", like{state: account.Unfinished})
	r.make("unconfirmed@x.example", like{unconfirmed: true})
	r.make("imported@x.example", like{legacy: true})
	r.make("disabled@x.example", like{state: account.Disabled})
	r.make("closed@x.example", like{state: account.Closed})
	off := r.make("off@x.example", like{})
	r.write(func(tx *db.Tx) error {
		for range r.Settings.Limits.Failures {
			if err := addFailure(tx, off.ID, SMS, time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
	return []string{
		"nobody@x.example", "staff@x.example", "active@x.example", "plain@x.example", "expired@x.example", "unfinished@x.example",
		"unconfirmed@x.example", "imported@x.example", "disabled@x.example", "closed@x.example", "off@x.example",
	}
}

// Whatever the account is: the same answers, as many statements, rows and
// hashes. asvs: V6.3.8, V6.4.1
func TestAStrangerCannotTellWhoHasAnAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		for _, tell := range []bool{false, true} {
			r := newRig(t, e, func(s *Settings) { s.TellUnknown = tell })
			if tell {
				r.wipe()
			}
			all := r.everybody()
			steps := map[string]func(login string, t *Ticket) error{
				"1 user-id": func(login string, _ *Ticket) error {
					return r.FindUserID(r.ctx(), Ask{Login: login, Lang: text.English})
				},
				"2 reset": func(login string, t *Ticket) (err error) {
					*t, err = r.Reset(r.ctx(), Ask{Login: login, Lang: text.English})
					return err
				},
				"3 wrong code":  func(_ string, t *Ticket) error { _, err := r.VerifyCode(r.ctx(), *t, "00000000"); return err },
				"4 too early":   func(_ string, t *Ticket) error { return r.Resend(r.ctx(), *t) },
				"5 by sms":      func(_ string, t *Ticket) error { return r.ChooseMeans(r.ctx(), *t, SMS) },
				"6 wrong":       func(_ string, t *Ticket) error { _, err := r.VerifyCode(r.ctx(), *t, "000000"); return err },
				"7 sms again":   func(_ string, t *Ticket) error { r.later(time.Minute); return r.Resend(r.ctx(), *t) },
				"8 by passkey":  func(_ string, t *Ticket) error { return r.ChooseMeans(r.ctx(), *t, Passkey) },
				"9 begin":       func(_ string, t *Ticket) error { _, err := r.BeginPasskey(r.ctx(), *t); return err },
				"a no passkey":  func(_ string, t *Ticket) error { _, err := r.ProvePasskey(r.ctx(), *t, "x"); return err },
				"b help":        func(_ string, t *Ticket) error { return r.AskHelp(r.ctx(), *t) },
				"c back":        func(_ string, t *Ticket) error { return r.Back(r.ctx(), *t) },
				"d answers":     func(_ string, t *Ticket) error { _, err := r.Answer(r.ctx(), *t, []string{"a", "b"}); return err },
				"e password":    func(_ string, t *Ticket) error { _, err := r.SetPassword(r.ctx(), *t, newPassword); return err },
				"f code, again": func(_ string, t *Ticket) error { _, err := r.VerifyCode(r.ctx(), *t, "1"); return err },
			}
			var names []string
			for name := range steps {
				names = append(names, name)
			}
			slices.Sort(names)
			tickets := map[string]*Ticket{}
			for _, login := range all {
				tickets[login] = new(Ticket)
			}
			for _, name := range names {
				var want, wantRows string
				for _, login := range all {
					rows, ran, hashed := r.rows(), r.DB.Statements(), r.Passwords.Hasher.Hashes()
					err := steps[name](login, tickets[login])
					ran, hashed = r.DB.Statements()-ran, r.Passwords.Hasher.Hashes()-hashed
					got := fmt.Sprintf("%s\n%d statements, %d hashes\n%v", why(err), ran, hashed, r.seen(*tickets[login], login))
					after := r.rows()
					grew := fmt.Sprint(after[0]-rows[0], after[1]-rows[1], after[2]-rows[2], after[3]-rows[3], after[4]-rows[4])
					if login == all[0] {
						want, wantRows = got, grew
						continue
					}
					if got != want {
						t.Fatalf("%s: %s differs:\n%s\n--- from\n%s", name, login, got, want)
					}
					if grew != wantRows && name != "3 wrong code" && name != "6 wrong" && name != "f code, again" {
						t.Fatalf("%s: %s writes %s rows, nobody %s", name, login, grew, wantRows)
					}
				}
			}
		}
	})
}

func why(err error) string {
	if err == nil {
		return "went well"
	}
	e := fault.From(err)
	return fmt.Sprint(e.Kind, e.Error(), e.Args, e.RetryAfter)
}

// seen is what the page of a ticket shows, but for what is the ticket's own.
func (r *rig) seen(t Ticket, login string) string {
	r.t.Helper()
	if t == "" {
		return ""
	}
	v := r.view(t)
	v.Reference, v.EndsAt, v.Wait = "", time.Time{}, 0
	return strings.ReplaceAll(fmt.Sprintf("%+v", v), login, "LOGIN")
}

func (r *rig) rows() (all [5]int) {
	r.t.Helper()
	for i, table := range []string{"flow", "code", "link", "outbox_message", "event"} {
		all[i] = r.count(`SELECT COUNT(*) FROM ` + table)
	}
	return all
}

func (r *rig) wipe() {
	r.t.Helper()
	r.write(func(tx *db.Tx) error {
		for _, table := range []string{
			"flow", "code", "link", "throttle", "recovery_send", "recovery_failure", "recovery_pick", "inbox_message", "outbox_message",
			"account_password", "account_question", "authenticator", "recovery_code", "terms_acceptance", "account",
		} {
			if _, err := tx.Count(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		return nil
	})
}

// What differs goes to the mailbox.
func TestTheMailboxIsToldWhatTheStrangerIsNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		subjects := map[string][2]string{
			"nobody@x.example":      {"", ""},
			"staff@x.example":       {"Your staff account is reset at the console", "Your staff account is reset at the console"},
			"active@x.example":      {"Your UserID", "Reset your password"},
			"expired@x.example":     {"Your UserID", "Reset your password"},
			"imported@x.example":    {"Your UserID", "Reset your password"},
			"unfinished@x.example":  {"Set up your login account", "Set up your login account"},
			"unconfirmed@x.example": {"Your UserID", "Set up your login account"},
			"disabled@x.example":    {"Your account is closed for the time being", "Your account is closed for the time being"},
			"closed@x.example":      {"", ""},
		}
		r.everybody()
		for login, want := range subjects {
			r.ok(r.FindUserID(r.ctx(), Ask{Login: login, Lang: text.English}))
			r.newest(login, want[0])
			r.reset(login, Email)
			r.newest(login, want[1])
		}
		if n := r.count(`SELECT COUNT(*) FROM outbox_message WHERE reason = 'withheld' AND body = '' AND recipient = ''`); n != 4 {
			t.Fatalf("%d withheld", n)
		}
		// A UserID that nobody has is told to nobody, whatever the setting.
		r.Settings.TellUnknown = true
		r.reset("nobodyatall", Email)
		r.reset("nobody@x.example", Email)
		r.newest("nobody@x.example", "This address has no account")
		before := len(r.mails("nobody@x.example"))
		r.ok(r.FindUserID(r.ctx(), Ask{Login: "nobody@x.example", Lang: text.English}))
		if n := len(r.mails("nobody@x.example")); n != before {
			t.Fatalf("%d mails a day to an address without an account", n)
		}
	})
}

func (r *rig) newest(to, subject string) {
	r.t.Helper()
	all := r.mails(to)
	if subject == "" {
		if len(all) != 0 {
			r.t.Fatalf("%s got %q", to, all[0].Subject)
		}
		return
	}
	if len(all) == 0 || all[0].Subject != subject {
		r.t.Fatalf("%s got %d mails, want %q first", to, len(all), subject)
	}
}

// asvs: V6.6.3 — counter reset by resend, by a new flow, by another cookie
func TestFourAnHourWhateverIsTriedAndNobodyIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{})
		for _, login := range []string{marta, "nobody@x.example"} {
			var last Ticket
			for i := range 6 {
				r.later(10 * time.Second)
				last = r.reset(login, Email)
				if v := r.view(last); (v.Held == "limit") != (i > 3) {
					t.Fatalf("%s: at the %dth %+v", login, i+1, v)
				}
			}
			v := r.view(last)
			if v.Wait < 58*time.Minute || v.Wait > time.Hour {
				t.Fatalf("%s waits %v", login, v.Wait)
			}
		}
		if n := len(r.mails(marta)); n != 4 {
			t.Fatalf("%d mails", n)
		}
		// By its UserID, too, no more leave; and nobody sees it.
		r.reset(k.UserID, Email)
		if v := r.view(r.reset(k.UserID, Email)); v.Held != "" || len(r.mails(marta)) != 4 {
			t.Fatalf("%+v, %d mails", v, len(r.mails(marta)))
		}
		// What is in the mailbox still works: nobody can keep the owner out.
		_, err := r.OpenLink(r.ctx(), r.token(marta), "")
		r.ok(err)
		r.later(time.Hour)
		r.reset(marta, Email)
		if n := len(r.mails(marta)); n != 5 {
			t.Fatalf("%d mails an hour later", n)
		}
	})
}

func TestResendWaitsLongerEachTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.make(marta, like{})
		ticket := r.reset(marta, SMS)
		first := r.code(mobileOf)
		for _, wait := range []time.Duration{30 * time.Second, 60 * time.Second, 120 * time.Second} {
			if v := r.view(ticket); v.Wait != wait {
				t.Fatalf("waits %v, want %v", v.Wait, wait)
			}
			r.later(wait - time.Second)
			r.refused(r.Resend(r.ctx(), ticket), "code-wait")
			r.later(time.Second)
			r.ok(r.Resend(r.ctx(), ticket))
			r.mails(mobileOf)
		}
		if n := len(r.mails(mobileOf)); n != 4 {
			t.Fatalf("%d SMS", n)
		}
		_, err := r.VerifyCode(r.ctx(), ticket, first)
		r.refused(err, "code-wrong")
		r.later(2 * time.Minute)
		r.ok(r.Resend(r.ctx(), ticket))
		if v := r.view(ticket); v.Held != "limit" || len(r.mails(mobileOf)) != 4 {
			t.Fatalf("%+v", v)
		}
		_, err = r.VerifyCode(r.ctx(), ticket, r.code(mobileOf))
		r.ok(err)
	})
}

func TestANetworkAndThePortalAskOnlySoOften(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.Settings.Limits.Network.Burst, r.Settings.Limits.Global.Burst = 3, 5
		ask := func(address, login string) error {
			_, err := r.Reset(r.from(address), Ask{Login: login})
			return err
		}
		for i := range 3 {
			r.ok(ask("192.0.2.1", fmt.Sprint("u", i)))
		}
		r.refused(ask("192.0.2.99", "u4"), "too-many")
		r.refused(r.FindUserID(r.from("192.0.2.5"), Ask{Login: marta}), "too-many")
		r.ok(ask("2001:db8::1", "u5"))
		r.ok(ask("2001:db8::2", "u6"))
		r.refused(ask("203.0.113.1", "u7"), "too-many")
	})
}

// NIST SP 800-63B-4 §3.2.2
func TestAHundredWrongCodesInARowTurnAMeansOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.Settings.Limits.Failures = 7
		k := r.make(marta, like{})
		r.devices["the owner's"] = k.ID
		for range 2 {
			ticket := r.reset(marta, Email)
			for range 4 {
				_, err := r.VerifyCode(r.ctx(), ticket, "nonsense")
				r.refused(err, "code-wrong")
			}
			r.later(time.Hour)
		}
		ticket := r.reset(marta, Email)
		if c := r.code(marta); c != "" && strings.Contains(r.mails(marta)[0].Text, c) {
			t.Fatal("a code goes out that does not count")
		}
		_, err := r.VerifyCode(r.ctx(), ticket, "00000000")
		r.refused(err, "code-wrong")
		link := r.token(marta)
		// On a device that the account knows it counts; then it is on again.
		r.later(30 * time.Minute)
		ticket, err = r.Reset(r.ctx(), Ask{Login: marta, Device: "the owner's"})
		r.ok(err)
		_, err = r.VerifyCode(r.ctx(), ticket, r.code(marta))
		r.ok(err)
		none := func() {
			t.Helper()
			if n := r.count(`SELECT COUNT(*) FROM recovery_failure`); n != 0 {
				t.Fatalf("%d failures are kept", n)
			}
		}
		none()
		// The link counts always, since nobody guesses it, and shows whose mailbox it is.
		r.write(func(tx *db.Tx) error { return addFailure(tx, k.ID, Email, k.EmailConfirmedAt) })
		_, err = r.OpenLink(r.ctx(), link, "")
		r.ok(err)
		none()
		r.write(func(tx *db.Tx) error {
			for range 9 {
				if err := addFailure(tx, k.ID, SMS, time.Time{}); err != nil {
					return err
				}
			}
			return nil
		})
		r.later(time.Hour)
		ticket = r.reset(marta, SMS)
		if len(r.mails(mobileOf)) != 0 {
			t.Fatal("an SMS goes out")
		}
		// Verified anew, it is on.
		r.later(time.Minute)
		r.write(func(tx *db.Tx) error { return account.SetMobile(tx, k.ID, mobileOf, true) })
		r.ok(r.Resend(r.ctx(), ticket))
		_, err = r.VerifyCode(r.ctx(), ticket, r.code(mobileOf))
		r.ok(err)
	})
}
