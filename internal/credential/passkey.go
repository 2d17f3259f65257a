package credential

import (
	"context"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/passkey"
	"vestibule/internal/secret"
	"vestibule/internal/session"
)

const passkeyKind = "passkey-add"

// Passkeys lets owners who are signed in, clients and staff, manage their passkeys. A change wants a session that is fresh
// (account.FreshFor), any other is Unauthenticated "sign-in-again"; it has an event, and the owner is told at every address. Other
// sessions go on: what proved their owner still counts.
type Passkeys struct {
	DB      *db.DB
	Secret  secret.Source
	Party   *passkey.Party // nil: passkeys cannot work here
	Notices account.Notices
}

// Offered reports whether passkeys can work here at all.
func (s *Passkeys) Offered() bool { return s.Party.Offered() }

// List returns the passkeys of the session's account, the oldest first.
func (s *Passkeys) List(ctx context.Context, k session.Kind, t session.Token) (all []account.Passkey, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		_, a, err := keeper(tx, k, t)
		if err == nil {
			all, err = account.Passkeys(tx, a.ID)
		}
		return err
	})
	return all, err
}

// Get returns one of them; another account's is NotFound.
func (s *Passkeys) Get(ctx context.Context, k session.Kind, t session.Token, id string) (account.Passkey, error) {
	all, err := s.List(ctx, k, t)
	if err != nil {
		return account.Passkey{}, err
	}
	for _, p := range all {
		if p.ID == id {
			return p, nil
		}
	}
	return account.Passkey{}, fault.New(fault.NotFound, "not-found")
}

// keeper is the session of a token of either kind, and its account.
func keeper(tx *db.Tx, k session.Kind, t session.Token) (*session.Session, account.Account, error) {
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

// freshKeeper is keeper for a change: the session must be fresh, and the account's row is held until the transaction ends. A reset, which
// ends the session, comes after, or was before and is seen.
func freshKeeper(tx *db.Tx, k session.Kind, t session.Token) (*session.Session, account.Account, error) {
	_, a, err := keeper(tx, k, t)
	if err != nil {
		return nil, a, err
	}
	if err := account.Lock(tx, a.ID); err != nil {
		return nil, a, err
	}
	at, a, err := keeper(tx, k, t) // anew: it may have changed before the row was held
	if err == nil && !at.Fresh(tx.Now(), account.FreshFor) {
		err = fault.New(fault.Unauthenticated, "sign-in-again")
	}
	return at, a, err
}

// BeginAdd asks the browser for a new passkey: it returns the options as JSON. What the session asked for before is void.
func (s *Passkeys) BeginAdd(ctx context.Context, k session.Kind, t session.Token) (options []byte, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := freshKeeper(tx, k, t)
		if err != nil {
			return err
		}
		owner, err := account.OwnerOfPasskeys(tx, a)
		if err != nil {
			return err
		}
		old, err := flow.LoadBySubject[passkey.Challenge](tx, passkeyKind, "session:"+at.ID)
		if err == nil {
			err = old.Finish(tx)
		}
		if err != nil && !fault.Is(err, fault.Gone) {
			return err
		}
		var c passkey.Challenge
		if options, c, err = s.Party.BeginRegistration(tx.Now(), passkeyKind, owner); err != nil {
			return err
		}
		f, _, err := flow.Start(tx, s.Secret, passkeyKind, "asked", c, passkey.Life)
		if err != nil {
			return err
		}
		f.Subject = "session:" + at.ID
		return f.Save(tx)
	})
	return options, err
}

// Add takes what the browser made, under a name. What is wrong with the name is Invalid at "name"; at "passkey" it is Invalid
// "passkey-wrong", "passkey-late" when the asking is over or was answered, "passkey-exists" or "passkey-many".
func (s *Passkeys) Add(ctx context.Context, k session.Kind, t session.Token, name string, answer []byte) error {
	var form fault.Form
	name, err := account.ParsePasskeyName(name)
	if err := form.AddErr("name", err); err != nil {
		return err
	}
	if err := form.Err(); err != nil {
		return err
	}
	var refused error
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		refused = nil
		at, a, err := freshKeeper(tx, k, t)
		if err != nil {
			return err
		}
		c, err := spend(tx, at)
		if err != nil {
			return err
		}
		owner, err := account.OwnerOfPasskeys(tx, a)
		if err != nil {
			return err
		}
		made, err := s.Party.FinishRegistration(tx.Now(), passkeyKind, c, owner, answer)
		if err == nil {
			_, err = account.AddPasskey(tx, s.Secret, a.ID, name, made)
		}
		switch f := fault.From(err); {
		case err == nil:
			return s.did(tx, k, a, "account.passkey_add", "passkey-added")
		case f.Kind == fault.Invalid, f.Kind == fault.Gone, f.Code == "passkey-exists", f.Code == "passkey-many":
			// Not an error: the asking stays answered.
			refused = fault.OnField("passkey", f.Code).With("n", f.Args["n"])
			return nil
		}
		return err
	})
	if err == nil {
		err = refused
	}
	return err
}

// spend ends what the session asked for, and returns it: of equal submits one alone goes on.
func spend(tx *db.Tx, at *session.Session) (passkey.Challenge, error) {
	f, err := flow.LoadBySubject[passkey.Challenge](tx, passkeyKind, "session:"+at.ID)
	if err == nil {
		err = f.Finish(tx)
	}
	if fault.Is(err, fault.Gone) || fault.Is(err, fault.Conflict) {
		return passkey.Challenge{}, fault.OnField("passkey", "passkey-late")
	}
	if err != nil {
		return passkey.Challenge{}, err
	}
	return f.Data, nil
}

// Rename calls a passkey otherwise. Another account's is NotFound.
func (s *Passkeys) Rename(ctx context.Context, k session.Kind, t session.Token, id, name string) error {
	var form fault.Form
	name, err := account.ParsePasskeyName(name)
	if err := form.AddErr("name", err); err != nil {
		return err
	}
	if err := form.Err(); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := freshKeeper(tx, k, t)
		if err != nil {
			return err
		}
		if err := account.RenamePasskey(tx, a.ID, id, name); err != nil {
			return err
		}
		return s.did(tx, k, a, "account.passkey_rename", "passkey-renamed")
	})
}

// Remove takes a passkey away. Another account's is NotFound. It is Conflict "passkey-last" for the only thing by which a member of
// staff passes the second step of a sign-in.
func (s *Passkeys) Remove(ctx context.Context, k session.Kind, t session.Token, id string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := freshKeeper(tx, k, t)
		if err != nil {
			return err
		}
		if err := account.RemovePasskey(tx, a.ID, id); err != nil {
			return err
		}
		if k == session.Staff {
			if err := spareSecond(tx, a.ID); err != nil {
				return err
			}
		}
		return s.did(tx, k, a, "account.passkey_remove", "passkey-removed")
	})
}

func spareSecond(tx *db.Tx, accountID string) error {
	app, err := account.HasAuthenticator(tx, accountID)
	if err != nil || app {
		return err
	}
	left, err := account.HasPasskeys(tx, accountID)
	if err == nil && !left {
		err = fault.New(fault.Conflict, "passkey-last")
	}
	return err
}

// did writes down what the owner changed, and tells it.
func (s *Passkeys) did(tx *db.Tx, k session.Kind, a account.Account, action, change string) error {
	actor := audit.Client
	if k == session.Staff {
		actor = audit.Staff
	}
	if err := audit.Add(tx, s.Secret, audit.Event{Action: action, Actor: audit.Actor{Kind: actor, ID: a.ID}, Subject: a.Subject()}); err != nil {
		return err
	}
	return s.Notices.Tell(tx, a, account.Notice{Change: change})
}
