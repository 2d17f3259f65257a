package internal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule/e2e/guide"
	"vestibule/internal/db"
	"vestibule/internal/passkey/passkeytest"
	"vestibule/internal/portaltest"
	"vestibule/internal/secret"
	"vestibule/internal/staff"
)

// A send is what somebody sends to spend a thing: from this browser.
type send struct {
	b    *portaltest.Browser
	path string
	form url.Values
}

// A single is a thing that counts once.
type single struct {
	what string
	// ready makes one, and says what the k-th of those who spend it sends; and the query that counts the effects, with its argument.
	ready func(t *testing.T, p *portaltest.Portal, n int) (spend func(k int) send, effects, of string)
}

const (
	events   = `SELECT COUNT(*) FROM event WHERE action = 'ACT' AND subject = $1`
	sessions = `SELECT COUNT(*) FROM session WHERE account_id = $1`
)

// acts counts the events of an account.
func acts(action string, o owner) (query, of string) {
	return strings.Replace(events, "ACT", action, 1), "account:" + o.ID
}

// always sends the same.
func always(b *portaltest.Browser, path string, form url.Values) func(int) send {
	return func(int) send { return send{b, path, form} }
}

// person is an owner of a name of its own.
func person(t *testing.T, p *portaltest.Portal, n int, h has) owner {
	t.Helper()
	return settled(t, p, string(rune('A'+n))+"nna", n, h)
}

// resetBegun is a browser with a recovery that is to be proved by a means.
func resetBegun(t *testing.T, p *portaltest.Portal, o owner, means string) *portaltest.Browser {
	t.Helper()
	b := from(t, p, "198.51.100.7").Open("/reset-password").Post("/reset-password", url.Values{"login": {o.Email}})
	if means != "" {
		b.Post("/reset-password/means", url.Values{"means": {means}})
	}
	return b
}

// halfIn are browsers with the password given and the code asked for.
func halfIn(t *testing.T, p *portaltest.Portal, o owner, n int) []*portaltest.Browser {
	t.Helper()
	var all []*portaltest.Browser
	for k := range n {
		b := from(t, p, fmt.Sprintf("198.51.101.%d", 1+k)).Open("/sign-in")
		all = append(all, b.Post("/sign-in", url.Values{"login": {o.UserID}, "password": {ownersPassword}}).Sees("Enter the code from your app"))
	}
	return all
}

// withKey adds a passkey to an owner.
func withKey(t *testing.T, p *portaltest.Portal, o owner, n int) *passkeytest.Authenticator {
	t.Helper()
	device := passkeytest.New(t, secret.Seeded(uint64(100+n)), portaltest.Base)
	b := o.signedIn(t, p, from(t, p, "198.51.100.8"))
	form := answer(device.Make(ask(t, b, "/portal/account/passkeys/ask")))
	form.Set("name", "Phone")
	b.Post("/portal/account/passkeys/add", form).At(http.StatusOK, "/portal/account/passkeys")
	return device
}

// emailAsked is a browser whose owner wants another address.
func emailAsked(t *testing.T, p *portaltest.Portal, o owner) (b *portaltest.Browser, to string) {
	t.Helper()
	b, to = o.signedIn(t, p, from(t, p, "198.51.100.7")), "new-"+o.Email
	b.Post("/portal/account/email", url.Values{"email": {to}}).At(http.StatusOK, "/portal/account/email")
	return b, to
}

// clearing is one that waits to be taken into effect, and the office's browser.
func clearing(t *testing.T, p *portaltest.Portal, o owner, basis string) *portaltest.Browser {
	t.Helper()
	b := browserOf(member(t, p, "Cleo", staff.Helpdesk))
	b.Post("/office/accounts/"+o.ID+"/clear", url.Values{"questions": {"yes"}, "basis": {basis}, "clear_reason": {"Lost it"}}).At(http.StatusOK, "/office/accounts/"+o.ID)
	return b
}

// singles are all things of the portal that count once.
func singles() []single {
	return []single{
		{"the code of a registration", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			w := somebody(t, p, 400+n)
			w.GiveDetails()
			form := url.Values{"code": {p.SMS(w.Mobile).Code(t)}}
			return always(browserOf(w), "/register/code", form), `SELECT COUNT(*) FROM event WHERE action = 'registration.code_verify' AND $1 = ''`, ""
		}},
		{"the link that confirms an address", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			w := somebody(t, p, 400+n)
			stepTwo(t, p, w, "")
			q, of := acts("account.email_confirm", owner{Account: p.Account(t, w.Email)})
			path := pathIn(mailOf(t, p, w.Email, "account-user-id").Link(t, "/confirm-email/"))
			return always(from(t, p, "198.51.100.7"), path, url.Values{"password": {w.Password}}), q, of
		}},
		{"the link that finishes an account", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			w := somebody(t, p, 400+n)
			w.GiveDetails()
			w.EnterCode(p.SMS(w.Mobile).Code(t))
			w.AcceptTerms()
			w.SignIn(w.Email)
			q, of := acts("registration.finish_by_link", owner{Account: p.Account(t, w.Email)})
			return always(from(t, p, "198.51.100.7"), pathIn(mailOf(t, p, w.Email, "account-finish").Link(t, "/register/finish/")), nil), q, of
		}},
		{"the link of an approval", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			w := somebody(t, p, 400+n)
			stepTwo(t, p, w, "")
			w.AskForAccess()
			approver(t, p, "Ada").Approve(w.Person)
			q, of := acts("account.email_confirm", owner{Account: p.Account(t, w.Email)})
			path := pathIn(mailOf(t, p, w.Email, "request-approved-register").Link(t, "/welcome/"))
			return always(from(t, p, "198.51.100.7"), path+"/confirm", url.Values{"password": {w.Password}}), q, of
		}},
		{"the link that takes a request back", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			w := somebody(t, p, 400+n)
			w.AskForAccess()
			path := pathIn(mailOf(t, p, w.Email, "request-received").Link(t, "/request/withdraw/"))
			return always(from(t, p, "198.51.100.7"), path, nil), `SELECT COUNT(*) FROM event WHERE action LIKE 'access_request.%withdraw%' AND $1 = ''`, ""
		}},
		{"the mailed code of a reset", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{questions: true})
			b := resetBegun(t, p, o, "")
			code, _ := o.resetMail(t, p)
			q, of := acts("recovery.prove", o)
			return always(b, "/reset-password/code", url.Values{"code": {code}}), q, of
		}},
		{"the mailed link of a reset", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{questions: true})
			resetBegun(t, p, o, "")
			_, path := o.resetMail(t, p)
			q, of := acts("recovery.prove", o)
			return always(from(t, p, "198.51.100.9"), path, nil), q, of
		}},
		{"the code by SMS of a reset", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{mobile: true})
			b := resetBegun(t, p, o, "sms")
			q, of := acts("recovery.prove", o)
			return always(b, "/reset-password/code", url.Values{"code": {p.SMS(o.Mobile).Code(t)}}), q, of
		}},
		{"the passkey's challenge of a reset", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{questions: true})
			device := withKey(t, p, o, n)
			b := resetBegun(t, p, o, "passkey")
			q, of := acts("recovery.prove", o)
			return always(b, "/reset-password/passkey", answer(device.Use(ask(t, b, "/reset-password/passkey/begin")))), q, of
		}},
		{"a recovery code in a reset", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{app: true})
			b := resetBegun(t, p, o, "")
			code, _ := o.resetMail(t, p)
			b.Post("/reset-password/code", url.Values{"code": {code}})
			return always(b, "/reset-password/authenticator", url.Values{"code": {o.codes[0]}, "with": {"recovery"}}),
				`SELECT COUNT(*) FROM recovery_code WHERE used_at > 0 AND account_id = $1`, o.ID
		}},
		{"the app's code in a reset", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{app: true})
			b := resetBegun(t, p, o, "")
			code, _ := o.resetMail(t, p)
			b.Post("/reset-password/code", url.Values{"code": {code}})
			return always(b, "/reset-password/authenticator", url.Values{"code": {p.Authenticator(t, o.key)}}),
				`SELECT COUNT(*) FROM event WHERE action = 'recovery.prove' AND subject = $1`, "account:" + o.ID
		}},
		{"the last step of a reset", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{app: true})
			b := resetBegun(t, p, o, "")
			code, _ := o.resetMail(t, p)
			b.Post("/reset-password/code", url.Values{"code": {code}}).Post("/reset-password/authenticator", url.Values{"code": {o.codes[0]}, "with": {"recovery"}})
			q, of := acts("account.password_reset", o)
			return func(k int) send {
				return send{b, "/reset-password/password", url.Values{"password": {fmt.Sprintf("Copper-Thistle-Lantern-%d", 100+k)}}}
			}, q, of
		}},
		{"the app's code at fifty sign-ins", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{app: true})
			all := halfIn(t, p, o, 50)
			form := url.Values{"code": {p.Authenticator(t, o.key)}}
			return func(k int) send { return send{all[k], "/sign-in/code", form} }, sessions, o.ID
		}},
		{"a recovery code at fifty sign-ins", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{app: true})
			all := halfIn(t, p, o, 50)
			form := url.Values{"code": {o.codes[2]}, "with": {"recovery"}}
			return func(k int) send { return send{all[k], "/sign-in/code", form} }, sessions, o.ID
		}},
		{"the ticket of a sign-in", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{app: true})
			b := halfIn(t, p, o, 1)[0]
			// Each with a recovery code of its own: what is spent is the ticket.
			return func(k int) send {
				return send{b, "/sign-in/code", url.Values{"code": {o.codes[k%len(o.codes)]}, "with": {"recovery"}}}
			}, sessions, o.ID
		}},
		{"the app's code at proving it again", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{app: true})
			var all []*portaltest.Browser
			for range 5 {
				all = append(all, o.signedIn(t, p, from(t, p, "198.51.100.7")))
			}
			p.Clock.Advance(6 * time.Minute)
			form := url.Values{"password": {ownersPassword}, "code": {p.Authenticator(t, o.key)}, "next": {"/portal/account"}}
			q, of := acts("authn_reauth_success", o)
			return func(k int) send { return send{all[k%len(all)], "/sign-in/again", form} }, q, of
		}},
		{"the passkey's challenge of a sign-in", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{})
			device := withKey(t, p, o, n)
			b := from(t, p, "198.51.100.7").Open("/sign-in")
			return always(b, "/sign-in/passkey", answer(device.Use(ask(t, b, "/sign-in/passkey/ask")))), sessions, o.ID
		}},
		{"the passkey's challenge at proving it again", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{})
			device := withKey(t, p, o, n)
			b := o.signedIn(t, p, from(t, p, "198.51.100.7"))
			p.Clock.Advance(6 * time.Minute)
			q, of := acts("authn_reauth_success", o)
			return always(b, "/sign-in/again/passkey", answer(device.Use(ask(t, b, "/sign-in/again/passkey/ask")))), q, of
		}},
		{"the challenge for a new passkey", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{})
			b := o.signedIn(t, p, from(t, p, "198.51.100.7"))
			form := answer(passkeytest.New(t, secret.Seeded(uint64(n)), portaltest.Base).Make(ask(t, b, "/portal/account/passkeys/ask")))
			form.Set("name", "Phone")
			return always(b, "/portal/account/passkeys/add", form), `SELECT COUNT(*) FROM passkey WHERE account_id = $1`, o.ID
		}},
		{"the code of another address", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{})
			b, to := emailAsked(t, p, o)
			q, of := acts("account.email_change", o)
			return always(b, "/portal/account/email/code", url.Values{"email-code": {p.Mail(to, "Confirm").Code(t)}}), q, of
		}},
		{"the link of another address", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{})
			b, to := emailAsked(t, p, o)
			q, of := acts("account.email_change", o)
			return always(b, pathIn(p.Mail(to, "Confirm").Link(t, "/portal/account/email/confirm/")), nil), q, of
		}},
		{"the link that undoes another address", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{})
			b, to := emailAsked(t, p, o)
			b.Post("/portal/account/email/code", url.Values{"email-code": {p.Mail(to, "Confirm").Code(t)}})
			q, of := acts("account.email_undo", o)
			return always(from(t, p, "198.51.100.9"), pathIn(p.Mail(o.Email, "was changed").Link(t, "/undo-email/")), nil), q, of
		}},
		{"the code of another number", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{})
			b := o.signedIn(t, p, from(t, p, "198.51.100.7"))
			b.Post("/portal/account/mobile", url.Values{"mobile-country": {"GB"}, "mobile": {"07700 900999"}}).At(http.StatusOK, "/portal/account/mobile")
			q, of := acts("account.mobile_change", o)
			return always(b, "/portal/account/mobile/code", url.Values{"code": {p.SMS("+447700900999").Code(t)}}), q, of
		}},
		{"the link that keeps an account", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{})
			b := o.signedIn(t, p, from(t, p, "198.51.100.7"))
			b.Post("/portal/account/close", url.Values{"user_id": {o.UserID}}).At(http.StatusOK, "/account-closing")
			q, of := acts("account.close_cancel", o)
			return always(from(t, p, "198.51.100.9"), pathIn(p.Mail(o.Email, "will be closed").Link(t, "/keep-account/")), nil), q, of
		}},
		{"the link that stops a clearing", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{questions: true})
			clearing(t, p, o, "two-staff")
			dora := member(t, p, "Dora", staff.Helpdesk)
			browserOf(dora).Open("/office/accounts/" + o.ID).Press(dora.Say("helpdesk.clearing.agree"))
			path := pathIn(mailOf(t, p, o.Email, "clearing-started").Link(t, "/stop/"))
			q, of := acts("helpdesk.clear_stop", o)
			return always(from(t, p, "198.51.100.9"), path, nil), q, of
		}},
		{"the second person's word for a clearing", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			o := person(t, p, n, has{questions: true})
			clearing(t, p, o, "two-staff")
			dora := member(t, p, "Emma", staff.Helpdesk)
			path, form := browserOf(dora).Open("/office/accounts/" + o.ID).Submission(dora.Say("helpdesk.clearing.agree"))
			q, of := acts("helpdesk.clear_agree", o)
			return always(browserOf(dora), path, form), q, of
		}},
		{"the voucher of an administrator", func(t *testing.T, p *portaltest.Portal, n int) (func(int) send, string, string) {
			boss, o := colleagues(t, p, n)
			clearing(t, p, o, "voucher")
			path := pathIn(mailOf(t, p, boss.Email, "voucher-asked").Link(t, "/portal/vouch/"))
			boss.SignIn(boss.Email)
			q, of := acts("helpdesk.clear_vouch", o)
			return always(browserOf(boss), path, url.Values{"answer": {"yes"}}), q, of
		}},
		{"the set-up link of a member of staff", func(t *testing.T, p *portaltest.Portal, _ int) (func(int) send, string, string) {
			return always(from(t, p, "198.51.100.9"), pathIn(p.Invite(t, "Fay", "Prior", staff.Helpdesk)), nil),
				`SELECT COUNT(*) FROM flow WHERE kind LIKE '%staff%' AND step <> $1`, "done"
		}},
	}
}

// colleagues are an administrator of an organization and somebody else of it.
func colleagues(t *testing.T, p *portaltest.Portal, n int) (boss guide.Way, o owner) {
	t.Helper()
	boss = somebody(t, p, 400+n)
	boss.AskForAccess()
	approver(t, p, "Bob").Approve(boss.Person)
	stepTwo(t, p, boss, mailOf(t, p, boss.Email, "request-approved-register").Link(t, "/welcome/"))
	o = person(t, p, n, has{questions: true})
	admin := p.Account(t, boss.Email)
	p.Change(t, func(tx *db.Tx) error {
		var organization string
		if err := tx.Get(`SELECT organization_id FROM organization_member WHERE account_id = $1`, []any{admin.ID}, &organization); err != nil {
			return err
		}
		return tx.Do(`INSERT INTO organization_member (account_id, organization_id, role, origin, joined_at) VALUES ($1, $2, 'member', 'invitation', $3)`,
			o.ID, organization, db.Micros(tx.Now()))
	})
	return boss, o
}

// asvs: V2.3.4 V6.5.1 V15.4.2
func TestWhatCountsOnceCountsOnceHoweverManySpendItOnTwoNodes(t *testing.T) {
	for n, s := range singles() {
		t.Run(s.what, func(t *testing.T) {
			portaltest.Two(t, func(t *testing.T, a, other *portaltest.Portal) {
				spend, effects, of := s.ready(t, a, n%26)
				before := a.Count(t, effects, of)
				statuses := atOnce(many(), func(k int) int {
					node := a
					if k%2 == 1 {
						node = other
					}
					one := spend(k)
					b := one.b.CopyOn(node)
					b.Address = fmt.Sprintf("203.0.%d.%d", 20+k, 1+k) // else the network's limit would do what is tried here
					return b.Raw(one.path, one.form).Status
				})
				for _, status := range statuses {
					if status >= 500 || status < 200 {
						t.Errorf("one was answered %d", status)
					}
				}
				if n := a.Count(t, effects, of) - before; n != 1 {
					t.Errorf("it counted %d times; the answers were %v", n, statuses)
				}
			})
		})
	}
}

// many is how many ask at once: fewer under the race detector, which makes each of them many times slower.
func many() int {
	if testing.Short() {
		return 12
	}
	return 50
}
