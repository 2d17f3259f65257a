package feed

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"vestibule/internal/db"
)

// The format of the JSON feed (docs/feeds.md). The version goes up when a field changes its meaning or goes away; fields may be
// added without.
const (
	Format        = "vestibule-releases"
	FormatVersion = 1
)

const (
	// step is how long a feed's bytes stay the same while nothing changes.
	step = time.Hour
	// fresh is how long a feed may be believed. A program that is served an older one is being kept from its updates.
	fresh = 7 * 24 * time.Hour
)

type jsonFeed struct {
	Format   string        `json:"format"`
	Version  int           `json:"version"`
	Product  string        `json:"product"`
	Name     string        `json:"name"`
	Channel  string        `json:"channel"`
	AsOf     time.Time     `json:"as_of"`
	Until    time.Time     `json:"until"`
	Releases []jsonRelease `json:"releases"`
}

type jsonRelease struct {
	Version   string         `json:"version"`
	Published time.Time      `json:"published"`
	Required  bool           `json:"required"`
	Notes     string         `json:"notes"`
	Artifacts []jsonArtifact `json:"artifacts"`
}

type jsonArtifact struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	System    string `json:"system,omitempty"`
	Machine   string `json:"machine,omitempty"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	SHA512    string `json:"sha512"`
	Minisign  string `json:"minisign"`
	URL       string `json:"url"`
}

// JSON is the feed of a product and channel for an organization, signed as it is served. Products without a licence, and channels
// that do not exist, are NotFound.
func (s *Service) JSON(ctx context.Context, organization, product, channel string) (Document, error) {
	if err := known(channel); err != nil {
		return Document{}, err
	}
	return s.document(ctx, organization, product, channel, func(tx *db.Tx, p Product, list []Release) (Document, error) {
		at := tx.Now().UTC().Truncate(step)
		f := jsonFeed{
			Format: Format, Version: FormatVersion, Product: p.ID, Name: p.Name, Channel: channel,
			AsOf: at, Until: at.Add(fresh), Releases: []jsonRelease{},
		}
		for _, r := range list {
			f.Releases = append(f.Releases, s.jsonOf(r))
		}
		body, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return Document{}, err
		}
		d := Document{Body: append(body, '\n'), Updated: at}
		d.ETag = etag(d.Body)
		d.Signature, err = s.Sign(tx, d.Body)
		return d, err
	})
}

func (s *Service) jsonOf(r Release) jsonRelease {
	out := jsonRelease{Version: r.Version, Published: r.Published.UTC(), Required: r.Required, Notes: r.Notes, Artifacts: []jsonArtifact{}}
	for _, a := range r.Artifacts {
		out.Artifacts = append(out.Artifacts, jsonArtifact{
			Kind: a.Kind, Name: a.Name, System: a.System, Machine: a.Machine, MediaType: a.MediaType, Size: a.Size,
			SHA256: a.SHA256, SHA512: a.SHA512, Minisign: a.Signature, URL: s.stable(r, a),
		})
	}
	return out
}

// stable is the address at which a service account gets the artifact of just this release.
func (s *Service) stable(r Release, a Artifact) string {
	return s.BaseURL + "/get/" + url.PathEscape(r.Product.ID) + "/" + url.PathEscape(r.Channel) + "/" + url.PathEscape(a.Kind) +
		"?version=" + url.QueryEscape(r.Version)
}
