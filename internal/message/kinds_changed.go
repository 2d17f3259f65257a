package message

import (
	"time"

	"vestibule/internal/carrier"
)

// AccountChanged tells the owner that something which protects the account is another now, and what to do if it was somebody
// else. What changed is a word of the catalogue: message.changed.CHANGE.title and .text.
type AccountChanged struct {
	UserID  string
	Change  string
	At      time.Time
	Address string // network address of who did it; "" where that is nobody's business
	ByStaff bool
}

// AccountChangedSMS is the same as a text message.
type AccountChangedSMS struct {
	Change string
}

func (AccountChanged) spec() spec {
	s := email("account-changed")
	s.apart = true
	return s
}

func (AccountChangedSMS) spec() spec {
	return spec{kind: "account-changed-sms", channel: carrier.SMS, apart: true}
}

// Changes are the words that AccountChanged knows.
func Changes() []string {
	return []string{
		"password", "password-reset", "password-reset-passkeys", "password-expired", "email", "email-undone", "mobile", "mobile-removed",
		"authenticator-added", "authenticator-replaced", "authenticator-removed", "recovery-codes", "questions", "questions-cleared",
		"passkey-added", "passkey-renamed", "passkey-removed", "passkey-copied", "sessions-ended", "disabled", "enabled", "unlocked", "details",
	}
}

// StaffChanges are those that AccountChanged knows by staff, or by the portal itself: each has words of its own for what comes next,
// message.changed.CHANGE.staff.
func StaffChanges() []string {
	return []string{
		"password-expired", "authenticator-removed", "questions-cleared", "passkey-removed", "sessions-ended", "disabled", "enabled", "unlocked",
	}
}

func changedSamples(one func(string, Message) Sample, now time.Time) []Sample {
	var all []Sample
	for _, change := range Changes() {
		all = append(all, one("account-changed-"+change, AccountChanged{"mlindqvist", change, now, "192.0.2.17", false}),
			one("account-changed-sms-"+change, AccountChangedSMS{change}))
	}
	for _, change := range StaffChanges() {
		all = append(all, one("account-changed-by-staff-"+change, AccountChanged{"mlindqvist", change, now, "", true}))
	}
	return all
}
