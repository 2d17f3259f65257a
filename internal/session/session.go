// Package session says who is signed in.
//
// A session is one row, its holder has a token "id.secret" of which the row keeps a hash. It ends on every node at once,
// because every check reads the row: by sign-out, by a change of what the account may do, by being left idle, and in any case
// at its absolute end. Clients and staff have sessions of different kinds, which travel in different cookies: neither serves
// for the other.
//
// A session exists only for somebody who has proved all that signing in asks for. Whoever has proved a part of it (the
// password, and not yet the authenticator) holds the ticket of a flow, never a session; a visitor holds nothing.
//
// What an account may do is decided by others; the package promises that a token it accepts was given to that account, is the
// newest one given for its session, and has not run out.
package session

import (
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A Kind of session: what it opens, and which cookie carries it.
type Kind string

// The kinds of session.
const (
	Client Kind = "client"
	Staff  Kind = "staff"
)

// A Token is what the browser holds: "id.secret".
type Token string

// Lives says how long a session lasts: Idle without being used, Absolute whatever happens.
type Lives struct {
	Idle, Absolute time.Duration
}

// The lives that the portal gives unless told otherwise: an hour idle for clients, a quarter of one for staff, half a day for both
// (NIST SP 800-63B-4 §2.2.3 asks for at most an hour and a day at AAL2).
var (
	ClientLives = Lives{Idle: 60 * time.Minute, Absolute: 12 * time.Hour}
	StaffLives  = Lives{Idle: 15 * time.Minute, Absolute: 12 * time.Hour}
)

// touchEvery is how exact the record of a session's last use is: a write for every page would cost more than the page.
const touchEvery = time.Minute

// keepEnded is how long a session that ran out keeps its row, so that its holder can be told why.
const keepEnded = 24 * time.Hour

// A Session is somebody's being signed in.
type Session struct {
	ID      string
	Kind    Kind
	Account string // the account's id

	StartedAt time.Time
	SeenAt    time.Time // last use, exact to a minute
	FreshAt   time.Time // when the holder last proved to be the account's owner
	EndsAt    time.Time // the absolute end

	Address string // the network address it was started from
	Agent   string // the browser's name for itself

	idle time.Duration
}

// New is what Start wants to know.
type New struct {
	Kind    Kind
	Account string
	Lives   Lives
	Address string
	Agent   string
	Stale   bool // the holder proved less than a fresh session asks for
}

// Start signs an account in and returns the new token.
func Start(tx *db.Tx, src secret.Source, n New) (*Session, Token, error) {
	now := tx.Now()
	s := &Session{
		ID: src.ID(now), Kind: n.Kind, Account: n.Account,
		StartedAt: now, SeenAt: now, FreshAt: now, EndsAt: now.Add(n.Lives.Absolute),
		Address: n.Address, Agent: ClipAgent(n.Agent), idle: n.Lives.Idle,
	}
	if n.Stale {
		s.FreshAt = time.Time{}
	}
	key := src.Token()
	if err := insert(tx, s, secret.Hash(key)); err != nil {
		return nil, "", err
	}
	return s, Token(s.ID + "." + key), nil
}

// Load returns the session of a token in one indexed read. A token that opens none is Unauthenticated: "session-none" when it is
// forged, ended or replaced, "session-idle" when it was left alone too long, "session-over" at its absolute end.
func Load(tx *db.Tx, kind Kind, t Token) (*Session, error) {
	var r Row
	err := tx.Get(`SELECT `+Columns+` FROM session s WHERE s.id = $1`, []any{t.ID()}, r.Into()...)
	if err != nil {
		return nil, absent(err)
	}
	return r.Session(tx, kind, t)
}

// Touch records that the session is in use, at most once a minute; it reports whether it wrote. A session that has ended
// meanwhile stays ended.
func Touch(tx *db.Tx, s *Session) (bool, error) {
	if !s.Stale(tx.Now()) {
		return false, nil
	}
	return touch(tx, s.ID, tx.Now(), s.idle)
}

// Stale reports whether the record of the session's last use is old enough for Touch to write it.
func (s *Session) Stale(now time.Time) bool { return now.Sub(s.SeenAt) >= touchEvery }

// Fresh reports whether the holder proved to be the owner within the given time. Changing credentials wants that (ASVS V7.5.1).
func (s *Session) Fresh(now time.Time, within time.Duration) bool {
	return now.Sub(s.FreshAt) <= within
}

// Renew gives the session a new token, and the old one dies: to be called whenever what the session may do has changed
// (ASVS V7.2.4). It is Conflict "changed" when the session has ended, or was renewed by another request, meanwhile.
func Renew(tx *db.Tx, src secret.Source, s *Session, old Token) (Token, error) {
	key := src.Token()
	if err := rekey(tx, s.ID, secret.Hash(old.key()), secret.Hash(key)); err != nil {
		return "", err
	}
	return Token(s.ID + "." + key), nil
}

// Freshen renews the session because its holder has just proved again to be the account's owner.
func Freshen(tx *db.Tx, src secret.Source, s *Session, old Token) (Token, error) {
	t, err := Renew(tx, src, s, old)
	if err != nil {
		return "", err
	}
	s.FreshAt = tx.Now()
	return t, freshen(tx, s.ID, s.FreshAt)
}

// End ends a session of the account. Ending one that has ended already, or is another account's, changes nothing and is no error.
func End(tx *db.Tx, account, id string) error { return remove(tx, account, id) }

// EndAll ends every session of the account but the one named (none is named by ""), and says how many there were. It belongs into
// the transaction of whatever takes a right away: a reset, a disabled account, a lost role.
func EndAll(tx *db.Tx, account, except string) (int64, error) {
	return removeAll(tx, account, except)
}

// List returns the living sessions of an account, the one used last first.
func List(tx *db.Tx, account string) ([]*Session, error) { return list(tx, account, tx.Now()) }

// Sweep removes what ran out more than a day ago, at most n rows, and says how many it removed.
func Sweep(tx *db.Tx, n int) (int64, error) { return sweep(tx, tx.Now().Add(-keepEnded), n) }

// ID is the part of the token that finds the row. It is no secret.
func (t Token) ID() string {
	id, _, _ := strings.Cut(string(t), ".")
	return id
}

func (t Token) key() string {
	_, key, _ := strings.Cut(string(t), ".")
	return key
}

func absent(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.Unauthenticated, "session-none")
	}
	return err
}
