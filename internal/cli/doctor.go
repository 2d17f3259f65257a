package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"vestibule/internal/app"
	"vestibule/internal/audit"
	"vestibule/internal/chore"
	"vestibule/internal/config"
	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/outbox"
)

type doctorCommand struct {
	configured
	Offline bool `help:"Do not try to reach mail and SMS providers."`
}

// A finding is the answer of one check.
type finding struct {
	what string
	bad  bool
	note bool // worth knowing, not wrong
	said string
	next string // what to do
}

// patience is how long a server may take to answer the doctor.
const patience = 5 * time.Second

// Run checks everything and changes nothing.
func (c doctorCommand) Run(s *session) error {
	cfg, err := s.load(c.configured)
	if err != nil {
		return err
	}
	all := []finding{{what: "configuration", said: "works"}}
	for _, note := range cfg.Notes() {
		all = append(all, finding{what: "configuration", note: true, said: note})
	}
	all = append(all, keys(cfg), address(cfg))
	all = append(all, vendor(cfg)...)
	all = append(all, terms(cfg))
	all = append(all, c.database(s, cfg)...)
	all = append(all, files(s.ctx, cfg, c.Offline))
	if !c.Offline {
		all = append(all, reach(s.ctx, cfg)...)
	}
	bad := 0
	for _, f := range all {
		mark := "ok  "
		switch {
		case f.bad:
			mark = "FAIL"
			bad++
		case f.note:
			mark = "note"
		}
		fmt.Fprintf(s.out, "%s  %-13s  %s\n", mark, f.what, f.said)
		if f.next != "" {
			fmt.Fprintf(s.out, "      %-13s  → %s\n", "", f.next)
		}
	}
	if bad > 0 {
		return found{fmt.Errorf("%d of %d checks failed", bad, len(all))}
	}
	return nil
}

func keys(cfg *config.Config) finding {
	f := finding{what: "keys"}
	if cfg.Keys != "" {
		f.said = "from the environment"
		return f
	}
	info, err := os.Stat(cfg.KeysFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.note, f.said = true, cfg.KeysFile+" is not there yet"
		f.next = "The first start makes it. If this portal has run before, restore the file: without it sealed data is lost."
	case err != nil:
		f.bad, f.said, f.next = true, err.Error(), "Let the portal's user read the file."
	case info.Mode().Perm()&0o077 != 0:
		f.bad, f.said, f.next = true, fmt.Sprintf("%s can be read by others (%v)", cfg.KeysFile, info.Mode().Perm()), "chmod 600 "+cfg.KeysFile
	default:
		f.said = cfg.KeysFile + ", for its owner only"
	}
	return f
}

func address(cfg *config.Config) finding {
	f := finding{what: "address", said: cfg.BaseURL}
	u, err := url.Parse(cfg.BaseURL)
	if err != nil {
		return finding{what: "address", bad: true, said: err.Error(), next: "Correct base_url."}
	}
	if config.Loopback(u.Hostname()) {
		f.note, f.said = true, cfg.BaseURL+" is reached from this machine only"
		f.next = "Set base_url to the address that clients type."
		return f
	}
	if _, err := net.LookupHost(u.Hostname()); err != nil {
		f.bad, f.said, f.next = true, u.Hostname()+" is not known to the name service", "Add a DNS record for it, or correct base_url."
	}
	return f
}

// vendor checks what people see of who runs the portal, and how they reach them.
func vendor(cfg *config.Config) (all []finding) {
	v := cfg.Vendor
	if v.Name == config.PlaceholderVendor {
		all = append(all, finding{what: "vendor", note: true, said: "pages and messages speak for “" + v.Name + "”", next: "Set vendor.name and vendor.legal to your company."})
	}
	if cfg.Product.Name == config.PlaceholderProduct {
		all = append(all, finding{what: "vendor", note: true, said: "people request access to “" + cfg.Product.Name + "”", next: "Set product.name, product.code and product.prefix."})
	}
	switch {
	case v.SupportEmail == "" && v.SupportPhone == "":
		all = append(all, finding{what: "vendor", bad: true, said: "there is no way to reach your helpdesk, which gets people in again who lost password or phone", next: "Set vendor.support_email, vendor.support_phone, or both."})
	case v.SupportPhone == "":
		all = append(all, finding{what: "vendor", said: "people write to " + v.SupportEmail})
	case v.SupportEmail == "":
		all = append(all, finding{what: "vendor", said: "people call " + v.SupportPhone})
	default:
		all = append(all, finding{what: "vendor", said: "people call " + v.SupportPhone + " or write to " + v.SupportEmail})
	}
	return all
}

func terms(cfg *config.Config) finding {
	t, err := app.Terms(cfg)
	switch {
	case err != nil:
		return finding{what: "terms", bad: true, said: err.Error(), next: "Correct terms.en and terms.de."}
	case len(cfg.Terms) == 0:
		return finding{what: "terms", note: true, said: "the built-in text, version " + t.Version, next: "Set terms.en and terms.de to your own Terms and Conditions."}
	default:
		return finding{what: "terms", said: fmt.Sprintf("version %s in %d languages", t.Version, len(t.Text))}
	}
}

// database checks what is in the database, and nothing that needs it where it
// cannot be opened.
func (c doctorCommand) database(s *session, cfg *config.Config) []finding {
	where := db.SafeURL(cfg.Database.URL)
	if cfg.Database.SQLite() {
		if _, err := os.Stat(cfg.Database.URL); errors.Is(err, fs.ErrNotExist) {
			return []finding{{what: "database", note: true, said: where + " is not there yet", next: "The first start makes it."}}
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	d, err := app.OpenDatabase(ctx, app.Options{Config: cfg})
	if err != nil {
		return []finding{{what: "database", bad: true, said: err.Error(), next: "Start the database, or correct database.url."}}
	}
	all := []finding{{what: "database", said: where + " answers"}}
	if cfg.Database.SQLite() {
		folder := filepath.Dir(cfg.Database.URL)
		if info, err := os.Stat(folder); err == nil && info.Mode().Perm()&0o007 != 0 {
			all = append(all, finding{what: "database", bad: true, said: fmt.Sprintf("everybody on this machine gets into %s (%v)", folder, info.Mode().Perm()), next: "chmod 700 " + folder})
		}
	}
	state, err := d.Schema(ctx)
	switch {
	case err != nil:
		all = append(all, finding{what: "schema", bad: true, said: err.Error(), next: "Run the newest version that this database has seen."})
	case len(state.Pending) > 0:
		all = append(all, finding{what: "schema", bad: true, said: fmt.Sprintf("is at %d, this version needs %d", state.Have, state.Want), next: "Run `vestibule migrate`."})
	default:
		all = append(all, finding{what: "schema", said: "is at " + strconv.Itoa(state.Have)})
		all = append(all, content(ctx, d, cfg)...)
	}
	if err := d.Close(); err != nil {
		all = append(all, finding{what: "database", bad: true, said: err.Error()})
	}
	return all
}

// content checks clock, product, staff, messages and housekeeping.
func content(ctx context.Context, d *db.DB, cfg *config.Config) []finding {
	var all []finding
	err := d.Read(ctx, func(tx *db.Tx) error {
		products, err := license.Products(tx)
		if err != nil {
			return err
		}
		all = append(all, product(products, cfg))
		all = append(all, people(tx))
		clock, err := timing(tx)
		if err != nil {
			return err
		}
		all = append(all, clock)
		if demo, err := app.IsDemo(tx); err != nil {
			return err
		} else if demo {
			all = append(all, finding{what: "database", note: true, said: "holds the demo's sample content", next: "serve refuses it: use another database for clients."})
		}
		counts, err := outbox.New(outbox.Options{DB: d}).Count(tx)
		if err != nil {
			return err
		}
		all = append(all, waiting(counts, tx.Now()))
		chores, err := chore.States(tx)
		if err != nil {
			return err
		}
		all = append(all, housekeeping(chores, tx.Now())...)
		return nil
	})
	if err != nil {
		all = append(all, finding{what: "database", bad: true, said: err.Error(), next: "See the log of the database."})
	}
	return all
}

// product compares the configured product with what there is. What the office has
// edited goes by the office.
func product(all []license.Product, cfg *config.Config) finding {
	f := finding{what: "product"}
	want := cfg.Product
	i := slices.IndexFunc(all, func(p license.Product) bool { return p.ID == want.Code })
	if i < 0 {
		i = slices.IndexFunc(all, func(p license.Product) bool { return p.Offered })
	}
	if i < 0 {
		return finding{what: "product", note: true, said: "none yet", next: "The first start makes the one of product.name."}
	}
	p := all[i]
	f.said = p.Name + ", keys begin with " + p.Prefix
	switch {
	case p.ID != want.Code:
		f.note, f.next = true, fmt.Sprintf("The configuration names %s (product.code %s): the next start of serve offers that one.", want.Name, want.Code)
	case !p.EditedAt.IsZero() && (p.Name != want.Name || p.Prefix != want.Prefix):
		f.note, f.next = true, "It was edited in the office: product.name and product.prefix have no effect."
	case p.EditedAt.IsZero() && p.Name != want.Name:
		f.note, f.next = true, fmt.Sprintf("The configuration names %s (product.code %s): the next start of serve offers that one instead.", want.Name, want.Code)
	case p.Prefix != want.Prefix:
		f.note, f.next = true, fmt.Sprintf("product.prefix %s has no effect once there are licences: keys never change.", want.Prefix)
	}
	return f
}

func people(tx *db.Tx) finding {
	n, err := app.Administrators(tx)
	switch {
	case err != nil:
		return finding{what: "staff", bad: true, said: err.Error()}
	case n == 0:
		return finding{what: "staff", bad: true, said: "no administrator has set the account up", next: "vestibule staff add EMAIL --first NAME --last NAME --role administrator"}
	default:
		return finding{what: "staff", said: fmt.Sprintf("administrators: %d", n)}
	}
}

// slip is how far clocks may be apart.
const slip = time.Minute

// timing compares the machine's clock with the newest event, which another node
// or an earlier run has written: none comes from the future.
func timing(tx *db.Tx) (finding, error) {
	newest, err := audit.Recent(tx, 0, 1)
	if err != nil {
		return finding{}, err
	}
	now := tx.Now()
	if len(newest) > 0 && newest[0].At.After(now.Add(slip)) {
		return finding{
			what: "clock", bad: true, said: fmt.Sprintf("is %s behind the newest event", newest[0].At.Sub(now).Round(time.Second)),
			next: "Set the clock, and keep it right by NTP: codes, terms and sessions go by it.",
		}, nil
	}
	return finding{what: "clock", said: now.UTC().Format(time.RFC3339)}, nil
}

// A message that waits longer than this has something in its way.
const tooLong = 15 * time.Minute

func waiting(n outbox.Counts, now time.Time) finding {
	f := finding{what: "messages", said: fmt.Sprintf("%d queued, %d held, %d failed", n.Queued, n.Held, n.Failed)}
	switch {
	case n.Failed > 0:
		f.bad, f.next = true, "`vestibule outbox list --state failed` says why; retry or drop each."
	case !n.Oldest.IsZero() && now.Sub(n.Oldest) > tooLong:
		f.bad, f.next = true, fmt.Sprintf("The oldest waits for %s: is the portal running, and the mail server reachable?", now.Sub(n.Oldest).Round(time.Minute))
	case n.Held > 0:
		f.note, f.next = true, "They leave once smtp (and sms) is set up."
	}
	return f
}

// overdue is how late housekeeping may be while the portal runs.
const overdue = 10 * time.Minute

func housekeeping(states []chore.State, now time.Time) (all []finding) {
	for _, c := range states {
		switch {
		case c.Error != "":
			all = append(all, finding{what: "housekeeping", bad: true, said: c.Name + " failed: " + c.Error, next: "See the portal's log; it is tried again by itself."})
		case now.Sub(c.NextAt) > overdue:
			all = append(all, finding{what: "housekeeping", note: true, said: fmt.Sprintf("%s is %s late", c.Name, now.Sub(c.NextAt).Round(time.Minute)), next: "Start the portal, or see its log."})
		}
	}
	if len(all) == 0 && len(states) > 0 {
		all = append(all, finding{what: "housekeeping", said: fmt.Sprintf("%d chores, all in time", len(states))})
	}
	return all
}

// reach opens a connection to each provider that the configuration names.
func reach(ctx context.Context, cfg *config.Config) (all []finding) {
	try := func(what, host string, port int, secure bool) {
		address := net.JoinHostPort(host, strconv.Itoa(port))
		dialer := &net.Dialer{Timeout: patience}
		var conn net.Conn
		var err error
		if secure {
			conn, err = (&tls.Dialer{NetDialer: dialer}).DialContext(ctx, "tcp", address)
		} else {
			conn, err = dialer.DialContext(ctx, "tcp", address)
		}
		if err != nil {
			all = append(all, finding{what: what, bad: true, said: address + " does not answer: " + err.Error(), next: "Check host, port and firewall."})
			return
		}
		_ = conn.Close() // nothing was sent
		all = append(all, finding{what: what, said: address + " answers"})
	}
	if m := cfg.SMTP; m.Host != "" {
		// With an authority of its own the certificate is the carrier's to judge.
		try("mail", m.Host, m.Port, m.Security == "tls" && m.CA == "")
	}
	for i, one := range cfg.SMS {
		what := [...]string{"sms", "sms second"}[i]
		switch {
		case one.Preset == "":
			continue
		case one.URL == "": // Twilio's own
			try(what, "api.twilio.com", 443, true)
			continue
		}
		u, err := url.Parse(one.URL)
		if err != nil {
			all = append(all, finding{what: what, bad: true, said: "the address cannot be read", next: "Correct its url."})
			continue
		}
		port, err := strconv.Atoi(u.Port())
		if err != nil {
			port = map[string]int{"http": 80, "https": 443}[u.Scheme]
		}
		try(what, u.Hostname(), port, u.Scheme == "https")
	}
	return all
}
