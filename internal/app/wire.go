package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/flow"
	"vestibule/internal/session"
	"vestibule/internal/text"
	"vestibule/internal/throttle"
	"vestibule/internal/web"
	"vestibule/internal/web/api"
	"vestibule/internal/web/fetch"
	"vestibule/internal/web/office"
	"vestibule/internal/web/portal"
	"vestibule/internal/web/ui"
	"vestibule/internal/web/visitor"
)

// faces mounts every page.
func (p *Portal) faces(words *text.Catalogue) (err error) {
	c := p.o.Config
	o := web.Options{
		BaseURL: c.BaseURL, Proxies: c.TrustedProxies, Words: words, Lang: text.Lang(c.Vendor.Language),
		Vendor: p.vendor(), Accent: c.Vendor.Accent, Demo: p.o.Demo,
		Now: p.o.Now, NewID: func() string { return p.o.Secret.ID(p.o.Now()) }, Log: p.log,
		Ready:  p.DB.Ping,
		Origin: origin,
	}
	if o.Logo, o.LogoType, err = logo(c.Vendor.Logo); err != nil {
		return err
	}
	back := office.New(office.Services{Access: p.Access, Organizations: p.Organization, Desk: p.Desk, Steps: p.Register, Helpdesk: p.Helpdesk, Passkeys: p.Passkeys, Releases: p.Release, Download: p.Download, Licenses: p.License, Activation: p.Activation})
	front := portal.New(portal.Services{Access: p.Access, Organizations: p.Organization, SignIn: p.SignIn, Helpdesk: p.Helpdesk, Credential: p.Credential, Self: p.Self, Passkeys: p.Passkeys, Download: p.Download, Feed: p.Feed, Licenses: p.License, Activation: p.Activation})
	o.Client, o.Staff, o.Gate = p.client, p.staff, front.Gate
	o.Token = p.caller
	o.Nav = func(ctx context.Context, who web.Who, words *text.Words) []ui.NavItem {
		if who.Staff {
			return back.Nav(ctx, who, words)
		}
		return portal.Nav(who, words)
	}
	programs, err := api.New(api.Services{Activation: p.Activation, Licenses: p.License, Downloads: p.Download}, words)
	if err != nil {
		return err
	}
	tables := [][]web.Route{
		programs.Routes(),
		fetch.New(p.Download, p.Feed, p.log).Routes(),
		visitor.NewRequest(p.Access).Routes(),
		visitor.NewRegister(p.Register).Routes(),
		visitor.NewSignIn(p.SignIn, p.Recovery, p.Register).Routes(),
		visitor.NewRecovery(p.Recovery).Routes(),
		visitor.NewStaffEnrol(p.Staff).Routes(),
		visitor.NewStop(p.Helpdesk).Routes(),
		front.Routes(),
		back.Routes(),
	}
	if p.o.Routes != nil {
		tables = append(tables, p.o.Routes(p))
	}
	p.Kit, err = web.New(o, tables...)
	return err
}

// client says who holds a client's session.
func (p *Portal) client(ctx context.Context, token string) (web.Who, error) {
	w, err := p.SignIn.Identify(ctx, session.Token(token))
	if err != nil {
		return web.Who{}, err
	}
	who := web.Who{
		Account: w.Account, Session: w.Session, UserID: w.UserID, Name: w.Name,
		Organization: w.Organization, Company: w.Company, FreshUntil: w.FreshUntil,
		Held: portal.Held{Standing: w.Standing, Asking: w.Asking},
	}
	if w.Role != "" {
		who.Roles = []string{w.Role}
	}
	return who, nil
}

// staff says which member of staff holds a session.
func (p *Portal) staff(ctx context.Context, token string) (web.Who, error) {
	w, err := p.Services.Staff.Identify(ctx, session.Token(token))
	if err != nil {
		return web.Who{}, err
	}
	who := web.Who{Account: w.Account, Session: w.Session, UserID: w.UserID, Name: w.Name, Staff: true, FreshUntil: w.FreshUntil}
	for _, r := range w.Roles {
		who.Roles = append(who.Roles, string(r))
	}
	for _, one := range w.Permissions() {
		who.Permissions = append(who.Permissions, string(one))
	}
	return who, nil
}

// vendor is who runs the portal, for pages.
func (p *Portal) vendor() ui.Vendor {
	v := p.o.Config.Vendor
	out := ui.Vendor{
		Name: v.Name, Legal: v.Legal, Product: p.o.Config.Product.Name,
		Phone: v.SupportPhone, Email: v.SupportEmail, Security: v.SecurityEmail,
	}
	for _, l := range v.Links {
		out.Footer = append(out.Footer, ui.Link{Text: l.Text, Href: l.URL})
	}
	return out
}

// logo reads the vendor's logo.
func logo(name string) (data []byte, mediaType string, err error) {
	if name == "" {
		return nil, "", nil
	}
	data, err = os.ReadFile(name)
	if strings.EqualFold(filepath.Ext(name), ".png") {
		return data, "image/png", err
	}
	return data, "image/svg+xml", err
}

// origin tells the audit trail who asks, and from where.
func origin(ctx context.Context, address, requestID string, who web.Who) context.Context {
	actor := audit.Actor{Kind: audit.Visitor}
	switch {
	case who.Known() && who.Service:
		actor = audit.Actor{Kind: audit.Service, ID: who.Account}
	case who.Known() && who.Staff:
		actor = audit.Actor{Kind: audit.Staff, ID: who.Account}
	case who.Known():
		actor = audit.Actor{Kind: audit.Client, ID: who.Account}
	}
	return audit.With(ctx, audit.Origin{Address: address, RequestID: requestID, Actor: actor})
}

// sweepLimit bounds what one sweep takes away of each table, so that nobody
// waits for it.
const sweepLimit = 1000

// sweep takes away what ended more than a day ago.
func (p *Portal) sweep(ctx context.Context) error {
	for {
		var swept int64
		if err := p.DB.Write(ctx, func(tx *db.Tx) error {
			swept = 0
			yesterday := tx.Now().Add(-24 * time.Hour)
			for _, one := range []func() (int64, error){
				func() (int64, error) { return code.Sweep(tx, yesterday, sweepLimit) },
				func() (int64, error) { return flow.Sweep(tx, yesterday, sweepLimit) },
				func() (int64, error) { return throttle.Sweep(tx, sweepLimit) },
				func() (int64, error) { return session.Sweep(tx, sweepLimit) },
			} {
				n, err := one()
				if err != nil {
					return err
				}
				swept = max(swept, n)
			}
			return nil
		}); err != nil {
			return err
		}
		if swept < sweepLimit {
			return nil
		}
	}
}
