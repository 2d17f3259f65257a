package signin

import (
	"context"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/text"
)

// codeTries slows down whoever has the password and guesses at the code. It is counted by account, and apart for a browser that the
// account knows: another sign-in resets nothing, and a stranger with the password does not hold up the owner.
var codeTries = brake{name: "code", free: 5, first: 15 * time.Second, most: 15 * time.Minute, leak: time.Hour}

func codeKey(account, device string) string {
	if device == "" {
		return account
	}
	return account + "@" + device
}

// A Proof of the second kind is what the page of StepCode has.
type Proof struct {
	Code  string // the authenticator's, or a recovery code
	Trust bool   // this browser need not give it for TrustFor; nothing for staff
}

// Code takes the authenticator's code, or one of the recovery codes in its place. It is Invalid "sign-in-code-wrong", or TooMany
// "sign-in-wait" after too many failures.
func (s *Service) Code(ctx context.Context, ticket string, p Proof, b Browser) (Arrival, error) {
	// The try is written down before the code is looked at, in a transaction of its own.
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		f, _, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		if err := check(Step(f.Step), codeRight); err != nil {
			return err
		}
		return s.countCode(tx, f.Subject, b)
	})
	if err != nil {
		return Arrival{}, err
	}
	var got Arrival
	var right bool
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		got, right = Arrival{}, false
		f, a, err := s.hold(tx, ticket)
		if err != nil {
			return err
		}
		if err := check(Step(f.Step), codeRight); err != nil {
			return err
		}
		how, err := s.proveCode(tx, a, p.Code, b)
		if err != nil {
			return err
		}
		if how == "" {
			return audit.Add(tx, s.Secret, audit.Event{
				Action: "authn_login_fail", Actor: audit.Actor{Kind: audit.Visitor}, Subject: a.Subject(),
				Detail: map[string]string{"how": "authenticator"},
			})
		}
		right = true
		d := f.Data
		d.How, d.Code, d.Trust = "password+"+how, true, p.Trust
		got, err = s.proceed(tx, a, d, f, b)
		return err
	})
	if err == nil && !right {
		err = fault.OnField("code", "sign-in-code-wrong")
	}
	return got, err
}

// countCode writes the try of a code down, or refuses it.
func (s *Service) countCode(tx *db.Tx, accountID string, b Browser) error {
	d, _, err := device(tx, b.Device, accountID)
	if err != nil {
		return err
	}
	return codeTries.take(tx, codeKey(accountID, d.ID), accountID)
}

// proveCode says by what the code proves the account, "authenticator" or "recovery-code", or "". A right one strikes the tries out.
func (s *Service) proveCode(tx *db.Tx, a account.Account, given string, b Browser) (how string, err error) {
	d, known, err := device(tx, b.Device, a.ID)
	if err != nil {
		return "", err
	}
	if isAppCode(given) {
		check := account.CheckAuthenticator
		if known {
			check = account.CheckAuthenticatorOfKnown
		}
		ok, err := check(tx, s.Ring, a.ID, given)
		if err != nil || !ok {
			return "", err
		}
		return "authenticator", codeTries.clear(tx, codeKey(a.ID, d.ID))
	}
	ok, err := account.UseRecoveryCode(tx, s.Ring, a.ID, given)
	if err != nil || !ok {
		return "", err
	}
	left, err := account.RecoveryCodesLeft(tx, a.ID)
	if err == nil {
		err = s.Messages.Send(tx, message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}, a.Subject(), time.Time{},
			message.SignInCodesLow{UserID: a.UserID, Left: left, UsedAt: tx.Now()})
	}
	if err != nil {
		return "", err
	}
	return "recovery-code", codeTries.clear(tx, codeKey(a.ID, d.ID))
}

// isAppCode tells the app's digits from a recovery code, so that a mistyped one does not count as a failure of the other.
func isAppCode(given string) bool {
	given = strings.Join(strings.Fields(given), "")
	return len(given) <= 8 && strings.Trim(given, "0123456789") == ""
}
