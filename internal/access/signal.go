package access

import (
	"slices"
	"strings"
	"time"

	"vestibule/internal/access/domains"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// A Signal is something that staff should notice about a request. Signals
// decide nothing.
type Signal string

// The signals.
const (
	SignalKnown       Signal = "known-organization" // a verified domain, a contact or a like name
	SignalReturning   Signal = "returning"          // asked again from the portal
	SignalEvaluated   Signal = "evaluated-before"   // this address, or the known organization
	SignalSamePerson  Signal = "same-person"        // the mobile or the name asked with another address
	SignalColleagues  Signal = "colleagues"         // others of this domain or organization wait too
	SignalFreeMail    Signal = "free-mail"          // anybody can have an address there
	SignalDisposable  Signal = "disposable"         // addresses there are thrown away
	SignalLookAlike   Signal = "look-alike"         // a domain in letters that look like others
	SignalManyNetwork Signal = "many-from-network"  // several requests from one network in a day
	SignalRobot       Signal = "robot"              // filled in what people cannot see
	SignalFast        Signal = "fast"               // faster than anybody types
)

// Signals are all signals, in the order in which staff see them.
func Signals() []Signal {
	return []Signal{
		SignalKnown, SignalReturning, SignalEvaluated, SignalSamePerson, SignalColleagues, SignalFreeMail, SignalDisposable,
		SignalLookAlike, SignalManyNetwork, SignalRobot, SignalFast,
	}
}

func ordered(signals []Signal) []Signal {
	var list []Signal
	for _, s := range Signals() {
		if slices.Contains(signals, s) {
			list = append(list, s)
		}
	}
	return list
}

func parseSignals(joined string) []Signal {
	var list []Signal
	for s := range strings.FieldsSeq(joined) {
		list = append(list, Signal(s))
	}
	return list
}

// plainSignals are those that the form itself tells.
func plainSignals(f Form, email account.Email) []Signal {
	var list []Signal
	switch {
	case domains.Disposable(email.Domain):
		list = append(list, SignalDisposable)
	case domains.Free(email.Domain):
		list = append(list, SignalFreeMail)
	}
	if email.LookAlike {
		list = append(list, SignalLookAlike)
	}
	if f.Trap != "" {
		list = append(list, SignalRobot)
	}
	if f.Took > 0 && f.Took < tooFast {
		list = append(list, SignalFast)
	}
	return list
}

// manyFromNetwork is from how many requests of a network in a day staff should look.
const manyFromNetwork = 3

// relatedSignals are those that other records tell.
func relatedSignals(tx *db.Tx, r Request) ([]Signal, error) {
	var list []Signal
	known, err := suggestions(tx, r)
	if err != nil {
		return nil, err
	}
	if len(known) > 0 {
		list = append(list, SignalKnown)
	}
	before, err := approvedBefore(tx, r.EmailKey)
	if err != nil {
		return nil, err
	}
	for _, k := range known {
		if before || !k.Evidence.Enough() {
			continue
		}
		l, err := license.Of(tx, k.Organization.ID)
		if err != nil {
			return nil, err
		}
		before = slices.ContainsFunc(l, func(l license.License) bool {
			return slices.ContainsFunc(l.Facts.Terms, func(t license.Term) bool { return !t.Kind.Paid() })
		})
	}
	if before {
		list = append(list, SignalEvaluated)
	}
	same, err := samePerson(tx, r)
	if err != nil {
		return nil, err
	}
	if same {
		list = append(list, SignalSamePerson)
	}
	n, err := fromNetwork(tx, r.Network, tx.Now().Add(-24*time.Hour), manyFromNetwork)
	if err != nil {
		return nil, err
	}
	if n+1 >= manyFromNetwork {
		list = append(list, SignalManyNetwork)
	}
	return list, nil
}

// samePerson says whether somebody of this mobile, or of this name at this
// organization, asked with another address.
func samePerson(tx *db.Tx, r Request) (bool, error) {
	others, err := others(tx, r)
	if err != nil {
		return false, err
	}
	name := organization.Fold(r.Name())
	return slices.ContainsFunc(others, func(o Request) bool {
		return r.Mobile != "" && o.Mobile == r.Mobile || o.nameKey() == r.nameKey() && organization.Fold(o.Name()) == name
	}), nil
}
