package selfservice

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/organization"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

// Details are what a person tells about itself.
type Details struct {
	FirstName    string
	LastName     string
	Organization string // as typed; grants nothing
	Country      string // ISO 3166-1 alpha-2, or ""
	Lang         text.Lang
}

// A Profile is the account as its owner sees it, with what is under way.
type Profile struct {
	Account    account.Account
	Company    string                 // the organization it is a member of, or ""
	Fresh      bool                   // the owner was proved a short time ago
	Earlier    []account.EarlierEmail // addresses that can take the account back
	NewEmail   *Waiting               // an address that is to be proved
	NewMobile  *Waiting               // a number that is to be proved
	KeepMobile bool                   // the number cannot be removed: nothing else would be left beside the mailbox
	LastAdmin  bool                   // the account cannot be closed: the organization would have nobody to administer it
}

// Waiting is an address or a number that is to be proved.
type Waiting struct {
	Destination string        // in full: the owner typed it
	Wait        time.Duration // until a code can be sent again
	Life        time.Duration // of a code
	Until       time.Time
	Held        string // why no text message went out: "country", "limit"; or ""
}

// Profile returns the account of the session. It fails as account.SignedIn does.
func (s *Service) Profile(ctx context.Context, t session.Token) (p Profile, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p = Profile{}
		at, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		p.Account, p.Fresh = a, at.Fresh(tx.Now(), account.FreshFor)
		p.Account.PasswordHash = ""
		m, err := organization.Of(tx, a.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		p.Company = m.Organization.Name
		if p.Earlier, err = account.EarlierEmails(tx, a.ID); err != nil {
			return err
		}
		if p.LastAdmin, err = lastAdministrator(tx, a.ID); err != nil {
			return err
		}
		if p.KeepMobile, err = needsMobile(tx, a); err != nil {
			return err
		}
		if p.NewEmail, err = s.waiting(tx, emailKind, a); err != nil {
			return err
		}
		p.NewMobile, err = s.waiting(tx, mobileKind, a)
		return err
	})
	return p, err
}

func (s *Service) waiting(tx *db.Tx, kind string, a account.Account) (*Waiting, error) {
	f, err := pending(tx, kind, a)
	if fault.Is(err, fault.Gone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Waiting{
		Destination: f.Data.To, Wait: max(0, f.Data.NextSendAt.Sub(tx.Now())), Life: s.Settings.Code.Life, Until: f.ExpiresAt, Held: f.Data.Held,
	}, nil
}

// SetDetails changes what the person is called, where it works, and the language of its mails. What is wrong is Invalid at the
// fields "first", "last", "organization", "country" and "lang".
func (s *Service) SetDetails(ctx context.Context, t session.Token, d Details) error {
	var form fault.Form
	var err error
	keep := func(field string, got string, parsed error) string {
		if err == nil {
			err = form.AddErr(field, parsed)
		}
		return got
	}
	first, parsed := account.ParseName(d.FirstName)
	first = keep("first", first, parsed)
	last, parsed := account.ParseName(d.LastName)
	last = keep("last", last, parsed)
	company, parsed := account.ParseOrganization(d.Organization)
	company = keep("organization", company, parsed)
	if err != nil {
		return err
	}
	if d.Country != "" && !account.IsCountry(d.Country) {
		form.Add("country", "country-unknown")
	}
	if !d.Lang.Known() {
		form.Add("lang", "lang-unknown")
	}
	if err := form.Err(); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		if a.FirstName == first && a.LastName == last && a.Organization == company && a.Country == d.Country && a.Lang == string(d.Lang) {
			return nil
		}
		if err := account.SetDetails(tx, a.ID, first, last, company, d.Country, string(d.Lang)); err != nil {
			return err
		}
		return s.event(tx, a, "account.details_change")
	})
}

// A change is an address or a number that is to be proved. Its subject is the account. It counts only while the account is what it
// was when it was asked for: another address, another password or another state ends it.
type change struct {
	Session    string // that asked
	Since      time.Time
	To         string // as it was typed, or E.164
	Key        string // of an address
	Silent     bool   `json:",omitempty"` // the address is somebody else's: no code went there
	EmailKey   string
	PasswordAt time.Time
	Sends      int
	NextSendAt time.Time
	Held       string `json:",omitempty"`
}

const (
	emailKind  = "email-change"
	mobileKind = "mobile-change"
	stepProve  = "prove"
)

// pending is what the account waits for, or Gone "flow-gone".
func pending(tx *db.Tx, kind string, a account.Account) (*flow.Flow[change], error) {
	f, err := flow.LoadBySubject[change](tx, kind, a.ID)
	if err != nil {
		return nil, err
	}
	return f, still(tx, f, a)
}

func still(tx *db.Tx, f *flow.Flow[change], a account.Account) error {
	if f.Subject != a.ID || !f.ExpiresAt.After(tx.Now()) || f.Data.EmailKey != a.EmailKey || !f.Data.PasswordAt.Equal(a.PasswordSetAt) {
		return fault.New(fault.Gone, "flow-gone")
	}
	return nil
}

// begin starts a change in place of the one that may be under way.
func (s *Service) begin(tx *db.Tx, kind string, at *session.Session, a account.Account, d change, life time.Duration) (*flow.Flow[change], error) {
	if err := s.abandon(tx, kind, a.ID); err != nil {
		return nil, err
	}
	d.Session, d.Since, d.EmailKey, d.PasswordAt = at.ID, at.StartedAt, a.EmailKey, a.PasswordSetAt
	f, _, err := flow.Start(tx, s.Secret, kind, stepProve, d, life)
	if err != nil {
		return nil, err
	}
	f.Subject = a.ID
	err = f.Save(tx)
	return f, err
}
