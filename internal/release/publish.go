package release

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// Missing says what keeps a draft from being published, each as a code: release-empty, release-files-unfinished,
// release-files-refused. Files that are being verified keep nothing: the release is out as soon as they are.
func (r Release) Missing() (codes []string) {
	if len(r.Artifacts) == 0 {
		codes = append(codes, "release-empty")
	}
	if r.has(Uploading) {
		codes = append(codes, "release-files-unfinished")
	}
	if r.has(Refused) {
		codes = append(codes, "release-files-refused")
	}
	return codes
}

func (r Release) has(s FileState) bool {
	return slices.ContainsFunc(r.Artifacts, func(a Artifact) bool { return a.State == s })
}

// Publish publishes a draft at an instant, or at once where the instant is zero or past. The release is Verifying until its last file
// is verified, and Published from then on. Of two who publish at once one does it; the other has Conflict. Conflict with a code of
// Missing where something is missing. A file whose signature is right no more, because its key was taken away, is Refused from then on.
func (s *Service) Publish(ctx context.Context, by Staff, id string, at time.Time) (r Release, err error) {
	var refusal error
	err = s.change(ctx, by, id, asked, func(tx *db.Tx, old Release) error {
		r, refusal = old, nil
		if missing := r.Missing(); len(missing) > 0 {
			return fault.New(fault.Conflict, missing[0])
		}
		if refusal, err = s.recheck(tx, &r); err != nil || refusal != nil {
			return err
		}
		r.State, r.EffectiveAt, r.PublishedBy, r.PublishedAt = Verifying, at, by.name(), tx.Now()
		if err := setState(tx, r, old.State); err != nil {
			return err
		}
		if err := s.event(tx, by, "release.publish", r, onDate(at)); err != nil {
			return err
		}
		if err := s.goOnWith(tx, r); err != nil {
			return err
		}
		r, err = ByID(tx, id)
		return err
	})
	if err == nil {
		err = refusal
	}
	return r, err
}

func onDate(at time.Time) map[string]string {
	if at.IsZero() {
		return nil
	}
	return map[string]string{"effective": at.UTC().Format(time.RFC3339)}
}

// recheck looks at the signatures once more. A refusal is remembered, so it is no error.
func (s *Service) recheck(tx *db.Tx, r *Release) (refusal, err error) {
	for i := range r.Artifacts {
		a := &r.Artifacts[i]
		if a.State != Verified {
			continue
		}
		old := *a
		if err := s.verdict(tx, *r, a, nil); err != nil {
			return nil, err
		}
		if a.State == Verified {
			continue
		}
		a.SignedBy, a.Comment, a.VerifiedAt = "", "", time.Time{}
		if err := settleSignature(tx, *a, old.State); err != nil {
			return nil, err
		}
		detail := detailOf(*a)
		detail["trouble"] = a.Trouble
		if err := s.event(tx, Staff{}, "release.file_refused", *r, detail); err != nil {
			return nil, err
		}
		refusal = fault.New(fault.Conflict, "release-files-refused")
	}
	return refusal, nil
}

// recheckPlanned makes a release whose date is to come a draft again where a file of it is believed no more.
func (s *Service) recheckPlanned(tx *db.Tx, id string) error {
	r, err := locked(tx, id)
	if fault.Is(err, fault.NotFound) || err == nil && !r.Scheduled(tx.Now()) {
		return nil
	}
	if err != nil {
		return err
	}
	refusal, err := s.recheck(tx, &r)
	if err != nil || refusal == nil {
		return err
	}
	old := r.State
	r = unpublished(r)
	if r.State, err = after(old, recalled); err != nil {
		return err
	}
	if err := setState(tx, r, old); err != nil {
		return err
	}
	return s.event(tx, Staff{}, "release.hold_back", r, nil)
}

// goOnWith publishes a release that waited for its files, or makes it a draft again where one was refused.
func (s *Service) goOnWith(tx *db.Tx, r Release) error {
	if r.State != Verifying {
		return nil
	}
	r, err := ByID(tx, r.ID)
	if err != nil {
		return err
	}
	e := passed
	switch {
	case r.has(Refused):
		e = failed
	case r.has(FileChecking):
		return nil
	}
	old := r.State
	if r.State, err = after(old, e); err != nil {
		return err
	}
	if e == failed {
		r = unpublished(r)
		if err := setState(tx, r, old); err != nil {
			return err
		}
		return s.event(tx, Staff{}, "release.hold_back", r, nil)
	}
	// Never earlier than now: who has maintenance until yesterday must not find it in what came out today.
	if r.EffectiveAt.Before(tx.Now()) {
		r.EffectiveAt = tx.Now()
	}
	if r.Required {
		r.RequiredSince = r.EffectiveAt
	}
	if err := setState(tx, r, old); err != nil {
		return err
	}
	return s.event(tx, Staff{}, "release.published", r, onDate(r.EffectiveAt))
}

// Reschedule changes the date of a release whose date is to come. stamp is the date that the caller saw.
func (s *Service) Reschedule(ctx context.Context, by Staff, id string, stamp, at time.Time) (r Release, err error) {
	err = s.change(ctx, by, id, dated, func(tx *db.Tx, old Release) error {
		r = old
		if !old.Scheduled(tx.Now()) {
			return fault.New(fault.Conflict, "release-published")
		}
		if !old.EffectiveAt.Equal(stamp) {
			return fault.New(fault.Conflict, "changed")
		}
		if r.EffectiveAt = at.UTC().Truncate(time.Microsecond); at.Before(tx.Now()) {
			r.EffectiveAt = tx.Now()
		}
		if r.Required {
			r.RequiredSince = r.EffectiveAt
		}
		if err := setState(tx, r, old.State); err != nil {
			return err
		}
		return s.event(tx, by, "release.reschedule", r, onDate(r.EffectiveAt))
	})
	return r, err
}

// Recall makes a release that no client had yet a draft again: one whose date is to come, or whose files are being verified.
func (s *Service) Recall(ctx context.Context, by Staff, id string) (r Release, err error) {
	err = s.change(ctx, by, id, recalled, func(tx *db.Tx, old Release) error {
		if old.Out(tx.Now()) {
			return fault.New(fault.Conflict, "release-published")
		}
		r = unpublished(old)
		if err := setState(tx, r, old.State); err != nil {
			return err
		}
		return s.event(tx, by, "release.recall", r, nil)
	})
	return r, err
}

// unpublished is the release as the draft that it was.
func unpublished(r Release) Release {
	r.State, r.EffectiveAt, r.RequiredSince, r.PublishedAt, r.PublishedBy = Drafted, time.Time{}, time.Time{}, time.Time{}, ""
	return r
}

// Require says that every client must have a published release, or that it need not. It is required from now on, at the earliest from
// its date.
func (s *Service) Require(ctx context.Context, by Staff, id string, yes bool) (r Release, err error) {
	err = s.change(ctx, by, id, required, func(tx *db.Tx, old Release) error {
		if r = old; old.Required == yes {
			return fault.New(fault.Conflict, "changed")
		}
		r.Required, r.RequiredSince = yes, time.Time{}
		if yes {
			r.RequiredSince = later(tx.Now(), r.EffectiveAt)
		}
		if err := setState(tx, r, old.State); err != nil {
			return err
		}
		action := "release.require"
		if !yes {
			action = "release.unrequire"
		}
		return s.event(tx, by, action, r, nil)
	})
	return r, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// ByID returns a release in any state, with its files. NotFound.
func ByID(tx *db.Tx, id string) (Release, error) {
	list, err := releases(tx, `r.id = $1`, ``, id)
	if err != nil {
		return Release{}, err
	}
	if len(list) == 0 {
		return Release{}, fault.New(fault.NotFound, "not-found")
	}
	return list[0], nil
}

// ByVersion returns the release of a product with a version, in any state. NotFound.
func ByVersion(tx *db.Tx, product string, v Version) (Release, error) {
	list, err := releases(tx, `r.product_id = $1 AND r.version_key = $2`, ``, product, v.Key())
	if err != nil {
		return Release{}, err
	}
	if len(list) == 0 {
		return Release{}, fault.New(fault.NotFound, "not-found")
	}
	return list[0], nil
}

// ArtifactByID returns a file and its release, in any state. NotFound.
func ArtifactByID(tx *db.Tx, id string) (Artifact, Release, error) {
	a, err := artifact(tx, id)
	if err != nil {
		return Artifact{}, Release{}, err
	}
	r, err := ByID(tx, a.Release)
	return a, r, err
}

// PublishedIn lists what clients can have of a product at the transaction's now, as far as it depends on the releases: the greatest
// version first. Channel "" is every one. There may be thousands, so each is told with its id, product, version, channel and date
// alone: Whole reads the rest of those that matter.
func PublishedIn(tx *db.Tx, product, channel string) ([]Release, error) {
	list, err := outlines(tx, `SELECT r.id, r.product_id, r.version, r.channel, r.effective_at, '' FROM release r
		WHERE r.product_id = $1 AND r.state = $2 AND r.effective_at <= $3 AND ($4 = '' OR r.channel = $4)`,
		product, string(Published), db.Micros(tx.Now()), channel)
	sortByVersion(list)
	return list, err
}

// PublishedWith is PublishedIn for the releases that have a verified file of a kind. Of the file the id and the kind are told.
func PublishedWith(tx *db.Tx, product, channel, kind string) ([]Release, error) {
	list, err := outlines(tx, `SELECT r.id, r.product_id, r.version, r.channel, r.effective_at, a.id
		FROM release r JOIN artifact a ON a.release_id = r.id AND a.kind = $5 AND a.state = $6
		WHERE r.product_id = $1 AND r.state = $2 AND r.effective_at <= $3 AND ($4 = '' OR r.channel = $4)`,
		product, string(Published), db.Micros(tx.Now()), channel, kind, string(Verified))
	for i := range list {
		list[i].Artifacts[0].Kind = kind
	}
	sortByVersion(list)
	return list, err
}

func sortByVersion(list []Release) {
	slices.SortStableFunc(list, func(a, b Release) int {
		return cmp.Or(b.Version.Compare(a.Version), b.EffectiveAt.Compare(a.EffectiveAt))
	})
}

// Whole reads releases that PublishedIn told, with notes and files, in the same order.
func Whole(tx *db.Tx, outlined []Release) ([]Release, error) {
	whole := make([]Release, 0, len(outlined))
	for some := range slices.Chunk(outlined, wholeAtOnce) {
		var places []string
		var ids []any
		order := map[string]int{}
		for i, r := range some {
			ids, order[r.ID] = append(ids, r.ID), i
			places = append(places, "$"+strconv.Itoa(len(ids)))
		}
		list, err := releases(tx, `r.id IN (`+strings.Join(places, ",")+`)`, ``, ids...)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(list, func(a, b Release) int { return order[a.ID] - order[b.ID] })
		whole = append(whole, list...)
	}
	return whole, nil
}

// wholeAtOnce bounds the arguments of one statement.
const wholeAtOnce = 100

// Effective lists releases whose date is not after the transaction's now, the oldest first, and of one date by their ids: those that
// come after a date and an id.
func Effective(tx *db.Tx, since time.Time, after string, limit int) ([]Release, error) {
	list, err := releases(tx, `r.state = $1 AND (r.effective_at > $2 OR r.effective_at = $2 AND r.id > $3) AND r.effective_at <= $4`,
		`ORDER BY effective_at, id LIMIT $5`, string(Published), db.Micros(since), after, db.Micros(tx.Now()), limit)
	slices.SortStableFunc(list, func(a, b Release) int {
		return cmp.Or(a.EffectiveAt.Compare(b.EffectiveAt), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// A Filter says which releases are wanted; "" is all.
type Filter struct {
	Product, Channel string
	State            State
	After            string // the id that the page before ended with
	Limit            int
}

// A Page are releases, the newest first.
type Page struct {
	Releases []Release
	Next     string        // for Filter.After; "" at the end
	Counts   map[State]int // of the product and channel, by state
}

// Find lists releases for staff.
func (s *Service) Find(ctx context.Context, by Staff, f Filter) (p Page, err error) {
	if f.Limit <= 0 || f.Limit > 100 {
		f.Limit = 50
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, View); err != nil {
			return err
		}
		p = Page{}
		if p.Counts, err = counts(tx, f); err != nil {
			return err
		}
		p.Releases, err = releases(tx, `($1 = '' OR r.product_id = $1) AND ($2 = '' OR r.channel = $2) AND ($3 = '' OR r.state = $3) AND ($4 = '' OR r.id < $4)`,
			`ORDER BY id DESC LIMIT $5`, f.Product, f.Channel, string(f.State), f.After, f.Limit+1)
		slices.SortStableFunc(p.Releases, func(a, b Release) int { return cmp.Compare(b.ID, a.ID) })
		if len(p.Releases) > f.Limit {
			p.Releases = p.Releases[:f.Limit]
			p.Next = p.Releases[f.Limit-1].ID
		}
		return err
	})
	return p, err
}
