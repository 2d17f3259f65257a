package selfservice

import (
	"context"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/session"
	"vestibule/internal/throttle"
)

// Purposes of links. That of emailPurpose is about the account, with the change as its data; that of undoPurpose is about the
// account, with the address that it was mailed to.
const (
	emailPurpose = "email-change"
	undoPurpose  = "email-undo"
)

// ChangeEmail begins to give the account another address: a code and a link go there, and until one comes back nothing changes. An
// address that somebody else has, or may take back, is answered alike; its mailbox alone is told. It wants a fresh sign-in. The
// account's own address is Invalid "email-same", and what is none "email-…", at the field "email".
func (s *Service) ChangeEmail(ctx context.Context, t session.Token, typed string) error {
	email, err := account.ParseEmail(typed)
	if err != nil {
		return err
	}
	if err := s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := account.FreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		if a.EmailKey == email.Key {
			return fault.OnField("email", "email-same")
		}
		if err := s.Settings.Limits.EmailAccount.Spend(tx, a.ID); err != nil {
			return err
		}
		return s.Settings.Limits.EmailNetwork.Spend(tx, throttle.Network(audit.From(tx.Context()).Address))
	}); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		taken, err := account.EmailTaken(tx, email.Key, a.ID)
		if err != nil {
			return err
		}
		f, err := s.begin(tx, emailKind, at, a, change{To: email.Typed, Key: email.Key, Silent: taken}, s.Settings.EmailLife)
		if err != nil {
			return err
		}
		if err := s.event(tx, a, "account.email_change_ask", "to", email.Typed); err != nil {
			return err
		}
		return s.sendEmail(tx, f, a)
	})
}

// sendEmail mails code and link to the new address. The same is done where that is somebody else's, but for what the mail says: so
// nothing that the asker sees, or can count, tells the two apart.
func (s *Service) sendEmail(tx *db.Tx, f *flow.Flow[change], a account.Account) error {
	d := &f.Data
	d.Sends++
	d.NextSendAt = tx.Now().Add(s.Settings.Limits.wait(d.Sends))
	c, err := code.Issue(tx, s.Ring, s.Secret, f.ID, emailKind, d.Key, s.Settings.Code)
	if err != nil {
		return err
	}
	if err := code.RevokeLinks(tx, emailPurpose, a.ID); err != nil {
		return err
	}
	token, err := code.NewLink(tx, s.Secret, emailPurpose, a.ID, f.ID, f.ExpiresAt.Sub(tx.Now()))
	if err != nil {
		return err
	}
	if err := f.Save(tx); err != nil {
		return err
	}
	// Whoever's address it is gets no more of these than that, from however many accounts.
	if err := s.Settings.Limits.EmailAddress.Spend(tx, d.Key); fault.Is(err, fault.TooMany) {
		return nil
	} else if err != nil {
		return err
	}
	there := to(a)
	there.Address = d.To
	var m message.Message = message.EmailChangeProve{
		UserID: a.UserID, Token: token, Code: c, Minutes: int(s.Settings.Code.Life / time.Minute), Until: f.ExpiresAt,
	}
	if d.Silent {
		there.Name = ""
		m = message.EmailChangeTaken{At: tx.Now()}
	}
	return s.Messages.Send(tx, there, about(f), f.ExpiresAt, m)
}

// about names a change to the outbox.
func about(f *flow.Flow[change]) string { return "change:" + f.ID }

// ResendEmail sends another code and link to the new address; the earlier ones no longer count. Too early is Invalid "code-wait",
// no change under way Gone "flow-gone".
func (s *Service) ResendEmail(ctx context.Context, t session.Token) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		f, err := pending(tx, emailKind, a)
		if err != nil {
			return err
		}
		if err := early(tx, f, emailKind); err != nil {
			return err
		}
		return s.sendEmail(tx, f, a)
	})
}

// codeField is the field that a code of the kind is typed in.
func codeField(kind string) string {
	if kind == emailKind {
		return "email-code"
	}
	return "code"
}

func early(tx *db.Tx, f *flow.Flow[change], kind string) error {
	wait := f.Data.NextSendAt.Sub(tx.Now())
	if wait <= 0 {
		return nil
	}
	e := fault.OnField(codeField(kind), "code-wait")
	e.RetryAfter = wait
	return e
}

// CancelEmail gives up the change that is under way. It is no error if there is none.
func (s *Service) CancelEmail(ctx context.Context, t session.Token) error {
	return s.cancel(ctx, t, emailKind)
}

func (s *Service) cancel(ctx context.Context, t session.Token, kind string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		return s.abandon(tx, kind, a.ID)
	})
}

// abandon ends every change of a kind that is under way, with its code, link and message.
func (s *Service) abandon(tx *db.Tx, kind, accountID string) error {
	for {
		f, err := flow.LoadBySubject[change](tx, kind, accountID)
		if fault.Is(err, fault.Gone) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.close(tx, kind, f); err != nil {
			return err
		}
	}
}

func (s *Service) close(tx *db.Tx, kind string, f *flow.Flow[change]) error {
	if err := f.Finish(tx); err != nil {
		return err
	}
	if err := code.Revoke(tx, f.ID, kind); err != nil {
		return err
	}
	if kind == emailKind {
		if err := code.RevokeLinks(tx, emailPurpose, f.Subject); err != nil {
			return err
		}
	}
	return s.Messages.Recall(tx, about(f))
}

// VerifyEmail takes the code that came back from the new address, and returns the session's new token. A wrong one is Invalid
// "code-wrong" with the tries that are left, one that is of no use any more "code-spent", at the field "email-code"; Gone "flow-gone" where no change is under
// way, and Conflict "email-taken" where the address became somebody else's meanwhile.
func (s *Service) VerifyEmail(ctx context.Context, t session.Token, given string) (token session.Token, err error) {
	return s.verify(ctx, t, emailKind, given, s.switchEmail)
}

// verify takes a code, and has done do its work with the right one.
func (s *Service) verify(ctx context.Context, t session.Token, kind, given string,
	done func(*db.Tx, session.Token, *session.Session, account.Account, *flow.Flow[change]) (session.Token, error),
) (token session.Token, err error) {
	given = strings.Join(strings.FieldsFunc(given, func(c rune) bool { return c == ' ' || c == '-' || c == '\u00a0' }), "")
	if given == "" {
		return "", fault.OnField(codeField(kind), "code-empty")
	}
	if err := s.spendTry(ctx, t); err != nil {
		return "", err
	}
	var verdict code.Verdict
	var left int
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token = ""
		at, a, err := account.HoldSignedIn(tx, t)
		if err != nil {
			return err
		}
		f, err := pending(tx, kind, a)
		if err != nil {
			return err
		}
		if verdict, left, err = code.Check(tx, s.Ring, f.ID, kind, f.Data.destination(), given); err != nil {
			return err
		}
		if verdict == code.Right && f.Data.Silent {
			verdict = code.Spent // nobody was sent it
		}
		if verdict != code.Right {
			return s.event(tx, a, "account.contact_code_fail", "what", kind)
		}
		token, err = done(tx, t, at, a, f)
		return err
	})
	switch {
	case err != nil:
		return "", err
	case verdict == code.Wrong && left > 0:
		return "", fault.OnField(codeField(kind), "code-wrong").With("n", itoa(left))
	case verdict != code.Right:
		return "", fault.OnField(codeField(kind), "code-spent")
	}
	return token, nil
}

// destination is what a code is bound to.
func (d change) destination() string {
	if d.Key != "" {
		return d.Key
	}
	return d.To
}

// EmailLink returns the address that a mailed link would make the account's, and changes nothing. The link does for the account
// that asked, in whatever browser it is signed in, and for no other: Gone "link-gone".
func (s *Service) EmailLink(ctx context.Context, t session.Token, token string) (address string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		_, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		l, err := code.PeekLink(tx, emailPurpose, token)
		if err != nil {
			return err
		}
		f, err := linked(tx, l, a)
		if err == nil {
			address = f.Data.To
		}
		return err
	})
	return address, err
}

// UseEmailLink is VerifyEmail by the link in the mail.
func (s *Service) UseEmailLink(ctx context.Context, t session.Token, token string) (renewed session.Token, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		renewed = ""
		at, a, err := account.HoldSignedIn(tx, t)
		if err != nil {
			return err
		}
		l, err := code.PeekLink(tx, emailPurpose, token)
		if err != nil {
			return err
		}
		f, err := linked(tx, l, a)
		if err != nil {
			return err
		}
		if _, err := code.SpendLink(tx, emailPurpose, token); err != nil {
			return err
		}
		renewed, err = s.switchEmail(tx, t, at, a, f)
		return err
	})
	return renewed, err
}

func linked(tx *db.Tx, l code.Link, a account.Account) (*flow.Flow[change], error) {
	f, err := pending(tx, emailKind, a)
	if fault.Is(err, fault.Gone) || err == nil && (l.Subject != a.ID || l.Data != f.ID || f.Data.Silent) {
		return nil, fault.New(fault.Gone, "link-gone")
	}
	return f, err
}

// switchEmail makes the proved address the account's.
func (s *Service) switchEmail(tx *db.Tx, old session.Token, at *session.Session, a account.Account, f *flow.Flow[change]) (session.Token, error) {
	if err := s.close(tx, emailKind, f); err != nil {
		return "", err
	}
	email, err := account.ParseEmail(f.Data.To)
	if err != nil {
		return "", err
	}
	since, err := s.doubtful(tx, a, f.Data.Since)
	if err != nil {
		return "", err
	}
	if err := account.SetEmail(tx, a, email, since, s.Settings.Undo); err != nil {
		return "", err
	}
	if err := s.abandon(tx, mobileKind, a.ID); err != nil {
		return "", err
	}
	if err := s.event(tx, a, "account.email_change", "from", a.Email, "to", email.Typed); err != nil {
		return "", err
	}
	now, err := account.Get(tx, a.ID)
	if err != nil {
		return "", err
	}
	if err := s.tellEmail(tx, a, now); err != nil {
		return "", err
	}
	if s.Join != nil {
		if err := s.Join(tx, now); err != nil {
			return "", err
		}
	}
	return s.changed(tx, at, old)
}

// tellEmail tells the new address, the mobile and every earlier address of the change; the one that was the account's until now
// gets the link that undoes it.
func (s *Service) tellEmail(tx *db.Tx, before, now account.Account) error {
	if err := s.Notices.Tell(tx, now, account.Notice{Change: "email", SMS: true, But: before.EmailKey}); err != nil {
		return err
	}
	if !before.EmailConfirmed() {
		return nil // perhaps a stranger's, by a typing error
	}
	until := tx.Now().Add(s.Settings.Undo)
	token, err := code.NewLink(tx, s.Secret, undoPurpose, before.ID, before.EmailKey, s.Settings.Undo)
	if err != nil {
		return err
	}
	return s.Messages.Send(tx, to(before), before.Subject(), until, message.EmailChangedUndo{
		UserID: before.UserID, Email: account.MaskEmail(now.Email), At: tx.Now(), Address: audit.From(tx.Context()).Address, Token: token, Until: until,
	})
}
