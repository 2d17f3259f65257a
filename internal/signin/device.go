package signin

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/secret"
	"vestibule/internal/session"
	"vestibule/internal/text"
	"vestibule/internal/throttle"
)

const (
	// DeviceLife is how long a browser stays known after it was last signed in from, and how long it keeps its token.
	DeviceLife = 365 * 24 * time.Hour
	// TrustFor is how long a browser that its owner trusts need not give the authenticator's code.
	TrustFor = 30 * 24 * time.Hour

	// devicesKept bounds the browsers of an account, and accountsKept the accounts of a browser: those used last stay.
	devicesKept  = 20
	accountsKept = 8
)

// A Device is a browser from which an account has signed in. The account knows it by a random token in a cookie: what the browser
// says of itself is for reading alone.
type Device struct {
	ID           string
	CreatedAt    time.Time
	SeenAt       time.Time // the last sign-in
	TrustedUntil time.Time // zero: it gives the code
	Session      string    // id of the session that it began last, which may have ended
	Agent        string
	Network      string // of the last sign-in: the /24 or /64 of its address
}

// Trusted reports whether the device signs in without the authenticator's code.
func (d Device) Trusted(now time.Time) bool { return now.Before(d.TrustedUntil) }

// Devices returns the browsers that the account knows, the one used last first.
func Devices(tx *db.Tx, accountID string) ([]Device, error) {
	return listDevices(tx, accountID, tx.Now().Add(-DeviceLife))
}

// ForgetDevices makes every browser of the account a stranger: none is trusted, and none passes the brakes. It belongs into the
// transaction of whatever ends all sessions: a reset, a sign-out everywhere, an account that is closed or disabled.
func ForgetDevices(tx *db.Tx, accountID string) error { return dropDevices(tx, accountID, "") }

// ForgetOtherDevices is ForgetDevices for a change that its owner makes while signed in: the browser of that session is trusted no
// longer either, but stays known, so that its next sign-in is no news.
func ForgetOtherDevices(tx *db.Tx, accountID, sessionID string) error {
	if err := dropDevices(tx, accountID, sessionID); err != nil {
		return err
	}
	return distrust(tx, accountID)
}

// ForgetDeviceOf makes the browser that began a session a stranger, for an owner who ends that session from elsewhere.
func ForgetDeviceOf(tx *db.Tx, accountID, sessionID string) error {
	return dropDeviceOf(tx, accountID, sessionID)
}

// Devices returns the browsers that the account knows, the one used last first.
func (s *Service) Devices(ctx context.Context, accountID string) (all []Device, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = Devices(tx, accountID)
		return err
	})
	return all, err
}

// ForgetDevice makes one browser of the session's account a stranger. It is no error if the account does not know it.
func (s *Service) ForgetDevice(ctx context.Context, t session.Token, id string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		at, err := session.Load(tx, session.Client, t)
		if err != nil {
			return err
		}
		gone, err := dropDevice(tx, at.Account, id)
		if err != nil || !gone {
			return err
		}
		return audit.Add(tx, s.Secret, audit.Event{
			Action: "account.device_forget", Actor: audit.Actor{Kind: audit.Client, ID: at.Account}, Subject: "account:" + at.Account,
		})
	})
}

// KnownDevice reports whether the account knows the browser with that token.
func KnownDevice(tx *db.Tx, accountID, token string) (bool, error) {
	_, known, err := device(tx, token, accountID)
	return known, err
}

// device returns what the account knows of the browser with that token. Nobody's account knows none: the question is the same.
func device(tx *db.Tx, token, accountID string) (d Device, known bool, err error) {
	d, err = findDevice(tx, deviceHash(token), accountID, tx.Now().Add(-DeviceLife))
	if fault.Is(err, fault.NotFound) {
		return Device{}, false, nil
	}
	return d, err == nil, err
}

func deviceHash(token string) string { return secret.Hash("device", token) }

// tellNewDevice tells the owner, at every mailbox the account has, that somebody signed in from a browser that it does not know.
func (s *Service) tellNewDevice(tx *db.Tx, a account.Account, agent, address string) error {
	m := message.SignInNewDevice{UserID: a.UserID, At: tx.Now(), Address: address}
	m.Browser, m.System = session.DeviceOf(agent)
	if s.Place != nil {
		m.Place = s.Place(address, a.Lang)
	}
	to := message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}
	if err := s.Messages.Send(tx, to, a.Subject(), time.Time{}, m); err != nil {
		return err
	}
	earlier, err := account.EarlierEmails(tx, a.ID)
	if err != nil {
		return err
	}
	for _, e := range earlier {
		to.Address = e.Email
		if err := s.Messages.Send(tx, to, a.Subject(), time.Time{}, m); err != nil {
			return err
		}
	}
	return nil
}

// remember records that the account has signed in from the browser, and returns the token that the browser is to keep. A browser
// that is new to the account gets a new token: one that somebody else planted would be known to them too.
func (s *Service) remember(tx *db.Tx, a account.Account, b Browser, sessionID, address string, trust bool) (token string, known bool, err error) {
	d, known, err := device(tx, b.Device, a.ID)
	if err != nil {
		return "", false, err
	}
	d.SeenAt, d.Session, d.Agent, d.Network = tx.Now(), sessionID, session.ClipAgent(b.Agent), throttle.Network(address)
	if trust {
		d.TrustedUntil = tx.Now().Add(TrustFor)
	}
	if known {
		return b.Device, true, saveDevice(tx, d)
	}
	token = s.Secret.Token()
	if b.Device != "" {
		if err := moveDevices(tx, deviceHash(b.Device), deviceHash(token), a.ID, accountsKept-1); err != nil {
			return "", false, err
		}
	}
	d.ID, d.CreatedAt = s.Secret.ID(tx.Now()), tx.Now()
	if err := insertDevice(tx, d, deviceHash(token), a.ID); err != nil {
		return "", false, err
	}
	return token, false, trimDevices(tx, a.ID, devicesKept)
}
