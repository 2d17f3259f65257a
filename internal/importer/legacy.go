package importer

import (
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

// A planned account is a record that was looked at from all sides: nothing of
// it can be refused any more.
type planned struct {
	known        bool // there is this account already
	account      account.Account
	organization organization.Organization // zero: none
	product      license.Product
	evaluated    time.Time // zero: never
}

// account takes the record of an account, in two halves: a dry run of many does
// the first alone.
func (s *Service) account(tx *db.Tx, r record) (made bool, err error) {
	p, err := s.plan(tx, r)
	if err != nil || p.known {
		return false, err
	}
	return true, s.make(tx, p)
}

// plan reads the record and looks for what is there. It writes nothing. What is
// wrong with the record itself is told as a whole: the first of it, with all in Fields.
func (s *Service) plan(tx *db.Tx, r record) (p planned, err error) {
	var wrong []*fault.Error
	if p.account, wrong = s.person(r); len(wrong) > 0 {
		all := *wrong[0]
		all.Fields = wrong
		return p, &all
	}
	if r.get("organization") != "" {
		if p.organization, err = referred(tx, r); err != nil {
			return p, err
		}
		p.account.Organization = p.organization.Name
	}
	if r.get("evaluated") != "" {
		if p.organization.ID == "" {
			return p, fault.OnField("organization", "import-evaluated-without-organization")
		}
		if p.product, err = product(tx, r); err != nil {
			return p, err
		}
		p.evaluated, _ = day(r.get("evaluated")) // the form was checked when the file was read
	}
	byID, err := account.FindByUserID(tx, p.account.UserID)
	switch {
	case err == nil && byID.EmailKey == p.account.EmailKey:
		p.known = true
		return p, nil
	case err == nil:
		return p, fault.OnField("user_id", "import-user-id-taken").With("user_id", p.account.UserID)
	case !fault.Is(err, fault.NotFound):
		return p, err
	}
	other, err := account.FindByEmail(tx, p.account.EmailKey)
	switch {
	case err == nil:
		return p, fault.OnField("email", "import-email-taken").With("user_id", other.UserID)
	case !fault.Is(err, fault.NotFound):
		return p, err
	}
	return p, nil
}

// person reads what the record says of the person, apart from everybody else, and everything that is wrong with it.
func (s *Service) person(r record) (a account.Account, wrong []*fault.Error) {
	a = account.Account{UserID: r.get("user_id"), Country: strings.ToUpper(r.get("country")), State: account.Expired}
	read := func(field string, err error) {
		if err != nil {
			wrong = append(wrong, fault.From(onField(field, err)))
		}
	}
	email, err := account.ParseEmail(r.get("email"))
	read("email", err)
	a.Email, a.EmailKey = email.Typed, email.Key
	if r.get("mobile") != "" {
		a.Mobile, err = account.ParseMobile(a.Country, r.get("mobile"))
		read("mobile", err)
	}
	a.FirstName, err = account.ParseName(r.get("first_name"))
	read("first_name", err)
	a.LastName, err = account.ParseName(r.get("last_name"))
	read("last_name", err)
	if account.UserIDKey(a.UserID) == "" {
		read("user_id", fault.OnField("user_id", "import-user-id").With("user_id", a.UserID))
	}
	a.Lang = strings.ToLower(r.get("language"))
	if a.Lang != "" && a.Lang != "en" && a.Lang != "de" {
		read("language", fault.OnField("language", "import-language").With("language", r.get("language")))
	}
	if hash := r.get("password_hash"); hash != "" {
		a.PasswordHash, err = s.Hasher.Adopt(hash)
		read("password_hash", err)
	}
	switch strings.ToLower(r.get("state")) {
	case "", string(account.Expired):
	case string(account.Active):
		if r.get("password_hash") == "" {
			read("state", fault.OnField("state", "import-active-without-hash"))
		}
		a.State = account.Active
	default:
		read("state", fault.OnField("state", "import-state").With("state", r.get("state")))
	}
	return a, wrong
}

func (s *Service) make(tx *db.Tx, p planned) error {
	made, err := account.Import(tx, s.Secret, p.account)
	if err != nil {
		return err
	}
	if p.organization.ID != "" {
		if _, err := expect(tx, p.organization, organization.Contact{
			Email: made.Email, EmailKey: made.EmailKey, FirstName: made.FirstName, LastName: made.LastName, Origin: organization.ByImport,
		}); err != nil {
			return err
		}
	}
	if !p.evaluated.IsZero() {
		if err := s.evaluated(tx, p.organization, p.product, p.evaluated); err != nil {
			return err
		}
	}
	return audit.Add(tx, s.Secret, audit.Event{
		Action: "user_created", Subject: made.Subject(), Organization: p.organization.ID,
		Detail: map[string]string{"origin": "import", "state": string(made.State)},
	})
}

// evaluated writes down an evaluation of the earlier system, once for an
// organization and product.
func (s *Service) evaluated(tx *db.Tx, o organization.Organization, p license.Product, from time.Time) error {
	l, err := license.Make(tx, s.Secret, o.ID, p.ID)
	if err != nil {
		return err
	}
	for _, old := range l.Facts.Terms {
		if !old.Kind.Paid() {
			return nil
		}
	}
	_, err = license.Grant(tx, s.Secret, l, license.Term{
		Kind: license.Evaluation, Days: EvaluationDays, StartsAt: from, EndsAt: from.AddDate(0, 0, EvaluationDays), GrantedBy: "import",
	})
	return err
}

// onField says which column an Invalid failure is about.
func onField(field string, err error) error {
	e := fault.From(err)
	if e.Kind != fault.Invalid {
		return err
	}
	c := *e
	c.Field = field
	return &c
}
