package helpdesk

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/message"
	"vestibule/internal/secret"
	"vestibule/internal/text"
	"vestibule/internal/throttle"
)

// Means are where a code can go so that the caller reads it out.
type Means string

// The means: a confirmed address, a verified number. What was only typed proves nothing.
const (
	Email  Means = "email"
	Mobile Means = "mobile"
)

// verifiedFor is how long a caller counts as verified, for one member of staff
// and one account.
const verifiedFor = 30 * time.Minute

var (
	codeSends = throttle.Limit{Name: "helpdesk-code", Burst: 4, Every: 15 * time.Minute}        // by account and means
	staffSend = throttle.Limit{Name: "helpdesk-code-staff", Burst: 30, Every: 2 * time.Minute}  // by member of staff
	codeTries = throttle.Limit{Name: "helpdesk-code-tries", Burst: 10, Every: 6 * time.Minute}  // by account
	smsSends  = throttle.Limit{Name: "helpdesk-code-number", Burst: 4, Every: 15 * time.Minute} // by number
)

// A Verification is how far a caller is verified by one means.
type Verification struct {
	Means    Means
	To       string    // masked
	Usable   bool      // confirmed or verified, and served
	SentAt   time.Time // of a code that can still be typed; zero: none
	Verified bool
	Until    time.Time // of Verified
}

// destination of a means, "" where it cannot be used. A number of a country that
// gets no text messages cannot.
func (s *Service) destination(a account.Account, m Means) string {
	switch {
	case m == Email && a.EmailConfirmed():
		return a.EmailKey
	case m == Mobile && a.MobileVerified() && s.served(a.Mobile):
		return a.Mobile
	}
	return ""
}

func (s *Service) served(mobile string) bool {
	if len(s.Settings.Countries) == 0 {
		return true
	}
	country := account.MobileCountry(mobile)
	for _, c := range s.Settings.Countries {
		if c == country {
			return true
		}
	}
	return false
}

func hashed(m Means, destination string) string {
	return secret.Hash("helpdesk", string(m), destination)
}

func codeOwner(a account.Account, by Staff) string { return "helpdesk:" + a.ID + ":" + by.ID }

func codePurpose(m Means) string { return "helpdesk-" + string(m) }

// verification says how far the caller on this account is verified to one member
// of staff.
func (s *Service) verification(tx *db.Tx, a account.Account, by Staff) ([]Verification, error) {
	proofs, err := proofsOf(tx, a.ID, by.ID)
	if err != nil {
		return nil, err
	}
	list := []Verification{{Means: Email, To: a.Email}, {Means: Mobile, To: account.MaskMobile(a.Mobile)}}
	for i := range list {
		v := &list[i]
		to := s.destination(a, v.Means)
		v.Usable = to != ""
		for _, p := range proofs {
			if !v.Usable || p.means != v.Means || p.destination != hashed(v.Means, to) {
				continue
			}
			if now := tx.Now(); now.Before(p.sent.Add(code.Default().Life)) && !p.proved.After(p.sent) {
				v.SentAt = p.sent
			}
			if !p.proved.IsZero() && tx.Now().Before(p.proved.Add(verifiedFor)) {
				v.Verified, v.Until = true, p.proved.Add(verifiedFor)
				if p.proved.Equal(p.sent) || p.proved.After(p.sent) {
					v.SentAt = time.Time{}
				}
			}
		}
	}
	return list, nil
}

// SendCode sends a code to a registered means of an account, for the caller to
// read out. Invalid "means-unusable" at the field "means" where it is not
// confirmed; TooMany after a few.
func (s *Service) SendCode(ctx context.Context, by Staff, id string, m Means) error {
	return s.helping(ctx, by, id, func(tx *db.Tx, a account.Account) error {
		to := s.destination(a, m)
		if to == "" || a.State == account.Closed {
			return fault.OnField("means", "means-unusable")
		}
		if err := staffSend.Spend(tx, by.ID); err != nil {
			return err
		}
		if err := codeSends.Spend(tx, a.ID+":"+string(m)); err != nil {
			return err
		}
		if m == Mobile {
			if err := smsSends.Spend(tx, to); err != nil {
				return err
			}
		}
		rule := code.Default()
		given, err := code.Issue(tx, s.Ring, s.Secret, codeOwner(a, by), codePurpose(m), to, rule)
		if err != nil {
			return err
		}
		if err := noteSent(tx, a.ID, by.ID, m, hashed(m, to)); err != nil {
			return err
		}
		minutes := int(rule.Life / time.Minute)
		if m == Email {
			err = s.Messages.Send(tx, owner(a), a.Subject(), tx.Now().Add(rule.Life), message.HelpdeskCode{Code: given, Minutes: minutes, Until: tx.Now().Add(rule.Life)})
		} else {
			err = s.Messages.Send(tx, message.To{Address: a.Mobile, Name: a.Name(), Lang: text.Lang(a.Lang)}, a.Subject(), tx.Now().Add(rule.Life),
				message.HelpdeskCodeSMS{Code: given, Minutes: minutes})
		}
		if err != nil {
			return err
		}
		return s.event(tx, by, a, "helpdesk.code_send", "means", string(m))
	})
}

// Verify takes the code that the caller read out. A wrong one is Invalid
// "helpdesk-code-wrong" at the field "code", one that is used up, old or not
// there "helpdesk-code-spent"; without a means Invalid "choose-means" at the field
// "means", which is no try. After ten tries an account has to wait.
func (s *Service) Verify(ctx context.Context, by Staff, id string, m Means, given string) error {
	if m != Email && m != Mobile {
		return fault.OnField("means", "choose-means")
	}
	// The try is counted whatever comes of the rest.
	err := s.helping(ctx, by, id, func(tx *db.Tx, a account.Account) error { return codeTries.Spend(tx, a.ID) })
	if err != nil {
		return err
	}
	var verdict code.Verdict
	err = s.helping(ctx, by, id, func(tx *db.Tx, a account.Account) error {
		verdict = code.Spent
		to := s.destination(a, m)
		if to == "" {
			return nil
		}
		var err error
		verdict, _, err = code.Check(tx, s.Ring, codeOwner(a, by), codePurpose(m), to, digitsOf(given))
		switch {
		case err != nil:
			return err
		case verdict != code.Right:
			return s.event(tx, by, a, "helpdesk.code_fail", "means", string(m))
		}
		if err := noteProved(tx, a.ID, by.ID, m, hashed(m, to)); err != nil {
			return err
		}
		return s.event(tx, by, a, "helpdesk.code_verify", "means", string(m))
	})
	switch {
	case err != nil:
		return err
	case verdict == code.Wrong:
		return fault.OnField("code", "helpdesk-code-wrong")
	case verdict == code.Spent:
		return fault.OnField("code", "helpdesk-code-spent")
	}
	return nil
}

// digitsOf drops what people put between digits.
func digitsOf(s string) string {
	var out []rune
	for _, c := range s {
		if c >= '0' && c <= '9' {
			out = append(out, c)
		}
	}
	return string(out[:min(len(out), 12)])
}

// verified reports by how many different means the caller is verified now.
func (s *Service) verified(tx *db.Tx, a account.Account, by Staff) (n int, err error) {
	list, err := s.verification(tx, a, by)
	for _, v := range list {
		if v.Verified {
			n++
		}
	}
	return n, err
}
