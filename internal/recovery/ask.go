package recovery

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/secret"
	"vestibule/internal/text"
)

// FindUserID mails the UserID to the address, if it has an account. The answer
// is the same whatever happened: nil, Invalid "email-…" for what is no address,
// or TooMany "too-many" for an address, a network or a portal that is asked for
// too often.
func (s *Service) FindUserID(ctx context.Context, in Ask) error {
	email, err := account.ParseEmail(in.Login)
	if err != nil {
		return err
	}
	in.Login, in.Means = email.Typed, Email
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.Settings.Limits.ask(tx); err != nil {
			return err
		}
		who, err := s.find(tx, in)
		if err != nil {
			return err
		}
		key := who.key + "/user-id"
		free, err := takeSend(tx, key)
		if err != nil {
			return err
		}
		if !free {
			e := fault.New(fault.TooMany, "too-many")
			if e.RetryAfter, err = waitSend(tx, key); err != nil {
				return err
			}
			return e
		}
		m, err := s.userIDMail(tx, who)
		if err != nil {
			return err
		}
		if err := s.event(tx, who.Account, "recovery.user_id_ask"); err != nil {
			return err
		}
		return s.mail(tx, who, "recovery:"+s.Secret.ID(tx.Now()), time.Time{}, m)
	})
}

// userIDMail is what the mailbox gets that asked for a UserID; nil is nothing.
func (s *Service) userIDMail(tx *db.Tx, who person) (message.Message, error) {
	a := who.Account
	subject, mark := "", a.ID
	if who.ok && a.State == account.Unfinished {
		subject, mark = a.ID, fingerprint(a)
	}
	// A link is made in each case: the work is the same.
	token, err := code.NewLink(tx, s.Secret, purposeLink, subject, mark, s.Settings.Link)
	if err != nil {
		return nil, err
	}
	unknown, err := s.unknown(tx, who)
	switch {
	case err != nil || a.ID == "":
		return unknown, err
	case subject != "":
		return message.RecoveryUnfinished{UserID: a.UserID, Token: token, Until: tx.Now().Add(s.Settings.Link)}, nil
	case who.staff:
		return message.RecoveryStaff{UserID: a.UserID, AskedAt: tx.Now()}, nil
	case a.State == account.Disabled:
		return message.RecoveryDisabled{UserID: a.UserID, AskedAt: tx.Now()}, nil
	}
	return message.RecoveryUserID{UserID: a.UserID, AskedAt: tx.Now()}, nil
}

// Reset begins a recovery and sends what proves the first possession. Whatever
// the account is, the ticket stands at Possession. It is Invalid "login-empty"
// without a login, "recovery-means" for a means there is not, and TooMany
// "too-many" for a network or portal that asks too often; where this login was
// typed too often, View.Held says so.
func (s *Service) Reset(ctx context.Context, in Ask) (t Ticket, err error) {
	return s.begin(ctx, in, false)
}

func (s *Service) begin(ctx context.Context, in Ask, both bool) (t Ticket, err error) {
	if in.Login = strings.TrimSpace(in.Login); in.Login == "" {
		return "", fault.OnField("login", "login-empty")
	}
	if len(in.Login) > maxLogin {
		return "", fault.OnField("login", "too-long").With("max", strconv.Itoa(maxLogin))
	}
	if in.Means == "" {
		in.Means = Email
	}
	if !slices.Contains(s.means(), in.Means) {
		return "", fault.OnField("means", "recovery-means")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.Settings.Limits.ask(tx); err != nil {
			return err
		}
		who, err := s.find(tx, in)
		if err != nil {
			return err
		}
		f, ticket, err := flow.Start(tx, s.Secret, kind, string(Possession), data{
			Login: who.key, Typed: in.Login, Lang: in.Lang, Means: in.Means, Known: who.known, Mark: fingerprint(who.Account), Both: both,
		}, s.Settings.Life)
		if err != nil {
			return err
		}
		if who.ok {
			f.Subject = who.Account.ID
		}
		if err := s.send(tx, f, who, in.Means); err != nil {
			return err
		}
		if err := s.event(tx, who.Account, "recovery.begin", "means", string(in.Means)); err != nil {
			return err
		}
		t = ticket
		return f.Save(tx)
	})
	return t, err
}

// maxLogin is more bytes than any UserID or address has.
const maxLogin = 1024

// Both mails the UserID together with what resets the password: Reset by e-mail
// for whoever knows only the address. What is no address is Invalid "email-…".
func (s *Service) Both(ctx context.Context, in Ask) (Ticket, error) {
	email, err := account.ParseEmail(in.Login)
	if err != nil {
		return "", err
	}
	in.Login, in.Means = email.Typed, Email
	return s.begin(ctx, in, true)
}

// means are those that the portal knows, in the order in which they are offered.
func (s *Service) means() []Means {
	if s.Passkeys == nil {
		return []Means{Email, SMS}
	}
	return []Means{Email, SMS, Passkey}
}

// A person is whom a login names.
type person struct {
	account.Account        // the zero Account where nobody has the login
	key             string // of the login, in whichever spelling
	address         string // that was typed, if it is one
	lang            text.Lang
	staff, known    bool
	ok              bool // a recovery can be about this account
}

func (s *Service) find(tx *db.Tx, in Ask) (p person, err error) {
	p.key, p.lang = secret.Hash("recovery-login", account.LoginKey(in.Login)), in.Lang
	if e, err := account.ParseEmail(in.Login); err == nil {
		p.address = e.Typed
	}
	if p.Account, err = account.FindByLogin(tx, in.Login); err != nil && !fault.Is(err, fault.NotFound) {
		return p, err
	}
	if p.staff, err = s.IsStaff(tx, p.ID); err != nil {
		return p, err
	}
	if s.KnownDevice != nil {
		if p.known, err = s.KnownDevice(tx, p.ID, in.Device); err != nil {
			return p, err
		}
	}
	p.ok = p.ID != "" && !p.staff && (p.State == account.Active || p.State == account.Expired || p.State == account.Unfinished)
	return p, nil
}

// fingerprint is of what a link or ticket dies with: the password, the address,
// the number, the state.
func fingerprint(a account.Account) string {
	return secret.Hash("recovery", a.ID, a.EmailKey, a.Mobile, string(a.State), a.PasswordSetAt.String())
}

// Purposes of codes and links.
const (
	purposeLink  = "recovery-link" // its subject is the account, its data the fingerprint
	purposeEmail = "recovery-email"
	purposeSMS   = "recovery-sms"
)

// A way is how a code travels.
type way struct{ purpose, destination string }

// send sends what proves a possession by a means, or notes why nothing goes out
// for this login. It writes the same rows and runs the same statements whomever
// the recovery is about; for nobody nothing leaves.
func (s *Service) send(tx *db.Tx, f *recovery, who person, m Means) error {
	d := &f.Data
	d.Means, d.Held = m, ""
	if m == Passkey {
		return nil
	}
	key := d.Login + "/" + string(m)
	free, err := takeSend(tx, key)
	if err != nil {
		return err
	}
	sent := d.sent(m)
	if !free {
		d.Held = heldLimit
		wait, err := waitSend(tx, key)
		sent.NextAt = tx.Now().Add(wait)
		return err
	}
	sent.N++
	sent.NextAt = tx.Now().Add(s.Settings.Limits.wait(sent.N))
	leaves, err := s.leaves(tx, who, m)
	if err != nil {
		return err
	}
	off, err := s.off(tx, f, who, m)
	if err != nil {
		return err
	}
	w, err := s.write(tx, f, who, m, off)
	if err != nil {
		return err
	}
	if !leaves || off && m == SMS {
		w = nil
	}
	until := tx.Now().Add(rule(m).Life)
	if m == Email && Step(f.Step) == Possession {
		until = tx.Now().Add(s.Settings.Link)
	}
	if m == SMS {
		return s.text(tx, who, about(f), until, w)
	}
	return s.mail(tx, who, about(f), until, w)
}

// leaves reports whether the destination may get another message. That it may
// not is nobody's business but its owner's.
func (s *Service) leaves(tx *db.Tx, who person, m Means) (bool, error) {
	to := wayOf(who, m).destination
	if to == "" {
		to = "nobody/" + who.key
	}
	free, err := takeSend(tx, "to/"+to)
	if err != nil || m == Email {
		return free, err
	}
	country := account.MobileCountry(who.Mobile)
	served, err := passes(s.Settings.Limits.SMSCountry.Spend(tx, country))
	if err != nil {
		return false, err
	}
	all, err := passes(s.Settings.Limits.SMSGlobal.Spend(tx, "all"))
	if len(s.Settings.Countries) > 0 && !slices.Contains(s.Settings.Countries, country) {
		served = false
	}
	return free && served && all && who.ok, err
}

// off reports whether a means has failed so often in a row that its codes count
// no more, but on a device that the account knows.
func (s *Service) off(tx *db.Tx, f *recovery, who person, m Means) (bool, error) {
	n, err := failuresOf(tx, who.counted(), m, who.bound(m))
	return who.ID != "" && !f.Data.Known && n >= s.Settings.Limits.Failures, err
}

// counted is what failures are counted by.
func (p person) counted() string {
	if p.ID == "" {
		return "-" + p.key
	}
	return p.ID
}

// bound is since when the means is the account's.
func (p person) bound(m Means) time.Time {
	if m == SMS {
		return p.MobileVerifiedAt
	}
	return p.EmailConfirmedAt
}

// write makes the code, for the first possession in a mailbox the link as well,
// and the words around them; nil words are none for this account.
func (s *Service) write(tx *db.Tx, f *recovery, who person, m Means, off bool) (message.Message, error) {
	r, w := rule(m), wayOf(who, m)
	c, err := code.Issue(tx, s.Ring, s.Secret, f.ID, w.purpose, w.destination, r)
	if err != nil {
		return nil, err
	}
	if off {
		c = ""
	}
	minutes := int(r.Life / time.Minute)
	if m == SMS {
		if !usable(who.Account, SMS) {
			return nil, nil
		}
		return message.RecoverySMS{Code: c, Minutes: minutes}, nil
	}
	if Step(f.Step) != Possession {
		return message.RecoveryCode{UserID: who.UserID, Code: c, Minutes: minutes}, nil
	}
	subject := ""
	if who.ok {
		subject = who.ID
	}
	token, err := code.NewLink(tx, s.Secret, purposeLink, subject, fingerprint(who.Account), s.Settings.Link)
	if err != nil {
		return nil, err
	}
	anew, err := afresh(tx, who.Account)
	if err != nil {
		return nil, err
	}
	unknown, err := s.unknown(tx, who)
	until := tx.Now().Add(s.Settings.Link)
	switch {
	case err != nil || who.ID == "":
		return unknown, err
	case who.State == account.Closed:
		return nil, nil
	case who.staff:
		return message.RecoveryStaff{UserID: who.UserID, AskedAt: tx.Now()}, nil
	case who.State == account.Disabled:
		return message.RecoveryDisabled{UserID: who.UserID, AskedAt: tx.Now()}, nil
	case anew:
		return message.RecoveryUnfinished{UserID: who.UserID, Code: c, Minutes: minutes, Token: token, Until: until}, nil
	}
	return message.RecoveryReset{UserID: who.UserID, Code: c, Minutes: minutes, Token: token, Until: until, Both: f.Data.Both}, nil
}

// wayOf is where a code of a person goes.
func wayOf(who person, m Means) way {
	w := way{purpose: purposeEmail, destination: who.EmailKey}
	if m == SMS {
		w = way{purpose: purposeSMS, destination: who.Mobile}
	}
	return w
}

// unknown is what a mailbox without an account is told: nothing, or by setting
// that somebody asked. It counts whether or not there is an account.
func (s *Service) unknown(tx *db.Tx, who person) (message.Message, error) {
	if !s.Settings.TellUnknown || who.address == "" {
		return nil, nil
	}
	free, err := passes(s.Settings.Limits.Unknown.Spend(tx, who.key))
	if err != nil || !free {
		return nil, err
	}
	return message.RecoveryUnknown{AskedAt: tx.Now()}, nil
}

// mail sends a mail; nil does the work of one, and nothing leaves.
func (s *Service) mail(tx *db.Tx, who person, about string, until time.Time, m message.Message) error {
	if m == nil {
		c := strings.Repeat("0", rule(Email).Length)
		return s.Messages.Withhold(tx, message.To{Lang: who.lang}, about, until, message.RecoveryReset{
			UserID: "nobody", Code: c, Minutes: int(rule(Email).Life / time.Minute), Token: s.Secret.Token(), Until: tx.Now(),
		})
	}
	to := message.To{Address: who.Email, Name: who.Name(), Lang: text.Lang(who.Account.Lang)}
	if who.ID == "" {
		to = message.To{Address: who.address, Lang: who.lang}
	}
	return s.Messages.Send(tx, to, about, until, m)
}

// text does the same with a text message.
func (s *Service) text(tx *db.Tx, who person, about string, until time.Time, m message.Message) error {
	if m == nil {
		return s.Messages.Withhold(tx, message.To{Lang: who.lang}, about, until,
			message.RecoverySMS{Code: strings.Repeat("0", rule(SMS).Length), Minutes: int(rule(SMS).Life / time.Minute)})
	}
	return s.Messages.Send(tx, message.To{Address: who.Mobile, Name: who.FirstName, Lang: text.Lang(who.Account.Lang)}, about, until, m)
}

func about(f *recovery) string { return "recovery:" + f.ID }

func (s *Service) event(tx *db.Tx, a account.Account, action string, detail ...string) error {
	e := audit.Event{Action: action, Detail: map[string]string{}}
	if a.ID != "" {
		e.Subject = a.Subject()
	}
	for i := 0; i+1 < len(detail); i += 2 {
		e.Detail[detail[i]] = detail[i+1]
	}
	return audit.Add(tx, s.Secret, e)
}
