package internal_test

import (
	"net/http"
	"strings"
	"testing"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/importer"
	"vestibule/internal/portaltest"
)

// asvs: V11.4.2
func TestAnImportedAccountSignsInWithItsPasswordAndGetsOurHash(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, p *portaltest.Portal) {
		const people = "user_id,email,first_name,last_name,country,password_hash,state\n" +
			"bmercer,beth@brightwater.example,Beth,Mercer,GB,$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq,active\n"
		if counts, err := p.Importer.Accounts(t.Context(), strings.NewReader(people), importer.AccountsOptions{Format: importer.CSV}); err != nil || counts.Made != 1 {
			t.Fatalf("%+v %v", counts, err)
		}
		hash := func() (hash string) {
			if err := p.DB.Read(t.Context(), func(tx *db.Tx) error {
				a, err := account.FindByUserID(tx, "bmercer")
				hash = a.PasswordHash
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return hash
		}
		before := hash()
		w := somebody(t, p, 1)
		try := func(password string) *portaltest.Browser {
			return p.Browser(t).Open("/sign-in").Fill(w.Say("signin.login"), "bmercer").Fill(w.Say("signin.password"), password).Press(w.Say("signin.go"))
		}
		try("rasmuslerdorF").At(http.StatusUnprocessableEntity, "/sign-in")
		if hash() != before {
			t.Error("a wrong password changed the hash")
		}
		b := try("rasmuslerdorf")
		if b.Status != http.StatusOK || b.URL.Path == "/sign-in" && len(b.Find("input[type=password]")) > 0 {
			t.Fatalf("%d %s: %s", b.Status, b.URL, b.Text())
		}
		if after := hash(); !strings.HasPrefix(after, "$argon2id$") {
			t.Errorf("the hash stays as it came: %.20s", after)
		}
	})
}
