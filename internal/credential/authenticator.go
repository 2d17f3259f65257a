package credential

import (
	"context"
	"encoding/json"
	"fmt"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/session"
)

const authenticatorKind = "authenticator"

// authenticator is what is known while a session adds or replaces an app, or is given recovery codes.
type authenticator struct {
	Session string
	Secret  string `json:",omitempty"` // of the app that is to prove it, sealed
	Codes   string `json:",omitempty"` // the recovery codes, sealed, until they are kept
}

func (a authenticator) session() string { return a.Session }

// An Authenticator is how far a session has come with an app and its recovery codes.
type Authenticator struct {
	Step      Step              // StepOff, StepApp, StepCodes or StepOn
	On        bool              // there is an app that counts: at StepApp it is to be replaced
	Enrolment account.Enrolment // at StepApp
	Codes     []string          // at StepCodes
	CodesLeft int
	Fresh     bool // the owner was proved a short time ago
}

// Authenticator says where the session stands: what another session began is nothing here. A secret is shown to a fresh session
// alone.
func (s *Service) Authenticator(ctx context.Context, t session.Token) (v Authenticator, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		v = Authenticator{Step: StepOff}
		at, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		v.Fresh = at.Fresh(tx.Now(), account.FreshFor)
		if v.On, err = account.HasAuthenticator(tx, a.ID); err != nil {
			return err
		}
		if v.On {
			v.Step = StepOn
		}
		if v.CodesLeft, err = account.RecoveryCodesLeft(tx, a.ID); err != nil {
			return err
		}
		f, err := begun[authenticator](tx, authenticatorKind, at)
		switch {
		case fault.Is(err, fault.Gone):
			return nil
		case err != nil:
			return err
		}
		v.Step = Step(f.Step)
		switch {
		case v.Step == StepCodes:
			v.Codes, err = s.openCodes(f)
		case v.Step == StepApp && v.Fresh:
			var encoded []byte
			encoded, err = s.Ring.Open(sealedAs(f.ID, "secret"), f.Data.Secret)
			v.Enrolment = account.NewEnrolment(string(encoded), s.Issuer, a.Email)
		}
		return err
	})
	return v, err
}

// BeginAuthenticator begins to add an app, or to replace the one there is: a secret is made that does not count yet, and what counts
// goes on counting. What a session began before is forgotten.
func (s *Service) BeginAuthenticator(ctx context.Context, t session.Token) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		f, err := begin(tx, s.Secret, authenticatorKind, StepApp, a.ID, authenticator{Session: at.ID})
		if err != nil {
			return err
		}
		f.Data.Secret = s.Ring.Seal(sealedAs(f.ID, "secret"), []byte(account.NewAuthenticatorSecret(s.Secret)))
		return f.Save(tx)
	})
}

// ProveAuthenticator takes the first code of the app. With the right one the app is the account's only one, and the session's new
// token comes back. An account that had none gets recovery codes, which are to be kept; one that had keeps those it has. A wrong code
// is Invalid "authenticator-wrong".
func (s *Service) ProveAuthenticator(ctx context.Context, t session.Token, given string) (token session.Token, err error) {
	right := false
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token, right = "", false
		at, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		f, err := begun[authenticator](tx, authenticatorKind, at)
		if err != nil {
			return err
		}
		if err := check(f.Step, appProved); err != nil {
			return err
		}
		// Saved first: of equal submits at once the others see that it moved, and do not count as wrong codes.
		if err := f.Save(tx); err != nil {
			return err
		}
		had, err := account.HasAuthenticator(tx, a.ID)
		if err != nil {
			return err
		}
		encoded, err := s.Ring.Open(sealedAs(f.ID, "secret"), f.Data.Secret)
		if err != nil {
			return fmt.Errorf("credential: %w", err)
		}
		if right, err = account.BindAuthenticator(tx, s.Ring, a.ID, string(encoded), given); err != nil {
			return err
		}
		if !right {
			return s.note(tx, a, "account.authenticator_fail")
		}
		if had {
			if err := f.Finish(tx); err != nil {
				return err
			}
			token, err = s.changed(tx, at, t, a, "account.authenticator_replace", "authenticator-replaced")
			return err
		}
		if err := s.giveCodes(tx, f, a.ID); err != nil {
			return err
		}
		token, err = s.changed(tx, at, t, a, "account.authenticator_enrol", "authenticator-added")
		return err
	})
	if err == nil && !right {
		err = fault.OnField("code", "authenticator-wrong")
	}
	return token, err
}

// giveCodes gives the account recovery codes and keeps them readable in the flow until their owner says that they are kept.
func (s *Service) giveCodes(tx *db.Tx, f *flow.Flow[authenticator], accountID string) error {
	codes, err := account.NewRecoveryCodes(tx, s.Ring, s.Secret, accountID)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(codes)
	if err != nil {
		return fmt.Errorf("credential: %w", err)
	}
	f.Step, f.ExpiresAt = string(StepCodes), tx.Now().Add(life)
	f.Data.Secret, f.Data.Codes = "", s.Ring.Seal(sealedAs(f.ID, "recovery-codes"), plain)
	return f.Save(tx)
}

// RemoveAuthenticator takes the app and its recovery codes away; from then on the password alone opens a session. It returns the
// session's new token, and is Conflict where there is no app.
func (s *Service) RemoveAuthenticator(ctx context.Context, t session.Token) (token session.Token, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token = ""
		at, a, err := s.enrolled(tx, t)
		if err != nil {
			return err
		}
		if err := drop[authenticator](tx, authenticatorKind, a.ID); err != nil {
			return err
		}
		if err := account.RemoveAuthenticator(tx, a.ID); err != nil {
			return err
		}
		token, err = s.changed(tx, at, t, a, "account.authenticator_remove", "authenticator-removed")
		return err
	})
	return token, err
}

// RenewCodes gives the account ten new recovery codes; those it had count no more. They are to be kept then. It returns the session's
// new token, and is Conflict where there is no app.
func (s *Service) RenewCodes(ctx context.Context, t session.Token) (token session.Token, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token = ""
		at, a, err := s.enrolled(tx, t)
		if err != nil {
			return err
		}
		f, err := begin(tx, s.Secret, authenticatorKind, StepCodes, a.ID, authenticator{Session: at.ID})
		if err != nil {
			return err
		}
		if err := s.giveCodes(tx, f, a.ID); err != nil {
			return err
		}
		token, err = s.changed(tx, at, t, a, "account.recovery_codes_renew", "recovery-codes")
		return err
	})
	return token, err
}

func (s *Service) enrolled(tx *db.Tx, t session.Token) (*session.Session, account.Account, error) {
	at, a, err := account.HoldFreshlySignedIn(tx, t)
	if err != nil {
		return nil, a, err
	}
	on, err := account.HasAuthenticator(tx, a.ID)
	if err == nil && !on {
		err = moved()
	}
	return at, a, err
}

// KeepCodes says that the recovery codes are kept; they are not shown again.
func (s *Service) KeepCodes(ctx context.Context, t session.Token) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		f, err := begun[authenticator](tx, authenticatorKind, at)
		if err != nil {
			return err
		}
		if err := check(f.Step, codesKept); err != nil {
			return err
		}
		if err := f.Finish(tx); err != nil {
			return err
		}
		return s.note(tx, a, "account.recovery_codes_keep")
	})
}

func sealedAs(flowID, what string) string { return "flow/" + flowID + "/" + what }

func (s *Service) openCodes(f *flow.Flow[authenticator]) (codes []string, err error) {
	plain, err := s.Ring.Open(sealedAs(f.ID, "recovery-codes"), f.Data.Codes)
	if err == nil {
		err = json.Unmarshal(plain, &codes)
	}
	if err != nil {
		return nil, fmt.Errorf("credential: recovery codes: %w", err)
	}
	return codes, nil
}
