package lifecycle

import (
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/carrier"
	"vestibule/internal/chore"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/message"
	"vestibule/internal/outbox"
	"vestibule/internal/text"
)

const year = 365 * day

func service(t *testing.T, e *dbtest.Env, d *db.DB) *Service {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := message.NewWriter(message.Options{
		Vendor: message.Vendor{Name: "Northwind Conferencing", Accent: "#0b5f80"}, BaseURL: &url.URL{Scheme: "https", Host: "portal.example"},
		Words: words, Lang: text.English,
		Outbox: outbox.New(outbox.Options{DB: d, Secret: e.Secret, Ring: e.Ring, Carriers: map[carrier.Channel][]carrier.Carrier{
			carrier.Email: {carrier.NewInbox(d)}, carrier.SMS: {carrier.NewInbox(d)},
		}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &Service{
		DB: d, Secret: e.Secret, Messages: w, MaxAge: year, Dormant: year,
		IsStaff:       func(_ *db.Tx, id string) (bool, error) { return strings.HasSuffix(id, "staff"), nil },
		EndRecoveries: func(*db.Tx, string) error { return nil },
	}
}

// person makes an active account whose password was set at the clock's time.
func person(t *testing.T, e *dbtest.Env, name string) (a account.Account) {
	t.Helper()
	email, err := account.ParseEmail(name + "@harbour.example")
	if err != nil {
		t.Fatal(err)
	}
	write(t, e, func(tx *db.Tx) error {
		a, err = account.Create(tx, e.Secret, account.DefaultPattern, account.New{Email: email, EmailProved: true, FirstName: name, LastName: "Lind", State: account.Unfinished})
		if err == nil {
			err = account.SetPassword(tx, a.ID, "x")
		}
		return err
	})
	return a
}

func write(t *testing.T, e *dbtest.Env, f func(*db.Tx) error) {
	t.Helper()
	if err := e.DB.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// mails counts the messages of a kind to a person.
func mails(t *testing.T, e *dbtest.Env, kind string, a account.Account) (n int) {
	t.Helper()
	err := e.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`SELECT COUNT(*) FROM outbox_message WHERE kind = $1 AND recipient = $2`, []any{kind, a.Email}, &n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func get(t *testing.T, e *dbtest.Env, id string) (a account.Account) {
	t.Helper()
	err := e.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		a, err = account.Get(tx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// asvs: V6.4.5
func TestAnOldPasswordIsTold14And7And1DayBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e, e.DB)
		a := person(t, e, "marta")
		start := e.Clock.Now()
		for _, step := range []struct {
			at   time.Duration
			want int
		}{
			{year - 15*day, 0}, {year - 14*day, 1}, {year - 13*day, 1}, {year - 8*day, 1}, {year - 7*day, 2}, {year - 2*day, 2},
			{year - day, 3}, {year - time.Hour, 3}, {year, 3}, {year + 30*day, 3},
		} {
			e.Clock.Set(start.Add(step.at))
			for range 2 {
				if err := s.Age(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := mails(t, e, "password-ages", a); n != step.want {
				t.Errorf("%v before the end: %d mails, want %d", year-step.at, n, step.want)
			}
		}
		if got := get(t, e, a.ID); got.State != account.Active {
			t.Errorf("the account is %s: its owner is to set a new password at the next sign-in", got.State)
		}
		// A new password begins anew.
		write(t, e, func(tx *db.Tx) error { return account.SetPassword(tx, a.ID, "y") })
		e.Clock.Advance(year - 14*day)
		if err := s.Age(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := mails(t, e, "password-ages", a); n != 4 {
			t.Errorf("%d mails after a new password, want 4", n)
		}
	})
}

func TestWhoWasNotLookedAtForLongIsToldOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e, e.DB)
		a := person(t, e, "marta")
		// The portal stood still for two weeks: the last of the three is the one to tell.
		e.Clock.Advance(year - 12*time.Hour)
		for range 2 {
			if err := s.Age(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := mails(t, e, "password-ages", a); n != 1 {
			t.Errorf("%d mails, want 1", n)
		}
	})
}

func TestAnUnusedAccountIsToldAndThenExpires(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e, e.DB)
		idle, used, late := person(t, e, "idle"), person(t, e, "used"), person(t, e, "late")
		doze := func() {
			t.Helper()
			if err := s.Doze(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		e.Clock.Advance(year - 31*day)
		doze()
		if n := mails(t, e, "account-unused", idle); n != 0 {
			t.Errorf("told %d times too early", n)
		}
		write(t, e, func(tx *db.Tx) error { return account.MarkSignedIn(tx, used.ID) })
		e.Clock.Advance(day)
		doze()
		doze()
		for _, a := range []account.Account{idle, late} {
			if n := mails(t, e, "account-unused", a); n != 1 {
				t.Errorf("%s was told %d times, want once", a.UserID, n)
			}
		}
		if n := mails(t, e, "account-unused", used); n != 0 {
			t.Errorf("who signed in was told %d times", n)
		}
		e.Clock.Advance(29 * day)
		write(t, e, func(tx *db.Tx) error { return account.MarkSignedIn(tx, late.ID) })
		doze()
		if got := get(t, e, idle.ID); got.State != account.Active {
			t.Fatalf("expired a day too early")
		}
		e.Clock.Advance(day)
		doze()
		doze()
		if got := get(t, e, idle.ID); got.State != account.Expired || got.StateReason != account.ByDormancy || !got.StateAt.Equal(e.Clock.Now()) {
			t.Errorf("%+v, want expired for want of use since now", got)
		}
		for _, a := range []account.Account{used, late} {
			if got := get(t, e, a.ID); got.State != account.Active {
				t.Errorf("%s is %s, and was used", a.UserID, got.State)
			}
		}
		if n := mails(t, e, "account-expired", idle); n != 1 {
			t.Errorf("told %d times that the account has expired, want once", n)
		}
		var history []audit.Entry
		write(t, e, func(tx *db.Tx) (err error) {
			history, err = audit.History(tx, idle.Subject(), 10)
			return err
		})
		if len(history) != 1 || history[0].Action != "account.dormancy_expire" {
			t.Errorf("events: %+v", history)
		}
	})
}

func TestNobodyExpiresUntoldHoweverLongThePortalStoodStill(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e, e.DB)
		a := person(t, e, "idle")
		e.Clock.Advance(3 * year)
		if err := s.Doze(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := get(t, e, a.ID); got.State != account.Active || mails(t, e, "account-unused", a) != 1 {
			t.Errorf("%s after the first notice", got.State)
		}
	})
}

func TestManyAreDueAtOnceAndStaffIsLeftAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		s := service(t, e, e.DB)
		var all []account.Account
		for i := range 2*atOnce + 7 {
			all = append(all, person(t, e, "p"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+string(rune('a'+i/26))))
		}
		member := all[3]
		s.IsStaff = func(_ *db.Tx, id string) (bool, error) { return id == member.ID, nil }
		e.Clock.Advance(year)
		if err := s.Doze(t.Context()); err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(30 * day)
		if err := s.Doze(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			want := account.Expired
			if a.ID == member.ID {
				want = account.Active
			}
			if got := get(t, e, a.ID); got.State != want {
				t.Errorf("%s is %s, want %s", a.UserID, got.State, want)
			}
		}
	})
}

// The chore is declared, and of two nodes one runs it.
func TestTwoNodesTellOnce(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, e, other *dbtest.Env) {
		a := person(t, e, "marta")
		e.Clock.Advance(year - 14*day)
		var wait sync.WaitGroup
		for range 8 {
			for _, d := range []*db.DB{e.DB, other.DB} {
				s := service(t, e, d)
				wait.Go(func() {
					r := &chore.Runner{DB: d, Secret: e.Secret, Log: slog.New(slog.DiscardHandler), Chores: s.Chores(), Now: e.Clock.Now}
					if _, err := r.RunDue(t.Context()); err != nil {
						t.Error(err)
					}
					if err := s.Age(t.Context()); err != nil { // even past the lease
						t.Error(err)
					}
				})
			}
		}
		wait.Wait()
		if n := mails(t, e, "password-ages", a); n != 1 {
			t.Errorf("told %d times, want once", n)
		}
	})
}

// asvs: V6.2.10
func TestARuleThatIsOffHasNoChore(t *testing.T) {
	if all := (&Service{}).Chores(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}
