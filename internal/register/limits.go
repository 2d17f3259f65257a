package register

import (
	"strconv"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/throttle"
)

// Limits say how often what costs money or tells something can be asked for.
// They are counted in the database, for all nodes and all registrations
// together: a new registration, a resend or another browser resets nothing.
type Limits struct {
	PerNumber  int             // codes to one number in any hour
	PerNetwork throttle.Limit  // codes asked for from one network
	PerCountry throttle.Limit  // codes to one country
	Global     throttle.Limit  // codes to anywhere
	Waits      []time.Duration // before a code can be sent again: after the first, the second …
	Details    throttle.Limit  // first steps from one network
	Tries      throttle.Limit  // codes typed from one network
	Linked     throttle.Limit  // times that one network is told that an address has an account
	Mails      throttle.Limit  // links mailed to one account
	Passwords  throttle.Limit  // passwords typed to confirm one address
	once       throttle.Limit
	mailbox    throttle.Limit
}

// DefaultLimits are four codes a number an hour, resent after 30, 60 and 120
// seconds.
func DefaultLimits() Limits {
	return Limits{
		PerNumber:  4,
		PerNetwork: throttle.Limit{Name: "register-sms-network", Burst: 20, Every: 6 * time.Minute},
		PerCountry: throttle.Limit{Name: "register-sms-country", Burst: 200, Every: 30 * time.Second},
		Global:     throttle.Limit{Name: "register-sms-global", Burst: 500, Every: 5 * time.Second},
		Waits:      []time.Duration{30 * time.Second, 60 * time.Second, 120 * time.Second},
		Details:    throttle.Limit{Name: "register-details-network", Burst: 60, Every: 10 * time.Second},
		Linked:     throttle.Limit{Name: "register-linked-network", Burst: 10, Every: 2 * time.Minute},
		Tries:      throttle.Limit{Name: "register-code-network", Burst: 60, Every: 10 * time.Second},
		Mails:      throttle.Limit{Name: "register-finish-mail", Burst: 3, Every: 20 * time.Minute},
		Passwords:  throttle.Limit{Name: "register-confirm-password", Burst: 5, Every: time.Minute},
		once:       throttle.Limit{Name: "register-once", Burst: 1, Every: 24 * time.Hour},
		mailbox:    throttle.Limit{Name: "register-mailbox", Burst: 4, Every: 15 * time.Minute},
	}
}

func (l Limits) spendDetails(tx *db.Tx, address string) error {
	network := throttle.Network(address)
	wait, err := l.Linked.Wait(tx, network)
	if err != nil {
		return err
	}
	if wait > 0 {
		e := fault.New(fault.TooMany, "too-many")
		e.RetryAfter = wait
		return e
	}
	return l.Details.Spend(tx, network)
}

// spendSMS takes one code to the number, or fails as TooMany.
func (l Limits) spendSMS(tx *db.Tx, number, address string) error {
	if err := l.spendNumber(tx, number); err != nil {
		return err
	}
	if err := l.PerNetwork.Spend(tx, throttle.Network(address)); err != nil {
		return err
	}
	if err := l.PerCountry.Spend(tx, account.MobileCountry(number)); err != nil {
		return err
	}
	return l.Global.Spend(tx, "all")
}

// spendNumber takes one of the number's places, each of which is free again
// after an hour: so no hour, wherever it begins, sees more codes than places.
func (l Limits) spendNumber(tx *db.Tx, number string) error {
	var soonest error
	for i := range l.PerNumber {
		place := throttle.Limit{Name: "register-sms-number-" + strconv.Itoa(i), Burst: 1, Every: time.Hour}
		err := place.Spend(tx, number)
		if err == nil || !fault.Is(err, fault.TooMany) {
			return err
		}
		if soonest == nil || fault.From(err).RetryAfter < fault.From(soonest).RetryAfter {
			soonest = err
		}
	}
	return soonest
}

// wait is how long after the n-th code of a registration the next can be had.
func (l Limits) wait(sends int) time.Duration {
	if len(l.Waits) == 0 {
		return 0
	}
	return l.Waits[min(max(sends, 1), len(l.Waits))-1]
}
