package importer

import (
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/password"
)

const table = `record,reference,name,country,domains,organization,email,first_name,last_name,role,product,from,to,seats,user_id,mobile,language,evaluated
subscription,,,,,C-100,,,,,,2026-01-01,2026-12-31,250,,,,
organization,C-100,Alder Freight Ltd,GB,alder-freight.example alder.example,,,,,,,,,,,,,
reseller,R-7,Corvus Partners GmbH,DE,,,,,,,,,,,,,,
contact,,,,,C-100,Priya.Nair@alder-freight.example,Priya,Nair,administrator,,,,,,,,
contact,,,,,R-7,zoe@corvus.example,Zoë,Müller,,,,,,,,,
organization,C-200,Beta House,GB,,,,,,,,,,,,,,
account,,,GB,,C-200,ben@beta-house.example,Ben,O'Brien,,,,,,bobrien,07700 900123,en,2021-03-01
account,,,,,,li@example.com,雷,李,,,,,,lilei,,,
`

func service(t *testing.T, e *dbtest.Env) *Service {
	t.Helper()
	if err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
		return license.PutProduct(tx, license.Product{ID: "meeting", Name: "Meeting Add-On", Prefix: "MAG", Offered: true})
	}); err != nil {
		t.Fatal(err)
	}
	return &Service{DB: e.DB, Secret: e.Secret, Hasher: password.New(e.Ring, e.Secret, password.Options{Params: password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}})}
}

func (r Report) total() (made, known int) {
	for _, k := range kinds() {
		made, known = made+r.Made[k], known+r.Known[k]
	}
	return made, known
}

func TestAWholeFileIsTakenAndASecondTimeChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		for run, want := range [][2]int{{8, 0}, {0, 8}, {0, 8}} {
			r, err := s.Import(t.Context(), strings.NewReader(table), false)
			if err != nil || len(r.Faults) > 0 {
				t.Fatalf("run %d: %v, %+v", run, err, r.Faults)
			}
			if made, known := r.total(); made != want[0] || known != want[1] {
				t.Errorf("run %d: made %d, known %d, want %v", run, made, known, want)
			}
		}
		check(t, e, func(tx *db.Tx) error {
			o, err := organization.ByReference(tx, "C-100")
			if err != nil {
				return err
			}
			l, err := license.For(tx, o.ID, "meeting")
			if err != nil {
				return err
			}
			if st := l.At(tx.Now()); !st.Usable() || st.Seats != 250 || len(l.Facts.Terms) != 1 {
				t.Errorf("licence: %+v, terms %d", st, len(l.Facts.Terms))
			}
			if st := l.At(time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)); !st.Usable() {
				t.Error("the last day of a subscription is not part of it")
			}
			if got, err := organization.OfDomain(tx, "alder.example"); err != nil || got.ID != o.ID {
				t.Errorf("domain: %v %v", got, err)
			}
			return nil
		})
		if r, err := audit.Verify(t.Context(), e.DB); err != nil || len(r.Problems) > 0 {
			t.Errorf("audit: %v %v", r.Problems, err)
		}
	})
}

func TestAnImportedAccountIsExpiredUnconfirmedAndRemembersItsEvaluation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		if _, err := s.Import(t.Context(), strings.NewReader(table), false); err != nil {
			t.Fatal(err)
		}
		check(t, e, func(tx *db.Tx) error {
			a, err := account.FindByUserID(tx, "BOBrien")
			if err != nil {
				return err
			}
			if a.State != account.Expired || a.EmailConfirmed() || a.MobileVerified() || a.PasswordHash != "" || a.Mobile != "+447700900123" {
				t.Errorf("account: %+v", a)
			}
			o, err := organization.ByReference(tx, "C-200")
			if err != nil {
				return err
			}
			l, err := license.For(tx, o.ID, "meeting")
			if err != nil {
				return err
			}
			if st := l.At(tx.Now()); st.Status != license.StatusExpired || st.Kind != license.Evaluation {
				t.Errorf("licence: %+v", st)
			}
			if _, err := organization.Of(tx, a.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("an unconfirmed address made a member: %v", err)
			}
			return nil
		})
		if err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			a, err := account.FindByUserID(tx, "bobrien")
			if err != nil {
				return err
			}
			out, err := organization.JoinByConfirmedAddress(tx, e.Secret, a.ID, a.EmailKey)
			if !out.Joined {
				t.Error("the confirmed address joins nothing")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestADryRunReportsTheSameAndChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		r, err := s.Import(t.Context(), strings.NewReader(table), true)
		if err != nil {
			t.Fatal(err)
		}
		if made, _ := r.total(); made != 8 || len(r.Faults) > 0 {
			t.Errorf("made %d, faults %+v", made, r.Faults)
		}
		check(t, e, func(tx *db.Tx) error {
			if _, err := organization.ByReference(tx, "C-100"); !fault.Is(err, fault.NotFound) {
				t.Errorf("a dry run made an organization: %v", err)
			}
			return nil
		})
	})
}

// asvs: V1.4.2
func TestEachBadLineIsReportedAndTheOthersAreTaken(t *testing.T) {
	const bad = `record,reference,name,country,domains,organization,email,first_name,last_name,role,product,from,to,seats,user_id,mobile,language,evaluated
organization,C-1,Good Ltd,GB,good.example,,,,,,,,,,,,,
organisation,C-2,Bad,,,,,,,,,,,,,,,
organization,,No Reference,,,,,,,,,,,,,,,
organization,C-3,Bad,GBR,,,,,,,,,,,,,,
organization,C-4,Bad,,a@b.example,,,,,,,,,,,,,
organization,C-5,Bad,,good.example,,,,,,,,,,,,,
reseller,C-1,Good Ltd,,,,,,,,,,,,,,,
contact,,,,,C-99,a@good.example,,,,,,,,,,,
contact,,,,,C-1,not-an-address,,,,,,,,,,,
contact,,,,,C-1,a@good.example,,,king,,,,,,,,
contact,C-1,,,,C-1,a@good.example,,,,,,,,,,,
subscription,,,,,C-1,,,,,nothing,2026-01-01,2026-02-01,,,,,
subscription,,,,,C-1,,,,,,2026-02-01,2026-01-01,,,,,
subscription,,,,,C-1,,,,,,1.2.2026,2026-01-01,,,,,
subscription,,,,,C-1,,,,,,2026-01-01,2026-02-01,many,,,,
account,,,,,,a@good.example,A,B,,,,,,x,12,,
account,,,,,,b@good.example,A,B,,,,,,bad id,,,
account,,,,,,c@good.example,A,B,,,,,,cid,,fr,
account,,,,,,d@good.example,A,B,,,,,,did,,,2020-01-01
account,,,,,,e@good.example,=HYPERLINK(1),B,,,,,,eid,,,
account,,,,,,f@good.example,A,B,,,,,,fid,,,
account,,,,,,g@good.example,A,B,,,,,,FID,,,
account,,,,,,F@good.example,A,B,,,,,,hid,,,
contact,,,,,C-1,a@good.example,,,,,,,,,,,,,,
`
	codes := map[int]string{
		3: "import-record-unknown", 4: "import-field-missing", 5: "import-country", 6: "import-domain", 7: "import-domain-taken",
		8: "import-kind-differs", 9: "import-organization-unknown", 10: "email-shape", 11: "import-role", 12: "import-field-idle",
		13: "import-product-unknown", 14: "import-dates-turned", 15: "import-date", 16: "import-number", 17: "mobile-country",
		18: "import-user-id", 19: "import-language", 20: "import-evaluated-without-organization", 21: "name-characters",
		23: "import-user-id-taken", 24: "import-email-taken", 25: "import-too-many-fields",
	}
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r, err := service(t, e).Import(t.Context(), strings.NewReader(bad), false)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]string{}
		for _, f := range r.Faults {
			got[f.Line] = f.Code
		}
		for line, code := range codes {
			if got[line] != code {
				t.Errorf("line %d: %q, want %q", line, got[line], code)
			}
		}
		if len(got) != len(codes) {
			t.Errorf("faults: %v", got)
		}
		if made, _ := r.total(); made != 2 {
			t.Errorf("made %d of 2 good lines", made)
		}
	})
}

func TestJSONSaysTheSameInBothShapes(t *testing.T) {
	for name, text := range map[string]string{
		"list": `[{"record": "organization", "reference": "C-1", "name": "One", "domains": ["one.example"]},
			{"record": "subscription", "organization": "C-1", "from": "2026-01-01", "to": "2026-12-31", "seats": 5}]`,
		"groups": `{"subscriptions": [{"organization": "C-1", "from": "2026-01-01", "to": "2026-12-31", "seats": 5}],
			"organizations": [{"reference": "C-1", "name": "One", "domains": "one.example"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			e := dbtest.SQLite(t)
			r, err := service(t, e).Import(t.Context(), strings.NewReader(text), false)
			if err != nil || len(r.Faults) > 0 {
				t.Fatalf("%v %+v", err, r.Faults)
			}
			if made, _ := r.total(); made != 2 {
				t.Errorf("made %d", made)
			}
		})
	}
}

func TestWhatIsNoTableIsRefusedWhole(t *testing.T) {
	for code, text := range map[string]string{
		"import-empty": "", "import-not-utf8": "record\n\xff\xfe", "import-column-unknown": "record,colour\n", "import-column-missing": "name\nx",
		"import-not-json": "{\"organizations\": [\n{\"reference\": }]}", "import-list-unknown": `{"people": []}`,
	} {
		_, _, err := read(strings.NewReader(text))
		if !fault.Code(err, code) {
			t.Errorf("%q: %v, want %s", text, err, code)
		}
	}
}

func TestSemicolonsAndABrokenQuotationAreRead(t *testing.T) {
	records, faults, err := read(strings.NewReader("\xef\xbb\xbfrecord;reference;name\r\norganization;C-1;\"One, Two\"\r\norganization;C-2;\"Three\r\n"))
	if err != nil || len(records) != 1 || len(faults) != 1 || faults[0].Code != "import-quotes" || faults[0].Line != 3 {
		t.Errorf("%v %v %v", records, faults, err)
	}
}

func FuzzReadNeverPanicsAndGivesOnlyCheckedRecords(f *testing.F) {
	f.Add(table)
	f.Add(`[{"record": "organization", "reference": 1, "name": null}]`)
	f.Add(`{"accounts": [{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		records, _, err := read(strings.NewReader(text))
		for _, r := range records {
			if err != nil || r.check() != nil || r.line < 1 {
				t.Errorf("%+v with %v", r, err)
			}
		}
	})
}

func check(t *testing.T, e *dbtest.Env, f func(*db.Tx) error) {
	t.Helper()
	if err := e.DB.Read(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func TestDomainsAreKeptAsAddressesKeepThemAndThoseOfMailProvidersAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e)
		r, err := s.Import(t.Context(), strings.NewReader("record,reference,name,domains\n"+
			"organization,C-1,Münchner Werke,MÜNCHEN.example\n"+
			"organization,C-2,Anybody,gmail.com\n"+
			"organization,C-3,Nobody,a@b.example\n"), false)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Faults) != 2 || r.Faults[0].Code != "import-domain-free" || r.Faults[1].Code != "import-domain" {
			t.Errorf("faults: %+v", r.Faults)
		}
		at, err := account.ParseEmail("eva@münchen.example")
		if err != nil {
			t.Fatal(err)
		}
		check(t, e, func(tx *db.Tx) error {
			_, err := organization.OfDomain(tx, at.Key[strings.LastIndexByte(at.Key, '@')+1:])
			return err
		})
	})
}
