// Package office is the back office: the queue of requests, one request and its
// decision, join requests, the messages, the trail of events, and the help with
// the SMS step. It decides nothing: it reads a form, calls one method of a
// Service, and shows what came of it.
package office

import (
	"context"
	"slices"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/activation"
	"vestibule/internal/credential"
	"vestibule/internal/download"
	"vestibule/internal/helpdesk"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/register"
	"vestibule/internal/release"
	"vestibule/internal/staff"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// Services are what the back office works with.
type Services struct {
	Access        *access.Service
	Organizations *organization.Service
	Desk          *staff.Desk
	Steps         *register.Service
	Helpdesk      *helpdesk.Service
	Passkeys      *credential.Passkeys
	Licenses      *license.Service
	Activation    *activation.Service
	Releases      *release.Service
	Download      *download.Service
}

// Face is the back office.
type Face struct {
	s         Services
	countries map[text.Lang]map[string]string // names by code
}

// New makes the back office.
func New(s Services) *Face {
	f := &Face{s: s, countries: map[text.Lang]map[string]string{}}
	for _, lang := range text.Languages() {
		names := map[string]string{}
		for _, c := range account.Countries(string(lang)) {
			names[c.Code] = c.Name
		}
		f.countries[lang] = names
	}
	return f
}

// Routes are the face's table.
func (f *Face) Routes() []web.Route {
	view, decide := web.Staff(string(staff.RequestsView)), web.Staff(string(staff.RequestsDecide))
	messages, mend := web.Staff(string(staff.MessagesView)), web.Staff(string(staff.MessagesManage))
	accounts, help := web.Staff(string(staff.AccountsView)), web.Staff(string(staff.AccountsHelp))
	return append([]web.Route{
		web.Row(web.StaffAny, "GET /office", f.start),
		web.Row(view, "GET /office/requests", f.queue),
		web.Row(view, "GET /office/requests/export", f.export),
		web.Row(view, "GET /office/requests/{id}", f.request),
		web.Row(decide, "POST /office/requests/{id}/decision", f.decide),
		web.Row(decide, "POST /office/requests/{id}/again", f.sendAgain),
		web.Row(decide, "POST /office/requests/decisions", f.bulk),
		web.Row(web.Staff(string(staff.OrganizationsView)), "GET /office/joins", f.joins),
		web.Row(decide, "POST /office/joins/{id}", f.decideJoin),
		web.Row(accounts, "GET /office/accounts", f.accounts),
		web.Row(accounts, "POST /office/accounts/search", f.searchAccounts),
		web.Row(accounts, "GET /office/accounts/pending", f.awaiting),
		web.Row(accounts, "GET /office/accounts/{id}", f.account),
		web.Row(help, "POST /office/accounts/{id}/code", f.sendCode),
		web.Row(help, "POST /office/accounts/{id}/verify", f.verifyCode),
		web.Row(help, "POST /office/accounts/{id}/act", f.act),
		web.Row(help, "POST /office/accounts/{id}/clear", f.clear),
		web.Row(help, "POST /office/accounts/{id}/clearings/{clearing}/agree", f.agree),
		web.Row(help, "POST /office/accounts/{id}/clearings/{clearing}/cancel", f.cancel),
		web.Row(accounts, "GET /office/registrations", f.registrations),
		web.Row(accounts, "GET /office/registrations/{id}", f.registration),
		web.Row(help, "POST /office/registrations/{id}/release", f.release),
		web.Row(messages, "GET /office/messages", f.messages),
		web.Row(messages, "GET /office/messages/{id}", f.message),
		web.Row(mend, "POST /office/messages/{id}/retry", f.retry),
		web.Row(mend, "POST /office/messages/{id}/drop", f.drop),
		web.Row(web.Staff(string(staff.AuditView)), "GET /office/audit", f.audit),
		web.Row(web.Staff(string(staff.AuditView)), "GET /office/upkeep", f.upkeep),
		web.Row(web.Staff(string(staff.AuditView)), "POST /office/upkeep/evidence", f.evidence),
	}, slices.Concat(f.licenceRoutes(), f.releaseRoutes(), f.passkeyPages().Routes())...)
}

// a place is an entry of the navigation and the permission that it takes.
type place struct {
	permission        staff.Permission
	words, href, icon string
}

func places() []place {
	return []place{
		{staff.RequestsView, "office.nav.requests", "/office/requests", "inbox"},
		{staff.OrganizationsView, "office.nav.joins", "/office/joins", "users"},
		{staff.AccountsView, "helpdesk.nav", accountsPath, "users"},
		{staff.AccountsView, "office.nav.registrations", "/office/registrations", "phone"},
		{staff.LicensesView, "office.nav.licences", licencesPath, "key"},
		{staff.LicensesView, "office.nav.products", productsPath, "server"},
		{staff.LicensesView, "office.nav.policies", policiesPath, "sliders"},
		{staff.ReleasesView, "releases.nav", releasesPath, "download"},
		{staff.ReleasesView, "releases.transfers.nav", transfersPath, "chart"},
		{staff.MessagesView, "office.nav.messages", "/office/messages", "mail"},
		{staff.AuditView, "office.nav.audit", "/office/audit", "history"},
		{staff.AuditView, "office.nav.upkeep", "/office/upkeep", "refresh"},
	}
}

// Nav is the navigation for a member of staff: what the roles allow, each with
// what waits there.
func (f *Face) Nav(ctx context.Context, who web.Who, words *text.Words) []ui.NavItem {
	var items []ui.NavItem
	for _, p := range places() {
		if !who.Can(string(p.permission)) {
			continue
		}
		item := ui.NavItem{Text: words.T(p.words), Href: p.href, Icon: p.icon}
		if p.permission == staff.RequestsView {
			// A count that cannot be read is left out; the page will say why.
			if n, err := f.s.Access.OpenCount(ctx); err == nil {
				item.Count, item.CountNote = n, words.T("office.nav.open")
			}
		}
		if p.href == accountsPath {
			if n, err := f.s.Helpdesk.AwaitingCount(ctx); err == nil {
				item.Count, item.CountNote = n, words.T("helpdesk.nav-pending")
			}
		}
		items = append(items, item)
	}
	return items
}

// start leads to the first place that the roles allow; whoever makes releases and decides nothing begins with those.
func (f *Face) start(c *web.Context) error {
	if c.Who().Can(string(staff.ReleasesManage)) && !c.Who().Can(string(staff.RequestsView)) {
		return c.SeeOther(releasesPath)
	}
	for _, p := range places() {
		if c.Who().Can(string(p.permission)) {
			return c.SeeOther(p.href)
		}
	}
	return c.Page(200, nothingView(c.Frame()))
}

func (f *Face) country(c *web.Context, code string) string {
	if name := f.countries[c.Lang][code]; name != "" {
		return name
	}
	return code
}
