package cli

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"vestibule/internal/cli/asvs"
	"vestibule/internal/config"
)

type policyCommand struct {
	Report policyReport `cmd:"" help:"Name each requirement of OWASP ASVS 5.0 that your settings leave unmet, and the setting that does it."`
}

type policyReport struct {
	configured
	Policy string `help:"guide or nist: as if the option policy had this value. Default: as it is." enum:",guide,nist" default:""`
}

// Run reads the configuration alone: it opens nothing.
func (c policyReport) Run(s *session) error {
	cfg, err := s.load(c.configured)
	if err != nil {
		return err
	}
	cfg.Policy = cmp.Or(c.Policy, cfg.Policy)
	all, err := asvs.All()
	if err != nil {
		return err
	}
	titles := map[string]asvs.Requirement{}
	for _, r := range all {
		titles[r.ID] = r
	}
	fmt.Fprintf(s.out, "Policy %s. What your settings leave unmet of OWASP ASVS 5.0:\n\n", cfg.Policy)
	byLevel := map[int]int{}
	for _, g := range gaps() {
		is := g.unmet(cfg)
		if is == "" {
			continue
		}
		r := titles[g.id]
		level := cmp.Or(g.level, r.Level)
		byLevel[level]++
		fmt.Fprintf(s.out, "%s (level %d): %s\n    %s %s. %s\n\n", g.id, level, r.Title, g.setting, is, g.do)
	}
	fmt.Fprintf(s.out, "Unmet: %d of level 1, %d of level 2, %d of level 3. What no setting changes stands in docs/asvs.md.\n", byLevel[1], byLevel[2], byLevel[3])
	return nil
}

// A gap is a requirement that a setting can leave unmet.
type gap struct {
	id      string
	level   int // 0: the requirement's own
	setting string
	unmet   func(*config.Config) string // what the setting is, as the end of a sentence; "" where the requirement is met
	do      string
}

// gaps are all of them, in the order of the standard.
func gaps() []gap {
	return []gap{
		{id: "V3.3.1", setting: "base_url", unmet: insecure, do: "Set an address that begins with https."},
		{id: "V3.4.1", setting: "base_url", unmet: insecure, do: "Set an address that begins with https: HSTS is sent there."},
		{id: "V6.2.5", setting: "password.groups", unmet: groups, do: `Set password.groups = "off", or policy = "nist".`},
		{id: "V6.2.10", setting: "password.max_age_days", unmet: rotation, do: "Set it to 0: a password ends when there is a reason."},
		{id: "V6.2.11", setting: "vendor.name", unmet: func(c *config.Config) string {
			if c.Vendor.Name == config.PlaceholderVendor || c.Product.Name == config.PlaceholderProduct {
				return "or product.name is not set, so passwords may hold your names"
			}
			return ""
		}, do: "Set both."},
		{id: "V6.3.7", setting: "smtp.host", unmet: unsent, do: "Set up a mail server: nobody is told of changes until messages leave."},
		{id: "V6.3.8", setting: "registration.duplicate_email", unmet: func(c *config.Config) string {
			return is(c.Registration.DuplicateEmail == "explain", `is "explain", so who registers is told that an address has an account`)
		}, do: `Set it to "conceal".`},
		{id: "V6.4.2", setting: "questions.use", unmet: questions, do: `Set questions.use = "off", or policy = "nist".`},
		{id: "V6.5.5", setting: "registration.code_life", unmet: func(c *config.Config) string {
			return longer(c.Registration.CodeLife, 10*time.Minute)
		}, do: "Set it to 600 or less."},
		{id: "V6.5.5", setting: "link.reset", unmet: func(c *config.Config) string { return longer(c.Link.Reset, 10*time.Minute) }, do: "Set it to 600 or less; people have that long to find the e-mail."},
		{id: "V6.6.1", level: 3, setting: "sms.preset", unmet: func(c *config.Config) string {
			return is(c.SMS[0].Preset != "", "is set: level 3 wants no text messages at all")
		}, do: "Registration proves the mobile number by one. Level 2 permits that, since stronger means are offered."},
		{id: "V7.3.1", setting: "session.client_idle", unmet: func(c *config.Config) string { return longer(c.Session.ClientIdle, time.Hour) }, do: "Set it to 3600 or less, or write down why not (V7.1.1)."},
		{id: "V7.3.1", setting: "session.staff_idle", unmet: func(c *config.Config) string { return longer(c.Session.StaffIdle, time.Hour) }, do: "Set it to 3600 or less, or write down why not (V7.1.1)."},
		{id: "V7.3.2", setting: "session.client_absolute", unmet: func(c *config.Config) string { return longer(c.Session.ClientAbsolute, 24*time.Hour) }, do: "Set it to 86400 or less, or write down why not (V7.1.1)."},
		{id: "V12.2.1", setting: "base_url", unmet: insecure, do: "Set an address that begins with https, and tls.certificate or a proxy that serves it."},
		{id: "V12.3.1", setting: "database.url", unmet: plainDatabase, do: "Add sslmode=verify-full."},
		{id: "V12.3.1", setting: "smtp.security", unmet: func(c *config.Config) string {
			return is(c.SMTP.Host != "" && c.SMTP.Security == "none", `is "none"`)
		}, do: `Set it to "starttls" or "tls".`},
		{id: "V12.3.1", setting: "sms.url", unmet: func(c *config.Config) string { return plainGateway(c.SMS[0]) }, do: "Use an address that begins with https."},
		{id: "V12.3.1", setting: "sms_second.url", unmet: func(c *config.Config) string { return plainGateway(c.SMS[1]) }, do: "Use an address that begins with https."},
		{id: "V12.3.2", setting: "database.url", unmet: unverifiedDatabase, do: "Use sslmode=verify-full: with require alone anybody may answer for the database."},
		{id: "V13.2.2", setting: "database.migrate_url", unmet: func(c *config.Config) string {
			return is(!c.Database.SQLite() && c.Database.MigrateURL == "", "is not set, so the portal may change its own tables and audit trail")
		}, do: "Give the tables to a role of their own (docs/handbook.md)."},
		{id: "V13.4.2", setting: "log.level", unmet: func(c *config.Config) string { return is(c.Log.Level == "debug", `is "debug"`) }, do: `Set it to "info".`},
		{id: "V16.3.2", setting: "log.level", unmet: func(c *config.Config) string {
			return is(c.Log.Level == "warn" || c.Log.Level == "error", "is \""+c.Log.Level+"\", so requests that were refused are not logged")
		}, do: `Set it to "info".`},
	}
}

func is(unmet bool, said string) string {
	if unmet {
		return said
	}
	return ""
}

func longer(d, limit time.Duration) string {
	return is(d > limit, fmt.Sprintf("is %d seconds", int(d.Seconds())))
}

func insecure(c *config.Config) string {
	return is(!c.Secure(), "is "+c.BaseURL+", without TLS")
}

func groups(c *config.Config) string {
	switch {
	case c.Password.Groups == "on":
		return `is "on"`
	case c.Password.Groups == "" && c.Policy == "guide":
		return "is as policy guide says: three of four groups of characters, unless a password has 20 or more"
	}
	return ""
}

func questions(c *config.Config) string {
	switch {
	case c.Password.Questions == "on":
		return `is "on"`
	case c.Password.Questions == "" && c.Policy == "guide":
		return "is as policy guide says: three questions, asked beside a proof of possession and never alone"
	}
	return ""
}

func rotation(c *config.Config) string {
	return is(c.Password.MaxAge > 0, fmt.Sprintf("is %d", int(c.Password.MaxAge.Hours()/24)))
}

func unsent(c *config.Config) string {
	return is(!c.Sends(), "is not set, or outbox.mode is \"hold\"")
}

// sslmode is that of a PostgreSQL address (libpq's default is prefer), or "" where
// no network lies between.
func sslmode(address string) string {
	if !strings.HasPrefix(address, "postgres") {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || config.Loopback(u.Hostname()) {
		return ""
	}
	return cmp.Or(u.Query().Get("sslmode"), "prefer")
}

func plainDatabase(c *config.Config) string {
	mode := sslmode(c.Database.URL)
	return is(mode == "disable" || mode == "allow" || mode == "prefer", "has sslmode="+mode+", which permits a connection in the clear")
}

func unverifiedDatabase(c *config.Config) string {
	mode := sslmode(c.Database.URL)
	return is(mode != "" && mode != "verify-full" && mode != "verify-ca", "has sslmode="+mode+", which checks no certificate")
}

func plainGateway(s config.SMS) string {
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(s.URL))
	return is(s.Preset != "" && err == nil && u.Scheme == "http" && !config.Loopback(u.Hostname()), "is an address without TLS")
}
