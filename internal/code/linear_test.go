package code_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"

	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
)

// codeAct is what a client does with the one code of an owner: issue the code of a number, or try that of a number (0 is one that
// never was).
type codeAct struct {
	Issue bool
	Code  int
}

type codeAnswer struct {
	Verdict code.Verdict
	Left    int
}

// codeModel is a code as it is promised: the one issued last, five tries, once.
func codeModel() porcupine.Model {
	type state struct {
		code, left int
	}
	return porcupine.Model{
		Init: func() any { return state{} },
		Step: func(s, input, output any) (bool, any) {
			at, act := s.(state), input.(codeAct)
			if act.Issue {
				return true, state{act.Code, code.Default().Tries}
			}
			got := output.(codeAnswer)
			switch {
			case at.left == 0:
				return got.Verdict == code.Spent, at
			case act.Code == at.code:
				return got.Verdict == code.Right && got.Left == at.left-1, state{}
			}
			at.left--
			return got.Verdict == code.Wrong && got.Left == at.left, at
		},
	}
}

// Clients on two nodes issue, guess and know, all at once; whatever they are told must be what some order of their acts would tell.
//
// asvs: V6.5.1
func TestCodesAreLinearizableOnTwoNodes(t *testing.T) {
	const clients, acts = 6, 12
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		var h dbtest.History
		var numbers atomic.Int64
		var known sync.Map // number → code
		var newest atomic.Int64
		known.Store(0, "never")
		var wait sync.WaitGroup
		for client := range clients {
			e := []*dbtest.Env{a, b}[client%2]
			wait.Go(func() {
				for i := range acts {
					if (client*5+i*7)%9 == 0 {
						n := int(numbers.Add(1))
						h.Do(client, codeAct{true, n}, func() any {
							known.Store(n, issue(t, e, "a", "sms"))
							newest.Store(int64(n))
							return nil
						})
						continue
					}
					n := 0
					if (client+i)%3 == 0 {
						n = int(newest.Load())
					}
					given, _ := known.Load(n)
					h.Do(client, codeAct{false, n}, func() any {
						v, left := check(t, e, "a", "sms", phone, given.(string))
						return codeAnswer{v, left}
					})
				}
			})
		}
		wait.Wait()
		h.Linearizable(t, codeModel())
	})
}

type linkAct string

const (
	peeks   linkAct = "peek"
	spends  linkAct = "spend"
	revokes linkAct = "revoke"
)

// linkModel is a link as it is promised: spent once, and not after it was revoked.
func linkModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return true },
		Step: func(s, input, output any) (bool, any) {
			open := s.(bool)
			switch input.(linkAct) {
			case spends:
				return output == open, false
			case revokes:
				return true, false
			case peeks:
				return output == open, open
			}
			return false, open
		},
	}
}

func TestLinksAreLinearizableOnTwoNodes(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		for round := range 8 {
			token := link(t, a)
			var h dbtest.History
			var wait sync.WaitGroup
			for client := range 6 {
				e := []*dbtest.Env{a, b}[client%2]
				act := []linkAct{peeks, spends, peeks, spends, spends, revokes}[client]
				if act == revokes && round%2 == 0 {
					act = spends
				}
				wait.Go(func() {
					for range 3 {
						h.Do(client, act, func() any { return linked(t, e, act, token) })
					}
				})
			}
			wait.Wait()
			h.Linearizable(t, linkModel())
		}
	})
}

// linked does the act and says whether there was a link to do it to.
func linked(t *testing.T, e *dbtest.Env, act linkAct, token string) bool {
	t.Helper()
	err := e.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
		switch act {
		case peeks:
			_, err = code.PeekLink(tx, "confirm", token)
		case spends:
			_, err = code.SpendLink(tx, "confirm", token)
		case revokes:
			err = code.RevokeLinks(tx, "confirm", "account:1")
		}
		return err
	})
	if err != nil && !fault.Is(err, fault.Gone) {
		t.Error(err)
	}
	return err == nil
}
