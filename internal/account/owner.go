package account

import (
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/session"
)

// FreshFor is how long after proving to be the owner somebody may change what proves, reaches or ends the account (ASVS V7.5.1).
const FreshFor = 5 * time.Minute

// SignedIn returns the session of a client's token and its account. It fails as session.Load does, and is Unauthenticated
// "session-none" where the account is not active any more.
func SignedIn(tx *db.Tx, t session.Token) (*session.Session, Account, error) {
	at, err := session.Load(tx, session.Client, t)
	if err != nil {
		return nil, Account{}, err
	}
	a, err := Get(tx, at.Account)
	if err == nil && a.State != Active {
		err = fault.New(fault.Unauthenticated, "session-none")
	}
	return at, a, err
}

// FreshlySignedIn is SignedIn for a sensitive change: a session whose holder proved to be the owner longer than FreshFor ago is
// Unauthenticated "sign-in-again".
func FreshlySignedIn(tx *db.Tx, t session.Token) (*session.Session, Account, error) {
	at, a, err := SignedIn(tx, t)
	if err == nil && !at.Fresh(tx.Now(), FreshFor) {
		err = fault.New(fault.Unauthenticated, "sign-in-again")
	}
	return at, a, err
}

// HoldFreshlySignedIn is FreshlySignedIn that holds the account's row until the transaction ends: of several changes at once each
// sees what the one before it did.
func HoldFreshlySignedIn(tx *db.Tx, t session.Token) (*session.Session, Account, error) {
	return held(tx, t, FreshlySignedIn)
}

// HoldSignedIn is SignedIn that holds the account's row as HoldFreshlySignedIn does.
func HoldSignedIn(tx *db.Tx, t session.Token) (*session.Session, Account, error) {
	return held(tx, t, SignedIn)
}

func held(tx *db.Tx, t session.Token, read func(*db.Tx, session.Token) (*session.Session, Account, error)) (*session.Session, Account, error) {
	_, a, err := read(tx, t)
	if err != nil {
		return nil, a, err
	}
	if err := Lock(tx, a.ID); err != nil {
		return nil, a, err
	}
	return read(tx, t) // anew: it may have changed before the row was held
}
