package main

import (
	"bufio"
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha1" // what old directories hash with
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"vestibule/internal/account"
	"vestibule/internal/db"
)

// A hashKind is how an earlier system hashed passwords.
type hashKind struct{ name, hash string }

// hashKinds are the hashes of thePassword, as common systems make them.
func hashKinds() ([]hashKind, error) {
	salt := []byte("0123456789abcdef")
	crypted, err := bcrypt.GenerateFromPassword([]byte(thePassword), 12)
	if err != nil {
		return nil, err
	}
	stretched, err := pbkdf2.Key(sha256.New, thePassword, salt, 600_000, 32)
	if err != nil {
		return nil, err
	}
	raw := base64.RawStdEncoding.EncodeToString
	salted := sha1.Sum(append([]byte(thePassword), salt[:8]...))
	return []hashKind{
		{"no hash, expired", ""},
		{"bcrypt 12", string(crypted)},
		{"PBKDF2-SHA-256, 600,000", "pbkdf2_sha256$600000$" + string(salt) + "$" + base64.StdEncoding.EncodeToString(stretched)},
		{"Argon2id 64 MiB, 3, 4", "$argon2id$v=19$m=65536,t=3,p=4$" + raw(salt) + "$" + raw(argon2.IDKey([]byte(thePassword), salt, 3, 65536, 4, 32))},
		{"{SSHA}", "{SSHA}" + base64.StdEncoding.EncodeToString(append(salted[:], salt[:8]...))},
	}, nil
}

const (
	importRow     = "import of accounts"
	badEvery      = 1000 // lines: that many have something wrong
	evaluatedEach = 10   // lines: that many were evaluated, and so have an organization and a licence
	importedInto  = 50   // organizations
)

// accountsFile writes n accounts, and says how many of them are wrong.
func accountsFile(path string, n int, hash string) (bad int, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "user_id,email,first_name,last_name,country,mobile,organization,evaluated,password_hash,state")
	state := ""
	if hash != "" {
		state = "active"
	}
	for i := range n {
		name := lettersOf(i)
		organization, evaluated, address := "", "", "pat."+name+"@"+name+".example"
		if i%evaluatedEach == 0 {
			organization, evaluated = "C-"+strconv.Itoa(i/evaluatedEach%importedInto), "2024-03-01"
		}
		if i%badEvery == badEvery/2 {
			address = "nowhere"
			bad++
		}
		fmt.Fprintf(w, "pat.%s,%s,Pat,Person,GB,%s,%s,%s,\"%s\",%s\n", name, address, mobileOf(i), organization, evaluated, hash, state)
	}
	return bad, errors.Join(w.Flush(), f.Close())
}

// A run of a command, and what it took.
type commandRun struct {
	out, err string
	exit     int
	took     time.Duration
	cpu      time.Duration
	peak     int64 // bytes
}

func (b *bench) command(args ...string) (commandRun, error) {
	var out, errOut bytes.Buffer
	c := exec.CommandContext(b.ctx, b.binary, args...)
	c.Stdout, c.Stderr, c.Dir, c.Env = &out, &errOut, b.dir, withoutPortal(os.Environ())
	begun := time.Now()
	if err := c.Start(); err != nil {
		return commandRun{}, err
	}
	// What getrusage(2) calls the peak is that of the bench itself, from which the
	// process began; the kernel's own mark is read until the process is gone.
	p, peak, done := &process{cmd: c}, make(chan int64, 1), make(chan struct{})
	go func() {
		var most int64
		for {
			_, high, _ := p.memory() // gone at the end
			most = max(most, high)
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	err := c.Wait()
	r := commandRun{out: out.String(), err: errOut.String(), took: time.Since(begun)}
	close(done)
	r.peak = <-peak
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		return r, err
	}
	r.exit, r.cpu = c.ProcessState.ExitCode(), c.ProcessState.UserTime()+c.ProcessState.SystemTime()
	return r, nil
}

var summary = regexp.MustCompile(`([0-9,]+) lines: ([0-9,]+) new, ([0-9,]+) known already, ([0-9,]+) refused`)

// take runs an import and holds what it says against what must be.
func (b *bench) take(p *portal, file string, made, same, bad int, more ...string) (commandRun, error) {
	r, err := b.command(append([]string{"import", "accounts", "--config", p.config, file}, more...)...)
	if err != nil {
		return r, err
	}
	want := fmt.Sprintf("%s lines: %s new, %s known already, %s refused", grouped(made+same+bad), grouped(made), grouped(same), grouped(bad))
	exit := 0
	if bad > 0 {
		exit = 3
	}
	if got := summary.FindString(r.out); got != want || r.exit != exit {
		return r, fmt.Errorf("import says %q with exit code %d, not %q: %s", got, r.exit, want, tail(r.err))
	}
	if told := strings.Count(r.err, filepath.Base(file)+":"); told != bad {
		return r, fmt.Errorf("import tells of %d lines, and %d are wrong", told, bad)
	}
	return r, nil
}

func tail(s string) string { return strings.TrimSpace(s[max(0, len(s)-500):]) }

// imports is how fast accounts of an earlier system come in, with each kind of
// hash, what that takes, and that a second time changes nothing.
func (b *bench) imports() error {
	kinds, err := hashKinds()
	if err != nil {
		return err
	}
	n := b.n(100_000, 1000)
	for i, kind := range kinds {
		if err := b.importOf(kind, n, i == 0, false); err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
	}
	if b.postgres == "" {
		return nil
	}
	return b.importOf(kinds[1], n, false, true)
}

func (b *bench) importOf(kind hashKind, n int, small, postgres bool) error {
	p, err := b.newPortal("import", portalOptions{postgres: postgres})
	if err != nil {
		return err
	}
	defer p.end()
	if err := b.organizations(p); err != nil {
		return err
	}
	file := filepath.Join(p.folder, "people.csv")
	name := kind.name
	if postgres {
		name += ", PostgreSQL"
	}
	few := n
	if small {
		// A tenth first: what it holds in memory must be all that ten times as much needs.
		few = n / 10
	}
	bad, err := accountsFile(file, few, kind.hash)
	if err != nil {
		return err
	}
	trial, err := b.take(p, file, few-bad, 0, bad, "--dry-run")
	if err != nil {
		return err
	}
	first, err := b.take(p, file, few-bad, 0, bad)
	if err != nil {
		return err
	}
	if small {
		tenth := few - bad
		if bad, err = accountsFile(file, n, kind.hash); err != nil {
			return err
		}
		rest, err := b.take(p, file, n-bad-tenth, tenth, bad)
		if err != nil {
			return err
		}
		b.report.fact(fact{row: importRow, what: name + ": memory at its peak, " + grouped(n) + " lines", value: mb(rest.peak) + " MB", floor: mb(first.peak) + " MB (a tenth)",
			reach: "≤ 1.25 ×", verdict: judge(4*rest.peak <= 5*first.peak)})
		first = rest
	}
	b.report.fact(fact{row: importRow, what: name, value: fmt.Sprintf("%s lines/s, %.0f µs of a processor a line, %s MB at its peak", grouped(int(float64(n)/first.took.Seconds())),
		float64(first.cpu.Microseconds())/float64(n), mb(first.peak))})
	b.report.fact(fact{row: importRow, what: name + ": dry run", value: grouped(int(float64(few)/trial.took.Seconds())) + " lines/s"})
	before, err := p.contents(b)
	if err != nil {
		return err
	}
	again, err := b.take(p, file, 0, n-bad, bad)
	if err != nil {
		return err
	}
	after, err := p.contents(b)
	if err != nil {
		return err
	}
	if before != after {
		return fmt.Errorf("the second import changed something: %s, then %s", before, after)
	}
	b.report.fact(fact{row: importRow, what: name + ": a second time", value: grouped(int(float64(n)/again.took.Seconds())) + " lines/s; changes nothing"})
	if kind.hash == "" {
		return nil
	}
	return b.comeBack(p, name)
}

// organizations are those that the evaluated accounts name.
func (b *bench) organizations(p *portal) error {
	var s strings.Builder
	s.WriteString("record,reference,name\n")
	for i := range importedInto {
		fmt.Fprintf(&s, "organization,C-%d,Harbour %s\n", i, lettersOf(i))
	}
	file := filepath.Join(p.folder, "organizations.csv")
	if err := os.WriteFile(file, []byte(s.String()), 0o600); err != nil {
		return err
	}
	r, err := b.command("import", "--config", p.config, file)
	if err == nil && r.exit != 0 {
		err = fmt.Errorf("organizations: %s", tail(r.err))
	}
	return err
}

// contents counts everything that an import makes, and is another text after
// any change to it.
func (p *portal) contents(b *bench) (said string, err error) {
	err = p.db.Read(b.ctx, func(tx *db.Tx) error {
		var parts []string
		for _, q := range []string{
			`SELECT COUNT(*) FROM account`, `SELECT MAX(updated_at) FROM account`, `SELECT COUNT(*) FROM account_password`, `SELECT COUNT(*) FROM organization_contact`,
			`SELECT COUNT(*) FROM term`, `SELECT COUNT(*) FROM event`,
		} {
			var n int64
			if err := tx.Get(q, nil, &n); err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
			parts = append(parts, strconv.FormatInt(n, 10))
		}
		said = strings.Join(parts, " ")
		return nil
	})
	return said, err
}

// comeBack signs imported people in, twice each: the first time makes the hash
// anew.
func (b *bench) comeBack(p *portal, name string) error {
	if err := b.startPortal(p, ""); err != nil {
		return err
	}
	const people = 7
	var first, second []time.Duration
	for i := range people {
		for _, into := range []*[]time.Duration{&first, &second} {
			q := post("/sign-in", url.Values{"login": {"pat." + lettersOf(i+1)}, "password": {thePassword}})
			q.address = addressOf(2*i + len(*into))
			c := newClient(p.addr)
			begun := time.Now()
			a, err := c.do(q)
			*into = append(*into, time.Since(begun))
			c.close()
			if err != nil {
				return err
			}
			if a.status != 303 {
				return fmt.Errorf("an imported account signs in: %d: %s", a.status, said(a.body))
			}
		}
		if err := p.db.Read(b.ctx, func(tx *db.Tx) error {
			a, err := account.FindByUserID(tx, "pat."+lettersOf(i+1))
			if err == nil && !strings.HasPrefix(a.PasswordHash, "$argon2id$") {
				err = fmt.Errorf("the hash of %s was not made anew", a.UserID)
			}
			return err
		}); err != nil {
			return err
		}
	}
	slices.Sort(first)
	slices.Sort(second)
	b.report.fact(fact{row: importRow, what: name + ": first sign-in, then any other", value: ms(first[people/2]) + " ms, then " + ms(second[people/2]) + " ms"})
	return nil
}
