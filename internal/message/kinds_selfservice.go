package message

import (
	"time"

	"vestibule/internal/carrier"
)

// EmailChangeProve carries the code and the link that make an address an account's.
type EmailChangeProve struct {
	UserID  string
	Token   string
	Code    string
	Minutes int       // how long the code works
	Until   time.Time // of the link
}

// EmailChangeTaken tells the owner of an address that belongs to an account that another account asked to have it.
type EmailChangeTaken struct {
	At time.Time
}

// EmailChangedUndo tells the address that was an account's until now of the new one, and carries the link that takes the account
// back.
type EmailChangedUndo struct {
	UserID  string
	Email   string // the new one, masked
	At      time.Time
	Address string // the network address it was done from; may be empty
	Token   string
	Until   time.Time
}

// MobileChangeCode carries the code that makes a number an account's.
type MobileChangeCode struct {
	Code    string
	Minutes int
}

// AccountClosing tells that an account will be closed because its owner asked for it, and carries the link that keeps it.
type AccountClosing struct {
	UserID   string
	At       time.Time
	Address  string
	ClosesAt time.Time
	Token    string
}

// AccountKept tells that an account stays.
type AccountKept struct {
	UserID string
	At     time.Time
}

// AccountClosed tells that an account is closed for good.
type AccountClosed struct {
	UserID string
	At     time.Time
}

// Of these only the newest works, whichever address it went to.
func (m EmailChangeProve) spec() spec {
	return spec{kind: "email-change-prove", channel: carrier.Email, secrets: []string{m.Token, m.Code}, sole: true}
}

func (m MobileChangeCode) spec() spec {
	return spec{kind: "mobile-change-code", channel: carrier.SMS, secrets: []string{m.Code}, sole: true}
}

func (EmailChangeTaken) spec() spec { return email("email-change-taken") }

func (m EmailChangedUndo) spec() spec {
	return spec{kind: "email-changed-undo", channel: carrier.Email, secrets: []string{m.Token}, apart: true}
}

func (m AccountClosing) spec() spec { return email("account-closing", m.Token) }
func (AccountKept) spec() spec      { return email("account-kept") }
func (AccountClosed) spec() spec    { return email("account-closed") }

func selfserviceSamples(one func(string, Message) Sample, now time.Time) []Sample {
	const token = "7Q4MXK29-h3W-sample-token" //nolint:gosec // opens nothing
	undo, grace := now.Add(72*time.Hour), now.Add(14*24*time.Hour)
	return []Sample{
		one("email-change-prove", EmailChangeProve{"mlindqvist", token, "048213", 10, now.Add(time.Hour)}),
		one("email-change-taken", EmailChangeTaken{now}),
		one("email-changed-undo", EmailChangedUndo{"mlindqvist", "m•••@harbour.example", now, "192.0.2.17", token, undo}),
		one("mobile-change-code", MobileChangeCode{"048213", 10}),
		one("account-closing", AccountClosing{"mlindqvist", now, "192.0.2.17", grace, token}),
		one("account-kept", AccountKept{"mlindqvist", now}),
		one("account-closed", AccountClosed{"mlindqvist", now}),
	}
}
