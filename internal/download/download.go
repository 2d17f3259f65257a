// Package download hands releases over to those who have a right to them, and keeps what was handed over.
//
// Who may have a release is one question, asked in one place (verdict): the account is active and stands in the portal, its
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
	"time"

	"vestibule/internal/blob"
	"vestibule/internal/db"
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
	Files    *blob.Store
	Settings Settings
	// Now is the clock by which a transfer that goes on for long renews its lease.
	Now func() time.Time
}

// Settings are what the operator decides about downloads.
type Settings struct {
	LinkLife time.Duration  // how long a link may begin a transfer
	Parallel int            // transfers at once of one caller
	Links    throttle.Limit // links of one caller
	Begins   throttle.Limit // transfers of one caller, one after the other: each is a record
	Keep     time.Duration  // how long a transfer is kept after its end; 0: for ever
}

// DefaultSettings are links of 15 minutes and ten transfers at once.
func DefaultSettings() Settings {
	return Settings{
		LinkLife: 15 * time.Minute, Parallel: 10,
		Links:  throttle.Limit{Name: "download-link", Burst: 60, Every: 10 * time.Second},
		Begins: throttle.Limit{Name: "download-begin", Burst: 300, Every: time.Second},
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
	Organization string // of a Machine or Source; of a Person with a link, the one that the link was made for
	Name         string // of a Machine or Source, for the records
	Address      string // of the network
}
