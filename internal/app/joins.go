package app

import (
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/text"
)

// joinDecided tells the applicant what became of a join request, in the
// transaction that decides it. It stands here because organization knows no
// messages.
func (p *Portal) joinDecided(tx *db.Tx, j organization.JoinRequest) error {
	a, err := account.Get(tx, j.Account)
	if err != nil {
		return err
	}
	to := message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}
	if j.State != organization.JoinAccepted {
		return p.Writer.Send(tx, to, a.Subject(), time.Time{}, message.JoinDeclined{Organization: j.Organization.Name, AskedAt: j.CreatedAt})
	}
	by := p.o.Config.Vendor.Name
	if decider, err := account.Get(tx, j.DecidedBy); err == nil {
		by = decider.Name()
	}
	return p.Writer.Send(tx, to, a.Subject(), time.Time{}, message.JoinAccepted{Organization: j.Organization.Name, By: by, AskedAt: j.CreatedAt})
}
