// Package parts starts the real things that a portal speaks to: a mail server
// over TLS, a Kannel with its fake SMS centre, a QR reader, an authenticator.
package parts

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// patience is how long a part may take to answer, on a busy machine.
const patience = 20 * time.Second

// Need finds a program, also where Debian puts those for root and those of
// kannel-extras. Without it the test is skipped, but on CI, where it fails.
func Need(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, folder := range []string{"/usr/sbin", "/usr/lib/kannel/test"} {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// Ports that are handed out lie below those from which the system takes one for every outgoing connection: a portal that was killed
// must find its port free again. Test programs that run at once begin at different places.
const (
	firstPort = 12000
	ports     = 16000
)

var nextPort atomic.Int64

// FreePort is a port on loopback that nobody listens on now, and that nobody else here is given.
func FreePort(t testing.TB) int {
	t.Helper()
	for range ports {
		port := firstPort + (os.Getpid()*37+int(nextPort.Add(1)))%ports
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no port is free")
	return 0
}

// Eventually asks until the answer is yes.
func Eventually(t testing.TB, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !yes() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// ScanQR reads the one QR code of a picture with zbarimg.
func ScanQR(t testing.TB, picture []byte) string {
	t.Helper()
	program := Need(t, "zbarimg")
	path := filepath.Join(t.TempDir(), "screen.png")
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
	if err != nil {
		t.Fatalf("zbarimg: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// TOTP is the code that an authenticator app shows at that time for a base32
// secret, made by oathtool.
func TOTP(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	out, err := exec.Command(Need(t, "oathtool"), "--totp", "--base32", "--now", at.UTC().Format("2006-01-02 15:04:05 UTC"), strings.ReplaceAll(secret, " ", "")).CombinedOutput()
	if err != nil {
		t.Fatalf("oathtool: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// Kannel is a running gateway with its fake SMS centre.
type Kannel struct {
	URL, User, Password string // of its sendsms service

	centre *log
}

// log keeps what a program prints.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

const kannelConf = `group = core
admin-port = %d
admin-password = none
admin-deny-ip = "*.*.*.*"
smsbox-port = %d
box-allow-ip = "127.0.0.1"
box-deny-ip = "*.*.*.*"
log-level = 1

group = smsc
smsc = fake
smsc-id = centre
port = %d
connect-allow-ip = "127.0.0.1"

group = smsbox
bearerbox-host = "127.0.0.1"
sendsms-port = %d
sendsms-interface = "127.0.0.1"
log-level = 1

group = sendsms-user
username = portal
password = sesame
concatenation = 1
max-messages = 3
default-sender = 12345
`

// StartKannel starts bearerbox, the fake SMS centre and smsbox on free ports.
func StartKannel(t testing.TB) *Kannel {
	t.Helper()
	bearerbox, smsbox, fakesmsc := Need(t, "bearerbox"), Need(t, "smsbox"), Need(t, "fakesmsc")
	folder := t.TempDir()
	admin, box, centre, send := FreePort(t), FreePort(t), FreePort(t), FreePort(t)
	conf := filepath.Join(folder, "kannel.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, kannelConf, admin, box, centre, send), 0o600); err != nil {
		t.Fatal(err)
	}
	k := &Kannel{URL: fmt.Sprintf("http://127.0.0.1:%d/cgi-bin/sendsms", send), User: "portal", Password: "sesame"}

	// Each of the three dies in a panic when the one before is not ready.
	run(t, folder, bearerbox, "-v", "1", conf)
	Eventually(t, "bearerbox listens", func() bool { return listens(centre) && listens(box) })
	k.centre = run(t, folder, fakesmsc, "-H", "127.0.0.1", "-r", fmt.Sprint(centre), "-m", "0", "0 0 text none")
	run(t, folder, smsbox, "-v", "1", conf)
	Eventually(t, "smsbox listens", func() bool { return listens(send) })
	return k
}

func listens(port int) bool {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

func run(t testing.TB, folder, program string, args ...string) *log {
	t.Helper()
	l := &log{}
	c := exec.Command(program, args...)
	c.Dir, c.Stdout, c.Stderr = folder, l, l
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait() // killed: that it did not end well is as it should be
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(program), tail(l.String(), 12))
		}
	})
	return l
}

var delivered = regexp.MustCompile(`Got message \d+: <(\S+) (\+?\d+) (text|data|ucs-2|udh) `)

// Texts are the messages that the SMS centre took for a number, oldest first.
func (k *Kannel) Texts(number string) []string {
	out := k.centre.String()
	marks := delivered.FindAllStringSubmatchIndex(out, -1)
	var texts []string
	for i, m := range marks {
		end := len(out)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		if strings.TrimPrefix(out[m[4]:m[5]], "+") == strings.TrimPrefix(number, "+") {
			texts = append(texts, plain(out[m[1]:end]))
		}
	}
	return texts
}

var wrapping = regexp.MustCompile(`(?m)^.*Got message \d+: <`)

// plain undoes how fakesmsc prints: each line of a text as a message of its own.
func plain(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		line = wrapping.ReplaceAllString(strings.TrimRight(line, "\n"), "")
		if strings.Contains(line, " DEBUG: ") || strings.Contains(line, " INFO: ") {
			continue
		}
		lines = append(lines, strings.TrimSuffix(line, ">"))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// Text waits for the n-th message (from 0) to a number.
func (k *Kannel) Text(t testing.TB, number string, n int) string {
	t.Helper()
	var texts []string
	Eventually(t, fmt.Sprintf("SMS %d to %s", n+1, number), func() bool {
		texts = k.Texts(number)
		return len(texts) > n
	})
	return texts[n]
}
