package app

import (
	"fmt"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/download"
	"vestibule/internal/place"
	"vestibule/internal/selfservice"
	"vestibule/internal/signin"
	"vestibule/internal/text"
)

// selfservice makes what owners do with their own account; register, recovery and sign-in are there.
func (p *Portal) selfservice() (*selfservice.Service, error) {
	s, c := &p.Services, p.o.Config
	places, err := place.Open(c.Geo.Database)
	if err != nil {
		return nil, fmt.Errorf("geo.database: %w", err)
	}
	settings := selfservice.DefaultSettings()
	settings.Code, settings.Countries = s.Register.Settings.Code, c.Registration.SMSCountries
	return &selfservice.Service{
		DB: p.DB, Secret: p.o.Secret, Ring: p.Ring, Messages: p.Writer, Notices: account.Notices{Messages: p.Writer}, Outbox: p.Outbox,
		Settings: settings, SendSMS: s.Register.Settings.Limits.SpendSMS, Join: s.Register.Join,
		Ends: []func(*db.Tx, string, string) error{
			forgetDevices,
			func(tx *db.Tx, accountID, _ string) error { return s.Recovery.EndAll(tx, accountID) },
		},
		Handed: handed, Closed: []func(*db.Tx, string) error{download.Forget},
		Ended: signin.ForgetDeviceOf, Devices: knownDevices, QuestionWords: s.Register.QuestionWords,
		Place: func(address string, lang text.Lang) string { return places.Of(address, string(lang)) },
	}, nil
}

// forgetDevices makes the browsers of an account strangers but for the one of a session, which is trusted no longer; all of them
// without one.
func forgetDevices(tx *db.Tx, accountID, sessionID string) error {
	if sessionID == "" {
		return signin.ForgetDevices(tx, accountID)
	}
	return signin.ForgetOtherDevices(tx, accountID, sessionID)
}

// handed is what an account downloaded, and what it accepted before.
func handed(tx *db.Tx, accountID string) (all selfservice.Handed, err error) {
	all = selfservice.Handed{Downloads: []selfservice.ExportDownload{}, Agreements: []selfservice.ExportAgreement{}}
	list, accepted, err := download.Own(tx, accountID)
	for _, t := range list {
		all.Downloads = append(all.Downloads, selfservice.ExportDownload{
			Product: t.Product, Version: t.Version, File: t.File, Bytes: t.Sent, State: t.State, Address: t.Address,
			StartedAt: t.StartedAt, EndedAt: t.EndedAt,
		})
	}
	for _, a := range accepted {
		all.Agreements = append(all.Agreements, selfservice.ExportAgreement{
			Product: a.Product, Version: a.Version, Language: a.Lang, TextHash: a.TextHash, Address: a.Address, AcceptedAt: a.At,
		})
	}
	return all, err
}

func knownDevices(tx *db.Tx, accountID string) (all []selfservice.Device, err error) {
	list, err := signin.Devices(tx, accountID)
	for _, d := range list {
		one := selfservice.Device{ID: d.ID, Agent: d.Agent, Network: d.Network, FirstAt: d.CreatedAt, SeenAt: d.SeenAt}
		if d.Trusted(tx.Now()) {
			one.TrustedUntil = d.TrustedUntil
		}
		all = append(all, one)
	}
	return all, err
}
