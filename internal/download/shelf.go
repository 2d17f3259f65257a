package download

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/release"
)

// A Shelf is what a person finds under one product.
type Shelf struct {
	Products      []license.Product // those that the organization has a licence for
	Product       license.Product   // the one shown
	License       string            // id of the licence for it
	State         license.State
	Verdict       Verdict   // of the whole: why nothing can be had, if nothing can
	Channels      []Channel // those of the licence, and those where something came out
	PublisherKeys []string  // minisign public keys, as text
	News          bool      // the person gets an e-mail about new releases of the product
	Agreement     bool      // the organization has to accept the agreement before its next download
	Machines      bool      // the person may set up machines that fetch by themselves
}

// A Channel is one line of releases, the highest version first.
type Channel struct {
	Code     string
	Verdict  Verdict // whether a release that came out now could be had
	Releases []Release
	Newest   string // id of the highest version that may be had; "" for none
	Total    int    // releases
	Older    int    // how many are to be passed over for those that come after; 0: none do
}

// A Release is a published release with the verdict on it.
type Release struct {
	ID, Product, Channel, Version, Title string
	ProductName, Summary                 string    // of the product; only Available fills them in
	Published                            time.Time // its effective date
	Required                             bool
	Notes                                release.Notes
	Verdict                              Verdict
	Artifacts                            []Artifact
}

// An Artifact is one file of a release.
type Artifact struct {
	ID, Kind, Title, Name string // Kind is as it stands in an address, Title as people read it
	System, Machine       string // like windows and x64; "" where it does not matter
	Size                  int64
	MediaType             string
	SHA256, SHA512        string // in hexadecimal digits
	Signature             string // minisign, as text
}

// shelfPage is how many releases of a channel are shown at a time.
const shelfPage = 20

// Shelf shows a person a product's releases, of each channel some after those that are passed over; product "" is the first that there
// is a licence for, and where there is none the shelf is empty with the verdict "license-none". A product without a licence is NotFound.
func (s *Service) Shelf(ctx context.Context, account, product string, over int) (shelf Shelf, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		shelf = Shelf{}
		h, err := holderOf(tx, Caller{Kind: Person, ID: account})
		if err != nil {
			return err
		}
		licenses, err := license.Of(tx, h.organization.ID)
		if err != nil {
			return err
		}
		shown := -1
		for i, l := range licenses {
			shelf.Products = append(shelf.Products, l.Product)
			if shown < 0 && (product == "" || l.Product.ID == product) {
				shown = i
			}
		}
		if len(licenses) == 0 && product == "" {
			shelf.Verdict = Verdict{Code: "license-none", Remedy: string(license.RemedyContact)}
			return nil
		}
		if shown < 0 {
			return fault.New(fault.NotFound, "not-found")
		}
		l := licenses[shown]
		shelf.Product, shelf.License, shelf.State, shelf.PublisherKeys = l.Product, l.ID, l.At(tx.Now()), l.Product.PublisherKeys
		shelf.Machines = h.role == organization.Administrator || h.role == organization.Technical
		if err := shelf.fill(tx, h, over); err != nil {
			return err
		}
		if shelf.News, err = wantsNews(tx, account, l.Product.ID); err != nil {
			return err
		}
		shelf.Agreement, err = agreementOpen(tx, h.organization.ID, l.Product.ID)
		return err
	})
	return shelf, err
}

func (shelf *Shelf) fill(tx *db.Tx, h holder, over int) error {
	all, err := release.PublishedIn(tx, shelf.Product.ID, "")
	if err != nil {
		return err
	}
	shelf.Verdict = Verdict{Allowed: true}
	switch {
	case !shelf.State.Usable():
		shelf.Verdict = verdictOf(shelf.State, shelf.State.Entitles("", tx.Now()))
	case !h.shut.Allowed:
		shelf.Verdict = h.shut
	}
	for _, code := range []string{license.Stable, license.Preview, license.LongTerm} {
		c := Channel{Code: code, Verdict: h.verdict(shelf.State, release.Release{Channel: code, EffectiveAt: tx.Now()})}
		var line []release.Release
		for _, r := range all {
			if r.Channel == code {
				line = append(line, r)
			}
		}
		c.Newest, c.Total = newestFor(h, shelf.State, line), len(line)
		shown, err := release.Whole(tx, pageOf(line, over, c.Newest))
		if err != nil {
			return err
		}
		for _, r := range shown {
			c.Releases = append(c.Releases, viewOf(r, h.verdict(shelf.State, r)))
		}
		if over+shelfPage < len(line) {
			c.Older = over + shelfPage
		}
		if len(line) > 0 || slices.Contains(shelf.State.Channels, code) {
			shelf.Channels = append(shelf.Channels, c)
		}
	}
	return nil
}

// Artifact finds a file that a person may have now, and its release. What may not be had is NotFound, or Denied with the verdict's code.
func (s *Service) Artifact(ctx context.Context, account, artifact string) (r Release, a Artifact, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		g, err := may(tx, Caller{Kind: Person, ID: account}, artifact)
		if err != nil {
			return err
		}
		p, err := license.ProductByID(tx, g.release.Product)
		r, a = viewOf(g.release, Verdict{Allowed: true}), fileOf(g.artifact)
		r.ProductName, r.Summary = p.Name, p.Summary
		return err
	})
	return r, a, err
}

// newestFor is the id of the highest version that may be had; "" for none.
func newestFor(h holder, state license.State, line []release.Release) string {
	for _, r := range line {
		if h.verdict(state, r).Allowed {
			return r.ID
		}
	}
	return ""
}

// pageOf are the releases of a page; the first has the newest that may be had, wherever that stands.
func pageOf(line []release.Release, over int, newest string) []release.Release {
	over = min(max(0, over), len(line))
	page := slices.Clone(line[over:min(over+shelfPage, len(line))])
	if over > 0 || newest == "" {
		return page
	}
	if i := slices.IndexFunc(line, func(r release.Release) bool { return r.ID == newest }); i >= shelfPage {
		page = append(page, line[i])
	}
	return page
}

func viewOf(r release.Release, v Verdict) Release {
	out := Release{
		ID: r.ID, Product: r.Product, Channel: r.Channel, Version: r.Version.String(), Title: r.Title, Published: r.EffectiveAt,
		Required: r.Required, Notes: r.Notes, Verdict: v,
	}
	for _, a := range r.Artifacts {
		if a.State == release.Verified {
			out.Artifacts = append(out.Artifacts, fileOf(a))
		}
	}
	return out
}

func fileOf(a release.Artifact) Artifact {
	return Artifact{
		ID: a.ID, Kind: a.Kind, Title: a.Title, Name: a.Name, System: a.Platform, Machine: a.Arch, Size: a.Size, MediaType: a.MediaType,
		SHA256: a.SHA256, SHA512: a.SHA512, Signature: a.Signature,
	}
}

// Wanted says which file a machine asks for.
type Wanted struct {
	Product, Channel, Kind string
	Version                string // "" for the newest that the caller may have
}

// Latest finds a machine's file: of a kind, in the highest version of a channel that the caller may have, or in just the version
// that is named. Where the licence gives nothing of it, it is Denied with the licence's code; else NotFound.
func (s *Service) Latest(ctx context.Context, c Caller, w Wanted) (artifact string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		h, err := holderOf(tx, c)
		if err != nil {
			return err
		}
		l, err := license.For(tx, h.organization.ID, w.Product)
		if err != nil {
			return err
		}
		all, err := release.PublishedWith(tx, w.Product, w.Channel, w.Kind)
		if err != nil {
			return err
		}
		refused, state := fault.New(fault.NotFound, "not-found"), l.At(tx.Now())
		for _, r := range all {
			if w.Version != "" && !strings.EqualFold(r.Version.String(), w.Version) {
				continue
			}
			v := h.verdict(state, r)
			if v.Allowed {
				artifact = r.Artifacts[0].ID
				return nil
			}
			refused = fault.From(v.Err())
		}
		return refused
	})
	return artifact, err
}

// A File is an artifact that its caller may have, opened. Whoever got it closes Content.
type File struct {
	Artifact
	Release   string // its id
	Product   string
	Channel   string
	Version   string
	Published time.Time
	Content   io.ReadSeekCloser // of a folder, the *os.File itself

	caller                Caller
	organization, company string
}

// Open opens an artifact for a caller that may have it now and whose organization has accepted what there is to accept; else it is
// Denied with the verdict's code, or "agreement-needed". Nothing was sent by then, and nothing is noted: see Begin.
func (s *Service) Open(ctx context.Context, c Caller, artifact string) (*File, error) {
	var g grant
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if g, err = may(tx, c, artifact); err != nil {
			return err
		}
		open, err := agreementOpen(tx, g.organization.ID, g.release.Product)
		if err == nil && open {
			err = agreementNeeded()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	content, err := s.Files.Open(ctx, g.artifact.Blob)
	if err != nil {
		return nil, err
	}
	c.Name = g.name
	return &File{
		Artifact: fileOf(g.artifact), Release: g.release.ID, Product: g.release.Product, Channel: g.release.Channel,
		Version: g.release.Version.String(), Published: g.release.EffectiveAt, Content: content,
		caller: c, organization: g.organization.ID, company: g.organization.Name,
	}, nil
}
