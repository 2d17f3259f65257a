// Package signin lets people come in, and leave.
//
// A person gives UserID or e-mail address and password, then the authenticator's code where one is enrolled; staff must have one.
// What is still missing then (a new password, new terms) is a step of its own. In between, the person holds the ticket of a flow:
// a session begins when nothing is missing, never before.
//
// A stranger learns nothing: for an account that does not exist, is not finished, is disabled, or whose password is another, the
// same hash is computed, the same rows are written and the same refusal comes back. What is to be told goes to the account's own
// mailbox: an account that is not finished gets a link to finish.
//
// Tries are counted before they are made. Failing makes the next try wait longer, for an account from one network, for an
// account, and for a network; nobody can lock the owner out of where the owner signs in.
//
// A browser that somebody signed in from keeps a random token, by which the account knows it: it passes what strangers' failures
// hold up, and a sign-in from a browser that the account does not know is told to its owner. A client may trust a browser: for a
// while it then signs in without the code, into a session that proves too little to change what protects the account.
//
// What somebody may do once signed in is not decided here but by access.StandingOf.
package signin

import (
	"context"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/passkey"
	"vestibule/internal/secret"
	"vestibule/internal/session"
	"vestibule/internal/throttle"
)

const (
	kind = "signin"
	// life is how long somebody may take between the password and the session.
	life = 15 * time.Minute
)

// Service is the capability.
type Service struct {
	DB     *db.DB
	Ring   *secret.Ring
	Secret secret.Source

	Passwords *account.Passwords
	Messages  *message.Writer
	Notices   account.Notices
	// Passkeys asks for passkeys; nil where there are none.
	Passkeys *passkey.Party
	// Terms are the terms, and those to come: who has not accepted those in force accepts them at the next sign-in. Without a version
	// none are asked for.
	Terms account.Terms

	ClientLives session.Lives
	StaffLives  session.Lives

	// Issuer is how the portal is called in an authenticator app.
	Issuer string

	// PasswordMaxAge is how old a password may be; 0 is any age. An older one is good for choosing a new one.
	PasswordMaxAge time.Duration

	// IsStaff reports whether an account belongs to staff.
	IsStaff func(tx *db.Tx, account string) (bool, error)
	// ContinueByMail mails the link to finish to whoever tries to sign in to an account that was never finished. It keeps its own
	// limits, and reaching them is no error.
	ContinueByMail func(tx *db.Tx, a account.Account) error
	// ConfirmByMail mails the link again by which an account's address is confirmed.
	ConfirmByMail func(tx *db.Tx, a account.Account) error
	// Place says in words where a network address is, or "". It may be nil.
	Place func(address, lang string) string
	// BeginComplete begins to take what an account lacks that came from elsewhere, and returns the ticket of the registration.
	BeginComplete func(tx *db.Tx, a account.Account) (ticket string, err error)
	// KeepAccount takes an owner's wish back to close the account.
	KeepAccount func(tx *db.Tx, accountID string) error
	// PasswordChanged ends the links, codes and recoveries of an account whose password is another now.
	PasswordChanged func(tx *db.Tx, accountID string) error
}

// data is what a half-made sign-in knows. Whose it is is the flow's subject.
type data struct {
	Hash  string // of the stored password hash that was right: a reset meanwhile makes the ticket void
	Staff bool
	Code  bool
	Trust bool   `json:",omitempty"` // the owner trusts this browser from now on
	Later string `json:",omitempty"` // the version of the terms that are put off
	How   string // "password", "password+authenticator", "password+recovery-code", "password+trusted-device"
	Next  string
	// Passkey is what one was asked for at StepCode.
	Passkey *passkey.Challenge `json:",omitempty"`
}

// byTrust is how somebody signed in who gave the password alone on a browser that the owner trusts. Such a session is not fresh: the
// password alone must not change what protects the account.
const byTrust = "password+trusted-device"

// byPasskey is how somebody signed in who gave no password: an old one is no matter then.
const byPasskey = "passkey"

// A Browser is what signs in: what it says of itself, and the session it has already, which the new one takes the place of.
type Browser struct {
	Agent  string
	Device string // the token by which accounts know it, or ""
	Client session.Token
	Staff  session.Token
}

// Credentials are what the form has.
type Credentials struct {
	Login    string // UserID or e-mail address
	Password string
	Next     string // where to go afterwards
}

// An Arrival is how far somebody has come: with a Token the session has begun, with a Ticket something is still missing.
type Arrival struct {
	Token  session.Token
	Kind   session.Kind
	Device string // with a Token: what the browser is to keep for DeviceLife
	Ticket string
	Next   string
}

func wrong() error { return fault.OnField("login", "sign-in-wrong") }

// Password takes the first step. It is Invalid "sign-in-wrong" whatever is wrong, TooMany "sign-in-wait" after too many failures,
// and Unavailable "busy" while more people sign in than the machine can serve.
func (s *Service) Password(ctx context.Context, c Credentials, b Browser) (Arrival, error) {
	// Before anything is written: under a flood the surplus is turned away at once.
	ctx, leave, err := s.Passwords.Hasher.Enter(ctx)
	if err != nil {
		return Arrival{}, err
	}
	defer leave()
	t, err := s.take(ctx, c, b)
	if err != nil {
		return Arrival{}, err
	}
	right, renewed, err := s.compare(ctx, t.account, c.Password)
	if err != nil {
		return Arrival{}, err
	}
	var got Arrival
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		got = Arrival{}
		if !right {
			return s.refuse(tx, t.account)
		}
		// The row again, and held: it may have changed while the hash was computed, and must not before the session is there. What ends
		// the account's sessions holds it too.
		if err := account.Lock(tx, t.account.ID); err != nil {
			return err
		}
		a, err := account.Get(tx, t.account.ID)
		if err != nil {
			return err
		}
		if a.PasswordHash != t.account.PasswordHash || !opens(a.State) {
			right = false
			return s.refuse(tx, a)
		}
		if renewed != "" {
			if err := account.UpgradePassword(tx, a.ID, a.PasswordHash, renewed); err != nil {
				return err
			}
			a.PasswordHash = renewed
		}
		if err := t.forgive(tx); err != nil {
			return err
		}
		got, err = s.proceed(tx, a, data{How: "password", Next: c.Next}, nil, b)
		return err
	})
	if err == nil && !right {
		err = wrong()
	}
	return got, err
}

// A try is what was written down before the password was looked at.
type try struct {
	account account.Account // the zero Account where nobody has the login
	network string
	key     string // of the login, in whichever spelling
	device  string // id of the browser, where the account knows it
	known   bool   // the account has signed in from this network before
}

// take finds the account and writes the try down, in a transaction of its own: no failure below gives it back.
func (s *Service) take(ctx context.Context, c Credentials, b Browser) (try, error) {
	var t try
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		t = try{network: throttle.Network(audit.From(ctx).Address), key: loginKey(c.Login)}
		a, err := account.FindByLogin(tx, c.Login)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		t.account = a
		return t.count(tx, b)
	})
	return t, err
}

// loginKey is what tries are counted by. It is made of the login alone: were it the account's, then two spellings, or a UserID and an
// e-mail address, would show that they lead to one account, and so that there is one.
func loginKey(login string) string { return secret.Hash("login", account.LoginKey(login)) }

// count writes the try down, or refuses it. A browser that the account knows has a brake of its own and meets no other: whatever
// strangers do, from wherever, its owner is not held up.
func (t *try) count(tx *db.Tx, b Browser) (err error) {
	d, _, err := device(tx, b.Device, t.account.ID)
	if err != nil {
		return err
	}
	if t.device = d.ID; t.device != "" {
		return deviceAlone.take(tx, t.device, t.account.ID)
	}
	if t.known, err = placeKnown(tx, t.account.ID, t.network); err != nil {
		return err
	}
	if err := network.take(tx, t.network, ""); err != nil {
		return err
	}
	if !t.known {
		if err := accountWhole.take(tx, t.key, t.key); err != nil {
			return err
		}
	}
	return accountThere.take(tx, t.key+"@"+t.network, t.key)
}

// forgive strikes the try out because it was right.
func (t try) forgive(tx *db.Tx) error {
	if t.device != "" {
		return deviceAlone.clear(tx, t.device)
	}
	if err := network.giveBack(tx, t.network, ""); err != nil {
		return err
	}
	if !t.known {
		if err := accountWhole.giveBack(tx, t.key, t.key); err != nil {
			return err
		}
	}
	return accountThere.clear(tx, t.key+"@"+t.network)
}

// compare computes one hash, whatever the account is (ASVS V6.3.8). An account that may not come in gets the same work.
func (s *Service) compare(ctx context.Context, a account.Account, given string) (right bool, renewed string, err error) {
	if !opens(a.State) {
		a.PasswordHash = ""
	}
	return s.Passwords.Check(ctx, a.PasswordHash, given)
}

// refuse notes the failure. For everybody the same rows are written; to the mailbox of an unfinished account goes the link to
// finish.
func (s *Service) refuse(tx *db.Tx, a account.Account) error {
	subject := ""
	if a.ID != "" {
		subject = a.Subject()
	}
	if a.State == account.Unfinished {
		if err := s.ContinueByMail(tx, a); err != nil {
			return err
		}
	}
	return audit.Add(tx, s.Secret, audit.Event{Action: "authn_login_fail", Actor: audit.Actor{Kind: audit.Visitor}, Subject: subject})
}

// proceed goes on to what the account's facts say: a step, for which the browser gets a new ticket, or the session.
func (s *Service) proceed(tx *db.Tx, a account.Account, d data, f *flow.Flow[data], b Browser) (Arrival, error) {
	fs, err := s.facts(tx, a, d, b)
	if err != nil {
		return Arrival{}, err
	}
	d.Staff, d.Hash = fs.Staff, secret.Hash(a.PasswordHash)
	if fs.Enrolled && fs.Trusted && !d.Code {
		d.How = byTrust
	}
	step := next(fs)
	if step == stepDone {
		if f != nil {
			if err := f.Finish(tx); err != nil {
				return Arrival{}, err
			}
		}
		return s.begin(tx, a, d, b)
	}
	if f == nil {
		var ticket flow.Ticket
		f, ticket, err = flow.Start(tx, s.Secret, kind, string(step), d, life)
		if err != nil {
			return Arrival{}, err
		}
		f.Subject = a.ID
		return Arrival{Ticket: string(ticket)}, f.Save(tx)
	}
	f.Step, f.Data = string(step), d
	if err := f.Save(tx); err != nil {
		return Arrival{}, err
	}
	ticket, err := f.NewTicket(tx, s.Secret)
	return Arrival{Ticket: string(ticket)}, err
}

func (s *Service) facts(tx *db.Tx, a account.Account, d data, b Browser) (f facts, err error) {
	now := tx.Now()
	f = facts{State: a.State, Code: d.Code, Closing: !a.ClosingAt.IsZero(), Incomplete: a.Incomplete}
	f.Old = s.PasswordMaxAge > 0 && d.How != byPasskey && !a.PasswordSetAt.IsZero() && now.Sub(a.PasswordSetAt) >= s.PasswordMaxAge
	if f.Staff, err = s.IsStaff(tx, a.ID); err != nil {
		return f, err
	}
	if f.Enrolled, err = account.HasAuthenticator(tx, a.ID); err != nil {
		return f, err
	}
	// A client's passkey spares the password. Staff's follows it, and is a second factor like the authenticator.
	if f.Staff && !f.Enrolled && s.Passkeys.Offered() {
		if f.Enrolled, err = account.HasPasskeys(tx, a.ID); err != nil {
			return f, err
		}
	}
	known, _, err := device(tx, b.Device, a.ID)
	if err != nil {
		return f, err
	}
	// A password that was set after the browser was trusted ends the trust, whoever forgot to.
	f.Trusted = !f.Staff && known.Trusted(now) && !a.PasswordSetAt.After(known.TrustedUntil.Add(-TrustFor))
	if terms := s.Terms.At(now); terms.Version != "" && !f.Staff {
		accepted, err := account.HasAccepted(tx, a.ID, terms.Version)
		if err != nil {
			return f, err
		}
		f.TermsDue = !accepted && (d.Later != terms.Version || !now.Before(s.Terms.GraceEnds(now)))
	}
	return f, nil
}

// begin starts the session. The sessions that the browser had end: who signs in starts anew (ASVS V7.2.4).
func (s *Service) begin(tx *db.Tx, a account.Account, d data, b Browser) (Arrival, error) {
	address := audit.From(tx.Context()).Address
	if err := savePlace(tx, a.ID, throttle.Network(address)); err != nil {
		return Arrival{}, err
	}
	got := Arrival{Kind: session.Client, Next: d.Next}
	lives, actor := s.ClientLives, audit.Client
	old := b.Client
	if d.Staff {
		got.Kind, lives, actor, old = session.Staff, s.StaffLives, audit.Staff, b.Staff
	}
	if old != "" {
		if err := endToken(tx, got.Kind, old); err != nil {
			return Arrival{}, err
		}
	}
	at, token, err := session.Start(tx, s.Secret, session.New{Kind: got.Kind, Account: a.ID, Lives: lives, Address: address, Agent: b.Agent, Stale: d.How == byTrust})
	if err != nil {
		return Arrival{}, err
	}
	got.Token = token
	var known bool
	if got.Device, known, err = s.remember(tx, a, b, at.ID, address, d.Trust && d.Code && !d.Staff); err != nil {
		return Arrival{}, err
	}
	detail := map[string]string{"how": d.How}
	// The first sign-in of an account comes from a new browser and is no news.
	if !known && !a.SignedInAt.IsZero() {
		detail["device"] = "new"
		if err := s.tellNewDevice(tx, a, b.Agent, address); err != nil {
			return Arrival{}, err
		}
	}
	if err := account.MarkSignedIn(tx, a.ID); err != nil {
		return Arrival{}, err
	}
	if !d.Staff {
		if err := access.MarkSignedIn(tx, s.Secret, a.ID); err != nil {
			return Arrival{}, err
		}
	}
	return got, audit.Add(tx, s.Secret, audit.Event{
		Action: "authn_login_success", Actor: audit.Actor{Kind: actor, ID: a.ID}, Subject: a.Subject(), Detail: detail,
	})
}

func endToken(tx *db.Tx, k session.Kind, t session.Token) error {
	old, err := session.Load(tx, k, t)
	if fault.Is(err, fault.Unauthenticated) {
		return nil
	}
	if err != nil {
		return err
	}
	return session.End(tx, old.Account, old.ID)
}

// SignOut ends the session of a token, at once and on every node. It is no error if there is none.
func (s *Service) SignOut(ctx context.Context, k session.Kind, t session.Token) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		old, err := session.Load(tx, k, t)
		if fault.Is(err, fault.Unauthenticated) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := session.End(tx, old.Account, old.ID); err != nil {
			return err
		}
		return audit.Add(tx, s.Secret, audit.Event{Action: "authn_logout", Subject: "account:" + old.Account})
	})
}

// Sweep forgets failures, places and browsers that are long past.
func (s *Service) Sweep(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := sweepDevices(tx, tx.Now().Add(-DeviceLife)); err != nil {
			return err
		}
		return sweep(tx, tx.Now().Add(-forgetAfter), tx.Now().Add(-forgetPlace))
	})
}
