package helpdesk

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/organization"
)

// Things are what can be cleared.
type Things struct{ Questions, Authenticator, Passkeys bool }

// Any reports whether there is anything to clear.
func (t Things) Any() bool { return t.Questions || t.Authenticator || t.Passkeys }

// Words are the names of what is to be cleared, in the order of the form.
func (t Things) Words() []string {
	var list []string
	for _, one := range []struct {
		on   bool
		word string
	}{{t.Questions, "questions"}, {t.Authenticator, "authenticator"}, {t.Passkeys, "passkeys"}} {
		if one.on {
			list = append(list, one.word)
		}
	}
	return list
}

// A Clearing is that questions, authenticator or passkeys of an account are to
// be taken away.
type Clearing struct {
	ID         string
	Account    string
	Things     Things
	Basis      Basis
	State      State
	Reason     string
	AskedBy    Staff
	AskedAt    time.Time
	AgreedBy   Staff     // the administrator or the second member of staff; empty for TwoMeans
	DueAt      time.Time // asked: it lapses; waiting: it takes effect
	SettledAt  time.Time
	SettledBy  string
	Note       string // why it was refused or cancelled
	NeedsStaff bool   // a second member of staff is wanted
}

const (
	// clearAfter is how long a clearing waits for somebody to stop it (security.md).
	clearAfter = 24 * time.Hour
	// answerWithin is how long a second word is waited for.
	answerWithin = 72 * time.Hour

	stopPurpose = "helpdesk-stop"
	// StopPath is where a clearing is stopped: StopPath + token.
	StopPath = "/stop/"
	// VouchPath is where an administrator answers: VouchPath + the clearing's id.
	VouchPath = "/portal/vouch/"
)

// Clear asks that credentials of an account are taken away. By TwoMeans it
// waits for its 24 hours at once, where the caller is verified by two different
// means ("two-means-needed" at "basis" otherwise); by Voucher the organization's
// other administrators are asked ("no-voucher" where there is none), by TwoStaff
// another member of staff. Invalid "nothing-to-clear" at the field "things",
// Conflict "clearing-open" while another one is open.
func (s *Service) Clear(ctx context.Context, by Staff, id string, things Things, basis Basis, reason string) (clearing string, err error) {
	var form fault.Form
	why, err := ParseReason(reason)
	if err := form.AddErr("reason", err); err != nil {
		return "", err
	}
	if _, err := ParseBasis(string(basis)); err != nil {
		form.Add("basis", "choose-basis")
	}
	if !things.Any() {
		form.Add("things", "choose-things")
	}
	if err := form.Err(); err != nil {
		return "", err
	}
	err = s.helping(ctx, by, id, func(tx *db.Tx, a account.Account) error {
		if a.State != account.Active && a.State != account.Expired {
			return fault.New(fault.Conflict, "changed")
		}
		have, err := s.has(tx, a.ID)
		if err != nil {
			return err
		}
		things = Things{things.Questions && have.Questions, things.Authenticator && have.Authenticator, things.Passkeys && have.Passkeys}
		if !things.Any() {
			return fault.OnField("things", "nothing-to-clear")
		}
		c := Clearing{
			ID: s.Secret.ID(tx.Now()), Account: a.ID, Things: things, Basis: basis, State: Asked, Reason: why,
			AskedBy: by, AskedAt: tx.Now(), DueAt: tx.Now().Add(answerWithin),
		}
		clearing = c.ID
		made, err := insertClearing(tx, c)
		if err != nil {
			return err
		}
		if !made {
			return fault.New(fault.Conflict, "clearing-open")
		}
		if err := s.event(tx, by, a, "helpdesk.clear_ask", append(c.detail(), "reason", why)...); err != nil {
			return err
		}
		switch basis {
		case TwoMeans:
			n, err := s.verified(tx, a, by)
			if err != nil {
				return err
			}
			if n < 2 {
				return fault.OnField("basis", "two-means-needed")
			}
			if err := dropProofs(tx, a.ID, by.ID); err != nil {
				return err
			}
			return s.begin(tx, a, c)
		case Voucher:
			return s.askVoucher(tx, a, c)
		}
		return s.askStaff(tx, a, c)
	})
	return clearing, err
}

// has says what an account has that can be cleared.
func (s *Service) has(tx *db.Tx, id string) (t Things, err error) {
	at, err := account.QuestionsSetAt(tx, id)
	if err != nil {
		return t, err
	}
	t.Questions = !at.IsZero()
	if t.Authenticator, err = account.HasAuthenticator(tx, id); err != nil {
		return t, err
	}
	keys, err := account.Passkeys(tx, id)
	t.Passkeys = len(keys) > 0
	return t, err
}

func (c Clearing) detail() []string {
	d := []string{"clearing", c.ID, "basis", string(c.Basis)}
	for _, w := range c.Things.Words() {
		d = append(d, w, "yes")
	}
	return d
}

// about names the clearing to the outbox.
func (c Clearing) about() string { return "clearing:" + c.ID }

// begin lets the 24 hours run and sends a link to stop it to every address.
func (s *Service) begin(tx *db.Tx, a account.Account, c Clearing) error {
	c.DueAt = tx.Now().Add(clearAfter)
	if err := move(tx, c, agreed, change{agreedBy: c.AgreedBy, due: c.DueAt}); err != nil {
		return err
	}
	to := owner(a)
	addresses := []string{a.Email}
	earlier, err := account.EarlierEmails(tx, a.ID)
	if err != nil {
		return err
	}
	for _, e := range earlier {
		if e.EmailKey != a.EmailKey {
			addresses = append(addresses, e.Email)
		}
	}
	for _, address := range addresses {
		token, err := s.stopLink(tx, c)
		if err != nil {
			return err
		}
		to.Address = address
		err = s.Messages.Send(tx, to, c.about(), c.DueAt, message.ClearingStarted{
			UserID: a.UserID, Questions: c.Things.Questions, Authenticator: c.Things.Authenticator, Passkeys: c.Things.Passkeys, DueAt: c.DueAt, Token: token,
		})
		if err != nil {
			return err
		}
	}
	if !a.MobileVerified() {
		return nil
	}
	token, err := s.stopLink(tx, c)
	if err != nil {
		return err
	}
	to.Address = a.Mobile
	return s.Messages.Send(tx, to, c.about(), c.DueAt, message.ClearingStartedSMS{Token: token})
}

// stopLink is one for each address, so that the trail knows that each was told.
func (s *Service) stopLink(tx *db.Tx, c Clearing) (string, error) {
	return code.NewLink(tx, s.Secret, stopPurpose, c.ID, "", c.DueAt.Sub(tx.Now()))
}

// vouchers are the administrators of the account's organization but itself.
func vouchers(tx *db.Tx, id string) (m organization.Membership, admins []account.Account, err error) {
	m, err = organization.Of(tx, id)
	if fault.Is(err, fault.NotFound) {
		return m, nil, nil
	}
	if err != nil {
		return m, nil, err
	}
	ids, err := organization.Administrators(tx, m.Organization.ID)
	if err != nil {
		return m, nil, err
	}
	for _, one := range ids {
		if one == id {
			continue
		}
		a, err := account.Get(tx, one)
		if err != nil {
			return m, nil, err
		}
		if a.State == account.Active && a.EmailConfirmed() {
			admins = append(admins, a)
		}
	}
	return m, admins, nil
}

func (s *Service) askVoucher(tx *db.Tx, a account.Account, c Clearing) error {
	m, admins, err := vouchers(tx, a.ID)
	if err != nil {
		return err
	}
	if len(admins) == 0 {
		return fault.OnField("basis", "no-voucher")
	}
	for _, admin := range admins {
		err := s.Messages.Send(tx, owner(admin), c.about(), c.DueAt, message.VoucherAsked{
			Person: a.Name(), Email: a.Email, Organization: m.Organization.Name, Until: c.DueAt, Path: VouchPath + c.ID,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) askStaff(tx *db.Tx, a account.Account, c Clearing) error {
	all, err := s.staff(tx)
	if err != nil {
		return err
	}
	for _, to := range all {
		err := s.Messages.Send(tx, to, c.about(), c.DueAt, message.StaffClearingAsked{
			Person: a.Name(), UserID: a.UserID, By: c.AskedBy.Name, Reason: c.Reason, Until: c.DueAt, AccountID: a.ID,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) staff(tx *db.Tx) ([]message.To, error) {
	if s.Notify == nil {
		return nil, nil
	}
	return s.Notify(tx)
}

// Agree is the second member of staff's word. Whoever asked cannot give it:
// Denied "second-person".
func (s *Service) Agree(ctx context.Context, by Staff, id, clearing string) error {
	return s.helping(ctx, by, id, func(tx *db.Tx, a account.Account) error {
		c, err := clearingOf(tx, a.ID, clearing)
		if err != nil {
			return err
		}
		if c.Basis != TwoStaff {
			return fault.New(fault.Conflict, "clearing-settled")
		}
		if c.AskedBy.ID == by.ID {
			return fault.New(fault.Denied, "second-person")
		}
		if _, err := after(c.State, agreed); err != nil {
			return err
		}
		c.AgreedBy = by
		if err := s.begin(tx, a, c); err != nil {
			return err
		}
		if err := s.Messages.Recall(tx, c.about(), message.StaffClearingAsked{}); err != nil {
			return err
		}
		return s.event(tx, by, a, "helpdesk.clear_agree", c.detail()...)
	})
}

// Cancel takes a clearing back: whoever of staff sees a reason may.
func (s *Service) Cancel(ctx context.Context, by Staff, id, clearing, reason string) error {
	why, err := ParseReason(reason)
	if err != nil {
		return err
	}
	return s.helping(ctx, by, id, func(tx *db.Tx, a account.Account) error {
		c, err := clearingOf(tx, a.ID, clearing)
		if err != nil {
			return err
		}
		if err := s.settle(tx, a, c, cancelled, by.ID, why); err != nil {
			return err
		}
		return s.event(tx, by, a, "helpdesk.clear_cancel", append(c.detail(), "reason", why)...)
	})
}
