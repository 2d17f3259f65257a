package register

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/throttle"
)

const purposeSMS = "register-sms"

// toCode sends the first code to a number, as the step Code is entered.
func (s *Service) toCode(tx *db.Tx, f *registration) error {
	if f.Data.NextSendAt.After(tx.Now()) && f.Data.SentTo == f.Data.Mobile {
		return nil // the details were mended: the code is on its way already
	}
	return s.sendCode(tx, f)
}

// sendCode sends a code, or notes why none goes out. It never keeps the
// registration from going on: whoever gets no code can ask for help.
func (s *Service) sendCode(tx *db.Tx, f *registration) error {
	d := &f.Data
	if d.Mobile == "" {
		return errors.New("register: a code to no number")
	}
	country := account.MobileCountry(d.Mobile)
	d.Held = ""
	if len(s.Settings.Countries) > 0 && !slices.Contains(s.Settings.Countries, country) {
		d.Held = heldCountry
		return s.event(tx, f, "registration.code_hold", "why", heldCountry)
	}
	if err := s.Settings.Limits.spendSMS(tx, d.Mobile, audit.From(tx.Context()).Address); fault.Is(err, fault.TooMany) {
		d.Held, d.NextSendAt = heldLimit, tx.Now().Add(fault.From(err).RetryAfter)
		return s.event(tx, f, "registration.code_hold", "why", heldLimit)
	} else if err != nil {
		return err
	}
	c, err := code.Issue(tx, s.Ring, s.Secret, f.ID, purposeSMS, d.Mobile, s.Settings.Code)
	if err != nil {
		return err
	}
	d.Sends, d.SentTo = d.Sends+1, d.Mobile
	d.NextSendAt = tx.Now().Add(s.Settings.Limits.wait(d.Sends))
	if err := s.event(tx, f, "registration.code_send", "mobile", account.MaskMobile(d.Mobile)); err != nil {
		return err
	}
	return s.Messages.Send(tx, message.To{Address: d.Mobile, Name: d.FirstName, Lang: d.Lang}, about(f), tx.Now().Add(s.Settings.Code.Life),
		message.RegisterCode{Code: c, Minutes: int(s.Settings.Code.Life / time.Minute)})
}

// VerifyCode takes the code that was sent. A wrong one is Invalid "code-wrong"
// with the tries that are left, one that is of no use any more "code-spent".
func (s *Service) VerifyCode(ctx context.Context, t Ticket, given string) error {
	given = strings.Join(strings.FieldsFunc(given, func(c rune) bool { return c == ' ' || c == '-' || c == '\u00a0' }), "")
	if given == "" {
		return fault.OnField("code", "code-empty")
	}
	// Spent in a transaction of its own, so that no failure below gives it back.
	address := throttle.Network(audit.From(ctx).Address)
	if err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.Settings.Limits.Tries.Spend(tx, address) }); err != nil {
		return err
	}
	var verdict code.Verdict
	var left int
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		f, err := hold(tx, t)
		if err != nil {
			return err
		}
		if _, err = s.after(f, codeRight); err != nil {
			return err
		}
		if verdict, left, err = code.Check(tx, s.Ring, f.ID, purposeSMS, f.Data.Mobile, given); err != nil {
			return err
		}
		if verdict == code.Spent {
			// Perhaps an equal submit, for which this one had to wait, spent it and
			// moved on: then this is no wrong code.
			if f, err = hold(tx, t); err != nil {
				return err
			}
			if _, err = s.after(f, codeRight); err != nil {
				return err
			}
		}
		if verdict != code.Right {
			return s.event(tx, f, "registration.code_fail")
		}
		return s.moveLoaded(tx, f, codeRight, func(tx *db.Tx, f *registration) error {
			f.Data.MobileProved, f.Data.Held = true, ""
			if err := s.Messages.Recall(tx, about(f), message.RegisterCode{}); err != nil {
				return err
			}
			return s.event(tx, f, "registration.code_verify")
		})
	})
	switch {
	case err != nil:
		return err
	case verdict == code.Wrong && left > 0:
		return fault.OnField("code", "code-wrong").With("n", itoa(left))
	case verdict != code.Right:
		return fault.OnField("code", "code-spent")
	}
	return nil
}

// ResendCode sends another code; the earlier one no longer counts. Too early is
// Invalid "code-wait".
func (s *Service) ResendCode(ctx context.Context, t Ticket) error {
	return s.move(ctx, t, codeResent, func(tx *db.Tx, f *registration) error {
		if wait := f.Data.NextSendAt.Sub(tx.Now()); wait > 0 {
			e := fault.OnField("code", "code-wait")
			e.RetryAfter = wait
			return e
		}
		return s.sendCode(tx, f)
	})
}

// ChangeNumber takes another number and sends a code there.
func (s *Service) ChangeNumber(ctx context.Context, t Ticket, country, number string) error {
	mobile, err := account.ParseMobile(country, number)
	if err != nil {
		return err
	}
	return s.move(ctx, t, numberChanged, func(tx *db.Tx, f *registration) error {
		if f.Data.Mobile == mobile && f.Data.Held == "" && f.Data.NextSendAt.After(tx.Now()) {
			return nil // the same number: its code is on the way
		}
		if err := code.Revoke(tx, f.ID, purposeSMS); err != nil {
			return err
		}
		f.Data.Mobile = mobile
		if err := s.event(tx, f, "registration.number_change", "mobile", account.MaskMobile(mobile)); err != nil {
			return err
		}
		return s.sendCode(tx, f)
	})
}

const maxNote = 1000

// AskHelp tells staff that no code arrives. The person can still type one.
func (s *Service) AskHelp(ctx context.Context, t Ticket, note string) error {
	if utf8.RuneCountInString(note) > maxNote {
		return fault.OnField("note", "too-long").With("max", itoa(maxNote))
	}
	return s.move(ctx, t, helpAsked, func(tx *db.Tx, f *registration) error {
		d := &f.Data
		// Who changed the number and asks again is in the queue already.
		first := d.HelpAskedAt.IsZero()
		d.HelpAskedAt = tx.Now()
		if note = strings.TrimSpace(note); note != "" {
			d.HelpNote = note
		}
		if !first {
			return nil
		}
		if err := s.event(tx, f, "registration.help_ask"); err != nil || s.Notify == nil {
			return err
		}
		staff, err := s.Notify(tx)
		if err != nil {
			return err
		}
		for _, to := range staff {
			if err := s.Messages.Send(tx, to, about(f), f.ExpiresAt, message.StaffStepHelp{
				RegistrationID: f.ID, Applicant: d.FirstName + " " + d.LastName, Email: d.Email, Mobile: account.MaskMobile(d.Mobile),
				Organization: d.Organization, AskedAt: tx.Now(), Note: note,
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// A Waiting registration asks staff to be let past the code.
type Waiting struct {
	ID           string
	Name         string
	Email        string
	Organization string
	MobileMasked string
	Country      string // of the number
	AskedAt      time.Time
	Sends        int
	Held         string
	Note         string // in the applicant's words, or empty
}

// WaitingForRelease lists registrations that ask staff to be let past the code,
// the one that waits longest first.
func (s *Service) WaitingForRelease(ctx context.Context) (all []Waiting, err error) {
	const most = 200
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		flows, err := flow.AtStep[data](tx, kind, Help, most)
		all = nil
		for _, f := range flows {
			d := f.Data
			all = append(all, Waiting{
				ID: f.ID, Name: d.FirstName + " " + d.LastName, Email: d.Email, Organization: d.Organization,
				MobileMasked: account.MaskMobile(d.Mobile), Country: account.MobileCountry(d.Mobile), AskedAt: d.HelpAskedAt, Sends: d.Sends, Held: d.Held, Note: d.HelpNote,
			})
		}
		return err
	})
	return all, err
}

// ReleaseCodeStep lets a registration past the code, on the word of staff and
// with a reason. The number stays unverified: it is never a means of recovery.
// It is Conflict where another did it, or the code came after all.
func (s *Service) ReleaseCodeStep(ctx context.Context, staffID, id, reason string) error {
	reason = strings.TrimSpace(reason)
	switch n := utf8.RuneCountInString(reason); {
	case n < 4:
		return fault.OnField("reason", "release-reason")
	case n > maxNote:
		return fault.OnField("reason", "too-long").With("max", itoa(maxNote))
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		f, err := flow.LoadByID[data](tx, kind, id)
		if isGone(err) || err == nil && !f.ExpiresAt.After(tx.Now()) {
			return fault.New(fault.NotFound, "not-found")
		}
		if err == nil {
			err = held(tx, f)
		}
		if err != nil {
			return err
		}
		return s.moveLoaded(tx, f, codeReleased, func(tx *db.Tx, f *registration) error {
			f.Data.MobileProved, f.Data.Held = false, ""
			if err := code.Revoke(tx, f.ID, purposeSMS); err != nil {
				return err
			}
			if err := audit.Add(tx, s.Secret, audit.Event{
				Action: "registration.code_release", Actor: audit.Actor{Kind: audit.Staff, ID: staffID}, Subject: subject(f),
				Detail: map[string]string{"registration": f.ID, "reason": reason},
			}); err != nil {
				return err
			}
			if f.Data.Completes {
				// Who signs in goes on: a link would spare the password.
				return s.Messages.Send(tx, f.Data.to(), about(f), f.ExpiresAt, message.StepReleased{})
			}
			until := f.ExpiresAt
			token, err := code.NewLink(tx, s.Secret, purposeContinue, f.ID, f.Data.EmailKey, until.Sub(tx.Now()))
			if err != nil {
				return err
			}
			return s.Messages.Send(tx, f.Data.to(), about(f), until, message.StepReleased{Token: token, Until: until})
		})
	})
}
