package selfservice

import (
	"context"
	"slices"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/session"
)

// Why no text message went out. Words stand under "selfservice.held.".
const (
	heldCountry = "country" // none to that country
	heldLimit   = "limit"   // too many were asked for
)

// mobileLife is how long a new number may be proved, with as many codes as the limits grant.
const mobileLife = time.Hour

// ChangeMobile begins to give the account another number, or the same one where it was never verified: a code goes there, and
// until it comes back nothing changes. It wants a fresh sign-in. What is no number is Invalid "mobile-…", the account's own
// verified one "mobile-same", at the field "mobile".
func (s *Service) ChangeMobile(ctx context.Context, t session.Token, country, number string) error {
	mobile, err := account.ParseMobile(country, number)
	if err != nil {
		return err
	}
	if err := s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := account.FreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		if a.MobileVerified() && a.Mobile == mobile {
			return fault.OnField("mobile", "mobile-same")
		}
		return s.Settings.Limits.Mobile.Spend(tx, a.ID)
	}); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		f, err := s.begin(tx, mobileKind, at, a, change{To: mobile}, mobileLife)
		if err != nil {
			return err
		}
		if err := s.event(tx, a, "account.mobile_change_ask", "mobile", account.MaskMobile(mobile)); err != nil {
			return err
		}
		return s.sendSMS(tx, f, a)
	})
}

// sendSMS sends a code to the number, or notes why none goes out.
func (s *Service) sendSMS(tx *db.Tx, f *flow.Flow[change], a account.Account) error {
	d := &f.Data
	d.Held = ""
	if len(s.Settings.Countries) > 0 && !slices.Contains(s.Settings.Countries, account.MobileCountry(d.To)) {
		d.Held = heldCountry
		return f.Save(tx)
	}
	err := s.SendSMS(tx, d.To, audit.From(tx.Context()).Address)
	if fault.Is(err, fault.TooMany) {
		d.Held, d.NextSendAt = heldLimit, tx.Now().Add(fault.From(err).RetryAfter)
		return f.Save(tx)
	}
	if err != nil {
		return err
	}
	c, err := code.Issue(tx, s.Ring, s.Secret, f.ID, mobileKind, d.To, s.Settings.Code)
	if err != nil {
		return err
	}
	d.Sends++
	d.NextSendAt = tx.Now().Add(s.Settings.Limits.wait(d.Sends))
	if err := f.Save(tx); err != nil {
		return err
	}
	there := to(a)
	there.Address = d.To
	return s.Messages.Send(tx, there, about(f), tx.Now().Add(s.Settings.Code.Life),
		message.MobileChangeCode{Code: c, Minutes: int(s.Settings.Code.Life / time.Minute)})
}

// ResendMobile sends another code to the new number; the earlier one no longer counts. Too early is Invalid "code-wait", no change
// under way Gone "flow-gone".
func (s *Service) ResendMobile(ctx context.Context, t session.Token) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		f, err := pending(tx, mobileKind, a)
		if err != nil {
			return err
		}
		if err := early(tx, f, mobileKind); err != nil {
			return err
		}
		return s.sendSMS(tx, f, a)
	})
}

// CancelMobile gives up the change that is under way. It is no error if there is none.
func (s *Service) CancelMobile(ctx context.Context, t session.Token) error {
	return s.cancel(ctx, t, mobileKind)
}

// VerifyMobile takes the code that came back from the new number, and returns the session's new token. It fails as VerifyEmail
// does, at the field "code".
func (s *Service) VerifyMobile(ctx context.Context, t session.Token, given string) (session.Token, error) {
	return s.verify(ctx, t, mobileKind, given, s.switchMobile)
}

func (s *Service) switchMobile(tx *db.Tx, old session.Token, at *session.Session, a account.Account, f *flow.Flow[change]) (session.Token, error) {
	if err := s.close(tx, mobileKind, f); err != nil {
		return "", err
	}
	if err := account.SetMobile(tx, a.ID, f.Data.To, true); err != nil {
		return "", err
	}
	if err := s.event(tx, a, "account.mobile_change", "from", account.MaskMobile(a.Mobile), "to", account.MaskMobile(f.Data.To)); err != nil {
		return "", err
	}
	// As the account was: the number that goes hears of it.
	if err := s.Notices.Tell(tx, a, account.Notice{Change: "mobile", SMS: true}); err != nil {
		return "", err
	}
	return s.changed(tx, at, old)
}

// RemoveMobile takes the number away, and returns the session's new token. It wants a fresh sign-in. It is Invalid "mobile-needed"
// where nothing but the mailbox would be left that only the owner has: an authenticator app or a passkey comes first.
func (s *Service) RemoveMobile(ctx context.Context, t session.Token) (token session.Token, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token = ""
		at, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		if a.Mobile == "" {
			token = t
			return nil
		}
		needed, err := needsMobile(tx, a)
		if err != nil {
			return err
		}
		if needed {
			return fault.OnField("", "mobile-needed")
		}
		if err := s.abandon(tx, mobileKind, a.ID); err != nil {
			return err
		}
		if err := account.SetMobile(tx, a.ID, "", false); err != nil {
			return err
		}
		if err := s.event(tx, a, "account.mobile_remove", "from", account.MaskMobile(a.Mobile)); err != nil {
			return err
		}
		if err := s.Notices.Tell(tx, a, account.Notice{Change: "mobile-removed", SMS: true}); err != nil {
			return err
		}
		token, err = s.changed(tx, at, t)
		return err
	})
	return token, err
}

// needsMobile reports whether the number is the only possession beside the mailbox. One that was never verified is none.
func needsMobile(tx *db.Tx, a account.Account) (bool, error) {
	if !a.MobileVerified() {
		return false, nil
	}
	has, err := account.HasAuthenticator(tx, a.ID)
	if err != nil || has && a.EmailConfirmed() {
		return false, err
	}
	has, err = account.HasPasskeys(tx, a.ID)
	return !has || !a.EmailConfirmed(), err
}
