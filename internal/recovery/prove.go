package recovery

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/secret"
	"vestibule/internal/text"
	"vestibule/internal/throttle"
)

// ChooseMeans sends a code by another means, at Possession, Second and
// SecondCode; choosing one whose code is on the way sends none. At Second and
// SecondCode it is Invalid "recovery-means" for a means that the account does not
// have, at Possession for one that there is not.
func (s *Service) ChooseMeans(ctx context.Context, t Ticket, m Means) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		f, who, err := s.at(tx, t, meansChosen)
		if err != nil {
			return err
		}
		can := s.means()
		if Step(f.Step) != Possession {
			fs, err := s.facts(tx, f, who.Account)
			if err != nil {
				return err
			}
			can = fs.left()
		}
		if !slices.Contains(can, m) {
			return fault.OnField("means", "recovery-means")
		}
		if Step(f.Step) == Second {
			f.Step = string(SecondCode)
		}
		if f.Data.sent(m).NextAt.After(tx.Now()) && m != Passkey {
			f.Data.Means = m
			return f.Save(tx)
		}
		return s.sendAgain(tx, f, who, m)
	})
}

// Resend sends another code by the means in use; the earlier one no longer
// counts. Too early is Invalid "code-wait".
func (s *Service) Resend(ctx context.Context, t Ticket) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		f, who, err := s.at(tx, t, codeResent)
		if err != nil {
			return err
		}
		if wait := f.Data.sent(f.Data.Means).NextAt.Sub(tx.Now()); wait > 0 {
			e := fault.OnField("code", "code-wait")
			e.RetryAfter = wait
			return e
		}
		return s.sendAgain(tx, f, who, f.Data.Means)
	})
}

func (s *Service) sendAgain(tx *db.Tx, f *recovery, who person, m Means) error {
	if err := s.Settings.Limits.ask(tx); err != nil {
		return err
	}
	if err := s.send(tx, f, who, m); err != nil {
		return err
	}
	if err := s.event(tx, who.Account, "recovery.code_send", "means", string(m)); err != nil {
		return err
	}
	return f.Save(tx)
}

// at is load for an event: Conflict "step-moved" where it is none of the step's.
func (s *Service) at(tx *db.Tx, t Ticket, ev event) (*recovery, person, error) {
	f, who, err := s.load(tx, t)
	if err == nil {
		err = check(Step(f.Step), ev)
	}
	return f, who, err
}

// VerifyCode takes the code that was sent, at Possession and SecondCode. A wrong
// one is Invalid "code-wrong" with the tries left, one that is of no use any
// more "code-spent", none "recovery-code-empty", one of another length, which costs no try,
// "recovery-code-length", all on the field "code".
func (s *Service) VerifyCode(ctx context.Context, t Ticket, given string) (n Next, err error) {
	if given = digits(given); given == "" {
		return n, fault.OnField("code", "recovery-code-empty")
	}
	if err := s.try(ctx); err != nil {
		return n, err
	}
	var verdict code.Verdict
	var left int
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n = Next{}
		f, who, err := s.at(tx, t, codeGiven)
		if err != nil {
			return err
		}
		m := f.Data.Means
		if m == Passkey {
			return fault.New(fault.Conflict, "step-moved") // it has no code
		}
		if want := rule(m).Length; len(given) != want {
			return fault.OnField("code", "recovery-code-length").With("n", strconv.Itoa(want))
		}
		off, err := s.off(tx, f, who, m)
		if err != nil {
			return err
		}
		w := wayOf(who, m)
		if verdict, left, err = code.Check(tx, s.Ring, f.ID, w.purpose, w.destination, given); err != nil {
			return err
		}
		if verdict == code.Spent {
			// Perhaps an equal submit, for which this one had to wait, spent it and
			// moved on: then this is no wrong code.
			if f, who, err = s.at(tx, t, codeGiven); err != nil {
				return err
			}
		}
		// The code of nobody is right for nobody.
		if verdict == code.Right && (off || !usable(who.Account, m)) {
			verdict = code.Wrong
		}
		if verdict != code.Right {
			if err := addFailure(tx, who.counted(), m, who.bound(m)); err != nil {
				return err
			}
			return s.event(tx, who.Account, "recovery.code_fail", "means", string(m))
		}
		n, err = s.possessed(tx, f, who.Account, m)
		return err
	})
	switch {
	case err != nil:
		return Next{}, err
	case verdict == code.Wrong && left > 0:
		return n, fault.OnField("code", "code-wrong").With("n", strconv.Itoa(left))
	case verdict != code.Right:
		return n, fault.OnField("code", "code-spent")
	}
	return n, nil
}

// try counts one by network, in a transaction of its own, so that no failure
// after it gives it back.
func (s *Service) try(ctx context.Context) error {
	network := throttle.Network(audit.From(ctx).Address)
	return s.DB.Write(ctx, func(tx *db.Tx) error { return s.Settings.Limits.Tries.Spend(tx, network) })
}

// digits leaves out what people type between them.
func digits(given string) string {
	return strings.Join(strings.FieldsFunc(given, func(c rune) bool { return c == ' ' || c == '-' || c == '\u00a0' || c == '\t' }), "")
}

// A Linked is what the page of a mailed link shows before its button is pressed.
type Linked struct {
	UserID string
	// Afresh says that pressing it erases what was set and begins the set-up
	// anew, since the account's address was never confirmed; Unfinished that the
	// account was never finished, which comes to the same.
	Afresh, Unfinished bool
}

// Link says what a mailed link is about, and changes nothing. It is Gone
// "link-gone" or "link-used".
func (s *Service) Link(ctx context.Context, token string) (l Linked, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found, err := code.PeekLink(tx, purposeLink, token)
		if err != nil {
			return err
		}
		a, err := s.linked(tx, found)
		if err != nil {
			return err
		}
		l = Linked{UserID: a.UserID, Unfinished: a.State == account.Unfinished}
		l.Afresh, err = afresh(tx, a)
		return err
	})
	return l, err
}

// linked returns the account that a link is about, if it has not changed since.
func (s *Service) linked(tx *db.Tx, l code.Link) (account.Account, error) {
	a, err := account.Get(tx, l.Subject)
	if fault.Is(err, fault.NotFound) || err == nil && fingerprint(a) != l.Data {
		return account.Account{}, fault.New(fault.Gone, "link-gone")
	}
	if err != nil {
		return a, err
	}
	staff, err := s.IsStaff(tx, a.ID)
	if err == nil && staff {
		err = fault.New(fault.Gone, "link-gone")
	}
	return a, err
}

// OpenLink spends a mailed link: the browser that does it gets a recovery of its
// own in which the mailbox is proved. No other ticket moves. device is as in Ask.
func (s *Service) OpenLink(ctx context.Context, token, device string) (n Next, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n = Next{}
		l, err := code.SpendLink(tx, purposeLink, token)
		if err != nil {
			return err
		}
		a, err := s.linked(tx, l)
		if err != nil {
			return err
		}
		d := data{Login: secret.Hash("recovery-login", account.LoginKey(a.Email)), Lang: text.Lang(a.Lang), Means: Email, Mark: fingerprint(a)}
		if s.KnownDevice != nil {
			if d.Known, err = s.KnownDevice(tx, a.ID, device); err != nil {
				return err
			}
		}
		f, _, err := flow.Start(tx, s.Secret, kind, string(Possession), d, s.Settings.Life)
		if err != nil {
			return err
		}
		f.Subject = a.ID
		n, err = s.possessed(tx, f, a, Email)
		return err
	})
	return n, err
}

// possessed records that the ticket's holder proved a possession.
func (s *Service) possessed(tx *db.Tx, f *recovery, a account.Account, m Means) (Next, error) {
	first := len(f.Data.Proved) == 0
	f.Data.Proved = append(f.Data.Proved, m)
	f.Data.Held = ""
	// What was on its way is recalled: the next proof sends its own at once.
	f.Data.Mail.NextAt, f.Data.Text.NextAt = time.Time{}, time.Time{}
	if err := s.event(tx, a, "recovery.prove", "means", string(m)); err != nil {
		return Next{}, err
	}
	if err := s.Messages.Recall(tx, about(f)); err != nil {
		return Next{}, err
	}
	if err := clearFailures(tx, a.ID, m); err != nil {
		return Next{}, err
	}
	anew, err := afresh(tx, a)
	if err != nil {
		return Next{}, err
	}
	if first && m == Email && anew {
		return s.startAfresh(tx, f, a)
	}
	return s.advance(tx, f, a)
}

// startAfresh gives an account that may be a stranger's work to whoever has its
// mailbox: with nothing of what was set.
func (s *Service) startAfresh(tx *db.Tx, f *recovery, a account.Account) (Next, error) {
	if err := s.endOthers(tx, a.ID, f.ID); err != nil {
		return Next{}, err
	}
	ticket, err := s.Afresh(tx, a)
	if err != nil {
		return Next{}, err
	}
	if ticket == "" { // no registration made it: people help
		f.Step = string(Help)
		return s.renew(tx, f)
	}
	if s.ForgetDevices != nil {
		if err := s.ForgetDevices(tx, a.ID); err != nil {
			return Next{}, err
		}
	}
	if err := dropPick(tx, a.ID); err != nil {
		return Next{}, err
	}
	return Next{Register: ticket}, f.Finish(tx)
}

// advance leads to what is missing next.
func (s *Service) advance(tx *db.Tx, f *recovery, a account.Account) (Next, error) {
	if err := s.settle(tx, f, a); err != nil {
		return Next{}, err
	}
	return s.renew(tx, f)
}

func (s *Service) settle(tx *db.Tx, f *recovery, a account.Account) error {
	fs, err := s.facts(tx, f, a)
	if err != nil {
		return err
	}
	at := next(fs)
	f.Step = string(at)
	if at == Questions {
		return s.pick(tx, a.ID)
	}
	return nil
}

// renew saves the recovery and gives it a new ticket: whoever else had the old
// one has nothing any more.
func (s *Service) renew(tx *db.Tx, f *recovery) (Next, error) {
	if err := f.Save(tx); err != nil {
		return Next{}, err
	}
	t, err := f.NewTicket(tx, s.Secret)
	return Next{Ticket: t}, err
}
