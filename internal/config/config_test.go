package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, text string, env ...string) (*Config, string) {
	t.Helper()
	c, err := Load(write(t, "vestibule.toml", text), env)
	if err != nil {
		return nil, err.Error()
	}
	return c, ""
}

func TestNoConfigurationIsAPortalOnLoopbackThatHoldsItsMessagesAndSaysSo(t *testing.T) {
	c, problems := load(t, "")
	if problems != "" {
		t.Fatal(problems)
	}
	if c.Listen != "127.0.0.1:8080" || c.BaseURL != "http://127.0.0.1:8080" || c.Sends() || !c.Database.SQLite() {
		t.Errorf("listen %s, base %s, outbox %s, database %s", c.Listen, c.BaseURL, c.Outbox, c.Database.URL)
	}
	if notes := strings.Join(c.Notes(), "\n"); !strings.Contains(notes, "held, not sent") {
		t.Errorf("notes: %s", notes)
	}
	if !slices.Equal(c.Office.Hours[time.Monday], []Span{{480, 1020}}) || len(c.Office.Hours[time.Sunday]) > 0 {
		t.Errorf("hours: %v", c.Office.Hours)
	}
}

func TestAFileThatWasNamedMustBeThere(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.toml"), nil); err == nil {
		t.Error("a missing file was taken for an empty one")
	}
}

// asvs: V13.3.1
func TestTheEnvironmentSpeaksOverTheFileAndSecretsComeFromFiles(t *testing.T) {
	secret := write(t, "password", "s3cr3t words\n")
	c, problems := load(t, `
listen = "127.0.0.1:1"
[smtp]
host = "mail.example.com"
user = "portal"
from = "portal@example.com"
[session]
staff_idle = 60
`, "VESTIBULE_LISTEN=127.0.0.1:9", "VESTIBULE_SMTP_PASSWORD_FILE="+secret, "VESTIBULE_OFFICE_HOURS=Mon-Thu 07:00-16:00; Fri 07:00-13:00",
		"VESTIBULE_TEST_POSTGRES=postgres://x", "HOME=/root")
	if problems != "" {
		t.Fatal(problems)
	}
	if c.Listen != "127.0.0.1:9" || c.SMTP.Password != "s3cr3t words" || c.Session.StaffIdle != time.Minute {
		t.Errorf("got %s, %q, %s", c.Listen, c.SMTP.Password, c.Session.StaffIdle)
	}
	if !slices.Equal(c.Office.Hours[time.Friday], []Span{{420, 780}}) || !c.Sends() {
		t.Errorf("hours %v, outbox %s", c.Office.Hours, c.Outbox)
	}
}

// asvs: V13.2.3
func TestEachMistakeIsNamedWithWhatToDo(t *testing.T) {
	for _, one := range []struct{ name, file, env, says string }{
		{"an unknown name", "lisen = \"x\"", "", "Did you mean listen?"},
		{"an option under the wrong heading", "[vendor]\nhost = \"x\"", "", "Did you mean smtp.host?"},
		{"nothing like it", "[a]\nqqqqqqq = 1", "", "config describe"},
		{"an unknown variable", "", "VESTIBULE_BASE_ULR=x", "Did you mean VESTIBULE_BASE_URL?"},
		{"a file for what is no secret", "", "VESTIBULE_LISTEN_FILE=x", "set VESTIBULE_LISTEN itself"},
		{"an unreadable secret", "", "VESTIBULE_KEYS_TEXT_FILE=/nowhere", "cannot be read"},
		{"broken TOML", "listen = ", "", "line 1"},
		{"a wrong type", "listen = [\"a\"]", "", "Give host:port"},
		{"a wrong number", "[office]\ndue_minutes = 0", "", "minutes from 1 to 10080"},
		{"a wrong choice", "policy = \"nits\"", "", "one of guide, nist"},
		{"http beyond loopback", "base_url = \"http://portal.example.com\"", "", "passwords would travel unprotected"},
		{"a base with a path", "base_url = \"https://portal.example.com/portal\"", "", "scheme and host"},
		{"no base beyond loopback", "listen = \":8080\"", "", "base_url"},
		{"half a certificate", "[tls]\nkey = \"nowhere.pem\"", "", "come together"},
		{"metrics for everybody", "[metrics]\nlisten = \"0.0.0.0:9090\"", "", "loopback"},
		{"sending without a server", "[outbox]\nmode = \"send\"", "", "smtp.host"},
		{"a server without a sender", "[smtp]\nhost = \"mail.example.com\"", "", "smtp.from"},
		{"plain mail over the network", "[smtp]\nhost = \"mail.example.com\"\nfrom = \"a@example.com\"\nsecurity = \"none\"", "", "starttls"},
		{"a placeholder for a secret", "", "VESTIBULE_SMTP_PASSWORD=change-me", "placeholder"},
		{"kannel without address", "[sms]\npreset = \"kannel\"", "", "sms.url"},
		{"a template without places", "[sms]\npreset = \"template\"\nurl = \"https://sms.example.com/\"", "", "{to}"},
		{"a provider without preset", "[sms]\nurl = \"https://sms.example.com/\"", "", "sms.preset"},
		{"a second without a first", "[sms_second]\npreset = \"twilio\"\nuser = \"a\"\npassword = \"b\"\nfrom = \"c\"", "", "without a first"},
		{"a migrate_url for SQLite", "[database]\nmigrate_url = \"postgres://a@b/c\"", "", "embedded"},
		{"another database", "[database]\nurl = \"mysql://a@b/c\"", "", "neither PostgreSQL"},
		{"questions under nist", "policy = \"nist\"\n[questions]\nuse = \"on\"", "", "contradicts"},
		{"no time zone", "[office]\ntime_zone = \"Berlin\"", "", "Europe/Berlin"},
		{"odd hours", "[office]\nhours = [\"always\"]", "", "Mon-Fri"},
		{"hours that overlap", "[office]\nhours = [\"Mon-Fri 08:00-12:00\", \"Fri 11:00-13:00\"]", "", "overlap"},
		{"a reminder that comes too late", "[office]\nreminder_minutes = 60", "", "smaller"},
		{"no country", "[registration]\nsms_countries = [\"Germany\"]", "", "two letters"},
		{"a rule for nobody", "[registration]\nuser_id = \"user\"", "", "{first}"},
		{"no colour", "[vendor]\naccent = \"blue\"", "", "#0b5f80"},
		{"a proxy without address", "trusted_proxies = [\"proxy\"]", "", "10.0.0.0/8"},
		{"missing terms", "[terms]\nen = \"nowhere.txt\"", "", "cannot be read"},
		{"terms to come without a day", "[terms]\nnext_en = \"/dev/null\"", "", "without a day"},
		{"a day without terms to come", "[terms]\nnext_since = \"2027-01-01\"", "", "no text"},
		{"no day for terms to come", "[terms]\nnext_en = \"/dev/null\"\nnext_since = \"soon\"", "", "no day"},
		{"passwords that grow old under nist", "policy = \"nist\"\n[password]\nmax_age_days = 90", "", "contradicts"},
		{"idle beyond the end", "[session]\nstaff_idle = 43201", "", "smaller"},
	} {
		t.Run(one.name, func(t *testing.T) {
			var env []string
			if one.env != "" {
				env = append(env, one.env)
			}
			_, problems := load(t, one.file, env...)
			if !strings.Contains(problems, one.says) {
				t.Errorf("%q does not say %q", problems, one.says)
			}
		})
	}
}

func TestHoursThatAreMisreadAreToldOnce(t *testing.T) {
	_, problems := load(t, "[office]\nhours = [\"always\"]")
	if strings.Count(problems, "office.hours") != 1 {
		t.Error(problems)
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	_, problems := load(t, "policy = \"x\"\nnonsense = 1\n[vendor]\naccent = \"blue\"")
	if n := strings.Count(problems, "\n") + 1; n != 3 {
		t.Errorf("%d problems:\n%s", n, problems)
	}
}

func TestNamesOfFilesBeginAtTheFolderOfTheFile(t *testing.T) {
	path := write(t, "vestibule.toml", "data = \"store\"\n[terms]\nen = \"terms.txt\"")
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "terms.txt"), []byte("Be kind."), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(filepath.Dir(path), "store", "portal.db")
	if c.Database.URL != want || c.Terms["en"] == "" {
		t.Errorf("database %s, terms %v", c.Database.URL, c.Terms)
	}
}

func TestEveryOptionHasOneNameOneVariableAndHelp(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range table(&Config{}, &raw{}) {
		for _, o := range s.options {
			if v := variable(o.name); seen[v] || o.secret && seen[v+"_FILE"] {
				t.Errorf("%s: the variable %s is taken", o.name, v)
			} else {
				seen[v] = true
				if o.secret {
					seen[v+"_FILE"] = true
				}
			}
			if !strings.HasSuffix(o.help, ".") {
				t.Errorf("%s: the help is no sentence", o.name)
			}
		}
	}
}

func TestTheHandbookListsTheOptionsAsTheyAre(t *testing.T) {
	name := filepath.Join("..", "..", "docs", "options.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != Markdown() {
		t.Errorf("%s is stale: run `go run . config describe --markdown > docs/options.md`", name)
	}
	if !strings.Contains(Text(), "VESTIBULE_SMTP_PASSWORD_FILE") {
		t.Error("the help does not name the variable of a secret")
	}
}

func FuzzLoadNeverPanicsAndNeverTakesWhatItDoesNotKnow(f *testing.F) {
	f.Add("listen = \"127.0.0.1:1\"", "VESTIBULE_LISTEN=x")
	f.Add("[office]\nhours = [\"Sun-Sat 00:00-24:00\"]", "VESTIBULE_=")
	f.Add("a = [[1]]", "VESTIBULE_SMS_URL=http://{x}")
	f.Fuzz(func(t *testing.T, text, env string) {
		path := filepath.Join(t.TempDir(), "f.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path, Environment{env})
		if (c == nil) == (err == nil) {
			t.Errorf("config %v, error %v", c, err)
		}
	})
}
