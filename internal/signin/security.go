package signin

import (
	"context"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/session"
	"vestibule/internal/throttle"
)

// Unlock takes the password again, because the sign-in is too long ago to change how to sign in (ASVS V7.5.1), and returns the
// session's new token. It fails as Password does, with "security-password" at the field for a wrong one, and is Conflict
// "sign-in-step" for an account that has an authenticator: there the password alone proves too little.
func (s *Service) Unlock(ctx context.Context, t session.Token, plain string) (token session.Token, err error) {
	ctx, leave, err := s.Passwords.Hasher.Enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	var one try
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := s.unprotected(tx, t)
		if err != nil {
			return err
		}
		one = try{network: throttle.Network(audit.From(ctx).Address), account: a, key: loginKey(a.Email)}
		return one.count(tx, Browser{})
	})
	if err != nil {
		return "", err
	}
	right, renewed, err := s.compare(ctx, one.account, plain)
	if err != nil {
		return "", err
	}
	changed := false
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token = ""
		at, a, err := s.unprotected(tx, t)
		if err != nil {
			return err
		}
		changed = a.PasswordHash != one.account.PasswordHash
		if !right || changed {
			return s.refuse(tx, a)
		}
		if renewed != "" {
			if err := account.UpgradePassword(tx, a.ID, a.PasswordHash, renewed); err != nil {
				return err
			}
		}
		if err := one.forgive(tx); err != nil {
			return err
		}
		if token, err = session.Freshen(tx, s.Secret, at, t); err != nil {
			return err
		}
		return s.note(tx, a, "authn_reauth_success")
	})
	if err == nil && (!right || changed) {
		err = fault.OnField("password", "security-password")
	}
	return token, err
}

func (s *Service) unprotected(tx *db.Tx, t session.Token) (*session.Session, account.Account, error) {
	at, a, err := account.SignedIn(tx, t)
	if err != nil {
		return nil, a, err
	}
	on, err := account.HasAuthenticator(tx, a.ID)
	if err == nil && on {
		err = moved()
	}
	return at, a, err
}

// note writes what the account's owner did.
func (s *Service) note(tx *db.Tx, a account.Account, action string) error {
	return audit.Add(tx, s.Secret, audit.Event{Action: action, Actor: audit.Actor{Kind: audit.Client, ID: a.ID}, Subject: a.Subject()})
}
