package cli

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/importer"
	"vestibule/internal/text"
)

type importAccounts struct {
	configured
	DryRun bool   `help:"Tell of each line what would happen, and change nothing."`
	Format string `help:"csv or jsonl. Default: what the name of the file says." enum:",csv,jsonl" default:""`
	Report string `help:"Write what became of each line to this file, as CSV." placeholder:"FILE" type:"path"`
	File   string `arg:"" name:"file" help:"CSV or JSON lines (docs/import.md); - is standard input."`
}

// Run takes the file line by line, and tells how it goes.
func (c importAccounts) Run(s *session) error {
	format, err := c.format()
	if err != nil {
		return err
	}
	words, err := text.Load(nil)
	if err != nil {
		return err
	}
	in, size, closeIn, err := c.open(s)
	if err != nil {
		return err
	}
	report, closeReport, err := c.report()
	if err != nil {
		return errors.Join(err, closeIn())
	}
	read := &counted{Reader: in}
	told := bufio.NewWriter(s.out)
	p := newProgress(s.err, read, size)
	w := words.For(text.English)
	err = s.open(c.configured, func(_ *config.Config, portal *app.Portal) error {
		counts, err := portal.Importer.Accounts(s.ctx, read, importer.AccountsOptions{Format: format, Dry: c.DryRun, Each: func(l importer.Line) error {
			p.step()
			if l.Result != importer.Refuse {
				if c.DryRun && c.Report == "" {
					fmt.Fprintf(told, "%s:%d: %s %s\n", c.File, l.Line, l.Result, l.UserID)
				}
				return report(l, "")
			}
			for _, l.Fault = range append([]importer.Fault{l.Fault}, l.Also...) {
				why := inWords(w, l.Code, l.Field, l.Args)
				p.above(fmt.Sprintf("%s:%d: %s\n", c.File, l.Line, sentence(l.Field, why)))
				if err := report(l, why); err != nil {
					return err
				}
			}
			return nil
		}})
		p.end()
		return c.close(s, told, p, counts, err)
	})
	return errors.Join(err, closeReport(), closeIn())
}

// close says what became of the file.
func (c importAccounts) close(s *session, told *bufio.Writer, p *progress, counts importer.Counts, err error) error {
	fmt.Fprintf(told, "%s: %s lines: %s new, %s known already, %s refused; %s lines a second.\n", c.File,
		thousands(counts.Lines), thousands(counts.Made), thousands(counts.Same), thousands(counts.Refused), thousands(p.rate()))
	if c.DryRun {
		fmt.Fprintln(told, "This was a dry run. Nothing was changed.")
	}
	if err := told.Flush(); err != nil {
		return err
	}
	switch {
	case err != nil && counts.Lines > 0 && !c.DryRun:
		return fmt.Errorf("%s: stopped after %s lines: %s. Import the file again: what was taken is known by then", c.File, thousands(counts.Lines), strings.TrimSuffix(s.words(err), "."))
	case err != nil:
		return fmt.Errorf("%s: %s", c.File, s.words(err))
	case counts.Refused > 0 && c.DryRun:
		return found{fmt.Errorf("would be refused: %s. Correct these lines before you import the file, or import it as it is: the other lines are taken", thousands(counts.Refused))}
	case counts.Refused > 0:
		return found{fmt.Errorf("refused: %s. Correct these lines and import the file again: what was taken is known by then", thousands(counts.Refused))}
	}
	return nil
}

func (c importAccounts) format() (importer.Format, error) {
	switch strings.ToLower(filepath.Ext(c.File)) {
	case ".csv":
		return importer.Format(orElse(c.Format, string(importer.CSV))), nil
	case ".jsonl", ".ndjson", ".json":
		return importer.Format(orElse(c.Format, string(importer.JSONLines))), nil
	}
	if c.Format == "" {
		return "", usage("the name %s does not say what is in it: add --format csv or --format jsonl", c.File)
	}
	return importer.Format(c.Format), nil
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// open opens the file; size is 0 where it is not known.
func (c importAccounts) open(s *session) (in io.Reader, size int64, closeIn func() error, err error) {
	if c.File == "-" {
		return s.in, 0, func() error { return nil }, nil
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, 0, nil, err
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	return f, size, f.Close, nil
}

// report opens the report, for its owner alone, since it names people. Without
// one what is given to it is lost.
func (c importAccounts) report() (line func(importer.Line, string) error, closeReport func() error, err error) {
	if c.Report == "" {
		return func(importer.Line, string) error { return nil }, func() error { return nil }, nil
	}
	f, err := os.OpenFile(c.Report, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, err
	}
	w := csv.NewWriter(f)
	if err := w.Write([]string{"line", "user_id", "result", "column", "reason"}); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	line = func(l importer.Line, why string) error {
		return w.Write([]string{strconv.Itoa(l.Line), text.Cell(l.UserID), string(l.Result), l.Field, why})
	}
	return line, func() error {
		w.Flush()
		return errors.Join(w.Error(), f.Close())
	}, nil
}

func sentence(field, said string) string {
	if field == "" {
		return said
	}
	return field + ": " + said
}

// counted counts what was read.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

// A progress tells how far a long work is: as one line that is written anew on
// a terminal, and as a line now and then elsewhere.
type progress struct {
	to       io.Writer
	terminal bool
	read     *counted
	size     int64
	begun    time.Time
	last     time.Time
	lines    int
	drawn    bool
}

// How often a progress is drawn.
const (
	onTerminal = 200 * time.Millisecond
	elsewhere  = 10 * time.Second
)

func newProgress(to io.Writer, read *counted, size int64) *progress {
	now := app.Clock()
	return &progress{to: to, terminal: terminal(to), read: read, size: size, begun: now, last: now}
}

// terminal reports whether somebody looks on.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// step counts a line, and draws where it is time.
func (p *progress) step() {
	p.lines++
	every := elsewhere
	if p.terminal {
		every = onTerminal
	}
	if p.lines%100 != 0 || app.Clock().Sub(p.last) < every {
		return
	}
	p.last = app.Clock()
	if p.terminal {
		fmt.Fprint(p.to, "\r\x1b[K"+p.String())
		p.drawn = true
		return
	}
	fmt.Fprintln(p.to, p.String())
}

// above writes a line that stays.
func (p *progress) above(line string) {
	p.wipe()
	fmt.Fprint(p.to, line)
}

func (p *progress) end() { p.wipe() }

func (p *progress) wipe() {
	if p.drawn {
		fmt.Fprint(p.to, "\r\x1b[K")
		p.drawn = false
	}
}

// rate is how many lines were settled a second.
func (p *progress) rate() int {
	return int(float64(p.lines) / max(app.Clock().Sub(p.begun).Seconds(), 0.001))
}

func (p *progress) String() string {
	said := fmt.Sprintf("%s lines, %s a second", thousands(p.lines), thousands(p.rate()))
	if p.size <= 0 || p.read.n <= 0 {
		return said
	}
	share := min(1, float64(p.read.n)/float64(p.size))
	left := time.Duration(float64(app.Clock().Sub(p.begun)) * (1 - share) / share).Round(time.Second)
	const wide = 30
	done := int(share * wide)
	return fmt.Sprintf("[%s%s] %3.0f %%  %s, %s to go", strings.Repeat("#", done), strings.Repeat(".", wide-done), 100*share, said, left)
}

// thousands writes a number as people read it.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
