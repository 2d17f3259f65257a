package organization_test

import (
	"testing"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

func TestTheOfficeDecidesOnlyWhereNoAdministratorCan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := &organization.Service{DB: e.DB, Secret: e.Secret}
		o := company(t, e, "Firm")
		write(t, e, func(tx *db.Tx) error { return organization.VerifyDomain(tx, e.Secret, o.ID, "firm.example", "ines") })

		alone := join(t, e, "first", "first@firm.example").JoinRequest
		if _, err := s.DecideJoin(t.Context(), alone, true, "ines"); err != nil {
			t.Fatalf("nobody else could decide: %v", err)
		}
		expect(t, e, o, "boss@firm.example", organization.Administrator)
		if got := join(t, e, "boss", "boss@firm.example"); got.Membership.Role != organization.Administrator {
			t.Fatalf("%+v", got)
		}
		theirs := join(t, e, "second", "second@firm.example").JoinRequest
		for _, accept := range []bool{true, false} {
			if _, err := s.DecideJoin(t.Context(), theirs, accept, "ines"); !fault.Is(err, fault.Denied) || !fault.Code(err, "join-theirs") {
				t.Errorf("the office decided (%t) for an administrator: %v", accept, err)
			}
		}
		if _, err := s.DecideAs(t.Context(), "boss", theirs, true); err != nil {
			t.Errorf("the administrator: %v", err)
		}
	})
}
