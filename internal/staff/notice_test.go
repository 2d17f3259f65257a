package staff

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
)

func TestNoticesGoToThoseWhoMayActAndAreSetUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		told := func(p Permission) (addresses []string) {
			t.Helper()
			if err := e.DB.Read(t.Context(), func(tx *db.Tx) error {
				all, err := Addresses(tx, p)
				addresses = nil
				for _, m := range all {
					addresses = append(addresses, m.Email+" "+m.Lang)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return addresses
		}
		inv := add(t, s, ines(Approver))
		if got := told(RequestsDecide); len(got) != 0 {
			t.Errorf("told before the set-up: %v", got)
		}
		enrol(t, e, s, inv)
		enrol(t, e, s, add(t, s, tom(Auditor)))
		if got := told(RequestsDecide); len(got) != 1 || got[0] != "ines.duarte@northwind.example en" {
			t.Errorf("told of requests: %v", got)
		}
		if got := told(AuditView); len(got) != 1 || got[0] != "tom.hale@northwind.example de" {
			t.Errorf("told of the trail: %v", got)
		}
		var isStaff, nobody bool
		if err := e.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
			if isStaff, err = Is(tx, inv.Account); err != nil {
				return err
			}
			nobody, err = Is(tx, "no-such-account")
			return err
		}); err != nil || !isStaff || nobody {
			t.Errorf("staff %v, a stranger %v, %v", isStaff, nobody, err)
		}
		if _, err := s.Reset(t.Context(), "iduarte"); err != nil {
			t.Fatal(err)
		}
		if got := told(RequestsDecide); len(got) != 0 {
			t.Errorf("told after a reset: %v", got)
		}
	})
}

func TestThePasswordIsJudgedWhileItIsTypedByTheRulesThatDecide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		ticket, err := s.Begin(t.Context(), add(t, s, ines(Approver)).Token)
		if err != nil {
			t.Fatal(err)
		}
		for _, plain := range []string{"short", "Ines-Duarte-Northwind-1", good} {
			list, _, err := s.Findings(t.Context(), ticket, plain)
			if err != nil {
				t.Fatal(err)
			}
			met := true
			for _, f := range list {
				met = met && f.Met
			}
			err = s.SetPassword(t.Context(), ticket, plain)
			if (err == nil) != met {
				t.Errorf("%q: the checklist says %v, the decision is %v", plain, met, err)
			}
		}
		if _, _, err := s.Findings(t.Context(), "no.ticket", good); !fault.Is(err, fault.Gone) {
			t.Errorf("without a ticket: %v", err)
		}
	})
}

func TestANewQRCodeMakesTheOneBeforeWorthless(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		ticket, err := s.Begin(t.Context(), add(t, s, ines(Approver)).Token)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.NewSecret(t.Context(), ticket); !fault.Is(err, fault.Conflict) {
			t.Errorf("before there is a password: %v", err)
		}
		if err := s.SetPassword(t.Context(), ticket, good); err != nil {
			t.Fatal(err)
		}
		digits := func() string {
			t.Helper()
			v, err := s.Setup(t.Context(), ticket)
			if err != nil {
				t.Fatal(err)
			}
			c, err := totp.GenerateCode(v.Enrolment.Secret, e.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		old := digits()
		if err := s.NewSecret(t.Context(), ticket); err != nil {
			t.Fatal(err)
		}
		if err := s.Prove(t.Context(), ticket, old); !fault.Code(err, "staff-code-wrong") {
			t.Errorf("a code of the secret before: %v", err)
		}
		right := digits()

		// Of equal submits one counts, and the others are no wrong codes.
		var wg sync.WaitGroup
		var proved atomic.Int32
		for range 6 {
			wg.Go(func() {
				switch err := s.Prove(t.Context(), ticket, right); {
				case err == nil:
					proved.Add(1)
				case !fault.Is(err, fault.Conflict):
					t.Errorf("prove: %v", err)
				}
			})
		}
		wg.Wait()
		if proved.Load() != 1 {
			t.Errorf("%d proofs count", proved.Load())
		}
	})
}

// asvs: V6.3.1
func TestGuessingAtTheFirstCodeIsBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		ticket, err := s.Begin(t.Context(), add(t, s, ines(Approver)).Token)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SetPassword(t.Context(), ticket, good); err != nil {
			t.Fatal(err)
		}
		for range codeTries.Burst {
			if err := s.Prove(t.Context(), ticket, "000000"); !fault.Code(err, "staff-code-wrong") {
				t.Fatal(err)
			}
		}
		if err := s.Prove(t.Context(), ticket, "000000"); !fault.Is(err, fault.TooMany) {
			t.Errorf("after %d tries: %v", codeTries.Burst, err)
		}
		e.Clock.Advance(codeTries.Every)
		if err := s.Prove(t.Context(), ticket, "000000"); !fault.Code(err, "staff-code-wrong") {
			t.Errorf("after a while: %v", err)
		}
	})
}

// asvs: V7.3.1
func TestAStaffSessionThatIsUsedLastsAndOneThatIsLeftEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		token, _ := enrol(t, e, s, add(t, s, ines(Approver)))
		for range 3 {
			e.Clock.Advance(s.Lives.Idle - time.Minute)
			if _, err := s.Identify(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		e.Clock.Advance(s.Lives.Idle)
		if _, err := s.Identify(t.Context(), token); !fault.Code(err, "session-idle") {
			t.Errorf("left alone: %v", err)
		}
	})
}

func TestWhoIsNotStaffIsNotFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		for name, err := range map[string]error{
			"reset":  second(s.Reset(t.Context(), "nobody")),
			"roles":  s.SetRoles(t.Context(), "nobody", []Role{Auditor}),
			"remove": s.Remove(t.Context(), "nobody"),
		} {
			if !fault.Code(err, "staff-unknown") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := s.SetRoles(t.Context(), "nobody", []Role{"emperor"}); !fault.Code(err, "staff-roles") {
			t.Errorf("an unknown role: %v", err)
		}
	})
}

func TestAnAdministratorWhoNeverCameDoesNotCountAsTheOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		enrol(t, e, s, add(t, s, ines(Administrator)))
		link := add(t, s, tom(Administrator))
		if err := s.Remove(t.Context(), "iduarte"); !fault.Code(err, "last-administrator") {
			t.Errorf("the only one who is set up: %v", err)
		}
		if err := s.SetRoles(t.Context(), "iduarte", []Role{Auditor}); !fault.Code(err, "last-administrator") {
			t.Errorf("the only one who is set up, another role: %v", err)
		}
		enrol(t, e, s, link)
		if err := s.Remove(t.Context(), "iduarte"); err != nil {
			t.Errorf("with another who is: %v", err)
		}
	})
}

func second(_ Invitation, err error) error { return err }
