package app

import (
	"strings"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/activation"
	"vestibule/internal/chore"
	"vestibule/internal/code"
	"vestibule/internal/config"
	"vestibule/internal/credential"
	"vestibule/internal/db"
	"vestibule/internal/download"
	"vestibule/internal/feed"
	"vestibule/internal/helpdesk"
	"vestibule/internal/importer"
	"vestibule/internal/license"
	"vestibule/internal/lifecycle"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/passkey"
	"vestibule/internal/password"
	"vestibule/internal/recovery"
	"vestibule/internal/register"
	"vestibule/internal/release"
	"vestibule/internal/renewal"
	"vestibule/internal/selfservice"
	"vestibule/internal/session"
	"vestibule/internal/signin"
	"vestibule/internal/signing"
	"vestibule/internal/staff"
	"vestibule/internal/text"
)

// Services are the portal's capabilities.
type Services struct {
	Passwords    *account.Passwords
	Organization *organization.Service
	License      *license.Service
	Access       *access.Service
	Register     *register.Service
	SignIn       *signin.Service
	Recovery     *recovery.Service
	Staff        *staff.Service
	Desk         *staff.Desk
	Importer     *importer.Service
	Credential   *credential.Service
	Self         *selfservice.Service
	Passkeys     *credential.Passkeys
	Lifecycle    *lifecycle.Service
	Helpdesk     *helpdesk.Service
	Release      *release.Service
	Download     *download.Service
	Feed         *feed.Service
	Signing      *signing.Keys
	Renewal      *renewal.Service
	Activation   *activation.Service
}

// services makes the capabilities, those first that others stand on.
func (p *Portal) services(words *text.Catalogue) (err error) {
	c := p.o.Config
	if p.Writer, err = p.writer(words); err != nil {
		return err
	}
	pattern, err := account.ParsePattern(c.Registration.UserID)
	if err != nil {
		return err
	}
	terms, err := Terms(c)
	if err != nil {
		return err
	}
	party, err := passkey.New(p.o.Secret, c.BaseURL, c.Vendor.Name)
	if err != nil {
		return err
	}
	notices := account.Notices{Messages: p.Writer}
	client := session.Lives{Idle: c.Session.ClientIdle, Absolute: c.Session.ClientAbsolute}
	office := session.Lives{Idle: c.Session.StaffIdle, Absolute: c.Session.StaffAbsolute}
	s := &p.Services
	s.Signing = &signing.Keys{Secret: p.o.Secret, Ring: p.Ring}
	s.Activation = &activation.Service{DB: p.DB, Secret: p.o.Secret, Ring: p.Ring, Keys: s.Signing, PerNetwork: activation.DefaultPerNetwork()}
	s.Download, s.Feed = p.downloads(), p.feeds()
	s.Passwords = &account.Passwords{
		Hasher: p.hasher(), Rules: rules(c),
		Words: append(strings.Fields(c.Vendor.Name), strings.Fields(c.Product.Name)...),
	}
	s.Organization = &organization.Service{DB: p.DB, Secret: p.o.Secret, Decided: p.joinDecided, TokensChanged: p.tokensChanged, PerToken: organization.DefaultPerToken()}
	s.Renewal = &renewal.Service{DB: p.DB, Messages: p.Writer}
	s.Access = &access.Service{
		DB: p.DB, Secret: p.o.Secret, Messages: p.Writer, Settings: accessSettings(c), Notify: p.told(staff.RequestsDecide), Told: s.Renewal.Told,
	}
	s.Register = &register.Service{
		DB: p.DB, Secret: p.o.Secret, Ring: p.Ring, Messages: p.Writer, Passwords: s.Passwords,
		Settings: registerSettings(c, pattern, terms, words), Notify: p.told(staff.AccountsHelp),
	}
	s.SignIn = &signin.Service{
		DB: p.DB, Ring: p.Ring, Secret: p.o.Secret, Passwords: s.Passwords, Messages: p.Writer, Notices: notices, Passkeys: party, Terms: terms,
		ClientLives: client, StaffLives: office, Issuer: c.Vendor.Name, PasswordMaxAge: c.Password.MaxAge,
		IsStaff: staff.Is, ContinueByMail: s.Register.ContinueByMail, ConfirmByMail: s.Register.ConfirmByMail,
		BeginComplete: func(tx *db.Tx, a account.Account) (string, error) {
			t, err := s.Register.CompleteByOwner(tx, a)
			return string(t), err
		},
	}
	s.License = &license.Service{
		DB: p.DB, Secret: p.o.Secret, Evaluation: accessSettings(c).Evaluation, Told: s.Renewal.Told,
		May: func(tx *db.Tx, id string, permission license.Permission) (bool, error) {
			return staff.Allowed(tx, id, staff.Permission(permission))
		},
	}
	s.Recovery = &recovery.Service{
		DB: p.DB, Secret: p.o.Secret, Ring: p.Ring, Messages: p.Writer, Passwords: s.Passwords,
		Settings: recoverySettings(c, s.Register.Settings), Asked: s.Register.Asked, IsStaff: staff.Is,
		Afresh: func(tx *db.Tx, a account.Account) (string, error) {
			t, err := s.Register.Afresh(tx, a)
			return string(t), err
		},
		Passkeys: recoveryPasskeys(p.o.Secret, party, notices), Confirmed: s.Register.Join, KnownDevice: signin.KnownDevice, ForgetDevices: signin.ForgetDevices, Forgive: signin.Forgive,
	}
	s.Credential = &credential.Service{
		DB: p.DB, Ring: p.Ring, Secret: p.o.Secret, Passwords: s.Passwords, Notices: account.Notices{Messages: p.Writer}, Issuer: c.Vendor.Name,
		Offered: s.Register.Offered,
		Ends: []func(*db.Tx, string, string) error{
			signin.ForgetOtherDevices,
			func(tx *db.Tx, accountID, _ string) error { return s.Recovery.EndAll(tx, accountID) },
		},
	}
	if s.Self, err = p.selfservice(); err != nil {
		return err
	}
	s.SignIn.PasswordChanged, s.SignIn.KeepAccount = s.Recovery.EndAll, s.Self.Keep
	s.SignIn.Place = func(address, lang string) string { return s.Self.Place(address, text.Lang(lang)) }
	s.Passkeys = &credential.Passkeys{DB: p.DB, Secret: p.o.Secret, Party: party, Notices: notices}
	s.Staff = &staff.Service{
		DB: p.DB, Ring: p.Ring, Secret: p.o.Secret, Passwords: s.Passwords, Pattern: pattern, Lives: office, Issuer: c.Vendor.Name,
	}
	s.Desk = &staff.Desk{DB: p.DB, Secret: p.o.Secret, Outbox: p.Outbox, Terms: terms}
	s.Lifecycle = &lifecycle.Service{
		DB: p.DB, Secret: p.o.Secret, Messages: p.Writer, MaxAge: c.Password.MaxAge, Dormant: c.Account.Dormant,
		IsStaff: staff.Is, EndRecoveries: s.Recovery.EndAll,
	}
	s.Helpdesk = p.helpdesk(terms)
	s.Release = p.releases()
	s.Importer = &importer.Service{DB: p.DB, Secret: p.o.Secret, Hasher: s.Passwords.Hasher}
	return nil
}

// told finds whom a notice to staff goes to: those whose role wants it, and the
// addresses of the configuration.
func (p *Portal) told(permission staff.Permission) func(*db.Tx) ([]message.To, error) {
	return func(tx *db.Tx) ([]message.To, error) {
		members, err := staff.Addresses(tx, permission)
		if err != nil {
			return nil, err
		}
		var out []message.To
		seen := map[string]bool{}
		for _, m := range members {
			seen[strings.ToLower(m.Email)] = true
			out = append(out, message.To{Address: m.Email, Name: m.Name, Lang: text.Lang(m.Lang)})
		}
		for _, address := range p.o.Config.Vendor.NotifyStaff {
			if !seen[strings.ToLower(address)] {
				out = append(out, message.To{Address: address, Lang: text.Lang(p.o.Config.Vendor.Language)})
			}
		}
		return out, nil
	}
}

// rules are the policy's, with what the configuration says over them.
func rules(c *config.Config) password.Rules {
	r := password.Guide()
	if c.Policy == "nist" {
		r = password.NIST(false)
	}
	if c.Password.MinLength > 0 {
		r.MinLength = c.Password.MinLength
	}
	switch c.Password.Groups {
	case "on":
		guide := password.Guide()
		r.Groups, r.GroupsUntil = guide.Groups, guide.GroupsUntil
	case "off":
		r.Groups = 0
	}
	return r
}

func accessSettings(c *config.Config) access.Settings {
	s := access.DefaultSettings()
	s.Calendar = access.Calendar{Zone: c.Office.Zone, Holidays: map[string]bool{}}
	for day, spans := range c.Office.Hours {
		for _, one := range spans {
			s.Calendar.Hours[day] = append(s.Calendar.Hours[day], access.Span{From: one.From, To: one.To})
		}
	}
	for _, day := range c.Office.Holidays {
		s.Calendar.Holidays[day.Format(time.DateOnly)] = true
	}
	s.DueMinutes, s.RemindMinutes = int(c.Office.Due/time.Minute), int(c.Office.Reminder/time.Minute)
	s.LateAfter = c.Office.Late
	s.Evaluation = license.EvaluationRule{
		Days: c.Evaluation.Days, StartWithin: c.Evaluation.LatestStart, FromApproval: c.Evaluation.Start == "approval",
	}
	return s
}

func registerSettings(c *config.Config, pattern account.Pattern, terms account.Terms, words *text.Catalogue) register.Settings {
	s := register.DefaultSettings()
	r := c.Registration
	s.Conceal = r.DuplicateEmail == "conceal"
	s.Pattern, s.Issuer, s.Terms, s.Countries = pattern, c.Vendor.Name, terms, r.SMSCountries
	s.Code = code.Rule{Length: code.Default().Length, Tries: r.CodeTries, Life: r.CodeLife}
	s.Life, s.Finish, s.Remind, s.Confirm = r.Life, r.Sweep, r.Remind, c.Link.Confirm
	s.Questions = nil
	if c.Password.Questions == "on" || c.Password.Questions == "" && c.Policy == "guide" {
		s.Questions = register.OfferedQuestions(words)
	}
	return s
}

func recoverySettings(c *config.Config, r register.Settings) recovery.Settings {
	s := recovery.DefaultSettings()
	s.Questions, s.Countries = len(r.Questions) > 0, r.Countries
	s.Link, s.TellUnknown = c.Link.Reset, c.Recovery.TellUnknown == "on"
	return s
}

// chores is the housekeeping of the capabilities.
func (s *Services) chores() []chore.Chore {
	all := append(s.Access.Chores(), s.Register.Chores()...)
	all = append(all, s.Recovery.Chores()...)
	all = append(all, s.Lifecycle.Chores()...)
	all = append(all, s.Helpdesk.Chores()...)
	all = append(all, s.Self.Chores()...)
	all = append(all, s.Release.Chores()...)
	all = append(all, s.Renewal.Chores()...)
	all = append(all, s.Activation.Chores()...)
	all = append(all, s.Download.Chores()...)
	return append(all, chore.Chore{Name: "signin-sweep", Every: time.Hour, Run: s.SignIn.Sweep})
}
