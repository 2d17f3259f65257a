package portal

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/download"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/release"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

func (f *Face) downloadRoutes() []web.Route {
	machines := web.Member(string(organization.Administrator), string(organization.Technical))
	return []web.Route{
		web.Row(web.Client, "GET /portal/downloads", f.downloads),
		web.Row(web.Client, "POST /portal/downloads", f.news),
		web.Row(web.Client, "GET /portal/downloads/{artifact}", f.fetch),
		web.Row(web.Client, "GET /portal/downloads/{artifact}/signature", f.signature),
		web.Row(web.Client, "GET /portal/downloads/{artifact}/agreement", f.agreement),
		web.Row(web.Client, "POST /portal/downloads/{artifact}/agreement", f.agree),
		web.Row(web.Client, "GET /portal/publisher-keys/{product}/{key}", f.publisherKey),
		web.Row(machines, "GET /portal/feeds", f.feeds),
		web.Row(machines, "POST /portal/feeds", f.makeFeed),
		web.Row(machines, "POST /portal/feeds/{id}/replace", f.replaceFeed),
		web.Row(machines, "POST /portal/feeds/{id}/revoke", f.revokeFeed),
	}
}

// downloadsForm is which product and channel are shown; on is the choice about mails.
type downloadsForm struct {
	Product string `form:"product,max=60"`
	Channel string `form:"channel,max=20"`
	Start   string `form:"start,max=64"` // an artifact whose download begins with the page
	Told    string `form:"told,max=10"`
	On      bool   `form:"on"`
	Over    string `form:"over,max=6"` // how many releases are passed over
}

// href is the page of a product and a channel.
func (in downloadsForm) href() string {
	v := url.Values{}
	for name, value := range map[string]string{"product": in.Product, "channel": in.Channel, "start": in.Start, "told": in.Told, "over": in.Over} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(v) == 0 {
		return downloadsPath
	}
	return downloadsPath + "?" + v.Encode()
}

func artifactHref(id string) string { return downloadsPath + "/" + url.PathEscape(id) }

func (f *Face) downloads(c *web.Context) error {
	var in downloadsForm
	if err := c.Form(&in); err != nil {
		return err
	}
	over, err := strconv.Atoi(in.Over)
	if err != nil {
		over = 0
	}
	shelf, err := f.Download.Shelf(c.Context(), c.Who().Account, in.Product, max(0, over))
	if err != nil {
		return err
	}
	p := f.downloadsOf(c, in, shelf)
	if in.Start != "" {
		if _, a, err := f.Download.Artifact(c.Context(), c.Who().Account, in.Start); err == nil {
			p.Begins = startPart{Name: a.Name, Href: artifactHref(a.ID)}
		}
	}
	switch in.Told {
	case "on":
		p.Done = c.T("downloads.news-started")
	case "off":
		p.Done = c.T("downloads.news-stopped")
	}
	if p.Begins.Href != "" {
		// The browser stays on this page while the file comes in.
		c.W.Header().Set("Refresh", "0; url="+p.Begins.Href)
	}
	return c.Page(200, downloadsView(p))
}

// downloadsOf makes the page of what is on the shelf.
func (f *Face) downloadsOf(c *web.Context, in downloadsForm, shelf download.Shelf) downloadsPage {
	p := downloadsPage{Frame: c.Frame(), Product: shelf.Product.ID}
	for _, one := range shelf.Products {
		p.Products = append(p.Products, ui.Tab{Text: one.Name, Href: downloadsForm{Product: one.ID}.href(), Current: one.ID == shelf.Product.ID, Count: -1})
	}
	chosen := channelOf(shelf, in.Channel)
	var given []string
	for i, one := range shelf.Channels {
		name := channelName(c, one.Code)
		if one.Verdict.Allowed {
			given = append(given, name)
		}
		p.Channels = append(p.Channels, ui.Tab{Text: name, Href: downloadsForm{Product: shelf.Product.ID, Channel: one.Code}.href(), Current: i == chosen, Count: -1})
	}
	p.Lead = c.T("downloads.lead")
	if len(given) > 0 {
		p.Lead += " " + c.T("downloads.includes", "n", len(given), "channels", strings.Join(given, ", "))
	}
	if shelf.Product.ID != "" {
		p.News = newsPart{Action: downloadsPath, On: shelf.News}
	}
	p.Feeds = shelf.Machines && shelf.Product.ID != ""
	if chosen < 0 {
		if !shelf.Verdict.Allowed {
			p.Locked = lockedOf(c, shelf.Verdict, "")
		} else {
			p.Nothing = c.T("downloads.nothing-text")
		}
		return p
	}
	channel := shelf.Channels[chosen]
	p.Channel = channel.Code
	f.releasesOf(c, &p, shelf, channel, in.Over == "")
	if channel.Older > 0 {
		p.More = downloadsForm{Product: shelf.Product.ID, Channel: channel.Code, Over: strconv.Itoa(channel.Older)}.href()
	}
	if shelf.Machines {
		p.Tokens = tokensPath
	}
	return p
}

// channelOf is the index of the channel that is shown: the one asked for, else the first that the licence gives, else the first.
func channelOf(shelf download.Shelf, code string) int {
	best := -1
	for i, one := range shelf.Channels {
		if one.Code == code {
			return i
		}
		if best < 0 || !shelf.Channels[best].Verdict.Allowed && one.Verdict.Allowed {
			best = i
		}
	}
	return best
}

func channelName(c *web.Context, code string) string {
	if key := "downloads.channel." + code; c.Words.Has(key) {
		return c.T(key)
	}
	return code
}

// unfolded is how many releases are shown; older ones are folded away.
const unfolded = 3

// releasesOf fills in a channel's releases, what is said about them, and on the first page the addresses of the newest files.
func (f *Face) releasesOf(c *web.Context, p *downloadsPage, shelf download.Shelf, channel download.Channel, first bool) {
	recommended := channel.Newest
	for i, r := range channel.Releases {
		part := releaseOf(c, shelf.Product.ID, r)
		part.Open = r.ID == recommended || recommended == "" && i == 0
		part.Folded = !part.Open
		if recommended == "" && r.Verdict.Code == channel.Verdict.Code {
			part.Locked = lockedPart{} // it is said once, above
		}
		if r.ID == recommended {
			part.Tags = append([]tagPart{{ui.OK, c.T("downloads.recommended")}}, part.Tags...)
			f.newestOf(c, p, shelf, channel.Code, r)
		}
		if i < unfolded || part.Open || !first {
			p.Releases = append(p.Releases, part)
		} else {
			p.Older = append(p.Older, part)
		}
	}
	switch {
	case recommended == "" && !channel.Verdict.Allowed:
		p.Locked = lockedOf(c, channel.Verdict, channelName(c, channel.Code))
	case len(channel.Releases) == 0:
		p.Nothing = c.T("downloads.nothing-text")
	}
}

// newestOf fills in what stands beside the newest release: how to check it, and where a program finds it.
func (f *Face) newestOf(c *web.Context, p *downloadsPage, shelf download.Shelf, channel string, r download.Release) {
	if len(r.Artifacts) == 0 {
		return
	}
	p.Check.File = r.Artifacts[0].Name
	for _, key := range shelf.PublisherKeys {
		id := release.PublisherKeyID(key)
		if id == "" {
			continue
		}
		p.Check.Keys = append(p.Check.Keys, keyPart{ID: id, Public: key, Href: "/portal/publisher-keys/" + url.PathEscape(shelf.Product.ID) + "/" + url.PathEscape(id)})
	}
	for _, a := range r.Artifacts {
		p.Stable = append(p.Stable, addressPart{Title: a.Title, Href: c.BaseURL() + stablePath(shelf.Product.ID, channel, a.Kind)})
	}
	p.Curl = `curl -fL -OJ -u "portal:$TOKEN" "` + p.Stable[0].Href + `"`
}

// stablePath leads to the newest file of a kind.
func stablePath(product, channel, kind string) string {
	return "/get/" + url.PathEscape(product) + "/" + url.PathEscape(channel) + "/" + url.PathEscape(kind)
}

func releaseOf(c *web.Context, product string, r download.Release) releasePart {
	part := releasePart{ID: "r-" + r.ID, Version: r.Version, Title: r.Title, Date: c.Words.Date(r.Published), Notes: r.Notes.HTML(string(c.Lang))}
	if r.Required && r.Verdict.Allowed { // nobody is told to install what cannot be had
		part.Tags = append(part.Tags, tagPart{ui.Warn, c.T("downloads.required")})
	}
	if !r.Verdict.Allowed {
		part.Locked = lockedOf(c, r.Verdict, channelName(c, r.Channel))
	}
	for _, a := range r.Artifacts {
		file := filePart{Icon: fileIcon(a), Title: a.Title, File: a.Name, Size: c.Words.Size(a.Size)}
		if r.Verdict.Allowed {
			file.SHA256, file.Short, file.Href = a.SHA256, shortSum(a.SHA256), artifactHref(a.ID)
			if a.Signature != "" {
				file.Signature = artifactHref(a.ID) + "/signature?product=" + url.QueryEscape(product)
			}
		}
		part.Files = append(part.Files, file)
	}
	return part
}

func fileIcon(a download.Artifact) string {
	switch a.System {
	case "windows", "macos":
		return "laptop"
	case "linux":
		return "server"
	}
	return "file"
}

// lockedOf puts a refusal into words, with its remedy.
func lockedOf(c *web.Context, v download.Verdict, channel string) lockedPart {
	var until time.Time
	for _, fact := range v.Because {
		if !fact.At.IsZero() {
			until = fact.At
		}
	}
	args := []any{"channel", channel, "until", c.Words.Date(until)}
	l := lockedPart{Title: c.T("fault." + v.Code)}
	if key := "downloads.locked." + v.Code; c.Words.Has(key) {
		l.Title = c.T(key, args...)
	}
	if key := "downloads.do." + v.Code; c.Words.Has(key) {
		l.Text = c.T(key, args...)
	}
	switch license.Remedy(v.Remedy) {
	case license.RemedyAskAgain, license.RemedyExtend, license.RemedySignIn, license.RemedyWait:
		l.Href, l.Go = web.HomePath, c.T("downloads.home")
	case license.RemedyContact, license.RemedyRenew, license.RemedyMaintenance:
		if vendor := c.Frame().Vendor; vendor.Email != "" {
			l.Href, l.Go = "mailto:"+vendor.Email, c.T("downloads.write", "vendor", vendor.Name)
		}
	case license.RemedyNone:
	}
	return l
}
