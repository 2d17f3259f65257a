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
	"vestibule/internal/session"
)

const lost = "Lost her phone on the ferry"

var all = Things{Questions: true, Authenticator: true, Passkeys: true}

// stillHas says what of an account can be cleared.
func (r *rig) stillHas(a account.Account) (t Things) {
	r.t.Helper()
	r.write(func(tx *db.Tx) (err error) {
		t, err = r.s.has(tx, a.ID)
		return err
	})
	return t
}

func TestACallerWhoReadsOutTwoCodesGetsTheAuthenticatorClearedAfterADay(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		r.withQuestions(marta)
		r.withAuthenticator(marta)
		ask := func() (string, error) {
			return r.s.Clear(r.as(ines), ines, marta.ID, Things{Authenticator: true}, TwoMeans, lost)
		}
		_, err := ask()
		r.refused(err, "two-means-needed")
		r.verify(ines, marta, Email)
		_, err = ask()
		r.refused(err, "two-means-needed")
		r.verify(ines, marta, Mobile)
		// Tom has verified nobody: what Ines knows does not serve him.
		_, err = r.s.Clear(t.Context(), tom, marta.ID, Things{Authenticator: true}, TwoMeans, lost)
		r.refused(err, "two-means-needed")
		id, err := ask()
		r.ok(err)
		if c := r.clearing(id); c.State != Waiting || !c.DueAt.Equal(r.Clock.Now().Add(24*time.Hour)) {
			t.Errorf("%+v", c)
		}
		// The codes are used up with it.
		if p, err := r.s.Person(t.Context(), ines, marta.ID, time.Time{}); err != nil || p.Verification[0].Verified || p.Verification[1].Verified {
			t.Errorf("%v %+v", err, p.Verification)
		}
		if len(r.stops(marta.Email)) != 1 || len(r.stops(marta.Mobile)) != 1 || r.stops(marta.Email)[0] == r.stops(marta.Mobile)[0] {
			t.Error("not every address has a link of its own")
		}
		token := r.signIn(marta)
		r.Clock.Advance(24*time.Hour - time.Second)
		r.ok(r.s.Effect(t.Context()))
		if !r.stillHas(marta).Authenticator {
			t.Fatal("cleared too soon")
		}
		r.Clock.Advance(time.Second)
		r.ok(r.s.Effect(t.Context()))
		r.ok(r.s.Effect(t.Context())) // again changes nothing
		if got := r.stillHas(marta); got != (Things{Questions: true}) {
			t.Errorf("left: %+v", got)
		}
		if c := r.clearing(id); c.State != Done {
			t.Errorf("%s", c.State)
		}
		r.write(func(tx *db.Tx) error {
			if _, err := session.Load(tx, session.Client, token); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("a session after it: %v", err)
			}
			return nil
		})
		r.refused(r.s.Stop(t.Context(), r.stops(marta.Email)[0]), "link-gone")
		if !strings.Contains(r.kinds(marta.Email), "account-changed") {
			t.Error("the owner is not told")
		}
		want := "helpdesk.clear helpdesk.clear_ask helpdesk.code_verify"
		if got := r.actions(marta); !strings.HasPrefix(got, want) {
			t.Errorf("events %s", got)
		}
	})
}

func TestASecondMemberOfStaffIsAnotherPerson(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		r.withQuestions(marta)
		id, err := r.s.Clear(r.as(ines), ines, marta.ID, all, TwoStaff, lost)
		r.ok(err)
		if c := r.clearing(id); c.State != Asked || !c.NeedsStaff || c.Things != (Things{Questions: true}) {
			t.Errorf("%+v", c)
		}
		if len(r.stops(marta.Email)) != 0 || !strings.Contains(r.kinds(desk), "staff-clearing-asked") {
			t.Error("who is told")
		}
		r.refused(r.s.Agree(t.Context(), ines, marta.ID, id), "second-person")
		_, err = r.s.Clear(t.Context(), tom, marta.ID, all, TwoStaff, lost)
		r.refused(err, "clearing-open")
		// A role that is lost meanwhile counts.
		delete(r.may, tom.ID)
		if err := r.s.Agree(t.Context(), tom, marta.ID, id); !fault.Is(err, fault.Denied) {
			t.Errorf("%v", err)
		}
		r.may[tom.ID] = Help
		// The clearing of one account is none of another.
		owen := r.person("Owen", "Blake", "owen@kestrel.example", "")
		r.refused(r.s.Agree(t.Context(), tom, owen.ID, id), "not-found")
		r.refused(r.s.Cancel(t.Context(), tom, owen.ID, id, "because"), "not-found")
		r.ok(r.s.Agree(r.as(tom), tom, marta.ID, id))
		r.refused(r.s.Agree(t.Context(), tom, marta.ID, id), "clearing-settled")
		if c := r.clearing(id); c.State != Waiting || c.AgreedBy != tom {
			t.Errorf("%+v", c)
		}
		// Taken back: nothing happens any more, and the link is dead.
		r.ok(r.s.Cancel(t.Context(), ines, marta.ID, id, "She found it"))
		r.refused(r.s.Cancel(t.Context(), ines, marta.ID, id, "She found it"), "clearing-settled")
		r.refused(r.s.Agree(t.Context(), tom, marta.ID, id), "clearing-settled")
		r.Clock.Advance(25 * time.Hour)
		r.ok(r.s.Effect(t.Context()))
		if !r.stillHas(marta).Questions {
			t.Error("cleared though it was taken back")
		}
		if !strings.Contains(r.kinds(marta.Email), "clearing-stopped") {
			t.Error("the owner is not told that it was taken back")
		}
	})
}

func TestTheOwnerStopsItFromEveryAddress(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		r.withQuestions(marta)
		id, err := r.s.Clear(r.as(ines), ines, marta.ID, all, TwoStaff, lost)
		r.ok(err)
		r.ok(r.s.Agree(r.as(tom), tom, marta.ID, id))
		mailed, texted := r.stops(marta.Email)[0], r.stops(marta.Mobile)[0]
		for range 3 { // looking changes nothing
			v, err := r.s.StopLink(t.Context(), mailed)
			if err != nil || v.UserID != marta.UserID || !v.Things.Questions {
				t.Fatalf("%+v %v", v, err)
			}
		}
		_, err = r.s.StopLink(t.Context(), "nonsense")
		r.refused(err, "link-gone")
		r.refused(r.s.Stop(t.Context(), "nonsense"), "link-gone")
		r.ok(r.s.Stop(t.Context(), texted))
		r.refused(r.s.Stop(t.Context(), texted), "link-used")
		r.refused(r.s.Stop(t.Context(), mailed), "link-gone")
		if c := r.clearing(id); c.State != Stopped {
			t.Errorf("%s", c.State)
		}
		// An act after the stop.
		r.refused(r.s.Agree(t.Context(), tom, marta.ID, id), "clearing-settled")
		r.refused(r.s.Cancel(t.Context(), tom, marta.ID, id, "because"), "clearing-settled")
		r.Clock.Advance(48 * time.Hour)
		r.ok(r.s.Effect(t.Context()))
		if !r.stillHas(marta).Questions {
			t.Error("cleared though the owner stopped it")
		}
		if !strings.Contains(r.kinds(desk), "staff-clearing-stopped") || !strings.HasPrefix(r.actions(marta), "helpdesk.clear_stop") {
			t.Errorf("staff are told %q, events %q", r.kinds(desk), r.actions(marta))
		}
	})
}

func TestAStopLinkPressedFiftyTimesAtOnceStopsOnce(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		r, other := newRig(t, a), newRig(t, b)
		marta := r.marta()
		r.withQuestions(marta)
		id, err := r.s.Clear(r.as(ines), ines, marta.ID, all, TwoStaff, lost)
		r.ok(err)
		r.ok(r.s.Agree(r.as(tom), tom, marta.ID, id))
		mailed, texted := r.stops(marta.Email)[0], r.stops(marta.Mobile)[0]
		var stopped, gone atomic.Int32
		var both sync.WaitGroup
		for i := range 50 {
			s, token := []*Service{r.s, other.s}[i%2], []string{mailed, texted}[i/2%2]
			both.Go(func() {
				switch err := s.Stop(t.Context(), token); {
				case err == nil:
					stopped.Add(1)
				case fault.Is(err, fault.Gone):
					gone.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		both.Wait()
		if stopped.Load() != 1 || gone.Load() != 49 {
			t.Errorf("stopped %d times, gone %d times", stopped.Load(), gone.Load())
		}
		if n := strings.Count(r.kinds(desk), "staff-clearing-stopped"); n != 1 {
			t.Errorf("staff are told %d times", n)
		}
	})
}

func TestAnAdministratorOfTheOrganizationVouches(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		boss, marta := r.person("Berta", "Boss", "boss@vale.example", ""), r.marta()
		_ = r.company("Harbour Vale Council", boss, marta)
		stranger := r.person("Sten", "Stranger", "sten@other.example", "")
		r.company("Other", stranger)
		r.withQuestions(marta)
		id, err := r.s.Clear(r.as(ines), ines, marta.ID, all, Voucher, lost)
		r.ok(err)
		if !strings.Contains(r.kinds(boss.Email), "voucher-asked") || strings.Contains(r.kinds(stranger.Email), "voucher-asked") {
			t.Error("who is asked")
		}
		// Staff cannot answer for the organization.
		r.refused(r.s.Agree(t.Context(), tom, marta.ID, id), "clearing-settled")
		theirs, own, bosses := r.signIn(stranger), r.signIn(marta), r.signIn(boss)
		for name, token := range map[string]session.Token{"another organization": theirs, "the person itself": own} {
			if _, err := r.s.Vouching(t.Context(), token, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s sees it: %v", name, err)
			}
			if err := r.s.Vouch(t.Context(), token, id, true); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s vouches: %v", name, err)
			}
		}
		v, err := r.s.Vouching(t.Context(), bosses, id)
		if err != nil || v.Name != "Marta Ellison" || v.State != Asked {
			t.Fatalf("%+v %v", v, err)
		}
		if list, err := r.s.Vouchings(t.Context(), boss.ID); err != nil || len(list) != 1 {
			t.Errorf("%v %v", list, err)
		}
		r.Clock.Advance(6 * time.Minute)
		r.refused(r.s.Vouch(t.Context(), bosses, id, true), "sign-in-again")
		bosses = r.signIn(boss)
		r.ok(r.s.Vouch(t.Context(), bosses, id, true))
		r.refused(r.s.Vouch(t.Context(), bosses, id, false), "clearing-settled")
		if c := r.clearing(id); c.State != Waiting || c.AgreedBy.Name != "Berta Boss" || len(r.stops(marta.Email)) != 1 {
			t.Errorf("%+v", c)
		}
		r.Clock.Advance(24 * time.Hour)
		r.ok(r.s.Effect(t.Context()))
		if r.stillHas(marta).Any() || !r.fresh(marta.ID).Incomplete {
			t.Error("not cleared, or not asked for new ones")
		}
	})
}

func TestAWordAgainstEndsIt(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		boss, marta := r.person("Berta", "Boss", "boss@vale.example", ""), r.marta()
		r.withQuestions(marta)
		_, err := r.s.Clear(r.as(ines), ines, marta.ID, all, Voucher, lost)
		r.refused(err, "no-voucher")
		r.company("Harbour Vale Council", boss, marta)
		id, err := r.s.Clear(r.as(ines), ines, marta.ID, all, Voucher, lost)
		r.ok(err)
		r.ok(r.s.Vouch(t.Context(), r.signIn(boss), id, false))
		if c := r.clearing(id); c.State != Refused || c.SettledBy != boss.ID {
			t.Errorf("%+v", c)
		}
		// The only administrator has nobody who could vouch.
		r.withQuestions(boss)
		_, err = r.s.Clear(r.as(ines), ines, boss.ID, all, Voucher, lost)
		r.refused(err, "no-voucher")
	})
}

func TestWhatNobodyAnswersLapsesAndWhatIsSetAnewStays(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		r.withQuestions(marta)
		id, err := r.s.Clear(r.as(ines), ines, marta.ID, all, TwoStaff, lost)
		r.ok(err)
		r.Clock.Advance(72 * time.Hour)
		r.ok(r.s.Effect(t.Context()))
		if c := r.clearing(id); c.State != Lapsed {
			t.Errorf("%s", c.State)
		}
		r.refused(r.s.Agree(t.Context(), tom, marta.ID, id), "clearing-settled")

		id, err = r.s.Clear(r.as(ines), ines, marta.ID, all, TwoStaff, lost)
		r.ok(err)
		r.ok(r.s.Agree(t.Context(), tom, marta.ID, id))
		r.Clock.Advance(time.Hour)
		r.withQuestions(marta) // she remembered, got in, and set new ones
		r.Clock.Advance(24 * time.Hour)
		r.ok(r.s.Effect(t.Context()))
		if c := r.clearing(id); c.State != Overtaken || !r.stillHas(marta).Questions {
			t.Errorf("%s", c.State)
		}
		// An account that is disabled meanwhile is left alone.
		id, err = r.s.Clear(r.as(ines), ines, marta.ID, all, TwoStaff, lost)
		r.ok(err)
		r.ok(r.s.Agree(t.Context(), tom, marta.ID, id))
		r.ok(r.s.Do(t.Context(), ines, marta.ID, ActDisable, "because"))
		r.Clock.Advance(25 * time.Hour)
		r.ok(r.s.Effect(t.Context()))
		if c := r.clearing(id); c.State != Overtaken {
			t.Errorf("%s", c.State)
		}
	})
}

func TestWhatIsWrongWithTheFormIsSaidAtItsFields(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta := r.marta()
		_, err := r.s.Clear(t.Context(), ines, marta.ID, Things{}, "king", "")
		var fields []string
		for _, one := range fault.From(err).Fields {
			fields = append(fields, one.Field+" "+one.Code)
		}
		if got := strings.Join(fields, ", "); got != "reason reason-needed, basis choose-basis, things choose-things" {
			t.Errorf("%s", got)
		}
		_, err = r.s.Clear(t.Context(), ines, marta.ID, all, TwoStaff, lost)
		r.refused(err, "nothing-to-clear")
		_, err = r.s.Clear(t.Context(), ines, "no-such-account", all, TwoStaff, lost)
		r.refused(err, "not-found")
	})
}

func TestTwoMembersOfStaffAtOnceMakeOneClearingAndOneAct(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		r, other := newRig(t, a), newRig(t, b)
		marta := r.marta()
		r.withQuestions(marta)
		var made, expired atomic.Int32
		var both sync.WaitGroup
		for i := range 16 {
			s, by := []*Service{r.s, other.s}[i%2], []Staff{ines, tom}[i%2]
			both.Go(func() {
				_, err := s.Clear(t.Context(), by, marta.ID, all, TwoStaff, lost)
				if err == nil {
					made.Add(1)
				} else if !fault.Code(err, "clearing-open") {
					t.Error(err)
				}
				err = s.Do(t.Context(), by, marta.ID, ActExpire, "because")
				if err == nil {
					expired.Add(1)
				} else if !fault.Is(err, fault.Conflict) {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if made.Load() != 1 || expired.Load() != 1 {
			t.Errorf("%d clearings, %d expiries", made.Load(), expired.Load())
		}
	})
}

// The table of the clearing: no state but those two leads anywhere, and every event is somewhere of use.
func TestTheTableOfAClearingIsWhole(t *testing.T) {
	for _, s := range []State{Asked, Waiting, Done, Stopped, Refused, Cancelled, Lapsed, Overtaken} {
		for _, e := range events() {
			to, err := after(s, e)
			if (err == nil) != (table()[s][e] != "") || !s.Open() && err == nil {
				t.Errorf("%s %s leads to %s: %v", s, e, to, err)
			}
		}
	}
	for _, e := range events() {
		if table()[Asked][e] == "" && table()[Waiting][e] == "" {
			t.Errorf("%s is of no use", e)
		}
	}
}

func TestWhatIsLongOverIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		marta, owen := r.marta(), r.person("Owen", "Blake", "owen@kestrel.example", "")
		for _, a := range []account.Account{marta, owen} {
			r.withQuestions(a)
			id, err := r.s.Clear(r.as(ines), ines, a.ID, all, TwoStaff, lost)
			r.ok(err)
			r.ok(r.s.Cancel(t.Context(), tom, a.ID, id, "She found it"))
		}
		left := func() (n int) {
			r.write(func(tx *db.Tx) error { return tx.Get(`SELECT COUNT(*) FROM helpdesk_clearing`, nil, &n) })
			return n
		}
		r.write(func(tx *db.Tx) error { return account.Close(tx, owen.ID) })
		r.ok(r.s.Sweep(t.Context()))
		if left() != 1 {
			t.Errorf("%d are left when one account is closed", left())
		}
		r.Clock.Advance(keepClearings)
		r.ok(r.s.Sweep(t.Context()))
		if left() != 0 {
			t.Errorf("%d are left after a year", left())
		}
	})
}
