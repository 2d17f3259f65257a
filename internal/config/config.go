// Package config knows every option of the portal.
//
// There is one table of options (table.go). From it come the names in
// vestibule.toml, the environment variables, the defaults, the checks, the help
// on the terminal and docs/options.md; nothing else in the portal reads a file
// of settings or the environment. A value is taken from the first of these that
// has it: the environment variable, the file that the variable with the suffix
// _FILE names (for secrets), vestibule.toml, the default.
//
// No configuration at all is a portal that works: an embedded database in a
// folder, reachable on loopback only, whose messages are held instead of sent.
// What cannot work is refused before anything is opened, all of it at once, each
// line with what to do.
//
// Only the command line and package app import this package; every other part
// of the portal is handed plain values.
package config

import (
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// A Config is every option with its value, checked. The zero value is not
// usable: Load makes one.
type Config struct {
	Listen         string
	BaseURL        string // without a slash at the end
	Data           string
	TLS            TLS
	TrustedProxies []netip.Prefix
	Metrics        string // address of the listener for /metrics, empty for none
	Log            Log
	Database       Database
	Files          Files
	Download       Download
	KeysFile       string // empty: keys.json in the data folder
	Keys           string // the keys themselves, in place of a file

	Vendor  Vendor
	Product Product
	Office  Office

	Policy       string // guide or nist
	Password     Password
	Registration Registration
	Geo          Geo
	Evaluation   Evaluation
	Session      Session
	Link         Link
	Recovery     Recovery
	Hashing      Hashing

	Terms        map[string]string // language → file
	TermsVersion string
	TermsSince   time.Time
	TermsNext    NextTerms
	TermsGrace   time.Duration
	Account      Account
	Words        string // folder
	Messages     string // folder

	Outbox string // send or hold; empty until resolved by Load
	SMTP   SMTP
	SMS    [2]SMS

	notes []string
}

// NextTerms are those that take the place of the terms on a day to come.
type NextTerms struct {
	Files   map[string]string // language → file; none: there are none
	Version string
	Since   time.Time
}

// Account says how long an account that nobody uses stays open.
type Account struct {
	Dormant time.Duration // 0: for ever
}

// Geo says where network addresses are.
type Geo struct {
	Database string // file in the MMDB format; empty: places are not shown
}

// TLS names the files of the portal's own certificate; both empty behind a proxy.
type TLS struct{ Certificate, Key string }

// Log says what is written to standard error, and how.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // text, json
}

// Database says where the data lives.
type Database struct {
	URL        string // postgres://… or a file; empty: portal.db in the data folder
	MigrateURL string // a role that may change the schema; empty: URL
}

// Files says where releases are kept.
type Files struct {
	URL         string // a folder, or s3://bucket?…; empty until resolved by Load
	Key, Secret string // of the bucket; empty: as the AWS tools find them
	MaxSize     int    // of one file of a release, in MiB
}

// Download says how releases are handed over.
type Download struct {
	LinkLife time.Duration // how long a link may begin a download
	Parallel int           // transfers at once of one person or program
	KeepDays int           // of the record of a transfer; 0: for ever
}

// Vendor is who runs the portal, as its clients see it.
type Vendor struct {
	Name          string
	Legal         string
	Accent        string // #rrggbb
	Logo          string // file, svg or png
	SupportPhone  string
	SupportEmail  string
	SecurityEmail string
	SupportHours  map[string]string // by language
	Links         []FooterLink
	Language      string
	NotifyStaff   []string // addresses told of new requests beside the staff accounts
}

// A FooterLink stands at the foot of every page.
type FooterLink struct{ Text, URL string }

// Product is what the portal gives access to.
type Product struct {
	Name   string
	Prefix string // begins each licence key
	Code   string // names the product in addresses and files
}

// Office says when the vendor's people decide requests.
type Office struct {
	Zone     *time.Location
	Hours    [7][]Span   // by time.Weekday, in order, apart
	Holidays []time.Time // midnights in Zone
	Due      time.Duration
	Reminder time.Duration
	Late     time.Duration
}

// A Span is a part of a day in minutes from midnight.
type Span struct{ From, To int }

// Password overrides parts of the policy; the zero value overrides nothing.
type Password struct {
	MinLength int
	Groups    string        // on, off, or empty for the policy's own
	Questions string        // on, off, or empty for the policy's own
	MaxAge    time.Duration // 0: passwords do not grow old
}

// Registration says how accounts are made.
type Registration struct {
	DuplicateEmail string // explain or conceal
	UserID         string // the rule, as in {f}{last}
	SMSCountries   []string
	CodeLife       time.Duration
	CodeTries      int
	Life           time.Duration // of a registration without an account
	Remind         time.Duration // of an unfinished account's owner
	Sweep          time.Duration // of an unfinished account
}

// Evaluation says how long a right to try lasts and when it begins.
type Evaluation struct {
	Days        int
	Start       string // first-sign-in or approval
	LatestStart int    // days
}

// Session says when sessions end.
type Session struct {
	ClientIdle, ClientAbsolute, StaffIdle, StaffAbsolute time.Duration
}

// Link says how long the links in e-mails work.
type Link struct{ Confirm, Reset time.Duration }

// Recovery says how people get back in.
type Recovery struct {
	TellUnknown string // on or off
}

// Hashing bounds the work of checking passwords.
type Hashing struct {
	Slots int // 0: the number of processor cores
	Queue int
}

// SMTP is how e-mail leaves.
type SMTP struct {
	Host     string
	Port     int
	Security string // starttls, tls, none
	User     string
	Password string
	From     string
	CA       string // file with certificates to trust beside the system's
}

// SMS is one provider of text messages.
type SMS struct {
	Preset   string // kannel, json, template, twilio; empty for none
	URL      string
	User     string
	Password string
	From     string
	Method   string
	Body     string
	Type     string
	Accept   string
}

// Environment is where a process finds its variables; os.Environ outside tests.
type Environment []string

// SQLite reports whether the database is the embedded one.
func (d Database) SQLite() bool { return !strings.HasPrefix(d.URL, "postgres") }

// Sends reports whether messages leave the house.
func (c *Config) Sends() bool { return c.Outbox == "send" }

// Notes are things the operator should know that stop nothing, such as held
// messages, each a sentence.
func (c *Config) Notes() []string { return c.notes }

// The names that stand for the vendor and the product until they are set.
const (
	PlaceholderVendor  = "Vestibule"
	PlaceholderProduct = "Product"
)

// Loopback reports whether a host name or address can be reached from this
// machine alone.
func Loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

// Secure reports whether the portal's own addresses begin with https.
func (c *Config) Secure() bool {
	u, err := url.Parse(c.BaseURL)
	return err == nil && u.Scheme == "https"
}
