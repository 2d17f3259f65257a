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

// Asked says by what somebody who is signed in proves once more to be the account's owner.
type Asked struct {
	UserID   string
	Password bool // the password; not for staff who have a passkey alone beside it
	Code     bool // with the password, the authenticator's code or a recovery code
	Passkey  bool // in place of both
}

// An Answer is what the page of proving it again has.
type Answer struct {
	Password string
	Code     string
}

// AskAgain says what Again wants of a session. It fails as session.Load does.
func (s *Service) AskAgain(ctx context.Context, k session.Kind, t session.Token) (q Asked, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		_, a, err := s.holder(tx, k, t)
		if err != nil {
			return err
		}
		q, err = s.asks(tx, k, a)
		return err
	})
	return q, err
}

func (s *Service) asks(tx *db.Tx, k session.Kind, a account.Account) (q Asked, err error) {
	q.UserID = a.UserID
	if q.Code, err = account.HasAuthenticator(tx, a.ID); err != nil {
		return q, err
	}
	if s.Passkeys.Offered() {
		q.Passkey, err = account.HasPasskeys(tx, a.ID)
	}
	q.Password = k == session.Client || q.Code
	return q, err
}

// Again takes the password, and the code where an authenticator is enrolled, because the sign-in is too long ago for what somebody
// wants to do (ASVS V7.5.1), and returns the session's new token; the old one dies. A trusted browser gives the code too. A wrong
// password is Invalid "security-password", a wrong code Invalid "sign-in-code-wrong"; tries are slowed down as at the sign-in.
func (s *Service) Again(ctx context.Context, k session.Kind, t session.Token, given Answer, b Browser) (token session.Token, err error) {
	ctx, leave, err := s.Passwords.Hasher.Enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	var one try
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := s.holder(tx, k, t)
		if err != nil {
			return err
		}
		one = try{network: throttle.Network(audit.From(ctx).Address), account: a, key: loginKey(a.Email)}
		return one.count(tx, b)
	})
	if err != nil {
		return "", err
	}
	right, renewed, err := s.compare(ctx, one.account, given.Password)
	if err != nil {
		return "", err
	}
	var refused error
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token, refused = "", nil
		at, a, err := s.holder(tx, k, t)
		if err != nil {
			return err
		}
		q, err := s.asks(tx, k, a)
		if err != nil {
			return err
		}
		if !right || !q.Password || a.PasswordHash != one.account.PasswordHash {
			refused = fault.OnField("password", "security-password")
			return s.failedAgain(tx, k, a, "password")
		}
		if renewed != "" {
			if err := account.UpgradePassword(tx, a.ID, a.PasswordHash, renewed); err != nil {
				return err
			}
		}
		if err := one.forgive(tx); err != nil {
			return err
		}
		how := "password"
		if q.Code {
			var proved string
			if proved, refused, err = s.codeAgain(tx, k, a, given.Code, b); err != nil || refused != nil {
				return err
			}
			how += "+" + proved
		}
		if token, err = session.Freshen(tx, s.Secret, at, t); err != nil {
			return err
		}
		return s.noteAgain(tx, k, a, "authn_reauth_success", how)
	})
	if err == nil {
		err = refused
	}
	return token, err
}

// codeAgain takes the code. What it refuses is no error: the try stays counted, and that the password was right is kept.
func (s *Service) codeAgain(tx *db.Tx, k session.Kind, a account.Account, given string, b Browser) (how string, refused, err error) {
	if given == "" {
		return "", fault.OnField("code", "required"), nil
	}
	if err := s.countCode(tx, a.ID, b); fault.Is(err, fault.TooMany) {
		return "", err, nil
	} else if err != nil {
		return "", nil, err
	}
	if how, err = s.proveCode(tx, a, given, b); err != nil || how != "" {
		return how, nil, err
	}
	return "", fault.OnField("code", "sign-in-code-wrong"), s.failedAgain(tx, k, a, "authenticator")
}

func (s *Service) failedAgain(tx *db.Tx, k session.Kind, a account.Account, how string) error {
	return s.noteAgain(tx, k, a, "authn_reauth_fail", how)
}

func (s *Service) noteAgain(tx *db.Tx, k session.Kind, a account.Account, action, how string) error {
	actor := audit.Client
	if k == session.Staff {
		actor = audit.Staff
	}
	return audit.Add(tx, s.Secret, audit.Event{
		Action: action, Actor: audit.Actor{Kind: actor, ID: a.ID}, Subject: a.Subject(), Detail: map[string]string{"how": how},
	})
}
