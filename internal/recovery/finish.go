package recovery

import (
	"context"
	"slices"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/chore"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/password"
	"vestibule/internal/session"
)

func (s *Service) move(ctx context.Context, t Ticket, ev event, do func(*db.Tx, *recovery, account.Account) error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		f, who, err := s.at(tx, t, ev)
		if err != nil {
			return err
		}
		if err := do(tx, f, who.Account); err != nil {
			return err
		}
		return f.Save(tx)
	})
}

// AskHelp leads to the page with what the helpdesk needs, from any step before
// Password; Back leads from there to where the recovery stands.
func (s *Service) AskHelp(ctx context.Context, t Ticket) error {
	return s.move(ctx, t, helpAsked, func(tx *db.Tx, f *recovery, a account.Account) error {
		f.Step = string(Help)
		return s.event(tx, a, "recovery.help_ask", "reference", reference(f.ID))
	})
}

// Back leads from Help and SecondCode back to where the recovery stands.
func (s *Service) Back(ctx context.Context, t Ticket) error {
	return s.move(ctx, t, wentBack, func(tx *db.Tx, f *recovery, a account.Account) error { return s.settle(tx, f, a) })
}

// PasswordFindings judges a password that is being typed, for the checklist, by
// the rules that decide. Nothing of it is kept or logged.
func (s *Service) PasswordFindings(ctx context.Context, t Ticket, plain string) (findings []password.Finding, strength int, err error) {
	who, _, err := s.ready(ctx, t)
	if err != nil {
		return nil, 0, err
	}
	return s.Passwords.Findings(plain, who.Words()), s.Passwords.Strength(plain, who.Words()), nil
}

func (s *Service) ready(ctx context.Context, t Ticket) (who person, former []string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if _, who, err = s.at(tx, t, passwordSet); err != nil {
			return err
		}
		former, err = account.FormerPasswords(tx, who.ID)
		return err
	})
	return who, former, err
}

// doneLife is how long the last page can be seen again.
const doneLife = 30 * time.Minute

// SetPassword takes the new password: the recovery is done. A refusal is Invalid
// "password-…" on the field "password". Every session of the account has ended,
// and so has every other link, code and recovery.
func (s *Service) SetPassword(ctx context.Context, t Ticket, plain string) (n Next, err error) {
	ctx, leave, err := s.Passwords.Hasher.Enter(ctx)
	if err != nil {
		return n, err
	}
	defer leave()
	who, former, err := s.ready(ctx, t)
	if err != nil {
		return n, err
	}
	hash, err := s.Passwords.New(ctx, "password", plain, who.Words(), former)
	if err != nil {
		return n, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n = Next{}
		if err := account.Lock(tx, who.ID); err != nil {
			return err
		}
		f, now, err := s.at(tx, t, passwordSet)
		if err != nil {
			return err
		}
		n, err = s.reset(tx, f, now.Account, hash)
		return err
	})
	return n, err
}

func (s *Service) reset(tx *db.Tx, f *recovery, a account.Account, hash string) (Next, error) {
	fs, err := s.facts(tx, f, a)
	if err != nil {
		return Next{}, err
	}
	if at := next(fs); at != Password { // something was enrolled meanwhile: it is wanted too
		f.Step = string(at)
		return s.renew(tx, f)
	}
	f.Step, f.ExpiresAt = string(Done), tx.Now().Add(doneLife)
	if err := account.SetPassword(tx, a.ID, hash); err != nil {
		return Next{}, err
	}
	if err := s.event(tx, a, "account.password_reset", "proofs", proofs(f.Data)); err != nil {
		return Next{}, err
	}
	if err := s.confirm(tx, f, a); err != nil {
		return Next{}, err
	}
	if fs.Legacy {
		if err := account.SetIncomplete(tx, a.ID, true); err != nil {
			return Next{}, err
		}
	}
	if err := s.endAccess(tx, f, a); err != nil {
		return Next{}, err
	}
	change := "password-reset"
	if slices.Contains(fs.Has, Passkey) {
		change = "password-reset-passkeys"
	}
	// The account as it was reached before: who was told then, is told now.
	err = account.Notices{Messages: s.Messages}.Tell(tx, a, account.Notice{Change: change, SMS: slices.Contains(f.Data.Proved, Email)})
	if err != nil {
		return Next{}, err
	}
	changed, err := account.Get(tx, a.ID)
	if err != nil {
		return Next{}, err
	}
	f.Data.Mark = fingerprint(changed)
	return s.renew(tx, f)
}

// confirm records that the mailbox answered, where that was not known.
func (s *Service) confirm(tx *db.Tx, f *recovery, a account.Account) error {
	if a.EmailConfirmed() || !slices.Contains(f.Data.Proved, Email) {
		return nil
	}
	if _, err := account.ConfirmEmail(tx, a.ID, a.EmailKey); err != nil {
		return err
	}
	if err := s.event(tx, a, "account.email_confirm"); err != nil || s.Confirmed == nil {
		return err
	}
	return s.Confirmed(tx, a)
}

// endAccess ends whatever could be somebody else's.
func (s *Service) endAccess(tx *db.Tx, f *recovery, a account.Account) error {
	if _, err := session.EndAll(tx, a.ID, ""); err != nil {
		return err
	}
	if err := s.endOthers(tx, a.ID, f.ID); err != nil {
		return err
	}
	if err := dropPick(tx, a.ID); err != nil {
		return err
	}
	if s.ForgetDevices != nil {
		if err := s.ForgetDevices(tx, a.ID); err != nil {
			return err
		}
	}
	if s.Forgive != nil {
		return s.Forgive(tx, a)
	}
	return nil
}

func proofs(d data) string {
	var all []string
	for _, m := range d.Proved {
		all = append(all, string(m))
	}
	if d.App {
		all = append(all, "authenticator")
	}
	if d.Answered {
		all = append(all, "questions")
	}
	return strings.Join(all, "+")
}

// endOthers ends the account's links and its recoveries but one. Those in which
// nothing was proved are about nobody from now on: their holders must not see
// that there is an account.
func (s *Service) endOthers(tx *db.Tx, accountID, except string) error {
	detached, err := flow.Detach(tx, kind, accountID, string(Possession), except)
	if err != nil {
		return err
	}
	ended, err := flow.EndAbout(tx, kind, accountID, except)
	if err != nil {
		return err
	}
	for _, id := range slices.Concat(detached, ended) {
		if err := s.Messages.Recall(tx, "recovery:"+id); err != nil {
			return err
		}
	}
	return code.RevokeLinks(tx, purposeLink, accountID)
}

// EndAll ends every recovery, link and code of an account. It belongs into the
// transaction of each change of credentials that is none of recovery's.
func (s *Service) EndAll(tx *db.Tx, accountID string) error { return s.endOthers(tx, accountID, "") }

// MailReset mails an account's owner the link that resets the password, on the
// word of staff, which limits it. For an account that nobody can reset so (staff,
// disabled, closed) it is Conflict "recovery-none".
func (s *Service) MailReset(tx *db.Tx, a account.Account) error {
	staff, err := s.IsStaff(tx, a.ID)
	if err != nil {
		return err
	}
	if staff || a.State == account.Disabled || a.State == account.Closed {
		return fault.New(fault.Conflict, "recovery-none")
	}
	token, err := code.NewLink(tx, s.Secret, purposeLink, a.ID, fingerprint(a), s.Settings.Link)
	if err != nil {
		return err
	}
	until := tx.Now().Add(s.Settings.Link)
	var m message.Message = message.RecoveryReset{UserID: a.UserID, Token: token, Until: until, ByStaff: true}
	anew, err := afresh(tx, a)
	if err != nil {
		return err
	}
	if anew {
		m = message.RecoveryUnfinished{UserID: a.UserID, Token: token, Until: until}
	}
	return s.Messages.Send(tx, to(a), a.Subject(), until, m)
}

// Leave ends the recovery of a ticket; without one it is no error.
func (s *Service) Leave(ctx context.Context, t Ticket) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		f, err := flow.Load[data](tx, kind, t)
		if fault.Is(err, fault.Gone) {
			return nil
		}
		if err != nil {
			return err
		}
		return f.Finish(tx)
	})
}

// Chores are the package's housekeeping.
func (s *Service) Chores() []chore.Chore {
	return []chore.Chore{{Name: "recovery-sweep", Every: time.Hour, Run: s.Sweep}}
}

const sweepAtOnce = 1000

// Sweep forgets sends and failures that are long past.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		var n int64
		if err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = s.sweepRows(tx, sweepAtOnce)
			return err
		}); err != nil || n < sweepAtOnce {
			return err
		}
	}
}
