package office

import (
	"net/http"
	"net/url"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/fault"
	"vestibule/internal/helpdesk"
	"vestibule/internal/license"
	"vestibule/internal/staff"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

const accountsPath = "/office/accounts"

// accountsForm is the toolbar of the accounts.
type accountsForm struct {
	Search       string `form:"q,max=200"`
	Organization string `form:"organization,max=64"` // whose members are listed
	State        string `form:"state,max=20"`
	After        string `form:"after,max=64"`
}

func (in accountsForm) href() string {
	v := url.Values{}
	for name, value := range map[string]string{"q": in.Search, "organization": in.Organization, "state": in.State, "after": in.After} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(v) == 0 {
		return accountsPath
	}
	return accountsPath + "?" + v.Encode()
}

func accountHref(id string) string { return accountsPath + "/" + url.PathEscape(id) }

func by(c *web.Context) helpdesk.Staff {
	return helpdesk.Staff{ID: c.Who().Account, Name: c.Who().Name}
}

// accountRow is one account of the list, ready to show.
type accountRow struct {
	Href, Name, UserID, Email, Mobile, Organization string
	Tone, State                                     string
	Staff, Pending                                  bool
}

func (f *Face) accounts(c *web.Context) error {
	var in accountsForm
	return f.showAccounts(c, in, c.Form(&in))
}

// searchAccounts looks for accounts. What looks like a licence key is looked for here and now, so that no address names it: it leads
// to the members of the organisation whose key it is. What finds somebody, or looks like no key, becomes an address that can be kept.
func (f *Face) searchAccounts(c *web.Context) error {
	var in accountsForm
	err := c.Form(&in)
	in.Organization, in.After = "", ""
	if err == nil && !likeKey(in.Search) {
		return c.SeeOther(in.href())
	}
	c.Here(accountsPath)
	return f.showAccounts(c, in, err)
}

func (f *Face) showAccounts(c *web.Context, in accountsForm, failed error) error {
	var page helpdesk.Page
	if failed == nil {
		var err error
		q := helpdesk.Query{Search: in.Search, Organization: in.Organization, State: account.State(in.State), After: in.After}
		if page, err = f.s.Helpdesk.Find(c.Context(), by(c), q); err != nil {
			return err
		}
	}
	keyed := failed == nil && in.Search != "" && page.Organization.ID != in.Organization
	if keyed {
		return c.SeeOther(accountsForm{Organization: page.Organization.ID, State: in.State}.href())
	}
	if failed == nil && likeKey(in.Search) {
		_, bad := license.ParseKey(in.Search)
		switch {
		case len(page.Accounts) > 0: // no key is an account's words
			if c.R.Method == http.MethodPost {
				return c.SeeOther(in.href())
			}
		case bad != nil && fault.From(bad).Code == "key-check":
			failed = onFields(bad, map[string]string{"": "q", "key": "q"})
		}
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	kept := in
	if len(frame.Errors) > 0 || likeKey(in.Search) && len(page.Accounts) == 0 { // no tab carries along what nobody has
		kept.Search = ""
	}
	p := accountsPage{Frame: frame, In: in, Behind: page.Behind, Tabs: f.tabs(c, kept), ClearHref: accountsForm{State: in.State}.href()}
	if len(frame.Errors) > 0 {
		return c.Page(frame.Status(), accountsView(p))
	}
	if p.Waiting, err = f.s.Helpdesk.AwaitingCount(c.Context()); err != nil {
		return err
	}
	if page.Organization.ID != "" {
		p.Of = c.T("helpdesk.list.of", "organization", page.Organization.Name)
	}
	if len(page.Accounts) > 0 && (in.Search != "" || in.Organization != "" || in.State != "") {
		p.Found = c.T("helpdesk.list.found", "n", page.Count)
		if !page.Exact {
			p.Found = c.T("helpdesk.list.more", "n", page.Count)
		}
	}
	for _, one := range page.Accounts {
		p.Rows = append(p.Rows, foundRow(c, one))
	}
	kept.After = ""
	if in.After != "" {
		p.First = kept.href()
	}
	if page.Next != "" {
		kept.After = page.Next
		p.Next = kept.href()
	}
	return c.Page(http.StatusOK, accountsView(p))
}

func (f *Face) tabs(c *web.Context, in accountsForm) []ui.Tab {
	tabs := []ui.Tab{{Text: c.T("helpdesk.state.all"), Href: accountsForm{Search: in.Search, Organization: in.Organization}.href(), Current: in.State == "", Count: -1}}
	for _, s := range helpdesk.States() {
		tabs = append(tabs, ui.Tab{
			Text: c.T("helpdesk.state." + string(s)), Href: accountsForm{Search: in.Search, Organization: in.Organization, State: string(s)}.href(), Current: in.State == string(s), Count: -1,
		})
	}
	return tabs
}

func foundRow(c *web.Context, one helpdesk.Found) accountRow {
	a := one.Account
	r := accountRow{
		Href: accountHref(a.ID), Name: a.Name(), UserID: a.UserID, Email: a.Email, Mobile: account.MaskMobile(a.Mobile), Organization: one.Organization,
		Tone: accountTone(a.State), State: c.T("helpdesk.state." + string(a.State)), Staff: one.Staff, Pending: one.Pending,
	}
	if a.Mobile == "" {
		r.Mobile = ""
	}
	if r.Organization == "" && a.Organization != "" {
		r.Organization = c.T("helpdesk.list.typed", "name", a.Organization)
	}
	return r
}

func accountTone(s account.State) string {
	switch s {
	case account.Active:
		return ui.OK
	case account.Expired, account.Unfinished:
		return ui.Warn
	case account.Disabled:
		return ui.Bad
	}
	return ui.Off
}

// clearingRow is a clearing, ready to show.
type clearingRow struct {
	ID, Href, Name, UserID    string
	Things, Basis, By, Reason string
	Tone, State, When, Note   string
	Open, MayAgree            bool
	Own                       bool // whoever looks asked for it
	MayCancel                 bool
}

func (f *Face) awaiting(c *web.Context) error {
	list, err := f.s.Helpdesk.Awaiting(c.Context(), by(c))
	if err != nil {
		return err
	}
	p := awaitingPage{Frame: c.Frame()}
	for _, one := range list {
		row := f.clearing(c, one.Clearing)
		row.Href, row.Name, row.UserID = accountHref(one.Clearing.Account), one.Name, one.UserID
		p.Rows = append(p.Rows, row)
	}
	return c.Page(200, awaitingView(p))
}

// clearing words one clearing.
func (f *Face) clearing(c *web.Context, k helpdesk.Clearing) clearingRow {
	helps := c.Who().Can(string(staff.AccountsHelp))
	r := clearingRow{
		ID: k.ID, Things: things(c, k.Things), Basis: c.T("helpdesk.basis." + string(k.Basis)), By: k.AskedBy.Name, Reason: k.Reason, Note: k.Note,
		Open: k.State.Open(), Own: k.AskedBy.ID == c.Who().Account, MayCancel: helps && k.State.Open(),
	}
	r.MayAgree = helps && k.NeedsStaff && !r.Own
	switch k.State {
	case helpdesk.Asked:
		r.Tone, r.When = ui.Warn, c.T("helpdesk.clearing.asked-until", "when", c.Words.ShortDateTime(k.DueAt))
	case helpdesk.Waiting:
		r.Tone, r.When = ui.Warn, c.T("helpdesk.clearing.due", "when", c.Words.ShortDateTime(k.DueAt))
	case helpdesk.Done:
		r.Tone, r.When = ui.OK, c.Words.ShortDateTime(k.SettledAt)
	default:
		r.Tone, r.When = ui.Off, c.Words.ShortDateTime(k.SettledAt)
	}
	if k.State == helpdesk.Stopped {
		r.Tone = ui.Bad
	}
	r.State = c.T("helpdesk.clearing-state." + string(k.State))
	if k.NeedsStaff {
		r.State = c.T("helpdesk.clearing-state.asked-staff")
	}
	if k.AgreedBy.Name != "" {
		r.Basis = c.T("helpdesk.basis."+string(k.Basis)+"-by", "name", k.AgreedBy.Name)
	}
	return r
}

// things are what is to be cleared, in words.
func things(c *web.Context, t helpdesk.Things) string {
	words := ""
	for _, w := range t.Words() {
		if words != "" {
			words += ", "
		}
		words += c.T("helpdesk.thing." + w)
	}
	return words
}

// accountForm is what the forms of an account's page send. Each form has fields of
// its own names, since they stand on one page; what another form has is not read.
type accountForm struct {
	At string `form:"at,max=40"` // of GET: the instant to explain

	Means string `form:"means,max=20"`
	Code  string `form:"code,max=40"`

	Act    string `form:"act,max=20"`
	Reason string `form:"reason,max=4000"`

	Questions     bool   `form:"questions"`
	Authenticator bool   `form:"authenticator"`
	Passkeys      bool   `form:"passkeys"`
	Basis         string `form:"basis,max=20"`
	ClearReason   string `form:"clear_reason,max=4000"`
	CancelReason  string `form:"cancel_reason,max=4000"`
}

func (f *Face) account(c *web.Context) error {
	var in accountForm
	err := c.Form(&in)
	if err == nil && in.At != "" {
		switch at, bad := c.Words.ParseLocal(in.At); {
		case bad != nil:
			err = fault.OnField("at", "instant-shape")
		case at.After(c.Now()):
			err = fault.OnField("at", "instant-future")
		}
	}
	return f.showAccount(c, in, err)
}

func (f *Face) sendCode(c *web.Context) error {
	return f.helped(c, "sent", func(id string, in accountForm) error {
		return f.s.Helpdesk.SendCode(c.Context(), by(c), id, helpdesk.Means(in.Means))
	})
}

func (f *Face) verifyCode(c *web.Context) error {
	return f.helped(c, "verified", func(id string, in accountForm) error {
		return f.s.Helpdesk.Verify(c.Context(), by(c), id, helpdesk.Means(in.Means), in.Code)
	})
}

func (f *Face) act(c *web.Context) error {
	return f.helped(c, "done", func(id string, in accountForm) error {
		return f.s.Helpdesk.Do(c.Context(), by(c), id, helpdesk.Act(in.Act), in.Reason)
	})
}

func (f *Face) clear(c *web.Context) error {
	return f.helped(c, "cleared", func(id string, in accountForm) error {
		what := helpdesk.Things{Questions: in.Questions, Authenticator: in.Authenticator, Passkeys: in.Passkeys}
		_, err := f.s.Helpdesk.Clear(c.Context(), by(c), id, what, helpdesk.Basis(in.Basis), in.ClearReason)
		return onFields(err, map[string]string{"reason": "clear_reason"})
	})
}

func (f *Face) agree(c *web.Context) error {
	return f.helped(c, "agreed", func(id string, _ accountForm) error {
		return f.s.Helpdesk.Agree(c.Context(), by(c), id, c.R.PathValue("clearing"))
	})
}

func (f *Face) cancel(c *web.Context) error {
	return f.helped(c, "cancelled", func(id string, in accountForm) error {
		err := f.s.Helpdesk.Cancel(c.Context(), by(c), id, c.R.PathValue("clearing"), in.CancelReason)
		return onFields(err, map[string]string{"reason": "cancel_reason"})
	})
}

// helped reads the form, lets one thing be done, and shows the account again.
func (f *Face) helped(c *web.Context, done string, do func(id string, in accountForm) error) error {
	id := c.R.PathValue("id")
	var in accountForm
	err := c.Form(&in)
	if err == nil {
		err = do(id, in)
	}
	if err != nil {
		return f.showAccount(c, in, err)
	}
	if done == "done" {
		done = in.Act
	}
	return c.SeeOther(accountHref(id) + "?done=" + url.QueryEscape(done))
}

// at is the instant that the page explains; zero is now.
func (in accountForm) at(c *web.Context) time.Time {
	t, err := c.Words.ParseLocal(in.At)
	if err != nil {
		return time.Time{}
	}
	return t
}
