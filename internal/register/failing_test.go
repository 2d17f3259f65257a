package register

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/text"
)

// failing is a context that is over from the n-th time on that it is asked: it
// breaks a step before any one of its statements.
type failing struct {
	context.Context
	left *atomic.Int64
}

func (f failing) Err() error {
	if f.left.Add(-1) < 0 {
		return context.Canceled
	}
	return f.Context.Err()
}

// Every step breaks before each of its statements in turn. Each time the
// registration stands where it stood, and no message leaves; then, unbroken, it
// goes on.
// asvs: V2.3.3
func TestAStepThatBreaksAnywhereIsTakenWholeLater(t *testing.T) {
	e := dbtest.SQLite(t)
	r := newRig(t, e)
	invitation := r.approved("marta.ellison@harbourvale.example")
	in := marta()
	in.Invitation, in.Once = invitation, "page"
	var ticket Ticket
	var token string
	state := func() string {
		s := ""
		if ticket != "" {
			s = r.row(ticket)
		}
		return s + string(rune('0'+r.count(`SELECT COUNT(*) FROM account`))) + string(rune('0'+r.count(`SELECT COUNT(*) FROM outbox_message WHERE state = 'queued'`)%70))
	}
	step := func(name string, f func(ctx context.Context) error) {
		t.Helper()
		r.mails("") // whatever waits leaves now
		before := state()
		for n := int64(0); ; n++ {
			if n > 400 {
				t.Fatalf("%s never ends", name)
			}
			left := &atomic.Int64{}
			left.Store(n)
			err := f(failing{r.ctx(), left})
			if err == nil {
				return
			}
			if left.Load() >= 0 {
				t.Fatalf("%s, not broken: %v", name, err)
			}
			if now := state(); now != before {
				t.Fatalf("%s, broken before statement %d, left something behind:\n%s\n%s", name, n, before, now)
			}
		}
	}
	step("details", func(ctx context.Context) (err error) {
		next, err := r.GiveDetails(ctx, "", in)
		if err == nil {
			ticket = next
		}
		return err
	})
	step("change", func(ctx context.Context) error { return r.ChangeNumber(ctx, ticket, "GB", "07700 900789") })
	step("help", func(ctx context.Context) error { return r.AskHelp(ctx, ticket, "") })
	r.later(time.Minute)
	step("resend", func(ctx context.Context) error { return r.ResendCode(ctx, ticket) })
	step("back", func(ctx context.Context) error { return r.Back(ctx, ticket) })
	in.Mobile = "07700 900789"
	step("details again", func(ctx context.Context) error { _, err := r.GiveDetails(ctx, ticket, in); return err })
	step("help again", func(ctx context.Context) error { return r.AskHelp(ctx, ticket, "") })
	step("release", func(ctx context.Context) error {
		return r.ReleaseCodeStep(ctx, "staff1", ticket.ID(), "known by voice")
	})
	step("terms", func(ctx context.Context) error { return r.AcceptTerms(ctx, ticket, "4.2", text.English) })
	a := r.account("marta.ellison@harbourvale.example")
	r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error { return r.ContinueByMail(tx, a) }))
	token = r.token(a.Email, "/register/finish/")
	old := ticket
	r.later(time.Minute) // so that the code of the next step is the newest in the mailbox
	step("finish", func(ctx context.Context) (err error) {
		next, err := r.Finish(ctx, token)
		if err == nil {
			ticket = next
		}
		return err
	})
	if old == ticket {
		t.Fatal("the same ticket")
	}
	code := r.code("+447700900789")
	step("code", func(ctx context.Context) error { return r.VerifyCode(ctx, ticket, code) })
	step("terms again", func(ctx context.Context) error { return r.AcceptTerms(ctx, ticket, "4.2", text.English) })
	step("questions", func(ctx context.Context) error { return r.ChooseQuestions(ctx, ticket, text.English, answers()) })
	step("change answers", func(ctx context.Context) error { return r.ChangeAnswers(ctx, ticket) })
	step("questions again", func(ctx context.Context) error { return r.ChooseQuestions(ctx, ticket, text.English, answers()) })
	step("confirm", func(ctx context.Context) error { return r.ConfirmAnswers(ctx, ticket, again()) })
	app := r.totp(ticket)
	step("authenticator", func(ctx context.Context) error { return r.EnrolAuthenticator(ctx, ticket, app) })
	step("kept", func(ctx context.Context) error { return r.KeepCodes(ctx, ticket) })
	step("password", func(ctx context.Context) error { return r.SetPassword(ctx, ticket, goodPassword) })

	ben := marta()
	ben.FirstName, ben.Email, ben.Mobile = "Ben", "ben@harbourvale.example", "07700 900456"
	r.walk(ben, Done)
	b := r.account(ben.Email)
	ticket = ""
	token = r.token(b.Email, "/confirm-email/")
	step("confirm the address", func(ctx context.Context) error { return r.ConfirmEmail(ctx, token, b.ID, "") })
	step("mail again", func(ctx context.Context) error {
		return r.DB.Write(ctx, func(tx *db.Tx) error { b.EmailConfirmedAt = time.Time{}; return r.ConfirmByMail(tx, b) })
	})
	cleo := marta()
	cleo.FirstName, cleo.Email, cleo.Mobile = "Cleo", "cleo@elsewhere.example", "07700 900457"
	r.walk(cleo, Questions)
	r.later(49 * time.Hour)
	step("remind", r.Remind)
	r.later(8 * 24 * time.Hour)
	step("sweep", r.Sweep)
	if r.count(`SELECT COUNT(*) FROM account`) != 2 {
		t.Fatal("the unfinished account was not swept")
	}
}
