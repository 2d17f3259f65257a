package selfservice

import (
	"context"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

// A By says who did something, as the account's owner may know it.
type By string

// Who did it.
const (
	ByYou     By = "you"     // the account
	ByStaff   By = "staff"   // somebody of the vendor's
	ByPortal  By = "portal"  // housekeeping
	ByVisitor By = "visitor" // somebody who was not signed in, the owner perhaps
	ByOther   By = "other"   // another account, like the organization's administrator
)

// A Happening is one event of the account, without what is staff's own business.
type Happening struct {
	Number  int64  // for what comes before it
	Action  string // as package audit has it
	By      By
	At      time.Time
	Address string // network address; of the account's and visitors' acts alone
	Place   string
}

// activityShown is a page of activity.
const activityShown = 25

// Activity lists what happened to the account, newest first, before the event of that number (0: from the newest), and the number
// for the next page (0: there is none).
func (s *Service) Activity(ctx context.Context, t session.Token, before int64, lang text.Lang) (all []Happening, next int64, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		_, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		all, next, err = s.happenings(tx, a, before, activityShown, lang)
		return err
	})
	return all, next, err
}

func (s *Service) happenings(tx *db.Tx, a account.Account, before int64, most int, lang text.Lang) (all []Happening, next int64, err error) {
	for {
		list, err := audit.HistoryBefore(tx, a.Subject(), before, most)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range list {
			before = e.Seq
			if !shown(e.Action) {
				continue
			}
			if len(all) == most {
				return all, all[most-1].Number, nil
			}
			all = append(all, s.happening(e, a, lang))
		}
		if len(list) < most {
			return all, 0, nil
		}
	}
}

func (s *Service) happening(e audit.Entry, a account.Account, lang text.Lang) Happening {
	h := Happening{Number: e.Seq, Action: e.Action, At: e.At, By: ByOther}
	switch {
	case e.Actor.ID == a.ID:
		h.By = ByYou
	case e.Actor.Kind == audit.Staff:
		h.By = ByStaff
	case e.Actor.Kind == audit.System:
		h.By = ByPortal
	case e.Actor.Kind == audit.Visitor:
		h.By = ByVisitor
	}
	if h.By == ByYou || h.By == ByVisitor {
		h.Address = e.Detail["address"]
		h.Place = s.place(h.Address, lang)
	}
	return h
}

// shown leaves out what is staff's own business: what they do as staff, and looking at an account without doing anything to it.
func shown(action string) bool {
	for _, own := range []string{"staff.", "privilege", "user_", "user.", "message.", "helpdesk.explain", "helpdesk.open", "helpdesk.find"} {
		if strings.HasPrefix(action, own) {
			return false
		}
	}
	return true
}
