package feed

import (
	"context"
	"encoding/xml"
	"net/url"
	"time"

	"vestibule/internal/db"
)

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomPerson  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID        string       `xml:"id"`
	Title     string       `xml:"title"`
	Published string       `xml:"published"`
	Updated   string       `xml:"updated"`
	Links     []atomLink   `xml:"link"`
	Category  atomCategory `xml:"category"`
	Content   *atomText    `xml:"content,omitempty"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// Atom is the feed of a product and channel (RFC 4287). Its entries lead to the portal, where whoever reads them signs in: no link
// in it grants anything.
func (s *Service) Atom(ctx context.Context, organization, product, channel string) (Document, error) {
	if err := known(channel); err != nil {
		return Document{}, err
	}
	return s.document(ctx, organization, product, channel, func(_ *db.Tx, p Product, list []Release) (Document, error) {
		path := "/feeds/" + url.PathEscape(p.ID) + "/" + url.PathEscape(channel) + ".atom"
		return s.atom(p.Name+" – "+channel, s.BaseURL+path, list, &atomLink{Rel: "self", Type: "application/atom+xml", Href: s.BaseURL + path})
	})
}

// AtomAt is the feed of all that the organization of a secret address may have. NotFound where there is no such address.
func (s *Service) AtomAt(ctx context.Context, token string) (d Document, err error) {
	a, err := s.ByToken(ctx, Atom, token)
	if err != nil {
		return Document{}, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list, err := s.Available(tx, a.Organization, "", "")
		if err != nil {
			return err
		}
		// Its own address is secret: a feed that is passed on must not carry it.
		d, err = s.atom(s.Vendor, s.BaseURL+"/feeds/"+a.ID, list, nil)
		return err
	})
	return d, err
}

func (s *Service) atom(title, id string, list []Release, self *atomLink) (Document, error) {
	home := atomLink{Rel: "alternate", Type: "text/html", Href: s.BaseURL + "/portal/downloads"}
	f := atomFeed{ID: id, Title: title, Author: atomPerson{Name: s.Vendor}, Links: []atomLink{home}}
	if self != nil {
		f.Links = append(f.Links, *self)
	}
	updated := time.Unix(0, 0).UTC() // a feed without entries never changed
	for _, r := range list {
		if r.Published.After(updated) {
			updated = r.Published.UTC()
		}
		at := r.Published.UTC().Format(time.RFC3339)
		e := atomEntry{
			ID: s.BaseURL + "/releases/" + url.PathEscape(r.ID), Title: r.Product.Name + " " + r.Version, Published: at, Updated: at,
			Links:    []atomLink{{Rel: "alternate", Type: "text/html", Href: home.Href + "?product=" + url.QueryEscape(r.Product.ID)}},
			Category: atomCategory{Term: r.Channel}, Content: &atomText{Type: "html", Text: s.Render(r.Notes)},
		}
		f.Entries = append(f.Entries, e)
	}
	f.Updated = updated.Format(time.RFC3339)
	body, err := xml.MarshalIndent(f, "", "  ")
	if err != nil {
		return Document{}, err
	}
	body = append([]byte(xml.Header), append(body, '\n')...)
	return Document{Body: body, ETag: etag(body), Updated: updated}, nil
}
