package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

const people = `user_id,email,first_name,last_name,mobile,organization,country,lang,password_hash,state,evaluated
bobrien,ben@beta-house.example,Ben,O'Brien,07700 900123,C-200,GB,en,,,2021-03-01
lilei,li@example.com,雷,李,,,,,,expired,
"ada",ada@example.com,Ada,"Lovelace",,,GB,en,$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga,active,
old,old@example.com,Ola,Dahl,,,,,$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga,,
`

const peopleJSON = `{"user_id": "bobrien", "email": "ben@beta-house.example", "first_name": "Ben", "last_name": "O'Brien", "mobile": "07700 900123", "organization": "C-200", "country": "GB", "lang": "en", "evaluated": "2021-03-01"}

{"user_id": "lilei", "email": "li@example.com", "first_name": "雷", "last_name": "李", "state": "expired"}
{"user_id": "ada", "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "country": "GB", "language": "en", "password_hash": "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "state": "active"}
{"user_id": "old", "email": "old@example.com", "first_name": "Ola", "last_name": "Dahl", "password_hash": "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga"}
`

// known makes the organization that the accounts name.
func known(t *testing.T, s *Service) {
	t.Helper()
	if _, err := s.Import(t.Context(), strings.NewReader("record,reference,name\norganization,C-200,Beta House\n"), false); err != nil {
		t.Fatal(err)
	}
}

func taking(t *testing.T, s *Service, text string, o AccountsOptions) (Counts, []Line) {
	t.Helper()
	var lines []Line
	o.Each = func(l Line) error { lines = append(lines, l); return nil }
	if o.Format == "" {
		o.Format = CSV
	}
	counts, err := s.Accounts(t.Context(), strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return counts, lines
}

func TestAFileOfAccountsIsTakenAndASecondTimeChangesNothing(t *testing.T) {
	for format, text := range map[Format]string{CSV: people, JSONLines: peopleJSON} {
		t.Run(string(format), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
				s := service(t, e)
				known(t, s)
				for run, want := range []Counts{{4, 4, 0, 0}, {4, 4, 0, 0}, {4, 0, 4, 0}, {4, 0, 4, 0}} {
					counts, lines := taking(t, s, text, AccountsOptions{Format: format, Dry: run == 0})
					if counts != want || len(lines) != 4 {
						t.Errorf("run %d: %+v, %+v", run, counts, lines)
					}
				}
				check(t, e, func(tx *db.Tx) error {
					ben, err := account.FindByUserID(tx, "bobrien")
					if err != nil {
						return err
					}
					if ben.State != account.Expired || ben.StateReason != account.ByImport || ben.EmailConfirmed() || ben.Mobile != "+447700900123" || ben.PasswordHash != "" || ben.Organization != "Beta House" {
						t.Errorf("account: %+v", ben)
					}
					o, err := organization.ByReference(tx, "C-200")
					if err != nil {
						return err
					}
					l, err := license.For(tx, o.ID, "meeting")
					if err != nil || l.At(tx.Now()).Status != license.StatusExpired {
						t.Errorf("the evaluation is not written down: %+v %v", l, err)
					}
					for user, state := range map[string]account.State{"ada": account.Active, "old": account.Expired} {
						a, err := account.FindByUserID(tx, user)
						if err != nil {
							return err
						}
						ok, outdated, err := s.Hasher.Check(t.Context(), a.PasswordHash, "allmine")
						if !ok || !outdated || err != nil || a.State != state || a.Incomplete != (state == account.Active) || a.EmailConfirmed() || strings.Contains(a.PasswordHash, "$2a$") {
							t.Errorf("%s: %v %v %v %+v", user, ok, outdated, err, a)
						}
						former, err := account.FormerPasswords(tx, a.ID)
						if err != nil || len(former) != 1 {
							t.Errorf("%s: former %v %v", user, former, err)
						}
					}
					return nil
				})
				if r, err := audit.Verify(t.Context(), e.DB); err != nil || len(r.Problems) > 0 {
					t.Errorf("audit: %v %v", r.Problems, err)
				}
			})
		})
	}
}

func TestEachRefusedLineSaysWhyWithItsNumberAndADryRunSaysTheSame(t *testing.T) {
	bad := `user_id,email,first_name,last_name,mobile,organization,country,lang,password_hash,state,evaluated
good,good@example.com,A,B,,,,,,,
good,other@example.com,A,B,,,,,,,
other,GOOD@example.com,A,B,,,,,,,
good,good@example.com,A,B,,,,,,,

,,,,,,,,,,
x1,a@example.com,A,B,,,,,,active,
x2,b@example.com,A,B,,,,,,disabled,
x3,c@example.com,A,B,,,,,$2b$31$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga,,
x4,d@example.com,A,B,,,,,secret,,
x5,e@example.com,A,B,,,,,{SHA}5srSRyLIi9w8YMAhfvMYu8tvGYE=,,
x6,f@example.com,"A,B,,,,,,,
x7,g@example.com,A,B,,,,,,,,,,,
x8,h@example.com,A,,,,,,,,
x9,i@example.com,A,B,,C-404,,,,,
xa,j@example.com,A,B,,,,,,,2020-01-01
xb,k@example.com,A,B,,,,,,,last year
xc,l@example.com,A` + "\xff" + `,B,,,,,,,
xd,` + strings.Repeat("m", 70_000) + `@example.com,A,B,,,,,,,
xe,n@example.com,=1+1,B,,,,,,,
xf,good2@example.com,A,B,,,,,,,`
	want := map[int]string{
		3: "user_id import-user-id-taken", 4: "email import-email-taken", 8: "state import-active-without-hash", 9: "state import-state",
		10: "password_hash password-hash-costs", 11: "password_hash password-hash-unknown", 12: "password_hash password-hash-unsalted",
		13: " import-line-quotes", 14: " import-too-many-fields", 15: "last_name import-field-missing", 16: "organization import-organization-unknown",
		17: "organization import-evaluated-without-organization", 18: "evaluated import-date", 19: " import-line-not-utf8", 20: " import-line-long",
		21: "first_name name-characters",
	}
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		for _, dry := range []bool{true, false} {
			counts, lines := taking(t, s, bad, AccountsOptions{Dry: dry})
			if counts.Made != 2 || counts.Same != 1 || counts.Refused != len(want) {
				t.Errorf("dry %v: %+v", dry, counts)
			}
			last := 0
			for _, l := range lines {
				if l.Line <= last {
					t.Errorf("line %d comes after %d", l.Line, last)
				}
				last = l.Line
				got, expected := l.Field+" "+l.Code, want[l.Line]
				if dry && l.Line == 4 {
					expected = "email import-email-repeated"
				}
				if l.Result != Refuse {
					got = ""
				}
				if got != expected {
					t.Errorf("dry %v, line %d: %q, want %q", dry, l.Line, got, expected)
				}
			}
		}
	})
}

// asvs: V15.3.5
func TestAFileWithoutTheColumnsOfAccountsIsRefusedWhole(t *testing.T) {
	s := service(t, dbtest.SQLite(t))
	for code, text := range map[string]string{
		"import-empty": "\n\n", "import-accounts-column-unknown": "user_id,colour\n", "import-accounts-column-missing": "user_id,email\nx",
		"import-accounts-column-twice": "user_id,email,language,lang\n", "import-not-csv": "user_id,\"email\n",
	} {
		if _, err := s.Accounts(t.Context(), strings.NewReader(text), AccountsOptions{Format: CSV}); !fault.Code(err, code) {
			t.Errorf("%q: %v, want %s", text, err, code)
		}
	}
	_, lines := taking(t, s, "[\n{}\n{\"user_id\": {}}\n{\"colour\": 1}\nnull\n{} {}\n", AccountsOptions{Format: JSONLines})
	for i, code := range []string{"import-line-not-json", "import-field-missing", "import-value", "import-column-unknown", "import-line-not-json", "import-line-not-json"} {
		if lines[i].Code != code || lines[i].Line != i+1 {
			t.Errorf("line %d: %+v, want %s", i+1, lines[i], code)
		}
	}
}

// generated are n accounts, and never in memory as a whole.
func generated(n int, hash string) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, err := fmt.Fprint(w, "user_id,email,first_name,last_name,password_hash\n")
		for i := 0; i < n && err == nil; i++ {
			_, err = fmt.Fprintf(w, "person%06d,person%06d@example.com,Pat,Person,%s\n", i, i, hash)
		}
		w.CloseWithError(err)
	}()
	return r
}

func TestAnImportThatWasStoppedGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		const n = 1300
		ctx, stop := context.WithCancel(t.Context())
		told := 0
		counts, err := s.Accounts(ctx, generated(n, ""), AccountsOptions{Format: CSV, Each: func(Line) error {
			if told++; told == 700 {
				stop()
			}
			return nil
		}})
		if !errors.Is(err, context.Canceled) || counts.Made != 1000 {
			t.Fatalf("%+v %v", counts, err)
		}
		counts, err = s.Accounts(t.Context(), generated(n, ""), AccountsOptions{Format: CSV})
		if err != nil || counts.Made != 300 || counts.Same != 1000 {
			t.Errorf("%+v %v", counts, err)
		}
	})
}

func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of lines")
	}
	s := service(t, dbtest.SQLite(t))
	held := func(n int) int64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		peak := int64(0)
		if _, err := s.Accounts(t.Context(), generated(n, ""), AccountsOptions{Format: CSV, Each: func(l Line) error {
			if l.Line%1000 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&after)
				peak = max(peak, int64(after.HeapAlloc)-int64(before.HeapAlloc))
			}
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
		return peak
	}
	small, large := held(1000), held(5000)
	if large > small+2<<20 {
		t.Errorf("%d bytes for 1,000 lines, %d for 5,000", small, large)
	}
}

func FuzzAFileOfAccountsIsReadLineByLine(f *testing.F) {
	f.Add(people, false)
	f.Add(peopleJSON, true)
	f.Add("user_id;email;first_name;last_name\n\"a;b\n;;;\n", false)
	f.Fuzz(func(t *testing.T, text string, objects bool) {
		format := CSV
		if objects {
			format = JSONLines
		}
		l, err := newLines(strings.NewReader(text), format)
		for last := 0; err == nil; {
			var e entry
			if e, err = l.next(); err != nil {
				break
			}
			if e.line <= last || e.fault == nil && len(e.wrong) == 0 && (e.check() != nil || e.get("user_id") == "") {
				t.Errorf("%+v", e)
			}
			last = e.line
		}
		if !errors.Is(err, io.EOF) && fault.From(err).Kind != fault.Invalid {
			t.Error(err)
		}
	})
}

func TestEverythingThatIsWrongWithALineIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		for line, want := range map[string]string{
			"x y z,bad id@x,Bad,,,,XX,yes,,,":  "last_name email user_id language",
			"x y,bad@,Bad,Ly,1,,GB,yes,,gone,": "email mobile user_id language state",
			"one,one@example.com,One,,,,1,,,,": "last_name country",
		} {
			_, lines := taking(t, s, "user_id,email,first_name,last_name,mobile,organization,country,language,password_hash,state,evaluated\n"+line+"\n", AccountsOptions{Dry: true})
			got := lines[0].Field
			for _, also := range lines[0].Also {
				got += " " + also.Field
				if also.Line != lines[0].Line || also.Code == "" {
					t.Errorf("%+v", also)
				}
			}
			if lines[0].Result != Refuse || got != want {
				t.Errorf("%s: %s of %s, want %s", line, lines[0].Result, got, want)
			}
		}
	})
}
