package office

import (
	"net/url"

	"vestibule/internal/license"
	"vestibule/internal/release"
	"vestibule/internal/staff"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// The bodies of forms with long texts, which grow when they are sent: each letter beyond ASCII is up to twelve bytes.
const (
	notesBody     = 512 << 10
	agreementBody = 5 << 20
)

// releaseRoutes are releases, what was fetched of them, and the agreements before it.
func (f *Face) releaseRoutes() []web.Route {
	view, manage := web.Staff(string(staff.ReleasesView)), web.Staff(string(staff.ReleasesManage))
	return append([]web.Route{
		web.Row(view, "GET /office/releases", f.releases),
		web.Row(manage, "GET /office/releases/new", f.newRelease),
		web.Row(manage, "POST /office/releases/new", f.makeRelease).Body(notesBody),
		web.Row(manage, "POST /office/releases/preview", f.previewNotes).Body(notesBody),
		web.Row(view, "GET /office/releases/{id}", f.oneRelease),
		web.Row(manage, "GET /office/releases/{id}/edit", f.editRelease),
		web.Row(manage, "POST /office/releases/{id}/edit", f.saveRelease).Body(notesBody),
		web.Row(manage, "POST /office/releases/{id}/publish", f.publishRelease),
		web.Row(manage, "POST /office/releases/{id}/require", f.requireRelease),
		web.Row(manage, "POST /office/releases/{id}/withdraw", f.withdrawRelease),
		web.Row(manage, "POST /office/releases/{id}/discard", f.discardRelease),
		web.Row(view, "GET /office/transfers", f.transfers),
		web.Row(view, "GET /office/transfers/export", f.exportTransfers).Long(),
		web.Row(view, "GET /office/products/{id}/agreement", f.agreements),
		web.Row(manage, "POST /office/products/{id}/agreement", f.publishAgreement).Body(agreementBody),
	}, f.uploadRoutes(manage)...)
}

// releasesForm is the toolbar of the releases.
type releasesForm struct {
	State   string `form:"state,max=20"`
	Product string `form:"product,max=60"`
	Channel string `form:"channel,max=20"`
	After   string `form:"after,max=100"`
}

func (in releasesForm) filtered() bool { return in.State != "" || in.Product != "" || in.Channel != "" }

// href is the list's address with these choices.
func (in releasesForm) href() string {
	return withQuery(releasesPath, map[string]string{"state": in.State, "product": in.Product, "channel": in.Channel, "after": in.After})
}

func (f *Face) releases(c *web.Context) error {
	var in releasesForm
	if err := c.Form(&in); err != nil {
		return err
	}
	page, err := f.s.Releases.Find(c.Context(), releaser(c), release.Filter{Product: in.Product, Channel: in.Channel, State: release.State(in.State), After: in.After})
	if err != nil {
		return err
	}
	products, err := f.s.Licenses.Products(c.Context())
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(page.Releases))
	for _, r := range page.Releases {
		ids = append(ids, r.ID)
	}
	done, err := f.s.Download.Completed(c.Context(), ids)
	if err != nil {
		return err
	}
	p := releasesPage{
		Frame: c.Frame(), In: in, MayManage: c.Who().Can(string(staff.ReleasesManage)), New: withQuery(releasesPath+"/new", map[string]string{"product": in.Product}),
		Products: []ui.Option{{Label: c.T("releases.any-product")}}, Channels: []ui.Option{{Label: c.T("releases.any-channel")}}, Tabs: releaseTabs(c, in, page),
	}
	if c.R.URL.Query().Get("done") == "discarded" {
		p.Done = c.T("releases.done-discarded")
	}
	p.Channels = append(p.Channels, channelChoice(p.Frame)...)
	names := map[string]string{}
	for _, one := range products {
		names[one.ID] = one.Name
		p.Products = append(p.Products, ui.Option{Value: one.ID, Label: one.Name})
	}
	for _, r := range page.Releases {
		row := releaseRow{
			Href: releaseHref(r.ID), Version: r.Version.String(), Product: names[r.Product], Channel: channelWords(c, r.Channel), Required: r.Required,
			Files: c.Words.Number(int64(len(r.Artifacts))), Downloads: c.Words.Number(int64(done[r.ID])),
		}
		row.Tone, row.State = releaseState(c, r)
		if !r.EffectiveAt.IsZero() {
			row.Effective = c.Words.ShortDateTime(r.EffectiveAt)
		}
		p.Rows = append(p.Rows, row)
	}
	if in.After != "" {
		first := in
		first.After = ""
		p.First = first.href()
	}
	if page.Next != "" {
		in.After = page.Next
		p.Next = in.href()
	}
	return c.Page(200, releasesView(p))
}

// releaseTabs lead to the releases of each state that has any.
func releaseTabs(c *web.Context, in releasesForm, page release.Page) []ui.Tab {
	all := 0
	for _, n := range page.Counts {
		all += n
	}
	tab := func(state, words string, n int) ui.Tab {
		return ui.Tab{Text: c.T("releases.state." + words), Href: releasesForm{State: state, Product: in.Product, Channel: in.Channel}.href(), Current: in.State == state, Count: n}
	}
	tabs := []ui.Tab{tab("", "all", all)}
	for _, state := range release.States() {
		if n := page.Counts[state]; n > 0 || in.State == string(state) || state != release.Verifying {
			tabs = append(tabs, tab(string(state), string(state), n))
		}
	}
	return tabs
}

// channelChoice are the channels as a choice.
func channelChoice(f *ui.Frame) []ui.Option {
	var list []ui.Option
	for _, code := range license.Channels() {
		list = append(list, ui.Option{Value: code, Label: f.T("downloads.channel." + code)})
	}
	return list
}

// withQuery is a path with what is not empty.
func withQuery(path string, values map[string]string) string {
	v := url.Values{}
	for name, value := range values {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// draftForm makes a draft or changes one.
type draftForm struct {
	Product  string `form:"product,max=60"`
	Version  string `form:"version,max=60"`
	Channel  string `form:"channel,max=20"`
	Title    string `form:"title,max=200"`
	Required bool   `form:"required"`
	English  string `form:"notes-en,max=20000"`
	German   string `form:"notes-de,max=20000"`
	Stamp    string `form:"stamp,max=20"` // when the draft was edited last, as its page saw it
	Preview  bool   `form:"preview"`
}

// fileForm is what is said about a file that is added.
type fileForm struct {
	Title     string `form:"title,max=120"`
	Platform  string `form:"platform,max=40"`
	Arch      string `form:"arch,max=40"`
	Kind      string `form:"kind,max=40"`
	Signature string `form:"signature,max=4000"`
	Name      string `form:"name,max=255"` // of the file; a plain form has it with the file itself
	Size      string `form:"size,max=20"`
}
