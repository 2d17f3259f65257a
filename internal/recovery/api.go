package recovery

import (
	"context"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/password"
	"vestibule/internal/text"
)

// Limits say how often what costs money or is worth guessing can be done.
type Limits struct{}

// DefaultSettings are the guide's.
func DefaultSettings() Settings { return Settings{} }

func todo() error { return fault.New(fault.Unavailable, "busy") }

// FindUserID mails the UserID to the address, if it has an account. The answer
// is the same whatever happened: nil, Invalid "email-…" for what is no address,
// or TooMany "too-many" when this address was typed too often.
func (s *Service) FindUserID(ctx context.Context, a Ask) error { return todo() }

// Reset begins a recovery and sends what proves the first possession. Whatever
// the account is, the ticket stands at Possession. It is Invalid "login-empty"
// without a login and TooMany "too-many" for a network or portal that asks too
// often; where this login was typed too often, View.Held says so.
func (s *Service) Reset(ctx context.Context, a Ask) (Ticket, error) { return "", todo() }

// Both mails the UserID together with the link and code that reset the
// password: Reset by e-mail for who knows only the address.
func (s *Service) Both(ctx context.Context, a Ask) (Ticket, error) { return "", todo() }

// Current returns where the ticket's recovery stands; Gone "flow-gone" without
// one: then the first page is shown.
func (s *Service) Current(ctx context.Context, t Ticket) (View, error) { return View{}, todo() }

// A Linked is what the page of a mailed link shows before its button is pressed.
type Linked struct {
	UserID string
	// Afresh says that pressing it erases what was set and begins the set-up
	// anew, since the account's address was never confirmed; Unfinished that the
	// account was never finished, which comes to the same.
	Afresh, Unfinished bool
}

// Link says what a mailed link is about, and changes nothing. It is Gone
// "link-gone" or "link-used".
func (s *Service) Link(ctx context.Context, token string) (Linked, error) { return Linked{}, todo() }

// OpenLink spends a mailed link: the browser that does it gets a recovery of its
// own in which the mailbox is proved. No other ticket moves. device is as in Ask.
func (s *Service) OpenLink(ctx context.Context, token, device string) (Next, error) {
	return Next{}, todo()
}

// ChooseMeans sends a code by another means, at Possession, Second and
// SecondCode; choosing the one in use is Resend. At Second and SecondCode it is
// Invalid "recovery-means" for a means that the account does not have.
func (s *Service) ChooseMeans(ctx context.Context, t Ticket, m Means) error { return todo() }

// Resend sends another code by the means in use; the earlier one no longer
// counts. Too early is Invalid "code-wait".
func (s *Service) Resend(ctx context.Context, t Ticket) error { return todo() }

// VerifyCode takes the code that was sent, at Possession and SecondCode. A wrong
// one is Invalid "code-wrong" with the tries left, one that is of no use any
// more "code-spent", none "code-empty", all on the field "code".
func (s *Service) VerifyCode(ctx context.Context, t Ticket, given string) (Next, error) {
	return Next{}, todo()
}

// BeginPasskey returns the options for navigator.credentials.get as JSON, at
// Possession and SecondCode with Means Passkey.
func (s *Service) BeginPasskey(ctx context.Context, t Ticket) (options string, err error) {
	return "", todo()
}

// ProvePasskey takes the browser's response; one that proves nothing is Invalid
// "recovery-passkey" on the field "passkey".
func (s *Service) ProvePasskey(ctx context.Context, t Ticket, response string) (Next, error) {
	return Next{}, todo()
}

// ProveAuthenticator takes the app's code or a recovery code. A wrong one is
// Invalid "recovery-code-wrong" on the field "code"; too many are TooMany
// "recovery-wait".
func (s *Service) ProveAuthenticator(ctx context.Context, t Ticket, given string) (Next, error) {
	return Next{}, todo()
}

// Answer takes the answers to View.Questions, in their order. Unless both are
// right it is Invalid "recovery-answers" on the field "a1" with the tries left,
// and never says which one is wrong; after the last try the recovery goes on as
// after Forgot. Empty ones are Invalid "answer-empty" on "a1", "a2" and cost
// nothing. TooMany "recovery-answers-day" when the account had its tries today.
func (s *Service) Answer(ctx context.Context, t Ticket, answers []string) (Next, error) {
	return Next{}, todo()
}

// Forgot says that the answers are no longer known: a second possession takes
// their place.
func (s *Service) Forgot(ctx context.Context, t Ticket) error { return todo() }

// AskHelp leads to the page with what the helpdesk needs, from any step before
// Password; Back leads from there to where the recovery stands.
func (s *Service) AskHelp(ctx context.Context, t Ticket) error { return todo() }

// Back leads from Help and SecondCode back to where the recovery stands.
func (s *Service) Back(ctx context.Context, t Ticket) error { return todo() }

// PasswordFindings judges a password that is being typed, for the checklist.
func (s *Service) PasswordFindings(ctx context.Context, t Ticket, plain string) (findings []password.Finding, strength int, err error) {
	return nil, 0, todo()
}

// SetPassword takes the new password: the recovery is done. A refusal is Invalid
// "password-…" on the field "password". Every session of the account has ended,
// and so has every other link, code and recovery.
func (s *Service) SetPassword(ctx context.Context, t Ticket, plain string) (Next, error) {
	return Next{}, todo()
}

// Leave ends the recovery of a ticket; without one it is no error.
func (s *Service) Leave(ctx context.Context, t Ticket) error { return todo() }

// QuestionWords returns the words of an asked question.
func (s *Service) QuestionWords(lang text.Lang, q account.Question) string { return "" }

// MailReset mails an account's owner the link that resets the password, on the
// word of staff. Limits are the caller's.
func (s *Service) MailReset(tx *db.Tx, a account.Account) error { return todo() }

// EndAll ends every recovery, link and code of an account. It belongs into the
// transaction of each change of credentials that is none of recovery's.
func (s *Service) EndAll(tx *db.Tx, accountID string) error { return todo() }
