package selfservice_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/selfservice"
)

// asvs: V6.3.7 V7.4.3 V7.5.1
func TestANewAddressCountsOnceItsMailboxProvedIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		here, elsewhere := r.signIn(a), r.signIn(a)
		r.refused(r.ChangeEmail(r.ctx(), here, "MARTA@vale.example"), "email-same")
		r.refused(r.ChangeEmail(r.ctx(), here, "m\u0430rta@p\u0430ypal.example"), "email-letters")
		r.refused(r.ChangeEmail(r.ctx(), here, "marta@p\u0430ypal.example"), "email-mixed")
		r.ok(r.ChangeEmail(r.ctx(), here, "Marta@New.example"))
		p, err := r.Profile(r.ctx(), here)
		r.ok(err)
		if p.Account.Email != "marta@vale.example" || p.NewEmail == nil || p.NewEmail.Destination != "Marta@New.example" || p.NewEmail.Wait != 30*time.Second {
			t.Fatalf("before the proof: %+v", p)
		}
		r.refused(r.ResendEmail(r.ctx(), here), "code-wait")
		_, err = r.VerifyEmail(r.ctx(), here, "")
		r.refused(err, "code-empty")
		c := r.code("Marta@New.example")
		wrong := "000000"
		if c == wrong {
			wrong = "111111"
		}
		_, err = r.VerifyEmail(r.ctx(), here, wrong)
		r.refused(err, "code-wrong")
		fresh, err := r.VerifyEmail(r.ctx(), here, c)
		r.ok(err)
		now := r.get(a.ID)
		if now.Email != "Marta@New.example" || !now.EmailConfirmed() {
			t.Errorf("the address is %q", now.Email)
		}
		if r.lives(here) || r.lives(elsewhere) || !r.lives(fresh) {
			t.Error("a session that was there before the change lives")
		}
		if _, id, _ := strings.Cut((*r.ended)[0], " "); id != fresh.ID() {
			t.Errorf("what else ends is told %v", *r.ended)
		}
		if got := r.kinds("Marta@New.example"); !slices.Contains(got, "account-changed") {
			t.Errorf("the new address gets %v", got)
		}
		if got := r.kinds("marta@vale.example"); !slices.Equal(got, []string{"email-changed-undo"}) {
			t.Errorf("the old address gets %v", got)
		}
		if got := r.kinds(martasMobile); !slices.Equal(got, []string{"account-changed-sms"}) {
			t.Errorf("the mobile gets %v", got)
		}
		// Nobody else can have the old address while it can come back.
		r.write(func(tx *db.Tx) error {
			old, err := account.ParseEmail("marta@vale.example")
			if err != nil {
				return err
			}
			if _, err := account.Create(tx, r.Secret, account.DefaultPattern, account.New{Email: old, FirstName: "Eve", LastName: "Other", State: account.Unfinished}); !fault.Code(err, "email-taken") {
				t.Errorf("a stranger takes the address: %v", err)
			}
			return nil
		})
		r.later(73 * time.Hour)
		r.write(func(tx *db.Tx) error {
			taken, err := account.EmailTaken(tx, "marta@vale.example", "")
			if taken {
				t.Error("the old address is held for ever")
			}
			return err
		})
	})
}

func TestTheLinkDoesForTheAccountThatAskedInAnyBrowser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a, b := r.person("Marta"), r.person("Owen")
		asked, phone, owen := r.signIn(a), r.signIn(a), r.signIn(b)
		r.ok(r.ChangeEmail(r.ctx(), asked, "marta@new.example"))
		token := r.token("marta@new.example", "/portal/account/email/confirm/")
		for range 3 {
			address, err := r.EmailLink(r.ctx(), phone, token)
			r.ok(err)
			if address != "marta@new.example" {
				t.Error(address)
			}
		}
		_, err := r.EmailLink(r.ctx(), owen, token)
		r.refused(err, "link-gone")
		_, err = r.UseEmailLink(r.ctx(), owen, token)
		r.refused(err, "link-gone")
		_, err = r.UseEmailLink(r.ctx(), "", token)
		r.refused(err, "session-none")
		fresh, err := r.UseEmailLink(r.ctx(), phone, token)
		r.ok(err)
		if r.get(a.ID).Email != "marta@new.example" || r.get(b.ID).Email != "owen@vale.example" || r.lives(asked) || !r.lives(fresh) {
			t.Error("the link did not change the account that asked, and it alone")
		}
		_, err = r.UseEmailLink(r.ctx(), fresh, token)
		if !fault.Is(err, fault.Gone) {
			t.Errorf("used twice: %v", err)
		}
		r.later(time.Minute)
		r.ok(r.ChangeEmail(r.ctx(), fresh, "marta@third.example"))
		late := r.token("marta@third.example", "/portal/account/email/confirm/")
		r.later(59 * time.Minute)
		still := r.signIn(a)
		_, err = r.EmailLink(r.ctx(), still, late)
		r.ok(err)
		r.later(time.Minute)
		_, err = r.EmailLink(r.ctx(), still, late)
		r.refused(err, "link-gone")
	})
}

// asvs: V6.3.8
func TestAnAddressOfSomebodyElseIsAnsweredAlikeAndItsMailboxIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a, b := r.person("Marta"), r.person("Owen")
		var seen []selfservice.Waiting
		for _, address := range []string{"nobody@vale.example", "owen@vale.example"} {
			token := r.signIn(a)
			r.ok(r.ChangeEmail(r.ctx(), token, address))
			p, err := r.Profile(r.ctx(), token)
			r.ok(err)
			w := *p.NewEmail
			w.Destination, w.Until = "", w.Until.Add(-e.Clock.Now().Sub(dbtest.Start()))
			seen = append(seen, w)
			codes := r.count(`SELECT COUNT(*) FROM code`)
			if codes != 1 || r.count(`SELECT COUNT(*) FROM link WHERE used_at = 0`) != 1 {
				t.Errorf("%s: %d codes", address, codes)
			}
			for _, want := range []string{"4", "3", "2", "1"} {
				_, err = r.VerifyEmail(r.ctx(), token, "123456")
				if !fault.Code(err, "code-wrong") || fault.From(err).Args["n"] != want {
					t.Errorf("%s: %v", address, err)
				}
			}
			_, err = r.VerifyEmail(r.ctx(), token, "123456")
			r.refused(err, "code-spent")
			r.mails("")
			r.later(time.Hour)
		}
		if seen[0] != seen[1] {
			t.Errorf("the asker can tell: %+v", seen)
		}
		if got := r.kinds("owen@vale.example"); !slices.Equal(got, []string{"email-change-taken"}) {
			t.Errorf("the holder gets %v", got)
		}
		if r.get(b.ID).Email != "owen@vale.example" {
			t.Error("the holder lost the address")
		}
		// An address that somebody may take back is somebody else's too.
		owen := r.signIn(b)
		r.later(time.Minute)
		r.move(owen, "owen@new.example")
		token := r.signIn(a)
		r.ok(r.ChangeEmail(r.ctx(), token, "owen@vale.example"))
		if got := r.kinds("owen@vale.example"); len(got) != 3 {
			t.Errorf("the holder gets %v", got)
		}
	})
}

func TestAnAddressTakenWhileItsMailWasOnTheWayIsRefusedToWhoProvedIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a, b := r.person("Marta"), r.person("Owen")
		marta, owen := r.signIn(a), r.signIn(b)
		r.ok(r.ChangeEmail(r.ctx(), marta, "shared@vale.example"))
		first := r.code("shared@vale.example")
		r.later(time.Second)
		r.ok(r.ChangeEmail(r.ctx(), owen, "shared@vale.example"))
		second := r.code("shared@vale.example")
		_, err := r.VerifyEmail(r.ctx(), marta, first)
		r.ok(err)
		_, err = r.VerifyEmail(r.ctx(), owen, second)
		r.refused(err, "email-taken")
		if r.get(b.ID).Email != "owen@vale.example" || !r.lives(owen) {
			t.Error("the refused change changed something")
		}
	})
}

// asvs: V7.5.1
func TestAStaleSessionChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		token := r.signIn(a)
		r.later(account.FreshFor + time.Second)
		_, removed := r.RemoveMobile(r.ctx(), token)
		_, others := r.SignOutOthers(r.ctx(), token)
		_, copied := r.Export(r.ctx(), token, "en")
		_, closed := r.Close(r.ctx(), token, a.UserID)
		for name, err := range map[string]error{
			"email": r.ChangeEmail(r.ctx(), token, "eve@evil.example"), "mobile": r.ChangeMobile(r.ctx(), token, "GB", "07700 900999"), "remove": removed,
			"sign-out": r.SignOut(r.ctx(), token, "x"), "others": others, "export": copied, "close": closed,
		} {
			if !fault.Is(err, fault.Unauthenticated) || !fault.Code(err, "sign-in-again") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(r.mails("")) != 0 || r.count(`SELECT COUNT(*) FROM event WHERE subject = $1`, a.Subject()) != 0 {
			t.Error("a stale session left traces")
		}
	})
}

func TestOfTwoChangesAtOnceTheLatestCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		one, two := r.signIn(a), r.signIn(a)
		r.ok(r.ChangeEmail(r.ctx(), one, "first@new.example"))
		first, link := r.code("first@new.example"), r.token("first@new.example", "/portal/account/email/confirm/")
		r.ok(r.ChangeEmail(r.ctx(), two, "second@new.example"))
		_, err := r.VerifyEmail(r.ctx(), one, first)
		if err == nil {
			t.Fatal("the code of an address that was replaced counts")
		}
		_, err = r.UseEmailLink(r.ctx(), one, link)
		r.refused(err, "link-gone")
		_, err = r.VerifyEmail(r.ctx(), two, r.code("second@new.example"))
		r.ok(err)
		if r.get(a.ID).Email != "second@new.example" || r.count(`SELECT COUNT(*) FROM flow`) != 0 {
			t.Error("the latest change did not count, or one is left")
		}
	})
}

// A password that changed, or a reset, ends what a stranger has begun.
func TestAChangeDiesWithThePassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		token := r.signIn(a)
		r.ok(r.ChangeEmail(r.ctx(), token, "eve@evil.example"))
		r.ok(r.ChangeMobile(r.ctx(), token, "GB", "07700 900999"))
		email, mobile := r.code("eve@evil.example"), r.code("+447700900999")
		r.later(time.Second)
		r.write(func(tx *db.Tx) error { return account.SetPassword(tx, a.ID, "$argon2id$another") })
		_, err := r.VerifyEmail(r.ctx(), token, email)
		r.refused(err, "flow-gone")
		_, err = r.VerifyMobile(r.ctx(), token, mobile)
		r.refused(err, "flow-gone")
	})
}

func TestTheFormerMailboxTakesTheAccountBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		r.later(time.Hour)
		thief := r.signIn(a)
		r.later(time.Second)
		thief = r.move(thief, "eve@evil.example")
		r.ok(r.ChangeMobile(r.ctx(), thief, "GB", "07700 900999"))
		thief, err := r.VerifyMobile(r.ctx(), thief, r.code("+447700900999"))
		r.ok(err)
		_, err = r.Close(r.ctx(), thief, a.UserID)
		r.ok(err)
		again := r.signIn(a)

		token := r.token("marta@vale.example", "/undo-email/")
		for range 2 {
			u, err := r.UndoLink(r.ctx(), token)
			r.ok(err)
			if u.UserID != a.UserID || u.Email != "marta@vale.example" || u.Now != "e•••@evil.example" {
				t.Errorf("%+v", u)
			}
		}
		u, err := r.UndoEmail(r.ctx(), token)
		r.ok(err)
		now := r.get(a.ID)
		if u.Email != "marta@vale.example" || now.Email != u.Email || now.State != account.Expired || now.StateReason != account.ByUndo || now.Mobile != "" || !now.ClosingAt.IsZero() {
			t.Errorf("after the undo: %+v", now)
		}
		if r.lives(again) || (*r.ended)[len(*r.ended)-1] != a.ID+" " {
			t.Error("somebody is still signed in, or trusted")
		}
		for _, m := range r.mails("eve@evil.example") {
			if strings.Contains(m.Subject, "undone") && strings.Contains(m.Text, "192.0.2.7") {
				t.Errorf("the address that goes hears from where: %s", m.Text)
			}
		}
		for _, address := range []string{"marta@vale.example", "eve@evil.example"} {
			if !slices.ContainsFunc(r.mails(address), func(m carrier.Mail) bool { return m.Kind == "account-changed" && strings.Contains(m.Subject, "undone") }) {
				t.Errorf("%s is not told", address)
			}
		}
		if !slices.Contains(r.kinds("+447700900999"), "account-changed-sms") {
			t.Error("the number that goes is not told")
		}
		_, err = r.UndoEmail(r.ctx(), token)
		r.refused(err, "link-used")
		if u, err := r.UndoLink(r.ctx(), token); err != nil || !u.Done || u.Email != "marta@vale.example" {
			t.Errorf("looked at again: %+v %v", u, err)
		}
	})
}

// A stranger who came in twice, first for a number of its own and then for the address, loses both.
func TestAnUndoForgetsWhatAnEarlierSessionSet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		r.later(100 * time.Hour)
		thief := r.signIn(a)
		r.ok(r.ChangeMobile(r.ctx(), thief, "GB", "07700 900999"))
		_, err := r.VerifyMobile(r.ctx(), thief, r.code("+447700900999"))
		r.ok(err)
		r.later(24 * time.Hour)
		r.move(r.signIn(a), "eve@evil.example")
		_, err = r.UndoEmail(r.ctx(), r.token("marta@vale.example", "/undo-email/"))
		r.ok(err)
		if now := r.get(a.ID); now.Mobile != "" {
			t.Errorf("the stranger's number stays: %+v", now)
		}
	})
}

// asvs: V6.4.3
func TestAnUndoneAccountThatWasDisabledIsNotEnabledWithThePassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		r.move(r.signIn(a), "eve@evil.example")
		r.write(func(tx *db.Tx) error { return account.Disable(tx, a.ID, account.ByStaff) })
		_, err := r.UndoEmail(r.ctx(), r.token("marta@vale.example", "/undo-email/"))
		r.ok(err)
		r.write(func(tx *db.Tx) error { return account.Enable(tx, a.ID) })
		if now := r.get(a.ID); now.State != account.Expired || now.StateReason != account.ByUndo {
			t.Errorf("%+v", now)
		}
	})
}

func TestAnEarlierUndoEndsTheLaterOnes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		thief := r.signIn(a)
		thief = r.move(thief, "eve@evil.example")
		r.later(time.Minute)
		thief = r.move(thief, "eve@worse.example")
		r.later(time.Minute)
		// Back and forth does not wash the way back off.
		r.move(thief, "marta@vale.example")
		if got := r.kinds("marta@vale.example"); !slices.Contains(got, "account-changed") {
			t.Errorf("an address that can come back hears nothing of a second change: %v", got)
		}
		first := r.token("marta@vale.example", "/undo-email/")
		second := r.token("eve@evil.example", "/undo-email/")
		third := r.token("eve@worse.example", "/undo-email/")
		_, err := r.UndoEmail(r.ctx(), first)
		r.ok(err)
		for _, token := range []string{second, third} {
			_, err = r.UndoLink(r.ctx(), token)
			r.refused(err, "link-gone")
			_, err = r.UndoEmail(r.ctx(), token)
			r.refused(err, "link-gone")
		}
		if now := r.get(a.ID); now.Email != "marta@vale.example" || now.State != account.Expired {
			t.Errorf("%+v", now)
		}
		r.later(73 * time.Hour)
	})
}

func TestAnUndoEndsAfterThreeDays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		r.move(r.signIn(a), "marta@new.example")
		token := r.token("marta@vale.example", "/undo-email/")
		r.later(72*time.Hour - time.Second)
		_, err := r.UndoLink(r.ctx(), token)
		r.ok(err)
		r.later(time.Second)
		_, err = r.UndoLink(r.ctx(), token)
		r.refused(err, "link-gone")
		_, err = r.UndoEmail(r.ctx(), token)
		r.refused(err, "link-gone")
	})
}

// An address that was never confirmed may be a stranger's, by a typing error: it gets no way in.
func TestAnAddressThatWasNeverConfirmedCannotComeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e)
		a := r.person("Marta")
		r.write(func(tx *db.Tx) error { return tx.Do(`UPDATE account SET email_confirmed_at = 0 WHERE id = $1`, a.ID) })
		r.move(r.signIn(a), "marta@new.example")
		if got := r.mails("marta@vale.example"); len(got) != 0 {
			t.Errorf("a mailbox that was never proved is told %q", got[0].Subject)
		}
		r.write(func(tx *db.Tx) error {
			taken, err := account.EmailTaken(tx, "marta@vale.example", "")
			if taken {
				t.Error("it is held")
			}
			return err
		})
	})
}

func TestOfFiftyUndosAndProofsAtOnceOnTwoNodesOneCounts(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, x, y *dbtest.Env) {
		r := newRig(t, x)
		nodes := []*rig{r, r.on(y)}
		a := r.person("Marta")
		token := r.signIn(a)
		r.ok(r.ChangeEmail(r.ctx(), token, "marta@new.example"))
		link := r.token("marta@new.example", "/portal/account/email/confirm/")
		if n := atOnce(50, func(i int) error { _, err := nodes[i%2].UseEmailLink(r.ctx(), token, link); return err }); n != 1 {
			t.Errorf("%d of 50 links changed the address", n)
		}
		undo := r.token("marta@vale.example", "/undo-email/")
		if n := atOnce(50, func(i int) error { _, err := nodes[i%2].UndoEmail(r.ctx(), undo); return err }); n != 1 {
			t.Errorf("%d of 50 undid the change", n)
		}
		if n := r.count(`SELECT COUNT(*) FROM event WHERE action = 'account.email_undo'`); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

// atOnce runs do n times at once and says how many succeeded.
func atOnce(n int, do func(int) error) (succeeded int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range n {
		wg.Go(func() {
			if do(i) == nil {
				mu.Lock()
				succeeded++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return succeeded
}
