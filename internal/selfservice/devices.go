package selfservice

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

// A SignedIn is one place where the account is signed in now.
type SignedIn struct {
	ID        string
	Current   bool // the session that asks
	Agent     Agent
	Address   string
	Place     string // in words, or "" where it is not known
	StartedAt time.Time
	SeenAt    time.Time // exact to a minute
}

// A Known is a browser that the account knows.
type Known struct {
	Device
	Browser Agent
}

// Places lists where the account is signed in, the session used last first, and the browsers it knows. The words of places are in
// the language.
func (s *Service) Places(ctx context.Context, t session.Token, lang text.Lang) (in []SignedIn, known []Known, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		at, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		if in, err = s.sessions(tx, a.ID, at.ID, lang); err != nil {
			return err
		}
		known, err = s.known(tx, a.ID)
		return err
	})
	return in, known, err
}

func (s *Service) sessions(tx *db.Tx, accountID, current string, lang text.Lang) (all []SignedIn, err error) {
	list, err := session.List(tx, accountID)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if one.Kind != session.Client {
			continue
		}
		all = append(all, SignedIn{
			ID: one.ID, Current: one.ID == current, Agent: ParseAgent(one.Agent), Address: one.Address, Place: s.place(one.Address, lang),
			StartedAt: one.StartedAt, SeenAt: one.SeenAt,
		})
	}
	return all, nil
}

func (s *Service) known(tx *db.Tx, accountID string) (all []Known, err error) {
	if s.Devices == nil {
		return nil, nil
	}
	list, err := s.Devices(tx, accountID)
	for _, d := range list {
		all = append(all, Known{Device: d, Browser: ParseAgent(d.Agent)})
	}
	return all, err
}

func (s *Service) place(address string, lang text.Lang) string {
	if s.Place == nil || address == "" {
		return ""
	}
	return s.Place(address, lang)
}

// SignOut ends one other session of the account (ASVS V7.5.2); the browser that began it is no longer known. It wants a fresh
// sign-in. A session that has ended, or is somebody else's, changes nothing and is no error.
func (s *Service) SignOut(ctx context.Context, t session.Token, id string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		if id == at.ID {
			return nil // that is what signing out is for
		}
		living := false
		list, err := session.List(tx, a.ID)
		if err != nil {
			return err
		}
		for _, one := range list {
			living = living || one.ID == id
		}
		if !living {
			return nil
		}
		if err := session.End(tx, a.ID, id); err != nil {
			return err
		}
		if s.Ended != nil {
			if err := s.Ended(tx, a.ID, id); err != nil {
				return err
			}
		}
		return s.event(tx, a, "account.session_end")
	})
}

// SignOutOthers ends every session of the account but this one, and no browser is trusted any longer. It returns this session's
// new token, and wants a fresh sign-in.
func (s *Service) SignOutOthers(ctx context.Context, t session.Token) (token session.Token, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token = ""
		at, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		if err := s.event(tx, a, "account.sessions_end"); err != nil {
			return err
		}
		token, err = s.changed(tx, at, t)
		return err
	})
	return token, err
}
