package download

import (
	"context"
	"time"
)

// The states of transfers.
const (
	Running    = "running"    // bytes move
	Completed  = "completed"  // with it the caller had the whole file
	Partial    = "partial"    // it sent what was asked for, which is not the whole file
	Unfinished = "unfinished" // it broke off
)

// A Transfer is one answer with bytes of an artifact.
type Transfer struct {
	ID           string
	Organization string
	Company      string // the organization's name
	Caller       string // Person, Machine or Source
	Who          string // id of the account, service account or address
	Name         string // of the person; of the service account where it still is
	Product      string
	Channel      string
	Version      string
	Release      string
	Artifact     string
	File         string // its name
	Size         int64  // of the whole file
	Via          string // link, token, source
	Range        string // as it was asked for: "" for the whole file
	Address      string
	StartedAt    time.Time
	EndedAt      time.Time
	Sent         int64 // bytes
	State        string
}

// A Filter says which transfers are looked for. Empty fields fit all.
type Filter struct {
	Company      string // words of the organization's name
	Organization string // its id
	Release      string
	Product      string
	State        string
	Since, Until time.Time
}

// Transfers lists transfers, the newest first, before the one with the given id; next is where the next page begins, "" at the end.
func (s *Service) Transfers(ctx context.Context, f Filter, before string, limit int) (list []Transfer, next string, err error) {
	return nil, "", nil
}

// EachTransfer hands over all transfers that fit, the newest first, a page at a time, without holding a transaction meanwhile.
func (s *Service) EachTransfer(ctx context.Context, f Filter, each func(Transfer) error) error {
	return nil
}

// SetNews says whether a person is told by e-mail of new releases of a product.
func (s *Service) SetNews(ctx context.Context, account, product string, on bool) error { return nil }
