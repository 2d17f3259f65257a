package register

import (
	"slices"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/text"
)

// imported makes an account that came from elsewhere and was reset by its
// mailbox alone.
func (r *rig) imported() account.Account {
	r.t.Helper()
	hash, err := r.Passwords.Hasher.Hash(r.ctx(), goodPassword)
	r.ok(err)
	var id string
	r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error {
		a, err := account.Import(tx, r.Secret, account.Account{
			UserID: "betatester", Email: "beta@harbourvale.example", EmailKey: "beta@harbourvale.example", FirstName: "Beta", LastName: "Tester", Lang: "en",
		})
		if err != nil {
			return err
		}
		id = a.ID
		if _, err := account.ConfirmEmail(tx, id, a.EmailKey); err != nil {
			return err
		}
		if err := account.SetPassword(tx, id, hash); err != nil {
			return err
		}
		return account.SetIncomplete(tx, id, true)
	}))
	return r.byID(id)
}

func (r *rig) byID(id string) (a account.Account) {
	r.t.Helper()
	r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) (err error) { a, err = account.Get(tx, id); return err }))
	return a
}

func (r *rig) complete(a account.Account) (t Ticket, err error) {
	err = r.DB.Write(r.ctx(), func(tx *db.Tx) (err error) { t, err = r.CompleteByOwner(tx, a); return err })
	return t, err
}

// toComplete brings a fresh completion to a step.
func (r *rig) toComplete(to Step) Ticket {
	r.t.Helper()
	t, err := r.complete(r.imported())
	r.ok(err)
	for _, s := range []struct {
		at   Step
		next func() error
	}{
		{Mobile, func() error { return r.ChangeNumber(r.ctx(), t, "GB", "07700 900123") }},
		{Code, func() error {
			if to == Help {
				return r.AskHelp(r.ctx(), t, "")
			}
			return r.VerifyCode(r.ctx(), t, r.code("+447700900123"))
		}},
		{Help, func() error { return nil }},
		{Questions, func() error { return r.ChooseQuestions(r.ctx(), t, text.English, answers()) }},
		{Confirm, func() error { return r.ConfirmAnswers(r.ctx(), t, again()) }},
		{Authenticator, func() error { return r.EnrolAuthenticator(r.ctx(), t, r.totp(t)) }},
		{Codes, func() error { return r.KeepCodes(r.ctx(), t) }},
	} {
		if s.at == to {
			return t
		}
		r.ok(s.next())
	}
	return t
}

func TestAnAccountFromElsewhereGetsWhatItLacks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		ticket := r.toComplete(Mobile)
		a := r.account("beta@harbourvale.example")
		v, err := r.Current(r.ctx(), ticket)
		if err != nil || v.Step != Mobile || !v.Completes || v.UserID != "betatester" {
			t.Fatalf("%+v %v", v, err)
		}
		r.refused(r.ChangeNumber(r.ctx(), ticket, "GB", "12"), "mobile-short")
		r.ok(r.ChangeNumber(r.ctx(), ticket, "GB", "07700 900123"))
		r.ok(r.VerifyCode(r.ctx(), ticket, r.code("+447700900123")))
		if got := r.byID(a.ID); !got.MobileVerified() || !got.Incomplete {
			t.Fatalf("%+v", got)
		}
		// Half-way, in another browser: it goes on, and the first one's ticket dies.
		second, err := r.complete(r.byID(a.ID))
		r.ok(err)
		if r.step(second) != Questions {
			t.Fatal(r.step(second))
		}
		if _, err := r.Current(r.ctx(), ticket); !fault.Code(err, "flow-gone") {
			t.Fatal(err)
		}
		r.ok(r.ChooseQuestions(r.ctx(), second, text.English, answers()))
		r.ok(r.ConfirmAnswers(r.ctx(), second, again()))
		if r.step(second) != Authenticator {
			t.Fatal(r.step(second))
		}
		r.ok(r.SkipAuthenticator(r.ctx(), second))
		v, err = r.Current(r.ctx(), second)
		if err != nil || v.Step != Done || !v.Completes {
			t.Fatalf("%+v %v", v, err)
		}
		got := r.byID(a.ID)
		if got.Incomplete || got.PasswordHash != a.PasswordHash || got.State != account.Active {
			t.Fatalf("%+v", got)
		}
		if n := r.count(`SELECT COUNT(*) FROM account_question WHERE account_id = $1`, a.ID); n != 3 {
			t.Fatalf("%d questions", n)
		}
		if n := r.count(`SELECT COUNT(*) FROM terms_acceptance`); n != 0 {
			t.Fatal("it accepted terms that nobody showed")
		}
		if n := len(r.mails("beta@harbourvale.example")); n != 2 {
			t.Fatalf("%d notices", n)
		}
		if _, err := r.complete(got); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a whole account is completed: %v", err)
		}
	})
}

func TestACompletionDiesWithThePassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		ticket := r.toComplete(Confirm)
		a := r.account("beta@harbourvale.example")
		r.later(time.Second)
		r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error { return account.SetPassword(tx, a.ID, a.PasswordHash) }))
		r.refused(r.ConfirmAnswers(r.ctx(), ticket, again()), "flow-gone")
		_, err := r.Current(r.ctx(), ticket)
		r.refused(err, "flow-gone")
		// The next sign-in begins anew, with what is still lacking.
		next, err := r.complete(r.byID(a.ID))
		r.ok(err)
		if r.step(next) != Questions {
			t.Fatal(r.step(next))
		}
	})
}

func TestStaffReleaseTheNumberOfACompletion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		ticket := r.toComplete(Help)
		r.ok(r.ReleaseCodeStep(r.ctx(), "staff1", ticket.ID(), "known by voice"))
		if r.step(ticket) != Questions {
			t.Fatal(r.step(ticket))
		}
		a := r.account("beta@harbourvale.example")
		if a.Mobile == "" || a.MobileVerified() {
			t.Fatalf("%+v", a)
		}
		// The mail has no link that would spare the password.
		m := r.mails(a.Email)[0]
		if l := linkIn.FindString(m.Text); l != "https://portal.example/sign-in" {
			t.Fatal(l)
		}
	})
}

// The helpdesk took the questions away; all else is there, and stays.
func TestACompletionAsksForNothingThatIsThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		for _, app := range []bool{true, false} {
			r.later(2 * time.Hour)
			r.clear()
			first := r.toComplete(Authenticator)
			a := r.account("beta@harbourvale.example")
			if app {
				r.ok(r.EnrolAuthenticator(r.ctx(), first, r.totp(first)))
				r.ok(r.KeepCodes(r.ctx(), first))
			} else {
				r.ok(r.SkipAuthenticator(r.ctx(), first))
			}
			r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error {
				if err := account.SetQuestions(tx, a.ID, nil); err != nil {
					return err
				}
				return account.SetIncomplete(tx, a.ID, true)
			}))
			ticket, err := r.complete(r.byID(a.ID))
			r.ok(err)
			if r.step(ticket) != Questions {
				t.Fatal(r.step(ticket))
			}
			r.ok(r.ChooseQuestions(r.ctx(), ticket, text.English, answers()))
			r.ok(r.ConfirmAnswers(r.ctx(), ticket, again()))
			if !app {
				r.ok(r.SkipAuthenticator(r.ctx(), ticket))
			}
			if r.step(ticket) != Done {
				t.Fatal(r.step(ticket))
			}
			got := r.byID(a.ID)
			if got.Incomplete || got.Mobile != a.Mobile || !got.MobileVerified() {
				t.Fatalf("%+v", got)
			}
			if n := r.count(`SELECT COUNT(*) FROM authenticator WHERE account_id = $1 AND confirmed_at <> 0`, a.ID); n == 1 != app {
				t.Fatalf("%d authenticators", n)
			}
			// Nothing is lacking any more, and it is asked again all the same.
			r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error { return account.SetIncomplete(tx, a.ID, true) }))
			if app {
				ticket, err = r.complete(r.byID(a.ID))
				r.ok(err)
				if r.step(ticket) != Done || r.byID(a.ID).Incomplete {
					t.Fatal(r.step(ticket))
				}
			}
		}
	})
}

// The step matrix of completion.
func TestNoStepOfACompletionIsSkippedOrRepeated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		whole := newRig(t, e)
		steps := completion(true, false)
		for step := range steps {
			for _, ev := range events() {
				if slices.Contains([]event{detailsConcealed, termsAcceptedPlain}, ev) {
					continue // the same acts as others, by settings that this does not know
				}
				t.Run(step+" "+string(ev), func(t *testing.T) {
					r := whole.at(t)
					r.later(2 * time.Hour)
					r.clear()
					ticket := r.toComplete(step)
					want, known := steps[step][ev]
					if ev == codeResent {
						r.later(time.Minute)
					}
					before := r.row(ticket)
					err := r.does(ev, ticket)
					switch {
					case !known && (!fault.Is(err, fault.Conflict) || r.row(ticket) != before):
						t.Fatalf("got %v, want Conflict and no change", err)
					case known && err != nil:
						t.Fatal(err)
					case known && r.step(ticket) != want:
						t.Fatalf("at %q, want %q", r.step(ticket), want)
					}
				})
			}
		}
	})
}

// What another package proved: the set-up begins afresh.
func TestAfreshOnAnothersWord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		afresh := func(email string) (ticket Ticket) {
			t.Helper()
			r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) (err error) {
				a, err := account.FindByEmail(tx, email)
				if err != nil {
					return err
				}
				ticket, err = r.Afresh(tx, a)
				return err
			}))
			return ticket
		}
		in := marta()
		old := r.walk(in, Password)
		ticket := afresh(in.Email)
		if r.step(ticket) != Code {
			t.Fatal(r.step(ticket))
		}
		if _, err := r.Current(r.ctx(), old); !fault.Code(err, "flow-gone") {
			t.Fatal(err)
		}
		if a := r.account(in.Email); !a.EmailConfirmed() || a.MobileVerified() || a.PasswordHash != "" {
			t.Fatalf("%+v", a)
		}
		// One that a stranger finished: at the details, with nothing of the stranger's.
		r.later(2 * time.Hour)
		r.clear()
		r.walk(in, Done)
		ticket = afresh(in.Email)
		v, err := r.Current(r.ctx(), ticket)
		if err != nil || v.Step != Details || v.FirstName != "" || !v.EmailProved {
			t.Fatalf("%+v %v", v, err)
		}
		if a := r.account(in.Email); a.State != account.Unfinished || a.PasswordHash != "" {
			t.Fatalf("%+v", a)
		}
		// One that no registration made: nothing.
		r.imported()
		if ticket := afresh("beta@harbourvale.example"); ticket != "" {
			t.Fatal("an imported account is set up afresh")
		}
	})
}

// More than one batch is swept and reminded in one run.
func TestARunOfTheChoresLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		const many = 2*atOnce + 7
		r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error {
			for i := range many {
				email := "a" + itoa(i) + "@x.example"
				a, err := account.Create(tx, r.Secret, account.DefaultPattern, account.New{
					Email: account.Email{Typed: email, Key: email}, FirstName: "A", LastName: "B" + itoa(i), Lang: "en", State: account.Unfinished,
				})
				if err != nil {
					return err
				}
				if err := account.AcceptTerms(tx, a.ID, r.Settings.Terms, "en", ""); err != nil {
					return err
				}
			}
			return nil
		}))
		r.later(r.Settings.Remind + time.Hour)
		r.ok(r.Remind(r.ctx()))
		if n := r.count(`SELECT COUNT(*) FROM account WHERE reminded_at = 0`); n != 0 {
			t.Fatalf("%d were not reminded", n)
		}
		r.later(r.Settings.Finish)
		r.ok(r.Sweep(r.ctx()))
		if n := r.count(`SELECT COUNT(*) FROM account`); n != 0 {
			t.Fatalf("%d are left", n)
		}
	})
}

// The address that its account may take back for a while is taken.
func TestAnAddressThatCanBeTakenBackEndsTheRegistration(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.imported()
		r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error {
			to := account.Email{Typed: "new@harbourvale.example", Key: "new@harbourvale.example"}
			return account.SetEmail(tx, a, to, tx.Now(), 72*time.Hour)
		}))
		in := marta()
		in.Email = a.Email
		_, err := r.GiveDetails(r.ctx(), "", in)
		r.refused(err, "email-linked")
		if n := r.count(`SELECT COUNT(*) FROM flow`); n != 0 {
			t.Fatalf("%d registrations stand", n)
		}
		r.later(73 * time.Hour)
		if _, err := r.GiveDetails(r.ctx(), "", in); err != nil {
			t.Fatal(err)
		}
	})
}
