package license

import (
	"context"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// A Window is one list of the office's licences.
type Window string

// The windows. They go by the latest end of a licence's terms; what is shown of
// each is its status.
const (
	WindowAll      Window = "all"      // the newest first
	WindowRunning  Window = "running"  // those that have not ended and are not held, the next to end first
	WindowExpiring Window = "expiring" // those that end within 30 days, the next to end first
	WindowEnded    Window = "ended"    // the latest first
	WindowHeld     Window = "held"     // suspended or revoked, the newest first
)

// Windows are all windows in their order.
func Windows() []Window {
	return []Window{WindowAll, WindowRunning, WindowExpiring, WindowEnded, WindowHeld}
}

// A Query says which licences to list.
type Query struct {
	Window       Window // empty: all
	Product      string
	Organization string // id
	Search       string // a key, old or in force, or a part of an organization's name
	After        string // a Page's Next
	Limit        int    // rows; 0: 25
}

// A Page is a part of the list.
type Page struct {
	Licenses []View
	Next     string // where the next page starts; empty: this is the last
	Replaced bool   // the key that was searched for leaked and was replaced
	Now      time.Time
}

const (
	pageRows  = 25
	mostRows  = 500
	maxSearch = 100
)

// List lists licences. However many there are, a page reads only its own rows
// and those that a filter passes over.
func (s *Service) List(ctx context.Context, q Query) (p Page, err error) {
	limit := q.Limit
	if limit <= 0 {
		limit = pageRows
	}
	limit = min(limit, mostRows)
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p = Page{Now: tx.Now()}
		rows, err := q.rows(tx, &p, limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			p.Next = rows[limit-1].place(q.Window)
		}
		p.Licenses, err = views(tx, rows)
		return err
	})
	return p, err
}

// rows finds what is listed: by a whole key just its licence, else by the window.
func (q Query) rows(tx *db.Tx, p *Page, limit int) ([]listed, error) {
	if len(q.Search) > maxSearch {
		return nil, nil
	}
	key, err := ParseKey(q.Search)
	if err != nil {
		return list(tx, q, limit)
	}
	id, replaced, err := licenseOfKey(tx, key.Lookup())
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	p.Replaced = replaced
	return []listed{{id: id}}, err
}

// listed is where a licence stands in a list.
type listed struct {
	id   string
	ends int64
}

// place is where the page after it starts.
func (l listed) place(w Window) string {
	if w == WindowAll || w == WindowHeld || w == "" {
		return l.id
	}
	return strconv.FormatInt(l.ends, 36) + "." + l.id
}

// placed reads a place; a made-up one is NotFound.
func placed(after string) (listed, error) {
	ends, id, ok := strings.Cut(after, ".")
	n, err := strconv.ParseInt(ends, 36, 64)
	if !ok || err != nil {
		return listed{}, fault.New(fault.NotFound, "not-found")
	}
	return listed{id, n}, nil
}

func views(tx *db.Tx, rows []listed) ([]View, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var in strings.Builder
	var args []any
	at := map[string]int{}
	for i, r := range rows {
		if i > 0 {
			in.WriteByte(',')
		}
		args = append(args, r.id)
		in.WriteString("$" + strconv.Itoa(i+1))
		at[r.id] = i
	}
	all, err := licenses(tx, `l.id IN (`+in.String()+`)`, args...)
	if err != nil {
		return nil, err
	}
	owners, err := ownersOf(tx, `l.id IN (`+in.String()+`)`, args...)
	if err != nil {
		return nil, err
	}
	sorted := make([]View, len(rows))
	for _, l := range all {
		sorted[at[l.ID]] = viewOf(l, owners[l.ID], Office, tx.Now())
	}
	return sorted, nil
}
