package portal

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"vestibule/internal/organization"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

const (
	tokensNewPath = tokensPath + "/new"
)

// keepers are who may look after the organisation's programs.
func keepers() web.Access {
	return web.Member(string(organization.Administrator), string(organization.Technical))
}

// keepsTokens reports whether somebody is one of them.
func keepsTokens(who web.Who) bool {
	return isAdministrator(who) || slices.Contains(who.Roles, string(organization.Technical))
}

func (f *Face) tokenRoutes() []web.Route {
	return []web.Route{
		web.Row(keepers(), "GET "+tokensPath, f.tokens),
		web.Row(keepers(), "GET "+tokensNewPath, f.tokenNew),
		web.Row(keepers(), "POST "+tokensNewPath, f.tokenMake),
		web.Row(keepers(), "GET "+tokensPath+"/{id}/rotate", f.tokenRotate),
		web.Row(keepers(), "POST "+tokensPath+"/{id}/rotate", f.tokenRotateNow),
		web.Row(keepers(), "GET "+tokensPath+"/{id}/revoke", f.tokenRevoke),
		web.Row(keepers(), "POST "+tokensPath+"/{id}/revoke", f.tokenRevokeNow),
	}
}

// tokensPage lists the organisation's programs.
type tokensPage struct {
	*ui.Frame
	Company string
	List    []organization.ServiceAccount
	Now     time.Time
	Done    string
}

func (f *Face) tokens(c *web.Context) error {
	who := c.Who()
	list, err := f.Organizations.ServiceAccounts(c.Context(), who.Account)
	if err != nil {
		return err
	}
	p := tokensPage{Frame: c.Frame(), Company: who.Company, List: list, Now: c.Now()}
	if c.R.URL.Query().Get("done") == "revoked" {
		p.Done = c.T("tokens.revoked-done")
	}
	return c.Page(http.StatusOK, tokensView(p))
}

// tokenForm is what is filled in for a new service account, or for a new token of one.
type tokenForm struct {
	Name    string   `form:"name,max=200"`
	Scopes  []string `form:"scopes"`
	Life    string   `form:"life"`
	Overlap string   `form:"overlap"`
	Token   string   `form:"token"` // the newest one that was seen
}

func (in tokenForm) has(scope organization.Scope) bool {
	return slices.Contains(in.Scopes, string(scope))
}

// lives and overlaps are what can be chosen, in hours; "0" is no end, and no overlap.
func lives(f *ui.Frame) []ui.Option {
	return []ui.Option{
		{Value: "720h", Label: f.T("tokens.months-1")}, {Value: "2160h", Label: f.T("tokens.months-3")},
		{Value: "8760h", Label: f.T("tokens.months-12")}, {Value: "0", Label: f.T("tokens.never")},
	}
}

func overlaps(f *ui.Frame) []ui.Option {
	return []ui.Option{
		{Value: "0", Label: f.T("tokens.overlap-now")}, {Value: "1h", Label: f.T("tokens.hour")},
		{Value: "24h", Label: f.T("tokens.day")}, {Value: "168h", Label: f.T("tokens.week")},
	}
}

// chosen is the duration of one of the options; anything else is longer than the Service takes.
func chosen(options []ui.Option, value string) time.Duration {
	if !slices.ContainsFunc(options, func(o ui.Option) bool { return o.Value == value }) {
		return -1
	}
	d, _ := time.ParseDuration(strings.TrimSpace(value)) // one of ours
	return d
}

// tokenPage is the form for a service account, new or to be rotated.
type tokenPage struct {
	*ui.Frame
	In      tokenForm
	Account organization.ServiceAccount
}

func (f *Face) tokenNew(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	return c.Page(http.StatusOK, tokenNewView(tokenPage{Frame: c.Frame(), In: tokenForm{Life: "8760h"}}))
}

func (f *Face) tokenMake(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	var in tokenForm
	err := c.Form(&in)
	var a organization.ServiceAccount
	var token string
	if err == nil {
		n := organization.NewServiceAccount{Name: in.Name, Life: chosen(lives(c.Frame()), in.Life)}
		for _, s := range in.Scopes {
			n.Scopes = append(n.Scopes, organization.Scope(s))
		}
		a, token, err = f.Organizations.MakeServiceAccount(c.Context(), c.Who().Account, n)
	}
	if err == nil {
		return f.tokenShown(c, a, token)
	}
	frame, err := c.Again(err)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), tokenNewView(tokenPage{Frame: frame, In: in}))
}

// shownPage tells a token, this once.
type shownPage struct {
	*ui.Frame
	Account organization.ServiceAccount
	Token   string
}

// tokenShown answers the form itself: nothing that could be asked for again tells the token.
func (f *Face) tokenShown(c *web.Context, a organization.ServiceAccount, token string) error {
	c.Here(tokensPath)
	return c.Page(http.StatusOK, tokenShownView(shownPage{Frame: c.Frame(), Account: a, Token: token}))
}

func (f *Face) tokenRotate(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	a, err := f.Organizations.ServiceAccount(c.Context(), c.Who().Account, c.R.PathValue("id"))
	if err != nil {
		return err
	}
	return c.Page(http.StatusOK, tokenRotateView(tokenPage{Frame: c.Frame(), Account: a, In: tokenForm{Life: "8760h", Overlap: "24h"}}))
}

func (f *Face) tokenRotateNow(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	c.Here(c.R.URL.Path)
	who, id := c.Who().Account, c.R.PathValue("id")
	var in tokenForm
	err := c.Form(&in)
	var a organization.ServiceAccount
	var token string
	if err == nil {
		frame := c.Frame()
		a, token, err = f.Organizations.RotateToken(c.Context(), who, id, in.Token, chosen(lives(frame), in.Life), chosen(overlaps(frame), in.Overlap))
	}
	if err == nil {
		return f.tokenShown(c, a, token)
	}
	frame, err := c.Again(err)
	if err != nil {
		return err
	}
	if a, err = f.Organizations.ServiceAccount(c.Context(), who, id); err != nil {
		return err
	}
	return c.Page(frame.Status(), tokenRotateView(tokenPage{Frame: frame, Account: a, In: in}))
}

// tokenRevoke asks once more. It wants no fresh sign-in: whoever is in a hurry to stop a program is let.
func (f *Face) tokenRevoke(c *web.Context) error {
	a, err := f.Organizations.ServiceAccount(c.Context(), c.Who().Account, c.R.PathValue("id"))
	if err != nil {
		return err
	}
	return c.Page(http.StatusOK, tokenRevokeView(tokenPage{Frame: c.Frame(), Account: a}))
}

func (f *Face) tokenRevokeNow(c *web.Context) error {
	c.Here(tokensPath)
	if _, err := f.Organizations.RevokeServiceAccount(c.Context(), c.Who().Account, c.R.PathValue("id")); err != nil {
		return err
	}
	return c.SeeOther(tokensPath + "?done=revoked")
}

// newestToken is the id of the token that a rotation follows on.
func (p tokenPage) newestToken() string {
	if len(p.Account.Tokens) == 0 {
		return ""
	}
	return p.Account.Tokens[0].ID
}

// validFor says until when the newest token works, and the one before it where it still does.
func (p tokensPage) validFor(a organization.ServiceAccount) (lines []string) {
	for i, t := range a.Tokens {
		when := p.Words.ShortDateTime(t.ExpiresAt)
		switch {
		case i > 0:
			lines = append(lines, p.T("tokens.earlier", "when", when))
		case t.ExpiresAt.IsZero():
			lines = append(lines, p.T("tokens.endless"))
		case !p.Now.Before(t.ExpiresAt):
			lines = append(lines, p.T("tokens.ended", "when", when))
		default:
			lines = append(lines, p.T("tokens.until", "when", when))
		}
	}
	return lines
}

// ended reports whether no token of the account works any more.
func (p tokensPage) ended(a organization.ServiceAccount) bool {
	return !slices.ContainsFunc(a.Tokens, func(t organization.ServiceToken) bool {
		return t.ExpiresAt.IsZero() || p.Now.Before(t.ExpiresAt)
	})
}

// used says when and from where the account was used last.
func (p tokensPage) used(a organization.ServiceAccount) string {
	last := organization.ServiceToken{}
	for _, t := range a.Tokens {
		if t.UsedAt.After(last.UsedAt) {
			last = t
		}
	}
	if last.UsedAt.IsZero() {
		return p.T("tokens.never-used")
	}
	return p.T("tokens.last-used", "when", p.Words.ShortDateTime(last.UsedAt)) + " " + p.T("tokens.from", "network", last.UsedFrom)
}
