package register

import (
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/text"
)

// What a network is told about addresses that have an account has an end; an end
// that is met by those addresses alone tells on.
func TestTheLimitOnBeingToldOfAnAccountTellsNothingItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.walk(marta(), Done)
		for range 10 {
			_, err := r.GiveDetails(r.ctx(), "", marta())
			r.refused(err, "email-linked")
		}
		_, known := r.GiveDetails(r.ctx(), "", marta())
		other := marta()
		other.Email, other.Mobile = "nobody.here@harbourvale.example", "07700 900555"
		_, unknown := r.GiveDetails(r.ctx(), "", other)
		if fault.Is(known, fault.TooMany) != fault.Is(unknown, fault.TooMany) {
			t.Fatalf("the limit tells who has an account: %v for a known address, %v for an unknown one", known, unknown)
		}
	})
}

// Who said "not me" and left at the details comes back by the next link to finish.
func TestWhoLeftAfterNotMeComesBackByTheLink(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.walk(marta(), Confirm)
		a := r.account("marta.ellison@harbourvale.example")
		mail := func() {
			r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error { return r.ContinueByMail(tx, r.fresh(tx, a.ID)) }))
		}
		mail()
		_, err := r.NotMeFinish(r.ctx(), r.token(a.Email, "/register/finish/"))
		r.ok(err)
		r.later(time.Hour)
		mail()
		ticket, err := r.Finish(r.ctx(), r.token(a.Email, "/register/finish/"))
		r.ok(err)
		v, err := r.Current(r.ctx(), ticket)
		r.ok(err)
		if v.Step == Code && v.Mobile == "" {
			t.Fatalf("asked for a code that went to no number: %+v", v)
		}
	})
}

// A set-up that the mailbox's owner begins afresh has its own week.
func TestASetUpBegunAfreshIsNotSweptForTheAgeOfTheAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.walk(marta(), Done)
		a := r.account("marta.ellison@harbourvale.example")
		r.later(8 * 24 * time.Hour)
		r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error { return r.ConfirmByMail(tx, a) }))
		ticket, err := r.NotMeConfirm(r.ctx(), r.token(a.Email, "/confirm-email/"))
		r.ok(err)
		r.later(time.Minute)
		r.ok(r.Sweep(r.ctx()))
		if _, err := r.Current(r.ctx(), ticket); err != nil {
			t.Fatalf("a minute after it began the set-up is gone: %v", err)
		}
	})
}

// The proof of who accepted the terms is the new owner's, not the stranger's.
func TestTheAcceptanceAfterNotMeIsTheOwners(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.walk(marta(), Done)
		a := r.account("marta.ellison@harbourvale.example")
		r.later(2 * time.Hour)
		ticket, err := r.NotMeConfirm(r.ctx(), r.token(a.Email, "/confirm-email/"))
		r.ok(err)
		ticket, err = r.GiveDetails(r.ctx(), ticket, marta())
		r.ok(err)
		r.ok(r.VerifyCode(r.ctx(), ticket, r.code("+447700900123")))
		r.ok(r.AcceptTerms(r.ctx(), ticket, "4.2", text.English))
		r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) error {
			got, err := account.LastAcceptance(tx, a.ID)
			if err == nil && !got.AcceptedAt.Equal(e.Clock.Now()) {
				t.Errorf("the proof kept is the stranger's of %s, not the owner's of %s", got.AcceptedAt, e.Clock.Now())
			}
			return err
		}))
	})
}

// The link that is mailed when staff release the code belongs to a registration
// without an account: it must not hand over an account that a stranger set up.
func TestTheLinkOfAReleasedStepHandsOverNothingThatAStrangerSet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, func(s *Settings) { s.Countries = []string{"DE"} })
		ticket := r.walk(marta(), Code) // a stranger, with Marta's address
		r.ok(r.AskHelp(r.ctx(), ticket, ""))
		waiting, err := r.WaitingForRelease(r.ctx())
		r.ok(err)
		r.ok(r.ReleaseCodeStep(r.ctx(), "staff1", waiting[0].ID, "called back"))
		r.ok(r.AcceptTerms(r.ctx(), ticket, "4.2", text.English))
		r.ok(r.ChooseQuestions(r.ctx(), ticket, text.English, answers()))
		r.ok(r.ConfirmAnswers(r.ctx(), ticket, again()))
		r.ok(r.EnrolAuthenticator(r.ctx(), ticket, r.totp(ticket)))
		r.ok(r.KeepCodes(r.ctx(), ticket))
		owner, err := r.Continue(r.ctx(), r.token("marta.ellison@harbourvale.example", "/register/continue/"))
		if err != nil {
			return // refused: well
		}
		v, err := r.Current(r.ctx(), owner)
		r.ok(err)
		if v.AuthenticatorOn {
			t.Fatalf("the owner is asked for a password at step %s of an account with the stranger's authenticator and answers", v.Step)
		}
	})
}
