package access

import (
	"slices"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// colleaguesRead bounds how many requests are compared.
const colleaguesRead = 200

// colleagues are requests of other addresses in a state that seem to come from
// the same organization: on the same mail domain, where it is not anybody's, or
// with a like name.
func colleagues(tx *db.Tx, r Request, state State) ([]Request, error) {
	all, err := many(tx, `WHERE r.name_key = $1 AND r.name_key <> '' AND r.email_key <> $2 AND r.state = $3 ORDER BY r.created_at DESC, r.id DESC LIMIT $4`,
		r.nameKey(), r.EmailKey, state, colleaguesRead)
	if err != nil || anybodys(r.domain()) {
		return all, err
	}
	// The words of an address are tokens, so its domain is found by the index.
	var wanted []token
	for _, w := range words(r.domain()) {
		wanted = append(wanted, token{"w" + w, true})
	}
	near, err := list(tx, order{string(state), "r.created_at", true}, wanted, "", colleaguesRead)
	if err != nil {
		return nil, err
	}
	for _, o := range near {
		if o.domain() == r.domain() && o.EmailKey != r.EmailKey && !slices.ContainsFunc(all, func(l Request) bool { return l.ID == o.ID }) {
			all = append(all, o)
		}
	}
	return all, nil
}

// approvedColleagues says whether an organization was made, or chosen, for
// somebody of the same domain or of an organization of like name.
func approvedColleagues(tx *db.Tx, r Request) (bool, error) {
	list, err := colleagues(tx, r, Approved)
	return len(list) > 0, err
}

// signalColleagues adds the signal to the requests that wait since before.
func signalColleagues(tx *db.Tx, waiting []Request) error {
	for _, o := range waiting {
		if slices.Contains(o.Signals, SignalColleagues) {
			continue
		}
		o.Signals = ordered(append(o.Signals, SignalColleagues))
		err := tx.Do(`UPDATE access_request SET signals = $1 WHERE id = $2 AND state = 'received'`, join(o.Signals), o.ID)
		if fault.Is(err, fault.Conflict) {
			continue // decided in the meantime
		}
		if err != nil {
			return err
		}
		if err := insertTokens(tx, o); err != nil {
			return err
		}
	}
	return nil
}
