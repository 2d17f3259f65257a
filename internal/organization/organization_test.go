package organization_test

import (
	"fmt"
	"sync"
	"testing"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

func write(t *testing.T, e *dbtest.Env, f func(*db.Tx) error) {
	t.Helper()
	if err := e.DB.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func company(t *testing.T, e *dbtest.Env, name string) (o organization.Organization) {
	t.Helper()
	write(t, e, func(tx *db.Tx) (err error) {
		o, err = organization.Create(tx, e.Secret, organization.Organization{Name: name, Kind: organization.Client, Origin: organization.ByImport})
		return err
	})
	return o
}

func expect(t *testing.T, e *dbtest.Env, o organization.Organization, email string, role organization.Role) {
	t.Helper()
	write(t, e, func(tx *db.Tx) error {
		return organization.Expect(tx, o.ID, organization.Contact{Email: email, EmailKey: email, Role: role, Origin: organization.ByImport})
	})
}

func join(t *testing.T, e *dbtest.Env, account, email string) (out organization.Outcome) {
	t.Helper()
	write(t, e, func(tx *db.Tx) (err error) {
		out, err = organization.JoinByConfirmedAddress(tx, e.Secret, account, email)
		return err
	})
	return out
}

func TestLikeNamesHaveOneKey(t *testing.T) {
	for _, names := range [][]string{
		{"Alpenblick Kliniken AG", "ALPENBLICK-KLINIKEN", "Alpenblick  Kliniken, AG."},
		{"Müller & Söhne GmbH", "Muller Sohne", "MÜLLER + SÖHNE gmbh"},
		{"Straße AG", "Strasse"},
		{"Ærø Energi ApS", "aero energi"},
		{"Łódź Sp", "lodz sp"},
	} {
		for _, name := range names[1:] {
			if a, b := organization.NameKey(names[0]), organization.NameKey(name); a != b {
				t.Errorf("%q is %q, %q is %q", names[0], a, name, b)
			}
		}
	}
	if organization.NameKey("AG") != "ag" || organization.NameKey("Harbour Vale") == organization.NameKey("Harbour Vista") {
		t.Error("names are folded too far")
	}
}

func TestAnExpectedAddressJoinsOnceAndTheFirstAdministers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		o := company(t, e, "Harbour Vale Council")
		for _, email := range []string{"a@x.example", "b@x.example"} {
			expect(t, e, o, email, "")
		}
		expect(t, e, o, "c@x.example", organization.Technical)
		for i, want := range []organization.Role{organization.Administrator, organization.Member, organization.Technical} {
			email := string(rune('a'+i)) + "@x.example"
			if got := join(t, e, "account-"+email, email); !got.Joined || got.Membership.Role != want {
				t.Errorf("%s became %+v, want %s", email, got, want)
			}
		}
		if again := join(t, e, "account-a@x.example", "a@x.example"); again.Membership.Role != organization.Administrator {
			t.Errorf("again: %+v", again)
		}
		// Somebody else who later holds the address is not let in by what was met.
		if other := join(t, e, "another", "a@x.example"); other.Joined || other.JoinRequest != "" {
			t.Errorf("the address let in two: %+v", other)
		}
		// Who is expected again while being a member is not brought back after a removal.
		expect(t, e, o, "b@x.example", "")
		join(t, e, "account-b@x.example", "b@x.example")
		write(t, e, func(tx *db.Tx) error { return organization.Leave(tx, "account-b@x.example") })
		if back := join(t, e, "account-b@x.example", "b@x.example"); back.Joined {
			t.Errorf("a removed member came back: %+v", back)
		}
	})
}

// asvs: V15.4.2
func TestOfManyWhoJoinAtOnceOneAdministers(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		nodes := []*dbtest.Env{a, b}
		o := company(t, a, "Harbour Vale Council")
		const people = 12
		for i := range people {
			expect(t, a, o, fmt.Sprintf("p%d@x.example", i), "")
		}
		var wg sync.WaitGroup
		for i := range people {
			wg.Go(func() {
				email := fmt.Sprintf("p%d@x.example", i)
				err := nodes[i%2].DB.Write(t.Context(), func(tx *db.Tx) error {
					_, err := organization.JoinByConfirmedAddress(tx, a.Secret, "account-"+email, email)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		write(t, a, func(tx *db.Tx) error {
			admins, err := organization.Administrators(tx, o.ID)
			if len(admins) != 1 {
				t.Errorf("administrators %v", admins)
			}
			if n, err := organization.Members(tx, o.ID); n != people || err != nil {
				t.Errorf("%d members, %v", n, err)
			}
			return err
		})
	})
}

func TestADomainBelongsToOneOrganization(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		first, second := company(t, e, "First"), company(t, e, "Second")
		write(t, e, func(tx *db.Tx) error {
			if err := organization.VerifyDomain(tx, e.Secret, first.ID, "Firm.Example", "ines"); err != nil {
				return err
			}
			if err := organization.VerifyDomain(tx, e.Secret, first.ID, "firm.example", "ines"); err != nil {
				t.Errorf("again: %v", err)
			}
			if err := organization.VerifyDomain(tx, e.Secret, second.ID, "firm.example", "ines"); !fault.Code(err, "domain-taken") {
				t.Errorf("another organization's: %v", err)
			}
			o, err := organization.OfDomain(tx, "FIRM.example")
			if o.ID != first.ID {
				t.Errorf("the domain is %+v's", o)
			}
			return err
		})
		if got := join(t, e, "stranger", "somebody@sub.firm.example"); got.Joined || got.JoinRequest != "" {
			t.Errorf("a mailbox on another domain: %+v", got)
		}
		asked := join(t, e, "colleague", "somebody@firm.example")
		if asked.Joined || asked.JoinRequest == "" {
			t.Errorf("a mailbox on the domain: %+v", asked)
		}
		// Who joins another organization asks no longer.
		expect(t, e, second, "somebody@firm.example", "")
		if got := join(t, e, "colleague", "somebody@firm.example"); !got.Joined || got.Membership.Organization.ID != second.ID {
			t.Errorf("expected elsewhere: %+v", got)
		}
		write(t, e, func(tx *db.Tx) error {
			j, err := organization.LastJoinRequest(tx, "colleague")
			if j.State != organization.JoinWithdrawn {
				t.Errorf("the join request is %s", j.State)
			}
			_, elsewhere := organization.Admit(tx, e.Secret, first.ID, "colleague", "", "", organization.ByStaff)
			if !fault.Code(elsewhere, "member-elsewhere") {
				t.Errorf("a second membership: %v", elsewhere)
			}
			return err
		})
	})
}
