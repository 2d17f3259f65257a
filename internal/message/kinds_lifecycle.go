package message

import "time"

// PasswordAges tells that the password is too old soon.
type PasswordAges struct {
	UserID string
	EndsAt time.Time // from then on a new one is asked for at sign-in
}

// AccountUnused tells that the account expires because nobody uses it.
type AccountUnused struct {
	UserID string
	LastAt time.Time // when it was used last
	EndsAt time.Time
}

// AccountExpired tells that the account expired, because nobody used it.
type AccountExpired struct {
	UserID string
	LastAt time.Time // when it was used last
}

func (PasswordAges) spec() spec   { return email("password-ages") }
func (AccountUnused) spec() spec  { return email("account-unused") }
func (AccountExpired) spec() spec { return email("account-expired") }

func lifecycleSamples(one func(string, Message) Sample, now time.Time) []Sample {
	const day = 24 * time.Hour
	return []Sample{
		one("password-ages", PasswordAges{"mlindqvist", now.Add(7 * day)}),
		one("account-unused", AccountUnused{"mlindqvist", now.Add(-335 * day), now.Add(30 * day)}),
		one("account-expired", AccountExpired{"mlindqvist", now.Add(-365 * day)}),
	}
}
