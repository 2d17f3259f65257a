package helpdesk

import (
	"strings"
	"testing"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
)

// now is the instant at which the cases of this file are asked.
var now = time.Date(2026, 6, 16, 9, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

const day = 24 * time.Hour

// healthy are the facts of an account that nothing stands in the way of.
func healthy() Facts {
	made := ago(100 * day)
	return Facts{
		Now: now,
		Account: account.Account{
			ID: "a", State: account.Active, CreatedAt: made, StateAt: made.Add(time.Hour), EmailConfirmedAt: made.Add(time.Hour), PasswordHash: "x",
		},
		States:       []StateFact{{At: made, State: account.Unfinished}, {At: made.Add(time.Hour), State: account.Active}},
		Passwords:    []time.Time{made.Add(time.Hour)},
		TermsVersion: "1", TermsSince: made, TermsAccepted: made,
		Standing:    access.Standing{Allowed: true, Reason: access.ReasonEvaluation},
		MemberSince: made.Add(2 * time.Hour),
	}
}

// said are the findings in short: weight, code and value.
func said(e Explanation) string {
	var list []string
	for _, f := range e.Findings {
		s := string(f.Weight) + " " + f.Code
		if f.Value != "" {
			s += "(" + f.Value + ")"
		}
		list = append(list, s)
	}
	return strings.Join(list, ", ")
}

func failures(n int, at time.Time) (list []Attempt) {
	for i := range n {
		list = append(list, Attempt{At: at.Add(-time.Duration(i) * time.Minute)})
	}
	return list
}

func TestWhySomebodyCannotSignIn(t *testing.T) {
	for _, c := range []struct {
		name    string
		facts   func(f *Facts)
		at      time.Time // zero: now
		verdict Verdict
		said    string
	}{
		// Now.
		{"nothing is wrong", func(*Facts) {}, now, GetsIn, ""},
		{"a delay from one network", func(f *Facts) { f.Delays = []Delay{{"there", "192.0.2.0/24", 7, now.Add(time.Minute)}} }, now, Locked, "stops delay-there(192.0.2.0/24)"},
		{"a delay from everywhere", func(f *Facts) { f.Delays = []Delay{{"account", "", 101, now.Add(time.Minute)}} }, now, Locked, "stops delay-account"},
		{"a delay of a known browser", func(f *Facts) { f.Delays = []Delay{{"device", "", 6, now.Add(time.Minute)}} }, now, Locked, "stops delay-device"},
		{"a delay of the authenticator's code", func(f *Facts) { f.Delays = []Delay{{"code", "", 6, now.Add(time.Minute)}} }, now, Locked, "stops delay-code"},
		{"two delays", func(f *Facts) {
			f.Delays = []Delay{{"there", "n", 7, now.Add(time.Minute)}, {"code", "", 6, now.Add(time.Minute)}}
		}, now, Locked, "stops delay-there(n), stops delay-code"},
		{"failures that delay nothing", func(f *Facts) { f.Delays = []Delay{{"there", "n", 3, time.Time{}}} }, now, GetsIn, ""},
		{"a delay that ends this instant", func(f *Facts) { f.Delays = []Delay{{"there", "n", 7, now}} }, now, GetsIn, ""},
		{"closed", func(f *Facts) { f.Account.State, f.Account.StateAt = account.Closed, ago(day) }, now, Locked, "stops closed"},
		{"disabled by staff", func(f *Facts) {
			f.Account.State, f.Account.StateAt, f.Account.StateReason = account.Disabled, ago(day), account.ByStaff
		}, now, Locked, "stops disabled(staff)"},
		{"never finished", func(f *Facts) { f.Account.State, f.Account.StateAt, f.Passwords = account.Unfinished, time.Time{}, nil }, now, Locked, "stops unfinished"},
		{"imported, without a password", func(f *Facts) {
			f.Account.State, f.Account.StateReason, f.Passwords, f.Account.PasswordHash = account.Expired, account.ByImport, nil, ""
		}, now, Locked, "stops no-password(import)"},
		{"active, without a password", func(f *Facts) { f.Passwords = nil }, now, Locked, "stops no-password"},
		{"expired by staff", func(f *Facts) {
			f.Account.State, f.Account.StateAt, f.Account.StateReason = account.Expired, ago(day), account.ByStaff
		}, now, Locked, "stops password-expired(staff)"},
		{"expired by age", func(f *Facts) {
			f.Account.State, f.Account.StateAt, f.Account.StateReason = account.Expired, ago(day), account.ByAge
		}, now, Locked, "stops password-expired(age)"},
		{"expired by dormancy", func(f *Facts) {
			f.Account.State, f.Account.StateAt, f.Account.StateReason = account.Expired, ago(day), account.ByDormancy
		}, now, Locked, "stops password-expired(dormant)"},
		{"expired by an undone address", func(f *Facts) {
			f.Account.State, f.Account.StateAt, f.Account.StateReason = account.Expired, ago(day), account.ByUndo
		}, now, Locked, "stops password-expired(undo)"},
		{"a password that is too old", func(f *Facts) { f.MaxAge = 90 * day }, now, Locked, "stops password-old"},
		{"a password that is too old this instant", func(f *Facts) { f.MaxAge = 100*day - time.Hour }, now, Locked, "stops password-old"},
		{"a password that is not too old yet", func(f *Facts) { f.MaxAge = 100 * day }, now, GetsIn, ""},
		{"an authenticator", func(f *Facts) { f.AuthenticatorSince, f.RecoveryCodes = ago(day), 9 }, now, GetsIn, "note authenticator-asked"},
		{"an authenticator that is off", func(f *Facts) { f.AuthenticatorSince, f.AuthenticatorOff = ago(day), true }, now, Locked, "stops authenticator-off"},
		{"staff without an authenticator", func(f *Facts) { f.Staff = true }, now, Locked, "stops staff-authenticator"},
		{"staff ask for no standing and no terms", func(f *Facts) {
			f.Staff, f.AuthenticatorSince, f.TermsAccepted, f.Standing = true, ago(day), time.Time{}, access.Standing{Reason: access.ReasonNoRequest}
		}, now, GetsIn, "note authenticator-asked"},
		{"terms not accepted", func(f *Facts) { f.TermsAccepted = time.Time{} }, now, AfterIt, "step terms-due(1)"},
		{"terms that come later", func(f *Facts) { f.TermsAccepted, f.TermsSince = time.Time{}, now.Add(time.Hour) }, now, GetsIn, ""},
		{"terms that can be put off", func(f *Facts) { f.TermsAccepted, f.TermsLater = time.Time{}, now.Add(day) }, now, AfterIt, "step terms-later(1)"},
		{"no terms at all", func(f *Facts) { f.TermsVersion, f.TermsAccepted = "", time.Time{} }, now, GetsIn, ""},
		{"a legacy account that is incomplete", func(f *Facts) { f.Account.Incomplete = true }, now, AfterIt, "step incomplete"},
		{"an address that is not confirmed", func(f *Facts) { f.Account.EmailConfirmedAt = time.Time{} }, now, AfterIt, "step email-unconfirmed"},
		{"several steps", func(f *Facts) {
			f.TermsAccepted, f.Account.Incomplete, f.Account.EmailConfirmedAt = time.Time{}, true, time.Time{}
		}, now, AfterIt, "step terms-due(1), step incomplete, step email-unconfirmed"},
		{"nobody asked for an evaluation", func(f *Facts) { f.Standing = access.Standing{Reason: access.ReasonNoRequest} }, now, Locked, "stops standing(no-request)"},
		{"a request that waits", func(f *Facts) { f.Standing = access.Standing{Reason: access.ReasonWaiting} }, now, Locked, "stops standing(waiting)"},
		{"a request that was declined", func(f *Facts) { f.Standing = access.Standing{Reason: access.ReasonDeclined} }, now, Locked, "stops standing(declined)"},
		{"a join request that waits", func(f *Facts) { f.Standing = access.Standing{Reason: access.ReasonJoinWaiting} }, now, Locked, "stops standing(join-waiting)"},
		{"a join request that was refused", func(f *Facts) { f.Standing = access.Standing{Reason: access.ReasonJoinRefused} }, now, Locked, "stops standing(join-refused)"},
		{"an evaluation that ended opens the portal", func(f *Facts) {
			f.Standing = access.Standing{Allowed: true, Locked: true, Reason: access.ReasonEvaluationOver}
		}, now, GetsIn, "note standing-locked(evaluation-ended)"},
		{"a licence on hold opens the portal", func(f *Facts) {
			f.Standing = access.Standing{Allowed: true, Locked: true, Reason: access.ReasonSuspended}
		}, now, GetsIn, "note standing-locked(suspended)"},
		{"the gravest decides", func(f *Facts) {
			f.TermsAccepted, f.Account.State, f.Account.StateAt = time.Time{}, account.Expired, ago(day)
		}, now, Locked, "stops password-expired, step terms-due(1)"},
		{"a closed account has no more to say", func(f *Facts) {
			f.Account.State, f.Account.StateAt, f.TermsAccepted, f.Passwords = account.Closed, ago(day), time.Time{}, nil
		}, now, Locked, "stops closed"},
		{"delays are told of a disabled one, too", func(f *Facts) {
			f.Delays = []Delay{{"there", "n", 7, now.Add(time.Minute)}}
			f.Account.State, f.Account.StateAt = account.Disabled, ago(day)
		}, now, Locked, "stops delay-there(n), stops disabled"},
		{"a message that did not arrive", func(f *Facts) { f.Undelivered = []Undelivered{{"m", "email-confirm", "failed", ago(time.Hour)}} }, now, GetsIn, "note undelivered(email-confirm)"},
		{"a number that gets no SMS", func(f *Facts) { f.NoSMS = "JP" }, now, GetsIn, "note no-sms(JP)"},
		{"an account that closes soon", func(f *Facts) { f.Account.ClosingAt = now.Add(day) }, now, GetsIn, "note closing"},
		{"something is to be cleared", func(f *Facts) { f.Clearing = &Clearing{State: Waiting, DueAt: now.Add(day)} }, now, GetsIn, "note clearing"},
		{"something is asked to be cleared", func(f *Facts) { f.Clearing = &Clearing{State: Asked, DueAt: now.Add(day)} }, now, GetsIn, ""},

		// Then.
		{"before there was an account", func(*Facts) {}, ago(101 * day), Locked, "stops no-account"},
		{"between registering and the password", func(*Facts) {}, ago(100 * day).Add(time.Minute), Locked, "stops unfinished"},
		{"while all was well", func(*Facts) {}, ago(50 * day), GetsIn, ""},
		{"before it was disabled", func(f *Facts) {
			f.Account.State, f.Account.StateAt = account.Disabled, ago(day)
			f.States = append(f.States, StateFact{At: ago(day), State: account.Disabled})
		}, ago(2 * day), GetsIn, ""},
		{"while it was disabled", func(f *Facts) {
			f.Account.StateAt = ago(day)
			f.States = append(f.States, StateFact{At: ago(3 * day), State: account.Disabled}, StateFact{At: ago(day), State: account.Active})
		}, ago(2 * day), Locked, "stops disabled"},
		{"before it expired", func(f *Facts) {
			f.Account.State, f.Account.StateAt, f.Account.StateReason = account.Expired, ago(day), account.ByStaff
			f.States = append(f.States, StateFact{At: ago(day), State: account.Expired})
		}, ago(2 * day), GetsIn, ""},
		{"while it was expired, before the reset", func(f *Facts) {
			f.Account.StateAt, f.Passwords = ago(day), []time.Time{ago(day), ago(100*day - time.Hour)}
			f.States = append(f.States, StateFact{At: ago(3 * day), State: account.Expired}, StateFact{At: ago(day), State: account.Active})
		}, ago(2 * day), Locked, "stops password-expired, note password-since"},
		{"imported, before the reset", func(f *Facts) {
			f.Account.StateAt, f.Passwords, f.Account.EmailConfirmedAt = ago(day), []time.Time{ago(day)}, ago(day)
			f.States = []StateFact{{At: ago(100 * day), State: account.Expired, Why: account.ByImport}, {At: ago(day), State: account.Active}}
			f.TermsVersion = ""
		}, ago(2 * day), Locked, "stops password-expired(import), step email-unconfirmed"},
		{"why it was disabled then", func(f *Facts) {
			f.Account.StateAt = ago(day)
			f.States = append(f.States, StateFact{At: ago(3 * day), State: account.Disabled, Why: account.ByStaff}, StateFact{At: ago(day), State: account.Active})
		}, ago(2 * day), Locked, "stops disabled(staff)"},
		{"an address that was confirmed, and became another since", func(f *Facts) {
			f.Account.EmailConfirmedAt, f.Confirmed, f.Moved = ago(day), []time.Time{ago(day), ago(3 * day)}, ago(day)
		}, ago(2 * day), GetsIn, ""},
		{"an address that became another since, and the trail does not say", func(f *Facts) {
			f.Account.EmailConfirmedAt, f.Confirmed, f.Moved = ago(day), []time.Time{ago(day)}, ago(day)
		}, ago(2 * day), Unclear, "unknown email-unknown"},
		{"a state that the trail has forgotten", func(f *Facts) { f.States, f.Account.StateAt = nil, ago(day) }, ago(2 * day), Unclear, "unknown state-unknown"},
		{"a password that was changed since", func(f *Facts) { f.Passwords = []time.Time{ago(day), ago(100*day - time.Hour)} }, ago(2 * day), GetsIn, "note password-since"},
		{"a password that is no longer kept", func(f *Facts) {
			f.Passwords = []time.Time{ago(1 * day), ago(2 * day), ago(3 * day), ago(4 * day), ago(5 * day)}
		}, ago(50 * day), Unclear, "unknown password-unknown"},
		{"a password that was too old then", func(f *Facts) {
			f.MaxAge, f.Passwords = 30*day, []time.Time{ago(day), ago(100*day - time.Hour)}
		}, ago(2 * day), Locked, "stops password-old, note password-since"},
		{"five failures then", func(f *Facts) { f.Attempts = failures(5, ago(2*day)) }, ago(2*day - time.Minute), Unclear, "unknown tries-then"},
		{"four failures then", func(f *Facts) { f.Attempts = failures(4, ago(2*day)) }, ago(2*day - time.Minute), GetsIn, ""},
		{"failures after that", func(f *Facts) { f.Attempts = failures(9, ago(day)) }, ago(3 * day), GetsIn, ""},
		{"a delay of now says nothing of then", func(f *Facts) { f.Delays = []Delay{{"there", "n", 7, now.Add(time.Minute)}} }, ago(2 * day), GetsIn, ""},
		{"an authenticator that came later", func(f *Facts) { f.AuthenticatorSince = ago(day) }, ago(2 * day), GetsIn, "note authenticator-later"},
		{"an authenticator that is off now", func(f *Facts) { f.AuthenticatorSince, f.AuthenticatorOff = ago(9*day), true }, ago(2 * day), GetsIn, "note authenticator-asked"},
		{"terms that were accepted later", func(f *Facts) { f.TermsSince, f.TermsAccepted = ago(9*day), ago(day) }, ago(2 * day), AfterIt, "step terms-due(1)"},
		{"terms that were not in force yet", func(f *Facts) { f.TermsSince, f.TermsAccepted = ago(day), time.Time{} }, ago(2 * day), GetsIn, ""},
		{"an address that was confirmed later", func(f *Facts) { f.Account.EmailConfirmedAt = ago(day) }, ago(2 * day), AfterIt, "step email-unconfirmed"},
		{"a standing of then", func(f *Facts) { f.Standing = access.Standing{Reason: access.ReasonWaiting} }, ago(2 * day), Locked, "stops standing(waiting)"},
		{"somebody who joined later", func(f *Facts) {
			f.MemberSince, f.Standing = ago(day), access.Standing{Reason: access.ReasonNoRequest}
		}, ago(2 * day), Locked, "stops standing(no-request), note member-later"},
		{"a message that failed later", func(f *Facts) { f.Undelivered = []Undelivered{{"m", "email-confirm", "failed", ago(day)}} }, ago(2 * day), GetsIn, ""},
	} {
		f := healthy()
		c.facts(&f)
		e := Explain(f, c.at)
		if e.Verdict != c.verdict || said(e) != c.said {
			t.Errorf("%s: %s: %q\nwant %s: %q", c.name, e.Verdict, said(e), c.verdict, c.said)
		}
		if e.Past != c.at.Before(now) {
			t.Errorf("%s: past %v", c.name, e.Past)
		}
	}
}

func TestWhatSaysHowLongSaysIt(t *testing.T) {
	f := healthy()
	f.Delays = []Delay{{"there", "192.0.2.0/24", 7, now.Add(time.Minute)}}
	f.Account.State, f.Account.StateAt = account.Expired, ago(day)
	e := Explain(f, now)
	if d := e.Findings[0]; !d.Until.Equal(now.Add(time.Minute)) || d.N != 7 || d.Act != ActUnlock {
		t.Errorf("%+v", d)
	}
	if x := e.Findings[1]; !x.At.Equal(ago(day)) || x.Act != ActReset {
		t.Errorf("%+v", x)
	}
}

func TestTriesAroundTheInstantAreShown(t *testing.T) {
	f := healthy()
	f.Attempts = []Attempt{{At: ago(time.Hour), OK: true}, {At: ago(2 * time.Hour)}, {At: ago(25 * time.Hour)}}
	if e := Explain(f, now); len(e.Attempts) != 2 || !e.Attempts[0].OK {
		t.Errorf("%+v", e.Attempts)
	}
}
