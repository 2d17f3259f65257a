package register

import (
	"context"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// Invited returns what an approval's personal link puts into the first page, or
// in Holder whose account its address has already; it changes nothing. The link
// was mailed to that address, so whoever has it may know. Gone if it is of no
// use any more.
func (s *Service) Invited(ctx context.Context, token string) (v View, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p, err := access.PrefillOf(tx, token)
		if err != nil {
			return err
		}
		v = View{Step: Details, FirstName: p.FirstName, LastName: p.LastName, Email: p.Email, EmailProved: true, Organization: p.Organization}
		v.MobileCountry, v.Mobile = account.MobileParts(p.Mobile)
		if v.MobileCountry == "" {
			v.MobileCountry = p.Country
		}
		v.Holder, err = account.FindByEmail(tx, p.EmailKey)
		if fault.Is(err, fault.NotFound) {
			v.Holder, err = account.Account{}, nil
			return err
		}
		if err == nil {
			v.HolderBegan, err = registered(tx, v.Holder)
		}
		return err
	})
	return v, err
}

// invited is the proof of an approval's personal link: the account that has the
// address to which the link was mailed.
func invited(tx *db.Tx, token string, spend bool) (account.Account, error) {
	p, err := access.PrefillOf(tx, token)
	if err != nil {
		return account.Account{}, err
	}
	if spend {
		if _, err := access.SpendInvitation(tx, token, p.EmailKey); err != nil {
			return account.Account{}, err
		}
	}
	a, err := account.FindByEmail(tx, p.EmailKey)
	if fault.Is(err, fault.NotFound) {
		return a, fault.New(fault.Gone, "link-gone")
	}
	if err != nil {
		return a, err
	}
	began, err := registered(tx, a)
	if err == nil && !began {
		err = fault.New(fault.Gone, "link-gone")
	}
	return a, err
}

// registered says whether a registration made the account. Those that staff or
// an import made begin in another way, and a mailbox alone takes none over.
func registered(tx *db.Tx, a account.Account) (bool, error) {
	_, err := account.LastAcceptance(tx, a.ID)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// ConfirmInvited is ConfirmEmail by an approval's personal link: for somebody
// who registered first and was approved then.
func (s *Service) ConfirmInvited(ctx context.Context, token, signedIn, plain string) error {
	return s.confirm(ctx, invited, token, signedIn, plain)
}

// FinishInvited is Finish by an approval's personal link.
func (s *Service) FinishInvited(ctx context.Context, token string) (Ticket, error) {
	return s.takeOver(ctx, invited, token, unfinished, s.finish)
}

// NotMeInvited answers "this was not me" on the page of an approval's personal
// link, as NotMeConfirm does.
func (s *Service) NotMeInvited(ctx context.Context, token string) (Ticket, error) {
	return s.takeOver(ctx, invited, token, func(a account.Account) bool { return unconfirmed(a) || unfinished(a) }, s.notMe)
}
