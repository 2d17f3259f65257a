package helpdesk

import (
	"context"
	"slices"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/chore"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/session"
	"vestibule/internal/throttle"
)

// An Act is one thing that staff do to an account, with a reason.
type Act string

// The acts.
const (
	ActUnlock      Act = "unlock"       // forget the delays
	ActConfirm     Act = "confirm"      // mail the link that confirms the address
	ActFinish      Act = "finish"       // mail the link that finishes the set-up
	ActUserID      Act = "user-id"      // mail the UserID
	ActReset       Act = "reset"        // mail the link of a reset
	ActExpire      Act = "expire"       // the password is good for nothing but a reset
	ActEndSessions Act = "end-sessions" // sign out everywhere; no device is trusted any more
	ActDisable     Act = "disable"
	ActEnable      Act = "enable"
)

// Acts are all acts, in the order of the page.
func Acts() []Act {
	return []Act{ActUnlock, ActConfirm, ActFinish, ActUserID, ActReset, ActExpire, ActEndSessions, ActDisable, ActEnable}
}

// Possible are the acts that make sense for an account as it is, in order.
func Possible(a account.Account) []Act {
	return slices.DeleteFunc(Acts(), func(act Act) bool { return !sensible(act, a) })
}

func sensible(act Act, a account.Account) bool {
	in := a.State == account.Active || a.State == account.Expired
	switch act {
	case ActUnlock, ActUserID, ActReset:
		return in
	case ActConfirm:
		return in && !a.EmailConfirmed()
	case ActFinish:
		return a.State == account.Unfinished
	case ActExpire:
		return a.State == account.Active
	case ActEndSessions, ActDisable:
		return in
	case ActEnable:
		return a.State == account.Disabled
	}
	return false
}

// mails bounds what staff can have mailed to one account by one act.
var mails = throttle.Limit{Name: "helpdesk-mail", Burst: 4, Every: 15 * time.Minute}

// Do does one act. A missing reason is Invalid at the field "reason"; an act that
// does not fit the account as it is, Conflict "changed"; an account of staff,
// Denied "staff-console". The owner is told at every address, or by the mail that
// the act is about.
func (s *Service) Do(ctx context.Context, by Staff, id string, act Act, reason string) error {
	var form fault.Form
	if act == "" {
		form.Add("act", "choose-act")
	}
	why, err := ParseReason(reason)
	if err := form.AddErr("reason", err); err != nil {
		return err
	}
	if err := form.Err(); err != nil {
		return err
	}
	if !slices.Contains(Acts(), act) {
		return fault.New(fault.NotFound, "not-found")
	}
	return s.helping(ctx, by, id, func(tx *db.Tx, a account.Account) error {
		if !sensible(act, a) {
			return fault.New(fault.Conflict, "changed")
		}
		if err := s.do(tx, a, act); err != nil {
			return err
		}
		return s.event(tx, by, a, actions()[act],
			"reason", why)
	})
}

// actions are the names of the acts in the trail.
func actions() map[Act]string {
	return map[Act]string{
		ActUnlock: "helpdesk.unlock", ActConfirm: "helpdesk.confirm", ActFinish: "helpdesk.finish", ActUserID: "helpdesk.user_id",
		ActReset: "helpdesk.reset", ActExpire: "helpdesk.expire", ActEndSessions: "helpdesk.end_sessions",
		ActDisable: "helpdesk.disable", ActEnable: "helpdesk.enable",
	}
}

func (s *Service) do(tx *db.Tx, a account.Account, act Act) error {
	switch act {
	case ActUnlock:
		if err := call(s.Hooks.Forgive, tx, a); err != nil {
			return err
		}
		return s.tell(tx, a, "unlocked")
	case ActConfirm:
		return s.mail(tx, a, act, s.Hooks.Confirm)
	case ActFinish:
		return s.mail(tx, a, act, s.Hooks.Finish)
	case ActUserID:
		return s.mail(tx, a, act, func(tx *db.Tx, a account.Account) error {
			return s.Messages.Send(tx, owner(a), a.Subject(), time.Time{}, message.RecoveryUserID{UserID: a.UserID, AskedAt: tx.Now()})
		})
	case ActReset:
		return s.mail(tx, a, act, s.Hooks.Reset)
	case ActExpire:
		if err := account.Expire(tx, a.ID, account.ByStaff); err != nil {
			return err
		}
		return s.ended(tx, a, "password-expired")
	case ActEndSessions:
		return s.ended(tx, a, "sessions-ended")
	case ActDisable:
		if err := account.Disable(tx, a.ID, account.ByStaff); err != nil {
			return err
		}
		return s.ended(tx, a, "disabled")
	case ActEnable:
		if err := account.Enable(tx, a.ID); err != nil {
			return err
		}
		return s.tell(tx, a, "enabled")
	}
	return fault.New(fault.NotFound, "not-found")
}

// mail lets another capability mail something, a few times in an hour.
func (s *Service) mail(tx *db.Tx, a account.Account, act Act, hook func(*db.Tx, account.Account) error) error {
	if err := mails.Spend(tx, a.ID+":"+string(act)); err != nil {
		return err
	}
	return call(hook, tx, a)
}

// ended ends whatever somebody holds of the account, and tells the owner.
func (s *Service) ended(tx *db.Tx, a account.Account, change string) error {
	if err := s.endAll(tx, a); err != nil {
		return err
	}
	return s.tell(tx, a, change)
}

// endAll ends sessions, trust, links, codes and what was begun with them.
func (s *Service) endAll(tx *db.Tx, a account.Account) error {
	if _, err := session.EndAll(tx, a.ID, ""); err != nil {
		return err
	}
	if err := call(s.Hooks.Distrust, tx, a); err != nil {
		return err
	}
	return call(s.Hooks.Void, tx, a)
}

// call calls a hook that is there. One that is not is a portal without that capability.
func call(hook func(*db.Tx, account.Account) error, tx *db.Tx, a account.Account) error {
	if hook == nil {
		return fault.New(fault.Unavailable, "unavailable")
	}
	return hook(tx, a)
}

// Chores are the package's housekeeping.
func (s *Service) Chores() []chore.Chore {
	return []chore.Chore{
		{Name: "helpdesk-clear", Every: 5 * time.Minute, Run: s.Effect},
		{Name: "account-index", Every: time.Minute, Run: s.Index},
		{Name: "helpdesk-sweep", Every: time.Hour, Run: s.Sweep},
	}
}

// keepClearings is how long a clearing that is over stands on the account's page. The trail keeps that it was.
const keepClearings = 365 * 24 * time.Hour

// Sweep forgets whom staff verified long ago, and clearings that are long over or whose account is gone.
func (s *Service) Sweep(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := sweepProofs(tx, tx.Now().Add(-24*time.Hour)); err != nil {
			return err
		}
		return sweepClearings(tx, tx.Now().Add(-keepClearings))
	})
}
