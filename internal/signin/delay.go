package signin

import (
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// A brake slows down whoever keeps failing. So many tries are free; each one after them has to wait twice as long as the one
// before, up to an end. One failure is forgotten for every leak that passes.
//
// There are four (ASVS V6.3.1; NIST SP 800-63B-4 §3.2.2). The first counts a login from one network: somebody who guesses
// elsewhere does not hold up the owner. The second counts a login from everywhere, and lets those networks pass from which the
// account has signed in before: guessing from many networks ends, and nobody can lock the owner out. The third counts a network.
// The last counts a browser from which the account has signed in before, and is the only one that such a browser meets: guessing
// from the owner's own network does not hold up the owner either.
type brake struct {
	name  string
	free  int
	first time.Duration
	most  time.Duration
	leak  time.Duration
}

var (
	accountThere = brake{name: "there", free: 5, first: 15 * time.Second, most: 15 * time.Minute, leak: time.Hour}
	accountWhole = brake{name: "account", free: 100, first: 15 * time.Second, most: 15 * time.Minute, leak: time.Hour}
	deviceAlone  = brake{name: "device", free: 5, first: 15 * time.Second, most: 15 * time.Minute, leak: time.Hour}
	network      = brake{name: "network", free: 100, first: time.Second, most: 15 * time.Minute, leak: time.Minute}
)

// forgetAfter is when a row of the brakes has leaked empty at the latest that matter, and when a place is no longer known.
const (
	forgetAfter = 7 * 24 * time.Hour
	forgetPlace = 90 * 24 * time.Hour
)

// wait is how long the next try waits after so many failures.
func (b brake) wait(failures int) time.Duration {
	over := failures - b.free
	if over < 0 {
		return 0
	}
	d := b.first
	for range over {
		if d *= 2; d >= b.most {
			return b.most
		}
	}
	return d
}

// leaked is what is left of so many failures when the last was so long ago.
func (b brake) leaked(failures int, ago time.Duration) int {
	return max(0, failures-int(ago/b.leak))
}

// take writes down a try as failed before it is made, or refuses it as TooMany with the time to wait. The row stays locked until
// the transaction ends, so that of many tries at once each sees the ones before it. whom is the login or the account that the brake
// holds up, or "".
func (b brake) take(tx *db.Tx, what, whom string) error {
	key, now := b.name+":"+what, tx.Now()
	failures, tried, next, err := lockDelay(tx, key, whom)
	if err != nil {
		return err
	}
	if now.Before(next) {
		return &fault.Error{Kind: fault.TooMany, Code: "sign-in-wait", RetryAfter: next.Sub(now)}
	}
	failures = b.leaked(failures, now.Sub(tried)) + 1
	return saveDelay(tx, key, failures, now, now.Add(b.wait(failures)))
}

// giveBack strikes out a try that take wrote down, because it was right.
func (b brake) giveBack(tx *db.Tx, what, whom string) error {
	key := b.name + ":" + what
	failures, tried, _, err := lockDelay(tx, key, whom)
	if err != nil {
		return err
	}
	return saveDelay(tx, key, max(0, failures-1), tried, tx.Now())
}

// clear forgets every failure.
func (b brake) clear(tx *db.Tx, what string) error { return dropDelay(tx, b.name+":"+what) }

// A Delay is how a brake stands that holds up an account.
type Delay struct {
	Where    string    // "there", one network; "account", everywhere; "device", one known browser; "code", the authenticator's code
	Network  string    // of "there"
	Failures int       // that are not forgotten
	Until    time.Time // the next try is let through; zero: now
}

// Delays returns the brakes that count failures for an account, by either of its logins.
func Delays(tx *db.Tx, a account.Account) ([]Delay, error) {
	rows, err := listDelays(tx, brakedAs(a))
	if err != nil {
		return nil, err
	}
	var all []Delay
	for _, r := range rows {
		name, what, _ := strings.Cut(r.key, ":")
		for _, b := range []brake{accountThere, accountWhole, deviceAlone, codeTries} {
			left := b.leaked(r.failures, tx.Now().Sub(r.tried))
			if b.name != name || left == 0 {
				continue
			}
			d := Delay{Where: name, Failures: left}
			if name == accountThere.name {
				_, d.Network, _ = strings.Cut(what, "@")
			}
			if tx.Now().Before(r.next) {
				d.Until = r.next
			}
			all = append(all, d)
		}
	}
	return all, nil
}

// Forgive forgets every failure that holds up an account, by either of its logins: after a reset, or because staff say so. What
// counts a network stays.
func Forgive(tx *db.Tx, a account.Account) error { return dropDelays(tx, brakedAs(a)) }

// brakedAs is whom the brakes of an account count.
func brakedAs(a account.Account) [3]string {
	return [3]string{loginKey(a.UserID), loginKey(a.Email), a.ID}
}
