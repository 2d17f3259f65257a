// Command bench measures a running portal beside its floors.
//
//	go run ./bench                       every row, whole size
//	go run ./bench -scale 50 -quiet      1/50 of the size: shows that it works
//	go run ./bench -rows home,sign-in    some rows
//
// It builds the portal, starts it on loopback with a database of its own and
// drives it with a fixed number of requests. Beside each row runs its floor: the
// least program that could do the same work, a process of its own, driven the same
// way in the same run. The ratio of the two is the result; the figures alone say
// more about the machine.
//
// What is compared is the processor time that the server took for an operation
// (user and system, of the whole process), because other work on the machine
// changes it least. README.md says what each row is and how to read the table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// bench is one run: where it works, how large, and what came of it.
type bench struct {
	ctx       context.Context
	scale     int
	repeat    int
	postgres  string // URL of a server on which databases may be made, or empty
	dir       string // scratch, gone at the end
	binary    string // the portal
	profiles  string // folder for CPU profiles of the portal, or empty
	row       string // that is being measured
	launched  int    // processes so far
	report    *report
	running   []*process
	databases []string // made on the PostgreSQL server
}

// A row is one measurement that can be asked for by name.
type row struct {
	name string
	run  func(*bench) error
}

func rows() []row {
	return []row{
		{"public", (*bench).publicPage},
		{"home", (*bench).home},
		{"validate", (*bench).validate},
		{"artifact", (*bench).artifact},
		{"publish", (*bench).publishing},
		{"sign-in", (*bench).signIn},
		{"registration", (*bench).registration},
		{"requests", (*bench).requests},
		{"queue", (*bench).queue},
		{"flood", (*bench).flood},
		{"cold", (*bench).cold},
		{"memory", (*bench).memory},
		{"nodes", (*bench).nodes},
		{"import", (*bench).imports},
	}
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	var (
		scale    = f.Int("scale", 1, "divide every size by this")
		repeat   = f.Int("repeat", 3, "measure each row so often and take the median")
		only     = f.String("rows", "", "names of rows, separated by commas; all without")
		postgres = f.String("postgres", os.Getenv("VESTIBULE_TEST_POSTGRES"), "URL of a PostgreSQL server on which databases may be made")
		out      = f.String("out", "", "folder for the result; bench/results at whole size, none at a smaller one")
		quiet    = f.Bool("quiet", false, "print the table only")
		binary   = f.String("binary", "", "a portal that is built already")
		profiles = f.String("profile", "", "folder for CPU profiles of the portal; they cost some per cent of what is measured")
		kind     = f.String("floor", "", "be a floor (used by bench itself)")
		floor    floorOptions
	)
	f.StringVar(&floor.listen, "listen", "", "address of the floor")
	f.StringVar(&floor.pages, "pages", "", "folder with the answers of the floor")
	f.StringVar(&floor.database, "db", "", "database of the floor")
	f.StringVar(&floor.query, "query", "", "what the floor asks it")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *kind != "" {
		return serveFloor(*kind, floor)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "vestibule-bench-")
	if err != nil {
		return err
	}
	b := &bench{ctx: ctx, scale: max(1, *scale), repeat: max(1, *repeat), postgres: *postgres, dir: dir, binary: *binary, profiles: *profiles, report: newReport(*scale, *quiet)}
	if b.scale > 1 {
		b.repeat = 1
	}
	defer b.close()
	if b.profiles != "" {
		if b.profiles, err = filepath.Abs(b.profiles); err != nil {
			return err
		}
		if err := os.MkdirAll(b.profiles, 0o755); err != nil {
			return err
		}
	}
	if b.binary == "" {
		if b.binary, err = b.buildWith("vestibule", overlay{}); err != nil {
			return err
		}
	}
	failed := b.measure(strings.Split(*only, ","))
	text := b.report.String()
	fmt.Print(text)
	if *out == "" && b.scale == 1 && *only == "" {
		*out = filepath.Join("bench", "results")
	}
	if *out != "" {
		failed = errors.Join(failed, b.report.save(*out, text))
	}
	return errors.Join(failed, b.report.broken())
}

// measure runs the rows that were asked for. One that cannot be measured does not
// stop the others.
func (b *bench) measure(names []string) error {
	var failed error
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[strings.TrimSpace(n)] = n != ""
	}
	all := len(names) == 1 && names[0] == ""
	for _, r := range rows() {
		if !all && !wanted[r.name] {
			continue
		}
		delete(wanted, r.name)
		begun := time.Now()
		b.row = r.name
		if err := r.run(b); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", r.name, err))
			b.report.failedRow(r.name, err)
		}
		b.stopAll()
		b.say("%s took %s", r.name, time.Since(begun).Round(time.Second))
		if err := b.ctx.Err(); err != nil {
			return errors.Join(failed, err)
		}
	}
	for n, asked := range wanted {
		if asked {
			failed = errors.Join(failed, fmt.Errorf("there is no row %q", n))
		}
	}
	return failed
}

// n is a size at the scale of the run, at least the least.
func (b *bench) n(whole, least int) int { return max(least, whole/b.scale) }

func (b *bench) say(format string, args ...any) { b.report.say(format, args...) }

func (b *bench) stopAll() {
	for _, p := range b.running {
		p.stop()
	}
	b.running = nil
}

func (b *bench) close() {
	b.stopAll()
	for _, name := range b.databases {
		if err := b.onServer(`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
	if err := os.RemoveAll(b.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}
