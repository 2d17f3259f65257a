package register

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/session"
)

// Purposes of the links about an account. Their subject is the account, their
// data the address that they were mailed to: an address that changed makes them
// void.
const (
	purposeFinish  = "register-finish"
	purposeConfirm = "account-confirm-email"
)

// ContinueByMail mails an unfinished account's owner the link to finish. It is
// for whatever finds that an account is unfinished and may not say so; three go
// out at once and then one every 20 minutes, and the rest is passed over in
// silence. An account in any other state gets nothing.
func (s *Service) ContinueByMail(tx *db.Tx, a account.Account) error {
	if a.State != account.Unfinished {
		return nil
	}
	if _, err := account.LastAcceptance(tx, a.ID); fault.Is(err, fault.NotFound) {
		return nil // no registration made it: staff begin in another way
	} else if err != nil {
		return err
	}
	if err := s.Settings.Limits.Mails.Spend(tx, a.ID); fault.Is(err, fault.TooMany) {
		return nil
	} else if err != nil {
		return err
	}
	token, until, err := s.finishLink(tx, a)
	if err != nil {
		return err
	}
	return s.Messages.Send(tx, to(a), a.Subject(), until, message.AccountFinish{UserID: a.UserID, Token: token, Until: until})
}

func (s *Service) finishLink(tx *db.Tx, a account.Account) (token string, until time.Time, err error) {
	if err := code.RevokeLinks(tx, purposeFinish, a.ID); err != nil {
		return "", time.Time{}, err
	}
	token, err = code.NewLink(tx, s.Secret, purposeFinish, a.ID, a.EmailKey, s.Settings.Confirm)
	return token, tx.Now().Add(s.Settings.Confirm), err
}

func (s *Service) confirmLink(tx *db.Tx, a account.Account) (token string, until time.Time, err error) {
	if err := code.RevokeLinks(tx, purposeConfirm, a.ID); err != nil {
		return "", time.Time{}, err
	}
	token, err = code.NewLink(tx, s.Secret, purposeConfirm, a.ID, a.EmailKey, s.Settings.Confirm)
	return token, tx.Now().Add(s.Settings.Confirm), err
}

// ConfirmByMail mails the link that confirms an account's address, again; as
// often as ContinueByMail. A confirmed address gets nothing.
func (s *Service) ConfirmByMail(tx *db.Tx, a account.Account) error {
	if a.EmailConfirmed() || a.State == account.Closed {
		return nil
	}
	if err := s.Settings.Limits.Mails.Spend(tx, a.ID); fault.Is(err, fault.TooMany) {
		return nil
	} else if err != nil {
		return err
	}
	token, until, err := s.confirmLink(tx, a)
	if err != nil {
		return err
	}
	return s.Messages.Send(tx, to(a), a.Subject(), until, message.EmailConfirm{UserID: a.UserID, ConfirmToken: token, Until: until})
}

// of returns the account that a link is about, if it still holds the address.
func of(tx *db.Tx, l code.Link) (account.Account, error) {
	a, err := account.Get(tx, l.Subject)
	if fault.Is(err, fault.NotFound) || err == nil && a.EmailKey != l.Data {
		return a, fault.New(fault.Gone, "link-gone")
	}
	return a, err
}

// A proof reads a link that shows whose mailbox an account's address is, or
// spends it; reading changes nothing.
type proof func(tx *db.Tx, token string, spend bool) (account.Account, error)

// mailed is the proof of a link that was made for the account.
func mailed(purpose string) proof {
	return func(tx *db.Tx, token string, spend bool) (a account.Account, err error) {
		var l code.Link
		if spend {
			l, err = code.SpendLink(tx, purpose, token)
		} else {
			l, err = code.PeekLink(tx, purpose, token)
		}
		if err != nil {
			return a, err
		}
		return of(tx, l)
	}
}

func (s *Service) peek(ctx context.Context, read proof, token string, good func(account.Account) bool) (a account.Account, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if a, err = read(tx, token, false); err != nil {
			return err
		}
		if !good(a) {
			return fault.New(fault.Gone, "link-used")
		}
		return nil
	})
	return a, err
}

func unfinished(a account.Account) bool { return a.State == account.Unfinished }

// unconfirmed leaves out what staff disabled: a mailbox does not undo that.
func unconfirmed(a account.Account) bool {
	return !a.EmailConfirmed() && a.State != account.Closed && a.State != account.Disabled
}

// FinishLink returns the account that a link to finish is about, and changes
// nothing.
func (s *Service) FinishLink(ctx context.Context, token string) (account.Account, error) {
	return s.peek(ctx, mailed(purposeFinish), token, unfinished)
}

// Finish goes on with an unfinished account by the link in its mailbox: back at
// the code, everything after it to be set afresh. Every other browser loses its
// ticket. The link proves the address.
func (s *Service) Finish(ctx context.Context, token string) (Ticket, error) {
	return s.takeOver(ctx, mailed(purposeFinish), token, unfinished, s.finish)
}

func (s *Service) finish(tx *db.Tx, f *registration, a account.Account) error {
	if err := s.event(tx, f, "registration.finish_by_link"); err != nil || a.Mobile == "" {
		return err // without a number it begins at the details
	}
	f.Data.Mobile, f.Step = a.Mobile, Code
	return s.sendCode(tx, f)
}

// NotMeFinish answers "this was not me" on the page of a link to finish: the
// mailbox's owner never made this account. All that was set is erased, and its
// set-up begins afresh at the details, for whoever holds the mailbox.
func (s *Service) NotMeFinish(ctx context.Context, token string) (Ticket, error) {
	return s.takeOver(ctx, mailed(purposeFinish), token, unfinished, s.notMe)
}

// NotMeConfirm does the same on the page of a link to confirm. An address that
// was confirmed before cannot be taken over so.
func (s *Service) NotMeConfirm(ctx context.Context, token string) (Ticket, error) {
	return s.takeOver(ctx, mailed(purposeConfirm), token, unconfirmed, s.notMe)
}

func (s *Service) notMe(tx *db.Tx, f *registration, a account.Account) error {
	f.Step = Details
	f.Data.FirstName, f.Data.LastName, f.Data.Organization, f.Data.UserID = "", "", "", ""
	if err := s.event(tx, f, "account.erase", "why", "not me"); err != nil {
		return err
	}
	return s.Messages.Send(tx, message.To{Address: a.Email, Lang: f.Data.Lang}, a.Subject(), time.Time{},
		message.AccountErased{UserID: a.UserID, At: tx.Now()})
}

// takeOver spends a link on the word of whoever holds the mailbox.
func (s *Service) takeOver(ctx context.Context, read proof, token string, good func(account.Account) bool, lead lead) (t Ticket, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := read(tx, token, true)
		if err != nil {
			return err
		}
		if !good(a) {
			return fault.New(fault.Gone, "link-used")
		}
		t, err = s.startOver(tx, a, lead)
		return err
	})
	return t, err
}

// A lead brings a registration that starts over to its first step.
type lead func(*db.Tx, *registration, account.Account) error

// Afresh begins the set-up of an account anew on the word of whoever has just
// proved its mailbox by other means than a link of this package: an unfinished
// one back at the code, one whose address was never confirmed at the details. It
// returns no ticket for an account that no registration made.
func (s *Service) Afresh(tx *db.Tx, a account.Account) (Ticket, error) {
	began, err := registered(tx, a)
	if err != nil || !began {
		return "", err
	}
	if !unfinished(a) && !unconfirmed(a) {
		return "", fault.New(fault.Conflict, "changed")
	}
	if unfinished(a) {
		return s.startOver(tx, a, s.finish)
	}
	return s.startOver(tx, a, s.notMe)
}

// startOver erases everything that was set so far; every session, ticket and
// link of the account dies, and a fresh registration for the account begins
// where lead takes it. Its address is proved.
func (s *Service) startOver(tx *db.Tx, a account.Account, lead lead) (Ticket, error) {
	if err := s.endAll(tx, a.ID); err != nil {
		return "", err
	}
	if err := account.Erase(tx, a.ID); err != nil {
		return "", err
	}
	if _, err := account.ConfirmEmail(tx, a.ID, a.EmailKey); err != nil {
		return "", err
	}
	f, t, err := flow.Start(tx, s.Secret, kind, Details, data{
		FirstName: a.FirstName, LastName: a.LastName, Email: a.Email, EmailKey: a.EmailKey, Organization: a.Organization,
		Lang: to(a).Lang, EmailProved: true, EmailFixed: true, AccountID: a.ID, UserID: a.UserID,
	}, s.Settings.Finish)
	if err != nil {
		return "", err
	}
	f.Subject = a.ID
	if err := lead(tx, f, a); err != nil {
		return "", err
	}
	return t, f.Save(tx)
}

// endAll ends whatever could still act for the account.
func (s *Service) endAll(tx *db.Tx, accountID string) error {
	if _, err := session.EndAll(tx, accountID, ""); err != nil {
		return err
	}
	if err := organization.Vacate(tx, accountID); err != nil {
		return err
	}
	for _, purpose := range []string{purposeFinish, purposeConfirm} {
		if err := code.RevokeLinks(tx, purpose, accountID); err != nil {
			return err
		}
	}
	if err := s.Messages.Recall(tx, "account:"+accountID); err != nil {
		return err
	}
	for {
		f, err := flow.LoadBySubject[data](tx, kind, accountID)
		if isGone(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := code.Revoke(tx, f.ID, purposeSMS); err != nil {
			return err
		}
		if err := s.Messages.Recall(tx, about(f)); err != nil {
			return err
		}
		if err := f.Finish(tx); err != nil {
			return err
		}
	}
}

// remove takes an unfinished account away as if it had never been.
func (s *Service) remove(tx *db.Tx, accountID string) error {
	if _, err := session.EndAll(tx, accountID, ""); err != nil {
		return err
	}
	if err := organization.Vacate(tx, accountID); err != nil {
		return err
	}
	for _, purpose := range []string{purposeFinish, purposeConfirm} {
		if err := code.RevokeLinks(tx, purpose, accountID); err != nil {
			return err
		}
	}
	return account.Remove(tx, accountID)
}

// ConfirmLink returns the account whose address a link would confirm, and
// changes nothing.
func (s *Service) ConfirmLink(ctx context.Context, token string) (account.Account, error) {
	return s.peek(ctx, mailed(purposeConfirm), token, unconfirmed)
}

// ConfirmEmail confirms an account's address. The link alone does not do: it
// takes the account's own sign-in (signedIn is who that is, or "") or its
// password too, so that nobody confirms by a click what a stranger made. A wrong
// password is Invalid "password-wrong".
func (s *Service) ConfirmEmail(ctx context.Context, token, signedIn, plain string) error {
	return s.confirm(ctx, mailed(purposeConfirm), token, signedIn, plain)
}

func (s *Service) confirm(ctx context.Context, read proof, token, signedIn, plain string) error {
	a, err := s.peek(ctx, read, token, unconfirmed)
	if err != nil {
		return err
	}
	if a.ID != signedIn {
		if plain == "" {
			return fault.OnField("password", "password-needed")
		}
		within, leave, err := s.Passwords.Hasher.Enter(ctx)
		if err != nil {
			return err
		}
		defer leave()
		if err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.Settings.Limits.Passwords.Spend(tx, a.ID) }); err != nil {
			return err
		}
		ok, _, err := s.Passwords.Check(within, a.PasswordHash, plain)
		if err != nil {
			return err
		}
		if !ok {
			return fault.OnField("password", "password-wrong")
		}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := read(tx, token, true)
		if err != nil {
			return err
		}
		if now.ID != a.ID || now.EmailKey != a.EmailKey || now.PasswordHash != a.PasswordHash || now.State != a.State {
			return fault.New(fault.Gone, "link-gone") // a link dies with what it was for
		}
		if _, err := account.ConfirmEmail(tx, a.ID, a.EmailKey); err != nil {
			return err
		}
		if err := code.RevokeLinks(tx, purposeConfirm, a.ID); err != nil {
			return err
		}
		if err := audit.Add(tx, s.Secret, audit.Event{Action: "account.email_confirm", Subject: a.Subject()}); err != nil {
			return err
		}
		return s.join(tx, a)
	})
}

// join lets an account with a freshly confirmed address join what the address
// stands for. Where somebody has to agree, those who may are told: the
// organization's administrators, and staff where there is none.
func (s *Service) join(tx *db.Tx, a account.Account) error {
	outcome, err := organization.JoinByConfirmedAddress(tx, s.Secret, a.ID, a.EmailKey)
	if err != nil || outcome.JoinRequest == "" {
		return err
	}
	request, err := organization.LastJoinRequest(tx, a.ID)
	if err != nil {
		return err
	}
	ids, err := organization.Administrators(tx, request.Organization.ID)
	if err != nil {
		return err
	}
	var told []message.To
	for _, id := range ids {
		admin, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		told = append(told, to(admin))
	}
	path := pathPeople
	if len(told) == 0 && s.Notify != nil {
		if told, err = s.Notify(tx); err != nil {
			return err
		}
		path = pathJoins
	}
	for _, one := range told {
		if err := s.Messages.Send(tx, one, "join:"+request.ID, time.Time{}, message.JoinRequested{
			Applicant: a.Name(), Email: a.Email, Organization: request.Organization.Name, AskedAt: request.CreatedAt, Path: path,
		}); err != nil {
			return err
		}
	}
	return nil
}

// Where a join request is answered.
const (
	pathPeople = "/portal/people"
	pathJoins  = "/office/joins"
)
