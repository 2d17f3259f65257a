package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"

	"vestibule/internal/db"
	"vestibule/internal/session"
)

// requestForm reads the form for access once, so that what it carries unseen is
// sent too, and fills in what all have in common.
func requestForm(p *process) (form, error) {
	v := newVisitor(p.addr, addressOf(0))
	defer v.close()
	a, err := v.get("/request")
	if err != nil {
		return form{}, err
	}
	f, err := formTo(a.body, "/request")
	if err != nil {
		return form{}, err
	}
	return f.fill(map[string]string{
		"first": "Marta", "last": "Ellison", "organization": "Harbour Vale Council", "country": "GB", "mobile": "", "users": "250", "consent": "yes",
		"purpose": "We move from another conferencing service in the summer and want to see how it works with our calendars.",
	})
}

// fileRequest returns what files a request from somebody else each time.
func fileRequest(f form) func(w *worker, i int) error {
	var people atomic.Int64
	return func(w *worker, _ int) error {
		i := int(people.Add(1))
		v := maps.Clone(f.values)
		name := lettersOf(i)
		v["email"] = []string{"marta@" + name + ".example"}
		v["last"] = []string{"Ellison " + name}
		v["organization"] = []string{"Harbour " + name + " Council"}
		q := post(f.action, v)
		q.address = addressOf(i)
		return expect(w, q, 303)
	}
}

// mostAtOnce is how many requests or registrations come between two clearings of
// the limits: fewer than the portal takes from everybody at once.
const mostAtOnce = 400

// noLimits forgets what counts against limits, which hold for the whole portal
// and for much longer than a row lasts.
func (p *portal) noLimits(b *bench) error {
	return p.db.Write(b.ctx, func(tx *db.Tx) error {
		_, err := tx.Count(`DELETE FROM throttle`)
		return err
	})
}

// requests is how many requests for access can be filed a second, against the
// commits a second of the same database on the same disk.
func (b *bench) requests() error {
	p, err := b.newPortal("requests", portalOptions{})
	if err != nil {
		return err
	}
	defer p.end()
	if err := b.startPortal(p, ""); err != nil {
		return err
	}
	f, err := requestForm(p.process)
	if err != nil {
		return err
	}
	floor, err := b.floor("commit", floorOptions{database: p.folder + "/floor.db"})
	if err != nil {
		return err
	}
	do := fileRequest(f)
	if _, err := drive(p.process, 20, 8, do); err != nil {
		return err
	}
	for _, level := range levels() {
		var passes []pass
		var shares []float64
		var commits, perCommit float64
		for range 3 * b.repeat {
			if err := p.noLimits(b); err != nil {
				return err
			}
			if commits, perCommit, err = b.commits(floor); err != nil {
				return err
			}
			one, err := drive(p.process, b.n(mostAtOnce, 40), level, do)
			if err != nil {
				return err
			}
			passes, shares = append(passes, one), append(shares, one.rate()/commits)
		}
		slices.Sort(shares)
		share := shares[len(shares)/2]
		b.report.add(line{row: "requests filed, SQLite", atOnce: level, portal: median(passes), floor: perCommit, note: fmt.Sprintf("%.0f commits/s", commits)})
		b.report.fact(fact{row: "requests filed, SQLite", what: fmt.Sprintf("filed a second, %d at once", level), value: fmt.Sprintf("%.0f: %.2f × the commits", median(passes).rate(), share),
			floor: fmt.Sprintf("%.0f commits/s", commits), reach: "≥ 0.5 ×", verdict: judge(share >= 0.5)})
	}
	return nil
}

var commitRuns atomic.Int64

// commits is how many single inserts the database commits in a second, and what
// one takes of a processor in microseconds.
func (b *bench) commits(floor *process) (rate, perOp float64, err error) {
	n := b.n(4000, 100)
	c := newClient(floor.addr)
	defer c.close()
	before, err := floor.cpu()
	if err != nil {
		return 0, 0, err
	}
	a, err := c.do(newRequest("POST", "/?n="+strconv.Itoa(n)+"&from=r"+strconv.FormatInt(commitRuns.Add(1), 10)))
	if err != nil {
		return 0, 0, err
	}
	ns, err := strconv.ParseInt(string(a.body), 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("the floor says %q", a.body)
	}
	after, err := floor.cpu()
	return float64(n) / (float64(ns) / 1e9), float64((after - before).Microseconds()) / float64(n), err
}

// queue is the back office's list with very many requests.
func (b *bench) queue() error {
	for _, engine := range b.engines() {
		if err := b.queueOn(engine); err != nil {
			return err
		}
		b.stopAll()
	}
	return nil
}

func (b *bench) queueOn(engine string) error {
	p, err := b.newPortal("queue", portalOptions{postgres: engine == "PostgreSQL"})
	if err != nil {
		return err
	}
	defer p.end()
	if err := b.startPortal(p, ""); err != nil {
		return err
	}
	// Two requests through the front door show what a row looks like.
	f, err := requestForm(p.process)
	if err != nil {
		return err
	}
	if first, err := drive(p.process, 2, 1, fileRequest(f)); err != nil || first.failure != nil {
		return cmp.Or(err, first.failure)
	}
	n := b.n(300_000, 600)
	if err := p.manyRequests(b, n); err != nil {
		return err
	}
	cookie, err := p.member(b)
	if err != nil {
		return err
	}
	for _, view := range officeViews() {
		get := newRequest("GET", view.path)
		get.cookie = "staff=" + cookie
		if err := p.refresh(b); err != nil {
			return err
		}
		for _, level := range []int{1, 8} {
			r, err := drive(p.process, b.n(1000, 20), level, func(w *worker, _ int) error { return expect(w, get, 200) })
			if err != nil {
				return err
			}
			p99 := r.percentile(0.99)
			l := line{row: fmt.Sprintf("%s, %s, %s requests", view.name, engine, grouped(n)), atOnce: level, portal: r}
			if level == 1 {
				l.reach, l.verdict = "p99 ≤ 50 ms", judge(p99.Milliseconds() < 50)
			}
			b.report.add(l)
		}
	}
	return nil
}

type officeView struct{ name, path string }

func officeViews() []officeView {
	return []officeView{
		{"queue", "/office/requests"},
		{"queue, what was approved", "/office/requests?tab=approved"},
		{"queue, search that finds all", "/office/requests?tab=all&q=ellison"},
		{"queue, search that finds one", "/office/requests?tab=all&q=vale100000123"},
		{"queue, search for a common and a rare word", "/office/requests?tab=all&q=ellison+vale1000001"},
	}
}

// manyRequests copies a request that came through the front door: nine in ten
// copies are decided, the others wait.
func (p *portal) manyRequests(b *bench, n int) error {
	const batch = 20_000
	for done := 0; done < n; done += batch {
		from, to := int64(100_000_000+done), int64(100_000_000+min(done+batch, n)-1)
		err := p.db.Write(b.ctx, func(tx *db.Tx) error {
			now := db.Micros(tx.Now())
			const minute = int64(60_000_000)
			if _, err := tx.Count(`WITH RECURSIVE n(i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2),
				model AS (SELECT * FROM access_request ORDER BY created_at LIMIT 1)
				INSERT INTO access_request (id, reference, product_id, state, first_name, last_name, email, email_key, mobile, organization, name_key, country, users,
					purpose, lang, account_id, network, signals, search_key, created_at, remind_at, due_at, late_at, reminded_at, decided_at, decided_by, decided_name,
					reason, note, organization_id, term_id)
				SELECT 'bench' || CAST(i AS TEXT), 'B' || CAST(i AS TEXT), product_id, CASE WHEN i % 10 = 0 THEN 'received' ELSE 'approved' END, first_name, last_name,
					'bench' || CAST(i AS TEXT) || '@vale.example', 'bench' || CAST(i AS TEXT) || '@vale.example', mobile, organization, name_key, country, users,
					purpose, lang, account_id, '10.' || CAST(i % 200 AS TEXT) || '.0.0/24', signals, search_key,
					$3 - i % 500000 * $4, $3 - i % 500000 * $4 + 45 * $4, $3 - i % 500000 * $4 + 60 * $4, $3 - i % 500000 * $4 + 1440 * $4, $3,
					CASE WHEN i % 10 = 0 THEN 0 ELSE $3 - i % 500000 * $4 + 50 * $4 END, '', '', '', '', '', '' FROM n, model`,
				from, to, now, minute); err != nil {
				return err
			}
			if _, err := tx.Count(`WITH RECURSIVE n(i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2),
				model AS (SELECT t.token FROM access_request_token t WHERE t.request_id = (SELECT id FROM access_request ORDER BY created_at DESC LIMIT 1))
				INSERT INTO access_request_token (token, request_id) SELECT model.token, 'bench' || CAST(i AS TEXT) FROM n, model`, from, to); err != nil {
				return err
			}
			// Beside the words that all have, each has two of its own.
			hex := `lower(hex('w' || word || CAST(i AS TEXT)))`
			if p.db.IsPostgres() {
				hex = `encode(convert_to('w' || word || CAST(i AS TEXT), 'UTF8'), 'hex')`
			}
			_, err := tx.Count(`WITH RECURSIVE n(i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2),
				own(word) AS (SELECT 'vale' UNION ALL SELECT 'bench')
				INSERT INTO access_request_token (token, request_id) SELECT `+hex+`, 'bench' || CAST(i AS TEXT) FROM n, own`, from, to)
			return err
		})
		if err != nil {
			return err
		}
	}
	return p.settle(b)
}

// nodes is whether the work of one operation grows with the nodes that share a
// database.
func (b *bench) nodes() error {
	if b.postgres == "" {
		b.report.note("nodes: not measured without PostgreSQL")
		return nil
	}
	first, err := b.newPortal("nodes", portalOptions{postgres: true})
	if err != nil {
		return err
	}
	defer first.end()
	people, err := first.people(b, b.n(500, 20), first.terms)
	if err != nil {
		return err
	}
	cookies, err := first.sessionsFor(b, session.Client, people, b.n(2000, 40))
	if err != nil {
		return err
	}
	var nodes []*process
	for range 3 {
		node := *first
		if err := b.startPortal(&node, ""); err != nil {
			return err
		}
		nodes = append(nodes, node.process)
	}
	f, err := requestForm(nodes[0])
	if err != nil {
		return err
	}
	// Each node is as busy as the only one: a node that waits much wakes often,
	// and that costs more for each operation than the operation does.
	const perNode = 8
	home, file := homeRequests(cookies), fileRequest(f)
	for _, job := range []struct {
		name string
		n    int
		do   func(w *worker, i int) error
	}{
		{"portal home", b.n(9000, 90), func(w *worker, i int) error { return expect(w, home(i), 200) }},
		{"requests filed", b.n(mostAtOnce, 40), file},
	} {
		var perOp []float64
		for count := 1; count <= len(nodes); count++ {
			var passes []pass
			for range b.repeat {
				if err := firstOf(first.noLimits(b), first.refresh(b)); err != nil {
					return err
				}
				r, err := driveMany(nodes[:count], job.n, perNode*count, job.do)
				if err != nil {
					return err
				}
				passes = append(passes, r)
			}
			m := median(passes)
			perOp = append(perOp, m.perOp())
			l := line{row: fmt.Sprintf("%s, %d nodes, one PostgreSQL", job.name, count), atOnce: perNode * count, portal: m, floor: perOp[0], ratio: m.perOp() / perOp[0]}
			if count > 1 {
				l.reach, l.verdict = "≤ 1.1 × one node", judge(l.ratio <= 1.1)
			}
			b.report.add(l)
		}
	}
	return nil
}
