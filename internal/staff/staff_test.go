package staff

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/password"
	"vestibule/internal/session"
)

const good = "correct-horse-Battery-7"

func service(t *testing.T, e *dbtest.Env) *Service {
	t.Helper()
	pattern, err := account.ParsePattern("{f}{last}")
	if err != nil {
		t.Fatal(err)
	}
	cheap := password.Options{Params: password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}}
	return &Service{
		DB: e.DB, Ring: e.Ring, Secret: e.Secret, Pattern: pattern, Lives: session.StaffLives, Issuer: "Northwind",
		Passwords: &account.Passwords{Hasher: password.New(e.Ring, e.Secret, cheap), Rules: password.Guide()},
	}
}

func ines(roles ...Role) New {
	return New{Email: "ines.duarte@northwind.example", FirstName: "Ines", LastName: "Duarte", Lang: "en", Roles: roles}
}

func tom(roles ...Role) New {
	return New{Email: "tom.hale@northwind.example", FirstName: "Tom", LastName: "Hale", Lang: "de", Roles: roles}
}

func add(t *testing.T, s *Service, n New) Invitation {
	t.Helper()
	inv, err := s.Add(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// enrol goes the whole way and returns the session's token and the recovery codes.
func enrol(t *testing.T, e *dbtest.Env, s *Service, inv Invitation) (session.Token, []string) {
	t.Helper()
	ticket, err := s.Begin(t.Context(), inv.Token)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetPassword(t.Context(), ticket, good); err != nil {
		t.Fatal(err)
	}
	v, err := s.Setup(t.Context(), ticket)
	if err != nil {
		t.Fatal(err)
	}
	c, err := totp.GenerateCode(v.Enrolment.Secret, e.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prove(t.Context(), ticket, c); err != nil {
		t.Fatal(err)
	}
	v, err = s.Setup(t.Context(), ticket)
	if err != nil || v.Step != StepCodes {
		t.Fatalf("%v %v", v.Step, err)
	}
	token, err := s.Finish(t.Context(), ticket, "Firefox")
	if err != nil {
		t.Fatal(err)
	}
	return token, v.Codes
}

func TestSomebodyWhoIsAddedSetsUpPasswordAndAuthenticatorAndIsIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		inv := add(t, s, ines(Approver, Helpdesk))
		if inv.UserID != "iduarte" || !inv.Until.Equal(e.Clock.Now().Add(time.Hour)) {
			t.Errorf("%+v", inv)
		}
		v, err := s.Invited(t.Context(), inv.Token)
		if err != nil || v.Name != "Ines Duarte" {
			t.Fatalf("%+v %v", v, err)
		}
		token, codes := enrol(t, e, s, inv)
		if len(codes) != account.RecoveryCodeCount {
			t.Errorf("%d recovery codes", len(codes))
		}
		who, err := s.Identify(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if who.Name != "Ines Duarte" || !slices.Equal(who.Roles, []Role{Approver, Helpdesk}) {
			t.Errorf("%+v", who)
		}
		want := []Permission{RequestsView, RequestsDecide, OrganizationsView, AccountsView, AccountsHelp, LicensesView, LicensesManage, ReleasesView, MessagesView, MessagesManage}
		if got := who.Permissions(); !slices.Equal(got, want) {
			t.Errorf("permissions %v", got)
		}
		all, err := s.List(t.Context())
		if err != nil || len(all) != 1 || !all[0].Enrolled || all[0].Lang != "en" {
			t.Errorf("%+v %v", all, err)
		}
	})
}

// asvs: V6.4.1
func TestTheLinkWorksOnceAndForAnHour(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		inv := add(t, s, ines(Approver))
		for range 3 { // looking changes nothing
			if _, err := s.Invited(t.Context(), inv.Token); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Begin(t.Context(), inv.Token); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Begin(t.Context(), inv.Token); !fault.Code(err, "link-used") {
			t.Errorf("a second time: %v", err)
		}
		late := add(t, s, tom(Approver))
		e.Clock.Advance(time.Hour)
		if _, err := s.Begin(t.Context(), late.Token); !fault.Code(err, "link-gone") {
			t.Errorf("after an hour: %v", err)
		}
	})
}

// asvs: V2.3.1
func TestNoStepOfTheSetUpCanBeSkippedOrTakenTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		ticket, err := s.Begin(t.Context(), add(t, s, ines(Approver)).Token)
		if err != nil {
			t.Fatal(err)
		}
		conflict := func(what string, err error) {
			t.Helper()
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err = s.Finish(t.Context(), ticket, "")
		conflict("finish before the password", err)
		conflict("a code before the password", s.Prove(t.Context(), ticket, "123456"))
		conflict("a new QR code before the password", s.NewSecret(t.Context(), ticket))
		if err := s.SetPassword(t.Context(), ticket, "short"); !fault.Is(err, fault.Invalid) {
			t.Errorf("a bad password: %v", err)
		}
		if err := s.SetPassword(t.Context(), ticket, good); err != nil {
			t.Fatal(err)
		}
		conflict("the password twice", s.SetPassword(t.Context(), ticket, good+"x"))
		_, err = s.Finish(t.Context(), ticket, "")
		conflict("finish before the authenticator", err)
		if err := s.Prove(t.Context(), ticket, "000000"); !fault.Code(err, "staff-code-wrong") {
			t.Errorf("a wrong code: %v", err)
		}
		for range 12 {
			err = s.Prove(t.Context(), ticket, "000000")
		}
		if !fault.Is(err, fault.TooMany) {
			t.Errorf("guessing: %v", err)
		}
	})
}

func TestResetTakesAllAwayAndEndsWhatWasBegun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		first := add(t, s, ines(Administrator))
		token, _ := enrol(t, e, s, first)
		if _, err := s.Reset(t.Context(), "nobody"); !fault.Code(err, "staff-unknown") {
			t.Errorf("nobody: %v", err)
		}
		second, err := s.Reset(t.Context(), "iduarte")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Identify(t.Context(), token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the session after a reset: %v", err)
		}
		// A set-up that was begun, and then reset again, goes nowhere, even when the newer one has come as far.
		begun, err := s.Begin(t.Context(), second.Token)
		if err != nil {
			t.Fatal(err)
		}
		third, err := s.Reset(t.Context(), "ines.duarte@northwind.example")
		if err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(time.Minute)
		enrol(t, e, s, third)
		if _, err := s.Finish(t.Context(), begun, ""); !fault.Is(err, fault.Gone) {
			t.Errorf("an old set-up: %v", err)
		}
	})
}

// asvs: V8.3.2
func TestARoleThatIsLostEndsTheSessionAndTheLastAdministratorStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		token, _ := enrol(t, e, s, add(t, s, ines(Administrator)))
		for _, err := range []error{s.SetRoles(t.Context(), "iduarte", []Role{Approver}), s.Remove(t.Context(), "iduarte")} {
			if !fault.Code(err, "last-administrator") {
				t.Errorf("the last administrator: %v", err)
			}
		}
		if _, err := s.Identify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		enrol(t, e, s, add(t, s, tom(Administrator)))
		if err := s.SetRoles(t.Context(), "iduarte", []Role{Auditor}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Identify(t.Context(), token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("after the loss of a role: %v", err)
		}
		if err := s.Remove(t.Context(), "iduarte"); err != nil {
			t.Fatal(err)
		}
		err := e.DB.Read(t.Context(), func(tx *db.Tx) error {
			a, err := account.FindByUserID(tx, "iduarte")
			if a.State != account.Disabled {
				t.Errorf("state %s", a.State)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Remove(t.Context(), "thale"); !fault.Code(err, "last-administrator") {
			t.Errorf("the last administrator: %v", err)
		}
	})
}

// asvs: V15.4.2
func TestTwoAdministratorsWhoRemoveEachOtherAtOnceDoNotBothSucceed(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		one, two := service(t, a), service(t, b)
		add(t, one, ines(Administrator))
		add(t, one, tom(Administrator))
		var done atomic.Int32
		var both sync.WaitGroup
		remove := func(s *Service, whom string) {
			err := s.Remove(context.Background(), whom)
			if err == nil {
				done.Add(1)
			} else if !fault.Is(err, fault.Conflict) {
				t.Error(err)
			}
		}
		both.Go(func() { remove(one, "thale") })
		both.Go(func() { remove(two, "iduarte") })
		both.Wait()
		if done.Load() != 1 {
			t.Errorf("%d were removed, want 1", done.Load())
		}
	})
}

func TestBadDataIsToldAtItsField(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		_, err := s.Add(t.Context(), New{Email: "x", FirstName: "", LastName: "http://x.example", Roles: []Role{"king"}})
		f := fault.From(err)
		var fields []string
		for _, one := range f.Fields {
			fields = append(fields, one.Field)
		}
		if strings.Join(fields, " ") != "email first last roles" {
			t.Errorf("%v", err)
		}
		add(t, s, ines(Approver))
		if _, err := s.Add(t.Context(), ines(Approver)); !fault.Code(err, "email-taken") {
			t.Errorf("twice: %v", err)
		}
	})
}

// asvs: V8.1.1 V8.2.1
func TestTheTableOfRolesIsWhole(t *testing.T) {
	for _, r := range Roles() {
		if len(r.Grants()) == 0 {
			t.Errorf("%s grants nothing", r)
		}
		// To change a thing, one must be able to see it.
		for change, see := range map[Permission]Permission{RequestsDecide: RequestsView, AccountsHelp: AccountsView, MessagesManage: MessagesView, LicensesManage: LicensesView, ReleasesManage: ReleasesView} {
			if May([]Role{r}, change) && !May([]Role{r}, see) {
				t.Errorf("%s may %s and not %s", r, change, see)
			}
		}
	}
	for _, p := range []Permission{RequestsDecide, AccountsHelp, MessagesManage, LicensesManage, ProductsManage, ReleasesManage, SettingsManage, StaffManage} {
		if May([]Role{Auditor}, p) {
			t.Errorf("the auditor may %s", p)
		}
	}
	if len(Administrator.Grants()) != len(Permissions()) || Role("king").Grants() != nil || May(nil, RequestsView) {
		t.Error("the table's ends")
	}
}
