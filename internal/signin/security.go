package signin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/session"
	"vestibule/internal/text"
	"vestibule/internal/throttle"
)

const (
	securityKind = "security"
	// securityLife is how long somebody may take to set the app up, and again to keep the recovery codes.
	securityLife = 30 * time.Minute
)

// security is what is known while somebody who is signed in adds an authenticator app. Whose it is is the flow's subject. The
// ticket of the flow is thrown away: the session that began it is what lets it go on.
type security struct {
	Session string
	Codes   string `json:",omitempty"` // the recovery codes, sealed, until they are kept
}

// Security is how far somebody who is signed in has come with an authenticator app.
type Security struct {
	Step      SecurityStep
	Enrolment account.Enrolment // at SecurityApp, to a fresh session
	Codes     []string          // at SecurityCodes
	CodesLeft int               // at SecurityOn
	Fresh     bool              // the owner was proved a short time ago
}

// Security says whether the session's account has an authenticator app, and what comes next where it is being added by this very
// session: what another session began is nothing here.
func (s *Service) Security(ctx context.Context, t session.Token) (v Security, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		v = Security{}
		at, a, err := s.owner(tx, t)
		if err != nil {
			return err
		}
		v.Fresh = at.Fresh(tx.Now(), freshFor)
		on, err := account.HasAuthenticator(tx, a.ID)
		if err != nil {
			return err
		}
		f, err := adding(tx, at)
		if err != nil && !fault.Is(err, fault.Gone) {
			return err
		}
		begun := err == nil
		switch {
		case on && begun && SecurityStep(f.Step) == SecurityCodes:
			v.Step = SecurityCodes
			v.Codes, err = s.openCodes(f)
		case on:
			v.Step = SecurityOn
			v.CodesLeft, err = account.RecoveryCodesLeft(tx, a.ID)
		case begun && SecurityStep(f.Step) == SecurityApp:
			v.Step, err = SecurityApp, nil
			if v.Fresh {
				v.Enrolment, err = account.PendingAuthenticator(tx, s.Ring, a.ID, s.Issuer, a.Email)
			}
		default:
			v.Step, err = SecurityOff, nil
		}
		return err
	})
	return v, err
}

// owner is the session of a token and its account.
func (s *Service) owner(tx *db.Tx, t session.Token) (*session.Session, account.Account, error) {
	at, err := session.Load(tx, session.Client, t)
	if err != nil {
		return nil, account.Account{}, err
	}
	a, err := account.Get(tx, at.Account)
	if err == nil && a.State != account.Active {
		err = fault.New(fault.Unauthenticated, "session-none")
	}
	return at, a, err
}

// adding is what this session has begun, or Gone "flow-gone".
func adding(tx *db.Tx, at *session.Session) (*flow.Flow[security], error) {
	f, err := flow.LoadBySubject[security](tx, securityKind, at.Account)
	if err == nil && (f.Data.Session != at.ID || !f.ExpiresAt.After(tx.Now())) {
		return nil, fault.New(fault.Gone, "flow-gone")
	}
	return f, err
}

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
		return one.count(tx)
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
	at, a, err := s.owner(tx, t)
	if err != nil {
		return nil, a, err
	}
	on, err := account.HasAuthenticator(tx, a.ID)
	if err == nil && on {
		err = moved()
	}
	return at, a, err
}

// AddAuthenticator begins: the app gets a secret that does not count yet, in place of any that was never proved. It is
// Unauthenticated "sign-in-again" to a session that is not fresh, and Conflict for an account that has an app.
func (s *Service) AddAuthenticator(ctx context.Context, t session.Token) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := s.fresh(tx, t)
		if err != nil {
			return err
		}
		// First, because it holds the account's row: of several who begin at once, each sees the one before.
		if _, err := account.BeginAuthenticator(tx, s.Ring, s.Secret, a.ID, s.Issuer, a.Email); err != nil {
			return err
		}
		old, err := flow.LoadBySubject[security](tx, securityKind, a.ID)
		if err == nil {
			err = old.Finish(tx)
		}
		if err != nil && !fault.Is(err, fault.Gone) {
			return err
		}
		f, _, err := flow.Start(tx, s.Secret, securityKind, string(SecurityApp), security{Session: at.ID}, securityLife)
		if err != nil {
			return err
		}
		f.Subject = a.ID
		return f.Save(tx)
	})
}

func (s *Service) fresh(tx *db.Tx, t session.Token) (*session.Session, account.Account, error) {
	at, a, err := s.owner(tx, t)
	if err == nil && !at.Fresh(tx.Now(), freshFor) {
		err = fault.New(fault.Unauthenticated, "sign-in-again")
	}
	return at, a, err
}

// ProveAuthenticator takes the first code of the app. With the right one the app counts, the recovery codes are to be kept, the
// account's other sessions end, and its owner is told. A wrong one is Invalid "authenticator-wrong".
func (s *Service) ProveAuthenticator(ctx context.Context, t session.Token, given string) error {
	right := false
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		right = false
		at, a, err := s.fresh(tx, t)
		if err != nil {
			return err
		}
		f, err := adding(tx, at)
		if err != nil {
			return err
		}
		if err := checkSecurity(SecurityStep(f.Step), appProved); err != nil {
			return err
		}
		// Saved first: of equal submits at once the others see that it moved, and do not count as wrong codes.
		if err := f.Save(tx); err != nil {
			return err
		}
		if right, err = account.ConfirmAuthenticator(tx, s.Ring, a.ID, given); err != nil {
			return err
		}
		if !right {
			return s.note(tx, a, "account.authenticator_fail")
		}
		return s.protect(tx, at, a, f)
	})
	if err == nil && !right {
		err = fault.OnField("code", "authenticator-wrong")
	}
	return err
}

func (s *Service) protect(tx *db.Tx, at *session.Session, a account.Account, f *flow.Flow[security]) error {
	codes, err := account.NewRecoveryCodes(tx, s.Ring, s.Secret, a.ID)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(codes)
	if err != nil {
		return fmt.Errorf("signin: %w", err)
	}
	f.Step, f.ExpiresAt = string(SecurityCodes), tx.Now().Add(securityLife)
	f.Data.Codes = s.Ring.Seal(sealedAs(f.ID), plain)
	if err := f.Save(tx); err != nil {
		return err
	}
	// Whoever else came in with the password alone is out (ASVS V7.4.3).
	if _, err := session.EndAll(tx, a.ID, at.ID); err != nil {
		return err
	}
	if err := s.note(tx, a, "account.authenticator_enrol"); err != nil {
		return err
	}
	return s.Messages.Send(tx, message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}, a.Subject(), time.Time{},
		message.AuthenticatorAdded{UserID: a.UserID, At: tx.Now(), Address: audit.From(tx.Context()).Address})
}

func sealedAs(flowID string) string { return "flow/" + flowID + "/recovery-codes" }

func (s *Service) openCodes(f *flow.Flow[security]) (codes []string, err error) {
	plain, err := s.Ring.Open(sealedAs(f.ID), f.Data.Codes)
	if err == nil {
		err = json.Unmarshal(plain, &codes)
	}
	if err != nil {
		return nil, fmt.Errorf("signin: recovery codes: %w", err)
	}
	return codes, nil
}

// KeepCodes says that the recovery codes are kept; they are not shown again.
func (s *Service) KeepCodes(ctx context.Context, t session.Token) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := s.owner(tx, t)
		if err != nil {
			return err
		}
		f, err := adding(tx, at)
		if err != nil {
			return err
		}
		if err := checkSecurity(SecurityStep(f.Step), codesKept); err != nil {
			return err
		}
		if err := f.Finish(tx); err != nil {
			return err
		}
		return s.note(tx, a, "account.recovery_codes_keep")
	})
}

// note writes what the account's owner did.
func (s *Service) note(tx *db.Tx, a account.Account, action string) error {
	return audit.Add(tx, s.Secret, audit.Event{Action: action, Actor: audit.Actor{Kind: audit.Client, ID: a.ID}, Subject: a.Subject()})
}
