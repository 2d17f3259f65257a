package portal

import (
	"net/url"

	"vestibule/internal/feed"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// feedForm makes a secret address.
type feedForm struct {
	Kind string `form:"kind,max=20"`
	Name string `form:"name,max=60"`
}

func (f *Face) feeds(c *web.Context) error {
	p := feedsPage{}
	if c.R.URL.Query().Has("revoked") {
		p.Done = c.T("downloads.feed.done-revoked")
	}
	return f.showFeeds(c, p, nil)
}

// showFeeds shows the addresses, and what p says happened to one of them.
func (f *Face) showFeeds(c *web.Context, p feedsPage, failed error) error {
	c.Here(feedsPath)
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	list, err := f.Feed.Addresses(c.Context(), c.Who().Account)
	if err != nil {
		return err
	}
	shelf, err := f.Download.Shelf(c.Context(), c.Who().Account, "", 0)
	if err != nil {
		return err
	}
	p.Frame, p.Kinds, p.Back = frame, feedKinds(frame), downloadsPath
	if p.In.Kind == "" {
		p.In.Kind = feed.WinGET
	}
	channel := "stable"
	if i := channelOf(shelf, ""); i >= 0 {
		channel = shelf.Channels[i].Code
	}
	if shelf.Product.ID != "" {
		p.Open = c.BaseURL() + "/feeds/" + url.PathEscape(shelf.Product.ID) + "/" + channel + ".json"
	}
	for _, a := range list {
		row := feedRow{
			ID: a.ID, Name: a.Name, Kind: c.T("downloads.feed.kind-" + a.Kind), Made: c.T("downloads.feed.made-by", "name", a.MadeBy, "when", c.Words.ShortDate(a.MadeAt)),
			Used: c.T("downloads.feed.never"), Tone: ui.OK, State: c.T("downloads.feed.live"), Live: a.RevokedAt.IsZero(),
		}
		if !a.UsedAt.IsZero() {
			row.Used = c.Words.ShortDateTime(a.UsedAt)
		}
		if !row.Live {
			row.Tone, row.State = ui.Off, c.T("downloads.feed.revoked")
		}
		p.Rows = append(p.Rows, row)
	}
	return c.Page(frame.Status(), feedsView(p))
}

func feedKinds(f *ui.Frame) []ui.Option {
	var list []ui.Option
	for _, kind := range []string{feed.WinGET, feed.Atom} {
		list = append(list, ui.Option{Value: kind, Label: f.T("downloads.feed.kind-" + kind), Hint: f.T("downloads.feed.kind-" + kind + "-hint")})
	}
	return list
}

// makeFeed wants a fresh sign-in, as a token does: whoever has the address needs no password any more.
func (f *Face) makeFeed(c *web.Context) error {
	c.Here(feedsPath)
	if err := c.Fresh(); err != nil {
		return err
	}
	var in feedForm
	err := c.Form(&in)
	if err != nil {
		return f.showFeeds(c, feedsPage{In: in}, err)
	}
	a, path, err := f.Feed.MakeAddress(c.Context(), c.Who().Account, in.Kind, in.Name)
	if err != nil {
		return f.showFeeds(c, feedsPage{In: in}, err)
	}
	return f.showMade(c, a, path)
}

// showMade shows a secret address, this once.
func (f *Face) showMade(c *web.Context, a feed.Address, path string) error {
	p := feedsPage{Made: addressPart{Title: a.Name, Href: c.BaseURL() + path}}
	if a.Kind == feed.WinGET {
		p.Command = wingetCommand(c.Frame().Vendor.Name, p.Made.Href)
	}
	return f.showFeeds(c, p, nil)
}

// wingetCommand adds a source to winget, the Windows package manager.
func wingetCommand(vendor, address string) string {
	return `winget source add --type Microsoft.Rest --name "` + vendor + `" --arg ` + address
}

func (f *Face) replaceFeed(c *web.Context) error {
	id := c.R.PathValue("id")
	c.Here(feedsPath)
	if err := c.Fresh(); err != nil {
		return err
	}
	path, err := f.Feed.ReplaceAddress(c.Context(), c.Who().Account, id)
	if err != nil {
		return err
	}
	list, err := f.Feed.Addresses(c.Context(), c.Who().Account)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.ID == id {
			return f.showMade(c, a, path)
		}
	}
	return f.showMade(c, feed.Address{ID: id}, path)
}

func (f *Face) revokeFeed(c *web.Context) error {
	c.Here(feedsPath)
	if err := f.Feed.RevokeAddress(c.Context(), c.Who().Account, c.R.PathValue("id")); err != nil {
		return err
	}
	return c.SeeOther(feedsPath + "?revoked=1")
}
