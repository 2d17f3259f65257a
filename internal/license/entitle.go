package license

import (
	"slices"
	"time"

	"vestibule/internal/fault"
)

// A Verdict is whether something is allowed, and if not, why not.
type Verdict struct {
	Allowed bool
	Code    string // why not: a fault's code, "" where it is allowed
	Remedy  Remedy
	// Until is, where it is allowed, the first instant at which it is not any
	// more if nothing else happens (zero: without end). Where a release came too
	// late, it is the instant before which one must have been published.
	Until time.Time
	// Days are, of an extension, how many days it adds; of staff the most that it
	// may, zero: any number.
	Days int
}

// Err is the refusal as a fault with its code and remedy, or nil.
func (v Verdict) Err() error {
	if v.Allowed {
		return nil
	}
	return &fault.Error{Kind: fault.Denied, Code: v.Code, Remedy: string(v.Remedy)}
}

func refused(code string, r Remedy) Verdict { return Verdict{Code: code, Remedy: r} }

// Entitles says whether a release of a channel that was published at an instant
// may be had: the licence is usable, includes the channel, and the release was
// published before the end of what pays for it. That is the term's end, which
// matters in its grace, or of a perpetual right the end of its maintenance: what
// was published before stays the client's for ever, and what came after is
// refused even if the vendor calls it required.
//
// The codes are license-revoked, license-suspended, license-not-started,
// license-expired, license-none, channel-not-included and maintenance-lapsed.
func (s State) Entitles(channel string, published time.Time) Verdict {
	if !s.Usable() {
		return refused("license-"+string(s.Status), s.Remedy)
	}
	if !slices.Contains(s.Channels, channel) {
		return refused("channel-not-included", RemedyContact)
	}
	end, remedy := s.Ends, RemedyRenew
	if s.Kind == Perpetual {
		end, remedy = s.MaintenanceUntil, RemedyMaintenance
	}
	if !end.IsZero() && !published.Before(end) {
		return Verdict{Code: "maintenance-lapsed", Remedy: remedy, Until: end}
	}
	return Verdict{Allowed: true, Until: s.UsableUntil()}
}
