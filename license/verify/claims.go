package verify

import (
	"strings"
	"time"
)

// Bounds of what is read, in bytes.
const (
	MaxFile = 64 << 10
	MaxList = 32 << 20
	maxText = 200 // of any one text in a licence
	maxMany = 500 // features, channels
)

// A License is what a licence file or an activation code says. Times are of
// whole seconds, in UTC; a zero time is one that is not said. Everything here is
// covered by the signature.
type License struct {
	Serial           string    `json:"serial"`                     // of this file: 16 lower-case hexadecimal digits
	License          string    `json:"license,omitempty"`          // id of the licence; empty in a typed code
	Key              string    `json:"key,omitempty"`              // KeyHash of the licence key; never the key
	Product          string    `json:"product"`                    // id of the product
	ProductName      string    `json:"product_name,omitempty"`     // as people read it
	Organization     string    `json:"organization,omitempty"`     // its name
	Kind             string    `json:"kind"`                       // evaluation, subscription, perpetual, partner
	Policy           string    `json:"policy,omitempty"`           // id of the policy
	Edition          string    `json:"edition,omitempty"`          // its name
	Issued           time.Time `json:"issued"`                     //
	NotBefore        time.Time `json:"not_before,omitzero"`        // first instant
	Until            time.Time `json:"until,omitzero"`             // first instant outside the term; zero: without end
	GraceUntil       time.Time `json:"grace_until,omitzero"`       // first instant after the grace; zero: none
	MaintenanceUntil time.Time `json:"maintenance_until,omitzero"` // builds published before then may run; zero: all
	FileUntil        time.Time `json:"file_until,omitzero"`        // by when a newer file is to be fetched; zero: never
	Seats            int       `json:"seats,omitempty"`            // devices in use at once; 0: not limited
	Devices          int       `json:"devices,omitempty"`          // devices registered; 0: not limited
	Channels         []string  `json:"channels,omitempty"`         // stable, preview, lts
	Features         []string  `json:"features,omitempty"`         // codes
	Device           string    `json:"device,omitempty"`           // Fingerprint of the one device it is for; empty: any
}

// Has says whether the licence includes a feature.
func (l License) Has(feature string) bool {
	for _, f := range l.Features {
		if f == feature {
			return true
		}
	}
	return false
}

// sound says whether a licence can be judged: it guards against a portal that
// says what this version does not know, not against forgery.
func (l License) sound() bool {
	for _, text := range []string{l.License, l.Key, l.Product, l.ProductName, l.Organization, l.Kind, l.Policy, l.Edition, l.Device} {
		if len(text) > maxText*4 {
			return false
		}
	}
	return isHex(l.Serial, serialBytes) && l.Product != "" && l.Kind != "" && !l.Issued.IsZero() &&
		l.Seats >= 0 && l.Devices >= 0 && len(l.Channels) <= maxMany && len(l.Features) <= maxMany
}

// Revocations is the signed list of what is no longer good. Lists are numbered;
// a later one has a higher number and takes the place of all before it.
type Revocations struct {
	Number     int64        `json:"number"`
	Product    string       `json:"product,omitempty"` // id of the product; empty: of all
	Issued     time.Time    `json:"issued"`
	NextUpdate time.Time    `json:"next_update,omitzero"` // by when a newer list is to be fetched
	Revoked    []Revocation `json:"revoked"`
}

// A Revocation names what is no longer good in one of three ways.
type Revocation struct {
	License string    `json:"license,omitempty"` // every file of this licence, by its id
	Serial  string    `json:"serial,omitempty"`  // one file or code
	Key     string    `json:"key,omitempty"`     // every file and code of this key, by its KeyHash
	Since   time.Time `json:"since,omitzero"`
	Reason  string    `json:"reason"` // revoked, suspended, replaced, deactivated or a code of later versions
}

func (r Revocations) sound() bool { return r.Number > 0 && !r.Issued.IsZero() }

const serialBytes = 8

// isHex says whether s is of n bytes in lower-case hexadecimal digits.
func isHex(s string, n int) bool {
	return len(s) == 2*n && strings.Trim(s, "0123456789abcdef") == ""
}
