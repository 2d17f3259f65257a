package dbtest

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"
)

// A History is what several clients did at once, and what each was answered: enough to ask whether there is an order of the acts,
// one after the other, in which the answers make sense (Herlihy and Wing's linearizability).
type History struct {
	mu    sync.Mutex
	ticks atomic.Int64 // the only clock that matters is what was before what
	done  []porcupine.Operation
}

// Do records one act of a client.
func (h *History) Do(client int, input any, act func() any) {
	called := h.ticks.Add(1)
	output := act()
	returned := h.ticks.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done = append(h.done, porcupine.Operation{ClientId: client, Input: input, Call: called, Output: output, Return: returned})
}

// Linearizable fails the test unless there is such an order by the model.
func (h *History) Linearizable(t *testing.T, model porcupine.Model) {
	t.Helper()
	if porcupine.CheckOperations(model, h.done) {
		return
	}
	t.Errorf("no order of these %d acts explains their answers:", len(h.done))
	for _, o := range h.done {
		t.Logf("client %d  %3d to %3d  %+v → %+v", o.ClientId, o.Call, o.Return, o.Input, o.Output)
	}
}
