package app

import (
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/helpdesk"
	"vestibule/internal/recovery"
	"vestibule/internal/signin"
	"vestibule/internal/staff"
)

// helpdesk makes what staff do for people who cannot get in, of what the other capabilities do for it.
func (p *Portal) helpdesk(terms account.Terms) *helpdesk.Service {
	s, c := &p.Services, p.o.Config
	return &helpdesk.Service{
		DB: p.DB, Secret: p.o.Secret, Ring: p.Ring, Messages: p.Writer, Outbox: p.Outbox, Notices: account.Notices{Messages: p.Writer},
		Settings: helpdesk.Settings{
			Terms: terms, MaxAge: c.Password.MaxAge, Questions: len(s.Register.Settings.Questions) > 0, Countries: c.Registration.SMSCountries,
		},
		May: func(tx *db.Tx, id string, permission helpdesk.Permission) (bool, error) {
			return staff.Allowed(tx, id, staff.Permission(permission))
		},
		Notify: p.told(staff.AccountsHelp),
		Hooks: helpdesk.Hooks{
			Delays:   delays,
			Forgive:  signin.Forgive,
			Distrust: func(tx *db.Tx, a account.Account) error { return signin.ForgetDevices(tx, a.ID) },
			Reset:    s.Recovery.MailReset,
			Confirm:  s.Register.ConfirmByMail,
			Finish:   s.Register.ContinueByMail,
			Referred: recovery.Referred,
			Void:     func(tx *db.Tx, a account.Account) error { return s.Recovery.EndAll(tx, a.ID) },
		},
	}
}

// delays words what the sign-in knows for the helpdesk, which knows no other capability.
func delays(tx *db.Tx, a account.Account) ([]helpdesk.Delay, error) {
	all, err := signin.Delays(tx, a)
	var list []helpdesk.Delay
	for _, d := range all {
		list = append(list, helpdesk.Delay(d))
	}
	return list, err
}
