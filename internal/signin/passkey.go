package signin

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/passkey"
	"vestibule/internal/session"
	"vestibule/internal/throttle"
)

// What a challenge may be made for, which is also the kind of the flow that keeps it; that of StepCode lies in the sign-in's own.
const (
	passkeyKind  = "signin-passkey"
	passkeyCode  = "signin-passkey-code"
	passkeyAgain = "signin-passkey-again"
)

// passkeyAsks bounds the rows that a network makes by asking: a page that is opened asks once, and again every four minutes.
var passkeyAsks = throttle.Limit{Name: "passkey-ask", Burst: 120, Every: 2 * time.Second}

// asked is a challenge on its way. Session is the one that asks to prove its owner again, or "".
type asked struct {
	Challenge passkey.Challenge
	Session   string `json:",omitempty"`
}

// PasskeysOffered reports whether people can use passkeys here.
func (s *Service) PasskeysOffered() bool { return s.Passkeys.Offered() }

// AskPasskey asks for whichever passkey the person has: it returns the options for the browser, as JSON, and the ticket by which
// Passkey takes the answer within passkey.Life. old is the ticket of an earlier asking, which is void then. It is TooMany after too
// many from one network, and NotFound "passkey-unoffered" where there are none.
func (s *Service) AskPasskey(ctx context.Context, old string) (options []byte, ticket string, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := passkeyAsks.Spend(tx, throttle.Network(audit.From(ctx).Address)); err != nil {
			return err
		}
		f, err := flow.Load[asked](tx, passkeyKind, flow.Ticket(old))
		if err == nil {
			err = f.Finish(tx)
		}
		if err != nil && !fault.Is(err, fault.Gone) {
			return err
		}
		var a asked
		if options, a.Challenge, err = s.Passkeys.BeginAssertion(tx.Now(), passkeyKind, passkey.Owner{}); err != nil {
			return err
		}
		_, t, err := flow.Start(tx, s.Secret, passkeyKind, "asked", a, passkey.Life)
		ticket = string(t)
		return err
	})
	return options, ticket, err
}

// Passkey signs in with the browser's answer: the holder was verified by the authenticator, so that neither password nor code is
// asked for. It is Invalid "passkey-wrong" whatever is wrong, "passkey-late" when the challenge is over or was used, "passkey-staff" for
// staff, whose passkey only follows the password, and TooMany "sign-in-wait" after too many failures from the network.
func (s *Service) Passkey(ctx context.Context, ticket string, answer []byte, next string, b Browser) (Arrival, error) {
	var got Arrival
	var refused error
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		got, refused = Arrival{}, nil
		f, err := flow.Load[asked](tx, passkeyKind, flow.Ticket(ticket))
		if err == nil {
			err = f.Finish(tx) // spent, whatever comes: of equal submits one alone goes on
		}
		if err != nil {
			return late(err)
		}
		a, how, err := s.provePasskey(tx, passkeyKind, f.Data.Challenge, "", answer)
		if err != nil {
			return err
		}
		if how == account.PasskeyRight {
			staff, err := s.IsStaff(tx, a.ID)
			if err != nil {
				return err
			}
			if !staff {
				got, err = s.proceed(tx, a, data{How: byPasskey, Code: true, Next: next}, nil, b)
				return err
			}
			refused = fault.OnField("passkey", "passkey-staff")
		} else {
			refused = fault.OnField("passkey", "passkey-wrong")
		}
		return s.passkeyFailed(tx, a)
	})
	if err == nil {
		err = refused
	}
	return got, err
}

// late is what somebody is told whose challenge is over, or was used.
func late(err error) error {
	if fault.Is(err, fault.Gone) || fault.Is(err, fault.Conflict) {
		return fault.OnField("passkey", "passkey-late")
	}
	return err
}

// provePasskey says whose passkey the answer was made with. A try is counted by network, and struck out if it was right. Where only is
// not "", another account's passkey is wrong. So is that of an account that may not come in.
func (s *Service) provePasskey(tx *db.Tx, purpose string, c passkey.Challenge, only string, answer []byte) (a account.Account, v account.PasskeyVerdict, err error) {
	from := throttle.Network(audit.From(tx.Context()).Address)
	if err := network.take(tx, from, ""); err != nil {
		return a, v, err
	}
	p, v, err := account.ProvePasskey(tx, s.Passkeys, purpose, c, answer)
	if err != nil || v == account.PasskeyWrong {
		return a, v, err
	}
	// Held: a reset, or staff, that would keep the holder out waits, or was before and is seen.
	if err := account.Lock(tx, p.Account); err != nil {
		return a, v, err
	}
	if a, err = account.Get(tx, p.Account); err != nil {
		return a, v, err
	}
	if v == account.PasskeyCopied {
		return a, v, s.tellCopied(tx, a)
	}
	if !opens(a.State) || only != "" && a.ID != only {
		return a, account.PasskeyWrong, nil
	}
	return a, v, network.giveBack(tx, from, "")
}

// tellCopied tells the owner of a passkey that two copies of it seem to be in use, and writes it down.
func (s *Service) tellCopied(tx *db.Tx, a account.Account) error {
	if err := s.Notices.Tell(tx, a, account.Notice{Change: "passkey-copied"}); err != nil {
		return err
	}
	return audit.Add(tx, s.Secret, audit.Event{Action: "authn_passkey_copied", Actor: audit.Actor{Kind: audit.Visitor}, Subject: a.Subject()})
}

// passkeyFailed notes the failure: the same row for a passkey that nobody has.
func (s *Service) passkeyFailed(tx *db.Tx, a account.Account) error {
	subject := ""
	if a.ID != "" {
		subject = a.Subject()
	}
	return audit.Add(tx, s.Secret, audit.Event{
		Action: "authn_login_fail", Actor: audit.Actor{Kind: audit.Visitor}, Subject: subject, Detail: map[string]string{"how": "passkey"},
	})
}

// Second says by what the second step can be taken at StepCode.
type Second struct {
	App     bool // the authenticator's code, or a recovery code
	Passkey bool
}

// Second returns what the account of a ticket can prove itself with at StepCode.
func (s *Service) Second(ctx context.Context, ticket string) (by Second, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		_, a, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		if by.App, err = account.HasAuthenticator(tx, a.ID); err == nil && s.Passkeys.Offered() {
			by.Passkey, err = account.HasPasskeys(tx, a.ID)
		}
		return err
	})
	return by, err
}

// AskCodePasskey asks, at StepCode, for one of the account's own passkeys in place of the authenticator's code.
func (s *Service) AskCodePasskey(ctx context.Context, ticket string) (options []byte, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		f, a, err := s.load(tx, ticket)
		if err != nil {
			return err
		}
		if err := check(Step(f.Step), codeRight); err != nil {
			return err
		}
		if err := passkeyAsks.Spend(tx, throttle.Network(audit.From(ctx).Address)); err != nil {
			return err
		}
		var c passkey.Challenge
		if options, c, err = s.askOwn(tx, passkeyCode, a); err != nil {
			return err
		}
		f.Data.Passkey = &c
		return f.Save(tx)
	})
	return options, err
}

// askOwn asks for one of the account's own passkeys. Without any it is NotFound "passkey-unoffered".
func (s *Service) askOwn(tx *db.Tx, purpose string, a account.Account) (options []byte, c passkey.Challenge, err error) {
	owner, err := account.OwnerOfPasskeys(tx, a)
	if err == nil && len(owner.Credentials) == 0 {
		err = fault.New(fault.NotFound, "passkey-unoffered")
	}
	if err != nil {
		return nil, c, err
	}
	return s.Passkeys.BeginAssertion(tx.Now(), purpose, owner)
}

// CodeByPasskey takes the browser's answer in place of the authenticator's code. It fails as Passkey does.
func (s *Service) CodeByPasskey(ctx context.Context, ticket string, answer []byte, b Browser) (Arrival, error) {
	var got Arrival
	var refused error
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		got, refused = Arrival{}, nil
		f, a, err := s.hold(tx, ticket)
		if err != nil {
			return err
		}
		if err := check(Step(f.Step), codeRight); err != nil {
			return err
		}
		if f.Data.Passkey == nil {
			return fault.OnField("passkey", "passkey-late")
		}
		c := *f.Data.Passkey
		f.Data.Passkey = nil
		if err := f.Save(tx); err != nil {
			return err
		}
		_, how, err := s.provePasskey(tx, passkeyCode, c, a.ID, answer)
		if err != nil {
			return err
		}
		if how != account.PasskeyRight {
			refused = fault.OnField("passkey", "passkey-wrong")
			return s.passkeyFailed(tx, a)
		}
		d := f.Data
		d.How, d.Code = "password+passkey", true
		got, err = s.proceed(tx, a, d, f, b)
		return err
	})
	if err == nil {
		err = refused
	}
	return got, err
}

// AskAgainByPasskey asks somebody who is signed in for one of the own passkeys, to prove once more to be the account's owner.
func (s *Service) AskAgainByPasskey(ctx context.Context, k session.Kind, t session.Token) (options []byte, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := s.holder(tx, k, t)
		if err != nil {
			return err
		}
		if err := spent(tx, at); err != nil {
			return err
		}
		q := asked{Session: at.ID}
		if options, q.Challenge, err = s.askOwn(tx, passkeyAgain, a); err != nil {
			return err
		}
		f, _, err := flow.Start(tx, s.Secret, passkeyAgain, "asked", q, passkey.Life)
		if err != nil {
			return err
		}
		f.Subject = "session:" + at.ID
		return f.Save(tx)
	})
	return options, err
}

// holder is the session of a token of either kind, and its account.
func (s *Service) holder(tx *db.Tx, k session.Kind, t session.Token) (*session.Session, account.Account, error) {
	at, err := session.Load(tx, k, t)
	if err != nil {
		return nil, account.Account{}, err
	}
	a, err := account.Get(tx, at.Account)
	if err == nil && a.State != account.Active {
		err = fault.New(fault.Unauthenticated, "session-none")
	}
	return at, a, err
}

// spent ends what this session was asked before.
func spent(tx *db.Tx, at *session.Session) error {
	f, err := flow.LoadBySubject[asked](tx, passkeyAgain, "session:"+at.ID)
	if err == nil {
		err = f.Finish(tx)
	}
	if fault.Is(err, fault.Gone) {
		return nil
	}
	return err
}

// AgainByPasskey takes the browser's answer, and the session is fresh again: it returns its new token. It fails as Passkey does.
func (s *Service) AgainByPasskey(ctx context.Context, k session.Kind, t session.Token, answer []byte) (token session.Token, err error) {
	var refused error
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token, refused = "", nil
		at, a, err := s.holder(tx, k, t)
		if err != nil {
			return err
		}
		f, err := flow.LoadBySubject[asked](tx, passkeyAgain, "session:"+at.ID)
		if err == nil && !f.ExpiresAt.After(tx.Now()) {
			err = fault.New(fault.Gone, "flow-gone")
		}
		if err == nil {
			err = f.Finish(tx)
		}
		if err != nil {
			return late(err)
		}
		_, how, err := s.provePasskey(tx, passkeyAgain, f.Data.Challenge, a.ID, answer)
		if err != nil {
			return err
		}
		if how != account.PasskeyRight {
			refused = fault.OnField("passkey", "passkey-wrong")
			return s.passkeyFailed(tx, a)
		}
		if token, err = session.Freshen(tx, s.Secret, at, t); err != nil {
			return err
		}
		actor := audit.Client
		if k == session.Staff {
			actor = audit.Staff
		}
		return audit.Add(tx, s.Secret, audit.Event{
			Action: "authn_reauth_success", Actor: audit.Actor{Kind: actor, ID: a.ID}, Subject: a.Subject(), Detail: map[string]string{"how": "passkey"},
		})
	})
	if err == nil {
		err = refused
	}
	return token, err
}
