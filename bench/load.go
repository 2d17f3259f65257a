package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A pass is what one drive of a process showed.
type pass struct {
	ops      int
	failures int
	failure  error // the first of them
	wall     time.Duration
	cpu      time.Duration
	took     []time.Duration // sorted
	before   int64           // bytes of resident memory
	peak     int64
	after    int64
}

// A worker is one of those who drive at once.
type worker struct {
	*client
	rng *rand.Rand
}

// drive does n operations with so many at once and measures the process
// meanwhile. do gets the number of the operation.
func drive(p *process, n, atOnce int, do func(w *worker, i int) error) (pass, error) {
	return driveMany([]*process{p}, n, atOnce, do)
}

// driveMany is drive for several nodes: worker k speaks to node k modulo their
// number, and what is measured is their sum.
func driveMany(nodes []*process, n, atOnce int, do func(w *worker, i int) error) (pass, error) {
	r := pass{ops: n}
	begun := time.Now()
	finish, err := watch(nodes, &r)
	if err != nil {
		return r, err
	}
	var (
		next     atomic.Int64
		wg       sync.WaitGroup
		mu       sync.Mutex
		failures int
		first    error
	)
	r.took = make([]time.Duration, n)
	for k := range atOnce {
		wg.Go(func() {
			w := &worker{client: newClient(nodes[k%len(nodes)].addr), rng: rand.New(rand.NewPCG(uint64(k), 7))}
			defer w.close()
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				at := time.Now()
				err := do(w, i)
				r.took[i] = time.Since(at)
				if err != nil {
					mu.Lock()
					failures++
					first = cmp.Or(first, err)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	r.wall = time.Since(begun)
	r.failures, r.failure = failures, first
	slices.Sort(r.took)
	return r, finish()
}

// watch begins to measure processes; the function it returns ends that.
func watch(nodes []*process, r *pass) (finish func() error, err error) {
	var cpu time.Duration
	for _, p := range nodes {
		if p.profiled && !p.profiling {
			p.profiling = true
			p.profile()
		}
		p.forgetPeak()
		now, _, err := p.memory()
		if err != nil {
			return nil, err
		}
		r.before += now
		t, err := p.cpu()
		if err != nil {
			return nil, err
		}
		cpu += t
	}
	return func() error {
		for _, p := range nodes {
			t, err := p.cpu()
			if err != nil {
				return fmt.Errorf("%s ended under load: %w", p.name, err)
			}
			r.cpu += t
			now, peak, err := p.memory()
			if err != nil {
				return err
			}
			r.after += now
			r.peak += peak
		}
		r.cpu -= cpu
		return nil
	}, nil
}

// perOp is the processor time of one operation in microseconds.
func (r pass) perOp() float64 {
	if r.ops == 0 {
		return 0
	}
	return float64(r.cpu.Microseconds()) / float64(r.ops)
}

func (r pass) rate() float64 { return float64(r.ops) / r.wall.Seconds() }

// percentile of the times that operations took.
func (r pass) percentile(p float64) time.Duration { return percentile(r.took, p) }

func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

// median is the pass in the middle by processor time, with the failures of all.
func median(passes []pass) pass {
	failures := 0
	var first error
	for _, p := range passes {
		failures += p.failures
		first = cmp.Or(first, p.failure)
	}
	slices.SortFunc(passes, func(a, b pass) int { return cmp.Compare(a.perOp(), b.perOp()) })
	m := passes[len(passes)/2]
	m.failures, m.failure = failures, first
	return m
}

// A duel is a row and its floor, driven in turn so that both meet the same
// machine.
type duel struct {
	n, floorN  int // operations; floorN 0 means n
	atOnce     int
	floorAlone bool // the floor runs one at a time whatever atOnce says
	portal     *process
	floor      *process
	do         func(w *worker, i int) error
	floorDo    func(w *worker, i int) error
	before     func() error // each drive, uncounted
}

func (b *bench) fight(d duel) (portal, floor pass, ratio float64, err error) {
	if d.floorN == 0 {
		d.floorN = d.n
	}
	floorAtOnce := d.atOnce
	if d.floorAlone {
		floorAtOnce = 1
	}
	var portals, floors []pass
	var ratios []float64
	// The first of a hundred operations warm caches, pools and the branch
	// predictor; they are not counted.
	if _, err := drive(d.floor, max(1, d.floorN/20), floorAtOnce, d.floorDo); err != nil {
		return portal, floor, 0, err
	}
	for round := range b.repeat {
		if d.before != nil {
			if err := d.before(); err != nil {
				return portal, floor, 0, err
			}
		}
		f, err := drive(d.floor, d.floorN, floorAtOnce, d.floorDo)
		if err != nil {
			return portal, floor, 0, err
		}
		p, err := drive(d.portal, d.n, d.atOnce, func(w *worker, i int) error { return d.do(w, round*d.n+i) })
		if err != nil {
			return portal, floor, 0, err
		}
		portals, floors = append(portals, p), append(floors, f)
		if f.perOp() > 0 {
			ratios = append(ratios, p.perOp()/f.perOp())
		}
	}
	slices.Sort(ratios)
	if len(ratios) > 0 {
		ratio = ratios[len(ratios)/2]
	}
	return median(portals), median(floors), ratio, nil
}
