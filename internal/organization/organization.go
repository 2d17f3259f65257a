// Package organization knows the companies: clients and resellers, who is a
// member of which, and how somebody becomes one.
//
// What a person types as the organisation grants nothing. A confirmed e-mail
// address joins the organization that expects exactly this address (an approved
// request, an invitation, an imported contact); an address on a domain that
// somebody verified for an organization makes a join request; any other address
// joins nothing. An address is never enough before its mailbox was proved: the
// caller says when that has happened, and asks JoinByConfirmedAddress once.
//
// An account is a member of one organization. Its first member is its
// administrator. Who acts for many clients (a reseller) does so by a scope,
// not by memberships.
package organization

import (
	"context"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
	"vestibule/internal/throttle"
)

// A Kind says what an organization is to the vendor.
type Kind string

// The kinds of organizations.
const (
	Client   Kind = "client"
	Reseller Kind = "reseller"
)

// A Role is what a member may do for the organization.
type Role string

// The roles of members.
const (
	Administrator Role = "administrator"
	Technical     Role = "technical"
	Member        Role = "member"
)

// An Origin says by what an organization, a contact or a membership came to be.
type Origin string

// The origins.
const (
	ByApproval    Origin = "approval"
	ByImport      Origin = "import"
	ByInvitation  Origin = "invitation"
	ByJoinRequest Origin = "join-request"
	ByStaff       Origin = "staff"
)

// An Organization is one company.
type Organization struct {
	ID        string
	Name      string
	Kind      Kind
	Country   string // ISO 3166-1 alpha-2, or empty
	Origin    Origin
	Reference string // the vendor's own number for it, or empty
	CreatedAt time.Time
}

// A Membership is one account's place in its organization.
type Membership struct {
	Organization Organization
	Account      string
	Role         Role
	Origin       Origin
	JoinedAt     time.Time
}

// A Contact is an address that an organization expects.
type Contact struct {
	Email, EmailKey     string
	FirstName, LastName string
	Role                Role // empty: the first to come is the administrator, others are members
	Origin              Origin
}

// An Outcome says what a confirmed address led to.
type Outcome struct {
	Joined      bool   // a member now, or already
	JoinRequest string // id of the open join request, if one was made or waits
	Membership  Membership
}

// Of returns the membership of an account; NotFound if it has none.
func Of(tx *db.Tx, accountID string) (Membership, error) { return membershipOf(tx, accountID) }

// Get returns an organization.
func Get(tx *db.Tx, id string) (Organization, error) { return get(tx, id) }

// ByReference returns the organization that bears the vendor's own number.
func ByReference(tx *db.Tx, reference string) (Organization, error) {
	return byReference(tx, reference)
}

// Create makes an organization. Name and Kind must be set; ID and CreatedAt are
// filled in.
func Create(tx *db.Tx, src secret.Source, o Organization) (Organization, error) {
	o.ID, o.CreatedAt = src.ID(tx.Now()), tx.Now()
	if err := insert(tx, o); err != nil {
		return Organization{}, err
	}
	return o, audit.Add(tx, src, audit.Event{
		Action: "organization.create", Subject: "organization:" + o.ID, Organization: o.ID,
		Detail: map[string]string{"name": o.Name, "origin": string(o.Origin)},
	})
}

// VerifyDomain records that mailboxes on the domain belong to the organization.
// Conflict "domain-taken" if it was verified for another. Whether the domain is
// one where anybody can have a mailbox is for the caller to know.
func VerifyDomain(tx *db.Tx, src secret.Source, organizationID, domain, by string) error {
	domain = strings.ToLower(domain)
	owner, err := domainOwner(tx, domain)
	if err == nil {
		if owner != organizationID {
			return fault.New(fault.Conflict, "domain-taken")
		}
		return nil
	}
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	if err := insertDomain(tx, organizationID, domain, by); err != nil {
		return err
	}
	return audit.Add(tx, src, audit.Event{
		Action: "organization.domain_verify", Subject: "organization:" + organizationID, Organization: organizationID,
		Detail: map[string]string{"domain": domain},
	})
}

// OfDomain returns the organization for which the domain was verified; NotFound
// if there is none.
func OfDomain(tx *db.Tx, domain string) (Organization, error) {
	id, err := domainOwner(tx, strings.ToLower(domain))
	if err != nil {
		return Organization{}, err
	}
	return get(tx, id)
}

// Expect makes the organization expect an address: whoever confirms it becomes
// a member. Expecting an address again that joined before lets it in again.
func Expect(tx *db.Tx, organizationID string, c Contact) error {
	return upsertContact(tx, organizationID, c)
}

// Expecting lists the organizations that have the address as a contact or a
// former contact, the latest first.
func Expecting(tx *db.Tx, emailKey string) ([]Organization, error) {
	return expecting(tx, emailKey)
}

// Alike lists up to limit organizations whose names are like name, as a
// suggestion to a person: a like name is no evidence.
func Alike(tx *db.Tx, name string, limit int) ([]Organization, error) {
	key := NameKey(name)
	if key == "" {
		return nil, nil
	}
	return alike(tx, key, limit)
}

// Lock keeps others from changing what hangs on the organization until the
// transaction ends, so that two approvals do not both make its licence.
func Lock(tx *db.Tx, id string) error { return touch(tx, id) }

// Members counts an organization's members.
func Members(tx *db.Tx, organizationID string) (int, error) { return countMembers(tx, organizationID) }

// Administrators lists the accounts that administer the organization.
func Administrators(tx *db.Tx, organizationID string) ([]string, error) {
	return administrators(tx, organizationID)
}

// Keepers lists the accounts that look after the organization's licences: its
// administrators and technical members, with their roles.
func Keepers(tx *db.Tx, organizationID string) ([]Keeper, error) { return keepers(tx, organizationID) }

// A Keeper is somebody who looks after an organization's licences.
type Keeper struct {
	Account string
	Role    Role
}

// Leave ends an account's membership, for somebody who is removed. It is no
// error if there is none.
func Leave(tx *db.Tx, accountID string) error { return deleteMember(tx, accountID) }

// Vacate ends the membership of an account that is erased. What expected its
// address expects it again: that belongs to whoever holds the mailbox.
func Vacate(tx *db.Tx, accountID string) error {
	m, err := membershipOf(tx, accountID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	a, err := account.Get(tx, accountID)
	if err != nil {
		return err
	}
	if err := expectAgain(tx, m.Organization.ID, a.EmailKey); err != nil {
		return err
	}
	return deleteMember(tx, accountID)
}

// JoinByConfirmedAddress decides what an account joins whose address was just
// confirmed. It is safe to call again. The caller warrants that the mailbox was
// proved by this account.
func JoinByConfirmedAddress(tx *db.Tx, src secret.Source, accountID, emailKey string) (Outcome, error) {
	m, err := membershipOf(tx, accountID)
	if err == nil {
		// What expected a member is met: it must not bring back somebody who is
		// removed later.
		return Outcome{Joined: true, Membership: m}, markJoined(tx, m.Organization.ID, emailKey)
	}
	if !fault.Is(err, fault.NotFound) {
		return Outcome{}, err
	}
	c, organizationID, err := awaited(tx, emailKey)
	if err == nil {
		return admit(tx, src, organizationID, accountID, emailKey, c.Role, c.Origin)
	}
	if !fault.Is(err, fault.NotFound) {
		return Outcome{}, err
	}
	_, domain, ok := strings.Cut(emailKey, "@")
	if !ok {
		return Outcome{}, nil
	}
	organizationID, err = domainOwner(tx, domain)
	if fault.Is(err, fault.NotFound) {
		return Outcome{}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	return ask(tx, src, organizationID, accountID)
}

// Admit makes an account a member at once, on the word of staff or of the
// organization's administrator. Conflict "member-elsewhere" if it belongs to
// another organization.
func Admit(tx *db.Tx, src secret.Source, organizationID, accountID, emailKey string, role Role, origin Origin) (Outcome, error) {
	m, err := membershipOf(tx, accountID)
	switch {
	case err == nil && m.Organization.ID != organizationID:
		return Outcome{}, fault.New(fault.Conflict, "member-elsewhere")
	case err == nil:
		return Outcome{Joined: true, Membership: m}, nil
	case !fault.Is(err, fault.NotFound):
		return Outcome{}, err
	}
	return admit(tx, src, organizationID, accountID, emailKey, role, origin)
}

func admit(tx *db.Tx, src secret.Source, organizationID, accountID, emailKey string, role Role, origin Origin) (Outcome, error) {
	// The organization's row is the lock under which "the first" is decided.
	if err := touch(tx, organizationID); err != nil {
		return Outcome{}, err
	}
	if role == "" {
		n, err := countMembers(tx, organizationID)
		if err != nil {
			return Outcome{}, err
		}
		role = Member
		if n == 0 {
			role = Administrator
		}
	}
	if err := insertMember(tx, organizationID, accountID, role, origin); err != nil {
		return Outcome{}, err
	}
	if err := markJoined(tx, organizationID, emailKey); err != nil {
		return Outcome{}, err
	}
	if err := closeJoinRequests(tx, accountID); err != nil {
		return Outcome{}, err
	}
	if err := audit.Add(tx, src, audit.Event{
		Action: "organization.member_add", Subject: "account:" + accountID, Organization: organizationID,
		Detail: map[string]string{"role": string(role), "origin": string(origin)},
	}); err != nil {
		return Outcome{}, err
	}
	m, err := membershipOf(tx, accountID)
	return Outcome{Joined: true, Membership: m}, err
}

// Service is what people do with organizations themselves.
type Service struct {
	DB     *db.DB
	Secret secret.Source
	// Decided, when set, is called in the transaction that decides a join
	// request, so that the words that tell the applicant are kept with it.
	Decided func(*db.Tx, JoinRequest) error
	// TokensChanged, when set, is called in the transaction that makes, rotates or revokes a service account, likewise.
	TokensChanged func(*db.Tx, TokenChange) error
	// PerToken is what one token may ask.
	PerToken throttle.Limit
	// Meter spends PerToken; it is shared by whoever asks on this node.
	Meter throttle.Meter
}

// Organization returns one organization.
func (s *Service) Organization(ctx context.Context, id string) (o Organization, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		o, err = get(tx, id)
		return err
	})
	return o, err
}
