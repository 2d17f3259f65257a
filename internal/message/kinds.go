package message

import (
	"time"

	"vestibule/internal/carrier"
)

// RequestReceived tells the applicant that the request is there, and the steps
// to come.
type RequestReceived struct {
	Number        string // the request's number, for talking about it
	Product       string
	Organization  string
	Users         int // 0 when not said
	ReceivedAt    time.Time
	DueAt         time.Time // by when it is decided as a rule
	LateAt        time.Time // by when at the latest
	WithdrawToken string
}

// RequestDuplicate tells somebody who asked again that the first request is in
// the queue.
type RequestDuplicate struct {
	Number        string
	Product       string
	ReceivedAt    time.Time // of the first
	DueAt         time.Time
	LateAt        time.Time
	WithdrawToken string
}

// RequestWithdrawn confirms that the applicant took the request back.
type RequestWithdrawn struct {
	Number      string
	Product     string
	WithdrawnAt time.Time
}

// StaffRequestWaiting tells staff of a new request.
type StaffRequestWaiting struct {
	RequestID    string
	Number       string
	Applicant    string
	Email        string
	Organization string
	Country      string // its name
	Product      string
	Users        int
	ReceivedAt   time.Time
	DueAt        time.Time
}

// StaffRequestReminder tells staff that a request is due soon.
type StaffRequestReminder struct {
	RequestID    string
	Number       string
	Applicant    string
	Organization string
	Product      string
	ReceivedAt   time.Time
	DueAt        time.Time
}

// StaffStepHelp tells staff that somebody asks to be let past the SMS code.
type StaffStepHelp struct {
	RegistrationID string
	Applicant      string
	Email          string
	Mobile         string // masked
	Organization   string
	AskedAt        time.Time
	Note           string // what the person wrote; may be empty
}

// RequestApprovedSignIn tells an applicant who has an account to sign in.
type RequestApprovedSignIn struct {
	Number       string
	Product      string
	Organization string
	Users        int
	Days         int  // how long the evaluation runs
	Returning    bool // it runs from the approval, with the same key as before
	EndsAt       time.Time
	Note         string // from staff; may be empty
	AskedAt      time.Time
}

// RequestApprovedRegister invites an applicant without an account to make one,
// by a personal link.
type RequestApprovedRegister struct {
	Number       string
	Product      string
	Organization string
	Users        int
	Days         int
	Returning    bool
	EndsAt       time.Time // for Returning
	Note         string
	AskedAt      time.Time
	Token        string
	Until        time.Time // the link's last day
	UserID       string    // of the account that has the address, unconfirmed; empty: none
}

// RequestDeclined tells an applicant why not.
type RequestDeclined struct {
	Number       string
	Product      string
	Organization string
	AskedAt      time.Time
	Reason       string // public; may have lines
}

// RegisterCode carries the six digits of the registration's second step.
type RegisterCode struct {
	Code    string
	Minutes int // how long it works
}

// RegisterContinue carries, where addresses are concealed, the link that goes
// on with a registration.
type RegisterContinue struct {
	Token string
	Until time.Time
}

// RegisterExists tells, where addresses are concealed, the owner of an address
// that it has an account already.
type RegisterExists struct {
	AskedAt time.Time
}

// AccountUserID tells the UserID of a new account.
type AccountUserID struct {
	UserID       string
	Organization string
	ConfirmToken string    // empty where the address is confirmed already
	Until        time.Time // of the confirmation
}

// AccountPasswordSet tells that a password was set, never which.
type AccountPasswordSet struct {
	UserID  string
	At      time.Time
	Address string // the network address it was done from; may be empty
}

// AccountFinish carries the link that goes on with an unfinished account.
type AccountFinish struct {
	UserID string
	Token  string
	Until  time.Time
}

// AccountUnfinishedReminder reminds, once, of an account that is not finished.
type AccountUnfinishedReminder struct {
	UserID    string
	Token     string
	ErasedAt  time.Time // when it will be swept
	CreatedAt time.Time
}

// AccountErased tells that "this was not me" erased what a stranger had set.
type AccountErased struct {
	UserID string
	At     time.Time
}

// EmailConfirm carries the link that confirms an address, again.
type EmailConfirm struct {
	UserID       string
	ConfirmToken string
	Until        time.Time
}

// StepReleased tells that staff let the person past the SMS code.
type StepReleased struct {
	Token string
	Until time.Time
}

// JoinRequested asks an organization's administrator, or staff where there is
// none, whether somebody may join.
type JoinRequested struct {
	Applicant    string
	Email        string
	Organization string
	AskedAt      time.Time
	Path         string // where to answer, like "/portal/people"
}

// JoinAccepted tells somebody that they belong to the organization now.
type JoinAccepted struct {
	Organization string
	By           string
	AskedAt      time.Time
}

// JoinDeclined tells somebody that the organization said no.
type JoinDeclined struct {
	Organization string
	AskedAt      time.Time
}

// SignInCodesLow tells that somebody signed in with a recovery code, and how many are left.
type SignInCodesLow struct {
	UserID string
	Left   int
	UsedAt time.Time
}

func (m RequestReceived) spec() spec           { return email("request-received", m.WithdrawToken) }
func (m RequestDuplicate) spec() spec          { return email("request-duplicate", m.WithdrawToken) }
func (RequestWithdrawn) spec() spec            { return email("request-withdrawn") }
func (StaffRequestWaiting) spec() spec         { return email("staff-request-waiting") }
func (StaffRequestReminder) spec() spec        { return email("staff-request-reminder") }
func (StaffStepHelp) spec() spec               { return email("staff-step-help") }
func (RequestApprovedSignIn) spec() spec       { return email("request-approved-sign-in") }
func (m RequestApprovedRegister) spec() spec   { return email("request-approved-register", m.Token) }
func (RequestDeclined) spec() spec             { return email("request-declined") }
func (RegisterExists) spec() spec              { return email("register-exists") }
func (m AccountUserID) spec() spec             { return email("account-user-id", m.ConfirmToken) }
func (AccountPasswordSet) spec() spec          { return email("account-password-set") }
func (m AccountUnfinishedReminder) spec() spec { return email("account-unfinished-reminder", m.Token) }
func (AccountErased) spec() spec               { return email("account-erased") }
func (JoinRequested) spec() spec               { return email("join-requested") }
func (JoinAccepted) spec() spec                { return email("join-accepted") }
func (JoinDeclined) spec() spec                { return email("join-declined") }
func (SignInCodesLow) spec() spec              { return email("sign-in-codes-low") }

// Of these only the newest link works, whichever address it went to.
func (m RegisterContinue) spec() spec { return soleEmail("register-continue", m.Token) }
func (m AccountFinish) spec() spec    { return soleEmail("account-finish", m.Token) }
func (m EmailConfirm) spec() spec     { return soleEmail("email-confirm", m.ConfirmToken) }
func (m StepReleased) spec() spec     { return soleEmail("step-released", m.Token) }

func (m RegisterCode) spec() spec {
	return spec{kind: "register-code", channel: carrier.SMS, secrets: []string{m.Code}, sole: true}
}

func soleEmail(kind, token string) spec {
	return spec{kind: kind, channel: carrier.Email, secrets: []string{token}, sole: true}
}
