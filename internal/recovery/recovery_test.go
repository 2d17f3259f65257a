package recovery

import (
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

const marta = "marta@harbourvale.example"

// The guide's way: mail, two of three questions, a new password.
func TestMailAndQuestionsResetThePassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{})
		token := r.signIn(k.ID)
		first := r.reset(k.UserID, Email)
		v := r.view(first)
		if v.Step != Possession || v.UserID != "" || v.To != "" || len(v.Offers) != 2 || v.Wait != 30*time.Second || v.Login != k.UserID {
			t.Fatalf("%+v", v)
		}
		for _, o := range v.Offers {
			if o.To != "" {
				t.Fatalf("a stranger sees %q", o.To)
			}
		}
		n, err := r.VerifyCode(r.ctx(), first, r.code(marta))
		r.ok(err)
		if _, err := r.Current(r.ctx(), first); !fault.Code(err, "flow-gone") {
			t.Fatalf("the old ticket: %v", err)
		}
		r.stands(n.Ticket, Questions)
		v = r.view(n.Ticket)
		if len(v.Questions) != 2 || v.Questions[0].Hash != "" || v.TriesLeft != 3 || v.UserID != k.UserID {
			t.Fatalf("%+v", v)
		}
		if n, err = r.Answer(r.ctx(), n.Ticket, r.right(n.Ticket)); err != nil {
			t.Fatal(err)
		}
		r.stands(n.Ticket, Password)
		_, err = r.SetPassword(r.ctx(), n.Ticket, "short")
		r.refused(err, "password-length")
		_, err = r.SetPassword(r.ctx(), n.Ticket, oldPassword)
		r.refused(err, "password-history")
		n, err = r.SetPassword(r.ctx(), n.Ticket, newPassword)
		r.ok(err)
		if v := r.view(n.Ticket); v.Step != Done || v.UserID != k.UserID || v.Legacy {
			t.Fatalf("%+v", v)
		}
		if !r.password(k.ID, newPassword) || r.password(k.ID, oldPassword) {
			t.Fatal("the password is another")
		}
		err = r.DB.Read(r.ctx(), func(tx *db.Tx) error { _, err := session.Load(tx, session.Client, token); return err })
		r.refused(err, "session-none")
		if len(r.forgotten) != 1 {
			t.Fatal("the devices are still trusted")
		}
		if m := r.mails(marta)[0]; !strings.Contains(m.Text, k.UserID) || strings.Contains(m.Text, newPassword) {
			t.Fatalf("the notice: %s", m.Text)
		}
		if len(r.mails(mobileOf)) != 1 {
			t.Fatal("no SMS where the mail was the proof")
		}
		if r.count(`SELECT COUNT(*) FROM event WHERE action = 'account.password_reset' AND subject = $1`, k.Subject()) != 1 {
			t.Fatal("no event")
		}
	})
}

func TestAnExpiredAccountIsActiveAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{state: account.Expired})
		n, err := r.Answer(r.ctx(), r.byMail(k), r.right(r.byMail(k)))
		r.ok(err)
		_, err = r.SetPassword(r.ctx(), n.Ticket, newPassword)
		r.ok(err)
		if a := r.get(k.ID); a.State != account.Active {
			t.Fatal(a.State)
		}
	})
}

// What each account is asked for after each first proof.
func TestWhatIsWantedAfterThePossession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		whole := newRig(t, e)
		for name, c := range map[string]struct {
			like  like
			means Means
			want  Step
		}{
			"mail, questions":                    {like{}, Email, Questions},
			"sms, questions":                     {like{}, SMS, Questions},
			"passkey, questions":                 {like{passkey: true}, Passkey, Questions},
			"mail, app":                          {like{app: true}, Email, Authenticator},
			"sms, app":                           {like{app: true, noQuestions: true}, SMS, Authenticator},
			"passkey, app":                       {like{app: true, passkey: true}, Passkey, Authenticator},
			"mail, neither, but a mobile":        {like{noQuestions: true}, Email, Second},
			"sms, neither":                       {like{noQuestions: true}, SMS, Second},
			"mail, neither, but a passkey":       {like{noQuestions: true, noMobile: true, passkey: true}, Email, Second},
			"mail, neither, and nothing else":    {like{noQuestions: true, noMobile: true}, Email, Help},
			"mail, imported, and nothing else":   {like{legacy: true}, Email, Password},
			"sms, of an unconfirmed account":     {like{unconfirmed: true, noQuestions: true}, SMS, Second},
			"passkey, neither and nothing else?": {like{noQuestions: true, noMobile: true, passkey: true}, Passkey, Second},
		} {
			t.Run(name, func(t *testing.T) {
				r := whole.at(t)
				r.later(2 * time.Hour)
				email := strings.NewReplacer(" ", "", ",", "", "?", "").Replace(name) + "@x.example"
				k := r.make(email, c.like)
				ticket := r.reset(email, c.means)
				n, err := r.prove(k, ticket, c.means)
				r.ok(err)
				r.stands(n.Ticket, c.want)
			})
		}
	})
}

// prove gives the proof of a means.
func (r *rig) prove(k known, t Ticket, m Means) (Next, error) {
	switch m {
	case SMS:
		return r.VerifyCode(r.ctx(), t, r.code(k.Mobile))
	case Passkey:
		if _, err := r.BeginPasskey(r.ctx(), t); err != nil {
			return Next{}, err
		}
		return r.ProvePasskey(r.ctx(), t, "passkey of "+k.ID+" for c")
	}
	return r.VerifyCode(r.ctx(), t, r.code(k.Email))
}

// asvs: V6.4.3, V6.4.4
func TestTheAuthenticatorIsNeverLeftOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{app: true})
		ticket := r.byMail(k)
		if err := r.Forgot(r.ctx(), ticket); !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		if err := r.ChooseMeans(r.ctx(), ticket, SMS); !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		_, err := r.ProveAuthenticator(r.ctx(), ticket, "000000")
		r.refused(err, "recovery-code-wrong")
		n, err := r.ProveAuthenticator(r.ctx(), ticket, r.app(k))
		r.ok(err)
		r.stands(n.Ticket, Password)

		// Lost: a recovery code, once.
		ticket = r.byMail(k)
		n, err = r.ProveAuthenticator(r.ctx(), ticket, strings.ToUpper(k.codes[0]))
		r.ok(err)
		r.stands(n.Ticket, Password)
		told := 0
		for _, m := range r.mails(k.Email) {
			if strings.Contains(m.Text, "9 codes are left") {
				told++
			}
		}
		if told != 1 {
			t.Fatalf("%d mails say that a code was used", told)
		}
		ticket = r.byMail(k)
		_, err = r.ProveAuthenticator(r.ctx(), ticket, k.codes[0])
		r.refused(err, "recovery-code-wrong")
		// And enrolled meanwhile: wanted as well.
		other := r.make("ines@x.example", like{})
		n, err = r.Answer(r.ctx(), r.byMail(other), r.right(r.byMail(other)))
		r.ok(err)
		r.write(func(tx *db.Tx) error {
			_, err := account.BindAuthenticator(tx, r.Ring, other.ID, k.seed, r.app(k))
			return err
		})
		n, err = r.SetPassword(r.ctx(), n.Ticket, newPassword)
		r.ok(err)
		r.stands(n.Ticket, Authenticator)
		if r.password(other.ID, newPassword) {
			t.Fatal("reset without the authenticator")
		}
	})
}

func TestWhoForgotTheAnswersProvesASecondPossession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{passkey: true})
		ticket := r.byMail(k)
		r.ok(r.Forgot(r.ctx(), ticket))
		v := r.view(ticket)
		if v.Step != Second || !v.Forgotten || len(v.Offers) != 2 || v.Offers[0] != (Offer{SMS, "+44 77•• •••123"}) || v.Offers[1] != (Offer{Means: Passkey}) {
			t.Fatalf("%+v", v)
		}
		r.refused(r.ChooseMeans(r.ctx(), ticket, Email), "recovery-means")
		r.ok(r.ChooseMeans(r.ctx(), ticket, SMS))
		if v := r.view(ticket); v.Step != SecondCode || v.To == "" {
			t.Fatalf("%+v", v)
		}
		r.ok(r.Back(r.ctx(), ticket))
		r.stands(ticket, Second)
		r.ok(r.ChooseMeans(r.ctx(), ticket, SMS)) // the code is on its way already
		if n := len(r.mails(mobileOf)); n != 1 {
			t.Fatalf("%d SMS", n)
		}
		n, err := r.VerifyCode(r.ctx(), ticket, r.code(mobileOf))
		r.ok(err)
		_, err = r.SetPassword(r.ctx(), n.Ticket, newPassword)
		r.ok(err)

		// The mail of the first page, which was recalled, keeps none away.
		ticket = r.reset(marta, Email)
		r.ok(r.ChooseMeans(r.ctx(), ticket, SMS))
		n, err = r.VerifyCode(r.ctx(), ticket, r.code(mobileOf))
		r.ok(err)
		r.ok(r.Forgot(r.ctx(), n.Ticket))
		r.later(time.Second)
		r.ok(r.ChooseMeans(r.ctx(), n.Ticket, Email))
		if m := r.mails(marta)[0]; m.Subject != "Your code" || r.token(marta) != "" && strings.Contains(m.Text, r.token(marta)) {
			t.Fatalf("%+v", m)
		}
		_, err = r.VerifyCode(r.ctx(), n.Ticket, r.code(marta))
		r.ok(err)
	})
}

func TestTheQuestionsStayTheSameAndBothAnswersMustBeRight(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{noMobile: true})
		ticket := r.byMail(k)
		asked, right := r.view(ticket).Questions, r.right(ticket)
		_, err := r.Answer(r.ctx(), ticket, []string{right[0], ""})
		r.refused(err, "answer-empty")
		for i, wrong := range [][]string{{right[0], "wrong thing"}, {"wrong thing", right[1]}, {right[1], right[0]}} {
			_, err := r.Answer(r.ctx(), ticket, wrong)
			if i < 2 {
				r.refused(err, "recovery-answers")
				if v := r.view(ticket); v.TriesLeft != 2-i {
					t.Fatalf("%d left", v.TriesLeft)
				}
				continue
			}
			r.refused(err, "recovery-answers-over")
		}
		r.stands(ticket, Help) // nothing is left
		_, err = r.Answer(r.ctx(), ticket, right)
		if !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		for range 2 { // asking again does not change the pair
			r.later(time.Hour)
			ticket = r.byMail(k)
			if again := r.view(ticket).Questions; again[0] != asked[0] || again[1] != asked[1] {
				t.Fatalf("%v, then %v", asked, again)
			}
			for range 3 {
				if _, err = r.Answer(r.ctx(), ticket, []string{"no way", "no way"}); err == nil {
					t.Fatal("right")
				}
			}
		}
		r.later(time.Hour) // nine were spent: the tenth is the day's last
		ticket = r.byMail(k)
		_, err = r.Answer(r.ctx(), ticket, []string{"no way", "no way"})
		r.refused(err, "recovery-answers")
		_, err = r.Answer(r.ctx(), ticket, right)
		r.refused(err, "recovery-answers-day")
		r.later(24 * time.Hour)
		ticket = r.byMail(k)
		n, err := r.Answer(r.ctx(), ticket, right)
		r.ok(err)
		_, err = r.SetPassword(r.ctx(), n.Ticket, newPassword)
		r.ok(err)
		if r.count(`SELECT COUNT(*) FROM recovery_pick`) != 0 {
			t.Fatal("the pick outlives the recovery")
		}
	})
}

func TestAnImportedAccountComesBackByItsMailboxAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{legacy: true})
		ticket, err := r.Both(r.ctx(), Ask{Login: " " + strings.ToUpper(marta), Lang: text.English})
		r.ok(err)
		if m := r.mails(marta)[0]; !strings.Contains(m.Text, k.UserID) {
			t.Fatal("the mail does not tell the UserID")
		}
		n, err := r.VerifyCode(r.ctx(), ticket, r.code(marta))
		r.ok(err)
		if v := r.view(n.Ticket); v.Step != Password || !v.Legacy {
			t.Fatalf("%+v", v)
		}
		if n, err = r.SetPassword(r.ctx(), n.Ticket, newPassword); err != nil {
			t.Fatal(err)
		}
		a := r.get(k.ID)
		if a.State != account.Active || !a.EmailConfirmed() || !a.Incomplete || len(r.confirmed) != 1 || !r.view(n.Ticket).Legacy {
			t.Fatalf("%+v, %v", a, r.confirmed)
		}
		// The second time the mailbox alone is too little.
		r.later(time.Hour)
		r.stands(r.byMail(known{Account: a}), Help)
	})
}

// Imported with the hash of a password that its owner has forgotten: no stranger
// made it, whatever became of it since.
func TestAnImportedAccountWithAPasswordComesBackInEachState(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		for i, becomes := range []func(tx *db.Tx, id string) error{
			func(*db.Tx, string) error { return nil },
			func(tx *db.Tx, id string) error { return account.Expire(tx, id, account.ByStaff) },
			func(tx *db.Tx, id string) error { // its owner signed in since
				return account.AcceptTerms(tx, id, account.Terms{Version: "1", Text: map[string]string{"en": "Be kind."}}, "en", "")
			},
			func(tx *db.Tx, id string) error {
				if err := account.Disable(tx, id, account.ByFear); err != nil {
					return err
				}
				return account.Enable(tx, id)
			},
		} {
			email := string(rune('a'+i)) + "@x.example"
			k := r.make(email, like{legacy: true, state: account.Active})
			r.later(time.Second)
			r.write(func(tx *db.Tx) error { return becomes(tx, k.ID) })
			r.write(func(tx *db.Tx) error { return r.MailReset(tx, r.get(k.ID)) })
			token := r.token(email)
			if l, err := r.Link(r.ctx(), token); err != nil || l.Afresh || l.Unfinished {
				t.Fatalf("%d: %+v %v", i, l, err)
			}
			n, err := r.OpenLink(r.ctx(), token, "")
			r.ok(err)
			if v := r.view(n.Ticket); v.Step != Password || !v.Legacy {
				t.Fatalf("%d: %+v", i, v)
			}
			r.later(time.Hour)
			ticket := r.byMail(k)
			if ticket == "" {
				t.Fatalf("%d: it begins afresh", i)
			}
			_, err = r.SetPassword(r.ctx(), ticket, newPassword)
			r.ok(err)
			if a := r.get(k.ID); a.State != account.Active || !a.EmailConfirmed() || !a.Incomplete || !r.password(k.ID, newPassword) {
				t.Fatalf("%d: %+v", i, a)
			}
			r.later(time.Hour)
		}
	})
}

// asvs: V6.4.4 — account pre-hijacking
func TestAnAccountThatNeverConfirmedIsTheMailboxOwners(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		for i, l := range []like{{unconfirmed: true}, {unconfirmed: true, app: true, passkey: true}, {unconfirmed: true, state: account.Unfinished}, {state: account.Unfinished}} {
			email := string(rune('a'+i)) + "@x.example"
			k := r.make(email, l)
			stranger := r.reset(email, SMS)
			n, err := r.VerifyCode(r.ctx(), r.reset(email, Email), r.code(email))
			r.ok(err)
			if n.Register != "registration-of-"+k.ID || n.Ticket != "" {
				t.Fatalf("%+v", n)
			}
			if a := r.get(k.ID); a.PasswordHash != "" || a.State != account.Unfinished {
				t.Fatalf("%+v", a)
			}
			if c := r.code(mobileOf); l.state == "" {
				if _, err := r.VerifyCode(r.ctx(), stranger, c); err == nil {
					t.Fatal("the stranger's ticket goes on")
				}
			}
			r.later(time.Hour)
			// By link, which says it before.
			r.reset(email, Email)
			token := r.token(email)
			l, err := r.Link(r.ctx(), token)
			if err != nil || !l.Unfinished || !l.Afresh {
				t.Fatalf("%+v %v", l, err)
			}
			n, err = r.OpenLink(r.ctx(), token, "")
			r.ok(err)
			if n.Register == "" {
				t.Fatalf("%+v", n)
			}
			r.later(time.Hour)
		}
	})
}

func TestALinkOpensARecoveryWhereItIsOpenedAndNowhereElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{})
		asked := r.reset(marta, Email)
		token := r.token(marta)
		for range 3 { // mail scanners
			l, err := r.Link(r.ctx(), token)
			if err != nil || l != (Linked{UserID: k.UserID}) {
				t.Fatalf("%+v %v", l, err)
			}
		}
		n, err := r.OpenLink(r.ctx(), token, "")
		r.ok(err)
		r.stands(n.Ticket, Questions)
		r.stands(asked, Possession)
		_, err = r.OpenLink(r.ctx(), token, "")
		r.refused(err, "link-used")
		// A code of another ticket's mail is none of this one's.
		one := r.reset(k.UserID, Email)
		c := r.code(marta)
		two := r.reset(k.UserID, Email)
		_, err = r.VerifyCode(r.ctx(), two, c)
		r.refused(err, "code-wrong")
		_, err = r.VerifyCode(r.ctx(), one, c)
		r.ok(err)
		// A link ends after an hour, and with the password.
		later := r.token(marta)
		r.later(time.Hour)
		_, err = r.OpenLink(r.ctx(), later, "")
		r.refused(err, "link-gone")
		r.reset(marta, Email)
		last := r.token(marta)
		hash, err := r.Passwords.Hasher.Hash(r.ctx(), "another-Thing-5-here")
		r.ok(err)
		r.write(func(tx *db.Tx) error { return account.SetPassword(tx, k.ID, hash) })
		_, err = r.Link(r.ctx(), last)
		r.refused(err, "link-gone")
		_, err = r.OpenLink(r.ctx(), last, "")
		r.refused(err, "link-gone")
	})
}

func TestWhateverChangesMeanwhileMakesTheTicketVoid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		for i, change := range []func(tx *db.Tx, k known) error{
			func(tx *db.Tx, k known) error { return account.SetPassword(tx, k.ID, k.PasswordHash) },
			func(tx *db.Tx, k known) error { return account.SetMobile(tx, k.ID, "+447700900456", true) },
			func(tx *db.Tx, k known) error { return account.Disable(tx, k.ID, account.ByStaff) },
			func(tx *db.Tx, k known) error { return r.EndAll(tx, k.ID) },
		} {
			k := r.make(string(rune('a'+i))+"@x.example", like{})
			waiting := r.reset(k.Email, Email)
			c := r.code(k.Email)
			ticket := r.byMail(k)
			r.write(func(tx *db.Tx) error { return change(tx, k) })
			_, err := r.Current(r.ctx(), ticket)
			r.refused(err, "flow-gone")
			// Whoever has proved nothing sees no difference.
			r.stands(waiting, Possession)
			_, err = r.VerifyCode(r.ctx(), waiting, c)
			if !fault.Code(err, "code-wrong") && !fault.Code(err, "code-spent") {
				t.Fatalf("%d: %v", i, err)
			}
			r.stands(waiting, Possession)
			r.later(2 * time.Hour)
		}
	})
}

func TestAResetWhileOthersAreUnderWayEndsThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{})
		thief, mine := r.byMail(k), r.byMail(k)
		r.reset(k.UserID, Email)
		link := r.token(marta)
		n, err := r.Answer(r.ctx(), mine, r.right(mine))
		r.ok(err)
		_, err = r.SetPassword(r.ctx(), n.Ticket, newPassword)
		r.ok(err)
		_, err = r.Current(r.ctx(), thief)
		r.refused(err, "flow-gone")
		_, err = r.OpenLink(r.ctx(), link, "")
		r.refused(err, "link-gone")
		_, err = r.SetPassword(r.ctx(), n.Ticket, "once-More-Around-9")
		r.refused(err, "flow-gone")
	})
}
