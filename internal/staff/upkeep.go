package staff

import (
	"context"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/chore"
	"vestibule/internal/db"
)

// A Chore is a piece of housekeeping as staff see it.
type Chore struct {
	Name   string
	Every  time.Duration
	RanAt  time.Time // zero: not yet
	NextAt time.Time
	Took   time.Duration
	Runs   int64
	Failed string // what the last run failed of, or ""
	Late   bool   // it should have run a while ago: no node looks after it
}

// A TermsVersion is one text of the terms, and how many have accepted it.
type TermsVersion struct {
	Version     string
	Since       time.Time // zero: not known
	ToCome      bool
	GraceEnds   time.Time // until when it can be put off; zero: not at all
	Accepted    int
	Outstanding int // active accounts that accepted others only
}

// An Evidence shows that somebody accepted the terms.
type Evidence = account.Evidence

// lateAfter is how long after its time a chore is called late, beside a whole interval.
const lateAfter = 5 * time.Minute

// Upkeep returns the declared housekeeping with what became of it, and the terms in force and to come.
func (d *Desk) Upkeep(ctx context.Context) (chores []Chore, terms []TermsVersion, err error) {
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		chores, terms = nil, nil
		states, err := chore.States(tx)
		if err != nil {
			return err
		}
		ran := map[string]chore.State{}
		for _, s := range states {
			ran[s.Name] = s
		}
		for _, c := range d.Chores {
			s := ran[c.Name]
			chores = append(chores, Chore{
				Name: c.Name, Every: c.Every, RanAt: s.RanAt, NextAt: s.NextAt, Took: s.Took, Runs: s.Runs, Failed: s.Error,
				Late: !s.RanAt.IsZero() && tx.Now().Sub(s.NextAt) > c.Every+lateAfter,
			})
		}
		terms, err = d.terms(tx)
		return err
	})
	return chores, terms, err
}

func (d *Desk) terms(tx *db.Tx) (all []TermsVersion, err error) {
	for in := &d.Terms; in != nil && in.Version != ""; in = in.Next {
		v := TermsVersion{Version: in.Version, Since: in.Since, ToCome: in != &d.Terms && tx.Now().Before(in.Since)}
		if in.Version == d.Terms.At(tx.Now()).Version {
			v.GraceEnds = d.Terms.GraceEnds(tx.Now())
		}
		if v.Accepted, v.Outstanding, err = account.AcceptedBy(tx, in.Version); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// Evidence hands every acceptance to f, by account and version: all of one account, or with "" of all. That they left the portal is an
// event: they hold names, addresses and times.
func (d *Desk) Evidence(ctx context.Context, accountID string, f func(Evidence) error) error {
	err := d.DB.Write(ctx, func(tx *db.Tx) error {
		subject := ""
		if accountID != "" {
			subject = "account:" + accountID
		}
		return audit.Add(tx, d.Secret, audit.Event{Action: "terms.evidence_export", Actor: audit.From(ctx).Actor, Subject: subject})
	})
	if err != nil {
		return err
	}
	return account.EachEvidence(ctx, d.DB, accountID, f)
}
