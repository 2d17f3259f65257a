package recovery

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
)

// atOnce lets n ask at the same time, on the two nodes in turn, and says how
// many went well. What fails must fail as one that came too late.
func atOnce(t *testing.T, n int, a, b *rig, do func(r *rig) error) (well int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range n {
		r := []*rig{a, b}[i%2]
		wg.Go(func() {
			err := do(r)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				well++
			case fault.Is(err, fault.Conflict), fault.Is(err, fault.Gone), fault.Is(err, fault.TooMany):
			case fault.Code(err, "code-spent"), fault.Code(err, "code-wrong"), fault.Code(err, "recovery-passkey"), fault.Code(err, "recovery-code-wrong"):
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return well
}

// quiet lifts the limits that fifty at once would meet first.
func quiet(s *Settings) {
	s.Limits.Tries.Burst, s.Limits.App.Burst, s.Limits.AnswersDay = 1000, 1000, 1000
}

func two(t *testing.T, a, b *dbtest.Env) (*rig, *rig) {
	t.Helper()
	first, second := newRig(t, a, quiet), newRig(t, b, quiet)
	second.staff, second.devices, second.passkeys = first.staff, first.devices, first.passkeys
	return first, second
}

// Every single-use thing, spent by fifty at once on two nodes, is spent once.
func TestOfFiftyWhoSpendItAtOnceOneGetsIt(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		one, other := two(t, a, b)
		k := one.make(marta, like{app: true, passkey: true})
		const fifty = 50
		spent := func(what string, well int) {
			t.Helper()
			if well != 1 {
				t.Fatalf("%s was taken %d times", what, well)
			}
		}
		one.reset(marta, Email)
		token := one.token(marta)
		spent("the link", atOnce(t, fifty, one, other, func(r *rig) error { _, err := r.OpenLink(r.ctx(), token, ""); return err }))

		ticket := one.reset(k.UserID, Email)
		c := one.code(marta)
		spent("the mailed code", atOnce(t, fifty, one, other, func(r *rig) error { _, err := r.VerifyCode(r.ctx(), ticket, c); return err }))

		ticket = one.reset(marta, SMS)
		c = one.code(mobileOf)
		spent("the code by SMS", atOnce(t, fifty, one, other, func(r *rig) error { _, err := r.VerifyCode(r.ctx(), ticket, c); return err }))

		ticket = one.reset(marta, Passkey)
		_, err := one.BeginPasskey(one.ctx(), ticket)
		one.ok(err)
		spent("the passkey's challenge", atOnce(t, fifty, one, other, func(r *rig) error {
			_, err := r.ProvePasskey(r.ctx(), ticket, "passkey of "+k.ID+" for c")
			return err
		}))

		// A recovery code and a step of the app: by as many tickets as there are.
		var tickets []Ticket
		var mu sync.Mutex
		fresh := func(n int) {
			tickets = nil
			for range n {
				one.later(time.Hour)
				tickets = append(tickets, one.byMail(k))
			}
		}
		next := func() Ticket {
			mu.Lock()
			defer mu.Unlock()
			last := tickets[len(tickets)-1]
			tickets = tickets[:len(tickets)-1]
			return last
		}
		one.Settings.Life, other.Settings.Life = 200*time.Hour, 200*time.Hour
		fresh(16)
		spent("the recovery code", atOnce(t, 16, one, other, func(r *rig) error {
			_, err := r.ProveAuthenticator(r.ctx(), next(), k.codes[3])
			return err
		}))
		fresh(16)
		app := one.app(k)
		spent("the app's code", atOnce(t, 16, one, other, func(r *rig) error { _, err := r.ProveAuthenticator(r.ctx(), next(), app); return err }))
	})
}

// Of several recoveries of one account that are done at once one sets the
// password, and the others are void; so of fifty equal submits of one.
func TestOnePasswordIsSet(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		one, other := two(t, a, b)
		k := one.make(marta, like{})
		var tickets []Ticket
		one.Settings.Life, other.Settings.Life = 200*time.Hour, 200*time.Hour
		for range 8 {
			one.later(time.Hour)
			n, err := one.Answer(one.ctx(), one.byMail(k), one.right(one.byMail(k)))
			one.ok(err)
			tickets = append(tickets, n.Ticket, n.Ticket)
		}
		var mu sync.Mutex
		var i int
		well := atOnce(t, 16, one, other, func(r *rig) error {
			mu.Lock()
			mine, plain := tickets[i], fmt.Sprintf("slow-Meadow-%d-lamp", i)
			i++
			mu.Unlock()
			_, err := r.SetPassword(r.ctx(), mine, plain)
			return err
		})
		if n := one.count(`SELECT COUNT(*) FROM account_password WHERE account_id = $1`, k.ID); well != 1 || n != 2 {
			t.Fatalf("%d were told that theirs is set, %d passwords", well, n)
		}
		if n := one.count(`SELECT COUNT(*) FROM flow WHERE step <> 'done' AND subject <> ''`); n != 0 {
			t.Fatalf("%d recoveries go on", n)
		}
	})
}

// asvs: V6.6.3
func TestOfAHundredGuessesAtOnceFiveAreEvaluated(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		one, other := two(t, a, b)
		one.make(marta, like{})
		for _, m := range []Means{Email, SMS} {
			ticket := one.reset(marta, m)
			to := map[Means]string{Email: marta, SMS: mobileOf}[m]
			right := one.code(to)
			wrong := string('0'+(right[0]-'0'+1)%10) + right[1:]
			if well := atOnce(t, 100, one, other, func(r *rig) error { _, err := r.VerifyCode(r.ctx(), ticket, wrong); return err }); well != 0 {
				t.Fatal("nonsense is right")
			}
			if n := one.count(`SELECT tries_left FROM code WHERE owner = $1`, ticket.ID()); n != 0 {
				t.Fatalf("%d tries are left", n)
			}
			_, err := one.VerifyCode(one.ctx(), ticket, right)
			one.refused(err, "code-spent")
		}
	})
}

// Three tries a recovery, however many ask at once.
func TestOfFiftyWhoAnswerAtOnceThreeAreEvaluated(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		one, other := two(t, a, b)
		k := one.make(marta, like{})
		ticket := one.byMail(k)
		before := one.Passwords.Hasher.Hashes() + other.Passwords.Hasher.Hashes()
		var wg sync.WaitGroup
		for i := range 50 {
			r := []*rig{one, other}[i%2]
			wg.Go(func() {
				if _, err := r.Answer(r.ctx(), ticket, []string{"no way", "none at all"}); err == nil {
					t.Error("wrong answers are right")
				}
			})
		}
		wg.Wait()
		if n := one.Passwords.Hasher.Hashes() + other.Passwords.Hasher.Hashes() - before; n > 6 {
			t.Fatalf("%d answers were evaluated", n)
		}
	})
}

// Fifty that ask for the same login at once: four mails, and everybody a ticket.
func TestOfFiftyWhoAskAtOnceFourMailsLeave(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		one, other := two(t, a, b)
		one.Settings.Limits.Network.Burst, other.Settings.Limits.Network.Burst = 100, 100
		one.make(marta, like{})
		well := atOnce(t, 50, one, other, func(r *rig) error { _, err := r.Reset(r.ctx(), Ask{Login: marta}); return err })
		if n := len(one.mails(marta)); well != 50 || n != 4 {
			t.Fatalf("%d tickets, %d mails", well, n)
		}
	})
}

// does is what a person does to make an event happen, with input that is right
// where the step takes it.
func (r *rig) does(ev event, k known, t Ticket) (Next, error) {
	ctx := r.ctx()
	switch ev {
	case codeGiven:
		c := r.code(marta)
		if r.view(t).Means == SMS {
			c = r.code(mobileOf)
		}
		return r.VerifyCode(ctx, t, cmp.Or(c, "12345678"))
	case passkeyGiven:
		return r.prove(k, t, Passkey)
	case codeResent:
		r.later(10 * time.Minute)
		return Next{}, r.Resend(ctx, t)
	case meansChosen:
		return Next{}, r.ChooseMeans(ctx, t, SMS)
	case appGiven:
		return r.ProveAuthenticator(ctx, t, k.codes[0])
	case answersGiven:
		given := r.right(t)
		if given == nil {
			given = []string{"burnt leek pie", "the long lane"}
		}
		return r.Answer(ctx, t, given)
	case answersForgot:
		return Next{}, r.Forgot(ctx, t)
	case helpAsked:
		return Next{}, r.AskHelp(ctx, t)
	case wentBack:
		return Next{}, r.Back(ctx, t)
	case passwordSet:
		return r.SetPassword(ctx, t, newPassword)
	}
	return Next{}, fmt.Errorf("nobody does %q", ev)
}

// walk brings a fresh recovery of a fresh account to a step; code is the
// passkey's means where that is the event to come.
func (r *rig) walk(to Step, ev event) (known, Ticket) {
	r.t.Helper()
	r.wipe()
	r.later(2 * time.Hour)
	k := r.make(marta, like{app: to == Authenticator, passkey: true})
	if k.codes == nil {
		k.codes = []string{"abcd-efgh-abcd-efgh"}
	}
	if to == Possession && ev == passkeyGiven {
		return k, r.reset(marta, Passkey)
	}
	if to == Possession {
		return k, r.reset(marta, Email)
	}
	t := r.byMail(k)
	switch to {
	case Second, SecondCode:
		r.ok(r.Forgot(r.ctx(), t))
		if to == SecondCode && ev == passkeyGiven {
			r.ok(r.ChooseMeans(r.ctx(), t, Passkey))
		} else if to == SecondCode {
			r.ok(r.ChooseMeans(r.ctx(), t, SMS))
		}
	case Help:
		r.ok(r.AskHelp(r.ctx(), t))
	case Password, Done:
		n, err := r.Answer(r.ctx(), t, r.right(t))
		r.ok(err)
		if t = n.Ticket; to == Done {
			n, err = r.SetPassword(r.ctx(), t, newPassword)
			r.ok(err)
			t = n.Ticket
		}
	}
	return k, t
}

// The step matrix: every step with every event, by hand-made calls. What the
// table does not know is Conflict and changes nothing; what it knows goes well.
func TestNoStepIsSkippedOrRepeated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		whole := newRig(t, e)
		for _, step := range Steps() {
			for _, ev := range events() {
				t.Run(string(step)+" "+string(ev), func(t *testing.T) {
					r := whole.at(t)
					k, ticket := r.walk(step, ev)
					r.stands(ticket, step)
					before := r.row(ticket)
					n, err := r.does(ev, k, ticket)
					if !slices.Contains(counts()[step], ev) {
						if !fault.Is(err, fault.Conflict) {
							t.Fatalf("got %v, want Conflict", err)
						}
						if after := r.row(ticket); after != before {
							t.Fatalf("the row changed:\n%s\n%s", before, after)
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					if n.Ticket != "" {
						ticket = n.Ticket
					}
					if r.row(ticket) == before {
						t.Fatal("nothing happened")
					}
					if r.password(k.ID, newPassword) != (step == Done || ev == passwordSet) {
						t.Fatal("the password")
					}
				})
			}
		}
	})
}

func (r *rig) row(t Ticket) (s string) {
	r.t.Helper()
	r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) error {
		var step, data string
		var version int64
		err := tx.Get(`SELECT step, data, version FROM flow WHERE id = $1`, []any{t.ID()}, &step, &data, &version)
		s = fmt.Sprint(step, version, data)
		return err
	}))
	return s
}

func TestATicketThatIsNoneOpensNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{})
		mine := r.byMail(k)
		for _, ticket := range []Ticket{"", ".", "x.y", "a.b.c", Ticket(mine.ID()), Ticket(mine.ID() + ".guess")} {
			for _, err := range []error{
				func() error { _, err := r.Current(r.ctx(), ticket); return err }(),
				func() error { _, err := r.VerifyCode(r.ctx(), ticket, "12345678"); return err }(),
				func() error { _, err := r.Answer(r.ctx(), ticket, []string{"a", "b"}); return err }(),
				func() error { _, err := r.SetPassword(r.ctx(), ticket, newPassword); return err }(),
				r.Forgot(r.ctx(), ticket), r.Resend(r.ctx(), ticket), r.ChooseMeans(r.ctx(), ticket, SMS),
			} {
				r.refused(err, "flow-gone")
			}
			r.ok(r.Leave(r.ctx(), ticket))
		}
		r.stands(mine, Questions)
		r.ok(r.Leave(r.ctx(), mine))
		_, err := r.Current(r.ctx(), mine)
		r.refused(err, "flow-gone")
	})
}

func TestStaffSendAResetAndTheSweepForgets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		k := r.make(marta, like{})
		r.write(func(tx *db.Tx) error { return r.MailReset(tx, k.Account) })
		n, err := r.OpenLink(r.ctx(), r.token(marta), "")
		r.ok(err)
		r.stands(n.Ticket, Questions)
		off := r.make("off@x.example", like{state: account.Disabled})
		err = r.DB.Write(r.ctx(), func(tx *db.Tx) error { return r.MailReset(tx, off.Account) })
		r.refused(err, "recovery-none")
		r.reset(marta, Email)
		r.ok(r.Sweep(r.ctx()))
		if r.count(`SELECT COUNT(*) FROM recovery_send`) == 0 {
			t.Fatal("it forgets too early")
		}
		r.later(time.Hour + time.Second)
		r.ok(r.Sweep(r.ctx()))
		if n := r.count(`SELECT COUNT(*) FROM recovery_send`); n != 0 {
			t.Fatalf("%d are kept", n)
		}
	})
}
