package config

import (
	"cmp"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the office's zone, on machines without their own list
)

// wants says what kind of value the option takes.
func (o option) wants() string {
	switch o.kind {
	case count, minutes, hours, days, seconds:
		unit := map[kind]string{count: "a whole number", minutes: "minutes", hours: "hours", days: "days", seconds: "seconds"}[o.kind]
		if o.max > 0 {
			return fmt.Sprintf("%s from %d to %d", unit, o.min, o.max)
		}
		return unit
	case list:
		return "a list of texts in square brackets"
	case choice:
		var all []string
		for _, c := range o.choices {
			if c != "" {
				all = append(all, c)
			}
		}
		return "one of " + strings.Join(all, ", ")
	case file:
		return "the name of a file"
	case folder:
		return "the name of a folder"
	case address:
		return "host:port, as in 127.0.0.1:8080"
	case webAddress:
		return "an address that begins with https:// or http://"
	case email:
		return "an e-mail address"
	default:
		return "a text"
	}
}

// set reads v into the field that the option is bound to.
func (o option) set(v value) *Problem {
	wrong := func(what string) *Problem { return &Problem{What: what, Do: "Give " + o.wants() + "."} }
	switch into := o.into.(type) {
	case *[]string:
		*into = v.texts
		return nil
	case *string:
		s := ""
		if len(v.texts) > 0 {
			s = strings.TrimSpace(v.texts[0])
		}
		if o.kind == choice && !slices.Contains(o.choices, s) {
			return wrong(strconv.Quote(s) + " is none of the choices.")
		}
		if s != "" {
			if what := malformed(o.kind, s); what != "" {
				return wrong(what)
			}
			if (o.kind == file || o.kind == folder) && v.base != "" && !filepath.IsAbs(s) {
				s = filepath.Join(v.base, s)
			}
			if o.secret && example(s) {
				return &Problem{What: "is the placeholder of an example, which everybody knows.", Do: "Put your own secret there."}
			}
		}
		*into = s
		return nil
	case *int:
		n, ok := o.number(v)
		if !ok {
			return wrong("is no such number.")
		}
		*into = n
		return nil
	case *time.Duration:
		n, ok := o.number(v)
		if !ok {
			return wrong("is no such number.")
		}
		*into = time.Duration(n) * o.unit()
		return nil
	default:
		return wrong("cannot be set.")
	}
}

func (o option) number(v value) (int, bool) {
	if len(v.texts) != 1 {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(v.texts[0]))
	return n, err == nil && n >= o.min && n <= o.max
}

// malformed says what is wrong with the form of a text, or nothing.
func malformed(k kind, s string) string {
	switch k {
	case address:
		if _, port, err := net.SplitHostPort(s); err != nil || !number(port) {
			return strconv.Quote(s) + " is no address with a port."
		}
	case webAddress:
		// The places in the address of an SMS gateway are no URL yet.
		u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(s))
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return strconv.Quote(s) + " is no web address."
		}
	case email:
		if a, err := mail.ParseAddress(s); err != nil || a.Address == "" {
			return strconv.Quote(s) + " is no e-mail address."
		}
	default:
	}
	return ""
}

func number(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && n <= 65535
}

// example reports whether a secret is one that stands in documents.
func example(s string) bool {
	low := strings.ToLower(s)
	return slices.Contains([]string{"changeme", "change-me", "change_me", "secret", "password", "example", "your-password-here"}, low)
}

// finish reads the raw values, derives what depends on others and refuses what
// cannot work together.
func (c *Config) finish(r *raw, source func(string) string) Problems {
	var p Problems
	add := func(option, what, do string) {
		p = append(p, Problem{Option: option, Source: source(option), What: what, Do: do})
	}
	c.lists(r, add)
	c.office(r, add)
	c.nextTerms(r, add) // in the office's time zone
	c.addresses(add)
	c.stores(add)
	c.people(add)
	c.sending(add)
	return p
}

type complain func(option, what, do string)

// readable reports whether a file is there to be read.
func readable(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

func (c *Config) lists(r *raw, add complain) {
	for _, s := range r.proxies {
		if a, err := netip.ParseAddr(s); err == nil {
			c.TrustedProxies = append(c.TrustedProxies, netip.PrefixFrom(a, a.BitLen()))
		} else if n, err := netip.ParsePrefix(s); err == nil {
			c.TrustedProxies = append(c.TrustedProxies, n.Masked())
		} else {
			add("trusted_proxies", strconv.Quote(s)+" is no address or network.", "Write 10.0.0.7 or 10.0.0.0/8.")
		}
	}
	for _, s := range r.links {
		i := strings.LastIndexByte(s, ' ')
		if i < 1 || !strings.HasPrefix(s[i+1:], "http") && !strings.HasPrefix(s[i+1:], "/") {
			add("vendor.links", strconv.Quote(s)+" is no text with an address.", "Write \"Privacy notice https://example.com/privacy\".")
			continue
		}
		c.Vendor.Links = append(c.Vendor.Links, FooterLink{Text: strings.TrimSpace(s[:i]), URL: s[i+1:]})
	}
	c.Terms, c.Vendor.SupportHours = map[string]string{}, map[string]string{}
	for i, lang := range languages() {
		if r.supportHours[i] != "" {
			c.Vendor.SupportHours[lang] = r.supportHours[i]
		}
		if name := r.terms[i]; name != "" {
			if !readable(name) {
				add("terms."+lang, "the file "+name+" cannot be read.", "Name a text file that this user may read.")
			}
			c.Terms[lang] = name
		}
	}
	if r.termsSince != "" {
		since, err := time.Parse("2006-01-02", r.termsSince)
		if err != nil {
			add("terms.since", strconv.Quote(r.termsSince)+" is no day.", "Write 2026-06-01.")
		}
		c.TermsSince = since
	}
	for i, s := range c.Registration.SMSCountries {
		s = strings.ToUpper(strings.TrimSpace(s))
		if !regexp.MustCompile(`^[A-Z]{2}$`).MatchString(s) {
			add("registration.sms_countries", strconv.Quote(s)+" is no country.", "Use two letters, as in DE or ZA.")
		}
		c.Registration.SMSCountries[i] = s
	}
	for _, s := range c.Vendor.NotifyStaff {
		if malformed(email, s) != "" {
			add("vendor.notify", strconv.Quote(s)+" is no e-mail address.", "List whole addresses, as in approvals@example.com.")
		}
	}
}

func (c *Config) office(r *raw, add complain) {
	zone, err := time.LoadLocation(r.zone)
	if err != nil || r.zone == "Local" {
		add("office.time_zone", strconv.Quote(r.zone)+" is no time zone.", "Use a name like Europe/Berlin or UTC.")
		zone = time.UTC
	}
	c.Office.Zone = zone
	misread := false
	for _, s := range r.openHours {
		if !c.Office.open(s) {
			misread = true
			add("office.hours", strconv.Quote(s)+" is not understood.", "Write \"Mon-Fri 08:00-17:00\" or \"Sat 09:00-12:00\".")
		}
	}
	open := false
	for day, spans := range c.Office.Hours {
		slices.SortFunc(spans, func(a, b Span) int { return a.From - b.From })
		for i, s := range spans {
			open = true
			if i > 0 && s.From < spans[i-1].To {
				add("office.hours", "open "+time.Weekday(day).String()+" twice at the same time.", "Write hours that do not overlap.")
			}
		}
	}
	if !open && !misread {
		add("office.hours", "leaves no hour in which anybody decides.", "Open at least one day.")
	}
	for _, s := range r.holidays {
		day, err := time.ParseInLocation("2006-01-02", strings.TrimSpace(s), zone)
		if err != nil {
			add("office.holidays", strconv.Quote(s)+" is no day.", "Write 2026-12-25.")
			continue
		}
		c.Office.Holidays = append(c.Office.Holidays, day)
	}
	if c.Office.Reminder >= c.Office.Due {
		add("office.reminder_minutes", "comes no earlier than the decision is due.", "Make it smaller than office.due_minutes.")
	}
}

// open adds "Mon-Fri 08:00-17:00" to the hours.
func (o *Office) open(s string) bool {
	days, times, ok := strings.Cut(strings.TrimSpace(s), " ")
	if !ok {
		return false
	}
	first, last, isRange := strings.Cut(days, "-")
	if !isRange {
		last = first
	}
	a, b := weekday(first), weekday(last)
	from, to, ok := strings.Cut(strings.TrimSpace(times), "-")
	f, okFrom := clock(from)
	t, okTo := clock(to)
	if !ok || a < 0 || b < 0 || !okFrom || !okTo || f >= t {
		return false
	}
	for d := a; ; d = (d + 1) % 7 {
		o.Hours[d] = append(o.Hours[d], Span{f, t})
		if d == b {
			return true
		}
	}
}

func weekday(s string) int {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(s, d.String()[:3]) || strings.EqualFold(s, d.String()) {
			return int(d)
		}
	}
	return -1
}

// clock reads 08:00 as minutes from midnight; 24:00 ends a day.
func clock(s string) (int, bool) {
	if strings.TrimSpace(s) == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", strings.TrimSpace(s))
	return t.Hour()*60 + t.Minute(), err == nil
}

func (c *Config) stores(add complain) {
	d := &c.Database
	if d.URL == "" {
		d.URL = filepath.Join(c.Data, "portal.db")
	}
	if strings.Contains(d.URL, "://") && d.SQLite() {
		add("database.url", "is neither PostgreSQL nor a file.", "Use postgres://user@host/name or the name of a file.")
	}
	if d.MigrateURL != "" && d.SQLite() {
		add("database.migrate_url", "has no use with the embedded database.", "Take it away, or set database.url to a PostgreSQL database.")
	}
	if d.MigrateURL != "" && !strings.HasPrefix(d.MigrateURL, "postgres") {
		add("database.migrate_url", "is no PostgreSQL address.", "Write postgres://owner@host/name.")
	}
	c.files(add)
	if c.Keys != "" && c.KeysFile != "" {
		add("keys.text", "is set beside keys.file.", "Take one of the two away.")
	}
	if c.KeysFile == "" {
		c.KeysFile = filepath.Join(c.Data, "keys.json")
	}
	for option, name := range map[string]string{"words": c.Words, "messages": c.Messages} {
		if name == "" {
			continue
		}
		if info, err := os.Stat(name); err != nil || !info.IsDir() {
			add(option, name+" is no folder.", "Make it, or take the option away.")
		}
	}
}

// files resolves where the files of releases lie.
func (c *Config) files(add complain) {
	f := &c.Files
	switch u, err := url.Parse(f.URL); {
	case f.URL == "":
		f.URL = filepath.Join(c.Data, "files")
	case !strings.Contains(f.URL, "://"):
	case err != nil || u.Scheme != "s3" || u.Host == "":
		add("blob.url", "is neither a folder nor a bucket.", "Write the name of a folder, or s3://bucket?region=….")
	}
	if (f.Key == "") != (f.Secret == "") {
		add("blob.key", "and blob.secret belong together.", "Set both, or neither.")
	}
}

func (c *Config) people(add complain) {
	if !regexp.MustCompile(`^#[0-9a-fA-F]{6}$`).MatchString(c.Vendor.Accent) {
		add("vendor.accent", strconv.Quote(c.Vendor.Accent)+" is no colour.", "Write # and six digits, as in #0b5f80.")
	}
	if name := c.Vendor.Logo; name != "" {
		if ext := strings.ToLower(filepath.Ext(name)); ext != ".svg" && ext != ".png" {
			add("vendor.logo", "is neither SVG nor PNG.", "Name a file that ends in .svg or .png.")
		} else if !readable(name) {
			add("vendor.logo", "the file "+name+" cannot be read.", "Name a file that this user may read.")
		}
	}
	if c.Vendor.Name == "" {
		add("vendor.name", "is empty.", "Write the name of your company.")
	}
	c.Vendor.Legal = cmp.Or(c.Vendor.Legal, c.Vendor.Name)
	c.Vendor.SecurityEmail = cmp.Or(c.Vendor.SecurityEmail, c.Vendor.SupportEmail)
	if c.Product.Name == "" {
		add("product.name", "is empty.", "Write the name of your product.")
	}
	if !regexp.MustCompile(`^[A-Z][A-Z0-9]{1,5}$`).MatchString(c.Product.Prefix) {
		add("product.prefix", strconv.Quote(c.Product.Prefix)+" cannot begin a key.", "Use two to six capital letters and digits, the first a letter.")
	}
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`).MatchString(c.Product.Code) {
		add("product.code", strconv.Quote(c.Product.Code)+" cannot stand in an address.", "Use small letters, digits and hyphens.")
	}
	rule := regexp.MustCompile(`\{(first|last|f|l)\}`)
	if rest := rule.ReplaceAllString(c.Registration.UserID, ""); rest == c.Registration.UserID || strings.ContainsAny(rest, "{} @") {
		add("registration.user_id", strconv.Quote(c.Registration.UserID)+" makes no UserID.", "Write it of {first}, {last}, {f} and {l}, as in {f}{last}.")
	}
	if c.Policy == "nist" {
		if c.Password.Questions == "on" {
			add("questions.use", "contradicts policy nist, which asks none.", "Take it away, or use policy guide.")
		}
	}
	if c.Policy == "nist" && c.Password.MaxAge > 0 {
		add("password.max_age_days", "contradicts policy nist, under which passwords do not grow old.", "Take it away, or use policy guide.")
	}
	if c.Password.MinLength > 0 && c.Password.MinLength < 8 {
		add("password.min_length", "is shorter than any profile permits.", "Use at least 8, or 0 for the policy's own.")
	}
	s := c.Session
	if s.ClientIdle > s.ClientAbsolute {
		add("session.client_idle", "is longer than session.client_absolute.", "Make it the smaller of the two.")
	}
	if s.StaffIdle > s.StaffAbsolute {
		add("session.staff_idle", "is longer than session.staff_absolute.", "Make it the smaller of the two.")
	}
	if c.Registration.CodeLife > c.Registration.Life {
		add("registration.code_life", "is longer than the registration it belongs to.", "Make it smaller than registration.life.")
	}
	if c.Registration.Remind >= c.Registration.Sweep {
		add("registration.remind_days", "comes no earlier than the account is deleted.", "Make it smaller than registration.sweep_days.")
	}
}

// nextTerms reads when the terms to come are in force. Terms without a day, or a day without terms, would do nothing.
func (c *Config) nextTerms(r *raw, add complain) {
	c.TermsNext.Files = map[string]string{}
	for i, lang := range languages() {
		if name := r.termsNext[i]; name != "" {
			if !readable(name) {
				add("terms.next_"+lang, "the file "+name+" cannot be read.", "Name a text file that this user may read.")
			}
			c.TermsNext.Files[lang] = name
		}
	}
	switch {
	case r.termsNextSince == "" && len(c.TermsNext.Files) > 0:
		add("terms.next_since", "there are terms to come without a day from which they are in force.", "Write 2027-01-01.")
	case r.termsNextSince != "" && len(c.TermsNext.Files) == 0:
		add("terms.next_en", "there is a day for terms to come, but no text.", "Name a text file, or take terms.next_since away.")
	case r.termsNextSince != "":
		since, err := time.ParseInLocation(time.DateOnly, r.termsNextSince, c.Office.Zone)
		if err != nil {
			add("terms.next_since", strconv.Quote(r.termsNextSince)+" is no day.", "Write 2027-01-01.")
		}
		c.TermsNext.Since = since
	}
}
