// Package portal is what a client sees: home, the people of the organisation, and the own account.
//
// Every page belongs to somebody who is signed in and, but for those of the own account, whom the one evaluator lets in; the organisation is the session's, never the
// request's. The pages decide nothing: what is open and what is locked is access.Standing's word.
package portal

import (
	"context"
	"slices"

	"vestibule/internal/access"
	"vestibule/internal/activation"
	"vestibule/internal/credential"
	"vestibule/internal/download"
	"vestibule/internal/feed"
	"vestibule/internal/helpdesk"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/selfservice"
	"vestibule/internal/signin"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// Services are the capabilities that the portal speaks to.
type Services struct {
	Access        *access.Service
	Organizations *organization.Service
	SignIn        *signin.Service
	Helpdesk      *helpdesk.Service
	Credential    *credential.Service
	Self          *selfservice.Service
	Passkeys      *credential.Passkeys
	Licenses      *license.Service
	Activation    *activation.Service
	Download      *download.Service
	Feed          *feed.Service
}

// Face is the client portal.
type Face struct{ Services }

// New makes the face.
func New(s Services) *Face { return &Face{s} }

// Routes are the face's table.
func (f *Face) Routes() []web.Route {
	administrator := web.Member(string(organization.Administrator))
	return append([]web.Route{
		web.Row(web.Client, "GET /portal", f.home),
		web.Row(web.Client, "POST /portal/ask-again", f.askAgain),
		web.Row(web.Client, "GET /portal/people", f.people),
		web.Row(administrator, "POST /portal/people/{id}/accept", f.accept),
		web.Row(administrator, "POST /portal/people/{id}/refuse", f.refuse),
	}, slices.Concat(f.licenceRoutes(), f.deviceRoutes(), f.downloadRoutes(), f.tokenRoutes(), f.vouchRoutes(), f.accountRoutes())...)
}

// Held is what is read along with a client's session (web.Who.Held): where the account stands, and how many colleagues wait for it
// to let them join, where it is an administrator.
type Held struct {
	Standing access.Standing
	Asking   int
}

// held is what was read along with the session. Without it nobody stands anywhere: it fails closed.
func held(who web.Who) Held {
	h, _ := who.Held.(Held)
	return h
}

// Gate says where somebody who is signed in must go before the portal; it is web.Options.Gate.
func (f *Face) Gate(_ context.Context, who web.Who) (string, error) {
	if held(who).Standing.Allowed {
		return "", nil
	}
	return standingPath, nil
}

const (
	standingPath = "/standing"
	peoplePath   = "/portal/people"
)

// Nav is the navigation: pages that exist and open, and no others.
func Nav(who web.Who, words *text.Words) []ui.NavItem {
	nav := []ui.NavItem{{Text: words.T("portal.nav-home"), Href: web.HomePath}}
	if who.Organization != "" && held(who).Standing.Allowed {
		nav = append(nav, ui.NavItem{Text: words.T("licence.nav"), Href: licencesPath}, ui.NavItem{Text: words.T("downloads.title"), Href: downloadsPath}, ui.NavItem{Text: words.T("portal.nav-people"), Href: peoplePath})
		if keepsTokens(who) {
			nav = append(nav, ui.NavItem{Text: words.T("tokens.nav"), Href: tokensPath})
		}
	}
	return append(nav, ui.NavItem{Text: words.T("portal.nav-account"), Href: accountPath})
}

func isAdministrator(who web.Who) bool {
	for _, r := range who.Roles {
		if organization.Role(r) == organization.Administrator {
			return true
		}
	}
	return false
}
