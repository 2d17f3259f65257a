package message

import (
	"time"

	"vestibule/internal/carrier"
)

// HelpdeskCode carries the code that a caller reads out to the helpdesk.
type HelpdeskCode struct {
	Code    string
	Minutes int // how long it works
	Until   time.Time
}

// HelpdeskCodeSMS is the same as a text message.
type HelpdeskCodeSMS struct {
	Code    string
	Minutes int
}

// ClearingStarted tells the owner what staff are about to take away, with the
// link that stops it.
type ClearingStarted struct {
	UserID                             string
	Questions, Authenticator, Passkeys bool
	DueAt                              time.Time
	Token                              string
}

// ClearingStartedSMS is the same as a text message.
type ClearingStartedSMS struct {
	Token string
}

// ClearingStopped tells the owner that nothing is taken away.
type ClearingStopped struct {
	UserID  string
	At      time.Time
	ByOwner bool // by the link; else staff took it back
}

// VoucherAsked asks an organization's administrator whether a colleague who
// called the helpdesk is the one it says.
type VoucherAsked struct {
	Person       string
	Email        string
	Organization string
	Until        time.Time
	Path         string
}

// StaffClearingAsked asks for a second member of staff.
type StaffClearingAsked struct {
	Person    string
	UserID    string
	By        string
	Reason    string
	Until     time.Time
	AccountID string
}

// StaffClearingStopped tells staff that an owner stopped a clearing.
type StaffClearingStopped struct {
	Person    string
	UserID    string
	By        string
	At        time.Time
	AccountID string
}

// Two members of staff may each have sent one: neither takes the other's back.
func (m HelpdeskCode) spec() spec {
	return spec{kind: "helpdesk-code", channel: carrier.Email, secrets: []string{m.Code}, apart: true}
}

func (m HelpdeskCodeSMS) spec() spec {
	return spec{kind: "helpdesk-code-sms", channel: carrier.SMS, secrets: []string{m.Code}, apart: true}
}

func (m ClearingStarted) spec() spec { return email("clearing-started", m.Token) }
func (m ClearingStartedSMS) spec() spec {
	return spec{kind: "clearing-started-sms", channel: carrier.SMS, secrets: []string{m.Token}}
}
func (ClearingStopped) spec() spec      { return email("clearing-stopped") }
func (VoucherAsked) spec() spec         { return email("voucher-asked") }
func (StaffClearingAsked) spec() spec   { return email("staff-clearing-asked") }
func (StaffClearingStopped) spec() spec { return email("staff-clearing-stopped") }

func helpdeskSamples(one func(string, Message) Sample, now time.Time) []Sample {
	const token = "7Q4MXK29-h3W-sample-token" //nolint:gosec // opens nothing
	tomorrow := now.Add(24 * time.Hour)
	return []Sample{
		one("helpdesk-code", HelpdeskCode{"048213", 10, now.Add(10 * time.Minute)}),
		one("helpdesk-code-sms", HelpdeskCodeSMS{"048213", 10}),
		one("clearing-started", ClearingStarted{"mlindqvist", true, true, true, tomorrow, token}),
		one("clearing-started-authenticator", ClearingStarted{"mlindqvist", false, true, false, tomorrow, token}),
		one("clearing-started-sms", ClearingStartedSMS{token}),
		one("clearing-stopped", ClearingStopped{"mlindqvist", now, true}),
		one("clearing-stopped-by-staff", ClearingStopped{"mlindqvist", now, false}),
		one("voucher-asked", VoucherAsked{"Marta Lindqvist", "marta@harbour.example", "Harbour Vale Council", tomorrow, "/portal/vouch/01JXCLEARING"}),
		one("staff-clearing-asked", StaffClearingAsked{"Marta Lindqvist", "mlindqvist", "Ines Duarte", "Lost her phone and her notebook.\nI know her voice.", tomorrow, "01JXACCOUNT"}),
		one("staff-clearing-stopped", StaffClearingStopped{"Marta Lindqvist", "mlindqvist", "Ines Duarte", now, "01JXACCOUNT"}),
	}
}
