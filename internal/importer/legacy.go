package importer

import (
	"strings"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

// legacy makes the account of an earlier system: its password counts as
// expired, its address as unconfirmed, its number as unverified.
func (s *Service) legacy(tx *db.Tx, r record, email account.Email, mobile string, o organization.Organization) (account.Account, error) {
	first, err := account.ParseName(r.get("first_name"))
	if err != nil {
		return account.Account{}, onField("first_name", err)
	}
	last, err := account.ParseName(r.get("last_name"))
	if err != nil {
		return account.Account{}, onField("last_name", err)
	}
	if account.UserIDKey(r.get("user_id")) == "" {
		return account.Account{}, fault.OnField("user_id", "import-user-id").With("user_id", r.get("user_id"))
	}
	lang := strings.ToLower(r.get("language"))
	if lang != "" && lang != "en" && lang != "de" {
		return account.Account{}, fault.OnField("language", "import-language").With("language", r.get("language"))
	}
	return account.Create(tx, s.Secret, account.DefaultPattern, account.New{
		UserID: r.get("user_id"), Email: email, Mobile: mobile,
		FirstName: first, LastName: last, Organization: o.Name,
		Country: strings.ToUpper(r.get("country")), Lang: lang, State: account.Expired,
	})
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
