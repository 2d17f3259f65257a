package credential

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/password"
	"vestibule/internal/session"
	"vestibule/internal/throttle"
)

// guesses bounds how often the present password is tried by somebody who found an open session (ASVS V6.3.1).
var guesses = throttle.Limit{Name: "change-password", Burst: 5, Every: 3 * time.Minute}

// PasswordFindings judges a password that is being typed: for the checklist, by the rules that decide. Nothing of it is kept or logged.
func (s *Service) PasswordFindings(ctx context.Context, t session.Token, plain string) (findings []password.Finding, strength int, err error) {
	var a account.Account
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		_, a, err = account.SignedIn(tx, t)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return s.Passwords.Findings(plain, a.Words()), s.Passwords.Strength(plain, a.Words()), nil
}

// History is how many former passwords are refused.
func (s *Service) History() int { return s.Passwords.Rules.History }

// ChangePassword takes the present password and a new one, and returns the session's new token. Both are judged before anything is
// said: a wrong present one is Invalid "security-password" on "current", a refused new one "password-…" on "password" (ASVS V6.2.3).
// It is TooMany "too-many" after several wrong ones, and Conflict "changed" when the password changed meanwhile.
func (s *Service) ChangePassword(ctx context.Context, t session.Token, current, plain string) (token session.Token, err error) {
	ctx, leave, err := s.Passwords.Hasher.Enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	var was account.Account
	var former []string
	// In a transaction of its own: no failure below gives the try back.
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, was, err = account.FreshlySignedIn(tx, t); err != nil {
			return err
		}
		if err := guesses.Spend(tx, was.ID); err != nil {
			return err
		}
		former, err = account.FormerPasswords(tx, was.ID)
		return err
	})
	if err != nil {
		return "", err
	}
	right, _, err := s.Passwords.Check(ctx, was.PasswordHash, current)
	if err != nil {
		return "", err
	}
	if !right {
		return "", s.wrongPassword(ctx, t, was)
	}
	hash, err := s.Passwords.New(ctx, "password", plain, was.Words(), former)
	if err != nil && !fault.Is(err, fault.Invalid) {
		return "", err
	}
	refused := err
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token = ""
		at, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		if err := guesses.Clear(tx, a.ID); err != nil || refused != nil {
			return err
		}
		if a.PasswordHash != was.PasswordHash {
			return fault.New(fault.Conflict, "changed")
		}
		if err := account.SetPassword(tx, a.ID, hash); err != nil {
			return err
		}
		token, err = s.changed(tx, at, t, a, "account.password_change", "password")
		return err
	})
	if err == nil {
		err = refused
	}
	return token, err
}

// wrongPassword notes the failure; but an equal submit that came too late, and compared with the new password, is no guess.
func (s *Service) wrongPassword(ctx context.Context, t session.Token, was account.Account) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := account.HoldFreshlySignedIn(tx, t)
		if err == nil && a.PasswordHash != was.PasswordHash {
			err = fault.New(fault.Conflict, "changed")
		}
		if err != nil {
			return err
		}
		return s.note(tx, a, "authn_reauth_fail")
	})
	if err == nil {
		err = fault.OnField("current", "security-password")
	}
	return err
}
