package helpdesk

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
)

// verifiedBy says by which means the caller is verified to a member of staff.
func (r *rig) verifiedBy(by Staff, a account.Account) string {
	r.t.Helper()
	p, err := r.s.Person(r.t.Context(), by, a.ID, time.Time{})
	r.ok(err)
	var list []string
	for _, v := range p.Verification {
		if v.Verified {
			list = append(list, string(v.Means))
		}
	}
	return strings.Join(list, " ")
}

// asvs: V6.6.2 V6.6.3
func TestACallerIsVerifiedForHalfAnHourToOneMemberOfStaff(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		r.ok(r.s.SendCode(r.as(ines), ines, marta.ID, Email))
		r.refused(r.s.Verify(t.Context(), ines, marta.ID, Email, "000000"), "helpdesk-code-wrong")
		given := r.code(marta.Email)
		// Another member of staff, another means: the code is none of theirs.
		r.refused(r.s.Verify(t.Context(), tom, marta.ID, Email, given), "helpdesk-code-spent")
		r.refused(r.s.Verify(t.Context(), ines, marta.ID, Mobile, given), "helpdesk-code-spent")
		r.ok(r.s.Verify(r.as(ines), ines, marta.ID, Email, given[:3]+" "+given[3:]))
		r.refused(r.s.Verify(t.Context(), ines, marta.ID, Email, given), "helpdesk-code-spent")
		if r.verifiedBy(ines, marta) != "email" || r.verifiedBy(tom, marta) != "" {
			t.Errorf("%q, to Tom %q", r.verifiedBy(ines, marta), r.verifiedBy(tom, marta))
		}
		r.Clock.Advance(verifiedFor - time.Microsecond)
		if r.verifiedBy(ines, marta) != "email" {
			t.Error("over too soon")
		}
		r.Clock.Advance(time.Microsecond)
		if r.verifiedBy(ines, marta) != "" {
			t.Error("it does not end")
		}
		for _, m := range r.mails(marta.Email) {
			if strings.Contains(r.actions(marta), given) || m.Kind == "helpdesk-code" && !strings.Contains(m.Text, "did not call us") {
				t.Error("what the mail says")
			}
		}
	})
}

func TestACodeOfOneAccountIsNoneOfAnother(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta, owen := r.marta(), r.person("Owen", "Blake", "owen@kestrel.example", "")
		r.ok(r.s.SendCode(t.Context(), ines, marta.ID, Email))
		r.ok(r.s.SendCode(t.Context(), ines, owen.ID, Email))
		r.refused(r.s.Verify(t.Context(), ines, owen.ID, Email, r.code(marta.Email)), "helpdesk-code-wrong")
		if r.verifiedBy(ines, owen) != "" {
			t.Error("verified by another's code")
		}
	})
}

func TestOnlyWhatWasProvedVerifies(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		r.refused(r.s.SendCode(t.Context(), ines, marta.ID, "carrier-pigeon"), "means-unusable")
		r.verify(ines, marta, Mobile)
		// The number changes: what was proved was another.
		r.write(func(tx *db.Tx) error { return account.SetMobile(tx, marta.ID, "+447700900999", true) })
		if r.verifiedBy(ines, marta) != "" {
			t.Error("verified by a number that is gone")
		}
		r.write(func(tx *db.Tx) error { return account.SetMobile(tx, marta.ID, "+447700900999", false) })
		r.refused(r.s.SendCode(t.Context(), ines, marta.ID, Mobile), "means-unusable")
		r.s.Settings.Countries = []string{"DE"}
		r.write(func(tx *db.Tx) error { return account.SetMobile(tx, marta.ID, "+447700900999", true) })
		r.refused(r.s.SendCode(t.Context(), ines, marta.ID, Mobile), "means-unusable")
	})
}

func TestACodeLivesTenMinutesAndIsTriedFiveTimes(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		r.ok(r.s.SendCode(t.Context(), ines, marta.ID, Email))
		given := r.code(marta.Email)
		r.Clock.Advance(10 * time.Minute)
		r.refused(r.s.Verify(t.Context(), ines, marta.ID, Email, given), "helpdesk-code-spent")
		r.Clock.Advance(time.Hour)
		r.ok(r.s.SendCode(t.Context(), ines, marta.ID, Email))
		for range 5 {
			r.refused(r.s.Verify(t.Context(), ines, marta.ID, Email, "000000"), "helpdesk-code-wrong")
		}
		r.refused(r.s.Verify(t.Context(), ines, marta.ID, Email, r.code(marta.Email)), "helpdesk-code-spent")
		// Another code resets nothing: ten tries an account, whoever of staff makes them.
		r.ok(r.s.SendCode(t.Context(), tom, marta.ID, Email))
		var err error
		for range 6 {
			err = r.s.Verify(t.Context(), tom, marta.ID, Email, "000000")
		}
		if !fault.Is(err, fault.TooMany) {
			t.Errorf("guessing: %v", err)
		}
	})
}

func TestCodesAreSentAFewTimes(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		for range 4 {
			r.ok(r.s.SendCode(t.Context(), ines, marta.ID, Mobile))
		}
		for _, by := range []Staff{ines, tom} {
			if err := r.s.SendCode(t.Context(), by, marta.ID, Mobile); !fault.Is(err, fault.TooMany) {
				t.Errorf("a fifth time: %v", err)
			}
		}
	})
}

func TestOfFiftyGuessesAtOnceFiveAreEvaluatedAndARightCodeCountsOnce(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		r, other := newRig(t, a), newRig(t, b)
		marta := r.marta()
		r.ok(r.s.SendCode(t.Context(), ines, marta.ID, Email))
		given := r.code(marta.Email)
		var right, wrong atomic.Int32
		var both sync.WaitGroup
		for i := range 50 {
			s, code := []*Service{r.s, other.s}[i%2], []string{given, "000000"}[i/2%2]
			both.Go(func() {
				switch err := s.Verify(t.Context(), ines, marta.ID, Email, code); {
				case err == nil:
					right.Add(1)
				case fault.Code(err, "helpdesk-code-wrong"):
					wrong.Add(1)
				case !fault.Code(err, "helpdesk-code-spent") && !fault.Is(err, fault.TooMany):
					t.Error(err)
				}
			})
		}
		both.Wait()
		if right.Load() > 1 || right.Load()+wrong.Load() > 5 {
			t.Errorf("%d right, %d wrong", right.Load(), wrong.Load())
		}
	})
}
