package demo

import (
	"context"
	"encoding/base32"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/organization"
	"vestibule/internal/session"
	"vestibule/internal/staff"
)

// password draws one that is long enough to need no groups: four groups of
// five letters and digits.
func (p Parts) password() string {
	drawn := strings.ToLower(base32.StdEncoding.EncodeToString(p.Secret.Bytes(13)))
	return drawn[:5] + "-" + drawn[5:10] + "-" + drawn[10:15] + "-" + drawn[15:20]
}

type colleague struct {
	first, last, lang string
	roles             []staff.Role
}

// colleagues are the vendor's people, one a role.
func colleagues() []colleague {
	return []colleague{
		{"Ines", "Duarte", "en", []staff.Role{staff.Approver}},
		{"Tom", "Becker", "de", []staff.Role{staff.Helpdesk}},
		{"Ruth", "Okafor", "en", []staff.Role{staff.Administrator}},
		{"Sam", "Whitfield", "en", []staff.Role{staff.ReleaseManager}},
		{"Lena", "Fischer", "en", []staff.Role{staff.Auditor}},
	}
}

// hire adds a member of staff and goes through the set-up, as the link on the
// terminal would.
func (p Parts) hire(ctx context.Context, c colleague) (Staff, error) {
	inv, err := p.Staff.Add(ctx, staff.New{
		FirstName: c.first, LastName: c.last, Lang: c.lang, Roles: c.roles,
		Email: strings.ToLower(c.first + "." + c.last + "@northwind.example"),
	})
	if err != nil {
		return Staff{}, err
	}
	ticket, err := p.Staff.Begin(ctx, inv.Token)
	if err != nil {
		return Staff{}, err
	}
	out := Staff{UserID: inv.UserID, Password: p.password(), Name: c.first + " " + c.last}
	for _, r := range c.roles {
		out.Roles = append(out.Roles, string(r))
	}
	if err := p.Staff.SetPassword(ctx, ticket, out.Password); err != nil {
		return Staff{}, err
	}
	setup, err := p.Staff.Setup(ctx, ticket)
	if err != nil {
		return Staff{}, err
	}
	out.TOTPSecret = setup.Enrolment.Secret
	code, err := totp.GenerateCode(out.TOTPSecret, p.Clock.Now())
	if err != nil {
		return Staff{}, err
	}
	if err := p.Staff.Prove(ctx, ticket, code); err != nil {
		return Staff{}, err
	}
	token, err := p.Staff.Finish(ctx, ticket, "")
	if err != nil {
		return Staff{}, err
	}
	return out, p.SignIn.SignOut(ctx, session.Staff, token)
}

// settle makes the account of somebody whose request was approved, as if the
// registration had been gone through, and signs in for the first time.
func (p Parts) settle(ctx context.Context, w wish, standing string) (Client, error) {
	email, err := account.ParseEmail(w.email)
	if err != nil {
		return Client{}, err
	}
	mobile, err := account.ParseMobile(w.country, w.mobile)
	if err != nil {
		return Client{}, err
	}
	out := Client{Email: w.email, Password: p.password(), Name: w.first + " " + w.last, Standing: standing}
	hash, err := p.Passwords.New(ctx, "password", out.Password, nil, nil)
	if err != nil {
		return Client{}, err
	}
	answers, err := p.Passwords.HashAnswers(ctx, []account.Choice{
		{Question: "first-teacher", Answer: "Mrs Abernathy of Leith"}, {Question: "first-dish", Answer: "burnt lentil soup"}, {Question: "first-concert", Answer: "brass band in the park"},
	})
	if err != nil {
		return Client{}, err
	}
	return out, p.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := account.Create(tx, p.Secret, p.Staff.Pattern, account.New{
			Email: email, EmailProved: true, Mobile: mobile, MobileProved: true, FirstName: w.first, LastName: w.last,
			Organization: w.organization, Country: w.country, Lang: w.language(), State: account.Unfinished,
		})
		if err != nil {
			return err
		}
		out.UserID = a.UserID
		if err := account.AcceptTerms(tx, a.ID, p.Terms, w.language(), w.network()); err != nil {
			return err
		}
		if err := account.SetQuestions(tx, a.ID, answers); err != nil {
			return err
		}
		if err := account.SetPassword(tx, a.ID, hash); err != nil {
			return err
		}
		if err := audit.Add(tx, p.Secret, audit.Event{
			Action: "user_created", Actor: audit.Actor{Kind: audit.Visitor}, Subject: a.Subject(),
			Detail: map[string]string{"user_id": a.UserID},
		}); err != nil {
			return err
		}
		if _, err := organization.JoinByConfirmedAddress(tx, p.Secret, a.ID, a.EmailKey); err != nil {
			return err
		}
		return access.MarkSignedIn(tx, p.Secret, a.ID)
	})
}

// at puts the clock so long before now, and does f there; what f put into the
// outbox leaves in that moment too.
func (p Parts) at(ctx context.Context, before time.Duration, f func() error) error {
	p.Clock.Set(time.Time{})
	p.Clock.Set(p.Clock.Now().Add(-before))
	if err := f(); err != nil {
		return err
	}
	for {
		n, err := p.Deliver(ctx)
		if n == 0 || err != nil {
			return err
		}
	}
}
