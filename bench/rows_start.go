package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

const starts = 11

// cold is how long a start takes until the first page is served.
func (b *bench) cold() error {
	p, err := b.newPortal("cold", portalOptions{})
	if err != nil {
		return err
	}
	defer p.end()
	floor, floorCPU, err := b.startsOf(func() (*process, error) {
		o := floorOptions{database: filepath.Join(p.folder, "floor.db")}
		var err error
		if o.listen, err = freeAddr(); err != nil {
			return nil, err
		}
		return b.launchFloor("start", o)
	}, "/ready")
	if err != nil {
		return err
	}
	launch := func() (*process, error) {
		err := b.launchPortal(p, "")
		return p.process, err
	}
	tell := func(what string) error {
		took, cpu, err := b.startsOf(launch, publicPath)
		if err != nil {
			return err
		}
		b.report.fact(fact{row: "cold start to the first 200", what: what, value: fmt.Sprintf("%s ms, %d ms of a processor", ms(took), cpu.Milliseconds()),
			floor: fmt.Sprintf("%s ms, %d ms", ms(floor), floorCPU.Milliseconds()), reach: "≤ 150 ms", verdict: judge(took <= 150*time.Millisecond)})
		return nil
	}
	if err := tell("empty database"); err != nil {
		return err
	}
	n := b.n(1_000_000, 1000)
	if err := p.strangers(b, n); err != nil {
		return err
	}
	if err := tell(grouped(n) + " accounts"); err != nil {
		return err
	}
	var first []time.Duration
	for range min(starts, b.n(starts, 1)) {
		p, err := b.blankPortal("first", portalOptions{})
		if err != nil {
			return err
		}
		if err := b.launchPortal(p, ""); err != nil {
			return err
		}
		at, err := p.ready(b.ctx, publicPath)
		if err != nil {
			return err
		}
		first = append(first, at.Sub(p.started))
		p.end()
	}
	slices.Sort(first)
	b.report.fact(fact{row: "cold start to the first 200", what: "the very first: makes keys, database, schema", value: ms(first[len(first)/2]) + " ms"})
	return nil
}

// launchFloor starts a floor without waiting for it.
func (b *bench) launchFloor(kind string, o floorOptions) (*process, error) {
	self, err := executable()
	if err != nil {
		return nil, err
	}
	return b.launch("floor-"+kind, o.listen, append([]string{self}, floorArgs(kind, o)...)...)
}

// startsOf starts a program some times and returns the median time to the first
// 200 and what the processor did for it.
func (b *bench) startsOf(launch func() (*process, error), path string) (took, cpu time.Duration, err error) {
	var times, work []time.Duration
	for range max(1, min(starts, b.n(starts, 1))) {
		p, err := launch()
		if err != nil {
			return 0, 0, err
		}
		at, err := p.ready(b.ctx, path)
		if err != nil {
			return 0, 0, err
		}
		used, err := p.cpu()
		if err != nil {
			return 0, 0, err
		}
		times, work = append(times, at.Sub(p.started)), append(work, used)
		p.stop()
	}
	slices.Sort(times)
	slices.Sort(work)
	return times[len(times)/2], work[len(work)/2], nil
}

// memory is what the portal takes when nobody is there, under load, and after.
func (b *bench) memory() error {
	p, err := b.newPortal("memory", portalOptions{})
	if err != nil {
		return err
	}
	defer p.end()
	people, err := p.people(b, b.n(200, 12), p.terms)
	if err != nil {
		return err
	}
	if err := b.startPortal(p, ""); err != nil {
		return err
	}
	b.wait(max(15*time.Second/time.Duration(b.scale), 200*time.Millisecond))
	idle, _, err := p.memory()
	if err != nil {
		return err
	}
	floor, err := b.floor("start", floorOptions{database: filepath.Join(p.folder, "floor.db")})
	if err != nil {
		return err
	}
	floorIdle, _, err := floor.memory()
	if err != nil {
		return err
	}
	b.report.fact(fact{row: "resident memory", what: "idle", value: mb(idle) + " MB", floor: mb(floorIdle) + " MB", reach: "≤ 50 MB", verdict: judge(idle <= 50<<20)})

	get := newRequest("GET", publicPath)
	pages, err := drive(p.process, b.n(30_000, 300), 32, func(w *worker, _ int) error { return expect(w, get, 200) })
	if err != nil {
		return err
	}
	signedIn, err := drive(p.process, b.n(300, 12), 32, signIns(people))
	if err != nil {
		return err
	}
	if pages.failures+signedIn.failures > 0 {
		return fmt.Errorf("%d pages and %d sign-ins failed: %w", pages.failures, signedIn.failures, firstOf(pages.failure, signedIn.failure))
	}
	b.report.fact(fact{row: "resident memory", what: "at its peak, 32 pages at once", value: mb(pages.peak) + " MB"})
	b.report.fact(fact{row: "resident memory", what: "at its peak, 32 sign-ins at once", value: mb(signedIn.peak) + " MB"})
	begun, after := time.Now(), signedIn.after
	for limit := max(time.Minute/time.Duration(b.scale), time.Second); time.Since(begun) < limit && after >= 100<<20; {
		b.wait(250 * time.Millisecond)
		if after, _, err = p.memory(); err != nil {
			return err
		}
	}
	b.report.fact(fact{row: "resident memory", what: fmt.Sprintf("%.0f s after the load", time.Since(begun).Seconds()), value: mb(after) + " MB", reach: "< 100 MB within a minute", verdict: judge(after < 100<<20)})
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// wait lets time pass, unless the run ends.
func (b *bench) wait(d time.Duration) {
	select {
	case <-b.ctx.Done():
	case <-time.After(d):
	}
}
