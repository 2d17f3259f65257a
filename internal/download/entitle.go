package download

import (
	"context"
	"slices"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/release"
)

// A Verdict is whether a release may be had, and why.
type Verdict struct {
	Allowed bool
	Code    string       // of the refusal, a fault's code; "" where allowed
	Because []fault.Fact // dated facts that the verdict rests on
	Remedy  string       // what can be done about it, as a code; "" for nothing
}

// Err is the refusal as a fault, or nil.
func (v Verdict) Err() error {
	if v.Allowed {
		return nil
	}
	return &fault.Error{Kind: fault.Denied, Code: v.Code, Because: v.Because, Remedy: v.Remedy}
}

// A holder is a caller as it was found: on whose right it stands.
type holder struct {
	organization organization.Organization
	role         organization.Role
	name         string
	shut         Verdict // why nothing may be had, whatever the licences say; else Allowed
}

// A grant is one file that a caller may have.
type grant struct {
	holder
	release  release.Release
	artifact release.Artifact
}

// holderOf looks a caller up. A person who is no member of an organization any more, or of another than a link was made for, and
// everybody whose account is not active, is NotFound.
func holderOf(tx *db.Tx, c Caller) (h holder, err error) {
	h = holder{name: c.Name, shut: Verdict{Allowed: true}}
	if c.Kind != Person {
		h.organization, err = organization.Get(tx, c.Organization)
		return h, err
	}
	a, err := account.Get(tx, c.ID)
	if err != nil {
		return h, err
	}
	s, err := access.StandingOf(tx, c.ID)
	if err != nil {
		return h, err
	}
	h.organization, h.role, h.name = s.Membership.Organization, s.Membership.Role, a.Name()
	if a.State != account.Active || h.organization.ID == "" || c.Organization != "" && c.Organization != h.organization.ID {
		return h, fault.New(fault.NotFound, "not-found")
	}
	if !s.Allowed || s.Locked {
		h.shut = Verdict{Code: "downloads-locked", Remedy: string(s.Remedy)}
		if s.License.ID != "" && !s.License.State.Usable() {
			h.shut = verdictOf(s.License.State, s.License.State.Entitles("", tx.Now()))
		}
	}
	return h, nil
}

// verdict is the one answer to whether a holder may have what came out on a channel at an instant.
func (h holder) verdict(state license.State, r release.Release) Verdict {
	v := verdictOf(state, state.Entitles(r.Channel, r.EffectiveAt))
	if v.Allowed && !h.shut.Allowed {
		return h.shut
	}
	return v
}

func verdictOf(state license.State, v license.Verdict) Verdict {
	out := Verdict{Allowed: v.Allowed, Code: v.Code, Remedy: string(v.Remedy)}
	if v.Allowed {
		return out
	}
	for _, one := range state.Because {
		out.Because = append(out.Because, fault.Fact{Code: one.Code, At: one.At})
	}
	if v.Code == "maintenance-lapsed" && !v.Until.IsZero() {
		out.Because = append(out.Because, fault.Fact{Code: v.Code, At: v.Until})
	}
	return out
}

// may finds an artifact that the caller may have now. A release that is not out, and one of a product that the organization has no
// licence for, is NotFound; a refusal of the licence is Denied with its code.
func may(tx *db.Tx, c Caller, artifact string) (g grant, err error) {
	if g.artifact, g.release, err = release.ArtifactByID(tx, artifact); err != nil {
		return grant{}, err
	}
	if g.holder, err = holderOf(tx, c); err != nil {
		return grant{}, err
	}
	if !g.release.Out(tx.Now()) || g.artifact.State != release.Verified {
		return grant{}, fault.New(fault.NotFound, "not-found")
	}
	l, err := license.For(tx, g.organization.ID, g.release.Product)
	if err != nil {
		return grant{}, err
	}
	return g, g.verdict(l.At(tx.Now()), g.release).Err()
}

// Releases is Available for one product; one that there is no licence for is NotFound.
func (s *Service) Releases(ctx context.Context, organizationID, product, channel string) (list []Release, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if _, err := license.For(tx, organizationID, product); err != nil {
			return err
		}
		list, err = Available(tx, organizationID, product, channel)
		return err
	})
	return list, err
}

// Available lists the releases that an organization may have now, the highest version first within each product: of each channel the
// highest fifty, since nobody reads more of a feed. An empty product or channel is every one.
func Available(tx *db.Tx, organizationID, product, channel string) (list []Release, err error) {
	h, err := holderOf(tx, Caller{Kind: Machine, Organization: organizationID})
	if err != nil {
		return nil, err
	}
	return available(tx, h, product, channel)
}

func available(tx *db.Tx, h holder, product, channel string) (list []Release, err error) {
	licenses, err := license.Of(tx, h.organization.ID)
	if err != nil {
		return nil, err
	}
	for _, l := range licenses {
		state := l.At(tx.Now())
		if product != "" && l.Product.ID != product || !state.Usable() {
			continue
		}
		all, err := release.PublishedIn(tx, l.Product.ID, channel)
		if err != nil {
			return nil, err
		}
		n := map[string]int{}
		all = slices.DeleteFunc(all, func(r release.Release) bool {
			if n[r.Channel] == availableMost || !h.verdict(state, r).Allowed {
				return true
			}
			n[r.Channel]++
			return false
		})
		if all, err = release.Whole(tx, all); err != nil {
			return nil, err
		}
		for _, r := range all {
			one := viewOf(r, h.verdict(state, r))
			one.ProductName, one.Summary = l.Product.Name, l.Product.Summary
			list = append(list, one)
		}
	}
	return list, nil
}

// availableMost bounds what is told of one channel.
const availableMost = 50
