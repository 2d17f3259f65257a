// Package fetch is the face that files and feeds leave by: for browsers with a link, for programs with a token, and for readers with a
// secret address. It has no pages but those of failures.
package fetch

import (
	"log/slog"
	"net/http"
	"strings"

	"vestibule/internal/download"
	"vestibule/internal/fault"
	"vestibule/internal/feed"
	"vestibule/internal/web"
)

// Face is the face.
type Face struct {
	downloads *download.Service
	feeds     *feed.Service
	log       *slog.Logger
}

// New makes the face.
func New(downloads *download.Service, feeds *feed.Service, log *slog.Logger) *Face {
	return &Face{downloads, feeds, log}
}

// maxSearch bounds what winget asks for in a search.
const maxSearch = 16 << 10

// Routes is the face's table. What stands in {token} or {secret} is the right to come in.
func (f *Face) Routes() []web.Route {
	program := web.Token("download")
	return []web.Route{
		web.Row(web.Anyone, "GET /download/{token}", f.byLink).Long(),
		web.Row(program, "GET /get/{product}/{channel}/{kind}", f.newest).API().Long(),
		web.Row(web.Token("releases"), "GET /feeds/{product}/{file}", f.feed).API(),
		web.Row(web.Anyone, "GET /atom/{secret}", f.atomAt).API(),
		web.Row(web.Anyone, "GET /winget/{secret}/information", f.information),
		web.Row(web.Anyone, "POST /winget/{secret}/manifestSearch", f.search).Body(maxSearch),
		web.Row(web.Anyone, "GET /winget/{secret}/packageManifests/{package}", f.manifest),
		web.Row(web.Anyone, "GET /winget/{secret}/files/{artifact}/{name}", f.installer).API().Long(),
	}
}

// byLink sends what a link stands for. The link names its holder: no cookie is looked at.
func (f *Face) byLink(c *web.Context) error {
	caller, artifact, err := f.downloads.ByLink(c.Context(), c.R.PathValue("token"), c.Address)
	if err != nil {
		return err
	}
	return f.open(c, caller, artifact)
}

// newest sends the file of a kind in the newest release of a channel, or in the one whose version the query names: as it is and
// without a redirect, since not every program that deploys software takes its token along.
func (f *Face) newest(c *web.Context) error {
	who, err := c.Caller()
	if err != nil {
		return err
	}
	caller := download.Caller{Kind: download.Machine, ID: who.Account, Organization: who.Organization, Name: who.Name, Address: c.Address}
	artifact, err := f.downloads.Latest(c.Context(), caller, download.Wanted{
		Product: c.R.PathValue("product"), Channel: c.R.PathValue("channel"), Kind: c.R.PathValue("kind"), Version: c.R.URL.Query().Get("version"),
	})
	if err != nil {
		return err
	}
	return f.open(c, caller, artifact)
}

func (f *Face) open(c *web.Context, caller download.Caller, artifact string) error {
	file, err := f.downloads.Open(c.Context(), caller, artifact)
	if err != nil {
		return err
	}
	return f.send(c, file)
}

// feed is the feed of a product and channel, whose name says in which form.
func (f *Face) feed(c *web.Context) error {
	who, err := c.Caller()
	if err != nil {
		return err
	}
	channel, form, _ := strings.Cut(c.R.PathValue("file"), ".")
	switch form {
	case "json":
		d, err := f.feeds.JSON(c.Context(), who.Organization, c.R.PathValue("product"), channel)
		if err != nil {
			return err
		}
		return document(c, "application/json", d)
	case "atom":
		d, err := f.feeds.Atom(c.Context(), who.Organization, c.R.PathValue("product"), channel)
		if err != nil {
			return err
		}
		return document(c, "application/atom+xml; charset=utf-8", d)
	}
	return fault.New(fault.NotFound, "not-found")
}

func (f *Face) atomAt(c *web.Context) error {
	d, err := f.feeds.AtomAt(c.Context(), c.R.PathValue("secret"))
	if err != nil {
		return err
	}
	return document(c, "application/atom+xml; charset=utf-8", d)
}

// SignatureHeader is where the signature over a feed's bytes stands.
const SignatureHeader = "Vestibule-Signature"

// document sends a feed, or says that the reader has it already.
func document(c *web.Context, mediaType string, d feed.Document) error {
	h := c.W.Header()
	h.Set("Etag", `"`+d.ETag+`"`)
	h.Set("Last-Modified", d.Updated.UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "private, no-cache, no-transform")
	if d.Signature != "" {
		h.Set(SignatureHeader, d.Signature)
	}
	if has(c.R.Header.Get("If-None-Match"), d.ETag) {
		c.W.WriteHeader(http.StatusNotModified)
		return nil
	}
	return c.Bytes(http.StatusOK, mediaType, d.Body)
}

// has reports whether an If-None-Match names the tag, by the weak comparison (RFC 9110, 13.1.2).
func has(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || one == `"`+tag+`"` {
			return true
		}
	}
	return false
}
