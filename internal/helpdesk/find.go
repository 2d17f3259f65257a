package helpdesk

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// A Query says which accounts to list. The search is by UserID, e-mail address,
// phone number in any spelling, name, organization, a whole licence key, or the
// reference of a recovery; words may be cut short.
type Query struct {
	Search       string
	Organization string        // whose members alone; "" is any. NotFound if there is none
	State        account.State // "" is any
	After        string        // a Page's Next
}

// A Found is one account of a list.
type Found struct {
	Account      account.Account
	Organization string // that it is a member of, or ""
	Staff        bool
	Pending      bool // a clearing is asked for or waits
}

// A Page is a part of the accounts found, the newest first.
type Page struct {
	Accounts []Found
	// Organization is the one whose members are listed: that the query names, or the owner of the licence key that was searched for.
	Organization organization.Organization
	Next         string // where the next page starts; "": this is the last
	Count        int    // how many were found, where Exact
	Exact        bool   // false: more than Count
	Behind       bool   // some that changed are not found by their new words yet
}

const (
	pageRows  = 25
	maxSearch = 200
	maxWords  = 8
	// common is from how many accounts on a word counts as common: then the accounts are passed over in their order, a
	// window at a time, and the page says that there may be more.
	common = 3000
	window = 2000
	// catchUp bounds how many stale accounts a search brings up to date before it looks; the chore does the others.
	catchUp = 200
)

// Find lists accounts. However many there are, a page reads a bounded number of
// rows.
func (s *Service) Find(ctx context.Context, by Staff, q Query) (p Page, err error) {
	if q.State != "" && !slices.Contains(States(), q.State) {
		return p, fault.New(fault.NotFound, "not-found")
	}
	if len(q.After) > 64 || len(q.Organization) > 64 {
		return p, fault.New(fault.NotFound, "not-found")
	}
	if err := s.freshen(ctx); err != nil {
		return p, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p = Page{Exact: true}
		if err := s.permitted(tx, by, View); err != nil {
			return err
		}
		if p.Behind, err = anyStale(tx); err != nil {
			return err
		}
		w, err := s.wantedOf(tx, q)
		if err != nil || w.impossible {
			return err
		}
		if w.organization != "" {
			if p.Organization, err = organization.Get(tx, w.organization); err != nil {
				return err
			}
		}
		return p.fill(tx, w)
	})
	return p, err
}

// States are the states that a list can be filtered by, in the order of the tabs.
func States() []account.State {
	return []account.State{account.Active, account.Expired, account.Unfinished, account.Disabled, account.Closed}
}

// fill reads a page of what is wanted.
func (p *Page) fill(tx *db.Tx, w wanted) (err error) {
	ids, scanned, err := findIDs(tx, w, pageRows+1)
	if err != nil {
		return err
	}
	switch {
	case len(ids) > pageRows:
		ids = ids[:pageRows]
		p.Next = ids[pageRows-1]
	case scanned != "":
		p.Next = scanned // the window ended before the page was full
	}
	if p.Count, p.Exact, err = countFound(tx, w); err != nil {
		return err
	}
	p.Accounts, err = found(tx, ids)
	return err
}

// wanted is what an account must have to be listed.
type wanted struct {
	impossible   bool
	tokens       []token
	organization string
	id           string // this one alone
	state        account.State
	after        string
	lead         int // the rarest token; -1: all are common, or there is none
}

// A token is something that an account is found by.
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

// wantedOf reads a search.
func (s *Service) wantedOf(tx *db.Tx, q Query) (w wanted, err error) {
	w = wanted{state: q.State, after: q.After, lead: -1, organization: q.Organization}
	typed := strings.TrimSpace(q.Search)
	if typed == "" {
		return w, nil
	}
	if len(typed) > maxSearch {
		return wanted{impossible: true}, nil
	}
	if key, err := license.ParseKey(typed); err == nil {
		l, _, err := license.ByKey(tx, key)
		if err == nil {
			w.organization = l.Organization
			return w, nil
		}
		if !fault.Is(err, fault.NotFound) {
			return w, err
		}
	}
	if e, err := account.ParseEmail(typed); err == nil {
		w.tokens = []token{{"e" + e.Key, true}}
		if found, err := w.rarest(tx); err != nil || found {
			return w, err
		}
	}
	if digits := phoneDigits(typed); digits != "" {
		w.tokens = []token{{"m" + digits, false}}
		if found, err := w.rarest(tx); err != nil || found {
			return w, err
		}
	}
	w.tokens = nil
	for _, word := range words(typed) {
		w.tokens = append(w.tokens, token{"w" + word, false})
	}
	if len(w.tokens) == 0 || len(w.tokens) > maxWords {
		return wanted{impossible: true}, nil
	}
	if found, err := w.rarest(tx); err != nil || found {
		return w, err
	}
	w.tokens = nil
	w.id, err = s.otherwise(tx, typed)
	if fault.Is(err, fault.NotFound) {
		return wanted{impossible: true}, nil
	}
	return w, err
}

// otherwise finds an account by what is nobody's words: a UserID in letters that look alike, or the reference that the page of a
// recovery shows.
func (s *Service) otherwise(tx *db.Tx, typed string) (id string, err error) {
	a, err := account.FindByUserID(tx, typed)
	if err == nil || !fault.Is(err, fault.NotFound) || s.Hooks.Referred == nil {
		return a.ID, err
	}
	return s.Hooks.Referred(tx, typed)
}

// rarest finds the token that fewest accounts have; it reports false if one of
// them nobody has.
func (w *wanted) rarest(tx *db.Tx) (found bool, err error) {
	w.lead = -1
	least := common
	for i, t := range w.tokens {
		n, err := countToken(tx, t, least)
		if err != nil || n == 0 {
			w.lead = -1
			return false, err
		}
		if n < least {
			w.lead, least = i, n
		}
	}
	return true, nil
}

// words are what text is searched by, folded.
func words(s string) []string {
	list := strings.FieldsFunc(organization.Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	slices.Sort(list)
	return slices.Compact(list)
}

// phoneDigits are the digits of a number as people write it, without the zeros
// that lead out of a country or a town: what tokens of numbers begin with. It is
// "" for what is no number.
func phoneDigits(s string) string {
	s = strings.ReplaceAll(s, "(0)", "")
	var b strings.Builder
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			b.WriteRune(c)
		case !strings.ContainsRune("+()-./ \u00a0\u2011\u2013", c):
			return ""
		}
	}
	digits := strings.TrimLeft(b.String(), "0")
	if len(digits) < 4 {
		return ""
	}
	return digits
}

// tokensOf are what an account is found by.
func tokensOf(a account.Account, organization string) []string {
	var list []string
	add := func(t string) { list = append(list, hex.EncodeToString([]byte(t))) }
	for _, w := range words(strings.Join([]string{a.FirstName, a.LastName, a.UserID, a.Email, a.Organization, organization}, " ")) {
		add("w" + w)
	}
	// A UserID of several words is typed as one, too.
	if joined := strings.Join(strings.FieldsFunc(fold(a.UserID), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), ""); joined != "" {
		add("w" + joined)
	}
	if a.Email != "" {
		add("e" + a.EmailKey)
	}
	if a.Mobile != "" {
		add("m" + strings.TrimPrefix(a.Mobile, "+"))
		if _, national := account.MobileParts(a.Mobile); national != "" {
			add("m" + phoneDigits(national))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func fold(s string) string { return organization.Fold(s) }

// freshen brings the few accounts up to date that changed since they were
// indexed, so that a search finds what was typed a moment ago.
func (s *Service) freshen(ctx context.Context) error {
	var stale bool
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		stale, err = anyStale(tx)
		return err
	})
	if err != nil || !stale {
		return err
	}
	_, err = s.index(ctx, catchUp)
	return err
}

// Index brings the index of accounts up to date. It is a chore: after an import
// there are many.
func (s *Service) Index(ctx context.Context) error {
	for {
		n, err := s.index(ctx, 500)
		if err != nil || n == 0 {
			return err
		}
	}
}

func (s *Service) index(ctx context.Context, limit int) (n int, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		all, err := staleAccounts(tx, limit)
		n = len(all)
		for _, one := range all {
			if err != nil {
				return err
			}
			err = reindex(tx, one, tokensOf(one.account, one.organization))
		}
		return err
	})
	return n, err
}

// A stale is an account whose tokens are those of what it was.
type stale struct {
	account      account.Account
	organization string
}
