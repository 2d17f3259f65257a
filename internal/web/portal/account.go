package portal

import (
	"vestibule/internal/credential"
	"vestibule/internal/session"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// The account is everybody's own business, whatever the standing: its pages are SignedIn. A page has a file account_NAME.go with its
// handlers and account_NAME.templ with what it looks like, in accountPage; the overview has a row for it. A page that changes what
// protects the account asks for a fresh session before it shows (c.Fresh), so that nobody types in vain; what decides is the service.

const (
	accountPath  = "/portal/account"
	securityPath = "/portal/security" // what the account was called once: in mails, and in what people kept
)

// accountRoutes are the frame's own rows, then those of its pages.
func (f *Face) accountRoutes() []web.Route {
	all := []web.Route{
		web.Row(web.SignedIn, "GET "+accountPath, f.account),
		web.Row(web.SignedIn, "GET "+securityPath, func(c *web.Context) error { return c.SeeOther(accountPath) }),
	}
	all = append(all, f.passwordRoutes()...)
	all = append(all, f.authenticatorRoutes()...)
	all = append(all, f.questionRoutes()...)
	all = append(all, f.passkeyRoutes()...)
	return append(all, f.selfRoutes()...)
}

// An accountRow is one line of the overview: what it is, its facts, and the way to its page.
type accountRow struct {
	Icon, Title string
	Tag, Tone   string   // a short fact beside the title, or ""
	Facts       []string // below it
	LTR         bool     // the facts are numbers or addresses
	Go, Href    string   // words of the way, and where it leads; "" for none
	About       string   // what Go is about, for screen readers: it follows Go
}

// An accountSection is a part of the overview. One without rows is not shown.
type accountSection struct {
	ID, Title, Text string
	Rows            []accountRow
}

// accountView is the overview, ready to show.
type accountView struct {
	*ui.Frame
	Email    string
	Done     string // the words of what was done just now, or ""
	Sections []accountSection
}

// account is the overview.
func (f *Face) account(c *web.Context) error {
	o, err := f.Credential.Overview(c.Context(), token(c))
	if err != nil {
		return err
	}
	p := accountView{Frame: c.Frame(), Email: o.Account.Email, Done: doneWords(c)}
	for _, part := range []func(*web.Context, credential.Overview) ([]accountSection, error){
		f.selfProfile, f.credentialSections, f.passkeySections, f.questionSections, f.selfSections,
	} {
		more, err := part(c, o)
		if err != nil {
			return err
		}
		p.Sections = append(p.Sections, more...)
	}
	return c.Page(200, accountOverview(p))
}

// doneWords are those of ?done=word, under account.done: what a change says of itself when it leads back to the overview.
func doneWords(c *web.Context) string {
	if key := "account.done." + c.R.URL.Query().Get("done"); c.Words.Has(key) {
		return c.T(key)
	}
	return ""
}

// changed keeps the session's new token and leads back to the overview, which says what was done (account.done.word).
func changed(c *web.Context, fresh session.Token, word string) error {
	keepToken(c, fresh)
	return c.SeeOther(accountPath + "?done=" + word)
}

func token(c *web.Context) session.Token { return session.Token(c.Cookie(web.ClientCookie)) }

func keepToken(c *web.Context, fresh session.Token) {
	c.SetCookie(web.ClientCookie, string(fresh), 0)
}
