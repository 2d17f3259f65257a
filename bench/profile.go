package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// An overlay changes files of the source for one build (go build -overlay), so
// that the portal itself needs no switches that only the bench uses.
type overlay map[string]string // path below the repository → text

// root is the folder of the repository.
func (b *bench) root() (string, error) {
	out, err := exec.CommandContext(b.ctx, "go", "list", "-m", "-f", "{{.Dir}}", "vestibule").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// buildWith compiles the portal with changed files.
func (b *bench) buildWith(name string, changed overlay) (string, error) {
	root, err := b.root()
	if err != nil {
		return "", err
	}
	if b.profiles != "" {
		changed["zz_profile.go"] = profiling
	}
	replace := map[string]string{}
	for path, text := range changed {
		copied := filepath.Join(b.dir, name+"-"+strings.ReplaceAll(path, "/", "-"))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, path)] = copied
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(b.dir, name+"-overlay.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", err
	}
	out := filepath.Join(b.dir, name)
	cmd := exec.CommandContext(b.ctx, "go", "build", "-o", out, "-overlay", file, "vestibule")
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, text)
	}
	return out, nil
}

// profiling is a file of package main that writes a CPU profile where
// BENCH_PROFILE says, from the first SIGUSR1 to the second.
const profiling = `package main

import (
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

func init() {
	path := os.Getenv("BENCH_PROFILE")
	if path == "" {
		return
	}
	switches := make(chan os.Signal, 1)
	signal.Notify(switches, syscall.SIGUSR1)
	go func() {
		for range switches {
			f, err := os.Create(path)
			if err != nil {
				panic(err)
			}
			if err := pprof.StartCPUProfile(f); err != nil {
				panic(err)
			}
			<-switches
			pprof.StopCPUProfile()
			_ = f.Close()
			return
		}
	}()
}
`

// profile turns the profile of a process on or off. Each portal that is started
// under -profile writes one, from its first drive to its end.
func (p *process) profile() {
	if p.profiled {
		_ = p.cmd.Process.Signal(syscall.SIGUSR1)
		time.Sleep(50 * time.Millisecond) // the signal is taken by another process
	}
}
