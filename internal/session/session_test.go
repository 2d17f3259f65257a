package session

import (
	"context"
	"sync"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
)

func start(t *testing.T, e *dbtest.Env, kind Kind, account string) (*Session, Token) {
	t.Helper()
	lives := ClientLives
	if kind == Staff {
		lives = StaffLives
	}
	var s *Session
	var token Token
	write(t, e.DB, func(tx *db.Tx) (err error) {
		s, token, err = Start(tx, e.Secret, New{Kind: kind, Account: account, Lives: lives, Address: "192.0.2.7", Agent: "Firefox"})
		return err
	})
	return s, token
}

func write(t *testing.T, d *db.DB, f func(*db.Tx) error) {
	t.Helper()
	if err := d.Write(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func load(d *db.DB, kind Kind, token Token) (s *Session, err error) {
	err = d.Read(context.Background(), func(tx *db.Tx) error {
		s, err = Load(tx, kind, token)
		return err
	})
	return s, err
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.Is(err, fault.Unauthenticated) || !fault.Code(err, code) {
		t.Fatalf("got %v, want Unauthenticated %s", err, code)
	}
}

// asvs: V7.2.1 V7.2.2 V7.2.3
func TestATokenOpensItsSessionAndNothingElseDoes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		want, token := start(t, e, Client, "anna")
		got, err := load(e.DB, Client, token)
		if err != nil {
			t.Fatal(err)
		}
		if got.Account != "anna" || got.ID != want.ID || got.Address != "192.0.2.7" || got.Agent != "Firefox" || !got.EndsAt.Equal(e.Clock.Now().Add(12*time.Hour)) {
			t.Errorf("got %+v", got)
		}
		other, otherToken := start(t, e, Client, "ben")
		for _, bad := range []Token{"", ".", "x", Token(want.ID), Token(want.ID + "."), token + "x", Token(want.ID + "." + otherToken.key()), Token(other.ID + "." + token.key())} {
			_, err := load(e.DB, Client, bad)
			wantCode(t, err, "session-none")
		}
		_, err = load(e.DB, Staff, token)
		wantCode(t, err, "session-none")
	})
}

// asvs: V7.3.1 V7.3.2
func TestASessionRunsOutWhenLeftAloneAndInAnyCaseAtItsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		_, token := start(t, e, Staff, "ines")
		e.Clock.Advance(15*time.Minute - time.Microsecond)
		s, err := load(e.DB, Staff, token)
		if err != nil {
			t.Fatalf("an instant before the idle end: %v", err)
		}
		write(t, e.DB, func(tx *db.Tx) error { _, err := Touch(tx, s); return err })
		e.Clock.Advance(14 * time.Minute)
		if _, err := load(e.DB, Staff, token); err != nil {
			t.Fatalf("in use: %v", err)
		}
		e.Clock.Advance(time.Minute)
		_, err = load(e.DB, Staff, token)
		wantCode(t, err, "session-idle")

		_, token = start(t, e, Client, "anna")
		for range 12 {
			s, err := load(e.DB, Client, token)
			if err != nil {
				t.Fatal(err)
			}
			write(t, e.DB, func(tx *db.Tx) error { _, err := Touch(tx, s); return err })
			e.Clock.Advance(time.Hour - time.Second)
		}
		e.Clock.Advance(12 * time.Second)
		_, err = load(e.DB, Client, token)
		wantCode(t, err, "session-over")
	})
}

func TestUseIsRecordedAtMostOnceAMinute(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		_, token := start(t, e, Client, "anna")
		writes := 0
		for range 12 {
			e.Clock.Advance(15 * time.Second)
			s, err := load(e.DB, Client, token)
			if err != nil {
				t.Fatal(err)
			}
			write(t, e.DB, func(tx *db.Tx) error {
				wrote, err := Touch(tx, s)
				if wrote {
					writes++
				}
				return err
			})
		}
		if writes != 3 {
			t.Errorf("%d writes in three minutes, want 3", writes)
		}
	})
}

// asvs: V7.2.4
func TestARenewedSessionKnowsItsNewTokenAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s, old := start(t, e, Client, "anna")
		e.Clock.Advance(10 * time.Minute)
		if s.Fresh(e.Clock.Now(), 5*time.Minute) {
			t.Error("fresh after ten minutes")
		}
		var token Token
		write(t, e.DB, func(tx *db.Tx) (err error) { token, err = Freshen(tx, e.Secret, s, old); return err })
		_, err := load(e.DB, Client, old)
		wantCode(t, err, "session-none")
		s, err = load(e.DB, Client, token)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Fresh(e.Clock.Now(), 5*time.Minute) {
			t.Error("not fresh just after proving it")
		}
		err = e.DB.Write(context.Background(), func(tx *db.Tx) error { _, err := Renew(tx, e.Secret, s, old); return err })
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("renewing by the old token: %v, want Conflict", err)
		}
	})
}

// asvs: V15.4.2
func TestOfSixteenRenewalsAtOnceOneCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s, old := start(t, e, Client, "anna")
		var mu sync.Mutex
		var got []Token
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				var token Token
				err := e.DB.Write(context.Background(), func(tx *db.Tx) (err error) { token, err = Renew(tx, e.Secret, s, old); return err })
				if err == nil {
					mu.Lock()
					got = append(got, token)
					mu.Unlock()
				} else if !fault.Is(err, fault.Conflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(got) != 1 {
			t.Fatalf("%d renewals counted, want 1", len(got))
		}
		if _, err := load(e.DB, Client, got[0]); err != nil {
			t.Error(err)
		}
	})
}

// asvs: V7.4.1 V7.4.2 V7.4.3
func TestAnEndedSessionOpensNothingMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		a, ta := start(t, e, Client, "anna")
		_, tb := start(t, e, Client, "anna")
		_, tc := start(t, e, Client, "anna")
		_, td := start(t, e, Client, "ben")
		write(t, e.DB, func(tx *db.Tx) error { return End(tx, "ben", a.ID) })
		if _, err := load(e.DB, Client, ta); err != nil {
			t.Errorf("ended by another account: %v", err)
		}
		write(t, e.DB, func(tx *db.Tx) error {
			n, err := EndAll(tx, "anna", a.ID)
			if n != 2 {
				t.Errorf("ended %d, want 2", n)
			}
			return err
		})
		for _, dead := range []Token{tb, tc} {
			_, err := load(e.DB, Client, dead)
			wantCode(t, err, "session-none")
		}
		write(t, e.DB, func(tx *db.Tx) error {
			left, err := List(tx, "anna")
			if len(left) != 1 || left[0].ID != a.ID {
				t.Errorf("left: %v", left)
			}
			return err
		})
		write(t, e.DB, func(tx *db.Tx) error { return End(tx, "anna", a.ID) })
		_, err := load(e.DB, Client, ta)
		wantCode(t, err, "session-none")
		if _, err := load(e.DB, Client, td); err != nil {
			t.Errorf("another account's: %v", err)
		}
	})
}

// asvs: V7.4.2
func TestASessionEndsOnEveryNodeAtOnce(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		_, token := start(t, a, Client, "anna")
		if _, err := load(b.DB, Client, token); err != nil {
			t.Fatal(err)
		}
		write(t, b.DB, func(tx *db.Tx) error { _, err := EndAll(tx, "anna", ""); return err })
		_, err := load(a.DB, Client, token)
		wantCode(t, err, "session-none")
	})
}

func TestSweepTakesWhatRanOutADayAgo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		_, token := start(t, e, Client, "anna")
		e.Clock.Advance(24 * time.Hour)
		_, living := start(t, e, Client, "ben")
		_, err := load(e.DB, Client, token)
		wantCode(t, err, "session-over")
		e.Clock.Advance(59 * time.Minute)
		for _, want := range []int64{0, 1, 0} {
			write(t, e.DB, func(tx *db.Tx) error {
				n, err := Sweep(tx, 100)
				if n != want {
					t.Errorf("swept %d, want %d", n, want)
				}
				return err
			})
			if want == 0 {
				e.Clock.Advance(time.Minute - time.Microsecond)
				e.Clock.Advance(time.Microsecond)
			}
		}
		_, err = load(e.DB, Client, living)
		wantCode(t, err, "session-idle")
		_, err = load(e.DB, Client, token)
		wantCode(t, err, "session-none")
	})
}

func TestWhatTheBrowserSaysOfItselfIsBounded(t *testing.T) {
	long := ""
	for range 300 {
		long += "ü"
	}
	if got := ClipAgent("x" + long); len(got) != 199 {
		t.Errorf("%d bytes", len(got))
	}
}
