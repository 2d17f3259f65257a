package register

import (
	"testing"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/license"
	"vestibule/internal/text"
)

// Who was approved while half-way, lost the browser and finishes by the mailed
// link belongs to the organization that was approved.
func TestWhoIsApprovedHalfWayAndFinishesByTheLinkJoins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := newRig(t, e, func(s *Settings) { s.Conceal = true })
		email := "marta.ellison@harbourvale.example"
		a := &access.Service{DB: r.DB, Secret: r.Secret, Messages: r.Messages, Settings: access.DefaultSettings()}
		r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error {
			return license.PutProduct(tx, license.Product{ID: "meeting", Name: "Meeting Add-On", Prefix: "NWC", Offered: true})
		}))
		_, err := a.Ask(r.ctx(), access.Form{
			First: "Marta", Last: "Ellison", Email: email, Organization: "Harbour Vale Council", Country: "GB", Product: "meeting",
			Users: "250", Consent: true, Lang: "en", Address: "192.0.2.7",
		})
		r.ok(err)
		_, err = r.GiveDetails(r.ctx(), "", marta())
		r.ok(err)
		ticket, err := r.Continue(r.ctx(), r.token(email, "/register/continue/"))
		r.ok(err)
		r.ok(r.VerifyCode(r.ctx(), ticket, r.code("+447700900123")))
		r.ok(r.AcceptTerms(r.ctx(), ticket, "4.2", text.English)) // the account is there, unfinished, its address confirmed
		var id string
		r.ok(r.DB.Read(r.ctx(), func(tx *db.Tx) error { return tx.Get(`SELECT id FROM access_request`, nil, &id) }))
		_, err = a.Decide(r.ctx(), id, access.Decision{Approve: true}, access.Decider{ID: "staff1", Name: "Ines Duarte"})
		r.ok(err)
		for _, m := range r.mails(email) {
			if m.Kind == "request-approved-sign-in" {
				t.Error("somebody without a password is told to sign in")
			}
		}
		r.later(time.Hour)
		account := r.account(email)
		r.ok(r.DB.Write(r.ctx(), func(tx *db.Tx) error { return r.ContinueByMail(tx, account) }))
		ticket, err = r.Finish(r.ctx(), r.token(email, "/register/finish/"))
		r.ok(err)
		r.ok(r.VerifyCode(r.ctx(), ticket, r.code("+447700900123")))
		r.ok(r.AcceptTerms(r.ctx(), ticket, "4.2", text.English))
		r.ok(r.ChooseQuestions(r.ctx(), ticket, text.English, answers()))
		r.ok(r.ConfirmAnswers(r.ctx(), ticket, again()))
		r.ok(r.SkipAuthenticator(r.ctx(), ticket))
		r.ok(r.SetPassword(r.ctx(), ticket, goodPassword))
		if m, err := r.membership(account.ID); err != nil {
			st, _ := a.Standing(r.ctx(), account.ID)
			t.Fatalf("approved and finished, and a member of nothing: %v %v; the portal says %q, do %q", m, err, st.Reason, st.Remedy)
		}
	})
}
