package license

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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
	// Evaluation measures the evaluations of a product that is made in the office.
	Evaluation EvaluationRule
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
	Rung         Rung   // Office, or empty: Client or Reseller, as the organization is
	By           string // account: of staff, or an administrator of the organization
	Name         string // of a member of staff, for the trail
	Organization string // that the licence must belong to; not of staff
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

// act changes a licence that nobody else changes meanwhile, and tells of it.
func (s *Service) act(ctx context.Context, id, stamp string, allowed func(*db.Tx) error, do func(tx *db.Tx, l License) (Change, error)) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := allowed(tx); err != nil {
			return err
		}
		if err := Lock(tx, id); err != nil {
			return err
		}
		l, err := Get(tx, id)
		if err != nil {
			return err
		}
		if stamp != "" && stamp != l.Facts.Stamp() {
			return fault.New(fault.Conflict, "changed")
		}
		change, err := do(tx, l)
		if err != nil || s.Told == nil {
			return err
		}
		if l, err = Get(tx, id); err != nil {
			return err
		}
		return s.Told(tx, l, change)
	})
}

// managed is act for a member of staff who gives a reason.
func (s *Service) managed(ctx context.Context, by Staff, id, stamp, reason string, do func(tx *db.Tx, l License, reason string) (Change, error)) error {
	return s.act(ctx, id, stamp, s.manages(by), func(tx *db.Tx, l License) (Change, error) {
		reason, err := readReason(reason)
		if err != nil {
			return Change{}, err
		}
		c, err := do(tx, l, reason)
		c.Reason = reason
		return c, err
	})
}

func (s *Service) manages(by Staff) func(*db.Tx) error {
	return func(tx *db.Tx) error { return s.permitted(tx, by, Manage) }
}

const (
	leastReason = 3
	mostReason  = 500
)

// readReason reads why something is done. Invalid at the field "reason":
// reason-needed, reason-long.
func readReason(s string) (string, error) {
	s = strings.TrimSpace(strings.Map(func(c rune) rune {
		if c == '\n' || c == '\t' || !unicode.IsControl(c) && !unicode.Is(unicode.Cf, c) {
			return c
		}
		return -1
	}, strings.ToValidUTF8(s, "")))
	switch n := utf8.RuneCountInString(s); {
	case n < leastReason:
		return "", fault.OnField("reason", "reason-needed")
	case n > mostReason:
		return "", fault.OnField("reason", "reason-long")
	}
	return s, nil
}

// event is what the trail keeps of an act on a licence.
func (s *Service) event(tx *db.Tx, l License, action string, by Staff, reason string, detail map[string]string) error {
	if detail == nil {
		detail = map[string]string{}
	}
	e := audit.Event{Action: action, Subject: "license:" + l.ID, Organization: l.Organization, Detail: detail}
	if by.Name != "" {
		detail["by"], e.Actor = by.Name, audit.Actor{Kind: audit.Staff, ID: by.ID}
	}
	if reason != "" {
		detail["reason"] = reason
	}
	return audit.Add(tx, s.Secret, e)
}
