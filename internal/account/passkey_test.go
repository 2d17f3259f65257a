package account_test

import (
	"testing"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/passkey"
)

func TestPasskeysGoWithTheAccount(t *testing.T) {
	for name, end := range map[string]func(*db.Tx, string) error{"erased": account.Erase, "closed": account.Close, "removed": account.Remove} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
				a, b := make1(t, e, "zoe@x.example"), make1(t, e, "zoe@y.example")
				write(t, e, func(tx *db.Tx) error {
					for i, one := range []account.Account{a, b} {
						if _, err := account.AddPasskey(tx, e.Secret, one.ID, "Key", passkey.Credential{ID: []byte{byte(i)}}); err != nil {
							return err
						}
					}
					return end(tx, a.ID)
				})
				write(t, e, func(tx *db.Tx) error {
					if _, err := account.FindPasskey(tx, []byte{0}); !fault.Is(err, fault.NotFound) {
						t.Errorf("it is still there: %v", err)
					}
					_, err := account.FindPasskey(tx, []byte{1})
					return err
				})
			})
		})
	}
}

func TestAPasskeyKeepsWhatIsKnownOfIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		a := make1(t, e, "zoe@x.example")
		c := passkey.Credential{
			ID: []byte{0, 255, 1}, Key: []byte{1, 2}, AAGUID: make([]byte, 16), Counter: 1<<32 - 2,
			Transports: []string{"usb", "nfc"}, BackupEligible: true, BackedUp: true,
		}
		write(t, e, func(tx *db.Tx) error {
			p, err := account.AddPasskey(tx, e.Secret, a.ID, "Key", c)
			if err != nil {
				return err
			}
			got, err := account.FindPasskey(tx, c.ID)
			if err != nil {
				return err
			}
			k := got.Credential
			if got.ID != p.ID || got.Account != a.ID || string(k.Key) != string(c.Key) || len(k.AAGUID) != 16 || k.Counter != c.Counter ||
				len(k.Transports) != 2 || !k.BackupEligible || !k.BackedUp || !got.UsedAt.IsZero() || !got.CreatedAt.Equal(tx.Now()) {
				t.Errorf("%+v", got)
			}
			if ok, err := account.UsePasskey(tx, p.ID, passkey.Assertion{Counter: 1<<32 - 1}); err != nil || !ok {
				t.Errorf("used: %v %v", ok, err)
			}
			if ok, err := account.UsePasskey(tx, p.ID, passkey.Assertion{Counter: 1<<32 - 1}); err != nil || ok {
				t.Errorf("used at the same count again: %v %v", ok, err)
			}
			_, err = account.AddPasskey(tx, e.Secret, a.ID, "Again", c)
			if !fault.Code(err, "passkey-exists") {
				t.Errorf("twice: %v", err)
			}
			return nil
		})
	})
}
