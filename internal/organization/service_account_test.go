package organization_test

import (
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
	"vestibule/internal/secret"
)

// programs is a company with an administrator, whose Service it returns.
func programs(t *testing.T, e *dbtest.Env) (*organization.Service, organization.Organization) {
	t.Helper()
	o := company(t, e, "Firm")
	member(t, e, o, "boss", "boss@firm.example", organization.Administrator)
	return &organization.Service{DB: e.DB, Secret: e.Secret, PerToken: organization.DefaultPerToken()}, o
}

func member(t *testing.T, e *dbtest.Env, o organization.Organization, id, email string, role organization.Role) {
	t.Helper()
	expect(t, e, o, email, role)
	if got := join(t, e, id, email); got.Membership.Role != role {
		t.Fatalf("%s is %+v", id, got)
	}
}

func who(t *testing.T, e *dbtest.Env, token string) (c organization.Caller, err error) {
	t.Helper()
	err = e.DB.Read(t.Context(), func(tx *db.Tx) error { c, err = organization.ByToken(tx, token); return err })
	return c, err
}

func make1(t *testing.T, s *organization.Service, person, name string, scopes ...organization.Scope) (organization.ServiceAccount, string) {
	t.Helper()
	a, token, err := s.MakeServiceAccount(t.Context(), person, organization.NewServiceAccount{Name: name, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return a, token
}

// The name stands in mails to the administrators.
func TestTheNameOfAProgramDeceivesNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s, _ := programs(t, e)
		for _, name := range []string{"\u202egnp.exe", "a\x1bb", "zero\u200bwidth", "Blocked! Go to https://evil.example/now", "www.evil.example", "<b>Update</b>", "\xff"} {
			_, _, err := s.MakeServiceAccount(t.Context(), "boss", organization.NewServiceAccount{Name: name, Scopes: []organization.Scope{organization.ScopeFiles}})
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%q is taken: %v", name, err)
			}
		}
		make1(t, s, "boss", "Évaluation der Büro-Rechner (Süd), 2. Stock", organization.ScopeFiles)
	})
}

// asvs: V11.5.1
func TestATokenOpensWhatItsAccountMayAndNoMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s, o := programs(t, e)
		a, token := make1(t, s, "boss", "  Update   server ", organization.ScopeDownload, organization.ScopeReleases, organization.ScopeDownload, "everything")
		if !regexp.MustCompile(`^vst_[0-9a-hjkmnp-tv-z]{26}_[0-9a-hjkmnp-tv-z]{39}$`).MatchString(token) {
			t.Errorf("a token no scanner finds: %q", token)
		}
		c, err := who(t, e, token)
		if err != nil || c.Organization != o.ID || c.Company != "Firm" || c.Account != a.ID || c.Name != "Update server" {
			t.Fatalf("%+v %v", c, err)
		}
		if !c.May(organization.ScopeReleases) || !c.May(organization.ScopeDownload) || c.May(organization.ScopeValidate) || c.May("everything") || len(c.Scopes) != 2 {
			t.Errorf("scopes %v", c.Scopes)
		}
		for name, bad := range map[string]struct{ token, code string }{
			"nothing":       {"", "token-malformed"},
			"cut short":     {token[:len(token)-1], "token-malformed"},
			"a slip":        {strings.Replace(token, token[40:42], "00", 1), "token-malformed"},
			"capital":       {strings.ToUpper(token), "token-malformed"},
			"never made":    {other(t, e), "token-unknown"},
			"another's end": {mixed(t, s, token), "token-malformed"},
		} {
			if _, err := who(t, e, bad.token); !fault.Is(err, fault.Unauthenticated) || !fault.Code(err, bad.code) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// other is a whole token of another portal.
func other(t *testing.T, e *dbtest.Env) string {
	far := dbtest.SQLite(t)
	far.Clock.Set(e.Clock.Now())
	far.Secret = secret.Seeded(99)
	s, _ := programs(t, far)
	_, token := make1(t, s, "boss", "x", organization.ScopeValidate)
	return token
}

func mixed(t *testing.T, s *organization.Service, token string) string {
	_, second := make1(t, s, "boss", "another", organization.ScopeValidate)
	return token[:40] + second[40:]
}

func TestARotationOverlapsAsLongAsChosen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s, _ := programs(t, e)
		a, first := make1(t, s, "boss", "x", organization.ScopeValidate)
		a, second, err := s.RotateToken(t.Context(), "boss", a.ID, a.Tokens[0].ID, 0, time.Hour)
		if err != nil || len(a.Tokens) != 2 {
			t.Fatalf("%+v %v", a, err)
		}
		for _, token := range []string{first, second} {
			if _, err := who(t, e, token); err != nil {
				t.Errorf("while the rotation lasts: %v", err)
			}
		}
		if _, _, err := s.RotateToken(t.Context(), "boss", a.ID, a.Tokens[1].ID, 0, 0); !fault.Is(err, fault.Conflict) {
			t.Errorf("a rotation of what was seen before another: %v", err)
		}
		for _, bad := range []time.Duration{-1, organization.MaxOverlap + 1} {
			if _, _, err := s.RotateToken(t.Context(), "boss", a.ID, a.Tokens[0].ID, 0, bad); !fault.Code(err, "token-overlap") {
				t.Errorf("an overlap of %v: %v", bad, err)
			}
		}
		e.Clock.Advance(time.Hour)
		if _, err := who(t, e, first); !fault.Code(err, "token-expired") {
			t.Errorf("the earlier one after the overlap: %v", err)
		}
		// A second rotation while one lasts leaves two at most.
		a, third, err := s.RotateToken(t.Context(), "boss", a.ID, a.Tokens[0].ID, 24*time.Hour, 7*24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		a, _, err = s.RotateToken(t.Context(), "boss", a.ID, a.Tokens[0].ID, 0, 7*24*time.Hour)
		if err != nil || len(a.Tokens) != 2 {
			t.Fatalf("%+v %v", a.Tokens, err)
		}
		if _, err := who(t, e, second); !fault.Code(err, "token-expired") {
			t.Errorf("the one before the one before: %v", err)
		}
		// The third has its own end, which no overlap moves on.
		e.Clock.Advance(24 * time.Hour)
		if _, err := who(t, e, third); !fault.Code(err, "token-expired") {
			t.Errorf("after its own end: %v", err)
		}
	})
}

func TestARevokedAccountOpensNothingAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s, _ := programs(t, e)
		a, first := make1(t, s, "boss", "x", organization.ScopeValidate)
		_, second, err := s.RotateToken(t.Context(), "boss", a.ID, a.Tokens[0].ID, 0, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.RevokeServiceAccount(t.Context(), "boss", a.ID); err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{first, second} {
			if _, err := who(t, e, token); !fault.Code(err, "token-unknown") {
				t.Errorf("after the revocation: %v", err)
			}
		}
		if _, err := s.RevokeServiceAccount(t.Context(), "boss", a.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("again: %v", err)
		}
		make1(t, s, "boss", "X", organization.ScopeValidate) // the name is free again
		if list, err := s.ServiceAccounts(t.Context(), "boss"); err != nil || len(list) != 1 {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// asvs: V8.2.2
func TestProgramsAreKeptByAdministratorsAndTechniciansOfTheirOwnOrganization(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s, o := programs(t, e)
		member(t, e, o, "tech", "tech@firm.example", organization.Technical)
		member(t, e, o, "plain", "plain@firm.example", organization.Member)
		member(t, e, company(t, e, "Other"), "stranger", "boss@other.example", organization.Administrator)
		a, token := make1(t, s, "tech", "x", organization.ScopeValidate)

		for person, kind := range map[string]fault.Kind{"plain": fault.Denied, "stranger": fault.NotFound, "nobody": fault.NotFound} {
			_, err := s.ServiceAccount(t.Context(), person, a.ID)
			_, _, rotated := s.RotateToken(t.Context(), person, a.ID, a.Tokens[0].ID, 0, 0)
			_, revoked := s.RevokeServiceAccount(t.Context(), person, a.ID)
			for _, err := range []error{err, rotated, revoked} {
				if !fault.Is(err, kind) {
					t.Errorf("%s: %v", person, err)
				}
			}
		}
		if _, _, err := s.MakeServiceAccount(t.Context(), "plain", organization.NewServiceAccount{Name: "y", Scopes: organization.Scopes()}); !fault.Is(err, fault.Denied) {
			t.Errorf("a plain member made one: %v", err)
		}
		if _, err := who(t, e, token); err != nil {
			t.Errorf("it was touched: %v", err)
		}
		for name, n := range map[string]organization.NewServiceAccount{
			"name/required":                   {Scopes: organization.Scopes()},
			"name/too-long":                   {Name: strings.Repeat("x", 61), Scopes: organization.Scopes()},
			"name/service-account-name-taken": {Name: "X", Scopes: organization.Scopes()},
			"scopes/scope-needed":             {Name: "y", Scopes: []organization.Scope{"all"}},
			"life/token-life":                 {Name: "y", Scopes: organization.Scopes(), Life: organization.MaxTokenLife + 1},
		} {
			_, _, err := s.MakeServiceAccount(t.Context(), "boss", n)
			field, code, _ := strings.Cut(name, "/")
			if !fault.Is(err, fault.Invalid) || !fault.Code(err, code) || fault.From(err).Field != field {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestTheLastUseIsWrittenOnceAMinute(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s, _ := programs(t, e)
		a, token := make1(t, s, "boss", "x", organization.ScopeValidate)
		used := func() time.Time {
			a, err := s.ServiceAccount(t.Context(), "boss", a.ID)
			if err != nil {
				t.Fatal(err)
			}
			return a.LastUsed()
		}
		begun := e.Clock.Now()
		for i := range 5 {
			if _, left, err := s.Caller(t.Context(), token, "192.0.2.7"); err != nil || left.Limit.Burst == 0 || left.Left >= left.Limit.Burst {
				t.Fatalf("use %d: %+v %v", i, left, err)
			}
			e.Clock.Advance(10 * time.Second)
		}
		if got := used(); !got.Equal(begun) {
			t.Errorf("within a minute it was written again: %v", got)
		}
		e.Clock.Advance(10 * time.Second)
		if _, _, err := s.Caller(t.Context(), token, "192.0.2.7"); err != nil {
			t.Fatal(err)
		}
		if got := used(); !got.Equal(begun.Add(time.Minute)) {
			t.Errorf("after a minute: %v", got)
		}
	})
}

func TestWhoTriesTokensIsStopped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s, _ := programs(t, e)
		_, good := make1(t, s, "boss", "x", organization.ScopeValidate)
		bad := other(t, e)
		for i := range 25 {
			_, _, err := s.Caller(t.Context(), bad, "192.0.2.7")
			if want := map[bool]fault.Kind{true: fault.Unauthenticated, false: fault.TooMany}[i < 20]; !fault.Is(err, want) {
				t.Errorf("try %d: %v", i+1, err)
			}
		}
		if _, _, err := s.Caller(t.Context(), good, "192.0.2.7"); err != nil {
			t.Errorf("a good token from the same network: %v", err)
		}
	})
}

// asvs: V15.4.2
func TestOfManyRotationsAtOnceOneTakesPlace(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		s, _ := programs(t, a)
		made, _ := make1(t, s, "boss", "x", organization.ScopeValidate)
		nodes := []*organization.Service{s, {DB: b.DB, Secret: b.Secret, PerToken: s.PerToken}}
		var wg sync.WaitGroup
		var through atomic.Int64
		for i := range 16 {
			wg.Go(func() {
				_, _, err := nodes[i%2].RotateToken(t.Context(), "boss", made.ID, made.Tokens[0].ID, 0, time.Hour)
				switch {
				case err == nil:
					through.Add(1)
				case !fault.Is(err, fault.Conflict):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := through.Load(); n != 1 {
			t.Errorf("%d rotations of one token", n)
		}
	})
}
