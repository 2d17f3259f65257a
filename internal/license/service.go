package license

import (
	"context"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
	"vestibule/internal/secret"
)

// A Permission is what a member of staff must have for an act. They are the
// names of package staff.
type Permission string

// The permissions.
const (
	Manage         Permission = "licenses.manage"
	ManageProducts Permission = "products.manage"
)

// A Staff is the member of staff who acts.
type Staff struct{ ID, Name string }

// A Change says what an act did to a licence, for Service.Told.
type Change struct {
	Kind   ChangeKind
	By     Rung   // of an extension: who
	Term   Term   // that was added, if one was
	Hold   Hold   // that was placed or lifted
	Reason string // as it was typed
	Was    Key    // of a replacement: the key that does not work any more
}

// A ChangeKind names a Change.
type ChangeKind string

// The changes.
const (
	Extended  ChangeKind = "extended"
	Granted   ChangeKind = "granted"
	HeldBack  ChangeKind = "held"
	LetGo     ChangeKind = "lifted"
	TakenAway ChangeKind = "revoked"
	Rekeyed   ChangeKind = "key-replaced"
)

// A Service is what staff and clients do about licences.
type Service struct {
	DB     *db.DB
	Secret secret.Source
	// May reports whether a member of staff has a permission at this moment.
	May func(tx *db.Tx, staffID string, p Permission) (bool, error)
	// Told is called in the transaction of each change, with the licence as it is
	// after it; its error undoes the change. Nil: nobody is told.
	Told func(tx *db.Tx, l License, c Change) error
}

// A View is a licence with what was computed of it.
type View struct {
	License
	State            State
	OrganizationName string
	OrganizationKind organization.Kind
	Extension        Verdict // for whoever looks
	Now              time.Time
}

// A Case is one licence as staff see it.
type Case struct {
	View
	Keys     []KeyFact     // the one in force first
	Features []Feature     // of the product
	Policies []Policy      // by which terms can be granted
	History  []audit.Entry // the newest first
	Stamp    string        // see Facts.Stamp
}

// A KeyFact is a key and when it was in force.
type KeyFact struct {
	Key        Key
	CreatedAt  time.Time
	ReplacedAt time.Time // zero: it is in force
}

// An Award is what staff give to a licence.
type Award struct {
	Policy  string    // name
	Version int       // that the form showed; 0: the latest
	From    time.Time // zero: it joins what runs, or begins now
	Days    int       // 0: the policy's
	Seats   int       // 0: the policy's
	Request string
	Reason  string // stands in the trail
	Stamp   string // Conflict "changed" if the licence's facts are others; "" is not compared
}

// A Stretch is more days for an evaluation.
type Stretch struct {
	Rung         Rung
	By           string // account
	Name         string // of a member of staff, for the trail
	Organization string // of the client or reseller: the licence must be its own
	Days         int    // of staff; others get what the ladder says
	Reason       string // of staff
	Stamp        string // as in Award
}

// permitted refuses whoever has not the permission as Denied, whatever the route
// said: a role may have been taken away meanwhile.
func (s *Service) permitted(tx *db.Tx, by Staff, p Permission) error {
	ok, err := s.May(tx, by.ID, p)
	if err == nil && !ok {
		err = fault.New(fault.Denied, "not-allowed")
	}
	return err
}

// GrantTerm gives a licence a term by a policy of its product: the kind of the
// policy, and renewal where a subscription or maintenance goes on. Without From
// a subscription joins the end of the one that runs; all else begins now.
func (s *Service) GrantTerm(ctx context.Context, by Staff, id string, a Award) (Term, error) {
	return Term{}, nil
}

// License makes an organization's licence for a product where there is none, so
// that a term can be granted to it, and returns its id.
func (s *Service) License(ctx context.Context, by Staff, organizationID, productID string) (id string, err error) {
	return "", nil
}

// RenewMaintenance adds maintenance to a perpetual right: for days from the end
// of what there is, or from now where that has lapsed.
func (s *Service) RenewMaintenance(ctx context.Context, by Staff, id string, a Award) (Term, error) {
	return Term{}, nil
}

// Reactivate gives an evaluation again, from now, on the same key. days 0 is the
// policy's.
func (s *Service) Reactivate(ctx context.Context, by Staff, id string, a Award) (Term, error) {
	return Term{}, nil
}

// Extend adds days to an evaluation, as far as CanExtend allows at this moment: its
// refusals are Denied with its codes and remedies.
func (s *Service) Extend(ctx context.Context, id string, e Stretch) (Term, error) {
	return Term{}, nil
}

// Hold suspends a licence until the hold is lifted. The reason is shown to the client.
func (s *Service) Hold(ctx context.Context, by Staff, id, reason string) error { return nil }

// Lift ends a hold, also a revocation. Conflict "changed" if it is not in force.
func (s *Service) Lift(ctx context.Context, by Staff, id, holdID, reason string) error { return nil }

// Revoke takes a licence away. The reason is shown to the client.
func (s *Service) Revoke(ctx context.Context, by Staff, id, reason string) error { return nil }

// ReplaceKey gives a licence whose key leaked a new one. seen is the key that
// the form showed; Conflict "changed" if it is not the one in force.
func (s *Service) ReplaceKey(ctx context.Context, by Staff, id string, seen Key, reason string) (Key, error) {
	return "", nil
}

// Case returns one licence as staff see it.
func (s *Service) Case(ctx context.Context, id string) (Case, error) { return Case{}, nil }

// Explain says what a licence was, is or will be at an instant, by what the
// portal knew then. organizationID is the client's own, whose licence it must
// be; "" is staff.
func (s *Service) Explain(ctx context.Context, organizationID, id string, at time.Time) (View, error) {
	return View{}, nil
}

// Mine lists the licences of an organization.
func (s *Service) Mine(ctx context.Context, organizationID string) ([]View, error) { return nil, nil }

// One returns a licence of an organization. One of another's is NotFound, like
// one that there is not.
func (s *Service) One(ctx context.Context, organizationID, id string) (View, error) {
	return View{}, nil
}

// Products lists all products.
func (s *Service) Products(ctx context.Context) ([]ProductView, error) { return nil, nil }

// A ProductView is a product with what hangs on it.
type ProductView struct {
	Product
	Features []Feature
	Policies []Policy // the latest version of each
	Licenses int      // how many
}

// Product returns one product.
func (s *Service) Product(ctx context.Context, id string) (ProductView, error) {
	return ProductView{}, nil
}

// CreateProduct makes a product, with the default policies. Invalid at "id",
// "name", "prefix" or "publisher_keys".
func (s *Service) CreateProduct(ctx context.Context, by Staff, p Product) error { return nil }

// EditProduct changes a product. EditedAt is what the form showed; Conflict
// "changed" if somebody else was quicker.
func (s *Service) EditProduct(ctx context.Context, by Staff, p Product) error { return nil }

// PutFeature makes a feature, or renames it.
func (s *Service) PutFeature(ctx context.Context, by Staff, f Feature) error { return nil }

// PutPolicy makes the next version of a policy; see PutPolicy. To retire one is
// a version too.
func (s *Service) PutPolicy(ctx context.Context, by Staff, p Policy) (Policy, error) {
	return Policy{}, nil
}

// PolicyVersions lists all versions of a policy, the latest first; NotFound if
// there is none.
func (s *Service) PolicyVersions(ctx context.Context, product, name string) ([]Policy, error) {
	return nil, nil
}

// A Window is one list of the office's licences.
type Window string

// The windows.
const (
	WindowAll      Window = "all"      // the newest first
	WindowRunning  Window = "running"  // those that have not ended and are not held, the next to end first
	WindowExpiring Window = "expiring" // those that end within 30 days, the next to end first
	WindowEnded    Window = "ended"    // the latest first
	WindowHeld     Window = "held"     // suspended or revoked
)

// A Query says which licences to list.
type Query struct {
	Window       Window
	Product      string
	Organization string // id
	Search       string // a key, old or in force, or the beginning of an organization's name
	After        string // a Page's Next
	Limit        int    // rows; 0: 25
}

// A Page is a part of the list.
type Page struct {
	Licenses []View
	Next     string // where the next page starts; empty: this is the last
	Replaced bool   // the key that was searched for leaked and was replaced
	Now      time.Time
}

// List lists licences. However many there are, a page reads only its own rows.
func (s *Service) List(ctx context.Context, q Query) (Page, error) { return Page{}, nil }
