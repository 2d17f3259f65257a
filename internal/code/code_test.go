package code_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
)

const phone = "+447700900123"

func issue(t *testing.T, e *dbtest.Env, owner, purpose string) (c string) {
	t.Helper()
	err := e.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
		c, err = code.Issue(tx, e.Ring, e.Secret, owner, purpose, phone, code.Default())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func check(t *testing.T, e *dbtest.Env, owner, purpose, destination, given string) (v code.Verdict, left int) {
	t.Helper()
	err := e.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
		v, left, err = code.Check(tx, e.Ring, owner, purpose, destination, given)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v, left
}

// asvs: V6.6.2, V6.6.3
func TestACodeIsGoodForItsOwnerPurposeAndDestinationOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		c := issue(t, e, "a", "sms")
		other := issue(t, e, "b", "sms")
		if v, _ := check(t, e, "b", "sms", phone, c); v != code.Wrong {
			t.Errorf("the code of A in B is %v", v)
		}
		if v, _ := check(t, e, "a", "mail", phone, c); v != code.Spent {
			t.Errorf("for another purpose it is %v", v)
		}
		if v, left := check(t, e, "a", "sms", "+441", c); v != code.Wrong || left != 4 {
			t.Errorf("for another number it is %v, %d left", v, left)
		}
		if v, _ := check(t, e, "a", "sms", phone, c); v != code.Right {
			t.Errorf("the right code is %v", v)
		}
		if v, _ := check(t, e, "a", "sms", phone, c); v != code.Spent {
			t.Errorf("a second time it is %v", v)
		}
		if v, _ := check(t, e, "b", "sms", phone, other); v != code.Right {
			t.Errorf("B's own is %v", v)
		}
	})
}

func TestACodeEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		c := issue(t, e, "a", "sms")
		e.Clock.Advance(10*time.Minute - time.Microsecond)
		if v, left := check(t, e, "a", "sms", phone, "x"); v != code.Wrong || left != 4 {
			t.Errorf("just before its end a wrong try is %v, %d left", v, left)
		}
		e.Clock.Advance(time.Microsecond)
		if v, _ := check(t, e, "a", "sms", phone, c); v != code.Spent {
			t.Errorf("at its end it is %v", v)
		}
		first := issue(t, e, "a", "sms")
		second := issue(t, e, "a", "sms")
		if first != second {
			if v, _ := check(t, e, "a", "sms", phone, first); v != code.Wrong {
				t.Errorf("a replaced code is %v", v)
			}
		}
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error { return code.Revoke(tx, "a", "sms") })
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := check(t, e, "a", "sms", phone, second); v != code.Spent {
			t.Errorf("a revoked code is %v", v)
		}
	})
}

// asvs: V6.6.3
func TestOfFiftyGuessesAtOnceFiveAreEvaluated(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		issue(t, a, "a", "sms")
		var evaluated atomic.Int32
		var wg sync.WaitGroup
		for i := range 50 {
			e := []*dbtest.Env{a, b}[i%2]
			wg.Go(func() {
				if v, _ := check(t, e, "a", "sms", phone, "no"); v != code.Spent {
					evaluated.Add(1)
				}
			})
		}
		wg.Wait()
		if evaluated.Load() != 5 {
			t.Fatalf("%d were evaluated", evaluated.Load())
		}
	})
}

// asvs: V6.5.1 V2.3.4
func TestOfFiftyWhoSendTheRightCodeAtOnceOneIsRight(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		c := issue(t, a, "a", "sms")
		var right atomic.Int32
		var wg sync.WaitGroup
		for i := range 50 {
			e := []*dbtest.Env{a, b}[i%2]
			wg.Go(func() {
				if v, _ := check(t, e, "a", "sms", phone, c); v == code.Right {
					right.Add(1)
				}
			})
		}
		wg.Wait()
		if right.Load() != 1 {
			t.Fatalf("%d were right", right.Load())
		}
	})
}

func link(t *testing.T, e *dbtest.Env) (token string) {
	t.Helper()
	err := e.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
		token, err = code.NewLink(tx, e.Secret, "confirm", "account:1", "a@b.example", time.Hour)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// asvs: V3.5.3
func TestALinkIsForOnePurposeAndLookingBurnsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		token := link(t, e)
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			for range 3 {
				if l, err := code.PeekLink(tx, "confirm", token); err != nil || l.Subject != "account:1" || l.Data != "a@b.example" {
					t.Errorf("%+v %v", l, err)
				}
			}
			if _, err := code.PeekLink(tx, "reset", token); !fault.Code(err, "link-gone") {
				t.Errorf("for another purpose: %v", err)
			}
			if _, err := code.SpendLink(tx, "confirm", token); err != nil {
				t.Error(err)
			}
			if _, err := code.SpendLink(tx, "confirm", token); !fault.Code(err, "link-used") {
				t.Errorf("a second time: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// asvs: V6.4.1
func TestALinkEndsByTimeAndByRevocation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		token, late := link(t, e), ""
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error { return code.RevokeLinks(tx, "confirm", "account:1") })
		if err != nil {
			t.Fatal(err)
		}
		late = link(t, e)
		e.Clock.Advance(time.Hour)
		err = e.DB.Write(t.Context(), func(tx *db.Tx) error {
			for _, tk := range []string{token, late, ""} {
				if _, err := code.SpendLink(tx, "confirm", tk); !fault.Code(err, "link-gone") {
					t.Errorf("%q: %v", tk, err)
				}
			}
			n, err := code.Sweep(tx, tx.Now(), 10)
			if n != 1 {
				t.Errorf("swept %d", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// asvs: V2.3.4 V6.5.1
func TestOfFiftyWhoSpendALinkAtOnceOneGetsIt(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		token := link(t, a)
		var got atomic.Int32
		var wg sync.WaitGroup
		for i := range 50 {
			e := []*dbtest.Env{a, b}[i%2]
			wg.Go(func() {
				err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
					_, err := code.SpendLink(tx, "confirm", token)
					return err
				})
				if err == nil {
					got.Add(1)
				} else if !fault.Code(err, "link-used") {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 {
			t.Fatalf("%d got it", got.Load())
		}
	})
}

// asvs: V6.5.4 V6.5.5
func TestACodeHasSixDigitsAndTenMinutes(t *testing.T) {
	r := code.Default()
	if r.Length < 6 || r.Life > 10*time.Minute || r.Tries > 5 {
		t.Errorf("%+v", r)
	}
}
