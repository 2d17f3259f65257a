package helpdesk

import (
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/session"
)

// names are the UserIDs that a search finds, in order.
func (r *rig) names(q Query) string {
	r.t.Helper()
	p, err := r.s.Find(r.t.Context(), anna, q)
	r.ok(err)
	var list []string
	for _, f := range p.Accounts {
		list = append(list, f.Account.UserID)
	}
	return strings.Join(list, " ")
}

func TestAnAccountIsFoundByWhateverTheCallerSays(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		jurgen := r.person("Jürgen", "O'Möller-Straße", "j.moeller@büro.example", "+4915112345678")
		o := r.company("Alpenblick Kliniken AG", jurgen)
		r.write(func(tx *db.Tx) error {
			return license.PutProduct(tx, license.Product{ID: "meeting", Name: "Meeting", Prefix: "MAG", Offered: true})
		})
		var key license.Key
		r.write(func(tx *db.Tx) error {
			l, err := license.Make(tx, r.Secret, o.ID, "meeting")
			key = l.Key
			return err
		})
		for search, want := range map[string]string{
			"mellison":                     marta.UserID,
			"MELLISON":                     marta.UserID,
			"mell":                         marta.UserID,
			"Marta Ellison":                marta.UserID,
			"ellison, marta":               marta.UserID,
			"marta.ellison@vale.example":   marta.UserID,
			" Marta.Ellison@VALE.example ": marta.UserID,
			"marta.ell":                    marta.UserID,
			"vale.example":                 jurgen.UserID + " " + marta.UserID, // of an address, and of names
			"+44 7700 900123":              marta.UserID,
			"+44 (0)7700 900123":           marta.UserID,
			"07700 900 123":                marta.UserID,
			"0044-7700-900123":             marta.UserID,
			"07700 9001":                   marta.UserID,
			"0151 12345678":                jurgen.UserID,
			"jurgen":                       jurgen.UserID,
			"moller strasse":               jurgen.UserID,
			"alpenblick":                   jurgen.UserID,
			"Kliniken Jürgen":              jurgen.UserID,
			key.String():                   jurgen.UserID,
			"harbour vale":                 jurgen.UserID + " " + marta.UserID, // as it was typed
			"":                             jurgen.UserID + " " + marta.UserID,
			"nobody":                       "",
			"marta nobody":                 "",
			"nobody marta":                 "",
			"m\u0435llison":                marta.UserID, // with a Cyrillic letter that looks alike
			"+44 7700 900999":              "",
			"%":                            "",
			"' OR 1=1 --":                  "",
			strings.Repeat("x ", 150):      "",
		} {
			if got := r.names(Query{Search: search}); got != want {
				t.Errorf("%q finds %q, want %q", search, got, want)
			}
		}
		if got := r.names(Query{Search: "ellison", State: account.Expired}); got != "" {
			t.Errorf("an expired one: %q", got)
		}
		if got := r.names(Query{State: account.Active}); got != jurgen.UserID+" "+marta.UserID {
			t.Errorf("active ones: %q", got)
		}
		if _, err := r.s.Find(t.Context(), anna, Query{State: "king"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a state that is none: %v", err)
		}
	})
}

func TestWhatChangesIsFoundAtOnceAndNoLongerByWhatItWas(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		if r.names(Query{Search: "marta"}) != marta.UserID {
			t.Fatal("not found")
		}
		// The clock stands still: it is no matter of time.
		r.write(func(tx *db.Tx) error { return account.SetMobile(tx, marta.ID, "+447700900555", true) })
		r.write(func(tx *db.Tx) error {
			return account.SetDetails(tx, marta.ID, "Martha", "Lind", "Kestrel Air", "GB", "en")
		})
		for search, want := range map[string]string{
			"ellison kestrel": marta.UserID, // still the UserID's and the address's
			"martha lind":     marta.UserID, "harbour": "", "07700900123": "", "07700900555": marta.UserID,
		} {
			if got := r.names(Query{Search: search}); got != want {
				t.Errorf("%q finds %q, want %q", search, got, want)
			}
		}
		r.company("Zephyr GmbH", marta)
		if r.names(Query{Search: "zephyr"}) != marta.UserID {
			t.Error("not found by the organization that it joined")
		}
		r.write(func(tx *db.Tx) error { return account.Close(tx, marta.ID) })
		if got := r.names(Query{Search: "07700900555"}); got != "" {
			t.Error("found by a number that is gone")
		}
	})
}

func TestAListIsReadPageByPage(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for i := range 60 {
			r.person("Grace", "Tanaka"+string(rune('a'+i%26)), "g"+strings.Repeat("x", i)+"@kestrel.example", "")
		}
		r.ok(r.s.Index(t.Context()))
		seen, pages := map[string]bool{}, 0
		for q := (Query{Search: "grace"}); ; pages++ {
			p, err := r.s.Find(t.Context(), anna, q)
			r.ok(err)
			if p.Count != 60 || !p.Exact {
				t.Errorf("%d found, exact %v", p.Count, p.Exact)
			}
			for _, f := range p.Accounts {
				if seen[f.Account.ID] {
					t.Errorf("%s twice", f.Account.UserID)
				}
				seen[f.Account.ID] = true
			}
			if q.After = p.Next; p.Next == "" {
				break
			}
		}
		if len(seen) != 60 || pages != 2 {
			t.Errorf("%d accounts on %d pages", len(seen), pages+1)
		}
	})
}

// asvs: V8.2.1
func TestWhoMayNotDoesNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		r.withQuestions(marta)
		id, err := r.s.Clear(t.Context(), ines, marta.ID, Things{Questions: true}, TwoStaff, "Lost her notebook")
		r.ok(err)
		nobody := Staff{"staff-nobody", "Nobody"}
		before := r.actions(marta)
		for name, f := range map[string]func(Staff) error{
			"find":     func(by Staff) error { _, err := r.s.Find(t.Context(), by, Query{}); return err },
			"person":   func(by Staff) error { _, err := r.s.Person(t.Context(), by, marta.ID, time.Time{}); return err },
			"awaiting": func(by Staff) error { _, err := r.s.Awaiting(t.Context(), by); return err },
			"send":     func(by Staff) error { return r.s.SendCode(t.Context(), by, marta.ID, Email) },
			"verify":   func(by Staff) error { return r.s.Verify(t.Context(), by, marta.ID, Email, "123456") },
			"clear": func(by Staff) error {
				_, err := r.s.Clear(t.Context(), by, marta.ID, Things{Questions: true}, TwoStaff, "because")
				return err
			},
			"agree":  func(by Staff) error { return r.s.Agree(t.Context(), by, marta.ID, id) },
			"cancel": func(by Staff) error { return r.s.Cancel(t.Context(), by, marta.ID, id, "because") },
		} {
			if err := f(nobody); !fault.Is(err, fault.Denied) {
				t.Errorf("%s by nobody: %v", name, err)
			}
			views := name == "find" || name == "person" || name == "awaiting"
			if err := f(anna); views != (err == nil) || !views && !fault.Is(err, fault.Denied) {
				t.Errorf("%s by who may only look: %v", name, err)
			}
		}
		for _, act := range Acts() {
			if err := r.s.Do(t.Context(), anna, marta.ID, act, "because"); !fault.Is(err, fault.Denied) {
				t.Errorf("%s by who may only look: %v", act, err)
			}
		}
		if got := r.actions(marta); got != before {
			t.Errorf("events of what was refused: %s", got)
		}
	})
}

// asvs: V6.3.7 V6.4.6 V7.4.5
func TestEveryActWantsAReasonIsOnRecordAndIsToldToTheOwner(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		token := r.signIn(marta)
		for _, reason := range []string{"", "  ", "x\x00", strings.Repeat("y", 501)} {
			if err := r.s.Do(t.Context(), ines, marta.ID, ActUnlock, reason); !fault.Is(err, fault.Invalid) {
				t.Errorf("%.10q is a reason: %v", reason, err)
			}
		}
		r.refused(r.s.Do(t.Context(), ines, marta.ID, "erase", "because"), "not-found")
		r.refused(r.s.Do(t.Context(), ines, "no-such-account", ActUnlock, "because"), "not-found")
		do := func(act Act) {
			t.Helper()
			r.ok(r.s.Do(r.as(ines), ines, marta.ID, act, "She <b>called</b>"))
		}
		do(ActUnlock)
		if r.calls["forgive"] != 1 {
			t.Error("no delay is forgotten")
		}
		do(ActUserID)
		do(ActReset)
		r.refused(r.s.Do(t.Context(), ines, marta.ID, ActFinish, "because"), "changed")
		r.refused(r.s.Do(t.Context(), ines, marta.ID, ActConfirm, "because"), "changed")
		r.refused(r.s.Do(t.Context(), ines, marta.ID, ActEnable, "because"), "changed")
		do(ActEndSessions)
		r.write(func(tx *db.Tx) error {
			if _, err := session.Load(tx, session.Client, token); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("the session after its end: %v", err)
			}
			return nil
		})
		do(ActExpire)
		if a := r.fresh(marta.ID); a.State != account.Expired || a.StateReason != account.ByStaff {
			t.Errorf("%s %s", a.State, a.StateReason)
		}
		r.refused(r.s.Do(t.Context(), ines, marta.ID, ActExpire, "because"), "changed")
		do(ActDisable)
		r.refused(r.s.Do(t.Context(), ines, marta.ID, ActReset, "because"), "changed")
		do(ActEnable)
		if a := r.fresh(marta.ID); a.State != account.Active && a.State != account.Expired {
			t.Errorf("%s", a.State)
		}
		want := "helpdesk.enable helpdesk.disable helpdesk.expire helpdesk.end_sessions helpdesk.reset helpdesk.user_id helpdesk.unlock"
		if got := r.actions(marta); got != want {
			t.Errorf("events %s\nwant   %s", got, want)
		}
		if got := strings.Count(r.kinds(marta.Email), "account-changed"); got != 5 {
			t.Errorf("%d notices by e-mail", got)
		}
		if got := strings.Count(r.kinds(marta.Mobile), "account-changed-sms"); got != 5 {
			t.Errorf("%d notices by SMS", got)
		}
	})
}

func TestAccountsOfStaffAreHandledAtTheConsoleAlone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		kim := r.person("Kim", "Staff", "kim@northwind.example", "")
		r.withAuthenticator(kim)
		r.write(func(tx *db.Tx) error {
			return tx.Do(`INSERT INTO staff (account_id, added_at, enrolled_at) VALUES ($1, 1, 1)`, kim.ID)
		})
		for _, act := range Acts() {
			r.refused(r.s.Do(t.Context(), ines, kim.ID, act, "because"), "staff-console")
		}
		r.refused(r.s.SendCode(t.Context(), ines, kim.ID, Email), "staff-console")
		_, err := r.s.Clear(t.Context(), ines, kim.ID, Things{Authenticator: true}, TwoStaff, "because")
		r.refused(err, "staff-console")
		p, err := r.s.Person(t.Context(), ines, kim.ID, time.Time{})
		if err != nil || !p.Staff || len(p.Acts) != 0 {
			t.Errorf("%v %+v", err, p.Acts)
		}
	})
}

func TestAPersonIsFoundByTheReferenceOfARecovery(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		r.s.Hooks.Referred = func(_ *db.Tx, shown string) (string, error) {
			if shown == "7K4Q29TX" {
				return marta.ID, nil
			}
			return "", fault.New(fault.NotFound, "not-found")
		}
		if got := r.names(Query{Search: "7K4Q29TX"}); got != marta.UserID {
			t.Errorf("%q", got)
		}
		if got := r.names(Query{Search: "7K4Q29TY"}); got != "" {
			t.Errorf("%q", got)
		}
	})
}
