package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is a portal or a floor that runs and can be measured from outside.
type process struct {
	name    string
	addr    string
	cmd     *exec.Cmd
	log     string
	done    chan struct{}
	started time.Time

	profiled  bool // built to write profiles
	profiling bool
}

// start runs a program that will answer on addr, and waits until a GET of path is
// answered with 200.
func (b *bench) start(name, addr, path string, command ...string) (*process, error) {
	p, err := b.launch(name, addr, command...)
	if err != nil {
		return nil, err
	}
	_, err = p.ready(b.ctx, path)
	return p, err
}

// launch runs a program and does not wait for it.
func (b *bench) launch(name, addr string, command ...string) (*process, error) {
	log, err := os.CreateTemp(b.dir, name+"-*.log")
	if err != nil {
		return nil, err
	}
	p := &process{name: name, addr: addr, log: log.Name(), done: make(chan struct{})}
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Dir = b.dir
	p.cmd.Env = withoutPortal(os.Environ())
	if b.profiles != "" && name == "portal" {
		p.profiled = true
		p.cmd.Env = append(p.cmd.Env, "BENCH_PROFILE="+filepath.Join(b.profiles, fmt.Sprintf("%s-%d.pprof", b.row, b.launched)))
	}
	b.launched++
	p.started = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its log
		_ = log.Close()
		close(p.done)
	}()
	b.running = append(b.running, p)
	return p, nil
}

// withoutPortal takes the portal's own variables out of an environment: a
// measured portal has the options that the row gives it and no others.
func withoutPortal(env []string) []string {
	var kept []string
	for _, e := range env {
		if !strings.HasPrefix(e, "VESTIBULE_") {
			kept = append(kept, e)
		}
	}
	return kept
}

// ready waits for the first 200 and says when it came.
func (p *process) ready(ctx context.Context, path string) (time.Time, error) {
	c := newClient(p.addr)
	defer c.close()
	get := newRequest("GET", path)
	for wait := 30 * time.Second; time.Since(p.started) < wait; {
		if a, err := c.do(get); err == nil && a.status == 200 {
			return time.Now(), nil
		}
		select {
		case <-p.done:
			return time.Time{}, fmt.Errorf("%s ended at once: %s", p.name, p.tail())
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		case <-time.After(500 * time.Microsecond):
		}
	}
	return time.Time{}, fmt.Errorf("%s does not answer %s: %s", p.name, path, p.tail())
}

// tail is the end of what the program said.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	text = bytes.TrimSpace(text)
	return string(text[max(0, len(text)-2000):])
}

// stop ends the program the gentle way, and after ten seconds the other.
func (p *process) stop() {
	select {
	case <-p.done:
		return
	default:
	}
	if p.profiling {
		p.profile()
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended meanwhile
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// cpu is the processor time that the program took so far, user and system.
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(p.proc("stat"))
	if err != nil {
		return 0, err
	}
	// The second field is the name in brackets and may hold anything.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("%s: not understood", p.proc("stat"))
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	// A tick is 10 ms for every Linux that Go runs on (USER_HZ).
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// memory is the resident memory now and the most it ever was, in bytes.
func (p *process) memory() (now, peak int64, err error) {
	text, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = n << 10
		case "VmHWM":
			peak = n << 10
		}
	}
	return now, peak, nil
}

// forgetPeak makes the peak count from now (proc(5), clear_refs). Where that is
// not permitted the peak stays that of the whole life, which is no less.
func (p *process) forgetPeak() { _ = os.WriteFile(p.proc("clear_refs"), []byte("5"), 0) }

func (p *process) proc(file string) string {
	return filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), file)
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// floor starts one of the floors.
func (b *bench) floor(kind string, o floorOptions) (*process, error) {
	self, err := executable()
	if err != nil {
		return nil, err
	}
	if o.listen, err = freeAddr(); err != nil {
		return nil, err
	}
	return b.start("floor-"+kind, o.listen, "/ready", append([]string{self}, floorArgs(kind, o)...)...)
}

// executable is this program, which is its own floors.
func executable() (string, error) { return os.Executable() }

func floorArgs(kind string, o floorOptions) []string {
	return []string{"-floor", kind, "-listen", o.listen, "-pages", o.pages, "-db", o.database, "-query", o.query}
}
