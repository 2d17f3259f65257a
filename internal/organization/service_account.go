package organization

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A Scope is one thing that a service account may do.
type Scope string

// The scopes.
const (
	ScopeValidate Scope = "validate" // ask whether a licence may be used
	ScopeActivate Scope = "activate" // register devices, keep and end their seats
	ScopeFiles    Scope = "files"    // fetch licence files
	ScopeReleases Scope = "releases" // read what was released
	ScopeDownload Scope = "download" // fetch artifacts
)

// Scopes lists all scopes in their order.
func Scopes() []Scope {
	return []Scope{ScopeValidate, ScopeActivate, ScopeFiles, ScopeReleases, ScopeDownload}
}

const (
	accountNameMax = 60 // characters
	accountsMax    = 50 // service accounts of an organization that work at the same time
	// MaxOverlap is for how long an earlier token may go on beside its successor.
	MaxOverlap = 7 * 24 * time.Hour
	// MaxTokenLife is the longest life of a token that has an end.
	MaxTokenLife = 3 * 365 * 24 * time.Hour
	// usedEvery is how often the last use of a token is written down.
	usedEvery = time.Minute
)

// A ServiceAccount is a program of an organization.
type ServiceAccount struct {
	ID           string
	Organization string
	Name         string
	Scopes       []Scope
	CreatedAt    time.Time
	CreatedBy    string // id of the account
	RevokedAt    time.Time
	Tokens       []ServiceToken // the newest first; without those that ended
}

// A ServiceToken is one token of a service account, without what it opens.
type ServiceToken struct {
	ID        string
	Account   string
	MadeAt    time.Time
	ExpiresAt time.Time // zero: never
	UsedAt    time.Time // to the minute; zero: never
	UsedFrom  string    // the network

	number int64 // of the account's tokens, from 1
}

// LastUsed is the latest use of any of its tokens that work; zero: none.
func (a ServiceAccount) LastUsed() time.Time {
	var last time.Time
	for _, t := range a.Tokens {
		if t.UsedAt.After(last) {
			last = t.UsedAt
		}
	}
	return last
}

// A Caller is a service account whose token was shown.
type Caller struct {
	Account      string // id of the service account
	Name         string
	Token        string // id of the token
	Organization string // id
	Company      string // the organization's name
	Scopes       []Scope
	UsedAt       time.Time // the token's last use before this one
}

// May reports whether the caller has a scope.
func (c Caller) May(s Scope) bool { return slices.Contains(c.Scopes, s) }

// ByToken finds whose token it is. What cannot be a token is Unauthenticated "token-malformed", told without the database;
// any that opens nothing, be it unknown or revoked, is "token-unknown" after the same work; one that ended is "token-expired",
// which only its holder learns.
func ByToken(tx *db.Tx, token string) (Caller, error) {
	id, hash, err := parseToken(token)
	if err != nil {
		return Caller{}, err
	}
	c, kept, state, err := tokenHolder(tx, id)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Caller{}, err
	}
	// A token that is not there is compared as well, so that its absence takes as long as a wrong secret.
	if !secret.Same(kept, hash) || state.revoked {
		return Caller{}, fault.New(fault.Unauthenticated, "token-unknown")
	}
	if !state.expires.IsZero() && !tx.Now().Before(state.expires) {
		return Caller{}, fault.New(fault.Unauthenticated, "token-expired")
	}
	return c, nil
}

// A NewServiceAccount is what is asked for.
type NewServiceAccount struct {
	Name   string
	Scopes []Scope
	Life   time.Duration // of its first token; zero: without end
}

// A TokenChange says what became of a service account, for whoever is told.
type TokenChange struct {
	Organization string
	Name         string // of the service account
	Change       string // "made", "rotated" or "revoked"
	By           string // id of the account
	Until        time.Time
}

// ServiceAccounts lists the organization's service accounts that work, by name. person is the member who looks; one who is neither
// administrator nor technical is Denied "not-allowed".
func (s *Service) ServiceAccounts(ctx context.Context, person string) (list []ServiceAccount, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		m, err := keeper(tx, person)
		if err != nil {
			return err
		}
		list, err = serviceAccounts(tx, m.Organization.ID)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].Tokens, err = liveTokens(tx, list[i].ID); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// ServiceAccount returns one; that of another organization is NotFound.
func (s *Service) ServiceAccount(ctx context.Context, person, id string) (a ServiceAccount, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		a, err = ownServiceAccount(tx, person, id)
		return err
	})
	return a, err
}

// MakeServiceAccount makes a service account with its first token, which is told this once. Invalid at "name", "scopes" or "life";
// Denied "not-allowed" for who is neither administrator nor technical.
func (s *Service) MakeServiceAccount(ctx context.Context, person string, n NewServiceAccount) (a ServiceAccount, token string, err error) {
	n.Name = strings.Join(strings.Fields(n.Name), " ")
	var wrong fault.Form
	switch {
	case n.Name == "":
		wrong.Add("name", "required")
	case utf8.RuneCountInString(n.Name) > accountNameMax:
		wrong.Add("name", "too-long", "max", strconv.Itoa(accountNameMax))
	default: // it stands in mails to the administrators, as an organization's name does
		_, bad := account.ParseOrganization(n.Name)
		if err := wrong.AddErr("name", bad); err != nil {
			return ServiceAccount{}, "", err
		}
	}
	if n.Scopes = known(n.Scopes); len(n.Scopes) == 0 {
		wrong.Add("scopes", "scope-needed")
	}
	if n.Life < 0 || n.Life > MaxTokenLife {
		wrong.Add("life", "token-life")
	}
	if err := wrong.Err(); err != nil {
		return ServiceAccount{}, "", err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		m, err := keeper(tx, person)
		if err != nil {
			return err
		}
		if err := Lock(tx, m.Organization.ID); err != nil {
			return err
		}
		here, err := serviceAccounts(tx, m.Organization.ID)
		if err != nil {
			return err
		}
		if len(here) >= accountsMax {
			return fault.OnField("name", "service-accounts-many").With("max", strconv.Itoa(accountsMax))
		}
		if slices.ContainsFunc(here, func(o ServiceAccount) bool { return Fold(o.Name) == Fold(n.Name) }) {
			return fault.OnField("name", "service-account-name-taken")
		}
		a = ServiceAccount{ID: s.Secret.ID(tx.Now()), Organization: m.Organization.ID, Name: n.Name, Scopes: n.Scopes, CreatedAt: tx.Now(), CreatedBy: person}
		if err := insertServiceAccount(tx, a); err != nil {
			return err
		}
		var expires time.Time
		if n.Life > 0 {
			expires = tx.Now().Add(n.Life)
		}
		t, plain, err := s.addToken(tx, a.ID, 1, person, expires)
		if err != nil {
			return err
		}
		a.Tokens, token = []ServiceToken{t}, plain
		return s.tellTokens(tx, a, "made", person, expires, map[string]string{"scopes": joinScopes(a.Scopes)})
	})
	return a, token, err
}

// RotateToken makes a new token, which is told this once. The one before works until overlap has passed, at most MaxOverlap; any
// older one stops at once. tokenID is the newest token that the person saw: a rotation that came between is Conflict "changed".
func (s *Service) RotateToken(ctx context.Context, person, id, tokenID string, life, overlap time.Duration) (a ServiceAccount, token string, err error) {
	if overlap < 0 || overlap > MaxOverlap {
		return ServiceAccount{}, "", fault.OnField("overlap", "token-overlap")
	}
	if life < 0 || life > MaxTokenLife {
		return ServiceAccount{}, "", fault.OnField("life", "token-life")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		var err error
		if a, err = ownServiceAccount(tx, person, id); err != nil {
			return err
		}
		if err := Lock(tx, a.Organization); err != nil {
			return err
		}
		// Once more: nobody else changes it from here on.
		if a, err = ownServiceAccount(tx, person, id); err != nil {
			return err
		}
		newest, err := newestToken(tx, id)
		if err != nil {
			return err
		}
		if newest.ID != tokenID {
			return fault.New(fault.Conflict, "changed")
		}
		until := tx.Now().Add(overlap)
		if err := endTokens(tx, id, newest.ID, until); err != nil {
			return err
		}
		var expires time.Time
		if life > 0 {
			expires = tx.Now().Add(life)
		}
		t, plain, err := s.addToken(tx, id, newest.number+1, person, expires)
		if err != nil {
			return err
		}
		if a.Tokens, err = liveTokens(tx, id); err != nil {
			return err
		}
		token = plain
		return s.tellTokens(tx, a, "rotated", person, until, map[string]string{"token": t.ID})
	})
	return a, token, err
}

// RevokeServiceAccount ends a service account and all its tokens at once.
func (s *Service) RevokeServiceAccount(ctx context.Context, person, id string) (a ServiceAccount, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		var err error
		if a, err = ownServiceAccount(tx, person, id); err != nil {
			return err
		}
		if err := revokeServiceAccount(tx, id, person); err != nil {
			return err
		}
		return s.tellTokens(tx, a, "revoked", person, time.Time{}, nil)
	})
	return a, err
}

func (s *Service) addToken(tx *db.Tx, accountID string, number int64, by string, expires time.Time) (ServiceToken, string, error) {
	id, plain, hash := newToken(s.Secret, tx.Now())
	t := ServiceToken{ID: id, Account: accountID, MadeAt: tx.Now(), ExpiresAt: expires, number: number}
	return t, plain, insertToken(tx, t, hash, by)
}

func (s *Service) tellTokens(tx *db.Tx, a ServiceAccount, change, by string, until time.Time, detail map[string]string) error {
	action := map[string]string{"made": "service_account.create", "rotated": "service_account.rotate", "revoked": "service_account.revoke"}[change]
	facts := map[string]string{"name": a.Name}
	for k, v := range detail {
		facts[k] = v
	}
	if err := audit.Add(tx, s.Secret, audit.Event{Action: action, Subject: "service:" + a.ID, Organization: a.Organization, Detail: facts}); err != nil {
		return err
	}
	if s.TokensChanged == nil {
		return nil
	}
	return s.TokensChanged(tx, TokenChange{Organization: a.Organization, Name: a.Name, Change: change, By: by, Until: until})
}

// keeper is the membership of somebody who may keep service accounts.
func keeper(tx *db.Tx, person string) (Membership, error) {
	m, err := membershipOf(tx, person)
	if err != nil {
		return Membership{}, err
	}
	if m.Role != Administrator && m.Role != Technical {
		return Membership{}, fault.New(fault.Denied, "not-allowed")
	}
	return m, nil
}

// ownServiceAccount finds one that works, of the person's own organization.
func ownServiceAccount(tx *db.Tx, person, id string) (ServiceAccount, error) {
	m, err := keeper(tx, person)
	if err != nil {
		return ServiceAccount{}, err
	}
	a, err := serviceAccount(tx, m.Organization.ID, id)
	if err != nil {
		return ServiceAccount{}, err
	}
	a.Tokens, err = liveTokens(tx, id)
	return a, err
}

// WorkingServiceAccount finds a service account of an organization that works; one that was revoked is NotFound.
func WorkingServiceAccount(tx *db.Tx, organizationID, id string) (ServiceAccount, error) {
	return serviceAccount(tx, organizationID, id)
}

// known keeps the scopes that there are, each once, in their order.
func known(asked []Scope) []Scope {
	var out []Scope
	for _, s := range Scopes() {
		if slices.Contains(asked, s) {
			out = append(out, s)
		}
	}
	return out
}

func joinScopes(scopes []Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}

func splitScopes(words string) []Scope {
	var out []Scope
	for w := range strings.FieldsSeq(words) {
		out = append(out, Scope(w))
	}
	slices.SortStableFunc(out, func(a, b Scope) int { return cmp.Compare(slices.Index(Scopes(), a), slices.Index(Scopes(), b)) })
	return out
}
