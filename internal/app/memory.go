package app

import (
	"context"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"time"
)

// A password is hashed in 19 MiB of memory, which is garbage afterwards. A rush
// of sign-ins leaves a heap that the next collection would give back, and where
// nobody comes any more there is no next one for minutes.
const (
	memoryTick = 10 * time.Second
	// memoryEnough is what a node holds without being asked to give back.
	memoryEnough = 72 << 20
)

// giveBack returns unused memory to the system: what the start left, and later
// what a rush left, once no password is being hashed.
func giveBack(ctx context.Context, hashing func() int) {
	tick := time.NewTicker(memoryTick)
	defer tick.Stop()
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if hashing() == 0 && (first || held() > memoryEnough) {
			debug.FreeOSMemory()
		}
	}
}

// held is the memory that the process has from the system, in bytes.
func held() uint64 {
	all := []runtimemetrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	runtimemetrics.Read(all)
	return all[0].Value.Uint64() - all[1].Value.Uint64()
}
