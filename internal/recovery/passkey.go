package recovery

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/text"
)

// BeginPasskey returns the options for navigator.credentials.get as JSON, at
// Possession and SecondCode with Means Passkey.
func (s *Service) BeginPasskey(ctx context.Context, t Ticket) (options string, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		f, err := s.atPasskey(tx, t)
		if err != nil {
			return err
		}
		var state string
		if options, state, err = s.Passkeys.Begin(tx); err != nil {
			return err
		}
		f.Data.Passkey = s.Ring.Seal(sealed(f), []byte(state))
		return f.Save(tx)
	})
	return options, err
}

func (s *Service) atPasskey(tx *db.Tx, t Ticket) (*recovery, error) {
	f, _, err := s.at(tx, t, passkeyGiven)
	if err == nil && (f.Data.Means != Passkey || s.Passkeys == nil) {
		err = fault.New(fault.Conflict, "step-moved")
	}
	return f, err
}

func sealed(f *recovery) string { return "flow/" + f.ID + "/passkey" }

// ProvePasskey takes the browser's response; one that proves nothing is Invalid
// "recovery-passkey" on the field "passkey". What was begun counts once.
func (s *Service) ProvePasskey(ctx context.Context, t Ticket, response string) (n Next, err error) {
	if err := s.try(ctx); err != nil {
		return n, err
	}
	right := false
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n, right = Next{}, false
		if _, err := s.atPasskey(tx, t); err != nil {
			return err
		}
		f, who, err := s.load(tx, t)
		if err != nil || f.Data.Passkey == "" {
			return err
		}
		state, err := s.Ring.Open(sealed(f), f.Data.Passkey)
		if err != nil {
			return err
		}
		f.Data.Passkey = ""
		// Saved first: of equal submits at once one alone is looked at.
		if err := f.Save(tx); err != nil {
			return err
		}
		if right, err = s.Passkeys.Check(tx, who.ID, string(state), response); err != nil {
			return err
		}
		if right = right && who.ok && who.State != account.Unfinished; !right {
			return s.event(tx, who.Account, "recovery.passkey_fail")
		}
		n, err = s.possessed(tx, f, who.Account, Passkey)
		return err
	})
	if err == nil && !right {
		err = fault.OnField("passkey", "recovery-passkey")
	}
	return n, err
}

// ProveAuthenticator takes the app's code or a recovery code. A wrong one is
// Invalid "recovery-code-wrong" on the field "code"; too many are TooMany
// "recovery-wait".
func (s *Service) ProveAuthenticator(ctx context.Context, t Ticket, given string) (n Next, err error) {
	if given = digits(given); given == "" {
		return n, fault.OnField("code", "recovery-code-empty")
	}
	// The try is written down before the code is looked at.
	if err := s.DB.Write(ctx, func(tx *db.Tx) error {
		_, who, err := s.at(tx, t, appGiven)
		if err != nil {
			return err
		}
		err = s.Settings.Limits.App.Spend(tx, who.ID)
		if fault.Is(err, fault.TooMany) {
			return &fault.Error{Kind: fault.TooMany, Code: "recovery-wait", RetryAfter: fault.From(err).RetryAfter}
		}
		return err
	}); err != nil {
		return n, err
	}
	right := false
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n, right = Next{}, false
		f, who, err := s.at(tx, t, appGiven)
		if err != nil {
			return err
		}
		// Saved first: of equal submits at once the others see that it moved, and
		// do not count as wrong codes.
		if err := f.Save(tx); err != nil {
			return err
		}
		if right, err = s.appProves(tx, who.Account, given); err != nil {
			return err
		}
		if !right {
			return s.event(tx, who.Account, "recovery.authenticator_fail")
		}
		f.Data.App = true
		if err := s.event(tx, who.Account, "recovery.prove", "means", "authenticator"); err != nil {
			return err
		}
		n, err = s.advance(tx, f, who.Account)
		return err
	})
	if err == nil && !right {
		err = fault.OnField("code", "recovery-code-wrong")
	}
	return n, err
}

func (s *Service) appProves(tx *db.Tx, a account.Account, given string) (bool, error) {
	if len(given) == 6 {
		return account.CheckAuthenticator(tx, s.Ring, a.ID, given)
	}
	ok, err := account.UseRecoveryCode(tx, s.Ring, a.ID, given)
	if err != nil || !ok {
		return false, err
	}
	left, err := account.RecoveryCodesLeft(tx, a.ID)
	if err == nil { // told each time: whoever lost the app has a handful of these
		err = s.Messages.Send(tx, to(a), a.Subject(), time.Time{}, message.SignInCodesLow{UserID: a.UserID, Left: left, UsedAt: tx.Now()})
	}
	return true, err
}

func to(a account.Account) message.To {
	return message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}
}
