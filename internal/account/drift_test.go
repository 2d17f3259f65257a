package account

import (
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
)

// oathtool is the phone: its code at an instant of its own clock.
func oathtool(t *testing.T, encoded string, at time.Time) string {
	t.Helper()
	out, err := exec.Command("oathtool", "--totp", "-b", "-N", at.UTC().Format("2006-01-02 15:04:05 UTC"), encoded).Output()
	if err != nil {
		t.Fatalf("oathtool: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// A phone's clock may be wrong by a step in either direction, and not by more, wherever in a step the two clocks stand. The codes
// are another program's.
//
// asvs: V6.5.5
// asvs: V6.5.8
func TestAPhoneWhoseClockIsWrongByAStepIsTaken(t *testing.T) {
	dbtest.Needs(t, "oathtool")
	e := dbtest.SQLite(t)
	start := e.Clock.Now().Truncate(totpStep)
	var table strings.Builder
	for _, phase := range []int{0, 1, 15, 29} {
		for _, drift := range []int{-120, -61, -60, -59, -45, -31, -30, -29, -15, -1, 0, 1, 15, 29, 30, 31, 45, 59, 60, 61, 120} {
			now := start.Add(time.Duration(phase) * time.Second)
			phone := now.Add(time.Duration(drift) * time.Second)
			apart := math.Floor(float64(phone.Sub(start)) / float64(totpStep))
			want := apart >= -totpSkew && apart <= totpSkew
			e.Clock.Set(now)
			id := fmt.Sprintf("drift%d_%d", phase, drift)
			got := false
			err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
				email, err := ParseEmail(strings.ReplaceAll(id, "-", "m") + "@harbour.example")
				if err != nil {
					return err
				}
				a, err := Create(tx, e.Secret, DefaultPattern, New{Email: email, FirstName: "Marta", LastName: "Lind", State: Unfinished})
				if err != nil {
					return err
				}
				enrolled, err := BeginAuthenticator(tx, e.Ring, e.Secret, a.ID, "Northwind", a.Email)
				if err != nil {
					return err
				}
				if err := tx.Do(`UPDATE authenticator SET confirmed_at = 1 WHERE account_id = $1`, a.ID); err != nil {
					return err
				}
				code := oathtool(t, enrolled.Secret, phone)
				if got, err = CheckAuthenticator(tx, e.Ring, a.ID, code); err != nil || !got {
					return err
				}
				if again, err := CheckAuthenticator(tx, e.Ring, a.ID, code); err != nil || again {
					t.Errorf("phase %d, drift %d: the code was taken twice (%v)", phase, drift, err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%2d s into a step, a phone that is %+d s wrong: taken is %v, want %v", phase, drift, got, want)
			}
			fmt.Fprintf(&table, "%2d s  %+4d s  %v\n", phase, drift, got)
		}
	}
	t.Log("into the step, drift, taken\n" + table.String())
}
