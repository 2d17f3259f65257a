package recovery

import (
	"strconv"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/throttle"
)

// Limits say how often what costs money or is worth guessing can be done. They
// are counted in the database, for all nodes and all recoveries together: a new
// recovery, a resend or another browser resets nothing.
//
// Besides them four messages an hour leave for one login as it is typed, by each
// means, and four to one destination. The first is told, since it depends on
// what was typed alone; the second is kept in silence.
type Limits struct {
	Network    throttle.Limit  // asks and resends from one network
	Global     throttle.Limit  // asks and resends from anywhere
	Tries      throttle.Limit  // codes typed and passkeys used from one network
	SMSCountry throttle.Limit  // codes to one country
	SMSGlobal  throttle.Limit  // codes to anywhere
	App        throttle.Limit  // authenticator's and recovery codes typed for one account
	Unknown    throttle.Limit  // mails to one address without an account
	Waits      []time.Duration // before a code can be sent again: after the first, the second …
	AnswersDay int             // tries at the questions of one account in any 24 hours
	Failures   int64           // wrong codes in a row after which a means is off (NIST SP 800-63B-4 §3.2.2)
}

// DefaultLimits are the design's.
func DefaultLimits() Limits {
	return Limits{
		Network:    throttle.Limit{Name: "recovery-network", Burst: 40, Every: 20 * time.Second},
		Global:     throttle.Limit{Name: "recovery-global", Burst: 1000, Every: 500 * time.Millisecond},
		Tries:      throttle.Limit{Name: "recovery-tries-network", Burst: 60, Every: 10 * time.Second},
		SMSCountry: throttle.Limit{Name: "recovery-sms-country", Burst: 200, Every: 30 * time.Second},
		SMSGlobal:  throttle.Limit{Name: "recovery-sms-global", Burst: 500, Every: 5 * time.Second},
		App:        throttle.Limit{Name: "recovery-app", Burst: 10, Every: 6 * time.Minute},
		Unknown:    throttle.Limit{Name: "recovery-unknown", Burst: 1, Every: 24 * time.Hour},
		Waits:      []time.Duration{30 * time.Second, 60 * time.Second, 120 * time.Second},
		AnswersDay: 10,
		Failures:   100,
	}
}

// DefaultSettings are the guide's.
func DefaultSettings() Settings {
	return Settings{Questions: true, Life: 2 * time.Hour, Link: time.Hour, Limits: DefaultLimits()}
}

// sendWindow is the time in which four messages may leave.
const sendWindow = time.Hour

// triesARecovery is how often the questions of one recovery may be answered.
const triesARecovery = 3

// rule is what the code of a means is like: the mailbox gets eight digits, since
// more tickets can be had for it.
func rule(m Means) code.Rule {
	r := code.Default()
	if m == Email {
		r.Length = 8
	}
	return r
}

// ask counts one that asks, by network and over all.
func (l Limits) ask(tx *db.Tx) error {
	if err := l.Network.Spend(tx, throttle.Network(audit.From(tx.Context()).Address)); err != nil {
		return err
	}
	return l.Global.Spend(tx, "all")
}

// passes reports whether the limit lets another through; a reached limit is no
// error.
func passes(err error) (bool, error) {
	if fault.Is(err, fault.TooMany) {
		return false, nil
	}
	return err == nil, err
}

// answer takes one of the account's tries of the day, each of which is free
// again 24 hours later: so no day, wherever it begins, sees more.
func (l Limits) answer(tx *db.Tx, accountID string) error {
	var soonest *fault.Error
	for i := range l.AnswersDay {
		place := throttle.Limit{Name: "recovery-answer-" + strconv.Itoa(i), Burst: 1, Every: 24 * time.Hour}
		err := place.Spend(tx, accountID)
		if err == nil || !fault.Is(err, fault.TooMany) {
			return err
		}
		if e := fault.From(err); soonest == nil || e.RetryAfter < soonest.RetryAfter {
			soonest = e
		}
	}
	e := fault.New(fault.TooMany, "recovery-answers-day")
	if soonest != nil {
		e.RetryAfter = soonest.RetryAfter
	}
	return e
}

// wait is how long after the n-th code the next can be had.
func (l Limits) wait(sends int) time.Duration {
	if len(l.Waits) == 0 {
		return 0
	}
	return l.Waits[min(max(sends, 1), len(l.Waits))-1]
}
