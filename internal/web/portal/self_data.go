package portal

import (
	"encoding/json"
	"fmt"

	"vestibule/internal/fault"
	"vestibule/internal/selfservice"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// dataPage offers a copy of what is known.
type dataPage struct{ *ui.Frame }

func (f *Face) data(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	return c.Page(200, dataView(dataPage{c.Frame()}))
}

// dataExport answers the copy as a file.
func (f *Face) dataExport(c *web.Context) error {
	c.Here(dataPath)
	out, err := f.Self.Export(c.Context(), token(c), c.Lang)
	if err != nil {
		return err
	}
	body, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	c.W.Header().Set("Content-Disposition", `attachment; filename="account-`+out.ExportedAt.Format("2006-01-02")+`.json"`)
	return c.Bytes(200, "application/json; charset=utf-8", append(body, '\n'))
}

// closePage asks whether the account is really to be closed.
type closePage struct {
	*ui.Frame
	UserID  string
	Days    int
	Last    bool // the only administrator of an organization with other people
	Company string
}

func (f *Face) closing(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	return f.closingAgain(c, nil)
}

func (f *Face) closingAgain(c *web.Context, failed error) error {
	p, err := f.Self.Profile(c.Context(), token(c))
	if err != nil {
		return err
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), closeView(closePage{
		Frame: frame, UserID: p.Account.UserID, Days: f.Self.GraceDays(), Last: p.LastAdmin, Company: p.Company,
	}))
}

func (f *Face) closeAccount(c *web.Context) error {
	var in struct {
		UserID string `form:"user_id,max=200"`
	}
	err := c.Form(&in)
	if err == nil {
		_, err = f.Self.Close(c.Context(), token(c), in.UserID)
	}
	if err != nil {
		return f.closingAgain(c, err)
	}
	c.DropCookie(web.ClientCookie)
	c.ClearSiteData()
	return c.SeeOther(closingPath)
}

func (f *Face) closingDone(c *web.Context) error {
	return c.Page(200, linkForAnyone(linkPage{
		Frame: c.Frame(), Title: c.T("selfservice.closing.title"), Lead: c.T("selfservice.closing.lead", "days", f.Self.GraceDays()),
		Next: "/sign-in", Way: c.T("selfservice.closing.sign-in"),
	}))
}

func (f *Face) undoEmail(c *web.Context) error {
	u, err := f.Self.UndoLink(c.Context(), c.R.PathValue("token"))
	if err != nil {
		return err
	}
	if u.Done {
		return undone(c, u)
	}
	return c.Page(200, linkForAnyone(linkPage{
		Frame: c.Frame(), Title: c.T("selfservice.undo.title"), Lead: c.T("selfservice.undo.lead"),
		Facts: []ui.Fact{
			{Term: c.T("selfservice.details.user-id"), Text: u.UserID}, {Term: c.T("selfservice.undo.back"), Text: u.Email},
			{Term: c.T("selfservice.undo.now"), Text: u.Now},
		},
		Note: c.T("selfservice.undo.text"), Action: c.R.URL.Path, Go: c.T("selfservice.undo.go"),
	}))
}

func (f *Face) undoEmailDo(c *web.Context) error {
	u, err := f.Self.UndoEmail(c.Context(), c.R.PathValue("token"))
	if fault.Code(err, "link-used") { // pressed twice: what was done is what to show
		u, err = f.Self.UndoLink(c.Context(), c.R.PathValue("token"))
	}
	if err != nil {
		return err
	}
	c.DropCookie(web.ClientCookie)
	return undone(c, u)
}

func undone(c *web.Context, u selfservice.Undo) error {
	return c.Page(200, linkForAnyone(linkPage{
		Frame: c.Frame(), Title: c.T("selfservice.undone.title"), Lead: c.T("selfservice.undone.lead", "email", u.Email),
		Facts: []ui.Fact{{Term: c.T("selfservice.details.user-id"), Text: u.UserID}},
		Note:  c.T("selfservice.undone.text"), Next: "/reset-password", Way: c.T("selfservice.undone.go"),
	}))
}

func (f *Face) keepAccount(c *web.Context) error {
	k, err := f.Self.ClosingLink(c.Context(), c.R.PathValue("token"))
	if err != nil {
		return err
	}
	if k.Kept {
		return kept(c)
	}
	return c.Page(200, linkForAnyone(linkPage{
		Frame: c.Frame(), Title: c.T("selfservice.keep.title"), Lead: c.T("selfservice.keep.lead", "when", c.Words.DateTime(k.ClosesAt)),
		Facts:  []ui.Fact{{Term: c.T("selfservice.details.user-id"), Text: k.UserID}},
		Action: c.R.URL.Path, Go: c.T("selfservice.keep.go"),
	}))
}

func (f *Face) keepAccountDo(c *web.Context) error {
	err := f.Self.KeepByLink(c.Context(), c.R.PathValue("token"))
	if fault.Code(err, "link-used") {
		_, err = f.Self.ClosingLink(c.Context(), c.R.PathValue("token"))
	}
	if err != nil {
		return err
	}
	return kept(c)
}

func kept(c *web.Context) error {
	return c.Page(200, linkForAnyone(linkPage{
		Frame: c.Frame(), Title: c.T("selfservice.kept.title"), Lead: c.T("selfservice.kept.lead"), Next: "/sign-in", Way: c.T("selfservice.closing.sign-in"),
	}))
}
