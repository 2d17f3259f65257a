package download

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

// purposeLink separates links from everything else that the ring signs.
const purposeLink = "download.link"

// A Link is where an artifact is to be had without a sign-in, for a while.
type Link struct {
	Path      string // begins with /download/
	Until     time.Time
	Agreement bool // there is no link: the organization has to accept the agreement first
}

// A ticket is what a link says. All of it is under the link's MAC; none of it grants anything by itself: what its holder may have is
// asked again at every request.
type ticket struct {
	kind, id, organization, artifact string
	until                            time.Time
}

// Link makes a link for a person to an artifact. A release that the person may not have is Denied with the verdict's code; one that
// is not out, or of a product without a licence, is NotFound.
func (s *Service) Link(ctx context.Context, account, artifact string) (Link, error) {
	return s.link(ctx, Caller{Kind: Person, ID: account}, artifact)
}

// LinkFor is Link for a service account. Where the organization has to accept the agreement first, which no program can, it is Denied
// "agreement-needed".
func (s *Service) LinkFor(ctx context.Context, c Caller, artifact string) (Link, error) {
	l, err := s.link(ctx, c, artifact)
	if err == nil && l.Agreement {
		err = agreementNeeded()
	}
	return l, err
}

func (s *Service) link(ctx context.Context, c Caller, artifact string) (l Link, err error) {
	if err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.Settings.Links.Spend(tx, c.ID) }); err != nil {
		return Link{}, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		l = Link{}
		g, err := may(tx, c, artifact)
		if err != nil {
			return err
		}
		if l.Agreement, err = agreementOpen(tx, g.organization.ID, g.release.Product); err != nil || l.Agreement {
			return err
		}
		l.Until = tx.Now().Add(s.Settings.LinkLife)
		l.Path = "/download/" + s.token(ticket{c.Kind, c.ID, g.organization.ID, artifact, l.Until})
		return audit.Add(tx, s.Secret, audit.Event{
			Action: "download.link", Subject: subjectOf(c), Organization: g.organization.ID,
			Detail: map[string]string{"release": g.release.ID, "artifact": artifact},
		})
	})
	return l, err
}

func subjectOf(c Caller) string {
	if c.Kind == Person {
		return "account:" + c.ID
	}
	return "service-account:" + c.ID
}

// token writes a ticket and the MAC over all of it.
func (s *Service) token(t ticket) string {
	said := strings.Join([]string{t.kind, t.id, t.organization, t.artifact, strconv.FormatInt(db.Micros(t.until), 36)}, " ")
	return base64.RawURLEncoding.EncodeToString([]byte(said)) + "." + s.Ring.MAC(purposeLink, said)
}

// read checks a token. What is not of this portal is NotFound "download-link-unknown", and so is what was changed anywhere.
func (s *Service) read(token string) (ticket, error) {
	unknown := fault.New(fault.NotFound, "download-link-unknown")
	encoded, mac, _ := strings.Cut(token, ".")
	said, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || !s.Ring.MACMatches(mac, purposeLink, string(said)) {
		return ticket{}, unknown
	}
	part := strings.Split(string(said), " ")
	if len(part) != 5 {
		return ticket{}, unknown
	}
	until, err := strconv.ParseInt(part[4], 36, 64)
	if err != nil {
		return ticket{}, unknown
	}
	return ticket{part[0], part[1], part[2], part[3], db.Time(until)}, nil
}

// ByLink finds who may fetch what with a link: its holder, and the artifact's id. It is Gone "download-link-over" where the link ran
// out, NotFound "download-link-unknown" for what is no link of this portal. The link proves whom it was given to; whether the artifact
// may still be had is for Open.
func (s *Service) ByLink(ctx context.Context, token, address string) (c Caller, artifact string, err error) {
	t, err := s.read(token)
	if err != nil {
		return Caller{}, "", err
	}
	c = Caller{Kind: t.kind, ID: t.id, Organization: t.organization, Address: address}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if !tx.Now().Before(t.until) {
			return fault.New(fault.Gone, "download-link-over")
		}
		if c.Kind != Machine {
			return nil
		}
		a, err := organization.WorkingServiceAccount(tx, t.organization, t.id)
		c.Name = a.Name
		return err
	})
	return c, t.artifact, err
}
