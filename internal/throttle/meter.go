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
// more through than the limit does; what a node does not hand out within a few seconds is lost to whoever it was bought for.
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

// Take takes one try of the limit for whom. TooMany "too-many" with the time until the next try where none is left; the reading
// stands in either case.
func (m *Meter) Take(ctx context.Context, d *db.DB, now time.Time, l Limit, whom string) (Reading, error) {
	key := l.Name + ":" + whom
	if r, ok := m.take(l, key, now); ok {
		return r, nil
	}
	var bought int
	var tat time.Time
	err := d.Write(ctx, func(tx *db.Tx) (err error) {
		for _, n := range []int{max(1, l.Burst/packetShare), 1} {
			if tat, err = l.buy(tx, key, n); !fault.Is(err, fault.NotFound) {
				bought, now = n, tx.Now()
				return err
			}
		}
		bought = 0
		return nil
	})
	if err != nil {
		return Reading{}, err
	}
	if bought == 0 {
		if r, ok := m.take(l, key, now); ok {
			return r, nil // somebody else bought the last ones for this node at the same moment
		}
		wait := l.Every
		if err := d.Read(ctx, func(tx *db.Tx) (err error) { wait, err = l.Wait(tx, whom); return err }); err != nil {
			return Reading{}, err
		}
		return Reading{Limit: l, Reset: wait}, &fault.Error{
			Kind: fault.TooMany, Code: "too-many", RetryAfter: wait, Args: map[string]string{"limit": strconv.Itoa(l.Burst)},
		}
	}
	return m.keep(l, key, now, tat, bought-1), nil
}

// buy takes n tries at once and says until when the debt then runs; NotFound where there are not as many.
func (l Limit) buy(tx *db.Tx, key string, n int) (time.Time, error) {
	now, cost := db.Micros(tx.Now()), l.Every.Microseconds()*int64(n)
	fresh, latest := now+cost, now+l.Every.Microseconds()*int64(l.Burst-n)
	var tat int64
	err := tx.Get(`
		INSERT INTO throttle (key, tat) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE
		SET tat = CASE WHEN throttle.tat > $3 THEN throttle.tat + $4 ELSE excluded.tat END
		WHERE throttle.tat <= $5 RETURNING tat`, []any{key, fresh, now, cost, latest}, &tat)
	return db.Time(tat), err
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

func (m *Meter) keep(l Limit, key string, now, tat time.Time, left int) Reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) >= packetsMost {
		m.kept = map[string]*packet{}
	}
	if p := m.kept[key]; p != nil && now.Before(p.until) {
		left += p.left // somebody else bought at the same moment
	}
	p := &packet{left: left, until: now.Add(packetLife), tat: tat}
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
