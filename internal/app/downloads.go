package app

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/download"
	"vestibule/internal/feed"
	"vestibule/internal/license"
	"vestibule/internal/release"
	"vestibule/internal/text"
)

// downloads makes what hands releases over.
func (p *Portal) downloads() *download.Service {
	s := download.DefaultSettings()
	s.LinkLife, s.Parallel = p.o.Config.Download.LinkLife, p.o.Config.Download.Parallel
	s.Keep = time.Duration(p.o.Config.Download.KeepDays) * 24 * time.Hour
	return &download.Service{DB: p.DB, Secret: p.o.Secret, Ring: p.Ring, Messages: p.Writer, Files: p.Store, Settings: s, Now: p.o.Now}
}

// feeds makes what tells programs of releases: the very ones that the portal's shelf has.
func (p *Portal) feeds() *feed.Service {
	lang := p.o.Config.Vendor.Language
	if lang == "" {
		lang = string(text.English)
	}
	return &feed.Service{
		DB: p.DB, Secret: p.o.Secret, BaseURL: p.o.Config.BaseURL, Vendor: p.o.Config.Vendor.Name,
		Available: func(tx *db.Tx, organization, product, channel string) (all []feed.Release, err error) {
			list, err := download.Available(tx, organization, product, channel)
			for _, r := range list {
				all = append(all, released(r, lang))
			}
			return all, err
		},
		Product: func(tx *db.Tx, organization, product string) (feed.Product, error) {
			l, err := license.For(tx, organization, product)
			return feed.Product{ID: l.Product.ID, Name: l.Product.Name, Summary: l.Product.Summary}, err
		},
		Sign: p.Signing.SignFeed, Render: release.Render, PerAddress: feed.DefaultPerAddress(),
	}
}

// released is a release as feeds tell it.
func released(r download.Release, lang string) feed.Release {
	out := feed.Release{
		ID: r.ID, Product: feed.Product{ID: r.Product, Name: r.ProductName, Summary: r.Summary}, Channel: r.Channel, Version: r.Version,
		Published: r.Published, Required: r.Required, Notes: r.Notes.In(lang),
	}
	for _, a := range r.Artifacts {
		out.Artifacts = append(out.Artifacts, feed.Artifact{
			ID: a.ID, Kind: a.Kind, Name: a.Name, System: a.System, Machine: a.Machine, MediaType: a.MediaType, Size: a.Size,
			SHA256: a.SHA256, SHA512: a.SHA512, Signature: a.Signature,
		})
	}
	return out
}
