package register

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/password"
	"vestibule/internal/text"
)

func itoa(n int) string { return strconv.Itoa(n) }

// AcceptTerms accepts the version that was shown, and makes the account. Where
// another version is in force meanwhile it is Invalid "terms-changed". Where the
// address got an account meanwhile the registration ends, Invalid
// "email-linked".
func (s *Service) AcceptTerms(ctx context.Context, t Ticket, version string, lang text.Lang) error {
	ev := termsAccepted
	if len(s.Settings.Questions) == 0 {
		ev = termsAcceptedPlain
	}
	linked := false
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		linked = false
		if version != s.Settings.Terms.At(tx.Now()).Version {
			return fault.OnField("accept", "terms-changed")
		}
		f, err := hold(tx, t)
		if err != nil {
			return err
		}
		err = s.moveLoaded(tx, f, ev, func(tx *db.Tx, f *registration) error { return s.accept(tx, f, lang) })
		if fault.Code(err, "email-taken") {
			linked = true
			return f.Finish(tx)
		}
		return err
	})
	if err == nil && linked {
		return fault.OnField("email", "email-linked")
	}
	return err
}

func (s *Service) accept(tx *db.Tx, f *registration, lang text.Lang) error {
	d := &f.Data
	if err := code.RevokeLinks(tx, purposeContinue, f.ID); err != nil {
		return err
	}
	if d.AccountID == "" {
		if err := s.spendInvitation(tx, f); err != nil {
			return err
		}
		a, err := account.Create(tx, s.Secret, s.Settings.Pattern, account.New{
			Email: account.Email{Typed: d.Email, Key: d.EmailKey}, EmailProved: d.EmailProved, Mobile: d.Mobile, MobileProved: d.MobileProved,
			FirstName: d.FirstName, LastName: d.LastName, Organization: d.Organization, Country: account.MobileCountry(d.Mobile),
			Lang: string(d.Lang), State: account.Unfinished,
		})
		if err != nil {
			return err
		}
		d.AccountID, d.UserID, f.Subject = a.ID, a.UserID, a.ID
		if err := s.event(tx, f, "account.create", "user_id", a.UserID, "email", a.Email); err != nil {
			return err
		}
	} else if err := account.SetMobile(tx, d.AccountID, d.Mobile, d.MobileProved); err != nil {
		return err
	}
	d.EmailFixed = true
	f.ExpiresAt = tx.Now().Add(s.Settings.Finish)
	terms := s.Settings.Terms.At(tx.Now())
	if err := account.AcceptTerms(tx, d.AccountID, terms, string(lang), audit.From(tx.Context()).Address); err != nil {
		return err
	}
	if err := s.event(tx, f, "terms.accept", "version", terms.Version); err != nil {
		return err
	}
	if len(s.Settings.Questions) == 0 {
		return s.beginAuthenticator(tx, f)
	}
	return nil
}

// spendInvitation uses the personal link up. One that was used meanwhile proves
// nothing any more: the address is to be confirmed like any other.
func (s *Service) spendInvitation(tx *db.Tx, f *registration) error {
	if f.Data.Invitation == "" {
		return nil
	}
	token, err := s.Ring.Open(sealed(f, "invitation"), f.Data.Invitation)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	f.Data.Invitation = ""
	proved, err := access.SpendInvitation(tx, string(token), f.Data.EmailKey)
	if isGone(err) {
		proved, err = false, nil
	}
	f.Data.EmailProved = proved
	return err
}

// DeclineTerms ends the registration: nothing of it remains.
func (s *Service) DeclineTerms(ctx context.Context, t Ticket) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		f, err := hold(tx, t)
		if err != nil {
			return err
		}
		if _, err := s.after(f, termsDeclined); err != nil {
			return err
		}
		if err := code.Revoke(tx, f.ID, purposeSMS); err != nil {
			return err
		}
		if err := code.RevokeLinks(tx, purposeContinue, f.ID); err != nil {
			return err
		}
		if err := s.event(tx, f, "terms.decline", "version", s.Settings.Terms.At(tx.Now()).Version); err != nil {
			return err
		}
		if id := f.Data.AccountID; id != "" {
			if err := s.remove(tx, id); err != nil {
				return err
			}
		}
		return f.Finish(tx)
	})
}

// ChooseQuestions takes three questions and their answers, and keeps hashes of
// the answers.
func (s *Service) ChooseQuestions(ctx context.Context, t Ticket, lang text.Lang, choices []account.Choice) error {
	if _, err := s.stands(ctx, t, questionsChosen); err != nil {
		return err
	}
	if err := account.JudgeChoices(choices, s.asked(lang)); err != nil {
		return err
	}
	questions, err := s.Passwords.HashAnswers(ctx, choices)
	if err != nil {
		return err
	}
	return s.move(ctx, t, questionsChosen, func(tx *db.Tx, f *registration) error {
		f.Data.Questions = questions
		return s.event(tx, f, "registration.questions_choose")
	})
}

// JudgeChoices judges questions and answers for the live checklist.
func (s *Service) JudgeChoices(lang text.Lang, choices []account.Choice) error {
	return account.JudgeChoices(choices, s.asked(lang))
}

// ConfirmAnswers takes the answers once more. Those that differ are Invalid
// "answer-differs" at their fields.
func (s *Service) ConfirmAnswers(ctx context.Context, t Ticket, answers []string) error {
	f, err := s.stands(ctx, t, answersConfirmed)
	if err != nil {
		return err
	}
	var form fault.Form
	for i, q := range f.Data.Questions {
		n, answer := itoa(i+1), ""
		if i < len(answers) {
			answer = answers[i]
		}
		if account.NormalAnswer(answer) == "" {
			form.Add("a"+n, "answer-empty", "n", n)
			continue
		}
		ok, err := s.Passwords.CheckAnswer(ctx, q, answer)
		if err != nil {
			return err
		}
		if !ok {
			form.Add("a"+n, "answer-differs", "n", n)
		}
	}
	if err := form.Err(); err != nil {
		return err
	}
	return s.move(ctx, t, answersConfirmed, func(tx *db.Tx, now *registration) error {
		for i, q := range now.Data.Questions {
			if q != f.Data.Questions[i] {
				return fault.New(fault.Conflict, "step-moved") // changed in another tab since
			}
		}
		if err := account.SetQuestions(tx, now.Data.AccountID, now.Data.Questions); err != nil {
			return err
		}
		if err := s.event(tx, now, "account.questions_set"); err != nil {
			return err
		}
		if now.Step != Authenticator {
			return nil
		}
		return s.beginAuthenticator(tx, now)
	})
}

// ChangeAnswers leads to the questions again.
func (s *Service) ChangeAnswers(ctx context.Context, t Ticket) error {
	return s.move(ctx, t, answersChanged, func(*db.Tx, *registration) error { return nil })
}

func (s *Service) beginAuthenticator(tx *db.Tx, f *registration) error {
	_, err := account.BeginAuthenticator(tx, s.Ring, s.Secret, f.Data.AccountID, s.Settings.Issuer, f.Data.Email)
	return err
}

// EnrolAuthenticator takes the app's first code; a wrong one is Invalid
// "authenticator-wrong", none "authenticator-empty". The recovery codes are on the next page.
func (s *Service) EnrolAuthenticator(ctx context.Context, t Ticket, given string) error {
	right := false
	if strings.TrimSpace(given) == "" {
		return fault.OnField("totp", "authenticator-empty")
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		f, err := hold(tx, t)
		if err != nil {
			return err
		}
		if _, err := s.after(f, authenticatorProved); err != nil {
			return err
		}
		// Saved first: of equal submits at once the others see that it moved, and
		// do not count as wrong codes.
		if err := f.Save(tx); err != nil {
			return err
		}
		if right, err = account.ConfirmAuthenticator(tx, s.Ring, f.Data.AccountID, given); err != nil {
			return err
		}
		if !right {
			return s.event(tx, f, "registration.authenticator_fail")
		}
		return s.moveLoaded(tx, f, authenticatorProved, func(tx *db.Tx, f *registration) error {
			codes, err := account.NewRecoveryCodes(tx, s.Ring, s.Secret, f.Data.AccountID)
			if err != nil {
				return err
			}
			plain, err := json.Marshal(codes)
			if err != nil {
				return fmt.Errorf("register: %w", err)
			}
			f.Data.RecoveryCodes, f.Data.AuthenticatorOn = s.Ring.Seal(sealed(f, "recovery-codes"), plain), true
			return s.event(tx, f, "account.authenticator_enrol")
		})
	})
	if err == nil && !right {
		return fault.OnField("totp", "authenticator-wrong")
	}
	return err
}

func (s *Service) keptCodes(f *registration) (codes []string, err error) {
	plain, err := s.Ring.Open(sealed(f, "recovery-codes"), f.Data.RecoveryCodes)
	if err == nil {
		err = json.Unmarshal(plain, &codes)
	}
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	return codes, nil
}

// SkipAuthenticator goes on without one.
func (s *Service) SkipAuthenticator(ctx context.Context, t Ticket) error {
	return s.move(ctx, t, authenticatorSkipped, func(tx *db.Tx, f *registration) error {
		if err := account.RemoveAuthenticator(tx, f.Data.AccountID); err != nil {
			return err
		}
		return s.event(tx, f, "registration.authenticator_skip")
	})
}

// KeepCodes says that the recovery codes are kept; they are not shown again.
func (s *Service) KeepCodes(ctx context.Context, t Ticket) error {
	return s.move(ctx, t, codesKept, func(tx *db.Tx, f *registration) error {
		f.Data.RecoveryCodes = ""
		return s.event(tx, f, "registration.recovery_codes_keep")
	})
}

// PasswordFindings judges a password that is being typed: for the checklist, by
// the rules that decide. Nothing of it is kept or logged.
func (s *Service) PasswordFindings(ctx context.Context, t Ticket, plain string) (findings []password.Finding, strength int, err error) {
	f, err := s.stands(ctx, t, passwordSet)
	if err != nil {
		return nil, 0, err
	}
	words := f.Data.words()
	return s.Passwords.Findings(plain, words), s.Passwords.Strength(plain, words), nil
}

func (d *data) words() []string {
	return []string{d.FirstName, d.LastName, d.UserID, d.Email, d.Organization}
}

// doneLife is how long the last page can be seen again.
const doneLife = 30 * time.Minute

// SetPassword takes the password; the account is active then, and two e-mails
// say so. A refusal is Invalid "password-…".
func (s *Service) SetPassword(ctx context.Context, t Ticket, plain string) error {
	f, err := s.stands(ctx, t, passwordSet)
	if err != nil {
		return err
	}
	hash, err := s.Passwords.New(ctx, "password", plain, f.Data.words(), nil)
	if err != nil {
		return err
	}
	return s.move(ctx, t, passwordSet, func(tx *db.Tx, f *registration) error {
		d := &f.Data
		if err := account.SetPassword(tx, d.AccountID, hash); err != nil {
			return err
		}
		if err := code.RevokeLinks(tx, purposeFinish, d.AccountID); err != nil {
			return err
		}
		f.ExpiresAt = tx.Now().Add(doneLife)
		if err := s.event(tx, f, "account.password_set"); err != nil {
			return err
		}
		a, err := account.Get(tx, d.AccountID)
		if err != nil {
			return err
		}
		d.EmailProved = a.EmailConfirmed()
		if d.EmailProved {
			if err := s.join(tx, a); err != nil {
				return err
			}
		}
		if err := s.mailUserID(tx, a); err != nil {
			return err
		}
		return s.Messages.Send(tx, to(a), a.Subject(), time.Time{}, message.AccountPasswordSet{
			UserID: a.UserID, At: tx.Now(), Address: audit.From(tx.Context()).Address,
		})
	})
}

// mailUserID tells the UserID, with a link that confirms the address where that
// was not done.
func (s *Service) mailUserID(tx *db.Tx, a account.Account) error {
	m := message.AccountUserID{UserID: a.UserID, Organization: a.Organization}
	if !a.EmailConfirmed() {
		token, until, err := s.confirmLink(tx, a)
		if err != nil {
			return err
		}
		m.ConfirmToken, m.Until = token, until
	}
	return s.Messages.Send(tx, to(a), a.Subject(), time.Time{}, m)
}

func to(a account.Account) message.To {
	return message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}
}
