package register

import (
	"context"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/secret"
	"vestibule/internal/throttle"
)

// purposeContinue is the link that goes on with a registration that has no
// account yet; its subject is the registration.
const purposeContinue = "register-continue"

// GiveDetails takes the first step, beginning a registration where the ticket
// has none. It is Invalid "email-linked" where the address has an account and
// that may be told; then the registration ends.
func (s *Service) GiveDetails(ctx context.Context, t Ticket, in Form) (Ticket, error) {
	d, err := in.read()
	if err != nil {
		return t, err
	}
	address := audit.From(ctx).Address
	// Who was told too often is told nothing any more, whatever the address: a
	// limit that only known ones met would tell, too.
	if err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.Settings.Limits.spendDetails(tx, address) }); err != nil {
		return t, err
	}
	var linked bool
	var next Ticket
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		next, linked, err = s.giveDetails(tx, t, in, d)
		return err
	})
	if fault.Is(err, fault.Conflict) && next != "" {
		// The same page was sent before, and its answer did not arrive: the
		// browser gets the ticket that it would have had.
		return next, err
	}
	if err != nil {
		return t, err
	}
	if linked {
		// To be told this is worth something to a stranger: not too often.
		err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.Settings.Limits.Linked.Spend(tx, throttle.Network(address)) })
		if err != nil && !fault.Is(err, fault.TooMany) { // the next one is refused
			return t, err
		}
		return t, fault.OnField("email", "email-linked")
	}
	return next, nil
}

func (s *Service) giveDetails(tx *db.Tx, t Ticket, in Form, d data) (next Ticket, linked bool, err error) {
	f, err := load(tx, t)
	switch {
	case isGone(err) || err == nil && f.Step != Details && in.Invitation != "" && !s.invitedBy(f, in.Invitation):
		f, next, err = s.begin(tx, in.Once)
		if err != nil {
			return "", false, err
		}
	case err != nil:
		return "", false, err
	default:
		next = t
	}
	if _, err := s.after(f, detailsGiven); err != nil {
		return next, false, err
	}
	keep := f.Data
	f.Data = d
	f.Data.AccountID, f.Data.UserID, f.Data.EmailFixed, f.Data.HelpAskedAt = keep.AccountID, keep.UserID, keep.EmailFixed, keep.HelpAskedAt
	f.Data.Sends, f.Data.NextSendAt, f.Data.SentTo = keep.Sends, keep.NextSendAt, keep.SentTo
	if keep.EmailFixed {
		f.Data.Email, f.Data.EmailKey, f.Data.EmailProved = keep.Email, keep.EmailKey, keep.EmailProved
	}
	if keep.EmailKey == f.Data.EmailKey {
		f.Data.EmailProved, f.Data.Invitation = keep.EmailProved, keep.Invitation
	}
	if err := s.invite(tx, f, in.Invitation); err != nil {
		return next, false, err
	}
	if f.Data.AccountID != "" {
		return next, false, s.detailsOf(tx, f)
	}
	holder, err := account.FindByEmail(tx, f.Data.EmailKey)
	known := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return next, false, err
	}
	if s.Settings.Conceal && !f.Data.EmailProved {
		return next, false, s.moveLoaded(tx, f, detailsConcealed, func(tx *db.Tx, f *registration) error { return s.askMailbox(tx, f, holder) })
	}
	if known {
		// The registration ends; an owner who had not finished, or whose address a
		// stranger took, gets the way on.
		if err := s.wayOn(tx, holder); err != nil {
			return next, false, err
		}
		if err := s.event(tx, f, "registration.email_linked"); err != nil {
			return next, false, err
		}
		return next, true, f.Finish(tx)
	}
	// An address that another account may take back for a while is taken too: it
	// would be refused at the terms.
	taken, err := account.EmailTaken(tx, f.Data.EmailKey, "")
	if err != nil {
		return next, false, err
	}
	if taken {
		return next, true, f.Finish(tx)
	}
	return next, false, s.moveLoaded(tx, f, detailsGiven, s.toCode)
}

// detailsOf takes the details of an account that its mailbox's owner has set
// afresh: what a stranger called it is replaced.
func (s *Service) detailsOf(tx *db.Tx, f *registration) error {
	d := &f.Data
	country := account.MobileCountry(d.Mobile)
	if err := account.SetDetails(tx, d.AccountID, d.FirstName, d.LastName, d.Organization, country, string(d.Lang)); err != nil {
		return err
	}
	a, err := account.Get(tx, d.AccountID)
	if err != nil {
		return err
	}
	if a, err = account.SetUserID(tx, s.Secret, s.Settings.Pattern, a); err != nil {
		return err
	}
	d.UserID = a.UserID
	return s.moveLoaded(tx, f, detailsGiven, s.toCode)
}

// begin starts a registration. Two begun from one page are one: the second
// finds the first and gets the same ticket, so that a double click costs nobody
// a second SMS.
func (s *Service) begin(tx *db.Tx, once string) (*registration, Ticket, error) {
	if once == "" {
		once = s.Secret.Token()
	}
	src := sameToken{Source: s.Secret, token: secret.Hash("register-ticket", once)}
	mark := "once:" + secret.Hash("register-once", once)
	if err := s.Settings.Limits.once.Spend(tx, mark); fault.Is(err, fault.TooMany) {
		f, err := flow.LoadBySubject[data](tx, kind, mark)
		if err == nil {
			return f, Ticket(f.ID + "." + src.token), nil
		}
		if !isGone(err) {
			return nil, "", err
		}
		// The first has gone on (its subject is an account now) or ended.
		return nil, "", fault.New(fault.Conflict, "step-moved")
	} else if err != nil {
		return nil, "", err
	}
	f, t, err := flow.Start(tx, src, kind, Details, data{}, s.Settings.Life)
	if err != nil {
		return nil, "", err
	}
	f.Subject = mark
	return f, t, s.event(tx, f, "registration.begin")
}

// sameToken makes the ticket's secret from what the page carries.
type sameToken struct {
	secret.Source
	token string
}

func (s sameToken) Token() string { return s.token }

// invite notes the personal link, and that it proves the address if it was
// mailed there. It is spent when the account is made. Typing another address
// drops the link.
func (s *Service) invite(tx *db.Tx, f *registration, token string) error {
	if token == "" {
		return nil
	}
	p, err := access.PrefillOf(tx, token)
	if isGone(err) {
		return nil // it expired while the page was open; the address can be confirmed later
	}
	if err != nil || p.EmailKey != f.Data.EmailKey {
		return err
	}
	f.Data.Invitation, f.Data.EmailProved = s.Ring.Seal(sealed(f, "invitation"), []byte(token)), true
	return nil
}

func (s *Service) invitedBy(f *registration, token string) bool {
	opened, err := s.Ring.Open(sealed(f, "invitation"), f.Data.Invitation)
	return err == nil && secret.Same(string(opened), token)
}

func sealed(f *registration, field string) string { return "flow/" + f.ID + "/" + field }

// askMailbox tells the mailbox how it goes on, and says the same to the browser
// whether or not the address is known.
func (s *Service) askMailbox(tx *db.Tx, f *registration, holder account.Account) error {
	if err := s.Settings.Limits.mailbox.Spend(tx, f.Data.EmailKey); err != nil {
		if fault.Is(err, fault.TooMany) {
			return nil // the page is the same, and the mailbox has had enough
		}
		return err
	}
	until := tx.Now().Add(s.Settings.Life)
	if err := code.RevokeLinks(tx, purposeContinue, f.ID); err != nil {
		return err
	}
	// A link is made in both cases: the work is the same.
	token, err := code.NewLink(tx, s.Secret, purposeContinue, f.ID, f.Data.EmailKey, s.Settings.Life)
	if err != nil {
		return err
	}
	var m message.Message = message.RegisterContinue{Token: token, Until: until}
	if holder.ID != "" {
		m = message.RegisterExists{AskedAt: tx.Now()}
		if err := s.wayOn(tx, holder); err != nil {
			return err
		}
	}
	if err := s.event(tx, f, "registration.mailbox_ask"); err != nil {
		return err
	}
	return s.Messages.Send(tx, f.Data.to(), about(f), until, m)
}

// wayOn mails the holder of an address that somebody registers again what is
// missing: the link to finish, or the one that confirms the address or says that
// this was a stranger.
func (s *Service) wayOn(tx *db.Tx, holder account.Account) error {
	if holder.State == account.Active {
		return s.ConfirmByMail(tx, holder)
	}
	return s.ContinueByMail(tx, holder)
}

// ContinueLink says whether a link that goes on with a registration is of use,
// and changes nothing.
func (s *Service) ContinueLink(ctx context.Context, token string) error {
	return s.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := code.PeekLink(tx, purposeContinue, token)
		return err
	})
}

// Continue goes on with a registration by the link that was mailed: the browser
// that opens it gets the ticket, and every other loses it. The link proves the
// address.
func (s *Service) Continue(ctx context.Context, token string) (t Ticket, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		l, err := code.SpendLink(tx, purposeContinue, token)
		if err != nil {
			return err
		}
		f, err := flow.LoadByID[data](tx, kind, l.Subject)
		if err != nil {
			return err
		}
		// Once there is an account, what was set may be a stranger's: the link to
		// finish, which erases that, is the way then.
		if f.Data.EmailKey != l.Data || f.Data.AccountID != "" || !f.ExpiresAt.After(tx.Now()) {
			return fault.New(fault.Gone, "link-gone")
		}
		f.Data.EmailProved = true
		if f.Step == Mailbox {
			err = s.moveLoaded(tx, f, mailboxProved, s.toCode)
		} else {
			err = f.Save(tx)
		}
		if err != nil {
			return err
		}
		if err := s.event(tx, f, "registration.mailbox_prove"); err != nil {
			return err
		}
		t, err = f.NewTicket(tx, s.Secret)
		return err
	})
	return t, err
}

// Back leads to the details again, while there is no account.
func (s *Service) Back(ctx context.Context, t Ticket) error {
	return s.move(ctx, t, wentBack, func(tx *db.Tx, f *registration) error {
		// A code on its way stays good: the number may be right.
		if err := s.Messages.Recall(tx, about(f), message.RegisterContinue{}, message.RegisterExists{}); err != nil {
			return err
		}
		return code.RevokeLinks(tx, purposeContinue, f.ID)
	})
}

// read judges the form.
func (in Form) read() (d data, err error) {
	var form fault.Form
	first, err1 := account.ParseName(in.FirstName)
	last, err2 := account.ParseName(in.LastName)
	email, err3 := account.ParseEmail(in.Email)
	mobile, err4 := account.ParseMobile(in.MobileCountry, in.Mobile)
	organization, err5 := account.ParseOrganization(in.Organization)
	for _, one := range []struct {
		field string
		err   error
	}{{"first", err1}, {"last", err2}, {"email", err3}, {"mobile", err4}, {"organization", err5}} {
		if err := form.AddErr(one.field, one.err); err != nil {
			return data{}, err
		}
	}
	return data{FirstName: first, LastName: last, Email: email.Typed, EmailKey: email.Key, Mobile: mobile, Organization: organization, Lang: in.Lang}, form.Err()
}
