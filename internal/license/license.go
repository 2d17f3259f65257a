// Package license knows what an organization may use, and until when.
//
// A License is an organization's right to a product. It has one short key that
// stays the same through every term; a key that leaked gets a successor and
// says so. The right is made of dated terms (evaluation, reactivation,
// extension, subscription, renewal…) and of holds (suspended, revoked). They
// are facts: they are added and never taken away, and what a licence is at any
// instant is computed from them by StatusAt, in one place.
package license

import (
	"strconv"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A Product is something that the vendor licenses.
type Product struct {
	ID       string // a short name of the vendor's choice
	Name     string
	Summary  string
	Prefix   string // begins every key; see ValidPrefix
	Offered  bool   // an evaluation can be asked for
	Position int    // in lists

	PublisherKeys []string  // minisign public keys; a release must bear the signature of one
	Configured    bool      // made by the configuration, not in the office
	EditedAt      time.Time // in the office; zero: never
}

// A License is an organization's right to a product, with the facts from which
// its status is computed.
type License struct {
	ID           string
	Organization string
	Product      Product
	Key          Key // the one in force
	CreatedAt    time.Time
	Rekeyed      time.Time // when Key took the place of one that leaked; zero: never
	Facts        Facts
}

// At computes the licence's state at an instant.
func (l License) At(now time.Time) State { return StatusAt(l.Facts, now) }

// PutProduct makes a product, or changes the one with this id. The prefix of a
// product that has licences stays as it is: keys never change.
func PutProduct(tx *db.Tx, p Product) error {
	if !ValidPrefix(p.Prefix) {
		return fault.OnField("prefix", "prefix-invalid")
	}
	return upsertProduct(tx, p)
}

// ProductByID returns a product.
func ProductByID(tx *db.Tx, id string) (Product, error) { return product(tx, id) }

// Products lists all products in their order.
func Products(tx *db.Tx) ([]Product, error) { return products(tx) }

// Of lists an organization's licences in the order of the products.
func Of(tx *db.Tx, organizationID string) ([]License, error) {
	return licenses(tx, `l.organization_id = $1`, organizationID)
}

// Lock keeps others from changing a licence, its terms, devices and seats until
// the transaction ends. NotFound if there is none.
func Lock(tx *db.Tx, id string) error { return lockLicense(tx, id) }

// Get returns a licence.
func Get(tx *db.Tx, id string) (License, error) { return first(licenses(tx, `l.id = $1`, id)) }

// For returns the organization's licence for a product; NotFound if there is none.
func For(tx *db.Tx, organizationID, productID string) (License, error) {
	return first(licenses(tx, `l.organization_id = $1 AND l.product_id = $2`, organizationID, productID))
}

// ByKey finds the licence that a key identifies. replaced says that the key
// leaked and has a successor, which is not told.
func ByKey(tx *db.Tx, key Key) (l License, replaced bool, err error) {
	id, replaced, err := licenseOfKey(tx, key.Lookup())
	if err != nil {
		return License{}, false, err
	}
	l, err = Get(tx, id)
	return l, replaced, err
}

func first(list []License, err error) (License, error) {
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "not-found")
	}
	if err != nil {
		return License{}, err
	}
	return list[0], nil
}

// Make returns the organization's licence for a product, and makes it with a
// key where there is none. A licence that another transaction makes at the same
// time is a Conflict, and the caller's transaction is to be tried again.
func Make(tx *db.Tx, src secret.Source, organizationID, productID string) (License, error) {
	l, err := For(tx, organizationID, productID)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return l, err
	}
	p, err := product(tx, productID)
	if err != nil {
		return License{}, err
	}
	id := src.ID(tx.Now())
	if err := insertLicense(tx, id, organizationID, productID); err != nil {
		return License{}, err
	}
	if err := insertKey(tx, id, NewKey(src, p.Prefix)); err != nil {
		return License{}, err
	}
	if err := audit.Add(tx, src, audit.Event{
		Action: "license.create", Subject: "license:" + id, Organization: organizationID,
		Detail: map[string]string{"product": productID},
	}); err != nil {
		return License{}, err
	}
	return Get(tx, id)
}

// ReplaceKey gives a licence whose key leaked a new one. The old one is told as
// replaced from now on. expected is the key that the caller saw.
func ReplaceKey(tx *db.Tx, src secret.Source, licenseID string, expected Key) (Key, error) {
	l, err := Get(tx, licenseID)
	if err != nil {
		return "", err
	}
	key, err := successor(tx, src, l, expected)
	if err != nil {
		return "", err
	}
	return key, audit.Add(tx, src, audit.Event{
		Action: "license.key_replace", Subject: "license:" + licenseID, Organization: l.Organization,
	})
}

func successor(tx *db.Tx, src secret.Source, l License, expected Key) (Key, error) {
	if err := retireKey(tx, l.ID, expected.Lookup()); err != nil {
		return "", err
	}
	key := NewKey(src, l.Product.Prefix)
	return key, insertKey(tx, l.ID, key)
}

// Grant adds a term. ID and GrantedAt are filled in. Who grants because of what
// the licence is locks it before looking.
func Grant(tx *db.Tx, src secret.Source, l License, t Term) (Term, error) {
	if err := Lock(tx, l.ID); err != nil {
		return Term{}, err
	}
	t.ID, t.GrantedAt = src.ID(tx.Now()), tx.Now()
	if err := insertTerm(tx, l.ID, t); err != nil {
		return Term{}, err
	}
	if err := project(tx, l.ID); err != nil {
		return Term{}, err
	}
	return t, audit.Add(tx, src, audit.Event{
		Action: "license.term_grant", Subject: "license:" + l.ID, Organization: l.Organization, Detail: t.detail(),
	})
}

// detail is what the trail keeps of a term.
func (t Term) detail() map[string]string {
	d := map[string]string{"term": t.ID, "kind": string(t.Kind), "days": strconv.Itoa(t.Days)}
	if t.Policy != "" {
		d["policy"] = Policy{Name: t.Policy, Version: t.PolicyVersion}.ID()
	}
	if t.Rung != "" {
		d["rung"] = string(t.Rung)
	}
	return d
}

// EvaluationRule says how evaluations are measured, where the product's policy
// does not; see RuleOf.
type EvaluationRule struct {
	Days         int  // length of an evaluation
	StartWithin  int  // days after approval by which a first evaluation starts by itself
	FromApproval bool // a first evaluation starts at its approval instead of the first sign-in
	Seats        int  // people that may use it; zero: as many as asked for
}

// RuleOf is how a product's evaluations are measured: by its evaluation policy,
// or by the rule where it has none or has retired it.
func RuleOf(tx *db.Tx, product string, r EvaluationRule) (EvaluationRule, error) {
	p, err := policyVersion(tx, product, PolicyEvaluation, 0)
	if fault.Is(err, fault.NotFound) || err == nil && p.Retired {
		return r, nil
	}
	return p.rule(), err
}

// Evaluate grants an evaluation by rule: the first one waits for the first
// sign-in, a later one runs from now on the same key. An evaluation that still
// waits for its start is returned as it is: it is the one that was asked for.
// What the rule does not say is copied from the product's evaluation policy.
func Evaluate(tx *db.Tx, src secret.Source, l License, r EvaluationRule, seats int, by, request string) (Term, error) {
	now := tx.Now()
	t := Term{Kind: Evaluation, Days: r.Days, Seats: seats, GrantedBy: by, Request: request}
	p, err := policyVersion(tx, l.Product.ID, PolicyEvaluation, 0)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Term{}, err
	}
	if err == nil && !p.Retired {
		p.copyTo(&t)
	}
	for _, old := range l.Facts.Terms {
		if old.Kind.Paid() {
			continue
		}
		if _, _, decided := old.Span(now); !decided {
			return old, nil
		}
		t.Kind = Reactivation
	}
	if t.Kind == Evaluation && !r.FromApproval {
		t.StartBy = now.Add(days(r.StartWithin))
	} else {
		t.StartsAt, t.EndsAt = now, now.Add(days(r.Days))
	}
	return Grant(tx, src, l, t)
}

// Start begins the terms of an organization that wait for the first sign-in.
func Start(tx *db.Tx, src secret.Source, organizationID string) error {
	list, err := Of(tx, organizationID)
	if err != nil {
		return err
	}
	for _, l := range list {
		locked := false
		for _, t := range l.Facts.Terms {
			if _, _, decided := t.Span(tx.Now()); decided {
				continue
			}
			if !locked {
				if err := Lock(tx, l.ID); err != nil {
					return err
				}
				locked = true
			}
			n, err := startTerm(tx, t.ID, tx.Now(), tx.Now().Add(days(t.Days)))
			if err != nil {
				return err
			}
			if n == 0 {
				continue // a colleague signed in at the same moment
			}
			if err := project(tx, l.ID); err != nil {
				return err
			}
			if err := audit.Add(tx, src, audit.Event{
				Action: "license.term_start", Subject: "license:" + l.ID, Organization: organizationID,
				Detail: map[string]string{"term": t.ID},
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Place adds a hold; ID is filled in.
func Place(tx *db.Tx, src secret.Source, l License, h Hold) error {
	if err := Lock(tx, l.ID); err != nil {
		return err
	}
	h.ID, h.From = src.ID(tx.Now()), tx.Now()
	if err := insertHold(tx, l.ID, h); err != nil {
		return err
	}
	if err := project(tx, l.ID); err != nil {
		return err
	}
	return audit.Add(tx, src, audit.Event{
		Action: "license.hold_place", Subject: "license:" + l.ID, Organization: l.Organization,
		Detail: map[string]string{"hold": h.ID, "kind": string(h.Kind)},
	})
}

// Lift ends a hold that is in force.
func Lift(tx *db.Tx, src secret.Source, l License, holdID, by string) error {
	if err := Lock(tx, l.ID); err != nil {
		return err
	}
	if err := liftHold(tx, l.ID, holdID, by, ""); err != nil {
		return err
	}
	if err := project(tx, l.ID); err != nil {
		return err
	}
	return audit.Add(tx, src, audit.Event{
		Action: "license.hold_lift", Subject: "license:" + l.ID, Organization: l.Organization,
		Detail: map[string]string{"hold": holdID},
	})
}
