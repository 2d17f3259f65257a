package download

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/release"
	"vestibule/internal/text"
)

// newsFor is how long after its date a release is still news: who becomes entitled later finds it on the shelf.
const newsFor = 7 * 24 * time.Hour

// newsAtOnce bounds what is read at a time.
const newsAtOnce = 100

// SetNews says whether a person is told by e-mail of new releases of a product. Nobody is told without having asked for it. A product
// without a licence is NotFound.
func (s *Service) SetNews(ctx context.Context, account, product string, on bool) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if !on {
			return deleteNews(tx, account, product)
		}
		h, err := holderOf(tx, Caller{Kind: Person, ID: account})
		if err != nil {
			return err
		}
		if _, err := license.For(tx, h.organization.ID, product); err != nil {
			return err
		}
		return insertNews(tx, account, product)
	})
}

// Tell tells people of releases that came out since they asked to be told. For each person and release that is decided once, in the
// transaction of the mail, by what may be had at that moment: who has no right to the release on that day never hears of it.
func (s *Service) Tell(ctx context.Context) error {
	var from time.Time
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		from = tx.Now().Add(-newsFor)
		return nil
	}); err != nil {
		return err
	}
	var failures error
	for last := ""; ; {
		var list []release.Release
		if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			list, err = release.Effective(tx, from, last, newsAtOnce)
			return err
		}); err != nil {
			return errors.Join(failures, err)
		}
		for _, r := range list {
			from, last = r.EffectiveAt, r.ID
			failures = errors.Join(failures, s.tell(ctx, r))
		}
		if len(list) < newsAtOnce || ctx.Err() != nil {
			return failures
		}
	}
}

// tell tells everybody of a release. Whoever cannot be told keeps nobody after from it, and is tried again at the next run.
func (s *Service) tell(ctx context.Context, r release.Release) error {
	var failures error
	for after := ""; ; {
		var people []string
		if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			people, err = untold(tx, r.Product, r.ID, r.EffectiveAt, after, newsAtOnce)
			return err
		}); err != nil {
			return errors.Join(failures, err)
		}
		for _, id := range people {
			after = id
			if err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.tellOne(tx, id, r.ID) }); err != nil && !fault.Is(err, fault.Conflict) {
				failures = errors.Join(failures, fmt.Errorf("download: to tell %s of a release: %w", id, err))
			}
		}
		if len(people) < newsAtOnce || ctx.Err() != nil {
			return failures
		}
	}
}

func (s *Service) tellOne(tx *db.Tx, accountID, releaseID string) error {
	r, err := release.ByID(tx, releaseID)
	if err != nil || !r.Out(tx.Now()) {
		return err // it was withdrawn this moment
	}
	allowed, err := s.mayHear(tx, accountID, r)
	if err != nil {
		return err
	}
	fresh, err := insertTold(tx, accountID, r.ID, allowed)
	if err != nil || !fresh || !allowed {
		return err
	}
	a, err := account.Get(tx, accountID)
	if err != nil {
		return err
	}
	p, err := license.ProductByID(tx, r.Product)
	if err != nil {
		return err
	}
	to := message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}
	if err := s.Messages.Send(tx, to, "release:"+r.ID, r.EffectiveAt.Add(newsFor), message.NewRelease{
		Product: p.Name, Version: r.Version.String(), Channel: r.Channel, Title: r.Title, Required: r.Required, Published: r.EffectiveAt,
	}); err != nil {
		return err
	}
	return audit.Add(tx, s.Secret, audit.Event{
		Action: "download.news", Actor: audit.Actor{Kind: audit.System}, Subject: "account:" + a.ID, Detail: map[string]string{"release": r.ID},
	})
}

// Withdrawn takes back the mails about a release that have not left yet.
func (s *Service) Withdrawn(tx *db.Tx, release string) error {
	return s.Messages.Recall(tx, "release:"+release)
}

func (s *Service) mayHear(tx *db.Tx, accountID string, r release.Release) (bool, error) {
	h, err := holderOf(tx, Caller{Kind: Person, ID: accountID})
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	l, err := license.For(tx, h.organization.ID, r.Product)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return h.verdict(l.At(tx.Now()), r).Allowed, nil
}
