package message

import (
	"time"

	"vestibule/internal/carrier"
)

// RecoveryUserID tells the UserID to whoever asked for it by e-mail address.
type RecoveryUserID struct {
	UserID  string
	AskedAt time.Time
}

// RecoveryReset carries what proves the mailbox, for a new password.
type RecoveryReset struct {
	UserID  string
	Code    string // of the browser that asked; empty: the link alone
	Minutes int    // how long the code works
	Token   string
	Until   time.Time // of the link
	ByStaff bool      // the helpdesk began it
	Both    bool      // the UserID was asked for too
}

// RecoveryUnfinished does the same for an account that was never finished, or
// whose address was never confirmed: its set-up begins afresh.
type RecoveryUnfinished struct {
	UserID  string
	Code    string
	Minutes int
	Token   string
	Until   time.Time
}

// RecoveryCode carries a code alone: the mailbox as the second proof.
type RecoveryCode struct {
	UserID  string
	Code    string
	Minutes int
}

// RecoverySMS carries a code to the mobile.
type RecoverySMS struct {
	Code    string
	Minutes int
}

// RecoveryDisabled tells the owner of a disabled account who can help.
type RecoveryDisabled struct {
	UserID  string
	AskedAt time.Time
}

// RecoveryStaff tells a member of staff who can help.
type RecoveryStaff struct {
	UserID  string
	AskedAt time.Time
}

// RecoveryUnknown tells a mailbox without an account that somebody asked for
// one.
type RecoveryUnknown struct {
	AskedAt time.Time
}

func (RecoveryUserID) spec() spec       { return email("recovery-user-id") }
func (m RecoveryReset) spec() spec      { return email("recovery-reset", m.Token, m.Code) }
func (m RecoveryUnfinished) spec() spec { return email("recovery-unfinished", m.Token, m.Code) }
func (m RecoveryCode) spec() spec       { return email("recovery-code", m.Code) }
func (RecoveryDisabled) spec() spec     { return email("recovery-disabled") }
func (RecoveryStaff) spec() spec        { return email("recovery-staff") }
func (RecoveryUnknown) spec() spec      { return email("recovery-unknown") }

func (m RecoverySMS) spec() spec {
	return spec{kind: "recovery-sms", channel: carrier.SMS, secrets: []string{m.Code}, sole: true}
}

func recoverySamples(one func(string, Message) Sample, now time.Time) []Sample {
	const token, user = "7Q4MXK29-h3W-sample-token", "mlindqvist" //nolint:gosec // opens nothing
	soon := now.Add(time.Hour)
	return []Sample{
		one("recovery-user-id", RecoveryUserID{user, now}),
		one("recovery-reset", RecoveryReset{user, "48213907", 10, token, soon, false, false}),
		one("recovery-reset-both", RecoveryReset{user, "48213907", 10, token, soon, false, true}),
		one("recovery-reset-by-staff", RecoveryReset{user, "", 0, token, soon, true, false}),
		one("recovery-reset-link", RecoveryReset{user, "", 0, token, soon, false, false}),
		one("recovery-unfinished", RecoveryUnfinished{user, "48213907", 10, token, soon}),
		one("recovery-unfinished-link", RecoveryUnfinished{user, "", 0, token, soon}),
		one("recovery-code", RecoveryCode{user, "48213907", 10}),
		one("recovery-sms", RecoverySMS{"482139", 10}),
		one("recovery-disabled", RecoveryDisabled{user, now}),
		one("recovery-staff", RecoveryStaff{user, now}),
		one("recovery-unknown", RecoveryUnknown{now}),
	}
}
