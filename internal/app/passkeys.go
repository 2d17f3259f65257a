package app

import (
	"encoding/json"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/passkey"
	"vestibule/internal/recovery"
	"vestibule/internal/secret"
)

// passkeyRecovery is what the challenges of recoveries are made for.
const passkeyRecovery = "recovery"

// recoveryPasskeys lets people get back in with a passkey; nil where passkeys cannot work.
func recoveryPasskeys(src secret.Source, party *passkey.Party, notices account.Notices) *recovery.Passkeys {
	if !party.Offered() {
		return nil
	}
	return &recovery.Passkeys{
		Has: account.HasPasskeys,
		Begin: func(tx *db.Tx) (options, state string, err error) {
			shown, challenge, err := party.BeginAssertion(tx.Now(), passkeyRecovery, passkey.Owner{})
			if err != nil {
				return "", "", err
			}
			kept, err := json.Marshal(challenge)
			return string(shown), string(kept), err
		},
		Check: func(tx *db.Tx, accountID, state, response string) (bool, error) {
			var challenge passkey.Challenge
			if err := json.Unmarshal([]byte(state), &challenge); err != nil {
				return false, err
			}
			p, verdict, err := account.ProvePasskey(tx, party, passkeyRecovery, challenge, []byte(response))
			if err != nil || verdict != account.PasskeyCopied {
				return verdict == account.PasskeyRight && p.Account == accountID, err
			}
			a, err := account.Get(tx, p.Account)
			if err != nil {
				return false, err
			}
			if err := notices.Tell(tx, a, account.Notice{Change: "passkey-copied"}); err != nil {
				return false, err
			}
			return false, audit.Add(tx, src, audit.Event{Action: "authn_passkey_copied", Actor: audit.Actor{Kind: audit.Visitor}, Subject: a.Subject()})
		},
	}
}
