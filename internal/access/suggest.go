package access

import (
	"strings"

	"vestibule/internal/access/domains"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

// Evidence says by what a known organization is suggested for a request.
type Evidence string

// The kinds of evidence, the strongest first.
const (
	ByMember  Evidence = "member"  // an account that confirmed this address is a member
	ByContact Evidence = "contact" // the organization has this very address among its contacts
	ByDomain  Evidence = "domain"  // the address is on a domain verified for it
	ByName    Evidence = "name"    // the names are alike: no evidence at all
)

// Enough says whether staff may approve the request for the organization. A
// like name is shown, and never suffices.
func (e Evidence) Enough() bool { return e != ByName }

// A Suggestion is a known organization to which a request might belong.
type Suggestion struct {
	Organization organization.Organization
	Evidence     Evidence
}

const alikeShown = 5

// suggestions lists the known organizations for a request, the best evidence
// first, each once.
func suggestions(tx *db.Tx, r Request) ([]Suggestion, error) {
	var list []Suggestion
	seen := map[string]bool{}
	add := func(o organization.Organization, e Evidence) {
		if !seen[o.ID] {
			seen[o.ID] = true
			list = append(list, Suggestion{o, e})
		}
	}
	a, err := account.FindByEmail(tx, r.EmailKey)
	if err == nil && a.EmailConfirmed() {
		m, err := organization.Of(tx, a.ID)
		if err == nil {
			add(m.Organization, ByMember)
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	} else if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	expected, err := organization.Expecting(tx, r.EmailKey)
	if err != nil {
		return nil, err
	}
	for _, o := range expected {
		add(o, ByContact)
	}
	if domain := r.domain(); !anybodys(domain) {
		o, err := organization.OfDomain(tx, domain)
		if err == nil {
			add(o, ByDomain)
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	alike, err := organization.Alike(tx, r.Organization, alikeShown)
	for _, o := range alike {
		add(o, ByName)
	}
	return list, err
}

func (r *Request) domain() string {
	_, domain, _ := strings.Cut(r.EmailKey, "@")
	return domain
}

// anybodys says that an address at the domain tells nothing about a company.
func anybodys(domain string) bool { return domains.Free(domain) || domains.Disposable(domain) }

// CompanyDomain says whether the applicant's mail domain could be a company's
// own, so that staff may record it as such.
func (c Case) CompanyDomain() bool { return !anybodys(c.Request.domain()) }
