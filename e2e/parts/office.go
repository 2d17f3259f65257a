package parts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// binary is the program under test, built once.
var binary = sync.OnceValues(func() (string, error) {
	if err := os.MkdirAll(workshop(), 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(workshop(), "vestibule")
	out, err := exec.Command("go", "build", "-o", path, "vestibule").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func workshop() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("vestibule-e2e-%d", os.Getpid()))
}

// CleanUp removes what Build built. Call it from TestMain.
func CleanUp() { _ = os.RemoveAll(workshop()) }

// Build builds the program under test, once for all tests of a package.
func Build(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// OnBoth runs a journey on the embedded database and on PostgreSQL. An empty
// URL is the embedded one. The two go at the same time: each has an installation, a mail server and a window of its own.
func OnBoth(t *testing.T, journey func(t *testing.T, database string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		journey(t, "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		journey(t, FreshPostgres(t))
	})
}

const postgresVariable = "VESTIBULE_TEST_POSTGRES"

// FreshPostgres is the URL of an empty database on the server of the tests.
func FreshPostgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(postgresVariable)
	if server == "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not set: CI must test PostgreSQL", postgresVariable)
		}
		t.Skipf("%s is not set", postgresVariable)
	}
	name := fmt.Sprintf("vestibule_e2e_%d_%d", os.Getpid(), time.Now().UnixNano())
	execute := func(statement string) {
		c, err := pgx.Connect(context.Background(), server)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close(context.Background()) }()
		if _, err := c.Exec(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	execute("CREATE DATABASE " + name)
	t.Cleanup(func() { execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// An Office is a whole installation: the portal's process, its mail server and
// its SMS gateway, and the terminal of its operator.
type Office struct {
	URL  string
	Mail *MailServer
	Text func(t testing.TB, number string, n int) string // waits for the n-th SMS to a number
	// Texts are the SMS that have come to a number.
	Texts func(number string) []string

	t      testing.TB
	folder string
	env    []string
	port   int
	ahead  time.Duration // of the portal's clock
	Server *Process
}

// A Process is a running program and what it printed.
type Process struct {
	cmd  *exec.Cmd
	Out  output
	Done chan error
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// StartOffice configures a portal on that database and starts it. Without a
// Kannel the SMS gateway is a small one that speaks JSON. A setting may have the
// portal's {port} in it.
func StartOffice(t testing.TB, database string, kannel bool, settings ...string) *Office {
	t.Helper()
	o := &Office{t: t, folder: t.TempDir(), Mail: StartMail(t), port: FreePort(t)}
	o.URL = fmt.Sprintf("http://127.0.0.1:%d", o.port)
	conf := fmt.Sprintf(`
listen = "127.0.0.1:%d"
data = %q
[vendor]
name = "Northwind Conferencing"
support_email = "help@northwind.example"
support_phone = "+1 415 555 0100"
[product]
name = "Meeting Add-On for GroupWise"
prefix = "NWC"
code = "meeting"
[smtp]
host = "localhost"
port = %d
security = "starttls"
user = %q
from = "portal@northwind.example"
ca = %q
`, o.port, filepath.Join(o.folder, "data"), o.Mail.Port, o.Mail.User, o.Mail.CA)
	o.env = append(os.Environ(), "VESTIBULE_SMTP_PASSWORD="+o.Mail.Password)
	if database != "" {
		o.env = append(o.env, "VESTIBULE_DATABASE_URL="+database)
	}
	if kannel {
		k := StartKannel(t)
		o.Text, o.Texts = k.Text, k.Texts
		conf += fmt.Sprintf("[sms]\npreset = \"kannel\"\nurl = %q\nuser = %q\nfrom = \"12345\"\n", k.URL, k.User)
		o.env = append(o.env, "VESTIBULE_SMS_PASSWORD="+k.Password)
	} else {
		g := startGateway(t)
		o.Text, o.Texts = g.text, g.all
		conf += fmt.Sprintf("[sms]\npreset = \"json\"\nurl = %q\nfrom = \"Northwind\"\n", g.URL)
		o.env = append(o.env, "VESTIBULE_SMS_PASSWORD=bearer")
	}
	if err := os.WriteFile(o.conf(), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		name, value, _ := strings.Cut(strings.ReplaceAll(s, "{port}", fmt.Sprint(o.port)), "=")
		if name == "base_url" {
			o.URL = value
		}
		o.env = append(o.env, "VESTIBULE_"+strings.ToUpper(strings.ReplaceAll(name, ".", "_"))+"="+value)
	}
	o.Start()
	t.Cleanup(func() {
		o.Server.Stop(t)
		if t.Failed() {
			t.Logf("the portal said:\n%s", tail(o.Server.Out.String(), 60))
		}
	})
	return o
}

func (o *Office) conf() string { return filepath.Join(o.folder, "vestibule.toml") }

// Start starts the portal and waits until it is ready.
func (o *Office) Start(env ...string) {
	o.t.Helper()
	if err := o.TryStart(env...); err != nil {
		o.t.Fatalf("the portal ended: %v\n%s", err, o.Server.Out.String())
	}
}

// TryStart is Start for a portal that may die on the way.
func (o *Office) TryStart(env ...string) error {
	o.t.Helper()
	o.Server = Launch(o.t, append(o.env, env...), o.folder, "serve", "--config", o.conf())
	var ended error
	Eventually(o.t, "the portal is ready", func() bool {
		select {
		case ended = <-o.Server.Done:
			o.Server.Done <- ended
			return true
		default:
		}
		answer, err := http.Get(o.URL + "/readyz")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return ended
}

// Terminal runs a command of the operator's.
func (o *Office) Terminal(args ...string) string {
	o.t.Helper()
	c := exec.Command(Build(o.t), append(args, "--config", o.conf())...)
	c.Env, c.Dir = o.env, o.folder
	out, err := c.CombinedOutput()
	if err != nil {
		o.t.Fatalf("vestibule %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Later starts the portal anew with a clock that is so much ahead. Whoever is signed in may not be any more.
func (o *Office) Later(ahead time.Duration) {
	o.t.Helper()
	o.Server.Stop(o.t)
	o.ahead = ahead
	o.env = append(o.env, "VESTIBULE_TEST_CLOCK="+ahead.String())
	o.Start()
}

// Now is the portal's time of day.
func (o *Office) Now() time.Time { return Now().Add(o.ahead) }

// Folder holds the configuration, and the data of the embedded database.
func (o *Office) Folder() string { return o.folder }

// File writes a file into the folder of the office and returns its path.
func (o *Office) File(name, content string) string {
	o.t.Helper()
	path := filepath.Join(o.folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// Launch starts the program and sees to it that it ends with the test process.
func Launch(t testing.TB, env []string, folder string, args ...string) *Process {
	t.Helper()
	p := &Process{cmd: exec.Command(Build(t), args...), Done: make(chan error, 1)}
	p.cmd.Env, p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = env, folder, &p.Out, &p.Out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.Done <- p.cmd.Wait() }()
	return p
}

// Stop asks the program to end in order, as an init system does.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case err := <-p.Done:
		if err != nil && !strings.Contains(err.Error(), "killed") {
			t.Errorf("the portal did not end in order: %v", err)
		}
		p.Done <- nil
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		t.Error("the portal does not end when it is asked to")
	}
}

func tail(s string, n int) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// A gateway is an SMS provider that speaks JSON.
type gateway struct {
	*httptest.Server
	mu    sync.Mutex
	texts map[string][]string
}

func startGateway(t testing.TB) *gateway {
	g := &gateway{texts: map[string][]string{}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m map[string]any
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &m)
		}
		if err != nil || r.Header.Get("Authorization") != "Bearer bearer" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		to, text := "", ""
		for name, value := range m {
			s, _ := value.(string)
			switch name {
			case "to", "recipient":
				to = s
			case "text", "body", "message":
				text = s
			}
		}
		g.mu.Lock()
		g.texts[to] = append(g.texts[to], text)
		g.mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"id":"1"}`)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) text(t testing.TB, number string, n int) string {
	t.Helper()
	var text string
	Eventually(t, fmt.Sprintf("SMS %d to %s", n+1, number), func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		if all := g.texts[number]; len(all) > n {
			text = all[n]
			return true
		}
		return false
	})
	return text
}

func (g *gateway) all(number string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.texts[number])
}

// SixDigits is the code in a text, or nothing.
func SixDigits(text string) string { return sixDigits.FindString(text) }

// Now is the machine's time, which the real portal and a real authenticator
// go by.
func Now() time.Time { return time.Now() }

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// Code is the code in the n-th SMS to a number.
func (o *Office) Code(number string, n int) string {
	o.t.Helper()
	text := o.Text(o.t, number, n)
	code := sixDigits.FindString(text)
	if code == "" {
		o.t.Fatalf("no code in the SMS %q", text)
	}
	return code
}
