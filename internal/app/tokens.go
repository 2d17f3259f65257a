package app

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/text"
	"vestibule/internal/web"
)

// tokensChanged tells the administrators of an organization what became of a service account. It stands here because organization
// knows no messages.
func (p *Portal) tokensChanged(tx *db.Tx, change organization.TokenChange) error {
	o, err := organization.Get(tx, change.Organization)
	if err != nil {
		return err
	}
	by, err := account.Get(tx, change.By)
	if err != nil {
		return err
	}
	admins, err := organization.Administrators(tx, o.ID)
	if err != nil {
		return err
	}
	for _, id := range admins {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		m := message.TokenChanged{
			Organization: o.Name, Name: change.Name, Change: change.Change, By: by.Name(), At: tx.Now(), Until: change.Until,
			Address: audit.From(tx.Context()).Address,
		}
		to := message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}
		if err := p.Writer.Send(tx, to, a.Subject(), time.Time{}, m); err != nil {
			return err
		}
	}
	return nil
}

// caller says whose token it is.
func (p *Portal) caller(ctx context.Context, token, address string) (web.Who, error) {
	c, left, err := p.Organization.Caller(ctx, token, address)
	if err != nil && !fault.Is(err, fault.TooMany) {
		return web.Who{}, err
	}
	who := web.Who{
		Account: c.Account, Session: c.Token, Service: true, Name: c.Name, Organization: c.Organization, Company: c.Company,
		Rate: &web.Rate{Name: "token", Limit: left.Limit.Burst, Every: left.Limit.Every, Left: left.Left, Reset: left.Reset},
	}
	for _, s := range c.Scopes {
		who.Permissions = append(who.Permissions, string(s))
	}
	return who, err
}
