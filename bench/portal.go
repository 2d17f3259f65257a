package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/secret"
)

// A portal is the real binary on a database of its own, with the bench's own
// hand in that database.
type portal struct {
	*process
	folder   string
	config   string
	database string // path or URL
	ring     *secret.Ring
	db       *db.DB
	terms    account.Terms
	idle     int64 // bytes of resident memory before anybody came
	sms      *smsSink
	smtp     *smtpSink
}

type portalOptions struct {
	binary   string // empty: the one that was built as it is
	postgres bool
	sends    bool              // messages leave, to sinks of the bench
	options  map[string]string // further options, as TOML values
}

// newPortal makes a portal, starts it once so that it fills in what it needs, and
// stops it: then the bench can fill in the rest.
func (b *bench) newPortal(name string, o portalOptions) (*portal, error) {
	p, err := b.blankPortal(name, o)
	if err != nil {
		return nil, err
	}
	if err := b.startPortal(p, o.binary); err != nil {
		return nil, err
	}
	p.stop()
	err = p.openDatabase(b)
	return p, err
}

// blankPortal makes the folder and the configuration of a portal that was never
// started.
func (b *bench) blankPortal(name string, o portalOptions) (*portal, error) {
	folder := filepath.Join(b.dir, name+"-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	p := &portal{folder: folder, config: filepath.Join(folder, "vestibule.toml"), database: filepath.Join(folder, "portal.db")}
	options := map[string]string{
		"data": quoted(folder), "vendor.name": quoted("Northwind Conferencing"), "vendor.support_email": quoted("help@northwind.example"),
		"vendor.support_phone": quoted("+44 20 7946 0000"), "product.name": quoted("Meeting Add-On"), "product.prefix": quoted("MAO"), "product.code": quoted("meeting"),
		// The load client says by X-Forwarded-For from where each visitor comes, so
		// that limits on networks do not take a thousand visitors for one.
		"trusted_proxies": `["127.0.0.1"]`,
	}
	p.terms = account.Terms{Version: "bench", Text: map[string]string{"en": someTerms}}
	terms := filepath.Join(folder, "terms.txt")
	if err := os.WriteFile(terms, []byte(someTerms), 0o600); err != nil {
		return nil, err
	}
	options["terms.en"], options["terms.version"] = quoted(terms), quoted(p.terms.Version)
	if o.postgres {
		var err error
		if p.database, err = b.createDatabase(); err != nil {
			return nil, err
		}
	}
	options["database.url"] = quoted(p.database)
	if o.sends {
		if err := p.sinks(options); err != nil {
			return nil, err
		}
	}
	for name, value := range o.options {
		options[name] = value
	}
	var toml bytes.Buffer
	for _, name := range sortedKeys(options) {
		fmt.Fprintf(&toml, "%s = %s\n", name, options[name])
	}
	return p, os.WriteFile(p.config, toml.Bytes(), 0o600)
}

const someTerms = "These terms are as short as terms can be.\n\n## One\n\nBe kind.\n"

func quoted(s string) string { return strconv.Quote(s) }

func sortedKeys(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (p *portal) sinks(options map[string]string) (err error) {
	if p.sms, err = newSMSSink(); err != nil {
		return err
	}
	if p.smtp, err = newSMTPSink(); err != nil {
		return err
	}
	host, port, _ := strings.Cut(p.smtp.addr, ":")
	options["smtp.host"], options["smtp.port"], options["smtp.security"] = quoted(host), port, quoted("none")
	options["smtp.from"] = quoted("portal@northwind.example")
	options["sms.preset"], options["sms.url"], options["sms.from"] = quoted("json"), quoted("http://"+p.sms.addr+"/send"), quoted("Northwind")
	return nil
}

// startPortal starts the portal on a free address and waits for its sign-in page.
func (b *bench) startPortal(p *portal, binary string) error {
	if err := b.launchPortal(p, binary); err != nil {
		return err
	}
	if _, err := p.ready(b.ctx, publicPath); err != nil {
		return err
	}
	var err error
	p.idle, _, err = p.process.memory()
	return err
}

func (b *bench) launchPortal(p *portal, binary string) error {
	if binary == "" {
		binary = b.binary
	}
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	// The address is given in the file, like everything else.
	text, err := os.ReadFile(p.config)
	if err != nil {
		return err
	}
	config := p.config + "." + strings.ReplaceAll(addr, ":", "-")
	if err := os.WriteFile(config, append([]byte("listen = "+quoted(addr)+"\n"), text...), 0o600); err != nil {
		return err
	}
	p.process, err = b.launch("portal", addr, binary, "serve", "--config", config)
	return err
}

// openDatabase opens the portal's database for the bench, which fills it.
func (p *portal) openDatabase(b *bench) (err error) {
	if p.ring, err = secret.LoadRing(filepath.Join(p.folder, "keys.json"), secret.System{}); err != nil {
		return err
	}
	p.db, err = db.Open(b.ctx, db.Options{URL: p.database, Now: time.Now, Connections: 4})
	return err
}

// end stops the portal and lets go of all it used.
func (p *portal) end() {
	if p.process != nil {
		p.stop()
	}
	if p.db != nil {
		_ = p.db.Close() // it is thrown away
	}
	if p.sms != nil {
		p.sms.close()
	}
	if p.smtp != nil {
		p.smtp.close()
	}
}

// createDatabase makes an empty database on the server; it is dropped at the end
// of the run.
func (b *bench) createDatabase() (string, error) {
	u, err := url.Parse(b.postgres)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("vestibule_bench_%d_%d", os.Getpid(), len(b.databases))
	if err := b.onServer(`CREATE DATABASE ` + name); err != nil {
		return "", err
	}
	b.databases = append(b.databases, name)
	u.Path = "/" + name
	return u.String(), nil
}

func (b *bench) onServer(statement string) error {
	server, err := sql.Open("pgx", b.postgres)
	if err != nil {
		return err
	}
	_, err = server.Exec(statement)
	return errors.Join(err, server.Close())
}
