package portal_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/organization"
	"vestibule/internal/portaltest"
)

// asvs: V7.5.1 V16.3.3
func TestAnAdministratorKeepsTheProgramsOfTheCompany(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		a, b, _ := marta(t, p)
		b.Open("/portal").Press("Service accounts").At(http.StatusOK, "/portal/tokens").Sees("There are no service accounts")
		b.Press("New service account").At(http.StatusOK, "/portal/tokens/new")
		b.Fill("Name", "Front desk").Press("Make service account").At(http.StatusUnprocessableEntity, "/portal/tokens/new").Sees("Choose at least one thing")
		b.Check("Ask whether licences may be used").Choose("The token works for", "30 days").Press("Make service account").At(http.StatusOK, "/portal/tokens/new").Sees("Copy the token now", "Authorization: Bearer")
		first := strings.Join(texts(b, ".key code"), "")
		opens := func(token string) (err error) {
			return p.DB.Read(t.Context(), func(tx *db.Tx) error { _, err = organization.ByToken(tx, token); return err })
		}
		if err := opens(first); err != nil {
			t.Fatalf("%q: %v", first, err)
		}
		b.Press("Back to service accounts").At(http.StatusOK, "/portal/tokens").Sees("Front desk", "validate", "Not used yet").Lacks(first)
		p.Deliver()
		if m := p.Mail(a.Email, "New service account"); !strings.Contains(m.Text, "Front desk") || strings.Contains(m.Text, first) {
			t.Errorf("%s", m.Text)
		}

		b.Press("Rotate token Front desk").Choose("The earlier token works for another", "1 hour").Press("Make new token").At(http.StatusOK, b.URL.Path).Sees("Copy the token now")
		second := strings.Join(texts(b, ".key code"), "")
		if first == second || opens(first) != nil || opens(second) != nil {
			t.Errorf("after the rotation: %v %v", opens(first), opens(second))
		}
		for range 2 {
			p.Clock.Advance(30 * time.Minute)
			b.Open("/portal/tokens").At(http.StatusOK, "/portal/tokens")
		}
		if opens(first) == nil || opens(second) != nil {
			t.Error("an hour later the earlier token still opens, or the newer does not")
		}

		// A sign-in that is no longer fresh makes no token, and yet revokes one.
		b.Open("/portal/tokens/new").At(http.StatusOK, "/sign-in/again")
		b.Open("/portal/tokens").Press("Revoke Front desk").Sees("refused from this moment on").Press("Revoke at once").At(http.StatusOK, "/portal/tokens").Sees("is revoked", "There are no service accounts")
		if opens(second) == nil {
			t.Error("a revoked token opens")
		}
		for _, secret := range []string{first, second} {
			if strings.Contains(p.Log.Text(), secret) || !p.DB.IsPostgres() && p.Holding(t, secret[31:63]) != "" {
				t.Error("a token is kept where it can be read")
			}
		}
	})
}
