// Package passkey asks browsers for passkeys and checks what they answer
// (W3C Web Authentication Level 3).
//
// A ceremony has two halves. The first makes options, which are JSON for
// navigator.credentials in the browser, and a Challenge, which the caller keeps
// in its own row (a flow) and never gives away from there. The second takes what
// the browser answered, together with the Challenge. A challenge counts for one
// purpose and five minutes; that it counts once is the caller's to see to, by
// spending its row before or with the answer.
//
// The package promises: what it accepts was made for this portal's own origin,
// by the holder of the key, who was verified (by a finger, a face, a PIN) and
// not merely present. It leaves to others: where passkeys are stored, whose
// they are, limits, and what to do about a key that may have been copied.
//
// It keeps nothing, and knows neither accounts nor HTTP.
package passkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// Life is how long a challenge is good (WebAuthn 3, 15.1, recommends five to ten
// minutes where the user is verified).
const Life = 5 * time.Minute

const challengeBytes = 32

// MaxAnswer is how many bytes the answer of a browser has at most.
const MaxAnswer = 16 << 10

// A Party is the portal as passkeys know it: one domain, one origin.
type Party struct {
	lib    *webauthn.WebAuthn
	secret secret.Source
}

// New makes the party of a base URL; name is what people see it called. Where a
// browser would refuse (the host is no domain but a number, or the connection
// is neither safe nor local) it returns nil without an error, and a nil Party
// offers nothing.
func New(src secret.Source, baseURL, name string) (*Party, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("passkey: %w", err)
	}
	host := strings.ToLower(u.Hostname())
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if host == "" || net.ParseIP(host) != nil || u.Scheme != "https" && !local {
		return nil, nil
	}
	limits := webauthn.TimeoutConfig{Timeout: Life, TimeoutUVD: Life}
	lib, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: name, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limits, Registration: limits},
		// Some password managers answer extensions that nobody asked for. None of them means anything here.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkey: %w", err)
	}
	return &Party{lib: lib, secret: src}, nil
}

// Offered reports whether passkeys can work here at all.
func (p *Party) Offered() bool { return p != nil }

// A Credential is what the portal knows of one passkey.
type Credential struct {
	ID             []byte   // as the authenticator calls it
	Key            []byte   // the public key, COSE
	AAGUID         []byte   // the make of the authenticator; zeros where it does not say
	Counter        uint32   // of signatures; 0 where the authenticator does not count
	Transports     []string // how it is reached: internal, hybrid, usb, nfc, ble
	BackupEligible bool     // it can be on several devices
	BackedUp       bool     // it is
}

// An Owner is whose passkeys are asked for.
type Owner struct {
	Handle      string // opaque and lasting: the account's id
	Name        string // tells accounts apart in the browser's list
	DisplayName string
	Credentials []Credential
}

// A Challenge is what the caller keeps between the halves of a ceremony, as JSON.
type Challenge struct {
	Purpose string
	Until   time.Time
	Data    json.RawMessage
}

// owner is an Owner as the library wants it.
type owner struct{ Owner }

func (o owner) WebAuthnID() []byte          { return []byte(o.Handle) }
func (o owner) WebAuthnName() string        { return o.Name }
func (o owner) WebAuthnDisplayName() string { return o.DisplayName }
func (o owner) WebAuthnCredentials() []webauthn.Credential {
	all := make([]webauthn.Credential, len(o.Credentials))
	for i, c := range o.Credentials {
		all[i] = webauthn.Credential{
			ID: c.ID, PublicKey: c.Key, Transport: transports(c.Transports),
			Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: c.BackupEligible, BackupState: c.BackedUp},
			Authenticator: webauthn.Authenticator{AAGUID: c.AAGUID, SignCount: c.Counter},
		}
	}
	return all
}

func transports(names []string) []protocol.AuthenticatorTransport {
	all := make([]protocol.AuthenticatorTransport, len(names))
	for i, n := range names {
		all[i] = protocol.AuthenticatorTransport(n)
	}
	return all
}

// credential is the library's as ours. What an authenticator says of its
// transports is kept within bounds: it comes back in every later request.
func credential(c *webauthn.Credential) Credential {
	got := Credential{
		ID: c.ID, Key: c.PublicKey, AAGUID: c.Authenticator.AAGUID, Counter: c.Authenticator.SignCount,
		BackupEligible: c.Flags.BackupEligible, BackedUp: c.Flags.BackupState,
	}
	known := []string{"internal", "hybrid", "usb", "nfc", "ble", "smart-card"}
	for _, t := range c.Transport {
		if name := string(t); slices.Contains(known, name) && !slices.Contains(got.Transports, name) {
			got.Transports = append(got.Transports, name)
		}
	}
	return got
}

// BeginRegistration asks for a new passkey of an owner who has Owner.Credentials
// already: an authenticator that holds one of them is not asked again.
func (p *Party) BeginRegistration(now time.Time, purpose string, who Owner) (options []byte, c Challenge, err error) {
	if !p.Offered() {
		return nil, c, unoffered()
	}
	o := owner{who}
	creation, session, err := p.lib.BeginRegistration(o,
		webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()),
		webauthn.WithExclusions(webauthn.Credentials(o.WebAuthnCredentials()).CredentialDescriptors()),
		func(r *protocol.PublicKeyCredentialCreationOptions) error {
			r.Challenge = p.secret.Bytes(challengeBytes)
			return nil
		})
	if err != nil {
		return nil, c, fmt.Errorf("passkey: %w", err)
	}
	return p.begun(now, purpose, creation.Response, session)
}

// FinishRegistration checks what the browser made. It is Invalid
// "passkey-wrong", or Gone "passkey-late" after the challenge's time.
func (p *Party) FinishRegistration(now time.Time, purpose string, c Challenge, who Owner, answer []byte) (Credential, error) {
	session, err := p.session(now, purpose, c, answer)
	if err != nil {
		return Credential{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Credential{}, wrong(err)
	}
	made, err := p.lib.CreateCredential(owner{who}, session, parsed)
	if err != nil {
		return Credential{}, wrong(err)
	}
	return credential(made), nil
}

// BeginAssertion asks for one of the passkeys of an owner. With the zero Owner it
// asks for whichever the person has for this portal: the options say nothing
// about anybody then.
func (p *Party) BeginAssertion(now time.Time, purpose string, who Owner) (options []byte, c Challenge, err error) {
	if !p.Offered() {
		return nil, c, unoffered()
	}
	challenge := webauthn.WithChallenge(p.secret.Bytes(challengeBytes))
	var assertion *protocol.CredentialAssertion
	var session *webauthn.SessionData
	if who.Handle == "" {
		assertion, session, err = p.lib.BeginDiscoverableLogin(challenge)
	} else {
		assertion, session, err = p.lib.BeginLogin(owner{who}, challenge)
	}
	if err != nil {
		return nil, c, fmt.Errorf("passkey: %w", err)
	}
	return p.begun(now, purpose, assertion.Response, session)
}

// An Assertion is the proof that somebody holds a passkey, now.
type Assertion struct {
	Counter  uint32
	BackedUp bool
	// Copied: the counter did not go on, so that two copies of the key may be in use. Such an assertion proves nothing.
	Copied bool
}

// Named is the id of the passkey with which an answer says it was made, so that
// the caller can look it up. It is Invalid "passkey-wrong" for what is no answer.
func Named(answer []byte) ([]byte, error) {
	if len(answer) > MaxAnswer {
		return nil, wrong(nil)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, wrong(err)
	}
	return parsed.RawID, nil
}

// FinishAssertion checks the browser's answer against the passkey that it names
// (Named), who.Credentials[…], and its owner. It fails as FinishRegistration
// does. A passkey that is not among those asked for is wrong.
func (p *Party) FinishAssertion(now time.Time, purpose string, c Challenge, who Owner, answer []byte) (Assertion, error) {
	session, err := p.session(now, purpose, c, answer)
	if err != nil {
		return Assertion{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Assertion{}, wrong(err)
	}
	var used *webauthn.Credential
	if len(session.UserID) > 0 {
		used, err = p.lib.ValidateLogin(owner{who}, session, parsed)
	} else {
		used, err = p.lib.ValidateDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
			if !bytes.Equal(handle, []byte(who.Handle)) {
				return nil, wrong(nil)
			}
			return owner{who}, nil
		}, session, parsed)
	}
	if err != nil {
		return Assertion{}, wrong(err)
	}
	return Assertion{
		Counter: parsed.Response.AuthenticatorData.Counter, BackedUp: used.Flags.BackupState, Copied: used.Authenticator.CloneWarning,
	}, nil
}

func (p *Party) begun(now time.Time, purpose string, options any, session *webauthn.SessionData) ([]byte, Challenge, error) {
	c := Challenge{Purpose: purpose, Until: now.Add(Life)}
	shown, err := json.Marshal(options)
	if err == nil {
		c.Data, err = json.Marshal(session)
	}
	if err != nil {
		return nil, c, fmt.Errorf("passkey: %w", err)
	}
	return shown, c, nil
}

// session is what the library wants to know again. A challenge that was made for
// something else answers like a wrong one.
func (p *Party) session(now time.Time, purpose string, c Challenge, answer []byte) (s webauthn.SessionData, err error) {
	switch {
	case !p.Offered():
		return s, unoffered()
	case len(c.Data) == 0 || c.Purpose != purpose || len(answer) > MaxAnswer:
		return s, wrong(nil)
	case !now.Before(c.Until):
		return s, fault.New(fault.Gone, "passkey-late")
	}
	if err := json.Unmarshal(c.Data, &s); err != nil {
		return s, fmt.Errorf("passkey: challenge: %w", err)
	}
	return s, nil
}

// wrong is the one answer to everything that is not right. The cause is for
// tests and logs: told, it would say how near a forgery came.
func wrong(cause error) error {
	if f, ok := errors.AsType[*protocol.Error](cause); ok {
		cause = errors.New("passkey: " + f.Details)
	}
	return &fault.Error{Kind: fault.Invalid, Code: "passkey-wrong", Cause: cause}
}

func unoffered() error { return fault.New(fault.NotFound, "passkey-unoffered") }
