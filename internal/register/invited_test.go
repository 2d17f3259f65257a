package register

import (
	"strings"
	"testing"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/text"
)

// approved has somebody ask for access and staff approve it; it returns the
// token of the personal link.
func (r *rig) approved(email string) string {
	r.t.Helper()
	a := &access.Service{DB: r.DB, Secret: r.Secret, Messages: r.Messages, Settings: access.DefaultSettings()}
	r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error {
		return license.PutProduct(tx, license.Product{ID: "meeting", Name: "Meeting Add-On", Prefix: "NWC", Offered: true})
	}))
	_, err := a.Ask(r.ctx(), access.Form{
		First: "Marta", Last: "Ellison", Email: email, MobileCountry: "GB", Mobile: "07700 900123", Organization: "Harbour Vale Council",
		Country: "GB", Product: "meeting", Users: "250", Consent: true, Lang: "en", Address: "192.0.2.7",
	})
	r.ok(err)
	var id string
	r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) error {
		return tx.Get(`SELECT id FROM access_request WHERE state = 'received' AND email_key = $1`, []any{strings.ToLower(email)}, &id)
	}))
	out, err := a.Decide(r.ctx(), id, access.Decision{Approve: true, VerifyDomain: r.count(`SELECT COUNT(*) FROM organization_domain`) == 0}, access.Decider{ID: "staff1", Name: "Ines Duarte"})
	r.ok(err)
	if !out.Made {
		r.t.Fatal("no decision was made")
	}
	return r.token(email, "/welcome/")
}

func (r *rig) membership(id string) (m organization.Membership, err error) {
	err = r.DB.Read(r.ctx(), func(tx *db.Tx) error {
		m, err = organization.Of(tx, id)
		return err
	})
	return m, err
}

func TestTheLinkOfAnApprovalFillsTheFormAndProvesItsAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, func(s *Settings) { s.Conceal = true }) // a proved address needs no mailbox step
		token := r.approved("marta.ellison@harbourvale.example")
		for range 3 { // a mail scanner looks, too
			v, err := r.Invited(r.ctx(), token)
			r.ok(err)
			if v.FirstName != "Marta" || v.Email != "marta.ellison@harbourvale.example" || v.Mobile != "07700 900123" || v.Organization != "Harbour Vale Council" {
				t.Fatalf("got %+v", v)
			}
		}
		in := marta()
		in.Invitation = token
		ticket := r.walk(in, Done)
		a := r.account("marta.ellison@harbourvale.example")
		if !a.EmailConfirmed() {
			t.Fatal("the address is not confirmed")
		}
		m, err := r.membership(a.ID)
		r.ok(err)
		if m.Organization.Name != "Harbour Vale Council" || m.Role != organization.Administrator {
			t.Fatalf("joined as %+v", m)
		}
		if _, err := r.Invited(r.ctx(), token); !fault.Code(err, "link-used") {
			t.Fatalf("the link works twice: %v", err)
		}
		if v, err := r.Current(r.ctx(), ticket); err != nil || !v.EmailProved {
			t.Fatal(v, err)
		}
	})
}

// A forwarded link proves nothing to whom it was forwarded.
func TestAnotherAddressThanTheInvitedOneDropsProofAndStanding(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		token := r.approved("marta.ellison@harbourvale.example")
		in := marta()
		in.Invitation, in.Email = token, "mallory@elsewhere.example"
		r.walk(in, Done)
		a := r.account("mallory@elsewhere.example")
		if a.EmailConfirmed() {
			t.Fatal("the link proved an address that it was not mailed to")
		}
		if _, err := r.membership(a.ID); !fault.Is(err, fault.NotFound) {
			t.Fatalf("a member: %v", err)
		}
		if _, err := r.Invited(r.ctx(), token); err != nil {
			t.Fatalf("the link was used up: %v", err)
		}
	})
}

func TestALinkOpenedTwiceProvesForOneAccountAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		in := marta()
		in.Invitation = r.approved("marta.ellison@harbourvale.example")
		in.Once = "first page"
		one, err := r.GiveDetails(r.ctx(), "", in)
		r.ok(err)
		// The same browser opens the link again and gives the details again: it is
		// the same registration, and stands where it stood.
		in.Once = "second page"
		if _, err := r.GiveDetails(r.ctx(), one, in); !fault.Is(err, fault.Conflict) {
			t.Fatalf("got %v", err)
		}
		// Another browser begins one of its own.
		in.Mobile = "07700 900456"
		two := r.walk(in, Terms)
		r.ok(r.VerifyCode(r.ctx(), one, r.code("+447700900123")))
		r.ok(r.AcceptTerms(r.ctx(), two, "4.2", text.English))
		r.refused(r.AcceptTerms(r.ctx(), one, "4.2", text.English), "email-linked")
		if _, err := r.Current(r.ctx(), one); !fault.Code(err, "flow-gone") {
			t.Fatal("the loser's registration goes on")
		}
	})
}

func TestALinkThatWasUsedMeanwhileProvesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		in := marta()
		in.Invitation = r.approved("marta.ellison@harbourvale.example")
		ticket := r.walk(in, Terms)
		r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error {
			_, err := access.SpendInvitation(tx, in.Invitation, "marta.ellison@harbourvale.example")
			return err
		}))
		r.ok(r.AcceptTerms(r.ctx(), ticket, "4.2", text.English))
		if r.account("marta.ellison@harbourvale.example").EmailConfirmed() {
			t.Fatal("confirmed by a link that was used before")
		}
		// The invitation of another opens a registration of its own in this browser.
		other := r.approved("ben@harbourvale.example")
		next, err := r.GiveDetails(r.ctx(), ticket, Form{
			Invitation: other, FirstName: "Ben", LastName: "Ames", Email: "ben@harbourvale.example", MobileCountry: "GB", Mobile: "07700 900456",
			Organization: "Harbour Vale Council", Lang: text.English,
		})
		r.ok(err)
		if next == ticket || r.step(next) != Code || r.step(ticket) != Questions {
			t.Fatal("the registrations are mixed up")
		}
	})
}

// Somebody of a verified domain asks to join, and who may decide is told.
func TestAColleagueAsksToJoinAndTheAdministratorIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		in := marta()
		in.Invitation = r.approved("marta.ellison@harbourvale.example")
		r.walk(in, Done)
		ben := marta()
		ben.FirstName, ben.Email, ben.Mobile = "Ben", "ben@harbourvale.example", "07700 900456"
		r.walk(ben, Done)
		a := r.account("ben@harbourvale.example")
		r.ok(r.ConfirmEmail(r.ctx(), r.token(a.Email, "/confirm-email/"), a.ID, ""))
		if _, err := r.membership(a.ID); !fault.Is(err, fault.NotFound) {
			t.Fatalf("a member by domain alone: %v", err)
		}
		told := false
		for _, m := range r.mails("marta.ellison@harbourvale.example") {
			told = told || m.Kind == "join-requested"
		}
		if !told {
			t.Fatal("the administrator was not told")
		}
	})
}

func TestWhereNoAdministratorIsStaffAreAskedWhoMayJoin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.approved("marta.ellison@harbourvale.example") // who never registers
		ben := marta()
		ben.FirstName, ben.Email = "Ben", "ben@harbourvale.example"
		r.walk(ben, Done)
		a := r.account("ben@harbourvale.example")
		r.ok(r.ConfirmEmail(r.ctx(), r.token(a.Email, "/confirm-email/"), a.ID, ""))
		told := false
		for _, m := range r.mails("desk@northwind.example") {
			told = told || m.Kind == "join-requested"
		}
		if !told {
			t.Fatal("staff were not told")
		}
	})
}

func TestTheFinishLinkOffersThatItWasNotMe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.walk(marta(), Confirm)
		a := r.account("marta.ellison@harbourvale.example")
		// The link is mailed three times at once, then not for a while, in silence.
		for range 5 {
			r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error { return r.ContinueByMail(tx, a) }))
			r.mails(a.Email)
			r.later(time.Second)
		}
		if n := len(r.mails(a.Email)); n != 3 {
			t.Fatalf("%d mails", n)
		}
		ticket, err := r.NotMeFinish(r.ctx(), r.token(a.Email, "/register/finish/"))
		r.ok(err)
		if r.step(ticket) != Details {
			t.Fatalf("at %s", r.step(ticket))
		}
		// Declining the terms now leaves no account behind.
		next, err := r.GiveDetails(r.ctx(), ticket, marta())
		r.ok(err)
		r.later(time.Hour)
		r.ok(r.ResendCode(r.ctx(), next))
		r.ok(r.VerifyCode(r.ctx(), next, r.code("+447700900123")))
		r.ok(r.DeclineTerms(r.ctx(), next))
		if n := r.count(`SELECT COUNT(*) FROM account`); n != 0 {
			t.Fatal("the account remains")
		}
	})
}

func TestConfirmationIsMailedAgainOnlyWhereItIsWanted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		r.walk(marta(), Done)
		a := r.account("marta.ellison@harbourvale.example")
		before := r.token(a.Email, "/confirm-email/")
		again := func() {
			r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error { return r.ConfirmByMail(tx, r.fresh(tx, a.ID)) }))
		}
		r.later(time.Minute)
		again()
		after := r.token(a.Email, "/confirm-email/")
		if before == after {
			t.Fatal("no new link")
		}
		if _, err := r.ConfirmLink(r.ctx(), before); !fault.Is(err, fault.Gone) {
			t.Fatalf("the older link works: %v", err)
		}
		r.ok(r.ConfirmEmail(r.ctx(), after, a.ID, ""))
		n := len(r.mails(a.Email))
		again()
		if len(r.mails(a.Email)) != n {
			t.Fatal("a confirmed address got a link")
		}
		// An active account gets no link to finish.
		r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error { return r.ContinueByMail(tx, r.fresh(tx, a.ID)) }))
		if len(r.mails(a.Email)) != n {
			t.Fatal("a finished account got a link to finish")
		}
	})
}

func (r *rig) fresh(tx *db.Tx, id string) account.Account {
	r.t.Helper()
	a, err := account.Get(tx, id)
	r.ok(err)
	return a
}

func TestTheChecklistsJudgeByTheRulesThatDecide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		ticket := r.walk(marta(), Questions)
		r.ok(r.JudgeChoices(text.German, answers()))
		bad := answers()
		bad[0].Answer = "Pizza"
		r.refused(r.JudgeChoices(text.English, bad), "answer-common")
		r.refused(r.ChooseQuestions(r.ctx(), ticket, text.English, bad), "answer-common")
		if _, _, err := r.PasswordFindings(r.ctx(), ticket, "x"); !fault.Is(err, fault.Conflict) {
			t.Fatalf("got %v", err)
		}
		r.ok(r.ChooseQuestions(r.ctx(), ticket, text.English, answers()))
		v, err := r.Current(r.ctx(), ticket)
		r.ok(err)
		if r.QuestionWords(text.German, v.Questions[0]) != "Welches Gericht haben Sie als erstes kochen gelernt?" || v.Questions[0].Hash != "" {
			t.Fatalf("got %+v", v.Questions)
		}
		if r.QuestionWords(text.German, v.Questions[2]) != "What did we call the boat on the lake?" || len(r.Offered("fr")) != 16 {
			t.Fatal("words of a question")
		}
		r.ok(r.ConfirmAnswers(r.ctx(), ticket, again()))
		r.ok(r.SkipAuthenticator(r.ctx(), ticket))
		findings, strength, err := r.PasswordFindings(r.ctx(), ticket, "Ellison-2026-mellison")
		r.ok(err)
		broken := 0
		for _, f := range findings {
			if !f.Met {
				broken++
			}
		}
		if broken != 1 || strength > 3 {
			t.Fatalf("%+v, strength %d", findings, strength)
		}
		if one, two := r.Once(), r.Once(); one == two {
			t.Fatal("two pages carry the same")
		}
		if len(r.Chores()) != 2 {
			t.Fatal("chores")
		}
	})
}

func TestStaffAreAskedOnceEvenWhenTheNumberChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		ticket := r.walk(marta(), Code)
		r.ok(r.AskHelp(r.ctx(), ticket, ""))
		r.ok(r.ChangeNumber(r.ctx(), ticket, "GB", "07700 900456"))
		r.ok(r.AskHelp(r.ctx(), ticket, "again"))
		if n := len(r.mails("desk@northwind.example")); n != 1 {
			t.Fatalf("staff were told %d times", n)
		}
		r.refused(r.ReleaseCodeStep(r.ctx(), "staff1", "nobody", "a reason"), "not-found")
		if err := r.ContinueLink(r.ctx(), "nonsense"); !fault.Is(err, fault.Gone) {
			t.Fatal(err)
		}
		r.Notify = func(*db.Tx) ([]message.To, error) { return nil, nil }
		r.ok(r.VerifyCode(r.ctx(), ticket, r.code("+447700900456")))
	})
}

// The mailbox's owner who takes over what a stranger made gets the standing
// that belongs to the address, and no stranger's second factor.
func TestWhoTakesOverByTheLinkOfTheApprovalJoins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		email := "marta.ellison@harbourvale.example"
		r.walk(marta(), Done) // a stranger, with Marta's address
		token := r.approved(email)
		v, err := r.Invited(r.ctx(), token)
		r.ok(err)
		if v.Holder.UserID != "mellison" {
			t.Fatalf("the link does not know the account: %+v", v.Holder)
		}
		r.refused(r.ConfirmInvited(r.ctx(), token, "", "wrong"), "password-wrong")
		r.later(2 * time.Hour)
		ticket, err := r.NotMeInvited(r.ctx(), token)
		r.ok(err)
		_, err = r.GiveDetails(r.ctx(), ticket, marta())
		r.ok(err)
		r.ok(r.VerifyCode(r.ctx(), ticket, r.code("+447700900123")))
		r.ok(r.AcceptTerms(r.ctx(), ticket, "4.2", text.English))
		r.ok(r.ChooseQuestions(r.ctx(), ticket, text.English, answers()))
		r.ok(r.ConfirmAnswers(r.ctx(), ticket, again()))
		r.ok(r.SkipAuthenticator(r.ctx(), ticket))
		r.ok(r.SetPassword(r.ctx(), ticket, goodPassword))
		v, err = r.Current(r.ctx(), ticket)
		r.ok(err)
		if v.Standing.Reason != access.ReasonNotStarted {
			t.Fatalf("stands as %q", v.Standing.Reason)
		}
		_, err = r.Invited(r.ctx(), token)
		r.refused(err, "link-used")
	})
}

// Who belonged to an organization and begins afresh belongs to it again.
func TestWhoBeginsAfreshKeepsWhatTheAddressStandsFor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		in := marta()
		in.Invitation = r.approved(in.Email)
		r.walk(in, Done)
		a := r.account(in.Email)
		r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error {
			if err := organization.Vacate(tx, a.ID); err != nil {
				return err
			}
			_, err := organization.JoinByConfirmedAddress(tx, r.Secret, a.ID, a.EmailKey)
			return err
		}))
		if m, err := r.membership(a.ID); err != nil || m.Role != organization.Administrator {
			t.Fatal(m, err)
		}
	})
}
