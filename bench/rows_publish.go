package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"aead.dev/minisign"

	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/secret"
)

// flat is how much memory over idle a file may cost, whatever its size.
const flat = 64 << 20

// publishing brings one large file in by the real command: in parts, joined, summed three ways, its signature verified. The floor is
// cp followed by sha256sum, which do less.
func (b *bench) publishing() error {
	p, err := b.newPortal("publish", portalOptions{})
	if err != nil {
		return err
	}
	defer p.end()
	size := int64(b.n(1024, 64)) << 20
	file, err := p.signedFile(b, size)
	if err != nil {
		return err
	}
	_, idle, err := b.measured(b.binary, "release", "list", "--config", p.config)
	if err != nil {
		return err
	}
	copied, _, err := b.measured("cp", file, file+".copy")
	if err != nil {
		return err
	}
	hashed, _, err := b.measured("sha256sum", file+".copy")
	if err != nil {
		return err
	}
	took, used, err := b.measured(b.binary, "release", "publish", "--config", p.config, "--product", "meeting", "--version", "1.0", "--channel", license.Stable, file+":windows-x64-msi")
	if err != nil {
		return err
	}
	row := fmt.Sprintf("artifact published, %d MiB", size>>20)
	cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	b.report.fact(fact{row: row, what: "time (floor: cp, then sha256sum)", value: fmt.Sprintf("%.1f s", took.Seconds()), floor: fmt.Sprintf("%.1f s", (copied + hashed).Seconds())})
	b.report.fact(fact{row: row, what: "processor time", value: fmt.Sprintf("%.1f s", cpu.Seconds())})
	more := (used.Maxrss - idle.Maxrss) << 10 // KiB, says getrusage(2)
	b.report.fact(fact{row: row, what: "memory over a command that reads a list", value: fmt.Sprintf("%.1f MiB", float64(more)/(1<<20)), reach: "≤ 64 MiB", verdict: judge(more <= flat)})
	return nil
}

// measured runs a program to its end.
func (b *bench) measured(program string, args ...string) (time.Duration, *syscall.Rusage, error) {
	c := exec.Command(program, args...)
	c.Env, c.Dir = withoutPortal(os.Environ()), b.dir
	begun := time.Now()
	out, err := c.CombinedOutput()
	took := time.Since(begun)
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w: %s", filepath.Base(program), err, out)
	}
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, nil, fmt.Errorf("%s: nobody knows what it used", program)
	}
	return took, usage, nil
}

// signedFile makes a file of chance and its signature, by a key that it gives to the product.
func (p *portal) signedFile(b *bench, size int64) (string, error) {
	name := filepath.Join(p.folder, "setup.msi")
	f, err := os.Create(name)
	if err != nil {
		return "", err
	}
	in := minisign.NewReader(io.LimitReader(rand.NewChaCha8([32]byte{1}), size))
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, in, make([]byte, 1<<20))
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return "", err
	}
	public, private, err := minisign.GenerateKey(bytes.NewReader(secret.System{}.Bytes(64)))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(name+".minisig", in.Sign(private), 0o600); err != nil {
		return "", err
	}
	return name, p.db.Write(b.ctx, func(tx *db.Tx) error {
		product, err := license.ProductByID(tx, "meeting")
		if err != nil {
			return err
		}
		product.PublisherKeys = []string{public.String()}
		return license.PutProduct(tx, product)
	})
}
