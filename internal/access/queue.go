package access

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// A Tab is one list of the office's queue.
type Tab string

// The tabs.
const (
	TabOpen     Tab = "open" // the most urgent first
	TabApproved Tab = "approved"
	TabDeclined Tab = "declined"
	TabAll      Tab = "all" // the latest first
)

// Tabs are all tabs in their order.
func Tabs() []Tab { return []Tab{TabOpen, TabApproved, TabDeclined, TabAll} }

// A Query says which requests to list.
type Query struct {
	Tab     Tab
	Search  string // words of name, address, organization or reference
	Signal  Signal
	Country string
	After   string // a Page's Next
	Limit   int    // rows; 0: 25
}

// A Page is a part of the queue.
type Page struct {
	Requests []Request
	Next     string // where the next page starts; empty: this is the last
	Now      time.Time
}

const (
	pageRows  = 25
	maxRows   = 5000 // of an export
	maxSearch = 100
)

// order is how a tab is sorted: by a column, then by id.
type order struct {
	state  string // "" is any
	column string
	down   bool
}

func (t Tab) order() (order, error) {
	switch t {
	case TabOpen:
		return order{"received", "r.due_at", false}, nil
	case TabApproved:
		return order{"approved", "r.decided_at", true}, nil
	case TabDeclined:
		return order{"declined", "r.decided_at", true}, nil
	case TabAll:
		return order{"", "r.created_at", true}, nil
	}
	return order{}, fault.New(fault.NotFound, "not-found")
}

func (o order) value(r Request) int64 {
	switch o.column {
	case "r.due_at":
		return db.Micros(r.DueAt)
	case "r.decided_at":
		return db.Micros(r.DecidedAt)
	}
	return db.Micros(r.CreatedAt)
}

// Queue lists requests. However many there are, a page reads only its own rows
// and those that a filter passes over.
func (s *Service) Queue(ctx context.Context, q Query) (p Page, err error) {
	o, err := q.Tab.order()
	if err != nil {
		return Page{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = pageRows
	}
	limit = min(limit, maxRows)
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p = Page{Now: tx.Now()}
		wanted, impossible := q.tokens()
		if impossible {
			return nil
		}
		list, err := list(tx, o, wanted, q.After, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			last := list[limit-1]
			p.Next = strconv.FormatInt(o.value(last), 36) + "." + last.ID
		}
		p.Requests = list
		return nil
	})
	return p, err
}

// tokens are what a request must have to be listed: exact ones, and beginnings
// of words.
func (q Query) tokens() (wanted []token, impossible bool) {
	if q.Signal != "" {
		wanted = append(wanted, token{"s" + string(q.Signal), true})
	}
	if q.Country != "" {
		wanted = append(wanted, token{"c" + q.Country, true})
	}
	if len(q.Search) > maxSearch {
		return nil, true
	}
	for _, w := range words(q.Search) {
		wanted = append(wanted, token{"w" + w, false})
	}
	return wanted, len(wanted) > 12 || strings.TrimSpace(q.Search) != "" && len(words(q.Search)) == 0
}

// A token is something that a request is found by.
type token struct {
	text  string
	whole bool // not only the beginning
}

func (t token) span() (from, below string) {
	from = hex.EncodeToString([]byte(t.text))
	if t.whole {
		return from, from + "00" // the next possible token
	}
	return from, from + "g" // after every token that begins like this one
}

// filter is the token as a condition on the row itself. Words are letters and
// digits, so nothing in them means anything to LIKE.
func (t token) filter(arg func(any) string) string {
	switch kind, text := t.text[0], t.text[1:]; kind {
	case 's':
		return `' ' || r.signals || ' ' LIKE ` + arg("% "+text+" %")
	case 'c':
		return `r.country = ` + arg(text)
	default:
		return `' ' || r.search_key LIKE ` + arg("% "+text+"%")
	}
}

// dense is from how many requests on a token counts as common: then passing
// over the others in the order of the list is quicker than collecting these.
const dense = 3000

// list reads in the order of the tab. The rarest token, if it is rare, leads by
// its index; the others are looked for in each row.
func list(tx *db.Tx, o order, wanted []token, after string, limit int) ([]Request, error) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	where := []string{}
	lead, least := -1, dense
	for i, t := range wanted {
		n, err := countToken(tx, t, least)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, nil
		}
		if n < least {
			lead, least = i, n
		}
	}
	if lead >= 0 {
		from, below := wanted[lead].span()
		where = append(where, `r.id IN (SELECT request_id FROM access_request_token WHERE token >= `+arg(from)+` AND token < `+arg(below)+`)`)
	}
	for i, t := range wanted {
		if i != lead {
			where = append(where, t.filter(arg))
		}
	}
	if o.state != "" {
		where = append(where, `r.state = '`+o.state+`'`)
	}
	direction, compare := "ASC", ">"
	if o.down {
		direction, compare = "DESC", "<"
	}
	if after != "" {
		at, id, ok := strings.Cut(after, ".")
		value, err := strconv.ParseInt(at, 36, 64)
		if !ok || err != nil || len(id) > 64 {
			return nil, fault.New(fault.NotFound, "not-found")
		}
		where = append(where, fmt.Sprintf(`(%s, r.id) %s (%s, %s)`, o.column, compare, arg(value), arg(id)))
	}
	clause := ""
	if len(where) > 0 {
		clause = `WHERE ` + strings.Join(where, " AND ")
	}
	return many(tx, fmt.Sprintf(`%s ORDER BY %s %s, r.id %s LIMIT %s`, clause, o.column, direction, direction, arg(limit)), args...)
}

func countToken(tx *db.Tx, t token, most int) (n int, err error) {
	from, below := t.span()
	err = tx.Get(`SELECT count(*) FROM (SELECT 1 FROM access_request_token WHERE token >= $1 AND token < $2 LIMIT $3) x`,
		[]any{from, below, most}, &n)
	return n, err
}

// words are what text is searched by, folded.
func words(s string) []string {
	list := strings.FieldsFunc(organization.Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	slices.Sort(list)
	return slices.Compact(list)
}

func searchKey(r Request) string {
	return strings.Join(words(strings.Join([]string{r.FirstName, r.LastName, r.Email, r.EmailKey, r.Organization, r.Reference}, " ")), " ")
}

func tokens(r Request) []string {
	var list []string
	for _, w := range strings.Fields(searchKey(r)) {
		list = append(list, hex.EncodeToString([]byte("w"+w)))
	}
	for _, s := range r.Signals {
		list = append(list, hex.EncodeToString([]byte("s"+string(s))))
	}
	return append(list, hex.EncodeToString([]byte("c"+r.Country)))
}

// Counts are how many requests each tab has, up to CountMost.
type Counts struct {
	Open, Approved, Declined, All int
	Late                          int
}

// CountMost is where Counts stop: "1,000 or more" is all that staff need.
const CountMost = 1000

// Counts counts for the tabs and the navigation.
func (s *Service) Counts(ctx context.Context) (c Counts, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		for into, where := range map[*int]string{
			&c.Open: `WHERE state = 'received'`, &c.Approved: `WHERE state = 'approved'`, &c.Declined: `WHERE state = 'declined'`, &c.All: ``,
		} {
			if err := tx.Get(`SELECT count(*) FROM (SELECT 1 FROM access_request `+where+` LIMIT $1) x`, []any{CountMost}, into); err != nil {
				return err
			}
		}
		return tx.Get(`SELECT count(*) FROM (SELECT 1 FROM access_request WHERE state = 'received' AND late_at <= $1 LIMIT $2) x`,
			[]any{db.Micros(tx.Now()), CountMost}, &c.Late)
	})
	return c, err
}

// OpenCount counts what waits, for the navigation.
func (s *Service) OpenCount(ctx context.Context) (n int, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(`SELECT count(*) FROM (SELECT 1 FROM access_request WHERE state = 'received' LIMIT $1) x`, []any{CountMost}, &n)
	})
	return n, err
}

// A Case is one request with all that staff want to know of it.
type Case struct {
	Request     Request
	Due         Due
	Now         time.Time
	Suggestions []Suggestion
	Same        []Request // the same address, mobile, domain or like organization
	History     []audit.Entry
	Granted     license.Term // of an approved request
	For         string       // the name of the organization that it was approved for
	Settings    Settings
}

const (
	historyShown = 50
	sameShown    = 10
)

// Case returns one request for staff.
func (s *Service) Case(ctx context.Context, id string) (c Case, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, id)
		if err != nil {
			return err
		}
		c = Case{Request: r, Due: r.Due(tx.Now()), Now: tx.Now(), Settings: s.Settings}
		if c.Settings.Evaluation, err = license.RuleOf(tx, r.Product, s.Settings.Evaluation); err != nil {
			return err
		}
		if c.Suggestions, err = suggestions(tx, r); err != nil {
			return err
		}
		mine, err := ofAddress(tx, r.EmailKey, sameShown+1)
		if err != nil {
			return err
		}
		alike, err := others(tx, r)
		if err != nil {
			return err
		}
		waiting, err := colleagues(tx, r, Received)
		if err != nil {
			return err
		}
		approved, err := colleagues(tx, r, Approved)
		if err != nil {
			return err
		}
		seen := map[string]bool{r.ID: true}
		for _, o := range slices.Concat(mine, waiting, approved, alike) {
			if !seen[o.ID] && len(c.Same) < sameShown {
				seen[o.ID] = true
				c.Same = append(c.Same, o)
			}
		}
		if r.State == Approved {
			if err := c.granted(tx); err != nil {
				return err
			}
		}
		c.History, err = audit.History(tx, r.subject(), historyShown)
		return err
	})
	return c, err
}

// granted reads what the approval gave.
func (c *Case) granted(tx *db.Tx) error {
	o, err := organization.Get(tx, c.Request.ApprovedFor)
	if err != nil {
		return err
	}
	c.For = o.Name
	l, err := license.For(tx, o.ID, c.Request.Product)
	if err != nil {
		return err
	}
	for _, t := range l.Facts.Terms {
		if t.ID == c.Request.Term {
			c.Granted = t
		}
	}
	return nil
}
