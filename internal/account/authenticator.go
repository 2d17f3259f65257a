package account

import (
	"encoding/base32"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// RFC 6238, as authenticator apps take it: SHA-1, six digits, 30 seconds; the
// step before and the step after are taken too.
const (
	totpStep        = 30 * time.Second
	totpSkew        = 1
	totpSecretBytes = 20
	// NIST SP 800-63B-4 §3.2.2: failures in a row after which the means is off.
	totpFailures = 100
)

// An Enrolment is what an authenticator app needs to know.
type Enrolment struct {
	Secret string // base32, without padding
	URI    string // otpauth://, for the QR code
}

// BeginAuthenticator gives the account a fresh secret that does not count yet,
// in place of one that never counted. An account that has an authenticator is
// Conflict "authenticator-on".
func BeginAuthenticator(tx *db.Tx, ring *secret.Ring, src secret.Source, id, issuer, label string) (Enrolment, error) {
	encoded := NewAuthenticatorSecret(src)
	n, err := tx.Count(`INSERT INTO authenticator (account_id, secret, last_step, failures, created_at, confirmed_at) VALUES ($1,$2,0,0,$3,0)
		ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, last_step = 0, failures = 0, created_at = excluded.created_at
		WHERE authenticator.confirmed_at = 0`, id, ring.Seal(sealedAs(id), []byte(encoded)), db.Micros(tx.Now()))
	if err != nil {
		return Enrolment{}, err
	}
	if n == 0 {
		return Enrolment{}, fault.New(fault.Conflict, "authenticator-on")
	}
	return NewEnrolment(encoded, issuer, label), nil
}

// NewAuthenticatorSecret is one for an app that is to take the place of another, or to be the first: the caller keeps it, sealed,
// until BindAuthenticator.
func NewAuthenticatorSecret(src secret.Source) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(src.Bytes(totpSecretBytes))
}

// BindAuthenticator takes the first code of an app with that secret. A right one makes the app the account's only one: what the one
// before shows counts no more, and neither does this code again. It is a verdict: false is to be remembered as a failure.
func BindAuthenticator(tx *db.Tx, ring *secret.Ring, id, encoded, code string) (bool, error) {
	step, err := matchingStep(tx.Now(), encoded, code)
	if err != nil || step < 0 {
		return false, err
	}
	return true, tx.Do(`INSERT INTO authenticator (account_id, secret, last_step, failures, created_at, confirmed_at) VALUES ($1,$2,$3,0,$4,$4)
		ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, last_step = excluded.last_step, failures = 0,
			created_at = excluded.created_at, confirmed_at = excluded.confirmed_at`,
		id, ring.Seal(sealedAs(id), []byte(encoded)), step, db.Micros(tx.Now()))
}

// PendingAuthenticator returns the enrolment that was begun, or NotFound.
func PendingAuthenticator(tx *db.Tx, ring *secret.Ring, id, issuer, label string) (Enrolment, error) {
	a, err := authenticatorOf(tx, ring, id)
	if err != nil {
		return Enrolment{}, err
	}
	if a.confirmed {
		return Enrolment{}, fault.New(fault.NotFound, "not-found")
	}
	return NewEnrolment(a.secret, issuer, label), nil
}

// NewEnrolment is what an app needs to know of a secret.
func NewEnrolment(encoded, issuer, label string) Enrolment {
	// SHA-1, six digits and 30 seconds are what an app assumes: unsaid, they
	// leave the QR code coarse enough for an old camera. Apps read %20 and not +.
	q := url.Values{"secret": {encoded}, "issuer": {issuer}}
	return Enrolment{Secret: encoded, URI: "otpauth://totp/" + url.PathEscape(issuer+":"+label) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")}
}

// HasAuthenticator reports whether the account has one that counts.
func HasAuthenticator(tx *db.Tx, id string) (bool, error) {
	var n int64
	err := tx.Get(`SELECT COUNT(*) FROM authenticator WHERE account_id = $1 AND confirmed_at <> 0`, []any{id}, &n)
	return n > 0, err
}

// AuthenticatorSince is when the account's authenticator began to count; zero without one.
func AuthenticatorSince(tx *db.Tx, id string) (time.Time, error) {
	var at int64
	err := tx.Get(`SELECT confirmed_at FROM authenticator WHERE account_id = $1`, []any{id}, &at)
	if fault.Is(err, fault.NotFound) {
		return time.Time{}, nil
	}
	return db.Time(at), err
}

// ConfirmAuthenticator takes the first code; a right one makes the enrolment
// count. It is a verdict: false is to be remembered as a failure.
func ConfirmAuthenticator(tx *db.Tx, ring *secret.Ring, id, code string) (bool, error) {
	ok, err := takeCode(tx, ring, id, code, false, totpFailures)
	if err != nil || !ok {
		return false, err
	}
	n, err := tx.Count(`UPDATE authenticator SET confirmed_at = $1 WHERE account_id = $2 AND confirmed_at = 0`, db.Micros(tx.Now()), id)
	return n == 1, err
}

// CheckAuthenticator reports whether the code is the app's of now, give or take
// a step. A step that was taken is never taken again, nor one before it (RFC
// 6238 §5.2). After 100 failures in a row every code is wrong until the
// authenticator is bound anew. It is a verdict: commit it.
func CheckAuthenticator(tx *db.Tx, ring *secret.Ring, id, code string) (bool, error) {
	return takeCode(tx, ring, id, code, true, totpFailures)
}

// CheckAuthenticatorOfKnown is CheckAuthenticator for a browser that the account knows: for it the means is never off, so that
// strangers with the password cannot switch it off for the owner. Its tries are the caller's to slow down.
func CheckAuthenticatorOfKnown(tx *db.Tx, ring *secret.Ring, id, code string) (bool, error) {
	return takeCode(tx, ring, id, code, true, math.MaxInt64)
}

// RemoveAuthenticator takes the authenticator and its recovery codes away.
func RemoveAuthenticator(tx *db.Tx, id string) error {
	if _, err := tx.Count(`DELETE FROM recovery_code WHERE account_id = $1`, id); err != nil {
		return err
	}
	_, err := tx.Count(`DELETE FROM authenticator WHERE account_id = $1`, id)
	return err
}

type boundAuthenticator struct {
	secret    string
	confirmed bool
	failures  int64
}

func authenticatorOf(tx *db.Tx, ring *secret.Ring, id string) (a boundAuthenticator, err error) {
	var sealed string
	var confirmed int64
	err = tx.Get(`SELECT secret, confirmed_at, failures FROM authenticator WHERE account_id = $1`, []any{id}, &sealed, &confirmed, &a.failures)
	if err != nil {
		return a, err
	}
	opened, err := ring.Open(sealedAs(id), sealed)
	a.secret, a.confirmed = string(opened), confirmed != 0
	return a, err
}

func sealedAs(id string) string { return "authenticator/" + id + "/secret" }

func takeCode(tx *db.Tx, ring *secret.Ring, id, code string, confirmed bool, most int64) (bool, error) {
	a, err := authenticatorOf(tx, ring, id)
	if fault.Is(err, fault.NotFound) || err == nil && (a.confirmed != confirmed || a.failures >= most) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	matched, err := matchingStep(tx.Now(), a.secret, code)
	if err != nil {
		return false, err
	}
	if matched >= 0 {
		n, err := tx.Count(`UPDATE authenticator SET last_step = $1, failures = 0 WHERE account_id = $2 AND last_step < $1`, matched, id)
		if err != nil || n == 1 {
			return n == 1, err
		}
	}
	_, err = tx.Count(`UPDATE authenticator SET failures = failures + 1 WHERE account_id = $1`, id)
	return false, err
}

// matchingStep is the step, of that of now and its neighbours, of which the code is; -1 is none.
func matchingStep(at time.Time, encoded, code string) (int64, error) {
	code = strings.Join(strings.Fields(code), "")
	now := at.Unix() / int64(totpStep.Seconds())
	matched := int64(-1)
	for step := now - totpSkew; step <= now+totpSkew; step++ {
		want, err := totp.GenerateCodeCustom(encoded, time.Unix(step*int64(totpStep.Seconds()), 0),
			totp.ValidateOpts{Period: uint(totpStep.Seconds()), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return -1, fmt.Errorf("account: %w", err)
		}
		if secret.Same(want, code) {
			matched = step
		}
	}
	return matched, nil
}

// RecoveryCodeCount is how many recovery codes a person gets.
const RecoveryCodeCount = 10

const recoveryPurpose = "recovery-code"

// NewRecoveryCodes gives the account ten recovery codes of 80 bits in place of
// those it had, and returns them: this once.
func NewRecoveryCodes(tx *db.Tx, ring *secret.Ring, src secret.Source, id string) ([]string, error) {
	if _, err := tx.Count(`DELETE FROM recovery_code WHERE account_id = $1`, id); err != nil {
		return nil, err
	}
	codes := make([]string, RecoveryCodeCount)
	for i := range codes {
		c := strings.ToLower(base32.StdEncoding.EncodeToString(src.Bytes(10)))
		codes[i] = c[:4] + "-" + c[4:8] + "-" + c[8:12] + "-" + c[12:]
		if err := tx.Do(`INSERT INTO recovery_code (account_id, mac, used_at) VALUES ($1,$2,0)`,
			id, ring.MAC(recoveryPurpose, id, c)); err != nil {
			return nil, err
		}
	}
	return codes, nil
}

// UseRecoveryCode reports whether the code was one of the account's and not used
// before, and uses it up.
func UseRecoveryCode(tx *db.Tx, ring *secret.Ring, id, given string) (bool, error) {
	c := strings.ToLower(strings.Join(strings.FieldsFunc(given, func(c rune) bool { return c == '-' || c == ' ' || c == '\u00a0' }), ""))
	if len(c) != 16 {
		return false, nil
	}
	for _, mac := range ring.MACs(recoveryPurpose, id, c) {
		n, err := tx.Count(`UPDATE recovery_code SET used_at = $1 WHERE account_id = $2 AND mac = $3 AND used_at = 0`,
			db.Micros(tx.Now()), id, mac)
		if err != nil || n == 1 {
			return n == 1, err
		}
	}
	return false, nil
}

// RecoveryCodesLeft is how many were not used.
func RecoveryCodesLeft(tx *db.Tx, id string) (int, error) {
	var n int
	err := tx.Get(`SELECT COUNT(*) FROM recovery_code WHERE account_id = $1 AND used_at = 0`, []any{id}, &n)
	return n, err
}
