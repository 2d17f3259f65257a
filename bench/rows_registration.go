package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// cheapHashes builds the portal with one line changed: Argon2id at its least
// cost. That takes the hashes out of a row exactly, where subtracting 150 ms of
// them from 155 would leave their noise.
func (b *bench) cheapHashes() (string, error) {
	root, err := b.root()
	if err != nil {
		return "", err
	}
	const file = "internal/password/password.go"
	source := filepath.Join(root, file)
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	const dear, cheap = "Params{MemoryKiB: 19456, Passes: 2, Lanes: 1}", "Params{MemoryKiB: 8, Passes: 1, Lanes: 1}"
	changed := strings.Replace(string(text), dear, cheap, 1)
	if changed == string(text) {
		return "", fmt.Errorf("%s no longer says %q: the bench does not know how to take the hashes out", source, dear)
	}
	return b.buildWith("vestibule-cheap-hashes", overlay{file: changed})
}

// A registrant registers people, one after the other and many at once.
type registrant struct {
	p    *portal
	next atomic.Int64
}

// register goes through all eight steps as somebody new, from a network of its
// own, and returns the exchanges.
func (r *registrant) register(addr string, tracing bool) ([]exchange, error) {
	i := int(r.next.Add(1))
	v := newVisitor(addr, addressOf(i))
	v.tracing = tracing
	defer v.close()
	name, number := lettersOf(i), 10_000_000+i
	a, err := v.get("/register")
	if err != nil {
		return nil, err
	}
	answers := map[string]string{"a1": "Missus " + name + " Okonkwo", "a2": "Lower " + name + " lane", "a3": "Ginger " + name + " tomcat"}
	chosen := map[string]string{"q1": "first-teacher", "q2": "childhood-street", "q3": "first-pet"}
	maps.Copy(chosen, answers)
	for _, s := range []step{
		{form: "/register/details", values: map[string]string{
			"first": "Marta", "last": "Ellison" + name, "email": "marta@" + name + ".example", "mobile-country": "GB",
			"mobile": "074" + strconv.Itoa(number), "organization": "Harbour " + name + " Council",
		}},
		{form: "/register/code", code: "+4474" + strconv.Itoa(number)},
		{form: "/register/terms", values: map[string]string{"accept": "yes"}},
		{form: "/register/questions", values: chosen},
		{form: "/register/confirm", values: answers},
		{form: "/register/authenticator", to: "/register/authenticator/skip"},
		{form: "/register/password", values: map[string]string{"password": thePassword}},
	} {
		if a, err = r.step(v, a.body, s); err != nil {
			return nil, fmt.Errorf("registering, at %s: %w", s.form, err)
		}
	}
	if _, err := formTo(a.body, "/register/password"); err == nil {
		return nil, fmt.Errorf("the password was not taken: %s", said(a.body))
	}
	return v.trace, nil
}

// A step is a form of a registration and what is typed there.
type step struct {
	form   string // its action
	to     string // where the pressed button sends it instead
	values map[string]string
	code   string // the number whose code is typed
}

func (r *registrant) step(v *visitor, page []byte, s step) (*answer, error) {
	f, err := formTo(page, s.form)
	if err != nil {
		return nil, err
	}
	if s.code != "" {
		code, err := r.p.sms.code(s.code)
		if err != nil {
			return nil, err
		}
		s.values = map[string]string{"code": code}
	}
	if f, err = f.fill(s.values); err != nil {
		return nil, err
	}
	return v.submit(cmp.Or(s.to, f.action), f.values)
}

// registration is the whole of it, hashes taken out, against its pages at floor.
func (b *bench) registration() error {
	cheap, err := b.cheapHashes()
	if err != nil {
		return err
	}
	p, err := b.newPortal("registration", portalOptions{sends: true, binary: cheap})
	if err != nil {
		return err
	}
	defer p.end()
	if err := b.startPortal(p, cheap); err != nil {
		return err
	}
	r := &registrant{p: p}
	trace, err := r.register(p.addr, true)
	if err != nil {
		return err
	}
	floor, floorDo, err := b.journeyFloor(p, trace)
	if err != nil {
		return err
	}
	do := func(w *worker, _ int) error {
		_, err := r.register(w.addr, false)
		return err
	}
	for _, level := range levels() {
		portal, f, ratio, err := b.fight(duel{n: b.n(60, 4), floorN: b.n(600, 4), atOnce: level, portal: p.process, floor: floor, do: do, floorDo: floorDo, before: func() error { return p.noLimits(b) }})
		if err != nil {
			return err
		}
		b.report.add(line{row: "registration, 8 steps, without hashes", atOnce: level, portal: portal, floor: f.perOp(), ratio: ratio, reach: "≤ 3 ×", verdict: judge(ratio <= 3)})
	}
	return b.wholeRegistration(trace)
}

// wholeRegistration is the same with the hashes in, to know what somebody costs.
func (b *bench) wholeRegistration(trace []exchange) error {
	p, err := b.newPortal("registration-whole", portalOptions{sends: true})
	if err != nil {
		return err
	}
	defer p.end()
	if err := b.startPortal(p, ""); err != nil {
		return err
	}
	r := &registrant{p: p}
	whole, err := drive(p.process, b.n(40, 3), 2, func(w *worker, _ int) error {
		_, err := r.register(w.addr, false)
		return err
	})
	if err != nil {
		return err
	}
	b.report.add(line{row: "registration, 8 steps, as it is", atOnce: 2, portal: whole})
	b.wait(time.Second / time.Duration(min(b.scale, 10)))
	b.report.fact(fact{row: "registration, 8 steps", what: "requests / e-mails / SMS for each", value: fmt.Sprintf("%d / %.1f / %.1f", len(trace),
		float64(p.smtp.taken.Load())/float64(whole.ops), float64(p.sms.taken.Load())/float64(whole.ops))})
	return nil
}

// journeyFloor answers the exchanges of a journey as cheaply as can be.
func (b *bench) journeyFloor(p *portal, trace []exchange) (*process, func(w *worker, i int) error, error) {
	var pages []page
	for _, e := range trace {
		pages = append(pages, page{e.kind, make([]byte, e.bytes)})
	}
	dir := filepath.Join(b.dir, "pages-journey")
	if err := savePages(dir, pages); err != nil {
		return nil, nil, err
	}
	floor, err := b.floor("journey", floorOptions{pages: dir, database: filepath.Join(p.folder, "floor.db"), query: `SELECT id, body FROM floor_row WHERE id = $1`})
	if err != nil {
		return nil, nil, err
	}
	// The row that every page reads is the first that the first run writes.
	first := slices.IndexFunc(trace, func(e exchange) bool { return e.method == "POST" })
	cookie := fmt.Sprintf("session=1-%d.secret", first)
	var runs atomic.Int64
	return floor, func(w *worker, _ int) error {
		run := strconv.FormatInt(runs.Add(1), 10)
		for k, e := range trace {
			path := "/" + strconv.Itoa(k)
			q, status := newRequest("GET", path), 200
			if e.method == "POST" {
				q, status = post(path, url.Values{"floor-id": {run + "-" + strconv.Itoa(k)}, "what": {strings.Repeat("x", 100)}}), 303
			} else if e.status >= 300 {
				continue // a redirect of a GET is no page
			}
			q.cookie = cookie
			if err := expect(w, q, status); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
