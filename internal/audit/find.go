package audit

import (
	"slices"
	"strconv"
	"strings"

	"vestibule/internal/db"
)

// An Area is a part of what happens, for whoever looks for something in the
// trail.
type Area string

// Areas are all areas, in the order of a form.
func Areas() []Area {
	return []Area{"sign-in", "recovery", "account", "registration", "helpdesk", "request", "organization", "token", "license", "product", "policy", "device", "signing", "release", "download", "feed", "message", "terms", "staff"}
}

// prefixes are what the actions of an area begin with.
func (a Area) prefixes() []string {
	switch a {
	case "sign-in":
		return []string{"authn_"}
	case "request":
		return []string{"access_request."}
	case "token":
		return []string{"service_account."}
	case "policy":
		return []string{"product.policy_"}
	case "terms":
		return []string{"terms"}
	case "staff":
		return []string{"user_", "privilege_"}
	}
	return []string{string(a) + "."}
}

// A Filter chooses events. Zero fields choose all.
type Filter struct {
	Area   Area
	Actor  string // an Actor's ID
	Before int64  // the number of an event: what is older than it
}

// window is how many events one search passes over: with a filter that few
// events fit, the whole trail is looked through a part at a time.
const window = 20_000

// Find returns the newest events that fit, newest first, and where to go on: 0
// means that the trail ends there. An area that is none has no events.
func Find(tx *db.Tx, f Filter, limit int) (list []Entry, next int64, err error) {
	if f.Area != "" && !slices.Contains(Areas(), f.Area) {
		return nil, 0, nil
	}
	before := f.Before
	if before == 0 {
		if err := tx.Get(`SELECT seq + 1 FROM event_head WHERE one = 1`, nil, &before); err != nil {
			return nil, 0, err
		}
	}
	floor := max(before-window, 1)
	args := []any{before, floor, limit}
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	where := []string{`e.seq < $1`, `e.seq >= $2`}
	if f.Actor != "" {
		where = append(where, `e.actor_id = `+arg(f.Actor))
	}
	if f.Area != "" {
		var alike []string
		for _, p := range f.Area.prefixes() {
			alike = append(alike, `substr(e.action, 1, `+strconv.Itoa(len(p))+`) = `+arg(p))
		}
		where = append(where, `(`+strings.Join(alike, ` OR `)+`)`)
	}
	list, err = entries(tx, `WHERE `+strings.Join(where, ` AND `)+` ORDER BY e.seq DESC LIMIT $3`, args...)
	switch {
	case err != nil:
	case len(list) == limit:
		next = list[limit-1].Seq
	case floor > 1:
		next = floor
	}
	return list, next, err
}
