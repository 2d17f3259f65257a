package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"

	"vestibule/internal/db"
	"vestibule/internal/license"
)

const findKey = `SELECT license_id, key FROM license_key WHERE lookup = $1`

// validate is what a product asks when it starts: whether it may run, by its key alone.
func (b *bench) validate() error {
	for _, engine := range b.engines() {
		if err := b.validateWith(engine); err != nil {
			return err
		}
		b.stopAll()
	}
	return nil
}

func (b *bench) validateWith(engine string) error {
	p, err := b.newPortal("validate", portalOptions{postgres: engine == "PostgreSQL"})
	if err != nil {
		return err
	}
	defer p.end()
	if _, err := p.people(b, b.n(1_000, 20), p.terms); err != nil {
		return err
	}
	asks, err := p.validations(b)
	if err != nil {
		return err
	}
	if err := b.startPortal(p, ""); err != nil {
		return err
	}
	floor, err := b.floorOf(p.process, asks[0], "keyed", floorOptions{database: p.database, query: findKey})
	if err != nil {
		return err
	}
	for _, level := range levels() {
		n := b.n(20_000, 200)
		order := rand.New(rand.NewPCG(1, uint64(level))).Perm(n * b.repeat)
		do := func(w *worker, i int) error { return expect(w, asks[order[i%len(order)]%len(asks)], 200) }
		portal, f, ratio, err := b.fight(duel{n: n, atOnce: level, portal: p.process, floor: floor, do: do, floorDo: do})
		if err != nil {
			return err
		}
		b.report.add(line{row: "validate by key alone (API), " + engine, atOnce: level, portal: portal, floor: f.perOp(), ratio: ratio, reach: "≤ 2 ×", verdict: judge(ratio <= 2)})
	}
	return nil
}

// validations ask for every licence there is, each from a network of its own, as the companies of the world do.
func (p *portal) validations(b *bench) (asks []*request, err error) {
	err = p.db.Read(b.ctx, func(tx *db.Tx) error {
		return tx.Each(`SELECT key FROM license_key WHERE replaced_at = 0 ORDER BY lookup`, nil, func(row func(...any) error) error {
			var key license.Key
			if err := row(&key); err != nil {
				return err
			}
			body, err := json.Marshal(map[string]string{"key": key.Lookup()})
			q := newRequest("POST", "/api/v1/validate")
			q.body, q.address = body, addressOf(len(asks))
			q.head = append(q.head, "Content-Type: application/json\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n"...)
			asks = append(asks, q)
			return err
		})
	})
	if err == nil && len(asks) == 0 {
		err = fmt.Errorf("the portal has no licence")
	}
	return asks, err
}
