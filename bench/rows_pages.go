package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"

	"vestibule/internal/session"
)

// publicPath is a page without session and database, the first that most people
// see.
const publicPath = "/sign-in"

// levels are how many drive at once.
func levels() []int { return []int{1, 8, 32} }

// expect asks for a page and fails unless it is the one.
func expect(w *worker, q *request, status int) error {
	a, err := w.do(q)
	if err != nil {
		return err
	}
	if a.status != status {
		return fmt.Errorf("%d instead of %d: %s", a.status, status, said(a.body))
	}
	return nil
}

var (
	markup = regexp.MustCompile(`(?s)<(script|style|svg|head).*?</(script|style|svg|head)>|<[^>]*>`)
	blanks = regexp.MustCompile(`\s+`)
)

// said is what a page says, for an error.
func said(html []byte) string {
	text := blanks.ReplaceAllString(markup.ReplaceAllString(string(html), " "), " ")
	return text[:min(len(text), 300)]
}

// publicPage is the sign-in form: no session, no database.
func (b *bench) publicPage() error {
	p, err := b.newPortal("public", portalOptions{})
	if err != nil {
		return err
	}
	defer p.end()
	if err := b.startPortal(p, ""); err != nil {
		return err
	}
	get := newRequest("GET", publicPath)
	floor, err := b.floorOf(p.process, get, "bare", floorOptions{})
	if err != nil {
		return err
	}
	one := func(w *worker, _ int) error { return expect(w, get, 200) }
	for _, level := range levels() {
		portal, f, ratio, err := b.fight(duel{n: b.n(30_000, 300), atOnce: level, portal: p.process, floor: floor, do: one, floorDo: one})
		if err != nil {
			return err
		}
		b.report.add(line{row: "public page (sign-in form)", atOnce: level, portal: portal, floor: f.perOp(), ratio: ratio, reach: "≤ 2 ×", verdict: judge(ratio <= 2)})
	}
	return nil
}

// floorOf starts a floor that answers with the bytes that the portal answers a
// request with.
func (b *bench) floorOf(p *process, q *request, kind string, o floorOptions) (*process, error) {
	c := newClient(p.addr)
	defer c.close()
	a, err := c.do(q)
	if err != nil {
		return nil, err
	}
	if a.status != 200 {
		return nil, fmt.Errorf("%d instead of a page: %s %s", a.status, a.location, said(a.body))
	}
	o.pages = filepath.Join(b.dir, "pages-"+kind+"-"+strings.ReplaceAll(p.addr, ":", "-"))
	if err := savePages(o.pages, []page{{a.kind, a.body}}); err != nil {
		return nil, err
	}
	return b.floor(kind, o)
}

// engines are the databases that rows on the database are measured on.
func (b *bench) engines() []string {
	if b.postgres == "" {
		return []string{"SQLite"}
	}
	return []string{"SQLite", "PostgreSQL"}
}

const findSession = `SELECT account_id, secret_hash FROM session WHERE id = $1`

// home is the portal's first page behind a session, with few and with many
// sessions in the store.
func (b *bench) home() error {
	for _, engine := range b.engines() {
		var perOp [2]map[int]float64
		few, many := b.n(1_000, 20), b.n(1_000_000, 2000)
		for i, size := range []int{few, many} {
			var err error
			if perOp[i], err = b.homeWith(engine, size); err != nil {
				return err
			}
			b.stopAll()
		}
		for _, level := range levels() {
			change := perOp[1][level]/perOp[0][level] - 1
			b.report.fact(fact{row: "portal home, " + engine, what: fmt.Sprintf("CPU with %s sessions against %s, %d at once", grouped(many), grouped(few), level),
				value: fmt.Sprintf("%+.0f %%", change*100), reach: "± 10 %", verdict: judge(change < 0.1)})
		}
	}
	return nil
}

func (b *bench) homeWith(engine string, size int) (map[int]float64, error) {
	p, err := b.newPortal("home", portalOptions{postgres: engine == "PostgreSQL"})
	if err != nil {
		return nil, err
	}
	defer p.end()
	people, err := p.people(b, min(size, b.n(1000, 20)), p.terms)
	if err != nil {
		return nil, err
	}
	used := min(size, b.n(20_000, 100))
	cookies, err := p.sessionsFor(b, session.Client, people, used)
	if err != nil {
		return nil, err
	}
	if err := p.lonelySessions(b, size-used); err != nil {
		return nil, err
	}
	if err := b.startPortal(p, ""); err != nil {
		return nil, err
	}
	ask := homeRequests(cookies)
	floor, err := b.floorOf(p.process, ask(0), "indexed", floorOptions{database: p.database, query: findSession})
	if err != nil {
		return nil, err
	}
	perOp := map[int]float64{}
	for _, level := range levels() {
		rng := rand.New(rand.NewPCG(1, uint64(level)))
		n := b.n(20_000, 200)
		order := rng.Perm(n * b.repeat)
		do := func(w *worker, i int) error { return expect(w, ask(order[i%len(order)]), 200) }
		portal, f, ratio, err := b.fight(duel{n: n, atOnce: level, portal: p.process, floor: floor, do: do, floorDo: do, before: func() error { return p.refresh(b) }})
		if err != nil {
			return nil, err
		}
		perOp[level] = portal.perOp()
		b.report.add(line{row: fmt.Sprintf("portal home, %s, %s sessions", engine, grouped(size)), atOnce: level, portal: portal, floor: f.perOp(), ratio: ratio, reach: "≤ 2 ×", verdict: judge(ratio <= 2)})
	}
	return perOp, nil
}

// homeRequests returns what asks for the portal's home with the cookie of the
// session i.
func homeRequests(cookies []string) func(i int) *request {
	all := make([]*request, len(cookies))
	for i, c := range cookies {
		all[i] = newRequest("GET", "/portal")
		all[i].cookie = "session=" + c
	}
	return func(i int) *request { return all[i%len(all)] }
}

// grouped writes a number with commas.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
