package web

import (
	"fmt"
	"math"
	"time"
)

// A Rate is how a limit stands for whoever asks.
type Rate struct {
	Name  string // of the limit, in letters and dashes
	Limit int    // tries at once
	Every time.Duration
	Left  int
	Reset time.Duration // until the next try where none is left, else until all are
}

// Rate tells a program how a limit stands, in the fields RateLimit-Policy and RateLimit of the IETF's draft
// (draft-ietf-httpapi-ratelimit-headers-10). Of several limits the one that is closest to its end is told; nil is none.
func (c *Context) Rate(r *Rate) {
	if r == nil || r.Limit == 0 || c.rate != nil && c.rate.Left <= r.Left {
		return
	}
	c.rate = r
	window := time.Duration(r.Limit) * r.Every
	h := c.W.Header()
	h["Ratelimit-Policy"] = []string{fmt.Sprintf(`"%s";q=%d;w=%d`, r.Name, r.Limit, int(math.Ceil(window.Seconds())))}
	h["Ratelimit"] = []string{fmt.Sprintf(`"%s";r=%d;t=%d`, r.Name, r.Left, int(math.Ceil(r.Reset.Seconds())))}
}
