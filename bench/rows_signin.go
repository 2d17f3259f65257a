package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// argonPerHash drives the floor that hashes and nothing else, and returns what
// one hash takes of a processor.
func (b *bench) argonFloor() (*process, func(w *worker, i int) error, error) {
	p, err := b.floor("argon", floorOptions{})
	if err != nil {
		return nil, nil, err
	}
	ask := newRequest("GET", "/?n=1")
	return p, func(w *worker, _ int) error { return expect(w, ask, 200) }, nil
}

// signIns returns what signs person i in, each time from a network where nobody
// has signed in yet.
func signIns(people []person) func(w *worker, i int) error {
	var visitors atomic.Int64
	return func(w *worker, i int) error {
		q := signInRequest(people[i%len(people)], int(visitors.Add(1)))
		a, err := w.do(q)
		if err != nil {
			return err
		}
		if a.status != 303 || !slices.ContainsFunc(a.cookies, isSession) {
			return fmt.Errorf("signing in: %d to %q: %s", a.status, a.location, said(a.body))
		}
		return nil
	}
}

func isSession(cookie string) bool {
	return len(cookie) > len("session=") && cookie[:len("session=")] == "session="
}

func signInRequest(who person, visitor int) *request {
	q := post("/sign-in", url.Values{"login": {who.userID}, "password": {thePassword}})
	q.address = addressOf(visitor)
	return q
}

const slotMemory = 19 << 20 // bytes that one Argon2id hash works in

// signIn is a whole sign-in with a password against the hash alone.
func (b *bench) signIn() error {
	p, err := b.newPortal("sign-in", portalOptions{})
	if err != nil {
		return err
	}
	defer p.end()
	n := b.n(300, 12)
	people, err := p.people(b, n, p.terms)
	if err != nil {
		return err
	}
	if err := b.startPortal(p, ""); err != nil {
		return err
	}
	floor, hash, err := b.argonFloor()
	if err != nil {
		return err
	}
	for _, level := range levels() {
		portal, f, ratio, err := b.fight(duel{n: n, atOnce: level, floorAlone: true, portal: p.process, floor: floor, do: signIns(people), floorDo: hash})
		if err != nil {
			return err
		}
		l := line{row: "sign-in (password)", atOnce: level, portal: portal, floor: f.perOp(), ratio: ratio, reach: "≤ 1.10 ×", verdict: judge(ratio <= 1.10)}
		b.report.add(l)
		if level == 32 {
			b.report.fact(fact{row: "sign-in (password)", what: "memory at its peak, 32 at once, above an idle portal", value: mb(portal.peak-p.idle) + " MB",
				floor: fmt.Sprintf("%d slots × 19 MiB", runtime.NumCPU()), reach: fmt.Sprintf("≤ %d MB (stretch)", int64(runtime.NumCPU())*slotMemory>>20),
				verdict: judge(portal.peak-p.idle <= int64(runtime.NumCPU())*slotMemory)})
		}
	}
	return nil
}

// flood sends ten times more sign-ins than the machine can hash, and looks at
// pages meanwhile.
func (b *bench) flood() error {
	p, err := b.newPortal("flood", portalOptions{})
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
	capacity, err := drive(p.process, b.n(200, 12), 2*runtime.NumCPU(), signIns(people))
	if err != nil {
		return err
	}
	length := max(20*time.Second/time.Duration(b.scale), time.Second)
	quiet, err := b.pagesFor(p, length/2)
	if err != nil {
		return err
	}
	b.report.add(line{row: "page, nobody else there", atOnce: 1, portal: quiet})

	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	var storm outcome
	done := make(chan struct{})
	go func() {
		defer close(done)
		storm = b.storm(ctx, p, people, 10*capacity.rate())
	}()
	busy, err := b.pagesFor(p, length)
	stop()
	<-done
	if err != nil {
		return err
	}
	p99 := busy.percentile(0.99)
	b.report.add(line{row: "page under a flood of sign-ins", atOnce: 1, portal: busy, reach: "p99 ≤ 50 ms", verdict: judge(p99 <= 50*time.Millisecond)})
	b.report.fact(fact{row: "flood of sign-ins", what: "arrived a second (10 × capacity wanted)", value: fmt.Sprintf("%.0f of %.0f", storm.rate, 10*capacity.rate())})
	b.report.fact(fact{row: "flood of sign-ins", what: "signed in / turned away / lost", value: fmt.Sprintf("%d / %d / %d", storm.in, len(storm.away), storm.lost), reach: "none lost", verdict: judge(storm.lost == 0)})
	turned := percentile(storm.away, 0.99)
	b.report.fact(fact{row: "flood of sign-ins", what: "503 with Retry-After, p50 / p99", value: ms(percentile(storm.away, 0.5)) + " / " + ms(turned) + " ms", reach: "< 10 ms", verdict: judge(turned < 10*time.Millisecond)})
	b.report.fact(fact{row: "flood of sign-ins", what: "memory at its peak", value: mb(busy.peak) + " MB", reach: "≤ 300 MB", verdict: judge(busy.peak <= 300<<20)})
	if storm.first != nil {
		b.report.note("flood: the first that was lost: %v", storm.first)
	}
	return nil
}

// pagesFor looks at the sign-in form again and again, with a pause in between
// as long as a page, for some time.
func (b *bench) pagesFor(p *portal, length time.Duration) (pass, error) {
	get := newRequest("GET", publicPath)
	n := int(length / (5 * time.Millisecond))
	return drive(p.process, n, 1, func(w *worker, _ int) error {
		time.Sleep(4 * time.Millisecond)
		return expect(w, get, 200)
	})
}

// An outcome is what became of a flood.
type outcome struct {
	in, lost int
	away     []time.Duration // how long those waited who were turned away, sorted
	rate     float64
	first    error
}

// storm begins so many sign-ins a second, whether or not the earlier ones have
// been answered, until ctx ends.
func (b *bench) storm(ctx context.Context, p *portal, people []person, rate float64) (o outcome) {
	var (
		mu      sync.Mutex
		wg      sync.WaitGroup
		idle    = make(chan *client, 4096)
		begun   = time.Now()
		arrived int
	)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			o.rate = float64(arrived) / time.Since(begun).Seconds()
			wg.Wait()
			slices.Sort(o.away)
			return o
		case <-tick.C:
		}
		for due := int(time.Since(begun).Seconds() * rate); arrived < due; arrived++ {
			q := signInRequest(people[arrived%len(people)], arrived)
			wg.Go(func() {
				var c *client
				select {
				case c = <-idle:
				default:
					c = newClient(p.addr)
				}
				at := time.Now()
				a, err := c.do(q)
				took := time.Since(at)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && a.status == 303:
					o.in++
				case err == nil && a.status == 503 && a.retryAfter != "":
					o.away = append(o.away, took)
				default:
					o.lost++
					if err == nil {
						err = errors.New(fmt.Sprint(a.status, " ", said(a.body)))
					}
					if o.first == nil {
						o.first = err
					}
				}
				select {
				case idle <- c:
				default:
					c.close()
				}
			})
		}
	}
}
