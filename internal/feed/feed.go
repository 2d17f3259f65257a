// Package feed tells programs what has been released: a signed JSON document, an Atom feed, and a WinGET source.
//
// A feed lists what its organization may have at that moment, by the same verdict as the portal's shelf, so that the licence gives a
// program all updates that it is told of. Only the agreement may stand before the file: where a new version of it waits to be accepted,
// the feed goes on telling what there is, and the fetch is refused until a person has accepted it. Readers that can send a header show a service account's token; those that cannot (feed readers, winget) use
// an address with a secret part, which the organization makes and revokes in the portal. The database keeps the hash of the secret,
// and the log hides it.
//
// The same releases at the same hour give the same bytes, so that a reader that has a feed already is told so in one line, and a
// signature fetched apart from its feed fits it.
package feed

import (
	"context"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
	"vestibule/internal/throttle"
)

// Service is the capability.
type Service struct {
	DB      *db.DB
	Secret  secret.Source
	BaseURL string // of the portal, without a slash at its end
	Vendor  string // name, as people know it

	// Available lists what an organization may have now of a product and channel, the newest first; an empty product or channel is
	// every one.
	Available func(tx *db.Tx, organization, product, channel string) ([]Release, error)
	// Product finds a product that the organization has a licence for, whatever its state; NotFound for every other.
	Product func(tx *db.Tx, organization, product string) (Product, error)
	// Render makes clean HTML of Markdown.
	Render func(markdown string) string
	// PerAddress bounds how often a secret address is asked.
	PerAddress throttle.Limit
	meter      throttle.Meter
	// Sign signs the bytes of a feed.
	Sign func(tx *db.Tx, body []byte) (string, error)
}

// DefaultPerAddress lets winget look at a whole source, and a reader come by every few seconds.
func DefaultPerAddress() throttle.Limit {
	return throttle.Limit{Name: "feed-address", Burst: 120, Every: time.Second}
}

// A Product is what releases are of.
type Product struct{ ID, Name, Summary string }

// A Release is what a feed tells.
type Release struct {
	ID        string
	Product   Product
	Channel   string
	Version   string
	Published time.Time
	Required  bool
	Notes     string // Markdown
	Artifacts []Artifact
}

// An Artifact is one file of a release.
type Artifact struct {
	ID, Kind, Name  string
	System, Machine string // like windows and x64
	MediaType       string
	Size            int64
	SHA256, SHA512  string
	Signature       string // minisign
}

// A Document is a feed as it is served.
type Document struct {
	Body      []byte
	ETag      string // without quotes
	Updated   time.Time
	Signature string // "key id.base64url"; "" where there is none
}

// Channels are the lines of releases that a feed may be asked for.
func Channels() []string { return []string{"stable", "preview", "lts"} }

// document finds a feed's releases and writes them.
func (s *Service) document(ctx context.Context, organization, product, channel string, write func(tx *db.Tx, p Product, list []Release) (Document, error)) (d Document, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p, err := s.Product(tx, organization, product)
		if err != nil {
			return err
		}
		list, err := s.Available(tx, organization, product, channel)
		if err != nil {
			return err
		}
		d, err = write(tx, p, list)
		return err
	})
	return d, err
}

func etag(body []byte) string { return secret.Hash("feed", string(body)) }

func known(channel string) error {
	for _, one := range Channels() {
		if one == channel {
			return nil
		}
	}
	return fault.New(fault.NotFound, "not-found")
}
