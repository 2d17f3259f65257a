// Package activation tells a vendor's software whether it may run: online, by a key or as a registered device, and offline, by
// signed files.
//
// A Device is a machine on which an organization uses a product. It is registered once, by a fingerprint that the software makes of
// it, and counts against the licence's devices until it is removed. A seat is a device in use: a lease that a heartbeat renews. A
// device that was activated offline has no heartbeat, so it holds a seat until its file ends. Of 50 devices that ask at once for the
// last place one gets it, on any number of nodes: whoever counts holds the licence's row.
//
// A licence file is issued for what the licence is at that moment, has a serial number, and is written down, so that the revocation
// list can name it. The list has a number that grows when its content changes, and at no other time.
//
// The package keeps no fingerprint, only its hash, and writes neither keys nor fingerprints nor codes into events. What a licence is,
// package license computes; how files are written, package signing says.
package activation

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/secret"
	"vestibule/internal/signing"
	"vestibule/internal/throttle"
)

// Service is the capability.
type Service struct {
	DB     *db.DB
	Secret secret.Source
	Ring   *secret.Ring
	Keys   *signing.Keys
	// PerNetwork is what one network may ask without a token.
	PerNetwork throttle.Limit
	// Meter spends it; all who ask on this node share it.
	Meter throttle.Meter
}

// An Asked says which licence a program or a person speaks of.
type Asked struct {
	Organization string // of the session or the token; never from the request
	License      string // its id, or
	Key          string // its key as somebody typed it
}

// What a validation answers besides a license.Status.
const (
	StatusReplaced license.Status = "replaced" // the key leaked; the licence lives on with another
	StatusUnknown  license.Status = "unknown"  // no licence has this key
)

// A Validity says whether a product may run, and why.
type Validity struct {
	Valid   bool
	Status  license.Status // or StatusReplaced, StatusUnknown
	Code    string         // stable: "valid", "license-expired", "key-unknown", …
	Because []fault.Fact   // dated for the licence's own organization alone
	Remedy  string         // what can be done about it, as a code; empty: nothing needs to be

	// Detail is what the licence's own organization learns besides; nil for everybody else.
	Detail *Detail
}

// A Detail is what a licence's own organization may know of it.
type Detail struct {
	License          string
	Product          string // its id
	Kind             license.Kind
	Starts           time.Time
	Ends             time.Time // zero: without end
	GraceUntil       time.Time // zero: no grace
	MaintenanceUntil time.Time // zero: without end
	Features         []string
	Channels         []string
	Usage            Usage
	Device           *Device // the one whose fingerprint was given; nil: none, or not registered
}

// A Usage counts what of a licence is taken.
type Usage struct {
	Devices, DevicesMax int // registered; a max of 0: not limited
	Seats, SeatsMax     int // in use now
}

// A Machine is what a device says of itself.
type Machine struct {
	Fingerprint string // 32 hexadecimal digits, as license/verify.Fingerprint makes them; kept as a hash
	Name        string // what people call it; at most 80 characters, may be empty
	Platform    string // as "Windows 11"; at most 60 characters, may be empty
}

// A Device is a registered machine.
type Device struct {
	ID           string
	License      string
	Name         string
	Platform     string
	ActivatedAt  time.Time
	SeenAt       time.Time // the last activation or heartbeat
	SeatUntil    time.Time // its seat is held until then; in the past: it holds none
	OfflineUntil time.Time // when the file that it was activated with offline ends; zero: it is online
}

// An Activation is a device with what it may use.
type Activation struct {
	Device   Device
	New      bool          // it was registered just now
	Renew    time.Duration // how often a heartbeat is wanted
	Validity Validity
}

// A File is a signed licence file.
type File struct {
	Serial  string
	License string
	Device  string // its id; empty: for any device
	Issued  time.Time
	Until   time.Time
	KeyID   string // of the key that signed it
	Name    string // for a download
	Text    string // armoured
}

// A List is the signed revocation list.
type List struct {
	Number   int64 // grows when the content changes
	IssuedAt time.Time
	Text     string
}
