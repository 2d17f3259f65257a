package account

import (
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/message"
	"vestibule/internal/text"
)

// Notices tell the owner of an account what changed, at every address the account has (ASVS V6.3.7): the present mailbox, those
// that it had until a short while ago, and by SMS the verified mobile where the mailbox alone is not to be trusted.
type Notices struct {
	Messages *message.Writer
}

// A Notice is what to tell.
type Notice struct {
	Change  string // one of message.Changes
	ByStaff bool   // then the network address is nobody's business
	SMS     bool   // tell the verified mobile as well: a mailbox was what proved the act
	But     string // key of an earlier address that is told in another way, or ""
}

// Tell writes the notices in the transaction of what they tell. a is the account as it was reached before the change: a number or
// an address that goes away hears of it.
func (n Notices) Tell(tx *db.Tx, a Account, what Notice) error {
	m := message.AccountChanged{UserID: a.UserID, Change: what.Change, At: tx.Now(), ByStaff: what.ByStaff}
	if !what.ByStaff {
		m.Address = audit.From(tx.Context()).Address
	}
	to := message.To{Address: a.Email, Name: a.Name(), Lang: text.Lang(a.Lang)}
	if err := n.Messages.Send(tx, to, a.Subject(), time.Time{}, m); err != nil {
		return err
	}
	earlier, err := EarlierEmails(tx, a.ID)
	if err != nil {
		return err
	}
	for _, e := range earlier {
		if e.EmailKey == a.EmailKey || e.EmailKey == what.But {
			continue
		}
		to.Address = e.Email
		if err := n.Messages.Send(tx, to, a.Subject(), time.Time{}, m); err != nil {
			return err
		}
	}
	if !what.SMS || !a.MobileVerified() {
		return nil
	}
	to.Address = a.Mobile
	// A day later it would only puzzle.
	return n.Messages.Send(tx, to, a.Subject(), tx.Now().Add(24*time.Hour), message.AccountChangedSMS{Change: what.Change})
}
