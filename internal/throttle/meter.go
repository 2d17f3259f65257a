package throttle

import (
	"context"
	"strconv"
	"sync"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// A Reading says how a limit stands for somebody, for programs that keep to it.
type Reading struct {
	Limit Limit
	Left  int           // tries that are left now
	Reset time.Duration // until the next one where none is left, else until all are
}

// A Meter spends a limit that is asked for at every request of a program, without a write for every request: it buys some tries at
// once of the limit that all nodes share, and hands them out. What was bought is paid for, so that all nodes together never let
// more through than the limit does; what a node has not handed out within a few seconds it gives back when it buys for the same one again.
//
// The zero value is ready to use, by many goroutines.
type Meter struct {
	mu   sync.Mutex
	kept map[string]*packet
}

// packet is what was bought for one key and not handed out.
type packet struct {
	left  int
	until time.Time
	tat   time.Time // of the limit when it was bought
}

const (
	packetShare = 5 // a packet is this part of the burst
	packetLife  = 10 * time.Second
	packetsMost = 20_000
)

// A Claim is one try that somebody wants of a limit.
type Claim struct {
	Limit Limit
	Whom  string
}

func (c Claim) key() string { return c.Limit.Name + ":" + c.Whom }

// Take takes one try of the limit for whom. TooMany "too-many" with the time until the next try where none is left; the reading
// stands in either case.
func (m *Meter) Take(ctx context.Context, d *db.DB, now time.Time, l Limit, whom string) (Reading, error) {
	return m.TakeAll(ctx, d, now, Claim{l, whom})
}

// TakeAll takes one try of each limit, in their order, as Take does, and stops at the first of which none is left: the reading is that
// one's, else the first one's. What must be bought for several is bought at once.
func (m *Meter) TakeAll(ctx context.Context, d *db.DB, now time.Time, claims ...Claim) (first Reading, err error) {
	for i, c := range claims {
		r, ok := m.take(c.Limit, c.key(), now)
		if !ok {
			if r, ok, err = m.buy(ctx, d, now, claims[i:]); err != nil {
				return Reading{}, err
			}
			if !ok { // perhaps somebody else bought the last ones for this node at the same moment
				if r, ok = m.take(c.Limit, c.key(), now); !ok {
					return refused(ctx, d, c)
				}
			}
		}
		if i == 0 {
			first = r
		}
	}
	return first, nil
}

// refused is the answer to a claim for which nothing could be bought.
func refused(ctx context.Context, d *db.DB, c Claim) (Reading, error) {
	wait := c.Limit.Every
	if err := d.Read(ctx, func(tx *db.Tx) (err error) { wait, err = c.Limit.Wait(tx, c.Whom); return err }); err != nil {
		return Reading{}, err
	}
	return Reading{Limit: c.Limit, Reset: wait}, &fault.Error{
		Kind: fault.TooMany, Code: "too-many", RetryAfter: wait, Args: map[string]string{"limit": strconv.Itoa(c.Limit.Burst)},
	}
}

// A bargain is what was bought for one claim.
type bargain struct {
	tries int
	tat   time.Time
}

// buy buys a packet for the first claim, of which it takes one, and for each after it of which this node has none, until there is one
// for which none is left.
func (m *Meter) buy(ctx context.Context, d *db.DB, now time.Time, claims []Claim) (r Reading, ok bool, err error) {
	back := make([]int, len(claims))
	wanted := make([]bool, len(claims))
	for i, c := range claims {
		back[i], wanted[i] = m.unused(c.key(), now)
	}
	bought := make([]bargain, len(claims))
	wanted[0] = true
	err = d.Write(ctx, func(tx *db.Tx) error {
		clear(bought)
		for i, c := range claims {
			if !wanted[i] {
				continue
			}
			for _, n := range []int{max(1, c.Limit.Burst/packetShare), 1} {
				tat, err := c.Limit.buy(tx, c.key(), n, back[i])
				if err == nil {
					bought[i] = bargain{n, tat}
					break
				}
				if !fault.Is(err, fault.NotFound) {
					return err
				}
			}
			if bought[i].tries == 0 {
				return nil
			}
		}
		return nil
	})
	for i, b := range bought {
		if err != nil || b.tries == 0 {
			continue
		}
		taken := 0
		if i == 0 {
			taken = 1
		}
		if kept := m.keep(claims[i].Limit, claims[i].key(), now, b, taken); i == 0 {
			r, ok = kept, true
		}
	}
	return r, ok, err
}

// buy takes n tries at once, gives back as many as were bought and not used, and says until when the debt then runs; NotFound where
// there are not as many.
func (l Limit) buy(tx *db.Tx, key string, n, back int) (time.Time, error) {
	every, now := l.Every.Microseconds(), db.Micros(tx.Now())
	cost := every * int64(n)
	returned := every * int64(back)
	var tat int64
	err := tx.Get(`
		INSERT INTO throttle (key, tat) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE
		SET tat = CASE WHEN throttle.tat > $3 THEN throttle.tat + $4 ELSE excluded.tat END
		WHERE throttle.tat <= $5 RETURNING tat`,
		[]any{key, now + cost, now + returned, cost - returned, now + every*int64(l.Burst-n) + returned}, &tat)
	return db.Time(tat), err
}

// unused says how many tries were bought for a key and can be handed out no more, which are forgotten with that, and whether there are
// none that can.
func (m *Meter) unused(key string, now time.Time) (back int, none bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.kept[key]
	if p == nil || now.Before(p.until) {
		return 0, p == nil || p.left == 0
	}
	delete(m.kept, key)
	return p.left, true
}

func (m *Meter) take(l Limit, key string, now time.Time) (Reading, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.kept[key]
	if p == nil || p.left == 0 || !now.Before(p.until) {
		return Reading{}, false
	}
	p.left--
	return p.reading(l, now), true
}

// keep puts what was bought to what there is, but for those that are taken at once, and reads the limit.
func (m *Meter) keep(l Limit, key string, now time.Time, b bargain, taken int) Reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) >= packetsMost {
		m.kept = map[string]*packet{}
	}
	if p := m.kept[key]; p != nil && now.Before(p.until) {
		b.tries += p.left // somebody else bought at the same moment
	}
	p := &packet{left: b.tries - taken, until: now.Add(packetLife), tat: b.tat}
	m.kept[key] = p
	return p.reading(l, now)
}

func (p *packet) reading(l Limit, now time.Time) Reading {
	debt := max(0, p.tat.Sub(now))
	owed := int((debt + l.Every - 1) / l.Every)
	r := Reading{Limit: l, Left: max(0, l.Burst-owed) + p.left, Reset: debt}
	if r.Left == 0 {
		r.Reset = max(0, debt-l.Every*time.Duration(l.Burst-1))
	}
	return r
}
