package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"
)

// A line is one line of the table.
type line struct {
	row     string
	atOnce  int
	portal  pass
	floor   float64 // µs of processor time an operation of the floor takes; 0: the row has none
	ratio   float64
	reach   string // as design says it
	verdict verdict
	note    string
}

type verdict string

const (
	met    verdict = "met"
	missed verdict = "MISSED"
	open   verdict = ""
)

func judge(ok bool) verdict {
	if ok {
		return met
	}
	return missed
}

// A fact is a result that is no drive: a start, a size of memory.
type fact struct {
	row, what, value, floor, reach string
	verdict                        verdict
}

type report struct {
	scale  int
	quiet  bool
	begun  time.Time
	load   string // average of the machine when the run began
	lines  []line
	facts  []fact
	notes  []string
	failed []error
}

func newReport(scale int, quiet bool) *report {
	return &report{scale: scale, quiet: quiet, begun: time.Now(), load: loadAverage()}
}

func (r *report) say(format string, args ...any) {
	if !r.quiet {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}
}

// add takes a line into the table, and tells it at once to whoever waits.
func (r *report) add(l line) {
	r.lines = append(r.lines, l)
	r.say("  %-34s at once %-3d %8.0f/s  p99 %s  cpu %.0f µs  floor %.0f µs  × %.2f  %s %s", l.row, l.atOnce, l.portal.rate(), ms(l.portal.percentile(0.99)), l.portal.perOp(), l.floor, l.ratio, l.verdict, l.note)
	if l.portal.failures > 0 {
		r.failed = append(r.failed, fmt.Errorf("%s at %d: %d of %d failed, the first: %w", l.row, l.atOnce, l.portal.failures, l.portal.ops, l.portal.failure))
	}
}

func (r *report) fact(f fact) {
	r.facts = append(r.facts, f)
	r.say("  %-34s %-40s %s  floor %s  %s", f.row, f.what, f.value, f.floor, f.verdict)
}

func (r *report) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
	r.say("  "+format, args...)
}

func (r *report) failedRow(name string, err error) { r.note("%s was not measured: %v", name, err) }

// broken is what went wrong, as opposed to what is slow.
func (r *report) broken() error { return errors.Join(r.failed...) }

func ms(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }

func mb(bytes int64) string { return fmt.Sprintf("%.0f", float64(bytes)/(1<<20)) }

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func (r *report) String() string {
	var s strings.Builder
	r.head(&s)
	if len(r.lines) > 0 {
		w := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "row\tat once\tops\tops/s\tp50 ms\tp95 ms\tp99 ms\tCPU µs/op\tfloor µs/op\tratio\treach\tverdict\tMB before/peak/after\terrors")
		for _, l := range r.lines {
			floor, ratio := "–", "–"
			if l.floor > 0 {
				floor = fmt.Sprintf("%.0f", l.floor)
			}
			if l.ratio > 0 {
				ratio = fmt.Sprintf("%.2f", l.ratio)
			}
			p := l.portal
			fmt.Fprintf(w, "%s\t%d\t%d\t%.0f\t%s\t%s\t%s\t%.0f\t%s\t%s\t%s\t%s\t%s/%s/%s\t%d\n", l.row, l.atOnce, p.ops, p.rate(),
				ms(p.percentile(0.50)), ms(p.percentile(0.95)), ms(p.percentile(0.99)), p.perOp(), floor, ratio, or(l.reach, "–"), or(string(r.shown(l.verdict)), "–"),
				mb(p.before), mb(p.peak), mb(p.after), p.failures)
		}
		_ = w.Flush() // it writes into memory
	}
	if len(r.facts) > 0 {
		w := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "\nrow\twhat\tfigure\tfloor\treach\tverdict")
		for _, f := range r.facts {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.row, f.what, f.value, or(f.floor, "–"), or(f.reach, "–"), or(string(r.shown(f.verdict)), "–"))
		}
		_ = w.Flush()
	}
	if len(r.notes) > 0 {
		fmt.Fprintln(&s)
	}
	for _, n := range r.notes {
		fmt.Fprintln(&s, "*", n)
	}
	return s.String()
}

// shown hides verdicts at a small size: too little was measured to judge.
func (r *report) shown(v verdict) verdict {
	if r.scale > 1 {
		return open
	}
	return v
}

func (r *report) head(s *strings.Builder) {
	fmt.Fprintf(s, "Vestibule %s, %s, %s %s/%s, %d cores, %s\n", revision(), r.begun.UTC().Format("2006-01-02 15:04 UTC"), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor())
	fmt.Fprintf(s, "%s; modernc.org/sqlite %s, pgx %s; took %s", kernel(), version("modernc.org/sqlite"), version("github.com/jackc/pgx/v5"), time.Since(r.begun).Round(time.Second))
	fmt.Fprintf(s, "; load average %s before, %s after", r.load, loadAverage())
	if r.scale > 1 {
		fmt.Fprintf(s, "; 1/%d of the size: it shows that the bench works, the figures mean nothing", r.scale)
	}
	s.WriteString("\n\n")
}

// revision is the commit that was measured, with a + where files differ from it.
func revision() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty=+", "--abbrev=12").Output()
	if err != nil {
		return "(unknown revision)"
	}
	return strings.TrimSpace(string(out))
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // without it the line says less
	for l := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return runtime.GOOS
	}
	return "Linux " + strings.TrimSpace(string(text))
}

// loadAverage is that of the last minute: what else the machine did before the
// run, and the run itself after it.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "?"
	}
	for _, d := range info.Deps {
		if d.Path == module {
			return d.Version
		}
	}
	return "?"
}

// save keeps the result under its date.
func (r *report) save(dir, text string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := filepath.Join(dir, r.begun.UTC().Format("2006-01-02-1504")+".txt")
	r.say("kept in %s", name)
	return os.WriteFile(name, []byte(text), 0o644)
}
