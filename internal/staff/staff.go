// Package staff knows who of the accounts belongs to the vendor, and what each may do.
//
// A member of staff is an account with a row here and roles; the roles grant permissions (roles.go), and a route of the back
// office names the permission it wants. Nobody registers as staff: somebody at the console, or an administrator, adds a person
// and hands over a link that works once, for an hour. Behind it the person chooses a password and enrols an authenticator in one
// go, and only then is signed in: without an authenticator no staff session exists.
//
// The link is shown, never mailed: whoever reads staff's mail does not become staff. Whoever lost the authenticator gets a new
// link (Reset), which takes everything away that was set before. A role that is taken away ends the person's sessions at once, and
// the last administrator stays.
package staff

import (
	"context"
	"slices"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
	"vestibule/internal/session"
)

// linkLife is how long the link of Add and Reset works.
const linkLife = 60 * time.Minute

const linkPurpose = "staff-enrol"

// Service is the capability.
type Service struct {
	DB        *db.DB
	Ring      *secret.Ring
	Secret    secret.Source
	Passwords *account.Passwords
	Pattern   account.Pattern
	Lives     session.Lives
	Issuer    string // the vendor's name, for the authenticator app
}

// A New is somebody to be added.
type New struct {
	UserID    string // empty: made from the name
	Email     string
	FirstName string
	LastName  string
	Lang      string
	Roles     []Role
}

// An Invitation is the way in for somebody who was added or reset.
type Invitation struct {
	Account string
	UserID  string
	Token   string // for EnrolPath: to be shown once, on the terminal
	Until   time.Time
}

// EnrolPath is where an invitation is used: EnrolPath + Token.
const EnrolPath = "/office/enrol/"

// A Member is somebody of staff.
type Member struct {
	Account  string
	UserID   string
	Name     string
	Email    string
	Lang     string
	Roles    []Role
	AddedAt  time.Time
	Enrolled bool
}

// Add makes an account for a member of staff and returns the link by which the person sets it up. What is wrong with the data is
// Invalid at its field; an address that has an account is Conflict "email-taken".
func (s *Service) Add(ctx context.Context, n New) (inv Invitation, err error) {
	var form fault.Form
	email, err := account.ParseEmail(n.Email)
	if err := form.AddErr("email", err); err != nil {
		return inv, err
	}
	first, err := account.ParseName(n.FirstName)
	if err := form.AddErr("first", err); err != nil {
		return inv, err
	}
	last, err := account.ParseName(n.LastName)
	if err := form.AddErr("last", err); err != nil {
		return inv, err
	}
	if err := known(n.Roles); err != nil {
		form.Add("roles", "staff-roles")
	}
	if err := form.Err(); err != nil {
		return inv, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		// The vendor vouches for the address: it is not proved by a mail.
		a, err := account.Create(tx, s.Secret, s.Pattern, account.New{
			UserID: strings.TrimSpace(n.UserID), Email: email, EmailProved: true, FirstName: first, LastName: last, Lang: n.Lang, State: account.Unfinished,
		})
		if err != nil {
			return err
		}
		if err := insert(tx, a.ID); err != nil {
			return err
		}
		for _, r := range n.Roles {
			if err := insertRole(tx, a.ID, r); err != nil {
				return err
			}
		}
		err = audit.Add(tx, s.Secret, audit.Event{Action: "user_created", Subject: a.Subject(), Detail: map[string]string{"roles": join(n.Roles)}})
		if err != nil {
			return err
		}
		inv, err = s.invite(tx, a)
		return err
	})
	return inv, err
}

// Reset takes password and authenticator of a member of staff away, ends all sessions, and returns a new link. login is a UserID or
// an e-mail address; somebody who is not staff is NotFound "staff-unknown".
func (s *Service) Reset(ctx context.Context, login string) (inv Invitation, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.find(tx, login)
		if err != nil {
			return err
		}
		if err := account.Erase(tx, a.ID); err != nil {
			return err
		}
		if err := setEnrolled(tx, a.ID, time.Time{}); err != nil {
			return err
		}
		if _, err := session.EndAll(tx, a.ID, ""); err != nil {
			return err
		}
		if err := audit.Add(tx, s.Secret, audit.Event{Action: "authn_reset", Subject: a.Subject()}); err != nil {
			return err
		}
		inv, err = s.invite(tx, a)
		return err
	})
	return inv, err
}

// invite makes a link in place of every earlier one, and of every set-up that was begun with one.
func (s *Service) invite(tx *db.Tx, a account.Account) (Invitation, error) {
	if err := revoke(tx, a.ID); err != nil {
		return Invitation{}, err
	}
	token, err := code.NewLink(tx, s.Secret, linkPurpose, a.ID, "", linkLife)
	return Invitation{Account: a.ID, UserID: a.UserID, Token: token, Until: tx.Now().Add(linkLife)}, err
}

// SetRoles gives a member of staff these roles in place of those before, and ends the person's sessions, so that none goes on with
// rights it no longer has. It is Conflict "last-administrator" when nobody else could run the portal.
func (s *Service) SetRoles(ctx context.Context, login string, roles []Role) error {
	if err := known(roles); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.find(tx, login)
		if err != nil {
			return err
		}
		if !slices.Contains(roles, Administrator) {
			if err := spareLast(tx, a.ID); err != nil {
				return err
			}
		}
		if err := deleteRoles(tx, a.ID); err != nil {
			return err
		}
		for _, r := range roles {
			if err := insertRole(tx, a.ID, r); err != nil {
				return err
			}
		}
		if _, err := session.EndAll(tx, a.ID, ""); err != nil {
			return err
		}
		return audit.Add(tx, s.Secret, audit.Event{Action: "privilege_permissions_changed", Subject: a.Subject(), Detail: map[string]string{"roles": join(roles)}})
	})
}

// Remove ends somebody's being staff and disables the account: it was never a client's. It is Conflict "last-administrator" when
// nobody else could run the portal.
func (s *Service) Remove(ctx context.Context, login string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.find(tx, login)
		if err != nil {
			return err
		}
		if err := spareLast(tx, a.ID); err != nil {
			return err
		}
		if err := deleteRoles(tx, a.ID); err != nil {
			return err
		}
		if err := remove(tx, a.ID); err != nil {
			return err
		}
		if err := revoke(tx, a.ID); err != nil {
			return err
		}
		if err := account.Erase(tx, a.ID); err != nil {
			return err
		}
		if err := account.Move(tx, a.ID, account.Unfinished, account.Disabled); err != nil {
			return err
		}
		if _, err := session.EndAll(tx, a.ID, ""); err != nil {
			return err
		}
		return audit.Add(tx, s.Secret, audit.Event{Action: "user_disabled", Subject: a.Subject()})
	})
}

// List returns all members of staff by name.
func (s *Service) List(ctx context.Context) (all []Member, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = list(tx)
		return err
	})
	return all, err
}

// Is reports whether an account belongs to staff.
func Is(tx *db.Tx, accountID string) (bool, error) { return exists(tx, accountID) }

// Allowed reports whether an account has a permission at this moment: it is an enrolled, active member of staff, and one of its roles
// grants it. Acts of the back office ask it in their own transaction, since a role may have gone since the page was opened.
func Allowed(tx *db.Tx, accountID string, p Permission) (bool, error) {
	roles, err := rolesNow(tx, accountID)
	return err == nil && May(roles, p), err
}

// Addresses returns the e-mail addresses of the enrolled members of staff who have a permission, with their languages: whom a notice goes to.
func Addresses(tx *db.Tx, p Permission) ([]Member, error) {
	all, err := list(tx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(m Member) bool { return !m.Enrolled || !May(m.Roles, p) }), nil
}

func (s *Service) find(tx *db.Tx, login string) (account.Account, error) {
	a, err := account.FindByLogin(tx, strings.TrimSpace(login))
	if fault.Is(err, fault.NotFound) {
		return a, fault.New(fault.NotFound, "staff-unknown")
	}
	if err != nil {
		return a, err
	}
	is, err := exists(tx, a.ID)
	if err == nil && !is {
		err = fault.New(fault.NotFound, "staff-unknown")
	}
	return a, err
}

// spareLast refuses to take the role from the only administrator, or from the only one who is set up: who never used the link may
// never come. The rows stay locked until the transaction ends, so that two administrators who remove each other at once do not both
// succeed.
func spareLast(tx *db.Tx, accountID string) error {
	administrators, err := lockHolders(tx, Administrator)
	if err != nil {
		return err
	}
	enrolled, holds := administrators[accountID]
	delete(administrators, accountID)
	for _, other := range administrators {
		if other {
			return nil
		}
	}
	if holds && (enrolled || len(administrators) == 0) {
		return fault.New(fault.Conflict, "last-administrator")
	}
	return nil
}

func known(roles []Role) error {
	for _, r := range roles {
		if _, ok := ParseRole(string(r)); !ok {
			return fault.OnField("roles", "staff-roles")
		}
	}
	if len(roles) == 0 {
		return fault.OnField("roles", "staff-roles")
	}
	return nil
}

func join(roles []Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, " ")
}

func split(names string) []Role {
	var roles []Role
	for name := range strings.FieldsSeq(names) {
		roles = append(roles, Role(name))
	}
	slices.SortFunc(roles, func(a, b Role) int { return slices.Index(Roles(), a) - slices.Index(Roles(), b) })
	return roles
}
