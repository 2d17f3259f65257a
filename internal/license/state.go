package license

import "time"

// A Status is what a licence is at one instant.
type Status string

// The statuses, the strongest first.
const (
	StatusRevoked    Status = "revoked"
	StatusSuspended  Status = "suspended"
	StatusActive     Status = "active"
	StatusExpiring   Status = "expiring" // active, and near its end
	StatusNotStarted Status = "not-started"
	StatusGrace      Status = "grace"
	StatusExpired    Status = "expired"
	StatusNone       Status = "none" // no term was ever granted
)

// A Maintained says whether a perpetual right still gets updates.
type Maintained string

// What maintenance can be.
const (
	MaintenanceNone    Maintained = "none" // not a perpetual right, or updates without end
	MaintenanceCurrent Maintained = "current"
	MaintenanceLapsed  Maintained = "lapsed"
)

// A Remedy says what can be done about a state or a refusal.
type Remedy string

// The remedies. Those that package access has too have the same names.
const (
	RemedyNone        Remedy = ""
	RemedySignIn      Remedy = "sign-in" // the term begins by it
	RemedyWait        Remedy = "wait"    // until it begins
	RemedyExtend      Remedy = "extend"  // the evaluation, in the portal
	RemedyAskAgain    Remedy = "ask-again"
	RemedyRenew       Remedy = "renew"
	RemedyMaintenance Remedy = "renew-maintenance"
	RemedyContact     Remedy = "contact"
)

// A Fact is one dated thing that a state rests on.
type Fact struct {
	Code string // "license.because." + Code names its words
	At   time.Time
	Ref  string // the id of the term or hold
}

// How near its end a licence counts as expiring.
const (
	expiringEvaluation   = 7
	expiringSubscription = 30
)

// A State is a licence's status with the facts that made it so.
type State struct {
	Status     Status
	Kind       Kind      // of the term that decides
	Starts     time.Time // zero while a term waits for the first sign-in
	StartBy    time.Time // set while a term waits for the first sign-in
	Ends       time.Time // zero: without end, or not decided yet
	GraceUntil time.Time // until when it works after Ends; zero: there is no grace
	Days       int       // length of the deciding term, in days
	DaysLeft   int       // begun days until Ends; zero where there is none
	Seats      int       // zero: not limited
	Term       string    // id of the deciding term
	Hold       string    // id of the deciding hold
	Reason     string    // of the deciding hold

	Maintenance      Maintained
	MaintenanceUntil time.Time // set where Maintenance is current or lapsed

	// Of the deciding term, as it copied them from its policy.
	Policy        string
	PolicyVersion int
	Devices       int // zero: not limited
	Channels      []string
	Features      []string
	FileDays      int
	Lease         time.Duration

	Because []Fact // in the order of reasoning
	Remedy  Remedy
}

// Usable says whether the product may run.
func (s State) Usable() bool {
	return s.Status == StatusActive || s.Status == StatusExpiring || s.Status == StatusGrace
}

// UsableUntil is the first instant at which the product may not run any more if
// nothing else happens; zero: without end, or it may not run now.
func (s State) UsableUntil() time.Time {
	switch {
	case !s.Usable():
		return time.Time{}
	case !s.GraceUntil.IsZero():
		return s.GraceUntil
	}
	return s.Ends
}
