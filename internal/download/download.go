// Package download hands releases over to those who have a right to them, and keeps what was handed over.
//
// Who may have a release is one question, asked in one place (may): the account is active and stands in the portal, its
// organization's licence for the product is usable and includes the channel, and the release was published before the end of what
// pays for it (license.State.Entitles). The shelf of the portal, the links, every request for bytes, the feeds and the e-mails ask
// it, each at its own instant: a right that ended between the link and the byte ends the download at the next request. A draft, a
// release whose date is to come, one that was withdrawn and one that never was all answer alike: not found.
//
// Before the first byte of a transfer its record is written, with a lease that moves on while bytes do; what was sent is noted when
// it ends. A node that dies leaves a lease that runs out, and a chore settles the transfer as broken off. The ranges of the transfers
// of one file to one caller are joined: when together they cover the file, the one that filled the last gap completed it. "Sent"
// means handed to the operating system: no server knows what a client wrote to its disk.
//
// It leaves to others: what HTTP says of ranges and conditions (web/fetch), where the bytes lie (blob), what a release is (release).
package download

import (
	"context"
	"io"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/secret"
	"vestibule/internal/throttle"
)

// Service is the capability.
type Service struct {
	DB       *db.DB
	Secret   secret.Source
	Ring     *secret.Ring
	Messages *message.Writer
	Settings Settings
	// Now is the clock by which a transfer that goes on for long renews its lease.
	Now func() time.Time
}

// Settings are what the operator decides about downloads.
type Settings struct {
	LinkLife time.Duration // how long a link may begin a transfer
	Parallel int           // transfers at once of one caller
	Links    throttle.Limit
}

// DefaultSettings are links of 15 minutes and ten transfers at once.
func DefaultSettings() Settings {
	return Settings{
		LinkLife: 15 * time.Minute, Parallel: 10,
		Links: throttle.Limit{Name: "download-link", Burst: 60, Every: 10 * time.Second},
	}
}

// The kinds of callers.
const (
	Person  = "person"  // an account, signed in or with a link of its own
	Machine = "service" // a service account with a token
	Source  = "source"  // a secret address of a feed
)

// A Caller is who asks for bytes. The organization of a person is not told but looked up, at every request.
type Caller struct {
	Kind         string // Person, Machine or Source
	ID           string // of the account, the service account, the address
	Organization string // of a Machine or Source
	Address      string // of the network
}

// A Verdict is whether a release may be had, and why.
type Verdict struct {
	Allowed bool
	Code    string       // of the refusal, a fault's code; "" where allowed
	Because []fault.Fact // dated facts that the verdict rests on
	Remedy  string       // what can be done about it, as a code; "" for nothing
}

// Err is the refusal as a fault, or nil.
func (v Verdict) Err() error {
	if v.Allowed {
		return nil
	}
	return &fault.Error{Kind: fault.Denied, Code: v.Code, Because: v.Because, Remedy: v.Remedy}
}

// A Shelf is what a person finds under one product.
type Shelf struct {
	Products      []license.Product // those that the organization has a licence for
	Product       license.Product   // the one shown
	License       string            // id of the licence for it
	State         license.State
	Verdict       Verdict // of the whole: why nothing can be had, if nothing can
	Channels      []Channel
	PublisherKeys []string // minisign public keys, as text
	News          bool     // the person gets an e-mail about new releases of the product
	Agreement     bool     // the organization has to accept the agreement before its next download
	Machines      bool     // the caller may set up machines to fetch by themselves
}

// A Channel is one line of releases, newest first.
type Channel struct {
	Code     string
	Verdict  Verdict // whether a release that came out now could be had
	Releases []Release
}

// A Release is a published release with the verdict on it.
type Release struct {
	ID, Product, Channel, Version string
	Published                     time.Time
	Required                      bool
	NotesHTML                     string // sanitised
	Notes                         string // Markdown
	Verdict                       Verdict
	Artifacts                     []Artifact
}

// An Artifact is one file of a release.
type Artifact struct {
	ID, Kind, Name  string
	System, Machine string // like windows and x64; "" where it does not matter
	Size            int64
	MediaType       string
	SHA256, SHA512  string // in hexadecimal digits
	Signature       string // minisign, as text
}

// Shelf shows a person a product's releases; product "" is the first that there is a licence for.
func (s *Service) Shelf(ctx context.Context, account, product string) (Shelf, error) {
	return Shelf{}, nil
}

// Available lists the releases of a product and channel that the organization may have now, newest first; channel "" is every one.
func Available(tx *db.Tx, organization, product, channel string) ([]Release, error) { return nil, nil }

// A Link is where a person's browser gets an artifact, for a while.
type Link struct {
	Path      string // begins with /download/
	Until     time.Time
	Agreement bool // there is no link: the organization has to accept the agreement first
}

// Link makes a link for a person to an artifact. A release that the person may not have is Denied with the verdict's code; one that
// is not published is NotFound.
func (s *Service) Link(ctx context.Context, account, artifact string) (Link, error) {
	return Link{}, nil
}

// ByLink finds what a link stands for. Gone "download-link-over" where it ran out, NotFound for what is no link of this portal.
func (s *Service) ByLink(ctx context.Context, token, address string) (Caller, string, error) {
	return Caller{}, "", nil
}

// Latest finds the artifact of a kind in the newest release of a channel that the organization may have, or in the release with the
// version. "system" and "machine" choose where there are several of the kind.
func (s *Service) Latest(ctx context.Context, c Caller, w Wanted) (artifact string, err error) {
	return "", nil
}

// Wanted says which file a machine asks for.
type Wanted struct {
	Product, Channel, Kind string
	Version                string // "" for the newest
	System, Machine        string // "" for any
}

// A File is an artifact that its caller may have, opened.
type File struct {
	Artifact
	Release   string // id
	Product   string
	Version   string
	Published time.Time
	Content   io.ReadSeekCloser
}
