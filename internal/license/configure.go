package license

import (
	"slices"

	"vestibule/internal/db"
)

// Configure puts the product that the configuration names, and gives every
// product the default policies that it lacks. Another product that an earlier
// configuration made is not offered any more. What the office has edited or made
// stays as it is. It tells no event: it is the portal's own doing, at its start.
func Configure(tx *db.Tx, p Product, r EvaluationRule) error {
	puts, grown, err := toConfigure(tx, p, r)
	if err != nil {
		return err
	}
	for _, one := range puts {
		if err := PutProduct(tx, one); err != nil {
			return err
		}
	}
	for _, one := range grown {
		if err := insertPolicy(tx, one); err != nil {
			return err
		}
	}
	return nil
}

// Configured says whether Configure would change nothing.
func Configured(tx *db.Tx, p Product, r EvaluationRule) (bool, error) {
	puts, grown, err := toConfigure(tx, p, r)
	return len(puts) == 0 && len(grown) == 0, err
}

func toConfigure(tx *db.Tx, p Product, r EvaluationRule) (puts []Product, grown []Policy, err error) {
	all, err := products(tx)
	if err != nil {
		return nil, nil, err
	}
	for _, old := range all {
		if old.ID != p.ID && old.Configured && old.EditedAt.IsZero() && old.Offered {
			old.Offered = false
			puts = append(puts, old)
		}
	}
	i := slices.IndexFunc(all, func(old Product) bool { return old.ID == p.ID })
	p.Offered, p.Configured = true, true
	switch {
	case i < 0:
		all, puts = append(all, p), append(puts, p)
	case all[i].EditedAt.IsZero() && (all[i].Name != p.Name || all[i].Prefix != p.Prefix || !all[i].Offered):
		p.Summary, p.Position, p.PublisherKeys = all[i].Summary, all[i].Position, all[i].PublisherKeys
		puts = append(puts, p)
	}
	for _, one := range all {
		lacking, err := lackingPolicies(tx, one.ID, r)
		if err != nil {
			return nil, nil, err
		}
		grown = append(grown, lacking...)
	}
	return puts, grown, nil
}

// lackingPolicies are the default policies that a product has not, and the next
// version of its evaluation policy where the configuration has changed and
// nobody in the office has spoken.
func lackingPolicies(tx *db.Tx, product string, r EvaluationRule) (lacking []Policy, err error) {
	have, err := policies(tx, product)
	if err != nil {
		return nil, err
	}
	for _, p := range DefaultPolicies(product, r) {
		i := slices.IndexFunc(have, func(h Policy) bool { return h.Name == p.Name })
		switch {
		case i < 0:
			p.Version = 1
		case have[i].CreatedBy == "" && p.Kind == ForEvaluation && have[i].rule() != r:
			p.Version = have[i].Version + 1
		default:
			continue
		}
		p.CreatedAt = tx.Now()
		lacking = append(lacking, p)
	}
	return lacking, nil
}

// rule is how the policy measures evaluations.
func (p Policy) rule() EvaluationRule {
	return EvaluationRule{Days: p.TermDays, StartWithin: p.StartWithin, FromApproval: p.Start != AtFirstSignIn, Seats: p.Seats}
}
