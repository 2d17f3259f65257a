package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vestibule/internal/app"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/license"
)

// A release is published from the console, by the signature that the real minisign made, and goes on after a cut.
func TestAReleaseIsPublishedFromTheConsole(t *testing.T) {
	dbtest.Needs(t, "minisign")
	dir := t.TempDir()
	tool := func(args ...string) {
		t.Helper()
		c := exec.Command("minisign", args...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("minisign %v: %v: %s", args, err, out)
		}
	}
	write := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tool("-G", "-W", "-p", "vendor.pub", "-s", "vendor.key")
	key, err := os.ReadFile(filepath.Join(dir, "vendor.pub"))
	if err != nil {
		t.Fatal(err)
	}
	setup := write("setup.msi", bytes.Repeat([]byte("0123456789abcdef"), 600_000)) // two parts
	guide := write("guide.pdf", []byte("%PDF-1.7"))
	notes := write("notes.md", []byte("# Faster\n\n- starts in a second"))
	settings := []string{"VESTIBULE_DATA=" + filepath.Join(dir, "data"), "VESTIBULE_PRODUCT_CODE=meeting", "VESTIBULE_PRODUCT_NAME=Meeting Add-On"}
	run := func(code int, args ...string) string {
		t.Helper()
		var out, errOut bytes.Buffer
		s := &session{ctx: t.Context(), in: strings.NewReader(""), out: &out, err: &errOut, env: settings}
		if got := runIn(s, args...); got != code {
			t.Fatalf("vestibule %v: code %d, not %d: %s%s", args, got, code, out.String(), errOut.String())
		}
		return out.String() + errOut.String()
	}
	sees := func(said string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(said, w) {
				t.Errorf("%q is not in:\n%s", w, said)
			}
		}
	}
	publish := []string{"release", "publish", "--product", "meeting", "--version", "4.2.0", "--channel", "stable", "--notes", notes, setup + ":windows-x64-msi", guide + ":guide-pdf"}

	run(exitDone, "migrate")
	withKeys(t, settings, strings.Split(string(key), "\n")[1])
	sees(run(exitFailed, publish...), "setup.msi.minisig is missing", "minisign -S")
	tool("-S", "-s", "vendor.key", "-m", "setup.msi")
	tool("-S", "-s", "vendor.key", "-m", "guide.pdf")
	sees(run(exitUsage, append(publish[:10:10], setup)...), "has no kind")

	// The guide was changed after it was signed: the first file is there by then, and stays.
	write("guide.pdf", []byte("%PDF-1.8"))
	sees(run(exitFailed, publish...), "setup.msi: 0 %", "setup.msi: 100 %", "setup.msi is verified: SHA-256", "guide.pdf", "but not over this file")
	sees(run(exitDone, "release", "list"), "4.2.0", "draft", "guide-pdf (refused), windows-x64-msi")
	tool("-S", "-s", "vendor.key", "-m", "guide.pdf")
	sees(run(exitDone, publish...), "setup.msi is there already", "guide.pdf is verified", "meeting 4.2.0 is published, for clients from")
	sees(run(exitDone, publish...), "is published already")
	sees(run(exitDone, "release", "list", "--product", "meeting"), "stable", "published", "guide-pdf, windows-x64-msi")
	sees(run(exitFailed, "release", "withdraw", "--product", "meeting", "--version", "9", "--reason", "none"), "there is no version 9")
	sees(run(exitDone, "release", "withdraw", "--product", "meeting", "--version", "v4.2", "--reason", "It forgets meetings"), "is withdrawn")
	sees(run(exitFailed, publish...), "withdrawn")
	sees(run(exitUsage, append(publish[:4:4], "--version", "1", "--channel", "beta", setup+":x")...), "channel")
	sees(run(exitUsage, "release", "publish", "--product", "meeting", "--version", "5", "--channel", "stable", "--effective", "tomorrow", setup+":x"), "is no time")
}

func runIn(s *session, args ...string) int { return run(s, args) }

func withKeys(t *testing.T, settings []string, key string) {
	t.Helper()
	s := &session{ctx: t.Context(), in: strings.NewReader(""), out: os.Stdout, err: os.Stderr, env: settings}
	cfg, err := s.load(configured{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := app.New(t.Context(), app.Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	err = p.DB.Write(t.Context(), func(tx *db.Tx) error {
		product, err := license.ProductByID(tx, "meeting")
		if err != nil {
			return err
		}
		product.PublisherKeys = []string{key}
		return license.PutProduct(tx, product)
	})
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAMeterTellsTenthsWhereNobodyLooksOn(t *testing.T) {
	var out bytes.Buffer
	m := newMeter(&out, "setup.msi", 1000)
	for range 100 {
		m.add(10)
	}
	m.end()
	if lines := strings.Count(out.String(), "\n"); lines != 11 || strings.Contains(out.String(), "\r") {
		t.Errorf("%d lines: %s", lines, out.String())
	}
	out.Reset()
	m = &meter{out: &out, name: "setup.msi", size: 1000, told: -1, terminal: true}
	m.add(500)
	m.add(500)
	m.end()
	if s := out.String(); !strings.Contains(s, "[###############...............]  50 %") || !strings.HasSuffix(s, "MiB\n") || strings.Count(s, "\n") != 1 {
		t.Errorf("the bar is %q", s)
	}
}
