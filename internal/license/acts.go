package license

import (
	"context"
	"slices"
	"strconv"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

// License makes an organization's licence for a product where there is none, so
// that a term can be granted to it, and returns its id.
func (s *Service) License(ctx context.Context, by Staff, organizationID, productID string) (id string, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, Manage); err != nil {
			return err
		}
		if err := organization.Lock(tx, organizationID); err != nil {
			if fault.Is(err, fault.Conflict) {
				return fault.OnField("organization", "organization-unknown")
			}
			return err
		}
		l, err := Make(tx, s.Secret, organizationID, productID)
		id = l.ID
		return err
	})
	return id, err
}

// GrantTerm gives a licence a term by a policy of its product: the kind of the
// policy, and renewal where a subscription goes on. Without From a subscription
// joins the end of the one that runs or is in its grace; all else begins now, or
// at the first sign-in where the policy says so. What is revoked gets no term:
// Conflict "license-revoked"; nor is there a second evaluation while one runs or
// waits: Conflict "evaluation-runs".
func (s *Service) GrantTerm(ctx context.Context, by Staff, id string, a Award) (t Term, err error) {
	err = s.managed(ctx, by, id, a.Stamp, a.Reason, func(tx *db.Tx, l License, reason string) (Change, error) {
		p, err := grantable(tx, l, a)
		if err != nil {
			return Change{}, err
		}
		if p.Kind == ForEvaluation && slices.ContainsFunc(l.Facts.Terms, func(old Term) bool { return old.tries(tx.Now()) }) {
			return Change{}, &fault.Error{Kind: fault.Conflict, Code: "evaluation-runs", Remedy: string(RemedyExtend)}
		}
		t = p.term(l, a, tx.Now())
		t.GrantedBy, t.Note, t.Request = by.ID, reason, a.Request
		if t, err = s.add(tx, l, t, by, "license.term_grant", reason); err != nil {
			return Change{}, err
		}
		return Change{Kind: Granted, Term: t}, nil
	})
	return t, err
}

// tries says whether the term is an evaluation that has not ended.
func (t Term) tries(now time.Time) bool {
	_, end, decided := t.Span(now)
	return !t.Kind.Paid() && (!decided || now.Before(end))
}

// grantable is the policy that an award names, if anything may be granted by it.
func grantable(tx *db.Tx, l License, a Award) (Policy, error) {
	if l.At(tx.Now()).Status == StatusRevoked {
		return Policy{}, &fault.Error{Kind: fault.Conflict, Code: "license-revoked", Remedy: string(RemedyContact)}
	}
	p, err := policyVersion(tx, l.Product.ID, a.Policy, 0)
	switch {
	case fault.Is(err, fault.NotFound) || err == nil && p.Retired:
		return Policy{}, fault.OnField("policy", "choose-one")
	case err == nil && a.Version != 0 && a.Version != p.Version:
		return Policy{}, fault.New(fault.Conflict, "changed")
	case a.Days < 0 || a.Days > maxDays:
		return Policy{}, fault.OnField("days", "number-range").With("min", "0", "max", "36500")
	case a.Seats < 0 || a.Seats > maxCount:
		return Policy{}, fault.OnField("seats", "number-range").With("min", "0", "max", "1000000")
	case a.Days > 0 && p.Kind == ForPerpetual:
		return Policy{}, fault.OnField("days", "term-endless")
	case a.From.IsZero() && p.Start == AtDate:
		return Policy{}, fault.OnField("from", "date-needed")
	case !a.From.IsZero() && (a.From.Before(tx.Now().AddDate(-furthest, 0, 0)) || a.From.After(tx.Now().AddDate(furthest, 0, 0))):
		return Policy{}, fault.OnField("from", "date-range")
	}
	return p, err
}

// furthest is how many years ago or from now a term can begin.
const furthest = 20

// term is what the policy grants to a licence.
func (p Policy) term(l License, a Award, now time.Time) Term {
	t := Term{Days: p.TermDays, Seats: p.Seats, StartsAt: a.From}
	p.copyTo(&t)
	if a.Days > 0 {
		t.Days = a.Days
	}
	if a.Seats > 0 {
		t.Seats = a.Seats
	}
	switch p.Kind {
	case ForEvaluation:
		t.Kind = Evaluation
		if slices.ContainsFunc(l.Facts.Terms, func(old Term) bool { return !old.Kind.Paid() }) {
			t.Kind = Reactivation
		}
	case ForSubscription:
		t.Kind = Subscription
		joined, before := subscribed(l.Facts.Terms, now)
		if before {
			t.Kind = Renewal
		}
		if t.StartsAt.IsZero() {
			t.StartsAt = joined
		}
	case ForPerpetual:
		t.Kind = Perpetual
	case ForPartner:
		t.Kind = Partner
	}
	if t.StartsAt.IsZero() && p.Start == AtFirstSignIn && t.Kind != Reactivation {
		t.StartBy = now.Add(days(p.StartWithin))
		return t
	}
	if t.StartsAt.IsZero() {
		t.StartsAt = now
	}
	if t.Days > 0 {
		t.EndsAt = t.StartsAt.Add(days(t.Days))
	}
	if p.Kind == ForPerpetual && p.MaintenanceDays > 0 {
		t.MaintenanceUntil = t.StartsAt.Add(days(p.MaintenanceDays))
	}
	return t
}

// subscribed says whether there ever was a subscription, and where one goes on:
// at the end of what runs or is in its grace, else the zero time.
func subscribed(terms []Term, now time.Time) (end time.Time, before bool) {
	for _, t := range terms {
		if t.Kind != Subscription && t.Kind != Renewal {
			continue
		}
		before = true
		if _, e, decided := t.Span(now); decided && now.Before(e.Add(days(t.GraceDays))) && e.After(end) {
			end = e
		}
	}
	return end, before
}

// add grants the term and tells the trail who did it and why.
func (s *Service) add(tx *db.Tx, l License, t Term, by Staff, action, reason string) (Term, error) {
	t.ID, t.GrantedAt = s.Secret.ID(tx.Now()), tx.Now()
	if err := insertTerm(tx, l.ID, t); err != nil {
		return Term{}, err
	}
	if err := project(tx, l.ID); err != nil {
		return Term{}, err
	}
	return t, s.event(tx, l, action, by, reason, t.detail())
}

// RenewMaintenance adds maintenance to a perpetual right: from the end of what
// there is, or from now (or From) where that has lapsed, for Days or as long as
// the policy says. Invalid "maintenance-none" at "policy" where the licence has
// no maintenance that could be renewed.
func (s *Service) RenewMaintenance(ctx context.Context, by Staff, id string, a Award) (t Term, err error) {
	err = s.managed(ctx, by, id, a.Stamp, a.Reason, func(tx *db.Tx, l License, reason string) (Change, error) {
		now, state := tx.Now(), l.At(tx.Now())
		if state.Kind != Perpetual || state.Maintenance == MaintenanceNone {
			return Change{}, fault.OnField("policy", "maintenance-none")
		}
		if a.Policy == "" {
			a.Policy = state.Policy
		}
		length := a.Days
		a.Days = 0
		p, err := grantable(tx, l, a)
		if err != nil {
			return Change{}, err
		}
		if length == 0 {
			length = p.MaintenanceDays
		}
		if length < 1 || length > maxDays {
			return Change{}, fault.OnField("days", "number-range").With("min", "1", "max", "36500")
		}
		t = Term{Kind: Maintenance, Days: length, Policy: p.Name, PolicyVersion: p.Version, StartsAt: a.From, GrantedBy: by.ID, Note: reason}
		if t.StartsAt.IsZero() {
			t.StartsAt = state.MaintenanceUntil
			if now.After(t.StartsAt) {
				t.StartsAt = now
			}
		}
		t.EndsAt = t.StartsAt.Add(days(length))
		if t, err = s.add(tx, l, t, by, "license.maintenance_renew", reason); err != nil {
			return Change{}, err
		}
		return Change{Kind: Granted, Term: t}, nil
	})
	return t, err
}

// Reactivate gives an evaluation again, from now, on the same key, for Days or as
// long as the evaluation policy says. Conflict "evaluation-runs" where one runs
// or waits, "extension-paid" where the licence is paid for, and license-revoked
// or license-suspended.
func (s *Service) Reactivate(ctx context.Context, by Staff, id string, a Award) (t Term, err error) {
	err = s.managed(ctx, by, id, a.Stamp, a.Reason, func(tx *db.Tx, l License, reason string) (Change, error) {
		state := l.At(tx.Now())
		refuse := ""
		switch {
		case state.Status == StatusRevoked || state.Status == StatusSuspended:
			refuse = "license-" + string(state.Status)
		case state.Kind.Paid() && state.Status != StatusExpired:
			refuse = "extension-paid"
		case state.Usable() || state.Status == StatusNotStarted:
			refuse = "evaluation-runs"
		}
		if refuse != "" {
			return Change{}, &fault.Error{Kind: fault.Conflict, Code: refuse, Remedy: string(state.Remedy)}
		}
		if a.Policy == "" {
			a.Policy = PolicyEvaluation
		}
		p, err := grantable(tx, l, a)
		if err != nil {
			return Change{}, err
		}
		if a.Seats == 0 && !state.Kind.Paid() {
			a.Seats = state.Seats
		}
		if a.From.IsZero() {
			a.From = tx.Now()
		}
		t = p.term(l, a, tx.Now())
		t.GrantedBy, t.Note, t.Request = by.ID, reason, a.Request
		if t, err = s.add(tx, l, t, by, "license.reactivate", reason); err != nil {
			return Change{}, err
		}
		return Change{Kind: Granted, Term: t}, nil
	})
	return t, err
}

// Extend adds days to an evaluation, as far as CanExtend allows at this moment: its
// refusals are Denied with its codes and remedies. The licence is held, so that
// of many at once exactly as many are let through as the ladder has rungs.
func (s *Service) Extend(ctx context.Context, id string, e Stretch) (t Term, err error) {
	by := Staff{}
	rung, reason := Office, ""
	allowed := func(tx *db.Tx) (err error) {
		by = Staff{ID: e.By, Name: e.Name}
		if err = s.permitted(tx, by, Manage); err != nil {
			return err
		}
		if reason, err = readReason(e.Reason); err != nil {
			return err
		}
		if e.Days < 1 || e.Days > maxDays {
			return fault.OnField("days", "number-range").With("min", "1", "max", "36500")
		}
		return nil
	}
	if e.Rung != Office {
		allowed = func(tx *db.Tx) (err error) {
			rung, err = rungOf(tx, e)
			return err
		}
	}
	err = s.act(ctx, id, e.Stamp, allowed, func(tx *db.Tx, l License) (Change, error) {
		if rung != Office && l.Organization != e.Organization {
			return Change{}, fault.New(fault.NotFound, "not-found")
		}
		v := CanExtend(l, rung, tx.Now())
		if v.Allowed && rung == Office {
			if v.Days > 0 && e.Days > v.Days {
				return Change{}, fault.OnField("days", "extension-most").With("max", strconv.Itoa(v.Days))
			}
			v.Days = e.Days
		}
		if !v.Allowed {
			return Change{}, v.Err()
		}
		c := climb(l.Facts, tx.Now())
		t = c.base
		t.Kind, t.Days, t.Rung, t.GrantedBy, t.Note, t.Request, t.StartBy = Extension, v.Days, rung, e.By, reason, "", time.Time{}
		t.StartsAt = c.from(tx.Now())
		t.EndsAt = t.StartsAt.Add(days(t.Days))
		if t, err = s.add(tx, l, t, by, "license.extend", reason); err != nil {
			return Change{}, err
		}
		return Change{Kind: Extended, By: rung, Term: t, Reason: reason}, nil
	})
	return t, err
}

// rungOf is the rung of somebody of an organization, who must administer it.
func rungOf(tx *db.Tx, e Stretch) (Rung, error) {
	m, err := organization.Of(tx, e.By)
	switch {
	case err != nil:
		return "", err
	case m.Organization.ID != e.Organization:
		return "", fault.New(fault.NotFound, "not-found")
	case m.Role != organization.Administrator:
		return "", fault.New(fault.Denied, "not-allowed")
	}
	return RungOf(m.Organization.Kind), nil
}

// RungOf is the rung of an organization's people.
func RungOf(k organization.Kind) Rung {
	if k == organization.Reseller {
		return Reseller
	}
	return Client
}

// Hold suspends a licence until the hold is lifted. The reason is shown to the
// client. Conflict "changed" if it is held already.
func (s *Service) Hold(ctx context.Context, by Staff, id, reason string) error {
	return s.holdBack(ctx, by, id, reason, Suspended, "license.hold_place")
}

// Revoke takes a licence away, whether or not it is suspended. The reason is
// shown to the client. Conflict "changed" if it is revoked already.
func (s *Service) Revoke(ctx context.Context, by Staff, id, reason string) error {
	return s.holdBack(ctx, by, id, reason, Revoked, "license.revoke")
}

func (s *Service) holdBack(ctx context.Context, by Staff, id, reason string, kind HoldKind, action string) error {
	return s.managed(ctx, by, id, "", reason, func(tx *db.Tx, l License, reason string) (Change, error) {
		if slices.ContainsFunc(l.Facts.Holds, func(h Hold) bool { return h.at(tx.Now()) && (h.Kind == kind || h.Kind == Revoked) }) {
			return Change{}, fault.New(fault.Conflict, "changed")
		}
		h := Hold{ID: s.Secret.ID(tx.Now()), Kind: kind, Reason: reason, From: tx.Now(), By: by.ID}
		if err := insertHold(tx, l.ID, h); err != nil {
			return Change{}, err
		}
		if err := project(tx, l.ID); err != nil {
			return Change{}, err
		}
		c := Change{Kind: HeldBack, Hold: h}
		if kind == Revoked {
			c.Kind = TakenAway
		}
		detail := map[string]string{"hold": h.ID, "kind": string(kind)}
		return c, s.event(tx, l, action, by, reason, detail)
	})
}

// Lift ends a hold, also a revocation. Conflict "changed" if it is not in force.
func (s *Service) Lift(ctx context.Context, by Staff, id, holdID, reason string) error {
	return s.managed(ctx, by, id, "", reason, func(tx *db.Tx, l License, reason string) (Change, error) {
		if err := liftHold(tx, l.ID, holdID, by.ID, reason); err != nil {
			return Change{}, err
		}
		if err := project(tx, l.ID); err != nil {
			return Change{}, err
		}
		c := Change{Kind: LetGo}
		for _, h := range l.Facts.Holds {
			if h.ID == holdID {
				c.Hold = h
			}
		}
		c.Hold.Lifted, c.Hold.Note = tx.Now(), reason
		return c, s.event(tx, l, "license.hold_lift", by, reason, map[string]string{"hold": holdID, "kind": string(c.Hold.Kind)})
	})
}

// ReplaceKey gives a licence whose key leaked a new one. seen is the key that
// the form showed; Conflict "changed" if it is not the one in force.
func (s *Service) ReplaceKey(ctx context.Context, by Staff, id string, seen Key, reason string) (key Key, err error) {
	err = s.managed(ctx, by, id, "", reason, func(tx *db.Tx, l License, reason string) (Change, error) {
		if key, err = successor(tx, s.Secret, l, seen); err != nil {
			return Change{}, err
		}
		return Change{Kind: Rekeyed, Was: seen}, s.event(tx, l, "license.key_replace", by, reason, nil)
	})
	return key, err
}
