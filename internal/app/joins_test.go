package app_test

import (
	"testing"

	"vestibule/internal/account"
	"vestibule/internal/app"
	"vestibule/internal/db"
	"vestibule/internal/organization"
	"vestibule/internal/outbox"
	"vestibule/internal/secret"
)

func TestWhoAskedToJoinIsToldWhatWasDecided(t *testing.T) {
	p := build(t, app.Options{Config: load(t, t.TempDir())})
	src := secret.System{}
	if err := p.DB.Write(t.Context(), func(tx *db.Tx) error {
		o, err := organization.Create(tx, src, organization.Organization{Name: "Alder Freight", Kind: organization.Client})
		if err != nil {
			return err
		}
		return organization.VerifyDomain(tx, src, o.ID, "alder.example", "test")
	}); err != nil {
		t.Fatal(err)
	}
	// The one who is taken becomes the administrator, who decides from then on.
	for _, kind := range []string{"join-declined", "join-accepted"} {
		accept := kind == "join-accepted"
		request, address := "", kind+"@alder.example"
		if err := p.DB.Write(t.Context(), func(tx *db.Tx) error {
			email, err := account.ParseEmail(address)
			if err != nil {
				return err
			}
			a, err := account.Create(tx, src, account.DefaultPattern, account.New{
				Email: email, EmailProved: true, FirstName: "Ada", LastName: "Nair", Lang: "en", State: account.Unfinished,
			})
			if err != nil {
				return err
			}
			out, err := organization.JoinByConfirmedAddress(tx, src, a.ID, a.EmailKey)
			request = out.JoinRequest
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Organization.DecideJoin(t.Context(), request, accept, ""); err != nil {
			t.Fatal(err)
		}
		if err := p.DB.Read(t.Context(), func(tx *db.Tx) error {
			list, err := p.Outbox.List(tx, outbox.Filter{To: address})
			if len(list) != 1 || list[0].Kind != kind || list[0].State != outbox.Held {
				t.Errorf("%s: %+v", kind, list)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}
