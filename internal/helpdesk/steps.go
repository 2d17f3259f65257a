package helpdesk

import (
	"slices"

	"vestibule/internal/fault"
)

// A State is where a clearing stands.
type State string

// The states of a clearing: asked ─agreed▶ waiting ─due▶ done, and its other ends.
const (
	Asked     State = "asked"     // an administrator's or a second member of staff's word is missing
	Waiting   State = "waiting"   // it takes effect when it is due, unless somebody stops it
	Done      State = "done"      // it took effect
	Stopped   State = "stopped"   // by the link that went to the owner
	Refused   State = "refused"   // by whoever was asked
	Cancelled State = "cancelled" // by staff
	Lapsed    State = "lapsed"    // nobody answered
	Overtaken State = "overtaken" // the account is another by now: closed, or what was to go was set anew
)

// A Basis is on whose word something is cleared.
type Basis string

// The bases.
const (
	TwoMeans Basis = "two-means" // codes to two registered means, read out by the caller
	Voucher  Basis = "voucher"   // an administrator of the organization
	TwoStaff Basis = "two-staff" // a second member of staff
)

// Bases are all bases, in the order of the form.
func Bases() []Basis { return []Basis{TwoMeans, Voucher, TwoStaff} }

// An event is what happens to a clearing.
type event string

const (
	agreed    event = "agreed"
	refused   event = "refused"
	stopped   event = "stopped"
	cancelled event = "cancelled"
	due       event = "due"
	overtaken event = "overtaken"
)

func events() []event { return []event{agreed, refused, stopped, cancelled, due, overtaken} }

// table says what counts in which state, and where it leads. Where nothing is said, nothing happens any more.
func table() map[State]map[event]State {
	return map[State]map[event]State{
		Asked:   {agreed: Waiting, refused: Refused, cancelled: Cancelled, due: Lapsed, overtaken: Overtaken},
		Waiting: {stopped: Stopped, cancelled: Cancelled, due: Done, overtaken: Overtaken},
	}
}

// after says where an event leads; one that does not belong to the state is Conflict "clearing-settled".
func after(s State, e event) (State, error) {
	to, ok := table()[s][e]
	if !ok {
		return s, fault.New(fault.Conflict, "clearing-settled")
	}
	return to, nil
}

// Open reports whether something can still happen to a clearing.
func (s State) Open() bool { return s == Asked || s == Waiting }

// ParseBasis reads a basis, or is Invalid "choose-basis" at the field "basis".
func ParseBasis(s string) (Basis, error) {
	if !slices.Contains(Bases(), Basis(s)) {
		return "", fault.OnField("basis", "choose-basis")
	}
	return Basis(s), nil
}
