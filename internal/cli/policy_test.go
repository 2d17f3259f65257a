package cli

import (
	"strings"
	"testing"

	"vestibule/internal/cli/asvs"
	"vestibule/internal/config"
)

// quiet is a configuration that leaves nothing unmet.
func quiet() []string {
	return []string{
		`base_url = "https://portal.example.com"`, `policy = "nist"`,
		"[vendor]", `name = "Northwind"`, "[product]", `name = "Meeting Add-On"`, `prefix = "MAO"`,
		"[registration]", `duplicate_email = "conceal"`, "[link]", "reset = 600",
		"[smtp]", `host = "mail.example.com"`, `from = "portal@example.com"`,
		"[database]", `url = "postgres://a@db.example.com/v?sslmode=verify-full"`, `migrate_url = "postgres://o@db.example.com/v?sslmode=verify-full"`,
	}
}

func TestThePolicyReportNamesEachSettingThatLeavesSomethingUnmet(t *testing.T) {
	i := install(t, quiet()...)
	i.env = i.env[:1] // the log's level comes from the file
	i.want(exitDone, "Unmet: 0 of level 1, 0 of level 2, 0 of level 3", "policy", "report")
	base := strings.Join(quiet(), "\n")
	for _, c := range []struct{ id, from, to string }{
		{"V3.3.1", `base_url = "https://portal.example.com"`, `base_url = "http://127.0.0.1:8080"`},
		{"V3.4.1", `base_url = "https://portal.example.com"`, `base_url = "http://127.0.0.1:8080"`},
		{"V12.2.1", `base_url = "https://portal.example.com"`, `base_url = "http://127.0.0.1:8080"`},
		{"V6.2.5", `policy = "nist"`, `policy = "guide"`},
		{"V6.2.5", "[vendor]", "[password]\ngroups = \"on\"\n[vendor]"},
		{"V6.4.2", `policy = "nist"`, `policy = "guide"`},
		{"V6.2.10", `policy = "nist"`, "policy = \"guide\"\npassword.max_age_days = 90"},
		{"V6.2.11", `name = "Northwind"`, ""},
		{"V6.3.7", "[smtp]", "[outbox]\nmode = \"hold\"\n[smtp]"},
		{"V6.3.8", `duplicate_email = "conceal"`, ""},
		{"V6.5.5", "[link]", "code_life = 900\n[link]"},
		{"V6.5.5", "reset = 600", "reset = 3600"},
		{"V6.6.1", "[vendor]", "[sms]\npreset = \"json\"\nurl = \"https://sms.example.com/\"\n[vendor]"},
		{"V7.3.1", "[vendor]", "[session]\nclient_idle = 7200\n[vendor]"},
		{"V7.3.1", "[vendor]", "[session]\nstaff_idle = 7200\n[vendor]"},
		{"V7.3.2", "[vendor]", "[session]\nclient_absolute = 172800\n[vendor]"},
		{"V12.3.1", "v?sslmode=verify-full\"\nmigrate", "v\"\nmigrate"},
		{"V12.3.2", "v?sslmode=verify-full\"\nmigrate", "v?sslmode=require\"\nmigrate"},
		{"V12.3.1", `host = "mail.example.com"`, "host = \"127.0.0.1\"\nsecurity = \"none\""},
		{"V12.3.1", "[vendor]", "[sms]\npreset = \"json\"\nurl = \"http://sms.example.com/\"\n[vendor]"},
		{"V12.3.1", "[vendor]", "[sms]\npreset = \"json\"\nurl = \"https://sms.example.com/\"\n[sms_second]\npreset = \"json\"\nurl = \"http://sms.example.com/\"\n[vendor]"},
		{"V13.2.2", `migrate_url = "postgres://o@db.example.com/v?sslmode=verify-full"`, ""},
		{"V13.4.2", "[vendor]", "[log]\nlevel = \"debug\"\n[vendor]"},
		{"V16.3.2", "[vendor]", "[log]\nlevel = \"error\"\n[vendor]"},
	} {
		changed := strings.Replace(base, c.from, c.to, 1)
		if changed == base {
			t.Fatalf("%s: %q is not there", c.id, c.from)
		}
		i := install(t, changed)
		i.env = i.env[:1]
		if out := i.want(exitDone, c.id+" (level", "policy", "report"); strings.Contains(out, "Unmet: 0 of level 1, 0 of level 2, 0 of level 3") {
			t.Errorf("%s is not counted", c.id)
		}
	}
}

func TestThePolicyReportShowsEitherProfileWithoutChangingAnything(t *testing.T) {
	i := install(t)
	guide := i.want(exitDone, "Policy guide", "policy", "report")
	if i.want(exitDone, "Policy guide", "policy", "report", "--policy", "guide") != guide {
		t.Error("guide is the policy of no configuration, and the two reports differ")
	}
	nist := i.want(exitDone, "Policy nist", "policy", "report", "--policy", "nist")
	for _, id := range []string{"V6.2.5", "V6.4.2"} {
		if !strings.Contains(guide, id+" (") || strings.Contains(nist, id+" (") {
			t.Errorf("%s: guide must leave it unmet, and nist not", id)
		}
	}
	i.want(exitUsage, "--policy must be one of", "policy", "report", "--policy", "strict")
}

func TestEveryGapIsARequirementAndNamesAnOption(t *testing.T) {
	all, err := asvs.All()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range all {
		known[r.ID] = true
	}
	for _, g := range gaps() {
		if !known[g.id] {
			t.Errorf("%s is no requirement that applies", g.id)
		}
		if !strings.Contains(config.Markdown(), "| `"+g.setting+"` |") {
			t.Errorf("%s: there is no option %s", g.id, g.setting)
		}
	}
}
