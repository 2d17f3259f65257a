package register

import (
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/text"
)

func TestAPersonBecomesAnAccountInEightSteps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		ticket := r.walk(marta(), Done)
		v, err := r.Current(r.ctx(), ticket)
		r.ok(err)
		if v.Step != Done || v.UserID != "mellison" || !v.MobileVerified || !v.AuthenticatorOn || v.EmailProved {
			t.Fatalf("got %+v", v)
		}
		a := r.account("marta.ellison@harbourvale.example")
		if a.State != account.Active || a.UserID != "mellison" || a.Mobile != "+447700900123" || a.Country != "GB" || a.EmailConfirmed() {
			t.Fatalf("got %+v", a)
		}
		if ok, _, err := r.Passwords.Check(r.ctx(), a.PasswordHash, goodPassword); !ok || err != nil {
			t.Fatal("the password does not open the account", err)
		}
		r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) error {
			if q, err := account.QuestionsOf(tx, a.ID); err != nil || len(q) != 3 {
				t.Fatalf("%d questions, %v", len(q), err)
			}
			if n, err := account.RecoveryCodesLeft(tx, a.ID); err != nil || n != 10 {
				t.Fatalf("%d recovery codes, %v", n, err)
			}
			if acc, err := account.LastAcceptance(tx, a.ID); err != nil || acc.Version != "4.2" || acc.Address != "192.0.2.7" || acc.TextHash == "" {
				t.Fatalf("acceptance %+v, %v", acc, err)
			}
			return nil
		}))
		subjects := map[string]bool{}
		for _, m := range r.mails(a.Email) {
			subjects[m.Subject] = true
		}
		if len(subjects) != 2 {
			t.Fatalf("want two e-mails, got %v", subjects)
		}
		report, err := audit.Verify(r.ctx(), r.DB)
		if err != nil || len(report.Problems) != 0 {
			t.Fatalf("the audit chain is broken: %+v %v", report, err)
		}
	})
}

func TestTheAuthenticatorAndTheQuestionsCanBeLeftOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, func(s *Settings) { s.Questions = nil })
		ticket := r.walk(marta(), Terms)
		r.ok(r.AcceptTerms(r.ctx(), ticket, "4.2", text.German))
		if at := r.step(ticket); at != Authenticator {
			t.Fatalf("at %s", at)
		}
		r.ok(r.SkipAuthenticator(r.ctx(), ticket))
		r.refused(r.SetPassword(r.ctx(), ticket, "Marta-likes-9-teas"), "password-context")
		r.ok(r.SetPassword(r.ctx(), ticket, goodPassword))
		if n := r.count(`SELECT COUNT(*) FROM authenticator`); n != 0 {
			t.Fatal("a skipped authenticator is kept")
		}
	})
}

// asvs: V6.6.3
func TestACodeIsTriedFiveTimesAndUsedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		ticket := r.walk(marta(), Code)
		right := r.code("+447700900123")
		wrong := "000000"
		if right == wrong {
			wrong = "000001"
		}
		for range 4 {
			r.refused(r.VerifyCode(r.ctx(), ticket, wrong), "code-wrong")
		}
		r.refused(r.VerifyCode(r.ctx(), ticket, wrong), "code-spent")
		r.refused(r.VerifyCode(r.ctx(), ticket, right), "code-spent")
		r.refused(r.ResendCode(r.ctx(), ticket), "code-wait")
		r.later(30 * time.Second)
		r.ok(r.ResendCode(r.ctx(), ticket))
		r.ok(r.VerifyCode(r.ctx(), ticket, r.code("+447700900123")))
		r.refused(r.VerifyCode(r.ctx(), ticket, r.code("+447700900123")), "step-moved")
	})
}

// asvs: V6.6.2
func TestACodeOfOneRegistrationDoesNotServeAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		other := marta()
		other.Email, other.Mobile = "ben@harbourvale.example", "07700 900456"
		a, b := r.walk(marta(), Code), r.walk(other, Code)
		r.refused(r.VerifyCode(r.ctx(), b, r.code("+447700900123")), "code-wrong")
		r.ok(r.VerifyCode(r.ctx(), a, r.code("+447700900123")))
		r.ok(r.ChangeNumber(r.ctx(), b, "GB", "07700 900789"))
		r.refused(r.VerifyCode(r.ctx(), b, r.code("+447700900456")), "code-wrong")
	})
}

// asvs: V2.3.2 V2.4.1
func TestNoHourSeesMoreThanFourCodesToANumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		in := marta()
		for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
			in.Email = name + "@harbourvale.example"
			ticket, err := r.GiveDetails(r.ctx(), "", in)
			r.ok(err)
			v, err := r.Current(r.ctx(), ticket)
			r.ok(err)
			if held := v.Held == heldLimit; held != (i >= 4) {
				t.Fatalf("code %d: held %q", i+1, v.Held)
			}
			if i >= 4 && (v.Wait <= 0 || v.Wait > time.Hour) {
				t.Fatalf("wait %s", v.Wait)
			}
			r.later(time.Minute)
		}
		if n := len(r.mails("+447700900123")); n != 4 {
			t.Fatalf("%d SMS in an hour", n)
		}
	})
}

func TestWhoGetsNoCodeIsLetPastByStaff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, func(s *Settings) { s.Countries = []string{"DE"} })
		ticket := r.walk(marta(), Code)
		v, err := r.Current(r.ctx(), ticket)
		r.ok(err)
		if v.Held != heldCountry {
			t.Fatalf("held %q", v.Held)
		}
		if n := len(r.mails("+447700900123")); n != 0 {
			t.Fatal("an SMS went to a country that is not served")
		}
		r.ok(r.AskHelp(r.ctx(), ticket, "we have no reception here"))
		waiting, err := r.WaitingForRelease(r.ctx())
		if len(waiting) == 1 && waiting[0].Note != "we have no reception here" {
			t.Errorf("staff read the note %q", waiting[0].Note)
		}
		r.ok(err)
		if len(waiting) != 1 || waiting[0].Email != "marta.ellison@harbourvale.example" {
			t.Fatalf("waiting: %+v", waiting)
		}
		if len(r.mails("desk@northwind.example")) != 1 {
			t.Fatal("staff were not told")
		}
		r.refused(r.ReleaseCodeStep(r.ctx(), "staff1", waiting[0].ID, " "), "release-reason")
		r.ok(r.ReleaseCodeStep(r.ctx(), "staff1", waiting[0].ID, "called back on the office line"))
		r.refused(r.ReleaseCodeStep(r.ctx(), "staff2", waiting[0].ID, "so do I"), "step-moved")
		other, err := r.Continue(r.ctx(), r.token("marta.ellison@harbourvale.example", "/register/continue/"))
		r.ok(err)
		if _, err := r.Current(r.ctx(), ticket); !fault.Code(err, "flow-gone") {
			t.Fatal("the old browser keeps its ticket")
		}
		r.ok(r.AcceptTerms(r.ctx(), other, "4.2", text.English))
		a := r.account("marta.ellison@harbourvale.example")
		if a.MobileVerified() || !a.EmailConfirmed() {
			t.Fatalf("mobile %v, e-mail %v", a.MobileVerified(), a.EmailConfirmed())
		}
	})
}

func TestDecliningTheTermsLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		ticket := r.walk(marta(), Terms)
		r.ok(r.DeclineTerms(r.ctx(), ticket))
		for _, table := range []string{"flow", "account", "code", "link"} {
			if n := r.count(`SELECT COUNT(*) FROM ` + table); n != 0 {
				t.Errorf("%d rows remain in %s", n, table)
			}
		}
	})
}

func TestAnAddressWithAnAccountEndsTheRegistration(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.walk(marta(), Done)
		in := marta()
		in.Email, in.Mobile = "Marta.Ellison@HarbourVale.example", "07700 900456"
		_, err := r.GiveDetails(r.ctx(), "", in)
		r.refused(err, "email-linked")
		if len(r.mails("+447700900456")) != 0 {
			t.Fatal("a code was sent")
		}
	})
}

// asvs: V6.3.8
func TestWhereAddressesAreConcealedTheMailboxAloneIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, func(s *Settings) { s.Conceal = true })
		fresh, err := r.GiveDetails(r.ctx(), "", marta())
		r.ok(err)
		if at := r.step(fresh); at != Mailbox {
			t.Fatalf("at %s", at)
		}
		if len(r.mails("+447700900123")) != 0 {
			t.Fatal("a code was sent before the mailbox was proved")
		}
		ticket, err := r.Continue(r.ctx(), r.token("marta.ellison@harbourvale.example", "/register/continue/"))
		r.ok(err)
		r.ok(r.VerifyCode(r.ctx(), ticket, r.code("+447700900123")))
		r.ok(r.AcceptTerms(r.ctx(), ticket, "4.2", text.English))
		if !r.account("marta.ellison@harbourvale.example").EmailConfirmed() {
			t.Fatal("the proved address is not confirmed")
		}

		in := marta()
		in.Mobile = "07700 900456"
		known, err := r.GiveDetails(r.ctx(), "", in)
		r.ok(err)
		a, err := r.Current(r.ctx(), known)
		r.ok(err)
		in.Email = "nobody@harbourvale.example"
		unknown, err := r.GiveDetails(r.ctx(), "", in)
		r.ok(err)
		b, err := r.Current(r.ctx(), unknown)
		r.ok(err)
		b.Email = a.Email
		if a.Step != Mailbox || a.Wait != b.Wait || a.Held != b.Held || a.Step != b.Step || a.EmailProved != b.EmailProved {
			t.Fatalf("the answers differ:\n%+v\n%+v", a, b)
		}
		if len(r.mails("+447700900456")) != 0 {
			t.Fatal("a code was sent")
		}
	})
}

func TestWhoLeftHalfWayFinishesByTheMailedLink(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		old := r.walk(marta(), Authenticator)
		a := r.account("marta.ellison@harbourvale.example")
		r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error { return r.ContinueByMail(tx, a) }))
		token := r.token(a.Email, "/register/finish/")
		if shown, err := r.FinishLink(r.ctx(), token); err != nil || shown.UserID != "mellison" {
			t.Fatal(shown.UserID, err)
		}
		r.later(time.Hour)
		ticket, err := r.Finish(r.ctx(), token)
		r.ok(err)
		if at := r.step(ticket); at != Code {
			t.Fatalf("at %s", at)
		}
		if _, err := r.Current(r.ctx(), old); !fault.Code(err, "flow-gone") {
			t.Fatal("the old browser goes on")
		}
		if _, err := r.Finish(r.ctx(), token); !fault.Is(err, fault.Gone) {
			t.Fatalf("the link works twice: %v", err)
		}
		if n := r.count(`SELECT COUNT(*) FROM account_question`) + r.count(`SELECT COUNT(*) FROM authenticator`); n != 0 {
			t.Fatal("what was set before remains")
		}
		r.ok(r.VerifyCode(r.ctx(), ticket, r.code("+447700900123")))
		r.ok(r.AcceptTerms(r.ctx(), ticket, "4.2", text.English))
		r.ok(r.ChooseQuestions(r.ctx(), ticket, text.English, answers()))
		r.ok(r.ConfirmAnswers(r.ctx(), ticket, again()))
		r.ok(r.SkipAuthenticator(r.ctx(), ticket))
		r.ok(r.SetPassword(r.ctx(), ticket, goodPassword))
		done := r.account(a.EmailKey)
		if done.ID != a.ID || done.State != account.Active || !done.EmailConfirmed() || !done.MobileVerified() {
			t.Fatalf("got %+v", done)
		}
	})
}

// A stranger registers with somebody's address first and finishes; the owner of
// the mailbox takes the account, and nothing of the stranger's opens it.
func TestAStrangerCannotKeepTheMailboxOwnerOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		in := marta()
		in.FirstName, in.LastName, in.Mobile = "Mallory", "Stranger", "07700 900999"
		r.walk(in, Done)
		a := r.account("marta.ellison@harbourvale.example")
		token := r.token(a.Email, "/confirm-email/")
		r.refused(r.ConfirmEmail(r.ctx(), token, "", ""), "password-needed")
		r.refused(r.ConfirmEmail(r.ctx(), token, "somebody-else", "guess"), "password-wrong")
		ticket, err := r.NotMeConfirm(r.ctx(), token)
		r.ok(err)
		v, err := r.Current(r.ctx(), ticket)
		r.ok(err)
		if v.Step != Details || !v.EmailFixed || v.FirstName != "" || v.Mobile != "" {
			t.Fatalf("got %+v", v)
		}
		b := r.account(a.EmailKey)
		if b.State != account.Unfinished || b.PasswordHash != "" || b.Mobile != "" {
			t.Fatalf("the stranger's things remain: %+v", b)
		}
		mine := marta()
		mine.Email = "ignored@elsewhere.example"
		ticket, err = r.GiveDetails(r.ctx(), ticket, mine)
		r.ok(err)
		r.ok(r.VerifyCode(r.ctx(), ticket, r.code("+447700900123")))
		r.ok(r.AcceptTerms(r.ctx(), ticket, "4.2", text.English))
		c := r.account(a.EmailKey)
		if c.ID != a.ID || c.UserID != "mellison" || c.FirstName != "Marta" || !c.EmailConfirmed() || c.Mobile != "+447700900123" {
			t.Fatalf("got %+v", c)
		}
	})
}

func TestConfirmingTheAddressTakesTheOwnersPasswordToo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.walk(marta(), Done)
		a := r.account("marta.ellison@harbourvale.example")
		token := r.token(a.Email, "/confirm-email/")
		r.ok(r.ConfirmEmail(r.ctx(), token, "", goodPassword))
		if !r.account(a.EmailKey).EmailConfirmed() {
			t.Fatal("not confirmed")
		}
		if err := r.ConfirmEmail(r.ctx(), token, "", goodPassword); !fault.Is(err, fault.Gone) {
			t.Fatalf("the link works twice: %v", err)
		}
		if _, err := r.NotMeConfirm(r.ctx(), token); !fault.Is(err, fault.Gone) {
			t.Fatalf("a confirmed account can be taken over: %v", err)
		}
	})
}

// asvs: V14.2.7
func TestUnfinishedAccountsAreRemindedOnceAndSweptAfterAWeek(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.walk(marta(), Questions)
		r.later(49 * time.Hour)
		r.ok(r.Remind(r.ctx()))
		r.ok(r.Remind(r.ctx()))
		if n := len(r.mails("marta.ellison@harbourvale.example")); n != 1 {
			t.Fatalf("%d reminders", n)
		}
		r.ok(r.Sweep(r.ctx()))
		r.account("marta.ellison@harbourvale.example")
		r.later(7 * 24 * time.Hour)
		r.ok(r.Sweep(r.ctx()))
		for _, table := range []string{"flow", "account", "terms_acceptance"} {
			if n := r.count(`SELECT COUNT(*) FROM ` + table); n != 0 {
				t.Errorf("%d rows remain in %s", n, table)
			}
		}
	})
}

func TestTheBrowserGoesOnWhereItWasAndTheTicketOfAnotherDoesNotServe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		in := marta()
		a := r.walk(in, Questions)
		in.Email, in.Mobile = "ben@harbourvale.example", "07700 900456"
		b := r.walk(in, Code)
		if r.step(a) != Questions || r.step(b) != Code {
			t.Fatal("the registrations are mixed up")
		}
		if _, err := r.Current(r.ctx(), Ticket(a.ID()+string(b[len(b.ID()):]))); !fault.Code(err, "flow-gone") {
			t.Fatalf("a swapped ticket serves: %v", err)
		}
	})
}

func TestTheAnswersMustBeTypedAlikeTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		ticket := r.walk(marta(), Confirm)
		r.refused(r.ConfirmAnswers(r.ctx(), ticket, []string{"burnt leek pie", "the long line", ""}), "answer-differs")
		r.ok(r.ChangeAnswers(r.ctx(), ticket))
		r.refused(r.ConfirmAnswers(r.ctx(), ticket, again()), "step-moved")
		r.ok(r.ChooseQuestions(r.ctx(), ticket, text.English, answers()))
		r.ok(r.ConfirmAnswers(r.ctx(), ticket, again()))
		r.refused(r.EnrolAuthenticator(r.ctx(), ticket, "000000"), "authenticator-wrong")
	})
}

// asvs: V6.5.5
func TestACodeLivesTenMinutes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		ticket := r.walk(marta(), Code)
		c := r.code("+447700900123")
		r.later(code.Default().Life)
		r.refused(r.VerifyCode(r.ctx(), ticket, c), "code-spent")
	})
}
