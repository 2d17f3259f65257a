package browser

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// An Authenticator is the window's own, in software: a device with a finger on it, which keeps passkeys.
type Authenticator struct {
	p  *Page
	id webauthn.AuthenticatorID
}

// Authenticator gives the window one. Without it the browser would ask for a real one, and nobody is there to touch it.
func (p *Page) Authenticator() *Authenticator {
	p.t.Helper()
	added, err := call(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	}, func() { p.do("know passkeys", command(webauthn.Enable, webauthn.EnableParams{})) })
	if err != nil {
		p.fail("add an authenticator: %v", err)
	}
	return &Authenticator{p: p, id: added.AuthenticatorID}
}

// call is a call of the browser's protocol that answers something.
func call[P, R any](p *Page, c cdp.Command[P, R], params P, before func()) (answer R, err error) {
	p.t.Helper()
	before()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	err = chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		answer, err = cdp.Call(ctx, t, c, params)
		return err
	}))
	return answer, err
}

// Finger says whether the right finger is on the device from now on.
func (a *Authenticator) Finger(right bool) {
	a.p.t.Helper()
	a.p.do("change the finger", command(webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: a.id, IsUserVerified: right}))
}

// Present says whether somebody is there to touch the device from now on.
func (a *Authenticator) Present(there bool) {
	a.p.t.Helper()
	a.p.do("touch or not", command(webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: a.id, Enabled: there}))
}

// Passkeys are how many it keeps.
func (a *Authenticator) Passkeys() int {
	a.p.t.Helper()
	kept, err := call(a.p, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: a.id}, func() {})
	if err != nil {
		a.p.fail("look at the passkeys: %v", err)
	}
	return len(kept.Credentials)
}
