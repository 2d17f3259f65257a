package cli

import (
	"fmt"
	"io"
	"strings"
)

// A meter tells how far something is: as a bar that moves on a terminal, as a line for every tenth elsewhere.
type meter struct {
	out      io.Writer
	name     string
	size     int64
	done     int64
	told     int64 // percent
	terminal bool
}

const barWidth = 30

func newMeter(out io.Writer, name string, size int64) *meter {
	p := &meter{out: out, name: name, size: size, told: -1, terminal: terminal(out)}
	p.add(0)
	return p
}

// add notes that so many more bytes are there.
func (p *meter) add(n int64) {
	p.done += n
	percent := 100 * p.done / max(p.size, 1)
	if !p.terminal {
		percent -= percent % 10
	}
	if percent == p.told {
		return
	}
	p.told = percent
	if !p.terminal {
		fmt.Fprintf(p.out, "%s: %d %% of %.1f MiB\n", p.name, percent, mebi(p.size))
		return
	}
	full := int(barWidth * percent / 100)
	fmt.Fprintf(p.out, "\r%s  [%s%s] %3d %%  %.1f of %.1f MiB", p.name, strings.Repeat("#", full), strings.Repeat(".", barWidth-full),
		percent, mebi(p.done), mebi(p.size))
}

func mebi(n int64) float64 { return float64(n) / (1 << 20) }

// end leaves the bar as it is.
func (p *meter) end() {
	if p.terminal {
		fmt.Fprintln(p.out)
	}
}
