package download

import (
	"context"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// The states of transfers.
const (
	Running    = "running"    // bytes move
	Completed  = "completed"  // with it the caller had the whole file
	Partial    = "partial"    // it sent all that was asked for, which is not yet the whole file
	Unfinished = "unfinished" // it broke off
)

// A Transfer is one answer with bytes of an artifact. Names are those of the time.
type Transfer struct {
	ID           string
	Organization string
	Company      string // the organization's name
	Caller       string // Person, Machine or Source: by a link, a token, or a secret address
	Who          string // id of the account, service account or address
	Name         string // of the person, the service account, the address
	Product      string
	Channel      string
	Version      string
	Release      string
	Artifact     string
	File         string // its name
	Size         int64  // of the whole file
	Range        string // as it was asked for: "" for the whole file
	Address      string
	StartedAt    time.Time
	EndedAt      time.Time // zero: bytes move
	Sent         int64     // bytes
	State        string
}

// A Filter says which transfers are looked for. Empty fields fit all.
type Filter struct {
	Company      string // words of the organization's name as it is now, from the beginning of one of them
	Organization string // its id
	Release      string // its id
	Product      string // its id
	Who          string // id of the account, service account or address
	State        string
	Since, Until time.Time
}

// A lease outlives the longest pause that a connection is let have (two minutes for a few megabytes, in package web), so that
// nobody settles what still moves.
const (
	lease      = 4 * time.Minute
	renewAfter = 30 * time.Second
)

// A moving is a transfer that runs, here or on a node that is gone.
type moving struct {
	id, who, artifact string
	size, sent        int64
	got               spans
}

// A Sending is a transfer that runs here. It is for one goroutine.
type Sending struct {
	s       *Service
	m       moving
	due     time.Time // of the next renewal
	asked   int64     // bytes that the answer promises
	settled bool
}

// Begin writes down that a transfer begins, before its first byte: asked is the range as the client asked for it, "" for the whole
// file, and bytes is how many the answer promises. It is TooMany "too-many-transfers" where the caller has as many as it may at
// once, on all nodes together, and "too-many" where it began very many in a short time.
func (s *Service) Begin(ctx context.Context, f *File, asked string, bytes int64) (*Sending, error) {
	if len(asked) > rangeLetters {
		asked = asked[:rangeLetters]
	}
	var m moving
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.Settings.Begins.Spend(tx, f.caller.ID); err != nil {
			return err
		}
		if err := holdCaller(tx, f.caller.ID); err != nil {
			return err
		}
		n, err := countRunning(tx, f.caller.ID)
		if err != nil {
			return err
		}
		if n >= s.Settings.Parallel {
			return &fault.Error{Kind: fault.TooMany, Code: "too-many-transfers", RetryAfter: renewAfter}
		}
		m = moving{id: s.Secret.ID(tx.Now()), who: f.caller.ID, artifact: f.Artifact.ID, size: f.Size}
		return insertTransfer(tx, Transfer{
			ID: m.id, Organization: f.organization, Company: f.company, Caller: f.caller.Kind, Who: f.caller.ID, Name: f.caller.Name,
			Product: f.Product, Channel: f.Channel, Version: f.Version, Release: f.Release, Artifact: f.Artifact.ID, File: f.Name, Size: f.Size,
			Range: asked, Address: f.caller.Address,
		}, tx.Now().Add(lease))
	})
	if err != nil {
		return nil, err
	}
	return &Sending{s: s, m: m, due: s.Now().Add(renewAfter), asked: bytes}, nil
}

// rangeLetters bounds what is kept of a Range header.
const rangeLetters = 200

// Sent notes that bytes of the file from an offset on were handed over, and moves the lease on where it is time. A transfer that
// somebody else settled meanwhile, because this node stood still for minutes, fails with Conflict: its place may be taken.
func (t *Sending) Sent(ctx context.Context, from, bytes int64) error {
	t.m.got, t.m.sent = t.m.got.add(from, from+bytes), t.m.sent+bytes
	if t.s.Now().Before(t.due) {
		return nil
	}
	t.due = t.s.Now().Add(renewAfter)
	err := t.s.DB.Write(ctx, func(tx *db.Tx) error {
		return renewTransfer(tx, t.m.id, t.m.sent, t.m.got, tx.Now().Add(lease))
	})
	if fault.Is(err, fault.Conflict) {
		return err
	}
	return nil // a database that is away for a moment cuts no download: the lease outlives several tries
}

// End settles the transfer with what was sent. It does so even where the client's connection is gone, which ended ctx.
func (t *Sending) End(ctx context.Context) error {
	if t.settled {
		return nil
	}
	t.settled = true
	err := t.s.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		if err := holdCaller(tx, t.m.who); err != nil {
			return err
		}
		return settle(tx, t.m, t.m.sent >= t.asked)
	})
	if fault.Is(err, fault.Conflict) {
		return nil // the chore did it
	}
	return err
}

// settle ends a transfer: what it sent is joined with what the caller has of the file already, and if that is all of it now, this
// is the transfer that completed it. Then the next one begins anew. Its caller is held.
func settle(tx *db.Tx, m moving, all bool) error {
	had, err := parts(tx, m.who, m.artifact)
	if err != nil {
		return err
	}
	has := had.merge(m.got)
	state := Unfinished
	switch {
	case has.cover(m.size):
		state = Completed
	case all:
		state = Partial
	}
	if err := endTransfer(tx, m.id, state, m.sent, m.got); err != nil {
		return err
	}
	if state == Completed {
		return dropParts(tx, m.who, m.artifact)
	}
	if len(m.got) == 0 {
		return nil
	}
	return putParts(tx, m.who, m.artifact, has)
}

// Transfers lists transfers, the newest first, before the one with the given id; next is where the next page begins, "" at the end.
func (s *Service) Transfers(ctx context.Context, f Filter, before string, limit int) (list []Transfer, next string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list, err = transfers(tx, f, before, limit+1)
		return err
	})
	if err == nil && len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID
	}
	return list, next, err
}

// Completed counts the completed transfers of releases; one without any is not in the map.
func (s *Service) Completed(ctx context.Context, releases []string) (n map[string]int, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		n, err = completed(tx, releases)
		return err
	})
	return n, err
}

// Fetched reports whether an organization has downloaded anything whole.
func (s *Service) Fetched(ctx context.Context, organization string) (yes bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		yes, err = fetched(tx, organization)
		return err
	})
	return yes, err
}

// EachTransfer hands over all transfers that fit, the newest first, a page at a time: no transaction waits for whoever reads them.
func (s *Service) EachTransfer(ctx context.Context, f Filter, each func(Transfer) error) error {
	for before := ""; ; {
		list, next, err := s.Transfers(ctx, f, before, page)
		if err != nil {
			return err
		}
		for _, t := range list {
			if err := each(t); err != nil {
				return err
			}
		}
		if before = next; next == "" {
			return nil
		}
	}
}

// page is how many rows are read at a time.
const page = 200
