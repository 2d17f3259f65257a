// Package importer takes over what the vendor already knows: organizations,
// resellers, contacts, subscriptions, and the accounts of an earlier system.
//
// A file is CSV or JSON; one column says what each record is about, so that one
// file can hold everything (docs/import.md shows each). Every record stands for
// itself: one that is wrong is reported with its line and what to do, and the
// others are taken. Taking a file again changes nothing: what is there is
// counted as known and never altered, since staff and clients may have changed
// it since. A dry run does all of it and then undoes it.
//
// Accounts alone, by the hundred thousand, are taken by [Service.Accounts]: line
// by line, in memory that does not grow with the file, each line reported. The
// rules for an account are the same.
//
// Nobody is let in by a record alone. A contact is an address that its
// organization expects, and joins once its owner has confirmed it; an account
// is imported with its address unconfirmed, and expired unless the record brings
// the hash of its password and says that it is active; its owner comes back by a
// reset. An account that was "evaluated" is expected by its organization, whose
// evaluation is written down as it was and is over.
package importer

import (
	"context"
	"io"
	"sort"
	"strconv"
	"strings"

	"vestibule/internal/access/domains"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/password"
	"vestibule/internal/secret"
)

// EvaluationDays is how long an evaluation of the earlier system ran.
const EvaluationDays = 30

// A Fault says what is wrong with one line. Its words are in the catalogue
// under "fault." and the code.
type Fault struct {
	Line  int
	Field string
	Code  string
	Args  map[string]string
}

// A Report says what became of a file.
type Report struct {
	Made   map[Kind]int
	Known  map[Kind]int // there already
	Faults []Fault      // in the order of the lines
}

// Service takes files.
type Service struct {
	DB     *db.DB
	Secret secret.Source
	Hasher *password.Hasher // judges the hashes of other systems
}

// batch is how many records are one transaction: enough to be quick, few enough
// that nobody waits for the database meanwhile.
const batch = 500

// errUndo ends the transaction of a dry run.
var errUndo = fault.New(fault.Conflict, "import-dry-run")

// Import takes a file. With dry it reports what would become of it and changes
// nothing; a dry run is one transaction, since later records build on earlier
// ones. A file that is no table of records at all is Invalid; a fault of the
// database ends the import with what was reported so far.
func (s *Service) Import(ctx context.Context, in io.Reader, dry bool) (Report, error) {
	records, faults, err := read(in)
	report := Report{Made: map[Kind]int{}, Known: map[Kind]int{}, Faults: faults}
	if err != nil {
		return report, err
	}
	order := map[Kind]int{}
	for i, k := range kinds() {
		order[k] = i
	}
	sort.SliceStable(records, func(i, j int) bool { return order[records[i].kind] < order[records[j].kind] })
	size := batch
	if dry {
		size = len(records) + 1
	}
	for start := 0; start < len(records); start += size {
		part := records[start:min(start+size, len(records))]
		var taken Report
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			taken = Report{Made: map[Kind]int{}, Known: map[Kind]int{}}
			for _, r := range part {
				if err := s.take(tx, r, &taken); err != nil {
					return err
				}
			}
			if dry {
				return errUndo
			}
			return nil
		})
		if err != nil && !fault.Code(err, "import-dry-run") {
			return report, err
		}
		for _, k := range kinds() {
			report.Made[k] += taken.Made[k]
			report.Known[k] += taken.Known[k]
		}
		report.Faults = append(report.Faults, taken.Faults...)
	}
	sort.SliceStable(report.Faults, func(i, j int) bool { return report.Faults[i].Line < report.Faults[j].Line })
	return report, nil
}

// take takes one record. What is wrong with it is noted; only a fault of ours
// is returned. Everything about a record is looked at before the first write,
// so that a record is taken whole or not at all.
func (s *Service) take(tx *db.Tx, r record, report *Report) error {
	var made bool
	var err error
	switch r.kind {
	case Organization:
		made, err = s.organization(tx, r, organization.Client)
	case Reseller:
		made, err = s.organization(tx, r, organization.Reseller)
	case Contact:
		made, err = s.contact(tx, r)
	case Subscription:
		made, err = s.subscription(tx, r)
	default:
		made, err = s.account(tx, r)
	}
	if err != nil {
		e := fault.From(err)
		if e.Kind == fault.Internal || e.Kind == fault.Unavailable {
			return err
		}
		report.Faults = append(report.Faults, Fault{Line: r.line, Field: e.Field, Code: e.Code, Args: e.Args})
		return nil
	}
	if made {
		report.Made[r.kind]++
	} else {
		report.Known[r.kind]++
	}
	return nil
}

// ownDomains reads the domains as addresses keep them, so that they meet. A
// domain where anybody gets an address says nothing about who works together.
func ownDomains(r record) (names []string, err error) {
	for _, one := range strings.Fields(r.get("domains")) {
		at, err := account.ParseEmail("a@" + one)
		if err != nil || strings.Contains(one, "@") {
			return nil, fault.OnField("domains", "import-domain").With("domain", one)
		}
		name := strings.TrimPrefix(at.Key, "a@")
		if domains.Free(name) || domains.Disposable(name) {
			return nil, fault.OnField("domains", "import-domain-free").With("domain", one)
		}
		names = append(names, name)
	}
	return names, nil
}

func (s *Service) organization(tx *db.Tx, r record, kind organization.Kind) (bool, error) {
	names, err := ownDomains(r)
	if err != nil {
		return false, err
	}
	known, err := organization.ByReference(tx, r.get("reference"))
	switch {
	case err == nil && known.Kind != kind:
		return false, fault.OnField("reference", "import-kind-differs").With("reference", r.get("reference"))
	case err != nil && !fault.Is(err, fault.NotFound):
		return false, err
	}
	exists := err == nil
	for _, domain := range names {
		owner, err := organization.OfDomain(tx, domain)
		if err == nil && owner.ID != known.ID {
			return false, fault.OnField("domains", "import-domain-taken").With("domain", domain, "organization", owner.Name)
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return false, err
		}
	}
	if !exists {
		known, err = organization.Create(tx, s.Secret, organization.Organization{
			Name: r.get("name"), Kind: kind, Country: strings.ToUpper(r.get("country")),
			Origin: organization.ByImport, Reference: r.get("reference"),
		})
		if err != nil {
			return false, err
		}
		for _, domain := range names {
			if err := organization.VerifyDomain(tx, s.Secret, known.ID, domain, "import"); err != nil {
				return false, err
			}
		}
	}
	return !exists, nil
}

// referred finds the organization that a record names.
func referred(tx *db.Tx, r record) (organization.Organization, error) {
	o, err := organization.ByReference(tx, r.get("organization"))
	if fault.Is(err, fault.NotFound) {
		return o, fault.OnField("organization", "import-organization-unknown").With("reference", r.get("organization"))
	}
	return o, err
}

func (s *Service) contact(tx *db.Tx, r record) (bool, error) {
	o, err := referred(tx, r)
	if err != nil {
		return false, err
	}
	email, err := account.ParseEmail(r.get("email"))
	if err != nil {
		return false, err
	}
	role := organization.Role(strings.ToLower(r.get("role")))
	switch role {
	case "", organization.Administrator, organization.Technical, organization.Member:
	default:
		return false, fault.OnField("role", "import-role").With("role", r.get("role"))
	}
	return expect(tx, o, organization.Contact{
		Email: email.Typed, EmailKey: email.Key, FirstName: r.get("first_name"), LastName: r.get("last_name"),
		Role: role, Origin: organization.ByImport,
	})
}

// expect makes the organization expect an address, unless it does or did: who
// was removed from it since is not let in again by the same file.
func expect(tx *db.Tx, o organization.Organization, c organization.Contact) (bool, error) {
	others, err := organization.Expecting(tx, c.EmailKey)
	if err != nil {
		return false, err
	}
	for _, other := range others {
		if other.ID == o.ID {
			return false, nil
		}
	}
	return true, organization.Expect(tx, o.ID, c)
}

// product finds the product that a record names; it may leave out the only
// one that is offered.
func product(tx *db.Tx, r record) (license.Product, error) {
	all, err := license.Products(tx)
	if err != nil {
		return license.Product{}, err
	}
	var offered []license.Product
	for _, p := range all {
		if p.Offered {
			offered = append(offered, p)
		}
	}
	if r.get("product") == "" && len(offered) == 1 {
		return offered[0], nil
	}
	var ids []string
	for _, p := range all {
		if p.ID == r.get("product") {
			return p, nil
		}
		ids = append(ids, p.ID)
	}
	return license.Product{}, fault.OnField("product", "import-product-unknown").With("product", r.get("product"), "known", strings.Join(ids, ", "))
}

func (s *Service) subscription(tx *db.Tx, r record) (bool, error) {
	o, err := referred(tx, r)
	if err != nil {
		return false, err
	}
	p, err := product(tx, r)
	if err != nil {
		return false, err
	}
	from, _ := day(r.get("from")) // the form was checked when the file was read
	to, _ := day(r.get("to"))
	if !from.Before(to) {
		return false, fault.OnField("to", "import-dates-turned")
	}
	seats, _ := strconv.Atoi(r.get("seats"))
	// A subscription "to" a day includes that day.
	return s.grant(tx, o, p, license.Term{
		Kind: license.Subscription, StartsAt: from, EndsAt: to.AddDate(0, 0, 1), Seats: seats, GrantedBy: "import",
	})
}

// grant gives the organization's licence a term, unless it has the same one.
func (s *Service) grant(tx *db.Tx, o organization.Organization, p license.Product, t license.Term) (bool, error) {
	l, err := license.Make(tx, s.Secret, o.ID, p.ID)
	if err != nil {
		return false, err
	}
	for _, old := range l.Facts.Terms {
		if old.Kind == t.Kind && old.StartsAt.Equal(t.StartsAt) && old.EndsAt.Equal(t.EndsAt) {
			return false, nil
		}
	}
	_, err = license.Grant(tx, s.Secret, l, t)
	return true, err
}
