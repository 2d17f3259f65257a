package license

import (
	"slices"
	"strconv"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A Feature is something of a product that a licence can include: a code that
// the software asks for, and a name for people.
type Feature struct {
	Product  string
	Code     string // lower-case letters, digits and dashes; it never changes
	Name     string
	Position int // in lists
}

// A PolicyKind says what sort of right a policy grants.
type PolicyKind string

// The kinds of policies.
const (
	ForEvaluation   PolicyKind = "evaluation"
	ForSubscription PolicyKind = "subscription"
	ForPerpetual    PolicyKind = "perpetual"
	ForPartner      PolicyKind = "partner"
)

// PolicyKinds are all kinds in their order.
func PolicyKinds() []PolicyKind {
	return []PolicyKind{ForEvaluation, ForSubscription, ForPerpetual, ForPartner}
}

// A Basis says what a term runs from.
type Basis string

// What a term runs from.
const (
	AtFirstSignIn Basis = "first-sign-in" // after StartWithin days at the latest
	AtGrant       Basis = "grant"
	AtDate        Basis = "date" // that is named when it is granted
)

// The channels in which releases are published.
const (
	Stable   = "stable"
	Preview  = "preview"
	LongTerm = "lts"
)

// Channels are all channels in their order.
func Channels() []string { return []string{Stable, Preview, LongTerm} }

// A Ladder says how often, and by how many days, an evaluation can be extended,
// and by whom. Staff can by any number of days; the cap binds everybody.
type Ladder struct {
	ClientDays    int `json:"client_days"`
	ClientTimes   int `json:"client_times"`
	ResellerDays  int `json:"reseller_days"`
	ResellerTimes int `json:"reseller_times"`
	CapDays       int `json:"cap_days"` // most days that all extensions of one evaluation may add; 0: not capped
}

// A Policy is one version of what a product's terms are granted by. A version
// never changes; PutPolicy makes the next one.
type Policy struct {
	Product         string
	Name            string // a short name of the vendor's choice, as "evaluation"
	Version         int    // from 1
	Title           string // what people read
	Kind            PolicyKind
	TermDays        int // 0: without end
	Start           Basis
	StartWithin     int // days by which a term that waits for the first sign-in begins by itself
	GraceDays       int // how long after its end the product keeps working
	MaintenanceDays int // of a perpetual policy: updates from the start on; 0: without end
	Seats           int // in use at once; 0: not limited
	Devices         int // registered; 0: not limited
	LeaseMinutes    int // how long a seat is held without a sign of life
	Channels        []string
	Features        []string // codes
	FileDays        int      // for how long a licence file is good
	Ladder          Ladder
	Retired         bool // nothing new is granted by it
	CreatedAt       time.Time
	CreatedBy       string // empty: the portal, at its start
}

// What a term has that says nothing else, because it was granted before there
// were policies.
const (
	DefaultFileDays     = 30
	DefaultLeaseMinutes = 60
)

// The names of the policies that every product is given at the start.
const (
	PolicyEvaluation   = "evaluation"
	PolicySubscription = "subscription"
	PolicyPerpetual    = "perpetual"
	PolicyPartner      = "partner"
)

// DefaultPolicies are what a product is given at the start: nothing is changed
// for anybody by them, since they say what was done before there were policies.
func DefaultPolicies(product string, r EvaluationRule) []Policy {
	base := Policy{Product: product, Start: AtGrant, LeaseMinutes: DefaultLeaseMinutes, FileDays: DefaultFileDays, Channels: []string{Stable}}
	evaluation, subscription, perpetual, partner := base, base, base, base
	evaluation.Name, evaluation.Title, evaluation.Kind = PolicyEvaluation, "Evaluation", ForEvaluation
	evaluation.TermDays, evaluation.Start, evaluation.StartWithin, evaluation.Seats = r.Days, AtFirstSignIn, r.StartWithin, r.Seats
	if r.FromApproval {
		evaluation.Start = AtGrant
	}
	evaluation.FileDays = 7
	evaluation.Ladder = Ladder{ClientDays: 14, ClientTimes: 1, ResellerDays: 14, ResellerTimes: 1, CapDays: 60}
	subscription.Name, subscription.Title, subscription.Kind = PolicySubscription, "Subscription", ForSubscription
	subscription.TermDays, subscription.GraceDays = 365, 14
	subscription.Channels = []string{Stable, LongTerm}
	perpetual.Name, perpetual.Title, perpetual.Kind = PolicyPerpetual, "Perpetual licence", ForPerpetual
	perpetual.MaintenanceDays, perpetual.FileDays = 365, 365
	perpetual.Channels = []string{Stable, LongTerm}
	partner.Name, partner.Title, partner.Kind = PolicyPartner, "Partner", ForPartner
	partner.Channels = Channels()
	return []Policy{evaluation, subscription, perpetual, partner}
}

// PutFeature makes a feature of a product, or renames the one with this code.
func PutFeature(tx *db.Tx, src secret.Source, f Feature) error {
	var form fault.Form
	if !plainName(f.Code) {
		form.Add("code", "code-invalid")
	}
	if f.Name == "" {
		form.Add("name", "name-needed")
	}
	if err := form.Err(); err != nil {
		return err
	}
	if err := upsertFeature(tx, f); err != nil {
		return err
	}
	return audit.Add(tx, src, audit.Event{
		Action: "product.feature_put", Subject: "product:" + f.Product, Detail: map[string]string{"feature": f.Code},
	})
}

// Features lists a product's features in their order.
func Features(tx *db.Tx, product string) ([]Feature, error) { return features(tx, product) }

// PutPolicy makes the next version of a policy: the first where p.Version is 0,
// else the one after p.Version, which must be the latest; Conflict "changed" if
// it is not. It returns the version that it made.
func PutPolicy(tx *db.Tx, src secret.Source, p Policy, by string) (Policy, error) {
	known, err := features(tx, p.Product)
	if err != nil {
		return Policy{}, err
	}
	if err := p.check(known); err != nil {
		return Policy{}, err
	}
	latest, err := policyVersion(tx, p.Product, p.Name, 0)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Policy{}, err
	}
	if p.Version == 0 && latest.Version > 0 {
		return Policy{}, fault.OnField("name", "policy-taken")
	}
	if p.Version != latest.Version {
		return Policy{}, fault.New(fault.Conflict, "changed")
	}
	p.Version, p.CreatedAt, p.CreatedBy = latest.Version+1, tx.Now(), by
	if err := insertPolicy(tx, p); err != nil {
		return Policy{}, err
	}
	return p, audit.Add(tx, src, audit.Event{
		Action: "product.policy_put", Subject: "product:" + p.Product, Detail: map[string]string{"policy": p.ID()},
	})
}

// PolicyByName returns the latest version of a policy, or the one that version names.
func PolicyByName(tx *db.Tx, product, name string, version int) (Policy, error) {
	return policyVersion(tx, product, name, version)
}

// Policies lists the latest version of each of a product's policies.
func Policies(tx *db.Tx, product string) ([]Policy, error) { return policies(tx, product) }

// PolicyVersions lists all versions of a policy, the latest first.
func PolicyVersions(tx *db.Tx, product, name string) ([]Policy, error) {
	return policyVersions(tx, product, name)
}

// copyTo puts the policy's values into a term: what is granted stays as it was
// on that day.
func (p Policy) copyTo(t *Term) {
	t.Policy, t.PolicyVersion = p.Name, p.Version
	t.GraceDays, t.Devices, t.LeaseMinutes, t.FileDays, t.Ladder = p.GraceDays, p.Devices, p.LeaseMinutes, p.FileDays, p.Ladder
	t.Channels, t.Features = slices.Clone(p.Channels), slices.Clone(p.Features)
}

// ID names a version for people and logs: "evaluation/3".
func (p Policy) ID() string { return p.Name + "/" + strconv.Itoa(p.Version) }

// The bounds of a policy's numbers.
const (
	maxDays  = 36_500
	maxCount = 1_000_000
	maxLease = 60 * 24 * 31
)

// check refuses a policy that cannot be granted by. What is wrong is told at its
// field.
func (p Policy) check(known []Feature) error {
	var form fault.Form
	if !plainName(p.Name) {
		form.Add("name", "code-invalid")
	}
	if p.Title == "" {
		form.Add("title", "name-needed")
	}
	if !slices.Contains(PolicyKinds(), p.Kind) {
		form.Add("kind", "choose-one")
	}
	if p.Start != AtFirstSignIn && p.Start != AtGrant && p.Start != AtDate {
		form.Add("start", "choose-one")
	}
	for _, n := range []struct {
		field            string
		value, min, most int
	}{
		{"term_days", p.TermDays, 0, maxDays}, {"start_within", p.StartWithin, 0, maxDays}, {"grace_days", p.GraceDays, 0, maxDays},
		{"maintenance_days", p.MaintenanceDays, 0, maxDays}, {"seats", p.Seats, 0, maxCount}, {"devices", p.Devices, 0, maxCount},
		{"lease_minutes", p.LeaseMinutes, 5, maxLease}, {"file_days", p.FileDays, 1, maxDays},
		{"client_days", p.Ladder.ClientDays, 0, maxDays}, {"client_times", p.Ladder.ClientTimes, 0, maxDays},
		{"reseller_days", p.Ladder.ResellerDays, 0, maxDays}, {"reseller_times", p.Ladder.ResellerTimes, 0, maxDays},
		{"cap_days", p.Ladder.CapDays, 0, maxDays},
	} {
		if n.value < n.min || n.value > n.most {
			form.Add(n.field, "number-range", "min", strconv.Itoa(n.min), "max", strconv.Itoa(n.most))
		}
	}
	if limited := p.Kind == ForEvaluation || p.Kind == ForSubscription; limited && p.TermDays == 0 {
		form.Add("term_days", "term-needed")
	} else if p.Kind == ForPerpetual && p.TermDays != 0 {
		form.Add("term_days", "term-endless")
	}
	if p.Start == AtFirstSignIn && p.TermDays == 0 {
		form.Add("start", "term-needed")
	}
	if len(p.Channels) == 0 || slices.ContainsFunc(p.Channels, func(c string) bool { return !slices.Contains(Channels(), c) }) {
		form.Add("channels", "choose-one")
	}
	if slices.ContainsFunc(p.Features, func(code string) bool {
		return !slices.ContainsFunc(known, func(f Feature) bool { return f.Code == code })
	}) {
		form.Add("features", "feature-unknown")
	}
	return form.Err()
}

// plainName says whether s can be a code: 1 to 40 lower-case letters, digits and
// single dashes inside.
func plainName(s string) bool {
	if s == "" || len(s) > 40 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c != '-' || s[i-1] == '-') {
			return false
		}
	}
	return true
}
